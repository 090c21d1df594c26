/* The telephone check: what the officer hears is typed, not compared by eye (UX 2.3).
 *
 * The daemon holds what was heard against the card; the tool never sees the right digits before. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

enum {
	GROUPS = 8, DIGITS = 5,
	HEARD_MAX = 4096,		/* bytes of a file with 40 digits in it */
	SLIPS_MAX = 2,			/* more wrong groups are no slip of the tongue */
	ANSWER_SIZE = 400,
};

/* What was heard, group by group. */
struct heard {
	char groups[GROUPS][DIGITS + 1];
};

static void spell(const struct heard *heard, char text[GROUPS * (DIGITS + 1)])
{
	size_t len = 0;
	for (int i = 0; i < GROUPS; i++)
		len += (size_t)sprintf(text + len, "%s%s", i ? " " : "", heard->groups[i]);
}

/* So many groups, from this one on, out of a line; true when it holds exactly those digits. */
static bool hear(struct heard *heard, int from, int count, const char *text)
{
	int digits = 0;
	for (; *text; text++) {
		if (isspace((unsigned char)*text) || strchr("-.,", *text))
			continue;
		if (!isdigit((unsigned char)*text) || digits == count * DIGITS)
			return false;
		heard->groups[from + digits / DIGITS][digits % DIGITS] = *text;
		digits++;
	}
	return digits == count * DIGITS;
}

static enum fault compare(struct tool *tool, const char *heard, Comity__Verification *record,
	const Comity__PeerVerified **verified)
{
	const Comity__Reply *reply;
	Comity__PeerVerify verify = COMITY__PEER_VERIFY__INIT;
	verify.peer = lower(tool, argument(tool, 0));
	verify.heard = (char *)heard;
	verify.has_confirmed = 1;
	verify.confirmed = record != NULL;
	verify.record = record;
	Comity__Call call = CALL(PEER_VERIFY, peer_verify, &verify);
	call.idempotency_key = record ? new_key(tool) : NULL;
	TRY(ask(tool, &call, COMITY__REPLY__KIND_VERIFIED, &reply));
	*verified = reply->verified;
	return OK;
}

static enum fault impostor(const Comity__PeerVerified *verified)
{
	return fault_say(FAULT_IDENTITY_DIFFERS, "%zu of %d groups differ; this card does not belong to the person on the telephone",
		verified->n_groups_differ, GROUPS);
}

static enum fault tell(struct tool *tool, const Comity__PeerVerified *verified)
{
	if (printed_document(tool, &verified->base))
		return OK;
	print(tool, "%s is now VERIFIED.\n", safe(tool, verified->peer));
	next_step(tool, "comity peer ping %s", safe(tool, verified->peer));
	return OK;
}

static Comity__Verification record_of(const struct tool *tool, const char *method)
{
	Comity__Verification record = COMITY__VERIFICATION__INIT;
	record.method = (char *)method;
	record.spoke_with = (char *)given(tool, "spoke-with");
	record.dialled = (char *)given(tool, "dialled");
	record.second_officer = (char *)given(tool, "second");
	return record;
}

/* ── without questions ────────────────────────────────────────────────────────────────────────── */

static enum fault verify_file(struct tool *tool, const char *path)
{
	struct bytes text = { 0 };
	struct heard heard = { 0 };
	char digits[GROUPS * (DIGITS + 1)];
	const Comity__PeerVerified *verified;
	Comity__Verification record = record_of(tool, "digits-file");
	enum fault fault = file_take(path, HEARD_MAX, &text);
	if (!fault && !hear(&heard, 0, GROUPS, bytes_text(&text) ? bytes_text(&text) : ""))
		fault = fault_say(FAULT_BAD_DOCUMENT, "%s: 40 digits are needed, and nothing else", path);
	bytes_clear(&text);
	TRY(fault);
	if (!record.spoke_with)
		return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "with whom was the check done?"), "pass --spoke-with, and --dialled and --second");

	spell(&heard, digits);
	TRY(compare(tool, digits, NULL, &verified));
	if (!verified->matches)
		return impostor(verified);
	TRY(compare(tool, digits, &record, &verified));
	return tell(tool, verified);
}

/* ── with them ────────────────────────────────────────────────────────────────────────────────── */

static enum fault question(FILE *terminal, const char *prompt, char answer[ANSWER_SIZE])
{
	fputs(prompt, terminal);
	fflush(terminal);
	if (!fgets(answer, ANSWER_SIZE, terminal))
		return fault_say(FAULT_NEEDS_ANSWER, "the terminal gave no answer: nothing was verified");
	answer[strcspn(answer, "\n")] = 0;
	return OK;
}

static enum fault ask_groups(FILE *terminal, struct heard *heard, int from, int count)
{
	char prompt[40], answer[ANSWER_SIZE];
	if (count > 1)
		snprintf(prompt, sizeof prompt, "    group %d-%d > ", from + 1, from + count);
	else
		snprintf(prompt, sizeof prompt, "    group %d   > ", from + 1);
	for (;;) {
		struct heard typed = *heard;
		TRY(question(terminal, prompt, answer));
		if (hear(&typed, from, count, answer)) {
			*heard = typed;
			return OK;
		}
		fprintf(terminal, "    That is not %d group%s of 5 digits.\n", count, count > 1 ? "s" : "");
	}
}

/* Whom the check is about; one we do not know is told before anybody has read out forty digits. */
static enum fault introduce(struct tool *tool, FILE *terminal)
{
	const Comity__Reply *reply;
	Comity__ByPeer by = COMITY__BY_PEER__INIT;
	by.peer = lower(tool, argument(tool, 0));
	Comity__Call call = CALL(PEER_SHOW, peer_show, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_PEER, &reply));
	if (!reply->peer->peer)
		return fault_say(FAULT_BAD_FRAME, "comityd sent a peer without its record");
	fprintf(terminal, "Telephone check with %s  %s\n", safe(tool, reply->peer->peer->authority), safe(tool, reply->peer->peer->name));
	return OK;
}

static enum fault ask_digits(struct tool *tool, FILE *terminal, char digits[GROUPS * (DIGITS + 1)],
	const Comity__PeerVerified **verified)
{
	struct heard heard = { 0 };
	fprintf(terminal, "\n 1. Ask them to run \"comity id show\" and to read their 8 groups of 5 digits.\n"
		"    Type what you HEAR.  Do not read anything from the card first.\n");
	TRY(ask_groups(terminal, &heard, 0, GROUPS / 2));
	TRY(ask_groups(terminal, &heard, GROUPS / 2, GROUPS / 2));
	for (;;) {
		spell(&heard, digits);
		TRY(compare(tool, digits, NULL, verified));
		if ((*verified)->matches)
			return OK;
		if ((*verified)->n_groups_differ > SLIPS_MAX || !(*verified)->n_groups_differ)
			return impostor(*verified);
		int wrong = (int)(*verified)->groups_differ[0];
		if (wrong < 1 || wrong > GROUPS)
			return fault_say(FAULT_BAD_FRAME, "comityd named a group that there is not");
		fprintf(terminal, "    Group %d differs.  One or two wrong groups are usually a slip: ask for group %d again.\n", wrong, wrong);
		TRY(ask_groups(terminal, &heard, wrong - 1, 1));
	}
}

static enum fault ask_confirmation(struct tool *tool, FILE *terminal, const char *own_digits)
{
	char answer[ANSWER_SIZE];
	const char *own = safe(tool, own_digits);
	fprintf(terminal, "    All 8 groups match.\n\n 2. Now read yours to them, slowly, twice:\n        %.23s\n        %s\n", own,
		strlen(own) > 24 ? own + 24 : "");
	TRY(question(terminal, "    Did they confirm that all 8 groups match?  Type \"confirmed\": ", answer));
	if (!strcmp(answer, "confirmed"))
		return OK;
	return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "not confirmed: nothing was changed"),
		"comity peer verify %s, when they have compared the digits", argument(tool, 0));
}

enum need { NEEDED, WELCOME };

static enum fault ask_text(struct tool *tool, FILE *terminal, const char *prompt, enum need need, char **text)
{
	char answer[ANSWER_SIZE];
	if (*text)
		return OK;	/* given as an option */
	do
		TRY(question(terminal, prompt, answer));
	while (need == NEEDED && !answer[strspn(answer, " \t")]);
	*text = arena_text(&tool->arena, span_of_text(answer));
	return *text ? OK : FAULT_NO_MEMORY;
}

static enum fault converse(struct tool *tool, FILE *terminal)
{
	char digits[GROUPS * (DIGITS + 1)];
	const Comity__PeerVerified *verified;
	Comity__Verification record = record_of(tool, "telephone");
	TRY(introduce(tool, terminal));
	TRY(ask_digits(tool, terminal, digits, &verified));
	TRY(ask_confirmation(tool, terminal, verified->own_digits));
	fputs("\n 3. For the record:\n", terminal);
	TRY(ask_text(tool, terminal, "    with whom did you speak?   > ", NEEDED, &record.spoke_with));
	TRY(ask_text(tool, terminal, "    number you dialled         > ", WELCOME, &record.dialled));
	TRY(ask_text(tool, terminal, "    second officer present     > ", WELCOME, &record.second_officer));
	TRY(compare(tool, digits, &record, &verified));
	return tell(tool, verified);
}

enum fault cmd_peer_verify(struct tool *tool)
{
	if (given(tool, "digits-file"))
		return verify_file(tool, given(tool, "digits-file"));
	FILE *terminal = tool->may_ask ? fopen("/dev/tty", "r+") : NULL;
	if (!terminal)
		return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "\"peer verify\" must ask questions but there is no terminal"),
			"pass --digits-file, --spoke-with, --dialled and --second");
	enum fault fault = converse(tool, terminal);
	fclose(terminal);
	return fault;
}
