#pragma once
/* What the two files of the wire share: what is said, and its life (wire.c), and what is heard (wire_in.c).  Nobody else
 * includes this. */
#include <uv.h>

#include "daemon/line/socket.h"
#include "daemon/line/exchange.h"
#include "daemon/line/wire.h"
#include "daemon/line/wire_queue.h"

enum stage {
	STAGE_SPEAKING,
	STAGE_ENDING,		/* what was said still leaves, nothing is heard any more */
	STAGE_LINGERING,	/* all has left; waiting for the other side's end */
	STAGE_GONE,		/* the handles are closing */
};

struct wire {
	struct exchange *exchange;
	struct errand errand;		/* tend() at the end of the turn */
	bool is_ready, is_paused, is_writing, is_told;
	enum stage stage;
	uv_tcp_t *tcp;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	int open_handles;
	struct tls *tls;
	const struct wire_listener *listener;
	void *owner;
	struct bytes heard;		/* frames that are not whole, or wait for wire_resume() */
	struct berth berth;		/* for the memory they take */
	uint64_t claimed_at;		/* granted */
	struct queues queues;		/* frames that wait to be sealed */
	struct bytes sending;		/* ciphertext of the write under way */
	struct unsent unsent;		/* what of all this waits to leave */
	size_t limit;
	uint64_t heard_at, keyed_at;
	enum fault why;
	char detail[256], address[ENDPOINT_ADDRESS_SIZE];
};

/* wire.c */
void wire_make_busy(struct wire *wire);			/* it is tended at the end of the turn */
void wire_settle(struct wire *wire, enum fault fault);	/* a fault closes it */

/* wire_in.c */
/* The only place that decides whether it is read.  One that ends always is: the other side's end must be seen. */
void wire_listen(struct wire *wire);
/* Take in what was read before and may be heard now. */
void wire_take_heard(struct wire *wire);
void wire_on_granted(struct berth *berth);
