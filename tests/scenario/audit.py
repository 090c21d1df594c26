"""What was done here is on record, and stays as it was written."""
import hashlib
import json
import os

from lab import require
from puppet import Control, puppet
from retention import SOON, _withdrawn


def _lines(one, *options):
	return [row["entry"] for row in one.comity("audit", "list", *options).get("data", [])]


def _line(one, act, **wanted):
	"""The newest line of that act with these members."""
	found = [entry for entry in _lines(one, "--act", act) if all(entry.get(name) == value for name, value in wanted.items())]
	require(found, f"there is a line of {act}", wanted, _lines(one, "--act", act))
	return found[-1]


def every_act_has_its_line(lab):
	freedonia, sylvania = lab.pair()
	uid = os.getuid()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 1 << 16))
	_line(freedonia, "peer-add", role="admin", uid=uid, result="ok")
	_line(freedonia, "peer-verify", role="admin", subject="xs-ca", result="ok")
	sent = _line(freedonia, "request-send", role="officer", subject=ref, result="ok")
	require(sent["message_id"] == freedonia.messages(ref)[0]["state"]["message_id"], "with the message that came of it", sent)
	freedonia.comity("attach", "get", ref, "1", "-o", os.path.join(lab.directory, "copy"))
	_line(freedonia, "attach-get", subject=ref, result="begun")
	freedonia.comity("request", "show", ref)
	_line(freedonia, "request-show", subject=ref, result="begun")
	freedonia.comity("backup", "create", "-o", os.path.join(lab.directory, "backup"))
	_line(freedonia, "backup-create", result="ok")


def _own(one, act, **wanted):
	"""The newest line of what the daemon did by itself."""
	line = _line(one, act, role="daemon", **wanted)
	require("uid" not in line, "it is no user's", line)
	return line


def what_the_daemon_does_by_itself_has_its_line(lab):
	freedonia = lab.authority("xf-ca", settings=SOON)
	sylvania = lab.authority("xs-ca", settings={"requests": {"answer_enquiries": True}})
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.admit(ref)
	asked = freedonia.comity("message", "send", ref, "--kind", "status-enquiry", "--text", "-", text="How far?")
	require(not [line for line in _lines(freedonia, "--daemon") if line["act"] == "message_send"], "what an officer says is his")
	answer = lab.eventually(lambda: [one["state"]["message_id"] for one in sylvania.messages(ref)
		if one["message"].get("in_reply_to_id") == asked["message_id"]], "the daemon answers from the record")[0]
	line = _own(sylvania, "message-send", result="ok", message_id=answer)
	require(line["text"] == "status-update" and "How far" not in str(line), "with the kind of its act, and nothing that a case says", line)

	gone = _withdrawn(lab, freedonia, sylvania)
	lab.eventually(lambda: int(freedonia.comity("store", "purge")["cases"]) == 1, "its time comes")
	require(_own(freedonia, "case-purge", result="ok")["subject"] == gone, "what the retention policy destroyed is on record")
	_line(freedonia, "store-purge", role="admin", uid=os.getuid())
	require({line["role"] for line in _lines(freedonia, "--daemon")} == {"daemon"}, "it can be picked out")
	shown = freedonia.run("audit", "list", "--daemon", "--act", "case-purge").out
	require("daemon" in shown and gone in shown, "and is shown to people", shown)
	freedonia.restart()
	require(freedonia.comity("audit", "verify")["ok"], "the log is whole")
	require(freedonia.comity("audit", "verify", _export(lab, freedonia))["ok"], "and so it is as a file")


def a_renewal_of_keys_that_the_power_cut_off_is_on_record(lab):
	freedonia = lab.authority("xf-ca")
	freedonia.restart()
	require(not _lines(freedonia, "--act", "cert-renew"), "nothing was renewed")
	freedonia.stop()
	freedonia.environment = {"COMITY_MISCHIEF": "die:after-renew:keys:1"}
	freedonia.start()
	freedonia.run("cert", "rotate")
	freedonia.daemon.wait(30)
	freedonia.environment, freedonia.daemon = {}, None
	freedonia.start()
	lab.eventually(lambda: _lines(freedonia, "--act", "cert-renew"), "the next start tells")
	require("found" in _own(freedonia, "cert-renew")["text"], "as what it is")
	freedonia.restart()
	require(len(_lines(freedonia, "--act", "cert-renew")) == 1, "once")


def what_the_daemon_turns_away_has_its_line(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	for _ in range(3):
		other.say(announce=other.schema.wire.Announce(card=b"-----BEGIN COMITY CARD-----\nof nobody\n"))
		require(other.hear("announced").reason == "bad-card", "a card that is none is not taken")
	line = _own(freedonia, "card-refuse", subject="xs-ca", result="bad-card")
	require(len(_lines(freedonia, "--act", "card-refuse")) == 1, "once, however often it comes")
	require(line in _lines(freedonia, "--refused"), "among what was refused", line)
	other.dispatch(other.request())
	other.leave()
	other.connect()
	other.previous = hashlib.sha256(b"another past").digest()
	other.hello()
	require(other.ended() == "chain-fork", "a fork ends the line")
	lab.eventually(lambda: [entry for entry in _lines(freedonia, "--act", "peer-stop") if entry["result"] == "chain-fork"],
		"that it stopped the correspondence is on record")
	_own(freedonia, "peer-stop", subject="xs-ca", result="chain-fork")
	require(freedonia.comity("audit", "verify")["ok"], "and the log is whole")


def what_was_refused_has_its_line_too(lab):
	freedonia, sylvania = lab.pair()
	freedonia.refused("peer-unknown", "peer", "block", "xz-ca", "--reason", "x")
	line = _line(freedonia, "peer-block", subject="xz-ca", result="peer-unknown")
	require("xz-ca" in line["text"], "with the reason in words", line)
	require(Control(freedonia, "monitor").call("request_list").error.code == "role-needed", "a monitor sees no requests")
	_line(freedonia, "request-list", role="monitor", result="role-needed")
	require(all(entry["result"] not in ("ok", "begun") for entry in _lines(freedonia, "--refused")), "refusals can be picked out")
	require(Control(freedonia, "officer").call("audit_list").error.code == "role-needed", "officers do not read the log")


def the_export_can_be_checked_by_anybody(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	reader = Control(freedonia, "auditor")
	for _ in range(300):	# more than a page
		reader.call("request_show", ref=ref)
	path = _export(lab, freedonia)
	with open(path, "rb") as file:
		lines = [line for line in file if line.startswith(b'{"number":')]
	previous = "0" * 64
	for number, line in enumerate(lines, 1):
		entry = json.loads(line)
		require(entry["number"] == str(number) and entry["previous"] == previous, f"line {number} follows", line)
		previous = hashlib.sha256(line).hexdigest()
	report = freedonia.comity("audit", "verify")
	require(report["ok"] and int(report["lines"]) >= len(lines) > 300, "and the daemon finds the same", report)


def _export(lab, one, name="audit.jsonl", *options):
	path = os.path.join(lab.directory, name)
	one.comity("audit", "export", "-o", path, *options)
	return path


def _witnessed(lab):
	"""Freedonia's log with three heads, the first counter-signed by Sylvania, exported; and its lines."""
	freedonia, sylvania = lab.pair()
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up")
	freedonia.comity("audit", "head")
	lab.eventually(lambda: any(head.get("witnesses") for head in freedonia.comity("audit", "verify")["heads"]), "it is counter-signed")
	freedonia.send(sylvania)
	freedonia.comity("audit", "head")
	path = _export(lab, freedonia)
	with open(path, "rb") as file:
		return freedonia, path, file.readlines()


def an_exported_log_is_checked_without_the_daemon_and_its_keys(lab):
	freedonia, path, lines = _witnessed(lab)
	card = freedonia.path("own.card")
	freedonia.comity("card", "export", "-o", card)
	freedonia.stop()
	stranger = lab.authority("xt-ca", start=False)		# with another home, which knows nothing of them
	report = stranger.comity("audit", "verify", path, "--trust", card, "--trust", os.path.join(lab.directory, "xs-ca.card"))
	entries = [line for line in lines if line.startswith(b'{"number":')]
	require(report["ok"] and int(report["lines"]) == int(report["head"]) == len(entries) and report["heads_checked"] >= 2, "it is whole", report)
	require({one["authority"]: one["pinned"] for one in report["authorities"]} == {"xf-ca": True, "xs-ca": True}, "whose keys, by their cards", report)
	shown = stranger.run("audit", "verify", path)
	require("VALID" in shown.out and "counter-signed by xs-ca" in shown.out and "does not prove" in shown.out, "people see it", shown.out)
	other = stranger.path("other.card")
	stranger.start().comity("card", "export", "-o", other)
	stranger.refused("identity-changed", "audit", "verify", path, "--trust", other)
	part = _export(lab, stranger, "part.jsonl", "--line", "2")
	error = stranger.refused("audit-broken", "audit", "verify", part)
	require("line 1: it is missing" in error["message"] and "--line 2" in error["hints"][0], "a part is not taken for the whole", error)
	require(stranger.comity("audit", "verify", part, "--line", "2")["from"] == "2", "a part is whole from where it begins")


def whatever_is_done_to_an_exported_log_is_found(lab):
	freedonia, path, lines = _witnessed(lab)
	freedonia.stop()
	at = next(number for number, line in enumerate(lines) if b'"act":"request_send"' in line)
	end = next(number for number, line in enumerate(lines) if not line.startswith(b'{"number":'))
	heads = [number for number, line in enumerate(lines) if line.startswith(b'{"head":')]
	signers = [number for number, line in enumerate(lines) if line.startswith(b'{"signer":')]
	require(len(heads) >= 2 and len(signers) == 2, "both signers and the heads are there", heads, signers)
	def swapped(one, other):
		made = list(lines)
		made[one], made[other] = made[other], made[one]
		return made
	def without(*numbers):
		return [line for number, line in enumerate(lines) if number not in numbers]
	entry = json.loads(lines[at])
	def rewritten():
		"""A line altered, and all later ones written anew, so that each has the hash of the one before again."""
		made, previous = list(lines[:at]), None
		for line in lines[at:end]:
			one = json.loads(line)
			one["previous"] = previous or one["previous"]
			one["subject"] = "xz-ca" if previous is None else one.get("subject")
			line = json.dumps({name: value for name, value in one.items() if value is not None}, separators=(",", ":")).encode() + b"\n"
			made.append(line)
			previous = hashlib.sha256(line).hexdigest()
		return made + lines[end:]
	extra = json.dumps({**entry, "number": str(end + 1), "previous": hashlib.sha256(lines[end - 1]).hexdigest()},
		separators=(",", ":")).encode() + b"\n"
	done = {
		"a line altered": lines[:at] + [lines[at].replace(b"request_send", b"request_show")] + lines[at + 1:],
		"a line dropped": without(at),
		"the first line dropped": without(0),
		"the first line dropped and another in its place": [extra] + lines[1:],
		"two lines exchanged": swapped(at, at + 1),
		"a line twice": lines[:at] + [lines[at]] + lines[at:],
		"all written anew from there": rewritten(),
		"a line added at the end": lines[:end] + [extra] + lines[end:],
		"a line behind the heads": lines + [extra],
		"the last line cut": without(end - 1),
		"the last three lines cut": without(end - 1, end - 2, end - 3),
		"the heads cut": lines[:end],
		"the tail cut, with the heads": lines[:at],
		"the last head cut": without(heads[-1]),
		"heads exchanged": swapped(heads[0], heads[1]),
		"a signer cut": without(signers[0]),
		"who counter-signed cut": without(signers[1]),
		"cut in the middle of a line": lines[:-1] + [lines[-1][:len(lines[-1]) // 2]],
		"nothing left": [],
		"something else": [b"no log\n"],
		"a file without an end": [b"x" * (3 << 20)],
	}
	for what, made in done.items():
		found = lab.file("altered.jsonl", b"".join(made))
		error = freedonia.refused("audit-broken", "audit", "verify", found)
		require(error["exit"] == 1, what + ": found", error)
	# one letter of every line: each means something, but the blanks of none
	for number, line in enumerate(lines):
		for place in {len(line) // 7, len(line) // 2, len(line) - 3}:
			made = line[:place] + bytes([line[place] ^ 1]) + line[place + 1:]
			found = lab.file("altered.jsonl", b"".join(lines[:number] + [made] + lines[number + 1:]))
			answer = freedonia.run("--json", "audit", "verify", found)
			require(answer.status == 1 and "audit-broken" in answer.err, f"line {number}, letter {place}: found", made, answer.out[:500], answer.err)
	freedonia.comity("audit", "verify", path)


def heads_are_counter_signed_by_those_who_are_willing(lab):
	freedonia, sylvania = lab.pair()
	thule = lab.authority("xt-ca", settings={"audit": {"witness": False}})
	lab.befriend(freedonia, thule)
	freedonia.comity("audit", "head")
	def witnesses():
		heads = freedonia.comity("audit", "verify").get("heads", [])
		return {one["authority"] for one in heads[0].get("witnesses", [])} if heads else set()
	lab.eventually(lambda: witnesses() == {"xs-ca"}, "Sylvania counter-signs, Thule does not")
	report = freedonia.comity("audit", "verify")
	require(report["ok"] and report["heads_checked"] >= 1, "all of it verifies", report)
	shown = freedonia.run("audit", "verify")
	require("counter-signed by xs-ca" in shown.out, "and is shown", shown.out)


def a_log_that_goes_back_is_noticed_by_who_counter_signed(lab):
	freedonia, sylvania = lab.pair()
	yesterday = freedonia.copy("yesterday")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up")
	signed = freedonia.comity("audit", "head")["head"]
	lab.eventually(lambda: freedonia.comity("audit", "verify")["heads"][0].get("witnesses"), "line " + signed + " is counter-signed")
	freedonia.put_back(yesterday)
	freedonia.start()
	freedonia.comity("audit", "head")
	lab.eventually(lambda: any(one["type"] == "comity.audit.contradicted.v1" and one["data"]["peer"] == "xf-ca"
		for one in sylvania.events), "Sylvania says that it went back")
