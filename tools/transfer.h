#pragma once
/* Files into a case and out of it, streamed, checked, with progress shown. */
#include "tools/tool.h"

/* Stage the file with what is said of it (name, size, type and digest are filled in); the state of the
 * new attachment lives as long as the tool.  With --seal, or where the counterpart's card demands it, what the daemon gets is
 * sealed end to end.  Faults: no input, bad name, those of sealing_begin() and of the daemon. */
enum fault upload(struct tool *tool, const char *ref, const char *path, Comity__Attachment *attachment,
	const Comity__AttachmentState **state) MUST_CHECK;

/* Save the attachment as `path`: written to PATH.part, which is gone on with if it is there, checked
 * against its digest, then renamed.  Faults: exists, digest mismatch, io, those of the daemon. */
enum fault download(struct tool *tool, const char *ref, const Comity__AttachmentState *state, const char *path) MUST_CHECK;
