/* The making and renewing of the files below keys/.  What is new is built in keys.new/ beside it, brought
 * to disk, and takes its place in one rename: whoever looks sees all of the old or all of the new. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "certs/identity.h"
#include "certs/issue.h"
#include "certs/openssl.h"
#include "certs/revocation.h"
#include "certs/succession.h"

enum { PATH_SIZE = 4096, HERITAGE_SIZE_MAX = 512 << 10 };

struct making {
	const char *directory, *authority, *name;
	int64_t now;
	const struct identity_access *access;	/* how keys are opened, and what new ones are protected with */
	int lock;			/* on the directory: two at once would build in one place */
	struct key *key[ROLE_COUNT];	/* made here, or loaded to sign with */
	struct bytes der[ROLE_COUNT];
	char uri[ROLE_COUNT][TOKEN_URI_MAX];	/* of the new key; "": it lies in a file */
	bool is_training;		/* what an authority is for, in earnest or for training, it stays */
};

static const char *const endings[] = { "key", "crt", "crl", "old" };	/* old: the identities before (succession.h) */

static void path_of(char path[PATH_SIZE], const struct making *making, const char *folder, enum role role,
		    const char *ending)
{
	snprintf(path, PATH_SIZE, "%s/%s/%s.%s", making->directory, folder, role_name(role), ending);
}

static enum fault refuse_path(enum fault fault, const char *path)
{
	return fault_say(fault, "%s: %s", path, strerror(errno));
}

/* Beside our files lies what others keep there: the store key, for one. */
bool identity_is_others(const char *name)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		size_t len = strlen(role_name(role));
		for (size_t i = 0; i < ARRAY_LEN(endings); i++)
			if (!strncmp(name, role_name(role), len) && name[len] == '.' && !strcmp(name + len + 1, endings[i]))
				return false;
	}
	return true;
}

/* What others keep is in both; should something have come there while we were at work, it is put where it belongs first. */
static void clear_others(const char *beside, const char *keys)
{
	if (!access(keys, F_OK) && !directory_share(beside, keys, identity_is_others))
		directory_sweep(beside, identity_is_others);
}

/* What an interrupted making, or the last renewal, left behind. */
static void clear_away(const struct making *making)
{
	char path[PATH_SIZE], keys[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			path_of(path, making, "keys.new", role, endings[i]);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/keys.new", making->directory);
	snprintf(keys, sizeof keys, "%s/keys", making->directory);
	clear_others(path, keys);
	rmdir(path);
}

static enum fault begin(struct making *making)
{
	char path[PATH_SIZE];
	if (strlen(making->directory) > PATH_SIZE - 64)
		return fault_say(FAULT_IO, "the path of the directory is too long");
	making->lock = open(making->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (making->lock < 0 || flock(making->lock, LOCK_EX))
		return refuse_path(FAULT_IO, making->directory);
	clear_away(making);
	snprintf(path, sizeof path, "%s/keys.new", making->directory);
	return mkdir(path, 0700) ? refuse_path(errno == ENOSPC ? FAULT_DISK_FULL : FAULT_IO, path) : OK;
}

static void end(struct making *making)
{
	if (making->lock >= 0) {
		clear_away(making);
		close(making->lock);
	}
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		key_free(making->key[role]);
		bytes_clear(&making->der[role]);
	}
}

/* In the clear, unless somebody says with what to protect it. */
static enum fault save_key(const struct key *key, const struct secret_source *source, const char *path)
{
	struct secret *passphrase = NULL;
	if (source->text || source->prompt)
		TRY(secret_read(source, path, &passphrase));
	enum fault fault = key_save(key, passphrase, path);
	secret_free(passphrase);
	return fault;
}

static enum fault save(const struct making *making, enum role role)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, making, "keys.new", role, "key");
	TRY(*making->uri[role] ? key_save_uri(making->uri[role], path) :
		save_key(making->key[role], identity_secret(making->access, role), path));
	path_of(path, making, "keys.new", role, "crt");
	enum fault fault = certificate_pem(span_of(&making->der[role]), &pem);
	if (!fault)
		fault = file_create(path, FILE_PUBLIC, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

/* Where the new key is to be: as is asked for; else, when there was one before, in the same token as that. */
static enum fault place_key(struct making *making, enum role role)
{
	char path[PATH_SIZE], before[TOKEN_URI_MAX] = "";
	const char *token = making->access->tokens[role];
	path_of(path, making, "keys", role, "key");
	if (token && strlen(token) < TOKEN_URI_MAX)
		strcpy(making->uri[role], token);
	if (token || access(path, F_OK))
		return OK;
	TRY(key_uri(path, before));
	return *before ? token_uri_next(before, making->now, making->uri[role]) : OK;
}

static enum fault make_key(struct making *making, enum role role)
{
	const struct secret_source *secret = identity_secret(making->access, role);
	const char *uri = making->uri[role];
	TRY(place_key(making, role));
	if (!*uri)
		return key_make(CURVE_P256, &making->key[role]);
	TRY(token_make(uri, secret, role == ROLE_SEALING ? TOKEN_UNSEALS : TOKEN_SIGNS));
	return key_load(uri, secret, &making->key[role]);
}

static enum fault make(struct making *making, enum role role)
{
	enum role issuer = role_issuer(role);
	TRY(make_key(making, role));
	struct issue issue = {
		.role = role, .authority = making->authority, .name = making->name, .now = making->now,
		.is_training = making->is_training,
		.subject_key = making->key[role],
		.issuer_certificate = role == issuer ? (struct span){ 0 } : span_of(&making->der[issuer]),
		.issuer_key = making->key[issuer],
	};
	TRY(issue_certificate(&issue, &making->der[role]));
	return save(making, role);
}

/* The rename is the moment of truth; it is on disk when the directory is. */
static enum fault put_in_place(const struct making *making, unsigned how)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	snprintf(from, sizeof from, "%s/keys.new", making->directory);
	snprintf(to, sizeof to, "%s/keys", making->directory);
	if (how == RENAME_EXCHANGE)
		TRY(directory_share(to, from, identity_is_others));
	TRY(directory_sync(from));
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, how))
		return refuse_path(errno == EEXIST ? FAULT_EXISTS : FAULT_IO, to);
	return directory_sync(making->directory);
}

static enum fault refuse_existing(const struct making *making)
{
	char path[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			path_of(path, making, "keys", role, endings[i]);
			if (!access(path, F_OK))
				return fault_say(FAULT_EXISTS, "%s exists already and is not overwritten", path);
		}
	return OK;
}

static enum fault create(struct making *making)
{
	TRY(begin(making));
	TRY(refuse_existing(making));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(make(making, role));
	return put_in_place(making, RENAME_NOREPLACE);
}

static const struct identity_access in_the_clear;

enum fault identity_create(const char *directory, const char *authority, const char *name, int64_t now)
{
	return identity_create_protected(directory, authority, name, now, &in_the_clear);
}

enum fault identity_create_protected(const char *directory, const char *authority, const char *name, int64_t now,
				     const struct identity_access *access)
{
	struct making making = { .directory = directory, .authority = authority, .name = name, .now = now,
		.access = access, .lock = -1, .is_training = access->is_training };
	enum fault fault = create(&making);
	end(&making);
	return fault;
}

/* Keys of identity and delegation may be kept elsewhere, so what is missing is not missed. */
static enum fault keep(const struct making *making, enum role role)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		path_of(from, making, "keys", role, endings[i]);
		path_of(to, making, "keys.new", role, endings[i]);
		if (link(from, to) && errno != ENOENT)
			return refuse_path(FAULT_IO, from);
	}
	return OK;
}

static enum fault take_issuer(struct making *making, const struct identity *identity, enum role role)
{
	char path[PATH_SIZE];
	enum role issuer = role_issuer(role);
	path_of(path, making, "keys", issuer, "key");
	TRY(bytes_append(&making->der[issuer], identity_certificate(identity, issuer)));
	return key_load(path, identity_secret(making->access, issuer), &making->key[issuer]);
}

static enum fault make_folder(const char *path)
{
	return mkdir(path, 0700) && errno != EEXIST ? file_fault(path) : OK;
}

/* It has its name from all of its certificates, so that the same ones lie in the same place. */
static enum fault name_folder(char folder[PATH_SIZE], const char *directory, const struct identity *identity)
{
	char name[DIGEST_HEX_SIZE + 1];
	uint8_t digest[DIGEST_SIZE];
	struct bytes all = { 0 };
	enum fault fault = OK;
	for (enum role role = 0; role < ROLE_COUNT && !fault; role++)
		fault = bytes_append(&all, identity_certificate(identity, role));
	digest_of(digest, span_of(&all));
	bytes_clear(&all);
	hex_write(name, SPAN(digest));
	snprintf(folder, PATH_SIZE, "%s/keys.old/%.16s", directory, name);
	return fault;
}

static enum fault keep_old_one(const char *directory, const char *folder, enum role role)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		if (!role_is_leaf(role) && !strcmp(endings[i], "key"))
			continue;
		snprintf(from, sizeof from, "%s/keys/%s.%s", directory, role_name(role), endings[i]);
		snprintf(to, sizeof to, "%.4000s/%s.%s", folder, role_name(role), endings[i]);
		if (link(from, to) && errno != ENOENT && errno != EEXIST)
			return refuse_path(FAULT_IO, to);
	}
	return OK;
}

/* Before it is replaced: after a cut it lies there twice, and never nowhere. */
enum fault identity_keep_old(const char *directory, const struct identity *identity)
{
	char all[PATH_SIZE], folder[PATH_SIZE];
	snprintf(all, sizeof all, "%s/keys.old", directory);
	TRY(name_folder(folder, directory, identity));
	TRY(make_folder(all));
	TRY(directory_sync(directory));
	TRY(make_folder(folder));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(keep_old_one(directory, folder, role));
	TRY(directory_sync(folder));
	return directory_sync(all);
}

/* The identities before, the last of which gives way now. */
static enum fault write_heritage(struct making *making, const struct succession *last)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, making, "keys", ROLE_IDENTITY, "old");
	enum fault fault = access(path, F_OK) ? OK : file_read(path, FILE_PUBLIC, HERITAGE_SIZE_MAX, &pem);
	path_of(path, making, "keys.new", ROLE_IDENTITY, "old");
	if (!fault)
		fault = succession_pem(last, &pem);
	if (!fault)
		fault = file_create(path, FILE_PUBLIC, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

static enum fault succeed(struct making *making, const struct key *old_key, struct span before)
{
	struct bytes forth = { 0 }, back = { 0 };
	struct succession_order order = {
		.authority = making->authority, .name = making->name, .before = before, .after = span_of(&making->der[ROLE_IDENTITY]),
		.old_key = old_key, .new_key = making->key[ROLE_IDENTITY], .now = making->now,
	};
	enum fault fault = old_key ? succession_make(&order, &forth, &back) : OK;
	if (!fault)
		fault = write_heritage(making, &(struct succession){ before, span_of(&forth), span_of(&back) });
	bytes_clear(&forth);
	bytes_clear(&back);
	return fault;
}

static enum fault load_old_key(const struct making *making, unsigned roles, struct key **key)
{
	char path[PATH_SIZE];
	path_of(path, making, "keys", ROLE_IDENTITY, "key");
	if (roles & ROLL_WITHOUT_OLD)
		return OK;
	if (!access(path, F_OK))
		return key_load(path, identity_secret(making->access, ROLE_IDENTITY), key);
	return fault_say(FAULT_BAD_KEY, "%s is not here: put it in its place for the roll-over, so that the old identity can speak for "
		"the new one", path);
}

/* Whoever stole its key can sign with it as well as we can. */
static enum fault check_unrevoked(const struct making *making, struct span before)
{
	struct bytes list = { 0 };
	struct revoked_entry entry = { 0 };
	enum fault fault = revocation_load(making->directory, ROLE_IDENTITY, &list);
	if (!fault && list.len)
		fault = revocation_find(span_of(&list), before, &entry);
	bytes_clear(&list);
	if (!fault && entry.is_listed)
		return fault_say(FAULT_CERT_REVOKED, "the identity is revoked, and cannot speak for a new one: comity id roll --without-old");
	return fault;
}

/* Everything anew.  The old key is not kept: what it signed for its successor was its last word. */
static enum fault roll(struct making *making, const struct identity *identity, unsigned roles)
{
	struct key *old_key = NULL;
	struct span before = identity_certificate(identity, ROLE_IDENTITY);
	if (certificate_is_national(before))
		return fault_say(FAULT_USAGE, "the identity is the root of a national PKI: it is rolled over there, and comes here by "
			"comity cert csr and comity cert import");
	making->is_training = certificate_is_training(before);
	if (!(roles & ROLL_WITHOUT_OLD))
		TRY(check_unrevoked(making, before));
	TRY(begin(making));
	TRY(load_old_key(making, roles, &old_key));
	enum fault fault = OK;
	for (enum role role = 0; role < ROLE_COUNT && !fault; role++)
		fault = make(making, role);
	if (!fault)
		fault = succeed(making, old_key, before);
	key_free(old_key);
	TRY(fault);
	TRY(identity_keep_old(making->directory, identity));
	return put_in_place(making, RENAME_EXCHANGE);
}

static enum fault renew(struct making *making, const struct identity *identity, unsigned roles)
{
	if (roles & KEY_OF(ROLE_IDENTITY))
		return roll(making, identity, roles);
	TRY(begin(making));
	if (roles & KEY_OF(ROLE_DELEGATION))
		roles |= KEYS_OF_LEAVES;
	TRY(take_issuer(making, identity, roles & KEY_OF(ROLE_DELEGATION) ? ROLE_DELEGATION : ROLE_SIGNING));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(roles & KEY_OF(role) ? make(making, role) : keep(making, role));
	TRY(identity_keep_old(making->directory, identity));
	return put_in_place(making, RENAME_EXCHANGE);
}

enum fault identity_renew(const char *directory, enum role role, int64_t now)
{
	return identity_renew_protected(directory, role, now, &in_the_clear);
}

enum fault identity_renew_protected(const char *directory, enum role role, int64_t now, const struct identity_access *access)
{
	return identity_renew_roles(directory, KEY_OF(role), now, access);
}

enum fault identity_renew_roles(const char *directory, unsigned roles, int64_t now, const struct identity_access *access)
{
	if (!(roles & KEYS_OF_ALL))
		return fault_say(FAULT_USAGE, "no role is named whose keys should be renewed");
	struct identity *identity;
	TRY(identity_open(directory, &(struct identity_access){ 0 }, &identity));
	struct making making = {
		.directory = directory, .authority = identity_authority(identity),
		.name = identity_name(identity), .now = now, .access = access, .lock = -1,
	};
	enum fault fault = renew(&making, identity, roles);
	end(&making);
	identity_free(identity);
	return fault;
}

static enum fault protect_one(const struct making *making, const struct identity_access *next, enum role role, unsigned *count)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	char uri[TOKEN_URI_MAX];
	struct key *key;
	path_of(from, making, "keys", role, "key");
	path_of(to, making, "keys.new", role, "key");
	if (!(next->keys & KEY_OF(role)) || access(from, F_OK))
		return OK;		/* not meant, or kept elsewhere */
	TRY(key_uri(from, uri));
	if (*uri)
		return OK;		/* the token guards it */
	TRY(key_load(from, identity_secret(making->access, role), &key));
	unlink(to);			/* the one that keep() has put there */
	enum fault fault = save_key(key, identity_secret(next, role), to);
	key_free(key);
	*count += !fault;
	return fault;
}

/* With whichever of the two secrets opens it: an earlier call may have been cut short. */
static enum fault save_old(const struct making *making, const struct identity_access *next, enum role role, const char *from,
			   const char *to)
{
	struct key *key;
	if (key_load(from, identity_secret(making->access, role), &key) && key_load(from, identity_secret(next, role), &key))
		return OK;		/* nobody can use it as it is, and nobody could afterwards */
	enum fault fault = save_key(key, identity_secret(next, role), to);
	key_free(key);
	return fault;
}

/* One that is the present one too stays the same file: by that identity_forget_older() knows it. */
static enum fault protect_old(const struct making *making, const struct identity_access *next, const char *name, enum role role)
{
	char path[PATH_SIZE], new[PATH_SIZE], present[PATH_SIZE], again[PATH_SIZE];
	char uri[TOKEN_URI_MAX];
	struct stat old, now;
	snprintf(path, sizeof path, "%s/keys.old/%.64s/%s.key", making->directory, name, role_name(role));
	snprintf(new, sizeof new, "%s/keys.old/%.64s/%s.new", making->directory, name, role_name(role));
	path_of(present, making, "keys", role, "key");
	path_of(again, making, "keys.new", role, "key");
	if (!(next->keys & KEY_OF(role)) || stat(path, &old))
		return OK;
	TRY(key_uri(path, uri));
	if (*uri)
		return OK;		/* the token guards it */
	unlink(new);
	bool is_present = !stat(present, &now) && old.st_ino == now.st_ino;
	if (!is_present)
		TRY(save_old(making, next, role, path, new));
	else if (link(again, new))
		return file_fault(new);
	return rename(new, path) && errno != ENOENT ? file_fault(path) : OK;
}

static enum fault protect_folder(const struct making *making, const struct identity_access *next, const char *name)
{
	char path[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(protect_old(making, next, name, role));
	snprintf(path, sizeof path, "%s/keys.old/%.64s", making->directory, name);
	return directory_sync(path);
}

static enum fault protect_older(const struct making *making, const struct identity_access *next)
{
	char path[PATH_SIZE];
	enum fault fault = OK;
	snprintf(path, sizeof path, "%s/keys.old", making->directory);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && !fault && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			fault = protect_folder(making, next, entry->d_name);
	if (folder)
		closedir(folder);
	return fault;
}

static enum fault protect(struct making *making, const struct identity_access *next, unsigned *count)
{
	TRY(begin(making));
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		TRY(keep(making, role));
		TRY(protect_one(making, next, role, count));
	}
	TRY(protect_older(making, next));
	return put_in_place(making, RENAME_EXCHANGE);
}

enum fault identity_protect(const char *directory, const struct identity_access *access, const struct identity_access *next,
			    unsigned *count)
{
	struct making making = { .directory = directory, .access = access, .lock = -1 };
	*count = 0;
	enum fault fault = protect(&making, next, count);
	end(&making);
	return fault;
}

/* ── what everybody has heard of by now ───────────────────────────────────────────────────────── */

/* Its sealing key, when that is the present one too, lies below keys/ already; and with it the last reason for the folder. */
static void forget_one(const char *directory, const char *name)
{
	static const char *const gone[] = { "channel.key", "signing.key" };
	char path[PATH_SIZE], present[PATH_SIZE];
	struct stat old, new;
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		snprintf(path, sizeof path, "%s/keys.old/%.64s/%s", directory, name, gone[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/keys.old/%.64s/sealing.key", directory, name);
	snprintf(present, sizeof present, "%s/keys/sealing.key", directory);
	if (stat(path, &old) || stat(present, &new) || old.st_ino != new.st_ino)
		return;
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			snprintf(path, sizeof path, "%s/keys.old/%.64s/%s.%s", directory, name, role_name(role), endings[i]);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/keys.old/%.64s", directory, name);
	rmdir(path);
}

enum fault identity_forget_older(const char *directory)
{
	char path[PATH_SIZE];
	int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX)) {
		if (lock >= 0)
			close(lock);
		return refuse_path(FAULT_IO, directory);
	}
	snprintf(path, sizeof path, "%s/keys.old", directory);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			forget_one(directory, entry->d_name);
	if (folder)
		closedir(folder);
	close(lock);
	return OK;
}

bool identity_can_issue(const char *directory, enum role issuer)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/keys/%s.key", directory, role_name(issuer));
	return !access(path, F_OK);	/* another process may be the one that reads it */
}
