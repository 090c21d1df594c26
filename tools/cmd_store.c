/* The store: how large, whether sound, made smaller, allowed to be larger. */
#include <inttypes.h>
#include <stdlib.h>

#include "proto/units.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/problems.h"

static unsigned per_cent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)(part * 100 / whole) : 0;
}

static void print_tables(struct tool *tool, const Comity__StoreReport *report)
{
	struct table table = TABLE("TABLE", ">ENTRIES");
	for (size_t i = 0; i < report->n_tables; i++) {
		char entries[24];
		snprintf(entries, sizeof entries, "%" PRIu64, report->tables[i]->entries);
		ROW(tool, &table, safe(tool, report->tables[i]->name), safe(tool, entries));
	}
	table_print(tool, &table);
}

static void print_store(struct tool *tool, const Comity__StoreReport *report)
{
	print(tool, "  used         %s of %s, %u %%\n", size_of(tool, report->used_bytes), size_of(tool, report->map_bytes),
		per_cent(report->used_bytes, report->map_bytes));
	print(tool, "  high water   %s: from there on nothing new is taken in\n", size_of(tool, report->high_water_bytes));
	print(tool, "  file         %s\n", size_of(tool, report->file_bytes));
	print(tool, "  disk         %s free\n", size_of(tool, report->disk_free_bytes));
	print(tool, "  grew by      %s since the daemon started, %s ago\n", size_of(tool, report->grown_bytes),
		ago(tool, report->started_at));
	if (report->full)
		print(tool, "  FULL         %s: peers are told to try later; receipts, acts that move a case on, and deleting still work\n",
			safe(tool, report->reason));
}

enum fault cmd_store_stat(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(STORE_STAT, store_stat, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_STORE, &reply));
	if (printed_json(tool, &reply->store->base))
		return OK;
	print_store(tool, reply->store);
	print_tables(tool, reply->store);
	return OK;
}

enum fault cmd_store_check(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__StoreCheck check = COMITY__STORE_CHECK__INIT;
	check.has_deep = 1;
	check.deep = given(tool, "deep") != NULL;
	Comity__Call call = CALL(STORE_CHECK, store_check, &check);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_SURVEY, &reply));
	const Comity__SurveyReport *report = reply->survey;
	tool->is_told = !report->ok;
	tool->exit_status = report->ok ? 0 : 1;
	if (!printed_json(tool, &report->base)) {
		print_problems(tool, report->findings, report->n_findings);
		print(tool, "%" PRIu64 " records, %" PRIu64 " messages, %" PRIu64 " manifests in %" PRIu64 " chains, %" PRIu64
			" attachments%s: %" PRIu64 " findings\n", report->records, report->messages, report->manifests, report->chains,
			report->attachments, report->deep ? ", all read" : "", report->found);
	}
	return report->ok ? OK : FAULT_STORE_BROKEN;
}

enum fault cmd_store_compact(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(STORE_COMPACT, store_compact, &nothing);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_STORE, &reply));
	if (!printed_json(tool, &reply->store->base))
		print(tool, "compacted from %s to %s\n", size_of(tool, reply->store->file_bytes_before),
			size_of(tool, reply->store->file_bytes));
	return OK;
}

enum fault cmd_store_rekey(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(STORE_REKEY, store_rekey, &nothing);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_STORE, &reply));
	if (!printed_json(tool, &reply->store->base))
		print(tool, "the store is under a new store key\n");
	next_step(tool, "put a copy of the new store key away, and keep the old one as long as backups that need it");
	return OK;
}

enum fault cmd_store_grow(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__StoreGrow grow = COMITY__STORE_GROW__INIT;
	grow.has_map_size = 1;
	TRY(typed("SIZE", size_read(argument(tool, 0), &grow.map_size)));
	Comity__Call call = CALL(STORE_GROW, store_grow, &grow);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_STORE, &reply));
	if (!printed_json(tool, &reply->store->base))
		print_store(tool, reply->store);
	next_step(tool, "write it into comityd.yaml as store.map_size_max: otherwise it ends with this run of the daemon");
	return OK;
}
