#include "daemon/ledger/directory.h"

#include <string.h>

#include "certs/authority.h"
#include "proto/field.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { ENTRY_ARENA = 8 << 20 };

#define SOURCE(name) COMITY__ENTRY_SOURCE__VALUE__##name

/* ── records ──────────────────────────────────────────────────────────────────────────────────── */

Comity__DirectoryEntry *directory_find(struct txn *txn, const char *authority, struct arena *arena)
{
	struct key key = key_of_peer(authority);
	return record_find(txn, TABLE_DIRECTORY, key_span(&key), &comity__directory_entry__descriptor, arena);
}

void directory_keep(struct txn *txn, const Comity__DirectoryEntry *entry)
{
	struct key key = key_of_peer(entry->authority);
	record_keep(txn, TABLE_DIRECTORY, key_span(&key), &entry->base);
}

/* A ledger from before there was a directory has the peers' cards alone. */
const Comity__Profile *directory_profile(struct txn *txn, const char *authority, struct arena *arena)
{
	const Comity__DirectoryEntry *entry = directory_find(txn, authority, arena);
	if (entry || txn->fault)
		return entry ? entry->profile : NULL;
	struct key key = key_of_peer(authority);
	const Comity__Peer *peer = record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
	return peer ? peer->profile : NULL;
}

const char *directory_name(const Comity__Profile *profile)
{
	const char *name = NULL;
	for (size_t i = 0; i < profile->n_names; i++) {
		const Comity__LocalText *one = profile->names[i];
		bool is_english = one->language && !strncmp(one->language, "en", 2);
		if (one->text && *one->text && (!name || is_english))
			name = one->text;
		if (name && is_english)
			break;
	}
	return name ? name : profile->authority ? profile->authority : "";
}

/* ── how much one peer announced ──────────────────────────────────────────────────────────────── */

static struct key key_of_share(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, "directory");
	key_text(&key, peer);
	return key;
}

uint32_t directory_announced_by(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_share(peer);
	const Comity__DirectoryShare *share =
		record_find(txn, TABLE_META, key_span(&key), &comity__directory_share__descriptor, arena);
	return share ? share->entries : 0;
}

static void change_share(struct txn *txn, const char *peer, bool is_more, struct arena *arena)
{
	struct key key = key_of_share(peer);
	Comity__DirectoryShare share = COMITY__DIRECTORY_SHARE__INIT;
	share.entries = directory_announced_by(txn, peer, arena);
	share.has_entries = 1;
	share.entries = is_more ? share.entries + 1 : share.entries ? share.entries - 1 : 0;
	record_keep(txn, TABLE_META, key_span(&key), &share.base);
}

static const char *sharer(const Comity__DirectoryEntry *entry)
{
	return entry && entry->source == SOURCE(ANNOUNCED) ? entry->from : NULL;
}

/* ── what is guarded ──────────────────────────────────────────────────────────────────────────── */

/* What a deceiver would change.  A first entry has a State and its part from the beginning, for it was judged by them. */
static const struct guarded {
	const char *field;
	bool is_address;
} guarded[] = {
	{ "state", false }, { "territory", false }, { "part", false },
	{ "endpoints", true }, { "contacts", true }, { "postal_address", true }, { "visiting_address", true }, { "website", true },
	{ "urgent_procedure", true }, { "networks", true }, { "liaisons", true },
};

/* One field of `to` is as in `from`, and borrowed from it. */
static void take_field(Comity__Profile *to, const Comity__Profile *from, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(&comity__profile__descriptor, name);
	bool is_text = field->type == PROTOBUF_C_TYPE_STRING, is_list = field_is_repeated(field);
	size_t size = is_list || is_text || field->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *) : field_value_size(field);
	memcpy((char *)to + field->offset, (const char *)from + field->offset, size);
	if (field->quantifier_offset)
		memcpy((char *)to + field->quantifier_offset, (const char *)from + field->quantifier_offset,
			is_list ? sizeof(size_t) : sizeof(protobuf_c_boolean));
}

static enum fault guard_duty(Comity__Profile *effective, const Comity__Profile *old, struct arena *arena)
{
	const Comity__Hours *hours = effective->hours;
	if (!hours || !(hours->duty || (old->hours && old->hours->duty)))
		return OK;
	effective->hours = arena_alloc(arena, sizeof *effective->hours);
	if (!effective->hours)
		return arena_fault(arena);
	*effective->hours = *hours;
	effective->hours->duty = old->hours ? old->hours->duty : NULL;
	return OK;
}

/* The new one, with the addresses that were there. */
static enum fault guard(const Comity__Profile *offered, const Comity__Profile *old, struct arena *arena, Comity__Profile **effective)
{
	const Comity__Profile nothing = COMITY__PROFILE__INIT;
	*effective = arena_alloc(arena, sizeof **effective);
	if (!*effective)
		return arena_fault(arena);
	**effective = *offered;
	for (size_t i = 0; i < ARRAY_LEN(guarded); i++)
		if (old || guarded[i].is_address)
			take_field(*effective, old ? old : &nothing, guarded[i].field);
	return guard_duty(*effective, old ? old : &nothing, arena);
}

/* ── judging ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault is_same(const Comity__Profile *one, const Comity__Profile *other, bool *same)
{
	struct bytes a = { 0 }, b = { 0 };
	enum fault fault = pack(&one->base, &a);
	if (!fault)
		fault = pack(&other->base, &b);
	*same = !fault && span_equal(span_of(&a), span_of(&b));
	bytes_clear(&a);
	bytes_clear(&b);
	return fault;
}

/* As the one who is believed said it last. */
static const Comity__Profile *as_said(const Comity__DirectoryEntry *entry)
{
	return entry->announced ? entry->announced : entry->profile;
}

static enum fault check_offer(const struct directory_offer *offer)
{
	const char *authority = offer->profile->authority;
	size_t size = protobuf_c_message_get_packed_size(&offer->profile->base);
	if (!authority || !authority_id_is_valid(span_of_text(authority)))
		return fault_say(FAULT_BAD_DOCUMENT, "\"%.40s\" is not the id of an authority, such as xf-ca", authority ? authority : "");
	if (size > DIRECTORY_ENTRY_MAX && offer->source < SOURCE(CARD))	/* cards have a limit of their own */
		return fault_say(FAULT_TOO_LARGE, "the entry of %s has %zu bytes; the limit is %d", authority, size, DIRECTORY_ENTRY_MAX);
	return OK;
}

/* Why what is there stands; NULL when it does not. */
static const char *why_it_stands(const Comity__DirectoryEntry *old, const struct directory_offer *offer, bool same)
{
	bool is_same_source = offer->source == old->source;
	uint32_t there = old->profile ? as_said(old)->serial : 0, offered = offer->profile->serial;
	if (offer->source < old->source)
		return old->source == SOURCE(OWN) ? "it is our own entry: etc/profile.yaml" :
			old->source == SOURCE(CARD) ? "its own card says what it is" : "a central authority of its State says what it is";
	if (!is_same_source || same)
		return NULL;
	if (offered < there && (offered || offer->source != SOURCE(IMPORTED)))
		return "there is a newer one, with a higher serial";
	return offer->source == SOURCE(ANNOUNCED) && offered == there ? "another one came with the same serial" : NULL;
}

/* An import may leave the serial to us. */
static struct directory_offer with_serial(const struct directory_offer *offer, const Comity__DirectoryEntry *old, Comity__Profile *profile)
{
	struct directory_offer numbered = *offer;
	if (offer->source != SOURCE(IMPORTED) || offer->profile->serial || !old || !old->profile || !as_said(old)->serial)
		return numbered;
	*profile = *offer->profile;
	profile->has_serial = 1;
	profile->serial = as_said(old)->serial;
	numbered.profile = profile;
	return numbered;
}

static enum fault judge(struct txn *txn, const struct directory_offer *offer, const Comity__DirectoryEntry *old,
	enum directory_taken *taken, const char **reason)
{
	bool same = false;
	TRY(txn->fault);
	TRY(check_offer(offer));
	*reason = NULL;
	*taken = DIRECTORY_ADDED;
	if (!old && offer->source < SOURCE(CARD) && txn_count(txn, TABLE_DIRECTORY) >= DIRECTORY_SIZE_MAX)
		return fault_say(FAULT_TOO_LARGE, "the directory has %d entries, and takes no more", DIRECTORY_SIZE_MAX);
	if (!old || !old->profile)
		return txn->fault;
	TRY(is_same(as_said(old), offer->profile, &same));
	*reason = why_it_stands(old, offer, same);
	*taken = *reason ? DIRECTORY_PASSED_OVER : same && old->source == offer->source ? DIRECTORY_SAME : DIRECTORY_CHANGED;
	return OK;
}

enum fault directory_judge(struct txn *txn, const struct directory_offer *offer, struct arena *arena,
	enum directory_taken *taken, const char **reason)
{
	Comity__Profile profile;
	TRY(check_offer(offer));
	const Comity__DirectoryEntry *old = directory_find(txn, offer->profile->authority, arena);
	const struct directory_offer numbered = with_serial(offer, old, &profile);
	return judge(txn, &numbered, old, taken, reason);
}

/* ── taking ───────────────────────────────────────────────────────────────────────────────────── */

static bool is_guarded(const struct directory_offer *offer, const Comity__DirectoryEntry *old)
{
	return offer->source == SOURCE(ANNOUNCED) || (offer->source == SOURCE(CARD) && old && old->source == SOURCE(CARD));
}

/* What an officer changes after it was told to others is a new edition of it. */
static bool is_new_edition(const struct directory_offer *offer, const Comity__DirectoryEntry *old)
{
	return offer->source == SOURCE(IMPORTED) && old && old->profile && offer->profile->serial &&
		offer->profile->serial <= as_said(old)->serial;
}

static enum fault put(struct txn *txn, const struct directory_offer *offer, const Comity__DirectoryEntry *old, struct arena *arena)
{
	char now[STAMP_SIZE];
	Comity__Profile edition = *offer->profile;
	bool same = true;
	Comity__DirectoryEntry entry = COMITY__DIRECTORY_ENTRY__INIT;
	stamp_now(now);
	entry.authority = offer->profile->authority;
	edition.serial += is_new_edition(offer, old);
	entry.profile = &edition;
	entry.has_source = 1;
	entry.source = offer->source;
	entry.from = (char *)offer->from;
	entry.message_id = (char *)offer->message_id;
	entry.taken_at = now;
	entry.has_actor_uid = offer->source == SOURCE(IMPORTED);
	entry.actor_uid = offer->uid;
	entry.origin = (char *)offer->origin;
	entry.has_told_serial = old && old->has_told_serial;
	entry.told_serial = old ? old->told_serial : 0;
	if (is_guarded(offer, old)) {
		TRY(guard(offer->profile, old ? old->profile : NULL, arena, &entry.profile));
		TRY(is_same(entry.profile, offer->profile, &same));
	}
	entry.announced = same ? NULL : (Comity__Profile *)offer->profile;
	entry.confirmation = same && old ? old->confirmation : NULL;
	directory_keep(txn, &entry);
	return txn->fault;
}

enum fault directory_take(struct txn *txn, const struct directory_offer *offer, struct arena *arena,
	enum directory_taken *taken, const char **reason)
{
	Comity__Profile profile;
	TRY(check_offer(offer));
	const Comity__DirectoryEntry *old = directory_find(txn, offer->profile->authority, arena);
	const struct directory_offer numbered = with_serial(offer, old, &profile);
	TRY(judge(txn, &numbered, old, taken, reason));
	if (*taken == DIRECTORY_SAME || *taken == DIRECTORY_PASSED_OVER)
		return OK;
	const char *before = sharer(old), *after = offer->source == SOURCE(ANNOUNCED) ? offer->from : NULL;
	if (before)
		change_share(txn, before, false, arena);
	if (after)
		change_share(txn, after, true, arena);
	return put(txn, &numbered, old, arena);
}

/* ── what officers do with an entry ───────────────────────────────────────────────────────────── */

static enum fault find(struct txn *txn, const char *authority, struct arena *arena, Comity__DirectoryEntry **entry)
{
	*entry = directory_find(txn, authority, arena);
	if (txn->fault)
		return txn->fault;
	return *entry ? OK : fault_say(FAULT_NOT_FOUND, "there is no authority \"%.40s\" in the directory", authority);
}

enum fault directory_confirm(struct txn *txn, const char *authority, const Comity__Verification *record, uint32_t uid,
	struct arena *arena)
{
	char now[STAMP_SIZE];
	Comity__DirectoryEntry *entry;
	Comity__Verification confirmation = COMITY__VERIFICATION__INIT;
	TRY(find(txn, authority, arena, &entry));
	if (!entry->announced)
		return fault_say(FAULT_USAGE, "nothing of %s waits to be confirmed", authority);
	if (record)
		confirmation = *record;
	stamp_now(now);
	confirmation.verified_at = now;
	confirmation.has_actor_uid = 1;
	confirmation.actor_uid = uid;
	entry->profile = entry->announced;
	entry->announced = NULL;
	entry->confirmation = &confirmation;
	directory_keep(txn, entry);
	return txn->fault;
}

enum fault directory_remove(struct txn *txn, const char *authority, struct arena *arena)
{
	Comity__DirectoryEntry *entry;
	struct key key = key_of_peer(authority);
	TRY(find(txn, authority, arena, &entry));
	if (entry->source == SOURCE(OWN))
		return fault_say(FAULT_USAGE, "%s is ourselves: our entry is what etc/profile.yaml says", authority);
	if (entry->source == SOURCE(CARD))
		return fault_say(FAULT_USAGE, "%s is a peer: its entry is what its card says", authority);
	if (sharer(entry))
		change_share(txn, sharer(entry), false, arena);
	txn_delete(txn, TABLE_DIRECTORY, key_span(&key));
	return txn->fault;
}

void directory_release(struct txn *txn, const char *authority)
{
	struct arena arena;
	arena_init(&arena, ENTRY_ARENA);
	Comity__DirectoryEntry *entry = directory_find(txn, authority, &arena);
	if (entry && entry->source == SOURCE(CARD)) {
		entry->source = SOURCE(UNVERIFIED_CARD);
		directory_keep(txn, entry);
	}
	arena_clear(&arena);
}
