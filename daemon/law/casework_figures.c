/* What statistics need of a case: codes and dates, noted as they come, for they outlive the texts. */
#include <string.h>

#include "daemon/law/acts.h"
#include "daemon/law/casework_parts.h"

enum { ENQUIRIES_MAX = 64 };	/* more of one case would say more of it than of the authority */

/* All lists here are of codes. */
static bool add_code(struct arena *arena, size_t *n, void *codes, int code)
{
	const int *have = *(int **)codes;
	for (size_t i = 0; i < *n; i++)
		if (have[i] == code)
			return true;
	return record_append(arena, n, codes, &code, sizeof code);
}

void case_adopt_figures(Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	kase->has_nature = document->has_nature;
	kase->nature = document->nature;
	kase->oral_made_at = document->oral_request ? record_text(arena, document->oral_request->made_at) : NULL;
	kase->n_bases_invoked = 0;
	for (size_t i = 0; i < document->n_legal_bases; i++)
		add_code(arena, &kase->n_bases_invoked, &kase->bases_invoked, (int)document->legal_bases[i]->basis);
	case_mark_request(kase, document, arena);
}

void case_reset_figures(Comity__Case *kase)
{
	kase->n_bases_applied = kase->n_grounds = kase->n_enquiries = 0;
}

static void apply_bases(Comity__Case *kase, Comity__LegalBasisEntry *const *bases, size_t n, struct arena *arena)
{
	if (n)
		kase->n_bases_applied = 0;
	for (size_t i = 0; i < n; i++)
		add_code(arena, &kase->n_bases_applied, &kase->bases_applied, (int)bases[i]->basis);
}

static void note_grounds(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	size_t n;
	Comity__MeasureReport *const *reports = act_measures(act, &n);
	for (size_t i = 0; i < n; i++)
		if (reports[i]->has_refusal_ground && reports[i]->refusal_ground)
			add_code(arena, &kase->n_grounds, &kase->grounds, (int)reports[i]->refusal_ground);
	for (size_t i = 0; act->kind_case == COMITY__ACT__KIND_DECISION && i < act->decision->n_refusal_grounds; i++)
		add_code(arena, &kase->n_grounds, &kase->grounds, (int)act->decision->refusal_grounds[i]);
}

/* To ask again before there is an answer is the same question still. */
static void note_question(Comity__Case *kase, const char *at, struct arena *arena)
{
	bool is_open = kase->n_enquiries && !kase->enquiries[kase->n_enquiries - 1]->answered_at;
	Comity__Round *enquiry = is_open || kase->n_enquiries == ENQUIRIES_MAX ? NULL : arena_alloc(arena, sizeof *enquiry);
	if (!enquiry)
		return;
	comity__round__init(enquiry);
	enquiry->asked_at = record_text(arena, at);
	record_append(arena, &kase->n_enquiries, &kase->enquiries, &enquiry, sizeof enquiry);
}

static void answer(Comity__Case *kase, const char *at, struct arena *arena)
{
	for (size_t i = 0; i < kase->n_enquiries; i++)
		if (!kase->enquiries[i]->answered_at)
			kase->enquiries[i]->answered_at = record_text(arena, at);
}

void case_note_figures(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena)
{
	const char *occurred_at = act_text(act, "occurred_at"), *at = occurred_at ? occurred_at : message->created_at;
	note_grounds(kase, act, arena);
	case_mark_act(kase, act, arena);
	switch (act->kind_case) {
	case COMITY__ACT__KIND_ACKNOWLEDGEMENT:
		apply_bases(kase, act->acknowledgement->bases_applied, act->acknowledgement->n_bases_applied, arena);
		return;
	case COMITY__ACT__KIND_DECISION:
		apply_bases(kase, act->decision->bases_applied, act->decision->n_bases_applied, arena);
		return;
	case COMITY__ACT__KIND_STATUS_ENQUIRY:
		note_question(kase, at, arena);
		return;
	case COMITY__ACT__KIND_STATUS_UPDATE:
		answer(kase, at, arena);
		return;
	default:	/* tells statistics nothing more */
		return;
	}
}
