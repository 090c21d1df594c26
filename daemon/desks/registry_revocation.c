/* What the peers revoked: their lists as rows of the ledger, and what follows from them.
 *
 * A peer has a list for each issuer of its own: the identity, and delegations whose lives overlap.  The highest number counts,
 * whatever card brought it, so that neither an old card nor a thief's takes a revocation back.  A card that is newer and brings an
 * older list is refused whole: they forgot what they revoked, or it is not they who wrote it. */
#include <string.h>

#include "certs/card.h"
#include "certs/trust.h"
#include "daemon/desks/registry_parts.h"

static struct span list_at(const Comity__Peer *peer, size_t index)
{
	return (struct span){ peer->revocations[index].data, peer->revocations[index].len };
}

/* ── into the record ─────────────────────────────────────────────────────────────────────────────── */

static bool is_newer(struct span list, struct span than)
{
	struct revocation_facts new, old;
	if (revocation_read(than, &old))
		return true;
	return !revocation_read(list, &new) && memcmp(new.order, old.order, sizeof new.order) > 0;
}

/* The list of the delegation that has rested longest gives way.  The identity's never does: it alone can revoke delegations. */
static size_t find_oldest(const Comity__Peer *peer)
{
	size_t oldest = 0;
	int64_t oldest_at = INT64_MAX;
	for (size_t i = 0; i < peer->n_revocations; i++) {
		struct revocation_facts facts;
		bool is_identitys = !revocation_check_issuer(list_at(peer, i), span_of_binary(peer->identity_certificate));
		int64_t at = revocation_read(list_at(peer, i), &facts) ? INT64_MIN : facts.this_update;
		if (is_identitys || at >= oldest_at)
			continue;
		oldest = i;
		oldest_at = at;
	}
	return oldest;
}

static enum fault add_list(Comity__Peer *peer, struct span list, struct arena *arena)
{
	ProtobufCBinaryData copy = record_bytes(arena, list);
	if (peer->n_revocations >= REVOCATIONS_MAX) {
		peer->revocations[find_oldest(peer)] = copy;
		return OK;
	}
	bool is_added = record_append(arena, &peer->n_revocations, &peer->revocations, &copy, sizeof copy);
	return is_added ? OK : arena_fault(arena);
}

enum fault registry_take_revocation(Comity__Peer *peer, struct span list, struct arena *arena)
{
	for (size_t i = 0; i < peer->n_revocations; i++) {
		if (!revocation_same_issuer(list_at(peer, i), list))
			continue;
		if (is_newer(list, list_at(peer, i)))
			peer->revocations[i] = record_bytes(arena, list);
		return OK;
	}
	return add_list(peer, list, arena);
}

enum fault registry_take_revocations(Comity__Peer *peer, const struct card *card, struct arena *arena)
{
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++)
		if (card->revocations[issuer].len)
			TRY(registry_take_revocation(peer, card->revocations[issuer], arena));
	return OK;
}

/* ── against a card ──────────────────────────────────────────────────────────────────────────────── */

static enum fault judge(const struct card *card, struct span list, enum role role, enum role issuer)
{
	struct revoked_entry entry;
	if (revocation_check_issuer(list, card->certificates[issuer]))
		return OK;		/* of another issuer */
	TRY(revocation_find(list, card->certificates[role], &entry));
	if (!entry.is_listed)
		return OK;
	return fault_say(FAULT_CERT_REVOKED, "the %s certificate in this card of %s was revoked (%s), says a list that we hold",
		role_name(role), card->authority, entry.reason);
}

enum fault registry_judge_revoked(const struct card *card, const Comity__Peer *known)
{
	for (size_t i = 0; i < known->n_revocations; i++)
		for (enum role role = ROLE_DELEGATION; role < ROLE_COUNT; role++)
			TRY(judge(card, list_at(known, i), role, role == ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION));
	return OK;
}

static enum fault judge_order(const struct card *card, enum role issuer, struct span held)
{
	struct revocation_facts theirs, ours;
	if (!revocation_same_issuer(card->revocations[issuer], held) || revocation_read(held, &ours))
		return OK;
	TRY(revocation_read(card->revocations[issuer], &theirs));
	if (memcmp(theirs.order, ours.order, sizeof ours.order) >= 0)
		return OK;
	return fault_say(FAULT_REVOCATION_OLDER, "the list of what the %s of %s revoked has number %s in this card; we hold number %s",
		role_name(issuer), card->authority, theirs.number, ours.number);
}

enum fault registry_judge_lists(const struct card *card, const Comity__Peer *known)
{
	for (size_t i = 0; i < known->n_revocations; i++)
		for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++)
			if (card->revocations[issuer].len)
				TRY(judge_order(card, issuer, list_at(known, i)));
	return OK;
}

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

enum fault registry_apply_revocations(struct trust *trust, const Comity__Peer *peer)
{
	struct span lists[REVOCATIONS_MAX];
	size_t count = peer->n_revocations < REVOCATIONS_MAX ? peer->n_revocations : REVOCATIONS_MAX;
	for (size_t i = 0; i < count; i++)
		lists[i] = list_at(peer, i);
	return trust_set_revocations(trust, peer->authority, lists, count);
}
