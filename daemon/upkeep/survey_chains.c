/* Both chains of every peer, from the first manifest to the head. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/signature.h"
#include "daemon/upkeep/survey_parts.h"

static const uint8_t MARK_OURS = 'o';

static enum direction direction_of(uint8_t mark)
{
	return mark == MARK_OURS ? DIRECTION_OURS : DIRECTION_THEIRS;
}

/* ── one manifest ─────────────────────────────────────────────────────────────────────────────── */

/* A message that a dispatch lists must be on record; ours with that very digest.  (What a peer lists under an id that was
 * used before is refused, and the first one stays on record.) */
static void judge_entry(struct surveyor *surveyor, const struct manifest *manifest, const struct manifest_entry *entry)
{
	struct key key = key_of_message(manifest->from, entry->message_id);
	const Comity__MessageState *state = survey_find(surveyor, TABLE_SEEN, key, &comity__message_state__descriptor);
	if (!state && !survey_has(surveyor, TABLE_SEEN, key))
		survey_tell(surveyor, "dangling", "message %s, which it lists, is not on record", entry->message_id);
	else if (state && !strcmp(manifest->from, surveyor->subject.own_id) &&
			(state->sha256.len != DIGEST_SIZE || memcmp(state->sha256.data, entry->sha256, DIGEST_SIZE)))
		survey_tell(surveyor, fault_slug(FAULT_DIGEST_MISMATCH), "message %s has another digest on record than it lists",
			entry->message_id);
}

static enum fault find_signer(struct surveyor *surveyor, struct span digest)
{
	struct span certificate;
	if (surveyor->signer.signer && span_equal(digest, SPAN(surveyor->signer.digest)))
		return OK;
	signer_free(surveyor->signer.signer);
	surveyor->signer.signer = NULL;
	if (digest.len != DIGEST_SIZE || !txn_get(surveyor->txn, TABLE_CERTIFICATES, digest, &certificate))
		return fault_say(FAULT_BAD_SIGNATURE, "the certificate of its signer is not there");
	memcpy(surveyor->signer.digest, digest.at, DIGEST_SIZE);
	return signer_new(certificate, &surveyor->signer.signer);
}

static void survey_signature(struct surveyor *surveyor, const Comity__StoredManifest *held, const char *signer)
{
	enum fault fault = find_signer(surveyor, span_of_binary(held->signer));
	if (!fault)
		fault = signature_verify(surveyor->signer.signer, span_of_binary(held->text), span_of_binary(held->signature),
			NULL);
	if (!fault && strcmp(signer_authority(surveyor->signer.signer), signer))
		fault = fault_say(FAULT_BAD_SIGNATURE, "it is signed by %s", signer_authority(surveyor->signer.signer));
	surveyor->report->signatures++;
	if (fault)
		survey_tell(surveyor, fault_slug(FAULT_BAD_SIGNATURE), "%s", fault_detail(fault));
}

static void judge_place(struct surveyor *surveyor, const struct manifest *manifest, uint64_t number)
{
	const struct position *before = &surveyor->chain.at;
	if (manifest->number != number)
		survey_tell(surveyor, "key-differs", "it is filed as %" PRIu64 " and says it is %" PRIu64, number, manifest->number);
	else if (number != before->number + 1)
		survey_tell(surveyor, fault_slug(FAULT_CHAIN_GAP), "manifests %" PRIu64 " to %" PRIu64 " are not there",
			before->number + 1, number - 1);
	else if (memcmp(manifest->previous, before->hash, DIGEST_SIZE))
		survey_tell(surveyor, fault_slug(FAULT_CHAIN_FORK), "it does not continue manifest %" PRIu64, before->number);
}

static void judge_text(struct surveyor *surveyor, const Comity__StoredManifest *held, uint64_t number)
{
	struct arena arena;
	struct manifest manifest;
	arena_init(&arena, 64 << 20);
	if (manifest_read(span_of_binary(held->text), &arena, &manifest)) {
		survey_tell(surveyor, "unreadable", "%s", fault_detail(FAULT_BAD_MANIFEST));
	} else {
		judge_place(surveyor, &manifest, number);
		if (surveyor->subject.is_deep)
			survey_signature(surveyor, held, manifest.from);
		for (size_t i = 0; manifest.purpose == PURPOSE_DISPATCH && i < manifest.count; i++)
			if (!manifest.entries[i].index)
				judge_entry(surveyor, &manifest, &manifest.entries[i]);
	}
	arena_clear(&arena);
}

/* ── the walk ─────────────────────────────────────────────────────────────────────────────────── */

void survey_chain_end(struct surveyor *surveyor)
{
	if (!surveyor->chain.mark)
		return;
	struct position head = chain_head(surveyor->txn, surveyor->chain.peer, direction_of(surveyor->chain.mark));
	if (head.number != surveyor->chain.at.number || memcmp(head.hash, surveyor->chain.at.hash, DIGEST_SIZE))
		survey_tell(surveyor, fault_slug(FAULT_CHAIN_FORK), "the chain ends at %" PRIu64 ", and its head says %" PRIu64
			" or another text", surveyor->chain.at.number, head.number);
	surveyor->chain.mark = 0;
}

static void begin_chain(struct surveyor *surveyor, const char *peer, uint8_t mark)
{
	survey_chain_end(surveyor);
	snprintf(surveyor->chain.peer, sizeof surveyor->chain.peer, "%s", peer);
	surveyor->chain.mark = mark;
	surveyor->chain.at = (struct position){ 0 };
	surveyor->report->chains++;
}

void survey_manifest(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const Comity__StoredManifest *held = record;
	const char *peer;
	uint8_t mark;
	uint64_t number;
	(void)value;
	surveyor->report->manifests++;
	if (!key_take_text(&key, &peer) || !key_take_u8(&key, &mark) || !key_take_u64(&key, &number)) {
		survey_tell(surveyor, "unreadable", "its key is of another form");
		return;
	}
	if (mark != surveyor->chain.mark || strcmp(peer, surveyor->chain.peer))
		begin_chain(surveyor, peer, mark);
	struct span text = span_of_binary(held->text);
	uint8_t hash[DIGEST_SIZE];
	digest_of(hash, text);
	judge_text(surveyor, held, number);
	surveyor->chain.at.number = number;
	memcpy(surveyor->chain.at.hash, hash, DIGEST_SIZE);
}

void survey_chain_head(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	struct key manifest = { 0 };
	(void)record;
	key_bytes(&manifest, key);
	if (value.len < sizeof(uint64_t)) {
		survey_tell(surveyor, "unreadable", "the head has no number");
		return;
	}
	key_u64(&manifest, get_u64(value.at));
	if (!survey_has(surveyor, TABLE_MANIFESTS, manifest))
		survey_tell(surveyor, "lost", "the manifest at the head of the chain is not there");
}
