/* What an act does to a case: daemon/statuses_judge. */
#include "tests/unit/filled_acts.h"

/* ── judging ───────────────────────────────────────────────────────────────────────────────────── */

static void every_row_can_be_walked(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++) {
		struct acts acts;
		struct step step;
		enum side writer = row[i].side & SIDE_REQUESTED ? SIDE_REQUESTED : SIDE_REQUESTING;
		bool resumes = row[i].act == KIND(ADDITIONAL_INFO) || row[i].act == KIND(CONSULTATION_CLOSED);
		struct case_view view = view_at(row[i].from, resumes ? row[i].to : S(UNSPECIFIED));
		view.our_side = writer;
		enum fault fault = statuses_judge(&view, act_from(&acts, row[i].act, row[i].to, row[i].from), writer, &step);
		if (fault)
			fail_msg("%s -> %s: %s", status_name(row[i].from), status_name(row[i].to), fault_detail(fault));
		assert_int_equal(step.status, row[i].to);
		assert_ptr_equal(step.row, &row[i]);
	}
}

/* Every pair of statuses that the table does not join, by every act that could name the second. */
static void every_pair_that_is_not_in_the_table_is_refused(void **state)
{
	(void)state;
	size_t n, refused = 0;
	const struct transition *row = rows(&n);
	for (int from = 0; from < STATUSES; from++)
		for (size_t i = 0; i < n; i++) {
			enum side writer = row[i].side & SIDE_REQUESTED ? SIDE_REQUESTED : SIDE_REQUESTING;
			if (from == (int)row[i].to || statuses_find(COMITY__REQUEST_KIND__VALUE__MLA, (request_status)from, row[i].act, row[i].to, writer))
				continue;
			struct acts acts;
			struct step step;
			struct case_view view = view_at((request_status)from, S(UNSPECIFIED));
			view.our_side = writer;
			enum fault fault = statuses_judge(&view, act_from(&acts, row[i].act, row[i].to, row[i].from), writer, &step);
			assert_true(fault == FAULT_STATUS_TRANSITION || fault == FAULT_WRONG_SIDE);
			assert_false(step.changes);
			assert_int_equal(step.status, from);
			refused++;
		}
	assert_true(refused > 1000);
}

static void no_side_writes_for_the_other(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (row[i].side == SIDE_BOTH)
			continue;
		struct acts acts;
		struct step step;
		struct case_view view = view_at(row[i].from, S(UNSPECIFIED));
		view.our_side = SIDE_BOTH ^ row[i].side;
		bool remark = row[i].act == KIND(CONSULTATION);	/* the requesting side may open one: it changes nothing */
		enum fault fault = statuses_judge(&view, act_from(&acts, row[i].act, row[i].to, row[i].from), view.our_side, &step);
		assert_int_equal(fault, remark ? OK : FAULT_WRONG_SIDE);
		assert_false(step.changes);
	}
}

static void the_sentence_names_what_is_allowed(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(RECEIVED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED)), SIDE_REQUESTED, &step),
		FAULT_STATUS_TRANSITION);
	assert_string_equal(fault_detail(FAULT_STATUS_TRANSITION),
		"GR-2026-000017 is \"received\"; it cannot become \"executed\"; allowed now: acknowledged, redirected");

	view = view_at(S(CLOSED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(RECEIPT), S(RECEIVED)), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	assert_non_null(strstr(fault_detail(FAULT_STATUS_TRANSITION), "allowed now: nothing"));
}

static void a_case_goes_on_where_it_stood(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO_REQUEST), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(INFO_REQUESTED));
	assert_int_equal(step.resume_to, S(IN_EXECUTION));

	view = view_at(step.status, step.resume_to);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNDER_REVIEW)), SIDE_REQUESTING, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNSPECIFIED)), SIDE_REQUESTING, &step), OK);
	assert_int_equal(step.status, S(IN_EXECUTION));
	assert_int_equal(step.resume_to, S(UNSPECIFIED));

	request_status allowed[4];
	assert_int_equal(statuses_allowed(&view, SIDE_REQUESTING, allowed, 4), 2);
	assert_int_equal(allowed[0], S(IN_EXECUTION));
	assert_int_equal(allowed[1], S(WITHDRAWN));
}

static void a_draft_begins_a_case_only_when_it_comes_from_the_other_side(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(UNSPECIFIED), S(UNSPECIFIED));
	const Comity__Act *request = act_of(&acts, KIND(REQUEST), 0);
	assert_int_equal(statuses_judge(&view, request, SIDE_REQUESTING, &step), OK);
	assert_int_equal(step.status, S(SENT));
	view.our_side = SIDE_REQUESTING;
	assert_int_equal(statuses_judge(&view, request, SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);
}

/* ── crossing ──────────────────────────────────────────────────────────────────────────────────── */

static void a_withdrawal_that_comes_too_late_is_noted(void **state)
{
	(void)state;
	static const request_status ended[] = { S(EXECUTED), S(REFUSED), S(NOT_EXECUTABLE), S(REDIRECTED), S(CLOSED) };
	for (size_t i = 0; i < ARRAY_LEN(ended); i++) {
		struct acts acts;
		struct step step;
		struct case_view view = view_at(ended[i], S(UNSPECIFIED));
		const Comity__Act *withdrawal = act_of(&acts, KIND(WITHDRAWAL), 0);
		assert_int_equal(statuses_judge(&view, withdrawal, SIDE_REQUESTING, &step), OK);
		assert_false(step.changes);
		assert_int_equal(step.status, ended[i]);
		view.our_side = SIDE_REQUESTING;	/* who knows that it is over does not withdraw it */
		assert_int_equal(statuses_judge(&view, withdrawal, SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);
	}
}

/* What the requested side wrote before it saw the withdrawal is followed in the background; in the end both
 * sides hold the same status. */
static void both_sides_agree_after_a_crossing(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view ours = { .our_side = SIDE_REQUESTING, .kind = COMITY__REQUEST_KIND__VALUE__MLA, .status = S(TRANSFERRED) };
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(WITHDRAWAL), 0), SIDE_REQUESTING, &step), OK);
	ours.status = step.status;
	ours.resume_to = step.resume_to;
	assert_int_equal(ours.resume_to, S(TRANSFERRED));

	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(STATUS_UPDATE), S(IN_EXECUTION)), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(WITHDRAWN));
	assert_int_equal(step.resume_to, S(IN_EXECUTION));
	ours.resume_to = step.resume_to;

	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED)), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(EXECUTED));
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(ACKNOWLEDGEMENT), 0), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	assert_int_equal(step.status, S(WITHDRAWN));
}

/* Every status with every outcome: closed only with those that its row has, or with one that a later version knows. */
static void a_case_ends_as_it_stood(void **state)
{
	(void)state;
	static const struct { request_status from; unsigned outcomes; } ends[] = {
#define O(name) (1U << COMITY__OUTCOME__VALUE__##name)
		{ S(EXECUTED), O(FULLY_EXECUTED) | O(PARTLY_EXECUTED) }, { S(REFUSED), O(REFUSED) }, { S(NOT_EXECUTABLE), O(NOT_EXECUTABLE) },
		{ S(REDIRECTED), O(REDIRECTED) | O(SUPERSEDED) }, { S(WITHDRAWN), O(WITHDRAWN) | O(SUPERSEDED) }, { S(INFO_REQUESTED), O(NO_RESPONSE) },
	};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		for (int outcome = 0; outcome <= COMITY__OUTCOME__VALUE__SUPERSEDED + 1; outcome++) {
			struct acts acts;
			struct step step;
			struct case_view view = view_at(ends[i].from, S(UNSPECIFIED));
			bool fits = outcome > COMITY__OUTCOME__VALUE__SUPERSEDED || ends[i].outcomes & 1U << (unsigned)outcome;
			act_of(&acts, KIND(CLOSURE), 0);
			acts.body.closure.outcome = (Comity__Outcome__Value)outcome;
			assert_int_equal(statuses_judge(&view, &acts.act, SIDE_REQUESTED, &step), fits ? OK : FAULT_INCOMPLETE);
			assert_int_equal(step.changes, fits);
		}
}

static void an_answer_and_a_closure_for_silence_may_cross(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view ours = { .our_side = SIDE_REQUESTING, .kind = COMITY__REQUEST_KIND__VALUE__MLA, .status = S(UNDER_REVIEW) };
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(CLOSURE), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(CLOSED));

	struct case_view theirs = view_at(S(CLOSED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&theirs, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNDER_REVIEW)), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
	assert_int_equal(statuses_judge(&theirs, act_of(&acts, KIND(CLOSURE), 0), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
}

/* ── the rest ──────────────────────────────────────────────────────────────────────────────────── */

static void an_act_without_a_status_is_a_remark(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_UPDATE), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_ENQUIRY), 0), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(DECISION), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(EXECUTION_RESULT), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);

	struct case_view accepted = view_at(S(ACCEPTED), S(UNSPECIFIED));	/* no new loop before execution */
	assert_int_equal(statuses_judge(&accepted, act_of(&acts, KIND(CONSULTATION), 0), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	struct case_view none = { .our_side = SIDE_REQUESTED };
	assert_int_equal(statuses_judge(&none, act_of(&acts, KIND(GENERAL_CORRESPONDENCE), 0), SIDE_REQUESTING, &step), OK);
	assert_int_equal(statuses_judge(&none, act_of(&acts, KIND(STATUS_ENQUIRY), 0), SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);

	Comity__Act empty = COMITY__ACT__INIT;
	assert_int_equal(statuses_judge(&view, &empty, SIDE_REQUESTED, &step), FAULT_BAD_DOCUMENT);
}

static void spontaneous_information_has_a_short_life(void **state)
{
	(void)state;
	static const struct {
		act_kind act;
		enum side writer;
		request_status becomes;
	} life[] = {
		{ KIND(SPONTANEOUS_INFORMATION), SIDE_REQUESTING, S(SENT) },
		{ KIND(RECEIPT), SIDE_REQUESTED, S(RECEIVED) },
		{ KIND(SPONTANEOUS_RESPONSE), SIDE_REQUESTED, S(RECEIVED) },
		{ KIND(CLOSURE), SIDE_REQUESTING, S(CLOSED) },
		{ KIND(FEEDBACK), SIDE_REQUESTED, S(CLOSED) },
	};
	struct case_view view = { .our_side = SIDE_REQUESTED, .kind = COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION };
	for (size_t i = 0; i < ARRAY_LEN(life); i++) {
		struct acts acts;
		struct step step;
		assert_int_equal(statuses_judge(&view, act_of(&acts, life[i].act, 0), life[i].writer, &step), OK);
		assert_int_equal(step.status, life[i].becomes);
		view.status = step.status;
	}
}

static void a_measure_never_goes_back(void **state)
{
	(void)state;
	static const measure_status ends[] = { M(EXECUTED), M(NOT_EXECUTABLE), M(REFUSED), M(WITHDRAWN) };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		for (int to = M(UNSPECIFIED); to <= M(WITHDRAWN); to++)
			assert_int_equal(measure_may_become(ends[i], (measure_status)to), ends[i] == (measure_status)to);
	assert_true(measure_may_become(M(POSTPONED), M(IN_EXECUTION)));
	assert_false(measure_may_become(M(PARTIALLY_EXECUTED), M(REFUSED)));
	assert_false(measure_may_become(M(PENDING), (measure_status)40));
	assert_false(measure_may_become((measure_status)40, M(PENDING)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_can_be_walked),
		cmocka_unit_test(every_pair_that_is_not_in_the_table_is_refused),
		cmocka_unit_test(no_side_writes_for_the_other),
		cmocka_unit_test(the_sentence_names_what_is_allowed),
		cmocka_unit_test(a_case_goes_on_where_it_stood),
		cmocka_unit_test(a_draft_begins_a_case_only_when_it_comes_from_the_other_side),
		cmocka_unit_test(a_withdrawal_that_comes_too_late_is_noted),
		cmocka_unit_test(both_sides_agree_after_a_crossing),
		cmocka_unit_test(a_case_ends_as_it_stood),
		cmocka_unit_test(an_answer_and_a_closure_for_silence_may_cross),
		cmocka_unit_test(an_act_without_a_status_is_a_remark),
		cmocka_unit_test(spontaneous_information_has_a_short_life),
		cmocka_unit_test(a_measure_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
