#pragma once
/* What the files of daemon/control*.c share of the control itself. */
#include "daemon/control/control_session.h"

struct control {
	struct control_rooms rooms;
	struct {
		uv_pipe_t pipe;
		struct control *control;
		char path[108];			/* of sockaddr_un */
		bool is_open;
	} listeners[DESK_COUNT];
	struct session *sessions;		/* the newest first */
	size_t session_count;			/* in that list */
	size_t lingering;			/* these, and those that are not freed yet */
	unsigned open_handles;			/* of listeners */
	int64_t started_at;
	bool is_draining;			/* submissions are refused */
	bool is_closing;
	void (*closed)(void *owner);
	void *owner;
};

/* The control that has these rooms. */
static inline struct control *control_of(const struct control_rooms *rooms)
{
	return container_of((struct control_rooms *)rooms, struct control, rooms);
}

extern const char *const desk_names[DESK_COUNT];

/* A session is gone: when it was the last of a closing control, that is closed. */
void control_forget(struct control *control);

/* For a call that goes on: the peer of that name, whose name is then written as it is and not as it was typed.  Lives in
 * the session's arena.  Faults: peer unknown. */
enum fault control_find_peer(struct session *session, char **name, Comity__Peer **peer) MUST_CHECK;	/* control_peers.c */
