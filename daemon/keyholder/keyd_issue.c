#include "daemon/keyholder/keyd_issue.h"

#include "certs/revocation.h"

static enum fault refresh(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued)
{
	return revocation_refresh(directory, order->at, &access->secret, issued);
}

static enum fault revoke(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued)
{
	const struct revocation_order revocation = { .issuer = (enum role)order->role, .serial = order->serial,
		.reason = order->reason, .lost_at = order->lost_at, .now = order->at, .secret = &access->secret };
	*issued = 1;
	if (!order->serial || (revocation.issuer != ROLE_IDENTITY && revocation.issuer != ROLE_DELEGATION))
		return FAULT_BAD_FRAME;
	return revocation_enter(directory, &revocation);
}

static enum fault renew(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued)
{
	*issued = 0;
	return identity_renew_roles(directory, order->roles, order->at, access);
}

/* Those of the leaves show in what is signed and opened with them. */
static enum fault prove(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued)
{
	struct identity *identity;
	(void)order;
	*issued = 0;
	TRY(identity_open(directory, &(struct identity_access){ 0 }, &identity));
	enum fault fault = identity_prove_key(directory, identity, ROLE_DELEGATION, &access->secret);
	if (!fault)
		fault = identity_prove_key(directory, identity, ROLE_IDENTITY, &access->secret);
	identity_free(identity);
	return fault;
}

static enum fault (*const acts[])(const char *, const struct identity_access *, const Comity__HolderIssue *, unsigned *) = {
	[COMITY__HOLDER_ACT__HOLDER_REFRESH] = refresh,
	[COMITY__HOLDER_ACT__HOLDER_REVOKE] = revoke,
	[COMITY__HOLDER_ACT__HOLDER_RENEW] = renew,
	[COMITY__HOLDER_ACT__HOLDER_PROVE] = prove,
};

enum fault issue_act(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued)
{
	*issued = 0;
	if (!order->has_act || !order->has_at || (size_t)order->act >= ARRAY_LEN(acts) || order->role >= ROLE_COUNT)
		return FAULT_BAD_FRAME;
	return acts[order->act](directory, access, order, issued);
}
