/* comity config: what comityd.yaml says, whether it may, and what it could say.
 *
 * Settings, their defaults and what is said of each stand in proto/config.proto alone: the list that is shown and the example are a walk
 * over that schema.  Whether a file is right is judged by comityd itself. */
#include <string.h>

#include "certs/files.h"
#include "proto/config.pb-c.h"
#include "proto/document.h"
#include "proto/mapping.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/service.h"

enum { CONFIG_SIZE_MAX = 1 << 20, SETTINGS_MAX = 256 };

/* ── a walk over the settings ─────────────────────────────────────────────────────────────────────── */

/* One of them: "line.ping_interval", its part of the message, and where that part stands in the file. */
struct setting {
	const ProtobufCFieldDescriptor *section, *field;	/* section: NULL on the first level */
	const ProtobufCMessage *part;		/* as read; NULL: nothing of it was said */
	const struct node *place;		/* NULL: it does not stand there */
	bool is_first;				/* of its section */
};

struct walk {
	struct tool *tool;
	const Comity__Config *config;		/* NULL: of no file */
	const struct document *document;
	enum fault (*each)(struct walk *walk, const struct setting *setting);
	void *owner;
};

static bool is_section(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
}

static const struct node *child(const struct node *map, const char *name)
{
	return map && map->kind == NODE_MAP ? node_find(map, name) : NULL;
}

static enum fault walk_section(struct walk *walk, const ProtobufCFieldDescriptor *section)
{
	const ProtobufCMessageDescriptor *type = section->descriptor;
	const struct node *root = walk->document ? walk->document->root : NULL, *map = child(root, section->name);
	const ProtobufCMessage *part = NULL;
	if (walk->config)
		memcpy(&part, (const char *)walk->config + section->offset, sizeof part);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const struct setting setting = { section, &type->fields[i], part, child(map, type->fields[i].name), !i };
		TRY(walk->each(walk, &setting));
	}
	return OK;
}

static enum fault walk_all(struct walk *walk)
{
	const ProtobufCMessageDescriptor *type = &comity__config__descriptor;
	const struct node *root = walk->document ? walk->document->root : NULL;
	for (int sections = 0; sections < 2; sections++)
		for (unsigned i = 0; i < type->n_fields; i++) {
			const ProtobufCFieldDescriptor *field = &type->fields[i];
			const struct setting setting = { NULL, field, walk->config ? &walk->config->base : NULL, child(root, field->name),
				false };
			if (is_section(field) == (sections > 0))
				TRY(sections ? walk_section(walk, field) : walk->each(walk, &setting));
		}
	return OK;
}

/* ── what holds ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_one(struct bytes *out, const ProtobufCFieldDescriptor *field, const void *at)
{
	const char *text;
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		memcpy(&text, at, sizeof text);
		return bytes_append_text(out, text ? text : "");
	case PROTOBUF_C_TYPE_BOOL:
		return bytes_append_text(out, *(const protobuf_c_boolean *)at ? "true" : "false");
	default:
		return bytes_printf(out, "%u", (unsigned)*(const uint32_t *)at);
	}
}

static enum fault write_list(struct bytes *out, const ProtobufCMessage *part, const ProtobufCFieldDescriptor *field)
{
	size_t count;
	char *const *list;
	memcpy(&count, (const char *)part + field->quantifier_offset, sizeof count);
	memcpy(&list, (const char *)part + field->offset, sizeof list);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return bytes_printf(out, "%zu", count);
	for (size_t i = 0; i < count; i++)
		TRY(bytes_printf(out, "%s%s", i ? ", " : "", list[i]));
	return OK;
}

/* The value that holds, said or not. */
static enum fault write_value(struct bytes *out, const struct setting *setting)
{
	const ProtobufCFieldDescriptor *field = setting->field;
	bool is_said = setting->part && setting->place;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return is_said ? write_list(out, setting->part, field) : OK;
	if (is_said)
		return write_one(out, field, (const char *)setting->part + field->offset);
	if (!field->default_value)
		return OK;
	return field->type == PROTOBUF_C_TYPE_STRING ? bytes_append_text(out, field->default_value) :
		write_one(out, field, field->default_value);
}

static char *kept(struct tool *tool, struct bytes *text)
{
	char *copy = arena_text(&tool->arena, span_of(text));
	bytes_clear(text);
	return copy;
}

static enum fault add_setting(struct walk *walk, const struct setting *setting)
{
	Comity__ConfigReport *report = walk->owner;
	Comity__ConfigSetting *row = arena_alloc(&walk->tool->arena, sizeof *row);
	struct bytes name = { 0 }, value = { 0 }, origin = { 0 };
	if (!row || report->n_settings == SETTINGS_MAX)
		return FAULT_NO_MEMORY;
	comity__config_setting__init(row);
	report->settings[report->n_settings++] = row;
	enum fault fault = bytes_printf(&name, "%s%s%s", setting->section ? setting->section->name : "", setting->section ? "." : "",
		setting->field->name);
	if (!fault)
		fault = write_value(&value, setting);
	if (!fault)
		fault = setting->place ? bytes_printf(&origin, "%s:%u", walk->document->name, setting->place->key_line) :
			bytes_append_text(&origin, "default");
	row->name = kept(walk->tool, &name);
	row->value = kept(walk->tool, &value);
	row->origin = kept(walk->tool, &origin);
	return fault || (row->name && row->value && row->origin) ? fault : FAULT_NO_MEMORY;
}

static void print_settings(struct tool *tool, const Comity__ConfigReport *report)
{
	struct table table = TABLE("SETTING", "~VALUE", "FROM");
	for (size_t i = 0; i < report->n_settings; i++)
		ROW(tool, &table, safe(tool, report->settings[i]->name), safe_or(tool, report->settings[i]->value, "-"),
			safe(tool, report->settings[i]->origin));
	table_print(tool, &table);
}

static enum fault read_file(const char *path, struct bytes *text, struct document *document, struct arena *arena, ProtobufCMessage **config)
{
	struct mapping_faults faults = { 0 };
	enum fault fault = file_read(path, FILE_PUBLIC, CONFIG_SIZE_MAX, text);
	if (!fault)
		fault = document_read(document, path, span_of(text));
	if (!fault)
		fault = mapping_read(document, &comity__config__descriptor, arena, config, &faults);
	if (fault && faults.count)
		fault = fault_say(FAULT_CONFIG, "%s", bytes_text(&faults.list[0].sentence));
	mapping_faults_clear(&faults);
	return fault;
}

static const char *path_of(struct tool *tool)
{
	struct bytes path = { 0 };
	enum fault fault = bytes_printf(&path, "%s%s/comityd.yaml", tool->home ? tool->home : "", tool->home ? "/etc" : "/etc/comity");
	char *copy = kept(tool, &path);
	return fault ? NULL : copy;
}

enum fault cmd_config_show(struct tool *tool)
{
	struct bytes text = { 0 };
	struct document document = { 0 };
	ProtobufCMessage *config = NULL;
	Comity__ConfigReport report = COMITY__CONFIG_REPORT__INIT;
	const char *path = path_of(tool);
	if (!path)
		return FAULT_NO_MEMORY;
	report.schema = "comity.config/1";
	report.file = (char *)path;
	report.settings = arena_alloc(&tool->arena, SETTINGS_MAX * sizeof *report.settings);
	if (!report.settings)
		return FAULT_NO_MEMORY;
	enum fault fault = read_file(path, &text, &document, &tool->arena, &config);
	struct walk walk = { tool, (const Comity__Config *)config, &document, add_setting, &report };
	if (!fault)
		fault = walk_all(&walk);
	if (!fault && !printed_json(tool, &report.base))
		print_settings(tool, &report);
	document_clear(&document);
	bytes_clear(&text);
	return fault;
}

/* ── what could be said ───────────────────────────────────────────────────────────────────────────── */

static const struct { const char *type, *field, *text; } words[] = {
#include "tools/config_schema_words.h"
};

static const char *words_of(const char *type, const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].field && !strcmp(words[i].type, type) && !strcmp(words[i].field, field))
			return words[i].text;
	return NULL;
}

static enum fault write_example_value(struct bytes *out, const struct setting *setting)
{
	bool is_text = setting->field->type == PROTOBUF_C_TYPE_STRING;
	if (setting->field->label == PROTOBUF_C_LABEL_REPEATED)
		return bytes_append_text(out, "[]");
	TRY(bytes_append_text(out, is_text ? "\"" : ""));
	TRY(write_value(out, setting));
	return bytes_append_text(out, is_text ? "\"" : "");
}

/* All behind a "#" but who we are: as it stands it is right, and so it is with the signs taken away. */
static enum fault write_example(struct walk *walk, const struct setting *setting)
{
	struct bytes *out = walk->owner;
	const ProtobufCMessageDescriptor *type = setting->section ? setting->section->descriptor : &comity__config__descriptor;
	const char *name = setting->field->name, *about = words_of(type->short_name, name);
	bool is_ours = !setting->section && (!strcmp(name, "authority") || !strcmp(name, "name"));
	if (setting->is_first)
		TRY(bytes_printf(out, "\n#%s:\n", setting->section->name));
	if (about)
		TRY(bytes_printf(out, "%s# %s\n", setting->section ? "#  " : "", about));
	TRY(bytes_printf(out, "%s%s%s: ", is_ours ? "" : "#", setting->section ? "  " : "", name));
	if (is_ours)
		TRY(bytes_append_text(out, *name == 'a' ? "xf-ca" : "\"Central Authority of Freedonia\""));
	else
		TRY(write_example_value(out, setting));
	return bytes_append_text(out, "\n");
}

enum fault cmd_config_example(struct tool *tool)
{
	struct bytes text = { 0 };
	struct walk walk = { .tool = tool, .each = write_example, .owner = &text };
	enum fault fault = bytes_append_text(&text, "# comityd.yaml: what is behind a # is what holds unless it is said.  Check it with: comity config check\n");
	if (!fault)
		fault = walk_all(&walk);
	if (!fault)
		print(tool, "%s", bytes_text(&text));
	bytes_clear(&text);
	return fault;
}

/* ── is it right? ─────────────────────────────────────────────────────────────────────────────────── */

/* "error[config]: ..." and "warning: ..." of comityd, a row each; its last word about the whole is no problem of its own. */
static enum fault take_lines(struct tool *tool, struct bytes *said, Comity__ConfigCheck *check)
{
	static const char error[] = "error[config]: ", warning[] = "warning: ";
	char *save = NULL, *text = arena_text(&tool->arena, span_of(said));
	check->problems = arena_alloc(&tool->arena, SETTINGS_MAX * sizeof *check->problems);
	check->warnings = arena_alloc(&tool->arena, SETTINGS_MAX * sizeof *check->warnings);
	if (!text || !check->problems || !check->warnings)
		return FAULT_NO_MEMORY;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, error, sizeof error - 1) && check->n_problems < SETTINGS_MAX)
			check->problems[check->n_problems++] = line + sizeof error - 1;
		if (!strncmp(line, warning, sizeof warning - 1) && check->n_warnings < SETTINGS_MAX)
			check->warnings[check->n_warnings++] = line + sizeof warning - 1;
	}
	check->n_problems -= check->n_problems > 1;
	return OK;
}

static void print_check(struct tool *tool, const Comity__ConfigCheck *check)
{
	for (size_t i = 0; i < check->n_problems; i++)
		print(tool, "WRONG  %s\n", safe(tool, check->problems[i]));
	for (size_t i = 0; i < check->n_warnings; i++)
		print(tool, "doubt  %s\n", safe(tool, check->warnings[i]));
	if (check->ok)
		print(tool, "%s is right\n", safe(tool, check->file));
}

enum fault cmd_config_check(struct tool *tool)
{
	Comity__ConfigCheck check = COMITY__CONFIG_CHECK__INIT;
	const char *file = argument(tool, 0);
	const char *const order[] = { "--check-config", file ? "--config" : NULL, file, NULL };
	struct bytes said = { 0 };
	enum fault fault = service_hear(tool, order, NULL, &said);
	check.schema = "comity.config-check/1";
	check.file = (char *)(file ? file : path_of(tool));
	check.has_ok = 1;
	check.ok = !fault;
	enum fault taken = fault && fault != FAULT_CONFIG ? fault : take_lines(tool, &said, &check);
	bytes_clear(&said);
	TRY(taken);
	if (!printed_json(tool, &check.base))
		print_check(tool, &check);
	tool->is_told = fault != OK;
	tool->exit_status = fault ? fault_exit_status(fault) : 0;
	return fault;
}
