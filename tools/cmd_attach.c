/* Attachments of a case. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/conditions.h"
#include "tools/people.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/sealing.h"
#include "tools/transfer.h"

/* ── adding ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault describe(struct tool *tool, Comity__Attachment *attachment)
{
	static const char *const said[] = { "role", "title", "language", "translation-of", "form" };
	*attachment = (Comity__Attachment)COMITY__ATTACHMENT__INIT;
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		TRY(fill_given(tool, &attachment->base, said[i]));
	return OK;
}

enum fault cmd_attach_add(struct tool *tool)
{
	Comity__AttachmentList list = COMITY__ATTACHMENT_LIST__INIT;
	size_t files = line_argument_count(&tool->line) - 1;
	list.schema = "comity.attachment-list/1";
	list.data = arena_alloc(&tool->arena, files * sizeof *list.data);
	if (!list.data)
		return FAULT_NO_MEMORY;
	for (; list.n_data < files; list.n_data++) {
		Comity__Attachment attachment;
		const Comity__AttachmentState *state;
		TRY(describe(tool, &attachment));
		TRY(upload(tool, argument(tool, 0), argument(tool, list.n_data + 1), &attachment, &state));
		list.data[list.n_data] = (Comity__AttachmentState *)state;
	}
	list.type = "result";
	if (printed_json(tool, &list.base))
		return OK;
	for (size_t i = 0; i < files; i++) {
		const Comity__Attachment *added = list.data[i]->attachment;
		print(tool, "%s  %s  %s  sha256 %.16s…  added\n", safe_or(tool, added->id, "-"), safe(tool, added->name),
			size_of(tool, added->size), safe(tool, added->sha256));
	}
	say(tool, "They go with the next message, or with the request.");
	return OK;
}

/* ── listing ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault get_list(struct tool *tool, const Comity__AttachmentList **list)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = CALL(ATTACH_LIST, attach_list, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_ATTACHMENTS, &reply));
	*list = reply->attachments;
	return OK;
}

static const char *arrived(struct tool *tool, const Comity__AttachmentState *state)
{
	char text[24];
	if (state->presence != COMITY__PRESENCE__VALUE__ARRIVING || !state->attachment->size)
		return WORD(tool, presence, state->presence);
	snprintf(text, sizeof text, "%.0f %%", 100.0 * (double)state->bytes_done / (double)state->attachment->size);
	return safe(tool, text);
}

/* For whom alone, where it is for somebody alone. */
static void explain_protected(struct tool *tool, const Comity__AttachmentList *list)
{
	for (size_t i = 0; i < list->n_data; i++)
		if (list->data[i]->attachment)
			print_protected(tool, list->data[i]);
}

/* What has left us and waits at the other side. */
static void explain_waits(struct tool *tool, const Comity__AttachmentList *list)
{
	for (size_t i = 0; i < list->n_data; i++)
		if (list->data[i]->waits_reason)
			print(tool, "  %u waits there (%s): %s\n", list->data[i]->number, safe(tool, list->data[i]->waits_reason),
				safe(tool, list->data[i]->waits_text));
}

/* Each in words, once. */
static void explain_conditions(struct tool *tool, const Comity__AttachmentList *list)
{
	for (size_t i = 0; i < list->n_data; i++)
		for (size_t k = 0; k < list->data[i]->n_conditions; k++)
			if (list->data[i]->conditions[k]->message_id)
				print(tool, "  %u may be used: %s\n", list->data[i]->number, case_condition_words(tool, list->data[i]->conditions[k]));
}

enum fault cmd_attach_list(struct tool *tool)
{
	const Comity__AttachmentList *list;
	struct table table = TABLE(">NO", "ID", "FROM", "ROLE", "~NAME", ">SIZE", "STATE", "LANGUAGE", "~TITLE", "~USE");
	TRY(get_list(tool, &list));
	if (printed_json(tool, &list->base))
		return OK;
	for (size_t i = 0; i < list->n_data; i++) {
		const Comity__AttachmentState *state = list->data[i];
		const Comity__Attachment *one = state->attachment;
		char number[16];
		if (!one)
			continue;
		snprintf(number, sizeof number, "%u", state->number);
		ROW(tool, &table, safe(tool, number), safe_or(tool, one->id, "-"), safe_or(tool, state->from, "-"),
			WORD(tool, attachment_role, one->role), brief(tool, one->name, WHOLE), size_of(tool, one->size),
			arrived(tool, state), safe_or(tool, one->language, "-"), brief(tool, one->title, WHOLE), conditions_marks(tool, state->conditions, state->n_conditions));
	}
	table_print(tool, &table);
	explain_protected(tool, list);
	explain_waits(tool, list);
	if (tool->format == FORMAT_TEXT)
		explain_conditions(tool, list);
	return OK;
}

/* ── getting ──────────────────────────────────────────────────────────────────────────────────── */

/* By its number in the case, or by its id if only one has it. */
static enum fault find(struct tool *tool, const Comity__AttachmentList *list, const char *wanted, const Comity__AttachmentState **found)
{
	char *end;
	unsigned long number = strtoul(wanted, &end, 10);
	size_t matches = 0;
	for (size_t i = 0; i < list->n_data; i++) {
		const Comity__AttachmentState *state = list->data[i];
		if (!state->attachment)
			continue;
		bool is_it = *wanted && !*end ? state->number == number
			: state->attachment->id && !strcmp(state->attachment->id, wanted);
		matches += is_it;
		if (is_it)
			*found = state;
	}
	if (matches > 1)
		return fault_say(FAULT_AMBIGUOUS, "both sides have an attachment \"%.40s\": name it by its number", wanted);
	if (matches)
		return OK;
	return hinted(tool, fault_say(FAULT_NOT_FOUND, "the case has no attachment \"%.40s\"", wanted),
		"comity attach list %s", argument(tool, 0));
}

/* As the peer called it, but harmless: not hidden, for shells obey such files in a home; not an option. */
static enum fault own_name(struct bytes *own, const char *name)
{
	TRY(name_make_safe(own, span_of_text(name && *name ? name : "attachment")));
	if (own->at[0] == '.' || own->at[0] == '-')
		own->at[0] = '_';
	size_t len = NAME_MAX_BYTES - strlen(".part");	/* which is to fit behind it */
	if (own->len <= len)
		return OK;
	while ((own->at[len] & 0xc0) == 0x80)	/* between two characters */
		len--;
	own->len = len;
	return OK;
}

/* FILE, or DIR and the name it was given, or that name here.  Names that peers chose are made harmless. */
static enum fault choose_path(struct tool *tool, const char *name, char path[PATH_MAX])
{
	struct stat file;
	struct bytes plain = { 0 };
	const char *output = given(tool, "output");
	bool is_directory = output && !stat(output, &file) && S_ISDIR(file.st_mode);
	enum fault fault = own_name(&plain, name);
	const char *own = fault ? NULL : bytes_text(&plain);
	if (!fault && !own)
		fault = FAULT_NO_MEMORY;
	const char *slash = is_directory && output[strlen(output) - 1] == '/' ? "" : "/";
	int len = fault ? 0 : is_directory ? snprintf(path, PATH_MAX, "%s%s%s", output, slash, own)
		: snprintf(path, PATH_MAX, "%s", output ? output : own);
	bytes_clear(&plain);
	TRY(fault);
	return len < PATH_MAX ? OK : fault_say(FAULT_USAGE, "--output: the path is too long");
}

/* Sealed bytes beside the file they become; when a run was cut off between the two, they are there already. */
static enum fault download_and_open(struct tool *tool, const Comity__AttachmentState *found, const char *path, Comity__SavedFile *saved)
{
	static uint8_t sum[DIGEST_SIZE];
	char sealed[PATH_MAX], number[16], *hex = arena_alloc(&tool->arena, DIGEST_HEX_SIZE + 1);
	struct seal *seal;
	Comity__Unseal unseal = COMITY__UNSEAL__INIT;
	if (!hex || snprintf(sealed, sizeof sealed, "%s.sealed", path) >= (int)sizeof sealed)
		return hex ? fault_say(FAULT_USAGE, "--output: the path is too long") : FAULT_NO_MEMORY;
	if (!access(path, F_OK))
		return fault_say(FAULT_EXISTS, "%s exists already", path);
	snprintf(number, sizeof number, "%u", found->number);
	unseal.ref = (char *)argument(tool, 0);
	unseal.attachment = number;
	TRY(sealing_unlock(tool, &unseal, found->attachment->sealed, &seal));
	enum fault fault = access(sealed, F_OK) ? download(tool, argument(tool, 0), found, sealed) : OK;
	if (!fault)
		fault = sealing_open_file(seal, sealed, path, &saved->size, sum);
	seal_free(seal);
	if (!fault || fault == FAULT_SEAL_BROKEN)
		unlink(sealed);
	hex_write(hex, SPAN(sum));
	saved->sha256 = hex;
	saved->has_unsealed = saved->unsealed = 1;
	return fault;
}

enum fault cmd_attach_get(struct tool *tool)
{
	const Comity__AttachmentList *list;
	const Comity__AttachmentState *found = NULL;
	ProtobufCMessage *copy;
	char path[PATH_MAX];
	TRY(get_list(tool, &list));
	TRY(find(tool, list, argument(tool, 1), &found));
	TRY(keep_message(tool, &found->base, &copy));
	found = (const Comity__AttachmentState *)copy;
	TRY(choose_path(tool, found->attachment->name, path));
	Comity__SavedFile saved = COMITY__SAVED_FILE__INIT;
	saved.schema = "comity.saved/1";
	saved.file = path;
	saved.has_size = 1;
	saved.size = found->attachment->size;
	saved.sha256 = found->attachment->sha256;
	saved.type = "result";
	saved.has_sealed = saved.sealed = found->attachment->sealed && given(tool, "sealed");
	saved.n_conditions = found->n_conditions;
	saved.conditions = found->conditions;
	TRY(found->attachment->sealed && !saved.sealed ? download_and_open(tool, found, path, &saved)
		: download(tool, argument(tool, 0), found, path));
	if (!printed_document(tool, &saved.base))
		print(tool, "%s  %s  sha256 %s  verified%s\n", safe(tool, path), size_of(tool, saved.size), safe(tool, saved.sha256),
			saved.unsealed ? ", unsealed" : saved.sealed ? ", still sealed" : "");
	for (size_t i = 0; i < found->n_conditions; i++)	/* whoever carries it away must see them, --quiet or not */
		fprintf(stderr, "condition of use: %s\n", case_condition_words(tool, found->conditions[i]));
	return OK;
}
