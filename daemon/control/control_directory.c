/* The directory, as the control sockets tell and change it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/control/control_lists.h"
#include "daemon/control/control_room.h"
#include "daemon/law/casework.h"
#include "daemon/law/routing.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/events.h"
#include "daemon/line/peers.h"
#include "proto/field.h"
#include "proto/stamp.h"

enum { IMPORT_MAX = 1000, WORD_MAX = 64 };

/* However it was typed. */
static const char *spelled(struct inquiry *inquiry, const char *authority)
{
	char *id = record_text(inquiry->arena, authority ? authority : "");
	for (char *at = id; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return id ? id : "";
}

/* ── one entry ────────────────────────────────────────────────────────────────────────────────── */

static Comity__DirectoryView *view_entry(struct inquiry *inquiry, Comity__DirectoryEntry *entry)
{
	enum { STANDING_FIELD = 3 };
	struct key key = key_of_peer(entry->authority);
	struct peer_report report = { 0 };
	Comity__DirectoryView *view;
	if (!inquiry_make(inquiry, &comity__directory_view__descriptor, &view))
		return NULL;
	view->schema = "comity.directory-entry/1";
	view->entry = entry;
	const Comity__Peer *peer = record_find(inquiry->txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, inquiry->arena);
	if (!peer)
		return view;
	bool is_known = peers_report(inquiry->rooms->peers, entry->authority, &report);
	view->has_standing = 1;
	view->standing = peer->standing;
	view->link = (char *)line_state(is_known, &report);
	return view;
}

enum fault answer_directory_show(struct inquiry *inquiry)
{
	const char *authority = spelled(inquiry, inquiry->call->directory_show->authority);
	Comity__DirectoryEntry *entry = directory_find(inquiry->txn, authority, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	if (!entry)
		return fault_say(FAULT_NOT_FOUND, "there is no authority \"%.40s\" in the directory", authority);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DIRECTORY_ENTRY;
	inquiry->reply->directory_entry = view_entry(inquiry, entry);
	return inquiry_fault(inquiry);
}

/* ── all of them, or those that are sought ────────────────────────────────────────────────────── */

static bool holds(const ProtobufCMessage *message, const char *word);

static bool value_holds(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index, const char *word)
{
	const ProtobufCEnumValue *value;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return strcasestr(field_text(message, field, index), word);
	case PROTOBUF_C_TYPE_MESSAGE:
		return holds(field_message(message, field, index), word);
	case PROTOBUF_C_TYPE_ENUM:
		value = protobuf_c_enum_descriptor_get_value(field_enum(field), *(const int32_t *)field_value(message, field, index));
		return value && strcasestr(value->name, word);
	default:
		return false;
	}
}

/* Does the word stand anywhere in it? */
static bool holds(const ProtobufCMessage *message, const char *word)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		for (size_t index = 0; index < field_count(message, field); index++)
			if (value_holds(message, field, index, word))
				return true;
	}
	return false;
}

static bool holds_all(const ProtobufCMessage *message, const char *words)
{
	while (*(words += strspn(words, " "))) {
		size_t len = strcspn(words, " ");
		char word[WORD_MAX + 1];
		snprintf(word, sizeof word, "%.*s", (int)len, words);
		if (len > WORD_MAX || !holds(message, word))
			return false;
		words += len;
	}
	return true;
}

static bool is_place(const char *place, const char *sought)
{
	return place && !strcasecmp(place, sought);
}

static bool is_wanted(const Comity__DirectoryFilter *filter, const Comity__Profile *profile)
{
	if (filter->state && !is_place(profile->state, filter->state) && !is_place(profile->territory, filter->state))
		return false;
	if (filter->part && profile->part != filter->part)
		return false;
	return !filter->text || holds_all(&profile->base, filter->text);
}

static enum fault open_list(struct inquiry *inquiry, struct paging *paging)
{
	Comity__DirectoryList *list;
	if (!inquiry_make(inquiry, &comity__directory_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.directory-list/1";
	list->generated_at = paging->generated_at;
	paging->count = &list->n_data;
	paging->data = &list->data;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DIRECTORY;
	inquiry->reply->directory = list;
	return OK;
}

static const ProtobufCMessage *show_row(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	Comity__DirectoryEntry *entry = record_read(inquiry->txn, value, &comity__directory_entry__descriptor, inquiry->arena);
	(void)paging;
	if (!entry || !entry->profile || !is_wanted(inquiry->call->directory_list, entry->profile))
		return NULL;
	Comity__DirectoryView *view = view_entry(inquiry, entry);
	return view ? &view->base : NULL;
}

const struct listing listing_directory = { .table = TABLE_DIRECTORY, .open = open_list, .show = show_row };

/* ── importing ────────────────────────────────────────────────────────────────────────────────── */

static void tell_imported(struct inquiry *inquiry, const char *authority, const char *what)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.text = (char *)what;
	data.has_actor_uid = 1;
	data.actor_uid = inquiry->uid;
	events_append(inquiry->txn, EVENT_DIRECTORY_CHANGED, authority, &data);
}

static enum fault import_one(struct inquiry *inquiry, const Comity__DirectoryImport *call, Comity__Profile *profile,
	Comity__DirectoryImported *imported)
{
	static const char *const words[] = { [DIRECTORY_ADDED] = "added", [DIRECTORY_CHANGED] = "changed", [DIRECTORY_SAME] = "same",
		[DIRECTORY_PASSED_OVER] = "passed-over" };
	enum directory_taken taken;
	const char *reason = NULL;
	Comity__DirectoryChange *change;
	profile->authority = (char *)spelled(inquiry, profile->authority);
	const struct directory_offer offer = { .profile = profile, .source = COMITY__ENTRY_SOURCE__VALUE__IMPORTED,
		.origin = call->origin, .uid = inquiry->uid };
	TRY((call->dry_run ? directory_judge : directory_take)(inquiry->txn, &offer, inquiry->arena, &taken, &reason));
	if (!inquiry_make(inquiry, &comity__directory_change__descriptor, &change))
		return inquiry_fault(inquiry);
	change->authority = profile->authority;
	change->what = (char *)words[taken];
	change->reason = (char *)reason;
	if (!call->dry_run && taken <= DIRECTORY_CHANGED)
		tell_imported(inquiry, profile->authority, words[taken]);
	return record_append(inquiry->arena, &imported->n_changes, &imported->changes, &change, sizeof change) ? OK : inquiry_fault(inquiry);
}

static enum fault check_import(struct inquiry *inquiry, const Comity__DirectoryImport *call)
{
	if (!call->n_entries)
		return fault_say(FAULT_USAGE, "there is no entry to be imported");
	if (call->n_entries > IMPORT_MAX)
		return fault_say(FAULT_TOO_LARGE, "%zu entries at once; the limit is %d", call->n_entries, IMPORT_MAX);
	for (size_t i = 0; i < call->n_entries; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcasecmp(call->entries[i]->authority ? call->entries[i]->authority : "",
					call->entries[k]->authority ? call->entries[k]->authority : ""))
				return fault_say(FAULT_BAD_DOCUMENT, "entries %zu and %zu are both of \"%.40s\"", k + 1, i + 1,
					call->entries[i]->authority ? call->entries[i]->authority : "");
	return inquiry_fault(inquiry);
}

enum fault change_directory_import(struct inquiry *inquiry)
{
	const Comity__DirectoryImport *call = inquiry->call->directory_import;
	Comity__DirectoryImported *imported;
	TRY(check_import(inquiry, call));
	if (!inquiry_make(inquiry, &comity__directory_imported__descriptor, &imported))
		return inquiry_fault(inquiry);
	imported->schema = "comity.directory-import/1";
	imported->has_dry_run = 1;
	imported->dry_run = call->dry_run;
	for (size_t i = 0; i < call->n_entries; i++)
		TRY(import_one(inquiry, call, call->entries[i], imported));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_IMPORTED;
	inquiry->reply->imported = imported;
	return inquiry_fault(inquiry);
}

/* ── announcing, confirming, removing ─────────────────────────────────────────────────────────── */

enum fault change_directory_announce(struct inquiry *inquiry)
{
	Comity__DirectoryAnnounce *call = inquiry->call->directory_announce;
	Comity__DirectoryAnnounced *told;
	if (!inquiry_make(inquiry, &comity__directory_announced__descriptor, &told))
		return inquiry_fault(inquiry);
	told->schema = "comity.directory-announced/1";
	for (size_t i = 0; i < call->n_authorities; i++)
		call->authorities[i] = (char *)spelled(inquiry, call->authorities[i]);
	if (call->peer)
		call->peer = (char *)spelled(inquiry, call->peer);
	TRY(casework_announce(inquiry->rooms->casework, inquiry->txn, call, inquiry->uid, inquiry->arena, told));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_TOLD;
	inquiry->reply->told = told;
	return inquiry_fault(inquiry);
}

static enum fault reply_done(struct inquiry *inquiry, const char *authority, const char *what)
{
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	done->schema = "comity.done/1";
	done->ref = (char *)authority;
	done->text = (char *)what;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return inquiry_fault(inquiry);
}

enum fault change_directory_confirm(struct inquiry *inquiry)
{
	const Comity__DirectoryConfirm *call = inquiry->call->directory_confirm;
	const char *authority = spelled(inquiry, call->authority);
	TRY(directory_confirm(inquiry->txn, authority, call->record, inquiry->uid, inquiry->arena));
	tell_imported(inquiry, authority, "confirmed");
	return reply_done(inquiry, authority, "confirmed");
}

enum fault change_directory_remove(struct inquiry *inquiry)
{
	const char *authority = spelled(inquiry, inquiry->call->directory_remove->authority);
	TRY(directory_remove(inquiry->txn, authority, inquiry->arena));
	tell_imported(inquiry, authority, "removed");
	return reply_done(inquiry, authority, "removed");
}

/* ── to whom ──────────────────────────────────────────────────────────────────────────────────── */

enum fault answer_directory_route(struct inquiry *inquiry)
{
	const Comity__RouteOf *call = inquiry->call->directory_route;
	const struct sought sought = { .kind = call->kind, .forms = call->forms, .n_forms = call->n_forms };
	Comity__Route *route;
	if (!inquiry_make(inquiry, &comity__route__descriptor, &route))
		return inquiry_fault(inquiry);
	TRY(routing_find(inquiry->txn, call->to, &sought, inquiry->arena, route));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_ROUTE;
	inquiry->reply->route = route;
	return inquiry_fault(inquiry);
}
