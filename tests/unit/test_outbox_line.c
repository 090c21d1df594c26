/* From the chain to the line: in order, to the letter, no further than the window, again after each reconnection, until the
 * peer says that it has it.  The scribe is the real one. */
#include "tests/unit/correspondence.h"
#include "tests/unit/fake_links.h"

#include "daemon/log.h"
#include "daemon/desks/outbox.h"
#include "daemon/ledger/scribe.h"
#include "proto/unpack.h"

enum { WINDOW = 64 };			/* manifests sent and not confirmed */

struct world {
	struct ledger ledger;
	uv_loop_t loop;
	struct scribe *scribe;
	struct outbox *outbox;
	struct link *link;
};

static void hear_closing(void *owner, struct txn *txn) { outbox_form(((struct world *)owner)->outbox, txn); }
static void hear_settled(void *owner, enum fault fault) { outbox_settled(((struct world *)owner)->outbox, NULL, fault); }

static const struct scribe_listener listener = { hear_closing, hear_settled };

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	ledger_open(&world->ledger);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_ok(outbox_open(world->ledger.store, freedonia.identity, &world->outbox));
	assert_ok(scribe_open(&world->loop, world->ledger.store, &listener, world, &world->scribe));
	outbox_set_scribe(world->outbox, world->scribe);
	*state = world;
	return 0;
}

static void settle(struct world *world)
{
	uv_run(&world->loop, UV_RUN_DEFAULT);
}

static void go_down(struct world *world)
{
	outbox_closed(world->outbox, world->link);
	fake_link_free(world->link);
	world->link = NULL;
}

static int teardown(void **state)
{
	struct world *world = *state;
	if (world->link)
		go_down(world);
	scribe_close(world->scribe, NULL);
	settle(world);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	outbox_close(world->outbox);
	ledger_close(&world->ledger);
	free(world);
	return 0;
}

/* The line is up, and in their hello they said how much of our chain they have. */
static void come_up(struct world *world, uint64_t id, uint64_t they_have)
{
	struct position position = { .number = they_have };
	world->link = fake_link_open(id, "xs-ca");
	assert_ok(outbox_greeted(world->outbox, "xs-ca", &position));
	outbox_opened(world->outbox, world->link);
	settle(world);
}

static void confirm(struct world *world, uint64_t number)
{
	struct position position = { .number = number };
	outbox_confirmed(world->outbox, world->link, &position);
	settle(world);
}

/* ── messages ─────────────────────────────────────────────────────────────────────────────────── */

struct saying {
	struct job job;
	struct world *world;
	char id[UUID_TEXT_SIZE];
	bool has_attachment;
	enum fault fault;		/* what the job ends with */
	struct bytes raw;
};

static enum fault write_saying(struct txn *txn, struct job *job)
{
	struct saying *saying = container_of(job, struct saying, job);
	uint8_t digest[DIGEST_SIZE];
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	digest_of(digest, span_of(&saying->raw));
	state.message_id = saying->id;
	state.from = "xf-ca";
	state.to = "xs-ca";
	state.has_number = state.has_size = state.has_sha256 = state.has_transport = state.has_attachments = 1;
	state.number = txn_next(txn, "messages");
	state.size = saying->raw.len;
	state.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, digest };
	state.transport = COMITY__TRANSPORT__VALUE__QUEUED;
	state.attachments = saying->has_attachment;
	struct key key = key_of_message("xf-ca", saying->id);
	txn_put(txn, TABLE_MESSAGES, key_span(&key), span_of(&saying->raw));
	record_keep(txn, TABLE_SEEN, key_span(&key), &state.base);
	outbox_add(saying->world->outbox, txn, &state);
	return saying->fault;
}

static void on_said(struct job *job, enum fault fault)
{
	const struct saying *saying = container_of(job, struct saying, job);
	assert_int_equal(fault, saying->fault);
}

/* Hand it to the scribe, whose job for it ends with this fault. */
static void add(struct world *world, struct saying *saying, bool has_attachment, enum fault fault)
{
	static char sha256[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Attachment attachment = COMITY__ATTACHMENT__INIT, *list = &attachment;
	*saying = (struct saying){ .job = { .write = write_saying, .done = on_said }, .world = world,
		.has_attachment = has_attachment, .fault = fault };
	uuid_new(saying->id);
	attachment.sha256 = sha256;
	message.message_id = saying->id;
	message.n_attachments = has_attachment;
	message.attachments = &list;
	assert_ok(pack(&message.base, &saying->raw));
	scribe_add(world->scribe, &saying->job);
}

/* One message in a manifest of its own. */
static void say_one(struct world *world)
{
	struct saying saying;
	add(world, &saying, false, OK);
	settle(world);
	bytes_clear(&saying.raw);
}

static struct manifest sent(struct world *world, unsigned place)
{
	struct manifest manifest;
	assert_true(place < world->link->manifests);
	assert_ok(manifest_read(span_of(&world->link->said[place].text), &world->ledger.arena, &manifest));
	return manifest;
}

static uint64_t waiting(struct world *world)
{
	READING(&world->ledger, txn);
	uint64_t count = outbox_waiting(&txn, "xs-ca");
	txn_abort(&txn);
	return count;
}

/* ── what is true ─────────────────────────────────────────────────────────────────────────────── */

static void what_leaves_is_what_was_signed_to_the_letter(void **state)
{
	struct world *world = *state;
	struct saying saying[2];
	struct signer *signer;
	come_up(world, 7, 0);
	add(world, &saying[0], true, OK);
	settle(world);
	add(world, &saying[1], false, OK);
	settle(world);
	assert_int_equal(world->link->manifests, 2);
	assert_int_equal(waiting(world), 0);
	assert_ok(signer_new(identity_certificate(freedonia.identity, ROLE_SIGNING), &signer));
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(signature_verify(signer, span_of(&world->link->said[i].text), span_of(&world->link->said[i].signature), NULL));
		assert_true(span_equal(span_of(&world->link->said[i].messages[0]), span_of(&saying[i].raw)));
		assert_int_equal(sent(world, i).number, i + 1);
		assert_int_equal(sent(world, i).purpose, PURPOSE_DISPATCH);
		assert_string_equal(sent(world, i).entries[0].message_id, saying[i].id);
		bytes_clear(&saying[i].raw);
	}
	assert_int_equal(sent(world, 0).count, 2);		/* the attachment has its line, but does not come along */
	assert_int_equal(sent(world, 0).entries[1].index, 1);
	assert_int_equal(sent(world, 0).entries[1].sha256[0], 0xbb);
	assert_int_equal(world->link->messages, 2);
	signer_free(signer);
}

static void what_was_taken_back_is_not_sent(void **state)
{
	struct world *world = *state;
	struct saying saying;
	come_up(world, 7, 0);
	add(world, &saying, false, FAULT_STATUS_TRANSITION);
	settle(world);
	assert_int_equal(world->link->manifests, 0);
	assert_int_equal(waiting(world), 0);
	say_one(world);
	assert_int_equal(sent(world, 0).number, 1);
	bytes_clear(&saying.raw);
}

static void no_more_is_sent_than_the_window_until_it_is_confirmed(void **state)
{
	struct world *world = *state;
	come_up(world, 7, 0);
	for (int i = 0; i < WINDOW + 3; i++)
		say_one(world);
	assert_int_equal(world->link->manifests, WINDOW);
	confirm(world, 1);
	assert_int_equal(world->link->manifests, WINDOW + 1);
	confirm(world, WINDOW + 1);
	assert_int_equal(world->link->manifests, WINDOW + 3);
	for (unsigned i = 0; i < WINDOW + 3; i++)
		assert_int_equal(sent(world, i).number, i + 1);		/* in order, each once */
}

/* It may be late, or a lie: neither opens the window wider, nor narrows it again. */
static void a_confirmation_counts_only_forwards_and_only_for_what_was_sent(void **state)
{
	struct world *world = *state;
	come_up(world, 7, 0);
	for (int i = 0; i < WINDOW + 3; i++)
		say_one(world);
	confirm(world, WINDOW + 1);		/* not sent yet */
	confirm(world, UINT64_MAX);
	confirm(world, 0);
	assert_int_equal(world->link->manifests, WINDOW);
	confirm(world, 5);
	confirm(world, 1);
	say_one(world);
	assert_int_equal(world->link->manifests, WINDOW + 4);
}

static void a_congested_line_is_given_nothing_until_it_has_drained(void **state)
{
	struct world *world = *state;
	come_up(world, 7, 0);
	world->link->is_congested = true;
	say_one(world);
	assert_int_equal(world->link->manifests, 0);
	world->link->is_congested = false;
	outbox_pump(world->outbox, world->link);
	assert_int_equal(world->link->manifests, 1);
}

static void from_where_they_stand_it_goes_on_after_each_reconnection(void **state)
{
	static const struct { uint64_t they_have; unsigned sent; } rows[] = { { 0, 3 }, { 1, 2 }, { 3, 0 }, { 2, 1 } };
	struct world *world = *state;
	come_up(world, 7, 0);
	for (int i = 0; i < 3; i++)
		say_one(world);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		go_down(world);
		come_up(world, 8 + i, rows[i].they_have);
		assert_int_equal(world->link->manifests, rows[i].sent);
		for (unsigned k = 0; k < rows[i].sent; k++)
			assert_int_equal(sent(world, k).number, rows[i].they_have + k + 1);
	}
}

/* The new line is up before the old one's end is heard. */
static void the_end_of_an_old_line_does_not_stop_the_new_one(void **state)
{
	struct world *world = *state;
	come_up(world, 7, 0);
	struct link *old = world->link;
	come_up(world, 8, 0);
	outbox_closed(world->outbox, old);
	struct position position = { .number = 0 };
	outbox_confirmed(world->outbox, old, &position);
	say_one(world);
	assert_int_equal(world->link->manifests, 1);
	assert_int_equal(old->manifests, 0);
	fake_link_free(old);
}

static void what_waited_without_a_line_leaves_when_it_comes_up(void **state)
{
	struct world *world = *state;
	say_one(world);
	say_one(world);
	assert_int_equal(waiting(world), 2);
	come_up(world, 7, 0);
	assert_int_equal(waiting(world), 0);
	assert_int_equal(world->link->manifests, 1);		/* together */
	assert_int_equal(world->link->messages, 2);
}

/* A ledger that lost a message: nothing behind it may overtake it, and nothing falls. */
static void what_cannot_be_found_is_not_passed_over(void **state)
{
	struct world *world = *state;
	struct saying saying;
	come_up(world, 7, 0);
	world->link->is_congested = true;
	add(world, &saying, false, OK);
	settle(world);
	say_one(world);
	struct key key = key_of_message("xf-ca", saying.id);
	WRITING(&world->ledger, txn);
	assert_true(txn_delete(&txn, TABLE_MESSAGES, key_span(&key)));
	assert_ok(ledger_end(&txn, OK));
	world->link->is_congested = false;
	outbox_pump(world->outbox, world->link);
	assert_int_equal(world->link->manifests, 0);
	bytes_clear(&saying.raw);
}

/* As the retention policy does it, to what has its receipt. */
static void destroy(struct world *world, const char *id)
{
	struct key key = key_of_message("xf-ca", id);
	WRITING(&world->ledger, txn);
	Comity__MessageState *state =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &world->ledger.arena);
	assert_non_null(state);
	state->has_receipt = 1;
	state->receipt = 1;
	state->purged_at = "2026-11-23T12:00:00.000Z";
	record_keep(&txn, TABLE_SEEN, key_span(&key), &state->base);
	assert_true(txn_delete(&txn, TABLE_MESSAGES, key_span(&key)));
	assert_ok(ledger_end(&txn, OK));
}

/* The hello of a new line may be older than the receipt that came on the old one. */
static void what_was_destroyed_is_never_said_without_its_messages_and_stops_nothing(void **state)
{
	struct world *world = *state;
	struct saying saying[3];
	come_up(world, 7, 0);
	for (int i = 0; i < 3; i++) {
		add(world, &saying[i], false, OK);
		settle(world);
		bytes_clear(&saying[i].raw);
	}
	destroy(world, saying[0].id);
	destroy(world, saying[1].id);
	go_down(world);
	come_up(world, 8, 0);
	assert_int_equal(world->link->manifests, 1);
	assert_int_equal(sent(world, 0).number, 3);
	assert_int_equal(world->link->messages, 1);
	confirm(world, 3);
	say_one(world);
	assert_int_equal(world->link->manifests, 2);
	assert_int_equal(sent(world, 1).number, 4);
}

/* One signature covered both, so one receipt did: what is left of the manifest is no manifest. */
static void a_manifest_of_which_a_part_was_destroyed_is_passed_over_whole(void **state)
{
	struct world *world = *state;
	struct saying saying[2];
	for (int i = 0; i < 2; i++)
		add(world, &saying[i], false, OK);
	settle(world);
	come_up(world, 7, 0);
	assert_int_equal(world->link->manifests, 1);		/* together */
	destroy(world, saying[1].id);
	go_down(world);
	come_up(world, 8, 0);
	assert_int_equal(world->link->manifests, 0);
	say_one(world);
	assert_int_equal(world->link->manifests, 1);
	assert_int_equal(sent(world, 0).number, 2);
	for (int i = 0; i < 2; i++)
		bytes_clear(&saying[i].raw);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_leaves_is_what_was_signed_to_the_letter),
		TEST(what_was_taken_back_is_not_sent),
		TEST(no_more_is_sent_than_the_window_until_it_is_confirmed),
		TEST(a_confirmation_counts_only_forwards_and_only_for_what_was_sent),
		TEST(a_congested_line_is_given_nothing_until_it_has_drained),
		TEST(from_where_they_stand_it_goes_on_after_each_reconnection),
		TEST(the_end_of_an_old_line_does_not_stop_the_new_one),
		TEST(what_waited_without_a_line_leaves_when_it_comes_up),
		TEST(what_cannot_be_found_is_not_passed_over),
		TEST(what_was_destroyed_is_never_said_without_its_messages_and_stops_nothing),
		TEST(a_manifest_of_which_a_part_was_destroyed_is_passed_over_whole),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
