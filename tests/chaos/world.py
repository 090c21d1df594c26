"""Three authorities, each behind a cable, on a disk and by a clock that can be made to fail.

Every daemon is started with the preloaded disk of faults.c and with libfaketime, both idle until they are told
otherwise, so that a fault can begin and end while the daemon runs.
"""
import mmap
import os
import signal
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "scenario"))

import lab as laboratory
from faketime import Clock
from lab import require
from power import Power
from puppet import schema

NAMES = ("xd-ca", "xf-ca", "xs-ca")
# The bits of enum disk_fault in faults.c.
DISK_FAULTS = {"full": 1, "broken": 2, "late": 4, "short": 8, "unsynced": 16, "torn": 32, "unreadable": 64}
FAULTS, RECORDING = struct.Struct("5I"), struct.Struct("I")	# struct control in faults.h


class Disk:
	"""The disk below one home, as faults.c sees it."""

	def __init__(self, one):
		self.path = os.path.join(one.lab.directory, one.name + ".disk")	# not in the home: that may be put back
		with open(self.path, "w+b") as file:
			file.write(bytes(FAULTS.size + RECORDING.size))
			file.flush()
			self.control = mmap.mmap(file.fileno(), FAULTS.size + RECORDING.size)
		self.struck = 0

	def fail(self, fault, one_in, seed):
		FAULTS.pack_into(self.control, 0, DISK_FAULTS[fault], one_in, seed, 0, 0)

	def heal(self):
		"""How many calls were struck."""
		struct.pack_into("I", self.control, 0, 0)
		time.sleep(0.01)	# a call that is just being struck is counted
		struck = FAULTS.unpack_from(self.control)[-1]
		FAULTS.pack_into(self.control, 0, 0, 0, 0, 0, 0)
		self.struck += struck
		return struck

	def record(self, is_recording):
		"""Note what is written and not synced (power.py), or no longer."""
		RECORDING.pack_into(self.control, FAULTS.size, is_recording)


class World:
	def __init__(self, lab, names=NAMES):
		self.lab, self.authorities, self.points = lab, [], points(lab)
		self.relays, self.disks, self.clocks, self.powers = {}, {}, {}, {}
		self.doomed = set()		# whose death at any moment is part of a fault
		self.officers = []
		for name in names:
			self.add(name)
		for index, one in enumerate(self.authorities):
			for other in self.authorities[:index]:
				lab.befriend(one, other)
		self.copies = {one: one.copy("copy-0") for one in self.authorities}
		self.pairs = [(one, other) for one in self.authorities for other in self.authorities if one is not other]

	def add(self, name):
		port = laboratory.free_port()
		relay = self.lab.relay(("127.0.0.1", port))
		one = self.lab.authority(name, start=False, port=port, endpoint=f"127.0.0.1:{relay.port}", watch=False,
			settings={"line": {"dead_after": "4s", "ping_interval": "1s", "handshake_timeout": "3s"}})
		self.relays[one], self.disks[one] = relay, Disk(one)
		self.clocks[one] = Clock(one, self.lab.build + "/tests/faults.so")
		self.powers[one] = Power(one, self.disks[one])
		one.environment.update({"COMITY_DISK": self.disks[one].path, "COMITY_DISK_BELOW": one.home, "COMITY_POWER": self.powers[one].directory})
		self.authorities.append(one.start())

	def arm(self, one, instruction):
		"""Start it anew, with mischief in mind (daemon/mischief.h); None: with none.  The next start has none again."""
		if one.daemon:
			one.kill()
		laboratory.forget_fake_clocks()
		if instruction:
			one.environment["COMITY_MISCHIEF"] = instruction
		try:
			one.start(expect=not instruction)	# it may die before it is ready
		finally:
			one.environment.pop("COMITY_MISCHIEF", None)

	def is_dead(self, one):
		return not one.daemon or one.daemon.poll() is not None

	def is_up(self, one, other):
		try:
			view = one.run("--json", "peer", "show", other.name, seconds=10)
		except subprocess.TimeoutExpired:	# stopped meanwhile, by SIGSTOP
			return False
		return view.status == 0 and view.documents()[-1].get("link", {}).get("state") == "up"

	def revive(self, one):
		"""Have it running again; a death that no fault explains is a failure."""
		if not self.is_dead(one):
			return
		status = one.daemon.returncode if one.daemon else -signal.SIGKILL
		require(status == -signal.SIGKILL and one in self.doomed or not one.daemon,
			f"{one.name}: comityd ended by itself with {status}", one.log()[-3000:])
		one.daemon = None
		laboratory.forget_fake_clocks()
		one.start()


def points(lab):
	"""Where mischief can strike (daemon/mischief.h): (name, its points), every kind of frame that the schema has."""
	frames = [field.name for field in schema(lab).wire.Frame.DESCRIPTOR.oneofs_by_name["kind"].fields] + ["bulk"]
	doings = [(name, ("send", "hear")) for name in frames] + [("batch", ("commit",)), ("blob", ("sync", "rename")), ("keys", ("renew",)), ("identity", ("renew",)), ("overlap", ("switch",)), ("revoked", ("succeed",)), ("vault", ("wrap",))]
	return [(name, [f"{side}-{doing}" for doing in names for side in ("before", "after")]) for name, names in doings]
