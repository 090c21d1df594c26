"""Attachments: of any size, whole or not at all, resumed wherever they stopped."""
import contextlib
import os
import subprocess
import time

from lab import require
from line import _through_a_relay


def _same(one, other):
	return subprocess.run(["cmp", "-s", one, other]).returncode == 0


def _get(one, ref, name, out):
	number = next(row["number"] for row in one.attachments(ref) if row["attachment"]["name"] == name)
	one.comity("attach", "get", ref, number, "-o", out)
	return out


def every_size_arrives(lab):
	freedonia, sylvania = lab.pair()
	sizes = [0, 1, 65535, 65536, 65537, 3 << 20]
	files = [lab.file(f"exhibit-{size}.bin", size) for size in sizes]
	ref = freedonia.send(sylvania, *files)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2 + len(files)), "all arrive")
	for path in files:
		got = _get(sylvania, ref, os.path.basename(path), lab.directory + "/got.bin")
		require(_same(path, got), f"{os.path.basename(path)} is the same to the byte")
		os.unlink(got)


def a_message_never_waits_for_its_attachments(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 96 << 20))
	lab.eventually(lambda: sylvania.has(ref), "the letter is there")
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "its exhibit follows", 90)


def _killed_on_the_way(lab, choose):
	freedonia, sylvania = lab.pair()
	exhibit = lab.file("exhibit.bin", 64 << 20)
	victim = choose(freedonia, sylvania)
	ref = freedonia.send(sylvania, exhibit)
	lab.eventually(lambda: sylvania.has(ref), "the letter is there")
	for _ in range(3):
		victim.restart()
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "the exhibit is whole in the end", 90)
	require(_same(exhibit, _get(sylvania, ref, "exhibit.bin", lab.directory + "/got.bin")), "and the same to the byte")
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "and receipted")


def a_transfer_survives_kills_of_the_sender(lab):
	_killed_on_the_way(lab, lambda freedonia, sylvania: freedonia)


def a_transfer_survives_kills_of_the_receiver(lab):
	_killed_on_the_way(lab, lambda freedonia, sylvania: sylvania)


def _part_of_the_exhibit(one):
	"""How much of it lies there."""
	incoming = one.path("blobs", "incoming")
	return max((os.path.getsize(os.path.join(incoming, name)) for name in os.listdir(incoming)), default=0)


def _stopped_in_the_middle(lab, choose):
	"""SIGTERM while bytes flow, so slowly that the end is far: whoever stops ends well, and what is there is gone on from."""
	freedonia, sylvania, cable = _through_a_relay(lab)
	sylvania.stop()
	sylvania.configure({"limits": {"bandwidth_per_peer": "2 MiB"}})
	sylvania.start()
	size, part = 64 << 20, 4 << 20
	exhibit = lab.file("exhibit.bin", size)
	ref = freedonia.send(sylvania, exhibit)
	lab.eventually(lambda: _part_of_the_exhibit(sylvania) >= part, "a part of the exhibit is there")
	stopped = choose(freedonia, sylvania)
	for one in stopped:
		one.stop()
	require(part <= _part_of_the_exhibit(sylvania) < size, "it stopped in the middle", _part_of_the_exhibit(sylvania))
	sylvania.stop()
	sylvania.configure({})
	before = cable.passed
	for one in {*stopped, sylvania}:
		one.start()
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "it goes on after the start", 90)
	require(cable.passed - before < size, "from where it was", cable.passed - before)
	require(_same(exhibit, _get(sylvania, ref, "exhibit.bin", lab.directory + "/got.bin")), "and is the same to the byte")
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "and receipted")


def a_transfer_goes_on_after_its_receiver_was_stopped(lab):
	_stopped_in_the_middle(lab, lambda freedonia, sylvania: [sylvania])


def a_transfer_goes_on_after_its_sender_was_stopped(lab):
	_stopped_in_the_middle(lab, lambda freedonia, sylvania: [freedonia])


def the_same_bytes_are_kept_once_within_a_case(lab):
	freedonia, sylvania = lab.pair()
	exhibit = lab.file("exhibit.bin", 4 << 20)
	again = lab.file("again.bin", b"")
	subprocess.run(["cp", exhibit, again], check=True)
	ref = freedonia.send(sylvania, exhibit, again)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 4), "both are there")
	for one in (freedonia, sylvania):
		blobs = subprocess.run(["find", one.path("blobs"), "-type", "f", "-size", "+1000k"], capture_output=True, text=True)
		require(len(blobs.stdout.split()) == 1, f"{one.name} keeps the bytes once", blobs.stdout)


def a_download_is_resumed(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	exhibit = lab.file("exhibit.bin", 3 << 20)
	ref = freedonia.draft(sylvania)
	freedonia.comity("attach", "add", ref, exhibit)
	out = lab.directory + "/got.bin"
	with open(exhibit, "rb") as whole, open(out + ".part", "wb") as part:
		part.write(whole.read(1 << 20))
	require(_same(exhibit, _get(freedonia, ref, "exhibit.bin", out)), "what was there is gone on from")
	freedonia.refused("exists", "attach", "get", ref, 1, "-o", out)


def a_part_that_is_wrong_is_not_taken_for_right(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	exhibit = lab.file("exhibit.bin", 3 << 20)
	ref = freedonia.draft(sylvania)
	freedonia.comity("attach", "add", ref, exhibit)
	out = lab.directory + "/got.bin"
	lab.file("got.bin.part", 1 << 20)
	answer = freedonia.run("--json", "attach", "get", ref, 1, "-o", out)
	require(_same(exhibit, out) if answer.status == 0 else not os.path.exists(out), "wrong bytes are never given out", answer.err)


def files_that_cannot_be_sent_are_named(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.draft(sylvania)
	freedonia.refused("no-input", "attach", "add", ref, lab.directory + "/nothing-here")
	freedonia.refused("no-input", "attach", "add", ref, lab.directory)
	freedonia.refused("not-found", "attach", "add", "XF-CA-1999-000001", lab.file("a.pdf", b"a"))
	bad = lab.file("a\x1b[31mred\n.pdf", b"a")
	answer = freedonia.run("attach", "add", ref, bad)
	require(answer.status == 65 and "\x1b" not in answer.out + answer.err, "a name with control characters", answer.err)
	require(not freedonia.attachments(ref), "nothing was staged")


def more_than_is_allowed_is_refused_at_the_door(lab):
	freedonia = lab.authority("xf-ca", settings={"limits": {"max_attachment": "1 MiB"}})
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.draft(sylvania)
	freedonia.refused("too-large", "attach", "add", ref, lab.file("large.bin", (1 << 20) + 1))
	freedonia.comity("attach", "add", ref, lab.file("right.bin", 1 << 20))


def a_disk_without_room_refuses_and_goes_on_when_there_is_room(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", settings={"limits": {"keep_free": "1000 GiB"}})
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 2 << 20))
	lab.eventually(lambda: sylvania.has(ref), "the letter arrives")
	require(not sylvania.is_whole(ref, 3), "the exhibit does not")
	sylvania.comity("status")
	sylvania.stop()
	sylvania.configure({})
	sylvania.start()
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "it arrives once there is room")


def _has_part(directory, size):
	"""Has a part of at least that size come?  Others are renamed while we look."""
	with os.scandir(directory) as entries:
		for entry in entries:
			with contextlib.suppress(FileNotFoundError):
				if entry.stat().st_size >= size:
					return True
	return False


def parts_that_nobody_comes_back_for_are_swept(lab):
	freedonia, sylvania = lab.pair(settings={"limits": {"bandwidth_per_peer": "24 MiB"}})
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 48 << 20))
	incoming = sylvania.path("blobs", "incoming")
	lab.eventually(lambda: _has_part(incoming, 1 << 20), "a part of the exhibit is there")
	sylvania.kill()
	wanted = os.listdir(incoming)
	require(wanted, "and is left there by a sudden death")
	freedonia.stop()
	left, cut = os.path.join(incoming, "0" * 64 + ".part"), os.path.join(incoming, "1" * 64 + ".part")
	for path in (left, cut):
		with open(path, "wb") as file:
			file.write(b"of an upload that was cut")
	for path in (left, *(os.path.join(incoming, name) for name in wanted)):
		os.utime(path, (time.time() - 90000, time.time() - 90000))
	sylvania.start()
	lab.eventually(lambda: not os.path.exists(left), "what lay there for a day is swept at the start")
	require(os.path.exists(cut), "what was cut today can be gone on with")
	require(set(wanted) <= set(os.listdir(incoming)), "and what is wanted stays, however old")
	freedonia.start()
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "and is gone on with")
