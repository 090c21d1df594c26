/* attach_get: a blob as bulk frames, read by the porter, no faster than the client takes them. */
#include <inttypes.h>
#include <stdio.h>
#include <assert.h>
#include <stdlib.h>

#include "daemon/ledger/blobs.h"
#include "daemon/law/casework.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/porter.h"
#include "proto/uuid.h"

struct download {
	struct errand errand;
	struct session *session;
	Comity__AttachmentState *attachment;	/* in the session's arena */
	uint8_t case_id[CASE_ID_SIZE], digest[DIGEST_SIZE];
	uint64_t offset, size;
	bool is_under_way;			/* the errand is; then what follows is the porter's */
	bool is_over;
	struct blob *blob;
	enum fault fault;
	char detail[256];
	size_t got;
	uint8_t bytes[BULK_SIZE_MAX];
};

/* ── on the porter's thread ──────────────────────────────────────────────────────────────────────── */

static struct download *download_of(struct errand *errand)
{
	return container_of(errand, struct download, errand);
}

static void note(struct download *download, enum fault fault)
{
	download->fault = fault;
	if (fault)
		snprintf(download->detail, sizeof download->detail, "%s", fault_detail(fault));
}

static void open_blob(struct errand *errand)
{
	struct download *download = download_of(errand);
	struct blob_id id = { download->case_id, download->digest };
	note(download, blob_open(download->session->control->rooms.blobs, id, &download->blob));
	if (!download->fault)
		download->size = blob_size(download->blob);
}

static void read_blob(struct errand *errand)
{
	struct download *download = download_of(errand);
	note(download, blob_read(download->blob, download->offset, download->bytes, sizeof download->bytes, &download->got));
}

static void close_blob(struct errand *errand)
{
	blob_close(download_of(errand)->blob);
}

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

static void on_read(struct errand *errand);

static void run(struct download *download, void (*work)(struct errand *), void (*done)(struct errand *))
{
	download->errand = (struct errand){ .work = work, .done = done, .bytes = sizeof download->bytes };
	download->is_under_way = true;
	assert(download->session);	/* it is held until the blob is closed */
	porter_add(download->session->control->rooms.porter, &download->errand);
}

static void on_blob_closed(struct errand *errand)
{
	struct download *download = download_of(errand);
	struct session *session = download->session;
	free(download);
	session_release(session);
}

/* The session ends, or the call: at once, or when the porter is done with it. */
static void finish(struct download *download)
{
	download->is_over = true;
	if (!download->is_under_way)
		run(download, close_blob, on_blob_closed);
}

static void ended(struct session *session)
{
	finish(session->state);
}

static void fail(struct download *download, enum fault fault)
{
	download->session->pursuit = NULL;
	session_refuse(download->session, fault);
	finish(download);
}

static void reply(struct download *download)
{
	Comity__AttachmentContent content = COMITY__ATTACHMENT_CONTENT__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	content.schema = "comity.attachment/1";
	content.attachment = download->attachment;
	reply.kind_case = COMITY__REPLY__KIND_ATTACHMENT;
	reply.attachment = &content;
	download->session->pursuit = NULL;
	session_reply(download->session, &reply, false);
	finish(download);
}

static void go_on(struct session *session)
{
	struct download *download = session->state;
	if (download->is_under_way || session_is_congested(session))
		return;
	if (download->offset == download->size)
		reply(download);
	else
		run(download, read_blob, on_read);
}

static void on_read(struct errand *errand)
{
	struct download *download = download_of(errand);
	struct session *session = download->session;
	download->is_under_way = false;
	if (download->is_over) {
		finish(download);
	} else if (download->fault) {
		fail(download, fault_say(download->fault, "%s", download->detail));
	} else if (!download->got) {
		fail(download, fault_say(FAULT_IO, "an attachment is shorter than it was when it was opened"));
	} else {
		uint64_t offset = download->offset;
		download->offset += download->got;
		download->is_under_way = true;		/* should the session end in the next line */
		session_send_bulk(session, offset, (struct span){ download->bytes, download->got });
		download->is_under_way = false;
		if (download->is_over)
			finish(download);
		else
			go_on(session);
	}
}

static void on_opened(struct errand *errand)
{
	struct download *download = download_of(errand);
	download->is_under_way = false;
	if (download->is_over)
		finish(download);
	else if (download->fault)
		fail(download, fault_say(download->fault, "%s", download->detail));
	else if (download->offset > download->size)
		fail(download, fault_say(FAULT_USAGE, "byte %" PRIu64 " is behind the end: the attachment has %" PRIu64,
			download->offset, download->size));
	else
		go_on(download->session);
}

static const struct pursuit downloading = { .drained = go_on, .ended = ended };

/* ── the beginning ───────────────────────────────────────────────────────────────────────────────── */

/* Ours are here from the moment they are staged; theirs when they have come. */
static enum fault judge(const Comity__AttachmentState *state)
{
	if (state->presence != COMITY__PRESENCE__VALUE__ARRIVING)
		return OK;
	return fault_say(FAULT_NOT_YET, "%" PRIu64 " of %" PRIu64 " bytes of the attachment have arrived",
		state->bytes_done, state->attachment ? state->attachment->size : 0);
}

static enum fault find(struct session *session, struct download *download)
{
	const Comity__AttachGet *call = session->call->attach_get;
	struct txn txn;
	Comity__Case *kase;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	enum fault fault = session_find_case(session, &txn, call->ref, &session->arena, &kase);
	if (!fault)
		fault = casework_find_attachment(&txn, kase, call->attachment ? call->attachment : "", &session->arena,
			&download->attachment);
	txn_abort(&txn);
	TRY(fault);
	inquiry_show_arriving(&session->control->rooms, kase->request_id, download->attachment);
	TRY(judge(download->attachment));
	const Comity__Attachment *attachment = download->attachment->attachment;
	download->offset = call->offset;
	if (!attachment || !attachment->sha256 || !uuid_read(download->case_id, span_of_text(kase->request_id)) ||
			!hex_read(download->digest, DIGEST_SIZE, span_of_text(attachment->sha256)))
		return fault_say(FAULT_STORE_BROKEN, "an attachment's record has no digest");
	return OK;
}

void pursue_download(struct session *session)
{
	struct download *download = calloc(1, sizeof *download);
	enum fault fault = download ? OK : FAULT_NO_MEMORY;
	if (!fault) {
		download->session = session;
		fault = find(session, download);
	}
	if (fault) {
		free(download);
		session_refuse(session, fault);
		return;
	}
	session_hold(session);
	session->state = download;
	session->pursuit = &downloading;
	run(download, open_blob, on_opened);
}
