"""The floor: the same way of a message with the same libraries and nothing of ours (tools/bench_floor.c)."""


def run(stage, count, in_flight):
	return stage.report([stage.build + "/tools/bench_floor", stage.path("floor"), str(count), str(in_flight),
		str(stage.options.size)])


def many(stage):
	count = stage.options.messages
	seen = run(stage, count, stage.options.sessions)
	return {
		"floor_messages_per_second": count / seen["seconds"],
		"floor_cpu_seconds_per_1000_messages": seen["cpu_seconds"] * 1000 / count,
	}


def one_at_a_time(stage):
	return {"floor_latency_p50_ms": run(stage, min(2000, stage.options.messages), 1)["latency_p50_ms"]}


def share(stage):
	figures = stage.measured
	return {"share_of_floor_percent": 100 * figures["messages_per_second"] / figures["floor_messages_per_second"]}
