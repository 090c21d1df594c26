/* What officers send, and which acts they may write where: the same table on both sides of the line. */
#include "tests/unit/cases.h"

/* ── requests ─────────────────────────────────────────────────────────────────────────────────── */

static void a_complete_request_is_sent_and_opens_its_case_there(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	Comity__Submitted submitted;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(send(&world->f, ref, &submitted));
	assert_int_equal(submitted.transport, COMITY__TRANSPORT__VALUE__QUEUED);
	assert_string_equal(submitted.message_id, world->f.submitted);
	assert_int_equal(world->f.count, 1);
	assert_status(&world->f, ref, S(SENT));
	assert_string_equal(find_case(&world->f, ref)->message_id, world->f.submitted);

	const Comity__Message *message = last_message(&world->f);
	assert_string_equal(message->from, "xf-ca");
	assert_string_equal(message->to, "xs-ca");
	assert_string_equal(message->requesting_reference, ref);
	assert_string_equal(message->subject, "Fraud");
	assert_ok(receive(&world->s, message));
	kase = find_case(&world->s, ref);
	assert_int_equal(kase->role, COMITY__ROLE__VALUE__REQUESTED);
	assert_string_equal(kase->peer, "xf-ca");
	assert_string_equal(kase->subject, "Fraud");
	assert_int_equal(kase->n_measures, 1);
	assert_status(&world->s, ref, S(SENT));
}

static void an_incomplete_request_stays_a_draft_and_is_told_everything(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	Comity__Submitted submitted;
	assert_ok(draft(f, "kind: MLA\n", &kase));
	const char *ref = kase->requesting_reference;
	uint64_t events = ledger_events(&f->ledger);
	assert_fault(send(f, ref, &submitted), FAULT_INCOMPLETE);
	assert_true(submitted.n_warnings > 5);
	assert_string_equal(submitted.warnings[0]->severity, "error");
	assert_status(f, ref, S(DRAFT));
	assert_int_equal(f->count, 0);
	assert_int_equal(ledger_events(&f->ledger), events);
}

static void only_to_the_verified_anything_is_sent(void **state)
{
	static const struct { Comity__Standing__Value standing; enum fault fault; } rows[] = {
		{ COMITY__STANDING__VALUE__UNSPECIFIED, FAULT_PEER_UNVERIFIED },
		{ COMITY__STANDING__VALUE__UNVERIFIED,  FAULT_PEER_UNVERIFIED },
		{ COMITY__STANDING__VALUE__BLOCKED,     FAULT_PEER_BLOCKED },
		{ COMITY__STANDING__VALUE__VERIFIED,    OK },
	};
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	assert_ok(draft(f, complete, &kase));
	const char *ref = kase->requesting_reference;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		set_standing(f, "xs-ca", rows[i].standing);
		assert_fault(send(f, ref, NULL), rows[i].fault);
		assert_int_equal(f->count, rows[i].fault ? 0 : 1);
	}
	set_standing(f, "xs-ca", COMITY__STANDING__VALUE__BLOCKED);
	assert_fault(act(f, ref, KIND(WITHDRAWAL), 0), FAULT_PEER_BLOCKED);
	assert_status(f, ref, S(SENT));
}

/* Article 18(20): what is confidential shows no subject outside of the request. */
static void a_confidential_subject_is_not_shown_on_the_envelope(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	Comity__Case *kase;
	char yaml[4096];
	snprintf(yaml, sizeof yaml, "%sconfidentiality: { requested: true, scope: BOTH, reason: suspects at large }\n", complete);
	assert_ok(draft(f, yaml, &kase));
	assert_ok(send(f, kase->requesting_reference, NULL));
	assert_null(last_message(f)->subject);
	assert_string_equal(last_message(f)->acts[0]->request->proceeding->subject, "Fraud");
}

static void staged_papers_go_along_once(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(stage(&world->f, ref, "A1", NULL));
	assert_ok(stage(&world->f, ref, "A2", NULL));
	assert_ok(send(&world->f, ref, NULL));
	const Comity__Message *message = last_message(&world->f);
	assert_int_equal(message->n_attachments, 2);
	assert_string_equal(message->attachments[1]->id, "A2");
	assert_ok(receive(&world->s, message));
	READING(&world->s.ledger, txn);
	assert_int_equal(txn_count(&txn, TABLE_WANTED), 2);
	const Comity__AttachmentList *list =
		casework_attachments(&txn, find_case(&world->s, ref), &world->s.ledger.arena);
	assert_int_equal(list->n_data, 2);
	assert_int_equal(list->data[1]->presence, COMITY__PRESENCE__VALUE__ARRIVING);
	assert_int_equal(list->data[1]->index, 2);
	txn_abort(&txn);
	assert_ok(act(&world->f, ref, KIND(STATUS_ENQUIRY), 0));
	assert_int_equal(last_message(&world->f)->n_attachments, 0);
}

/* ── acts ─────────────────────────────────────────────────────────────────────────────────────── */

/* Both hold the case to be in that status; the law remembers what the row needs. */
static void put_in(struct party *party, const char *ref, const struct transition *row)
{
	bool resumes = row->act == KIND(ADDITIONAL_INFO) || row->act == KIND(CONSULTATION_CLOSED);
	Comity__Case *kase = find_case(party, ref);
	struct key key = key_of_uuid(kase->request_id);
	kase->status = row->from;
	kase->has_resume_to = kase->has_deficient = kase->deficient = 1;
	kase->resume_to = resumes ? row->to : S(UNSPECIFIED);
	if (row->to == S(PARTIALLY_REFUSED))
		kase->n_measures = 0;		/* it takes more than the one that there is */
	else if (kase->n_measures)
		kase->measures[0]->status = M(PENDING);
	WRITING(&party->ledger, txn);
	record_keep(&txn, TABLE_CASES, key_span(&key), &kase->base);
	assert_ok(ledger_end(&txn, OK));
}

/* Drafts are sent and consulted about by calls of their own. */
static bool is_submitted(const struct transition *row)
{
	return phase_of(row->from) == PHASE_LIVE && row->act != KIND(REQUEST);
}

static void every_step_of_the_law_is_taken_on_both_sides(void **state)
{
	struct world *world = *state;
	char ref[64];
	size_t n, taken = 0;
	const struct transition *row = rows(&n);
	open_case(world, ref);
	for (size_t i = 0; i < n; i++) {
		if (!is_submitted(&row[i]))
			continue;
		bool by_requested = row[i].side & SIDE_REQUESTED;
		struct party *writer = by_requested ? &world->s : &world->f, *reader = by_requested ? &world->f : &world->s;
		put_in(writer, ref, &row[i]);
		put_in(reader, ref, &row[i]);
		enum fault fault = act(writer, ref, row[i].act, row[i].to);
		if (!fault)
			fault = receive(reader, last_message(writer));
		if (fault)
			fail_msg("%s -> %s: %s", status_name(row[i].from), status_name(row[i].to), fault_detail(fault));
		assert_status(writer, ref, row[i].to);
		assert_status(reader, ref, row[i].to);
		taken++;
	}
	assert_true(taken > 50);
}

static void no_step_is_taken_by_the_wrong_side(void **state)
{
	struct world *world = *state;
	char ref[64];
	size_t n, refused = 0;
	const struct transition *row = rows(&n);
	open_case(world, ref);
	for (size_t i = 0; i < n; i++) {
		if (!is_submitted(&row[i]) || row[i].side == SIDE_BOTH || row[i].act == KIND(CONSULTATION))
			continue;
		struct party *writer = row[i].side == SIDE_REQUESTED ? &world->f : &world->s;
		put_in(writer, ref, &row[i]);
		uint64_t events = ledger_events(&writer->ledger);
		unsigned count = writer->count;
		assert_fault(act(writer, ref, row[i].act, row[i].to), FAULT_WRONG_SIDE);
		assert_status(writer, ref, row[i].from);
		assert_int_equal(ledger_events(&writer->ledger), events);
		assert_int_equal(writer->count, count);
		refused++;
	}
	assert_true(refused > 40);
}

/* Whoever skips our check is refused by theirs, and nothing of it is written there. */
static void what_their_side_may_not_write_is_refused_on_arrival(void **state)
{
	struct world *world = *state;
	char ref[64];
	struct acts acts;
	open_case(world, ref);
	uint64_t events = ledger_events(&world->s.ledger);
	Comity__Message message = *last_message(&world->f);
	Comity__Act *list[1] = { (Comity__Act *)act_of(&acts, KIND(DECISION), S(ACCEPTED)) };
	message.n_acts = 1;
	message.acts = list;
	message.message_id = "019aafd8-1c2e-7000-8000-000000000001";
	assert_fault(receive(&world->s, &message), FAULT_WRONG_SIDE);
	list[0] = (Comity__Act *)act_of(&acts, KIND(ADDITIONAL_INFO), 0);
	assert_fault(receive(&world->s, &message), FAULT_STATUS_TRANSITION);
	assert_status(&world->s, ref, S(SENT));
	assert_int_equal(ledger_events(&world->s.ledger), events);
}

/* One bad act spoils the message, not only itself: all or none. */
static void the_acts_of_a_message_are_applied_together_or_not_at_all(void **state)
{
	struct world *world = *state;
	struct party *s = &world->s;
	char ref[64];
	struct acts receipt, acknowledgement, decision;
	Comity__Act *list[] = {
		(Comity__Act *)act_of(&receipt, KIND(RECEIPT), 0),
		(Comity__Act *)act_of(&acknowledgement, KIND(ACKNOWLEDGEMENT), 0),
		(Comity__Act *)act_of(&decision, KIND(EXECUTION_RESULT), S(EXECUTED)),
	};
	open_case(world, ref);
	for (size_t count = 3; count >= 2; count--) {
		Comity__Submitted submitted = COMITY__SUBMITTED__INIT;
		Comity__Message message = COMITY__MESSAGE__INIT;
		message.n_acts = count;
		message.acts = list;
		WRITING(&s->ledger, txn);
		Comity__Case *kase;
		assert_ok(casework_find(&txn, ref, &s->ledger.arena, &kase));
		enum fault fault = casework_submit(&s->casework, &txn, kase, &message, false, UID, &s->ledger.arena, &submitted);
		assert_fault(ledger_end(&txn, fault), count == 3 ? FAULT_STATUS_TRANSITION : OK);
		assert_status(s, ref, count == 3 ? S(SENT) : S(ACKNOWLEDGED));
	}
	assert_ok(receive(&world->f, last_message(s)));
	assert_status(&world->f, ref, S(ACKNOWLEDGED));
	assert_int_equal(find_case(&world->f, ref)->n_history, 3);	/* sent, received, acknowledged */
}

static void what_is_no_message_is_refused(void **state)
{
	struct world *world = *state;
	struct party *f = &world->f;
	char ref[64];
	struct acts acts;
	open_case(world, ref);
	Comity__Act unknown = COMITY__ACT__INIT;
	unknown.kind_case = (act_kind)999;
	assert_fault(submit(f, ref, &unknown), FAULT_BAD_DOCUMENT);
	assert_fault(submit(f, ref, act_of(&acts, KIND(REQUEST), 0)), FAULT_USAGE);

	static const struct { size_t acts; char *text, *attachment; enum fault fault; } rows[] = {
		{ 0, NULL,             NULL, FAULT_BAD_DOCUMENT },
		{ 1, "\x1b[2J",        NULL, FAULT_BAD_TEXT },
		{ 1, "right\nand left", "A9", FAULT_NOT_FOUND },
		{ 1, "right\nand left", NULL, OK },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		Comity__Submitted submitted = COMITY__SUBMITTED__INIT;
		Comity__Message message = COMITY__MESSAGE__INIT;
		Comity__Attachment attachment = COMITY__ATTACHMENT__INIT, *attachments = &attachment;
		Comity__Act *list = (Comity__Act *)act_of(&acts, KIND(STATUS_ENQUIRY), 0);
		message.n_acts = rows[i].acts;
		message.acts = &list;
		message.text = rows[i].text;
		attachment.id = rows[i].attachment;
		message.n_attachments = rows[i].attachment != NULL;
		message.attachments = &attachments;
		WRITING(&f->ledger, txn);
		Comity__Case *kase;
		assert_ok(casework_find(&txn, ref, &f->ledger.arena, &kase));
		enum fault fault = casework_submit(&f->casework, &txn, kase, &message, false, UID, &f->ledger.arena, &submitted);
		assert_fault(ledger_end(&txn, fault), rows[i].fault);
	}
	assert_int_equal(f->count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_complete_request_is_sent_and_opens_its_case_there),
		WORLD_TEST(an_incomplete_request_stays_a_draft_and_is_told_everything),
		WORLD_TEST(only_to_the_verified_anything_is_sent),
		WORLD_TEST(a_confidential_subject_is_not_shown_on_the_envelope),
		WORLD_TEST(staged_papers_go_along_once),
		WORLD_TEST(every_step_of_the_law_is_taken_on_both_sides),
		WORLD_TEST(no_step_is_taken_by_the_wrong_side),
		WORLD_TEST(what_their_side_may_not_write_is_refused_on_arrival),
		WORLD_TEST(the_acts_of_a_message_are_applied_together_or_not_at_all),
		WORLD_TEST(what_is_no_message_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
