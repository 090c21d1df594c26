#include "daemon/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certs/authority.h"
#include "certs/files.h"
#include "daemon/log.h"
#include "proto/mapping.h"
#include "proto/units.h"

enum { FILE_MAX = 1 << 20 };

static bool join(char *path, const char *directory, const char *name)
{
	return snprintf(path, PLACE_SIZE, "%s%s", directory, name) < PLACE_SIZE;
}

enum fault places_find(struct places *places, const char *home)
{
	bool fits = join(places->etc, home ? home : "", home ? "/etc" : "/etc/comity") &&
		join(places->state, home ? home : "/var/lib/comity", "") &&
		join(places->run, home ? home : "", home ? "/run" : "/run/comity") &&
		join(places->config, places->etc, "/comityd.yaml") && join(places->profile, places->etc, "/profile.yaml") &&
		join(places->store, places->state, "/store") && join(places->blobs, places->state, "/blobs");
	return fits ? OK : fault_say(FAULT_CONFIG, "the path of the home directory is too long");
}

static enum fault read_yaml(const char *path, const ProtobufCMessageDescriptor *type, struct arena *arena,
	ProtobufCMessage **message, void (*complain)(const char *sentence))
{
	struct bytes text = { 0 };
	struct document document = { 0 };
	struct mapping_faults faults = { 0 };
	enum fault fault = file_read(path, FILE_PUBLIC, FILE_MAX, &text);
	if (!fault)
		fault = document_read(&document, path, span_of(&text));
	if (!fault)
		fault = mapping_read(&document, type, arena, message, &faults);
	for (size_t i = 0; i < faults.count; i++)
		complain(bytes_text(&faults.list[i].sentence));
	if (fault && !faults.count)
		complain(fault_detail(fault));
	mapping_faults_clear(&faults);
	document_clear(&document);
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

static enum fault is_level(const char *text)
{
	enum log_level level;
	return log_level_read(text, &level) ? OK : fault_say(FAULT_CONFIG, "it is debug, info, unusual or broken");
}

static enum fault is_pattern(const char *text)
{
	return strstr(text, "{number}") ? OK : fault_say(FAULT_CONFIG, "it needs {number}, or two requests would have one reference");
}

static enum fault check_settings(const struct settings *settings, const char *path, void (*complain)(const char *))
{
	const struct {
		const char *name, *value;
		enum fault (*check)(const char *text);
	} rows[] = {
		{ "line.handshake_timeout", settings->line->handshake_timeout, is_duration },
		{ "line.ping_interval",     settings->line->ping_interval,     is_duration },
		{ "line.dead_after",        settings->line->dead_after,        is_duration },
		{ "line.retry_initial",     settings->line->retry_initial,     is_duration },
		{ "line.retry_max",         settings->line->retry_max,         is_duration },
		{ "store.map_size_max",     settings->store->map_size_max,     is_size },
		{ "limits.max_attachment",  settings->limits->max_attachment,  is_size },
		{ "limits.keep_free",       settings->limits->keep_free,       is_size },
		{ "log.level",              settings->log->level,              is_level },
		{ "reference_pattern",      settings->config->reference_pattern, is_pattern },
	};
	enum fault worst = OK;
	char sentence[1200];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum fault fault = rows[i].check(rows[i].value);
		if (!fault)
			continue;
		snprintf(sentence, sizeof sentence, "%s: %s: \"%s\": %s", path, rows[i].name, rows[i].value, fault_detail(fault));
		complain(sentence);
		worst = FAULT_CONFIG;
	}
	if (!settings->config->authority || !authority_id_is_valid(span_of_text(settings->config->authority))) {
		snprintf(sentence, sizeof sentence, "%s: authority: an authority id is needed, such as xf-ca", path);
		complain(sentence);
		worst = FAULT_CONFIG;
	}
	return worst;
}

enum fault settings_read(struct settings *settings, const struct places *places, void (*complain)(const char *sentence))
{
	static const Comity__LineSettings line = COMITY__LINE_SETTINGS__INIT;
	static const Comity__StoreSettings store = COMITY__STORE_SETTINGS__INIT;
	static const Comity__LimitSettings limits = COMITY__LIMIT_SETTINGS__INIT;
	static const Comity__LogSettings log = COMITY__LOG_SETTINGS__INIT;
	ProtobufCMessage *config, *profile = NULL;
	*settings = (struct settings){ 0 };
	arena_init(&settings->arena, 8 << 20);
	TRY(read_yaml(places->config, &comity__config__descriptor, &settings->arena, &config, complain));
	if (!access(places->profile, F_OK))
		TRY(read_yaml(places->profile, &comity__profile__descriptor, &settings->arena, &profile, complain));
	settings->config = (Comity__Config *)config;
	settings->profile = (Comity__Profile *)profile;
	settings->line = settings->config->line ? settings->config->line : &line;
	settings->store = settings->config->store ? settings->config->store : &store;
	settings->limits = settings->config->limits ? settings->config->limits : &limits;
	settings->log = settings->config->log ? settings->config->log : &log;
	return check_settings(settings, places->config, complain);
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
