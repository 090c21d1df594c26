#include "tools/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "certs/card.h"
#include "proto/json.h"
#include "proto/mapping.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "tools/print.h"

enum { READ_STEP = 64 << 10, TEXT_MAX = 64 << 10 };

static enum fault take(int fd, const char *name, size_t size_max, struct bytes *content)
{
	for (;;) {
		TRY(bytes_reserve(content, READ_STEP));
		ssize_t got = read(fd, content->at + content->len, READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault_say(FAULT_NO_INPUT, "%s: %s", name, strerror(errno));
		if (!got)
			return OK;
		content->len += (size_t)got;
		if (content->len > size_max)
			return fault_say(FAULT_TOO_LARGE, "%s: more than %zu bytes", name, size_max);
	}
}

enum fault file_take(const char *path, size_t size_max, struct bytes *content)
{
	if (!strcmp(path, "-"))
		return take(STDIN_FILENO, "standard input", size_max, content);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(errno));
	enum fault fault = take(fd, path, size_max, content);
	close(fd);
	return fault;
}

/* Where nothing was written, nothing is meant: a file that is empty was mistaken for another. */
static bool is_blank(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n", text.at[i]))
			return false;
	return true;
}

enum fault text_take(struct tool *tool, const char *path, char **text)
{
	struct bytes content = { 0 };
	const char *name = strcmp(path, "-") ? path : "standard input";
	enum fault fault = file_take(path, TEXT_MAX, &content);
	if (fault == FAULT_NO_INPUT)
		fault = hinted(tool, fault, "give the words in a file, or - and the words on standard input");
	if (!fault && !text_is_clean(span_of(&content)))
		fault = fault_say(FAULT_BAD_TEXT, "%s: the text is not UTF-8 or has control characters in it",
			name);
	if (!fault && is_blank(span_of(&content)))
		fault = fault_say(FAULT_BAD_TEXT, "%s: there are no words in it", name);
	if (!fault && !(*text = arena_text(&tool->arena, span_of(&content))))
		fault = FAULT_NO_MEMORY;
	bytes_clear(&content);
	return fault;
}

enum fault card_take(const char *path, struct card *card)
{
	struct bytes text = { 0 };
	TRY(file_take(path, CARD_SIZE_MAX, &text));
	enum fault fault = card_read(span_of(&text), stamp_clock() / STAMP_SECOND, card);
	bytes_clear(&text);
	return fault ? fault_say(fault, "%s: %s", path, fault_detail(fault)) : OK;
}

/* ── documents ────────────────────────────────────────────────────────────────────────────────── */

/* Each as a problem of one error, so that programs get them all too. */
static enum fault tell_all(struct tool *tool, const struct mapping_faults *faults)
{
	Comity__Error error = COMITY__ERROR__INIT;
	char *context[MAPPING_FAULTS_MAX];
	enum fault first = faults->list[0].fault;
	char more[64];
	snprintf(more, sizeof more, "%zu mistakes in the document", faults->count + faults->more);
	for (size_t i = 0; i < faults->count; i++) {
		struct bytes sentence = faults->list[i].sentence;
		context[i] = arena_text(&tool->arena, span_of(&sentence));
	}
	error.schema = "comity.error/1";
	error.code = (char *)fault_slug(first);
	error.message = faults->count > 1 ? more : context[0];
	error.context = context;
	error.n_context = faults->count > 1 ? faults->count : 0;
	error.has_exit = 1;
	error.exit = fault_exit_status(first);
	return tool_tell(tool, first, &error);
}

enum fault document_map(struct tool *tool, const struct document *document, const ProtobufCMessageDescriptor *type,
	ProtobufCMessage **message)
{
	struct mapping_faults faults = { 0 };
	enum fault fault = mapping_read(document, type, &tool->arena, message, &faults);
	if (fault && faults.count)
		fault = tell_all(tool, &faults);
	mapping_faults_clear(&faults);
	return fault;
}

enum fault document_parse(struct tool *tool, const char *name, struct span text,
	const ProtobufCMessageDescriptor *type, ProtobufCMessage **message)
{
	struct document document = { 0 };
	enum fault fault = document_read(&document, name, text);
	if (!fault)
		fault = document_map(tool, &document, type, message);
	document_clear(&document);
	return fault;
}

enum fault document_take(struct tool *tool, const char *path, const ProtobufCMessageDescriptor *type,
	ProtobufCMessage **message)
{
	struct bytes text = { 0 };
	const char *name = strcmp(path, "-") ? path : "standard input";
	enum fault fault = file_take(path, DOCUMENT_SIZE_MAX, &text);
	if (!fault && is_blank(span_of(&text)))
		fault = fault_say(FAULT_BAD_DOCUMENT, "%s: there is nothing in it", name);
	if (!fault)
		fault = document_parse(tool, name, span_of(&text), type, message);
	bytes_clear(&text);
	return fault;
}
