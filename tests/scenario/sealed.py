"""Sealed at rest: of what requests, messages and exhibits say, nothing is on the disk."""
import base64
import glob
import os

from lab import require

MARKERS = ["Xylophonzungenfisch", "Quittenmarmeladensiegel", "Wolkenkuckucksbeamter"]


def _forms(marker):
	"""As text, as UTF-16, and as base64 at each of the three places where it may begin."""
	yield marker.encode()
	yield marker.encode("utf-16-le")
	for shift in range(3):
		whole = base64.b64encode(b"\0" * shift + marker.encode())
		yield whole[4:-4]


FORMS = [form for marker in MARKERS for form in _forms(marker)]


def _found(directory):
	"""Which files below it hold a marker in any form, and how many files were looked at."""
	found, count = [], 0
	for path in glob.glob(directory + "/**", recursive=True, include_hidden=True):
		if os.path.isfile(path):
			count += 1
			with open(path, "rb") as file:
				content = file.read()
			found += [f"{path}: {form!r}" for form in FORMS if form in content]
	return found, count


def nothing_that_was_said_is_on_the_disk(lab):
	freedonia, sylvania = lab.pair()
	text = open(lab.example(), encoding="utf-8").read()
	text = text.replace('description: "', f'description: "{MARKERS[0]} ', 1)
	require(MARKERS[0] in text, "the request has a marker", text)
	exhibit = lab.file("exhibit.txt", (MARKERS[1] + "\n").encode() * 20_000)
	ref = freedonia.send(sylvania, exhibit, document=lab.file("marked.yaml", text.encode()))
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "the request is there with its papers")
	sylvania.admit(ref)
	freedonia.say(ref, MARKERS[2])
	lab.eventually(lambda: MARKERS[2] in str(sylvania.messages(ref)), "and a message")
	require(MARKERS[0] in str(sylvania.request(ref)), "all of it can be read", sylvania.request(ref))

	draft = freedonia.draft(sylvania, lab.file("another.yaml", text.replace("/0001", "/0002").encode()))
	freedonia.comity("attach", "add", draft, exhibit)
	for one in (freedonia, sylvania):
		one.comity("backup", "create", "-o", os.path.join(lab.directory, "backups-" + one.name))
	for directory in (freedonia.home, sylvania.home, *glob.glob(lab.directory + "/backups-*")):
		found, count = _found(directory)
		require(count > 5 and not found, f"nothing of it is below {directory}", count, *found)
	found, _ = _found(os.path.dirname(exhibit))
	require(found, "and where it is, it is found")


def another_store_key_is_named_and_nothing_is_touched(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request is there")
	sylvania.stop()
	key = sylvania.path("keys", "store.key")
	right = open(key).read()
	before = open(sylvania.path("store", "data.mdb"), "rb").read()
	for what, wrong in (("another one", "0123456789abcdef" * 4 + "\n"), ("half of one", right[:32] + "\n"), ("none", None)):
		os.unlink(key)
		if wrong is not None:
			with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
				file.write(wrong)
		sylvania.start(expect=False)
		sylvania.daemon.wait(30)
		require("store-key" in sylvania.log() and "store.key" in sylvania.log(), what + " is named", sylvania.log())
		if wrong is None:
			open(key, "w").close()
	require(open(sylvania.path("store", "data.mdb"), "rb").read() == before, "and nothing was touched")
	with open(key, "w") as file:
		file.write(right)
	os.chmod(key, 0o600)
	sylvania.start()
	require(sylvania.has(ref), "with the right one all is there again")


def a_backup_without_its_key_says_so(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request is there")
	made = {way: sylvania.comity("backup", "create", "-o", os.path.join(lab.directory, way), *options)["path"]
		for way, options in (("bare", []), ("keyed", ["--keys"]))}
	require(not os.path.exists(made["bare"] + "/keys/store.key"), "the key is not inside")
	require(os.path.exists(made["keyed"] + "/keys/store.key"), "but when asked for")
	sylvania.stop()
	with open(sylvania.path("keys", "store.key"), "w") as file:
		file.write("0123456789abcdef" * 4 + "\n")
	answer = sylvania.run("--json", "backup", "verify", made["bare"])
	require("store-key" in answer.out, "the missing key is named", answer.out, answer.err)
	answer = sylvania.run("--json", "backup", "verify", made["keyed"])
	require(answer.status == 0, "and the one inside is found", answer.out, answer.err)
	answer = sylvania.run("--json", "backup", "restore", made["bare"], "--confirm", "XS-CA")
	require(answer.status != 0 and "store-key" in answer.out + answer.err, "nor is it put in place", answer.out, answer.err)


def another_store_key_comes_while_work_goes_on_and_the_old_one_opens_older_backups(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 200_000))
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "a request is there")
	older = sylvania.comity("backup", "create", "-o", os.path.join(lab.directory, "backups"))["path"]
	key, vault = sylvania.path("keys", "store.key"), sylvania.path("store", "vault.sealed")
	before = open(key).read(), open(vault, "rb").read()
	sylvania.comity("store", "rekey")
	require(open(key).read() != before[0] and open(vault, "rb").read() != before[1], "both are others")
	require(not glob.glob(key + ".*") and not glob.glob(vault + ".*"), "and nothing lies beside them")
	freedonia.say(ref, "after it")
	lab.eventually(lambda: "after it" in str(sylvania.messages(ref)), "work goes on")
	sylvania.restart()
	require(sylvania.is_whole(ref, 3) and sylvania.comity("store", "check", "--deep")["ok"], "all opens with the new one")
	answer = sylvania.run("--json", "backup", "verify", older)
	require("store-key" in answer.out, "the older backup needs the key of then", answer.out, answer.err)
	sylvania.stop()
	with open(key, "w") as file:
		file.write(before[0])
	require(sylvania.run("--json", "backup", "verify", older).status == 0, "which opens it")


def a_rekey_that_is_killed_is_done_or_was_never_begun(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request is there")
	for point in ("before-wrap", "after-wrap"):
		sylvania.stop()
		sylvania.environment = {"COMITY_MISCHIEF": f"die:{point}:vault:1"}
		sylvania.start()
		sylvania.run("store", "rekey")
		sylvania.daemon.wait(30)
		sylvania.environment = {}
		sylvania.daemon = None
		sylvania.start()
		require(sylvania.has(ref) and sylvania.comity("store", "check")["ok"], f"killed {point}: all opens")
		require(not glob.glob(sylvania.path("store", "vault.sealed.*")), "and nothing lies beside the vault")
	sylvania.comity("store", "rekey")
	require(sylvania.has(ref), "and it can be repeated")


def the_store_key_may_be_a_credential_and_another_one_takes_its_place(lab):
	freedonia = lab.authority("xf-ca", start=False)
	given = freedonia.path("credentials")
	present, coming = os.path.join(given, "comity.store"), os.path.join(given, "comity.store.next")
	os.mkdir(given, 0o700)
	os.rename(freedonia.path("keys/store.key"), present)
	freedonia.configure({"store": {"key": "credential:comity.store"}})
	require(not freedonia.start(expect=False), "without a service manager there is none")
	freedonia.daemon = None
	freedonia.environment["CREDENTIALS_DIRECTORY"] = given
	freedonia.start()
	other = lab.authority("xs-ca")
	lab.befriend(freedonia, other)
	ref = freedonia.send(other)
	freedonia.refused("store-key", "store", "rekey")
	with open(os.open(coming, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
		file.write("0123456789abcdef" * 4 + "\n")
	freedonia.comity("store", "rekey")
	freedonia.refused("store-key", "store", "rekey")	# it is under that one already
	freedonia.restart()
	require(freedonia.has(ref), "either is tried while both are given")
	freedonia.stop()
	old = open(present).read()
	os.rename(coming, present)
	freedonia.start()
	require(freedonia.has(ref) and freedonia.comity("store", "check")["ok"], "and then the new one is the present one")
	freedonia.stop()
	with open(present, "w") as file:
		file.write(old)
	require(not freedonia.start(expect=False) and "store-key" in freedonia.log(), "the old one opens nothing any more", freedonia.log()[-500:])
	freedonia.daemon = None
