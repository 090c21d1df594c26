"""A peer is killed while messages flow, stays away long enough for the sender to become patient, and comes back."""
import subprocess
import threading
import time

from lab import require

AWAY_SECONDS = 5


class Deliveries(threading.Thread):
	"""The moments at which an authority's own events tell of signed receipts, taken as they come."""

	def __init__(self, one):
		super().__init__(daemon=True)
		self.watch, self.last, self.news = one.spawn("watch", "--json"), 0, threading.Condition()
		self.start()

	def run(self):
		for line in self.watch.stdout:
			if '"comity.message.delivered.v1"' in line:
				with self.news:
					self.last = time.monotonic()
					self.news.notify_all()

	def wait_after(self, moment, seconds=60):
		"""The first that we hear of after this moment; call it before that one can come."""
		with self.news:
			require(self.news.wait_for(lambda: self.last > moment, seconds), f"no receipt within {seconds} s")
			return self.last

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
	deliveries.wait_after(0)	# it flows
	case.sylvania.kill()
	time.sleep(AWAY_SECONDS)
	began, ready = time.monotonic(), []
	require(began - deliveries.last > 1, "receipts have ended with the peer")
	start = threading.Thread(target=lambda: ready.append(case.sylvania.start() and time.monotonic()))
	start.start()
	first = deliveries.wait_after(began)
	start.join()
	return {"recovery_seconds": first - began, "recovery_after_ready_seconds": max(0.0, first - ready[0])}
