#include "daemon/ledger/vault_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"

enum { KEY_TEXT_SIZE = 2 * SEAL_KEY_SIZE };

enum fault vault_path(char path[VAULT_PATH_SIZE], const char *front, const char *tail)
{
	return snprintf(path, VAULT_PATH_SIZE, "%s%s", front, tail) < VAULT_PATH_SIZE ? OK :
		fault_say(FAULT_IO, "the path is too long: %.60s…", front);
}

enum fault vault_key_path(char path[VAULT_PATH_SIZE], const char *source, bool *is_file)
{
	static const char file[] = "file:", credential[] = "credential:";
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	*is_file = !strncmp(source, file, strlen(file));
	if (*is_file)
		return vault_path(path, source + strlen(file), "");
	if (strncmp(source, credential, strlen(credential)) || strchr(source, '/'))
		return fault_say(FAULT_CONFIG, "store.key: \"%s\" is neither file:PATH nor credential:NAME", source);
	if (!directory)
		return fault_say(FAULT_STORE_KEY, "the store key is to come from %s, and the service manager gave no credentials", source);
	int length = snprintf(path, VAULT_PATH_SIZE, "%s/%s", directory, source + strlen(credential));
	return length < VAULT_PATH_SIZE ? OK : fault_say(FAULT_IO, "the path is too long: %.60s…", directory);
}

static enum fault parse(const char *path, struct span text, struct seal **key)
{
	uint8_t bytes[SEAL_KEY_SIZE];
	if (text.len == KEY_TEXT_SIZE + 1 && text.at[KEY_TEXT_SIZE] == '\n')
		text.len--;
	if (text.len != KEY_TEXT_SIZE || !hex_read(bytes, sizeof bytes, text))
		return fault_say(FAULT_STORE_KEY, "%s does not have the %d digits of a store key", path, KEY_TEXT_SIZE);
	enum fault fault = seal_new(bytes, key);
	seal_wipe(bytes, sizeof bytes);
	return fault;
}

enum fault vault_read_store_key(const char *path, struct seal **key)
{
	struct bytes text = { 0 };
	*key = NULL;
	enum fault fault = file_read(path, FILE_PRIVATE, KEY_TEXT_SIZE + 1, &text);
	if (fault && fault != FAULT_NO_MEMORY)
		fault = fault_say(FAULT_STORE_KEY, "the store key: %s", fault_detail(fault));
	if (!fault)
		fault = parse(path, span_of(&text), key);
	bytes_wipe(&text);
	return fault;
}

enum fault vault_write_store_key(const char *path, const struct seal *key)
{
	uint8_t bytes[SEAL_KEY_SIZE];
	char text[KEY_TEXT_SIZE + 1];
	seal_key(key, bytes);
	hex_write(text, SPAN(bytes));
	text[KEY_TEXT_SIZE] = '\n';
	enum fault fault = file_create(path, FILE_PRIVATE, (struct span){ (const uint8_t *)text, sizeof text });
	seal_wipe(bytes, sizeof bytes);
	seal_wipe(text, sizeof text);
	return fault;
}

static enum fault sync_directory_of(const char *path)
{
	char parent[VAULT_PATH_SIZE];
	const char *slash = strrchr(path, '/');
	if (!slash)
		return directory_sync(".");
	snprintf(parent, sizeof parent, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return directory_sync(parent);
}

/* It has no name any more.  If it cannot be written over, nothing can be done about it. */
static void wear_out(int file)
{
	static const uint8_t zeros[KEY_TEXT_SIZE + 1];
	struct stat stat;
	if (file < 0)
		return;
	off_t size = fstat(file, &stat) ? 0 : stat.st_size;
	for (off_t at = 0; at < size; at += (off_t)sizeof zeros)
		if (pwrite(file, zeros, sizeof zeros, at) != sizeof zeros)
			break;
	fsync(file);
	close(file);
}

enum fault vault_replace(const char *next, const char *path)
{
	int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum fault fault = rename(next, path) ? file_fault(path) : sync_directory_of(path);
	if (!fault)
		wear_out(old);
	else if (old >= 0)
		close(old);
	return fault;
}

enum fault vault_remove(const char *path)
{
	int old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum fault fault = unlink(path) ? file_fault(path) : sync_directory_of(path);
	wear_out(old);
	return fault;
}
