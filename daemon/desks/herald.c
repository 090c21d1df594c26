#include "daemon/desks/herald_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/identity.h"
#include "daemon/desks/registry.h"
#include "daemon/ledger/cards.h"
#include "daemon/line/peers.h"
#include "daemon/log.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum {
	CARD_ARENA = 8 << 20,
	SURPASS_MAX = 1000,			/* how far beyond our own serial a peer's word is believed, */
	SURPASS_SECONDS = 3600,			/* and how often: a serial is a number that can run out */
};

struct audience *herald_find(const struct herald *herald, const char *peer)
{
	struct audience *audience = herald->audiences;
	while (audience && strcmp(audience->peer, peer))
		audience = audience->next;
	return audience;
}

struct audience *herald_find_of(const struct herald *herald, const struct link *link)
{
	struct audience *audience = herald_find(herald, link_peer(link));
	return audience && audience->link_id == link_id(link) ? audience : NULL;
}

/* ── which of ours they hold ──────────────────────────────────────────────────────────────────── */

struct note {
	struct job job;
	struct herald *herald;
	char peer[AUTHORITY_ID_SIZE];
	uint32_t serial;
};

static enum fault write_note(struct txn *txn, struct job *job)
{
	const struct note *note = container_of(job, struct note, job);
	txn_use_reserve(txn);
	card_note_held(txn, note->peer, note->serial);
	return txn->fault;
}

/* What cannot be noted they say again in their next hello. */
static void on_noted(struct job *job, enum fault fault)
{
	struct note *note = container_of(job, struct note, job);
	const struct herald_rooms *rooms = &note->herald->rooms;
	free(note);
	if (!fault && rooms->confirmed)
		rooms->confirmed(rooms->owner);
}

static bool is_noted(struct herald *herald, const char *peer, uint32_t serial)
{
	struct txn txn;
	if (txn_begin(herald->rooms.store, TXN_READ, &txn))
		return false;
	bool is_noted = card_held(&txn, peer, NULL) == serial;
	txn_abort(&txn);
	return is_noted;
}

static void note_held(struct herald *herald, struct audience *audience, uint32_t serial)
{
	audience->holds = serial;
	struct note *note = is_noted(herald, audience->peer, serial) ? NULL : calloc(1, sizeof *note);
	if (!note)
		return;
	*note = (struct note){ .job = { .write = write_note, .done = on_noted }, .herald = herald, .serial = serial };
	strcpy(note->peer, audience->peer);
	scribe_add(herald->rooms.scribe, &note->job);
}

/* ── ours to them ─────────────────────────────────────────────────────────────────────────────── */

/* Who does not say what it holds is of a version that knows no announcements. */
static void announce(struct herald *herald, struct audience *audience)
{
	if (audience->told || audience->has_end || !audience->holds || audience->holds >= herald->serial)
		return;
	struct link *link = peers_find_link_by_id(herald->rooms.peers, audience->link_id);
	if (!link)
		return;
	audience->told = herald->serial;
	link_send_announce(link, &(struct announce){ .card = span_of(&herald->text) });
}

/* It is told on every line until nobody opens one to us. */
static void announce_end(const struct herald *herald, struct audience *audience)
{
	struct link *link = audience->told || audience->has_end ? NULL : peers_find_link_by_id(herald->rooms.peers, audience->link_id);
	if (!link)
		return;
	audience->has_end = true;
	link_send_announce(link, &(struct announce){ .revocation = span_of(&herald->list) });
}

/* They hold a card of ours that we do not know: we were put back from an older backup.  Ours must come after it, or they
 * would never take one again. */
static void surpass(struct herald *herald, const char *peer, uint32_t serial)
{
	int64_t now = stamp_clock() / STAMP_SECOND;
	bool is_credible = serial - herald->serial <= SURPASS_MAX &&
		llabs(now - herald->renewal.surpassed_at) > SURPASS_SECONDS;
	log_unusual("herald %s: it holds serial %u of our card; ours is %u%s", peer, serial, herald->serial,
		is_credible ? "" : ", and that is not believed");
	if (!is_credible)
		return;
	herald->renewal.surpassed_at = now;
	herald->renewal.beyond = serial;
	herald_renew(herald);
}

static void compare(struct herald *herald, struct audience *audience)
{
	if (herald->is_revoked)
		announce_end(herald, audience);
	else if (herald->serial && audience->link_id && audience->holds > herald->serial)
		surpass(herald, audience->peer, audience->holds);
	else
		announce(herald, audience);
}

static enum fault write_renewal(struct txn *txn, struct job *job)
{
	struct herald *herald = container_of(job, struct herald, renewal.job);
	struct arena arena;
	Comity__OwnCard *card;
	arena_init(&arena, CARD_ARENA);
	txn_use_reserve(txn);	/* keys must go on in a full store, too */
	enum fault fault = herald_card(&herald->rooms, txn, herald->renewal.beyond, &arena, &card);
	if (!fault) {
		herald->renewal.serial = card->serial;
		herald->renewal.text.len = 0;
		fault = bytes_append(&herald->renewal.text, span_of_text(card->text));
	}
	arena_clear(&arena);
	return fault;
}

static void compare_all(struct herald *herald)
{
	for (struct audience *audience = herald->audiences; audience; audience = audience->next)
		compare(herald, audience);
}

static void take_renewal(struct herald *herald)
{
	struct bytes old = herald->text;
	if (herald->serial != herald->renewal.serial)
		log_info("herald: our card has serial %u now", herald->renewal.serial);
	herald->serial = herald->renewal.serial;
	herald->text = herald->renewal.text;
	herald->renewal.text = old;
	herald->renewal.beyond = 0;
	compare_all(herald);
}

static void on_renewed(struct job *job, enum fault fault)
{
	struct herald *herald = container_of(job, struct herald, renewal.job);
	herald->renewal.is_writing = false;
	if (fault)
		log_broken("herald: our card cannot be written: %s", fault_detail(fault));
	else
		take_renewal(herald);
	if (herald->renewal.must_again)
		herald_renew(herald);
}

void herald_renew(struct herald *herald)
{
	herald_take_list(herald);
	if (herald->is_revoked) {	/* no card can be made, and none is needed */
		compare_all(herald);
		return;
	}
	herald->renewal.must_again = herald->renewal.is_writing;
	if (herald->renewal.is_writing)
		return;
	herald->renewal.is_writing = true;
	herald->renewal.job = (struct job){ .write = write_renewal, .done = on_renewed };
	scribe_add(herald->rooms.scribe, &herald->renewal.job);
}

void herald_look(struct herald *herald)
{
	if (!herald_take_list(herald))
		return;
	if (herald->is_revoked)
		log_unusual("herald: our identity is revoked; every counterpart with an open line is told");
	herald_renew(herald);
}

enum fault herald_write_card(const struct herald *herald, struct txn *txn, struct arena *arena, Comity__OwnCard **card)
{
	return herald_card(&herald->rooms, txn, 0, arena, card);
}

void herald_answered(struct herald *herald, struct link *link, const struct announced *announced)
{
	struct audience *audience = herald_find_of(herald, link);
	if (audience && audience->has_end && !audience->told) {
		log_info("herald %s: it was told of the end of our identity: %s", audience->peer, announced->reason);
		return;
	}
	if (!audience || !audience->told) {
		link_close(link, FAULT_OUT_OF_TURN, "a card was acknowledged that was not announced");
		return;
	}
	bool is_taken = announced->serial >= audience->told;
	audience->told = 0;
	if (!is_taken)
		log_unusual("herald %s: it does not take our card: %s", audience->peer, announced->reason);
	else
		log_info("herald %s: it holds serial %u of our card", audience->peer, announced->serial);
	if (announced->serial <= herald->serial)
		note_held(herald, audience, announced->serial);
	if (is_taken || herald->is_revoked)
		compare(herald, audience);	/* there may be a newer one by now */
}

/* ── lines ────────────────────────────────────────────────────────────────────────────────────── */

void herald_introduce(const struct herald *herald, struct txn *txn, const char *peer, struct hello *ours)
{
	ours->card_serial = herald->serial;
	ours->card_held = registry_card_serial(txn, peer);
}

void herald_opened(struct herald *herald, struct link *link)
{
	uint32_t they_hold = link_greetings(link)->they_hold;
	struct audience *audience = herald_find(herald, link_peer(link));
	if (!audience && !(audience = calloc(1, sizeof *audience)))
		return;
	if (!*audience->peer) {
		snprintf(audience->peer, sizeof audience->peer, "%s", link_peer(link));
		audience->next = herald->audiences;
		herald->audiences = audience;
	}
	audience->link_id = link_id(link);
	audience->told = 0;
	audience->is_taking = audience->has_end = false;
	if (they_hold)
		note_held(herald, audience, they_hold);
	compare(herald, audience);
}

void herald_closed(struct herald *herald, struct link *link)
{
	struct audience *audience = herald_find_of(herald, link);
	if (audience)
		audience->link_id = 0;
}

/* ── life ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault herald_open(const struct herald_rooms *rooms, struct herald **herald)
{
	*herald = calloc(1, sizeof **herald);
	if (!*herald)
		return FAULT_NO_MEMORY;
	(*herald)->rooms = *rooms;
	herald_take_list(*herald);
	return OK;
}

void herald_close(struct herald *herald)
{
	if (!herald)
		return;
	for (struct audience *audience = herald->audiences, *next; audience; audience = next) {
		next = audience->next;
		free(audience);
	}
	bytes_clear(&herald->text);
	bytes_clear(&herald->list);
	bytes_clear(&herald->renewal.text);
	free(herald);
}
