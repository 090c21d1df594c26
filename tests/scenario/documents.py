"""What people write: request files with every kind of mistake, each named with line, column and remedy."""
import json

from lab import require

# (what is wrong, the text, the slug)
MISTAKES = [
	("a key nobody knows", "kind: MLA\npurpos: x\n", "unknown-key"),
	("a key of another place", "kind: MLA\nproceeding:\n  offences: []\n", "unknown-key"),
	("text where a number belongs", "offences:\n  - {title: x, max_penalty_months: many}\n", "wrong-type"),
	("a list where a text belongs", "purpose: [a, b]\n", "wrong-type"),
	("a text where a list belongs", "measures: freeze it\n", "wrong-type"),
	("a value outside the enumeration", "kind: MLAA\n", "wrong-type"),
	("a key twice", "kind: MLA\nkind: MLA\n", "bad-document"),
	("an anchor", "purpose: &a x\nfacts_summary: *a\n", "bad-document"),
	("a tag", "purpose: !!python/object x\n", "bad-document"),
	("two documents", "kind: MLA\n---\nkind: MLA\n", "bad-document"),
	("an open bracket", "measures: [\n", "bad-document"),
	("a tabulator for indentation", "proceeding:\n\ttype: INVESTIGATION\n", "bad-document"),
	("a list at the top", "- kind: MLA\n", "wrong-type"),
	("a number at the top", "42\n", "wrong-type"),
	("a byte that is no UTF-8", b"purpose: \xff\xfe\n", None),
	("a NUL", b"purpose: \"a\\0b\"\n", None),
	("a negative number without sign", "offences:\n  - {title: x, max_penalty_months: -5}\n", "wrong-type"),
	("a number too large", "offences:\n  - {title: x, max_penalty_months: 99999999999999}\n", "wrong-type"),
	("a truth that is none", "confidentiality: {requested: perhaps}\n", "wrong-type"),
	("deep nesting", "purpose: " + "[" * 5000 + "]" * 5000 + "\n", None),
]


def _two(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania, wait=False)
	return freedonia, sylvania


def every_mistake_in_a_request_file_is_named_with_its_place(lab):
	freedonia, _ = _two(lab)
	for what, text, slug in MISTAKES:
		path = lab.file("mistake.yaml", text if isinstance(text, bytes) else text.encode())
		answer = freedonia.run("--json", "request", "new", "--to", "xs-ca", "--from", path)
		require(answer.status == 65, what + " is refused", answer.status, answer.out, answer.err)
		error = answer.error()
		require(slug is None or error["code"] == slug, f"{what}: {slug}", answer.err)
		require("mistake.yaml:" in json.dumps(error), what + ": file:line:column", answer.err)
	require(not freedonia.comity("request", "list").get("data"), "no draft was made")


def a_near_miss_gets_a_suggestion(lab):
	freedonia, _ = _two(lab)
	path = lab.file("near.yaml", b"kind: MLA\npurpos: evidence\n")
	answer = freedonia.run("request", "new", "--to", "xs-ca", "--from", path)
	require("near.yaml:2:1" in answer.err and "purpose" in answer.err, "line, column and `did you mean`", answer.err)


def all_problems_of_a_request_are_told_at_once(lab):
	freedonia, sylvania = _two(lab)
	ref = freedonia.draft(sylvania, lab.file("empty.yaml", b"kind: MLA\n"))
	answer = freedonia.run("--json", "request", "validate", ref)
	require(answer.status == 65, "it is not complete", answer.out, answer.err)
	told = answer.out + answer.err
	for path in ("making_authority", "proceeding", "measures", "purpose", "legal_bases"):
		require(path in told, f"{path} is named", told)
	require("18(15)" in told, "with the article", told)
	freedonia.refused("incomplete", "request", "send", ref, "--officer", "B. Sandglass")


def json_is_read_as_well_as_yaml(lab):
	freedonia, sylvania = _two(lab)
	ref = freedonia.draft(sylvania)
	document = freedonia.request(ref)["document"]
	document["requesting_reference"] = "FRD-CA/2026/again"
	again = freedonia.draft(sylvania, lab.file("request.json", json.dumps(document).encode()))
	require(freedonia.request(again)["document"] == document, "what `--json` gives can be given back")


def what_goes_in_comes_out(lab):
	freedonia, sylvania = _two(lab)
	ref = freedonia.draft(sylvania)
	document = freedonia.request(ref)["document"]
	require(document["kind"] == "MLA" and document["offences"][0]["max_penalty_months"] == 120, "names and numbers")
	require(document["persons"][0]["born"] == "1984-05-02", "texts")
	require(document["measures"][1]["period"]["from"] == "2025-03-01", "nested ones")


def a_template_names_every_field(lab):
	freedonia, sylvania = _two(lab)
	for kind in ("MLA", "EXTRADITION", "DATA_PRESERVATION"):
		answer = freedonia.run("request", "template", "--kind", kind)
		require(answer.status == 0 and "making_authority" in answer.out, "a form is printed", answer.err)
		freedonia.draft(sylvania, lab.file("form.yaml", answer.out.encode()))


def commands_that_are_none_are_named(lab):
	freedonia, _ = _two(lab)
	for words, hint in ((["requst", "list"], "request"), (["peer", "lst"], "list"), (["--jsn", "status"], "--json"),
			(["peer", "show"], None), (["peer", "show", "a", "b"], None), ([], None)):
		answer = freedonia.run(*words)
		require(answer.status == (64 if words else 0) or not words, f"{words}: exit 64", answer.status, answer.err)
		require(not hint or hint in answer.err, f"{words}: did you mean {hint}", answer.err)
	freedonia.refused("peer-unknown", "request", "new", "--to", "xx-ca", "--from", lab.example())
	freedonia.refused("not-found", "request", "show", "nothing-like-it")


def only_drafts_can_be_changed(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	freedonia.refused("not-draft", "request", "edit", ref, "--from", lab.example())
	freedonia.refused("not-draft", "request", "send", ref, "--officer", "x")
	freedonia.refused("not-draft", "request", "abandon", ref)
	draft = freedonia.draft(sylvania)
	freedonia.comity("request", "abandon", draft)
	require(freedonia.status(draft) == "ABANDONED", "a draft can be dropped")
