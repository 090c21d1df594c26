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
#include "daemon/events.h"
#include "daemon/peers.h"
#include "daemon/registry.h"
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

/* ── a world ─────────────────────────────────────────────────────────────────────────────────────── */

enum { UID = 1007 };

static int64_t now = INT64_C(1795000000) * STAMP_SECOND;

static int64_t turned_clock(void)
{
	return now;
}

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

static struct identity *authority(const struct world *world, const char *dir, const char *id)
{
	char path[128];
	struct identity *identity;
	snprintf(path, sizeof path, "%s/%s", world->dir, dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(identity_create(path, id, "Central Authority", now / STAMP_SECOND), OK);
	assert_int_equal(identity_load(path, &identity), OK);
	return identity;
}

static void on_signer(void *owner, const char *peer, struct span certificate)
{
	struct world *world = owner;
	assert_string_equal(peer, "xs-ca");
	bytes_clear(&world->signer_bytes);
	if (certificate.len)
		assert_int_equal(bytes_append(&world->signer_bytes, certificate), OK);
}

static int open_world(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	char path[128];
	stamp_clock = turned_clock;
	memset(&lines, 0, sizeof lines);
	snprintf(world->dir, sizeof world->dir, "/tmp/comity-registry-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->us = authority(world, "us", "xf-ca");
	world->them = authority(world, "them", "xs-ca");
	world->impostor = authority(world, "impostor", "xs-ca");
	world->trust = trust_new();
	snprintf(path, sizeof path, "%s/store", world->dir);
	assert_int_equal(store_create(path), OK);
	assert_int_equal(store_open(path, 16 << 20, &world->store), OK);
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

static int close_world(void **state)
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

static char *card_of(struct world *world, const struct identity *identity, uint32_t serial)
{
	static const char *const endpoints[] = { "mla.xs.example:7443" }, *const languages[] = { "fr", "en" };
	struct card card = {
		.name = "Central Authority of Sylvania", .serial = serial, .issued_at = now / STAMP_SECOND,
		.endpoints = endpoints, .endpoint_count = 1, .languages = languages, .language_count = 2,
	};
	struct bytes text = { 0 };
	assert_int_equal(card_write(identity, &card, &text), OK);
	char *copy = arena_text(&world->arena, span_of(&text));
	bytes_clear(&text);
	return copy;
}

static enum fault add(struct world *world, const char *card)
{
	Comity__Peer *peer;
	WITHIN(world, txn);
	enum fault fault = registry_add(world->registry, &txn, span_of_text(card), UID, &world->arena, &peer);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	registry_apply(world->registry, "xs-ca");
	return fault;
}

static Comity__Peer *find(struct world *world, const char *id)
{
	struct txn txn;
	Comity__Peer *peer;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	enum fault fault = registry_find(&txn, id, &world->arena, &peer);
	txn_abort(&txn);
	assert_true(fault == OK || fault == FAULT_PEER_UNKNOWN);
	return peer;
}

static enum fault verify(struct world *world, const char *heard, bool confirmed, Comity__PeerVerified *verified)
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

static void make_verified(struct world *world)
{
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	identity_digits(digits, identity_spki(world->them));
	assert_int_equal(verify(world, digits, true, &verified), OK);
}

static Comity__Event *last_event(struct world *world)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	Comity__Event *event = events_find(&txn, "xf-ca", events_last(&txn), &world->arena);
	txn_abort(&txn);
	return event;
}

/* ── what is true ────────────────────────────────────────────────────────────────────────────────── */

static void a_card_makes_a_peer_known_and_nothing_more(void **state)
{
	struct world *world = *state;
	char digits[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	Comity__Peer *peer = find(world, "XS-ca");
	identity_digits(digits, identity_spki(world->them));
	assert_non_null(peer);
	assert_string_equal(peer->authority, "xs-ca");
	assert_string_equal(peer->name, "Central Authority of Sylvania");
	assert_string_equal(peer->digits, digits);
	assert_string_equal(peer->endpoints[0], "mla.xs.example:7443");
	assert_int_equal(peer->n_languages, 2);
	assert_int_equal(peer->standing, COMITY__STANDING__VALUE__UNVERIFIED);
	assert_string_equal(lines.removed, "xs-ca");
	assert_int_equal(lines.why, FAULT_PEER_UNVERIFIED);
	assert_int_equal(world->signer_bytes.len, 0);
}

static void each_act_has_its_event_with_who_did_it(void **state)
{
	struct world *world = *state;
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	Comity__Event *event = last_event(world);
	assert_string_equal(event->type, EVENT_PEER_ADDED);
	assert_string_equal(event->data->peer, "xs-ca");
	assert_int_equal(event->data->actor_uid, UID);
}

static void the_same_card_again_changes_nothing(void **state)
{
	struct world *world = *state;
	char *card = card_of(world, world->them, 1);
	assert_int_equal(add(world, card), OK);
	uint64_t before = last_event(world)->comityseq;
	assert_int_equal(add(world, card), OK);
	assert_int_equal(last_event(world)->comityseq, before);
}

static void our_own_card_is_refused(void **state)
{
	struct world *world = *state;
	assert_int_equal(add(world, card_of(world, world->us, 1)), FAULT_BAD_CARD);
	assert_null(find(world, "xf-ca"));
}

static void a_newer_card_of_the_same_identity_leaves_it_verified(void **state)
{
	struct world *world = *state;
	make_verified(world);
	assert_int_equal(add(world, card_of(world, world->them, 2)), OK);
	Comity__Peer *peer = find(world, "xs-ca");
	assert_int_equal(peer->card_serial, 2);
	assert_int_equal(peer->standing, COMITY__STANDING__VALUE__VERIFIED);
	assert_string_equal(peer->verification->spoke_with, "Frau A. Beispiel");
	assert_int_equal(peer->verification->actor_uid, UID);
}

static void an_older_card_is_refused(void **state)
{
	struct world *world = *state;
	assert_int_equal(add(world, card_of(world, world->them, 2)), OK);
	assert_int_equal(add(world, card_of(world, world->them, 1)), FAULT_CARD_OLDER);
	assert_int_equal(find(world, "xs-ca")->card_serial, 2);
}

static void another_identity_under_a_known_name_changes_nothing(void **state)
{
	struct world *world = *state;
	make_verified(world);
	char *digits = find(world, "xs-ca")->digits;
	assert_int_equal(add(world, card_of(world, world->impostor, 9)), FAULT_IDENTITY_CHANGED);
	assert_string_equal(find(world, "xs-ca")->digits, digits);
	assert_int_equal(find(world, "xs-ca")->card_serial, 1);
	assert_string_equal(lines.set, "xs-ca");
}

static void what_is_no_card_is_refused(void **state)
{
	static const char *const texts[] = { "", "hello", "-----BEGIN COMITY CARD-----\n-----END COMITY CARD-----\n" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(add(*state, texts[i]), FAULT_BAD_CARD);
}

static void the_digits_that_differ_are_named_before_anything_is_confirmed(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	identity_digits(digits, identity_spki(world->them));
	digits[0] = digits[0] == '0' ? '1' : '0';
	assert_int_equal(verify(world, digits, false, &verified), OK);
	assert_false(verified.matches);
	assert_int_equal(verified.n_groups_differ, 1);
	assert_int_equal(verified.groups_differ[0], 1);
	assert_int_equal(verify(world, digits, true, &verified), FAULT_IDENTITY_DIFFERS);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__UNVERIFIED);
}

static void digits_that_match_verify_only_when_confirmed(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE], own[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	identity_digits(digits, identity_spki(world->them));
	identity_digits(own, identity_spki(world->us));
	assert_int_equal(verify(world, digits, false, &verified), OK);
	assert_true(verified.matches);
	assert_false(verified.verified);
	assert_string_equal(verified.own_digits, own);
	assert_int_equal(verify(world, digits, true, &verified), OK);
	assert_true(verified.verified);
	assert_false(verified.already);
	assert_int_equal(verify(world, digits, true, &verified), OK);
	assert_true(verified.already);
}

static void trust_lines_and_the_inbox_follow_the_check(void **state)
{
	struct world *world = *state;
	make_verified(world);
	struct span signing = identity_certificate(world->them, ROLE_SIGNING);
	assert_string_equal(lines.set, "xs-ca");
	assert_int_equal(lines.endpoint_count, 1);
	assert_true(span_equal(span_of(&world->signer_bytes), signing));
	memset(&lines, 0, sizeof lines);
	registry_apply_all(world->registry);
	assert_string_equal(lines.set, "xs-ca");
}

static void what_cannot_be_the_digits_is_refused(void **state)
{
	static const char *const heard[] = { NULL, "", "12345", "not digits at all" };
	Comity__PeerVerified verified;
	assert_int_equal(add(*state, card_of(*state, ((struct world *)*state)->them, 1)), OK);
	for (size_t i = 0; i < ARRAY_LEN(heard); i++)
		assert_int_equal(verify(*state, heard[i], true, &verified), FAULT_USAGE);
}

typedef enum fault peer_act(const struct registry *, struct txn *, const char *, uint32_t, struct arena *, Comity__Peer **);

static enum fault do_act(struct world *world, peer_act *act, const char *id)
{
	Comity__Peer *peer;
	WITHIN(world, txn);
	enum fault fault = act(world->registry, &txn, id, UID, &world->arena, &peer);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	registry_apply(world->registry, "xs-ca");
	return fault;
}

static enum fault block(const struct registry *registry, struct txn *txn, const char *id, uint32_t uid,
	struct arena *arena, Comity__Peer **peer)
{
	return registry_block(registry, txn, id, "by order of the ministry", uid, arena, peer);
}

static void a_blocked_peer_stands_again_where_it_stood(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	make_verified(world);
	assert_int_equal(do_act(world, block, "xs-ca"), OK);
	assert_string_equal(find(world, "xs-ca")->block_reason, "by order of the ministry");
	assert_int_equal(lines.why, FAULT_PEER_BLOCKED);
	assert_int_equal(world->signer_bytes.len, 0);
	assert_int_equal(verify(world, "", true, &verified), FAULT_PEER_BLOCKED);
	assert_int_equal(do_act(world, registry_unblock, "xs-ca"), OK);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__VERIFIED);
	assert_string_equal(lines.set, "xs-ca");
}

static void a_removed_peer_is_unknown(void **state)
{
	struct world *world = *state;
	make_verified(world);
	assert_int_equal(do_act(world, registry_remove, "xs-ca"), OK);
	assert_null(find(world, "xs-ca"));
	assert_int_equal(lines.why, FAULT_PEER_UNKNOWN);
	assert_int_equal(world->signer_bytes.len, 0);
	assert_string_equal(last_event(world)->type, EVENT_PEER_REMOVED);
}

static void acts_on_nobody_are_refused(void **state)
{
	static peer_act *const acts[] = { block, registry_unblock, registry_remove };
	static const char *const ids[] = { NULL, "", "xs-ca", "no such thing", "an-id-that-is-far-too-long-to-be-any-at-all" };
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		for (size_t j = 0; j < ARRAY_LEN(ids); j++)
			assert_int_equal(do_act(*state, acts[i], ids[j]), FAULT_PEER_UNKNOWN);
}

static void an_alarm_stops_the_lines_until_somebody_has_looked(void **state)
{
	struct world *world = *state;
	make_verified(world);
	WITHIN(world, txn);
	registry_alarm(&txn, "xs-ca", FAULT_CHAIN_FORK, "number 3 differs \xff\x1b[31m");
	registry_alarm(&txn, "xs-ca", FAULT_CHAIN_FORK, "again");
	registry_alarm(&txn, "nobody-here", FAULT_CHAIN_FORK, "again");
	assert_int_equal(txn_commit(&txn), OK);
	registry_apply(world->registry, "xs-ca");
	assert_string_equal(find(world, "xs-ca")->alarm, "chain-fork");
	assert_string_equal(find(world, "xs-ca")->alarm_text, "number 3 differs \\xff\\x1b[31m");
	assert_int_equal(lines.why, FAULT_CHAIN_FORK);
	assert_int_equal(do_act(world, registry_unblock, "xs-ca"), OK);
	assert_string_equal(lines.set, "xs-ca");
}

static void refused_lines_are_counted_and_written_once_a_second(void **state)
{
	struct world *world = *state;
	make_verified(world);
	for (int i = 0; i < 100; i++)
		registry_refused(world->registry, "xs-ca", "192.0.2.1:7443", FAULT_TLS, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(find(world, "xs-ca")->refusal->count, 1);
	now += 2 * STAMP_SECOND;
	registry_refused(world->registry, "xs-ca", "192.0.2.1:7443", FAULT_TLS, NULL);
	registry_refused(world->registry, "a-stranger", "192.0.2.1:7443", FAULT_TLS, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	Comity__Refusal *refusal = find(world, "xs-ca")->refusal;
	assert_int_equal(refusal->count, 101);
	assert_string_equal(refusal->reason, "tls");
	assert_string_equal(refusal->address, "192.0.2.1:7443");
	registry_opened(world->registry, "xs-ca");
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_null(find(world, "xs-ca")->refusal);
}

static void certificates_are_kept_for_evidence_after_the_peer_is_removed(void **state)
{
	struct world *world = *state;
	struct span signing = identity_certificate(world->them, ROLE_SIGNING), chain[3];
	uint8_t digest[DIGEST_SIZE], other[DIGEST_SIZE] = { 1 };
	make_verified(world);
	assert_int_equal(do_act(world, registry_remove, "xs-ca"), OK);
	digest_of(digest, signing);
	WITHIN(world, txn);
	registry_find_signer(&txn, SPAN(digest), &world->arena, chain);
	assert_true(span_equal(chain[0], signing));
	assert_true(span_equal(chain[1], identity_certificate(world->them, ROLE_DELEGATION)));
	assert_true(span_equal(chain[2], identity_certificate(world->them, ROLE_IDENTITY)));
	registry_find_signer(&txn, SPAN(other), &world->arena, chain);
	assert_int_equal(chain[0].len + chain[1].len + chain[2].len, 0);
	txn_abort(&txn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_card_makes_a_peer_known_and_nothing_more),
		TEST(each_act_has_its_event_with_who_did_it),
		TEST(the_same_card_again_changes_nothing),
		TEST(our_own_card_is_refused),
		TEST(a_newer_card_of_the_same_identity_leaves_it_verified),
		TEST(an_older_card_is_refused),
		TEST(another_identity_under_a_known_name_changes_nothing),
		TEST(what_is_no_card_is_refused),
		TEST(the_digits_that_differ_are_named_before_anything_is_confirmed),
		TEST(digits_that_match_verify_only_when_confirmed),
		TEST(trust_lines_and_the_inbox_follow_the_check),
		TEST(what_cannot_be_the_digits_is_refused),
		TEST(a_blocked_peer_stands_again_where_it_stood),
		TEST(a_removed_peer_is_unknown),
		TEST(acts_on_nobody_are_refused),
		TEST(an_alarm_stops_the_lines_until_somebody_has_looked),
		TEST(refused_lines_are_counted_and_written_once_a_second),
		TEST(certificates_are_kept_for_evidence_after_the_peer_is_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
