"""The load: officers who write, attach, open cases and bring them to their end, whatever happens meanwhile.

What a daemon acknowledged is promised: it must be on both sides, once.  What it did not acknowledge (it was killed, the
disk failed) is tried: it may be there, once.  A session repeats a call with the same key until it is answered, so that
what it says is always promised in the end.
"""
import random
import re
import threading
import uuid

import lab as laboratory
from lab import require
from puppet import Control, schema

# Why an act may fail without anybody's fault: the daemon is away, or says that its disk is in trouble.
PASSING = ("daemon-away", "line-cut", "line-timeout", "shutting-down", "in-doubt", "io", "disk-full", "store-full", "not-yet", "recovering")
SIZES = [0, 1, 4096, 65536, 65537, 300000, 1 << 20, 3 << 20]
SIZE_WEIGHTS = [2, 2, 8, 6, 6, 4, 2, 1]
CASES_OPEN = 3		# from each authority to each other

# What the side whose turn it is does next: status -> (are we the requested side?, words behind the verb and REF).
STEPS = {
	"SENT": (True, ["acknowledge"], ["--confidentiality", "yes", "--reference", "REG-{ref}", "--officer", "C. Moor", "--phone", "+999-02-555-0131"]),
	"ACKNOWLEDGED": (True, ["request", "set-status"], ["under-review"]),
	"UNDER_REVIEW": (True, ["request", "set-status"], ["accepted"]),
	"ACCEPTED": (True, ["request", "set-status"], ["transferred", "--authority", "Harbour District Court",
		"--authority-type", "COURT", "--authority-reference", "HD-{ref}"]),
	"TRANSFERRED": (True, ["request", "set-status"], ["in-execution"]),
	"IN_EXECUTION": (True, ["result", "send"], ["--measure", "M1=EXECUTED:frozen", "--measure", "M2=EXECUTED", "--measure",
		"M3=EXECUTED", "--record", "Harbour District, Judge H. Quill", "--attach", "{file},role=EVIDENCE", "--final",
		"--officer", "C. Moor"]),
	"EXECUTED": (False, ["request", "set-status"], ["closed", "--outcome", "FULLY_EXECUTED"]),
}
TALKABLE = [status for status in STEPS if status != "EXECUTED"]


class Session:
	"""The control socket of one daemon, dialled anew as often as it must be."""

	def __init__(self, one):
		self.one, self.control = one, None

	def ask(self, kind, patience, **fields):
		"""The reply, once there is one that is not passing trouble.  patience() says how long to go on: False ends it."""
		while True:
			try:
				self.control = self.control or Control(self.one)
				reply = self.control.call(kind, **fields)
				if reply.WhichOneof("kind") != "error" or reply.error.code not in PASSING:
					return reply
			except (OSError, EOFError):
				self.control = None
			if not patience():
				return None

	def read(self, kind, **fields):
		"""For the time after the faults: what is asked must be answered."""
		tries = iter(range(50))
		return self.ask(kind, lambda: next(tries, None) is not None, **fields)


class Case:
	def __init__(self, ref, requesting, requested):
		self.ref, self.requesting, self.requested = ref, requesting, requested
		self.is_in_doubt = False	# a step of it was tried and not acknowledged
		self.is_over = False		# closed, as a ledger says
		self.whole = set()		# whose every word in it was receipted whole, and no more will come (restore.py)


class Record:
	"""All that was said and done, by everybody."""

	def __init__(self):
		self.cases, self.promised, self.tried = [], {}, set()
		self.lock, self.numbers, self.bytes = threading.Lock(), 0, 0
		self.steps = self.says = 0

	def number(self):
		with self.lock:
			self.numbers += 1
			return self.numbers

	def cases_of(self, one, other):
		return [case for case in list(self.cases) if {case.requesting, case.requested} == {one, other}]


class Officer(threading.Thread):
	"""Speaks for one authority to another."""

	def __init__(self, lab, record, one, other, seed, pace):
		super().__init__(daemon=True)
		self.lab, self.record, self.one, self.other, self.pace = lab, record, one, other, pace
		self.random, self.leaving, self.fault = random.Random(seed), threading.Event(), None
		self.session, self.said = Session(one), 0
		self.turn = threading.Lock()		# whoever holds it makes the officer rest between two acts

	def run(self):
		try:
			while not self.leaving.is_set():
				with self.turn:
					self.act()
				self.leaving.wait(self.random.expovariate(1 / self.pace) if self.pace else 0)
		except Exception as fault:
			self.fault = fault

	def act(self):
		if self.random.random() < 0.05 and len(self.open_cases(requesting=True)) < CASES_OPEN or not self.record.cases_of(
				self.one, self.other):
			self.open_case()
			return
		cases = self.open_cases()
		if not cases:
			return
		doing = self.random.choices([self.speak, self.speak_with_file, self.step], [5, 2, 4])[0]
		doing(self.random.choice(cases))

	def status(self, case):
		"""What our own ledger says; None when there is nothing of it yet."""
		reply = self.session.ask("request_show", self.pause, ref=case.ref)
		if not reply or reply.WhichOneof("kind") == "error":
			return None
		kase = reply.request.request
		status = kase.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number[kase.status].name
		case.is_over = case.is_over or status == "CLOSED"
		return status

	def open_cases(self, requesting=None):
		return [case for case in self.record.cases_of(self.one, self.other) if not case.is_over
			and (requesting is None or (case.requesting is self.one) == requesting) and self.status(case) in STEPS]

	def pause(self):
		self.leaving.wait(0.05)
		return True

	def run_tool(self, *words, text=None):
		"""The tool's answer, or None for passing trouble; other trouble is a failure."""
		answer = self.one.run("--json", *words, text=text)
		if answer.status == 0:
			return answer.documents()[-1] if answer.out.strip() else {}
		code = answer.error()["code"]
		self.pause()
		return None if code in PASSING else code

	# ── the acts ──

	def text(self):
		self.said += 1
		return f"{self.one.name} to {self.other.name} {self.said}"

	def may_speak(self, case):
		"""After EXECUTED nobody says more, so that no word can meet a closed case."""
		return self.status(case) in TALKABLE

	def speak(self, case):
		for _ in range(self.random.choice([1, 1, 1, 2, 5, 20])):
			if not self.may_speak(case):
				return
			text, key = self.text(), str(uuid.UUID(int=self.random.getrandbits(128)))
			message = schema(self.lab).casework.Message(text=text, language="en")
			message.acts.add().general_correspondence.SetInParent()
			self.record.tried.add(text)
			reply = self.session.ask("submit", self.pause, key=key, ref=case.ref, message=message)
			require(reply.WhichOneof("kind") == "submitted", f"{self.one.name}: a word in {case.ref} is refused", reply)
			self.record.promised[text] = (self.one.name, reply.submitted.message_id)
			self.record.says += 1

	def speak_with_file(self, case):
		if not self.may_speak(case):
			return
		size = self.random.choices(SIZES, SIZE_WEIGHTS)[0]
		path, text = self.file("exhibit.bin", size), self.text()
		self.record.tried.add(text)
		answer = self.run_tool("message", "send", case.ref, "--text", "-", "--attach", path, text=text)
		require(not isinstance(answer, str), f"{self.one.name}: a file in {case.ref} is refused", answer)
		if answer:
			self.record.promised[text] = (self.one.name, answer["message_id"])
			self.record.says += 1
			self.record.bytes += size

	def step(self, case):
		status = self.status(case)
		if status not in STEPS:
			return
		is_requested, verb, options = STEPS[status]
		if is_requested != (case.requested is self.one):
			return
		file = self.file("records.bin", self.random.choices(SIZES, SIZE_WEIGHTS)[0]) if "{file}" in " ".join(options) else ""
		answer = self.run_tool(*verb, case.ref, *(word.format(ref=case.ref, file=file) for word in options))
		if isinstance(answer, str):
			# Done before, without an answer; or what was seen was a past that has been fetched back since.
			require(case.is_in_doubt or self.status(case) != status, f"{self.one.name}: {' '.join(verb)} in {case.ref} at {status}: {answer}")
		case.is_in_doubt = answer is None
		self.record.steps += bool(answer)

	def open_case(self):
		ref = f"{self.one.name.upper()}/2026/{self.record.number():05}"
		papers = [("letter.pdf", "REQUEST_LETTER", "en", []), ("letter-qab.pdf", "TRANSLATION", "qab-XS", ["--translation-of", "A1"])]
		if not isinstance(self.run_tool("request", "new", "--to", self.other.name, "--from", self.document(ref)), dict):
			return
		for name, role, language, options in papers:
			path = self.file(name, b"%PDF-1.7 " + name.encode() + b"\n")
			if not isinstance(self.run_tool("attach", "add", ref, path, "--role", role, "--language", language, *options), dict):
				return	# a draft that stays one
		while (answer := self.run_tool("request", "send", ref, "--officer", "B. Sandglass")) is None:
			pass	# what was tried may be sent, so it is tried until there is an answer
		require(isinstance(answer, dict) or answer == "not-draft", f"{self.one.name}: {ref} cannot be sent", answer)
		self.record.cases.append(Case(ref, self.one, self.other))

	# ── their papers ──

	def file(self, name, content):
		return self.lab.file(f"{self.one.name}-{self.other.name}-{name}", content)

	def document(self, ref):
		with open(laboratory.SAMPLE) as file:
			text = re.sub(r"(?m)^  - \{id: A[3-7],.*\n", "", file.read())
		text = text.replace("FRD-CA/2026/0412", ref).replace("xf-ca", "\0").replace("xs-ca", self.other.name)
		return self.file("request.yaml", text.replace("\0", self.one.name).encode())


def officers(world, record, chance, pace):
	world.officers = [Officer(world.lab, record, one, other, chance.random(), pace) for one, other in world.pairs]
	return world.officers
