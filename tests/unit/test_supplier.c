/* What of our attachments is given to whom: only what a message of ours to that very peer announced, under the digest and
 * within the size that it announced. */
#include "tests/unit/ledgers.h"
#include "tests/unit/fake_links.h"

#include "certs/digest.h"
#include "tests/unit/blob_keys.h"
#include "daemon/ledger/porter.h"
#include "daemon/desks/supplier.h"
#include "daemon/line/throttle.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { SIZE = 3 * BULK_SIZE_MAX + 5 };

static char message_id[] = "019aafd8-1c2e-7000-8000-000000000001", case_id[] = "019aafd8-1c2e-7000-8000-00000000000c",
	theirs_id[] = "019aafd8-1c2e-7000-8000-000000000002", lost_id[] = "019aafd8-1c2e-7000-8000-000000000003",
	loose_id[] = "019aafd8-1c2e-7000-8000-000000000004";

struct world {
	struct ledger ledger;
	uv_loop_t loop;
	struct porter *porter;
	struct throttle *throttle;
	struct blobs *blobs;
	struct supplier *supplier;
	struct link *link, *other;
	uint8_t *content, digest[DIGEST_SIZE], secret[DIGEST_SIZE];	/* secret: in the same case, announced to nobody */
};

/* A message with one attachment of that digest, in the ledger. */
static void announce(struct world *world, char *from, char *to, char *id, char *request_id, const uint8_t digest[DIGEST_SIZE])
{
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Attachment attachment = COMITY__ATTACHMENT__INIT, *list = &attachment;
	char hex[DIGEST_HEX_SIZE + 1];
	struct bytes raw = { 0 };
	hex_write(hex, (struct span){ digest, DIGEST_SIZE });
	attachment.sha256 = hex;
	attachment.has_size = 1;
	attachment.size = SIZE;
	message.message_id = id;
	message.from = from;
	message.to = to;
	message.request_id = request_id;
	message.n_attachments = 1;
	message.attachments = &list;
	assert_ok(pack(&message.base, &raw));
	struct key key = key_of_message(from, id);
	WRITING(&world->ledger, txn);
	txn_put(&txn, TABLE_MESSAGES, key_span(&key), span_of(&raw));
	assert_ok(ledger_end(&txn, OK));
	bytes_clear(&raw);
}

static void store_content(struct world *world)
{
	uint8_t request[UUID_SIZE];
	struct blob_part *part;
	world->content = malloc(SIZE);
	for (uint32_t i = 0, x = 1; i < SIZE; i++, x = x * 1664525 + 1013904223)
		world->content[i] = (uint8_t)(x >> 24);
	digest_of(world->digest, (struct span){ world->content, SIZE });
	assert_true(uuid_read(request, span_of_text(case_id)));
	assert_ok(blob_begin(world->blobs, request, SPAN(world->digest), &part));
	assert_ok(blob_write(part, (struct span){ world->content, SIZE }));
	assert_ok(blob_finish(part, SIZE, world->digest, NULL));
}

static void store_secret(struct world *world)
{
	uint8_t request[UUID_SIZE];
	struct blob_part *part;
	assert_true(uuid_read(request, span_of_text(case_id)));
	digest_of(world->secret, span_of_text("secret"));
	assert_ok(blob_begin(world->blobs, request, SPAN(world->secret), &part));
	assert_ok(blob_write(part, span_of_text("secret")));
	assert_ok(blob_finish(part, 6, world->secret, NULL));
}

static void open_supplier(struct world *world, uint64_t per_second)
{
	assert_ok(throttle_open(&world->loop, per_second, &world->throttle));
	const struct supplier_rooms rooms = { .store = world->ledger.store, .porter = world->porter, .blobs = world->blobs,
		.throttle = world->throttle, .own_id = "xf-ca" };
	assert_ok(supplier_open(&rooms, &world->supplier));
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	static const uint8_t nowhere[DIGEST_SIZE] = { 5 };
	ledger_open(&world->ledger);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_ok(porter_open(&world->loop, &world->porter));
	assert_ok(blobs_create(scratch_path(&world->ledger.scratch, "blobs")));
	assert_ok(blobs_open_with_keys(scratch_path(&world->ledger.scratch, "blobs"), &world->blobs));
	store_content(world);
	store_secret(world);
	announce(world, "xf-ca", "xs-ca", message_id, case_id, world->digest);
	announce(world, "xs-ca", "xf-ca", theirs_id, case_id, world->digest);
	announce(world, "xf-ca", "xs-ca", lost_id, case_id, nowhere);		/* its blob is gone */
	announce(world, "xf-ca", "xs-ca", loose_id, NULL, world->digest);
	world->link = fake_link_open(7, "xs-ca");
	world->other = fake_link_open(8, "xm-ca");
	open_supplier(world, 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	porter_close(world->porter, NULL, NULL);
	throttle_close(world->throttle);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	supplier_close(world->supplier);
	blobs_close(world->blobs);
	fake_link_free(world->link);
	fake_link_free(world->other);
	ledger_close(&world->ledger);
	free(world->content);
	free(world);
	return 0;
}

static struct fetch fetch_of(const struct world *world, const char *id, uint64_t offset, uint64_t length)
{
	struct fetch fetch = { .stream = 3, .index = 1, .offset = offset, .length = length };
	assert_true(uuid_read(fetch.message_id, span_of_text(id)));
	memcpy(fetch.sha256, world->digest, DIGEST_SIZE);
	return fetch;
}

/* Until the porter has nothing more to do: an idle one does not keep the loop. */
static void settle(struct world *world)
{
	uv_run(&world->loop, UV_RUN_DEFAULT);
}

static void assert_given(const struct world *world, const struct link *link, uint64_t offset, uint64_t length)
{
	assert_int_equal(link->missing, 0);
	assert_int_equal(link->bulk_offset, offset);
	assert_int_equal(link->bulk.len, length);
	assert_memory_equal(link->bulk.at, world->content + offset, length);
}

/* ── given ────────────────────────────────────────────────────────────────────────────────────── */

static void what_was_announced_is_given_from_anywhere_to_anywhere(void **state)
{
	static const struct { uint64_t offset, length; } pieces[] = {
		{ 0, SIZE }, { 0, 1 }, { SIZE - 1, 1 }, { 5, BULK_SIZE_MAX }, { BULK_SIZE_MAX + 1, SIZE - BULK_SIZE_MAX - 1 },
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct fetch fetch = fetch_of(world, message_id, pieces[i].offset, pieces[i].length);
		bytes_clear(&world->link->bulk);
		supplier_fetch(world->supplier, world->link, &fetch);
		settle(world);
		assert_given(world, world->link, pieces[i].offset, pieces[i].length);
		assert_int_equal(world->link->stream, 3);
	}
}

static void orders_are_served_one_after_the_other(void **state)
{
	struct world *world = *state;
	for (uint64_t i = 0; i < 16; i++) {
		struct fetch fetch = fetch_of(world, message_id, i * 100, 100);
		supplier_fetch(world->supplier, world->link, &fetch);
	}
	settle(world);
	assert_given(world, world->link, 0, 1600);
	assert_int_equal(world->link->closed_why, OK);
}

static void a_congested_line_waits_until_it_has_drained(void **state)
{
	struct world *world = *state;
	struct fetch fetch = fetch_of(world, message_id, 0, SIZE);
	world->link->is_congested = true;
	supplier_fetch(world->supplier, world->link, &fetch);
	settle(world);
	assert_int_equal(world->link->bulk.len, 0);
	world->link->is_congested = false;
	supplier_drained(world->supplier, world->link);
	settle(world);
	assert_given(world, world->link, 0, SIZE);
}

/* With so much allowed in a second all of it takes longer than the half of one, and the other line is not held up by it. */
static void no_more_is_given_in_a_second_than_is_allowed(void **state)
{
	struct world *world = *state;
	struct fetch fetch = fetch_of(world, message_id, 0, SIZE);
	supplier_close(world->supplier);
	throttle_close(world->throttle);
	open_supplier(world, 2 * BULK_SIZE_MAX);
	uint64_t before = uv_hrtime();
	supplier_fetch(world->supplier, world->link, &fetch);
	settle(world);
	assert_given(world, world->link, 0, SIZE);
	assert_true(uv_hrtime() - before > UINT64_C(1000000000));
}

/* It waits for its turn when its line goes: nobody is called for it any more. */
static void who_waits_for_a_turn_goes_with_its_line(void **state)
{
	struct world *world = *state;
	struct fetch fetch = fetch_of(world, message_id, 0, SIZE);
	supplier_close(world->supplier);
	throttle_close(world->throttle);
	open_supplier(world, 1 << 10);		/* minutes for all of it */
	supplier_fetch(world->supplier, world->link, &fetch);
	while (!world->link->bulk.len)
		uv_run(&world->loop, UV_RUN_ONCE);
	fake_link_cut(world->link);
	supplier_closed(world->supplier, world->link);
	settle(world);
	assert_int_equal(world->link->bulk.len, BULK_SIZE_MAX);
}

/* ── not given ────────────────────────────────────────────────────────────────────────────────── */

static void what_nobody_announced_to_them_is_missing(void **state)
{
	struct world *world = *state;
	const struct { const char *what, *message; bool by_other; uint32_t index; uint8_t flip; uint64_t offset, length; const char *reason; } rows[] = {
		{ "another peer",            message_id, true,  1, 0, 0, 1, "not-found" },
		{ "no such message",         case_id,    false, 1, 0, 0, 1, "not-found" },
		{ "their own message",       theirs_id,  false, 1, 0, 0, 1, "not-found" },
		{ "a message of no case",    loose_id,   false, 1, 0, 0, 1, "not-found" },
		{ "an index beyond",         message_id, false, 2, 0, 0, 1, "not-found" },
		{ "the largest index",       message_id, false, UINT32_MAX, 0, 0, 1, "not-found" },
		{ "another digest",          message_id, false, 1, 1, 0, 1, "not-found" },
		{ "one byte beyond",         message_id, false, 1, 0, SIZE, 1, "not-found" },
		{ "one byte too many",       message_id, false, 1, 0, 0, SIZE + 1, "not-found" },
		{ "from the end",            message_id, false, 1, 0, SIZE - 1, 2, "not-found" },
		{ "far away",                message_id, false, 1, 0, INT64_MAX - 1, 1, "not-found" },
		{ "a blob that is gone",     lost_id,    false, 1, 0, 0, 1, "not-found" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct link *link = rows[i].by_other ? world->other : world->link;
		struct fetch fetch = fetch_of(world, rows[i].message, rows[i].offset, rows[i].length);
		fetch.index = rows[i].index;
		fetch.sha256[0] ^= rows[i].flip;
		if (rows[i].message == lost_id)
			memcpy(fetch.sha256, (uint8_t[DIGEST_SIZE]){ 5 }, DIGEST_SIZE);
		link->missing = 0;
		supplier_fetch(world->supplier, link, &fetch);
		settle(world);
		if (link->missing != 1 || strcmp(link->reason, rows[i].reason) || link->bulk.len)
			fail_msg("%s: %u missing (%s), %zu bytes", rows[i].what, link->missing, link->reason, link->bulk.len);
	}
	struct fetch secret = fetch_of(world, message_id, 0, 6);
	memcpy(secret.sha256, world->secret, DIGEST_SIZE);
	supplier_fetch(world->supplier, world->link, &secret);
	settle(world);
	assert_int_equal(world->link->bulk.len, 0);

	struct fetch fetch = fetch_of(world, message_id, 0, 10);	/* none of it harmed the next */
	world->link->missing = 0;
	supplier_fetch(world->supplier, world->link, &fetch);
	settle(world);
	assert_given(world, world->link, 0, 10);
}

static void more_orders_than_allowed_end_the_line(void **state)
{
	struct world *world = *state;
	world->link->is_congested = true;
	for (int i = 0; i < 17; i++) {
		struct fetch fetch = fetch_of(world, message_id, 0, 1);
		assert_int_equal(world->link->closed_why, OK);
		supplier_fetch(world->supplier, world->link, &fetch);
	}
	assert_int_equal(world->link->closed_why, FAULT_OUT_OF_TURN);
	struct fetch fetch = fetch_of(world, message_id, 0, 1);
	supplier_fetch(world->supplier, world->other, &fetch);		/* and no other */
	assert_int_equal(world->other->closed_why, OK);
}

/* The line goes while the porter reads for it. */
static void what_was_ordered_dies_with_its_line(void **state)
{
	struct world *world = *state;
	struct fetch fetch = fetch_of(world, message_id, 0, SIZE);
	supplier_fetch(world->supplier, world->link, &fetch);
	supplier_fetch(world->supplier, world->link, &fetch);
	fake_link_cut(world->link);
	supplier_closed(world->supplier, world->link);
	settle(world);
	assert_int_equal(world->link->bulk.len, 0);
	struct link *again = fake_link_open(9, "xs-ca");
	supplier_fetch(world->supplier, again, &fetch);
	settle(world);
	assert_given(world, again, 0, SIZE);
	fake_link_free(again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_was_announced_is_given_from_anywhere_to_anywhere),
		TEST(orders_are_served_one_after_the_other),
		TEST(a_congested_line_waits_until_it_has_drained),
		TEST(no_more_is_given_in_a_second_than_is_allowed),
		TEST(who_waits_for_a_turn_goes_with_its_line),
		TEST(what_nobody_announced_to_them_is_missing),
		TEST(more_orders_than_allowed_end_the_line),
		TEST(what_was_ordered_dies_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
