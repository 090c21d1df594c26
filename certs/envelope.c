#include "certs/envelope.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/openssl.h"
#include "certs/seal.h"

static enum fault refuse(const char *what)
{
	ERR_clear_error();
	return fault_say(FAULT_BAD_ENVELOPE, "%s", what);
}

/* ── making ───────────────────────────────────────────────────────────────────────────────────── */

/* SHA-1, which OpenSSL would take for the derivation, is forced to be SHA-256, and the wrapping to be of 256 bits. */
static bool add_recipient(CMS_ContentInfo *cms, struct span certificate)
{
	X509 *x509 = x509_parse(certificate);
	CMS_RecipientInfo *recipient = x509 ? CMS_add1_recipient_cert(cms, x509, CMS_KEY_PARAM) : NULL;
	EVP_PKEY_CTX *agreement = recipient ? CMS_RecipientInfo_get0_pkey_ctx(recipient) : NULL;
	bool is_added = agreement && CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_AGREE &&
		EVP_PKEY_CTX_set_ecdh_kdf_md(agreement, EVP_sha256()) > 0 &&
		EVP_EncryptInit_ex(CMS_RecipientInfo_kari_get0_ctx(recipient), EVP_aes_256_wrap(), NULL, NULL, NULL) == 1;
	X509_free(x509);
	return is_added;
}

static enum fault fill_envelope(CMS_ContentInfo *cms, BIO *plain, const struct span *certificates, size_t count, struct bytes *der)
{
	uint8_t *packed = NULL;
	for (size_t i = 0; i < count; i++)
		if (!add_recipient(cms, certificates[i]))
			return fault_say(FAULT_CERT_PROFILE, "nothing can be sealed to certificate %zu: %s", i + 1, openssl_reason());
	int len = CMS_final(cms, plain, NULL, CMS_BINARY) == 1 ? i2d_CMS_ContentInfo(cms, &packed) : -1;
	enum fault fault = len > 0 && len <= ENVELOPE_SIZE_MAX ? bytes_append(der, (struct span){ packed, (size_t)len })
		: fault_say(FAULT_NO_MEMORY, "the content key cannot be wrapped: %s", openssl_reason());
	OPENSSL_free(packed);
	return fault;
}

enum fault envelope_make(const struct span *certificates, size_t count, const uint8_t key[CONTENT_KEY_SIZE], struct span bound,
	struct bytes *der)
{
	uint8_t content[CONTENT_KEY_SIZE + DIGEST_SIZE];
	size_t len = bound.len == DIGEST_SIZE ? sizeof content : CONTENT_KEY_SIZE;
	memcpy(content, key, CONTENT_KEY_SIZE);
	if (len > CONTENT_KEY_SIZE)
		memcpy(content + CONTENT_KEY_SIZE, bound.at, DIGEST_SIZE);
	BIO *plain = BIO_new_mem_buf(content, (int)len);
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);
	enum fault fault = plain && cms ? fill_envelope(cms, plain, certificates, count, der) : FAULT_NO_MEMORY;
	CMS_ContentInfo_free(cms);
	BIO_free(plain);
	seal_wipe(content, sizeof content);
	ERR_clear_error();
	return fault;
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

/* One DER and nothing behind it, with authentication: what is only encrypted can be changed without being noticed. */
static CMS_ContentInfo *parse(struct span der)
{
	const uint8_t *at = der.at;
	if (!der.len || der.len > ENVELOPE_SIZE_MAX)
		return NULL;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	if (cms && at == der.at + der.len && OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

static enum fault take_key(BIO *plain, struct span bound, uint8_t key[CONTENT_KEY_SIZE])
{
	char *at;
	long len = BIO_get_mem_data(plain, &at);
	if (len != CONTENT_KEY_SIZE && len != CONTENT_KEY_SIZE + DIGEST_SIZE)
		return refuse("what is in it is no content key");
	if (!span_equal((struct span){ (uint8_t *)at + CONTENT_KEY_SIZE, (size_t)len - CONTENT_KEY_SIZE }, bound))
		return refuse("it is for others than those who are named with it");
	memcpy(key, at, CONTENT_KEY_SIZE);
	return OK;
}

static enum fault open_parsed(CMS_ContentInfo *cms, const struct identity *identity, struct span bound, uint8_t key[CONTENT_KEY_SIZE])
{
	BIO *plain = BIO_new(BIO_s_secmem());
	if (!plain)
		return FAULT_NO_MEMORY;
	bool is_open = CMS_decrypt(cms, identity_key(identity, ROLE_SEALING), identity_x509(identity, ROLE_SEALING), NULL, plain,
		CMS_BINARY) == 1;
	enum fault fault = is_open ? take_key(plain, bound, key) : refuse("it is not to our sealing certificate, or was altered");
	BIO_free(plain);
	return fault;
}

enum fault envelope_open(const struct identity *identity, struct span der, struct span bound, uint8_t key[CONTENT_KEY_SIZE])
{
	if (!identity_key(identity, ROLE_SEALING))
		return fault_say(FAULT_BAD_KEY, "our sealing key is not here");
	CMS_ContentInfo *cms = parse(der);
	if (!cms)
		return refuse("this is no envelope");
	enum fault fault = open_parsed(cms, identity, bound, key);
	CMS_ContentInfo_free(cms);
	return fault;
}
