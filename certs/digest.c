#include "certs/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *ctx;
};

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* Looking an algorithm up by name costs more than hashing a short text, so it is done once.  Without
 * SHA-256 nothing here can be kept or proven: there is no fault to return that would help anyone. */
static const EVP_MD *md(void)
{
	pthread_once(&once, fetch);
	if (!sha256)
		abort();
	return sha256;
}

void digest_of(uint8_t out[DIGEST_SIZE], struct span span)
{
	if (!EVP_Digest(span.at, span.len, out, NULL, md(), NULL))
		abort();	/* a wrong digest must never be returned as a right one */
}

struct digest *digest_new(void)
{
	struct digest *digest = calloc(1, sizeof *digest);
	if (!digest)
		return NULL;
	digest->ctx = EVP_MD_CTX_new();
	if (digest->ctx && EVP_DigestInit_ex2(digest->ctx, md(), NULL))
		return digest;
	digest_free(digest);
	return NULL;
}

void digest_update(struct digest *digest, struct span more)
{
	if (more.len && !EVP_DigestUpdate(digest->ctx, more.at, more.len))
		abort();
}

void digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE])
{
	if (!EVP_DigestFinal_ex(digest->ctx, out, NULL) || !EVP_DigestInit_ex2(digest->ctx, NULL, NULL))
		abort();
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->ctx);
	free(digest);
}
