/* What was, kept below keys.old/ for those who have not heard of the new: they may still say something with or for the old. */
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
#include "certs/identity_making.h"
#include "certs/openssl.h"

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
	for (size_t i = 0; i < ENDING_COUNT; i++) {
		if (!role_is_leaf(role) && !strcmp(making_endings[i], "key"))
			continue;
		snprintf(from, sizeof from, "%s/keys/%s.%s", directory, role_name(role), making_endings[i]);
		snprintf(to, sizeof to, "%.4000s/%s.%s", folder, role_name(role), making_endings[i]);
		if (link(from, to) && errno != ENOENT && errno != EEXIST)
			return file_fault(to);
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
		for (size_t i = 0; i < ENDING_COUNT; i++) {
			snprintf(path, sizeof path, "%s/keys.old/%.64s/%s.%s", directory, name, role_name(role), making_endings[i]);
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
		return file_fault(directory);
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
