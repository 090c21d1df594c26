/* The look through a ledger: a sound one has no findings, and whatever is taken away or altered is found. */
#include "tests/unit/ledgers.h"

#include "certs/digest.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/quota.h"
#include "daemon/upkeep/survey.h"

static char request[] = "019aafd8-1c2e-7000-8000-0000000000aa", one[] = "019aafd8-1c2e-7000-8000-000000000001";

struct world {
	struct ledger ledger;
	struct authority ours;
};

static void keep_case(struct txn *txn)
{
	struct key id = key_of_uuid(request), reference = { 0 };
	Comity__Case kase = COMITY__CASE__INIT;
	kase.request_id = request;
	kase.peer = "xs-ca";
	kase.message_id = one;
	kase.requesting_authority = "xf-ca";
	record_keep(txn, TABLE_CASES, key_span(&id), &kase.base);
	key_text(&reference, "XF-CA-2026-000001");
	key_bytes(&reference, key_span(&id));
	txn_put(txn, TABLE_REFERENCES, key_span(&reference), (struct span){ 0 });
}

static void keep_message(struct txn *txn, const struct identity *identity)
{
	struct key key = key_of_message("xf-ca", one), filed = key_of_uuid(request);
	struct manifest_entry entry = { 0 };
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	digest_of(entry.sha256, span_of_text("words"));
	strcpy(entry.message_id, one);
	state.message_id = one;
	state.from = "xf-ca";
	state.to = "xs-ca";
	state.request_id = request;
	state.has_sha256 = state.has_manifest = 1;
	state.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, entry.sha256 };
	txn_put(txn, TABLE_MESSAGES, key_span(&key), span_of_text("words"));
	for (int times = 0; times < 2; times++)
		state.manifest = chain_append(txn, identity, "xs-ca", PURPOSE_DISPATCH, &entry, 1);
	record_keep(txn, TABLE_SEEN, key_span(&key), &state.base);
	key_u64(&filed, 1);
	txn_put(txn, TABLE_CASE_MESSAGES, key_span(&filed), key_span(&key));
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	ledger_open(&world->ledger);
	world->ours = authority_new("xf-ca");
	WRITING(&world->ledger, txn);
	keep_case(&txn);
	keep_message(&txn, world->ours.identity);
	uint8_t digest[DIGEST_SIZE];
	struct span certificate = identity_certificate(world->ours.identity, ROLE_SIGNING);
	digest_of(digest, certificate);
	txn_put(&txn, TABLE_CERTIFICATES, SPAN(digest), certificate);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	for (int i = 0; i < 3; i++)
		events_append(&txn, EVENT_INBOX_ARRIVED, "xs-ca", &data);
	assert_ok(ledger_end(&txn, OK));
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	authority_free(&world->ours);
	ledger_close(&world->ledger);
	free(world);
	return 0;
}

static Comity__SurveyReport look(struct world *world)
{
	Comity__SurveyReport report;
	const struct survey_subject subject = { .store = world->ledger.store, .own_id = "xf-ca", .is_deep = true };
	assert_ok(survey(&subject, &world->ledger.arena, &report));
	return report;
}

static void a_sound_ledger_has_no_findings(void **state)
{
	Comity__SurveyReport report = look(*state);
	assert_true(report.ok);
	assert_int_equal(report.found, 0);
	assert_int_equal(report.chains, 1);
	assert_int_equal(report.manifests, 2);
	assert_int_equal(report.signatures, 2);
	assert_int_equal(report.messages, 1);
}

static bool finds(const Comity__SurveyReport *report, const char *table, const char *code)
{
	for (size_t i = 0; i < report->n_findings; i++)
		if (!strcmp(report->findings[i]->code, code) && !strncmp(report->findings[i]->path, table, strlen(table)))
			return true;
	return false;
}

/* The n-th record of a table. */
static struct key key_in(struct txn *txn, enum table table, int n)
{
	struct walk walk;
	struct span key, value;
	struct key found = { 0 };
	walk_from(&walk, txn, table, (struct span){ 0 }, (struct span){ 0 });
	while (n-- && walk_next(&walk, &key, &value))
		;
	key_bytes(&found, key);
	walk_end(&walk);
	return found;
}

static void whatever_is_taken_away_is_missed(void **state)
{
	static const struct { enum table table; int which; const char *where, *code; } cases[] = {
		{ TABLE_CASES,        1, "references",    "dangling" },
		{ TABLE_CASES,        1, "case-messages", "dangling" },
		{ TABLE_MESSAGES,     1, "seen",          "lost" },
		{ TABLE_SEEN,         1, "messages",      "dangling" },
		{ TABLE_SEEN,         1, "manifests",     "dangling" },
		{ TABLE_SEEN,         1, "cases",         "dangling" },
		{ TABLE_MANIFESTS,    1, "manifests",     "chain-gap" },
		{ TABLE_MANIFESTS,    2, "chains",        "lost" },
		{ TABLE_CERTIFICATES, 1, "manifests",     "bad-signature" },
		{ TABLE_EVENTS,       2, "events",        "lost" },
		{ TABLE_EVENTS,       3, "events",        "lost" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		teardown(state);
		setup(state);
		struct world *world = *state;
		WRITING(&world->ledger, txn);
		struct key key = key_in(&txn, cases[i].table, cases[i].which);
		assert_true(txn_delete(&txn, cases[i].table, key_span(&key)));
		assert_ok(ledger_end(&txn, OK));
		Comity__SurveyReport report = look(world);
		if (report.ok || !finds(&report, cases[i].where, cases[i].code))
			fail_msg("case %zu: %s in %s is not found", i, cases[i].code, cases[i].where);
	}
}

static void another_content_than_was_seen_is_found(void **state)
{
	struct world *world = *state;
	struct key key = key_of_message("xf-ca", one);
	WRITING(&world->ledger, txn);
	txn_put(&txn, TABLE_MESSAGES, key_span(&key), span_of_text("other words"));
	assert_ok(ledger_end(&txn, OK));
	Comity__SurveyReport report = look(world);
	assert_true(finds(&report, "messages", "digest-mismatch"));
	assert_int_equal(report.found, 1);
}

static void what_the_policy_destroyed_is_not_missed(void **state)
{
	struct world *world = *state;
	struct key key = key_of_message("xf-ca", one);
	WRITING(&world->ledger, txn);
	Comity__MessageState *seen =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &world->ledger.arena);
	seen->purged_at = "2026-11-23T12:00:00.000Z";
	record_keep(&txn, TABLE_SEEN, key_span(&key), &seen->base);
	txn_delete(&txn, TABLE_MESSAGES, key_span(&key));
	assert_ok(ledger_end(&txn, OK));
	assert_true(look(world).ok);
}

static void keep_blob(struct txn *txn, const char *content, uint64_t size)
{
	uint8_t digest[DIGEST_SIZE];
	Comity__Blob blob = COMITY__BLOB__INIT;
	digest_of(digest, span_of_text(content));
	struct key key = key_of_blob(request, SPAN(digest));
	blob.has_size = 1;
	blob.size = size;
	blob.from = "xs-ca";
	record_keep(txn, TABLE_BLOBS, key_span(&key), &blob.base);
}

static void count(struct world *world, const char *peer, uint64_t more, uint64_t less)
{
	WRITING(&world->ledger, txn);
	quota_change(&txn, peer, more, less);
	assert_ok(ledger_end(&txn, OK));
}

static void a_peer_whose_attachments_are_miscounted_is_found(void **state)
{
	struct world *world = *state;
	WRITING(&world->ledger, txn);
	keep_blob(&txn, "one", 100);
	keep_blob(&txn, "two", 30);
	assert_ok(ledger_end(&txn, OK));
	count(world, "xs-ca", 130, 0);
	count(world, "xm-ca", 0, 0);
	assert_true(look(world).ok);
	count(world, "xs-ca", 0, 1);
	count(world, "xm-ca", 7, 0);		/* of whom nothing is here */
	Comity__SurveyReport report = look(world);
	assert_true(finds(&report, "meta", "miscounted"));
	assert_int_equal(report.found, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_sound_ledger_has_no_findings),
		TEST(whatever_is_taken_away_is_missed),
		TEST(another_content_than_was_seen_is_found),
		TEST(what_the_policy_destroyed_is_not_missed),
		TEST(a_peer_whose_attachments_are_miscounted_is_found),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}
