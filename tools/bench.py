"""The figures of comity, measured on this machine: both daemons and the client, default durability, signatures and
receipts on.

tools/bench                 all of them (the full scale takes some minutes)
tools/bench FIGURE...       these only; --list names them
"""
import argparse
import fcntl
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGETS = ["daemon/comityd", "daemon/comity-keyd", "tools/comity", "tools/bench_load", "tools/bench_floor", "tools/bench_syncs.so"]
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(TOP, "tools"), os.path.join(TOP, "tests", "scenario")]

from benchmark.stage import Stage
from benchmark.table import chosen, figures
from lab import Broken

SCALE = [	# option, default, what it is
	("messages", 100000, "how many are said under load"),
	("sessions", 500, "how many calls wait for their answer at once"),
	("size", 1024, "bytes of text in a message"),
	("attachment", 1024, "size of the exhibit, MiB"),
	("bulk", 10240, "MiB that flow while urgent messages are sent"),
	("stored", 1000000, "messages in the store that has grown"),
	("peers", 200, "peers of the daemon that has many"),
	("seconds", 2, "how long each figure of the machine is measured"),
]


def build():
	"""An optimised build of our own, or the one that COMITY_BUILD names; its directory."""
	directory = os.path.abspath(os.environ.get("COMITY_BUILD") or os.path.join(TOP, "build-bench"))
	os.makedirs(directory, exist_ok=True)
	with open(os.path.join(directory, "bench.lock"), "w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)	# two runs at once would write over each other's objects
		build_in(directory)
	return directory


def build_in(directory):
	steps = [["ninja", "-C", directory, *TARGETS]]
	if not os.path.exists(directory + "/build.ninja"):
		steps.insert(0, ["meson", "setup", "--buildtype=release", directory, TOP])
	for step in steps:
		done = subprocess.run(step, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
		if done.returncode:
			sys.exit(done.stdout + "bench: the build failed")


def rounded(value):
	return round(value, 4 if value < 10 else 1)


def as_json(figure, value):
	return json.dumps({"figure": figure.name, "value": rounded(value), "unit": figure.unit})


def as_text(figure, value):
	wanted = f"first {figure.first}, aim {figure.aim}" if figure.first else ""
	return f"{figure.name:38}{rounded(value):>14,} {figure.unit:6}{wanted}".rstrip()


def as_markdown(figure, value):
	"""A row of the table in docs/PERFORMANCE.md."""
	return f"| `{figure.name}` | {figure.first} | {figure.aim} | {rounded(value):,} | {figure.unit} | {figure.what} |"


def arguments():
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("figures", metavar="FIGURE", nargs="*", help="what to measure; all of them when none is named")
	parser.add_argument("--list", action="store_true", help="name the figures and say what they are")
	form = parser.add_mutually_exclusive_group()
	form.add_argument("--json", dest="show", action="store_const", const=as_json, help="one line of JSON a figure")
	form.add_argument("--markdown", dest="show", action="store_const", const=as_markdown, help="one row of a table a figure")
	for name, default, what in SCALE:
		parser.add_argument("--" + name, type=int, default=default, help=f"{what} ({default})")
	parser.add_argument("--dir", help="where the homes are made: the disk that is measured")
	parser.set_defaults(show=as_text)
	options = parser.parse_args()
	unknown = set(options.figures) - {figure.name for figure in figures()}
	if unknown:
		parser.error(f"no such figure: {', '.join(sorted(unknown))}; --list names them")
	return options


def main():
	options = arguments()
	if options.list:
		for figure in figures():
			print(f"{figure.name:38}{figure.unit:6}{figure.what}")
		return
	directory, measured = build(), {}
	names = options.figures or [figure.name for figure in figures()]
	for run in chosen(names):
		try:
			with Stage(options, directory, measured) as stage:
				measured.update(run.measure(stage))
		except Broken as broken:
			sys.exit(f"bench: {', '.join(figure.name for figure in run.figures)}: {broken}")
		for figure in run.figures:
			if figure.name in names:
				print(options.show(figure, measured[figure.name]), flush=True)


if __name__ == "__main__":
	main()
