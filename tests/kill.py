#!/usr/bin/python3
"""kill.py [SECONDS [SEED]]: two authorities with messages and attachments in flight both ways, and kill -9 of either
daemon at random moments.  Afterwards both ledgers are compared through the tool: nothing lost, nothing twice, order kept,
chains whole, evidence verifies.
"""
import hashlib
import os
import random
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenario"))

import lab as laboratory
from lab import Broken, require

SETTLED = ("COMPLETE", "ARRIVED_COMPLETE")


class Speaker(threading.Thread):
	"""One side's officer: says numbered things in one case, with an attachment now and then.

	What the tool acknowledged is promised; what it did not (its daemon was killed) may or may not be there, once.
	"""

	def __init__(self, lab, one, ref, seed):
		super().__init__(daemon=True)
		self.lab, self.one, self.ref = lab, one, ref
		self.random, self.leaving = random.Random(seed), threading.Event()
		self.promised, self.tried, self.number, self.fault = {}, set(), 0, None

	def run(self):
		try:
			while not self.leaving.is_set():
				self.say()
		except Exception as fault:
			self.fault = fault

	def say(self):
		self.number += 1
		text = f"{self.one.name} says {self.number}"
		options = []
		if self.random.random() < 0.3:
			size = self.random.choice([0, 1, 4096, 1 << 20, 5 << 20])
			options = ["--attach", self.lab.file(f"{self.one.name}-{self.number}.bin", size)]
		self.tried.add(text)
		answer = self.one.run("--json", "message", "send", self.ref, "--text", "-", *options, text=text)
		if answer.status == 0:
			self.promised[text] = answer.documents()[-1]["message_id"]
			return
		code = answer.error()["code"]
		require(code in ("daemon-away", "line-cut", "shutting-down", "in-doubt", "not-found", "io"),
			f"{self.one.name}: unexpected {code}", answer.err)
		self.leaving.wait(0.05)


def kill_for(seconds, sides, chance):
	"""Kill and restart, and say when."""
	began, kills = time.monotonic(), 0
	while time.monotonic() - began < seconds:
		time.sleep(chance.uniform(0.05, 2.0))
		victim = chance.choice(sides)
		victim.kill()
		kills += 1
		print(f"# {time.monotonic() - began:6.2f} s  kill -9 {victim.name}", flush=True)
		time.sleep(chance.choice([0, 0, 0.05, 0.3]))
		victim.start()
	return kills


def ledger(one, ref):
	"""The case's messages as this side holds them: (from, id, text, transport), in order."""
	rows = []
	for view in one.messages(ref):
		state = view["state"]
		message = view.get("message") or one.comity("message", "show", state["message_id"], "--ref", ref)["message"]
		rows.append((state["from"], state["message_id"], message.get("text", ""), state["transport"]))
	return rows


def compare(speakers, ledgers):
	"""Nothing lost, nothing twice, order kept."""
	here, there = ledgers
	for sender in (speaker.one.name for speaker in speakers):
		said, heard = ([row[:3] for row in rows if row[0] == sender] for rows in (here, there))
		require(said == heard, f"both ledgers hold the same messages of {sender} in the same order",
			f"{len(said)} and {len(heard)}", [row for row in said if row not in heard][:3], [row for row in heard if row not in said][:3])
		require(len({row[1] for row in said}) == len(said), f"no message of {sender} is there twice")
	for speaker in speakers:
		texts = [row[2] for row in here if row[0] == speaker.one.name and row[2] in speaker.tried]
		ids = {row[1] for row in here}
		lost = {text: one for text, one in speaker.promised.items() if one not in ids}
		require(not lost, f"{speaker.one.name}: promised and lost", lost)
		require(len(set(texts)) == len(texts), f"{speaker.one.name}: a repeated call made a second message",
			[text for text in texts if texts.count(text) > 1][:5])
		order = [int(text.rsplit(" ", 1)[1]) for text in texts]
		require(order == sorted(order), f"{speaker.one.name}: order is not kept", order)


def compare_chains(one, other):
	mine, theirs = (here.comity("peer", "show", there.name)["chain"] for here, there in ((one, other), (other, one)))
	for left, right in (("sent", "received"), ("received", "sent")):
		require(mine.get(left) == theirs.get(right) and mine.get(left + "_sha256") == theirs.get(right + "_sha256"),
			f"chain heads: {one.name}'s {left} and {other.name}'s {right} differ", mine, theirs)
	return int(mine.get("sent", 0)), int(mine.get("received", 0))


def compare_attachments(lab, one, other, ref):
	"""Every attachment is whole on both sides; three of them are fetched and hashed."""
	lists = [sorted((row["attachment"]["sha256"], row["from"], row["presence"]) for row in side.attachments(ref))
		for side in (one, other)]
	require([row[:2] for row in lists[0]] == [row[:2] for row in lists[1]], "both sides hold the same attachments")
	for row in one.attachments(ref)[-3:]:
		path = lab.file("fetched.bin", b"")
		os.unlink(path)
		one.comity("attach", "get", ref, row["number"], "-o", path)
		with open(path, "rb") as file:
			require(hashlib.sha256(file.read()).hexdigest() == row["attachment"]["sha256"], "the bytes are those that were sent")
	return len(lists[0])


def quiet(sides, ref):
	"""Everything said was receipted whole, and everything heard is whole."""
	for one in sides:
		if one.run("--json", "message", "list", ref).status:
			return False
		for view in one.messages(ref):
			if view["state"]["transport"] not in SETTLED:
				return False
	return True


def play(lab, seconds, seed):
	chance = random.Random(seed)
	sides = freedonia, sylvania = lab.pair()
	ref = freedonia.send(sylvania)
	lab.eventually(lambda: sylvania.has(ref), "the request arrives")
	sylvania.admit(ref)
	speakers = [Speaker(lab, one, ref, chance.random()) for one in sides]
	for speaker in speakers:
		speaker.start()
	kills = kill_for(seconds, sides, chance)
	for speaker in speakers:
		speaker.leaving.set()
		speaker.join(120)
		if speaker.fault:
			raise speaker.fault
	lab.eventually(lambda: quiet(sides, ref), "both sides come to rest", 120)
	ledgers = [ledger(one, ref) for one in sides]
	compare(speakers, ledgers)
	sent, received = compare_chains(freedonia, sylvania)
	attachments = compare_attachments(lab, freedonia, sylvania, ref)
	for one in sides:
		archive = os.path.join(lab.directory, one.name + ".tar")
		one.comity("evidence", "export", ref, "-o", archive)
		one.comity("evidence", "verify", archive)
	print(f"# {kills} kills; {len(ledgers[0])} messages, {attachments} attachments, chains of {sent} and {received} "
		"manifests: none lost, none twice, order kept")


def main(arguments):
	seconds = float(arguments[0]) if arguments else 60
	seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(1 << 32)
	print(f"# seed {seed}: tests/kill.py {seconds:g} {seed}", flush=True)
	lab = laboratory.Lab(tempfile.mkdtemp(prefix="comity-kill-"))
	try:
		play(lab, seconds, seed)
		lab.close()
	except Broken as fault:
		print(f"not ok 1 - the ledgers after the kills: {fault}")
		for one in lab.authorities:
			print(f"# {one.name}'s log ends:\n" + one.log()[-4000:])
		return 1
	finally:
		lab.sweep()
	print("ok 1 - after the kills both ledgers agree")
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
