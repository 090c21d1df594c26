"""An older copy of a home takes the place of what is there; the counterparts give back what it lacks.

What an authority promised and nobody else holds yet is lost with its disk, by nobody's fault.  So its officers rest until
the others hold all of it; and no second copy is put back before the first authority has all of its past again, for what two
have lost nobody can give back.
"""
import contextlib
import shutil
import time


PATIENCE_SECONDS = 10


def chain(one, other):
	view = one.run("--json", "peer", "show", other.name)
	return (view.documents()[-1].get("chain", {}), view.documents()[-1]) if view.status == 0 else ({}, {})


def others(world, one):
	return [other for other in world.authorities if other is not one]


def cases_of(world, one):
	record = world.officers[0].record
	return [case for case in list(record.cases) if one in (case.requesting, case.requested)]


def has_its_attachments(world, one):
	"""Also its own, which it fetches back after its messages: else the others hold the only copies."""
	for case in cases_of(world, one):
		listed = one.run("--json", "attach", "list", case.ref)
		rows = listed.documents()[-1].get("data", []) if listed.status == 0 else [{}]
		if any(row.get("presence") not in ("HERE", "SENT", "STAGED") for row in rows):
			return False
	return True


def is_recovered(world, one):
	"""Nothing of its past is missing any more, by its own and the others' word."""
	for other in others(world, one):
		(mine, view), (theirs, _) = chain(one, other), chain(other, one)
		recovery = view.get("correspondence", {}).get("recovery")
		if not view or recovery and not recovery.get("ended_at") or int(mine.get("sent", 0)) < int(theirs.get("received", 0)):
			return False
	return has_its_attachments(world, one)


def holds_nothing_alone(world, one):
	"""The others hold every message of ours, with its attachments, and it has receipts for them."""
	for other in others(world, one):
		(mine, view), (theirs, _) = chain(one, other), chain(other, one)
		if not view or int(view.get("queued", 0)) or mine.get("sent") != theirs.get("received"):
			return False
	for case in cases_of(world, one):
		if one in case.whole:
			continue
		listed = one.run("--json", "message", "list", case.ref)
		states = [row["state"] for row in listed.documents()[-1].get("data", [])] if listed.status == 0 else []
		if not states or any(state["from"] == one.name and state["transport"] != "COMPLETE" for state in states):
			return False
		if case.is_over:
			case.whole.add(one)
	return True


def eventually(predicate):
	until = time.monotonic() + PATIENCE_SECONDS
	while not predicate():
		if time.monotonic() > until:
			return False
		time.sleep(0.1)
	return True


@contextlib.contextmanager
def at_rest(world, one):
	"""While its officers rest."""
	with contextlib.ExitStack() as stack:
		for officer in world.officers:
			if officer.one is one:
				stack.enter_context(officer.turn)
		yield


def refresh(world, one):
	"""A newer copy.  Of the store that goes on, never of one that was given up: what such a one had signed and nobody
	else held was signed anew in another way, and to put it back would be a fork, rightly."""
	old, world.copies[one] = world.copies[one], one.copy(f"copy-{time.monotonic_ns()}")
	shutil.rmtree(old)


def put_back(world, one, instruction=None):
	"""Put the copy back; False when that would lose what nobody else holds."""
	if not all(eventually(lambda each=each: is_recovered(world, each)) for each in world.authorities):
		return False
	with at_rest(world, one):
		if not eventually(lambda: holds_nothing_alone(world, one)):
			return False
		one.kill()
		one.put_back(world.copies[one])
		world.arm(one, instruction)
	return True
