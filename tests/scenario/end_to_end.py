"""Sealed end to end: the tools of the two authorities read it, nobody and nothing on the way."""
import hashlib
import json
import os
import tarfile

from lab import require

MARKER = b"the informant lives at 14 Pond Lane"


def _holds(folder, marker):
	"""Every file below that has it."""
	found = []
	for root, _, names in os.walk(folder):
		for name in names:
			try:
				with open(os.path.join(root, name), "rb") as file:
					found += [name] if marker in file.read() else []
			except OSError:
				pass
	return found


def _memory_of(pid, marker):
	"""Has this process the marker in its memory?  What cannot be read is a failure, not a no."""
	with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
		looked = 0
		for line in maps:
			ends, access = line.split()[:2]
			start, end = (int(number, 16) for number in ends.split("-"))
			if not access.startswith("rw") or end - start >= 256 << 20:
				continue
			try:
				memory.seek(start)
				held = memory.read(end - start)
			except (OSError, ValueError):		# unmapped since
				continue
			looked += len(held)
			if marker in held:
				return True
	require(looked > 1 << 20, "the memory was looked at", pid, looked)
	return False


def _memory_holds(one, marker):
	return any(_memory_of(pid, marker) for pid in (one.daemon.pid, *one.holders()))


def _number(one, ref, name):
	return next(row["number"] for row in one.attachments(ref) if row["attachment"]["name"] == name)


def _get(one, ref, name, out, *options):
	return one.comity("attach", "get", ref, _number(one, ref, name), "-o", out, *options)


def _digest(path):
	with open(path, "rb") as file:
		return hashlib.sha256(file.read()).hexdigest()


def _letter(one, ref):
	return next(row for row in one.messages(ref) if row["message"].get("sealed"))["state"]["message_id"]


def _set_profile(one, **transmission):
	with open(one.path("etc/profile.yaml"), "a") as file:
		file.write("transmission: " + json.dumps(transmission) + "\n")


def words_and_files_are_read_by_the_two_tools_alone(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	exhibit = lab.file("exhibit.bin", MARKER + os.urandom(20 << 20) + MARKER)
	freedonia.say(ref, MARKER.decode(), "--subject", "Pond Lane", "--seal", "--attach", exhibit)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "the exhibit is there", 60)
	lab.eventually(lambda: any(row["message"].get("sealed") for row in sylvania.messages(ref)), "and the letter")
	for one in (freedonia, sylvania):
		shown = one.comity("message", "show", _letter(one, ref), "--ref", ref)
		require(shown["message"]["text"] == MARKER.decode() and shown["message"]["subject"] == "Pond Lane",
			"the tool opens the words", one.name, shown["message"])
		sealed = one.comity("message", "show", _letter(one, ref), "--ref", ref, "--sealed")["message"]
		require("text" not in sealed and "subject" not in sealed and sealed["sealed_body"], "or leaves them sealed", sealed)
		out = f"{lab.directory}/{one.name}.bin"
		saved = _get(one, ref, "exhibit.bin", out)
		require(saved["unsealed"] and _digest(out) == _digest(exhibit) == saved["sha256"], "the file is the same to the byte", saved)
		require(not os.path.exists(out + ".sealed") and not os.path.exists(out + ".open"), "and nothing else is left beside it")
		acts = one.comity("audit", "list", "--act", "unseal")["data"]
		require(len(acts) >= 2, "each opening is in the audit log", one.name)
	os.unlink(exhibit)
	for one in (freedonia, sylvania):
		require(not _holds(one.home, MARKER), "no file of a daemon has it", _holds(one.home, MARKER))
		require(not _memory_holds(one, MARKER), "nor has its memory", one.name)


def the_evidence_has_the_sealed_bytes_and_says_so(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	freedonia.say(ref, MARKER.decode(), "--seal", "--attach", lab.file("exhibit.bin", MARKER), "--wait=complete")
	bundle = f"{lab.directory}/case.tar"
	sylvania.comity("evidence", "export", ref, "-o", bundle)
	sylvania.comity("evidence", "verify", bundle)
	with tarfile.open(bundle) as archive:
		parts = {member.name.split("/")[-1]: archive.extractfile(member).read() for member in archive if member.isfile()}
	require(not any(MARKER in part for part in parts.values()), "the words are not in it in the clear")
	require(any(b"sealed end to end" in part for name, part in parts.items() if name.startswith("README")), "it says so", parts.keys())


def what_is_bare_does_not_go_with_what_is_sealed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	freedonia.comity("attach", "add", ref, lab.file("bare.bin", MARKER))
	freedonia.refused("sealing-required", "message", "send", ref, "--text", "-", "--seal", text="no")
	freedonia.say(ref, "in the clear")
	lab.eventually(lambda: sylvania.has(ref), "the case is there")
	letter = freedonia.messages(ref)[-1]["state"]["message_id"]
	require(freedonia.comity("message", "show", letter, "--ref", ref)["message"]["text"] == "in the clear", "others go as before")


def a_card_may_demand_it(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", start=False)
	_set_profile(sylvania, encryption_required=True)
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", MARKER))
	freedonia.say(ref, MARKER.decode())
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "all arrives")
	require(all(row["attachment"]["sealed"] for row in sylvania.attachments(ref)), "every file is sealed unasked")
	lab.eventually(lambda: any(row["message"].get("sealed") for row in sylvania.messages(ref)), "and so are the words")
	whole = lab.file("whole.json", json.dumps({"text": MARKER.decode(), "acts": [{"status_enquiry": {"reason": MARKER.decode()}}]}).encode())
	freedonia.comity("message", "send", ref, "--from", whole)
	lab.eventually(lambda: len(sylvania.messages(ref)) == 3, "a message from a file is sealed as well")
	require(not _holds(sylvania.home, MARKER), "nothing came in the clear")
