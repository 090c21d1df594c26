#pragma once
/* What both ends of the socket between comityd and the holder of its keys have in common: whole frames, waited for.
 * Blocking; each end has a thread that may. */
#include "proto/arena.h"
#include "proto/keyholder.pb-c.h"

enum {
	HOLDER_FD = 3,				/* where comity-keyd finds its connection: SD_LISTEN_FDS_START, sd_listen_fds(3) */
	HOLDER_CALL_MAX = 8 << 10,		/* of a call, without what is to be signed */
	HOLDER_REPLY_MAX = 64 << 10,
	HOLDER_CONTENT_MAX = 256 << 20,		/* of what is to be signed: the list of a backup names every attachment */
	FOR_EVER = -1,
};

/* Milliseconds of a clock that no one sets, for deadlines. */
int64_t holder_clock(void);

/* A frame, then the bare bytes.  `until` by holder_clock(), or FOR_EVER.  Faults: line cut, line timeout, no memory. */
enum fault holder_send(int fd, const ProtobufCMessage *message, struct span content, int64_t until) MUST_CHECK;
/* The next frame, unpacked into the arena.  Faults: line cut (also at its end), line timeout, bad frame, frame too large. */
enum fault holder_hear(int fd, const ProtobufCMessageDescriptor *type, size_t size_max, int64_t until, struct arena *arena,
	ProtobufCMessage **message) MUST_CHECK;
/* Exactly that many bare bytes.  Faults: line cut, line timeout. */
enum fault holder_take(int fd, uint8_t *to, size_t size, int64_t until) MUST_CHECK;
