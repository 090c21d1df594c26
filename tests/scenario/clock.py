"""A clock that is wrong by months, within the certificates' lives: nothing is destroyed by its word."""
from faketime import Clock
from lab import require

DAY = 86400


def _is_in_doubt(one):
	return "clock_doubt" in one.comity("status")


def _oldest_is_kept(one):
	return one.run("--json", "watch", "--since=0", "--no-follow").status == 0


def a_clock_months_ahead_destroys_nothing_until_a_human_believes_it(lab):
	freedonia = lab.authority("xf-ca", start=False, settings={"retention": {"events": "30d"}})
	sylvania = lab.authority("xs-ca")
	clock = Clock(freedonia)
	freedonia.start()
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	freedonia.stop()
	clock.set(60 * DAY)
	freedonia.start()	# a round is due with every start
	require(_is_in_doubt(freedonia), "the clock is in doubt")
	error = freedonia.refused("clock-in-doubt", "store", "purge")
	require("by what was believed before" in error["message"], "and why", error)
	require("clock confirm" in str(error["hints"]), "and what to do", error)
	lab.eventually(lambda: freedonia.is_up(sylvania), "lines are opened all the same")
	freedonia.say(ref, "said by a wrong clock")
	lab.eventually(lambda: any(one["type"] == "comity.clock.doubted.v1" for one in freedonia.events), "there is an event of it")
	shown = freedonia.run("status")
	require("CLOCK     in doubt" in shown.out, "status tells it", shown.out)
	freedonia.restart()
	require(_is_in_doubt(freedonia) and _oldest_is_kept(freedonia), "no restart ends the doubt, and every event is kept")
	told = freedonia.comity("clock", "confirm")
	require("believed again" in told["text"], "a human ends it", told)
	require(not _is_in_doubt(freedonia), "it is believed")
	lab.eventually(lambda: not _oldest_is_kept(freedonia), "and what is old by it goes")
	require(not _is_in_doubt(freedonia), "for good")
	freedonia.restart()
	require(not _is_in_doubt(freedonia), "also after a restart")
	clock.set(500 * DAY)
	freedonia.restart()
	lab.eventually(lambda: "our own clock is in doubt" in str(freedonia.comity("peer", "show", "xs-ca").get("peer")),
		"who looks for a fault in a certificate is told where else to look")


def a_clock_that_is_set_right_again_is_believed(lab):
	freedonia = lab.authority("xf-ca", start=False)
	clock = Clock(freedonia)
	freedonia.start()
	clock.set(-60 * DAY)
	lab.eventually(lambda: _is_in_doubt(freedonia), "a running daemon notices")
	clock.set(0)
	lab.eventually(lambda: not _is_in_doubt(freedonia), "and notices the end of it")
	lab.eventually(lambda: freedonia.events and freedonia.events[-1]["type"] == "comity.clock.believed.v1", "with an event")
