"""What protects somebody: sealed for those of the other authority who are named, and opened by nobody else there (24, DOMAIN 3.7)."""
import os
import pwd

from end_to_end import _holds, _memory_holds, _number
from hostile import puppet
from lab import require
from officers import ANNA, BORIS, _as_user, _does, _is_refused, _whole_draft
from puppet import Control, schema

MARKER = b"W1 is Maria Nowhere, 14 Pond Lane"
JUDGE = "hearing judge"
NAMED = {"requests": {"named_officers": [{"name": "Hearing Judge", "uids": [pwd.getpwnam(ANNA).pw_uid]}]}}


def _annex(lab):
	return lab.file("maria-nowhere.pdf", MARKER)


def _sent(lab):
	"""A request with a protected annex, on both sides; only ANNA is the hearing judge, of either."""
	freedonia, sylvania = lab.pair(settings=NAMED)
	ref = _whole_draft(freedonia, sylvania)
	freedonia.comity("attach", "add", ref, _annex(lab), "--role", "protected-annex", "--language", "en", "--for", JUDGE, "--for", "head of unit")
	freedonia.comity("request", "send", ref)
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "the request arrives, with its annex")
	return freedonia, sylvania, ref


def _place(lab, user):
	place = os.path.join(lab.directory, "of-" + user)
	os.makedirs(place, exist_ok=True)
	os.chmod(place, 0o777)
	return place


def _protected(one, ref):
	return str(_number(one, ref, "protected.pdf"))


def _unseals(one, uid, result):
	return [line["entry"] for line in one.comity("audit", "list", "--act", "unseal", "--uid", str(uid)).get("data", [])
		if line["entry"]["result"] == result]


def what_is_protected_opens_for_those_alone_who_are_named(lab):
	freedonia, sylvania, ref = _sent(lab)
	number = _protected(sylvania, ref)
	_is_refused(sylvania, BORIS, "not-named", "attach", "get", ref, number, "-o", _place(lab, BORIS))
	sylvania.refused("not-named", "attach", "get", ref, number, "-o", os.path.join(lab.directory, "mine"))
	sylvania.refused("not-named", "attach", "get", ref, number, "-o", os.path.join(lab.directory, "mine"), "--socket", sylvania.path("run/admin.sock"))
	require(not os.listdir(_place(lab, BORIS)), "and nothing is left of it")
	saved = _does(sylvania, ANNA, "attach", "get", ref, number, "-o", _place(lab, ANNA))
	with open(saved["file"], "rb") as file:
		require(file.read() == MARKER, "who is named reads it", saved)
	for command in (("attach", "list"), ("request", "show")):
		require(f"protected, for {JUDGE}, head of unit" in sylvania.run(*command, ref).out, "others are told for whom it is", command)
	refused, opened = (_unseals(sylvania, pwd.getpwnam(user).pw_uid, result) for user, result in ((BORIS, "not-named"), (ANNA, "ok")))
	require(len(refused) == 1 and JUDGE in refused[0]["text"], "each refusal is on record", refused)
	begun = _unseals(sylvania, pwd.getpwnam(ANNA).pw_uid, "begun")
	require(len(opened) == 1 and begun[0]["text"] == f"attachment {number}", "and each opening, with what was opened", begun, opened)
	_is_refused(freedonia, BORIS, "not-named", "attach", "get", ref, _protected(freedonia, ref), "-o", _place(lab, BORIS))
	freedonia.comity("attach", "get", ref, _protected(freedonia, ref), "-o", os.path.join(lab.directory, "ours"))


def neither_the_annex_nor_its_name_is_told_to_anybody(lab):
	freedonia, sylvania, ref = _sent(lab)
	_does(sylvania, ANNA, "attach", "get", ref, _protected(sylvania, ref), "-o", _place(lab, ANNA))
	for one in (freedonia, sylvania):
		for secret in (MARKER, b"maria-nowhere"):
			require(not _holds(one.home, secret), "no file has it, nor the log", one.name, secret, _holds(one.home, secret))
		require(not _memory_holds(one, MARKER), "nor the memory of a daemon", one.name)
		told = "".join(one.run(*command).out for command in (("request", "list"), ("request", "show", ref, "--full"), ("attach", "list", ref),
			("message", "list", ref), ("watch", "--since", "0", "--no-follow"), ("audit", "list")))
		require("Maria" not in told and "maria" not in told, "nor is it told", one.name)


def an_envelope_that_is_copied_elsewhere_opens_for_nobody(lab):
	_, sylvania, ref = _sent(lab)
	number = _protected(sylvania, ref)
	casework = schema(lab).casework
	desk = Control(sylvania)
	listed = next(row.attachment for row in desk.call("attach_list", ref=ref).attachments.data if row.number == int(number))
	bare = casework.Sealing(format=1, envelope=listed.sealed.envelope, commitment=listed.sealed.commitment)
	ours = casework.Sealing(format=2, envelope=listed.sealed.envelope, commitment=listed.sealed.commitment, recipients=[JUDGE, "head of unit"])
	for what, slip in (("without the names", bare), ("with them", ours)):
		copy = casework.Attachment(name="copy.bin", size=0, sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		copy.sealed.CopyFrom(slip)
		error = Control(sylvania).call("attach_add", ref=ref, attachment=copy, size=0).error
		require(error.code == "exists", "no attachment of the case has the key of another " + what, error)
		copy.sealed.commitment = os.urandom(32)
		added = Control(sylvania).call("attach_add", ref=ref, attachment=copy, size=0).attachment.attachment
		require(added.number, "nor does another commitment help " + what, added)
		error = desk.call("unseal", ref=ref, attachment=str(added.number)).error
		require(error.code == "bad-envelope", "what is copied does not open " + what, error)
		message = casework.Message(sealed=slip, sealed_body=b"x" * 60)
		message.acts.add().general_correspondence.SetInParent()
		said = desk.call("submit", ref=ref, message=message).submitted
		error = desk.call("unseal", ref=ref, message=said.message_id).error
		require(error.code in ("bad-envelope", "not-named"), "nor as words " + what, error, said)


def a_colleague_of_who_sealed_it_opens_no_copy(lab):
	freedonia, sylvania = lab.pair(settings=NAMED)
	ref = _whole_draft(freedonia, sylvania)
	_does(freedonia, BORIS, "attach", "add", ref, _annex(lab), "--role", "protected-annex", "--language", "en", "--for", "registrar")
	desk = Control(freedonia)
	annex = next(row for row in desk.call("attach_list", ref=ref).attachments.data if row.attachment.name == "protected.pdf")
	copy = schema(lab).casework.Attachment(name="copy.bin", size=0, sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	copy.sealed.CopyFrom(annex.attachment.sealed)
	copy.sealed.commitment = os.urandom(32)
	added = desk.call("attach_add", ref=ref, attachment=copy, size=0).attachment.attachment
	require(desk.call("unseal", ref=ref, attachment=str(added.number)).error.code == "bad-envelope", "the key is not the one of the copy", added)
	require(desk.call("unseal", ref=ref, attachment=str(annex.number)).error.code == "not-named", "and the annex is not for him", annex)
	_does(freedonia, BORIS, "attach", "get", ref, str(annex.number), "-o", _place(lab, BORIS))


def whom_it_is_for_must_be_said_and_said_alike(lab):
	freedonia, sylvania = lab.pair(settings=NAMED)
	ref = _whole_draft(freedonia, sylvania)
	annex = ("attach", "add", ref, _annex(lab), "--role", "protected-annex", "--language", "en")
	freedonia.refused("usage", *annex)
	freedonia.refused("usage", *annex, "--for", "")
	freedonia.refused("usage", *annex, "--for", "x" * 121)
	freedonia.refused("usage", *annex, *(word for i in range(17) for word in ("--for", f"judge {i}")))
	with open(lab.example()) as file:
		text = file.read() + f"protected_block:\n  access: [\"{JUDGE}\"]\n  content: [\"identity of W1\"]\n  attachment: A3\n"
	ref = freedonia.draft(sylvania, lab.file("protected.yaml", text.replace("/0001", "/0002").encode()))
	for name, options in (("letter.pdf", ("--role", "REQUEST_LETTER", "--language", "en")),
			("letter-qab.pdf", ("--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS"))):
		freedonia.comity("attach", "add", ref, lab.file("again-" + name, name.encode() + b"2"), *options)
	freedonia.comity("attach", "add", ref, _annex(lab), "--role", "protected-annex", "--language", "en")
	sealed = next(row["attachment"]["sealed"] for row in freedonia.attachments(ref) if row["attachment"]["name"] == "protected.pdf")
	require(sealed["recipients"] == [JUDGE] and sealed["format"] == 2, "the draft names them", sealed)
	freedonia.comity("request", "edit", ref, "--from", lab.file("other.yaml", text.replace("/0001", "/0002").replace(JUDGE, "registrar").encode()))
	told = freedonia.run("--json", "request", "validate", ref)
	require("protected-differs" in told.out, "what is written and what is sealed must be the same", told.out)


def a_peers_absurd_list_of_names_is_refused(lab):
	freedonia, other = puppet(lab)
	other.connect().greet()
	for what, names in (("seventeen", [f"judge {i}" for i in range(17)]), ("a hundred thousand", ["j"] * 100_000), ("a long one", ["j" * 121])):
		message = other.request()
		annex = message.attachments.add(id="A1", role=25, name="protected.pdf", size=60, sha256="0" * 64)
		annex.sealed.format, annex.sealed.envelope, annex.sealed.commitment = 2, b"x" * 60, b"x" * 32
		annex.sealed.recipients.extend(names)
		receipt = other.dispatch(message)
		line = next((line for line in receipt.splitlines() if message.message_id in line), "")
		require(line.startswith("# refused: ") and "too-large" in line, what + " is refused", receipt)
		require(not freedonia.has(message.request_id), "and opens no case", what)
	proper = other.request()
	require("# refused" not in other.dispatch(proper) and freedonia.status(proper.request_id) == "SENT", "the line goes on")
