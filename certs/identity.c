#include "certs/identity.h"

#include <ctype.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/openssl.h"

enum { PATH_SIZE = 4096, PEM_SIZE_MAX = 2 * CERTIFICATE_SIZE_MAX };

struct identity {
	char authority[AUTHORITY_ID_SIZE];
	char name[AUTHORITY_NAME_MAX + 1];
	struct held {
		X509 *certificate;
		struct key *key;	/* leaves only */
		struct bytes der;
	} held[ROLE_COUNT];
	struct bytes spki;
};

static enum fault load_certificate(struct held *held, const char *path)
{
	struct bytes pem = { 0 };
	enum fault fault = file_read(path, FILE_PUBLIC, PEM_SIZE_MAX, &pem);
	if (fault) {
		bytes_clear(&pem);
		return fault_say(FAULT_BAD_KEY, "%s", fault_detail(fault));
	}
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	held->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	bytes_clear(&pem);
	if (!held->certificate)
		return fault_say(FAULT_BAD_KEY, "%s is not a certificate in PEM form: %s", path, openssl_reason());
	int len = i2d_X509(held->certificate, NULL);
	if (len <= 0 || len > CERTIFICATE_SIZE_MAX)
		return fault_say(FAULT_BAD_KEY, "%s is longer than %d bytes", path, CERTIFICATE_SIZE_MAX);
	TRY(bytes_reserve(&held->der, (size_t)len));
	uint8_t *at = held->der.at;
	held->der.len = (size_t)i2d_X509(held->certificate, &at);
	return OK;
}

static enum fault load_role(struct identity *identity, const char *directory, enum role role)
{
	char path[PATH_SIZE];
	struct held *held = &identity->held[role];
	snprintf(path, sizeof path, "%s/keys/%s.crt", directory, role_name(role));
	TRY(load_certificate(held, path));
	enum fault fault = x509_check_profile(held->certificate, role);
	if (fault)
		return fault_say(FAULT_BAD_KEY, "%s: %s", path, fault_detail(fault));
	if (!role_is_leaf(role))
		return OK;
	snprintf(path, sizeof path, "%s/keys/%s.key", directory, role_name(role));
	TRY(key_load(path, &held->key));
	if (X509_check_private_key(held->certificate, key_evp(held->key)))
		return OK;
	return fault_say(FAULT_BAD_KEY, "%s does not belong to the certificate beside it: %s", path, openssl_reason());
}

/* Validity is not looked at: an expired identity must load, or it could never be renewed. */
static enum fault check_role(const struct identity *identity, const char *directory, enum role role)
{
	X509 *certificate = identity->held[role].certificate;
	X509 *issuer = identity->held[role_issuer(role)].certificate;
	char id[AUTHORITY_ID_SIZE];
	x509_authority(certificate, id);
	if (strcmp(id, identity->authority))
		return fault_say(FAULT_BAD_KEY, "%s/keys/%s.crt is of %s, the identity is of %s", directory,
				 role_name(role), id, identity->authority);
	if (X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1)
		return OK;
	ERR_clear_error();
	return fault_say(FAULT_BAD_KEY, "%s/keys/%s.crt was not issued by %s.crt", directory, role_name(role),
			 role_name(role_issuer(role)));
}

static void take_name(struct identity *identity)
{
	X509_NAME *subject = X509_get_subject_name(identity->held[ROLE_IDENTITY].certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
	uint8_t *utf8 = NULL;
	int len = at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (len > 0 && authority_name_is_valid((struct span){ utf8, (size_t)len }))
		memcpy(identity->name, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

static enum fault load(struct identity *identity, const char *directory)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(load_role(identity, directory, role));
	x509_authority(identity->held[ROLE_IDENTITY].certificate, identity->authority);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(check_role(identity, directory, role));
	take_name(identity);
	return certificate_spki(identity_certificate(identity, ROLE_IDENTITY), &identity->spki);
}

enum fault identity_load(const char *directory, struct identity **identity)
{
	*identity = calloc(1, sizeof **identity);
	if (!*identity)
		return FAULT_NO_MEMORY;
	/* a renewal that takes place meanwhile would show us half of the old and half of the new */
	int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock >= 0)
		flock(lock, LOCK_SH);
	enum fault fault = load(*identity, directory);
	if (lock >= 0)
		close(lock);
	if (fault) {
		identity_free(*identity);
		*identity = NULL;
	}
	return fault;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		X509_free(identity->held[role].certificate);
		key_free(identity->held[role].key);
		bytes_clear(&identity->held[role].der);
	}
	bytes_clear(&identity->spki);
	free(identity);
}

const char *identity_authority(const struct identity *identity)
{
	return identity->authority;
}

const char *identity_name(const struct identity *identity)
{
	return identity->name;
}

struct span identity_certificate(const struct identity *identity, enum role role)
{
	return span_of(&identity->held[role].der);
}

int64_t identity_not_after(const struct identity *identity, enum role role)
{
	return asn1_seconds(X509_get0_notAfter(identity->held[role].certificate));
}

struct span identity_spki(const struct identity *identity)
{
	return span_of(&identity->spki);
}

EVP_PKEY *identity_key(const struct identity *identity, enum role role)
{
	return key_evp(identity->held[role].key);
}

X509 *identity_x509(const struct identity *identity, enum role role)
{
	return identity->held[role].certificate;
}

static void hash_identity(uint8_t hash[64], struct span spki_der)
{
	static const char domain[] = "comity-id-v1";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_hashed = ctx && EVP_DigestInit_ex2(ctx, EVP_sha512(), NULL) &&
			 EVP_DigestUpdate(ctx, domain, sizeof domain - 1) &&
			 EVP_DigestUpdate(ctx, spki_der.at, spki_der.len) && EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	if (!is_hashed)
		abort();	/* digits that are not those of the key must never be read to anyone */
}

void identity_digits(char text[IDENTITY_DIGITS_SIZE], struct span spki_der)
{
	uint8_t hash[64];
	hash_identity(hash, spki_der);
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		uint64_t number = (uint64_t)hash[5 * i] << 32 | get_u32(hash + 5 * i + 1);
		snprintf(text + i * 6, 6, "%05u", (unsigned)(number % 100000));
		text[i * 6 + 5] = i + 1 < IDENTITY_GROUPS ? ' ' : 0;
	}
}

static enum fault collect(char digits[40], const char *heard)
{
	int count = 0;
	for (; *heard; heard++) {
		if (strchr(" \t\r\n-.", *heard))
			continue;
		if (!isdigit((unsigned char)*heard) || count == 40)
			return fault_say(FAULT_USAGE, "the telephone check takes eight groups of five digits, and nothing else");
		digits[count++] = *heard;
	}
	return count == 40 ? OK : fault_say(FAULT_USAGE, "the telephone check takes 40 digits; these are %d", count);
}

enum fault identity_compare(struct span spki_der, const char *heard, unsigned *which)
{
	char ours[IDENTITY_DIGITS_SIZE], theirs[40];
	*which = 0;
	TRY(collect(theirs, heard));
	identity_digits(ours, spki_der);
	int differing = 0;
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		if (!memcmp(ours + i * 6, theirs + i * 5, 5))
			continue;
		*which |= 1u << i;
		differing++;
	}
	if (!differing)
		return OK;
	return fault_say(FAULT_IDENTITY_DIFFERS, "%d of %d groups differ: this card does not belong to the person on the telephone",
			 differing, IDENTITY_GROUPS);
}
