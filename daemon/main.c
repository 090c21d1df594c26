/* comityd: arguments in, exit status out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/identity.h"
#include "daemon/upkeep/backup.h"
#include "daemon/ledger/blobs.h"
#include "daemon/comityd.h"
#include "daemon/log.h"
#include "daemon/ledger/store.h"
#include "proto/json.h"

static const char usage[] =
	"comityd: carries requests for mutual legal assistance between central authorities\n"
	"\n"
	"  comityd [--home DIR] [OPTION]\n"
	"\n"
	"  --home DIR       everything of one authority lies below DIR (also: COMITY_HOME);\n"
	"                   without it: /etc/comity, /var/lib/comity, /run/comity\n"
	"  --check-config   say whether the configuration is right, and end\n"
	"  --create-store   make an empty store, and end (comity init does this)\n"
	"  --verify-backup PATH, --verify-backup-deep PATH\n"
	"                   say in JSON what a backup is worth, and end (comity backup verify does this)\n"
	"  --restore-backup PATH --confirm AUTHORITY\n"
	"                   put a backup in place, say in JSON what was done, and end (comity backup restore does this)\n"
	"  --version, --help\n"
	"\n"
	"It runs in the foreground and ends at SIGTERM.  See comityd(8).\n";

/* What came with the options that take a word. */
static struct { const char *restore, *verify, *verify_deep, *confirm; } given;

static void complain(const char *sentence)
{
	fprintf(stderr, "error[%s]: %s\n", fault_slug(FAULT_CONFIG), sentence);
}

static int report(enum fault fault)
{
	if (!fault)
		return 0;
	fprintf(stderr, "error[%s]: %s\n", fault_slug(fault), fault_detail(fault));
	if (fault_hint(fault))
		fprintf(stderr, "  hint: %s\n", fault_hint(fault));
	return fault_exit_status(fault);
}

static enum fault run(const struct places *places)
{
	struct settings settings;
	enum log_level level;
	enum fault fault = settings_read(&settings, places, complain);
	if (fault) {
		settings_clear(&settings);
		return fault_say(fault, "%s is not right; nothing was started", places->config);
	}
	if (log_level_read(settings.log->level, &level))
		log_set_level(level);
	if (mkdir(places->run, 0750) && errno != EEXIST)
		fault = fault_say(FAULT_IO, "%s: %s", places->run, strerror(errno));
	if (!fault)
		fault = comityd_run(places, &settings);
	settings_clear(&settings);
	return fault;
}

static enum fault check_config(const struct places *places)
{
	struct settings settings;
	enum fault fault = settings_read(&settings, places, complain);
	settings_clear(&settings);
	if (fault)
		return fault_say(fault, "%s is not right", places->config);
	printf("%s is right\n", places->config);
	return OK;
}

static enum fault create_store(const struct places *places)
{
	TRY(store_create(places->store));
	return blobs_create(places->blobs);
}

static enum fault say_report(const Comity__BackupReport *report)
{
	struct bytes line = { 0 };
	enum fault fault = json_write(&report->base, JSON_COMPACT_STYLE, &line);
	if (!fault)
		puts(bytes_text(&line));
	bytes_clear(&line);
	return fault;
}

static struct backup_places backup_places_of(const struct places *places)
{
	return (struct backup_places){ .state = places->state, .config = places->config, .profile = places->profile };
}

static enum fault restore(const struct places *places)
{
	struct arena arena;
	Comity__BackupReport report;
	struct backup_places here = backup_places_of(places);
	arena_init(&arena, 256 << 20);
	enum fault fault = backup_restore(given.restore, &here, given.confirm ? given.confirm : "", &arena, &report);
	if (!fault)
		fault = say_report(&report);
	arena_clear(&arena);
	return fault;
}

/* Whose it is may not be known: a backup can be looked at where there is nothing else. */
static enum fault verify(const struct places *places)
{
	struct arena arena;
	Comity__BackupReport report;
	struct identity *identity = NULL;
	char keys[PLACE_SIZE + 8];
	snprintf(keys, sizeof keys, "%s/keys", places->state);
	if (!access(keys, F_OK))
		TRY(identity_load(places->state, &identity));
	arena_init(&arena, 256 << 20);
	enum fault fault = backup_verify(given.verify ? given.verify : given.verify_deep, identity, given.verify_deep, NULL, &arena,
		&report);
	if (!fault)
		fault = say_report(&report);
	arena_clear(&arena);
	identity_free(identity);
	return fault;
}

static enum fault show_version(const struct places *places)
{
	(void)places;
	puts("comityd " COMITY_VERSION);
	return OK;
}

static enum fault show_usage(const struct places *places)
{
	(void)places;
	fputs(usage, stdout);
	return OK;
}

static const struct option_row {
	const char *name;
	enum fault (*act)(const struct places *places);	/* NULL: it goes with another */
	const char **value;				/* where the word behind it goes; NULL: it takes none */
} options[] = {
	{ "--check-config",       check_config, NULL },
	{ "--create-store",       create_store, NULL },
	{ "--restore-backup",     restore,      &given.restore },
	{ "--verify-backup",      verify,       &given.verify },
	{ "--verify-backup-deep", verify,       &given.verify_deep },
	{ "--confirm",            NULL,         &given.confirm },
	{ "--version",            show_version, NULL },
	{ "-V",                   show_version, NULL },
	{ "--help",               show_usage,   NULL },
	{ "-h",                   show_usage,   NULL },
};

static const struct option_row *find_option(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

int main(int count, char **arguments)
{
	static const struct option_row just_run = { "", run, NULL };
	const struct option_row *option = &just_run, *found = NULL;
	const char *home = getenv("COMITY_HOME");
	struct places places;
	for (int i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "--home") && i + 1 < count)
			home = arguments[++i];
		else if (!strncmp(arguments[i], "--home=", 7))
			home = arguments[i] + 7;
		else if (!(found = find_option(arguments[i])))
			return report(fault_say(FAULT_USAGE, "\"%s\" is not an option of comityd; see comityd --help", arguments[i]));
		else if (found->value && i + 1 == count)
			return report(fault_say(FAULT_USAGE, "%s: what?  See comityd --help", arguments[i]));
		else if (found->value)
			*found->value = arguments[++i];
		if (found && found->act)
			option = found;
	}
	umask(0077);
	enum fault fault = places_find(&places, home && *home ? home : NULL);
	return report(fault ? fault : option->act(&places));
}
