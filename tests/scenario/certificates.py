"""What ends, and what is revoked: shown, told in time, and enforced on the line."""
import datetime
import os
import re
import subprocess

from lab import require


def _rows(here, authority, key="certificates"):
	return [row for row in here.comity("cert", "status").get(key, []) if row["authority"] == authority.name]


def all_that_ends_is_shown_on_both_sides(lab):
	freedonia, sylvania = lab.pair()
	roles = ["identity", "delegation", "channel", "signing", "sealing"]
	for other in (freedonia, sylvania):
		require([row["role"] for row in _rows(freedonia, other)] == roles, "every certificate has its row", _rows(freedonia, other))
		require(all(row["state"] == "ok" for row in _rows(freedonia, other)), "all are good")
		require([row["issuer"] for row in _rows(freedonia, other, "revocations")] == roles[:2], "and so have both lists")
	require(freedonia.run("cert", "status", "--exit-code").status == 0, "nothing is due")
	text = freedonia.run("cert", "status").out
	require("theirs" in text and "by hand" in text, "people read whose business each is", text)
	renewed = [row["role"] for row in _rows(freedonia, freedonia) if row.get("rotates_at", "") > row["not_before"]]
	require(renewed == roles[2:], "and when what is renewed by itself is", renewed)
	shown = freedonia.comity("peer", "show", "xs-ca")
	require(len(shown["revocations"]) == 2 and not shown["revocations"][0].get("stale"), "`peer show` tells how fresh the lists are")


def every_certificate_we_had_is_shown_with_what_became_of_it(lab):
	freedonia, sylvania = lab.pair()
	def history(role):
		return [row for row in freedonia.comity("cert", "history")["data"] if row["role"] == role]
	roles = ("identity", "delegation", "channel", "signing", "sealing")
	require(all([row["ended"] for row in history(role)] == ["in-use"] for role in roles), "one of each at first, and no peer's", history("channel"))
	first = history("channel")[0]["serial"]
	freedonia.comity("cert", "rotate", "channel")
	lab.eventually(lambda: [row["ended"] for row in history("channel")] == ["replaced", "in-use"], "a second channel certificate")
	require(history("channel")[0]["serial"] == first and history("channel")[0]["successor"] == history("channel")[1]["serial"], "which took its place")
	freedonia.comity("cert", "revoke", "signing", "--reason", "keyCompromise", "--lost-at", "2026-01-01")
	row = history("signing")[0]
	require(row["ended"] == "revoked" and row["reason"] == "keyCompromise" and row["ended_at"].startswith("2026-01-01"), "as from when, and why", row)
	freedonia.restart()
	freedonia.comity("id", "roll")
	lab.eventually(lambda: [row["ended"] for row in history("identity")] == ["replaced", "in-use"], "an identity is rolled over")
	shown = freedonia.run("cert", "history").out
	require("replaced by" in shown and "revoked as from" in shown and "keyCompromise" in shown, "people read it", shown)


def a_certificate_that_is_near_its_end_is_told_once_and_shown_everywhere(lab):
	freedonia = lab.authority("xf-ca", start=False, settings={"warn": {"cert_expiry": "100d, 7d"}})
	freedonia.start()
	lab.eventually(lambda: any(event["type"] == "comity.certificate.ending.v1" for event in freedonia.events), "an event tells it")
	freedonia.stop()
	freedonia.start()
	endings = [event for event in freedonia.run("--json", "watch", "--since=0", "--no-follow").documents()
		if event.get("type") == "comity.certificate.ending.v1"]
	require([event["data"]["role"] for event in endings] == ["channel"], "once, also over a restart", endings)
	require(freedonia.run("cert", "status", "--exit-code").status == 1, "`cert status` ends with 1")
	require(freedonia.run("cert", "status").status == 0, "only when asked to")
	answer = freedonia.run("--json", "doctor")
	found = [one for one in answer.documents()[-1]["findings"] if one["check"] == "certificates"]
	require(answer.status == 1 and any("our channel certificate ends" in one["text"] for one in found), "`doctor` says it", found)


def doctor_names_a_clock_that_nobody_keeps_right(lab):
	freedonia = lab.authority("xf-ca")
	script = ("import ctypes; b = ctypes.create_string_buffer(512); s = ctypes.CDLL(None).adjtimex(b); "
		"print(s == 5 or int.from_bytes(b.raw[40:44], 'little') & 64)")
	is_kept = subprocess.run(["python3", "-c", script], capture_output=True, text=True).stdout.strip() in ("0", "False")
	findings = [one for one in freedonia.run("--json", "doctor").documents()[-1]["findings"] if one["check"] == "clock"]
	require(is_kept == (findings[0]["severity"] == "ok"), "it says what the kernel says", findings)


def certificates_have_gauges(lab):
	freedonia, sylvania = lab.pair()
	path = lab.directory + "/comity.prom"
	freedonia.comity("metrics", "-o", path)
	with open(path) as file:
		lines = file.read().splitlines()
	require(lines[-1] == "# EOF", "it has its end", lines[-1])
	ends = {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("comity_certificate_not_after")}
	require(len(ends) == 10, "each certificate of both sides has its gauge", ends)
	shown = {row["role"]: row["left_seconds"] for row in _rows(freedonia, sylvania)}
	key = 'comity_certificate_not_after_timestamp_seconds{role="channel",peer="xs-ca"}'
	require(key in ends and int(shown["channel"]) > 0, "named by role and peer", ends)
	require('comity_peer_up{peer="xs-ca"} 1' in lines, "the line is up", lines)
	families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
	require(len(families) == len(set(families)), "each family is told once")


def what_is_revoked_is_listed_replaced_and_refused(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request is there")
	daemon = sylvania.daemon.pid
	old = next(row["serial"] for row in _rows(freedonia, sylvania) if row["role"] == "channel")
	error = sylvania.refused("usage", "cert", "revoke", "identity", "--reason", "keyCompromise")
	require("id revoke" in error["hints"][0], "an identity is revoked in another way", error)
	os.rename(sylvania.path("keys/identity.key"), sylvania.path("identity.away"))
	error = sylvania.refused("bad-key", "cert", "revoke", "delegation", "--reason", "keyCompromise")
	require("identity.key" in error["hints"][0] and "revoke channel" in error["hints"][0], "what is needed, and what can be done without it", error)
	os.rename(sylvania.path("identity.away"), sylvania.path("keys/identity.key"))
	sylvania.refused("usage", "cert", "revoke", "channel", "--reason", "boredom")
	sylvania.refused("not-found", "cert", "revoke", "0badc0de", "--reason", "superseded")
	told = sylvania.comity("cert", "revoke", "channel", "--reason", "keyCompromise", "--lost-at", "2026-01-01")
	require(told["serial"] == old and told["replaced"], "it is listed, and its successor made", told)
	sylvania.refused("exists", "cert", "revoke", old, "--reason", "superseded")
	lab.eventually(lambda: any(event["type"] == "comity.certificate.revoked.v1" for event in sylvania.events), "an event says who did it")
	lab.eventually(lambda: any(row["revoked"] == 1 for row in _rows(freedonia, sylvania, "revocations") if row["issuer"] == "delegation"),
		"Freedonia holds the list: it came over the line")
	lab.eventually(lambda: freedonia.is_up(sylvania), "which stands on the successor")
	new = next(row for row in _rows(freedonia, sylvania) if row["role"] == "channel")
	require(new["serial"] != old and new["state"] == "ok", "and the successor is what Freedonia knows", new)
	for role in ("signing", "sealing", "delegation"):
		sylvania.comity("cert", "revoke", role, "--reason", "superseded")
		sylvania.say(ref, f"said when {role} was revoked")
		freedonia.say(ref, f"heard when {role} was revoked")
	for one in (freedonia, sylvania):
		lab.eventually(lambda: len(one.messages(ref)) == 7 and int(one.comity("status")["queued"]) == 0, "messages flow, and are receipted")
	lab.eventually(lambda: all(row["state"] == "ok" for row in _rows(freedonia, sylvania)), "Freedonia has all successors")
	require(sylvania.daemon.pid == daemon and sylvania.daemon.poll() is None, "and nobody had to start anything again")
	require("keys-unavailable" not in sylvania.log(), "nor was there a moment without keys")


def a_revocation_has_no_overlap_with_a_rotation_that_is_under_way(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request is there")
	freedonia.stop()
	sylvania.comity("cert", "rotate", "all")
	require(sylvania.comity("cert", "switched").get("old_in_use"), "Freedonia has not heard of the new keys")
	sylvania.comity("cert", "revoke", "channel", "--reason", "keyCompromise")
	sylvania.say(ref, "signed with the newest")
	serving = [row for row in sylvania.comity("cert", "switched")["certificates"] if row["role"] == "channel"]
	require(serving[0]["serving"], "the lines do not wait for anybody", serving)
	freedonia.start()
	lab.eventually(lambda: len(freedonia.messages(ref)) == 2, "it arrives, with what Freedonia has to know of its keys")
	freedonia.say(ref, "and is answered")
	lab.eventually(lambda: len(sylvania.messages(ref)) == 3, "both ways")


def _wrong_ones_are_data_errors(one, openssl, pki):
	"""Whatever is wrong with what the PKI gave, it is the file that does not validate: exit status 65, and nothing is changed."""
	good = "keyUsage=critical,digitalSignature\nsubjectAltName=URI:comity:xs-ca\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
	wrong = {
		"no extended usage": "basicConstraints=critical,CA:FALSE\n" + good,
		"another extended usage": "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=critical,codeSigning\n" + good,
		"a certificate authority": "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=critical,serverAuth,clientAuth\n" + good,
		"no name": "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=critical,serverAuth,clientAuth\nkeyUsage=critical,digitalSignature\n",
	}
	others = [f"{pki}/{name}.crt" for name in ("root", "signing", "sealing")]
	def refused(what, *files):
		answer = one.run("--json", "cert", "import", *files, *others)
		error = answer.error()
		require(answer.status == error["exit"] == 65 and error["hints"], what + ": refused as data", answer.status, error)
	for what, extensions in wrong.items():
		with open(pki + "/wrong.ext", "w") as file:
			file.write(extensions)
		openssl("x509", "-req", "-in", "channel.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "300", "-extfile",
			"wrong.ext", "-out", "wrong.crt")
		refused(what, pki + "/wrong.crt", pki + "/ca.crt")
	with open(pki + "/short.ext", "w") as file:
		file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
	openssl("x509", "-req", "-in", "ca.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-days", "800", "-extfile",
		"short.ext", "-out", "short.crt")
	refused("an issuer that may not issue", pki + "/channel.crt", pki + "/short.crt")
	refused("no issuer", pki + "/channel.crt")


def an_authority_under_the_pki_of_its_state_is_a_peer_like_others(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", start=False)
	pki = lab.directory + "/pki"
	os.mkdir(pki)

	def openssl(*words):
		subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=pki)

	with open(pki + "/ca.ext", "w") as file:
		file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
			"authorityKeyIdentifier=keyid\n")
	with open(pki + "/leaf.ext", "w") as file:
		file.write("subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
	openssl("req", "-new", "-newkey", "rsa:3072", "-nodes", "-keyout", "root.key", "-subj", "/O=State/CN=Root", "-out", "root.csr")
	openssl("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "900", "-extfile", "ca.ext", "-out", "root.crt")
	openssl("req", "-new", "-newkey", "rsa:3072", "-nodes", "-keyout", "ca.key", "-subj", "/O=State/CN=Issuing", "-out", "ca.csr")
	openssl("x509", "-req", "-in", "ca.csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-days", "800", "-extfile",
		"ca.ext", "-out", "ca.crt")
	sylvania.refused("usage", "cert", "csr", "identity")
	sylvania.refused("cert-profile", "cert", "import", pki + "/ca.csr")
	for role in ("channel", "signing", "sealing"):
		sylvania.comity("cert", "csr", role, "-o", f"{pki}/{role}.csr")
		openssl("x509", "-req", "-in", role + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "300",
			"-copy_extensions", "copyall", "-extfile", "leaf.ext", "-out", role + ".crt")
	files = [f"{pki}/{name}.crt" for name in ("root", "ca", "channel", "signing", "sealing")]
	_wrong_ones_are_data_errors(sylvania, openssl, pki)
	sylvania.refused("cert-untrusted", "cert", "import", *files[:3])
	told = sylvania.comity("cert", "import", *files)
	require(told["certificates"] == 3, "all three leaves are taken", told)
	sylvania.start()
	require(sylvania.comity("status")["digits"] == told["digits"], "and what is read on the telephone covers the root")
	lab.befriend(freedonia, sylvania)
	require("national PKI" in freedonia.run("peer", "show", "xs-ca").out, "`peer show` says what is pinned")
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "messages flow")
	path = lab.directory + "/case.tar"
	lab.eventually(lambda: freedonia.request(ref).get("transport") != "SENT", "with a receipt")
	freedonia.comity("evidence", "export", ref, "-o", path)
	require(freedonia.run("evidence", "verify", path).status in (0, 1), "the evidence can be judged")


def a_blocked_peer_has_no_line_when_the_command_returns(lab):
	freedonia, sylvania = lab.pair()
	freedonia.comity("peer", "block", "xs-ca", "--reason", "their key was stolen")
	require(freedonia.link(sylvania).get("state") != "up", "it is down at once", freedonia.link(sylvania))
	lab.eventually(lambda: not sylvania.is_up(freedonia), "and they see it")


def _moment(text):
	return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _closed_at(one, other, after):
	"""When this daemon's log says that the line was closed, after that moment; None: not yet."""
	found = re.findall(rf"^(\S+) \w+ +link {other.name}: closed: ", one.log(), re.MULTILINE)
	return next((at for at in map(_moment, found) if at >= after), None)


def a_block_closes_the_line_within_a_second(lab):
	freedonia, sylvania = lab.pair()
	seconds = []
	for _ in range(5):		# a machine that is busy with others gets more than one try
		before = len(freedonia.events)
		freedonia.comity("peer", "block", "xs-ca", "--reason", "their key was stolen")
		lab.eventually(lambda: any(one["type"] == "comity.peer.blocked.v1" for one in freedonia.events[before:]), "the event is there")
		at = next(_moment(one["time"]) for one in freedonia.events[before:] if one["type"] == "comity.peer.blocked.v1")
		ends = [lab.eventually(lambda: _closed_at(one, other, at), f"{one.name} closes the line")
			for one, other in ((freedonia, sylvania), (sylvania, freedonia))]
		seconds.append(max((end - at).total_seconds() for end in ends))
		if seconds[-1] < 1:
			return
		freedonia.comity("peer", "unblock", "xs-ca")
		lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up again", seconds=60)
	require(False, "by the clocks of both daemons it is closed within a second of the block", seconds)
