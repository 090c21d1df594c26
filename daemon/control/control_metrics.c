/* Metrics for a monitoring system, in the text format 0.0.4 of Prometheus, which its textfile collectors read too: each family is
 * a row of the table, whole before the next.  No label is made of free text. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/control/control_metrics.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/vigil.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/audit.h"
#include "daemon/ledger/clock.h"
#include "daemon/ledger/consumers.h"
#include "daemon/ledger/events.h"
#include "daemon/ledger/hold.h"
#include "daemon/upkeep/backups.h"
#include "daemon/upkeep/surveyed.h"
#include "proto/stamp.h"

/* ── ourselves ───────────────────────────────────────────────────────────────────────────────────── */

static void build(struct writing *writing) { LINE(writing, "{version=\"%s\"} 1", writing->inquiry->rooms->version); }
static void up(struct writing *writing)    { LINE(writing, " %d", 1); }

static void clock_believed(struct writing *writing)
{
	LINE(writing, " %d", !writing->inquiry->rooms->clock->is_in_doubt);
}

static void clock_synced(struct writing *writing)
{
	struct clock_reading reading;
	clock_read(&reading);
	LINE(writing, " %d", reading.is_synchronised);
}

static void held(struct writing *writing)
{
	LINE(writing, " %d", hold_kind(writing->inquiry->txn, HOLD_EVERYBODY) != COMITY__HOLD_KIND__VALUE__NONE);
}

static void signatures(struct writing *writing)
{
	LINE(writing, " %" PRIu64, keyholder_signatures(writing->inquiry->rooms->keyholder));
}

static void keys_usable(struct writing *writing)
{
	char why[KEYHOLDER_WHY_SIZE];
	LINE(writing, " %d", keyholder_state(writing->inquiry->rooms->keyholder, why) == OK);
}

static void sessions(struct writing *writing)
{
	LINE(writing, " %zu", control_of(writing->inquiry->rooms)->session_count);
}

static void started(struct writing *writing)
{
	LINE(writing, " %.3f", (double)control_of(writing->inquiry->rooms)->started_at / STAMP_SECOND);
}

/* One of the numbers of /proc/self/statm, in pages. */
static void write_pages(struct writing *writing, const char *format)
{
	unsigned long pages;
	FILE *file = fopen("/proc/self/statm", "r");
	bool is_read = file && fscanf(file, format, &pages) == 1;
	if (file)
		fclose(file);
	if (is_read)
		LINE(writing, " %llu", (unsigned long long)pages * (unsigned long long)sysconf(_SC_PAGESIZE));
}

static void virtual_memory(struct writing *writing)  { write_pages(writing, "%lu"); }
static void resident_memory(struct writing *writing) { write_pages(writing, "%*u %lu"); }

static void cpu(struct writing *writing)
{
	struct rusage used;
	if (!getrusage(RUSAGE_SELF, &used))
		LINE(writing, " %.3f", (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

/* ── what is kept ─────────────────────────────────────────────────────────────────────────────────── */

static struct store_stat stat_of(struct writing *writing)
{
	struct store_stat stat = { 0 };
	enum fault fault = store_stat(writing->inquiry->rooms->store, &stat);
	writing->fault = writing->fault ? writing->fault : fault;
	return stat;
}

static void store_map(struct writing *writing)   { LINE(writing, " %" PRIu64, stat_of(writing).map_bytes); }
static void store_file(struct writing *writing)  { LINE(writing, " %" PRIu64, stat_of(writing).file_bytes); }
static void store_used(struct writing *writing)  { LINE(writing, " %" PRIu64, stat_of(writing).used_bytes); }
static void store_water(struct writing *writing) { LINE(writing, " %" PRIu64, stat_of(writing).ordinary_bytes); }
static void disk_free(struct writing *writing)   { LINE(writing, " %" PRIu64, stat_of(writing).disk_free_bytes); }
static void store_full(struct writing *writing)  { LINE(writing, " %d", store_lack(writing->inquiry->rooms->store) != OK); }

static void records(struct writing *writing)
{
	struct store_stat stat = stat_of(writing);
	for (enum table table = 0; table < TABLE_COUNT; table++)
		LINE(writing, "{table=\"%s\"} %" PRIu64, table_name(table), stat.entries[table]);
}

static struct scribe_stat scribe_of(struct writing *writing) { return scribe_stat(writing->inquiry->rooms->scribe); }

static void jobs(struct writing *writing)     { LINE(writing, " %" PRIu64, scribe_of(writing).jobs); }
static void repeats(struct writing *writing)  { LINE(writing, " %" PRIu64, scribe_of(writing).repeats); }
static void failures(struct writing *writing) { LINE(writing, " %" PRIu64, scribe_of(writing).failures); }

static void commits(struct writing *writing)
{
	struct scribe_stat stat = scribe_of(writing);
	LINE(writing, "_sum %.6f", (double)stat.commit_us / 1e6);
	LINE(writing, "_count %" PRIu64, stat.commits);
}

static void events(struct writing *writing)      { LINE(writing, " %" PRIu64, events_last(writing->inquiry->txn)); }

static void each_consumer(struct writing *writing, void (*each)(struct writing *writing, const Comity__Consumer *consumer, uint64_t last))
{
	Comity__Consumer **list;
	size_t count;
	uint64_t last = events_last(writing->inquiry->txn);
	if (!consumers_list(writing->inquiry->txn, writing->inquiry->arena, &list, &count))
		return;
	for (size_t i = 0; i < count; i++)
		each(writing, list[i], last);
}

static void consumer_lag(struct writing *writing, const Comity__Consumer *consumer, uint64_t last)
{
	LINE(writing, "{consumer=\"%s\"} %" PRIu64, consumer->name, last > consumer->seq ? last - consumer->seq : 0);
}

static void consumer_heard(struct writing *writing, const Comity__Consumer *consumer, uint64_t last)
{
	int64_t at;
	(void)last;
	if (consumer->heard_at && stamp_read(consumer->heard_at, &at))
		LINE(writing, "{consumer=\"%s\"} %.3f", consumer->name, (double)at / STAMP_SECOND);
}

static void consumers_lag(struct writing *writing)   { each_consumer(writing, consumer_lag); }
static void consumers_heard(struct writing *writing) { each_consumer(writing, consumer_heard); }

static void audit_lines(struct writing *writing) { LINE(writing, " %" PRIu64, audit_head(writing->inquiry->txn).number); }

static void write_stamp(struct writing *writing, const char *stamp)
{
	int64_t at;
	if (stamp && stamp_read(stamp, &at))
		LINE(writing, " %.3f", (double)at / STAMP_SECOND);
}

static void backup_made(struct writing *writing)
{
	const Comity__Backups *backups = backups_find(writing->inquiry->txn, writing->inquiry->arena);
	write_stamp(writing, backups ? backups->made_at : NULL);
}

static void backup_verified(struct writing *writing)
{
	const Comity__Backups *backups = backups_find(writing->inquiry->txn, writing->inquiry->arena);
	write_stamp(writing, backups ? backups->verified_at : NULL);
}

static void survey_found(struct writing *writing)
{
	const Comity__Surveyed *surveyed = surveyed_find(writing->inquiry->txn, writing->inquiry->arena);
	if (surveyed)
		LINE(writing, " %" PRIu64, surveyed->found);
}

/* By what is owed: a kind that we know has a line, also when there is nothing. */
static void overdue(struct writing *writing)
{
	const struct vigil *vigil = writing->inquiry->rooms->vigil;
	const char *name;
	for (int kind = 1; vigil && (name = due_kind_name((Comity__DueKind__Value)kind)); kind++)
		for (int is_theirs = 0; is_theirs < 2; is_theirs++)
			LINE(writing, "{what=\"%s\",owed_by=\"%s\"} %" PRIu64, name, is_theirs ? "them" : "us",
				vigil_overdue(vigil, (Comity__DueKind__Value)kind, is_theirs));
}

/* ── the table ────────────────────────────────────────────────────────────────────────────────────── */

static const struct family {
	const char *name, *type, *help;
	metrics_family *write;
} families[] = {
	{ "comity_build_info", "gauge", "The program that runs.", build },
	{ "comity_up", "gauge", "The daemon answers.", up },
	{ "comity_held", "gauge", "The whole daemon is held: nothing new is sent.", held },
	{ "comity_control_sessions", "gauge", "Connections at the control sockets.", sessions },
	{ "comity_clock_believed", "gauge", "0 while our clock is in doubt.", clock_believed },
	{ "comity_clock_synced", "gauge", "1 when the kernel says that a time server keeps our clock right.", clock_synced },

	{ "comity_overdue", "gauge", "What is overdue in cases, by what is owed and who owes it, as it was looked at last.", overdue },

	{ "comity_peer_up", "gauge", "A line to the peer is open.", metrics_peers_up },
	{ "comity_peer_verified", "gauge", "The telephone check was done.", metrics_peers_verified },
	{ "comity_peer_state_since_timestamp_seconds", "gauge", "Since when the line is in this state.", metrics_peers_since },
	{ "comity_peer_attempts", "gauge", "Attempts since the line was last open.", metrics_peers_attempts },
	{ "comity_peer_refusals", "gauge", "Lines refused, by either side, of those that are remembered.", metrics_peers_refusals },
	{ "comity_peer_rtt_seconds", "gauge", "Of the last ping.", metrics_peers_rtt },
	{ "comity_peer_clock_offset_seconds", "gauge", "How far their clock is ahead of ours.", metrics_peers_clock },

	{ "comity_queue_messages", "gauge", "Messages that wait for the peer.", metrics_queues },
	{ "comity_queue_oldest_timestamp_seconds", "gauge", "Since when the oldest of them waits.", metrics_queues_oldest },
	{ "comity_messages_total", "counter", "Messages in signed manifests, by who sent them.", metrics_messages },
	{ "comity_attachments_total", "counter", "Attachments announced with them.", metrics_attachments },
	{ "comity_receipts_total", "counter", "Receipts, by who gave them.", metrics_receipts },
	{ "comity_messages_refused_total", "counter", "Receipts that refuse, by who gave them.", metrics_message_refusals },
	{ "comity_completions_total", "counter", "Receipts for all attachments of a message, by who gave them.", metrics_completions },
	{ "comity_withdrawals_total", "counter", "Messages dropped before they were sent, by whose they were.", metrics_withdrawals },
	{ "comity_manifests_total", "counter", "Signed manifests in the chain, by whose it is.", metrics_manifests },
	{ "comity_attachment_bytes", "gauge", "What attachments of the peer occupy here.", metrics_occupied },

	{ "comity_certificate_not_after_timestamp_seconds", "gauge", "When the certificate ends; without a peer it is ours.",
	  metrics_certificate_ends },
	{ "comity_certificate_revoked", "gauge", "The certificate is on its issuer's revocation list.", metrics_certificates_revoked },
	{ "comity_revocations_next_update_timestamp_seconds", "gauge", "Until when the newest revocation list is fresh.",
	  metrics_list_ends },
	{ "comity_keys_usable", "gauge", "The holder of the keys can be asked.", keys_usable },
	{ "comity_signatures_total", "counter", "Made by the holder of the keys since the daemon started.", signatures },

	{ "comity_store_map_bytes", "gauge", "To which the store may grow.", store_map },
	{ "comity_store_high_water_bytes", "gauge", "From here on nothing new is taken in.", store_water },
	{ "comity_store_used_bytes", "gauge", "Live pages of the store.", store_used },
	{ "comity_store_file_bytes", "gauge", "The file of the store.", store_file },
	{ "comity_store_full", "gauge", "Nothing new is taken in.", store_full },
	{ "comity_store_records", "gauge", "Records in each table.", records },
	{ "comity_store_disk_free_bytes", "gauge", "Of the disk that the store lies on.", disk_free },
	{ "comity_store_commit_seconds", "summary", "How long commits took, since the daemon started.", commits },
	{ "comity_store_commit_failures_total", "counter", "Commits that failed, since the daemon started.", failures },
	{ "comity_store_batches_repeated_total", "counter", "Batches done again, job by job.", repeats },
	{ "comity_store_jobs_total", "counter", "Pieces of work written, since the daemon started.", jobs },
	{ "comity_store_survey_findings", "gauge", "What the last look through the store found.", survey_found },
	{ "comity_events_total", "counter", "The newest event's number.", events },
	{ "comity_consumer_lag_events", "gauge", "Events that the consumer has not acknowledged.", consumers_lag },
	{ "comity_consumer_last_ack_timestamp_seconds", "gauge", "When it acknowledged last, or was added.", consumers_heard },
	{ "comity_audit_lines_total", "counter", "Lines of the audit log.", audit_lines },
	{ "comity_backup_last_success_timestamp_seconds", "gauge", "When the last backup was made.", backup_made },
	{ "comity_backup_last_verified_timestamp_seconds", "gauge", "When one was last verified, and found whole.", backup_verified },

	{ "process_start_time_seconds", "gauge", "When the daemon started.", started },
	{ "process_cpu_seconds_total", "counter", "Processor time that it used.", cpu },
	{ "process_resident_memory_bytes", "gauge", "Memory that it has, the store's cached pages among it.", resident_memory },
	{ "process_virtual_memory_bytes", "gauge", "Address space that it has.", virtual_memory },
};

static enum fault write_text(struct inquiry *inquiry, struct bytes *text)
{
	struct metrics_peer *peers;
	size_t count;
	TRY(metrics_look(inquiry, &peers, &count));
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct writing writing = { .inquiry = inquiry, .name = families[i].name, .text = text, .peers = peers,
			.peer_count = count };
		TRY(bytes_printf(text, "# HELP %s %s\n# TYPE %s %s\n", families[i].name, families[i].help, families[i].name,
			families[i].type));
		families[i].write(&writing);
		TRY(writing.fault);
	}
	return bytes_append_text(text, "# EOF\n");
}

enum fault answer_metrics(struct inquiry *inquiry)
{
	struct bytes text = { 0 };
	Comity__Metrics *metrics;
	if (!inquiry_make(inquiry, &comity__metrics__descriptor, &metrics))
		return inquiry_fault(inquiry);
	enum fault fault = write_text(inquiry, &text);
	metrics->schema = "comity.metrics/1";
	metrics->text = fault ? NULL : arena_text(inquiry->arena, span_of(&text));
	bytes_clear(&text);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_METRICS;
	inquiry->reply->metrics = metrics;
	return fault;
}
