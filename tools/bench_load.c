/* bench_load SOCKET REF COUNT SESSIONS BYTES [urgent]: say COUNT messages of BYTES bytes in a case, over SESSIONS control
 * sessions with one call outstanding on each, and print one line of JSON with what was measured.
 *
 * With one session the next message is said when the receipt of the one before is in; with more, as fast as the
 * answers come.  The end is the last signed receipt, as the daemon's own events tell it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/control.pb-c.h"
#include "proto/frame.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { SESSIONS_MAX = 250, TEXT_MAX = 512 << 10, READ_SIZE = 256 << 10, PATIENCE_MS = 30000 };

struct session {
	int fd;
	struct bytes in;		/* what was read and not yet cut */
	double asked_at;		/* of the call that waits for its answer */
};

struct load {
	const char *socket, *ref;
	char *text;
	bool is_urgent;
	size_t count, n_sessions;
	struct session sessions[SESSIONS_MAX + 1];	/* the last one watches */
	struct pollfd polls[SESSIONS_MAX + 1];
	size_t said, answered, delivered;
	double *submits, *latencies;			/* seconds, one a message */
	struct arena arena;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_load: %s\n", what);
	exit(1);
}

static void must(enum fault fault)
{
	if (fault)
		die(fault_detail(fault));
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int open_session(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		die("the socket's path is too long");
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		die(strerror(errno));
	return fd;
}

static void send_call(struct session *session, Comity__Call *call)
{
	struct bytes out = { 0 };
	call->has_id = call->has_api = true;
	call->id = call->api = 1;
	must(frame_pack(&out, &call->base));
	for (size_t sent = 0; sent < out.len;) {
		ssize_t count = send(session->fd, out.at + sent, out.len - sent, MSG_NOSIGNAL);
		if (count < 0)
			die(strerror(errno));
		sent += (size_t)count;
	}
	bytes_clear(&out);
	session->asked_at = seconds_now();
}

static void submit(struct load *load, struct session *session)
{
	char key[UUID_TEXT_SIZE];
	uuid_new(key);
	Comity__GeneralCorrespondence words = COMITY__GENERAL_CORRESPONDENCE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts[] = { &act };
	act.kind_case = COMITY__ACT__KIND_GENERAL_CORRESPONDENCE;
	act.general_correspondence = &words;
	Comity__Message message = COMITY__MESSAGE__INIT;
	message.text = load->text;
	message.has_urgency = load->is_urgent;
	message.urgency = COMITY__URGENCY__VALUE__URGENT;
	message.acts = acts;
	message.n_acts = 1;
	Comity__Submit body = COMITY__SUBMIT__INIT;
	body.ref = (char *)load->ref;
	body.message = &message;
	Comity__Call call = COMITY__CALL__INIT;
	call.idempotency_key = key;
	call.kind_case = COMITY__CALL__KIND_SUBMIT;
	call.submit = &body;
	send_call(session, &call);
	load->said++;
}

/* The next reply on the session, in the arena; NULL when it has not arrived whole. */
static Comity__Reply *cut_reply(struct load *load, struct session *session, struct span *rest)
{
	struct frame frame;
	ProtobufCMessage *reply;
	must(frame_cut(rest, FRAME_SIZE_MAX, &frame));
	if (frame.kind != FRAME_MESSAGE)
		return NULL;
	arena_reset(&load->arena);
	must(unpack(&comity__reply__descriptor, frame.payload, &load->arena, FAULT_BAD_FRAME, &reply));
	Comity__Reply *answer = (Comity__Reply *)reply;
	if (answer->kind_case == COMITY__REPLY__KIND_ERROR)
		die(answer->error->message ? answer->error->message : answer->error->code);
	(void)session;
	return answer;
}

static void read_more(struct session *session)
{
	must(bytes_reserve(&session->in, READ_SIZE));
	ssize_t count = recv(session->fd, session->in.at + session->in.len, READ_SIZE, 0);
	if (count <= 0)
		die("the daemon ended the session");
	session->in.len += (size_t)count;
}

/* Wait for one reply on a session that has nothing else to do. */
static Comity__Reply *await(struct load *load, struct session *session)
{
	for (;;) {
		struct span rest = span_of(&session->in);
		Comity__Reply *reply = cut_reply(load, session, &rest);
		bytes_consume(&session->in, session->in.len - rest.len);
		if (reply)
			return reply;
		read_more(session);
	}
}

static void begin_watch(struct load *load, struct session *session)
{
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = COMITY__CALL__INIT;
	call.kind_case = COMITY__CALL__KIND_STATUS;
	call.status = &nothing;
	send_call(session, &call);
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.has_since = watch.has_follow = watch.follow = true;
	watch.since = await(load, session)->status->events;
	call.kind_case = COMITY__CALL__KIND_WATCH;
	call.watch = &watch;
	send_call(session, &call);
}

static void hear_event(struct load *load, const Comity__Event *event)
{
	if (!event->type || strcmp(event->type, "comity.message.delivered.v1") || load->delivered >= load->count)
		return;
	load->latencies[load->delivered++] = seconds_now() - load->sessions[0].asked_at;
	if (load->n_sessions == 1 && load->said < load->count)
		submit(load, &load->sessions[0]);
}

static void hear(struct load *load, struct session *session, const Comity__Reply *reply)
{
	if (reply->kind_case == COMITY__REPLY__KIND_EVENTS) {
		for (size_t i = 0; i < reply->events->n_data; i++)
			hear_event(load, reply->events->data[i]);
		return;
	}
	if (reply->kind_case != COMITY__REPLY__KIND_SUBMITTED)
		return;
	load->submits[load->answered++] = seconds_now() - session->asked_at;
	if (load->n_sessions > 1 && load->said < load->count)
		submit(load, session);
}

static void listen_to(struct load *load, struct session *session)
{
	read_more(session);
	struct span rest = span_of(&session->in);
	for (Comity__Reply *reply; (reply = cut_reply(load, session, &rest));)
		hear(load, session, reply);
	bytes_consume(&session->in, session->in.len - rest.len);
}

static void run(struct load *load)
{
	for (size_t i = 0; i <= load->n_sessions; i++) {
		load->sessions[i].fd = open_session(load->socket);
		load->polls[i] = (struct pollfd){ .fd = load->sessions[i].fd, .events = POLLIN };
	}
	begin_watch(load, &load->sessions[load->n_sessions]);
	for (size_t i = 0; i < load->n_sessions && load->said < load->count; i++)
		submit(load, &load->sessions[i]);
	while (load->delivered < load->count || load->answered < load->count) {
		if (poll(load->polls, load->n_sessions + 1, PATIENCE_MS) <= 0)
			die("nothing came for thirty seconds");
		for (size_t i = 0; i <= load->n_sessions; i++)
			if (load->polls[i].revents)
				listen_to(load, &load->sessions[i]);
	}
}

static int by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static double percentile(double *values, size_t count, unsigned percent)
{
	qsort(values, count, sizeof *values, by_size);
	return values[(count - 1) * percent / 100] * 1000;
}

static size_t number(const char *text, size_t min, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*end || value < min || value > max)
		die("a number is out of range");
	return value;
}

int main(int argc, char **argv)
{
	static struct load load;
	load.is_urgent = argc == 7 && !strcmp(argv[6], "urgent");
	if (argc != 6 && !load.is_urgent)
		die("usage: bench_load SOCKET REF COUNT SESSIONS BYTES [urgent]");
	load.socket = argv[1];
	load.ref = argv[2];
	load.count = number(argv[3], 1, 100000000);
	load.n_sessions = number(argv[4], 1, SESSIONS_MAX);
	size_t size = number(argv[5], 0, TEXT_MAX);
	load.text = calloc(size + 1, 1);
	load.submits = calloc(load.count, sizeof *load.submits);
	load.latencies = calloc(load.count, sizeof *load.latencies);
	if (!load.text || !load.submits || !load.latencies)
		die("no memory");
	memset(load.text, 'x', size);
	arena_init(&load.arena, UNPACK_ARENA);
	double began = seconds_now();
	run(&load);
	printf("{\"seconds\": %.6f, \"submit_p50_ms\": %.4f, \"latency_p50_ms\": %.4f, \"latency_p99_ms\": %.4f}\n",
		seconds_now() - began, percentile(load.submits, load.count, 50),
		percentile(load.latencies, load.count, 50), percentile(load.latencies, load.count, 99));
	return 0;
}
