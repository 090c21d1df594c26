#include "proto/destroyed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

enum { GAP = 2, MESSAGE_LINE = DIGEST_HEX_SIZE + GAP + UUID_TEXT_SIZE - 1 };

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

enum fault destroyed_check_reason(const char *reason)
{
	size_t len = reason ? strlen(reason) : 0;
	bool is_line = len && text_is_clean(span_of_text(reason)) && !strpbrk(reason, "\n\t");
	return is_line && len <= DESTROYED_REASON_MAX ? OK :
		fault_say(FAULT_USAGE, "a destruction needs a reason, in one line of at most %d bytes", DESTROYED_REASON_MAX);
}

enum fault destroyed_begin(struct bytes *text, const struct destroyed *destroyed)
{
	return bytes_printf(text, "# comity-destruction 1\n# authority: %s\n# request: %s\n# requesting-reference: %s\n"
		"# requested-reference: %s\n# at: %s\n# by: uid %" PRIu32 "\n# reason: %s\n", destroyed->authority, destroyed->request_id,
		destroyed->requesting_reference, destroyed->requested_reference, destroyed->at, destroyed->uid, destroyed->reason);
}

enum fault destroyed_add(struct bytes *text, const struct destroyed_message *message)
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, SPAN(message->sha256));
	return bytes_printf(text, "%s  %s\n", hex, message->id);
}

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

struct reader {
	struct arena *arena;
	struct destroyed *destroyed;
};

static bool copy(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);
	if (!len || len >= size)
		return false;
	memcpy(to, text, len + 1);
	return true;
}

static bool read_first(struct reader *reader, const char *text)
{
	(void)reader;
	return !*text;
}

static bool read_authority(struct reader *reader, const char *text)
{
	return copy(reader->destroyed->authority, DESTROYED_ID_SIZE, text);
}

static bool read_request(struct reader *reader, const char *text)
{
	uint8_t id[UUID_SIZE];
	return uuid_read(id, span_of_text(text)) && copy(reader->destroyed->request_id, UUID_TEXT_SIZE, text);
}

static bool read_requesting(struct reader *reader, const char *text)
{
	reader->destroyed->requesting_reference = text;
	return true;
}

static bool read_requested(struct reader *reader, const char *text)
{
	reader->destroyed->requested_reference = text;
	return true;
}

static bool read_at(struct reader *reader, const char *text)
{
	int64_t stamp;
	char again[STAMP_SIZE];
	if (!copy(reader->destroyed->at, STAMP_SIZE, text) || !stamp_read(text, &stamp))
		return false;
	stamp_write(again, stamp);
	return !strcmp(again, text);	/* one form: UTC with milliseconds */
}

static bool read_by(struct reader *reader, const char *text)
{
	return sscanf(text, "uid %10" SCNu32, &reader->destroyed->uid) == 1;	/* what else stands there, writing it again shows */
}

static bool read_reason(struct reader *reader, const char *text)
{
	reader->destroyed->reason = text;
	return !destroyed_check_reason(text);
}

static const struct header {
	const char *front;
	bool (*read)(struct reader *reader, const char *text);
} headers[] = {
	{ "# comity-destruction 1",   read_first },
	{ "# authority: ",            read_authority },
	{ "# request: ",              read_request },
	{ "# requesting-reference: ", read_requesting },
	{ "# requested-reference: ",  read_requested },
	{ "# at: ",                   read_at },
	{ "# by: ",                   read_by },
	{ "# reason: ",               read_reason },
};

static enum fault bad(size_t line, const char *expected)
{
	return fault_say(FAULT_BAD_DOCUMENT, "certificate of a destruction, line %zu: \"%s…\" is expected", line, expected);
}

/* The line without its front, as a text; NULL: it is another line. */
static const char *after_front(struct reader *reader, struct span line, const char *front)
{
	size_t len = strlen(front);
	if (line.len < len || memcmp(line.at, front, len) || !text_is_clean(line))
		return NULL;
	return arena_text(reader->arena, (struct span){ line.at + len, line.len - len });
}

static enum fault read_head(struct reader *reader, struct span *rest)
{
	struct span line;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const char *text = span_take_line(rest, &line) ? after_front(reader, line, headers[i].front) : NULL;
		if (!text || !headers[i].read(reader, text))
			return reader->arena->was_refused ? arena_fault(reader->arena) : bad(i + 1, headers[i].front);
	}
	return OK;
}

static enum fault read_messages(struct reader *reader, struct span rest)
{
	struct span line;
	struct destroyed *destroyed = reader->destroyed;
	struct destroyed_message *messages = arena_alloc(reader->arena, (rest.len / MESSAGE_LINE + 1) * sizeof *messages);
	if (!messages)
		return arena_fault(reader->arena);
	for (destroyed->messages = messages; span_take_line(&rest, &line); destroyed->count++) {
		struct destroyed_message *message = &messages[destroyed->count];
		struct span id = { line.at + DIGEST_HEX_SIZE + GAP, UUID_TEXT_SIZE - 1 };
		uint8_t binary[UUID_SIZE];
		if (line.len != MESSAGE_LINE || !hex_read(message->sha256, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }) ||
		    !uuid_read(binary, id))
			return bad(ARRAY_LEN(headers) + destroyed->count + 1, "SHA-256  MESSAGE-ID");
		memcpy(message->id, id.at, id.len);
		message->id[id.len] = 0;
	}
	return OK;
}

/* Whatever was read too leniently shows when it is written again. */
static enum fault check_form(struct span text, const struct destroyed *destroyed)
{
	struct bytes again = { 0 };
	enum fault fault = destroyed_begin(&again, destroyed);
	for (size_t i = 0; i < destroyed->count && !fault; i++)
		fault = destroyed_add(&again, &destroyed->messages[i]);
	bool is_same = span_equal(span_of(&again), text);
	bytes_clear(&again);
	return fault || is_same ? fault : fault_say(FAULT_BAD_DOCUMENT, "the certificate of a destruction is not written in the one form that it has");
}

enum fault destroyed_read(struct span text, struct arena *arena, struct destroyed *destroyed)
{
	struct reader reader = { arena, destroyed };
	struct span rest = text;
	*destroyed = (struct destroyed){ 0 };
	TRY(read_head(&reader, &rest));
	TRY(read_messages(&reader, rest));
	return check_form(text, destroyed);
}
