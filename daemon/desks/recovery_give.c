/* Giving back: what a peer lost of either chain, exactly as it was signed, with what we still hold of its messages. */
#include <string.h>

#include "certs/digest.h"
#include "daemon/ledger/certificates.h"
#include "daemon/desks/recovery_parts.h"
#include "daemon/desks/registry.h"
#include "proto/frame.h"

enum {
	FRAME_SLACK = 4 << 10,			/* what a frame holds beside the spans */
	QUEUE_SIZE_MAX = 64 << 10,		/* still to leave, when the next recall comes */
};

/* The message of an entry; empty when it is not held any more, or when another one came first under its id. */
static struct span find_message(struct txn *txn, const struct manifest *manifest, const struct manifest_entry *entry)
{
	struct key key = key_of_message(manifest->from, entry->message_id);
	struct span raw;
	uint8_t digest[DIGEST_SIZE];
	if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &raw))
		return (struct span){ 0 };
	digest_of(digest, raw);
	return memcmp(digest, entry->sha256, DIGEST_SIZE) ? (struct span){ 0 } : raw;
}

static enum fault collect(struct txn *txn, const struct manifest *manifest, struct arena *arena, struct recalled *recalled)
{
	struct span *messages = arena_alloc(arena, (manifest->count + 1) * sizeof *messages);
	if (!messages)
		return arena_fault(arena);
	for (size_t i = 0; manifest->purpose == PURPOSE_DISPATCH && i < manifest->count; i++)
		if (!manifest->entries[i].index)
			messages[recalled->manifest.message_count++] = find_message(txn, manifest, &manifest->entries[i]);
	recalled->manifest.messages = messages;
	return txn->fault;
}

size_t recalled_size(const struct recalled *recalled)
{
	size_t size = recalled->manifest.text.len + recalled->manifest.signature.len;
	for (size_t i = 0; i < recalled->manifest.message_count; i++)
		size += recalled->manifest.messages[i].len + 5;
	return size;
}

/* Certificates come along when they are known and fit: the asker may have lost them too. */
static void add_certificates(struct txn *txn, const Comity__StoredManifest *held, struct arena *arena, struct recalled *recalled)
{
	struct span chain[3];
	certificates_find_signer(txn, span_of_binary(held->signer), arena, chain);
	bool fits = recalled_size(recalled) + chain[0].len + chain[1].len + FRAME_SLACK <= FRAME_SIZE_MAX;
	if (!chain[0].len || !chain[1].len || !fits)
		return;
	recalled->manifest.signing = chain[0];
	recalled->manifest.delegation = chain[1];
}

static enum fault look_up(struct txn *txn, const char *peer, struct arena *arena, struct recalled *recalled)
{
	struct manifest manifest;
	enum direction direction = recalled->chain == WHOSE_ASKERS ? DIRECTION_THEIRS : DIRECTION_OURS;
	Comity__StoredManifest *held = chain_find(txn, peer, direction, recalled->number, arena);
	if (!held)
		return txn->fault;	/* they are told that we do not have it */
	recalled->manifest.text = span_of_binary(held->text);
	recalled->manifest.signature = span_of_binary(held->signature);
	TRY(manifest_read(recalled->manifest.text, arena, &manifest));
	TRY(collect(txn, &manifest, arena, recalled));
	add_certificates(txn, held, arena, recalled);
	return txn->fault;
}

static enum fault answer(struct txn *txn, struct link *link, const struct recall *recall, struct arena *arena)
{
	size_t size = 0;
	bool has_more = true;
	for (uint32_t i = 0; has_more; i++) {
		struct recalled recalled = { .chain = recall->chain, .number = recall->from + i };
		arena_reset(arena);
		TRY(look_up(txn, link_peer(link), arena, &recalled));
		size += recalled_size(&recalled);
		has_more = recalled.has_more = recalled.manifest.text.len && i + 1 < recall->count && size < ANSWER_SIZE_MAX;
		link_send_recalled(link, &recalled);
	}
	return OK;
}

/* Only to whom is behind by what both hellos said.  An asker says the next recall when it has heard the whole answer to the
 * last: if that still waits to leave, it has not. */
static bool may_ask(const struct link *link)
{
	const struct greetings *said = link_greetings(link);
	return said->we_received.number > said->they_sent.number && link_queue_bytes(link) < QUEUE_SIZE_MAX;
}

void recovery_give(struct recovery *recovery, struct link *link, const struct recall *recall)
{
	struct txn txn;
	struct arena arena;
	if (!may_ask(link)) {
		link_close(link, FAULT_OUT_OF_TURN, "a recall that has no place here");
		return;
	}
	enum fault fault = txn_begin(recovery->rooms.store, TXN_READ, &txn);
	arena_init(&arena, 64 << 20);
	if (!fault)
		fault = answer(&txn, link, recall, &arena);
	if (fault)
		link_close(link, fault, NULL);
	arena_clear(&arena);
	txn_abort(&txn);
}
