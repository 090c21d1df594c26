"""Where a run happens: daemons of its own, in homes of their own, and the client that loads them."""
import contextlib
import json
import os
import subprocess
import tempfile

import lab as laboratory
from benchmark import meters


class Case:
	"""Two authorities, and a request of Freedonia that Sylvania has accepted."""

	def __init__(self, stage, freedonia, sylvania, ref):
		self.stage, self.freedonia, self.sylvania, self.ref = stage, freedonia, sylvania, ref
		self.sides = freedonia, sylvania

	def client(self, count, sessions, size, urgency="ROUTINE"):
		return [self.stage.build + "/tools/bench_load", self.freedonia.path("run/officer.sock"), self.ref, str(count),
			str(sessions), str(size), urgency]

	def load(self, count, sessions=None, size=None, urgency="ROUTINE"):
		"""Say messages until the last signed receipt is in; what bench_load measured."""
		options = self.stage.options
		return self.stage.report(self.client(count, sessions or options.sessions, options.size if size is None else size,
			urgency), self.freedonia.log)


class Stage:
	def __init__(self, options, build, measured):
		self.options, self.build, self.measured = options, build, measured
		self.lab = None

	def __enter__(self):
		self.lab = laboratory.Lab(tempfile.mkdtemp(prefix="comity-bench-", dir=self.options.dir), self.build)
		return self

	def __exit__(self, kind, *_):
		with contextlib.ExitStack() as stack:
			stack.callback(self.lab.sweep)
			if kind is None:
				self.lab.close()

	def report(self, command, log=lambda: ""):
		"""The document that a program of ours prints."""
		done = subprocess.run(command, capture_output=True, text=True)
		laboratory.require(not done.returncode, " ".join(command), done.stderr, log()[-2000:])
		return json.loads(done.stdout)

	def authority(self, name, **options):
		"""A running daemon with the patience of the default configuration and no quota, whose syncs are counted."""
		one = self.lab.authority(name, start=False, watch=False, settings={"line": {"retry_max": "30s"},
			"limits": {"peer_messages": "none"}}, **options)
		one.syncs = meters.Syncs(one.path("syncs"))
		one.environment = one.syncs.environment(self.build)
		return one.start()

	def pair(self):
		freedonia, sylvania = self.authority("xf-ca"), self.authority("xs-ca")
		self.lab.befriend(freedonia, sylvania)
		return freedonia, sylvania

	def case(self):
		freedonia, sylvania = self.pair()
		ref = freedonia.send(sylvania)
		self.lab.eventually(lambda: sylvania.has(ref), "the request arrives")
		sylvania.admit(ref)
		self.lab.eventually(lambda: freedonia.status(ref) == "ACCEPTED", "it is accepted")
		return Case(self, freedonia, sylvania, ref)

	def file(self, name, mebibytes):
		return self.lab.file(name, mebibytes << 20)

	def path(self, name):
		path = os.path.join(self.lab.directory, name)
		os.makedirs(path, exist_ok=True)
		return path
