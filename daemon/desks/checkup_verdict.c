/* Which rung a fault belongs to, whose it is, and what mends it. */
#include <stdio.h>
#include <string.h>

#include "daemon/desks/checkup.h"

static const char *const names[RUNGS] = {
	[RUNG_NAME]       = "name",
	[RUNG_ROUTE]      = "route",
	[RUNG_TCP]        = "tcp",
	[RUNG_TLS]        = "tls",
	[RUNG_CHAIN]      = "chain",
	[RUNG_PIN]        = "pin",
	[RUNG_REVOCATION] = "revocation",
	[RUNG_CLOCK]      = "clock",
	[RUNG_VERSION]    = "version",
	[RUNG_PERMISSION] = "permission",
	[RUNG_DISK]       = "disk",
	[RUNG_QUOTA]      = "quota",
};

const char *rung_name(enum rung rung)
{
	return names[rung];
}

enum rung rung_of_name(const char *name)
{
	int rung = 0;
	while (rung < RUNGS && strcmp(names[rung], name))
		rung++;
	return (enum rung)rung;
}

/* Whose fault it is, seen from who found it. */
enum blame { BLAME_FINDER, BLAME_OTHER, BLAME_BETWEEN };

static const struct complaint {
	enum fault fault;
	enum rung rung;
	enum blame blame;
	const char *mend;	/* what the side at fault does, in the infinitive */
} complaints[] = {
	{ FAULT_NO_HOST,           RUNG_NAME,       BLAME_BETWEEN, "mend the name service, or take a card with the right endpoint (comity peer add)" },
	{ FAULT_NO_ROUTE,          RUNG_ROUTE,      BLAME_FINDER,  "give this machine a route to that address, or take a card with the right endpoint" },
	{ FAULT_LINE_REFUSED,      RUNG_TCP,        BLAME_OTHER,   "start comityd, or make line.listen and the endpoint on the card the same" },
	{ FAULT_LINE_TIMEOUT,      RUNG_TCP,        BLAME_BETWEEN, "open the firewall for that address and port" },
	{ FAULT_LINE_CUT,          RUNG_TLS,        BLAME_BETWEEN, "see the log of the side that was called, and take away whatever stands between" },
	{ FAULT_TLS,               RUNG_TLS,        BLAME_BETWEEN, "make sure that comityd answers at that endpoint, and that nothing opens TLS on the way" },
	{ FAULT_CERT_PROFILE,      RUNG_CHAIN,      BLAME_OTHER,   "issue the certificate anew with comity" },
	{ FAULT_CERT_EXPIRED,      RUNG_CHAIN,      BLAME_OTHER,   "renew the certificate; should it be in force, set the clock of the other side" },
	{ FAULT_CERT_NOT_YET,      RUNG_CHAIN,      BLAME_BETWEEN, "compare both clocks with a time service" },
	{ FAULT_CERT_UNTRUSTED,    RUNG_PIN,        BLAME_OTHER,   "telephone: there is a new identity, or somebody in between" },
	{ FAULT_WRONG_PEER,        RUNG_PIN,        BLAME_OTHER,   "give out a card with the endpoint of this authority's own daemon" },
	{ FAULT_IDENTITY_CHANGED,  RUNG_PIN,        BLAME_OTHER,   "telephone: there is a new identity, or somebody in between" },
	{ FAULT_CERT_REVOKED,      RUNG_REVOCATION, BLAME_OTHER,   "put a certificate into use that is not revoked, and give out the new card" },
	{ FAULT_OWN_CERT_REVOKED,  RUNG_REVOCATION, BLAME_FINDER,  "put a certificate into use that is not revoked (comity cert rotate), and give out the new card" },
	{ FAULT_CLOCK_DIFFERS,     RUNG_CLOCK,      BLAME_BETWEEN, "compare both clocks with a time service (timedatectl, chronyc tracking)" },
	{ FAULT_VERSION,           RUNG_VERSION,    BLAME_BETWEEN, "bring the older software up to date" },
	{ FAULT_STRANGER,          RUNG_PERMISSION, BLAME_FINDER,  "add the card (comity peer add) and do the telephone check" },
	{ FAULT_PEER_UNVERIFIED,   RUNG_PERMISSION, BLAME_FINDER,  "do the telephone check (comity peer verify)" },
	{ FAULT_PEER_BLOCKED,      RUNG_PERMISSION, BLAME_FINDER,  "let traffic flow again when that is meant (comity peer unblock)" },
	{ FAULT_REFUSED_BY_PEER,   RUNG_PERMISSION, BLAME_OTHER,   "add our newest card there and do the telephone check; comity peer show there tells why it refused" },
	{ FAULT_PEER_AWAY,         RUNG_TCP,        BLAME_OTHER,   "start comityd there: it has no endpoint and must call" },
	{ FAULT_GOODBYE,           RUNG_PERMISSION, BLAME_OTHER,   "see the log there" },
	{ FAULT_ON_HOLD,           RUNG_PERMISSION, BLAME_FINDER,  "end the hold after the restore (comity daemon release)" },
	{ FAULT_PEER_ON_HOLD,      RUNG_PERMISSION, BLAME_OTHER,   "end the hold after the restore (comity daemon release)" },
	{ FAULT_HELD,              RUNG_PERMISSION, BLAME_FINDER,  "end the hold (comity queue release, comity daemon release)" },
	{ FAULT_CHAIN_FORK,        RUNG_PERMISSION, BLAME_BETWEEN, "telephone and compare both heads (comity peer show)" },
	{ FAULT_RECALL_FORGED,     RUNG_PERMISSION, BLAME_BETWEEN, "telephone before anything else" },
	{ FAULT_STORE_FULL,        RUNG_DISK,       BLAME_FINDER,  "let the store grow (comity store grow)" },
	{ FAULT_DISK_FULL,         RUNG_DISK,       BLAME_FINDER,  "make room on the disk of the store" },
	{ FAULT_IN_DOUBT,          RUNG_DISK,       BLAME_FINDER,  "look at the disk and the kernel log" },
	{ FAULT_REMOTE_STORE_FULL, RUNG_DISK,       BLAME_OTHER,   "make room on the disk, or let the store grow (comity store grow)" },
	{ FAULT_QUOTA,             RUNG_QUOTA,      BLAME_FINDER,  "purge closed cases (comity store purge) or raise limits.peer_quota" },
	{ FAULT_MESSAGE_QUOTA,     RUNG_QUOTA,      BLAME_FINDER,  "look at what they send so many of, or raise limits.peer_messages" },
	{ FAULT_REMOTE_QUOTA,      RUNG_QUOTA,      BLAME_OTHER,   "look at what we send so many of, or raise limits.peer_messages there" },
};

static const struct complaint *complaint_of(enum fault fault)
{
	for (size_t i = 0; i < ARRAY_LEN(complaints); i++)
		if (complaints[i].fault == fault)
			return &complaints[i];
	return NULL;
}

enum rung rung_of_fault(enum fault fault)
{
	const struct complaint *complaint = complaint_of(fault);
	return complaint ? complaint->rung : RUNG_PERMISSION;
}

static enum side side_of(enum blame blame, bool is_found_by_us)
{
	if (blame == BLAME_BETWEEN)
		return SIDE_BETWEEN;
	return (blame == BLAME_FINDER) == is_found_by_us ? SIDE_OURS : SIDE_THEIRS;
}

static void note_finding(const char *peer, struct verdict *verdict, const struct sight *sight, const char *mend, bool is_found_by_us)
{
	char whose[96];
	snprintf(whose, sizeof whose, verdict->side == SIDE_OURS ? "on our side" :
		verdict->side == SIDE_THEIRS ? "on the side of %s" : "between us and %s", peer);
	snprintf(verdict->sentence, sizeof verdict->sentence, "The fault is %s, at %s: %s%s; to mend it, %s.", whose,
		rung_name(verdict->rung), is_found_by_us ? "" : "they see: ", sight->text, mend);
}

static void convict(const char *peer, struct checkup_report *report, enum rung rung, bool is_found_by_us)
{
	const struct view *view = is_found_by_us ? &report->ours : &report->theirs;
	const struct sight *sight = &view->rungs[rung];
	const struct complaint *complaint = complaint_of(sight->fault);
	const char *hint = sight->fault ? fault_hint(sight->fault) : NULL;
	report->verdict.side = side_of(complaint ? complaint->blame : BLAME_BETWEEN, is_found_by_us);
	report->verdict.rung = rung;
	report->verdict.fault = sight->fault;
	note_finding(peer, &report->verdict, sight, complaint ? complaint->mend : hint ? hint : "see the logs of both sides", is_found_by_us);
}

/* The first rung from `from` on where one of the two falls. */
static bool find_fall(const char *peer, struct checkup_report *report, enum rung from)
{
	for (int rung = from; rung < RUNGS; rung++)
		for (int who = 0; who < 2; who++) {
			const struct view *view = who ? &report->theirs : &report->ours;
			if (view->rungs[rung].footing == FOOTING_GONE) {
				convict(peer, report, (enum rung)rung, !who);
				return true;
			}
		}
	return false;
}

void checkup_judge(const char *peer, struct checkup_report *report)
{
	report->verdict = (struct verdict){ 0 };
	if (report->is_open && find_fall(peer, report, RUNG_TLS))
		return;
	if (find_fall(peer, report, RUNG_NAME))
		return;
	snprintf(report->verdict.sentence, sizeof report->verdict.sentence, report->has_theirs ?
		"The line to %s is sound, seen from both sides." : "The line to %s is sound, as far as we see; they did not tell.", peer);
}
