"""A time stamping authority of a State: `openssl ts` behind a small HTTP server, and what can be wrong with one."""
import http.server
import os
import subprocess
import threading

CONFIGURATION = """[tsa]
default_tsa = one
[one]
serial = ./serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ordering = yes
ess_cert_id_alg = sha256
"""
STATEMENT = "1.2.840.113549.1.9.16.1.4"		# id-ct-TSTInfo


def _der(tag, *parts):
	content = b"".join(parts)
	return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


class Authority:
	"""`mood` says how it answers: one of the functions below, by name."""

	def __init__(self, directory):
		self.directory, self.mood, self.asked = directory, "honest", 0
		self.released = threading.Event()
		os.makedirs(directory)
		self._write("tsa.cnf", CONFIGURATION.encode())
		self._write("serial", b"01\n")
		self._root("root")
		self._root("stranger")
		self._signer("honest", "root", "critical,timeStamping")
		self._signer("mail", "root", "critical,emailProtection")
		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
		self.server.daemon_threads = True
		threading.Thread(target=self.server.serve_forever, daemon=True).start()
		self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tsa"
		self.roots = os.path.join(directory, "root.pem")

	def close(self):
		self.released.set()
		self.server.shutdown()
		self.server.server_close()

	def settings(self, **more):
		return {"timestamp": {"url": self.url, "ca_file": self.roots, **more}}

	# ── its keys ──

	def _write(self, name, content):
		with open(os.path.join(self.directory, name), "wb") as file:
			file.write(content)

	def _read(self, name):
		with open(os.path.join(self.directory, name), "rb") as file:
			return file.read()

	def _openssl(self, *arguments):
		subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True, timeout=60)

	def _root(self, name):
		self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".pem",
			"-subj", "/CN=Time of " + name, "-days", "3650")

	def _signer(self, name, root, usage):
		self._write(name + ".ext", f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n".encode())
		self._openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out",
			name + ".csr", "-subj", f"/CN=Time of {name}")
		self._openssl("x509", "-req", "-in", name + ".csr", "-CA", root + ".pem", "-CAkey", root + ".key", "-CAcreateserial", "-days", "365",
			"-extfile", name + ".ext", "-out", name + ".pem")

	# ── its answers ──

	def _stamp(self, request, *options):
		self._write("request", request)
		self._openssl("ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "request", "-signer", "honest.pem", "-inkey",
			"honest.key", "-chain", "root.pem", *options, "-out", "answer")
		return self._read("answer")

	def honest(self, request):
		return self._stamp(request)

	def wrong_nonce(self, request):
		at = request.rindex(b"\x02\x10") + 2	# INTEGER of 16 bytes
		return self._stamp(request[:at + 8] + bytes(8) + request[at + 16:])

	def wrong_imprint(self, request):
		at = request.index(b"\x04\x20") + 2		# OCTET STRING of 32 bytes
		return self._stamp(request[:at] + bytes(32) + request[at + 32:])

	def wrong_usage(self, request):
		"""What it would state, signed with a key that is for mail: the stock tool would not, so it is put together here."""
		self._stamp(request, "-token_out")
		self._openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in", "answer", "-out", "statement")
		self._openssl("cms", "-sign", "-binary", "-nodetach", "-econtent_type", STATEMENT, "-cades", "-md", "sha256", "-signer", "mail.pem",
			"-inkey", "mail.key", "-in", "statement", "-outform", "DER", "-out", "forged")
		return _der(0x30, bytes([0x30, 3, 2, 1, 0]), self._read("forged"))

	def nonsense(self, request):
		return b"<html>Service under maintenance</html>"

	def nothing(self, request):
		return b""

	def huge(self, request):
		return bytes(1 << 20)

	def refusal(self, request):
		words = "no\n    rm -rf /\n\x1b[31m".encode()
		text = bytes([0x0c, len(words)]) + words
		return _der(0x30, _der(0x30, bytes([2, 1, 2]), _der(0x30, text)))

	def broken(self, request):
		return None

	def slow(self, request):
		self.released.wait(60)
		return b""

	def _handler(authority):	# noqa: N805: the handler has a self of its own
		class Handler(http.server.BaseHTTPRequestHandler):
			def do_POST(self):
				request = self.rfile.read(int(self.headers["Content-Length"]))
				authority.asked += 1
				answer = getattr(authority, authority.mood)(request)
				try:
					self.send_response(500 if answer is None else 200)
					self.send_header("Content-Type", "application/timestamp-reply")
					self.send_header("Content-Length", str(len(answer or b"")))
					self.end_headers()
					self.wfile.write(answer or b"")
				except OSError:
					pass		# the other side had no patience

			def log_message(self, *arguments):
				pass
		return Handler
