"""Who may talk to whom, and what is said to those who may not."""
import os
import subprocess

from lab import forget_fake_clocks, require
from puppet import puppet


def _reason(here, there):
	"""Why `here` says nothing flows with `there`."""
	shown = here.comity("peer", "show", there.name)
	return shown.get("link", {}).get("reason", ""), *(one["reason"] for one in _refusals(here, there))


def _refusals(here, there, claimed=None):
	found = here.comity("peer", "show", there.name)["peer"].get("refusals", [])
	return [one for one in found if claimed is None or one.get("claimed", False) == claimed]


def a_stranger_is_refused_and_can_be_told_why(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	lab.verify(freedonia, sylvania)
	lab.eventually(lambda: "refused-by-peer" in _reason(freedonia, sylvania), "Freedonia learns that it is refused")
	lab.eventually(lambda: "stranger" in sylvania.log() or "trust list" in sylvania.log(), "Sylvania's log says why")
	require(not sylvania.comity("peer", "list").get("data"), "and Sylvania has no peer")


def nothing_flows_before_both_sides_have_verified(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	lab.add(sylvania, freedonia)
	ref = freedonia.draft(sylvania)
	letter = lab.file("letter.pdf", b"letter")
	freedonia.comity("attach", "add", ref, letter, "--role", "REQUEST_LETTER")
	freedonia.comity("attach", "add", ref, letter, "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")
	freedonia.refused("peer-unverified", "request", "send", ref, "--officer", "B. Sandglass")
	lab.verify(freedonia, sylvania)
	lab.eventually(lambda: any(_reason(freedonia, sylvania)), "Sylvania, who has not verified, refuses")
	lab.eventually(lambda: "peer-unverified" in _reason(sylvania, freedonia), "and its `peer show` says that we are the ones")
	freedonia.comity("request", "send", ref, "--officer", "B. Sandglass")
	require(freedonia.request(ref)["transport"] in ("QUEUED", "SENT"), "the request waits")
	lab.verify(sylvania, freedonia)
	lab.eventually(lambda: sylvania.has(ref), "and goes when the last telephone check is done")


def wrong_digits_do_not_verify(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	for digits in ("11111 22222 33333 44444 55555 66666 77777 88888", "12345"):
		heard = lab.file("heard", digits.encode())
		answer = freedonia.run("--json", "peer", "verify", "xs-ca", "--digits-file", heard, "--spoke-with", "x")
		require(answer.status in (64, 65, 77), "it fails", answer.status, answer.err)
	freedonia.refused("identity-differs", "peer", "verify", "xs-ca", "--digits-file",
		lab.file("heard", b"11111 22222 33333 44444 55555 66666 77777 88888"), "--spoke-with", "x")
	require(freedonia.comity("peer", "show", "xs-ca")["peer"]["standing"] == "UNVERIFIED", "the peer stays unverified")


def one_wrong_digit_does_not_verify(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	digits = sylvania.comity("status")["digits"]
	wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
	answer = freedonia.run("--json", "peer", "verify", "xs-ca", "--digits-file", lab.file("heard", wrong.encode()),
		"--spoke-with", "x")
	require(answer.status == 77, "it fails", answer.status, answer.out, answer.err)
	require("8" in answer.err, "and names the group", answer.err)


def a_blocked_peer_is_cut_off_until_it_is_unblocked(lab):
	freedonia, sylvania = lab.pair()
	freedonia.comity("peer", "block", "xs-ca", "--reason", "key loss reported")
	lab.eventually(lambda: not sylvania.is_up(freedonia), "the line goes down")
	lab.eventually(lambda: "peer-blocked" in _reason(freedonia, sylvania), "and `peer show` says why")
	ref = sylvania.send(freedonia, document=lab.example(swapped=True))
	freedonia.comity("peer", "unblock", "xs-ca")
	lab.eventually(lambda: freedonia.has(ref), "what waited arrives after the unblocking")


def a_removed_peer_is_a_stranger_again(lab):
	freedonia, sylvania = lab.pair()
	freedonia.refused("usage", "peer", "remove", "xs-ca", "--confirm=xd-ca")
	freedonia.comity("peer", "remove", "xs-ca", "--confirm=xs-ca")
	freedonia.refused("peer-unknown", "peer", "show", "xs-ca")
	lab.eventually(lambda: not sylvania.is_up(freedonia), "the line goes down")


def another_key_under_the_same_name_is_not_believed(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	impostor = lab.authority("xs-ca", port=sylvania.port, home=lab.directory + "/impostor")
	lab.add(impostor, freedonia)
	lab.verify(impostor, freedonia)
	lab.eventually(lambda: "cert-untrusted" in str(_refusals(freedonia, sylvania, False)),
		"who answers at its address is refused, with the reason")
	lab.eventually(lambda: "cert-untrusted" in str(_refusals(freedonia, sylvania, True)),
		"who calls in its name is refused too, and shown as one who claims")
	shown = freedonia.run("peer", "show", "xs-ca").out
	require("refused      cert-untrusted" in shown and "claimed      cert-untrusted" in shown, "people see both", shown)
	card = lab.directory + "/impostor.card"
	impostor.comity("card", "export", "-o", card)
	freedonia.refused("identity-changed", "peer", "add", card)


def a_verified_peer_does_not_pass_for_another(lab):
	freedonia, sylvania, third = (lab.authority(name) for name in ("xf-ca", "xs-ca", "xt-ca"))
	lab.befriend(freedonia, third)
	sylvania.stop()
	relay = lab.relay(("127.0.0.1", third.port))
	sylvania.endpoint = f"127.0.0.1:{relay.port}"
	sylvania.configure({})
	sylvania.start()
	lab.add(freedonia, sylvania)
	lab.verify(freedonia, sylvania)
	lab.eventually(lambda: "wrong-peer" in _reason(freedonia, sylvania), "who answers in another's place is refused")
	require(freedonia.is_up(third), "and its own line stays")


def _expired(lab, other):
	"""A channel certificate of `other` that has run out."""
	expired, asked = lab.directory + "/expired.crt", lab.directory + "/asked.csr"
	forget_fake_clocks()
	for words in (["x509", "-x509toreq", "-in", other.key("channel.crt"), "-signkey", other.key("channel.key"), "-out", asked],
			["x509", "-req", "-in", asked, "-CA", other.key("delegation.crt"), "-CAkey", other.key("delegation.key"),
			"-days", "30", "-out", expired]):
		subprocess.run(["faketime", "2024-01-01", "openssl", *words, "-copy_extensions", "copyall"], check=True, capture_output=True)
	return expired


def _knock(other, certificate):
	try:
		other.connect(certificate=certificate)
		other.hello()
		other.ended()
	except OSError:
		pass


def an_expired_certificate_is_refused_with_the_reason(lab):
	freedonia, other = puppet(lab)
	_knock(other, _expired(lab, other))
	lab.eventually(lambda: "cert-expired" in _reason(freedonia, other.one), "and `peer show` names the expiry")
	require(not _refusals(freedonia, other.one, False), "it is a claim: anybody can show a certificate", _refusals(freedonia, other.one))
	other.connect().hello(addressee="xt-ca")
	other.ended()
	lab.eventually(lambda: "wrong-peer" in str(_refusals(freedonia, other.one, False)), "a later refusal is shown beside it")
	require("cert-expired" in _reason(freedonia, other.one), "and does not hide it")


def whoever_claims_to_be_a_peer_floods_neither_its_record_nor_the_log(lab):
	freedonia, other = puppet(lab)
	expired, times = _expired(lab, other), 40
	commits = int(freedonia.comity("status")["commits"])
	for _ in range(times):
		_knock(other, expired)
	count = lambda: sum(int(one["count"]) for one in _refusals(freedonia, other.one, True))
	lab.eventually(lambda: count() == times, "every one is counted")
	require(not _refusals(freedonia, other.one, False), "none is held to be the peer's own")
	require(freedonia.log().count("cert-expired") <= 2, "the log says it once, not every time", freedonia.log()[-3000:])
	require(int(freedonia.comity("status")["commits"]) - commits < times / 2, "nor is each one a commit")


def a_certificate_for_signing_does_not_open_a_line(lab):
	freedonia, other = puppet(lab)
	try:
		other.connect(certificate=other.key("signing.crt"), key=other.key("signing.key"))
		other.hello()
		other.ended()
	except OSError:
		pass
	lab.eventually(lambda: any(slug.startswith("cert-") for slug in _reason(freedonia, other.one)), "and `peer show` says why")


def a_card_that_was_altered_is_refused(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	card = lab.directory + "/xs.card"
	sylvania.comity("card", "export", "-o", card)
	with open(card) as file:
		text = file.read()
	lines = text.splitlines(keepends=True)
	table = {
		"a letter of the readable part": text.replace("XS-CA", "XD-CA", 1),
		"a letter of the signed block": "".join(lines[:-4]) + lines[-4][:10] + ("A" if lines[-4][10] != "A" else "B")
			+ lines[-4][11:] + "".join(lines[-3:]),
		"half of it": text[:len(text) // 2],
		"nothing": "",
		"not a card": "Dear colleagues,\n",
		"a very long line": "-----BEGIN COMITY CARD-----\n" + "A" * 3_000_000,
	}
	for what, altered in table.items():
		answer = freedonia.run("--json", "peer", "add", lab.file("altered.card", altered.encode()))
		require(answer.status == 65, what + " is refused", answer.status, answer.out, answer.err)
	freedonia.refused("no-input", "peer", "add", lab.directory + "/nothing-here.card")
	require(not freedonia.comity("peer", "list").get("data"), "and nothing was taken in")


def our_own_card_is_refused(lab):
	freedonia = lab.authority("xf-ca")
	card = lab.directory + "/own.card"
	freedonia.comity("card", "export", "-o", card)
	freedonia.refused("exists", "card", "export", "-o", card)
	answer = freedonia.run("--json", "peer", "add", card)
	require(answer.status in (64, 65), "we are not our own peer", answer.status, answer.err)


def the_ladder_of_ping_stops_where_it_stops(lab):
	freedonia, sylvania = lab.pair()
	report = freedonia.comity("peer", "ping", "xs-ca")
	require(report["ok"], "all stages pass", report)
	sylvania.stop()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "Freedonia sees the line go")
	answer = freedonia.run("--json", "peer", "ping", "xs-ca")
	require(answer.status in (69, 76) and os.path.exists(freedonia.home), "it stops at tcp", answer.out, answer.err)
	freedonia.refused("peer-unknown", "peer", "ping", "xd-ca")
