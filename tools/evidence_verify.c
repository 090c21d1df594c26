/* comity evidence verify: what the file proves, in words, and everything in it that is wrong.
 *
 * Nothing is asked of the daemon, and nothing in the file is believed but what a manifest covers whose
 * signature leads to the identity of the authority it speaks for. */
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "tools/commands.h"
#include "tools/evidence_judges.h"

/* ── is all of it there ───────────────────────────────────────────────────────────────────────── */

/* One of the two lists of parts. */
struct list {
	const char *name;
	enum listing listing;
	struct span text;
};

static enum fault check_line(struct verdict *verdict, const struct list *list, struct span line)
{
	uint8_t sum[DIGEST_SIZE];
	char name[256];
	size_t head = DIGEST_HEX_SIZE + 2;
	if (line.len && *line.at == '#')
		return OK;	/* a remark, as for sha256sum: evidence_stamped.c knows those that there are */
	if (line.len <= head || line.len - head >= sizeof name || !hex_read(sum, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }) ||
	    memcmp(line.at + DIGEST_HEX_SIZE, "  ", 2))
		return fault_say(FAULT_BAD_EVIDENCE, "a line of it is not a digest and a name");
	snprintf(name, sizeof name, "%.*s", (int)(line.len - head), (const char *)line.at + head);
	struct dossier_part *part = dossier_part(&verdict->dossier, name);
	if (!part || part->listing != list->listing)
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, name, part ? "it has no place in that list" : "it is listed, but it is not there");
	else if (memcmp(part->sha256, sum, DIGEST_SIZE))
		verdict_wrong(verdict, FAULT_DIGEST_MISMATCH, name, "it is not as it is listed");
	else
		part->is_listed = true;
	return OK;
}

static void check_list(struct verdict *verdict, const struct list *list)
{
	struct span rest = list->text, line;
	enum fault fault = OK;
	while (span_take_line(&rest, &line) && !fault)
		fault = check_line(verdict, list, line);
	if (fault)
		verdict_wrong(verdict, fault, list->name, fault_detail(fault));
	for (const struct dossier_part *part = verdict->dossier.parts; part && !fault; part = part->next)
		if (part->listing == list->listing && !part->is_listed)
			verdict_wrong(verdict, FAULT_BAD_EVIDENCE, part->name, "it is there, but it is not listed");
}

static void check_lists(struct verdict *verdict)
{
	const struct list lists[] = {
		{ "CONTENTS.sha256", LISTED_IN_CONTENTS, verdict->dossier.contents },
		{ "STAMPS.sha256",   LISTED_IN_STAMPS,   verdict->dossier.stamp_list },
	};
	if (!verdict->dossier.contents.len)
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, lists[0].name, "it is not there: whether anything is missing cannot be told");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (i || lists[i].text.len)
			check_list(verdict, &lists[i]);
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

enum fault judge_all(struct verdict *verdict)
{
	TRY(judge_signers(verdict));
	judge_destructions(verdict);
	judge_covered(verdict);
	check_lists(verdict);
	TRY(judge_stamps(verdict));
	if (!verdict->dossier.messages)
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, argument(verdict->tool, 0), "there is no message in it");
	return verdict->dossier.arena.was_refused ? arena_fault(&verdict->dossier.arena) : OK;
}

enum fault cmd_evidence_verify(struct tool *tool)
{
	struct verdict *verdict;
	TRY(verdict_open(tool, argument(tool, 0), &verdict));
	enum fault fault = judge_all(verdict);
	if (!fault)
		fault = verdict_tell(verdict);
	verdict_close(verdict);
	return fault;
}
