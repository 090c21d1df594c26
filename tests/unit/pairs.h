#pragma once
/* Two authorities that verified one another, and the line between them. */
#include "tests/unit/lines.h"

#define HOST "127.0.0.1"

struct pair { struct side f, s; };	/* Freedonia and Sylvania, which verified one another */

static inline void pair_open(struct pair *pair, const char *f_listens, const char *s_listens)
{
	side_open(&pair->f, &freedonia, f_listens, NULL);
	side_open(&pair->s, &sylvania, s_listens, NULL);
}

/* Sylvania listens, Freedonia calls, the line is open. */
static inline void pair_join(struct pair *pair)
{
	pair_open(pair, NULL, HOST ":0");
	knows(&pair->s, &pair->f, NULL);
	knows(&pair->f, &pair->s, HOST);
	until(pair->f.link && pair->s.link);
}

static inline void pair_close(struct pair *pair)
{
	side_close(&pair->f);
	side_close(&pair->s);
}
