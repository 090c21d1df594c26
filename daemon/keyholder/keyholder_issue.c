/* What is issued: each time by a holder of its own. */
#include "certs/revocation.h"
#include "daemon/keyholder/keyholder_line.h"
#include "daemon/keyholder/keyholder_start.h"

static enum fault issue(const struct keyholder *holder, Comity__HolderIssue *order, unsigned *issued)
{
	int fd;
	pid_t child;
	Comity__HolderBegin begin = COMITY__HOLDER_BEGIN__INIT;
	begin.issue = order;
	order->has_act = order->has_at = order->has_role = 1;
	*issued = 0;
	TRY(keyholder_reach(keyholder_whereabouts(holder), &fd, &child));
	enum fault fault = keyholder_begin(fd, &begin, issued);
	keyholder_part(fd, child);
	return fault;
}

enum fault keyholder_refresh(const struct keyholder *holder, int64_t now, unsigned *issued)
{
	Comity__HolderIssue order = COMITY__HOLDER_ISSUE__INIT;
	order.act = COMITY__HOLDER_ACT__HOLDER_REFRESH;
	order.at = now;
	return issue(holder, &order, issued);
}

enum fault keyholder_revoke(const struct keyholder *holder, const struct revocation_order *revocation)
{
	unsigned issued;
	Comity__HolderIssue order = COMITY__HOLDER_ISSUE__INIT;
	order.act = COMITY__HOLDER_ACT__HOLDER_REVOKE;
	order.at = revocation->now;
	order.role = revocation->issuer;
	order.serial = (char *)revocation->serial;
	order.reason = (char *)revocation->reason;
	order.has_lost_at = 1;
	order.lost_at = revocation->lost_at;
	return issue(holder, &order, &issued);
}

enum fault keyholder_prove(const struct keyholder *holder, int64_t now)
{
	unsigned issued;
	Comity__HolderIssue order = COMITY__HOLDER_ISSUE__INIT;
	order.act = COMITY__HOLDER_ACT__HOLDER_PROVE;
	order.at = now;
	return issue(holder, &order, &issued);
}

enum fault keyholder_renew(const struct keyholder *holder, unsigned roles, int64_t now)
{
	unsigned issued;
	Comity__HolderIssue order = COMITY__HOLDER_ISSUE__INIT;
	order.act = COMITY__HOLDER_ACT__HOLDER_RENEW;
	order.at = now;
	order.has_roles = 1;
	order.roles = roles;
	return issue(holder, &order, &issued);
}
