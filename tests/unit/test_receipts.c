/* What a peer's receipts say of messages of ours: each fact once, by the hash of our very bytes. */
#include "tests/unit/ledgers.h"

#include "certs/digest.h"
#include "daemon/desks/receipts.h"
#include "proto/manifest.h"

static char first[] = "019aafd8-1c2e-7000-8000-000000000001", second[] = "019aafd8-1c2e-7000-8000-000000000002";

/* A message of ours in the ledger, sent to xs-ca.  Its bytes are its id. */
static void send(struct ledger *ledger, char *id, uint32_t attachments)
{
	uint8_t digest[DIGEST_SIZE];
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	digest_of(digest, span_of_text(id));
	state.message_id = id;
	state.from = "xf-ca";
	state.to = "xs-ca";
	state.has_sha256 = state.has_transport = state.has_attachments = 1;
	state.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, digest };
	state.transport = COMITY__TRANSPORT__VALUE__SENT;
	state.attachments = attachments;
	struct key key = key_of_message("xf-ca", id);
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_SEEN, key_span(&key), &state.base);
	assert_ok(ledger_end(&txn, OK));
}

static const Comity__MessageState *state_of(struct ledger *ledger, const char *id)
{
	struct key key = key_of_message("xf-ca", id);
	READING(ledger, txn);
	Comity__MessageState *state =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &ledger->arena);
	txn_abort(&txn);
	return state;
}

static struct manifest_entry line_of(const char *id, const char *refused)
{
	struct manifest_entry entry = { .refused = refused };
	strcpy(entry.message_id, id);
	digest_of(entry.sha256, span_of_text(id));
	return entry;
}

/* What casework was told. */
static unsigned refusals;
static char refused_id[UUID_TEXT_SIZE], refused_reason[64];

static void on_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	(void)owner, (void)txn, (void)arena;
	refusals++;
	strcpy(refused_id, state->message_id);
	strcpy(refused_reason, state->reason);
}

static void hear(struct ledger *ledger, enum purpose purpose, uint64_t number, const struct manifest_entry *entries, size_t count)
{
	struct manifest manifest = { .from = "xs-ca", .to = "xf-ca", .purpose = purpose, .number = number,
		.entries = entries, .count = count };
	snprintf(manifest.at, sizeof manifest.at, "2026-11-23T12:00:0%d.000Z", (int)(number % 10));
	WRITING(ledger, txn);
	receipts_take(&txn, "xf-ca", &manifest, on_refused, NULL);
	assert_ok(ledger_end(&txn, OK));
}

static void hear_one(struct ledger *ledger, enum purpose purpose, uint64_t number, const char *id, const char *refused)
{
	struct manifest_entry entry = line_of(id, refused);
	hear(ledger, purpose, number, &entry, 1);
}

static void assert_transport(struct ledger *ledger, const char *id, Comity__Transport__Value transport)
{
	assert_int_equal(state_of(ledger, id)->transport, transport);
}

static void assert_last_event(struct ledger *ledger, uint64_t number, const char *type, const char *id)
{
	assert_int_equal(ledger_events(ledger), number);
	const Comity__Event *event = ledger_event(ledger, number);
	assert_string_equal(event->type, type);
	assert_string_equal(event->data->message_id, id);
	assert_string_equal(event->data->peer, "xs-ca");
}

static int setup(void **state)
{
	refusals = 0;
	return ledger_setup(state);
}

/* ── one message ──────────────────────────────────────────────────────────────────────────────── */

static void a_receipt_makes_it_delivered_and_a_completion_complete(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 2);
	hear_one(ledger, PURPOSE_RECEIPT, 5, first, NULL);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__DELIVERED);
	assert_int_equal(state_of(ledger, first)->receipt, 5);
	assert_string_equal(state_of(ledger, first)->delivered_at, "2026-11-23T12:00:05.000Z");	/* by the peer's clock */
	assert_null(state_of(ledger, first)->complete_at);
	assert_last_event(ledger, 1, EVENT_MESSAGE_DELIVERED, first);

	hear_one(ledger, PURPOSE_COMPLETE, 6, first, NULL);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__COMPLETE);
	assert_int_equal(state_of(ledger, first)->completion, 6);
	assert_string_equal(state_of(ledger, first)->complete_at, "2026-11-23T12:00:06.000Z");
	assert_last_event(ledger, 2, EVENT_MESSAGE_COMPLETE, first);
	assert_int_equal(refusals, 0);
}

static void what_has_no_attachments_is_complete_with_its_receipt(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 0);
	hear_one(ledger, PURPOSE_RECEIPT, 1, first, NULL);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__COMPLETE);
}

static void a_refusal_says_why_and_casework_hears_it_once(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 2);
	hear_one(ledger, PURPOSE_RECEIPT, 1, first, "status-transition");
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__REFUSED);
	assert_string_equal(state_of(ledger, first)->reason, "status-transition");
	assert_last_event(ledger, 1, EVENT_MESSAGE_REFUSED, first);
	assert_string_equal(ledger_event(ledger, 1)->data->reason, "status-transition");
	assert_string_equal(refused_id, first);
	assert_string_equal(refused_reason, "status-transition");
	hear_one(ledger, PURPOSE_RECEIPT, 2, first, "status-transition");
	assert_int_equal(refusals, 1);
	assert_int_equal(ledger_events(ledger), 1);
}

/* ── lost, repeated, late, out of order ───────────────────────────────────────────────────────── */

/* What is heard one after the other, and what is true then: the same as without the superfluous ones. */
static void the_first_word_stands_in_every_order(void **state)
{
	enum { END = 9, R, C, N };	/* receipt, completion, no (a refusal) */
	static const struct { const char *what; int heard[4]; Comity__Transport__Value transport; uint64_t events; unsigned refusals; } cases[] = {
		{ "a receipt again",               { R, R, END },    COMITY__TRANSPORT__VALUE__DELIVERED, 1, 0 },
		{ "a completion again",            { R, C, C, END }, COMITY__TRANSPORT__VALUE__COMPLETE,  2, 0 },
		{ "a receipt after completion",    { R, C, R, END }, COMITY__TRANSPORT__VALUE__COMPLETE,  2, 0 },
		{ "the completion alone",          { C, END },       COMITY__TRANSPORT__VALUE__COMPLETE,  1, 0 },
		{ "the receipt late",              { C, R, END },    COMITY__TRANSPORT__VALUE__COMPLETE,  2, 0 },
		{ "a refusal after the receipt",   { R, N, END },    COMITY__TRANSPORT__VALUE__DELIVERED, 1, 0 },
		{ "a receipt after the refusal",   { N, R, END },    COMITY__TRANSPORT__VALUE__REFUSED,   1, 1 },
		{ "a completion of what was refused", { N, C, END }, COMITY__TRANSPORT__VALUE__REFUSED,   1, 1 },
		{ "a refusal of what is complete", { C, N, END },    COMITY__TRANSPORT__VALUE__COMPLETE,  1, 0 },
	};
	struct ledger *ledger = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char id[UUID_TEXT_SIZE];
		uint64_t events = ledger_events(ledger);
		refusals = 0;
		uuid_new(id);
		send(ledger, id, 1);
		for (size_t k = 0; cases[i].heard[k] && cases[i].heard[k] != END; k++)
			hear_one(ledger, cases[i].heard[k] == C ? PURPOSE_COMPLETE : PURPOSE_RECEIPT, k + 1, id,
				cases[i].heard[k] == N ? "bad-document" : NULL);
		if (state_of(ledger, id)->transport != cases[i].transport || refusals != cases[i].refusals ||
		    ledger_events(ledger) - events != cases[i].events)
			fail_msg("%s: transport %d, %u refusals, %d events", cases[i].what, state_of(ledger, id)->transport, refusals,
				(int)(ledger_events(ledger) - events));
	}
}

/* ── what is not meant ────────────────────────────────────────────────────────────────────────── */

static void a_receipt_for_other_bytes_confirms_nothing(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 0);
	struct manifest_entry lines[] = { line_of(first, NULL), line_of(first, "bad-document") };
	lines[0].sha256[31] ^= 1;
	lines[1].sha256[0] ^= 0x80;
	hear(ledger, PURPOSE_RECEIPT, 1, lines, 2);
	hear(ledger, PURPOSE_COMPLETE, 2, lines, 1);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__SENT);
	assert_int_equal(ledger_events(ledger), 0);
	assert_int_equal(refusals, 0);
}

static const Comity__Peer *peer_of(struct ledger *ledger)
{
	struct key key = key_of_peer("xs-ca");
	READING(ledger, txn);
	Comity__Peer *peer = record_find(&txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, &ledger->arena);
	txn_abort(&txn);
	return peer;
}

static void know_the_peer(struct ledger *ledger)
{
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer("xs-ca");
	peer.authority = "xs-ca";
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer.base);
	assert_ok(ledger_end(&txn, OK));
}

static void an_id_of_ours_that_they_know_for_another_is_on_file_with_the_peer(void **state)
{
	struct ledger *ledger = *state;
	know_the_peer(ledger);
	send(ledger, first, 0);
	for (int i = 0; i < 2; i++)
		hear_one(ledger, PURPOSE_RECEIPT, 1, first, "id-reused");
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__REFUSED);
	assert_string_equal(state_of(ledger, first)->reason, "id-reused");
	assert_null(state_of(ledger, first)->reused_at);
	assert_int_equal(refusals, 1);
	assert_int_equal(peer_of(ledger)->n_refusals, 1);
	assert_string_equal(peer_of(ledger)->refusals[0]->reason, "id-reused");
	assert_non_null(strstr(peer_of(ledger)->refusals[0]->text, first));
	assert_int_equal(peer_of(ledger)->refusals[0]->count, 1);
}

static void what_we_never_said_under_an_id_of_ours_is_told_once_and_ours_stands(void **state)
{
	struct ledger *ledger = *state;
	know_the_peer(ledger);
	send(ledger, first, 0);
	hear_one(ledger, PURPOSE_RECEIPT, 1, first, NULL);
	struct manifest_entry line = line_of(first, "id-reused");
	line.sha256[0] ^= 1;
	hear(ledger, PURPOSE_RECEIPT, 2, &line, 1);
	hear(ledger, PURPOSE_RECEIPT, 3, &line, 1);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__COMPLETE);
	assert_null(state_of(ledger, first)->reason);
	assert_string_equal(state_of(ledger, first)->reused_at, "2026-11-23T12:00:02.000Z");
	assert_last_event(ledger, 2, EVENT_MESSAGE_REFUSED, first);
	assert_string_equal(ledger_event(ledger, 2)->data->reason, "id-reused");
	assert_int_equal(refusals, 0);		/* nothing is to be taken back */
	assert_int_equal(peer_of(ledger)->n_refusals, 1);
	assert_int_equal(peer_of(ledger)->refusals[0]->count, 1);
}

/* The hash of an attachment says nothing of its message, even where both are the same. */
static void lines_of_attachments_confirm_no_message(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 1);
	struct manifest_entry line = line_of(first, NULL);
	line.index = 1;
	hear(ledger, PURPOSE_COMPLETE, 1, &line, 1);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__SENT);
}

static void unknown_messages_are_passed_over(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 0);
	struct manifest_entry lines[] = { line_of(second, NULL), line_of(second, "bad-document"), line_of(first, NULL) };
	hear(ledger, PURPOSE_RECEIPT, 1, lines, 3);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__COMPLETE);
	assert_null(state_of(ledger, second));
	assert_last_event(ledger, 1, EVENT_MESSAGE_DELIVERED, first);
}

/* A message of theirs may bear the id of ours: the key has the sender in front. */
static void what_they_sent_themselves_is_not_receipted_by_them(void **state)
{
	struct ledger *ledger = *state;
	uint8_t digest[DIGEST_SIZE];
	Comity__MessageState theirs = COMITY__MESSAGE_STATE__INIT;
	digest_of(digest, span_of_text(first));
	theirs.message_id = first;
	theirs.from = "xs-ca";
	theirs.to = "xf-ca";
	theirs.has_sha256 = 1;
	theirs.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, digest };
	struct key key = key_of_message("xs-ca", first);
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_SEEN, key_span(&key), &theirs.base);
	assert_ok(ledger_end(&txn, OK));
	hear_one(ledger, PURPOSE_RECEIPT, 1, first, NULL);
	assert_int_equal(ledger_events(ledger), 0);
}

/* What went to another peer is none of this one's business, whoever told it the hash. */
static void only_the_addressee_confirms(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 0);
	struct manifest_entry entry = line_of(first, NULL);
	struct manifest manifest = { .from = "xm-ca", .to = "xf-ca", .purpose = PURPOSE_RECEIPT, .number = 1,
		.at = "2026-11-23T12:00:00.000Z", .entries = &entry, .count = 1 };
	WRITING(ledger, txn);
	receipts_take(&txn, "xf-ca", &manifest, on_refused, NULL);
	assert_ok(ledger_end(&txn, OK));
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__SENT);
	assert_int_equal(ledger_events(ledger), 0);
}

static void two_messages_of_one_manifest_go_their_own_ways(void **state)
{
	struct ledger *ledger = *state;
	send(ledger, first, 1);
	send(ledger, second, 1);
	struct manifest_entry lines[] = { line_of(first, NULL), line_of(second, "no-such-case") };
	hear(ledger, PURPOSE_RECEIPT, 1, lines, 2);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__DELIVERED);
	assert_transport(ledger, second, COMITY__TRANSPORT__VALUE__REFUSED);
	assert_null(state_of(ledger, first)->reason);
	assert_string_equal(state_of(ledger, second)->reason, "no-such-case");
	assert_string_equal(refused_id, second);
	assert_int_equal(ledger_events(ledger), 2);
	hear_one(ledger, PURPOSE_COMPLETE, 2, first, NULL);
	assert_transport(ledger, first, COMITY__TRANSPORT__VALUE__COMPLETE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, ledger_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_receipt_makes_it_delivered_and_a_completion_complete),
		TEST(what_has_no_attachments_is_complete_with_its_receipt),
		TEST(a_refusal_says_why_and_casework_hears_it_once),
		TEST(the_first_word_stands_in_every_order),
		TEST(a_receipt_for_other_bytes_confirms_nothing),
		TEST(an_id_of_ours_that_they_know_for_another_is_on_file_with_the_peer),
		TEST(what_we_never_said_under_an_id_of_ours_is_told_once_and_ours_stands),
		TEST(lines_of_attachments_confirm_no_message),
		TEST(unknown_messages_are_passed_over),
		TEST(what_they_sent_themselves_is_not_receipted_by_them),
		TEST(only_the_addressee_confirms),
		TEST(two_messages_of_one_manifest_go_their_own_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
