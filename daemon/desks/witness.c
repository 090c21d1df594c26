#include "daemon/desks/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/signature.h"
#include "certs/trust.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/witness_parts.h"
#include "daemon/ledger/events.h"
#include "daemon/line/peers.h"
#include "daemon/log.h"
#include "proto/unpack.h"

enum { HEADS_A_MINUTE = 8 };		/* that we counter-sign on one line: each costs a signature and a commit */

/* A counterpart who is connected. */
struct neighbour {
	struct neighbour *next;
	uint64_t link_id;
	int64_t minute;				/* the one in which so many were heard */
	unsigned heard;
};

struct witness {
	struct witness_rooms rooms;
	struct neighbour *neighbours;
};

/* A signed head on its way into the ledger, and what is sent when it is there. */
struct matter {
	struct job job;
	struct witness *witness;
	uint64_t link_id;			/* 0: everybody who is connected */
	struct audit_statement statement;	/* what was heard */
	uint8_t signer[DIGEST_SIZE];
	struct bytes heard_text, heard_signature;
	struct bytes text, signature;		/* what is sent, if it has anything */
};

/* ── the end of a matter ──────────────────────────────────────────────────────────────────────────── */

static void tell(struct matter *matter, uint64_t id)
{
	struct link *link = peers_find_link_by_id(matter->witness->rooms.peers, id);
	if (link && matter->text.len)
		link_send_audit_head(link, span_of(&matter->text), span_of(&matter->signature));
}

static void on_settled(struct job *job, enum fault fault)
{
	struct matter *matter = container_of(job, struct matter, job);
	if (fault && fault != FAULT_NOT_FOUND)
		log_unusual("audit: a head is not signed: %s", fault_detail(fault));
	if (!fault && matter->link_id)
		tell(matter, matter->link_id);
	for (struct neighbour *one = matter->witness->neighbours; !fault && !matter->link_id && one; one = one->next)
		tell(matter, one->link_id);
	bytes_clear(&matter->heard_text);
	bytes_clear(&matter->heard_signature);
	bytes_clear(&matter->text);
	bytes_clear(&matter->signature);
	free(matter);
}

static struct matter *matter_new(struct witness *witness, uint64_t link_id, enum fault (*write)(struct txn *, struct job *))
{
	struct matter *matter = calloc(1, sizeof *matter);
	if (!matter)
		return NULL;
	matter->job = (struct job){ .write = write, .done = on_settled };
	matter->witness = witness;
	matter->link_id = link_id;
	return matter;
}

static void set_words(struct txn *txn, struct matter *matter, struct span text, struct span signature)
{
	matter->text.len = matter->signature.len = 0;
	if (bytes_append(&matter->text, text) || bytes_append(&matter->signature, signature))
		txn_fail(txn, FAULT_NO_MEMORY);
}

/* ── our own head ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_ours(struct txn *txn, struct job *job)
{
	struct matter *matter = container_of(job, struct matter, job);
	struct arena arena;
	Comity__AuditHead *head;
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = witness_sign(txn, matter->witness->rooms.identity, &arena, &head);
	if (!fault)
		set_words(txn, matter, span_of_binary(head->text), span_of_binary(head->signature));
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

void witness_day(struct witness *witness)
{
	struct matter *matter = matter_new(witness, 0, write_ours);
	if (matter)
		scribe_add(witness->rooms.scribe, &matter->job);
}

static bool is_witnessed_by(const Comity__AuditHead *head, const char *peer)
{
	for (size_t i = 0; i < head->n_witnesses; i++)
		if (!strcmp(head->witnesses[i]->authority, peer))
			return true;
	return false;
}

/* Our newest head, if this counterpart has not counter-signed it yet. */
static bool find_unwitnessed(struct witness *witness, const char *peer, struct arena *arena, Comity__AuditHead **head)
{
	struct txn txn;
	size_t count;
	Comity__AuditHead **heads;
	if (txn_begin(witness->rooms.store, TXN_READ, &txn))
		return false;
	bool is_there = !witness_find(&txn, identity_authority(witness->rooms.identity), 1, arena, &count, &heads) && count;
	txn_abort(&txn);
	if (!is_there || is_witnessed_by(heads[0], peer))
		return false;
	*head = heads[0];
	return true;
}

void witness_opened(struct witness *witness, struct link *link)
{
	struct arena arena;
	Comity__AuditHead *head;
	struct neighbour *neighbour = calloc(1, sizeof *neighbour);
	if (!neighbour)
		return;		/* the next line will do */
	neighbour->link_id = link_id(link);
	neighbour->next = witness->neighbours;
	witness->neighbours = neighbour;
	arena_init(&arena, UNPACK_ARENA);
	if (find_unwitnessed(witness, link_peer(link), &arena, &head))
		link_send_audit_head(link, span_of_binary(head->text), span_of_binary(head->signature));
	arena_clear(&arena);
}

void witness_closed(struct witness *witness, struct link *link)
{
	for (struct neighbour **at = &witness->neighbours, *one; (one = *at); at = &one->next)
		if (one->link_id == link_id(link)) {
			*at = one->next;
			free(one);
			return;
		}
}

/* ── theirs, which we are asked to counter-sign ───────────────────────────────────────────────────── */

static void protest(struct txn *txn, const char *peer, const Comity__AuditHead *held, const struct audit_statement *heard)
{
	char text[160];
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	snprintf(text, sizeof text, "their audit log %s: line %llu was counter-signed, now line %llu is shown",
		heard->number < held->number ? "goes back" : "was written anew",
		(unsigned long long)held->number, (unsigned long long)heard->number);
	data.peer = (char *)peer;
	data.text = text;
	events_append(txn, EVENT_AUDIT_CONTRADICTED, peer, &data);
}

static enum fault counter_sign(struct matter *matter)
{
	struct audit_statement statement = matter->statement;
	snprintf(statement.witness, sizeof statement.witness, "%s", identity_authority(matter->witness->rooms.identity));
	return witness_state(matter->witness->rooms.identity, &statement, &matter->text, &matter->signature);
}

static ProtobufCBinaryData binary_of(struct span span)
{
	return (ProtobufCBinaryData){ span.len, (uint8_t *)span.at };
}

static Comity__AuditHead head_of(struct matter *matter)
{
	Comity__AuditHead head = COMITY__AUDIT_HEAD__INIT;
	head.has_number = head.has_hash = head.has_text = head.has_signature = head.has_signer = 1;
	head.number = matter->statement.number;
	head.hash = binary_of(SPAN(matter->statement.hash));
	head.text = binary_of(span_of(&matter->heard_text));
	head.signature = binary_of(span_of(&matter->heard_signature));
	head.signer = binary_of(SPAN(matter->signer));
	head.at = matter->statement.at;
	return head;
}

static bool contradicts(const struct audit_statement *heard, const Comity__AuditHead *held)
{
	bool is_same = span_equal(span_of_binary(held->hash), SPAN(heard->hash));
	return heard->number < held->number || (heard->number == held->number && !is_same);
}

/* The newest alone is remembered of others: whatever follows it must not fall behind it. */
static enum fault write_theirs(struct txn *txn, struct job *job)
{
	struct matter *matter = container_of(job, struct matter, job);
	const char *peer = matter->statement.authority;
	struct arena arena;
	size_t count;
	Comity__AuditHead **held, head = head_of(matter);
	matter->text.len = matter->signature.len = 0;
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = witness_find(txn, peer, 1, &arena, &count, &held);
	if (!fault && count && contradicts(&matter->statement, held[0])) {
		protest(txn, peer, held[0], &matter->statement);
	} else if (!fault) {
		if (count)
			witness_forget(txn, peer, held[0]->number);
		witness_keep(txn, peer, &head);
		fault = counter_sign(matter);
	}
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

/* ── ours, counter-signed by them ─────────────────────────────────────────────────────────────────── */

static Comity__AuditHead *find_head(struct txn *txn, const struct audit_statement *heard, struct arena *arena)
{
	struct key key = { 0 };
	key_text(&key, heard->authority);
	key_u64(&key, heard->number);
	Comity__AuditHead *head = record_find(txn, TABLE_AUDIT_HEADS, key_span(&key), &comity__audit_head__descriptor, arena);
	return head && span_equal(span_of_binary(head->hash), SPAN(heard->hash)) ? head : NULL;
}

static Comity__AuditWitness witness_of(struct matter *matter)
{
	Comity__AuditWitness witness = COMITY__AUDIT_WITNESS__INIT;
	witness.authority = matter->statement.witness;
	witness.has_text = witness.has_signature = witness.has_signer = 1;
	witness.text = binary_of(span_of(&matter->heard_text));
	witness.signature = binary_of(span_of(&matter->heard_signature));
	witness.signer = binary_of(SPAN(matter->signer));
	witness.at = matter->statement.at;
	return witness;
}

static enum fault write_witness(struct txn *txn, struct job *job)
{
	struct matter *matter = container_of(job, struct matter, job);
	const struct audit_statement *heard = &matter->statement;
	struct arena arena;
	Comity__AuditWitness witness = witness_of(matter), *at = &witness;
	arena_init(&arena, UNPACK_ARENA);
	Comity__AuditHead *head = find_head(txn, heard, &arena);
	if (head && !is_witnessed_by(head, heard->witness) &&
	    record_append(&arena, &head->n_witnesses, &head->witnesses, &at, sizeof at))
		witness_keep(txn, heard->authority, head);
	enum fault fault = arena.was_refused ? arena_fault(&arena) : OK;
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

/* ── hearing ──────────────────────────────────────────────────────────────────────────────────────── */

/* Is it signed by whose signing certificate trust accepts for this peer? */
static enum fault prove(struct witness *witness, const char *peer, const struct signed_head *heard, uint8_t signer_digest[DIGEST_SIZE])
{
	struct txn txn;
	struct arena arena;
	Comity__Peer *known;
	struct signer *signer = NULL;
	char speaker[AUTHORITY_ID_SIZE];
	TRY(txn_begin(witness->rooms.store, TXN_READ, &txn));
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = registry_find(&txn, peer, &arena, &known);
	if (!fault) {
		struct span chain[] = { span_of_binary(known->signing_certificate), span_of_binary(known->delegation_certificate) };
		const struct claim claim = { .certificates = chain, .count = ARRAY_LEN(chain), .usage = USAGE_SIGNING, .expected = peer,
			.now = stamp_clock() / STAMP_SECOND };
		digest_of(signer_digest, chain[0]);
		fault = trust_judge(witness->rooms.trust, &claim, speaker);
		if (!fault)
			fault = signer_new(chain[0], &signer);
	}
	if (!fault)
		fault = signature_verify(signer, heard->text, heard->signature, NULL);
	signer_free(signer);
	arena_clear(&arena);
	txn_abort(&txn);
	return fault;
}

static struct neighbour *find_neighbour(struct witness *witness, uint64_t id)
{
	struct neighbour *one = witness->neighbours;
	while (one && one->link_id != id)
		one = one->next;
	return one;
}

static bool is_too_often(struct witness *witness, struct link *link)
{
	struct neighbour *one = find_neighbour(witness, link_id(link));
	int64_t minute = stamp_clock() / (60 * STAMP_SECOND);
	if (!one)
		return true;
	one->heard = one->minute == minute ? one->heard + 1 : 1;
	one->minute = minute;
	return one->heard > HEADS_A_MINUTE;
}

static void begin(struct witness *witness, struct link *link, const struct signed_head *heard,
	const struct audit_statement *statement, enum fault (*write)(struct txn *, struct job *))
{
	struct matter *matter = matter_new(witness, link_id(link), write);
	if (!matter)
		return;
	matter->statement = *statement;
	enum fault fault = prove(witness, link_peer(link), heard, matter->signer);
	if (!fault && (bytes_append(&matter->heard_text, heard->text) || bytes_append(&matter->heard_signature, heard->signature)))
		fault = FAULT_NO_MEMORY;
	if (fault)
		on_settled(&matter->job, fault);
	else
		scribe_add(witness->rooms.scribe, &matter->job);
}

void witness_hear(struct witness *witness, struct link *link, const struct signed_head *heard)
{
	const char *own_id = identity_authority(witness->rooms.identity), *peer = link_peer(link);
	struct audit_statement statement;
	enum fault fault = audit_statement_read(heard->text, &statement);
	bool is_theirs = !fault && !strcmp(statement.authority, peer) && !*statement.witness;
	bool is_ours = !fault && !strcmp(statement.authority, own_id) && !strcmp(statement.witness, peer);
	if (!is_theirs && !is_ours)
		link_close(link, FAULT_OUT_OF_TURN, "an audit head that has no place here");
	else if (is_ours)
		begin(witness, link, heard, &statement, write_witness);
	else if (witness->rooms.is_willing && !is_too_often(witness, link))
		begin(witness, link, heard, &statement, write_theirs);
}

enum fault witness_open(const struct witness_rooms *rooms, struct witness **witness)
{
	*witness = calloc(1, sizeof **witness);
	if (!*witness)
		return FAULT_NO_MEMORY;
	(*witness)->rooms = *rooms;
	return OK;
}

void witness_close(struct witness *witness)
{
	for (struct neighbour *one = witness ? witness->neighbours : NULL, *next; one; one = next) {
		next = one->next;
		free(one);
	}
	free(witness);
}
