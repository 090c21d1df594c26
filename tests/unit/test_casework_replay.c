/* A case is what its messages make of it: what was said in vain leaves no trace in it but the history. */
#include "tests/unit/cases.h"

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/chain.h"

#define KINDS ((act_kind)64)

static unsigned seed;

static unsigned chance(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

/* All that the law knows of a case, as bytes: not when it changed, nor how it came to be so. */
static struct bytes substance_of(struct txn *txn, const char *ref, struct arena *arena)
{
	struct bytes packed = { 0 };
	Comity__Case *kase;
	assert_ok(casework_find(txn, ref, arena, &kase));
	kase->n_history = 0;
	kase->changed_at = NULL;
	assert_ok(pack(&kase->base, &packed));
	return packed;
}

static enum fault say(struct party *party, struct txn *txn, const char *ref, act_kind kind, request_status to, struct arena *arena)
{
	struct acts acts;
	Comity__Case *kase;
	Comity__Submitted answer = COMITY__SUBMITTED__INIT;
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Act *list = (Comity__Act *)act_of(&acts, kind, to);
	message.n_acts = 1;
	message.acts = &list;
	assert_ok(casework_find(txn, ref, arena, &kase));
	return casework_submit(&party->casework, txn, kase, &message, true, UID, arena, &answer);
}

/* Say it, hear that it was refused: nothing is left of it.  All in a transaction that is thrown away.  False when it
 * cannot be said. */
static bool say_in_vain(struct party *party, const char *ref, act_kind kind, request_status to)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	WRITING(&party->ledger, txn);
	struct bytes before = substance_of(&txn, ref, &arena), after = { 0 };
	bool is_said = !say(party, &txn, ref, kind, to, &arena);
	if (is_said) {
		refuse_in(party, &txn, party->submitted, &arena);
		after = substance_of(&txn, ref, &arena);
		if (!span_equal(span_of(&before), span_of(&after)))
			fail_msg("a refused \"%s\" has left something in %s", act_rule(kind)->name, ref);
	}
	txn_abort(&txn);
	arena_clear(&arena);
	bytes_clear(&before);
	bytes_clear(&after);
	return is_said;
}

static void say_everything_in_vain(struct party *party, const char *ref, bool said[KINDS])
{
	request_status to[STATUSES];
	const Comity__Case *kase = find_case(party, ref);
	struct case_view view = case_view_of(kase, &party->ledger.arena);
	size_t n = statuses_allowed(&view, case_our_side(kase), to, STATUSES);
	to[n++] = 0;
	for (act_kind kind = 1; kind < KINDS; kind++)
		for (size_t i = 0; act_rule(kind) && kind != KIND(REQUEST) && i < n; i++)
			said[kind] |= say_in_vain(party, ref, kind, to[i]);
}

/* One step that moves the case on, said by either side and heard by the other. */
static bool go_on(struct world *world, const char *ref)
{
	for (unsigned tries = 0; tries < 4000; tries++) {
		arena_reset(&world->f.ledger.arena);
		arena_reset(&world->s.ledger.arena);
		struct party *party = chance(2) ? &world->f : &world->s, *other = party == &world->f ? &world->s : &world->f;
		request_status before = find_case(party, ref)->status;
		act_kind kind = 1 + chance(KINDS - 1);
		bool is_end = kind == KIND(WITHDRAWAL) || kind == KIND(CLOSURE) || kind == KIND(REDIRECT) || kind == KIND(NON_EXECUTION);
		if (!act_rule(kind) || kind == KIND(REQUEST) || (is_end && chance(8)) || act(party, ref, kind, chance(2) ? chance(STATUSES) : 0))
			continue;
		assert_ok(receive(other, last_message(party)));
		if (find_case(party, ref)->status != before)
			return true;
	}
	return false;
}

/* Whoever says these is in a case that was sent; that it was destroyed is said by no officer (test_casework_destruction.c). */
static bool moves_a_live_case(act_kind kind)
{
	size_t n;
	const struct transition *table = rows(&n);
	if (kind == KIND(DESTRUCTION_NOTICE))
		return false;
	for (size_t i = 0; i < n; i++)
		if (table[i].act == kind && phase_of(table[i].from) == PHASE_LIVE)
			return true;
	return act_rule(kind)->phases & PHASE_LIVE;
}

/* Through as many statuses as one case can have. */
static const struct { enum side side; act_kind kind; request_status to; } life[] = {
	{ SIDE_REQUESTED,  KIND(RECEIPT),                 0 },
	{ SIDE_REQUESTED,  KIND(ACKNOWLEDGEMENT),         0 },
	{ SIDE_REQUESTED,  KIND(STATUS_UPDATE),           S(UNDER_REVIEW) },
	{ SIDE_REQUESTED,  KIND(ADDITIONAL_INFO_REQUEST), 0 },
	{ SIDE_REQUESTING, KIND(ADDITIONAL_INFO),         0 },
	{ SIDE_REQUESTED,  KIND(CONSULTATION),            0 },
	{ SIDE_REQUESTING, KIND(CONSULTATION_REPLY),      0 },
	{ SIDE_REQUESTED,  KIND(DECISION),                S(POSTPONED) },
	{ SIDE_REQUESTED,  KIND(DECISION),                S(ACCEPTED) },
	{ SIDE_REQUESTED,  KIND(TRANSFER_NOTICE),         0 },
	{ SIDE_REQUESTED,  KIND(STATUS_UPDATE),           S(IN_EXECUTION) },
	{ SIDE_REQUESTED,  KIND(EXECUTION_RESULT),        S(PARTIALLY_EXECUTED) },
	{ SIDE_REQUESTED,  KIND(EXECUTION_RESULT),        S(EXECUTED) },
	{ SIDE_REQUESTING, KIND(DEFICIENCY_NOTICE),       0 },
	{ SIDE_REQUESTED,  KIND(STATUS_UPDATE),           S(IN_EXECUTION) },
};

static void nothing_is_left_of_any_act_that_was_refused_in_any_status(void **state)
{
	struct world *world = *state;
	bool said[KINDS] = { false };
	char ref[64];
	open_case(world, ref);
	for (size_t i = 0; i <= ARRAY_LEN(life); i++) {
		say_everything_in_vain(&world->f, ref, said);
		say_everything_in_vain(&world->s, ref, said);
		if (i == ARRAY_LEN(life))
			break;
		struct party *party = life[i].side == SIDE_REQUESTING ? &world->f : &world->s;
		struct acts acts;
		act_of(&acts, life[i].kind, life[i].to);
		acts.report.has_status = life[i].to == S(EXECUTED);
		acts.report.status = M(EXECUTED);
		if (submit(party, ref, &acts.act))
			fail_msg("step %zu: %s", i, fault_detail(FAULT_STATUS_TRANSITION));
		assert_ok(receive(party == &world->f ? &world->s : &world->f, last_message(party)));
	}
	for (act_kind kind = 1; kind < KINDS; kind++)
		if (act_rule(kind) && moves_a_live_case(kind) && !said[kind])
			fail_msg("\"%s\" was never said", act_rule(kind)->name);
}

/* Some acts are refused, some are not, and the word of it comes late and in any order: in the end both sides hold the same. */
static void both_sides_hold_the_same_whatever_was_refused_and_whenever_it_is_heard(void **state)
{
	struct world *world = *state;
	enum { ROUNDS = 6, ACTS = 5 };
	seed = 4711;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char ref[64], refused[ACTS][UUID_TEXT_SIZE];
		size_t count = 0;
		open_case(world, ref);
		for (unsigned steps = chance(6); steps && go_on(world, ref); steps--)
			;
		struct party *party = chance(2) ? &world->f : &world->s, *other = party == &world->f ? &world->s : &world->f;
		for (unsigned tries = 0; tries < 400 && count < ACTS; tries++) {
			act_kind kind = 1 + chance(KINDS - 1);
			if (!act_rule(kind) || kind == KIND(REQUEST) || act(party, ref, kind, chance(2) ? chance(STATUSES) : 0))
				continue;
			if (chance(2) || receive(other, last_message(party)))
				strcpy(refused[count++], party->submitted);
		}
		while (count) {
			unsigned which = chance((unsigned)count);
			refuse(party, refused[which]);
			memmove(refused[which], refused[count - 1], UUID_TEXT_SIZE);
			count--;
		}
		const Comity__Case *here = find_case(party, ref), *there = find_case(other, ref);
		assert_string_equal(status_name(here->status), status_name(there->status));
		assert_int_equal(here->resume_to, there->resume_to);
		assert_int_equal(here->questions, there->questions);
		assert_int_equal(here->heard, there->heard);
		assert_int_equal(here->decision, there->decision);
		assert_int_equal(here->outcome, there->outcome);
		assert_int_equal(here->measures[0]->status, there->measures[0]->status);
	}
}

static void a_case_of_twenty_thousand_messages_is_told_again_in_little_memory(void **state)
{
	struct world *world = *state;
	enum { COUNT = 20000 };
	char ref[64];
	struct arena arena;
	open_case(world, ref);
	assert_ok(act(&world->f, ref, KIND(STATUS_ENQUIRY), 0));
	Comity__Case *kase = find_case(&world->f, ref);
	struct key message = key_of_message("xf-ca", world->f.submitted), at = key_of_uuid(kase->request_id);
	size_t len = at.len;
	WRITING(&world->f.ledger, txn);
	struct bytes before = substance_of(&txn, ref, &world->f.ledger.arena), after = { 0 };
	for (uint64_t i = 0; i < COUNT; i++) {
		at.len = len;
		key_u64(&at, 1000 + i);
		txn_put(&txn, TABLE_CASE_MESSAGES, key_span(&at), key_span(&message));
	}
	arena_init(&arena, 256 << 10);
	assert_ok(case_replay(&txn, kase, &arena));
	txn_abort(&txn);
	kase->n_history = 0;
	kase->changed_at = NULL;
	assert_ok(pack(&kase->base, &after));
	assert_true(span_equal(span_of(&before), span_of(&after)));
	arena_clear(&arena);
	bytes_clear(&before);
	bytes_clear(&after);
}

/* What is over by our own decision stays over. */
static void an_abandoned_draft_does_not_come_back(void **state)
{
	struct world *world = *state;
	Comity__Case *kase;
	assert_ok(draft(&world->f, complete, &kase));
	const char *ref = kase->requesting_reference;
	assert_ok(act(&world->f, ref, KIND(GENERAL_CORRESPONDENCE), 0));
	WRITING(&world->f.ledger, txn);
	assert_ok(casework_find(&txn, ref, &world->f.ledger.arena, &kase));
	assert_ok(ledger_end(&txn, casework_abandon(&world->f.casework, &txn, kase, UID, &world->f.ledger.arena)));
	refuse(&world->f, world->f.submitted);
	assert_status(&world->f, ref, S(ABANDONED));
}

/* ── what crossed before a loss ───────────────────────────────────────────────────────────────── */

enum { CROSSED_MAX = 8 };

static int64_t minutes;

static int64_t clock_that_goes_on(void)
{
	return clock_at_noon() + minutes * 60 * STAMP_SECOND;
}

/* A message of either side, when Sylvania receipted it (0: it is its own), and in which manifest it was. */
struct crossed { const Comity__Message *message; int64_t receipted; uint64_t manifest; };

static const Comity__Message *say_later(struct party *party, const char *ref, act_kind kind, request_status to)
{
	minutes++;
	assert_ok(act(party, ref, kind, to));
	return last_message(party);
}

static uint64_t heard_by(struct party *party)
{
	READING(&party->ledger, txn);
	uint64_t number = chain_head(&txn, "xf-ca", DIRECTION_THEIRS).number;
	txn_abort(&txn);
	return number;
}

/* Sylvania has accepted so many manifests by now. */
static void has_heard(struct party *party, uint64_t number)
{
	uint8_t head[8 + DIGEST_SIZE] = { [7] = (uint8_t)number };
	struct key key = key_of_peer("xf-ca");
	WRITING(&party->ledger, txn);
	key_u8(&key, 't');
	txn_put(&txn, TABLE_CHAINS, key_span(&key), SPAN(head));
	assert_ok(ledger_end(&txn, OK));
	assert_int_equal(heard_by(party), number);
}

/* As daemon/desks/recovery_keep.c puts back what the counterpart returns; does it fit where it was? */
static bool comes_back(struct party *party, const struct crossed *crossed)
{
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	struct casework_restored restored;
	const Comity__Message *message = crossed->message;
	struct key key = key_of_message(message->from, message->message_id);
	struct bytes raw = { 0 };
	char receipted[STAMP_SIZE];
	WRITING(&party->ledger, txn);
	stamp_write(receipted, crossed->receipted);
	state.has_number = state.has_came_back = state.came_back = 1;
	state.number = txn_next(&txn, "messages");
	state.message_id = message->message_id;
	state.from = message->from;
	state.to = message->to;
	state.request_id = message->request_id;
	state.arrived_at = crossed->receipted ? receipted : NULL;
	state.queued_at = crossed->receipted ? NULL : message->created_at;
	state.has_manifest = 1;
	state.manifest = crossed->manifest;
	state.has_heard = message->has_heard;
	state.heard = message->heard;
	assert_ok(pack(&message->base, &raw));
	assert_ok(casework_restore(&party->casework, &txn, message, &state, &party->ledger.arena, &restored));
	txn_put(&txn, TABLE_MESSAGES, key_span(&key), span_of(&raw));
	record_keep(&txn, TABLE_SEEN, key_span(&key), &state.base);
	bytes_clear(&raw);
	bool is_fit = restored.is_applied;
	if (restored.is_overtaken)
		assert_ok(casework_tell_anew(&txn, &state, &party->ledger.arena, &is_fit));
	assert_ok(ledger_end(&txn, OK));
	return is_fit;
}

static void assert_same_steps(const Comity__Case *before, const Comity__Case *after)
{
	assert_string_equal(status_name(before->status), status_name(after->status));
	assert_int_equal(before->questions, after->questions);
	assert_int_equal(before->n_history, after->n_history);
	for (size_t i = 0; i < before->n_history; i++)
		assert_string_equal(status_name(before->history[i]->status), status_name(after->history[i]->status));
}

static void assert_comes_back_as_it_was(struct world *world, const char *ref, const struct crossed *back, size_t count)
{
	struct party again;
	party_open(&again, "xs-ca", "xf-ca");
	for (size_t i = 0; i < count; i++)
		if (!comes_back(&again, &back[i]))
			fail_msg("message %zu does not fit", i);
	assert_same_steps(find_case(&world->s, ref), find_case(&again, ref));
	ledger_close(&again.ledger);
}

/* Sylvania asks; its question waits while the withdrawal comes and is receipted.  After the loss the withdrawal is back
 * first, for its manifest was: a question does not fit a request that is withdrawn. */
static void what_crossed_before_a_loss_is_judged_in_the_order_in_which_it_was_judged_then(void **state)
{
	struct world *world = *state;
	struct crossed back[CROSSED_MAX] = { 0 };
	size_t count = 0;
	char ref[64];
	stamp_clock = clock_that_goes_on;
	open_case(world, ref);
	back[count++] = (struct crossed){ .message = last_message(&world->f), .receipted = clock_that_goes_on(), .manifest = 1 };
	has_heard(&world->s, 1);
	for (size_t i = 0; i < 3; i++) {
		back[count].message = say_later(&world->s, ref, life[i].kind, life[i].to);
		assert_ok(receive(&world->f, back[count++].message));
	}
	const Comity__Message *question = say_later(&world->s, ref, KIND(ADDITIONAL_INFO_REQUEST), 0);
	back[count].message = say_later(&world->f, ref, KIND(WITHDRAWAL), 0);
	minutes++;
	back[count].receipted = clock_that_goes_on();
	back[count].manifest = 2;
	assert_ok(receive(&world->s, back[count++].message));
	back[count++].message = question;
	assert_status(&world->s, ref, S(WITHDRAWN));

	assert_comes_back_as_it_was(world, ref, back, count);
}

/* Between the receipt of the request and all that followed Sylvania's clock went back by a day: what it says comes, by that
 * clock, before it was asked.  It had heard it all the same. */
static void a_clock_that_went_back_puts_nothing_before_what_it_answers(void **state)
{
	struct world *world = *state;
	struct crossed back[CROSSED_MAX] = { 0 };
	size_t count = 0;
	char ref[64];
	stamp_clock = clock_that_goes_on;
	minutes = 24 * 60;
	open_case(world, ref);
	back[count++] = (struct crossed){ .message = last_message(&world->f), .receipted = clock_that_goes_on(), .manifest = 1 };
	has_heard(&world->s, 1);
	minutes = 0;
	for (size_t i = 0; i < 4; i++)
		back[count++].message = say_later(&world->s, ref, life[i].kind, life[i].to);

	assert_comes_back_as_it_was(world, ref, back, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(nothing_is_left_of_any_act_that_was_refused_in_any_status),
		WORLD_TEST(both_sides_hold_the_same_whatever_was_refused_and_whenever_it_is_heard),
		WORLD_TEST(a_case_of_twenty_thousand_messages_is_told_again_in_little_memory),
		WORLD_TEST(an_abandoned_draft_does_not_come_back),
		WORLD_TEST(what_crossed_before_a_loss_is_judged_in_the_order_in_which_it_was_judged_then),
		WORLD_TEST(a_clock_that_went_back_puts_nothing_before_what_it_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
