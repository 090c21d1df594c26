"""The directory of competent authorities: whom a State has, who receives what is asked, how one is reached without a line, and
who may say so."""
import json

from lab import require
from puppet import Puppet, uuid7

STATES = {"xf-ca": "XFR", "xs-ca": "XSY"}
OTHER = "OTHER_COMPETENT_AUTHORITY"
# What Sylvania's officer keeps in a spreadsheet of its other authorities.
SHEET = """authority;part;state;type;names[1].language;names[1].text;contacts[1].phone;hours.time_zone;networks[1].network\r
XS-FIU;other-competent-authority;XSY;fiu;en;"Financial Intelligence Unit; Sylvania";'+999-02-1;Europe/Paris;EGMONT\r
xs-court;OTHER_COMPETENT_AUTHORITY;XSY;COURT;fr;Cour de Sylvanie;'+999-02-2;Europe/Paris;\r
"""
# A central authority of Sylvania with which Freedonia has no line.
EXTRADITION = {"authority": "xs-ex", "part": "CENTRAL_AUTHORITY", "state": "XSY", "names": [{"language": "en", "text": "Prosecutor General"}],
	"acts_covered": [{"kinds": ["EXTRADITION"], "roles": ["RECEIVE"]}], "languages": {"requests": ["sv"]},
	"transmission": {"channels": ["DIPLOMATIC"], "platforms": ["e-MLA"], "diplomatic_channel_required": True},
	"urgent_procedure": {"what_counts": "Danger to life.", "contact": {"name": "Duty officer", "phone": "+999-02-3"}},
	"guides": [{"title": "How to ask us", "language": "en", "url": "https://xs.example/guide"}]}


def _profile(one, **more):
	profile = {"authority": one.name, "part": "CENTRAL_AUTHORITY", "state": STATES[one.name], **more}
	with open(one.path("etc/profile.yaml"), "w") as file:
		json.dump(profile, file)


def _pair(lab):
	"""Freedonia and Sylvania, whose cards say of which State they are; Sylvania receives requests for assistance."""
	freedonia, sylvania = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False)
	_profile(freedonia)
	_profile(sylvania, acts_covered=[{"kinds": ["MLA"], "roles": ["SEND", "RECEIVE"]}], languages={"requests": ["en", "fr"]})
	freedonia.start()
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	return freedonia, sylvania


def _entry(one, authority):
	return one.comity("directory", "show", authority)["entry"]


def _list(one, *options):
	return {row["entry"]["authority"]: row for row in one.comity("directory", *(options or ("list",))).get("data", [])}


def _import(lab, one, content, name="entries.json", *options):
	text = content if isinstance(content, str) else json.dumps(content)
	return one.comity("directory", "import", lab.file(name, text.encode()), *options)


def cards_and_what_peers_announce_make_a_directory(lab):
	freedonia, sylvania = _pair(lab)
	listed = _list(freedonia)
	require({name: row["entry"]["source"] for name, row in listed.items()} == {"xf-ca": "OWN", "xs-ca": "CARD"}, "both cards are in it", listed)
	require(listed["xs-ca"]["standing"] == "VERIFIED", "with how the peer stands", listed)

	taken = _import(lab, sylvania, SHEET, "sheet.csv", "--origin", "the ministry's list")
	require([change["what"] for change in taken["changes"]] == ["added", "added"], "the sheet is taken", taken)
	sylvania.refused("foreign-entry", "directory", "announce", "xf-ca")
	told = sylvania.comity("directory", "announce")
	require(told["authorities"] == ["xs-court", "xs-fiu"] and told["peers"][0]["entries"] == 2, "both are announced", told)
	lab.eventually(lambda: "xs-court" in _list(freedonia), "they arrive")
	require(set(_list(freedonia, "search", "intelligence")) == {"xs-fiu"}, "they are found by what they are")
	require(set(_list(freedonia, "search", "SYLVANIE", "court")) == {"xs-court"}, "and by several words")
	require(set(_list(freedonia, "list", "--of", "xsy", "--part", "other-competent-authority")) == {"xs-fiu", "xs-court"}, "and by State and part")

	entry = _entry(freedonia, "xs-fiu")
	require(entry["source"] == "ANNOUNCED" and entry["from"] == "xs-ca", "it is said who says it", entry)
	shown = freedonia.comity("message", "show", entry["message_id"])
	require(shown["state"]["acts"] == ["directory-update"], "in a message that is signed and kept", shown)
	require("contacts" not in entry["profile"] and entry["announced"]["contacts"] == [{"phone": "+999-02-1"}],
		"where it is reached waits to be confirmed", entry)
	require(entry["profile"]["hours"]["time_zone"] == "Europe/Paris", "the rest is in effect", entry)

	freedonia.comity("directory", "confirm", "xs-fiu", "--spoke-with", "C. Ledger", "--dialled", "+999-02-0, from their embassy")
	sylvania.comity("directory", "import", lab.file("again.csv", SHEET.replace("02-1", "66-6").replace("Europe/Paris", "Europe/Rome").encode()))
	sylvania.comity("directory", "announce", "xs-fiu", "--to", "xf-ca")
	lab.eventually(lambda: _entry(freedonia, "xs-fiu").get("announced"), "another number is announced")
	entry = _entry(freedonia, "xs-fiu")
	require(entry["profile"]["contacts"] == [{"phone": "+999-02-1"}], "the number that was confirmed stands", entry)
	require(entry["profile"]["hours"]["time_zone"] == "Europe/Rome", "what is no address has changed", entry)
	text = freedonia.run("directory", "show", "xs-fiu").out
	require("NOT IN EFFECT" in text and "+999-66-6" in text, "people are told", text)

	freedonia.restart()
	require(_entry(freedonia, "xs-fiu")["profile"] == entry["profile"], "it outlives the daemon")
	freedonia.refused("usage", "directory", "remove", "xs-ca", "--confirm=xs-ca")
	freedonia.comity("directory", "remove", "xs-fiu", "--confirm=xs-fiu")
	require("xs-fiu" not in _list(freedonia), "and can be taken out")


def a_request_goes_to_the_authority_that_receives_what_is_asked(lab):
	freedonia, sylvania = _pair(lab)
	freedonia.refused("peer-unknown", "request", "new", "--to", "XXX")
	drafted = freedonia.comity("request", "new", "--to", "xsy", "--kind", "mla")
	require(drafted["request"]["peer"] == "xs-ca", "the State's only authority is meant", drafted)
	error = freedonia.refused("not-found", "request", "new", "--to", "XSY", "--kind", "extradition")
	require("xs-ca" in error["context"][0] and "MLA" in error["context"][0], "it is said what there is", error)

	_import(lab, freedonia, EXTRADITION)
	require(freedonia.comity("directory", "route", "XSY", "--kind", "mla")["to"] == "xs-ca", "each gets what is its own")
	error = freedonia.refused("peer-unknown", "request", "new", "--to", "XSY", "--kind", "extradition")
	require("xs-ex (Prosecutor General)" in error["message"], "the right one is named, with which there is no line", error)
	for line in ("urgent: Duty officer, +999-02-3", "channels: DIPLOMATIC", "platforms: e-MLA", "languages: sv",
			"guide: How to ask us, en, https://xs.example/guide"):
		require(line in error["context"], "and how it is reached all the same: " + line, error)
	error = freedonia.refused("ambiguous", "request", "new", "--to", "XSY")
	require([line.split()[0] for line in error["context"]] == ["xs-ca", "xs-ex"], "where both may be meant a human chooses", error)
	require(len(freedonia.comity("request", "list").get("data", [])) == 1, "and nothing was drafted")

	answer = freedonia.run("--json", "request", "validate", lab.example(), "--to", "xs-ex")
	codes = {problem["code"] for problem in answer.documents()[-1]["problems"]}
	require({"other-channel", "not-competent", "channel", "language"} <= codes, "a request is held against its entry without a line", codes)
	freedonia.refused("peer-unknown", "request", "validate", lab.example(), "--to", "xx-ca")


def what_is_exported_is_imported_again(lab):
	freedonia, sylvania = _pair(lab)
	odd = dict(EXTRADITION, acts_covered=[{"kinds": ["EXTRADITION", 4711], "limits": "=1+1; \"none\""}],
		declarations=[{"instrument": "UNTOC", "article": "16(5)(a)", "text": "First.\nSecond.", "declared_on": "2004-01-02"}])
	_import(lab, freedonia, {"entries": [odd]})
	before = _entry(freedonia, "xs-ex")["profile"]
	require(before["acts_covered"][0]["kinds"][1] == 4711, "a word of a later version is kept as what it is", before)
	for name in ("all.yaml", "all.json", "all.csv"):
		path = lab.directory + "/" + name
		freedonia.comity("directory", "export", "-o", path)
		again = freedonia.comity("directory", "import", path)
		found = {change["authority"]: change["what"] for change in again["changes"]}
		require(found == {"xf-ca": "passed-over", "xs-ca": "passed-over", "xs-ex": "same"}, f"{name} changes nothing here", again)
		sylvania.comity("directory", "import", path)
		require(_entry(sylvania, "xs-ex")["profile"] == before, f"{name} says the same elsewhere", _entry(sylvania, "xs-ex"))
		sylvania.comity("directory", "remove", "xs-ex", "--confirm=xs-ex")
	with open(lab.directory + "/all.csv", newline="") as file:
		require("\"'=1+1" in file.read(), "no cell is a formula to a spreadsheet")

	mistakes = "authority,part,stat,contacts[1].phone\nxs-a,CENTRAL_AUTHORITY,XSY,+1\nxs-b,CENTRAL,XSY,+2\n"
	for options in ((), ("--dry-run",)):
		error = sylvania.refused("unknown-key", "directory", "import", lab.file("wrong.csv", mistakes.encode()), *options)
		require(len(error["context"]) == 2 and "wrong.csv:1:3:" in error["context"][0] and "wrong.csv:3:2:" in error["context"][1],
			"each mistake is told with its line and cell", error)
	for name, value in (("yearly_holidays", '"31-12"'), ("holidays_on", '"2027-02-29"')):
		wrong = sylvania.run("directory", "import", lab.file("holidays.yaml",
			f"entries:\n  - authority: xs-a\n    part: OTHER_COMPETENT_AUTHORITY\n    state: XSY\n    hours:\n      {name}: [{value}]\n".encode()))
		require(wrong.status == 65 and "holidays.yaml:6" in wrong.err and value.strip('"') in wrong.err, f"{name}: the place is named", wrong.err)
	sylvania.refused("bad-document", "directory", "import", lab.file("twice.yaml", b"entries: [{authority: xs-a}, {authority: XS-A}]"))
	sylvania.refused("bad-document", "directory", "import", lab.file("none.yaml", b"entries: [{authority: xs-a}, {authority: nobody}]"))
	require(set(_list(sylvania)) == {"xf-ca", "xs-ca"}, "and nothing is taken", _list(sylvania))
	dry = _import(lab, sylvania, EXTRADITION, "dry.json", "--dry-run")
	require(dry["changes"][0]["what"] == "added" and "xs-ex" not in _list(sylvania), "a dry run only says what would be", dry)


def what_a_peer_says_of_others_authorities_is_refused_and_kept(lab):
	freedonia, sylvania = lab.authority("xf-ca", start=False), lab.authority("xs-ca", start=False, listen=False)
	_profile(freedonia)
	_profile(sylvania)
	freedonia.start()
	sylvania.start()
	lab.befriend(freedonia, sylvania)
	sylvania.stop()
	other = Puppet(lab, sylvania, freedonia)
	from proto import profile_pb2
	_import(lab, freedonia, {"authority": "xf-court", "part": OTHER, "state": "XFR"})
	other.connect().greet()
	before = _list(freedonia)
	part = profile_pb2.DirectoryPart.OTHER_COMPETENT_AUTHORITY

	def say(*entries):
		update = other.schema.casework.DirectoryUpdate(entries=[entry if isinstance(entry, bytes) else
			profile_pb2.Profile(**entry).SerializeToString() for entry in entries])
		message = other.message(uuid7(), other.schema.casework.Act(directory_update=update))
		message.ClearField("request_id")
		return message, other.dispatch(message)

	sound = {"authority": "xs-court", "part": part, "state": "XSY", "serial": 1}
	for slug, entry in (
			("foreign-entry", {"authority": "xf-court", "part": part, "state": "XFR", "serial": 9}),
			("foreign-entry", {"authority": "xf-court", "part": part, "state": "XSY", "serial": 9}),
			("foreign-entry", {"authority": "xf-ca", "part": part, "state": "XSY", "serial": 9}),
			("foreign-entry", {"authority": "xs-pg", "part": profile_pb2.DirectoryPart.CENTRAL_AUTHORITY, "state": "XSY"}),
			("bad-document", {"authority": "no id", "part": part, "state": "XSY"}),
			("bad-document", {"authority": "xs-poh", "part": part, "state": "XSY", "hours": {"yearly_holidays": ["12-25", "31-12"]}}),
			("bad-document", {"authority": "xs-poh", "part": part, "state": "XSY", "hours": {"holidays_on": ["2027-02-29"]}}),
			("bad-document", b"\xff\xff\xff")):
		message, receipt = say(sound, entry)
		require(f"refused {slug}" in receipt or slug in receipt, f"it is refused: {slug}", receipt)
		kept = freedonia.comity("message", "show", message.message_id)
		require(kept["state"]["transport"] == "REJECTED" and kept["state"]["reason"] == slug, "and kept for a human", kept)
		require(_list(freedonia).keys() == before.keys(), "nothing of it is taken", _list(freedonia))
	require(_entry(freedonia, "xf-court")["source"] == "IMPORTED", "what was there stands")
	message, receipt = say(sound)
	require(message.message_id in receipt and "foreign" not in receipt, "what is its own to tell is taken", receipt)
	require(_entry(freedonia, "xs-court")["message_id"] == message.message_id, "on the same line")
	say(dict(sound, serial=0, type=1))
	require("type" not in _entry(freedonia, "xs-court")["profile"], "an older one does not take its place")
