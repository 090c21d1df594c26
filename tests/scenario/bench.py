"""tools/bench, on the smallest scale: every figure it names is measured, and said as a number with its unit."""
import json
import os
import subprocess
import sys

from lab import TOP, require


def bench(lab, *arguments):
	environment = dict(os.environ, COMITY_BUILD=os.path.dirname(os.path.dirname(lab.comityd)))
	done = subprocess.run([sys.executable, TOP + "/tools/bench", "--dir", lab.directory, *arguments], env=environment,
		capture_output=True, text=True)
	require(done.returncode == 0, "bench failed", done.stdout, done.stderr)
	return done.stdout.splitlines()


def every_figure_is_measured(lab):
	units = {}
	for line in bench(lab, "--list"):
		name, unit = line.split("  ", 1)[0], line[32:38].strip()
		units[name] = unit
	require(len(units) > 10, "the figures are named", units)
	found = [json.loads(line) for line in bench(lab, "--json", "--messages", "50", "--sessions", "8", "--attachment", "1",
		"--stored", "1100", "--peers", "2", "--seconds", "1")]
	require({one["figure"]: one["unit"] for one in found} == units, "each one once, with its unit", found)
	for one in found:
		require(one["value"] > 0, "a number that can be", one)
