#pragma once
/* What all wires of a loop share, and where they wait for the end of the loop's turn.
 *
 * The buffers and the arena belong to whichever wire is being tended; nothing in them outlives its visit,
 * so that an idle wire costs little.  A wire with something to do puts its errand on the list, and each
 * errand on it is run once before the loop sleeps again: what was said in one turn leaves together, and a
 * wire that keeps itself busy still lets the others have theirs.  Only wire.c looks inside. */
#include <stdbool.h>
#include <uv.h>

#include "proto/arena.h"

enum { EXCHANGE_INPUT_SIZE = 64 << 10 };	/* read at once */

struct errand {
	struct errand *next;
	bool is_listed;
	void (*run)(struct errand *errand);
};

struct exchange {
	uv_loop_t *loop;
	uv_idle_t turn;				/* runs while an errand is listed */
	struct errand *errands;
	size_t wires;
	bool is_closing;
	uint8_t *input;				/* EXCHANGE_INPUT_SIZE */
	struct bytes plaintext, ciphertext;	/* of the wire at hand */
	struct arena arena;			/* of the packet at hand */
	void (*closed)(void *owner);
	void *owner;
};

/* `loop` outlives the exchange.  Faults: no memory. */
enum fault exchange_open(uv_loop_t *loop, struct exchange **exchange) MUST_CHECK;
/* The wires must have been closed or be closing; `closed` (may be NULL) is called when all are gone. */
void exchange_close(struct exchange *exchange, void (*closed)(void *owner), void *owner);

void exchange_enter(struct exchange *exchange);		/* one wire more */
void exchange_leave(struct exchange *exchange);		/* one less */
void exchange_add(struct exchange *exchange, struct errand *errand);	/* again is harmless */
void exchange_remove(struct exchange *exchange, struct errand *errand);
