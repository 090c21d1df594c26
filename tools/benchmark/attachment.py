"""A large exhibit."""
import os
import time

from benchmark.meters import Peak
from lab import require


def move(stage):
	"""From the send to the signed receipt for all of it; staging it beforehand is not counted."""
	case, mebibytes = stage.case(), stage.options.attachment
	path = stage.file("exhibit.bin", mebibytes)
	case.freedonia.comity("attach", "add", case.ref, path, "--role", "EXHIBIT", seconds=3600)
	os.unlink(path)
	peak, began = Peak(*case.sides), time.monotonic()
	case.freedonia.comity("message", "send", case.ref, "--text", "-", "--wait=complete", "--timeout", "3600s",
		text="The exhibit.\n", seconds=3620)
	spent = time.monotonic() - began
	require(case.sylvania.is_whole(case.ref, 3), "the attachment is there")
	return {"attachment_mb_per_second": (mebibytes << 20) / 1e6 / spent, "memory_bulk_mib": peak.end()}


def overtake(stage):
	"""Urgent messages one at a time, in one request, while the exhibit of another flows."""
	case, mebibytes, count = stage.case(), stage.options.bulk, min(300, stage.options.messages)
	other = case.freedonia.send(case.sylvania)
	path = stage.file("bulk.bin", mebibytes)
	case.freedonia.comity("attach", "add", other, path, "--role", "EXHIBIT", seconds=3600)
	os.unlink(path)
	case.freedonia.say(other, "The exhibit.\n")
	stage.lab.eventually(lambda: case.sylvania.has(other) and len(case.sylvania.attachments(other)) == 3, "it is on its way")
	seen = case.load(count, sessions=1, urgency="URGENT")
	require(not case.sylvania.is_whole(other, 3), "the attachment was still flowing at the end: else give more with --bulk")
	return {"urgent_during_bulk_p50_ms": seen["latency_p50_ms"], "urgent_during_bulk_p99_ms": seen["latency_p99_ms"]}
