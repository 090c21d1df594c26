"""The counterpart is told that a case was destroyed: it believes the signed certificate, and nothing that only looks like one."""
import hashlib
import os
import time

from evidence import _altered, _by_its_readme, _unpacked
from lab import require
from puppet import Control, now, puppet, uuid7
from retention import _withdrawn

WHY = "returned on request"


def _destroyed(lab, freedonia, sylvania):
	ref = _withdrawn(lab, freedonia, sylvania)
	freedonia.comity("case", "destroy", ref, "--reason", WHY, f"--confirm={ref}")
	return ref


def _notify(one, ref, *options):
	return one.comity("case", "notify", ref, f"--confirm={ref}", *options)["message_id"]


def _there(one, ref):
	return one.request(ref)["request"].get("destroyed_there")


def _transport(one, ref, message_id):
	return next(state["transport"] for state in one.request(ref)["messages"] if state["message_id"] == message_id)


def the_counterpart_is_told_of_a_destruction_and_verifies_it(lab):
	freedonia, sylvania = lab.pair()
	ref = _withdrawn(lab, freedonia, sylvania)
	freedonia.refused("not-found", "case", "notify", ref, f"--confirm={ref}")
	freedonia.comity("case", "destroy", ref, "--reason", WHY, f"--confirm={ref}")
	freedonia.refused("usage", "case", "notify", ref)
	freedonia.refused("usage", "case", "notify", ref, "--confirm=another")
	forged = lab.file("forged.json", b'{"acts": [{"destruction_notice": {"certificate": "as I please"}}]}')
	require("case notify" in freedonia.refused("usage", "message", "send", ref, "--from", forged)["message"], "nobody writes one by hand")
	dry = freedonia.run("case", "notify", ref, "--dry-run")
	require(dry.status == 0 and f"# reason: {WHY}" in dry.out and f"# by: uid {os.getuid()}" in dry.out,
		"whoever tells it sees before what will be told", dry.out, dry.err)
	count = len(freedonia.request(ref)["messages"])
	require(count == len(sylvania.request(ref)["messages"]), "so far nothing was said")

	said = _notify(freedonia, ref)
	there = lab.eventually(lambda: _there(sylvania, ref), "it arrives, and is believed")
	require(there["reason"] == WHY and there["message_id"] == said and there["by"] == f"uid {os.getuid()}" and there["messages"] == count,
		"who, when, why, and of what", there)
	require(there["at"] == freedonia.request(ref)["request"]["destruction"]["at"], "at the time that was signed", there)
	shown = sylvania.run("request", "show", ref).out
	require("DESTROYED THERE" in shown and "certificate verified" in shown and WHY in shown, "people are told", shown)
	lab.eventually(lambda: any(event["type"] == "comity.request.destroyed-there.v1" for event in sylvania.events), "there is an event of it")
	require(sylvania.status(ref) == "WITHDRAWN" and sylvania.request(ref)["document"], "their own record is as it was")
	lab.eventually(lambda: _transport(freedonia, ref, said) == "COMPLETE", "it was receipted")
	shown = freedonia.run("request", "show", ref).out
	require("DESTROYED  " in shown and "xs-ca was told in message" in shown and "COMPLETE" in shown.upper(), "and here too", shown)
	freedonia.refused("exists", "case", "notify", ref, f"--confirm={ref}")

	for one in (freedonia, sylvania):
		one.restart()
		require(one.comity("store", "check", "--deep")["ok"], "what was said in a shell has a key of its own")
	require(_there(sylvania, ref) == there and "document" not in freedonia.request(ref), "and it is so after a restart")
	set_ = os.path.join(lab.directory, "backups")
	os.mkdir(set_)
	path = freedonia.comity("backup", "create", "-o", set_)["path"]
	require(freedonia.comity("backup", "verify", path)["ok"], "a backup holds it")
	_in_evidence(lab, freedonia, sylvania, ref)


def _say_often(one, ref, count):
	"""As a system that is connected does: calls in a row, then their answers."""
	session = Control(one)
	message = session.schema.Submit(ref=ref).message
	message.acts.add().general_correspondence.SetInParent()
	for first in range(0, count, 50):
		for number in range(first, first + 50):
			message.text = f"number {number}"
			session.ask("submit", key=uuid7(), ref=ref, message=message)
		for _ in range(50):
			require(session.reply().WhichOneof("kind") == "submitted", "it is taken")


def a_case_of_very_many_messages_is_destroyed_shown_and_told(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	_say_often(freedonia, ref, 700)		# the certificate is longer than any text that people write
	freedonia.comity("request", "withdraw", ref, "--reason", "no longer needed, the thing is settled")
	lab.eventually(lambda: sylvania.status(ref) == "WITHDRAWN", "withdrawn", 120)
	lab.eventually(lambda: all(state["transport"] in ("COMPLETE", "ARRIVED_COMPLETE") for one in (freedonia, sylvania)
		for state in one.request(ref)["messages"]), "and at rest", 120)
	count = len(freedonia.request(ref)["messages"])
	freedonia.comity("case", "destroy", ref, "--reason", WHY, f"--confirm={ref}")
	text = freedonia.request(ref)["request"]["destruction"]["text"]
	require(len(text) > 65536 and text.count("\n") == 8 + count, "every message is named, and it can be shown", len(text))
	_notify(freedonia, ref)
	there = lab.eventually(lambda: _there(sylvania, ref), "it arrives, and is believed", 60)
	require(there["messages"] == count, "of all of them", there)
	archive = os.path.join(lab.directory, "many.tar")
	sylvania.comity("evidence", "export", ref, "-o", archive)
	require(sylvania.comity("evidence", "verify", archive)["valid"], "and stands in the evidence")


def _in_evidence(lab, freedonia, sylvania, ref):
	for one in (freedonia, sylvania):
		archive = os.path.join(lab.directory, one.name + ".tar")
		one.comity("evidence", "export", ref, "-o", archive)
		report = one.comity("evidence", "verify", archive)
		require(any("xf-ca signed that it destroyed" in line and WHY in line for line in report["proves"]), "evidence has it", report)
		place = _unpacked(lab, archive, one.name + ".unpacked")
		done = _by_its_readme(place)
		require(done.returncode == 0 and "NOT SIGNED" not in done.stdout, "stock tools verify it", done.stdout, done.stderr)
	altered = archive + ".altered"
	for name in ("destructions/xf-ca.txt", "destructions/xf-ca.p7s"):
		for at in (3, 400, -2):
			def alter(member, content):
				is_it = member.name.endswith(name)
				where = at % len(content) if is_it else 0
				return content[:where] + bytes([content[where] ^ 1]) + content[where + 1:] if is_it else content
			_altered(archive, altered, alter)
			require(freedonia.run("evidence", "verify", altered).status != 0, "an altered one is noticed", name, at)


def a_certificate_of_keys_that_were_renewed_since_still_proves(lab):
	freedonia, sylvania = lab.pair()
	ref = _destroyed(lab, freedonia, sylvania)
	before = open(freedonia.path("keys", "signing.crt")).read()
	freedonia.comity("cert", "rotate", "delegation")
	lab.eventually(lambda: open(freedonia.path("keys", "signing.crt")).read() != before, "the keys are others")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	_notify(freedonia, ref)
	lab.eventually(lambda: _there(sylvania, ref), "it counts as what it was when it was signed")
	archive = os.path.join(lab.directory, "evidence.tar")
	sylvania.comity("evidence", "export", ref, "-o", archive)
	require(sylvania.comity("evidence", "verify", archive)["valid"], "and in evidence")


# ── falsehoods ──

def _closed(lab):
	"""Freedonia, a puppet, and a request of the puppet's that it withdrew; with what the puppet said so far."""
	freedonia, other = puppet(lab)
	message = other.connect().greet().request()
	act = other.schema.casework.Act()
	act.withdrawal.reason = "settled"
	other.dispatch(message)
	withdrawal = other.message(message.request_id, act, requesting_reference=message.requesting_reference)
	return freedonia, other, message, withdrawal


def _certificate(other, message, said, at, **changes):
	fields = {"authority": other.one.name, "request": message.request_id, "requesting-reference": message.requesting_reference,
		"requested-reference": "", "at": at, "by": "uid 4711", "reason": "it is gone"} | changes
	lines = ["# comity-destruction 1"] + [f"# {name}: {value}" for name, value in fields.items()]
	return "\n".join(lines + [f"{hashlib.sha256(one.SerializeToString()).hexdigest()}  {one.message_id}" for one in said]) + "\n"


def _der(path):
	import ssl
	return ssl.PEM_cert_to_DER_cert(open(path).read())


def _notice(other, request_id, write, key="signing", text=None, **fields):
	"""A message with the certificate that write(at) gives, signed in the second that stands in it."""
	while True:
		at = now()
		certificate = write(at)
		signature = other.sign(certificate.encode(), key)
		if now()[:19] == at[:19]:
			break
		time.sleep(0.01)
	act = other.schema.casework.Act()
	notice = act.destruction_notice
	notice.certificate, notice.signature = text(certificate) if text else certificate, signature
	notice.signing, notice.delegation = _der(other.key(key + ".crt")), _der(other.key("delegation.crt"))
	return other.message(request_id, act, **fields)


def a_false_certificate_of_a_destruction_is_refused_and_changes_nothing(lab):
	freedonia, other, message, withdrawal = _closed(lab)
	said = [message, withdrawal]

	def false(what, name=message.request_id, alter=None, **options):
		changes, named = dict(options.pop("changes", {})), options.pop("said", said)
		dated = changes.pop("at", None)
		notice = _notice(other, name, lambda at: _certificate(other, message, named, dated or at, **changes), **options)
		if alter:
			alter(notice)
		receipt = other.dispatch(notice)
		require("# refused" in receipt and ("false-notice" in receipt or "bad-document" in receipt), f"{what}: refused", receipt)
		require(not _there(freedonia, message.request_id), f"{what}: nothing is noted")
		return receipt

	false("of what is not over")
	other.dispatch(withdrawal)
	lab.eventually(lambda: freedonia.status(message.request_id) == "WITHDRAWN", "withdrawn")
	second = other.request()
	other.dispatch(second)
	false("of another request", changes={"request": second.request_id})
	false("of another authority", changes={"authority": "xt-ca"})
	false("of ours", changes={"authority": freedonia.name})
	false("with another reference", changes={"requesting-reference": "ELSE/1"})
	false("of a day to come", changes={"at": "2099-01-01T00:00:00.000Z"})
	false("of a day before", changes={"at": "2001-01-01T00:00:00.000Z"})
	false("altered since", text=lambda text: text.replace("it is gone", "it is lost"))
	false("in another form", text=lambda text: text.replace("uid 4711", "uid 04711"))
	false("without its end", text=lambda text: text[:-1])
	false("of something else", text=lambda text: "# comity-manifest 1\n")
	false("signed with the key of the line", key="channel")
	wrong = other.message(message.request_id, text="another")
	wrong.message_id = withdrawal.message_id
	false("of other bytes under an id of the case", said=[message, wrong])
	false("without a certificate of its key", alter=lambda one: one.acts[0].destruction_notice.ClearField("signing"))
	false("with our certificate", alter=lambda one: setattr(one.acts[0].destruction_notice, "signing", _der(freedonia.path("keys", "signing.crt"))))
	false("with junk for a certificate", alter=lambda one: setattr(one.acts[0].destruction_notice, "delegation", b"\x30\x82junk"))
	false("without a signature", alter=lambda one: one.acts[0].destruction_notice.ClearField("signature"))
	false("without a text", alter=lambda one: one.acts[0].destruction_notice.ClearField("certificate"))
	false("with another act", alter=lambda one: one.acts.add().general_correspondence.SetInParent())
	require(freedonia.status(message.request_id) == "WITHDRAWN" and not any(event["type"].startswith("comity.request.destroyed")
		for event in freedonia.events), "nothing of it all took effect")
	receipt = other.dispatch(good := _notice(other, message.request_id, lambda at: _certificate(other, message, said, at)))
	require("# refused" not in receipt, "the true one is taken", receipt)
	there = lab.eventually(lambda: _there(freedonia, message.request_id), "and noted")
	require(there["message_id"] == good.message_id and there["by"] == "uid 4711" and there["messages"] == 2, "as it was said", there)
	require(freedonia.comity("store", "check")["ok"], "the store is sound")


def a_notice_that_they_refuse_leaves_the_shell_as_it_was(lab):
	freedonia, other = puppet(lab)
	ref = freedonia.send(other.one)
	other.connect().greet()

	def receive(refused=False):
		"""Their receipt of our next dispatch, and the completion of what came with it."""
		while "# purpose: dispatch" not in (text := other.hear("manifest").text.decode()):
			pass
		entries = [line.split("  ") for line in text.splitlines() if not line.startswith("#")]
		own = [(digest, name) for digest, name in entries if "." not in name]
		if refused:
			other.send(other.manifest([], purpose="receipt", extra="".join(f"# refused: {digest} {name} false-notice\n" for digest, name in own)))
			return
		other.send(other.manifest(own, purpose="receipt"))
		other.send(other.manifest(entries, purpose="complete"))

	receive()
	lab.eventually(lambda: freedonia.request(ref)["messages"][0]["transport"] == "COMPLETE", "the request is there")
	freedonia.comity("request", "withdraw", ref, "--reason", "settled")
	receive()
	lab.eventually(lambda: all(state["transport"] == "COMPLETE" for state in freedonia.request(ref)["messages"]), "withdrawn")
	freedonia.comity("case", "destroy", ref, "--reason", WHY, f"--confirm={ref}")
	said = _notify(freedonia, ref)
	receive(refused=True)
	lab.eventually(lambda: _transport(freedonia, ref, said) == "REFUSED", "they refuse it")
	after = freedonia.request(ref)["request"]
	require(after["status"] == "WITHDRAWN" and after["purged_at"] and after["destruction"], "the shell is as it was", after)
	require(freedonia.comity("store", "check", "--deep")["ok"], "and sound")
	again = _notify(freedonia, ref)
	receive()
	lab.eventually(lambda: _transport(freedonia, ref, again) in ("DELIVERED", "COMPLETE"), "it can be told again")


# ── a store from before ──

def what_was_told_of_a_destruction_comes_back_to_an_older_store(lab):
	freedonia, sylvania = lab.pair()
	ref = _withdrawn(lab, freedonia, sylvania)
	whole = freedonia.copy("whole")
	freedonia.comity("case", "destroy", ref, "--reason", WHY, f"--confirm={ref}")
	shell = freedonia.copy("shell")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	said = _notify(freedonia, ref)
	lab.eventually(lambda: _transport(freedonia, ref, said) == "COMPLETE", "it was told")
	for copy, words in ((shell, "xs-ca was told in message"), (whole, "here again, from a backup")):
		freedonia.put_back(copy)
		freedonia.start()
		lab.eventually(lambda: any(state["message_id"] == said for state in freedonia.request(ref)["messages"]), "it comes back")
		after = freedonia.request(ref)
		require(after["request"]["status"] == "WITHDRAWN" and after["request"]["destruction"]["told_in"] == said, "and the case is as it was",
			after["request"])
		shown = freedonia.run("request", "show", ref).out
		require(words in shown, "people are told", shown)
		require(freedonia.comity("store", "check", "--deep")["ok"], "the store is sound")
		lab.eventually(lambda: {"recovery_begin", "recovery_end"} <= {row["entry"]["act"]
			for row in freedonia.comity("audit", "list", "--daemon").get("data", [])}, "that the daemon fetched it back is in the audit log")
	lab.eventually(lambda: freedonia.is_up(sylvania), "the line is up again")
	freedonia.comity("case", "destroy", ref, "--reason", WHY + ", again", f"--confirm={ref}")
	require("document" not in freedonia.request(ref), "what was here again can be destroyed again")
	_notify(freedonia, ref)
	lab.eventually(lambda: _there(sylvania, ref)["reason"] == WHY + ", again", "and told")
