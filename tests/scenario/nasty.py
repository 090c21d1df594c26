"""A verified peer that takes all that the protocol allows, and gives as little as it can for it."""
import concurrent.futures
import hashlib
import os
import struct
import threading
import uuid

from puppet import Puppet

FRAME = 2 << 20		# as large as one may be, nearly
MESSAGE = 1000000	# the same of a message
PIECE = 60000		# of an attachment, in one frame
ORDERS = 16		# fetches that may wait
PINGS = 20000
DRIP_SECONDS = 0.5
DRAFTING = threading.Lock()	# the lab has one example at a time


class Nasty(Puppet):
	def push(self, data):
		"""As much of it as the other side takes within a second."""
		self.frames.stream.settimeout(1)
		try:
			self.frames.stream.sendall(data)
		except OSError:
			pass

	def half_a_frame(self):
		self.push(struct.pack(">I", FRAME) + bytes(FRAME - 1000))

	def drip(self):
		"""Never fall silent, never finish: a byte now and then, until the line ends."""
		self.is_cut = threading.Event()

		def dripping():
			try:
				while not self.is_cut.wait(DRIP_SECONDS):
					self.frames.stream.send(b"\0")
			except OSError:
				self.is_cut.set()

		threading.Thread(target=dripping, daemon=True).start()

	def give_little(self):
		"""Announce an attachment, and give the beginning of it."""
		with DRAFTING:
			message, size = self.request(), 64 << 20
		message.attachments.add(id="A1", name="exhibit.bin", size=size, sha256=hashlib.sha256(self.one.name.encode()).hexdigest())
		self.dispatch(message)
		fetch = self.hear("fetch", 60)
		self.push(struct.pack(">IIQ", 1 << 31 | 12 + PIECE, fetch.stream, fetch.offset) + bytes(PIECE))
		return message

	def order_much(self, message):
		"""Ask for the attachment of that message of theirs as often as one may, to read nothing of it."""
		index, attachment = max(enumerate(message.attachments, 1), key=lambda one: one[1].size)
		for stream in range(ORDERS):
			self.say(fetch=self.schema.wire.Fetch(stream=stream, message_id=uuid.UUID(message.message_id).bytes, index=index,
				sha256=bytes.fromhex(attachment.sha256), offset=0, length=min(attachment.size, 4 << 20)))

	def hear_message(self):
		"""The next message of theirs that brings an attachment."""
		while True:
			for raw in self.hear("manifest", 60).messages:
				message = self.schema.casework.Message.FromString(raw)
				if message.attachments:
					return message

	def say_much(self, request):
		"""Two manifests as large as they may be, one behind the other."""
		for _ in range(2):
			messages = [self.message(request.request_id, text=os.urandom(MESSAGE // 2).hex()) for _ in range(2)]
			raw = [one.SerializeToString() for one in messages]
			text = self.manifest([(hashlib.sha256(data).hexdigest(), one.message_id) for one, data in zip(messages, raw)])
			frame = self.schema.wire.Frame(manifest=self.schema.wire.SignedManifest(text=text, signature=self.sign(text),
				messages=raw)).SerializeToString()
			self.number, self.previous = self.number + 1, hashlib.sha256(text).digest()
			self.push(struct.pack(">I", len(frame)) + frame)

	def ask_much(self):
		"""Pings, whose answers nobody reads."""
		ping = self.schema.wire.Frame(ping=self.schema.wire.Ping(number=1)).SerializeToString()
		self.push((struct.pack(">I", len(ping)) + ping) * PINGS)


def nasties(lab, hub, names):
	"""So many of them, each verified at the hub and the hub at each; their daemons are gone again."""
	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		guests = list(pool.map(lambda name: lab.authority(name, listen=False, watch=False), names))
	for guest in guests:
		lab.befriend(hub, guest, wait=False)
	with concurrent.futures.ThreadPoolExecutor(8) as pool:
		list(pool.map(lambda guest: guest.stop(), guests))
	return [Nasty(lab, guest, hub) for guest in guests]
