#include "tools/secrets.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "certs/files.h"

/* One line from the terminal, which does not show it.  The terminal shows again what it showed before, come what may. */
static enum fault read_hidden(FILE *terminal, const char *prompt, struct secret **secret)
{
	struct termios before, hidden;
	struct bytes line = { 0 };
	TRY(bytes_reserve(&line, SECRET_SIZE_MAX + 2));
	bool is_terminal = !tcgetattr(fileno(terminal), &before);
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	if (is_terminal)
		tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
	fprintf(terminal, "%s: ", prompt);
	fflush(terminal);
	if (fgets((char *)line.at, SECRET_SIZE_MAX + 2, terminal))
		line.len = strcspn((char *)line.at, "\n");
	if (is_terminal)
		tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputc('\n', terminal);
	enum fault fault = secret_new(span_of(&line), secret);
	bytes_wipe(&line);
	return fault;
}

static enum fault read_twice(FILE *terminal, const char *prompt, struct secret **secret)
{
	struct secret *again = NULL;
	TRY(read_hidden(terminal, prompt, secret));
	enum fault fault = read_hidden(terminal, "and again", &again);
	if (!fault && strcmp(secret_text(*secret), secret_text(again)))
		fault = fault_say(FAULT_WRONG_PASSPHRASE, "the two are not the same: nothing was changed");
	secret_free(again);
	return fault;
}

static enum fault copy(const struct secret *from, struct secret **to)
{
	return secret_new(span_of_text(secret_text(from)), to);
}

static enum fault ask_person(void *owner, const char *what, struct secret **secret)
{
	struct asked *asked = owner;
	if (asked->secret)
		return copy(asked->secret, secret);
	FILE *terminal = fopen("/dev/tty", "r+");
	if (!terminal)
		return fault_say(FAULT_NEEDS_ANSWER, "%s is protected, and there is no terminal at which to ask", what);
	setvbuf(terminal, NULL, _IONBF, 0);	/* no copy of it in a buffer that nobody wipes */
	enum fault fault = (asked->is_new ? read_twice : read_hidden)(terminal, asked->prompt, &asked->secret);
	fclose(terminal);
	if (fault) {
		asked_clear(asked);
		return fault;
	}
	return copy(asked->secret, secret);
}

void secrets_begin(void)
{
	memory_conceal();
	secure_heap_open();
}

enum fault secret_of_option(struct tool *tool, const char *option, struct asked *asked, struct secret_source *source)
{
	char path[PATH_MAX];
	const char *file = given(tool, option);
	*source = (struct secret_source){ 0 };
	if (!file && tool->may_ask)
		*source = (struct secret_source){ .prompt = ask_person, .owner = asked };
	if (!file)
		return OK;
	if (!realpath(file, path))
		return fault_say(FAULT_NO_INPUT, "--%s: %s: %s", option, file, strerror(errno));
	source->text = arena_text(&tool->arena, span_of_text(path));
	return source->text ? OK : FAULT_NO_MEMORY;
}

void asked_clear(struct asked *asked)
{
	secret_free(asked->secret);
	asked->secret = NULL;
}
