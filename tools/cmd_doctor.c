/* Everything of ours, looked through, by the daemon or, where none answers, by comityd run for this.  The worst comes last,
 * for that is where the eye lands. */
#include <string.h>

#include "proto/json.h"
#include "proto/mapping.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/service.h"

static enum fault read_report(struct tool *tool, struct span text, const Comity__DoctorReport **report)
{
	ProtobufCMessage *message = NULL;
	struct document document = { 0 };
	struct mapping_faults faults = { 0 };
	enum fault fault = json_read(&document, "comityd", text);
	if (!fault)
		fault = mapping_read(&document, &comity__doctor_report__descriptor, &tool->arena, &message, &faults);
	mapping_faults_clear(&faults);
	document_clear(&document);
	*report = (const Comity__DoctorReport *)message;
	return fault;
}

static enum fault ask_service(struct tool *tool, const Comity__DoctorReport **report)
{
	struct bytes said = { 0 };
	enum fault fault = service_run(tool, (const char *const[]){ "--examine", NULL }, &said);
	if (!fault)
		fault = read_report(tool, span_of(&said), report);
	bytes_clear(&said);
	return fault;
}

static enum fault examine(struct tool *tool, const Comity__DoctorReport **report)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(DOCTOR, doctor, &nothing);
	enum fault fault = ask(tool, &call, COMITY__REPLY__KIND_FINDINGS, &reply);
	if (fault == FAULT_DAEMON_AWAY)
		return ask_service(tool, report);
	TRY(fault);
	*report = reply->findings;
	return OK;
}

static void print_findings(struct tool *tool, const Comity__DoctorReport *report, const char *severity, const char *mark)
{
	for (size_t i = 0; i < report->n_findings; i++) {
		const Comity__DoctorFinding *finding = report->findings[i];
		if (!finding->severity || strcmp(finding->severity, severity))
			continue;
		print(tool, "%s  %-14s%s\n", mark, safe(tool, finding->check), safe(tool, finding->text));
		if (finding->hint)
			print(tool, "        hint: %s\n", safe(tool, finding->hint));
	}
}

static bool is_all_well(const Comity__DoctorReport *report)
{
	for (size_t i = 0; i < report->n_findings; i++)
		if (!report->findings[i]->severity || strcmp(report->findings[i]->severity, "ok") != 0)
			return false;
	return true;
}

enum fault cmd_doctor(struct tool *tool)
{
	static const struct { const char *severity, *mark; } grades[] = { { "ok", "OK  " }, { "warn", "WARN" }, { "fail", "FAIL" } };
	const Comity__DoctorReport *report;
	TRY(examine(tool, &report));
	if (!printed_json(tool, &report->base))
		for (size_t i = 0; i < ARRAY_LEN(grades); i++)
			print_findings(tool, report, grades[i].severity, grades[i].mark);
	bool is_well = is_all_well(report);
	tool->is_told = !is_well;
	tool->exit_status = !is_well;
	return is_well ? OK : FAULT_CONFIG;
}
