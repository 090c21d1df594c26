#pragma once
/* What must be said in an act before it may change a status: one function for each precondition of the
 * table in statuses.c that the act itself, or the few facts in the view, can show.  Each fault is
 * "incomplete" with a sentence that names what is missing and the article that wants it. */
#include "daemon/law/statuses.h"

typedef enum fault precondition(const struct case_view *view, const Comity__Act *act) MUST_CHECK;

precondition marked_as_draft, registered, contact_named, redirect_explained, questions_listed, questions_answered,
	silence_shown, subject_stated, resume_matches, conditions_accepted, postponement_founded,
	partial_refusal_founded, refusal_founded, cause_stated, authority_named, may_begin, result_delivered,
	all_done, none_executable, deficiency_noticed, results_settled, withdrawal_explained, notice_explained, response_called_for;

/* NULL: the case has none of that name. */
const struct measure_view *measure_of(const struct case_view *view, const char *id);

/* Every measure that the act names is one of the case's, and may become what the act says. */
precondition measures_known;
/* What is told of frozen property (freezing.c). */
precondition freeze_respected;
