#include "proto/clear.h"

#include <string.h>

#include "proto/field.h"
#include "proto/unpack.h"

/* Of each type the names of the fields that stay; "~" before a text: a mark stays; "*": every one, each by the row of its type.
 * A type that has no row keeps nothing. */
static const struct rule {
	const ProtobufCMessageDescriptor *type;
	const char *fields;
} rules[] = {
#define OF(name) &comity__##name##__descriptor
	{ OF(act), "*" },

	{ OF(request), "kind nature transmission_mode requesting_reference requested_reference requesting_state requested_state "
		"legal_bases measures urgency confidentiality handling_marking" },
	{ OF(legal_basis_entry), "basis" },
	{ OF(measure), "id form" },
	{ OF(urgency_statement), "level deadlines custody_until" },
	{ OF(deadline), "measure by" },
	{ OF(confidentiality), "requested" },

	{ OF(measure_report), "measure status refusal_ground postponement_ground cause ~reasons until expected_on milestone milestone_at" },
	{ OF(condition), "id type use measures proposed_at answer answered_at" },
	{ OF(contact), "~officer ~unit ~phone ~email" },
	{ OF(question), "number ~text measure" },
	{ OF(answer), "number ~text declined attachments" },
	{ OF(result), "measure attachments conditions" },

	{ OF(create), "occurred_at" },
	{ OF(consultation_draft), "occurred_at draft" },
	{ OF(consultation_comment), "occurred_at sufficient draft_message_id" },
	{ OF(revise), "occurred_at" },
	{ OF(abandon), "occurred_at" },
	{ OF(receipt), "occurred_at requested_reference oral" },
	{ OF(acknowledgement), "occurred_at requested_reference requesting_reference contact complete language_accepted urgency "
		"confidentiality ~unavoidable_disclosure bases_applied formal_original_required expected_on priority" },
	{ OF(redirect), "occurred_at reason channel passed_on" },
	{ OF(additional_info_request), "occurred_at questions execution_suspended answer_by_on" },
	{ OF(additional_info), "occurred_at status answers" },
	{ OF(status_enquiry), "occurred_at wanted_on" },
	{ OF(status_update), "occurred_at status measures expected_on answers_message_id milestone milestone_at" },
	{ OF(consultation), "occurred_at subject intended_decision ~position refusal_grounds postponement_ground measures conditions "
		"reply_by_on" },
	{ OF(consultation_reply), "occurred_at ~position conditions" },
	{ OF(consultation_closed), "occurred_at status" },
	{ OF(conditions_proposed), "occurred_at conditions" },
	{ OF(conditions_response), "occurred_at conditions" },
	{ OF(decision), "occurred_at status measures decision refusal_grounds ~reasons postponement_ground review_on conditions "
		"bases_applied consultation_message_id reply_period_ended_on" },
	{ OF(transfer_notice), "occurred_at measures ~competent_authority type withheld_by_law expected_on" },
	{ OF(execution_result), "occurred_at status measures results ~record_of_execution" },
	{ OF(result_receipt), "occurred_at contents_sha256 result_message_id" },
	{ OF(deficiency_notice), "occurred_at measures result_message_id" },
	{ OF(non_execution), "occurred_at measures cause" },
	{ OF(withdrawal), "occurred_at measures ~reason" },
	{ OF(closure), "occurred_at outcome results_complete notice_period_ended_on" },
	{ OF(correction), "occurred_at corrects_message_id" },
	{ OF(reminder), "occurred_at of_message_id number answer_by_on" },

	{ OF(preservation_notice), "occurred_at measure preservation until" },
	{ OF(preservation_extension_request), "occurred_at measure until" },
	{ OF(spontaneous_information), "occurred_at conditions conditions_first handling_marking" },
	{ OF(spontaneous_response), "occurred_at answer conditions returned_or_destroyed_on" },
	{ OF(use_consent_request), "occurred_at attachments answer_by_on" },
	{ OF(use_consent_response), "occurred_at answer conditions consent_request_message_id" },
	{ OF(exculpatory_notice), "occurred_at disclosure_at already_disclosed" },
	{ OF(confidentiality_notice), "occurred_at can_comply ~unavoidable_disclosure ~reason" },
	{ OF(confidentiality_response), "occurred_at proceed" },
	{ OF(destruction_notice), "occurred_at certificate signature signing delegation" },
	{ OF(safe_conduct_notice), "occurred_at informed_on ends_on" },
	{ OF(return_of_originals), "occurred_at attachments sent_on channel" },
	{ OF(feedback), "occurred_at" },
	{ OF(meeting_proposal), "occurred_at meeting_id start_at duration_minutes request_references" },
	{ OF(meeting_response), "occurred_at meeting_id accepted counter_start_at" },
	{ OF(directory_update), "occurred_at card entries" },
	{ OF(general_correspondence), "occurred_at" },
#undef OF
};

enum stay { STAY_OUT, STAY_MARK, STAY };

static const char *row_of(const ProtobufCMessageDescriptor *type)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].type == type)
			return rules[i].fields;
	return "";
}

static enum stay look_up(const char *row, const char *name)
{
	size_t len = strlen(name);
	if (!strcmp(row, "*"))
		return STAY;
	for (const char *at = row; *at;) {
		bool is_mark = *at == '~';
		size_t word = strcspn(at += is_mark, " ");
		if (word == len && !memcmp(at, name, len))
			return is_mark ? STAY_MARK : STAY;
		at += word + strspn(at + word, " ");
	}
	return STAY_OUT;
}

/* ── the walk ─────────────────────────────────────────────────────────────────────────────────── */

static ProtobufCMessage *part_of(const ProtobufCMessage *whole, struct arena *arena);

static bool keep_messages(const ProtobufCMessage *whole, const ProtobufCFieldDescriptor *field, ProtobufCMessage **to, size_t count,
	struct arena *arena)
{
	for (size_t i = 0; i < count; i++)
		if (!(to[i] = part_of(field_message(whole, field, i), arena)))
			return false;
	return true;
}

static bool keep(const ProtobufCMessage *whole, const ProtobufCFieldDescriptor *field, enum stay stay, ProtobufCMessage *part,
	struct arena *arena)
{
	size_t count = stay == STAY_OUT ? 0 : field_count(whole, field);
	void *to = count ? field_make(part, field, count, arena) : NULL;
	if (!count)
		return true;
	if (to && field->type == PROTOBUF_C_TYPE_MESSAGE)
		return keep_messages(whole, field, to, count, arena);
	if (to && stay == STAY_MARK)
		*(const char **)to = *field_text(whole, field, 0) ? CLEAR_MARK : "";
	else if (to)
		memcpy(to, field_value(whole, field, 0), count * field_value_size(field));
	return to;
}

static ProtobufCMessage *part_of(const ProtobufCMessage *whole, struct arena *arena)
{
	const ProtobufCMessageDescriptor *type = whole->descriptor;
	const char *row = row_of(type);
	ProtobufCMessage *part = arena_alloc(arena, type->sizeof_message);
	if (!part)
		return NULL;
	protobuf_c_message_init(type, part);
	for (unsigned i = 0; i < type->n_fields; i++)
		if (!keep(whole, &type->fields[i], look_up(row, type->fields[i].name), part, arena))
			return NULL;
	return part;
}

Comity__Act *clear_part(const Comity__Act *act, struct arena *arena)
{
	return (Comity__Act *)part_of(&act->base, arena);
}

/* ── comparing ────────────────────────────────────────────────────────────────────────────────── */

static void forget(struct bytes *packed)
{
	if (packed->at)
		explicit_bzero(packed->at, packed->len);
	bytes_clear(packed);
}

static enum fault compare(const Comity__Act *one, const Comity__Act *other, bool *is_same)
{
	struct bytes a = { 0 }, b = { 0 };
	enum fault fault = pack(&one->base, &a);
	if (!fault)
		fault = pack(&other->base, &b);
	*is_same = !fault && span_equal(span_of(&a), span_of(&b));
	forget(&a);
	forget(&b);
	return fault;
}

enum fault clear_check(const Comity__Act *act, struct arena *arena)
{
	bool is_same = false;
	const Comity__Act *part = clear_part(act, arena);
	TRY(part ? compare(part, act, &is_same) : arena_fault(arena));
	return is_same ? OK : FAULT_SEALING_REQUIRED;
}

enum fault clear_matches(const Comity__Act *part, const Comity__Act *whole, struct arena *arena)
{
	bool is_same = false;
	const Comity__Act *due = clear_part(whole, arena);
	TRY(due ? compare(part, due, &is_same) : arena_fault(arena));
	return is_same ? OK : fault_say(FAULT_BAD_DOCUMENT, "what is sealed inside is not what the daemons were told");
}
