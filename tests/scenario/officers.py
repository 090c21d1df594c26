"""The officers of an authority: whose a case is, what each may see, and four eyes on a draft before it is sent."""
import os
import pwd
import shutil
import subprocess

from lab import Answer, require

ANNA, BORIS = "daemon", "nobody"	# two users that every Debian has


def _open_the_counter(one):
	"""The officers' socket, and the tool, for users of this system that are not us."""
	place = os.path.join(one.lab.directory, "officers")
	os.makedirs(place, exist_ok=True)
	shutil.copy(one.lab.comity, place)
	for path in (one.lab.directory, place, one.home, one.path("run")):
		os.chmod(path, 0o755)
	os.chmod(one.path("run/officer.sock"), 0o666)
	return place + "/comity", one.path("run/officer.sock")


def _as_user(one, user, *arguments):
	tool, socket = _open_the_counter(one)
	become = [] if os.geteuid() == 0 else ["sudo", "-n", "-u", user]
	options = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
	done = subprocess.run([*become, tool, "--json", "--socket", socket, *arguments], capture_output=True, text=True, timeout=60, cwd="/",
		env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, **options)
	return Answer(done)


def _does(one, user, *arguments):
	answer = _as_user(one, user, *arguments)
	require(answer.status == 0, f"{user}: {' '.join(arguments)}", answer.out, answer.err)
	return answer.documents()[-1]


def _is_refused(one, user, slug, *arguments):
	answer = _as_user(one, user, *arguments)
	require(answer.status == 77 and answer.error()["code"] == slug, f"{user} is refused with {slug}: {' '.join(arguments)}",
		answer.status, answer.out, answer.err)


def _whole_draft(one, other):
	ref = one.draft(other)
	letter, translation = (one.lab.file(f"{name}.pdf", name.encode()) for name in ("letter", "letter-qab"))
	one.comity("attach", "add", ref, letter, "--role", "request-letter", "--language", "en")
	one.comity("attach", "add", ref, translation, "--role", "translation", "--translation-of", "A1", "--language", "qab-XS")
	return ref


def a_request_needs_four_eyes_where_the_authority_wants_it(lab):
	freedonia, sylvania = lab.pair(settings={"requests": {"approvals": 2}})
	ref = _whole_draft(freedonia, sylvania)
	freedonia.refused("approval-missing", "request", "send", ref)
	view = _does(freedonia, ANNA, "request", "approve", ref)
	require((view["approvals_given"], view["approvals_wanted"]) == (1, 2), "one of two", view)
	_is_refused(freedonia, ANNA, "approved-already", "request", "approve", ref)
	_is_refused(freedonia, ANNA, "approval-missing", "request", "send", ref)
	_does(freedonia, BORIS, "request", "approve", ref)
	require(freedonia.comity("request", "show", ref)["approvals_given"] == 2, "both count")
	freedonia.comity("attach", "add", ref, lab.file("late.pdf", b"slipped in"), "--role", "exhibit", "--language", "en")
	require(freedonia.comity("request", "show", ref)["approvals_given"] == 0, "what was approved is not what would be sent")
	freedonia.refused("approval-missing", "request", "send", ref)
	_does(freedonia, ANNA, "request", "approve", ref)
	_does(freedonia, BORIS, "request", "approve", ref)
	_does(freedonia, BORIS, "request", "send", ref)
	lab.eventually(lambda: sylvania.has(ref), "it is there")
	theirs = sylvania.comity("request", "show", ref)["request"]
	require("approvals" not in theirs and "assignment" not in theirs, "the other side is told nothing of it", theirs)
	lines = freedonia.comity("audit", "list", "--act", "request-approve", "--uid", str(pwd.getpwnam(ANNA).pw_uid))["data"]
	require(len(lines) == 3, "and the audit log has it: twice done, once refused", lines)


def an_officer_sees_his_own_cases_where_the_authority_wants_it(lab):
	freedonia, sylvania = lab.pair(settings={"requests": {"officer_sees": "assigned"}})
	mine, free = (freedonia.send(sylvania, document=lab.example(f"{name}.yaml")) for name in ("mine", "free"))
	lab.eventually(lambda: sylvania.has(mine) and sylvania.has(free), "both are there")
	_does(sylvania, ANNA, "inbox", "take", mine)
	_is_refused(sylvania, BORIS, "assigned", "inbox", "take", mine)
	for command in (("request", "show"), ("message", "list"), ("attach", "list"), ("request", "track"), ("request", "hold", "--reason=mine")):
		_is_refused(sylvania, BORIS, "assigned", *command, mine)
	message = _does(sylvania, ANNA, "message", "list", mine)["data"][0]["state"]["message_id"]
	_is_refused(sylvania, BORIS, "assigned", "message", "show", message)
	seen = [row["their_reference"] for row in _does(sylvania, BORIS, "request", "list")["data"]]
	require(seen == [free], "what is another's is in no list", seen)
	seen = [row["their_reference"] for row in _does(sylvania, ANNA, "request", "list", "--mine")["data"]]
	require(seen == [mine], "and one's own can be picked out", seen)
	_does(sylvania, ANNA, "request", "assign", mine, BORIS)
	_is_refused(sylvania, ANNA, "assigned", "request", "show", mine)
	require(_does(sylvania, BORIS, "request", "show", mine)["request"]["assignment"]["uid"] == pwd.getpwnam(BORIS).pw_uid, "handed over")
	sylvania.comity("request", "assign", mine, "--nobody", "--socket", sylvania.path("run/admin.sock"))
	_does(sylvania, ANNA, "inbox", "take", mine)
	sylvania.restart()
	_is_refused(sylvania, BORIS, "assigned", "request", "show", mine)


def who_is_no_user_gets_no_case(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.draft(sylvania)
	freedonia.refused("not-found", "request", "assign", ref, "no-such-person")
	freedonia.refused("usage", "request", "assign", ref)
	freedonia.comity("request", "assign", ref, ANNA)
	rows = freedonia.comity("request", "list", "--assigned", ANNA)["data"]
	require([row["our_reference"] for row in rows] == [ref], "it is hers", rows)
	require(not freedonia.comity("request", "list", "--mine").get("data") or os.getuid() == pwd.getpwnam(ANNA).pw_uid, "and not ours")


def what_happens_in_anothers_case_is_not_told(lab):
	freedonia, sylvania = lab.pair(settings={"requests": {"officer_sees": "assigned"}})
	mine, free = (freedonia.send(sylvania, document=lab.example(f"{name}.yaml")) for name in ("mine", "free"))
	lab.eventually(lambda: sylvania.has(mine) and sylvania.has(free), "both are there")
	request_id = {ref: sylvania.request(ref)["request"]["request_id"] for ref in (mine, free)}
	_does(sylvania, ANNA, "inbox", "take", mine)
	for user, sees in ((ANNA, True), (BORIS, False)):
		told = _as_user(sylvania, user, "watch", "--since", "0", "--no-follow").out
		require(request_id[free] in told, f"{user} is told of what is nobody's", told)
		require((request_id[mine] in told) == sees, f"of the other {user} is {'told' if sees else 'not told'}", told)
