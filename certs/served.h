#pragma once
/* Which certificate is shown to those who call?  A greeting that goes as far as that and no further: nothing is believed of
 * it, nothing of ours is shown, and the connection is good for nothing afterwards. */
#include "proto/bytes.h"

/* The leaf that the other end of this connected, non-blocking socket shows, appended as DER.  `until` by CLOCK_MONOTONIC, in
 * milliseconds.  On a thread that may wait.  Faults: tls, with what was wrong; line timeout; no memory. */
enum fault served_certificate(int fd, int64_t until, struct bytes *der) MUST_CHECK;

/* What the library keeps for this thread goes: at the end of any work of certs/ on a thread of a pool, whose end nobody waits for. */
void served_leave_thread(void);
