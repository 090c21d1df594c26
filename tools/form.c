/* Editing a request in the user's editor. */
#include "tools/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/files.h"
#include "tools/print.h"

static enum fault run_editor(const char *path)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR") ? getenv("EDITOR") : "vi";
	char command[4096];
	int status;
	if (snprintf(command, sizeof command, "%s \"$1\"", editor) >= (int)sizeof command)
		return fault_say(FAULT_USAGE, "$EDITOR is too long");
	pid_t child = fork();
	if (!child) {
		execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);	/* editors have arguments of their own */
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return OK;
	return fault_say(FAULT_NO_INPUT, "the editor \"%.80s\" failed; nothing was changed", editor);
}

static enum fault write_form(const Comity__Request *document, int fd)
{
	struct bytes form = { 0 };
	enum fault fault = form_write(document, &form);
	if (!fault && write(fd, form.at, form.len) != (ssize_t)form.len)
		fault = fault_say(FAULT_IO, "the form cannot be written: %s", strerror(errno));
	bytes_clear(&form);
	return fault;
}

static bool wants_again(void)
{
	char answer[20] = "";
	fputs("Edit again? [Y/n] ", stderr);
	return fgets(answer, sizeof answer, stdin) && *answer != 'n' && *answer != 'N';
}

static enum fault edit_until_read(struct tool *tool, const char *path, Comity__Request **edited)
{
	for (;;) {
		ProtobufCMessage *message;
		TRY(run_editor(path));
		enum fault fault = document_take(tool, path, &comity__request__descriptor, &message);
		if (!fault) {
			form_tidy(message);
			*edited = (Comity__Request *)message;
			return OK;
		}
		if (!tool->is_told)
			fprintf(stderr, "error[%s]: %s\n", fault_slug(fault), fault_detail(fault));
		if (!wants_again()) {
			tool->is_told = true;
			tool->exit_status = fault_exit_status(fault);
			fprintf(stderr, "What you wrote is kept in %s\n", path);
			return fault;
		}
		tool->is_told = false;
		tool->exit_status = 0;
	}
}

enum fault form_edit(struct tool *tool, const Comity__Request *document, Comity__Request **edited)
{
	char path[4096];
	const char *directory = getenv("TMPDIR");
	if (!tool->may_ask)
		return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "there is no terminal to edit on"), "pass --from FILE");
	snprintf(path, sizeof path, "%.4000s/comity-request-XXXXXX.yaml", directory && *directory ? directory : "/tmp");
	int fd = mkstemps(path, 5);
	if (fd < 0)
		return fault_say(FAULT_IO, "%s: %s", path, strerror(errno));
	enum fault fault = write_form(document, fd);
	close(fd);
	if (!fault)
		fault = edit_until_read(tool, path, edited);
	if (!tool->is_told)
		unlink(path);
	return fault;
}
