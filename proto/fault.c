#include "proto/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct row {
	const char *slug;
	enum remedy remedy;
	int exit_status;
	const char *sentence, *hint;
} rows[] = {
#define ROW(name, slug, remedy, exit_status, sentence, hint) { slug, remedy, exit_status, sentence, hint },
	FAULTS(ROW)
#undef ROW
};

static const struct row *row_of(enum fault fault)
{
	return &rows[fault < FAULT_COUNT ? fault : FAULT_INTERNAL];
}

enum remedy fault_remedy(enum fault fault)      { return row_of(fault)->remedy; }
const char *fault_slug(enum fault fault)        { return row_of(fault)->slug; }
const char *fault_text(enum fault fault)        { return row_of(fault)->sentence; }
const char *fault_hint(enum fault fault)        { return row_of(fault)->hint; }
int fault_exit_status(enum fault fault)         { return row_of(fault)->exit_status; }

enum fault fault_from_slug(const char *slug)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (!strcmp(rows[i].slug, slug))
			return (enum fault)i;
	return FAULT_COUNT;
}

static _Thread_local struct {
	enum fault fault;
	char text[1024];
} last;

void fault_leave(enum fault fault, const char *format, ...)
{
	char text[sizeof last.text];	/* the arguments may point into the detail that is replaced */
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	memcpy(last.text, text, sizeof text);
	last.fault = fault;
}

const char *fault_detail(enum fault fault)
{
	return fault && last.fault == fault ? last.text : fault_text(fault);
}
