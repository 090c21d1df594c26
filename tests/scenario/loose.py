"""What belongs to no case: letters and meetings between two authorities, said and heard, listed on both sides; and forms of messages
that are looked at before they are sent."""
import json

from lab import require
from puppet import Control, puppet, uuid7

SECRET = "XSECRETwords"


def _loose(one, *peer):
	return [(row["state"]["from"], row["state"]["acts"], (row.get("message") or {}).get("text")) for row in one.comity("message", "list", *peer).get("data", [])]


def _events(one, type, message_id):
	return [event for event in one.events if event["type"] == type and event["data"].get("message_id") == message_id]


def what_belongs_to_no_case_is_said_heard_and_listed_on_both_sides(lab):
	one, other = lab.pair()
	third = lab.authority("xt-ca")
	lab.befriend(one, third)
	said = one.comity("message", "send", "--to", "XS-CA", "--subject", "Visit", "--text", "-", "--officer", "B. Sandglass", "--wait", "complete",
		text=f"We {SECRET} come in May.\n")
	require(said["peer"] == "xs-ca" and not said.get("ref") and said["transport"] in ("DELIVERED", "COMPLETE"), "it is delivered", said)
	mid = said["message_id"]
	answer = other.comity("message", "send", "--to", "xf-ca", "--kind", "meeting-proposal", "--at", "2027-05-04T09:00:00+02:00", "--note", "In our house.",
		"--in-reply-to", mid)["message_id"]
	lab.eventually(lambda: len(_loose(one)) == 2, "the answer is there")
	one.comity("message", "send", "--to", "xt-ca", "--text", "-", text="To another.\n")
	expected = [("xf-ca", ["general-correspondence"], f"We {SECRET} come in May.\n"), ("xs-ca", ["meeting-proposal"], None)]
	for here, peer in ((one, "xs-ca"), (other, "xf-ca"), (other, None)):
		require(_loose(here, *(("--peer", peer) if peer else ())) == expected, f"{here.name} lists both directions", _loose(here))
	require(len(_loose(one)) == 3 and [row[2] for row in _loose(one, "--peer", "xt-ca")] == ["To another.\n"], "each peer has its own", _loose(one))
	one.refused("peer-unknown", "message", "list", "--peer", "xz-ca")
	for here in (one, other):
		shown = here.comity("message", "show", mid)
		require(shown["message"]["text"].startswith("We ") and shown["message"]["officer"] == "B. Sandglass" and "request_id" not in shown["message"], "it is shown", shown)
	require(one.comity("message", "show", answer)["message"]["in_reply_to_id"] == mid, "with what it answers")
	require(one.comity("message", "show", answer)["message"]["acts"][0]["meeting_proposal"]["start_at"].startswith("2027-05-04T09:00"), "and says when")
	lab.eventually(lambda: _events(other, "comity.inbox.arrived.v1", mid), "it is told where it came")
	require(_events(one, "comity.message.queued.v1", mid) and _events(one, "comity.message.delivered.v1", mid), "and whence it went", one.events)
	require(SECRET not in json.dumps(one.events + other.events) + one.log() + other.log(), "its words are in no event and no log")
	require("xf-ca" in other.run("message", "list").out and not other.comity("request", "list").get("data"), "it opens no case")
	for here in (one, other):
		here.restart()
		require(len(_loose(here)) >= 2 and not here.comity("store", "check").get("findings"), "it is kept", _loose(here))


def what_belongs_to_a_case_is_not_said_without_one(lab):
	one, other = lab.pair()
	ref = one.send(other)
	lab.eventually(lambda: other.has(ref), "a case is there")

	def form(**message):
		return lab.file(f"{uuid7()}.json", json.dumps(message).encode())
	letter = {"acts": [{"general_correspondence": {}}], "text": "Hello."}
	for slug, words in (
			("usage", ("--kind", "status-enquiry")), ("usage", ("--kind", "withdrawal", "--reason", "No.")), ("usage", ()),
			("usage", ("--from", form(acts=[{"directory_update": {"occurred_at": "2026-11-23T06:40:00+01:00"}}]))),
			("usage", ("--text", form(), "--attach", form())), ("usage", ("--text", form(), "--seal")),
			("incomplete", ("--kind", "general-correspondence")), ("usage", (ref, "--text", form())),
			("bad-document", ("--from", form(text="Hello.")))):
		one.refused(slug, "message", "send", "--to", "xs-ca", *words)
	one.refused("peer-unknown", "message", "send", "--to", "xz-ca", "--from", form(**letter))
	require(not _loose(one) and not _loose(other), "nothing was said", _loose(one))
	# Whoever writes the id of a case into the form has not said it there.
	case = one.request(ref)["request"]["request_id"]
	before = len(one.messages(ref))
	one.comity("message", "send", "--to", "xs-ca", "--from", form(request_id=case, requesting_reference=ref, **letter))
	lab.eventually(lambda: len(_loose(other)) == 1, "it arrives as what it is")
	require(len(one.messages(ref)) == before and len(other.messages(ref)) == before, "and in no case")
	officer, monitor = Control(one), Control(one, "monitor")
	require(officer.call("message_loose").messages.data and monitor.call("message_loose").error.code == "role-needed", "officers read it, monitors do not")


def a_form_is_looked_at_before_it_is_sent(lab):
	one, other = lab.pair()
	ref = one.send(other)
	lab.eventually(lambda: other.has(ref), "a case is there")

	def form(**act):
		return lab.file("act.json", json.dumps({"acts": [act], "text": "As follows."}).encode())
	before = len(other.messages(ref))
	good = form(receipt={"requested_reference": "REG-1"})
	require(other.comity("message", "check", good, "--ref", ref)["status"] == "RECEIVED", "it would be registered")
	require("received" in other.run("message", "check", good, "--ref", ref).out, "in words")
	other.refused("incomplete", "message", "check", form(receipt={}), "--ref", ref)
	other.refused("status-transition", "message", "check", form(closure={"outcome": "REFUSED"}), "--ref", ref)
	other.refused("wrong-side", "message", "check", form(withdrawal={"reason": "No."}), "--ref", ref)
	bad = other.run("--json", "message", "check", lab.file("bad.yaml", b"acts:\n  - receipt: {reference: R1}\n"), "--ref", ref)
	require(bad.status == 65 and "bad.yaml:2" in bad.err, "the place is named", bad.err)
	require(other.comity("message", "check", form(general_correspondence={}), "--to", "xf-ca")["peer"] == "xf-ca", "in no case")
	other.refused("usage", "message", "check", form(status_enquiry={}), "--to", "xf-ca")
	other.refused("usage", "message", "check", good)
	require(other.status(ref) == "SENT" and len(other.messages(ref)) == before and not _loose(other), "nothing was said", other.messages(ref))


def a_peer_says_nothing_of_a_case_without_it(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	asked = other.request()
	require("# refused" not in other.dispatch(asked), "a request")
	before = len(freedonia.messages(asked.request_id))

	def loose(**act):
		message = other.message(None, other.schema.casework.Act(**act), text="Hello.")
		message.ClearField("request_id")
		return message
	for act in ({"withdrawal": {"reason": "No."}}, {"status_update": {"status": "CLOSED"}}, {"closure": {"outcome": "WITHDRAWN"}}):
		message = loose(**act)
		require("# refused: " in other.dispatch(message), "an act of a case without it is refused", act)
		require(freedonia.comity("message", "show", message.message_id)["state"]["transport"] == "REJECTED", "and kept")
	withfile = loose(general_correspondence={})
	withfile.attachments.add(id="A1", name="a.pdf", size=3, sha256="ab" * 32)
	require("# refused: " in other.dispatch(withfile), "files belong to a case")
	require(not _loose(freedonia), "what was refused is not listed as said", _loose(freedonia))
	letter = loose(general_correspondence={})
	require("# refused" not in other.dispatch(letter) and "# refused" not in other.dispatch(loose(general_correspondence={})), "letters are taken")
	require(len(_loose(freedonia)) == 2 and len(freedonia.messages(asked.request_id)) == before, "and belong to no case", _loose(freedonia))
	nowhere = other.message(uuid7(), other.schema.casework.Act(general_correspondence={}), text="Hello.")
	require("# refused: " in other.dispatch(nowhere) and len(_loose(freedonia)) == 2, "a case that is not there is none")
