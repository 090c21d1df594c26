"""The configuration: shown whole with where each setting is from, checked with all that is wrong, and an example that is right."""
import os
import re

from lab import require


def every_setting_is_shown_with_where_it_is_from(lab):
	freedonia = lab.authority("xf-ca", start=False, settings={"line": {"ping_interval": "7s"}, "audit": {"witness": False}})
	report = freedonia.comity("config", "show")
	settings = {one["name"]: one for one in report["settings"]}
	require(report["schema"] == "comity.config/1" and report["file"] == freedonia.path("etc/comityd.yaml"), "of which file", report["file"])
	require(settings["authority"]["value"] == "xf-ca", "what it says", settings["authority"])
	for name, value in (("line.ping_interval", "7s"), ("audit.witness", "false")):
		require(settings[name]["value"] == value and re.fullmatch(re.escape(report["file"]) + r":\d+", settings[name]["origin"]),
			"with file and line", settings[name])
	for name, value in (("line.dead_after", "30s"), ("requests.approvals", "1"), ("log.level", "info"), ("retention.closed_cases", "never")):
		require(settings[name] == {"name": name, "value": value, "origin": "default"}, "and what it does not say", settings[name])
	told = freedonia.run("config", "show").out
	require(all(name in told for name in settings), "to people too", told)


def all_that_is_wrong_is_said_at_once_and_nothing_is_done(lab):
	freedonia = lab.authority("xf-ca", start=False)
	require(freedonia.comity("config", "check") == {"schema": "comity.config-check/1", "file": freedonia.path("etc/comityd.yaml"), "ok": True},
		"what is right is said to be")
	path = os.path.join(lab.directory, "bad.yaml")
	with open(path, "w") as file:
		file.write("authority: xf-ca\nline:\n  ping_interval: 3x\n  retry_max: 0s\nstore: { high_water: 190% }\n")
	answer = freedonia.run("--json", "config", "check", path)
	problems = answer.documents()[0]["problems"]
	require(answer.status == 78 and len(problems) == 3, "each mistake", answer.status, problems)
	for place, name in ((f"{path}:3:18: ", "line.ping_interval"), (f"{path}:4:14: ", "line.retry_max"), (f"{path}:5:22: ", "store.high_water")):
		require(any(one.startswith(place) and name in one for one in problems), "with its place", place, problems)
	told = freedonia.run("config", "check", path)
	require(told.status == 78 and told.out.count("WRONG") == 3, "to people too", told.out, told.err)
	missing = freedonia.run("config", "check", os.path.join(lab.directory, "nowhere.yaml"))
	require(missing.status == 78 and "nowhere.yaml" in missing.out, "and a file that is not there is named", missing.out, missing.err)
	with open(path, "w") as file:
		file.write("authority: xf-ca\nlines: {}\n")
	unknown = freedonia.run("config", "show", "--json")
	require(unknown.status == 0, "our own is as it was", unknown.err)
	require("lines" in freedonia.run("config", "check", path).out, "an unknown key is named")


def the_example_is_right_as_it_stands_and_with_all_of_it_in_force(lab):
	freedonia = lab.authority("xf-ca", start=False)
	text = freedonia.run("config", "example").out
	whole = re.sub(r"(?m)^#(  )?([a-z_]+:)", r"\1\2", text)
	names = {one["name"].rpartition(".")[2] for one in freedonia.comity("config", "show")["settings"]}
	require(all(f"{name}: " in text for name in names), "every setting is in it", names)
	for name, content in (("example.yaml", text), ("whole.yaml", whole)):
		path = os.path.join(lab.directory, name)
		with open(path, "w") as file:
			file.write(content)
		answer = freedonia.run("config", "check", path)
		require(answer.status == 0, name, answer.out, answer.err, content)
