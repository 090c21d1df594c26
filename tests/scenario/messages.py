"""What is said in a case besides its status: every kind of it, by whoever may say it, the same on both sides; and information
that nobody asked for."""
import json

from google.protobuf import json_format

from lab import require
from puppet import puppet, uuid7

BOTH = ("requesting", "requested")
MEETING = "019aafd8-1c2e-7000-8000-00000000000a"
# (kind, who may say it, what it says)
KINDS = [
	("consultation-comment", ("requested",), {"sufficient": False, "lacking": ["the branch of the bank"]}),
	("status-enquiry", ("requesting",), {"reason": "The remand ends on 1 March.", "wanted_on": "2099-01-15"}),
	("conditions-proposed", ("requested",), {"conditions": [{"id": "K1", "type": "USE", "text": "Not for fiscal proceedings."}]}),
	("conditions-response", ("requesting",), {"conditions": [{"id": "K1", "answer": "ACCEPTED"}]}),
	("deficiency-notice", ("requesting",), {"measures": ["M1"], "deficiency": "The balance is missing."}),
	("result-receipt", ("requesting",), {"contents_sha256": ["00" * 32]}),
	("correction", BOTH, {"path": "document.persons[0].born", "wrong": "1984-05-02", "right": "1984-05-20", "reason": "A slip."}),
	("reminder", BOTH, {"number": 1, "answer_by_on": "2099-01-15"}),
	("preservation-notice", ("requested",), {"measure": "M1", "preservation": "PRESERVED", "until": "2099-01-25"}),
	("preservation-extension-request", ("requesting",), {"measure": "M1", "until": "2099-03-25", "reason": "The court is slow."}),
	("use-consent-request", BOTH, {"intended_use": "tax proceedings", "reason": "The same facts.", "answer_by_on": "2099-02-01"}),
	("use-consent-response", BOTH, {"answer": "DECLINED"}),
	("exculpatory-notice", BOTH, {"what": "The transfer of 14 September", "disclosure_at": "2099-01-10T09:00:00+01:00"}),
	("confidentiality-notice", ("requested",), {"can_comply": "PARTLY", "unavoidable_disclosure": "The bank is told of the order."}),
	("confidentiality-response", ("requesting",), {"proceed": True, "reason": "The trial is near."}),
	("safe-conduct-notice", ("requesting",), {"person": "P1", "informed_on": "2099-01-10", "ends_on": "2099-01-25"}),
	("return-of-originals", ("requesting",), {"sent_on": "2099-01-30", "channel": "POST_COURIER", "reference": "PC-1"}),
	("feedback", BOTH, {"use": "The records were read out at the trial.", "outcome_of_proceedings": "conviction"}),
	("meeting-proposal", BOTH, {"meeting_id": MEETING, "start_at": "2099-01-20T10:00:00+01:00", "duration_minutes": 45, "agenda": ["M2"]}),
	("meeting-response", BOTH, {"meeting_id": MEETING, "accepted": True}),
	("general-correspondence", BOTH, {"note": "With compliments."}),
]


def _say(lab, one, ref, kind, body):
	file = lab.file("said.json", json.dumps({"acts": [{kind.replace("-", "_"): body}]}).encode())
	return one.comity("message", "send", ref, "--from", file)["message_id"]


def every_kind_of_message_is_read_as_it_was_written(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.admit(ref)
	sylvania.comity("request", "set-status", ref, "in-execution")
	sides = {"requesting": freedonia, "requested": sylvania}
	said = []
	for kind, writers, body in KINDS:
		for side, one in sides.items():
			if side in writers:
				said.append((kind, body, one, _say(lab, one, ref, kind, body)))
			else:
				file = lab.file("wrong.json", json.dumps({"acts": [{kind.replace("-", "_"): body}]}).encode())
				one.refused("wrong-side", "message", "send", ref, "--from", file)
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "everything arrives")
	for kind, body, writer, message_id in said:
		other = sylvania if writer is freedonia else freedonia
		shown = other.comity("message", "show", message_id)
		require(shown["state"]["acts"] == [kind] and shown["message"]["acts"] == [{kind.replace("-", "_"): body}],
			f"{kind} of {writer.name} is read as it was written", shown)
		require(shown["state"]["transport"].startswith("ARRIVED"), "and was not refused", shown["state"])
	for one in sides.values():
		require(one.status(ref) == "IN_EXECUTION", "none of it changes the status")


def information_is_given_that_nobody_asked_for_under_conditions(lab):
	freedonia, sylvania = lab.pair()
	form = lab.file("form.yaml", b"kind: SPONTANEOUS_INFORMATION\n")
	ref = freedonia.draft(sylvania, form)
	require(not sylvania.has(ref), "a draft is nobody's business")
	condition = {"id": "K1", "type": "USE", "text": "Not to be used in court before we agree."}
	head = {"subject": "Accounts at Meridian Bank", "conditions": [condition], "conditions_first": True}
	for what, body in (("the content", dict(head, information="SY00-TEST-0001-7734 received the money.")),
			("a person", dict(head, persons=[{"name": "Tobin FALSEWORK"}])), ("no condition", dict(head, conditions=[]))):
		error = freedonia.refused("incomplete", "message", "send", ref, "--from",
			lab.file("early.json", json.dumps({"acts": [{"spontaneous_information": body}]}).encode()))
		require("18(5)" in error["message"], f"{what} does not come before the conditions are accepted", error)
	_say(lab, freedonia, ref, "spontaneous-information", head)
	lab.eventually(lambda: sylvania.has(ref), "it arrives")
	_both(lab, ref, "SENT", freedonia, sylvania)
	sylvania.refused("status-transition", "request", "set-status", ref, "accepted")
	sylvania.comity("request", "set-status", ref, "received", "--reference", "SP-XS-26-3")
	_both(lab, ref, "RECEIVED", freedonia, sylvania)
	freedonia.refused("wrong-side", "message", "send", ref, "--from",
		lab.file("wrong.json", json.dumps({"acts": [{"spontaneous_response": {"answer": "ACCEPTED"}}]}).encode()))
	freedonia.refused("incomplete", "message", "send", ref, "--kind", "general-correspondence", "--text", lab.file("early.txt", b"The account is ...\n"))
	_say(lab, freedonia, ref, "reminder", {"number": 1})
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "to remind of them is no content")
	_say(lab, sylvania, ref, "spontaneous-response", {"answer": "DECLINED"})
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "declined is not accepted")
	freedonia.refused("incomplete", "message", "send", ref, "--kind", "general-correspondence", "--text", lab.file("early.txt", b"The account is ...\n"))
	freedonia.refused("incomplete", "message", "send", ref, "--kind", "reminder", "--attach", lab.file("early.pdf", b"%PDF-1.7 content\n"))
	_say(lab, sylvania, ref, "spontaneous-response", {"answer": "ACCEPTED", "conditions": [dict(condition, answer="ACCEPTED")]})
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "the conditions are accepted")
	freedonia.say(ref, "Account SY00-TEST-0001-7734 received the money.\n", "--kind", "general-correspondence")
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "the content follows")
	sylvania.comity("request", "set-status", ref, "closed", "--outcome", "FULLY_EXECUTED")
	_both(lab, ref, "CLOSED", freedonia, sylvania)
	_say(lab, sylvania, ref, "feedback", {"use": "It led to an investigation."})
	lab.eventually(lambda: len(freedonia.messages(ref)) == len(sylvania.messages(ref)), "what became of it is told")


def _both(lab, ref, status, *authorities):
	for one in authorities:
		lab.eventually(lambda: one.status(ref) == status, f"{one.name} has it as {status}")


# ── a hostile peer ──

def a_peer_gives_no_content_before_its_own_conditions_are_accepted(lab):
	freedonia, other = puppet(lab)
	acts = other.schema.casework
	condition = {"id": "K1", "type": "USE", "text": "Not to be used in court before we agree."}
	head = {"subject": "Accounts at Meridian Bank", "conditions": [condition], "conditions_first": True}
	other.connect().greet()

	def say(case, body, **fields):
		return other.message(case, json_format.ParseDict(body, acts.Act()), **fields)

	def is_refused(message, words, what):
		receipt = other.dispatch(message)
		require("# refused: " in receipt and "incomplete" in receipt, what + " is refused", receipt)
		kept = freedonia.comity("message", "show", message.message_id)["state"]
		require(kept["transport"] == "REJECTED" and words in kept["reason_text"], "and kept for a human", kept)
	for what, body, fields in (("the content", dict(head, information="SY00-TEST-0001-7734"), {}), ("a person", dict(head, persons=[{"name": "Tobin FALSEWORK"}]), {}),
			("no condition", dict(head, conditions=[]), {}), ("the content as a letter", head, {"text": "SY00-TEST-0001-7734"})):
		case = uuid7()
		is_refused(say(case, {"spontaneous_information": body}, **fields), "18(5)", what)
		require(not freedonia.has(case), "it opens no case")

	case = uuid7()
	require("# refused" not in other.dispatch(say(case, {"spontaneous_information": head})), "the conditions alone are taken")
	early = say(case, {"reminder": {"number": 1}})
	early.attachments.add(id="A1", name="content.pdf", size=1, sha256="ab" * 32)
	for message, what in ((say(case, {"general_correspondence": {"note": "SY00"}}), "a letter"), (early, "a file"),
			(say(case, {"reminder": {"number": 1}}, text="SY00-TEST-0001-7734"), "words beside a reminder")):
		is_refused(message, "18(5)", what)
	again = say(case, {"spontaneous_information": dict(head, conditions_first=False, information="SY00")})
	require("# refused: " in other.dispatch(again), "nor is it told anew without them")
	require(freedonia.status(case) == "SENT" and not freedonia.attachments(case), "nothing has changed")
	itself = say(case, {"spontaneous_response": {"answer": "ACCEPTED"}})
	require("wrong-side" in other.dispatch(itself), "nor does it accept its own conditions")
	_say(lab, freedonia, case, "spontaneous-response", {"answer": "ACCEPTED"})
	other.hear("manifest")
	require("# refused" not in other.dispatch(say(case, {"general_correspondence": {"note": "SY00"}})), "accepted, the content is taken")
