#include "daemon/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "proto/stamp.h"
#include "proto/text.h"

enum { LINE_MAX_BYTES = 1024, RECENT_LINES = 64, QUIET_SECONDS = 60 };

static const struct level {
	const char *name;
	int priority;		/* syslog(3): err, warning, info, debug */
} levels[LEVEL_COUNT] = {
	[LEVEL_DEBUG]   = { "debug",   7 },
	[LEVEL_INFO]    = { "info",    6 },
	[LEVEL_UNUSUAL] = { "unusual", 4 },
	[LEVEL_BROKEN]  = { "broken",  3 },
};

/* A line that was written within the last minute; a slot is shared by the lines whose hash falls on it. */
struct recent {
	uint64_t hash;
	time_t written_at;
	unsigned repeats;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct recent recents[RECENT_LINES];
static _Atomic enum log_level threshold = LEVEL_INFO;

static uint64_t hash_of(const char *text)	/* FNV-1a */
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return hash;
}

static time_t seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + 1;	/* never 0, which is an empty slot */
}

/* Was this line written just now?  *repeats is how often it was swallowed since it was written last. */
static bool is_repeat(const char *line, unsigned *repeats)
{
	uint64_t hash = hash_of(line);
	struct recent *recent = &recents[hash % RECENT_LINES];
	time_t now = seconds_now();
	bool is_same = recent->written_at && recent->hash == hash;
	*repeats = is_same ? recent->repeats : 0;
	if (is_same && now - recent->written_at < QUIET_SECONDS) {
		recent->repeats++;
		return true;
	}
	*recent = (struct recent){ .hash = hash, .written_at = now };
	return false;
}

static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	return stream && *stream;
}

/* One write, so that lines of several threads and processes do not mix. */
static void write_line(enum log_level level, const char *line, unsigned repeats)
{
	char head[STAMP_SIZE + 16], tail[48] = "", whole[LINE_MAX_BYTES + sizeof head + sizeof tail];
	if (is_journal()) {
		snprintf(head, sizeof head, "<%d>", levels[level].priority);
	} else {
		char stamp[STAMP_SIZE];
		stamp_now(stamp);
		snprintf(head, sizeof head, "%s %-7s ", stamp, levels[level].name);
	}
	if (repeats)
		snprintf(tail, sizeof tail, " (repeated %u times)", repeats);
	int length = snprintf(whole, sizeof whole, "%s%s%s\n", head, line, tail);
	ssize_t written = write(STDERR_FILENO, whole, (size_t)length);
	(void)written;	/* there is nobody left to tell */
}

/* `about` NULL: the line itself. */
static void log_say(enum log_level level, const char *about, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void log_say(enum log_level level, const char *about, const char *format, va_list arguments)
{
	if (level < threshold)
		return;
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	vsnprintf(raw, sizeof raw, format, arguments);
	text_excerpt(line, sizeof line, span_of_text(raw));

	pthread_mutex_lock(&mutex);
	unsigned repeats;
	if (!is_repeat(about ? about : line, &repeats))
		write_line(level, line, repeats);
	pthread_mutex_unlock(&mutex);
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_level_read(const char *text, enum log_level *level)
{
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (strcmp(text, levels[i].name))
			continue;
		*level = (enum log_level)i;
		return true;
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

#define LOG_AT(level, about) do { \
	va_list arguments; \
	va_start(arguments, format); \
	log_say(level, about, format, arguments); \
	va_end(arguments); \
} while (0)

void log_debug(const char *format, ...)   { LOG_AT(LEVEL_DEBUG, NULL); }
void log_info(const char *format, ...)    { LOG_AT(LEVEL_INFO, NULL); }
void log_unusual(const char *format, ...) { LOG_AT(LEVEL_UNUSUAL, NULL); }
void log_broken(const char *format, ...)  { LOG_AT(LEVEL_BROKEN, NULL); }
void log_unusual_about(const char *about, const char *format, ...) { LOG_AT(LEVEL_UNUSUAL, about); }
