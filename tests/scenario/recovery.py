"""A store that is older than its own past: the counterpart gives back what was lost, and both hold the same again."""
import os
import re

from lab import require, slow
from line import _through_a_relay
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
		"measures": [(measure["id"], measure["status"]) for measure in found.get("measures", [])],
		"transport": {view["state"]["message_id"]: view["state"]["transport"] for view in one.messages(ref)}}


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
	freedonia.comity("acknowledge", here, "--confidentiality", "yes", "--reference", "FRD-IN-7", "--officer", "B. Sandglass", "--phone", "1")
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

@slow
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


@slow
def an_old_copy_may_return_again_and_again(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	refs = _today(lab, freedonia, sylvania, there, here)
	before = _snapshot(freedonia, sylvania, refs)
	for _ in range(2):
		freedonia.put_back(copy)
		freedonia.start()
		_require_the_same_again(lab, freedonia, sylvania, refs, before)


def everything_comes_back_to_an_empty_ledger(lab):
	freedonia, sylvania = lab.pair()
	copy = sylvania.copy("new")
	there, here = _yesterday(lab, freedonia, sylvania)
	before = _snapshot(sylvania, freedonia, (there, here))
	sylvania.put_back(copy)
	sylvania.start()
	_require_the_same_again(lab, sylvania, freedonia, (there, here), before)
	made = sylvania.comity("request", "new", "--to", "xf-ca")
	require(made["our_reference"] not in (there, here), "no reference is given twice", made)


def every_peer_gives_back_its_own_part(lab):
	freedonia, sylvania, third = (lab.authority(name) for name in ("xf-ca", "xs-ca", "xt-ca"))
	lab.befriend(freedonia, sylvania)
	lab.befriend(freedonia, third)
	copy = freedonia.copy("new")
	lab.eventually(lambda: freedonia.is_up(sylvania) and freedonia.is_up(third), "both lines are up again")
	refs = {peer: [freedonia.send(peer) for _ in range(2)] for peer in (sylvania, third)}
	for peer in refs:
		lab.eventually(lambda: _is_settled(freedonia, peer, refs[peer]), "all is settled")
	before = {peer: _snapshot(freedonia, peer, refs[peer]) for peer in refs}
	freedonia.put_back(copy)
	freedonia.start()
	for peer in refs:
		_require_the_same_again(lab, freedonia, peer, refs[peer], before[peer])


def both_sides_return_and_hold_what_either_had(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	copies = [(freedonia, freedonia.copy("yesterday"))]
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	sylvania.admit(there)
	freedonia.say(here, "before noon\n")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "noon is settled")
	copies.append((sylvania, sylvania.copy("noon")))
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	for number in range(3):
		freedonia.say(there, f"after noon {number}\n")
		sylvania.say(there, f"after noon, too {number}\n")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "the evening is settled")
	for one, copy in copies:
		one.put_back(copy)
	for one, _ in copies:
		one.start()
	lab.eventually(lambda: _is_recovered(freedonia, sylvania), "Freedonia has what Sylvania has")
	_require_agreement(lab, freedonia, sylvania, (there, here))
	require("before noon" in str(freedonia.messages(here)) and "after noon" not in str(freedonia.messages(there)),
		"what neither has is gone, and nothing else")
	freedonia.say(there, "again\n")
	sylvania.say(there, "again, too\n")
	_require_agreement(lab, freedonia, sylvania, (there, here))


def what_waits_in_the_old_copy_is_not_sent_twice(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	sylvania.kill()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "Sylvania is away")
	freedonia.say(there, "waits\n", "--attach", f"{lab.file('note.bin', 50 * KIBIBYTE)},role=EXHIBIT")
	copy = freedonia.copy("yesterday")
	sylvania.start()
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "it leaves")
	before = _snapshot(freedonia, sylvania, (there, here))
	freedonia.put_back(copy)
	freedonia.start()
	_require_the_same_again(lab, freedonia, sylvania, (there, here), before)
	require(str(sylvania.messages(there)).count("waits") == 1, "it is there once")


def a_backup_is_restored_released_and_complete(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	backup = freedonia.comity("backup", "create", "-o", os.path.join(lab.directory, "backups"))["path"]
	refs = _today(lab, freedonia, sylvania, there, here)
	before = _snapshot(freedonia, sylvania, refs)
	freedonia.stop()
	freedonia.comity("backup", "restore", backup, "--confirm", "XF-CA")
	with lab.news:
		freedonia.events = []
	freedonia.start()
	gap = lab.eventually(lambda: freedonia.comity("status").get("gaps"), "Sylvania is asked")[0]
	require(int(gap["they_received"]) > int(gap["we_sent"]), "what is missing is known before the release", gap)
	require(not _is_recovered(freedonia, sylvania), "and nothing happens before it")
	freedonia.comity("daemon", "release")
	_require_the_same_again(lab, freedonia, sylvania, refs, before)
	for one in (freedonia, sylvania):
		checked = one.comity("store", "check", "--deep")
		require(checked["ok"], "the store is sound", checked)


def an_attachment_that_nobody_has_any_more_is_told_and_not_asked_for_for_ever(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	for strand in relay.strands:
		strand.rate = 200 * KIBIBYTE
	freedonia.say(there, "See the exhibit.\n", "--attach", f"{lab.file('exhibit.bin', 5000 * KIBIBYTE)},role=EXHIBIT")
	lab.eventually(lambda: "See the exhibit" in str(sylvania.messages(there)), "the message is there, and a part of its exhibit")
	freedonia.kill()
	freedonia.put_back(copy)
	freedonia.start()
	lab.eventually(lambda: _is_recovered(freedonia, sylvania), "Freedonia has its message again")

	def presence():
		return {one["attachment"]["name"]: one["presence"] for one in freedonia.attachments(there)}.get("exhibit.bin")
	lab.eventually(lambda: presence() == "LOST", "and is told that its exhibit is nowhere")
	freedonia.refused("not-found", "attach", "get", there, len(freedonia.attachments(there)), "-o", os.path.join(lab.directory, "nothing"))
	require(freedonia.comity("store", "check", "--deep")["ok"], "the store is sound")


def two_pasts_are_an_alarm_and_never_mended(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	yesterday = [(one, one.copy("yesterday")) for one in (freedonia, sylvania)]
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	freedonia.say(there, "the one past\n")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "it is settled")
	today = sylvania.copy("today")
	for one, copy in yesterday:
		one.put_back(copy)
	for one, _ in yesterday:
		one.start()
	for _ in range(3):	# longer than the other one: only Freedonia can see it
		freedonia.say(there, "another past\n")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "it is settled, too")
	sylvania.put_back(today)
	sylvania.start()
	for one, other in ((freedonia, sylvania), (sylvania, freedonia)):
		peer = lab.eventually(lambda: (found := one.comity("peer", "show", other.name)["peer"]).get("alarm") and found, "both stop")
		require(peer["alarm"] == "chain-fork", "it is a fork", peer)
		require(" here and " in peer["alarm_text"] and "there" in peer["alarm_text"], "and both heads are shown", peer)
		require("ALARM" in one.run("peer", "show", other.name).out, "to people as well")
	require("another past" in str(freedonia.messages(there)) and "the one past" in str(sylvania.messages(there)), "each keeps what it has")


@slow
def kills_and_cuts_in_the_middle_only_take_time(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	for number in range(25):
		(freedonia if number % 2 else sylvania).say(there, f"{number}\n" * 200)
	refs = _today(lab, freedonia, sylvania, there, here)
	before = _snapshot(freedonia, sylvania, refs)
	freedonia.put_back(copy)
	refused = 0
	for step in range(6):
		relay.limit = relay.passed + 12000 + 9000 * step
		freedonia.start()
		lab.eventually(lambda: relay.limit is None or _is_recovered(freedonia, sylvania), "the cable breaks")
		relay.is_down = True
		relay.cut()
		report = freedonia.comity("peer", "show", "xs-ca").get("correspondence", {}).get("recovery")
		if report and not report.get("ended_at"):
			freedonia.refused("recovering", "message", "send", there, "--text", "-", text="too early\n")
			refused += 1
		for one in (freedonia, sylvania) if step % 2 else (freedonia,):
			one.kill()
		relay.is_down = False
		if step % 2:
			sylvania.start()
	relay.limit = None
	freedonia.start()
	_require_the_same_again(lab, freedonia, sylvania, refs, before)
	began = [event for event in freedonia.events if event["type"] == "comity.peer.behind.v1"]
	require(len(began) == 1, "however often it was cut, it is one recovery", began)
	require(refused, "meanwhile nobody speaks in a case that is not as it stands")
	steps = set(re.findall(r"we only up to (\d+)", freedonia.log()))
	require(len(steps) > 2, "it was cut in the middle and went on from there", steps)


def what_was_refused_stays_refused(lab):
	freedonia, sylvania, relay = _through_a_relay(lab)
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	relay.is_down = True
	relay.cut()
	lab.eventually(lambda: not freedonia.is_up(sylvania) and not sylvania.is_up(freedonia), "the cable is out")
	freedonia.comity("request", "withdraw", there, "--reason", "The accused has died.")
	sylvania.comity("acknowledge", there, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")
	relay.is_down = False

	def over():
		states = [view["state"]["transport"] for side in (freedonia, sylvania) for view in side.messages(there)]
		return freedonia.is_up(sylvania) and not {"QUEUED", "SENT", "DELIVERED", "ARRIVED"} & set(states)
	lab.eventually(over, "both have judged what crossed")
	before = _snapshot(freedonia, sylvania, (there, here))
	freedonia.put_back(copy)
	freedonia.start()
	lab.eventually(lambda: _is_recovered(freedonia, sylvania), "it recovers")
	lab.eventually(over, "and all is as it was")
	after = _snapshot(freedonia, sylvania, (there, here))
	require(before["manifests"] == after["manifests"], "the manifests are the same")
	transports = [snapshot["cases"][there][0]["transport"] for snapshot in (before, after)]
	require(transports[0] == transports[1], "what was refused is refused", *transports)


def acts_that_crossed_come_back_in_the_order_in_which_they_were_judged(lab):
	freedonia, sylvania = lab.pair()
	there, here = _yesterday(lab, freedonia, sylvania)
	copy = freedonia.copy("yesterday")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	freedonia.comity("acknowledge", here, "--confidentiality", "yes", "--reference", "FRD-IN-7", "--officer", "B. Sandglass", "--phone", "1")
	freedonia.comity("request", "set-status", here, "under-review")
	lab.eventually(lambda: sylvania.status(here) == "UNDER_REVIEW", "it is being looked at")
	freedonia.comity("queue", "hold", "xs-ca")
	freedonia.comity("request", "set-status", here, "info-requested", "--question", "Who?")
	sylvania.comity("request", "withdraw", here, "--reason", "The accused has died.")
	lab.eventually(lambda: freedonia.status(here) == "WITHDRAWN", "it is withdrawn, while our question is held")
	freedonia.comity("queue", "release", "xs-ca")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "the question arrives")
	before = _snapshot(freedonia, sylvania, (there, here))
	steps = [step["status"] for step in freedonia.request(here)["request"]["history"]]
	freedonia.put_back(copy)
	freedonia.start()
	_require_the_same_again(lab, freedonia, sylvania, (there, here), before)
	report = freedonia.comity("peer", "show", "xs-ca")["correspondence"]["recovery"]
	require(not int(report["not_applied"]), "each fits, where it was", report)
	require([step["status"] for step in freedonia.request(here)["request"]["history"]] == steps, "its steps are the same",
		freedonia.request(here)["request"]["history"], steps)


# ── do both hold the same? ──

def both_sides_tell_daily_that_they_hold_the_same(lab):
	freedonia, sylvania = lab.pair(settings={"line": {"reconcile_every": "1s"}})
	there, here = _yesterday(lab, freedonia, sylvania)

	def compared(one, other):
		found = one.comity("peer", "show", other.name).get("correspondence", {}).get("comparison", {})
		return found.get("equal") and int(found["messages_sent"]) == 1 and int(found["messages_received"]) == 1
	lab.eventually(lambda: compared(freedonia, sylvania) and compared(sylvania, freedonia), "both have compared, and it is written down")
	require("both hold the same" in freedonia.run("peer", "show", "xs-ca").out, "people see it")
	freedonia.say(there, "One more.\n")
	lab.eventually(lambda: _is_settled(freedonia, sylvania, (there, here)), "it is settled")
	found = freedonia.comity("peer", "reconcile", "xs-ca")["comparison"]
	require(found["equal"] and int(found["messages_sent"]) == 2, "asked for, it is told at once", found)
	require("2 messages" in freedonia.run("peer", "reconcile", "xs-ca").out, "in words as well")
	sylvania.stop()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "Sylvania is away")
	freedonia.refused("peer-away", "peer", "reconcile", "xs-ca")
