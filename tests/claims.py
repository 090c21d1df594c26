#!/usr/bin/python3
"""The tests that docs/SECURITY.md names: fails when one is not there.  Says TAP.

In a table whose last column is "shown by", each cell is a list, parted by semicolons, of rooms and what is tested in them:
`room` or `room: name, name`.  A room is tests/unit/test_ROOM.c, tests/scenario/ROOM.py, both, or a file of tests/fuzz or tests/chaos;
a name is that of a test of it, or words of one, with blanks for its underscores.
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WHERE = (("unit/test_*.c", r"(?m)^static void (\w+)\(void \*\*"), ("scenario/*.py", r"(?m)^def ([a-z]\w+)\("), ("fuzz/fuzz_*.c", r"(fuzz)"),
	("chaos/points.py", r"\b([a-z]+)\b"))


def rooms():
	"""Room: the names of its tests."""
	found = {}
	for pattern, test in WHERE:
		for path in glob.glob(os.path.join(TOP, "tests", pattern)):
			room = re.sub(r"^test_", "", os.path.splitext(os.path.basename(path))[0])
			with open(path, encoding="utf-8") as file:
				found.setdefault(room, set()).update(name.replace("_", " ") for name in re.findall(test, file.read()))
	return found


def plain(name):
	return name.lower().replace("-", " ").replace("'", "")


def shown_by(path):
	"""(line, cell) of every row of those tables."""
	is_ours = False
	with open(path, encoding="utf-8") as file:
		for number, line in enumerate(file, 1):
			cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
			is_ours = bool(cells) and (is_ours or cells[-1] == "shown by")
			if is_ours and cells[-1] not in ("shown by", "---"):
				yield number, cells[-1]


def missing(cell, known):
	"""What of it is not there."""
	for part in filter(None, (part.strip() for part in cell.split(";"))):
		room, _, names = part.partition(": ")
		if room not in known:
			yield f"there is no {room}"
		for name in filter(None, names.split(", ")):
			if not any(plain(name) in test for test in known.get(room, ())):
				yield f"{room} has no test “{name}”"


def main():
	known, claims = rooms(), list(shown_by(os.path.join(TOP, "docs", "SECURITY.md")))
	wrong = [f"docs/SECURITY.md:{number}: {fault}" for number, cell in claims for fault in missing(cell, known)]
	print("1..1", *wrong, sep="\n# ")
	print("not ok" if wrong or not claims else "ok", f"1 - each of {len(claims)} claims names tests that there are")
	return bool(wrong or not claims)


if __name__ == "__main__":
	sys.exit(main())
