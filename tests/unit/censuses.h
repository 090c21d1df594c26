#pragma once
/* A census at work, and what it tells of the requests to us.  NOW, defined before this, is when it is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/law/census.h"
#include "proto/bytes.h"
#include "proto/stamp.h"

#define S(status) COMITY__REQUEST_STATUS__VALUE__##status

struct world {
	struct arena arena;
	struct census *census;
	Comity__Statistics statistics;
};

static inline void begin(struct world *world, Comity__StatisticsOf asked)
{
	int64_t now;
	assert_true(stamp_read(NOW, &now));
	arena_init(&world->arena, 8 << 20);
	assert_int_equal(census_begin(&world->census, &asked, now, &world->arena), OK);
}

static inline const Comity__StatisticsSide *end(struct world *world)
{
	assert_int_equal(census_end(world->census, &world->statistics), OK);
	assert_int_equal(world->statistics.n_sides, 2);
	return world->statistics.sides[1];
}

static inline const Comity__StatisticsCell *cell_of(const Comity__StatisticsSide *side, const char *by, const char *name)
{
	for (size_t i = 0; i < side->n_cells; i++)
		if (!strcmp(side->cells[i]->by, by) && !strcmp(side->cells[i]->name, name))
			return side->cells[i];
	return NULL;
}
