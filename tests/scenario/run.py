#!/usr/bin/python3
"""Run the scenarios, the slow ones first, and say TAP.  run.py [-j N] [WORD...] runs those whose name has one of the words."""
import concurrent.futures
import glob
import importlib
import inspect
import os
import signal
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE_SECONDS = 300
JOBS = (os.cpu_count() or 2) + 1	# for a third of their time they wait: for a line, a clock, a disk
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import lab as laboratory


def scenarios(words):
	"""(file, function) of every scenario: the public functions whose only parameter is `lab`."""
	for path in sorted(glob.glob(HERE + "/*.py")):
		noun = os.path.basename(path)[:-3]
		if noun in ("faketime", "lab", "nasty", "puppet", "relay", "run", "terminal", "tsa"):
			continue
		for name, function in inspect.getmembers(importlib.import_module(noun), inspect.isfunction):
			if function.__module__ == noun and list(inspect.signature(function).parameters) == ["lab"] and name[0] != "_":
				if not words or any(word in f"{noun}: {name.replace('_', ' ')}" for word in words):
					yield noun, name


def is_quick(scenario):
	noun, name = scenario
	return not hasattr(getattr(importlib.import_module(noun), name), "is_slow")


def play(scenario):
	noun, name = scenario
	began = time.monotonic()
	room = laboratory.Lab(tempfile.mkdtemp(prefix="comity-"))

	def out_of_patience(*_):
		raise laboratory.Broken(f"not over after {PATIENCE_SECONDS} s")

	signal.signal(signal.SIGALRM, out_of_patience)
	signal.alarm(PATIENCE_SECONDS)
	fault = None
	try:
		getattr(importlib.import_module(noun), name)(room)
		room.close()
	except BaseException:
		fault = traceback.format_exc()
	signal.alarm(0)
	room.sweep()
	return fault, time.monotonic() - began


def main(arguments):
	jobs = JOBS
	if arguments[:1] == ["-j"]:
		jobs, arguments = int(arguments[1]), arguments[2:]
	chosen = sorted(scenarios(arguments), key=is_quick)
	print(f"1..{len(chosen)}", flush=True)
	failed = 0
	with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
		pending = {pool.submit(play, one): one for one in chosen}
		for number, future in enumerate(concurrent.futures.as_completed(pending), 1):
			noun, name = pending[future]
			fault, seconds = future.result()
			failed += bool(fault)
			for line in (fault or "").splitlines():
				print("# " + line)
			print(f"{'not ' if fault else ''}ok {number} - {noun}: {name.replace('_', ' ')}  ({seconds:.1f} s)", flush=True)
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
