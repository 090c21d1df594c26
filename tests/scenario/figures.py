"""`comity stats`: what one side counts as outgoing the other counts as incoming, and small counts are hidden."""
import csv
import datetime
import io
import os
import subprocess

from lab import require


def _figures(one, *options):
	return one.comity("stats", *options)


def _side(figures, role):
	side, = [side for side in figures["sides"] if side["role"] == role]
	return side


def _mirrored(side):
	"""All of it but who the other is."""
	return [cell for cell in side.get("cells", []) if cell["by"] != "counterpart"], side["times"], side["flows"]


def _counts(side):
	return {(cell["by"], cell["name"]): int(cell["count"]) for cell in side.get("cells", [])}


def _balance(figures, role):
	"""The numbers of the first series, which must balance."""
	flow = _side(figures, role)["flows"][0]
	before, entered, finalised, after = [int(flow[name]) for name in ("open_before", "entered", "finalised", "open_after")]
	require(before + entered == finalised + after, "it balances", flow)
	return before, entered, finalised, after


def _total(figures, role):
	return next((int(cell["count"]) for cell in _side(figures, role).get("cells", []) if (cell["by"], cell["name"]) == ("total", "requests")), 0)


def _periods_and_directions(xf):
	year = datetime.date.today().year
	for period, wanted in [(f"{year - 1}-12-31..{year + 1}-01-01", 6), (f"{year - 2}", 0), (f"{year + 1}-Q3", 0)]:
		require(_total(_figures(xf, "--period", period), "REQUESTING") == wanted, f"{wanted} in {period}")
	require([side["role"] for side in _figures(xf, "--direction", "in")["sides"]] == ["REQUESTED"], "one direction")
	require(len(_figures(xf, "--direction", "both")["sides"]) == 2, "both directions")
	xf.refused("usage", "stats", "--period", "2026-Q5")
	xf.refused("usage", "stats", "--period", "2026", "--sent-from", "2026-01-01")
	xf.refused("usage", "stats", "--direction", "sideways")


def _a_page_of_it(lab, xf):
	page = os.path.join(lab.directory, "year.pdf")
	require(xf.comity("stats", "--threshold", "1", "--report", page)["file"] == page, "it is written")
	words = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, text=True, check=True).stdout
	for word in ["From us (outgoing)", "To us (incoming)", "6 requests", "xs-ca", "bank financial records", "At risk then", "not reached",
		"Balance of the period", "request: 0 open + 6 came = 0 finalised + 6 open; clearance 0 %", "up to 30 days"]:
		require(word in words, f"\"{word}\" can be selected", words)
	xf.refused("exists", "stats", "--report", page)
	xf.refused("usage", "stats", "--report", os.path.join(lab.directory, "year.png"))


def _codes_are_counted(xf, xs):
	"""What the sample says, and what was answered, under its codes, with both."""
	wanted = {("offence", "FRAUD"): 6, ("offence", "UNTOC_6_LAUNDERING"): 6, ("proceeding", "INVESTIGATION"): 6, ("mode", "FORMAL"): 6,
		("language", "en"): 6, ("translation", "ATTACHED"): 6, ("letter", "18(3)(c)"): 6, ("letter", "18(3)(f)"): 6, ("status", "SENT"): 5,
		("status", "ACCEPTED"): 1, ("consulted-before", "NO"): 6, ("information-rounds", "NONE"): 6, ("age", "UP-TO-30-DAYS"): 6,
		("channel-before", "FIU_EGMONT"): 6, ("seriousness", "SERIOUS"): 6, ("measure-status", "ACCEPTED"): 3}
	for one, role in ((xf, "REQUESTING"), (xs, "REQUESTED")):
		counts = _counts(_side(_figures(one, "--threshold", "1"), role))
		for row, count in wanted.items():
			require(counts.get(row) == count, f"{one.name}: {count} of {row}", counts)


def what_was_destroyed_counts_as_before(lab):
	"""Statistics are of codes and dates: the content of a case is not needed for them."""
	xf, xs = lab.authority("xf-ca", settings={"retention": {"closed_cases": "1s", "events": "never"}}), lab.authority("xs-ca")
	lab.befriend(xf, xs)
	ref, other = xf.send(xs), xf.send(xs)
	lab.eventually(lambda: xs.has(ref) and xs.has(other), "the requests are there")
	xs.admit(ref)
	lab.eventually(lambda: xf.status(ref) == "ACCEPTED", "accepted")
	xf.comity("request", "withdraw", ref, "--reason", "settled")
	lab.eventually(lambda: xs.status(ref) == "WITHDRAWN", "withdrawn")
	before = _figures(xf, "--threshold", "1")
	require(_balance(before, "REQUESTING") == (0, 2, 1, 1), "one of two is over", before)
	require(_figures(xf)["sides"][0]["flows"][0]["hidden"], "which is too small to be told")
	lab.eventually(lambda: xf.comity("store", "purge") and "purged_at" in xf.request(ref)["request"], "its content is destroyed")
	require("document" not in xf.request(ref), "nothing is left to read")
	after = _figures(xf, "--threshold", "1")
	require(_mirrored(_side(after, "REQUESTING")) == _mirrored(_side(before, "REQUESTING")), "and the figures are the same", before, after)
	require(_mirrored(_side(after, "REQUESTING")) == _mirrored(_side(_figures(xs, "--threshold", "1"), "REQUESTED")), "on both sides", after)
	year = datetime.date.today().year
	require(_balance(_figures(xf, "--threshold", "1", "--period", f"{year + 1}"), "REQUESTING") == (1, 0, 0, 1), "what is open is so next year")
	require(_balance(_figures(xf, "--threshold", "1", "--period", f"{year - 1}"), "REQUESTING") == (0, 0, 0, 0), "and was not there last year")


def the_figures_of_the_two_sides_are_mirror_images(lab):
	xf, xs = lab.pair()
	refs = [xf.send(xs) for _ in range(6)]
	for ref in refs:
		lab.eventually(lambda: xs.has(ref), "the request is there")
	xs.admit(refs[0])
	lab.eventually(lambda: xf.status(refs[0]) == "ACCEPTED", "the acceptance is there")
	ours, theirs = _figures(xf, "--threshold", "1"), _figures(xs, "--threshold", "1")
	require(_mirrored(_side(ours, "REQUESTING")) == _mirrored(_side(theirs, "REQUESTED")), "mirror images", ours, theirs)
	require(not _side(ours, "REQUESTED").get("cells"), "and nothing the other way", ours)
	total, = [cell for cell in _side(ours, "REQUESTING")["cells"] if (cell["by"], cell["name"]) == ("total", "requests")]
	require(total["count"] in (6, "6"), "all are counted", total)
	gross = {time["period"]: time for time in _side(ours, "REQUESTING")["times"] if not time["net"]}
	require(str(gross["acknowledgement"]["ended"]) == "1" and str(gross["acknowledgement"]["open"]) == "5", "one is acknowledged, five are open", gross)
	hidden = {time["period"]: time for time in _side(_figures(xf), "REQUESTING")["times"] if not time["net"]}
	require("ended" not in hidden["acknowledgement"] and "open" not in hidden["acknowledgement"], "one alone is not told, nor what is left", hidden)
	rows = list(csv.reader(io.StringIO(xf.run("stats", "--csv").out, newline="")))
	require(["out", "total", "requests", "6"] in rows, "the same as CSV", rows)
	require("not reached" in xf.run("stats").out, "and for people")
	require(not _side(_figures(xf, "--sent-before", "2020-01-01"), "REQUESTING").get("cells"), "nothing was sent then")
	require(["out", "REQUEST", "hidden", "hidden", "hidden", "hidden", "hidden", "hidden"] not in rows and
		["out", "REQUEST", "0", "6", "0", "6", "0", "-"] in rows, "and the balance", rows)
	_codes_are_counted(xf, xs)
	_periods_and_directions(xf)
	_a_page_of_it(lab, xf)
	xf.refused("usage", "stats", "--threshold", "0")
	xf.refused("usage", "stats", "--sent-from", "soon")


def the_portfolio_shows_what_is_open_on_both_sides(lab):
	xf, xs = lab.authority("xf-ca"), lab.authority("xs-ca", start=False)
	with open(xs.path("etc/profile.yaml"), "w") as file:
		file.write("authority: xs-ca\npart: CENTRAL_AUTHORITY\nstate: XSY\n")
	xs.start()
	lab.befriend(xf, xs)
	mine, another = xf.send(xs), xf.send(xs)
	theirs = xs.send(xf, document=lab.example(swapped=True))
	lab.eventually(lambda: xs.has(mine) and xs.has(another) and xf.has(theirs), "the requests are there")
	xs.admit(mine)
	xs.comity("request", "set-status", mine, "transferred", "--authority", "Court", "--authority-type", "COURT")
	lab.eventually(lambda: xf.status(mine) == "TRANSFERRED", "the transfer is there")
	xf.comity("request", "withdraw", another, "--reason", "settled")
	lab.eventually(lambda: xs.status(another) == "WITHDRAWN", "the withdrawal is there")
	here, there = xf.comity("portfolio", "xs-ca"), xs.comity("portfolio", "XF-CA")
	facts = [[(row["request_id"], row["kind"], row["status"], row["waiting_for"], row.get("due_by")) for row in one["rows"]] for one in (here, there)]
	require(facts[0] == facts[1] and len(facts[0]) == 2, "both see the same open cases", facts)
	require([row["role"] for row in here["rows"]] == ["REQUESTING", "REQUESTED"], "the oldest first", here["rows"])
	require(here["rows"][0]["waiting_for"] == "xs-ca" and here["rows"][1]["waiting_for"] == "xf-ca", "and who waits for whom", here["rows"])
	require(here["rows"][0]["their_reference"] == "MLA-XS-26-1877", "with both references", here["rows"][0])
	require(_total(here["statistics"], "REQUESTING") == 2 == _total(there["statistics"], "REQUESTED"), "the figures are of all", here["statistics"])
	of_state = xf.comity("portfolio", "XSY")
	require([row["request_id"] for row in of_state["rows"]] == [row["request_id"] for row in here["rows"]], "the same with all of its State", of_state)
	xf.refused("peer-unknown", "portfolio", "XZZ")
	for words in (xf.run("portfolio", "xs-ca").out, xf.run("portfolio", "xs-ca", "--csv").out):
		require("transferred" in words and "MLA-XS-26-1877" in words and "total" in words, "for people", words)
	for secret in ("Sandglass", "Moor", "Court", xf.request(mine)["request"]["subject"]):
		require(secret not in xf.run("portfolio", "xs-ca", "--json").out, f"nothing of {secret}")
	page = os.path.join(lab.directory, "portfolio.pdf")
	xf.comity("portfolio", "xs-ca", "--report", page)
	words = subprocess.run(["pdftotext", "-layout", page, "-"], capture_output=True, text=True, check=True).stdout
	require("Portfolio with xs-ca" in words and "MLA-XS-26-1877" in words and "1 open from us, 1 to us" in words, "on paper", words)
	xf.refused("usage", "portfolio", "xs-ca", "--report", os.path.join(lab.directory, "portfolio.svg"))
	xf.refused("peer-unknown", "portfolio", "nobody")
