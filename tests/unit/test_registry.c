/* Cards: who becomes known, and who does not. */
#include "daemon/ledger/certificates.h"
#include "tests/unit/registries.h"

static void a_card_makes_a_peer_known_and_nothing_more(void **state)
{
	struct world *world = *state;
	char digits[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	Comity__Peer *peer = find(world, "XS-ca");
	identity_digits(digits, identity_pin(world->them));
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

/* ── over the line ───────────────────────────────────────────────────────────────────────────────── */

static enum fault renew(struct world *world, const char *card, uint32_t *serial)
{
	WITHIN(world, txn);
	enum fault fault = registry_renew(world->registry, &txn, "xs-ca", span_of_text(card), &world->arena, serial);
	txn_fail(&txn, fault);
	assert_int_equal(txn_commit(&txn), fault);
	return fault;
}

static void a_verified_peer_brings_its_own_card_up_to_date(void **state)
{
	struct world *world = *state;
	uint32_t serial;
	make_verified(world);
	assert_int_equal(renew(world, card_of(world, world->them, 5), &serial), OK);
	assert_int_equal(serial, 5);
	assert_int_equal(find(world, "xs-ca")->card_serial, 5);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__VERIFIED);
	assert_string_equal(last_event(world)->type, EVENT_PEER_RENEWED);
}

/* As the herald hears it: what was refused is committed too. */
static void hear(struct world *world, const char *card)
{
	uint32_t serial;
	WITHIN(world, txn);
	(void)!registry_renew(world->registry, &txn, "xs-ca", span_of_text(card), &world->arena, &serial);
	assert_int_equal(txn_commit(&txn), OK);
}

static int64_t ahead;

static int64_t clock_ahead(void)
{
	return stamp_system_clock() + ahead;
}

static size_t refusals_told(struct world *world)
{
	size_t count = 0;
	WITHIN(world, txn);
	for (uint64_t number = 1; number <= events_last(&txn); number++) {
		const Comity__Event *event = events_find(&txn, "xf-ca", number, &world->arena);
		count += event && !strcmp(event->type, EVENT_PEER_CARD_REFUSED);
	}
	txn_abort(&txn);
	return count;
}

/* The audit log, where each has a line, is never pruned. */
static void a_card_that_is_refused_is_told_once_for_each_reason_and_once_a_minute(void **state)
{
	struct world *world = *state;
	make_verified(world);
	ahead = 0;
	stamp_clock = clock_ahead;
	const char *older = card_of(world, world->them, 2), *newer = card_of(world, world->them, 7);
	hear(world, card_of(world, world->them, 5));
	hear(world, "hello");
	hear(world, "hello");
	assert_int_equal(refusals_told(world), 1);
	assert_string_equal(find(world, "xs-ca")->card_refused, "bad-card");
	hear(world, older);
	assert_int_equal(refusals_told(world), 1);
	ahead = 61 * STAMP_SECOND;
	hear(world, "hello");
	assert_int_equal(refusals_told(world), 1);
	hear(world, older);
	assert_int_equal(refusals_told(world), 2);
	hear(world, newer);
	assert_null(find(world, "xs-ca")->card_refused);
	assert_int_equal(find(world, "xs-ca")->card_serial, 7);
	hear(world, "hello");
	assert_int_equal(refusals_told(world), 2);
	stamp_clock = stamp_system_clock;
}

static void what_it_announces_is_judged_like_any_card(void **state)
{
	struct world *world = *state;
	uint32_t serial;
	assert_int_equal(renew(world, card_of(world, world->them, 5), &serial), FAULT_PEER_UNKNOWN);
	assert_int_equal(add(world, card_of(world, world->them, 3)), OK);
	assert_int_equal(renew(world, card_of(world, world->them, 5), &serial), FAULT_PEER_UNVERIFIED);
	make_verified_as(world);
	const struct { const char *card; enum fault fault; } bad[] = {
		{ card_of(world, world->them, 2),     FAULT_CARD_OLDER },
		{ card_of(world, world->impostor, 9), FAULT_IDENTITY_CHANGED },
		{ card_of(world, world->us, 9),       FAULT_WRONG_PEER },
		{ "hello",                            FAULT_BAD_CARD },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(renew(world, bad[i].card, &serial), bad[i].fault);
		assert_int_equal(serial, 3);
		assert_int_equal(find(world, "xs-ca")->card_serial, 3);
	}
}

static void what_is_no_card_is_refused(void **state)
{
	static const char *const texts[] = { "", "hello", "-----BEGIN COMITY CARD-----\n-----END COMITY CARD-----\n" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(add(*state, texts[i]), FAULT_BAD_CARD);
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
	certificates_find_signer(&txn, SPAN(digest), &world->arena, chain);
	assert_true(span_equal(chain[0], signing));
	assert_true(span_equal(chain[1], identity_certificate(world->them, ROLE_DELEGATION)));
	assert_true(span_equal(chain[2], identity_certificate(world->them, ROLE_IDENTITY)));
	certificates_find_signer(&txn, SPAN(other), &world->arena, chain);
	assert_int_equal(chain[0].len + chain[1].len + chain[2].len, 0);
	txn_abort(&txn);
}

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
		TEST(a_verified_peer_brings_its_own_card_up_to_date),
		TEST(what_it_announces_is_judged_like_any_card),
		TEST(a_card_that_is_refused_is_told_once_for_each_reason_and_once_a_minute),
		TEST(what_is_no_card_is_refused),
		TEST(certificates_are_kept_for_evidence_after_the_peer_is_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
