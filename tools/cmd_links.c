/* What requests are to one another. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/links.h"
#include "tools/print.h"
#include "tools/record.h"

#define TYPE(name) COMITY__RELATION_TYPE__VALUE__##name

static const struct {
	const char *option;
	Comity__RelationType__Value type;
	const char *words, *inverse;
} relations[] = {
	{ "supplements",         TYPE(SUPPLEMENTS),          "supplements",         "supplemented by" },
	{ "amends",              TYPE(AMENDS),               "amends",              "amended by" },
	{ "renews",              TYPE(RENEWS),               "renews",              "renewed by" },
	{ "confirms-oral",       TYPE(CONFIRMS_ORAL),        "confirms the oral",   "confirmed by" },
	{ "follows-preservation", TYPE(FOLLOWS_PRESERVATION), "follows preservation", "followed by" },
	{ "follows-spontaneous", TYPE(FOLLOWS_SPONTANEOUS),  "follows information", "followed by" },
	{ "parallel",            TYPE(PARALLEL_TO),          "parallel to",         "parallel to" },
	{ "reciprocal",          TYPE(RECIPROCAL_TO),        "reciprocal to",       "reciprocal to" },
};

static const char *words_of(const Comity__LinkView *link)
{
	for (size_t i = 0; i < ARRAY_LEN(relations); i++)
		if (relations[i].type == link->type)
			return link->inverse ? relations[i].inverse : relations[i].words;
	return "linked to";
}

const char *first_link(struct tool *tool, const Comity__RequestView *view)
{
	char text[160];
	if (!view->n_links)
		return "";
	snprintf(text, sizeof text, "%s %s%s", words_of(view->links[0]), safe_or(tool, view->links[0]->reference, "-"), view->n_links > 1 ? ", ..." : "");
	return safe(tool, text);
}

void print_links(struct tool *tool, const Comity__RequestView *view)
{
	for (size_t i = 0; i < view->n_links; i++) {
		const Comity__LinkView *link = view->links[i];
		print(tool, "  link         %s %s  %s, %s%s\n", words_of(link), safe_or(tool, link->reference, safe_or(tool, link->request_id, "-")),
			safe_or(tool, link->peer, "-"), word_of(tool, &comity__request_status__value__descriptor, (int)link->status),
			link->own ? "; known to us only" : "");
	}
}

static enum fault change(struct tool *tool, Comity__RequestLink *order)
{
	const Comity__Reply *reply;
	order->ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_LINK, request_link, order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_document(tool, &reply->request->base))
		return OK;
	print(tool, "%s\n", safe_or(tool, reply->request->our_reference, order->ref));
	print_links(tool, reply->request);
	if (!reply->request->n_links)
		print(tool, "  no links\n");
	return OK;
}

enum fault cmd_request_link(struct tool *tool)
{
	Comity__RequestLink order = COMITY__REQUEST_LINK__INIT;
	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		const char *other = given(tool, relations[i].option);
		if (other && order.other)
			return fault_say(FAULT_USAGE, "one relation at a time: --%s is one too many", relations[i].option);
		if (!other)
			continue;
		order.other = (char *)other;
		order.has_type = 1;
		order.type = relations[i].type;
	}
	if (!order.other)
		return fault_say(FAULT_USAGE, "what is %s to which other request? --supplements OTHER, --follows-preservation OTHER, --parallel OTHER ...",
			safe(tool, argument(tool, 0)));
	return change(tool, &order);
}

enum fault cmd_request_unlink(struct tool *tool)
{
	Comity__RequestLink order = COMITY__REQUEST_LINK__INIT;
	order.other = (char *)argument(tool, 1);
	order.has_remove = order.remove = 1;
	return change(tool, &order);
}
