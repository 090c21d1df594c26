#pragma once
/* For tests of TLS: authorities that trust one another, and two engines joined by memcpy. */
#include "certs/openssl.h"
#include "certs/tls.h"
#include "tests/unit/authorities.h"

static int64_t clock_now = NOON;

static inline int64_t tell(void)
{
	return clock_now;
}

/* An authority with what it trusts. */
struct side {
	struct authority authority;
	struct trust *trust;
	struct context *context;
};

struct world {
	struct side freedonia, sylvania;
};

static inline struct side side_new(const char *id)
{
	struct side side = { .authority = authority_new(id), .trust = trust_new() };
	assert_ok(context_new(side.authority.identity, side.trust, tell, &side.context));
	return side;
}

static inline void side_free(struct side *side)
{
	context_free(side->context);
	trust_free(side->trust);
	authority_free(&side->authority);
}

static inline void know(struct side *side, const struct side *other, enum standing standing)
{
	const struct identity *identity = other->authority.identity;
	assert_ok(trust_set_peer(side->trust, identity_authority(identity), identity_certificate(identity, ROLE_IDENTITY),
				 standing));
}

static inline int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	clock_now = NOON;
	world->freedonia = side_new("xf-ca");
	world->sylvania = side_new("xs-ca");
	know(&world->freedonia, &world->sylvania, STANDING_VERIFIED);
	know(&world->sylvania, &world->freedonia, STANDING_VERIFIED);
	*state = world;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *world = *state;
	side_free(&world->freedonia);
	side_free(&world->sylvania);
	free(world);
	return 0;
}

/* Two engines joined by memcpy. */
struct end {
	struct tls *tls;
	struct bytes heard;
	enum fault fault;
	char detail[256];
};

struct ends {
	struct end caller, callee;
	size_t step;		/* bytes handed over at once */
};

static inline struct ends join(const struct side *caller, const struct side *callee, const char *expected)
{
	struct ends ends = { .step = SIZE_MAX };
	assert_ok(tls_new(caller->context, TLS_CALLER, expected, &ends.caller.tls));
	assert_ok(tls_new(callee->context, TLS_CALLEE, NULL, &ends.callee.tls));
	return ends;
}

static inline bool carry(struct end *from, struct end *to, size_t step)
{
	struct bytes line = { 0 };
	assert_ok(tls_drain(from->tls, &line));
	bool is_news = line.len > 0;
	for (size_t at = 0; at < line.len && !to->fault;) {
		size_t len = line.len - at < step ? line.len - at : step;
		to->fault = tls_feed(to->tls, (struct span){ line.at + at, len }, &to->heard);
		if (to->fault)
			snprintf(to->detail, sizeof to->detail, "%s", fault_detail(to->fault));
		at += len;
	}
	bytes_clear(&line);
	return is_news;
}

/* Carry bytes both ways until all is quiet. */
static inline void settle(struct ends *ends)
{
	bool is_news = true;
	while (is_news) {
		is_news = carry(&ends->caller, &ends->callee, ends->step);
		is_news |= carry(&ends->callee, &ends->caller, ends->step);
	}
}

static inline void part(struct ends *ends)
{
	for (int i = 0; i < 2; i++) {
		struct end *end = i ? &ends->callee : &ends->caller;
		tls_free(end->tls);
		bytes_clear(&end->heard);
	}
}

static inline void assert_heard(struct end *end, struct span expected)
{
	assert_int_equal(end->heard.len, expected.len);
	if (expected.len)
		assert_memory_equal(end->heard.at, expected.at, expected.len);
	end->heard.len = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
