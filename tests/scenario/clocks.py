"""Clocks of a case that no act names, conditions that travel with what is furnished, and what of it is shown where."""
import datetime
import json
import os

from lab import require

CONTACT = ("--reference", "MLA-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")


def _arrived(lab, **options):
	freedonia, sylvania = lab.pair(**options)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	return freedonia, sylvania, ref


def _dues(one, ref):
	return {due["kind"]: due for due in one.request(ref)["request"].get("dues", [])}


def _told(lab, freedonia, sylvania, ref):
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "it arrives", 60)


def a_condition_is_shown_wherever_its_result_goes(lab):
	freedonia, sylvania, ref = _arrived(lab)
	sylvania.admit(ref)
	sylvania.comity("request", "set-status", ref, "in-execution")
	condition = {"id": "K1", "type": "USE", "use": "NO_ONWARD_TRANSFER", "text": "To no third State."}
	delivery = lab.file("delivery.json", json.dumps({"acts": [{"execution_result": {"status": "PARTIALLY_EXECUTED",
		"record_of_execution": "Heard today.", "results": [{"measure": "M1", "description": "statements", "attachments": ["A1"],
		"conditions": [condition]}]}}]}).encode())
	sylvania.comity("message", "send", ref, "--from", delivery, "--attach", lab.file("statement.pdf", b"%PDF a statement\n") + ",role=EVIDENCE",
		"--attach", lab.file("other.pdf", b"%PDF another\n") + ",role=EVIDENCE")
	lab.eventually(lambda: freedonia.status(ref) == "PARTIALLY_EXECUTED" and freedonia.is_whole(ref, 4), "the result is here", 60)
	files = {file["attachment"]["name"]: file for file in freedonia.attachments(ref)}
	uses = {name: [one["condition"]["use"] for one in file.get("conditions", [])] for name, file in files.items()}
	require(uses["statement.pdf"] == ["PURPOSE_LIMITED", "NO_ONWARD_TRANSFER"], "18(19) first, then its own", uses)
	require(uses["other.pdf"] == ["PURPOSE_LIMITED"] and uses["letter.pdf"] == [], "the others' are others", uses)
	listed = freedonia.run("attach", "list", ref).out
	require("NO_ONWARD_TRANSFER" in listed and "To no third State." in listed, "the list says so", listed)
	number = files["statement.pdf"]["number"]
	got = freedonia.run("attach", "get", ref, str(number), "-o", os.path.join(lab.directory, "got.pdf"))
	require(got.status == 0 and "18(19)" in got.err and "To no third State." in got.err, "whoever carries it away sees it", got.out, got.err)
	saved = freedonia.comity("attach", "get", ref, str(number), "-o", os.path.join(lab.directory, "again.pdf"))
	require([one["condition"]["use"] for one in saved["conditions"]] == uses["statement.pdf"], "and so does a program", saved)
	for one in (freedonia, sylvania):
		shown = one.run("request", "show", ref).out
		require("NO_ONWARD_TRANSFER: To no third State." in shown and "of A1" in shown and "18(19)" in shown, "the case has it", shown)
	letter = freedonia.run("request", "show", ref, "--letter").out
	require("Conditions of use" in letter and "To no third State." in letter, "and the written record", letter[-2000:])
	freedonia.restart()
	require(len(freedonia.request(ref)["request"]["conditions"]) == 1, "it is kept")


def whether_secrecy_can_be_kept_is_owed_with_a_day(lab):
	freedonia, sylvania, ref = _arrived(lab)
	require(_dues(freedonia, ref)["CONFIDENTIALITY"] == _dues(sylvania, ref)["CONFIDENTIALITY"], "both know until when", _dues(freedonia, ref))
	require("confidentiality, owed by us" in sylvania.run("request", "track", ref).out, "who owes it sees it")
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "no", "--disclosure", "The bank tells its customer.")
	_told(lab, freedonia, sylvania, ref)
	for one in (freedonia, sylvania):
		dues = _dues(one, ref)
		require("CONFIDENTIALITY" not in dues and dues["GO_AHEAD"]["side"] == "REQUESTING", "then the other side has to decide", dues)
	freedonia.comity("request", "confidentiality", ref, "proceed")
	_told(lab, freedonia, sylvania, ref)
	require("GO_AHEAD" not in _dues(freedonia, ref) and "GO_AHEAD" not in _dues(sylvania, ref), "and has")


def _working_day(count, holidays):
	day = datetime.datetime.now(datetime.timezone.utc).date()
	while count:
		day += datetime.timedelta(1)
		count -= day.weekday() < 5 and f"{day:%m-%d}" not in holidays
	return day.isoformat()


def working_days_are_those_of_the_requested_authority(lab):
	free = [f"{datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(n):%m-%d}" for n in (1, 2, 3, 4)]
	sylvania = lab.authority("xs-ca", start=False)
	with open(sylvania.path("etc/profile.yaml"), "a") as file:
		file.write(f"hours: {{ time_zone: Etc/UTC, working_days: [mon, tue, wed, thu, fri], yearly_holidays: {json.dumps(free)} }}\n")
	sylvania.start()
	freedonia = lab.authority("xf-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	expected = {_working_day(5, free)}
	said = freedonia.run("message", "send", ref, "--kind", "status-enquiry", "--needs-answer-by", "5wd", "--text", "-", text="How far?\n")
	expected.add(_working_day(5, free))		# midnight may have passed
	_told(lab, freedonia, sylvania, ref)
	due = _dues(sylvania, ref)["STATUS"]
	require(due["by"] in expected and due == _dues(freedonia, ref)["STATUS"], "the date was counted by their calendar, and is what was sent", due, expected)
	require(due["by"] in said.err + said.out, "and the officer was told", said.out, said.err)
	require(due["working_days_left"] in (4, 5) and f"{due['working_days_left']} working days left" in sylvania.run("request", "track", ref).out,
		"what is left is counted the same way", due)
	error = freedonia.refused("usage", "message", "send", ref, "--kind", "status-enquiry", "--needs-answer-by", "9999wd", "--text", "-", text="x")
	require("working days" in error["message"], "what cannot be counted is said", error)
	freedonia.refused("usage", "message", "send", ref, "--kind", "status-enquiry", "--needs-answer-by", "5wdays", "--text", "-", text="x")


def an_arrest_is_watched_on_both_sides_and_what_is_overdue_is_seen(lab):
	freedonia, sylvania, ref = _arrived(lab)
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "yes")
	sylvania.comity("message", "send", ref, "--kind", "status-update", "--milestone", "PROVISIONALLY_ARRESTED", "--milestone-at",
		"2026-01-10T08:00:00+01:00")
	_told(lab, freedonia, sylvania, ref)
	for one, owes in ((freedonia, "us"), (sylvania, "them")):
		dues = _dues(one, ref)
		require(dues["EXTRADITION_REQUEST"]["by"] == "2026-01-28" and dues["ARREST_END"]["by"] == "2026-02-19", "18 and 40 days", dues)
		track = one.run("request", "track", ref).out
		require("provisionally-arrested" in track and "OVERDUE" in track and "arrest-end" in track, "the track has both", track)
		one.restart()
		lab.eventually(lambda one=one: [event for event in one.events if event["type"] == "comity.request.deadline.v1"
			and event["data"]["reason"] == "arrest-end"], "the alarm is given", 60)
		counted = lab.eventually(lambda one=one: [row for row in one.comity("status").get("overdue", []) if row["what"] == "arrest-end"],
			"it is counted", 60)
		require(counted[0]["owed_by"] == owes and int(counted[0]["count"]) == 1, "by who owes it", counted)
		require("OVERDUE" in one.run("status").out, "and seen")
		require(f'comity_overdue{{what="arrest-end",owed_by="{owes}"}} 1' in one.run("metrics").out, "by a monitor too")
		found = [row for row in one.run("--json", "doctor").documents()[0]["findings"] if row["check"] == "deadlines"]
		require(any("arrest-end" in row["text"] and row["severity"] == "warn" for row in found), "and by the doctor", found)
	sylvania.comity("message", "send", ref, "--kind", "status-update", "--milestone", "RELEASED", "--milestone-at", "2026-02-01T08:00:00+01:00")
	_told(lab, freedonia, sylvania, ref)
	for one in (freedonia, sylvania):
		require("ARREST_END" not in _dues(one, ref), "who was released is not watched")
		one.restart()
		lab.eventually(lambda one=one: not [row for row in one.comity("status").get("overdue", []) if row["what"] == "arrest-end"], "nor counted", 60)


def a_priority_is_suggested_to_the_receiver_and_set_by_it(lab):
	freedonia, sylvania, ref = _arrived(lab)
	suggestions = {one["what"]: one for one in sylvania.request(ref)["suggestions"]}
	require(suggestions["priority"]["priority"] and suggestions["priority"]["reason"], "with its reason", suggestions)
	require("suggested" in sylvania.run("request", "show", ref).out, "people see it")
	require(not [one for one in freedonia.request(ref).get("suggestions", []) if one["what"] == "priority"], "it is the receiver's")
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "yes", "--priority", "P2_HIGH")
	_told(lab, freedonia, sylvania, ref)
	require(freedonia.request(ref)["request"]["priority"] == "P2_HIGH", "the other side is told")
	require("priority" not in {one["what"] for one in sylvania.request(ref).get("suggestions", [])}, "what was set is not suggested")
