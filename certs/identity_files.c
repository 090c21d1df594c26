/* The making and renewing of the files below keys/.  Whoever looks sees all of the old or all of the new. */
#include <openssl/err.h>
#include <stdio.h>
#include <unistd.h>

#include "certs/identity_making.h"
#include "certs/openssl.h"

static const struct identity_access in_the_clear;

static enum fault refuse_existing(const struct making *making)
{
	char path[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ENDING_COUNT; i++) {
			making_path(path, making, "keys", role, making_endings[i]);
			if (!access(path, F_OK))
				return fault_say(FAULT_EXISTS, "%s exists already and is not overwritten", path);
		}
	return OK;
}

static enum fault create(struct making *making)
{
	TRY(making_begin(making));
	TRY(refuse_existing(making));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(making_make(making, role));
	return making_put_in_place(making, RENAME_NOREPLACE);
}

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
	making_end(&making);
	return fault;
}

static enum fault take_issuer(struct making *making, const struct identity *identity, enum role role)
{
	char path[PATH_SIZE];
	enum role issuer = role_issuer(role);
	making_path(path, making, "keys", issuer, "key");
	TRY(bytes_append(&making->der[issuer], identity_certificate(identity, issuer)));
	return key_load(path, identity_secret(making->access, issuer), &making->key[issuer]);
}

static enum fault renew(struct making *making, const struct identity *identity, unsigned roles)
{
	if (roles & KEY_OF(ROLE_IDENTITY))
		return making_roll(making, identity, roles);
	TRY(making_begin(making));
	if (roles & KEY_OF(ROLE_DELEGATION))
		roles |= KEYS_OF_LEAVES;
	TRY(take_issuer(making, identity, roles & KEY_OF(ROLE_DELEGATION) ? ROLE_DELEGATION : ROLE_SIGNING));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(roles & KEY_OF(role) ? making_make(making, role) : making_keep(making, role));
	TRY(identity_keep_old(making->directory, identity));
	return making_put_in_place(making, RENAME_EXCHANGE);
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
	making_end(&making);
	identity_free(identity);
	return fault;
}

bool identity_can_issue(const char *directory, enum role issuer)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/keys/%s.key", directory, role_name(issuer));
	return !access(path, F_OK);	/* another process may be the one that reads it */
}

static enum fault compare(const char *path, const struct key *key, struct span der)
{
	X509 *certificate = x509_parse(der);
	bool is_one = certificate && X509_check_private_key(certificate, key_evp(key)) == 1;
	X509_free(certificate);
	ERR_clear_error();
	return is_one ? OK : fault_say(FAULT_BAD_KEY, "%s does not belong to the certificate beside it", path);
}

enum fault identity_prove_key(const char *directory, const struct identity *identity, enum role role, const struct secret_source *source)
{
	char path[PATH_SIZE], uri[TOKEN_URI_MAX];
	struct key *key = NULL;
	snprintf(path, sizeof path, "%s/keys/%s.key", directory, role_name(role));
	if (access(path, F_OK))
		return OK;
	TRY(key_uri(path, uri));
	if (*uri)
		return OK;
	enum fault fault = key_load(path, source, &key);
	if (fault == FAULT_KEY_PROTECTED || fault == FAULT_WRONG_PASSPHRASE)
		return OK;
	if (!fault)
		fault = compare(path, key, identity_certificate(identity, role));
	key_free(key);
	return fault;
}
