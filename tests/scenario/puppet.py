"""An authority that speaks the line by hand, and so can say what comityd never would.

It has a home made by `comity init` but no daemon: its keys sign whatever a test wants to be signed.
"""
import datetime
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import time
import uuid

from lab import TOP, Broken, require

BULK = 1 << 31
ZERO = b"\0" * 32


def schema(lab):
	"""The generated Python of the schema: schema(lab).wire.Frame, .casework.Message, .control.Call."""
	place = os.path.join(lab.directory, "schema")
	if not os.path.exists(place):
		os.mkdir(place)
		names = [f"proto/{name}.proto" for name in ("casework", "profile", "card", "wire", "control", "ledger", "config")]
		subprocess.run(["protoc", "-I", TOP, "--python_out", place, *names], check=True)
	if place not in sys.path:
		sys.path.insert(0, place)
	from proto import casework_pb2, control_pb2, wire_pb2

	class Schema:
		wire, casework, control = wire_pb2, casework_pb2, control_pb2
	return Schema


def now():
	return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def uuid7():
	"""UUIDv7 (RFC 9562): milliseconds, then chance."""
	value = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
	value = value & ~(0xF << 76) | 7 << 76
	return str(uuid.UUID(int=value & ~(3 << 62) | 2 << 62))


class Frames:
	"""Length, payload, over any stream."""

	def __init__(self, stream):
		self.stream, self.buffer = stream, b""

	def write(self, payload):
		self.stream.sendall(struct.pack(">I", len(payload)) + payload)

	def take(self, count):
		while len(self.buffer) < count:
			piece = self.stream.recv(1 << 16)
			if not piece:
				raise EOFError
			self.buffer += piece
		taken, self.buffer = self.buffer[:count], self.buffer[count:]
		return taken

	def read(self):
		"""(is bulk, payload)"""
		word, = struct.unpack(">I", self.take(4))
		return bool(word & BULK), self.take(word & ~BULK)


class Control(Frames):
	"""A control session without the tool: for calls that the tool would never make."""

	def __init__(self, one, role="officer"):
		stream = socket.socket(socket.AF_UNIX)
		stream.settimeout(20)
		stream.connect(one.path("run", role + ".sock"))
		super().__init__(stream)
		self.schema = schema(one.lab).control
		self.calls = 0

	def call(self, kind, key=None, **fields):
		"""Ask, and put the pages of the answer together."""
		self.ask(kind, key, **fields)
		reply = self.reply()
		while reply.more:
			reply.MergeFrom(self.reply())
		return reply

	def ask(self, kind, key=None, **fields):
		self.calls += 1
		call = self.schema.Call(id=self.calls, api=1)
		if key:
			call.idempotency_key = key
		body = getattr(call, kind)
		body.SetInParent()
		for name, value in fields.items():
			if hasattr(value, "DESCRIPTOR"):
				getattr(body, name).CopyFrom(value)
			else:
				setattr(body, name, value)
		self.write(call.SerializeToString())

	def reply(self):
		while True:
			is_bulk, payload = self.read()
			if not is_bulk:
				return self.schema.Reply.FromString(payload)


class Puppet:
	"""An authority by hand.  `there` is the running authority that it talks to."""

	def __init__(self, lab, one, there):
		self.lab, self.one, self.there = lab, one, there
		self.schema = schema(lab)
		self.number, self.previous = 0, ZERO
		self.theirs, self.their_hash = 0, ZERO
		self.frames = None

	def key(self, name):
		return self.one.path("keys", name)

	# ── the line ──

	def connect(self, certificate=None, key=None, alpn="comity/1"):
		"""A TLS session with our channel certificate, or with another."""
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
		context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
		context.minimum_version = ssl.TLSVersion.TLSv1_3
		if alpn:
			context.set_alpn_protocols([alpn])
		chain = os.path.join(self.lab.directory, self.one.name + ".chain.pem")
		with open(chain, "w") as file:
			for path in (certificate or self.key("channel.crt"), self.key("delegation.crt")):
				with open(path) as part:
					file.write(part.read())
		context.load_cert_chain(chain, key or self.key("channel.key"))
		plain = socket.create_connection((self.there.host, self.there.port), 10)
		self.frames = Frames(context.wrap_socket(plain))
		self.frames.stream.settimeout(20)
		return self

	def say(self, **kind):
		frame = self.schema.wire.Frame()
		for name, value in kind.items():
			getattr(frame, name).CopyFrom(value)
			getattr(frame, name).SetInParent()
		self.frames.write(frame.SerializeToString())

	def hear(self, wanted=None, seconds=20):
		"""The next frame, or the next of that kind; answers pings and follows their chain meanwhile."""
		deadline = time.monotonic() + seconds
		while time.monotonic() < deadline:
			is_bulk, payload = self.frames.read()
			if is_bulk:
				continue
			frame = self.schema.wire.Frame.FromString(payload)
			kind = frame.WhichOneof("kind")
			body = getattr(frame, kind)
			if kind == "ping":
				self.say(pong=self.schema.wire.Pong(number=body.number, sent_at=now()))
			if kind == "manifest":
				self.theirs, self.their_hash = self.theirs + 1, hashlib.sha256(body.text).digest()
			if wanted is None or kind == wanted:
				return body
			if kind == "goodbye":
				raise Broken(f"goodbye instead of {wanted}: {body.reason} {body.text}")
		raise Broken(f"no {wanted} within {seconds} s")

	def position(self, number, digest):
		return self.schema.wire.Position(number=number, hash=digest) if number else self.schema.wire.Position(number=0)

	def hello(self, **changes):
		fields = dict(versions=[1], authority=self.one.name, addressee=self.there.name, sent_at=now(),
			sent=self.position(self.number, self.previous), received=self.position(self.theirs, self.their_hash),
			software="puppet")
		fields.update(changes)
		self.say(hello=self.schema.wire.Hello(**fields))

	def greet(self):
		"""Up to the open line."""
		self.hello()
		self.hear("hello")
		self.say(ready=self.schema.wire.Ready(version=1))
		self.hear("ready")
		return self

	def ended(self, seconds=20):
		"""The reason the other side ends the line with: a goodbye's slug, or "" when it just hangs up."""
		reason = ""
		deadline = time.monotonic() + seconds
		try:
			while time.monotonic() < deadline:
				body = self.hear()
				if body.DESCRIPTOR.name == "Goodbye":
					reason = body.reason
		except (EOFError, OSError):
			return reason
		raise Broken(f"the line did not end within {seconds} s")

	def leave(self):
		try:
			self.frames.stream.close()
		except OSError:
			pass

	# ── what is said on it ──

	def sign(self, text, key="signing"):
		return subprocess.run(["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-nocerts", "-cades", "-keyid", "-nosmimecap",
			"-md", "sha256",
			"-signer", self.key(key + ".crt"), "-inkey", self.key(key + ".key")], input=text, capture_output=True,
			check=True).stdout

	def manifest(self, entries, purpose="dispatch", number=None, previous=None, extra=""):
		"""The text of our next manifest: entries are (sha256 hex, id)."""
		lines = ["# comity-manifest 1", f"# from: {self.one.name}", f"# to: {self.there.name}", f"# purpose: {purpose}",
			f"# number: {number or self.number + 1}", f"# previous: {(previous or self.previous).hex()}", f"# at: {now()}"]
		return ("\n".join(lines + [f"{digest}  {name}" for digest, name in entries]) + "\n" + extra).encode()

	def send(self, text, messages=(), signature=None):
		"""Put a manifest on the line; it becomes the head of our chain."""
		self.say(manifest=self.schema.wire.SignedManifest(text=text, signature=signature or self.sign(text),
			messages=list(messages)))
		self.number, self.previous = self.number + 1, hashlib.sha256(text).digest()

	def dispatch(self, *messages):
		"""Say messages properly; their receipt's text."""
		raw = [one.SerializeToString() for one in messages]
		self.send(self.manifest([(hashlib.sha256(data).hexdigest(), one.message_id)
			for one, data in zip(messages, raw)]), raw)
		return self.receipt()

	def receipt(self):
		while True:
			text = self.hear("manifest").text.decode()
			if "# purpose: receipt" in text:
				return text

	def message(self, request_id, *acts, **fields):
		message = self.schema.casework.Message(message_id=uuid7(), to=self.there.name, request_id=request_id,
			created_at=now(), language="en", officer="P. Unch", **{"from": self.one.name}, **fields)
		for act in acts:
			message.acts.add().CopyFrom(act)
		return message

	def request(self, **fields):
		"""A complete request of ours, as a message."""
		from google.protobuf import json_format
		import json
		drafted = self.there.comity("request", "new", "--to", self.one.name, "--from", self.lab.example())
		document = self.there.comity("request", "show", drafted.get("ref") or drafted["our_reference"])["document"]
		request = json_format.Parse(json.dumps(document), self.schema.casework.Request())
		request.requesting_reference = "PUPPET/" + uuid7()[-6:]
		request.requesting_state, request.requested_state = request.requested_state, request.requesting_state
		request.requesting_central_authority.authority = self.one.name
		request.requested_central_authority.authority = self.there.name
		return self.message(uuid7(), self.schema.casework.Act(request=request),
			requesting_reference=request.requesting_reference, **fields)


def puppet(lab):
	"""Freedonia, running, and Sylvania, by hand, who only dials; each has verified the other."""
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", listen=False)
	lab.befriend(freedonia, sylvania)
	chain = sylvania.comity("peer", "show", "xf-ca")["chain"]
	require(int(chain.get("sent", 0)) == 0, "nothing has been said yet", chain)
	sylvania.stop()
	return freedonia, Puppet(lab, sylvania, freedonia)
