"""`comity metrics`: the text format 0.0.4 of Prometheus, held to its letter, and each figure to what was done."""
import re

from lab import require

NAME, LABEL = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*"), re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"')
VALUE = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")
TYPES = {"counter", "gauge", "summary", "histogram", "untyped"}
SUFFIXES = {"summary": ("", "_sum", "_count"), "histogram": ("_bucket", "_sum", "_count")}


def _labels(text, line):
	found, at = [], 0
	while at < len(text):
		label = LABEL.match(text, at)
		require(label, "each label is name=\"value\"", line)
		found.append(label.groups())
		at = label.end()
		require(at == len(text) or text[at] == ",", "with commas between them", line)
		at += 1
	require(len({name for name, _ in found}) == len(found), "none comes twice", line)
	return tuple(sorted(found))


def _sample(line):
	matched = re.fullmatch(r"([^\s{]+)(?:\{(.*)\})? (\S+)", line)
	require(matched and NAME.fullmatch(matched[1]) and VALUE.fullmatch(matched[3]), "a sample is NAME{LABELS} VALUE", line)
	return matched[1], _labels(matched[2] or "", line), float(matched[3])


def _read(text):
	"""{(name, labels): value}, and the type of each family; whatever a strict reader would refuse is refused."""
	require(text.endswith("\n") and "\n\n" not in text and "\r" not in text, "lines end with a line feed, and none is empty", text[-50:])
	samples, types, helps, family = {}, {}, {}, None
	lines = text.splitlines()
	require(lines.pop() == "# EOF", "the end is marked")
	for line in lines:
		if line.startswith("# HELP "):
			_, _, family, words = line.split(" ", 3)
			require(NAME.fullmatch(family) and family not in helps and words.strip() and words[-1] == ".", "each family has its help, once", line)
			helps[family] = words
		elif line.startswith("# TYPE "):
			_, _, name, kind = line.split(" ")
			require(name == family and name not in types and kind in TYPES, "then its type", line)
			require((kind == "counter") == name.endswith("_total"), "counters, and only they, end with _total", line)
			types[name] = kind
		else:
			name, labels, value = _sample(line)
			require(name in [family + suffix for suffix in SUFFIXES.get(types[family], ("",))], "then its samples, all together", family, line)
			require((name, labels) not in samples, "each once", line)
			require(types[family] != "counter" or value >= 0, "a counter is not negative", line)
			samples[name, labels] = value
	require(set(types) == set(helps), "nothing is half told", set(types) ^ set(helps))
	return samples, types


def _metrics(one):
	samples, _ = _read(one.run("metrics").out)
	return {name + "".join(f" {label}={value}" for label, value in labels): number for (name, labels), number in samples.items()}


def every_family_is_well_formed_also_where_there_is_nothing(lab):
	freedonia = lab.authority("xf-ca")
	_, types = _read(freedonia.run("metrics").out)
	require(len(types) > 45, "there are many", len(types))
	path = lab.file("comity.prom", b"")
	freedonia.comity("metrics", "-o", path)
	with open(path) as file:
		_read(file.read())


def what_passes_is_counted_once_on_both_sides_also_over_a_restart(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 100_000))
	lab.eventually(lambda: sylvania.has(ref) and sylvania.is_whole(ref, 3), "a request arrives with its papers")
	freedonia.say(ref, "a word more")
	lab.eventually(lambda: all(state["transport"] == "COMPLETE" for state in freedonia.request(ref)["messages"]), "all is receipted")
	ours, theirs = _metrics(freedonia), _metrics(sylvania)
	sent, received = "direction=sent peer=xs-ca", "direction=received peer=xf-ca"
	for family, count in (("comity_messages_total", 2), ("comity_attachments_total", 3)):
		require(ours[f"{family} {sent}"] == theirs[f"{family} {received}"] == count, f"{family} is {count} on both sides", ours, theirs)
	require(ours["comity_receipts_total direction=received peer=xs-ca"] == theirs["comity_receipts_total direction=sent peer=xf-ca"] == 2,
		"so are the receipts", ours, theirs)
	require(ours["comity_completions_total direction=received peer=xs-ca"] == 1, "and the completion", ours)
	for family, direction, other in (("sent", "xs-ca", "received"), ("received", "xs-ca", "sent")):
		require(ours[f"comity_manifests_total direction={family} peer={direction}"] == theirs[f"comity_manifests_total direction={other} peer=xf-ca"],
			"and the manifests", ours, theirs)
	require(theirs["comity_attachment_bytes peer=xf-ca"] >= 100_000 and ours["comity_attachment_bytes peer=xs-ca"] == 0, "what occupies whose disk", theirs)
	require(ours["comity_peer_up peer=xs-ca"] == 1, "the line is up", ours)
	require(any(name.startswith("comity_peer_state_since_timestamp_seconds peer=xs-ca state=") for name in ours), "since when", ours)
	require(ours["comity_signatures_total"] >= 2 and ours["comity_store_commit_seconds_count"] > 0 and ours["comity_store_commit_seconds_sum"] > 0,
		"what was signed and committed", ours)
	require(ours["comity_audit_lines_total"] > 0 and ours["comity_events_total"] > 0, "what was recorded", ours)
	require(0 < ours["comity_store_used_bytes"] <= ours["comity_store_map_bytes"] and ours["comity_store_disk_free_bytes"] > 0 and
		ours["comity_store_records table=cases"] == 1 and ours["comity_store_full"] == 0, "the store", ours)
	require(ours["process_resident_memory_bytes"] > 1 << 20 and ours["process_start_time_seconds"] > 1.7e9, "the process", ours)
	sylvania.restart()
	lab.eventually(lambda: sylvania.is_up(freedonia), "the line is up again")
	again = _metrics(sylvania)
	require(all(again[name] == theirs[name] for name in theirs if name.startswith(("comity_messages", "comity_receipts", "comity_completions"))),
		"nothing is counted anew", again, theirs)


def what_waits_and_what_is_refused_is_counted(lab):
	freedonia, sylvania = lab.pair()
	sylvania.stop()
	freedonia.send(sylvania)
	lab.eventually(lambda: _metrics(freedonia)["comity_peer_attempts peer=xs-ca"] > 0, "attempts are counted")
	told = _metrics(freedonia)
	require(told["comity_queue_messages peer=xs-ca"] == 1 and told["comity_queue_oldest_timestamp_seconds peer=xs-ca"] > 1.7e9 and
		told["comity_peer_up peer=xs-ca"] == 0, "one waits since a while", told)
	freedonia.comity("daemon", "hold", "--reason", "works on the building")
	require(_metrics(freedonia)["comity_held"] == 1, "a hold is told")
