"""The life of a request, row for row: every legal step between two daemons, and from every status every step that is none, from
our own officers and from a hostile peer.  What is walked is the table that the daemons judge by (`statuses_page --json`)."""
import collections
import json
import os
import subprocess

from lab import TOP, require, slow
from puppet import Control, puppet, schema

RESUMING = ("additional-info", "consultation-closed")	# they lead back to where the case stood
# With which outcome a case is closed from there, first of those that the table allows.
ENDS = {"info-requested": "NO_RESPONSE", "executed": "FULLY_EXECUTED", "refused": "REFUSED", "not-executable": "NOT_EXECUTABLE",
	"redirected": "SUPERSEDED", "withdrawn": "WITHDRAWN"}
OVER = ("closed", "abandoned")
ENDED = ("executed", "refused", "not-executable", "redirected")
M = ("M1", "M2", "M3")					# the measures of the sample

Row = collections.namedtuple("Row", "source to side act status")	# source: from


def _page(lab, option):
	return subprocess.run([os.path.join(lab.build, "daemon", "law", "statuses_page"), option], check=True, capture_output=True, text=True).stdout


def _rows(lab, option="--json"):
	"""The table, a row that either side may write once for each."""
	rows = []
	for line in _page(lab, option).splitlines():
		one = json.loads(line)
		for side in ("requesting", "requested") if one["side"] == "either" else (one["side"],):
			rows.append(Row(one["from"], one["to"], side, one["act"], one["to"].replace("-", "_").upper()))
	return rows


class Case:
	"""One request between two sides, and what the table says of where it stands."""

	def __init__(self, rows, requesting, requested, document=None):
		self.document = document
		self.rows, self.sides = rows, {"requesting": requesting, "requested": requested}
		self.ref, self.id, self.status, self.resume = None, None, "none", None
		self.refused, self.settled, self.is_shared = set(), set(), False

	def fits(self, row):
		if row.source != self.status or (row.act in RESUMING and row.to != self.resume):
			return False
		return row.to != "partially-refused" or "M2" not in self.settled	# what was executed is not refused any more

	def follow(self, row):
		self.resume = row.source if row.to in ("info-requested", "consulting", "withdrawn") else None
		self.status = row.to
		self.is_shared = self.is_shared or row.act in ("consultation-draft", "request", "spontaneous-information")
		if row.to == "partially-refused":
			self.refused.add("M2")
		if row.to in ("partially-executed", "executed"):
			self.settled |= {"M1"} if row.to == "partially-executed" else set(M) - self.refused
		return self

	def ahead(self, row):
		"""The case as it is after this row, without taking it."""
		one = Case(self.rows, None, None)
		one.status, one.resume = self.status, self.resume
		one.refused, one.settled = set(self.refused), set(self.settled)
		return one.follow(row)

	def way(self, wanted):
		"""The shortest way over legal rows whose last one is wanted; None when there is none."""
		seen, ways = set(), collections.deque([(self, [])])
		while ways:
			case, way = ways.popleft()
			for row in filter(case.fits, self.rows):
				after = case.ahead(row)
				state = (after.status, after.resume, frozenset(after.settled))
				if row in wanted:
					return way + [row]
				if state not in seen:
					seen.add(state)
					ways.append((after, way + [row]))
		return None

	def allowed(self, side):
		names = [row.to for row in self.rows if row.side == side and row.source == self.status
			and not (row.act in RESUMING and row.to != self.resume)]
		return ", ".join(dict.fromkeys(names)) or "nothing"


# ── taking a step, as an officer does ──

def _options(case, row):
	"""What `comity request set-status REF STATUS` is told along with it."""
	ground = ("--ground", "NO_DUAL_CRIMINALITY", "--reason", "It is no offence here.")
	outcome = ("--outcome", ENDS[row.source]) if row.source in ENDS else ()
	by_status = {
		"received": ("--reference", f"REG-{case.ref}"),
		"info-requested": ("--question", "Who is the holder of the account?"),
		"consulting": ground,
		"refused": ground,
		"partially-refused": (*ground, "--measure", "M2=REFUSED"),
		"postponed": ("--ground", "ONGOING_INVESTIGATION", "--reason", "It would warn them.", "--until", "2027-01-15"),
		"transferred": ("--authority", "Harbour District Court"),
		"partially-executed": ("--measure", "M1=EXECUTED"),
		"executed": (*(word for one in sorted(set(M) - case.refused) for word in ("--measure", one + "=EXECUTED")),
			"--record", "Harbour District, 25 November 2026, Judge H. Quill"),
		"not-executable": ("--ground", "RECORDS_NOT_EXISTING"),
		"redirected": ("--ground", "WRONG_STATE"),
		"withdrawn": ("--reason", "The accused has died."),
		"closed": (*outcome, *(("--until", "2026-11-20") if row.side == "requested" else ())),
	}
	return () if row.act in RESUMING else by_status.get(row.to, ())


def _foreword(row):
	"""What the requesting side must have said before: it is heard, 18(26), or finds something lacking."""
	if row.source == "consulting" and row.act == "decision":
		return "consultation-reply"
	return "deficiency-notice" if (row.source, row.to) == ("executed", "in-execution") else None


def _prepare(lab, case, row):
	requesting, requested = case.sides["requesting"], case.sides["requested"]
	kind = _foreword(row)
	if kind:
		count = len(requested.messages(case.ref))
		requesting.say(case.ref, "See our letter.\n", "--kind", kind)
		lab.eventually(lambda: len(requested.messages(case.ref)) > count, "the other side has it")


def _take(lab, case, row):
	"""Let an officer of the side that may take this step."""
	one, other = case.sides[row.side], case.sides["requested"]
	if row.act == "create":
		case.ref = one.draft(other, case.document or _shareable(lab))
		case.id = one.request(case.ref)["request"]["request_id"]
		for name, role, *more in () if case.document else (("letter", "REQUEST_LETTER", "--language", "en"),
				("letter-qab", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")):
			one.comity("attach", "add", case.ref, lab.file(name + ".pdf", b"%PDF-1.7 " + name.encode()), "--role", role, *more)
	elif row.act == "request":
		one.comity("request", "send", case.ref, "--officer", "B. Sandglass")
	elif row.act == "spontaneous-information":
		said = lab.file("said.yaml", b"acts:\n  - spontaneous_information: {subject: Accounts, information: 'SY00-TEST-0001-7734'}\n")
		one.comity("message", "send", case.ref, "--from", said)
	elif row.act == "acknowledgement":
		one.comity("acknowledge", case.ref, "--confidentiality", "yes", "--reference", f"REG-{case.ref}", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	elif row.act == "abandon" and not case.is_shared:
		one.comity("request", "abandon", case.ref)
	elif row.act in ("revise", "additional-info"):
		one.say(case.ref, "As follows.\n", "--kind", row.act)
	else:
		one.comity("request", "set-status", case.ref, row.to, *_options(case, row))


def _shareable(lab):
	"""The sample, as it may be consulted about and sent as it is."""
	with open(lab.example()) as file:
		text = file.read().replace("transmission_mode: FORMAL\n", "")
	return lab.file("shareable.yaml", text.encode())


# ── the same, by a peer without comityd ──

def _body(case, row):
	"""What an act of this row says, beside the status, so that its condition holds."""
	by_act = {
		"receipt": {"requested_reference": f"REG-{case.ref}"},
		"acknowledgement": {"contact": {"officer": "P. Unch", "phone": "+999-02-555-0131"}, "confidentiality": "YES"},
		"redirect": {"reason": "WRONG_STATE"},
		"additional-info-request": {"questions": [{"number": 1, "text": "Who is the holder of the account?"}]},
		"additional-info": {"answers": [{"number": 1, "text": "Marble Quay Trading Ltd."}]},
		"consultation": {"subject": "REFUSAL", "position": "It is no offence here."},
		"transfer-notice": {"competent_authority": "Harbour District Court"},
		"execution-result": {"measures": [{"measure": one, "status": "EXECUTED"} for one in M if one not in case.refused],
			"record_of_execution": "Harbour District"},
		"non-execution": {"cause": "RECORDS_NOT_EXISTING"},
		"withdrawal": {"reason": "The accused has died."},
		"closure": {"outcome": ENDS.get(row.source, "SUPERSEDED"), "results_complete": True, "notice_period_ended_on": "2026-11-20"},
		"decision": {"decision": row.status, "reasons": "It is no offence here.", "reply_period_ended_on": "2026-11-20",
			"refusal_grounds": ["NO_DUAL_CRIMINALITY"], "postponement_ground": "ONGOING_INVESTIGATION", "review_on": "2027-01-15",
			"measures": [{"measure": "M2", "status": "REFUSED", "refusal_ground": "NO_DUAL_CRIMINALITY", "reasons": "No offence."}]
				if row.to == "partially-refused" else []},
	}
	return by_act.get(row.act, {})


def _take_by_hand(other, case, row):
	from google.protobuf import json_format
	if row.act == "create":
		return
	if row.act == "request":
		message = other.request()
		case.ref = case.id = message.request_id
	else:
		act = _act(other.schema.casework, row)
		json_format.ParseDict(_body(case, row), getattr(act, row.act.replace("-", "_")))
		message = other.message(case.id, act)
	receipt = other.dispatch(message)
	require("# refused" not in receipt, f"{row.source} to {row.to} is taken from the peer", receipt)


# ── looking, and trying what must not be ──

def _stand(control, ref):
	"""All that a refused step must leave as it was; None where there is no such case."""
	reply = control.call("request_show", ref=ref)
	if reply.WhichOneof("kind") == "error":
		return None
	view = reply.request
	return view.request.status, view.request.resume_to, tuple(view.allowed_now), len(view.request.history), len(view.messages)


def _act(casework, row):
	"""An act that names this status and says hardly anything else."""
	act = casework.Act()
	body = getattr(act, row.act.replace("-", "_"))
	body.SetInParent()
	if "status" in body.DESCRIPTOR.fields_by_name:
		body.status = casework.RequestStatus.Value.Value(row.status)
	if row.act == "consultation-draft":
		body.draft.SetInParent()
	return act


def _steps(rows):
	"""Every step there is, wherever it may be taken from, once."""
	return list(dict.fromkeys(row._replace(source="", side="") for row in rows))


def _is_legal(case, step, side):
	return any(row.act == step.act and row.to == step.to and row.side == side and case.fits(row) for row in case.rows)


def _is_noted(case, step, side):
	"""News that leave the status alone have their place: that it is still so, and a consultation that the requesting side opens."""
	if case.status in ("none", "draft", "in-consultation", *OVER):
		return False
	if side == "requesting":
		return step.act == "consultation"
	return step.to == case.status and step.act in ("status-update", "consultation")


def _crosses(case, step, side):
	"""May have been written before the other side's was seen: the table says so in its notes."""
	if case.status == "withdrawn":
		return side == "requested" and any(row.act == step.act and row.to == step.to and row.source == case.resume for row in case.rows)
	if case.status == "closed":
		return step.act in ("withdrawal", "additional-info", "closure", "consultation", "status-update")
	return case.status in ENDED and step.act == "withdrawal" and side == "requesting"


def _refuses_officers(lab, case, controls):
	"""From here everything that is no row is refused to the officers of both sides, with what is allowed; nothing is sent."""
	casework, tried = schema(lab).casework, 0
	before = [_stand(control, case.ref) for control in controls.values()]
	for side, control in controls.items():
		for step in _steps(case.rows) if side == "requesting" or case.is_shared else ():
			if _is_legal(case, step, side) or _is_noted(case, step, side) or step.act in ("create", "request"):
				continue
			message = casework.Message()
			message.acts.add().CopyFrom(_act(casework, step))
			error = control.call("submit", ref=case.ref, message=message).error
			what = f"{case.status} to {step.to} by {step.act} of the {side} side"
			is_astray = step.act in RESUMING and case.status in ("info-requested", "consulting") and error.code == "incomplete"
			require(error.code in ("status-transition", "wrong-side") or is_astray, what + " is refused", error)
			require(error.code != "status-transition" or error.message.endswith("allowed now: " + case.allowed(side)),
				what + ": what is allowed is told", error.message, case.allowed(side))
			tried += 1
	require([_stand(control, case.ref) for control in controls.values()] == before, f"{case.status}: nothing has changed, nothing was sent")
	return tried


def _refuses_the_peer(lab, case, other, side, control):
	"""The same from a peer: each is refused, signed, kept on file, told to the officers, and changes nothing."""
	steps = [step for step in _steps(case.rows)
		if not (_is_legal(case, step, side) or _is_noted(case, step, side) or _crosses(case, step, side))]
	before = _stand(control, case.ref)
	messages = [other.message(case.id, _act(other.schema.casework, step)) for step in steps]
	receipt = other.dispatch(*messages)
	for step, message in zip(steps, messages):
		require(any(line.startswith("# refused: ") and message.message_id in line for line in receipt.splitlines()),
			f"{case.status} to {step.to} by {step.act} of the {side} side is refused to a peer", receipt)
	require(_stand(control, case.ref) == before, f"{case.status}: nothing has changed", before, _stand(control, case.ref))
	last = control.call("message_show", message=messages[-1].message_id)
	require(last.message.state.reason and last.message.message.message_id == messages[-1].message_id, "it is kept, with the reason", last)
	lab.eventually(lambda: {one.message_id for one in messages} <= {event["data"].get("message_id") for event in other.there.events
		if event["type"] == "comity.inbox.rejected.v1"}, "people are told of each")
	return len(steps)


# ── the scenarios ──

def the_page_about_statuses_is_the_table(lab):
	with open(os.path.join(TOP, "docs", "STATUSES.md")) as file:
		require(file.read() == _page(lab, "--markdown"), "docs/STATUSES.md is what `statuses_page --markdown` prints")


def the_help_of_set_status_tells_every_row(lab):
	told = lab.authority("xf-ca", start=False).run("help", "request", "set-status").out.splitlines()
	for row in _rows(lab):
		sides = (row.side, "either")
		require(any(line.split()[:2] == [row.source, row.to] and line.split()[2] in sides and line.split()[3] == row.act for line in told
			if len(line.split()) > 3), f"{row.source} to {row.to} is told", told)


@slow
def every_row_is_walked_and_everything_else_refused_to_officers(lab):
	stood, tried = _walk(lab, _rows(lab))
	require(len(stood) == 21 and tried > 500, "from every status", stood, tried)


def every_row_of_spontaneous_information_is_walked_too(lab):
	stood, _ = _walk(lab, _rows(lab, "--spontaneous"), lab.file("form.yaml", b"kind: SPONTANEOUS_INFORMATION\n"))
	require(stood == {"draft", "abandoned", "sent", "received", "closed"}, "from every status", stood)


def _walk(lab, rows, document=None):
	"""Take every row once; where the case stands for the first time, try everything else.  Where it stood, how much was tried."""
	freedonia, sylvania = lab.pair()
	controls = {"requesting": Control(freedonia), "requested": Control(sylvania)}
	left, stood, tried = set(rows), set(), 0
	while left:
		case = Case(rows, freedonia, sylvania, document)
		require(case.way(left), "every row can be reached", left)
		while way := case.way(left):
			for row in way:
				_prepare(lab, case, row)
				_take(lab, case, row)
				case.follow(row)
				left.discard(row)
				_arrives(lab, case, controls, row)
				if case.status not in stood:
					stood.add(case.status)
					tried += _refuses_officers(lab, case, controls)
	return stood, tried


def a_draft_that_nobody_has_seen_is_dropped_without_a_word(lab):
	freedonia, sylvania = lab.pair()
	case = Case(_rows(lab), freedonia, sylvania)
	_take(lab, case, case.way([row for row in case.rows if row.act == "create"])[0])
	error = freedonia.refused("usage", "request", "set-status", case.ref, "abandoned")
	require("request abandon" in error["message"], "the peer is not told that there was a draft", error)
	require(not freedonia.messages(case.ref) and not sylvania.has(case.ref), "nothing was said")

	freedonia.comity("request", "set-status", case.ref, "in-consultation")
	freedonia.say(case.ref, "We write it anew.\n", "--kind", "revise")
	error = freedonia.refused("usage", "request", "abandon", case.ref)
	require("set-status" in error["message"], "one that was shown is not dropped silently", error)
	freedonia.comity("request", "set-status", case.ref, "abandoned")
	lab.eventually(lambda: sylvania.status(case.ref) == "ABANDONED", "the other side is told")


def _arrives(lab, case, controls, row):
	"""Both sides hold the case as the table says it is."""
	value = schema(lab).casework.RequestStatus.Value.Value(row.status)
	for control in controls.values() if case.is_shared else [controls["requesting"]]:
		lab.eventually(lambda: (_stand(control, case.ref) or [None])[0] == value, f"{row.source} to {row.to} by {row.act}")


def what_is_no_row_is_refused_to_a_hostile_peer_that_asks(lab):
	_besiege(lab, "requesting")


def what_is_no_row_is_refused_to_a_hostile_peer_that_is_asked(lab):
	_besiege(lab, "requested")


def _move(lab, case, row, other, side):
	"""Take the step, whoever's it is."""
	kind = _foreword(row)
	if kind and side == "requested":
		other.there.say(case.ref, "See our letter.\n", "--kind", kind)
	elif kind:
		act = other.schema.casework.Act()
		getattr(act, kind.replace("-", "_")).note = "See our letter."
		require("# refused" not in other.dispatch(other.message(case.id, act)), "the foreword is taken from the peer")
	if row.side == side:
		_take_by_hand(other, case, row)
	else:
		_take(lab, case, row)


def _besiege(lab, side):
	freedonia, other = puppet(lab)
	other.connect().greet()
	rows = [row for row in _rows(lab) if "in-consultation" not in (row.source, row.to)]
	control, stood = Control(freedonia), set()
	left = {row.to for row in rows} - ({"draft", "abandoned"} if side == "requesting" else set())
	while left:
		case = Case(rows, *((other.one, freedonia) if side == "requesting" else (freedonia, other.one)))
		while way := case.way({row for row in rows if row.to in left}):
			for row in way:
				_move(lab, case, row, other, side)
				case.follow(row)
				left.discard(case.status)
				if case.status not in stood and case.ref:
					stood.add(case.status)
					_refuses_the_peer(lab, case, other, side, control)
	require(stood >= {row.to for row in rows} - {"draft", "abandoned"}, "from every status", stood)
