"""Time in a case: what is owed and overdue is told on both sides, reminders go by themselves, enquiries are answered where
the authority allows it.  A daemon looks when it starts, and every hour."""
import json

from lab import require

LONG_AGO = "2026-01-31"
FAR_AWAY = "2099-12-31"


REMIND = {"requests": {"remind_every": "7d"}}


def _under_review(lab, **options):
	freedonia, sylvania = lab.pair(**options)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "it is there")
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	sylvania.comity("request", "set-status", ref, "under-review")
	lab.eventually(lambda: freedonia.status(ref) == "UNDER_REVIEW", "it is being looked at")
	return freedonia, sylvania, ref


def _told(one, kind):
	return [event for event in one.events if event["type"] == f"comity.request.{kind}.v1"]


def _reminders(one, ref, by, of=None):
	"""Of that message; the sample's own deadline is long past as well."""
	return [message for message in one.messages(ref) if message["state"]["from"] == by and "reminder" in message["state"].get("acts", [])
		and (not of or message["message"].get("in_reply_to_id") == of)]


def _dues(one, ref):
	return {due["kind"]: due for due in one.comity("request", "show", ref)["request"].get("dues", [])}


def _look_again(lab, one, ref):
	"""It starts, and looks; what it says then is written behind that, and told behind all that was told of it."""
	one.restart()
	said = one.say(ref, "By the way.\n", "--kind", "general-correspondence")["message_id"]
	lab.eventually(lambda: any(event["data"].get("message_id") == said for event in one.events), "it has looked")


def what_is_overdue_is_told_and_the_other_side_reminded(lab):
	freedonia, sylvania, ref = _under_review(lab, settings=REMIND)
	sylvania.comity("request", "set-status", ref, "info-requested", "--question", "Which branch?", "--until", LONG_AGO)
	lab.eventually(lambda: freedonia.status(ref) == "INFO_REQUESTED", "they ask")
	require(_dues(freedonia, ref)["INFORMATION"]["side"] == "REQUESTING", "we owe it", _dues(freedonia, ref))
	require(_dues(freedonia, ref) == _dues(sylvania, ref), "both know the same", _dues(freedonia, ref), _dues(sylvania, ref))
	sylvania.restart()
	lab.eventually(lambda: [event for event in _told(sylvania, "deadline") if event["data"]["reason"] == "information"], "it is told there")
	lab.eventually(lambda: _reminders(freedonia, ref, "xs-ca"), "and we are reminded")
	freedonia.restart()
	mine = lab.eventually(lambda: [event for event in _told(freedonia, "deadline") if event["data"]["reason"] == "information"], "and here")
	require("owed by we" not in mine[0]["data"]["text"] and "owed by us" in mine[0]["data"]["text"], "by whom is said", mine)
	require([row["our_reference"] for row in freedonia.comity("request", "list", "--overdue")["data"]] == [ref], "it can be looked for")
	for one in (freedonia, sylvania):
		before = len(_told(one, "deadline"))
		_look_again(lab, one, ref)
		require(len(_told(one, "deadline")) == before, "once is enough", _told(one, "deadline"))
	require(len(_reminders(freedonia, ref, "xs-ca")) == 1, "one reminder, until the next is due")
	freedonia.comity("message", "send", ref, "--kind", "additional-info", "--answer", "1=The one in the harbour", "--text", "-", text="Below.")
	lab.eventually(lambda: sylvania.status(ref) == "UNDER_REVIEW", "they go on")
	for one in (freedonia, sylvania):
		require("INFORMATION" not in _dues(one, ref), "nothing is owed of it any more", _dues(one, ref))


def what_is_due_in_time_is_told_before_and_nobody_is_reminded(lab):
	freedonia, sylvania, ref = _under_review(lab, settings={"warn": {"deadline": "40000d"}, **REMIND})
	said = freedonia.comity("message", "send", ref, "--kind", "status-enquiry", "--needs-answer-by", FAR_AWAY, "--text", "-", text="How far?")
	lab.eventually(lambda: "STATUS" in _dues(sylvania, ref), "it came")
	freedonia.restart()
	lab.eventually(lambda: [event for event in _told(freedonia, "deadline") if event["data"]["text"].startswith("due in")], "told before")
	require(not _reminders(freedonia, ref, "xf-ca", said["message_id"]), "it is not due yet")
	require(freedonia.comity("request", "list", "--due-within", "40000d")["data"], "it can be looked for")
	sylvania.comity("message", "send", ref, "--kind", "status-update", "--text", "-", text="It is being read.")
	lab.eventually(lambda: "STATUS" not in _dues(freedonia, ref), "answered")


def silence_is_told_once_where_the_other_side_is_waited_for(lab):
	freedonia, sylvania, ref = _under_review(lab, settings={"warn": {"silence": "1ms"}, **REMIND})
	freedonia.restart()
	lab.eventually(lambda: _told(freedonia, "silent"), "nothing was heard")
	lab.eventually(lambda: _reminders(sylvania, ref, "xf-ca"), "our own reminder, of the sample's deadline, breaks no silence")
	_look_again(lab, freedonia, ref)
	require(len(_told(freedonia, "silent")) == 1, "told once", _told(freedonia, "silent"))
	_look_again(lab, sylvania, ref)
	require(not _told(sylvania, "silent"), "who is waited for tells nothing", _told(sylvania, "silent"))


def an_enquiry_is_answered_from_the_record_where_that_is_allowed(lab):
	freedonia, sylvania, ref = _under_review(lab, settings={"requests": {"answer_enquiries": True}})
	said = freedonia.comity("message", "send", ref, "--kind", "status-enquiry", "--text", "-", text="How far?")
	answer = lab.eventually(lambda: [message for message in freedonia.messages(ref) if message["state"]["from"] == "xs-ca"
		and "status-update" in message["state"].get("acts", []) and message["message"].get("in_reply_to_id") == said["message_id"]], "it is answered")
	update = answer[0]["message"]["acts"][0]["status_update"]
	require(update["answers_message_id"] == said["message_id"] and update["measures"], "with what is known of each measure", update)
	require(freedonia.status(ref) == sylvania.status(ref) == "UNDER_REVIEW", "and nothing is changed by it")
	sylvania.restart()
	freedonia.comity("peer", "ping", sylvania.name)
	require(len([message for message in freedonia.messages(ref) if "status-update" in message["state"].get("acts", [])]) == 2, "once")


def a_reminder_that_cannot_be_sent_was_none(lab):
	freedonia, sylvania, ref = _under_review(lab, settings=REMIND)
	freedonia.comity("peer", "block", "xs-ca", "--reason", "a test")
	freedonia.restart()
	lab.eventually(lambda: _told(freedonia, "deadline"), "it is told here")
	require("reminders" not in _dues(freedonia, ref)["ANSWER"], "but nobody was reminded", _dues(freedonia, ref))
	freedonia.comity("peer", "unblock", "xs-ca")
	freedonia.restart()
	lab.eventually(lambda: _reminders(sylvania, ref, "xf-ca"), "with the next look it goes")
	require(_dues(freedonia, ref)["ANSWER"]["reminders"] == 1, "and counts", _dues(freedonia, ref))


def a_day_that_is_past_is_pointed_out_before_it_is_sent(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.draft(sylvania)
	for by, is_past in (("2020-02-28", True), ("2999-02-28", False), ("2020-02-28T10:00:00+01:00", True)):
		document = freedonia.request(ref)["document"]
		document["urgency"]["deadlines"] = [{"by": by, "reason": "the trial"}]
		freedonia.comity("request", "edit", ref, "--from", lab.file("edited.json", json.dumps(document).encode()))
		told = [one for one in freedonia.comity("request", "validate", ref).get("problems", []) if one["code"] == "deadline-past"]
		require([(one["severity"], one["path"]) for one in told] == [("warn", "request.urgency.deadlines[0].by")] * is_past, by, told)
	freedonia.comity("request", "send", ref, "--officer", "B. Sandglass")	# it is for an officer to weigh
