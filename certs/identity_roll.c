/* A new identity in the place of the old one, and what binds the one to the other (succession.h). */
#include <stdio.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/identity_making.h"
#include "certs/openssl.h"
#include "certs/revocation.h"
#include "certs/succession.h"

enum { HERITAGE_SIZE_MAX = 512 << 10 };

/* The identities before, the last of which gives way now. */
static enum fault write_heritage(struct making *making, const struct succession *last)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	making_path(path, making, "keys", ROLE_IDENTITY, "old");
	enum fault fault = access(path, F_OK) ? OK : file_read(path, FILE_PUBLIC, HERITAGE_SIZE_MAX, &pem);
	making_path(path, making, "keys.new", ROLE_IDENTITY, "old");
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
	making_path(path, making, "keys", ROLE_IDENTITY, "key");
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
enum fault making_roll(struct making *making, const struct identity *identity, unsigned roles)
{
	struct key *old_key = NULL;
	struct span before = identity_certificate(identity, ROLE_IDENTITY);
	if (certificate_is_national(before))
		return fault_say(FAULT_USAGE, "the identity is the root of a national PKI: it is rolled over there, and comes here by "
			"comity cert csr and comity cert import");
	making->is_training = certificate_is_training(before);
	if (!(roles & ROLL_WITHOUT_OLD))
		TRY(check_unrevoked(making, before));
	TRY(making_begin(making));
	TRY(load_old_key(making, roles, &old_key));
	enum fault fault = OK;
	for (enum role role = 0; role < ROLE_COUNT && !fault; role++)
		fault = making_make(making, role);
	if (!fault)
		fault = succeed(making, old_key, before);
	key_free(old_key);
	TRY(fault);
	TRY(identity_keep_old(making->directory, identity));
	return making_put_in_place(making, RENAME_EXCHANGE);
}
