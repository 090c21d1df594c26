/* Peers and the daemon's own state, as the control sockets tell them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/identity.h"
#include "daemon/upkeep/backups.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/clock.h"
#include "daemon/control/control_lists.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/events.h"
#include "daemon/upkeep/gap.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/ledger/hold.h"
#include "daemon/ledger/intake.h"
#include "daemon/desks/outbox.h"
#include "daemon/line/peers.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/vigil.h"
#include "daemon/law/casework.h"
#include "proto/stamp.h"

/* ── one peer ────────────────────────────────────────────────────────────────────────────────────── */

const char *line_state(bool is_known, const struct peer_report *report)
{
	static const char *const states[] = {
		[PEER_IDLE] = "down",		/* it must call us */
		[PEER_WAITING] = "waiting",
		[PEER_DIALLING] = "dialling",
		[PEER_GREETING] = "dialling",
		[PEER_UP] = "up",
	};
	return is_known ? states[report->condition] : "none";
}

static void write_attempts(struct inquiry *inquiry, const struct peer_report *report, Comity__LinkReport *link)
{
	if (report->next_attempt_ms)
		link->next_attempt_at = reply_stamp(inquiry, stamp_clock() + (int64_t)report->next_attempt_ms * 1000);
	if (!report->fault)
		return;
	link->reason = (char *)fault_slug(report->fault);
	link->reason_text = record_text(inquiry->arena, report->detail[0] ? report->detail : fault_text(report->fault));
}

static Comity__LinkReport *write_link(struct inquiry *inquiry, const char *peer)
{
	struct peer_report report = { 0 };
	Comity__LinkReport *link;
	if (!inquiry_make(inquiry, &comity__link_report__descriptor, &link))
		return NULL;
	bool is_known = peers_report(inquiry->rooms->peers, peer, &report);
	link->state = (char *)line_state(is_known, &report);
	if (!is_known)
		return link;
	link->since = reply_stamp(inquiry, report.since);
	link->address = record_text(inquiry->arena, report.address);
	link->has_attempts = 1;
	link->attempts = report.attempts;
	link->has_protocol = link->has_clock_offset_ms = report.condition == PEER_UP;
	link->protocol = report.version;
	link->clock_offset_ms = report.clock_ahead_us / 1000;
	link->has_rtt_microseconds = report.rtt_us > 0;
	link->rtt_microseconds = report.rtt_us < UINT32_MAX ? (uint32_t)report.rtt_us : UINT32_MAX;
	write_attempts(inquiry, &report, link);
	return link;
}

static char *hash_text(struct inquiry *inquiry, const struct position *position)
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, SPAN(position->hash));
	return record_text(inquiry->arena, hex);
}

static Comity__ChainReport *write_chain(struct inquiry *inquiry, const char *peer)
{
	struct position sent = chain_head(inquiry->txn, peer, DIRECTION_OURS);
	struct position received = chain_head(inquiry->txn, peer, DIRECTION_THEIRS);
	Comity__ChainReport *chain;
	if (!inquiry_make(inquiry, &comity__chain_report__descriptor, &chain))
		return NULL;
	chain->has_sent = chain->has_received = 1;
	chain->sent = sent.number;
	chain->received = received.number;
	chain->sent_sha256 = hash_text(inquiry, &sent);
	chain->received_sha256 = hash_text(inquiry, &received);
	return chain;
}

static void write_intake(struct inquiry *inquiry, const char *peer, Comity__PeerView *view)
{
	struct intake intake = intake_find(inquiry->txn, peer, stamp_clock());
	view->has_messages_today = 1;
	view->messages_today = intake.messages;
	view->messages_quota = inquiry->rooms->messages_a_day;
	view->has_messages_quota = view->messages_quota != UINT64_MAX;
	view->over_quota_since = *intake.over_since ? record_text(inquiry->arena, intake.over_since) : NULL;
}

static Comity__PeerView *view_peer(struct inquiry *inquiry, Comity__Peer *peer)
{
	struct certificate_facts facts;
	Comity__PeerView *view;
	if (!inquiry_make(inquiry, &comity__peer_view__descriptor, &view))
		return NULL;
	view->schema = "comity.peer/1";
	view->peer = peer;
	view->link = write_link(inquiry, peer->authority);
	view->chain = write_chain(inquiry, peer->authority);
	struct key key = key_of_peer(peer->authority);
	view->correspondence = record_find(inquiry->txn, TABLE_CORRESPONDENCES, key_span(&key),
		&comity__correspondence__descriptor, inquiry->arena);
	view->has_queued = 1;
	view->queued = outbox_waiting(inquiry->txn, peer->authority);
	write_intake(inquiry, peer->authority, view);
	if (!certificate_read(span_of_binary(peer->channel_certificate), &facts))
		view->channel_not_after = reply_stamp(inquiry, facts.not_after * STAMP_SECOND);
	inquiry_show_lists(inquiry, view);
	return view;
}

/* In a list nobody needs a card and five certificates of each. */
static void strip(Comity__Peer *peer)
{
	peer->card = NULL;
	peer->profile = NULL;
	peer->n_revocations = 0;
	peer->n_formers = 0;
	peer->has_identity_certificate = peer->has_delegation_certificate = peer->has_channel_certificate =
		peer->has_signing_certificate = peer->has_sealing_certificate = 0;
}

static enum fault open_list(struct inquiry *inquiry, struct paging *paging)
{
	Comity__PeerList *list;
	if (!inquiry_make(inquiry, &comity__peer_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.peer-list/1";
	list->generated_at = paging->generated_at;
	paging->count = &list->n_data;
	paging->data = &list->data;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_PEERS;
	inquiry->reply->peers = list;
	return OK;
}

static const ProtobufCMessage *show_row(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	Comity__Peer *peer = record_read(inquiry->txn, value, &comity__peer__descriptor, inquiry->arena);
	Comity__PeerView *view = peer ? view_peer(inquiry, peer) : NULL;
	(void)paging;
	if (!view)
		return NULL;
	strip(peer);
	return &view->base;
}

const struct listing listing_peers = { .table = TABLE_PEERS, .open = open_list, .show = show_row };

enum fault answer_peer_show(struct inquiry *inquiry)
{
	Comity__Peer *peer;
	TRY(registry_find(inquiry->txn, inquiry->call->peer_show->peer, inquiry->arena, &peer));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_PEER;
	inquiry->reply->peer = view_peer(inquiry, peer);
	return inquiry_fault(inquiry);
}

/* ── the daemon ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_alarm(struct inquiry *inquiry, Comity__DaemonStatus *status, const Comity__Peer *peer)
{
	struct bytes text = { 0 };
	enum fault fault = bytes_printf(&text, "%s: %s: %s", peer->authority, peer->alarm,
		peer->alarm_text ? peer->alarm_text : "");
	char *alarm = fault ? NULL : arena_text(inquiry->arena, span_of(&text));
	bytes_clear(&text);
	if (alarm && record_append(inquiry->arena, &status->n_alarms, &status->alarms, &alarm, sizeof alarm))
		return OK;
	return fault ? fault : inquiry_fault(inquiry);
}

static enum fault count_peer(struct inquiry *inquiry, Comity__DaemonStatus *status, const Comity__Peer *peer)
{
	struct peer_report report = { 0 };
	status->peers++;
	status->peers_verified += peer->standing == COMITY__STANDING__VALUE__VERIFIED;
	status->peers_up += peers_report(inquiry->rooms->peers, peer->authority, &report) && report.condition == PEER_UP;
	status->queued += outbox_waiting(inquiry->txn, peer->authority);
	return peer->alarm ? add_alarm(inquiry, status, peer) : OK;
}

/* Of ourselves: what stops us.  `why` NULL: what the table says of it. */
static enum fault add_own_alarm(struct inquiry *inquiry, Comity__DaemonStatus *status, enum fault fault, const char *why)
{
	char text[400];
	if (!fault)
		return OK;
	snprintf(text, sizeof text, "%s: %s", fault_slug(fault), why ? why : fault_text(fault));
	char *alarm = record_text(inquiry->arena, text);
	if (alarm && record_append(inquiry->arena, &status->n_alarms, &status->alarms, &alarm, sizeof alarm))
		return OK;
	return inquiry_fault(inquiry);
}

/* Nothing new is taken in: peers are told to try later. */
static enum fault add_lack(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	return add_own_alarm(inquiry, status, store_lack(inquiry->rooms->store), NULL);
}

/* Nothing is signed. */
static enum fault add_keys(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	char why[KEYHOLDER_WHY_SIZE];
	enum fault fault = keyholder_state(inquiry->rooms->keyholder, why);
	return add_own_alarm(inquiry, status, fault ? FAULT_KEYS_UNAVAILABLE : OK, why);
}

/* One after the other: each record may hold a card and five certificates. */
static enum fault count_peers(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	enum fault fault = OK;
	arena_init(&arena, SESSION_ARENA);
	status->has_peers = status->has_peers_verified = status->has_peers_up = status->has_queued = 1;
	walk_from(&walk, inquiry->txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		const Comity__Peer *peer = record_read(inquiry->txn, value, &comity__peer__descriptor, &arena);
		fault = peer ? count_peer(inquiry, status, peer) : inquiry->txn->fault;
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return fault ? fault : inquiry_fault(inquiry);
}

static enum fault write_store(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	struct store_stat stat;
	TRY(store_stat(inquiry->rooms->store, &stat));
	status->has_store_used_bytes = status->has_store_map_bytes = status->has_commits = status->has_events = 1;
	status->store_used_bytes = stat.used_bytes;
	status->store_map_bytes = stat.map_bytes;
	status->commits = scribe_stat(inquiry->rooms->scribe).commits;
	status->events = events_last(inquiry->txn);
	return inquiry_fault(inquiry);
}

static bool add_overdue(struct inquiry *inquiry, Comity__DaemonStatus *status, Comity__DueKind__Value kind, bool is_theirs)
{
	uint64_t count = vigil_overdue(inquiry->rooms->vigil, kind, is_theirs);
	Comity__OverdueCount *one = count ? arena_alloc(inquiry->arena, sizeof *one) : NULL;
	if (!one)
		return !count;
	comity__overdue_count__init(one);
	one->what = (char *)due_kind_name(kind);
	one->owed_by = is_theirs ? "them" : "us";
	one->has_count = 1;
	one->count = count;
	return record_append(inquiry->arena, &status->n_overdue, &status->overdue, &one, sizeof one);
}

static void write_overdue(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	for (int kind = 1; inquiry->rooms->vigil && due_kind_name((Comity__DueKind__Value)kind); kind++)
		for (int is_theirs = 0; is_theirs < 2; is_theirs++)
			if (!add_overdue(inquiry, status, (Comity__DueKind__Value)kind, is_theirs))
				return;
}

/* When was the last backup, and is it worth anything; are we on hold, and how far behind? */
static enum fault write_keeping(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	const Comity__Backups *backups = backups_find(inquiry->txn, inquiry->arena);
	status->backup_made_at = backups ? backups->made_at : NULL;
	status->backup_verified_at = backups ? backups->verified_at : NULL;
	status->hold = hold_find(inquiry->txn, HOLD_EVERYBODY, inquiry->arena);
	write_overdue(inquiry, status);
	gap_list(inquiry->txn, inquiry->arena, &status->gaps, &status->n_gaps);
	return inquiry_fault(inquiry);
}

static void write_ourselves(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	const struct control_rooms *rooms = inquiry->rooms;
	const struct control *control = control_of(rooms);
	const Comity__LineSettings *line = rooms->config->line;
	char digits[IDENTITY_DIGITS_SIZE];
	identity_digits(digits, identity_pin(rooms->identity));
	status->authority = (char *)identity_authority(rooms->identity);
	/* whole, as on our card; a certificate has room for 64 characters of it */
	status->name = rooms->config->name ? rooms->config->name : (char *)identity_name(rooms->identity);
	status->digits = record_text(inquiry->arena, digits);
	status->has_training = status->training = certificate_is_training(identity_certificate(rooms->identity, ROLE_IDENTITY));
	status->version = (char *)rooms->version;
	status->started_at = reply_stamp(inquiry, control->started_at);
	status->listening = line ? line->listen : NULL;
	status->n_listening = line ? line->n_listen : 0;
	status->channel_not_after = reply_stamp(inquiry,
		identity_not_after(rooms->identity, ROLE_CHANNEL) * STAMP_SECOND);
	status->has_draining = status->draining = control->is_draining;
	status->has_pid = 1;
	status->pid = (uint32_t)getpid();
}

static enum fault write_clock(struct inquiry *inquiry, Comity__DaemonStatus *status)
{
	const struct clock *clock = inquiry->rooms->clock;
	if (!clock->is_in_doubt)
		return OK;
	if (!inquiry_make(inquiry, &comity__clock_doubt__descriptor, &status->clock_doubt))
		return inquiry_fault(inquiry);
	status->clock_doubt->since = record_text(inquiry->arena, clock->since);
	status->clock_doubt->reason = record_text(inquiry->arena, clock->reason);
	status->clock_doubt->has_quiet_ms = status->clock_doubt->has_ahead_ms = 1;
	status->clock_doubt->quiet_ms = (uint64_t)clock->quiet_ms;
	status->clock_doubt->ahead_ms = clock->ahead_ms;
	return OK;
}

enum fault answer_status(struct inquiry *inquiry)
{
	Comity__DaemonStatus *status;
	if (!inquiry_make(inquiry, &comity__daemon_status__descriptor, &status))
		return inquiry_fault(inquiry);
	status->schema = "comity.status/1";
	write_ourselves(inquiry, status);
	TRY(count_peers(inquiry, status));
	TRY(write_store(inquiry, status));
	TRY(add_lack(inquiry, status));
	TRY(add_keys(inquiry, status));
	TRY(write_keeping(inquiry, status));
	TRY(write_clock(inquiry, status));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_STATUS;
	inquiry->reply->status = status;
	return OK;
}

/* ── changes, on the scribe's thread ─────────────────────────────────────────────────────────────── */

static void note_peer(struct inquiry *inquiry, const Comity__Peer *peer)
{
	snprintf(inquiry->peer, sizeof inquiry->peer, "%s", peer->authority);
}

/* The peer's record alone: how its line is, only the loop knows. */
static enum fault reply_peer(struct inquiry *inquiry, Comity__Peer *peer)
{
	Comity__PeerView *view;
	if (!inquiry_make(inquiry, &comity__peer_view__descriptor, &view))
		return inquiry_fault(inquiry);
	note_peer(inquiry, peer);
	view->schema = "comity.peer/1";
	view->peer = peer;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_PEER;
	inquiry->reply->peer = view;
	return OK;
}

enum fault change_peer_add(struct inquiry *inquiry)
{
	const char *card = inquiry->call->peer_add->card;
	Comity__Peer *peer;
	TRY(registry_add(inquiry->rooms->registry, inquiry->txn, span_of_text(card), inquiry->uid, inquiry->arena, &peer));
	return reply_peer(inquiry, peer);
}

enum fault change_peer_verify(struct inquiry *inquiry)
{
	Comity__PeerVerified *verified;
	if (!inquiry_make(inquiry, &comity__peer_verified__descriptor, &verified))
		return inquiry_fault(inquiry);
	TRY(registry_verify(inquiry->rooms->registry, inquiry->txn, inquiry->call->peer_verify, inquiry->uid,
		inquiry->arena, verified));
	if (verified->verified)
		snprintf(inquiry->peer, sizeof inquiry->peer, "%s", verified->peer);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_VERIFIED;
	inquiry->reply->verified = verified;
	return OK;
}

static enum fault reply_done(struct inquiry *inquiry, const Comity__Peer *peer, const char *text)
{
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	note_peer(inquiry, peer);
	done->schema = "comity.done/1";
	done->peer = peer->authority;
	done->text = (char *)text;
	done->has_standing = 1;
	done->standing = peer->standing;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}

enum fault change_peer_block(struct inquiry *inquiry)
{
	const Comity__PeerBlock *call = inquiry->call->peer_block;
	Comity__Peer *peer;
	TRY(registry_block(inquiry->rooms->registry, inquiry->txn, call->peer, call->reason, inquiry->uid, inquiry->arena,
		&peer));
	return reply_done(inquiry, peer, "blocked: nothing is sent to it or taken from it");
}

enum fault change_peer_revoke(struct inquiry *inquiry)
{
	const Comity__PeerRevoke *call = inquiry->call->peer_revoke;
	Comity__Peer *peer;
	TRY(registry_revoke(inquiry->txn, call->peer, call->statement, inquiry->uid, inquiry->arena, &peer));
	return reply_done(inquiry, peer, peer->revoked_at ? "its identity is revoked: nothing is sent to it or taken from it" :
		"a former identity of it is revoked: what it signed from then on does not count");
}

enum fault change_peer_unblock(struct inquiry *inquiry)
{
	const char *id = inquiry->call->peer_unblock->peer;
	Comity__Peer *peer;
	TRY(registry_unblock(inquiry->rooms->registry, inquiry->txn, id, inquiry->uid, inquiry->arena, &peer));
	return reply_done(inquiry, peer, "unblocked");
}

enum fault change_peer_remove(struct inquiry *inquiry)
{
	const char *id = inquiry->call->peer_remove->peer;
	Comity__Peer *peer;
	TRY(registry_remove(inquiry->rooms->registry, inquiry->txn, id, inquiry->uid, inquiry->arena, &peer));
	peer->standing = COMITY__STANDING__VALUE__UNSPECIFIED;
	return reply_done(inquiry, peer, "removed; what was said stays in the record");
}

void settle_peer(struct inquiry *inquiry)
{
	if (inquiry->peer[0])
		registry_apply(inquiry->rooms->registry, inquiry->peer);
}

enum fault control_find_peer(struct session *session, char **name, Comity__Peer **peer)
{
	struct txn txn;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	enum fault fault = registry_find(&txn, *name, &session->arena, peer);
	txn_abort(&txn);
	TRY(fault);
	*name = (*peer)->authority;
	return OK;
}
