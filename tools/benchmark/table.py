"""Every figure there is: a run measures some, and a row here is all that it takes to add one.

A run's function is given the stage, measures, and returns a value for each of its figures by name.
"""
from typing import Callable, NamedTuple

from benchmark import attachment, crowd, floor, machine, messages, recovery


class Figure(NamedTuple):
	name: str
	unit: str
	what: str
	first: str = ""		# to be reached
	aim: str = ""		# to go for


class Run(NamedTuple):
	measure: Callable	# (stage) -> {name: value}
	figures: list
	needs: tuple = ()	# figures to be measured before; stage.measured has them


RUNS = [
	Run(messages.many, [
		Figure("messages_per_second", "1/s", "durable, signed and receipted: as many in flight as there are sessions, "
			"until the last signed receipt is in", "25,000", "50,000"),
		Figure("cpu_seconds_per_1000_messages", "s", "both daemons together, under that load", "0.07", "0.045"),
		Figure("fsyncs_per_1000_messages", "", "every fdatasync and fsync of both daemons and every write to a file "
			"opened with O_DSYNC, under that load", "60", "30"),
	]),
	Run(messages.one_at_a_time, [
		Figure("latency_p50_ms", "ms", "one message at a time, from the submission to its signed receipt", "2", "1.2"),
		Figure("latency_p99_ms", "ms", "the same", "6", "2.5"),
		Figure("submit_p50_ms", "ms", "the same, until it is durable here and answered", "0.8", "0.5"),
	]),
	Run(floor.many, [
		Figure("floor_messages_per_second", "1/s", "the same way of a message, with the same libraries and nothing of ours: no "
			"signatures, no cases, no clients; as many in flight"),
		Figure("floor_cpu_seconds_per_1000_messages", "s", "both processes of the floor, under that load"),
	]),
	Run(floor.one_at_a_time, [
		Figure("floor_latency_p50_ms", "ms", "the floor, one message at a time"),
	]),
	Run(floor.share, [
		Figure("share_of_floor_percent", "%", "our messages per second of the floor's"),
	], needs=("messages_per_second", "floor_messages_per_second")),
	Run(attachment.move, [
		Figure("attachment_mb_per_second", "MB/s", "hashed and synced on both sides, from the send to the signed receipt "
			"for all of it", "300", "450"),
		Figure("memory_bulk_mib", "MiB", "the most RssAnon of the larger daemon meanwhile", "64", "32"),
	]),
	Run(attachment.overtake, [
		Figure("urgent_during_bulk_p50_ms", "ms", "an urgent message while an attachment of another request flows, from the "
			"submission to its signed receipt"),
		Figure("urgent_during_bulk_p99_ms", "ms", "the same", "20", "5"),
	]),
	Run(crowd.pair, [
		Figure("memory_idle_mib", "MiB", "RssAnon of the larger daemon, one peer, nothing to do"),
	]),
	Run(crowd.crowd, [
		Figure("memory_idle_200_peers_mib", "MiB", "RssAnon of a daemon with so many verified peers on the line, each a "
			"daemon of its own, nothing to do", "64", "24"),
	]),
	Run(crowd.hostile, [
		Figure("memory_hostile_200_peers_mib", "MiB", "the most RssAnon of a daemon while so many verified peers hold half-said "
			"frames, large manifests, attachments that do not go on, and bulk and answers that they do not read", "64", "48"),
	]),
	Run(recovery.recover, [
		Figure("recovery_seconds", "s", "a peer is killed under load and started again: from its start to the first signed "
			"receipt of a message submitted meanwhile", "2", "1"),
		Figure("recovery_after_ready_seconds", "s", "the same, from the moment it says that it is ready"),
	]),
	Run(messages.growth, [
		Figure("growth_cost_ratio", "", "CPU of both daemons per message with so many stored, over that with 1,000 stored",
			"1.2", "1.05"),
	]),
	Run(machine.disk, [
		Figure("fdatasync_per_second", "1/s", "of the machine: append 1 KiB and fdatasync, one writer"),
	]),
	Run(machine.tls, [
		Figure("tls_mb_per_second", "MB/s", "of the machine: TLS 1.3 over a pair of sockets, an end in each of two threads"),
	]),
	Run(machine.ecdsa, [
		Figure("ecdsa_verify_per_second", "1/s", "of the machine: ECDSA P-256, one core"),
	]),
]


def figures():
	return [figure for run in RUNS for figure in run.figures]


def chosen(names):
	"""The runs that give these figures, and those whose figures they need, in the order of the table."""
	wanted = set(names)
	for run in reversed(RUNS):
		if wanted & {figure.name for figure in run.figures}:
			wanted.update(run.needs)
	return [run for run in RUNS if wanted & {figure.name for figure in run.figures}]
