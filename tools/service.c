#include "tools/service.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16, NOT_FOUND_STATUS = 127, SAID_MAX = 64 << 20 };

/* comityd beside this tool, in the build tree beside it, in the neighbouring sbin; else wherever PATH has it. */
static void find_daemon(char path[PATH_MAX])
{
	static const char *const beside[] = { "comityd", "../daemon/comityd", "../sbin/comityd" };
	char own[PATH_MAX / 2] = "";
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	own[len > 0 ? len : 0] = 0;
	const char *directory = dirname(own);
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		snprintf(path, PATH_MAX, "%s/%s", directory, beside[i]);
		if (!access(path, X_OK))
			return;
	}
	strcpy(path, "comityd");
}

static void become(const struct tool *tool, const char *const *words, int out, int err)
{
	char path[PATH_MAX];
	const char *arguments[WORDS_MAX + 4] = { "comityd" };
	size_t count = 1;
	find_daemon(path);
	if (tool->home) {
		arguments[count++] = "--home";
		arguments[count++] = tool->home;
	}
	for (; *words && count < WORDS_MAX; words++)
		arguments[count++] = *words;
	if (dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0)
		execvp(path, (char *const *)arguments);
	_exit(NOT_FOUND_STATUS);
}

/* What it says on both, until it has closed both. */
static enum fault listen(const int pipes[2], struct bytes *const said[2])
{
	struct pollfd ears[] = { { .fd = pipes[0], .events = POLLIN }, { .fd = pipes[1], .events = POLLIN } };
	while (ears[0].fd >= 0 || ears[1].fd >= 0) {
		if (poll(ears, ARRAY_LEN(ears), -1) < 0 && errno != EINTR)
			return fault_say(FAULT_IO, "poll: %s", strerror(errno));
		for (size_t i = 0; i < ARRAY_LEN(ears); i++) {
			if (ears[i].fd < 0 || !ears[i].revents)
				continue;
			TRY(bytes_reserve(said[i], 4096));
			ssize_t count = read(ears[i].fd, said[i]->at + said[i]->len, 4096);
			if (count > 0)
				said[i]->len += (size_t)count;
			if (count == 0 || (count < 0 && errno != EINTR))
				ears[i].fd = -1;
			if (said[i]->len > SAID_MAX)
				return fault_say(FAULT_TOO_LARGE, "comityd says more than %d bytes", SAID_MAX);
		}
	}
	return OK;
}

/* "error[slug]: sentence" in its own words, behind whatever complaints came before. */
static enum fault fault_of(struct bytes *said, int status)
{
	const char *text = bytes_text(said);
	const char *last = NULL;
	char slug[64], sentence[1024];
	for (const char *at = text; at && (at = strstr(at, "error[")); at++)
		last = at;
	if (!last || sscanf(last, "error[%63[^]]]: %1023[^\n]", slug, sentence) != 2)
		return fault_say(FAULT_IO, "comityd ended with status %d; it said: %s", status, text ? text : "");
	enum fault fault = fault_from_slug(slug);
	return fault_say(fault == FAULT_COUNT ? FAULT_IO : fault, "%s", sentence);
}

static enum fault end_of(pid_t child, struct bytes *said)
{
	int status;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND_STATUS)
		return fault_say(FAULT_NO_INPUT, "comityd was not found; it must be where comity is, or in PATH");
	return fault_of(said, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static enum fault run(const struct tool *tool, const char *const *words, int out[2], int err[2], struct bytes *const said[2])
{
	pid_t child = fork();
	if (child < 0)
		return fault_say(FAULT_IO, "fork: %s", strerror(errno));
	if (!child)
		become(tool, words, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	out[1] = err[1] = -1;
	enum fault fault = listen((const int[]){ out[0], err[0] }, said);
	enum fault ended = end_of(child, said[1]);
	return fault ? fault : ended;
}

enum fault service_hear(struct tool *tool, const char *const *words, struct bytes *out, struct bytes *complaints)
{
	struct bytes ignored = { 0 };
	int pipes[2][2] = { { -1, -1 }, { -1, -1 } };
	enum fault fault = pipe(pipes[0]) || pipe(pipes[1]) ? fault_say(FAULT_IO, "pipe: %s", strerror(errno)) : OK;
	if (!fault)
		fault = run(tool, words, pipes[0], pipes[1], (struct bytes *const[]){ out ? out : &ignored, complaints });
	for (size_t i = 0; i < 4; i++)
		if (pipes[i / 2][i % 2] >= 0)
			close(pipes[i / 2][i % 2]);
	bytes_clear(&ignored);
	return fault;
}

enum fault service_run(struct tool *tool, const char *const *words, struct bytes *out)
{
	struct bytes complaints = { 0 };
	enum fault fault = service_hear(tool, words, out, &complaints);
	bytes_clear(&complaints);
	return fault;
}
