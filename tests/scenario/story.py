"""The main job, end to end: sample 6.1 of a request, from the draft to the closed case and its evidence."""
import os
import subprocess

from lab import require

MEBIBYTE = 1 << 20


def a_request_travels_is_executed_and_proves_itself(lab):
	freedonia, sylvania = lab.pair()
	exhibit = lab.file("exhibit.bin", 5 * MEBIBYTE)
	ref = freedonia.send(sylvania, exhibit)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "its attachments arrive")
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "the receipt for all of it comes back")

	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1877", "--officer", "C. Moor",
		"--phone", "+999-02-555-0131")
	lab.eventually(lambda: freedonia.status(ref) == "ACKNOWLEDGED", "the acknowledgement comes back")
	require(freedonia.request(ref)["their_reference"] == "MLA-XS-26-1877", "their reference is known")
	require(freedonia.status("MLA-XS-26-1877") == "ACKNOWLEDGED", "a case is found by their reference too")

	sylvania.comity("request", "set-status", ref, "under-review")
	sylvania.comity("request", "set-status", ref, "info-requested", "--question", "Who is the holder of the account?")
	lab.eventually(lambda: freedonia.status(ref) == "INFO_REQUESTED", "the question arrives")
	require(freedonia.request(ref)["waiting_for"] == "xf-ca", "the turn is Freedonia's")
	freedonia.say(ref, "Marble Quay Trading Ltd.\n", "--kind", "additional-info")
	lab.eventually(lambda: sylvania.status(ref) == "UNDER_REVIEW", "the answer resumes the review")

	sylvania.comity("request", "set-status", ref, "accepted")
	sylvania.comity("request", "set-status", ref, "transferred", "--authority", "Harbour District Court",
		"--authority-type", "COURT", "--authority-reference", "HD-26-0551")
	sylvania.comity("request", "set-status", ref, "in-execution")
	lab.eventually(lambda: freedonia.status(ref) == "IN_EXECUTION", "the transfer and the execution are reported")
	require(freedonia.request(ref)["request"]["competent_authority"] == "Harbour District Court", "who executes is known")

	records = lab.file("records.csv", 3 * MEBIBYTE)
	minutes = lab.file("minutes.pdf", b"%PDF-1.7 minutes\n")
	sylvania.comity("result", "send", ref, "--measure", "M1=EXECUTED:SYL 1,702,440 frozen", "--measure", "M2=EXECUTED", "--measure", "M3=EXECUTED:no onward accounts found",
		"--record", "Harbour District, 25 November 2026, Judge H. Quill",
		"--attach", f"{records},role=EVIDENCE", "--attach", f"{minutes},role=RECORD_OF_EXECUTION", "--final",
		"--officer", "C. Moor")
	lab.eventually(lambda: freedonia.status(ref) == "EXECUTED" and freedonia.is_whole(ref, 5), "results and evidence arrive")
	names = {one["attachment"]["name"]: one["number"] for one in freedonia.attachments(ref)}
	got = os.path.join(lab.directory, "got.csv")
	freedonia.comity("attach", "get", ref, names["records.csv"], "-o", got)
	require(subprocess.run(["cmp", got, records]).returncode == 0, "the evidence is the same to the byte")

	freedonia.comity("request", "set-status", ref, "closed", "--outcome", "FULLY_EXECUTED")
	lab.eventually(lambda: sylvania.status(ref) == "CLOSED", "both sides hold the case closed")
	lab.eventually(lambda: all(one["state"]["transport"] == "COMPLETE" for one in freedonia.messages(ref)
		if one["state"]["from"] == "xf-ca"), "everything Freedonia said is receipted")
	history = [[step["status"] for step in one.request(ref)["request"]["history"]] for one in (freedonia, sylvania)]
	require(history[0][-9:] == history[1][-9:], "both sides tell the same history", *history)

	for one in (freedonia, sylvania):
		archive = os.path.join(lab.directory, one.name + ".tar")
		one.comity("evidence", "export", ref, "-o", archive)
		one.comity("evidence", "verify", archive)


def a_case_is_refused_only_after_consultation(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	sylvania.comity("request", "set-status", ref, "under-review")
	error = sylvania.refused("status-transition", "request", "set-status", ref, "refused",
		"--ground", "NO_DUAL_CRIMINALITY", "--reason", "The conduct is no offence here.")
	require("consulting" in str(error).lower(), "the error names the consultation that is needed", error)
	sylvania.comity("request", "set-status", ref, "consulting", "--ground", "NO_DUAL_CRIMINALITY",
		"--reason", "The conduct is no offence here.", "--note", "refusal is considered")
	lab.eventually(lambda: freedonia.status(ref) == "CONSULTING", "the consultation arrives")
	freedonia.say(ref, "It is fraud under article 188 of your Criminal Code.\n", "--kind", "consultation-reply")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "the reply arrives")
	sylvania.comity("request", "set-status", ref, "refused", "--ground", "NO_DUAL_CRIMINALITY",
		"--reason", "The conduct is no offence here.")
	lab.eventually(lambda: freedonia.status(ref) == "REFUSED", "the refusal arrives")


def a_request_is_withdrawn_and_closed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	freedonia.comity("request", "withdraw", ref, "--reason", "The accused has died.")
	lab.eventually(lambda: sylvania.status(ref) == "WITHDRAWN", "the withdrawal arrives")
	freedonia.refused("wrong-side", "request", "set-status", ref, "closed", "--outcome", "WITHDRAWN")
	sylvania.comity("request", "set-status", ref, "closed", "--outcome", "WITHDRAWN")
	lab.eventually(lambda: freedonia.status(ref) == "CLOSED", "the case is closed on both sides")


def both_sides_ask_at_the_same_time(lab):
	freedonia, sylvania = lab.pair()
	there, here = freedonia.send(sylvania), sylvania.send(freedonia, document=lab.example("back.yaml", swapped=True))
	lab.eventually(lambda: sylvania.has(there) and freedonia.has(here), "each has the other's request")
	require(freedonia.request(there)["request"]["role"] == "REQUESTING", "Freedonia asks in its own case")
	require(freedonia.request(here)["request"]["role"] == "REQUESTED", "and is asked in the other")


def what_becomes_of_a_message_is_told_under_the_reference_of_its_request(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	request_id = freedonia.request(ref)["request"]["request_id"]

	def told(authority, kind):
		return [one for one in authority.events if one["type"] == f"comity.{kind}.v1"]

	for kind in ("message.queued", "message.delivered", "message.complete"):
		lab.eventually(lambda: told(freedonia, kind), kind + " is told")
		event = told(freedonia, kind)[0]
		require(event["subject"] == ref and event["data"]["request"] == ref, "our reference is its subject", event)
		require(event["data"]["peer"] == "xs-ca", "the peer is told too", event)
	lab.eventually(lambda: told(sylvania, "inbox.complete"), "Sylvania has it whole")
	for kind in ("inbox.arrived", "attachment.complete", "inbox.complete"):
		event = told(sylvania, kind)[0]
		require(event["subject"] == request_id and "request" not in event["data"], "no reference was given yet", event)

	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-7", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	lab.eventually(lambda: told(sylvania, "message.delivered") or told(sylvania, "message.complete"), "it is receipted")
	for event in told(sylvania, "message.delivered") + told(sylvania, "message.complete"):
		require(event["subject"] == event["data"]["request"] == "MLA-XS-26-7", "each side speaks of its own reference", event)


def a_draft_is_consulted_about_before_it_becomes_a_request(lab):
	freedonia, sylvania = lab.pair()
	formal_file = lab.example()
	with open(formal_file, encoding="utf-8") as file:
		formal = file.read()
	shared = lab.file("shared.yaml", formal.replace("transmission_mode: FORMAL", "transmission_mode: CONSULTATION_DRAFT").encode())
	ref = freedonia.draft(sylvania, shared)
	freedonia.comity("request", "set-status", ref, "in-consultation", "--officer", "B. Sandglass")
	lab.eventually(lambda: sylvania.has(ref), "the draft arrives")
	seen = sylvania.request(ref)
	require(seen["request"]["status"] == "IN_CONSULTATION", "as what it is", seen["request"])
	require("sent_at" not in seen["request"] and "answer_by" not in seen["request"], "and starts no clock", seen["request"])
	require(seen["document"]["transmission_mode"] == "CONSULTATION_DRAFT", "its text is there")
	sylvania.refused("status-transition", "acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1", "--officer", "C. Moor",
		"--phone", "+999-02-555-0131")
	sylvania.say(ref, "Say which branch of the bank.\n", "--kind", "consultation-comment")
	lab.eventually(lambda: len(freedonia.messages(ref)) == 2, "a comment comes back")
	freedonia.refused("not-draft", "request", "edit", ref, "--from", formal_file)

	freedonia.say(ref, "We write it anew.\n", "--kind", "revise")
	freedonia.comity("request", "edit", ref, "--from", formal_file)
	for name, role, *more in (("letter", "REQUEST_LETTER", "--language", "en"),
			("letter-qab", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")):
		freedonia.comity("attach", "add", ref, lab.file(name + ".pdf", b"%PDF-1.7 " + name.encode()), "--role", role, *more)
	freedonia.comity("request", "send", ref, "--officer", "B. Sandglass")
	lab.eventually(lambda: sylvania.status(ref) == "SENT", "the request arrives in the same case")
	seen = sylvania.request(ref)
	require(seen["document"]["transmission_mode"] == "FORMAL" and seen["request"]["answer_by"], "now it is one", seen["request"])
	steps = [step["status"] for step in seen["request"]["history"]]
	require(steps == ["IN_CONSULTATION", "DRAFT", "SENT"], "how it came about is kept", steps)
	sylvania.admit(ref)
	lab.eventually(lambda: freedonia.status(ref) == "ACCEPTED", "and it goes its way")
