"""The story of one request for mutual legal assistance, told with the real commands on this machine.

tools/demo             build, play the story, check every step, clean up
tools/demo --keep DIR  the same below DIR, and leave both daemons running to go on playing
tools/demo --stop DIR  end what --keep left running
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build-demo")
SAMPLES = os.path.join(TOP, "tools", "samples")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "scenario"))

import lab as laboratory

MEBIBYTE = 1 << 20
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
PROFILE = """\
# What {name} tells about itself on its card (proto/profile.proto).
authority: {authority}
part: CENTRAL_AUTHORITY
names:
  - {{language: en, text: "{name}"}}
state: {state}
languages:
  requests: [{languages}]
training: true
"""


def paint(code, text):
	return f"\033[{code}m{text}\033[0m" if COLOUR else text


def tell(text):
	print(paint("2", "  " + text), flush=True)


def chapter(title):
	print("\n" + paint("1", f"── {title} " + "─" * (96 - len(title))), flush=True)


class DidNotHold(Exception):
	pass


class Stage:
	"""Where the story is played: two authorities, each with a desk (a working directory) and a home."""

	def __init__(self, directory):
		self.lab = laboratory.Lab(directory, BUILD)
		self.held = 0
		self.freedonia = self.cast("xf-ca", "Freedonia", "33",
			"International Legal Cooperation Unit, Ministry of Justice of Freedonia", "XFR", "en, qaa-XF")
		self.sylvania = self.cast("xs-ca", "Sylvania", "36",
			"Office for Mutual Legal Assistance, Attorney General of Sylvania", "XSY", "en, qab-XS")

	def cast(self, name, word, colour, title, state, languages):
		one = laboratory.Authority(self.lab, name, watch=False)
		one.word, one.colour, one.title, one.state, one.languages = word, colour, title, state, languages
		one.desk = os.path.join(self.lab.directory, "desk-" + word.lower())
		os.makedirs(one.desk, exist_ok=True)
		self.lab.authorities.append(one)
		return one

	def hold(self, what, held, *details):
		"""One promise, checked."""
		if not held:
			raise DidNotHold(what + "".join("\n  " + str(detail) for detail in details))
		self.held += 1
		print("  " + paint("32", "✓ " + what), flush=True)

	def shell(self, one, command, expect=0):
		"""Show a command, run it at that authority's desk, show what it says."""
		print(f"\n{paint(one.colour + ';1', one.word.lower() + '$')} {paint('1', command)}", flush=True)
		environment = dict(os.environ, COMITY_HOME=one.home, PATH=BUILD + "/tools:" + os.environ["PATH"])
		done = subprocess.run(["bash", "-ec", command], cwd=one.desk, env=environment, text=True, errors="replace",
			stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
		if done.stdout.strip():
			print(re.sub("(?m)^(?=.)", "  ", done.stdout.rstrip()), flush=True)
		if done.returncode != expect:
			raise DidNotHold(f"exit {done.returncode} instead of {expect}: {command}")
		return done.stdout

	def comity(self, one, *arguments, expect=0):
		return self.shell(one, "comity " + " ".join(shlex.quote(argument) for argument in arguments), expect)

	def until(self, what, predicate):
		self.lab.eventually(predicate, what, seconds=20)
		self.hold(what, True)


# ── the story ────────────────────────────────────────────────────────────────────────────────────────────────────────

def set_up(stage):
	chapter("1  Two authorities, each with its own keys, store and daemon")
	for one in (stage.freedonia, stage.sylvania):
		stage.comity(one, "init", "--authority", one.name.upper(), "--name", one.title,
			f"--endpoint={one.address}", f"--listen={one.address}")
		with open(one.path("etc/profile.yaml"), "w") as profile:
			profile.write(PROFILE.format(authority=one.name, name=one.title, state=one.state, languages=one.languages))
		print(f"\n{paint(one.colour + ';1', one.word.lower() + '$')} {paint('1', 'comityd --home $COMITY_HOME &')}")
		one.start()
		with open(one.path("comityd.pid"), "w") as file:
			file.write(f"{one.daemon.pid}\n")
		stage.hold(one.word + "'s daemon is ready", True)


def meet(stage):
	chapter("2  They exchange cards and compare digits on the telephone")
	freedonia, sylvania = stage.freedonia, stage.sylvania
	for here, there in ((freedonia, sylvania), (sylvania, freedonia)):
		stage.comity(there, "card", "export", "-o", there.name + ".card")
		shutil.copy(f"{there.desk}/{there.name}.card", here.desk)
		stage.comity(here, "peer", "add", there.name + ".card")
	stage.hold("nothing flows to an unverified peer", not freedonia.is_up(sylvania))
	tell("Each reads its forty digits to the other; the other types what it hears (here from a file).")
	for here, there in ((freedonia, sylvania), (sylvania, freedonia)):
		digits = there.comity("status")["digits"]
		with open(os.path.join(here.desk, "heard.txt"), "w") as file:
			file.write(digits + "\n")
		stage.comity(here, "peer", "verify", there.name, "--digits-file", "heard.txt", "--spoke-with",
			f"duty officer of {there.word}")
	stage.until("the line is up: TLS 1.3, both sides certified", lambda: freedonia.is_up(sylvania))
	stage.comity(freedonia, "peer", "ping", "xs-ca")
	tell("What a card says of an authority is in the directory at once; a request may be addressed to the State alone.")
	said = stage.comity(freedonia, "directory", "list", "--of", "XSY")
	stage.hold("the directory knows who receives requests for Sylvania", "xs-ca" in said, said)


def write(stage):
	chapter("3  Freedonia drafts a request, is told what is missing, mends it")
	freedonia = stage.freedonia
	for name in ("bank-records.yaml", "bank-records-incomplete.yaml"):
		shutil.copy(os.path.join(SAMPLES, name), freedonia.desk)
	with open(freedonia.desk + "/bank-records-incomplete.yaml") as file, open(freedonia.desk + "/slip.yaml", "w") as slip:
		slip.write(file.read().replace("facts_summary:", "fact_summary:"))
	tell("A slip of the pen is found with its line and column:")
	said = stage.comity(freedonia, "request", "new", "--to", "xs-ca", "--from", "slip.yaml", expect=65)
	stage.hold("and the right word is suggested", re.search(r"slip\.yaml:\d+:\d+", said) and "facts_summary" in said, said)
	stage.comity(freedonia, "request", "new", "--to", "XSY", "--from", "bank-records-incomplete.yaml")
	ref = laboratory.reference(freedonia.comity("request", "list")["data"][0])
	said = stage.comity(freedonia, "request", "validate", ref, expect=65)
	stage.hold("every problem is named at once, with its article", "18(15)(f)" in said and "18(24)" in said, said)
	stage.comity(freedonia, "request", "edit", ref, "--from", "bank-records.yaml")
	return ref


# file, what it says (None: 64 MiB of noise), role, further options; in the order of the request's own list, A1 to A7
PAPERS = [
	("letter.pdf", "Letter of request FRD-CA/2026/0412", "request-letter", ["--language", "en"]),
	("letter-qab.pdf", "The letter, in the language of Sylvania", "translation", ["--translation-of", "A1", "--language", "qab-XS"]),
	("order.pdf", "Restraint order 3 Rs 88/26", "freezing-order", ["--language", "qaa-XF"]),
	("order-qab.pdf", "The order, in the language of Sylvania", "translation", ["--translation-of", "A3", "--language", "qab-XS"]),
	("penal-code.pdf", "Sections 70, 214 and 301", "statutory-text", ["--language", "en"]),
	("money-flow.bin", None, "exhibit", ["--language", "en"]),
	("certificate.pdf", "Blank business-records certificate", "affidavit-certificate", ["--language", "en"]),
]


def send(stage, ref):
	chapter("4  With its letter, translations and a 64 MiB exhibit it goes to Sylvania")
	freedonia, sylvania = stage.freedonia, stage.sylvania
	for name, text, role, options in PAPERS:
		with open(os.path.join(freedonia.desk, name), "wb") as file:
			file.write(f"%PDF-1.7\n{text}\n".encode() if text else os.urandom(64 * MEBIBYTE))
		stage.comity(freedonia, "attach", "add", ref, name, "--role", role, *options)
	stage.comity(freedonia, "request", "validate", ref)
	stage.comity(freedonia, "request", "send", ref, "--officer", "B. Sandglass", "--wait=complete", "--timeout", "60s")
	stage.hold("Sylvania's signed receipts for the request and all its bytes are here",
		freedonia.request(ref)["transport"] == "COMPLETE")
	tell("Its written record, as article 18(14) asks: a letter, on the terminal or as PDF.")
	said = stage.shell(freedonia, f"comity request show {ref} --letter | head -n 12; comity request show {ref} --letter -o letter-of-request.pdf")
	stage.hold("the request is a letter that can be printed and filed", "LETTER OF REQUEST" in said and "DRAFT" not in said
		and os.path.getsize(freedonia.desk + "/letter-of-request.pdf") > 1000, said)
	stage.comity(sylvania, "inbox", "list")
	stage.comity(sylvania, "request", "show", ref)
	stage.hold("all seven attachments are at Sylvania", sylvania.is_whole(ref, 7))
	take_out(stage, sylvania, ref, "money-flow.bin", freedonia)


def take_out(stage, one, ref, name, other):
	"""Save an attachment and compare it with what the other side put in."""
	number = next(row["number"] for row in one.attachments(ref) if row["attachment"]["name"] == name)
	stage.comity(one, "attach", "get", ref, str(number), "-o", "received-" + name)
	same = subprocess.call(["cmp", f"{one.desk}/received-{name}", f"{other.desk}/{name}"]) == 0
	stage.hold(f"{name} is the same to the byte", same)


def answer(stage, ref):
	chapter("5  Sylvania acknowledges, asks, accepts, and transfers to a court")
	freedonia, sylvania = stage.freedonia, stage.sylvania
	tell("A receipt is a machine's word.  The acknowledgement is an official's:")
	stage.comity(sylvania, "acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1877", "--officer", "C. Moor",
		"--phone", "+999-02-555-0131")
	ours = "MLA-XS-26-1877"
	tell("What the table of statuses does not allow is refused, with what is allowed now:")
	stage.comity(sylvania, "request", "set-status", ours, "executed", expect=65)
	stage.comity(sylvania, "request", "set-status", ours, "under-review")
	stage.comity(sylvania, "request", "set-status", ours, "info-requested", "--question",
		"Which victim's payment can be followed to the account?")
	stage.until("Freedonia is asked", lambda: freedonia.status(ref) == "INFO_REQUESTED")
	stage.shell(freedonia, "echo 'That of victim V-07: FRD 60,000 on 14 September 2026, see exhibit A6.' | "
		f"comity message send {ref} --kind additional-info --text -")
	stage.until("Sylvania has the answer and goes on with its review", lambda: sylvania.status(ours) == "UNDER_REVIEW")
	tell("A name that no daemon is to read, on either side, is sealed from tool to tool:")
	stage.shell(freedonia, f"echo 'V-07 is Ottilie Quince.' | comity message send {ref} --seal --text -")
	stage.until("the sealed letter is at Sylvania", lambda: len(sylvania.messages(ours)) == len(freedonia.messages(ref)))
	stage.hold("and no file of either daemon holds the name", not any(subprocess.call(["grep", "-rqa", "Ottilie", one.home]) == 0
		for one in (freedonia, sylvania)))
	number = len(sylvania.messages(ours))
	said = stage.comity(sylvania, "message", "show", str(number), "--ref", ours)
	stage.hold("Sylvania's officer reads it", "Ottilie Quince" in said, said)
	stage.comity(sylvania, "message", "list", ours)
	stage.comity(sylvania, "request", "set-status", ours, "accepted")
	stage.comity(sylvania, "request", "set-status", ours, "transferred", "--authority", "Harbour District Court",
		"--authority-type", "court", "--authority-reference", "HD-26-0551")
	stage.comity(sylvania, "request", "set-status", ours, "in-execution", "--note", "M1 was served on the bank today")
	stage.until("Freedonia sees it in execution at the Harbour District Court", lambda:
		freedonia.status(ref) == "IN_EXECUTION"
		and freedonia.request(ref)["request"]["competent_authority"] == "Harbour District Court")


def result(stage, ref):
	chapter("6  Results and evidence come back")
	freedonia, sylvania = stage.freedonia, stage.sylvania
	stage.shell(sylvania, "seq 200000 | sed 's/^/2026-09-14;SYL;/' > records.csv; echo '%PDF-1.7 minutes' > minutes.pdf")
	stage.comity(sylvania, "result", "send", "MLA-XS-26-1877",
		"--measure", "M1=EXECUTED:SYL 1,702,440 frozen until 23 February 2027", "--measure", "M2=EXECUTED",
		"--measure", "M3=EXECUTED:no onward accounts were found", "--record", "Harbour District Court, 25 November 2026, Judge H. Quill",
		"--attach", "records.csv,role=evidence", "--attach", "minutes.pdf,role=record-of-execution",
		"--final", "--officer", "C. Moor")
	stage.until("the results are at Freedonia, with all evidence", lambda:
		freedonia.status(ref) == "EXECUTED" and freedonia.is_whole(ref, 9))
	take_out(stage, freedonia, ref, "records.csv", sylvania)
	stage.comity(freedonia, "request", "set-status", ref, "closed", "--outcome", "fully-executed")
	stage.until("both sides hold the case closed", lambda: sylvania.status("MLA-XS-26-1877") == "CLOSED")
	stage.comity(freedonia, "request", "track", ref)


def prove(stage, ref):
	chapter("7  Years later, a judge checks the record without this software")
	freedonia = stage.freedonia
	stage.until("every receipt is in", lambda: all(one["state"]["transport"] == "COMPLETE"
		for one in freedonia.messages(ref) if one["state"]["from"] == "xf-ca"))
	stage.comity(freedonia, "evidence", "export", ref, "-o", "evidence.tar")
	stage.comity(freedonia, "evidence", "verify", "evidence.tar", "--trust", "xs-ca.card")
	stage.shell(freedonia, "mkdir evidence && tar -xf evidence.tar -C evidence && ls evidence evidence/manifests/*")
	readme = next(os.path.join(path, "README.txt") for path, _, files in os.walk(freedonia.desk + "/evidence")
		if "README.txt" in files)
	with open(readme) as file:
		commands = [line[4:].rstrip() for line in file if line.startswith("    ") and line.strip()]
	stage.hold("its README.txt names openssl and sha256sum only", commands and "openssl cms -verify" in "\n".join(commands)
		and "sha256sum --check" in "\n".join(commands), commands)
	place = os.path.relpath(os.path.dirname(readme), freedonia.desk)
	said = stage.shell(freedonia, f"cd {place}\n" + "\n".join(commands))
	manifests = sum(name.endswith(".manifest") for _, _, files in os.walk(freedonia.desk) for name in files)
	stage.hold("every signature and every hash verifies with openssl and sha256sum alone",
		said.count("CMS Verification successful") == 2 * manifests > 0	# once as signed, once by the revocation lists
		and ": OK" in said and "FAILED" not in said, said)
	altered = freedonia.desk + "/altered.tar"
	shutil.copy(freedonia.desk + "/evidence.tar", altered)
	with open(altered, "r+b") as file:
		content = file.read()
		file.seek(content.index(b"Harbour District Court"))
		file.write(b"Harbour Disxrict Court")
	stage.comity(freedonia, "evidence", "verify", "altered.tar", expect=1)
	stage.hold("one altered letter is found", True)


def look_back(stage):
	chapter("8  What stays: figures for the report, the pair's portfolio, and who did what")
	freedonia, sylvania = stage.freedonia, stage.sylvania
	stage.shell(freedonia, "comity stats --threshold 1 | head -n 12; comity stats --threshold 1 --report figures.pdf")
	stage.shell(sylvania, "comity portfolio xf-ca | head -n 12")
	stage.hold("the year is a page to print", os.path.getsize(freedonia.desk + "/figures.pdf") > 1000)
	said = stage.comity(sylvania, "audit", "verify")
	stage.hold("what every officer did is in a chain of its own", re.search(r"\d+ lines, each with the hash of the one before", said), said)


# ── before and after ─────────────────────────────────────────────────────────────────────────────────────────────────

def build():
	started = time.monotonic()
	steps = [["ninja", "-C", BUILD, "tools/comity", "daemon/comityd", "daemon/comity-keyd"]]
	if not os.path.exists(BUILD + "/build.ninja"):
		steps.insert(0, ["meson", "setup", "--buildtype=release", BUILD, TOP])
	for step in steps:
		done = subprocess.run(step, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
		if done.returncode:
			sys.exit(done.stdout + "demo: the build failed")
	tell(f"built in {time.monotonic() - started:.0f} s: {os.path.relpath(BUILD)}/daemon/comityd and tools/comity")


def running(directory):
	"""The daemons that --keep left below this directory: (pid, home)."""
	for name in ("xf-ca", "xs-ca"):
		home = os.path.join(directory, name)
		try:
			with open(home + "/comityd.pid") as file:
				pid = int(file.read())
			with open(f"/proc/{pid}/cmdline") as file:
				if "comityd" in (words := file.read().split("\0"))[0] and home in words:
					yield pid, home
		except (OSError, ValueError):
			continue


def stop(directory):
	directory = os.path.abspath(directory)
	found = list(running(directory))
	for pid, home in found:
		os.kill(pid, signal.SIGTERM)
	deadline = time.monotonic() + 15
	while list(running(directory)) and time.monotonic() < deadline:
		time.sleep(0.05)
	left = list(running(directory))
	print(f"stopped {len(found) - len(left)} of {len(found)} daemons below {directory}")
	sys.exit(1 if left else 0)


def how_to_go_on(stage):
	with open(SAMPLES + "/bank-records.yaml") as file, open(stage.freedonia.desk + "/another.yaml", "w") as another:
		another.write(file.read().replace("FRD-CA/2026/0412", "FRD-CA/2026/0413"))
	papers = "\n".join("  comity attach add FRD-CA/2026/0413 " + shlex.join([name, "--role", role, *options])
		for name, _, role, options in PAPERS)
	print(f"""
Both daemons are running below {stage.lab.directory}.  To go on playing:

  PATH={BUILD}/tools:$PATH
  export COMITY_HOME={stage.freedonia.home}     # be Freedonia
  cd {stage.freedonia.desk}
  comity status
  comity request list
  comity request new --to xs-ca --from another.yaml
{papers}
  comity request send FRD-CA/2026/0413 --officer "B. Sandglass" --wait=complete
  export COMITY_HOME={stage.sylvania.home}     # be Sylvania
  comity inbox list
  comity acknowledge FRD-CA/2026/0413 --reference MLA-XS-26-1878 --officer "C. Moor" --phone +999-02-555-0131 \\
         --confidentiality yes
  comity watch --since 0     # until Ctrl-C

  {os.path.relpath(os.path.join(TOP, 'tools', 'demo'))} --stop {stage.lab.directory}     # the end""")


def play(directory):
	started = time.monotonic()
	stage = Stage(directory)
	kept = False
	try:
		set_up(stage)
		meet(stage)
		ref = write(stage)
		send(stage, ref)
		answer(stage, ref)
		result(stage, ref)
		prove(stage, ref)
		look_back(stage)
		kept = True
	except (DidNotHold, laboratory.Broken) as fault:
		print(paint("31;1", f"\n✗ did not hold: {fault}"))
		for one in stage.lab.authorities:
			if os.path.exists(one.path("comityd.log")):
				print(f"\n{one.word}'s log ends:\n{one.log()[-3000:]}")
	if kept:
		print(f"\n{paint('1', f'{stage.held} promises held')} in {time.monotonic() - started:.1f} s.")
	return stage, kept


def main(arguments):
	if len(arguments) == 2 and arguments[0] == "--stop":
		stop(arguments[1])
	keep = os.path.abspath(arguments[1]) if len(arguments) == 2 and arguments[0] == "--keep" else None
	if arguments and not keep:
		sys.exit(__doc__)
	if keep and os.path.exists(os.path.join(keep, "xf-ca")):
		sys.exit(f"demo: {keep} has been played in already; tools/demo --stop {keep}, and take another directory")
	build()
	if keep:
		os.makedirs(keep, exist_ok=True)
	stage, held = play(keep or tempfile.mkdtemp(prefix="comity-demo-"))
	if held and keep:
		how_to_go_on(stage)
		return 0
	for one in stage.lab.authorities:
		one.stop()
	if not keep:
		shutil.rmtree(stage.lab.directory, ignore_errors=True)
	return 0 if held else 1


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
