#include "daemon/desks/checkup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/desks/registry.h"
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/hold.h"
#include "daemon/ledger/intake.h"
#include "daemon/ledger/quota.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/unpack.h"

enum {
	ANSWER_TICKS = 4,			/* how long the other side may climb */
	CLOCK_TOLERANCE_US = 120 * 1000000,	/* of the two clocks */
};

/* One side on its way up: we, for ourselves or because they asked. */
struct climb {
	struct climb *next;
	struct checkup *checkup;
	char peer[AUTHORITY_ID_SIZE];
	uint64_t link_id;			/* over which they asked, or are asked; 0: neither */
	bool is_for_them;
	unsigned ticks_left;			/* of our patience with them; 0: they were not asked */
	struct checkup_report report;
	void (*done)(void *owner, const struct checkup_report *report);
	void *owner;
};

struct checkup {
	struct checkup_rooms rooms;
	struct climb *climbs;
};

/* ── a rung ───────────────────────────────────────────────────────────────────────────────────────── */

static void see(struct climb *climb, enum rung rung, enum fault fault, const char *text)
{
	struct sight *sight = &climb->report.ours.rungs[rung];
	sight->footing = fault ? FOOTING_GONE : FOOTING_FIRM;
	sight->fault = fault;
	snprintf(sight->text, sizeof sight->text, "%s", text);
}

/* Whatever leads up to a rung that was reached holds. */
static void see_below(struct climb *climb, enum rung rung, const char *text)
{
	for (int below = 0; below < (int)rung; below++)
		if (climb->report.ours.rungs[below].footing == FOOTING_UNKNOWN)
			see(climb, (enum rung)below, OK, text);
}

/* ── the end ──────────────────────────────────────────────────────────────────────────────────────── */

static void finish(struct climb *climb)
{
	struct climb **at = &climb->checkup->climbs;
	while (*at != climb)
		at = &(*at)->next;
	*at = climb->next;
	if (!climb->is_for_them) {
		checkup_judge(climb->peer, &climb->report);
		climb->done(climb->owner, &climb->report);
	}
	free(climb);
}

/* ── the top: what we have left for them, and what they see ───────────────────────────────────────── */

static void tell_them(struct climb *climb)
{
	struct link *link = peers_find_link_by_id(climb->checkup->rooms.peers, climb->link_id);
	struct finding list[RUNGS];
	struct findings findings = { list, 0 };
	for (int rung = 0; rung < RUNGS; rung++) {
		const struct sight *sight = &climb->report.ours.rungs[rung];
		if (sight->footing != FOOTING_UNKNOWN)
			list[findings.count++] = (struct finding){ rung_name((enum rung)rung),
				sight->fault ? fault_slug(sight->fault) : "", sight->text };
	}
	if (link)
		link_send_findings(link, &findings);
}

static void ask_them(struct climb *climb, struct link *link)
{
	climb->ticks_left = ANSWER_TICKS;
	climb->link_id = link_id(link);
	link_send_checkup(link);
}

static void look_at_quota(struct climb *climb, struct txn *txn)
{
	const struct checkup_rooms *rooms = &climb->checkup->rooms;
	uint64_t used = quota_used(txn, climb->peer);
	uint64_t came = intake_find(txn, climb->peer, stamp_clock()).messages;
	char text[200];
	snprintf(text, sizeof text, "%.1f MiB of their attachments are kept here%s", (double)used / (1 << 20),
		rooms->has_quota ? "" : ", and no limit is set");
	if (rooms->has_quota)
		snprintf(text, sizeof text, "%.1f of %.1f MiB are taken by their attachments", (double)used / (1 << 20),
			(double)rooms->quota / (1 << 20));
	size_t end = strlen(text);
	snprintf(text + end, sizeof text - end, "; %" PRIu64 " messages came within a day", came);
	see(climb, RUNG_QUOTA, came >= rooms->messages_a_day ? FAULT_MESSAGE_QUOTA :
		rooms->has_quota && used >= rooms->quota ? FAULT_QUOTA : OK, text);
}

static void look_at_disk(struct climb *climb)
{
	const struct checkup_rooms *rooms = &climb->checkup->rooms;
	enum fault lack = store_lack(rooms->store);
	if (!lack)
		lack = blobs_have_room(rooms->blobs, 0);
	see(climb, RUNG_DISK, lack, lack ? fault_detail(lack) : "there is room");
}

static void look_at_ledger(struct climb *climb)
{
	struct txn txn;
	look_at_disk(climb);
	if (txn_begin(climb->checkup->rooms.store, TXN_READ, &txn))
		return;
	look_at_quota(climb, &txn);
	bool is_held = hold_kind(&txn, HOLD_EVERYBODY) != COMITY__HOLD_KIND__VALUE__NONE ||
		hold_kind(&txn, climb->peer) != COMITY__HOLD_KIND__VALUE__NONE;
	if (is_held && climb->report.ours.rungs[RUNG_PERMISSION].footing != FOOTING_GONE)
		see(climb, RUNG_PERMISSION, FAULT_HELD, "an operator holds what is addressed to them");
	txn_abort(&txn);
}

static void reach_top(struct climb *climb)
{
	struct link *link = peers_find_link(climb->checkup->rooms.peers, climb->peer);
	look_at_ledger(climb);
	climb->report.is_open = link != NULL;
	if (!climb->is_for_them && link) {
		ask_them(climb, link);
		return;
	}
	if (climb->is_for_them)
		tell_them(climb);
	finish(climb);
}

/* ── the middle: a line, and what it shows ────────────────────────────────────────────────────────── */

static void see_clock(struct climb *climb)
{
	struct peer_report report;
	if (!peers_report(climb->checkup->rooms.peers, climb->peer, &report) || !report.version)
		return;
	int64_t ahead = report.clock_ahead_us, apart = ahead < 0 ? -ahead : ahead;
	char text[96];
	snprintf(text, sizeof text, "their clock is %.1f s %s ours", (double)apart / 1e6, ahead < 0 ? "behind" : "ahead of");
	see(climb, RUNG_CLOCK, apart > CLOCK_TOLERANCE_US ? FAULT_CLOCK_DIFFERS : OK, text);
}

static const struct { enum rung rung; enum ping_stage stage; const char *text; } shown_by[] = {	/* NULL: the stage's own */
	{ RUNG_TCP,        PING_TCP,        NULL },	/* they called us */
	{ RUNG_TLS,        PING_TLS,        NULL },
	{ RUNG_CHAIN,      PING_IDENTITY,   "the channel certificate leads to the identity, and is in force" },
	{ RUNG_PIN,        PING_IDENTITY,   NULL },
	{ RUNG_REVOCATION, PING_IDENTITY,   "nothing of it is on a list of revoked ones that is held" },
	{ RUNG_VERSION,    PING_PROTOCOL,   NULL },
	{ RUNG_PERMISSION, PING_PERMISSION, NULL },
};

/* Not where one stands firmly already: who connects and is not answered does not fail at the connecting.  But what they say of
 * our certificate is not answered by what we saw of theirs. */
static void fall(struct climb *climb, enum fault fault, const char *detail)
{
	int rung = rung_of_fault(fault);
	bool is_of_ours = fault == FAULT_OWN_CERT_REVOKED;
	while (!is_of_ours && rung < RUNG_PERMISSION && climb->report.ours.rungs[rung].footing == FOOTING_FIRM)
		rung++;
	see(climb, (enum rung)rung, fault, detail);
}

static void on_pinged(void *owner, const struct ping_report *report)
{
	struct climb *climb = owner;
	const struct sight *rungs = climb->report.ours.rungs;
	for (size_t i = 0; i < ARRAY_LEN(shown_by); i++)
		if (report->stages[shown_by[i].stage].outcome == PING_PASSED && rungs[shown_by[i].rung].footing == FOOTING_UNKNOWN)
			see(climb, shown_by[i].rung, OK, shown_by[i].text ? shown_by[i].text : report->stages[shown_by[i].stage].text);
	see_clock(climb);
	if (report->fault)
		fall(climb, report->fault, report->detail);
	reach_top(climb);
}

static void begin_ping(struct climb *climb)
{
	enum fault fault = peers_ping(climb->checkup->rooms.peers, climb->peer, 1, on_pinged, climb);
	if (!fault)
		return;
	see(climb, RUNG_PERMISSION, fault, fault_detail(fault));
	reach_top(climb);
}

/* ── the foot: their endpoints ────────────────────────────────────────────────────────────────────── */

static void on_probed(void *owner, const struct probe_report *report)
{
	struct climb *climb = owner;
	enum rung rung = report->fault ? rung_of_fault(report->fault) : RUNG_TLS;
	see_below(climb, rung < RUNG_TLS ? rung : RUNG_TLS, *report->address ? report->address : report->addresses);
	if (*report->addresses)
		see(climb, RUNG_NAME, OK, report->addresses);
	if (report->fault)
		see(climb, rung, report->fault, report->detail);
	begin_ping(climb);
}

static void begin(struct climb *climb)
{
	enum fault fault = peers_probe(climb->checkup->rooms.peers, climb->peer, on_probed, climb);
	if (!fault)
		return;
	if (fault == FAULT_PEER_AWAY)
		see_below(climb, RUNG_TCP, "no endpoint on their card: they call us");
	begin_ping(climb);
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────────── */

static struct climb *climb_new(struct checkup *checkup, const char *peer)
{
	struct climb *climb = calloc(1, sizeof *climb);
	if (!climb)
		return NULL;
	climb->checkup = checkup;
	snprintf(climb->peer, sizeof climb->peer, "%s", peer);
	climb->next = checkup->climbs;
	checkup->climbs = climb;
	return climb;
}

/* Nothing is sent to who is not verified, not even this. */
static enum fault look_up(const struct checkup *checkup, const char *peer, enum fault *obstacle, char detail[256])
{
	struct txn txn;
	struct arena arena;
	Comity__Peer *found;
	TRY(txn_begin(checkup->rooms.store, TXN_READ, &txn));
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = registry_find(&txn, peer, &arena, &found);
	*obstacle = fault ? fault : registry_obstacle(found);
	snprintf(detail, 256, "%s", *obstacle ? fault_detail(*obstacle) : "");
	arena_clear(&arena);
	txn_abort(&txn);
	return fault;
}

enum fault checkup_ask(struct checkup *checkup, const char *peer,
	void (*done)(void *owner, const struct checkup_report *report), void *owner)
{
	enum fault obstacle;
	char detail[256];
	TRY(look_up(checkup, peer, &obstacle, detail));
	struct climb *climb = climb_new(checkup, peer);
	if (!climb)
		return FAULT_NO_MEMORY;
	climb->done = done;
	climb->owner = owner;
	if (obstacle) {
		see(climb, RUNG_PERMISSION, obstacle, detail);
		reach_top(climb);
	} else {
		begin(climb);
	}
	return OK;
}

static struct climb *find_answering(const struct checkup *checkup, uint64_t link_id)
{
	struct climb *climb = checkup->climbs;
	while (climb && (!climb->is_for_them || climb->link_id != link_id))
		climb = climb->next;
	return climb;
}

void checkup_hear(struct checkup *checkup, struct link *link)
{
	struct climb *climb = find_answering(checkup, link_id(link)) ? NULL : climb_new(checkup, link_peer(link));
	if (!climb)
		return;		/* one climb answers whoever asks meanwhile */
	climb->is_for_them = true;
	climb->link_id = link_id(link);
	begin(climb);
}

static void take(struct view *view, const struct finding *finding)
{
	enum rung rung = rung_of_name(finding->rung);
	if (rung == RUNGS)
		return;		/* of a newer version */
	enum fault fault = *finding->reason ? fault_from_slug(finding->reason) : OK;
	struct sight *sight = &view->rungs[rung];
	sight->footing = *finding->reason ? FOOTING_GONE : FOOTING_FIRM;
	sight->fault = fault == FAULT_COUNT ? FAULT_GOODBYE : fault;
	text_excerpt(sight->text, sizeof sight->text, span_of_text(finding->text));
}

/* Who waits for them on this line. */
static struct climb *find_asking(const struct checkup *checkup, uint64_t link_id)
{
	struct climb *climb = checkup->climbs;
	while (climb && (!climb->ticks_left || climb->link_id != link_id))
		climb = climb->next;
	return climb;
}

void checkup_take(struct checkup *checkup, struct link *link, const struct findings *findings)
{
	for (struct climb *climb; (climb = find_asking(checkup, link_id(link))); finish(climb)) {
		for (size_t i = 0; i < findings->count; i++)
			take(&climb->report.theirs, &findings->list[i]);
		climb->report.has_theirs = true;
	}
}

void checkup_closed(struct checkup *checkup, struct link *link)
{
	for (struct climb *climb; (climb = find_asking(checkup, link_id(link))); )
		finish(climb);
}

void checkup_tick(struct checkup *checkup)
{
	for (struct climb *climb = checkup->climbs, *next; climb; climb = next) {
		next = climb->next;
		if (climb->ticks_left && !--climb->ticks_left)
			finish(climb);		/* they do not tell */
	}
}

enum fault checkup_open(const struct checkup_rooms *rooms, struct checkup **checkup)
{
	*checkup = calloc(1, sizeof **checkup);
	if (!*checkup)
		return FAULT_NO_MEMORY;
	(*checkup)->rooms = *rooms;
	return OK;
}

void checkup_close(struct checkup *checkup)
{
	free(checkup);
}
