/* Settings that are right each for itself and hardly meant together.  The daemon starts with them. */
#include "daemon/config.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "certs/timestamp.h"
#include "proto/stamp.h"
#include "proto/units.h"

enum { RESERVE_MIN = 4 << 20 };		/* of the map: two messages and their receipts */

struct doubts {
	const struct settings *settings;
	const struct places *places;
	uint64_t disk;				/* its size; 0: nobody can tell */
	char sentence[400];
};

static bool has_no_reserve(struct doubts *doubts)
{
	const Comity__StoreSettings *store = doubts->settings->store;
	uint64_t reserve = setting_bytes(store->map_size_max) / 100 * (100 - setting_percent(store->high_water));
	char size[UNITS_SIZE], least[UNITS_SIZE];
	size_write(size, reserve);
	size_write(least, RESERVE_MIN);
	snprintf(doubts->sentence, sizeof doubts->sentence, "store.high_water: \"%s\": of store.map_size_max (%s) it leaves %s to receipts and "
		"official acts, and they need %s", store->high_water, store->map_size_max, size, least);
	return reserve < RESERVE_MIN;
}

static bool do_attachments_starve_the_store(struct doubts *doubts)
{
	const char *ours = doubts->settings->limits->keep_free, *store = doubts->settings->store->keep_free;
	snprintf(doubts->sentence, sizeof doubts->sentence, "limits.keep_free: \"%s\": attachments may take the disk that store.keep_free (%s) "
		"leaves to messages", ours, store);
	return setting_bytes(ours) < setting_bytes(store);
}

static bool does_none_of_the_largest_fit(struct doubts *doubts)
{
	const Comity__LimitSettings *limits = doubts->settings->limits;
	uint64_t quota = setting_limit(limits->peer_quota);
	snprintf(doubts->sentence, sizeof doubts->sentence, "limits.peer_quota: \"%s\": an attachment of limits.max_attachment (%s) waits for ever",
		limits->peer_quota, limits->max_attachment);
	return quota && quota < setting_bytes(limits->max_attachment);
}

static bool is_beyond_the_disk(struct doubts *doubts, const char *name, const char *value, const char *so)
{
	char size[UNITS_SIZE];
	uint64_t bytes = setting_is_none(value) ? 0 : setting_bytes(value);
	size_write(size, doubts->disk);
	snprintf(doubts->sentence, sizeof doubts->sentence, "%s: \"%s\": the disk has %s: %s", name, value, size, so);
	return doubts->disk && bytes > doubts->disk;
}

static bool is_the_quota_beyond_the_disk(struct doubts *doubts)
{
	return is_beyond_the_disk(doubts, "limits.peer_quota", doubts->settings->limits->peer_quota, "one peer can fill it");
}

static bool is_nothing_left_for_attachments(struct doubts *doubts)
{
	return is_beyond_the_disk(doubts, "limits.keep_free", doubts->settings->limits->keep_free, "no attachment will be taken in");
}

static bool is_nothing_left_for_the_store(struct doubts *doubts)
{
	return is_beyond_the_disk(doubts, "store.keep_free", doubts->settings->store->keep_free, "no message will be taken in");
}

static bool is_nobody_asked_for_a_stamp(struct doubts *doubts)
{
	const Comity__TimestampSettings *timestamp = doubts->settings->timestamp;
	bool has_roots = timestamp->ca_file && *timestamp->ca_file, has_url = timestamp->url && *timestamp->url;
	snprintf(doubts->sentence, sizeof doubts->sentence, "timestamp.ca_file: \"%s\": without timestamp.url nobody is asked for a time stamp",
		has_roots ? timestamp->ca_file : "");
	return has_roots && !has_url;
}

static bool has_a_root_of_stamps_ended(struct doubts *doubts)
{
	const char *ca_file = doubts->settings->timestamp->ca_file;
	struct bytes roots = { 0 };
	char end[STAMP_SIZE];
	int64_t ends = INT64_MAX;
	bool is_read = ca_file && *ca_file && !setting_timestamp_roots(doubts->places, ca_file, &roots) &&
		!timestamp_check_roots(span_of(&roots), &ends);
	bytes_clear(&roots);
	if (!is_read || ends > stamp_clock() / STAMP_SECOND)
		return false;
	stamp_write(end, ends * STAMP_SECOND);
	snprintf(doubts->sentence, sizeof doubts->sentence, "timestamp.ca_file: \"%s\": a root in it ended at %s: what is stamped under it from "
		"then on does not count", ca_file, end);
	return true;
}

void settings_doubt(const struct settings *settings, const struct places *places, void (*tell)(const char *sentence))
{
	static bool (*const checks[])(struct doubts *doubts) = {
		has_no_reserve, do_attachments_starve_the_store, does_none_of_the_largest_fit, is_the_quota_beyond_the_disk,
		is_nothing_left_for_attachments, is_nothing_left_for_the_store,
		is_nobody_asked_for_a_stamp, has_a_root_of_stamps_ended,
	};
	struct doubts doubts = { .settings = settings, .places = places };
	struct statvfs disk;
	if (!statvfs(places->state, &disk))
		doubts.disk = (uint64_t)disk.f_blocks * disk.f_frsize;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (checks[i](&doubts))
			tell(doubts.sentence);
}
