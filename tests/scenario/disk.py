"""A store that fills, a disk that fills, a disk that fails: nothing is said that is not there, and all goes on by itself."""
import errno
import hashlib
import os
import subprocess
import time

from lab import Broken, build_directory, require, slow

TEXT = "x" * 60_000


class Disk:
	"""What becomes of one authority's disk: tests/scenario/faulty_disk.c does as this says."""

	def __init__(self, one):
		self.one, self.path = one, one.path("faulty-disk")
		one.environment = {"LD_PRELOAD": build_directory() + "/tests/libfaulty_disk.so", "FAULTY_DISK": self.path,
			"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

	def fails(self, call, where, number, every=1):
		with open(self.path + ".new", "w") as file:
			file.write(f"{call} {where} {number} {every}\n")
		os.rename(self.path + ".new", self.path)

	def heals(self):
		if os.path.exists(self.path):
			os.unlink(self.path)


def _pair(lab, settings=None):
	"""Freedonia, who asks, and Sylvania, whose disk is the matter; one request accepted."""
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", start=False, settings=settings or {})
	disk = Disk(sylvania)
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2), "the request is there")
	return freedonia, sylvania, disk, ref


def _say(one, ref, text, *options):
	return one.run("--json", "message", "send", ref, "--text", "-", *options, text=text)


def _transport(one, ref, message_id):
	return {state["message_id"]: state.get("transport") for state in one.request(ref)["messages"]}.get(message_id)


def _fill(one, ref):
	"""Say things until nothing more is taken."""
	for number in range(3000):
		answer = _say(one, ref, TEXT)
		if answer.status:
			return answer
	raise Broken("it never filled", one.comity("store", "stat"))


def _waits_for_room(lab, here, there):
	lab.eventually(lambda: here.link(there).get("reason") == "remote-store-full", "the sender is told to try later", 60)


def a_full_store_tells_peers_to_try_later_and_goes_on_when_it_may_grow(lab):
	freedonia, sylvania, disk, ref = _pair(lab, {"store": {"map_size_max": "12 MiB"}})
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	answer = _fill(sylvania, ref)
	require(answer.status == 75 and "store-full" in answer.err, "what is said here is refused", answer.err)
	require(sylvania.comity("store", "stat")["reason"] == "store-full", "and the store says so")
	require("store-full" in str(sylvania.comity("status").get("alarms")), "and the status")
	told = lambda kind: any(one["type"] == f"comity.store.{kind}.v1" for one in sylvania.events)
	lab.eventually(lambda: told("full"), "and an event")
	sylvania.refused("store-full", "request", "new", "--to", "xf-ca", "--from", lab.example(swapped=True))
	said = _say(freedonia, ref, "said to a full store")
	require(said.status == 0, "the sender takes it", said.err)
	_waits_for_room(lab, freedonia, sylvania)
	require("said to a full store" not in str(sylvania.messages(ref)), "nothing of it was taken in")
	message_id = said.documents()[-1]["message_id"]
	require(_transport(freedonia, ref, message_id) in ("QUEUED", "SENT"), "and nothing was receipted")
	# What moves a case on still works, out and in.
	sylvania.comity("request", "set-status", ref, "under-review")
	require(sylvania.status(ref) == "UNDER_REVIEW", "an official act goes through")
	sylvania.comity("backup", "create", "-o", os.path.join(lab.directory, "backups"))
	sylvania.comity("store", "grow", "64M")
	lab.eventually(lambda: "said to a full store" in str(sylvania.messages(ref)), "it arrives by itself", 60)
	lab.eventually(lambda: _transport(freedonia, ref, message_id) == "COMPLETE", "and is receipted", 60)
	lab.eventually(lambda: freedonia.status(ref) == "UNDER_REVIEW", "and the act arrives")
	require(_say(sylvania, ref, "there is room").status == 0, "and all is taken again")
	lab.eventually(lambda: told("ok"), "of which there is an event too")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def receipts_are_taken_in_by_a_full_store(lab):
	freedonia, sylvania, disk, ref = _pair(lab, {"store": {"map_size_max": "12 MiB"}})
	freedonia.stop()
	waiting = []
	for number in range(3000):
		answer = _say(sylvania, ref, TEXT)
		if answer.status:
			break
		waiting.append(answer.documents()[-1]["message_id"])
	require(answer.error()["code"] == "store-full", "it is full", answer.err)
	freedonia.start()
	lab.eventually(lambda: all(_transport(sylvania, ref, one) == "COMPLETE" for one in waiting[::10] + waiting[-1:]),
		"all that waits leaves and is receipted", 120)
	require({one["message_id"] for one in freedonia.request(ref)["messages"]} >= set(waiting), "and is there")


def a_full_disk_is_survived(lab):
	"""A real one, small, if we may mount it."""
	home = os.path.join(lab.directory, "small")
	os.mkdir(home)
	mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", home],
		capture_output=True).returncode == 0
	if not mounted:
		print("# no small disk may be mounted here: played by the limits alone")
	try:
		_fill_disk(lab, os.path.join(home, "xs-ca"))
	finally:
		if mounted:
			subprocess.run(["umount", "-l", home])


def _fill_disk(lab, home):
	freedonia = lab.authority("xf-ca")
	disk = os.statvfs(os.path.dirname(home))
	keep = 6 << 20 if disk.f_bavail * disk.f_frsize < 64 << 20 else disk.f_bavail * disk.f_frsize
	sylvania = lab.authority("xs-ca", home=home, start=False, settings={"store": {"keep_free": str(4 << 20)},
		"limits": {"keep_free": str(keep)}})
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	ballast = os.path.join(os.path.dirname(home), "ballast")
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	if keep != 6 << 20:
		return
	lab.eventually(lambda: sylvania.is_whole(ref, 2), "with its papers")
	free = lambda: os.statvfs(home).f_bavail * os.statvfs(home).f_frsize
	with open(ballast, "wb") as file:
		file.write(b"\0" * (free() - (3 << 20)))
	answer = _say(sylvania, ref, "no room")
	require(answer.status == 75 and answer.error()["code"] == "disk-full", "what is said here is refused", answer.err)
	freedonia.say(ref, "with a paper", "--attach", lab.file("paper.bin", 1 << 20))
	_waits_for_room(lab, freedonia, sylvania)
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "+999-02-555-0131")
	lab.eventually(lambda: freedonia.status(ref) == "ACKNOWLEDGED", "an official act goes through, out and receipted", 60)
	file = os.open(ballast, os.O_WRONLY | os.O_APPEND)	# and now to the last byte
	try:
		while True:
			os.write(file, b"\0" * 4096)
	except OSError as fault:
		require(fault.errno == errno.ENOSPC, "the disk is full", fault)
	os.close(file)
	sylvania.run("request", "set-status", ref, "under-review")	# may or may not find a free page in its file
	sylvania.kill()
	os.unlink(ballast)
	sylvania.start()
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "all arrives by itself", 60)
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def a_commit_that_fails_is_never_answered_as_done(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	for call, number in (("sync", errno.EIO), ("write", errno.EIO), ("write", errno.ENOSPC), ("write", 0), ("sync", errno.ENOSPC)):
		said = f"while {call} fails with {number}"
		disk.fails(call, "data.mdb", number)
		answer = _say(sylvania, ref, said)
		code = answer.error()["code"] if answer.status else "ok"
		require(code in ("in-doubt", "disk-full", "io", "ok"), f"{said}: refused with {code}", answer.err)
		require(number == 0 or answer.status, f"{said}: it was answered as done")
		there = f"to it, {said}"
		sent = freedonia.comity("message", "send", ref, "--text", "-", text=there)["message_id"]
		time.sleep(0.3)
		state = [one["state"] for one in freedonia.messages(ref) if one["state"]["message_id"] == sent][0]
		require(number == 0 or "receipt" not in state, f"{said}: it was receipted", state)
		disk.heals()
		lab.eventually(lambda: sum(there in str(one) for one in sylvania.messages(ref)) == 1, f"{said}: it arrives, once", 60)
		require(_say(sylvania, ref, "well again").status == 0, "and all is taken again")
		count = sum(one.get("message", {}).get("text", "") == said for one in sylvania.messages(ref))
		require(count == 1 if code == "ok" else count <= 1, f"{said}: answered {code}, there {count} times")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")
	sylvania.restart()
	require(sylvania.comity("store", "check", "--deep")["ok"], "also after a restart")
	lab.eventually(lambda: freedonia.comity("peer", "show", "xs-ca")["chain"] == _mirrored(sylvania), "both hold the same chains", 60)


def _mirrored(one):
	chain = one.comity("peer", "show", "xf-ca")["chain"]
	swapped = {"sent": "received", "received": "sent", "sent_sha256": "received_sha256", "received_sha256": "sent_sha256"}
	return {swapped.get(key, key): value for key, value in chain.items()}


@slow
def an_attachment_that_cannot_be_kept_is_not_confirmed(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	for number, (call, where, code) in enumerate((("sync", "/blobs/incoming/", errno.EIO), ("write", "/blobs/incoming/", errno.EIO),
			("rename", "/", errno.EIO), ("write", "/blobs/incoming/", 0))):
		path = lab.file(f"exhibit-{number}.bin", 900_000)
		disk.fails(call, where, code, 1 if code else 2)
		freedonia.say(ref, f"exhibit {number}", "--attach", path)
		if code:
			lab.eventually(lambda: any(one["type"] == "comity.attachment.failed.v1" for one in sylvania.events), "its failure is told", 60)
			state = freedonia.messages(ref)[-1]["state"]
			require(state.get("transport") != "COMPLETE", "it is not confirmed", state)
			sylvania.events[:] = [one for one in sylvania.events if one["type"] != "comity.attachment.failed.v1"]
		disk.heals()
		lab.eventually(lambda: freedonia.messages(ref)[-1]["state"].get("transport") == "COMPLETE", "it is fetched again, and confirmed", 90)
		saved = os.path.join(lab.directory, f"saved-{number}")
		sylvania.comity("attach", "get", ref, str(number + 3), "-o", saved)
		with open(path, "rb") as one, open(saved, "rb") as other:
			require(hashlib.sha256(one.read()).digest() == hashlib.sha256(other.read()).digest(), "to the byte")


def an_upload_that_cannot_be_kept_is_refused_and_can_be_repeated(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	path = lab.file("own.bin", 900_000)
	for call, where in (("sync", "/blobs/incoming/"), ("write", "/blobs/incoming/"), ("rename", "/"), ("sync", "/blobs")):
		disk.fails(call, where, errno.EIO)
		sylvania.refused("io", "attach", "add", ref, path, "--role", "EXHIBIT")
		disk.heals()
	sylvania.comity("attach", "add", ref, path, "--role", "EXHIBIT")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def a_backup_on_a_failing_disk_is_none(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	directory = os.path.join(lab.directory, "backups")
	for call, where in (("sync", "store.mdb"), ("write", "store.mdb"), ("sync", "MANIFEST"), ("rename", ".backup"), ("write", "/blobs/")):
		disk.fails(call, where, errno.ENOSPC)
		answer = sylvania.run("--json", "backup", "create", "-o", directory)
		require(answer.error()["code"] == "disk-full", f"{call} on {where}", answer.err)
		disk.heals()
		require(not os.listdir(directory), "nothing of it is left", os.listdir(directory))
	require(sylvania.comity("backup", "create", "-o", directory)["ok"], "and the next one is whole")


def what_was_deleted_is_given_back_by_compacting(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	for number in range(150):
		require(_say(sylvania, ref, TEXT).status == 0, "said")
	before = sylvania.comity("store", "stat")
	compacted = sylvania.comity("store", "compact")
	require(int(compacted["file_bytes"]) <= int(compacted["file_bytes_before"]), "it did not grow", compacted)
	after = sylvania.comity("store", "stat")
	require({one["name"]: one["entries"] for one in after["tables"] if one["name"] == "messages"} ==
		{one["name"]: one["entries"] for one in before["tables"] if one["name"] == "messages"}, "nothing is missing", after)
	require(_say(sylvania, ref, "after it").status == 0, "and it goes on")
	lab.eventually(lambda: "after it" in str(freedonia.messages(ref)), "to the other side")
	disk.fails("rename", "data.mdb", errno.EIO)
	sylvania.refused("io", "store", "compact")
	disk.heals()
	require(_say(sylvania, ref, "still there").status == 0, "one that fails changes nothing")
	require(sylvania.comity("store", "check", "--deep")["ok"], "the store is sound")


def damage_is_found_and_named(lab):
	freedonia, sylvania, disk, ref = _pair(lab)
	require(sylvania.comity("store", "check")["ok"], "it is sound")
	sylvania.stop()
	with open(sylvania.path("store/data.mdb"), "r+b") as file:
		content = file.read()
		file.seek(0)
		file.write(content.replace(b"# purpose: dispatch", b"# purpose: Dispatch"))	# old pages too
	blob = next(os.path.join(top, name) for top, _, names in os.walk(sylvania.path("blobs")) for name in names
		if name != ".salt" and "incoming" not in top)
	os.makedirs(sylvania.path("blobs/00"), exist_ok=True)
	stray = sylvania.path("blobs/00", "0" * 62)
	os.rename(blob, stray)
	os.utime(stray, (1, 1))
	sylvania.start()
	answer = sylvania.run("--json", "store", "check")
	found = {one["code"] for one in answer.documents()[-1]["findings"]}
	require(answer.status == 1 and {"store-broken", "lost", "orphan"} <= found, "each is found", answer.out)
	require("manifests" in answer.out, "and its table is named")
	os.rename(stray, blob)
