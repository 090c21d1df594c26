#!/usr/bin/python3
"""large.py [--gib N] [--seed S] [--dir DIR]: one exhibit of N GiB (20) over a line that is cut at random every few seconds.

It must arrive whole, nothing of it sent twice beyond a window for each cut, and neither daemon may take more than 64 MiB
of anonymous memory.  Needs twice the size on the disk.  COMITY_BUILD names the build; without it the usual places.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))

import lab as laboratory
from lab import require

MEBIBYTE = 1 << 20
MEMORY_MAX_MIB = 64
WINDOW = 5 * MEBIBYTE			# asked for ahead, and what waits to be a whole piece for the disk
SHARE_OF_TLS = 0.01			# what frames, records and other traffic add


class Meter(threading.Thread):
	"""The most anonymous memory that either daemon had."""

	def __init__(self, sides):
		super().__init__(daemon=True)
		self.sides, self.most, self.over = sides, 0.0, threading.Event()

	def run(self):
		while not self.over.wait(0.05):
			for one in self.sides:
				with open(f"/proc/{one.daemon.pid}/status") as file:
					kib = next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))
				self.most = max(self.most, kib / 1024)


def exhibit(lab, gib):
	"""A file of which no two blocks are the same, made faster than random bytes are."""
	path, block = os.path.join(lab.directory, "exhibit.bin"), bytearray(os.urandom(MEBIBYTE))
	with open(path, "wb") as file:
		for number in range(int(gib * 1024)):
			block[:8] = number.to_bytes(8, "big")
			file.write(block)
	return path


def becomes_whole(lab, receiver, ref, seconds):
	"""Until the exhibit is whole, so long at the most."""
	try:
		return lab.eventually(lambda: receiver.is_whole(ref, 3), "the exhibit is whole", seconds)
	except laboratory.Broken:
		return False


def send_while_cutting(lab, relay, sender, receiver, ref, chance):
	cuts, began = 0, time.monotonic()
	sender.comity("message", "send", ref, "--text", "-", text="The exhibit.\n")
	while not receiver.is_whole(ref, 3):
		if becomes_whole(lab, receiver, ref, chance.uniform(1, 5)):
			break
		relay.cut()
		cuts += 1
	return cuts, time.monotonic() - began


def play(options):
	chance = random.Random(options.seed)
	lab = laboratory.Lab(tempfile.mkdtemp(prefix="comity-large-", dir=options.dir))
	try:
		sender, receiver = lab.authority("xf-ca", listen=False), lab.authority("xs-ca", start=False)
		relay = lab.relay((receiver.host, receiver.port))
		receiver.endpoint = f"127.0.0.1:{relay.port}"
		receiver.configure({})
		receiver.start()
		lab.befriend(sender, receiver)
		ref = sender.send(receiver)
		lab.eventually(lambda: receiver.has(ref), "the request arrives")
		path = exhibit(lab, options.gib)
		size = os.path.getsize(path)
		sender.comity("attach", "add", ref, path, seconds=1800)
		digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
		os.unlink(path)
		meter, before = Meter((sender, receiver)), relay.passed
		meter.start()
		cuts, seconds = send_while_cutting(lab, relay, sender, receiver, ref, chance)
		lab.eventually(lambda: all(view["state"]["transport"] == "COMPLETE" for view in sender.messages(ref)), "it is receipted")
		meter.over.set()
		extra = relay.passed - before - size
		print(f"{size / 1e9:.1f} GB, {cuts} cuts, {seconds:.0f} s, {size / 1e6 / seconds:.0f} MB/s; sent beyond its size: "
			f"{extra / 1e6:.0f} MB, {100 * extra / size:.2f} %; RssAnon at most {meter.most:.1f} MiB")
		row = next(row for row in receiver.attachments(ref) if row["attachment"]["name"] == "exhibit.bin")
		require(row["attachment"]["sha256"] == digest, "it is what was sent")
		require(receiver.comity("store", "check", "--deep", seconds=1800)["ok"], "and so it lies on the disk")
		require(extra <= SHARE_OF_TLS * size + (cuts + 1) * WINDOW, "nothing was sent twice beyond a window a cut", extra, cuts)
		require(meter.most < MEMORY_MAX_MIB, "memory stays bounded", meter.most)
		lab.close()
	finally:
		lab.sweep()


def main():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--gib", type=float, default=20)
	parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
	parser.add_argument("--dir", help="where the homes are made")
	options = parser.parse_args()
	print(f"seed {options.seed}", flush=True)
	play(options)


if __name__ == "__main__":
	main()
