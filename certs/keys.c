#include "certs/keys.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "certs/openssl.h"

enum { KEY_FILE_MAX = 8192 };

struct key {
	EVP_PKEY *evp;
	bool is_in_token;
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

/* scrypt with 16 MiB, five times over: about a quarter of a second (RFC 7914 section 2). */
static X509_ALGOR *slow_scheme(void)
{
	uint8_t salt[16];
	if (RAND_bytes(salt, sizeof salt) != 1)
		return NULL;
	return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, 1 << 14, 8, 5);
}

static bool write_encrypted(BIO *pem, EVP_PKEY *evp, const struct secret *passphrase)
{
	const char *text = secret_text(passphrase);
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(evp);
	X509_ALGOR *scheme = plain ? slow_scheme() : NULL;
	X509_SIG *sealed = scheme ? PKCS8_set0_pbe(text, (int)strlen(text), plain, scheme) : NULL;
	if (scheme && !sealed)
		X509_ALGOR_free(scheme);	/* else it belongs to what is sealed */
	PKCS8_PRIV_KEY_INFO_free(plain);
	bool is_written = sealed && PEM_write_bio_PKCS8(pem, sealed);
	X509_SIG_free(sealed);
	return is_written;
}

/* Key material passes through this BIO; freeing it must wipe, so it is on secure terms from the start. */
static BIO *pem_of(const struct key *key, const struct secret *passphrase)
{
	BIO *pem = BIO_new(BIO_s_secmem());
	if (pem && (passphrase ? write_encrypted(pem, key->evp, passphrase) :
			PEM_write_bio_PKCS8PrivateKey(pem, key->evp, NULL, NULL, 0, NULL, NULL)))
		return pem;
	BIO_free(pem);
	return NULL;
}

enum fault key_save(const struct key *key, const struct secret *passphrase, const char *path)
{
	BIO *pem = pem_of(key, passphrase);
	if (!pem)
		return fault_say(FAULT_BAD_KEY, "%s: the key cannot be written: %s", path, openssl_reason());
	char *at;
	long len = BIO_get_mem_data(pem, &at);
	enum fault fault = file_create(path, FILE_PRIVATE, (struct span){ (uint8_t *)at, (size_t)len });
	OPENSSL_cleanse(at, (size_t)len);
	BIO_free(pem);
	return fault;
}

/* One reading of a key.  OpenSSL asks for the passphrase only when there is something to open. */
struct reading {
	const char *path;
	const struct secret_source *source;
	bool is_asked;
	enum fault fault;		/* why there was no passphrase to be had */
};

static int give_passphrase(char *to, int size, int is_writing, void *user)
{
	struct reading *reading = user;
	struct secret *secret;
	(void)is_writing;
	reading->is_asked = true;
	reading->fault = secret_read(reading->source, reading->path, &secret);
	if (reading->fault)
		return -1;
	size_t len = strlen(secret_text(secret));
	bool fits = len <= (size_t)size;
	if (fits)
		memcpy(to, secret_text(secret), len);
	secret_free(secret);
	return fits ? (int)len : -1;
}

static enum fault why_not(const struct reading *reading)
{
	if (reading->fault) {
		ERR_clear_error();
		return reading->fault;
	}
	if (!reading->is_asked)
		return fault_say(FAULT_BAD_KEY, "%s is not a private key in PEM form: %s", reading->path, openssl_reason());
	ERR_clear_error();
	return fault_say(FAULT_WRONG_PASSPHRASE, "the passphrase does not open %s", reading->path);
}

static enum fault parse(struct span pem, struct reading *reading, struct key **key)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *evp = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, reading) : NULL;
	BIO_free(bio);
	if (!evp)
		return why_not(reading);
	if (!evp_is_on_our_curves(evp)) {
		EVP_PKEY_free(evp);
		return fault_say(FAULT_BAD_KEY, "%s is not a key on P-256 or P-384", reading->path);
	}
	return wrap(evp, key);
}

static enum fault read_file(const char *path, struct bytes *content)
{
	enum fault fault = file_read(path, FILE_PRIVATE, KEY_FILE_MAX, content);
	return fault == FAULT_NO_INPUT || fault == FAULT_TOO_LARGE ? fault_say(FAULT_BAD_KEY, "%s", fault_detail(fault)) : fault;
}

/* The one line of a file that says where the key is; "" when the file is no such thing. */
static void take_uri(const struct bytes *content, char uri[TOKEN_URI_MAX])
{
	size_t len = content->len && content->at[content->len - 1] == '\n' ? content->len - 1 : content->len;
	snprintf(uri, TOKEN_URI_MAX, "%.*s", (int)len, (const char *)content->at);
	if (len >= TOKEN_URI_MAX || strlen(uri) != len || !token_is_uri(uri))
		OPENSSL_cleanse(uri, TOKEN_URI_MAX);	/* it may be a key */
}

static enum fault load_from_token(const char *uri, const struct secret_source *source, struct key **key)
{
	EVP_PKEY *evp;
	TRY(token_load(uri, source, &evp));
	if (!evp_is_on_our_curves(evp)) {
		EVP_PKEY_free(evp);
		return fault_say(FAULT_BAD_KEY, "%s is not a key on P-256 or P-384", uri);
	}
	TRY(wrap(evp, key));
	(*key)->is_in_token = true;
	return OK;
}

enum fault key_load(const char *path, const struct secret_source *source, struct key **key)
{
	struct bytes content = { 0 };
	char uri[TOKEN_URI_MAX] = "";
	path += strncmp(path, "file:", 5) ? 0 : 5;
	struct reading reading = { .path = path, .source = source };
	*key = NULL;
	if (token_is_uri(path))
		return load_from_token(path, source, key);
	enum fault fault = read_file(path, &content);
	if (!fault)
		take_uri(&content, uri);
	if (!fault)
		fault = *uri ? load_from_token(uri, source, key) : parse(span_of(&content), &reading, key);
	bytes_wipe(&content);
	return fault;
}

enum fault key_save_uri(const char *uri, const char *path)
{
	struct bytes line = { 0 };
	enum fault fault = bytes_printf(&line, "%s\n", uri);
	if (!fault)
		fault = file_create(path, FILE_PRIVATE, span_of(&line));
	bytes_clear(&line);
	return fault;
}

enum fault key_uri(const char *path, char uri[TOKEN_URI_MAX])
{
	struct bytes content = { 0 };
	enum fault fault = read_file(path, &content);
	*uri = 0;
	if (!fault)
		take_uri(&content, uri);
	bytes_wipe(&content);
	return fault;
}

bool key_is_in_token(const struct key *key)
{
	return key->is_in_token;
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
