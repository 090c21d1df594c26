#pragma once
/* Passphrases of key files and PINs of tokens: where they come from, and a place in memory that is neither swapped
 * out nor dumped.  They never come from an argument or the environment, which others can read. */
#include "proto/bytes.h"

enum { SECRET_SIZE_MAX = 1024 };

struct secret;

/* Where a secret comes from.  `text` is one of
 *
 *	credential:NAME		the file NAME in $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredentialEncrypted=)
 *	file:PATH, or /PATH	a file with mode 0600, ours or root's
 *
 * and NULL when nothing was said: then `prompt`, where it is not NULL, asks the person at the terminal. */
struct secret_source {
	const char *text;
	enum fault (*prompt)(void *owner, const char *what, struct secret **secret);
	void *owner;
};

/* May this stand in the configuration?  Fault: config. */
enum fault secret_source_check(const char *text) MUST_CHECK;

/* The secret for `what`, such as "the key /x/signing.key": the first line of the file, without its end.
 * Faults: key protected (nobody says where it is), no input, too large, bad key (a file open to others; empty). */
enum fault secret_read(const struct secret_source *source, const char *what, struct secret **secret) MUST_CHECK;
/* A copy of these bytes; the caller wipes its own.  Faults: no memory, bad key (none, a NUL inside, too long). */
enum fault secret_new(struct span bytes, struct secret **secret) MUST_CHECK;
const char *secret_text(const struct secret *secret);	/* NUL at its end; as long as the secret */
void secret_free(struct secret *secret);		/* wipes; takes NULL */
/* Of bytes that were one. */
void secret_wipe(void *bytes, size_t size);

/* The locked heap for secrets and for the private halves of keys (OPENSSL_secure_malloc(3)).  Once, before any
 * key: what is loaded earlier lies in ordinary memory. */
void secure_heap_open(void);
/* This process leaves no core, whoever asks for one, and no other of the same user looks into it. */
void memory_conceal(void);
