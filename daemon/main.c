/* comityd: arguments in, exit status out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/blobs.h"
#include "daemon/comityd.h"
#include "daemon/log.h"
#include "daemon/store.h"

static const char usage[] =
	"comityd: carries requests for mutual legal assistance between central authorities\n"
	"\n"
	"  comityd [--home DIR] [OPTION]\n"
	"\n"
	"  --home DIR       everything of one authority lies below DIR (also: COMITY_HOME);\n"
	"                   without it: /etc/comity, /var/lib/comity, /run/comity\n"
	"  --check-config   say whether the configuration is right, and end\n"
	"  --create-store   make an empty store, and end (comity init does this)\n"
	"  --version, --help\n"
	"\n"
	"It runs in the foreground and ends at SIGTERM.  See comityd(8).\n";

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
	enum fault (*act)(const struct places *places);
} options[] = {
	{ "--check-config", check_config },
	{ "--create-store", create_store },
	{ "--version",      show_version },
	{ "-V",             show_version },
	{ "--help",         show_usage },
	{ "-h",             show_usage },
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
	static const struct option_row just_run = { "", run };
	const struct option_row *option = &just_run;
	const char *home = getenv("COMITY_HOME");
	struct places places;
	for (int i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "--home") && i + 1 < count)
			home = arguments[++i];
		else if (!strncmp(arguments[i], "--home=", 7))
			home = arguments[i] + 7;
		else if (!(option = find_option(arguments[i])))
			return report(fault_say(FAULT_USAGE, "\"%s\" is not an option of comityd; see comityd --help", arguments[i]));
	}
	umask(0077);
	enum fault fault = places_find(&places, home && *home ? home : NULL);
	return report(fault ? fault : option->act(&places));
}
