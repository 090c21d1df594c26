/* Certificates: what ends, what is revoked; and the gauges of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "proto/stamp.h"
#include "proto/units.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"

/* ── status ───────────────────────────────────────────────────────────────────────────────────── */

static const char *left_of(struct tool *tool, int64_t seconds)
{
	char text[32];
	if (seconds < 0)
		return "over";
	if (seconds >= 2 * 86400)
		snprintf(text, sizeof text, "%" PRId64 " d", seconds / 86400);
	else
		snprintf(text, sizeof text, "%" PRId64 " h", seconds / 3600);
	return safe(tool, text);
}

/* Whose business the successor is. */
static const char *rotates(struct tool *tool, const Comity__CertificateRow *row)
{
	if (!row->own)
		return "theirs";
	if (row->rotates_at)
		return time_of(tool, row->rotates_at);
	return "by hand";
}

static const char *state_of(const Comity__CertificateRow *row)
{
	static const struct { const char *state, *shown; } table[] = {
		{ "ok", "OK" }, { "ending", "WARN  it ends soon" }, { "not-yet-valid", "FAIL  not valid yet: compare the clocks" },
		{ "expired", "FAIL  expired" }, { "revoked", "FAIL  revoked" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (row->state && !strcmp(row->state, table[i].state))
			return table[i].shown;
	return "?";
}

/* Of a peer that is well, what its line rests on is enough. */
static bool is_shown(const struct tool *tool, const Comity__CertificateRow *row)
{
	return row->own || tool->format == FORMAT_PLAIN || !row->role || !strcmp(row->role, "channel") ||
		!row->state || strcmp(row->state, "ok");
}

static void print_certificates(struct tool *tool, const Comity__CertStatus *status)
{
	struct table table = TABLE("ROLE", "~SUBJECT", "SERIAL", "NOT AFTER", ">LEFT", "ROTATES", "STATE");
	for (size_t i = 0; i < status->n_certificates; i++) {
		const Comity__CertificateRow *row = status->certificates[i];
		if (is_shown(tool, row))
			ROW(tool, &table, safe(tool, row->role), safe(tool, row->authority), brief(tool, row->serial, 12),
				time_of(tool, row->not_after), left_of(tool, row->left_seconds), rotates(tool, row), state_of(row));
	}
	table_print(tool, &table);
}

static void print_lists(struct tool *tool, const Comity__CertStatus *status)
{
	struct table table = TABLE("REVOCATIONS OF", "ISSUER", "NUMBER", ">REVOKED", "NEXT UPDATE", "STATE");
	for (size_t i = 0; i < status->n_revocations; i++) {
		const Comity__RevocationRow *row = status->revocations[i];
		char count[16];
		snprintf(count, sizeof count, "%u", row->revoked);
		ROW(tool, &table, safe(tool, row->authority), safe(tool, row->issuer), safe(tool, row->number), safe(tool, count),
			time_of(tool, row->next_update), row->stale ? "WARN  stale" : "OK");
	}
	if (status->n_revocations) {
		print(tool, tool->format == FORMAT_TEXT ? "\n" : "");
		table_print(tool, &table);
	}
}

enum fault cmd_cert_status(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(CERT_STATUS, cert_status, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_CERTIFICATES, &reply));
	const Comity__CertStatus *status = reply->certificates;
	bool is_due = status->due && given(tool, "exit-code");
	if (!printed_json(tool, &status->base)) {
		print_certificates(tool, status);
		print_lists(tool, status);
	}
	if (status->doubt)
		say(tool, "Our own clock is in doubt, and with it all of this: %s", safe(tool, status->doubt));
	tool->is_told = is_due;
	tool->exit_status = is_due;
	return is_due ? FAULT_CERT_EXPIRED : OK;
}

/* ── what was ─────────────────────────────────────────────────────────────────────────────────── */

static const char *end_of(struct tool *tool, const Comity__CertificatePast *row)
{
	char text[160];
	if (row->reason)
		snprintf(text, sizeof text, "%s as from %.40s (%.40s)", safe_or(tool, row->ended, "?"), time_of(tool, row->ended_at), row->reason);
	else
		snprintf(text, sizeof text, "%.20s%s%.8s", row->ended ? row->ended : "?",
			row->successor && row->ended && !strcmp(row->ended, "replaced") ? " by " : "",
			row->successor && row->ended && !strcmp(row->ended, "replaced") ? row->successor : "");
	return safe(tool, text);
}

enum fault cmd_cert_history(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(CERT_HISTORY, cert_history, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_HISTORY, &reply));
	if (printed_json(tool, &reply->history->base))
		return OK;
	struct table table = TABLE("ROLE", "SERIAL", "NOT BEFORE", "NOT AFTER", "~ENDED");
	for (size_t i = 0; i < reply->history->n_data; i++) {
		const Comity__CertificatePast *row = reply->history->data[i];
		ROW(tool, &table, safe(tool, row->role), brief(tool, row->serial, 12), time_of(tool, row->not_before), time_of(tool, row->not_after),
			end_of(tool, row));
	}
	table_print(tool, &table);
	return OK;
}

/* ── revoking ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault read_loss(struct tool *tool, char **stamp)
{
	int64_t at;
	char text[STAMP_SIZE];
	*stamp = NULL;
	if (!given(tool, "lost-at"))
		return OK;
	TRY(typed("--lost-at", moment_read(given(tool, "lost-at"), &at)));
	stamp_write(text, at);
	*stamp = arena_text(&tool->arena, span_of_text(text));
	return *stamp ? OK : FAULT_NO_MEMORY;
}

static void print_revoked(struct tool *tool, const Comity__CertRevoked *revoked)
{
	print(tool, "Revoked: %s%sserial %s (%s).  The list has number %s.\n", safe_or(tool, revoked->role, ""),
		revoked->role ? ", " : "", safe(tool, revoked->serial), safe_or(tool, revoked->reason, "unspecified"),
		safe(tool, revoked->list_number));
	if (revoked->replaced)
		print(tool, "It was in use: its successor is used from now on.\n");
	if (revoked->replaced && revoked->role && !strcmp(revoked->role, "delegation"))
		next_step(tool, "put the identity's key back where it is kept; comity cert switched shows who has heard of the new certificates");
	next_step(tool, "comity card export -o our.card    (every counterpart needs the new card)");
}

/* Which key is needed, and what can be done without it. */
static enum fault refuse_revoke(struct tool *tool, const char *subject, enum fault fault)
{
	bool is_identity = !strcmp(subject, "identity"), is_delegation = !strcmp(subject, "delegation");
	bool is_keys = fault == FAULT_BAD_KEY || fault == FAULT_KEY_PROTECTED || fault == FAULT_WRONG_PASSPHRASE;
	if (is_identity && fault == FAULT_USAGE)
		return hinted(tool, fault, "comity id revoke -o FILE, and then: comity id roll --without-old; man comity-id");
	if (is_delegation && is_keys)
		return hinted(tool, fault, "the identity's key revokes a delegation: bring keys/identity.key from where it is kept, and repeat; until then "
			"comity cert revoke channel, signing and sealing, which the delegation's own key does");
	return fault;
}

enum fault cmd_cert_revoke(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__CertRevoke revoke = COMITY__CERT_REVOKE__INIT;
	revoke.subject = (char *)argument(tool, 0);
	revoke.reason = (char *)given(tool, "reason");
	TRY(read_loss(tool, &revoke.lost_at));
	Comity__Call call = CALL(CERT_REVOKE, cert_revoke, &revoke);
	enum fault fault = ask_patiently(tool, &call, COMITY__REPLY__KIND_REVOKED, &reply);
	if (fault)
		return refuse_revoke(tool, revoke.subject, fault);
	if (!printed_document(tool, &reply->revoked->base))
		print_revoked(tool, reply->revoked);
	return OK;
}

/* ── gauges ───────────────────────────────────────────────────────────────────────────────────── */

/* A collector may look at any moment: it sees the old file or the new one. */
enum fault cmd_metrics(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(METRICS, metrics, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_METRICS, &reply));
	if (!reply->metrics->text)
		return fault_say(FAULT_BAD_FRAME, "comityd sent no metrics");
	if (given(tool, "output") && strcmp(given(tool, "output"), "-"))
		return file_replace(given(tool, "output"), FILE_PUBLIC, span_of_text(reply->metrics->text));
	if (!printed_json(tool, &reply->metrics->base))
		print(tool, "%s", reply->metrics->text);
	return OK;
}
