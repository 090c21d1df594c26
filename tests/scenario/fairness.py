"""Fair among peers: no one of them, however fast, slow, dead or full, takes from another."""
import datetime
import signal
import threading

from lab import require, slow
from nasty import nasties

MEMORY_MAX_MIB = 64
NASTY, HALVES = 10, 3		# so many hold a frame back; for so many there is memory at once
NASTY_MAX_MIB = 16


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
			speaker.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1877", "--officer", "C. Moor", "--phone",
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
	lab.eventually(lambda: [(item["kind"], item["reason_code"]) for item in _queue(freedonia)] == [("attach", "quota")],
		"messages go on, and what the other side does not take is told")
	sylvania.restart()
	lab.eventually(lambda: sylvania.is_up(freedonia), "the line is up again")
	require(_waiting(sylvania) and not sylvania.is_whole(second, 4), "the count survives a sudden death")
	sylvania.stop()
	sylvania.configure({"limits": {"peer_quota": "8 MiB"}})
	sylvania.start()
	lab.eventually(lambda: sylvania.is_whole(second, 4), "it comes when there is more room")
	lab.eventually(lambda: freedonia.request(second)["transport"] == "COMPLETE", "and is receipted")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def the_sender_sees_why_its_attachment_waits_and_that_it_goes_on(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", settings={"limits": {"peer_quota": "1 MiB"}})
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania, lab.file("large.bin", 3 << 20))
	waiting = lambda: [one for one in freedonia.attachments(ref) if one.get("waits_reason") == "quota"]
	lab.eventually(lambda: waiting(), "the sender is told")
	require([one["attachment"]["size"] for one in waiting()] == [str(3 << 20)], "of that one alone", waiting())
	require("no room for it yet" in freedonia.run("attach", "list", ref).out, "in words")
	require(any(one.get("waits_reason") for one in freedonia.request(ref)["attachments"]), "with the request too")
	queued = freedonia.run("--json", "queue", "list").documents()
	require([(one["peer"], one["kind"], one["queue_state"], one["reason_code"], one["size"]) for one in queued] ==
		[("xs-ca", "attach", "waiting", "quota", str(3 << 20))], "the queue has it", queued)
	shown = freedonia.run("queue", "show", queued[0]["message"]).out
	require("quota: the other side has no room for it yet" in shown, "and says why", shown)
	freedonia.restart()
	lab.eventually(lambda: waiting(), "it is told anew on the next line")
	sylvania.stop()
	sylvania.configure({"limits": {"peer_quota": "8 MiB"}})
	sylvania.start()
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "it comes when there is room")
	require(not waiting(), "and waits no more", waiting())
	require(not freedonia.run("--json", "queue", "list").documents(), "nor in the queue")


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


def _told(one, kind):
	return [event for event in list(one.events) if event["type"] == f"comity.peer.{kind}.v1"]


def over_its_message_quota_a_peer_tries_later_and_no_other_waits(lab):
	freedonia = lab.authority("xf-ca", settings={"limits": {"peer_messages": "6"}})
	sylvania, moria = lab.authority("xs-ca"), lab.authority("xm-ca")
	for other in (sylvania, moria):
		lab.befriend(freedonia, other)
	calm, flooded = freedonia.send(moria), sylvania.send(freedonia, document=lab.example("flood.yaml", swapped=True))
	lab.eventually(lambda: moria.has(calm) and freedonia.has(flooded), "both have their case")
	said = 0
	while sylvania.link(freedonia).get("reason") != "remote-quota":
		require(said < 60, "the flood is told to try later", sylvania.link(freedonia))
		sylvania.say(flooded, f"flood {said}\n")
		said += 1
	lab.eventually(lambda: {item.get("reason_code") for item in _queue(sylvania)} == {"remote-quota"}, "its queue says why")
	lab.eventually(lambda: _told(freedonia, "over-quota"), "and there is an event here")
	view = freedonia.comity("peer", "show", "xs-ca")
	require(int(view["messages_today"]) >= int(view["messages_quota"]) == 6 and view["over_quota_since"], "it is shown", view)
	require("told to try later" in freedonia.run("peer", "show", "xs-ca").out, "and in words")
	for number in range(3):
		moria.say(calm, f"a word of ours, {number}\n")
		lab.eventually(lambda: not _queue(moria), "what the other says is receipted")
	freedonia.say(flooded, "and what we say arrives there\n")
	lab.eventually(lambda: "and what we say arrives there" in str(sylvania.messages(flooded)), "ours goes on", 60)
	require(_queue(sylvania) and len(_told(freedonia, "over-quota")) == 1, "it is told once", _told(freedonia, "over-quota"))
	freedonia.restart()
	require(freedonia.comity("peer", "show", "xs-ca")["messages_today"] == view["messages_today"], "the count survives a death")
	freedonia.stop()
	freedonia.configure({"limits": {"peer_messages": "100"}})
	freedonia.start()
	lab.eventually(lambda: not _queue(sylvania) and not _queue(freedonia), "all arrives when it may", 60)
	require(int(freedonia.comity("peer", "show", "xs-ca")["messages_today"]) == said + 1, "each is counted once", said)
	require(_told(freedonia, "in-quota"), "and the end of it is told")


def _memory_mib(one):
	with open(f"/proc/{one.daemon.pid}/status") as file:
		return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) / 1024


def _is_sanitized(lab):
	with open(lab.comityd, "rb") as file:
		return b"__asan_init" in file.read()


class _Flood(threading.Thread):
	"""One that says as much as it can until it is told to stop, each thing in a process of its own."""

	def __init__(self, one, ref):
		super().__init__(daemon=True)
		self.one, self.ref, self.said, self.is_over = one, ref, 0, False
		self.start()

	def run(self):
		while not self.is_over:
			self.one.say(self.ref, "flood " * 10000)
			self.said += 1

	def end(self):
		self.is_over = True
		self.join(60)


@slow
def one_floods_one_is_stopped_and_a_third_is_heard(lab):
	freedonia = lab.authority("xf-ca")
	sylvania, moria = lab.authority("xs-ca"), lab.authority("xm-ca")
	thule = lab.authority("xt-ca", settings={"limits": {"bandwidth_per_peer": "4 MiB"}})	# so that there is a middle
	for other in (sylvania, moria, thule):
		lab.befriend(freedonia, other)
	calm = freedonia.send(moria)
	lab.eventually(lambda: moria.has(calm) and freedonia.request(calm)["transport"] == "COMPLETE", "the third has its case")
	exhibit = lab.file("exhibit.bin", 64 << 20)
	stopped = freedonia.send(thule, exhibit)
	lab.eventually(lambda: thule.has(stopped), "the letter arrives at the second")
	thule.daemon.send_signal(signal.SIGSTOP)
	require(freedonia.request(stopped)["transport"] != "COMPLETE", "which is stopped while its exhibit is on its way")
	flooded = sylvania.send(freedonia, lab.file("flood.bin", 192 << 20), document=lab.example("flood.yaml", swapped=True))
	lab.eventually(lambda: freedonia.has(flooded), "the flood begins")
	floods = [_Flood(sylvania, flooded) for _ in range(3)]
	most = 0
	try:
		for _ in range(5):
			said = moria.say(calm, "and a word of ours\n")["message_id"]
			lab.eventually(lambda: not _queue(moria), "what the third says is receipted")
			require(any(said in str(one) for one in freedonia.messages(calm)), "and is there")
			most = max(most, _memory_mib(freedonia))
	finally:
		for flood in floods:
			flood.end()
		thule.daemon.send_signal(signal.SIGCONT)
	require(all(flood.said for flood in floods), "it was a flood", [flood.said for flood in floods])
	require(_is_sanitized(lab) or most < MEMORY_MAX_MIB, f"memory stays below {MEMORY_MAX_MIB} MiB", most)
	lab.eventually(lambda: thule.is_whole(stopped, 3), "who was stopped goes on", 120)
	lab.eventually(lambda: freedonia.is_whole(flooded, 3), "and what flooded arrives whole", 120)


def half_said_frames_wait_for_memory_and_an_honest_one_is_served(lab):
	freedonia = lab.authority("xf-ca", settings={"line": {"ping_interval": "1s", "dead_after": "4s"}})
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = sylvania.send(freedonia, document=lab.example("flood.yaml", swapped=True))
	lab.eventually(lambda: freedonia.has(ref), "the honest one has its case")
	others = nasties(lab, freedonia, [f"xn-{number:02}" for number in range(NASTY)])
	for other in others:
		other.connect().greet()
	before = _memory_mib(freedonia)
	for other in others:
		other.half_a_frame()
		other.drip()
	for word in ("a small one", "a large one " * 5000):
		said = sylvania.say(ref, word)["message_id"]
		lab.eventually(lambda: not _queue(sylvania), "what the honest one says is receipted", 60)
		require(said in str(freedonia.messages(ref)), "and is there")
	most = _memory_mib(freedonia) - before
	require(_is_sanitized(lab) or most < NASTY_MAX_MIB, f"all that is half said takes less than {NASTY_MAX_MIB} MiB", most)
	lab.eventually(lambda: sum(other.is_cut.is_set() for other in others) >= HALVES, "who holds others up is given up", 60)
	for other in others:
		other.is_cut.set()
