"""A peer that misbehaves hurts only its own link, and what it says is kept out or kept on file, never half."""
import hashlib
import os
import socket
import struct

from lab import Broken, require
from puppet import Control, puppet, uuid7


def _ends_with(lab, speak, *slugs):
	"""Say something after the greeting; the line must end for that reason, and a good line must be possible after."""
	freedonia, other = puppet(lab)
	other.connect().greet()
	speak(other)
	reason = other.ended()
	require(reason in slugs, f"the line ends with {' or '.join(slugs)}", reason)
	other.number, other.previous = 0, b"\0" * 32
	return freedonia, other


def a_proper_message_of_a_puppet_is_receipted(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	receipt = other.dispatch(message)
	require(message.message_id in receipt and "refused" not in receipt, "the request is receipted", receipt)
	require(freedonia.status(message.requesting_reference) == "SENT", "and it is there")


def a_manifest_signed_by_another_key_is_not_accepted(lab):
	freedonia, other = _ends_with(lab, lambda one: one.send(text := one.manifest([]), signature=one.sign(text, "channel")),
		"bad-signature", "bad-manifest")
	require("bad-signature" in str(freedonia.comity("peer", "show", "xs-ca")), "and `peer show` says why")


def an_altered_message_is_not_accepted(lab):
	def alter(one):
		message = one.request()
		raw = message.SerializeToString()
		one.send(one.manifest([(hashlib.sha256(raw).hexdigest(), message.message_id)]), [raw[:-1] + b"!"])

	freedonia, _ = _ends_with(lab, alter, "digest-mismatch", "bad-manifest", "bad-signature")
	require(all(row["request"]["role"] == "REQUESTING" for row in freedonia.comity("request", "list").get("data", [])),
		"nothing of it was taken in")


def a_gap_in_the_chain_is_not_accepted(lab):
	_ends_with(lab, lambda one: one.send(one.manifest([], purpose="receipt", number=7)), "chain-gap", "bad-manifest")


def a_fork_stops_the_correspondence_and_raises_an_alarm(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	other.leave()
	other.connect()
	other.previous = hashlib.sha256(b"another past").digest()
	other.hello()
	require(other.ended() == "chain-fork", "the line ends with chain-fork")
	lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["peer"].get("alarm") == "chain-fork", "the alarm is raised")
	require(any("chain-fork" in alarm or "xs-ca" in alarm for alarm in freedonia.comity("status").get("alarms", [])),
		"and `comity status` tells it")


def a_message_that_comes_again_is_the_same_message(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	receipt = other.dispatch(message)
	require(message.message_id in receipt and "# refused" not in receipt, "it is receipted again", receipt)
	require(len(freedonia.messages(message.request_id)) == 1, "and is there once")


def another_message_under_a_used_id_is_refused(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	message.text = "something else"
	receipt = other.dispatch(message)
	require("# refused" in receipt and "id-reused" in receipt, "it is refused, with the reason, signed", receipt)


def _refuses_as_reused(other, entries):
	"""Sylvania's signed word that each of these (hash, id) came under an id that she knew for something else."""
	other.send(other.manifest([], purpose="receipt", extra="".join(f"# refused: {digest} {name} id-reused\n" for digest, name in entries)))


def _entry(text):
	"""(hash, id) of the message of a dispatch."""
	return next(line.split("  ") for line in text.splitlines() if not line.startswith("#"))


def _shows_the_reuse(freedonia, name):
	found = [one for one in freedonia.comity("peer", "show", "xs-ca")["peer"].get("refusals", []) if one["reason"] == "id-reused"]
	require(len(found) == 1 and name in found[0]["text"], "`peer show` says so and names the message", found)


def a_message_of_ours_under_an_id_that_they_know_already_is_shown(lab):
	freedonia, other = puppet(lab)
	ref = freedonia.send(other.one)
	entry = _entry(other.connect().greet().hear("manifest").text.decode())
	_refuses_as_reused(other, [entry])
	state = lab.eventually(lambda: [one["state"] for one in freedonia.messages(ref) if one["state"].get("reason") == "id-reused"],
		"the message says why it was refused")[0]
	require(state["transport"] == "REFUSED" and freedonia.status(ref) == "DRAFT", "it counts as not said", state)
	_shows_the_reuse(freedonia, entry[1])
	shown = freedonia.run("message", "show", entry[1])
	require("id-reused: a different message came under an id" in shown.out, "people are told in words", shown.out, shown.err)


def another_message_in_our_name_under_an_id_of_ours_is_shown(lab):
	freedonia, other = puppet(lab)
	ref = freedonia.send(other.one)
	digest, name = _entry(other.connect().greet().hear("manifest").text.decode())
	other.send(other.manifest([(digest, name)], purpose="receipt"))
	forged = (hashlib.sha256(b"what we never said").hexdigest(), name)
	for _ in range(2):
		_refuses_as_reused(other, [forged])
	other.hear("confirm")
	lab.eventually(lambda: any(one["data"].get("reason") == "id-reused" for one in freedonia.events), "there is an event of it")
	state = freedonia.messages(ref)[0]["state"]
	require(state["reused_at"] and state["transport"] == "DELIVERED", "and the message has it, and is as delivered as before", state)
	require("refused another message under this id" in freedonia.run("message", "show", name).out, "people are told")
	_shows_the_reuse(freedonia, name)
	other.leave()
	other.connect().greet()
	freedonia.restart()
	_shows_the_reuse(freedonia, name)	# no line that opens mends that
	other.connect().greet()
	lab.eventually(lambda: freedonia.is_up(other.one), "the line is up again")
	_shows_the_reuse(freedonia, name)
	require(len([one for one in freedonia.events if one["data"].get("reason") == "id-reused"]) == 1, "it is told once")


def a_step_that_is_the_other_sides_is_refused_and_kept_on_file(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	act = other.schema.casework.Act()
	act.decision.status = other.schema.casework.RequestStatus.ACCEPTED
	act.decision.decision = other.schema.casework.DecisionKind.ACCEPTED
	receipt = other.dispatch(other.message(message.request_id, act))
	require("# refused" in receipt and ("wrong-side" in receipt or "status-transition" in receipt), "refused", receipt)
	require(freedonia.status(message.request_id) == "SENT", "and changed nothing")


def an_act_nobody_knows_is_kept_and_shown(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	news = other.message(message.request_id, text="An act of the year 2040.")
	news.acts.add().MergeFromString(b"\xfa\x3e\x02hi")	# field 1007, two bytes
	receipt = other.dispatch(news)
	require(news.message_id in receipt and "# refused" not in receipt, "it is receipted", receipt)
	shown = freedonia.comity("message", "show", news.message_id, "--ref", message.request_id)
	require(shown["state"]["acts"] == ["unknown"] and shown["message"]["text"].startswith("An act"), "and shown as such", shown)
	require(shown["unknown_fields"] == 1, "what is not shown, deep inside, is counted", shown)
	plain = freedonia.comity("message", "show", message.message_id, "--ref", message.request_id)
	require(plain["unknown_fields"] == 0, "a message without such is said to have none", plain)
	told = freedonia.run("message", "show", news.message_id, "--ref", message.request_id)
	require("1 field of a newer schema" in told.out + told.err, "people are told too", told.out, told.err)


def an_enumeration_value_nobody_knows_is_kept(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	raw = message.SerializeToString() + b"\x40\xe7\x07"	# urgency = 999
	other.send(other.manifest([(hashlib.sha256(raw).hexdigest(), message.message_id)]), [raw])
	receipt = other.receipt()
	require(message.message_id in receipt and "# refused" not in receipt, "it is receipted", receipt)
	require(freedonia.has(message.request_id), "and its case is there")


def a_message_to_somebody_else_is_refused(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	message.to = "xd-ca"
	receipt = other.dispatch(message)
	require("# refused" in receipt and "wrong-addressee" in receipt, "refused with the reason", receipt)


def a_message_in_anothers_name_is_refused(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	setattr(message, "from", "xd-ca")
	receipt = other.dispatch(message)
	require("# refused" in receipt and "wrong-addressee" in receipt, "refused with the reason", receipt)


def a_request_under_an_id_that_is_none_is_refused(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	for name in ["", "not a uuid", "../../etc/passwd", "019AAFD8-1C2E-7000-8000-00000000000A"]:
		message = other.request()
		message.request_id = name
		receipt = other.dispatch(message)
		require("# refused" in receipt and "bad-document" in receipt, "refused with the reason", repr(name), receipt)
	message = other.request()
	require("# refused" not in other.dispatch(message), "and the daemon goes on")


def an_attachment_with_a_dangerous_name_never_reaches_the_file_system(lab):
	freedonia, other = puppet(lab)
	for number, name in enumerate(["../../../../tmp/comity-owned", "a\x1b]0;owned\x07.pdf", "/etc/passwd", ".."]):
		if number:
			other.leave()
		other.connect().greet()
		message = other.request()
		message.attachments.add(id="A1", name=name, size=0, sha256=hashlib.sha256(b"").hexdigest())
		receipt = other.dispatch(message)
		if "# refused" in receipt:
			continue
		shown = freedonia.run("attach", "list", message.request_id)
		require("\x1b" not in shown.out and "\x07" not in shown.out, "nothing raw reaches the terminal", repr(shown.out))
		got = freedonia.run("attach", "get", message.request_id, "1", directory=lab.directory)
		require(not os.path.exists("/tmp/comity-owned"), "and nothing is written elsewhere", got.err)


def frames_that_are_none_end_the_line(lab):
	frames = [struct.pack(">I", 5) + b"\xff\xff\xff\xff\xff", struct.pack(">I", 0x7fffffff) + b"x" * 1000,
		struct.pack(">I", 0x80000003) + b"abc", struct.pack(">I", 0)]
	freedonia, other = puppet(lab)
	for frame in frames:
		other.connect().greet()
		other.frames.stream.sendall(frame)
		reason = other.ended()
		require(reason in ("bad-frame", "frame-too-large", "out-of-turn", ""), "the line ends", reason)
	other.connect().greet()
	require(freedonia.comity("status")["authority"] == "xf-ca", "and Freedonia lives on")


def words_out_of_turn_end_the_line(lab):
	freedonia, other = puppet(lab)
	other.connect()
	other.say(ready=other.schema.wire.Ready(version=1))
	require(other.ended() in ("out-of-turn", "bad-frame"), "ready before hello")
	other.connect().greet()
	other.hello()
	require(other.ended() in ("out-of-turn", "bad-frame"), "hello after ready")


def no_common_version_is_said_so(lab):
	freedonia, other = puppet(lab)
	other.connect().hello(versions=[77])
	require(other.ended() == "version", "the line ends with version")
	require("version" in str(freedonia.comity("peer", "show", "xs-ca")), "and `peer show` says why")


def a_hello_in_anothers_name_is_refused(lab):
	freedonia, other = puppet(lab)
	other.connect().hello(authority="xd-ca")
	require(other.ended() == "wrong-peer", "the line ends with wrong-peer")


def a_hello_meant_for_somebody_else_is_refused(lab):
	freedonia, other = puppet(lab)
	other.connect().hello(addressee="xd-ca")
	require(other.ended() == "wrong-peer", "the line ends with wrong-peer")


def attachment_bytes_that_do_not_match_are_not_taken(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	message = other.request()
	content = os.urandom(50000)
	message.attachments.add(id="A1", name="exhibit.bin", size=len(content), sha256=hashlib.sha256(content).hexdigest())
	other.dispatch(message)
	served = 0
	try:
		while served < 3:
			fetch = other.hear("fetch")
			served += 1
			bad = b"\0" * fetch.length
			other.frames.stream.sendall(struct.pack(">IIQ", 1 << 31 | 12 + len(bad), fetch.stream, fetch.offset) + bad)
	except (EOFError, OSError, Broken):
		pass
	require(freedonia.attachments(message.request_id)[0]["presence"] == "ARRIVING", "it has not arrived")
	require(freedonia.refused("not-yet", "attach", "get", message.request_id, 1, "-o", lab.directory + "/x"), "and is not given out")


def a_repeated_call_is_answered_again_and_not_done_again(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	session = Control(freedonia)
	message = session.schema.Submit(ref=ref).message
	message.text = "once"
	message.acts.add().general_correspondence.SetInParent()
	key = uuid7()
	answers = [session.call("submit", key=key, ref=ref, message=message) for _ in range(2)]
	answers.append(Control(freedonia).call("submit", key=key, ref=ref, message=message))
	require(len({one.submitted.message_id for one in answers}) == 1, "the same answer", answers)
	require(len(freedonia.messages(ref)) == 2, "one message beside the request")
	message.text = "another"
	other = session.call("submit", key=key, ref=ref, message=message)
	require(other.error.code == "key-reused", "another call under the key is refused", other)
	freedonia.restart()
	message.text = "once"
	again = Control(freedonia).call("submit", key=key, ref=ref, message=message)
	require(again.submitted.message_id == answers[0].submitted.message_id, "also after kill -9", again)


def garbage_at_the_control_socket_hurts_only_its_session(lab):
	freedonia = lab.authority("xf-ca")
	for garbage in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 1 << 30), struct.pack(">I", 4) + b"\xff\xff\xff\xff",
			b"\0" * 64, os.urandom(4096), struct.pack(">I", 1 << 31 | 12) + b"\0" * 12):
		session = Control(freedonia)
		session.stream.sendall(garbage)
		session.stream.close()
	require(freedonia.comity("status")["authority"] == "xf-ca", "the daemon answers")


def whoever_asks_and_shuts_its_side_down_is_answered(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	asked = Control(freedonia)
	message = asked.schema.Submit(ref=ref).message
	message.text = "Over and out."
	message.acts.add().general_correspondence.SetInParent()
	asked.ask("submit", uuid7(), ref=ref, message=message)
	asked.stream.shutdown(socket.SHUT_WR)
	require(asked.reply().submitted.message_id, "the answer that had to wait for the disk")
	require(asked.stream.recv(1) == b"", "then the session ends")
	ahead = Control(freedonia)	# all at once, more than is read ahead: each call waits for the one before
	for number in range(8):
		message.text = f"{number} " + "x" * (32 << 10)
		ahead.ask("submit", uuid7(), ref=ref, message=message)
	replies = [ahead.reply() for _ in range(8)]
	require([one.id for one in replies] == list(range(1, 9)), "in order", replies)
	require(all(one.submitted.message_id for one in replies), "each is answered", replies)


def a_role_may_do_what_is_its_own(lab):
	freedonia = lab.authority("xf-ca")
	auditor = Control(freedonia, "auditor")
	require(auditor.call("peer_list").WhichOneof("kind") == "peers", "an auditor reads")
	require(auditor.call("peer_add", card="x").error.code == "role-needed", "and changes nothing")
	monitor = Control(freedonia, "monitor")
	require(monitor.call("status").WhichOneof("kind") == "status", "a monitor sees the status")
	require(monitor.call("request_list").error.code == "role-needed", "and no requests")
