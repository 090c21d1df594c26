#include "daemon/desks/comparison.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/desks/comparison_parts.h"
#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

static const int64_t AGAIN = 60 * STAMP_SECOND;		/* after something was on its way */

static struct pair *find(const struct comparison *comparison, const char *peer)
{
	struct pair *pair = comparison->pairs;
	while (pair && strcmp(pair->peer, peer))
		pair = pair->next;
	return pair;
}

static struct link *link_of(const struct pair *pair)
{
	return pair->link_id ? peers_find_link_by_id(pair->comparison->rooms.peers, pair->link_id) : NULL;
}

/* Whoever asked is told, once. */
static void answer(struct pair *pair, enum fault fault, const Comity__Comparison *found)
{
	comparison_done *done = pair->done;
	pair->done = NULL;
	if (done)
		done(pair->owner, fault, found);
}

/* ── the outcome ──────────────────────────────────────────────────────────────────────────────── */

static void on_recorded(struct job *job, enum fault fault)
{
	struct pair *pair = container_of(job, struct pair, job);
	Comity__Comparison found = pair_finding(pair);
	pair->is_recording = false;
	if (fault)
		log_broken("comparison %s: it cannot be kept: %s", pair->peer, fault_detail(fault));
	if (!pair->is_equal)
		log_broken("comparison %s: the two sides do not hold the same: %s", pair->peer, pair->difference);
	answer(pair, fault, &found);
}

static void record(struct pair *pair, bool is_equal, const char difference[DIFFERENCE_SIZE])
{
	if (pair->is_recording)
		return;		/* what was just found is as good */
	pair->is_recording = true;
	pair->is_equal = is_equal;
	pair->recorded = pair->ours;
	memcpy(pair->difference, difference, DIFFERENCE_SIZE);
	stamp_now(pair->at);
	pair->job = (struct job){ .write = pair_record, .done = on_recorded };
	scribe_add(pair->comparison->rooms.scribe, &pair->job);
}

/* What differs only in numbers may be on its way.  If it is exactly so the next time as well, it is not. */
static bool moves(struct pair *pair)
{
	const struct summary now[2] = { pair->ours, pair->heard };
	bool moved = memcmp(&pair->moving[0].sent, &now[0].sent, sizeof now[0].sent) ||
		memcmp(&pair->moving[0].received, &now[0].received, sizeof now[0].received) ||
		memcmp(&pair->moving[1].sent, &now[1].sent, sizeof now[1].sent) ||
		memcmp(&pair->moving[1].received, &now[1].received, sizeof now[1].received);
	memcpy(pair->moving, now, sizeof now);
	return moved;
}

/* Again in a minute: counting costs too much to be done all the time while traffic flows. */
static void postpone(struct pair *pair)
{
	int64_t every = (int64_t)pair->comparison->rooms.every_ms * 1000, pause = every < AGAIN ? every : AGAIN;
	pair->compared_at = stamp_clock() - every + pause;
}

static void judge(struct pair *pair)
{
	char difference[DIFFERENCE_SIZE] = "";
	enum likeness likeness = summaries_compare(&pair->ours, &pair->heard, difference);
	pair->has_asked = pair->has_heard = false;
	if (likeness != MOVING || !moves(pair)) {
		record(pair, likeness == ALIKE, difference);
		return;
	}
	postpone(pair);
	answer(pair, fault_say(FAULT_NOT_YET, "something is on its way between the two: %s", difference), NULL);
}

/* ── counting ─────────────────────────────────────────────────────────────────────────────────── */

static void work(struct errand *errand)
{
	struct pair *pair = container_of(errand, struct pair, errand);
	pair->fault = pair_count(pair);
}

static void on_counted(struct errand *errand)
{
	struct pair *pair = container_of(errand, struct pair, errand);
	struct link *link = link_of(pair);
	pair->is_counting = false;
	if (pair->fault)
		log_broken("comparison %s: our messages cannot be counted: %s", pair->peer, fault_text(pair->fault));
	if (!link || pair->fault) {
		pair->has_asked = pair->has_heard = false;
		answer(pair, pair->fault ? pair->fault : FAULT_LINE_CUT, NULL);
		return;
	}
	pair->ours = pair->counted;
	pair->ours.is_answer = pair->has_heard && pair->must_answer;
	if (!pair->has_heard || pair->must_answer)
		link_send_summary(link, &pair->ours);
	if (pair->has_heard)
		judge(pair);
	else
		pair->has_asked = true;
}

static void count(struct pair *pair)
{
	if (pair->is_counting)
		return;
	pair->is_counting = true;
	pair->errand = (struct errand){ .work = work, .done = on_counted };
	porter_add(pair->comparison->rooms.porter, &pair->errand);
}

static void ask_summary(struct pair *pair)
{
	pair->compared_at = stamp_clock();
	count(pair);
}

void comparison_hear(struct comparison *comparison, struct link *link, const struct summary *summary)
{
	struct pair *pair = find(comparison, link_peer(link));
	if (!pair || pair->link_id != link_id(link)) {
		link_close(link, FAULT_OUT_OF_TURN, "a summary that has no place here");
		return;
	}
	if (summary->is_answer && !pair->has_asked)
		return;			/* to a question that is forgotten */
	if (!summary->is_answer && pair->has_heard)
		return;			/* one at a time: they ask again */
	pair->heard = *summary;
	pair->has_heard = true;
	pair->must_answer = !summary->is_answer;
	if (summary->is_answer)
		judge(pair);		/* against what we told them */
	else
		ask_summary(pair);		/* it counts for today */
}

/* ── when ─────────────────────────────────────────────────────────────────────────────────────── */

void comparison_tick(struct comparison *comparison)
{
	int64_t now = stamp_clock(), every = (int64_t)comparison->rooms.every_ms * 1000;
	for (struct pair *pair = comparison->pairs; pair; pair = pair->next)
		if (link_of(pair) && now - pair->compared_at >= every)
			ask_summary(pair);
}

enum fault comparison_ask(struct comparison *comparison, const char *peer, comparison_done *done, void *owner)
{
	struct pair *pair = find(comparison, peer);
	if (!pair || !link_of(pair))
		return fault_say(FAULT_PEER_AWAY, "there is no open line to %s", peer);
	if (pair->done)
		return fault_say(FAULT_NOT_YET, "a comparison with %s is under way", peer);
	pair->done = done;
	pair->owner = owner;
	if (!pair->is_counting && !pair->has_heard)
		ask_summary(pair);
	return OK;
}

/* ── lines ────────────────────────────────────────────────────────────────────────────────────── */

/* When they were compared last, also before this daemon started. */
static int64_t read_last(const struct comparison *comparison, const char *peer)
{
	struct txn txn;
	struct arena arena;
	int64_t at = 0;
	struct key key = key_of_peer(peer);
	if (txn_begin(comparison->rooms.store, TXN_READ, &txn))
		return 0;
	arena_init(&arena, 1 << 20);
	const Comity__Correspondence *found =
		record_find(&txn, TABLE_CORRESPONDENCES, key_span(&key), &comity__correspondence__descriptor, &arena);
	if (found && found->comparison && found->comparison->at && !stamp_read(found->comparison->at, &at))
		at = 0;
	arena_clear(&arena);
	txn_abort(&txn);
	return at;
}

static struct pair *meet(struct comparison *comparison, const char *peer)
{
	struct pair *pair = find(comparison, peer);
	if (pair || !(pair = calloc(1, sizeof *pair)))
		return pair;
	snprintf(pair->peer, sizeof pair->peer, "%s", peer);
	pair->comparison = comparison;
	pair->compared_at = read_last(comparison, peer);
	pair->next = comparison->pairs;
	return comparison->pairs = pair;
}

void comparison_opened(struct comparison *comparison, struct link *link)
{
	struct pair *pair = meet(comparison, link_peer(link));
	if (!pair)
		return;			/* the line carries what matters without it */
	pair->link_id = link_id(link);
	pair->has_asked = pair->has_heard = false;
}

void comparison_closed(struct comparison *comparison, struct link *link)
{
	struct pair *pair = find(comparison, link_peer(link));
	if (!pair || pair->link_id != link_id(link))
		return;
	pair->link_id = 0;
	pair->has_asked = pair->has_heard = false;
	if (!pair->is_recording)	/* else it is told what was found */
		answer(pair, FAULT_LINE_CUT, NULL);
}

/* ── life ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault comparison_open(const struct comparison_rooms *rooms, struct comparison **comparison)
{
	*comparison = calloc(1, sizeof **comparison);
	if (!*comparison)
		return FAULT_NO_MEMORY;
	(*comparison)->rooms = *rooms;
	return OK;
}

void comparison_close(struct comparison *comparison)
{
	if (!comparison)
		return;
	for (struct pair *pair = comparison->pairs, *next; pair; pair = next) {
		next = pair->next;
		free(pair);
	}
	free(comparison);
}
