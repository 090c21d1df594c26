/* What ends, and when, as the control sockets tell it. */
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/control/control_calls.h"
#include "daemon/desks/papers.h"
#include "daemon/desks/rotation.h"
#include "daemon/ledger/clock.h"
#include "daemon/upkeep/backup.h"
#include "proto/stamp.h"

struct telling {
	struct inquiry *inquiry;
	Comity__CertStatus *status;
	int64_t now;
};

static void add_certificate(struct telling *telling, const struct paper *paper)
{
	struct inquiry *inquiry = telling->inquiry;
	Comity__CertificateRow *row;
	char hex[DIGEST_HEX_SIZE + 1];
	if (!inquiry_make(inquiry, &comity__certificate_row__descriptor, &row))
		return;
	hex_write(hex, SPAN(paper->digest));
	row->authority = record_text(inquiry->arena, paper->authority);
	row->has_own = row->has_left_seconds = 1;
	row->own = paper->is_ours;
	row->role = (char *)role_name(paper->role);
	row->serial = record_text(inquiry->arena, paper->number);
	row->sha256 = record_text(inquiry->arena, hex);
	row->not_before = reply_stamp(inquiry, paper->begins * STAMP_SECOND);
	row->not_after = reply_stamp(inquiry, paper->ends * STAMP_SECOND);
	int64_t due_at = paper->is_ours ? rotation_due_at(inquiry->rooms->rotation, paper->role) : 0;
	row->rotates_at = due_at ? reply_stamp(inquiry, due_at * STAMP_SECOND) : NULL;
	row->left_seconds = paper->ends - telling->now;
	row->state = (char *)paper_state_name(paper->state);
	telling->status->due |= paper->state != PAPER_GOOD;
	record_push(inquiry->arena, &telling->status->n_certificates, &telling->status->certificates, &row, sizeof row);
}

static Comity__RevocationRow *make_list_row(struct inquiry *inquiry, const struct paper *paper)
{
	Comity__RevocationRow *row;
	if (!inquiry_make(inquiry, &comity__revocation_row__descriptor, &row))
		return NULL;
	row->authority = record_text(inquiry->arena, paper->authority);
	row->has_own = row->has_revoked = row->has_stale = 1;
	row->own = paper->is_ours;
	row->issuer = (char *)role_name(paper->role);
	row->number = record_text(inquiry->arena, paper->number);
	row->this_update = reply_stamp(inquiry, paper->begins * STAMP_SECOND);
	row->next_update = reply_stamp(inquiry, paper->ends * STAMP_SECOND);
	row->revoked = (uint32_t)paper->revoked;
	row->stale = paper->state == PAPER_OVER;
	return row;
}

static void add_list(struct telling *telling, const struct paper *paper)
{
	struct arena *arena = telling->inquiry->arena;
	Comity__RevocationRow *row = make_list_row(telling->inquiry, paper);
	if (!row)
		return;
	telling->status->due |= row->stale;
	record_push(arena, &telling->status->n_revocations, &telling->status->revocations, &row, sizeof row);
}

static void add(void *owner, const struct paper *paper)
{
	struct telling *telling = owner;
	if (paper->is_list)
		add_list(telling, paper);
	else
		add_certificate(telling, paper);
}

static struct papers papers_of(struct inquiry *inquiry, void (*each)(void *owner, const struct paper *paper), void *owner)
{
	const struct control_rooms *rooms = inquiry->rooms;
	return (struct papers){ .txn = inquiry->txn, .identity = rooms->identity, .directory = rooms->places->state,
		.thresholds = rooms->thresholds, .now = stamp_clock() / STAMP_SECOND, .each = each, .owner = owner };
}

enum fault inquiry_walk_papers(struct inquiry *inquiry, void (*each)(void *owner, const struct paper *paper), void *owner)
{
	const struct papers papers = papers_of(inquiry, each, owner);
	return papers_walk(&papers);
}

/* ── of one peer, for `peer show` ────────────────────────────────────────────────────────────────── */

struct viewing {
	struct inquiry *inquiry;
	Comity__PeerView *view;
};

static void add_to_view(void *owner, const struct paper *paper)
{
	struct viewing *viewing = owner;
	Comity__RevocationRow *row = paper->is_list ? make_list_row(viewing->inquiry, paper) : NULL;
	if (row)
		record_push(viewing->inquiry->arena, &viewing->view->n_revocations, &viewing->view->revocations, &row, sizeof row);
}

void inquiry_show_lists(struct inquiry *inquiry, Comity__PeerView *view)
{
	struct viewing viewing = { inquiry, view };
	const struct papers papers = papers_of(inquiry, add_to_view, &viewing);
	papers_show_peer(&papers, view->peer);
}

/* ── of everybody ────────────────────────────────────────────────────────────────────────────────── */


enum fault answer_cert_status(struct inquiry *inquiry)
{
	struct telling telling = { .inquiry = inquiry, .now = stamp_clock() / STAMP_SECOND };
	if (!inquiry_make(inquiry, &comity__cert_status__descriptor, &telling.status))
		return inquiry_fault(inquiry);
	telling.status->schema = "comity.cert-status/1";
	telling.status->generated_at = reply_stamp(inquiry, stamp_clock());
	telling.status->has_due = 1;
	if (inquiry->rooms->clock->is_in_doubt)
		telling.status->doubt = record_text(inquiry->arena, inquiry->rooms->clock->reason);
	TRY(inquiry_walk_papers(inquiry, add, &telling));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_CERTIFICATES;
	inquiry->reply->certificates = telling.status;
	return OK;
}
