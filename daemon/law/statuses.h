#pragma once
/* The life of a request as a table: which status may follow which, who may say so, with which act, under
 * which precondition, and where the rule comes from (DOMAIN 3.9.3: all 71 rows, and nothing else is
 * legal).  Both sides judge every act by it, the writer before it is sent and the other on arrival.
 *
 * Pure: what must be known of a case is passed in as plain values; no store, no loop, no clock.
 */
#include "daemon/law/acts.h"
#include "proto/fault.h"

/* One measure as the case stands. */
struct measure_view {
	const char *id;
	measure_status status;
	Comity__AssistanceForm__Value form;
	Comity__Milestone__Value milestone;	/* the last that was told of it ... */
	const char *milestone_at;		/* ... and its time */
};

/* Confidentiality of a request, as it was asked for and answered: 18(20), Budapest Convention 27(8). */
enum secrecy {
	SECRECY_NOT_ASKED,		/* zero-initialised */
	SECRECY_UNANSWERED,		/* the requested side says first whether it can be kept ... */
	SECRECY_KEPT,
	SECRECY_UNDECIDED,		/* ... it cannot, or not wholly: the requesting side says whether to go on */
	SECRECY_WAIVED,			/* it is to be executed all the same */
};

/* What the law needs to know of a case.  Zero-initialised: there is no case yet.  All borrowed. */
struct case_view {
	const char *reference;		/* for sentences; NULL: "the request" */
	enum side our_side;		/* SIDE_REQUESTING or SIDE_REQUESTED */
	Comity__RequestKind__Value kind;
	request_status status;
	request_status resume_to;	/* in INFO_REQUESTED and CONSULTING: where it goes on; in WITHDRAWN: where it stood */
	size_t questions;		/* asked in the open additional-info-request, numbered from 1; 0: not known */
	bool heard;			/* the requesting side gave its opinion in the consultation: 18(26) */
	bool deficient;			/* a deficiency notice is not settled */
	enum secrecy secrecy;		/* how far the question of confidentiality has come: 18(20) */
	bool fiscal_alone_barred;	/* UNTOC or UNCAC is invoked: 18(22), UNCAC 46(22) */
	bool budapest;			/* the Budapest Convention is invoked: its 29(5) */
	const struct measure_view *measures;
	size_t n_measures;		/* 0: measures are not judged */
	Comity__Milestone__Value milestone;	/* the last that was told of the request as a whole ... */
	const char *milestone_at;		/* ... and its time */
	const char *said_at;		/* when the act that is judged was written; NULL: not known */
};

struct transition {
	request_status from, to;
	enum side side;
	act_kind act;
	enum fault (*precondition_holds)(const struct case_view *, const Comity__Act *);	/* NULL: none that an act shows */
	const char *precondition, *source;
	unsigned outcomes;		/* of a closure, as bits: with one of them it is closed from there; 0: it has none to say */
};

/* What an act does to the case. */
struct step {
	request_status status, resume_to;	/* as they are afterwards */
	bool changes;				/* false: the act is noted, the status stays */
	const struct transition *row;		/* NULL where none applied */
};

/* The whole table, for whoever prints or checks it. */
const struct transition *statuses_table(size_t *n);
/* The same for spontaneous information, which nobody executes: DOMAIN 3.9.6. */
const struct transition *statuses_table_spontaneous(size_t *n);

/* The row by which `side` may do this now; NULL when there is none. */
const struct transition *statuses_find(Comity__RequestKind__Value kind, request_status from, act_kind act,
	request_status to, enum side side);
/* Its precondition and what else it must say, in words; always terminated. */
enum { CONDITION_SIZE = 200 };
void statuses_condition(const struct transition *row, char text[CONDITION_SIZE]);
/* Is it closed from there with such an outcome?  One that a later version knows fits. */
bool statuses_outcome_fits(const struct transition *row, Comity__Outcome__Value outcome);
/* Is there a status from which a case is closed with one or the other? */
bool statuses_outcomes_agree(Comity__Outcome__Value one, Comity__Outcome__Value other);

/* What an act leads to from anywhere; UNSPECIFIED when it has several targets, or none. */
request_status statuses_target_of(act_kind act);

/* What `side` may make of the case now, each status once, in the table's order; at most `max` are
 * written.  Returns how many there are. */
size_t statuses_allowed(const struct case_view *view, enum side side, request_status *to, size_t max);
/* The same as words: "acknowledged, redirected"; "nothing" when there is none.  Always terminated. */
void statuses_allowed_text(const struct case_view *view, enum side side, char *text, size_t size);

/* Judge an act that `writer` did, in law.  On OK *step says what follows.
 *
 * Acts cross on the way, and the requested side is the arbiter.  Its act that was written before it saw our
 * withdrawal is judged from where the case stood: the case stays withdrawn unless the act ended it.  A
 * withdrawal, an answer or a second closure that comes when the case is over is noted.
 *
 * Faults, each with its sentence: status transition (naming what is allowed now), wrong side, incomplete
 * (naming the article), not found (a measure that the request does not have), bad document. */
enum fault statuses_judge(const struct case_view *view, const Comity__Act *act, enum side writer,
	struct step *step) MUST_CHECK;

/* May a measure go from one status to the other?  DOMAIN 3.9.4. */
bool measure_may_become(measure_status from, measure_status to);

/* Can the case go back from there to where it stood before?  Then that is remembered, as its resume_to. */
bool status_is_remembered(request_status status);

/* "info-requested" and back.  An unknown status is "unknown"; an unknown name is UNSPECIFIED. */
const char *status_name(request_status status);
request_status status_of_name(const char *name);
const char *measure_status_name(measure_status status);
