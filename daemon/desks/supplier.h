#pragma once
/* Attachments that a peer asks for: found, read piece by piece, sent behind everything that is more urgent.
 *
 * Only what a message of ours to that very peer announced is given, or one of its own to us when it wants back what it
 * lost, under the digest it was announced with.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"

struct blobs;
struct peers;
struct porter;
struct supplier;
struct throttle;

struct supplier_rooms {
	struct store *store;
	struct porter *porter;
	struct blobs *blobs;
	struct peers *peers;
	struct throttle *throttle;
	const char *own_id;
};

enum fault supplier_open(const struct supplier_rooms *rooms, struct supplier **supplier) MUST_CHECK;
/* The porter must have ended.  Takes NULL. */
void supplier_close(struct supplier *supplier);
void supplier_fetch(struct supplier *supplier, struct link *link, const struct fetch *fetch);
void supplier_drained(struct supplier *supplier, struct link *link);
void supplier_closed(struct supplier *supplier, struct link *link);
