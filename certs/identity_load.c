/* One generation of an identity, as it lies in its folder. */
#include "certs/identity_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/files.h"

enum { PEM_SIZE_MAX = 2 * CERTIFICATE_SIZE_MAX, HERITAGE_SIZE_MAX = 512 << 10 };

const struct secret_source *identity_secret(const struct identity_access *access, enum role role)
{
	return role == ROLE_CHANNEL ? &access->channel_secret : &access->secret;
}

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

/* The identity is loaded first, so that it tells what the others must be. */
static bool is_national(const struct identity *identity)
{
	return x509_is_national(identity->held[ROLE_IDENTITY].certificate);
}

static bool is_national_issuer(const struct identity *identity, enum role role)
{
	return !role_is_leaf(role) && is_national(identity);
}

static enum fault check_profile(const struct identity *identity, enum role role)
{
	X509 *certificate = identity->held[role].certificate;
	return is_national_issuer(identity, role) ? x509_check_national(certificate, role) : x509_check_profile(certificate, role);
}

static enum fault load_role(struct identity *identity, const char *folder, const struct identity_access *access,
			    enum role role)
{
	char path[IDENTITY_PATH_SIZE];
	struct held *held = &identity->held[role];
	snprintf(path, sizeof path, "%s/%s.crt", folder, role_name(role));
	TRY(load_certificate(held, path));
	digest_of(held->digest, span_of(&held->der));
	enum fault fault = check_profile(identity, role);
	if (fault)
		return fault_say(FAULT_BAD_KEY, "%s: %s", path, fault_detail(fault));
	if (!(access->keys & KEY_OF(role)))
		return OK;
	snprintf(path, sizeof path, "%s/%s.key", folder, role_name(role));
	TRY(key_load(path, identity_secret(access, role), &held->key));
	if (X509_check_private_key(held->certificate, key_evp(held->key)))
		return OK;
	return fault_say(FAULT_BAD_KEY, "%s does not belong to the certificate beside it: %s", path, openssl_reason());
}

/* Validity is not looked at: an expired identity must load, or it could never be renewed. */
static enum fault check_role(const struct identity *identity, const char *folder, enum role role)
{
	X509 *certificate = identity->held[role].certificate;
	X509 *issuer = identity->held[role_issuer(role)].certificate;
	char id[AUTHORITY_ID_SIZE];
	x509_authority(certificate, id);
	if (!is_national_issuer(identity, role) && strcmp(id, identity->authority))
		return fault_say(FAULT_BAD_KEY, "%s/%s.crt is of %s, the identity is of %s", folder,
				 role_name(role), id, identity->authority);
	if (X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1)
		return OK;
	ERR_clear_error();
	return fault_say(FAULT_BAD_KEY, "%s/%s.crt was not issued by %s.crt", folder, role_name(role),
			 role_name(role_issuer(role)));
}

static void take_name(struct identity *identity)
{
	enum role named = is_national(identity) ? ROLE_SIGNING : ROLE_IDENTITY;
	X509_NAME *subject = X509_get_subject_name(identity->held[named].certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
	uint8_t *utf8 = NULL;
	int len = at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (len > 0 && authority_name_is_valid((struct span){ utf8, (size_t)len }))
		memcpy(identity->name, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

size_t identity_leading(const struct heritage *heritage)
{
	size_t count = 0;
	while (count < heritage->count && heritage->list[heritage->count - 1 - count].old_by_new.len)
		count++;
	return count;
}

static enum fault take_bridges(struct heritage *heritage)
{
	for (size_t i = identity_leading(heritage); heritage->bridge_count < (int)i;) {
		X509 *bridge = x509_parse(heritage->list[heritage->count - 1 - (size_t)heritage->bridge_count].new_by_old);
		if (!bridge)
			return FAULT_BAD_KEY;
		heritage->bridges[heritage->bridge_count++] = bridge;
	}
	return OK;
}

static enum fault load_heritage(struct identity *identity, const char *folder)
{
	char path[IDENTITY_PATH_SIZE];
	struct bytes pem = { 0 };
	struct heritage *heritage = &identity->heritage;
	snprintf(path, sizeof path, "%s/identity.old", folder);
	if (access(path, F_OK))
		return OK;
	enum fault fault = file_read(path, FILE_PUBLIC, HERITAGE_SIZE_MAX, &pem);
	if (!fault)
		fault = succession_from_pem(span_of(&pem), &heritage->backing, heritage->list, &heritage->count);
	bytes_clear(&pem);
	size_t leading = identity_leading(heritage);
	if (!fault)
		fault = succession_check(heritage->list + heritage->count - leading, leading, identity->authority,
			identity_certificate(identity, ROLE_IDENTITY));
	if (!fault)
		fault = take_bridges(heritage);
	return fault ? fault_say(FAULT_BAD_KEY, "%s: %s", path, fault_detail(fault)) : OK;
}

static enum fault load(struct identity *identity, const char *folder, const struct identity_access *access)
{
	identity->hand = access->hand;
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(load_role(identity, folder, access, role));
	x509_authority(identity->held[is_national(identity) ? ROLE_CHANNEL : ROLE_IDENTITY].certificate, identity->authority);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(check_role(identity, folder, role));
	take_name(identity);
	TRY(load_heritage(identity, folder));
	return certificate_pin(identity_certificate(identity, ROLE_IDENTITY), identity->authority, &identity->pin);
}

void identity_free_generation(struct identity *identity)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		X509_free(identity->held[role].certificate);
		key_free(identity->held[role].key);
		bytes_clear(&identity->held[role].der);
	}
	for (int i = 0; i < identity->heritage.bridge_count; i++)
		X509_free(identity->heritage.bridges[i]);
	bytes_clear(&identity->heritage.backing);
	bytes_clear(&identity->pin);
	free(identity);
}

enum fault identity_open_generation(const char *folder, const struct identity_access *access, struct identity **generation)
{
	*generation = calloc(1, sizeof **generation);
	if (!*generation)
		return FAULT_NO_MEMORY;
	enum fault fault = load(*generation, folder, access);
	if (!fault)
		return OK;
	identity_free_generation(*generation);
	*generation = NULL;
	return fault;
}
