"""A store that is older than its own past: the counterpart gives back what was lost, and both hold the same again."""
import os
import subprocess

from lab import require
from puppet import Control

KIBIBYTE = 1 << 10
BOTH_SIDES = ("sha256", "manifest", "receipt", "completion", "attachments")


# ── what both sides must hold ──

def _correspondence(one, other):
	"""Everything that is signed between the two, as `one` holds it: (whose, number) -> (text, signature)."""
	chain = one.comity("peer", "show", other.name)["chain"]
	control = Control(one)
	held = {}
	for theirs, last in ((False, chain["sent"]), (True, chain["received"])):
		for number in range(1, int(last) + 1):
			found = control.call("manifest_get", peer=other.name, theirs=theirs, number=number).manifest.manifest
			held[(other.name if theirs else one.name, number)] = (found.text, found.signature)
	return held


def _messages(one, ref):
	"""What both ledgers say alike of the messages of a case, by id."""
	return {view["state"]["message_id"]: {key: view["state"].get(key) for key in BOTH_SIDES} | {"message": view.get("message")}
		for view in one.messages(ref)}


def _papers(one, ref):
	"""The attachments of a case, their bytes read and checked."""
	papers = set()
	for each in one.attachments(ref):
		path = os.path.join(one.lab.directory, f"got-{one.name}-{each['number']}")
		one.comity("attach", "get", ref, each["number"], "-o", path)
		os.unlink(path)
		papers.add((each["from"], each["attachment"].get("id"), each["attachment"]["sha256"]))
	return papers


def _case(one, ref):
	found = one.request(ref)["request"]
	return {key: found.get(key) for key in ("status", "requesting_reference", "requested_reference", "subject", "role")} | {
		"history": [(step["status"], step.get("message_id")) for step in found.get("history", [])],
		"measures": [(measure["id"], measure["status"]) for measure in found.get("measures", [])]}


def _snapshot(one, other, refs):
	return {"manifests": _correspondence(one, other), "cases": {ref: (_case(one, ref), _messages(one, ref), _papers(one, ref))
		for ref in refs}}


def _is_settled(one, other, refs):
	"""Everything said is receipted and complete on both sides."""
	if not (one.is_up(other) and other.is_up(one)):
		return False
	if not all(side.has(ref) for side in (one, other) for ref in refs):
		return False
	states = [view["state"]["transport"] for side in (one, other) for ref in refs for view in side.messages(ref)]
	return all(state in ("COMPLETE", "ARRIVED_COMPLETE") for state in states)


def _require_agreement(lab, one, other, refs):
	lab.eventually(lambda: _is_settled(one, other, refs), "everything is receipted and complete", 60)
	here, there = _correspondence(one, other), _correspondence(other, one)
	require(here == there, "both hold the same manifests, to the byte", sorted(here), sorted(there))
	for ref in refs:
		require(_messages(one, ref) == _messages(other, ref), "both hold the same messages", ref, _messages(one, ref), _messages(other, ref))
		require(_papers(one, ref) == _papers(other, ref), "both hold the same attachments", ref)
		require(one.status(ref) == other.status(ref), "both see the same status", one.status(ref), other.status(ref))
	for side in (one, other):
		for ref in refs:
			archive = os.path.join(lab.directory, f"{side.name}.tar")
			side.comity("evidence", "export", ref, "-o", archive)
			side.comity("evidence", "verify", archive)
			os.unlink(archive)


def _is_recovered(one, other):
	return one.comity("peer", "show", other.name).get("correspondence", {}).get("recovery", {}).get("ended_at")


# ── what is said between the copy and its return ──

def _yesterday(lab, freedonia, sylvania):
	"""A case of each side, one of them with a draft that will be sent tomorrow."""
	there = freedonia.send(sylvania, lab.file("first.bin", 200 * KIBIBYTE))
	here = sylvania.send(freedonia, document=lab.example("back.yaml", swapped=True))
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "yesterday is settled")
	return there, here


def _today(lab, freedonia, sylvania, there, here):
	"""Messages, statuses and attachments both ways, a new case of each side."""
	sylvania.admit(there)
	lab.eventually(lambda: freedonia.status(there) == "ACCEPTED", "it is accepted")
	freedonia.comity("acknowledge", here, "--reference", "FRD-IN-7", "--officer", "B. Sandglass", "--phone", "1")
	freedonia.comity("request", "set-status", here, "under-review")
	freedonia.comity("request", "set-status", here, "info-requested", "--question", "Who?")
	lab.eventually(lambda: sylvania.status(here) == "INFO_REQUESTED", "the question arrives")
	sylvania.say(here, "He.\n", "--kind", "additional-info")
	exhibit = lab.file("exhibit.bin", 700 * KIBIBYTE)
	freedonia.say(there, "See the exhibit.\n", "--attach", f"{exhibit},role=EXHIBIT")
	sylvania.comity("request", "set-status", there, "in-execution")
	records = lab.file("records.csv", 900 * KIBIBYTE)
	sylvania.comity("result", "send", there, "--measure", "M1=EXECUTED", "--measure", "M2=EXECUTED", "--measure", "M3=EXECUTED",
		"--record", "Harbour District", "--attach", f"{records},role=EVIDENCE", "--final", "--officer", "C. Moor")
	refs = [there, here, freedonia.send(sylvania, lab.file("second.bin", 100 * KIBIBYTE))]
	refs.append(sylvania.send(freedonia, document=lab.example("back2.yaml", swapped=True)))
	lab.eventually(lambda: _is_settled(freedonia, sylvania, refs), "today is settled", 60)
	require(freedonia.status(there) == "EXECUTED" and sylvania.status(here) == "UNDER_REVIEW", "the statuses are as they should be")
	return refs


def _require_the_same_again(lab, one, other, refs, before):
	lab.eventually(lambda: _is_recovered(one, other), f"{one.name} says that it recovered", 60)
	_require_agreement(lab, one, other, refs)
	after = _snapshot(one, other, refs)
	for number, manifest in before["manifests"].items():
		require(after["manifests"].get(number) == manifest, "the manifests are those that were lost", number)
	for ref in refs:
		for was, now in zip(before["cases"][ref], after["cases"][ref]):
			require(was == now, "the case is as it was", ref, was, now)


# ── stories ──

def yesterdays_copy_ends_with_nothing_missing(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	refs = _today(lab, freedonia, sylvania, there, here)
	before = _snapshot(freedonia, sylvania, refs)
	freedonia.put_back(copy)
	freedonia.start()
	_require_the_same_again(lab, freedonia, sylvania, refs, before)

	report = freedonia.comity("peer", "show", "xs-ca")["correspondence"]["recovery"]
	require(int(report["own_manifests"]) > 5 and int(report["messages"]) > 8 and int(report["attachments"]) > 5, "it says what came back", report)
	require(not int(report["not_applied"]) and not int(report["not_held"]), "all of it could be used", report)
	types = [event["type"] for event in freedonia.events]
	require("comity.peer.behind.v1" in types and "comity.peer.recovered.v1" in types, "events tell of it", types)
	require({event["comityepoch"] for event in freedonia.events} == {1, 2}, "the new events are of a new epoch")
	lab.eventually(lambda: "comity.peer.recovered.v1" in [event["type"] for event in sylvania.events], "the giver tells of it too")

	freedonia.say(there, "We are back.\n")
	sylvania.say(here, "So we see.\n")
	refs.append(freedonia.send(sylvania))
	_require_agreement(lab, freedonia, sylvania, refs)
