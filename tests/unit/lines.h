#pragma once
/* A world of lines for tests: authorities with real keys, each with a real `peers`, in one loop over the
 * loopback addresses.  Nothing sleeps: the loop turns until what is awaited is so, or the test fails. */
#include <uv.h>

#include "certs/context.h"
#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "tests/unit/authorities.h"

enum { TOO_LONG_MS = 20000 };

static uv_loop_t loop;
static struct authority freedonia, sylvania, stranger;	/* in the order of their ids */

/* What one side has and what it heard from its peers. */
struct side {
	const struct authority *authority;
	struct trust *trust;
	struct context *context;
	struct peers *peers;
	struct link *link;		/* open, or NULL */
	unsigned opened, closed, refused, drained, clocks;
	int64_t ahead_us;		/* as it was told last */
	enum fault closed_why, refused_why, compare_with;
	enum line_proof refused_proof;
	char refused_peer[40], refused_detail[256];
	struct hello hello;		/* without its texts */
	struct position sent, received;	/* for our hello */
	unsigned manifests, messages, confirms, fetches, missing;
	struct bytes text, signature, message, missing_reason;
	struct position confirmed;
	struct fetch fetch;
	uint32_t stream, card_serial, card_held;
	uint64_t bulk_bytes, bulk_next;
	bool is_bulk_in_order, is_closed;
	void (*on_drained)(struct side *side, struct link *link);
};

static int64_t later;	/* than noon: the clock that certificates are judged by */
static inline int64_t noon(void) { return NOON + later; }

static inline void take(struct bytes *to, struct span from)
{
	to->len = 0;
	assert_ok(bytes_append(to, from));
}

static inline void hear_introduce(void *owner, const char *peer, struct hello *ours)
{
	struct side *side = owner;
	(void)peer;
	ours->sent = side->sent;
	ours->received = side->received;
	ours->card_serial = side->card_serial;
	ours->card_held = side->card_held;
}

static inline enum fault hear_compare(void *owner, const char *peer, const struct hello *theirs)
{
	struct side *side = owner;
	assert_string_equal(peer, theirs->authority);
	side->hello = *theirs;
	return side->compare_with ? fault_say(side->compare_with, "as the test wants it") : OK;
}

static inline void hear_opened(void *owner, struct link *link)
{
	struct side *side = owner;
	assert_null(side->link);	/* above, a peer has at most one link */
	side->link = link;
	side->opened++;
	assert_ptr_equal(peers_find_link(side->peers, link_peer(link)), link);
	assert_ptr_equal(peers_find_link_by_id(side->peers, link_id(link)), link);
}

static inline void hear_closed(void *owner, struct link *link, enum fault why)
{
	struct side *side = owner;
	assert_ptr_equal(side->link, link);
	side->link = NULL;
	side->closed++;
	side->closed_why = why;
}

static inline void hear_refused(void *owner, const char *peer, enum line_proof proof, const char *address, enum fault why,
	const char *detail)
{
	struct side *side = owner;
	assert_non_null(address);
	side->refused++;
	side->refused_why = why;
	side->refused_proof = proof;
	snprintf(side->refused_peer, sizeof side->refused_peer, "%s", peer);
	snprintf(side->refused_detail, sizeof side->refused_detail, "%s", detail);
}

static inline void hear_clock(void *owner, const char *peer, int64_t ahead_us)
{
	struct side *side = owner;
	(void)peer;
	side->clocks++;
	side->ahead_us = ahead_us;
}

static inline void hear_manifest(struct side *side, const struct signed_manifest *manifest)
{
	side->manifests++;
	side->messages += manifest->message_count;
	take(&side->text, manifest->text);
	take(&side->signature, manifest->signature);
	if (manifest->message_count)
		take(&side->message, manifest->messages[manifest->message_count - 1]);
}

static inline void hear_missing(struct side *side, const struct missing *missing)
{
	side->missing++;
	side->stream = missing->stream;
	take(&side->missing_reason, span_of_text(missing->reason));
}

static inline void hear(void *owner, struct link *link, const struct packet *packet)
{
	struct side *side = owner;
	assert_ptr_equal(side->link, link);
	side->confirms += packet->kind == PACKET_CONFIRM;
	side->fetches += packet->kind == PACKET_FETCH;
	if (packet->kind == PACKET_MANIFEST)
		hear_manifest(side, &packet->manifest);
	if (packet->kind == PACKET_CONFIRM)
		side->confirmed = packet->confirm.received;
	if (packet->kind == PACKET_FETCH)
		side->fetch = packet->fetch;
	if (packet->kind == PACKET_MISSING)
		hear_missing(side, &packet->missing);
}

static inline void hear_bulk(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	struct side *side = owner;
	(void)link;
	if (offset != side->bulk_next)
		side->is_bulk_in_order = false;
	side->stream = stream;
	side->bulk_next = offset + data.len;
	side->bulk_bytes += data.len;
}

static inline void hear_drained(void *owner, struct link *link)
{
	struct side *side = owner;
	side->drained++;
	if (side->on_drained)
		side->on_drained(side, link);
}

static const struct peers_listener side_listener = {
	.introduce = hear_introduce, .compare = hear_compare, .opened = hear_opened, .closed = hear_closed,
	.refused = hear_refused, .clock = hear_clock, .heard = hear, .bulk = hear_bulk, .drained = hear_drained,
};

/* ── turning the loop ────────────────────────────────────────────────────────────────────────────── */

static inline void on_too_long(uv_timer_t *timer) { *(bool *)timer->data = true; }
static inline void on_timer_gone(uv_handle_t *handle) { *(bool *)handle->data = true; }

/* Turn the loop until the condition holds; fail when it takes too long. */
#define until(condition) do { \
	bool is_too_long = false, is_gone = false; \
	uv_timer_t guard_; \
	uv_timer_init(&loop, &guard_); \
	guard_.data = &is_too_long; \
	uv_timer_start(&guard_, on_too_long, TOO_LONG_MS, 0); \
	while (!(condition) && !is_too_long) \
		uv_run(&loop, UV_RUN_ONCE); \
	guard_.data = &is_gone; \
	uv_close((uv_handle_t *)&guard_, on_timer_gone); \
	while (!is_gone) \
		uv_run(&loop, UV_RUN_NOWAIT); \
	if (is_too_long) \
		fail_msg("line %d: never came: %s", __LINE__, #condition); \
} while (0)

/* ── sides ───────────────────────────────────────────────────────────────────────────────────────── */

static inline const char *id_of(const struct authority *authority) { return identity_authority(authority->identity); }

static inline void trust_in(struct side *side, const struct authority *other, enum standing standing)
{
	assert_ok(trust_set_peer(side->trust, id_of(other), identity_certificate(other->identity, ROLE_IDENTITY), standing));
}

/* A side that listens on `listen` (NULL: on nothing), with pauses and patience fit for tests. */
static inline void side_open(struct side *side, const struct authority *authority, const char *listen,
	const struct peers_settings *wanted)
{
	*side = (struct side){ .authority = authority, .is_bulk_in_order = true };
	side->trust = trust_new();
	assert_non_null(side->trust);
	assert_ok(context_new(authority->identity, side->trust, noon, &side->context));
	struct peers_settings settings = wanted ? *wanted : (struct peers_settings){ 0 };
	settings.listen = &listen;
	settings.listen_count = listen ? 1 : 0;
	settings.software = "test";
	if (!settings.backoff_ms)
		settings.backoff_ms = 20;
	assert_ok(peers_open(&loop, &settings, side->context, id_of(authority), &side_listener, side, &side->peers));
}

static inline void on_side_closed(void *owner) { ((struct side *)owner)->is_closed = true; }

static inline void side_close(struct side *side)
{
	peers_close(side->peers, on_side_closed);
	until(side->is_closed);
	assert_null(side->link);	/* `closed` was told */
	assert_null(peers_find_link_by_id(side->peers, 1));	/* whoever still asks finds none */
	peers_free(side->peers);
	context_free(side->context);
	trust_free(side->trust);
	bytes_clear(&side->text);
	bytes_clear(&side->signature);
	bytes_clear(&side->message);
	bytes_clear(&side->missing_reason);
}

static inline void endpoint_of(char text[64], const struct side *side, const char *host)
{
	snprintf(text, 64, "%s:%u", host, peers_port(side->peers, 0));
}

/* `side` may be called by the other and, when it listens on `host`, calls it. */
static inline void knows(struct side *side, const struct side *other, const char *host)
{
	char endpoint[64];
	const char *endpoints[] = { endpoint };
	trust_in(side, other->authority, STANDING_VERIFIED);
	if (host)
		endpoint_of(endpoint, other, host);
	assert_ok(peers_set(side->peers, id_of(other->authority), endpoints, host ? 1 : 0));
}

static inline int world_open(void **state)
{
	(void)state;
	log_set_level(LEVEL_BROKEN);
	assert_int_equal(uv_loop_init(&loop), 0);
	freedonia = authority_new("xf-ca");
	sylvania = authority_new("xs-ca");
	stranger = authority_new("xx-ca");
	return 0;
}

static inline int world_close(void **state)
{
	(void)state;
	authority_free(&freedonia);
	authority_free(&sylvania);
	authority_free(&stranger);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}
