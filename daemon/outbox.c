#include "daemon/outbox.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "certs/identity.h"
#include "daemon/chain.h"
#include "daemon/log.h"
#include "daemon/peers.h"
#include "proto/frame.h"
#include "proto/manifest.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum {
	MANIFEST_MESSAGES_MAX = 512,
	MANIFEST_BYTES_MAX = MESSAGE_SIZE_MAX,	/* of messages in one manifest; a single one may be as large */
	MANIFESTS_PER_BATCH = 4,
	WINDOW_MANIFESTS = 64,			/* sent and not confirmed */
};

/* One peer's way out.  Made once, kept until the outbox closes: both threads hold pointers to it. */
struct way {
	struct way *next;
	char peer[MANIFEST_ID_SIZE];
	/* the loop's */
	uint64_t link_id;			/* 0: no line */
	uint64_t greeted, next_number, confirmed;
	bool is_kicking, must_kick_again;
	struct job kick;
	struct outbox *outbox;
	atomic_bool is_ready;			/* told by the loop, asked by the scribe */
	_Atomic uint64_t formed;		/* the other way: the last number, on disk with its batch */
	/* the scribe's */
	bool is_touched;
};

struct outbox {
	struct store *store;
	struct scribe *scribe;
	const struct identity *identity;
	_Atomic(struct way *) ways;		/* only ever grows at its head */
};

enum fault outbox_open(struct store *store, const struct identity *identity, struct outbox **outbox)
{
	*outbox = calloc(1, sizeof **outbox);
	if (!*outbox)
		return FAULT_NO_MEMORY;
	(*outbox)->store = store;
	(*outbox)->identity = identity;
	return OK;
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

static struct way *find_way(struct outbox *outbox, const char *peer)
{
	struct way *way = outbox->ways;
	while (way && strcmp(way->peer, peer))
		way = way->next;
	return way;
}

/* ── in the transaction ───────────────────────────────────────────────────────────────────────── */

void outbox_add(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state)
{
	struct key key = key_of_peer(state->to), id = key_of_uuid(state->message_id);
	key_u64(&key, state->number);
	txn_put(txn, TABLE_OUTBOX, key_span(&key), key_span(&id));
	struct way *way = find_way(outbox, state->to);
	if (way)
		way->is_touched = true;
}

static bool has_waiting(struct txn *txn, const char *peer)
{
	struct key prefix = key_of_peer(peer);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	bool is_waiting = walk_next(&walk, &key, &value);
	walk_end(&walk);
	return is_waiting;
}

uint64_t outbox_waiting(struct txn *txn, const char *peer)
{
	uint64_t count = 0;
	struct key prefix = key_of_peer(peer);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	while (count < 1000000 && walk_next(&walk, &key, &value))
		count++;
	walk_end(&walk);
	return count;
}

static Comity__MessageState *find_state(struct txn *txn, const char *own_id, const char *message_id, struct arena *arena)
{
	struct key key = key_of_message(own_id, message_id);
	return record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
}

static void keep_state(struct txn *txn, const Comity__MessageState *state)
{
	struct key key = key_of_message(state->from, state->message_id);
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
}

/* What goes into one manifest. */
struct load {
	struct manifest_entry entries[MANIFEST_MESSAGES_MAX * 4];
	Comity__MessageState *states[MANIFEST_MESSAGES_MAX];
	struct key keys[MANIFEST_MESSAGES_MAX];
	size_t entry_count, count, bytes;
};

static bool add_attachments(struct txn *txn, struct load *load, const Comity__MessageState *state, struct arena *arena)
{
	struct key key = key_of_message(state->from, state->message_id);
	struct span raw;
	ProtobufCMessage *message;
	if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &raw) ||
	    unpack(&comity__message__descriptor, raw, arena, FAULT_STORE_BROKEN, &message))
		return false;
	const Comity__Message *content = (const Comity__Message *)message;
	for (size_t i = 0; i < content->n_attachments; i++) {
		struct manifest_entry *entry = &load->entries[load->entry_count++];
		*entry = load->entries[load->entry_count - 2 - i];
		entry->index = (uint32_t)i + 1;
		if (!hex_read(entry->sha256, DIGEST_SIZE, span_of_text(content->attachments[i]->sha256)))
			return false;
	}
	return true;
}

/* Add a message if it still fits. */
static bool add_message(struct txn *txn, struct load *load, struct span key, Comity__MessageState *state, struct arena *arena)
{
	if (load->count == MANIFEST_MESSAGES_MAX || (load->count && load->bytes + state->size > MANIFEST_BYTES_MAX) ||
	    load->entry_count + 1 + state->attachments > ARRAY_LEN(load->entries))
		return false;
	struct manifest_entry *entry = &load->entries[load->entry_count++];
	*entry = (struct manifest_entry){ 0 };
	memcpy(entry->sha256, state->sha256.data, DIGEST_SIZE);
	memcpy(entry->message_id, state->message_id, UUID_TEXT_SIZE - 1);
	if (state->attachments && !add_attachments(txn, load, state, arena))
		txn_fail(txn, FAULT_STORE_BROKEN);
	load->keys[load->count].len = 0;
	key_bytes(&load->keys[load->count], key);
	load->states[load->count++] = state;
	load->bytes += state->size;
	return true;
}

static bool gather(struct outbox *outbox, struct txn *txn, const char *peer, struct load *load, struct arena *arena)
{
	struct key prefix = key_of_peer(peer);
	struct span key, value;
	struct walk walk;
	bool fits = true;
	load->count = load->entry_count = load->bytes = 0;
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	while (fits && walk_next(&walk, &key, &value)) {
		char id[UUID_TEXT_SIZE];
		uuid_text(id, value.at);
		struct key waiting = { 0 };
		key_bytes(&waiting, key);
		Comity__MessageState *state = find_state(txn, identity_authority(outbox->identity), id, arena);
		if (!state) {
			txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "message %s waits, but there is no record of it", id));
			break;
		}
		fits = add_message(txn, load, key_span(&waiting), state, arena);
	}
	walk_end(&walk);
	return !fits;	/* is there more? */
}

static void settle(struct txn *txn, struct load *load, uint64_t number)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	for (size_t i = 0; i < load->count; i++) {
		Comity__MessageState *state = load->states[i];
		state->has_transport = state->has_manifest = 1;
		state->transport = COMITY__TRANSPORT__VALUE__SENT;
		state->manifest = number;
		state->sent_at = now;
		keep_state(txn, state);
		txn_delete(txn, TABLE_OUTBOX, key_span(&load->keys[i]));
	}
}

static bool form_one(struct outbox *outbox, struct txn *txn, struct way *way, struct load *load)
{
	struct arena arena;
	arena_init(&arena, 64 << 20);
	bool more = gather(outbox, txn, way->peer, load, &arena);
	if (load->count && !txn->fault) {
		uint64_t number = chain_append(txn, outbox->identity, way->peer, PURPOSE_DISPATCH, load->entries, load->entry_count);
		settle(txn, load, number);
		atomic_store(&way->formed, number);
	}
	arena_clear(&arena);
	return more && !txn->fault;
}

void outbox_form(struct outbox *outbox, struct txn *txn)
{
	struct load *load = NULL;
	for (struct way *way = outbox->ways; way; way = way->next) {
		if (!way->is_touched || !atomic_load(&way->is_ready))
			continue;
		if (!load && !(load = malloc(sizeof *load))) {
			txn_fail(txn, FAULT_NO_MEMORY);
			return;
		}
		way->is_touched = false;
		for (int i = 0; i < MANIFESTS_PER_BATCH; i++)
			if (!form_one(outbox, txn, way, load))
				break;
			else if (i == MANIFESTS_PER_BATCH - 1)
				way->is_touched = true;
	}
	free(load);
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────── */

static struct way *make_way(struct outbox *outbox, const char *peer)
{
	struct way *way = find_way(outbox, peer);
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
	struct way *way = find_way(outbox, link_peer(link));
	if (!way)
		return;
	way->link_id = link_id(link);
	way->confirmed = way->greeted;
	way->next_number = way->greeted + 1;
	atomic_store(&way->is_ready, true);
	kick(way);
	outbox_pump(outbox, link);
}

void outbox_closed(struct outbox *outbox, struct link *link)
{
	struct way *way = find_way(outbox, link_peer(link));
	if (!way || way->link_id != link_id(link))
		return;
	atomic_store(&way->is_ready, false);
	way->link_id = 0;
}

void outbox_confirmed(struct outbox *outbox, struct link *link, const struct position *received)
{
	struct way *way = find_way(outbox, link_peer(link));
	if (!way || way->link_id != link_id(link))
		return;
	if (received->number > way->confirmed && received->number < way->next_number)
		way->confirmed = received->number;
	outbox_pump(outbox, link);
}

/* Lend the messages that a dispatch lists, in its order.  False when one is missing: that is for the log. */
static bool collect(struct txn *txn, const struct manifest *manifest, struct span *messages, size_t *count)
{
	for (size_t i = 0; i < manifest->count; i++) {
		if (manifest->entries[i].index)
			continue;
		struct key key = key_of_message(manifest->from, manifest->entries[i].message_id);
		if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &messages[(*count)++]))
			return false;
	}
	return true;
}

static bool send_one(struct outbox *outbox, struct txn *txn, struct link *link, uint64_t number, struct arena *arena)
{
	struct manifest manifest = { 0 };
	Comity__StoredManifest *held = chain_find(txn, link_peer(link), DIRECTION_OURS, number, arena);
	size_t count = 0;
	(void)outbox;
	if (!held || manifest_read(span_of_binary(held->text), arena, &manifest))
		return false;
	struct span *messages = arena_alloc(arena, (manifest.count + 1) * sizeof *messages);
	if (!messages || (manifest.purpose == PURPOSE_DISPATCH && !collect(txn, &manifest, messages, &count)))
		return false;
	link_send_manifest(link, span_of_binary(held->text), span_of_binary(held->signature), messages, count);
	return true;
}

static void send_all(struct outbox *outbox, struct txn *txn, struct way *way, struct link *link, struct arena *arena)
{
	struct position head = chain_head(txn, way->peer, DIRECTION_OURS);
	while (way->next_number <= head.number && way->next_number <= way->confirmed + WINDOW_MANIFESTS &&
	       !link_is_congested(link)) {
		arena_reset(arena);
		if (!send_one(outbox, txn, link, way->next_number, arena)) {
			log_broken("outbox %s: manifest %llu cannot be sent: %s", way->peer,
				(unsigned long long)way->next_number, fault_detail(txn->fault ? txn->fault : FAULT_STORE_BROKEN));
			return;
		}
		way->next_number++;
	}
	/* A batch may have left more than it may form: let the next batch go on. */
	if (way->next_number > head.number && has_waiting(txn, way->peer))
		kick(way);
}

void outbox_pump(struct outbox *outbox, struct link *link)
{
	struct way *way = find_way(outbox, link_peer(link));
	struct txn txn;
	struct arena arena;
	if (!way || way->link_id != link_id(link) || txn_begin(outbox->store, TXN_READ, &txn))
		return;
	arena_init(&arena, 64 << 20);
	send_all(outbox, &txn, way, link, &arena);
	arena_clear(&arena);
	txn_abort(&txn);
}

void outbox_settled(struct outbox *outbox, struct peers *peers, enum fault fault)
{
	for (struct way *way = outbox->ways; way; way = way->next) {
		/* A number may be of the batch that is still being written: then its own `settled` finds it again. */
		bool is_behind = way->next_number <= atomic_load(&way->formed);
		struct link *link = way->link_id && (is_behind || fault) ? peers_find_link_by_id(peers, way->link_id) : NULL;
		if (link && fault)
			kick(way);	/* what was to be formed was rolled back */
		else if (link)
			outbox_pump(outbox, link);
	}
}
