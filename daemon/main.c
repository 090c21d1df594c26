/* comityd: arguments in, exit status out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/identity.h"
#include "certs/secret.h"
#include "daemon/upkeep/backup.h"
#include "daemon/upkeep/examination.h"
#include "daemon/ledger/blobs.h"
#include "daemon/comityd.h"
#include "daemon/log.h"
#include "daemon/ledger/store.h"
#include "daemon/ledger/vault.h"
#include "proto/json.h"

static const char usage[] =
	"comityd: carries requests for mutual legal assistance between central authorities\n"
	"\n"
	"  comityd [--home DIR] [OPTION]\n"
	"\n"
	"  --home DIR       everything of one authority lies below DIR (also: COMITY_HOME);\n"
	"                   without it: /etc/comity, /var/lib/comity, /run/comity\n"
	"  --key-holder SOCKET  our keys are held by the process behind this socket (comity-keyd.socket);\n"
	"                   without it comityd starts one, comity-keyd\n"
	"  --check-config   say whether the configuration is right, and end; with --config FILE of another file (comity config check\n"
	"                   does this)\n"
	"  --examine        look through what the files tell, say it in JSON, and end (comity doctor does this where no daemon\n"
	"                   answers)\n"
	"  --create-store   make an empty store, and end (comity init does this)\n"
	"  --verify-backup PATH, --verify-backup-deep PATH\n"
	"                   say in JSON what a backup is worth, and end (comity backup verify does this)\n"
	"  --restore-backup PATH --confirm AUTHORITY\n"
	"                   put a backup in place, say in JSON what was done, and end (comity backup restore does this)\n"
	"  --version, --help\n"
	"\n"
	"It runs in the foreground and ends at SIGTERM.  See comityd(8).\n";

/* What came with the options that take a word. */
static struct { const char *restore, *verify, *verify_deep, *confirm, *key_holder, *config; } given;

static void complain(const char *sentence)
{
	fprintf(stderr, "error[%s]: %s\n", fault_slug(FAULT_CONFIG), sentence);
}

static void warn(const char *sentence)
{
	fprintf(stderr, "warning: %s\n", sentence);
}

static void log_doubt(const char *sentence)
{
	log_unusual("settings: %s", sentence);
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

/* From a start that failed in the middle: threads are at work, and exit() would take OpenSSL away from under them. */
static void leave(int status)
{
	fflush(NULL);
	_exit(status);
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
	settings_doubt(&settings, places, log_doubt);
	if (mkdir(places->run, 0750) && errno != EEXIST)
		fault = fault_say(FAULT_IO, "%s: %s", places->run, strerror(errno));
	if (!fault)
		fault = comityd_run(places, &settings);
	if (fault)
		leave(report(fault));
	settings_clear(&settings);
	return OK;
}

static enum fault check_config(const struct places *found)
{
	struct settings settings;
	struct places there = *found;
	const struct places *places = &there;
	if (given.config && snprintf(there.config, sizeof there.config, "%s", given.config) >= (int)sizeof there.config)
		return fault_say(FAULT_USAGE, "the path is too long");
	enum fault fault = settings_read(&settings, places, complain);
	if (!fault)
		settings_doubt(&settings, places, warn);
	settings_clear(&settings);
	if (fault)
		return fault_say(fault, "%s is not right", places->config);
	printf("%s is right\n", places->config);
	return OK;
}

static void say_nothing(const char *sentence)
{
	(void)sentence;
}

/* As the configuration says, or as is usual when there is none that can be read. */
static enum fault find_store_key(const struct places *places, char source[SOURCE_SIZE])
{
	struct settings settings;
	enum fault unread = settings_read(&settings, places, say_nothing);
	enum fault fault = setting_store_key(unread ? NULL : &settings, places, source);
	settings_clear(&settings);
	return fault;
}

static bool is_there(const char *directory, const char *name)
{
	char path[PLACE_SIZE + 32];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	return !access(path, F_OK);
}

/* An attempt that was cut short is gone on with; the vault comes last, and what has it is whole. */
static enum fault create_store(const struct places *places)
{
	char source[SOURCE_SIZE];
	if (is_there(places->store, "vault.sealed"))
		return fault_say(FAULT_EXISTS, "there is a store in %s", places->store);
	TRY(find_store_key(places, source));
	TRY(vault_make_store_key(source));
	if (!is_there(places->store, "data.mdb"))
		TRY(store_create(places->store));
	if (!is_there(places->blobs, ".salt"))
		TRY(blobs_create(places->blobs));
	return vault_create(places->store, source);
}

static enum fault say_report(const ProtobufCMessage *report)
{
	struct bytes line = { 0 };
	enum fault fault = json_write(report, JSON_COMPACT_STYLE, &line);
	if (!fault)
		puts(bytes_text(&line));
	bytes_clear(&line);
	return fault;
}

static enum fault examine(const struct places *places)
{
	struct arena arena;
	Comity__DoctorReport report = COMITY__DOCTOR_REPORT__INIT;
	struct examination examination = { .arena = &arena, .report = &report };
	arena_init(&arena, 16 << 20);
	examination_look_at_files(&examination, &(struct examined_files){ .places = places });
	report.has_offline = report.offline = 1;
	enum fault fault = examination_end(&examination);
	if (!fault)
		fault = say_report(&report.base);
	arena_clear(&arena);
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
	char source[SOURCE_SIZE];
	struct backup_places here = backup_places_of(places);
	here.store_key = source;
	arena_init(&arena, 256 << 20);
	enum fault fault = find_store_key(places, source);
	if (!fault)
		fault = backup_restore(given.restore, &here, given.confirm ? given.confirm : "", &arena, &report);
	if (!fault)
		fault = say_report(&report.base);
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
		TRY(identity_open(places->state, &(struct identity_access){ 0 }, &identity));
	arena_init(&arena, 256 << 20);
	char source[SOURCE_SIZE];
	enum fault fault = find_store_key(places, source);
	if (!fault)
		fault = backup_verify(given.verify ? given.verify : given.verify_deep, identity, source, given.verify_deep,
			NULL, &arena, &report);
	if (!fault)
		fault = say_report(&report.base);
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
	{ "--examine",            examine,      NULL },
	{ "--create-store",       create_store, NULL },
	{ "--restore-backup",     restore,      &given.restore },
	{ "--verify-backup",      verify,       &given.verify },
	{ "--verify-backup-deep", verify,       &given.verify_deep },
	{ "--confirm",            NULL,         &given.confirm },
	{ "--config",             NULL,         &given.config },
	{ "--key-holder",         NULL,         &given.key_holder },
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

/* Each session and each line is one; where the system gives few at first it allows more when asked. */
static void take_all_files(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
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
	memory_conceal();
	take_all_files();
	secure_heap_open();
	enum fault fault = places_find(&places, home && *home ? home : NULL);
	places.key_holder = given.key_holder;
	return report(fault ? fault : option->act(&places));
}
