/* comity card diff: what one card of an authority changes against another, each checked as if it were taken; asks nobody. */
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "proto/control.pb-c.h"
#include "proto/field.h"
#include "proto/json.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

enum { CHANGES_MAX = 80, NOTES_MAX = 8 };

struct diff {
	struct tool *tool;
	struct card old, new;
	Comity__CardChange *changes[CHANGES_MAX];
	char *notes[NOTES_MAX];
	Comity__CardDiff report;
};

/* Either may be NULL or "": it is not there. */
static void compare(struct diff *diff, const char *field, const char *before, const char *after)
{
	struct arena *arena = &diff->tool->arena;
	bool was = before && *before, is = after && *after;
	if ((!was && !is) || (was && is && !strcmp(before, after)) || diff->report.n_changes == CHANGES_MAX)
		return;
	Comity__CardChange *change = arena_alloc(arena, sizeof *change);
	if (!change)
		return;
	comity__card_change__init(change);
	change->field = arena_text(arena, span_of_text(field));
	change->before = was ? arena_text(arena, span_of_text(before)) : NULL;
	change->after = is ? arena_text(arena, span_of_text(after)) : NULL;
	diff->changes[diff->report.n_changes++] = change;
}

static void note(struct diff *diff, const char *format, ...) PRINTF_LIKE(2, 3);

static void note(struct diff *diff, const char *format, ...)
{
	char sentence[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	char *kept = arena_text(&diff->tool->arena, span_of_text(sentence));
	if (kept && diff->report.n_notes < NOTES_MAX)
		diff->notes[diff->report.n_notes++] = kept;
}

/* ── what a card says itself ──────────────────────────────────────────────────────────────────── */

static const char *joined(struct diff *diff, const char *const *list, size_t count)
{
	struct bytes text = { 0 };
	enum fault fault = OK;
	for (size_t i = 0; i < count && !fault; i++)
		fault = bytes_printf(&text, "%s%s", i ? ", " : "", list[i]);
	const char *kept = fault ? NULL : arena_text(&diff->tool->arena, span_of(&text));
	bytes_clear(&text);
	return kept;
}

static const char *certificate_words(struct diff *diff, const struct card *card, enum role role)
{
	struct certificate_facts facts;
	char text[160], from[STAMP_SIZE], until[STAMP_SIZE];
	if (certificate_read(card->certificates[role], &facts))
		return NULL;
	stamp_write(from, facts.not_before * STAMP_SECOND);
	stamp_write(until, facts.not_after * STAMP_SECOND);
	snprintf(text, sizeof text, "serial %s, from %s until %s", facts.serial, from, until);
	return arena_text(&diff->tool->arena, span_of_text(text));
}

static const char *list_words(struct diff *diff, struct span list)
{
	struct revocation_facts facts;
	char text[160], at[STAMP_SIZE];
	if (!list.len || revocation_read(list, &facts))
		return NULL;
	stamp_write(at, facts.this_update * STAMP_SECOND);
	snprintf(text, sizeof text, "number %s of %s, %zu revoked", facts.number, at, facts.count);
	return arena_text(&diff->tool->arena, span_of_text(text));
}

static void compare_certificates(struct diff *diff)
{
	char field[64];
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		snprintf(field, sizeof field, "certificate.%s", role_name(role));
		compare(diff, field, certificate_words(diff, &diff->old, role), certificate_words(diff, &diff->new, role));
	}
	for (enum role role = ROLE_IDENTITY; role <= ROLE_DELEGATION; role++) {
		snprintf(field, sizeof field, "revocations.%s", role_name(role));
		compare(diff, field, list_words(diff, diff->old.revocations[role]), list_words(diff, diff->new.revocations[role]));
	}
}

/* ── its profile, field by field of the schema ────────────────────────────────────────────────── */

static enum fault read_profile(struct diff *diff, const struct card *card, const ProtobufCMessage **profile)
{
	ProtobufCMessage *message;
	*profile = NULL;
	TRY(unpack(&comity__profile__descriptor, card->profile, &diff->tool->arena, FAULT_BAD_CARD, &message));
	*profile = message;
	return OK;
}

/* One field as JSON, without the braces and the name; NULL when it is not there. */
static const char *field_words(struct diff *diff, const ProtobufCMessage *profile, const ProtobufCFieldDescriptor *field)
{
	Comity__Profile alone = COMITY__PROFILE__INIT;
	struct bytes json = { 0 };
	const char *kept = NULL;
	size_t count = field_count(profile, field), front = strlen(field->name) + strlen("{\"\":");
	void *to = count ? field_make(&alone.base, field, count, &diff->tool->arena) : NULL;
	if (!to)
		return NULL;
	memcpy(to, field_value(profile, field, 0), count * field_value_size(field));
	if (!json_write(&alone.base, JSON_COMPACT_STYLE, &json) && json.len > front + 1)
		kept = arena_text(&diff->tool->arena, (struct span){ json.at + front, json.len - front - 1 });
	bytes_clear(&json);
	return kept;
}

static enum fault compare_profiles(struct diff *diff)
{
	char name[80];
	const ProtobufCMessage *old, *new;
	const ProtobufCMessageDescriptor *type = &comity__profile__descriptor;
	TRY(read_profile(diff, &diff->old, &old));
	TRY(read_profile(diff, &diff->new, &new));
	for (unsigned i = 0; i < type->n_fields; i++) {
		snprintf(name, sizeof name, "profile.%.60s", type->fields[i].name);
		compare(diff, name, field_words(diff, old, &type->fields[i]), field_words(diff, new, &type->fields[i]));
	}
	return OK;
}

/* ── what follows ─────────────────────────────────────────────────────────────────────────────── */

static bool is_same_key(const struct diff *diff, struct span one, struct span other)
{
	struct bytes pins[2] = { { 0 }, { 0 } };
	bool is_same = !certificate_pin(one, diff->old.authority, &pins[0]) && !certificate_pin(other, diff->old.authority, &pins[1]) &&
		span_equal(span_of(&pins[0]), span_of(&pins[1]));
	bytes_clear(&pins[0]);
	bytes_clear(&pins[1]);
	return is_same;
}

static void judge_identity(struct diff *diff)
{
	struct span held = diff->old.certificates[ROLE_IDENTITY];
	bool is_led_to = false;
	if (is_same_key(diff, held, diff->new.certificates[ROLE_IDENTITY]))
		return;
	for (size_t i = 0; i < diff->new.succession_count; i++)
		is_led_to |= is_same_key(diff, held, diff->new.successions[i].before);
	if (is_led_to)
		note(diff, "the identity is another one, for which the old one speaks: who holds the first card follows, and should telephone in time");
	else
		note(diff, "THE IDENTITY IS ANOTHER ONE, and that of the first card does not speak for it: telephone them before anything else");
}

static void judge_list(struct diff *diff, enum role issuer)
{
	struct revocation_facts old, new;
	struct span before = diff->old.revocations[issuer], after = diff->new.revocations[issuer];
	if (!before.len || !after.len || !revocation_same_issuer(before, after) || revocation_read(before, &old) || revocation_read(after, &new))
		return;
	if (memcmp(new.order, old.order, sizeof new.order) < 0)
		note(diff, "the list of what the %s revoked is older in the second card: who holds the first refuses it", role_name(issuer));
}

static void judge(struct diff *diff)
{
	if (diff->new.serial < diff->old.serial)
		note(diff, "the second card is older than the first: who holds the first refuses it");
	if (diff->new.serial == diff->old.serial && diff->report.n_changes)
		note(diff, "two cards of one serial that say different things: ask the authority which one counts");
	judge_identity(diff);
	judge_list(diff, ROLE_IDENTITY);
	judge_list(diff, ROLE_DELEGATION);
}

static void print_diff(struct tool *tool, const Comity__CardDiff *report)
{
	print(tool, "%s  serial %u -> %u%s\n", safe(tool, report->authority), report->serial_before, report->serial_after,
		report->n_changes ? "" : "; nothing else is changed");
	for (size_t i = 0; i < report->n_changes; i++) {
		const Comity__CardChange *change = report->changes[i];
		print(tool, "  %s\n", change->field);
		if (change->before)
			print(tool, "    - %s\n", safe(tool, change->before));
		if (change->after)
			print(tool, "    + %s\n", safe(tool, change->after));
	}
	for (size_t i = 0; i < report->n_notes; i++)
		print(tool, "%s.\n", report->notes[i]);
}

static enum fault tell(struct diff *diff)
{
	struct tool *tool = diff->tool;
	Comity__CardDiff *report = &diff->report;
	report->schema = "comity.card-diff/1";
	report->authority = (char *)diff->old.authority;
	report->has_serial_before = report->has_serial_after = 1;
	report->serial_before = diff->old.serial;
	report->serial_after = diff->new.serial;
	report->changes = diff->changes;
	report->notes = diff->notes;
	if (!printed_document(tool, &report->base))
		print_diff(tool, report);
	tool->exit_status = report->n_changes > 0;
	return OK;
}

static enum fault compare_all(struct diff *diff)
{
	TRY(card_take(argument(diff->tool, 0), &diff->old));
	TRY(card_take(argument(diff->tool, 1), &diff->new));
	if (strcmp(diff->old.authority, diff->new.authority) != 0)
		return fault_say(FAULT_USAGE, "the first card is of %s, the second of %s", diff->old.authority, diff->new.authority);
	compare(diff, "name", diff->old.name, diff->new.name);
	compare(diff, "endpoints", joined(diff, diff->old.endpoints, diff->old.endpoint_count),
		joined(diff, diff->new.endpoints, diff->new.endpoint_count));
	compare(diff, "languages", joined(diff, diff->old.languages, diff->old.language_count),
		joined(diff, diff->new.languages, diff->new.language_count));
	compare_certificates(diff);
	TRY(compare_profiles(diff));
	judge(diff);
	return tell(diff);
}

enum fault cmd_card_diff(struct tool *tool)
{
	struct diff *diff = arena_alloc(&tool->arena, sizeof *diff);
	if (!diff)
		return FAULT_NO_MEMORY;
	*diff = (struct diff){ .tool = tool, .report = COMITY__CARD_DIFF__INIT };
	enum fault fault = compare_all(diff);
	card_clear(&diff->old);
	card_clear(&diff->new);
	return fault;
}
