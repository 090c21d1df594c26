"""A stretch of cable between two authorities."""
import socket
import threading


class Relay:
	"""A stretch of cable: passes bytes between callers and a target until it is cut, or spoils them."""

	def __init__(self, target, port):
		self.target, self.port, self.passed = target, port, 0
		self.limit = self.spoil_at = None
		self.is_down = False
		self.pairs = []
		self.socket = socket.create_server(("127.0.0.1", self.port))
		threading.Thread(target=self.accept, daemon=True).start()

	def accept(self):
		while True:
			try:
				caller, _ = self.socket.accept()
			except OSError:
				return
			if self.is_down:
				caller.close()
				continue
			try:
				callee = socket.create_connection(self.target)
			except OSError:
				caller.close()
				continue
			self.pairs.append((caller, callee))
			for source, sink in ((caller, callee), (callee, caller)):
				threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

	def carry(self, source, sink):
		try:
			while data := source.recv(1 << 16):
				self.passed += len(data)
				if self.spoil_at is not None and self.passed > self.spoil_at:
					data, self.spoil_at = bytes([data[0] ^ 1]) + data[1:], None
				sink.sendall(data)
				if self.limit is not None and self.passed > self.limit:
					self.limit = None
					break
		except OSError:
			pass
		for end in (source, sink):
			try:
				end.shutdown(socket.SHUT_RDWR)
			except OSError:
				pass
			end.close()

	def cut(self):
		for pair in self.pairs:
			for end in pair:
				try:
					end.shutdown(socket.SHUT_RDWR)
				except OSError:
					pass
		self.pairs = []

	def close(self):
		self.is_down = True
		self.socket.close()
		self.cut()
