"""A clock that can be set, for one daemon alone."""
import glob
import os

from lab import require


def library():
	found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
	require(found, "libfaketime is missing: tools/setup --check installs it")
	return found[0]


class Clock:
	"""The clock of one daemon: so many seconds off.  It is there from the daemon's next start on, and can be set any time."""

	def __init__(self, one, *preloaded):
		self.path = os.path.join(one.lab.directory, one.name + ".clock")
		self.set(0)
		one.environment.update({"LD_PRELOAD": ":".join([*preloaded, library()]), "FAKETIME_TIMESTAMP_FILE": self.path,
			"NO_FAKE_STAT": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": "1",
			# In a build with AddressSanitizer: the preloaded come before it.
			"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})

	def set(self, seconds):
		with open(self.path + ".new", "w") as file:
			file.write(f"{seconds:+d}\n")
		os.rename(self.path + ".new", self.path)
