#pragma once
/* How does the way to a peer look, from both sides?  The ladder of `comity peer doctor` (docs/PROTOCOL.md, "Checkup").
 *
 * Each side climbs the same rungs towards the other: it tries the other's endpoints, calls or uses the line that is there,
 * and looks at what it has left for it.  Whoever asks climbs first; when a line is open then, the other side is asked over
 * it for its own findings.  The verdict (checkup_verdict.c) names the side that fails, and what it must do.
 */
#include "daemon/line/link.h"
#include "daemon/line/peers.h"

struct blobs;
struct checkup;
struct store;

enum rung {
	RUNG_NAME, RUNG_ROUTE, RUNG_TCP, RUNG_TLS, RUNG_CHAIN, RUNG_PIN, RUNG_REVOCATION, RUNG_CLOCK, RUNG_VERSION,
	RUNG_PERMISSION, RUNG_DISK, RUNG_QUOTA, RUNGS,
};

enum footing { FOOTING_UNKNOWN, FOOTING_FIRM, FOOTING_GONE };

/* What one side sees. */
struct view {
	struct sight {
		enum footing footing;
		enum fault fault;		/* why it does not hold */
		char text[256];			/* what was seen */
	} rungs[RUNGS];
};

enum side { SIDE_NONE, SIDE_OURS, SIDE_THEIRS, SIDE_BETWEEN };

struct verdict {
	enum side side;				/* that fails; none: all is well */
	enum rung rung;
	enum fault fault;
	char sentence[640];			/* which side, at which rung, what was seen, and what to do: one sentence */
};

struct checkup_report {
	struct view ours, theirs;
	bool is_open;				/* there is a line */
	bool has_theirs;			/* they told what they see */
	struct verdict verdict;
};

const char *rung_name(enum rung rung);
enum rung rung_of_name(const char *name);	/* RUNGS when there is none of that name */
enum rung rung_of_fault(enum fault fault);	/* where it makes one fall; RUNG_PERMISSION when nothing is known of it */

/* Read both views.  A line that is open excuses an endpoint that is not: that is told only when nothing is worse. */
void checkup_judge(const char *peer, struct checkup_report *report);

struct checkup_rooms {
	struct store *store;
	struct blobs *blobs;
	struct peers *peers;
	bool has_quota;
	uint64_t quota;				/* bytes on our disk that attachments of one peer may take */
	uint64_t messages_a_day;		/* of one peer; UINT64_MAX: any number */
};

/* Copies the rooms.  Faults: no memory. */
enum fault checkup_open(const struct checkup_rooms *rooms, struct checkup **checkup) MUST_CHECK;
void checkup_close(struct checkup *checkup);	/* after peers; takes NULL */

/* Climb.  `done` is called once, on the loop, for a peer with whom there can be no line at once; the report is borrowed.  Faults, and then it is not called: peer unknown,
 * no memory. */
enum fault checkup_ask(struct checkup *checkup, const char *peer,
	void (*done)(void *owner, const struct checkup_report *report), void *owner) MUST_CHECK;
void checkup_closed(struct checkup *checkup, struct link *link);
/* They ask how we see it. */
void checkup_hear(struct checkup *checkup, struct link *link);
void checkup_take(struct checkup *checkup, struct link *link, const struct findings *findings);
void checkup_tick(struct checkup *checkup);	/* every few seconds: patience ends */
