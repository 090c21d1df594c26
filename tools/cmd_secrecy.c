/* Confidentiality: the requested side says whether it can be kept, the requesting side whether to go on when it cannot. */
#include "tools/secrecy.h"

#include <string.h>

#include "proto/suggest.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/print.h"

/* ── shown ────────────────────────────────────────────────────────────────────────────────────── */

const char *topic_of(struct tool *tool, const Comity__RequestView *view)
{
	return view->discreet ? "(confidential)" : brief(tool, view->request->subject, WHOLE);
}

/* What the document says of it, which is not here where it is sealed. */
static void print_asked(struct tool *tool, const Comity__Confidentiality *asked)
{
	if (asked->has_scope && asked->scope)
		print(tool, ": %s", WORD(tool, confidentiality_scope, asked->scope));
	if (asked->no_notification_of_person_concerned)
		print(tool, ", the person concerned is not told");
	if (asked->until)
		print(tool, ", until %s", safe(tool, asked->until));
}

static void print_answer(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (!request->confidentiality_answer) {
		print(tool, "  can comply   not answered yet; nothing is executed before (UNTOC 18(20))\n");
		return;
	}
	print(tool, "  can comply   %s%s%s\n", WORD(tool, can_comply, request->confidentiality_answer),
		request->unavoidable_disclosure ? "; will be disclosed: " : "", safe_or(tool, request->unavoidable_disclosure, ""));
	if (view->cannot_comply)
		print(tool, "  BLOCKED      until %s says whether to go on nevertheless (Budapest Convention 27(8))\n",
			safe_or(tool, request->requesting_authority, "the requesting side"));
	else if (request->proceed_nevertheless)
		print(tool, "  nevertheless executed, so %s decided\n", safe_or(tool, request->requesting_authority, "the requesting side"));
}

void print_secrecy(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (request->handling_marking)
		print(tool, "  handling     %s\n", WORD(tool, handling_marking, request->handling_marking));
	if (!request->confidentiality_asked)
		return;
	print(tool, "  CONFIDENTIAL UNTOC 18(20)");
	if (view->document && view->document->confidentiality)
		print_asked(tool, view->document->confidentiality);
	print(tool, "\n");
	print_answer(tool, view);
}

/* ── answered ─────────────────────────────────────────────────────────────────────────────────── */

/* Nobody promises secrecy by having said nothing: lives may hang on it. */
enum fault set_secrecy(struct tool *tool, const Comity__RequestView *view, Comity__Acknowledgement *acknowledgement)
{
	int answer;
	const char *text = given(tool, "confidentiality");
	if (given(tool, "disclosure"))
		acknowledgement->unavoidable_disclosure = (char *)given(tool, "disclosure");
	if (!text && (!view->request->confidentiality_asked || acknowledgement->has_confidentiality))
		return OK;
	if (!text)
		return fault_say(FAULT_USAGE, "the request asks for confidentiality (UNTOC 18(20)): say whether it can be kept, with"
			" --confidentiality yes, or with partly or no and --disclosure TEXT");
	TRY(word_read(&comity__can_comply__value__descriptor, "answer about confidentiality", text, &answer));
	acknowledgement->has_confidentiality = 1;
	acknowledgement->confidentiality = (Comity__CanComply__Value)answer;
	return OK;
}

static enum fault answer_notice(struct tool *tool, Comity__ConfidentialityNotice *notice)
{
	int answer;
	TRY(word_read(&comity__can_comply__value__descriptor, "answer", argument(tool, 1), &answer));
	notice->has_can_comply = 1;
	notice->can_comply = (Comity__CanComply__Value)answer;
	notice->unavoidable_disclosure = (char *)given(tool, "disclosure");
	return OK;
}

static enum fault answer_response(struct tool *tool, Comity__ConfidentialityResponse *response)
{
	bool proceeds = !strcmp(argument(tool, 1), "proceed");
	if (!proceeds && strcmp(argument(tool, 1), "stop"))
		return fault_say(FAULT_USAGE, "the requesting side says proceed or stop, not \"%.40s\"", argument(tool, 1));
	if (given(tool, "disclosure"))
		return fault_say(FAULT_USAGE, "--disclosure is for the requested side");
	response->has_proceed = 1;
	response->proceed = proceeds;
	return OK;
}

enum fault cmd_request_confidentiality(struct tool *tool)
{
	Comity__Act *act;
	ProtobufCMessage *body;
	const Comity__RequestView *view;
	Comity__Message message = COMITY__MESSAGE__INIT;
	TRY(get_request(tool, argument(tool, 0), &view));
	bool is_ours = view->request->role == COMITY__ROLE__VALUE__REQUESTING;
	TRY(act_new(tool, is_ours ? "confidentiality-response" : "confidentiality-notice", &act, &body));
	TRY(is_ours ? answer_response(tool, act->confidentiality_response) : answer_notice(tool, act->confidentiality_notice));
	TRY(fill_all(tool, body));
	message.acts = &act;
	message.n_acts = 1;
	TRY(submit(tool, argument(tool, 0), &message));
	if (is_ours && !act->confidentiality_response->proceed)
		next_step(tool, "comity request withdraw %s --reason TEXT    (to give it up)", argument(tool, 0));
	return OK;
}
