#include "tools/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/yaml.h"
#include "tools/files.h"
#include "tools/print.h"

/* In the order of the form.  A proposal is what is shown, in comments, where the document has nothing. */
static const struct part {
	const char *key, *purpose, *proposal;
} parts[] = {
	{ "kind", "what is asked: MLA, EXTRADITION, CONFISCATION, DATA_PRESERVATION, ...", "MLA\n" },
	{ "nature", "INITIAL, or one that names a related request", "INITIAL\n" },
	{ "transmission_mode", "FORMAL, ADVANCE_COPY or CONSULTATION_DRAFT", "FORMAL\n" },
	{ "requesting_reference", "your own register number", "CA/2026/0001\n" },
	{ "requesting_state", "three letters, ISO 3166-1", "XFR\n" },
	{ "requested_state", "three letters, ISO 3166-1", "XSY\n" },
	{ "making_authority", "UNTOC 18(15)(a): the authority that makes the request",
	  "\n  name: Prosecutor's Office\n  officer: Senior Prosecutor\n  phone: +...\n" },
	{ "proceeding", "18(15)(b): subject matter and nature of the proceedings, and who conducts them",
	  "\n  type: INVESTIGATION\n  subject: ...\n  file_ref: ...\n  conducting_authority:\n    name: ...\n    functions: ...\n" },
	{ "language", "18(14): the language of the request, and translations that are attached",
	  "\n  request: en\n  translation_attached: [fr]\n" },
	{ "legal_bases", "at least one, the first is the primary one",
	  "\n  - basis: UNTOC\n    articles: [18(3)(f)]\n    invoked: PRIMARY\n" },
	{ "offences", "what is being proceeded about; 48 months and more is serious crime, 2(b)",
	  "\n  - title: ...\n    statute: ...\n    max_penalty_months: 48\n    category: [FRAUD]\n" },
	{ "transnational_ground", "3(2) or 18(1)", "[A_MORE_THAN_ONE_STATE]\n" },
	{ "ocg_element", "2(a): why a group is suspected; suspicion suffices", "...\n" },
	{ "facts_summary", "18(15)(c): the relevant facts, but not for service of documents alone", ">\n  ...\n" },
	{ "persons", "18(15)(e): where possible, identity, location and nationality of whoever is concerned",
	  "\n  - ref: P1\n    type: NATURAL\n    role: [SUSPECT]\n    name: ...\n" },
	{ "purpose", "18(15)(f): what the evidence, information or action is sought for", "...\n" },
	{ "measures", "18(15)(d): what is sought, each with the procedure that is wished, 18(17)",
	  "\n  - id: M1\n    form: BANK_FINANCIAL_RECORDS\n    untoc_letter: F\n    description: ...\n    period: { from: \"2026-01-01\", to: \"2026-06-30\" }\n" },
	{ "urgency", "18(24): ROUTINE, URGENT or EMERGENCY; urgent needs reasons, a text and a date",
	  "\n  level: ROUTINE\n" },
	{ "confidentiality", "18(20)", "\n  requested: true\n  scope: BOTH\n  reason: ...\n" },
	{ "undertakings", "18(19) use limitation, 18(28) costs, reciprocity", "\n  use_limited_to_purpose: true\n  reciprocity: true\n" },
	{ "attachments", "the files of this request, as the letter names them",
	  "\n  - { id: A1, role: REQUEST_LETTER, title: Letter of request, language: en }\n" },
	{ "contact", "whom to ask", "\n  officer: ...\n  phone: +...\n  email: ...\n" },
	{ "signed", "who signed the letter, and when", "\n  by: ...\n" },
};

/* The lines of one top-level key in block-style YAML: from its name to the next line that is not indented. */
static struct span block_of(struct span yaml, const char *key)
{
	size_t len = strlen(key);
	for (size_t at = 0; at < yaml.len;) {
		const uint8_t *line = yaml.at + at, *end = memchr(line, '\n', yaml.len - at);
		size_t next = end ? (size_t)(end - yaml.at) + 1 : yaml.len;
		if (yaml.len - at > len && !memcmp(line, key, len) && line[len] == ':') {
			while (next < yaml.len && strchr(" -\n", yaml.at[next])) {
				end = memchr(yaml.at + next, '\n', yaml.len - next);
				next = end ? (size_t)(end - yaml.at) + 1 : yaml.len;
			}
			return (struct span){ line, (size_t)(yaml.at + next - line) };
		}
		at = next;
	}
	return (struct span){ 0 };
}

static enum fault propose(const struct part *part, struct bytes *out)
{
	bool is_block = *part->proposal == '\n';
	TRY(bytes_printf(out, "#%s:%s", part->key, is_block ? "" : " "));
	for (const char *at = part->proposal; *at; at++) {
		char letters[3] = { *at, *at == '\n' && at[1] ? '#' : 0, 0 };
		TRY(bytes_append_text(out, letters));
	}
	return OK;
}

static bool is_part(const char *key, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strlen(parts[i].key) == len && !memcmp(parts[i].key, key, len))
			return true;
	return false;
}

/* What the form does not explain must not be lost for that. */
static enum fault write_others(struct span yaml, struct bytes *out)
{
	for (size_t at = 0; at < yaml.len;) {
		const uint8_t *line = yaml.at + at, *end = memchr(line, '\n', yaml.len - at);
		const uint8_t *colon = memchr(line, ':', yaml.len - at);
		size_t next = end ? (size_t)(end - yaml.at) + 1 : yaml.len;
		char key[64];
		if (colon && (size_t)(colon - line) < sizeof key && !strchr(" -#\n", *line) && (!end || colon < end)) {
			snprintf(key, sizeof key, "%.*s", (int)(colon - line), (const char *)line);
			struct span block = block_of(yaml, key);
			if (!is_part(key, strlen(key)))
				TRY(bytes_append(out, block));
			next = block.len ? at + block.len : next;
		}
		at = next;
	}
	return OK;
}

static enum fault write_parts(struct span yaml, struct bytes *out)
{
	TRY(bytes_append_text(out, "# A request for mutual legal assistance.  Letters and numbers are articles of UNTOC, so far as nothing else is said.\n"
		"# Lines that begin with # are comments; remove the # where you need what it proposes.\n"));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct span block = block_of(yaml, parts[i].key);
		TRY(bytes_printf(out, "\n# %s\n", parts[i].purpose));
		TRY(block.len ? bytes_append(out, block) : propose(&parts[i], out));
	}
	return write_others(yaml, out);
}

enum fault form_write(const Comity__Request *document, struct bytes *out)
{
	struct bytes yaml = { 0 };
	enum fault fault = yaml_write(&document->base, &yaml);
	if (!fault)
		fault = write_parts(span_of(&yaml), out);
	bytes_clear(&yaml);
	return fault;
}

/* ── editing ──────────────────────────────────────────────────────────────────────────────────── */

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
