/* The store itself: how large, whether sound, made smaller, allowed to be larger. */
#include "certs/identity.h"
#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/log.h"
#include "daemon/ledger/vault.h"
#include "daemon/ledger/record.h"
#include "daemon/upkeep/survey.h"
#include "daemon/upkeep/surveyed.h"
#include "proto/stamp.h"

/* ── stat ─────────────────────────────────────────────────────────────────────────────────────── */

static bool add_table(struct arena *arena, Comity__StoreReport *report, const char *name, uint64_t entries)
{
	Comity__TableReport *table = arena_alloc(arena, sizeof *table);
	if (!table)
		return false;
	comity__table_report__init(table);
	table->name = (char *)name;
	table->has_entries = 1;
	table->entries = entries;
	return record_append(arena, &report->n_tables, &report->tables, &table, sizeof table);
}

/* Which fault ordinary writing would end with. */
static void write_fill(const struct control_rooms *rooms, Comity__StoreReport *report)
{
	enum fault lack = store_lack(rooms->store);
	report->has_full = 1;
	report->full = lack != OK;
	report->reason = lack ? (char *)fault_slug(lack) : NULL;
}

static enum fault write_report(const struct control_rooms *rooms, struct arena *arena, Comity__StoreReport *report)
{
	const struct control *control = container_of(rooms, struct control, rooms);
	struct store_stat stat;
	char started[STAMP_SIZE];
	TRY(store_stat(rooms->store, &stat));
	stamp_write(started, control->started_at);
	report->schema = "comity.store/1";
	report->has_used_bytes = report->has_file_bytes = report->has_map_bytes = report->has_high_water_bytes = 1;
	report->has_disk_free_bytes = report->has_grown_bytes = 1;
	report->used_bytes = stat.used_bytes;
	report->file_bytes = stat.file_bytes;
	report->map_bytes = stat.map_bytes;
	report->high_water_bytes = stat.ordinary_bytes;
	report->disk_free_bytes = stat.disk_free_bytes;
	report->grown_bytes = stat.used_bytes > stat.opened_with_bytes ? stat.used_bytes - stat.opened_with_bytes : 0;
	report->started_at = record_text(arena, started);
	write_fill(rooms, report);
	for (enum table table = 0; table < TABLE_COUNT; table++)
		if (!add_table(arena, report, table_name(table), stat.entries[table]))
			return arena_fault(arena);
	return OK;
}

enum fault answer_store_stat(struct inquiry *inquiry)
{
	Comity__StoreReport *report;
	if (!inquiry_make(inquiry, &comity__store_report__descriptor, &report))
		return inquiry_fault(inquiry);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_STORE;
	inquiry->reply->store = report;
	return write_report(inquiry->rooms, inquiry->arena, report);
}

/* ── check ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault check(struct chore *chore)
{
	const struct control_rooms *rooms = chore->rooms;
	const struct survey_subject subject = { .store = rooms->store, .blobs = rooms->blobs,
		.own_id = identity_authority(rooms->identity), .is_deep = chore->call->store_check->deep,
		.must_stop = rooms->must_stop };
	Comity__SurveyReport *report;
	if (!chore_make(chore, &comity__survey_report__descriptor, &report))
		return arena_fault(&chore->arena);
	chore->reply.kind_case = COMITY__REPLY__KIND_SURVEY;
	chore->reply.survey = report;
	return survey(&subject, &chore->arena, report);
}

/* What was looked for and not found is worth remembering too. */
static void note_checked(struct txn *txn, struct chore *chore)
{
	if (!chore->fault)
		surveyed_keep(txn, chore->reply.survey->found, chore->call->store_check->deep);
}

static const struct chore_kind checking = { .work = check, .note = note_checked };

void pursue_store_check(struct session *session)
{
	chore_begin(session, &checking);
}

/* ── compact, grow, rekey ────────────────────────────────────────────────────────────────────────────── */

static enum fault reply_store(struct chore *chore, Comity__StoreReport **report)
{
	if (!chore_make(chore, &comity__store_report__descriptor, report))
		return arena_fault(&chore->arena);
	chore->reply.kind_case = COMITY__REPLY__KIND_STORE;
	chore->reply.store = *report;
	return write_report(chore->rooms, &chore->arena, *report);
}

static enum fault compact(struct chore *chore)
{
	struct store_stat before;
	Comity__StoreReport *report;
	TRY(store_stat(chore->rooms->store, &before));
	TRY(store_compact(chore->rooms->store));
	TRY(reply_store(chore, &report));
	report->has_file_bytes_before = 1;
	report->file_bytes_before = before.file_bytes;
	log_info("store: compacted from %llu to %llu bytes", (unsigned long long)before.file_bytes,
		(unsigned long long)report->file_bytes);
	return OK;
}

static const struct chore_kind compacting = { .work = compact };

void pursue_store_compact(struct session *session)
{
	chore_begin(session, &compacting);
}

static enum fault grow(struct chore *chore)
{
	uint64_t size = chore->call->store_grow->map_size;
	Comity__StoreReport *report;
	TRY(store_raise(chore->rooms->store, size));
	log_info("store: it may grow to %llu bytes from now on", (unsigned long long)size);
	return reply_store(chore, &report);
}

static const struct chore_kind growing = { .work = grow };

void pursue_store_grow(struct session *session)
{
	chore_begin(session, &growing);
}

/* First the vault key, under the store key of now: each of the two is safe by itself, and so is the power going between. */
static enum fault rekey(struct chore *chore)
{
	Comity__StoreReport *report;
	TRY(store_change_vault(chore->rooms->store));
	TRY(vault_rekey(store_vault(chore->rooms->store)));
	log_info("store: it is under another store key from now on");
	return reply_store(chore, &report);
}

static const struct chore_kind rekeying = { .work = rekey };

void pursue_store_rekey(struct session *session)
{
	chore_begin(session, &rekeying);
}
