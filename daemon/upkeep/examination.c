#include "daemon/upkeep/examination.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/record.h"

static const char *const words[] = { [SEVERITY_OK] = "ok", [SEVERITY_WARN] = "warn", [SEVERITY_FAIL] = "fail" };

void examination_find(struct examination *examination, enum severity severity, const char *remedy, const char *format, ...)
{
	char text[1024];
	struct arena *arena = examination->arena;
	Comity__DoctorReport *report = examination->report;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	Comity__DoctorFinding *finding = arena_alloc(arena, sizeof *finding);
	if (!finding)
		return;		/* the arena remembers */
	comity__doctor_finding__init(finding);
	finding->severity = (char *)words[severity];
	finding->check = (char *)examination->check;
	finding->text = record_text(arena, text);
	finding->hint = remedy ? record_text(arena, remedy) : NULL;
	record_push(arena, &report->n_findings, &report->findings, &finding, sizeof finding);
}

void examination_run(struct examination *examination, const char *name, examination_check *check, const void *subject)
{
	size_t before = examination->report->n_findings;
	examination->check = name;
	check(examination, subject);
	if (examination->report->n_findings == before)
		examination_find(examination, SEVERITY_OK, NULL, "nothing is wrong");
}

enum fault examination_end(struct examination *examination)
{
	Comity__DoctorReport *report = examination->report;
	report->schema = "comity.doctor/1";
	report->has_ok = report->ok = 1;
	for (size_t i = 0; i < report->n_findings; i++)
		report->ok = report->ok && strcmp(report->findings[i]->severity, words[SEVERITY_FAIL]) != 0;
	return examination->arena->was_refused ? arena_fault(examination->arena) : OK;
}
