#pragma once
/* Two authorities at work on their cases: each with its own ledger, and what one submits is carried to the other by
 * hand.  Freedonia requests, Sylvania is requested. */
#include "tests/unit/ledgers.h"
#include "tests/unit/filled_acts.h"

#include "daemon/law/casework.h"
#include "certs/digest.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/uuid.h"
#include "proto/yaml.h"

enum { UID = 1007 };

/* Complete for whoever asks nothing special. */
static const char complete[] =
	"kind: MLA\nnature: INITIAL\ntransmission_mode: FORMAL\n"
	"making_authority: { name: \"Prosecutor's Office\" }\n"
	"proceeding:\n"
	"  type: INVESTIGATION\n  subject: Fraud\n"
	"  conducting_authority: { name: \"Prosecutor's Office\", functions: directs investigations }\n"
	"language: { request: en }\n"
	"legal_bases: [{ basis: UNTOC }]\n"
	"facts_summary: Money was taken.\n"
	"persons: [{ ref: P1, type: NATURAL, role: [SUSPECT], name: Tobin FALSEWORK, nationality: [XFR], location: Freedonia City }]\n"
	"purpose: Evidence for trial.\n"
	"measures: [{ id: M1, form: BANK_FINANCIAL_RECORDS, description: Account statements., persons: [P1] }]\n"
	"contact: { officer: B. Sandglass, phone: \"+999-01-555-0110\" }\n"
	"signed: { by: Head of Unit, signed_at: \"2026-11-23T10:20:00+01:00\" }\n";

struct party {
	struct ledger ledger;
	struct casework casework;
	const char *peer;
	char submitted[UUID_TEXT_SIZE];		/* the last message, and how many there were */
	unsigned count;
};

struct world { struct party f, s; };

static inline void on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state)
{
	struct party *party = owner;
	(void)txn;
	snprintf(party->submitted, sizeof party->submitted, "%s", state->message_id);
	party->count++;
}

static inline void set_standing(struct party *party, const char *id, Comity__Standing__Value standing)
{
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer(id);
	peer.authority = (char *)id;
	peer.has_standing = 1;
	peer.standing = standing;
	WRITING(&party->ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer.base);
	assert_ok(ledger_end(&txn, OK));
}

static inline void party_open(struct party *party, const char *id, const char *peer)
{
	ledger_open(&party->ledger);
	party->peer = peer;
	party->casework = (struct casework){ .own_id = id, .reference_pattern = "{authority}-{year}-{number}",
		.submitted = on_submitted, .owner = party };
	set_standing(party, peer, COMITY__STANDING__VALUE__VERIFIED);
}

static inline int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	stamp_clock = clock_at_noon;
	party_open(&world->f, "xf-ca", "xs-ca");
	party_open(&world->s, "xs-ca", "xf-ca");
	*state = world;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;
	ledger_close(&world->f.ledger);
	ledger_close(&world->s.ledger);
	free(world);
	return 0;
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* ── what officers do ─────────────────────────────────────────────────────────────────────────── */

static inline Comity__Request *document_of(struct party *party, const char *yaml)
{
	struct document document = { 0 };
	ProtobufCMessage *message;
	assert_ok(yaml_read(&document, "request.yaml", span_of_text(yaml)));
	assert_ok(mapping_read(&document, &comity__request__descriptor, &party->ledger.arena, &message, NULL));
	document_clear(&document);
	return (Comity__Request *)message;
}

/* A draft of that text; *made is NULL after a fault. */
static inline enum fault draft(struct party *party, const char *yaml, Comity__Case **made)
{
	WRITING(&party->ledger, txn);
	enum fault fault = casework_draft(&party->casework, &txn, party->peer, yaml ? document_of(party, yaml) : NULL, UID,
		&party->ledger.arena, made);
	if (fault)
		*made = NULL;
	return ledger_end(&txn, fault);
}

/* As the ledger has it now; NULL when there is none. */
static inline Comity__Case *find_case(struct party *party, const char *ref)
{
	Comity__Case *kase = NULL;
	READING(&party->ledger, txn);
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	txn_abort(&txn);
	return fault ? NULL : kase;
}

static inline enum fault stage(struct party *party, const char *ref, const char *id, char name[64])
{
	Comity__Attachment attachment = COMITY__ATTACHMENT__INIT;
	Comity__AttachmentState *staged = NULL;
	char sha256[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	attachment.id = (char *)id;
	attachment.has_size = 1;
	attachment.size = 10;
	attachment.sha256 = sha256;
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_stage(&party->casework, &txn, kase, &attachment, UID, &party->ledger.arena, &staged);
	if (!fault && name)
		snprintf(name, 64, "%u %s", staged->number, staged->attachment->id);
	return ledger_end(&txn, fault);
}

static inline enum fault send(struct party *party, const char *ref, Comity__Submitted *submitted)
{
	Comity__Submitted answer = COMITY__SUBMITTED__INIT;
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_send(&party->casework, &txn, kase, NULL, "Officer", UID, &party->ledger.arena, &answer);
	if (submitted)
		*submitted = answer;
	return ledger_end(&txn, fault);
}

static inline enum fault submit(struct party *party, const char *ref, const Comity__Act *act)
{
	Comity__Submitted answer = COMITY__SUBMITTED__INIT;
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Act *list = (Comity__Act *)act;
	message.n_acts = 1;
	message.acts = &list;
	WRITING(&party->ledger, txn);
	Comity__Case *kase;
	enum fault fault = casework_find(&txn, ref, &party->ledger.arena, &kase);
	if (!fault)
		fault = casework_submit(&party->casework, &txn, kase, &message, true, UID, &party->ledger.arena, &answer);
	return ledger_end(&txn, fault);
}

static inline enum fault act(struct party *party, const char *ref, act_kind kind, request_status to)
{
	struct acts acts;
	const Comity__Case *kase = find_case(party, ref);
	return submit(party, ref, act_from(&acts, kind, to, kase ? kase->status : S(UNSPECIFIED)));
}

/* ── the line between them ────────────────────────────────────────────────────────────────────── */

/* The exact bytes of what this party submitted last. */
static inline const Comity__Message *last_message(struct party *party)
{
	struct key key = key_of_message(party->casework.own_id, party->submitted);
	struct span raw;
	ProtobufCMessage *message;
	READING(&party->ledger, txn);
	assert_true(txn_get(&txn, TABLE_MESSAGES, key_span(&key), &raw));
	assert_ok(unpack(&comity__message__descriptor, raw, &party->ledger.arena, FAULT_BAD_DOCUMENT, &message));
	txn_abort(&txn);
	return (Comity__Message *)message;
}

/* As the inbox hands it over. */
static inline enum fault receive(struct party *party, const Comity__Message *message)
{
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	WRITING(&party->ledger, txn);
	state.has_number = 1;
	state.number = txn_next(&txn, "messages");
	state.message_id = message->message_id;
	state.from = message->from;
	state.to = message->to;
	state.request_id = message->request_id;
	state.has_transport = 1;
	state.transport = COMITY__TRANSPORT__VALUE__ARRIVED;
	enum fault fault = casework_receive(&party->casework, &txn, message, &state, &party->ledger.arena);
	struct key key = key_of_message(message->from, message->message_id);
	struct bytes raw = { 0 };
	if (!fault) {
		assert_ok(pack(&message->base, &raw));
		txn_put(&txn, TABLE_MESSAGES, key_span(&key), span_of(&raw));
		record_keep(&txn, TABLE_SEEN, key_span(&key), &state.base);
	}
	bytes_clear(&raw);
	return ledger_end(&txn, fault);
}

/* The counterpart's daemon refuses a message of ours, as the receipt says it. */
static inline void refuse_in(struct party *party, struct txn *txn, const char *message_id, struct arena *arena)
{
	struct key key = key_of_message(party->casework.own_id, message_id);
	Comity__MessageState *state =
		record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	assert_non_null(state);
	state->transport = COMITY__TRANSPORT__VALUE__REFUSED;
	state->reason = "status-transition";
	state->delivered_at = "2026-11-23T12:00:01.000Z";
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
	casework_refused(&party->casework, txn, state, arena);
	assert_ok(txn->fault);
}

static inline void refuse(struct party *party, const char *message_id)
{
	WRITING(&party->ledger, txn);
	refuse_in(party, &txn, message_id, &party->ledger.arena);
	assert_ok(ledger_end(&txn, OK));
}

/* A request that was sent and has arrived; its reference in Freedonia's register, which Sylvania knows it by too. */
static inline void open_case(struct world *world, char ref[64])
{
	Comity__Case *kase;
	char yaml[sizeof complete + 80];
	snprintf(yaml, sizeof yaml, "%sconfidentiality: { requested: true, scope: BOTH }\n", complete);
	assert_ok(draft(&world->f, yaml, &kase));
	snprintf(ref, 64, "%s", kase->requesting_reference);
	assert_ok(send(&world->f, ref, NULL));
	assert_ok(receive(&world->s, last_message(&world->f)));
}

static inline void assert_status(struct party *party, const char *ref, request_status status)
{
	const Comity__Case *kase = find_case(party, ref);
	assert_non_null(kase);
	assert_string_equal(status_name(kase->status), status_name(status));
}
