#include "proto/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/zone_rule.h"

/* Far above all that tzdata has: its largest file tells 236 changes in under 4 KiB. */
enum { FILE_MAX = 64 << 10, CHANGES_MAX = 4096, HEADER_SIZE = 44, TYPE_SIZE = 6 };

struct zone {
	struct zone *next;
	char name[ZONE_NAME_MAX + 1];
	struct zone_rule rule;			/* after the last change */
	int32_t first;				/* before the first one */
	size_t count;
	struct change {
		int64_t at;			/* seconds since 1970 */
		int32_t offset;
	} changes[];
};

/* ── a file ───────────────────────────────────────────────────────────────────────────────────────── */

struct header {
	unsigned version;
	size_t is_ut, is_standard, leaps, times, types, letters;
};

static uint64_t number(const uint8_t *at, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

static bool take(struct span *file, size_t size, const uint8_t **at)
{
	if (file->len < size)
		return false;
	*at = file->at;
	*file = (struct span){ file->at + size, file->len - size };
	return true;
}

static bool take_header(struct span *file, struct header *header)
{
	const uint8_t *at;
	if (!take(file, HEADER_SIZE, &at) || memcmp(at, "TZif", 4))
		return false;
	size_t *const counts[] = { &header->is_ut, &header->is_standard, &header->leaps, &header->times, &header->types, &header->letters };
	header->version = at[4];
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if ((*counts[i] = (size_t)number(at + 20 + 4 * i, 4)) > CHANGES_MAX)
			return false;
	return header->types > 0;
}

/* The block that follows the header, with times of so many bytes. */
static size_t block_size(const struct header *header, size_t time_size)
{
	return header->times * (time_size + 1) + header->types * TYPE_SIZE + header->letters + header->leaps * (time_size + 4)
		+ header->is_standard + header->is_ut;
}

static bool is_offset(int32_t offset)
{
	return offset > -26 * 3600 && offset < 26 * 3600;	/* RFC 9636 3.2 */
}

/* What each type of local time is ahead of UTC. */
static bool read_changes(struct zone *zone, const struct header *header, const uint8_t *block)
{
	const uint8_t *kinds = block + header->times * 8, *types = kinds + header->times;
	zone->first = (int32_t)number(types, 4);
	zone->count = header->times;
	for (size_t i = 0; i < zone->count; i++) {
		struct change *change = &zone->changes[i];
		if (kinds[i] >= header->types)
			return false;
		change->at = (int64_t)number(block + i * 8, 8);
		change->offset = (int32_t)number(types + (size_t)kinds[i] * TYPE_SIZE, 4);
		if (!is_offset(change->offset) || (i && change->at <= change[-1].at))
			return false;
	}
	return is_offset(zone->first);
}

static bool read_rule(struct zone *zone, struct span footer)
{
	char text[128];
	if (footer.len < 2 || footer.len - 2 >= sizeof text || footer.at[0] != '\n' || footer.at[footer.len - 1] != '\n')
		return false;
	snprintf(text, sizeof text, "%.*s", (int)footer.len - 2, (const char *)footer.at + 1);
	if (*text)
		return zone_rule_read(&zone->rule, text);
	zone->rule.standard = zone->count ? zone->changes[zone->count - 1].offset : zone->first;
	return true;
}

struct zone *zone_read(const char *name, struct span file)
{
	struct header header;
	const uint8_t *block;
	if (!take_header(&file, &header) || header.version < '2' || !take(&file, block_size(&header, 4), &block)
	    || !take_header(&file, &header) || header.leaps || !take(&file, block_size(&header, 8), &block))
		return NULL;
	struct zone *zone = calloc(1, sizeof *zone + header.times * sizeof zone->changes[0]);
	if (!zone)
		return NULL;
	snprintf(zone->name, sizeof zone->name, "%s", name);
	if (read_changes(zone, &header, block) && read_rule(zone, file))
		return zone;
	free(zone);
	return NULL;
}

/* ── the system's database ────────────────────────────────────────────────────────────────────────── */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *known;

/* Parts between slashes that begin with a capital: no way leads out of the directory, and each zone has few names. */
static bool is_name(const char *name)
{
	bool begins = true;
	size_t len = strlen(name);
	for (const char *at = name; *at; at++) {
		bool is_capital = *at >= 'A' && *at <= 'Z', is_letter = is_capital || (*at >= 'a' && *at <= 'z');
		bool is_other = (*at >= '0' && *at <= '9') || *at == '_' || *at == '-' || *at == '+';
		if (begins ? !is_capital : !is_letter && !is_other && *at != '/')
			return false;
		begins = *at == '/';
	}
	return len && len <= ZONE_NAME_MAX && !begins;
}

static struct zone *load(const char *name)
{
	char path[ZONE_NAME_MAX + 32];
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	FILE *file = fopen(path, "re");
	uint8_t *content = file ? malloc(FILE_MAX) : NULL;
	size_t len = content ? fread(content, 1, FILE_MAX, file) : 0;
	struct zone *zone = len && len < FILE_MAX ? zone_read(name, (struct span){ content, len }) : NULL;
	free(content);
	if (file)
		fclose(file);
	return zone;
}

const struct zone *zone_find(const char *name)
{
	struct zone *zone;
	if (!name || !is_name(name))
		return NULL;
	pthread_mutex_lock(&lock);
	for (zone = known; zone && strcmp(zone->name, name);)
		zone = zone->next;
	if (!zone && (zone = load(name))) {
		zone->next = known;
		known = zone;
	}
	pthread_mutex_unlock(&lock);
	return zone;
}

/* ── what the clocks show ─────────────────────────────────────────────────────────────────────────── */

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* The last change at or before then; `count` of them when none is. */
static size_t last_change(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (zone->changes[middle].at <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : zone->count;
}

static int32_t offset_at(const struct zone *zone, int64_t seconds)
{
	size_t last = zone ? last_change(zone, seconds) : 0;
	if (!zone)
		return 0;
	if (last + 1 == zone->count || !zone->count)
		return zone_rule_offset(&zone->rule, seconds);
	return last == zone->count ? zone->first : zone->changes[last].offset;
}

const char *zone_name(const struct zone *zone)
{
	return zone ? zone->name : "UTC";
}

int32_t zone_offset(const struct zone *zone, int64_t stamp)
{
	return offset_at(zone, floor_div(stamp, STAMP_SECOND));
}

int64_t zone_day(const struct zone *zone, int64_t stamp)
{
	return floor_div(stamp + zone_offset(zone, stamp) * STAMP_SECOND, STAMP_DAY);
}

/* When the clocks first show `local` or later, between two moments of which the first is before that. */
static int64_t first_at_or_behind(const struct zone *zone, int64_t local, int64_t low, int64_t high)
{
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		if (middle + offset_at(zone, middle) < local)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* Clocks change less often than once in two days, so one of the two offsets around midnight is the right one, or midnight is
 * left out. */
int64_t zone_day_begins(const struct zone *zone, int64_t day)
{
	enum { DAY = 86400 };
	int64_t local = day * DAY;
	int64_t one = local - offset_at(zone, local - DAY), other = local - offset_at(zone, local + DAY);
	int64_t early = one < other ? one : other, late = one < other ? other : one;
	if (early + offset_at(zone, early) == local)
		return early * STAMP_SECOND;
	if (late + offset_at(zone, late) == local)
		return late * STAMP_SECOND;
	return first_at_or_behind(zone, local, local - 2 * DAY, local + 2 * DAY) * STAMP_SECOND;
}

void zone_write(char text[STAMP_SIZE], const struct zone *zone, int64_t stamp)
{
	enum { SECONDS = 19 };			/* 2026-11-23T10:12:03 */
	int32_t offset = zone_offset(zone, stamp), minutes = abs(offset) / 60;
	stamp_write(text, stamp + offset * STAMP_SECOND);
	snprintf(text + SECONDS, STAMP_SIZE - SECONDS, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}
