#include "daemon/keyholder/keyholder_start.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/keyholder/keyholder_line.h"
#include "daemon/log.h"

enum {
	START_MS = 30000,		/* slow key derivation, a token that wakes up or makes a key */
	PARTING_MS = 200,
	REPLY_BUDGET = 1 << 20,
};

static enum fault cannot(const char *what, int error)
{
	return fault_say(FAULT_KEYS_UNAVAILABLE, "%s: %s", what, strerror(error));
}

/* comity-keyd beside this program, or beside the daemon in the build tree. */
static void find_program(char path[PATH_MAX])
{
	static const char *const beside[] = { "comity-keyd", "../daemon/comity-keyd" };
	char own[PATH_MAX / 2] = "";
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	own[len > 0 ? len : 0] = 0;
	const char *directory = dirname(own);
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		snprintf(path, PATH_MAX, "%s/%s", directory, beside[i]);
		if (!access(path, X_OK))
			return;
	}
}

/* The log is ours; there is nothing else to read or write.  No signal that we hold back or pass over is its. */
static int spawn(const char *program, const char *home, int theirs, pid_t *child)
{
	extern char **environ;
	char *arguments[] = { "comity-keyd", "--child", home ? "--home" : NULL, (char *)home, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawn_file_actions_adddup2(&actions, theirs, HOLDER_FD);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn(child, program, &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static enum fault start(const char *home, int *fd, pid_t *child)
{
	char program[PATH_MAX];
	int ends[2];
	find_program(program);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return cannot("socketpair", errno);
	int error = spawn(program, home, ends[1], child);
	close(ends[1]);
	if (!error) {
		*fd = ends[0];
		return OK;
	}
	close(ends[0]);
	*child = 0;
	return cannot(program, error);
}

/* A socket that another user has put there would sign for us with his own key, and learn what we send. */
static enum fault check_owner(int fd, const char *path)
{
	struct ucred owner;
	socklen_t size = sizeof owner;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size))
		return cannot(path, errno);
	if (owner.uid == geteuid() || owner.uid == 0)
		return OK;
	return fault_say(FAULT_KEYS_UNAVAILABLE, "%s belongs to user %u, who is neither root nor ours", path, owner.uid);
}

static enum fault reach_holder(const char *path, int *fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return cannot(path, ENAMETOOLONG);
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return cannot("socket", errno);
	enum fault fault = connect(*fd, (struct sockaddr *)&address, sizeof address) ? cannot(path, errno) : check_owner(*fd, path);
	if (fault) {
		close(*fd);
		*fd = -1;
	}
	return fault;
}

enum fault keyholder_reach(const struct keyholder_place *place, int *fd, pid_t *child)
{
	*fd = -1;
	*child = 0;
	return place->socket ? reach_holder(place->socket, fd) : start(place->home, fd, child);
}

/* What the holder said, as our own fault. */
static enum fault fault_of(const Comity__HolderReply *reply)
{
	if (!reply->fault)
		return OK;
	enum fault fault = fault_from_slug(reply->fault);
	return fault_say(fault == FAULT_COUNT ? FAULT_KEYS_UNAVAILABLE : fault, "%s", reply->detail ? reply->detail : reply->fault);
}

enum fault keyholder_hear(int fd, int64_t until, enum fault *answer, struct bytes *result, unsigned *issued)
{
	struct arena arena;
	ProtobufCMessage *message;
	arena_init(&arena, REPLY_BUDGET);
	enum fault fault = holder_hear(fd, &comity__holder_reply__descriptor, HOLDER_REPLY_MAX, until, &arena, &message);
	if (!fault) {
		const Comity__HolderReply *reply = (const Comity__HolderReply *)message;
		*answer = fault_of(reply);
		if (issued)
			*issued = reply->issued;
		if (!*answer && reply->has_result && result)
			fault = bytes_append(result, (struct span){ reply->result.data, reply->result.len });
	}
	arena_wipe(&arena);	/* there may be a content key in it */
	return fault;
}

enum fault keyholder_begin(int fd, const Comity__HolderBegin *begin, unsigned *issued)
{
	enum fault answer = OK;
	int64_t until = holder_clock() + START_MS;
	enum fault fault = holder_send(fd, &begin->base, (struct span){ 0 }, until);
	if (!fault)
		fault = keyholder_hear(fd, until, &answer, NULL, issued);
	if (fault)
		return fault_say(FAULT_KEYS_UNAVAILABLE, "the holder of the keys did not get ready: %s", fault_text(fault));
	return answer;
}

static const char *core_of(int status)
{
	return WCOREDUMP(status) ? ", and left a core" : "";
}

/* It ends by itself when the line does; one that hangs in a token is not waited for. */
static void see_off(pid_t child)
{
	int status = 0;
	pid_t gone = 0;
	for (int64_t until = holder_clock() + PARTING_MS; !gone && holder_clock() < until; usleep(1000))
		gone = waitpid(child, &status, WNOHANG);
	if (!gone) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	if (gone && WIFSIGNALED(status))
		log_unusual("keyholder: process %d was ended by signal %d (%s)%s", (int)child, WTERMSIG(status),
			strsignal(WTERMSIG(status)), core_of(status));
}

void keyholder_part(int fd, pid_t child)
{
	if (fd >= 0)
		close(fd);
	if (child > 0)
		see_off(child);
}
