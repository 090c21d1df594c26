#pragma once
/* What the files of comparison share.  Nobody else includes this. */
#include "daemon/desks/comparison.h"
#include "daemon/ledger/porter.h"
#include "proto/manifest.h"

enum likeness { ALIKE, MOVING, UNLIKE };	/* moving: something is on its way, or seems to be */

enum { DIFFERENCE_SIZE = 256 };

/* One peer.  Lives as long as the room: an errand may be under way when its line goes. */
struct pair {
	struct pair *next;
	struct comparison *comparison;
	char peer[MANIFEST_ID_SIZE];
	uint64_t link_id;			/* 0: no line */
	int64_t compared_at;			/* stamp_clock(), also when it came to nothing */
	bool has_asked;				/* our summary is out, theirs is awaited */
	bool has_heard, must_answer;		/* theirs is here; it wants ours */
	struct summary ours, heard;
	struct summary moving[2];		/* ours and theirs, when something was on its way the last time */
	/* counting, on the porter's thread */
	bool is_counting;
	struct errand errand;
	struct summary counted;
	int64_t counted_at;
	enum fault fault;
	/* recording, on the scribe's */
	bool is_recording;
	struct job job;
	bool is_equal;
	char difference[DIFFERENCE_SIZE], at[STAMP_SIZE];
	struct summary recorded;
	/* who asked */
	comparison_done *done;
	void *owner;
};

struct comparison {
	struct comparison_rooms rooms;
	struct pair *pairs;
};

/* What we hold, into pair->counted.  On the porter's thread. */
enum fault pair_count(struct pair *pair) MUST_CHECK;
/* Hold both against one another; the difference in words. */
enum likeness summaries_compare(const struct summary *ours, const struct summary *theirs, char difference[DIFFERENCE_SIZE]);
/* The record, packed together from the pair; points into it. */
Comity__Comparison pair_finding(struct pair *pair);
/* The job: keep what was found, and tell it if it is new. */
enum fault pair_record(struct txn *txn, struct job *job);
