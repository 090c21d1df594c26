/* What is new is built in keys.new/, beside keys/, and brought to disk, before it takes its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/identity_making.h"
#include "certs/issue.h"
#include "certs/openssl.h"

/* old: the identities before (succession.h) */
const char *const making_endings[ENDING_COUNT] = { "key", "crt", "crl", "old" };

void making_path(char path[PATH_SIZE], const struct making *making, const char *folder, enum role role,
		    const char *ending)
{
	snprintf(path, PATH_SIZE, "%s/%s/%s.%s", making->directory, folder, role_name(role), ending);
}

/* Beside our files lies what others keep there: the store key, for one. */
bool identity_is_others(const char *name)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		size_t len = strlen(role_name(role));
		for (size_t i = 0; i < ENDING_COUNT; i++)
			if (!strncmp(name, role_name(role), len) && name[len] == '.' && !strcmp(name + len + 1, making_endings[i]))
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
		for (size_t i = 0; i < ENDING_COUNT; i++) {
			making_path(path, making, "keys.new", role, making_endings[i]);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/keys.new", making->directory);
	snprintf(keys, sizeof keys, "%s/keys", making->directory);
	clear_others(path, keys);
	rmdir(path);
}

enum fault making_begin(struct making *making)
{
	char path[PATH_SIZE];
	if (strlen(making->directory) > PATH_SIZE - 64)
		return fault_say(FAULT_IO, "the path of the directory is too long");
	making->lock = open(making->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (making->lock < 0 || flock(making->lock, LOCK_EX))
		return file_fault(making->directory);
	clear_away(making);
	snprintf(path, sizeof path, "%s/keys.new", making->directory);
	return mkdir(path, 0700) ? file_fault(path) : OK;
}

void making_end(struct making *making)
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
enum fault making_save_key(const struct key *key, const struct secret_source *source, const char *path)
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
	making_path(path, making, "keys.new", role, "key");
	TRY(*making->uri[role] ? key_save_uri(making->uri[role], path) :
		making_save_key(making->key[role], identity_secret(making->access, role), path));
	making_path(path, making, "keys.new", role, "crt");
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
	making_path(path, making, "keys", role, "key");
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

enum fault making_make(struct making *making, enum role role)
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

/* Keys of identity and delegation may be kept elsewhere, so what is missing is not missed. */
enum fault making_keep(const struct making *making, enum role role)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	for (size_t i = 0; i < ENDING_COUNT; i++) {
		making_path(from, making, "keys", role, making_endings[i]);
		making_path(to, making, "keys.new", role, making_endings[i]);
		if (link(from, to) && errno != ENOENT)
			return file_fault(from);
	}
	return OK;
}

/* The rename is the moment of truth; it is on disk when the directory is. */
enum fault making_put_in_place(const struct making *making, unsigned how)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	snprintf(from, sizeof from, "%s/keys.new", making->directory);
	snprintf(to, sizeof to, "%s/keys", making->directory);
	if (how == RENAME_EXCHANGE)
		TRY(directory_share(to, from, identity_is_others));
	TRY(directory_sync(from));
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, how))
		return file_fault(to);
	return directory_sync(making->directory);
}
