"""The faults: one row a kind.

A fault begins, lasts and is healed.  Each kind has a slot of its victim: a new fault in a slot heals the one that is
there; faults in different slots overlap.  All chance comes from the plan's seed, drawn before anything happens, so that
the same seed gives the same faults in the same order.
"""
import os
import random
import signal
from collections import namedtuple

import restore

MINUTE, DAY, YEAR = 60, 86400, 365 * 86400

# chance and force are drawn from [0, 1): which connection, how much; seed is for what draws by itself.
Fault = namedtuple("Fault", "number kind victim chance force seconds pause seed")


def pick(rows, chance):
	return rows[int(chance * len(rows))]


# ── processes: each begins, and returns how it is healed ─────────────────────────────────────────────────────────────

def kill(world, one, fault):
	one.kill()
	return lambda: world.arm(one, None)


def die_at_a_point(world, one, fault):
	"""Killed at one of the enumerated points; if it is not passed in time, killed then."""
	name, sides = pick(world.points, fault.chance)
	world.arm(one, f"die:{pick(sides, fault.force)}:{name}:{1 + fault.seed % 3}")
	return lambda: world.arm(one, None)


def stop(world, one, fault):
	one.daemon.send_signal(signal.SIGSTOP)
	return lambda: one.daemon.send_signal(signal.SIGCONT)


def to_holders(how, heal=None):
	"""A signal to whoever holds the keys of the victim; those that are there when it is healed may be others."""
	def send(one, number):
		for pid in one.holders():
			try:
				os.kill(pid, number)
			except ProcessLookupError:
				continue

	def begin(world, one, fault):
		send(one, how)
		return heal and (lambda: send(one, heal))
	return begin


def put_back_a_copy(world, one, fault):
	"""An older copy of the home, while the world goes on; nothing when that would lose what nobody else holds."""
	if restore.put_back(world, one) and restore.eventually(lambda: restore.is_recovered(world, one)):
		restore.refresh(world, one)


# ── the cable ────────────────────────────────────────────────────────────────────────────────────────────────────────

def on_strand(change, heal=lambda relay, strand: None):
	"""What happens to one connection of the victim's cable; nothing when there is none."""
	def begin(world, one, fault):
		relay = world.relays[one]
		strands = list(relay.strands)
		if not strands:
			return None
		strand = pick(strands, fault.chance)
		change(relay, strand, fault.force)
		return lambda: heal(relay, strand)
	return begin


def cut(relay, strand, force):
	relay.cut(strand)


def reset(relay, strand, force):
	relay.cut(strand, reset=True)


def end_one_direction(relay, strand, force):
	strand.closes_half = True


def spoil(relay, strand, force):
	strand.spoils = True


def delay(relay, strand, force):
	strand.delay = 0.01 + force / 4


def throttle(relay, strand, force):
	strand.rate = 2000 + 200000 * force


def freeze(relay, strand, force):
	strand.is_frozen = True


def swallow(relay, strand, force):
	strand.swallows = True


def calm(relay, strand):
	strand.delay, strand.rate, strand.is_frozen = 0, None, False


def unplug(world, one, fault):
	relay = world.relays[one]
	relay.is_down = True
	relay.cut(reset=fault.force < 0.5)

	def heal():
		relay.is_down = False
	return heal


def overtake(world, one, fault):
	"""The next connection waits until another has come after it, or for as long as this lasts."""
	relay = world.relays[one]
	relay.holds = True
	relay.cut()

	def heal():
		relay.holds = False
		for strand in list(relay.strands):
			strand.is_held = False
	return heal


# ── the disk and the clock ───────────────────────────────────────────────────────────────────────────────────────────

def disk(name):
	def begin(world, one, fault):
		if name == "torn":
			world.doomed.add(one)
		world.disks[one].fail(name, pick([1, 2, 5, 20], fault.force), fault.seed)

		def heal():
			was_struck = world.disks[one].heal()
			if one not in world.doomed:
				return
			if was_struck and one.daemon:
				one.daemon.wait(10)	# it is dying, if it is not dead
			world.revive(one)
			world.doomed.discard(one)
		return heal
	return begin


def cut_power(world, one, fault):
	"""What it writes is noted from now on; then it dies, and a part of what was not synced was never there."""
	power = world.powers[one]
	power.begin()

	def heal():
		one.kill()
		power.cut(random.Random(fault.seed))
		world.arm(one, None)
	return heal


def jump(world, one, fault):
	"""The clock of a running daemon is set."""
	world.clocks[one].set(pick([-YEAR, -DAY, -50 * MINUTE, -1, 3, 7 * MINUTE, DAY, 5 * YEAR], fault.force))
	return lambda: world.clocks[one].set(0)


def start_astray(world, one, fault):
	"""A daemon starts with a clock that may be beyond what its certificates allow."""
	world.clocks[one].set(pick([-2 * YEAR, -YEAR, -DAY, DAY, YEAR, 5 * YEAR, 40 * YEAR], fault.force))
	world.arm(one, None)

	def heal():
		world.clocks[one].set(0)	# and the daemon must find its way back without a restart
	return heal


# kind: (slot, weight, how long it may last, how it begins)
KINDS = {
	"kill":            ("body", 12, 0.3, kill),
	"die":             ("body", 8, 3.0, die_at_a_point),
	"stop":            ("body", 4, 5.0, stop),
	"power-cut":       ("body", 8, 1.0, cut_power),
	"restore":         ("body", 0.5, 0.0, put_back_a_copy),
	"keys-kill":       ("keys", 5, 0.0, to_holders(signal.SIGKILL)),
	"keys-stop":       ("keys", 3, 8.0, to_holders(signal.SIGSTOP, signal.SIGCONT)),
	"cut":             ("line", 8, 0.0, on_strand(cut)),
	"reset":           ("line", 8, 0.0, on_strand(reset)),
	"half-close":      ("line", 4, 0.0, on_strand(end_one_direction)),
	"spoil":           ("line", 6, 0.0, on_strand(spoil)),
	"delay":           ("line", 5, 2.0, on_strand(delay, calm)),
	"throttle":        ("line", 5, 2.0, on_strand(throttle, calm)),
	"freeze":          ("line", 5, 3.0, on_strand(freeze, calm)),
	"half-open":       ("line", 4, 0.0, on_strand(swallow)),
	"unplug":          ("line", 4, 1.5, unplug),
	"overtake":        ("line", 4, 1.5, overtake),
	"disk-full":       ("disk", 4, 1.0, disk("full")),
	"disk-broken":     ("disk", 4, 1.0, disk("broken")),
	"disk-late":       ("disk", 4, 1.0, disk("late")),
	"disk-short":      ("disk", 4, 1.0, disk("short")),
	"disk-unsynced":   ("disk", 4, 1.0, disk("unsynced")),
	"disk-torn":       ("disk", 4, 1.0, disk("torn")),
	"disk-unreadable": ("disk", 3, 1.0, disk("unreadable")),
	"clock-jump":      ("clock", 5, 3.0, jump),
	"clock-astray":    ("clock", 2, 2.0, start_astray),
}


def plan(seed, victims, only=None, pause=0.6):
	"""The faults of this seed, without end."""
	chance = random.Random(seed)
	kinds = [kind for kind in KINDS if not only or kind in only]
	weights = [KINDS[kind][1] for kind in kinds]
	number = 0
	while True:
		number += 1
		kind = chance.choices(kinds, weights)[0]
		yield Fault(number, kind, chance.randrange(victims), chance.random(), chance.random(),
			KINDS[kind][2] * chance.random(), pause * chance.random(), chance.getrandbits(32))
