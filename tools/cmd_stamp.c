/* comity evidence stamp: a time stamp for a file that has none yet, or another on top. */
#include "proto/stamp.h"
#include "tools/commands.h"
#include "tools/evidence_judges.h"
#include "tools/evidence_stamp.h"
#include "tools/evidence_tar.h"
#include "tools/print.h"
#include "tools/record.h"

static void tell(struct tool *tool, const char *path, const struct stamp_made *made)
{
	Comity__EvidenceStamped report = COMITY__EVIDENCE_STAMPED__INIT;
	Comity__EvidenceStamp stamp = COMITY__EVIDENCE_STAMP__INIT;
	char at[STAMP_SIZE], root[DIGEST_HEX_SIZE + 1];
	stamp_write(at, made->stamp.at * STAMP_SECOND);
	hex_write(root, SPAN(made->stamp.root));
	stamp.at = at;
	stamp.authority = (char *)made->stamp.authority;
	stamp.root = root;
	report.schema = "comity.evidence-stamped/1";
	report.file = (char *)path;
	report.has_number = 1;
	report.number = made->number;
	report.stamp = &stamp;
	if (printed_document(tool, &report.base))
		return;
	print(tool, "%s has a time stamp of %s by %s.\n", safe(tool, path), at, safe(tool, made->stamp.authority));
	next_step(tool, "comity evidence verify %s", safe(tool, path));
}

/* The file as it is, and the new parts behind it, put in its place at once. */
static enum fault rewrite(const char *path, const struct dossier *dossier, const struct tsa *tsa, const struct stamp_made *made)
{
	struct tar_writer *archive;
	TRY(tar_rewrite(path, stamp_clock() / STAMP_SECOND, &archive));
	enum fault fault = tar_copy(archive, path, "STAMPS.sha256");
	if (!fault)
		fault = stamp_add(made, tsa, dossier, archive);
	if (!fault)
		return tar_finish(archive, NULL);
	tar_abandon(archive);
	return fault;
}

/* What is not whole is not stamped: a stamp would only say that it was broken by then. */
static enum fault stamp_whole(struct tool *tool, const char *path, const struct tsa *tsa, struct verdict *verdict)
{
	struct stamp_made made;
	TRY(judge_all(verdict));
	if (verdict->problem_count)
		return verdict_tell(verdict);
	enum fault fault = stamp_make(tsa, &verdict->dossier, verdict->dossier.contents, &made);
	if (!fault)
		fault = rewrite(path, &verdict->dossier, tsa, &made);
	if (!fault)
		tell(tool, path, &made);
	stamp_made_clear(&made);
	return fault == FAULT_DISK_FULL ? hinted(tool, fault, "the file is as it was; make room there, and repeat") : fault;
}

enum fault cmd_evidence_stamp(struct tool *tool)
{
	struct tsa tsa;
	struct verdict *verdict;
	const char *path = argument(tool, 0);
	TRY(tsa_find(tool, &tsa));
	TRY(verdict_open(tool, path, &verdict));
	enum fault fault = stamp_whole(tool, path, &tsa, verdict);
	verdict_close(verdict);
	return fault;
}
