#include "daemon/mischief.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct { const char *name; int signal; } actions[] = {
	{ "die:",  SIGKILL },
	{ "halt:", SIGSTOP },
};

/* The COUNT of the instruction and the signal of its action, if it is about this point; else 0. */
static unsigned long find(const char *point, const char *name, int *signal)
{
	char here[64];
	const char *instruction = getenv("COMITY_MISCHIEF");
	int size = snprintf(here, sizeof here, "%s:%s:", point, name);
	for (size_t i = 0; instruction && i < sizeof actions / sizeof *actions; i++) {
		size_t action = strlen(actions[i].name);
		if (strncmp(instruction, actions[i].name, action) || strncmp(instruction + action, here, (size_t)size))
			continue;
		*signal = actions[i].signal;
		return strtoul(instruction + action + size, NULL, 10);
	}
	return 0;
}

bool mischief_awaits(const char *point, const char *name)
{
	int signal;
	return find(point, name, &signal) > 0;
}

void mischief(const char *point, const char *name)
{
	static atomic_ulong times;
	int signal = 0;
	unsigned long count = find(point, name, &signal);
	if (count && atomic_fetch_add(&times, 1) + 1 == count)
		kill(getpid(), signal);
}
