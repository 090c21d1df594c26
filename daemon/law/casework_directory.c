/* Updates of the directory: what a central authority tells of other competent authorities of its State, and what we tell of ours.
 * Of central authorities nobody tells but themselves, in their cards. */
#include <string.h>
#include <strings.h>

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum {
	ENTRIES_MAX = 256,			/* of one message */
	ENTRIES_BYTES = 512 << 10,		/* and together, as we send them */
};

#define OTHER COMITY__DIRECTORY_PART__VALUE__OTHER_COMPETENT_AUTHORITY
#define SOURCE(name) COMITY__ENTRY_SOURCE__VALUE__##name

/* ── heard ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_state(const char *one, const char *other)
{
	return one && *one && other && !strcasecmp(one, other);
}

static bool is_peer(struct txn *txn, const char *authority)
{
	struct key key = key_of_peer(authority);
	return txn_get(txn, TABLE_PEERS, key_span(&key), NULL);
}

/* May this peer speak for that authority? */
static enum fault judge_entry(struct casework *casework, struct txn *txn, const char *from, const Comity__Profile *profile,
	struct arena *arena)
{
	const Comity__Profile *speaker = directory_profile(txn, from, arena);
	const char *authority = profile->authority ? profile->authority : "";
	if (!speaker || !speaker->state || !*speaker->state)
		return fault_say(FAULT_FOREIGN_ENTRY, "the card of %s names no State: what it tells of others is not taken", from);
	if (!is_state(profile->state, speaker->state))
		return fault_say(FAULT_FOREIGN_ENTRY, "%s, an authority of %s, tells of %.40s, of %.10s", from, speaker->state, authority,
			profile->state ? profile->state : "no State");
	if (profile->part != OTHER || !strcmp(authority, casework->own_id) || is_peer(txn, authority))
		return fault_say(FAULT_FOREIGN_ENTRY, "%s tells of the central authority %.40s, which tells of itself in its card", from, authority);
	const Comity__DirectoryEntry *known = directory_find(txn, authority, arena);
	if (known && known->profile && known->profile->part != OTHER)
		return fault_say(FAULT_FOREIGN_ENTRY, "%s tells of %.40s as if it were no central authority", from, authority);
	if (known && known->profile && !is_state(known->profile->state, speaker->state))
		return fault_say(FAULT_FOREIGN_ENTRY, "%s tells of %.40s, which is an authority of %.10s", from, authority, known->profile->state);
	return txn->fault;
}

static struct directory_offer offer_of(const Comity__Message *message, const Comity__Profile *profile)
{
	return (struct directory_offer){ .profile = profile, .source = SOURCE(ANNOUNCED), .from = message->from,
		.message_id = message->message_id };
}

static enum fault judge_update(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__Profile *const *entries, size_t count, struct arena *arena)
{
	enum directory_taken taken;
	const char *reason;
	uint32_t share = directory_announced_by(txn, message->from, arena);
	for (size_t i = 0; i < count; i++) {
		const struct directory_offer offer = offer_of(message, entries[i]);
		TRY(judge_entry(casework, txn, message->from, entries[i], arena));
		TRY(directory_judge(txn, &offer, arena, &taken, &reason));
		share += taken == DIRECTORY_ADDED;
	}
	return share <= DIRECTORY_SHARE_MAX ? OK : fault_say(FAULT_TOO_LARGE, "%s has announced %d authorities, and no more are taken",
		message->from, DIRECTORY_SHARE_MAX);
}

static enum fault read_update(const Comity__DirectoryUpdate *update, struct arena *arena, Comity__Profile ***entries)
{
	if (update->n_entries > ENTRIES_MAX)
		return fault_say(FAULT_TOO_LARGE, "an update of the directory has at most %d entries", ENTRIES_MAX);
	*entries = arena_alloc(arena, (update->n_entries + 1) * sizeof **entries);
	if (!*entries)
		return arena_fault(arena);
	for (size_t i = 0; i < update->n_entries; i++) {
		ProtobufCMessage *profile;
		struct span packed = span_of_binary(update->entries[i]);
		if (packed.len > DIRECTORY_ENTRY_MAX)
			return fault_say(FAULT_TOO_LARGE, "entry %zu has %zu bytes; the limit is %d", i + 1, packed.len, DIRECTORY_ENTRY_MAX);
		TRY(unpack(&comity__profile__descriptor, packed, arena, FAULT_BAD_DOCUMENT, &profile));
		(*entries)[i] = (Comity__Profile *)profile;
	}
	return OK;
}

static void tell_changed(struct txn *txn, const Comity__Message *message, const Comity__Profile *profile, enum directory_taken taken)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	if (taken != DIRECTORY_ADDED && taken != DIRECTORY_CHANGED)
		return;
	data.peer = message->from;
	data.message_id = message->message_id;
	data.text = taken == DIRECTORY_ADDED ? "added" : "changed";
	events_append(txn, EVENT_DIRECTORY_CHANGED, profile->authority, &data);
}

static enum fault take_update(struct txn *txn, const Comity__Message *message, Comity__Profile *const *entries, size_t count,
	struct arena *arena)
{
	enum directory_taken taken;
	const char *reason;
	for (size_t i = 0; i < count; i++) {
		const struct directory_offer offer = offer_of(message, entries[i]);
		TRY(directory_take(txn, &offer, arena, &taken, &reason));
		tell_changed(txn, message, entries[i], taken);
	}
	return txn->fault;
}

enum fault case_hear_directory(struct casework *casework, struct txn *txn, const Comity__Message *message, bool is_judged,
	struct arena *arena)
{
	for (size_t i = 0; i < message->n_acts; i++) {
		const Comity__Act *act = message->acts[i];
		Comity__Profile **entries;
		if (act->kind_case != COMITY__ACT__KIND_DIRECTORY_UPDATE || !act->directory_update->n_entries)
			continue;
		TRY(read_update(act->directory_update, arena, &entries));
		size_t count = act->directory_update->n_entries;
		TRY(is_judged ? take_update(txn, message, entries, count, arena) :
			judge_update(casework, txn, message, entries, count, arena));
	}
	return OK;
}

/* ── told ─────────────────────────────────────────────────────────────────────────────────────── */

/* What is told, as it goes into messages. */
struct telling {
	Comity__DirectoryEntry **entries;
	size_t count;
};

static bool is_ours(const Comity__DirectoryEntry *entry, const char *state)
{
	return entry->source == SOURCE(IMPORTED) && entry->profile && entry->profile->part == OTHER && is_state(entry->profile->state, state);
}

static enum fault choose_named(struct txn *txn, const Comity__DirectoryAnnounce *order, const char *state, struct arena *arena,
	struct telling *telling)
{
	for (size_t i = 0; i < order->n_authorities; i++) {
		Comity__DirectoryEntry *entry = directory_find(txn, order->authorities[i], arena);
		TRY(txn->fault);
		if (!entry)
			return fault_say(FAULT_NOT_FOUND, "there is no authority \"%.40s\" in the directory", order->authorities[i]);
		if (!is_ours(entry, state))
			return fault_say(FAULT_FOREIGN_ENTRY, "%s is none of ours to tell of: only what an officer imported of other competent "
				"authorities of %s is announced", entry->authority, state);
		if (!record_append(arena, &telling->count, &telling->entries, &entry, sizeof entry))
			return arena_fault(arena);
	}
	return OK;
}

static enum fault choose_all(struct txn *txn, const char *state, struct arena *arena, struct telling *telling)
{
	struct walk walk;
	struct span key, value;
	bool has_room = true;
	walk_from(&walk, txn, TABLE_DIRECTORY, (struct span){ 0 }, (struct span){ 0 });
	while (has_room && walk_next(&walk, &key, &value)) {
		Comity__DirectoryEntry *entry = record_read(txn, value, &comity__directory_entry__descriptor, arena);
		if (entry && is_ours(entry, state))
			has_room = record_append(arena, &telling->count, &telling->entries, &entry, sizeof entry);
	}
	walk_end(&walk);
	return txn->fault ? txn->fault : has_room ? OK : arena_fault(arena);
}

static enum fault choose(struct casework *casework, struct txn *txn, const Comity__DirectoryAnnounce *order, struct arena *arena,
	struct telling *telling)
{
	const Comity__Profile *own = directory_profile(txn, casework->own_id, arena);
	if (!own || !own->state || !*own->state)
		return txn->fault ? txn->fault : fault_say(FAULT_USAGE, "our own card names no State, so nobody would take it: "
			"write `state` into etc/profile.yaml");
	TRY(order->n_authorities ? choose_named(txn, order, own->state, arena, telling) : choose_all(txn, own->state, arena, telling));
	return telling->count ? OK : fault_say(FAULT_NOT_FOUND, "the directory has no other competent authority of %s: import one first", own->state);
}

/* The first edition that others hear of has a number. */
static enum fault pack_entry(struct txn *txn, Comity__DirectoryEntry *entry, struct arena *arena, ProtobufCBinaryData *packed)
{
	struct bytes raw = { 0 };
	if (!entry->profile->serial)
		entry->profile->has_serial = entry->profile->serial = 1;
	enum fault fault = pack(&entry->profile->base, &raw);
	*packed = record_bytes(arena, span_of(&raw));
	bytes_clear(&raw);
	entry->has_told_serial = 1;
	entry->told_serial = entry->profile->serial;
	directory_keep(txn, entry);
	return fault ? fault : arena->was_refused ? arena_fault(arena) : txn->fault;
}

static enum fault tell_some(struct casework *casework, struct txn *txn, const char *peer, ProtobufCBinaryData *packed, size_t count,
	uint32_t uid, struct arena *arena, char message_id[UUID_TEXT_SIZE])
{
	char now[STAMP_SIZE];
	Comity__DirectoryUpdate update = COMITY__DIRECTORY_UPDATE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	Comity__Message message = COMITY__MESSAGE__INIT;
	stamp_now(now);
	update.occurred_at = now;
	update.n_entries = count;
	update.entries = packed;
	act.kind_case = COMITY__ACT__KIND_DIRECTORY_UPDATE;
	act.directory_update = &update;
	message.n_acts = 1;
	message.acts = &acts;
	return casework_say(casework, txn, peer, &message, uid, arena, message_id);
}

/* As many messages as it takes; the last one's id is told. */
static enum fault tell_peer(struct casework *casework, struct txn *txn, const char *peer, ProtobufCBinaryData *packed, size_t count,
	uint32_t uid, struct arena *arena, Comity__DirectoryTold *told)
{
	char message_id[UUID_TEXT_SIZE];
	for (size_t first = 0, next; first < count; first = next) {
		size_t bytes = packed[first].len;
		for (next = first + 1; next < count && next - first < ENTRIES_MAX && bytes + packed[next].len <= ENTRIES_BYTES; next++)
			bytes += packed[next].len;
		TRY(tell_some(casework, txn, peer, packed + first, next - first, uid, arena, message_id));
	}
	told->message_id = record_text(arena, message_id);
	told->has_entries = 1;
	told->entries = (uint32_t)count;
	return OK;
}

/* A peer to which nothing can be sent now keeps nobody else from hearing. */
static enum fault tell_and_note(struct casework *casework, struct txn *txn, const char *peer, ProtobufCBinaryData *packed, size_t count,
	uint32_t uid, struct arena *arena, Comity__DirectoryAnnounced *announced)
{
	Comity__DirectoryTold *told = arena_alloc(arena, sizeof *told);
	if (!told)
		return arena_fault(arena);
	comity__directory_told__init(told);
	told->peer = record_text(arena, peer);
	enum fault fault = tell_peer(casework, txn, peer, packed, count, uid, arena, told);
	bool is_theirs = fault_remedy(fault) == REMEDY_REFUSE || fault_remedy(fault) == REMEDY_RETRY;
	if (fault && (!is_theirs || txn->fault))
		return fault;
	told->reason = fault ? (char *)fault_slug(fault) : NULL;
	return record_append(arena, &announced->n_peers, &announced->peers, &told, sizeof told) ? OK : arena_fault(arena);
}

static enum fault tell_everybody(struct casework *casework, struct txn *txn, ProtobufCBinaryData *packed, size_t count, uint32_t uid,
	struct arena *arena, Comity__DirectoryAnnounced *announced)
{
	struct walk walk;
	struct span key, value;
	const char *peer;
	enum fault fault = OK;
	walk_from(&walk, txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value))
		if (key_take_text(&key, &peer))
			fault = tell_and_note(casework, txn, record_text(arena, peer), packed, count, uid, arena, announced);
	walk_end(&walk);
	return fault ? fault : txn->fault;
}

enum fault casework_announce(struct casework *casework, struct txn *txn, const Comity__DirectoryAnnounce *order, uint32_t uid,
	struct arena *arena, Comity__DirectoryAnnounced *announced)
{
	struct telling telling = { .count = 0 };
	TRY(choose(casework, txn, order, arena, &telling));
	ProtobufCBinaryData *packed = arena_alloc(arena, telling.count * sizeof *packed);
	for (size_t i = 0; packed && i < telling.count; i++) {
		TRY(pack_entry(txn, telling.entries[i], arena, &packed[i]));
		if (!record_append(arena, &announced->n_authorities, &announced->authorities, &telling.entries[i]->authority, sizeof(char *)))
			return arena_fault(arena);
	}
	if (!packed)
		return arena_fault(arena);
	if (order->peer)
		return tell_and_note(casework, txn, order->peer, packed, telling.count, uid, arena, announced);
	return tell_everybody(casework, txn, packed, telling.count, uid, arena, announced);
}
