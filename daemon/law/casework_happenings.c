/* What happens in a case beside its status: milestones of its kind, and the life of what is preserved (DOMAIN 3.9.5, 3.9.6).  The case
 * and its measures say which was the last; here all of them are noted, in their order. */
#include <string.h>

#include "daemon/law/casework_parts.h"

#define ACT(kind) COMITY__ACT__KIND_##kind

struct sighting {
	Comity__Case *kase;
	const Comity__Message *message;
	const Comity__Act *act;
	const char *now;
	struct arena *arena;
};

static Comity__Happening *add(const struct sighting *sighting, const char *measure, const char *happened_at)
{
	Comity__Happening *happening = arena_alloc(sighting->arena, sizeof *happening);
	const char *said = happened_at ? happened_at : act_text(sighting->act, "occurred_at");
	if (!happening)
		return NULL;
	comity__happening__init(happening);
	happening->measure = record_text(sighting->arena, measure);
	happening->happened_at = record_text(sighting->arena, said ? said : sighting->message->created_at);
	happening->authority = record_text(sighting->arena, sighting->message->from);
	happening->recorded_at = (char *)sighting->now;
	bool is_kept = record_append(sighting->arena, &sighting->kase->n_happenings, &sighting->kase->happenings, &happening, sizeof happening);
	return is_kept ? happening : NULL;
}

static bool add_milestone(const struct sighting *sighting, const char *measure, Comity__Milestone__Value milestone, const char *at)
{
	Comity__Happening *happening = add(sighting, measure, at);
	if (!happening)
		return false;
	happening->has_milestone = 1;
	happening->milestone = milestone;
	return true;
}

static bool add_preservation(const struct sighting *sighting, const Comity__PreservationNotice *notice)
{
	Comity__Happening *happening = add(sighting, notice->measure, NULL);
	if (!happening)
		return false;
	happening->has_preservation = notice->has_preservation;
	happening->preservation = notice->preservation;
	happening->until = record_text(sighting->arena, notice->until);
	return true;
}

static bool add_wish(const struct sighting *sighting, const Comity__PreservationExtensionRequest *wish)
{
	Comity__Happening *happening = add(sighting, wish->measure, NULL);
	if (!happening)
		return false;
	happening->has_asked = happening->asked = 1;
	happening->until = record_text(sighting->arena, wish->until);
	return true;
}

static bool add_of_measures(const struct sighting *sighting)
{
	size_t count;
	Comity__MeasureReport *const *reports = act_measures(sighting->act, &count);
	for (size_t i = 0; i < count; i++)
		if (reports[i]->has_milestone && reports[i]->milestone
				&& !add_milestone(sighting, reports[i]->measure, reports[i]->milestone, reports[i]->milestone_at))
			return false;
	return true;
}

enum fault case_note_happenings(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *now,
	struct arena *arena)
{
	const struct sighting sighting = { kase, message, act, now, arena };
	const Comity__StatusUpdate *update = act->kind_case == ACT(STATUS_UPDATE) ? act->status_update : NULL;
	bool is_noted = add_of_measures(&sighting);
	if (is_noted && update && update->has_milestone && update->milestone)
		is_noted = add_milestone(&sighting, NULL, update->milestone, update->milestone_at);
	if (is_noted && act->kind_case == ACT(PRESERVATION_NOTICE))
		is_noted = add_preservation(&sighting, act->preservation_notice);
	if (is_noted && act->kind_case == ACT(PRESERVATION_EXTENSION_REQUEST))
		is_noted = add_wish(&sighting, act->preservation_extension_request);
	return is_noted ? OK : arena_fault(arena);
}
