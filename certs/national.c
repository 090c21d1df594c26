#include "certs/national.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/openssl.h"

enum { PATH_SIZE = 4096, CERTIFICATES_MAX = 16, LISTS_MAX = 4 };

static void path_of(char path[PATH_SIZE], const char *directory, const char *folder, enum role role, const char *ending)
{
	snprintf(path, PATH_SIZE, "%s/%s/%s.%s", directory, folder, role_name(role), ending);
}

/* ── the request ────────────────────────────────────────────────────────────────────────────────── */

static enum fault take_key(const char *directory, enum role role, struct key **key)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/requested", directory);
	if (mkdir(path, 0700) && errno != EEXIST)
		return file_fault(path);
	path_of(path, directory, "requested", role, "key");
	if (!access(path, F_OK))
		return key_load(path, NULL, key);
	TRY(key_make(CURVE_P256, key));
	enum fault fault = key_save(*key, NULL, path);
	if (!fault)
		return OK;
	key_free(*key);
	*key = NULL;
	return fault;
}

static bool add_extension(STACK_OF(X509_EXTENSION) *extensions, int nid, const char *value)
{
	X509_EXTENSION *extension = value ? X509V3_EXT_nconf_nid(NULL, NULL, nid, value) : NULL;
	return !value || (extension && sk_X509_EXTENSION_push(extensions, extension));
}

static bool add_extensions(X509_REQ *request, enum role role, const char *authority)
{
	const struct profile *profile = profile_of(role);
	char uri[AUTHORITY_ID_SIZE + 16];
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	snprintf(uri, sizeof uri, "URI:comity:%s", authority);
	bool is_added = extensions && add_extension(extensions, NID_basic_constraints, profile->constraints) &&
			add_extension(extensions, NID_key_usage, profile->key_usage) &&
			add_extension(extensions, NID_ext_key_usage, profile->extended_usage) &&
			add_extension(extensions, NID_subject_alt_name, uri) && X509_REQ_add_extensions(request, extensions);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return is_added;
}

static bool fill_request(X509_REQ *request, enum role role, const char *authority, const char *name, EVP_PKEY *key)
{
	return X509_REQ_set_version(request, X509_REQ_VERSION_1) &&
	       x509_write_subject(X509_REQ_get_subject_name(request), role, authority, name) &&
	       X509_REQ_set_pubkey(request, key) && add_extensions(request, role, authority) &&
	       X509_REQ_sign(request, key, x509_digest_for(key));
}

static enum fault write_request(X509_REQ *request, struct bytes *pem)
{
	char *at;
	BIO *bio = BIO_new(BIO_s_mem());
	enum fault fault = FAULT_NO_MEMORY;
	if (bio && PEM_write_bio_X509_REQ(bio, request)) {
		long len = BIO_get_mem_data(bio, &at);
		fault = bytes_append(pem, (struct span){ (uint8_t *)at, (size_t)len });
	}
	BIO_free(bio);
	return fault;
}

enum fault national_request(const char *directory, enum role role, const char *authority, const char *name, struct bytes *pem)
{
	struct key *key = NULL;
	if (!role_is_leaf(role))
		return fault_say(FAULT_USAGE, "a national PKI certifies channel, signing and sealing; %s is its own", role_name(role));
	if (!authority_id_is_valid(span_of_text(authority)) || !authority_name_is_valid(span_of_text(name)))
		return fault_say(FAULT_BAD_NAME, "the id or the name of the authority is not one");
	TRY(take_key(directory, role, &key));
	X509_REQ *request = X509_REQ_new();
	bool is_made = request && fill_request(request, role, authority, name, key_evp(key));
	enum fault fault = is_made ? write_request(request, pem) :
		fault_say(FAULT_BAD_KEY, "the request cannot be made: %s", openssl_reason());
	X509_REQ_free(request);
	key_free(key);
	return fault;
}

/* ── what came ──────────────────────────────────────────────────────────────────────────────────── */

/* All of it, as DER; which is which is found afterwards. */
struct import {
	const char *directory;
	int64_t now;
	struct bytes came[CERTIFICATES_MAX], lists[LISTS_MAX];
	size_t count, list_count;
	struct span chosen[ROLE_COUNT], list[ROLE_COUNT];
	bool is_new[ROLE_COUNT];
	struct bytes kept[ROLE_COUNT];			/* leaves that stay */
	struct identity *replaced;
	int lock;
};

static enum fault read_all(struct import *import, struct span pem)
{
	struct span rest = pem;
	while (import->count < CERTIFICATES_MAX && !certificate_from_pem(&rest, &import->came[import->count]))
		import->count++;
	rest = pem;
	while (import->list_count < LISTS_MAX && !revocation_from_pem(&rest, &import->lists[import->list_count]))
		import->list_count++;
	ERR_clear_error();
	return import->count ? OK : fault_say(FAULT_CERT_PROFILE, "there is no certificate in PEM form");
}

static bool same_public_key(X509 *certificate, const struct key *key)
{
	return EVP_PKEY_eq(X509_get0_pubkey(certificate), key_evp(key)) == 1;
}

/* Is this the certificate of the key that waits for that role? */
static bool belongs(const struct import *import, X509 *certificate, enum role role)
{
	char path[PATH_SIZE];
	struct key *key = NULL;
	path_of(path, import->directory, "requested", role, "key");
	if (access(path, F_OK) || key_load(path, NULL, &key))
		return false;
	bool is_its = same_public_key(certificate, key);
	key_free(key);
	return is_its;
}

static void sort_one(struct import *import, struct span der)
{
	X509 *certificate = x509_parse(der);
	if (!certificate)
		return;
	uint32_t flags = X509_get_extension_flags(certificate);
	if (flags & EXFLAG_CA)
		import->chosen[flags & EXFLAG_SI ? ROLE_IDENTITY : ROLE_DELEGATION] = der;
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT && !(flags & EXFLAG_CA); role++)
		if (belongs(import, certificate, role)) {
			import->chosen[role] = der;
			import->is_new[role] = true;
		}
	X509_free(certificate);
}

static enum fault keep_leaf(struct import *import, enum role role)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, import->directory, "keys", role, "crt");
	enum fault fault = file_read(path, FILE_PUBLIC, 2 * CERTIFICATE_SIZE_MAX, &pem);
	struct span rest = span_of(&pem);
	if (!fault)
		fault = certificate_from_pem(&rest, &import->kept[role]);
	bytes_clear(&pem);
	import->chosen[role] = span_of(&import->kept[role]);
	return fault;
}

/* One has to be new; what is missing is what is in use. */
static enum fault choose(struct import *import, unsigned *count)
{
	for (size_t i = 0; i < import->count; i++)
		sort_one(import, span_of(&import->came[i]));
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		*count += import->is_new[role];
		if (!import->chosen[role].len)
			TRY(keep_leaf(import, role));
	}
	if (*count)
		return OK;
	return fault_say(FAULT_BAD_KEY, "none of the certificates is for a key that waits in %s/requested", import->directory);
}

static enum fault judge_lists(struct import *import, struct trust *trust, const char *authority)
{
	struct span known[ROLE_COUNT];
	size_t count = 0;
	for (size_t i = 0; i < import->list_count; i++)
		for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++)
			if (!revocation_check_issuer(span_of(&import->lists[i]), import->chosen[issuer]))
				known[count++] = import->list[issuer] = span_of(&import->lists[i]);
	if (count < import->list_count)
		return fault_say(FAULT_BAD_REVOCATION, "a revocation list is not of the form that travels in cards, or of none of the issuers");
	return trust_set_revocations(trust, authority, known, count);
}

/* As every counterpart will. */
static enum fault judge_imported(struct import *import, struct trust *trust)
{
	struct certificate_facts facts;
	char peer[AUTHORITY_ID_SIZE];
	TRY(certificate_read(import->chosen[ROLE_CHANNEL], &facts));
	if (!certificate_is_national(import->chosen[ROLE_IDENTITY]))
		return fault_say(FAULT_CERT_PROFILE, "the root names an authority: it is an identity, not the root of a national PKI");
	TRY(trust_set_peer(trust, facts.authority, import->chosen[ROLE_IDENTITY], STANDING_VERIFIED));
	TRY(judge_lists(import, trust, facts.authority));
	for (enum usage usage = USAGE_CHANNEL; usage <= USAGE_SEALING; usage++) {
		const struct span chain[] = { import->chosen[ROLE_CHANNEL + (int)usage], import->chosen[ROLE_DELEGATION] };
		TRY(trust_judge(trust, &(struct claim){ chain, ARRAY_LEN(chain), usage, facts.authority, import->now }, peer));
	}
	return OK;
}

static enum fault judge(struct import *import)
{
	struct trust *trust = trust_new();
	if (!trust)
		return FAULT_NO_MEMORY;
	enum fault fault = judge_imported(import, trust);
	trust_free(trust);
	return fault;
}

/* ── into place ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_pem(const struct import *import, enum role role, const char *ending, struct span der,
			    enum fault (*write)(struct span der, struct bytes *pem))
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, import->directory, "keys.new", role, ending);
	enum fault fault = write(der, &pem);
	if (!fault)
		fault = file_create(path, FILE_PUBLIC, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

static enum fault put(const struct import *import, enum role role)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	TRY(write_pem(import, role, "crt", import->chosen[role], certificate_pem));
	if (!role_is_leaf(role))
		return import->list[role].len ? write_pem(import, role, "crl", import->list[role], revocation_pem) : OK;
	path_of(from, import->directory, import->is_new[role] ? "requested" : "keys", role, "key");
	path_of(to, import->directory, "keys.new", role, "key");
	return link(from, to) ? file_fault(from) : OK;
}

/* What was there before, or half of what was to be. */
static void clear_away(const struct import *import)
{
	static const char *const endings[] = { "key", "crt", "crl" };
	char path[PATH_SIZE], keys[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
			path_of(path, import->directory, "keys.new", role, endings[i]);
			unlink(path);
		}
	snprintf(path, sizeof path, "%s/keys.new", import->directory);
	snprintf(keys, sizeof keys, "%s/keys", import->directory);
	if (!access(path, F_OK) && !directory_share(path, keys, identity_is_others))
		directory_sweep(path, identity_is_others);
	rmdir(path);
}

/* An identity of one's own that gave way is not ours to destroy: counterparts may still have it pinned. */
static void put_aside(const struct import *import)
{
	char path[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE];
	path_of(path, import->directory, "keys.new", ROLE_IDENTITY, "key");
	snprintf(from, sizeof from, "%s/keys.new", import->directory);
	snprintf(to, sizeof to, "%s/keys.own", import->directory);
	if (!access(path, F_OK))
		renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

static enum fault exchange(const struct import *import)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	snprintf(from, sizeof from, "%s/keys.new", import->directory);
	snprintf(to, sizeof to, "%s/keys", import->directory);
	clear_away(import);
	if (mkdir(from, 0700))
		return file_fault(from);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(put(import, role));
	TRY(directory_share(to, from, identity_is_others));
	TRY(directory_sync(from));
	TRY(identity_keep_old(import->directory, import->replaced));	/* somebody may seal to it still */
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE))
		return file_fault(to);
	put_aside(import);
	return directory_sync(import->directory);
}

static void forget_requests(const struct import *import)
{
	char path[PATH_SIZE];
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (import->is_new[role]) {
			path_of(path, import->directory, "requested", role, "key");
			unlink(path);
		}
}

static enum fault take(struct import *import, struct span pem, unsigned *count)
{
	TRY(identity_open(import->directory, &(struct identity_access){ 0 }, &import->replaced));
	import->lock = open(import->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (import->lock < 0 || flock(import->lock, LOCK_EX))
		return file_fault(import->directory);
	TRY(read_all(import, pem));
	TRY(choose(import, count));
	TRY(judge(import));
	TRY(exchange(import));
	forget_requests(import);
	return OK;
}

enum fault national_import(const char *directory, struct span pem, int64_t now, unsigned *count)
{
	struct import import = { .directory = directory, .now = now, .lock = -1 };
	*count = 0;
	enum fault fault = take(&import, pem, count);
	if (import.lock >= 0) {
		clear_away(&import);
		close(import.lock);
	}
	identity_free(import.replaced);
	for (size_t i = 0; i < CERTIFICATES_MAX; i++)
		bytes_clear(&import.came[i]);
	for (size_t i = 0; i < LISTS_MAX; i++)
		bytes_clear(&import.lists[i]);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		bytes_clear(&import.kept[role]);
	return fault;
}
