#pragma once
/* The line of a simulated year: down now and then, broken in the middle of what is said, and bringing some things twice.  What is
 * said on it is the product's own: manifests that the outbox formed and signed, proven, judged by the chain, kept and receipted by the
 * inbox.  Only their bytes go from store to store instead of through TLS. */
#include "certs/digest.h"
#include "certs/witness.h"
#include "daemon/desks/receipts.h"
#include "tests/year/told.h"

static bool is_draining;		/* at the end lines hold, and nobody loses anything */

/* ── what the inbox tells ─────────────────────────────────────────────────────────────────────────── */

static inline bool is_dropped(const Comity__Message *message)
{
	return is_mutation("drop") && !is_draining && message->acts[0]->kind_case == COMITY__ACT__KIND_STATUS_UPDATE && happens(5);
}

static inline enum fault hear_arrived(void *owner, struct txn *txn, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena)
{
	struct office *office = owner;
	counts.messages++;
	note_arrival(office->id, message->message_id);
	if (is_dropped(message))
		return OK;
	enum fault fault = casework_receive(&office->casework, txn, message, state, arena);
	assert_true(!fault || fault_remedy(fault) == REMEDY_REFUSE);
	counts.refused += fault != OK;
	return fault;
}

static inline void hear_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct office *office = owner;
	casework_refused(&office->casework, txn, state, arena);
}

static inline void hear_receipted(void *owner, struct txn *txn, const struct manifest *manifest)
{
	struct office *office = owner;
	receipts_take(txn, office->id, manifest, hear_refused, office);
}

static const struct inbox_listener office_hears = { .arrived = hear_arrived, .receipted = hear_receipted };

/* ── one manifest ─────────────────────────────────────────────────────────────────────────────────── */

static inline struct position head_of(struct office *office, const struct office *other, enum direction direction)
{
	READING(&office->ledger, txn);
	struct position head = chain_head(&txn, other->id, direction);
	txn_abort(&txn);
	return head;
}

/* What is signed under that number on either chain of the correspondence, as `holder` has it, lent by its arena.  Without text: it does
 * not have it. */
static inline struct signed_manifest lend(struct office *holder, const struct office *other, enum direction direction, uint64_t number)
{
	struct arena *arena = &holder->ledger.arena;
	struct signed_manifest lent = { 0 };
	struct manifest manifest;
	READING(&holder->ledger, txn);
	const Comity__StoredManifest *held = chain_find(&txn, other->id, direction, number, arena);
	if (held) {
		struct span chain[3], *messages;
		lent.text = span_of_binary(held->text);
		lent.signature = span_of_binary(held->signature);
		certificates_find_signer(&txn, span_of_binary(held->signer), arena, chain);
		lent.signing = chain[0];
		lent.delegation = chain[1];
		assert_ok(manifest_read(lent.text, arena, &manifest));
		lent.messages = messages = arena_alloc(arena, (manifest.count + 1) * sizeof *messages);
		for (size_t i = 0; manifest.purpose == PURPOSE_DISPATCH && i < manifest.count; i++) {
			struct key key = key_of_message(manifest.from, manifest.entries[i].message_id);
			struct span raw = { 0 };
			if (txn_get(&txn, TABLE_MESSAGES, key_span(&key), &raw))
				raw = span_of_binary(record_bytes(arena, raw));
			messages[lent.message_count++] = raw;
		}
	}
	txn_abort(&txn);
	return lent;
}

static inline bool is_destroyed(const struct signed_manifest *lent)
{
	bool is_gone = false;
	for (size_t i = 0; i < lent->message_count; i++)
		is_gone = is_gone || !lent->messages[i].len;
	return is_gone;
}

/* By certificates that lead to the pinned identity, as of the time at which it says that it was signed. */
static inline void prove(struct office *office, const struct office *other, const struct span chain[2], struct arrival *arrival)
{
	struct claim claim = { .certificates = chain, .count = 2, .usage = USAGE_SIGNING, .expected = other->id };
	const struct signer *signer;
	int64_t at;
	assert_ok(manifest_read(arrival->text, &arrival->arena, &arrival->manifest));
	assert_true(stamp_read(arrival->manifest.at, &at));
	claim.now = at / STAMP_SECOND;
	assert_ok(witness_judge(&office->witnesses[other->index], office->trust, &claim, &signer));
	assert_ok(signature_verify(signer, arrival->text, arrival->signature, NULL));
	for (size_t i = 0; arrival->message_count && i < arrival->manifest.count; i++) {
		uint8_t digest[DIGEST_SIZE];
		digest_of(digest, arrival->messages[i]);
		assert_memory_equal(digest, arrival->manifest.entries[i].sha256, DIGEST_SIZE);
	}
	digest_of(arrival->signer, chain[0]);
}

/* Certificates are kept when they come for the first time. */
static inline void bring_certificates(struct office *office, const struct span chain[2], struct arrival *arrival)
{
	READING(&office->ledger, txn);
	if (!txn_get(&txn, TABLE_CERTIFICATES, SPAN(arrival->signer), NULL))
		memcpy(arrival->chain, chain, sizeof arrival->chain);
	txn_abort(&txn);
}

/* As the inbox takes it in, once it is proven. */
static inline enum fault take_in(struct office *office, struct office *from, uint64_t number)
{
	struct signed_manifest heard = lend(from, office, DIRECTION_OURS, number);
	if (is_destroyed(&heard))
		return OK;	/* passed over: what was destroyed had its receipt */
	struct arrival arrival = { .inbox = office->inbox, .text = heard.text, .signature = heard.signature,
		.messages = (struct span *)heard.messages, .message_count = heard.message_count };
	const struct span chain[] = { heard.signing, heard.delegation };
	assert_true(heard.text.len);
	arena_init(&arrival.arena, 8 << 20);
	prove(office, from, chain, &arrival);
	bring_certificates(office, chain, &arrival);
	WRITING(&office->ledger, txn);
	uint64_t head = chain_head(&txn, from->id, DIRECTION_THEIRS).number;
	enum fault fault = ledger_end(&txn, inbox_keep(&txn, &arrival.job));
	counts.manifests += number > head;
	counts.repeats += number <= head;
	arena_clear(&arrival.arena);
	return fault;
}

/* ── a line between two ───────────────────────────────────────────────────────────────────────────── */

/* One end of it: how far the other side has what this one signed. */
struct end {
	struct office *office, *other;
	uint64_t next;
};

/* As both daemons do by what the other said in its hello. */
static inline bool greet(struct office *office, struct office *other, struct end *end)
{
	struct position sent = head_of(other, office, DIRECTION_OURS), received = head_of(other, office, DIRECTION_THEIRS);
	READING(&office->ledger, txn);
	enum fault fault = chain_compare(&txn, other->id, &sent, &received);
	uint64_t ours = chain_head(&txn, other->id, DIRECTION_OURS).number;
	txn_abort(&txn);
	if (!fault && received.number > ours)
		fault = FAULT_BEHIND_OWN_PAST;
	if (fault)
		find("%s with %s: %s: %s", office->id, other->id, fault_slug(fault), fault_detail(fault));
	/* what the other side had when the line broke, but could not say, comes again */
	*end = (struct end){ office, other, received.number + 1 - (received.number && happens(5)) };
	assert_ok(outbox_greeted(office->outbox, other->id, &received));
	return !fault;
}

static inline void form(struct end *end)
{
	struct way *way = outbox_find_way(end->office->outbox, end->other->id);
	atomic_store(&way->is_ready, true);
	atomic_store(&way->sent, head_of(end->office, end->other, DIRECTION_OURS).number);
	outbox_touch(end->office->outbox, end->other->id);
	WRITING(&end->office->ledger, txn);
	outbox_form(end->office->outbox, &txn);
	assert_ok(ledger_end(&txn, OK));
	atomic_store(&way->is_ready, false);
}

static inline bool has_more(const struct end *end)
{
	return end->next <= head_of(end->office, end->other, DIRECTION_OURS).number;
}

/* False: the line is at its end. */
static inline bool say_next(struct end *end)
{
	enum fault fault = take_in(end->other, end->office, end->next++);
	if (fault)
		find("%s refuses number %llu of %s: %s", end->other->id, (unsigned long long)end->next - 1, end->office->id, fault_detail(fault));
	arena_reset(&end->office->ledger.arena);
	return !fault && (is_draining || !happens(4));
}

/* Both have signed what they had to say before they hear the other; then it goes to and fro. */
static inline void meet(struct office *one, struct office *other)
{
	struct end ends[2];
	bool goes_on = greet(one, other, &ends[0]) & greet(other, one, &ends[1]);
	one->waits[other->index] = other->waits[one->index] = false;	/* answers to what is heard wait for the next line */
	for (int i = 0; goes_on && i < 2; i++)
		form(&ends[i]);
	while (goes_on && (has_more(&ends[0]) || has_more(&ends[1]))) {
		bool which = chance(2);
		goes_on = say_next(&ends[has_more(&ends[which]) ? which : !which]);
	}
	if (!goes_on)
		one->waits[other->index] = true;
}

static inline bool must_talk(const struct office *one, const struct office *other)
{
	return one->waits[other->index] || other->waits[one->index];
}

static inline bool is_quiet(void)
{
	for (size_t i = 0; i < n_offices; i++)
		for (size_t j = 0; j < n_offices; j++)
			if (offices[i].waits[j])
				return false;
	return true;
}

static inline void meet_all(void)
{
	for (size_t i = 0; i < n_offices; i++)
		for (size_t j = i + 1; j < n_offices; j++) {
			bool is_down = !is_draining && happens(40);
			bool must = must_talk(&offices[i], &offices[j]);
			counts.downs += is_down && must;
			if (!is_down && must)
				meet(&offices[i], &offices[j]);
		}
}
