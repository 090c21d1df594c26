/* Under which conditions what is in an evidence file may be used: whoever carries it away must see them (UNTOC 18(5), 18(19)). */
#include <stdio.h>
#include <string.h>

#include "tools/conditions.h"
#include "tools/evidence_writer.h"
#include "tools/print.h"

/* What was proposed, answered and delivered again is said each time as it was said then. */
static void keep(struct dossier_writer *writer, const Comity__MessageState *state, const Comity__Condition *condition)
{
	struct tool *tool = writer->tool;
	char sentence[600];
	snprintf(sentence, sizeof sentence, "%s, in message %s of %s: %.400s", safe_or(tool, condition->id, "condition"),
		safe(tool, state->message_id), safe(tool, state->from), condition_words(tool, condition));
	char *kept = arena_text(&tool->arena, span_of_text(sentence));
	if (kept && writer->report.n_conditions < CONDITIONS_MAX)
		writer->conditions[writer->report.n_conditions++] = kept;
}

/* Every condition, wherever the schema has room for one. */
static void look_through(struct dossier_writer *writer, const Comity__MessageState *state, const ProtobufCMessage *message)
{
	if (message->descriptor == &comity__condition__descriptor) {
		keep(writer, state, (const Comity__Condition *)message);
		return;
	}
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *at = (const char *)message + field->offset;
		bool is_many = field->label == PROTOBUF_C_LABEL_REPEATED;
		unsigned which = 0;
		size_t count = 1;
		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			memcpy(&which, (const char *)message + field->quantifier_offset, sizeof which);
			count = which == field->id;
		} else if (is_many) {
			memcpy(&count, (const char *)message + field->quantifier_offset, sizeof count);
		}
		ProtobufCMessage *const *list = is_many ? *(ProtobufCMessage *const *const *)(const void *)at : (ProtobufCMessage *const *)(const void *)at;
		for (size_t k = 0; k < count; k++)
			if (list[k])
				look_through(writer, state, list[k]);
	}
}

void writer_note_conditions(struct dossier_writer *writer, const Comity__MessageView *view)
{
	if (view->message && view->state)
		look_through(writer, view->state, &view->message->base);
}
