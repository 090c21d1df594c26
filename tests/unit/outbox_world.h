#pragma once
/* A world around an outbox: a real store and real signatures; the scribe, the line and the peers are the test's own. */
#include "tests/unit/authorities.h"
#include "tests/unit/vaults.h"

#include "daemon/ledger/chain.h"
#include "daemon/ledger/hold.h"
#include "daemon/desks/outbox.h"
#include "daemon/desks/outbox_parts.h"
#include "daemon/line/peers.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define US "xf-ca"
#define THEM "xs-ca"
#define URGENCY(name) COMITY__URGENCY__VALUE__##name
#define EACH_PER_MANIFEST 512

struct sent {
	struct manifest manifest;
	struct manifest_entry entries[EACH_PER_MANIFEST];
};

static struct world {
	struct authority us;
	struct scratch scratch;
	struct store *store;
	struct outbox *outbox;
	struct arena arena;
	struct job *jobs[16];		/* added to the scribe */
	size_t n_jobs;
	bool is_up;
	bool is_congested;		/* the line says so */
	struct sent sent[64];		/* what was given to the line */
	size_t n_sent;
	uint64_t number;		/* of the last message */
	enum fault ended_for;		/* the line */
} world;

static int64_t world_time;		/* seconds since 1970 */

static inline int64_t world_clock(void)
{
	return world_time * STAMP_SECOND;
}

/* ── the rooms below ──────────────────────────────────────────────────────────────────────────── */

static struct link *const line = (struct link *)&world;

const char *link_peer(const struct link *link)   { (void)link; return THEM; }
uint64_t link_id(const struct link *link)        { (void)link; return 7; }
bool link_is_congested(const struct link *link)  { (void)link; return world.is_congested; }
struct link *peers_find_link_by_id(struct peers *peers, uint64_t id) { (void)peers; return id == 7 && world.is_up ? line : NULL; }
void scribe_add(struct scribe *scribe, struct job *job) { (void)scribe; world.jobs[world.n_jobs++] = job; }

void link_send_manifest(struct link *link, const struct signed_manifest *manifest)
{
	(void)link;
	struct arena arena;
	struct sent *sent = &world.sent[world.n_sent++];
	assert_true(world.n_sent < ARRAY_LEN(world.sent));
	arena_init(&arena, 4 << 20);
	assert_ok(manifest_read(manifest->text, &arena, &sent->manifest));
	memcpy(sent->entries, sent->manifest.entries, sent->manifest.count * sizeof *sent->entries);
	arena_clear(&arena);
}

void link_close(struct link *link, enum fault why, const char *text)
{
	(void)link, (void)text;
	world.ended_for = why;
	world.is_up = false;
}

/* ── a world ──────────────────────────────────────────────────────────────────────────────────── */

static inline int open_world(void **state)
{
	(void)state;
	world = (struct world){ .us = authority_new(US) };
	world_time = NOON;
	stamp_clock = world_clock;
	scratch_new(&world.scratch);
	assert_ok(store_create(scratch_path(&world.scratch, "store")));
	assert_ok(store_open_unlocked(world.scratch.path, 256 << 20, &world.store));
	assert_ok(outbox_open(world.store, world.us.identity, &world.outbox));
	arena_init(&world.arena, UNPACK_ARENA);
	return 0;
}

static inline int close_world(void **state)
{
	(void)state;
	outbox_close(world.outbox);
	store_close(world.store);
	arena_clear(&world.arena);
	scratch_remove(&world.scratch);
	authority_free(&world.us);
	return 0;
}

/* The scribe's batch: what was added to it, then what `write` does, then the forming. */
static inline void batch(void (*write)(struct txn *txn, const void *what), const void *what)
{
	struct txn txn;
	size_t count = world.n_jobs;
	assert_ok(txn_begin(world.store, TXN_WRITE, &txn));
	for (size_t i = 0; i < count; i++)
		assert_ok(world.jobs[i]->write(&txn, world.jobs[i]));
	if (write)
		write(&txn, what);
	outbox_form(world.outbox, &txn);
	assert_ok(txn_commit(&txn));
	world.n_jobs = 0;
	for (size_t i = 0; i < count; i++)
		world.jobs[i]->done(world.jobs[i], OK);
	outbox_settled(world.outbox, NULL, OK);
}

static inline void settle(void)
{
	do
		batch(NULL, NULL);
	while (world.n_jobs);
}

static inline void come_up(uint64_t they_have)
{
	struct position position = { .number = they_have };
	world.is_up = true;
	assert_ok(outbox_greeted(world.outbox, THEM, &position));
	outbox_opened(world.outbox, line);
}

static inline void confirm(uint64_t number)
{
	struct position position = { .number = number };
	outbox_confirmed(world.outbox, line, &position);
}

struct said {
	unsigned request;		/* which */
	Comity__Urgency__Value urgency;
	size_t size;
	char id[UUID_TEXT_SIZE];
};

static inline const char *request_id(unsigned request)
{
	static char id[UUID_TEXT_SIZE];
	snprintf(id, sizeof id, "0192f3c1-7d0e-7c3a-9a54-%012u", request);
	return id;
}

/* As casework does it. */
static inline void write_said(struct txn *txn, const void *what)
{
	struct said *said = (struct said *)what;
	uint8_t sha256[DIGEST_SIZE] = { 1 };
	Comity__MessageState message = COMITY__MESSAGE_STATE__INIT;
	uuid_new(said->id);
	message.has_number = message.has_size = message.has_sha256 = message.has_urgency = message.has_transport = 1;
	message.number = txn_next(txn, "messages");
	message.message_id = said->id;
	message.from = (char *)US;
	message.to = (char *)THEM;
	message.request_id = (char *)request_id(said->request);
	message.size = said->size ? said->size : 1000;
	message.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, sha256 };
	message.transport = COMITY__TRANSPORT__VALUE__QUEUED;
	message.urgency = said->urgency;
	struct key key = key_of_message(US, said->id), filed = key_of_uuid(message.request_id);
	txn_put(txn, TABLE_MESSAGES, key_span(&key), span_of_text("the bytes"));
	record_keep(txn, TABLE_SEEN, key_span(&key), &message.base);
	key_u64(&filed, message.number);
	txn_put(txn, TABLE_CASE_MESSAGES, key_span(&filed), key_span(&key));
	outbox_add(world.outbox, txn, &message);
}

static inline struct said say(unsigned request, Comity__Urgency__Value urgency)
{
	struct said said = { .request = request, .urgency = urgency };
	batch(write_said, &said);
	return said;
}

static inline struct said say_much(unsigned request, Comity__Urgency__Value urgency, size_t size)
{
	struct said said = { .request = request, .urgency = urgency, .size = size };
	batch(write_said, &said);
	return said;
}

/* The place of a message among all that was sent; -1 when it was not. */
static inline long place_of(const struct said *said)
{
	for (size_t i = 0; i < world.n_sent; i++)
		for (size_t k = 0; k < world.sent[i].manifest.count; k++)
			if (!strcmp(world.sent[i].entries[k].message_id, said->id))
				return (long)(i * EACH_PER_MANIFEST + k);
	return -1;
}

#define assert_order(first, second) assert_in_range(place_of(first), 0, place_of(second) - 1)

static inline struct position our_head(void)
{
	struct txn txn;
	assert_ok(txn_begin(world.store, TXN_READ, &txn));
	struct position head = chain_head(&txn, THEM, DIRECTION_OURS);
	txn_abort(&txn);
	return head;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
