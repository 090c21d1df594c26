#pragma once
/* Under which rows of which tables a case is counted (DOMAIN 5.2): the one list of tables, in the order in which they are told.
 * Only codes, dates and the names of authorities are looked at, as the ledger notes them of the case.
 *
 * Pure. */
#include <stdbool.h>

#include "proto/control.pb-c.h"
#include "proto/fault.h"
#include "proto/ledger.pb-c.h"

/* Different units are never added: what is no request to be executed, or only more of one, is told apart (DOMAIN 5.2). */
enum series { SERIES_REQUEST, SERIES_SUPPLEMENTARY, SERIES_PRESERVATION, SERIES_SPONTANEOUS, SERIES_COUNT };
enum series census_series(const Comity__Case *kase);
const char *census_series_name(enum series series);

/* `name` may die with the call. */
typedef enum fault census_row(void *owner, const char *by, const char *name);
/* Every row of a case that counts, once or more often.  Faults: those of `row`. */
enum fault census_rows(const Comity__Case *kase, int64_t now, census_row *row, void *owner) MUST_CHECK;
/* The row of the age of a case that is open. */
enum fault census_age(enum series series, int64_t days, census_row *row, void *owner) MUST_CHECK;

/* The order of tables, and of the rows of a table that have one of their own (0: they have none). */
unsigned census_rank(const char *by);
unsigned census_rank_of_row(const char *by, const char *name);
/* Is it a table of ages, and of which series? */
bool census_is_age(const char *by, enum series *series);
