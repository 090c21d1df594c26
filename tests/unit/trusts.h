#pragma once
/* A world for tests of trust: xf-ca, which looks at xs-ca and judges what is shown to it. */
#include "authorities.h"
#include "certs/issue.h"
#include "certs/trust.h"

struct world {
	struct authority freedonia, sylvania;	/* xf-ca looks at xs-ca */
	struct trust *trust;
};

static inline struct span identity_of(const struct authority *authority)
{
	return identity_certificate(authority->identity, ROLE_IDENTITY);
}

static inline int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	world->sylvania = authority_new("xs-ca");
	world->trust = trust_new();
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED));
	*state = world;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *world = *state;
	trust_free(world->trust);
	authority_free(&world->freedonia);
	authority_free(&world->sylvania);
	free(world);
	return 0;
}

/* Judge a leaf and what stands above it, as a channel, at noon, expecting nobody, unless told otherwise. */
struct case_ {
	struct span chain[4];
	size_t count;
	enum usage usage;
	const char *expected;
	int64_t later;
};

static char peer[AUTHORITY_ID_SIZE];

static inline enum fault judge(const struct world *world, struct case_ *kase)
{
	struct claim claim = { kase->chain, kase->count, kase->usage, kase->expected, NOON + kase->later };
	return trust_judge(world->trust, &claim, peer);
}

static inline struct case_ shown_by(const struct authority *authority, enum role leaf)
{
	return (struct case_){
		.chain = {
			identity_certificate(authority->identity, leaf),
			identity_certificate(authority->identity, ROLE_DELEGATION),
			identity_of(authority),
		},
		.count = 2,
	};
}

static inline void assert_detail(enum fault fault, const char *words)
{
	if (!strstr(fault_detail(fault), words))
		fail_msg("\"%s\" does not say \"%s\"", fault_detail(fault), words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
