"""Confidentiality: asked for, answered before anything is executed, decided when it cannot be kept; and what is confidential is
not shown in passing.  Articles 18(20), 24."""
from lab import require
from puppet import puppet

CONTACT = ("--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")


def _asked(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	return freedonia, sylvania, ref


def _accept(sylvania, ref):
	for status in ("under-review", "accepted"):
		sylvania.comity("request", "set-status", ref, status)


def _transfer(one, ref):
	return "request", "set-status", ref, "transferred", "--authority", "District Court", "--authority-type", "court"


def what_cannot_be_kept_is_decided_by_who_asked_for_it(lab):
	freedonia, sylvania, ref = _asked(lab)
	said = len(sylvania.messages(ref))
	require("18(20)" in sylvania.refused("usage", "acknowledge", ref, *CONTACT)["message"], "an acknowledgement must answer")
	for answer in ("no", "partly"):
		error = sylvania.refused("incomplete", "acknowledge", ref, *CONTACT, "--confidentiality", answer)
		require("unavoidable_disclosure" in error["message"] and "18(20)" in error["message"], "and say what is disclosed", error)
	freedonia.refused("incomplete", "request", "confidentiality", ref, "proceed")
	require(len(sylvania.messages(ref)) == said and sylvania.status(ref) == "SENT", "nothing was sent, nothing changed")
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "partly", "--disclosure", "The bank tells its customer.")
	_accept(sylvania, ref)
	lab.eventually(lambda: freedonia.status(ref) == "ACCEPTED", "it is accepted")
	for one in (freedonia, sylvania):
		view = one.request(ref)
		require(view["cannot_comply"] and view["waiting_for"] == "xf-ca", "both see who decides", view)
		text = one.run("request", "show", ref).out
		require("The bank tells its customer." in text and "BLOCKED" in text, "and what would be disclosed", text)
	for order in (_transfer(sylvania, ref), ("request", "set-status", ref, "in-execution")):
		error = sylvania.refused("incomplete", *order)
		require("27(8)" in error["message"] and "18(20)" in error["message"], "execution waits", error)
	freedonia.comity("request", "confidentiality", ref, "stop", "--reason", "We think about it.")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "it arrives")
	sylvania.refused("incomplete", *_transfer(sylvania, ref))
	freedonia.comity("request", "confidentiality", ref, "proceed")
	lab.eventually(lambda: not sylvania.request(ref).get("cannot_comply"), "the decision arrives")
	sylvania.comity(*_transfer(sylvania, ref))
	sylvania.comity("request", "set-status", ref, "in-execution")
	lab.eventually(lambda: freedonia.status(ref) == "IN_EXECUTION", "and it is executed")


def a_later_answer_is_weighed_anew(lab):
	freedonia, sylvania, ref = _asked(lab)
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "yes")
	_accept(sylvania, ref)
	sylvania.refused("incomplete", "request", "confidentiality", ref, "no")
	sylvania.comity("request", "confidentiality", ref, "no", "--disclosure", "A court published it.")
	sylvania.refused("incomplete", "request", "set-status", ref, "in-execution")
	lab.eventually(lambda: freedonia.request(ref).get("cannot_comply"), "the notice arrives")
	freedonia.comity("request", "confidentiality", ref, "proceed")
	lab.eventually(lambda: not sylvania.request(ref).get("cannot_comply"), "the decision arrives")
	sylvania.comity("request", "confidentiality", ref, "no", "--disclosure", "The press has the names.")
	sylvania.refused("incomplete", "request", "set-status", ref, "in-execution")
	freedonia.comity("request", "withdraw", ref, "--reason", "It would warn them.")
	lab.eventually(lambda: sylvania.status(ref) == "WITHDRAWN", "the requesting side may give it up")


def _refused(lab, one, ref, message, receipt):
	require("refused" in receipt, "it is refused", receipt)
	shown = one.comity("message", "show", message.message_id)
	require(shown["state"]["transport"] == "REJECTED", "and kept for a human", shown["state"])


def a_peer_that_executes_before_it_answers_is_refused(lab):
	freedonia, other = puppet(lab)
	act = other.schema.casework.Act
	ref = freedonia.send(other.one)
	request_id = freedonia.request(ref)["request"]["request_id"]
	other.connect().greet()
	lab.eventually(lambda: other.hear("manifest") is not None, "the request goes out")
	say = lambda *acts: (message := other.message(request_id, *acts), other.dispatch(message))
	contact = other.schema.casework.Contact(officer="P. Unch", phone="1")
	acknowledgement = act(acknowledgement={"contact": contact})
	_, receipt = say(act(receipt={"requested_reference": "X-1"}), acknowledgement, act(status_update={"status": "UNDER_REVIEW"}),
		act(decision={"decision": "ACCEPTED"}))
	require("refused" not in receipt, "so far it may", receipt)
	begins = act(status_update={"status": "IN_EXECUTION"})
	message, receipt = say(begins)
	_refused(lab, freedonia, ref, message, receipt)
	message, receipt = say(act(confidentiality_notice={"can_comply": "NO"}))
	_refused(lab, freedonia, ref, message, receipt)
	message, receipt = say(act(confidentiality_response={"proceed": True}))
	_refused(lab, freedonia, ref, message, receipt)
	_, receipt = say(act(confidentiality_notice={"can_comply": "NO", "unavoidable_disclosure": "A law of ours."}))
	require("refused" not in receipt, "that is an answer", receipt)
	message, receipt = say(begins)
	_refused(lab, freedonia, ref, message, receipt)
	view = freedonia.request(ref)
	require(view["request"]["status"] == "ACCEPTED" and view["cannot_comply"], "nothing changed", view)


def leave_that_nobody_asked_for_is_refused(lab):
	freedonia, other = puppet(lab)
	act = other.schema.casework.Act
	message = other.connect().greet().request()
	other.dispatch(message)
	leave = other.message(message.request_id, act(confidentiality_response={"proceed": True}))
	_refused(lab, freedonia, message.request_id, leave, other.dispatch(leave))
	freedonia.comity("acknowledge", message.request_id, *CONTACT, "--confidentiality", "no", "--disclosure", "A law of ours.")
	_accept(freedonia, message.request_id)
	freedonia.refused("incomplete", "request", "set-status", message.request_id, "in-execution")


# ── in passing ──

def _marked(lab, name, changes):
	"""The example request with words in it that are found wherever they go."""
	path = lab.example(name)
	with open(path) as file:
		text = file.read()
	for before, after in changes:
		require(before in text, "the sample has it", before)
		text = text.replace(before, after)
	return lab.file(name, text.encode())


def _passing(one):
	"""Whatever is seen without opening the case, by somebody who may: lists, events, the log, figures."""
	shown = [one.run(*format, *command).out for format in ((), ("--json",), ("--plain",)) for command in (
		("request", "list"), ("inbox", "list"), ("queue", "list"), ("status",), ("peer", "list"), ("stats",),
		("watch", "--since", "0", "--no-follow"), ("audit", "list"))]
	return "\n".join(shown + [one.run("metrics").out, one.log()])


def _speak_of_it(lab, freedonia, sylvania, ref):
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.comity("acknowledge", ref, *CONTACT, "--confidentiality", "partly", "--disclosure", "XSECRETdisclosed", "--note", "XSECRETnote")
	_accept(sylvania, ref)
	freedonia.comity("request", "confidentiality", ref, "proceed", "--reason", "XSECRETreason")
	lab.eventually(lambda: not sylvania.request(ref).get("cannot_comply"), "the decision arrives")
	sylvania.comity("request", "set-status", ref, "transferred", "--authority", "XSECRETcourt", "--note", "XSECRETtransfer")
	sylvania.comity("message", "send", ref, "--kind", "status-update", "--text", "-", "--subject", "XSECRETsubject", text="XSECRETtext")
	sylvania.comity("request", "hold", ref, "--reason", "XSECREThold")
	sylvania.comity("request", "release-hold", ref)
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "all of it arrives")


def what_is_confidential_is_not_shown_in_passing(lab):
	freedonia, sylvania = lab.pair()
	form = _marked(lab, "secret.yaml", [("Organized investment fraud", "XSECRETtitle")])
	ref = freedonia.send(sylvania, lab.file("XSECRETfile.pdf", b"%PDF-1.7 an exhibit\n"), document=form)
	_speak_of_it(lab, freedonia, sylvania, ref)
	for one in (freedonia, sylvania):
		passing = _passing(one)
		found = sorted({word for word in passing.replace('"', " ").split() if "XSECRET" in word})
		require(not found, f"{one.name}: nothing of it is shown in passing", found)
		require("(confidential)" in passing and ref in passing, "but that there is something is")
		require("XSECRETtitle" in one.run("request", "show", ref).out, "whoever opens the case sees it")
	row = [row for row in sylvania.comity("request", "list")["data"] if row["their_reference"] == ref][0]
	require(row["discreet"] and "subject" not in row["request"], "programs are told as well", row)
