"""The record that a third party checks: whole, it verifies with stock tools; altered anywhere, it does not."""
import errno
import hashlib
import io
import json
import os
import subprocess
import tarfile
import time

from lab import Answer, build_directory, forget_fake_clocks, require


def _case(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 100_000))
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.admit(ref)
	lab.eventually(lambda: freedonia.status(ref) == "ACCEPTED" and sylvania.is_whole(ref, 3), "and is accepted")
	lab.eventually(lambda: all(view["state"]["transport"] in ("COMPLETE", "ARRIVED_COMPLETE")
		for one in (freedonia, sylvania) for view in one.messages(ref)), "and all is receipted")
	archive = os.path.join(lab.directory, "evidence.tar")
	freedonia.comity("evidence", "export", ref, "-o", archive)
	return freedonia, sylvania, ref, archive


def _altered(source, target, alter):
	"""Copy a tar member by member; `alter` gives a member's new content, or None to drop it."""
	with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
		for member in old:
			content = old.extractfile(member).read() if member.isfile() else b""
			changed = alter(member, content)
			if changed is None:
				continue
			member.size = len(changed)
			new.addfile(member, io.BytesIO(changed))


def _names(archive):
	with tarfile.open(archive) as tar:
		return [member.name for member in tar if member.isfile()]


def _is_proof(name):
	"""Members whose every byte is proof (the readable ones explain and prove nothing)."""
	return any(part in name for part in ("messages/", "manifests/", "certificates/", "revocations/"))


def both_sides_export_the_same_record(lab):
	freedonia, sylvania, ref, archive = _case(lab)
	other = os.path.join(lab.directory, "other.tar")
	sylvania.comity("evidence", "export", ref, "-o", other)
	for one in (freedonia, sylvania):
		for path in (archive, other):
			one.comity("evidence", "verify", path)
	proofs = [sorted(name.split("/", 1)[-1] if not _is_proof(name.split("/", 1)[0] + "/") else name
		for name in _names(path) if _is_proof(name) and "messages/" in name) for path in (archive, other)]
	require(proofs[0] == proofs[1], "both hold the same messages", *proofs)


def _unpacked(lab, archive, name="unpacked"):
	place = os.path.join(lab.directory, name)
	os.mkdir(place)
	subprocess.run(["tar", "-xf", archive, "-C", place], check=True)
	return place


def _by_its_readme(place, *prefix):
	"""The commands of the README, exactly as they stand there."""
	with open(os.path.join(place, "README.txt")) as file:
		commands = "\n".join(line[4:].rstrip() for line in file if line.startswith("    ") and line.strip())
	return subprocess.run([*prefix, "bash", "-ec", commands], cwd=place, capture_output=True, text=True)


def it_verifies_by_the_commands_of_its_own_readme_also_in_ten_years(lab):
	freedonia, _, _, archive = _case(lab)
	place = _unpacked(lab, archive)
	forget_fake_clocks()
	for prefix in ((), ("faketime", "-f", "+10y")):
		done = _by_its_readme(place, *prefix)
		require(done.returncode == 0, "the commands succeed", prefix, done.stdout, done.stderr)
		require(": OK" in done.stdout and "FAILED" not in done.stdout, "the hashes are right", done.stdout)
		require("LOOK AT" not in done.stdout, "no key is on a list", done.stdout)
	environment = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0")
	subprocess.run(["faketime", "-f", "+10y", *freedonia.command("evidence", "verify", archive)], check=True, env=environment,
		stdout=subprocess.DEVNULL)
	for name in (next(name for name in _names(archive) if "messages/" in name), "revocations/xs-ca/1.pem"):
		with open(os.path.join(place, name), "r+b") as file:
			content = file.read()
			file.seek(len(content) // 2)
			file.write(bytes([content[len(content) // 2] ^ 1]))
		done = _by_its_readme(place)
		require(done.returncode != 0, name + ": and fail after one bit was altered", done.stdout, done.stderr)
		subprocess.run(["tar", "-xf", archive, "-C", place], check=True)


def what_was_signed_after_its_key_was_lost_does_not_count(lab):
	freedonia, sylvania, ref, _ = _case(lab)
	sylvania.comity("cert", "revoke", "signing", "--reason", "keyCompromise", "--lost-at", "2026-01-01")
	archive = os.path.join(lab.directory, "after.tar")
	sylvania.comity("evidence", "export", ref, "-o", archive)
	place = _unpacked(lab, archive)
	done = _by_its_readme(place)
	require(done.returncode != 0 and "REVOKED SINCE" in done.stdout, "the README finds it", done.stdout, done.stderr)
	answer = sylvania.run("--json", "evidence", "verify", archive)
	require(answer.status != 0 and "cert-revoked" in answer.out, "so does the tool", answer.out, answer.err)


def what_was_signed_before_its_key_was_revoked_counts(lab):
	freedonia, sylvania, ref, _ = _case(lab)
	soon = time.time() + 1.5		# the times in a list are whole seconds
	lab.eventually(lambda: time.time() > soon, "a second passes")
	sylvania.comity("cert", "revoke", "signing", "--reason", "superseded")
	archive = os.path.join(lab.directory, "before.tar")
	sylvania.comity("evidence", "export", ref, "-o", archive)
	done = _by_its_readme(_unpacked(lab, archive))
	require(done.returncode == 0 and "LOOK AT" in done.stdout, "the README tells it and goes on", done.stdout, done.stderr)
	sylvania.comity("evidence", "verify", archive)


def _bytes_that_mean_something(archive):
	"""A few places of each class: what class, and where in the file.

	Left out: what pads an entry to whole blocks, the empty blocks at the end, and in a header its sum (the letters behind
	its digits mean nothing; the digits do, and are looked at)."""
	with tarfile.open(archive) as tar:
		for member in tar:
			folder = member.name.split("/")[0]
			kind = folder + os.path.splitext(member.name)[1] if folder in ("manifests", "messages", "timestamps") else folder
			for at in (0, 100, 124, 136, 148, 156, 257, 345, 511):
				yield "header of " + kind, member.offset + at
			between = {64, 65, 66} if member.name.endswith(".sha256") else set()	# a sum and its name
			for at in {0, member.size // 2, member.size - 1} | between if member.size else ():
				yield kind, member.offset_data + at


def _every_class_is_found(lab, one, archive):
	"""Flip a bit at some places of each class: each is found.  The classes."""
	one.comity("evidence", "verify", archive)
	places = {}
	for kind, at in _bytes_that_mean_something(archive):
		places.setdefault(kind, []).append(at)
	with open(archive, "rb") as file:
		whole = file.read()
	for kind, found in places.items():
		for at in sorted(found)[:9 if kind.startswith("header") else 6]:
			target = lab.file("altered.tar", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
			answer = one.run("--json", "evidence", "verify", target)
			require(answer.status in (1, 65, 76), f"{kind}, byte {at}: found", answer.status, answer.out, answer.err)
	return set(places)


def one_altered_byte_of_any_class_is_found(lab):
	freedonia, _, _, archive = _case(lab)
	wanted = {"README.txt", "SUMMARY.txt", "CONTENTS.sha256", "readable", "manifests.manifest", "manifests.p7s", "messages", "messages.1",
		"certificates", "revocations"}
	kinds = _every_class_is_found(lab, freedonia, archive)
	require(wanted <= kinds, "every class is there", sorted(kinds))
	where = _unpacked(lab, archive)
	with open(where + "/CONTENTS.sha256", "r+b") as contents:
		contents.seek(65)
		contents.write(b"!")
	require(_by_its_readme(where).returncode, "the stock tools pass over no line either")


def one_altered_byte_in_any_proof_is_found(lab):
	freedonia, _, _, archive = _case(lab)
	target = os.path.join(lab.directory, "altered.tar")
	for name in filter(_is_proof, _names(archive)):
		def flip(member, content):
			if member.name != name or not content:
				return content
			middle = len(content) // 2
			return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]
		_altered(archive, target, flip)
		answer = freedonia.run("--json", "evidence", "verify", target)
		require(answer.status in (1, 65, 76), f"{name}: an altered byte is found", answer.status, answer.out, answer.err)


def a_missing_part_is_found(lab):
	freedonia, _, _, archive = _case(lab)
	target = os.path.join(lab.directory, "short.tar")
	for name in filter(_is_proof, _names(archive)):
		_altered(archive, target, lambda member, content: None if member.name == name else content)
		answer = freedonia.run("--json", "evidence", "verify", target)
		require(answer.status != 0, f"{name}: its absence is found", answer.out, answer.err)


def what_is_no_evidence_is_refused(lab):
	freedonia, _, ref, archive = _case(lab)
	with open(archive, "rb") as file:
		whole = file.read()
	for what, content in (("nothing", b""), ("noise", os.urandom(5000)), ("half of it", whole[:len(whole) // 2])):
		answer = freedonia.run("--json", "evidence", "verify", lab.file("bad.tar", content))
		require(answer.status in (1, 65), what + " is refused", answer.status, answer.out, answer.err)
	freedonia.refused("exists", "evidence", "export", ref, "-o", archive)
	freedonia.refused("not-found", "evidence", "export", "nothing-like-it", "-o", archive + "2")


def a_disk_without_room_is_named_and_nothing_is_left_on_it(lab):
	freedonia, _, ref, _ = _case(lab)
	target, order = os.path.join(lab.directory, "outbox", "full.tar"), os.path.join(lab.directory, "order")
	os.mkdir(os.path.dirname(target))
	# libarchive keeps its block of ten KiB when it could not write
	sanitized = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:detect_leaks=0"}
	for call, number, code, status in (("write", errno.ENOSPC, "disk-full", 75), ("write", errno.EDQUOT, "disk-full", 75),
		("sync", errno.ENOSPC, "disk-full", 75), ("write", errno.EIO, "io", 74)):
		with open(order, "w") as file:
			file.write(f"{call} full.tar {number} {1 if call == 'sync' else 2}\n")
		done = subprocess.run(freedonia.command("--json", "evidence", "export", ref, "-o", target), capture_output=True, text=True, timeout=60,
			env=dict(os.environ, LD_PRELOAD=build_directory() + "/tests/libfaulty_disk.so", FAULTY_DISK=order, **sanitized))
		error = Answer(done).error()
		require(done.returncode == status and error["code"] == code, "it is refused", done.returncode, error, done.stderr)
		require(target in error["message"] and os.strerror(number) in error["message"], "which file, and why", error)
		require(error.get("hints") and (code != "disk-full" or "another disk" in error["hints"][0]), "and what to do", error)
		require(not os.listdir(os.path.dirname(target)), "no half of it is left", os.listdir(os.path.dirname(target)))
	os.unlink(order)
	freedonia.comity("evidence", "export", ref, "-o", target)


def the_card_pins_who_signed(lab):
	freedonia, sylvania, _, archive = _case(lab)
	own, stranger = lab.directory + "/own.card", lab.directory + "/stranger.card"
	freedonia.comity("card", "export", "-o", own)
	freedonia.comity("evidence", "verify", archive, "--trust", lab.directory + "/xs-ca.card", "--trust", own)
	impostor = lab.authority("xs-ca", home=lab.directory + "/impostor")
	impostor.comity("card", "export", "-o", stranger)
	answer = freedonia.run("--json", "evidence", "verify", archive, "--trust", stranger)
	require(answer.status != 0, "another identity of that name is not believed", answer.out, answer.err)


def the_record_of_a_whole_case_has_all_of_both_sides(lab):
	freedonia, sylvania, ref, _ = _case(lab)
	condition = {"id": "K1", "type": "USE", "use": "NO_ONWARD_TRANSFER", "text": "Not for fiscal proceedings.\n    rm -r"}
	freedonia.say(ref, "A question of ours.")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "it is there")
	sylvania.comity("request", "set-status", ref, "in-execution")
	result = {"status": "PARTIALLY_EXECUTED", "record_of_execution": "Heard today.", "results": [{"measure": "M1", "description": "statements",
		"conditions": [condition]}]}
	delivery = lab.file("delivery.json", json.dumps({"acts": [{"execution_result": result}]}).encode())
	sylvania.comity("message", "send", ref, "--from", delivery)
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)) and
		all(view["state"]["transport"] in ("COMPLETE", "ARRIVED_COMPLETE")
		for one in (freedonia, sylvania) for view in one.messages(ref)), "and all is receipted")
	archive = os.path.join(lab.directory, "whole.tar")
	written = freedonia.comity("evidence", "export", ref, "-o", archive)
	names = _names(archive)
	ids = {view["state"]["message_id"] for view in freedonia.messages(ref)}
	require({"messages/" + one for one in ids} <= set(names) and {f"readable/{one}.json" for one in ids} <= set(names), "every message", names)
	require(sum(name.startswith("messages/") and "." in name for name in names) == len(freedonia.attachments(ref)), "every attachment", names)
	for side in ("xf-ca", "xs-ca"):
		wanted = {f"certificates/{side}/{role}.pem" for role in ("identity", "delegation", "signing")} | {f"revocations/{side}/{n}.pem" for n in (1, 2)}
		require(wanted <= set(names) and any(name.startswith(f"manifests/{side}/") for name in names), side + ": what it signed with", names)
	require(not written.get("left_out") and len(written["conditions"]) == 1, "nothing is left out", written)
	said = written["conditions"][0]
	require("K1" in said and "NO_ONWARD_TRANSFER" in said and "Not for fiscal proceedings." in said, "the condition of use is shown", said)
	with tarfile.open(archive) as tar:
		readme = tar.extractfile("README.txt").read().decode()
	require(said in readme and "18(19)" in readme and "\n    rm" not in readme, "and in the README, where it is no command", readme[-3000:])
	report = freedonia.comity("evidence", "verify", archive)
	require(report["messages"] == report["receipted"] == report["complete"] == len(ids), "and every receipt", report)


def _rewritten(source, target, changes):
	"""A copy with these members changed (None: taken out), and its list of contents written anew: by somebody who knows how."""
	sums = {name: hashlib.sha256(content).hexdigest() for name, content in changes.items() if content is not None}
	def alter(member, content):
		if member.name == "CONTENTS.sha256":
			lines = [line.split("  ", 1) for line in content.decode().splitlines()]
			return "".join(f"{sums.get(name, sum)}  {name}\n" for sum, name in lines if changes.get(name, "") is not None).encode()
		return changes.get(member.name, content)
	_altered(source, target, alter)


def nothing_in_place_of_a_proof_holds_also_when_the_list_is_written_anew(lab):
	freedonia, sylvania, ref, archive = _case(lab)
	impostor = lab.authority("xf-ca", start=False, home=lab.directory + "/impostor")
	place = _unpacked(lab, archive)
	def read(*path):
		with open(os.path.join(*path), "rb") as file:
			return file.read()
	manifests = sorted(name for name in _names(archive) if name.startswith("manifests/xf-ca/") and name.endswith(".manifest"))
	first, second = manifests[0], manifests[1]
	signature = first.replace(".manifest", ".p7s")
	keys = freedonia.path("keys")
	def cms(*options, keys=keys, who="signing"):
		subprocess.run(["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", os.path.join(place, first), "-out", place + ".p7s",
			"-signer", who + ".crt", "-inkey", who + ".key", *options], cwd=keys, check=True, capture_output=True)
		return read(place + ".p7s")
	subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile", "signing.crt", "-outform", "DER", "-out", place + ".none"], cwd=keys, check=True)
	ours = ("-cades", "-keyid", "-nocerts", "-nosmimecap")
	target = os.path.join(lab.directory, "rewritten.tar")
	_rewritten(archive, target, {signature: cms(*ours)})
	freedonia.comity("evidence", "verify", target)		# signed anew with the right key, in the right form: that is a signature
	pem = "revocations/xf-ca/1.pem"
	wrong = {
		"the content inside": {signature: cms(*ours, "-nodetach")},
		"two signers": {signature: cms(*ours, "-signer", "delegation.crt", "-inkey", "delegation.key")},
		"no signer": {signature: read(place + ".none")},
		"no signature": {signature: b""},
		"the signature of another manifest": {signature: read(place, second.replace(".manifest", ".p7s"))},
		"another digest": {signature: cms(*ours, "-md", "sha1")},
		"no signed attributes": {signature: cms("-noattr", "-nocerts")},
		"a delegation's signature": {signature: cms(*ours, who="delegation")},
		"an impostor's signature": {signature: cms(*ours, keys=impostor.path("keys"))},
		"an impostor's signature and certificate": {signature: cms(*ours, keys=impostor.path("keys")),
			"certificates/xf-ca/signing.pem": read(place, "certificates/xf-ca/signing.pem") + read(impostor.path("keys/signing.crt"))},
		"another identity": {"certificates/xf-ca/identity.pem": read(impostor.path("keys/identity.crt"))},
		"a certificate of the other side": {"certificates/xf-ca/signing.pem": read(place, "certificates/xs-ca/signing.pem")},
		"a certificate that is none": {"certificates/xf-ca/signing.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
		"the other side's revocation list": {pem: read(place, "revocations/xs-ca/1.pem")},
		"an impostor's revocation list": {pem: read(impostor.path("keys/identity.crl"))},
		"a revocation list that is none": {pem: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"},
		"a revocation list of absurd size": {pem: read(place, pem) * 400},
		"a manifest written anew": {first: read(place, first).replace(b"# number: ", b"# number: 1")},
		"a manifest and its signature taken out": {second: None, second.replace(".manifest", ".p7s"): None},
	}
	for what, changes in wrong.items():
		_rewritten(archive, target, changes)
		answer = freedonia.run("--json", "evidence", "verify", target)
		require(answer.status in (1, 65, 76), what + ": found", answer.status, answer.out, answer.err)
	# An authority may have had another identity before: that is not proven by the file, and refuted by a card that does not tell of it.
	_rewritten(archive, target, {"certificates/xf-ca/identity.pem": read(place, "certificates/xf-ca/identity.pem") + read(impostor.path("keys/identity.crt"))})
	report = freedonia.comity("evidence", "verify", target)
	require(any("another identity in the file" in line for line in report["does_not_prove"]), "two identities: one is not proven", report)
	card = os.path.join(lab.directory, "own.card")
	freedonia.comity("card", "export", "-o", card)
	answer = freedonia.run("--json", "evidence", "verify", target, "--trust", card)
	require(answer.status in (1, 65, 76), "the card tells of one", answer.status, answer.out, answer.err)
