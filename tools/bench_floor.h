#pragma once
/* What the parts of bench_floor share: a desk that writes, a line that talks, and no mercy: whatever fails ends it. */
#include <errno.h>
#include <lmdb.h>
#include <openssl/ssl.h>
#include <string.h>
#include <uv.h>

#include "proto/bytes.h"

/* A frame is a length, the number of a message, and its bytes; without bytes it acknowledges all up to that number. */
enum { LENGTH_SIZE = 4, NUMBER_SIZE = 8, HEAD_SIZE = LENGTH_SIZE + NUMBER_SIZE };

/* What is to be written, and the thread that writes it: all that waits in one transaction. */
struct desk {
	MDB_env *env;
	MDB_dbi box, marks;
	uv_thread_t thread;
	uv_async_t news;		/* on the loop: something was kept */
	uv_mutex_t lock;		/* of all below */
	uv_cond_t wake;
	struct bytes waiting, kept;	/* frames that are not yet, and that are on disk */
	uint64_t marks_wanted, marks_kept;	/* up to this number */
};

/* `bytes` of address space for the file at `path`. */
void desk_open(struct desk *desk, uv_loop_t *loop, uv_async_cb on_news, const char *path, size_t bytes);

struct line {
	uv_tcp_t tcp;
	SSL *tls;
	BIO *in, *out;
	struct bytes heard;			/* plain; the listener takes from its front */
	void (*listener)(struct line *line);	/* after the handshake, and whenever more was heard */
	void (*ended)(struct line *line);
};

SSL_CTX *line_context(void);
/* The TCP connection stands: shake hands, and listen. */
void line_begin(struct line *line, SSL_CTX *context, bool is_caller);
void line_say(struct line *line, struct span plain);

/* Cut the next whole frame off the front of the stream and lend it without its length. */
bool floor_cut(struct span *stream, struct span *frame);
_Noreturn void floor_die(const char *what, const char *why);

#define OS(call) ((call) < 0 ? floor_die(#call, strerror(errno)) : (void)0)
#define UV(call) floor_uv(#call, call)
#define SSL_MUST(call) ((call) ? (void)0 : floor_die(#call, "OpenSSL says no"))

static inline void floor_uv(const char *what, int rc)
{
	if (rc < 0)
		floor_die(what, uv_strerror(rc));
}

static inline void floor_must(enum fault fault)
{
	if (fault)
		floor_die("memory", fault_detail(fault));
}
