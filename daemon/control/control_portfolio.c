/* The bilateral portfolio (Resolution 8/1 para. 11): every open case with one authority, or with all of a State, the oldest first, and the statistics of the
 * pair.  For a meeting: codes, dates and references; nothing of what a case says, and no names of persons. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/registry.h"
#include "daemon/law/casework.h"
#include "daemon/law/census.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

enum { CASE_BUDGET = 64 << 20, ROWS_MAX = 2000 };	/* of one case, unpacked; of the oldest */

struct portfolio {
	struct chore *chore;
	struct census *census;
	Comity__Portfolio *told;
	int64_t now;
	size_t cases;			/* with this peer, open or not */
	bool is_of_state;		/* no peer is called so: it may be a State, with all its authorities */
};

/* ── a row ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_open(const Comity__Case *kase)
{
	return kase->sent_at && kase->status != COMITY__REQUEST_STATUS__VALUE__CLOSED &&
		kase->status != COMITY__REQUEST_STATUS__VALUE__WITHDRAWN && kase->status != COMITY__REQUEST_STATUS__VALUE__ABANDONED;
}

/* What keeps it from going on, in a word of the schema. */
static const char *obstacle_of(const Comity__Case *kase)
{
	const struct { bool holds; const char *word; } obstacles[] = {
		{ kase->status == COMITY__REQUEST_STATUS__VALUE__INFO_REQUESTED, "information" },
		{ kase->status == COMITY__REQUEST_STATUS__VALUE__CONSULTING, "consultation" },
		{ kase->status == COMITY__REQUEST_STATUS__VALUE__POSTPONED, "postponed" },
		{ kase->deficient, "deficient-result" },
		{ casework_awaits_secrecy(kase), "confidentiality" },
	};
	for (size_t i = 0; i < ARRAY_LEN(obstacles); i++)
		if (obstacles[i].holds)
			return obstacles[i].word;
	return NULL;
}

/* Which of the dues ends first. */
static void add_due(const struct portfolio *portfolio, const Comity__Case *kase, Comity__PortfolioRow *row)
{
	int64_t ends, first = INT64_MAX;
	for (size_t i = 0; i < kase->n_dues; i++) {
		if (!due_ends(kase, kase->dues[i], &ends) || ends >= first)
			continue;
		first = ends;
		row->has_due_kind = row->has_due_side = row->has_overdue = 1;
		row->due_kind = kase->dues[i]->kind;
		row->due_side = kase->dues[i]->side;
		row->due_by = record_text(&portfolio->chore->arena, kase->dues[i]->by);
		row->overdue = ends < portfolio->now;
	}
}

static void add_measures(const Comity__Case *kase, Comity__PortfolioRow *row)
{
	row->has_measures = row->has_measures_open = 1;
	row->measures = (uint32_t)kase->n_measures;
	for (size_t i = 0; i < kase->n_measures; i++)
		row->measures_open += kase->measures[i]->status < COMITY__MEASURE_STATUS__VALUE__EXECUTED ||
			kase->measures[i]->status == COMITY__MEASURE_STATUS__VALUE__POSTPONED;
}

static enum fault add_row(struct portfolio *portfolio, const Comity__Case *kase, int64_t sent_at)
{
	struct arena *arena = &portfolio->chore->arena;
	Comity__PortfolioRow *row;
	if (!chore_make(portfolio->chore, &comity__portfolio_row__descriptor, &row))
		return arena_fault(arena);
	row->request_id = record_text(arena, kase->request_id);
	row->our_reference = record_text(arena, casework_our_reference(kase));
	row->their_reference = record_text(arena, casework_their_reference(kase));
	row->has_role = row->has_kind = row->has_urgency = row->has_status = row->has_age_days = 1;
	row->role = kase->role;
	row->kind = kase->kind;
	row->urgency = kase->urgency;
	row->status = kase->status;
	row->sent_at = record_text(arena, kase->sent_at);
	row->age_days = sent_at < portfolio->now ? (uint32_t)((portfolio->now - sent_at) / STAMP_DAY) : 0;
	row->changed_at = record_text(arena, kase->changed_at);
	row->waiting_for = record_text(arena, casework_waiting_for(kase));
	row->obstacle = (char *)obstacle_of(kase);
	add_due(portfolio, kase, row);
	add_measures(kase, row);
	return record_push(arena, &portfolio->told->n_rows, &portfolio->told->rows, &row, sizeof row) ? OK : arena_fault(arena);
}

/* ── the pass ─────────────────────────────────────────────────────────────────────────────────── */

/* By the directory, as it is in effect. */
static bool is_of(struct txn *txn, const char *peer, const char *state, struct arena *arena)
{
	const Comity__Profile *profile = directory_profile(txn, peer, arena);
	return profile && profile->state && !strcasecmp(profile->state, state);
}

static bool is_asked_for(const struct portfolio *portfolio, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	const char *asked = portfolio->told->peer;
	return kase->peer && (portfolio->is_of_state ? is_of(txn, kase->peer, asked, arena) : !strcasecmp(kase->peer, asked));
}

static enum fault add(struct portfolio *portfolio, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	int64_t sent_at;
	if (!is_asked_for(portfolio, txn, kase, arena) || !session_sees(portfolio->chore->session, kase))
		return OK;
	portfolio->cases++;
	TRY(census_add(portfolio->census, kase));
	return is_open(kase) && stamp_read(kase->sent_at, &sent_at) ? add_row(portfolio, kase, sent_at) : OK;
}

static enum fault add_all(struct portfolio *portfolio, struct txn *txn)
{
	const atomic_bool *must_stop = portfolio->chore->rooms->must_stop;
	struct arena arena;
	struct walk walk;
	struct span key, value;
	enum fault fault = OK;
	arena_init(&arena, CASE_BUDGET);
	walk_from(&walk, txn, TABLE_CASES, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		const Comity__Case *kase = record_read(txn, value, &comity__case__descriptor, &arena);
		if (must_stop && atomic_load(must_stop))
			fault = fault_say(FAULT_SHUTTING_DOWN, "the portfolio was given up");
		else
			fault = kase ? add(portfolio, txn, kase, &arena) : txn->fault ? txn->fault : arena_fault(&arena);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

static int older_first(const void *a, const void *b)
{
	const Comity__PortfolioRow *one = *(Comity__PortfolioRow *const *)a, *other = *(Comity__PortfolioRow *const *)b;
	int64_t here = 0, there = 0;
	stamp_read(one->sent_at, &here);
	stamp_read(other->sent_at, &there);
	return here != there ? (here < there ? -1 : 1) : strcmp(one->request_id, other->request_id);
}

static void put_in_order(Comity__Portfolio *told)
{
	if (told->n_rows)
		qsort(told->rows, told->n_rows, sizeof *told->rows, older_first);
	told->has_left_out = 1;
	if (told->n_rows > ROWS_MAX) {
		told->left_out = told->n_rows - ROWS_MAX;
		told->n_rows = ROWS_MAX;
	}
}

/* Both sides of the table know all of these cases: nothing is hidden among them. */
static enum fault compile(struct portfolio *portfolio, struct txn *txn)
{
	struct arena *arena = &portfolio->chore->arena;
	Comity__Portfolio *told = portfolio->told;
	Comity__StatisticsOf all = COMITY__STATISTICS_OF__INIT;
	Comity__Peer *peer;
	char now[STAMP_SIZE];
	stamp_write(now, portfolio->now);
	told->schema = "comity.portfolio/1";
	told->generated_at = record_text(arena, now);
	told->peer = portfolio->chore->call->portfolio->peer ? portfolio->chore->call->portfolio->peer : "";
	all.has_threshold = all.threshold = 1;
	TRY(census_begin(&portfolio->census, &all, portfolio->now, arena));
	enum fault fault = registry_find(txn, told->peer, arena, &peer);
	if (!fault)
		told->name = record_text(arena, peer->name);
	portfolio->is_of_state = fault && strlen(told->peer) == 3;	/* a peer that was removed has its cases still */
	TRY(add_all(portfolio, txn));
	if (fault && !portfolio->cases)	/* one that was removed has a portfolio still */
		return fault_say(fault, "there is no peer \"%s\", and no case with a State of that code", told->peer);
	put_in_order(told);
	if (!chore_make(portfolio->chore, &comity__statistics__descriptor, &told->statistics))
		return arena_fault(arena);
	return census_end(portfolio->census, told->statistics);
}

static enum fault compile_portfolio(struct chore *chore)
{
	struct portfolio portfolio = { .chore = chore, .now = stamp_clock() };
	struct txn txn;
	if (!chore_make(chore, &comity__portfolio__descriptor, &chore->reply.portfolio))
		return arena_fault(&chore->arena);
	chore->reply.kind_case = COMITY__REPLY__KIND_PORTFOLIO;
	portfolio.told = chore->reply.portfolio;
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	enum fault fault = compile(&portfolio, &txn);
	txn_abort(&txn);
	return fault;
}

static const struct chore_kind compiling = { .work = compile_portfolio };

void pursue_portfolio(struct session *session)
{
	chore_begin(session, &compiling);
}
