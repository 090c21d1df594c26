"""The written record of a request, UNTOC 18(14): what a judge reads, on a terminal and on paper."""
import os
import re
import subprocess

from lab import require

# Of tools/samples/bank-records.yaml: what 18(15) asks, in its order, and what is held to what was signed.
PARTS = ["LETTER OF REQUEST: mutual legal assistance", "From: International Legal Cooperation Unit", "To: Office for Mutual Legal Assistance",
	"FRD-CA/2026/", "Legal basis", "United Nations Convention against Transnational Organized Crime", "(a) Authority making the request",
	"Senior Prosecutor (post 4)", "(b) Subject matter", "directs criminal investigations", "(c) Summary of the relevant facts", "212 victims",
	"(d) Assistance sought", "Measure M1", "bank financial records", "certified copies", "needed for admissibility", "(e) Persons concerned",
	"Tobin FALSEWORK", "(f) Purpose", "compensation of victims", "Urgency", "SYL 90,000", "Confidentiality", "suspects at large",
	"Undertakings", "Enclosures", "SHA-256", "Signed", "Head of Unit", "How its authenticity is established", "comity evidence export"]


def _flat(text):
	return re.sub(r"\s+", " ", text)


def _in_order(text, what):
	at = 0
	for part in PARTS:
		found = _flat(text).find(part, at)
		require(found >= 0, f"{what}: \"{part}\" stands there, in its order", text)
		at = found
	return text


def _paper(one, ref, path):
	answer = one.run("request", "show", ref, "--letter", "-o", path)
	require(answer.status == 0 and os.path.exists(path), "a file is written", answer.out, answer.err)
	return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, timeout=60, check=True).stdout


def both_sides_have_the_same_written_record(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.pdf", b"an exhibit"))
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "with its files")
	texts = []
	for one in (freedonia, sylvania):
		answer = one.run("request", "show", ref, "--letter")
		require(answer.status == 0, "a letter", answer.err)
		texts.append(_in_order(answer.out, one.name))
		require(max(map(len, answer.out.splitlines())) <= 80, "no line is wider than a page", answer.out)
	digests = [sorted(set(re.findall(r"\b[0-9a-f]{64}\b", text))) for text in texts]
	require(digests[0] == digests[1] and len(digests[0]) == 4, "of the same message and files, by their digests", digests)
	message = freedonia.messages(ref)[0]["state"]
	require(message["message_id"] in texts[1] and message["message_id"] in texts[0], "under the same id", message)


def the_paper_says_what_the_screen_says(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	screen = freedonia.run("request", "show", ref, "--letter").out
	path = lab.directory + "/record.pdf"
	paper = _in_order(_paper(freedonia, ref, path), "paper")
	for number in range(1, 1 + int(re.search(r"Pages:\s+(\d+)", subprocess.run(["pdfinfo", path], capture_output=True, text=True,
			check=True).stdout)[1])):
		require(f"page {number}" in paper, f"page {number} has its number", paper)
	bare = re.sub(r"\S+\s+page \d+\s*\f", " ", paper)
	require(sorted(_flat(bare).split()) == sorted(_flat(screen).split()), "the same words",
		set(_flat(bare).split()) ^ set(_flat(screen).split()))
	again = freedonia.run("--json", "request", "show", ref, "--letter", "-o", path)
	require(again.status and again.error()["code"] == "exists", "nothing is overwritten", again.err)
	plain = lab.directory + "/record.txt"
	require(freedonia.run("request", "show", ref, "--letter", "-o", plain).status == 0, "as text too")
	with open(plain) as file:
		require(file.read() == screen, "the same")


def a_draft_says_that_it_is_none(lab):
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca")
	lab.befriend(freedonia, sylvania, wait=False)
	ref = freedonia.draft(sylvania, lab.file("little.yaml", b"kind: MLA\npurpose: \"long " + b"w" * 300 + " é".encode() * 50 + b"\"\n"))
	text = freedonia.run("request", "show", ref, "--letter").out
	require("DRAFT. It was not sent" in text and "nothing of it is signed" in text, "it is no request", text)
	require("(c) Summary of the relevant facts\n  Nothing is said of it." in text, "what is missing is seen to be missing", text)
	require("w" * 60 in text and max(map(len, text.splitlines())) <= 80, "a word that has no room is broken", text)
	paper = _paper(freedonia, ref, lab.directory + "/draft.pdf")
	require("DRAFT" in paper and paper.count("w") >= 300, "on paper too, to the last letter", paper)
	answer = freedonia.run("request", "show", ref, "-o", lab.directory + "/x.pdf")
	require(answer.status == 64, "a file is for a letter", answer.err)


def what_is_sealed_is_opened_for_the_letter(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.draft(sylvania)
	sent = freedonia.run("request", "send", ref, "--seal", "--officer", "B. Sandglass")
	require(sent.status == 0, "sent sealed", sent.err)
	lab.eventually(lambda: sylvania.has(freedonia.request(ref)["request"]["request_id"]), "it arrives")
	text = sylvania.run("request", "show", freedonia.request(ref)["request"]["request_id"], "--letter").out
	require("212 victims" in _flat(text) and "compensation of victims" in _flat(text), "the facts are there", text)
