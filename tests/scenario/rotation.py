"""Cards and keys change under traffic, and nobody notices."""
import os
import threading
from datetime import datetime

from faketime import Clock
from lab import require, slow


def _held(here, there):
	"""The serial of the card of `there` that `here` holds."""
	return here.comity("peer", "show", there.name)["peer"]["card_serial"]


def _serial(one):
	return one.comity("card", "export")["serial"]


def _move(one, *endpoints):
	"""Another endpoint in the configuration, and so on the card."""
	one.settings = dict(one.settings, endpoints=[one.endpoint, *endpoints])
	one.configure(one.settings)
	one.stop()
	one.start()


def a_new_card_reaches_the_peers_over_the_line(lab):
	freedonia, sylvania = lab.pair()
	before = _serial(freedonia)
	_move(freedonia, "mla.xf.example:7443")
	lab.eventually(lambda: _held(sylvania, freedonia) == before + 1, "Sylvania holds the new card")
	require("mla.xf.example:7443" in sylvania.comity("peer", "show", "xf-ca")["peer"]["endpoints"], "with what is new in it")
	lab.eventually(lambda: any(event["type"] == "comity.peer.renewed.v1" for event in sylvania.events), "and says so")
	require(_serial(freedonia) == before + 1, "the same card is given to the letter from then on")


def who_was_away_gets_the_newest_card_at_once(lab):
	freedonia, sylvania = lab.pair()
	before = _serial(freedonia)
	sylvania.stop()
	_move(freedonia, "one.xf.example:7443")
	_move(freedonia, "two.xf.example:7443")
	sylvania.start()
	lab.eventually(lambda: _held(sylvania, freedonia) == before + 2, "Sylvania holds the newest card")


def a_card_from_after_our_backup_is_surpassed(lab):
	freedonia, sylvania = lab.pair()
	before = _serial(freedonia)
	yesterday = freedonia.copy("yesterday")
	_move(freedonia, "one.xf.example:7443")
	lab.eventually(lambda: _held(sylvania, freedonia) == before + 1, "Sylvania holds the new card")
	freedonia.put_back(yesterday)
	freedonia.start()
	lab.eventually(lambda: _held(sylvania, freedonia) == before + 2, "the old one comes back under a newer serial")
	require("one.xf.example:7443" not in sylvania.comity("peer", "show", "xf-ca")["peer"]["endpoints"], "and says what it says")


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

def a_newer_card_with_an_older_list_is_refused(lab):
	freedonia, sylvania = lab.pair()
	lists = freedonia.path("keys", "delegation.crl")
	with open(lists, "rb") as file:
		older = file.read()
	freedonia.comity("cert", "revoke", "sealing", "--reason", "superseded")
	lab.eventually(lambda: _held(sylvania, freedonia) == _serial(freedonia), "the list is at Sylvania's")
	held = _held(sylvania, freedonia)
	freedonia.stop()
	with open(lists, "wb") as file:		# as an old backup has it
		file.write(older)
	freedonia.start()
	_move(freedonia, "later.example:7443")
	lab.eventually(lambda: any(event["type"] == "comity.peer.card-refused.v1" and event["data"]["reason"] == "revocation-list-older"
		for event in sylvania.events), "the next card is refused, and that is told")
	require(_serial(freedonia) > held == _held(sylvania, freedonia), "nothing of it is taken")
	seen = sylvania.comity("peer", "show", "xf-ca")["peer"]
	require(seen["card_refused"] == "revocation-list-older" and "later.example:7443" not in seen["endpoints"], "it is shown", seen)
	lab.eventually(lambda: "it does not take our card: revocation-list-older" in freedonia.log(), "Freedonia is told why")
	card = os.path.join(lab.directory, "later.card")
	freedonia.comity("card", "export", "-o", card)
	sylvania.refused("revocation-list-older", "peer", "add", card)


def _status(one):
	return one.comity("cert", "switched")


def _serials(one):
	return {each["role"]: each["serial"] for each in _status(one)["certificates"]}


def _has_switched(one):
	"""Everybody has heard, and lines use the newest channel key."""
	status = _status(one)
	return not status.get("old_in_use") and all(each.get("serving", True) for each in status["certificates"])


def a_new_channel_key_is_announced_and_then_used(lab):
	freedonia, sylvania = lab.pair()
	before = _serials(freedonia)
	freedonia.comity("cert", "rotate")
	lab.eventually(lambda: _has_switched(freedonia), "Freedonia's lines use the new key")
	after = _serials(freedonia)
	require([role for role in after if after[role] != before[role]] == ["channel"], "only the channel certificate is new", before, after)
	lab.eventually(lambda: "line-renewed" in sylvania.log(), "the line begins anew")
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "and is up")
	require(not any(name.endswith(".key") and not name.startswith("sealing") for _, _, names in os.walk(freedonia.path("keys.old"))
		for name in names), "the old keys are gone")


def what_is_signed_with_a_new_key_is_taken(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	for one, other in ((freedonia, sylvania), (sylvania, freedonia)):
		one.comity("cert", "rotate", "all")
		lab.eventually(lambda: _has_switched(one), f"{other.name} has heard")
		one.say(ref, f"signed anew by {one.name}")
		lab.eventually(lambda: len(other.messages(ref)) == len(one.messages(ref)), "the message arrives")


def who_was_away_for_the_whole_overlap_recovers(lab):
	freedonia, sylvania = lab.pair(settings={"keys": {"overlap": "1s"}})
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.stop()
	for role in ("delegation", "all", "all"):
		freedonia.comity("cert", "rotate", role)
		lab.eventually(lambda: all(each.get("serving", True) for each in _status(freedonia)["certificates"]),
			"the overlap is over: the new keys are used, though Sylvania has not heard of them")
		freedonia.say(ref, f"signed after {role}")
	sylvania.start()
	lab.eventually(lambda: len(sylvania.messages(ref)) == 4, "everything arrives, signed with keys that Sylvania never heard of")
	lab.eventually(lambda: _held(sylvania, freedonia) == _serial(freedonia), "and the newest card")
	sylvania.say(ref, "welcome back")
	lab.eventually(lambda: len(freedonia.messages(ref)) == 5, "both ways")


class _Talker(threading.Thread):
	"""Says one thing after the other, and remembers what it said."""

	def __init__(self, one, ref):
		super().__init__(daemon=True)
		self.one, self.ref, self.said, self.fault, self.leaving = one, ref, [], None, False
		self.start()

	def run(self):
		try:
			while not self.leaving:
				text = f"{self.one.name} says {len(self.said)}"
				self.one.say(self.ref, text)
				self.said.append(text)
		except Exception as fault:
			self.fault = fault

	def leave(self):
		self.leaving = True
		self.join(60)
		if self.fault:
			raise self.fault


def _heard(one, sender, ref):
	return [each["message"]["text"] for each in one.messages(ref)
		if each["state"]["from"] == sender.name and each["message"].get("text", "").startswith(sender.name)]


def _longest_gap(one):
	times = sorted(datetime.fromisoformat(event["time"].replace("Z", "+00:00")) for event in one.events
		if event["type"] == "comity.inbox.arrived.v1")
	return max((later - sooner).total_seconds() for sooner, later in zip(times, times[1:]))


@slow
def every_key_of_both_sides_rotates_under_full_traffic(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	first = {one: _serials(one) for one in (freedonia, sylvania)}
	talkers = [_Talker(freedonia, ref), _Talker(sylvania, ref)]
	for role in 3 * ("channel", "signing", "sealing", "delegation"):
		for one in (freedonia, sylvania):
			one.comity("cert", "rotate", role)
			lab.eventually(lambda: _has_switched(one), f"everybody has heard of the new {role} key of {one.name}")
	for talker in talkers:
		talker.leave()
	for talker, listener in zip(talkers, (sylvania, freedonia)):
		lab.eventually(lambda: len(_heard(listener, talker.one, ref)) == len(talker.said), "everything arrives")
		require(_heard(listener, talker.one, ref) == talker.said, "once, and in order")
		gap = _longest_gap(listener)
		print(f"# {len(talker.said)} messages to {listener.name}, the longest gap between two {gap:.3f} s")
		require(gap < 5, f"{listener.name} was never cut off for longer than a new line takes", gap)
	for one in (freedonia, sylvania):
		require(all(_serials(one)[role] != serial for role, serial in first[one].items() if role != "identity"), "every key is new")
		require(one.comity("store", "check", "--deep")["ok"], "both chains and every certificate are on record")
	archive = os.path.join(lab.directory, "evidence.tar")
	sylvania.comity("evidence", "export", ref, "-o", archive)
	sylvania.comity("evidence", "verify", archive)


DAY = 86400


def what_is_due_by_the_clock_is_renewed_by_itself(lab):
	freedonia = lab.authority("xf-ca", start=False)
	sylvania = lab.authority("xs-ca", start=False, settings={"keys": {"rotate_at": "90%"}})
	both = (freedonia, sylvania)
	clocks = [Clock(one) for one in both]
	for one in both:
		one.start()
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	before, theirs, card = _serials(freedonia), _serials(sylvania), _serial(freedonia)
	for clock in clocks:
		clock.set(65 * DAY)	# beyond 60 % of 90 days and a tenth of them, and within the life of the certificate
	freedonia.say(ref, "said meanwhile")
	lab.eventually(lambda: all("clock_doubt" in one.comity("status") for one in both), "the clocks are in doubt")
	require(_serials(freedonia) == before, "and nothing is renewed by their word")
	for one in both:
		one.comity("clock", "confirm")
	lab.eventually(lambda: _serials(freedonia)["channel"] != before["channel"], "the channel certificate is renewed by itself")
	entries = [row["entry"] for row in freedonia.comity("audit", "list").get("data", [])]
	by_itself = {entry["act"]: entry for entry in entries if entry["role"] == "daemon"}
	require(by_itself["cert_renew"]["text"] == "channel" and by_itself["clock_doubt"]["result"] == "clock-in-doubt",
		"the audit log has that the daemon did both by itself", by_itself)
	lab.eventually(lambda: freedonia.comity("audit", "list", "--daemon", "--act", "revocations-issue").get("data"), "and the lists that it issued")
	require(any(entry["act"] == "clock_confirm" and entry.get("uid") is not None for entry in entries) and "clock_believe" not in by_itself,
		"and that a human ended the doubt", entries)
	renewed = [role for role, serial in _serials(freedonia).items() if serial != before[role]]
	require(renewed == ["channel"], "and what is not due is not", renewed)
	require(_serials(sylvania) == theirs, "nor is anything where the settings say later")
	lab.eventually(lambda: _held(sylvania, freedonia) > card, "it is announced and acknowledged")
	lab.eventually(lambda: _has_switched(freedonia), "and used")
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up with it")
	freedonia.say(ref, "said with the new key")
	sylvania.say(ref, "and answered")
	for one in both:
		lab.eventually(lambda: len(one.messages(ref)) == 4, "no message is lost")
