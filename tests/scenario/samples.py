"""The samples of tools/samples, each played to its end between two daemons with nothing but the tool."""
import os

from lab import TOP, require

SAMPLES = os.path.join(TOP, "tools", "samples")


def _send(lab, one, other, name):
	"""Draft the sample, put the files in that it names, find nothing wrong with it, send it; both sides have it whole."""
	ref = one.draft(other, os.path.join(SAMPLES, name + ".yaml"))
	listed = one.request(ref)["document"]["attachments"]
	for number, paper in enumerate(listed):
		words = [word for key in ("title", "language", "translation_of", "form") if key in paper
			for word in ("--" + key.replace("_", "-"), paper[key])]
		file = lab.file(f"{name}-{paper['id']}.pdf", f"%PDF-1.7 {name} {number}\n".encode())
		one.comity("attach", "add", ref, file, "--role", paper["role"], *words)
	errors = [told for told in one.comity("request", "validate", ref).get("problems", []) if told["severity"] == "error"]
	require(not errors, name + " is complete", *errors)
	one.comity("request", "send", ref, "--officer", "B. Sandglass")
	lab.eventually(lambda: other.has(ref) and other.is_whole(ref, len(listed)), name + " arrives with its papers")
	require(other.request(ref)["document"] == one.request(ref)["document"], "both sides hold the same request")
	return ref


def _acknowledge(lab, one, other, ref, reference):
	"""`one` registers and reviews it; `other` knows."""
	one.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", reference, "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	one.comity("request", "set-status", ref, "under-review")
	_both(lab, ref, "UNDER_REVIEW", one, other)
	require(other.request(ref)["their_reference"] == reference, "their reference is known")


def _both(lab, ref, status, *authorities):
	for one in authorities:
		lab.eventually(lambda: one.status(ref) == status, f"{one.name} has it as {status}")


def _set(lab, one, other, ref, status, *words):
	"""`one` says where the request stands; both hold it to stand there."""
	one.comity("request", "set-status", ref, status, *words)
	_both(lab, ref, status.replace("-", "_").upper(), one, other)


def _measures(*authorities_and_ref):
	"""What became of each measure, the same on both sides."""
	*authorities, ref = authorities_and_ref
	found = [{one["id"]: one["status"] for one in authority.request(ref)["request"]["measures"]} for authority in authorities]
	require(found[0] == found[1], "both sides know the same of the measures", *found)
	return found[0]


def _same_end(ref, outcome, *authorities):
	for one in authorities:
		require(one.request(ref)["request"]["outcome"] == outcome, f"{one.name} has the outcome {outcome}", one.request(ref)["request"])
	history = [[step["status"] for step in one.request(ref)["request"]["history"] if step["status"] not in ("DRAFT", "SENT")] for one in authorities]
	require(history[0] == history[1], "both sides tell the same history", *history)


def money_is_frozen_records_come_and_one_measure_is_refused_after_consultation(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, "bank-records")
	_acknowledge(lab, sylvania, freedonia, ref, "MLA-XS-26-1877")
	why = ("--ground", "DISPROPORTIONATE_BURDEN", "--reason", "Every bank of Sylvania would have to be asked.")
	sylvania.refused("status-transition", "request", "set-status", ref, "partially-refused", "--measure", "M3=REFUSED", *why)
	_set(lab, sylvania, freedonia, ref, "consulting", *why)
	sylvania.refused("incomplete", "request", "set-status", ref, "partially-refused", "--measure", "M3=REFUSED", *why)
	freedonia.say(ref, "We leave M3 to your judgment.\n", "--kind", "consultation-reply")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "the opinion arrives")
	_set(lab, sylvania, freedonia, ref, "partially-refused", "--measure", "M3=REFUSED", *why)
	require(_measures(freedonia, sylvania, ref)["M3"] == "REFUSED", "one measure is refused")

	_set(lab, sylvania, freedonia, ref, "transferred", "--authority", "Prosecutor, Harbour District", "--authority-type", "PROSECUTOR",
		"--authority-reference", "HD-26-0551")
	require(freedonia.request(ref)["request"]["competent_authority_reference"] == "HD-26-0551", "who executes is known")
	_set(lab, sylvania, freedonia, ref, "in-execution")
	minutes = lab.file("minutes.pdf", b"%PDF-1.7 minutes\n")
	sylvania.comity("result", "send", ref, "--measure", "M1=EXECUTED:SYL 1,702,440 frozen until 2027-02-23", "--partial")
	_both(lab, ref, "PARTIALLY_EXECUTED", freedonia, sylvania)
	require(_measures(freedonia, sylvania, ref) == {"M1": "EXECUTED", "M2": "PENDING", "M3": "REFUSED"}, "the money is frozen first")
	sylvania.refused("incomplete", "result", "send", ref, "--final", "--record", "Harbour District")
	sylvania.refused("status-transition", "result", "send", ref, "--measure", "M3=EXECUTED", "--partial")

	records = lab.file("records.csv", 300000)
	sylvania.comity("result", "send", ref, "--measure", "M2=EXECUTED", "--final", "--attach", f"{records},role=EVIDENCE",
		"--attach", f"{minutes},role=RECORD_OF_EXECUTION")
	_both(lab, ref, "EXECUTED", freedonia, sylvania)
	lab.eventually(lambda: freedonia.is_whole(ref, 9), "the records arrive")
	_set(lab, freedonia, sylvania, ref, "closed", "--outcome", "PARTLY_EXECUTED")
	_same_end(ref, "PARTLY_EXECUTED", freedonia, sylvania)
	require(freedonia.request(ref)["request"]["decision"] == "PARTIALLY_REFUSED", "the decision outlives the statuses after it")


def data_are_preserved_and_then_asked_for(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, sylvania, freedonia, "data-preservation")
	_acknowledge(lab, freedonia, sylvania, ref, "FRD-IN-26-0077")
	why = ("--ground", "PROHIBITED_DOMESTICALLY", "--reason", "It is not our practice.")
	_set(lab, freedonia, sylvania, ref, "accepted")
	_set(lab, freedonia, sylvania, ref, "transferred", "--authority", "Cyber Unit of the Police", "--authority-type", "CYBER_UNIT")
	_set(lab, freedonia, sylvania, ref, "in-execution")
	notice = lab.file("notice.yaml", b"acts:\n  - preservation_notice: {measure: M1, preservation: PRESERVED, until: '2027-01-25',"
		b" provider_reference: LF-2026-88}\n")
	count = len(sylvania.messages(ref))
	freedonia.comity("message", "send", ref, "--from", notice)
	lab.eventually(lambda: len(sylvania.messages(ref)) > count, "the notice arrives")
	dues = [[due["by"] for due in one.request(ref)["request"]["dues"] if due["kind"] == "FOLLOW_UP"] for one in (freedonia, sylvania)]
	require(dues[0] == dues[1] and len(dues[0]) == 1 and dues[0][0].startswith("2027-01-25"), "until when it is kept both sides watch", dues)
	for one in (freedonia, sylvania):
		measure = one.request(ref)["request"]["measures"][0]
		require(measure["preservation"] == "PRESERVED" and measure["preserved_until"] == "2027-01-25", "that it is kept is of the measure", measure)
		require("data preserved until 2027-01-25" in one.run("request", "show", ref).out, "and is shown")
	freedonia.comity("result", "send", ref, "--measure", "M1=EXECUTED:preserved until 2027-01-25", "--final",
		"--record", "Lanternfish Hosting, LF-2026-88")
	_both(lab, ref, "EXECUTED", freedonia, sylvania)

	follow_up = _send(lab, sylvania, freedonia, "subscriber-data")
	related = freedonia.request(follow_up)["document"]["related"][0]
	require(freedonia.request(related["requesting_reference"])["request"]["request_id"] == freedonia.request(ref)["request"]["request_id"],
		"the reference leads to the preservation", related)
	_acknowledge(lab, freedonia, sylvania, follow_up, "FRD-IN-26-0081")
	freedonia.refused("status-transition", "request", "set-status", follow_up, "refused", *why)
	_set(lab, freedonia, sylvania, follow_up, "info-requested", "--question", "Is the payment data of the card enough?")
	sylvania.say(follow_up, "Yes.\n", "--kind", "additional-info")
	_both(lab, follow_up, "UNDER_REVIEW", freedonia, sylvania)
	_set(lab, freedonia, sylvania, follow_up, "accepted")
	_set(lab, freedonia, sylvania, follow_up, "in-execution")
	data = lab.file("subscriber.json", b"{}\n")
	freedonia.comity("result", "send", follow_up, "--measure", "M1=EXECUTED", "--measure", "M2=NOT_EXECUTABLE:the log was overwritten",
		"--record", "Lanternfish Hosting, LF-2026-88", "--attach", f"{data},role=EVIDENCE", "--final")
	_both(lab, follow_up, "EXECUTED", freedonia, sylvania)
	require(_measures(freedonia, sylvania, follow_up) == {"M1": "EXECUTED", "M2": "NOT_EXECUTABLE"}, "one measure was possible")
	for one, outcome in ((follow_up, "PARTLY_EXECUTED"), (ref, "FULLY_EXECUTED")):
		_set(lab, sylvania, freedonia, one, "closed", "--outcome", outcome)
		_same_end(one, outcome, freedonia, sylvania)


def a_protected_witness_is_heard_by_video_link_on_another_day(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, "protected-witness")
	_acknowledge(lab, sylvania, freedonia, ref, "MLA-XS-26-2010")
	require(sylvania.request(ref)["document"]["persons"][0].get("name") is None, "the witness is not named outside the protected annex")
	_set(lab, sylvania, freedonia, ref, "info-requested", "--question", "The judge is not free on 10 February: would the 11th do?")
	require(freedonia.request(ref)["waiting_for"] == "xf-ca", "the turn is Freedonia's")
	freedonia.comity("message", "send", ref, "--kind", "additional-info", "--answer", "1=Yes: the 11th at 10:00 +01:00, reserve the 12th.")
	_both(lab, ref, "UNDER_REVIEW", freedonia, sylvania)
	_set(lab, sylvania, freedonia, ref, "accepted")
	_set(lab, sylvania, freedonia, ref, "transferred", "--authority", "Harbour District Court", "--authority-type", "COURT")
	_set(lab, sylvania, freedonia, ref, "in-execution")
	for milestone, at in (("SUMMONED", "2027-01-04T09:00:00+03:00"), ("SCHEDULED", "2027-02-11T10:00:00+01:00"),
			("HELD", "2027-02-11T14:00:00+01:00")):
		sylvania.comity("message", "send", ref, "--kind", "status-update", "--milestone", milestone, "--milestone-at", at)
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "the milestones arrive")
	told = [freedonia.comity("message", "show", one["state"]["message_id"])["message"]["acts"][0]["status_update"]
		for one in freedonia.messages(ref)[-3:]]
	require([one["milestone"] for one in told] == ["SUMMONED", "SCHEDULED", "HELD"], "what happens is told", told)
	require(told[1]["milestone_at"] == "2027-02-11T10:00:00+01:00", "the day is another one, as agreed", told)
	require(freedonia.status(ref) == "IN_EXECUTION", "and changes no status")
	for one in (freedonia, sylvania):
		require(one.request(ref)["request"]["milestone"] == "HELD" and "milestone    held, 2027-02-11T14:00:00+01:00"
			in one.run("request", "show", ref).out, "the last of them is shown with the case")
	minutes = lab.file("minutes.pdf", b"%PDF-1.7 minutes\n")
	sylvania.comity("result", "send", ref, "--measure", "M1=EXECUTED:heard on 11 February 2027", "--final",
		"--attach", f"{minutes},role=RECORD_OF_EXECUTION")
	_both(lab, ref, "EXECUTED", freedonia, sylvania)
	_set(lab, freedonia, sylvania, ref, "closed", "--outcome", "FULLY_EXECUTED")
	_same_end(ref, "FULLY_EXECUTED", freedonia, sylvania)


def a_request_to_the_wrong_state_is_sent_back_with_advice(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, "wrong-state")
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-2044", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	sylvania.refused("incomplete", "request", "set-status", ref, "redirected", "--note", "not ours")
	_set(lab, sylvania, freedonia, ref, "redirected", "--ground", "WRONG_STATE", "--authority", "Ministry of Justice of Ruritania",
		"--note", "The company has its seat in Ruritania; only its letterhead is of Sylvania.")
	told = freedonia.comity("message", "show", freedonia.messages(ref)[-1]["state"]["message_id"])["message"]["acts"][0]["redirect"]
	require(told["reason"] == "WRONG_STATE" and told["right_authority"] == "Ministry of Justice of Ruritania", "where to turn to is told", told)
	sylvania.refused("status-transition", "request", "set-status", ref, "accepted")
	freedonia.refused("status-transition", "request", "withdraw", ref, "--reason", "We ask Ruritania.")
	_set(lab, freedonia, sylvania, ref, "closed", "--outcome", "REDIRECTED")
	_same_end(ref, "REDIRECTED", freedonia, sylvania)
