#pragma once
/* Time stamps of an evidence file: whom to ask, what is stamped, and which parts hold it.
 *
 *	timestamps/N.sha256   what was stamped: the sums of CONTENTS.sha256 and of all parts of earlier stamps
 *	timestamps/N.tsr      the answer (RFC 3161), with the certificates of who stamped
 *	timestamps/N.pem      the roots under which it counted
 *	STAMPS.sha256         the sums of all parts in timestamps/
 *
 * A later stamp covers the earlier ones, so that one may be renewed before the keys or sums beneath it grow weak. */
#include "certs/timestamp.h"
#include "tools/evidence_dossier.h"
#include "tools/tool.h"

struct tar_writer;

/* The last line of CONTENTS.sha256 when a stamp was asked for, which sha256sum passes over. */
#define REMARK_PENDING	"# time stamp: pending"
#define REMARK_STAMPED	"# time stamp: timestamps/1"

/* Who is asked.  Lives as long as the tool. */
struct tsa {
	const char *url;
	struct span roots;			/* PEM */
	int64_t patience_ms;
};

/* A stamp that is to be added. */
struct stamp_made {
	unsigned number;			/* from 1 */
	struct bytes list, answer;
	struct timestamp stamp;
};

/* --tsa and --tsa-ca, else what the daemon's settings say.  Faults: usage (one without the other), config (there is none). */
enum fault tsa_find(struct tool *tool, struct tsa *tsa) MUST_CHECK;
/* The roots of --tsa-ca; empty when it was not given.  Faults: those of reading, config. */
enum fault tsa_roots(struct tool *tool, struct span *roots) MUST_CHECK;

/* Have this text of CONTENTS.sha256 stamped, on top of the stamps that the dossier holds (NULL: none).  Faults: time stamp pending, with the
 * reason; usage, when it has as many stamps as fit. */
enum fault stamp_make(const struct tsa *tsa, const struct dossier *dossier, struct span contents, struct stamp_made *made) MUST_CHECK;
/* Write its parts, and the list of all parts of stamps. */
enum fault stamp_add(const struct stamp_made *made, const struct tsa *tsa, const struct dossier *dossier, struct tar_writer *archive)
	MUST_CHECK;
void stamp_made_clear(struct stamp_made *made);
