#include "daemon/law/casework.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/uuid.h"

enum { PREFIX_MIN = 6 };

Comity__Peer *casework_peer(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_peer(peer);
	return record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
}

/* ── finding ──────────────────────────────────────────────────────────────────────────────────── */

struct candidates {
	uint8_t id[UUID_SIZE];
	size_t count;
	char names[256];
};

static void add_candidate(struct candidates *candidates, struct span id, const char *name)
{
	if (candidates->count && !memcmp(candidates->id, id.at, UUID_SIZE))
		return;
	size_t used = strlen(candidates->names);
	snprintf(candidates->names + used, sizeof candidates->names - used, "%s%s", used ? ", " : "", name);
	memcpy(candidates->id, id.at, UUID_SIZE);
	candidates->count++;
}

static void search_references(struct txn *txn, const char *folded, bool whole, struct candidates *candidates)
{
	struct key prefix = { 0 };
	struct span key, value, id;
	struct walk walk;
	const char *reference;
	if (whole)
		key_text(&prefix, folded);
	else
		key_bytes(&prefix, span_of_text(folded));
	walk_from(&walk, txn, TABLE_REFERENCES, key_span(&prefix), (struct span){ 0 });
	while (candidates->count < 8 && walk_next(&walk, &key, &value))
		if (key_take_text(&key, &reference) && key_take_bytes(&key, UUID_SIZE, &id))
			add_candidate(candidates, id, reference);
	walk_end(&walk);
}

static void search_ids(struct txn *txn, const char *ref, struct candidates *candidates)
{
	struct span key, value;
	struct walk walk;
	struct key prefix = { 0 };
	uint8_t front[UUID_SIZE];
	size_t digits = strcspn(ref, "-") & ~(size_t)1;
	if (digits > 2 * UUID_SIZE || !hex_read(front, digits / 2, (struct span){ (const uint8_t *)ref, digits }))
		return;
	key_bytes(&prefix, (struct span){ front, digits / 2 });
	walk_from(&walk, txn, TABLE_CASES, key_span(&prefix), (struct span){ 0 });
	while (candidates->count < 8 && walk_next(&walk, &key, &value)) {
		char id[UUID_TEXT_SIZE];
		uuid_text(id, key.at);
		if (!strncmp(id, ref, strlen(ref)))
			add_candidate(candidates, key, id);
	}
	walk_end(&walk);
}

enum fault casework_find(struct txn *txn, const char *ref, struct arena *arena, Comity__Case **found)
{
	char folded[REFERENCE_MAX + 1];
	struct candidates candidates = { 0 };
	if (!ref || !*ref || strlen(ref) > REFERENCE_MAX)
		return fault_say(FAULT_NOT_FOUND, "there is no request \"%s\"", ref ? ref : "");
	case_fold_reference(folded, sizeof folded, ref);
	search_references(txn, folded, true, &candidates);
	if (!candidates.count && strlen(ref) >= PREFIX_MIN) {
		search_references(txn, folded, false, &candidates);
		search_ids(txn, ref, &candidates);
	}
	if (candidates.count > 1)
		return fault_say(FAULT_AMBIGUOUS, "\"%s\" may be: %s", ref, candidates.names);
	*found = candidates.count ? case_find_by_id(txn, SPAN(candidates.id), arena) : NULL;
	if (txn->fault)
		return txn->fault;
	return *found ? OK : fault_say(FAULT_NOT_FOUND, "there is no request \"%s\"", ref);
}

Comity__Case *case_find_by_reference(struct txn *txn, const char *reference, const char *peer, struct arena *arena)
{
	char folded[REFERENCE_MAX + 1];
	struct key prefix = { 0 };
	struct span key, value, id;
	struct walk walk;
	const char *found;
	Comity__Case *kase = NULL;
	if (!reference || !*reference || strlen(reference) > REFERENCE_MAX)
		return NULL;
	case_fold_reference(folded, sizeof folded, reference);
	key_text(&prefix, folded);
	walk_from(&walk, txn, TABLE_REFERENCES, key_span(&prefix), (struct span){ 0 });
	while (!kase && walk_next(&walk, &key, &value)) {
		if (key_take_text(&key, &found) && key_take_bytes(&key, UUID_SIZE, &id))
			kase = case_find_by_id(txn, id, arena);
		if (kase && peer && strcmp(kase->peer, peer))
			kase = NULL;
	}
	walk_end(&walk);
	return kase;
}

/* ── drafts ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault check_reference(struct txn *txn, const char *reference)
{
	char folded[REFERENCE_MAX + 1];
	struct candidates candidates = { 0 };
	if (!*reference || strlen(reference) > REFERENCE_MAX)
		return fault_say(FAULT_BAD_DOCUMENT, "a reference has 1 to %d characters", REFERENCE_MAX);
	case_fold_reference(folded, sizeof folded, reference);
	search_references(txn, folded, true, &candidates);
	return candidates.count ? fault_say(FAULT_EXISTS, "there is a request with the reference \"%s\" already", reference) : OK;
}

/* The pattern with its parts filled in. */
static enum fault fill_pattern(struct casework *casework, char year[STAMP_SIZE], uint64_t at, char *reference, size_t size)
{
	char authority[33], number[24];
	case_fold_reference(authority, sizeof authority, casework->own_id);
	snprintf(number, sizeof number, "%06" PRIu64, at);
	const struct { const char *name, *value; } parts[] = {
		{ "{authority}", authority }, { "{year}", year }, { "{number}", number },
	};
	size_t used = 0;
	reference[0] = 0;	/* of an empty pattern */
	for (const char *from = casework->reference_pattern; *from && used < size; ) {
		size_t i = 0;
		while (i < ARRAY_LEN(parts) && strncmp(from, parts[i].name, strlen(parts[i].name)))
			i++;
		bool is_part = i < ARRAY_LEN(parts);
		used += (size_t)snprintf(reference + used, size - used, "%.*s", is_part ? (int)strlen(parts[i].value) : 1,
			is_part ? parts[i].value : from);
		from += is_part ? strlen(parts[i].name) : 1;
	}
	return used < size ? OK : fault_say(FAULT_CONFIG, "reference_pattern: \"%s\" makes references of more than %d characters",
		casework->reference_pattern, REFERENCE_MAX);
}

/* The next that nobody has: an officer may have given one of ours by hand, and a pattern may not have the year. */
enum fault case_next_reference(struct casework *casework, struct txn *txn, char reference[REFERENCE_MAX + 1])
{
	char now[STAMP_SIZE], counter[16 + STAMP_SIZE];
	enum fault fault = FAULT_EXISTS;
	stamp_now(now);
	now[4] = 0;
	snprintf(counter, sizeof counter, "references-%s", now);
	while (fault == FAULT_EXISTS) {
		TRY(fill_pattern(casework, now, txn_next(txn, counter), reference, REFERENCE_MAX + 1));
		fault = check_reference(txn, reference);
		TRY(txn->fault);
	}
	return fault;
}

enum fault casework_draft(struct casework *casework, struct txn *txn, const char *to, Comity__Request *document,
	uint32_t uid, struct arena *arena, Comity__Case **made)
{
	char id[UUID_TEXT_SIZE], reference[REFERENCE_MAX + 1], by[16];
	Comity__Request empty = COMITY__REQUEST__INIT;
	Comity__Peer *peer = casework_peer(txn, to, arena);
	if (!peer)
		return txn->fault ? txn->fault : fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\"", to);
	if (!document)
		document = &empty;
	if (document->requesting_reference)
		TRY(check_reference(txn, document->requesting_reference));
	else
		TRY(case_next_reference(casework, txn, reference));
	uuid_new(id);
	Comity__Case *kase = *made = case_new(arena, id, to, COMITY__ROLE__VALUE__REQUESTING);
	if (!kase)
		return FAULT_NO_MEMORY;
	snprintf(by, sizeof by, "%u", uid);
	kase->draft_by = record_text(arena, by);
	kase->requesting_authority = (char *)casework->own_id;
	kase->requested_authority = kase->peer;
	case_note_zone(txn, kase, arena);
	if (!document->requesting_reference)
		document->requesting_reference = record_text(arena, reference);
	case_adopt(kase, document, arena);
	case_link_document(txn, kase, document, arena);
	case_keep(txn, kase);
	case_keep_document(txn, kase, document);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.request = kase->requesting_reference;
	data.request_id = kase->request_id;
	data.peer = kase->peer;
	data.has_actor_uid = 1;
	data.actor_uid = uid;
	events_append(txn, EVENT_REQUEST_DRAFTED, kase->requesting_reference, &data);
	return txn->fault;
}

static enum fault must_be_draft(const Comity__Case *kase)
{
	return kase->status == COMITY__REQUEST_STATUS__VALUE__DRAFT && kase->role == COMITY__ROLE__VALUE__REQUESTING ? OK :
		fault_say(FAULT_NOT_DRAFT, "%s is \"%s\": its text stands", casework_name(kase), status_name(kase->status));
}

enum fault casework_edit(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Request *document,
	struct arena *arena)
{
	(void)casework;
	TRY(must_be_draft(kase));
	if (!document->requesting_reference)
		document->requesting_reference = kase->requesting_reference;
	else if (strcmp(document->requesting_reference, kase->requesting_reference))
		return fault_say(FAULT_BAD_DOCUMENT, "requesting_reference is \"%s\" and cannot become \"%s\"",
			kase->requesting_reference, document->requesting_reference);
	case_adopt(kase, document, arena);
	case_link_document(txn, kase, document, arena);
	case_drop_sealed(txn, kase);	/* it was another text */
	case_keep(txn, kase);
	case_keep_document(txn, kase, document);
	return txn->fault;
}

/* A step and the step that took it back have the same message: the other side never had that. */
static bool is_taken_back(const Comity__Case *kase, const Comity__StatusStep *step)
{
	bool is_after = false;
	for (size_t i = 0; i < kase->n_history; i++) {
		const Comity__StatusStep *later = kase->history[i];
		if (is_after && step->message_id && later->message_id && !strcmp(later->message_id, step->message_id))
			return true;
		is_after = is_after || later == step;
	}
	return false;
}

bool case_is_known_there(const Comity__Case *kase)
{
	if (kase->role != COMITY__ROLE__VALUE__REQUESTING || phase_of(kase->status) != PHASE_DRAFT)
		return true;
	for (size_t i = 0; i < kase->n_history; i++)
		if (kase->history[i]->status == COMITY__REQUEST_STATUS__VALUE__IN_CONSULTATION && !is_taken_back(kase, kase->history[i]))
			return true;
	return false;
}

enum fault casework_abandon(struct casework *casework, struct txn *txn, Comity__Case *kase, uint32_t uid, struct arena *arena)
{
	const Comity__Request nothing = COMITY__REQUEST__INIT;
	(void)casework;
	if (kase->oral)
		return case_drop_oral(txn, kase, uid, arena);
	TRY(must_be_draft(kase));
	if (case_is_known_there(kase))
		return fault_say(FAULT_USAGE, "%s has seen the draft and is told that it is dropped: comity request set-status %s abandoned",
			kase->peer, casework_name(kase));
	struct verdict verdict = { .count = 1 };
	verdict.steps[0].from = kase->status;
	verdict.steps[0].to = kase->status = COMITY__REQUEST_STATUS__VALUE__ABANDONED;
	case_link_document(txn, kase, &nothing, arena);
	case_keep(txn, kase);
	case_tell(txn, kase, &verdict, NULL, uid);
	return txn->fault;
}
