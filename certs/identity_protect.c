/* Another passphrase for the key files, present and older: for all that are meant, or for none. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/identity_making.h"
#include "certs/openssl.h"

static enum fault protect_one(const struct making *making, const struct identity_access *next, enum role role, unsigned *count)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	char uri[TOKEN_URI_MAX];
	struct key *key;
	making_path(from, making, "keys", role, "key");
	making_path(to, making, "keys.new", role, "key");
	if (!(next->keys & KEY_OF(role)) || access(from, F_OK))
		return OK;		/* not meant, or kept elsewhere */
	TRY(key_uri(from, uri));
	if (*uri)
		return OK;		/* the token guards it */
	TRY(key_load(from, identity_secret(making->access, role), &key));
	unlink(to);			/* the one that making_keep() has put there */
	enum fault fault = making_save_key(key, identity_secret(next, role), to);
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
	enum fault fault = making_save_key(key, identity_secret(next, role), to);
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
	making_path(present, making, "keys", role, "key");
	making_path(again, making, "keys.new", role, "key");
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
	TRY(making_begin(making));
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		TRY(making_keep(making, role));
		TRY(protect_one(making, next, role, count));
	}
	TRY(protect_older(making, next));
	return making_put_in_place(making, RENAME_EXCHANGE);
}

enum fault identity_protect(const char *directory, const struct identity_access *access, const struct identity_access *next,
			    unsigned *count)
{
	struct making making = { .directory = directory, .access = access, .lock = -1 };
	*count = 0;
	enum fault fault = protect(&making, next, count);
	making_end(&making);
	return fault;
}
