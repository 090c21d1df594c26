#include "tools/init_again.h"

#include <string.h>
#include <unistd.h>

#include "certs/identity.h"
#include "proto/config.pb-c.h"
#include "tools/files.h"

static enum fault refuse(struct tool *tool, const char *config_path, const char *option, const char *typed, const char *there)
{
	enum fault fault = fault_say(FAULT_EXISTS, "this home is set up already, and --%s %.200s is not what it was set up with (%.200s); "
		"nothing was changed", option, typed, there);
	return hinted(tool, fault, "to change that: edit %.200s, then systemctl restart comityd; another authority needs another --home", config_path);
}

static bool holds(char *const *list, size_t count, const char *text)
{
	bool is_there = false;
	for (size_t i = 0; i < count && !is_there; i++)
		is_there = !strcmp(list[i], text);
	return is_there;
}

/* All of them, in any order: one left out differs as well. */
static enum fault compare(struct tool *tool, const char *config_path, const char *option, char *const *list, size_t count)
{
	const char *typed;
	size_t given = 0;
	for (; (typed = given_at(tool, option, given)); given++)
		if (!holds(list, count, typed))
			return refuse(tool, config_path, option, typed, count ? list[0] : "none");
	for (size_t i = 0; given && i < count; i++) {
		size_t n = 0;
		while ((typed = given_at(tool, option, n)) && strcmp(typed, list[i]) != 0)
			n++;
		if (!typed)
			return refuse(tool, config_path, option, given_at(tool, option, 0), list[i]);
	}
	return OK;
}

/* In the certificates stands the name of the first day, as much of it as they hold (RFC 5280: 64 characters); the configuration has all of it,
 * and may have a newer one. */
static enum fault check_name(struct tool *tool, const char *config_path, const struct identity *identity, const Comity__Config *config)
{
	const char *typed = given(tool, "name"), *certified = identity_name(identity);
	bool is_whole = config && config->name;
	if (is_whole ? !strcmp(typed, config->name) || !strcmp(typed, certified) : !strncmp(typed, certified, strlen(certified)))
		return OK;
	return refuse(tool, config_path, "name", typed, config && config->name ? config->name : identity_name(identity));
}

enum fault init_check_again(struct tool *tool, const char *config_path, const struct identity *identity)
{
	ProtobufCMessage *message = NULL;
	if (!access(config_path, F_OK))
		TRY(document_take(tool, config_path, &comity__config__descriptor, &message));
	const Comity__Config *config = (const Comity__Config *)message;
	TRY(check_name(tool, config_path, identity, config));
	if (!config)
		return OK;
	TRY(compare(tool, config_path, "endpoint", config->endpoints, config->n_endpoints));
	return compare(tool, config_path, "listen", config->line ? config->line->listen : NULL, config->line ? config->line->n_listen : 0);
}
