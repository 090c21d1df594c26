/* What the clock does to certificates: lines end with theirs, warnings are told in time, revocation lists are kept fresh. */
#include <stdio.h>

#include "certs/revocation.h"
#include "daemon/comityd_parts.h"
#include "daemon/ledger/events.h"
#include "daemon/log.h"
#include "proto/stamp.h"

/* ── warnings ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_warnings(struct txn *txn, struct job *job)
{
	const struct comityd *comityd = container_of(job, struct comityd, papers.warning);
	const struct papers papers = { .txn = txn, .identity = comityd->identity, .directory = comityd->places.state,
		.thresholds = &comityd->papers.thresholds, .now = comityd->papers.now };
	return papers_warn(&papers);
}

static void on_warned(struct job *job, enum fault fault)
{
	struct comityd *comityd = container_of(job, struct comityd, papers.warning);
	comityd->papers.is_warning = false;
	if (fault)
		log_broken("certificates: what ends soon cannot be told: %s", fault_detail(fault));
}

static void warn(struct comityd *comityd)
{
	if (comityd->papers.is_warning)
		return;
	comityd->papers.is_warning = true;
	comityd->papers.warning = (struct job){ .write = write_warnings, .done = on_warned };
	scribe_add(comityd->scribe, &comityd->papers.warning);
}

/* ── our own lists ────────────────────────────────────────────────────────────────────────────── */

static void work_refresh(struct errand *errand)
{
	struct comityd *comityd = container_of(errand, struct comityd, papers.refreshing);
	comityd->papers.fault = keyholder_refresh(comityd->keyholder, comityd->papers.now, &comityd->papers.issued);
}

static enum fault write_issued(struct txn *txn, struct job *job)
{
	const struct comityd *comityd = container_of(job, struct comityd, papers.issuing);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	char text[40];
	snprintf(text, sizeof text, "%u of our lists", comityd->papers.issued);
	data.text = text;
	txn_use_reserve(txn);
	events_append(txn, EVENT_REVOCATIONS_ISSUED, identity_authority(comityd->identity), &data);
	return txn->fault;
}

static void on_issued(struct job *job, enum fault fault)
{
	struct comityd *comityd = container_of(job, struct comityd, papers.issuing);
	comityd->papers.is_refreshing = false;
	if (fault)
		log_broken("certificates: that our revocation lists were renewed cannot be told: %s", fault_detail(fault));
	herald_renew(comityd->herald);		/* they travel with our card */
}

static void on_refreshed(struct errand *errand)
{
	struct comityd *comityd = container_of(errand, struct comityd, papers.refreshing);
	bool is_news = !comityd->papers.fault && comityd->papers.issued;
	comityd->papers.is_refreshing = is_news;
	if (comityd->papers.fault)
		log_broken("certificates: our revocation lists cannot be renewed: %s", fault_text(comityd->papers.fault));
	if (!is_news)
		return;
	log_info("certificates: %u of our revocation lists renewed", comityd->papers.issued);
	comityd->papers.issuing = (struct job){ .write = write_issued, .done = on_issued };
	scribe_add(comityd->scribe, &comityd->papers.issuing);
}

static void refresh(struct comityd *comityd)
{
	if (comityd->papers.is_refreshing)
		return;
	comityd->papers.is_refreshing = true;
	comityd->papers.refreshing = (struct errand){ .work = work_refresh, .done = on_refreshed };
	porter_add(comityd->steward, &comityd->papers.refreshing);
}

/* ── the clock ────────────────────────────────────────────────────────────────────────────────── */

void papers_look(struct comityd *comityd)
{
	peers_judge_expired(comityd->peers, stamp_clock() / STAMP_SECOND);
	herald_look(comityd->herald);
}

/* By a clock that is in doubt nothing is told, and nothing issued: both would be wrong for long. */
void papers_hour(struct comityd *comityd)
{
	int64_t now;
	if (clock_tell(&comityd->clock, &now))
		return;
	comityd->papers.now = now / STAMP_SECOND;
	warn(comityd);
	refresh(comityd);
}
