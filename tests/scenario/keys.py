"""Private keys: who holds them, that nobody else does, and what happens when they cannot be used."""
import array
import glob
import itertools
import os
import re
import resource
import signal
import subprocess

from lab import Authority, require
from terminal import Terminal


def _holder(lab, one):
	return lab.eventually(lambda: one.holders(), "there is a holder of the keys")[0]


def _scalar(one, role):
	"""The private number of a key file: 32 bytes."""
	text = subprocess.run(["openssl", "pkey", "-in", one.path("keys", role + ".key"), "-noout", "-text"], check=True,
		capture_output=True, text=True).stdout
	digits = re.search(r"priv:\n([0-9a-f:\s]+)pub:", text)[1]
	return bytes.fromhex(re.sub(r"[:\s]", "", digits))[-32:]


def _pem(one, role):
	"""The middle of a key file: the base64 in which the private number is."""
	with open(one.path("keys", role + ".key"), "rb") as file:
		return file.read().splitlines()[2]


PAGE = os.sysconf("SC_PAGE_SIZE")


def _runs(pid, start, end):
	"""The stretches of a mapping that are there at all: a sanitizer maps terabytes."""
	with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as file:
		file.seek(start // PAGE * 8)
		for first in range(start, end, PAGE << 15):
			count = min(1 << 15, (end - first) // PAGE)
			entries = array.array("Q", file.read(count * 8))
			present = [n for n, entry in enumerate(entries) if entry >> 62]
			for _, run in itertools.groupby(enumerate(present), lambda pair: pair[1] - pair[0]):
				pages = [n for _, n in run]
				yield first + pages[0] * PAGE, len(pages) * PAGE


def _memory(pid):
	"""What there is in the memory of a process that could be written to."""
	with open(f"/proc/{pid}/maps") as file:
		lines = file.read().splitlines()
	with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
		for line in lines:
			start, end = (int(part, 16) for part in line.split()[0].split("-"))
			if line.split()[1][:2] != "rw" or end - start > 1 << 34 or line.endswith(".mdb"):
				continue	# shadows of a sanitizer; the store
			for at, size in _runs(pid, start, end):
				try:
					memory.seek(at)
					yield memory.read(size)
				except OSError:		# it has been given back since
					continue


def _found(pid, scalars):
	"""Which of them are anywhere in there, as they are written or as OpenSSL's words lie in memory?"""
	return {name for piece in _memory(pid) for name, scalar in scalars.items()
		if scalar in piece or scalar[::-1] in piece}


def _field(pid, name):
	with open(f"/proc/{pid}/status") as file:
		return re.search(rf"(?m)^{name}:\s*(\S+)", file.read())[1]


def the_network_side_never_has_the_keys_that_sign(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "something was signed, sent and received")
	scalars = {role: _scalar(freedonia, role) for role in ("identity", "delegation", "channel", "signing", "sealing")}
	freedonia.comity("cert", "revoke", "sealing", "--reason", "superseded")	# a list and a certificate are issued
	found = _found(_holder(lab, freedonia), scalars)
	require(found == {"signing", "sealing"}, "the holder has the two keys that it is for, and no other", found)
	found = _found(freedonia.daemon.pid, scalars)
	require(found == {"channel"}, "the daemon has that of its channel, and no other", found)
	freedonia.stop()
	for path in glob.glob(freedonia.home + "/**", recursive=True):
		if os.path.isfile(path) and "/keys/" not in path:
			with open(path, "rb") as file:
				content = file.read()
			leaks = [role for role, scalar in scalars.items() for form in (scalar, scalar.hex().encode(), _pem(freedonia, role))
				if form in content]
			require(not leaks, f"no key is in {path}", leaks)


def _leaves_a_core(lab):
	"""Does a process that gives up leave one here at all?"""
	process = subprocess.Popen(["sleep", "60"], cwd=lab.directory, preexec_fn=_want_cores)
	process.send_signal(signal.SIGABRT)
	return os.WCOREDUMP(os.waitpid(process.pid, 0)[1])


def _want_cores():
	_, hard = resource.getrlimit(resource.RLIMIT_CORE)
	resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def the_holder_is_shut_in_and_leaves_no_core(lab):
	_want_cores()
	freedonia = lab.authority("xf-ca")
	holder = _holder(lab, freedonia)
	require(_field(holder, "Seccomp") == "2" and _field(holder, "NoNewPrivs") == "1", "its system calls are filtered")
	for pid in (holder, freedonia.daemon.pid):
		with open(f"/proc/{pid}/limits") as file:
			require(re.search(r"Max core file size\s+0\s+0", file.read()), "no core, and no way to ask for one")
	require(len(os.listdir(f"/proc/{holder}/fd")) == 4, "nothing is open but its line and the log", os.listdir(f"/proc/{holder}/fd"))
	if os.geteuid() == 0:
		require(os.readlink(f"/proc/{holder}/ns/net") != os.readlink("/proc/self/ns/net"), "its network is its own, and empty")
	require(_leaves_a_core(lab) or open("/proc/sys/kernel/core_pattern").read().strip() != "core",
		"a process that gives up leaves a core here: the test can fail")
	os.kill(holder, signal.SIGABRT)
	lab.eventually(lambda: freedonia.holders() not in ([], [holder]), "there is a new one")
	lab.eventually(lambda: "was ended by signal 6" in freedonia.log(), "it is told")
	require("left a core" not in freedonia.log(), "without a core", freedonia.log()[-1000:])


def the_holder_ends_with_its_daemon(lab):
	freedonia = lab.authority("xf-ca")
	for end in (freedonia.kill, freedonia.stop):
		holder = _holder(lab, freedonia)
		end()
		lab.eventually(lambda: not os.path.exists(f"/proc/{holder}"), "it is gone")
		freedonia.start()


def _queued(one):
	return int(one.comity("status")["queued"])


def a_holder_that_is_killed_is_replaced_and_nothing_is_lost(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	for number in range(12):
		for one in (freedonia, sylvania):
			os.kill(_holder(lab, one), signal.SIGKILL)
		freedonia.say(ref, f"after the death of number {number}")
	lab.eventually(lambda: len(sylvania.messages(ref)) == 13, "every message is there")
	lab.eventually(lambda: _queued(freedonia) == 0, "and receipted")
	require(len({one["message_id"] for one in sylvania.request(ref)["messages"]}) >= 13, "once")
	lab.eventually(lambda: not any("alarms" in one.comity("status") for one in (freedonia, sylvania)), "without anybody's help")


def without_keys_everything_waits_and_then_goes_on(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request is there")
	os.chmod(freedonia.path("keys/signing.key"), 0o644)
	os.kill(_holder(lab, freedonia), signal.SIGKILL)
	lab.eventually(lambda: any(one["type"] == "comity.keys.unavailable.v1" for one in freedonia.events), "there is an event")
	alarms = str(freedonia.comity("status").get("alarms"))
	require("keys-unavailable" in alarms and "signing.key" in alarms, "status names the fault", alarms)
	freedonia.say(ref, "this waits for our key")
	sylvania.say(ref, "this waits for their receipt")
	require(len(sylvania.messages(ref)) == 2, "nothing that is not signed leaves", sylvania.messages(ref))
	os.chmod(freedonia.path("keys/signing.key"), 0o600)
	lab.eventually(lambda: any(one["type"] == "comity.keys.ok.v1" for one in freedonia.events), "they are back")
	lab.eventually(lambda: len(sylvania.messages(ref)) == 3 and len(freedonia.messages(ref)) == 3, "both messages arrive", 60)
	lab.eventually(lambda: _queued(freedonia) == _queued(sylvania) == 0, "and are receipted")
	require("alarms" not in freedonia.comity("status"), "the alarm is over")


# ── under a passphrase ──

def _secret(lab, name, text):
	path = lab.file(name, text.encode() + b"\n")
	os.chmod(path, 0o600)
	return path


def _new(lab, name, *options, **settings):
	"""An authority that was set up with these options, not yet started; what comity init said."""
	one = Authority(lab, name, **settings)
	lab.authorities.append(one)
	return one, one.run("--json", "init", "--authority", name.upper(), "--name", one.title, f"--endpoint={one.address}",
		f"--listen={one.address}", *options)


def _encrypted(one):
	found = set()
	for path in glob.glob(one.path("keys/*.key")):
		with open(path) as file:
			if "BEGIN ENCRYPTED PRIVATE KEY" in file.read():
				found.add(os.path.basename(path)[:-4])
	return found


def _digest(one):
	return subprocess.run("cat keys/* | sha256sum", shell=True, cwd=one.home, capture_output=True, check=True).stdout


def _says(one, slug):
	"""The daemon does not start, and says why."""
	before = len(one.log())
	require(not one.start(expect=False), "it does not start")
	status = one.daemon.wait(20)
	one.daemon = None
	require(f"error[{slug}]" in one.log()[before:], f"it says {slug}", one.log()[before:])
	return status


OURS = {"identity", "delegation", "signing", "sealing"}


def keys_under_a_passphrase_open_for_nobody_else(lab):
	first, second = _secret(lab, "first", "correct horse"), _secret(lab, "second", "battery staple")
	freedonia, made = _new(lab, "xf-ca", "--key-passphrase-file", first)
	require(made.status == 0 and _encrypted(freedonia) == OURS, "init encrypts what the daemon itself does not need", made.err)
	with open(freedonia.path("etc/comityd.yaml")) as file:
		require(f"file:{first}" in file.read(), "and says in the configuration where the passphrase is")
	freedonia.start()
	require(freedonia.comity("card", "export").get("card"), "something is signed")
	freedonia.comity("cert", "revoke", "sealing", "--reason", "superseded")
	require(_encrypted(freedonia) == OURS, "what is renewed is under the same passphrase")
	freedonia.stop()

	before = _digest(freedonia)
	freedonia.refused("wrong-passphrase", "cert", "protect", "--key-passphrase-file", second, "--new-passphrase-file", second)
	freedonia.refused("needs-answer", "cert", "protect", "--key-passphrase-file", first)
	freedonia.refused("no-input", "cert", "protect", "--key-passphrase-file", first, "--new-passphrase-file", "nowhere")
	os.chmod(second, 0o644)
	freedonia.refused("bad-key", "cert", "protect", "--key-passphrase-file", first, "--new-passphrase-file", second)
	os.chmod(second, 0o600)
	require(_digest(freedonia) == before and not os.path.exists(freedonia.path("keys.new")), "whatever was wrong changed nothing")

	told = freedonia.comity("cert", "protect", "--key-passphrase-file", first, "--new-passphrase-file", second)
	require(told["keys"] == 4 and told["encrypted"], "the passphrase is changed", told)
	require(_says(freedonia, "wrong-passphrase") == 77, "with the old one the daemon does not start: systemd tries no further")
	os.unlink(first)
	_says(freedonia, "no-input")
	freedonia.configure({"keys": {"pin": "credential:comity.pin"}})
	_says(freedonia, "no-input")
	os.mkdir(freedonia.path("credentials"))
	os.rename(second, freedonia.path("credentials/comity.pin"))
	freedonia.environment["CREDENTIALS_DIRECTORY"] = freedonia.path("credentials")
	freedonia.start()
	freedonia.configure({"keys": {"pin": "battery staple"}})
	freedonia.stop()
	_says(freedonia, "config")		# the secret itself has no place there
	freedonia.configure({})
	_says(freedonia, "key-protected")

	require(not any(word in freedonia.log() for word in ("correct horse", "battery staple\n")), "no passphrase is in the log")

	freedonia.comity("cert", "protect", "--key-passphrase-file", freedonia.path("credentials/comity.pin"), "--in-the-clear")
	third = _secret(lab, "third", "for the line")
	freedonia.comity("cert", "protect", "--channel", "--new-passphrase-file", third)
	require(_encrypted(freedonia) == {"channel"}, "the channel's key has a passphrase of its own")
	_says(freedonia, "key-protected")
	freedonia.configure({"keys": {"channel_pin": f"file:{third}"}})
	freedonia.start()


def a_passphrase_is_asked_for_and_not_shown(lab):
	freedonia = lab.authority("xf-ca", start=False)
	for again, status in (("open sesam", 77), ("open sesame", 0)):
		person = Terminal(freedonia.command("cert", "protect"))
		person.answer("New passphrase: ", "open sesame")
		person.answer("again: ", again)
		said, ended = person.end()
		require(ended == status and "sesam" not in said, "it is asked twice and never shown", said)
		require(bool(_encrypted(freedonia)) == (status == 0), "what differs changes nothing", said)
	person = Terminal(freedonia.command("cert", "protect", "--in-the-clear"))
	person.answer("that opens the keys now: ", "open sesame")
	said, ended = person.end()
	require(ended == 0 and "sesam" not in said and not _encrypted(freedonia), "one question opens them all", said)


# ── in a token ──

MODULE = "?module-path=/usr/lib/softhsm/libsofthsm2.so"


def _token(lab, label="comity", pin="2718"):
	"""A token of SoftHSM, for all processes of this test; the file with its PIN."""
	home = os.path.join(lab.directory, "softhsm")
	os.makedirs(home + "/tokens", exist_ok=True)
	with open(home + "/softhsm2.conf", "w") as file:
		file.write(f"directories.tokendir = {home}/tokens\nlog.level = ERROR\n")
	os.environ["SOFTHSM2_CONF"] = home + "/softhsm2.conf"
	subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "1618"], check=True,
		capture_output=True)
	return _secret(lab, "pin", pin)


def _tokens(*roles, token="comity"):
	return [f"--{role}-key=pkcs11:token={token};object={role}{MODULE}" for role in roles]


def an_authority_with_its_keys_in_a_token(lab):
	pin = _token(lab)
	freedonia, made = _new(lab, "xf-ca", "--pin-file", pin, *_tokens(*OURS))
	require(made.status == 0, "it is set up", made.err)
	with open(freedonia.path("keys/signing.key")) as file:
		require(file.read().startswith("pkcs11:token=comity;object=signing"), "the file says where the key is")
	require(freedonia.run("init", "--authority", "XF-CA", "--name", freedonia.title).status == 0, "init again changes nothing")
	freedonia.start()
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "a request that a token signed arrives")
	require(_field(_holder(lab, freedonia), "Seccomp") == "2", "the holder is shut in with a token too")

	place, away = lab.directory + "/softhsm/tokens", lab.directory + "/softhsm/away"
	os.rename(place, away)
	os.mkdir(place)
	os.kill(_holder(lab, freedonia), signal.SIGKILL)
	lab.eventually(lambda: any(one["type"] == "comity.keys.unavailable.v1" for one in freedonia.events), "the token is away")
	require("token-absent" in str(freedonia.events[-1]), "and the event says so", freedonia.events[-1])
	freedonia.say(ref, "signed when it is back")
	os.rmdir(place)
	os.rename(away, place)
	lab.eventually(lambda: len(sylvania.messages(ref)) == 2, "it is back, and nothing was lost")

	freedonia.stop()
	with open(pin, "w") as file:
		file.write("3141\n")
	require(_says(freedonia, "pin-wrong") == 77, "a wrong PIN is not tried again and again")
	with open(pin, "w") as file:
		file.write("2718\n")
	freedonia.start()


def what_a_token_does_not_have_is_told_at_the_beginning(lab):
	pin, wrong = _token(lab), _secret(lab, "wrong", "3141")
	for slug, options in (
		("token-absent", ["--pin-file", pin, *_tokens("identity", token="other")]),
		("pin-wrong", ["--pin-file", wrong, *_tokens("identity")]),
		("needs-answer", _tokens("identity")),
		("bad-key", ["--pin-file", pin, "--identity-key=pkcs11:token=comity;object=identity;pin-value=2718"]),
	):
		freedonia, made = _new(lab, "xf-ca", *options)
		require(made.status != 0 and made.error()["code"] == slug, f"{slug} is told", made.out, made.err)
		require(not os.path.exists(freedonia.path("keys")), "nothing was made")
	freedonia, made = _new(lab, "xf-ca", "--pin-file", pin, *_tokens("identity"))
	require(made.status == 0 and _encrypted(freedonia) == OURS - {"identity"}, "the other keys are under the same secret", made.err)
	freedonia.start()


# ── a new identity where the old one was ──

def _rolls_over(lab, freedonia):
	"""Rolled over under a peer that follows, before and after a restart; the key file of before and of after."""
	sylvania = lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania)
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	files = [_read(freedonia, "identity.key")]
	freedonia.comity("id", "roll")
	files.append(_read(freedonia, "identity.key"))
	digits = freedonia.comity("id", "show")["digits"]
	lab.eventually(lambda: sylvania.comity("peer", "show", "xf-ca")["peer"]["digits"] == digits, "the peer follows", seconds=60)
	freedonia.restart()
	freedonia.say(ref, "signed beneath the new identity")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "what is said then arrives", seconds=60)
	return files


def _read(one, name):
	with open(one.path("keys", name)) as file:
		return file.read()


def an_identity_in_a_token_gives_way_to_one_in_the_token(lab):
	pin = _token(lab)
	freedonia, made = _new(lab, "xf-ca", "--pin-file", pin, *_tokens("identity"))
	require(made.status == 0, "it is set up", made.err)
	freedonia.start()
	old, new = _rolls_over(lab, freedonia)
	require(new != old and new.startswith("pkcs11:token=comity;object=identity"), "the new key is in the same token", old, new)
	listed = os.path.join(lab.directory, "listed")
	freedonia.comity("id", "revoke", "--prepare", "-o", listed, "--key-passphrase-file", pin)
	with open(listed) as file:
		require(freedonia.comity("id", "show")["digits"] in file.read(), "and it signs, there, what would revoke it")


def an_identity_under_a_passphrase_gives_way_to_one_under_it(lab):
	first, second = _secret(lab, "first", "correct horse"), _secret(lab, "second", "battery staple")
	freedonia, made = _new(lab, "xf-ca", "--key-passphrase-file", first)
	require(made.status == 0, "it is set up", made.err)
	freedonia.start()
	old, new = _rolls_over(lab, freedonia)
	require(new != old and _encrypted(freedonia) == OURS, "all that is new is under the passphrase too", _encrypted(freedonia))
	lab.eventually(lambda: os.path.exists(freedonia.path("keys", "identity.crl")), "the new identity has its list")
	before, listed = _read(freedonia, "identity.crl"), os.path.join(lab.directory, "listed")
	freedonia.refused("wrong-passphrase", "id", "revoke", "-o", listed, "--key-passphrase-file", second)
	require(_read(freedonia, "identity.crl") == before and not os.path.exists(listed), "another passphrase revokes nothing")
	freedonia.comity("id", "revoke", "--prepare", "-o", listed, "--key-passphrase-file", first)
