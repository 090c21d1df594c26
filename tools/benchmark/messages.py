"""Messages: many at once, one at a time, and after a million of them."""
from benchmark.meters import cpu_seconds

WARM = 1000	# messages before anything is measured
PROBE = 10000	# messages by which the cost of one is measured


def many(stage):
	case, count = stage.case(), stage.options.messages
	case.load(min(WARM, count))
	cpu, syncs = cpu_seconds(*case.sides), sum(one.syncs.count() for one in case.sides)
	seen = case.load(count)
	return {
		"messages_per_second": count / seen["seconds"],
		"cpu_seconds_per_1000_messages": (cpu_seconds(*case.sides) - cpu) * 1000 / count,
		"fsyncs_per_1000_messages": (sum(one.syncs.count() for one in case.sides) - syncs) * 1000 / count,
	}


def one_at_a_time(stage):
	case = stage.case()
	case.load(min(200, stage.options.messages), sessions=1)
	seen = case.load(min(2000, stage.options.messages), sessions=1)
	return {name: seen[name] for name in ("latency_p50_ms", "latency_p99_ms", "submit_p50_ms")}


def cost(case):
	"""CPU seconds of both daemons for a message."""
	count = min(PROBE, case.stage.options.messages)
	before = cpu_seconds(*case.sides)
	case.load(count)
	return (cpu_seconds(*case.sides) - before) / count


def growth(stage):
	case = stage.case()
	case.load(WARM)
	young = cost(case)
	case.load(max(1, stage.options.stored - WARM))
	return {"growth_cost_ratio": cost(case) / young}
