/* A backup put in place: copied beside, compared, looked through, and only then exchanged for what is there.
 *
 * Two directories are exchanged, and the power may go between them.  So a note lies there meanwhile, with which the daemon
 * does not start; the same restore once more makes it whole. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/identity.h"
#include "daemon/upkeep/backup_parts.h"
#include "daemon/upkeep/backups.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/events.h"
#include "daemon/ledger/hold.h"
#include "daemon/ledger/vault.h"
#include "daemon/upkeep/survey.h"

#define NOTE		"restore-unfinished"
#define FRESH_STORE	"store.restoring"
#define FRESH_BLOBS	"blobs.restoring"
#define FRESH_KEYS	"keys.restoring"

static const uint64_t map_size = UINT64_C(256) << 30;

struct restoring {
	const char *path, *confirm;
	const struct backup_places *places;
	struct arena *arena;
	Comity__BackupReport *report;
	int from, state, lock;			/* open; -1 while not */
	struct bytes list;
	struct backup_head head;
	bool needs_keys;			/* there are none here */
};

/* ── may it be done? ──────────────────────────────────────────────────────────────────────────── */

static enum fault lock_out_daemon(struct restoring *restoring)
{
	restoring->lock = openat(restoring->state, "store/daemon.lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (restoring->lock < 0)
		return errno == ENOENT ? OK : disk_fault("store/daemon.lock");
	if (!flock(restoring->lock, LOCK_EX | LOCK_NB))
		return OK;
	return fault_say(FAULT_DAEMON_RUNNING, "comityd is running: it holds %s/store", restoring->places->state);
}

static bool is_here(const struct restoring *restoring, const char *name)
{
	return !faccessat(restoring->state, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static enum fault prove(struct restoring *restoring)
{
	char digits[IDENTITY_DIGITS_SIZE];
	struct identity *identity = NULL;
	restoring->needs_keys = !is_here(restoring, "keys");
	if (restoring->needs_keys && !restoring->head.has_keys)
		return fault_say(FAULT_BAD_KEY, "%s has no keys, and none are inside the backup", restoring->places->state);
	if (!restoring->needs_keys)
		TRY(identity_open(restoring->places->state, &(struct identity_access){ 0 }, &identity));
	enum fault fault = backup_prove(restoring->from, span_of(&restoring->list), &restoring->head, identity, digits);
	identity_free(identity);
	TRY(fault);
	restoring->report->digits = record_text(restoring->arena, digits);
	return OK;
}

static enum fault judge(struct restoring *restoring, struct span *lines)
{
	TRY(backup_open_dir(restoring->places->state, &restoring->state));
	TRY(lock_out_daemon(restoring));
	TRY(backup_open_dir(restoring->path, &restoring->from));
	TRY(backup_read_list(restoring->from, &restoring->list));
	*lines = span_of(&restoring->list);
	TRY(backup_read_head(lines, &restoring->head));
	if (strcasecmp(restoring->confirm, restoring->head.authority))
		return fault_say(FAULT_USAGE, "the backup is of %s, and you confirmed \"%s\"", restoring->head.authority,
			restoring->confirm);
	TRY(prove(restoring));
	backup_report_head(restoring->report, &restoring->head, restoring->path, restoring->arena);
	return OK;
}

/* ── copying beside ───────────────────────────────────────────────────────────────────────────── */

static enum fault copy(struct restoring *restoring, const struct backup_line *line, const char *name, int dir, const char *to)
{
	uint8_t digest[DIGEST_SIZE];
	uint64_t size;
	int file, from = openat(restoring->from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (from < 0)
		return fault_say(FAULT_BAD_BACKUP, "%s: %m", name);
	enum fault fault = backup_new_file(dir, to, &file);
	if (!fault)
		fault = backup_end_file(file, backup_hash(from, file, digest, &size));
	close(from);
	TRY(fault);
	return memcmp(digest, line->digest, DIGEST_SIZE) ?
		fault_say(FAULT_BAD_BACKUP, "%s is not what was backed up", name) : OK;
}

static enum fault note_restored(struct restoring *restoring, const char *what)
{
	Comity__BackupReport *report = restoring->report;
	char *text = record_text(restoring->arena, what);
	return text && record_append(restoring->arena, &report->n_restored, &report->restored, &text, sizeof text) ? OK :
		arena_fault(restoring->arena);
}

/* Configuration is the operator's: it is put back only where there is none. */
static enum fault copy_setting(struct restoring *restoring, const struct backup_line *line, const char *name, const char *to)
{
	char parent[BACKUP_PATH_SIZE];
	if (!access(to, F_OK))
		return OK;
	snprintf(parent, sizeof parent, "%s", to);
	if (mkdir(dirname(parent), 0700) && errno != EEXIST)
		return disk_fault(to);
	TRY(copy(restoring, line, name, AT_FDCWD, to));
	TRY(note_restored(restoring, to));
	return disk_sync_dir(AT_FDCWD, parent);
}

static enum fault place(struct restoring *restoring, const struct backup_line *line)
{
	char name[BACKUP_PATH_SIZE / 2], to[BACKUP_PATH_SIZE];
	snprintf(name, sizeof name, "%.*s", (int)line->path.len, (const char *)line->path.at);
	if (!strcmp(name, BACKUP_LEDGER))
		return copy(restoring, line, name, restoring->state, FRESH_STORE "/data.mdb");
	if (!strcmp(name, BACKUP_VAULT))
		return copy(restoring, line, name, restoring->state, FRESH_STORE "/vault.sealed");
	if (!strcmp(name, "etc/comityd.yaml"))
		return copy_setting(restoring, line, name, restoring->places->config);
	if (!strcmp(name, "etc/profile.yaml"))
		return copy_setting(restoring, line, name, restoring->places->profile);
	if (!strncmp(name, "blobs/", 6))
		snprintf(to, sizeof to, FRESH_BLOBS "/%s", name + 6);
	else if (!strncmp(name, "keys/", 5) && restoring->needs_keys)
		snprintf(to, sizeof to, FRESH_KEYS "/%s", name + 5);
	else
		return OK;	/* only for who verifies it */
	return copy(restoring, line, name, restoring->state, to);
}

static void clear_fresh(const struct restoring *restoring)
{
	static const char *const fresh[] = { FRESH_STORE, FRESH_BLOBS, FRESH_KEYS };
	char path[BACKUP_PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(fresh); i++)
		if (!backup_join(path, restoring->places->state, fresh[i]))
			backup_remove_tree(path);
}

static enum fault copy_all(struct restoring *restoring, struct span lines)
{
	struct backup_line line;
	clear_fresh(restoring);
	TRY(backup_read_line(&lines, &line));
	while (line.path.len) {
		TRY(place(restoring, &line));
		TRY(backup_read_line(&lines, &line));
	}
	if (mkdirat(restoring->state, FRESH_BLOBS "/incoming", 0700))
		return disk_fault(FRESH_BLOBS "/incoming");
	return OK;
}

/* ── the fresh store ──────────────────────────────────────────────────────────────────────────── */

/* The ledger in it is from before it was made, and knows at most of earlier ones. */
static void note_backup(struct txn *txn, const struct restoring *restoring)
{
	char path[PATH_MAX], parent[PATH_MAX];
	if (!realpath(restoring->path, path))
		snprintf(path, sizeof path, "%.*s", PATH_MAX - 1, restoring->path);
	memcpy(parent, path, sizeof parent);
	backups_made(txn, dirname(parent), path, restoring->head.at);
}

/* Whoever watches must list anew, so the events are of another epoch; and nothing is sent before somebody says so. */
static enum fault write_hold(struct restoring *restoring, struct store *store)
{
	struct txn txn;
	char reason[96];
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	snprintf(reason, sizeof reason, "restored from the backup of %s", restoring->head.at);
	data.text = reason;
	TRY(txn_begin(store, TXN_WRITE, &txn));
	txn_use_reserve(&txn);
	hold_set(&txn, HOLD_EVERYBODY, COMITY__HOLD_KIND__VALUE__RESTORED, reason, UINT32_MAX);
	note_backup(&txn, restoring);
	events_begin_epoch(&txn);
	events_append(&txn, EVENT_BACKUP_RESTORED, restoring->head.authority, &data);
	return txn_commit(&txn);
}

/* With the key that is here, or, where there were no keys, the one that came with them. */
static enum fault unlock(struct restoring *restoring, const char *path, struct store *store)
{
	char fresh[BACKUP_PATH_SIZE];
	struct vault *vault;
	const char *source = restoring->places->store_key;
	if (restoring->needs_keys && is_here(restoring, FRESH_KEYS "/store.key")) {
		if (snprintf(fresh, sizeof fresh, "file:%s/" FRESH_KEYS "/store.key", restoring->places->state) >= (int)sizeof fresh)
			return fault_say(FAULT_USAGE, "the path is too long");
		source = fresh;
	}
	TRY(vault_open(path, source, &vault));
	return store_unlock(store, vault);
}

static enum fault prepare_store(struct restoring *restoring)
{
	char path[BACKUP_PATH_SIZE];
	struct store *store;
	Comity__SurveyReport *ledger = restoring->report->ledger = arena_alloc(restoring->arena, sizeof *ledger);
	if (!ledger)
		return arena_fault(restoring->arena);
	TRY(backup_join(path, restoring->places->state, FRESH_STORE));
	TRY(store_open(path, map_size, &store));
	enum fault fault = unlock(restoring, path, store);
	if (!fault)
		fault = write_hold(restoring, store);
	const struct survey_subject subject = { .store = store, .own_id = restoring->head.authority };
	if (!fault)
		fault = survey(&subject, restoring->arena, ledger);
	store_close(store);
	return fault;
}

static enum fault sync_fresh(struct restoring *restoring)
{
	static const char *const fresh[] = { FRESH_STORE, FRESH_BLOBS, FRESH_KEYS };
	char path[BACKUP_PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(fresh); i++) {
		TRY(backup_join(path, restoring->places->state, fresh[i]));
		if (is_here(restoring, fresh[i]))
			TRY(backup_sync_tree(path));
	}
	return disk_sync_dir(restoring->state, ".");
}

/* ── the exchange ─────────────────────────────────────────────────────────────────────────────── */

/* How far the store that is here had come; 0 when it cannot be told. */
static uint64_t events_here(const struct restoring *restoring)
{
	char path[BACKUP_PATH_SIZE];
	struct store *store = NULL;
	struct txn txn;
	uint64_t events = 0;
	if (backup_join(path, restoring->places->state, "store/data.mdb") || store_view(path, &store))
		return 0;
	if (!txn_begin(store, TXN_READ, &txn)) {
		events = txn_last(&txn, "events");
		txn_abort(&txn);
	}
	store_close(store);
	return events;
}

static enum fault move_aside(struct restoring *restoring, const char *name, char **where)
{
	char aside[128], path[BACKUP_PATH_SIZE];
	size_t len = (size_t)snprintf(aside, sizeof aside, "%s.before-", name);
	char now[STAMP_SIZE];
	stamp_now(now);
	for (const char *at = now; *at; at++)
		if (*at != ':' && *at != '-')
			aside[len++] = *at;
	aside[len] = 0;
	if (!is_here(restoring, name))
		return OK;
	if (renameat(restoring->state, name, restoring->state, aside))
		return disk_fault(name);
	TRY(backup_join(path, restoring->places->state, aside));
	*where = record_text(restoring->arena, path);
	return OK;
}

static enum fault move_in(struct restoring *restoring, const char *fresh, const char *name)
{
	return renameat(restoring->state, fresh, restoring->state, name) ? disk_fault(name) : OK;
}

static enum fault exchange(struct restoring *restoring)
{
	static const char note[] = "A restore was cut short here.  Repeat it: comity backup restore PATH --confirm=AUTHORITY\n";
	char path[BACKUP_PATH_SIZE];
	TRY(backup_join(path, restoring->places->state, NOTE));
	if (!is_here(restoring, NOTE))
		TRY(file_create(path, FILE_PUBLIC, span_of_text(note)));
	TRY(move_aside(restoring, "blobs", &restoring->report->blobs_aside));
	TRY(move_in(restoring, FRESH_BLOBS, "blobs"));
	TRY(move_aside(restoring, "store", &restoring->report->store_aside));
	TRY(move_in(restoring, FRESH_STORE, "store"));
	if (restoring->needs_keys) {
		TRY(move_in(restoring, FRESH_KEYS, "keys"));
		TRY(note_restored(restoring, "keys"));
	}
	TRY(disk_sync_dir(restoring->state, "."));
	if (unlinkat(restoring->state, NOTE, 0))
		return disk_fault(NOTE);
	return disk_sync_dir(restoring->state, ".");
}

static enum fault restore(struct restoring *restoring)
{
	struct span lines;
	TRY(judge(restoring, &lines));
	TRY(copy_all(restoring, lines));
	TRY(prepare_store(restoring));
	TRY(sync_fresh(restoring));
	uint64_t events = events_here(restoring);
	restoring->report->has_newer_events = 1;
	restoring->report->newer_events = events > restoring->head.events ? events - restoring->head.events : 0;
	return exchange(restoring);
}

enum fault backup_restore(const char *path, const struct backup_places *places, const char *confirm, struct arena *arena,
	Comity__BackupReport *report)
{
	struct restoring restoring = { .path = path, .confirm = confirm, .places = places, .arena = arena, .report = report,
		.from = -1, .state = -1, .lock = -1 };
	comity__backup_report__init(report);
	report->has_ok = 1;
	enum fault fault = restore(&restoring);
	const int files[] = { restoring.from, restoring.state, restoring.lock };
	if (fault && restoring.lock >= 0)
		clear_fresh(&restoring);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (files[i] >= 0)
			close(files[i]);
	bytes_clear(&restoring.list);
	report->ok = !fault && report->ledger && report->ledger->ok;
	return fault ? fault : arena->was_refused ? arena_fault(arena) : OK;
}

enum fault backup_check_state(const char *state)
{
	char path[BACKUP_PATH_SIZE];
	TRY(backup_join(path, state, NOTE));
	return access(path, F_OK) ? OK : fault_say(FAULT_RESTORE_UNFINISHED, "a restore of %s was cut short", state);
}
