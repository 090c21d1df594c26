/* What comes back to a store that is older than its own past, and what the daemon does by itself meanwhile: found by tests/year. */
#include "tests/unit/cases.h"

#include "daemon/law/casework_parts.h"

static int64_t clock_next_day(void) { return clock_at_noon() + INT64_C(86400) * STAMP_SECOND; }

/* The same authority, with nothing left in its ledger. */
static void lose_all(struct party *party)
{
	struct casework before = party->casework;
	ledger_close(&party->ledger);
	party_open(party, before.own_id, party->peer);
	party->casework.answers_enquiries = before.answers_enquiries;
	party->count = 0;
}

/* As between the first and the last step of a recovery. */
static void is_recovering(struct party *party)
{
	struct key key = key_of_comeback(party->peer);
	WRITING(&party->ledger, txn);
	txn_put(&txn, TABLE_CORRESPONDENCES, key_span(&key), (struct span){ 0 });
	assert_ok(ledger_end(&txn, OK));
}

/* As daemon/desks/recovery_keep.c puts back what the counterpart returns; does it fit? */
static bool comes_back(struct party *party, const Comity__Message *message)
{
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	struct casework_restored restored;
	struct key key = key_of_message(message->from, message->message_id);
	struct bytes raw = { 0 };
	WRITING(&party->ledger, txn);
	state.has_number = state.has_came_back = state.came_back = 1;
	state.number = txn_next(&txn, "messages");
	state.message_id = message->message_id;
	state.from = message->from;
	state.to = message->to;
	state.request_id = message->request_id;
	*(strcmp(message->from, party->casework.own_id) ? &state.arrived_at : &state.queued_at) = message->created_at;
	assert_ok(casework_restore(&party->casework, &txn, message, &state, &party->ledger.arena, &restored));
	assert_ok(pack(&message->base, &raw));
	txn_put(&txn, TABLE_MESSAGES, key_span(&key), span_of(&raw));
	record_keep(&txn, TABLE_SEEN, key_span(&key), &state.base);
	assert_ok(ledger_end(&txn, OK));
	bytes_clear(&raw);
	return restored.is_applied;
}

static const Comity__Message *copy_of(struct arena *arena, const Comity__Message *message)
{
	struct bytes raw = { 0 };
	ProtobufCMessage *copy;
	assert_ok(pack(&message->base, &raw));
	assert_ok(unpack(&comity__message__descriptor, span_of(&raw), arena, FAULT_BAD_DOCUMENT, &copy));
	bytes_clear(&raw);
	return (Comity__Message *)copy;
}

/* Its answer was said in its time.  To say another would be wrong, and refused, for nothing is said to whom our past is still being
 * fetched back from: the recovery would never go past an enquiry. */
static void an_enquiry_that_comes_back_is_not_answered_again(void **state)
{
	struct world *world = *state;
	char ref[64];
	world->s.casework.answers_enquiries = true;
	open_case(world, ref);
	const Comity__Message *request = last_message(&world->f);
	assert_ok(act(&world->f, ref, KIND(STATUS_ENQUIRY), 0));
	const Comity__Message *enquiry = last_message(&world->f);
	assert_ok(receive(&world->s, enquiry));
	unsigned answers = world->s.count;
	assert_true(answers > 0);

	lose_all(&world->s);
	assert_true(comes_back(&world->s, request));
	is_recovering(&world->s);
	assert_true(comes_back(&world->s, enquiry));
	assert_int_equal(world->s.count, 0);
}

/* It had its kind from a draft that is lost. */
static void information_that_we_gave_comes_back_with_its_case(void **state)
{
	struct world *world = *state;
	struct arena arena;
	Comity__Case *kase;
	arena_init(&arena, 1 << 20);
	assert_ok(draft(&world->f, "kind: SPONTANEOUS_INFORMATION\nproceeding: { subject: A shipment }\n", &kase));
	char ref[64];
	snprintf(ref, sizeof ref, "%s", kase->requesting_reference);
	assert_ok(act(&world->f, ref, KIND(SPONTANEOUS_INFORMATION), 0));
	const Comity__Message *information = copy_of(&arena, last_message(&world->f));

	lose_all(&world->f);
	assert_true(comes_back(&world->f, information));
	assert_status(&world->f, ref, S(SENT));
	assert_int_equal(find_case(&world->f, ref)->kind, COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION);
	arena_clear(&arena);
}

/* That it was said is all there is to it: nothing is missing. */
static void a_word_of_ours_outside_of_cases_comes_back(void **state)
{
	struct world *world = *state;
	struct arena arena;
	char id[UUID_TEXT_SIZE];
	Comity__GeneralCorrespondence letter = COMITY__GENERAL_CORRESPONDENCE__INIT;
	Comity__Act said = COMITY__ACT__INIT, *acts = &said;
	Comity__Message message = COMITY__MESSAGE__INIT;
	arena_init(&arena, 1 << 20);
	letter.note = "We shall be closed on Friday.";
	said.kind_case = KIND(GENERAL_CORRESPONDENCE);
	said.general_correspondence = &letter;
	message.n_acts = 1;
	message.acts = &acts;
	WRITING(&world->f.ledger, txn);
	assert_ok(casework_say(&world->f.casework, &txn, "xs-ca", &message, UID, &world->f.ledger.arena, id));
	assert_ok(ledger_end(&txn, OK));
	const Comity__Message *said_then = copy_of(&arena, last_message(&world->f));

	lose_all(&world->f);
	assert_true(comes_back(&world->f, said_then));
	arena_clear(&arena);
}

static void execute_all(struct world *world, const char *ref)
{
	struct acts acts;
	act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED));
	comity__measure_report__init(&acts.report);
	acts.report.measure = m1;
	acts.report.has_status = 1;
	acts.report.status = M(EXECUTED);
	acts.reports[0] = &acts.report;
	acts.body.execution_result.n_measures = 1;
	acts.body.execution_result.measures = acts.reports;
	assert_ok(submit(&world->s, ref, &acts.act));
	assert_ok(receive(&world->f, last_message(&world->s)));
}

/* The requesting side finds the result wanting a second time, while the other takes execution up again for the first. */
static void a_deficiency_that_crosses_the_resumption_is_the_same_with_both(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	static const struct { act_kind kind; request_status to; } steps[] = { { KIND(RECEIPT), 0 }, { KIND(ACKNOWLEDGEMENT), 0 },
		{ KIND(STATUS_UPDATE), S(UNDER_REVIEW) }, { KIND(DECISION), S(ACCEPTED) }, { KIND(STATUS_UPDATE), S(IN_EXECUTION) } };
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		assert_ok(act(&world->s, ref, steps[i].kind, steps[i].to));
		assert_ok(receive(&world->f, last_message(&world->s)));
	}
	execute_all(world, ref);
	assert_ok(act(&world->f, ref, KIND(DEFICIENCY_NOTICE), 0));
	assert_ok(receive(&world->s, last_message(&world->f)));

	assert_ok(act(&world->f, ref, KIND(DEFICIENCY_NOTICE), 0));
	assert_ok(act(&world->s, ref, KIND(STATUS_UPDATE), S(IN_EXECUTION)));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_ok(receive(&world->f, last_message(&world->s)));
	assert_int_equal(find_case(&world->f, ref)->deficient, find_case(&world->s, ref)->deficient);
}

static const char *closed_on(struct party *party, const char *ref)
{
	const Comity__Case *kase = find_case(party, ref);
	assert_int_equal(kase->status, S(CLOSED));
	return kase->history[kase->n_history - 1]->occurred_at;
}

/* Both close what was information at the same time, each by its own clock: it was closed when the first of them did. */
static void what_both_close_was_closed_when_the_first_did(void **state)
{
	struct world *world = *state;
	char ref[64];
	Comity__Case *kase;
	assert_ok(draft(&world->f, "kind: SPONTANEOUS_INFORMATION\nproceeding: { subject: A shipment }\n", &kase));
	snprintf(ref, sizeof ref, "%s", kase->requesting_reference);
	assert_ok(act(&world->f, ref, KIND(SPONTANEOUS_INFORMATION), 0));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_ok(act(&world->s, ref, KIND(RECEIPT), 0));
	assert_ok(receive(&world->f, last_message(&world->s)));

	assert_ok(act(&world->s, ref, KIND(CLOSURE), 0));
	stamp_clock = clock_next_day;
	assert_ok(act(&world->f, ref, KIND(CLOSURE), 0));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_ok(receive(&world->f, last_message(&world->s)));
	assert_string_equal(closed_on(&world->f, ref), "2026-11-23T12:00:00.000Z");
	assert_string_equal(closed_on(&world->s, ref), "2026-11-23T12:00:00.000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(an_enquiry_that_comes_back_is_not_answered_again),
		WORLD_TEST(information_that_we_gave_comes_back_with_its_case),
		WORLD_TEST(a_word_of_ours_outside_of_cases_comes_back),
		WORLD_TEST(what_both_close_was_closed_when_the_first_did),
		WORLD_TEST(a_deficiency_that_crosses_the_resumption_is_the_same_with_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
