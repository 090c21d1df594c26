/* What a backup is worth: found out without writing to it, and listed by what it says of itself. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/identity.h"
#include "daemon/upkeep/backup_parts.h"
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/vault.h"
#include "daemon/upkeep/survey.h"

enum { SAMPLE = 64, HEAD_SIZE = 1024 };	/* attachments that are read when not all are */

struct verifying {
	const char *path;
	const char *store_key;
	bool is_deep;
	const atomic_bool *must_stop;
	struct arena *arena;
	Comity__BackupReport *report;
	int dir;
	struct bytes list;
	struct backup_head head;
	uint64_t every, offset, attachments;	/* of the attachments, one in `every` is read, from a random one on */
	bool has_sound_ledger;
};

/* ── files ────────────────────────────────────────────────────────────────────────────────────── */

static bool must_read(struct verifying *verifying, struct span path)
{
	bool is_attachment = path.len > 6 && !memcmp(path.at, "blobs/", 6) && path.at[6] != '.';
	return !is_attachment || verifying->is_deep || verifying->attachments++ % verifying->every == verifying->offset;
}

static enum fault compare(int dir, const char *name, const uint8_t expected[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	uint64_t size;
	int file = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return disk_fault(name);
	enum fault fault = backup_hash(file, -1, digest, &size);
	close(file);
	TRY(fault);
	return memcmp(digest, expected, DIGEST_SIZE) ? fault_say(FAULT_DIGEST_MISMATCH, "it is not what was backed up") : OK;
}

static enum fault verify_file(struct verifying *verifying, const struct backup_line *line)
{
	char name[BACKUP_PATH_SIZE];
	snprintf(name, sizeof name, "%.*s", (int)line->path.len, (const char *)line->path.at);
	if (verifying->must_stop && atomic_load(verifying->must_stop))
		return fault_say(FAULT_SHUTTING_DOWN, "verifying was given up");
	verifying->report->files++;
	if (!must_read(verifying, line->path))
		return OK;	/* that it is there, and its size, the ledger's survey asks */
	verifying->report->files_read++;
	enum fault fault = compare(verifying->dir, name, line->digest);
	if (fault == FAULT_NO_MEMORY)
		return fault;
	if (fault)
		backup_tell(verifying->report, verifying->arena, fault, name, fault_detail(fault));
	else if (!strcmp(name, BACKUP_LEDGER))
		verifying->has_sound_ledger = true;
	return OK;
}

static enum fault verify_files(struct verifying *verifying, struct span lines)
{
	struct backup_line line;
	TRY(backup_read_line(&lines, &line));
	while (line.path.len) {
		TRY(verify_file(verifying, &line));
		TRY(backup_read_line(&lines, &line));
	}
	return OK;
}

/* ── the ledger ───────────────────────────────────────────────────────────────────────────────── */

/* The key of now, or the one of then, if it was asked to be kept inside. */
static enum fault open_vault(const char *path, const char *store_key, struct vault **vault)
{
	char inside[BACKUP_PATH_SIZE];
	enum fault fault = vault_open(path, store_key, vault);
	if (fault != FAULT_STORE_KEY || snprintf(inside, sizeof inside, "file:%s/" BACKUP_STORE_KEY, path) >= (int)sizeof inside ||
	    access(inside + 5, F_OK))
		return fault;
	return vault_open(path, inside, vault);
}

enum fault backup_view(const char *path, const char *store_key, struct store **view)
{
	char ledger[BACKUP_PATH_SIZE];
	struct vault *vault;
	*view = NULL;
	TRY(backup_join(ledger, path, BACKUP_LEDGER));
	TRY(open_vault(path, store_key, &vault));
	enum fault fault = store_view(ledger, view);
	if (fault) {
		vault_close(vault);
		return fault;
	}
	fault = store_unlock(*view, vault);
	if (fault) {
		store_close(*view);
		*view = NULL;
	}
	return fault;
}

static enum fault verify_ledger(struct verifying *verifying)
{
	char path[BACKUP_PATH_SIZE];
	struct survey_subject subject = { .own_id = verifying->head.authority, .is_deep = verifying->is_deep,
		.must_stop = verifying->must_stop };
	Comity__SurveyReport *ledger = verifying->report->ledger = arena_alloc(verifying->arena, sizeof *ledger);
	if (!ledger)
		return arena_fault(verifying->arena);
	comity__survey_report__init(ledger);
	TRY(backup_join(path, verifying->path, "blobs"));
	TRY(blobs_open(path, &subject.blobs));
	enum fault fault = backup_view(verifying->path, verifying->store_key, &subject.store);
	blobs_set_keys(subject.blobs, store_find_key, subject.store);
	if (!fault)
		fault = survey(&subject, verifying->arena, ledger);
	store_close(subject.store);
	blobs_close(subject.blobs);
	return fault;
}

/* A ledger that was altered is not opened: LMDB trusts its file. */
static enum fault verify(struct verifying *verifying, const struct identity *identity)
{
	char digits[IDENTITY_DIGITS_SIZE] = "";
	TRY(backup_read_list(verifying->dir, &verifying->list));
	struct span lines = span_of(&verifying->list);
	TRY(backup_read_head(&lines, &verifying->head));
	TRY(backup_prove(verifying->dir, span_of(&verifying->list), &verifying->head, identity, digits));
	backup_report_head(verifying->report, &verifying->head, verifying->path, verifying->arena);
	verifying->report->digits = record_text(verifying->arena, digits);
	verifying->every = verifying->head.attachments / SAMPLE + 1;
	if (getrandom(&verifying->offset, sizeof verifying->offset, 0) != sizeof verifying->offset)
		return disk_fault("random bytes");
	verifying->offset %= verifying->every;
	TRY(verify_files(verifying, lines));
	if (!verifying->has_sound_ledger)
		return OK;
	enum fault fault = verify_ledger(verifying);
	if (!fault || fault == FAULT_NO_MEMORY || fault == FAULT_SHUTTING_DOWN)
		return fault;
	verifying->report->ledger = NULL;
	backup_tell(verifying->report, verifying->arena, fault, BACKUP_LEDGER, fault_detail(fault));
	return OK;
}

enum fault backup_verify(const char *path, const struct identity *identity, const char *store_key, bool is_deep,
	const atomic_bool *must_stop, struct arena *arena, Comity__BackupReport *report)
{
	struct verifying verifying = { .path = path, .store_key = store_key, .is_deep = is_deep, .must_stop = must_stop,
		.arena = arena, .report = report };
	comity__backup_report__init(report);
	report->has_files = report->has_files_read = report->has_ok = 1;
	TRY(backup_open_dir(path, &verifying.dir));
	enum fault fault = verify(&verifying, identity);
	close(verifying.dir);
	bytes_clear(&verifying.list);
	report->ok = !fault && !report->n_problems && report->ledger && report->ledger->ok;
	return fault ? fault : arena->was_refused ? arena_fault(arena) : OK;
}

/* ── listing ──────────────────────────────────────────────────────────────────────────────────── */

/* Does it say that it is one?  Only the head is read. */
static bool read_head(const char *path, struct backup_head *head)
{
	char name[BACKUP_PATH_SIZE];
	uint8_t front[HEAD_SIZE];
	size_t got = 0;
	int file = backup_join(name, path, "MANIFEST") ? -1 : open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return false;
	enum fault fault = disk_read(file, front, sizeof front, 0, &got);
	close(file);
	struct span text = { front, got };
	return !fault && !backup_read_head(&text, head);
}

static enum fault add(Comity__BackupList *list, const char *directory, const char *name, struct arena *arena)
{
	char path[BACKUP_PATH_SIZE];
	struct backup_head head;
	size_t len = strlen(name), ending = strlen(BACKUP_ENDING);
	if (len <= ending || strcmp(name + len - ending, BACKUP_ENDING) || backup_join(path, directory, name) ||
	    !read_head(path, &head))
		return OK;
	Comity__BackupReport *report = arena_alloc(arena, sizeof *report);
	if (!report)
		return arena_fault(arena);
	comity__backup_report__init(report);
	backup_report_head(report, &head, path, arena);
	return record_append(arena, &list->n_data, &list->data, &report, sizeof report) ? OK : arena_fault(arena);
}

static int compare_times(const void *left, const void *right)
{
	const Comity__BackupReport *const *a = left, *const *b = right;
	return strcmp((*a)->at, (*b)->at);
}

enum fault backup_list(const char *directory, struct arena *arena, Comity__BackupList *list)
{
	comity__backup_list__init(list);
	list->schema = "comity.backup-list/1";
	list->directory = record_text(arena, directory);
	DIR *dir = opendir(directory);
	if (!dir)
		return disk_fault(directory);
	enum fault fault = OK;
	for (struct dirent *entry; !fault && (entry = readdir(dir)); )
		fault = add(list, directory, entry->d_name, arena);
	closedir(dir);
	if (list->n_data)
		qsort(list->data, list->n_data, sizeof *list->data, compare_times);
	return fault;
}
