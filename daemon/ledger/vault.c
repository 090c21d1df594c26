#include "daemon/ledger/vault.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/files.h"
#include "daemon/ledger/vault_files.h"

/* The present key and the next: of the files, in memory, and of the store keys that are tried. */
enum { PRESENT, NEXT, KEYS };

struct vault {
	pthread_mutex_t lock;			/* of the keys: a seal is for one thread at a time */
	char path[VAULT_PATH_SIZE], next[VAULT_PATH_SIZE];	/* the files of the vault key */
	char *source;
	struct seal *keys[KEYS];		/* NEXT: when its file is there, or after a change the one before */
	bool is_changing;
};

static const char bound[] = "vault key";

/* ── the store key ──────────────────────────────────────────────────────────────────────────── */

enum fault vault_make_store_key(const char *source)
{
	char path[VAULT_PATH_SIZE];
	bool is_file;
	TRY(vault_key_path(path, source, &is_file));
	if (!is_file || !access(path, F_OK))
		return OK;
	struct seal *key;
	TRY(seal_make(&key));
	enum fault fault = vault_write_store_key(path, key);
	seal_free(key);
	return fault;
}

static void clear_store_keys(struct seal *keys[KEYS])
{
	for (int i = 0; i < KEYS; i++)
		seal_free(keys[i]);
}

/* At least one; what is wrong with the present one is told, for it is the one that should be there. */
static enum fault read_store_keys(const char *source, struct seal *keys[KEYS])
{
	char path[VAULT_PATH_SIZE], next[VAULT_PATH_SIZE];
	bool is_file;
	keys[PRESENT] = keys[NEXT] = NULL;
	TRY(vault_key_path(path, source, &is_file));
	TRY(vault_path(next, path, VAULT_NEXT));
	if (!access(next, F_OK) && vault_read_store_key(next, &keys[NEXT]))
		keys[NEXT] = NULL;	/* half written, when the power went */
	enum fault fault = vault_read_store_key(path, &keys[PRESENT]);
	return keys[NEXT] ? OK : fault;
}

/* ── the files of the vault key ───────────────────────────────────────────────────────────────── */

static enum fault write_vault_key(struct seal *store_key, const struct seal *seal, const char *path)
{
	uint8_t wrapped[SEAL_WRAPPED_SIZE];
	TRY(seal_wrap(store_key, span_of_text(bound), seal, wrapped));
	unlink(path);	/* of an attempt that died */
	return file_create(path, FILE_PRIVATE, SPAN(wrapped));
}

/* Opened with whichever store key fits.  NULL when none does, or there is no such file. */
static enum fault read_vault_key(const char *path, struct seal *const store_keys[KEYS], struct seal **seal, int *which)
{
	struct bytes wrapped = { 0 };
	*seal = NULL;
	if (access(path, F_OK))
		return OK;
	TRY(file_read(path, FILE_PRIVATE, SEAL_WRAPPED_SIZE, &wrapped));
	enum fault fault = FAULT_BAD_KEY;
	for (int i = 0; i < KEYS && fault == FAULT_BAD_KEY; i++)
		if (store_keys[i] && !(fault = seal_unwrap(store_keys[i], span_of_text(bound), span_of(&wrapped), seal)) && which)
			*which = i;
	bytes_clear(&wrapped);
	return fault == FAULT_BAD_KEY ? OK : fault;
}

static enum fault create(const char *path, struct seal *store_key)
{
	struct seal *seal;
	if (!access(path, F_OK))
		return fault_say(FAULT_EXISTS, "there is %s already", path);
	TRY(seal_make(&seal));
	enum fault fault = write_vault_key(store_key, seal, path);
	seal_free(seal);
	return fault;
}

enum fault vault_create(const char *dir, const char *source)
{
	char path[VAULT_PATH_SIZE];
	struct seal *store_keys[KEYS];
	TRY(vault_path(path, dir, VAULT_FILE));
	enum fault fault = read_store_keys(source, store_keys);
	if (!fault)
		fault = create(path, store_keys[store_keys[PRESENT] ? PRESENT : NEXT]);
	clear_store_keys(store_keys);
	return fault;
}

/* ── open and close ───────────────────────────────────────────────────────────────────────────── */

static enum fault load(struct vault *vault)
{
	struct seal *store_keys[KEYS];
	enum fault fault = read_store_keys(vault->source, store_keys);
	if (!fault)
		fault = read_vault_key(vault->path, store_keys, &vault->keys[PRESENT], NULL);
	if (!fault)
		fault = read_vault_key(vault->next, store_keys, &vault->keys[NEXT], NULL);
	clear_store_keys(store_keys);
	TRY(fault);
	if (vault->keys[PRESENT] || vault->keys[NEXT])
		return OK;
	return access(vault->path, F_OK) ? fault_say(FAULT_STORE_MISSING, "there is no %s", vault->path) :
		fault_say(FAULT_STORE_KEY, "%s does not open with the store key (%s): it is of another store key", vault->path,
			vault->source);
}

enum fault vault_open(const char *dir, const char *source, struct vault **opened)
{
	*opened = NULL;
	struct vault *vault = calloc(1, sizeof *vault);
	if (!vault)
		return FAULT_NO_MEMORY;
	pthread_mutex_init(&vault->lock, NULL);
	vault->source = strdup(source);
	enum fault fault = vault->source ? vault_path(vault->path, dir, VAULT_FILE) : FAULT_NO_MEMORY;
	if (!fault)
		fault = vault_path(vault->next, vault->path, VAULT_NEXT);
	if (!fault)
		fault = load(vault);
	if (fault)
		vault_close(vault);
	else
		*opened = vault;
	return fault;
}

void vault_close(struct vault *vault)
{
	if (!vault)
		return;
	clear_store_keys(vault->keys);
	pthread_mutex_destroy(&vault->lock);
	free(vault->source);
	free(vault);
}

/* ── what it seals ────────────────────────────────────────────────────────────────────────────── */

static struct seal *writing_key(const struct vault *vault)
{
	return vault->keys[vault->is_changing ? NEXT : PRESENT];
}

enum fault vault_wrap(struct vault *vault, struct span where, const struct seal *seal, uint8_t to[SEAL_WRAPPED_SIZE])
{
	pthread_mutex_lock(&vault->lock);
	enum fault fault = seal_wrap(writing_key(vault), where, seal, to);
	pthread_mutex_unlock(&vault->lock);
	return fault;
}

enum fault vault_unwrap(struct vault *vault, struct span where, struct span wrapped, struct seal **seal)
{
	enum fault fault = FAULT_BAD_KEY;
	*seal = NULL;
	pthread_mutex_lock(&vault->lock);
	for (int i = 0; i < KEYS && fault == FAULT_BAD_KEY; i++)
		if (vault->keys[i])
			fault = seal_unwrap(vault->keys[i], where, wrapped, seal);
	pthread_mutex_unlock(&vault->lock);
	return fault == FAULT_BAD_KEY ? fault_say(FAULT_STORE_KEY, "a key in the ledger does not open: it was altered, or is of "
		"another store") : fault;
}

enum fault vault_check(struct vault *vault, uint8_t check[VAULT_CHECK_SIZE])
{
	pthread_mutex_lock(&vault->lock);
	enum fault fault = seal_close(writing_key(vault), span_of_text(bound), (struct span){ 0 }, (struct span){ 0 }, check);
	pthread_mutex_unlock(&vault->lock);
	return fault;
}

static bool is_of(struct seal *key, struct span check)
{
	uint8_t none[1];
	return key && check.len == VAULT_CHECK_SIZE && seal_open(key, span_of_text(bound), (struct span){ 0 }, check, none);
}

static void exchange_keys(struct vault *vault)
{
	struct seal *other = vault->keys[PRESENT];
	vault->keys[PRESENT] = vault->keys[NEXT];
	vault->keys[NEXT] = other;
	vault->is_changing = false;
}

enum fault vault_settle(struct vault *vault, struct span check)
{
	pthread_mutex_lock(&vault->lock);
	if (!is_of(vault->keys[PRESENT], check))
		exchange_keys(vault);	/* else a change that is under way goes on */
	bool is_settled = is_of(vault->keys[PRESENT], check);
	pthread_mutex_unlock(&vault->lock);
	return is_settled ? OK : fault_say(FAULT_STORE_KEY, "the key in %s is not that of this ledger", vault->path);
}

void vault_drop(struct vault *vault)
{
	pthread_mutex_lock(&vault->lock);
	seal_free(vault->keys[NEXT]);
	vault->keys[NEXT] = NULL;
	vault->is_changing = false;
	pthread_mutex_unlock(&vault->lock);
}

/* ── changing ─────────────────────────────────────────────────────────────────────────────────── */

/* The store key that opens the vault key's file now, for sealing the next one.  *which: the present, or the next. */
static enum fault find_store_key(struct vault *vault, struct seal *store_keys[KEYS], int *which)
{
	struct seal *seal;
	enum fault fault = read_store_keys(vault->source, store_keys);
	if (!fault)
		fault = read_vault_key(vault->path, store_keys, &seal, which);
	if (!fault && !seal)
		fault = fault_say(FAULT_STORE_KEY, "the store key (%s) is another one than when the daemon started", vault->source);
	if (!fault)
		seal_free(seal);
	return fault;
}

enum fault vault_change_begin(struct vault *vault)
{
	struct seal *store_keys[KEYS], *seal = NULL;
	int which = PRESENT;
	enum fault fault = find_store_key(vault, store_keys, &which);
	if (!fault)
		fault = seal_make(&seal);
	if (!fault)
		fault = write_vault_key(store_keys[which], seal, vault->next);
	clear_store_keys(store_keys);
	if (fault) {
		seal_free(seal);
		return fault;
	}
	vault_drop(vault);
	pthread_mutex_lock(&vault->lock);
	vault->keys[NEXT] = seal;
	vault->is_changing = true;
	pthread_mutex_unlock(&vault->lock);
	return OK;
}

enum fault vault_change_end(struct vault *vault)
{
	pthread_mutex_lock(&vault->lock);
	if (vault->is_changing)		/* else the store was reopened since, and it is settled */
		exchange_keys(vault);
	pthread_mutex_unlock(&vault->lock);
	return vault_replace(vault->next, vault->path);
}

void vault_change_undo(struct vault *vault)
{
	vault_drop(vault);
	unlink(vault->next);	/* if it stays, the next start clears it away */
}

/* ── another store key ────────────────────────────────────────────────────────────────────────── */

/* The vault key's file anew, under another store key: the rename is the moment. */
static enum fault seal_anew(struct vault *vault, struct seal *store_key)
{
	char fresh[VAULT_PATH_SIZE];
	TRY(vault_path(fresh, vault->path, VAULT_NEW));
	pthread_mutex_lock(&vault->lock);
	enum fault fault = write_vault_key(store_key, vault->keys[PRESENT], fresh);
	pthread_mutex_unlock(&vault->lock);
	TRY(fault);
	return vault_replace(fresh, vault->path);
}

static enum fault rekey_with(struct vault *vault, const char *path, const char *next, bool is_file)
{
	struct seal *key;
	if (is_file) {
		TRY(seal_make(&key));
		unlink(next);
		enum fault fault = vault_write_store_key(next, key);
		seal_free(key);
		TRY(fault);
	}
	TRY(vault_read_store_key(next, &key));
	enum fault fault = seal_anew(vault, key);
	seal_free(key);
	TRY(fault);
	return is_file ? vault_replace(next, path) : OK;
}

enum fault vault_rekey(struct vault *vault)
{
	char path[VAULT_PATH_SIZE], next[VAULT_PATH_SIZE];
	struct seal *store_keys[KEYS];
	int which = PRESENT;
	bool is_file;
	TRY(vault_key_path(path, vault->source, &is_file));
	TRY(vault_path(next, path, VAULT_NEXT));
	enum fault fault = find_store_key(vault, store_keys, &which);
	clear_store_keys(store_keys);
	TRY(fault);
	if (!is_file && which == NEXT)
		return fault_say(FAULT_STORE_KEY, "it is under %s already: make that the present credential", next);
	if (which == NEXT)
		TRY(vault_replace(next, path));	/* the end of one that was cut short: it is the only one that fits */
	return rekey_with(vault, path, next, is_file);
}

/* ── after a change that was cut short ────────────────────────────────────────────────────────── */

/* The vault key that is settled has its name, and no other lies beside it. */
static enum fault tidy_vault_key(struct vault *vault, struct seal *const store_keys[KEYS], int *which)
{
	uint8_t held[SEAL_KEY_SIZE], settled[SEAL_KEY_SIZE];
	struct seal *seal;
	if (access(vault->next, F_OK))
		return OK;
	TRY(read_vault_key(vault->next, store_keys, &seal, which));
	bool is_it = false;
	if (seal) {
		seal_key(seal, held);
		seal_key(vault->keys[PRESENT], settled);
		is_it = !memcmp(held, settled, sizeof held);
		seal_wipe(held, sizeof held);
		seal_wipe(settled, sizeof settled);
	}
	seal_free(seal);
	if (is_it)
		return vault_replace(vault->next, vault->path);
	return vault_remove(vault->next);
}

static enum fault tidy(struct vault *vault, struct seal *const store_keys[KEYS])
{
	char path[VAULT_PATH_SIZE], next[VAULT_PATH_SIZE];
	struct seal *seal;
	int which = PRESENT;
	bool is_file;
	TRY(tidy_vault_key(vault, store_keys, &which));
	TRY(read_vault_key(vault->path, store_keys, &seal, &which));
	seal_free(seal);
	TRY(vault_key_path(path, vault->source, &is_file));
	TRY(vault_path(next, path, VAULT_NEXT));
	if (!is_file || !seal || access(next, F_OK))
		return OK;
	return which == NEXT ? vault_replace(next, path) : vault_remove(next);
}

enum fault vault_tidy(struct vault *vault)
{
	struct seal *store_keys[KEYS];
	enum fault fault = read_store_keys(vault->source, store_keys);
	if (!fault)
		fault = tidy(vault, store_keys);
	clear_store_keys(store_keys);
	vault_drop(vault);
	return fault;
}
