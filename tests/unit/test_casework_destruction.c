/* What is told of a destruction: made of our own certificate, judged against the case that it is about, and taken back without harm. */
#include "tests/unit/cases.h"

#include "daemon/upkeep/destruction.h"
#include "proto/frame.h"
#include "proto/unpack.h"

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
static void make_shell_of(struct party *party, const char *ref, const char *reference, size_t count)
{
	char head[400];
	struct bytes text = { 0 };
	Comity__Destruction destruction = COMITY__DESTRUCTION__INIT;
	ProtobufCBinaryData der = { 3, (uint8_t *)"DER" };
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	snprintf(head, sizeof head, "# comity-destruction 1\n# authority: %s\n# request: %s\n# requesting-reference: %s\n"
		"# requested-reference: \n# at: 2026-11-23T12:00:00.000Z\n# by: uid 7\n# reason: gone\n", party->casework.own_id,
		kase->request_id, reference ? reference : kase->requesting_reference);
	kase->purged_at = destruction.at = "2026-11-23T12:00:00.000Z";
	assert_ok(bytes_append_text(&text, head));
	for (size_t i = 0; i < count; i++)
		assert_ok(bytes_printf(&text, "%064zx  0192f3c1-7d0e-7c3a-9a54-%012zx\n", i, i));
	destruction.text = (char *)bytes_text(&text);
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
	bytes_clear(&text);
	assert_ok(ledger_end(&txn, OK));
}

static void make_shell(struct party *party, const char *ref, const char *reference)
{
	make_shell_of(party, ref, reference, 0);
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

/* As the tool reads it out of an answer, strictly. */
static enum fault unpacks_again(struct party *party, const char *ref)
{
	struct bytes packed = { 0 };
	ProtobufCMessage *message;
	assert_ok(pack(&find_case(party, ref)->base, &packed));
	assert_true(packed.len < FRAME_SIZE_MAX);
	enum fault fault = unpack(&comity__case__descriptor, span_of(&packed), &party->ledger.arena, FAULT_BAD_FRAME, &message);
	bytes_clear(&packed);
	return fault;
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

/* As many messages as a certificate has room for; one more is refused, with the place and the limit. */
static void the_certificate_of_a_case_of_many_thousand_messages_is_told(void **state)
{
	struct world *world = *state;
	char ref[64];
	const size_t most = (DESTROYED_TEXT_MAX - 400) / DESTROYED_LINE_SIZE;
	assert_true(most > 9000);
	withdrawn(world, ref);
	make_shell_of(&world->f, ref, NULL, most);
	assert_ok(notify(&world->f, ref));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_int_equal(find_case(&world->s, ref)->destroyed_there->messages, most);
	assert_ok(unpacks_again(&world->f, ref));
}

static void one_that_has_no_room_for_all_is_refused_before_anything_is_destroyed(void **state)
{
	struct world *world = *state;
	char ref[64];
	withdrawn(world, ref);
	make_shell_of(&world->f, ref, NULL, DESTROYED_TEXT_MAX / DESTROYED_LINE_SIZE);
	assert_int_equal(notify(&world->f, ref), FAULT_TOO_LARGE);
	assert_non_null(strstr(fault_detail(FAULT_TOO_LARGE), "as a file"));
	assert_int_equal(unpacks_again(&world->f, ref), FAULT_TOO_LARGE);
	assert_non_null(strstr(fault_detail(FAULT_TOO_LARGE), "destruction.text"));
	WRITING(&world->f.ledger, txn);
	const Comity__Case *kase;
	assert_ok(casework_find(&txn, ref, &world->f.ledger.arena, (Comity__Case **)&kase));
	assert_ok(destruction_fits(&txn, kase));
	for (uint64_t number = 1000; number < 1000 + DESTROYED_TEXT_MAX / DESTROYED_LINE_SIZE; number++) {
		struct key filed = key_of_uuid(kase->request_id);
		key_u64(&filed, number);
		txn_put(&txn, TABLE_CASE_MESSAGES, key_span(&filed), span_of_text("of somebody, whose state is not there"));
	}
	assert_int_equal(destruction_fits(&txn, kase), FAULT_TOO_LARGE);
	assert_ok(ledger_end(&txn, OK));
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
		WORLD_TEST(the_certificate_of_a_case_of_many_thousand_messages_is_told),
		WORLD_TEST(one_that_has_no_room_for_all_is_refused_before_anything_is_destroyed),
		WORLD_TEST(nobody_writes_one_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
