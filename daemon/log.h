#pragma once
/* Log lines on stderr: one event, one line, subject first.
 *
 * Levels say what follows from them.  Under a journal (JOURNAL_STREAM is set) a line starts with its
 * syslog priority `<N>`; elsewhere with the time, RFC 3339 UTC.  Whatever a line is made of is made safe
 * for a terminal and for grep: control characters and bidi overrides are escaped.  The same line again
 * within a minute is counted, not written; the count is told when the minute is over and the line comes
 * again.  Never log payloads or keys.  Any thread may log. */
#include <stdbool.h>

#include "proto/fault.h"

enum log_level {
	LEVEL_DEBUG,		/* for us */
	LEVEL_INFO,		/* normal life: a link opened, a case closed */
	LEVEL_UNUSUAL,		/* a peer or the network misbehaved and we coped */
	LEVEL_BROKEN,		/* an operator must act */
	LEVEL_COUNT,
};

/* From here on write lines of this level and above.  The default is LEVEL_INFO. */
void log_set_level(enum log_level level);
/* "debug", "info", "unusual", "broken"; false when the text is none of them. */
bool log_level_read(const char *text, enum log_level *level);
const char *log_level_name(enum log_level level);

void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_unusual(const char *format, ...) PRINTF_LIKE(1, 2);
void log_broken(const char *format, ...) PRINTF_LIKE(1, 2);
/* Lines about the same thing count as the same line, whatever else they say: for what strangers can make us say, with
 * another address each time. */
void log_unusual_about(const char *about, const char *format, ...) PRINTF_LIKE(2, 3);
