"""The record that a third party checks: whole, it verifies with stock tools; altered anywhere, it does not."""
import io
import os
import subprocess
import tarfile

from lab import require


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
	return any(part in name for part in ("messages/", "manifests/", "certificates/"))


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


def it_verifies_by_the_commands_of_its_own_readme(lab):
	_, _, _, archive = _case(lab)
	place = os.path.join(lab.directory, "unpacked")
	os.mkdir(place)
	subprocess.run(["tar", "-xf", archive, "-C", place], check=True)
	readme = next(os.path.join(path, "README.txt") for path, _, files in os.walk(place) if "README.txt" in files)
	with open(readme) as file:
		commands = "\n".join(line[4:].rstrip() for line in file if line.startswith("    ") and line.strip())
	done = subprocess.run(["bash", "-ec", commands], cwd=os.path.dirname(readme), capture_output=True, text=True)
	require(done.returncode == 0, "the commands succeed", commands, done.stdout, done.stderr)
	require(": OK" in done.stdout and "FAILED" not in done.stdout, "the hashes are right", done.stdout)
	message = next(name for name in _names(archive) if "messages/" in name)
	with open(os.path.join(place, message), "r+b") as file:
		first = file.read(1)
		file.seek(0)
		file.write(bytes([first[0] ^ 1]))
	done = subprocess.run(["bash", "-ec", commands], cwd=os.path.dirname(readme), capture_output=True, text=True)
	require(done.returncode != 0, "and fail after one bit was altered", done.stdout, done.stderr)


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


def the_card_pins_who_signed(lab):
	freedonia, sylvania, _, archive = _case(lab)
	own, stranger = lab.directory + "/own.card", lab.directory + "/stranger.card"
	freedonia.comity("card", "export", "-o", own)
	freedonia.comity("evidence", "verify", archive, "--trust", lab.directory + "/xs-ca.card", "--trust", own)
	impostor = lab.authority("xs-ca", home=lab.directory + "/impostor")
	impostor.comity("card", "export", "-o", stranger)
	answer = freedonia.run("--json", "evidence", "verify", archive, "--trust", stranger)
	require(answer.status != 0, "another identity of that name is not believed", answer.out, answer.err)
