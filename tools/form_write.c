/* Writing the form: a walk over the schema, stopping at what the document has and at what the tables of needs mention. */
#include <string.h>

#include "daemon/law/completeness_needs.h"
#include "proto/field.h"
#include "proto/yaml.h"
#include "tools/form.h"
#include "tools/form_shapes.h"

enum { STEP = 2, PATH_SIZE = 160, NOTES_MAX = 6 };

struct form {
	const Comity__Request *request;
	struct bytes *out;
};

/* Where the walk is: a message, or where one may be written. */
struct spot {
	const ProtobufCMessageDescriptor *type;
	const ProtobufCMessage *message;	/* NULL: there is none yet */
	const Comity__Measure *measure;		/* paths count from it; NULL: from the request */
	const char *path;			/* with a dot at its end, or empty */
	unsigned columns;
	bool is_comment;			/* only proposed */
	bool is_item;				/* "- " is due before its first key */
	bool is_whole;				/* every field, not just those that are mentioned */
};

/* ── what the tables say of a field ───────────────────────────────────────────────────────────── */

struct mention {
	bool is_there, has_deeper;
	enum need_level level;			/* the highest of it and of what is below it */
	const struct need *notes[NOTES_MAX];	/* of it alone */
	bool is_other[NOTES_MAX];		/* another field will do as well, and comes first */
	size_t n;
};

static const struct needs *const tables[] = { &needs_of_all, &needs_of_kinds, &needs_of_natures, &needs_of_forms };
static const char root[] = "request.", measures[] = "request.measures.";

static void add_note(struct mention *mention, const struct need *need, bool is_other)
{
	for (size_t i = 0; i < mention->n; i++)
		if (!strcmp(mention->notes[i]->message, need->message))
			return;
	if (mention->n == NOTES_MAX)
		return;
	mention->is_other[mention->n] = is_other;
	mention->notes[mention->n++] = need;
}

/* One of a need's alternatives; all but the first only offered. */
static void consider(struct mention *mention, const struct need *need, const char *fields, bool is_first, const char *path)
{
	size_t len = strlen(path);
	if (strncmp(fields, path, len) || !strchr(".|", fields[len]))
		return;
	enum need_level level = is_first ? need->level : NEED_OFFERED;
	mention->is_there = true;
	mention->level = level > mention->level ? level : mention->level;
	if (fields[len] == '.')
		mention->has_deeper = true;
	else
		add_note(mention, need, !is_first);
}

static void consider_all(struct mention *mention, const struct need *need, const struct spot *spot, const char *path)
{
	for (const char *at = need->fields; at && *at;) {
		bool is_of_measure = !strncmp(at, measures, sizeof measures - 1) || strncmp(at, root, sizeof root - 1) != 0;
		size_t skipped = strncmp(at, root, sizeof root - 1) ? 0 : is_of_measure ? sizeof measures - 1 : sizeof root - 1;
		if (is_of_measure == (spot->measure != NULL))
			consider(mention, need, at + skipped, at == need->fields, path);
		const char *bar = strchr(at, '|');
		at = bar ? bar + 1 : NULL;
	}
}

/* A form's needs may be of the request as well: then of all the measures'. */
static bool applies(const struct form *form, const struct needs *needs, const struct need *need, const struct spot *spot)
{
	const Comity__Request *request = form->request;
	if (needs != &needs_of_forms || spot->measure)
		return need_applies(needs, need, request, needs == &needs_of_forms ? spot->measure : NULL);
	for (size_t i = 0; i < request->n_measures; i++)	/* NOLINT(clang-analyzer-core.NullDereference) */
		if (need_applies(needs, need, request, request->measures[i]))
			return true;
	return false;
}

static struct mention mention_of(const struct form *form, const struct spot *spot, const char *path)
{
	struct mention mention = { 0 };
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			if (applies(form, tables[t], &tables[t]->at[i], spot))
				consider_all(&mention, &tables[t]->at[i], spot, path);
	return mention;
}

/* ── lines ────────────────────────────────────────────────────────────────────────────────────── */

/* What is before a key, or before the note on it. */
static enum fault begin_line(struct form *form, const struct spot *spot, bool is_key)
{
	unsigned columns = spot->is_item ? spot->columns - STEP : spot->columns;
	TRY(bytes_printf(form->out, "%s%*s", spot->is_comment ? "#" : "", (int)columns, ""));
	return bytes_append_text(form->out, is_key && spot->is_item ? "- " : "");
}

static enum fault write_note(struct form *form, const struct spot *spot, const struct need *need, bool is_other)
{
	static const char *const words[] = { [NEED_OFFERED] = "", [NEED_WISHED] = "should: ", [NEED_MUST] = "MUST: " };
	TRY(begin_line(form, spot, false));
	return bytes_printf(form->out, "# %s%s%s%s%s\n", is_other ? "or here: " : words[need->level], need->message, need->article ? "  (" : "",
		need->article ? need->article : "", need->article ? ")" : "");
}

static enum fault write_blank(struct form *form, const struct spot *spot, const ProtobufCFieldDescriptor *field)
{
	TRY(begin_line(form, spot, true));
	const char *shape = shape_of(field);
	return field_is_repeated(field) ? bytes_printf(form->out, "%s:    # [%s, ...]\n", field->name, shape)
		: bytes_printf(form->out, "%s:    # %s\n", field->name, shape);
}

/* ── papers ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_paper(struct form *form, unsigned *number, int role, const struct need *need)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&comity__attachment_role__value__descriptor, role);
	struct spot spot = { .columns = STEP, .is_comment = true };
	if (need)
		TRY(write_note(form, &spot, need, false));
	TRY(begin_line(form, &spot, true));
	TRY(bytes_printf(form->out, "- { id: A%u, role: %s, language: }\n", *number, value ? value->name : "OTHER"));
	++*number;
	return OK;
}

static bool applies_anywhere(const struct form *form, const struct needs *needs, const struct need *need)
{
	struct spot spot = { 0 };
	return need->papers[0] && applies(form, needs, need, &spot);
}

/* Those that go along, as far as the tables know which: proposals, for what is named must be there when it is sent. */
static enum fault write_papers(struct form *form)
{
	bool is_written[UINT8_MAX] = { false };
	unsigned number = 1;
	TRY(bytes_append_text(form->out, "\n# The files that go along, added with: comity attach add.\n#attachments:\n"));
	TRY(write_paper(form, &number, COMITY__ATTACHMENT_ROLE__VALUE__REQUEST_LETTER, NULL));
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct need *need = &tables[t]->at[i];
			if (!applies_anywhere(form, tables[t], need) || is_written[need->papers[0]])
				continue;
			is_written[need->papers[0]] = true;
			TRY(write_paper(form, &number, (int)need->papers[0], need));
		}
	}
	return OK;
}

/* ── the walk ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_fields(struct form *form, struct spot spot);

static enum fault write_below(struct form *form, const struct spot *spot, const ProtobufCFieldDescriptor *field, const char *path,
	size_t index, const struct mention *mention)
{
	char deeper[PATH_SIZE];
	const ProtobufCMessage *message = spot->message && index < field_count(spot->message, field)
		? field_message(spot->message, field, index) : NULL;
	struct spot below = { .type = field_type(field), .message = message, .measure = spot->measure, .path = deeper,
		.columns = spot->columns + STEP, .is_comment = spot->is_comment, .is_item = field_is_repeated(field),
		.is_whole = spot->is_whole || (mention->is_there && !mention->has_deeper) };
	snprintf(deeper, sizeof deeper, "%s.", path);
	below.columns += below.is_item ? STEP : 0;
	if (below.type == &comity__measure__descriptor) {
		below.measure = (const Comity__Measure *)message;
		*deeper = '\0';
		below.is_whole = false;
	}
	return write_fields(form, below);
}

static enum fault write_message(struct form *form, struct spot spot, const ProtobufCFieldDescriptor *field, const char *path,
	const struct mention *mention)
{
	size_t count = spot.message ? field_count(spot.message, field) : 0;
	bool is_proposed = !count && field_is_repeated(field) && (mention->level == NEED_OFFERED || spot.is_whole);
	spot.is_comment = spot.is_comment || is_proposed;
	TRY(begin_line(form, &spot, true));
	TRY(bytes_printf(form->out, "%s:\n", field->name));
	spot.is_item = false;
	for (size_t i = 0; i < (count ? count : 1); i++)
		TRY(write_below(form, &spot, field, path, i, mention));
	return OK;
}

static enum fault write_one(struct form *form, const struct spot *spot, const ProtobufCFieldDescriptor *field, const char *path,
	const struct mention *mention)
{
	bool is_there = spot->message && field_count(spot->message, field);
	if (!spot->columns)
		TRY(bytes_append_text(form->out, "\n"));
	for (size_t i = 0; i < mention->n; i++)
		TRY(write_note(form, spot, mention->notes[i], mention->is_other[i]));
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return write_message(form, *spot, field, path, mention);
	if (!is_there && field->type == PROTOBUF_C_TYPE_ENUM)
		TRY(shape_choices(form->out, field_enum(field), spot->is_comment, spot->is_item ? spot->columns - STEP : spot->columns));
	if (!is_there)
		return write_blank(form, spot, field);
	TRY(begin_line(form, spot, true));
	return yaml_write_field(spot->message, field, spot->columns, form->out);
}

static enum fault write_fields(struct form *form, struct spot spot)
{
	for (unsigned i = 0; i < spot.type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &spot.type->fields[i];
		char path[PATH_SIZE];
		snprintf(path, sizeof path, "%s%s", spot.path, field->name);
		bool is_there = spot.message && field_count(spot.message, field);
		struct mention mention = mention_of(form, &spot, path);
		if (!spot.columns && !strcmp(field->name, "attachments") && !is_there) {
			TRY(write_papers(form));
		} else if (is_there || mention.is_there || spot.is_whole) {
			TRY(write_one(form, &spot, field, path, &mention));
			spot.is_item = false;
		}
	}
	return OK;
}

enum fault form_write(const Comity__Request *document, struct bytes *out)
{
	struct form form = { document, out };
	struct spot spot = { .type = &comity__request__descriptor, .message = &document->base, .path = "" };
	TRY(bytes_append_text(out, "# A request to another State's central authority, as much of the form as its kind, nature and forms of assistance\n"
		"# need.  MUST: without it the request is not sent.  should: without it there is a warning.  The rest may stay empty.\n"
		"# What begins with # is a proposal: take the # away where you need it.  Then: comity request validate\n"));
	return write_fields(&form, spot);
}
