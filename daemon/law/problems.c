#include "daemon/law/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_room(struct problems *problems)
{
	if (problems->n < problems->room)
		return true;
	size_t room = problems->room ? 2 * problems->room : 8;
	struct problem *at = reallocarray(problems->at, room, sizeof *at);
	if (!at)
		return false;
	problems->at = at;
	problems->room = room;
	return true;
}

void problems_add(struct problems *problems, enum severity severity, const char *code, const char *article,
	const char *path, const char *format, ...)
{
	*(severity == SEVERITY_ERROR ? &problems->errors : &problems->warnings) += 1;
	if (problems->n == PROBLEMS_MAX)
		return;

	struct problem problem = { severity, code, article, strdup(path), NULL };
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&problem.message, format, arguments) < 0)
		problem.message = NULL;
	va_end(arguments);

	if (problem.path && problem.message && has_room(problems)) {
		problems->at[problems->n++] = problem;
		return;
	}
	problems->memory_exhausted = true;
	free(problem.path);
	free(problem.message);
}

void problems_clear(struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		free(problems->at[i].path);
		free(problems->at[i].message);
	}
	free(problems->at);
	*problems = (struct problems){ 0 };
}

const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warn";
}
