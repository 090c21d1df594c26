/* What comity id revoke leaves on disk without us: our identity counts no more, or a former one of ours. */
#include "certs/identity.h"
#include "certs/revocation.h"
#include "daemon/desks/herald_parts.h"

/* A list of another identity, as while one gives way to the next, says nothing of ours. */
static enum fault find_own(const struct herald_rooms *rooms, struct span list, struct revoked_entry *entry)
{
	struct span own = identity_certificate(identity_now(rooms->identity), ROLE_IDENTITY);
	return !list.len || revocation_check_issuer(list, own) ? OK : revocation_find(list, own, entry);
}

bool herald_take_list(struct herald *herald)
{
	struct bytes list = { 0 }, seen = herald->list;
	struct revoked_entry entry = { 0 };
	enum fault fault = revocation_load(herald->rooms.state, ROLE_IDENTITY, &list);
	if (!fault)
		fault = find_own(&herald->rooms, span_of(&list), &entry);
	if (fault || (entry.is_listed == herald->is_revoked && span_equal(span_of(&list), span_of(&seen)))) {
		bytes_clear(&list);
		return false;
	}
	herald->list = list;
	herald->is_revoked = entry.is_listed;
	bytes_clear(&seen);
	return true;
}
