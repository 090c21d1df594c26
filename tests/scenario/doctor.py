"""`comity peer doctor`: every rung is broken on purpose, and one sentence must name the side that fails and what mends it."""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading

from faketime import Clock
from lab import forget_fake_clocks, require
from puppet import Frames, Puppet

NOWHERE = "255.255.255.255"	# no machine has a way to it: the kernel refuses at once, and nothing leaves


def _asked(here, there):
	answer = here.run("--json", "peer", "doctor", there.name)
	return answer.documents()[0], answer.status


def _finds(here, there, side, rung, *words):
	"""The sentence names the failing side and the mend."""
	whose = {"ours": "on our side", "theirs": f"on the side of {there.name}", "between": f"between us and {there.name}"}[side]
	report, status = _asked(here, there)
	require((report.get("side"), report.get("rung")) == (side, rung), f"it fails at {rung}, {side}", report)
	require(not report.get("ok") and status not in (0, 1), "and so does the tool", status, report)
	for word in (f"The fault is {whose}, at {rung}: ", "; to mend it, ", *words):
		require(word in report["text"], f"the sentence says {word}", report["text"])
	return report


def _rungs(seen):
	return {one["rung"]: one for one in seen}


@contextlib.contextmanager
def _impostor(there, behave):
	"""Something else answers where `there` did."""
	door = socket.create_server((there.host, there.port))

	def answer():
		while True:
			try:
				plain, _ = door.accept()
			except OSError:
				return
			with contextlib.suppress(OSError), plain:
				plain.settimeout(10)
				behave(plain)

	thread = threading.Thread(target=answer, daemon=True)
	thread.start()
	yield
	door.shutdown(socket.SHUT_RDWR)
	door.close()
	thread.join()


def _secured(plain, certificate, delegation, key):
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.minimum_version = ssl.TLSVersion.TLSv1_3
	context.set_alpn_protocols(["comity/1"])
	with open(certificate + ".chain", "w") as chain:
		for path in (certificate, delegation):
			with open(path) as file:
				chain.write(file.read())
	context.load_cert_chain(certificate + ".chain", key)
	return context.wrap_socket(plain, server_side=True)


def a_sound_line_is_sound_from_both_sides(lab):
	freedonia, sylvania = lab.pair()
	report, status = _asked(freedonia, sylvania)
	require(report["ok"] and status == 0 and "seen from both sides" in report["text"], "all is well", report)
	for seen in (report["ours"], report["theirs"]):
		require([one["rung"] for one in seen] == ["name", "route", "tcp", "tls", "chain", "pin", "revocation", "clock",
			"version", "permission", "disk", "quota"] and all(one["ok"] for one in seen), "every rung was climbed", seen)
		require(len({_rungs(seen)[rung]["text"] for rung in ("chain", "pin", "revocation")}) == 3, "each says what was seen", seen)
	shown = freedonia.run("peer", "doctor", "xs-ca")
	require("The side of xs-ca" in shown.out and "FAIL" not in shown.out, "and shown", shown.out)


def who_has_no_open_port_is_no_fault(lab):
	freedonia, sylvania = lab.authority("xf-ca", listen=False), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	report, status = _asked(sylvania, freedonia)
	require(report["ok"] and status == 0, "they call us", report)
	require("they call us" in _rungs(report["ours"])["name"]["text"], "and that is said", report)


def an_endpoint_that_is_nowhere_is_named(lab):
	freedonia, sylvania = lab.authority("xf-ca", endpoint="127.0.0.1:1"), lab.authority("xs-ca", start=False)
	for endpoint in (f"no-such-host.invalid:{sylvania.port}", f"{NOWHERE}:{sylvania.port}", sylvania.address):
		sylvania.endpoint = endpoint
		sylvania.configure({})
		sylvania.start()
		lab.add(freedonia, sylvania)
		if endpoint.startswith("no-such"):
			lab.verify(freedonia, sylvania)
			_finds(freedonia, sylvania, "between", "name", "no-such-host.invalid", "name service")
		elif endpoint.startswith(NOWHERE):
			_finds(freedonia, sylvania, "ours", "route", NOWHERE, "route")
		sylvania.stop()
	_finds(freedonia, sylvania, "theirs", "tcp", sylvania.address, "start comityd")


def a_port_that_only_we_cannot_reach_does_not_hide_that_the_line_is_open(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", endpoint="127.0.0.1:1")
	lab.befriend(freedonia, sylvania)	# they call us
	report = _finds(freedonia, sylvania, "theirs", "tcp", "127.0.0.1:1")
	require(report["line_open"], "the line is open all the same", report)


def what_is_no_comityd_is_told_apart(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	with _impostor(sylvania, lambda plain: plain.sendall(b"220 mail.example ESMTP\r\n")):
		_finds(freedonia, sylvania, "between", "tls", "comityd answers at that endpoint")


def _expired(lab, other):
	"""A channel certificate of `other` that has run out."""
	expired, asked = lab.directory + "/expired.crt", lab.directory + "/asked.csr"
	forget_fake_clocks()
	for words in (["x509", "-x509toreq", "-in", other.path("keys/channel.crt"), "-signkey", other.path("keys/channel.key"),
			"-out", asked], ["x509", "-req", "-in", asked, "-CA", other.path("keys/delegation.crt"), "-CAkey",
			other.path("keys/delegation.key"), "-days", "30", "-out", expired]):
		subprocess.run(["faketime", "2024-01-01", "openssl", *words, "-copy_extensions", "copyall"], check=True, capture_output=True)
	return expired


def certificates_that_do_not_hold_are_told_apart(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	impostor = lab.authority("xs-ca", home=os.path.join(lab.directory, "impostor"), start=False)
	third = lab.authority("xt-ca", start=False)
	for certificate, whose, rung, word in (
			(_expired(lab, sylvania), sylvania, "chain", "expired"),
			(impostor.path("keys/channel.crt"), impostor, "pin", "telephone"),
			(third.path("keys/channel.crt"), third, "pin", "own daemon")):
		def behave(plain, certificate=certificate, whose=whose):
			_secured(plain, certificate, whose.path("keys/delegation.crt"), whose.path("keys/channel.key")).recv(1)

		with _impostor(sylvania, behave):
			_finds(freedonia, sylvania, "theirs", rung, word)


def _keys(one, directory, replace=False):
	"""A copy of its keys; or that copy put back, as from an old backup."""
	if replace:
		shutil.rmtree(one.path("keys"))
	shutil.copytree(*((directory, one.path("keys")) if replace else (one.path("keys"), directory)))


def a_revoked_certificate_is_named_by_either_side(lab):
	freedonia, sylvania = lab.pair()
	old = lab.directory + "/old-keys"
	_keys(sylvania, old)
	sylvania.comity("cert", "revoke", "channel", "--reason", "keyCompromise")
	sylvania.restart()
	lab.eventually(lambda: any(row.get("revoked") for row in freedonia.comity("peer", "show", "xs-ca")["revocations"]),
		"Freedonia holds the list")
	sylvania.stop()

	def behave(plain):
		_secured(plain, old + "/channel.crt", old + "/delegation.crt", old + "/channel.key").recv(1)

	with _impostor(sylvania, behave):	# whoever has the lost key
		_finds(freedonia, sylvania, "theirs", "revocation", "revoked")
	_keys(sylvania, old, replace=True)
	sylvania.start()
	report = _finds(sylvania, freedonia, "ours", "revocation", "our certificate is revoked", "comity cert rotate")
	require(report["code"] == "own-cert-revoked", "and by its slug", report)


def versions_that_do_not_meet_are_named(lab):
	freedonia, one = lab.pair()
	one.stop()
	other = Puppet(lab, one, freedonia)

	def behave(plain):
		other.frames = Frames(_secured(plain, one.path("keys/channel.crt"), one.path("keys/delegation.crt"),
			one.path("keys/channel.key")))
		other.hello(versions=[77])
		other.ended()

	with _impostor(one, behave):
		_finds(freedonia, one, "between", "version", "77", "up to date")


def clocks_that_differ_are_named(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", start=False)
	Clock(sylvania).set(400)
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	_finds(freedonia, sylvania, "between", "clock", "ahead of ours", "time service")


def who_does_not_permit_is_named(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.add(freedonia, sylvania)
	_finds(freedonia, sylvania, "ours", "permission", "comity peer verify")
	lab.verify(freedonia, sylvania)
	_finds(freedonia, sylvania, "theirs", "permission", "telephone check")
	lab.add(sylvania, freedonia)
	lab.verify(sylvania, freedonia)
	lab.eventually(lambda: freedonia.is_up(sylvania) and sylvania.is_up(freedonia), "the line is up")
	sylvania.comity("queue", "hold", "xf-ca", "--reason", "a change of premises")
	_finds(freedonia, sylvania, "theirs", "permission", "queue release")
	freedonia.comity("peer", "block", "xs-ca", "--reason", "a lost key")
	_finds(freedonia, sylvania, "ours", "permission", "a lost key", "peer unblock")


def a_side_without_room_is_named(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 3 << 20))
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "an exhibit is there")
	sylvania.stop()
	sylvania.configure({"limits": {"peer_quota": "1 MiB"}})
	sylvania.start()
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	_finds(freedonia, sylvania, "theirs", "quota", "purge closed cases")
	_finds(sylvania, freedonia, "ours", "quota", "limits.peer_quota")
	sylvania.stop()
	sylvania.configure({"limits": {"keep_free": "4000 TiB"}})
	sylvania.start()
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	_finds(freedonia, sylvania, "theirs", "disk", "make room on the disk")
	_finds(sylvania, freedonia, "ours", "disk", "make room on the disk")
