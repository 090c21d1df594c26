"""The form of a request: what it asks for is what the judge looks for, for every kind, nature and form of assistance."""
import re

from lab import TOP, require

BLANK = re.compile(r"^(\s*(?:- )?)(\w+):    # (.*)$")
TEXTS = {"requesting_state": "XFR", "requested_state": "XSY", "request": "en", "nationality": "XFR", "ref": "P1", "persons": "P1",
	"value": "a@example.org", "email": "desk@example.org", "phone": "+999-01-555-0104", "born": "1980-01-01", "hearing_languages": "en",
	"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z", "preserved_until": "2027-01-01", "requesting_reference": "XF/1",
	"requested_reference": "XS/1", "custodian": "a bank", "currency": "EUR"}
# Names of things that are not there, and excuses that are not needed.
LEFT = {"translation_attached", "override_reason", "questions_attached", "request_id", "measure"}


def _value(key, shape, choices):
	if key in LEFT or key.endswith("_id"):
		return None
	if "one of these" in shape:
		return "EMAIL" if "EMAIL" in choices else choices[0]
	if "true" in shape:
		return "true"
	if "number" in shape:
		return "60"
	if shape.startswith("YYYY"):
		return "2026-11-01T10:00:00+01:00" if "T" in shape else "2026-11-01"
	return TEXTS.get(key, "some words")


def fill(form):
	"""Every line of the form that has nothing behind its name, filled in as an officer would."""
	lines, choices = [], []
	for line in form.splitlines():
		line = line[1:] if line.startswith(("#attachments:", "#  - { id: A")) else line
		blank = BLANK.match(line)
		if blank:
			key, shape = blank[2], blank[3]
			value = None if key == "persons" and "\npersons:" not in form else _value(key, shape, choices)
			line = f"{blank[1]}{key}:" if value is None else \
				f"{blank[1]}{key}: [{value}]" if shape.startswith("[") else f'{blank[1]}{key}: {value if "one of" in shape or value in ("true", "60") else chr(34) + value + chr(34)}'
			line = line.replace('attachment: "some words"', "attachment: A1")
		if re.match(r"^\s*#   [A-Z]", line):
			choices = choices + re.findall(r"[A-Z][A-Z0-9_]+", line)
		elif not line.lstrip().startswith("#"):
			choices = []
		lines.append(line.replace("language: }", "language: en }"))
	return "\n".join(lines) + "\n"


def _asked(lab, one, what, *words):
	form = one.run("request", "template", *words)
	require(form.status == 0, f"{what}: a form", form.err)
	blank = one.run("--json", "request", "validate", lab.file("blank.yaml", form.out.encode()))
	require(blank.status == 65, f"{what}: the empty form is no request", blank.status, blank.out, blank.err)
	filled = fill(form.out)
	answer = one.run("--json", "request", "validate", lab.file("filled.yaml", filled.encode()))
	documents = answer.documents()
	require(answer.status == 0 and documents, f"{what}: filled in, it is complete", answer.out, answer.err, filled)
	problems = [problem for problem in documents[0].get("problems", []) if problem["code"] in ("field-missing", "unusual-form")]
	require(not problems, f"{what}: it asked for all that is looked for", problems, filled)
	return form.out


def _names(name):
	"""The codes of an enumeration of the schema."""
	with open(TOP + "/proto/casework.proto") as file:
		schema = file.read()
	body = re.search(r"message %s \{\s*enum Value \{(.*?)\}" % name, schema, re.S)[1]
	return [name for name in re.findall(r"^\s*([A-Z][A-Z0-9_]*) = \d+;", body, re.M) if name != "UNSPECIFIED"]


def every_kind_has_a_form_that_is_complete_when_it_is_filled_in(lab):
	freedonia = lab.authority("xf-ca")
	for kind in _names("RequestKind"):
		form = _asked(lab, freedonia, kind, "--kind", kind)
		require(f"kind: {kind}" in form, "it says its kind", form)


def every_nature_has_a_form_that_is_complete_when_it_is_filled_in(lab):
	freedonia = lab.authority("xf-ca")
	for nature in _names("RequestNature"):
		form = _asked(lab, freedonia, nature, "--nature", nature)
		require(("related:" in form) == (nature not in ("INITIAL", "CONFIRMATION_OF_ORAL")), f"{nature}: what it follows", form)
		require(("oral_request:" in form) == (nature == "CONFIRMATION_OF_ORAL"), f"{nature}: when it was said", form)


def every_form_of_assistance_has_its_part_of_the_form(lab):
	freedonia = lab.authority("xf-ca")
	for form in _names("AssistanceForm"):
		# what cannot be filled in without a file of one's own is in attachments, and is named there
		_asked(lab, freedonia, form, "--assistance", form)


def a_form_has_only_what_its_kind_needs(lab):
	freedonia = lab.authority("xf-ca")
	law = freedonia.run("request", "template", "--kind", "foreign-law-information").out
	require("proceeding:" not in law and "facts_summary:" not in law, "a question of law is about no proceeding", law)
	video = freedonia.run("request", "template", "--assistance", "video-hearing,bank-financial-records").out
	require("form: VIDEO_HEARING" in video and "form: BANK_FINANCIAL_RECORDS" in video, "both measures", video)
	require("reason_no_personal_attendance:" in video and "ETS 182 art. 9(3)" in video and "period:" in video, "with what each needs", video)
	bank = freedonia.run("request", "template", "--assistance", "bank-financial-records").out
	require("reason_no_personal_attendance" not in bank and "necessity" not in bank, "and no more", bank)
	answer = freedonia.run("request", "template", "--assistance", "freezin")
	require(answer.status == 64 and "freezing" in answer.err, "a word that is none, with what was meant", answer.err)


def a_draft_begins_as_its_kind_says(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania, wait=False)
	made = freedonia.comity("request", "new", "--to", "xs-ca", "--nature", "follow-up-to-preservation", "--assistance",
		"subscriber-data,traffic-data-stored")
	document = freedonia.request(made["our_reference"])["document"]
	require([measure["form"] for measure in document["measures"]] == ["SUBSCRIBER_DATA", "TRAFFIC_DATA_STORED"], "two measures", document)
	require(document["related"][0]["type"] == "FOLLOWS_PRESERVATION" and document["kind"] == "MLA", "and what it follows", document)
	require(document["measures"][0]["untoc_letter"] == "I", "with the letter of 18(3)", document)
	answer = freedonia.run("--json", "request", "new", "--to", "xs-ca", "--from", lab.example(), "--assistance", "freezing")
	require(answer.status == 64, "a file says it all", answer.out, answer.err)


# Whoever says it, and what is filled in of the proposals behind a #.
ACTS = [("xs-ca", "confidentiality-notice"), ("xf-ca", "use-consent-request"), ("xs-ca", "use-consent-response"), ("xf-ca", "exculpatory-notice"),
	("xf-ca", "safe-conduct-notice"), ("xf-ca", "return-of-originals"), ("xf-ca", "preservation-extension-request"),
	("xs-ca", "preservation-notice"), ("xf-ca", "meeting-proposal"), ("xs-ca", "meeting-response"), ("xf-ca", "reminder"),
	("xs-ca", "conditions-proposed"), ("xf-ca", "conditions-response"), ("xf-ca", "correction"), ("xf-ca", "deficiency-notice"),
	("xf-ca", "status-enquiry"), ("xs-ca", "additional-info-request"), ("xf-ca", "additional-info"), ("xf-ca", "feedback")]


def a_message_of_any_kind_is_written_by_its_form_alone(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.admit(ref)
	sylvania.comity("request", "set-status", ref, "in-execution")
	lab.eventually(lambda: freedonia.status(ref) == "IN_EXECUTION", "it is being executed")
	for name, kind in ACTS:
		one, other = (freedonia, sylvania) if name == "xf-ca" else (sylvania, freedonia)
		form = one.run("message", "template", "--kind", kind).out
		# answers and questions are lists, which are proposed behind a #
		form = "\n".join(line[1:] if line.startswith("#      ") else line for line in form.splitlines())
		text = re.sub(r"(?m)^(\s*)(status|language|attachments|measures|measure|number|requests?):.*$", r"\1\2:", fill(form))
		text = re.sub(r"(?m)^(\s*- )number:.*$", r"\1number: 1", text) + "\n"
		sent = one.run("--json", "message", "send", ref, "--from", lab.file("act.yaml", text.encode()))
		require(sent.status == 0, f"{kind}: it is sent as it was filled in", sent.out, sent.err, text)
		shown = lambda: [acts for acts in (each["state"].get("acts") for each in other.messages(ref)) if kind in (acts or [])]
		lab.eventually(lambda: shown(), f"{kind}: it is shown at {other.name}")
	answer = freedonia.run("message", "template", "--kind", "use-consent-requst")
	require(answer.status == 64 and "use-consent-request" in answer.err, "what is none is named, with what was meant", answer.err)
