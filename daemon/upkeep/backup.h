#pragma once
/* Backups: one moment of the ledger, every attachment that it speaks of, and a signed list of both.
 *
 *	SET/xf-ca-20261123T101203.412Z.backup/	one backup; its name is given last, so what has it is whole
 *		MANIFEST			text: sha256sum(1) lines of every other file but the next
 *		MANIFEST.p7s			its detached CMS signature, ours
 *		signing.pem authority.pem	the certificates that prove it
 *		store.mdb			the ledger, compact; sealed, as everything of cases is
 *		vault.sealed			what opens it, sealed under the store key of then
 *		blobs/				attachments, named as in the daemon's own directory
 *		etc/				configuration, as it was
 *		keys/				only when asked for; the store key with them
 *
 * Attachments never change, so those that the newest earlier backup of the set holds are hard links to it: a set grows by
 * what is new, and each backup of it can be copied, verified and deleted by itself.  Stock tools check one:
 *
 *	cd BACKUP && sha256sum --quiet --check MANIFEST && openssl cms -verify -binary -inform DER -in MANIFEST.p7s
 *		-content MANIFEST -certfile signing.pem -CAfile authority.pem ... (certs/signature.h)
 *
 * Everything here blocks on the disk: not for the loop's thread.
 */
#include <stdatomic.h>

#include "proto/arena.h"
#include "proto/control.pb-c.h"

struct blobs;
struct identity;
struct store;

/* What is backed up, or put in its place.  The paths may be of things that are not there. */
struct backup_places {
	const char *state;			/* holds keys/, store/ and blobs/ */
	const char *config, *profile;
	const char *store_key;			/* where it is (vault.h) */
};

struct backup_source {
	struct store *store;
	struct blobs *blobs;
	const struct identity *identity;
	struct backup_places places;
	const char *software;
	bool with_keys;
	const atomic_bool *must_stop;		/* asked now and then: give up; may be NULL */
};

/* Make a backup in the set `directory`, which is made if it is missing (its parent must be there).  The report lives in
 * the arena; attachments that are lost or altered are its problems, and are left out.  Faults: usage (no absolute path),
 * exists, not yet (another one is being made there), io, disk full, no memory, shutting down (it must stop). */
enum fault backup_create(const struct backup_source *source, const char *directory, struct arena *arena,
	Comity__BackupReport *report) MUST_CHECK;
/* Look through a backup, writing nothing: signature, files, ledger and chains.  Deep: every attachment is read, and every
 * signature in the ledger verified; else some of the attachments.  `identity` is ours, or NULL when it is not known.
 * Without the store key, which is looked for at `store_key` and in the backup, the ledger is not looked through.
 * What is wrong is told by the report.  Faults: bad backup (it is none, or its list is not genuine), io, no memory. */
enum fault backup_verify(const char *path, const struct identity *identity, const char *store_key, bool is_deep,
	const atomic_bool *must_stop, struct arena *arena, Comity__BackupReport *report) MUST_CHECK;
/* The backups of a set, oldest first, by what they say of themselves. */
enum fault backup_list(const char *directory, struct arena *arena, Comity__BackupList *list) MUST_CHECK;

/* Put a backup in place.  Everything is copied beside, compared and looked through before anything is touched; what was
 * there is moved aside and never deleted.  The daemon will start on hold.  Faults: daemon running, bad backup, usage
 * (`confirm` is not its authority), io, disk full. */
enum fault backup_restore(const char *path, const struct backup_places *places, const char *confirm, struct arena *arena,
	Comity__BackupReport *report) MUST_CHECK;
/* Faults: restore unfinished, when one was cut short and what is in place may not belong together. */
enum fault backup_check_state(const char *state) MUST_CHECK;
