#include "daemon/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/authority.h"
#include "certs/files.h"
#include "certs/secret.h"
#include "certs/timestamp.h"
#include "daemon/log.h"
#include "proto/check.h"
#include "proto/mapping.h"
#include "proto/units.h"

enum { FILE_MAX = 1 << 20, BANDWIDTH_MIN = 1 << 10, COUNT_DIGITS_MAX = 18 };

static bool join(char *path, const char *directory, const char *name)
{
	return snprintf(path, PLACE_SIZE, "%s%s", directory, name) < PLACE_SIZE;
}

enum fault places_find(struct places *places, const char *home)
{
	places->home = home;
	places->key_holder = NULL;
	bool fits = join(places->etc, home ? home : "", home ? "/etc" : "/etc/comity") &&
		join(places->state, home ? home : "/var/lib/comity", "") &&
		join(places->run, home ? home : "", home ? "/run" : "/run/comity") &&
		join(places->config, places->etc, "/comityd.yaml") && join(places->profile, places->etc, "/profile.yaml") &&
		join(places->store, places->state, "/store") && join(places->blobs, places->state, "/blobs");
	return fits ? OK : fault_say(FAULT_CONFIG, "the path of the home directory is too long");
}

/* The document stays the caller's, to be cleared: it knows where each setting stands. */
static enum fault read_yaml(const char *path, const ProtobufCMessageDescriptor *type, struct arena *arena,
	struct document *document, ProtobufCMessage **message, void (*complain)(const char *sentence))
{
	struct bytes text = { 0 };
	struct mapping_faults faults = { 0 };
	enum fault fault = file_read(path, FILE_PUBLIC, FILE_MAX, &text);
	if (!fault)
		fault = document_read(document, path, span_of(&text));
	if (!fault)
		fault = mapping_read(document, type, arena, message, &faults);
	for (size_t i = 0; i < faults.count; i++)
		complain(bytes_text(&faults.list[i].sentence));
	if (fault && !faults.count)
		complain(fault_detail(fault));
	if (faults.more) {
		char sentence[PLACE_SIZE + 64];
		snprintf(sentence, sizeof sentence, "%s: and %zu more", path, faults.more);
		complain(sentence);
	}
	mapping_faults_clear(&faults);
	bytes_clear(&text);
	return fault ? FAULT_CONFIG : OK;
}

/* ── the rows: what is checked of each setting beyond its type ────────────────────────────────── */

static enum fault is_duration(const char *text)
{
	int64_t milliseconds;
	TRY(duration_read(text, &milliseconds));
	return milliseconds > 0 ? OK : fault_say(FAULT_CONFIG, "it must be longer than nothing");
}

static enum fault is_size(const char *text)
{
	uint64_t size;
	return size_read(text, &size);
}

/* Less is as good as nothing: a piece of an attachment is 64 KiB. */
static enum fault is_bandwidth(const char *text)
{
	uint64_t size;
	if (setting_is_none(text))
		return OK;
	TRY(size_read(text, &size));
	return size >= BANDWIDTH_MIN ? OK : fault_say(FAULT_CONFIG, "it is \"none\", or 1 KiB and more in a second");
}

static enum fault is_quota(const char *text)
{
	return setting_is_none(text) ? OK : is_size(text);
}

static enum fault is_count(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	bool is_number = digits && digits <= COUNT_DIGITS_MAX && !text[digits] && *text != '0';
	return is_number || setting_is_none(text) ? OK : fault_say(FAULT_CONFIG, "it is \"none\", or a number from 1 on");
}

static enum fault is_retention(const char *text)
{
	return strcmp(text, "never") ? is_duration(text) : OK;
}

/* From the longest to the shortest, so that each is nearer to the end. */
static enum fault is_thresholds(const char *text)
{
	struct thresholds thresholds;
	if (!setting_thresholds(text, &thresholds))
		return fault_say(FAULT_CONFIG, "it is up to %d durations, the longest first: 30d, 14d, 7d, 2d", PAPERS_THRESHOLDS_MAX);
	return OK;
}

static enum fault is_key_source(const char *text)
{
	bool is_one = (!strncmp(text, "file:", 5) && text[5]) || (!strncmp(text, "credential:", 11) && text[11]);
	return is_one ? OK : fault_say(FAULT_CONFIG, "it is file:PATH or credential:NAME");
}

static enum fault is_percent(const char *text)
{
	unsigned percent;
	char mark, rest;
	bool is_one = sscanf(text, "%u%c%c", &percent, &mark, &rest) == 2 && mark == '%';
	return is_one && percent >= 10 && percent <= 95 ? OK : fault_say(FAULT_CONFIG, "it is between 10%% and 95%%");
}

static enum fault is_level(const char *text)
{
	enum log_level level;
	return log_level_read(text, &level) ? OK : fault_say(FAULT_CONFIG, "it is debug, info, unusual or broken");
}

static enum fault is_sight(const char *text)
{
	return !strcmp(text, "all") || !strcmp(text, "assigned") ? OK : fault_say(FAULT_CONFIG, "it is all, or assigned");
}

static enum fault is_pattern(const char *text)
{
	return strstr(text, "{number}") ? OK : fault_say(FAULT_CONFIG, "it needs {number}, or two requests would have one reference");
}

static enum fault is_authority(const char *text)
{
	return authority_id_is_valid(span_of_text(text)) ? OK : fault_say(FAULT_CONFIG, "an authority id is needed, such as xf-ca");
}

/* None: the keys lie in the clear. */
static enum fault is_secret(const char *text)
{
	return *text ? secret_source_check(text) : OK;
}

/* None: nobody is asked. */
static enum fault is_web_address(const char *text)
{
	const char *host = !strncmp(text, "http://", 7) ? text + 7 : !strncmp(text, "https://", 8) ? text + 8 : NULL;
	bool is_plain = host && *host && *host != '/' && !strpbrk(host, " \t\r\n@#");
	return !*text || is_plain ? OK : fault_say(FAULT_CONFIG, "it is http://HOST[:PORT]/PATH or https://..., without a user and a fragment");
}

/* Where "line.ping_interval" stands; NULL where it does not. */
static const struct node *where_of(const struct document *document, const char *name)
{
	const struct node *node = document->root;
	char part[64];
	for (; node && *name; name += strspn(name, ".")) {
		size_t len = strcspn(name, ".");
		snprintf(part, sizeof part, "%.*s", (int)len, name);
		node = node_find(node, part);
		name += len;
	}
	return node;
}

static void point_out(const struct document *document, const struct node *place, const char *name, const char *value,
	const char *why, void (*complain)(const char *sentence))
{
	char sentence[1200];
	snprintf(sentence, sizeof sentence, "%s:%u:%u: %s: \"%s\": %s", document->name, place ? place->line : 1,
		place ? place->column : 1, name, value, why);
	complain(sentence);
}

static enum fault check_settings(const struct settings *settings, const struct document *document,
	void (*complain)(const char *sentence))
{
	const struct {
		const char *name, *value;
		enum fault (*check)(const char *text);
	} rows[] = {
		{ "authority",              settings->config->authority,       is_authority },
		{ "line.handshake_timeout", settings->line->handshake_timeout, is_duration },
		{ "line.ping_interval",     settings->line->ping_interval,     is_duration },
		{ "line.dead_after",        settings->line->dead_after,        is_duration },
		{ "line.retry_initial",     settings->line->retry_initial,     is_duration },
		{ "line.retry_max",         settings->line->retry_max,         is_duration },
		{ "line.reconcile_every",   settings->line->reconcile_every,   is_duration },
		{ "store.map_size_max",     settings->store->map_size_max,     is_size },
		{ "store.high_water",       settings->store->high_water,       is_percent },
		{ "store.keep_free",        settings->store->keep_free,        is_size },
		{ "store.key",              settings->store->key,              is_key_source },
		{ "retention.closed_cases", settings->retention->closed_cases, is_retention },
		{ "retention.events",       settings->retention->events,       is_retention },
		{ "retention.consumer_lag", settings->retention->consumer_lag, is_retention },
		{ "limits.max_attachment",  settings->limits->max_attachment,  is_size },
		{ "limits.keep_free",       settings->limits->keep_free,       is_size },
		{ "limits.bandwidth_per_peer", settings->limits->bandwidth_per_peer, is_bandwidth },
		{ "limits.peer_quota",      settings->limits->peer_quota,      is_quota },
		{ "limits.peer_messages",   settings->limits->peer_messages,   is_count },
		{ "warn.cert_expiry",       settings->warn->cert_expiry,       is_thresholds },
		{ "warn.deadline",          settings->warn->deadline,          is_thresholds },
		{ "warn.silence",           settings->warn->silence,           is_retention },
		{ "requests.remind_every",  settings->requests->remind_every,  is_retention },
		{ "log.level",              settings->log->level,              is_level },
		{ "requests.officer_sees",  settings->requests->officer_sees,  is_sight },
		{ "keys.pin",               settings->keys->pin,               is_secret },
		{ "keys.rotate_at",         settings->keys->rotate_at,         is_percent },
		{ "keys.overlap",           settings->keys->overlap,           is_duration },
		{ "keys.channel_pin",       settings->keys->channel_pin,       is_secret },
		{ "timestamp.url",          settings->timestamp->url,          is_web_address },
		{ "timestamp.timeout",      settings->timestamp->timeout,      is_duration },
		{ "reference_pattern",      settings->config->reference_pattern, is_pattern },
	};
	enum fault worst = OK;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *value = rows[i].value ? rows[i].value : "";
		enum fault fault = rows[i].check(value);
		if (!fault)
			continue;
		point_out(document, where_of(document, rows[i].name), rows[i].name, value, fault_detail(fault), complain);
		worst = FAULT_CONFIG;
	}
	return worst;
}

/* Each is right for itself; the place is that of the one that was written. */
static enum fault check_order(const struct settings *settings, const struct document *document,
	void (*complain)(const char *sentence))
{
	const Comity__LineSettings *line = settings->line;
	const struct {
		const char *name, *value, *least_name, *least;
		uint64_t more;
		const char *why;
	} rows[] = {
		{ "line.dead_after", line->dead_after, "line.ping_interval", line->ping_interval, 1,
			"it must be longer than line.ping_interval, or a quiet line is taken for dead" },
		{ "line.retry_max", line->retry_max, "line.retry_initial", line->retry_initial, 0,
			"it must not be shorter than line.retry_initial" },
	};
	enum fault worst = OK;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct node *place = where_of(document, rows[i].name);
		if (setting_ms(rows[i].value) >= setting_ms(rows[i].least) + rows[i].more)
			continue;
		point_out(document, place ? place : where_of(document, rows[i].least_name), rows[i].name, rows[i].value, rows[i].why,
			complain);
		worst = FAULT_CONFIG;
	}
	return worst;
}

/* A time stamp counts under a root that was chosen: who is asked and who may stamp go together. */
static enum fault check_timestamp(const struct settings *settings, const struct places *places, const struct document *document,
	void (*complain)(const char *sentence))
{
	const char *url = settings->timestamp->url, *ca_file = settings->timestamp->ca_file;
	struct bytes roots = { 0 };
	bool is_open = url && *url && !(ca_file && *ca_file);
	enum fault fault = is_open ? fault_say(FAULT_CONFIG, "timestamp.url needs it: the roots of those who may stamp, as PEM") :
		setting_timestamp_roots(places, ca_file, &roots);
	const struct node *place = where_of(document, "timestamp.ca_file");
	if (fault)
		point_out(document, place ? place : where_of(document, "timestamp.url"), "timestamp.ca_file", ca_file ? ca_file : "",
			fault_detail(fault), complain);
	bytes_clear(&roots);
	return fault;
}

/* A name without anybody, or somebody without a name, opens nothing and is meant to. */
static enum fault check_officers(const struct settings *settings, const struct document *document,
	void (*complain)(const char *sentence))
{
	static const char name[] = "requests.named_officers";
	for (size_t i = 0; i < settings->requests->n_named_officers; i++) {
		const Comity__NamedOfficer *officer = settings->requests->named_officers[i];
		size_t len = officer->name ? strlen(officer->name) : 0;
		if (len && len <= RECIPIENT_SIZE_MAX && officer->n_uids)
			continue;
		point_out(document, where_of(document, name), name, officer->name ? officer->name : "",
			"each has a name of 1 to 120 bytes, as counterparts write it, and the uids of who is meant", complain);
		return FAULT_CONFIG;
	}
	return OK;
}

static void point_to(struct settings *settings)
{
	static const Comity__LineSettings line = COMITY__LINE_SETTINGS__INIT;
	static const Comity__StoreSettings store = COMITY__STORE_SETTINGS__INIT;
	static const Comity__LimitSettings limits = COMITY__LIMIT_SETTINGS__INIT;
	static const Comity__LogSettings log = COMITY__LOG_SETTINGS__INIT;
	static const Comity__WarnSettings warn = COMITY__WARN_SETTINGS__INIT;
	static const Comity__RetentionSettings retention = COMITY__RETENTION_SETTINGS__INIT;
	static const Comity__KeysSettings keys = COMITY__KEYS_SETTINGS__INIT;
	static const Comity__AuditSettings audit = COMITY__AUDIT_SETTINGS__INIT;
	static const Comity__RequestSettings requests = COMITY__REQUEST_SETTINGS__INIT;
	static const Comity__TimestampSettings timestamp = COMITY__TIMESTAMP_SETTINGS__INIT;
	settings->line = settings->config->line ? settings->config->line : &line;
	settings->store = settings->config->store ? settings->config->store : &store;
	settings->limits = settings->config->limits ? settings->config->limits : &limits;
	settings->log = settings->config->log ? settings->config->log : &log;
	settings->warn = settings->config->warn ? settings->config->warn : &warn;
	settings->retention = settings->config->retention ? settings->config->retention : &retention;
	settings->keys = settings->config->keys ? settings->config->keys : &keys;
	settings->audit = settings->config->audit ? settings->config->audit : &audit;
	settings->requests = settings->config->requests ? settings->config->requests : &requests;
	settings->timestamp = settings->config->timestamp ? settings->config->timestamp : &timestamp;
}

static enum fault read_config(struct settings *settings, const struct places *places, void (*complain)(const char *sentence))
{
	ProtobufCMessage *config;
	struct document document = { 0 };
	enum fault fault = read_yaml(places->config, &comity__config__descriptor, &settings->arena, &document, &config, complain);
	if (!fault) {
		settings->config = (Comity__Config *)config;
		point_to(settings);
		fault = check_settings(settings, &document, complain);
		if (!fault)
			fault = check_order(settings, &document, complain);
		if (!fault)
			fault = check_officers(settings, &document, complain);
		if (!fault)
			fault = check_timestamp(settings, places, &document, complain);
	}
	document_clear(&document);
	return fault;
}

static enum fault read_profile(struct settings *settings, const char *path, void (*complain)(const char *sentence))
{
	ProtobufCMessage *profile = NULL;
	struct document document = { 0 };
	enum fault fault = access(path, F_OK) ? OK :
		read_yaml(path, &comity__profile__descriptor, &settings->arena, &document, &profile, complain);
	settings->profile = (Comity__Profile *)profile;
	document_clear(&document);
	return fault;
}

enum fault settings_read(struct settings *settings, const struct places *places, void (*complain)(const char *sentence))
{
	*settings = (struct settings){ 0 };
	arena_init(&settings->arena, 8 << 20);
	enum fault config = read_config(settings, places, complain);
	enum fault profile = read_profile(settings, places->profile, complain);
	return config ? config : profile;
}

void settings_clear(struct settings *settings)
{
	arena_clear(&settings->arena);
	*settings = (struct settings){ 0 };
}

uint64_t setting_ms(const char *text)
{
	int64_t milliseconds = 0;
	return duration_read(text, &milliseconds) ? 0 : (uint64_t)milliseconds;
}

uint64_t setting_bytes(const char *text)
{
	uint64_t size = 0;
	return size_read(text, &size) ? 0 : size;
}

const char *setting_secret(const char *text)
{
	return text && *text ? text : NULL;
}

uint64_t setting_limit(const char *text)
{
	return setting_is_none(text) ? 0 : setting_bytes(text);
}

uint64_t setting_count(const char *text)
{
	return setting_is_none(text) ? UINT64_MAX : strtoull(text, NULL, 10);
}

enum fault setting_store_key(const struct settings *settings, const struct places *places, char source[SOURCE_SIZE])
{
	static const Comity__StoreSettings usual = COMITY__STORE_SETTINGS__INIT;
	const char *text = (settings && settings->store ? settings->store : &usual)->key;
	bool is_below = !strncmp(text, "file:", 5) && text[5] != '/';
	int length = is_below ? snprintf(source, SOURCE_SIZE, "file:%s/%s", places->state, text + 5) :
		snprintf(source, SOURCE_SIZE, "%s", text);
	return length < SOURCE_SIZE ? OK : fault_say(FAULT_CONFIG, "store.key: the path is too long");
}

enum fault setting_timestamp_roots(const struct places *places, const char *ca_file, struct bytes *roots)
{
	char path[SOURCE_SIZE];
	if (!ca_file || !*ca_file)
		return OK;
	bool is_whole = *ca_file == '/';
	int length = snprintf(path, sizeof path, "%s%s%s", is_whole ? "" : places->etc, is_whole ? "" : "/", ca_file);
	enum fault fault = length < (int)sizeof path ? file_read(path, FILE_PUBLIC, TIMESTAMP_ROOTS_MAX, roots) : FAULT_TOO_LARGE;
	if (fault)
		return fault_say(FAULT_CONFIG, "%s", fault_detail(fault));
	return timestamp_check_roots(span_of(roots), NULL);
}

bool setting_is_none(const char *text)
{
	return !strcmp(text, "none");
}

unsigned setting_percent(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int64_t setting_retention_ms(const char *text)
{
	return strcmp(text, "never") ? (int64_t)setting_ms(text) : -1;
}

/* One duration off the front of the list, and the comma behind it. */
static bool take_threshold(const char **text, int64_t *seconds)
{
	char part[32];
	int64_t milliseconds;
	*text += strspn(*text, " ");
	size_t len = strcspn(*text, ", ");
	if (!len || len >= sizeof part)
		return false;
	snprintf(part, sizeof part, "%.*s", (int)len, *text);
	*text += len;
	*text += strspn(*text, " ");
	if ((**text && **text != ',') || duration_read(part, &milliseconds) || milliseconds < 1000 ||
			milliseconds / 1000 >= UINT32_MAX)
		return false;
	*text += **text == ',';
	*seconds = milliseconds / 1000;
	return true;
}

bool setting_thresholds(const char *text, struct thresholds *thresholds)
{
	*thresholds = (struct thresholds){ 0 };
	while (*text) {
		int64_t seconds, last = thresholds->count ? thresholds->seconds[thresholds->count - 1] : INT64_MAX;
		if (thresholds->count == PAPERS_THRESHOLDS_MAX || !take_threshold(&text, &seconds) || seconds >= last)
			return false;
		thresholds->seconds[thresholds->count++] = seconds;
	}
	return true;
}
