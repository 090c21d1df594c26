/* comity-keyd: holds the private keys that sign and unseal, and signs what the protocol says (keyd_policy.h); or issues
 * one thing with those of identity and delegation.
 *
 * It serves one connection, which it finds open: comityd started it with one, or systemd accepted one for it.  To sign, it
 * reads its keys once, shuts itself in, and ends when the other side does.  To have other keys, connect again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/identity.h"
#include "certs/secret.h"
#include "daemon/config.h"
#include "daemon/keyholder/keyd_issue.h"
#include "daemon/keyholder/keyd_sandbox.h"
#include "daemon/keyholder/keyd_serve.h"
#include "daemon/keyholder/keyholder_line.h"
#include "daemon/log.h"

static const char usage[] =
	"comity-keyd: holds the private keys of an authority and signs for comityd\n"
	"\n"
	"  comity-keyd [--home DIR] [--child]\n"
	"\n"
	"  --home DIR       everything of one authority lies below DIR (also: COMITY_HOME)\n"
	"  --child          end with whoever started it\n"
	"  --version, --help\n"
	"\n"
	"Nobody starts it by hand: comityd does, or systemd for each connection to comity-keyd.socket.\n"
	"See comity-keyd(8).\n";

static void complain(const char *sentence)
{
	log_broken("keyd: %s", sentence);
}

/* Ours, or root's: whoever could read the keys anyway. */
static enum fault check_peer(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return fault_say(FAULT_USAGE, "there is no connection at descriptor %d: comityd or systemd starts this program", fd);
	if (peer.uid == geteuid() || peer.uid == 0)
		return OK;
	return fault_say(FAULT_SIGN_REFUSED, "user %u is none for whom this signs", peer.uid);
}

/* What the conversation is about, where our files are, and how they are opened. */
struct duty {
	int fd;
	struct arena arena;		/* of what was said to begin with */
	const Comity__HolderBegin *begin;
	struct places places;
	struct settings settings;
	struct identity_access access;
};

static enum fault find_keys(struct duty *duty, const char *home)
{
	TRY(places_find(&duty->places, home));
	TRY(settings_read(&duty->settings, &duty->places, complain));
	duty->access = (struct identity_access){
		.keys = KEY_OF(ROLE_SIGNING) | KEY_OF(ROLE_SEALING),
		.secret.text = setting_secret(duty->settings.keys->pin),
		.channel_secret.text = setting_secret(duty->settings.keys->channel_pin),
	};
	return OK;
}

/* The keys are read, and then there is no way out. */
static enum fault hold(struct duty *duty, struct identity **identity)
{
	TRY(identity_open(duty->places.state, &duty->access, identity));
	return sandbox_enter(identity_is_in_token(*identity) ? SANDBOX_TOKEN : SANDBOX_FILES_CLOSED);
}

static enum fault sign(struct duty *duty)
{
	struct identity *identity = NULL;
	enum fault fault = hold(duty, &identity);
	enum fault heard = keyd_greet(duty->fd, fault, 0);
	if (!fault && !heard)
		fault = keyd_serve(duty->fd, identity);
	identity_free(identity);
	return fault;
}

static enum fault issue(struct duty *duty)
{
	unsigned issued;
	enum fault fault = issue_act(duty->places.state, &duty->access, duty->begin->issue, &issued);
	enum fault heard = keyd_greet(duty->fd, fault, issued);
	return fault ? fault : heard;
}

static enum fault begin(struct duty *duty, const char *home)
{
	ProtobufCMessage *message;
	TRY(check_peer(duty->fd));
	TRY(holder_hear(duty->fd, &comity__holder_begin__descriptor, HOLDER_CALL_MAX, FOR_EVER, &duty->arena, &message));
	duty->begin = (const Comity__HolderBegin *)message;
	enum fault fault = find_keys(duty, home);
	if (fault)
		TRY(keyd_greet(duty->fd, fault, 0));
	return fault;
}

static enum fault serve(const char *home)
{
	struct duty duty = { .fd = HOLDER_FD };
	arena_init(&duty.arena, 1 << 20);
	enum fault fault = begin(&duty, home);
	if (!fault)
		fault = duty.begin->issue ? issue(&duty) : sign(&duty);
	if (fault && fault != FAULT_LINE_CUT)
		log_broken("keyd: %s", fault_detail(fault));
	settings_clear(&duty.settings);
	arena_clear(&duty.arena);
	return fault;
}

static int tell(const char *text)
{
	fputs(text, stdout);
	return 0;
}

int main(int count, char **arguments)
{
	const char *home = getenv("COMITY_HOME");
	for (int i = 1; i < count; i++) {
		if (!strcmp(arguments[i], "--home") && i + 1 < count)
			home = arguments[++i];
		else if (!strcmp(arguments[i], "--child"))
			prctl(PR_SET_PDEATHSIG, SIGKILL);	/* should it hang in a token; else it sees the end of its line */
		else if (!strcmp(arguments[i], "--version"))
			return tell("comity-keyd " COMITY_VERSION "\n");
		else
			return strcmp(arguments[i], "--help") ? (fputs(usage, stderr), 64) : tell(usage);
	}
	umask(0077);
	memory_conceal();
	secure_heap_open();
	close_range(HOLDER_FD + 1, ~0U, 0);
	enum fault fault = serve(home && *home ? home : NULL);
	fflush(NULL);
	_exit(fault_exit_status(fault));	/* whatever would still want to run is not on the list of what may */
}
