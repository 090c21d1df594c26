#include "tools/conditions.h"

#include <stdio.h>
#include <string.h>

#include "tools/print.h"

enum { WORDS_SIZE = 600, MARKS_SIZE = 200 };

static const char *use_of(const Comity__Condition *condition)
{
	const ProtobufCEnumValue *value = condition->has_use ?
		protobuf_c_enum_descriptor_get_value(&comity__use_condition__value__descriptor, (int)condition->use) : NULL;
	return value ? value->name : "CONDITION";
}

static const char *answer_of(const Comity__Condition *condition)
{
	const ProtobufCEnumValue *value = condition->has_answer ?
		protobuf_c_enum_descriptor_get_value(&comity__condition_answer__value__descriptor, (int)condition->answer) : NULL;
	return value ? value->name : "no answer in it";
}

static const char *kept(struct tool *tool, const char *words)
{
	const char *copy = arena_text(&tool->arena, span_of_text(words));
	return copy ? copy : "";
}

const char *condition_words(struct tool *tool, const Comity__Condition *condition)
{
	char words[WORDS_SIZE];
	snprintf(words, sizeof words, "%s%s%.400s (%s)", use_of(condition), condition->text ? ": " : "",
		condition->text ? safe(tool, condition->text) : "", answer_of(condition));
	return kept(tool, words);
}

/* What the treaty says by itself was said by no message. */
const char *case_condition_words(struct tool *tool, const Comity__CaseCondition *one)
{
	char words[WORDS_SIZE];
	const Comity__Condition *condition = one->condition;
	if (!condition)
		return "-";
	if (!one->message_id)
		snprintf(words, sizeof words, "%s: %.400s", use_of(condition), safe_or(tool, condition->text, ""));
	else
		snprintf(words, sizeof words, "%.40s, in message %.40s of %.40s: %.400s", safe_or(tool, condition->id, "condition"),
			safe(tool, one->message_id), safe_or(tool, one->from, "-"), condition_words(tool, condition));
	return kept(tool, words);
}

const char *conditions_marks(struct tool *tool, Comity__CaseCondition *const *list, size_t count)
{
	char marks[MARKS_SIZE] = "";
	size_t len = 0;
	for (size_t i = 0; i < count && len < sizeof marks; i++)
		if (list[i]->condition && (i || count == 1 || list[i]->message_id))
			len += (size_t)snprintf(marks + len, sizeof marks - len, "%s%s", len ? ", " : "", use_of(list[i]->condition));
	return *marks ? kept(tool, marks) : "-";
}

static void print_files(struct tool *tool, const Comity__CaseCondition *one)
{
	for (size_t i = 0; i < one->n_attachments; i++)
		print(tool, "%s%s", i ? ", " : "; of ", safe(tool, one->attachments[i]));
}

void print_conditions(struct tool *tool, const Comity__Case *request)
{
	if (request->n_conditions)
		print(tool, "  condition    PURPOSE_LIMITED: only for what the request states (UNTOC 18(19))\n");
	for (size_t i = 0; i < request->n_conditions; i++) {
		print(tool, "  condition    %s", case_condition_words(tool, request->conditions[i]));
		print_files(tool, request->conditions[i]);
		print(tool, "\n");
	}
}
