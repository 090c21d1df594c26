#include "daemon/upkeep/survey_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/signature.h"
#include "proto/unpack.h"

enum {
	BATCH_RECORDS = 512,		/* looked at in one transaction ... */
	BATCH_BYTES = 16 << 20,		/* ... or fewer, when they are large */
};

/* ── findings ─────────────────────────────────────────────────────────────────────────────────── */

/* "messages 78662d636100…": the table, and the key as readable as keys are. */
static void name_record(const struct surveyor *surveyor, char *name, size_t size)
{
	char hex[2 * KEY_SIZE_MAX + 1];
	hex_write(hex, surveyor->key);
	snprintf(name, size, "%s %s", table_name(surveyor->table), hex);
}

static void add(struct surveyor *surveyor, const char *code, const char *sentence)
{
	Comity__SurveyReport *report = surveyor->report;
	char name[2 * KEY_SIZE_MAX + 64];
	Comity__Problem *problem = arena_alloc(surveyor->kept, sizeof *problem);
	if (!problem)
		return;
	comity__problem__init(problem);
	name_record(surveyor, name, sizeof name);
	problem->severity = "error";
	problem->code = (char *)code;
	problem->path = record_text(surveyor->kept, name);
	problem->message = record_text(surveyor->kept, sentence);
	record_append(surveyor->kept, &report->n_findings, &report->findings, &problem, sizeof problem);
}

void survey_tell(struct surveyor *surveyor, const char *code, const char *format, ...)
{
	char sentence[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	surveyor->report->found++;
	if (surveyor->report->n_findings < SURVEY_FINDINGS_MAX)
		add(surveyor, code, sentence);
}

/* ── other records ────────────────────────────────────────────────────────────────────────────── */

/* A broken record is not the transaction's end: we only read. */
static bool forgive(struct surveyor *surveyor)
{
	bool was_broken = surveyor->txn->fault == FAULT_STORE_BROKEN;
	if (was_broken)
		surveyor->txn->fault = OK;
	return was_broken;
}

bool survey_has(struct surveyor *surveyor, enum table table, struct key key)
{
	return key.len && (txn_get(surveyor->txn, table, key_span(&key), NULL) || forgive(surveyor));
}

void *survey_find(struct surveyor *surveyor, enum table table, struct key key, const ProtobufCMessageDescriptor *type)
{
	void *record = key.len ? record_find(surveyor->txn, table, key_span(&key), type, &surveyor->arena) : NULL;
	forgive(surveyor);
	return record;
}

/* ── one table after the other ────────────────────────────────────────────────────────────────── */

static void judge(struct surveyor *surveyor, struct span key, struct span value)
{
	const struct survey_row *row = &survey_rows[surveyor->table];
	ProtobufCMessage *record = NULL;
	arena_reset(&surveyor->arena);
	if (row->type && unpack(row->type, value, &surveyor->arena, FAULT_STORE_BROKEN, &record))
		survey_tell(surveyor, "unreadable", "it is not a record of this table's form");
	else if (row->judge)
		row->judge(surveyor, key, value, record);
	forgive(surveyor);
}

static const struct { const char *code, *sentence; } unsound[] = {
	[NOT_WHOLE]   = { "store-broken", "the record does not match its checksum" },
	[NOT_GENUINE] = { "tampered", "the record does not open: it was altered, or does not belong there" },
	[NOT_OWNED]   = { "no-key", "the key with which the record was sealed is not there, or does not open" },
};

/* The records behind `after`, as many as one transaction may see.  False at the end of the table. */
static bool look_on(struct surveyor *surveyor, struct key *after)
{
	struct walk walk;
	struct span key, value;
	struct key seen = *after;
	size_t count = 0, bytes = 0;
	enum soundness soundness;
	bool is_more = false;
	walk_from(&walk, surveyor->txn, surveyor->table, (struct span){ 0 }, key_span(after));
	while (walk_next_any(&walk, &key, &value, &soundness)) {
		if (after->len && span_equal(key, key_span(after)))
			continue;
		is_more = count == BATCH_RECORDS || bytes > BATCH_BYTES;
		if (is_more)
			break;
		count++;
		bytes += value.len;
		surveyor->key = key;
		surveyor->report->records++;
		if (soundness)
			survey_tell(surveyor, unsound[soundness].code, "%s", unsound[soundness].sentence);
		else
			judge(surveyor, key, value);
		forgive(surveyor);
		seen.len = 0;
		key_bytes(&seen, key);
	}
	walk_end(&walk);
	*after = seen;
	if (!is_more && survey_rows[surveyor->table].end)
		survey_rows[surveyor->table].end(surveyor);
	return is_more;
}

static enum fault look_through(struct surveyor *surveyor, enum table table)
{
	struct key after = { 0 };
	bool is_more = true;
	surveyor->table = table;
	while (is_more) {
		struct txn txn;
		if (surveyor->subject.must_stop && atomic_load(surveyor->subject.must_stop))
			return fault_say(FAULT_SHUTTING_DOWN, "looking through the store was given up");
		TRY(txn_begin(surveyor->subject.store, TXN_READ, &txn));
		surveyor->txn = &txn;
		is_more = look_on(surveyor, &after);
		enum fault fault = txn.fault;
		txn_abort(&txn);
		surveyor->txn = NULL;
		TRY(fault);
	}
	return OK;
}

static enum fault look_at_all(struct surveyor *surveyor)
{
	for (enum table table = 0; table < TABLE_COUNT; table++)
		TRY(look_through(surveyor, table));
	TRY(survey_quota(surveyor));
	return surveyor->subject.blobs ? survey_orphans(surveyor) : OK;
}

enum fault survey(const struct survey_subject *subject, struct arena *arena, Comity__SurveyReport *report)
{
	struct surveyor surveyor = { .subject = *subject, .report = report, .kept = arena };
	arena_init(&surveyor.arena, UNPACK_ARENA);
	comity__survey_report__init(report);
	report->schema = "comity.store-check/1";
	report->has_ok = report->has_deep = report->has_records = report->has_chains = report->has_manifests = 1;
	report->has_signatures = report->has_messages = report->has_attachments = report->has_attachment_bytes = 1;
	report->has_found = 1;
	report->deep = subject->is_deep;
	enum fault fault = look_at_all(&surveyor);
	report->ok = !report->found;
	signer_free(surveyor.signer.signer);
	free(surveyor.files);
	arena_clear(&surveyor.arena);
	return fault ? fault : arena->was_refused ? arena_fault(arena) : OK;
}
