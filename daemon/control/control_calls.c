#include "daemon/control/control_calls.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/casework.h"
#include "daemon/control/control_lists.h"
#include "daemon/control/control_notes.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { CONTROL_API = 1, IDEMPOTENCY_KEY_MAX = 128 };

/* ── who may call what ───────────────────────────────────────────────────────────────────────────── */

#define EVERYBODY	(AT(DESK_ADMIN) | AT(DESK_OFFICER) | AT(DESK_INTEGRATOR) | AT(DESK_AUDITOR) | AT(DESK_MONITOR))
#define READERS		(AT(DESK_ADMIN) | AT(DESK_OFFICER) | AT(DESK_INTEGRATOR) | AT(DESK_AUDITOR))
#define WRITERS		(AT(DESK_ADMIN) | AT(DESK_OFFICER) | AT(DESK_INTEGRATOR))
#define OVERSEERS	(AT(DESK_ADMIN) | AT(DESK_AUDITOR))	/* they see every case */
#define ADMINS		AT(DESK_ADMIN)
#define OFFICERS	(AT(DESK_ADMIN) | AT(DESK_OFFICER))

static const struct row {
	unsigned desks;
	bool is_submission;		/* not taken while the daemon is drained */
	call_answer *answer;		/* a read */
	call_answer *change;
	call_settle *settle;
	call_pursue *pursue;
	bool uses_reserve;		/* it works in a full store too: it is small, and moves things on */
	const struct listing *list;	/* given page by page */
	/* In the audit log by a line of its own, because it shows a case or acts outside the ledger. */
	enum { NOTED_WITHIN, NOTED_FIRST, NOTED_BESIDE, NOTED_NOT } noting;	/* before it begins; or nobody waits for the line; or by none */
} rows[] = {
#define ROW(kind) [COMITY__CALL__KIND_##kind]
	ROW(STATUS)           = { EVERYBODY, .answer = answer_status },
	ROW(CARD_EXPORT)      = { READERS,   .change = change_card,            .settle = settle_card },
	ROW(CERT_SWITCHED)    = { READERS,   .answer = answer_cert_switched },
	ROW(CERT_ROTATE)      = { ADMINS,    .pursue = pursue_cert_rotate },
	ROW(PEER_ADD)         = { ADMINS,    .change = change_peer_add,        .settle = settle_peer },
	ROW(PEER_VERIFY)      = { ADMINS,    .change = change_peer_verify,     .settle = settle_peer },
	ROW(PEER_LIST)        = { EVERYBODY, .list = &listing_peers },
	ROW(PEER_SHOW)        = { READERS,   .answer = answer_peer_show },
	ROW(PEER_PING)        = { WRITERS,   .pursue = pursue_ping },
	ROW(PEER_REVOKE)      = { ADMINS,    .change = change_peer_revoke,     .settle = settle_peer, .uses_reserve = true },
	ROW(PEER_BLOCK)       = { ADMINS,    .change = change_peer_block,      .settle = settle_peer, .uses_reserve = true },
	ROW(PEER_UNBLOCK)     = { ADMINS,    .change = change_peer_unblock,    .settle = settle_peer, .uses_reserve = true },
	ROW(PEER_REMOVE)      = { ADMINS,    .change = change_peer_remove,     .settle = settle_peer, .uses_reserve = true },
	ROW(PEER_RECONCILE)   = { WRITERS,   .pursue = pursue_reconcile },
	ROW(PEER_DOCTOR)      = { WRITERS,   .pursue = pursue_doctor },
	ROW(AUDIT_LIST)       = { AT(DESK_ADMIN) | AT(DESK_AUDITOR), .list = &listing_audit, .noting = NOTED_FIRST },
	ROW(AUDIT_VERIFY)     = { AT(DESK_ADMIN) | AT(DESK_AUDITOR), .pursue = pursue_audit_verify },
	ROW(AUDIT_HEAD)       = { AT(DESK_ADMIN) | AT(DESK_AUDITOR), .change = change_audit_head, .settle = settle_audit_head },
	ROW(AUDIT_HEADS)      = { AT(DESK_ADMIN) | AT(DESK_AUDITOR), .list = &listing_audit_heads },
	ROW(REQUEST_NEW)      = { WRITERS,   .change = change_request_new },
	ROW(REQUEST_ORAL)     = { WRITERS,   .change = change_request_oral },
	ROW(REQUEST_EDIT)     = { WRITERS,   .change = change_request_edit },
	ROW(REQUEST_VALIDATE) = { READERS,   .answer = answer_request_validate },
	ROW(REQUEST_SEND)     = { WRITERS,   .is_submission = true, .change = change_request_send,    .settle = settle_submitted },
	ROW(REQUEST_SEAL)     = { WRITERS,   .change = change_request_seal },
	ROW(REQUEST_LIST)     = { READERS,   .list = &listing_requests },
	ROW(REQUEST_SHOW)     = { READERS,   .list = &listing_case, .noting = NOTED_FIRST },
	ROW(REQUEST_APPROVE)  = { OFFICERS,  .change = change_request_approve },
	ROW(REQUEST_ASSIGN)   = { OFFICERS,  .change = change_request_assign },
	ROW(REQUEST_LINK)     = { WRITERS,   .change = change_request_link },
	ROW(REQUEST_ABANDON)  = { WRITERS,   .change = change_request_abandon, .uses_reserve = true },
	ROW(SUBMIT)           = { WRITERS,   .is_submission = true, .change = change_submit,          .settle = settle_submitted },
	ROW(MESSAGE_LIST)     = { READERS,   .list = &listing_messages, .noting = NOTED_FIRST },
	ROW(MESSAGE_CHECK)    = { WRITERS,   .answer = answer_message_check },
	ROW(MESSAGE_LOOSE)    = { READERS,   .list = &listing_loose, .noting = NOTED_FIRST },
	ROW(MESSAGE_SHOW)     = { READERS,   .answer = answer_message_show, .noting = NOTED_BESIDE },
	ROW(MANIFEST_GET)     = { READERS,   .answer = answer_manifest },
	ROW(ATTACH_ADD)       = { WRITERS,   .pursue = pursue_upload },
	ROW(ATTACH_LIST)      = { READERS,   .list = &listing_attachments },
	ROW(ATTACH_GET)       = { READERS,   .pursue = pursue_download, .noting = NOTED_FIRST },
	ROW(BACKUP_CREATE)    = { ADMINS,    .pursue = pursue_backup_create },
	ROW(BACKUP_VERIFY)    = { ADMINS,    .pursue = pursue_backup_verify },
	ROW(BACKUP_LIST)      = { ADMINS,    .pursue = pursue_backup_list },
	ROW(DAEMON_RELEASE)   = { ADMINS,    .change = change_daemon_release,  .settle = settle_release, .uses_reserve = true },
	ROW(STORE_STAT)       = { EVERYBODY, .answer = answer_store_stat },
	ROW(STORE_CHECK)      = { READERS,   .pursue = pursue_store_check },
	ROW(STORE_COMPACT)    = { ADMINS,    .pursue = pursue_store_compact },
	ROW(CASE_DESTROY)     = { ADMINS,    .pursue = pursue_case_destroy },
	ROW(CASE_NOTIFY)      = { OFFICERS,  .is_submission = true, .change = change_case_notify,     .settle = settle_submitted },
	ROW(STORE_REKEY)      = { ADMINS,    .pursue = pursue_store_rekey },
	ROW(STORE_GROW)       = { ADMINS,    .pursue = pursue_store_grow },
	ROW(STORE_PURGE)      = { ADMINS,    .pursue = pursue_store_purge, .noting = NOTED_FIRST },
	ROW(REQUEST_HOLD)     = { WRITERS,   .change = change_request_hold, .uses_reserve = true },
	ROW(REQUEST_RELEASE_HOLD) = { WRITERS, .change = change_request_release_hold, .uses_reserve = true },
	ROW(SEAL_TO)          = { READERS,   .answer = answer_seal_to },
	ROW(UNSEAL)           = { WRITERS,   .pursue = pursue_unseal, .noting = NOTED_FIRST },
	ROW(TIMESTAMP_AUTHORITY) = { READERS, .answer = answer_timestamp_authority },
	ROW(WATCH)            = { READERS,   .pursue = pursue_watch },
	ROW(CONSUMER_LIST)    = { EVERYBODY, .answer = answer_consumer_list },
	ROW(CONSUMER_ADD)     = { AT(DESK_ADMIN) | AT(DESK_INTEGRATOR), .change = change_consumer_add },
	ROW(CONSUMER_ACKNOWLEDGE) = { AT(DESK_ADMIN) | AT(DESK_INTEGRATOR), .change = change_consumer_acknowledge, .uses_reserve = true,
		.noting = NOTED_NOT },
	ROW(CONSUMER_REMOVE)  = { AT(DESK_ADMIN) | AT(DESK_INTEGRATOR), .change = change_consumer_remove, .uses_reserve = true },
	ROW(QUEUE_LIST)       = { READERS,   .answer = answer_queue_list },
	ROW(QUEUE_FLUSH)      = { ADMINS,    .answer = answer_queue_flush, .noting = NOTED_FIRST },
	ROW(QUEUE_HOLD)       = { ADMINS,    .change = change_queue_hold },
	ROW(QUEUE_RELEASE)    = { ADMINS,    .change = change_queue_release },
	ROW(QUEUE_RETRY)      = { ADMINS,    .answer = answer_queue_retry, .noting = NOTED_FIRST },
	ROW(QUEUE_DROP)       = { ADMINS,    .change = change_queue_drop },
	ROW(DAEMON_HOLD)      = { ADMINS,    .change = change_daemon_hold },
	ROW(CERT_STATUS)      = { EVERYBODY, .answer = answer_cert_status },
	ROW(CERT_HISTORY)     = { EVERYBODY, .answer = answer_cert_history },
	ROW(CERT_REVOKE)      = { ADMINS,    .pursue = pursue_cert_revoke },
	ROW(DOCTOR)           = { EVERYBODY, .pursue = pursue_examination },
	ROW(DIRECTORY_LIST)   = { READERS,   .list = &listing_directory },
	ROW(DIRECTORY_SHOW)   = { READERS,   .answer = answer_directory_show },
	ROW(DIRECTORY_ROUTE)  = { READERS,   .answer = answer_directory_route },
	ROW(DIRECTORY_IMPORT) = { OFFICERS,  .change = change_directory_import },
	ROW(DIRECTORY_ANNOUNCE) = { OFFICERS, .is_submission = true, .change = change_directory_announce },
	ROW(DIRECTORY_CONFIRM) = { OFFICERS, .change = change_directory_confirm },
	ROW(DIRECTORY_REMOVE) = { OFFICERS,  .change = change_directory_remove },
	ROW(PORTFOLIO)        = { OFFICERS | AT(DESK_AUDITOR), .pursue = pursue_portfolio },
	ROW(STATISTICS)       = { OVERSEERS, .pursue = pursue_statistics },
	ROW(METRICS)          = { EVERYBODY, .answer = answer_metrics },
	ROW(CLOCK_CONFIRM)    = { ADMINS,    .change = change_clock_confirm,   .settle = settle_clock, .uses_reserve = true },
	ROW(DAEMON_DRAIN)     = { ADMINS,    .answer = answer_daemon_drain, .noting = NOTED_FIRST },
#undef ROW
};

static const struct row *find_row(const Comity__Call *call)
{
	size_t kind = (size_t)call->kind_case;
	return kind < ARRAY_LEN(rows) && rows[kind].desks ? &rows[kind] : NULL;
}

/* The field of the call that holds its own message. */
static const ProtobufCFieldDescriptor *field_of(const Comity__Call *call)
{
	return protobuf_c_message_descriptor_get_field(&comity__call__descriptor, (unsigned)call->kind_case);
}

static enum fault judge_desk(const struct session *session, const struct row *row)
{
	const char *needed = desk_names[row->desks & AT(DESK_OFFICER) ? DESK_OFFICER : DESK_ADMIN];
	if (row->desks & AT(session->desk))
		return OK;
	return fault_say(FAULT_ROLE_NEEDED, "%s needs the role %s; %s.sock does not have it",
		calls_name(session->call), needed, desk_names[session->desk]);
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────────────── */

const char *calls_name(const Comity__Call *call)
{
	return field_of(call)->name;
}

const char *calls_member(const Comity__Call *call, const char *name)
{
	const ProtobufCFieldDescriptor *kind = call ? field_of(call) : NULL;
	if (!kind)
		return NULL;
	const char *message;
	memcpy(&message, (const char *)call + kind->offset, sizeof message);
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(kind->descriptor, name);
	if (!message || !field || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	const char *text;
	memcpy(&text, message + field->offset, sizeof text);
	return text && *text ? text : NULL;
}

/* Put `value` where the hint says `word`. */
static void fill_in(char *hint, size_t size, const char *word, const char *value)
{
	char filled[512];
	char *at = value ? strstr(hint, word) : NULL;
	if (!at || size > sizeof filled)
		return;
	int length = snprintf(filled, sizeof filled, "%.*s%s%s", (int)(at - hint), hint, value, at + strlen(word));
	if (length > 0 && (size_t)length < size)
		memcpy(hint, filled, (size_t)length + 1);
}

Comity__Reply calls_error(struct calls_error *error, enum fault fault, const Comity__Call *call)
{
	Comity__Reply reply = COMITY__REPLY__INIT;
	const char *hint = fault_hint(fault), *peer = calls_member(call, "peer");
	comity__error__init(&error->error);
	snprintf(error->message, sizeof error->message, "%s", fault_detail(fault));
	snprintf(error->hint, sizeof error->hint, "%s", hint ? hint : "");
	fill_in(error->hint, sizeof error->hint, "PEER", peer ? peer : calls_member(call, "to"));
	fill_in(error->hint, sizeof error->hint, "REF", calls_member(call, "ref"));
	error->hints[0] = error->hint;
	error->error.schema = "comity.error/1";
	error->error.code = (char *)fault_slug(fault);
	error->error.message = error->message;
	error->error.hints = error->hints;
	error->error.n_hints = hint ? 1 : 0;
	error->error.has_exit = error->error.has_retryable = 1;
	error->error.exit = fault_exit_status(fault);
	error->error.retryable = fault_remedy(fault) == REMEDY_RETRY;
	reply.kind_case = COMITY__REPLY__KIND_ERROR;
	reply.error = &error->error;
	return reply;
}

/* ── reads ───────────────────────────────────────────────────────────────────────────────────────── */

bool inquiry_make(struct inquiry *inquiry, const ProtobufCMessageDescriptor *type, void *made)
{
	ProtobufCMessage *message = arena_alloc(inquiry->arena, type->sizeof_message);
	if (message)
		type->message_init(message);
	memcpy(made, &message, sizeof message);
	return message != NULL;
}

char *reply_stamp(struct inquiry *inquiry, int64_t stamp)
{
	char text[STAMP_SIZE];
	stamp_write(text, stamp);
	return record_text(inquiry->arena, text);
}

enum fault inquiry_fault(const struct inquiry *inquiry)
{
	if (inquiry->txn->fault)
		return inquiry->txn->fault;
	return inquiry->arena->was_refused ? arena_fault(inquiry->arena) : OK;
}

void calls_read(struct session *session, call_answer *answer, const void *state)
{
	struct txn txn;
	Comity__Reply reply = COMITY__REPLY__INIT;
	struct inquiry inquiry = {
		.rooms = &session->control->rooms, .txn = &txn, .arena = &session->arena,
		.call = session->call, .session = session, .uid = session->uid, .reply = &reply, .state = state,
	};
	enum fault fault = txn_begin(inquiry.rooms->store, TXN_READ, &txn);
	if (!fault)
		fault = answer(&inquiry);
	if (!fault)
		fault = inquiry_fault(&inquiry);
	txn_abort(&txn);
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
}

static enum fault write_row(struct inquiry *inquiry, void *state)
{
	(void)state;
	return find_row(inquiry->call)->change(inquiry);
}

/* ── the beginning ───────────────────────────────────────────────────────────────────────────────── */

static enum fault read_call(struct session *session, const struct row **row)
{
	ProtobufCMessage *message;
	TRY(unpack(&comity__call__descriptor, span_of(&session->packed), &session->arena, FAULT_BAD_DOCUMENT, &message));
	Comity__Call *call = session->call = (Comity__Call *)message;
	session->call_id = call->id;
	*row = find_row(call);
	if (call->has_api && call->api != CONTROL_API)
		return fault_say(FAULT_VERSION, "the tool speaks version %u of the control protocol, this daemon version %d",
			call->api, CONTROL_API);
	if (!*row)
		return fault_say(FAULT_USAGE, "this daemon does not know that call");
	if ((*row)->is_submission && session->control->is_draining)
		return FAULT_DRAINING;
	if (call->idempotency_key && strlen(call->idempotency_key) > IDEMPOTENCY_KEY_MAX)
		return fault_say(FAULT_USAGE, "the idempotency key is longer than %d bytes", IDEMPOTENCY_KEY_MAX);
	return judge_desk(session, *row);
}

static void start(struct session *session, const struct row *row)
{
	if (row->answer)
		calls_read(session, row->answer, NULL);
	else if (row->list)
		lists_begin(session, row->list);
	else if (row->pursue)
		row->pursue(session);
	else
		calls_change(session, &(struct change){ .write = write_row, .settle = row->settle, .uses_reserve = row->uses_reserve,
			.is_routine = row->noting == NOTED_NOT });
}

static void on_noted(void *owner, enum fault fault)
{
	struct session *session = owner;
	if (fault)
		session_refuse(session, fault);
	else
		start(session, find_row(session->call));
	session_release(session);
}

static void on_wrong_desk_noted(void *owner, enum fault fault)
{
	struct session *session = owner;
	session_refuse(session, fault);
	session_release(session);
}

void calls_begin(struct session *session)
{
	const struct row *row;
	enum fault fault = read_call(session, &row);
	if (fault)
		session->swallowed = session->call_id;	/* its bytes may be on their way */
	if (!fault && row->noting == NOTED_BESIDE)
		note_begun(session, NULL, NULL);
	if (!fault && row->noting != NOTED_FIRST) {
		start(session, row);
		return;
	}
	session_hold(session);
	if (fault == FAULT_ROLE_NEEDED)
		note_refused(session, fault, on_wrong_desk_noted, session);
	else if (fault)
		on_wrong_desk_noted(session, fault);
	else
		note_begun(session, on_noted, session);
}
