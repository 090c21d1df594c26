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
LAW = ["daemon/law/casework", "daemon/law/acts", "daemon/law/statuses", "daemon/law/preconditions", "daemon/law/completeness", "daemon/law/problems", "daemon/law/census", "daemon/law/calendar", "daemon/law/competence", "daemon/law/routing", "daemon/ledger/directory"]
SIDE = ["daemon/log", "daemon/notify"]
DESK = ["proto/", "certs/", *LEDGER, *BLOBS, *SIDE, "daemon/ledger/events", "daemon/ledger/chain", "daemon/ledger/cards", "daemon/ledger/certificates", "daemon/ledger/hold",
	"daemon/ledger/quota", "daemon/ledger/intake", "daemon/ledger/directory"]
LINE = ["daemon/line/peers", "daemon/line/link"]

# The first row that matches a file holds.
WALLS = [
	("proto/*", ["proto/"]),
	("certs/*", ["proto/", "certs/"]),
	("tools/workdays*", ["proto/", "tools/", "daemon/law/calendar"]),
	("tools/sealed_request*", ["proto/", "certs/", "tools/", "daemon/law/completeness", "daemon/law/problems"]),
	*((f"tools/{name}*", ["proto/", "certs/", "tools/", "daemon/law/completeness_needs", "daemon/law/acts"]) for name in ("form", "letter")),
	("tools/*", ["proto/", "certs/", "tools/"]),

	# the ledger
	("daemon/mischief*", []),
	("daemon/ledger/store*", ["proto/", "certs/seal", "daemon/ledger/disk", "daemon/ledger/vault", "daemon/mischief"]),
	("daemon/ledger/vault*", ["proto/", "certs/seal", "certs/files"]),
	("daemon/ledger/worker*", ["proto/"]),
	("daemon/ledger/disk*", ["proto/"]),
	("daemon/ledger/scribe*", ["proto/", "daemon/ledger/store", "daemon/ledger/worker", "daemon/mischief"]),
	("daemon/ledger/blobs*", ["proto/", "certs/digest", "certs/seal_stream", "daemon/ledger/disk", "daemon/ledger/disk_stream", "daemon/mischief"]),
	("daemon/ledger/porter*", ["proto/", "daemon/ledger/blobs", "daemon/ledger/worker"]),
	("daemon/ledger/record*", ["proto/", "certs/digest", "daemon/ledger/store", "daemon/ledger/store_key"]),
	("daemon/ledger/events*", ["proto/", *LEDGER, "daemon/ledger/deeds"]),
	("daemon/ledger/deeds*", ["proto/", *LEDGER, "daemon/ledger/events", "daemon/ledger/audit"]),
	("daemon/upkeep/retention*", ["proto/", *LEDGER, "daemon/ledger/events", "daemon/ledger/consumers", "daemon/ledger/quota"]),
	("daemon/upkeep/purger*", ["proto/", "certs/", *LEDGER, *BLOBS, *SIDE, "daemon/ledger/clock", "daemon/upkeep/retention", "daemon/upkeep/destruction"]),
	("daemon/upkeep/destruction*", ["proto/", "certs/", *LEDGER]),
	("daemon/upkeep/backups*", ["proto/", *LEDGER]),
	("daemon/upkeep/surveyed*", ["proto/", *LEDGER]),
	("daemon/upkeep/examination*", ["proto/", "certs/", *LEDGER, "daemon/config"]),
	("daemon/upkeep/gap*", ["proto/", *LEDGER, "daemon/ledger/chain"]),
	("daemon/upkeep/backup*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/ledger/vault", "daemon/ledger/events", "daemon/ledger/hold", "daemon/upkeep/backups", "daemon/upkeep/survey"]),
	("daemon/upkeep/survey*", ["proto/", "certs/", *LEDGER, *BLOBS, "daemon/ledger/chain", "daemon/ledger/quota"]),
	("daemon/ledger/hold*", ["proto/", *LEDGER]),
	("daemon/ledger/audit*", ["proto/", "certs/digest", "certs/audit_lines", *LEDGER]),
	("daemon/ledger/clock*", ["proto/", *LEDGER, "daemon/ledger/events"]),
	("daemon/ledger/cards*", ["proto/", "certs/", *LEDGER]),
	("daemon/ledger/tokens*", ["proto/", *LEDGER]),
	("daemon/ledger/directory*", ["proto/", "certs/authority", *LEDGER]),
	("daemon/ledger/quota*", ["proto/", *LEDGER]),
	("daemon/ledger/consumers*", ["proto/", *LEDGER, "daemon/ledger/events"]),
	("daemon/ledger/tally*", ["proto/", *LEDGER]),
	("daemon/ledger/intake*", ["proto/", *LEDGER, "daemon/ledger/events"]),
	("daemon/ledger/certificates*", ["proto/", "certs/", *LEDGER, "daemon/ledger/cards"]),
	("daemon/ledger/chain*", ["proto/", "certs/", *LEDGER, "daemon/ledger/events", "daemon/ledger/cards", "daemon/ledger/tally"]),

	# the law: a transaction in, a decision out
	("daemon/law/statuses*", ["proto/", "daemon/law/acts", "daemon/law/preconditions"]),
	("daemon/law/preconditions*", ["proto/", "daemon/law/acts", "daemon/law/statuses"]),
	("daemon/law/freezing*", ["proto/", "daemon/law/acts", "daemon/law/statuses", "daemon/law/preconditions"]),
	("daemon/law/acts*", ["proto/"]),
	("daemon/law/problems*", ["proto/"]),
	("daemon/law/calendar*", ["proto/"]),
	("daemon/law/survival*", ["proto/"]),
	("daemon/law/discretion*", []),
	("daemon/law/census*", ["proto/", "daemon/ledger/record", "daemon/law/survival", "daemon/law/discretion", "daemon/law/completeness_needs"]),
	("daemon/law/completeness*", ["proto/", "daemon/law/acts", "daemon/law/problems", "daemon/law/competence"]),
	("daemon/law/competence*", ["proto/"]),
	("daemon/law/routing*", ["proto/", "certs/authority", *LEDGER, "daemon/ledger/directory", "daemon/law/competence"]),
	("daemon/law/casework*", ["proto/", "certs/digest", "certs/envelope", "daemon/ledger/store", "daemon/ledger/store_key", "daemon/ledger/record", "daemon/ledger/events", "daemon/ledger/chain",
		"daemon/ledger/blobs", *LAW]),

	# who has the keys
	("daemon/keyholder/*", ["proto/", "certs/", "daemon/log", "daemon/config", "daemon/keyholder/"]),

	# the line
	("daemon/log*", ["proto/"]),
	("daemon/line/endpoint*", ["proto/"]),
	("daemon/line/socket*", ["proto/", "daemon/line/endpoint"]),
	("daemon/line/budget*", []),
	("daemon/line/exchange*", ["proto/", "daemon/line/budget"]),
	("daemon/line/backoff*", []),
	("daemon/line/network*", ["proto/", "daemon/log"]),
	("daemon/line/throttle*", ["proto/"]),
	("daemon/line/wire*", ["proto/", "certs/", "daemon/log", "daemon/line/exchange", "daemon/line/socket", "daemon/mischief"]),
	("daemon/line/link*", ["proto/", "certs/", "daemon/log", "daemon/line/wire"]),
	("daemon/line/dialer*", ["proto/", "daemon/log", "daemon/line/endpoint", "daemon/line/socket"]),
	("daemon/line/listener*", ["proto/", "daemon/log", "daemon/line/endpoint", "daemon/line/socket"]),
	("daemon/line/peers*", ["proto/", "certs/", "daemon/log", "daemon/line/exchange", "daemon/line/link", "daemon/line/dialer",
		"daemon/line/listener", "daemon/line/endpoint", "daemon/line/socket", "daemon/line/backoff", "daemon/line/network"]),

	# the desks: inbox and outbox never see each other
	("daemon/desks/vigil*", [*DESK, "daemon/law/casework", "daemon/law/acts", "daemon/desks/papers"]),
	("daemon/desks/inbox*", [*DESK, *LINE, "daemon/law/casework", "daemon/law/acts"]),
	("daemon/desks/outbox*", [*DESK, *LINE]),
	("daemon/desks/receipts*", [*DESK, "daemon/desks/registry"]),
	("daemon/desks/fetcher*", [*DESK, *LINE, "daemon/line/throttle"]),
	("daemon/desks/waits*", [*DESK, *LINE]),
	("daemon/desks/supplier*", [*DESK, *LINE, "daemon/line/throttle"]),

	# above everything
	("daemon/desks/comparison*", [*DESK, *LINE]),
	("daemon/desks/witness*", [*DESK, *LINE, "daemon/desks/registry", "daemon/ledger/audit"]),
	("daemon/desks/checkup*", [*DESK, *LINE, "daemon/desks/registry"]),
	("daemon/desks/recovery*", [*DESK, *LINE, "daemon/law/casework", "daemon/desks/receipts", "daemon/desks/registry", "daemon/desks/outbox"]),
	("daemon/desks/directory*", [*DESK]),
	("daemon/desks/registry*", [*DESK, *LINE, "daemon/desks/directory_cards"]),
	("daemon/desks/rotation*", [*DESK, *LINE, "daemon/desks/herald", "daemon/mischief"]),
	("daemon/desks/herald*", [*DESK, *LINE, "daemon/desks/registry", "daemon/desks/directory_cards"]),
	("daemon/desks/notices*", [*DESK, "daemon/law/casework", "daemon/desks/registry"]),
	("daemon/desks/papers*", DESK),
	("daemon/control/control_timestamp*", [*DESK, "daemon/config"]),
	("daemon/control/control_proofs*", [*DESK, *LINE, "daemon/config", "daemon/keyholder/keyholder", "daemon/keyholder/keyholder_line", "daemon/line/endpoint", "daemon/desks/rotation",
		"daemon/upkeep/backup", "daemon/upkeep/examination"]),
	("daemon/control/control*", [*DESK, "daemon/ledger/vault", *LINE, *LAW, "daemon/keyholder/keyholder", "daemon/desks/registry", "daemon/desks/herald", "daemon/desks/rotation", "daemon/mischief", "daemon/desks/outbox", "daemon/desks/papers", "daemon/desks/vigil", "daemon/upkeep/backup", "daemon/upkeep/backups",
		"daemon/upkeep/gap", "daemon/upkeep/survey", "daemon/upkeep/surveyed", "daemon/upkeep/examination", "daemon/upkeep/retention", "daemon/upkeep/destruction", "daemon/upkeep/purger", "daemon/ledger/clock", "daemon/desks/fetcher",
		"daemon/desks/comparison", "daemon/desks/checkup", "daemon/desks/waits", "daemon/desks/witness",
		"daemon/ledger/audit", "daemon/ledger/tally", "daemon/ledger/consumers"]),
	*((f"daemon/{name}*", ["proto/", "certs/", "daemon/"]) for name in ("main", "comityd", "config", "notify")),
	("tests/*", ["proto/", "certs/", "daemon/", "tools/", "tests/"]),
]

# Where each library lives, and nowhere else.
HOMES = {
	"openssl/": ["certs/*", "tools/bench_floor*"],
	"openssl/engine": ["certs/token.c"],
	"p11-kit/": ["certs/token_visit.c"],
	"lmdb.h": ["daemon/ledger/store*", "tools/bench_floor*"],
	"uv.h": ["tools/bench_floor*", "daemon/ledger/scribe*", "daemon/ledger/porter*", "daemon/ledger/worker*",
		*(f"daemon/line/{name}*" for name in ("exchange", "socket", "wire", "dialer", "listener", "endpoint", "network", "peers", "throttle")),
		"daemon/desks/fetcher*", "daemon/control/*", "daemon/comityd*", "daemon/main*", "daemon/notify*"],
	"yaml.h": ["proto/*"],
	"jansson.h": ["proto/*"],
	"protobuf-c/": ["proto/*"],
	"curl/": ["tools/http*"],
	"archive": ["tools/archive*", "tools/cmd_evidence*", "tools/evidence*"],
	"seccomp.h": ["daemon/keyholder/keyd_sandbox*"],
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
