/* Freezing is temporary, and no confiscation: UNTOC 2(f), 2(g).  Before a freeze is lifted the State that asked for it is told from
 * when, so that it can speak first: UNCAC 55(8). */
#include "daemon/law/preconditions.h"
#include "proto/bytes.h"
#include "proto/stamp.h"

typedef Comity__Milestone__Value milestone;

#define MILESTONE(name) COMITY__MILESTONE__VALUE__##name
#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name

/* What is told: of a measure, or of the request as a whole (NULL). */
struct news {
	const struct measure_view *measure;
	milestone milestone;
	const char *at;
};

static bool moment_of(const char *text, int64_t *stamp)
{
	return text && stamp_read(text, stamp);
}

/* ── lifting ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault notice_given(const struct case_view *view, const struct news *news)
{
	int64_t at, said;
	if (moment_of(news->at, &at) && (!moment_of(view->said_at, &said) || at > said))
		return OK;
	return fault_say(FAULT_INCOMPLETE, "say from which time to come the freeze is to be lifted, so that the requesting side can speak"
		" first (milestone_at; UNCAC 55(8))");
}

static enum fault notice_kept(const struct case_view *view, const struct news *news)
{
	milestone last = news->measure ? news->measure->milestone : view->milestone;
	const char *told = news->measure ? news->measure->milestone_at : view->milestone_at;
	int64_t at, earliest;
	if (last != MILESTONE(FREEZE_TO_BE_LIFTED) || !moment_of(told, &earliest))
		return fault_say(FAULT_INCOMPLETE, "no freeze is lifted before the requesting side could speak: say first that it is to be,"
			" and from when (FREEZE_TO_BE_LIFTED; UNCAC 55(8))");
	if (!moment_of(news->at, &at) || at < earliest)
		return fault_say(FAULT_INCOMPLETE, "say when it was lifted: at the time that was told, %s, or later (milestone_at; UNCAC 55(8))", told);
	return OK;
}

/* ── what freezing is not ──────────────────────────────────────────────────────────────────────── */

static bool asks_for_confiscation(const struct case_view *view)
{
	bool asks = view->kind == COMITY__REQUEST_KIND__VALUE__CONFISCATION || !view->n_measures;
	for (size_t i = 0; i < view->n_measures; i++)
		asks = asks || view->measures[i].form != FORM(FREEZING);
	return asks;
}

static enum fault asked_for(const struct case_view *view, const struct news *news)
{
	bool is_asked = news->measure ? news->measure->form != FORM(FREEZING) : asks_for_confiscation(view);
	return is_asked ? OK : fault_say(FAULT_INCOMPLETE, "what was frozen is not confiscated by that: %s asks for a freeze, which is temporary"
		" (UNTOC 2(f), 2(g), 13)", news->measure ? news->measure->id : "the request");
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault judge(const struct case_view *view, const struct news *news)
{
	static const struct {
		milestone milestone;
		enum fault (*holds)(const struct case_view *, const struct news *);
	} rules[] = {
		{ MILESTONE(FREEZE_TO_BE_LIFTED), notice_given },
		{ MILESTONE(FREEZE_LIFTED),       notice_kept },
		{ MILESTONE(CONFISCATED),         asked_for },
		{ MILESTONE(REALISED),            asked_for },
	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].milestone == news->milestone)
			return rules[i].holds(view, news);
	return OK;
}

enum fault freeze_respected(const struct case_view *view, const Comity__Act *act)
{
	size_t count;
	Comity__MeasureReport *const *reports = act_measures(act, &count);
	for (size_t i = 0; i < count; i++) {
		struct news news = { measure_of(view, reports[i]->measure), reports[i]->milestone, reports[i]->milestone_at };
		if (view->n_measures && !news.measure)
			continue;	/* it is told already: there is none of that name */
		TRY(judge(view, &news));
	}
	if (act->kind_case != COMITY__ACT__KIND_STATUS_UPDATE)
		return OK;
	struct news news = { NULL, act->status_update->milestone, act->status_update->milestone_at };
	return judge(view, &news);
}
