/* What is said, sealed: subject, text and acts, but for what daemons must read of these. */
#include <string.h>

#include "certs/files.h"
#include "proto/clear.h"
#include "proto/unpack.h"
#include "tools/sealing.h"

/* ── sealing ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault has_words(struct tool *tool, const Comity__Message *message, bool *has)
{
	*has = message->text || message->subject;
	for (size_t i = 0; i < message->n_acts && !*has; i++) {
		enum fault fault = clear_check(message->acts[i], &tool->arena);
		*has = fault == FAULT_SEALING_REQUIRED;
		TRY(*has ? OK : fault);
	}
	return OK;
}

static enum fault keep_clear(struct tool *tool, Comity__Message *message)
{
	Comity__Act **acts = arena_alloc(&tool->arena, (message->n_acts + 1) * sizeof *acts);
	if (!acts)
		return arena_fault(&tool->arena);
	for (size_t i = 0; i < message->n_acts; i++)
		if (!(acts[i] = clear_part(message->acts[i], &tool->arena)))
			return arena_fault(&tool->arena);
	message->acts = acts;
	message->subject = message->text = NULL;
	return OK;
}

static enum fault put_body(struct tool *tool, const struct sealing *sealing, Comity__Message *message, struct span body)
{
	struct seal *seal;
	struct bytes sealed = { 0 };
	enum fault fault = sealing_slip(tool, sealing, &message->sealed, &seal);
	if (!fault)
		fault = parcel_close(seal, body, &sealed);
	uint8_t *kept = fault ? NULL : (uint8_t *)arena_text(&tool->arena, span_of(&sealed));
	message->has_sealed_body = !!kept;
	message->sealed_body = (ProtobufCBinaryData){ kept ? sealed.len : 0, kept };
	seal_free(seal);
	bytes_clear(&sealed);
	return fault ? fault : kept ? OK : arena_fault(&tool->arena);
}

enum fault sealing_body(struct tool *tool, const struct sealing *sealing, Comity__Message *message)
{
	Comity__SealedBody inside = COMITY__SEALED_BODY__INIT;
	struct bytes body = { 0 };
	inside.subject = message->subject;
	inside.text = message->text;
	inside.n_acts = message->n_acts;
	inside.acts = message->acts;
	enum fault fault = pack(&inside.base, &body);
	if (!fault)
		fault = put_body(tool, sealing, message, span_of(&body));
	bytes_wipe(&body);
	return fault ? fault : keep_clear(tool, message);
}

enum fault sealing_words(struct tool *tool, const char *ref, Comity__Message *message)
{
	struct sealing sealing = { 0 };
	bool has;
	TRY(sealing_begin(tool, ref, &sealing));
	TRY(has_words(tool, message, &has));
	bool is_due = sealing.is_wanted && (has || given(tool, "seal"));
	return is_due && !message->sealed ? sealing_body(tool, &sealing, message) : OK;
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

/* The daemons of both sides have acted on the clear part: what is read is to be what they acted on. */
static enum fault put_acts(struct tool *tool, Comity__Message *message, const Comity__SealedBody *inside)
{
	if (inside->n_acts != message->n_acts)
		return fault_say(FAULT_BAD_DOCUMENT, "there are %zu acts inside, and %zu were told to the daemons", inside->n_acts,
			message->n_acts);
	for (size_t i = 0; i < message->n_acts; i++)
		TRY(clear_matches(message->acts[i], inside->acts[i], &tool->arena));
	message->acts = inside->acts;
	return OK;
}

enum fault sealing_open_words(struct tool *tool, struct seal *seal, Comity__Message *message)
{
	struct bytes body = { 0 };
	ProtobufCMessage *opened = NULL;
	enum fault fault = parcel_open(seal, (struct span){ message->sealed_body.data, message->sealed_body.len }, &body);
	if (!fault)
		fault = unpack(&comity__sealed_body__descriptor, span_of(&body), &tool->arena, FAULT_BAD_DOCUMENT, &opened);
	bytes_wipe(&body);
	TRY(fault);
	const Comity__SealedBody *inside = (const Comity__SealedBody *)opened;
	if (inside->n_acts)		/* a letter may be its words alone */
		TRY(put_acts(tool, message, inside));
	message->subject = inside->subject;
	message->text = inside->text;
	return OK;
}

enum fault sealing_open_message(struct tool *tool, const char *ref, const char *id, Comity__Message *message)
{
	struct seal *seal;
	Comity__Unseal unseal = COMITY__UNSEAL__INIT;
	unseal.ref = message->request_id ? message->request_id : (char *)ref;
	unseal.message = message->message_id ? message->message_id : (char *)id;
	TRY(sealing_unlock(tool, &unseal, message->sealed, &seal));
	enum fault fault = sealing_open_words(tool, seal, message);
	seal_free(seal);
	return fault;
}
