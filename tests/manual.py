#!/usr/bin/python3
"""Do the manual pages tell of every command, and are their examples what the tool takes?  Read from tools/commands.c; says TAP."""
import glob
import os
import re
import shlex
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Pages of one noun tell of these; the others of the noun in their name.
NOUNS = {"request": ("request", "inbox", "acknowledge"), "message": ("message", "attach", "result")}
GLOBAL = {"--home", "--socket", "--json", "--plain", "--quiet", "--no-input", "--timeout", "--utc", "-q", "-v"}


def read(path):
	with open(os.path.join(TOP, path)) as file:
		return file.read()


def commands():
	"""{"request send": "request send REF [--seal] ..."}"""
	source = read("tools/commands.c")
	macros = {name: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', body))
		for name, body in re.findall(r"#define (\w+)((?:.*\\\n)*.*)", source)}
	table = source[source.index("const struct command commands[]"):]
	found = {}
	for row in re.findall(r"\{ ((?:\"(?:[^\"\\]|\\.)*\"|\w+|\s)+?),\s*cmd_", table):
		pattern = "".join(text if text else macros.get(name, "") for text, name in re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', row))
		words = []
		for word in pattern.split():
			if not re.fullmatch(r"[a-z][a-z-]*", word):
				break
			words.append(word)
		found[" ".join(words)] = pattern
	return found


def is_told(page, command):
	verb = command.partition(" ")[2] or command
	return f"comity {command}" in page or f"*{verb}*" in page


def faults_of_example(line, known):
	words = shlex.split(line.partition(" > ")[0])[1:]
	pattern = next((known[name] for name in (" ".join(words[:2]), words[0]) if name in known), None)
	if not pattern:
		return [f"no such command: {line}"]
	options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", pattern)) | GLOBAL
	return [f"{word} is no option of it: {line}" for word in (word.partition("=")[0] for word in words)
		if word.startswith("-") and len(word) > 1 and word not in options]


def faults_of(path, known):
	page, noun = read(path), os.path.basename(path)[len("comity-"):-len(".1.scd")]
	nouns = NOUNS.get(noun, (noun,))
	prose = page.replace("\n", " ")
	missing = [f"{command} is not told of" for command in known if command.split()[0] in nouns and not is_told(prose, command)]
	examples = [line for block in re.findall(r"(?ms)^```\n(.*?)^```", page) for line in block.splitlines() if line.startswith("comity ")]
	return missing + [fault for line in examples for fault in faults_of_example(line, known)]


def main():
	known = commands()
	pages = [os.path.relpath(path, TOP) for path in sorted(glob.glob(os.path.join(TOP, "docs/man/comity-*.1.scd")))]
	print(f"1..{len(pages)}")
	failed = 0
	for number, path in enumerate(pages, 1):
		found = faults_of(path, known)
		for fault in found:
			print("# " + fault)
		failed += bool(found)
		print(f"{'not ' if found else ''}ok {number} - {path} tells of each of its commands, and its examples can be typed")
	return 1 if failed or len(known) < 50 else 0


if __name__ == "__main__":
	sys.exit(main())
