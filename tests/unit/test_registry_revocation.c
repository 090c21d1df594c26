/* What a peer revoked: which list counts, and what becomes of the peer. */
#include "certs/revocation.h"
#include "tests/unit/registries.h"

static const char *them_dir(const struct world *world)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/them", world->dir);
	return path;
}

static struct span keep_list(struct world *world, enum role issuer)
{
	struct bytes der = { 0 };
	assert_int_equal(revocation_load(them_dir(world), issuer, &der), OK);
	struct span kept = span_of_binary(record_bytes(&world->arena, span_of(&der)));
	bytes_clear(&der);
	return kept;
}

/* Their next list, with this certificate of theirs on it; in each card from now on. */
static void list_theirs(struct world *world, enum role role)
{
	struct certificate_facts facts;
	enum role issuer = role <= ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION;
	assert_int_equal(certificate_read(identity_certificate(world->them, role), &facts), OK);
	struct revocation_order order = { .issuer = issuer, .serial = facts.serial, .reason = "keyCompromise",
		.now = now / STAMP_SECOND };
	assert_int_equal(revocation_enter(them_dir(world), &order), OK);
	card_lists[issuer] = keep_list(world, issuer);
}

static void refresh(struct world *world)
{
	unsigned issued;
	assert_int_equal(revocation_refresh(them_dir(world), now / STAMP_SECOND, NULL, &issued), OK);
	card_lists[ROLE_IDENTITY] = keep_list(world, ROLE_IDENTITY);
	card_lists[ROLE_DELEGATION] = keep_list(world, ROLE_DELEGATION);
}

static void renew(struct world *world, enum role role)
{
	assert_int_equal(identity_renew(them_dir(world), role, now / STAMP_SECOND), OK);
	identity_free(world->them);
	assert_int_equal(identity_load(them_dir(world), &world->them), OK);
}

static enum fault judge(struct world *world, struct span leaf, struct span delegation, enum usage usage)
{
	char peer[AUTHORITY_ID_SIZE];
	const struct span chain[] = { leaf, delegation };
	return trust_judge(world->trust, &(struct claim){ chain, 2, usage, "xs-ca", now / STAMP_SECOND }, peer);
}

static const char *number_held(struct world *world, size_t index)
{
	static struct revocation_facts facts;
	const Comity__Peer *peer = find(world, "xs-ca");
	assert_true(index < peer->n_revocations);
	assert_int_equal(revocation_read(span_of_binary(peer->revocations[index]), &facts), OK);
	return facts.number;
}

static void a_newer_card_revokes_what_it_lists(void **state)
{
	struct world *world = *state;
	make_verified(world);
	struct span channel = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_CHANNEL)));
	struct span delegation = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_DELEGATION)));
	assert_int_equal(judge(world, channel, delegation, USAGE_CHANNEL), OK);
	list_theirs(world, ROLE_CHANNEL);
	renew(world, ROLE_CHANNEL);
	unsigned before = judged;
	assert_int_equal(add(world, card_of(world, world->them, 2)), OK);
	assert_true(judged > before);			/* running lines are judged by it at once */
	assert_int_equal(judge(world, channel, delegation, USAGE_CHANNEL), FAULT_CERT_REVOKED);
	assert_int_equal(judge(world, identity_certificate(world->them, ROLE_CHANNEL), delegation, USAGE_CHANNEL), OK);
}

static enum fault renewed(struct world *world, const char *card)
{
	uint32_t serial;
	WITHIN(world, txn);
	enum fault fault = registry_renew(world->registry, &txn, "xs-ca", span_of_text(card), &world->arena, &serial);
	assert_int_equal(txn_commit(&txn), OK);
	return fault;
}

/* A newer card brings an older list: of a restored backup, or of a thief.  Or none: then what is held goes on counting. */
static void an_older_list_never_takes_the_place_of_a_newer(void **state)
{
	struct world *world = *state;
	refresh(world);
	struct span old = card_lists[ROLE_DELEGATION];
	make_verified(world);
	list_theirs(world, ROLE_SEALING);
	renew(world, ROLE_SEALING);
	assert_int_equal(add(world, card_of(world, world->them, 2)), OK);
	char number[52];
	snprintf(number, sizeof number, "%s", number_held(world, 1));
	card_lists[ROLE_DELEGATION] = old;
	assert_int_equal(add(world, card_of(world, world->them, 3)), FAULT_REVOCATION_OLDER);
	assert_int_equal(renewed(world, card_of(world, world->them, 3)), FAULT_REVOCATION_OLDER);
	assert_string_equal(last_event(world)->type, EVENT_PEER_CARD_REFUSED);
	assert_string_equal(find(world, "xs-ca")->card_refused, "revocation-list-older");
	assert_int_equal(find(world, "xs-ca")->card_serial, 2);		/* and nothing else is changed */
	assert_string_equal(number_held(world, 1), number);
	card_lists[ROLE_DELEGATION] = (struct span){ 0 };
	assert_int_equal(add(world, card_of(world, world->them, 4)), OK);
	assert_string_equal(number_held(world, 1), number);
	assert_int_equal(find(world, "xs-ca")->card_serial, 4);
}

/* Who has a stolen key can write a card of any date, and leave out the list. */
static void a_card_made_with_a_revoked_key_is_refused(void **state)
{
	struct world *world = *state;
	static const enum role roles[] = { ROLE_SIGNING, ROLE_DELEGATION };
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (i == 0)
			make_verified(world);
		char *thiefs = card_of(world, world->them, 100);
		list_theirs(world, roles[i]);
		renew(world, roles[i]);
		assert_int_equal(add(world, card_of(world, world->them, (uint32_t)i + 2)), OK);
		assert_int_equal(add(world, thiefs), FAULT_CERT_REVOKED);
		assert_int_equal(find(world, "xs-ca")->card_serial, i + 2);
		memset(card_lists, 0, sizeof card_lists);
	}
}

static void lists_of_earlier_delegations_go_on_counting(void **state)
{
	struct world *world = *state;
	make_verified(world);
	struct span channel = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_CHANNEL)));
	struct span delegation = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_DELEGATION)));
	list_theirs(world, ROLE_CHANNEL);
	renew(world, ROLE_CHANNEL);
	assert_int_equal(add(world, card_of(world, world->them, 2)), OK);
	for (uint32_t serial = 3; serial < 3 + 2 * REVOCATIONS_MAX; serial++) {
		now += STAMP_DAY;
		renew(world, ROLE_DELEGATION);
		refresh(world);
		assert_int_equal(add(world, card_of(world, world->them, serial)), OK);
		if (serial < 3 + REVOCATIONS_MAX - 3)
			assert_int_equal(judge(world, channel, delegation, USAGE_CHANNEL), FAULT_CERT_REVOKED);
	}
	Comity__Peer *peer = find(world, "xs-ca");
	assert_int_equal(peer->n_revocations, REVOCATIONS_MAX);		/* however many there were */
	bool has_identitys = false;
	for (size_t i = 0; i < peer->n_revocations; i++)
		has_identitys |= !revocation_check_issuer(span_of_binary(peer->revocations[i]),
			identity_certificate(world->them, ROLE_IDENTITY));
	assert_true(has_identitys);
}

static void a_list_that_is_not_the_issuers_makes_the_card_bad(void **state)
{
	struct world *world = *state;
	refresh(world);
	struct span of_identity = card_lists[ROLE_IDENTITY];
	card_lists[ROLE_IDENTITY] = card_lists[ROLE_DELEGATION];
	assert_int_equal(add(world, card_of(world, world->them, 1)), FAULT_BAD_CARD);
	card_lists[ROLE_IDENTITY] = of_identity;
	now -= 2 * STAMP_DAY;				/* the lists are from the future */
	assert_int_equal(add(world, card_of(world, world->them, 1)), FAULT_BAD_CARD);
	now += 2 * STAMP_DAY;
	assert_null(find(world, "xs-ca"));
}

/* ── the end of an identity, said over the line ──────────────────────────────────────────────────── */

static enum fault take_end(struct world *world, struct span list)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	enum fault fault = registry_take_end(&txn, "xs-ca", list, &world->arena);
	if (fault) {
		txn_abort(&txn);
		return fault;
	}
	assert_int_equal(txn_commit(&txn), OK);
	registry_apply(world->registry, "xs-ca");
	return OK;
}

static void an_identity_revokes_itself(void **state)
{
	struct world *world = *state;
	make_verified(world);
	struct span channel = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_CHANNEL)));
	struct span delegation = span_of_binary(record_bytes(&world->arena, identity_certificate(world->them, ROLE_DELEGATION)));
	refresh(world);
	assert_int_equal(take_end(world, card_lists[ROLE_IDENTITY]), FAULT_BAD_REVOCATION);	/* it revokes nothing */
	assert_int_equal(take_end(world, card_lists[ROLE_DELEGATION]), FAULT_BAD_REVOCATION);	/* the identity did not sign it */
	assert_int_equal(take_end(world, span_of_text("no list")), FAULT_BAD_REVOCATION);
	list_theirs(world, ROLE_IDENTITY);
	now -= 2 * STAMP_DAY;
	assert_int_equal(take_end(world, card_lists[ROLE_IDENTITY]), FAULT_BAD_REVOCATION);	/* of the future */
	now += 2 * STAMP_DAY;
	assert_null(find(world, "xs-ca")->revoked_at);
	assert_int_equal(judge(world, channel, delegation, USAGE_CHANNEL), OK);
	assert_int_equal(take_end(world, card_lists[ROLE_IDENTITY]), OK);
	assert_non_null(find(world, "xs-ca")->revoked_at);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__UNVERIFIED);
	assert_int_equal(judge(world, channel, delegation, USAGE_CHANNEL), FAULT_CERT_REVOKED);
	assert_int_equal(take_end(world, card_lists[ROLE_IDENTITY]), FAULT_PEER_UNVERIFIED);
}

/* The clock of these tests only goes on: each begins with the one it found. */
static int open_now(void **state)
{
	now = INT64_C(1795000000) * STAMP_SECOND;
	return open_world(state);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_now, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_newer_card_revokes_what_it_lists),
		TEST(an_older_list_never_takes_the_place_of_a_newer),
		TEST(a_card_made_with_a_revoked_key_is_refused),
		TEST(lists_of_earlier_delegations_go_on_counting),
		TEST(a_list_that_is_not_the_issuers_makes_the_card_bad),
		TEST(an_identity_revokes_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
