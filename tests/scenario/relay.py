"""A stretch of cable between two authorities, and all that can befall a cable.

A Relay listens at a port and carries each connection to its target.  Left alone it is transparent.  What is done to it
is done to single connections (`strands`, the oldest first), or to all that come: `is_down`, `holds`.
"""
import asyncio
import contextlib
import socket
import struct
import threading

PIECE = 1 << 16
TICK_SECONDS = 0.01
RESET = struct.pack("ii", 1, 0)	# SO_LINGER: close throws away what waits, and says RST


class Strand:
	"""One connection: bytes from the caller to the target and back.  Its attributes may be changed at any time."""

	def __init__(self, relay, reader, writer):
		self.relay, self.ends = relay, [(reader, writer)]
		self.delay, self.rate = 0, None		# seconds a piece; bytes a second
		self.is_held = False			# not carried to the target yet
		self.is_frozen = False			# nothing passes, and all of it later
		self.swallows = False			# half open: everything is taken and nothing passes
		self.spoils = self.closes_half = False	# the next piece: a bit of it turns; its direction ends

	async def carry(self, source, sink):
		"""One direction, until it ends."""
		try:
			while data := await source.read(PIECE):
				self.relay.passed += len(data)
				await self.befall(data)
				if self.swallows:
					continue
				sink.write(self.spoiled(data))
				await sink.drain()
				if self.closes_half:
					self.closes_half, self.swallows = False, True	# the other direction's bytes go nowhere either
					sink.write_eof()
				if self.relay.limit is not None and self.relay.passed > self.relay.limit:
					self.relay.limit = None
					break
		except OSError:
			pass
		if not self.swallows:
			self.cut()

	async def befall(self, data):
		if self.delay or self.rate:
			await asyncio.sleep(self.delay + (len(data) / self.rate if self.rate else 0))
		while self.is_frozen:
			await asyncio.sleep(TICK_SECONDS)

	def spoiled(self, data):
		at = self.relay.spoil_at
		if not self.spoils and (at is None or self.relay.passed <= at):
			return data
		self.spoils, self.relay.spoil_at = False, None
		place = len(data) // 2
		return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]

	def cut(self, reset=False):
		"""End it: with what was taken delivered, or (reset) thrown away.  On the relay's thread."""
		self.is_frozen = False
		for _, writer in self.ends:
			if reset:
				with contextlib.suppress(OSError):	# it has ended by itself
					writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
				writer.transport.abort()
			elif not writer.is_closing():
				writer.close()
		if self in self.relay.strands:
			self.relay.strands.remove(self)


class Relay:
	def __init__(self, target, port):
		self.target, self.port, self.passed = target, port, 0
		self.limit = self.spoil_at = None	# after so many bytes: cut the connection, turn a bit
		self.is_down = False			# no new connection
		self.holds = False			# the next connection waits until another overtakes it
		self.strands = []
		self.loop = asyncio.new_event_loop()
		listener = socket.create_server(("127.0.0.1", self.port))
		self.server = self.loop.run_until_complete(asyncio.start_server(self.accept, sock=listener, limit=PIECE))
		threading.Thread(target=self.loop.run_forever, daemon=True).start()

	async def accept(self, reader, writer):
		if self.is_down:
			writer.close()
			return
		strand = Strand(self, reader, writer)
		self.strands.append(strand)
		strand.is_held, self.holds = self.holds, False
		while strand.is_held and self.strands[-1:] == [strand]:
			await asyncio.sleep(TICK_SECONDS)
		if strand not in self.strands:
			return
		try:
			strand.ends.append(await asyncio.open_connection(*self.target, limit=PIECE))
		except OSError:
			strand.cut(reset=True)
			return
		(caller, to_caller), (callee, to_callee) = strand.ends
		await asyncio.gather(strand.carry(caller, to_callee), strand.carry(callee, to_caller))

	def on_thread(self, act, *arguments):
		"""Have the relay's own thread do it, and wait until it is done."""
		done = threading.Event()
		self.loop.call_soon_threadsafe(lambda: (act(*arguments), done.set()))
		done.wait(5)

	def cut(self, strand=None, reset=False):
		"""End one connection, or all."""
		for one in [strand] if strand else list(self.strands):
			self.on_thread(one.cut, reset)

	def close(self):
		self.is_down = True
		self.on_thread(self.server.close)
		self.cut()
		self.loop.call_soon_threadsafe(self.loop.stop)
