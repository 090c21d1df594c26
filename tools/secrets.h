#pragma once
/* Passphrases and PINs, as they are told to the tool: in a file, in a credential, or at the terminal without an echo. */
#include "certs/secret.h"
#include "tools/tool.h"

/* One that is asked for at the terminal, once in a run. */
struct asked {
	const char *prompt;
	bool is_new;			/* it is asked for twice, and both must be the same */
	struct secret *secret;
};

/* Before any key or secret: this process leaves no core, and has a locked heap for them. */
void secrets_begin(void);

/* The source that this option names a file of; with the option not given: the terminal, where there may be one, else
 * nothing.  The text lives as long as the tool, `asked` at least as long as the source.  Faults: usage (the file is not
 * there). */
enum fault secret_of_option(struct tool *tool, const char *option, struct asked *asked, struct secret_source *source)
	MUST_CHECK;
void asked_clear(struct asked *asked);		/* wipes */
