"""Faults begin and are healed, as planned, while the officers work."""
import collections
import time

from kinds import KINDS
from lab import require

NEED_A_DISK = ("body", "clock")		# whose beginning or healing starts the daemon


class Storm:
	def __init__(self, world, officers, plan, say):
		self.world, self.officers, self.plan, self.say = world, officers, plan, say
		self.counts, self.last = collections.Counter(), collections.deque(maxlen=12)
		self.healing = {}		# (victim, slot) -> (when, how)

	def heal(self, where):
		_, how = self.healing.pop(where, (0, None))
		if how and where[1] in NEED_A_DISK:
			self.heal((where[0], "disk"))
		if how:
			how()

	def heal_all(self):
		for where in list(self.healing):
			self.heal(where)

	def heal_what_is_due(self, now):
		for where in [where for where, (when, _) in self.healing.items() if when <= now]:
			self.heal(where)

	def look_after(self):
		"""A daemon that a fault doomed is started again; one that died without is a failure, as is an officer's."""
		for one in self.world.authorities:
			if self.world.is_dead(one) and (one, "body") not in self.healing:
				self.heal((one, "disk"))
				self.world.revive(one)
		for officer in self.officers:
			if officer.fault:
				raise officer.fault

	def strike(self, fault):
		one = self.world.authorities[fault.victim]
		slot, _, _, begin = KINDS[fault.kind]
		self.heal((one, slot))
		if fault.kind == "restore":	# waits for what all of them do
			self.heal_all()
		if slot in NEED_A_DISK:
			self.heal((one, "disk"))
			self.heal((one, "body"))
		self.look_after()
		how = begin(self.world, one, fault)
		self.counts[fault.kind] += 1
		self.last.append(f"{fault.number} {fault.kind} {one.name} for {fault.seconds:.2f} s (chance {fault.chance:.3f}, force {fault.force:.3f})")
		self.say("fault " + self.last[-1])
		if how:
			self.healing[one, slot] = (time.monotonic() + fault.seconds, how)

	def blow(self, is_enough):
		for fault in self.plan:
			if is_enough(self):
				break
			self.strike(fault)
			until = time.monotonic() + fault.pause
			while (now := time.monotonic()) < until:
				self.heal_what_is_due(now)
				self.look_after()
				time.sleep(min(0.02, until - now))
		self.abate()

	def abate(self):
		"""No more faults: everything is healed, everybody runs, the half-open connections end by themselves."""
		self.heal_all()
		self.look_after()
		for one in self.world.authorities:
			require(not self.world.is_dead(one), f"{one.name} runs")

	@property
	def faults(self):
		return sum(self.counts.values())
