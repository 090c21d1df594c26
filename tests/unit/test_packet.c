/* Packets: every kind survives the way, and whatever is not of the protocol's form is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/arena.h"
#include "proto/frame.h"
#include "proto/packet.h"
#include "proto/wire.pb-c.h"

static struct arena arena;

static int arena_ready(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	return 0;
}

static int arena_gone(void **state)
{
	(void)state;
	arena_clear(&arena);
	return 0;
}

/* Over the line and back; lasts until `frame` is cleared. */
static struct packet carried(const struct packet *packet, struct bytes *frame)
{
	struct packet back;
	struct frame cut;
	assert_int_equal(packet_write(packet, frame), OK);
	struct span stream = span_of(frame);
	assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &cut), OK);
	assert_int_equal(cut.kind, FRAME_MESSAGE);
	assert_int_equal(packet_read(&arena, cut.payload, &back), OK);
	assert_int_equal(back.kind, packet->kind);
	return back;
}

static void hello_survives(void **state)
{
	(void)state;
	uint32_t versions[] = { 1, 3 };
	struct packet hello = { PACKET_HELLO, .hello = { versions, 2, "xf-ca", "xs-ca", INT64_C(1795435200123000),
		{ 41, { 1, 2 } }, { 0 }, "comity 0", 7, UINT32_MAX } };
	struct bytes frame = { 0 };
	struct packet back = carried(&hello, &frame);
	assert_int_equal(back.hello.version_count, 2);
	assert_int_equal(back.hello.versions[1], 3);
	assert_string_equal(back.hello.authority, "xf-ca");
	assert_string_equal(back.hello.addressee, "xs-ca");
	assert_true(back.hello.sent_at == hello.hello.sent_at);
	assert_memory_equal(&back.hello.sent, &hello.hello.sent, sizeof(struct position));
	assert_int_equal(back.hello.received.number, 0);
	assert_string_equal(back.hello.software, "comity 0");
	assert_int_equal(back.hello.card_serial, 7);
	assert_int_equal(back.hello.card_held, UINT32_MAX);
	bytes_clear(&frame);
}

static void the_small_ones_survive(void **state)
{
	(void)state;
	static const struct packet packets[] = {
		{ PACKET_READY,   .ready = { 1 } },
		{ PACKET_CONFIRM, .confirm = { { UINT64_MAX, { 7 } } } },
		{ PACKET_FETCH,   .fetch = { 9, { 1 }, 2, { 3 }, UINT64_C(1) << 50, FETCH_SIZE_MAX, true } },
		{ PACKET_PING,    .ping = { 5 } },
		{ PACKET_PONG,    .pong = { 5, INT64_C(1795435200123000) } },
		{ PACKET_RECALL,  .recall = { WHOSE_GIVERS, INT64_MAX, PACKET_RECALL_MAX } },
		{ PACKET_SUMMARY, .summary = { { 4, { 9 } }, { 0 }, 7, UINT64_MAX, true } },
	};
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct bytes frame = { 0 };
		struct packet back = carried(&packets[i], &frame);
		assert_memory_equal(&back, &packets[i], sizeof back);
		bytes_clear(&frame);
	}
}

static void a_wait_survives(void **state)
{
	(void)state;
	struct bytes frame = { 0 };
	struct packet back = carried(&(struct packet){ PACKET_WAITING, .waiting = { { 1, 2 }, 3, "quota" } }, &frame);
	assert_int_equal(back.waiting.message_id[1], 2);
	assert_int_equal(back.waiting.index, 3);
	assert_string_equal(back.waiting.reason, "quota");
	bytes_clear(&frame);
}

static void texts_survive(void **state)
{
	(void)state;
	struct bytes frame = { 0 };
	struct packet back = carried(&(struct packet){ PACKET_MISSING, .missing = { 4, "not-found" } }, &frame);
	assert_int_equal(back.missing.stream, 4);
	assert_string_equal(back.missing.reason, "not-found");
	bytes_clear(&frame);
	back = carried(&(struct packet){ PACKET_GOODBYE, .goodbye = { "peer-blocked", "the peer is blocked" } }, &frame);
	assert_string_equal(back.goodbye.reason, "peer-blocked");
	assert_string_equal(back.goodbye.text, "the peer is blocked");
	bytes_clear(&frame);
}

static void a_manifest_of_many_messages_survives(void **state)
{
	(void)state;
	struct span messages[PACKET_MESSAGES_MAX];
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		messages[i] = (struct span){ (const uint8_t *)"0123456789", 1 + i % 10 };
	struct packet manifest = { PACKET_MANIFEST, .manifest = { span_of_text("text"), span_of_text("sig"),
		messages, ARRAY_LEN(messages), span_of_text("signing"), span_of_text("delegation") } };
	struct bytes frame = { 0 };
	struct packet back = carried(&manifest, &frame);
	assert_true(span_is(back.manifest.signing, "signing"));
	assert_true(span_is(back.manifest.delegation, "delegation"));
	assert_int_equal(back.manifest.message_count, ARRAY_LEN(messages));
	assert_true(span_is(back.manifest.text, "text"));
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		assert_true(span_equal(back.manifest.messages[i], messages[i]));
	bytes_clear(&frame);

	manifest.manifest.message_count++;
	assert_int_equal(packet_write(&manifest, &frame), FAULT_FRAME_TOO_LARGE);
	bytes_clear(&frame);
}

static void what_is_found_survives(void **state)
{
	(void)state;
	struct finding list[PACKET_FINDINGS_MAX + 1] = { { "name", "", "192.0.2.1:7443" }, { "disk", "store-full", "no room" } };
	for (size_t i = 2; i < ARRAY_LEN(list); i++)
		list[i] = (struct finding){ "quota", "", "" };
	struct packet told = { PACKET_FINDINGS, .findings = { list, PACKET_FINDINGS_MAX } }, asked = { .kind = PACKET_CHECKUP };
	struct bytes frame = { 0 };
	assert_int_equal(carried(&asked, &frame).kind, PACKET_CHECKUP);
	bytes_clear(&frame);
	struct packet back = carried(&told, &frame);
	assert_int_equal(back.findings.count, PACKET_FINDINGS_MAX);
	assert_string_equal(back.findings.list[0].reason, "");
	assert_string_equal(back.findings.list[1].rung, "disk");
	assert_string_equal(back.findings.list[1].reason, "store-full");
	assert_string_equal(back.findings.list[1].text, "no room");
	bytes_clear(&frame);
}

static void what_is_given_back_survives(void **state)
{
	(void)state;
	struct span messages[] = { span_of_text("one"), { 0 }, span_of_text("three") };
	struct packet recalled = { PACKET_RECALLED, .recalled = { WHOSE_ASKERS, 41,
		{ span_of_text("text"), span_of_text("sig"), messages, ARRAY_LEN(messages), span_of_text("signing"),
			span_of_text("delegation") }, true } };
	struct bytes frame = { 0 };
	struct packet back = carried(&recalled, &frame);
	assert_int_equal(back.recalled.chain, WHOSE_ASKERS);
	assert_int_equal(back.recalled.number, 41);
	assert_true(span_is(back.recalled.manifest.text, "text"));
	assert_true(span_is(back.recalled.manifest.signature, "sig"));
	assert_true(span_is(back.recalled.manifest.signing, "signing"));
	assert_true(span_is(back.recalled.manifest.delegation, "delegation"));
	assert_true(back.recalled.has_more);
	assert_int_equal(back.recalled.manifest.message_count, ARRAY_LEN(messages));
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		assert_true(span_equal(back.recalled.manifest.messages[i], messages[i]));
	bytes_clear(&frame);

	back = carried(&(struct packet){ PACKET_RECALLED, .recalled = { .chain = WHOSE_GIVERS, .number = 7 } }, &frame);
	assert_int_equal(back.recalled.manifest.text.len, 0);
	assert_false(back.recalled.has_more);
	bytes_clear(&frame);
}

static void a_card_survives(void **state)
{
	(void)state;
	struct bytes frame = { 0 };
	struct packet back = carried(&(struct packet){ PACKET_ANNOUNCE, .announce = { .card = span_of_text("a card") } }, &frame);
	assert_true(span_is(back.announce.card, "a card"));
	assert_int_equal(back.announce.revocation.len, 0);
	bytes_clear(&frame);
	back = carried(&(struct packet){ PACKET_ANNOUNCE, .announce = { .revocation = span_of_text("a list") } }, &frame);
	assert_true(span_is(back.announce.revocation, "a list"));
	assert_int_equal(back.announce.card.len, 0);
	bytes_clear(&frame);
	back = carried(&(struct packet){ PACKET_ANNOUNCED, .announced = { 7, "card-older" } }, &frame);
	assert_int_equal(back.announced.serial, 7);
	assert_string_equal(back.announced.reason, "card-older");
	bytes_clear(&frame);
}

/* ── what is refused ─────────────────────────────────────────────────────────────────────────────── */

static enum fault read_generated(Comity__Frame *frame)
{
	struct bytes out = { 0 };
	struct packet packet;
	assert_int_equal(frame_pack(&out, &frame->base), OK);
	enum fault fault = packet_read(&arena, (struct span){ out.at + FRAME_HEAD_SIZE, out.len - FRAME_HEAD_SIZE }, &packet);
	bytes_clear(&out);
	return fault;
}

static uint8_t hash[DIGEST_SIZE], id[16];
static uint32_t versions[PACKET_VERSIONS_MAX + 1] = { 1 };
static char long_text[PACKET_TEXT_MAX + 2];

static Comity__Position position = { .has_number = 1, .number = 1, .has_hash = 1, .hash = { DIGEST_SIZE, hash } };
static Comity__Hello hello;
static Comity__Fetch fetch;

static void make_sound(void)
{
	comity__position__init(&position);
	position.has_number = position.has_hash = 1;
	position.number = 1;
	position.hash = (ProtobufCBinaryData){ DIGEST_SIZE, hash };
	comity__hello__init(&hello);
	hello.n_versions = 1;
	hello.versions = versions;
	hello.authority = "xf-ca";
	hello.addressee = "xs-ca";
	hello.sent_at = "2026-11-23T12:00:00.000Z";
	hello.sent = &position;
	comity__fetch__init(&fetch);
	fetch.has_message_id = fetch.has_sha256 = fetch.has_index = fetch.has_length = fetch.has_offset = 1;
	fetch.message_id = (ProtobufCBinaryData){ sizeof id, id };
	fetch.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, hash };
	fetch.index = 1;
	fetch.length = 1;
}

static enum fault read_hello(void)
{
	Comity__Frame frame = COMITY__FRAME__INIT;
	frame.kind_case = COMITY__FRAME__KIND_HELLO;
	frame.hello = &hello;
	return read_generated(&frame);
}

static enum fault read_fetch(void)
{
	Comity__Frame frame = COMITY__FRAME__INIT;
	frame.kind_case = COMITY__FRAME__KIND_FETCH;
	frame.fetch = &fetch;
	return read_generated(&frame);
}

static void spoil_versions(void)        { hello.n_versions = 0; }
static void spoil_many_versions(void)   { hello.n_versions = PACKET_VERSIONS_MAX + 1; }
static void spoil_authority(void)       { hello.authority = NULL; }
static void spoil_long_authority(void)  { hello.authority = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; }
static void spoil_addressee(void)       { hello.addressee = ""; }
static void spoil_no_clock(void)        { hello.sent_at = NULL; }
static void spoil_clock(void)           { hello.sent_at = "yesterday"; }
static void spoil_utf8(void)            { hello.software = "\xff\xfe"; }
static void spoil_control(void)         { hello.software = "\x1b[2J"; }
static void spoil_long_software(void)   { hello.software = long_text; }
static void spoil_no_hash(void)         { position.has_hash = 0; }
static void spoil_short_hash(void)      { position.hash.len = 31; }
static void spoil_lone_hash(void)       { position.number = 0; }
static void spoil_no_message(void)      { fetch.has_message_id = 0; }
static void spoil_short_message(void)   { fetch.message_id.len = 15; }
static void spoil_sha(void)             { fetch.sha256.len = 20; }
static void spoil_index(void)           { fetch.index = 0; }
static void spoil_no_length(void)       { fetch.length = 0; }
static void spoil_length(void)          { fetch.length = FETCH_SIZE_MAX + 1; }
static void spoil_offset(void)          { fetch.offset = UINT64_MAX; }

static void every_field_is_checked(void **state)
{
	(void)state;
	static void (*const hellos[])(void) = {
		spoil_versions, spoil_many_versions, spoil_authority, spoil_long_authority, spoil_addressee, spoil_no_clock,
		spoil_clock, spoil_utf8, spoil_control, spoil_long_software, spoil_no_hash, spoil_short_hash, spoil_lone_hash,
	};
	static void (*const fetches[])(void) = {
		spoil_no_message, spoil_short_message, spoil_sha, spoil_index, spoil_no_length, spoil_length, spoil_offset,
	};
	memset(long_text, 'x', sizeof long_text - 1);
	make_sound();
	assert_int_equal(read_hello(), OK);
	assert_int_equal(read_fetch(), OK);
	for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
		make_sound();
		hellos[i]();
		if (read_hello() != FAULT_BAD_FRAME)
			fail_msg("hello %zu is accepted", i);
	}
	for (size_t i = 0; i < ARRAY_LEN(fetches); i++) {
		make_sound();
		fetches[i]();
		if (read_fetch() != FAULT_BAD_FRAME)
			fail_msg("fetch %zu is accepted", i);
	}
}

static Comity__Recall recall;
static Comity__Recalled recalled;
static uint8_t certificate[PACKET_CERTIFICATE_MAX + 1];

static void make_sound_recall(void)
{
	static ProtobufCBinaryData message;
	ProtobufCBinaryData text = { sizeof hash, hash };
	comity__recall__init(&recall);
	recall.chain = COMITY__WHOSE__VALUE__ASKERS;
	recall.from = recall.count = recall.has_chain = recall.has_from = recall.has_count = 1;
	comity__recalled__init(&recalled);
	recalled.chain = COMITY__WHOSE__VALUE__GIVERS;
	recalled.has_chain = recalled.has_number = recalled.has_text = recalled.has_signature = 1;
	recalled.number = 1;
	recalled.text = recalled.signature = text;
	recalled.n_messages = 1;
	recalled.messages = &message;
}

static enum fault read_recall(void)
{
	Comity__Frame frame = COMITY__FRAME__INIT;
	frame.kind_case = COMITY__FRAME__KIND_RECALL;
	frame.recall = &recall;
	return read_generated(&frame);
}

static enum fault read_recalled(void)
{
	Comity__Frame frame = COMITY__FRAME__INIT;
	frame.kind_case = COMITY__FRAME__KIND_RECALLED;
	frame.recalled = &recalled;
	return read_generated(&frame);
}

static void set_certificates(size_t signing, size_t delegation)
{
	recalled.has_signing_certificate = recalled.has_delegation_certificate = 1;
	recalled.signing_certificate = (ProtobufCBinaryData){ signing, certificate };
	recalled.delegation_certificate = (ProtobufCBinaryData){ delegation, certificate };
}

static void spoil_whose(void)           { recall.has_chain = 0; recall.chain = 0; }
static void spoil_whose_value(void)     { recall.chain = 3; }
static void spoil_from(void)            { recall.from = 0; }
static void spoil_far(void)             { recall.from = UINT64_MAX; }
static void spoil_none(void)            { recall.count = 0; }
static void spoil_many(void)            { recall.count = PACKET_RECALL_MAX + 1; }
static void spoil_given_whose(void)     { recalled.has_chain = 0; recalled.chain = 0; }
static void spoil_number(void)          { recalled.number = 0; }
static void spoil_signature(void)       { recalled.signature.len = 0; }
static void spoil_text(void)            { recalled.text.len = 0; }
static void spoil_half_text(void)       { recalled.text.len = recalled.n_messages = 0; recalled.has_more = recalled.more = 1; }
static void spoil_one_certificate(void) { set_certificates(1, 0); }
static void spoil_certificate(void)     { set_certificates(sizeof certificate, 1); }
static void spoil_delegation(void)      { set_certificates(1, sizeof certificate); }

static void every_field_of_a_recall_is_checked(void **state)
{
	(void)state;
	static const struct { void (*spoil)(void); enum fault (*read)(void); } rows[] = {
		{ spoil_whose, read_recall }, { spoil_whose_value, read_recall }, { spoil_from, read_recall },
		{ spoil_far, read_recall }, { spoil_none, read_recall }, { spoil_many, read_recall },
		{ spoil_given_whose, read_recalled }, { spoil_number, read_recalled }, { spoil_signature, read_recalled },
		{ spoil_text, read_recalled }, { spoil_half_text, read_recalled }, { spoil_one_certificate, read_recalled },
		{ spoil_certificate, read_recalled }, { spoil_delegation, read_recalled },
	};
	make_sound_recall();
	assert_int_equal(read_recall(), OK);
	assert_int_equal(read_recalled(), OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		make_sound_recall();
		rows[i].spoil();
		if (rows[i].read() != FAULT_BAD_FRAME)
			fail_msg("row %zu is accepted", i);
	}
}

static void bytes_that_are_no_frame_are_refused(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t len; } cases[] = {
		{ "", 0 },					/* of no kind */
		{ "\x7a\x00", 2 },				/* of a kind that is not known */
		{ "\x0a\x05", 2 },				/* shorter than it says */
		{ "\xff\xff\xff\xff\xff\xff\xff", 7 },
		{ "\x12\x00", 2 },				/* ready without a version */
		{ "\x1a\x00", 2 },				/* manifest without text */
		{ "\x32\x05\x12\x03" "A/b", 7 },		/* missing, whose reason is not a slug */
		{ "\x42\x02\x08\x01", 4 },			/* pong without a clock */
		{ "\x4a\x04\x0a\x02\x1b\x5b", 6 },		/* goodbye with an escape */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct packet packet;
		struct span payload = { (const uint8_t *)cases[i].bytes, cases[i].len };
		if (packet_read(&arena, payload, &packet) != FAULT_BAD_FRAME)
			fail_msg("case %zu is accepted", i);
	}
}

/* What is cut or altered is refused, or is another packet in good order: never a crash, never half a value. */
static void a_packet_cut_or_altered_anywhere_breaks_nothing(void **state)
{
	(void)state;
	struct span messages[] = { span_of_text("one"), span_of_text("two") };
	uint32_t both[] = { 1, 3 };
	const struct packet packets[] = {
		{ PACKET_HELLO, .hello = { both, 2, "xf-ca", "xs-ca", INT64_C(1795435200123000), { 41, { 1, 2 } }, { 0 }, "comity 0" } },
		{ PACKET_MANIFEST, .manifest = { span_of_text("text"), span_of_text("sig"), messages, 2 } },
		{ PACKET_FETCH, .fetch = { .stream = 9, .message_id = { 1 }, .index = 2, .sha256 = { 3 }, .offset = 7, .length = 4096 } },
		{ PACKET_GOODBYE, .goodbye = { "peer-blocked", "the peer is blocked" } },
	};
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct bytes frame = { 0 };
		size_t refused = 0;
		assert_int_equal(packet_write(&packets[i], &frame), OK);
		struct span whole = { frame.at + FRAME_HEAD_SIZE, frame.len - FRAME_HEAD_SIZE };
		for (size_t at = 0; at < whole.len; at++) {
			struct packet packet;
			refused += packet_read(&arena, (struct span){ whole.at, at }, &packet) == FAULT_BAD_FRAME;
			for (int bit = 0; bit < 8; bit++) {
				frame.at[FRAME_HEAD_SIZE + at] ^= (uint8_t)(1 << bit);
				arena_reset(&arena);
				enum fault fault = packet_read(&arena, whole, &packet);
				assert_true(fault == OK || fault == FAULT_BAD_FRAME);
				frame.at[FRAME_HEAD_SIZE + at] ^= (uint8_t)(1 << bit);
			}
		}
		assert_int_equal(refused, whole.len);		/* of what was cut, all */
		bytes_clear(&frame);
	}
}

/* Two megabytes of empty messages would be a hundred on the heap. */
static void a_frame_cannot_take_more_memory_than_its_share(void **state)
{
	(void)state;
	size_t size = FRAME_SIZE_MAX - 16;
	uint8_t *inside = calloc(1, size);
	assert_non_null(inside);
	for (size_t i = 0; i + 1 < size; i += 2)
		inside[i] = 0x1a;
	struct bytes payload = { 0 };
	uint8_t head[5] = { 0x1a, (uint8_t)(size | 0x80), (uint8_t)(size >> 7 | 0x80), (uint8_t)(size >> 14 | 0x80), (uint8_t)(size >> 21) };
	assert_int_equal(bytes_append(&payload, SPAN(head)), OK);
	assert_int_equal(bytes_append(&payload, (struct span){ inside, size }), OK);
	struct packet packet;
	assert_int_equal(packet_read(&arena, span_of(&payload), &packet), FAULT_BAD_FRAME);
	bytes_clear(&payload);
	free(inside);
}

static void a_newer_peer_may_say_more(void **state)
{
	(void)state;
	/* ping { number: 5, and a field 100 that we do not know } */
	static const char bytes[] = "\x3a\x05\x08\x05\xa0\x06\x01";
	struct packet packet;
	assert_int_equal(packet_read(&arena, (struct span){ (const uint8_t *)bytes, sizeof bytes - 1 }, &packet), OK);
	assert_int_equal(packet.kind, PACKET_PING);
	assert_int_equal(packet.ping.number, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_survives),
		cmocka_unit_test(the_small_ones_survive),
		cmocka_unit_test(a_wait_survives),
		cmocka_unit_test(texts_survive),
		cmocka_unit_test(a_manifest_of_many_messages_survives),
		cmocka_unit_test(what_is_found_survives),
		cmocka_unit_test(a_card_survives),
		cmocka_unit_test(what_is_given_back_survives),
		cmocka_unit_test(every_field_is_checked),
		cmocka_unit_test(every_field_of_a_recall_is_checked),
		cmocka_unit_test(bytes_that_are_no_frame_are_refused),
		cmocka_unit_test(a_packet_cut_or_altered_anywhere_breaks_nothing),
		cmocka_unit_test(a_frame_cannot_take_more_memory_than_its_share),
		cmocka_unit_test(a_newer_peer_may_say_more),
	};
	return cmocka_run_group_tests(tests, arena_ready, arena_gone);
}
