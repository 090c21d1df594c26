"""The tool as people and programs meet it: what stands where, what a mistake is answered with, what a terminal gets."""
import os
import signal
import subprocess

from lab import require
from terminal import Terminal


# ── the answer, then what is said about it ──

def what_comes_next_stands_behind_the_answer(lab):
	freedonia, sylvania = lab.pair()
	card, export = lab.directory + "/own.card", ["card", "export", "-o"]
	both = subprocess.run(freedonia.command(*export, card), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT).stdout.splitlines()
	require(both[0].startswith("Wrote the card") and both[-1].startswith("Next:"), "in one pipe the answer comes first", both)
	said, status = Terminal(freedonia.command(*export, card + "2")).end()
	require(status == 0 and said.index("Wrote") < said.index("Next:"), "on a terminal too", said)
	ref = freedonia.comity("request", "new", "--to", "xs-ca")["our_reference"]
	said, status = Terminal(freedonia.command("request", "validate", ref)).end()
	require(status == 65 and said.index("cannot be sent") < said.index("error[") < said.index("Next:"), "also when it is a no", said)


def a_proposed_command_can_be_typed_as_it_is(lab):
	freedonia, sylvania = lab.pair()
	said = freedonia.run("request", "new", "--to", "xs-ca").err
	require(f"Next:  comity --home {freedonia.home} request edit" in said, "with the home that was given", said)
	environment = dict(os.environ, COMITY_HOME=freedonia.home)
	done = subprocess.run([lab.comity, "request", "new", "--to", "xs-ca"], env=environment, text=True, capture_output=True)
	require("Next:  comity request edit" in done.stderr, "without, where it comes from the environment", done.stderr)
	done = subprocess.run([lab.comity, "request", "new", "--to", "xs-ca"], env=dict(environment, COMITY_HINTS="0"), text=True,
		capture_output=True)
	require("Next" not in done.stderr, "and not at all, when no hints are wanted", done.stderr)


# ── mistakes ──

def every_mistake_is_answered_with_the_next_step(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.draft(sylvania)
	mistakes = [
		(64, "usage", "comity help peer show", ["peer", "show"]),
		(64, "usage", "comity help peer list", ["peer", "list", "--to", "xs-ca"]),
		(64, "usage", "comity help peer ping", ["peer", "ping", "xs-ca", "-c", "3x"]),
		(64, "usage", "comity help", ["pear", "list"]),
		(64, "usage", "comity help", ["help", "pear"]),
		(64, "usage", "comity help request list", ["request", "list", "--state", "vanished"]),
		(64, "needs-answer", "--spoke-with", ["peer", "verify", "xs-ca", "--digits-file", lab.file("x", b"1" * 40)]),
		(64, "needs-answer", "--digits-file", ["peer", "verify", "xs-ca"]),
		(64, "needs-answer", "--from", ["request", "edit", ref]),
		(64, "usage", "comity help store grow", ["store", "grow", "plenty"]),
		(64, "usage", "comity help cert rotate", ["cert", "rotate", "nothing"]),
		(64, "usage", "comity help id revoke", ["id", "revoke", "--lost-at", "lately", "-o", lab.directory + "/revoked"]),
		(65, "bad-card", "send it again", ["peer", "add", lab.file("noise", b"\xff\x00\x01")]),
		(65, "bad-card", "send it again", ["card", "show", lab.file("noise", b"\xff\x00\x01")]),
		(65, "bad-document", "named place", ["cert", "import", lab.file("noise", b"\xff\x00\x01")]),
		(66, "no-input", "standard input", ["message", "send", ref, "--text", "words instead of a file"]),
		(66, "no-input", "path", ["backup", "verify", lab.directory + "/none"]),
		(66, "no-input", "path", ["evidence", "verify", lab.directory]),
		(66, "no-input", "path", ["evidence", "verify", lab.directory + "/none"]),
		(67, "not-found", "comity request list", ["request", "show", "nothing-like-it"]),
		(67, "not-found", "check the path", ["request", "validate", "nothing-like-it.yaml"]),
		(67, "not-found", "comity queue list", ["queue", "show", "nothing-like-it"]),
		(67, "not-found", "comity cert status", ["cert", "revoke", "nothing-like-it", "--reason", "superseded"]),
		(67, "not-found", "comity attach list", ["attach", "get", ref, "A9"]),
		(67, "not-found", "--ref", ["message", "show", "1"]),
		(67, "not-found", "comity explain peer-unknown", ["explain", "peer-unknwon"]),
		(67, "peer-unknown", "comity peer list", ["peer", "show", "xx-ca"]),
		(73, "exists", "another name", ["card", "export", "-o", lab.directory]),
		(73, "cannot-create", "directory", ["card", "export", "-o", lab.directory + "/none/own.card"]),
		(73, "cannot-create", "directory", ["backup", "create", "-o", lab.directory + "/none/backups"]),
		(73, "cannot-create", "directory", ["backup", "create", "-o", lab.file("a-file", b"x")]),
		(73, "cannot-create", "directory", ["evidence", "export", ref, "-o", lab.directory + "/none/e.tar"]),
		(73, "cannot-create", "directory", ["attach", "get", ref, "1", "-o", lab.directory + "/none/a.pdf"]),
	]
	freedonia.comity("attach", "add", ref, lab.file("a.pdf", b"a"))
	for status, slug, hint, words in mistakes:
		error = freedonia.refused(slug, *words)
		require(error["exit"] == status, f"{words}: exit {status}", error)
		require(any(hint in one for one in error.get("hints", [])), f"{words}: a hint that names {hint!r}", error)
	cut = lab.file("cut.card", freedonia.comity("card", "export")["card"].encode()[:500])
	for words in (["peer", "add", cut], ["card", "show", cut]):
		require(cut in freedonia.refused("bad-card", *words)["message"], "which file it is")
	error = freedonia.refused("usage", "attach", "add", ref, lab.file("b.pdf", b"b"), "--role", "nonsense")
	require("request-letter" in error["message"] and error["message"].endswith("other"), "all roles are named", error)


def a_noun_alone_with_help_lists_its_verbs(lab):
	freedonia = lab.authority("xf-ca", start=False)
	for words in (["peer", "--help"], ["-h", "peer"], ["help", "peer"]):
		answer = freedonia.run(*words)
		require(answer.status == 0 and "peer verify PEER" in answer.out, f"{words} explains", answer.out, answer.err)


def nothing_is_sent_by_mistake(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	before = len(freedonia.messages(ref))
	freedonia.refused("bad-text", "message", "send", ref, "--text", "-", text="")
	freedonia.refused("bad-text", "message", "send", ref, "--text", lab.file("blank.txt", b" \n\n"))
	freedonia.refused("usage", "message", "send", ref, "--text", "-", "--wait=arrived", text="hello\n")
	freedonia.refused("bad-document", "message", "send", ref, "--from", lab.file("empty.yaml", b""))
	freedonia.refused("bad-document", "request", "new", "--to", "xs-ca", "--from", lab.file("empty.yaml", b""))
	require(len(freedonia.messages(ref)) == before, "no message came of it")
	second = freedonia.draft(sylvania)
	freedonia.refused("usage", "request", "send", second, "--wait=soon")
	require(freedonia.status(second) == "DRAFT", "no request went")


# ── plain ──

def plain_is_one_whole_record_a_line(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	words = "first line\n\tsecond, by tab  \u202e\n" + "long " * 100
	freedonia.comity("message", "send", ref, "--text", "-", "--subject", "s" * 200, text=words)
	listed = freedonia.run("--plain", "message", "list", ref)
	rows = [line.split("\t") for line in listed.out.splitlines()]
	require(len(rows) == 2 and all(len(row) == 8 for row in rows), "a line for each message, each with all columns", listed.out)
	require(rows[1][7].startswith("first line\\n\\tsecond, by tab  \\u202e\\n") and rows[1][7].count("long") == 100,
		"whole, and harmless", rows[1])
	listed = freedonia.run("--plain", "attach", "list", ref).out.splitlines()
	require(listed[0].split("\t")[5] == str(len(b"%PDF-1.7 a letter\n")), "sizes are bytes", listed)
	record = dict(line.split("\t") for line in freedonia.run("--plain", "request", "show", ref).out.splitlines())
	require(record["request.peer"] == "xs-ca" and record["request.status"] == "sent"
		and record["attachments[0].attachment.name"] == "letter.pdf", "one thing is a line for each value", record)
	status = dict(line.split("\t") for line in freedonia.run("--plain", "status").out.splitlines())
	require(status["authority"] == "xf-ca" and status["started_at"].endswith("Z"), "status too", status)
	invalid = freedonia.run("--plain", "request", "validate", freedonia.comity("request", "new", "--to", "xs-ca")["our_reference"])
	require(invalid.status == 65 and all(len(line.split("\t")) == 5 for line in invalid.out.splitlines()),
		"and what is wrong", invalid.out)


def a_closed_pipe_is_no_disaster(lab):
	freedonia, sylvania = lab.pair()
	for _ in range(3):
		ref = freedonia.draft(sylvania)
	command = " ".join(freedonia.command("--plain", "request", "list"))
	done = subprocess.run(["bash", "-c", f"{command} | head -1"], capture_output=True, text=True)
	require(done.stdout.count("\n") == 1 and "anitizer" not in done.stderr, "head gets its line", done.stderr)
	done = subprocess.run(["bash", "-c", f"{command} >/dev/full"], capture_output=True, text=True)
	require(done.returncode == 74 and "error[io]" in done.stderr, "an answer that cannot be written is told", done.stderr)
	done = subprocess.run(["bash", "-c", f"{command} >&-"], capture_output=True, text=True)
	require(done.returncode == 74, "also when there is no output at all", done.returncode, done.stderr)
	done = subprocess.run(["bash", "-c", " ".join(freedonia.command("message", "send", ref, "--text", "-")) + " <&-"],
		capture_output=True, text=True)
	require(done.returncode == 66, "and no input", done.returncode, done.stderr)


# ── the telephone ──

def the_telephone_check_is_typed(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	digits = sylvania.comity("status")["digits"].split()
	first, second = " ".join(digits[:4]), " ".join(digits[4:])
	wrong = f"{(int(digits[3]) + 1) % 100000:05}"
	verify = freedonia.command("peer", "verify", "xs-ca")

	said, status = Terminal(freedonia.command("peer", "verify", "xx-ca")).end()
	require(status == 67 and "group" not in said, "nobody reads out digits for a peer that is not there", said)

	stranger = Terminal(verify)
	stranger.answer("group 1-4 > ", first)
	stranger.answer("group 5-8 > ", "11111 22222 33333 44444")
	said, status = stranger.end()
	require(status == 77 and "error[identity-differs]" in said, "a stranger on the telephone is found out", said)

	hasty = Terminal(verify)
	hasty.answer("group 1-4 > ", first)
	hasty.answer("group 5-8 > ", second)
	hasty.answer('Type "confirmed": ', "yes")
	said, status = hasty.end()
	require(status == 64 and "nothing was changed" in said and "peer verify xs-ca" in said, "yes is not confirmed", said)
	require(freedonia.comity("peer", "show", "xs-ca")["peer"]["standing"] == "UNVERIFIED", "nothing was changed")

	patient = Terminal(verify)
	patient.answer("group 1-4 > ", "12345 6789")
	patient.answer("group 1-4 > ", " ".join([*digits[:3], wrong]))
	patient.answer("group 5-8 > ", second.replace(" ", "-"))
	patient.answer("group 4   > ", digits[3])
	patient.answer('Type "confirmed": ', "confirmed")
	patient.answer("did you speak?", "")
	patient.answer("did you speak?", "Frau A. Beispiel")
	patient.answer("you dialled", "+999 1 (from the directory)")
	patient.answer("officer present", "")
	said, status = patient.end()
	require(status == 0 and sylvania.title in said and "Group 4 differs" in said, "a slip of the tongue is asked again", said)
	require(freedonia.comity("status")["digits"].split()[7] in said, "and our own digits are there to be read", said)
	require(said.index("is now VERIFIED") < said.index("Next:"), "it says what comes next, last", said)
	record = freedonia.comity("peer", "show", "xs-ca")["peer"]
	require(record["standing"] == "VERIFIED" and record["verification"]["spoke_with"] == "Frau A. Beispiel"
		and record["verification"]["dialled"] == "+999 1 (from the directory)", "it is on record", record)


# ── completion ──

def _completed(one, *words):
	"""What bash offers for the last of these words."""
	script = ('PATH="$1:$PATH"; shift; source <(comity completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _comity; '
		'printf "%s\\n" "${COMPREPLY[@]}"')
	done = subprocess.run(["bash", "-c", script, "bash", os.path.dirname(one.lab.comity), "comity", *words], text=True,
		capture_output=True, cwd=one.lab.directory, env=dict(os.environ, COMITY_HOME=one.home))
	require(done.returncode == 0 and not done.stderr, f"bash completes {words}", done.stderr)
	return [line for line in done.stdout.split("\n") if line]


def the_shell_completes_what_can_be_typed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	for offered, words in [
		("verify", ["peer", "v"]), ("peer", [""]), ("xs-ca", ["peer", "show", ""]), ("show", ["--json", "peer", "sh"]),
		("xs-ca", ["--home", freedonia.home, "peer", "show", "x"]), (ref, ["request", "track", ref[:4]]),
		("--to", ["request", "new", "--t"]), ("xs-ca", ["request", "new", "--to", ""]), ("--json", ["status", "--j"]),
		("letter.pdf", ["attach", "add", ref, "lett"]), ("A2", ["attach", "get", ref, ""]),
		("request-letter", ["attach", "add", ref, "letter.pdf", "--role", "req"]), ("under-review", ["request", "set-status", ref, "u"]),
		("complete", ["request", "send", ref, "--wait", "=", "c"]), ("complete", ["request", "send", ref, "--wait", "="]),
		("zsh", ["completion", ""]), ("peer-unknown", ["explain", "peer-unk"]), ("ping", ["help", "peer", "p"]),
	]:
		found = _completed(freedonia, *words)
		require(offered in found, f"{words} offers {offered}", found)
	require(_completed(freedonia, "peer", "show", "y") == [], "nothing where nothing fits")
	freedonia.stop()
	require(_completed(freedonia, "peer", "show", "") == [], "and nothing, quietly, without a daemon")


def completion_runs_nothing_that_a_peer_wrote(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	trap = lab.directory + "/trap"
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", f"X-$(touch {trap})`touch {trap}`", "--officer", "C. Moor", "--phone", "1")
	lab.eventually(lambda: freedonia.request(ref).get("their_reference"), "their reference is known")
	found = _completed(freedonia, "request", "show", "X-")
	require(len(found) == 1 and "\\$\\(" in found[0], "it is offered, quoted", found)
	require(not os.path.exists(trap), "and not run")


def whoever_stops_reading_is_no_fault(lab):
	one = lab.authority("xf-ca", start=False)
	reading, writing = os.pipe()
	os.close(reading)	# as `| head` does, when it has what it wants
	done = subprocess.run(one.command("request", "template"), stdout=writing, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
	os.close(writing)
	require(done.returncode == -signal.SIGPIPE and not done.stderr, "it ends as any filter does, without a word", done.returncode, done.stderr)
