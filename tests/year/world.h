#pragma once
/* The world of a simulated year: authorities with a real ledger each, and between every two a line that is down now and then,
 * brings some messages twice, and is late.  The clock is turned by the simulation. */
#include "tests/unit/ledgers.h"
#include "tests/unit/filled_acts.h"

#include "daemon/desks/vigil.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/directory.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/uuid.h"
#include "proto/yaml.h"

enum { AUTHORITIES_MAX = 40, ID_SIZE = 16, OFFICER = 1007 };

/* What is on its way from one to another, the oldest first. */
struct queue {
	char (*ids)[UUID_TEXT_SIZE];
	size_t first, count, room;
};

struct office {
	char id[ID_SIZE];
	size_t index;
	struct ledger ledger;
	struct casework casework;
	struct vigil *vigil;
	uint64_t events_seen;
	struct queue to[AUTHORITIES_MAX];
};

/* Zones that never change their clocks, so that the judge can do without the product's own reckoning. */
static const struct { const char *name; int minutes; } zones[] = {
	{ "Etc/UTC", 0 }, { "Asia/Tokyo", 540 }, { "Asia/Kolkata", 330 }, { "America/Bogota", -300 }, { "Africa/Nairobi", 180 },
	{ "Pacific/Kiritimati", 840 }, { "Pacific/Pago_Pago", -660 },
};

static struct office offices[AUTHORITIES_MAX];
static size_t n_offices;
static int64_t now;
static struct { uint64_t messages, repeats, refused, restarts, looks, downs, destroyed, loose_sent, loose_arrived; } counts;

static inline int64_t tell_now(void) { return now; }

static inline int zone_minutes(const char *id)
{
	for (size_t i = 0; i < n_offices; i++)
		if (!strcmp(offices[i].id, id))
			return zones[i % ARRAY_LEN(zones)].minutes;
	fail_msg("there is no %s", id);
	return 0;
}

/* ── chance: the seed decides everything ──────────────────────────────────────────────────────────── */

static uint64_t chance_state;

static inline uint32_t chance(uint32_t below)
{
	uint64_t mixed = chance_state += 0x9e3779b97f4a7c15;	/* splitmix64 */
	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((mixed ^ mixed >> 31) % below);
}

static inline bool happens(uint32_t per_cent) { return chance(100) < per_cent; }

/* ── an authority ─────────────────────────────────────────────────────────────────────────────────── */

static inline void enqueue(struct queue *queue, const char *id)
{
	if (queue->count == queue->room) {
		queue->room = queue->room ? 2 * queue->room : 64;
		queue->ids = realloc(queue->ids, queue->room * sizeof *queue->ids);
		assert_non_null(queue->ids);
	}
	snprintf(queue->ids[queue->count++], UUID_TEXT_SIZE, "%s", id);
}

static inline struct office *office_of(const char *id)
{
	for (size_t i = 0; i < n_offices; i++)
		if (!strcmp(offices[i].id, id))
			return &offices[i];
	fail_msg("there is no %s", id);
	return NULL;
}

static inline void on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state)
{
	struct office *office = owner;
	(void)txn;
	enqueue(&office->to[office_of(state->to)->index], state->message_id);
}

static inline void introduce(struct txn *txn, const char *id, const char *zone, bool is_peer)
{
	Comity__Hours hours = COMITY__HOURS__INIT;
	Comity__Profile profile = COMITY__PROFILE__INIT;
	Comity__DirectoryEntry entry = COMITY__DIRECTORY_ENTRY__INIT;
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer(id);
	hours.time_zone = (char *)zone;
	profile.authority = peer.authority = (char *)id;
	profile.hours = &hours;
	entry.authority = (char *)id;
	entry.profile = &profile;
	directory_keep(txn, &entry);
	peer.has_standing = 1;
	peer.standing = COMITY__STANDING__VALUE__VERIFIED;
	if (is_peer)
		record_keep(txn, TABLE_PEERS, key_span(&key), &peer.base);
}

static inline void office_open(struct office *office)
{
	struct vigil_rooms rooms = { .casework = &office->casework, .silence_ms = INT64_C(30) * 86400 * 1000, .remind_ms = INT64_C(14) * 86400 * 1000,
		.deadlines = { .seconds = { 21 * 86400, 7 * 86400, 2 * 86400 }, .count = 3 } };
	office->casework = (struct casework){ .own_id = office->id, .reference_pattern = "{authority}-{year}-{number}",
		.answers_enquiries = office->index % 2, .submitted = on_submitted, .owner = office };
	assert_ok(store_open_unlocked(scratch_path(&office->ledger.scratch, "store"), (size_t)2 << 30, &office->ledger.store));
	assert_ok(vigil_open(&rooms, &office->vigil));
}

/* The disk is not what is looked at, and waiting for it would take most of the year. */
static inline void scratch_in_memory(struct scratch *scratch)
{
	strcpy(scratch->dir, "/dev/shm/comity-year-XXXXXX");
	if (!mkdtemp(scratch->dir))
		scratch_new(scratch);
}

static inline void office_create(struct office *office, size_t index)
{
	office->index = index;
	snprintf(office->id, sizeof office->id, "x%c%c-ca", (char)('a' + index / 26), (char)('a' + index % 26));
	scratch_in_memory(&office->ledger.scratch);
	assert_ok(store_create(scratch_path(&office->ledger.scratch, "store")));
	arena_init(&office->ledger.arena, 256 << 20);
	office_open(office);
}

/* As after SIGKILL: what was committed is there. */
static inline void office_restart(struct office *office)
{
	vigil_close(office->vigil);
	store_close(office->ledger.store);
	office_open(office);
	counts.restarts++;
}

static inline void office_close(struct office *office)
{
	vigil_close(office->vigil);
	for (size_t i = 0; i < n_offices; i++)
		free(office->to[i].ids);
	ledger_close(&office->ledger);
}

static inline void world_create(size_t count)
{
	for (n_offices = 0; n_offices < count; n_offices++)
		office_create(&offices[n_offices], n_offices);
	for (size_t i = 0; i < count; i++) {
		WRITING(&offices[i].ledger, txn);
		for (size_t j = 0; j < count; j++)
			introduce(&txn, offices[j].id, zones[j % ARRAY_LEN(zones)].name, i != j);
		assert_ok(ledger_end(&txn, OK));
	}
}

static inline Comity__Case *case_of(struct office *office, const char *request_id)
{
	Comity__Case *kase = NULL;
	READING(&office->ledger, txn);
	enum fault fault = casework_find(&txn, request_id, &office->ledger.arena, &kase);
	txn_abort(&txn);
	return fault ? NULL : kase;
}

/* ── the line ─────────────────────────────────────────────────────────────────────────────────────── */

static inline Comity__Message *message_of(struct office *office, const char *id)
{
	struct key key = key_of_message(office->id, id);
	struct span raw;
	ProtobufCMessage *message;
	READING(&office->ledger, txn);
	assert_true(txn_get(&txn, TABLE_MESSAGES, key_span(&key), &raw));
	assert_ok(unpack(&comity__message__descriptor, raw, &office->ledger.arena, FAULT_BAD_DOCUMENT, &message));
	txn_abort(&txn);
	return (Comity__Message *)message;
}

static inline void keep_arrived(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, enum fault fault)
{
	struct key key = key_of_message(message->from, message->message_id);
	struct bytes raw = { 0 };
	state->transport = fault ? COMITY__TRANSPORT__VALUE__REJECTED : COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
	state->reason = fault ? (char *)fault_slug(fault) : NULL;
	assert_ok(pack(&message->base, &raw));
	txn_put(txn, TABLE_MESSAGES, key_span(&key), span_of(&raw));
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
	bytes_clear(&raw);
}

/* As the inbox does it: what is refused is kept, and nothing else of it is.  Again is what came before. */
static inline enum fault arrive(struct office *office, const Comity__Message *message)
{
	char arrived_at[STAMP_SIZE];
	struct key key = key_of_message(message->from, message->message_id);
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	WRITING(&office->ledger, txn);
	const Comity__MessageState *before = record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &office->ledger.arena);
	if (before) {
		counts.repeats++;
		txn_abort(&txn);
		return before->reason ? FAULT_STATUS_TRANSITION : OK;
	}
	stamp_now(arrived_at);
	state.has_number = state.has_transport = 1;
	state.number = txn_next(&txn, "messages");
	state.message_id = message->message_id;
	state.from = message->from;
	state.to = message->to;
	state.request_id = message->request_id;
	state.arrived_at = arrived_at;
	enum fault fault = casework_receive(&office->casework, &txn, message, &state, &office->ledger.arena);
	assert_true(!fault || fault_remedy(fault) == REMEDY_REFUSE);
	counts.refused += fault != OK;
	keep_arrived(&txn, message, &state, fault);
	counts.loose_arrived += !fault && !message->request_id;
	assert_ok(ledger_end(&txn, OK));
	return fault;
}

static inline void receipt(struct office *office, const char *id, enum fault fault)
{
	char delivered_at[STAMP_SIZE];
	struct key key = key_of_message(office->id, id);
	WRITING(&office->ledger, txn);
	Comity__MessageState *state = record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &office->ledger.arena);
	assert_non_null(state);
	stamp_now(delivered_at);
	state->transport = fault ? COMITY__TRANSPORT__VALUE__REFUSED : COMITY__TRANSPORT__VALUE__COMPLETE;
	state->reason = fault ? (char *)fault_slug(fault) : NULL;
	state->delivered_at = delivered_at;
	record_keep(&txn, TABLE_SEEN, key_span(&key), &state->base);
	if (fault)
		casework_refused(&office->casework, &txn, state, &office->ledger.arena);
	assert_ok(ledger_end(&txn, OK));
}

static const char *mutation;

static inline bool is_mutation(const char *name) { return mutation && !strcmp(mutation, name); }

/* In order, until the line breaks behind a message whose receipt is lost: it comes again. */
static inline void carry(struct office *from, struct office *to, bool is_sure)
{
	struct queue *queue = &from->to[to->index];
	while (queue->first < queue->count) {
		const char *id = queue->ids[queue->first];
		Comity__Message *message = message_of(from, id);
		bool is_dropped = is_mutation("drop") && !is_sure && message->acts[0]->kind_case == KIND(STATUS_UPDATE) && happens(5);
		enum fault fault = is_dropped ? OK : arrive(to, message);
		if (!is_sure && happens(5))
			return;
		receipt(from, id, fault);
		counts.messages++;
		queue->first++;
		arena_reset(&from->ledger.arena);
		arena_reset(&to->ledger.arena);
	}
	queue->first = queue->count = 0;
}

static inline bool is_quiet(void)
{
	for (size_t i = 0; i < n_offices; i++)
		for (size_t j = 0; j < n_offices; j++)
			if (offices[i].to[j].count)
				return false;
	return true;
}

static inline void carry_all(bool is_sure)
{
	for (size_t i = 0; i < n_offices; i++)
		for (size_t j = 0; j < n_offices; j++) {
			bool is_down = !is_sure && happens(30);
			counts.downs += is_down && offices[i].to[j].count;
			if (!is_down && offices[i].to[j].count)
				carry(&offices[i], &offices[j], is_sure);
		}
}
