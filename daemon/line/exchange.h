#pragma once
/* What all wires of a loop share, and where they wait for the end of the loop's turn.
 *
 * The buffers and the arena belong to whichever wire is being tended; nothing in them outlives its visit,
 * so that an idle wire costs little.  A wire with something to do puts its errand on the list, and each
 * errand on it is run once before the loop sleeps again: what was said in one turn leaves together, and a
 * wire that keeps itself busy still lets the others have theirs.  Only wire.c looks inside. */
#include <stdbool.h>
#include <uv.h>

#include "daemon/line/budget.h"
#include "proto/arena.h"

enum {
	EXCHANGE_INPUT_SIZE = 64 << 10,		/* read at once */
	EXCHANGE_SHORT_SIZE = 16 << 10,		/* the same while some wait for memory */
	EXCHANGE_UNSENT_SHORT = 4 << 20,	/* bytes that wait to leave, of all wires: from here on each has little */
	EXCHANGE_UNSENT_MAX = 16 << 20,		/* and beyond this one of them is given up */
};

struct errand {
	struct errand *next;
	bool is_listed;
	void (*run)(struct errand *errand);
};

/* What waits in a wire to leave. */
struct unsent {
	struct unsent *next;
	size_t bytes;
	uint64_t stuck_since;			/* the peer reads no more since then; 0: it does */
	void (*unread)(struct unsent *unsent);	/* too much waits, and this peer has not read for longest: hang up */
};

struct exchange {
	uv_loop_t *loop;
	uv_idle_t turn;				/* runs while an errand is listed */
	struct errand *errands;
	struct unsent *wires;
	size_t unsent;				/* bytes, of all of them */
	bool is_closing;
	uint8_t *input;				/* EXCHANGE_INPUT_SIZE */
	struct bytes plaintext, ciphertext;	/* of the wire at hand */
	struct arena arena;			/* of the packet at hand */
	struct budget budget;			/* for frames that are not whole */
	void (*closed)(void *owner);
	void *owner;
};

/* `loop` outlives the exchange.  Faults: no memory. */
enum fault exchange_open(uv_loop_t *loop, struct exchange **exchange) MUST_CHECK;
/* The wires must have been closed or be closing; `closed` (may be NULL) is called when all are gone. */
void exchange_close(struct exchange *exchange, void (*closed)(void *owner), void *owner);

void exchange_enter(struct exchange *exchange, struct unsent *unsent);	/* one wire more */
void exchange_leave(struct exchange *exchange, struct unsent *unsent);	/* one less */
/* So much waits in that wire now.  May call `unread`, of any. */
void exchange_count(struct exchange *exchange, struct unsent *unsent, size_t bytes);
bool exchange_is_short(const struct exchange *exchange);
void exchange_add(struct exchange *exchange, struct errand *errand);	/* again is harmless */
void exchange_remove(struct exchange *exchange, struct errand *errand);
