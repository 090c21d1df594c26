"""Requests that were made on the telephone, where that is urgent and agreed: flagged here until the same peer confirms them in writing
(UNTOC 18(14), rule 17).  Nobody else's word clears the flag."""
import json

from lab import require
from puppet import Puppet, uuid7

STATES = {"xf-ca": "XFR", "xs-ca": "XSY", "xt-ca": "XTR"}
LONG_AGO = "2026-01-30T23:40:00+01:00"		# a Friday
CALL = ["--because", "risk-evidence-loss", "--at", LONG_AGO, "--by", "duty officer", "--heard-by", "C. Moor"]
SUBJECT = "Logs of a mail server"
WHY = ["--reason", "The provider deletes its logs tonight."]


def _agree(one, accepts=True):
	with open(one.path("etc/profile.yaml"), "w") as file:
		json.dump({"authority": one.name, "part": "CENTRAL_AUTHORITY", "state": STATES[one.name],
			"transmission": {"oral_accepted_when_urgent": accepts}}, file)
	return one


def _note(one, peer, *more):
	return one.comity("inbox", "oral", peer.name.upper(), "--subject", SUBJECT, *WHY, *CALL, *more)["our_reference"]


def _case(one, ref):
	return one.comity("request", "show", ref)["request"]


def _is_flagged(one, ref):
	case = _case(one, ref)
	return case["status"] == "RECEIVED" and "confirmed_at" not in case["oral"] and [due["kind"] for due in case["dues"]] == ["CONFIRMATION"]


def _confirm(lab, one, peer, **oral):
	"""Draft the written request that confirms it; the draft's reference."""
	ref = one.draft(peer, lab.example(swapped=one.name == "xs-ca"))
	document = one.request(ref)["document"]
	document.update(nature="CONFIRMATION_OF_ORAL", oral_request=oral)
	one.comity("request", "edit", ref, "--from", lab.file("confirmation.json", json.dumps(document).encode()))
	return ref


def _send(lab, one, ref):
	letter, translation = lab.file("c.pdf", b"%PDF-1.7 a letter\n"), lab.file("c-q.pdf", b"%PDF-1.7 a translation\n")
	one.comity("attach", "add", ref, letter, "--role", "REQUEST_LETTER", "--language", "en")
	one.comity("attach", "add", ref, translation, "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")
	one.comity("request", "send", ref, "--officer", "B. Sandglass")


def _links(one, ref):
	return [(link["type"], link.get("inverse", False), link.get("reference")) for link in one.comity("request", "show", ref).get("links", [])]


def _pair(lab):
	one, other = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False)
	_agree(one, False).start()
	_agree(other).start()
	lab.befriend(one, other)
	return one, other


def only_what_is_urgent_agreed_and_said_is_noted(lab):
	one, other = _pair(lab)
	error = one.refused("usage", "inbox", "oral", "xs-ca", "--subject", SUBJECT, *WHY, *CALL)
	require("18(14)" in error["message"] and "oral_accepted_when_urgent" in error["message"], "our entry does not say that we take them", error)
	said = ["--subject", SUBJECT, *WHY, *CALL]
	for change, words in ((["--urgency", "routine"], "only what is urgent"), (["--at", "2099-01-01T00:00:00Z"], "to come")):
		error = other.refused("incomplete", "inbox", "oral", "xf-ca", *(said[:-6] if "--at" in change else said), *(said[-4:] if "--at" in change else []), *change)
		require(words in error["message"], "it is refused: " + words, error)
	error = other.refused("incomplete", "inbox", "oral", "xf-ca", "--subject", "", *WHY, *CALL)
	require("proceeding.subject" in error["message"], "what it is about must be said", error)
	other.refused("peer-unknown", "inbox", "oral", "xz-ca", *said)
	other.refused("too-large", "inbox", "oral", "xf-ca", *said, "--their-reference", "R" * 65)
	require(not other.comity("request", "list").get("data"), "nothing was noted", other.comity("request", "list"))
	bare = one.draft(other)
	document = {**one.request(bare)["document"], "nature": "CONFIRMATION_OF_ORAL"}
	one.comity("request", "edit", bare, "--from", lab.file("bare.json", json.dumps(document).encode()))
	paths = {problem["path"] for problem in one.run("--json", "request", "validate", bare).documents()[-1]["problems"] if problem["severity"] == "error"}
	require("request.oral_request.made_at" in paths, "who confirms says what: when it was asked", paths)
	one.refused("incomplete", "request", "send", bare, "--officer", "B. Sandglass")


def an_oral_request_is_flagged_until_it_is_confirmed_in_writing(lab):
	one, other = _pair(lab)
	ref = _note(other, one)
	require(_is_flagged(other, ref), "it is flagged", _case(other, ref))
	case = _case(other, ref)
	require(case["dues"][0]["side"] == "REQUESTING" and case["dues"][0]["by"] == "2026-02-02", "owed by them, on the next working day", case)
	require(other.comity("request", "show", ref)["waiting_for"] == "xf-ca", "they are waited for")
	for command in (("inbox", "list"), ("request", "list"), ("request", "show", ref), ("request", "track", ref)):
		require("oral" in other.run(*command).out.lower() and "not confirmed" in other.run(*command).out, f"{command} flags it", other.run(*command).out)
	require([row["our_reference"] for row in other.comity("request", "list", "--overdue")["data"]] == [ref], "it is overdue")
	for words in (("message", "send", ref, "--text", "-"), ("acknowledge", ref, "--reference", "R1", "--officer", "C. Moor", "--phone", "1"),
			("request", "set-status", ref, "under-review"), ("request", "show", ref, "--letter")):
		error = other.refused("usage", *words, text="Hello.\n")
		require("orally" in error["message"], "nothing is said in it", error)
	require(not one.has(ref) and not one.comity("request", "list").get("data"), "the other side has no such case")
	other.restart()
	told = lab.eventually(lambda: [event for event in other.events if event["type"] == "comity.request.deadline.v1"], "it is told")
	require(told[0]["data"]["reason"] == "confirmation" and "owed by xf-ca" in told[0]["data"]["text"] and SUBJECT not in json.dumps(told), "as that", told)
	lab.eventually(lambda: "confirmation" in other.run("doctor").out, "doctor finds it")
	require("confirmation" in other.run("status").out, "and status", other.run("status").out)
	figures = other.run("--json", "stats", "--direction", "in").out

	# Its confirmation names the reference that was told on the telephone.
	lab.eventually(lambda: one.is_up(other), "the line is up again")
	written = _confirm(lab, one, other, made_at=LONG_AGO, to="C. Moor", by="duty officer", reference=ref)
	_send(lab, one, written)
	lab.eventually(lambda: other.has(written), "it is there")
	case = _case(other, ref)
	require(case["status"] == "CLOSED" and case["oral"]["confirmed_at"] and not case.get("dues"), "the flag is cleared", case)
	require(_case(other, written)["request_id"] == case["oral"]["confirmed_by"], "by that one", case)
	require(_links(other, ref)[0][:2] == ("CONFIRMS_ORAL", True) and _links(other, written) == [("CONFIRMS_ORAL", False, ref)], "the two are joined",
		_links(other, ref), _links(other, written))
	require("not confirmed" not in other.run("request", "show", ref).out and not other.comity("request", "list", "--open", "--peer", "xf-ca").get("overdue"),
		"and shown so")
	require(figures != other.run("--json", "stats", "--direction", "in").out, "the request counts, the note did not")
	other.admit(written, "OURS-1")
	lab.eventually(lambda: one.status(written) == "ACCEPTED", "and it goes on")


def an_officer_finds_the_note_that_was_confirmed(lab):
	one, other = _pair(lab)
	ref, given_up = _note(other, one), _note(other, one, "--urgency", "emergency")
	written = _confirm(lab, one, other, made_at=LONG_AGO, to="C. Moor", by="duty officer")
	_send(lab, one, written)
	lab.eventually(lambda: other.has(written), "it is there")
	require(_is_flagged(other, ref) and _is_flagged(other, given_up), "it names none")
	other.refused("usage", "request", "link", ref, "--confirms-oral", given_up)
	other.comity("request", "link", written, "--confirms-oral", ref)
	require(_case(other, ref)["status"] == "CLOSED" and _is_flagged(other, given_up), "that one is confirmed")
	other.comity("request", "unlink", written, ref)
	require(_is_flagged(other, ref) and not _links(other, ref), "it was a mistake", _case(other, ref))
	other.comity("request", "link", written, "--confirms-oral", ref)
	other.comity("request", "abandon", given_up)
	require(_case(other, given_up)["status"] == "ABANDONED" and not _case(other, given_up).get("dues"), "the other never was")
	other.refused("not-draft", "request", "abandon", given_up)
	require(not _case(one, written).get("links"), "nothing of it was told")
	other.restart()
	require(_case(other, ref)["status"] == "CLOSED", "it is kept")
	require(not other.comity("store", "check").get("findings"), "and the store is in order")


# ── a hostile peer ──

def a_peer_confirms_nothing_without_its_facts_nor_what_another_asked(lab):
	freedonia, sylvania = lab.authority("xf-ca", start=False), lab.authority("xs-ca", listen=False)
	_agree(freedonia).start()
	third = lab.authority("xt-ca")
	lab.befriend(freedonia, third)
	lab.befriend(freedonia, sylvania)
	sylvania.stop()
	peer = Puppet(lab, sylvania, freedonia)
	theirs, anothers = _note(freedonia, sylvania, "--their-reference", "CY-26-377"), _note(freedonia, third, "--their-reference", "XT-9")
	ids = {ref: _case(freedonia, ref)["request_id"] for ref in (theirs, anothers)}
	nature, relation = peer.schema.casework.RequestNature.CONFIRMATION_OF_ORAL, peer.schema.casework.RelationType.CONFIRMS_ORAL
	peer.connect().greet()

	def ask(**oral):
		message = peer.request()
		message.acts[0].request.nature = nature
		message.acts[0].request.oral_request.SetInParent()
		for name, value in oral.items():
			setattr(message.acts[0].request.oral_request, name, value)
		return message

	def refused(message, slug, what):
		receipt = peer.dispatch(message)
		require("# refused: " in receipt and slug in receipt, what + " is refused", receipt)

	bare = ask(reference=theirs)
	refused(bare, "incomplete", "a confirmation that does not say when it was asked")
	kept = freedonia.comity("message", "show", bare.message_id)["state"]
	require(kept["transport"] == "REJECTED" and "18(14)" in kept["reason_text"], "and kept, with the reason", kept)
	for naming in ({"reference": anothers}, {"reference": "XT-9"}):
		message = ask(made_at=LONG_AGO, by="somebody", to="somebody", **naming)
		message.acts[0].request.related.add(type=relation, request_id=ids[anothers], requested_reference=anothers)
		require("# refused" not in peer.dispatch(message), "what it says is its own affair")
		require(_is_flagged(freedonia, anothers) and not _links(freedonia, anothers) and not _links(freedonia, message.request_id),
			"but another's note stays as it is", _case(freedonia, anothers))
	plain = peer.request()
	plain.acts[0].request.related.add(type=relation, request_id=ids[theirs])
	require("# refused" not in peer.dispatch(plain) and _is_flagged(freedonia, theirs), "what is no confirmation confirms nothing")
	into = ask(made_at=LONG_AGO, by="duty officer", to="C. Moor")
	into.request_id = ids[theirs]
	refused(into, "not-found", "a request in the place of our note")
	stray = peer.message(ids[theirs], peer.schema.casework.Act(general_correspondence={}), text="Hello.")
	refused(stray, "not-found", "a word in a case that only we have")
	draft = ask(made_at=LONG_AGO, by="duty officer", to="C. Moor", reference=theirs)
	shown = peer.message(uuid7(), peer.schema.casework.Act(consultation_draft={"draft": draft.acts[0].request}))
	peer.dispatch(shown)
	require(_is_flagged(freedonia, theirs), "a draft is no confirmation", _case(freedonia, theirs))
	right = ask(made_at=LONG_AGO, by="duty officer", to="C. Moor", reference="CY-26-377")
	require("# refused" not in peer.dispatch(right), "its own, by the reference that it told")
	require(_case(freedonia, theirs)["status"] == "CLOSED" and _is_flagged(freedonia, anothers), "is confirmed by it")
