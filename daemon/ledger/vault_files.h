#pragma once
/* The files of keys: named, read, made, exchanged.  What vault.c shares with vault_files.c; nobody else includes this. */
#include "certs/seal.h"

enum { VAULT_PATH_SIZE = 4096 };

#define VAULT_FILE	"/vault.sealed"
#define VAULT_NEXT	".next"		/* behind a name: the next one, until what decides is on disk */
#define VAULT_NEW	".new"		/* behind a name: not whole yet */

/* Faults: io, when it is too long. */
enum fault vault_path(char path[VAULT_PATH_SIZE], const char *front, const char *tail) MUST_CHECK;
/* Where the store key of that source lies; *is_file: it is ours to make and to change.  Faults: config, store key. */
enum fault vault_key_path(char path[VAULT_PATH_SIZE], const char *source, bool *is_file) MUST_CHECK;
/* Faults: store key (missing, open to others, no key), no memory. */
enum fault vault_read_store_key(const char *path, struct seal **key) MUST_CHECK;
enum fault vault_write_store_key(const char *path, const struct seal *key) MUST_CHECK;	/* faults: as file_create */

/* Put a file in another's place, on disk, and write over what that one held: the rename is the moment.  What the disk
 * itself keeps of old blocks is beyond us. */
enum fault vault_replace(const char *next, const char *path) MUST_CHECK;
enum fault vault_remove(const char *path) MUST_CHECK;
