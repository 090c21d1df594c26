/* The directory of competent authorities: what is known of each, and from whom. */
#include <string.h>

#include "proto/stamp.h"
#include "proto/yaml.h"
#include "tools/commands.h"
#include "tools/directory.h"
#include "tools/print.h"
#include "tools/record.h"

const char *directory_name_of(const Comity__Profile *profile)
{
	const char *name = "";
	for (size_t i = 0; i < profile->n_names; i++) {
		bool is_english = profile->names[i]->language && !strncmp(profile->names[i]->language, "en", 2);
		if (profile->names[i]->text && (!*name || is_english))
			name = profile->names[i]->text;
		if (is_english)
			break;
	}
	return name;
}

/* ── lists ────────────────────────────────────────────────────────────────────────────────────── */

/* When it was held against the world last; an entry that is not looked after grows stale. */
static const char *review_of(struct tool *tool, const Comity__Profile *profile)
{
	char today[STAMP_SIZE];
	stamp_now(today);
	today[10] = 0;
	const Comity__Review *review = profile->review;
	if (review && review->next_review_on && *review->next_review_on && strcmp(review->next_review_on, today) < 0)
		return "overdue";
	return safe_or(tool, review ? review->verified_on : NULL, "-");
}

static const char *line_of(struct tool *tool, const Comity__DirectoryView *view)
{
	if (!view->has_standing)
		return view->entry->source == COMITY__ENTRY_SOURCE__VALUE__OWN ? "ourselves" : "none";
	return view->standing == COMITY__STANDING__VALUE__VERIFIED ? safe_or(tool, view->link, "down") : WORD(tool, standing, view->standing);
}

static const char *place_of(struct tool *tool, const Comity__Profile *profile)
{
	return safe_or(tool, profile->territory && *profile->territory ? profile->territory : profile->state, "-");
}

static void print_list(struct tool *tool, const Comity__DirectoryList *list)
{
	struct table table = TABLE("AUTHORITY", "STATE", "PART", "~NAME", "LINE", "FROM", "REVIEWED");
	size_t waiting = 0;
	for (size_t i = 0; i < list->n_data; i++) {
		const Comity__DirectoryView *view = list->data[i];
		const Comity__Profile *profile = view->entry ? view->entry->profile : NULL;
		if (!profile)
			continue;
		waiting += view->entry->announced != NULL;
		ROW(tool, &table, safe(tool, view->entry->authority), place_of(tool, profile), WORD(tool, directory_part, profile->part),
			brief(tool, directory_name_of(profile), WHOLE), line_of(tool, view), WORD(tool, entry_source, view->entry->source),
			review_of(tool, profile));
	}
	table_print(tool, &table);
	if (tool->format == FORMAT_TEXT && !list->n_data)
		say(tool, "None.  comity directory import FILE");
	if (waiting)
		say(tool, "%zu with addresses that nobody has confirmed: comity directory show AUTHORITY", waiting);
}

enum fault directory_ask(struct tool *tool, const char *text, const Comity__DirectoryList **list)
{
	const Comity__Reply *reply;
	int part = 0;
	Comity__DirectoryFilter filter = COMITY__DIRECTORY_FILTER__INIT;
	if (given(tool, "part"))
		TRY(word_read(&comity__directory_part__value__descriptor, "part of the directory", given(tool, "part"), &part));
	filter.state = (char *)given(tool, "of");
	filter.has_part = part != 0;
	filter.part = (Comity__DirectoryPart__Value)part;
	filter.text = (char *)text;
	Comity__Call call = CALL(DIRECTORY_LIST, directory_list, &filter);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_DIRECTORY, &reply));
	*list = reply->directory;
	return OK;
}

static enum fault show_list(struct tool *tool, const char *text)
{
	const Comity__DirectoryList *list;
	TRY(directory_ask(tool, text, &list));
	if (!printed_json(tool, &list->base))
		print_list(tool, list);
	return OK;
}

enum fault cmd_directory_list(struct tool *tool)
{
	return show_list(tool, NULL);
}

enum fault cmd_directory_search(struct tool *tool)
{
	struct bytes words = { 0 };
	enum fault fault = OK;
	for (size_t i = 0; !fault && argument(tool, i); i++)
		fault = bytes_printf(&words, "%s%s", i ? " " : "", argument(tool, i));
	if (!fault)
		fault = show_list(tool, bytes_text(&words));
	bytes_clear(&words);
	return fault;
}

/* ── one entry ────────────────────────────────────────────────────────────────────────────────── */

static enum fault print_yaml(struct tool *tool, const Comity__Profile *profile)
{
	struct bytes yaml = { 0 };
	enum fault fault = yaml_write(&profile->base, &yaml);
	if (!fault)
		print(tool, "\n%s", safe_lines(tool, bytes_text(&yaml)));
	bytes_clear(&yaml);
	return fault;
}

/* Only where it is reached, as it was announced. */
static enum fault print_announced(struct tool *tool, const Comity__DirectoryEntry *entry)
{
	const Comity__Profile *announced = entry->announced;
	Comity__Profile addresses = COMITY__PROFILE__INIT;
	Comity__Hours hours = COMITY__HOURS__INIT;
	addresses.state = announced->state;
	addresses.territory = announced->territory;
	addresses.n_endpoints = announced->n_endpoints;
	addresses.endpoints = announced->endpoints;
	addresses.n_contacts = announced->n_contacts;
	addresses.contacts = announced->contacts;
	addresses.postal_address = announced->postal_address;
	addresses.visiting_address = announced->visiting_address;
	addresses.website = announced->website;
	addresses.urgent_procedure = announced->urgent_procedure;
	addresses.n_networks = announced->n_networks;
	addresses.networks = announced->networks;
	addresses.n_liaisons = announced->n_liaisons;
	addresses.liaisons = announced->liaisons;
	hours.duty = announced->hours ? announced->hours->duty : NULL;
	addresses.hours = hours.duty ? &hours : NULL;
	print(tool, "\nANNOUNCED, AND NOT IN EFFECT before somebody has called back on a number that was known before:\n");
	return print_yaml(tool, &addresses);
}

static void print_source(struct tool *tool, const Comity__DirectoryEntry *entry)
{
	const Comity__Verification *check = entry->confirmation;
	print(tool, "  from         %s%s%s", WORD(tool, entry_source, entry->source), entry->from ? " by " : "", safe(tool, entry->from));
	print(tool, "%s%s%s%s, %s\n", entry->message_id ? ", message " : "", safe(tool, entry->message_id), entry->origin ? ", " : "",
		safe(tool, entry->origin), time_of(tool, entry->taken_at));
	if (check)
		print(tool, "  confirmed    %s, uid %u%s%s%s%s\n", time_of(tool, check->verified_at), check->actor_uid,
			check->spoke_with ? ", spoke with " : "", safe(tool, check->spoke_with), check->dialled ? " at " : "", safe(tool, check->dialled));
}

static enum fault print_entry(struct tool *tool, const Comity__DirectoryView *view)
{
	const Comity__DirectoryEntry *entry = view->entry;
	const Comity__Profile *profile = entry->profile;
	print(tool, "%s  %s\n  part         %s\n  line         %s\n", safe(tool, entry->authority), safe(tool, directory_name_of(profile)),
		WORD(tool, directory_part, profile->part), line_of(tool, view));
	print_source(tool, entry);
	print(tool, "  reviewed     %s\n", review_of(tool, profile));
	if (!(profile->review && profile->review->unodc_confirmed_on))
		print(tool, "  designation  not confirmed against the UNODC directory\n");
	if (message_unknown_count(&profile->base))
		print(tool, "  newer        %zu fields of a newer schema: kept in the record, not shown\n", message_unknown_count(&profile->base));
	TRY(print_yaml(tool, profile));
	if (!entry->announced)
		return OK;
	TRY(print_announced(tool, entry));
	next_step(tool, "comity directory confirm %s --spoke-with NAME --dialled NUMBER", safe(tool, entry->authority));
	return OK;
}

enum fault cmd_directory_show(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByAuthority by = COMITY__BY_AUTHORITY__INIT;
	by.authority = lower(tool, argument(tool, 0));
	Comity__Call call = CALL(DIRECTORY_SHOW, directory_show, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_DIRECTORY_ENTRY, &reply));
	const Comity__DirectoryView *view = reply->directory_entry;
	if (!view->entry || !view->entry->profile)
		return fault_say(FAULT_BAD_FRAME, "comityd sent an entry without its content");
	return printed_json(tool, &view->base) ? OK : print_entry(tool, view);
}

/* ── announcing, confirming, removing ─────────────────────────────────────────────────────────── */

enum fault cmd_directory_announce(struct tool *tool)
{
	const Comity__Reply *reply;
	char *authorities[200];
	struct table table = TABLE("PEER", ">ENTRIES", "MESSAGE", "WHY NOT");
	Comity__DirectoryAnnounce order = COMITY__DIRECTORY_ANNOUNCE__INIT;
	for (const char *one; (one = argument(tool, order.n_authorities));) {
		if (order.n_authorities == ARRAY_LEN(authorities))
			return fault_say(FAULT_USAGE, "more than %zu authorities at once; name none to announce all", ARRAY_LEN(authorities));
		authorities[order.n_authorities++] = lower(tool, one);
	}
	order.authorities = authorities;
	order.peer = given(tool, "to") ? lower(tool, given(tool, "to")) : NULL;
	Comity__Call call = SUBMIT(tool, DIRECTORY_ANNOUNCE, directory_announce, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_TOLD, &reply));
	if (printed_json(tool, &reply->told->base))
		return OK;
	for (size_t i = 0; i < reply->told->n_peers; i++) {
		const Comity__DirectoryTold *told = reply->told->peers[i];
		char count[16];
		snprintf(count, sizeof count, "%u", told->entries);
		ROW(tool, &table, safe(tool, told->peer), safe(tool, count), safe_or(tool, told->message_id, "-"), safe_or(tool, told->reason, "-"));
	}
	table_print(tool, &table);
	return OK;
}

static enum fault tell_done(struct tool *tool, Comity__Call *call)
{
	const Comity__Reply *reply;
	TRY(ask(tool, call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_document(tool, &reply->done->base))
		print(tool, "%s: %s.\n", safe(tool, reply->done->ref), safe(tool, reply->done->text));
	return OK;
}

enum fault cmd_directory_confirm(struct tool *tool)
{
	Comity__Verification record = COMITY__VERIFICATION__INIT;
	Comity__DirectoryConfirm order = COMITY__DIRECTORY_CONFIRM__INIT;
	record.method = "telephone";
	record.spoke_with = (char *)given(tool, "spoke-with");
	record.dialled = (char *)given(tool, "dialled");
	record.second_officer = (char *)given(tool, "second");
	order.authority = lower(tool, argument(tool, 0));
	order.record = &record;
	Comity__Call call = SUBMIT(tool, DIRECTORY_CONFIRM, directory_confirm, &order);
	return tell_done(tool, &call);
}

enum fault cmd_directory_remove(struct tool *tool)
{
	Comity__ByAuthority by = COMITY__BY_AUTHORITY__INIT;
	by.authority = lower(tool, argument(tool, 0));
	if (strcmp(lower(tool, given(tool, "confirm")), by.authority))
		return fault_say(FAULT_USAGE, "--confirm names \"%s\", and it is about \"%s\"", given(tool, "confirm"), argument(tool, 0));
	Comity__Call call = SUBMIT(tool, DIRECTORY_REMOVE, directory_remove, &by);
	return tell_done(tool, &call);
}

/* ── to whom ──────────────────────────────────────────────────────────────────────────────────── */

/* Each authority that may be meant, and how the one is reached that has no line. */
static enum fault list_lines(struct tool *tool, const Comity__Route *route, Comity__Error *error)
{
	error->context = arena_alloc(&tool->arena, (route->n_choices + route->n_other_ways + 1) * sizeof *error->context);
	if (!error->context)
		return arena_fault(&tool->arena);
	for (size_t i = 0; i < route->n_choices; i++) {
		const Comity__RouteChoice *choice = route->choices[i];
		struct bytes line = { 0 };
		enum fault fault = bytes_printf(&line, "%s  %s%s%s  (%s; %s)", choice->authority, choice->name ? choice->name : "",
			choice->territory ? ", " : "", choice->territory ? choice->territory : "", choice->covers ? choice->covers : "",
			choice->has_standing ? WORD(tool, standing, choice->standing) : "no line");
		error->context[error->n_context++] = fault ? "" : arena_text(&tool->arena, span_of(&line));
		bytes_clear(&line);
	}
	for (size_t i = 0; i < route->n_other_ways; i++)
		error->context[error->n_context++] = route->other_ways[i];
	return OK;
}

static enum fault tell_no_route(struct tool *tool, const Comity__Route *route)
{
	enum fault fault = fault_from_slug(route->reason);
	Comity__Error error = COMITY__ERROR__INIT;
	char *hint = route->to ? "comity directory show " : route->n_choices ? "comity directory show AUTHORITY" : "comity directory list";
	char whole[80];
	snprintf(whole, sizeof whole, "%s%s", hint, route->to ? route->to : "");
	hint = whole;
	error.schema = "comity.error/1";
	error.code = route->reason;
	error.message = route->reason_text;
	error.has_exit = 1;
	error.exit = fault_exit_status(fault);
	error.hints = &hint;
	error.n_hints = 1;
	TRY(list_lines(tool, route, &error));
	return tool_tell(tool, fault == FAULT_COUNT ? FAULT_INTERNAL : fault, &error);
}

static enum fault ask_route(struct tool *tool, const char *to, const Comity__Request *document, const Comity__Route **route)
{
	const Comity__Reply *reply;
	Comity__RouteOf order = COMITY__ROUTE_OF__INIT;
	Comity__AssistanceForm__Value *forms = arena_alloc(&tool->arena, (document->n_measures + 1) * sizeof *forms);
	if (!forms)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < document->n_measures; i++)
		forms[order.n_forms++] = document->measures[i]->form;
	order.to = (char *)to;
	order.has_kind = document->has_kind;
	order.kind = document->kind;
	order.forms = forms;
	Comity__Call call = CALL(DIRECTORY_ROUTE, directory_route, &order);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_ROUTE, &reply));
	*route = reply->route;
	return OK;
}

enum fault directory_route(struct tool *tool, const char *to, const Comity__Request *document, char **authority)
{
	const Comity__Route *route = NULL;
	TRY(ask_route(tool, to, document, &route));
	if (route->reason)
		return tell_no_route(tool, route);
	*authority = route->to;
	return *authority ? OK : fault_say(FAULT_BAD_FRAME, "comityd found no authority, and does not say why");
}

enum fault cmd_directory_route(struct tool *tool)
{
	const Comity__Route *route = NULL;
	int kind;
	Comity__Request document = COMITY__REQUEST__INIT;
	if (given(tool, "kind")) {
		TRY(word_read(&comity__request_kind__value__descriptor, "kind of request", given(tool, "kind"), &kind));
		document.has_kind = 1;
		document.kind = (Comity__RequestKind__Value)kind;
	}
	TRY(ask_route(tool, argument(tool, 0), &document, &route));
	if (route->reason)
		return tell_no_route(tool, route);
	if (!printed_json(tool, &route->base))
		print(tool, "%s\n", safe(tool, route->to));
	return OK;
}
