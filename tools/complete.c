/* comity __complete WORD...: what may stand where the last word is, one candidate a line.
 *
 * The completion scripts of the shells ask this at each press of the key, so that they hold no list of their own:
 * words and options come from the table of commands, the rest from the name of what is wanted there. */
#include "tools/complete.h"

#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/print.h"

/* What was typed before the word in question. */
struct typed {
	struct tool *tool;
	const char *words[PATTERN_WORDS_MAX + PATTERN_ARGUMENTS_MAX];
	size_t count;
	const struct option *open;	/* an option whose value is due */
	const char *home;
};

static void offer(struct tool *tool, const char *word)
{
	if (word && *word && strcmp(word, "-"))
		print(tool, "%s\n", word);
}

/* ── what the daemon knows ────────────────────────────────────────────────────────────────────── */

static void offer_peers(struct typed *typed)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(PEER_LIST, peer_list, &nothing);
	if (ask(typed->tool, &call, COMITY__REPLY__KIND_PEERS, &reply))
		return;
	for (size_t i = 0; i < reply->peers->n_data; i++)
		offer(typed->tool, safe(typed->tool, reply->peers->data[i]->peer->authority));
}

static void offer_authorities(struct typed *typed)
{
	const Comity__Reply *reply;
	Comity__DirectoryFilter filter = COMITY__DIRECTORY_FILTER__INIT;
	Comity__Call call = CALL(DIRECTORY_LIST, directory_list, &filter);
	if (ask(typed->tool, &call, COMITY__REPLY__KIND_DIRECTORY, &reply))
		return;
	for (size_t i = 0; i < reply->directory->n_data; i++)
		if (reply->directory->data[i]->entry)
			offer(typed->tool, safe(typed->tool, reply->directory->data[i]->entry->authority));
}

static void offer_requests(struct typed *typed)
{
	const Comity__Reply *reply;
	Comity__RequestFilter filter = COMITY__REQUEST_FILTER__INIT;
	Comity__Call call = CALL(REQUEST_LIST, request_list, &filter);
	if (ask(typed->tool, &call, COMITY__REPLY__KIND_REQUESTS, &reply))
		return;
	for (size_t i = 0; i < reply->requests->n_data; i++) {
		const Comity__RequestView *view = reply->requests->data[i];
		offer(typed->tool, safe(typed->tool, view->our_reference));
		if (!view->our_reference || !view->their_reference || strcmp(view->our_reference, view->their_reference))
			offer(typed->tool, safe(typed->tool, view->their_reference));
	}
}

/* Of the case that was named before: attach get REF ATTACHMENT. */
static void offer_attachments(struct typed *typed)
{
	enum { REF_AT = 2 };
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)(typed->count > REF_AT ? typed->words[REF_AT] : NULL);
	Comity__Call call = CALL(ATTACH_LIST, attach_list, &by);
	if (!by.ref || ask(typed->tool, &call, COMITY__REPLY__KIND_ATTACHMENTS, &reply))
		return;
	for (size_t i = 0; i < reply->attachments->n_data; i++)
		if (reply->attachments->data[i]->attachment)
			offer(typed->tool, safe(typed->tool, reply->attachments->data[i]->attachment->id));
}

/* ── what we know ourselves ───────────────────────────────────────────────────────────────────── */

static void offer_files(struct typed *typed)
{
	print(typed->tool, ":files\n");		/* the shell knows them best */
}

static void offer_requests_and_files(struct typed *typed)
{
	offer_requests(typed);
	offer_files(typed);
}

static void offer_slugs(struct typed *typed)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		offer(typed->tool, fault_slug((enum fault)i));
}

static void offer_values(struct tool *tool, const ProtobufCEnumDescriptor *type)
{
	for (unsigned i = 0; i < type->n_values; i++)
		offer(tool, word_of(tool, type, type->values[i].value));
}

/* Of a request, or of an act. */
static void offer_kinds(struct typed *typed)
{
	if (typed->count && !strcmp(typed->words[0], "request")) {
		offer_values(typed->tool, &comity__request_kind__value__descriptor);
		return;
	}
	for (unsigned i = 0; i < comity__act__descriptor.n_fields; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s", comity__act__descriptor.fields[i].name);
		for (char *at = name; *at; at++)
			*at = *at == '_' ? '-' : *at;
		offer(typed->tool, name);
	}
}

static void offer_nouns(struct typed *typed)
{
	const char *before = "";
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, &pattern) || !strcmp(before, pattern.words[0]))
			continue;
		offer(typed->tool, pattern.words[0]);
		before = safe(typed->tool, pattern.words[0]);
	}
}

/* What may follow these words of a command. */
static void offer_verbs(struct typed *typed, const char *const *words, size_t count)
{
	char before[PATTERN_NAME_SIZE] = "";
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern && count < PATTERN_WORDS_MAX; command++) {
		size_t same = 0;
		if (!pattern_read(command->pattern, &pattern))
			continue;
		while (same < count && same < pattern.n_words && !strcmp(pattern.words[same], words[same]))
			same++;
		if (same < count || pattern.n_words <= count || !strcmp(before, pattern.words[count]))
			continue;
		strcpy(before, pattern.words[count]);
		offer(typed->tool, before);
	}
}

static void offer_verbs_of_last(struct typed *typed)
{
	offer_verbs(typed, &typed->words[typed->count - 1], 1);
}

/* By the name that a pattern or an option gives to what is wanted. */
static const struct wanted {
	const char *name;
	void (*offer)(struct typed *typed);
	const ProtobufCEnumDescriptor *type;
	const char *words;			/* with blanks between them */
} wanted[] = {
	{ .name = "PEER", .offer = offer_peers },
	{ .name = "PEER|STATE", .offer = offer_peers },
	{ .name = "AUTHORITY", .offer = offer_authorities },
	{ .name = "AUTHORITY|STATE", .offer = offer_authorities },
	{ .name = "PART", .type = &comity__directory_part__value__descriptor },
	{ .name = "REF", .offer = offer_requests },
	{ .name = "REF|FILE", .offer = offer_requests_and_files },
	{ .name = "ATTACHMENT", .offer = offer_attachments },
	{ .name = "FILE", .offer = offer_files },
	{ .name = "FILE[,role=ROLE]", .offer = offer_files },
	{ .name = "CARD", .offer = offer_files },
	{ .name = "OLD", .offer = offer_files },
	{ .name = "NEW", .offer = offer_files },
	{ .name = "DIR", .offer = offer_files },
	{ .name = "PATH", .offer = offer_files },
	{ .name = "SLUG", .offer = offer_slugs },
	{ .name = "KIND", .offer = offer_kinds },
	{ .name = "NOUN", .offer = offer_nouns },
	{ .name = "VERB", .offer = offer_verbs_of_last },
	{ .name = "PRIORITY", .type = &comity__priority__value__descriptor },
	{ .name = "STATUS", .type = &comity__request_status__value__descriptor },
	{ .name = "S,S", .type = &comity__request_status__value__descriptor },
	{ .name = "ROLE", .type = &comity__attachment_role__value__descriptor },
	{ .name = "FORM", .type = &comity__attachment_form__value__descriptor },
	{ .name = "TYPE", .type = &comity__competent_authority_type__value__descriptor },
	{ .name = "GROUND", .type = &comity__refusal_ground__value__descriptor },
	{ .name = "OUTCOME", .type = &comity__outcome__value__descriptor },
	{ .name = "ANSWER", .type = &comity__can_comply__value__descriptor },
	{ .name = "STATE", .words = "delivered complete" },
	{ .name = "in|out", .words = "in out" },
	{ .name = "WHEN", .words = "auto always never" },
	{ .name = "SHELL", .words = "bash zsh fish" },
};

static void offer_wanted(struct typed *typed, const char *name)
{
	char words[120], *save = NULL;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if (strcmp(wanted[i].name, name))
			continue;
		if (wanted[i].offer)
			wanted[i].offer(typed);
		if (wanted[i].type)
			offer_values(typed->tool, wanted[i].type);
		snprintf(words, sizeof words, "%s", wanted[i].words ? wanted[i].words : "");
		for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
			offer(typed->tool, word);
	}
}

/* ── where the word stands ────────────────────────────────────────────────────────────────────── */

static bool find_pattern(const struct typed *typed, struct pattern *pattern)
{
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, pattern) || typed->count < pattern->n_words)
			continue;
		size_t same = 0;
		while (same < pattern->n_words && !strcmp(pattern->words[same], typed->words[same]))
			same++;
		if (same == pattern->n_words)
			return true;
	}
	return false;
}

static void offer_options(struct typed *typed, const struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->n_options; i++) {
		char text[40];
		snprintf(text, sizeof text, "--%s", pattern->options[i].option->name);
		offer(typed->tool, text);
	}
}

static void offer_argument(struct typed *typed, const struct pattern *pattern)
{
	size_t at = typed->count - pattern->n_words;
	if (pattern->n_arguments && at >= pattern->n_arguments && pattern->arguments[pattern->n_arguments - 1].is_repeated)
		at = pattern->n_arguments - 1;
	if (at < pattern->n_arguments)
		offer_wanted(typed, pattern->arguments[at].name);
}

/* A value that is due; an option; a word of the command; an argument. */
static void offer_all(struct typed *typed, const char *last)
{
	struct pattern pattern, global;
	bool is_command = find_pattern(typed, &pattern);
	if (typed->open) {
		offer_wanted(typed, typed->open->value);
	} else if (*last == '-') {
		if (is_command)
			offer_options(typed, &pattern);
		if (pattern_read(global_pattern, &global))
			offer_options(typed, &global);
	} else if (is_command) {
		offer_argument(typed, &pattern);
	} else if (!typed->count) {
		offer_nouns(typed);
	} else {
		offer_verbs(typed, typed->words, typed->count);
	}
}

static void take_value(struct typed *typed, const char *value)
{
	if (!strcmp(typed->open->name, "home"))
		typed->home = value;
	typed->open = NULL;
}

/* bash cuts "--wait=complete" into three words, other shells do not. */
static void take_word(struct typed *typed, const char *word)
{
	char name[40];
	const char *joined = strchr(word, '=');
	if (!strcmp(word, "="))
		return;
	if (typed->open) {
		take_value(typed, word);
	} else if (!strncmp(word, "--", 2)) {
		snprintf(name, sizeof name, "%.*s", joined ? (int)(joined - word) - 2 : 32, word + 2);
		typed->open = option_find(name);
		if (typed->open && (!typed->open->value || typed->open->value_is_optional))
			typed->open = NULL;
		if (typed->open && joined)
			take_value(typed, joined + 1);
	} else if (*word != '-' && typed->count < ARRAY_LEN(typed->words)) {
		typed->words[typed->count++] = word;
	}
}

int complete(int count, char **words)
{
	struct tool tool;
	struct typed typed = { .tool = &tool };
	const char *last = count ? words[count - 1] : "";
	for (int i = 0; i + 1 < count; i++)
		take_word(&typed, words[i]);
	if (!strcmp(last, "="))
		last = "";
	char *line[] = { "comity", "version", "--timeout=2s", "--plain", typed.home ? "--home" : NULL, (char *)typed.home, NULL };
	if (tool_open(&tool, typed.home ? 6 : 4, line) == OK) {
		offer_all(&typed, last);
		if (print_now(&tool))
			tool.exit_status = EXIT_FAILURE;
	}
	int status = tool.exit_status;
	tool_close(&tool);
	return status;
}
