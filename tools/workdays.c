#include "tools/workdays.h"

#include <stdio.h>

#include "daemon/law/calendar.h"
#include "proto/stamp.h"
#include "tools/acts.h"
#include "tools/print.h"
#include "tools/record.h"

bool workdays_is(const char *text)
{
	unsigned days;
	return text && working_days_read(text, &days);
}

static enum fault find_hours(struct tool *tool, const char *authority, const Comity__Hours **hours)
{
	const Comity__Reply *reply;
	Comity__ByAuthority by = COMITY__BY_AUTHORITY__INIT;
	by.authority = lower(tool, authority);
	Comity__Call call = CALL(DIRECTORY_SHOW, directory_show, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_DIRECTORY_ENTRY, &reply));
	const Comity__DirectoryEntry *entry = reply->directory_entry->entry;
	*hours = entry && entry->profile ? entry->profile->hours : NULL;
	return OK;
}

/* The officer checks the date, not the arithmetic. */
static void tell(struct tool *tool, const char *authority, unsigned days, const char *date, const Comity__Hours *hours)
{
	say(tool, "%u working %s of %s, counted there%s from today: %s", days, days == 1 ? "day" : "days", safe(tool, authority),
		hours ? "" : " (Monday to Friday in UTC, for its directory entry names no hours)", date);
}

enum fault workdays_count(struct tool *tool, const char *authority, const char *text, char **date)
{
	const Comity__Hours *hours;
	unsigned days = 0;
	int64_t last;
	char written[DATE_SIZE];
	(void)working_days_read(text, &days);	/* whoever calls has asked */
	TRY(find_hours(tool, authority, &hours));
	const struct calendar calendar = calendar_of(hours);
	if (!calendar_add(&calendar, calendar_day(&calendar, stamp_clock()), days, &last))
		return fault_say(FAULT_USAGE, "%u working days of %.64s cannot be counted: give a date, or at most %d working days", days, authority,
			CALENDAR_DAYS_MAX);
	date_write(written, last);
	tell(tool, authority, days, written, hours);
	*date = arena_text(&tool->arena, span_of_text(written));
	return *date ? OK : FAULT_NO_MEMORY;
}

enum fault workdays_count_for(struct tool *tool, const char *ref, const char *text, char **date)
{
	const Comity__RequestView *view;
	TRY(get_request(tool, ref, &view));
	if (!view->request->requested_authority)
		return fault_say(FAULT_USAGE, "it is not known yet whose working days are meant: give a date");
	return workdays_count(tool, view->request->requested_authority, text, date);
}

static enum fault settle(struct tool *tool, const char *authority, char **text)
{
	return workdays_is(*text) ? workdays_count(tool, authority, *text, text) : OK;
}

enum fault workdays_settle(struct tool *tool, const char *authority, Comity__Request *document)
{
	Comity__UrgencyStatement *urgency = document ? document->urgency : NULL;
	for (size_t i = 0; urgency && i < urgency->n_deadlines; i++)
		TRY(settle(tool, authority, &urgency->deadlines[i]->by));
	return OK;
}
