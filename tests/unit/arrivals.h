#pragma once
/* An inbox with everything below it real but the line: what Sylvania signs in its own ledger arrives in Freedonia's. */
#include "tests/unit/correspondence.h"
#include "tests/unit/fake_links.h"

#include "daemon/desks/inbox.h"
#include "daemon/log.h"
#include "proto/unpack.h"

enum { MESSAGES_MAX = 4 };

struct world {
	struct ledger ours, theirs;
	uv_loop_t loop;
	struct scribe *scribe;
	struct inbox *inbox;
	struct link *link;
	/* what the rooms above say and hear */
	enum fault verdict;			/* of casework */
	unsigned arrived, receipted, kept, broken;
	enum fault broken_why;
	char broken_peer[40];
};

/* Messages and the manifest that brings them, as on the line; in the arena of their ledger. */
struct bundle {
	struct span messages[MESSAGES_MAX];
	struct signed_manifest manifest;
};

static inline enum fault hear_arrived(void *owner, struct txn *txn, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena)
{
	struct world *world = owner;
	(void)txn, (void)arena;
	world->arrived++;
	state->attachments = state->attachments_missing = (uint32_t)message->n_attachments;
	return world->verdict ? fault_say(world->verdict, "as the test wants it") : OK;
}

static inline void hear_receipted(void *owner, struct txn *txn, const struct manifest *manifest)
{
	struct world *world = owner;
	(void)txn, (void)manifest;
	world->receipted++;
}

static inline void hear_kept(void *owner, struct link *link)
{
	struct world *world = owner;
	assert_true(link->is_open);
	world->kept++;
}

static inline void hear_broken(void *owner, const char *peer, enum fault why, const char *detail)
{
	struct world *world = owner;
	assert_true(*detail);
	world->broken++;
	world->broken_why = why;
	snprintf(world->broken_peer, sizeof world->broken_peer, "%s", peer);
}

static const struct inbox_listener inbox_listener = { hear_arrived, hear_receipted, hear_kept, hear_broken, NULL, NULL, NULL };

static inline int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	log_set_level(LEVEL_BROKEN);
	ledger_open(&world->ours);
	ledger_open(&world->theirs);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_ok(scribe_open(&world->loop, world->ours.store, NULL, NULL, &world->scribe));
	assert_ok(inbox_open(world->scribe, freedonia.identity, &inbox_listener, world, NULL, &world->inbox));
	assert_ok(inbox_set_signer(world->inbox, "xs-ca", identity_certificate(sylvania.identity, ROLE_SIGNING)));
	world->link = fake_link_open(7, "xs-ca");
	*state = world;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;
	scribe_close(world->scribe, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	inbox_close(world->inbox);
	fake_link_free(world->link);
	ledger_close(&world->ours);
	ledger_close(&world->theirs);
	free(world);
	return 0;
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* ── what they say ────────────────────────────────────────────────────────────────────────────── */

static char one[] = "019aafd8-1c2e-7000-8000-000000000001", two[] = "019aafd8-1c2e-7000-8000-000000000002";

static inline struct span message_of(struct world *world, const char *from, const char *to, const char *id, const char *words)
{
	Comity__Message message = COMITY__MESSAGE__INIT;
	struct bytes raw = { 0 };
	message.from = (char *)from;
	message.to = (char *)to;
	message.message_id = (char *)id;
	message.text = (char *)words;
	assert_ok(pack(&message.base, &raw));
	ProtobufCBinaryData copy = record_bytes(&world->theirs.arena, span_of(&raw));
	bytes_clear(&raw);
	return span_of_binary(copy);
}

/* A dispatch of `count` messages under these ids, signed and next on their chain to `to`. */
static inline struct bundle bundle_of(struct world *world, const char *to, const struct span *messages, const char *const *ids,
	size_t count)
{
	struct bundle bundle = { 0 };
	struct manifest_entry entries[MESSAGES_MAX] = { 0 };
	for (size_t i = 0; i < count; i++) {
		bundle.messages[i] = messages[i];
		digest_of(entries[i].sha256, messages[i]);
		snprintf(entries[i].message_id, UUID_TEXT_SIZE, "%s", ids[i]);
	}
	WRITING(&world->theirs, txn);
	uint64_t number = chain_append(&txn, sylvania.identity, to, PURPOSE_DISPATCH, entries, count);
	const Comity__StoredManifest *held = chain_find(&txn, to, DIRECTION_OURS, number, &world->theirs.arena);
	bundle.manifest.text = span_of_binary(held->text);
	bundle.manifest.signature = span_of_binary(held->signature);
	bundle.manifest.message_count = count;
	assert_ok(ledger_end(&txn, OK));
	return bundle;
}

/* One message in a manifest of its own. */
static inline struct bundle say_one(struct world *world, const char *id, const char *words)
{
	struct span message = message_of(world, "xs-ca", "xf-ca", id, words);
	return bundle_of(world, "xf-ca", &message, &id, 1);
}

static inline void hear_only(struct world *world, struct bundle *bundle)
{
	bundle->manifest.messages = bundle->messages;
	inbox_hear(world->inbox, world->link, &bundle->manifest);
}

/* Hear it, and wait until it is on disk or refused. */
static inline void take_in(struct world *world, struct bundle *bundle)
{
	hear_only(world, bundle);
	uv_run(&world->loop, UV_RUN_DEFAULT);
}

/* ── what is in our ledger then ───────────────────────────────────────────────────────────────── */

static inline const Comity__MessageState *seen(struct world *world, const char *from, const char *id)
{
	struct key key = key_of_message(from, id);
	READING(&world->ours, txn);
	Comity__MessageState *state =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &world->ours.arena);
	txn_abort(&txn);
	return state;
}

static inline bool is_kept(struct world *world, const char *from, const char *id, struct span bytes)
{
	struct key key = key_of_message(from, id);
	struct span raw;
	READING(&world->ours, txn);
	bool is_there = txn_get(&txn, TABLE_MESSAGES, key_span(&key), &raw) && span_equal(raw, bytes);
	txn_abort(&txn);
	return is_there;
}

/* Our manifest of that number, parsed. */
static inline struct manifest receipt_of(struct world *world, uint64_t number)
{
	struct manifest manifest;
	const Comity__StoredManifest *stored = held(&world->ours, DIRECTION_OURS, number);
	assert_non_null(stored);
	assert_ok(manifest_read(span_of_binary(stored->text), &world->ours.arena, &manifest));
	assert_int_equal(manifest.purpose, PURPOSE_RECEIPT);
	return manifest;
}

/* Nothing of it is in the ledger, nothing was said but goodbye. */
static inline void assert_nothing_kept(struct world *world)
{
	READING(&world->ours, txn);
	assert_int_equal(txn_count(&txn, TABLE_MESSAGES) + txn_count(&txn, TABLE_SEEN) + txn_count(&txn, TABLE_MANIFESTS), 0);
	assert_int_equal(events_last(&txn), 0);
	txn_abort(&txn);
	assert_int_equal(world->link->confirms, 0);
	assert_int_equal(world->arrived, 0);
	assert_int_equal(world->kept, 0);
}
