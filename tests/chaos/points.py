#!/usr/bin/python3
"""Every point at which mischief can strike (daemon/mischief.h), one after the other: killed there, and the line cut there.

{die, cut the line} x {before, after} x {every commit, the sync and the rename of a blob, every kind of frame, said and
heard}, on two authorities at work.  For a cut the daemon halts at the point, the harness cuts its lines, and it goes on.
Then the line must come up again; at the end both ledgers must agree.  Says TAP; points.py [WORD...] plays those whose
name has one of the words.

A kind of frame that does not come up by itself has a row in STORIES; one that never comes is a failure.
"""
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "scenario")]

import lab as laboratory
import restore
from judge import judge, settle
from lab import require
from load import Record, officers
from run import build
from world import World

PACE, DEADLINE_SECONDS = 0.15, 60
restore.PATIENCE_SECONDS = 60	# what was missed is asked for again after 15 s
DOINGS = {"send": "sent", "hear": "heard", "commit": "committed", "sync": "synced", "rename": "renamed", "renew": "renewed", "switch": "over", "succeed": "succeeded", "wrap": "wrapped anew"}
ACTIONS = {"die": "killed", "halt": "the line cut"}


def eventually(predicate, what, seconds=DEADLINE_SECONDS):
	until = time.monotonic() + seconds
	while not predicate():
		require(time.monotonic() < until, f"not within {seconds} s: {what}")
		time.sleep(0.01)


# ── what makes the rarer frames come: story(world, victim, other, doing, instruction) ────────────────────────────────

def just_work(world, victim, other, doing, instruction):
	"""The officers' work, and the new line after the start, bring all that is common."""
	world.arm(victim, instruction)


def say_goodbye(world, victim, other, doing, instruction):
	"""The speaker is stopped in order, again if its line ended with it before all was heard, as any line may."""
	speaker, listener = (victim, other) if doing == "send" else (other, victim)
	world.arm(victim, instruction)

	def is_said():
		if has_struck(world, victim, instruction):
			return True
		if world.is_dead(speaker):
			world.arm(speaker, instruction if speaker is victim else None)
		elif world.is_up(speaker, listener):
			speaker.daemon.send_signal(signal.SIGTERM)
			eventually(lambda: world.is_dead(speaker) or has_struck(world, victim, instruction), f"{speaker.name} ends")
		return has_struck(world, victim, instruction)
	eventually(is_said, f"{victim.name} passes {instruction}")


@contextlib.contextmanager
def without_blobs(one):
	"""Its attachments are not to be found."""
	for shard in os.listdir(one.path("blobs")):
		if len(shard) == 2:
			os.rename(one.path("blobs", shard), one.path("blobs", "hidden-" + shard))
	try:
		yield
	finally:
		for shard in os.listdir(one.path("blobs")):
			if shard.startswith("hidden-"):
				for name in os.listdir(one.path("blobs", shard)):
					os.makedirs(one.path("blobs", shard[-2:]), exist_ok=True)
					os.rename(one.path("blobs", shard, name), one.path("blobs", shard[-2:], name))
				os.rmdir(one.path("blobs", shard))


@contextlib.contextmanager
def its_turn(world, officer):
	"""A case in which it may say something, and its turn to: none may be open just now, then the next."""
	until = time.monotonic() + DEADLINE_SECONDS
	while True:
		with officer.turn:
			case = next((case for case in reversed(world.record.cases) if officer.may_speak(case)), None)
			if case:
				yield case
				return
		require(time.monotonic() < until, f"not within {DEADLINE_SECONDS} s: {officer.one.name} may say something")
		time.sleep(0.01)


@contextlib.contextmanager
def without_lines(world):
	for relay in world.relays.values():
		relay.is_down = True
		relay.cut()
	try:
		yield
	finally:
		for relay in world.relays.values():
			relay.is_down = False


def miss(world, victim, other, doing, instruction):
	"""The speaker is asked for what it cannot find."""
	speaker = victim if doing == "send" else other
	officer = next(officer for officer in world.officers if officer.one is speaker)
	with contextlib.ExitStack() as hidden:
		with its_turn(world, officer) as case, without_lines(world):
			world.arm(victim, instruction)
			path, text = officer.file("missed.bin", 5000), officer.text()
			world.record.tried.add(text)
			answer = officer.run_tool("message", "send", case.ref, "--text", "-", "--attach", path, text=text)
			require(isinstance(answer, dict), "it is said while no line is up", answer)
			world.record.promised[text] = (speaker.name, answer["message_id"])
			hidden.enter_context(without_blobs(speaker))
		struck(world, victim, instruction)


def fall_behind(world, victim, other, doing, instruction):
	"""The asker's home is put back from an older copy."""
	name = instruction.split(":")[2]
	asker = victim if (name == "recall") == (doing == "send") else other
	eventually(lambda: all(restore.is_recovered(world, one) for one in world.authorities), "both are recovered from before")
	restore.refresh(world, asker)
	said = world.record.says
	eventually(lambda: world.record.says > said + 6, "the officers go on")
	if asker is not victim:
		world.arm(victim, instruction)
	require(restore.put_back(world, asker, instruction if asker is victim else None), f"{asker.name} can be put back")


def reconcile(world, victim, other, doing, instruction):
	"""The speaker is asked to compare."""
	world.arm(victim, instruction)
	speaker, listener = (victim, other) if doing == "send" else (other, victim)
	eventually(lambda: world.is_up(speaker, listener), "the line is up")
	asking = [speaker.spawn("peer", "reconcile", listener.name)]

	def is_asked():	# while one of them recovers from the story before, it is refused: then once more
		if asking[-1].poll() is not None and not has_struck(world, victim, instruction) and not world.is_dead(speaker):
			asking.append(speaker.spawn("peer", "reconcile", listener.name))
		return has_struck(world, victim, instruction)
	eventually(is_asked, f"{victim.name} passes {instruction}")


def rename(world, victim, other, doing, instruction):
	"""The announcer's card says something new."""
	name = instruction.split(":")[2]
	announcer = victim if (name == "announce") == (doing == "send") else other
	announcer.settings = dict(announcer.settings, name=f"Central Authority, room {time.monotonic():.3f}")
	announcer.configure(announcer.settings)
	world.arm(victim, instruction)
	if announcer is not victim:
		world.arm(announcer, None)


def examine(world, victim, other, doing, instruction):
	"""The asker's doctor wants to know how the other side sees it."""
	name = instruction.split(":")[2]
	asker, asked = (victim, other) if (name == "checkup") == (doing == "send") else (other, victim)
	world.arm(victim, instruction)
	eventually(lambda: world.is_up(asker, asked), "the line is up")
	asker.spawn("peer", "doctor", asked.name)


def sign_head(world, victim, other, doing, instruction):
	"""The speaker's audit log has a new head."""
	speaker = victim if doing == "send" else other
	world.arm(victim, instruction)
	if not has_struck(world, victim, instruction):
		speaker.spawn("audit", "head")


def lack_room(world, victim, other, doing, instruction):
	"""The speaker has no room for what it is sent."""
	speaker = victim if doing == "send" else other
	roomy = speaker.settings
	speaker.configure(dict(roomy, limits=dict(roomy.get("limits", {}), peer_quota="1 B")))
	world.arm(victim, instruction)
	if speaker is not victim:
		world.arm(speaker, None)
	struck(world, victim, instruction)
	speaker.configure(roomy)	# counts from its next start on
	if speaker is not victim:
		world.arm(speaker, None)


def rotate(world, victim, other, doing, instruction):
	"""The victim renews all its keys."""
	world.arm(victim, instruction)
	if not world.is_dead(victim):
		victim.spawn("cert", "rotate", "delegation")


def revoke(world, victim, other, doing, instruction):
	"""One of the victim's keys was lost, and is to be followed by another."""
	world.arm(victim, instruction)
	if not world.is_dead(victim):
		victim.spawn("cert", "revoke", "channel", "--reason", "keyCompromise")


def is_succeeded(victim):
	"""A card that would show what is revoked is not written."""
	return victim.run("card", "export").status == 0


def roll(world, victim, other, doing, instruction):
	"""The victim's identity gives way to a new one."""
	world.arm(victim, instruction)
	if not world.is_dead(victim):
		victim.spawn("id", "roll")


def rekey(world, victim, other, doing, instruction):
	"""The victim's vault gets another key."""
	world.arm(victim, instruction)
	if not world.is_dead(victim):
		victim.spawn("store", "rekey")


AFTERWARDS = {"revoked": is_succeeded}
STORIES = {"keys": rotate, "overlap": rotate, "revoked": revoke, "identity": roll, "vault": rekey, "checkup": examine, "findings": examine, "audit_head": sign_head, "waiting": lack_room, "goodbye": say_goodbye, "missing": miss, "recall": fall_behind, "recalled": fall_behind, "summary": reconcile,
	"announce": rename, "announced": rename}


# ── one crossing ─────────────────────────────────────────────────────────────────────────────────────────────────────

def has_struck(world, victim, instruction):
	if instruction.startswith("die"):
		return victim.daemon.poll() == -signal.SIGKILL
	return victim.daemon.poll() is None and laboratory.is_stopped(victim.daemon)


def struck(world, victim, instruction):
	eventually(lambda: has_struck(world, victim, instruction), f"{victim.name} passes {instruction}")


def cut_lines(world):
	for relay in world.relays.values():
		relay.cut(reset=True)


def is_well(world):
	"""Every line is up; who has ended meanwhile is started anew."""
	for one in world.authorities:
		if world.is_dead(one):
			world.arm(one, None)
	return all(world.is_up(one, there) for one, there in world.pairs)


def cross(world, victim, other, name, point, action):
	instruction = f"{action}:{point}:{name}:1"
	story = STORIES.get(name, just_work)
	story(world, victim, other, point.partition("-")[2], instruction)
	struck(world, victim, instruction)
	if action == "halt":
		cut_lines(world)
		victim.daemon.send_signal(signal.SIGCONT)
	eventually(lambda: is_well(world), "the line is up again")
	if name in AFTERWARDS:
		eventually(lambda: AFTERWARDS[name](victim), f"{victim.name} recovers by itself")


def crossings(world):
	"""(name, point, action), the victims taking turns."""
	for name, doings in world.points:
		for point in doings:
			for action in ACTIONS:
				yield name, point, action


def describe(name, point, action):
	side, doing = point.split("-")
	return f"{ACTIONS[action]} {side} a {name} is {DOINGS[doing]}"


def play(lab, words):
	world, record = World(lab, ("xf-ca", "xs-ca")), Record()
	world.record, failed, number = record, 0, 0
	people = officers(world, record, random.Random(1), PACE)
	for officer in people:
		officer.start()
	eventually(lambda: len(record.cases) > 2, "the officers are at work")
	chosen = [each for each in crossings(world) if not words or any(word in describe(*each) for word in words)]
	print(f"1..{len(chosen) + 1}", flush=True)
	for number, (name, point, action) in enumerate(chosen, 1):
		victim, other = world.authorities if number % 2 else reversed(world.authorities)
		began, fault = time.monotonic(), None
		try:
			cross(world, victim, other, name, point, action)
		except Exception as found:
			fault = "".join(traceback.format_exception(found))
		for officer in people:	# an officer who has stopped is why others wait
			if officer.fault:
				fault = (fault or "") + "".join(traceback.format_exception(officer.fault))
		if fault:
			for one in world.authorities:
				world.arm(one, None)
		for line in (fault or "").splitlines():
			print("# " + line)
		failed += bool(fault)
		print(f"{'not ' if fault else ''}ok {number} - {describe(name, point, action)} ({victim.name}, {time.monotonic() - began:.1f} s)", flush=True)
	for officer in people:
		officer.leaving.set()
	for officer in people:
		officer.join(60)
	for one in world.authorities:	# with the settings that it has by now
		world.arm(one, None)
	settle(world, record, 120)
	found = judge(world, record, lambda text: print("# " + text, flush=True))
	print(f"ok {number + 1} - after all of them both ledgers agree: {found['messages']} messages, {found['manifests']} manifests")
	return failed


def main(words):
	lab = laboratory.Lab(tempfile.mkdtemp(prefix="comity-points-"), build())
	try:
		failed = play(lab, words)
		lab.close()
	except BaseException as fault:
		for line in traceback.format_exception(fault):
			print("# " + line.rstrip().replace("\n", "\n# "))
		print(f"not ok - after all of them both ledgers agree; homes and logs: {lab.directory}")
		lab.sweep(keep=True)
		return 1
	lab.sweep()
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
