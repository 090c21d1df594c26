#include "certs/seal.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	NONCES = 128,				/* drawn at once: asking for each would cost more than sealing */
	SECURE_HEAP = 1 << 17, SECURE_PIECE = 64,
	PIECE_MAX = 1 << 30,			/* what OpenSSL takes at once is an int */
	BOUND_TOGETHER = 256,			/* what is bound, a name and a key, has about 40 bytes */
};

struct seal {
	uint8_t *key;				/* on the secure heap */
	EVP_CIPHER_CTX *ctx;
	size_t nonces_left;
	uint8_t nonces[NONCES][SEAL_NONCE_SIZE];
};

/* ── what is looked up once ─────────────────────────────────────────────────────────────────── */

static EVP_CIPHER *gcm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Where no memory can be locked the secure heap is refused, and its calls take ordinary memory. */
static void prepare(void)
{
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_PIECE);
	gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!gcm)
		abort();	/* without it nothing here can be read or kept */
}

enum fault seal_random(uint8_t *to, size_t size)
{
	return RAND_bytes(to, (int)size) == 1 ? OK : fault_say(FAULT_IO, "no random bytes can be had");
}

void seal_wipe(void *at, size_t size)
{
	OPENSSL_cleanse(at, size);
}

/* ── keys ───────────────────────────────────────────────────────────────────────────────────── */

enum fault seal_new(const uint8_t key[SEAL_KEY_SIZE], struct seal **made)
{
	*made = NULL;
	pthread_once(&once, prepare);
	struct seal *seal = calloc(1, sizeof *seal);
	if (!seal)
		return FAULT_NO_MEMORY;
	seal->key = OPENSSL_secure_malloc(SEAL_KEY_SIZE);
	seal->ctx = EVP_CIPHER_CTX_new();
	if (!seal->key || !seal->ctx || !EVP_EncryptInit_ex2(seal->ctx, gcm, key, NULL, NULL)) {
		seal_free(seal);
		return FAULT_NO_MEMORY;
	}
	memcpy(seal->key, key, SEAL_KEY_SIZE);
	*made = seal;
	return OK;
}

enum fault seal_make(struct seal **seal)
{
	uint8_t key[SEAL_KEY_SIZE];
	*seal = NULL;
	TRY(RAND_priv_bytes(key, sizeof key) == 1 ? OK : fault_say(FAULT_IO, "no random bytes can be had"));
	enum fault fault = seal_new(key, seal);
	seal_wipe(key, sizeof key);
	return fault;
}

static bool derive(const struct seal *from, const uint8_t *salt, const char *purpose, uint8_t *key)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, from->key, SEAL_KEY_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (uint8_t *)(uintptr_t)salt, SEAL_SALT_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)(uintptr_t)purpose, strlen(purpose)),
		OSSL_PARAM_construct_end(),
	};
	bool is_done = ctx && EVP_KDF_derive(ctx, key, SEAL_KEY_SIZE, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return is_done;
}

enum fault seal_derive(const struct seal *from, const uint8_t salt[SEAL_SALT_SIZE], const char *purpose, struct seal **seal)
{
	uint8_t key[SEAL_KEY_SIZE];
	*seal = NULL;
	enum fault fault = derive(from, salt, purpose, key) ? seal_new(key, seal) : FAULT_NO_MEMORY;
	seal_wipe(key, sizeof key);
	return fault;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	EVP_CIPHER_CTX_free(seal->ctx);		/* wipes what it made of the key */
	OPENSSL_secure_clear_free(seal->key, SEAL_KEY_SIZE);
	free(seal);
}

void seal_key(const struct seal *seal, uint8_t key[SEAL_KEY_SIZE])
{
	memcpy(key, seal->key, SEAL_KEY_SIZE);
}

/* ── sealing ────────────────────────────────────────────────────────────────────────────────── */

static enum fault take_nonce(struct seal *seal, uint8_t *nonce)
{
	if (!seal->nonces_left) {
		TRY(seal_random(seal->nonces[0], sizeof seal->nonces));
		seal->nonces_left = NONCES;
	}
	memcpy(nonce, seal->nonces[--seal->nonces_left], SEAL_NONCE_SIZE);
	return OK;
}

static bool run(EVP_CIPHER_CTX *ctx, struct span in, uint8_t *out)
{
	int done;
	assert(in.len <= PIECE_MAX);
	return !in.len || EVP_CipherUpdate(ctx, out, &done, in.at, (int)in.len) == 1;
}

/* Short ones at once: each going there costs a fifth of sealing a small record. */
static bool bind(EVP_CIPHER_CTX *ctx, struct span bound, struct span more_bound)
{
	uint8_t both[BOUND_TOGETHER];
	if (!bound.len || !more_bound.len || bound.len + more_bound.len > sizeof both)
		return run(ctx, bound, NULL) && run(ctx, more_bound, NULL);
	memcpy(both, bound.at, bound.len);
	memcpy(both + bound.len, more_bound.at, more_bound.len);
	return run(ctx, (struct span){ both, bound.len + more_bound.len }, NULL);
}

/* OpenSSL refuses none of this for what the bytes are, so a refusal is a mistake of ours: nothing must be kept that
 * looks sealed and is not. */
enum fault seal_close(struct seal *seal, struct span bound, struct span more_bound, struct span plain, uint8_t *to)
{
	int done;
	uint8_t *text = to + SEAL_NONCE_SIZE;
	TRY(take_nonce(seal, to));
	if (!EVP_CipherInit_ex2(seal->ctx, NULL, NULL, to, 1, NULL) || !bind(seal->ctx, bound, more_bound) ||
	    !run(seal->ctx, plain, text) ||
	    !EVP_CipherFinal_ex(seal->ctx, text + plain.len, &done) ||
	    !EVP_CIPHER_CTX_ctrl(seal->ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, text + plain.len))
		abort();
	return OK;
}

bool seal_open(struct seal *seal, struct span bound, struct span more_bound, struct span sealed, uint8_t *to)
{
	int done;
	uint8_t tag[SEAL_TAG_SIZE], none[SEAL_TAG_SIZE];
	if (sealed.len < SEAL_OVERHEAD)
		return false;
	struct span text = { sealed.at + SEAL_NONCE_SIZE, sealed.len - SEAL_OVERHEAD };
	memcpy(tag, text.at + text.len, sizeof tag);
	bool is_sound = EVP_CipherInit_ex2(seal->ctx, NULL, NULL, sealed.at, 0, NULL) && bind(seal->ctx, bound, more_bound) &&
		run(seal->ctx, text, to) &&
		EVP_CIPHER_CTX_ctrl(seal->ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, tag) == 1 &&
		EVP_CipherFinal_ex(seal->ctx, none, &done) == 1;
	if (!is_sound && text.len)
		seal_wipe(to, text.len);
	return is_sound;
}

enum fault seal_wrap(struct seal *under, struct span bound, const struct seal *seal, uint8_t to[SEAL_WRAPPED_SIZE])
{
	return seal_close(under, bound, (struct span){ 0 }, (struct span){ seal->key, SEAL_KEY_SIZE }, to);
}

enum fault seal_unwrap(struct seal *under, struct span bound, struct span wrapped, struct seal **seal)
{
	uint8_t key[SEAL_KEY_SIZE];
	*seal = NULL;
	if (wrapped.len != SEAL_WRAPPED_SIZE || !seal_open(under, bound, (struct span){ 0 }, wrapped, key))
		return fault_say(FAULT_BAD_KEY, "a sealed key cannot be opened with this one");
	enum fault fault = seal_new(key, seal);
	seal_wipe(key, sizeof key);
	return fault;
}
