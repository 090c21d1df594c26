/* Backups, as the control sockets tell and make them. */
#include <string.h>

#include "daemon/upkeep/backup.h"
#include "daemon/upkeep/backups.h"
#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/events.h"
#include "daemon/log.h"

static enum fault make_report(struct chore *chore, Comity__BackupReport **report)
{
	if (!chore_make(chore, &comity__backup_report__descriptor, report))
		return arena_fault(&chore->arena);
	chore->reply.kind_case = COMITY__REPLY__KIND_BACKUP;
	chore->reply.backup = *report;
	return OK;
}

static void tell(struct txn *txn, struct chore *chore, const char *type, const char *path)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.text = (char *)path;
	data.reason = chore->fault ? (char *)fault_slug(chore->fault) : NULL;
	data.has_actor_uid = 1;
	data.actor_uid = chore->session->uid;
	events_append(txn, type, NULL, &data);
}

/* ── make ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault create(struct chore *chore)
{
	const struct control_rooms *rooms = chore->rooms;
	const Comity__BackupCreate *call = chore->call->backup_create;
	const struct backup_source source = { .store = rooms->store, .blobs = rooms->blobs, .identity = rooms->identity,
		.places = *rooms->places, .software = rooms->version, .with_keys = call->keys,
		.must_stop = rooms->must_stop };
	Comity__BackupReport *report;
	TRY(make_report(chore, &report));
	return backup_create(&source, call->directory ? call->directory : "", &chore->arena, report);
}

static void note_created(struct txn *txn, struct chore *chore)
{
	const Comity__BackupCreate *call = chore->call->backup_create;
	if (!chore->fault)
		backups_made(txn, call->directory, chore->reply.backup->path, chore->reply.backup->at);
	tell(txn, chore, chore->fault ? EVENT_BACKUP_FAILED : EVENT_BACKUP_DONE,
		chore->fault ? call->directory : chore->reply.backup->path);
}

static const struct chore_kind creating = { .work = create, .note = note_created };

void pursue_backup_create(struct session *session)
{
	chore_begin(session, &creating);
}

/* ── verify ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault verify(struct chore *chore)
{
	const Comity__BackupVerify *call = chore->call->backup_verify;
	Comity__BackupReport *report;
	TRY(make_report(chore, &report));
	return backup_verify(call->path ? call->path : "", chore->rooms->identity, chore->rooms->places->store_key, call->deep,
		chore->rooms->must_stop,
		&chore->arena, report);
}

static void note_verified(struct txn *txn, struct chore *chore)
{
	const char *path = chore->call->backup_verify->path;
	bool is_whole = !chore->fault && chore->reply.backup->ok;
	if (is_whole)
		backups_verified(txn, path);
	tell(txn, chore, is_whole ? EVENT_BACKUP_VERIFIED : EVENT_BACKUP_FAILED, path);
}

static const struct chore_kind verifying = { .work = verify, .note = note_verified };

void pursue_backup_verify(struct session *session)
{
	chore_begin(session, &verifying);
}

/* ── list ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault find_set(struct chore *chore, const char **directory)
{
	struct txn txn;
	*directory = chore->call->backup_list->directory;
	if (*directory && **directory)
		return OK;
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	const Comity__Backups *backups = backups_find(&txn, &chore->arena);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	TRY(fault);
	*directory = backups ? backups->directory : NULL;
	return *directory ? OK : fault_say(FAULT_NOT_FOUND, "no backup was made yet, and no directory is named");
}

static enum fault list(struct chore *chore)
{
	Comity__BackupList *listed;
	const char *directory;
	if (!chore_make(chore, &comity__backup_list__descriptor, &listed))
		return arena_fault(&chore->arena);
	TRY(find_set(chore, &directory));
	chore->reply.kind_case = COMITY__REPLY__KIND_BACKUPS;
	chore->reply.backups = listed;
	return backup_list(directory, &chore->arena, listed);
}

static const struct chore_kind listing = { .work = list };

void pursue_backup_list(struct session *session)
{
	chore_begin(session, &listing);
}
