#pragma once
/* An authority goes back to an older copy of its store, and is made whole again by what its counterparts hold: every manifest that comes
 * back is proven and kept by the daemon's own recovery, in its order; here it is only carried over. */
#include "daemon/desks/recovery_parts.h"
#include "tests/year/line.h"

enum { BACKUP_DAYS_MAX = 20 };

/* ── an old copy ──────────────────────────────────────────────────────────────────────────────────── */

static inline void back_up(struct office *office)
{
	int file = open(scratch_path(&office->ledger.scratch, "backup"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	assert_ok(store_copy(office->ledger.store, file));
	assert_int_equal(close(file), 0);
	office->backed_up_at = now;
	counts.backups++;
}

static inline void put_back(struct office *office)
{
	char backup[128];
	strcpy(backup, scratch_path(&office->ledger.scratch, "backup"));
	office_shut(office);
	unlink(scratch_path(&office->ledger.scratch, "store/lock.mdb"));
	assert_int_equal(rename(backup, scratch_path(&office->ledger.scratch, "store/data.mdb")), 0);
	office_open(office);
	WRITING(&office->ledger, txn);
	certificates_keep_ours(&txn, office->authority.identity);	/* as at every start: its keys may be newer than the copy */
	office->events_seen = events_last(&txn);
	assert_ok(ledger_end(&txn, OK));
	office->backed_up_at = 0;
	office->restored_at = now;
	counts.restores++;
}

/* ── what the counterparts hold of it ─────────────────────────────────────────────────────────────── */

/* Where both chains stand at the counterpart, as its hello would say. */
static inline void look_across(struct comeback *comeback, const struct office *office, struct office *other)
{
	comeback->goal = head_of(other, office, DIRECTION_THEIRS);
	comeback->their_last = head_of(other, office, DIRECTION_OURS).number;
}

static inline void bring(struct comeback *comeback, struct office *other, const char *own_id, enum direction direction)
{
	const struct office *office = office_of(own_id);
	struct pile *pile = &comeback->piles[direction];
	struct recalled recalled = { .chain = direction == DIRECTION_OURS ? WHOSE_ASKERS : WHOSE_GIVERS,
		.number = comeback->heads[direction] + pile->count + 1 };
	recalled.manifest = lend(other, office, direction == DIRECTION_OURS ? DIRECTION_THEIRS : DIRECTION_OURS, recalled.number);
	assert_true(recalled.manifest.text.len);
	comeback->asked = direction;
	assert_ok(returned_prove(comeback, &recalled, pile->end));
	pile->end = &(*pile->end)->next;
	pile->count++;
	arena_reset(&other->ledger.arena);
}

static inline void let_go(struct pile *pile, size_t count)
{
	for (; count; count--, pile->count--) {
		struct returned *first = pile->first;
		pile->first = first->next;
		returned_free(first);
	}
	if (!pile->first)
		pile->end = &pile->first;
}

/* Some of them at once, in one transaction; now and then the daemon is killed in between, and goes on from where its ledger is. */
static inline void keep_some(struct office *office, struct comeback *comeback)
{
	WRITING(&office->ledger, txn);
	enum fault fault = ledger_end(&txn, comeback_keep(&txn, &comeback->job));
	if (fault)
		find("%s cannot take back what %s holds: %s", office->id, comeback->peer, fault_detail(fault));
	for (int direction = 0; direction < 2; direction++)
		let_go(&comeback->piles[direction], fault ? comeback->piles[direction].count : comeback->kept[direction]);
	if (fault)
		comeback->outcome = IS_WHOLE;
	counts.came_back += comeback->record.messages;
	counts.not_applied += comeback->record.not_applied;
}

/* With one counterpart, as daemon/desks/recovery.c asks: what is needed next, a few at once. */
static inline void come_back_from(struct office *office, struct office *other)
{
	struct recovery *recovery;
	struct comeback comeback = { 0 };
	const struct recovery_rooms rooms = { .store = office->ledger.store, .casework = &office->casework,
		.identity = office->authority.identity, .trust = office->trust, .refused = hear_refused, .owner = office };
	assert_ok(recovery_open(&rooms, &recovery));
	comeback.recovery = recovery;
	snprintf(comeback.peer, sizeof comeback.peer, "%s", other->id);
	for (int direction = 0; direction < 2; direction++)
		comeback.piles[direction].end = &comeback.piles[direction].first;
	look_across(&comeback, office, other);
	bool is_behind = comeback.goal.number > head_of(office, other, DIRECTION_OURS).number;
	counts.comebacks += is_behind;
	for (comeback.outcome = NEEDS_OURS; is_behind && comeback.outcome != IS_WHOLE;) {
		keep_some(office, &comeback);
		enum direction asked = comeback.outcome == NEEDS_OURS ? DIRECTION_OURS : DIRECTION_THEIRS;
		uint64_t last = asked == DIRECTION_OURS ? comeback.goal.number : comeback.their_last;
		for (uint32_t wanted = 1 + chance(4); comeback.outcome != IS_WHOLE && wanted; wanted--)
			if (comeback.heads[asked] + comeback.piles[asked].count < last)
				bring(&comeback, other, office->id, asked);
	}
	for (int direction = 0; direction < 2; direction++) {
		let_go(&comeback.piles[direction], comeback.piles[direction].count);
		witness_clear(&comeback.witnesses[direction]);
	}
	recovery_close(recovery);
	office->waits[other->index] = true;
}

/* Nobody works there before it is whole. */
static inline void restore(struct office *office)
{
	put_back(office);
	for (size_t i = 0; i < n_offices && !is_mutation("fork"); i++)
		if (i != office->index)
			come_back_from(office, &offices[i]);
}

/* Backups are made every few days, and some of them are needed. */
static inline void back_up_or_restore(struct office *office)
{
	if (office->backed_up_at && office->backed_up_at > now - BACKUP_DAYS_MAX * STAMP_DAY && happens(3))
		restore(office);
	else if (happens(5))
		back_up(office);
}
