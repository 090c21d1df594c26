"""tools/bench, on the smallest scale: every figure it names is measured, and said as a number with its unit."""
import json
import os
import subprocess

from lab import TOP, require, slow


def bench(lab, *arguments):
	environment = dict(os.environ, COMITY_BUILD=os.path.dirname(os.path.dirname(lab.comityd)))
	done = subprocess.run([TOP + "/tools/bench", "--dir", lab.directory, *arguments], env=environment,
		capture_output=True, text=True)
	require(done.returncode == 0, "bench failed", done.stdout, done.stderr)
	return done.stdout.splitlines()


@slow
def every_figure_is_measured(lab):
	names = [line.split()[0] for line in bench(lab, "--list")]
	require(len(names) > 10, "the figures are named", names)
	found = [json.loads(line) for line in bench(lab, "--json", "--messages", "50", "--sessions", "8", "--attachment", "1",
		"--bulk", "1024", "--stored", "1100", "--peers", "2", "--seconds", "1")]
	require(sorted(one["figure"] for one in found) == sorted(names), "each one once", found)
	for one in found:
		require(one["value"] > 0 and isinstance(one["unit"], str), "a number that can be, and its unit", one)


def a_figure_alone_is_measured_alone(lab):
	found = [json.loads(line) for line in bench(lab, "--json", "--messages", "50", "submit_p50_ms")]
	require([one["figure"] for one in found] == ["submit_p50_ms"], "that one and no other", found)
