/* What waits to leave: the order of the lanes, and how much is signed ahead.  A real store and real signatures; the
 * scribe, the line and the peers are the test's own. */
#include "tests/unit/authorities.h"

#include "daemon/chain.h"
#include "daemon/hold.h"
#include "daemon/outbox.h"
#include "daemon/outbox_parts.h"
#include "daemon/peers.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define US "xf-ca"
#define THEM "xs-ca"
#define URGENCY(name) COMITY__URGENCY__VALUE__##name
#define EACH_PER_MANIFEST 512

struct sent {
	struct manifest manifest;
	struct manifest_entry entries[EACH_PER_MANIFEST];
};

static struct world {
	struct authority us;
	struct scratch scratch;
	struct store *store;
	struct outbox *outbox;
	struct arena arena;
	struct job *jobs[16];		/* added to the scribe */
	size_t n_jobs;
	bool is_up;
	bool is_congested;		/* the line says so */
	struct sent sent[64];		/* what was given to the line */
	size_t n_sent;
	uint64_t number;		/* of the last message */
	enum fault ended_for;		/* the line */
} world;

static int64_t world_time;		/* seconds since 1970 */

static int64_t world_clock(void)
{
	return world_time * STAMP_SECOND;
}

/* ── the rooms below ──────────────────────────────────────────────────────────────────────────── */

static struct link *const line = (struct link *)&world;

const char *link_peer(const struct link *link)   { (void)link; return THEM; }
uint64_t link_id(const struct link *link)        { (void)link; return 7; }
bool link_is_congested(const struct link *link)  { (void)link; return world.is_congested; }
struct link *peers_find_link_by_id(struct peers *peers, uint64_t id) { (void)peers; return id == 7 && world.is_up ? line : NULL; }
void scribe_add(struct scribe *scribe, struct job *job) { (void)scribe; world.jobs[world.n_jobs++] = job; }

void link_send_manifest(struct link *link, struct span text, struct span signature, const struct span *messages, size_t count)
{
	(void)link, (void)messages, (void)signature, (void)count;
	struct arena arena;
	struct sent *sent = &world.sent[world.n_sent++];
	assert_true(world.n_sent < ARRAY_LEN(world.sent));
	arena_init(&arena, 4 << 20);
	assert_ok(manifest_read(text, &arena, &sent->manifest));
	memcpy(sent->entries, sent->manifest.entries, sent->manifest.count * sizeof *sent->entries);
	arena_clear(&arena);
}

void link_close(struct link *link, enum fault why, const char *text)
{
	(void)link, (void)text;
	world.ended_for = why;
	world.is_up = false;
}

/* ── a world ──────────────────────────────────────────────────────────────────────────────────── */

static int open_world(void **state)
{
	(void)state;
	world = (struct world){ .us = authority_new(US) };
	world_time = NOON;
	stamp_clock = world_clock;
	scratch_new(&world.scratch);
	assert_ok(store_create(scratch_path(&world.scratch, "store")));
	assert_ok(store_open(world.scratch.path, 256 << 20, &world.store));
	assert_ok(outbox_open(world.store, world.us.identity, &world.outbox));
	arena_init(&world.arena, UNPACK_ARENA);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	outbox_close(world.outbox);
	store_close(world.store);
	arena_clear(&world.arena);
	scratch_remove(&world.scratch);
	authority_free(&world.us);
	return 0;
}

/* The scribe's batch: what was added to it, then what `write` does, then the forming. */
static void batch(void (*write)(struct txn *txn, const void *what), const void *what)
{
	struct txn txn;
	size_t count = world.n_jobs;
	assert_ok(txn_begin(world.store, TXN_WRITE, &txn));
	for (size_t i = 0; i < count; i++)
		assert_ok(world.jobs[i]->write(&txn, world.jobs[i]));
	if (write)
		write(&txn, what);
	outbox_form(world.outbox, &txn);
	assert_ok(txn_commit(&txn));
	world.n_jobs = 0;
	for (size_t i = 0; i < count; i++)
		world.jobs[i]->done(world.jobs[i], OK);
	outbox_settled(world.outbox, NULL, OK);
}

static void settle(void)
{
	do
		batch(NULL, NULL);
	while (world.n_jobs);
}

static void come_up(uint64_t they_have)
{
	struct position position = { .number = they_have };
	world.is_up = true;
	assert_ok(outbox_greeted(world.outbox, THEM, &position));
	outbox_opened(world.outbox, line);
}

static void confirm(uint64_t number)
{
	struct position position = { .number = number };
	outbox_confirmed(world.outbox, line, &position);
}

struct said {
	unsigned request;		/* which */
	Comity__Urgency__Value urgency;
	size_t size;
	char id[UUID_TEXT_SIZE];
};

static const char *request_id(unsigned request)
{
	static char id[UUID_TEXT_SIZE];
	snprintf(id, sizeof id, "0192f3c1-7d0e-7c3a-9a54-%012u", request);
	return id;
}

/* As casework does it. */
static void write_said(struct txn *txn, const void *what)
{
	struct said *said = (struct said *)what;
	uint8_t sha256[DIGEST_SIZE] = { 1 };
	Comity__MessageState message = COMITY__MESSAGE_STATE__INIT;
	uuid_new(said->id);
	message.has_number = message.has_size = message.has_sha256 = message.has_urgency = message.has_transport = 1;
	message.number = txn_next(txn, "messages");
	message.message_id = said->id;
	message.from = (char *)US;
	message.to = (char *)THEM;
	message.request_id = (char *)request_id(said->request);
	message.size = said->size ? said->size : 1000;
	message.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, sha256 };
	message.transport = COMITY__TRANSPORT__VALUE__QUEUED;
	message.urgency = said->urgency;
	struct key key = key_of_message(US, said->id), filed = key_of_uuid(message.request_id);
	txn_put(txn, TABLE_MESSAGES, key_span(&key), span_of_text("the bytes"));
	record_keep(txn, TABLE_SEEN, key_span(&key), &message.base);
	key_u64(&filed, message.number);
	txn_put(txn, TABLE_CASE_MESSAGES, key_span(&filed), key_span(&key));
	outbox_add(world.outbox, txn, &message);
}

static struct said say(unsigned request, Comity__Urgency__Value urgency)
{
	struct said said = { .request = request, .urgency = urgency };
	batch(write_said, &said);
	return said;
}

static struct said say_much(unsigned request, Comity__Urgency__Value urgency, size_t size)
{
	struct said said = { .request = request, .urgency = urgency, .size = size };
	batch(write_said, &said);
	return said;
}

/* The place of a message among all that was sent; -1 when it was not. */
static long place_of(const struct said *said)
{
	for (size_t i = 0; i < world.n_sent; i++)
		for (size_t k = 0; k < world.sent[i].manifest.count; k++)
			if (!strcmp(world.sent[i].entries[k].message_id, said->id))
				return (long)(i * EACH_PER_MANIFEST + k);
	return -1;
}

#define assert_order(first, second) assert_in_range(place_of(first), 0, place_of(second) - 1)

/* ── order ────────────────────────────────────────────────────────────────────────────────────── */

static void what_waits_together_leaves_in_one_manifest(void **state)
{
	(void)state;
	struct said one = say(1, URGENCY(ROUTINE)), two = say(2, URGENCY(ROUTINE));
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
	assert_int_equal(world.sent[0].manifest.number, 1);
	assert_order(&one, &two);
}

static void the_more_urgent_goes_first(void **state)
{
	(void)state;
	struct said routine = say(1, URGENCY(ROUTINE)), urgent = say(2, URGENCY(URGENT)), emergency = say(3, URGENCY(EMERGENCY));
	struct said nothing_said = say(4, URGENCY(UNSPECIFIED));
	come_up(0);
	settle();
	assert_order(&emergency, &urgent);
	assert_order(&urgent, &routine);
	assert_order(&routine, &nothing_said);
}

static void an_urgent_message_takes_its_predecessors_along(void **state)
{
	(void)state;
	struct said other = say(2, URGENCY(ROUTINE));
	struct said first = say(1, URGENCY(ROUTINE)), second = say(1, URGENCY(URGENT)), third = say(1, URGENCY(ROUTINE));
	struct said fourth = say(1, URGENCY(EMERGENCY)), fifth = say(1, URGENCY(ROUTINE));
	come_up(0);
	settle();
	assert_order(&first, &second);
	assert_order(&second, &third);
	assert_order(&third, &fourth);
	assert_order(&fourth, &other);
	assert_order(&other, &fifth);
}

static void what_was_signed_already_is_not_pulled(void **state)
{
	(void)state;
	come_up(0);
	struct said first = say(1, URGENCY(ROUTINE));
	settle();
	struct said second = say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(world.n_sent, 2);
	assert_order(&first, &second);
}

/* ── share ────────────────────────────────────────────────────────────────────────────────────── */

static void routine_is_not_starved_by_a_flood_of_emergencies(void **state)
{
	(void)state;
	struct said routine = say(1, URGENCY(ROUTINE)), urgent = say(2, URGENCY(URGENT));
	for (unsigned i = 0; i < 600; i++)
		say(3 + i, URGENCY(EMERGENCY));
	come_up(0);
	settle();
	assert_in_range(place_of(&routine), 0, EACH_PER_MANIFEST - 1);
	assert_in_range(place_of(&urgent), 0, EACH_PER_MANIFEST - 1);
}

static void a_large_routine_message_has_its_turn_too(void **state)
{
	(void)state;
	struct said routine = say_much(1, URGENCY(ROUTINE), 1 << 20);
	come_up(0);
	world.is_congested = true;
	for (unsigned i = 0; i < 60; i++)
		say_much(2 + i, URGENCY(URGENT), 700 << 10);
	world.is_congested = false;
	confirm(0);
	settle();
	assert_int_not_equal(place_of(&routine), -1);
	assert_in_range(place_of(&routine) / EACH_PER_MANIFEST, 0, 16);
}

static void the_share_of_the_lower_lanes_lets_nobody_overtake_within_a_request(void **state)
{
	(void)state;
	struct said pulled[600], last;
	for (unsigned i = 0; i < ARRAY_LEN(pulled); i++)
		pulled[i] = say(1, URGENCY(URGENT));
	last = say(1, URGENCY(ROUTINE));
	struct said other = say(2, URGENCY(ROUTINE));
	come_up(0);
	settle();
	for (unsigned i = 1; i < ARRAY_LEN(pulled); i++)
		assert_order(&pulled[i - 1], &pulled[i]);
	assert_order(&pulled[ARRAY_LEN(pulled) - 1], &last);
	assert_order(&other, &last);
	assert_in_range(place_of(&other), 0, EACH_PER_MANIFEST - 1);
}

/* ── how much is signed ───────────────────────────────────────────────────────────────────────── */

static struct position our_head(void)
{
	struct txn txn;
	assert_ok(txn_begin(world.store, TXN_READ, &txn));
	struct position head = chain_head(&txn, THEM, DIRECTION_OURS);
	txn_abort(&txn);
	return head;
}

static void little_is_signed_before_the_line_takes_it(void **state)
{
	(void)state;
	come_up(0);
	world.is_congested = true;	/* it takes nothing */
	for (unsigned i = 0; i < 50; i++)
		say_much(i, URGENCY(ROUTINE), 1 << 20);
	settle();
	assert_int_equal(world.n_sent, 0);
	assert_in_range(our_head().number, 1, 4);
	struct said urgent = say(99, URGENCY(URGENT));
	world.is_congested = false;
	confirm(0);
	settle();
	assert_in_range(place_of(&urgent) / EACH_PER_MANIFEST, 1, 5);
	assert_int_equal(world.n_sent, our_head().number);
	assert_int_equal(world.n_sent, 51);
}

static void nothing_is_signed_without_a_line(void **state)
{
	(void)state;
	say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(our_head().number, 0);
	come_up(0);
	settle();
	assert_int_equal(our_head().number, 1);
	outbox_closed(world.outbox, line);
	world.is_up = false;
	say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(our_head().number, 1);
}

/* A batch that the disk does not take. */
static void failing_batch(enum fault fault)
{
	struct txn txn;
	size_t count = world.n_jobs;
	assert_ok(txn_begin(world.store, TXN_WRITE, &txn));
	for (size_t i = 0; i < count; i++)
		assert_ok(world.jobs[i]->write(&txn, world.jobs[i]));
	outbox_form(world.outbox, &txn);
	txn_abort(&txn);
	world.n_jobs = 0;
	for (size_t i = 0; i < count; i++)
		world.jobs[i]->done(world.jobs[i], fault);
	outbox_settled(world.outbox, NULL, fault);
}

static void what_the_disk_did_not_take_waits_for_a_better_time(void **state)
{
	(void)state;
	say(1, URGENCY(ROUTINE));
	come_up(0);
	assert_int_equal(world.n_jobs, 1);
	failing_batch(FAULT_DISK_FULL);
	assert_int_equal(world.n_jobs, 0);	/* not at once again */
	outbox_retry(world.outbox);
	assert_int_equal(world.n_jobs, 1);
	failing_batch(FAULT_IN_DOUBT);
	assert_int_equal(world.n_jobs, 0);
	batch(NULL, NULL);			/* another's, and the disk is back */
	settle();
	assert_int_equal(world.n_sent, 1);
}

static void nothing_is_signed_at_a_time_that_the_certificate_does_not_cover(void **state)
{
	(void)state;
	say(1, URGENCY(ROUTINE));
	come_up(0);
	world_time = NOON + 400 * DAY;
	failing_batch(FAULT_CERT_EXPIRED);
	assert_int_equal(our_head().number, 0);
	assert_int_equal(world.ended_for, FAULT_CERT_EXPIRED);
	world_time = NOON;
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
}

static void what_they_do_not_have_is_sent_again(void **state)
{
	(void)state;
	come_up(0);
	struct said one = say(1, URGENCY(ROUTINE));
	settle();
	outbox_closed(world.outbox, line);
	world.n_sent = 0;
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
	assert_int_equal(place_of(&one), 0);
	outbox_closed(world.outbox, line);
	world.n_sent = 0;
	come_up(1);
	settle();
	assert_int_equal(world.n_sent, 0);
}

/* ── holds ────────────────────────────────────────────────────────────────────────────────────── */

static void hold_all(struct txn *txn, const void *peer)
{
	hold_set(txn, peer, COMITY__HOLD_KIND__VALUE__OPERATOR, NULL, 0);
}

static void release_all(struct txn *txn, const void *peer)
{
	hold_clear(txn, peer);
	outbox_touch(world.outbox, NULL);
}

static void what_is_held_is_not_signed_and_goes_on_when_released(void **state)
{
	(void)state;
	static const char *const whom[] = { HOLD_EVERYBODY, THEM };
	come_up(0);
	for (size_t i = 0; i < ARRAY_LEN(whom); i++) {
		batch(hold_all, whom[i]);
		say(1, URGENCY(EMERGENCY));
		settle();
		assert_int_equal(our_head().number, i);
		batch(release_all, whom[i]);
		settle();
		assert_int_equal(our_head().number, i + 1);
		assert_int_equal(world.n_sent, i + 1);
	}
}

/* ── older stores ─────────────────────────────────────────────────────────────────────────────── */

static void make_old(struct txn *txn, const void *what)
{
	struct said *said = (struct said *)what;
	write_said(txn, said);
	struct key lane = outbox_key_of_lane(THEM, LANE(ROUTINE)), old = key_of_peer(THEM), id = key_of_uuid(said->id);
	key_u64(&lane, txn_last(txn, "messages"));
	key_u64(&old, txn_last(txn, "messages"));
	assert_true(txn_delete(txn, TABLE_OUTBOX, key_span(&lane)));
	txn_put(txn, TABLE_OUTBOX, key_span(&old), key_span(&id));
}

static void what_waits_in_an_older_store_is_found(void **state)
{
	(void)state;
	struct said first = { .request = 1 }, second = { .request = 2 };
	batch(make_old, &first);
	batch(make_old, &second);
	outbox_close(world.outbox);
	assert_ok(outbox_open(world.store, world.us.identity, &world.outbox));
	come_up(0);
	settle();
	assert_order(&first, &second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(what_waits_together_leaves_in_one_manifest),
		TEST(the_more_urgent_goes_first),
		TEST(an_urgent_message_takes_its_predecessors_along),
		TEST(what_was_signed_already_is_not_pulled),
		TEST(routine_is_not_starved_by_a_flood_of_emergencies),
		TEST(a_large_routine_message_has_its_turn_too),
		TEST(the_share_of_the_lower_lanes_lets_nobody_overtake_within_a_request),
		TEST(little_is_signed_before_the_line_takes_it),
		TEST(nothing_is_signed_without_a_line),
		TEST(what_the_disk_did_not_take_waits_for_a_better_time),
		TEST(nothing_is_signed_at_a_time_that_the_certificate_does_not_cover),
		TEST(what_they_do_not_have_is_sent_again),
		TEST(what_is_held_is_not_signed_and_goes_on_when_released),
		TEST(what_waits_in_an_older_store_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
