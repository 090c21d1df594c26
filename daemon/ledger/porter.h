#pragma once
/* The thread that carries bulk to and from the disk, so that the loop never waits for a file.
 *
 * Errands are run one after the other.  Those of one lane run in the order in which they were
 * added: what is begun, appended and finished in this order happens in this order.  The lanes take
 * turns, an errand each, so that whoever brings much does not hold up whoever brings little.  The
 * porter knows nothing of what the errands do.
 */
#include <uv.h>

#include "daemon/ledger/worker.h"

/* Whose errands they are: embedded, zero-initialised, in whoever has many of them.  It may go when
 * none of them is outstanding. */
struct lane {
	struct lane *next;
	struct errand *first, *last;		/* those that are not in the porter's hands yet */
};

/* One errand: embedded in what it belongs to, found again by container_of. */
struct errand {
	struct task task;			/* the porter's own */
	struct errand *next;			/* the porter's own */
	struct lane *lane;			/* NULL: that of all who have none */
	void (*work)(struct errand *errand);	/* on the porter's thread */
	void (*done)(struct errand *errand);	/* on the loop's thread; the errand is yours again */
	size_t bytes;				/* that it carries: backlog until it is done */
};

struct porter;

/* Faults: no memory, io. */
enum fault porter_open(uv_loop_t *loop, struct porter **porter) MUST_CHECK;
void porter_add(struct porter *porter, TAKES struct errand *errand);
/* What the errands carry that are not done: stop reading from whoever brings more when it is high. */
size_t porter_backlog_bytes(const struct porter *porter);
/* May an errand with that many bytes be added without passing PORTER_BACKLOG_MAX?  One may always. */
bool porter_has_room(const struct porter *porter, size_t bytes);
enum { PORTER_BACKLOG_MAX = 8 << 20 };
/* Run what waits, then stop; `closed`, which may be NULL, is called on the loop at the very end. */
void porter_close(struct porter *porter, void (*closed)(void *owner), void *owner);
