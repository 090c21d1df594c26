#pragma once
/* One client at a control socket: its frames, one call at a time, and back-pressure both ways.  Only the files of
 * daemon/control*.c include this.
 *
 * While a call is in hand nothing further is read, except by an upload, and by a watch (which must notice the end).
 * A session ends at once, and is freed when nobody works for it any more: session_hold(), session_release().
 */
#include "daemon/control/control.h"
#include "proto/arena.h"
#include "proto/control.pb-c.h"
#include "proto/frame.h"

enum desk { DESK_ADMIN, DESK_OFFICER, DESK_INTEGRATOR, DESK_AUDITOR, DESK_MONITOR, DESK_COUNT };
#define AT(desk) (1u << (desk))

enum {
	SESSION_ARENA = 64 << 20,	/* memory that one call may take, its reply included */
	SESSION_QUEUE_HIGH = 512 << 10,	/* from here on nothing is added to what a client does not read */
};

struct session;

/* What a call that goes on makes of its session: an upload, a download, a watch. */
struct pursuit {
	/* A bulk frame came; NULL when this pursuit wants none. */
	void (*bulk)(struct session *session, const struct frame *frame);
	/* May more be read from the client now?  NULL: no. */
	bool (*wants_more)(struct session *session);
	/* What was written has drained below the mark; may be NULL. */
	void (*drained)(struct session *session);
	/* The ledger has grown; may be NULL. */
	void (*announced)(struct session *session);
	/* The session ends: let go of everything.  Runs once; a session that is held lives until its release. */
	void (*ended)(struct session *session);
};

struct session {
	struct control *control;
	struct session *next, *previous;
	uv_pipe_t pipe;
	enum desk desk;
	uint32_t uid;
	struct bytes in;			/* come, and not yet cut into frames */
	struct bytes packed;			/* the call in hand */
	uint32_t call_id;
	bool is_busy;				/* a call is in hand */
	bool is_reading, is_hearing, has_hung_up, is_closing, is_gone;
	uint32_t swallowed;			/* bulk of this refused upload is on its way still; 0: none */
	unsigned holds;
	int64_t heard_at;
	struct arena arena;			/* of the call in hand; a job's while one is under way */
	Comity__Call *call;			/* the call in hand, in the arena; NULL during a job */
	const struct pursuit *pursuit;		/* NULL, or the state is: */
	void *state;
};

/* Take a connection that waits at this listening pipe. */
void session_accept(struct control *control, uv_stream_t *listener, enum desk desk);
void session_close(struct session *session);		/* again is harmless */
void session_hold(struct session *session);
void session_release(struct session *session);		/* may free it */

/* Send a reply to the call in hand.  `more`: others follow; else the call is over, and the arena is emptied. */
void session_reply(struct session *session, Comity__Reply *reply, bool more);
/* The same with an error made of the fault and its detail. */
void session_refuse(struct session *session, enum fault fault);
/* And with all that is wrong with a document. */
void session_refuse_document(struct session *session, enum fault fault, Comity__Problem **problems, size_t count);
/* Send a piece of an attachment in answer to the call in hand. */
void session_send_bulk(struct session *session, uint64_t offset, struct span data);
bool session_is_congested(const struct session *session);
/* Read on, or stop reading, whichever is right now. */
void session_go_on(struct session *session);
