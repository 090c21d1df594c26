#pragma once
/* How far a transfer, a wait or a work of the daemon's is.  On a terminal a line on stderr that is drawn anew, elsewhere a line every ten
 * seconds; with --json a document on stdout, at most once a second, before the result; nothing with --quiet.  To whoever
 * sends SIGUSR1 it is told at once, on stderr. */
#include "tools/tool.h"

struct progress {
	const struct tool *tool;
	struct client *client;		/* who ticks while nothing comes; NULL: nobody */
	const char *name;		/* of the file, of the message, of the command */
	char command[PATTERN_WORDS_MAX * (PATTERN_NAME_SIZE + 1)];
	enum { PROGRESS_BYTES, PROGRESS_STEPS, PROGRESS_TIME } kind;
	uint64_t total, from, done;	/* bytes: of all, where this run began, and so far */
	Comity__Transport__Value step;	/* how far the message is */
	int64_t began, told;		/* microseconds */
	bool is_terminal, has_line;
};

/* Heed SIGUSR1 from now on: it would end the tool. */
void progress_listen(void);

/* Until progress_end() the client must live, and the progress stay where it is. */
void progress_begin(struct progress *progress, const struct tool *tool, const char *name, uint64_t from, uint64_t total);
void progress_show(struct progress *progress, uint64_t done);
/* Waiting, with this client, for a message to come further. */
void progress_wait(struct progress *progress, const struct tool *tool, struct client *client, const char *message_id);
/* Waiting for the daemon to have done what takes long, which tells nothing meanwhile: for how long, to people. */
void progress_work(struct progress *progress, const struct tool *tool, struct client *client);
void progress_step(struct progress *progress, Comity__Transport__Value step);
void progress_end(struct progress *progress);		/* removes the line */
