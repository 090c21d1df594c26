"""Programs that follow the events: their place is kept, and none misses one because it was away."""
import time

from lab import require


def _events(answer):
	require(answer.status == 0, "it is told", answer.err)
	return [event for event in answer.documents() if "comityseq" in event]


def _numbers(events):
	return [int(event["comityseq"]) for event in events]


def a_consumer_misses_nothing_while_it_is_away(lab):
	freedonia, sylvania = lab.pair()
	added = freedonia.comity("event", "consumer", "add", "cms1")
	require(added["schema"] == "comity.consumer/1" and int(added["seq"]) > 0 and int(added.get("lag", 0)) == 0, "it begins now", added)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	freedonia.restart()
	heard = _events(freedonia.run("--json", "watch", "--consumer", "cms1", "--no-follow"))
	require(_numbers(heard)[0] == int(added["seq"]) + 1, "from where it was, over a restart", _numbers(heard)[:3], added)
	require(any(event["data"].get("request") == ref for event in heard), "what happened meanwhile", heard)
	again = _events(freedonia.run("--json", "watch", "--consumer", "cms1", "--no-follow"))
	require(_numbers(again)[:len(heard)] == _numbers(heard), "what was not acknowledged is told again")
	acknowledged = freedonia.comity("event", "consumer", "ack", "cms1", heard[1]["id"])
	require(int(acknowledged["seq"]) == int(heard[1]["comityseq"]), "by the id of an event", acknowledged)
	rest = _events(freedonia.run("--json", "watch", "--consumer", "cms1", "--no-follow"))
	require(_numbers(rest)[0] == int(heard[2]["comityseq"]), "it goes on behind that one", _numbers(rest)[:3])


def what_is_printed_with_auto_ack_is_dealt_with(lab):
	freedonia, sylvania = lab.pair()
	freedonia.comity("event", "consumer", "add", "audit-feed", "--from-event=0")
	first = _events(freedonia.run("--json", "watch", "--consumer", "audit-feed", "--auto-ack", "--no-follow"))
	require(_numbers(first)[0] == 1, "from the beginning, for that was said", _numbers(first)[:3])
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	second = _events(freedonia.run("--json", "watch", "--consumer", "audit-feed", "--auto-ack", "--no-follow"))
	require(_numbers(second)[0] == _numbers(first)[-1] + 1, "then what came since, and nothing twice", _numbers(second)[:3])
	listed = freedonia.comity("event", "consumer", "list")
	one = listed["data"][0]
	require(one["name"] == "audit-feed" and int(one["seq"]) >= _numbers(second)[-1], "its place is shown", listed)
	metrics = freedonia.run("metrics").out
	require('comity_consumer_lag_events{consumer="audit-feed"} ' in metrics and "comity_consumer_last_ack_timestamp_seconds" in metrics,
		"its lag is a metric", metrics[-2000:])
	acts = freedonia.run("--json", "audit", "list").out
	require("consumer_add" in acts and '"consumer_acknowledge","subject":"audit-feed","result":"ok"' not in acts, "who added it is noted, not each step of it", acts[-2000:])
	table = freedonia.run("event", "consumer", "list")
	require("audit-feed" in table.out and "ok" in table.out, "to people too", table.out)


def events_are_listed_and_bad_places_refused(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	listed = _events(freedonia.run("--json", "event", "list"))
	require(_numbers(listed) == list(range(1, len(listed) + 1)), "all that is kept", _numbers(listed)[:5])
	of_one = _events(freedonia.run("--json", "event", "list", "--ref", ref))
	require(of_one and all(event["data"]["request"] == ref for event in of_one), "or of one request", of_one)
	require(_numbers(_events(freedonia.run("--json", "event", "list", "--since", "3")))[0] == 4, "or since one")
	freedonia.refused("usage", "event", "consumer", "add", "Not A Name")
	freedonia.refused("usage", "event", "consumer", "add", "cms1", "--from-event=999999")
	freedonia.refused("usage", "event", "consumer", "add", "cms1", "--from-event=yesterday")
	freedonia.refused("not-found", "event", "consumer", "ack", "cms1", "1")
	freedonia.refused("not-found", "watch", "--consumer", "cms1", "--no-follow")
	require("data" not in freedonia.comity("event", "consumer", "list"), "nothing of that left a consumer")
	freedonia.comity("event", "consumer", "add", "cms1", "--from-event=3")
	freedonia.refused("exists", "event", "consumer", "add", "cms1")
	freedonia.refused("usage", "event", "consumer", "ack", "cms1", "2")
	freedonia.refused("another-epoch", "event", "consumer", "ack", "cms1", "9/4")
	freedonia.refused("usage", "watch", "--consumer", "cms1", "--since=1", "--no-follow")
	freedonia.refused("usage", "watch", "--auto-ack", "--no-follow")
	require(int(freedonia.comity("event", "consumer", "list")["data"][0]["seq"]) == 3, "its place is where it was")
	freedonia.comity("event", "consumer", "remove", "cms1")
	freedonia.refused("not-found", "event", "consumer", "remove", "cms1")


def old_events_wait_for_a_consumer(lab):
	freedonia, _ = lab.pair(settings={"retention": {"events": "1s"}})
	freedonia.comity("event", "consumer", "add", "slow", "--from-event=0")
	time.sleep(2)		# until they are older than the policy keeps them
	freedonia.comity("store", "purge")
	require(_numbers(_events(freedonia.run("--json", "event", "list")))[0] == 1, "nothing is forgotten that it needs")
	freedonia.comity("event", "consumer", "remove", "slow")
	freedonia.comity("store", "purge")
	left = _numbers(_events(freedonia.run("--json", "event", "list")))
	require(left[0] > 1, "then it goes", left[:3])
