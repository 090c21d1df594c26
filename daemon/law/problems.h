#pragma once
/* What is wrong with a document, all of it at once: for a person who mends it, and for `--json`. */
#include <stdbool.h>
#include <stddef.h>

#include "proto/fault.h"

enum severity {
	SEVERITY_WARN,			/* it may be sent as it is */
	SEVERITY_ERROR,			/* it may not */
};

enum { PROBLEMS_MAX = 200 };		/* of one document; what comes after is counted, not kept */

struct problem {
	enum severity severity;
	const char *code;		/* a stable slug, static: "field-missing" */
	const char *article;		/* the source of the rule, static: "UNTOC 18(15)(d)"; NULL: practice */
	char *path;			/* "request.measures[1].description", indexes from 0 */
	char *message;			/* in plain words */
};

/* Zero-initialised is empty.  Owns its problems. */
struct problems {
	struct problem *at;
	size_t n, room;
	size_t errors, warnings;	/* all that were found, kept or not */
	bool memory_exhausted;		/* something could not be noted */
};

void problems_add(struct problems *problems, enum severity severity, const char *code, const char *article,
	const char *path, const char *format, ...) PRINTF_LIKE(6, 7);
void problems_clear(struct problems *problems);
const char *severity_name(enum severity severity);	/* "error", "warn" */
