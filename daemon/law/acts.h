#pragma once
/* The acts of casework as a table: what each is called, who may write it, and in which phase of a
 * case it has its place (DOMAIN 3.15).  Pure: knows the schema and nothing else.
 *
 * "Requesting side" and "requested side" are roles in one case; each authority is both, in different
 * cases.  For spontaneous information the transmitting State counts as the requesting side. */
#include <stdbool.h>
#include <stddef.h>

#include "proto/casework.pb-c.h"

typedef Comity__RequestStatus__Value request_status;
typedef Comity__MeasureStatus__Value measure_status;
typedef Comity__Act__KindCase act_kind;

enum side {
	SIDE_REQUESTING = 1,
	SIDE_REQUESTED = 2,
	SIDE_BOTH = 3,			/* in tables: either of them */
};

/* Of a case, for acts that leave its status alone. */
enum phase {
	PHASE_NONE = 1,			/* there is no case */
	PHASE_DRAFT = 2,		/* nothing formal was sent */
	PHASE_LIVE = 4,			/* from sending to closing */
	PHASE_OVER = 8,			/* closed: use limits and thanks outlive it */
};

struct act_rule {
	act_kind kind;
	const char *name;		/* "status-update" */
	enum side side;			/* who writes it */
	unsigned phases;		/* where it may stand without changing the status; 0: it always changes it */
};

/* NULL for a kind that this version does not know. */
const struct act_rule *act_rule(act_kind kind);
/* By its name with dashes; ACT__KIND__NOT_SET when there is none. */
act_kind act_kind_of_name(const char *name);

/* Does it open a case with the other side, where there is none?  A request, the draft of one (CETS 198 34(6)), or
 * spontaneous information (18(4)). */
bool act_begins(act_kind kind);

enum phase phase_of(request_status status);

/* The status that the act itself names; UNSPECIFIED where it names none.  A decision's follows from what
 * was decided. */
request_status act_status(const Comity__Act *act);
/* The document that the act carries: a request, or the draft of one; NULL when it carries none. */
const Comity__Request *act_document(const Comity__Act *act);
/* What the act says about single measures; *n is 0 where it says nothing.  Borrowed from the act. */
Comity__MeasureReport *const *act_measures(const Comity__Act *act, size_t *n);
/* What an act says under that name: the legal date, the remark, a time limit stand under the same names in every act
 * (casework.proto), so the schema finds them.  NULL where it says nothing of it.  Borrowed from the act. */
const char *act_text(const Comity__Act *act, const char *name);
