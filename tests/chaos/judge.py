"""Afterwards: do the ledgers of all authorities agree, to the byte, and hold all that was promised?

The tool is the eyes; the manifests, which the tool shows only inside evidence, are read over the control socket.
"""
import base64
import concurrent.futures
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile

from lab import require
from load import Session
from puppet import schema

SETTLED = ("COMPLETE", "ARRIVED_COMPLETE")
ZERO = "0" * 64


# ── at rest ──────────────────────────────────────────────────────────────────────────────────────────────────────────

def is_quiet(one, other, done):
	"""The line is up, both hold the same of both chains, nothing waits, and no message or attachment is on its way."""
	views = [here.run("--json", "peer", "show", there.name) for here, there in ((one, other), (other, one))]
	if any(view.status for view in views):
		return False
	mine, theirs = (view.documents()[-1] for view in views)
	if any(view["link"].get("state") != "up" or int(view.get("queued", 0)) for view in (mine, theirs)):
		return False
	heads = [[view["chain"].get(name + part) for name in order for part in ("", "_sha256")]
		for view, order in ((mine, ("sent", "received")), (theirs, ("received", "sent")))]
	return heads[0] == heads[1] and done()


def settle(world, record, seconds):
	"""Wait until nothing is under way any more; what still is, when it takes too long, is named."""
	waiting = {(case, side) for case in record.cases for side in (case.requesting, case.requested)}

	def done():
		for case, side in list(waiting):
			listed = side.run("--json", "message", "list", case.ref)
			rows = listed.documents()[-1].get("data", []) if listed.status == 0 else []
			if not rows or any(row["state"]["transport"] not in SETTLED for row in rows):
				return False
			waiting.discard((case, side))
		return True

	def all_quiet():
		return all(is_quiet(one, other, lambda: True) for one, other in world.pairs) and done() and all(
			is_quiet(one, other, lambda: True) for one, other in world.pairs)

	try:
		world.lab.eventually(all_quiet, "all authorities come to rest", seconds)
	except Exception as fault:
		left = [f"{case.ref} at {side.name}: " + str([(row["state"]["from"], row["state"]["message_id"], row["state"]["transport"])
			for row in side.messages(case.ref) if row["state"]["transport"] not in SETTLED][:3]) for case, side in list(waiting)[:5]]
		views = [f"{one.name} of {other.name}: {one.run('--json', 'peer', 'show', other.name).out[-900:]}" for one, other in world.pairs]
		raise type(fault)("\n  ".join([str(fault)] + left + views)) from None


# ── the chains ───────────────────────────────────────────────────────────────────────────────────────────────────────

def manifests(one, other, theirs):
	"""Every manifest of one direction as `one` holds it, from 1."""
	session = Session(one)
	chain = one.comity("peer", "show", other.name)["chain"]
	for number in range(1, int(chain.get("received" if theirs else "sent", 0)) + 1):
		reply = session.read("manifest_get", peer=other.name, theirs=theirs, number=number)
		require(reply and reply.WhichOneof("kind") == "manifest", f"{one.name}: manifest {number} of the chain with {other.name}", reply)
		yield reply.manifest.manifest.text, reply.manifest.manifest.signature


def compare_chain(one, other):
	"""What `one` says it sent to `other` and what `other` holds of it: the same bytes, each with the hash of the one before."""
	previous, count = ZERO, 0
	ours, theirs = list(manifests(one, other, False)), list(manifests(other, one, True))
	require(len(ours) == len(theirs), f"{one.name} sent {other.name} {len(ours)} manifests, which holds {len(theirs)}")
	for number, (mine, held) in enumerate(zip(ours, theirs), 1):
		require(mine == held, f"manifest {number} from {one.name} to {other.name} is not the same on both sides")
		head = dict(re.findall(r"(?m)^# (\w+): (.*)$", mine[0].decode()))
		require(head["number"] == str(number) and head["previous"] == previous,
			f"manifest {number} from {one.name} to {other.name} does not continue the chain", mine[0].decode())
		previous = hashlib.sha256(mine[0]).hexdigest()
		count += 1
	return count


# ── the cases ────────────────────────────────────────────────────────────────────────────────────────────────────────

def ledger(one, case):
	"""(sender, id, SHA-256) of the case's messages in this side's order."""
	return [(row["state"]["from"], row["state"]["message_id"], row["state"]["sha256"]) for row in one.messages(case.ref)]


def compare_case(case):
	"""Both sides hold the same messages, each side's in the same order, the same status, history and attachments."""
	sides = (case.requesting, case.requested)
	here, there = (ledger(side, case) for side in sides)
	for sender in (side.name for side in sides):
		said, heard = ([row for row in rows if row[0] == sender] for rows in (here, there))
		require(said == heard, f"{case.ref}: both hold the same messages of {sender} in the same order",
			[row for row in said if row not in heard][:3], [row for row in heard if row not in said][:3])
		require(len({row[1] for row in said}) == len(said), f"{case.ref}: no message of {sender} is there twice")
	views = [side.request(case.ref)["request"] for side in sides]
	require(views[0]["status"] == views[1]["status"], f"{case.ref}: both hold the same status",
		views[0]["status"], views[1]["status"])
	steps = [[(step["status"], step["authority"], step.get("message_id")) for step in view["history"] if step.get("message_id")]
		for view in views]
	require(steps[0] == steps[1], f"{case.ref}: both tell the same history", *steps)
	papers = [sorted((row["attachment"]["sha256"], row["from"], row["message_id"], row["index"]) for row in side.attachments(case.ref)
		if row["presence"] != "STAGED") for side in sides]
	require(papers[0] == papers[1], f"{case.ref}: both hold the same attachments")
	return here


def compare_promises(record, ledgers, texts):
	"""texts: (sender, text) of every message there is, in the order of its case."""
	ids = {row[:2] for rows in ledgers for row in rows}
	lost = [text for text, name in record.promised.items() if name not in ids]
	require(not lost, f"{len(lost)} messages were promised and are lost", lost[:5])
	said = [text for rows in texts for _, text in rows if text in record.tried]
	require(len(set(said)) == len(said), "a message was made twice", [text for text in set(said) if said.count(text) > 1][:5])
	for rows in texts:
		for sender in {sender for sender, _ in rows}:
			order = [int(text.rsplit(" ", 1)[1]) for one, text in rows if one == sender and text in record.tried]
			require(order == sorted(order), f"the messages of {sender} are not in the order in which they were said", order)


# ── the evidence ─────────────────────────────────────────────────────────────────────────────────────────────────────

def readme_commands(directory):
	"""The lines with four blanks before them are the commands."""
	with open(os.path.join(directory, "README.txt")) as file:
		return "set -e\n" + "".join(line[4:] for line in file if line.startswith("    "))


def stock(directory, script):
	done = subprocess.run(["bash", "-c", script], cwd=directory, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
	bad = done.returncode or re.search(r"(?m)^(NOT SIGNED|CHAIN BROKEN)|FAILED", done.stdout)
	require(not bad, f"stock tools refuse the evidence in {directory}", done.stdout[-2000:])


SUMS = """( cd messages && cat ../manifests/*/*.manifest | grep -v '^#' | sort -u | sha256sum --check --quiet --ignore-missing )
sha256sum --check --strict --quiet CONTENTS.sha256"""


def read(directory, *parts):
	with open(os.path.join(directory, *parts), "rb") as file:
		return file.read()


def verify_signature(directory, authority, manifest, at):
	"""The README's two steps in one: the signature, and whether its certificate led to that identity at that time."""
	certificates = f"certificates/{authority}/"
	done = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", manifest[:-8] + "p7s", "-content", manifest,
		"-nointern", "-certfile", certificates + "signing.pem", "-CAfile", certificates + "anchors.pem", "-no-CApath", "-no-CAstore",
		"-purpose", "smimesign", "-attime", str(at), "-out", "/dev/null"], cwd=directory, text=True, stderr=subprocess.PIPE)
	require(done.returncode == 0, f"openssl refuses {manifest} in {directory}", done.stderr)


class Evidence:
	"""Exports, unpacked and checked with stock tools only: openssl, sha256sum.

	The signature of a manifest that lies in the evidence of many requests is verified once: by its bytes and those of
	the certificates it is verified with.  The README's own commands are run to the letter on one export of each authority, the shortest.
	"""

	def __init__(self, world):
		self.world, self.verified, self.manifests, self.bytes = world, set(), {}, 0

	def export(self, one, case):
		directory = os.path.join(self.world.lab.directory, f"evidence-{one.name}-{case.ref.replace('/', '-')}")
		archive = directory + ".tar"
		one.comity("evidence", "export", case.ref, "-o", archive)
		one.comity("evidence", "verify", archive)
		os.mkdir(directory)
		with tarfile.open(archive) as tar:
			tar.extractall(directory)
		self.bytes += os.path.getsize(archive)
		os.unlink(archive)
		return directory

	def verify(self, directory):
		stock(directory, "set -e\n" + SUMS)
		for authority in os.listdir(os.path.join(directory, "manifests")):
			anchors = b"".join(read(directory, "certificates", authority, name + ".pem") for name in ("identity", "delegation"))
			with open(os.path.join(directory, "certificates", authority, "anchors.pem"), "wb") as file:
				file.write(anchors)	# `cms` takes the one between from here; the root must be self-signed all the same
			roots = anchors + read(directory, "certificates", authority, "signing.pem")
			for name in os.listdir(os.path.join(directory, "manifests", authority)):
				if name.endswith(".manifest"):
					self.verify_once(directory, authority, f"manifests/{authority}/{name}", roots)

	def verify_once(self, directory, authority, manifest, roots):
		text = read(directory, manifest)
		sum_ = hashlib.sha256(roots + text + read(directory, manifest[:-8] + "p7s")).digest()
		if sum_ in self.verified:
			return
		self.verified.add(sum_)
		head = dict(re.findall(r"(?m)^# (\w+): (.*)$", text.decode()))
		require(head["from"] == authority, f"{manifest} is of {head['from']}")
		verify_signature(directory, authority, manifest, int(datetime.datetime.fromisoformat(head["at"][:-1] + "+00:00").timestamp()))

	def texts(self, directory, rows):
		"""(sender, text) of the messages, from the very bytes that were signed."""
		message = schema(self.world.lab).casework.Message
		return [(sender, message.FromString(read(directory, "messages", name)).text) for sender, name, _ in rows]

	def follow_readme(self, one, case):
		directory = self.export(one, case)
		stock(directory, readme_commands(directory))
		shutil.rmtree(directory)

	def compare(self, case, rows):
		"""Both sides' evidence of one case: verified, and the same messages in it, to the byte."""
		directories = [self.export(side, case) for side in (case.requesting, case.requested)]
		for directory in directories:
			self.verify(directory)
		contents = [{name: hashlib.sha256(read(directory, "messages", name)).hexdigest() for name in
			os.listdir(os.path.join(directory, "messages"))} for directory in directories]
		require(contents[0] == contents[1], f"{case.ref}: the evidence of both sides holds the same messages and attachments",
			set(contents[0].items()) ^ set(contents[1].items()))
		for sender, name, digest in rows:
			require(contents[0].get(name) == base64.b64decode(digest).hex(), f"{case.ref}: message {name} has the bytes that were signed")
		self.manifests[case] = sum(len(files) for _, _, files in os.walk(os.path.join(directories[0], "manifests")))
		texts = self.texts(directories[0], rows)
		for directory in directories:
			shutil.rmtree(directory)
		return texts


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────────

def compare_events(one):
	"""Every event has the number after the one before it."""
	seen = 0
	for line in one.run("--json", "watch", "--no-follow", "--since", 0, seconds=600).out.splitlines():
		document = json.loads(line)
		for event in document.get("data", []) if "comityseq" not in document else [document]:
			require(int(event["comityseq"]) == seen + 1, f"{one.name}: event {seen + 1} is missing", event)
			seen += 1
	require(seen, f"{one.name}: there are events")
	return seen



def judge(world, record, say):
	"""Raises Broken at the first thing that is not as it must be; else what there was, counted."""
	evidence = Evidence(world)
	chains = {f"{one.name} to {other.name}": compare_chain(one, other) for one, other in world.pairs}
	say(f"chains are whole and the same on both sides: {chains}")
	events = {one.name: compare_events(one) for one in world.authorities}
	say(f"events are dense: {events}")
	with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
		ledgers = list(pool.map(compare_case, record.cases))
		say(f"{len(record.cases)} cases are the same on both sides: {sum(map(len, ledgers))} messages")
		texts = list(pool.map(evidence.compare, record.cases, ledgers))
	for one in world.authorities:
		evidence.follow_readme(one, min((case for case in record.cases if one in (case.requesting, case.requested)),
			key=evidence.manifests.get))
	say(f"evidence of every case verifies on both sides: {evidence.bytes} bytes, {len(evidence.verified)} signatures")
	compare_promises(record, ledgers, texts)
	say(f"{len(record.promised)} promised messages are there once each, in order")
	return {"cases": len(record.cases), "messages": sum(map(len, ledgers)), "manifests": sum(chains.values()),
		"promised": len(record.promised), "tried": len(record.tried), "events": sum(events.values()),
		"evidence_bytes": evidence.bytes, "signatures": len(evidence.verified)}
