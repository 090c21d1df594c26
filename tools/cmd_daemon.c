/* What the daemon tells about itself, and our card. */
#include <stdlib.h>
#include <string.h>

#include "certs/card.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "proto/stamp.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

static enum fault get_status(struct tool *tool, const Comity__DaemonStatus **status)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(STATUS, status, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_STATUS, &reply));
	*status = reply->status;
	return OK;
}

static void print_gap(struct tool *tool, const Comity__Gap *gap)
{
	struct { uint64_t here, there; const char *what; } sides[] = {
		{ gap->we_sent, gap->they_received, "ours" }, { gap->we_received, gap->they_sent, "theirs" },
	};
	print(tool, "            %s:", safe(tool, gap->peer));
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		unsigned long long here = sides[i].here, there = sides[i].there;
		if (there > here)
			print(tool, " %llu of %s are missing here (%llu to %llu);", there - here, sides[i].what, here + 1, there);
		else
			print(tool, " nothing of %s is missing here;", sides[i].what);
	}
	print(tool, " asked %s ago%s%s\n", ago(tool, gap->at), gap->reason ? "  " : "", safe(tool, gap->reason));
}

static void print_hold(struct tool *tool, const Comity__DaemonStatus *status)
{
	if (!status->hold)
		return;
	print(tool, "  ON HOLD   since %s: %s\n", time_of(tool, status->hold->at), safe_or(tool, status->hold->reason, "no reason given"));
	for (size_t i = 0; i < status->n_gaps; i++)
		print_gap(tool, status->gaps[i]);
}

/* Nobody may take an exercise for earnest. */
static const char *kind_of(const Comity__DaemonStatus *status)
{
	return status->training ? "  FOR TRAINING, of no legal effect" : "";
}

/* "OVERDUE   2 answer owed by us, 1 information owed by them": as it was looked at last. */
static void print_overdue(struct tool *tool, const Comity__DaemonStatus *status)
{
	for (size_t i = 0; i < status->n_overdue; i++)
		print(tool, "%s%llu %s owed by %s", i ? ", " : "  OVERDUE   ", (unsigned long long)status->overdue[i]->count,
			safe_or(tool, status->overdue[i]->what, "something"), safe_or(tool, status->overdue[i]->owed_by, "-"));
	if (status->n_overdue)
		print(tool, "; see: comity request list --overdue\n");
}

static void print_status(struct tool *tool, const Comity__DaemonStatus *status)
{
	print(tool, "%s  %s%s\n", safe(tool, status->authority), safe(tool, status->name), kind_of(status));
	print(tool, "  daemon    comityd %s, pid %u, running for %s\n", safe(tool, status->version), status->pid,
		ago(tool, status->started_at));
	print(tool, "  listens   %s", status->n_listening ? "" : "nowhere: it dials out only");
	for (size_t i = 0; i < status->n_listening; i++)
		print(tool, "%s%s", i ? ", " : "", safe(tool, status->listening[i]));
	print(tool, "\n  peers     %u, %u verified, %u up\n", status->peers, status->peers_verified, status->peers_up);
	print(tool, "  queue     %llu messages wait for a line\n", (unsigned long long)status->queued);
	print_overdue(tool, status);
	print(tool, "  store     %s used of %s, %llu events\n", size_of(tool, status->store_used_bytes),
		size_of(tool, status->store_map_bytes), (unsigned long long)status->events);
	if (status->channel_not_after)
		print(tool, "  channel   certificate valid until %s\n", time_of(tool, status->channel_not_after));
	print(tool, "  backup    %s%s, %s%s\n", status->backup_made_at ? "last made " : "none was made yet",
		status->backup_made_at ? time_of(tool, status->backup_made_at) : "",
		status->backup_verified_at ? "last verified " : "none was verified yet",
		status->backup_verified_at ? time_of(tool, status->backup_verified_at) : "");
	if (status->clock_doubt)
		print(tool, "  CLOCK     in doubt: %s; nothing is destroyed for its age\n", safe(tool, status->clock_doubt->reason));
	print_hold(tool, status);
	if (status->draining)
		print(tool, "  DRAINING  no submissions are taken until the daemon is started anew, or: comity daemon release\n");
	for (size_t i = 0; i < status->n_alarms; i++)
		print(tool, "  ALARM     %s\n", safe(tool, status->alarms[i]));
}

enum fault cmd_status(struct tool *tool)
{
	const Comity__DaemonStatus *status;
	TRY(get_status(tool, &status));
	if (!printed_document(tool, &status->base))
		print_status(tool, status);
	return OK;
}

/* By the certificate that lies here: on the machine of the key ceremony no daemon runs. */
static enum fault read_identity(struct tool *tool, Comity__DaemonStatus *own)
{
	struct identity *identity;
	char digits[IDENTITY_DIGITS_SIZE];
	TRY(identity_open(tool->home ? tool->home : "/var/lib/comity", &(struct identity_access){ 0 }, &identity));
	identity_digits(digits, identity_pin(identity));
	own->schema = "comity.status/1";
	own->authority = arena_text(&tool->arena, span_of_text(identity_authority(identity)));
	own->name = arena_text(&tool->arena, span_of_text(identity_name(identity)));
	own->digits = arena_text(&tool->arena, span_of_text(digits));
	own->has_training = own->training = certificate_is_training(identity_certificate(identity, ROLE_IDENTITY));
	identity_free(identity);
	return own->authority && own->name && own->digits ? OK : FAULT_NO_MEMORY;
}

enum fault cmd_id_show(struct tool *tool)
{
	Comity__DaemonStatus own = COMITY__DAEMON_STATUS__INIT;
	const Comity__DaemonStatus *status = &own;
	enum fault fault = get_status(tool, &status);
	if (fault == FAULT_DAEMON_AWAY && !read_identity(tool, &own))
		fault = OK;
	TRY(fault);
	if (printed_json(tool, &status->base))
		return OK;
	if (tool->format == FORMAT_PLAIN) {
		print(tool, "%s\t%s\n", safe(tool, status->authority), safe(tool, status->digits));
		return OK;
	}
	const char *digits = safe(tool, status->digits);
	bool is_usual = strlen(digits) == 47;	/* eight groups: two lines of four */
	print(tool, "%s  %s%s\n\n     %.23s\n", safe(tool, status->authority), safe(tool, status->name), kind_of(status), digits);
	print(tool, "%s%s%s\n", is_usual ? "     " : "", is_usual ? digits + 24 : "", is_usual ? "\n" : "");
	say(tool, "Read the groups slowly, twice, to whoever verifies us; never send them along with the card.");
	return OK;
}

/* ── cards ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault save_card(struct tool *tool, const Comity__CardText *card, const char *path)
{
	enum fault fault = file_create(path, FILE_PUBLIC, span_of_text(card->card));
	if (fault)
		return fault;
	Comity__SavedFile saved = COMITY__SAVED_FILE__INIT;
	saved.schema = "comity.saved/1";
	saved.file = (char *)path;
	saved.has_size = 1;
	saved.size = strlen(card->card);
	if (!printed_document(tool, &saved.base))
		print(tool, "Wrote the card of %s, serial %u, to %s\n", safe(tool, card->authority), card->serial, path);
	next_step(tool, "give it to other authorities by any means; then do the telephone check: comity id show");
	return OK;
}

enum fault cmd_card_export(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(CARD_EXPORT, card_export, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_CARD, &reply));
	if (!reply->card->card)
		return fault_say(FAULT_BAD_FRAME, "comityd sent no card");
	if (given(tool, "output") && strcmp(given(tool, "output"), "-"))
		return save_card(tool, reply->card, given(tool, "output"));
	if (!printed_json(tool, &reply->card->base))
		print(tool, "%s", reply->card->card);
	return OK;
}

static void print_card(struct tool *tool, const struct card *card)
{
	char issued[STAMP_SIZE];
	stamp_write(issued, card->issued_at * STAMP_SECOND);
	Comity__CardReport report = COMITY__CARD_REPORT__INIT;
	report.schema = "comity.card-report/1";
	report.authority = (char *)card->authority;
	report.name = (char *)card->name;
	report.has_serial = 1;
	report.serial = card->serial;
	report.issued_at = issued;
	report.endpoints = (char **)card->endpoints;
	report.n_endpoints = card->endpoint_count;
	report.languages = (char **)card->languages;
	report.n_languages = card->language_count;
	if (printed_document(tool, &report.base))
		return;
	print(tool, "%s", safe_lines(tool, card->summary));
	print(tool, "The signature on the card is good: this proves only that whoever made it holds its keys.\n");
}

enum fault cmd_card_show(struct tool *tool)
{
	struct card card = { 0 };
	TRY(card_take(argument(tool, 0), &card));
	print_card(tool, &card);
	card_clear(&card);
	return OK;
}
