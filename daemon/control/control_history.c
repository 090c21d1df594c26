/* Every certificate that we have had, and what became of it: all that were ever used are kept for evidence (certificates.h). */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/revocation.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/rotation.h"
#include "daemon/ledger/certificates.h"
#include "daemon/upkeep/backup.h"
#include "proto/stamp.h"

enum {
	PAST_MAX = 4096,		/* with 90 days each, of some two hundred years */
	LISTS_MAX = 128,
	PEM_MAX = 2 * REVOCATION_SIZE_MAX,
};

struct past {
	enum role role;
	struct certificate_facts facts;
	struct revoked_entry entry;
};

struct history {
	struct inquiry *inquiry;
	Comity__CertHistory *told;
	struct bytes lists[LISTS_MAX];	/* of our issuers of today, and of those before */
	size_t list_count;
	struct past *past;
	size_t count;
};

/* ── what was revoked ─────────────────────────────────────────────────────────────────────────── */

static void load_list(struct history *history, const char *path)
{
	struct bytes pem = { 0 };
	struct span rest;
	bool is_read = history->list_count < LISTS_MAX && !file_read(path, FILE_PUBLIC, PEM_MAX, &pem);
	rest = span_of(&pem);
	if (is_read && !revocation_from_pem(&rest, &history->lists[history->list_count]))
		history->list_count++;
	bytes_clear(&pem);
}

/* A delegation that gave way took its list along, below keys.old/. */
static void load_lists(struct history *history)
{
	static const char *const patterns[] = { "keys/*.crl", "keys.old/*/*.crl" };
	char pattern[4096 + 32];
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		glob_t found;
		snprintf(pattern, sizeof pattern, "%s/%s", history->inquiry->rooms->places->state, patterns[i]);
		if (glob(pattern, 0, NULL, &found))
			continue;
		for (size_t n = 0; n < found.gl_pathc; n++)
			load_list(history, found.gl_pathv[n]);
		globfree(&found);
	}
}

/* Numbers are random and of 128 bits: none is on two lists but that of its issuer, and later ones of that. */
static void look_up(const struct history *history, struct past *past, struct span der)
{
	for (size_t i = 0; i < history->list_count && !past->entry.is_listed; i++)
		if (revocation_find(span_of(&history->lists[i]), der, &past->entry))
			past->entry = (struct revoked_entry){ 0 };
}

/* ── what there was ───────────────────────────────────────────────────────────────────────────── */

/* Most are the peers': who names us stands in the bytes, so that few need be read. */
static void take(struct history *history, struct span der)
{
	const char *own = identity_authority(history->inquiry->rooms->identity);
	struct past *past = &history->past[history->count];
	*past = (struct past){ 0 };
	if (history->count == PAST_MAX || !memmem(der.at, der.len, own, strlen(own)) || certificate_read(der, &past->facts) ||
	    strcmp(past->facts.authority, own) != 0 || !certificate_role(der, &past->role))
		return;
	look_up(history, past, der);
	history->count++;
}

static void collect(struct history *history)
{
	struct span key, value;
	struct walk walk;
	walk_from(&walk, history->inquiry->txn, TABLE_CERTIFICATES, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		if (key.len == DIGEST_SIZE)	/* what is longer says what a signer leads to */
			take(history, value);
	walk_end(&walk);
}

static int in_order(const void *one, const void *other)
{
	const struct past *a = one, *b = other;
	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	return (a->facts.not_before > b->facts.not_before) - (a->facts.not_before < b->facts.not_before);
}

static bool is_in_use(const struct history *history, const struct past *past)
{
	const struct control_rooms *rooms = history->inquiry->rooms;
	const struct identity *in_use[] = { identity_now(rooms->identity), rotation_serving(rooms->rotation) };
	bool is_one = false;
	for (size_t i = 0; i < ARRAY_LEN(in_use); i++)
		is_one |= in_use[i] && !memcmp(identity_digest(in_use[i], past->role), past->facts.digest, DIGEST_SIZE);
	return is_one;
}

/* Why it ended: the first that holds. */
static void tell_end(const struct history *history, const struct past *past, Comity__CertificatePast *row)
{
	struct inquiry *inquiry = history->inquiry;
	bool is_over = past->facts.not_after <= stamp_clock() / STAMP_SECOND;
	row->ended = past->entry.is_listed ? "revoked" : is_in_use(history, past) ? "in-use" : is_over && !row->successor ? "expired" :
		row->successor ? "replaced" : "expired";
	if (past->entry.is_listed) {
		row->reason = record_text(inquiry->arena, past->entry.reason);
		row->ended_at = reply_stamp(inquiry, past->entry.at * STAMP_SECOND);
	} else if (!strcmp(row->ended, "expired"))
		row->ended_at = reply_stamp(inquiry, past->facts.not_after * STAMP_SECOND);
}

static void tell_one(struct history *history, size_t at)
{
	struct inquiry *inquiry = history->inquiry;
	const struct past *past = &history->past[at], *next = at + 1 < history->count ? past + 1 : NULL;
	Comity__CertificatePast *row;
	char hex[DIGEST_HEX_SIZE + 1];
	if (!inquiry_make(inquiry, &comity__certificate_past__descriptor, &row))
		return;
	hex_write(hex, SPAN(past->facts.digest));
	row->role = (char *)role_name(past->role);
	row->serial = record_text(inquiry->arena, past->facts.serial);
	row->sha256 = record_text(inquiry->arena, hex);
	row->not_before = reply_stamp(inquiry, past->facts.not_before * STAMP_SECOND);
	row->not_after = reply_stamp(inquiry, past->facts.not_after * STAMP_SECOND);
	row->successor = next && next->role == past->role ? record_text(inquiry->arena, next->facts.serial) : NULL;
	tell_end(history, past, row);
	record_push(inquiry->arena, &history->told->n_data, &history->told->data, &row, sizeof row);
}

static enum fault tell(struct history *history)
{
	load_lists(history);
	collect(history);
	qsort(history->past, history->count, sizeof *history->past, in_order);
	for (size_t i = 0; i < history->count; i++)
		tell_one(history, i);
	return history->inquiry->txn->fault;
}

enum fault answer_cert_history(struct inquiry *inquiry)
{
	struct history history = { .inquiry = inquiry };
	if (!inquiry_make(inquiry, &comity__cert_history__descriptor, &history.told))
		return inquiry_fault(inquiry);
	history.told->schema = "comity.cert-history/1";
	history.told->generated_at = reply_stamp(inquiry, stamp_clock());
	history.past = calloc(PAST_MAX + 1, sizeof *history.past);
	enum fault fault = history.past ? tell(&history) : FAULT_NO_MEMORY;
	free(history.past);
	for (size_t i = 0; i < history.list_count; i++)
		bytes_clear(&history.lists[i]);
	TRY(fault);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_HISTORY;
	inquiry->reply->history = history.told;
	return inquiry_fault(inquiry);
}
