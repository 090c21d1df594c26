#include "daemon/desks/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/succession.h"
#include "certs/trust.h"
#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "daemon/desks/recovery_parts.h"

static bool we_are_behind(const struct link *link)
{
	const struct greetings *said = link_greetings(link);
	return said->they_received.number > said->we_sent.number;
}

static bool they_are_behind(const struct link *link)
{
	const struct greetings *said = link_greetings(link);
	return said->we_received.number > said->they_sent.number;
}

bool recovery_is_on(const struct link *link)
{
	return we_are_behind(link) || they_are_behind(link);
}

/* ── piles ────────────────────────────────────────────────────────────────────────────────────── */

static void pile_take(struct pile *pile, size_t count)
{
	while (count-- && pile->first) {
		struct returned *first = pile->first;
		pile->first = first->next;
		pile->count--;
		returned_free(first);
	}
	if (!pile->first)
		pile->end = &pile->first;
}

static void pile_add(struct pile *pile, struct returned *returned)
{
	*pile->end = returned;
	pile->end = &returned->next;
	pile->count++;
}

static void clear_witnesses(struct comeback *comeback)
{
	witness_clear(&comeback->witnesses[DIRECTION_OURS]);
	witness_clear(&comeback->witnesses[DIRECTION_THEIRS]);
}

static void clear_piles(struct comeback *comeback)
{
	pile_take(&comeback->piles[DIRECTION_OURS], SIZE_MAX);
	pile_take(&comeback->piles[DIRECTION_THEIRS], SIZE_MAX);
}

/* ── asking ───────────────────────────────────────────────────────────────────────────────────── */

static struct comeback *find(const struct recovery *recovery, const char *peer)
{
	struct comeback *comeback = recovery->comebacks;
	while (comeback && strcmp(comeback->peer, peer))
		comeback = comeback->next;
	return comeback;
}

static struct link *link_of(const struct comeback *comeback)
{
	return comeback->link_id ? peers_find_link_by_id(comeback->recovery->rooms.peers, comeback->link_id) : NULL;
}

static void keep(struct comeback *comeback);

/* How many more of a chain are of use. */
static uint64_t useful(const struct comeback *comeback, enum direction direction)
{
	uint64_t last = direction == DIRECTION_OURS ? comeback->goal.number : comeback->their_last;
	uint64_t had = comeback->heads[direction] + comeback->piles[direction].count;
	return last > had ? last - had : 0;
}

static void ask_back(struct comeback *comeback, struct link *link, enum direction direction)
{
	uint64_t wanted = useful(comeback, direction);
	struct recall recall = { .chain = direction == DIRECTION_OURS ? WHOSE_ASKERS : WHOSE_GIVERS,
		.from = comeback->heads[direction] + comeback->piles[direction].count + 1,
		.count = wanted < comeback->stride ? (uint32_t)wanted : comeback->stride };
	comeback->is_asking = true;
	comeback->asked = direction;
	comeback->due = recall.from;
	comeback->left = recall.count;
	comeback->heard = 0;
	link_send_recall(link, &recall);
}

/* A receipt of ours is of no use without what it receipts: have that as well, and keep both with one commit. */
static bool lacks_theirs(const struct comeback *comeback)
{
	bool has_receipt = false;
	for (const struct returned *ours = comeback->piles[DIRECTION_OURS].first; ours; ours = ours->next)
		has_receipt |= ours->manifest.purpose == PURPOSE_RECEIPT;
	return has_receipt && !comeback->piles[DIRECTION_THEIRS].first && useful(comeback, DIRECTION_THEIRS);
}

/* The new hello shows equal positions, and everything else follows from them. */
static void begin_anew(struct comeback *comeback, struct link *link)
{
	log_info("recovery %s: our chain is whole again, up to %" PRIu64, comeback->peer, comeback->goal.number);
	peers_dial_now(comeback->recovery->rooms.peers, comeback->peer);	/* good news: after no long pause */
	link_close(link, FAULT_CAUGHT_UP, NULL);
}

static void hang_up(struct comeback *comeback, struct link *link, enum fault why)
{
	const struct recovery_rooms *rooms = &comeback->recovery->rooms;
	char detail[1024];
	snprintf(detail, sizeof detail, "%s", fault_detail(why));
	log_broken("recovery %s: %s", comeback->peer, detail);
	rooms->broken(rooms->owner, comeback->peer, why, detail);
	if (link)
		link_close(link, why, detail);
}

static void go_on(struct comeback *comeback, enum fault fault)
{
	struct link *link = link_of(comeback);
	if (fault)
		hang_up(comeback, link, fault);
	else if (link && comeback->outcome == IS_WHOLE)
		begin_anew(comeback, link);
	else if (link)
		ask_back(comeback, link, comeback->outcome == NEEDS_OURS ? DIRECTION_OURS : DIRECTION_THEIRS);
}

static void on_kept(struct job *job, enum fault fault)
{
	struct comeback *comeback = container_of(job, struct comeback, job);
	comeback->is_keeping = false;
	for (int direction = 0; direction < 2 && !fault; direction++)
		pile_take(&comeback->piles[direction], comeback->kept[direction]);
	if (!comeback->is_stale && !fault) {
		bool has_moved = comeback->kept[DIRECTION_OURS] || comeback->kept[DIRECTION_THEIRS];
		if (has_moved && comeback->stride < PACKET_RECALL_MAX)
			comeback->stride *= 2;
		go_on(comeback, OK);
		return;
	}
	clear_piles(comeback);
	if (comeback->is_stale && !fault)
		keep(comeback);		/* another line may have come: it begins where the ledger is now */
	else
		go_on(comeback, fault);
}

static void start_keeping(struct comeback *comeback)
{
	comeback->is_keeping = true;
	comeback->job = (struct job){ .write = comeback_keep, .done = on_kept };
	scribe_add(comeback->recovery->rooms.scribe, &comeback->job);
}

/* Keep what came, and learn what is needed next: also right at the beginning, when nothing came yet. */
static void keep(struct comeback *comeback)
{
	const struct link *link = link_of(comeback);
	comeback->is_stale = false;
	if (!link)
		return;
	comeback->goal = link_greetings(link)->they_received;
	comeback->their_last = link_greetings(link)->they_sent.number;
	start_keeping(comeback);
}

/* ── hearing ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault must_be_due(const struct comeback *comeback, const struct recalled *recalled)
{
	enum direction direction = recalled->chain == WHOSE_ASKERS ? DIRECTION_OURS : DIRECTION_THEIRS;
	if (!comeback->is_asking || direction != comeback->asked || recalled->number != comeback->due)
		return fault_say(FAULT_OUT_OF_TURN, "number %" PRIu64 " was given back and not asked for", recalled->number);
	/* Whoever counts a little otherwise than we is not refused for that. */
	bool is_last = comeback->left <= 1 || comeback->heard + recalled_size(recalled) >= 2 * ANSWER_SIZE_MAX;
	if (recalled->has_more && is_last)
		return fault_say(FAULT_OUT_OF_TURN, "more is given back than was asked for");
	return recalled->manifest.text.len ? OK :
		fault_say(FAULT_NOT_FOUND, "they do not hold number %" PRIu64 " any more", recalled->number);
}

void recovery_hear(struct recovery *recovery, struct link *link, const struct recalled *recalled)
{
	struct comeback *comeback = find(recovery, link_peer(link));
	struct returned *returned = NULL;
	if (!comeback || comeback->link_id != link_id(link)) {
		link_close(link, FAULT_OUT_OF_TURN, "nothing was asked back");
		return;
	}
	enum fault fault = must_be_due(comeback, recalled);
	if (!fault)
		fault = returned_prove(comeback, recalled, &returned);
	if (fault) {
		hang_up(comeback, link, fault);
		return;
	}
	pile_add(&comeback->piles[comeback->asked], returned);
	comeback->heard += recalled_size(recalled);
	comeback->due++;
	comeback->left--;
	comeback->is_asking = recalled->has_more;
	if (!comeback->is_asking && lacks_theirs(comeback))
		ask_back(comeback, link, DIRECTION_THEIRS);
	else if (!comeback->is_asking)
		keep(comeback);
}

/* ── lines ────────────────────────────────────────────────────────────────────────────────────── */

static struct comeback *meet(struct recovery *recovery, const char *peer)
{
	struct comeback *comeback = find(recovery, peer);
	if (comeback || !(comeback = calloc(1, sizeof *comeback)))
		return comeback;
	snprintf(comeback->peer, sizeof comeback->peer, "%s", peer);
	comeback->recovery = recovery;
	for (int direction = 0; direction < 2; direction++)
		comeback->piles[direction].end = &comeback->piles[direction].first;
	comeback->next = recovery->comebacks;
	return recovery->comebacks = comeback;
}

static void leave(struct comeback *comeback)
{
	comeback->link_id = 0;
	comeback->is_asking = false;
	comeback->is_stale = true;
	clear_witnesses(comeback);
	if (!comeback->is_keeping && (comeback->piles[DIRECTION_OURS].first || comeback->piles[DIRECTION_THEIRS].first))
		start_keeping(comeback);	/* what came before the cut need not come again */
}

static void begin(struct recovery *recovery, struct link *link)
{
	const struct greetings *said = link_greetings(link);
	struct comeback *comeback = meet(recovery, link_peer(link));
	if (!comeback) {
		link_close(link, FAULT_NO_MEMORY, NULL);
		return;
	}
	log_unusual("recovery %s: this store is older than its own past: they hold our chain up to %" PRIu64
		", we only up to %" PRIu64 "; it is fetched back", comeback->peer, said->they_received.number, said->we_sent.number);
	comeback->link_id = link_id(link);
	comeback->stride = 1;
	if (!comeback->is_keeping)	/* else it goes on when that is done */
		keep(comeback);
}

/* A note for the ledger. */
struct note {
	struct job job;
	char peer[MANIFEST_ID_SIZE];
	void (*record)(struct txn *txn, const char *peer);
};

static enum fault write_note(struct txn *txn, struct job *job)
{
	struct note *note = container_of(job, struct note, job);
	note->record(txn, note->peer);
	return txn->fault;
}

static void on_noted(struct job *job, enum fault fault)
{
	struct note *note = container_of(job, struct note, job);
	if (fault)
		log_broken("recovery %s: it cannot be noted: %s", note->peer, fault_detail(fault));
	free(note);
}

static void add_note(struct recovery *recovery, const char *peer, void (*record)(struct txn *txn, const char *peer))
{
	struct note *note = calloc(1, sizeof *note);
	if (!note)
		return;
	*note = (struct note){ .job = { .write = write_note, .done = on_noted }, .record = record };
	snprintf(note->peer, sizeof note->peer, "%s", peer);
	scribe_add(recovery->rooms.scribe, &note->job);
}

/* Is there anything in the ledger that a line without recovery puts an end to? */
static bool was_behind(struct recovery *recovery, const char *peer)
{
	struct txn txn;
	struct arena arena;
	if (txn_begin(recovery->rooms.store, TXN_READ, &txn))
		return false;
	arena_init(&arena, 1 << 20);
	const Comity__Correspondence *found = record_of_peer(&txn, peer, &arena);
	bool was = found && (found->they_are_behind_since || (found->recovery && !found->recovery->ended_at));
	arena_clear(&arena);
	txn_abort(&txn);
	return was;
}

void recovery_opened(struct recovery *recovery, struct link *link)
{
	if (they_are_behind(link)) {
		log_unusual("recovery %s: their store is older than its own past; they fetch it back from us", link_peer(link));
		add_note(recovery, link_peer(link), record_they_are_behind);
	}
	if (we_are_behind(link))
		begin(recovery, link);
	else if (!they_are_behind(link) && was_behind(recovery, link_peer(link)))
		add_note(recovery, link_peer(link), record_all_is_well);
}

void recovery_closed(struct recovery *recovery, struct link *link)
{
	struct comeback *comeback = find(recovery, link_peer(link));
	if (comeback && comeback->link_id == link_id(link))
		leave(comeback);
	if (link_told(link) == FAULT_CAUGHT_UP)
		peers_dial_now(recovery->rooms.peers, link_peer(link));
}

/* ── life ─────────────────────────────────────────────────────────────────────────────────────── */

/* What we signed in our time counts, also with an identity that was lost since: the counterpart's chain says that it is older. */
enum fault recovery_pin_ourselves(struct recovery *recovery)
{
	const struct identity *identity = identity_now(recovery->rooms.identity);
	const char *authority = identity_authority(identity);
	struct succession before[SUCCESSIONS_MAX];
	struct former formers[SUCCESSIONS_MAX];
	size_t count = identity_before(identity, before);
	if (recovery->pinned == identity)
		return OK;
	for (size_t i = 0; i < count; i++)
		formers[i] = (struct former){ .identity = before[i].before, .until = INT64_MAX };
	TRY(trust_set_peer(recovery->ourselves, authority, identity_certificate(identity, ROLE_IDENTITY), STANDING_VERIFIED));
	TRY(trust_set_formers(recovery->ourselves, authority, formers, count));
	recovery->pinned = identity;
	return OK;
}

enum fault recovery_open(const struct recovery_rooms *rooms, struct recovery **opened)
{
	struct recovery *recovery = *opened = calloc(1, sizeof *recovery);
	if (!recovery)
		return FAULT_NO_MEMORY;
	recovery->rooms = *rooms;
	recovery->ourselves = trust_new();
	return recovery->ourselves ? recovery_pin_ourselves(recovery) : FAULT_NO_MEMORY;
}

void recovery_close(struct recovery *recovery)
{
	if (!recovery)
		return;
	for (struct comeback *comeback = recovery->comebacks, *next; comeback; comeback = next) {
		next = comeback->next;
		clear_piles(comeback);
		clear_witnesses(comeback);
		free(comeback);
	}
	trust_free(recovery->ourselves);
	free(recovery);
}
