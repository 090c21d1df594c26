#pragma once
/* Do both sides still hold the same?  Each tells the other what it holds of the whole correspondence: the heads of both
 * chains, and how many messages of either side are in its ledger (docs/PROTOCOL.md, "Recovery").
 *
 * Hello compares the chains whenever a line opens; this finds what creeps in while lines stay open for months, and what
 * a chain does not show.  Done once a day for each peer, and when somebody asks; what is found is kept in the ledger.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/scribe.h"
#include "proto/ledger.pb-c.h"

struct comparison;
struct peers;
struct porter;

struct comparison_rooms {
	struct store *store;
	struct scribe *scribe;
	struct porter *porter;			/* counting reads every message's record */
	struct peers *peers;
	const char *own_id;
	uint64_t every_ms;			/* between two comparisons with one peer */
};

/* Copies the rooms.  Faults: no memory. */
enum fault comparison_open(const struct comparison_rooms *rooms, struct comparison **comparison) MUST_CHECK;
void comparison_close(struct comparison *comparison);	/* after scribe and porter; takes NULL */

void comparison_opened(struct comparison *comparison, struct link *link);
void comparison_closed(struct comparison *comparison, struct link *link);
void comparison_hear(struct comparison *comparison, struct link *link, const struct summary *summary);
/* Now and then: ask those with whom it is time. */
void comparison_tick(struct comparison *comparison);

/* Once, on the loop, when the outcome is on disk; `found` is borrowed.  Faults: not yet (something is on its way), and why
 * the line went. */
typedef void comparison_done(void *owner, enum fault fault, const Comity__Comparison *found);
/* Compare now.  Faults, and then `done` is not called: peer away (there is no line), not yet (one is under way). */
enum fault comparison_ask(struct comparison *comparison, const char *peer, comparison_done *done, void *owner) MUST_CHECK;
