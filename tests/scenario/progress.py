"""What is told while something takes its time: to programs, on a terminal, in a log, and to whoever asks."""
import json
import os
import re
import select
import signal
import socket
import threading
import time

from lab import require
from terminal import Terminal


class Throttle:
	"""A control socket in front of the real one, which lets so many bytes pass each way and then waits to be opened."""

	def __init__(self, one, allowance, role="officer"):
		self.path, self.target = one.path("throttle.sock"), one.path(f"run/{role}.sock")
		self.allowance, self.opened = allowance, threading.Event()
		self.listener = socket.socket(socket.AF_UNIX)
		self.listener.bind(self.path)
		self.listener.listen()
		threading.Thread(target=self._accept, daemon=True).start()

	def _accept(self):
		while True:
			near, _ = self.listener.accept()
			far = socket.socket(socket.AF_UNIX)
			far.connect(self.target)
			for source, sink in ((near, far), (far, near)):
				threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

	def _carry(self, source, sink):
		passed = 0
		try:
			while data := source.recv(65536):
				passed += len(data)
				if passed > self.allowance:
					self.opened.wait()
				sink.sendall(data)
			sink.shutdown(socket.SHUT_WR)
		except OSError:
			pass


def _line(stream, what, seconds=40):
	require(select.select([stream], [], [], seconds)[0], what)
	return stream.readline()


def _is_told(process, what):
	"""It says how far it is, on stdout, and when it is asked, on stderr; that line and the document."""
	first = json.loads(_line(process.stdout, what + ": a line of progress comes while it waits"))
	require(first["type"] == "progress" and first["schema"] == "comity.progress/1", what + ": it is progress", first)
	process.send_signal(signal.SIGUSR1)
	return _line(process.stderr, what + ": SIGUSR1 is answered"), first


def _ends_with_result(process, what, began):
	out, err = process.communicate(timeout=60)
	require(process.returncode == 0, what + ": it ends well", out, err)
	documents = [json.loads(line) for line in out.splitlines()]
	require([one["type"] for one in documents] == ["progress"] * (len(documents) - 1) + ["result"],
		what + ": nothing but progress, then one result", out)
	require(len(documents) <= time.monotonic() - began + 1, what + ": at most one line a second", out)
	return documents[-1]


def a_transfer_tells_programs_how_far_it_is(lab):
	freedonia, sylvania = lab.pair()
	ref, exhibit = freedonia.draft(sylvania), lab.file("exhibit.bin", 8 << 20)
	for words in (["attach", "add", ref, exhibit], ["attach", "get", ref, "1", "-o", lab.directory + "/got.bin"]):
		throttle, began = Throttle(freedonia, 1 << 20), time.monotonic()
		process = freedonia.spawn("--json", "--socket", throttle.path, *words)
		said, first = _is_told(process, words[1])
		require("exhibit.bin" in said and "8 MiB" in said and "%" in said, "whoever asks is told in words", said)
		require(0 < int(first["bytes_done"]) < int(first["bytes_total"]) == 8 << 20, "programs in bytes", first)
		throttle.opened.set()
		_ends_with_result(process, words[1], began)
		os.unlink(throttle.path)


def a_wait_tells_programs_how_far_it_is(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: freedonia.request(ref)["transport"] == "COMPLETE", "the request is there")
	sylvania.daemon.send_signal(signal.SIGSTOP)
	began = time.monotonic()
	process = freedonia.spawn("--json", "message", "send", ref, "--kind", "general-correspondence", "--attach",
		lab.file("exhibit.bin", 1 << 20), "--wait=complete")
	said, first = _is_told(process, "wait")
	require(first["transport"] in ("QUEUED", "SENT"), "the step it has reached", first)
	require(first["message_id"] in said, "and whoever asks is told of the same", said)
	sylvania.daemon.send_signal(signal.SIGCONT)
	result = _ends_with_result(process, "wait", began)
	require(result["transport"] == "COMPLETE", "the result is how it ended", result)


def a_log_gets_a_line_each_ten_seconds(lab):
	freedonia, sylvania = lab.pair()
	ref, exhibit = freedonia.draft(sylvania), lab.file("exhibit.bin", 8 << 20)
	throttle, began = Throttle(freedonia, 1 << 20), time.monotonic()
	process = freedonia.spawn("--socket", throttle.path, "attach", "add", ref, exhibit)
	said = _line(process.stderr, "a line comes by itself")
	require(time.monotonic() - began >= 9.5 and "exhibit.bin" in said and "MiB" in said and "\r" not in said,
		"after ten seconds, as a line", said)
	throttle.opened.set()
	out, err = process.communicate(timeout=60)
	require(process.returncode == 0 and "added" in out, "and the answer at the end", out, err)


def a_terminal_gets_a_bar_that_goes_away(lab):
	freedonia, sylvania = lab.pair()
	ref, exhibit = freedonia.draft(sylvania), lab.file("exhibit.bin", 8 << 20)
	throttle = Throttle(freedonia, 1 << 20)
	terminal = Terminal(freedonia.command("--socket", throttle.path, "attach", "add", ref, exhibit), TERM="xterm")
	terminal.wait("MiB/s")
	throttle.opened.set()
	said, status = terminal.end()
	require(status == 0 and "[=" in said and said.rindex("\r\033[K") < said.index("added"), "a bar, then the answer alone", said)


def a_work_of_the_daemon_tells_a_terminal_that_it_goes_on(lab):
	freedonia = lab.authority("xf-ca")
	throttle = Throttle(freedonia, 0, "admin")
	terminal = Terminal(freedonia.command("--socket", throttle.path, "backup", "create", "-o", lab.directory + "/backups"), TERM="xterm")
	terminal.wait("backup create  ")
	throttle.opened.set()
	said, status = terminal.end()
	require(status == 0 and re.search(r"\rbackup create  \d+ s\033\[K", said), "for how long", said)
	require(said.rindex("\r\033[K") < said.index("holds "), "then the answer alone", said)
	documents = freedonia.run("--json", "backup", "create", "-o", lab.directory + "/backups").documents()
	require(len(documents) == 1 and documents[0]["ok"], "programs get the answer only", documents)


def a_table_is_no_wider_than_its_terminal(lab):
	name = "Central Authority of the Federated Free States of Sylvania for Mutual Legal Assistance in Criminal Matters"
	freedonia, sylvania = lab.authority("xf-ca"), lab.authority("xs-ca", settings={"name": name})
	lab.add(freedonia, sylvania)
	for columns in (90, 120):
		said, _ = Terminal(freedonia.command("peer", "list"), columns=columns).end()
		rows = [line for line in said.splitlines() if "xs-ca  " in line]
		require(len(rows) == 1 and "Central" in rows[0] and "…" in rows[0] and max(map(len, said.splitlines())) == columns,
			f"it fits into {columns} columns", said)
	require(name in Terminal(freedonia.command("peer", "list"), columns=400).end()[0], "where there is room nothing is cut")
	require(name in Terminal(freedonia.command("--plain", "peer", "list"), columns=90).end()[0], "nor with --plain")
	for words in ([], ["--plain"], ["--json"]):
		require(name in freedonia.run(*words, "peer", "list").out, "nor when the answer goes elsewhere", words)


def the_inbox_shows_what_is_still_arriving(lab):
	freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania, lab.file("exhibit.bin", 192 << 20))

	def exhibit():
		found = [one for one in sylvania.has(ref) and sylvania.attachments(ref) or [] if one["attachment"]["name"] == "exhibit.bin"]
		return found and found[0]

	lab.eventually(lambda: exhibit() and int(exhibit().get("bytes_done", 0)), "some of it is there")
	freedonia.daemon.send_signal(signal.SIGSTOP)
	now = exhibit()
	require(now["presence"] == "ARRIVING" and 0 < int(now["bytes_done"]) < 192 << 20, "part of it", now)
	percent = r"\b\d?\d %"
	shown = sylvania.run("inbox", "list").out
	require(re.search(rf"3, 1 arriving {percent}", shown), "the inbox says how many, and how far", shown)
	shown = sylvania.run("attach", "list", ref).out
	require(re.search(rf"exhibit\.bin.*{percent}", shown), "and the list of attachments", shown)
	error = sylvania.refused("not-yet", "attach", "get", ref, now["number"], "-o", lab.directory + "/got.bin")
	require(not re.match("0 of", error["message"]) and error["hints"], "what is not whole is not given out", error)
	row = sylvania.comity("inbox", "list")["data"][0]
	require(row["files"] == 3 and row["files_missing"] == 1 and any(int(one.get("bytes_done", 0)) for one in row["attachments"]),
		"programs get it too", row)
	freedonia.daemon.send_signal(signal.SIGCONT)
	lab.eventually(lambda: sylvania.is_whole(ref, 3), "it goes on", 90)
	shown = sylvania.run("--plain", "inbox", "list").out.split("\t")
	require(shown[7] == "3", "then it is a number", shown)
