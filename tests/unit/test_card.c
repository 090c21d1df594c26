#include "authorities.h"
#include "certs/armour.h"
#include "certs/card.h"
#include "certs/files.h"
#include "certs/issue.h"
#include "certs/signature.h"
#include "proto/card.pb-c.h"
#include "proto/unpack.h"

static const char *const endpoints[] = { "mla.xf.example:7443", "[2001:db8::1]:7443" };
static const char *const languages[] = { "en", "fr" };
static const struct card plain = {
	.name = "Central Authority of Freedonia", .serial = 7, .issued_at = NOON,
	.endpoints = endpoints, .endpoint_count = 2, .languages = languages, .language_count = 2,
	.profile = { (const uint8_t *)"\x0a\x02xy\0z", 6 },
};

struct world {
	struct authority freedonia;
	struct bytes text;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	assert_ok(card_write(world->freedonia.identity, &plain, &world->text));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	bytes_clear(&world->text);
	authority_free(&world->freedonia);
	free(world);
	return 0;
}

static enum fault read_and_clear(struct span text, int64_t now)
{
	struct card card;
	enum fault fault = card_read(text, now, &card);
	card_clear(&card);
	return fault;
}

static void what_was_written_is_read(void **state)
{
	struct world *world = *state;
	struct card card;
	assert_ok(card_read(span_of(&world->text), NOON + DAY, &card));
	assert_string_equal(card.authority, "xf-ca");
	assert_string_equal(card.name, plain.name);
	assert_int_equal(card.serial, 7);
	assert_int_equal(card.issued_at, NOON);
	assert_true(span_equal(card.profile, plain.profile));
	assert_int_equal(card.endpoint_count, 2);
	assert_string_equal(card.endpoints[1], endpoints[1]);
	assert_int_equal(card.language_count, 2);
	assert_string_equal(card.languages[0], "en");
	for (enum role role = 0; role < ROLE_COUNT; role++)
		assert_true(span_equal(card.certificates[role], identity_certificate(world->freedonia.identity, role)));
	card_clear(&card);
	card_clear(&card);
}

static void people_can_read_it(void **state)
{
	struct world *world = *state;
	static const char top[] =
		"-----BEGIN COMITY CARD-----\n"
		"Authority: xf-ca   Central Authority of Freedonia\n"
		"Issued: 2026-11-23   Serial: 7   Languages: en, fr   Endpoint: mla.xf.example:7443, [2001:db8::1]:7443\n"
		"(these lines are covered by the signature; the telephone check covers the key)\n\n";
	const char *text = bytes_text(&world->text);
	assert_memory_equal(text, top, sizeof top - 1);
	assert_non_null(strstr(text, "\n-----END COMITY CARD-----\n"));
}

static void a_card_without_endpoints_is_fine(void **state)
{
	struct world *world = *state;
	struct card card = plain, read;
	struct bytes text = { 0 };
	card.endpoint_count = card.language_count = 0;
	card.profile = (struct span){ 0 };
	assert_ok(card_write(world->freedonia.identity, &card, &text));
	assert_ok(card_read(span_of(&text), NOON, &read));
	assert_int_equal(read.endpoint_count, 0);
	assert_int_equal(read.profile.len, 0);
	card_clear(&read);
	bytes_clear(&text);
}

static void a_card_survives_the_mail(void **state)
{
	struct world *world = *state;
	struct bytes mailed = { 0 };
	assert_ok(bytes_append_text(&mailed, "\r\n \t\r\n"));
	for (size_t i = 0; i < world->text.len; i++) {
		if (world->text.at[i] == '\n')
			assert_ok(bytes_append_text(&mailed, "\r"));
		assert_ok(bytes_append(&mailed, (struct span){ world->text.at + i, 1 }));
	}
	assert_ok(bytes_append_text(&mailed, "\r\n\r\n"));
	assert_ok(read_and_clear(span_of(&mailed), NOON));
	bytes_clear(&mailed);
}

/* Every byte of the readable lines, of the block's head and of its tail, where its structure is; of what lies
 * between, all of it covered by one digest or compared whole, each eighth. */
static size_t next_byte(const struct world *world, size_t i)
{
	return i < 1000 || i + 1000 > world->text.len ? i + 1 : i + 8;
}

static void a_card_altered_anywhere_is_refused(void **state)
{
	struct world *world = *state;
	size_t refused[2] = { 0 };
	/* the last byte is a line end, and blank space around does not matter */
	for (size_t i = 0; i + 1 < world->text.len; i = next_byte(world, i)) {
		static const uint8_t flips[] = { 1, 2, 4, 32 };
		uint8_t whole = world->text.at[i];
		uint8_t flip = flips[i / 3 % ARRAY_LEN(flips)];
		world->text.at[i] = whole ^ flip;
		enum fault fault = read_and_clear(span_of(&world->text), NOON);
		if (fault != FAULT_CARD_ALTERED && fault != FAULT_BAD_CARD)
			fail_msg("byte %zu of %zu ^ %d: %s", i, world->text.len, flip, fault_slug(fault));
		refused[fault == FAULT_CARD_ALTERED]++;
		world->text.at[i] = whole;
	}
	assert_true(refused[0] > 0 && refused[1] > 0);
	assert_ok(read_and_clear(span_of(&world->text), NOON));
}

static void altered_readable_lines_are_called_altered(void **state)
{
	struct world *world = *state;
	char *at = strstr(bytes_text(&world->text), "mla.xf");
	memcpy(at, "mla.xx", 6);
	assert_fault(read_and_clear(span_of(&world->text), NOON), FAULT_CARD_ALTERED);
	assert_non_null(strstr(fault_detail(FAULT_CARD_ALTERED), "readable lines"));
}

static void a_card_cut_short_is_refused(void **state)
{
	struct world *world = *state;
	for (size_t len = 0; len + 1 < world->text.len; len += 37)
		assert_fault(read_and_clear((struct span){ world->text.at, len }, NOON), FAULT_BAD_CARD);
}

/* The same with something put in at the n-th line end. */
static enum fault read_with_inserted(const struct world *world, int line, const char *inserted)
{
	const char *at = (const char *)world->text.at;
	for (int i = 0; i < line; i++)
		at = (const char *)memchr(at, '\n', world->text.len) + 1;
	size_t before = (size_t)(at - (const char *)world->text.at);
	struct bytes text = { 0 };
	assert_ok(bytes_append(&text, (struct span){ world->text.at, before }));
	assert_ok(bytes_append_text(&text, inserted));
	assert_ok(bytes_append(&text, (struct span){ world->text.at + before, world->text.len - before }));
	enum fault fault = read_and_clear(span_of(&text), NOON);
	bytes_clear(&text);
	return fault;
}

static void nothing_can_be_put_in(void **state)
{
	struct world *world = *state;
	static const struct { int line; const char *inserted; enum fault fault; } table[] = {
		{ 0, "Dear colleague,\n", FAULT_BAD_CARD },
		{ 1, "Endpoint: elsewhere.example:7443\n", FAULT_CARD_ALTERED },
		{ 4, "Endpoint: elsewhere.example:7443\n", FAULT_CARD_ALTERED },
		{ 4, "\n", FAULT_BAD_CARD },
		{ 5, "\n", FAULT_BAD_CARD },
		{ 6, " ", FAULT_BAD_CARD },
		{ 6, "\r", FAULT_BAD_CARD },
		{ 6, "AAAA\n", FAULT_BAD_CARD },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(read_with_inserted(world, table[i].line, table[i].inserted), table[i].fault);
}

static void what_is_no_card_is_refused(void **state)
{
	(void)state;
	static uint8_t huge[CARD_SIZE_MAX + 1];
	const struct span table[] = {
		{ 0 }, SPAN("\n"), SPAN("hello"), SPAN(huge),
		span_of_text("-----BEGIN COMITY CARD-----\n-----END COMITY CARD-----\n"),
		span_of_text("-----BEGIN COMITY CARD-----\n\n\n-----END COMITY CARD-----\n"),
		span_of_text("-----BEGIN COMITY CARD-----\na\n\nAAAA\n-----END COMITY CARD-----\n"),
		span_of_text("-----BEGIN COMITY CARD-----\na\n\n====\n-----END COMITY CARD-----\n"),
		span_of_text("-----BEGIN COMITY CARD-----\na\n\n\xff\xff\n-----END COMITY CARD-----\n"),
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(read_and_clear(table[i], NOON), FAULT_BAD_CARD);
}

static void time_matters_a_little(void **state)
{
	struct world *world = *state;
	static const struct { int64_t later; enum fault fault; } table[] = {
		{ 0, OK }, { -DAY, OK }, { -DAY - 1, FAULT_BAD_CARD },
		{ 100 * DAY, OK },			/* the channel certificate has expired: the pouch was slow */
		{ 30 * 365 * DAY, OK }, { 30 * 365 * DAY + 1, FAULT_BAD_CARD },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(read_and_clear(span_of(&world->text), NOON + table[i].later), table[i].fault);
}

static void what_may_not_stand_in_a_card_is_not_written(void **state)
{
	struct world *world = *state;
	static const char *const many[CARD_LIST_MAX + 1] = {
		"a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1", "a:1",
		"a:1", "a:1",
	};
	static const char *const bad_endpoints[] = {
		"", "no-port", "host:", ":7443", "two words:1", "line\n:1", "a,b:1", "h\303\266st:1",
	};
	static const uint8_t large[CARD_PROFILE_MAX + 1];
	struct card cards[5 + ARRAY_LEN(bad_endpoints)];
	for (size_t i = 0; i < ARRAY_LEN(cards); i++)
		cards[i] = plain;
	cards[0].name = NULL;
	cards[1].name = "esc\033";
	cards[2].serial = 0;
	cards[3].profile = SPAN(large);
	cards[4].endpoints = many;
	cards[4].endpoint_count = ARRAY_LEN(many);
	for (size_t i = 0; i < ARRAY_LEN(bad_endpoints); i++) {
		cards[5 + i].endpoints = &bad_endpoints[i];
		cards[5 + i].endpoint_count = 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(cards); i++) {
		struct bytes text = { 0 };
		assert_fault(card_write(world->freedonia.identity, &cards[i], &text), FAULT_BAD_CARD);
		bytes_clear(&text);
	}
}

static void the_largest_card_can_be_read(void **state)
{
	struct world *world = *state;
	static const uint8_t large[CARD_PROFILE_MAX];
	struct card card = plain;
	struct bytes text = { 0 };
	card.profile = SPAN(large);
	assert_ok(card_write(world->freedonia.identity, &card, &text));
	assert_ok(read_and_clear(span_of(&text), NOON));
	bytes_clear(&text);
}

/* ── cards that a hostile authority makes, with all its own keys ────────────────────────────── */

static Comity__Card *unpack_card(const struct world *world, struct arena *arena)
{
	struct bytes summary = { 0 }, der = { 0 }, packed = { 0 };
	ProtobufCMessage *message;
	assert_ok(armour_read(span_of(&world->text), &summary, &der));
	assert_ok(signature_peel(span_of(&der), &packed));
	assert_ok(unpack(&comity__card__descriptor, span_of(&packed), arena, FAULT_BAD_CARD, &message));
	bytes_clear(&summary);
	bytes_clear(&der);
	bytes_clear(&packed);
	return (Comity__Card *)message;
}

static enum fault read_signed(const struct identity *by, const Comity__Card *message)
{
	struct bytes packed = { 0 }, der = { 0 }, text = { 0 };
	assert_ok(pack(&message->base, &packed));
	assert_ok(signature_enclose(by, span_of(&packed), NOON, &der));
	assert_ok(armour_write(span_of_text(message->summary), span_of(&der), &text));
	enum fault fault = read_and_clear(span_of(&text), NOON);
	bytes_clear(&packed);
	bytes_clear(&der);
	bytes_clear(&text);
	return fault;
}

static struct authority mallory;

static ProtobufCBinaryData mallorys(enum role role)
{
	struct span der = identity_certificate(mallory.identity, role);
	return (ProtobufCBinaryData){ .data = (uint8_t *)der.at, .len = der.len };
}

static void other_identity(Comity__Card *card)   { card->identity_certificate = mallorys(ROLE_IDENTITY); }
static void other_delegation(Comity__Card *card) { card->delegation_certificate = mallorys(ROLE_DELEGATION); }
static void other_channel(Comity__Card *card)    { card->channel_certificate = mallorys(ROLE_CHANNEL); }
static void other_signing(Comity__Card *card)    { card->signing_certificate = mallorys(ROLE_SIGNING); }
static void other_sealing(Comity__Card *card)    { card->sealing_certificate = mallorys(ROLE_SEALING); }
static void no_channel(Comity__Card *card)       { card->has_channel_certificate = false; }
static void no_identity(Comity__Card *card)      { card->has_identity_certificate = false; }
static void swapped(Comity__Card *card)          { card->sealing_certificate = card->signing_certificate; }
static void other_authority(Comity__Card *card)  { card->authority = (char *)"xs-ca"; }
static void no_authority(Comity__Card *card)     { card->authority = NULL; }
static void long_authority(Comity__Card *card)   { card->authority = (char *)"x-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; }
static void no_name(Comity__Card *card)          { card->name = NULL; }
static void other_name(Comity__Card *card)       { card->name = (char *)"Ministry of Sylvania"; }
static void deceiving(Comity__Card *card)        { card->name = (char *)"Freedonia \342\200\256"; }
static void no_serial(Comity__Card *card)        { card->has_serial = false, card->serial = 0; }
static void no_date(Comity__Card *card)          { card->issued_at = NULL; }
static void other_date(Comity__Card *card)       { card->issued_at = (char *)"2026-11-23T12:00:01Z"; }
static void no_summary(Comity__Card *card)       { card->summary = (char *)""; }
static void bad_endpoint(Comity__Card *card)     { card->endpoints[0] = (char *)"a b"; }
static void control(Comity__Card *card)
{
	card->summary = (char *)"Authority: xf-ca   Central Authority of Freedonia\nEndpoint\r: x\033[2J\n";
}
static void wrong_name(Comity__Card *card)
{
	card->summary = (char *)"Authority: xs-ca   Central Authority of Sylvania\nIssued: 2026-11-23\n";
}

static void (*const tricks[])(Comity__Card *card) = {
	other_identity, other_delegation, other_channel, other_signing, other_sealing, no_channel, no_identity, swapped,
	other_authority, no_authority, long_authority, no_name, other_name, deceiving, no_serial, no_date, other_date,
	no_summary, bad_endpoint, control, wrong_name,
};

static void a_card_of_tricks_is_refused(void **state)
{
	struct world *world = *state;
	mallory = authority_new("xm-ca");
	struct arena arena = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	assert_ok(read_signed(world->freedonia.identity, unpack_card(world, &arena)));	/* without tricks it is fine */
	for (size_t i = 0; i < ARRAY_LEN(tricks); i++) {
		arena_reset(&arena);
		Comity__Card *card = unpack_card(world, &arena);
		tricks[i](card);
		enum fault fault = read_signed(world->freedonia.identity, card);
		if (fault != FAULT_BAD_CARD && fault != FAULT_CARD_ALTERED)
			fail_msg("trick %zu: %s", i, fault_slug(fault));
	}
	arena_reset(&arena);
	/* signed by mallory, whole and unchanged */
	assert_fault(read_signed(mallory.identity, unpack_card(world, &arena)), FAULT_CARD_ALTERED);
	arena_clear(&arena);
	authority_free(&mallory);
}

/* ── its revocation lists ───────────────────────────────────────────────────────────────────────── */

static struct bytes list_of(const struct authority *authority, enum role issuer)
{
	struct bytes der = { 0 };
	assert_ok(revocation_load(authority->home, issuer, &der));
	return der;
}

static struct bytes list_with(const struct authority *authority, enum role issuer, enum role role, int64_t now)
{
	struct certificate_facts facts = { 0 };
	assert_ok(certificate_read(identity_certificate(authority->identity, role), &facts));
	struct revocation_order order = { .issuer = issuer, .serial = facts.serial, .now = now };
	assert_ok(revocation_enter(authority->home, &order));
	return list_of(authority, issuer);
}

static enum fault read_with_lists(struct world *world, struct span of_identity, struct span of_delegation)
{
	struct arena arena = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	Comity__Card *card = unpack_card(world, &arena);
	card->has_identity_revocations = of_identity.len > 0;
	card->identity_revocations = (ProtobufCBinaryData){ .data = (uint8_t *)of_identity.at, .len = of_identity.len };
	card->has_delegation_revocations = of_delegation.len > 0;
	card->delegation_revocations = (ProtobufCBinaryData){ .data = (uint8_t *)of_delegation.at, .len = of_delegation.len };
	enum fault fault = read_signed(world->freedonia.identity, card);
	arena_clear(&arena);
	return fault;
}

static void lists_travel_in_the_card(void **state)
{
	struct world *world = *state;
	unsigned issued;
	struct card ours = plain, card;
	struct bytes text = { 0 };
	assert_ok(revocation_refresh(world->freedonia.home, NOON, NULL, &issued));
	struct bytes upper = list_of(&world->freedonia, ROLE_IDENTITY), lower = list_of(&world->freedonia, ROLE_DELEGATION);
	ours.revocations[ROLE_IDENTITY] = span_of(&upper);
	ours.revocations[ROLE_DELEGATION] = span_of(&lower);
	assert_ok(card_write(world->freedonia.identity, &ours, &text));
	assert_ok(card_read(span_of(&text), NOON + 400 * DAY, &card));		/* stale lists stop nothing */
	assert_true(span_equal(card.revocations[ROLE_IDENTITY], span_of(&upper)));
	assert_true(span_equal(card.revocations[ROLE_DELEGATION], span_of(&lower)));
	card_clear(&card);
	bytes_clear(&upper);
	bytes_clear(&lower);
	bytes_clear(&text);
}

static void a_card_with_lists_that_are_not_right_is_refused(void **state)
{
	struct world *world = *state;
	static const struct span none = { 0 };
	unsigned issued;
	mallory = authority_new("xm-ca");
	assert_ok(revocation_refresh(world->freedonia.home, NOON, NULL, &issued));
	assert_ok(revocation_refresh(mallory.home, NOON, NULL, &issued));
	struct bytes upper = list_of(&world->freedonia, ROLE_IDENTITY), lower = list_of(&world->freedonia, ROLE_DELEGATION);
	struct bytes theirs = list_of(&mallory, ROLE_DELEGATION), huge = { 0 };
	assert_ok(bytes_reserve(&huge, REVOCATION_SIZE_MAX + 1));
	huge.len = REVOCATION_SIZE_MAX + 1;
	memset(huge.at, 0x30, huge.len);
	assert_ok(read_with_lists(world, span_of(&upper), span_of(&lower)));
	assert_fault(read_with_lists(world, span_of(&lower), span_of(&upper)), FAULT_BAD_CARD);
	assert_fault(read_with_lists(world, none, span_of(&theirs)), FAULT_BAD_CARD);
	assert_fault(read_with_lists(world, none, span_of_text("nonsense")), FAULT_BAD_CARD);
	assert_fault(read_with_lists(world, none, span_of(&huge)), FAULT_BAD_CARD);
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT; role++) {
		struct bytes self = list_with(&world->freedonia, ROLE_DELEGATION, role, NOON);
		struct card ours = plain;
		ours.revocations[ROLE_DELEGATION] = span_of(&self);
		assert_fault(read_with_lists(world, span_of(&upper), span_of(&self)), FAULT_BAD_CARD);
		assert_fault(card_write(world->freedonia.identity, &ours, &world->text), FAULT_BAD_CARD);
		bytes_clear(&self);
	}
	struct bytes above = list_with(&world->freedonia, ROLE_IDENTITY, ROLE_DELEGATION, NOON + 2 * DAY);
	assert_fault(read_with_lists(world, span_of(&above), none), FAULT_BAD_CARD);	/* from the future, and revoking its own */
	bytes_clear(&above);
	bytes_clear(&upper);
	bytes_clear(&lower);
	bytes_clear(&theirs);
	bytes_clear(&huge);
	authority_free(&mallory);
}

static void what_we_do_not_know_does_not_disturb(void **state)
{
	struct world *world = *state;
	struct arena arena = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	Comity__Card *card = unpack_card(world, &arena);
	ProtobufCMessageUnknownField newer = { .tag = 99, .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT, .len = 1,
					       .data = (uint8_t *)"\x01" };
	card->base.n_unknown_fields = 1;
	card->base.unknown_fields = &newer;
	assert_ok(read_signed(world->freedonia.identity, card));
	arena_clear(&arena);
}

static void stock_openssl_reads_our_cards(void **state)
{
	struct world *world = *state;
	char path[128];
	snprintf(path, sizeof path, "%s/card", world->freedonia.home);
	assert_ok(file_create(path, FILE_PUBLIC, span_of(&world->text)));
	assert_int_equal(shell("cd %s && sed '1,/^$/d; /^-----END/d' card | openssl base64 -d >card.der && "
			       "openssl cms -verify -binary -inform DER -in card.der -CAfile keys/identity.crt -no-CApath "
			       "-no-CAstore -cades -attime %lld -out content 2>/dev/null && grep -qa 'Serial: 7' content",
			       world->freedonia.home, (long long)NOON), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(people_can_read_it),
		TEST(a_card_without_endpoints_is_fine),
		TEST(a_card_survives_the_mail),
		TEST(a_card_altered_anywhere_is_refused),
		TEST(altered_readable_lines_are_called_altered),
		TEST(a_card_cut_short_is_refused),
		TEST(nothing_can_be_put_in),
		cmocka_unit_test(what_is_no_card_is_refused),
		TEST(time_matters_a_little),
		TEST(what_may_not_stand_in_a_card_is_not_written),
		TEST(the_largest_card_can_be_read),
		TEST(a_card_of_tricks_is_refused),
		TEST(lists_travel_in_the_card),
		TEST(a_card_with_lists_that_are_not_right_is_refused),
		TEST(what_we_do_not_know_does_not_disturb),
		TEST(stock_openssl_reads_our_cards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
