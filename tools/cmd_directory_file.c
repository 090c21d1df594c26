/* The directory as a file: YAML, JSON, or CSV for spreadsheets (proto/csv.h). */
#include <string.h>

#include "certs/files.h"
#include "proto/csv.h"
#include "proto/json.h"
#include "proto/yaml.h"
#include "tools/commands.h"
#include "tools/directory.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

/* There in any case, so that an export of nothing is a form to be filled in.  docs/man/comity-directory.1.scd tells of them. */
static const char *const columns[] = {
	"authority", "part", "state", "territory", "names[1].language", "names[1].text", "type",
	"acts_covered[1].kinds", "acts_covered[1].roles", "acts_covered[1].forms", "acts_covered[1].limits",
	"designations[1].instrument", "designations[1].articles", "designations[1].notified_on", "designations[1].source",
	"contacts[1].unit", "contacts[1].name", "contacts[1].phone", "contacts[1].email", "contacts[1].secure_email", "contacts[1].languages",
	"postal_address", "website", "hours.office", "hours.time_zone", "hours.working_days", "hours.holidays_on", "hours.duty.phone",
	"languages.requests", "languages.urgent_requests", "transmission.channels", "transmission.platforms",
	"transmission.diplomatic_channel_required", "transmission.paper_original_required", "transmission.oral_accepted_when_urgent",
	"urgent_procedure.what_counts", "urgent_procedure.contact.name", "urgent_procedure.contact.phone", "urgent_procedure.contact.email",
	"guides[1].title", "guides[1].url", "guides[1].language",
	"declarations[1].instrument", "declarations[1].article", "declarations[1].text", "declarations[1].declared_on",
	"networks[1].network", "networks[1].contact.name", "networks[1].contact.phone", "networks[1].contact.email",
	"unodc_entry", "review.verified_on", "review.next_review_on", "review.source", "serial", NULL
};

static bool ends_in(const char *path, const char *ending)
{
	size_t len = path ? strlen(path) : 0, wanted = strlen(ending);
	return len > wanted && !strcasecmp(path + len - wanted, ending);
}

static bool is_csv(const struct tool *tool, const char *path)
{
	return given(tool, "csv") || ends_in(path, ".csv");
}

/* ── importing ────────────────────────────────────────────────────────────────────────────────── */

/* A whole directory, or one entry. */
static enum fault map_entries(struct tool *tool, const struct document *document, Comity__Directory **directory)
{
	ProtobufCMessage *message;
	const struct node *root = document->root;
	bool is_whole = root->kind != NODE_MAP || node_find(root, "entries") || !root->first;
	TRY(document_map(tool, document, is_whole ? &comity__directory__descriptor : &comity__profile__descriptor, &message));
	if (is_whole) {
		*directory = (Comity__Directory *)message;
		return OK;
	}
	Comity__Profile **entries = arena_alloc(&tool->arena, sizeof *entries);
	*directory = arena_alloc(&tool->arena, sizeof **directory);
	if (!entries || !*directory)
		return arena_fault(&tool->arena);
	comity__directory__init(*directory);
	*entries = (Comity__Profile *)message;
	(*directory)->n_entries = 1;
	(*directory)->entries = entries;
	return OK;
}

static enum fault take_directory(struct tool *tool, const char *path, Comity__Directory **directory)
{
	struct bytes text = { 0 };
	struct document document = { 0 };
	const char *name = strcmp(path, "-") ? path : "standard input";
	enum fault fault = file_take(path, DOCUMENT_SIZE_MAX, &text);
	if (!fault && is_csv(tool, path))
		fault = csv_read(&document, name, span_of(&text), "entries", &comity__profile__descriptor);
	else if (!fault)
		fault = document_read(&document, name, span_of(&text));
	if (!fault)
		fault = map_entries(tool, &document, directory);
	document_clear(&document);
	bytes_clear(&text);
	return fault;
}

static void print_imported(struct tool *tool, const Comity__DirectoryImported *imported)
{
	struct table table = TABLE("AUTHORITY", "WHAT", "~WHY");
	for (size_t i = 0; i < imported->n_changes; i++) {
		const Comity__DirectoryChange *change = imported->changes[i];
		ROW(tool, &table, safe(tool, change->authority), safe(tool, change->what), safe_or(tool, change->reason, "-"));
	}
	table_print(tool, &table);
	if (imported->dry_run)
		say(tool, "Nothing was changed: this is what would be done.");
}

enum fault cmd_directory_import(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Directory *directory;
	Comity__DirectoryImport order = COMITY__DIRECTORY_IMPORT__INIT;
	TRY(take_directory(tool, argument(tool, 0), &directory));
	order.n_entries = directory->n_entries;
	order.entries = directory->entries;
	order.origin = (char *)(given(tool, "origin") ? given(tool, "origin") : argument(tool, 0));
	order.has_dry_run = 1;
	order.dry_run = given(tool, "dry-run") != NULL;
	Comity__Call call = SUBMIT(tool, DIRECTORY_IMPORT, directory_import, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_IMPORTED, &reply));
	if (!printed_json(tool, &reply->imported->base))
		print_imported(tool, reply->imported);
	return OK;
}

/* ── exporting ────────────────────────────────────────────────────────────────────────────────── */

static enum fault gather(struct tool *tool, Comity__Directory *directory)
{
	const Comity__DirectoryList *list;
	TRY(directory_ask(tool, NULL, &list));
	directory->entries = arena_alloc(&tool->arena, (list->n_data + 1) * sizeof *directory->entries);
	if (!directory->entries)
		return arena_fault(&tool->arena);
	directory->schema = "comity.directory/1";
	for (size_t i = 0; i < list->n_data; i++)
		if (list->data[i]->entry && list->data[i]->entry->profile)
			directory->entries[directory->n_entries++] = list->data[i]->entry->profile;
	return OK;
}

static enum fault write_directory(struct tool *tool, const Comity__Directory *directory, struct bytes *out)
{
	const char *path = given(tool, "output");
	if (is_csv(tool, path))
		return csv_write(&comity__profile__descriptor, (const ProtobufCMessage *const *)directory->entries, directory->n_entries,
			columns, out);
	return ends_in(path, ".json") ? json_write(&directory->base, JSON_PRETTY_STYLE, out) : yaml_write(&directory->base, out);
}

static enum fault save(struct tool *tool, const char *path, struct span text, size_t count)
{
	Comity__SavedFile saved = COMITY__SAVED_FILE__INIT;
	TRY(file_replace(path, FILE_PUBLIC, text));
	saved.schema = "comity.saved/1";
	saved.file = (char *)path;
	saved.has_size = 1;
	saved.size = text.len;
	if (!printed_document(tool, &saved.base))
		print(tool, "Wrote %zu entries to %s\n", count, path);
	return OK;
}

enum fault cmd_directory_export(struct tool *tool)
{
	Comity__Directory directory = COMITY__DIRECTORY__INIT;
	struct bytes out = { 0 };
	const char *path = given(tool, "output");
	bool is_file = path && strcmp(path, "-");
	TRY(gather(tool, &directory));
	if (!is_file && !given(tool, "csv") && printed_json(tool, &directory.base))
		return OK;
	enum fault fault = write_directory(tool, &directory, &out);
	if (!fault && is_file)
		fault = save(tool, path, span_of(&out), directory.n_entries);
	else if (!fault)
		fault = bytes_append(&tool->out, span_of(&out));	/* a file for programs: as it is */
	bytes_clear(&out);
	return fault;
}
