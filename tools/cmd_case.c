/* A request in full, and the letter of it. */
#include <string.h>
#include <strings.h>

#include "certs/files.h"
#include "proto/field.h"
#include "proto/yaml.h"
#include "tools/acts.h"
#include "tools/case_words.h"
#include "tools/commands.h"
#include "tools/conditions.h"
#include "tools/destruction.h"
#include "tools/letter.h"
#include "tools/links.h"
#include "tools/oral.h"
#include "tools/people.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/sealed_request.h"
#include "tools/secrecy.h"

static void print_allowed(struct tool *tool, const Comity__RequestView *view)
{
	if (!view->n_allowed_now)
		return;
	print(tool, "  allowed now  ");
	for (size_t i = 0; i < view->n_allowed_now; i++)
		print(tool, "%s%s", i ? ", " : "", WORD(tool, request_status, view->allowed_now[i]));
	print(tool, "\n");
}

/* What happened to a measure besides its status. */
static void print_progress(struct tool *tool, const Comity__MeasureState *measure)
{
	if (measure->has_preservation)
		print(tool, "               data %s%s%s\n", WORD(tool, preservation_status, measure->preservation), measure->preserved_until ? " until " : "",
			safe(tool, measure->preserved_until));
	if (measure->has_milestone)
		print(tool, "               %s%s%s\n", WORD(tool, milestone, measure->milestone), measure->milestone_at ? ", " : "",
			safe(tool, measure->milestone_at));
}

static void print_execution(struct tool *tool, const Comity__Case *request)
{
	if (request->decision)
		print(tool, "  decision     %s\n", WORD(tool, decision_kind, request->decision));
	if (request->competent_authority)
		print(tool, "  executed by  %s  %s\n", safe(tool, request->competent_authority),
			safe(tool, request->competent_authority_reference));
	for (size_t i = 0; i < request->n_measures; i++) {
		const Comity__MeasureState *measure = request->measures[i];
		print(tool, "  measure %-4s %s: %s%s%s\n", safe(tool, measure->id), WORD(tool, assistance_form, measure->form),
			WORD(tool, measure_status, measure->status), measure->note ? "  " : "", safe(tool, measure->note));
		print_progress(tool, measure);
	}
	if (request->has_milestone)
		print(tool, "  milestone    %s%s%s\n", WORD(tool, milestone, request->milestone), request->milestone_at ? ", " : "",
			safe(tool, request->milestone_at));
	if (request->has_outcome && request->outcome)
		print(tool, "  outcome      %s\n", WORD(tool, outcome, request->outcome));
}

/* What the retention policy may not do with it. */
static void print_keeping(struct tool *tool, const Comity__Case *request)
{
	if (request->legal_hold)
		print(tool, "  LEGAL HOLD   since %s: %s; nothing of it is destroyed\n", time_of(tool, request->legal_hold->at),
			safe_or(tool, request->legal_hold->reason, "no reason given"));
}

static void print_priority(struct tool *tool, const Comity__Case *request)
{
	if (request->has_priority && request->priority)
		print(tool, "  priority     %s, so the requested side said\n", WORD(tool, priority, request->priority));
	if (request->custody_until)
		print(tool, "  CUSTODY      a person concerned may be held until %s\n", safe(tool, request->custody_until));
}

/* The daemon reckons, the officer decides. */
static void print_suggestions(struct tool *tool, const Comity__RequestView *view)
{
	for (size_t i = 0; i < view->n_suggestions; i++) {
		const Comity__Suggestion *one = view->suggestions[i];
		print(tool, "  suggested    %s %s%s: %s\n", safe_or(tool, one->what, "?"), one->has_priority ? WORD(tool, priority, one->priority) : "by ",
			safe_or(tool, one->by, ""), safe_or(tool, one->reason, "-"));
	}
}

static void print_case(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	print_case_head(tool, view);
	print(tool, "  subject      %s\n", safe_or(tool, request->subject, "-"));
	print(tool, "  status       %s, since %s\n", WORD(tool, request_status, request->status), time_of(tool, request->changed_at));
	print(tool, "  transport    %s\n", WORD(tool, transport, view->transport));
	print(tool, "  urgency      %s, answer by %s\n", WORD(tool, urgency, request->urgency), safe_or(tool, request->answer_by, "-"));
	print_oral(tool, request);
	print_secrecy(tool, view);
	print_priority(tool, request);
	print_people(tool, view);
	print_links(tool, view);
	print_dues(tool, request);
	print_execution(tool, request);
	print_conditions(tool, request);
	print_keeping(tool, request);
	print_destruction(tool, view);
	print(tool, "  messages     %zu, attachments %zu\n", view->n_messages, view->n_attachments);
	if (view->waiting_for && *view->waiting_for)
		print(tool, "  waiting for  %s\n", safe(tool, view->waiting_for));
	print_allowed(tool, view);
	print_suggestions(tool, view);
}

static bool is_pdf(const char *path)
{
	size_t len = path ? strlen(path) : 0;
	return len > 4 && !strcasecmp(path + len - 4, ".pdf");
}

/* The written record: 18(14). */
static enum fault show_letter(struct tool *tool, const Comity__RequestView *view)
{
	struct letter letter = { 0 };
	struct bytes text = { 0 };
	size_t size = 0;
	if (view->request->oral)
		return fault_say(FAULT_USAGE, "%s was asked orally: there is no letter of it before it is confirmed in writing", case_name(tool, view));
	const char *path = given(tool, "output");
	TRY(letter_compose(tool, view, &letter));
	enum fault fault = is_pdf(path) ? letter_draw(&letter, path, case_name(tool, view), &size) : letter_write(&letter, &text);
	if (!fault && path && !is_pdf(path)) {
		size = text.len;
		fault = file_create(path, FILE_PRIVATE, span_of(&text));
	}
	if (!fault && path)
		print(tool, "Written: %s, %s.\n", safe(tool, path), size_of(tool, size));
	else if (!fault)
		print(tool, "%s", bytes_text(&text));
	bytes_wipe(&text);
	return fault;
}

enum fault cmd_request_show(struct tool *tool)
{
	const Comity__RequestView *view;
	struct bytes yaml = { 0 };
	bool is_opened = false;
	TRY(get_request(tool, argument(tool, 0), &view));
	enum fault opened = given(tool, "sealed") ? OK : sealed_request_open(tool, view, &is_opened);
	if (opened == FAULT_ROLE_NEEDED)	/* an auditor sees what the daemon sees */
		say(tool, "It is sealed end to end, and only those who may write open it: this is its clear part.");
	else
		TRY(opened);
	if (given(tool, "letter"))
		return show_letter(tool, view);
	if (given(tool, "output"))
		return fault_say(FAULT_USAGE, "--output goes with --letter");
	if (printed_document(tool, &view->base))
		return OK;
	print_case(tool, view);
	if (is_opened)
		print(tool, "  sealed       end to end; opened here, with our sealing key\n");
	if (!given(tool, "full") || !view->document)
		return OK;
	enum fault fault = yaml_write(&view->document->base, &yaml);
	if (!fault)
		print(tool, "\n%s", safe_lines(tool, bytes_text(&yaml)));
	bytes_wipe(&yaml);
	return fault;
}
