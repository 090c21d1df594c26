#include "proto/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "proto/stamp.h"

/* From large to small; the first name is the one we write. */
static const struct unit {
	const char *names[5];
	uint64_t worth;
} durations[] = {
	{ { "w", "week", "weeks" }, 7 * 86400000 },
	{ { "d", "day", "days" }, 86400000 },
	{ { "h", "hour", "hours" }, 3600000 },
	{ { "min", "m", "minute", "minutes" }, 60000 },
	{ { "s", "sec", "second", "seconds" }, 1000 },
	{ { "ms" }, 1 },
}, sizes[] = {
	{ { "TiB", "T" }, UINT64_C(1) << 40 },
	{ { "TB" }, 1000000000000 },
	{ { "GiB", "G" }, 1 << 30 },
	{ { "GB" }, 1000000000 },
	{ { "MiB", "M" }, 1 << 20 },
	{ { "MB" }, 1000000 },
	{ { "KiB", "K" }, 1 << 10 },
	{ { "kB" }, 1000 },
	{ { "B", "bytes", "byte" }, 1 },
};

static bool is_unit(const struct unit *unit, struct span word)
{
	for (size_t i = 0; i < ARRAY_LEN(unit->names) && unit->names[i]; i++)
		if (span_is(word, unit->names[i]))
			return true;
	return false;
}

static const struct unit *unit_find(const struct unit *units, size_t count, struct span word)
{
	for (size_t i = 0; i < count; i++)
		if (is_unit(&units[i], word))
			return &units[i];
	return NULL;
}

static bool take_number(const char **text, uint64_t *number)
{
	const char *start = *text;
	*number = 0;
	for (; isdigit((unsigned char)**text); ++*text)
		if (__builtin_mul_overflow(*number, 10, number) || __builtin_add_overflow(*number, **text - '0', number))
			return false;
	return *text > start;
}

static struct span take_word(const char **text)
{
	while (**text == ' ')
		++*text;
	const char *start = *text;
	while (isalpha((unsigned char)**text))
		++*text;
	return (struct span){ (const uint8_t *)start, (size_t)(*text - start) };
}

static enum fault no_duration(const char *text)
{
	return fault_say(FAULT_BAD_DOCUMENT, "\"%.40s\" is not a duration: write it like 10s, 5min, 2h30min or 90d", text);
}

enum fault duration_read(const char *text, int64_t *milliseconds)
{
	const char *rest = text;
	const struct unit *last = NULL;
	uint64_t total = 0, number, part;
	while (*rest) {
		if (!take_number(&rest, &number))
			return no_duration(text);
		const struct unit *unit = unit_find(durations, ARRAY_LEN(durations), take_word(&rest));
		if (!unit && !number && !last && !*rest)
			break;	/* a bare 0 */
		if (!unit || (last && unit <= last)
		    || __builtin_mul_overflow(number, unit->worth, &part) || __builtin_add_overflow(total, part, &total)
		    || total > INT64_MAX)
			return no_duration(text);
		last = unit;
		while (*rest == ' ')
			rest++;
	}
	if (rest == text)
		return no_duration(text);
	*milliseconds = (int64_t)total;
	return OK;
}

void duration_write(char text[UNITS_SIZE], int64_t milliseconds)
{
	uint64_t left = milliseconds > 0 ? (uint64_t)milliseconds : 0;
	size_t used = 0;
	strcpy(text, "0s");
	for (size_t i = 1; i < ARRAY_LEN(durations) && used < UNITS_SIZE; i++) {	/* weeks are read, not written */
		uint64_t number = left / durations[i].worth;
		left %= durations[i].worth;
		if (number)
			used += (size_t)snprintf(text + used, UNITS_SIZE - used, "%" PRIu64 "%s",
				number, durations[i].names[0]);
	}
}

enum fault size_read(const char *text, uint64_t *size_bytes)
{
	const char *rest = text;
	uint64_t number;
	bool has_number = take_number(&rest, &number);
	struct span word = take_word(&rest);
	const struct unit *unit = word.len ? unit_find(sizes, ARRAY_LEN(sizes), word) : &sizes[ARRAY_LEN(sizes) - 1];
	if (!has_number || !unit || *rest || __builtin_mul_overflow(number, unit->worth, size_bytes))
		return fault_say(FAULT_BAD_DOCUMENT, "\"%.40s\" is not a size: write it like 1024, 64 MiB or 16 GiB", text);
	return OK;
}

void size_write(char text[UNITS_SIZE], uint64_t size_bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const struct unit *unit = &sizes[i];
		bool is_binary = (unit->worth & (unit->worth - 1)) == 0 && unit->worth > 1;
		if (!is_binary || size_bytes < unit->worth)
			continue;
		unsigned whole = (unsigned)(size_bytes / unit->worth);
		char tenth[] = { '.', (char)('0' + size_bytes % unit->worth * 10 / unit->worth), 0 };
		snprintf(text, UNITS_SIZE, "%u%s %s", whole, tenth[1] == '0' ? "" : tenth, unit->names[0]);
		return;
	}
	snprintf(text, UNITS_SIZE, "%" PRIu64 " B", size_bytes);
}

static int64_t local_midnight(int64_t stamp, int days)
{
	time_t seconds = (time_t)(stamp / STAMP_SECOND);
	struct tm local;
	localtime_r(&seconds, &local);
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_mday += days;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local) * STAMP_SECOND;
}

/* What the clock on the wall shows, counted as if it were UTC's. */
static int64_t local_time(int64_t shown)
{
	time_t seconds = (time_t)shown;
	struct tm local;
	gmtime_r(&seconds, &local);
	local.tm_isdst = -1;
	return (int64_t)mktime(&local) * STAMP_SECOND;
}

/* "2026-11-20 18:00", with or without seconds. */
static bool local_read(const char *text, int64_t *stamp)
{
	char exact[STAMP_SIZE];
	size_t len = strlen(text);
	if ((len != 16 && len != 19) || !strchr(" T", text[10]))
		return false;
	snprintf(exact, sizeof exact, "%.10sT%s%sZ", text, text + 11, len == 16 ? ":00" : "");
	if (!stamp_read(exact, stamp))
		return false;
	*stamp = local_time(*stamp / STAMP_SECOND);
	return true;
}

enum fault moment_read(const char *text, int64_t *stamp)
{
	int64_t now = stamp_clock(), day, ago;
	if (stamp_read(text, stamp))
		return OK;
	if (date_read(text, &day))
		return *stamp = local_time(day * 86400), OK;
	if (local_read(text, stamp))
		return OK;
	if (!strcmp(text, "now"))
		return *stamp = now, OK;
	if (!strcmp(text, "today") || !strcmp(text, "yesterday"))
		return *stamp = local_midnight(now, *text == 'y' ? -1 : 0), OK;
	if (*text == '-' && !duration_read(text + 1, &ago) && ago < INT64_MAX / 1000)
		return *stamp = now - ago * 1000, OK;
	return fault_say(FAULT_BAD_DOCUMENT,
		"\"%.40s\" is not a time: write it like 2026-11-23T10:12:00+01:00, \"2026-11-23 10:12\", 2026-11-23, yesterday or -3d", text);
}
