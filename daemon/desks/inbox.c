/* What is heard, proven before anything of it is kept. */
#include "daemon/desks/inbox_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/identity.h"
#include "certs/signature.h"
#include "proto/stamp.h"

static struct signer_row *find_row(struct inbox *inbox, const char *peer)
{
	struct signer_row *row = inbox->signers;
	while (row && strcmp(row->peer, peer))
		row = row->next;
	return row;
}

void inbox_free_arrival(struct arrival *arrival)
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
	size_t size = heard->text.len + heard->signature.len + heard->signing.len + heard->delegation.len;
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
	TRY(bytes_append(content, heard->signing));
	TRY(bytes_append(content, heard->delegation));
	arrival->text = (struct span){ content->at, heard->text.len };
	arrival->signature = (struct span){ content->at + heard->text.len, heard->signature.len };
	arrival->chain[0] = (struct span){ arrival->signature.at + heard->signature.len, heard->signing.len };
	arrival->chain[1] = (struct span){ arrival->chain[0].at + heard->signing.len, heard->delegation.len };
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

static enum fault prove_by(struct arrival *arrival, const char *peer, const struct signer *signer)
{
	struct manifest *manifest = &arrival->manifest;
	TRY(signature_verify(signer, arrival->text, arrival->signature, NULL));
	arena_init(&arrival->arena, 8 << 20);
	TRY(manifest_read(arrival->text, &arrival->arena, manifest));
	if (strcmp(manifest->from, peer) || strcmp(manifest->to, identity_authority(arrival->inbox->identity)))
		return fault_say(FAULT_WRONG_ADDRESSEE, "a manifest from %s to %s came from %s", manifest->from, manifest->to, peer);
	int64_t at;
	if (!stamp_read(manifest->at, &at))
		return fault_say(FAULT_BAD_MANIFEST, "its time is none");
	/* Who checks the evidence later asks whether the certificate was valid then. */
	TRY(signer_check_time(signer, at / STAMP_SECOND));
	return manifest->purpose == PURPOSE_DISPATCH ? check_digests(arrival) :
		arrival->message_count ? fault_say(FAULT_BAD_MANIFEST, "a %s brings no messages", purpose_name(manifest->purpose)) : OK;
}

/* By certificates that came along, since we hold no card with them (yet, or any more): who signed says when, and they must
 * lead to the pinned identity at that time. */
static enum fault prove_by_chain(struct arrival *arrival, const char *peer, const struct span chain[2])
{
	struct inbox *inbox = arrival->inbox;
	struct signer *signer;
	int64_t signed_at;
	TRY(signer_new(chain[0], &signer));
	enum fault fault = signature_verify(signer, arrival->text, arrival->signature, &signed_at);
	if (!fault)
		fault = inbox->listener->judge(inbox->owner, peer, chain, signed_at);
	if (!fault)
		fault = prove_by(arrival, peer, signer);
	signer_free(signer);
	digest_of(arrival->signer, chain[0]);
	return fault;
}

static enum fault prove(struct arrival *arrival, const char *peer, const struct span chain[2])
{
	const struct signer_row *row = arrival->row;
	uint8_t digest[DIGEST_SIZE];
	digest_of(digest, chain[0]);
	bool is_known = row && row->signer && !memcmp(row->digest, digest, DIGEST_SIZE);
	if (row && chain[0].len && !is_known)
		return prove_by_chain(arrival, peer, chain);
	if (!row || !row->signer)
		return fault_say(FAULT_PEER_UNVERIFIED, "%s: we hold no signing certificate of it", peer);
	memcpy(arrival->signer, row->digest, DIGEST_SIZE);
	return prove_by(arrival, peer, row->signer);
}

void inbox_hear(struct inbox *inbox, struct link *link, const struct signed_manifest *heard)
{
	struct arrival *arrival = calloc(1, sizeof *arrival);
	if (!arrival) {
		inbox_hang_up(inbox, link, FAULT_NO_MEMORY);
		return;
	}
	arrival->job = (struct job){ .write = inbox_keep, .done = inbox_answer };
	arrival->inbox = inbox;
	arrival->link_id = link_id(link);
	arrival->row = find_row(inbox, link_peer(link));
	enum fault fault = copy_content(arrival, heard);
	if (!fault)
		fault = prove(arrival, link_peer(link), arrival->chain);
	if (fault) {
		inbox_hang_up(inbox, link, fault);
		inbox_free_arrival(arrival);
		return;
	}
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
	**inbox = (struct inbox){ .scribe = scribe, .peers = peers, .identity = identity, .listener = listener, .owner = owner,
		.messages_a_day = UINT64_MAX };
	return OK;
}

void inbox_set_quota(struct inbox *inbox, uint64_t messages)
{
	inbox->messages_a_day = messages;
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
