#pragma once
/* A look through a whole ledger for what is wrong: `comity store check`, and what verifies a backup.
 *
 * Every record is held against its checksum, its form, and the records that it speaks of; both chains of every peer are
 * walked from their first manifest to their head; every attachment's file is looked for.  It runs beside the daemon's
 * work, in read transactions that are short, and changes nothing.  What belongs together is looked at in one of them,
 * so that what is written meanwhile is never taken for damage.  It blocks on the disk: not for the loop's thread.
 */
#include <stdatomic.h>

#include "proto/arena.h"
#include "proto/control.pb-c.h"

struct blobs;
struct store;

struct survey_subject {
	struct store *store;
	struct blobs *blobs;		/* NULL: their files are not looked at */
	const char *own_id;
	bool is_deep;			/* also read every attachment, and verify every signature */
	const atomic_bool *must_stop;	/* asked now and then: give up; may be NULL */
};

enum { SURVEY_FINDINGS_MAX = 1000 };	/* told one by one; more are counted */

/* The report and its findings live in the arena.  Findings are no fault: only what keeps us from looking is.
 * Faults: in doubt, io, no memory, shutting down (it must stop). */
enum fault survey(const struct survey_subject *subject, struct arena *arena, Comity__SurveyReport *report) MUST_CHECK;
