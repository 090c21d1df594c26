/* What stands in the letter. */
#include "tools/letter.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "daemon/law/completeness_needs.h"
#include "proto/field.h"
#include "proto/scalar.h"
#include "tools/conditions.h"
#include "tools/letter_names.h"
#include "tools/print.h"

#define LINE(...) TRY(add(tool, letter, LETTER_LINE, 1, __VA_ARGS__))
#define HEADING(text) TRY(add(tool, letter, LETTER_HEADING, 0, "%s", text))

static enum fault add(struct tool *tool, struct letter *letter, enum letter_style style, unsigned depth, const char *format, ...)
	PRINTF_LIKE(5, 6);

static enum fault add(struct tool *tool, struct letter *letter, enum letter_style style, unsigned depth, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	if (letter->n == letter->room) {
		size_t room = letter->room ? 2 * letter->room : 64;
		struct letter_line *at = arena_alloc(&tool->arena, room * sizeof *at);
		if (!at)
			return FAULT_NO_MEMORY;
		if (letter->n)
			memcpy(at, letter->at, letter->n * sizeof *at);
		letter->at = at;
		letter->room = room;
	}
	va_start(arguments, format);
	int len = vasprintf(&text, format, arguments);
	va_end(arguments);
	const char *kept = len < 0 ? NULL : safe_lines(tool, text);
	if (len >= 0) {
		explicit_bzero(text, (size_t)len);	/* what was opened */
		free(text);
	}
	letter->at[letter->n++] = (struct letter_line){ style, depth, kept ? kept : "" };
	return kept ? OK : FAULT_NO_MEMORY;
}

/* ── any part of a request, by the schema ─────────────────────────────────────────────────────── */

static enum fault append_value(struct bytes *text, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index)
{
	enum scalar_form form;
	const void *value = field_value(message, field, index);
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return letter_name_code(text, field_enum(field), *(const int *)value);
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		return bytes_append_text(text, *(const protobuf_c_boolean *)value ? "yes" : "no");
	return scalar_write(field, value, text, &form);
}

static enum fault add_scalars(struct tool *tool, struct letter *letter, unsigned depth, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field)
{
	struct bytes text = { 0 }, label = { 0 };
	enum fault fault = letter_name_field(&label, field->name);
	for (size_t i = 0; !fault && i < field_count(message, field); i++) {
		fault = i ? bytes_append_text(&text, "; ") : OK;
		if (!fault)
			fault = append_value(&text, message, field, i);
	}
	if (!fault)
		fault = add(tool, letter, LETTER_LINE, depth, "%s: %s", bytes_text(&label), bytes_text(&text) ? bytes_text(&text) : "");
	bytes_wipe(&text);
	bytes_clear(&label);
	return fault;
}

static enum fault add_fields(struct tool *tool, struct letter *letter, unsigned depth, const ProtobufCMessage *message);

/* A list's values are items with a head of their own: "M1: freezing". */
static enum fault add_item(struct tool *tool, struct letter *letter, unsigned depth, const ProtobufCFieldDescriptor *field, size_t index,
	const ProtobufCMessage *message)
{
	struct bytes label = { 0 };
	const ProtobufCFieldDescriptor *id = field_find(message->descriptor, "id"), *ref = field_find(message->descriptor, "ref");
	const ProtobufCFieldDescriptor *name = id ? id : ref;
	enum fault fault = letter_name_item(&label, field->name);
	if (!fault && name && field_count(message, name))
		fault = add(tool, letter, LETTER_ITEM, depth, "%s %s", bytes_text(&label), field_text(message, name, 0));
	else if (!fault)
		fault = add(tool, letter, LETTER_ITEM, depth, "%s %zu", bytes_text(&label), index + 1);
	bytes_clear(&label);
	return fault ? fault : add_fields(tool, letter, depth + 1, message);
}

static enum fault add_field(struct tool *tool, struct letter *letter, unsigned depth, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field)
{
	struct bytes label = { 0 };
	if (!field_count(message, field))
		return OK;
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return add_scalars(tool, letter, depth, message, field);
	if (field_is_repeated(field)) {
		for (size_t i = 0; i < field_count(message, field); i++)
			TRY(add_item(tool, letter, depth, field, i, field_message(message, field, i)));
		return OK;
	}
	enum fault fault = letter_name_field(&label, field->name);
	if (!fault)
		fault = add(tool, letter, LETTER_ITEM, depth, "%s", bytes_text(&label));
	bytes_clear(&label);
	return fault ? fault : add_fields(tool, letter, depth + 1, field_message(message, field, 0));
}

static enum fault add_fields(struct tool *tool, struct letter *letter, unsigned depth, const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		TRY(add_field(tool, letter, depth, message, &message->descriptor->fields[i]));
	return OK;
}

/* ── the head ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_authority(struct tool *tool, struct letter *letter, const char *what, const Comity__CentralAuthority *authority,
	const char *id, const char *state)
{
	const char *name = authority && authority->name ? authority->name : id ? id : "-";
	LINE("%s: %s%s%s%s%s%s", what, name, state ? ", " : "", state ? state : "", id ? " (" : "", id ? id : "", id ? ")" : "");
	return OK;
}

static enum fault add_head(struct tool *tool, struct letter *letter, const Comity__RequestView *view)
{
	const Comity__Request *document = view->document;
	const Comity__Case *kase = view->request;
	struct bytes kind = { 0 };
	enum fault fault = letter_name_code(&kind, &comity__request_kind__value__descriptor, document->kind);
	if (!fault)
		fault = add(tool, letter, LETTER_TITLE, 0, "LETTER OF REQUEST: %s", bytes_text(&kind));
	bytes_clear(&kind);
	TRY(fault);
	if (!kase->message_id)
		LINE("DRAFT. It was not sent, and is not a request.");
	if (document->transmission_mode == COMITY__TRANSMISSION_MODE__VALUE__ADVANCE_COPY)
		LINE("ADVANCE COPY. The formal original follows by another channel.");
	TRY(add_authority(tool, letter, "From", document->requesting_central_authority, kase->requesting_authority, document->requesting_state));
	TRY(add_authority(tool, letter, "To", document->requested_central_authority, kase->requested_authority, document->requested_state));
	LINE("Reference of the requesting authority: %s", document->requesting_reference ? document->requesting_reference
		: kase->role == COMITY__ROLE__VALUE__REQUESTING ? view->our_reference ? view->our_reference : "-"
		: view->their_reference ? view->their_reference : "-");
	const char *theirs = document->requested_reference ? document->requested_reference
		: kase->role == COMITY__ROLE__VALUE__REQUESTING ? view->their_reference : view->our_reference;
	LINE("Reference of the requested authority: %s", theirs && *theirs ? theirs : "not given yet");
	return OK;
}

/* ── the sections: 18(15) in its order ────────────────────────────────────────────────────────── */

enum { FIELDS_MAX = 8 };

static const struct section {
	const char *heading;
	const char *fields[FIELDS_MAX];
} sections[] = {
	{ "Nature of this request", { "nature", "transmission_mode", "related", "oral_request", "language" } },
	{ "Legal basis", { "legal_bases" } },
	{ "(a) Authority making the request", { "making_authority" } },
	{ "(b) Subject matter and nature of the proceedings, and the authority conducting them", { "proceeding", "offences", "seriousness",
		"transnational_ground", "ocg_element", "dual_criminality_statement" } },
	{ "(c) Summary of the relevant facts", { "facts_summary" } },
	{ "(d) Assistance sought, and particular procedures wished", { "measures", "requested_procedures", "intention_to_submit_mla_request" } },
	{ "(e) Persons concerned", { "persons", "protected_block" } },
	{ "(f) Purpose for which evidence, information or action is sought", { "purpose" } },
	{ "Urgency and suggested deadlines (article 18(24))", { "urgency" } },
	{ "Confidentiality (article 18(20)) and handling", { "confidentiality", "handling_marking" } },
	{ "Undertakings and costs (article 18(19), 18(28))", { "undertakings", "costs" } },
	{ "Other channels used", { "other_channels_used" } },
	{ "Contact", { "contact" } },
};

/* In the head, with the enclosures, or at the end. */
static const char *const elsewhere[] = { "kind", "requesting_reference", "requested_reference", "requesting_state", "requested_state",
	"requesting_central_authority", "requested_central_authority", "attachments", "signed" };

static bool is_placed(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (!strcmp(elsewhere[i], name))
			return true;
	for (size_t s = 0; s < ARRAY_LEN(sections); s++)
		for (size_t i = 0; i < FIELDS_MAX && sections[s].fields[i]; i++)
			if (!strcmp(sections[s].fields[i], name))
				return true;
	return false;
}

static bool is_empty(const struct section *section, const ProtobufCMessage *document)
{
	for (size_t i = 0; i < FIELDS_MAX && section->fields[i]; i++)
		if (need_is_met_by(document, section->fields[i], strlen(section->fields[i])))
			return false;
	return true;
}

static enum fault add_section(struct tool *tool, struct letter *letter, const struct section *section, const ProtobufCMessage *document)
{
	HEADING(section->heading);
	for (size_t i = 0; i < FIELDS_MAX && section->fields[i]; i++) {
		const ProtobufCFieldDescriptor *field = field_find(document->descriptor, section->fields[i]);
		bool is_alone = field && !section->fields[1] && !field_is_repeated(field) && field_count(document, field);
		if (is_alone && field->type == PROTOBUF_C_TYPE_MESSAGE)
			TRY(add_fields(tool, letter, 1, field_message(document, field, 0)));
		else if (is_alone)
			LINE("%s", field_text(document, field, 0));
		else if (field)
			TRY(add_field(tool, letter, 1, document, field));
	}
	return OK;
}

static enum fault add_sections(struct tool *tool, struct letter *letter, const ProtobufCMessage *document)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		bool is_lettered = sections[i].heading[0] == '(';
		if (!is_empty(&sections[i], document))
			TRY(add_section(tool, letter, &sections[i], document));
		else if (is_lettered) {		/* that it is not said is said */
			HEADING(sections[i].heading);
			LINE("Nothing is said of it.");
		}
	}
	bool is_begun = false;
	for (unsigned i = 0; i < document->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &document->descriptor->fields[i];
		if (is_placed(field->name) || !field_count(document, field))
			continue;
		if (!is_begun)
			HEADING("Other particulars");
		is_begun = true;
		TRY(add_field(tool, letter, 1, document, field));
	}
	return OK;
}

/* ── the end ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_file(struct tool *tool, struct letter *letter, const Comity__Attachment *file)
{
	struct bytes role = { 0 };
	enum fault fault = letter_name_code(&role, &comity__attachment_role__value__descriptor, file->role);
	if (!fault)
		fault = add(tool, letter, LETTER_ITEM, 1, "Enclosure %s: %s%s%s", file->id ? file->id : "-", bytes_text(&role),
			file->title ? ", " : "", file->title ? file->title : "");
	bytes_clear(&role);
	TRY(fault);
	TRY(add(tool, letter, LETTER_LINE, 2, "file %s, %s%s%s%s%s", file->name ? file->name : "-", size_of(tool, file->size),
		file->language ? ", language " : "", file->language ? file->language : "", file->translation_of ? ", translation of " : "",
		file->translation_of ? file->translation_of : ""));
	return add(tool, letter, LETTER_LINE, 2, "SHA-256%s %s", file->sealed ? " of the sealed bytes" : "", file->sha256 ? file->sha256 : "-");
}

static bool is_of_request(const Comity__RequestView *view, const Comity__AttachmentState *state)
{
	const char *sent = view->request->message_id;
	return state->attachment && (!sent || (state->message_id && !strcmp(state->message_id, sent)));
}

static enum fault add_files(struct tool *tool, struct letter *letter, const Comity__RequestView *view)
{
	size_t count = 0;
	HEADING("Enclosures");
	for (size_t i = 0; i < view->n_attachments; i++) {
		if (!is_of_request(view, view->attachments[i]))
			continue;
		TRY(add_file(tool, letter, view->attachments[i]->attachment));
		count++;
	}
	if (count)
		return OK;
	for (size_t i = 0; i < view->document->n_attachments; i++)
		TRY(add_item(tool, letter, 1, field_find(&comity__request__descriptor, "attachments"), i, &view->document->attachments[i]->base));
	if (!view->document->n_attachments)
		LINE("None.");
	return OK;
}

/* What travels with whatever is furnished in this case: 18(19), 18(26). */
static enum fault add_conditions(struct tool *tool, struct letter *letter, const Comity__Case *kase)
{
	if (!kase->n_conditions)
		return OK;
	HEADING("Conditions of use (article 18(19), 18(26))");
	for (size_t i = 0; i < kase->n_conditions; i++)
		LINE("%s", case_condition_words(tool, kase->conditions[i]));
	return OK;
}

static enum fault add_signature(struct tool *tool, struct letter *letter, const Comity__Request *document)
{
	const Comity__Signature *signature = document->signed_;
	HEADING("Signed");
	LINE("By: %s", signature && signature->by ? signature->by : "-");
	LINE("On: %s", signature && signature->signed_at ? signature->signed_at : "-");
	return OK;
}

static const Comity__MessageState *sent_as(const Comity__RequestView *view)
{
	for (size_t i = 0; view->request->message_id && i < view->n_messages; i++)
		if (view->messages[i]->message_id && !strcmp(view->messages[i]->message_id, view->request->message_id))
			return view->messages[i];
	return NULL;
}

/* What a judge needs to hold this paper to what was signed. */
static enum fault add_proof(struct tool *tool, struct letter *letter, const Comity__RequestView *view)
{
	const Comity__MessageState *state = sent_as(view);
	char sha256[DIGEST_HEX_SIZE + 1] = "-";
	HEADING("How its authenticity is established (article 18(14))");
	if (!state) {
		LINE("It was not sent: nothing of it is signed by the authority yet.");
		return OK;
	}
	if (state->sha256.len == DIGEST_SIZE)
		hex_write(sha256, (struct span){ state->sha256.data, DIGEST_SIZE });
	LINE("This paper is a record of electronic message %s of the requesting authority, %llu bytes.", state->message_id,
		(unsigned long long)state->size);
	LINE("SHA-256 of the message: %s", sha256);
	LINE("The message and the digests of its enclosures are named in manifest number %llu of the requesting authority, which its"
		" signing key has signed (CMS).%s%s", (unsigned long long)state->manifest, state->delivered_at
		? " The requested authority signed its receipt at " : "", state->delivered_at ? state->delivered_at : "");
	LINE("To verify it: `comity evidence export %s -o case.tar`, then `comity evidence verify case.tar`; or unpack the file and follow"
		" the README in it with openssl and sha256sum alone. Each enclosure is the right one if sha256sum gives the digest"
		" above.", view->our_reference && *view->our_reference ? view->our_reference : view->request->request_id);
	return OK;
}

enum fault letter_compose(struct tool *tool, const Comity__RequestView *view, struct letter *letter)
{
	if (!view->document || !view->request)
		return fault_say(FAULT_NOT_FOUND, "the content of this request is not here: there is nothing to write down");
	TRY(add_head(tool, letter, view));
	TRY(add_sections(tool, letter, &view->document->base));
	TRY(add_files(tool, letter, view));
	TRY(add_conditions(tool, letter, view->request));
	TRY(add_signature(tool, letter, view->document));
	return add_proof(tool, letter, view);
}
