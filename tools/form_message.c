/* The form of a message: an act of casework, every field of it, with what the schema says of it. */
#include <string.h>

#include "daemon/law/acts.h"
#include "proto/field.h"
#include "tools/form.h"
#include "tools/form_shapes.h"

enum { STEP = 2, DEPTH_MAX = 8 };

static const struct {
	const char *type, *field, *text;	/* field NULL: of the type itself */
} words[] = {
#include "tools/schema_words.h"
};

static const char *words_of(const char *type, const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(words[i].type, type) && (field ? words[i].field && !strcmp(words[i].field, field) : !words[i].field))
			return words[i].text;
	return NULL;
}

/* Where a line stands: as a proposal behind a #. */
struct place {
	struct bytes *out;
	unsigned columns;
	bool is_comment, is_item;	/* "- " is due before its first key */
};

static enum fault begin_line(const struct place *place, bool is_key)
{
	unsigned columns = place->is_item ? place->columns - STEP : place->columns;
	TRY(bytes_printf(place->out, "%s%*s", place->is_comment ? "#" : "", (int)columns, ""));
	return bytes_append_text(place->out, is_key && place->is_item ? "- " : "");
}

static enum fault write_note(const struct place *place, const char *text)
{
	if (!text)
		return OK;
	TRY(begin_line(place, false));
	return bytes_printf(place->out, "# %s\n", text);
}

static enum fault write_type(struct place place, const ProtobufCMessageDescriptor *type, unsigned depth);

/* The draft of a request has a form of its own. */
static enum fault write_message(struct place place, const ProtobufCFieldDescriptor *field, unsigned depth)
{
	bool is_list = field_is_repeated(field), is_request = field_type(field) == &comity__request__descriptor;
	place.is_comment = place.is_comment || is_list;
	TRY(begin_line(&place, true));
	TRY(bytes_printf(place.out, "%s:%s\n", field->name, is_request ? "    # the whole of: comity request template" : ""));
	if (is_request || depth == DEPTH_MAX)
		return OK;
	place.is_item = is_list;
	place.columns += is_list ? 2 * STEP : STEP;
	return write_type(place, field_type(field), depth + 1);
}

static enum fault write_scalar(const struct place *place, const ProtobufCFieldDescriptor *field)
{
	const char *shape = shape_of(field);
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		TRY(shape_choices(place->out, field_enum(field), place->is_comment, place->is_item ? place->columns - STEP : place->columns));
	TRY(begin_line(place, true));
	return field_is_repeated(field) ? bytes_printf(place->out, "%s:    # [%s, ...]\n", field->name, shape)
		: bytes_printf(place->out, "%s:    # %s\n", field->name, shape);
}

static enum fault write_type(struct place place, const ProtobufCMessageDescriptor *type, unsigned depth)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		if (field->type == PROTOBUF_C_TYPE_BYTES)
			continue;	/* not for hands */
		TRY(write_note(&place, words_of(type->short_name, field->name)));
		TRY(field->type == PROTOBUF_C_TYPE_MESSAGE ? write_message(place, field, depth) : write_scalar(&place, field));
		place.is_item = false;
	}
	return OK;
}

/* Who may say it, in the words of the table. */
static const char *who_may(const ProtobufCFieldDescriptor *act)
{
	const struct act_rule *rule = act_rule((act_kind)act->id);
	return !rule ? "" : rule->side == SIDE_REQUESTING ? "Said by the requesting side." : rule->side == SIDE_REQUESTED
		? "Said by the requested side." : "Said by either side.";
}

enum fault form_write_act(const ProtobufCFieldDescriptor *act, struct bytes *out)
{
	const ProtobufCMessageDescriptor *type = field_type(act);
	struct place place = { .out = out, .columns = 3 * STEP };
	const char *about = words_of(type->short_name, NULL);
	TRY(bytes_printf(out, "# %s\n# %s  Fill in what you need, the rest may stay empty; what begins with # is a proposal.\n"
		"# Then: comity message send REF --from FILE\n\n", about ? about : type->short_name, who_may(act)));
	TRY(bytes_printf(out, "acts:\n  - %s:\n", act->name));
	TRY(write_type(place, type, 0));
	return bytes_append_text(out, "\n# the words, and their language\nsubject:    # text\nlanguage:    # text\ntext:    # text\n");
}
