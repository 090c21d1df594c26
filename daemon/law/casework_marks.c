/* Marks: the codes of a request and of its acts that statistics count, noted as they come, for they outlive the texts. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/acts.h"
#include "daemon/law/casework_parts.h"

/* What a message says under a path, noted as one table: codes, by their names in the schema.  Nothing else is ever noted. */
struct noted {
	act_kind kind;			/* of the act that says so; the request itself is 0 */
	const char *by, *path;
};

static const struct noted noted[] = {
	{ 0, "offence", "offences.category" },
	{ 0, "seriousness", "seriousness" },
	{ 0, "proceeding", "proceeding.type" },
	{ 0, "mode", "transmission_mode" },
	{ 0, "data", "measures.data_types" },
	{ 0, "channel-before", "other_channels_used.channel" },
	{ COMITY__ACT__KIND_ACKNOWLEDGEMENT, "urgency-regraded", "urgency" },
	{ COMITY__ACT__KIND_ACKNOWLEDGEMENT, "priority", "priority" },
	{ COMITY__ACT__KIND_TRANSFER_NOTICE, "authority", "type" },
	{ COMITY__ACT__KIND_DECISION, "postponement", "postponement_ground" },
	{ COMITY__ACT__KIND_DECISION, "postponement", "measures.postponement_ground" },
	{ COMITY__ACT__KIND_NON_EXECUTION, "cause", "cause" },
	{ COMITY__ACT__KIND_NON_EXECUTION, "cause", "measures.cause" },
	{ COMITY__ACT__KIND_EXECUTION_RESULT, "cause", "measures.cause" },
	{ COMITY__ACT__KIND_STATUS_UPDATE, "cause", "measures.cause" },
	{ COMITY__ACT__KIND_REDIRECT, "redirect", "reason" },
	{ COMITY__ACT__KIND_REDIRECT, "channel-advised", "channel" },
};

static void add_mark(Comity__Case *kase, const char *by, const char *name, struct arena *arena)
{
	Comity__Mark *mark;
	for (size_t i = 0; i < kase->n_marks; i++)
		if (!strcmp(kase->marks[i]->by, by) && !strcmp(kase->marks[i]->name, name))
			return;
	if (!(mark = arena_alloc(arena, sizeof *mark)))
		return;
	comity__mark__init(mark);
	mark->by = record_text(arena, by);
	mark->name = record_text(arena, name);
	if (mark->by && mark->name)
		record_append(arena, &kase->n_marks, &kase->marks, &mark, sizeof mark);
}

/* How many there are of it: of a list as many as it has, else one or none. */
static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *at = (const char *)message;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(at + field->quantifier_offset);
	return field->type == PROTOBUF_C_TYPE_ENUM ? *(const protobuf_c_boolean *)(at + field->quantifier_offset)
		: *(void *const *)(at + field->offset) != NULL;
}

static void add_value(Comity__Case *kase, const char *by, const ProtobufCEnumDescriptor *type, int code, struct arena *arena)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, code);
	if (code)
		add_mark(kase, by, value ? value->name : "UNKNOWN", arena);
}

static void add_path(Comity__Case *kase, const ProtobufCMessage *message, const char *by, const char *path, struct arena *arena)
{
	char head[40];
	snprintf(head, sizeof head, "%.*s", (int)strcspn(path, "."), path);
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, head);
	const void *at = (const char *)message + field->offset;
	bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
	for (size_t i = 0, n = count_of(message, field); i < n; i++)
		if (field->type == PROTOBUF_C_TYPE_ENUM)
			add_value(kase, by, field->descriptor, is_list ? (*(const int *const *)at)[i] : *(const int *)at, arena);
		else
			add_path(kase, is_list ? (*(ProtobufCMessage *const *const *)at)[i] : *(ProtobufCMessage *const *)at, by,
				strchr(path, '.') + 1, arena);
}

static void add_marks(Comity__Case *kase, act_kind kind, const ProtobufCMessage *message, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(noted); i++)
		if (noted[i].kind == kind)
			add_path(kase, message, noted[i].by, noted[i].path, arena);
}

/* A language as it is coded (BCP 47), and nothing that only looks like one. */
static void add_language(Comity__Case *kase, const Comity__LanguageUse *use, struct arena *arena)
{
	const char *const letters = "abcdefghijklmnopqrstuvwxyz";
	size_t length = use && use->request ? strspn(use->request, letters) : 0;
	bool is_code = (length == 2 || length == 3) && (!use->request[length] || use->request[length] == '-');
	char code[4] = "";
	if (!use)
		return;
	snprintf(code, sizeof code, "%.*s", is_code ? (int)length : 0, is_code ? use->request : "");
	add_mark(kase, "language", is_code ? code : "UNKNOWN", arena);
	add_mark(kase, "translation", use->n_translation_attached ? "ATTACHED" : "NONE", arena);
}

/* "c", "(c)", "18(15)(c)": the letter; all else is of another provision. */
static void add_missing(Comity__Case *kase, const Comity__Acknowledgement *acknowledgement, struct arena *arena)
{
	char name[] = "18(15)(a)";
	for (size_t i = 0; i < acknowledgement->n_missing; i++) {
		const char *said = acknowledgement->missing[i];
		said += strncmp(said, "18(15)", 6) ? 0 : 6;
		said += *said == '(';
		bool is_letter = *said >= 'a' && *said <= 'f' && (!said[1] || !strcmp(said + 1, ")"));
		name[7] = is_letter ? *said : 'a';
		add_mark(kase, "missing", is_letter ? name : "OTHER", arena);
	}
}

void case_mark_request(Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	kase->n_marks = 0;
	add_marks(kase, 0, &document->base, arena);
	add_language(kase, document->language, arena);
}

void case_mark_act(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	if (act->kind_case)
		add_marks(kase, act->kind_case, &act->create->base, arena);	/* a body of any kind begins with its base */
	if (act->kind_case == COMITY__ACT__KIND_ACKNOWLEDGEMENT)
		add_missing(kase, act->acknowledgement, arena);
}
