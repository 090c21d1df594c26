/* Counterparts: their cards, the lines to them. */
#include <stdlib.h>
#include <string.h>

#include "certs/card.h"
#include "proto/text.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

static Comity__ByPeer by_peer(struct tool *tool)
{
	Comity__ByPeer by = COMITY__BY_PEER__INIT;
	by.peer = lower(tool, argument(tool, 0));
	return by;
}

/* ── adding ───────────────────────────────────────────────────────────────────────────────────── */

static void print_added(struct tool *tool, const Comity__Peer *peer)
{
	bool is_verified = peer->standing == COMITY__STANDING__VALUE__VERIFIED;
	print(tool, "%s  %s  card of %.10s, serial %u\n", safe(tool, peer->authority), safe(tool, peer->name),
		safe_or(tool, peer->card_issued_at, "?"), peer->card_serial);
	print(tool, "  the signature on the card is good: this proves only that whoever made it holds its keys\n");
	if (is_verified) {
		print(tool, peer->check_due_at ? "Updated.  The identity that was verified speaks for a new one: the telephone check is due by %s.\n" :
			"Updated.  The identity is the one that was verified: nothing else is to be done.\n%s",
			peer->check_due_at ? time_of(tool, peer->check_due_at) : "");
		return;
	}
	print(tool, "Added as %s, UNVERIFIED: nothing will be sent to it or taken from it.\n", safe(tool, peer->authority));
	say(tool, "Call the authority on a number you already know, NOT one on the card, then:");
	next_step(tool, "comity peer verify %s", safe(tool, peer->authority));
}

static enum fault add_card(struct tool *tool, const Comity__Reply **reply)
{
	struct bytes text = { 0 };
	Comity__PeerAdd add = COMITY__PEER_ADD__INIT;
	enum fault fault = file_take(argument(tool, 0), CARD_SIZE_MAX, &text);
	if (!fault && !text_is_clean(span_of(&text)))
		fault = fault_say(FAULT_BAD_CARD, "it is no text");
	if (!fault && !(add.card = arena_text(&tool->arena, span_of(&text))))
		fault = FAULT_NO_MEMORY;
	bytes_clear(&text);
	TRY(fault);
	Comity__Call call = SUBMIT(tool, PEER_ADD, peer_add, &add);
	return ask(tool, &call, COMITY__REPLY__KIND_PEER, reply);
}

enum fault cmd_peer_add(struct tool *tool)
{
	const Comity__Reply *reply;
	enum fault fault = add_card(tool, &reply);
	if (fault == FAULT_BAD_CARD || fault == FAULT_CARD_ALTERED)
		return hinted(tool, fault_say(fault, "%s: %s", argument(tool, 0), fault_detail(fault)), "%s", fault_hint(fault));
	TRY(fault);
	if (!printed_document(tool, &reply->peer->base))
		print_added(tool, reply->peer->peer);
	return OK;
}

/* ── looking ──────────────────────────────────────────────────────────────────────────────────── */

static const char *link_state(struct tool *tool, const Comity__PeerView *view)
{
	return view->link ? safe_or(tool, view->link->state, "-") : "-";
}

static const char *count(struct tool *tool, uint64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	return safe(tool, text);
}

/* In one word, or two. */
static const char *standing_of(struct tool *tool, const Comity__Peer *peer)
{
	if (peer->revoked_at)
		return "revoked";
	return peer->check_due_at ? "verified (rolled)" : WORD(tool, standing, peer->standing);
}

static void print_peers(struct tool *tool, const Comity__PeerList *list)
{
	struct table table = TABLE("PEER", "~NAME", "STATE", "LINK", "CERT UNTIL", ">QUEUED");
	size_t unverified = 0;
	for (size_t i = 0; i < list->n_data; i++) {
		const Comity__PeerView *view = list->data[i];
		const Comity__Peer *peer = view->peer;
		unverified += peer->standing == COMITY__STANDING__VALUE__UNVERIFIED;
		ROW(tool, &table, safe(tool, peer->authority), brief(tool, peer->name, WHOLE), standing_of(tool, peer),
			link_state(tool, view), time_of(tool, view->channel_not_after), count(tool, view->queued));
	}
	table_print(tool, &table);
	if (tool->format == FORMAT_TEXT && !list->n_data)
		say(tool, "No peers yet: comity peer add FILE");
	if (unverified)
		say(tool, "%zu not verified: comity peer verify PEER", unverified);
}

enum fault cmd_peer_list(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(PEER_LIST, peer_list, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_PEERS, &reply));
	if (!printed_json(tool, &reply->peers->base))
		print_peers(tool, reply->peers);
	return OK;
}

static void print_list(struct tool *tool, const char *title, char *const *texts, size_t n)
{
	print(tool, "  %-13s", title);
	for (size_t i = 0; i < n; i++)
		print(tool, "%s%s", i ? ", " : "", safe(tool, texts[i]));
	print(tool, n ? "\n" : "-\n");
}

/* The words before a text, if there is one. */
static const char *front(const char *text, const char *words)
{
	return text && *text ? words : "";
}

static void print_verification(struct tool *tool, const Comity__Peer *peer)
{
	const Comity__Verification *check = peer->verification;
	print(tool, "  standing     %s", peer->revoked_at ? "REVOKED" : WORD(tool, standing, peer->standing));
	if (peer->revoked_at)
		print(tool, " as from %s: nothing goes on before they give us another identity", time_of(tool, peer->revoked_at));
	if (peer->check_due_at)
		print(tool, " (rolled, phone check due by %s)", time_of(tool, peer->check_due_at));
	if (check)
		print(tool, " since %s, by %s, uid %u%s%s%s%s%s%s", time_of(tool, check->verified_at),
			safe_or(tool, check->method, "?"), check->actor_uid, front(check->spoke_with, ", spoke with "),
			safe(tool, check->spoke_with), front(check->dialled, " at "), safe(tool, check->dialled),
			front(check->second_officer, ", in the presence of "), safe(tool, check->second_officer));
	print(tool, "%s%s\n", peer->block_reason && *peer->block_reason ? ": " : "", safe(tool, peer->block_reason));
}

static void print_link(struct tool *tool, const Comity__LinkReport *link)
{
	if (!link)
		return;
	print(tool, "  line         %s", safe_or(tool, link->state, "none"));
	if (link->since)
		print(tool, " since %s", time_of(tool, link->since));
	if (link->address && *link->address)
		print(tool, ", %s", safe(tool, link->address));
	if (link->has_rtt_microseconds)
		print(tool, ", %.1f ms", link->rtt_microseconds / 1000.0);
	if (link->next_attempt_at)
		print(tool, ", attempt %u at %s", link->attempts + 1, time_of(tool, link->next_attempt_at));
	print(tool, "\n");
	if (link->reason_text)
		print(tool, "               %s: %s\n", safe(tool, link->reason), safe(tool, link->reason_text));
}

static void print_refusal(struct tool *tool, const Comity__Refusal *refusal)
{
	print(tool, "  %s      %s: %s\n", refusal->claimed ? "claimed" : "refused", safe(tool, refusal->reason),
		safe(tool, refusal->text));
	print(tool, "               %llu time%s, last %s", (unsigned long long)refusal->count, refusal->count == 1 ? "" : "s",
		time_of(tool, refusal->refused_at));
	if (refusal->address && *refusal->address)
		print(tool, ", %s", safe(tool, refusal->address));
	if (refusal->first_at && refusal->count > 1)
		print(tool, ", first %s", time_of(tool, refusal->first_at));
	print(tool, "%s\n", refusal->claimed ? "; whoever it was proved nothing" : "");
}

static void print_troubles(struct tool *tool, const Comity__Peer *peer)
{
	if (peer->refusal)
		print_refusal(tool, peer->refusal);
	for (size_t i = 0; i < peer->n_refusals; i++)
		print_refusal(tool, peer->refusals[i]);
	if (peer->alarm)
		print(tool, "  ALARM        %s: %s\n", safe(tool, peer->alarm), safe(tool, peer->alarm_text));
	if (peer->card_refused)
		print(tool, "  card refused %s: a card that it announced was not taken: %s\n", time_of(tool, peer->card_refused_at),
			safe(tool, peer->card_refused));
}

static void print_recovery(struct tool *tool, const Comity__Recovery *recovery)
{
	print(tool, "  recovered    from number %llu to %llu, %s %s", (unsigned long long)recovery->from, (unsigned long long)recovery->to,
		recovery->ended_at ? "ended" : "UNDER WAY since", time_of(tool, recovery->ended_at ? recovery->ended_at : recovery->began_at));
	print(tool, "\n               %llu manifests of ours, %llu of theirs, %llu messages; %llu attachments to fetch again, %llu bytes\n",
		(unsigned long long)recovery->own_manifests, (unsigned long long)recovery->their_manifests,
		(unsigned long long)recovery->messages, (unsigned long long)recovery->attachments,
		(unsigned long long)recovery->attachment_bytes);
	if (recovery->not_held)
		print(tool, "               %llu messages are no longer held there: only their hashes came back\n", (unsigned long long)recovery->not_held);
	if (recovery->not_applied)
		print(tool, "               %llu messages no longer fit their case: look at them\n", (unsigned long long)recovery->not_applied);
}

static void print_comparison(struct tool *tool, const Comity__Comparison *comparison)
{
	print(tool, "  compared     %s: %s%s%s\n", time_of(tool, comparison->at), comparison->equal ? "both hold the same" : "DIFFERENT",
		comparison->difference ? ": " : "", safe(tool, comparison->difference));
}

static void print_correspondence(struct tool *tool, const Comity__Correspondence *correspondence)
{
	if (!correspondence)
		return;
	if (correspondence->recovery)
		print_recovery(tool, correspondence->recovery);
	if (correspondence->comparison)
		print_comparison(tool, correspondence->comparison);
	if (correspondence->they_are_behind_since)
		print(tool, "  recovery     their store is older than its own past since %s; they fetch it back from us\n",
			time_of(tool, correspondence->they_are_behind_since));
}

static void print_chain(struct tool *tool, const Comity__ChainReport *chain)
{
	if (!chain)
		return;
	print(tool, "  our chain    %llu  %.16s\n", (unsigned long long)chain->sent, safe(tool, chain->sent_sha256));
	print(tool, "  their chain  %llu  %.16s\n", (unsigned long long)chain->received, safe(tool, chain->received_sha256));
}

static void print_intake(struct tool *tool, const Comity__PeerView *view)
{
	print(tool, "  came         %llu", (unsigned long long)view->messages_today);
	if (view->has_messages_quota)
		print(tool, " of %llu", (unsigned long long)view->messages_quota);
	print(tool, " messages in the last 24 hours");
	if (view->over_quota_since)
		print(tool, "; told to try later since %s", time_of(tool, view->over_quota_since));
	print(tool, "\n");
}

/* Whoever does the telephone check should know what it is that will be believed. */
static void print_pin(struct tool *tool, const Comity__Peer *peer)
{
	struct certificate_facts facts;
	struct span identity = { peer->identity_certificate.data, peer->identity_certificate.len };
	if (certificate_is_national(identity) && !certificate_read(identity, &facts))
		print(tool, "  national PKI %s: whomever it certifies as %s is believed\n", safe(tool, facts.subject), safe(tool, peer->authority));
}

static void print_formers(struct tool *tool, const Comity__Peer *peer)
{
	for (size_t i = 0; i < peer->n_formers; i++) {
		const Comity__FormerIdentity *one = peer->formers[i];
		print(tool, "  before       %s, until %s", safe(tool, one->digits), time_of(tool, one->replaced_at));
		print(tool, one->revoked_at ? ", REVOKED as from %s\n" : "%s\n", one->revoked_at ? time_of(tool, one->revoked_at) : "");
	}
}

static void print_revocations(struct tool *tool, const Comity__RevocationRow *row)
{
	print(tool, "  revocations  list of the %s, number %s of %s: %u revoked, next by %s%s\n", safe(tool, row->issuer),
		safe(tool, row->number), time_of(tool, row->this_update), row->revoked, time_of(tool, row->next_update),
		row->stale ? " - STALE: it goes on counting, but a newer one should be there" : "");
}

static void print_peer(struct tool *tool, const Comity__PeerView *view)
{
	const Comity__Peer *peer = view->peer;
	print(tool, "%s  %s\n", safe(tool, peer->authority), safe(tool, peer->name));
	print_verification(tool, peer);
	if (peer->standing != COMITY__STANDING__VALUE__UNVERIFIED)
		print(tool, "  identity     %s\n", safe(tool, peer->digits));
	print_pin(tool, peer);
	print_formers(tool, peer);
	print_list(tool, "endpoints", peer->endpoints, peer->n_endpoints);
	print_list(tool, "languages", peer->languages, peer->n_languages);
	print(tool, "  card         serial %u of %s\n", peer->card_serial, time_of(tool, peer->card_issued_at));
	print(tool, "  certificate  until %s\n", time_of(tool, view->channel_not_after));
	for (size_t i = 0; i < view->n_revocations; i++)
		print_revocations(tool, view->revocations[i]);
	print_link(tool, view->link);
	print_chain(tool, view->chain);
	print_correspondence(tool, view->correspondence);
	print(tool, "  queued       %llu\n", (unsigned long long)view->queued);
	print_intake(tool, view);
	print_troubles(tool, peer);
}

enum fault cmd_peer_show(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByPeer by = by_peer(tool);
	Comity__Call call = CALL(PEER_SHOW, peer_show, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_PEER, &reply));
	if (!printed_document(tool, &reply->peer->base))
		print_peer(tool, reply->peer);
	return OK;
}

/* ── trying ───────────────────────────────────────────────────────────────────────────────────── */

static void print_ping(struct tool *tool, const Comity__PingReport *report)
{
	for (size_t i = 0; i < report->n_stages; i++) {
		const Comity__PingStage *stage = report->stages[i];
		print(tool, "%2zu %-11s %s", i + 1, safe(tool, stage->name), safe(tool, stage->text));
		if (stage->has_microseconds && stage->microseconds)
			print(tool, "   %.1f ms", stage->microseconds / 1000.0);
		print(tool, "\n");
	}
}

static enum fault read_count(const struct tool *tool, uint32_t *count)
{
	enum { USUAL = 3, MOST = 1000 };
	const char *text = given(tool, "count");
	char *end = NULL;
	unsigned long number = text ? strtoul(text, &end, 10) : USUAL;
	*count = (uint32_t)number;
	if (number >= 1 && number <= MOST && (!text || !*end))
		return OK;
	return fault_say(FAULT_USAGE, "--count: a number from 1 to %d is needed, not \"%.40s\"", MOST, text);
}

enum fault cmd_peer_ping(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__PeerPing ping = COMITY__PEER_PING__INIT;
	ping.peer = lower(tool, argument(tool, 0));
	ping.has_count = 1;
	TRY(read_count(tool, &ping.count));
	Comity__Call call = CALL(PEER_PING, peer_ping, &ping);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_PING, &reply));
	const Comity__PingReport *report = reply->ping;
	if (report->ok) {
		if (!printed_document(tool, &report->base))
			print_ping(tool, report);
		return OK;
	}
	if (tool->format != FORMAT_JSON) {
		print_ping(tool, report);
		TRY(print_now(tool));
	}
	enum fault fault = fault_from_slug(report->code ? report->code : "");
	return fault_say(fault == FAULT_COUNT || !fault ? FAULT_PEER_AWAY : fault, "%s: %s", safe(tool, report->peer),
		safe_or(tool, report->text, "it did not answer"));
}

/* ── the doctor ───────────────────────────────────────────────────────────────────────────────── */

static void print_view(struct tool *tool, const char *whose, size_t count, Comity__RungSeen *const *rungs)
{
	if (count)
		print(tool, "%s\n", whose);
	for (size_t i = 0; i < count; i++)
		print(tool, "  %-10s  %-4s  %s\n", safe(tool, rungs[i]->rung), rungs[i]->ok ? "OK" : "FAIL",
			safe_or(tool, rungs[i]->text, ""));
}

static void print_doctor(struct tool *tool, const Comity__PeerDoctorReport *report)
{
	char *theirs = NULL;
	print_view(tool, "Our side", report->n_ours, report->ours);
	if (asprintf(&theirs, "The side of %s", safe(tool, report->peer)) >= 0)
		print_view(tool, theirs, report->n_theirs, report->theirs);
	free(theirs);
	print(tool, "%s\n", safe(tool, report->text));
}

enum fault cmd_peer_doctor(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByPeer by = by_peer(tool);
	Comity__Call call = CALL(PEER_DOCTOR, peer_doctor, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DOCTOR, &reply));
	const Comity__PeerDoctorReport *report = reply->doctor;
	enum fault fault = report->ok ? OK : fault_from_slug(report->code ? report->code : "");
	if (fault == FAULT_COUNT)
		fault = FAULT_PEER_AWAY;	/* of a newer daemon */
	tool->is_told = fault != OK;		/* the report says it all */
	tool->exit_status = fault_exit_status(fault);
	if (!printed_document(tool, &report->base))
		print_doctor(tool, report);
	return fault;
}

/* ── comparing ────────────────────────────────────────────────────────────────────────────────── */

enum fault cmd_peer_reconcile(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByPeer by = by_peer(tool);
	Comity__Call call = CALL(PEER_RECONCILE, peer_reconcile, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_COMPARED, &reply));
	const Comity__Comparison *found = reply->compared->comparison;
	if (!found->equal)
		return fault_say(FAULT_OUT_OF_STEP, "%s: %s", by.peer, safe_or(tool, found->difference, "it differs"));
	if (!printed_json(tool, &reply->compared->base))
		print(tool, "Both hold the same: our chain up to %llu with %llu messages, theirs up to %llu with %llu.\n",
			(unsigned long long)found->sent, (unsigned long long)found->messages_sent,
			(unsigned long long)found->received, (unsigned long long)found->messages_received);
	return OK;
}

/* ── standing ─────────────────────────────────────────────────────────────────────────────────── */

/* Each of these answers with the peer as it stands now, or with a word. */
static enum fault change(struct tool *tool, Comity__Call *call, const char *done)
{
	const Comity__Reply *reply;
	struct client *client;
	TRY(reach(tool, &client));
	TRY(client_call(client, call, &reply));
	if (reply->kind_case != COMITY__REPLY__KIND_PEER)
		TRY(expect(reply, COMITY__REPLY__KIND_DONE));
	const ProtobufCMessage *document = reply->kind_case == COMITY__REPLY__KIND_PEER ? &reply->peer->base : &reply->done->base;
	if (!printed_document(tool, document))
		print(tool, "%s is %s.\n", lower(tool, argument(tool, 0)), done);
	return OK;
}

enum fault cmd_peer_block(struct tool *tool)
{
	Comity__PeerBlock block = COMITY__PEER_BLOCK__INIT;
	block.peer = lower(tool, argument(tool, 0));
	block.reason = (char *)given(tool, "reason");
	Comity__Call call = SUBMIT(tool, PEER_BLOCK, peer_block, &block);
	return change(tool, &call, "blocked: nothing is sent to it or taken from it");
}

/* Without a file they told us: it is we who trust them no more. */
enum fault cmd_peer_revoke(struct tool *tool)
{
	struct bytes text = { 0 };
	enum fault fault = OK;
	Comity__PeerRevoke revoke = COMITY__PEER_REVOKE__INIT;
	revoke.peer = lower(tool, argument(tool, 0));
	if (argument(tool, 1))
		fault = file_take(argument(tool, 1), CARD_SIZE_MAX, &text);
	if (!fault && argument(tool, 1) && !(revoke.statement = arena_text(&tool->arena, span_of(&text))))
		fault = FAULT_NO_MEMORY;
	bytes_clear(&text);
	TRY(fault);
	Comity__Call call = SUBMIT(tool, PEER_REVOKE, peer_revoke, &revoke);
	const Comity__Reply *reply;
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_document(tool, &reply->done->base))
		print(tool, "%s: %s.\n", safe(tool, reply->done->peer), safe(tool, reply->done->text));
	next_step(tool, "call them on a number you know; their next card goes in by comity peer add, then comity peer verify");
	return OK;
}

enum fault cmd_peer_unblock(struct tool *tool)
{
	Comity__ByPeer by = by_peer(tool);
	Comity__Call call = SUBMIT(tool, PEER_UNBLOCK, peer_unblock, &by);
	return change(tool, &call, "no longer blocked");
}

enum fault cmd_peer_remove(struct tool *tool)
{
	Comity__ByPeer by = by_peer(tool);
	const char *confirmed = lower(tool, given(tool, "confirm"));
	if (!by.peer || !confirmed)
		return FAULT_NO_MEMORY;
	if (strcmp(by.peer, confirmed))
		return fault_say(FAULT_USAGE, "--confirm=%.40s does not name %.40s: nothing was done", given(tool, "confirm"), by.peer);
	Comity__Call call = SUBMIT(tool, PEER_REMOVE, peer_remove, &by);
	return change(tool, &call, "removed; what was exchanged with it is kept");
}
