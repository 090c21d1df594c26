#include "daemon/ledger/intake.h"

#include <stdio.h>

#include "daemon/ledger/events.h"
#include "daemon/ledger/record.h"
#include "proto/fault.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define HOUR (3600 * (int64_t)STAMP_SECOND)

static struct key key_of_intake(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, "intake");
	key_text(&key, peer);
	return key;
}

/* Bring the hours up to now: the newest stands first. */
static void roll(Comity__Intake *intake, int64_t hour)
{
	uint64_t rolled[INTAKE_HOURS] = { 0 };
	int64_t passed = hour > intake->hour ? hour - intake->hour : 0;
	for (size_t i = 0; i < intake->n_messages && passed < INTAKE_HOURS && i + (size_t)passed < INTAKE_HOURS; i++)
		rolled[i + (size_t)passed] = intake->messages[i];
	intake->has_hour = 1;
	intake->hour = hour;
	for (size_t i = 0; i < INTAKE_HOURS; i++)
		intake->messages[i] = rolled[i];
	intake->n_messages = INTAKE_HOURS;
}

/* The peer's record in the arena, its hours in `messages`; an empty one when there is none.  False: a fault. */
static bool load(struct txn *txn, const char *peer, int64_t now, struct arena *arena, Comity__Intake *intake,
	uint64_t messages[INTAKE_HOURS])
{
	struct key key = key_of_intake(peer);
	const Comity__Intake *held = record_find(txn, TABLE_META, key_span(&key), &comity__intake__descriptor, arena);
	*intake = held ? *held : (Comity__Intake)COMITY__INTAKE__INIT;
	intake->n_messages = intake->n_messages < INTAKE_HOURS ? intake->n_messages : INTAKE_HOURS;
	for (size_t i = 0; i < intake->n_messages; i++)
		messages[i] = held->messages[i];
	intake->messages = messages;
	roll(intake, now / HOUR);
	return !txn->fault;
}

static void keep(struct txn *txn, const char *peer, const Comity__Intake *intake)
{
	struct key key = key_of_intake(peer);
	record_keep(txn, TABLE_META, key_span(&key), &intake->base);
}

struct intake intake_find(struct txn *txn, const char *peer, int64_t now)
{
	struct intake found = { 0 };
	struct arena arena;
	Comity__Intake intake;
	uint64_t messages[INTAKE_HOURS];
	arena_init(&arena, UNPACK_ARENA);
	if (load(txn, peer, now, &arena, &intake, messages)) {
		for (size_t i = 0; i < INTAKE_HOURS; i++)
			found.messages += messages[i];
		snprintf(found.over_since, sizeof found.over_since, "%s", intake.over_since ? intake.over_since : "");
	}
	arena_clear(&arena);
	return found;
}

void intake_add(struct txn *txn, const char *peer, int64_t now, uint64_t count)
{
	struct arena arena;
	Comity__Intake intake;
	uint64_t messages[INTAKE_HOURS];
	arena_init(&arena, UNPACK_ARENA);
	if (load(txn, peer, now, &arena, &intake, messages)) {
		messages[0] += count;
		keep(txn, peer, &intake);
	}
	arena_clear(&arena);
}

static void tell(struct txn *txn, const char *peer, bool is_over, const char *detail)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.axis = "transport";
	data.peer = (char *)peer;
	data.reason = is_over ? (char *)fault_slug(FAULT_MESSAGE_QUOTA) : NULL;
	data.text = (char *)detail;
	events_append(txn, is_over ? EVENT_PEER_OVER_QUOTA : EVENT_PEER_IN_QUOTA, peer, &data);
}

void intake_judge(struct txn *txn, const char *peer, int64_t now, bool is_over, const char *detail)
{
	struct arena arena;
	Comity__Intake intake;
	uint64_t messages[INTAKE_HOURS];
	char stamp[STAMP_SIZE];
	arena_init(&arena, UNPACK_ARENA);
	if (load(txn, peer, now, &arena, &intake, messages) && is_over != (intake.over_since != NULL)) {
		stamp_write(stamp, now);
		intake.over_since = is_over ? stamp : NULL;
		keep(txn, peer, &intake);
		tell(txn, peer, is_over, detail);
	}
	arena_clear(&arena);
}
