"""A terminal for the tool: a person who reads what is asked and types an answer."""
import os
import pty
import select
import signal
import time

from lab import require


class Terminal:
	"""A command on a terminal of its own, its controlling one."""

	def __init__(self, command, columns=80, **environment):
		self.said = ""
		self.pid, self.master = pty.fork()
		if not self.pid:
			os.environ.update(environment, COLUMNS=str(columns))
			os.execvp(command[0], command)

	def _hear(self, seconds):
		"""More of what it says; False when it has ended or says nothing more in that time."""
		if not select.select([self.master], [], [], max(seconds, 0))[0]:
			return False
		try:
			more = os.read(self.master, 65536)
		except OSError:		# Linux: the other end is closed
			return False
		self.said += more.decode(errors="replace").replace("\r\n", "\n")
		return bool(more)

	def wait(self, words):
		"""Until it says these."""
		deadline, begin = time.monotonic() + 30, len(self.said)
		while words not in self.said[begin:]:
			heard = self._hear(deadline - time.monotonic())
			require(heard, f"it says {words!r}", self.said)

	def answer(self, question, text):
		"""Wait until it asks this, then type that."""
		self.wait(question)
		os.write(self.master, text.encode() + b"\n")

	def end(self):
		"""All that it said and its exit status, when it has ended."""
		deadline = time.monotonic() + 60
		while self._hear(deadline - time.monotonic()):
			pass
		if time.monotonic() > deadline:
			os.kill(self.pid, signal.SIGKILL)
		status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
		os.close(self.master)
		return self.said, status
