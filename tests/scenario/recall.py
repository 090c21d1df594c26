"""Recovery by hand: what a counterpart that forges, or that asks for what is not its to ask, can do."""
import hashlib

from lab import require
from puppet import puppet


def _heard(other):
	"""The next manifest of Freedonia, whole."""
	body = other.hear("manifest")
	return body.text, body.signature


def _lost(lab):
	"""Freedonia, who receipted a request of a puppet and then lost that; and what the puppet holds."""
	freedonia, other = puppet(lab)
	copy = freedonia.copy("before")
	message = other.connect().greet().request()
	raw = message.SerializeToString()
	dispatch = other.manifest([(hashlib.sha256(raw).hexdigest(), message.message_id)])
	other.send(dispatch, [raw])
	receipt = _heard(other)
	other.leave()
	freedonia.put_back(copy)
	freedonia.start()
	return freedonia, other, message, dispatch, receipt


def _recalled(other, recall, text=b"", signature=b"", messages=(), more=False):
	other.say(recalled=other.schema.wire.Recalled(chain=recall.chain, number=getattr(recall, "from"), text=text,
		signature=signature, messages=list(messages), more=more))


def what_is_forged_does_not_come_back(lab):
	freedonia, other, message, dispatch, (text, signature) = _lost(lab)
	raw = message.SerializeToString()
	forgeries = {
		"an altered text": lambda recall: _recalled(other, recall, text.replace(message.message_id.encode(), b"0" * 36), signature),
		"another signature": lambda recall: _recalled(other, recall, text, other.sign(text)),
		"their own manifest as ours": lambda recall: _recalled(other, recall, dispatch, other.sign(dispatch), [raw]),
		"another number": lambda recall: other.say(recalled=other.schema.wire.Recalled(chain=recall.chain, number=2, text=text,
			signature=signature)),
		"more than was asked for": lambda recall: _recalled(other, recall, text, signature, more=True),
		"nothing": lambda recall: _recalled(other, recall),
	}
	for what, forge in forgeries.items():
		other.connect()
		other.hello()
		other.hear("hello")
		other.say(ready=other.schema.wire.Ready(version=1))
		forge(other.hear("recall"))
		reason = other.ended()
		require(reason in ("recall-forged", "out-of-turn", "not-found"), f"{what}: the line ends", reason)
		if reason == "recall-forged":
			lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["peer"].get("alarm") == "recall-forged", "the alarm is raised")
			freedonia.comity("peer", "unblock", "xs-ca")
		chain = freedonia.comity("peer", "show", "xs-ca")["chain"]
		require(not int(chain["sent"]) and not int(chain["received"]), f"{what}: nothing of it is kept", chain)

	for altered in (raw[:-1] + b"!", None):
		other.connect()
		other.hello()
		other.hear("hello")
		other.say(ready=other.schema.wire.Ready(version=1))
		_recalled(other, other.hear("recall"), text, signature)
		wanted = other.hear("recall")
		require(wanted.chain == 2, "then theirs is asked for", wanted)
		_recalled(other, wanted, dispatch, other.sign(dispatch), [altered or raw])
		if altered:
			require(other.ended() == "recall-forged", "an altered message is noticed")
			lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["peer"].get("alarm") == "recall-forged", "the alarm is raised")
			freedonia.comity("peer", "unblock", "xs-ca")
	require(other.ended() == "caught-up", "an honest answer ends it")
	lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["correspondence"]["recovery"].get("ended_at"), "and it is told")
	require(freedonia.status(message.requesting_reference) == "SENT", "the request is there again")


def what_they_destroyed_comes_back_as_a_hash(lab):
	freedonia, other, message, dispatch, (text, signature) = _lost(lab)
	other.connect()
	other.hello()
	other.hear("hello")
	other.say(ready=other.schema.wire.Ready(version=1))
	_recalled(other, other.hear("recall"), text, signature)
	_recalled(other, other.hear("recall"), dispatch, other.sign(dispatch), [b""])
	require(other.ended() == "caught-up", "the chain is whole")
	report = freedonia.comity("peer", "show", "xs-ca")["correspondence"]["recovery"]
	require(int(report["not_held"]) == 1, "that its text is gone is told", report)
	shown = freedonia.comity("message", "show", message.message_id)
	require(shown["state"]["sha256"] and not shown.get("message"), "its hash and its receipt are there", shown)
	require(int(shown["state"]["receipt"]) == 1, "once", shown)
	require(freedonia.comity("store", "check", "--deep")["ok"], "and the store is sound")
	other.connect().greet()
	other.send(other.manifest([(hashlib.sha256(message.SerializeToString()).hexdigest(), message.message_id)]), [message.SerializeToString()])
	require("# refused" not in other.receipt(), "said again it is receipted again")


def nobody_is_given_what_is_not_theirs_to_ask(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	message = other.request()
	other.dispatch(message)
	other.leave()
	wire = other.schema.wire

	def recall(sent, expected, **fields):
		other.connect()
		number, previous = other.number, other.previous
		other.number, other.previous = sent
		other.hello()
		other.number, other.previous = number, previous
		other.hear("hello")
		other.say(ready=wire.Ready(version=1))
		other.hear("ready")
		other.say(recall=wire.Recall(**fields))
		require(other.ended() == expected, f"{fields}: {expected}")

	here, behind = (other.number, other.previous), (0, b"\0" * 32)
	first = {"chain": 1, "from": 1, "count": 1}
	recall(here, "out-of-turn", **first)
	recall(behind, "bad-frame", **first | {"count": 65})
	recall(behind, "bad-frame", **first | {"count": 2**32 - 1})
	recall(behind, "bad-frame", **first | {"from": 0})

	other.connect()
	other.number, other.previous = behind
	other.hello()
	other.hear("hello")
	other.say(ready=wire.Ready(version=1))
	for fields, held in ((first, True), (first | {"chain": 2}, True), (first | {"from": 2**60}, False), (first | {"from": 2, "count": 64}, False)):
		other.say(recall=wire.Recall(**fields))
		given = other.hear("recalled")
		require(bool(given.text) == held and not given.more and given.number == fields["from"], "an honest answer", fields, given)
	other.say(manifest=wire.SignedManifest(text=b"x", signature=b"x"))
	require(other.ended() == "out-of-turn", "and nothing new may be said while one side is behind")
	freedonia.comity("status")


def a_difference_is_noticed_and_told(lab):
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	asking = freedonia.spawn("peer", "reconcile", "xs-ca")
	summary = other.hear("summary")
	require(summary.sent.number == 1 and summary.received.number == 1 and summary.messages_received == 1 and not summary.answer,
		"it says what it holds", summary)
	wire = other.schema.wire
	other.say(summary=wire.Summary(sent=summary.received, received=summary.sent, messages_sent=2, answer=True))
	out, error = asking.communicate(timeout=30)
	require(asking.returncode and "out-of-step" in error and "2 there" in error, "who asked is told", out, error)
	found = freedonia.comity("peer", "show", "xs-ca")["correspondence"]["comparison"]
	require(not found["equal"] and "2 there" in found["difference"], "it is written down", found)
	lab.eventually(lambda: any(event["type"] == "comity.peer.compared.v1" and event["data"]["reason"] == "out-of-step"
		for event in freedonia.events), "and an event")

	other.say(summary=wire.Summary(sent=summary.received, received=summary.sent, messages_sent=1))
	require(other.hear("summary").answer, "a question is answered")
	lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["correspondence"]["comparison"].get("equal"), "and when it is over, that too")
	other.leave()
