/* What the time stamps in an evidence file are worth. */
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "proto/stamp.h"
#include "tools/evidence_judges.h"
#include "tools/evidence_stamp.h"

enum { CLOCKS_DIFFER_SECONDS = 300 };

/* The stamp is over a list: does that name CONTENTS.sha256, and every part as it is here? */
static enum fault check_stamped(struct verdict *verdict, unsigned number, struct span list)
{
	struct span line;
	bool has_contents = false;
	while (span_take_line(&list, &line)) {
		uint8_t sum[DIGEST_SIZE];
		char name[64];
		unsigned earlier = 0;
		size_t head = DIGEST_HEX_SIZE + 2;
		if (line.len <= head || line.len - head >= sizeof name || !hex_read(sum, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }) ||
		    memcmp(line.at + DIGEST_HEX_SIZE, "  ", 2))
			return fault_say(FAULT_BAD_TIMESTAMP, "what was stamped is no list of sums");
		snprintf(name, sizeof name, "%.*s", (int)(line.len - head), (const char *)line.at + head);
		const struct dossier_part *part = dossier_part(&verdict->dossier, name);
		bool is_contents = !strcmp(name, "CONTENTS.sha256");
		has_contents |= is_contents;
		if (!is_contents && (sscanf(name, "timestamps/%u.", &earlier) != 1 || earlier >= number))
			return fault_say(FAULT_BAD_TIMESTAMP, "what was stamped names \"%.63s\", which has no place there", name);
		if (!part || memcmp(part->sha256, sum, DIGEST_SIZE))
			return fault_say(FAULT_BAD_TIMESTAMP, "%s is not as it was when it was stamped", name);
	}
	return has_contents ? OK : fault_say(FAULT_BAD_TIMESTAMP, "what was stamped is not this file");
}

static enum fault judge_stamp(struct verdict *verdict, unsigned number, struct span pinned, struct timestamp *stamp)
{
	const struct dossier_stamp *one = &verdict->dossier.stamps[number - 1];
	uint8_t sum[DIGEST_SIZE];
	if (!one->list.len || !one->answer.len || !one->roots.len)
		return fault_say(FAULT_BAD_TIMESTAMP, "a part of it is missing");
	digest_of(sum, one->list);
	enum fault fault = timestamp_verify(one->answer, sum, pinned.len ? pinned : one->roots, stamp);
	if (fault == FAULT_CONFIG)
		fault = fault_say(FAULT_BAD_TIMESTAMP, "its roots: %s", fault_detail(fault));
	return fault ? fault : check_stamped(verdict, number, one->list);
}

static enum fault show_stamp(struct verdict *verdict, const struct timestamp *stamp, bool is_pinned)
{
	struct arena *arena = &verdict->tool->arena;
	char at[STAMP_SIZE], root[DIGEST_HEX_SIZE + 1];
	Comity__EvidenceStamp *shown = arena_alloc(arena, sizeof *shown);
	if (!shown)
		return FAULT_NO_MEMORY;
	comity__evidence_stamp__init(shown);
	stamp_write(at, stamp->at * STAMP_SECOND);
	hex_write(root, SPAN(stamp->root));
	shown->at = arena_text(arena, span_of_text(at));
	shown->authority = arena_text(arena, span_of_text(stamp->authority));
	shown->root = arena_text(arena, span_of_text(root));
	shown->has_pinned = shown->pinned = is_pinned;
	verdict->stamps[verdict->report.n_stamps++] = shown;
	return OK;
}

/* The last time that a signed manifest names: what was stamped before it cannot be right about the time, or the manifest cannot. */
static void compare_clocks(struct verdict *verdict, unsigned number, const struct timestamp *stamp)
{
	for (const struct dossier_manifest *one = verdict->dossier.manifests; one; one = one->next) {
		int64_t at;
		if (!one->is_verified || stamp_read(one->manifest.at, &at) || at / STAMP_SECOND <= stamp->at + CLOCKS_DIFFER_SECONDS)
			continue;
		verdict_unproven(verdict, "whose clock was right: by time stamp %u all was there before %s says that it signed (%s)", number,
			one->authority, one->manifest.at);
		return;
	}
}

/* What the list of contents says of stamps, in a remark of its own. */
static bool says(const struct verdict *verdict, const char *remark)
{
	struct span rest = verdict->dossier.contents, line;
	while (span_take_line(&rest, &line))
		if (span_equal(line, span_of_text(remark)))
			return true;
	return false;
}

enum fault judge_stamps(struct verdict *verdict)
{
	struct span pinned;
	TRY(tsa_roots(verdict->tool, &pinned));
	for (unsigned number = 1; number <= verdict->dossier.n_stamps; number++) {
		char where[32];
		struct timestamp stamp;
		snprintf(where, sizeof where, "timestamps/%u", number);
		enum fault fault = judge_stamp(verdict, number, pinned, &stamp);
		if (fault) {
			verdict_wrong(verdict, fault, where, fault_detail(fault));
			continue;
		}
		TRY(show_stamp(verdict, &stamp, pinned.len));
		compare_clocks(verdict, number, &stamp);
	}
	verdict->report.stamp_pending = says(verdict, REMARK_PENDING) && !verdict->dossier.n_stamps;
	if (says(verdict, REMARK_STAMPED) && !verdict->dossier.n_stamps)
		verdict_wrong(verdict, FAULT_BAD_TIMESTAMP, "timestamps/1", "it was written with a time stamp, which is not there");
	return OK;
}
