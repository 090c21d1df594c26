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
