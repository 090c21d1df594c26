"""The officers of an authority: whose a case is, what each may see, and four eyes on a draft before it is sent."""
import os
import pwd
import shutil
import subprocess

from end_to_end import _holds, _set_profile
from lab import Answer, require
from rotation import _has_switched, _serials
from sealed_acts import _document, MARKER

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


def _sealed_draft(one, other):
	"""Sealed, with its papers; the daemon has read none of it."""
	ref = one.comity("request", "new", "--to", other.name)["our_reference"]
	for name, options in (("letter.pdf", ("--role", "REQUEST_LETTER", "--language", "en")),
			("letter-qab.pdf", ("--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS"))):
		one.comity("attach", "add", ref, one.lab.file(name, MARKER.encode() + name.encode()), *options, "--seal")
	view = one.comity("request", "seal", ref, "--from", _document(one.lab))
	require(MARKER not in str(view) and view["draft_sha256"], "the answer says over what approvals are, and nothing of it", view)
	return ref


def what_is_sealed_is_read_approved_and_sent_as_it_is(lab):
	freedonia, sylvania = lab.pair(settings={"requests": {"approvals": 2}})
	ref = _sealed_draft(freedonia, sylvania)
	require(not _holds(freedonia.home, MARKER.encode()), "our daemon has read nothing of it", _holds(freedonia.home, MARKER.encode()))
	kept = freedonia.comity("request", "show", ref, "--sealed")
	require(MARKER not in str(kept) and MARKER in freedonia.comity("request", "show", ref)["document"]["facts_summary"],
		"the tool reads the draft, with our key")
	freedonia.refused("approval-missing", "request", "send", ref)
	read = _does(freedonia, ANNA, "request", "approve", ref)
	require(MARKER in read["document"]["facts_summary"] and read["approvals_given"] == 1, "who approves has read what is sealed", read)
	_is_refused(freedonia, ANNA, "approved-already", "request", "approve", ref)
	_is_refused(freedonia, ANNA, "approval-missing", "request", "send", ref, "--seal")
	text = freedonia.run("request", "approve", ref).out
	require(MARKER in text and "letter.pdf" in text and "2 of 2" in text, "as text too, with what goes along", text)
	freedonia.restart()
	_does(freedonia, BORIS, "request", "send", ref)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2), "the request arrives, with its papers")
	for one in (freedonia, sylvania):
		require(MARKER in one.comity("request", "show", ref)["document"]["facts_summary"], "both sides read it", one.name)
		message = one.messages(ref)[0]["message"]
		require((message["sealed"], message["sealed_body"]) == (kept["sealed_draft"]["message"]["sealed"],
			kept["sealed_draft"]["message"]["sealed_body"]), "and it is what was sealed, to the byte", one.name)
		require(not _holds(one.home, MARKER.encode()), "nothing of it lies anywhere in the clear", one.name, _holds(one.home, MARKER.encode()))
	require("sealed_draft" not in freedonia.comity("request", "show", ref), "the draft is a draft no more")
	opened = freedonia.comity("audit", "list", "--act", "unseal", "--uid", str(pwd.getpwnam(ANNA).pw_uid))["data"]
	require(opened and opened[0]["entry"]["subject"] == kept["request"]["request_id"], "who opened it is on record", opened)


def a_change_voids_what_was_sealed_and_approved(lab):
	freedonia, sylvania = lab.pair(settings={"requests": {"approvals": 2}})
	ref = _sealed_draft(freedonia, sylvania)
	for user in (ANNA, BORIS):
		_does(freedonia, user, "request", "approve", ref)
	freedonia.comity("attach", "add", ref, lab.file("late.pdf", b"slipped in"), "--role", "exhibit", "--language", "en", "--seal")
	view = freedonia.comity("request", "show", ref)
	require(view["sealed_void"] and not view.get("approvals_given"), "it is void", view)
	freedonia.refused("seal-void", "request", "send", ref)
	freedonia.refused("seal-void", "request", "approve", ref)
	freedonia.comity("request", "seal", ref)
	require(MARKER in freedonia.comity("request", "show", ref)["document"]["facts_summary"], "what was sealed is sealed again, unseen")
	freedonia.refused("approval-missing", "request", "send", ref)
	freedonia.refused("usage", "request", "edit", ref)
	freedonia.refused("usage", "request", "validate", ref)
	freedonia.comity("request", "edit", ref, "--from", lab.file("poor.yaml", b"kind: MLA\n"))
	require("sealed_draft" not in freedonia.comity("request", "show", ref), "another text is not sealed")
	freedonia.refused("incomplete", "request", "seal", ref)
	freedonia.comity("request", "seal", ref, "--from", _document(lab))
	for user in (ANNA, BORIS):
		_does(freedonia, user, "request", "approve", ref)
	before = _serials(sylvania)["sealing"]
	sylvania.comity("cert", "rotate", "sealing")
	lab.eventually(lambda: _has_switched(sylvania) and _serials(sylvania)["sealing"] != before, "their key is another")
	freedonia.refused("seal-void", "request", "send", ref)
	require(freedonia.status(ref) == "DRAFT", "nothing was sent")


def a_card_that_demands_sealing_and_two_officers_go_together(lab):
	freedonia, sylvania = lab.authority("xf-ca", settings={"requests": {"approvals": 2}}), lab.authority("xs-ca", start=False)
	_set_profile(sylvania, encryption_required=True)
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	ref = freedonia.comity("request", "new", "--to", sylvania.name, "--from", _document(lab))["our_reference"]
	freedonia.comity("attach", "add", ref, lab.file("letter.pdf", b"letter"), "--role", "REQUEST_LETTER", "--language", "en")
	freedonia.comity("attach", "add", ref, lab.file("letter-qab.pdf", b"qab"), "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")
	freedonia.refused("approval-missing", "request", "send", ref)
	_does(freedonia, BORIS, "request", "seal", ref)
	require("facts_summary" not in freedonia.comity("request", "show", ref, "--sealed")["document"], "from then on the daemon has its clear part only")
	_does(freedonia, BORIS, "request", "approve", ref)
	_is_refused(freedonia, BORIS, "approval-missing", "request", "send", ref)
	_does(freedonia, ANNA, "request", "approve", ref)
	_does(freedonia, ANNA, "request", "send", ref)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2), "it arrives")
	require(MARKER in sylvania.comity("request", "show", ref)["document"]["facts_summary"], "and is read")
	require(not _holds(sylvania.home, MARKER.encode()), "nothing came in the clear")
