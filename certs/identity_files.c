/* The making and renewing of the files below keys/.  What is new is built in keys.new/ beside it, brought
 * to disk, and takes its place in one rename: whoever looks sees all of the old or all of the new. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/identity.h"
#include "certs/issue.h"
#include "certs/openssl.h"

enum { PATH_SIZE = 4096 };

struct making {
	const char *directory, *authority, *name;
	int64_t now;
	int lock;			/* on the directory: two at once would build in one place */
	struct key *key[ROLE_COUNT];	/* made here, or loaded to sign with */
	struct bytes der[ROLE_COUNT];
};

static const char *const endings[] = { "key", "crt" };

static void path_of(char path[PATH_SIZE], const struct making *making, const char *folder, enum role role,
		    const char *ending)
{
	snprintf(path, PATH_SIZE, "%s/%s/%s.%s", making->directory, folder, role_name(role), ending);
}

static enum fault refuse_path(enum fault fault, const char *path)
{
	return fault_say(fault, "%s: %s", path, strerror(errno));
}

/* What an interrupted making, or the last renewal, left behind. */
static void clear_away(const struct making *making)
{
	char path[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			path_of(path, making, "keys.new", role, endings[i]);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/keys.new", making->directory);
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

static enum fault save(const struct making *making, enum role role)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, making, "keys.new", role, "key");
	TRY(key_save(making->key[role], path));
	path_of(path, making, "keys.new", role, "crt");
	enum fault fault = certificate_pem(span_of(&making->der[role]), &pem);
	if (!fault)
		fault = file_create(path, FILE_PUBLIC, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

static enum fault make(struct making *making, enum role role)
{
	enum role issuer = role_issuer(role);
	TRY(key_make(CURVE_P256, &making->key[role]));
	struct issue issue = {
		.role = role, .authority = making->authority, .name = making->name, .now = making->now,
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

enum fault identity_create(const char *directory, const char *authority, const char *name, int64_t now)
{
	struct making making = { .directory = directory, .authority = authority, .name = name, .now = now, .lock = -1 };
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
	return key_load(path, &making->key[issuer]);
}

static enum fault renew(struct making *making, const struct identity *identity, enum role renewed)
{
	TRY(begin(making));
	TRY(take_issuer(making, identity, renewed));
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		bool is_due = role == renewed || (renewed == ROLE_DELEGATION && role_is_leaf(role));
		TRY(is_due ? make(making, role) : keep(making, role));
	}
	return put_in_place(making, RENAME_EXCHANGE);
}

enum fault identity_renew(const char *directory, enum role role, int64_t now)
{
	if (role == ROLE_IDENTITY)
		return fault_say(FAULT_USAGE, "an identity is not renewed: its key is what counterparts have verified");
	struct identity *identity;
	TRY(identity_load(directory, &identity));
	struct making making = {
		.directory = directory, .authority = identity_authority(identity),
		.name = identity_name(identity), .now = now, .lock = -1,
	};
	enum fault fault = renew(&making, identity, role);
	end(&making);
	identity_free(identity);
	return fault;
}
