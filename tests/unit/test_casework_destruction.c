/* What is told of a destruction: made of our own certificate, judged against the case that it is about, and taken back without harm. */
#include "tests/unit/cases.h"

#define ACT(name) COMITY__ACT__KIND_##name
#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

static enum fault proof;		/* what the proof of the signature says */

static enum fault prove(void *owner, struct txn *txn, const char *peer, const Comity__DestructionNotice *notice,
	const struct destroyed *said, struct arena *arena, struct span *identity)
{
	(void)owner, (void)txn, (void)arena;
	assert_string_equal(peer, "xf-ca");
	assert_string_equal(said->authority, peer);
	assert_true(notice->has_signature);
	*identity = span_of_text("an identity");
	return proof ? fault_say(proof, "not theirs") : OK;
}

/* Freedonia's, withdrawn, and as destruction_certify() leaves it. */
static void make_shell(struct party *party, const char *ref, const char *reference)
{
	char text[400];
	Comity__Destruction destruction = COMITY__DESTRUCTION__INIT;
	ProtobufCBinaryData der = { 3, (uint8_t *)"DER" };
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	snprintf(text, sizeof text, "# comity-destruction 1\n# authority: %s\n# request: %s\n# requesting-reference: %s\n"
		"# requested-reference: \n# at: 2026-11-23T12:00:00.000Z\n# by: uid 7\n# reason: gone\n", party->casework.own_id,
		kase->request_id, reference ? reference : kase->requesting_reference);
	kase->purged_at = destruction.at = "2026-11-23T12:00:00.000Z";
	destruction.text = text;
	destruction.reason = "gone";
	destruction.has_signature = destruction.has_signing = destruction.has_delegation = 1;
	destruction.signature = destruction.signing = destruction.delegation = der;
	kase->destruction = &destruction;
	casework_keep(&txn, kase);
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, &txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		txn_delete(&txn, TABLE_MESSAGES, value);
	walk_end(&walk);
	assert_ok(ledger_end(&txn, OK));
}

static void withdrawn(struct world *world, char ref[64])
{
	proof = OK;
	world->s.casework.prove_destruction = prove;
	open_case(world, ref);
	assert_ok(act(&world->f, ref, ACT(WITHDRAWAL), 0));
	assert_ok(receive(&world->s, last_message(&world->f)));
}

static enum fault notify(struct party *party, const char *ref)
{
	Comity__Submitted answer = COMITY__SUBMITTED__INIT;
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_notify(&party->casework, &txn, kase, "Officer", UID, &party->ledger.arena, &answer);
	return ledger_end(&txn, fault);
}

static void it_is_told_once_and_noted(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	assert_int_equal(notify(&world->f, ref), FAULT_NOT_FOUND);
	make_shell(&world->f, ref, NULL);
	assert_ok(notify(&world->f, ref));
	assert_string_equal(find_case(&world->f, ref)->destruction->told_in, world->f.submitted);
	assert_int_equal(notify(&world->f, ref), FAULT_EXISTS);
	assert_ok(receive(&world->s, last_message(&world->f)));
	const Comity__DestructionThere *there = find_case(&world->s, ref)->destroyed_there;
	assert_non_null(there);
	assert_string_equal(there->at, "2026-11-23T12:00:00.000Z");
	assert_string_equal(there->by, "uid 7");
	assert_string_equal(there->reason, "gone");
	assert_string_equal(there->message_id, world->f.submitted);
	assert_int_equal(there->identity.len, strlen("an identity"));
	assert_status(&world->s, ref, STATUS(WITHDRAWN));
}

static void what_is_not_proven_is_not_noted(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell(&world->f, ref, NULL);
	assert_ok(notify(&world->f, ref));
	proof = FAULT_FALSE_NOTICE;
	assert_int_equal(receive(&world->s, last_message(&world->f)), FAULT_FALSE_NOTICE);
	world->s.casework.prove_destruction = NULL;
	assert_int_equal(receive(&world->s, last_message(&world->f)), FAULT_FALSE_NOTICE);
	assert_null(find_case(&world->s, ref)->destroyed_there);
}

static void another_reference_is_not_believed(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell(&world->f, ref, "ANOTHER/1");
	assert_ok(notify(&world->f, ref));
	assert_int_equal(receive(&world->s, last_message(&world->f)), FAULT_FALSE_NOTICE);
}

static void what_is_not_over_there_was_not_destroyed(void **state)
{
	struct world *world = *state;
	char ref[64];
	proof = OK;
	world->s.casework.prove_destruction = prove;
	open_case(world, ref);
	assert_ok(act(&world->f, ref, ACT(WITHDRAWAL), 0));	/* which never arrives */
	make_shell(&world->f, ref, NULL);
	assert_ok(notify(&world->f, ref));
	assert_int_equal(receive(&world->s, last_message(&world->f)), FAULT_FALSE_NOTICE);
	assert_status(&world->s, ref, STATUS(SENT));
}

/* Its messages are gone: told anew from them it would be a draft. */
static void a_refusal_leaves_a_shell_as_it_was(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell(&world->f, ref, NULL);
	assert_ok(notify(&world->f, ref));
	refuse(&world->f, world->f.submitted);
	const Comity__Case *kase = find_case(&world->f, ref);
	assert_status(&world->f, ref, STATUS(WITHDRAWN));
	assert_non_null(kase->purged_at);
	assert_non_null(kase->sent_at);
	assert_ok(notify(&world->f, ref));	/* it may be told again */
}

static void a_step_that_is_refused_in_a_shell_is_taken_back_by_its_history(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell(&world->s, ref, NULL);
	assert_ok(act(&world->s, ref, ACT(CLOSURE), STATUS(CLOSED)));
	assert_status(&world->s, ref, STATUS(CLOSED));
	refuse(&world->s, world->s.submitted);
	assert_status(&world->s, ref, STATUS(WITHDRAWN));
}

static void nobody_writes_one_by_hand(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell(&world->f, ref, NULL);
	assert_int_equal(act(&world->f, ref, ACT(DESTRUCTION_NOTICE), 0), FAULT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(it_is_told_once_and_noted),
		WORLD_TEST(what_is_not_proven_is_not_noted),
		WORLD_TEST(another_reference_is_not_believed),
		WORLD_TEST(what_is_not_over_there_was_not_destroyed),
		WORLD_TEST(a_refusal_leaves_a_shell_as_it_was),
		WORLD_TEST(a_step_that_is_refused_in_a_shell_is_taken_back_by_its_history),
		WORLD_TEST(nobody_writes_one_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
