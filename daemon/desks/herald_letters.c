/* What the peers announce over the line: a newer card, or the end of their identity. */
#include <stdlib.h>
#include <string.h>

#include "daemon/desks/herald_parts.h"
#include "daemon/desks/registry.h"
#include "daemon/line/peers.h"
#include "daemon/log.h"

enum { LETTER_ARENA = 8 << 20 };

struct letter {
	struct job job;
	struct herald *herald;
	char peer[AUTHORITY_ID_SIZE];
	uint64_t link_id;
	struct bytes text;
	bool is_end;				/* not a card, but the end of its identity */
	enum fault refused;			/* why it was not taken; OK when it was */
	uint32_t serial;			/* of the one that is held now */
};

static void letter_free(struct letter *letter)
{
	bytes_clear(&letter->text);
	free(letter);
}

static enum fault take_letter(struct txn *txn, struct letter *letter, struct arena *arena)
{
	const struct registry *registry = letter->herald->rooms.registry;
	if (!letter->is_end)
		return registry_renew(registry, txn, letter->peer, span_of(&letter->text), arena, &letter->serial);
	letter->serial = registry_card_serial(txn, letter->peer);
	return registry_take_end(txn, letter->peer, span_of(&letter->text), arena);
}

/* What is refused changes nothing; which card is held then is still to be told. */
static enum fault write_letter(struct txn *txn, struct job *job)
{
	struct letter *letter = container_of(job, struct letter, job);
	struct arena arena;
	arena_init(&arena, LETTER_ARENA);
	txn_use_reserve(txn);
	letter->refused = take_letter(txn, letter, &arena);
	arena_clear(&arena);
	if (fault_remedy(letter->refused) == REMEDY_CALL_OPERATOR)
		return letter->refused;
	return txn->fault;
}

/* What was taken of an end is that the card does not count any more. */
static void answer(const struct letter *letter, struct link *link)
{
	enum fault reason = letter->is_end && !letter->refused ? FAULT_CERT_REVOKED : letter->refused;
	if (letter->refused)
		log_unusual("herald %s: its %s is not taken: %s", letter->peer, letter->is_end ? "revocation" : "card", fault_slug(reason));
	link_send_announced(link, letter->serial, reason ? fault_slug(reason) : NULL);
}

static void on_lettered(struct job *job, enum fault fault)
{
	struct letter *letter = container_of(job, struct letter, job);
	struct herald *herald = letter->herald;
	struct link *link = peers_find_link_by_id(herald->rooms.peers, letter->link_id);
	struct audience *audience = herald_find(herald, letter->peer);
	if (audience && audience->link_id == letter->link_id)
		audience->is_taking = false;
	if (fault)	/* our trouble: unanswered, it is announced again with the next line */
		log_broken("herald %s: its card cannot be kept: %s", letter->peer, fault_detail(fault));
	else if (link)
		answer(letter, link);
	if (!fault && !letter->refused)
		registry_apply(herald->rooms.registry, letter->peer);	/* which may end that very line */
	else if (link && letter->is_end)
		link_resume(link);
	letter_free(letter);
}

void herald_hear(struct herald *herald, struct link *link, const struct announce *announce)
{
	struct audience *audience = herald_find_of(herald, link);
	if (!audience || audience->is_taking) {
		link_close(link, FAULT_OUT_OF_TURN, "a card was announced before the last one was answered");
		return;
	}
	struct letter *letter = calloc(1, sizeof *letter);
	if (!letter || bytes_append(&letter->text, announce->card.len ? announce->card : announce->revocation)) {
		free(letter);
		link_close(link, FAULT_NO_MEMORY, NULL);
		return;
	}
	letter->job = (struct job){ .write = write_letter, .done = on_lettered };
	letter->herald = herald;
	letter->is_end = !announce->card.len;
	letter->link_id = link_id(link);
	strcpy(letter->peer, audience->peer);
	audience->is_taking = true;
	if (letter->is_end)
		link_pause(link);	/* what is said after it does not count any more */
	scribe_add(herald->rooms.scribe, &letter->job);
}
