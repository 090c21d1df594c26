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

LEDGER = ["daemon/ledger/store", "daemon/ledger/store_key", "daemon/ledger/scribe", "daemon/ledger/record", "daemon/ledger/worker", "daemon/ledger/disk"]
BLOBS = ["daemon/ledger/blobs", "daemon/ledger/porter", "daemon/ledger/worker", "daemon/ledger/disk", "daemon/ledger/disk_stream"]
LAW = ["daemon/law/casework", "daemon/law/acts", "daemon/law/statuses", "daemon/law/preconditions", "daemon/law/completeness", "daemon/law/problems"]
SIDE = ["daemon/log", "daemon/notify"]
DESK = ["proto/", "certs/", *LEDGER, *BLOBS, *SIDE, "daemon/ledger/events", "daemon/ledger/chain", "daemon/ledger/hold",
	"daemon/ledger/quota"]
LINE = ["daemon/line/peers", "daemon/line/link"]

# The first row that matches a file holds.
WALLS = [
	("proto/*", ["proto/"]),
	("certs/*", ["proto/", "certs/"]),
	("tools/*", ["proto/", "certs/", "tools/"]),

	# the ledger
	("daemon/mischief*", []),
	("daemon/ledger/store*", ["proto/", "daemon/ledger/disk"]),
	("daemon/ledger/worker*", ["proto/"]),
	("daemon/ledger/disk*", ["proto/"]),
	("daemon/ledger/scribe*", ["proto/", "daemon/ledger/store", "daemon/ledger/worker", "daemon/mischief"]),
	("daemon/ledger/blobs*", ["proto/", "certs/digest", "daemon/ledger/disk", "daemon/ledger/disk_stream", "daemon/mischief"]),
	("daemon/ledger/porter*", ["proto/", "daemon/ledger/blobs", "daemon/ledger/worker"]),
	("daemon/ledger/record*", ["proto/", "certs/digest", "daemon/ledger/store", "daemon/ledger/store_key"]),
	("daemon/ledger/events*", ["proto/", *LEDGER]),
	("daemon/upkeep/retention*", ["proto/", *LEDGER, "daemon/ledger/events", "daemon/ledger/quota"]),
	("daemon/upkeep/purger*", ["proto/", "certs/", *LEDGER, *BLOBS, *SIDE, "daemon/upkeep/retention"]),
	("daemon/upkeep/backups*", ["proto/", *LEDGER]),
	("daemon/upkeep/gap*", ["proto/", *LEDGER, "daemon/ledger/chain"]),
	("daemon/upkeep/backup*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/ledger/events", "daemon/ledger/hold", "daemon/upkeep/survey"]),
	("daemon/upkeep/survey*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/ledger/chain"]),
	("daemon/ledger/hold*", ["proto/", *LEDGER]),
	("daemon/ledger/tokens*", ["proto/", *LEDGER]),
	("daemon/ledger/quota*", ["proto/", *LEDGER]),
	("daemon/ledger/chain*", ["proto/", "certs/", *LEDGER, "daemon/ledger/events"]),

	# the law: a transaction in, a decision out
	("daemon/law/statuses*", ["proto/", "daemon/law/acts", "daemon/law/preconditions"]),
	("daemon/law/preconditions*", ["proto/", "daemon/law/acts", "daemon/law/statuses"]),
	("daemon/law/acts*", ["proto/"]),
	("daemon/law/problems*", ["proto/"]),
	("daemon/law/completeness*", ["proto/", "daemon/law/acts", "daemon/law/problems"]),
	("daemon/law/casework*", ["proto/", "certs/digest", "daemon/ledger/store", "daemon/ledger/store_key", "daemon/ledger/record", "daemon/ledger/events",
		"daemon/ledger/blobs", *LAW]),

	# the line
	("daemon/log*", ["proto/"]),
	("daemon/line/endpoint*", ["proto/"]),
	("daemon/line/socket*", ["proto/", "daemon/line/endpoint"]),
	("daemon/line/exchange*", ["proto/"]),
	("daemon/line/throttle*", ["proto/"]),
	("daemon/line/wire*", ["proto/", "certs/", "daemon/log", "daemon/line/exchange", "daemon/line/socket", "daemon/mischief"]),
	("daemon/line/link*", ["proto/", "certs/", "daemon/log", "daemon/line/wire"]),
	("daemon/line/dialer*", ["proto/", "daemon/log", "daemon/line/endpoint", "daemon/line/socket"]),
	("daemon/line/listener*", ["proto/", "daemon/log", "daemon/line/endpoint", "daemon/line/socket"]),
	("daemon/line/peers*", ["proto/", "certs/", "daemon/log", "daemon/line/exchange", "daemon/line/link", "daemon/line/dialer",
		"daemon/line/listener", "daemon/line/endpoint", "daemon/line/socket"]),

	# the desks: inbox and outbox never see each other
	("daemon/desks/inbox*", [*DESK, *LINE, "daemon/law/casework", "daemon/law/acts"]),
	("daemon/desks/outbox*", [*DESK, *LINE]),
	("daemon/desks/receipts*", DESK),
	("daemon/desks/fetcher*", [*DESK, *LINE, "daemon/line/throttle"]),
	("daemon/desks/supplier*", [*DESK, *LINE, "daemon/line/throttle"]),

	# above everything
	("daemon/desks/comparison*", [*DESK, *LINE]),
	("daemon/desks/recovery*", [*DESK, *LINE, "daemon/law/casework", "daemon/desks/receipts", "daemon/desks/registry", "daemon/desks/outbox"]),
	("daemon/desks/registry*", [*DESK, *LINE]),
	("daemon/control/control*", [*DESK, *LINE, *LAW, "daemon/desks/registry", "daemon/desks/outbox", "daemon/upkeep/backup", "daemon/upkeep/backups",
		"daemon/upkeep/gap", "daemon/upkeep/survey", "daemon/upkeep/retention", "daemon/upkeep/purger", "daemon/desks/fetcher", "daemon/desks/comparison"]),
	*((f"daemon/{name}*", ["proto/", "certs/", "daemon/"]) for name in ("main", "comityd", "config", "notify")),
	("tests/*", ["proto/", "certs/", "daemon/", "tools/", "tests/"]),
]

# Where each library lives, and nowhere else.
HOMES = {
	"openssl/": ["certs/*", "tools/bench_floor*"],
	"lmdb.h": ["daemon/ledger/store*", "tools/bench_floor*"],
	"uv.h": ["tools/bench_floor*", "daemon/ledger/scribe*", "daemon/ledger/porter*", "daemon/ledger/worker*",
		*(f"daemon/line/{name}*" for name in ("exchange", "socket", "wire", "dialer", "listener", "endpoint", "peers", "throttle")),
		"daemon/desks/fetcher*", "daemon/control/*", "daemon/comityd*", "daemon/main*", "daemon/notify*"],
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
	"""daemon/outbox_rows.c -> daemon/desks/outbox"""
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
