#!/usr/bin/python3
"""The walls between the rooms: fails when an #include crosses one.  Says TAP.

Each row: the files, and what they may include besides the C library.  A name ending in / is a folder of headers, any
other a header without its .h.  A room's own headers (`outbox`, `outbox_rows`, ...) need no mention.
"""
import fnmatch
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LEDGER = ["daemon/store", "daemon/store_key", "daemon/scribe", "daemon/record", "daemon/worker", "daemon/disk"]
BLOBS = ["daemon/blobs", "daemon/porter", "daemon/worker", "daemon/disk", "daemon/disk_stream"]
LAW = ["daemon/casework", "daemon/acts", "daemon/statuses", "daemon/preconditions", "daemon/completeness", "daemon/problems"]
SIDE = ["daemon/log", "daemon/clock", "daemon/notify"]
DESK = ["proto/", "certs/", *LEDGER, *BLOBS, *SIDE, "daemon/events", "daemon/chain", "daemon/hold"]
LINE = ["daemon/peers", "daemon/link"]

# The first row that matches a file holds.
WALLS = [
	("proto/*", ["proto/"]),
	("certs/*", ["proto/", "certs/"]),
	("tools/*", ["proto/", "certs/", "tools/"]),

	# the ledger
	("daemon/store*", ["proto/", "daemon/disk"]),
	("daemon/mischief*", []),
	("daemon/worker*", ["proto/"]),
	("daemon/disk*", ["proto/"]),
	("daemon/scribe*", ["proto/", "daemon/store", "daemon/worker", "daemon/mischief"]),
	("daemon/blobs*", ["proto/", "certs/digest", "daemon/disk", "daemon/disk_stream", "daemon/mischief"]),
	("daemon/porter*", ["proto/", "daemon/blobs", "daemon/worker"]),
	("daemon/record*", ["proto/", "certs/digest", "daemon/store", "daemon/store_key"]),
	("daemon/events*", ["proto/", *LEDGER]),
	("daemon/retention*", ["proto/", *LEDGER, "daemon/events"]),
	("daemon/purger*", ["proto/", *LEDGER, *BLOBS, *SIDE, "daemon/retention"]),
	("daemon/backups*", ["proto/", *LEDGER]),
	("daemon/gap*", ["proto/", *LEDGER, "daemon/chain"]),
	("daemon/backup*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/events", "daemon/hold", "daemon/survey"]),
	("daemon/survey*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/chain"]),
	("daemon/hold*", ["proto/", *LEDGER]),
	("daemon/tokens*", ["proto/", *LEDGER]),
	("daemon/chain*", ["proto/", "certs/", *LEDGER, "daemon/events"]),

	# the law: a transaction in, a decision out
	("daemon/statuses*", ["proto/", "daemon/acts", "daemon/preconditions"]),
	("daemon/preconditions*", ["proto/", "daemon/acts", "daemon/statuses"]),
	("daemon/acts*", ["proto/"]),
	("daemon/problems*", ["proto/"]),
	("daemon/completeness*", ["proto/", "daemon/acts", "daemon/problems"]),
	("daemon/casework*", ["proto/", "certs/digest", "daemon/store", "daemon/store_key", "daemon/record", "daemon/events",
		"daemon/clock", "daemon/blobs", *LAW]),

	# the line
	("daemon/log*", ["proto/"]),
	("daemon/endpoint*", ["proto/"]),
	("daemon/socket*", ["proto/", "daemon/endpoint"]),
	("daemon/exchange*", ["proto/", "certs/"]),
	("daemon/socket*", ["proto/", "daemon/endpoint"]),
	("daemon/exchange*", ["proto/"]),
	("daemon/wire*", ["proto/", "certs/", "daemon/log", "daemon/exchange", "daemon/socket", "daemon/mischief"]),
	("daemon/link*", ["proto/", "certs/", "daemon/log", "daemon/wire"]),
	("daemon/dialer*", ["proto/", "daemon/log", "daemon/endpoint", "daemon/socket"]),
	("daemon/listener*", ["proto/", "daemon/log", "daemon/endpoint", "daemon/socket"]),
	("daemon/peers*", ["proto/", "certs/", "daemon/log", "daemon/exchange", "daemon/link", "daemon/dialer",
		"daemon/listener", "daemon/endpoint", "daemon/socket"]),

	# the desks: inbox and outbox never see each other
	("daemon/inbox*", [*DESK, *LINE, "daemon/casework", "daemon/acts"]),
	("daemon/outbox*", [*DESK, *LINE]),
	("daemon/receipts*", DESK),
	("daemon/fetcher*", [*DESK, *LINE]),
	("daemon/supplier*", [*DESK, *LINE]),

	# above everything
	("daemon/comparison*", [*DESK, *LINE]),
	("daemon/recovery*", [*DESK, *LINE, "daemon/casework", "daemon/receipts", "daemon/registry", "daemon/outbox"]),
	("daemon/registry*", [*DESK, *LINE]),
	("daemon/control*", [*DESK, *LINE, *LAW, "daemon/registry", "daemon/outbox", "daemon/backup", "daemon/backups",
		"daemon/gap", "daemon/survey", "daemon/retention", "daemon/purger", "daemon/fetcher", "daemon/comparison"]),
	*((f"daemon/{name}*", ["proto/", "certs/", "daemon/"]) for name in ("main", "comityd", "config", "notify")),
	("tests/*", ["proto/", "certs/", "daemon/", "tools/", "tests/"]),
]

# Where each library lives, and nowhere else.
HOMES = {
	"openssl/": ["certs/*", "tools/bench_floor*"],
	"lmdb.h": ["daemon/store*", "tools/bench_floor*"],
	"uv.h": ["tools/bench_floor*", "daemon/scribe*", "daemon/porter*", "daemon/worker*", "daemon/exchange*", "daemon/socket*", "daemon/wire*", "daemon/dialer*", "daemon/listener*",
		"daemon/endpoint*", "daemon/peers*", "daemon/control*", "daemon/comityd*", "daemon/main*", "daemon/notify*",
		"daemon/fetcher*", "daemon/clock*"],
	"yaml.h": ["proto/*"],
	"jansson.h": ["proto/*"],
	"protobuf-c/": ["proto/*"],
	"archive": ["tools/archive*", "tools/cmd_evidence*", "tools/evidence*"],
	"cmocka.h": [],
}


def includes(path):
	with open(os.path.join(TOP, path), errors="replace") as file:
		for number, line in enumerate(file, 1):
			found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
			if found:
				yield number, found[1], found[2]


def noun(path):
	"""daemon/outbox_rows.c -> daemon/outbox"""
	stem = os.path.splitext(path)[0]
	return re.sub(r"_.*", "", stem)


def may_see(path, header, allowed):
	stem = header[:-2].removesuffix(".pb-c")
	if noun(header) == noun(path):
		return True
	return any(header.startswith(name) if name.endswith("/") else stem == name for name in allowed)


def trespasses(path):
	allowed = next((names for pattern, names in WALLS if fnmatch.fnmatch(path, pattern)), None)
	if allowed is None:
		yield path + ": belongs to no room; add it to the table"
		return
	for number, mark, header in includes(path):
		if mark == '"' and not may_see(path, header, allowed):
			yield f'{path}:{number}: must not include "{header}"'
		for library, homes in HOMES.items() if mark == "<" else ():
			at_home = any(fnmatch.fnmatch(path, home) for home in homes) or path.startswith("tests/")
			if header.startswith(library) and not at_home:
				yield f"{path}:{number}: <{header}> has another home"


def main():
	failed = 0
	folders = ["proto", "certs", "daemon", "tools"]
	print(f"1..{len(folders)}")
	for number, folder in enumerate(folders, 1):
		files = sorted(glob.glob(f"{folder}/**/*.[ch]", root_dir=TOP, recursive=True))
		found = [line for path in files for line in trespasses(path)]
		for line in found:
			print("# " + line)
		failed += bool(found)
		print(f"{'not ' if found else ''}ok {number} - {folder}: no include crosses a wall ({len(files)} files)")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main())
