"""Requests and acts sealed end to end: the tools of the two authorities read them, the daemons what they must."""
import json
import os
import re
import tarfile

from end_to_end import _digest, _get, _holds, _memory_holds, _set_profile
from lab import require, SAMPLE
from rotation import _has_switched, _serials

MARKER = "the informant lives at 14 Pond Lane"


def _document(lab, marker=MARKER):
	"""The sample, every word of it with the marker; without a reference: the case has one."""
	with open(SAMPLE) as file:
		text = re.sub(r"(?m)^  - \{id: A[3-7],.*\n|^requesting_reference:.*\n", "", file.read())
	for words in ("Between March 2025", "Tobin FALSEWORK", "Organized investment fraud", "Aggravated fraud", "Freeze the credit", "Evidence of the destination",
		"The money is being moved", "the balance falls", "At least five persons", "certified copies"):
		require(words in text, "the sample says", words)
		text = text.replace(words, f"{marker} {words}")
	return lab.file("sealed-request.yaml", text.encode())


def _send(lab, one, other, marker=MARKER, *options):
	ref = one.comity("request", "new", "--to", other.name)["our_reference"]
	letter, translation = lab.file("letter.pdf", b"%PDF-1.7 " + marker.encode()), lab.file("letter-qab.pdf", b"%PDF-1.7 translated " + marker.encode())
	one.comity("attach", "add", ref, letter, "--role", "REQUEST_LETTER", "--language", "en", "--seal")
	one.comity("attach", "add", ref, translation, "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS", "--seal")
	one.comity("request", "send", ref, "--from", _document(lab, marker), "--officer", "B. Sandglass", *options)
	lab.eventually(lambda: other.has(ref) and other.is_whole(ref, 2), "the request arrives, with its papers")
	return ref


def _is_read(one, ref):
	document = one.comity("request", "show", ref)["document"]
	return MARKER in document["facts_summary"] and MARKER in document["persons"][0]["name"]


def _act(one, ref, kind):
	"""The last such act, as it is read here."""
	found = [row["state"]["message_id"] for row in one.messages(ref) if kind.replace("_", "-") in row["state"]["acts"]]
	require(found, "there is one", kind)
	acts = one.comity("message", "show", found[-1], "--ref", ref)["message"]["acts"]
	return next(act[kind] for act in acts if kind in act)


def _nothing_is_readable(lab, ref, *ours):
	for one in ours:
		require(not _holds(one.home, MARKER.encode()), "no file of a daemon has it, nor its log", _holds(one.home, MARKER.encode()))
		require(not _memory_holds(one, MARKER.encode()), "nor has its memory", one.name)
		bundle = f"{lab.directory}/{one.name}.tar"
		one.comity("evidence", "export", ref, "-o", bundle)
		one.comity("evidence", "verify", bundle)
		with tarfile.open(bundle) as archive:
			parts = [archive.extractfile(member).read() for member in archive if member.isfile()]
		require(not any(MARKER.encode() in part for part in parts), "nor has what went over the line, byte for byte", one.name)


def the_search_finds_what_is_not_sealed(lab):
	"""Else what the next ones do not find would prove nothing."""
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	freedonia.say(ref, MARKER)
	lab.eventually(lambda: len(sylvania.messages(ref)) == 2, "the letter arrives")
	for one in (freedonia, sylvania):
		lab.eventually(lambda: one.messages(ref) and _memory_holds(one, MARKER.encode()), "its memory has what was said in the clear")


def a_request_is_read_by_the_two_tools_alone(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, MARKER, "--seal")
	for one in (freedonia, sylvania):
		require(_is_read(one, ref), "both read it, who sent it too", one.name)
		shown = one.comity("request", "show", ref, "--sealed")
		require("facts_summary" not in shown["document"] and "persons" not in shown["document"], "the daemon does not", shown["document"])
		require(shown["request"]["urgency"] == "URGENT" and len(shown["request"]["measures"]) == 3, "it knows what moves the case on",
			shown["request"])
		require(shown["request"].get("answer_by"), "and what is due", shown["request"])
	_nothing_is_readable(lab, ref, freedonia, sylvania)


def what_is_incomplete_is_not_sealed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.comity("request", "new", "--to", sylvania.name)["our_reference"]
	freedonia.refused("incomplete", "request", "send", ref, "--seal", "--from", lab.file("poor.yaml", b"kind: MLA\nnature: INITIAL\n"))
	freedonia.refused("usage", "request", "send", ref, "--from", lab.file("poor.yaml", b"kind: MLA\n"))
	require(freedonia.status(ref) == "DRAFT", "it is a draft still")
	freedonia.refused("bad-document", "request", "send", ref, "--seal", "--from", lab.file("other.yaml",
		open(_document(lab)).read().replace("kind: MLA", "kind: MLA\nrequesting_reference: OTHER", 1).encode()))


def a_card_that_demands_it_gets_every_act_sealed(lab):
	freedonia, sylvania = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False)
	for one in (freedonia, sylvania):
		_set_profile(one, encryption_required=True)
		one.start()
	lab.befriend(freedonia, sylvania)
	ref = _send(lab, freedonia, sylvania)
	sylvania.comity("acknowledge", ref, "--confidentiality", "yes", "--reference", "MLA-XS-26-1877", "--officer", "C. Moor", "--phone", "+999-02-555-0131",
		"--email", "pond.lane@xs.example", "--note", MARKER)
	sylvania.comity("request", "set-status", ref, "under-review", "--note", MARKER)
	sylvania.comity("request", "set-status", ref, "info-requested", "--question", MARKER)
	lab.eventually(lambda: freedonia.status(ref) == "INFO_REQUESTED", "the question arrives")
	require(_act(freedonia, ref, "additional_info_request")["questions"][0]["text"] == MARKER, "and is read")
	freedonia.say(ref, MARKER, "--kind", "additional-info")
	lab.eventually(lambda: sylvania.status(ref) == "UNDER_REVIEW", "the answer arrives")
	require(_act(sylvania, ref, "additional_info")["answers"][0]["text"] == MARKER, "and is read")
	sylvania.comity("request", "set-status", ref, "consulting", "--ground", "ongoing-prosecution", "--note", MARKER)
	lab.eventually(lambda: freedonia.status(ref) == "CONSULTING", "the consultation arrives")
	freedonia.say(ref, MARKER, "--kind", "consultation-reply")
	lab.eventually(lambda: len(sylvania.messages(ref)) == len(freedonia.messages(ref)), "the reply arrives")
	sylvania.comity("request", "set-status", ref, "under-review", "--note", MARKER)
	sylvania.comity("request", "set-status", ref, "accepted", "--note", MARKER)
	sylvania.comity("request", "set-status", ref, "transferred", "--authority", MARKER, "--authority-type", "COURT")
	sylvania.comity("request", "set-status", ref, "in-execution", "--note", MARKER)
	records = lab.file("records.csv", MARKER.encode())
	sylvania.comity("result", "send", ref, "--measure", f"M1=EXECUTED:{MARKER}", "--measure", "M2=EXECUTED", "--measure", "M3=EXECUTED",
		"--record", MARKER, "--attach", f"{records},role=EVIDENCE", "--final")
	lab.eventually(lambda: freedonia.status(ref) == "EXECUTED" and freedonia.is_whole(ref, 3), "the result arrives")
	require(_act(freedonia, ref, "execution_result")["record_of_execution"] == MARKER, "and is read")
	require(_act(freedonia, ref, "acknowledgement")["contact"]["email"] == "pond.lane@xs.example", "as was who handles it")
	require(_act(freedonia, ref, "transfer_notice")["competent_authority"] == MARKER, "and which court has it")
	freedonia.comity("request", "set-status", ref, "closed", "--outcome", "FULLY_EXECUTED", "--note", MARKER)
	lab.eventually(lambda: sylvania.status(ref) == "CLOSED", "the case is closed")
	_nothing_is_readable(lab, ref, freedonia, sylvania)
	require(not any(_holds(one.home, b"pond.lane@") for one in (freedonia, sylvania)), "not even that")


def an_act_is_sealed_unasked_where_the_card_demands_it(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", start=False)
	_set_profile(sylvania, encryption_required=True)
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	ref = _send(lab, freedonia, sylvania)
	freedonia.comity("message", "send", ref, "--kind", "status-enquiry", "--reason", MARKER)
	lab.eventually(lambda: len(sylvania.messages(ref)) == 2, "it is sealed unasked")
	require(_act(sylvania, ref, "status_enquiry")["reason"] == MARKER, "and read")
	require(not _holds(sylvania.home, MARKER.encode()), "nothing came in the clear")


def what_was_sealed_to_earlier_keys_opens(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, MARKER, "--seal")
	exhibit = lab.file("exhibit.bin", os.urandom(70000))
	freedonia.say(ref, MARKER, "--seal", "--attach", exhibit)
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "the exhibit is there")
	for renewal in (1, 2):
		for one in (freedonia, sylvania):
			before = _serials(one)["sealing"]
			one.comity("cert", "rotate", "sealing")
			lab.eventually(lambda: _has_switched(one) and _serials(one)["sealing"] != before, "it has another sealing key")
		for one in (freedonia, sylvania):
			require(_is_read(one, ref), "what was sealed before is read still", one.name, renewal)
			out = f"{lab.directory}/{one.name}-{renewal}.bin"
			_get(one, ref, "exhibit.bin", out)
			require(_digest(out) == _digest(exhibit), "and so is the file", one.name, renewal)
	sylvania.restart()
	require(_is_read(sylvania, ref), "after a restart too")


def a_third_authority_opens_nothing(lab):
	freedonia, sylvania = lab.pair()
	ref = _send(lab, freedonia, sylvania, MARKER, "--seal")
	message = sylvania.messages(ref)[0]["message"]
	ruritania = lab.authority("xr-ca")
	lab.befriend(ruritania, sylvania)
	theirs = ruritania.send(sylvania)
	copied = lab.file("copied.json", json.dumps({"sealed": message["sealed"], "sealed_body": message["sealed_body"],
		"acts": [{"general_correspondence": {}}]}).encode())
	ruritania.comity("message", "send", theirs, "--from", copied)
	copy = ruritania.messages(theirs)[-1]["state"]["message_id"]
	ruritania.refused("bad-envelope", "message", "show", copy, "--ref", theirs)
	lab.eventually(lambda: len(sylvania.messages(theirs)) == 2, "the copy arrives")
	sylvania.refused("bad-document", "message", "show", copy, "--ref", theirs)


def files_of_every_size_go_through(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	sizes = (0, 65536, 65537)
	for size in sizes:
		freedonia.comity("attach", "add", ref, lab.file(f"of-{size}.bin", os.urandom(size)), "--seal")
	freedonia.say(ref, MARKER, "--seal")
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 2 + len(sizes)), "all are there")
	for size in sizes:
		_get(sylvania, ref, f"of-{size}.bin", f"{lab.directory}/got-{size}")
		require(_digest(f"{lab.directory}/got-{size}") == _digest(f"{lab.directory}/of-{size}.bin"), "to the byte", size)
