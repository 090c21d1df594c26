"""Rules on who may ask, by which channel and with what, and on what is said when property is frozen: each is broken by an officer,
who is told what is wrong and sends nothing, and by a hostile peer, whose message is refused, kept for a human and changes nothing."""
import json

from lab import require
from puppet import Puppet, puppet

STATES = {"xf-ca": "XFR", "xs-ca": "XSY"}
CHOOSY = {"transmission": {"electronic_signature_accepted": False, "max_attachment_bytes": 100000}}


def _profile(one, **more):
	with open(one.path("etc/profile.yaml"), "w") as file:
		json.dump({"authority": one.name, "part": "CENTRAL_AUTHORITY", "state": STATES[one.name], **more}, file)


def _pair(lab, ours=None, theirs=None):
	"""Freedonia and Sylvania, running, whose entries say that of them."""
	one, other = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False)
	_profile(one, **(ours or {}))
	_profile(other, **(theirs or {}))
	one.start()
	other.start()
	lab.befriend(one, other)
	return one, other


def _puppet(lab, ours=None, theirs=None):
	"""The same, with Sylvania by hand."""
	one, other = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False, listen=False)
	_profile(one, **(ours or {}))
	_profile(other, **(theirs or {}))
	one.start()
	other.start()
	lab.befriend(one, other)
	other.stop()
	return one, Puppet(lab, other, one)


def _is_refused(other, message, slug, words, what):
	receipt = other.dispatch(message)
	require("# refused: " in receipt and slug in receipt, what + " is refused", receipt)
	kept = other.there.comity("message", "show", message.message_id)["state"]
	require(kept["transport"] == "REJECTED" and kept["reason"] == slug and words in kept["reason_text"], "and kept, with the reason", kept)


def _is_taken(other, message, what):
	receipt = other.dispatch(message)
	require("# refused" not in receipt, what + " is taken", receipt)


def _problems(one, ref):
	return {problem["code"]: problem for problem in one.run("--json", "request", "validate", ref).documents()[-1].get("problems", [])}


def _edit(lab, one, ref, **changes):
	document = {**one.request(ref)["document"], **changes}
	one.comity("request", "edit", ref, "--from", lab.file("edited.json", json.dumps(document).encode()))


# ── who may ask: 18(13) ──

def whoever_is_not_designated_for_it_makes_no_request(lab):
	one, other = _pair(lab, ours={"designations": [{"valid_from_on": "2010-01-01", "valid_to_on": "2020-12-31"}]},
		theirs={"acts_covered": [{"kinds": ["MLA"], "roles": ["RECEIVE"]}]})
	for here, there, words in ((one, other, "central authority on that day"), (other, one, "role SEND")):
		ref = here.draft(there, lab.example(swapped=here is other))
		problem = _problems(here, ref).get("not-competent", {})
		require(problem.get("article") == "UNTOC 18(13)" and words in problem["message"], f"{here.name} is told why", problem)
		error = here.refused("incomplete", "request", "send", ref, "--officer", "B. Sandglass")
		require(error["hints"] and here.status(ref) == "DRAFT" and not there.has(ref), "and nothing is sent", error)


def a_peer_that_is_not_designated_for_it_opens_no_case(lab):
	freedonia, other = _puppet(lab, theirs={"acts_covered": [{"kinds": ["MLA"], "roles": ["RECEIVE"]}]})
	other.connect().greet()
	message = other.request()
	_is_refused(other, message, "incomplete", "18(13)", "a request of an authority that receives only")
	require(not freedonia.has(message.request_id), "it opens no case")
	copy = other.request()
	copy.acts[0].request.transmission_mode = other.schema.casework.TransmissionMode.COPY_FOR_INFORMATION
	_is_taken(other, copy, "a copy for information")


# ── by which channel, with what: 18(14), paragraph 9 ──

def what_the_addressee_does_not_take_is_not_sent(lab):
	one, other = _pair(lab, theirs=CHOOSY)
	ref = one.draft(other)
	problem = _problems(one, ref).get("channel", {})
	require(problem.get("severity") == "error" and problem["article"] == "UNTOC 18(14)" and "ADVANCE_COPY" in problem["message"],
		"the original goes another way", problem)
	one.refused("incomplete", "request", "send", ref, "--officer", "B. Sandglass")
	_edit(lab, one, ref, transmission_mode="ADVANCE_COPY")
	require("channel" not in _problems(one, ref), "an advance copy goes", _problems(one, ref))
	large = lab.file("large.pdf", 100001)
	one.comity("attach", "add", ref, large, "--role", "EXHIBIT")
	one.comity("attach", "add", ref, large, "--role", "EXHIBIT")
	found = _problems(one, ref)
	require(found["attachment-large"]["severity"] == "error" and "100000" in found["attachment-large"]["message"], "a file is too large", found)
	require(found["duplicate-attachment"]["severity"] == "warn", "it is there twice", found)
	one.refused("incomplete", "request", "send", ref, "--officer", "B. Sandglass")
	require(one.status(ref) == "DRAFT" and not other.has(ref), "nothing was sent")


def what_we_do_not_take_a_peer_does_not_send(lab):
	freedonia, other = _puppet(lab, ours=CHOOSY)
	other.connect().greet()
	modes = other.schema.casework.TransmissionMode

	def ask(mode, size=0):
		message = other.request()
		message.acts[0].request.transmission_mode = mode
		if size:
			message.attachments.add(id="A1", name="exhibit.bin", size=size, sha256="ab" * 32)
			del message.acts[0].request.attachments[:]
			del message.acts[0].request.language.translation_attached[:]
		return message
	for message, words in ((ask(modes.FORMAL), "18(14)"), (ask(modes.ADVANCE_COPY, 100001), "100000")):
		_is_refused(other, message, "incomplete", words, words)
		require(not freedonia.has(message.request_id), "it opens no case")
	_is_taken(other, ask(modes.ADVANCE_COPY, 100000), "an advance copy with a file that is small enough")


# ── freezing: 2(f), UNCAC 55(8) ──

def _freeze(measure=None, **told):
	return {"measures": [{"measure": measure, **told}]} if measure else told


LIFTS = [
	("55(8)", _freeze(milestone="FREEZE_LIFTED", milestone_at="2099-02-23T09:00:00+01:00")),
	("55(8)", _freeze("M1", milestone="FREEZE_LIFTED", milestone_at="2099-02-23T09:00:00+01:00")),
	("55(8)", _freeze("M1", milestone="FREEZE_TO_BE_LIFTED")),
	("55(8)", _freeze("M1", milestone="FREEZE_TO_BE_LIFTED", milestone_at="2020-01-01T09:00:00+01:00")),
	("2(f)", _freeze("M1", milestone="CONFISCATED", milestone_at="2099-01-01T09:00:00+01:00")),
]
NOTICE = _freeze("M1", milestone="FREEZE_TO_BE_LIFTED", milestone_at="2099-02-01T09:00:00+01:00")
EARLY, LIFTED = (_freeze("M1", milestone="FREEZE_LIFTED", milestone_at=day + "T09:00:00+01:00") for day in ("2099-01-31", "2099-02-01"))


def a_freeze_is_not_lifted_unannounced_nor_called_a_confiscation(lab):
	one, other = lab.pair()
	ref = one.send(other)
	lab.eventually(lambda: other.has(ref), "the request arrives")
	other.admit(ref)
	other.comity("request", "set-status", ref, "in-execution")
	said = len(other.messages(ref))

	def update(body):
		return "message", "send", ref, "--from", lab.file("update.json", json.dumps({"acts": [{"status_update": body}]}).encode())
	for words, body in LIFTS:
		error = other.refused("incomplete", *update(body))
		require(words in error["message"] and error["hints"], "an officer is told why not, and what to do", error)
	other.refused("incomplete", "message", "send", ref, "--kind", "status-update", "--milestone", "freeze-lifted", "--milestone-at", "2099-02-23T09:00:00+01:00")
	require(len(other.messages(ref)) == said, "nothing was said")
	other.comity(*update(NOTICE))
	other.refused("incomplete", *update(EARLY))
	other.comity(*update(LIFTED))
	lab.eventually(lambda: one.request(ref)["request"]["measures"][0].get("milestone") == "FREEZE_LIFTED", "announced, it is lifted")
	require("freeze-lifted, 2099-02-01T09:00:00+01:00" in one.run("request", "show", ref).out, "and shown so", one.run("request", "show", ref).out)


def a_peer_lifts_no_freeze_unannounced(lab):
	from google.protobuf import json_format
	freedonia, other = puppet(lab)
	ref = freedonia.send(other.one)
	case = freedonia.request(ref)["request"]["request_id"]
	other.connect().greet()
	lab.eventually(lambda: other.hear("manifest") is not None, "the request goes out")

	def say(**bodies):
		return other.message(case, *(json_format.ParseDict({kind: body}, other.schema.casework.Act()) for kind, body in bodies.items()))
	_is_taken(other, say(receipt={"requested_reference": "X-1"}, status_update={"milestone": "FROZEN", "milestone_at": "2026-11-20T09:00:00+01:00"}), "a freeze")
	for words, body in LIFTS:
		_is_refused(other, say(status_update=body), "incomplete", words, "a freeze lifted unannounced")
	_is_taken(other, say(status_update=NOTICE), "the notice")
	_is_refused(other, say(status_update=EARLY), "incomplete", "2099-02-01", "a freeze lifted before its day")
	measure = freedonia.request(ref)["request"]["measures"][0]
	require(measure["milestone"] == "FREEZE_TO_BE_LIFTED" and measure["milestone_at"] == "2099-02-01T09:00:00+01:00", "nothing else changed", measure)
	_is_taken(other, say(status_update=LIFTED), "on its day it is lifted")


# ── whose copy, and when: rules 25 and 27 ──

def what_was_sent_is_changed_by_nobody(lab):
	one, other = lab.pair()
	ref = one.send(other)
	lab.eventually(lambda: other.has(ref), "the request arrives")
	error = one.refused("not-draft", "request", "edit", ref, "--from", lab.example())
	require(error["hints"], "an officer is told what to do instead", error)
	require(one.request(ref)["document"] == other.request(ref)["document"], "each side has its own copy, and both are the same")


def what_a_peer_says_later_changes_nothing_of_our_copy(lab):
	freedonia, other = puppet(lab)
	schema = other.schema.casework
	message = other.connect().greet().request()
	other.dispatch(message)
	case = message.request_id
	before = freedonia.request(case)["document"]
	again = other.message(case, message.acts[0])
	again.acts[0].request.facts_summary = "It was all otherwise."
	_is_refused(other, again, "status-transition", "not opened twice", "the request once more, with other facts")
	draft = schema.Act()
	draft.consultation_draft.draft.CopyFrom(again.acts[0].request)
	draft.consultation_draft.draft.transmission_mode = schema.TransmissionMode.CONSULTATION_DRAFT
	require("# refused: " in other.dispatch(other.message(case, draft)), "nor is a draft put in its place")
	_is_taken(other, other.message(case, schema.Act(correction={"path": "facts_summary", "wrong": "this", "right": "that", "reason": "A slip."})), "a correction")
	_is_taken(other, other.message(case, schema.Act(withdrawal={"reason": "Forget it."})), "a withdrawal")
	require(freedonia.request(case)["document"] == before and len(freedonia.messages(case)) == 3, "our copy is what it was, and all that was said is kept")


def a_time_that_is_none_is_told_to_officers_and_refused_to_peers(lab):
	freedonia, other = puppet(lab)
	ref = freedonia.draft(other.one)
	for text in ("31 Smarch", "2026-02-30", "2026-11-23T10:00:00"):
		urgency = freedonia.request(ref)["document"]["urgency"]
		urgency["deadlines"][0]["by"] = text
		edited = dict(freedonia.request(ref)["document"], urgency=urgency)
		answer = freedonia.run("--json", "request", "edit", ref, "--from", lab.file("odd.json", json.dumps(edited).encode()))
		told = answer.err + freedonia.run("--json", "request", "validate", ref).out
		require(text in told and "deadlines[0].by" in told, f"an officer is told that {text} is no time", told)
	other.connect().greet()
	for text in ("31 Smarch", "2026-02-30", "9" * 5000):
		message = other.request()
		del message.acts[0].request.urgency.deadlines[1:]
		message.acts[0].request.urgency.deadlines[0].by = text
		receipt = other.dispatch(message)
		if "# refused" in receipt:
			require("bad-document" in receipt and not freedonia.has(message.request_id), "it is refused", receipt)
			continue
		view = freedonia.request(message.request_id)["request"]
		require(not [due for due in view.get("dues", []) if due["kind"] == "ANSWER" and due.get("ends_at")], "no clock runs for it", view)
		require(text[:40] in freedonia.run("request", "show", message.request_id, "--full").out, "and it is shown as it came")
	update = other.request()
	update.created_at = "yesterday"
	require("# refused: " in other.dispatch(update), "nor is a message that was made at no time taken")
	require(freedonia.comity("status")["authority"] == "xf-ca", "and the daemon goes on")


# ── how a case ends ──

def a_case_ends_as_it_stood_whoever_says_otherwise(lab):
	freedonia, other = _puppet(lab)
	other.connect().greet()
	asked = other.request()
	_is_taken(other, asked, "a request")
	ref, outcomes = asked.request_id, other.schema.casework.Outcome
	freedonia.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "FR-1", "--officer", "C. Moor", "--phone", "1")
	freedonia.comity("request", "set-status", ref, "redirected", "--ground", "WRONG_STATE")

	def close(outcome):
		return other.message(ref, other.schema.casework.Act(closure={"outcome": outcome} if outcome else {}))
	for wrong in ("fully-executed", "refused", "withdrawn", None):
		error = freedonia.refused("incomplete", "request", "set-status", ref, "closed", *(("--outcome", wrong) if wrong else ()))
		require("REDIRECTED or SUPERSEDED" in error["message"], "an officer is told how it can end", error)
	for wrong in (outcomes.FULLY_EXECUTED, outcomes.NO_RESPONSE, None):
		_is_refused(other, close(wrong), "incomplete", "REDIRECTED or SUPERSEDED", "another end")
	require(freedonia.status(ref) == "REDIRECTED" and not freedonia.request(ref)["request"].get("outcome"), "nothing was changed")
	_is_taken(other, close(outcomes.REDIRECTED), "the end that it has")
	_is_taken(other, close(outcomes.SUPERSEDED), "a second closure")
	_is_taken(other, close(outcomes.FULLY_EXECUTED), "a third")
	case = freedonia.request(ref)["request"]
	require(case["status"] == "CLOSED" and case["outcome"] == "REDIRECTED", "the first counts", case)
	require("REDIRECTED or SUPERSEDED" in freedonia.run("help", "request", "set-status").out, "help tells it")
