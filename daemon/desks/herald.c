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

/* A peer whose line is open. */
struct audience {
	struct audience *next;
	char peer[AUTHORITY_ID_SIZE];
	uint64_t link_id;
	uint32_t holds;				/* of our cards, as it said */
	uint32_t told;				/* announced and not answered yet; 0: nothing is */
	bool is_taking;				/* a card of theirs is on its way into the ledger */
};

static struct audience *find(const struct herald *herald, const char *peer)
{
	struct audience *audience = herald->audiences;
	while (audience && strcmp(audience->peer, peer))
		audience = audience->next;
	return audience;
}

static struct audience *find_of(const struct herald *herald, const struct link *link)
{
	struct audience *audience = find(herald, link_peer(link));
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
	if (audience->told || !audience->holds || audience->holds >= herald->serial)
		return;
	struct link *link = peers_find_link_by_id(herald->rooms.peers, audience->link_id);
	if (!link)
		return;
	audience->told = herald->serial;
	link_send_announce(link, span_of(&herald->text));
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
	if (herald->serial && audience->link_id && audience->holds > herald->serial)
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

static void take_renewal(struct herald *herald)
{
	struct bytes old = herald->text;
	if (herald->serial != herald->renewal.serial)
		log_info("herald: our card has serial %u now", herald->renewal.serial);
	herald->serial = herald->renewal.serial;
	herald->text = herald->renewal.text;
	herald->renewal.text = old;
	herald->renewal.beyond = 0;
	for (struct audience *audience = herald->audiences; audience; audience = audience->next)
		compare(herald, audience);
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
	herald->renewal.must_again = herald->renewal.is_writing;
	if (herald->renewal.is_writing)
		return;
	herald->renewal.is_writing = true;
	herald->renewal.job = (struct job){ .write = write_renewal, .done = on_renewed };
	scribe_add(herald->rooms.scribe, &herald->renewal.job);
}

enum fault herald_write_card(const struct herald *herald, struct txn *txn, struct arena *arena, Comity__OwnCard **card)
{
	return herald_card(&herald->rooms, txn, 0, arena, card);
}

void herald_answered(struct herald *herald, struct link *link, const struct announced *announced)
{
	struct audience *audience = find_of(herald, link);
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
	if (is_taken)
		announce(herald, audience);	/* there may be a newer one by now */
}

/* ── theirs to us ─────────────────────────────────────────────────────────────────────────────── */

struct letter {
	struct job job;
	struct herald *herald;
	char peer[AUTHORITY_ID_SIZE];
	uint64_t link_id;
	struct bytes text;
	enum fault refused;			/* why the card was not taken; OK when it was */
	uint32_t serial;			/* of the one that is held now */
};

static void letter_free(struct letter *letter)
{
	bytes_clear(&letter->text);
	free(letter);
}

/* A card that is refused changes nothing; what is held then is still to be told. */
static enum fault write_letter(struct txn *txn, struct job *job)
{
	struct letter *letter = container_of(job, struct letter, job);
	struct arena arena;
	arena_init(&arena, CARD_ARENA);
	txn_use_reserve(txn);
	letter->refused = registry_renew(letter->herald->rooms.registry, txn, letter->peer, span_of(&letter->text), &arena,
		&letter->serial);
	arena_clear(&arena);
	if (fault_remedy(letter->refused) == REMEDY_CALL_OPERATOR)
		return letter->refused;
	return txn->fault;
}

static void answer(const struct letter *letter, struct link *link)
{
	if (letter->refused)
		log_unusual("herald %s: its card is not taken: %s", letter->peer, fault_slug(letter->refused));
	link_send_announced(link, letter->serial, letter->refused ? fault_slug(letter->refused) : NULL);
}

static void on_lettered(struct job *job, enum fault fault)
{
	struct letter *letter = container_of(job, struct letter, job);
	struct herald *herald = letter->herald;
	struct link *link = peers_find_link_by_id(herald->rooms.peers, letter->link_id);
	struct audience *audience = find(herald, letter->peer);
	if (audience && audience->link_id == letter->link_id)
		audience->is_taking = false;
	if (fault)	/* our trouble: unanswered, it is announced again with the next line */
		log_broken("herald %s: its card cannot be kept: %s", letter->peer, fault_detail(fault));
	else if (!letter->refused)
		registry_apply(herald->rooms.registry, letter->peer);
	if (link && !fault)
		answer(letter, link);
	letter_free(letter);
}

void herald_hear(struct herald *herald, struct link *link, struct span card)
{
	struct audience *audience = find_of(herald, link);
	if (!audience || audience->is_taking) {
		link_close(link, FAULT_OUT_OF_TURN, "a card was announced before the last one was answered");
		return;
	}
	struct letter *letter = calloc(1, sizeof *letter);
	if (!letter || bytes_append(&letter->text, card)) {
		free(letter);
		link_close(link, FAULT_NO_MEMORY, NULL);
		return;
	}
	letter->job = (struct job){ .write = write_letter, .done = on_lettered };
	letter->herald = herald;
	letter->link_id = link_id(link);
	strcpy(letter->peer, audience->peer);
	audience->is_taking = true;
	scribe_add(herald->rooms.scribe, &letter->job);
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
	struct audience *audience = find(herald, link_peer(link));
	if (!audience && !(audience = calloc(1, sizeof *audience)))
		return;
	if (!*audience->peer) {
		snprintf(audience->peer, sizeof audience->peer, "%s", link_peer(link));
		audience->next = herald->audiences;
		herald->audiences = audience;
	}
	audience->link_id = link_id(link);
	audience->told = 0;
	audience->is_taking = false;
	if (they_hold)
		note_held(herald, audience, they_hold);
	compare(herald, audience);
}

void herald_closed(struct herald *herald, struct link *link)
{
	struct audience *audience = find_of(herald, link);
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
	bytes_clear(&herald->renewal.text);
	free(herald);
}
