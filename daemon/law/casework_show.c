/* What the ledger tells of a case: views for `show` and `list`, its messages, its attachments. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/law/calendar.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/events.h"
#include "proto/check.h"
#include "proto/manifest.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { PREFIX_MIN = 6 };

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

Comity__AttachmentState *case_number_attachment(Comity__Case *kase, Comity__Attachment *attachment, const char *from,
	struct arena *arena)
{
	char now[STAMP_SIZE];
	Comity__AttachmentState *state = arena_alloc(arena, sizeof *state);
	if (!state)
		return NULL;
	stamp_now(now);
	comity__attachment_state__init(state);
	kase->has_attachments = state->has_number = state->has_presence = 1;
	state->number = ++kase->attachments;
	state->attachment = attachment;
	state->from = record_text(arena, from);
	state->added_at = record_text(arena, now);
	return state;
}

void case_keep_attachment(struct txn *txn, const Comity__Case *kase, const Comity__AttachmentState *state)
{
	struct key key = key_of_number(kase->request_id, state->number);
	record_keep(txn, TABLE_ATTACHMENTS, key_span(&key), &state->base);
}

Comity__AttachmentList *casework_attachments(struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	Comity__AttachmentList *list = arena_alloc(arena, sizeof *list);
	if (!list)
		return NULL;
	comity__attachment_list__init(list);
	list->schema = "comity.attachment-list/1";
	walk_from(&walk, txn, TABLE_ATTACHMENTS, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		Comity__AttachmentState *state = record_read(txn, value, &comity__attachment_state__descriptor, arena);
		if (!state || !record_push(arena, &list->n_data, &list->data, &state, sizeof state))
			break;
	}
	walk_end(&walk);
	return list;
}

static bool is_called(const Comity__AttachmentState *state, const char *name)
{
	char number[16];
	snprintf(number, sizeof number, "%u", state->number);
	return !strcmp(number, name) || (state->attachment->id && !strcmp(state->attachment->id, name));
}

enum fault casework_find_attachment(struct txn *txn, const Comity__Case *kase, const char *name, struct arena *arena,
	Comity__AttachmentState **found)
{
	Comity__AttachmentList *list = casework_attachments(txn, kase, arena);
	*found = NULL;
	if (!list)
		return arena_fault(arena);
	for (size_t i = 0; i < list->n_data; i++) {
		if (!is_called(list->data[i], name))
			continue;
		if (*found)
			return fault_say(FAULT_AMBIGUOUS, "both sides have an attachment \"%s\" in %s: give its number, %u or %u",
				name, casework_name(kase), (*found)->number, list->data[i]->number);
		*found = list->data[i];
	}
	if (txn->fault)
		return txn->fault;
	return *found ? OK : fault_say(FAULT_NOT_FOUND, "there is no attachment \"%s\" in %s", name, casework_name(kase));
}

/* The number in an id of the form A1, A2, ...; 0 when it is none, or beyond `most`. */
static size_t number_of_id(const char *id, size_t most)
{
	size_t number = 0;
	if (!id || id[0] != 'A' || id[1] < '1' || id[1] > '9')
		return 0;
	for (const char *at = id + 1; *at; at++)
		if (*at < '0' || *at > '9' || (number = number * 10 + (size_t)(*at - '0')) > most)
			return 0;
	return number;
}

/* The first of A1, A2, ... that no attachment of ours has yet. */
static char *free_id(const Comity__AttachmentList *list, const char *from, struct arena *arena)
{
	char id[24];
	size_t number = 1;
	bool *is_taken = arena_alloc(arena, list->n_data + 2);
	if (!is_taken)
		return NULL;
	for (size_t i = 0; i < list->n_data; i++)
		if (!strcmp(list->data[i]->from, from))
			is_taken[number_of_id(list->data[i]->attachment->id, list->n_data + 1)] = true;
	while (is_taken[number])
		number++;
	snprintf(id, sizeof id, "A%zu", number);
	return record_text(arena, id);
}

enum fault case_check_room(const Comity__Case *kase, size_t more)
{
	return more <= CASE_ATTACHMENTS_MAX && kase->attachments <= CASE_ATTACHMENTS_MAX - more ? OK :
		fault_say(FAULT_TOO_LARGE, "%s has %u attachments; a case has at most %d", casework_name(kase),
			kase->attachments, CASE_ATTACHMENTS_MAX);
}

/* Who copies an envelope would else be the one who sealed it, and open what is not for him. */
static bool has_key_of_another(const Comity__AttachmentList *list, const Comity__Attachment *attachment)
{
	for (size_t i = 0; attachment->sealed && i < list->n_data; i++) {
		const Comity__Sealing *other = list->data[i]->attachment ? list->data[i]->attachment->sealed : NULL;
		if (other && span_equal(span_of_binary(other->commitment), span_of_binary(attachment->sealed->commitment)))
			return true;
	}
	return false;
}

enum fault casework_stage(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Attachment *attachment,
	uint32_t uid, struct arena *arena, Comity__AttachmentState **staged)
{
	Comity__AttachmentList *list = casework_attachments(txn, kase, arena);
	if (!list)
		return arena_fault(arena);
	if (phase_of(kase->status) == PHASE_OVER)
		return fault_say(FAULT_STATUS_TRANSITION, "%s is \"%s\"", casework_name(kase), status_name(kase->status));
	for (size_t i = 0; attachment->id && i < list->n_data; i++)
		if (!strcmp(list->data[i]->from, casework->own_id) && is_called(list->data[i], attachment->id))
			return fault_say(FAULT_EXISTS, "there is an attachment \"%s\" in %s already", attachment->id,
				casework_name(kase));
	if (has_key_of_another(list, attachment))
		return fault_say(FAULT_EXISTS, "it is sealed with the key of another attachment of %s", casework_name(kase));
	TRY(case_check_room(kase, 1));
	if (!attachment->id)
		attachment->id = free_id(list, casework->own_id, arena);
	Comity__AttachmentState *state = *staged = case_number_attachment(kase, attachment, casework->own_id, arena);
	if (!state)
		return FAULT_NO_MEMORY;
	state->presence = COMITY__PRESENCE__VALUE__STAGED;
	state->has_bytes_done = state->has_actor_uid = 1;
	state->bytes_done = attachment->size;
	state->actor_uid = uid;
	case_keep_attachment(txn, kase, state);
	case_keep(txn, kase);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.request = (char *)casework_our_reference(kase);
	data.request_id = kase->request_id;
	data.has_attachment = data.has_bytes_total = data.has_actor_uid = 1;
	data.attachment = state->number;
	data.bytes_total = attachment->size;
	data.actor_uid = uid;
	events_append(txn, EVENT_ATTACHMENT_ADDED, *data.request ? data.request : kase->request_id, &data);
	return txn->fault;
}

/* ── messages ─────────────────────────────────────────────────────────────────────────────────── */

Comity__MessageView *casework_view_message(struct txn *txn, struct span key, enum message_detail detail, struct arena *arena)
{
	struct span raw;
	ProtobufCMessage *message = NULL;
	Comity__MessageView *view = arena_alloc(arena, sizeof *view);
	if (!view)
		return NULL;
	comity__message_view__init(view);
	view->schema = "comity.message/1";
	view->state = record_find(txn, TABLE_SEEN, key, &comity__message_state__descriptor, arena);
	if (!txn_get(txn, TABLE_MESSAGES, key, &raw))
		return view->state ? view : NULL;
	view->has_raw = detail == MESSAGE_EXACT;
	if (view->has_raw)
		view->raw = record_bytes(arena, raw);
	/* What was refused because it cannot be read is still there, as raw bytes. */
	if (unpack(&comity__message__descriptor, raw, arena, FAULT_BAD_DOCUMENT, &message))
		return view;
	view->message = (Comity__Message *)message;
	view->has_unknown_fields = 1;
	view->unknown_fields = (uint32_t)message_unknown_count(message);
	return view;
}

static bool names(const struct span *id, const char *name)
{
	char text[UUID_TEXT_SIZE];
	uuid_text(text, id->at);
	return strlen(name) >= PREFIX_MIN && !strncmp(text, name, strlen(name));
}

/* A whole id names its message whoever of the two said it; no case is too long for that. */
static bool find_by_id(struct txn *txn, const Comity__Case *kase, const char *name, struct arena *arena, struct key *found)
{
	const char *const senders[] = { kase->requesting_authority, kase->requested_authority };
	uint8_t id[UUID_SIZE];
	for (size_t i = 0; uuid_read(id, span_of_text(name)) && i < ARRAY_LEN(senders); i++) {
		struct key key = key_of_message(senders[i], name);
		const Comity__MessageState *state =
			record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
		if (!state || !state->request_id || strcmp(state->request_id, kase->request_id))
			continue;
		*found = key;
		return true;
	}
	return false;
}

static enum fault search_case(struct txn *txn, const Comity__Case *kase, const char *name, struct key *found)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	unsigned long place = strspn(name, "0123456789") == strlen(name) && strlen(name) < PREFIX_MIN ? strtoul(name, NULL, 10) : 0;
	size_t matches = 0;
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	for (unsigned long at = 1; walk_next(&walk, &key, &value); at++) {
		struct span id = { value.at + value.len - UUID_SIZE, UUID_SIZE };
		if (value.len <= UUID_SIZE || !(place ? at == place : names(&id, name)))
			continue;
		found->len = 0;
		key_bytes(found, value);
		matches++;
	}
	walk_end(&walk);
	return matches == 1 ? OK : matches ? fault_say(FAULT_AMBIGUOUS, "\"%s\" may be %zu messages: give more of the id", name, matches) :
		fault_say(FAULT_NOT_FOUND, "there is no message \"%s\" in %s", name, casework_name(kase));
}

/* The next one of whom there is a message; `from` moves behind all of its messages, whose keys go on with a NUL. */
static bool next_sender(struct txn *txn, struct key *from, char sender[MANIFEST_ID_SIZE])
{
	struct span key, value;
	struct walk walk;
	const char *name;
	walk_from(&walk, txn, TABLE_SEEN, (struct span){ 0 }, key_span(from));
	bool is_there = walk_next(&walk, &key, &value) && key_take_text(&key, &name);
	if (is_there) {
		snprintf(sender, MANIFEST_ID_SIZE, "%s", name);
		from->len = 0;
		key_bytes(from, span_of_text(sender));
		key_u8(from, 1);
	}
	walk_end(&walk);
	return is_there;
}

/* Of one sender; `front` is how their keys go on, as far as the name tells. */
static size_t find_of(struct txn *txn, const char *sender, struct span front, const char *name, struct key *found)
{
	struct key prefix = key_of_peer(sender);
	struct span key, value, id;
	struct walk walk;
	size_t matches = 0;
	key_bytes(&prefix, front);
	walk_from(&walk, txn, TABLE_SEEN, key_span(&prefix), (struct span){ 0 });
	while (matches < 2 && walk_next(&walk, &key, &value)) {
		struct span whole = key;
		const char *whose;
		if (!key_take_text(&key, &whose) || !key_take_bytes(&key, UUID_SIZE, &id) || !names(&id, name))
			continue;
		found->len = 0;
		key_bytes(found, whole);
		matches++;
	}
	walk_end(&walk);
	return matches;
}

static enum fault find_anywhere(struct txn *txn, const char *name, struct key *found)
{
	struct key from = { 0 };
	char sender[MANIFEST_ID_SIZE];
	uint8_t front[UUID_SIZE];
	size_t digits = strcspn(name, "-") & ~(size_t)1, matches = 0;
	bool is_id = strlen(name) >= PREFIX_MIN && digits <= 2 * UUID_SIZE &&
		hex_read(front, digits / 2, (struct span){ (const uint8_t *)name, digits });
	while (is_id && matches < 2 && next_sender(txn, &from, sender))
		matches += find_of(txn, sender, (struct span){ front, digits / 2 }, name, found);
	return matches == 1 ? OK : matches ? fault_say(FAULT_AMBIGUOUS, "\"%s\" may be several messages: give more of the id", name) :
		fault_say(FAULT_NOT_FOUND, "there is no message \"%s\"", name);
}

enum fault casework_find_message(struct casework *casework, struct txn *txn, const Comity__Case *kase, const char *name,
	struct arena *arena, Comity__MessageView **found)
{
	struct key key = { 0 };
	(void)casework;
	if (!kase)
		TRY(find_anywhere(txn, name, &key));
	else if (!find_by_id(txn, kase, name, arena, &key))
		TRY(search_case(txn, kase, name, &key));
	*found = casework_view_message(txn, key_span(&key), MESSAGE_EXACT, arena);
	if (txn->fault)
		return txn->fault;
	return *found ? OK : arena_fault(arena);
}

/* ── the case ─────────────────────────────────────────────────────────────────────────────────── */

/* Whose turn it is, by status; DOMAIN 3.9.2. */
static const enum side turns[] = {
	[COMITY__REQUEST_STATUS__VALUE__DRAFT] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__IN_CONSULTATION] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__SENT] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__RECEIVED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__ACKNOWLEDGED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__UNDER_REVIEW] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__INFO_REQUESTED] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__CONSULTING] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__ACCEPTED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__TRANSFERRED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__IN_EXECUTION] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__PARTIALLY_EXECUTED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__EXECUTED] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__POSTPONED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__PARTIALLY_REFUSED] = SIDE_REQUESTED,
	[COMITY__REQUEST_STATUS__VALUE__REFUSED] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__NOT_EXECUTABLE] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__REDIRECTED] = SIDE_REQUESTING,
	[COMITY__REQUEST_STATUS__VALUE__WITHDRAWN] = SIDE_REQUESTED,
};

static bool awaits_execution(request_status status)
{
	return status == COMITY__REQUEST_STATUS__VALUE__ACCEPTED || status == COMITY__REQUEST_STATUS__VALUE__TRANSFERRED
		|| status == COMITY__REQUEST_STATUS__VALUE__PARTIALLY_REFUSED;
}

const char *casework_waiting_for(const Comity__Case *kase)
{
	enum side side = (size_t)kase->status < ARRAY_LEN(turns) ? turns[kase->status] : 0;
	if (kase->status == COMITY__REQUEST_STATUS__VALUE__CONSULTING && kase->heard)
		side = SIDE_REQUESTED;
	if (case_secrecy(kase) == SECRECY_UNDECIDED && awaits_execution(kase->status))
		side = SIDE_REQUESTING;		/* 18(20): it says whether to go on */
	if (kase->oral && side)
		side = SIDE_REQUESTING;		/* 18(14): it confirms it in writing */
	return side == SIDE_REQUESTING ? kase->requesting_authority : side == SIDE_REQUESTED ? kase->requested_authority : "";
}

static void add_allowed(Comity__RequestView *view, const Comity__Case *kase, struct arena *arena)
{
	enum { STATUSES_MAX = 32 };
	struct case_view law = case_view_of(kase, arena);
	view->allowed_now = arena_alloc(arena, STATUSES_MAX * sizeof *view->allowed_now);
	if (view->allowed_now && !kase->oral)
		view->n_allowed_now = statuses_allowed(&law, case_our_side(kase), view->allowed_now, STATUSES_MAX);
	if (view->n_allowed_now > STATUSES_MAX)
		view->n_allowed_now = STATUSES_MAX;
}

static void add_transport(Comity__RequestView *view, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	if (!kase->message_id)
		return;
	struct key key = key_of_message(kase->requesting_authority, kase->message_id);
	const Comity__MessageState *state =
		record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	view->has_transport = state != NULL;
	view->transport = state ? state->transport : COMITY__TRANSPORT__VALUE__UNSPECIFIED;
	view->has_files = view->has_files_missing = state != NULL;
	view->files = state ? state->attachments : 0;
	view->files_missing = state ? state->attachments_missing : 0;
}

static void redact_file(Comity__Attachment *file)
{
	file->name = file->title = file->issuing_authority = NULL;
}

/* What came with the request itself, while it is on its way; its numbers are among the first of the case. */
static void add_arriving(Comity__RequestView *view, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	if (!view->files_missing)
		return;
	walk_from(&walk, txn, TABLE_ATTACHMENTS, key_span(&prefix), (struct span){ 0 });
	while (view->n_attachments < view->files && walk_next(&walk, &key, &value)) {
		Comity__AttachmentState *state = record_read(txn, value, &comity__attachment_state__descriptor, arena);
		bool is_its = state && state->message_id && !strcmp(state->message_id, kase->message_id);
		if (state && view->discreet && state->attachment)
			redact_file(state->attachment);
		if (!state || (is_its && !record_push(arena, &view->n_attachments, &view->attachments, &state, sizeof state)))
			break;
	}
	walk_end(&walk);
}

/* What is counted in working days of the requested authority. */
static void add_by_calendar(Comity__RequestView *view, struct txn *txn, Comity__Case *kase, struct arena *arena)
{
	const Comity__Profile *profile = directory_profile(txn, kase->requested_authority, arena);
	const struct calendar calendar = calendar_of(profile ? profile->hours : NULL);
	case_show_dues(kase, &calendar, arena);
	casework_suggest(kase, &calendar, arena, view);
}

Comity__RequestView *casework_view(struct txn *txn, Comity__Case *kase, enum case_detail detail, struct arena *arena)
{
	Comity__RequestView *view = arena_alloc(arena, sizeof *view);
	if (!view)
		return NULL;
	comity__request_view__init(view);
	view->schema = "comity.request/1";
	view->request = kase;
	view->waiting_for = record_text(arena, casework_waiting_for(kase));
	if (detail == CASE_BRIEF)
		case_show_dues(kase, NULL, arena);
	else
		add_by_calendar(view, txn, kase, arena);
	view->our_reference = record_text(arena, casework_our_reference(kase));
	view->their_reference = record_text(arena, casework_their_reference(kase));
	add_transport(view, txn, kase, arena);
	case_show_links(txn, kase, view, arena);
	view->has_discreet = view->discreet = casework_is_discreet(kase);
	view->has_cannot_comply = view->cannot_comply = case_secrecy(kase) == SECRECY_UNDECIDED;
	if (detail == CASE_BRIEF && view->discreet)
		casework_redact(kase);
	if (detail == CASE_BRIEF)
		kase->destruction = NULL, kase->destroyed_there = NULL;		/* certificates are long */
	if (detail == CASE_BRIEF)
		add_arriving(view, txn, kase, arena);
	else
		add_allowed(view, kase, arena);
	return view;
}
