"""What this machine can do, measured in the same run, so that ratios mean something elsewhere."""
import os
import socket
import ssl
import subprocess
import threading
import time


def disk(stage):
	"""Append 1 KiB, fdatasync, again and again: what the store's disk allows at most."""
	file = os.open(stage.path("disk") + "/append", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
	block, count, began = os.urandom(1024), 0, time.monotonic()
	while time.monotonic() - began < stage.options.seconds:
		os.write(file, block)
		os.fdatasync(file)
		count += 1
	spent = time.monotonic() - began
	os.close(file)
	return {"fdatasync_per_second": count / spent}


class Sink(threading.Thread):
	"""The far end of a TLS session: takes what comes."""

	def __init__(self, context, stream):
		super().__init__(daemon=True)
		self.context, self.stream, self.moved = context, stream, 0
		self.start()

	def run(self):
		into = bytearray(1 << 16)
		with self.context.wrap_socket(self.stream, server_side=True) as stream:
			while count := stream.recv_into(into):
				self.moved += count


def tls(stage):
	server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	one = stage.authority("xf-ca")
	server.load_cert_chain(one.path("keys/channel.crt"), one.path("keys/channel.key"))
	client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
	here, there = socket.socketpair()
	sink, block = Sink(server, there), os.urandom(1 << 16)
	with client.wrap_socket(here) as stream:
		began = time.monotonic()
		while time.monotonic() - began < stage.options.seconds:
			stream.sendall(block)
	sink.join()
	return {"tls_mb_per_second": sink.moved / 1e6 / (time.monotonic() - began)}


def ecdsa(stage):
	done = subprocess.run(["openssl", "speed", "-mr", "-seconds", str(stage.options.seconds), "ecdsap256"],
		capture_output=True, text=True, check=True)
	line = next(line for line in done.stdout.splitlines() if line.startswith("+F4:"))
	return {"ecdsa_verify_per_second": float(line.split(":")[-1])}
