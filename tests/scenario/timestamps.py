"""When the record was there, by the clock of a third party; and that nothing depends on whether it answers."""
import os
import shutil
import subprocess
import tarfile

import evidence
from lab import forget_fake_clocks, require
from tsa import Authority


def _with_authority(story):
	"""Played with a time stamping authority, Freedonia's settings naming it; and a case to export."""
	def played(lab):
		authority = Authority(os.path.join(lab.directory, "tsa"))
		try:
			freedonia = lab.authority("xf-ca", settings=authority.settings(timeout="5s"))
			sylvania = lab.authority("xs-ca")
			lab.befriend(freedonia, sylvania)
			ref = freedonia.send(sylvania, lab.file("exhibit.bin", 1000))
			lab.eventually(lambda: all(view["state"]["transport"] == "COMPLETE" for view in freedonia.messages(ref)), "all is receipted")
			freedonia.counterpart = sylvania
			story(lab, authority, freedonia, ref)
		finally:
			authority.close()
	played.__name__, played.__doc__, played.__module__ = story.__name__, story.__doc__, story.__module__
	return played


def _export(lab, one, ref, name, *options):
	path = os.path.join(lab.directory, name)
	return path, one.comity("evidence", "export", ref, "-o", path, *options)


def _readme(path):
	with tarfile.open(path) as tar:
		return tar.extractfile("README.txt").read().decode()


@_with_authority
def a_stamp_is_checked_by_the_tool_and_by_the_readme_also_in_ten_years(lab, authority, freedonia, ref):
	path, written = _export(lab, freedonia, ref, "stamped.tar", "--timestamp")
	require(written["stamped_by"] == "CN=Time of honest" and "pending" not in written, "it is stamped", written)
	report = freedonia.comity("evidence", "verify", path)
	require(report["stamps"][0]["at"] == written["stamped_at"] and not report["stamp_pending"], "the stamp is in the report", report)
	require(any("was there at " + written["stamped_at"] in line for line in report["proves"]), "it says what that proves", report)
	place = evidence._unpacked(lab, path)
	forget_fake_clocks()
	for prefix in ((), ("faketime", "-f", "+10y")):
		done = evidence._by_its_readme(place, *prefix)
		require(done.returncode == 0 and "Verification: OK" in done.stderr + done.stdout, "the commands succeed", prefix, done.stdout, done.stderr)
	environment = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0")
	subprocess.run(["faketime", "-f", "+10y", *freedonia.command("evidence", "verify", path)], check=True, env=environment,
		stdout=subprocess.DEVNULL)


@_with_authority
def a_root_that_was_chosen_elsewhere_pins_who_stamped(lab, authority, freedonia, ref):
	path, _ = _export(lab, freedonia, ref, "stamped.tar", "--timestamp")
	report = freedonia.comity("evidence", "verify", path, "--tsa-ca", authority.roots)
	require(report["stamps"][0]["pinned"], "it is one of those", report)
	answer = freedonia.run("--json", "evidence", "verify", path, "--tsa-ca", authority.directory + "/stranger.pem")
	require(answer.status != 0 and "bad-timestamp" in answer.out, "another root is not believed", answer.out)
	freedonia.refused("usage", "evidence", "verify", path, "--tsa-ca", authority.directory + "/honest.pem")


@_with_authority
def whatever_the_authority_does_the_export_is_whole_and_the_stamp_comes_later(lab, authority, freedonia, ref):
	moods = ("wrong_nonce", "wrong_imprint", "wrong_usage", "nonsense", "nothing", "huge", "refusal", "broken", "slow")
	for mood in moods:
		authority.mood = mood
		path, written = _export(lab, freedonia, ref, mood + ".tar", "--timestamp")
		require(written.get("pending") and "stamped_at" not in written, mood + ": pending", written)
		require("Time stamp pending" in _readme(path), mood + ": the README says so", _readme(path)[-500:])
		require("\n    rm" not in _readme(path), mood + ": what they write is no command of the README", _readme(path)[-500:])
		report = freedonia.comity("evidence", "verify", path)
		require(report["valid"] and report["stamp_pending"] and not report.get("stamps"), mood + ": so does the tool", report)
		require(any("pending" in line for line in report["does_not_prove"]), mood + ": in words", report)
		with open(path, "rb") as file:
			before = file.read()
		freedonia.refused("timestamp-pending", "evidence", "stamp", path)
		with open(path, "rb") as file:
			require(file.read() == before, mood + ": who has no stamp changes nothing")
	require(authority.asked == 2 * len(moods), "it was asked each time", authority.asked)
	authority.mood = "honest"
	stamped = freedonia.comity("evidence", "stamp", path)
	require(stamped["number"] == 1, "later it comes", stamped)
	report = freedonia.comity("evidence", "verify", path)
	require(report["valid"] and not report["stamp_pending"] and len(report["stamps"]) == 1, "and is there", report)
	done = evidence._by_its_readme(evidence._unpacked(lab, path))
	require(done.returncode == 0 and "timestamps/1.tsr" in done.stdout, "the README checks it too", done.stdout, done.stderr)


@_with_authority
def an_authority_that_is_down_stops_nothing(lab, authority, freedonia, ref):
	path, written = _export(lab, freedonia, ref, "down.tar", "--timestamp", "--tsa", "http://127.0.0.1:1/", "--tsa-ca", authority.roots)
	require("127.0.0.1:1" in written["pending"], "pending, with who was asked", written)
	shown = freedonia.run("evidence", "verify", path)
	require(shown.status == 0 and "time stamp     pending" in shown.out, "people see it", shown.out)
	# without a daemon, by whoever has the file
	freedonia.stop()
	freedonia.comity("evidence", "stamp", path, "--tsa", authority.url, "--tsa-ca", authority.roots)
	report = freedonia.comity("evidence", "verify", path)
	require(report["stamps"][0]["authority"] == "CN=Time of honest", "it is stamped", report)


@_with_authority
def a_second_stamp_covers_the_first(lab, authority, freedonia, ref):
	path, _ = _export(lab, freedonia, ref, "twice.tar", "--timestamp")
	require(freedonia.comity("evidence", "stamp", path)["number"] == 2, "there are two")
	require(len(freedonia.comity("evidence", "verify", path)["stamps"]) == 2, "both verify")
	done = evidence._by_its_readme(evidence._unpacked(lab, path))
	require(done.returncode == 0 and "timestamps/2.tsr" in done.stdout, "by the README, too", done.stdout, done.stderr)
	target = os.path.join(lab.directory, "altered.tar")
	for name in ("timestamps/1.sha256", "timestamps/1.tsr", "timestamps/1.pem"):
		evidence._altered(path, target, lambda member, content: None if member.name == name else content)
		answer = freedonia.run("--json", "evidence", "verify", target)
		require(answer.status != 0 and "not as it was when it was stamped" in answer.out, name + ": the second stamp misses it", answer.out)


@_with_authority
def one_altered_byte_of_a_stamped_file_is_found(lab, authority, freedonia, ref):
	path, _ = _export(lab, freedonia, ref, "stamped.tar", "--timestamp")
	kinds = evidence._every_class_is_found(lab, freedonia, path)
	require({"timestamps.sha256", "timestamps.tsr", "timestamps.pem", "STAMPS.sha256"} <= kinds, "those of stamps too", sorted(kinds))


@_with_authority
def what_is_missing_or_was_slipped_in_is_found(lab, authority, freedonia, ref):
	path, _ = _export(lab, freedonia, ref, "stamped.tar", "--timestamp")
	target = os.path.join(lab.directory, "altered.tar")
	def refuse(what, alter):
		evidence._altered(path, target, alter)
		answer = freedonia.run("--json", "evidence", "verify", target)
		require(answer.status != 0, what + " is found", answer.out, answer.err)
		size = os.path.getsize(target)
		freedonia.run("evidence", "stamp", target)
		require(os.path.getsize(target) == size, what + ": and it is not stamped")
	for name in ("timestamps/1.sha256", "timestamps/1.tsr", "timestamps/1.pem", "STAMPS.sha256"):
		refuse("without " + name, lambda member, content: None if member.name == name else content)
	refuse("without any of the stamp", lambda member, content: None if "imestamps/" in member.name or "STAMPS" in member.name else content)
	# of another file, with its own list: it is a good stamp, and not of this file
	second = freedonia.send(freedonia.counterpart)
	lab.eventually(lambda: freedonia.messages(second)[0]["state"]["transport"] == "COMPLETE", "another case is there")
	other, _ = _export(lab, freedonia, second, "other.tar", "--timestamp")
	with tarfile.open(other) as tar:
		others = {member.name: tar.extractfile(member).read() for member in tar}
	refuse("another file's stamp", lambda member, content: others[member.name] if "timestamps/" in member.name or "STAMPS" in member.name else content)


def who_may_stamp_is_set_and_looked_at_before_the_daemon_starts(lab):
	freedonia = lab.authority("xf-ca", start=False)
	authority = Authority(os.path.join(lab.directory, "tsa"))
	authority.close()
	shutil.copy(authority.roots, freedonia.path("etc/tsa.pem"))
	def check(**settings):
		freedonia.configure({"timestamp": settings})
		return subprocess.run([lab.comityd, "--home", freedonia.home, "--check-config"], capture_output=True, text=True, timeout=60)
	done = check(url=authority.url, ca_file="tsa.pem")
	require(done.returncode == 0 and "warning" not in done.stderr, "beside the configuration, or absolute", done.stderr)
	wrong = (("timestamp.url", dict(url="ftp://stamp.example/", ca_file="tsa.pem")), ("timestamp.ca_file", dict(url=authority.url)),
		("timestamp.ca_file", dict(url=authority.url, ca_file="none.pem")), ("timestamp.ca_file", dict(url=authority.url, ca_file="comityd.yaml")),
		("timestamp.ca_file", dict(url=authority.url, ca_file=authority.directory + "/honest.pem")),
		("timestamp.timeout", dict(url=authority.url, ca_file="tsa.pem", timeout="never")))
	for name, settings in wrong:
		done = check(**settings)
		require(done.returncode == 78 and name in done.stderr and "comityd.yaml:" in done.stderr, f"{settings}: refused, with its place", done.stderr)
	done = check(ca_file="tsa.pem")
	require(done.returncode == 0 and "warning: timestamp.ca_file" in done.stderr, "roots and nobody to ask: told", done.stderr)
	freedonia.configure({})
	freedonia.start()
	freedonia.refused("usage", "evidence", "stamp", lab.directory + "/x.tar", "--tsa", authority.url)
	freedonia.refused("config", "evidence", "stamp", lab.directory + "/x.tar")
