/* The table of a request's life, for those who read it elsewhere: docs/STATUSES.md, with --json and --spontaneous what the
 * scenarios walk, with --rows what the tool finds its way by.  It is printed from the table that the daemons judge by, so there
 * is no second one. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/statuses.h"
#include "proto/bytes.h"

static const char *side_in_words(enum side side)
{
	static const char *const words[] = {
		[SIDE_REQUESTING] = "requesting", [SIDE_REQUESTED] = "requested", [SIDE_BOTH] = "either" };
	return words[side];
}

/* What it must say. */
struct condition { char text[CONDITION_SIZE]; };

static struct condition condition_of(const struct transition *row)
{
	struct condition condition;
	statuses_condition(row, condition.text);
	return condition;
}

static void print_json(const struct transition *row)
{
	printf("{\"from\": \"%s\", \"to\": \"%s\", \"side\": \"%s\", \"act\": \"%s\", \"precondition\": \"%s\", \"source\": \"%s\"}\n",
		status_name(row->from), status_name(row->to), side_in_words(row->side), act_rule(row->act)->name,
		condition_of(row).text, row->source);
}

static void print_markdown(const struct transition *row)
{
	printf("| %s | %s | %s | %s | %s | %s |\n", status_name(row->from), status_name(row->to), side_in_words(row->side),
		act_rule(row->act)->name, condition_of(row).text, row->source);
}

static const char *enumerated(request_status status)
{
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value(&comity__request_status__value__descriptor, (int)status);
	return value ? value->name : "UNSPECIFIED";
}

static void print_row(const struct transition *row)
{
	printf("STEP(%s, %s, \"%s\", \"%s\", \"%s\", \"%s\")\n", enumerated(row->from), enumerated(row->to), side_in_words(row->side),
		act_rule(row->act)->name, condition_of(row).text, row->source);
}

#define HEADINGS "| from | to | side | act | condition | source |\n|---|---|---|---|---|---|\n"

static const struct form {
	const char *option, *head, *middle;	/* before the first table, and before that of spontaneous information; NULL: without it */
	void (*print)(const struct transition *);
} forms[] = {
	{ "--json", "", NULL, print_json },
	{ "--spontaneous", NULL, "", print_json },
	{ "--rows", "", NULL, print_row },
	{ "--markdown",
	"# The life of a request\n\n"
	"Which status may follow which, who may say so, with which act, under which condition, and where the rule comes from.\n"
	"Nothing else is legal: both sides judge every act by this table, the writer before it is sent and the other on arrival.\n"
	"What is not in it is refused with what is allowed now, and changes nothing.\n\n"
	"This page is printed from the table itself: `statuses_page --markdown > docs/STATUSES.md` in `daemon/law` of the build; a\n"
	"scenario holds the two together and another walks every row between two daemons (`tests/scenario/statuses.py`).\n\n"
	HEADINGS,
	"\n## Spontaneous information\n\n"
	"Nobody executes it, so its life is short. The State that gives it counts as the requesting side.\n\n"
	HEADINGS, print_markdown },
};

static void print_table(const struct form *form, const char *head, const struct transition *rows, size_t n)
{
	if (head)
		fputs(head, stdout);
	for (size_t i = 0; head && i < n; i++)
		form->print(&rows[i]);
}

int main(int argc, char **argv)
{
	size_t n, n_spontaneous;
	const struct transition *rows = statuses_table(&n), *spontaneous = statuses_table_spontaneous(&n_spontaneous);
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(forms); i++) {
		if (strcmp(forms[i].option, argv[1]))
			continue;
		print_table(&forms[i], forms[i].head, rows, n);
		print_table(&forms[i], forms[i].middle, spontaneous, n_spontaneous);
		return 0;
	}
	fputs("statuses_page --markdown|--json|--spontaneous|--rows\n", stderr);
	return 64;
}
