#pragma once
/* Attachments of ours that wait at a peer, as it told us: so that whoever sent them sees why they do not arrive.
 *
 * Nothing rests on it, and nothing of it is kept: what was told ends with its line, or when the peer asks for the
 * attachment after all, and on the next line it is told anew.  All functions are called on the loop.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"
#include "proto/uuid.h"

struct wait;
struct waits;

enum { WAITS_MAX = 64 };			/* of one line; what is told beyond is not remembered */

enum fault waits_open(struct store *store, const char *own_id, struct waits **waits) MUST_CHECK;
void waits_close(struct waits *waits);		/* takes NULL */
/* It waits there.  Only what a message of ours to that very peer announced is remembered. */
void waits_hear(struct waits *waits, const struct link *link, const struct waiting *waiting);
/* It is asked for: it waits no longer. */
void waits_end(struct waits *waits, const struct link *link, const struct fetch *fetch);
void waits_closed(struct waits *waits, const struct link *link);
/* The slug of why attachment `index` of our message waits; NULL when nobody said so.  Lasts until the next call that is no
 * question. */
const char *waits_reason(const struct waits *waits, const char *message_id, uint32_t index);

/* All of them, in no order that means anything: the one behind `at`, NULL for the first; NULL when there is none.  Lasts until
 * the next call that is no question. */
struct wait_told {
	char message_id[UUID_TEXT_SIZE];	/* of ours */
	uint32_t index;				/* the attachment's place in it, from 1 */
	const char *reason;			/* a slug */
};
const struct wait *waits_next(const struct waits *waits, const struct wait *at);
struct wait_told wait_tell(const struct wait *wait);
