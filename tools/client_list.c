/* An answer that comes in pages, and is shown as one. */
#include <string.h>

#include "proto/unpack.h"
#include "tools/client.h"

enum { FIELDS_MAX = 32 };

/* What the pages have brought so far.  A page is an answer like the first: its rows go behind those that are there, and
 * what the first did not have yet it has from then on. */
struct gathering {
	Comity__Reply *list;
	struct bytes rows[FIELDS_MAX];		/* pointers, of each field of the answer that repeats */
};

/* The message that an answer is about, and what type it has; NULL when it has none, or more fields than we follow. */
static ProtobufCMessage *body_of(const Comity__Reply *reply)
{
	ProtobufCMessage *body;
	const ProtobufCFieldDescriptor *kind =
		protobuf_c_message_descriptor_get_field(&comity__reply__descriptor, (unsigned)reply->kind_case);
	if (!kind || kind->type != PROTOBUF_C_TYPE_MESSAGE)
		return NULL;
	memcpy(&body, (const char *)reply + kind->offset, sizeof body);
	return body && body->descriptor->n_fields <= FIELDS_MAX ? body : NULL;
}

static bool has_rows(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED && field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* A copy that outlives the next page.  What one page may take was bounded when it came. */
static enum fault keep(const Comity__Reply *page, struct arena *arena, Comity__Reply **kept)
{
	struct bytes packed = { 0 };
	ProtobufCMessage *copy = NULL;
	enum fault fault = pack(&page->base, &packed);
	arena->budget += UNPACK_GROWTH * packed.len + UNPACK_SLACK;
	if (!fault)
		fault = unpack_own(&comity__reply__descriptor, span_of(&packed), arena, FAULT_BAD_FRAME, &copy);
	bytes_clear(&packed);
	*kept = (Comity__Reply *)copy;
	return fault;
}

static enum fault take_rows(const char *page, const ProtobufCFieldDescriptor *field, struct bytes *rows)
{
	const size_t *count = (const void *)(page + field->quantifier_offset);
	const uint8_t *const *at = (const void *)(page + field->offset);
	return *count ? bytes_append(rows, (struct span){ *at, *count * sizeof(void *) }) : OK;
}

static void take_missing(ProtobufCMessage *list, const ProtobufCMessage *page, const ProtobufCFieldDescriptor *field)
{
	void **here = (void *)((char *)list + field->offset), *const *there = (const void *)((const char *)page + field->offset);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && !*here)
		*here = *there;
}

static enum fault take(struct gathering *gathering, const Comity__Reply *reply)
{
	ProtobufCMessage *list = body_of(gathering->list), *page = body_of(reply);
	if (!list || !page || list->descriptor != page->descriptor)
		return fault_say(FAULT_BAD_FRAME, "comityd gave pages that do not belong together");
	for (unsigned i = 0; i < list->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &list->descriptor->fields[i];
		if (has_rows(field))
			TRY(take_rows((const char *)page, field, &gathering->rows[i]));
		else
			take_missing(list, page, field);
	}
	return OK;
}

static enum fault gather(struct client *client, const Comity__Reply *page, struct arena *arena, struct gathering *gathering)
{
	Comity__Reply *kept;
	bool more = page->more;
	TRY(keep(page, arena, &gathering->list));
	TRY(take(gathering, gathering->list));
	for (; more; more = page->more) {
		TRY(client_next(client, &page));
		TRY(keep(page, arena, &kept));
		TRY(take(gathering, kept));
	}
	return OK;
}

/* The rows of all pages become the first page's. */
static enum fault join(const struct gathering *gathering, struct arena *arena)
{
	ProtobufCMessage *list = body_of(gathering->list);
	for (unsigned i = 0; i < list->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &list->descriptor->fields[i];
		struct span rows = span_of(&gathering->rows[i]);
		if (!rows.len)
			continue;
		arena->budget += rows.len + UNPACK_SLACK;
		void **at = arena_alloc(arena, rows.len);
		if (!at)
			return arena_fault(arena);
		memcpy(at, rows.at, rows.len);
		memcpy((char *)list + field->offset, &at, sizeof at);
		*(size_t *)(void *)((char *)list + field->quantifier_offset) = rows.len / sizeof *at;
	}
	gathering->list->more = 0;
	return OK;
}

enum fault client_list(struct client *client, const Comity__Reply *page, struct arena *arena, const Comity__Reply **reply)
{
	struct gathering gathering = { 0 };
	enum fault fault = gather(client, page, arena, &gathering);
	if (!fault)
		fault = join(&gathering, arena);
	for (unsigned i = 0; i < FIELDS_MAX; i++)
		bytes_clear(&gathering.rows[i]);
	*reply = gathering.list;
	return fault;
}
