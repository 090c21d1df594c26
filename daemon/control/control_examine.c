/* `comity doctor`, the part of the running daemon: what only it knows, row by row, behind what its files tell. */
#include <inttypes.h>
#include <string.h>

#include "certs/identity.h"
#include "certs/revocation.h"
#include "daemon/control/control_proofs.h"
#include "daemon/control/control_queue.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/papers.h"
#include "daemon/desks/vigil.h"
#include "daemon/law/casework.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/ledger/audit.h"
#include "daemon/ledger/clock.h"
#include "daemon/ledger/hold.h"
#include "daemon/upkeep/backup.h"
#include "daemon/upkeep/backups.h"
#include "daemon/upkeep/examination.h"
#include "daemon/upkeep/surveyed.h"
#include "proto/stamp.h"
#include "proto/units.h"
#include "proto/uuid.h"

enum {
	HOUR = 3600, DAY = 24 * HOUR,
	AUDIT_TAIL = 100,		/* lines, held on to one another */
	QUEUE_PAGES_MAX = 8,		/* of what waits: the oldest are on the first */
};

/* Seconds since that moment; 0 when nothing says. */
static int64_t age_of(const char *stamp)
{
	int64_t at;
	return stamp && stamp_read(stamp, &at) ? (stamp_clock() - at) / STAMP_SECOND : 0;
}

/* ── ourselves ────────────────────────────────────────────────────────────────────────────────── */

/* Before anything is judged by it. */
static void check_clock(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	const struct clock *clock = inquiry->rooms->clock;
	struct clock_reading reading;
	clock_read(&reading);
	if (clock->is_in_doubt)
		examination_find(examination, SEVERITY_FAIL, "compare it with another; if it is right: comity clock confirm",
			"our clock is in doubt: %s", clock->reason);
	if (!reading.is_synchronised)
		examination_find(examination, SEVERITY_WARN, "timedatectl set-ntp true, or install chrony; certificates are judged by this clock",
			"no time server keeps our clock right");
}

static void check_daemon(struct examination *examination, const void *subject)
{
	struct inquiry *inquiry = (struct inquiry *)subject;
	const struct control *control = control_of(inquiry->rooms);
	const Comity__Hold *hold = hold_find(inquiry->txn, HOLD_EVERYBODY, inquiry->arena);
	if (hold)
		examination_find(examination, SEVERITY_WARN, "comity daemon release", "the daemon is held since %s: nothing new is sent", hold->at);
	if (control->is_draining)
		examination_find(examination, SEVERITY_WARN, "comity daemon release", "the daemon is drained: no submissions are taken");
}

/* Written without us: by comity id revoke. */
static void check_revoked(struct examination *examination, const struct control_rooms *rooms)
{
	struct bytes list = { 0 };
	struct revoked_entry entry = { 0 };
	enum fault fault = revocation_load(rooms->places->state, ROLE_IDENTITY, &list);
	if (!fault && list.len)
		fault = revocation_find(span_of(&list), identity_certificate(rooms->identity, ROLE_IDENTITY), &entry);
	bytes_clear(&list);
	if (!fault && entry.is_listed)
		examination_find(examination, SEVERITY_FAIL, "comity id roll --without-old, then every counterpart needs our new card",
			"our identity is revoked (%s)", entry.reason);
}

static void check_keys(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	const struct control_rooms *rooms = inquiry->rooms;
	const struct identity_access access_to_none = { 0 };
	struct identity *filed = NULL;
	char why[KEYHOLDER_WHY_SIZE];
	if (keyholder_state(rooms->keyholder, why))
		examination_find(examination, SEVERITY_FAIL, fault_hint(FAULT_KEYS_UNAVAILABLE), "nothing can be signed: %s", why);
	enum fault fault = identity_open(rooms->places->state, &access_to_none, &filed);
	if (fault) {
		examination_find(examination, SEVERITY_FAIL, fault_hint(fault), "%s", fault_detail(fault));
		return;
	}
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (memcmp(identity_digest(rooms->identity, role), identity_digest(filed, role), DIGEST_SIZE) != 0)
			examination_find(examination, SEVERITY_FAIL, "systemctl restart comityd: it reads its certificates when it starts",
				"the daemon goes by another %s certificate than the one in %s/keys/%s.crt", role_name(role), rooms->places->state,
				role_name(role));
	identity_free(filed);
	check_revoked(examination, rooms);
}

/* ── what is kept ─────────────────────────────────────────────────────────────────────────────── */

static void judge_fill(struct examination *examination, const struct store_stat *stat)
{
	char used[UNITS_SIZE], water[UNITS_SIZE];
	size_write(used, stat->used_bytes);
	size_write(water, stat->ordinary_bytes);
	if (stat->used_bytes > stat->ordinary_bytes / 10 * 8)
		examination_find(examination, SEVERITY_WARN, "comity store purge, comity store grow SIZE; for good: store.map_size_max",
			"%s of the store are used; from %s on nothing new is taken in", used, water);
	else
		examination_find(examination, SEVERITY_OK, NULL, "%s are used; from %s on nothing new is taken in", used, water);
}

static void check_store(struct examination *examination, const void *subject)
{
	struct inquiry *inquiry = (struct inquiry *)subject;
	struct store_stat stat;
	enum fault lack = store_lack(inquiry->rooms->store), fault = store_stat(inquiry->rooms->store, &stat);
	const Comity__Surveyed *surveyed = surveyed_find(inquiry->txn, inquiry->arena);
	if (lack)
		examination_find(examination, SEVERITY_FAIL, fault_hint(lack), "%s: nothing new is taken in", fault_text(lack));
	if (fault)
		examination_find(examination, SEVERITY_FAIL, fault_hint(fault), "%s", fault_detail(fault));
	else
		judge_fill(examination, &stat);
	if (surveyed && surveyed->found)
		examination_find(examination, SEVERITY_FAIL, "comity store check; then: comity backup restore PATH", "the look through the store "
			"of %s found %" PRIu64 " things that are not as they should be", surveyed->at, surveyed->found);
}

static void check_audit(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	struct audit_check check;
	struct audit_head head = audit_head(inquiry->txn);
	if (!head.number)
		return;
	enum fault fault = audit_check(inquiry->txn, head.number > AUDIT_TAIL ? head.number - AUDIT_TAIL : 0, &check);
	bool is_head = !fault && check.head.number == head.number && !memcmp(check.head.hash, head.hash, DIGEST_SIZE);
	if (fault || check.broken_at)
		examination_find(examination, SEVERITY_FAIL, "comity audit verify", "the audit log is broken at line %" PRIu64 ": %s",
			fault ? head.number : check.broken_at, fault ? fault_detail(fault) : check.what);
	else if (!is_head)
		examination_find(examination, SEVERITY_FAIL, "comity audit verify", "the audit log does not end with its head, line %" PRIu64,
			head.number);
	else
		examination_find(examination, SEVERITY_OK, NULL, "the last %" PRIu64 " of %" PRIu64 " lines hold together", check.lines, head.number);
}

static void check_backup(struct examination *examination, const void *subject)
{
	struct inquiry *inquiry = (struct inquiry *)subject;
	const Comity__Backups *backups = backups_find(inquiry->txn, inquiry->arena);
	const char *made = backups ? backups->made_at : NULL, *verified = backups ? backups->verified_at : NULL;
	if (!made)
		examination_find(examination, SEVERITY_WARN, "comity backup create -o DIR", "no backup was made yet");
	else if (age_of(made) > 2 * DAY)
		examination_find(examination, age_of(made) > 7 * DAY ? SEVERITY_FAIL : SEVERITY_WARN, "comity backup create -o DIR",
			"the last backup is %" PRId64 " days old", age_of(made) / DAY);
	if (made && !verified)
		examination_find(examination, SEVERITY_WARN, "comity backup verify PATH", "no backup was ever verified");
	else if (verified && age_of(verified) > 30 * DAY)
		examination_find(examination, SEVERITY_WARN, "comity backup verify PATH", "a backup was last verified %" PRId64 " days ago",
			age_of(verified) / DAY);
}

/* ── what ends ────────────────────────────────────────────────────────────────────────────────── */

struct ends {
	struct examination *examination;
	int64_t now;
	size_t certificates, lists;
};

static void judge_list(struct examination *examination, const struct paper *paper)
{
	if (paper->state == PAPER_OVER)
		examination_find(examination, SEVERITY_WARN, paper->is_ours ?
			"bring the issuer's key to this machine: the daemon renews the list by itself" :
			"ask them for their newer card; the list goes on counting", "the revocation list of %s%s %s is stale",
			paper->is_ours ? "our" : paper->authority, paper->is_ours ? "" : "'s", role_name(paper->role));
}

static void judge_certificate(struct ends *ends, const struct paper *paper)
{
	static const struct { enum severity severity; const char *ours, *theirs; } states[PAPER_STATES] = {
		[PAPER_ENDING] = { SEVERITY_WARN, "comity cert status", "write to their operator; they must send their newer card" },
		[PAPER_NOT_YET] = { SEVERITY_FAIL, "compare the clocks of both sides", "compare the clocks of both sides" },
		[PAPER_OVER] = { SEVERITY_FAIL, "comity cert status", "ask them for their new card; messages wait until then" },
		[PAPER_REVOKED] = { SEVERITY_FAIL, "comity cert status", "ask them for their new card; messages wait until then" },
	};
	const char *whose = paper->is_ours ? "our" : paper->authority, *of = paper->is_ours ? "" : "'s";
	const char *remedy = paper->is_ours ? states[paper->state].ours : states[paper->state].theirs;
	if (paper->state == PAPER_ENDING)
		examination_find(ends->examination, SEVERITY_WARN, remedy, "%s%s %s certificate ends in %" PRId64 " days", whose, of,
			role_name(paper->role), (paper->ends - ends->now) / DAY);
	else if (paper->state == PAPER_NOT_YET)
		examination_find(ends->examination, SEVERITY_FAIL, remedy, "%s%s %s certificate is not valid yet", whose, of,
			role_name(paper->role));
	else if (paper->state != PAPER_GOOD)
		examination_find(ends->examination, states[paper->state].severity, remedy, "%s%s %s certificate is %s", whose, of,
			role_name(paper->role), paper_state_name(paper->state));
}

static void judge_paper(void *owner, const struct paper *paper)
{
	struct ends *ends = owner;
	ends->certificates += !paper->is_list;
	ends->lists += paper->is_list;
	if (paper->is_list)
		judge_list(ends->examination, paper);
	else
		judge_certificate(ends, paper);
}

static void check_certificates(struct examination *examination, const void *subject)
{
	struct ends ends = { .examination = examination, .now = stamp_clock() / STAMP_SECOND };
	size_t before = examination->report->n_findings;
	enum fault fault = inquiry_walk_papers((struct inquiry *)subject, judge_paper, &ends);
	if (fault)
		examination_find(examination, SEVERITY_FAIL, fault_hint(fault), "%s", fault_detail(fault));
	else if (examination->report->n_findings == before)
		examination_find(examination, SEVERITY_OK, NULL, "%zu certificates and %zu revocation lists: nothing ends soon", ends.certificates,
			ends.lists);
}

/* ── the lines ────────────────────────────────────────────────────────────────────────────────── */

static void check_listeners(struct examination *examination, const void *subject)
{
	const struct control_rooms *rooms = ((const struct inquiry *)subject)->rooms;
	const Comity__LineSettings *line = rooms->config->line;
	size_t count = line ? line->n_listen : 0;
	for (size_t i = 0; i < count; i++)
		if (!peers_port(rooms->peers, i))
			examination_find(examination, SEVERITY_FAIL, "systemctl restart comityd", "nobody listens at %s", line->listen[i]);
	if (!count && rooms->config->n_endpoints)
		examination_find(examination, SEVERITY_WARN, "set line.listen, or take the endpoint off our card", "our card says that we are reached "
			"at %s, and line.listen is empty", rooms->config->endpoints[0]);
	else
		examination_find(examination, SEVERITY_OK, NULL, count ? "we listen at %zu addresses" : "we listen at %zu addresses: it is we "
			"who call", count);
}

struct lines {
	struct examination *examination;
	const struct inquiry *inquiry;
	unsigned verified, up;
};

static void judge_identity(struct examination *examination, const Comity__Peer *peer)
{
	const char *id = peer->authority;
	if (peer->revoked_at)
		examination_find(examination, SEVERITY_WARN, "call them on a number you know, comity peer add FILE, comity peer verify PEER",
			"the identity of %s is revoked as from %s: nothing is exchanged", id, peer->revoked_at);
	else if (peer->check_due_at)
		examination_find(examination, SEVERITY_WARN, "comity peer verify PEER", "%s rolled its identity over: the telephone check %s %s",
			id, age_of(peer->check_due_at) > 0 ? "WAS DUE by" : "is due by", peer->check_due_at);
}

static void judge_line(struct lines *lines, const Comity__Peer *peer)
{
	struct peer_report report = { 0 };
	char remedy[128];
	judge_identity(lines->examination, peer);
	snprintf(remedy, sizeof remedy, "comity peer show %s", peer->authority);
	if (peer->alarm)
		examination_find(lines->examination, SEVERITY_FAIL, remedy, "%s: %s: %s", peer->authority, peer->alarm,
			peer->alarm_text ? peer->alarm_text : "");
	if (peer->standing != COMITY__STANDING__VALUE__VERIFIED)
		return;
	lines->verified++;
	snprintf(remedy, sizeof remedy, "comity peer doctor %s", peer->authority);
	if (peers_report(lines->inquiry->rooms->peers, peer->authority, &report) && report.condition == PEER_UP)
		lines->up++;
	else
		examination_find(lines->examination, SEVERITY_WARN, remedy, "the line to %s is not up: %s%s%s", peer->authority,
			report.fault ? fault_slug(report.fault) : "they have not called yet", report.detail[0] ? ": " : "", report.detail);
}

static void check_peers(struct examination *examination, const void *subject)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	struct lines lines = { .examination = examination, .inquiry = subject };
	struct txn *txn = lines.inquiry->txn;
	arena_init(&arena, SESSION_ARENA);
	walk_from(&walk, txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		const Comity__Peer *peer = record_read(txn, value, &comity__peer__descriptor, &arena);
		if (peer)
			judge_line(&lines, peer);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	examination_find(examination, SEVERITY_OK, NULL, "%u of %u verified peers have a line", lines.up, lines.verified);
}

/* ── what waits ───────────────────────────────────────────────────────────────────────────────── */

struct waiting_sum {
	uint64_t count, held, failing;
	int64_t oldest;				/* seconds */
	char oldest_message[UUID_TEXT_SIZE], oldest_peer[AUTHORITY_ID_SIZE];
};

static void add_up(struct waiting_sum *sum, const Comity__QueueItem *item)
{
	int64_t age = age_of(item->first_queued_at);
	sum->count++;
	sum->held += item->hold != NULL;
	sum->failing += item->attempts != 0;
	if (age < sum->oldest || !item->message || !item->peer)
		return;
	sum->oldest = age;
	snprintf(sum->oldest_message, sizeof sum->oldest_message, "%s", item->message);
	snprintf(sum->oldest_peer, sizeof sum->oldest_peer, "%s", item->peer);
}

/* True: there is more than was looked at. */
static bool sum_up(struct inquiry *inquiry, struct waiting_sum *sum)
{
	Comity__QueueFilter filter = COMITY__QUEUE_FILTER__INIT;
	for (int page = 0; page < QUEUE_PAGES_MAX; page++) {
		Comity__QueueList *list;
		if (queue_look(inquiry, &filter, &list))
			return false;
		for (size_t i = 0; i < list->n_data; i++)
			add_up(sum, list->data[i]);
		if (!list->has_next)
			return false;
		filter.has_after = 1;
		filter.after = list->next;
	}
	return true;
}

static void check_queue(struct examination *examination, const void *subject)
{
	struct waiting_sum sum = { 0 };
	const char *more = sum_up((struct inquiry *)subject, &sum) ? "at least " : "";
	char remedy[128];
	snprintf(remedy, sizeof remedy, "comity queue show %s", sum.oldest_message);
	if (sum.held)
		examination_find(examination, SEVERITY_WARN, "comity queue list; comity queue release", "%s%" PRIu64 " are held", more, sum.held);
	if (sum.failing)
		examination_find(examination, SEVERITY_WARN, "comity queue list", "%s%" PRIu64 " were tried and did not leave", more, sum.failing);
	if (sum.oldest > HOUR)
		examination_find(examination, sum.oldest > DAY ? SEVERITY_FAIL : SEVERITY_WARN, remedy, "the oldest waits for %s since %" PRId64
			" hours", sum.oldest_peer, sum.oldest / HOUR);
	examination_find(examination, SEVERITY_OK, NULL, "%s%" PRIu64 " wait, the oldest for %" PRId64 " s", more, sum.count, sum.oldest);
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

/* By us before by them: that is ours to mend. */
static void check_deadlines(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	const struct vigil *vigil = inquiry->rooms->vigil;
	for (int is_theirs = 0; vigil && is_theirs < 2; is_theirs++)
		for (int kind = 1; due_kind_name((Comity__DueKind__Value)kind); kind++) {
			uint64_t count = vigil_overdue(vigil, (Comity__DueKind__Value)kind, is_theirs);
			if (count)
				examination_find(examination, SEVERITY_WARN, "comity request list --overdue",
					"%" PRIu64 " overdue, owed by %s: %s", count, is_theirs ? "the other side" : "us",
					due_kind_name((Comity__DueKind__Value)kind));
		}
}

static const struct { const char *name; examination_check *check; } rows[] = {
	{ "clock",        check_clock },
	{ "daemon",       check_daemon },
	{ "keys",         check_keys },
	{ "holder",       check_holder },
	{ "store",        check_store },
	{ "audit",        check_audit },
	{ "backup",       check_backup },
	{ "certificates", check_certificates },
	{ "listeners",    check_listeners },
	{ "served",       check_served },
	{ "peers",        check_peers },
	{ "queue",        check_queue },
	{ "deadlines",    check_deadlines },
};

enum fault answer_doctor(struct inquiry *inquiry)
{
	const struct control_rooms *rooms = inquiry->rooms;
	const struct examined_files files = { .places = rooms->house, .running = rooms->config };
	struct examination examination = { .arena = inquiry->arena };
	if (!inquiry_make(inquiry, &comity__doctor_report__descriptor, &examination.report))
		return inquiry_fault(inquiry);
	examination_look_at_files(&examination, &files);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		examination_run(&examination, rows[i].name, rows[i].check, inquiry);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_FINDINGS;
	inquiry->reply->findings = examination.report;
	TRY(examination_end(&examination));
	return inquiry_fault(inquiry);
}
