"""The queue: in which order things leave, what waits and why, and what an operator does about it."""
import hashlib
import signal

from lab import require
from puppet import Control, puppet


def _items(one, *options):
	answer = one.run("--json", "queue", "list", *options)
	require(answer.status == 0, "queue list works", answer.err)
	return answer.documents()


def _item(one, message):
	return next((item for item in _items(one) if item["message"] == message), None)


def _texts(one, ref):
	return [view.get("message", {}).get("text", "") for view in one.messages(ref)][1:]


def _accepted(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "and is receipted")
	return freedonia, sylvania, ref


def what_waits_is_listed_with_its_reason(lab):
	freedonia, sylvania, ref = _accepted(lab)
	require(_items(freedonia) == [], "nothing waits at first")
	sylvania.kill()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "Freedonia sees the line go")
	first = freedonia.say(ref, "one\n")["message_id"]
	second = freedonia.say(ref, "two\n")["message_id"]
	lab.eventually(lambda: int(_item(freedonia, first).get("attempts", 0)) > 1, "attempts are counted")
	item, behind = _item(freedonia, first), _item(freedonia, second)
	require(item["schema"] == "comity.queue-item/1" and item["queue_state"] == "deferred", "it is deferred", item)
	require(item["reason_code"] == "line-refused" and item["reason_text"], "and says why", item)
	require(item["peer"] == "xs-ca" and item["kind"] == "general-correspondence" and item["first_queued_at"], "what it is", item)
	lab.eventually(lambda: _item(freedonia, first).get("next_attempt_at"), "and when it is tried next")
	require(behind["queue_state"] == "waiting" and behind["blocked_by"] == first and behind["reason_code"] == "order",
		"the second waits for the first", behind)
	shape = freedonia.run("--json", "queue", "shape").documents()
	require([(row["peer"], int(row["total"])) for row in shape] == [("TOTAL", 2), ("xs-ca", 2)], "the shape", shape)
	shown = freedonia.run("queue", "show", first[:20]).out
	require("line-refused" in shown and first in shown, "show says it too", shown)
	freedonia.refused("not-found", "queue", "show", "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01")
	freedonia.refused("peer-unknown", "queue", "list", "--peer", "xx-ca")
	freedonia.restart()
	item = _item(freedonia, first)
	require(item["reason_code"] == "line-refused", "the reason survives a restart", item)
	sylvania.start()
	lab.eventually(lambda: _items(freedonia) == [], "in the end nothing waits")
	require(_texts(sylvania, ref) == ["one\n", "two\n"], "and both have arrived in order", _texts(sylvania, ref))


def a_peer_that_is_held_gets_nothing_new(lab):
	freedonia, sylvania, ref = _accepted(lab)
	freedonia.comity("queue", "hold", "xs-ca", "--reason", "their registry is closed")
	said = freedonia.say(ref, "one\n")["message_id"]
	item = _item(freedonia, said)
	require(item["queue_state"] == "held" and "their registry is closed" in item["reason_text"], "it says why", item)
	freedonia.restart()
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	require(_item(freedonia, said)["queue_state"] == "held", "the hold is durable")
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")
	lab.eventually(lambda: freedonia.status(ref) == "ACKNOWLEDGED", "what they send is taken")
	lab.eventually(lambda: sylvania.messages(ref)[-1]["state"]["transport"] == "COMPLETE", "and receipted")
	require(len(sylvania.messages(ref)) == 2, "what is held has not left")
	freedonia.comity("queue", "release", "xs-ca")
	lab.eventually(lambda: len(sylvania.messages(ref)) == 3, "it leaves when it is released")
	freedonia.refused("not-found", "queue", "release", "xs-ca")


def a_message_that_is_held_keeps_those_behind_it(lab):
	freedonia, sylvania, ref = _accepted(lab)
	freedonia.comity("queue", "hold", "xs-ca")
	held = freedonia.say(ref, "one\n")["message_id"]
	freedonia.say(ref, "two\n")
	freedonia.comity("queue", "hold", held, "--reason", "to be read once more")
	freedonia.comity("queue", "release", "xs-ca")
	freedonia.say(ref, "three\n")
	other = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(other), "another request goes on")
	items = [item for item in _items(freedonia) if item["lane"] == "HELD"]
	require([item["queue_state"] for item in items] == ["held", "waiting", "waiting"], "its own wait behind it", items)
	require("to be read once more" in items[0]["reason_text"], "and it says why", items[0])
	require(_texts(sylvania, ref) == [], "nothing of it has left")
	freedonia.comity("queue", "release", held)
	lab.eventually(lambda: len(_texts(sylvania, ref)) == 3, "all of it leaves")
	require(_texts(sylvania, ref) == ["one\n", "two\n", "three\n"], "in order", _texts(sylvania, ref))


def a_message_is_dropped_and_the_record_keeps_that(lab):
	freedonia, sylvania, ref = _accepted(lab)
	sylvania.stop()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "the line is down")
	dropped = freedonia.say(ref, "hastily written\n")["message_id"]
	kept = freedonia.say(ref, "well considered\n")["message_id"]
	freedonia.refused("usage", "queue", "drop", dropped, "--confirm=" + kept)
	freedonia.comity("queue", "drop", dropped, "--confirm=" + dropped, "--reason", "hastily written")
	state = next(view["state"] for view in freedonia.messages(ref) if view["state"]["message_id"] == dropped)
	require(state["transport"] == "WITHDRAWN" and state["reason_text"] == "hastily written", "it is withdrawn", state)
	require(_item(freedonia, dropped)["kind"] == "withdrawal", "the record of that is still to be sent")
	freedonia.restart()
	sylvania.start()
	lab.eventually(lambda: _texts(sylvania, ref) == ["well considered\n"], "only the other one arrives")
	lab.eventually(lambda: _items(freedonia) == [], "and nothing waits")
	lab.eventually(lambda: not sylvania.comity("peer", "show", "xf-ca")["chain"]["received"] !=
		freedonia.comity("peer", "show", "xs-ca")["chain"]["sent"], "both hold the same chain")
	freedonia.refused("not-found", "queue", "drop", kept, "--confirm=" + kept)
	out = lab.directory + "/evidence.tar"
	freedonia.comity("evidence", "export", ref, "-o", out)
	report = freedonia.comity("evidence", "verify", out)
	require(report["valid"], "the evidence is valid", report)
	require(any("dropped message " + dropped in line for line in report["proves"]), "and proves it", report["proves"])
	sylvania.comity("evidence", "export", ref, "-o", lab.directory + "/theirs.tar")
	require(sylvania.comity("evidence", "verify", lab.directory + "/theirs.tar")["valid"], "so does theirs")


def a_request_that_is_dropped_is_a_draft_again(lab):
	freedonia, sylvania = lab.pair()
	freedonia.comity("queue", "hold", "xs-ca")
	ref = freedonia.send(sylvania)
	message = freedonia.request(ref)["request"]["message_id"]
	afterthought = freedonia.say(ref, "one more thing\n")["message_id"]
	freedonia.refused("others-follow", "queue", "drop", message, "--confirm=" + message)
	freedonia.comity("queue", "drop", afterthought, "--confirm=" + afterthought)
	freedonia.comity("queue", "drop", message, "--confirm=" + message, "--reason", "wrong addressee")
	require(freedonia.status(ref) == "DRAFT", "it is a draft", freedonia.request(ref)["request"])
	freedonia.comity("queue", "release", "xs-ca")
	freedonia.comity("request", "send", ref, "--officer", "B. Sandglass")
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2), "it can be sent anew, with its papers")


def what_is_signed_is_not_dropped(lab):
	freedonia, sylvania, ref = _accepted(lab)
	sylvania.daemon.send_signal(signal.SIGSTOP)
	said = freedonia.say(ref, "one\n")["message_id"]
	lab.eventually(lambda: (_item(freedonia, said) or {}).get("queue_state") == "unconfirmed", "it is signed")
	error = freedonia.refused("already-signed", "queue", "drop", said, "--confirm=" + said)
	require("request withdraw" in " ".join(error["hints"]), "and the hint names the way", error)
	freedonia.refused("already-signed", "queue", "hold", said)
	sylvania.daemon.send_signal(signal.SIGCONT)
	lab.eventually(lambda: _items(freedonia) == [], "it is receipted")


def flush_and_retry_do_not_wait_for_the_next_attempt(lab):
	sylvania = lab.authority("xs-ca")
	freedonia = lab.authority("xf-ca", listen=False, settings={"line": {"retry_initial": "10min", "retry_max": "10min"}})
	lab.befriend(sylvania, freedonia)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: _items(freedonia) == [], "the request is receipted")
	for command in ("flush", "retry"):
		sylvania.stop()
		said = freedonia.say(ref, f"{command}\n")["message_id"]
		lab.eventually(lambda: _item(freedonia, said).get("next_attempt_at"), "the next attempt is far")
		sylvania.start()
		require(_item(freedonia, said)["queue_state"] == "deferred", "it waits")
		freedonia.comity("queue", command, "xs-ca" if command == "flush" else said)
		lab.eventually(lambda: _items(freedonia) == [], "and leaves now")


def attachments_to_be_fetched_are_listed(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", settings={"limits": {"keep_free": "1000 GiB"}})
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 2 << 20))
	lab.eventually(lambda: sylvania.has(ref), "the letter arrives")
	lab.eventually(lambda: any(item.get("reason_code") == "disk-full" for item in _items(sylvania)), "why it is not here")
	item = _items(sylvania)[0]
	require(item["kind"] == "attach" and item["peer"] == "xf-ca" and int(item["attempts"]) >= 1, "an attachment", item)


def only_administrators_change_the_queue(lab):
	freedonia, sylvania, ref = _accepted(lab)
	officer = freedonia.path("run/officer.sock")
	require(freedonia.run("--json", "--socket", officer, "queue", "list").status == 0, "an officer may look")
	for command in (["queue", "hold", "xs-ca"], ["queue", "flush"], ["daemon", "hold"]):
		freedonia.refused("role-needed", "--socket", officer, *command)


def a_daemon_that_is_held_sends_nothing_new(lab):
	freedonia, sylvania, ref = _accepted(lab)
	freedonia.comity("daemon", "hold", "--reason", "the ministry moves house")
	said = freedonia.say(ref, "one\n")["message_id"]
	freedonia.restart()
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up")
	status = freedonia.comity("status")
	require(status["hold"]["reason"] == "the ministry moves house" and status["hold"]["at"], "status says it", status)
	require(_item(freedonia, said)["queue_state"] == "held", "the message waits")
	freedonia.restart()
	require("hold" in freedonia.comity("status"), "a hold is kept over a restart")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	require(_item(freedonia, said)["queue_state"] == "held", "and the message waits")
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")
	lab.eventually(lambda: freedonia.status(ref) == "ACKNOWLEDGED", "receiving goes on")
	freedonia.comity("daemon", "release")
	lab.eventually(lambda: _items(freedonia) == [], "it leaves in the end")
	require("hold" not in freedonia.comity("status"), "and the hold is gone")


def all_that_waits_is_listed_however_much_it_is(lab):
	"""A puppet that keeps what it gets and gives no receipt, and that announces more attachments than fit on a page."""
	freedonia, other = puppet(lab)
	request = other.connect().greet().request()
	other.dispatch(request)
	session, message = Control(freedonia), other.schema.casework.Message(text="nobody receipts this\n")
	message.acts.add().general_correspondence.SetInParent()
	said = []
	for _ in range(330):	# each in a manifest of its own
		said.append(session.call("submit", ref=request.request_id, message=message).submitted.message_id)
		while said[-1] not in other.hear("manifest").text.decode():
			pass
		other.say(confirm=other.schema.wire.Confirm(received=other.position(other.theirs, other.their_hash)))
	for time in ("first", "second"):
		listed = [item["message"] for item in _items(freedonia)]
		require(listed == said, f"the {time} time all of it is listed, in its order", len(listed))
	bundles = [other.message(request.request_id, text="evidence") for _ in range(6)]
	entries = []
	for bundle in bundles:
		for index in range(1, 91):
			bundle.attachments.add(id=f"A{index}", name=f"exhibit-{index}.bin", size=1 << 20, role="EXHIBIT",
				media_type="application/octet-stream", sha256=hashlib.sha256(f"{bundle.message_id} {index}".encode()).hexdigest())
		entries.append((hashlib.sha256(bundle.SerializeToString()).hexdigest(), bundle.message_id))
		entries += [(one.sha256, f"{bundle.message_id}.{index}") for index, one in enumerate(bundle.attachments, 1)]
	other.send(other.manifest(entries), [bundle.SerializeToString() for bundle in bundles])
	receipt = other.receipt()
	require("# refused" not in receipt, "it is taken", receipt)
	items = _items(freedonia)
	places = {(item["message"], item["attachment"]) for item in items if item["kind"] == "attach"}
	require(len(items) == 870 and len(places) == 540, "each once, over the pages", len(items), len(places))
	require(len(_items(freedonia, "--peer", "xs-ca")) == 870, "also of one peer")
	shown = freedonia.run("--json", "queue", "show", bundles[0].message_id)
	require(len(shown.documents()) == 90, "and of one message", shown.err)


def a_daemon_is_drained(lab):
	freedonia, sylvania, ref = _accepted(lab)
	for number in range(5):
		freedonia.say(ref, f"{number}\n")
	require(freedonia.comity("daemon", "drain")["drained"], "all of it has left")
	require(freedonia.comity("status")["draining"], "status says it")
	freedonia.refused("draining", "message", "send", ref, "--text", "-", text="too late\n")
	told = freedonia.run("status").out
	require("until the daemon is started anew" in told, "and until when", told)
	freedonia.restart()
	require(not freedonia.comity("status").get("draining"), "it ends with the daemon")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	freedonia.say(ref, "in time\n")
	freedonia.comity("daemon", "drain")
	require("taken again" in freedonia.comity("daemon", "release")["text"], "a release ends it, and says so")
	sylvania.stop()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "the line is down")
	freedonia.say(ref, "for later\n")
	drained = freedonia.comity("daemon", "drain", "--timeout", "30s")
	require(drained["drained"] and int(drained["stuck"]) == 1, "what cannot leave is counted, not waited for", drained)


def urgent_messages_overtake_and_those_of_a_request_do_not(lab):
	freedonia, sylvania = lab.pair()
	routine = freedonia.send(sylvania, document=lab.example("routine.yaml", urgency="ROUTINE"))
	urgent = freedonia.send(sylvania, document=lab.example("urgent.yaml", urgency="ROUTINE"))
	lab.eventually(lambda: sylvania.has(routine) and sylvania.has(urgent), "both are there")
	lab.eventually(lambda: _items(freedonia) == [], "and receipted")
	freedonia.comity("queue", "hold", "xs-ca")
	for number in range(3):
		freedonia.say(routine, f"routine {number}\n")
	freedonia.say(urgent, "its predecessor\n")
	message = lab.file("message.yaml", b"urgency: EMERGENCY\ntext: now\nacts: [{general_correspondence: {}}]\n")
	freedonia.comity("message", "send", urgent, "--from", message)
	lanes = [item["lane"] for item in _items(freedonia)]
	require(lanes == ["EMERGENCY"] * 2 + ["ROUTINE"] * 3, "the predecessor came along", lanes)
	freedonia.comity("queue", "release", "xs-ca")
	lab.eventually(lambda: _items(freedonia) == [], "all leave")
	arrived = sorted((int(view["state"]["number"]), view["message"].get("text", "").strip())
		for ref in (routine, urgent) for view in sylvania.messages(ref) if view["message"].get("text"))
	require([text for _, text in arrived] == ["its predecessor", "now", "routine 0", "routine 1", "routine 2"],
		"in that order", arrived)


def a_peer_that_does_not_read_delays_nobody_else(lab):
	freedonia, sylvania, third = (lab.authority(name) for name in ("xf-ca", "xs-ca", "xt-ca"))
	lab.befriend(freedonia, sylvania)
	lab.befriend(freedonia, third)
	stuck = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(stuck), "the request is there")
	sylvania.daemon.send_signal(signal.SIGSTOP)
	freedonia.say(stuck, "x" * 60_000, "--attach", lab.file("bulk.bin", 32 << 20))
	for _ in range(8):
		freedonia.say(stuck, "x" * 60_000)
	ref = freedonia.send(third, lab.file("exhibit.bin", 4 << 20))
	lab.eventually(lambda: third.has(ref) and third.is_whole(ref, 3), "the other's traffic goes on")
	sylvania.daemon.send_signal(signal.SIGCONT)
	lab.eventually(lambda: len(sylvania.messages(stuck)) == 10 and sylvania.is_whole(stuck, 3), "and nothing is lost", 60)
