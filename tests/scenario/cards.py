"""Cards, one against another."""
import os

from lab import require
from rotation import _has_switched


def _card(lab, one, name):
	path = os.path.join(lab.directory, name)
	one.comity("card", "export", "-o", path)
	return path


def _differs(one, old, new):
	"""The fields that differ, and the notes."""
	answer = one.run("--json", "card", "diff", old, new)
	report = answer.documents()[-1]
	require(answer.status == (1 if report.get("changes") else 0), "the exit status says whether", answer.status, report, answer.err)
	return {change["field"]: (change.get("before"), change.get("after")) for change in report.get("changes", [])}, report.get("notes", [])


def what_a_card_changes_is_shown(lab):
	freedonia = lab.authority("xf-ca")
	first = _card(lab, freedonia, "first.card")
	require(_differs(freedonia, first, first) == ({}, []), "a card is as itself")
	with open(freedonia.path("etc/profile.yaml"), "w") as file:
		file.write("authority: xf-ca\nwebsite: https://xf.example\ncontacts:\n- phone: \"+999-01-1\"\n")
	freedonia.settings = {"endpoints": [freedonia.endpoint, "later.example:7443"]}
	freedonia.configure(freedonia.settings)
	freedonia.stop()
	freedonia.start()
	second = _card(lab, freedonia, "second.card")
	changes, notes = _differs(freedonia, first, second)
	require(set(changes) == {"endpoints", "profile.website", "profile.contacts"} and not notes, "what was written anew differs, and nothing else", changes, notes)
	require(changes["endpoints"] == (freedonia.endpoint, freedonia.endpoint + ", later.example:7443"), "from what, to what", changes)
	require(changes["profile.website"] == (None, '"https://xf.example"') and "+999-01-1" in changes["profile.contacts"][1], "also of the profile", changes)
	shown = freedonia.run("card", "diff", first, second).out
	require("serial 1 -> 2" in shown and "+ " in shown and "later.example:7443" in shown, "people read it", shown)
	require("older than the first" in " ".join(_differs(freedonia, second, first)[1]), "the other way round it goes back")

	freedonia.comity("cert", "revoke", "sealing", "--reason", "superseded")
	third = _card(lab, freedonia, "third.card")
	changes, notes = _differs(freedonia, second, third)
	require({"certificate.sealing", "revocations.delegation"} <= set(changes) and "profile.contacts" not in changes, "certificates, lists", changes)
	require("1 revoked" in changes["revocations.delegation"][1] and "0 revoked" in changes["revocations.delegation"][0], "and how many are on them", changes)
	require(any("what the delegation revoked is older" in one for one in _differs(freedonia, third, second)[1]), "a list that goes back is named")

	freedonia.comity("id", "roll")
	lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	fourth = _card(lab, freedonia, "fourth.card")
	changes, notes = _differs(freedonia, third, fourth)
	require("certificate.identity" in changes and any("for which the old one speaks" in one for one in notes), "an identity that follows", notes)
	impostor = lab.authority("xf-ca", home=lab.directory + "/impostor")
	changes, notes = _differs(freedonia, first, _card(lab, impostor, "impostor.card"))
	require(any("THE IDENTITY IS ANOTHER ONE" in one for one in notes), "and one that does not", notes)


def only_sound_cards_of_one_authority_are_compared(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	ours, theirs = _card(lab, freedonia, "xf.card"), _card(lab, sylvania, "xs.card")
	freedonia.refused("usage", "card", "diff", ours, theirs)
	freedonia.refused("no-input", "card", "diff", ours, ours + ".none")
	with open(ours, "rb") as file:
		text = file.read()
	altered = lab.file("altered.card", text.replace(b"Central Authority", b"Central Abthority", 1))
	for pair in ((ours, altered), (altered, ours)):
		error = freedonia.refused("card-altered", "card", "diff", *pair)
		require(error["exit"] == 65 and altered in error["message"], "which one it is", error)
	freedonia.refused("usage", "card", "diff", ours)
