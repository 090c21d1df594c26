"""What the law does not let be said, tried from the user's side and from a hostile peer's: each row breaks one rule.

An officer is told what is wrong, by which article, and what to do, and nothing leaves.  From a peer it is refused, kept on file with the
reason, told to the officers, and changes nothing.  The rules are numbered as in docs/CASEWORK.md; steps that are none
are in statuses.py.
"""
import json

from lab import require
from puppet import puppet

# Rule, article, what is taken out of a request that is whole.
LACKS = [
	(1, "UNTOC 18(15)(a)", "making_authority"),
	(1, "UNTOC 18(15)(b)", "proceeding"),
	(1, "UNTOC 18(15)(c)", "facts_summary"),
	(1, "UNTOC 18(15)(d)", "measures"),
	(1, "UNTOC 18(15)(f)", "purpose"),
	(1, "UNTOC 18(7)", "legal_bases"),
	(1, "UNTOC 18(14)", "language"),
	(1, "UNTOC 18(14)", "signed"),
	(9, "UNTOC 18(24)", "urgency.deadlines[].by"),
]

# Rule, what the requested side's act lacks or may not say, the slug, the words that must be in the reason, the act.
REFUSAL = {"status": "REFUSED", "decision": "REFUSED", "refusal_grounds": ["NO_DUAL_CRIMINALITY"], "reasons": "It is no offence here.",
	"reply_period_ended_on": "2026-11-20"}
POSTPONEMENT = {"status": "POSTPONED", "decision": "POSTPONED", "postponement_ground": "ONGOING_INVESTIGATION",
	"reasons": "It would warn them.", "review_on": "2027-01-15", "reply_period_ended_on": "2026-11-20"}


def _without(body, *names, **changes):
	return {**{name: value for name, value in body.items() if name not in names}, **changes}


ACTS = [
	(6, "a refusal without a ground", "incomplete", "18(21)", {"decision": _without(REFUSAL, "refusal_grounds")}),
	(6, "a refusal without reasons", "incomplete", "18(23)", {"decision": _without(REFUSAL, "reasons")}),
	(6, "a refusal before the other side was heard", "incomplete", "18(26)", {"decision": _without(REFUSAL, "reply_period_ended_on")}),
	(7, "a fiscal matter as the only ground", "incomplete", "18(22)", {"decision": _without(REFUSAL, refusal_grounds=["FISCAL_OFFENCE"])}),
	(8, "a postponement without a ground", "incomplete", "18(25)", {"decision": _without(POSTPONEMENT, "postponement_ground")}),
	(8, "a postponement without a day of review", "incomplete", "18(25)", {"decision": _without(POSTPONEMENT, "review_on")}),
]


def _drop(document, path):
	"""Take out what the path names, in every item of a list."""
	first, _, rest = path.partition(".")
	name, is_list = first.removesuffix("[]"), first.endswith("[]")
	if not rest:
		document.pop(name, None)
		return
	for one in document[name] if is_list else [document[name]]:
		_drop(one, rest)


# ── the user's side ──

def an_officer_is_told_what_a_request_lacks_and_nothing_is_sent(lab):
	xf, xs = lab.pair()
	whole = xf.request(xf.draft(xs))["document"]
	for number, (rule, article, path) in enumerate(LACKS):
		document = json.loads(json.dumps(whole))
		document["requesting_reference"] = f"XF/RULES/{number:04}"
		_drop(document, path)
		ref = xf.draft(xs, lab.file(f"lacks-{number}.json", json.dumps(document).encode()))
		error = xf.refused("incomplete", "request", "send", ref, "--officer", "B. Sandglass")
		told = [one for one in error["problems"] if one.get("article") == article]
		require(told and told[0]["severity"] == "error", f"rule {rule}: without {path} {article} is named", error)
		require(told[0]["path"].startswith("request.") and told[0]["message"] and error["hints"], "with the place, the words and a hint", told, error)
		require(xf.status(ref) == "DRAFT" and not xf.messages(ref), "it stays a draft, and nothing was said")
	require(not xs.comity("request", "list").get("data"), "the other side knows of none")


def an_officer_is_told_what_a_decision_lacks_and_nothing_is_sent(lab):
	xf, xs = lab.pair()
	ref = xf.send(xs)
	lab.eventually(lambda: xs.has(ref), "it is there")
	_bring_to_consulting(lab, xf, xs, ref)
	said = len(xs.messages(ref))
	for number, (rule, what, slug, words, act) in enumerate(ACTS):
		file = lab.file(f"act-{number}.json", json.dumps({"acts": [act]}).encode())
		error = xs.refused(slug, "message", "send", ref, "--from", file)
		require(words in error["message"], f"rule {rule}: {what} is refused by its article", error)
		require(error["hints"], "with what to do", error)
	require(len(xs.messages(ref)) == said and xs.status(ref) == "CONSULTING", "nothing was said, nothing has changed")


def _bring_to_consulting(lab, xf, xs, ref):
	xs.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "REG-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	xs.comity("request", "set-status", ref, "under-review")
	xs.comity("request", "set-status", ref, "consulting", "--ground", "NO_DUAL_CRIMINALITY", "--reason", "It is no offence here.")
	lab.eventually(lambda: xf.status(ref) == "CONSULTING", "the other side is consulted")


# ── a hostile peer's side ──

def _is_refused(other, message, slug, what):
	"""Signed, with the reason, kept on file, and told."""
	receipt, here = other.dispatch(message), other.there
	line = next((line for line in receipt.splitlines() if message.message_id in line), "")
	require(line.startswith("# refused: ") and slug in line, what + " is refused", receipt)
	here.lab.eventually(lambda: any(event["type"] == "comity.inbox.rejected.v1" and event["data"].get("message_id") == message.message_id
		for event in here.events), what + ": people are told")
	kept = here.comity("message", "show", message.message_id)
	require(kept["state"]["reason"] == slug, "it is kept, with the reason", kept["state"])
	return kept


def _is_empty(freedonia):
	return not freedonia.comity("request", "list", "--role", "requested").get("data")


def a_peer_opens_no_case_with_what_is_no_request_in_law(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	whole = other.request()
	for rule, article, path in LACKS[:-1]:
		message = other.message(whole.request_id, *whole.acts, requesting_reference=whole.requesting_reference)
		message.acts[0].request.ClearField(path)
		kept = _is_refused(other, message, "incomplete", f"rule {rule}: a request without {path}")
		require(article in kept["state"]["reason_text"], "with its article", kept["state"])
		require(not freedonia.has(whole.request_id), "it opens no case")
	receipt = other.dispatch(whole)
	require("# refused" not in receipt and freedonia.status(whole.request_id) == "SENT", "whole, it is taken", receipt)


def a_peer_decides_nothing_without_what_the_law_wants_said(lab):
	from google.protobuf import json_format
	freedonia, other = puppet(lab)
	ref = freedonia.send(other.one)
	other.connect().greet()
	sent = other.hear("manifest")
	other.send(other.manifest([tuple(line.split("  ")) for line in sent.text.decode().splitlines() if not line.startswith("#")], purpose="receipt"))
	case = freedonia.request(ref)["request"]["request_id"]

	def act(body):
		made = other.schema.casework.Act()
		json_format.ParseDict(body, made)
		return made
	for body in ({"receipt": {"requested_reference": "REG-1"}},
			{"acknowledgement": {"contact": {"officer": "P. Unch", "phone": "+999-02-555-0131"}, "confidentiality": "YES"}},
			{"status_update": {"status": "UNDER_REVIEW"}},
			{"consultation": {"subject": "REFUSAL", "position": "It is no offence here."}}):
		receipt = other.dispatch(other.message(case, act(body)))
		require("# refused" not in receipt, "up to the consultation all is in order", body, receipt)
	for rule, what, slug, _, body in ACTS:
		_is_refused(other, other.message(case, act(body)), slug, f"rule {rule}: {what}")
		require(freedonia.status(ref) == "CONSULTING", "nothing has changed")
