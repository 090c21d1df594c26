"""An identity is rolled over, lost, revoked, and made anew; and what was said before stays what it was."""
import os
import subprocess

from evidence import _by_its_readme, _unpacked
from lab import require
from rotation import _Talker, _has_switched, _heard, _longest_gap


def _digits(one):
	return one.comity("id", "show")["digits"]


def _peer(here, there):
	return here.comity("peer", "show", there.name)["peer"]


def _event(one, kind):
	return any(event["type"] == f"comity.peer.{kind}.v1" for event in one.events)


def _talk(lab, one, other, ref):
	"""Both ways, and everything arrives."""
	for here, there in ((one, other), (other, one)):
		here.say(ref, f"{here.name} goes on")
		lab.eventually(lambda: len(here.messages(ref)) == len(there.messages(ref)), "the message arrives")


def _begin(lab, **options):
	freedonia, sylvania = lab.pair(**options)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	return freedonia, sylvania, ref


# ── rolling over ─────────────────────────────────────────────────────────────────────────────────────────────────────

def peers_follow_a_roll_over_by_themselves(lab):
	freedonia, sylvania, ref = _begin(lab)
	old = _digits(freedonia)
	freedonia.comity("id", "roll")
	new = _digits(freedonia)
	require(new != old, "the identity is another one")
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == new, "Sylvania follows")
	lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "and the line is up")
	_talk(lab, freedonia, sylvania, ref)
	peer = _peer(sylvania, freedonia)
	require(peer["standing"] == "VERIFIED" and peer["check_due_at"], "it is still verified, and should be checked again", peer)
	require([one["digits"] for one in peer["formers"]] == [old], "the one before stays on record")
	require("verified (rolled, phone check due by " in " ".join(sylvania.run("peer", "show", "xf-ca").out.split()) or
		"(rolled, phone check due by" in sylvania.run("peer", "show", "xf-ca").out, "people read so")
	require("verified (rolled)" in sylvania.run("peer", "list").out, "in the list too")
	lab.eventually(lambda: _event(sylvania, "rolled"), "an event tells it")
	findings = [one for one in sylvania.run("--json", "doctor").documents()[-1]["findings"] if one["check"] == "peers"]
	require(any("rolled" in one["text"] for one in findings), "and so does the doctor", findings)
	require(not os.path.exists(freedonia.path("keys.new")), "nothing is left of the old key")
	lab.verify(sylvania, freedonia)
	require("check_due_at" not in _peer(sylvania, freedonia), "the telephone check clears it")
	sylvania.restart()
	freedonia.restart()
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "all of it outlives a restart")
	_talk(lab, freedonia, sylvania, ref)


def identities_roll_under_traffic(lab):
	freedonia, sylvania, ref = _begin(lab)
	talkers = [_Talker(freedonia, ref), _Talker(sylvania, ref)]
	for one, other in 2 * ((freedonia, sylvania), (sylvania, freedonia)):
		one.comity("id", "roll")
		lab.eventually(lambda: _has_switched(one), f"{other.name} has heard of the new identity of {one.name}", seconds=60)
		lab.eventually(lambda: _peer(other, one)["digits"] == _digits(one), "and follows")
	for talker in talkers:
		talker.leave()
	for talker, listener in zip(talkers, (sylvania, freedonia)):
		lab.eventually(lambda: len(_heard(listener, talker.one, ref)) == len(talker.said), "everything arrives", seconds=60)
		require(_heard(listener, talker.one, ref) == talker.said, "once, and in order")
		require(_longest_gap(listener) < 30, "nobody was cut off")
	for one in (freedonia, sylvania):
		require(one.comity("store", "check", "--deep")["ok"], "both chains and every certificate are on record")


def who_was_away_for_two_roll_overs_follows_both(lab):
	freedonia, sylvania, ref = _begin(lab, settings={"keys": {"overlap": "1s"}})
	sylvania.stop()
	for number in range(2):
		freedonia.comity("id", "roll")
		lab.eventually(lambda: all(each.get("serving", True) for each in freedonia.comity("cert", "switched")["certificates"]),
			"the overlap is over: the new keys are used, though Sylvania has not heard of them")
		freedonia.say(ref, f"said after roll-over {number}")
	freedonia.restart()
	sylvania.start()
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows", seconds=60)
	lab.eventually(lambda: len(sylvania.messages(ref)) == 3, "everything arrives", seconds=60)
	require(len(_peer(sylvania, freedonia)["formers"]) == 2, "both identities before stay on record")
	_talk(lab, freedonia, sylvania, ref)


def evidence_of_before_and_after_verifies(lab):
	freedonia, sylvania, ref = _begin(lab)
	freedonia.comity("id", "roll")
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows")
	lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	_talk(lab, freedonia, sylvania, ref)
	card = os.path.join(lab.directory, "new.card")
	freedonia.comity("card", "export", "-o", card)
	for one in (freedonia, sylvania):
		archive = os.path.join(lab.directory, f"{one.name}.tar")
		one.comity("evidence", "export", ref, "-o", archive)
		one.comity("evidence", "verify", archive)
		one.comity("evidence", "verify", archive, "--trust", card)
	require(freedonia.comity("store", "check", "--deep")["ok"] and sylvania.comity("store", "check", "--deep")["ok"], "so does the store")


def _evidence_of_before(lab, rolls):
	"""Evidence whose every signature of Freedonia's lies beneath an identity that then gives way.  Both, the file, the serial of that identity."""
	freedonia, sylvania, ref = _begin(lab)
	lab.eventually(lambda: all(view["state"]["transport"] in ("COMPLETE", "ARRIVED_COMPLETE")
		for one in (freedonia, sylvania) for view in one.messages(ref)), "all is receipted")
	archive = os.path.join(lab.directory, "before.tar")
	freedonia.comity("evidence", "export", ref, "-o", archive)
	serial = [row["serial"] for row in freedonia.comity("cert", "switched")["certificates"] if row["role"] == "identity"][0]
	for _ in range(rolls):
		freedonia.comity("id", "roll")
		lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	return freedonia, sylvania, archive, serial


def _by_card_of(lab, one, archive):
	card = os.path.join(lab.directory, "newest.card")
	if os.path.exists(card):
		os.unlink(card)
	one.comity("card", "export", "-o", card)
	return one.run("--json", "evidence", "verify", archive, "--trust", card)


def the_newest_card_vouches_for_what_former_identities_signed(lab):
	freedonia, _, archive, _ = _evidence_of_before(lab, rolls=2)
	answer = _by_card_of(lab, freedonia, archive)
	require(answer.status == 0, "the card leads from this identity to that", answer.out, answer.err)
	require([one["pinned"] for one in answer.documents()[-1]["authorities"] if one["authority"] == "xf-ca"] == [True], "and pins it")
	done = _by_its_readme(_unpacked(lab, archive))
	require(done.returncode == 0, "stock tools take it by the identity in the file", done.stdout, done.stderr)
	impostor = lab.authority("xf-ca", home=lab.directory + "/impostor")
	impostor.comity("id", "roll")
	lab.eventually(lambda: _has_switched(impostor), "who has a succession of another identity ...")
	answer = _by_card_of(lab, impostor, archive)
	require(answer.status == 1 and "identity-changed" in answer.out, "... is not believed", answer.out, answer.err)
	freedonia.comity("id", "roll", "--without-old", "--confirm=xf-ca")
	answer = _by_card_of(lab, freedonia, archive)
	require(answer.status == 1 and "identity-changed" in answer.out, "nor is a card with no succession", answer.out, answer.err)


def what_a_lost_former_identity_signed_does_not_count_by_the_newest_card(lab):
	freedonia, sylvania, archive, serial = _evidence_of_before(lab, rolls=1)
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows")
	require(_by_card_of(lab, freedonia, archive).status == 0, "as long as the next identity stands for it, it counts")
	freedonia.comity("id", "revoke", serial, "--lost-at", "2026-01-01", "-o", os.path.join(lab.directory, "former.revoked"))
	lab.eventually(lambda: _peer(sylvania, freedonia)["formers"][0].get("revoked_at"), "the card says that it was lost before")
	answer = _by_card_of(lab, freedonia, archive)
	require(answer.status == 1 and "cert-revoked" in answer.out, "by that card, what it signed after does not count", answer.out, answer.err)


def a_backup_of_before_is_still_ours(lab):
	freedonia = lab.authority("xf-ca")
	made = freedonia.comity("backup", "create", "-o", os.path.join(lab.directory, "backups"))
	freedonia.comity("id", "roll")
	require(freedonia.comity("backup", "verify", made["path"], "--deep")["ok"], "it is signed by the identity of then")


def what_cannot_be_rolled_over_is_refused(lab):
	freedonia = lab.authority("xf-ca")
	before = _digits(freedonia)
	os.rename(freedonia.path("keys", "identity.key"), freedonia.path("identity.key.away"))
	freedonia.refused("bad-key", "id", "roll")
	freedonia.refused("usage", "id", "roll", "--without-old")
	freedonia.refused("usage", "id", "roll", "--without-old", "--confirm=xs-ca")
	freedonia.refused("usage", "cert", "rotate", "identity")
	os.rename(freedonia.path("identity.key.away"), freedonia.path("keys", "identity.key"))
	freedonia.comity("id", "revoke", "-o", os.path.join(lab.directory, "revoked"))
	freedonia.refused("cert-revoked", "id", "roll")
	require(_digits(freedonia) == before, "and nothing has changed")


# ── revoked ──────────────────────────────────────────────────────────────────────────────────────────────────────────

def a_revoked_identity_is_cut_off_and_made_anew(lab):
	freedonia, sylvania, ref = _begin(lab)
	old, statement = _digits(freedonia), os.path.join(lab.directory, "xf-ca.revoked")
	freedonia.comity("id", "revoke", "--reason", "keyCompromise", "-o", statement)
	with open(statement) as file:
		require(old in file.read(), "people read which one")
	subprocess.run(["openssl", "crl", "-in", statement, "-CAfile", freedonia.path("keys", "identity.crt"), "-noout"], check=True,
		capture_output=True)
	sylvania.comity("peer", "revoke", "xf-ca", statement)
	lab.eventually(lambda: not sylvania.is_up(freedonia), "the line is closed", seconds=10)
	peer = _peer(sylvania, freedonia)
	require(peer["standing"] == "UNVERIFIED" and peer["revoked_at"], "it is not verified any more", peer)
	require("REVOKED" in sylvania.run("peer", "show", "xf-ca").out and "revoked" in sylvania.run("peer", "list").out, "and shown so")
	lab.eventually(lambda: _event(sylvania, "revoked"), "and told")
	sylvania.refused("exists", "peer", "revoke", "xf-ca", statement)
	sylvania.refused("cert-revoked", "peer", "verify", "xf-ca", "--digits-file", lab.file("digits", old.encode()), "--spoke-with", "the lab")
	freedonia.restart()
	findings = [one for one in freedonia.run("--json", "doctor").documents()[-1]["findings"] if one["check"] == "keys"]
	require(any("our identity is revoked" in one["text"] for one in findings), "the doctor says it, also after a restart", findings)
	_make_anew(lab, freedonia, sylvania, ref, old)


def a_revocation_reaches_everybody_over_the_open_line(lab):
	freedonia, sylvania, ref = _begin(lab)
	freedonia.comity("id", "revoke", "-o", os.path.join(lab.directory, "xf-ca.revoked"))
	lab.eventually(lambda: _peer(sylvania, freedonia).get("revoked_at"), "Sylvania hears of it, and nobody brought a file")
	peer = _peer(sylvania, freedonia)
	require(peer["standing"] == "UNVERIFIED", "it is not verified any more", peer)
	lab.eventually(lambda: _event(sylvania, "revoked"), "an event tells it")
	lab.eventually(lambda: not sylvania.is_up(freedonia) and not freedonia.is_up(sylvania), "the line is closed")
	freedonia.say(ref, "said by whoever has the key")
	sylvania.restart()
	require(_peer(sylvania, freedonia)["revoked_at"], "it was on disk")
	lab.eventually(lambda: "cert-revoked" in freedonia.run("--json", "peer", "show", "xs-ca").out, "no line is accepted, and why is shown")
	require(all("whoever has the key" not in (each.get("text") or "") for each in sylvania.messages(ref)), "nothing more is taken")
	_make_anew(lab, freedonia, sylvania, ref, peer["digits"])


def who_was_away_hears_of_a_revocation_first_thing(lab):
	freedonia, sylvania, ref = _begin(lab)
	sylvania.stop()
	freedonia.comity("id", "revoke", "-o", os.path.join(lab.directory, "xf-ca.revoked"))
	freedonia.restart()
	freedonia.say(ref, "said by whoever has the key")
	heard = len(sylvania_messages := freedonia.messages(ref)) - 1
	sylvania.start()
	lab.eventually(lambda: _peer(sylvania, freedonia).get("revoked_at"), "it is said on the next line")
	lab.eventually(lambda: not sylvania.is_up(freedonia), "which ends with it")
	require(len(sylvania.messages(ref)) == heard, "and brings nothing else", sylvania.messages(ref), sylvania_messages)


def _make_anew(lab, freedonia, sylvania, ref, old):
	freedonia.comity("id", "roll", "--without-old", "--confirm=xf-ca")
	require(_digits(freedonia) != old, "the identity is another one")
	lab.add(sylvania, freedonia)
	peer = _peer(sylvania, freedonia)
	require(peer["standing"] == "UNVERIFIED" and "revoked_at" not in peer, "it can be checked now", peer)
	require([one["digits"] for one in peer["formers"]] == [old], "the one before stays on record")
	require(not sylvania.is_up(freedonia), "and nothing goes on before")
	lab.verify(sylvania, freedonia)
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up")
	_talk(lab, freedonia, sylvania, ref)
	for one in (freedonia, sylvania):
		require(one.comity("store", "check", "--deep")["ok"], "the chains go on")


def a_lost_identity_is_made_anew_by_word_of_mouth(lab):
	freedonia, sylvania, ref = _begin(lab)
	old = _digits(freedonia)
	os.unlink(freedonia.path("keys", "identity.key"))
	freedonia.stop()
	freedonia.start()
	sylvania.comity("peer", "revoke", "xf-ca")
	_make_anew(lab, freedonia, sylvania, ref, old)


def a_former_identity_is_revoked_by_the_next(lab):
	freedonia, sylvania, ref = _begin(lab)
	serial = [row["serial"] for row in freedonia.comity("cert", "switched")["certificates"] if row["role"] == "identity"][0]
	freedonia.comity("id", "roll")
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows")
	lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	statement = os.path.join(lab.directory, "former.revoked")
	freedonia.comity("id", "revoke", serial, "-o", statement)
	sylvania.comity("peer", "revoke", "xf-ca", statement)
	peer = _peer(sylvania, freedonia)
	require(peer["formers"][0]["revoked_at"] and peer["standing"] == "VERIFIED", "the former one is, the present one is not", peer)
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line stays, or comes back")
	_talk(lab, freedonia, sylvania, ref)


def a_former_identity_is_revoked_by_the_next_over_the_line(lab):
	freedonia, sylvania, ref = _begin(lab)
	serial = [row["serial"] for row in freedonia.comity("cert", "switched")["certificates"] if row["role"] == "identity"][0]
	freedonia.comity("id", "roll")
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows")
	lab.eventually(lambda: _has_switched(freedonia), "the new keys are used")
	freedonia.comity("id", "revoke", serial, "-o", os.path.join(lab.directory, "former.revoked"))
	lab.eventually(lambda: _peer(sylvania, freedonia)["formers"][0].get("revoked_at"), "the next card says it, and nobody brought a file")
	require("REVOKED as from" in sylvania.run("peer", "show", "xf-ca").out, "people read it")
	require(_peer(sylvania, freedonia)["standing"] == "VERIFIED", "the present one goes on counting")
	_talk(lab, freedonia, sylvania, ref)


def a_statement_is_prepared_for_the_worst_day(lab):
	freedonia, sylvania, ref = _begin(lab)
	statement = os.path.join(lab.directory, "prepared")
	freedonia.stop()
	freedonia.comity("id", "revoke", "--prepare", "-o", statement)
	freedonia.start()
	_talk(lab, freedonia, sylvania, ref)
	freedonia.comity("id", "roll")		# who has the stolen key could do as much
	lab.eventually(lambda: _peer(sylvania, freedonia)["digits"] == _digits(freedonia), "Sylvania follows")
	sylvania.comity("peer", "revoke", "xf-ca", statement)
	require(_peer(sylvania, freedonia)["formers"][0]["revoked_at"], "it revokes the identity that signed it")


def what_revokes_nothing_is_refused(lab):
	freedonia, sylvania, _ = _begin(lab)
	ruritania = lab.authority("xr-ca")
	theirs, ours, none = (os.path.join(lab.directory, name) for name in ("theirs", "ours", "none"))
	ruritania.comity("id", "revoke", "-o", theirs)
	freedonia.comity("id", "revoke", "--prepare", "-o", ours)
	with open(ours) as file:
		text = file.read()
	begin, end = text.index("-----BEGIN"), text.index("-----END")
	body = text[begin:end].splitlines()
	body[4] = body[4][:-4] + ("AAAA" if body[4][-4:] != "AAAA" else "BBBB")
	with open(freedonia.path("keys", "identity.crl")) as file:
		innocent = file.read()
	for content in (text[:end - 100], "\n".join(body) + "\n" + text[end:], innocent, "nonsense", ""):
		sylvania.refused("bad-revocation-list", "peer", "revoke", "xf-ca", lab.file("bad", content.encode()))
	sylvania.refused("bad-revocation-list", "peer", "revoke", "xf-ca", theirs)
	sylvania.refused("peer-unknown", "peer", "revoke", "xr-ca", theirs)
	freedonia.refused("not-found", "id", "revoke", "0123", "-o", none)
	freedonia.refused("usage", "id", "revoke", "--reason", "boredom", "-o", none)
	require(not os.path.exists(none), "nothing is written")
	require(_peer(sylvania, freedonia)["standing"] == "VERIFIED" and sylvania.is_up(freedonia), "and nothing has changed")
