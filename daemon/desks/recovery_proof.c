/* Nothing that comes back is believed for who gives it: it must be what was signed then, by us or by them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/succession.h"
#include "daemon/ledger/certificates.h"
#include "daemon/desks/recovery_parts.h"
#include "proto/stamp.h"

void returned_free(struct returned *returned)
{
	if (!returned)
		return;
	bytes_clear(&returned->content);
	arena_clear(&returned->arena);
	free(returned->messages);
	free(returned);
}

/* ── a copy of its own ────────────────────────────────────────────────────────────────────────── */

static struct span append(struct bytes *content, struct span part)
{
	struct span copy = { content->at + content->len, part.len };
	if (part.len)
		memcpy(content->at + content->len, part.at, part.len);
	content->len += part.len;
	return copy;
}

static enum fault copy(struct returned *returned, const struct recalled *recalled)
{
	const struct signed_manifest *from = &recalled->manifest;
	size_t size = from->text.len + from->signature.len + from->signing.len + from->delegation.len;
	for (size_t i = 0; i < from->message_count; i++)
		size += from->messages[i].len;
	TRY(bytes_reserve(&returned->content, size + 1));	/* once: the spans below must not move */
	returned->messages = calloc(from->message_count + 1, sizeof *returned->messages);
	if (!returned->messages)
		return FAULT_NO_MEMORY;
	struct bytes *content = &returned->content;
	returned->text = append(content, from->text);
	returned->signature = append(content, from->signature);
	returned->certificates[ROLE_SIGNING] = append(content, from->signing);
	returned->certificates[ROLE_DELEGATION] = append(content, from->delegation);
	for (size_t i = 0; i < from->message_count; i++)
		returned->messages[returned->message_count++] = append(content, from->messages[i]);
	return OK;
}

/* The one that issued it, now or before. */
static struct span our_identity(const struct identity *identity, struct span delegation)
{
	struct succession before[SUCCESSIONS_MAX];
	size_t count = identity_before(identity, before);
	for (size_t i = 0; i < count; i++)
		if (certificate_is_issued_by(delegation, before[i].before))
			return before[i].before;
	return identity_certificate(identity, ROLE_IDENTITY);
}

/* What the giver does not have is what we go by today. */
static void use_ours(const struct recovery *recovery, struct span certificates[ROLE_COUNT])
{
	const struct identity *identity = identity_now(recovery->rooms.identity);
	certificates[ROLE_IDENTITY] = our_identity(identity, certificates[ROLE_DELEGATION]);
	if (certificates[ROLE_SIGNING].len)
		return;
	certificates[ROLE_SIGNING] = identity_certificate(identity, ROLE_SIGNING);
	certificates[ROLE_DELEGATION] = identity_certificate(identity, ROLE_DELEGATION);
}

static enum fault use_theirs(const struct recovery *recovery, const char *id, struct arena *arena,
	struct span certificates[ROLE_COUNT])
{
	struct txn txn;
	TRY(txn_begin(recovery->rooms.store, TXN_READ, &txn));
	const Comity__Peer *peer = casework_peer(&txn, id, arena);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	TRY(fault);
	if (!peer)
		return fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\" any more", id);
	certificates[ROLE_IDENTITY] = certificates_identity(peer, certificates[ROLE_DELEGATION]);
	if (certificates[ROLE_SIGNING].len)
		return OK;
	certificates[ROLE_SIGNING] = span_of_binary(peer->signing_certificate);
	certificates[ROLE_DELEGATION] = span_of_binary(peer->delegation_certificate);
	return OK;
}

/* ── who signed it ────────────────────────────────────────────────────────────────────────────── */

/* The certificates lead to the identity of that authority, as it was pinned, and held when the manifest says that it was
 * signed: rotated and expired ones prove what they signed in their time. */
static enum fault judge_certificates(struct witness *witness, const struct trust *trust, const struct returned *returned,
	const struct signer **signer)
{
	const struct span chain[] = { returned->certificates[ROLE_SIGNING], returned->certificates[ROLE_DELEGATION] };
	struct claim claim = { .certificates = chain, .count = ARRAY_LEN(chain), .usage = USAGE_SIGNING,
		.expected = returned->manifest.from };
	int64_t at;
	if (!stamp_read(returned->manifest.at, &at))
		return FAULT_BAD_MANIFEST;
	claim.now = at / STAMP_SECOND;
	return witness_judge(witness, trust, &claim, signer);
}

static enum fault verify(struct witness *witness, const struct trust *trust, struct returned *returned)
{
	const struct signer *signer;
	TRY(judge_certificates(witness, trust, returned, &signer));
	digest_of(returned->signer, returned->certificates[ROLE_SIGNING]);
	return signature_verify(signer, returned->text, returned->signature, NULL);
}

/* ── what it says ─────────────────────────────────────────────────────────────────────────────── */

/* Each message has the hash that its line says, or is not there any more. */
static enum fault check_messages(const struct returned *returned)
{
	size_t at = 0;
	for (size_t i = 0; i < returned->manifest.count; i++) {
		const struct manifest_entry *entry = &returned->manifest.entries[i];
		uint8_t digest[DIGEST_SIZE];
		if (entry->index || returned->manifest.purpose != PURPOSE_DISPATCH)
			continue;
		if (at == returned->message_count)
			return fault_say(FAULT_BAD_MANIFEST, "it lists more messages than came with it");
		struct span message = returned->messages[at++];
		digest_of(digest, message);
		if (message.len && memcmp(digest, entry->sha256, DIGEST_SIZE))
			return fault_say(FAULT_DIGEST_MISMATCH, "message %s does not have the hash that was signed", entry->message_id);
	}
	return at == returned->message_count ? OK : fault_say(FAULT_BAD_MANIFEST, "more messages came than it lists");
}

static enum fault check(struct comeback *comeback, uint64_t number, struct returned *returned)
{
	const struct recovery *recovery = comeback->recovery;
	const char *own_id = identity_authority(recovery->rooms.identity), *peer = comeback->peer;
	bool is_ours = comeback->asked == DIRECTION_OURS;
	const struct manifest *manifest = &returned->manifest;
	TRY(manifest_read(returned->text, &returned->arena, &returned->manifest));
	if (strcmp(manifest->from, is_ours ? own_id : peer) || strcmp(manifest->to, is_ours ? peer : own_id))
		return fault_say(FAULT_WRONG_ADDRESSEE, "it is from %s to %s", manifest->from, manifest->to);
	if (manifest->number != number)
		return fault_say(FAULT_BAD_MANIFEST, "it is number %" PRIu64, manifest->number);
	if (is_ours) {
		TRY(recovery_pin_ourselves(comeback->recovery));
		use_ours(recovery, returned->certificates);
	} else {
		TRY(use_theirs(recovery, peer, &returned->arena, returned->certificates));
	}
	TRY(verify(&comeback->witnesses[comeback->asked], is_ours ? recovery->ourselves : recovery->rooms.trust, returned));
	return check_messages(returned);
}

enum fault returned_prove(struct comeback *comeback, const struct recalled *recalled, struct returned **proven)
{
	static const char *const whose[] = { [DIRECTION_OURS] = "our", [DIRECTION_THEIRS] = "their" };
	struct returned *returned = *proven = calloc(1, sizeof *returned);
	if (!returned)
		return FAULT_NO_MEMORY;
	arena_init(&returned->arena, 8 << 20);
	enum fault fault = copy(returned, recalled);
	if (!fault)
		fault = check(comeback, recalled->number, returned);
	if (!fault)
		return OK;
	*proven = NULL;
	returned_free(returned);
	if (fault == FAULT_NO_MEMORY)
		return fault;
	char detail[512];
	snprintf(detail, sizeof detail, "%s", fault_detail(fault));
	return fault_say(FAULT_RECALL_FORGED, "number %" PRIu64 " of %s chain, as %s gives it back: %s: %s", recalled->number,
		whose[comeback->asked], comeback->peer, fault_slug(fault), detail);
}
