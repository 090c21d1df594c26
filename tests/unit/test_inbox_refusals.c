/* What arrives and is not good: the line ends and nothing of it is kept, or it is kept for a human and refused. */
#include "tests/unit/arrivals.h"

/* ── manifests that end the line ──────────────────────────────────────────────────────────────── */

static struct span altered(struct world *world, struct span span, size_t at)
{
	ProtobufCBinaryData copy = record_bytes(&world->theirs.arena, span);
	copy.data[at < span.len ? at : span.len - 1] ^= 1;
	return span_of_binary(copy);
}

static void alter_text(struct world *world, struct bundle *bundle)      { bundle->manifest.text = altered(world, bundle->manifest.text, 60); }
static void alter_line(struct world *world, struct bundle *bundle)      { bundle->manifest.text = altered(world, bundle->manifest.text, SIZE_MAX - 1); }
static void cut_text(struct world *world, struct bundle *bundle)        { (void)world; bundle->manifest.text.len--; }
static void no_text(struct world *world, struct bundle *bundle)         { (void)world; bundle->manifest.text.len = 0; }
static void alter_signature(struct world *world, struct bundle *bundle) { bundle->manifest.signature = altered(world, bundle->manifest.signature, SIZE_MAX - 1); }
static void no_signature(struct world *world, struct bundle *bundle)    { (void)world; bundle->manifest.signature.len = 0; }
static void alter_message(struct world *world, struct bundle *bundle)   { bundle->messages[1] = altered(world, bundle->messages[1], 30); }
static void swap_messages(struct world *world, struct bundle *bundle)
{
	(void)world;
	struct span first = bundle->messages[0];
	bundle->messages[0] = bundle->messages[1];
	bundle->messages[1] = first;
}
static void drop_message(struct world *world, struct bundle *bundle)    { (void)world; bundle->manifest.message_count = 1; }
static void add_message(struct world *world, struct bundle *bundle)
{
	(void)world;
	bundle->messages[2] = bundle->messages[0];
	bundle->manifest.message_count = 3;
}

/* A text of the test's own, with a good signature of this authority. */
static void sign_as(struct world *world, struct bundle *bundle, const struct authority *authority, const char *text)
{
	struct bytes signature = { 0 };
	bundle->manifest.text = span_of_text(record_text(&world->theirs.arena, text));
	assert_ok(signature_make(authority->identity, bundle->manifest.text, NOON, &signature));
	bundle->manifest.signature = span_of_binary(record_bytes(&world->theirs.arena, span_of(&signature)));
	bytes_clear(&signature);
}

static void sign_by_another(struct world *world, struct bundle *bundle)
{
	char *text = arena_text(&world->theirs.arena, bundle->manifest.text);
	sign_as(world, bundle, &freedonia, text);
}

static void sign_garbage(struct world *world, struct bundle *bundle) { sign_as(world, bundle, &sylvania, "no manifest at all\n"); }

/* The same manifest with one word in it exchanged. */
static void sign_with(struct world *world, struct bundle *bundle, const char *old, const char *new)
{
	char *text = arena_text(&world->theirs.arena, bundle->manifest.text), *at = strstr(text, old), other[4096];
	assert_non_null(at);
	snprintf(other, sizeof other, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	sign_as(world, bundle, &sylvania, other);
}

static void from_another(struct world *world, struct bundle *bundle)    { sign_with(world, bundle, "from: xs-ca", "from: xm-ca"); }
static void to_another(struct world *world, struct bundle *bundle)      { sign_with(world, bundle, "to: xf-ca", "to: xm-ca"); }
static void from_us(struct world *world, struct bundle *bundle)         { sign_with(world, bundle, "from: xs-ca", "from: xf-ca"); }
static void receipt_with(struct world *world, struct bundle *bundle)    { sign_with(world, bundle, "purpose: dispatch", "purpose: receipt"); }
static void unknown_purpose(struct world *world, struct bundle *bundle) { sign_with(world, bundle, "purpose: dispatch", "purpose: despatch"); }
static void newer_version(struct world *world, struct bundle *bundle)   { sign_with(world, bundle, "comity-manifest 1", "comity-manifest 2"); }
static void later_number(struct world *world, struct bundle *bundle)    { sign_with(world, bundle, "number: 1", "number: 2"); }
static void other_past(struct world *world, struct bundle *bundle)      { sign_with(world, bundle, "previous: 00", "previous: 01"); }

static const struct {
	void (*spoil)(struct world *world, struct bundle *bundle);
	const char *what;
	enum fault fault;
} spoilt[] = {
	{ alter_text,      "a head altered",          FAULT_BAD_SIGNATURE },
	{ alter_line,      "a line altered",          FAULT_BAD_SIGNATURE },
	{ cut_text,        "the text cut",            FAULT_BAD_SIGNATURE },
	{ no_text,         "no text",                 FAULT_BAD_SIGNATURE },
	{ alter_signature, "the signature altered",   FAULT_BAD_SIGNATURE },
	{ no_signature,    "no signature",            FAULT_BAD_SIGNATURE },
	{ sign_by_another, "another's signature",     FAULT_BAD_SIGNATURE },
	{ alter_message,   "a message altered",       FAULT_BAD_SIGNATURE },
	{ swap_messages,   "messages exchanged",      FAULT_BAD_SIGNATURE },
	{ drop_message,    "a message missing",       FAULT_BAD_MANIFEST },
	{ add_message,     "a message too many",      FAULT_BAD_MANIFEST },
	{ sign_garbage,    "no manifest",             FAULT_BAD_MANIFEST },
	{ unknown_purpose, "an unknown purpose",      FAULT_BAD_MANIFEST },
	{ newer_version,   "another version",         FAULT_BAD_MANIFEST },
	{ receipt_with,    "a receipt with messages", FAULT_BAD_MANIFEST },
	{ from_another,    "from another",            FAULT_WRONG_ADDRESSEE },
	{ from_us,         "from ourselves",          FAULT_WRONG_ADDRESSEE },
	{ to_another,      "to another",              FAULT_WRONG_ADDRESSEE },
	{ later_number,    "a gap",                   FAULT_CHAIN_GAP },
	{ other_past,      "a fork",                  FAULT_CHAIN_FORK },
};

static void of_what_is_spoilt_nothing_is_kept_and_its_line_ends(void **state)
{
	struct world *world = *state;
	const char *ids[] = { one, two };
	struct span messages[] = { message_of(world, "xs-ca", "xf-ca", one, "the first of two messages"),
		message_of(world, "xs-ca", "xf-ca", two, "the second of two messages") };
	struct bundle good = bundle_of(world, "xf-ca", messages, ids, 2);
	for (size_t i = 0; i < ARRAY_LEN(spoilt); i++) {
		struct bundle bundle = good;
		world->link->closed_why = OK;
		spoilt[i].spoil(world, &bundle);
		take_in(world, &bundle);
		if (world->broken != i + 1 || world->broken_why != spoilt[i].fault || world->link->closed_why != spoilt[i].fault)
			fail_msg("%s: %s, the line %s", spoilt[i].what, fault_slug(world->broken_why), fault_slug(world->link->closed_why));
		assert_string_equal(world->broken_peer, "xs-ca");
		assert_nothing_kept(world);
	}
	take_in(world, &good);			/* none of it stands in the way of the good one */
	assert_int_equal(world->link->confirmed.number, 1);
}

static void nothing_is_taken_from_whose_signature_we_do_not_hold(void **state)
{
	struct world *world = *state;
	struct bundle bundle = say_one(world, one, "words");
	assert_ok(inbox_set_signer(world->inbox, "xs-ca", (struct span){ 0 }));
	take_in(world, &bundle);
	assert_int_equal(world->broken_why, FAULT_PEER_UNVERIFIED);
	assert_nothing_kept(world);
	struct link *stranger = fake_link_open(9, "xm-ca");
	bundle.manifest.messages = bundle.messages;
	inbox_hear(world->inbox, stranger, &bundle.manifest);
	assert_int_equal(stranger->closed_why, FAULT_PEER_UNVERIFIED);
	fake_link_free(stranger);
	assert_fault(inbox_set_signer(world->inbox, "xs-ca", span_of_text("no certificate")), FAULT_CERT_PROFILE);
}

/* Sylvania's own good manifest, brought over the line of another. */
static void a_manifest_comes_over_its_senders_line_only(void **state)
{
	struct world *world = *state;
	struct bundle bundle = say_one(world, one, "words");
	struct link *other = fake_link_open(9, "xm-ca");
	assert_ok(inbox_set_signer(world->inbox, "xm-ca", identity_certificate(sylvania.identity, ROLE_SIGNING)));
	bundle.manifest.messages = bundle.messages;
	inbox_hear(world->inbox, other, &bundle.manifest);
	assert_int_equal(other->closed_why, FAULT_WRONG_ADDRESSEE);
	assert_nothing_kept(world);
	fake_link_free(other);
}

/* ── messages that are refused ────────────────────────────────────────────────────────────────── */

static void what_is_wrong_with_a_message_is_in_its_receipt(void **state)
{
	struct world *world = *state;
	const struct { const char *what; struct span message; enum fault fault; } rows[] = {
		{ "from another",   message_of(world, "xm-ca", "xf-ca", one, "words"), FAULT_WRONG_ADDRESSEE },
		{ "to another",     message_of(world, "xs-ca", "xm-ca", one, "words"), FAULT_WRONG_ADDRESSEE },
		{ "from nobody",    message_of(world, NULL, "xf-ca", one, "words"),    FAULT_WRONG_ADDRESSEE },
		{ "to nobody",      message_of(world, "xs-ca", NULL, one, "words"),    FAULT_WRONG_ADDRESSEE },
		{ "another id",     message_of(world, "xs-ca", "xf-ca", two, "words"), FAULT_BAD_DOCUMENT },
		{ "no id",          message_of(world, "xs-ca", "xf-ca", NULL, "words"), FAULT_BAD_DOCUMENT },
		{ "garbage",        span_of_text("garbage"),                           FAULT_BAD_DOCUMENT },
		{ "nothing",        span_of_text(""),                                  FAULT_WRONG_ADDRESSEE },
		{ "cut short",      span_of_text("\x0a\x7f" "abc"),                    FAULT_BAD_DOCUMENT },
		{ "control characters", message_of(world, "xs-ca", "xf-ca", one, "\x1b[2J"), FAULT_BAD_TEXT },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char id[UUID_TEXT_SIZE];
		const char *list = id;
		uuid_new(id);
		struct bundle bundle = bundle_of(world, "xf-ca", &rows[i].message, &list, 1);
		take_in(world, &bundle);
		const Comity__MessageState *kept = seen(world, "xs-ca", id);
		if (!kept || kept->transport != COMITY__TRANSPORT__VALUE__REJECTED || strcmp(kept->reason, fault_slug(rows[i].fault)))
			fail_msg("%s: %s", rows[i].what, kept && kept->reason ? kept->reason : "nothing");
		assert_string_equal(receipt_of(world, i + 1).entries[0].refused, fault_slug(rows[i].fault));
		assert_true(is_kept(world, "xs-ca", id, rows[i].message));	/* for a human */
		assert_int_equal(world->link->confirmed.number, i + 1);		/* and it is settled */
	}
	assert_int_equal(world->arrived, 0);
	assert_int_equal(world->broken, 0);
}

static void what_the_law_refuses_is_kept_and_refused_the_same_way_again(void **state)
{
	struct world *world = *state;
	struct bundle first = say_one(world, one, "words"), again = say_one(world, one, "words");
	world->verdict = FAULT_STATUS_TRANSITION;
	take_in(world, &first);
	assert_int_equal(seen(world, "xs-ca", one)->transport, COMITY__TRANSPORT__VALUE__REJECTED);
	assert_string_equal(seen(world, "xs-ca", one)->reason_text, "as the test wants it");
	assert_string_equal(receipt_of(world, 1).entries[0].refused, "status-transition");
	assert_string_equal(ledger_event(&world->ours, 1)->type, EVENT_INBOX_REJECTED);
	world->verdict = OK;			/* what was refused stays so */
	take_in(world, &again);
	assert_string_equal(receipt_of(world, 2).entries[0].refused, "status-transition");
	assert_int_equal(world->arrived, 1);
}

static void one_refused_message_does_not_spoil_its_neighbours(void **state)
{
	struct world *world = *state;
	const char *ids[] = { one, two };
	struct span messages[] = { span_of_text("garbage"), message_of(world, "xs-ca", "xf-ca", two, "words") };
	struct bundle bundle = bundle_of(world, "xf-ca", messages, ids, 2);
	take_in(world, &bundle);
	assert_string_equal(receipt_of(world, 1).entries[0].refused, "bad-document");
	assert_null(receipt_of(world, 1).entries[1].refused);
	assert_int_equal(seen(world, "xs-ca", two)->transport, COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE);
}

/* ── our own trouble ──────────────────────────────────────────────────────────────────────────── */

static void our_trouble_is_not_answered_and_they_may_try_again(void **state)
{
	struct world *world = *state;
	struct bundle bundle = say_one(world, one, "words");
	world->verdict = FAULT_DISK_FULL;
	take_in(world, &bundle);
	assert_int_equal(world->link->confirms, 0);
	assert_int_equal(world->link->closed_why, FAULT_DISK_FULL);
	assert_null(seen(world, "xs-ca", one));
	assert_int_equal(head_of(&world->ours, DIRECTION_OURS).number, 0);
	assert_int_equal(head_of(&world->ours, DIRECTION_THEIRS).number, 0);
	assert_int_equal(ledger_events(&world->ours), 0);
	world->verdict = OK;
	take_in(world, &bundle);
	assert_int_equal(world->link->confirmed.number, 1);
	assert_null(receipt_of(world, 1).entries[0].refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(of_what_is_spoilt_nothing_is_kept_and_its_line_ends),
		WORLD_TEST(nothing_is_taken_from_whose_signature_we_do_not_hold),
		WORLD_TEST(a_manifest_comes_over_its_senders_line_only),
		WORLD_TEST(what_is_wrong_with_a_message_is_in_its_receipt),
		WORLD_TEST(what_the_law_refuses_is_kept_and_refused_the_same_way_again),
		WORLD_TEST(one_refused_message_does_not_spoil_its_neighbours),
		WORLD_TEST(our_trouble_is_not_answered_and_they_may_try_again),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
