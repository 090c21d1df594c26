#include "proto/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"

enum { ENTRIES_MAX = 8192 };

static const char *const purposes[PURPOSE_COUNT] = { "dispatch", "receipt", "complete", "withdrawal" };

const char *purpose_name(enum purpose purpose)
{
	return purposes[purpose];
}

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

struct reader {
	struct span rest;
	unsigned line;
};

static enum fault bad(const struct reader *reader, const char *why)
{
	return fault_say(FAULT_BAD_MANIFEST, "manifest, line %u: %s", reader->line, why);
}

static bool next_line(struct reader *reader, struct span *line)
{
	const uint8_t *end = reader->rest.len ? memchr(reader->rest.at, '\n', reader->rest.len) : NULL;
	reader->line++;
	if (!end)
		return false;
	*line = (struct span){ reader->rest.at, (size_t)(end - reader->rest.at) };
	reader->rest.at += line->len + 1;
	reader->rest.len -= line->len + 1;
	return true;
}

static bool cut_front(struct span *line, const char *front)
{
	size_t len = strlen(front);
	if (line->len < len || memcmp(line->at, front, len))
		return false;
	line->at += len;
	line->len -= len;
	return true;
}

static bool copy(char *to, size_t size, struct span text)
{
	if (!text.len || text.len >= size || memchr(text.at, 0, text.len))
		return false;
	memcpy(to, text.at, text.len);
	to[text.len] = 0;
	return true;
}

/* A decimal number without sign, leading zeros or anything behind it. */
static bool number(struct span text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;
	if (!text.len || text.len > 19 || text.at[0] == '0')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(text.at[i] - '0');
	}
	*value = sum;
	return sum <= max;
}

static bool authority(char *to, struct span text)
{
	if (!copy(to, MANIFEST_ID_SIZE, text))
		return false;
	for (const char *at = to; *at; at++)
		if (!(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9') && *at != '-')
			return false;
	return true;
}

static bool read_from(struct manifest *manifest, struct span text)     { return authority(manifest->from, text); }
static bool read_to(struct manifest *manifest, struct span text)       { return authority(manifest->to, text); }
static bool read_number(struct manifest *manifest, struct span text)   { return number(text, INT64_MAX, &manifest->number); }
static bool read_previous(struct manifest *manifest, struct span text) { return hex_read(manifest->previous, DIGEST_SIZE, text); }

static bool read_purpose(struct manifest *manifest, struct span text)
{
	for (int i = 0; i < PURPOSE_COUNT; i++)
		if (span_is(text, purposes[i])) {
			manifest->purpose = (enum purpose)i;
			return true;
		}
	return false;
}

static bool read_at(struct manifest *manifest, struct span text)
{
	int64_t stamp;
	char again[STAMP_SIZE];
	if (!copy(manifest->at, sizeof manifest->at, text) || !stamp_read(manifest->at, &stamp))
		return false;
	stamp_write(again, stamp);
	return !strcmp(again, manifest->at);	/* one form: UTC with milliseconds */
}

static const struct header {
	const char *front;
	bool (*read)(struct manifest *manifest, struct span text);
	const char *complaint;
} headers[] = {
	{ "# from: ",     read_from,     "\"# from: AUTHORITY\" is expected" },
	{ "# to: ",       read_to,       "\"# to: AUTHORITY\" is expected" },
	{ "# purpose: ",  read_purpose,  "\"# purpose: dispatch\", \"receipt\", \"complete\" or \"withdrawal\" is expected" },
	{ "# number: ",   read_number,   "\"# number: N\" is expected" },
	{ "# previous: ", read_previous, "\"# previous: SHA-256\" is expected" },
	{ "# at: ",       read_at,       "\"# at: TIME\" is expected, in UTC with milliseconds" },
};

static enum fault read_headers(struct reader *reader, struct manifest *manifest)
{
	struct span line;
	if (!next_line(reader, &line) || !span_is(line, "# comity-manifest 1"))
		return bad(reader, "\"# comity-manifest 1\" is expected");
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (!next_line(reader, &line) || !cut_front(&line, headers[i].front) || !headers[i].read(manifest, line))
			return bad(reader, headers[i].complaint);
	return OK;
}

/* `<sha256><gap><uuid>`, off the front. */
static bool cut_subject(struct span *line, size_t gap, struct manifest_entry *entry)
{
	static const char blanks[] = "  ";
	uint8_t id[UUID_SIZE];
	size_t id_at = DIGEST_HEX_SIZE + gap, size = id_at + UUID_TEXT_SIZE - 1;
	if (line->len < size || memcmp(line->at + DIGEST_HEX_SIZE, blanks, gap))
		return false;
	struct span text = { line->at + id_at, UUID_TEXT_SIZE - 1 };
	if (!hex_read(entry->sha256, DIGEST_SIZE, (struct span){ line->at, DIGEST_HEX_SIZE }) || !uuid_read(id, text))
		return false;
	copy(entry->message_id, sizeof entry->message_id, text);
	line->at += size;
	line->len -= size;
	return true;
}

static enum fault read_refusal(struct reader *reader, struct span line, struct arena *arena, struct manifest_entry *entry)
{
	if (!cut_subject(&line, 1, entry) || !cut_front(&line, " ") || !line.len || line.len >= MANIFEST_SLUG_SIZE)
		return bad(reader, "\"# refused: SHA-256 MESSAGE-ID SLUG\" is expected");
	for (size_t i = 0; i < line.len; i++)
		if (!(line.at[i] >= 'a' && line.at[i] <= 'z') && line.at[i] != '-')
			return bad(reader, "a slug has lower-case letters and dashes");
	entry->refused = arena_text(arena, line);
	return entry->refused ? OK : arena_fault(arena);
}

static enum fault read_entry(struct reader *reader, struct span line, struct arena *arena, struct manifest_entry *entry)
{
	uint64_t index = 0;
	*entry = (struct manifest_entry){ 0 };
	if (cut_front(&line, "# refused: "))
		return read_refusal(reader, line, arena, entry);
	if (!cut_subject(&line, 2, entry) || (line.len && (!cut_front(&line, ".") || !number(line, 9999, &index))))
		return bad(reader, "\"SHA-256  MESSAGE-ID\" is expected");
	entry->index = (uint32_t)index;
	return OK;
}

static enum fault read_entries(struct reader *reader, struct arena *arena, struct manifest *manifest)
{
	size_t lines = 0;
	for (size_t i = 0; i < reader->rest.len; i++)
		lines += reader->rest.at[i] == '\n';
	if (!lines || lines > ENTRIES_MAX)
		return bad(reader, lines ? "too many entries" : "there are no entries");
	struct manifest_entry *entries = arena_alloc(arena, lines * sizeof *entries);
	if (!entries)
		return arena_fault(arena);
	struct span line;
	for (; reader->rest.len; manifest->count++) {
		if (!next_line(reader, &line))
			return bad(reader, "the line does not end");
		TRY(read_entry(reader, line, arena, &entries[manifest->count]));
		if (entries[manifest->count].refused && manifest->purpose != PURPOSE_RECEIPT)
			return bad(reader, "only a receipt refuses");
	}
	manifest->entries = entries;
	return OK;
}

enum fault manifest_read(struct span text, struct arena *arena, struct manifest *manifest)
{
	struct reader reader = { .rest = text };
	*manifest = (struct manifest){ 0 };
	if (text.len > MANIFEST_TEXT_MAX)
		return fault_say(FAULT_TOO_LARGE, "a manifest of %zu bytes; the limit is %d", text.len, MANIFEST_TEXT_MAX);
	TRY(read_headers(&reader, manifest));
	return read_entries(&reader, arena, manifest);
}

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

enum fault manifest_begin(struct bytes *text, const struct manifest *manifest)
{
	char previous[DIGEST_HEX_SIZE + 1];
	hex_write(previous, SPAN(manifest->previous));
	return bytes_printf(text, "# comity-manifest 1\n# from: %s\n# to: %s\n# purpose: %s\n# number: %" PRIu64
		"\n# previous: %s\n# at: %s\n", manifest->from, manifest->to, purposes[manifest->purpose],
		manifest->number, previous, manifest->at);
}

enum fault manifest_add(struct bytes *text, const struct manifest_entry *entry)
{
	char sha256[DIGEST_HEX_SIZE + 1];
	hex_write(sha256, SPAN(entry->sha256));
	if (entry->refused)
		return bytes_printf(text, "# refused: %s %s %s\n", sha256, entry->message_id, entry->refused);
	if (entry->index)
		return bytes_printf(text, "%s  %s.%u\n", sha256, entry->message_id, entry->index);
	TRY(bytes_append(text, (struct span){ (const uint8_t *)sha256, DIGEST_HEX_SIZE }));
	TRY(bytes_append_text(text, "  "));
	TRY(bytes_append_text(text, entry->message_id));
	return bytes_append_text(text, "\n");
}
