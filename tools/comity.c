/* comity: what people and programs type.  It has no power of its own: all it can do, it asks comityd. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/complete.h"
#include "tools/print.h"
#include "tools/progress.h"

static enum fault run(struct tool *tool)
{
	if (given(tool, "version"))
		return cmd_version(tool);
	if (!tool->line.command || given(tool, "help"))
		return cmd_help(tool);
	return tool->line.command->run(tool);
}

/* Whoever closed one of the three must not find the daemon's socket in its place: what is opened here
 * instead can be neither read nor written. */
static void hold_places(void)
{
	static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless[fd]) != fd)
			_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	struct tool tool;
	hold_places();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");		/* numbers are written one way */
	signal(SIGPIPE, SIG_IGN);		/* a closed pipe is told by write() */
	progress_listen();
	if (argc > 1 && !strcmp(argv[1], "__complete"))
		return complete(argc - 2, argv + 2);
	enum fault fault = tool_open(&tool, argc, argv);
	if (!fault)
		fault = run(&tool);
	if (!fault || tool.is_told) {
		enum fault flushed = print_now(&tool);
		fault = fault ? fault : flushed;
	}
	int status = tool_report(&tool, fault);
	tool_close(&tool);
	return status;
}
