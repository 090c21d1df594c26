#pragma once
/* For tests of the registry: a real store and real cards, and the room below faked.  Includes first what cmocka.h
 * wants included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "daemon/ledger/events.h"
#include "tests/unit/vaults.h"
#include "daemon/line/peers.h"
#include "daemon/desks/registry.h"
#include "proto/stamp.h"

/* ── the room below, as far as the registry calls it ─────────────────────────────────────────────── */

static struct {
	char set[AUTHORITY_ID_SIZE], removed[AUTHORITY_ID_SIZE];
	enum fault why;
	size_t endpoint_count;
} lines;

enum fault peers_set(struct peers *peers, const char *id, const char *const *endpoints, size_t count)
{
	(void)peers, (void)endpoints;
	snprintf(lines.set, sizeof lines.set, "%s", id);
	lines.removed[0] = '\0';
	lines.endpoint_count = count;
	return OK;
}

void peers_remove(struct peers *peers, const char *id, enum fault why)
{
	(void)peers;
	snprintf(lines.removed, sizeof lines.removed, "%s", id);
	lines.set[0] = '\0';
	lines.why = why;
}

static unsigned judged;

void peers_judge_again(struct peers *peers, const char *id)
{
	(void)peers;
	assert_string_equal(id, "xs-ca");
	judged++;
}

/* ── a world ─────────────────────────────────────────────────────────────────────────────────────── */

enum { UID = 1007 };

static int64_t now = INT64_C(1795000000) * STAMP_SECOND;

static inline int64_t turned_clock(void)
{
	return now;
}

/* Put into each card from now on. */
static struct span card_lists[ROLE_COUNT];

struct world {
	char dir[64];
	uv_loop_t loop;
	struct store *store;
	struct scribe *scribe;
	struct trust *trust;
	struct identity *us, *them, *impostor;
	struct registry *registry;
	struct bytes signer_bytes;
	struct arena arena;
};

static inline struct identity *authority(const struct world *world, const char *dir, const char *id)
{
	char path[128];
	struct identity *identity;
	snprintf(path, sizeof path, "%s/%s", world->dir, dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(identity_create(path, id, "Central Authority", now / STAMP_SECOND), OK);
	assert_int_equal(identity_load(path, &identity), OK);
	return identity;
}

static inline void on_signer(void *owner, const char *peer, struct span certificate)
{
	struct world *world = owner;
	assert_string_equal(peer, "xs-ca");
	bytes_clear(&world->signer_bytes);
	if (certificate.len)
		assert_int_equal(bytes_append(&world->signer_bytes, certificate), OK);
}

static inline int open_world(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	char path[128];
	stamp_clock = turned_clock;
	memset(&lines, 0, sizeof lines);
	memset(card_lists, 0, sizeof card_lists);
	judged = 0;
	snprintf(world->dir, sizeof world->dir, "/tmp/comity-registry-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->us = authority(world, "us", "xf-ca");
	world->them = authority(world, "them", "xs-ca");
	world->impostor = authority(world, "impostor", "xs-ca");
	world->trust = trust_new();
	snprintf(path, sizeof path, "%s/store", world->dir);
	assert_int_equal(store_create(path), OK);
	assert_int_equal(store_open_unlocked(path, 16 << 20, &world->store), OK);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_int_equal(scribe_open(&world->loop, world->store, NULL, NULL, &world->scribe), OK);
	arena_init(&world->arena, 16 << 20);
	struct registry_rooms rooms = {
		.store = world->store, .scribe = world->scribe, .trust = world->trust, .identity = world->us,
		.signer = on_signer, .owner = world,
	};
	assert_int_equal(registry_open(&rooms, &world->registry), OK);
	*state = world;
	return 0;
}

static inline int close_world(void **state)
{
	struct world *world = *state;
	char command[128];
	scribe_close(world->scribe, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	registry_close(world->registry);
	store_close(world->store);
	trust_free(world->trust);
	identity_free(world->us);
	identity_free(world->them);
	identity_free(world->impostor);
	bytes_clear(&world->signer_bytes);
	arena_clear(&world->arena);
	snprintf(command, sizeof command, "rm -r %s", world->dir);
	assert_int_equal(system(command), 0);
	free(world);
	stamp_clock = stamp_system_clock;
	return 0;
}

/* A transaction must not move: it is begun where it lives. */
#define WITHIN(world, txn) \
	struct txn txn; \
	assert_int_equal(txn_begin((world)->store, TXN_WRITE, &txn), OK)

static inline char *card_of(struct world *world, const struct identity *identity, uint32_t serial)
{
	static const char *const endpoints[] = { "mla.xs.example:7443" }, *const languages[] = { "fr", "en" };
	struct card card = {
		.name = "Central Authority of Sylvania", .serial = serial, .issued_at = now / STAMP_SECOND,
		.endpoints = endpoints, .endpoint_count = 1, .languages = languages, .language_count = 2,
	};
	struct bytes text = { 0 };
	memcpy(card.revocations, card_lists, sizeof card_lists);
	assert_int_equal(card_write(identity, &card, &text), OK);
	char *copy = arena_text(&world->arena, span_of(&text));
	bytes_clear(&text);
	return copy;
}

static inline enum fault add(struct world *world, const char *card)
{
	Comity__Peer *peer;
	WITHIN(world, txn);
	enum fault fault = registry_add(world->registry, &txn, span_of_text(card), UID, &world->arena, &peer);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	registry_apply(world->registry, "xs-ca");
	return fault;
}

static inline Comity__Peer *find(struct world *world, const char *id)
{
	struct txn txn;
	Comity__Peer *peer;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	enum fault fault = registry_find(&txn, id, &world->arena, &peer);
	txn_abort(&txn);
	assert_true(fault == OK || fault == FAULT_PEER_UNKNOWN);
	return peer;
}

static inline enum fault verify(struct world *world, const char *heard, bool confirmed, Comity__PeerVerified *verified)
{
	Comity__Verification record = COMITY__VERIFICATION__INIT;
	Comity__PeerVerify call = COMITY__PEER_VERIFY__INIT;
	record.spoke_with = "Frau A. Beispiel";
	call.peer = "XS-CA";
	call.heard = (char *)heard;
	call.confirmed = confirmed;
	call.record = &record;
	comity__peer_verified__init(verified);
	WITHIN(world, txn);
	enum fault fault = registry_verify(world->registry, &txn, &call, UID, &world->arena, verified);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	registry_apply(world->registry, "xs-ca");
	return fault;
}

static inline void make_verified_as(struct world *world)
{
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE];
	identity_digits(digits, identity_pin(world->them));
	assert_int_equal(verify(world, digits, true, &verified), OK);
}

static inline void make_verified(struct world *world)
{
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	make_verified_as(world);
}

static inline Comity__Event *last_event(struct world *world)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	Comity__Event *event = events_find(&txn, "xf-ca", events_last(&txn), &world->arena);
	txn_abort(&txn);
	return event;
}

typedef enum fault peer_act(const struct registry *, struct txn *, const char *, uint32_t, struct arena *, Comity__Peer **);

static inline enum fault do_act(struct world *world, peer_act *act, const char *id)
{
	Comity__Peer *peer;
	WITHIN(world, txn);
	enum fault fault = act(world->registry, &txn, id, UID, &world->arena, &peer);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	registry_apply(world->registry, "xs-ca");
	return fault;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
