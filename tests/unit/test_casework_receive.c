/* What arrives, what it does to the case, and what becomes of the case when the other side refuses. */
#include "tests/unit/cases.h"

/* Everything that must not have changed. */
struct snapshot { uint64_t events, cases, documents, attachments, messages; };

static struct snapshot snapshot_of(struct party *party)
{
	READING(&party->ledger, txn);
	struct snapshot snapshot = { events_last(&txn), txn_count(&txn, TABLE_CASES), txn_count(&txn, TABLE_DRAFTS),
		txn_count(&txn, TABLE_ATTACHMENTS), txn_count(&txn, TABLE_CASE_MESSAGES) };
	txn_abort(&txn);
	return snapshot;
}

static void assert_untouched(struct party *party, const struct snapshot *before)
{
	struct snapshot now = snapshot_of(party);
	assert_memory_equal(&now, before, sizeof now);
}

static Comity__Attachment *good_attachment(void)
{
	static Comity__Attachment attachment;
	static char sha256[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	comity__attachment__init(&attachment);
	attachment.has_size = 1;
	attachment.size = 1;
	attachment.sha256 = sha256;
	return &attachment;
}

/* ── requests ─────────────────────────────────────────────────────────────────────────────────── */

static void a_request_is_not_opened_twice(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	struct snapshot before = snapshot_of(&world->s);
	Comity__Message again = *last_message(&world->f);
	again.message_id = "019aafd8-1c2e-7000-8000-000000000009";
	assert_fault(receive(&world->s, &again), FAULT_STATUS_TRANSITION);
	assert_non_null(strstr(fault_detail(FAULT_STATUS_TRANSITION), "not opened twice"));
	assert_untouched(&world->s, &before);
}

/* A draft is shared, taken back, shared again and sent: one case, which is a request from then on only. */
static void the_draft_of_a_request_opens_its_case_and_is_no_request(void **state)
{
	struct world *world = *state;
	struct acts acts;
	Comity__Case *kase;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	Comity__Request *document = document_of(&world->f, complete);
	document->transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__CONSULTATION_DRAFT;
	act_of(&acts, KIND(CONSULTATION_DRAFT), 0);
	acts.body.consultation_draft.draft = document;
	for (int round = 0; round < 2; round++) {
		assert_ok(submit(&world->f, ref, &acts.act));
		assert_ok(receive(&world->s, last_message(&world->f)));
		assert_status(&world->s, ref, S(IN_CONSULTATION));
		const Comity__Case *theirs = find_case(&world->s, ref);
		assert_null(theirs->sent_at);
		assert_null(theirs->received_at);
		assert_string_equal(theirs->subject, "Fraud");
		assert_fault(act(&world->s, ref, KIND(RECEIPT), 0), FAULT_STATUS_TRANSITION);
		assert_ok(act(&world->s, ref, KIND(CONSULTATION_COMMENT), 0));
		assert_ok(receive(&world->f, last_message(&world->s)));
		assert_ok(act(&world->f, ref, KIND(REVISE), 0));
		assert_ok(receive(&world->s, last_message(&world->f)));
		assert_status(&world->s, ref, S(DRAFT));
		act_of(&acts, KIND(CONSULTATION_DRAFT), 0);
		acts.body.consultation_draft.draft = document;
	}
	assert_ok(send(&world->f, ref, NULL));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_status(&world->s, ref, S(SENT));
	assert_string_equal(find_case(&world->s, ref)->message_id, world->f.submitted);
	assert_non_null(find_case(&world->s, ref)->received_at);
	assert_ok(act(&world->s, ref, KIND(RECEIPT), 0));
}

static void a_refused_consultation_leaves_the_draft_as_it_is(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(act(&world->f, ref, KIND(CONSULTATION_DRAFT), 0));
	refuse(&world->f, world->f.submitted);
	assert_status(&world->f, ref, S(DRAFT));
	assert_string_equal(find_case(&world->f, ref)->subject, "Fraud");
	assert_ok(send(&world->f, ref, NULL));
}

/* Two authorities may both ask us, but neither speaks in the other's case. */
static void nobody_speaks_in_the_case_of_another(void **state)
{
	struct world *world = *state;
	char ref[64];
	struct acts acts;
	open_case(world, ref);
	struct snapshot before = snapshot_of(&world->s);
	Comity__Message message = *last_message(&world->f);
	message.from = "xm-ca";
	message.message_id = "019aafd8-1c2e-7000-8000-000000000009";
	assert_fault(receive(&world->s, &message), FAULT_NOT_FOUND);
	Comity__Act *list = (Comity__Act *)act_of(&acts, KIND(WITHDRAWAL), 0);
	message.n_acts = 1;
	message.acts = &list;
	assert_fault(receive(&world->s, &message), FAULT_NOT_FOUND);
	assert_untouched(&world->s, &before);
	assert_status(&world->s, ref, S(SENT));
}

static void what_belongs_to_no_case_we_know_is_refused(void **state)
{
	struct world *world = *state;
	struct acts acts;
	static const struct { char *request_id; act_kind kind; bool has_attachment; enum fault fault; } rows[] = {
		{ "019aafd8-1c2e-7000-8000-00000000000a", KIND(WITHDRAWAL),             false, FAULT_NOT_FOUND },
		{ "019aafd8-1c2e-7000-8000-00000000000a", KIND(GENERAL_CORRESPONDENCE), false, FAULT_NOT_FOUND },
		{ "not a uuid",                           KIND(REQUEST),                false, FAULT_BAD_DOCUMENT },
		{ "",                                     KIND(REQUEST),                false, FAULT_BAD_DOCUMENT },
		{ "019AAFD8-1C2E-7000-8000-00000000000A", KIND(REQUEST),                false, FAULT_BAD_DOCUMENT },
		{ "../../etc/passwd",                     KIND(WITHDRAWAL),             false, FAULT_BAD_DOCUMENT },
		{ NULL,                                   KIND(WITHDRAWAL),             false, FAULT_BAD_DOCUMENT },
		{ NULL,                                   KIND(REQUEST),                false, FAULT_BAD_DOCUMENT },
		{ NULL,                                   KIND(GENERAL_CORRESPONDENCE), true,  FAULT_BAD_DOCUMENT },
		{ NULL,                                   KIND(GENERAL_CORRESPONDENCE), false, OK },
	};
	struct snapshot before = snapshot_of(&world->s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		Comity__Message message = COMITY__MESSAGE__INIT;
		Comity__Act *list = (Comity__Act *)act_of(&acts, rows[i].kind, 0);
		Comity__Attachment *attachment = good_attachment();
		message.message_id = "019aafd8-1c2e-7000-8000-000000000009";
		message.from = "xf-ca";
		message.to = "xs-ca";
		message.request_id = rows[i].request_id;
		message.n_acts = 1;
		message.acts = &list;
		message.n_attachments = rows[i].has_attachment;
		message.attachments = &attachment;
		enum fault fault = receive(&world->s, &message);
		if (fault != rows[i].fault)
			fail_msg("row %zu: %s (%s)", i, fault_slug(fault), fault_detail(fault));
		assert_true(!fault || fault_remedy(fault) == REMEDY_REFUSE);	/* it settles: a message must not come for ever */
	}
	assert_untouched(&world->s, &before);
}

/* ── acts of a later version ──────────────────────────────────────────────────────────────────── */

static void an_unknown_act_is_kept_and_shown_and_does_nothing(void **state)
{
	struct world *world = *state;
	char ref[64];
	struct acts acts;
	open_case(world, ref);
	Comity__Act unknown = COMITY__ACT__INIT;
	unknown.kind_case = (act_kind)999;
	Comity__Act *list[] = { &unknown, (Comity__Act *)act_of(&acts, KIND(STATUS_ENQUIRY), 0) };
	Comity__Message message = *last_message(&world->f);
	message.message_id = "019aafd8-1c2e-7000-8000-000000000009";
	message.n_acts = 2;
	message.acts = list;
	assert_ok(receive(&world->s, &message));
	assert_status(&world->s, ref, S(SENT));
	struct key key = key_of_message("xf-ca", message.message_id);
	READING(&world->s.ledger, txn);
	const Comity__MessageState *kept =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &world->s.ledger.arena);
	assert_int_equal(kept->n_acts, 2);
	assert_string_equal(kept->acts[0], "unknown");
	assert_string_equal(kept->acts[1], "status-enquiry");
	assert_int_equal(txn_count(&txn, TABLE_CASE_MESSAGES), 2);
	txn_abort(&txn);
}

static void a_status_of_a_later_version_is_noted_and_not_taken_for_another(void **state)
{
	struct world *world = *state;
	char ref[64];
	struct acts acts;
	open_case(world, ref);
	Comity__Message message = *last_message(&world->f);
	Comity__Act *list = (Comity__Act *)act_of(&acts, KIND(STATUS_UPDATE), (request_status)77);
	message.from = "xs-ca";
	message.message_id = "019aafd8-1c2e-7000-8000-000000000009";
	message.n_acts = 1;
	message.acts = &list;
	assert_ok(receive(&world->f, &message));
	assert_status(&world->f, ref, S(SENT));
	assert_int_equal(find_case(&world->f, ref)->n_history, 1);
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static void attachments_that_cannot_be_are_refused(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	struct snapshot before = snapshot_of(&world->s);
	static const struct { const char *what; bool has_size; uint64_t size; char *sha256, *name; size_t count; enum fault fault; } rows[] = {
		{ "no size",      false, 0, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", NULL, 1, FAULT_BAD_DOCUMENT },
		{ "no hash",      true,  1, NULL, NULL, 1, FAULT_BAD_DOCUMENT },
		{ "short hash",   true,  1, "bbbb", NULL, 1, FAULT_BAD_DOCUMENT },
		{ "no hex",       true,  1, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", NULL, 1, FAULT_BAD_DOCUMENT },
		{ "capitals",     true,  1, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", NULL, 1, FAULT_BAD_DOCUMENT },
		{ "huge",         true,  UINT64_MAX, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", NULL, 1, FAULT_TOO_LARGE },
		{ "upwards",      true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "../x", 1, FAULT_BAD_NAME },
		{ "dots",         true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "..", 1, FAULT_BAD_NAME },
		{ "root",         true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "/etc/passwd", 1, FAULT_BAD_NAME },
		{ "escape",       true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "a\x1b[2J", 1, FAULT_BAD_NAME },
		{ "empty name",   true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "", 1, FAULT_BAD_NAME },
		{ "too many",     true,  1, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", NULL, 257, FAULT_TOO_LARGE },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		Comity__Attachment *attachment = good_attachment(), *list[257];
		struct acts acts;
		Comity__Act *act = (Comity__Act *)act_of(&acts, KIND(STATUS_ENQUIRY), 0);
		Comity__Message message = *last_message(&world->f);
		for (size_t k = 0; k < ARRAY_LEN(list); k++)
			list[k] = attachment;
		attachment->has_size = rows[i].has_size;
		attachment->size = rows[i].size;
		attachment->sha256 = rows[i].sha256;
		attachment->name = rows[i].name;
		message.message_id = "019aafd8-1c2e-7000-8000-000000000009";
		message.n_acts = 1;
		message.acts = &act;
		message.n_attachments = rows[i].count;
		message.attachments = list;
		enum fault fault = receive(&world->s, &message);
		if (fault != rows[i].fault)
			fail_msg("%s: %s", rows[i].what, fault_slug(fault));
		assert_int_equal(fault_remedy(fault), REMEDY_REFUSE);
	}
	assert_untouched(&world->s, &before);
}

/* ── refused over there ───────────────────────────────────────────────────────────────────────── */

static void a_refused_act_takes_the_case_back(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	assert_ok(act(&world->f, ref, KIND(WITHDRAWAL), 0));
	assert_status(&world->f, ref, S(WITHDRAWN));
	refuse(&world->f, world->f.submitted);
	const Comity__Case *kase = find_case(&world->f, ref);
	assert_status(&world->f, ref, S(SENT));
	assert_int_equal(kase->n_history, 3);		/* it is added to, never taken from */
	assert_non_null(strstr(kase->history[2]->note, "refused the message: status-transition"));
	const Comity__Event *event = ledger_event(&world->f.ledger, ledger_events(&world->f.ledger));
	assert_string_equal(event->type, EVENT_REQUEST_STATUS);
	assert_string_equal(event->data->from, "withdrawn");
	assert_string_equal(event->data->to, "sent");
	assert_ok(act(&world->f, ref, KIND(WITHDRAWAL), 0));	/* and it may be said again */
}

static void a_refused_remark_changes_nothing(void **state)
{
	struct world *world = *state;
	char ref[64];
	open_case(world, ref);
	assert_ok(act(&world->f, ref, KIND(STATUS_ENQUIRY), 0));
	struct snapshot before = snapshot_of(&world->f);
	refuse(&world->f, world->f.submitted);
	assert_untouched(&world->f, &before);
	assert_status(&world->f, ref, S(SENT));
}

/* The second rested on the first: both are taken back, in whichever order the refusals are heard. */
static void two_refused_acts_take_the_case_back_to_where_both_sides_stand(void **state)
{
	struct world *world = *state;
	for (int order = 0; order < 2; order++) {
		char ref[64], messages[2][UUID_TEXT_SIZE];
		open_case(world, ref);
		assert_ok(act(&world->s, ref, KIND(RECEIPT), 0));
		strcpy(messages[0], world->s.submitted);
		assert_ok(act(&world->s, ref, KIND(ACKNOWLEDGEMENT), 0));
		strcpy(messages[1], world->s.submitted);
		assert_status(&world->s, ref, S(ACKNOWLEDGED));
		refuse(&world->s, messages[order]);
		refuse(&world->s, messages[1 - order]);
		assert_status(&world->s, ref, S(SENT));
	}
}

static void where_a_case_goes_on_is_known_again_after_a_refusal(void **state)
{
	struct world *world = *state;
	char ref[64];
	static const struct { act_kind kind; request_status to; } way[] = {
		{ KIND(RECEIPT), 0 }, { KIND(ACKNOWLEDGEMENT), 0 }, { KIND(STATUS_UPDATE), S(UNDER_REVIEW) },
		{ KIND(ADDITIONAL_INFO_REQUEST), 0 },
	};
	open_case(world, ref);
	for (size_t i = 0; i < ARRAY_LEN(way); i++) {
		assert_ok(act(&world->s, ref, way[i].kind, way[i].to));
		assert_ok(receive(&world->f, last_message(&world->s)));
	}
	assert_int_equal(find_case(&world->f, ref)->resume_to, S(UNDER_REVIEW));
	assert_ok(act(&world->f, ref, KIND(ADDITIONAL_INFO), 0));
	assert_status(&world->f, ref, S(UNDER_REVIEW));
	refuse(&world->f, world->f.submitted);
	assert_status(&world->f, ref, S(INFO_REQUESTED));
	assert_int_equal(find_case(&world->f, ref)->resume_to, S(UNDER_REVIEW));
	assert_ok(act(&world->f, ref, KIND(ADDITIONAL_INFO), 0));
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_status(&world->s, ref, S(UNDER_REVIEW));
}

static void a_refused_request_is_a_draft_again_with_its_papers(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(stage(&world->f, ref, "A1", NULL));
	assert_ok(send(&world->f, ref, NULL));
	refuse(&world->f, world->f.submitted);
	assert_status(&world->f, ref, S(DRAFT));
	assert_ok(send(&world->f, ref, NULL));
	assert_int_equal(last_message(&world->f)->n_attachments, 1);
	assert_string_equal(find_case(&world->f, ref)->message_id, world->f.submitted);
	assert_ok(receive(&world->s, last_message(&world->f)));
	assert_status(&world->s, ref, S(SENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_request_is_not_opened_twice),
		WORLD_TEST(the_draft_of_a_request_opens_its_case_and_is_no_request),
		WORLD_TEST(a_refused_consultation_leaves_the_draft_as_it_is),
		WORLD_TEST(nobody_speaks_in_the_case_of_another),
		WORLD_TEST(what_belongs_to_no_case_we_know_is_refused),
		WORLD_TEST(an_unknown_act_is_kept_and_shown_and_does_nothing),
		WORLD_TEST(a_status_of_a_later_version_is_noted_and_not_taken_for_another),
		WORLD_TEST(attachments_that_cannot_be_are_refused),
		WORLD_TEST(a_refused_act_takes_the_case_back),
		WORLD_TEST(a_refused_remark_changes_nothing),
		WORLD_TEST(two_refused_acts_take_the_case_back_to_where_both_sides_stand),
		WORLD_TEST(where_a_case_goes_on_is_known_again_after_a_refusal),
		WORLD_TEST(a_refused_request_is_a_draft_again_with_its_papers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
