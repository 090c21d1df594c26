"""Codes that only a later version knows: kept as they came, shown as such wherever they are shown, and given on unchanged.
DOMAIN 8, rule 22."""
import json
import os
import tarfile

from lab import require
from puppet import puppet

CODE = 4711


def _varint(value):
	out = b""
	while value > 127:
		out, value = out + bytes([value & 127 | 128]), value >> 7
	return out + bytes([value])


def _add(request, field, part, code):
	"""One more of a list of the request, whose enumeration `code` has a value of tomorrow."""
	raw = part.SerializeToString() + _varint(part.DESCRIPTOR.fields_by_name[code].number << 3) + _varint(CODE)
	request.MergeFromString(_varint(request.DESCRIPTOR.fields_by_name[field].number << 3 | 2) + _varint(len(raw)) + raw)


def _is_shown(one, ref):
	"""In words and as a document, in the list, in the messages, in the figures."""
	document = one.request(ref)["document"]
	require(document["measures"][-1]["form"] == CODE and document["legal_bases"][-1]["basis"] == CODE, "the document has them", document)
	for command in (("request", "show", ref, "--full"), ("request", "show", ref), ("request", "show", ref, "--letter")):
		shown = one.run(*command)
		require(shown.status == 0 and str(CODE) in shown.out, f"{' '.join(command)} shows it as a number", shown.out, shown.err)
	listed = one.comity("request", "list")["data"]
	require(any(measure.get("form") == CODE for row in listed for measure in row["request"]["measures"]), "so does the list", listed)
	require(one.run("request", "list").status == 0, "for people too")
	told = one.comity("message", "show", one.messages(ref)[0]["state"]["message_id"])["message"]["acts"][0]["request"]
	require(told["measures"][-1]["form"] == CODE, "and the message", told)
	sides = one.comity("stats", "--direction", "both", "--threshold", "1")["sides"]
	unknown = {cell["by"] for side in sides for cell in side.get("cells", []) if cell["name"] == "UNKNOWN"}
	require({"form", "basis"} <= unknown, "the figures count it as what it is", unknown)


def _is_proved(lab, one, ref):
	path = os.path.join(lab.directory, one.name + "-codes.cev")
	one.comity("evidence", "export", ref, "-o", path)
	report = one.comity("evidence", "verify", path)
	require(report["valid"], "the evidence is whole", report)
	with tarfile.open(path) as dossier:
		texts = [dossier.extractfile(member).read() for member in dossier.getmembers() if member.isfile()]
	require(any(str(CODE).encode() in text for text in texts), "and its pages show the code")


def a_code_of_a_later_version_is_kept_and_shown(lab):
	freedonia, other = puppet(lab)
	schema = other.schema.casework
	message = other.connect().greet().request()
	request = message.acts[0].request
	_add(request, "measures", schema.Measure(id="M9", description="What is not thought of yet."), "form")
	_add(request, "legal_bases", schema.LegalBasisEntry(title="A convention to come"), "basis")
	receipt = other.dispatch(message)
	require("# refused" not in receipt, "it is taken", receipt)
	freedonia.admit(message.request_id)
	_is_shown(freedonia, message.request_id)
	_is_proved(lab, freedonia, message.request_id)
	enquiry = other.message(message.request_id, schema.Act(status_enquiry={"reason": "How far is it?"}))
	require("# refused" not in other.dispatch(enquiry), "and the case goes on")


def a_code_of_a_later_version_goes_through_both_daemons_unchanged(lab):
	one, other = lab.pair()
	ref = one.draft(other)
	document = one.request(ref)["document"]
	document["measures"].append({"id": "M9", "form": CODE, "description": "What is not thought of yet."})
	document["legal_bases"].append({"basis": CODE, "title": "A convention to come"})
	one.comity("request", "edit", ref, "--from", lab.file("tomorrow.json", json.dumps(document).encode()))
	problems = one.comity("request", "validate", ref)["problems"]
	require(sum(problem["code"] == "unknown-code" and problem["severity"] == "warn" for problem in problems) == 2, "it is pointed out", problems)
	letter, translation = (lab.file(name, b"%PDF-1.7 " + name.encode()) for name in ("letter.pdf", "letter-qab.pdf"))
	one.comity("attach", "add", ref, letter, "--role", "REQUEST_LETTER", "--language", "en")
	one.comity("attach", "add", ref, translation, "--role", "TRANSLATION", "--translation-of", "A1", "--language", "qab-XS")
	one.comity("request", "send", ref, "--officer", "B. Sandglass")
	lab.eventually(lambda: other.has(ref), "it arrives")
	require(other.request(ref)["document"] == one.request(ref)["document"], "as it was written")
	other.admit(ref)
	answer = lab.file("odd.json", json.dumps({"acts": [{"status_update": {"milestone": CODE, "milestone_at": "2099-01-01T09:00:00+01:00"}}]}).encode())
	other.comity("message", "send", ref, "--from", answer)
	lab.eventually(lambda: one.request(ref)["request"].get("milestone") == CODE, "so is what the other side tells in such a code")
	require(str(CODE) in one.run("request", "show", ref).out, "and is shown")
	for side in (one, other):
		_is_shown(side, ref)
		_is_proved(lab, side, ref)
		side.restart()
		_is_shown(side, ref)
