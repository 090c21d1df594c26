/* A backup, from the moment it holds to the name that makes it one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "certs/signature.h"
#include "daemon/upkeep/backup_parts.h"
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/record.h"
#include "daemon/upkeep/survey.h"
#include "proto/unpack.h"

struct making {
	const struct backup_source *source;
	struct arena *arena;
	Comity__BackupReport *report;
	char partial[BACKUP_PATH_SIZE];		/* where it is made; no backup yet */
	int set, dir;				/* open; -1 while not */
	struct backup_head head;
	struct bytes lines;			/* of its list, so far */
	struct store *view;			/* the ledger in it */
	/* the newest backup that was there before */
	int earlier;
	struct bytes earlier_list;
	struct backup_line *known;		/* its attachments, sorted by path */
	size_t known_count;
};

/* ── what an earlier one holds already ────────────────────────────────────────────────────────── */

static int compare_lines(const void *left, const void *right)
{
	const struct span *a = &((const struct backup_line *)left)->path, *b = &((const struct backup_line *)right)->path;
	int order = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);
	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static bool is_attachment(struct span path)
{
	return path.len == sizeof "blobs/" - 1 + BLOB_NAME_SIZE - 1 && !memcmp(path.at, "blobs/", 6);
}

static enum fault read_known(struct making *making)
{
	struct backup_head head;
	struct backup_line line;
	TRY(backup_read_list(making->earlier, &making->earlier_list));
	struct span text = span_of(&making->earlier_list);
	making->known = malloc((text.len / (DIGEST_HEX_SIZE + 3) + 1) * sizeof *making->known);
	if (!making->known)
		return FAULT_NO_MEMORY;
	TRY(backup_read_head(&text, &head));
	do {
		TRY(backup_read_line(&text, &line));
		if (is_attachment(line.path))
			making->known[making->known_count++] = line;
	} while (line.path.len);
	qsort(making->known, making->known_count, sizeof *making->known, compare_lines);
	return OK;
}

/* One that cannot be read is no reason not to make another: then nothing is shared. */
static enum fault find_earlier(struct making *making, const char *directory)
{
	Comity__BackupList list;
	TRY(backup_list(directory, making->arena, &list));
	if (!list.n_data || backup_open_dir(list.data[list.n_data - 1]->path, &making->earlier))
		return OK;
	enum fault fault = read_known(making);
	if (fault)
		making->known_count = 0;
	return fault == FAULT_NO_MEMORY ? fault : OK;
}

/* ── files ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_copy(struct making *making, const char *from, const char *name)
{
	uint8_t digest[DIGEST_SIZE];
	uint64_t size;
	int to, file = open(from, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? OK : disk_fault(from);
	enum fault fault = backup_new_file(making->dir, name, &to);
	if (!fault)
		fault = backup_end_file(to, backup_hash(file, to, digest, &size));
	close(file);
	TRY(fault);
	return backup_write_line(&making->lines, digest, name);
}

static enum fault write_file(struct making *making, const char *name, struct span content)
{
	int file;
	TRY(backup_new_file(making->dir, name, &file));
	return backup_end_file(file, disk_write(file, content, 0));
}

static enum fault add_text(struct making *making, const char *name, struct span content)
{
	uint8_t digest[DIGEST_SIZE];
	digest_of(digest, content);
	TRY(write_file(making, name, content));
	return backup_write_line(&making->lines, digest, name);
}

static enum fault add_certificates(struct making *making)
{
	static const struct { const char *name; enum role roles[2]; size_t count; } files[] = {
		{ "signing.pem",   { ROLE_SIGNING },                   1 },
		{ "authority.pem", { ROLE_DELEGATION, ROLE_IDENTITY }, 2 },
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct bytes pem = { 0 };
		enum fault fault = OK;
		for (size_t j = 0; !fault && j < files[i].count; j++)
			fault = certificate_pem(identity_certificate(making->source->identity, files[i].roles[j]), &pem);
		if (!fault)
			fault = add_text(making, files[i].name, span_of(&pem));
		bytes_clear(&pem);
		TRY(fault);
	}
	return OK;
}

static enum fault add_keys(struct making *making)
{
	static const char *const endings[] = { "key", "crt", "crl" };
	char path[BACKUP_PATH_SIZE], name[64];
	for (int role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			snprintf(name, sizeof name, "keys/%s.%s", role_name((enum role)role), endings[i]);
			TRY(backup_join(path, making->source->places.state, name));
			TRY(add_copy(making, path, name));
		}
	const char *store_key = making->source->places.store_key;	/* a credential is the service manager's to keep */
	return strncmp(store_key, "file:", 5) ? OK : add_copy(making, store_key + 5, BACKUP_STORE_KEY);
}

static enum fault add_small_files(struct making *making)
{
	char salt[BACKUP_PATH_SIZE];
	TRY(backup_join(salt, making->source->places.state, "blobs/.salt"));
	TRY(add_copy(making, salt, "blobs/.salt"));
	TRY(add_copy(making, making->source->places.config, "etc/comityd.yaml"));
	TRY(add_copy(making, making->source->places.profile, "etc/profile.yaml"));
	TRY(add_certificates(making));
	return making->source->with_keys ? add_keys(making) : OK;
}

/* ── the ledger ───────────────────────────────────────────────────────────────────────────────── */

static enum fault take_snapshot(struct making *making)
{
	int file;
	char vault[BACKUP_PATH_SIZE];
	TRY(backup_join(vault, making->source->places.state, "store/vault.sealed"));
	TRY(add_copy(making, vault, BACKUP_VAULT));
	TRY(backup_new_file(making->dir, BACKUP_LEDGER, &file));
	return backup_end_file(file, store_copy(making->source->store, file));
}

static enum fault add_ledger(struct making *making)
{
	uint8_t digest[DIGEST_SIZE];
	int file = openat(making->dir, BACKUP_LEDGER, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return disk_fault(BACKUP_LEDGER);
	enum fault fault = backup_hash(file, -1, digest, &making->head.store_bytes);
	close(file);
	TRY(fault);
	return backup_write_line(&making->lines, digest, BACKUP_LEDGER);
}

static enum fault look_into(struct making *making)
{
	struct txn txn;
	TRY(backup_view(making->partial, making->source->places.store_key, &making->view));
	TRY(txn_begin(making->view, TXN_READ, &txn));
	making->head.events = txn_last(&txn, "events");
	txn_abort(&txn);
	Comity__SurveyReport *ledger = making->report->ledger = arena_alloc(making->arena, sizeof *ledger);
	if (!ledger)
		return arena_fault(making->arena);
	const struct survey_subject subject = { .store = making->view, .own_id = identity_authority(making->source->identity),
		.must_stop = making->source->must_stop };
	return survey(&subject, making->arena, ledger);
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static bool is_same(const struct making *making, const char *name, struct blob_id id)
{
	int file = openat(making->earlier, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return false;
	bool is_copy = blobs_is_copy(making->source->blobs, id, file);
	close(file);
	return is_copy;
}

/* Give it the earlier one's file, if that is there and a copy of ours. */
static bool share(struct making *making, const char *name, struct blob_id id, uint8_t digest[DIGEST_SIZE])
{
	struct backup_line sought = { .path = span_of_text(name) };
	const struct backup_line *known = making->known_count ? bsearch(&sought, making->known, making->known_count,
		sizeof sought, compare_lines) : NULL;
	char way[16];
	if (!known || !is_same(making, name, id))
		return false;
	snprintf(way, sizeof way, "%.8s", name);	/* "blobs/ab" */
	if (mkdirat(making->dir, way, 0700) && errno != EEXIST)
		return false;
	memcpy(digest, known->digest, DIGEST_SIZE);
	return !linkat(making->earlier, name, making->dir, name, 0);
}

static enum fault copy(struct making *making, const char *name, struct blob_id id, uint8_t digest[DIGEST_SIZE])
{
	int file;
	TRY(backup_new_file(making->dir, name, &file));
	enum fault fault = backup_end_file(file, blobs_copy(making->source->blobs, id, file, digest));
	if (fault)
		unlinkat(making->dir, name, 0);
	return fault;
}

static void count_attachment(struct making *making, uint64_t size, bool is_shared)
{
	making->head.attachments++;
	making->head.attachment_bytes += size;
	making->report->new_attachments += !is_shared;
	making->report->new_attachment_bytes += is_shared ? 0 : size;
}

static enum fault add_attachment(struct making *making, struct span key, uint64_t size)
{
	char name[sizeof "blobs/" + BLOB_NAME_SIZE] = "blobs/";
	uint8_t digest[DIGEST_SIZE];
	struct blob_id id = { key.at, key.at + CASE_ID_SIZE };
	if (making->source->must_stop && atomic_load(making->source->must_stop))
		return fault_say(FAULT_SHUTTING_DOWN, "the backup was given up");
	TRY(blobs_name(making->source->blobs, id, name + strlen(name)));
	bool is_shared = share(making, name, id, digest);
	enum fault fault = is_shared ? OK : copy(making, name, id, digest);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_DIGEST_MISMATCH) {
		backup_tell(making->report, making->arena, fault, name, fault_detail(fault));
		return OK;	/* the others are worth keeping all the same */
	}
	TRY(fault);
	count_attachment(making, size, is_shared);
	return backup_write_line(&making->lines, digest, name);
}

static enum fault add_attachments(struct making *making)
{
	struct txn txn;
	struct walk walk;
	struct span key, value;
	struct arena arena;
	enum fault fault = OK;
	TRY(txn_begin(making->view, TXN_READ, &txn));
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, &txn, TABLE_BLOBS, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		const Comity__Blob *blob = record_read(&txn, value, &comity__blob__descriptor, &arena);
		if (blob && key.len == CASE_ID_SIZE + DIGEST_SIZE)
			fault = add_attachment(making, key, blob->size);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	fault = fault ? fault : txn.fault;
	txn_abort(&txn);
	return fault;
}

/* ── the list, and the name ───────────────────────────────────────────────────────────────────── */

static enum fault write_list(struct making *making)
{
	struct bytes list = { 0 }, signature = { 0 };
	enum fault fault = backup_write_head(&list, &making->head);
	if (!fault)
		fault = bytes_append(&list, span_of(&making->lines));
	if (!fault)
		fault = write_file(making, "MANIFEST", span_of(&list));
	if (!fault)
		fault = signature_make(making->source->identity, span_of(&list), stamp_clock() / STAMP_SECOND, &signature);
	if (!fault)
		fault = write_file(making, "MANIFEST.p7s", span_of(&signature));
	bytes_clear(&list);
	bytes_clear(&signature);
	return fault;
}

static enum fault give_name(struct making *making, const char *directory)
{
	char name[96], path[BACKUP_PATH_SIZE];
	size_t len = (size_t)snprintf(name, sizeof name, "%s-", making->head.authority);
	for (const char *at = making->head.at; *at; at++)	/* no ':' and '-': colons are not for every file system */
		if (*at != ':' && *at != '-')
			name[len++] = *at;
	strcpy(name + len, BACKUP_ENDING);
	TRY(backup_join(path, directory, name));
	TRY(backup_sync_tree(making->partial));
	if (!access(path, F_OK))
		return fault_say(FAULT_EXISTS, "%s", path);
	if (rename(making->partial, path))
		return disk_fault(path);
	backup_report_head(making->report, &making->head, path, making->arena);
	return disk_sync_dir(making->set, ".");
}

static enum fault fill_backup(struct making *making, const char *directory)
{
	TRY(take_snapshot(making));
	TRY(look_into(making));
	TRY(find_earlier(making, directory));
	TRY(add_ledger(making));
	TRY(add_attachments(making));
	TRY(add_small_files(making));
	TRY(write_list(making));
	return give_name(making, directory);
}

/* Where backups go; made, when only its last name is missing. */
static enum fault open_set(const char *directory, int *set)
{
	if (mkdir(directory, 0700) && errno != EEXIST)
		return file_fault(directory);
	enum fault fault = backup_open_dir(directory, set);
	return fault == FAULT_NO_INPUT ? fault_say(FAULT_CANNOT_CREATE, "%s", fault_detail(fault)) : fault;
}

/* What an attempt that died has left is of no use. */
static enum fault begin(struct making *making, const char *directory)
{
	if (directory[0] != '/')
		return fault_say(FAULT_USAGE, "\"%s\" is no absolute path", directory);
	TRY(open_set(directory, &making->set));
	if (flock(making->set, LOCK_EX | LOCK_NB))
		return fault_say(FAULT_NOT_YET, "another backup is being made in %s", directory);
	TRY(backup_join(making->partial, directory, ".making"));
	backup_remove_tree(making->partial);
	if (mkdir(making->partial, 0700))
		return disk_fault(making->partial);
	TRY(backup_open_dir(making->partial, &making->dir));
	if (mkdirat(making->dir, "blobs", 0700))
		return disk_fault("blobs");
	return disk_sync_dir(making->set, "..");
}

static void end(struct making *making)
{
	const int files[] = { making->dir, making->earlier, making->set };
	store_close(making->view);
	if (making->dir >= 0)
		backup_remove_tree(making->partial);	/* it has another name by now, or it is of no use */
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (files[i] >= 0)
			close(files[i]);
	bytes_clear(&making->lines);
	bytes_clear(&making->earlier_list);
	free(making->known);
}

enum fault backup_create(const struct backup_source *source, const char *directory, struct arena *arena,
	Comity__BackupReport *report)
{
	struct making making = { .source = source, .arena = arena, .report = report, .set = -1, .dir = -1, .earlier = -1 };
	comity__backup_report__init(report);
	report->has_new_attachments = report->has_new_attachment_bytes = report->has_ok = 1;
	snprintf(making.head.authority, sizeof making.head.authority, "%s", identity_authority(source->identity));
	snprintf(making.head.software, sizeof making.head.software, "%s", source->software);
	making.head.has_keys = source->with_keys;
	stamp_now(making.head.at);
	enum fault fault = begin(&making, directory);
	if (!fault)
		fault = fill_backup(&making, directory);
	end(&making);
	report->ok = !report->n_problems && report->ledger && report->ledger->ok;
	return fault ? fault : arena->was_refused ? arena_fault(arena) : OK;
}
