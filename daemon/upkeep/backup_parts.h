#pragma once
/* What the files of daemon/backup*.c share. */
#include "certs/authority.h"
#include "daemon/upkeep/backup.h"
#include "proto/stamp.h"

enum { BACKUP_PATH_SIZE = 4096 };

#define BACKUP_ENDING	".backup"
#define BACKUP_LEDGER	"store.mdb"
#define BACKUP_VAULT	"vault.sealed"
#define BACKUP_STORE_KEY "keys/store.key"

/* ── the list of a backup ─────────────────────────────────────────────────────────────────────── */

/* What stands at its head, in lines that begin with '#', which sha256sum(1) passes over. */
struct backup_head {
	char authority[AUTHORITY_ID_SIZE], at[STAMP_SIZE], software[64];
	bool has_keys;
	uint64_t events, store_bytes, attachments, attachment_bytes;
};

struct backup_line {
	uint8_t digest[DIGEST_SIZE];
	struct span path;			/* below the backup; checked to stay there */
};

enum fault backup_write_head(struct bytes *text, const struct backup_head *head) MUST_CHECK;
enum fault backup_write_line(struct bytes *text, const uint8_t digest[DIGEST_SIZE], const char *path) MUST_CHECK;
/* Take the head, then line after line, off the front of a text.  Faults: bad backup, naming what is wrong. */
enum fault backup_read_head(struct span *text, struct backup_head *head) MUST_CHECK;
/* *line is of an empty path at the end. */
enum fault backup_read_line(struct span *text, struct backup_line *line) MUST_CHECK;

/* The whole list of the backup in `dir`, appended.  Faults: bad backup. */
enum fault backup_read_list(int dir, struct bytes *text) MUST_CHECK;
/* Prove that list.  `digits` is of the identity that speaks in it; it must be `identity`, unless that is NULL.
 * Faults: bad backup. */
enum fault backup_prove(int dir, struct span list, const struct backup_head *head, const struct identity *identity,
	char digits[]) MUST_CHECK;
void backup_report_head(Comity__BackupReport *report, const struct backup_head *head, const char *path,
	struct arena *arena);

/* Look into the ledger of the backup at `path`, with that store key or the one inside.  Faults: those of store_view() and
 * vault_open(). */
enum fault backup_view(const char *path, const char *store_key, struct store **view) MUST_CHECK;

/* ── files ────────────────────────────────────────────────────────────────────────────────────── */

enum fault backup_join(char path[BACKUP_PATH_SIZE], const char *directory, const char *name) MUST_CHECK;
/* Faults: no input (there is none, or it is not open to us), io. */
enum fault backup_open_dir(const char *path, int *dir) MUST_CHECK;
/* A whole small file, appended.  Faults: not found, too large, io. */
enum fault backup_read_file(int dir, const char *name, struct bytes *content) MUST_CHECK;
/* A new file in `dir`, 0600, the directories on its way with it (0700), open for writing. */
enum fault backup_new_file(int dir, const char *name, int *file) MUST_CHECK;
/* Sync and close it, the fault so far passed on. */
enum fault backup_end_file(int file, enum fault fault) MUST_CHECK;
/* SHA-256 and size of an open file; with a `to` it is copied there as well. */
enum fault backup_hash(int from, int to, uint8_t digest[DIGEST_SIZE], uint64_t *size) MUST_CHECK;
/* Sync every directory below `path`, and itself. */
enum fault backup_sync_tree(const char *path) MUST_CHECK;
/* Delete all of it; what is not there is deleted already. */
void backup_remove_tree(const char *path);

void backup_tell(Comity__BackupReport *report, struct arena *arena, enum fault fault, const char *path,
	const char *sentence);
