"""The daemon in its home: starting, stopping, what it refuses to start with, and what it tells while it runs."""
import json
import os
import subprocess

from lab import Authority, require


def _fails(one, status, *words):
	"""comityd must end by itself with this status and say these words."""
	done = subprocess.run([one.lab.comityd, "--home", one.home], capture_output=True, text=True, timeout=30)
	require(done.returncode == status, f"exit {status}", done.returncode, done.stderr)
	for word in words:
		require(word in done.stderr, f"says {word}", done.stderr)


def a_second_daemon_in_the_same_home_is_refused(lab):
	freedonia = lab.authority("xf-ca")
	_fails(freedonia, 75, "store")
	require(freedonia.comity("status")["authority"] == "xf-ca", "the first lives on")


def every_mistake_in_the_configuration_is_named(lab):
	freedonia = lab.authority("xf-ca", start=False)
	with open(freedonia.path("etc/comityd.yaml")) as file:
		sound = json.load(file)
	mistakes = {
		"unknown key": ("lisen", {**sound, "lisen": []}),
		"wrong type": ("listen", {**sound, "line": {"listen": {"a": 1}}}),
		"an address that is none": ("listen", {**sound, "line": {"listen": ["nowhere"]}}),
		"a port out of range": ("99999", {**sound, "line": {"listen": ["127.0.0.1:99999"]}}),
		"a line that dies before it is asked": ("line.dead_after", {**sound, "line": {"dead_after": "2s", "ping_interval": "5s"}}),
		"a duration that is none": ("soon", {**sound, "line": {"retry_max": "soon"}}),
		"a size that is none": ("plenty", {**sound, "limits": {"max_attachment": "plenty"}}),
		"a level that is none": ("loud", {**sound, "log": {"level": "loud"}}),
		"another authority": ("xx-ca", {**sound, "authority": "xx-ca"}),
	}
	for what, (word, config) in mistakes.items():
		with open(freedonia.path("etc/comityd.yaml"), "w") as file:
			json.dump(config, file)
		done = subprocess.run([lab.comityd, "--home", freedonia.home], capture_output=True, text=True, timeout=30)
		require(done.returncode == 78, f"{what}: exit 78", done.returncode, done.stderr)
		require(word in done.stderr, f"{what}: says {word}", done.stderr)
	os.unlink(freedonia.path("etc/comityd.yaml"))
	_fails(freedonia, 78)


def what_is_hardly_meant_in_the_configuration_is_a_warning(lab):
	freedonia = lab.authority("xf-ca", start=False, settings={"limits": {"peer_quota": "1000000 TiB"}})
	done = subprocess.run([lab.comityd, "--home", freedonia.home, "--check-config"], capture_output=True, text=True, timeout=30)
	require(done.returncode == 0 and "warning: limits.peer_quota" in done.stderr and "is right" in done.stdout, "it is told, and right",
		done.returncode, done.stdout, done.stderr)
	freedonia.start()
	require("settings: limits.peer_quota" in freedonia.log(), "the daemon starts with it, and has it in the log", freedonia.log())


def a_home_without_a_store_is_refused(lab):
	freedonia = lab.authority("xf-ca", start=False)
	subprocess.run(["rm", "-r", freedonia.path("store")], check=True)
	_fails(freedonia, 78, "store")


def a_home_without_its_keys_is_refused(lab):
	freedonia = lab.authority("xf-ca", start=False)
	os.unlink(freedonia.path("keys/signing.key"))
	_fails(freedonia, 78, "signing")


def keys_that_others_can_read_are_refused(lab):
	freedonia = lab.authority("xf-ca", start=False)
	os.chmod(freedonia.path("keys/channel.key"), 0o644)
	_fails(freedonia, 78, "channel.key")


def init_never_overwrites(lab):
	freedonia = lab.authority("xf-ca")
	digits = freedonia.comity("status")["digits"]
	again = freedonia.run("init", "--authority", "XF-CA", "--name", freedonia.title)
	require(again.status == 0 and "already" in again.out + again.err, "init again changes nothing", again.out, again.err)
	other = freedonia.run("--json", "init", "--authority", "XS-CA", "--name", "other")
	require(other.status == 73, "another authority is refused", other.status, other.err)
	same = freedonia.run("init", "--authority", "xf-ca", "--name", freedonia.title, f"--endpoint={freedonia.endpoint}", f"--listen={freedonia.address}")
	require(same.status == 0, "and so does it with the same flags", same.err)
	with open(freedonia.path("etc/comityd.yaml")) as file:
		before = file.read()
	for what, flags in (("name", ["--name", "Another Authority"]), ("endpoint", ["--name", freedonia.title, "--endpoint=mla.xf.example:7443"]),
		("endpoint", ["--name", freedonia.title, f"--endpoint={freedonia.endpoint}", "--endpoint=mla.xf.example:7443"]),
		("listen", ["--name", freedonia.title, "--listen=[::1]:7443"])):
		error = freedonia.refused("exists", "init", "--authority", "XF-CA", *flags)
		require(error["exit"] == 73 and "--" + what in error["message"] and "comityd.yaml" in error["hints"][0], what + " differs: refused", error)
	with open(freedonia.path("etc/comityd.yaml")) as file:
		require(file.read() == before, "nothing was changed")
	freedonia.configure({"name": "A Newer Name", "endpoints": [freedonia.endpoint, "mla.xf.example:7443"]})
	again = freedonia.run("init", "--authority", "XF-CA", "--name", "A Newer Name", "--endpoint=mla.xf.example:7443", f"--endpoint={freedonia.endpoint}")
	require(again.status == 0, "what the configuration says since is what there is", again.err)
	freedonia.refused("exists", "init", "--authority", "XF-CA", "--name", "A Newer Name", "--endpoint=mla.xf.example:7443")
	require(freedonia.comity("status")["digits"] == digits, "the identity is the same")
	long = Authority(lab, "xl-ca", home=lab.directory + "/long")
	for _ in range(2):	# longer than a certificate holds
		made = long.run("init", "--authority", "XL-CA", "--name", "Unit of " + "many words " * 12, "--endpoint=mla.xl.example:7443")
		require(made.status == 0, "a long name is no other name", made.err)
	for name in ("X", "xf ca", "XF/CA", "", "X" * 80):
		answer = Authority(lab, "xf-ca", home=lab.directory + "/other").run("--json", "init", "--authority", name, "--name", "x")
		require(answer.status in (64, 65), f"{name!r} is no authority", answer.status, answer.err)


def a_port_that_is_taken_is_named(lab):
	freedonia = lab.authority("xf-ca")
	sylvania = lab.authority("xs-ca", start=False, port=freedonia.port)
	done = subprocess.run([lab.comityd, "--home", sylvania.home], capture_output=True, text=True, timeout=30)
	require(done.returncode != 0 and str(freedonia.port) in done.stderr, "the address is named", done.returncode, done.stderr)


def it_shuts_down_cleanly_and_takes_up_where_it_was(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.stop()
	sylvania.start()
	require(sylvania.status(ref) == "SENT", "the ledger is what it was")
	lab.eventually(lambda: freedonia.is_up(sylvania), "and the line comes back")


def without_a_daemon_the_tool_says_so(lab):
	freedonia = lab.authority("xf-ca", start=False)
	error = freedonia.refused("daemon-away", "status")
	require(error["exit"] == 69 and error.get("hints"), "exit 69 and a hint", error)
	told = freedonia.comity("id", "show")["digits"]	# the machine of the key ceremony has none
	freedonia.start()
	require(freedonia.comity("id", "show")["digits"] == told, "the digits are told without one, and are the same")


def events_are_dense_and_can_be_read_from_any_number(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.restart()
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-1", "--officer", "C. Moor", "--phone", "1")
	for one in (freedonia, sylvania):
		lab.eventually(lambda: one.seen() == int(one.comity("status")["events"]), "the watcher has seen everything")
		numbers = [int(event["comityseq"]) for event in one.events]
		require(numbers == list(range(1, len(numbers) + 1)), one.name + "'s numbers are dense, across a kill too", numbers)
		answer = one.run("watch", "--json", "--since", "3", "--no-follow")
		documents = answer.documents()
		events = [event for document in documents for event in document.get("data", [])] \
			if documents and "comityseq" not in documents[0] else documents
		require(int(events[0]["comityseq"]) == 4, "since 3 begins with 4", answer.out[:400])


def every_answer_says_its_schema(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	for words in (["status"], ["peer", "list"], ["peer", "show", "xs-ca"], ["request", "list"], ["request", "show", ref],
			["message", "list", ref], ["attach", "list", ref], ["inbox", "list"], ["request", "track", ref]):
		document = freedonia.comity(*words)
		require(document.get("schema", "").startswith("comity."), f"{' '.join(words)} says its schema", document)


def a_disk_that_is_full_refuses_and_loses_nothing(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	freedonia.stop()
	freedonia.configure({"store": {"map_size_max": "1 MiB"}})
	freedonia.start()
	said, text = [], "x" * 60000
	for number in range(60):
		answer = freedonia.run("--json", "message", "send", ref, "--text", "-", text=f"{number} {text}")
		if answer.status:
			error = answer.error()
			require(error["code"] in ("store-full", "disk-full") and error.get("retryable"), "a full store is told", answer.err)
			break
		said.append(answer.documents()[-1]["message_id"])
	else:
		require(False, "the store should have become full")
	require(freedonia.comity("status")["authority"] == "xf-ca", "the daemon lives on")
	freedonia.stop()
	freedonia.configure({})
	freedonia.start()
	freedonia.say(ref, "there is room again\n")
	kept = [view["state"]["message_id"] for view in freedonia.messages(ref)]
	require(all(one in kept for one in said), "what was promised is there")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(kept), "and arrives")
