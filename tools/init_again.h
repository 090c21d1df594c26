#pragma once
/* comity init where it was run before: the same flags are fine, others would be silently forgotten. */
#include "tools/tool.h"

struct identity;

/* Do the name, endpoints and addresses that were typed say what the keys and the configuration, if it is there, say?  What was not
 * typed is as it is.  Faults: exists, naming what differs, and where it is changed; those of document_take(). */
enum fault init_check_again(struct tool *tool, const char *config_path, const struct identity *identity) MUST_CHECK;
