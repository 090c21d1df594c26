#pragma once
/* Where everything of one authority lies, and its settings (proto/config.proto).
 *
 * With a home, all of it is below one directory; without, the FHS paths apply:
 *
 *	HOME/etc    /etc/comity         comityd.yaml, profile.yaml
 *	HOME        /var/lib/comity     keys/, store/, blobs/
 *	HOME/run    /run/comity         the control sockets
 */
#include "proto/arena.h"
#include "proto/config.pb-c.h"
#include "proto/profile.pb-c.h"

enum { PLACE_SIZE = 1024 };

struct places {
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
};

/* Read and check both files.  Every mistake is told to `complain` with file:line:column.  Faults: config. */
enum fault settings_read(struct settings *settings, const struct places *places, void (*complain)(const char *sentence)) MUST_CHECK;
void settings_clear(struct settings *settings);
/* A duration or size that settings_read() has checked. */
uint64_t setting_ms(const char *text);
uint64_t setting_bytes(const char *text);
/* Of a limit: 0 for "none", which is what tells it from one of nothing at all. */
uint64_t setting_limit(const char *text);
bool setting_is_none(const char *text);
unsigned setting_percent(const char *text);
/* Of a retention: -1 for "never". */
int64_t setting_retention_ms(const char *text);
