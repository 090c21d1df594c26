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
	return [cell for cell in side.get("cells", []) if cell["by"] != "counterpart"], side["times"]


def _total(figures, role):
	cells = {(cell["by"], cell["name"]): cell for cell in _side(figures, role).get("cells", [])}
	return int(cells["total", "requests"]["count"]) if cells else 0


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
	for word in ["From us (outgoing)", "To us (incoming)", "6 requests", "xs-ca", "bank financial records", "At risk then", "not reached"]:
		require(word in words, f"\"{word}\" can be selected", words)
	xf.refused("exists", "stats", "--report", page)
	xf.refused("usage", "stats", "--report", os.path.join(lab.directory, "year.png"))


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
	_periods_and_directions(xf)
	_a_page_of_it(lab, xf)
	xf.refused("usage", "stats", "--threshold", "0")
	xf.refused("usage", "stats", "--sent-from", "soon")
