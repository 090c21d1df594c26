#pragma once
/* What the files of daemon/control*.c share of the control itself. */
#include "daemon/control_session.h"

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
	bool is_closing;
	void (*closed)(void *owner);
	void *owner;
};

extern const char *const desk_names[DESK_COUNT];

/* A session is gone: when it was the last of a closing control, that is closed. */
void control_forget(struct control *control);
