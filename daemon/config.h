#pragma once
/* Where everything of one authority lies, and its settings (proto/config.proto).
 *
 * With a home, all of it is below one directory; without, the FHS paths apply:
 *
 *	HOME/etc    /etc/comity         comityd.yaml, profile.yaml
 *	HOME        /var/lib/comity     keys/, store/, blobs/
 *	HOME/run    /run/comity         the control sockets
 */
#include "daemon/desks/papers.h"
#include "proto/arena.h"
#include "proto/config.pb-c.h"
#include "proto/profile.pb-c.h"

enum { PLACE_SIZE = 1024, SOURCE_SIZE = 2 * PLACE_SIZE };

struct places {
	const char *home;		/* as it was given; NULL: the FHS paths */
	const char *key_holder;		/* the socket of another process that holds our keys; NULL: we start one */
	char etc[PLACE_SIZE], state[PLACE_SIZE], run[PLACE_SIZE];
	char config[PLACE_SIZE], profile[PLACE_SIZE], store[PLACE_SIZE], blobs[PLACE_SIZE];
};

/* `home` may be NULL.  Faults: config (the path is too long). */
enum fault places_find(struct places *places, const char *home) MUST_CHECK;

struct settings {
	struct arena arena;
	Comity__Config *config;
	Comity__Profile *profile;	/* NULL when there is none */
	const Comity__LineSettings *line;
	const Comity__StoreSettings *store;
	const Comity__LimitSettings *limits;
	const Comity__LogSettings *log;
	const Comity__RetentionSettings *retention;
	const Comity__KeysSettings *keys;
	const Comity__WarnSettings *warn;
	const Comity__AuditSettings *audit;
	const Comity__RequestSettings *requests;
	const Comity__TimestampSettings *timestamp;
};

/* Read and check both files.  Every mistake is told to `complain` with file:line:column.  Faults: config. */
enum fault settings_read(struct settings *settings, const struct places *places, void (*complain)(const char *sentence)) MUST_CHECK;
/* What is allowed and hardly meant, by other settings and by the size of the disk: a sentence each. */
void settings_doubt(const struct settings *settings, const struct places *places, void (*tell)(const char *sentence));
void settings_clear(struct settings *settings);
/* A duration or size that settings_read() has checked. */
uint64_t setting_ms(const char *text);
uint64_t setting_bytes(const char *text);
/* Of a secret: where it is; NULL when nothing was said. */
const char *setting_secret(const char *text);
/* Of a limit: 0 for "none", which is what tells it from one of nothing at all. */
uint64_t setting_limit(const char *text);
/* Of a number that may be "none": UINT64_MAX then. */
uint64_t setting_count(const char *text);
bool setting_is_none(const char *text);
unsigned setting_percent(const char *text);
/* Where the store key is, with its whole path; where it usually is when there is no configuration (NULL).  Faults: config
 * (the path is too long). */
enum fault setting_store_key(const struct settings *settings, const struct places *places, char source[SOURCE_SIZE]) MUST_CHECK;
/* The roots of those who may stamp, PEM, appended; nothing when nobody is asked.  `ca_file` NULL: none.  Faults: config (the file
 * cannot be read, or holds no roots). */
enum fault setting_timestamp_roots(const struct places *places, const char *ca_file, struct bytes *roots) MUST_CHECK;
/* Of a retention: -1 for "never". */
int64_t setting_retention_ms(const char *text);
/* "30d, 14d, 7d, 2d"; false when it is not of that form.  Empty: there are none. */
bool setting_thresholds(const char *text, struct thresholds *thresholds);
