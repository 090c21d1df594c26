"""A laboratory of authorities: real daemons, real sockets, and only the `comity` tool as eyes.

A test says `freedonia = lab.authority("xf-ca")` and gets a running comityd with a home of its own; `lab.befriend(a, b)`
exchanges and verifies cards; `lab.eventually(...)` waits for a fact, woken by `comity watch`, with a deadline.
"""
import glob
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from relay import Relay

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(TOP, "tools", "samples", "bank-records.yaml")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")


class Broken(Exception):
	"""What the test promises does not hold."""


def require(held, what, *details):
	if not held:
		raise Broken(what + "".join("\n  " + str(detail) for detail in details))


def slow(scenario):
	"""Mark one that takes long, so that it begins first and is not what the run ends with alone."""
	scenario.is_slow = True
	return scenario


def build_directory():
	for directory in [os.environ.get("COMITY_BUILD"), TOP + "/build-check", TOP + "/build"]:
		if directory and os.path.exists(directory + "/daemon/comityd"):
			return os.path.abspath(directory)
	sys.exit("no build found: name it in COMITY_BUILD")


def free_port(host="127.0.0.1"):
	"""A port nobody listens on, outside the range from which the system takes ports for callers."""
	family = socket.AF_INET6 if ":" in host else socket.AF_INET
	while True:
		port = random.SystemRandom().randrange(20000, 32000)
		with socket.socket(family) as probe:
			try:
				probe.bind((host, port))
				return port
			except OSError:
				continue


def forget_fake_clocks():
	"""Remove what killed processes under libfaketime left: a later one of the same number would stumble over it."""
	for path in glob.glob("/dev/shm/*faketime_s*_*"):
		if not os.path.exists("/proc/" + path.rpartition("_")[2]):
			try:
				os.unlink(path)
			except OSError:		# another one was faster, or it is somebody else's
				pass


def host_port(host, port):
	return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Answer:
	"""What one run of the tool gave."""

	def __init__(self, done):
		self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

	def documents(self):
		return [json.loads(line) for line in self.out.splitlines() if line.strip()]

	def error(self):
		lines = [line for line in self.err.splitlines() if line.startswith("{")]
		require(lines, "no error document on stderr", self.err)
		return json.loads(lines[-1])


def is_stopped(process):
	"""By SIGSTOP."""
	with open(f"/proc/{process.pid}/stat") as file:
		return file.read().rpartition(")")[2].split()[0] == "T"


class Ready:
	"""The other end of sd_notify."""

	def __init__(self, path):
		self.path = path
		if os.path.exists(path):
			os.unlink(path)
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.socket.bind(path)
		self.socket.settimeout(0.1)

	def wait(self, process, seconds):
		deadline = time.monotonic() + seconds
		while time.monotonic() < deadline:
			try:
				if b"READY=1" in self.socket.recv(4096):
					return True
			except socket.timeout:
				if process.poll() is not None or is_stopped(process):
					return False
		return False

	def close(self):
		self.socket.close()
		os.unlink(self.path)


class Watcher(threading.Thread):
	"""Follows `comity watch`, keeps the events, and wakes whoever waits in the lab."""

	def __init__(self, authority):
		super().__init__(daemon=True)
		self.authority, self.leaving, self.process = authority, False, None
		self.start()

	def run(self):
		while not self.leaving:
			self.process = self.authority.spawn("watch", "--json", f"--since={self.authority.seen()}")
			for line in self.process.stdout:
				self.hear(line)
			self.process.wait()
			if not self.leaving:
				time.sleep(0.1)

	def hear(self, line):
		try:
			event = json.loads(line)
		except ValueError:
			return
		with self.authority.lab.news:
			for one in event.get("data", []) if "comityseq" not in event else [event]:
				self.authority.events.append(one)
			self.authority.lab.news.notify_all()

	def leave(self):
		self.leaving = True
		if self.process:
			self.process.kill()
		self.join(5)


class Authority:
	"""One authority: its home, its daemon, and the tool."""

	def __init__(self, lab, name, host="127.0.0.1", port=None, listen=True, endpoint=None, home=None, settings=None,
		watch=True):
		self.lab, self.name, self.host, self.listen = lab, name, host, listen
		self.home = home or os.path.join(lab.directory, name)
		self.port = port or free_port(host)
		self.address = host_port(host, self.port)
		self.endpoint = endpoint or (self.address if listen else None)
		self.title = "Central Authority " + name.upper()
		self.daemon = self.watcher = None
		self.watch = watch
		self.environment, self.prefix, self.options = {}, [], []
		self.events = []
		self.settings = settings or {}

	# ── the daemon ──

	def init(self):
		endpoint = [f"--endpoint={self.endpoint}", f"--listen={self.address}"] if self.listen else []
		made = self.run("init", "--authority", self.name.upper(), "--name", self.title, *endpoint)
		require(made.status == 0, "init failed", made.out, made.err)
		self.configure(self.settings)
		return self

	def configure(self, settings):
		"""Write the configuration anew (JSON is YAML too), with a short patience so that tests need none, and without the
		reminders that go by themselves: the deadline of the sample is long past."""
		config = {"authority": self.name, "name": self.title, "endpoints": [self.endpoint] if self.endpoint else [],
			"line": {"listen": [self.address] if self.listen else [], "retry_max": "1s"}, "requests": {"remind_every": "never"}}
		for section, values in settings.items():
			if isinstance(values, dict):
				config.setdefault(section, {}).update(values)
			else:
				config[section] = values
		with open(self.path("etc/comityd.yaml"), "w") as file:
			json.dump(config, file, indent=1)

	def path(self, *parts):
		return os.path.join(self.home, *parts)

	def log(self):
		if not os.path.exists(self.path("comityd.log")):
			return ""
		with open(self.path("comityd.log"), errors="replace") as file:
			return file.read()

	def start(self, expect=True):
		ready = Ready(self.path("ready"))
		environment = dict(os.environ, NOTIFY_SOCKET=ready.path, **self.environment)
		with open(self.path("comityd.log"), "a") as log:
			self.daemon = subprocess.Popen([*self.prefix, self.lab.comityd, "--home", self.home, *self.options], env=environment,
				stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
		is_ready = ready.wait(self.daemon, 30)
		ready.close()
		if not expect:
			return is_ready
		require(is_ready, self.name + ": comityd did not become ready", self.log()[-2000:])
		if self.watch and not self.watcher:
			self.watcher = Watcher(self)
		return self

	def holders(self):
		"""The processes that hold keys for this daemon."""
		found = []
		for path in glob.glob("/proc/[0-9]*/stat") if self.daemon else []:
			try:
				with open(path) as file:
					name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
			except OSError:		# it has ended since
				continue
			state, parent = rest.split()[:2]
			if name == "comity-keyd" and int(parent) == self.daemon.pid and state != "Z":
				found.append(int(path.split("/")[2]))
		return found

	def end(self, how):
		if not self.daemon:
			return None
		self.daemon.send_signal(how)
		try:
			status = self.daemon.wait(20)
		except subprocess.TimeoutExpired:
			self.daemon.kill()
			self.daemon.wait()
			raise Broken(self.name + ": comityd did not end", self.log()[-2000:])
		self.daemon = None
		return status

	def stop(self):
		status = self.end(signal.SIGTERM)
		require(status in (0, None), f"{self.name}: comityd ended with {status}", self.log()[-3000:])

	def kill(self):
		self.end(signal.SIGKILL)

	def restart(self):
		"""kill -9, then start again."""
		self.kill()
		self.start()

	# ── yesterday ──

	def copy(self, name):
		"""Stop, keep a cold copy of everything, start again; the copy's path."""
		running = self.daemon is not None
		if running:
			self.stop()
		place = os.path.join(self.lab.directory, f"{self.name}.{name}")
		shutil.copytree(self.home, place, ignore=shutil.ignore_patterns("*.log", "run"))
		if running:
			self.start()
		return place

	def put_back(self, place):
		"""An old copy takes the place of what is there; the log goes on."""
		if self.daemon:
			self.kill()
		for name in os.listdir(self.home):
			if not name.endswith(".log"):
				path = self.path(name)
				shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
		shutil.copytree(place, self.home, dirs_exist_ok=True)
		with self.lab.news:
			self.events = []

	def close(self):
		if self.watcher:
			self.watcher.leave()
		self.stop()
		found = SANITIZER.search(self.log())
		require(not found, self.name + ": a sanitizer reports", self.log()[-6000:] if found else "")

	# ── the tool ──

	def command(self, *arguments):
		return [self.lab.comity, "--home", self.home, *(str(argument) for argument in arguments)]

	def run(self, *arguments, text=None, seconds=60, directory=None):
		return Answer(subprocess.run(self.command(*arguments), text=True, errors="replace", capture_output=True,
			timeout=seconds, cwd=directory or self.lab.directory, **({"input": text} if text is not None
			else {"stdin": subprocess.DEVNULL})))

	def spawn(self, *arguments):
		return subprocess.Popen(self.command(*arguments), text=True, errors="replace", stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE, stderr=subprocess.PIPE if "watch" not in arguments else subprocess.DEVNULL,
			cwd=self.lab.directory)

	def comity(self, *arguments, **options):
		"""Run a command that must succeed; its document."""
		answer = self.run("--json", *arguments, **options)
		require(answer.status == 0, f"{self.name}: comity {' '.join(map(str, arguments))}: exit {answer.status}",
			answer.out, answer.err)
		documents = answer.documents()
		return documents[-1] if documents else {}

	def refused(self, slug, *arguments, **options):
		"""Run a command that must fail with this slug, saying so on stderr only; the error's document."""
		answer = self.run("--json", *arguments, **options)
		words = f"{self.name}: comity {' '.join(map(str, arguments))}"
		require(answer.status != 0, words + ": should have failed with " + slug, answer.out)
		error = answer.error()
		require(error["code"] == slug, f"{words}: {error['code']} instead of {slug}", answer.err)
		require(error["exit"] == answer.status, f"{words}: exit {answer.status}, document says {error['exit']}")
		require(not answer.out.strip(), words + ": wrote to stdout though it failed", answer.out)
		return error

	# ── what it sees ──

	def seen(self):
		"""The number of the newest event we heard of."""
		return int(self.events[-1]["comityseq"]) if self.events else 0

	def link(self, peer):
		return self.comity("peer", "show", peer.name).get("link", {})

	def is_up(self, peer):
		return self.link(peer).get("state") == "up"

	def request(self, ref):
		return self.comity("request", "show", ref)

	def status(self, ref):
		return self.request(ref)["request"]["status"]

	def has(self, ref):
		return self.run("--json", "request", "show", ref).status == 0

	def messages(self, ref):
		return self.comity("message", "list", ref).get("data", [])

	def attachments(self, ref):
		return self.comity("attach", "list", ref).get("data", [])

	def is_whole(self, ref, count):
		"""Are that many attachments in the case, and all their bytes here?"""
		found = self.attachments(ref)
		return len(found) == count and all(one.get("presence") in ("HERE", "SENT", "STAGED") for one in found)

	def draft(self, peer, document=None):
		made = self.comity("request", "new", "--to", peer.name, "--from", document or self.lab.example())
		return reference(made)

	def send(self, peer, *files, document=None):
		"""Draft and send the example request with these files."""
		ref = self.draft(peer, document)
		letter = self.lab.file("letter.pdf", b"%PDF-1.7 a letter\n")
		translation = self.lab.file("letter-qab.pdf", b"%PDF-1.7 a translation\n")
		self.comity("attach", "add", ref, letter, "--role", "REQUEST_LETTER", "--language", "en")
		self.comity("attach", "add", ref, translation, "--role", "TRANSLATION", "--translation-of", "A1",
			"--language", "qaa-XF" if self.name == "xs-ca" else "qab-XS")
		for file in files:
			self.comity("attach", "add", ref, file, "--role", "EXHIBIT")
		self.comity("request", "send", ref, "--officer", "B. Sandglass")
		return ref

	def say(self, ref, text, *options):
		return self.comity("message", "send", ref, "--text", "-", *options, text=text)

	def admit(self, ref, reference="MLA-XS-26-1877"):
		"""The requested side's way up to acceptance."""
		self.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", reference, "--officer", "C. Moor", "--phone", "+999-02-555-0131")
		self.comity("request", "set-status", ref, "under-review")
		self.comity("request", "set-status", ref, "accepted")


def reference(document):
	for key in ("our_reference", "ref"):
		if document.get(key):
			return document[key]
	raise Broken("no reference in the answer", document)


class Lab:
	"""A directory, the authorities in it, and the news they have."""

	def __init__(self, directory, build=None):
		build = build or build_directory()
		self.comity, self.comityd = build + "/tools/comity", build + "/daemon/comityd"
		self.build, self.directory = build, directory
		self.authorities = []
		self.helpers, self.examples = [], 0
		self.news = threading.Condition()

	def authority(self, name, start=True, **options):
		one = Authority(self, name, **options).init()
		self.authorities.append(one)
		return one.start() if start else one

	def pair(self, **options):
		"""Freedonia and Sylvania, running, verified on both sides, with the line up."""
		freedonia, sylvania = self.authority("xf-ca", **options), self.authority("xs-ca", **options)
		self.befriend(freedonia, sylvania)
		return freedonia, sylvania

	def add(self, here, there):
		"""Take the card of `there` at `here`, unverified; the card's path."""
		card = os.path.join(self.directory, f"{there.name}.card")
		if os.path.exists(card):
			os.unlink(card)
		there.comity("card", "export", "-o", card)
		here.comity("peer", "add", card)
		return card

	def verify(self, here, there, digits=None):
		heard = self.file(f"{there.name}.digits", (digits or there.comity("status")["digits"]).encode())
		here.comity("peer", "verify", there.name, "--digits-file", heard, "--spoke-with", "the lab")

	def befriend(self, one, other, wait=True):
		for here, there in ((one, other), (other, one)):
			self.add(here, there)
		for here, there in ((one, other), (other, one)):
			self.verify(here, there)
		if wait:
			self.eventually(lambda: one.is_up(other) and other.is_up(one), "the line is up")

	def file(self, name, content):
		"""A file of these bytes, or of so many random bytes."""
		path = os.path.join(self.directory, name)
		with open(path, "wb") as file:
			if isinstance(content, bytes):
				file.write(content)
			for start in range(0, content if isinstance(content, int) else 0, 1 << 20):
				file.write(os.urandom(min(1 << 20, content - start)))
		return path

	def example(self, name="request.yaml", swapped=False, urgency=None):
		"""The sample request with two papers, the letter and its translation; swapped: Sylvania asks Freedonia."""
		self.examples += 1
		with open(SAMPLE) as file:
			text = re.sub(r"(?m)^  - \{id: A[3-7],.*\n", "", file.read())
		text = text.replace("FRD-CA/2026/0412", f"{'MLA-XS-26-' if swapped else 'FRD-CA/2026/'}{self.examples:04}")
		for left, right in (("xf-ca", "xs-ca"), ("XFR", "XSY"), ("qab-XS", "qaa-XF")) if swapped else ():
			text = text.replace(left, "\0").replace(right, left).replace("\0", right)
		if urgency:
			text = text.replace("  level: URGENT", "  level: " + urgency)
		return self.file(name, text.encode())

	def eventually(self, predicate, what, seconds=30):
		"""Wait until it holds; woken by every event of every authority."""
		deadline = time.monotonic() + seconds
		while True:
			with self.news:
				heard = sum(len(one.events) for one in self.authorities)
			value = predicate()
			if value:
				return value
			if time.monotonic() > deadline:
				logs = [f"{one.name}: {one.log()[-1500:]}" for one in self.authorities]
				raise Broken(f"not within {seconds} s: {what}" + "".join("\n  " + log for log in logs))
			with self.news:
				if heard == sum(len(one.events) for one in self.authorities):
					self.news.wait(0.2)

	def relay(self, target):
		relay = Relay(target, free_port())
		self.helpers.append(relay)
		return relay

	def close(self):
		faults = []
		for one in self.authorities:
			try:
				one.close()
			except Exception as fault:
				faults.append(fault)
		for helper in self.helpers:
			helper.close()
		if faults:
			raise faults[0]

	def sweep(self, keep=False):
		for one in self.authorities:
			if one.watcher:
				one.watcher.leave()
			if one.daemon:
				one.daemon.kill()
				one.daemon.wait()
		if not keep:
			shutil.rmtree(self.directory, ignore_errors=True)
