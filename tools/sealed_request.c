#include "tools/sealed_request.h"

#include <string.h>

#include "certs/digest.h"
#include "daemon/law/completeness.h"
#include "tools/acts.h"
#include "tools/files.h"
#include "tools/problems.h"
#include "tools/sealing.h"

/* ── judging ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault find_profile(struct tool *tool, char *peer, const Comity__Profile **profile)
{
	const Comity__Reply *reply;
	Comity__ByPeer by = COMITY__BY_PEER__INIT;
	by.peer = peer;
	Comity__Call call = CALL(PEER_SHOW, peer_show, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_PEER, &reply));
	*profile = reply->peer->peer ? reply->peer->peer->profile : NULL;
	return OK;
}

static enum fault find_staged(struct tool *tool, const char *ref, const Comity__Attachment ***staged, size_t *count)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)ref;
	Comity__Call call = CALL(ATTACH_LIST, attach_list, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_ATTACHMENTS, &reply));
	const Comity__AttachmentList *list = reply->attachments;
	*count = 0;
	*staged = arena_alloc(&tool->arena, (list->n_data + 1) * sizeof **staged);
	if (!*staged)
		return arena_fault(&tool->arena);
	for (size_t i = 0; i < list->n_data; i++)
		if (list->data[i]->presence == COMITY__PRESENCE__VALUE__STAGED && list->data[i]->attachment)
			(*staged)[(*count)++] = list->data[i]->attachment;
	return OK;
}

static enum fault show_problems(struct tool *tool, const struct problems *found)
{
	Comity__Problem *rows = arena_alloc(&tool->arena, (found->n + 1) * sizeof *rows);
	Comity__Problem **list = arena_alloc(&tool->arena, (found->n + 1) * sizeof *list);
	if (!rows || !list)
		return arena_fault(&tool->arena);
	for (size_t i = 0; i < found->n; i++) {
		comity__problem__init(list[i] = &rows[i]);
		rows[i].severity = (char *)severity_name(found->at[i].severity);
		rows[i].code = (char *)found->at[i].code;
		rows[i].path = found->at[i].path;
		rows[i].message = found->at[i].message;
		rows[i].article = (char *)found->at[i].article;
	}
	if (found->n && tool->format != FORMAT_JSON)
		print_problems(tool, list, found->n);
	return OK;
}

/* What is sealed nobody judges on the way: it is done here, by the same rules. */
static enum fault judge(struct tool *tool, const char *ref, char *peer, const Comity__Request *document)
{
	struct problems found = { 0 };
	const Comity__Profile *profile;
	const Comity__Attachment **staged;
	size_t count;
	TRY(find_profile(tool, peer, &profile));
	TRY(find_staged(tool, ref, &staged, &count));
	enum fault judged = completeness_check(document, count ? staged : NULL, count, profile, &found);
	enum fault shown = !judged || judged == FAULT_INCOMPLETE ? show_problems(tool, &found) : OK;
	problems_clear(&found);
	return judged ? judged : shown;
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

/* Of a draft it is at hand; what was sent is asked for. */
static enum fault find_message(struct tool *tool, const Comity__RequestView *view, Comity__Message **message)
{
	const Comity__Reply *reply;
	Comity__ByMessage by = COMITY__BY_MESSAGE__INIT;
	by.ref = view->request->request_id;
	by.message = view->request->message_id;
	*message = view->sealed_draft ? view->sealed_draft->message : NULL;
	if (*message || !by.message)
		return OK;
	Comity__Call call = CALL(MESSAGE_SHOW, message_show, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_MESSAGE, &reply));
	*message = reply->message->message;
	return OK;
}

static Comity__Request *request_in(const Comity__Message *message)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (message->acts[i]->kind_case == COMITY__ACT__KIND_REQUEST)
			return message->acts[i]->request;
	return NULL;
}

enum fault sealed_request_open(struct tool *tool, const Comity__RequestView *view, bool *is_opened)
{
	Comity__Message *message;
	*is_opened = false;
	if (!view->document)		/* purged, or none yet */
		return OK;
	TRY(find_message(tool, view, &message));
	if (!message || !message->sealed)
		return OK;
	TRY(sealing_open_message(tool, view->request->request_id, view->request->message_id, message));
	Comity__Request *inside = request_in(message);
	if (!inside)
		return OK;
	((Comity__RequestView *)view)->document = inside;
	view->request->subject = inside->proceeding ? inside->proceeding->subject : NULL;
	*is_opened = true;
	return OK;
}

/* ── sending ──────────────────────────────────────────────────────────────────────────────────── */

/* The file; or what was sealed before; or the draft as the daemon has it. */
static enum fault take_document(struct tool *tool, const Comity__RequestView *view, Comity__Request **document)
{
	ProtobufCMessage *read;
	bool is_opened;
	if (!given(tool, "from"))
		TRY(sealed_request_open(tool, view, &is_opened));
	*document = view->document;
	if (given(tool, "from")) {
		TRY(document_take(tool, given(tool, "from"), &comity__request__descriptor, &read));
		*document = (Comity__Request *)read;
	}
	if (!*document)
		return fault_say(FAULT_NOT_FOUND, "the request has no text");
	if (!(*document)->requesting_reference)
		(*document)->requesting_reference = view->request->requesting_reference;
	return OK;
}

/* The subject of a request that is confidential stays inside as well, where it is in the document. */
static enum fault seal_document(struct tool *tool, const struct sealing *sealing, Comity__Request *document, Comity__Message *message)
{
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	act.kind_case = COMITY__ACT__KIND_REQUEST;
	act.request = document;
	message->n_acts = 1;
	message->acts = &acts;
	return sealing_body(tool, sealing, message);	/* which puts the clear part in their place */
}

static enum fault prepare(struct tool *tool, const char *ref, const Comity__RequestView *view, const struct sealing *sealing,
	Comity__Message *message)
{
	Comity__Request *document;
	TRY(take_document(tool, view, &document));
	TRY(judge(tool, ref, view->request->peer, document));
	return seal_document(tool, sealing, document, message);
}

static enum fault hand_in(struct tool *tool, const char *ref, Comity__Message *message, const Comity__Submitted **submitted)
{
	const Comity__Reply *reply;
	Comity__RequestSend order = COMITY__REQUEST_SEND__INIT;
	order.ref = (char *)ref;
	order.officer = (char *)given(tool, "officer");
	order.sealed = message;
	Comity__Call call = SUBMIT(tool, REQUEST_SEND, request_send, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SUBMITTED, &reply));
	*submitted = reply->submitted;
	return OK;
}

enum fault sealed_request_send(struct tool *tool, const char *ref, const Comity__Submitted **submitted)
{
	struct sealing sealing = { 0 };
	const Comity__RequestView *view;
	Comity__Message message = COMITY__MESSAGE__INIT;
	*submitted = NULL;
	TRY(sealing_begin(tool, ref, &sealing));
	if (!sealing.is_wanted)
		return given(tool, "from") ? fault_say(FAULT_USAGE, "--from goes with --seal; a draft is changed with: comity request edit REF "
			"--from FILE") : OK;
	TRY(get_request(tool, ref, &view));
	if (view->sealed_draft && !given(tool, "from"))
		return OK;
	if (view->has_approvals_wanted)
		return hinted(tool, fault_say(FAULT_APPROVAL_MISSING, "%u officers approve what is sealed before it is sent: it must lie here sealed",
			view->approvals_wanted), "comity request seal %s", ref);
	TRY(prepare(tool, ref, view, &sealing, &message));
	return hand_in(tool, ref, &message, submitted);
}

enum fault sealed_request_keep(struct tool *tool, const char *ref, const Comity__RequestView **view)
{
	struct sealing sealing = { .is_wanted = true };
	uint8_t to[DIGEST_SIZE];
	const Comity__Reply *reply;
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__RequestSeal order = COMITY__REQUEST_SEAL__INIT;
	TRY(sealing_begin(tool, ref, &sealing));
	TRY(get_request(tool, ref, view));
	TRY(prepare(tool, ref, *view, &sealing, &message));
	digest_of(to, sealing.to[0]);
	order.ref = (char *)ref;
	order.sealed = &message;
	order.has_to_sha256 = 1;
	order.to_sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, to };
	Comity__Call call = SUBMIT(tool, REQUEST_SEAL, request_seal, &order);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	*view = reply->request;
	return OK;
}
