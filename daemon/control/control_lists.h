#pragma once
/* Answers of any length: page by page (daemon/control/control_lists.c).
 *
 * Each page is read in a short transaction of its own and sent when the client has taken the one before, so that a list
 * costs the memory of a page and holds nobody up.  The pages go on by key: what is added or taken away meanwhile is in
 * it or not, and nothing else is missed or told twice. */
#include "daemon/control/control_calls.h"
#include "proto/stamp.h"

/* A list that is being given. */
struct paging {
	const struct listing *listing;
	struct key prefix, after;	/* whose rows; the last row that was looked at */
	uint32_t place;			/* how many rows were given */
	uint64_t seq;			/* of the first page: whoever watches from here misses nothing */
	char generated_at[STAMP_SIZE];
	bool is_first;			/* the page in hand is */
	bool is_at_end;
	/* of the page in hand */
	size_t *count;			/* its list's n_data ...  NULL: show() puts the row where it belongs */
	void *data;			/* ... and &data */
	size_t bytes;
	const Comity__Case *kase;	/* whose attachments they are; NULL: not one case's */
};

struct listing {
	enum table table;
	enum { OLDEST_FIRST, NEWEST_FIRST } order;
	/* Once, before the first page: which rows, by their keys' prefix.  NULL: all of the table. */
	enum fault (*narrow)(struct inquiry *inquiry, struct key *prefix);
	/* Make the reply's list, unless it is there, and say where its rows go. */
	enum fault (*open)(struct inquiry *inquiry, struct paging *paging);
	/* A row as it is shown, or NULL when it is not wanted.  Faults: the transaction's. */
	const ProtobufCMessage *(*show)(struct inquiry *inquiry, const struct paging *paging, struct span value);
	const struct listing *then;	/* whose rows, with the same prefix, follow in the same answer; or NULL */
};

void lists_begin(struct session *session, const struct listing *listing);

/* A mistyped peer is told so; one that was removed has a correspondence still.  Faults: peer unknown. */
enum fault lists_judge_peer(struct inquiry *inquiry, const char *named);
/* For all that is listed of one case, whose id the keys begin with. */
enum fault lists_narrow_to_case(struct inquiry *inquiry, struct key *prefix);
/* For attachments, when a page is opened: they are shown with the conditions of their case. */
void lists_take_case(struct inquiry *inquiry, struct paging *paging);
const ProtobufCMessage *lists_show_attachment(struct inquiry *inquiry, const struct paging *paging, struct span value);

extern const struct listing listing_audit, listing_audit_heads;	/* control_audit.c */
extern const struct listing listing_peers;			/* control_peers.c */
extern const struct listing listing_requests;			/* control_requests.c */
extern const struct listing listing_directory;			/* control_directory.c */
extern const struct listing listing_case;			/* control_case.c */
extern const struct listing listing_messages, listing_loose, listing_attachments;	/* control_messages.c */
