/* The loop's part: what is in our chain is sent in order, from where the peer said it stands. */
#include "daemon/desks/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/certificates.h"
#include "daemon/ledger/chain.h"
#include "daemon/log.h"
#include "daemon/desks/outbox_parts.h"
#include "daemon/line/peers.h"
#include "proto/manifest.h"

enum {
	WINDOW_MANIFESTS = 64,			/* sent and not confirmed */
};

enum fault outbox_open(struct store *store, const struct identity *identity, struct outbox **outbox)
{
	*outbox = calloc(1, sizeof **outbox);
	if (!*outbox)
		return FAULT_NO_MEMORY;
	(*outbox)->store = store;
	(*outbox)->identity = identity;
	return outbox_move_old(store);
}

void outbox_set_scribe(struct outbox *outbox, struct scribe *scribe)
{
	outbox->scribe = scribe;
}

void outbox_close(struct outbox *outbox)
{
	if (!outbox)
		return;
	for (struct way *way = outbox->ways, *next; way; way = next) {
		next = way->next;
		free(way);
	}
	free(outbox);
}

struct way *outbox_find_way(struct outbox *outbox, const char *peer)
{
	struct way *way = outbox->ways;
	while (way && strcmp(way->peer, peer))
		way = way->next;
	return way;
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────── */

static struct way *make_way(struct outbox *outbox, const char *peer)
{
	struct way *way = outbox_find_way(outbox, peer);
	if (way || !(way = calloc(1, sizeof *way)))
		return way;
	snprintf(way->peer, sizeof way->peer, "%s", peer);
	way->outbox = outbox;
	way->next = outbox->ways;
	outbox->ways = way;
	return way;
}

static enum fault touch(struct txn *txn, struct job *job)
{
	(void)txn;
	container_of(job, struct way, kick)->is_touched = true;
	return OK;
}

static void kick(struct way *way);

static void on_kicked(struct job *job, enum fault fault)
{
	struct way *way = container_of(job, struct way, kick);
	(void)fault;
	way->is_kicking = false;
	if (way->must_kick_again)
		kick(way);
}

/* Have manifests formed from what waits, though nothing new came. */
static void kick(struct way *way)
{
	/* One that is under way may have found the line not ready: it does not count for this one. */
	way->must_kick_again = way->is_kicking;
	if (way->is_kicking)
		return;
	way->is_kicking = true;
	way->kick = (struct job){ .write = touch, .done = on_kicked };
	scribe_add(way->outbox->scribe, &way->kick);
}

enum fault outbox_greeted(struct outbox *outbox, const char *peer, const struct position *they_received)
{
	struct way *way = make_way(outbox, peer);
	if (!way)
		return FAULT_NO_MEMORY;
	way->greeted = they_received->number;
	return OK;
}

void outbox_opened(struct outbox *outbox, struct link *link)
{
	struct way *way = outbox_find_way(outbox, link_peer(link));
	if (!way)
		return;
	way->link_id = link_id(link);
	way->confirmed = way->greeted;
	way->next_number = way->greeted + 1;
	atomic_store(&way->sent, way->greeted);
	atomic_store(&way->is_ready, true);
	kick(way);
	outbox_pump(outbox, link);
}

void outbox_closed(struct outbox *outbox, struct link *link)
{
	struct way *way = outbox_find_way(outbox, link_peer(link));
	if (!way || way->link_id != link_id(link))
		return;
	atomic_store(&way->is_ready, false);
	way->link_id = 0;
}

void outbox_confirmed(struct outbox *outbox, struct link *link, const struct position *received)
{
	struct way *way = outbox_find_way(outbox, link_peer(link));
	if (!way || way->link_id != link_id(link))
		return;
	if (received->number > way->confirmed && received->number < way->next_number)
		way->confirmed = received->number;
	outbox_pump(outbox, link);
}

uint64_t outbox_settled_up_to(struct outbox *outbox, const char *peer)
{
	const struct way *way = outbox_find_way(outbox, peer);
	return way ? way->settled : 0;
}

void outbox_settle_up_to(struct outbox *outbox, const char *peer, uint64_t number)
{
	struct way *way = make_way(outbox, peer);
	if (way && number > way->settled)
		way->settled = number;
}

enum content {
	CONTENT_HERE,
	CONTENT_DESTROYED,		/* by the retention policy, or at the peer before it gave the rest back to us */
	CONTENT_LOST,
};

static enum content why_missing(struct txn *txn, struct key *key, struct arena *arena)
{
	const Comity__MessageState *state =
		record_find(txn, TABLE_SEEN, key_span(key), &comity__message_state__descriptor, arena);
	return state && state->purged_at ? CONTENT_DESTROYED : CONTENT_LOST;
}

/* Lend the messages that a dispatch lists, in its order. */
static enum content collect(struct txn *txn, const struct manifest *manifest, struct arena *arena, struct span *messages, size_t *count)
{
	for (size_t i = 0; i < manifest->count; i++) {
		if (manifest->entries[i].index)
			continue;
		struct key key = key_of_message(manifest->from, manifest->entries[i].message_id);
		if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &messages[(*count)++]))
			return why_missing(txn, &key, arena);
	}
	return CONTENT_HERE;
}

/* False when it cannot be sent though it must: that is for the log, and nothing behind it may overtake it.  What was destroyed
 * had its receipt, so the peer holds the manifest, and a hello that says less is older than that receipt: it is passed over,
 * never said without its messages.  A peer that lost it is behind its own chain as well, and recalls it. */
static bool send_one(const struct outbox *outbox, struct txn *txn, struct link *link, uint64_t number, struct arena *arena)
{
	struct manifest manifest = { 0 };
	Comity__StoredManifest *held = chain_find(txn, link_peer(link), DIRECTION_OURS, number, arena);
	size_t count = 0;
	if (!held || manifest_read(span_of_binary(held->text), arena, &manifest))
		return false;
	struct span *messages = arena_alloc(arena, (manifest.count + 1) * sizeof *messages);
	if (!messages)
		return false;
	enum content content = manifest.purpose == PURPOSE_DISPATCH ? collect(txn, &manifest, arena, messages, &count) : CONTENT_HERE;
	if (content != CONTENT_HERE)
		return content == CONTENT_DESTROYED;
	struct signed_manifest sent = { .text = span_of_binary(held->text), .signature = span_of_binary(held->signature),
		.messages = messages, .message_count = count };
	certificates_attach(txn, outbox->identity, link_peer(link), span_of_binary(held->signer), arena, &sent);
	link_send_manifest(link, &sent);
	return true;
}

/* There is room again for what could not be signed before. */
static void go_on(struct way *way, uint64_t signed_up_to)
{
	if (way->next_number > signed_up_to && atomic_exchange(&way->is_short, false))
		kick(way);
}

static void send_all(struct txn *txn, struct way *way, struct link *link, struct arena *arena)
{
	struct position head = chain_head(txn, way->peer, DIRECTION_OURS);
	while (way->next_number <= head.number && way->next_number <= way->confirmed + WINDOW_MANIFESTS &&
	       !link_is_congested(link)) {
		arena_reset(arena);
		if (!send_one(way->outbox, txn, link, way->next_number, arena)) {
			log_broken("outbox %s: manifest %llu cannot be sent: %s", way->peer,
				(unsigned long long)way->next_number, fault_detail(txn->fault ? txn->fault : FAULT_STORE_BROKEN));
			return;
		}
		atomic_store(&way->sent, way->next_number++);
	}
	go_on(way, head.number);
}

void outbox_pump(struct outbox *outbox, struct link *link)
{
	struct way *way = outbox_find_way(outbox, link_peer(link));
	struct txn txn;
	struct arena arena;
	if (!way || way->link_id != link_id(link) || txn_begin(outbox->store, TXN_READ, &txn))
		return;
	arena_init(&arena, 64 << 20);
	send_all(&txn, way, link, &arena);
	arena_clear(&arena);
	txn_abort(&txn);
}

/* What was to be formed was rolled back.  Not at once again: a disk that fails would be asked for ever, as fast as it can. */
static void note_failure(struct way *way, struct link *link, enum fault fault)
{
	way->has_failed = true;
	if (fault_remedy(fault) == REMEDY_HANG_UP)
		link_close(link, fault, "our signing certificate is not valid at the time that our clock shows");
}

static void try_again(struct way *way)
{
	if (!way->has_failed)
		return;
	way->has_failed = false;
	kick(way);
}

void outbox_settled(struct outbox *outbox, struct peers *peers, enum fault fault)
{
	for (struct way *way = outbox->ways; way; way = way->next) {
		/* A number may be of the batch that is still being written: then its own `settled` finds it again. */
		bool is_behind = way->next_number <= atomic_load(&way->formed) || atomic_load(&way->is_short);
		struct link *link = way->link_id && (is_behind || fault) ? peers_find_link_by_id(peers, way->link_id) : NULL;
		if (link && fault)
			note_failure(way, link, fault);
		else if (link)
			outbox_pump(outbox, link);
		if (!fault)
			try_again(way);
	}
}

void outbox_retry(struct outbox *outbox)
{
	for (struct way *way = outbox->ways; way; way = way->next)
		try_again(way);
}
