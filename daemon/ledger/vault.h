#pragma once
/* The keys above all other keys of a ledger, and where they come from.
 *
 *	the store key		comes from outside: a file, or a credential of the service manager.  It opens nothing but
 *	the vault key		random, sealed under the store key in `vault.sealed` beside the ledger.  It opens nothing but
 *	the keys of owners	random, one for each case, in the ledger (store_seal.h); these seal records and attachments.
 *
 * The vault key is there so that destroying can be made true without touching what people have put away: the ledger's
 * free pages keep old wrapped keys until they are written over, and backups keep them for good.  A new vault key, under
 * which all owners' keys are wrapped anew, makes what lies in the free pages worthless, and the store key stays as it is.
 *
 * Both can be changed, and the power may go at any moment of it: the next one lies beside the present one, as NAME.next,
 * until what decides is on disk; whoever opens takes the one that fits, and clears the other away.
 *
 * The store key is in memory only while it opens or seals the vault key.  Any thread. */
#include "certs/seal.h"

struct vault;

/* Where the store key is: `file:PATH`, or `credential:NAME`, which is a file that the service manager lays into
 * $CREDENTIALS_DIRECTORY.  It has 32 random bytes, as 64 hexadecimal digits in a line. */

/* Make a store key where it is a file and is not there yet.  Faults: store key, cannot create, io. */
enum fault vault_make_store_key(const char *source) MUST_CHECK;
/* Make the vault of a new ledger in `dir`.  Faults: store key, exists, io, disk full. */
enum fault vault_create(const char *dir, const char *source) MUST_CHECK;
/* Faults: store key (it is missing, or another one), store missing, io, no memory. */
enum fault vault_open(const char *dir, const char *source, struct vault **vault) MUST_CHECK;
void vault_close(struct vault *vault);			/* wipes; takes NULL */

/* ── what it seals ────────────────────────────────────────────────────────────────────────────── */

/* Faults: io. */
enum fault vault_wrap(struct vault *vault, struct span bound, const struct seal *seal, uint8_t to[SEAL_WRAPPED_SIZE]) MUST_CHECK;
/* Whichever of its keys fits.  Faults: store key (none does), no memory. */
enum fault vault_unwrap(struct vault *vault, struct span bound, struct span wrapped, struct seal **seal) MUST_CHECK;
/* What tells in a ledger which vault key it is of. */
enum { VAULT_CHECK_SIZE = SEAL_OVERHEAD };
enum fault vault_check(struct vault *vault, uint8_t check[VAULT_CHECK_SIZE]) MUST_CHECK;
/* Is one of ours that of this ledger?  Then it is the one from now on.  Faults: store key. */
enum fault vault_settle(struct vault *vault, struct span check) MUST_CHECK;
/* After that, for whose ledger it is, and not for who looks into a copy: end what was cut short, and clear away what is
 * left of it, in files and in memory.  Faults: store key, io. */
enum fault vault_tidy(struct vault *vault) MUST_CHECK;

/* ── changing ───────────────────────────────────────────────────────────────────────────────────
 *
 * A new vault key: begin; then, in a transaction, wrap everything anew; then end, once it is on disk.  Between the two
 * vault_wrap() takes the new one and vault_unwrap() both. */
enum fault vault_change_begin(struct vault *vault) MUST_CHECK;	/* faults: store key, io, disk full */
enum fault vault_change_end(struct vault *vault) MUST_CHECK;
/* Nobody reads any more what the one before has wrapped. */
void vault_drop(struct vault *vault);
/* It came to nothing: nothing was committed, for certain. */
void vault_change_undo(struct vault *vault);
/* Another store key: a new one where it is a file, else the credential NAME.next.  Faults: store key, io, disk full. */
enum fault vault_rekey(struct vault *vault) MUST_CHECK;
