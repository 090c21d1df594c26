"""Fair among peers: no one of them, however fast, slow, dead or full, takes from another."""
import datetime

from lab import require


def _moment(one, kind, **data):
	"""When the first event of this kind and with these data happened, in seconds; None: not yet."""
	for event in list(one.events):
		if event["type"] == kind and all(event.get("data", {}).get(key) == value for key, value in data.items()):
			return datetime.datetime.fromisoformat(event["time"]).timestamp()
	return None


def _queue(one):
	"""What waits there."""
	answer = one.run("--json", "queue", "list")
	require(answer.status == 0, f"{one.name}: queue list", answer.err)
	return answer.documents()


def _takes_its_time(lab, giving, asking):
	freedonia, sylvania = lab.authority("xf-ca", settings=giving), lab.authority("xs-ca", settings=asking)
	lab.befriend(freedonia, sylvania)
	size = 8 << 20
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", size))
	arrived = lab.eventually(lambda: _moment(sylvania, "comity.inbox.arrived.v1"), "the letter arrives")
	whole = lab.eventually(lambda: _moment(sylvania, "comity.attachment.complete.v1", bytes_total=str(size)),
		"its exhibit too", 90)
	require(whole - arrived >= 1.5, "8 MiB at 4 MiB a second take their time", whole - arrived)
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "and are receipted")


def no_more_is_given_than_the_bandwidth_allows(lab):
	_takes_its_time(lab, {"limits": {"bandwidth_per_peer": "4 MiB"}}, {})


def no_more_is_asked_for_than_the_bandwidth_allows(lab):
	_takes_its_time(lab, {}, {"limits": {"bandwidth_per_peer": "4 MiB"}})


def messages_pass_while_an_exhibit_waits_for_bandwidth(lab):
	freedonia, sylvania = lab.pair(settings={"limits": {"bandwidth_per_peer": "64 KiB"}})	# minutes for the exhibit
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 16 << 20))
	lab.eventually(lambda: sylvania.has(ref), "the letter arrives")
	for speaker, hearer in ((freedonia, sylvania), (sylvania, freedonia)):
		if speaker is sylvania:
			speaker.comity("acknowledge", ref, "--reference", "MLA-XS-26-1877", "--officer", "C. Moor", "--phone",
				"+999-02-555-0131")
		said = speaker.say(ref, "and one more thing\n")["message_id"]
		lab.eventually(lambda: any(said in str(one) for one in hearer.messages(ref)), "a message arrives")
		lab.eventually(lambda: not [item for item in _queue(speaker) if item["kind"] != "attach"],
			"and is receipted")
	require(not sylvania.is_whole(ref, 3), "while the exhibit is on its way")


def _waiting(one):
	"""The attachments that wait for room."""
	return [item for item in _queue(one) if item.get("reason_code") == "quota"]


def at_the_quota_attachments_wait_and_messages_go_on(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", settings={"limits": {"peer_quota": "4 MiB"}})
	lab.befriend(freedonia, sylvania)
	first = freedonia.send(sylvania, lab.file("one.bin", 3 << 20))
	lab.eventually(lambda: sylvania.has(first) and sylvania.is_whole(first, 3), "what fits arrives")
	second = freedonia.send(sylvania, lab.file("two.bin", 3 << 20), lab.file("small.bin", 1000))
	lab.eventually(lambda: _waiting(sylvania), "what does not fit waits, and says why")
	lab.eventually(lambda: len([one for one in sylvania.attachments(second) if one["presence"] == "HERE"]) == 3,
		"what is smaller comes in its place")
	require([item["size"] for item in _waiting(sylvania)] == [str(3 << 20)], "only the large one waits", _waiting(sylvania))
	freedonia.say(second, "did you get it?\n")
	lab.eventually(lambda: not _queue(freedonia), "messages go on")
	sylvania.restart()
	lab.eventually(lambda: sylvania.is_up(freedonia), "the line is up again")
	require(_waiting(sylvania) and not sylvania.is_whole(second, 4), "the count survives a sudden death")
	sylvania.stop()
	sylvania.configure({"limits": {"peer_quota": "8 MiB"}})
	sylvania.start()
	lab.eventually(lambda: sylvania.is_whole(second, 4), "it comes when there is more room")
	lab.eventually(lambda: freedonia.request(second)["transport"] == "COMPLETE", "and is receipted")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def a_purge_makes_room_for_what_waits(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", settings={"limits": {"peer_quota": "4 MiB"}, "retention": {"closed_cases": "1s"}})
	lab.befriend(freedonia, sylvania)
	first = freedonia.send(sylvania, lab.file("one.bin", 3 << 20))
	lab.eventually(lambda: sylvania.has(first) and sylvania.is_whole(first, 3), "what fits arrives")
	second = freedonia.send(sylvania, lab.file("two.bin", 3 << 20))
	lab.eventually(lambda: _waiting(sylvania), "what does not fit waits")
	sylvania.admit(first)
	lab.eventually(lambda: freedonia.status(first) == "ACCEPTED", "the first is accepted")
	freedonia.comity("request", "withdraw", first, "--reason", "no longer needed, the thing is settled")
	lab.eventually(lambda: sylvania.status(first) == "WITHDRAWN", "and withdrawn")
	lab.eventually(lambda: int(sylvania.comity("store", "purge").get("cases", 0)) == 1, "its time comes")
	lab.eventually(lambda: sylvania.is_whole(second, 3), "and the second comes by itself", 60)
