"""Every test there is, counted.  The last line is `N passed, N failed`; the exit status says the same.

tools/check           everything, about twenty minutes on two cores
tools/check --quick   unit tests and scenarios only
tools/check GROUP...  these groups only
"""
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build-check")
FUZZ_SECONDS = 30
CHAOS_FAULTS = 25
CHAOS_RUNS = [("1",), ("2",), ("3", "--only", "power-cut")]	# a seed, and which faults
JOBS = os.cpu_count() or 2
ENVIRONMENT = dict(os.environ, COMITY_BUILD=BUILD, PYTHONDONTWRITEBYTECODE="1",
	ASAN_OPTIONS="detect_leaks=1:abort_on_error=1", UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
	TSAN_OPTIONS="halt_on_error=1")


class Outcome:
	"""What a group found: how many held, and a name and the end of the log for each that did not."""

	def __init__(self):
		self.passed, self.failed = 0, []

	def count(self, name, held, log=""):
		if held:
			self.passed += 1
		else:
			self.failed.append((name, log))
		return self


def run(name, command, **options):
	"""Run a command; its output goes to build-check/logs/NAME.log and is returned."""
	logs = os.path.join(BUILD, "logs")
	os.makedirs(logs, exist_ok=True)
	environment = dict(ENVIRONMENT, **options.pop("environment", {}))
	done = subprocess.run(command, cwd=TOP, env=environment, stdin=subprocess.DEVNULL, text=True, errors="replace",
		stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
	with open(os.path.join(logs, name + ".log"), "w") as log:
		log.write(done.stdout)
	return done.returncode == 0, done.stdout


def side_by_side(items, work):
	with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
		return list(pool.map(work, items))


def built(directory, name, *settings, environment=None, targets=()):
	"""Configure and build; None when all is well, else the log."""
	is_there = os.path.exists(os.path.join(directory, "build.ninja"))
	again = ["--reconfigure"] if is_there else []	# tests that came since are found only then
	held, log = run(name + "-setup", ["meson", "setup", *again, *settings, directory], environment=environment or {})
	if not held:
		return log
	held, log = run(name + "-build", ["ninja", "-C", directory, *targets])
	return None if held else log


def one(name, command, **options):
	held, log = run(name, command, **options)
	return Outcome().count(name, held, log)


def tap(name, command):
	"""Count the `ok` and `not ok` lines of a program that speaks TAP."""
	held, log = run(name, command)
	outcome, before = Outcome(), []
	for line in log.splitlines():
		found = re.match(r"(not )?ok \d+ - (.*)", line)
		if not found:
			before.append(line)
			continue
		outcome.count(found[2], not found[1], "\n".join(before[-40:]))
		before = []
	if not held and not outcome.failed or held and not outcome.passed:
		outcome.count(name + ": ended early", False, log)
	return outcome


# ── the groups ───────────────────────────────────────────────────────────────────────────────────────────────────────

def unit():
	_, log = run("unit", ["meson", "test", "-C", BUILD, "--suite", "unit", "--print-errorlogs", "--no-rebuild"])
	outcome = Outcome()
	report = os.path.join(BUILD, "meson-logs", "testlog.junit.xml")
	suites = list(xml.etree.ElementTree.parse(report).iter("testsuite"))
	for path in glob.glob(os.path.join(TOP, "tests", "unit", "test_*.c")):
		name = os.path.basename(path)[len("test_"):-2]
		if not any(suite.get("name").endswith("." + name) for suite in suites):
			outcome.count(f"{name}: is not in the table of tests/meson.build", False)
	for suite in suites:
		before = outcome.passed + len(outcome.failed)
		for case in suite.iter("testcase"):
			bad = case.find("failure") is not None or case.find("error") is not None
			outcome.count(suite.get("name") + ": " + case.get("name"), not bad, log)
		# A crash shows only in the suite's totals.
		broken = int(suite.get("errors", 0)) + int(suite.get("failures", 0))
		if broken and not any(name.startswith(suite.get("name")) for name, _ in outcome.failed):
			outcome.count(suite.get("name"), False, log)
		if before == outcome.passed + len(outcome.failed):
			outcome.count(suite.get("name") + ": no tests", False, log)
	return outcome


def scenario():
	return tap("scenario", ["/usr/bin/python3", "tests/scenario/run.py"])


def layers():
	return tap("layers", ["/usr/bin/python3", "tests/layers.py"])


def claims():
	return tap("claims", ["/usr/bin/python3", "tests/claims.py"])


def manual():
	return tap("manual", ["/usr/bin/python3", "tests/manual.py"])


def differential():
	return one("differential", ["/usr/bin/python3", "tests/differential.py", BUILD + "/tests/json_filter"])


def year():
	"""A small year, with a fixed seed (tests/year/run plays a large one); and what is broken on purpose is found."""
	small = [BUILD + "/tests/year", "--authorities", "5", "--seed", "7", "--requests"]
	outcome = one("year", [*small, "300"])
	for mutation in ("drop", "late", "silent", "fork", "alter"):
		held, log = run("year-" + mutation, [*small, "100", "--mutate", mutation])
		outcome.count(f"year: {mutation} is found", not held and "year: " in log and " findings" in log, log)
	return outcome


def chaos():
	"""A short fault-injection run for each seed (docs/RELIABILITY.md has a long one)."""
	outcome = Outcome()
	for seed, *which in CHAOS_RUNS:
		held, log = run(f"chaos-{seed}", ["/usr/bin/python3", "tests/chaos/run.py", "--quiet", "--faults", str(CHAOS_FAULTS), "--seed", seed, *which])
		outcome.count(f"chaos: seed {seed}", held, log)
	return outcome


def points():
	"""Killed, and the line cut, at every commit and every kind of frame."""
	return tap("points", ["/usr/bin/python3", "tests/chaos/points.py"])


def fuzz():
	directory = os.path.join(TOP, "build-fuzz")
	names = sorted(os.path.basename(path)[:-2] for path in glob.glob(TOP + "/tests/fuzz/fuzz_*.c"))
	broken = built(directory, "fuzz", "-Dfuzz=true", "-Dwerror=false", "-Dc_args=-fsanitize=fuzzer-no-link",
		"-Db_sanitize=address,undefined", "-Db_lundef=false", environment={"CC": "clang"},
		targets=["tests/" + name for name in names])
	if broken:
		return Outcome().count("fuzz build", False, broken)

	def feed(name):
		corpus = os.path.join(directory, "corpus", name)
		os.makedirs(corpus, exist_ok=True)
		seeds = os.path.join(TOP, "tests", "fuzz", "seeds", name)
		return name, run(name, [f"{directory}/tests/{name}", corpus, *([seeds] if os.path.isdir(seeds) else []), "-rss_limit_mb=1024",
			f"-max_total_time={FUZZ_SECONDS}", "-timeout=5", "-verbosity=1", "-print_final_stats=1",
			f"-artifact_prefix={BUILD}/logs/{name}-"])

	outcome = Outcome()
	for name, (held, log) in side_by_side(names, feed):
		outcome.count(name, held, log)
	return outcome


def threads():
	"""The rooms with threads of their own, under ThreadSanitizer."""
	names = ["store", "scribe", "blobs"]
	directory = os.path.join(TOP, "build-tsan")
	broken = built(directory, "tsan", "-Db_sanitize=thread", "-Db_lundef=false",
		targets=["tests/test_" + name for name in names])
	if broken:
		return Outcome().count("tsan build", False, broken)
	outcome = Outcome()
	for name in names:
		outcome.count("tsan " + name, *run("tsan-" + name, [f"{directory}/tests/test_{name}"]))
	return outcome


def our_sources():
	"""The C files that a person wrote, from the compilation database."""
	with open(os.path.join(BUILD, "compile_commands.json")) as database:
		files = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in json.load(database)}
	return sorted(path for path in files if not path.startswith(BUILD) and "/tests/" not in path)


def tidy():
	outcome = Outcome()
	command = ["clang-tidy", "--quiet", "--warnings-as-errors=*", "-p", BUILD]

	def look(path):
		name = os.path.relpath(path, TOP)
		return name, run("tidy-" + name.replace("/", "-"), [*command, path])

	for name, (held, log) in side_by_side(our_sources(), look):
		outcome.count("clang-tidy " + name, held, log)
	return outcome


def cppcheck():
	return one("cppcheck", ["cppcheck", "--quiet", "--error-exitcode=1", "--std=c11", "--inline-suppr", f"-j{JOBS}",
		"--enable=warning,performance,portability", "--suppress=missingIncludeSystem", "--library=posix",
		# What it cannot parse (statement expressions) or follow (ownership through a list, packing on the stack, results
		# that are set when the fault is OK); the analyser of clang-tidy sees these better.
		*("--suppress=" + name for name in ("unknownMacro", "internalAstError", "memleak", "autoVariables", "uninitvar",
			"legacyUninitvar")),
		"--suppress=readdirCalled",	# each directory is read by one thread; readdir_r is deprecated
		"-D_GNU_SOURCE", "-I", TOP, *our_sources()])


GROUPS = {
	"layers": layers,
	"claims": claims,
	"manual": manual,
	"unit": unit,
	"scenario": scenario,
	"differential": differential,
	"year": year,
	"threads": threads,
	"chaos": chaos,
	"points": points,
	"fuzz": fuzz,
	"tidy": tidy,
	"cppcheck": cppcheck,
}
QUICK = ["unit", "scenario"]
TOGETHER = [["chaos", "points"]]	# each waits for a third of its time: side by side they fill two cores


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────────

def report(name, outcome, seconds):
	print(f"{name:14}{outcome.passed:5} passed {len(outcome.failed):4} failed   {seconds:5.0f} s", flush=True)
	for failed, log in outcome.failed:
		print(f"\nFAILED  {name}: {failed}\n" + "\n".join("    " + line for line in log.splitlines()[-40:]) + "\n", flush=True)


def chosen(arguments):
	if arguments == ["--quick"]:
		return QUICK
	unknown = [name for name in arguments if name not in GROUPS]
	if unknown:
		sys.exit(f"usage: tools/check [--quick | GROUP...]\ngroups: {' '.join(GROUPS)}")
	return arguments or list(GROUPS)


def rounds(groups):
	"""The groups in their order, those that go together in one round."""
	left = list(groups)
	while left:
		partners = next((set(names) for names in TOGETHER if left[0] in names), {left[0]})
		yield [name for name in left if name in partners]
		left = [name for name in left if name not in partners]


def timed(name):
	began = time.monotonic()
	outcome = GROUPS[name]()
	return name, outcome, time.monotonic() - began


def main(arguments):
	groups = chosen(arguments)
	passed = failed = 0
	started = time.monotonic()
	broken = built(BUILD, "check", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dmischief=true")
	outcome = Outcome().count("build", not broken, broken or "")
	report("build", outcome, time.monotonic() - started)
	passed, failed = outcome.passed, len(outcome.failed)
	for names in rounds(groups) if not failed else []:
		for name, outcome, seconds in side_by_side(names, timed):
			report(name, outcome, seconds)
			passed += outcome.passed
			failed += len(outcome.failed)
	print(f"all logs: {os.path.relpath(os.path.join(BUILD, 'logs'))}   {time.monotonic() - started:.0f} s")
	print(f"{passed} passed, {failed} failed")
	sys.exit(1 if failed else 0)


if __name__ == "__main__":
	main(sys.argv[1:])
