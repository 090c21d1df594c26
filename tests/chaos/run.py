#!/usr/bin/python3
"""Three authorities at work, and faults of every kind, at moments drawn from a seed.  Afterwards their ledgers are
compared: nothing lost, nothing twice, order kept, chains whole, evidence verified with stock tools.

The same seed gives the same faults, in the same order, with the same force and the same pauses.  What the daemons are
doing when a fault strikes is up to the scheduler and the disk, so a replay strikes at almost, not exactly, the same points.

Needs a build with -Dmischief=true, named in COMITY_BUILD or in build-mischief.
"""
import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "scenario")]

import lab as laboratory
from judge import judge, settle
from kinds import KINDS, plan
from load import Record, officers
from storm import Storm
from world import World

SETTLE_SECONDS = 180


def arguments():
	parser = argparse.ArgumentParser(prog="tests/chaos/run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
	parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32), help="replay this one")
	extent = parser.add_mutually_exclusive_group()
	extent.add_argument("--faults", type=int, metavar="N", help="so many (100)")
	extent.add_argument("--seconds", type=float, metavar="S", help="as many as fit into this time")
	parser.add_argument("--only", type=lambda words: words.split(","), metavar="KIND,...", help=" ".join(KINDS))
	parser.add_argument("--pace", type=float, default=0.1, metavar="S", help="an officer rests so long between two acts, on average (0.1)")
	parser.add_argument("--pause", type=float, default=0.6, metavar="S", help="at most so long between two faults (0.6)")
	parser.add_argument("--keep", action="store_true", help="keep the homes also when all is well")
	parser.add_argument("--json", action="store_true", help="the report as one line of JSON")
	parser.add_argument("--quiet", action="store_true", help="do not tell each fault")
	parser.add_argument("--report", metavar="FILE", help="write the table for docs/RELIABILITY.md")
	return parser.parse_args()


def build():
	named = os.environ.get("COMITY_BUILD") or os.path.join(laboratory.TOP, "build-mischief")
	if not os.path.exists(named + "/tests/faults.so"):
		sys.exit(f"{named}: no build with mischief: meson setup -Dmischief=true build-mischief && ninja -C build-mischief")
	return os.path.abspath(named)


def enough(options):
	until = time.monotonic() + options.seconds if options.seconds else None
	count = options.faults or 100
	return lambda storm: time.monotonic() >= until if until else storm.faults >= count


def play(options, lab, say):
	"""The report."""
	began = time.monotonic()
	world, record, chance = World(lab), Record(), random.Random(options.seed)
	people = officers(world, record, chance, options.pace)
	storm = Storm(world, people, plan(chance.getrandbits(32), len(world.authorities), options.only, options.pause), say)
	for officer in people:
		officer.start()
	try:
		storm.blow(enough(options))
		say("no more faults")
		for officer in people:
			officer.leaving.set()
		for officer in people:
			officer.join(120)
			laboratory.require(not officer.is_alive(), f"the officer of {officer.one.name} comes to an end")
			if officer.fault:
				raise officer.fault
		blown = time.monotonic() - began
		settle(world, record, SETTLE_SECONDS)
		say("all authorities are at rest")
		found = judge(world, record, say)
	except BaseException:
		print("# the last faults:" + "".join("\n#   " + line for line in storm.last), flush=True)
		raise
	disk = sum(disk.struck for disk in world.disks.values())
	return {"seed": options.seed, "faults": storm.faults, "kinds": dict(sorted(storm.counts.items())), "disk_calls_failed": disk,
		"taken_back": sum(power.gone for power in world.powers.values()),
		"seconds": round(blown), "seconds_in_all": round(time.monotonic() - began), "steps": record.steps, **found,
		"line_bytes": sum(relay.passed for relay in world.relays.values()), "result": "agree"}


def table(report):
	rows = [("faults", report["faults"]), *((f"· {kind}", count) for kind, count in report["kinds"].items()),
		("calls of the system that the disk faults made fail", report["disk_calls_failed"]),
		("sectors and names that were written, not synced, and gone after a power cut", report["taken_back"]),
		("seconds of faults; with the comparison", f"{report['seconds']}; {report['seconds_in_all']}"),
		("cases; acts of casework acknowledged", f"{report['cases']}; {report['steps']}"),
		("messages; of these promised by an answer", f"{report['messages']}; {report['promised']}"),
		("manifests", report["manifests"]), ("events", report["events"]),
		("bytes on the lines", report["line_bytes"]), ("bytes of evidence verified", report["evidence_bytes"]),
		("signatures verified with openssl", report["signatures"]),
		("lost, twice, out of order, different on the two sides", "0, 0, 0, 0")]
	return "| what | how many |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def main():
	options = arguments()
	began = time.monotonic()
	print(f"# seed {options.seed}", flush=True)

	def say(text):
		if not options.quiet or not text.startswith("fault "):
			print(f"# {time.monotonic() - began:7.2f} s  {text}", flush=True)

	lab = laboratory.Lab(tempfile.mkdtemp(prefix="comity-chaos-"), build())
	try:
		report = play(options, lab, say)
		lab.close()
	except BaseException as fault:
		print("".join(f"# {line}\n" for line in (str(fault) if isinstance(fault, laboratory.Broken) else traceback.format_exc()).splitlines()))
		lab.sweep(keep=True)
		print(f"not ok 1 - seed {options.seed}: the ledgers after the faults; homes and logs: {lab.directory}")
		return 1
	if options.report:
		with open(options.report, "w") as file:
			file.write(table(report))
	print(json.dumps(report) if options.json else "# " + table(report).replace("\n", "\n# ").rstrip("# "))
	lab.sweep(keep=options.keep)
	print(f"ok 1 - seed {options.seed}: after {report['faults']} faults all ledgers agree")
	return 0


if __name__ == "__main__":
	sys.exit(main())
