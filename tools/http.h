#pragma once
/* One errand over HTTP: a document goes out, a document comes back, bounded in size and in time.
 *
 * No redirection is followed and nothing but http and https is spoken; https is checked against the system's roots.  A proxy is
 * used where the environment names one (http_proxy, no_proxy: curl(1)).  The only home of libcurl. */
#include "proto/bytes.h"

struct http_errand {
	const char *url;
	const char *sends, *wants;		/* media types */
	struct span document;
	size_t answer_max;
	int64_t patience_ms;			/* for all of it */
};

/* The answer is appended.  Faults: no host, line refused, line timeout, line cut, too large, tls; not found, when the answer is
 * an HTTP error: each with a sentence. */
enum fault http_post(const struct http_errand *errand, struct bytes *answer) MUST_CHECK;
