/* A list comes in pages, and is shown as one. */
#include <string.h>

#include "proto/unpack.h"
#include "tools/client.h"

/* Where a reply's list has its rows: every list has them in a field `data`. */
struct rows {
	size_t *count;
	ProtobufCMessage ***at;
};

static bool find_rows(Comity__Reply *reply, struct rows *rows)
{
	const ProtobufCFieldDescriptor *kind =
		protobuf_c_message_descriptor_get_field(&comity__reply__descriptor, (unsigned)reply->kind_case);
	char *list;
	if (!kind || kind->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	memcpy(&list, (char *)reply + kind->offset, sizeof list);
	const ProtobufCFieldDescriptor *data = protobuf_c_message_descriptor_get_field_by_name(kind->descriptor, "data");
	if (!data || data->type != PROTOBUF_C_TYPE_MESSAGE || data->label != PROTOBUF_C_LABEL_REPEATED)
		return false;
	rows->count = (void *)(list + data->quantifier_offset);
	rows->at = (void *)(list + data->offset);
	return true;
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

static enum fault append(struct bytes *all, const struct rows *rows)
{
	return *rows->count ? bytes_append(all, (struct span){ (const uint8_t *)*rows->at, *rows->count * sizeof **rows->at }) : OK;
}

static enum fault gather(struct client *client, const Comity__Reply *page, struct arena *arena, struct bytes *all,
	Comity__Reply **list)
{
	struct rows rows = { 0 };	/* the compiler does not see that it is set where it is used */
	Comity__Reply *kept;
	TRY(keep(page, arena, list));
	if (!find_rows(*list, &rows))
		return fault_say(FAULT_BAD_FRAME, "comityd gave pages of what is no list");
	TRY(append(all, &rows));
	for (bool more = true; more; more = page->more) {
		TRY(client_next(client, &page));
		TRY(keep(page, arena, &kept));
		if (kept->kind_case != (*list)->kind_case || !find_rows(kept, &rows))
			return fault_say(FAULT_BAD_FRAME, "comityd gave another page than of this list");
		TRY(append(all, &rows));
	}
	return OK;
}

/* The rows of all pages become the first page's. */
static enum fault join(struct arena *arena, const struct bytes *all, Comity__Reply *list)
{
	struct rows rows;
	if (!find_rows(list, &rows))
		return FAULT_BAD_FRAME;
	arena->budget += all->len + UNPACK_SLACK;
	ProtobufCMessage **at = arena_alloc(arena, all->len + 1);
	if (!at)
		return arena_fault(arena);
	if (all->len)
		memcpy(at, all->at, all->len);
	*rows.at = at;
	*rows.count = all->len / sizeof *at;
	list->more = 0;
	return OK;
}

enum fault client_list(struct client *client, const Comity__Reply *page, struct arena *arena, const Comity__Reply **reply)
{
	struct bytes all = { 0 };
	Comity__Reply *list = NULL;
	enum fault fault = gather(client, page, arena, &all, &list);
	if (!fault)
		fault = join(arena, &all, list);
	bytes_clear(&all);
	*reply = list;
	return fault;
}
