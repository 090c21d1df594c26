#pragma once
/* Everything of ours looked through, check by check, for `comity doctor`: what is wrong or soon will be, in a sentence, with
 * what mends it.
 *
 * The checks are rows of two tables: what the files tell, with a daemon or without (examination_files.c), and what only the
 * running daemon knows (daemon/control/control_examine.c).  Nothing is changed by looking.
 */
#include "proto/arena.h"
#include "proto/config.pb-c.h"
#include "proto/control.pb-c.h"

struct places;

enum severity { SEVERITY_OK, SEVERITY_WARN, SEVERITY_FAIL };

/* What a check finds goes into the report, and lives in the arena, whose fault tells whether all of it did. */
struct examination {
	struct arena *arena;
	Comity__DoctorReport *report;
	const char *check;			/* the row at work */
};

typedef void examination_check(struct examination *examination, const void *subject);

/* `remedy` may be NULL: nothing is to be done. */
void examination_find(struct examination *examination, enum severity severity, const char *remedy, const char *format, ...)
	PRINTF_LIKE(4, 5);
/* Run one row.  A check that finds nothing has found nothing wrong, and that is said. */
void examination_run(struct examination *examination, const char *name, examination_check *check, const void *subject);
/* After the last row: was there nothing that fails?  Faults: those of the arena. */
enum fault examination_end(struct examination *examination) MUST_CHECK;

struct examined_files {
	const struct places *places;
	const Comity__Config *running;		/* what the daemon runs with; NULL: none does, and more is told by the files */
};
/* The rows of examination_files.c. */
void examination_look_at_files(struct examination *examination, const struct examined_files *files);
