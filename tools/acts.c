#include "tools/acts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/field.h"
#include "proto/scalar.h"
#include "proto/suggest.h"
#include "tools/print.h"
#include "tools/workdays.h"

enum { PLACES_MAX = 6, SPELLED_SIZE = 64 };

/* Which fields an option may stand for, the first that fits. */
static const struct place {
	const char *option;
	const char *fields[PLACES_MAX];
} places[] = {
	{ "note",                { "note" } },
	{ "reason",              { "reasons", "position", "explanation", "reason", "deficiency", "note" } },
	{ "ground",              { "refusal_grounds", "postponement_ground", "cause", "reason" } },
	{ "until",               { "review_on", "answer_by_on", "reply_by_on", "notice_period_ended_on", "expected_on", "until" } },
	{ "needs-answer-by",     { "answer_by_on", "reply_by_on", "wanted_on" } },
	{ "authority",           { "competent_authority", "right_authority" } },
	{ "authority-type",      { "type" } },
	{ "authority-reference", { "authority_reference" } },
	{ "reference",           { "requested_reference" } },
	{ "outcome",             { "outcome" } },
	{ "record",              { "record_of_execution" } },
	{ "question",            { "questions" } },
	{ "priority",            { "priority" } },
	{ "milestone",           { "milestone" } },
	{ "milestone-at",        { "milestone_at" } },
	{ "at",                  { "start_at", "counter_start_at" } },
	/* of a file */
	{ "role",                { "role" } },
	{ "title",               { "title" } },
	{ "language",            { "language" } },
	{ "translation-of",      { "translation_of" } },
	{ "form",                { "form" } },
};

static const struct place *place_of(const char *option)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (!strcmp(places[i].option, option))
			return &places[i];
	return NULL;
}

/* One more value at the end of the field, zeroed; the ones that are there stay. */
static void *add_value(struct tool *tool, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t count = field_is_repeated(field) ? field_count(message, field) : 0, size = field_value_size(field);
	const void *before = count ? field_value(message, field, 0) : NULL;
	char *values = field_make(message, field, count + 1, &tool->arena);
	if (values && before)
		memcpy(values, before, count * size);
	return values ? values + count * size : NULL;
}

/* A question is a message of its own: a number and a text. */
static enum fault add_question(struct tool *tool, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
	const char *text)
{
	uint32_t number = (uint32_t)field_count(message, field) + 1;
	Comity__Question *question = arena_alloc(&tool->arena, sizeof *question);
	Comity__Question **at = add_value(tool, message, field);
	if (!question || !at)
		return FAULT_NO_MEMORY;
	comity__question__init(question);
	question->has_number = 1;
	question->number = number;
	question->text = (char *)text;
	*at = question;
	return OK;
}

static enum fault put(struct tool *tool, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text)
{
	const char *reason = "is not fit for it";
	/* a number may be a value that only a newer counterpart knows by name */
	bool is_word = field->type == PROTOBUF_C_TYPE_ENUM && !isdigit((unsigned char)*text);
	union { char *text; int32_t number; bool truth; uint64_t wide; } value = { 0 };
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return field_type(field) == &comity__question__descriptor ? add_question(tool, message, field, text)
			: fault_say(FAULT_USAGE, "%s is not a single value", field->name);
	if (field->type == PROTOBUF_C_TYPE_STRING && check_text(field, span_of_text(text), &reason))
		return fault_say(FAULT_USAGE, "\"%.60s\" %s", text, reason);
	TRY(is_word ? word_read(field_enum(field), field->name, text, &value.number)
		: scalar_read(field, span_of_text(text), &value, &tool->arena));
	void *at = add_value(tool, message, field);
	if (!at)
		return FAULT_NO_MEMORY;
	memcpy(at, &value, field_value_size(field));
	return OK;
}

bool has_place(const ProtobufCMessage *message, const char *option)
{
	const struct place *place = place_of(option);
	for (size_t i = 0; place && i < PLACES_MAX && place->fields[i]; i++)
		if (field_find(message->descriptor, place->fields[i]))
			return true;
	return false;
}

/* "--until 5wd": the working days of the requested authority. */
static enum fault count_days(struct tool *tool, const char *option, const char **text)
{
	bool is_day = !strcmp(option, "until") || !strcmp(option, "needs-answer-by");
	char *date;
	if (!is_day || !workdays_is(*text))
		return OK;
	TRY(workdays_count_for(tool, argument(tool, 0), *text, &date));
	*text = date;
	return OK;
}

enum fault fill(struct tool *tool, ProtobufCMessage *message, const char *option, const char *text)
{
	char what[SPELLED_SIZE], why[1000] = "";
	const struct place *place = place_of(option);
	TRY(count_days(tool, option, &text));
	type_spell(message->descriptor, what, sizeof what);
	for (size_t i = 0; place && i < PLACES_MAX && place->fields[i]; i++) {
		const ProtobufCFieldDescriptor *field = field_find(message->descriptor, place->fields[i]);
		enum fault fault = field ? put(tool, message, field, text) : FAULT_NOT_FOUND;
		if (!fault || fault == FAULT_NO_MEMORY)
			return fault;
		if (field)
			snprintf(why, sizeof why, "%s", fault_detail(fault));
	}
	if (*why)
		return fault_say(FAULT_USAGE, "--%s: %s", option, why);
	for (char *at = what; *at; at++)
		*at = *at == '_' ? '-' : *at;
	return fault_say(FAULT_USAGE, "--%s has no place here: a \"%s\" does not say such a thing", option, what);
}

enum fault fill_given(struct tool *tool, ProtobufCMessage *message, const char *option)
{
	const char *text;
	for (size_t i = 0; (text = given_at(tool, option, i)); i++)
		TRY(fill(tool, message, option, text));
	return OK;
}

/* When it happened in law, with the offset of this place. */
static enum fault fill_time(struct tool *tool, ProtobufCMessage *act)
{
	char *stamp;
	if (!given(tool, "on"))
		return OK;
	TRY(legal_time(tool, "on", given(tool, "on"), &stamp));
	return put(tool, act, field_find(act->descriptor, "occurred_at"), stamp);
}

enum fault fill_all(struct tool *tool, ProtobufCMessage *act)
{
	static const char *const said[] = { "note", "reason", "ground", "until", "needs-answer-by", "authority", "authority-type",
		"authority-reference", "reference", "outcome", "record", "question",
		"milestone", "milestone-at", "at" };
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		TRY(fill_given(tool, act, said[i]));
	TRY(fill_time(tool, act));
	return fill_measures(tool, act);
}

/* ── measures ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault read_measure(struct tool *tool, const char *text, Comity__MeasureReport *report)
{
	char *copy = arena_text(&tool->arena, span_of_text(text));
	if (!copy)
		return FAULT_NO_MEMORY;
	char *equals = strchr(copy, '='), *colon = equals ? strchr(equals, ':') : NULL;
	if (!equals || equals == copy)
		return fault_say(FAULT_USAGE, "--measure: \"%.60s\" is not of the form M1=EXECUTED or M1=EXECUTED:note", text);
	*equals = 0;
	if (colon)
		*colon = 0;
	int status;
	TRY(word_read(&comity__measure_status__value__descriptor, "status of a measure", equals + 1, &status));
	report->measure = copy;
	report->has_status = 1;
	report->status = (Comity__MeasureStatus__Value)status;
	report->note = colon ? colon + 1 : NULL;
	return OK;
}

/* The ground of the refusal of a single measure stands with the measure too: 18(21), 18(23). */
static enum fault found_refusal(struct tool *tool, Comity__MeasureReport *report)
{
	int ground;
	if (report->status != COMITY__MEASURE_STATUS__VALUE__REFUSED || !given(tool, "ground"))
		return OK;
	TRY(word_read(&comity__refusal_ground__value__descriptor, "ground of refusal", given(tool, "ground"), &ground));
	report->has_refusal_ground = 1;
	report->refusal_ground = (Comity__RefusalGround__Value)ground;
	report->reasons = (char *)given(tool, "reason");
	return OK;
}

/* A withdrawal and a deficiency notice name measures; other acts report on them. */
static enum fault fill_measure(struct tool *tool, ProtobufCMessage *act, const ProtobufCFieldDescriptor *field, const char *text)
{
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return put(tool, act, field, text);
	Comity__MeasureReport *report = arena_alloc(&tool->arena, sizeof *report);
	if (!report)
		return FAULT_NO_MEMORY;
	comity__measure_report__init(report);
	TRY(read_measure(tool, text, report));
	TRY(found_refusal(tool, report));
	Comity__MeasureReport **at = add_value(tool, act, field);
	if (!at)
		return FAULT_NO_MEMORY;
	*at = report;
	return OK;
}

enum fault fill_measures(struct tool *tool, ProtobufCMessage *act)
{
	const ProtobufCFieldDescriptor *field = field_find(act->descriptor, "measures");
	const char *text;
	for (size_t i = 0; (text = given_at(tool, "measure", i)); i++) {
		if (!field)
			return fault_say(FAULT_USAGE, "--measure has no place in this act");
		TRY(fill_measure(tool, act, field, text));
	}
	return OK;
}

/* ── acts ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault unknown_kind(const char *kind)
{
	struct suggestion suggestion = { .word = kind };
	for (unsigned i = 0; i < comity__act__descriptor.n_fields; i++)
		suggest_try(&suggestion, comity__act__descriptor.fields[i].name);	/* NOLINT(clang-analyzer-core.NullDereference) */
	char near[SPELLED_SIZE];
	snprintf(near, sizeof near, "%s", suggestion.best ? suggestion.best : "");
	for (char *at = near; *at; at++)
		*at = *at == '_' ? '-' : *at;
	return fault_say(FAULT_USAGE, "\"%.40s\" is not a kind of act%s%s%s", kind, *near ? "; did you mean \"" : "", near,
		*near ? "\"?" : "");
}

enum fault act_new(struct tool *tool, const char *kind, Comity__Act **act, ProtobufCMessage **body)
{
	const ProtobufCFieldDescriptor *field = NULL;
	for (unsigned i = 0; i < comity__act__descriptor.n_fields && !field; i++)
		if (word_is(comity__act__descriptor.fields[i].name, kind))	/* NOLINT(clang-analyzer-core.NullDereference) */
			field = &comity__act__descriptor.fields[i];
	if (!field)
		return unknown_kind(kind);
	*act = arena_alloc(&tool->arena, sizeof **act);
	*body = arena_alloc(&tool->arena, field_type(field)->sizeof_message);
	if (!*act || !*body)
		return FAULT_NO_MEMORY;
	comity__act__init(*act);
	protobuf_c_message_init(field_type(field), *body);
	ProtobufCMessage **at = field_make(&(*act)->base, field, 1, &tool->arena);
	if (!at)
		return FAULT_NO_MEMORY;
	*at = *body;
	return OK;
}

const char *act_name(struct tool *tool, const Comity__Act *act)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(&comity__act__descriptor,
		(unsigned)act->kind_case);
	char *name = arena_text(&tool->arena, span_of_text(field ? field->name : "unknown"));
	for (char *at = name; at && *at; at++)
		*at = *at == '_' ? '-' : *at;
	return name ? name : "";
}
