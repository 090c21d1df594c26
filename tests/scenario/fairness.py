"""Fair among peers: no one of them, however fast, slow, dead or full, takes from another."""
import datetime

from lab import require


def _moment(one, kind, **data):
	"""When the first event of this kind and with these data happened, in seconds; None: not yet."""
	for event in list(one.events):
		if event["type"] == kind and all(event.get("data", {}).get(key) == value for key, value in data.items()):
			return datetime.datetime.fromisoformat(event["time"]).timestamp()
	return None


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
		lab.eventually(lambda: not [item for item in speaker.comity("queue", "list").get("data", []) if item["kind"] != "attach"],
			"and is receipted")
	require(not sylvania.is_whole(ref, 3), "while the exhibit is on its way")
