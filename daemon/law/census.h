#pragma once
/* Statistics (Resolution 8/1 para. 13): cases in, one after the other, counts and durations out.  Of a case it looks at what the
 * ledger notes of it, and never at a document.
 *
 * Pure: no store, no loop, no clock.  Its memory does not grow with the cases, only with the different rows they make. */
#include "proto/arena.h"
#include "proto/control.pb-c.h"
#include "proto/fault.h"
#include "proto/ledger.pb-c.h"

enum { CENSUS_THRESHOLD = 5 };	/* DOMAIN 5.2: unless told otherwise, smaller counts are not told */

struct census;

/* All of it lives in the arena; the strings of `asked` are borrowed.  Faults: usage (a time that is none), too large, no memory. */
enum fault census_begin(struct census **census, const Comity__StatisticsOf *asked, int64_t now, struct arena *arena) MUST_CHECK;
/* What was not sent, or not in the period, is passed over.  Faults: too large, no memory. */
enum fault census_add(struct census *census, const Comity__Case *kase) MUST_CHECK;
/* The figures, with small counts hidden, and those that would give them away. */
enum fault census_end(struct census *census, Comity__Statistics *statistics) MUST_CHECK;
