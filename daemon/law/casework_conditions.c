/* Under which conditions the content of a case may be used: UNTOC 18(5), 18(19), 18(26).  Noted as the acts say them, so that they
 * can be shown wherever something of the case leaves this system. */
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "proto/field.h"
#include "proto/unpack.h"

#define ACT(kind) COMITY__ACT__KIND_##kind
#define ANSWER(name) COMITY__CONDITION_ANSWER__VALUE__##name

/* Who may say what of conditions; results carry their own (below). */
static const struct bearing {
	act_kind act;
	enum { PROPOSES, ANSWERS } how;
} bearings[] = {
	{ ACT(SPONTANEOUS_INFORMATION), PROPOSES },
	{ ACT(CONSULTATION),            PROPOSES },
	{ ACT(CONDITIONS_PROPOSED),     PROPOSES },
	{ ACT(DECISION),                PROPOSES },
	{ ACT(USE_CONSENT_RESPONSE),    PROPOSES },
	{ ACT(CONSULTATION_REPLY),      ANSWERS },
	{ ACT(CONDITIONS_RESPONSE),     ANSWERS },
	{ ACT(SPONTANEOUS_RESPONSE),    ANSWERS },
};

/* An act that conditions are noted of. */
struct hearing {
	Comity__Case *kase;
	const Comity__Message *message;
	const char *act;			/* its name */
	struct arena *arena;
};

static bool is_same(const char *one, const char *other)
{
	return one && other && !strcmp(one, other);
}

static Comity__Condition *copy_of(const Comity__Condition *condition, struct arena *arena)
{
	struct bytes packed = { 0 };
	ProtobufCMessage *copy = NULL;
	enum fault fault = pack(&condition->base, &packed);
	if (!fault)
		fault = unpack_own(&comity__condition__descriptor, span_of(&packed), arena, FAULT_BAD_DOCUMENT, &copy);
	bytes_clear(&packed);
	return fault ? NULL : (Comity__Condition *)copy;
}

/* The same condition is named by its author's id; one of a result stands for itself. */
static Comity__CaseCondition *find(const Comity__Case *kase, const char *from, const char *id)
{
	for (size_t i = 0; i < kase->n_conditions; i++) {
		Comity__CaseCondition *one = kase->conditions[i];
		if (!one->n_attachments && is_same(one->from, from) && is_same(one->condition->id, id))
			return one;
	}
	return NULL;
}

static Comity__CaseCondition *add(const struct hearing *hearing, const Comity__Condition *condition)
{
	Comity__CaseCondition *one = arena_alloc(hearing->arena, sizeof *one);
	if (!one)
		return NULL;
	comity__case_condition__init(one);
	one->condition = copy_of(condition, hearing->arena);
	one->from = record_text(hearing->arena, hearing->message->from);
	one->message_id = record_text(hearing->arena, hearing->message->message_id);
	one->act = (char *)hearing->act;
	bool is_kept = one->condition && record_append(hearing->arena, &hearing->kase->n_conditions, &hearing->kase->conditions, &one,
		sizeof one);
	return is_kept ? one : NULL;
}

static enum fault propose(const struct hearing *hearing, const Comity__Condition *condition)
{
	Comity__CaseCondition *known = find(hearing->kase, hearing->message->from, condition->id);
	if (!known)
		return add(hearing, condition) ? OK : arena_fault(hearing->arena);
	known->condition = copy_of(condition, hearing->arena);
	known->message_id = record_text(hearing->arena, hearing->message->message_id);
	known->act = (char *)hearing->act;
	return known->condition ? OK : arena_fault(hearing->arena);
}

static const char *other_side(const struct hearing *hearing)
{
	const Comity__Case *kase = hearing->kase;
	return strcmp(hearing->message->from, kase->requesting_authority) ? kase->requesting_authority : kase->requested_authority;
}

static enum fault answer(const struct hearing *hearing, const Comity__Condition *condition)
{
	Comity__CaseCondition *known = find(hearing->kase, other_side(hearing), condition->id);
	if (!known || !condition->has_answer)
		return OK;
	known->condition->has_answer = 1;
	known->condition->answer = condition->answer;
	known->condition->answered_at = record_text(hearing->arena, condition->answered_at);
	known->condition->counter = record_text(hearing->arena, condition->counter);
	return OK;
}

/* Spontaneous information is answered as a whole: 18(5). */
static void answer_all(const struct hearing *hearing, Comity__ConditionAnswer__Value given)
{
	for (size_t i = 0; given && i < hearing->kase->n_conditions; i++) {
		Comity__CaseCondition *one = hearing->kase->conditions[i];
		if (one->condition->answer || !is_same(one->from, other_side(hearing)))
			continue;
		one->condition->has_answer = 1;
		one->condition->answer = given;
	}
}

/* ── what a result carries: 18(19) ────────────────────────────────────────────────────────────── */

/* A result that names no file speaks of all that came with it. */
static bool note_files(const struct hearing *hearing, const Comity__Result *result, Comity__CaseCondition *one)
{
	size_t n = result->n_attachments ? result->n_attachments : hearing->message->n_attachments;
	for (size_t i = 0; i < n; i++) {
		const char *id = result->n_attachments ? result->attachments[i] : hearing->message->attachments[i]->id;
		char *copy = record_text(hearing->arena, id);
		if (id && (!copy || !record_append(hearing->arena, &one->n_attachments, &one->attachments, &copy, sizeof copy)))
			return false;
	}
	return true;
}

static enum fault note_results(const struct hearing *hearing, const Comity__ExecutionResult *executed)
{
	for (size_t i = 0; i < executed->n_results; i++) {
		const Comity__Result *result = executed->results[i];
		for (size_t k = 0; k < result->n_conditions; k++) {
			Comity__CaseCondition *one = add(hearing, result->conditions[k]);
			if (!one || !note_files(hearing, result, one))
				return arena_fault(hearing->arena);
		}
	}
	return OK;
}

/* ── of an act ────────────────────────────────────────────────────────────────────────────────── */

static const struct bearing *bearing_of(act_kind act)
{
	for (size_t i = 0; i < ARRAY_LEN(bearings); i++)
		if (bearings[i].act == act)
			return &bearings[i];
	return NULL;
}

/* The acts have their conditions under the same name, so the schema finds them. */
static enum fault note_each(const struct hearing *hearing, const struct bearing *bearing, const Comity__Act *act)
{
	const ProtobufCFieldDescriptor *body = protobuf_c_message_descriptor_get_field(&comity__act__descriptor, (unsigned)act->kind_case);
	const ProtobufCMessage *message = field_message(&act->base, body, 0);
	const ProtobufCFieldDescriptor *field = field_find(message->descriptor, "conditions");
	for (size_t i = 0, n = field_count(message, field); i < n; i++) {
		const Comity__Condition *condition = (const Comity__Condition *)field_message(message, field, i);
		TRY(bearing->how == PROPOSES ? propose(hearing, condition) : answer(hearing, condition));
	}
	return OK;
}

enum fault case_note_conditions(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *name,
	struct arena *arena)
{
	const struct hearing hearing = { kase, message, name, arena };
	const struct bearing *bearing = bearing_of(act->kind_case);
	if (bearing)
		TRY(note_each(&hearing, bearing, act));
	if (act->kind_case == ACT(SPONTANEOUS_RESPONSE))
		answer_all(&hearing, act->spontaneous_response->answer);
	return act->kind_case == ACT(EXECUTION_RESULT) ? note_results(&hearing, act->execution_result) : OK;
}

/* ── shown ────────────────────────────────────────────────────────────────────────────────────── */

/* Whose information it is: of spontaneous information the transmitting State's, else the requested one's. */
static const char *furnisher(const Comity__Case *kase)
{
	return kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION ? kase->requesting_authority : kase->requested_authority;
}

static bool is_about(const Comity__CaseCondition *one, const Comity__AttachmentState *file)
{
	for (size_t i = 0; i < one->n_attachments; i++)
		if (file->attachment && is_same(one->attachments[i], file->attachment->id))
			return true;
	return !one->n_attachments;
}

static bool binds(const Comity__CaseCondition *one, const Comity__AttachmentState *file)
{
	return one->condition && one->condition->answer != ANSWER(DECLINED) && is_same(one->from, file->from) && is_about(one, file);
}

/* 18(19) needs no message that says so. */
static Comity__CaseCondition *purpose_limit(const char *from, struct arena *arena)
{
	Comity__CaseCondition *one = arena_alloc(arena, sizeof *one);
	Comity__Condition *condition = arena_alloc(arena, sizeof *condition);
	if (!one || !condition)
		return NULL;
	comity__case_condition__init(one);
	comity__condition__init(condition);
	condition->has_type = condition->has_use = 1;
	condition->type = COMITY__CONDITION_TYPE__VALUE__USE;
	condition->use = COMITY__USE_CONDITION__VALUE__PURPOSE_LIMITED;
	condition->text = "only for the investigations, prosecutions and proceedings that the request states (UNTOC 18(19))";
	one->condition = condition;
	one->from = (char *)from;
	return one;
}

void casework_show_conditions(const Comity__Case *kase, Comity__AttachmentState *file, struct arena *arena)
{
	file->n_conditions = 0;
	if (!is_same(file->from, furnisher(kase)))
		return;
	Comity__CaseCondition *always = purpose_limit(file->from, arena);
	if (always)
		record_push(arena, &file->n_conditions, &file->conditions, &always, sizeof always);
	for (size_t i = 0; i < kase->n_conditions; i++)
		if (binds(kase->conditions[i], file))
			record_push(arena, &file->n_conditions, &file->conditions, &kase->conditions[i], sizeof kase->conditions[i]);
}

void case_redact_conditions(Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_conditions; i++)
		kase->conditions[i]->condition->text = kase->conditions[i]->condition->counter = NULL;
}
