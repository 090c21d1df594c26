"""What was done here is on record, and stays as it was written."""
import hashlib
import json
import os

from lab import require
from puppet import Control


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
	path = os.path.join(lab.directory, "audit.jsonl")
	freedonia.comity("audit", "export", "-o", path)
	with open(path, "rb") as file:
		lines = file.readlines()
	previous = "0" * 64
	for number, line in enumerate(lines, 1):
		entry = json.loads(line)
		require(entry["number"] == str(number) and entry["previous"] == previous, f"line {number} follows", line)
		previous = hashlib.sha256(line).hexdigest()
	report = freedonia.comity("audit", "verify")
	require(report["ok"] and int(report["lines"]) >= len(lines) > 300, "and the daemon finds the same", report)


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
