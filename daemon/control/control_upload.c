/* attach_add: bulk frames become a blob, and the blob an attachment of its case.
 *
 * Every piece is an errand of the porter, in order: begin, write ..., finish, and in the end drop, which lets go of
 * whatever is left.  Only what has been written makes room for more to be read from the socket. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/blobs.h"
#include "daemon/law/casework.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/porter.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/units.h"
#include "proto/uuid.h"

enum { UPLOAD_WINDOW = 1 << 20 };	/* bytes on their way to the disk */

struct upload {
	struct session *session;
	char request_id[UUID_TEXT_SIZE];
	uint8_t case_id[CASE_ID_SIZE];
	uint8_t expected[DIGEST_SIZE];
	bool has_expected;			/* the client told the digest: then a part can be gone on with */
	uint64_t size, received;
	size_t in_flight;
	unsigned errands;
	struct piece *last;			/* its drop: there from the beginning, so that it cannot fail */
	bool is_over;				/* nothing more comes of it */
	bool is_changing;			/* the blob is there, the ledger is being told */

	/* the porter's own, until the errand that set them is done */
	struct blob_part *part;
	uint64_t skip;				/* bytes of the client's that an earlier attempt left here */
	enum fault fault;
	uint8_t digest[DIGEST_SIZE];
};

struct piece {
	struct errand errand;
	struct upload *upload;
	enum fault (*step)(struct upload *upload, struct span bytes);
	enum fault fault;
	char detail[256];
	size_t len;
	uint8_t bytes[];
};

/* ── on the porter's thread ──────────────────────────────────────────────────────────────────────── */

static enum fault begin_part(struct upload *upload)
{
	char id[UUID_TEXT_SIZE];
	struct span token = SPAN(upload->expected);
	if (!upload->has_expected) {
		uuid_new(id);
		token = span_of_text(id);
	}
	TRY(blob_begin(upload->session->control->rooms.blobs, upload->case_id, token, &upload->part));
	upload->skip = blob_part_size(upload->part);
	return OK;
}

static enum fault begin(struct upload *upload, struct span bytes)
{
	(void)bytes;
	TRY(blobs_have_room(upload->session->control->rooms.blobs, upload->size));
	TRY(begin_part(upload));
	if (upload->skip > upload->size) {	/* not a beginning of this */
		blob_discard(upload->part);
		upload->part = NULL;
		TRY(begin_part(upload));
	}
	return blob_reserve(upload->part, upload->size);
}

static enum fault write_piece(struct upload *upload, struct span bytes)
{
	size_t skipped = upload->skip < bytes.len ? (size_t)upload->skip : bytes.len;
	upload->skip -= skipped;
	if (skipped == bytes.len)
		return OK;
	return blob_write(upload->part, (struct span){ bytes.at + skipped, bytes.len - skipped });
}

static enum fault finish(struct upload *upload, struct span bytes)
{
	struct blob_part *part = upload->part;
	(void)bytes;
	upload->part = NULL;
	return blob_finish(part, upload->size, upload->has_expected ? upload->expected : NULL, upload->digest);
}

/* Runs after a fault as well. */
static enum fault drop(struct upload *upload, struct span bytes)
{
	(void)bytes;
	if (upload->has_expected)
		blob_leave(upload->part);
	else
		blob_discard(upload->part);
	upload->part = NULL;
	return OK;
}

static void work(struct errand *errand)
{
	struct piece *piece = container_of(errand, struct piece, errand);
	struct upload *upload = piece->upload;
	if (upload->fault && piece->step != drop)
		return;
	piece->fault = piece->step(upload, (struct span){ piece->bytes, piece->len });
	if (!piece->fault)
		return;
	upload->fault = piece->fault;
	snprintf(piece->detail, sizeof piece->detail, "%s", fault_detail(piece->fault));
}

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

static void on_done(struct errand *errand);

static struct piece *make_piece(struct upload *upload, enum fault (*step)(struct upload *, struct span), struct span bytes)
{
	struct piece *piece = calloc(1, sizeof *piece + bytes.len);
	if (!piece)
		return NULL;
	piece->errand = (struct errand){ .work = work, .done = on_done, .bytes = bytes.len };
	piece->upload = upload;
	piece->step = step;
	piece->len = bytes.len;
	if (bytes.len)
		memcpy(piece->bytes, bytes.at, bytes.len);
	return piece;
}

static void dispatch(struct upload *upload, struct piece *piece)
{
	upload->errands++;
	upload->in_flight += piece->len;
	porter_add(upload->session->control->rooms.porter, &piece->errand);
}

static enum fault add_piece(struct upload *upload, enum fault (*step)(struct upload *, struct span), struct span bytes)
{
	struct piece *piece = make_piece(upload, step, bytes);
	if (piece)
		dispatch(upload, piece);
	return piece ? OK : FAULT_NO_MEMORY;
}

static void free_upload(void *state)
{
	struct upload *upload = state;
	struct session *session = upload->session;
	free(upload->last);
	free(upload);
	session_release(session);
}

/* The session has nothing to do with it any more; the porter puts the part away. */
static void abandon(struct upload *upload)
{
	struct piece *last = upload->last;
	upload->is_over = true;
	upload->last = NULL;
	dispatch(upload, last);
}

static void ended(struct session *session)
{
	abandon(session->state);
}

static void fail(struct upload *upload, enum fault fault)
{
	struct session *session = upload->session;
	if (upload->is_over)
		return;
	session->pursuit = NULL;
	session->swallowed = session->call_id;	/* the rest is on its way already */
	session_refuse(session, fault);
	abandon(upload);
}

static enum fault stage(struct inquiry *inquiry, void *state)
{
	const struct upload *upload = state;
	Comity__Attachment *attachment = inquiry->call->attach_add->attachment;
	struct key key = key_of_blob(upload->request_id, SPAN(upload->digest));
	Comity__Blob blob = COMITY__BLOB__INIT;
	Comity__AttachmentContent *content;
	Comity__Case *kase;
	char now[STAMP_SIZE], hex[DIGEST_HEX_SIZE + 1];
	if (!inquiry_make(inquiry, &comity__attachment_content__descriptor, &content))
		return inquiry_fault(inquiry);
	stamp_now(now);
	blob.has_size = attachment->has_size = 1;
	blob.size = attachment->size = upload->size;
	blob.stored_at = now;
	hex_write(hex, SPAN(upload->digest));
	attachment->sha256 = record_text(inquiry->arena, hex);
	content->schema = "comity.attachment/1";
	TRY(inquiry_fault(inquiry));
	TRY(casework_find(inquiry->txn, upload->request_id, inquiry->arena, &kase));
	TRY(casework_stage(inquiry->rooms->casework, inquiry->txn, kase, attachment, inquiry->uid, inquiry->arena,
		&content->attachment));
	if (!txn_get(inquiry->txn, TABLE_BLOBS, key_span(&key), NULL))	/* theirs stays theirs */
		record_keep(inquiry->txn, TABLE_BLOBS, key_span(&key), &blob.base);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_ATTACHMENT;
	inquiry->reply->attachment = content;
	return inquiry_fault(inquiry);
}

/* The blob is on disk: now the ledger may say so. */
static void keep(struct upload *upload)
{
	upload->is_over = upload->is_changing = true;
	upload->session->pursuit = NULL;
	calls_change(upload->session, &(struct change){
		.write = stage, .also = SPAN(upload->digest), .state = upload, .forget = free_upload,
	});
}

static void on_done(struct errand *errand)
{
	struct piece *piece = container_of(errand, struct piece, errand);
	struct upload *upload = piece->upload;
	struct session *session = upload->session;
	session_hold(session);
	upload->errands--;
	upload->in_flight -= piece->len;
	if (piece->fault)
		fail(upload, fault_say(piece->fault, "%s", piece->detail));
	else if (piece->step == finish && !upload->is_over && !upload->fault)
		keep(upload);
	if (upload->is_over && !upload->errands && !upload->is_changing)
		free_upload(upload);
	free(piece);
	session_go_on(session);
	session_release(session);
}

static enum fault take(struct upload *upload, const struct frame *frame)
{
	if (frame->offset != upload->received || !frame->payload.len || frame->payload.len > upload->size - upload->received)
		return fault_say(FAULT_BAD_FRAME, "bytes %" PRIu64 " to %" PRIu64 " of an attachment were not to come now",
			frame->offset, frame->offset + frame->payload.len);
	upload->received += frame->payload.len;
	TRY(add_piece(upload, write_piece, frame->payload));
	return upload->received == upload->size ? add_piece(upload, finish, (struct span){ 0 }) : OK;
}

static void bulk(struct session *session, const struct frame *frame)
{
	struct upload *upload = session->state;
	enum fault fault = take(upload, frame);
	if (fault)
		fail(upload, fault);
}

/* As long as something of ours is under way, its end wakes us. */
static bool wants_more(struct session *session)
{
	const struct upload *upload = session->state;
	if (upload->received == upload->size)
		return false;
	return !upload->in_flight || (upload->in_flight < UPLOAD_WINDOW &&
		porter_has_room(session->control->rooms.porter, BULK_SIZE_MAX));
}

static const struct pursuit uploading = { .bulk = bulk, .wants_more = wants_more, .ended = ended };

/* ── the beginning ───────────────────────────────────────────────────────────────────────────────── */

static enum fault judge_size(const Comity__Config *config, uint64_t size)
{
	const char *setting = config->limits && config->limits->max_attachment ? config->limits->max_attachment : "64 GiB";
	uint64_t limit;
	TRY(size_read(setting, &limit));
	if (size <= limit)
		return OK;
	return fault_say(FAULT_TOO_LARGE, "the attachment has %" PRIu64 " bytes; the limit is %s", size, setting);
}

static enum fault judge(const struct session *session, const Comity__AttachAdd *call)
{
	const char *name = call->attachment ? call->attachment->name : NULL;
	if (!name || !name_is_safe(span_of_text(name)))
		return fault_say(FAULT_BAD_NAME, "\"%s\" cannot be the name of an attachment", name ? name : "");
	if (!call->has_size)
		return fault_say(FAULT_USAGE, "the attachment's size is not told");
	return judge_size(session->control->rooms.config, call->size);
}

static enum fault find_case(struct session *session, const char *ref, struct upload *upload)
{
	struct txn txn;
	Comity__Case *kase;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	enum fault fault = session_find_case(session, &txn, ref, &session->arena, &kase);
	txn_abort(&txn);
	TRY(fault);
	snprintf(upload->request_id, sizeof upload->request_id, "%s", kase->request_id);
	return uuid_read(upload->case_id, span_of_text(kase->request_id)) ? OK : FAULT_STORE_BROKEN;
}

static enum fault prepare(struct session *session, struct upload *upload)
{
	const Comity__AttachAdd *call = session->call->attach_add;
	TRY(judge(session, call));
	TRY(find_case(session, call->ref, upload));
	upload->size = call->size;
	const char *sha256 = call->attachment->sha256;
	upload->has_expected = sha256 && hex_read(upload->expected, DIGEST_SIZE, span_of_text(sha256));
	TRY(add_piece(upload, begin, (struct span){ 0 }));
	return upload->size ? OK : add_piece(upload, finish, (struct span){ 0 });
}

void pursue_upload(struct session *session)
{
	struct upload *upload = calloc(1, sizeof *upload);
	struct piece *last = upload ? make_piece(upload, drop, (struct span){ 0 }) : NULL;
	if (!last) {
		free(upload);
		session->swallowed = session->call_id;
		session_refuse(session, FAULT_NO_MEMORY);
		return;
	}
	session_hold(session);
	upload->session = session;
	upload->last = last;
	session->state = upload;
	session->pursuit = &uploading;
	enum fault fault = prepare(session, upload);
	if (fault)
		fail(upload, fault);
}
