/* What is owed though no act names the day, what travels with what is furnished, and what is suggested. */
#include "tests/unit/cases.h"
#include "daemon/law/casework_parts.h"

#define DUE(kind) COMITY__DUE_KIND__VALUE__##kind

static const Comity__Due *due_of(struct party *party, const char *ref, Comity__DueKind__Value kind)
{
	const Comity__Case *kase = find_case(party, ref);
	assert_non_null(kase);
	for (size_t i = 0; i < kase->n_dues; i++)
		if (kase->dues[i]->kind == kind)
			return kase->dues[i];
	return NULL;
}

/* NULL: nothing of the kind. */
static void assert_owed(struct world *world, const char *ref, Comity__DueKind__Value kind, enum side side, const char *by)
{
	struct party *parties[] = { &world->f, &world->s };
	for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
		const Comity__Due *due = due_of(parties[i], ref, kind);
		assert_int_equal(due != NULL, by != NULL);
		if (!due)
			continue;
		assert_string_equal(due->by, by);
		assert_int_equal(due->side, side);
	}
}

static void said(struct world *world, struct party *by, const char *ref, const Comity__Act *act)
{
	assert_ok(submit(by, ref, act));
	assert_ok(receive(by == &world->f ? &world->s : &world->f, last_message(by)));
}

static void open_with(struct world *world, const char *more, char ref[64])
{
	Comity__Case *kase;
	char yaml[sizeof complete + 400];
	snprintf(yaml, sizeof yaml, "%s%s", complete, more);
	assert_ok(draft(&world->f, yaml, &kase));
	snprintf(ref, 64, "%s", kase->requesting_reference);
	assert_ok(send(&world->f, ref, NULL));
	assert_ok(receive(&world->s, last_message(&world->f)));
}

/* It is registered first. */
static void register_it(struct world *world, const char *ref)
{
	struct acts acts;
	said(world, &world->s, ref, act_of(&acts, KIND(RECEIPT), S(RECEIVED)));
}

static void confidentiality_is_owed_until_it_is_answered(void **state)
{
	struct world *world = *state;
	struct acts acts;
	char ref[64];
	open_case(world, ref);
	assert_owed(world, ref, DUE(CONFIDENTIALITY), SIDE_REQUESTED, "2026-12-07");
	register_it(world, ref);
	act_of(&acts, KIND(ACKNOWLEDGEMENT), S(ACKNOWLEDGED));
	acts.body.acknowledgement.confidentiality = COMITY__CAN_COMPLY__VALUE__NO;
	acts.body.acknowledgement.unavoidable_disclosure = word;
	said(world, &world->s, ref, &acts.act);
	assert_owed(world, ref, DUE(CONFIDENTIALITY), SIDE_REQUESTED, NULL);
	assert_owed(world, ref, DUE(GO_AHEAD), SIDE_REQUESTING, "2026-12-07");
	act_of(&acts, KIND(CONFIDENTIALITY_RESPONSE), S(UNSPECIFIED));
	acts.body.confidentiality_response.has_proceed = acts.body.confidentiality_response.proceed = 1;
	said(world, &world->f, ref, &acts.act);
	assert_owed(world, ref, DUE(GO_AHEAD), SIDE_REQUESTING, NULL);
}

static void a_deadline_that_comes_first_counts_for_confidentiality_too(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_with(world, "confidentiality: { requested: true, scope: BOTH }\n"
		"urgency: { level: ROUTINE, deadlines: [{ by: \"2026-11-30\", reason: a hearing }] }\n", ref);
	assert_owed(world, ref, DUE(CONFIDENTIALITY), SIDE_REQUESTED, "2026-11-30");
	open_with(world, "confidentiality: { requested: true, scope: BOTH }\n"
		"urgency: { level: URGENT, reasons: [FLIGHT_RISK], text: He may flee., deadlines: [{ by: \"2027-03-01\", reason: trial }] }\n", ref);
	assert_owed(world, ref, DUE(CONFIDENTIALITY), SIDE_REQUESTED, "2026-11-26");
}

static void tell_milestone(struct world *world, const char *ref, Comity__Milestone__Value milestone, char *at)
{
	struct acts acts;
	act_of(&acts, KIND(STATUS_UPDATE), S(UNSPECIFIED));
	acts.body.status_update.has_status = 0;
	acts.body.status_update.has_milestone = 1;
	acts.body.status_update.milestone = milestone;
	acts.body.status_update.milestone_at = at;
	said(world, &world->s, ref, &acts.act);
}

/* ETS 24 art. 16(4); over the end of a year, and of a February. */
static void an_arrest_starts_its_clocks_and_a_release_stops_them(void **state)
{
	struct world *world = *state;
	char ref[64], arrested[] = "2027-01-25T23:30:00+03:00", late[] = "2026-12-20T08:00:00+01:00", freed[] = "2027-02-01T08:00:00+01:00";
	open_with(world, "", ref);
	tell_milestone(world, ref, COMITY__MILESTONE__VALUE__PROVISIONALLY_ARRESTED, late);
	assert_owed(world, ref, DUE(EXTRADITION_REQUEST), SIDE_REQUESTING, "2027-01-07");
	assert_owed(world, ref, DUE(ARREST_END), SIDE_REQUESTING, "2027-01-29");
	tell_milestone(world, ref, COMITY__MILESTONE__VALUE__PROVISIONALLY_ARRESTED, arrested);
	assert_owed(world, ref, DUE(EXTRADITION_REQUEST), SIDE_REQUESTING, "2027-02-12");
	assert_owed(world, ref, DUE(ARREST_END), SIDE_REQUESTING, "2027-03-06");
	assert_int_equal(find_case(&world->f, ref)->n_happenings, 2);
	tell_milestone(world, ref, COMITY__MILESTONE__VALUE__RELEASED, freed);
	assert_owed(world, ref, DUE(EXTRADITION_REQUEST), SIDE_REQUESTING, NULL);
	assert_owed(world, ref, DUE(ARREST_END), SIDE_REQUESTING, NULL);
}

static void custody_is_a_deadline_of_the_requested_side(void **state)
{
	struct world *world = *state;
	char ref[64], freed[] = "2026-12-01T08:00:00+01:00";
	open_with(world, "urgency: { level: URGENT, reasons: [CUSTODY_TIME_LIMIT], text: He is held., custody_until: \"2026-12-15\","
		" deadlines: [{ by: \"2026-12-10\", reason: custody ends }] }\n", ref);
	assert_owed(world, ref, DUE(CUSTODY_END), SIDE_REQUESTED, "2026-12-15");
	tell_milestone(world, ref, COMITY__MILESTONE__VALUE__RELEASED, freed);
	assert_owed(world, ref, DUE(CUSTODY_END), SIDE_REQUESTED, NULL);
}

/* ── conditions ───────────────────────────────────────────────────────────────────────────────── */

static size_t conditions_of(struct party *party, const char *ref, const char *from, char *id)
{
	Comity__Attachment file = COMITY__ATTACHMENT__INIT;
	Comity__AttachmentState shown = COMITY__ATTACHMENT_STATE__INIT;
	shown.from = (char *)from;
	shown.attachment = &file;
	file.id = id;
	casework_show_conditions(find_case(party, ref), &shown, &party->ledger.arena);
	assert_true(!shown.n_conditions || shown.conditions[0]->condition->use == COMITY__USE_CONDITION__VALUE__PURPOSE_LIMITED);
	return shown.n_conditions;
}

static void a_condition_binds_what_its_author_furnishes_until_it_is_declined(void **state)
{
	struct world *world = *state;
	struct acts acts;
	char ref[64], k1[] = "K1", a1[] = "A1";
	Comity__Condition condition = COMITY__CONDITION__INIT, *list[] = { &condition };
	Comity__ConditionsProposed proposed = COMITY__CONDITIONS_PROPOSED__INIT;
	Comity__ConditionsResponse response = COMITY__CONDITIONS_RESPONSE__INIT;
	open_with(world, "", ref);
	assert_int_equal(conditions_of(&world->f, ref, "xs-ca", a1), 1);	/* 18(19), always */
	assert_int_equal(conditions_of(&world->f, ref, "xf-ca", a1), 0);	/* ours */
	condition.id = k1;
	condition.has_use = 1;
	condition.use = COMITY__USE_CONDITION__VALUE__NO_ONWARD_TRANSFER;
	proposed.n_conditions = response.n_conditions = 1;
	proposed.conditions = response.conditions = list;
	act_of(&acts, KIND(CONDITIONS_PROPOSED), S(UNSPECIFIED));
	acts.act.conditions_proposed = &proposed;
	said(world, &world->s, ref, &acts.act);
	said(world, &world->s, ref, &acts.act);					/* once more: the same condition */
	assert_int_equal(find_case(&world->f, ref)->n_conditions, 1);
	assert_int_equal(conditions_of(&world->f, ref, "xs-ca", a1), 2);
	condition.has_answer = 1;
	condition.answer = COMITY__CONDITION_ANSWER__VALUE__DECLINED;
	act_of(&acts, KIND(CONDITIONS_RESPONSE), S(UNSPECIFIED));
	acts.act.conditions_response = &response;
	said(world, &world->f, ref, &acts.act);
	assert_int_equal(conditions_of(&world->f, ref, "xs-ca", a1), 1);
	assert_int_equal(conditions_of(&world->s, ref, "xs-ca", a1), 1);
}

/* ── suggestions ──────────────────────────────────────────────────────────────────────────────── */

static const Comity__Suggestion *suggested(struct party *party, const char *ref, const char *what)
{
	READING(&party->ledger, txn);
	Comity__Case *kase;
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	const Comity__RequestView *view = casework_view(&txn, kase, CASE_HEAD, &party->ledger.arena);
	txn_abort(&txn);
	for (size_t i = 0; i < view->n_suggestions; i++)
		if (!strcmp(view->suggestions[i]->what, what))
			return view->suggestions[i];
	return NULL;
}

static void what_is_suggested_has_its_reason(void **state)
{
	static const struct { const char *more; int priority; const char *answer; } rows[] = {
		{ "", COMITY__PRIORITY__VALUE__P3_NORMAL, "2027-02-18" },
		{ "seriousness: MINOR\n", COMITY__PRIORITY__VALUE__P4_LOW, "2027-02-18" },
		{ "urgency: { level: URGENT, reasons: [FLIGHT_RISK], text: He may flee., deadlines: [{ by: \"2027-03-01\", reason: trial }] }\n",
		  COMITY__PRIORITY__VALUE__P2_HIGH, NULL },
		{ "urgency: { level: URGENT, reasons: [FLIGHT_RISK], text: He may flee., deadlines: [{ by: \"2026-11-27\", reason: trial }] }\n",
		  COMITY__PRIORITY__VALUE__P1_IMMEDIATE, NULL },
		{ "seriousness: GRAVE\nurgency: { level: URGENT, reasons: [PERSON_IN_CUSTODY], text: Held.,"
		  " deadlines: [{ by: \"2027-03-01\", reason: trial }] }\n", COMITY__PRIORITY__VALUE__P1_IMMEDIATE, NULL },
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char ref[64];
		open_with(world, rows[i].more, ref);
		const Comity__Suggestion *priority = suggested(&world->s, ref, "priority"), *answer = suggested(&world->s, ref, "answer");
		assert_non_null(priority);
		assert_int_equal(priority->priority, rows[i].priority);
		assert_true(priority->reason && *priority->reason);
		assert_int_equal(answer != NULL, rows[i].answer != NULL);
		if (answer)
			assert_string_equal(answer->by, rows[i].answer);
		assert_null(suggested(&world->f, ref, "priority"));		/* the receiver's own */
	}
}

static void what_was_said_is_not_suggested_again(void **state)
{
	struct world *world = *state;
	struct acts acts;
	char ref[64];
	open_with(world, "", ref);
	assert_non_null(suggested(&world->s, ref, "acknowledgement"));
	assert_string_equal(suggested(&world->s, ref, "acknowledgement")->by, "2026-11-30");
	register_it(world, ref);
	act_of(&acts, KIND(ACKNOWLEDGEMENT), S(ACKNOWLEDGED));
	acts.body.acknowledgement.has_priority = 1;
	acts.body.acknowledgement.priority = COMITY__PRIORITY__VALUE__P2_HIGH;
	said(world, &world->s, ref, &acts.act);
	assert_null(suggested(&world->s, ref, "priority"));
	assert_null(suggested(&world->s, ref, "acknowledgement"));
	assert_int_equal(find_case(&world->f, ref)->priority, COMITY__PRIORITY__VALUE__P2_HIGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(confidentiality_is_owed_until_it_is_answered),
		WORLD_TEST(a_deadline_that_comes_first_counts_for_confidentiality_too),
		WORLD_TEST(an_arrest_starts_its_clocks_and_a_release_stops_them),
		WORLD_TEST(custody_is_a_deadline_of_the_requested_side),
		WORLD_TEST(a_condition_binds_what_its_author_furnishes_until_it_is_declined),
		WORLD_TEST(what_is_suggested_has_its_reason),
		WORLD_TEST(what_was_said_is_not_suggested_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
