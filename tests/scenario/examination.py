"""`comity doctor`: each thing is broken on purpose, and must be named, with what mends it; with a daemon and without."""
import glob
import os
import shutil
import signal
import subprocess
import types

from doctor import _impostor, _keys, _secured
from lab import free_port, require

ALWAYS = {"config", "permissions", "disk", "daemon", "keys", "store"}


def _looked(one):
	answer = one.run("--json", "doctor")
	report = answer.documents()[-1]
	findings = report["findings"]
	worst = {finding["severity"] for finding in findings}
	require(answer.status == (0 if worst == {"ok"} else 1), "the exit status is that of the worst", answer.status, findings)
	require(report["ok"] == ("fail" not in worst), "and so is the verdict", report)
	return report


def _found(one, check, severity, *words):
	"""The check says it in a sentence, and what mends it."""
	report = _looked(one)
	for finding in report["findings"]:
		if finding["check"] == check and finding["severity"] == severity and all(word in finding["text"] for word in words):
			require(severity == "ok" or finding.get("hint"), "there is a remedy", finding)
			return report
	require(False, f"{check} has a {severity} of {words}", report["findings"])


def _is_quiet(one, *checks):
	for finding in _looked(one)["findings"]:
		require(finding["check"] not in checks or finding["severity"] == "ok", "nothing is wrong", finding)


def a_sound_authority_is_said_to_be(lab):
	freedonia, sylvania = lab.pair()
	report = _looked(freedonia)
	require({finding["check"] for finding in report["findings"]} == ALWAYS | {"clock", "audit", "backup", "certificates", "listeners",
		"peers", "queue", "deadlines", "holder", "served"}, "every check has its say", report)
	_is_quiet(freedonia, "config", "permissions", "daemon", "keys", "store", "audit", "certificates", "listeners", "peers", "queue",
		"deadlines", "holder", "served")
	_found(freedonia, "served", "ok", "2 of 2 addresses answered")
	_found(freedonia, "backup", "warn", "no backup was made")
	freedonia.comity("backup", "create", "-o", lab.directory + "/backups")
	_found(freedonia, "peers", "ok", "1 of 1")
	text = freedonia.run("doctor").out
	marks = [line[:4] for line in text.splitlines() if line[:4] in ("OK  ", "WARN", "FAIL")]
	require(marks == sorted(marks, key=["OK  ", "WARN", "FAIL"].index), "the worst is last", text)


def a_home_of_today_has_warnings_only(lab):
	"""Just set up and started: nothing has failed, and what is to be done still is said, with 1 as any finding."""
	report = _looked(lab.authority("xf-ca"))
	findings = {one["check"]: one["severity"] for one in report["findings"] if one["severity"] != "ok"}
	require(report["ok"] and findings.get("backup") == "warn" and set(findings) <= {"backup", "clock", "disk"}, "a backup, and perhaps a time server",
		report["findings"])


def without_a_daemon_the_files_are_told(lab):
	freedonia = lab.authority("xf-ca", start=False)
	report = _found(freedonia, "daemon", "fail", "no daemon runs")
	require(report["offline"] and {finding["check"] for finding in report["findings"]} == ALWAYS, "what can be told is", report)
	_is_quiet(freedonia, "config", "permissions", "keys", "store")
	os.rename(freedonia.path("store/data.mdb"), freedonia.path("store/data.away"))
	_found(freedonia, "store", "fail", "data.mdb")
	os.rename(freedonia.path("store/data.away"), freedonia.path("store/data.mdb"))
	os.rename(freedonia.path("store/vault.sealed"), freedonia.path("store/vault.away"))
	_found(freedonia, "store", "fail", "vault.sealed")
	os.rename(freedonia.path("store/vault.away"), freedonia.path("store/vault.sealed"))
	os.rename(freedonia.path("keys/signing.key"), freedonia.path("keys/signing.away"))
	_found(freedonia, "keys", "fail", "signing.key")
	os.rename(freedonia.path("keys/signing.away"), freedonia.path("keys/signing.key"))
	other = lab.authority("xs-ca", start=False)
	shutil.copy(freedonia.path("etc/comityd.yaml"), lab.directory + "/kept.yaml")
	shutil.copy(other.path("etc/comityd.yaml"), freedonia.path("etc/comityd.yaml"))
	_found(freedonia, "keys", "fail", "xf-ca", "xs-ca")
	shutil.copy(lab.directory + "/kept.yaml", freedonia.path("etc/comityd.yaml"))
	_is_quiet(freedonia, "keys", "store")


def a_daemon_that_has_the_store_and_is_silent_is_told_apart(lab):
	freedonia = lab.authority("xf-ca")
	for name in os.listdir(freedonia.path("run")):
		if name.endswith(".sock"):
			os.unlink(freedonia.path("run", name))
	_found(freedonia, "daemon", "fail", "has the store")


def settings_are_read_again(lab):
	freedonia = lab.authority("xf-ca")
	freedonia.configure({"limits": {"peer_messages": "5"}})
	_found(freedonia, "config", "warn", '"limits"', "is not what the daemon runs with")
	freedonia.configure({"name": "Another name"})
	_found(freedonia, "config", "warn", '"name"')
	freedonia.configure({"store": {"keep_free": "4000 TiB"}})
	_found(freedonia, "config", "warn", "store.keep_free", "no message will be taken in")
	_found(freedonia, "disk", "fail", "store.keep_free")
	with open(freedonia.path("etc/comityd.yaml"), "w") as file:
		file.write("authority: xf-ca\nline: { listen: 7 }\nnonsense: 1\n")
	_found(freedonia, "config", "fail", "nonsense")
	freedonia.configure({})
	_is_quiet(freedonia, "config")


def modes_that_are_too_wide_are_named(lab):
	freedonia = lab.authority("xf-ca")
	for name, mode, kept in (("keys/signing.key", 0o640, 0o600), ("store", 0o750, 0o700), ("keys", 0o777, 0o700),
			("etc/comityd.yaml", 0o666, 0o644), ("run/admin.sock", 0o666, 0o660)):
		os.chmod(freedonia.path(name), mode)
		_found(freedonia, "permissions", "fail", freedonia.path(name), f"{mode:04o}")
		os.chmod(freedonia.path(name), kept)
	_is_quiet(freedonia, "permissions")
	if os.geteuid() == 0:
		os.chown(freedonia.path("keys/channel.key"), 65534, -1)
		_found(freedonia, "permissions", "fail", "channel.key", "65534")


def certificates_that_are_not_those_of_the_files_are_named(lab):
	freedonia = lab.authority("xf-ca")
	other = lab.authority("xf-ca", home=os.path.join(lab.directory, "other"), start=False)
	shutil.move(freedonia.path("keys"), freedonia.path("keys.kept"))
	shutil.copytree(other.path("keys"), freedonia.path("keys"))
	_found(freedonia, "keys", "fail", "another channel certificate", "channel.crt")
	shutil.rmtree(freedonia.path("keys"))
	_found(freedonia, "keys", "fail")
	shutil.move(freedonia.path("keys.kept"), freedonia.path("keys"))
	_is_quiet(freedonia, "keys")


def a_dead_holder_of_the_keys_is_named(lab):
	freedonia = lab.authority("xf-ca")
	os.rename(freedonia.path("keys/signing.key"), freedonia.path("keys/signing.away"))	# none can be had anew
	children = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(freedonia.daemon.pid)], capture_output=True, text=True).stdout
	holders = [int(line.split()[0]) for line in children.splitlines() if "comity-keyd" in line]
	require(holders, "there is one", children)
	os.kill(holders[0], signal.SIGKILL)
	freedonia.run("audit", "head")	# something to sign: it is noticed
	lab.eventually(lambda: any(one["check"] == "keys" and "nothing can be signed" in one["text"] for one in _looked(freedonia)["findings"]),
		"it is missed")


def what_waits_and_who_is_away_is_named(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	lab.eventually(lambda: not freedonia.is_up(sylvania), "the line is down")
	_found(freedonia, "peers", "warn", "the line to xs-ca is not up")
	freedonia.send(sylvania)
	lab.eventually(lambda: any(one["check"] == "queue" and "did not leave" in one["text"] for one in _looked(freedonia)["findings"]),
		"what was tried is counted")
	freedonia.comity("queue", "hold", "xs-ca", "--reason", "a change of premises")
	_found(freedonia, "queue", "warn", "held")
	freedonia.comity("daemon", "hold", "--reason", "works on the building")
	_found(freedonia, "daemon", "warn", "held")


def a_store_that_is_full_or_was_found_wanting_is_named(lab):
	freedonia = lab.authority("xf-ca", settings={"store": {"keep_free": "4000 TiB"}})
	_found(freedonia, "store", "fail", "nothing new is taken in")
	_found(freedonia, "disk", "fail", "store.keep_free")
	other, sylvania = lab.authority("xt-ca"), lab.authority("xs-ca")
	lab.befriend(other, sylvania)
	ref = other.send(sylvania, lab.file("exhibit.bin", 100_000))
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "an exhibit is there")
	shutil.rmtree(glob.glob(sylvania.path("blobs", "[0-9a-f][0-9a-f]"))[0])
	require(not sylvania.run("--json", "store", "check").documents()[-1].get("ok"), "a look through the store finds what is missing")
	_found(sylvania, "store", "fail", "not as they should be")


def a_card_with_an_endpoint_where_nobody_listens_is_named(lab):
	freedonia = lab.authority("xf-ca", listen=False, endpoint="127.0.0.1:1")
	_found(freedonia, "listeners", "warn", "127.0.0.1:1", "line.listen is empty")


def a_holder_without_the_keys_of_our_card_is_named(lab):
	freedonia = lab.authority("xf-ca")
	_found(freedonia, "holder", "ok", "signed, and opened an envelope")
	holder = lab.eventually(lambda: freedonia.holders(), "there is a holder of the keys")[0]
	key = freedonia.path("keys/signing.key")
	shutil.copy2(key, lab.directory + "/kept.key")
	other = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], check=True,
		capture_output=True).stdout
	with open(key, "wb") as file:		# a good key, and not that of our certificate
		file.write(other)
	_is_quiet(freedonia, "holder")		# the holder has read the right one
	os.kill(holder, signal.SIGKILL)
	_found(freedonia, "holder", "fail", "does not sign with the key of our signing certificate", "signing.key")
	_found(freedonia, "holder", "fail", "does not open what is sealed to our sealing certificate")
	shutil.copy2(lab.directory + "/kept.key", key)
	lab.eventually(lambda: all(one["severity"] == "ok" for one in _looked(freedonia)["findings"] if one["check"] == "holder"),
		"the right key is found again")


def _exchanged(path, content):
	"""Other content in a file; what it was."""
	with open(path, "r+b") as file:
		kept = file.read()
		file.seek(0)
		file.truncate()
		file.write(content)
	return kept


def _other_key():
	return subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], check=True,
		capture_output=True).stdout


def keys_that_were_exchanged_before_a_start_are_named(lab):
	freedonia = lab.authority("xf-ca")
	freedonia.stop()
	for role in ("channel", "signing", "sealing"):		# without these there is nothing to do: it does not start
		path = freedonia.path("keys", role + ".key")
		kept = _exchanged(path, _other_key())
		require(not freedonia.start(expect=False) and freedonia.daemon.wait(30) == 78, role + ": it does not start", freedonia.log())
		freedonia.daemon = None
		words = f"{path} does not belong to the certificate beside it"
		require("error[bad-key]: " + words in freedonia.log().replace("\n", " "), role + ": and says why", freedonia.log())
		_found(freedonia, "keys", "fail", words)
		_exchanged(path, kept)
	_is_quiet(freedonia, "keys")
	for role in ("delegation", "identity"):			# these are not needed today
		path = freedonia.path("keys", role + ".key")
		kept = _exchanged(path, _other_key())
		_found(freedonia, "keys", "fail", path)
		freedonia.start()
		_found(freedonia, "holder", "fail", "nothing can be renewed or revoked", f"{path} does not belong to the certificate beside it")
		_exchanged(path, kept)
		_is_quiet(freedonia, "keys", "holder")		# nothing need be restarted
		freedonia.stop()


def a_channel_certificate_that_was_exchanged_before_a_start_is_refused_or_announced(lab):
	freedonia, sylvania = lab.pair()
	before = freedonia.copy("before")
	held = sylvania.comity("peer", "show", "xf-ca")["peer"]["card_serial"]
	sylvania.stop()						# it hears nothing of this
	freedonia.comity("cert", "rotate", "channel")
	_keys(freedonia, lab.directory + "/keys-of-tomorrow")
	freedonia.stop()
	freedonia.put_back(before)
	crt, key = ([freedonia.path("keys/channel." + end), lab.directory + "/keys-of-tomorrow/channel." + end] for end in ("crt", "key"))
	shutil.copy2(crt[1], crt[0])				# the certificate alone: the key is another's
	require(not freedonia.start(expect=False) and freedonia.daemon.wait(30) == 78, "it does not start", freedonia.log())
	freedonia.daemon = None
	_found(freedonia, "keys", "fail", key[0], "does not belong to the certificate beside it")
	shutil.copy2(key[1], key[0])				# both: they are ours, though no card of ours of today has them
	freedonia.start()
	sylvania.start()
	lab.eventually(lambda: sylvania.comity("peer", "show", "xf-ca")["peer"]["card_serial"] > held, "a card with them is announced and taken")
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up")
	_is_quiet(freedonia, "keys", "holder", "served")


def another_certificate_at_our_endpoint_is_named(lab):
	door = types.SimpleNamespace(host="127.0.0.1", port=free_port())
	freedonia = lab.authority("xf-ca", endpoint=f"127.0.0.1:{door.port}")
	other, old = lab.authority("xs-ca", start=False), lab.directory + "/old-keys"
	_found(freedonia, "served", "ok", "1 of 2 addresses")	# perhaps it cannot be reached from inside
	_keys(freedonia, old)

	def serving(keys):
		return _impostor(door, lambda plain: _secured(plain, keys + "/channel.crt", keys + "/delegation.crt", keys + "/channel.key").recv(1))

	with serving(freedonia.path("keys")):	# a relay that hands on what is ours
		_found(freedonia, "served", "ok", "2 of 2 addresses")
	with serving(other.path("keys")):
		_found(freedonia, "served", "fail", str(door.port), "another certificate is served")
	with _impostor(door, lambda plain: plain.sendall(b"220 mail.example ESMTP\r\n")):
		_found(freedonia, "served", "fail", str(door.port), "we do not answer as comityd")
	with _impostor(door, lambda plain: [plain.recv(4096) for _ in range(2)]):	# it takes the call and says nothing, until we hang up
		_found(freedonia, "served", "fail", str(door.port), "no TLS answers in time")
	freedonia.comity("cert", "rotate", "channel")
	lab.eventually(lambda: all(row["serving"] for row in freedonia.comity("cert", "switched")["certificates"] if row["role"] == "channel"),
		"the lines use the new one: nobody has to hear of it first")
	with serving(old):
		_found(freedonia, "served", "fail", str(door.port), "another certificate is served", "older one of ours")


def a_new_certificate_that_waits_for_a_peer_is_no_fault(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	freedonia.comity("cert", "rotate", "channel")
	_found(freedonia, "served", "ok", "2 of 2 addresses")


def a_revoked_certificate_at_our_endpoint_is_named(lab):
	door = types.SimpleNamespace(host="127.0.0.1", port=free_port())
	freedonia, old = lab.authority("xf-ca", endpoint=f"127.0.0.1:{door.port}"), lab.directory + "/old-keys"
	_keys(freedonia, old)
	freedonia.comity("cert", "revoke", "channel", "--reason", "keyCompromise")
	with _impostor(door, lambda plain: _secured(plain, old + "/channel.crt", old + "/delegation.crt", old + "/channel.key").recv(1)):
		_found(freedonia, "served", "fail", str(door.port), "that is revoked (keyCompromise)")
