"""What a daemon uses, as the system counts it."""
import glob
import os
import struct
import threading


def cpu_seconds(*sides):
	"""Of all threads, user and system, in nanoseconds' steps."""
	total = 0
	for one in sides:
		for path in glob.glob(f"/proc/{one.daemon.pid}/task/*/schedstat"):
			with open(path) as file:
				total += int(file.read().split()[0])
	return total / 1e9


def memory_mib(one):
	"""Anonymous memory: the store's map is the page cache's, and does not count."""
	with open(f"/proc/{one.daemon.pid}/status") as file:
		return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) / 1024


class Peak(threading.Thread):
	"""The most anonymous memory that any of them had."""

	def __init__(self, *sides):
		super().__init__(daemon=True)
		self.sides, self.most, self.over = sides, 0, threading.Event()
		self.start()

	def run(self):
		while not self.over.wait(0.02):
			self.most = max(self.most, *(memory_mib(one) for one in self.sides))

	def end(self):
		self.over.set()
		self.join()
		return self.most


class Syncs:
	"""How often a process waited for the disk: bench_syncs.so, loaded before libc, counts the calls in a file."""

	def __init__(self, path):
		self.path = path

	def environment(self, build):
		# A build with a sanitizer wants to be first itself, and need not be.
		lenient = os.environ.get("ASAN_OPTIONS", "").split(":") + ["verify_asan_link_order=0"]
		return {"LD_PRELOAD": build + "/tools/bench_syncs.so", "BENCH_SYNCS": self.path,
			"ASAN_OPTIONS": ":".join(filter(None, lenient))}

	def count(self):
		with open(self.path, "rb") as file:
			return struct.unpack("=Q", file.read(8))[0]
