#include "tools/problems.h"

#include "tools/print.h"

static const char *joined(struct tool *tool, const char *text, const char *front, const char *more, const char *back)
{
	struct bytes whole = { 0 };
	const char *copy = NULL;
	bool has_more = more && *more;
	if (!bytes_printf(&whole, "%s%s%s%s", text, has_more ? front : "", has_more ? more : "", has_more ? back : ""))
		copy = arena_text(&tool->arena, span_of(&whole));
	bytes_clear(&whole);
	return copy ? copy : "";
}

void print_problems(struct tool *tool, Comity__Problem *const *problems, size_t count)
{
	struct table rows = TABLE("SEVERITY", "CODE", "WHERE", "WHAT", "ARTICLE"), text = TABLE("WHAT", "WHERE", "WHY");
	text.is_bare = true;
	for (size_t i = 0; i < count; i++) {
		const Comity__Problem *one = problems[i];
		const char *severity = safe_or(tool, one->severity, "error"), *code = safe(tool, one->code);
		const char *where = safe(tool, one->path), *why = safe(tool, one->message), *article = safe(tool, one->article);
		ROW(tool, &rows, severity, code, where, why, article);
		ROW(tool, &text, joined(tool, joined(tool, "", "  ", severity, ""), "[", code, "]"), where, joined(tool, why, "  (", article, ")"));
	}
	table_print(tool, tool->format == FORMAT_PLAIN ? &rows : &text);
}
