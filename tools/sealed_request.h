#pragma once
/* A whole request, sealed before the daemon sees it, and opened after. */
#include "tools/tool.h"

/* Send the case's request sealed, if --seal or the counterpart's card says so: the draft, or with --from the document in that
 * file, which the daemon never reads.  Judged here first, as the daemon does with what it can read: *is_told with the problems.
 * *submitted is NULL when it is not to be sealed, or was sealed before: it goes as it lies there.  Faults: incomplete, usage, those of
 * sealing_begin() and of the daemon. */
enum fault sealed_request_send(struct tool *tool, const char *ref, const Comity__Submitted **submitted) MUST_CHECK;

/* Seal the draft, or the document in --from, and have the daemon keep it until it is approved and sent.  The same faults. */
enum fault sealed_request_keep(struct tool *tool, const char *ref, const Comity__RequestView **view) MUST_CHECK;

/* Put what is inside in the place of the clear part, if the request was sent sealed, or is a draft that was sealed. */
enum fault sealed_request_open(struct tool *tool, const Comity__RequestView *view, bool *is_opened) MUST_CHECK;
