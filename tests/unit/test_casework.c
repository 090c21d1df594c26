/* Drafts, what their cases are called, and the papers in them. */
#include "tests/unit/cases.h"

/* ── drafts ───────────────────────────────────────────────────────────────────────────────────── */

static void a_draft_has_its_reference_its_text_and_its_event(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, complete, &kase));
	assert_string_equal(kase->requesting_reference, "XF-CA-2026-000001");
	assert_string_equal(kase->subject, "Fraud");
	assert_string_equal(kase->peer, "xs-ca");
	assert_int_equal(kase->n_measures, 1);
	assert_int_equal(kase->measures[0]->status, COMITY__MEASURE_STATUS__VALUE__PENDING);
	assert_status(f, "XF-CA-2026-000001", S(DRAFT));
	assert_int_equal(ledger_events(&f->ledger), 1);
	const Comity__Event *event = ledger_event(&f->ledger, 1);
	assert_string_equal(event->type, EVENT_REQUEST_DRAFTED);
	assert_string_equal(event->subject, "XF-CA-2026-000001");
	assert_int_equal(event->data->actor_uid, UID);
	assert_int_equal(f->count, 0);		/* nothing goes out */

	READING(&f->ledger, txn);
	const Comity__Request *document = casework_document(&txn, kase, &f->ledger.arena);
	txn_abort(&txn);
	assert_string_equal(document->requesting_reference, "XF-CA-2026-000001");
	assert_string_equal(document->facts_summary, "Money was taken.");
}

static void a_draft_may_be_empty_but_not_for_nobody(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, NULL, &kase));
	f->peer = "xm-ca";
	assert_fault(draft(f, NULL, &kase), FAULT_PEER_UNKNOWN);
	assert_non_null(strstr(fault_detail(FAULT_PEER_UNKNOWN), "xm-ca"));
	assert_int_equal(ledger_events(&f->ledger), 1);
}

static enum fault edit(struct party *party, const char *ref, const char *yaml)
{
	Comity__Case *kase;
	WRITING(&party->ledger, txn);
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_edit(&party->casework, &txn, kase, document_of(party, yaml), &party->ledger.arena);
	return ledger_end(&txn, fault);
}

static enum fault abandon(struct party *party, const char *ref)
{
	Comity__Case *kase;
	WRITING(&party->ledger, txn);
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_abandon(&party->casework, &txn, kase, UID, &party->ledger.arena);
	return ledger_end(&txn, fault);
}

static void an_edited_draft_is_as_if_it_had_been_written_so(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, complete, &kase));
	assert_ok(edit(f, "XF-CA-2026-000001", "proceeding: { subject: Theft }\nmeasures: [{ id: M1 }, { id: M2 }]\n"));
	kase = find_case(f, "XF-CA-2026-000001");
	assert_string_equal(kase->subject, "Theft");
	assert_int_equal(kase->n_measures, 2);
	assert_ok(edit(f, "XF-CA-2026-000001", "kind: MLA\n"));
	assert_null(find_case(f, "XF-CA-2026-000001")->subject);
	assert_int_equal(find_case(f, "XF-CA-2026-000001")->n_measures, 0);
	/* its name stays */
	assert_ok(edit(f, "XF-CA-2026-000001", "requesting_reference: XF-CA-2026-000001\n"));
	assert_fault(edit(f, "XF-CA-2026-000001", "requesting_reference: XF-CA-2026-000009\n"), FAULT_BAD_DOCUMENT);
}

static void what_was_sent_or_abandoned_is_not_edited_nor_abandoned(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, complete, &kase));
	assert_ok(abandon(f, "XF-CA-2026-000001"));
	assert_status(f, "XF-CA-2026-000001", S(ABANDONED));
	assert_string_equal(ledger_event(&f->ledger, 2)->data->to, "abandoned");
	assert_ok(draft(f, complete, &kase));
	assert_ok(send(f, "XF-CA-2026-000002", NULL));
	uint64_t events = ledger_events(&f->ledger);
	for (int i = 1; i <= 2; i++) {
		const char *ref = i == 1 ? "XF-CA-2026-000001" : "XF-CA-2026-000002";
		assert_fault(edit(f, ref, complete), FAULT_NOT_DRAFT);
		assert_fault(abandon(f, ref), FAULT_NOT_DRAFT);
		assert_fault(send(f, ref, NULL), FAULT_NOT_DRAFT);
	}
	assert_int_equal(ledger_events(&f->ledger), events);
	assert_int_equal(f->count, 1);
}

/* ── references ───────────────────────────────────────────────────────────────────────────────── */

static void our_own_reference_never_collides(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, "requesting_reference: xf-ca-2026-000002\n", &kase));
	assert_fault(draft(f, "requesting_reference: XF-CA-2026-000002\n", &kase), FAULT_EXISTS);
	assert_ok(draft(f, NULL, &kase));
	assert_string_equal(kase->requesting_reference, "XF-CA-2026-000001");
	assert_ok(draft(f, NULL, &kase));
	assert_string_equal(kase->requesting_reference, "XF-CA-2026-000003");
}

static int64_t a_year_later(void) { return clock_at_noon() + 365 * STAMP_DAY; }

static void a_pattern_without_the_year_goes_on_in_the_next(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	f->casework.reference_pattern = "MLA {number} of {authority}";
	assert_ok(draft(f, NULL, &kase));
	assert_string_equal(kase->requesting_reference, "MLA 000001 of XF-CA");
	stamp_clock = a_year_later;
	assert_ok(draft(f, NULL, &kase));
	assert_string_equal(kase->requesting_reference, "MLA 000002 of XF-CA");
	f->casework.reference_pattern = "{year}/{number}";
	assert_ok(draft(f, NULL, &kase));
	assert_ptr_equal(strstr(kase->requesting_reference, "2027/"), kase->requesting_reference);
}

static void a_pattern_with_no_room_for_the_number_is_a_fault(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	f->casework.reference_pattern = "This-is-far-too-long-a-pattern-for-the-references-of-any-authority {number}";
	assert_fault(draft(f, NULL, &kase), FAULT_CONFIG);
	assert_int_equal(ledger_events(&f->ledger), 0);
}

static void references_of_wrong_lengths_are_refused(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_fault(draft(f, "requesting_reference: \"\"\n", &kase), FAULT_BAD_DOCUMENT);
	assert_fault(draft(f, "requesting_reference: "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", &kase), FAULT_BAD_DOCUMENT);
	assert_ok(draft(f, "requesting_reference: "
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", &kase));
}

static enum fault find(struct party *party, const char *ref, const char **name)
{
	Comity__Case *kase;
	READING(&party->ledger, txn);
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	*name = fault ? "" : casework_name(kase);
	char detail[256];
	snprintf(detail, sizeof detail, "%s", fault_detail(fault));
	txn_abort(&txn);
	return fault ? fault_say(fault, "%s", detail) : OK;
}

static void cases_are_found_by_what_people_type(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	char id[2][UUID_TEXT_SIZE], short_id[2][UUID_TEXT_SIZE + 4];
	Comity__Case *kase;
	assert_ok(draft(f, "requesting_reference: MLA-2026-1\n", &kase));
	strcpy(id[0], kase->request_id);
	assert_ok(draft(f, "requesting_reference: MLA-2026-11\n", &kase));
	strcpy(id[1], kase->request_id);
	snprintf(short_id[0], sizeof short_id[0], "%.13s", id[0]);	/* the time: of both */
	snprintf(short_id[1], sizeof short_id[1], "%.35s", id[1]);
	const struct { const char *ref, *name; enum fault fault; } cases[] = {
		{ "MLA-2026-1",  "MLA-2026-1",  OK },		/* whole goes before prefix */
		{ "mla-2026-1",  "MLA-2026-1",  OK },		/* in any case of letters */
		{ "Mla-2026-11", "MLA-2026-11", OK },
		{ "MLA-202",     "",            FAULT_AMBIGUOUS },
		{ "MLA-2",       "",            FAULT_NOT_FOUND },	/* too short for a prefix */
		{ "MLA-2026-12", "",            FAULT_NOT_FOUND },
		{ "MLA-2026-111", "",           FAULT_NOT_FOUND },
		{ id[0],         "MLA-2026-1",  OK },
		{ id[1],         "MLA-2026-11", OK },
		{ short_id[1],   "MLA-2026-11", OK },
		{ short_id[0],   "",            FAULT_AMBIGUOUS },
		{ "",            "",            FAULT_NOT_FOUND },
		{ NULL,          "",            FAULT_NOT_FOUND },
		{ "------",      "",            FAULT_NOT_FOUND },
		{ "ffffff",      "",            FAULT_NOT_FOUND },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", FAULT_NOT_FOUND },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *name;
		enum fault fault = find(f, cases[i].ref, &name);
		if (fault != cases[i].fault || strcmp(name, cases[i].name))
			fail_msg("\"%s\": %s \"%s\"", cases[i].ref, fault_slug(fault), name);
	}
	const char *name;
	assert_fault(find(f, "MLA-202", &name), FAULT_AMBIGUOUS);
	assert_non_null(strstr(fault_detail(FAULT_AMBIGUOUS), "MLA-2026-1, MLA-2026-11"));
}

static void a_case_is_found_by_the_references_of_both_sides(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	assert_ok(act(&world->s, ref, KIND(RECEIPT), 0));	/* it gives the reference "word" */
	assert_ok(receive(&world->f, last_message(&world->s)));
	assert_string_equal(find_case(&world->f, "WORD")->request_id, find_case(&world->f, ref)->request_id);
	assert_string_equal(find_case(&world->s, "word")->request_id, find_case(&world->s, ref)->request_id);
	assert_string_equal(casework_name(find_case(&world->s, ref)), "word");	/* ours first */
	assert_string_equal(casework_name(find_case(&world->f, "word")), ref);
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static void attachments_are_numbered_in_the_case_and_named_once(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	char name[64];
	assert_ok(draft(f, complete, &kase));
	const char *ref = kase->requesting_reference;
	static const struct { const char *id, *name; enum fault fault; } rows[] = {
		{ NULL,     "1 A1",     OK },
		{ "A3",     "2 A3",     OK },
		{ NULL,     "3 A2",     OK },
		{ NULL,     "4 A4",     OK },		/* A3 is taken */
		{ "letter", "5 letter", OK },
		{ "letter", "",         FAULT_EXISTS },
		{ "A1",     "",         FAULT_EXISTS },
		{ "2",      "",         FAULT_EXISTS },	/* it would be mistaken for a number */
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		name[0] = 0;
		assert_fault(stage(f, ref, rows[i].id, name), rows[i].fault);
		assert_string_equal(name, rows[i].name);
	}
	assert_int_equal(find_case(f, ref)->attachments, 5);
	assert_string_equal(ledger_event(&f->ledger, ledger_events(&f->ledger))->type, EVENT_ATTACHMENT_ADDED);
}

static void nothing_is_added_to_what_is_over(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, complete, &kase));
	assert_ok(abandon(f, kase->requesting_reference));
	assert_fault(stage(f, kase->requesting_reference, NULL, NULL), FAULT_STATUS_TRANSITION);
}

static enum fault find_paper(struct party *party, const char *ref, const char *name, uint32_t *number)
{
	Comity__AttachmentState *found = NULL;
	READING(&party->ledger, txn);
	Comity__Case *kase;
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_find_attachment(&txn, kase, name, &party->ledger.arena, &found);
	*number = fault ? 0 : found->number;
	txn_abort(&txn);
	return fault;
}

static void a_name_that_both_sides_gave_is_ambiguous(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	uint32_t number;
	char name[64];
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(stage(&world->f, ref, "A1", NULL));
	assert_ok(send(&world->f, ref, NULL));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_ok(stage(&world->s, ref, "A1", name));
	assert_string_equal(name, "2 A1");		/* numbers are of both sides together */
	assert_fault(find_paper(&world->s, ref, "A1", &number), FAULT_AMBIGUOUS);
	assert_ok(find_paper(&world->s, ref, "2", &number));
	assert_int_equal(number, 2);
	assert_ok(find_paper(&world->f, ref, "A1", &number));
	assert_fault(find_paper(&world->f, ref, "2", &number), FAULT_NOT_FOUND);
	assert_fault(find_paper(&world->f, ref, "", &number), FAULT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_draft_has_its_reference_its_text_and_its_event),
		WORLD_TEST(a_draft_may_be_empty_but_not_for_nobody),
		WORLD_TEST(an_edited_draft_is_as_if_it_had_been_written_so),
		WORLD_TEST(what_was_sent_or_abandoned_is_not_edited_nor_abandoned),
		WORLD_TEST(our_own_reference_never_collides),
		WORLD_TEST(a_pattern_without_the_year_goes_on_in_the_next),
		WORLD_TEST(a_pattern_with_no_room_for_the_number_is_a_fault),
		WORLD_TEST(references_of_wrong_lengths_are_refused),
		WORLD_TEST(cases_are_found_by_what_people_type),
		WORLD_TEST(a_case_is_found_by_the_references_of_both_sides),
		WORLD_TEST(attachments_are_numbered_in_the_case_and_named_once),
		WORLD_TEST(nothing_is_added_to_what_is_over),
		WORLD_TEST(a_name_that_both_sides_gave_is_ambiguous),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
