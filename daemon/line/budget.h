#pragma once
/* The memory in which frames gather that are not whole yet, of all wires together.
 *
 * A small frame may gather at any time.  For a larger one its wire claims what the whole frame will take, and is not read
 * while it waits for that: the other side's own queue holds the rest.  Claims are granted in the order in which they were
 * made, so that many that stay half-sent, however large, do not pass one that came before; and the first of all always is,
 * whatever its size, so that somebody goes on.  No uv, no wires: numbers in, a decision out. */
#include <stdbool.h>
#include <stddef.h>

enum {
	BUDGET_ALL = 8 << 20,		/* of all claims */
	BUDGET_FREE = 16 << 10,		/* what gathers without one, of each wire */
};

/* Embedded, zero-initialised, in whoever gathers. */
struct berth {
	struct berth *next;		/* that waits behind this one */
	size_t size;
	bool waits, is_held;
	void (*granted)(struct berth *berth);	/* after it waited; makes no claim itself */
};

struct budget {
	size_t held;
	struct berth *first;		/* that waits */
};

/* May a frame of that size gather?  False: not yet, `granted` tells when.  Asked again it is the same claim, as long as it
 * is no larger; a larger one begins anew, behind those that wait. */
bool budget_claim(struct budget *budget, struct berth *berth, size_t size);
/* It is done with, waited for or not; again is harmless. */
void budget_release(struct budget *budget, struct berth *berth);
/* Does anybody wait? */
bool budget_is_short(const struct budget *budget);
