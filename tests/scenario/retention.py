"""What is destroyed when its time has come, what never is, and what a message that comes again is told then."""
import glob
import json
import os
import subprocess
import tarfile
import time

from lab import require
from puppet import puppet

SOON = {"retention": {"closed_cases": "1s", "events": "never"}}


def _withdrawn(lab, freedonia, sylvania):
	"""A request with an exhibit, withdrawn, and at rest on both sides; its reference and the exhibit."""
	path = lab.file("exhibit.bin", 200_000)
	ref = freedonia.send(sylvania, path)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "the request is there")
	sylvania.admit(ref)
	lab.eventually(lambda: freedonia.status(ref) == "ACCEPTED", "accepted")
	freedonia.comity("request", "withdraw", ref, "--reason", "no longer needed, the thing is settled")
	lab.eventually(lambda: sylvania.status(ref) == "WITHDRAWN", "withdrawn")
	lab.eventually(lambda: all(state["transport"] in ("COMPLETE", "ARRIVED_COMPLETE") for one in (freedonia, sylvania)
		for state in one.request(ref)["messages"]), "and at rest")
	return ref


def a_destruction_that_is_killed_is_repeated_and_destroys(lab):
	freedonia, sylvania = lab.pair()
	ref = _withdrawn(lab, freedonia, sylvania)
	destroy = ["case", "destroy", ref, "--reason", "returned on request", f"--confirm={ref}"]
	for point in ("before-commit:batch", "before-wrap:vault", "after-wrap:vault"):
		freedonia.stop()
		freedonia.environment = {"COMITY_MISCHIEF": f"die:{point}:1"}
		freedonia.start(expect=False)	# the first batch may be one of its own
		freedonia.run(*destroy)
		freedonia.daemon.wait(30)
		freedonia.environment, freedonia.daemon = {}, None
		freedonia.start()
		require(freedonia.comity("store", "check")["ok"], f"killed {point}: the store is sound")
	freedonia.run(*destroy)
	lab.eventually(lambda: "document" not in freedonia.request(ref), "in the end it is destroyed")
	require(not glob.glob(freedonia.path("store", "vault.sealed.*")) and not glob.glob(freedonia.path("blobs/??/*.part")),
		"and nothing of it lies there")
	text = os.path.join(lab.directory, "destroyed.txt")
	freedonia.comity("case", "certificate", ref, "-o", text)
	require("reason: returned on request" in open(text).read(), "with a certificate of it")
	other = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(other), "work goes on")


def an_operator_destroys_a_case_and_a_signed_certificate_is_left(lab):
	freedonia, sylvania = lab.pair()
	ref = _withdrawn(lab, freedonia, sylvania)
	other = freedonia.send(sylvania)
	before = freedonia.request(ref)
	why = ["--reason", "returned on request"]
	freedonia.refused("usage", "case", "destroy", ref, *why, "--confirm=another")
	freedonia.refused("status-transition", "case", "destroy", other, *why, f"--confirm={other}")
	freedonia.comity("request", "hold", ref, "--reason", "a complaint is pending")
	freedonia.refused("held", "case", "destroy", ref, *why, f"--confirm={ref}")
	freedonia.comity("request", "release-hold", ref)
	require(freedonia.request(ref)["document"] == before["document"], "so far nothing was destroyed")

	vault, text = open(freedonia.path("store", "vault.sealed"), "rb").read(), os.path.join(lab.directory, "destroyed.txt")
	freedonia.comity("case", "destroy", ref, *why, f"--confirm={ref}", "-o", text)
	require(open(freedonia.path("store", "vault.sealed"), "rb").read() != vault, "the vault key is another one")
	after = freedonia.request(ref)
	require("document" not in after and "subject" not in after["request"] and not glob.glob(freedonia.path("blobs/??/*.part")),
		"a shell is left", after)
	certificate = open(text).read()
	for state in before["messages"]:
		require(f"{bytes.fromhex(state['sha256']).hex() if len(state['sha256']) == 64 else ''}" in certificate and state["message_id"] in certificate,
			"each message is named", certificate)
	require("reason: returned on request" in certificate and before["request"]["request_id"] in certificate, "and why", certificate)
	pem = lab.file("signing.pem", subprocess.run(["openssl", "x509", "-in", freedonia.path("keys", "signing.crt")], check=True,
		capture_output=True).stdout)
	verified = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", text + ".p7s", "-content", text,
		"-certfile", pem, "-noverify", "-nointern", "-out", os.devnull], capture_output=True, text=True)
	require(verified.returncode == 0, "stock tools verify it", verified.stderr)
	freedonia.comity("case", "certificate", ref, "-o", text + ".again")
	require(open(text + ".again").read() == certificate, "it can be had again")
	freedonia.refused("not-found", "case", "certificate", other, "-o", text + ".none")
	freedonia.restart()
	require(freedonia.comity("store", "check", "--deep")["ok"] and freedonia.request(other)["document"], "the other case is untouched")
	require(sylvania.request(ref)["request"].get("subject"), "the other side keeps its own")


def a_closed_case_becomes_a_shell_and_its_receipts_stay(lab):
	freedonia, sylvania = lab.authority("xf-ca", settings=SOON), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = _withdrawn(lab, freedonia, sylvania)
	before = freedonia.request(ref)
	lab.eventually(lambda: int(freedonia.comity("store", "purge", "--dry-run").get("cases", 0)) == 1, "its time comes")
	freedonia.comity("request", "hold", ref, "--reason", "a complaint is pending")
	spared = freedonia.comity("store", "purge")
	require(int(spared["held"]) == 1 and int(spared["cases"]) == 0, "a legal hold stops it", spared)
	freedonia.refused("exists", "request", "hold", ref, "--reason", "again")
	require("LEGAL HOLD   since " in (shown := freedonia.run("request", "show", ref).out) and "a complaint is pending" in shown,
		"and people are told", shown)
	freedonia.comity("request", "release-hold", ref)
	purged = freedonia.comity("store", "purge")
	require(int(purged["cases"]) == 1 and purged["refs"] == [before["our_reference"]], "then it goes", purged)
	require(int(purged["attachments"]) == 3 and int(purged["messages"]) == len(before["messages"]), "all of it", purged)
	require(not [name for name in glob.glob(freedonia.path("blobs/??/*"))], "the files are gone")
	after = freedonia.request(ref)
	require(after["request"]["purged_at"] and after["request"]["status"] == "WITHDRAWN", "a shell is left", after["request"])
	shown = freedonia.run("request", "show", ref).out
	require("PURGED       " in shown and "LEGAL HOLD" not in shown, "and people are told", shown)
	require("subject" not in after["request"] and "document" not in after and not after.get("attachments"), "without a word", after)
	kept = [(state["message_id"], state["sha256"], state["manifest"], state.get("receipt")) for state in after["messages"]]
	require(kept == [(state["message_id"], state["sha256"], state["manifest"], state.get("receipt")) for state in before["messages"]],
		"what was seen and receipted is there, as before", kept)
	require(int(freedonia.comity("store", "purge")["cases"]) == 0, "it is purged once")
	require(freedonia.comity("store", "check", "--deep")["ok"], "the store is sound")
	made = freedonia.comity("backup", "create", "-o", os.path.join(lab.directory, "backups"))
	require(freedonia.comity("backup", "verify", made["path"], "--deep")["ok"], "and so is its backup")
	archive = os.path.join(lab.directory, "evidence.tar")
	exported = freedonia.comity("evidence", "export", ref, "-o", archive)
	require(len(exported["left_out"]) == len(before["messages"]) and "destroyed" in exported["left_out"][0], "evidence says what is not in it",
		exported)
	with tarfile.open(archive) as tar:
		require(any("manifest" in name for name in tar.getnames()), "and has what was signed", tar.getnames())
	require(sylvania.request(ref)["request"].get("subject"), "the other side keeps its own")
	freedonia.restart()
	require(freedonia.request(ref)["request"]["purged_at"], "also after a restart")


def what_is_on_its_way_is_spared(lab):
	freedonia, sylvania = lab.authority("xf-ca", settings=SOON), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	sylvania.stop()
	freedonia.comity("request", "withdraw", ref, "--reason", "no longer needed")
	lab.eventually(lambda: int(freedonia.comity("store", "purge").get("unsettled", 0)) == 1, "it waits until all is delivered")
	require("purged_at" not in freedonia.request(ref)["request"], "nothing is destroyed")
	sylvania.start()
	lab.eventually(lambda: sylvania.status(ref) == "WITHDRAWN", "the withdrawal arrives all the same")


def a_purge_that_was_killed_goes_on(lab):
	freedonia, sylvania = lab.authority("xf-ca", settings=SOON), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = _withdrawn(lab, freedonia, sylvania)
	lab.eventually(lambda: int(freedonia.comity("store", "purge", "--dry-run").get("cases", 0)) == 1, "its time comes")
	purging = freedonia.spawn("store", "purge")
	freedonia.kill()
	purging.communicate()
	freedonia.start()
	lab.eventually(lambda: freedonia.run("--json", "store", "purge").status == 0, "a round is finished")	# one may be under way
	require(freedonia.request(ref)["request"]["purged_at"], "it is a shell")
	require(not glob.glob(freedonia.path("blobs/??/*")), "and no file is left")
	require(freedonia.comity("store", "check")["ok"], "the store is sound")


def old_events_go_and_whoever_asks_for_them_is_told(lab):
	freedonia, sylvania = lab.authority("xf-ca", settings={"retention": {"events": "1s"}}), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: int(freedonia.comity("store", "purge").get("events", 0)) > 0, "old events go")
	error = freedonia.refused("events-expired", "watch", "--since=0", "--no-follow")
	oldest = int(error["message"].rsplit(" ", 1)[1])
	require(oldest > 1, "the oldest that is kept is named", error)
	listed = freedonia.comity("watch", f"--since={oldest - 1}", "--no-follow")
	require(freedonia.comity("store", "check")["ok"], "the store is sound")
	freedonia.say(ref, "numbers go on")
	lab.eventually(lambda: int(freedonia.comity("status")["events"]) > oldest, "dense as ever", 30)


# ── once, for ever ──

def a_message_that_comes_again_after_the_purge_gets_its_first_receipt(lab):
	freedonia, other = puppet(lab)
	freedonia.stop()
	freedonia.configure(SOON)
	freedonia.start()
	message = other.connect().greet().request()
	first = other.dispatch(message)
	act = other.schema.casework.Act()
	act.withdrawal.reason = "settled"
	other.dispatch(other.message(message.request_id, act))
	require(freedonia.status(message.request_id) == "WITHDRAWN", "it is over")
	lab.eventually(lambda: int(freedonia.comity("store", "purge").get("cases", 0)) == 1, "and purged")
	before = freedonia.request(message.request_id)["messages"]
	again = other.dispatch(message)
	require(again == first, "the same receipt, to the letter", again, first)
	require("# refused" not in other.receipt(), "and the new dispatch has its own")
	require(freedonia.request(message.request_id)["messages"] == before, "nothing was made twice")
	message.text = "another content"
	refused = other.dispatch(message)
	require("id-reused" in refused, "another content under its id is refused, years later too", refused)
	lab.eventually(lambda: any(one["data"].get("reason") == "id-reused" for one in freedonia.events), "there is an event of it")
	lab.eventually(lambda: "id-reused" in str(freedonia.comity("peer", "show", "xs-ca")), "and `peer show` tells it")
	require(freedonia.comity("store", "check", "--deep")["ok"], "the store is sound")


def the_same_id_from_two_senders_is_two_messages(lab):
	freedonia, other = puppet(lab)
	third = lab.authority("xd-ca", listen=False)
	lab.befriend(freedonia, third)
	third.stop()
	from puppet import Puppet
	another = Puppet(lab, third, freedonia)
	one = other.connect().greet().request()
	other.dispatch(one)
	loose = other.message(None, text="from the one")
	loose.ClearField("request_id")
	twin = another.connect().greet().message(None, text="from the other")
	twin.ClearField("request_id")
	twin.message_id = loose.message_id
	for who, what in ((other, loose), (another, twin)):
		receipt = who.dispatch(what)
		require(loose.message_id in receipt and "# refused" not in receipt, "each is receipted", receipt)


def receipts_repeated_late_or_out_of_order_change_nothing(lab):
	"""Freedonia says two things to a puppet, which receipts the second first, then the first, then both once more."""
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	other.dispatch(message)
	ids, lines = [], []
	for text in ("first", "second"):
		ids.append(freedonia.comity("message", "send", message.request_id, "--text", "-", text=text)["message_id"])
		body = other.hear("manifest")
		while ids[-1] not in body.text.decode():
			body = other.hear("manifest")
		line = [line for line in body.text.decode().splitlines() if ids[-1] in line][0].split()
		lines.append((line[0], line[1]))
	state = lambda which: [one for one in freedonia.request(message.request_id)["messages"] if one["message_id"] == ids[which]][0]
	other.send(other.manifest([lines[1]], purpose="receipt"))
	lab.eventually(lambda: state(1)["transport"] == "COMPLETE", "the second is delivered")
	require(state(0)["transport"] == "SENT", "the first is not")
	second = state(1)
	other.send(other.manifest([lines[0]], purpose="receipt"))
	lab.eventually(lambda: state(0)["transport"] == "COMPLETE", "now the first is")
	first = state(0)
	other.send(other.manifest(lines, purpose="receipt"))
	other.send(other.manifest([lines[0], ("0" * 64, lines[1][1])], purpose="receipt"))
	other.dispatch(other.message(message.request_id, text="so that all before it is heard"))
	require(state(0) == first and state(1) == second, "nothing else changes anything", state(0), state(1))
	told = [one["type"] for one in freedonia.events if one["data"].get("message_id") in ids and one["type"].startswith("comity.message.delivered")]
	require(len(told) == 2, "and each is told once", told)
