"""A peer is killed while messages flow, stays away long enough for the sender to become patient, and comes back."""
import re
import subprocess
import threading
import time

from lab import require

DELIVERED = '"comity.message.delivered.v1"'
MESSAGE_ID = re.compile(r'"message_id": ?"([0-9a-f]{8})-([0-9a-f]{4})-7')	# UUIDv7: the milliseconds of its making

AWAY_SECONDS = 5


class Deliveries(threading.Thread):
	"""An authority's own events of signed receipts, as they come: when we heard of the last, and when its message was
	submitted."""

	def __init__(self, one):
		super().__init__(daemon=True)
		self.watch, self.news = one.spawn("watch", "--json"), threading.Condition()
		self.heard_at = self.submitted_at = 0
		self.start()

	def run(self):
		for line in self.watch.stdout:
			made = MESSAGE_ID.search(line) if DELIVERED in line else None
			if made:
				with self.news:
					self.heard_at, self.submitted_at = time.time(), int(made[1] + made[2], 16) / 1000
					self.news.notify_all()

	def wait_for(self, moment, seconds=60):
		"""When we heard of the first message that was submitted after this moment; call it before that can be."""
		with self.news:
			require(self.news.wait_for(lambda: self.submitted_at > moment, seconds), f"no receipt within {seconds} s")
			return self.heard_at

	def end(self):
		self.watch.kill()
		self.watch.wait()
		self.join()


def recover(stage):
	case = stage.case()
	client = subprocess.Popen(case.client(1000000, 16, stage.options.size), stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL)
	deliveries = Deliveries(case.freedonia)
	try:
		return measure(case, deliveries)
	finally:
		client.kill()
		client.wait()
		deliveries.end()


def measure(case, deliveries):
	"""Receipts that the peer had signed before it died are only repeated: one for a message of meanwhile counts."""
	deliveries.wait_for(0)	# it flows
	case.sylvania.kill()
	killed = time.time()
	time.sleep(AWAY_SECONDS)
	began, ready = time.time(), []
	require(began - deliveries.heard_at > 1, "receipts have ended with the peer")
	start = threading.Thread(target=lambda: ready.append(case.sylvania.start() and time.time()))
	start.start()
	first = deliveries.wait_for(killed)
	start.join()
	return {"recovery_seconds": first - began, "recovery_after_ready_seconds": max(0.0, first - ready[0])}
