#pragma once
/* What the files that write evidence share.  Nobody else includes this. */
#include "tools/evidence_parts.h"
#include "tools/progress.h"
#include "tools/tool.h"

struct digest;
struct tar_writer;
struct tsa;

enum { OURS, THEIRS, CHAINS };
enum { KEPT_ROLES = 3, LEFT_OUT_MAX = 64, CONDITIONS_MAX = 200 };

/* What one side signed, as far as it is about this case. */
struct side {
	const char *authority;
	uint64_t first, last;			/* numbers of its manifests; 0: none */
	struct certificate_set certificates[KEPT_ROLES];
	struct certificate_set lists;		/* of revoked certificates, as held now */
};

/* What one side signed of a destruction; empty: nothing that is here. */
struct destruction_part {
	struct span text, signature;
};

struct dossier_writer {
	struct tool *tool;
	const char *ref;
	const Comity__RequestView *view;
	struct side sides[CHAINS];
	struct destruction_part destructions[CHAINS];
	struct tar_writer *archive;
	char *left_out[LEFT_OUT_MAX], *conditions[CONDITIONS_MAX];
	struct bytes contents;			/* a line for each part, for sha256sum */
	struct digest *digest;			/* of the attachment that is being written */
	struct progress progress;
	uint64_t done;				/* bytes of attachments */
	const struct tsa *tsa;			/* whom to ask for a time stamp; NULL: nobody */
	Comity__EvidenceWritten report;
};
/* Say in README and answer that this is not in it, and why. */
void writer_leave_out(struct dossier_writer *writer, const char *what, const char *why);
/* A line in the list of contents: the absence of a part must be noticed as well as its alteration. */
enum fault writer_list(struct dossier_writer *writer, const char *name, const uint8_t sum[DIGEST_SIZE]) MUST_CHECK;
/* A part, listed; also what is for reading only. */
enum fault writer_add(struct dossier_writer *writer, const char *name, struct span content) MUST_CHECK;
/* Say in README and answer under which conditions of this message its content may be used. */
void writer_note_conditions(struct dossier_writer *writer, const Comity__MessageView *view);
/* Ours, as it is kept; theirs, if this message has it.  Their certificates go with those of the side: before writer_add_side(). */
enum fault writer_note_ours(struct dossier_writer *writer) MUST_CHECK;
enum fault writer_note_theirs(struct dossier_writer *writer, const Comity__MessageView *view) MUST_CHECK;
enum fault writer_add_destructions(struct dossier_writer *writer) MUST_CHECK;
/* The manifests of one side, with its certificates and lists of revoked ones. */
enum fault writer_add_side(struct dossier_writer *writer, int which) MUST_CHECK;
