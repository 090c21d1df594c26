/* Confidentiality: what was asked, what was answered, and what of the case is then not shown in passing. */
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/record.h"

#define ANSWER(name) COMITY__CAN_COMPLY__VALUE__##name

/* An answer that only a newer version knows is not taken for a yes. */
enum secrecy case_secrecy(const Comity__Case *kase)
{
	if (!kase->confidentiality_asked)
		return SECRECY_NOT_ASKED;
	if (!kase->confidentiality_answer)
		return SECRECY_UNANSWERED;
	if (kase->confidentiality_answer == ANSWER(YES))
		return SECRECY_KEPT;
	return kase->proceed_nevertheless ? SECRECY_WAIVED : SECRECY_UNDECIDED;
}

void case_adopt_secrecy(Comity__Case *kase, const Comity__Confidentiality *asked, Comity__HandlingMarking__Value marking)
{
	kase->has_confidentiality_asked = asked && asked->requested;
	kase->confidentiality_asked = kase->has_confidentiality_asked;
	kase->has_handling_marking = marking != COMITY__HANDLING_MARKING__VALUE__UNSPECIFIED;
	kase->handling_marking = marking;
	kase->has_confidentiality_answer = kase->has_proceed_nevertheless = 0;
	kase->confidentiality_answer = ANSWER(UNSPECIFIED);
	kase->proceed_nevertheless = 0;
	kase->unavoidable_disclosure = NULL;
}

/* Each answer is weighed anew: what was waived before was waived for another disclosure. */
void case_answer_secrecy(Comity__Case *kase, Comity__CanComply__Value answer, const char *disclosure, struct arena *arena)
{
	if (!answer)
		return;
	kase->has_confidentiality_answer = 1;
	kase->confidentiality_answer = answer;
	kase->unavoidable_disclosure = answer == ANSWER(YES) ? NULL : record_text(arena, disclosure);
	kase->has_proceed_nevertheless = kase->proceed_nevertheless = 0;
}

/* It may have crossed with a better answer: then there is nothing to be waived. */
void case_waive_secrecy(Comity__Case *kase, bool proceeds)
{
	if (case_secrecy(kase) == SECRECY_UNDECIDED)
		kase->has_proceed_nevertheless = kase->proceed_nevertheless = proceeds;
}

bool casework_awaits_secrecy(const Comity__Case *kase)
{
	enum secrecy secrecy = case_secrecy(kase);
	return secrecy == SECRECY_UNANSWERED || secrecy == SECRECY_UNDECIDED;
}

/* ── in passing ───────────────────────────────────────────────────────────────────────────────── */

bool casework_is_discreet(const Comity__Case *kase)
{
	return kase->confidentiality_asked || kase->handling_marking >= COMITY__HANDLING_MARKING__VALUE__RESTRICTED;
}

void casework_redact(Comity__Case *kase)
{
	kase->subject = kase->unavoidable_disclosure = kase->competent_authority = kase->competent_authority_reference = NULL;
	for (size_t i = 0; i < kase->n_measures; i++)
		kase->measures[i]->note = NULL;
	for (size_t i = 0; i < kase->n_history; i++)
		kase->history[i]->note = NULL;
	if (kase->oral)
		kase->oral->by = kase->oral->to = NULL;
	case_redact_conditions(kase);
}
