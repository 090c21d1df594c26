#include "certs/keys.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "certs/openssl.h"

enum { KEY_FILE_MAX = 8192 };

struct key {
	EVP_PKEY *evp;
};

static const char *const groups[] = {
	[CURVE_P256] = "prime256v1",
	[CURVE_P384] = "secp384r1",
};

bool evp_is_on_our_curves(const EVP_PKEY *evp)
{
	char group[64];
	if (!EVP_PKEY_is_a(evp, "EC") || !EVP_PKEY_get_group_name(evp, group, sizeof group, NULL))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (!strcmp(group, groups[i]))
			return true;
	return false;
}

static enum fault wrap(TAKES EVP_PKEY *evp, struct key **key)
{
	*key = calloc(1, sizeof **key);
	if (!*key) {
		EVP_PKEY_free(evp);
		return FAULT_NO_MEMORY;
	}
	(*key)->evp = evp;
	return OK;
}

enum fault key_make(enum curve curve, struct key **key)
{
	EVP_PKEY *evp = EVP_EC_gen(groups[curve]);
	if (!evp)
		return fault_say(FAULT_BAD_KEY, "a key cannot be made: %s", openssl_reason());
	return wrap(evp, key);
}

/* Key material passes through this BIO; freeing it must wipe, so it is on secure terms from the start. */
static BIO *pem_of(const struct key *key)
{
	BIO *pem = BIO_new(BIO_s_secmem());
	if (pem && PEM_write_bio_PKCS8PrivateKey(pem, key->evp, NULL, NULL, 0, NULL, NULL))
		return pem;
	BIO_free(pem);
	return NULL;
}

enum fault key_save(const struct key *key, const char *path)
{
	BIO *pem = pem_of(key);
	if (!pem)
		return fault_say(FAULT_BAD_KEY, "%s: the key cannot be written: %s", path, openssl_reason());
	char *at;
	long len = BIO_get_mem_data(pem, &at);
	enum fault fault = file_create(path, FILE_PRIVATE, (struct span){ (uint8_t *)at, (size_t)len });
	OPENSSL_cleanse(at, (size_t)len);
	BIO_free(pem);
	return fault;
}

/* An encrypted key would make OpenSSL ask on the terminal for its passphrase; a daemon has none. */
static int no_passphrase(char *to, int size, int is_writing, void *unused)
{
	(void)to, (void)size, (void)is_writing, (void)unused;
	return -1;
}

static enum fault parse(struct span pem, const char *path, struct key **key)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *evp = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	BIO_free(bio);
	if (!evp)
		return fault_say(FAULT_BAD_KEY, "%s is not a private key in PEM form: %s", path, openssl_reason());
	if (!evp_is_on_our_curves(evp)) {
		EVP_PKEY_free(evp);
		return fault_say(FAULT_BAD_KEY, "%s is not a key on P-256 or P-384", path);
	}
	return wrap(evp, key);
}

static enum fault load_file(const char *path, struct key **key)
{
	struct bytes pem = { 0 };
	enum fault fault = file_read(path, FILE_PRIVATE, KEY_FILE_MAX, &pem);
	if (fault == FAULT_NO_INPUT || fault == FAULT_TOO_LARGE)
		fault = fault_say(FAULT_BAD_KEY, "%s", fault_detail(fault));
	if (!fault)
		fault = parse(span_of(&pem), path, key);
	bytes_wipe(&pem);
	return fault;
}

static const struct scheme {
	const char *prefix;
	enum fault (*load)(const char *rest, struct key **key);
} schemes[] = {
	{ "file:", load_file },
};

enum fault key_load(const char *source, struct key **key)
{
	*key = NULL;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i].prefix);
		if (!strncmp(source, schemes[i].prefix, len))
			return schemes[i].load(source + len, key);
	}
	if (!strncmp(source, "pkcs11:", 7))
		return fault_say(FAULT_BAD_KEY, "%s: keys in tokens are not supported by this build", source);
	return load_file(source, key);
}

enum fault key_spki(const struct key *key, struct bytes *der)
{
	uint8_t *at = NULL;
	int len = i2d_PUBKEY(key->evp, &at);
	if (len <= 0)
		return fault_say(FAULT_BAD_KEY, "the public key cannot be written: %s", openssl_reason());
	enum fault fault = bytes_append(der, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}

EVP_PKEY *key_evp(const struct key *key)
{
	return key->evp;
}

void key_free(struct key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->evp);	/* cleanses the private half */
	free(key);
}
