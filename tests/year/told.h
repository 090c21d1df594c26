#pragma once
/* What is remembered of a simulated year outside of all ledgers, which may be older than their own past: what was wrong, what came when,
 * and of which deadline it was told when that it is over. */
#include "tests/year/world.h"

enum { FINDINGS_SHOWN = 40, TOLD_SLOTS = 1 << 19 };

static uint64_t findings;

static inline void find(const char *format, ...) PRINTF_LIKE(1, 2);
static inline void find(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	if (findings++ < FINDINGS_SHOWN) {
		printf("  WRONG  ");
		vprintf(format, arguments);
		printf("\n");
	}
	va_end(arguments);
}

/* ── what was told ────────────────────────────────────────────────────────────────────────────────── */

/* That something is over, by whom, of which request, what, until when, or that a message is there; and when that was told. */
static struct told {
	uint64_t name;
	int64_t at;
} told[TOLD_SLOTS];
static uint64_t told_count;

static inline uint64_t name_of(const char *office, const char *request_id, const char *what, const char *until)
{
	uint64_t hash = 14695981039346656037U;
	const char *const parts[] = { office, request_id, what, until };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		for (const char *at = parts[i]; ; at++) {
			hash = (hash ^ (uint8_t)*at) * 1099511628211U;
			if (!*at)
				break;
		}
	return hash ? hash : 1;
}

static inline struct told *slot_of(uint64_t name)
{
	size_t at = name % TOLD_SLOTS;
	while (told[at].name && told[at].name != name)
		at = (at + 1) % TOLD_SLOTS;
	return &told[at];
}

/* True: it was not noted before. */
static inline bool note(uint64_t name, int64_t at)
{
	static size_t used;
	struct told *slot = slot_of(name);
	bool is_new = !slot->name;
	used += is_new;
	assert_true(used < TOLD_SLOTS / 4 * 3);
	*slot = (struct told){ name, at };
	return is_new;
}

/* The first time counts: an authority that forgot it and is told again by its counterpart knows no later for that. */
static inline void note_arrival(const char *office, const char *message_id)
{
	uint64_t name = name_of(office, message_id, "arrival", "");
	if (!slot_of(name)->name)
		note(name, now);
}

static inline void hear_event(const struct office *office, const Comity__Event *event)
{
	if (!event || strcmp(event->type, EVENT_REQUEST_DEADLINE) || strncmp(event->data->text, "overdue", 7))
		return;
	uint64_t name = name_of(office->id, event->data->request_id, event->data->reason, event->data->until);
	int64_t at;
	assert_true(stamp_read(event->time, &at));
	if (!slot_of(name)->name || slot_of(name)->at >= office->restored_at)	/* else it is told a second time by who has forgotten the first */
		told_count += note(name, at);
}

static inline void hear_events(struct office *office)
{
	READING(&office->ledger, txn);
	uint64_t last = events_last(&txn);
	while (office->events_seen < last) {
		hear_event(office, events_find(&txn, office->id, ++office->events_seen, &office->ledger.arena));
		arena_reset(&office->ledger.arena);
	}
	txn_abort(&txn);
}
