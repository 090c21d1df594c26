#include "certs/secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "certs/files.h"

#ifdef __has_feature		/* clang's way to say __SANITIZE_ADDRESS__ */
#define HAS_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define HAS_ADDRESS_SANITIZER 0
#endif

enum { PATH_SIZE = 4096, HEAP_SIZE = 1 << 18, HEAP_LEAST = 32 };

struct secret {
	size_t len;
	char text[];
};

static const char credential[] = "credential:", file[] = "file:";

/* What follows the prefix; NULL when the text does not begin with it. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(text, prefix, len) ? NULL : text + len;
}

/* systemd.exec(5): a credential's name is a file's name and nothing more. */
static bool is_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

enum fault secret_source_check(const char *text)
{
	const char *name = after(text, credential), *path = after(text, file);
	if (name ? is_name(name) : *(path ? path : text) == '/')
		return OK;
	return fault_say(FAULT_CONFIG, "it is credential:NAME or file:/PATH, never the secret itself");
}

static enum fault path_of(const char *text, char path[PATH_SIZE])
{
	TRY(secret_source_check(text));
	const char *name = after(text, credential), *rest = after(text, file);
	const char *directory = name ? getenv("CREDENTIALS_DIRECTORY") : "";
	if (!directory)
		return fault_say(FAULT_NO_INPUT, "%s: systemd gave this process no credentials ($CREDENTIALS_DIRECTORY is not set)", text);
	int len = snprintf(path, PATH_SIZE, "%s%s%s", directory, name ? "/" : "", name ? name : rest ? rest : text);
	return len < PATH_SIZE ? OK : fault_say(FAULT_NO_INPUT, "%.60s...: the path is too long", text);
}

/* systemd makes credentials 0400, with an access list that shows as group bits; they are only ours to see. */
static enum fault read_text(const char *text, struct bytes *content)
{
	char path[PATH_SIZE];
	TRY(path_of(text, path));
	return file_read(path, after(text, credential) ? FILE_PUBLIC : FILE_PRIVATE, SECRET_SIZE_MAX, content);
}

static struct span first_line(const struct bytes *content)
{
	struct span line = span_of(content);
	const uint8_t *end = line.len ? memchr(line.at, '\n', line.len) : NULL;
	if (end)
		line.len = (size_t)(end - line.at);
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

enum fault secret_read(const struct secret_source *source, const char *what, struct secret **secret)
{
	*secret = NULL;
	if (!source || (!source->text && !source->prompt))
		return fault_say(FAULT_KEY_PROTECTED, "%s is protected, and nothing says where its passphrase or PIN is", what);
	if (!source->text)
		return source->prompt(source->owner, what, secret);
	struct bytes content = { 0 };
	enum fault fault = read_text(source->text, &content);
	if (!fault)
		fault = secret_new(first_line(&content), secret);
	bytes_wipe(&content);
	return fault == FAULT_BAD_KEY ? fault_say(fault, "%s: %s", source->text, fault_detail(fault)) : fault;
}

enum fault secret_new(struct span bytes, struct secret **secret)
{
	*secret = NULL;
	if (!bytes.len || bytes.len > SECRET_SIZE_MAX || memchr(bytes.at, 0, bytes.len))
		return fault_say(FAULT_BAD_KEY, "a passphrase or PIN has 1 to %d bytes, none of them NUL", SECRET_SIZE_MAX);
	*secret = OPENSSL_secure_zalloc(sizeof **secret + bytes.len + 1);
	if (!*secret)
		return FAULT_NO_MEMORY;
	(*secret)->len = bytes.len;
	memcpy((*secret)->text, bytes.at, bytes.len);
	return OK;
}

const char *secret_text(const struct secret *secret)
{
	return secret->text;
}

void secret_free(struct secret *secret)
{
	if (secret)
		OPENSSL_secure_clear_free(secret, sizeof *secret + secret->len + 1);
}

void secret_wipe(void *bytes, size_t size)
{
	OPENSSL_cleanse(bytes, size);
}

/* Where it cannot be locked (RLIMIT_MEMLOCK) OpenSSL says so with 2 and goes on with pages that may be swapped. */
void secure_heap_open(void)
{
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(HEAP_SIZE, HEAP_LEAST);
}

/* The limit alone does not hold a core_pattern that is a pipe; not being dumpable does (core(5)).  A build with
 * AddressSanitizer must be able to look into itself for leaks. */
void memory_conceal(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#if !defined(__SANITIZE_ADDRESS__) && !HAS_ADDRESS_SANITIZER
	prctl(PR_SET_DUMPABLE, 0);
#endif
}
