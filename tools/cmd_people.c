/* The officers of a case with us: whose it is, and who approved its draft. */
#include "tools/people.h"

#include <ctype.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"

enum { ENTRY_SIZE = 16 << 10 };

const char *user_name(struct tool *tool, uint32_t uid)
{
	char space[ENTRY_SIZE], number[32];
	struct passwd entry, *found = NULL;
	snprintf(number, sizeof number, "uid %u", uid);
	return safe(tool, !getpwuid_r(uid, &entry, space, sizeof space, &found) && found ? found->pw_name : number);
}

enum fault user_read(const char *text, uint32_t *uid)
{
	char space[ENTRY_SIZE];
	struct passwd entry, *found = NULL;
	if (!getpwnam_r(text, &entry, space, sizeof space, &found) && found) {
		*uid = found->pw_uid;
		return OK;
	}
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || number >= UINT32_MAX)
		return fault_say(FAULT_NOT_FOUND, "this system has no user \"%s\"", text);
	*uid = (uint32_t)number;
	return OK;
}

void print_people(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (request->assignment)
		print(tool, "  assigned to  %s, since %s\n", user_name(tool, request->assignment->uid), time_of(tool, request->assignment->at));
	if (view->has_approvals_wanted)
		print(tool, "  approved by  %u of %u officers, as it is now\n", view->approvals_given, view->approvals_wanted);
}

static enum fault assign(struct tool *tool, Comity__Assign *order)
{
	const Comity__Reply *reply;
	order->ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_ASSIGN, request_assign, order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_document(tool, &reply->request->base))
		return OK;
	const Comity__Case *request = reply->request->request;
	const char *ref = safe_or(tool, reply->request->our_reference, order->ref);
	if (request && request->assignment)
		print(tool, "%s is assigned to %s.\n", ref, user_name(tool, request->assignment->uid));
	else
		print(tool, "%s is nobody's.\n", ref);
	return OK;
}

enum fault cmd_request_assign(struct tool *tool)
{
	Comity__Assign order = COMITY__ASSIGN__INIT;
	const char *user = argument(tool, 1);
	if (!user == !given(tool, "nobody"))
		return fault_say(FAULT_USAGE, "either a user or --nobody is needed");
	order.has_uid = user != NULL;
	if (user)
		TRY(user_read(user, &order.uid));
	return assign(tool, &order);
}

enum fault cmd_inbox_take(struct tool *tool)
{
	Comity__Assign order = COMITY__ASSIGN__INIT;
	order.has_uid = order.has_only_if_free = order.only_if_free = 1;
	order.uid = getuid();
	return assign(tool, &order);
}

enum fault cmd_request_approve(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_APPROVE, request_approve, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_document(tool, &reply->request->base))
		return OK;
	const Comity__RequestView *view = reply->request;
	uint32_t wanted = view->has_approvals_wanted ? view->approvals_wanted : 1;
	uint32_t count = view->has_approvals_given ? view->approvals_given : 1;
	print(tool, "Approved by %s (%u of %u).\n", user_name(tool, getuid()), count, wanted);
	if (count < wanted)
		say(tool, "Next: another officer runs the same command.");
	else
		next_step(tool, "comity request send %s", by.ref);
	return OK;
}
