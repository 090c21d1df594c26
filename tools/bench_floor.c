/* bench_floor DIR COUNT IN_FLIGHT BYTES: the least that moving messages durably between two processes costs, with the
 * libraries we use and nothing of ours: what our own figures are a share of.
 *
 * Two processes on one machine: mutual TLS 1.3 over memory BIOs on a libuv loop, LMDB with default durability on both
 * sides, and on each side one thread that commits whatever waits while the next gathers.  The way of a message: outbox
 * record, on disk; line; inbox record, on disk; acknowledgement; mark of its delivery, on disk.  No checks, no signatures,
 * no chains, no cases, no events, no clients.
 *
 * IN_FLIGHT submissions wait for their own disk at a time; with one, the next follows the delivery of the one before:
 * the rules of bench_load, whose line of JSON this prints too, with the CPU that both processes took.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench_floor.h"

enum { PAGE = 4096, MAP_SLACK = 64 << 20 };

struct node {
	uv_loop_t loop;
	uv_tcp_t listener;
	SSL_CTX *context;
	struct line line;
	struct desk desk;
	struct bytes taken;		/* from the desk's kept */
	bool is_sender, is_begun;
	/* the sender's */
	size_t count, in_flight, size;
	uint64_t said, stored, delivered;
	double began, *asked_at, *submits, *latencies;	/* seconds; one a message */
};

void floor_die(const char *what, const char *why)
{
	fprintf(stderr, "bench_floor: %s: %s\n", what, why);
	_exit(1);
}

bool floor_cut(struct span *stream, struct span *frame)
{
	if (stream->len < LENGTH_SIZE || stream->len - LENGTH_SIZE < get_u32(stream->at))
		return false;
	*frame = (struct span){ stream->at + LENGTH_SIZE, get_u32(stream->at) };
	stream->at += LENGTH_SIZE + frame->len;
	stream->len -= LENGTH_SIZE + frame->len;
	return true;
}

static double seconds_now(void)
{
	return (double)uv_hrtime() / 1e9;
}

/* ── what is on disk goes on ── */

/* One more message into the outbox; whoever calls wakes the desk. */
static void submit(struct node *node)
{
	struct bytes *out = &node->desk.waiting;
	floor_must(bytes_reserve(out, HEAD_SIZE + node->size));
	uint8_t *at = out->at + out->len;
	put_u32(at, (uint32_t)(NUMBER_SIZE + node->size));
	put_u64(at + LENGTH_SIZE, node->said + 1);
	memset(at + HEAD_SIZE, 'x', node->size);
	out->len += HEAD_SIZE + node->size;
	node->asked_at[node->said++] = seconds_now();
}

static void submit_many(struct node *node, size_t count)
{
	uv_mutex_lock(&node->desk.lock);
	for (; count && node->said < node->count; count--)
		submit(node);
	uv_cond_signal(&node->desk.wake);
	uv_mutex_unlock(&node->desk.lock);
}

/* The sender's records are on disk: messages go out, deliveries are counted. */
static void sender_kept(struct node *node, struct span frames, uint64_t marked)
{
	double now = seconds_now();
	size_t stored = frames.len / (HEAD_SIZE + node->size);
	uint64_t delivered = node->delivered;
	for (size_t i = 0; i < stored; i++, node->stored++)
		node->submits[node->stored] = now - node->asked_at[node->stored];
	for (; node->delivered < marked; node->delivered++)
		node->latencies[node->delivered] = now - node->asked_at[node->delivered];
	if (stored)
		line_say(&node->line, frames);
	submit_many(node, node->in_flight > 1 ? stored : node->delivered - delivered);
	if (node->delivered == node->count)
		uv_stop(&node->loop);
}

/* The receiver's records are on disk: acknowledge the last, and with it those before. */
static void receiver_kept(struct node *node, struct span frames)
{
	uint8_t answer[HEAD_SIZE];
	struct span frame = { 0 };
	while (floor_cut(&frames, &frame))
		continue;
	if (!frame.len)
		return;
	put_u32(answer, NUMBER_SIZE);
	memcpy(answer + LENGTH_SIZE, frame.at, NUMBER_SIZE);
	line_say(&node->line, SPAN(answer));
}

static void on_kept(uv_async_t *news)
{
	struct node *node = container_of(container_of(news, struct desk, news), struct node, desk);
	uv_mutex_lock(&node->desk.lock);
	struct bytes empty = node->taken;
	node->taken = node->desk.kept;
	node->desk.kept = empty;
	uint64_t marked = node->desk.marks_kept;
	uv_mutex_unlock(&node->desk.lock);
	if (node->is_sender)
		sender_kept(node, span_of(&node->taken), marked);
	else
		receiver_kept(node, span_of(&node->taken));
	node->taken.len = 0;
}

static void hear(struct node *node)
{
	struct span rest = span_of(&node->line.heard), frame = { 0 };
	while (floor_cut(&rest, &frame))
		continue;
	if (!frame.len)
		return;
	uv_mutex_lock(&node->desk.lock);
	if (node->is_sender)
		node->desk.marks_wanted = get_u64(frame.at);
	else
		floor_must(bytes_append(&node->desk.waiting, (struct span){ node->line.heard.at, node->line.heard.len - rest.len }));
	uv_cond_signal(&node->desk.wake);
	uv_mutex_unlock(&node->desk.lock);
	bytes_consume(&node->line.heard, node->line.heard.len - rest.len);
}

static void sender_hears(struct line *line)
{
	struct node *node = container_of(line, struct node, line);
	if (!node->is_begun) {
		node->is_begun = true;
		node->began = seconds_now();
		submit_many(node, node->in_flight);
	}
	hear(node);
}

static void receiver_hears(struct line *line)
{
	hear(container_of(line, struct node, line));
}

static void sender_ends(struct line *line)
{
	(void)line;
	floor_die("the line", "ended");
}

/* The sender hangs up when it has seen all. */
static void receiver_ends(struct line *line)
{
	(void)line;
	_exit(0);
}

/* ── the two processes ── */

static void on_caller(uv_stream_t *listener, int status)
{
	struct node *node = container_of(listener, struct node, listener);
	UV(status);
	UV(uv_tcp_init(&node->loop, &node->line.tcp));
	UV(uv_accept(listener, (uv_stream_t *)&node->line.tcp));
	line_begin(&node->line, node->context, false);
}

static void node_open(struct node *node, const char *directory, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.mdb", directory, name);
	UV(uv_loop_init(&node->loop));
	desk_open(&node->desk, &node->loop, on_kept, path, node->count * (node->size / PAGE + 2) * PAGE + MAP_SLACK);
}

static void receive(struct node *node, int fd)
{
	UV(uv_tcp_init(&node->loop, &node->listener));
	UV(uv_tcp_open(&node->listener, fd));
	UV(uv_listen((uv_stream_t *)&node->listener, 1, on_caller));
	uv_run(&node->loop, UV_RUN_DEFAULT);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct node *node = container_of((uv_tcp_t *)connect->handle, struct node, line.tcp);
	UV(status);
	line_begin(&node->line, node->context, true);
}

static void transmit(struct node *node, const struct sockaddr_in *address)
{
	uv_connect_t connect;
	UV(uv_tcp_init(&node->loop, &node->line.tcp));
	UV(uv_tcp_connect(&connect, &node->line.tcp, (const struct sockaddr *)address, on_connected));
	uv_run(&node->loop, UV_RUN_DEFAULT);
}

static int listen_anywhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	OS(fd);
	OS(bind(fd, (struct sockaddr *)address, sizeof *address));
	OS(listen(fd, 1));
	OS(getsockname(fd, (struct sockaddr *)address, &size));
	return fd;
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

static double cpu_seconds(int who)
{
	struct rusage used;
	OS(getrusage(who, &used));
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void report(struct node *node, pid_t receiver)
{
	double seconds = seconds_now() - node->began;
	uv_os_fd_t fd;
	UV(uv_fileno((uv_handle_t *)&node->line.tcp, &fd));
	OS(shutdown(fd, SHUT_RDWR));		/* the receiver sees the end of the line, and ends */
	OS(waitpid(receiver, NULL, 0));
	printf("{\"seconds\": %.6f, \"submit_p50_ms\": %.4f, \"latency_p50_ms\": %.4f, \"latency_p99_ms\": %.4f, "
		"\"cpu_seconds\": %.6f}\n", seconds, percentile(node->submits, node->count, 50),
		percentile(node->latencies, node->count, 50), percentile(node->latencies, node->count, 99),
		cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN));
}

static size_t number(const char *text, size_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*end || value < 1 || value > max)
		floor_die(text, "out of range");
	return value;
}

int main(int argc, char **argv)
{
	static struct node node;
	struct sockaddr_in address;
	if (argc != 5)
		floor_die("usage", "bench_floor DIR COUNT IN_FLIGHT BYTES");
	node.count = number(argv[2], 100000000);
	node.in_flight = number(argv[3], 1000000);
	node.size = number(argv[4], 512 << 10);
	node.asked_at = calloc(3 * node.count, sizeof(double));
	if (!node.asked_at)
		floor_die("calloc", "no memory");
	node.submits = node.asked_at + node.count;
	node.latencies = node.submits + node.count;
	node.context = line_context();
	int fd = listen_anywhere(&address);
	pid_t receiver = fork();
	OS(receiver);
	node.is_sender = receiver != 0;
	node.line.listener = node.is_sender ? sender_hears : receiver_hears;
	node.line.ended = node.is_sender ? sender_ends : receiver_ends;
	node_open(&node, argv[1], node.is_sender ? "outbox" : "inbox");
	if (!node.is_sender)
		receive(&node, fd);
	transmit(&node, &address);
	report(&node, receiver);
	fflush(stdout);
	_exit(0);
}
