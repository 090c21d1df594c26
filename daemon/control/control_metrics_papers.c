/* The metrics of what ends: our certificates and lists, and the peers'. */
#include "daemon/control/control_metrics.h"
#include "daemon/desks/papers.h"

static void write_end(struct writing *writing, const struct paper *paper, const char *label)
{
	if (paper->is_ours)
		LINE(writing, "{%s=\"%s\"} %" PRId64, label, role_name(paper->role), paper->ends);
	else
		LINE(writing, "{%s=\"%s\",peer=\"%s\"} %" PRId64, label, role_name(paper->role), paper->authority, paper->ends);
}

static void certificate_end(void *owner, const struct paper *paper)
{
	if (!paper->is_list)
		write_end(owner, paper, "role");
}

static void list_end(void *owner, const struct paper *paper)
{
	if (paper->is_list)
		write_end(owner, paper, "issuer");
}

static void certificate_revoked(void *owner, const struct paper *paper)
{
	struct writing *writing = owner;
	if (paper->is_list)
		return;
	if (paper->is_ours)
		LINE(writing, "{role=\"%s\"} %d", role_name(paper->role), paper->state == PAPER_REVOKED);
	else
		LINE(writing, "{role=\"%s\",peer=\"%s\"} %d", role_name(paper->role), paper->authority, paper->state == PAPER_REVOKED);
}

static void write_papers(struct writing *writing, void (*each)(void *owner, const struct paper *paper))
{
	enum fault fault = inquiry_walk_papers(writing->inquiry, each, writing);
	writing->fault = writing->fault ? writing->fault : fault;
}

void metrics_certificate_ends(struct writing *writing)     { write_papers(writing, certificate_end); }
void metrics_certificates_revoked(struct writing *writing) { write_papers(writing, certificate_revoked); }
void metrics_list_ends(struct writing *writing)            { write_papers(writing, list_end); }
