/* New keys, and who has heard of them. */
#include <string.h>

#include "tools/commands.h"
#include "tools/print.h"

static void print_certificates(struct tool *tool, const Comity__RotationStatus *status)
{
	struct table table = TABLE("ROLE", "SERIAL", "NOT AFTER", "ROTATES", "STATE");
	for (size_t i = 0; i < status->n_certificates; i++) {
		const Comity__OwnCertificate *one = status->certificates[i];
		char serial[9], rotates[16];
		snprintf(serial, sizeof serial, "%.8s", one->serial ? one->serial : "");
		snprintf(rotates, sizeof rotates, "%s%.10s", one->rotates_at ? "~" : "", one->rotates_at ? one->rotates_at : "by hand");
		ROW(tool, &table, safe(tool, one->role), safe(tool, serial), safe_or(tool, one->not_after, "?"), safe(tool, rotates),
			safe(tool, one->has_serving && !one->serving ? "announced" : "OK"));
	}
	table_print(tool, &table);
}

static void print_holders(struct tool *tool, const Comity__RotationStatus *status)
{
	struct table table = TABLE("PEER", "CARD", "TOLD", "LINK", "SWITCHED");
	for (size_t i = 0; i < status->n_peers; i++) {
		const Comity__CardHolder *one = status->peers[i];
		char serial[16];
		snprintf(serial, sizeof serial, one->has_card_held ? "%u" : "-", one->card_held);
		ROW(tool, &table, safe(tool, one->peer), safe(tool, serial), safe_or(tool, one->told_at, "-"),
			safe_or(tool, one->link, "-"), safe(tool, one->switched ? "yes" : "no"));
	}
	if (status->n_peers)
		table_print(tool, &table);
}

static void print_summary(struct tool *tool, const Comity__RotationStatus *status)
{
	size_t switched = 0;
	for (size_t i = 0; i < status->n_peers; i++)
		switched += status->peers[i]->switched;
	print(tool, "Card serial %u is held by %zu of %zu verified peers.\n", status->card_serial, switched, status->n_peers);
	if (status->old_in_use)
		print(tool, "The old keys stay in use until all hold it, or until %s, whichever is first.\n",
			safe_or(tool, status->switch_at, "?"));
}

static enum fault show(struct tool *tool, Comity__Call *call)
{
	const Comity__Reply *reply;
	TRY(ask_patiently(tool, call, COMITY__REPLY__KIND_ROTATION, &reply));
	if (printed_json(tool, &reply->rotation->base))
		return OK;
	print_certificates(tool, reply->rotation);
	print_holders(tool, reply->rotation);
	print_summary(tool, reply->rotation);
	return OK;
}

enum fault cmd_cert_switched(struct tool *tool)
{
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(CERT_SWITCHED, cert_switched, &nothing);
	return show(tool, &call);
}

/* Nobody follows from a lost identity: what that means is to be said twice. */
static enum fault check_confirmed(struct tool *tool)
{
	const char *confirmed = lower(tool, given(tool, "confirm"));
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(STATUS, status, &nothing);
	if (!given(tool, "without-old"))
		return OK;
	TRY(ask(tool, &call, COMITY__REPLY__KIND_STATUS, &reply));
	if (confirmed && !strcmp(confirmed, safe_or(tool, reply->status->authority, "")))
		return OK;
	return hinted(tool, fault_say(FAULT_USAGE, "without the old identity every counterpart must do the telephone check with us again"),
		"pass --confirm=%s if that is meant", safe_or(tool, reply->status->authority, "AUTHORITY"));
}

enum fault cmd_id_roll(struct tool *tool)
{
	Comity__CertRotate rotate = COMITY__CERT_ROTATE__INIT;
	Comity__Call call = CALL(CERT_ROTATE, cert_rotate, &rotate);
	bool is_without = given(tool, "without-old") != NULL;
	TRY(check_confirmed(tool));
	rotate.has_identity = rotate.identity = rotate.has_without_old = 1;
	rotate.without_old = is_without;
	TRY(show(tool, &call));
	next_step(tool, "comity id show    (the new digits, for %s)", is_without ? "the telephone check with everybody" :
		"the telephone check that is due with everybody within 90 days");
	next_step(tool, is_without ? "comity card export -o our.card    (every counterpart needs the new card)" :
		"back up the keys now, and take the new identity.key to its safe place");
	return OK;
}

enum fault cmd_cert_rotate(struct tool *tool)
{
	Comity__CertRotate rotate = COMITY__CERT_ROTATE__INIT;
	Comity__Call call = CALL(CERT_ROTATE, cert_rotate, &rotate);
	const char *role = argument(tool, 0);
	char *roles[] = { (char *)role };
	rotate.n_roles = role != NULL;
	rotate.roles = roles;
	return show(tool, &call);
}
