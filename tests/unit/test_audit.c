/* The audit log: a chain of lines in which nothing is altered, dropped or moved unnoticed. */
#include "tests/unit/correspondence.h"

#include <string.h>

#include "daemon/desks/registry.h"
#include "daemon/ledger/certificates.h"
#include "daemon/desks/witness.h"
#include "daemon/ledger/audit.h"
#include "proto/audit_head.h"

static void write_lines(struct ledger *ledger, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		WRITING(ledger, txn);
		const struct audit_act act = { .uid = 1000, .role = "admin", .act = "peer_block", .subject = "xs-ca", .result = AUDIT_OK };
		assert_int_not_equal(audit_append(&txn, &act), 0);
		assert_ok(ledger_end(&txn, OK));
	}
}

static struct audit_check checked(struct ledger *ledger, uint64_t from)
{
	struct audit_check check;
	READING(ledger, txn);
	assert_ok(audit_check(&txn, from, &check));
	txn_abort(&txn);
	return check;
}

static struct key key_of(uint64_t number)
{
	struct key key = { 0 };
	key_u64(&key, number);
	return key;
}

static struct span copy_of(struct ledger *ledger, uint64_t number)
{
	READING(ledger, txn);
	ProtobufCBinaryData line = record_bytes(&ledger->arena, audit_line(&txn, number));
	txn_abort(&txn);
	return span_of_binary(line);
}

static void put_line(struct ledger *ledger, uint64_t number, struct span line)
{
	WRITING(ledger, txn);
	struct key key = key_of(number);
	if (line.len)
		txn_put(&txn, TABLE_AUDIT, key_span(&key), line);
	else
		txn_delete(&txn, TABLE_AUDIT, key_span(&key));
	assert_ok(ledger_end(&txn, OK));
}

static void a_line_tells_who_did_what_and_follows_the_one_before(void **state)
{
	struct ledger *ledger = *state;
	write_lines(ledger, 3);
	Comity__AuditEntry *entry = audit_read(copy_of(ledger, 3), &ledger->arena);
	uint8_t digest[DIGEST_SIZE];
	char previous[2 * DIGEST_SIZE + 1];
	digest_of(digest, copy_of(ledger, 2));
	hex_write(previous, SPAN(digest));
	assert_non_null(entry);
	assert_int_equal(entry->number, 3);
	assert_int_equal(entry->uid, 1000);
	assert_string_equal(entry->role, "admin");
	assert_string_equal(entry->act, "peer_block");
	assert_string_equal(entry->subject, "xs-ca");
	assert_string_equal(entry->result, "ok");
	assert_string_equal(entry->previous, previous);
	struct audit_check check = checked(ledger, 0);
	assert_int_equal(check.lines, 3);
	assert_int_equal(check.broken_at, 0);
	assert_int_equal(check.head.number, 3);
	assert_int_equal(checked(ledger, 2).lines, 2);
}

static void an_altered_line_is_found(void **state)
{
	struct ledger *ledger = *state;
	write_lines(ledger, 5);
	struct span line = copy_of(ledger, 3);
	((uint8_t *)memmem(line.at, line.len, "xs-ca", 5))[1] = 'd';
	put_line(ledger, 3, line);
	assert_int_equal(checked(ledger, 0).broken_at, 4);
	put_line(ledger, 3, span_of_text("no line"));
	assert_int_equal(checked(ledger, 0).broken_at, 3);
}

static void a_dropped_line_is_found(void **state)
{
	struct ledger *ledger = *state;
	write_lines(ledger, 5);
	put_line(ledger, 3, (struct span){ 0 });
	assert_int_equal(checked(ledger, 0).broken_at, 3);
}

static void lines_that_changed_places_are_found(void **state)
{
	struct ledger *ledger = *state;
	write_lines(ledger, 5);
	struct span two = copy_of(ledger, 2), three = copy_of(ledger, 3);
	put_line(ledger, 2, three);
	put_line(ledger, 3, two);
	assert_int_equal(checked(ledger, 0).broken_at, 2);
}

/* ── signed heads ─────────────────────────────────────────────────────────────────────────────────── */

static void sign(struct ledger *ledger)
{
	WRITING(ledger, txn);
	Comity__AuditHead *head;
	struct span certificates[ROLE_COUNT];
	for (int role = 0; role < ROLE_COUNT; role++)
		certificates[role] = identity_certificate(freedonia.identity, (enum role)role);
	certificates_keep(&txn, certificates);
	assert_ok(ledger_end(&txn, witness_sign(&txn, freedonia.identity, &ledger->arena, &head)));
}

static struct witness_check held_to_heads(struct ledger *ledger)
{
	struct witness_check check;
	READING(ledger, txn);
	assert_ok(witness_check(&txn, "xf-ca", &ledger->arena, &check));
	txn_abort(&txn);
	return check;
}

static void a_log_that_is_written_anew_does_not_fit_its_signed_head(void **state)
{
	struct ledger *ledger = *state;
	write_lines(ledger, 3);
	sign(ledger);
	write_lines(ledger, 1);
	sign(ledger);
	assert_int_equal(held_to_heads(ledger).heads, 2);
	assert_int_equal(held_to_heads(ledger).broken_at, 0);
	for (uint64_t number = 1; number <= 4; number++)
		put_line(ledger, number, (struct span){ 0 });
	assert_int_equal(held_to_heads(ledger).broken_at, 3);	/* the lines are missing */
	int64_t (*clock)(void) = stamp_clock;
	stamp_clock = stamp_system_clock;			/* another time: other lines, and a whole chain */
	write_lines(ledger, 4);
	stamp_clock = clock;
	assert_int_equal(checked(ledger, 0).broken_at, 0);
	assert_int_equal(held_to_heads(ledger).broken_at, 3);
}

static void a_head_that_was_altered_is_found(void **state)
{
	struct ledger *ledger = *state;
	size_t count;
	Comity__AuditHead **heads;
	write_lines(ledger, 3);
	sign(ledger);
	WRITING(ledger, txn);
	struct key key = { 0 };
	key_text(&key, "xf-ca");
	key_u64(&key, 3);
	assert_ok(witness_find(&txn, "xf-ca", 1, &ledger->arena, &count, &heads));
	heads[0]->signature.data[heads[0]->signature.len - 1] ^= 1;
	record_keep(&txn, TABLE_AUDIT_HEADS, key_span(&key), &heads[0]->base);
	assert_ok(ledger_end(&txn, OK));
	assert_int_equal(held_to_heads(ledger).broken_at, 3);
}

static bool same(const struct audit_statement *one, const struct audit_statement *other)
{
	return one->number == other->number && !memcmp(one->hash, other->hash, DIGEST_SIZE) && !strcmp(one->at, other->at) &&
		!strcmp(one->authority, other->authority) && !strcmp(one->witness, other->witness);
}

static void a_statement_has_one_form(void **state)
{
	(void)state;
	struct audit_statement statement = { .authority = "xf-ca", .witness = "xs-ca", .at = "2026-11-23T10:12:03.412Z", .number = 41,
		.hash = { 7 } }, back;
	struct bytes text = { 0 };
	assert_ok(audit_statement_write(&text, &statement));
	assert_ok(audit_statement_read(span_of(&text), &back));
	assert_true(same(&back, &statement));
	for (size_t i = 0; i < text.len; i++) {		/* whatever is changed, it is another statement or none */
		text.at[i] ^= 1;
		assert_true(audit_statement_read(span_of(&text), &back) || !same(&back, &statement));
		text.at[i] ^= 1;
	}
	assert_ok(bytes_append_text(&text, "\n"));
	assert_int_equal(audit_statement_read(span_of(&text), &back), FAULT_BAD_MANIFEST);
	bytes_clear(&text);
}

/* ── what the daemon does by itself ───────────────────────────────────────────────────────────── */

static uint64_t lines_after(struct ledger *ledger, const char *type, Comity__EventData *data, enum fault fault)
{
	WRITING(ledger, txn);
	events_append(&txn, type, "xs-ca", data);
	if (fault)
		assert_fault(ledger_end(&txn, fault), fault);
	else
		assert_ok(ledger_end(&txn, OK));
	return checked(ledger, 0).head.number;
}

static const Comity__AuditEntry *line_at(struct ledger *ledger, uint64_t number)
{
	const Comity__AuditEntry *entry = audit_read(copy_of(ledger, number), &ledger->arena);
	assert_non_null(entry);
	return entry;
}

static void what_nobody_did_is_the_daemons(void **state)
{
	struct ledger *ledger = *state;
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.text = "their chain is another one";
	data.reason = "chain-fork";
	assert_int_equal(lines_after(ledger, EVENT_PEER_ALARM, &data, OK), 1);
	const Comity__AuditEntry *entry = line_at(ledger, 1);
	assert_string_equal(entry->role, AUDIT_DAEMON);
	assert_false(entry->has_uid);
	assert_string_equal(entry->act, "peer_stop");
	assert_string_equal(entry->subject, "xs-ca");
	assert_string_equal(entry->result, "chain-fork");
	assert_string_equal(entry->text, "their chain is another one");
	assert_int_equal(lines_after(ledger, EVENT_STORE_OK, NULL, OK), 2);
	assert_string_equal(line_at(ledger, 2)->result, AUDIT_OK);
	assert_false(checked(ledger, 0).broken_at);
}

static void what_somebody_did_or_only_happened_is_not(void **state)
{
	struct ledger *ledger = *state;
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	assert_int_equal(lines_after(ledger, EVENT_INBOX_ARRIVED, &data, OK), 0);
	assert_int_equal(lines_after(ledger, EVENT_REQUEST_STATUS, NULL, OK), 0);
	data.has_actor_uid = 1;
	data.actor_uid = 0;
	assert_int_equal(lines_after(ledger, EVENT_CLOCK_BELIEVED, &data, OK), 0);
	data.actor_uid = AUDIT_BY_DAEMON;
	assert_int_equal(lines_after(ledger, EVENT_CLOCK_BELIEVED, &data, OK), 1);
}

static void an_act_that_is_taken_back_leaves_no_line(void **state)
{
	struct ledger *ledger = *state;
	assert_int_equal(lines_after(ledger, EVENT_REQUEST_PURGED, NULL, FAULT_STORE_FULL), 0);
	assert_int_equal(lines_after(ledger, EVENT_REQUEST_PURGED, NULL, OK), 1);
}

/* Lines are kept for ever, and read by auditors: nothing that a case says. */
static void of_a_case_only_the_kinds_of_acts_are_told(void **state)
{
	struct ledger *ledger = *state;
	char *acts[] = { "reminder", "status-update" };
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.request_id = "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01";
	data.message_id = "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e02";
	data.text = "the money is with Tobin";
	assert_int_equal(lines_after(ledger, EVENT_REQUEST_PURGED, &data, OK), 1);
	assert_null(line_at(ledger, 1)->text);
	data.acts = acts;
	data.n_acts = 2;
	assert_int_equal(lines_after(ledger, EVENT_MESSAGE_QUEUED, &data, OK), 2);
	assert_string_equal(line_at(ledger, 2)->text, "reminder, status-update");
	assert_string_equal(line_at(ledger, 2)->message_id, data.message_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(a_line_tells_who_did_what_and_follows_the_one_before),
		LEDGER_TEST(an_altered_line_is_found),
		LEDGER_TEST(a_dropped_line_is_found),
		LEDGER_TEST(lines_that_changed_places_are_found),
		LEDGER_TEST(a_log_that_is_written_anew_does_not_fit_its_signed_head),
		LEDGER_TEST(a_head_that_was_altered_is_found),
		cmocka_unit_test(a_statement_has_one_form),
		LEDGER_TEST(what_nobody_did_is_the_daemons),
		LEDGER_TEST(what_somebody_did_or_only_happened_is_not),
		LEDGER_TEST(an_act_that_is_taken_back_leaves_no_line),
		LEDGER_TEST(of_a_case_only_the_kinds_of_acts_are_told),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
