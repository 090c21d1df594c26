#pragma once
/* What is found about an evidence file, and how it is told. */
#include "tools/evidence_dossier.h"
#include "tools/tool.h"

struct card;
struct trust;

enum { SENTENCES_MAX = 200 };		/* of each kind; what comes after is counted, not kept */

/* The report as it grows. */
struct verdict {
	struct tool *tool;
	struct dossier dossier;
	struct trust *trust;
	struct card *cards;			/* of --trust, in their order */
	size_t card_count;
	char *proves[SENTENCES_MAX], *does_not_prove[SENTENCES_MAX];
	Comity__Problem *problems[SENTENCES_MAX];
	Comity__EvidenceAuthority *authorities[DOSSIER_AUTHORITIES_MAX];
	size_t problem_count;			/* also of those beyond the list */
	Comity__EvidenceStamp *stamps[DOSSIER_STAMPS_MAX];
	Comity__EvidenceReport report;
};

/* Read the file; nothing of it is judged yet.  Faults: those of dossier_read, no memory. */
enum fault verdict_open(struct tool *tool, const char *path, struct verdict **verdict) MUST_CHECK;
void verdict_close(struct verdict *verdict);

/* Something is wrong, in this place. */
void verdict_wrong(struct verdict *verdict, enum fault fault, const char *where, const char *why);
/* This the file shows, ... */
void verdict_proven(struct verdict *verdict, const char *format, ...) PRINTF_LIKE(2, 3);
/* ... and nothing is wrong, but here is something that the file does not show. */
void verdict_unproven(struct verdict *verdict, const char *format, ...) PRINTF_LIKE(2, 3);
/* Print what is proved and what is not, or what is wrong.  Fault: bad evidence, when anything is; the
 * answer has then told it. */
enum fault verdict_tell(struct verdict *verdict) MUST_CHECK;
