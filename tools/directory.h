#pragma once
/* What the commands of the directory share, and what others ask of it. */
#include "proto/check.h"
#include "proto/control.pb-c.h"
#include "tools/tool.h"

/* To whom does it go: `to` is an authority or a State, and what the document asks decides between several.  Told with all
 * choices, or with how it is reached without us, when it cannot go by itself.  Lives as long as the tool. */
enum fault directory_route(struct tool *tool, const char *to, const Comity__Request *document, char **authority) MUST_CHECK;
/* In English, where it has a name in it; "" when it has none. */
const char *directory_name_of(const Comity__Profile *profile);
/* The entries that --of and --part leave, and that hold every word of the text (may be NULL).  Lives as long as the tool. */
enum fault directory_ask(struct tool *tool, const char *text, const Comity__DirectoryList **list) MUST_CHECK;
