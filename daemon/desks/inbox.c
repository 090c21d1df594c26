#include "daemon/desks/inbox.h"
#include "daemon/desks/inbox_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/signature.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/events.h"
#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "proto/unpack.h"

enum { AGAIN_MAX = 16 };			/* receipts that are sent once more for one arrival */

struct signer_row {
	struct signer_row *next;
	char peer[MANIFEST_ID_SIZE];
	struct signer *signer;
	uint8_t digest[DIGEST_SIZE];
	struct window window;
};

struct inbox {
	struct scribe *scribe;
	struct peers *peers;
	const struct identity *identity;
	const struct inbox_listener *listener;
	void *owner;
	struct signer_row *signers;
	size_t bytes;				/* of all arrivals that are not done with */
};

/* One manifest on its way into the ledger; everything it points to is its own. */
struct arrival {
	struct job job;
	struct inbox *inbox;
	struct signer_row *row;
	uint64_t link_id;
	struct bytes content;			/* text, signature and messages, one behind the other */
	struct span text, signature, *messages;
	size_t message_count;
	size_t bytes;				/* that it holds in memory */
	uint8_t signer[DIGEST_SIZE];
	struct arena arena;			/* of the parsed manifest */
	struct manifest manifest;
	struct position position;		/* to be confirmed */
	uint64_t again[AGAIN_MAX];		/* our manifests in which messages of it were receipted before */
	size_t again_count;
	char reused[UUID_TEXT_SIZE];		/* a message with another content under a used id; "" when none was */
};

static struct signer_row *find_row(struct inbox *inbox, const char *peer)
{
	struct signer_row *row = inbox->signers;
	while (row && strcmp(row->peer, peer))
		row = row->next;
	return row;
}

static void arrival_free(struct arrival *arrival)
{
	if (!arrival)
		return;
	bytes_clear(&arrival->content);
	arena_clear(&arrival->arena);
	free(arrival->messages);
	free(arrival);
}

/* ── hear ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault copy_content(struct arrival *arrival, const struct signed_manifest *heard)
{
	size_t size = heard->text.len + heard->signature.len;
	for (size_t i = 0; i < heard->message_count; i++)
		size += heard->messages[i].len;
	TRY(bytes_reserve(&arrival->content, size + 1));	/* once: the spans below must not move */
	arrival->messages = calloc(heard->message_count + 1, sizeof *arrival->messages);
	if (!arrival->messages)
		return FAULT_NO_MEMORY;
	arrival->message_count = heard->message_count;
	struct bytes *content = &arrival->content;
	TRY(bytes_append(content, heard->text));
	TRY(bytes_append(content, heard->signature));
	arrival->text = (struct span){ content->at, heard->text.len };
	arrival->signature = (struct span){ content->at + heard->text.len, heard->signature.len };
	for (size_t i = 0; i < heard->message_count; i++) {
		arrival->messages[i] = (struct span){ content->at + content->len, heard->messages[i].len };
		TRY(bytes_append(content, heard->messages[i]));
	}
	return OK;
}

/* Does each message have the hash that its line says? */
static enum fault check_digests(const struct arrival *arrival)
{
	size_t at = 0;
	for (size_t i = 0; i < arrival->manifest.count; i++) {
		const struct manifest_entry *entry = &arrival->manifest.entries[i];
		uint8_t digest[DIGEST_SIZE];
		if (entry->index)
			continue;
		if (at == arrival->message_count)
			return fault_say(FAULT_BAD_MANIFEST, "the manifest lists more messages than came with it");
		digest_of(digest, arrival->messages[at++]);
		if (memcmp(digest, entry->sha256, DIGEST_SIZE))
			return fault_say(FAULT_BAD_SIGNATURE, "message %s was altered: it does not have the hash that was signed",
				entry->message_id);
	}
	if (at != arrival->message_count)
		return fault_say(FAULT_BAD_MANIFEST, "more messages came than the manifest lists");
	return OK;
}

static enum fault prove(struct arrival *arrival, const char *peer)
{
	struct manifest *manifest = &arrival->manifest;
	if (!arrival->row || !arrival->row->signer)
		return fault_say(FAULT_PEER_UNVERIFIED, "%s: we hold no signing certificate of it", peer);
	TRY(signature_verify(arrival->row->signer, arrival->text, arrival->signature, NULL));
	arena_init(&arrival->arena, 8 << 20);
	TRY(manifest_read(arrival->text, &arrival->arena, manifest));
	if (strcmp(manifest->from, peer) || strcmp(manifest->to, identity_authority(arrival->inbox->identity)))
		return fault_say(FAULT_WRONG_ADDRESSEE, "a manifest from %s to %s came from %s", manifest->from, manifest->to, peer);
	int64_t at;
	if (!stamp_read(manifest->at, &at))
		return fault_say(FAULT_BAD_MANIFEST, "its time is none");
	/* Who checks the evidence later asks whether the certificate was valid then. */
	TRY(signer_check_time(arrival->row->signer, at / STAMP_SECOND));
	return manifest->purpose == PURPOSE_DISPATCH ? check_digests(arrival) :
		arrival->message_count ? fault_say(FAULT_BAD_MANIFEST, "a %s brings no messages", purpose_name(manifest->purpose)) : OK;
}

static void hang_up(struct inbox *inbox, struct link *link, enum fault why)
{
	char detail[1024];
	snprintf(detail, sizeof detail, "%s", fault_detail(why));
	inbox->listener->broken(inbox->owner, link_peer(link), why, detail);
	link_close(link, why, detail);
}

/* ── keep: on the scribe's thread ─────────────────────────────────────────────────────────────── */

static void reject(Comity__MessageState *state, struct arena *arena, enum fault why)
{
	state->transport = COMITY__TRANSPORT__VALUE__REJECTED;
	state->reason = (char *)fault_slug(why);
	state->reason_text = record_text(arena, fault_detail(why));
	state->attachments_missing = 0;
}

static enum fault check_envelope(const struct arrival *arrival, const struct manifest_entry *entry, const Comity__Message *message)
{
	const char *own = identity_authority(arrival->inbox->identity);
	if (!message->from || !message->to || strcmp(message->from, arrival->manifest.from) || strcmp(message->to, own))
		return fault_say(FAULT_WRONG_ADDRESSEE, "it says it is from %s to %s, and came from %s to %s",
			message->from ? message->from : "nobody", message->to ? message->to : "nobody", arrival->manifest.from, own);
	if (!message->message_id || strcmp(message->message_id, entry->message_id))
		return fault_say(FAULT_BAD_DOCUMENT, "the message does not have the id under which it is listed");
	return OK;
}

/* Judge a new message; what it is refused for, OK otherwise. */
static enum fault judge(struct arrival *arrival, struct txn *txn, const struct manifest_entry *entry, struct span raw,
	Comity__MessageState *state, struct arena *arena)
{
	ProtobufCMessage *unpacked;
	TRY(unpack(&comity__message__descriptor, raw, arena, FAULT_BAD_DOCUMENT, &unpacked));
	const Comity__Message *message = (const Comity__Message *)unpacked;
	TRY(check_envelope(arrival, entry, message));
	state->request_id = message->request_id;
	return arrival->inbox->listener->arrived(arrival->inbox->owner, txn, message, state, arena);
}

static void take_new(struct arrival *arrival, struct txn *txn, struct manifest_entry *entry, struct span raw, struct arena *arena)
{
	struct key key = key_of_message(arrival->manifest.from, entry->message_id);
	char now[STAMP_SIZE];
	stamp_now(now);
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	state.has_number = state.has_sha256 = state.has_size = state.has_transport = state.has_manifest = 1;
	state.has_attachments = state.has_attachments_missing = 1;
	state.number = txn_next(txn, "messages");
	state.message_id = entry->message_id;
	state.from = arrival->manifest.from;
	state.to = arrival->manifest.to;
	state.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, entry->sha256 };
	state.size = raw.len;
	state.manifest = arrival->manifest.number;
	state.arrived_at = now;
	state.transport = COMITY__TRANSPORT__VALUE__ARRIVED;
	txn_put(txn, TABLE_MESSAGES, key_span(&key), raw);

	enum fault fault = judge(arrival, txn, entry, raw, &state, arena);
	if (fault && fault_remedy(fault) != REMEDY_REFUSE && fault_remedy(fault) != REMEDY_HANG_UP) {
		txn_fail(txn, fault);	/* our trouble, not theirs: they will try again */
		return;
	}
	if (fault) {
		reject(&state, arena, fault);
		entry->refused = state.reason;
	} else if (!state.attachments_missing) {
		state.transport = COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
	}
	/* The receipt follows in this transaction, as our next manifest. */
	state.has_receipt = 1;
	state.receipt = chain_head(txn, state.from, DIRECTION_OURS).number + 1;
	record_keep(txn, TABLE_SEEN, key_span(&key), &state.base);
	events_append_message(txn, fault ? EVENT_INBOX_REJECTED : EVENT_INBOX_ARRIVED, state.from, &state);
}

/* The same id again: the same message gets its receipt again, another one is refused and reported. */
static void note_again(struct arrival *arrival, uint64_t receipt)
{
	for (size_t i = 0; i < arrival->again_count; i++)
		if (arrival->again[i] == receipt)
			return;
	if (receipt && arrival->again_count < AGAIN_MAX)
		arrival->again[arrival->again_count++] = receipt;
}

static void take_again(struct arrival *arrival, struct txn *txn, const Comity__MessageState *seen, struct manifest_entry *entry)
{
	bool is_same = seen->sha256.len == DIGEST_SIZE && !memcmp(seen->sha256.data, entry->sha256, DIGEST_SIZE);
	if (is_same)
		note_again(arrival, seen->receipt);
	if (is_same && seen->transport != COMITY__TRANSPORT__VALUE__REJECTED)
		return;
	entry->refused = is_same && seen->reason ? seen->reason : fault_slug(FAULT_ID_REUSED);
	if (is_same)
		return;
	Comity__MessageState report = *seen;
	report.reason = (char *)fault_slug(FAULT_ID_REUSED);
	memcpy(arrival->reused, entry->message_id, sizeof arrival->reused);
	events_append_message(txn, EVENT_INBOX_REJECTED, report.from, &report);
}

static void take(struct arrival *arrival, struct txn *txn, struct manifest_entry *entry, struct span raw, struct arena *arena)
{
	struct key key = key_of_message(arrival->manifest.from, entry->message_id);
	const Comity__MessageState *seen =
		record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	if (txn->fault)
		return;
	if (seen)
		take_again(arrival, txn, seen, entry);
	else
		take_new(arrival, txn, entry, raw, arena);
}

/* The messages of a dispatch, then our receipt for them. */
static enum fault keep_dispatch(struct arrival *arrival, struct txn *txn)
{
	struct arena arena;
	size_t count = 0, at = 0;
	struct manifest_entry *receipt = calloc(arrival->message_count + 1, sizeof *receipt);
	if (!receipt)
		return FAULT_NO_MEMORY;
	arena_init(&arena, UNPACK_ARENA);
	for (size_t i = 0; i < arrival->manifest.count && !txn->fault; i++) {
		if (arrival->manifest.entries[i].index)
			continue;
		receipt[count] = arrival->manifest.entries[i];
		receipt[count].refused = NULL;
		take(arrival, txn, &receipt[count], arrival->messages[at++], &arena);
		/* The slug may lie in the arena, which the next message takes over. */
		if (receipt[count].refused)
			receipt[count].refused = fault_slug(fault_from_slug(receipt[count].refused));
		count++;
		arena_reset(&arena);
	}
	if (!txn->fault && count)
		chain_append(txn, arrival->inbox->identity, arrival->manifest.from, PURPOSE_RECEIPT, receipt, count);
	arena_clear(&arena);
	free(receipt);
	return txn->fault;
}

static enum fault keep_receipt(struct arrival *arrival, struct txn *txn)
{
	arrival->inbox->listener->receipted(arrival->inbox->owner, txn, &arrival->manifest);
	return txn->fault;
}

/* What they took back before it left: the chain keeps that they said so, and there is nothing else to do. */
static enum fault keep_withdrawal(struct arrival *arrival, struct txn *txn)
{
	(void)arrival;
	return txn->fault;
}

static enum fault keep(struct txn *txn, struct job *job)
{
	static enum fault (*const keepers[PURPOSE_COUNT])(struct arrival *, struct txn *) = {
		[PURPOSE_DISPATCH] = keep_dispatch, [PURPOSE_RECEIPT] = keep_receipt, [PURPOSE_COMPLETE] = keep_receipt,
		[PURPOSE_WITHDRAWAL] = keep_withdrawal,
	};
	struct arrival *arrival = container_of(job, struct arrival, job);
	enum chain_fit fit;
	arrival->again_count = 0;	/* it may run more than once */
	arrival->reused[0] = 0;
	TRY(chain_judge(txn, &arrival->manifest, arrival->text, &fit));
	if (arrival->manifest.purpose != PURPOSE_DISPATCH)
		txn_use_reserve(txn);	/* a receipt shrinks what waits */
	if (fit == CHAIN_NEXT) {
		chain_accept(txn, &arrival->manifest, arrival->text, arrival->signature, arrival->signer);
		TRY(keepers[arrival->manifest.purpose](arrival, txn));
	}
	arrival->position = chain_head(txn, arrival->manifest.from, DIRECTION_THEIRS);
	return txn->fault;
}

/* ── answer: on the loop, once it is on disk ──────────────────────────────────────────────────── */

/* What came before gets the very receipt that it got then; what came under a used id is shown where the peer is. */
static void tell_repeats(struct inbox *inbox, const struct arrival *arrival, struct link *link)
{
	char detail[128];
	if (link && arrival->again_count && inbox->listener->again)
		inbox->listener->again(inbox->owner, link, arrival->again, arrival->again_count);
	if (!arrival->reused[0])
		return;
	snprintf(detail, sizeof detail, "another message came under the id %s, which was used before", arrival->reused);
	log_unusual("inbox %s: %s", arrival->manifest.from, detail);
	if (inbox->listener->reused)
		inbox->listener->reused(inbox->owner, arrival->manifest.from, detail);
}

static void answer(struct job *job, enum fault fault)
{
	struct arrival *arrival = container_of(job, struct arrival, job);
	struct inbox *inbox = arrival->inbox;
	struct link *link = peers_find_link_by_id(inbox->peers, arrival->link_id);
	/* The line may be another one by now. */
	bool opens = window_empty(&arrival->row->window, &inbox->bytes, arrival->bytes);
	struct link *current = opens ? peers_find_link(inbox->peers, arrival->row->peer) : NULL;
	if (current)
		link_resume(current);
	switch (fault_remedy(fault)) {
	case REMEDY_NONE:
		tell_repeats(inbox, arrival, link);
		if (link) {
			link_send_confirm(link, &arrival->position);
			inbox->listener->kept(inbox->owner, link);
		}
		break;
	case REMEDY_RETRY:		/* our trouble: we say nothing, and they repeat it on the next line */
	case REMEDY_CALL_OPERATOR:
		log_broken("inbox %s: a manifest cannot be kept: %s", arrival->manifest.from, fault_detail(fault));
		if (link)
			hang_up(inbox, link, fault);
		break;
	case REMEDY_REFUSE:
	case REMEDY_HANG_UP:
		log_unusual("inbox %s: %s", arrival->manifest.from, fault_detail(fault));
		if (link)
			hang_up(inbox, link, fault);
		break;
	}
	arrival_free(arrival);
}

void inbox_hear(struct inbox *inbox, struct link *link, const struct signed_manifest *heard)
{
	struct arrival *arrival = calloc(1, sizeof *arrival);
	if (!arrival) {
		hang_up(inbox, link, FAULT_NO_MEMORY);
		return;
	}
	arrival->job = (struct job){ .write = keep, .done = answer };
	arrival->inbox = inbox;
	arrival->link_id = link_id(link);
	arrival->row = find_row(inbox, link_peer(link));
	enum fault fault = copy_content(arrival, heard);
	if (!fault)
		fault = prove(arrival, link_peer(link));
	if (fault) {
		hang_up(inbox, link, fault);
		arrival_free(arrival);
		return;
	}
	memcpy(arrival->signer, arrival->row->digest, DIGEST_SIZE);
	arrival->bytes = sizeof *arrival + arrival->content.len + arrival->arena.used;
	if (window_fill(&arrival->row->window, &inbox->bytes, arrival->bytes))
		link_pause(link);
	scribe_add(inbox->scribe, &arrival->job);
}

/* ── life ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault inbox_open(struct scribe *scribe, const struct identity *identity, const struct inbox_listener *listener,
	void *owner, struct peers *peers, struct inbox **inbox)
{
	*inbox = calloc(1, sizeof **inbox);
	if (!*inbox)
		return FAULT_NO_MEMORY;
	**inbox = (struct inbox){ .scribe = scribe, .peers = peers, .identity = identity, .listener = listener, .owner = owner };
	return OK;
}

void inbox_close(struct inbox *inbox)
{
	if (!inbox)
		return;
	for (struct signer_row *row = inbox->signers, *next; row; row = next) {
		next = row->next;
		signer_free(row->signer);
		free(row);
	}
	free(inbox);
}

enum fault inbox_set_signer(struct inbox *inbox, const char *peer, struct span certificate)
{
	struct signer_row *row = find_row(inbox, peer);
	struct signer *signer = NULL;
	if (certificate.len)
		TRY(signer_new(certificate, &signer));
	if (!row && !(row = calloc(1, sizeof *row))) {
		signer_free(signer);
		return FAULT_NO_MEMORY;
	}
	if (!row->peer[0]) {
		snprintf(row->peer, sizeof row->peer, "%s", peer);
		row->next = inbox->signers;
		inbox->signers = row;
	}
	signer_free(row->signer);
	row->signer = signer;
	digest_of(row->digest, certificate);
	return OK;
}
