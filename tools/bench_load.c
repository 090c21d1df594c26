/* bench_load SOCKET REF COUNT SESSIONS BYTES URGENCY: say COUNT messages of BYTES bytes in a case, over SESSIONS control
 * sessions with one call outstanding on each, and print one line of JSON with what was measured.  URGENCY is a name of
 * the schema: ROUTINE, URGENT, EMERGENCY.
 *
 * With one session the next message is said when the receipt of the one before is in; with more, as fast as the
 * answers come.  The end is the last signed receipt, as the daemon's own events tell it.  It shares the processors with
 * what it measures, so the call is packed once and only its idempotency key is new each time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/control.pb-c.h"
#include "proto/frame.h"
#include "proto/unpack.h"

enum {
	SESSIONS_MAX = 1000,
	TEXT_MAX = 512 << 10,
	READ_SIZE = 64 << 10,
	PATIENCE_MS = 30000,
	KEY_RUN_SIZE = 16, KEY_NUMBER_SIZE = 8, KEY_SIZE = 2 * (KEY_RUN_SIZE + KEY_NUMBER_SIZE),
};

struct session {
	int fd;
	struct bytes in;		/* what was read and not yet cut */
	double asked_at;		/* of the call that waits for its answer */
};

struct load {
	const char *socket;
	size_t count, n_sessions;
	struct bytes call;				/* packed, framed */
	size_t number_at;				/* where the part of its key is that changes: hex digits */
	struct session sessions[SESSIONS_MAX + 1];	/* the last one watches */
	int poll;
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

/* ── what is said ── */

static void send_whole(int fd, struct span out)
{
	while (out.len) {
		ssize_t count = send(fd, out.at, out.len, MSG_NOSIGNAL);
		if (count < 0)
			die(strerror(errno));
		out.at += count;
		out.len -= (size_t)count;
	}
}

static void pack_call(struct bytes *out, Comity__Call *call)
{
	call->has_id = call->has_api = true;
	call->id = call->api = 1;
	must(frame_pack(out, &call->base));
}

/* A key of random digits for this run, and behind them room for the number of the message. */
static void prepare_call(struct load *load, const char *ref, size_t size, int urgency)
{
	char key[KEY_SIZE + 1] = { 0 }, *text = malloc(size + 1);
	uint8_t run[KEY_RUN_SIZE + KEY_NUMBER_SIZE] = { 0 };
	if (!text || getrandom(run, KEY_RUN_SIZE, 0) != KEY_RUN_SIZE)
		die("no memory, or no randomness");
	hex_write(key, SPAN(run));
	memset(text, 'x', size);
	text[size] = '\0';
	Comity__GeneralCorrespondence words = COMITY__GENERAL_CORRESPONDENCE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts[] = { &act };
	act.kind_case = COMITY__ACT__KIND_GENERAL_CORRESPONDENCE;
	act.general_correspondence = &words;
	Comity__Message message = COMITY__MESSAGE__INIT;
	message.text = text;
	message.has_urgency = true;
	message.urgency = (Comity__Urgency__Value)urgency;
	message.acts = acts;
	message.n_acts = 1;
	Comity__Submit submit = COMITY__SUBMIT__INIT;
	submit.ref = (char *)ref;
	submit.message = &message;
	Comity__Call call = COMITY__CALL__INIT;
	call.idempotency_key = key;
	call.kind_case = COMITY__CALL__KIND_SUBMIT;
	call.submit = &submit;
	pack_call(&load->call, &call);
	uint8_t *at = memmem(load->call.at, load->call.len, key, KEY_SIZE);
	if (!at)
		die("the packed call has no key");
	load->number_at = (size_t)(at - load->call.at) + 2UL * KEY_RUN_SIZE;
	free(text);
}

static void submit(struct load *load, struct session *session)
{
	uint8_t number[KEY_NUMBER_SIZE];
	char digits[2 * KEY_NUMBER_SIZE + 1];
	put_u64(number, ++load->said);
	hex_write(digits, SPAN(number));
	memcpy(load->call.at + load->number_at, digits, 2 * sizeof number);
	session->asked_at = seconds_now();
	send_whole(session->fd, span_of(&load->call));
}

/* ── what is heard ── */

/* The next reply, in the arena; NULL when it has not arrived whole. */
static Comity__Reply *cut_reply(struct load *load, struct span *rest)
{
	struct frame frame;
	ProtobufCMessage *reply;
	must(frame_cut(rest, FRAME_SIZE_MAX, &frame));
	if (frame.kind != FRAME_MESSAGE)
		return NULL;
	arena_reset(&load->arena);
	must(unpack_own(&comity__reply__descriptor, frame.payload, &load->arena, FAULT_BAD_FRAME, &reply));
	Comity__Reply *answer = (Comity__Reply *)reply;
	if (answer->kind_case == COMITY__REPLY__KIND_ERROR)
		die(answer->error->message ? answer->error->message : answer->error->code);
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
		Comity__Reply *reply = cut_reply(load, &rest);
		bytes_consume(&session->in, session->in.len - rest.len);
		if (reply)
			return reply;
		read_more(session);
	}
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
	for (Comity__Reply *reply; (reply = cut_reply(load, &rest));)
		hear(load, session, reply);
	bytes_consume(&session->in, session->in.len - rest.len);
}

/* ── the run ── */

static void open_session(struct load *load, struct session *session)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = session };
	if (strlen(load->socket) >= sizeof address.sun_path)
		die("the socket's path is too long");
	strcpy(address.sun_path, load->socket);
	session->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || connect(session->fd, (struct sockaddr *)&address, sizeof address) ||
			epoll_ctl(load->poll, EPOLL_CTL_ADD, session->fd, &wanted))
		die(strerror(errno));
}

static void ask(struct session *session, Comity__Call *call)
{
	struct bytes out = { 0 };
	pack_call(&out, call);
	send_whole(session->fd, span_of(&out));
	bytes_clear(&out);
}

/* Every event from here on. */
static void begin_watch(struct load *load, struct session *session)
{
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = COMITY__CALL__INIT;
	call.kind_case = COMITY__CALL__KIND_STATUS;
	call.status = &nothing;
	ask(session, &call);
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.has_since = watch.has_follow = watch.follow = true;
	watch.since = await(load, session)->status->events;
	call.kind_case = COMITY__CALL__KIND_WATCH;
	call.watch = &watch;
	ask(session, &call);
}

static void run(struct load *load)
{
	struct epoll_event news[SESSIONS_MAX + 1];
	while (load->delivered < load->count || load->answered < load->count) {
		int count = epoll_wait(load->poll, news, ARRAY_LEN(news), PATIENCE_MS);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			die("nothing came for thirty seconds");
		for (int i = 0; i < count; i++)
			listen_to(load, news[i].data.ptr);
	}
}

static void open_all(struct load *load)
{
	load->poll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i <= load->n_sessions; i++)
		open_session(load, &load->sessions[i]);
	begin_watch(load, &load->sessions[load->n_sessions]);
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

static void read_arguments(struct load *load, char **argv)
{
	const ProtobufCEnumValue *urgency =
		protobuf_c_enum_descriptor_get_value_by_name(&comity__urgency__value__descriptor, argv[6]);
	if (!urgency)
		die("no such urgency");
	load->socket = argv[1];
	load->count = number(argv[3], 1, 100000000);
	load->n_sessions = number(argv[4], 1, SESSIONS_MAX);
	prepare_call(load, argv[2], number(argv[5], 1, TEXT_MAX), urgency->value);
}

int main(int argc, char **argv)
{
	static struct load load;
	if (argc != 7)
		die("usage: bench_load SOCKET REF COUNT SESSIONS BYTES URGENCY");
	read_arguments(&load, argv);
	load.submits = calloc(load.count, sizeof *load.submits);
	load.latencies = calloc(load.count, sizeof *load.latencies);
	if (!load.submits || !load.latencies)
		die("no memory");
	arena_init(&load.arena, UNPACK_ARENA);
	open_all(&load);
	double began = seconds_now();
	for (size_t i = 0; i < load.n_sessions && load.said < load.count; i++)
		submit(&load, &load.sessions[i]);
	run(&load);
	printf("{\"seconds\": %.6f, \"submit_p50_ms\": %.4f, \"latency_p50_ms\": %.4f, \"latency_p99_ms\": %.4f}\n",
		seconds_now() - began, percentile(load.submits, load.count, 50),
		percentile(load.latencies, load.count, 50), percentile(load.latencies, load.count, 99));
	return 0;
}
