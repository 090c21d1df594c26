/* From one identity of a peer to the next: by what the old one signed for the new, or by another telephone check.
 *
 * Rolled over, the peer stays verified, for the old key, which was checked, speaks for the new one; yet that is worth only what
 * the old key was worth, and so the telephone check is to be done again in time.  An identity that was revoked speaks for nobody:
 * the next one is as good as a stranger's until it is checked.  Former identities stay on record, for what they signed. */
#include <string.h>

#include "certs/card.h"
#include "certs/trust.h"
#include "daemon/desks/registry_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

enum { CHECK_DAYS = 90, DAY_SECONDS = 86400 };

/* The key that was pinned.  Whether it is an authority's own or a State's must not change either. */
static enum fault same_key(struct span one, struct span other, const char *authority, bool *is_same)
{
	struct bytes a = { 0 }, b = { 0 };
	enum fault fault = certificate_pin(one, authority, &a);
	if (!fault)
		fault = certificate_pin(other, authority, &b);
	*is_same = !fault && span_equal(span_of(&a), span_of(&b));
	bytes_clear(&a);
	bytes_clear(&b);
	return fault;
}

/* ── may the identity of this card take the place of what we hold? ───────────────────────────────── */

static bool is_former(const struct card *card, const Comity__Peer *known)
{
	bool is_same = false;
	for (size_t i = 0; i < known->n_formers && !is_same; i++)
		if (same_key(card->certificates[ROLE_IDENTITY], span_of_binary(known->formers[i]->certificate), card->authority, &is_same))
			return false;
	return is_same;
}

/* Where in the card's successions the identity that we hold gave way; the count of them when it never did. */
static size_t find_pinned(const struct card *card, const Comity__Peer *known)
{
	size_t at = 0;
	bool is_same = false;
	for (; at < card->succession_count; at++)
		if (!same_key(card->successions[at].before, span_of_binary(known->identity_certificate), card->authority, &is_same) && is_same)
			break;
	return at;
}

static enum fault judge_bridges(const struct card *card, size_t from)
{
	int64_t now = stamp_clock() / STAMP_SECOND;
	for (size_t i = from; i < card->succession_count; i++) {
		struct certificate_facts facts;
		TRY(certificate_read(card->successions[i].new_by_old, &facts));
		if (now > facts.not_after || facts.not_before > now + DAY_SECONDS)
			return fault_say(FAULT_IDENTITY_CHANGED, "what the old identity of %s signed for the new one is not valid now", card->authority);
	}
	return OK;
}

enum fault registry_judge_identity(const struct card *card, const Comity__Peer *known)
{
	bool is_same;
	TRY(same_key(card->certificates[ROLE_IDENTITY], span_of_binary(known->identity_certificate), card->authority, &is_same));
	if (is_same && known->revoked_at)
		return fault_say(FAULT_CERT_REVOKED, "%s revoked the identity in this card: ask for its new card", card->authority);
	if (is_same)
		return OK;
	if (is_former(card, known))
		return fault_say(FAULT_IDENTITY_CHANGED, "this card of %s has an identity that gave way to the one that we hold", card->authority);
	if (known->revoked_at)
		return OK;		/* whoever it is: the telephone check will tell */
	size_t from = find_pinned(card, known);
	if (from < card->succession_count)
		return judge_bridges(card, from);
	return fault_say(FAULT_IDENTITY_CHANGED, "the card of %s has another identity than the one that we hold, whose digits are %s; if "
		"they say by telephone that it was lost: comity peer revoke", card->authority, known->digits);
}

/* ── following ───────────────────────────────────────────────────────────────────────────────────── */

static bool add_former(Comity__Peer *peer, struct span certificate, struct span vouched, struct arena *arena)
{
	Comity__FormerIdentity *former = arena_alloc(arena, sizeof *former);
	if (!former)
		return false;
	comity__former_identity__init(former);
	former->has_certificate = 1;
	former->certificate = record_bytes(arena, certificate);
	former->has_vouched = vouched.len > 0;
	former->vouched = record_bytes(arena, vouched);
	former->digits = registry_digits(certificate, peer->authority, arena);
	former->replaced_at = registry_now(arena);
	former->revoked_at = peer->revoked_at;
	if (peer->n_formers == SUCCESSIONS_MAX)
		memmove(peer->formers, peer->formers + 1, --peer->n_formers * sizeof *peer->formers);
	return record_append(arena, &peer->n_formers, &peer->formers, &former, sizeof former);
}

static void tell(struct txn *txn, const char *type, const Comity__Peer *peer, const char *text)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = peer->authority;
	data.text = (char *)text;
	events_append(txn, type, peer->authority, &data);
}

static enum fault follow(struct txn *txn, Comity__Peer *peer, const struct card *card, size_t from, struct arena *arena)
{
	char due[STAMP_SIZE];
	stamp_write(due, stamp_clock() + (int64_t)CHECK_DAYS * DAY_SECONDS * STAMP_SECOND);
	for (size_t i = from; i < card->succession_count; i++)
		if (!add_former(peer, card->successions[i].before, card->successions[i].old_by_new, arena))
			return arena_fault(arena);
	peer->check_due_at = peer->standing == COMITY__STANDING__VALUE__UNVERIFIED ? NULL : record_text(arena, due);
	tell(txn, EVENT_PEER_ROLLED, peer, peer->check_due_at);
	return registry_fault(txn, arena);
}

/* It was revoked, and nothing of it speaks for the next. */
static enum fault begin_anew(Comity__Peer *peer, struct arena *arena)
{
	if (!add_former(peer, span_of_binary(peer->identity_certificate), (struct span){ 0 }, arena))
		return arena_fault(arena);
	peer->revoked_at = peer->check_due_at = NULL;
	peer->verification = NULL;
	if (peer->standing != COMITY__STANDING__VALUE__BLOCKED)
		registry_set_standing(peer, COMITY__STANDING__VALUE__UNVERIFIED);
	return OK;
}

enum fault registry_take_identity(struct txn *txn, Comity__Peer *peer, const struct card *card, struct arena *arena)
{
	bool is_same = true;
	if (!peer->has_identity_certificate)
		return OK;
	TRY(same_key(card->certificates[ROLE_IDENTITY], span_of_binary(peer->identity_certificate), card->authority, &is_same));
	if (is_same)
		return OK;
	return peer->revoked_at ? begin_anew(peer, arena) : follow(txn, peer, card, find_pinned(card, peer), arena);
}

/* ── a revoked identity ──────────────────────────────────────────────────────────────────────────── */

static enum fault check_date(struct span list)
{
	struct revocation_facts facts;
	TRY(revocation_read(list, &facts));
	if (facts.this_update > stamp_clock() / STAMP_SECOND + DAY_SECONDS)
		return fault_say(FAULT_BAD_REVOCATION, "it was issued in the future: compare the clocks of both sides");
	return OK;
}

/* Is this certificate on it, signed by that key? */
static enum fault find_on(struct span list, struct span certificate, struct span issuer, struct revoked_entry *entry)
{
	*entry = (struct revoked_entry){ 0 };
	return revocation_check_issuer(list, issuer) ? OK : revocation_find(list, certificate, entry);
}

static enum fault revoke_former(Comity__Peer *peer, Comity__FormerIdentity *former, struct span list, struct arena *arena,
	bool *is_taken)
{
	char at[STAMP_SIZE];
	struct revoked_entry entry, other;
	struct span certificate = span_of_binary(former->certificate);
	TRY(find_on(list, certificate, certificate, &entry));
	TRY(find_on(list, span_of_binary(former->vouched), span_of_binary(peer->identity_certificate), &other));
	if (!entry.is_listed)
		entry = other;
	if (!entry.is_listed || former->revoked_at)
		return OK;
	stamp_write(at, entry.at * STAMP_SECOND);
	former->revoked_at = record_text(arena, at);
	*is_taken = true;
	return OK;
}

enum fault registry_take_formers(struct txn *txn, Comity__Peer *peer, const struct card *card, struct arena *arena)
{
	bool is_taken = false;
	for (size_t i = 0; i < peer->n_formers; i++)
		TRY(revoke_former(peer, peer->formers[i], card->revocations[ROLE_IDENTITY], arena, &is_taken));
	if (is_taken)
		tell(txn, EVENT_PEER_REVOKED, peer, "a former identity");
	return registry_fault(txn, arena);
}

static enum fault revoke_pinned(Comity__Peer *peer, struct span list, struct arena *arena, bool *is_taken)
{
	char at[STAMP_SIZE];
	struct revoked_entry entry;
	struct span certificate = span_of_binary(peer->identity_certificate);
	TRY(find_on(list, certificate, certificate, &entry));
	if (!entry.is_listed || peer->revoked_at)
		return OK;
	stamp_write(at, entry.at * STAMP_SECOND);
	peer->revoked_at = record_text(arena, at);
	*is_taken = true;
	return OK;
}

/* None of the identities that we know signed it, or it says nothing of them that is new. */
static enum fault refuse(const Comity__Peer *peer, struct span list)
{
	bool is_theirs = !revocation_check_issuer(list, span_of_binary(peer->identity_certificate));
	bool is_revoked = peer->revoked_at != NULL;
	for (size_t i = 0; i < peer->n_formers; i++) {
		is_theirs |= !revocation_check_issuer(list, span_of_binary(peer->formers[i]->certificate));
		is_revoked |= peer->formers[i]->revoked_at != NULL;
	}
	if (!is_theirs)
		return fault_say(FAULT_BAD_REVOCATION, "it is signed by no identity of %s that we know", peer->authority);
	if (is_revoked)
		return fault_say(FAULT_EXISTS, "the identity of %s is revoked already", peer->authority);
	return fault_say(FAULT_BAD_REVOCATION, "it does not say that an identity of %s is revoked", peer->authority);
}

static enum fault take_statement(Comity__Peer *peer, struct span list, struct arena *arena)
{
	bool is_taken = false;
	TRY(check_date(list));
	TRY(revoke_pinned(peer, list, arena, &is_taken));
	for (size_t i = 0; i < peer->n_formers; i++)
		TRY(revoke_former(peer, peer->formers[i], list, arena, &is_taken));
	if (!is_taken)
		return refuse(peer, list);
	return registry_take_revocation(peer, list, arena);
}

static enum fault read_and_take(Comity__Peer *peer, const char *text, struct arena *arena)
{
	struct bytes list = { 0 };
	struct span pem = span_of_text(text);
	enum fault fault = revocation_from_pem(&pem, &list);
	if (!fault)
		fault = take_statement(peer, span_of(&list), arena);
	bytes_clear(&list);
	return fault;
}

static enum fault take_word(Comity__Peer *peer, struct arena *arena)
{
	if (peer->revoked_at)
		return fault_say(FAULT_EXISTS, "the identity of %s is revoked already", peer->authority);
	peer->revoked_at = registry_now(arena);
	return OK;
}

/* Whoever it may be from now on, the telephone has to say. */
static enum fault withdraw(struct txn *txn, Comity__Peer *peer, struct arena *arena)
{
	if (peer->revoked_at) {
		peer->verification = NULL;
		peer->check_due_at = NULL;
		if (peer->standing == COMITY__STANDING__VALUE__VERIFIED)
			registry_set_standing(peer, COMITY__STANDING__VALUE__UNVERIFIED);
	}
	TRY(registry_fault(txn, arena));
	registry_keep(txn, peer);
	return txn->fault;
}

static const char *which(const Comity__Peer *peer)
{
	return peer->revoked_at ? peer->revoked_at : "a former identity";
}

enum fault registry_revoke(struct txn *txn, const char *id, const char *statement, uint32_t uid, struct arena *arena,
	Comity__Peer **revoked)
{
	Comity__Peer *peer;
	TRY(registry_find(txn, id, arena, &peer));
	TRY(statement ? read_and_take(peer, statement, arena) : take_word(peer, arena));
	*revoked = peer;
	TRY(withdraw(txn, peer, arena));
	registry_tell(txn, EVENT_PEER_REVOKED, peer, uid, which(peer));
	return txn->fault;
}

enum fault registry_take_end(struct txn *txn, const char *id, struct span list, struct arena *arena)
{
	Comity__Peer *peer;
	TRY(registry_find(txn, id, arena, &peer));
	if (peer->standing != COMITY__STANDING__VALUE__VERIFIED)
		return FAULT_PEER_UNVERIFIED;
	TRY(take_statement(peer, list, arena));
	TRY(withdraw(txn, peer, arena));
	tell(txn, EVENT_PEER_REVOKED, peer, which(peer));
	return txn->fault;
}

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

enum fault registry_apply_formers(struct trust *trust, const Comity__Peer *peer)
{
	struct former formers[SUCCESSIONS_MAX];
	size_t count = peer->n_formers < SUCCESSIONS_MAX ? peer->n_formers : SUCCESSIONS_MAX;
	for (size_t i = 0; i < count; i++) {
		const Comity__FormerIdentity *one = peer->formers[i];
		int64_t until;
		bool is_revoked = one->revoked_at && stamp_read(one->revoked_at, &until);
		formers[i] = (struct former){ span_of_binary(one->certificate), span_of_binary(one->vouched),
			is_revoked ? until / STAMP_SECOND : INT64_MAX };
	}
	return trust_set_formers(trust, peer->authority, formers, count);
}
