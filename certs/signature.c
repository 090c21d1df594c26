#include "certs/signature.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/openssl.h"
#include "proto/stamp.h"

enum {
	ENCLOSED_SIZE_MAX = 512 * 1024,
	MAKE_FLAGS = CMS_BINARY | CMS_NOCERTS | CMS_NOSMIMECAP | CMS_CADES | CMS_USE_KEYID,
	VERIFY_FLAGS = CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY,
	ONLY_ONE = -3,			/* CMS_signed_get0_data_by_OBJ: exactly one attribute with exactly one value */
};

struct signer {
	char authority[AUTHORITY_ID_SIZE];
	X509 *certificate;
	STACK_OF(X509) *alone;		/* that certificate, as CMS_verify wants it */
};

static enum fault refuse(const char *what)
{
	ERR_clear_error();
	return fault_say(FAULT_BAD_SIGNATURE, "%s", what);
}

static enum fault check_time(const X509 *certificate, const char *whose, int64_t then)
{
	int64_t first = asn1_seconds(X509_get0_notBefore(certificate)), last = asn1_seconds(X509_get0_notAfter(certificate));
	char limit[STAMP_SIZE], given[STAMP_SIZE];
	if (then >= first && then <= last)
		return OK;
	bool is_over = then > last;
	stamp_write(limit, (is_over ? last : first) * STAMP_SECOND);
	stamp_write(given, then * STAMP_SECOND);
	return fault_say(is_over ? FAULT_CERT_EXPIRED : FAULT_CERT_NOT_YET, "%s signing certificate %s %s; the time of signing is %s",
		whose, is_over ? "expired at" : "is valid only from", limit, given);
}

/* Without this OpenSSL would ask the system's clock. */
static bool set_signing_time(CMS_SignerInfo *signer, int64_t now)
{
	ASN1_TIME *time = ASN1_TIME_adj(NULL, (time_t)now, 0, 0);
	bool is_set = time && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, time->type, time, -1);
	ASN1_TIME_free(time);
	return is_set;
}

static bool add_certificates(CMS_ContentInfo *cms, const struct identity *identity)
{
	return CMS_add1_cert(cms, identity_x509(identity, ROLE_SIGNING)) &&
	       CMS_add1_cert(cms, identity_x509(identity, ROLE_DELEGATION)) &&
	       CMS_add1_cert(cms, identity_x509(identity, ROLE_IDENTITY));
}

static bool sign(CMS_ContentInfo *cms, const struct identity *identity, struct span content, int64_t now, unsigned flags)
{
	CMS_SignerInfo *signer = CMS_add1_signer(cms, identity_x509(identity, ROLE_SIGNING),
						 identity_key(identity, ROLE_SIGNING), EVP_sha256(), MAKE_FLAGS | flags);
	if (!signer || !set_signing_time(signer, now))
		return false;
	BIO *bio = BIO_new_mem_buf(content.len ? (const void *)content.at : "", (int)content.len);
	bool is_signed = bio && CMS_final(cms, bio, NULL, MAKE_FLAGS | flags);
	BIO_free(bio);
	return is_signed;
}

static enum fault append(CMS_ContentInfo *cms, struct bytes *der)
{
	int len = i2d_CMS_ContentInfo(cms, NULL);
	if (len <= 0)
		return FAULT_NO_MEMORY;
	TRY(bytes_reserve(der, (size_t)len));
	uint8_t *at = der->at + der->len;
	der->len += (size_t)i2d_CMS_ContentInfo(cms, &at);
	return OK;
}

static enum fault make(const struct identity *whose, struct span content, int64_t now, unsigned flags, struct bytes *der)
{
	const struct identity *identity = identity_now(whose);	/* certificate and key of one generation */
	const struct signing_hand *hand = identity_hand(identity);
	if (content.len > INT32_MAX)
		return fault_say(FAULT_TOO_LARGE, "%zu bytes cannot be signed at once", content.len);
	if (hand)
		return hand->sign(hand->owner, identity, content, now, !(flags & CMS_DETACHED), der);
	if (!identity_key(identity, ROLE_SIGNING))
		return fault_say(FAULT_BAD_KEY, "our signing key is not here");
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, MAKE_FLAGS | CMS_PARTIAL | flags);
	bool is_enclosed = !(flags & CMS_DETACHED);
	bool is_signed = cms && (!is_enclosed || add_certificates(cms, identity)) && sign(cms, identity, content, now, flags);
	enum fault fault = is_signed ? append(cms, der) :
		fault_say(FAULT_BAD_KEY, "our signing key does not sign: %s", openssl_reason());
	CMS_ContentInfo_free(cms);
	return fault;
}

enum fault signature_check_time(const struct identity *identity, int64_t then)
{
	return check_time(identity_x509(identity, ROLE_SIGNING), "our", then);
}

enum fault signature_make(const struct identity *identity, struct span content, int64_t now, struct bytes *der)
{
	return make(identity, content, now, CMS_DETACHED, der);
}

enum fault signature_enclose(const struct identity *identity, struct span content, int64_t now, struct bytes *der)
{
	return make(identity, content, now, 0, der);
}

static enum fault fill_signer(struct signer *signer, struct span certificate)
{
	signer->certificate = x509_parse(certificate);
	if (!signer->certificate)
		return fault_say(FAULT_CERT_PROFILE, "what came as a signing certificate is none");
	TRY(x509_check_profile(signer->certificate, ROLE_SIGNING));
	x509_authority(signer->certificate, signer->authority);
	signer->alone = sk_X509_new_null();
	return signer->alone && sk_X509_push(signer->alone, signer->certificate) ? OK : FAULT_NO_MEMORY;
}

enum fault signer_new(struct span certificate, struct signer **signer)
{
	*signer = calloc(1, sizeof **signer);
	if (!*signer)
		return FAULT_NO_MEMORY;
	enum fault fault = fill_signer(*signer, certificate);
	if (fault) {
		signer_free(*signer);
		*signer = NULL;
	}
	return fault;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	sk_X509_free(signer->alone);
	X509_free(signer->certificate);
	free(signer);
}

const char *signer_authority(const struct signer *signer)
{
	return signer->authority;
}

enum fault signer_check_time(const struct signer *signer, int64_t then)
{
	char whose[AUTHORITY_ID_SIZE + 4];
	snprintf(whose, sizeof whose, "%s's", signer->authority);
	return check_time(signer->certificate, whose, then);
}

/* Go to what follows the first element, or to what is inside it. */
static bool step_over(struct span *at)
{
	const uint8_t *inside = at->at;
	long len;
	int tag, class;
	if (!at->len || ASN1_get_object(&inside, &len, &tag, &class, (long)at->len) & 0x80)
		return false;
	size_t whole = (size_t)(inside - at->at) + (size_t)len;
	*at = (struct span){ at->at + whole, at->len - whole };
	return true;
}

static bool step_in(struct span *at)
{
	const uint8_t *inside = at->at;
	struct span rest = *at;
	long len;
	int tag, class;
	if (!step_over(&rest))
		return false;
	ASN1_get_object(&inside, &len, &tag, &class, (long)at->len);
	*at = (struct span){ inside, (size_t)len };
	return true;
}

static bool is_version_3(struct span at)
{
	static const uint8_t integer[] = { 0x02, 0x01, 0x03 };
	return at.len > sizeof integer && !memcmp(at.at, integer, sizeof integer);
}

/* DER, and nothing after it; anything that is not in its one form is not what was signed. */
static CMS_ContentInfo *parse(struct span der, size_t size_max)
{
	if (!der.len || der.len > size_max)
		return NULL;
	const uint8_t *at = der.at;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	if (cms && at == der.at + der.len && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed &&
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) == NID_pkcs7_data)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

/* RFC 5652 sections 5.1 and 5.3: both are 3 when the signer is named by its key identifier.  OpenSSL reads
 * them and does not look. */
static bool has_right_versions(struct span der)
{
	enum { CERTIFICATES = 0xa0 };
	struct span at = der;
	if (!step_in(&at) || !step_over(&at) || !step_in(&at) || !step_in(&at) || !is_version_3(at))
		return false;
	for (int i = 0; i < 3; i++)		/* version, digest algorithms, content */
		if (!step_over(&at))
			return false;
	if (at.len && *at.at == CERTIFICATES && !step_over(&at))
		return false;
	return step_in(&at) && step_in(&at) && is_version_3(at);
}

/* One signature has one form, so that what is kept, sent and hashed cannot be varied by others. */
static enum fault check_form(CMS_ContentInfo *cms, struct span der)
{
	struct bytes again = { 0 };
	enum fault fault = append(cms, &again);
	if (!fault && (!span_equal(span_of(&again), der) || !has_right_versions(der)))
		fault = refuse("it is not in the one form it may have");
	bytes_clear(&again);
	return fault;
}

static bool has_algorithms(CMS_SignerInfo *info, int digest_nid, int signature_nid)
{
	X509_ALGOR *digest = NULL, *signature = NULL;
	const ASN1_OBJECT *digest_name = NULL, *signature_name = NULL;
	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, &signature);
	X509_ALGOR_get0(&digest_name, NULL, NULL, digest);
	X509_ALGOR_get0(&signature_name, NULL, NULL, signature);
	return OBJ_obj2nid(digest_name) == digest_nid && OBJ_obj2nid(signature_name) == signature_nid;
}

static const void *signed_attribute(CMS_SignerInfo *info, int nid, int type)
{
	return CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(nid), ONLY_ONE, type);
}

/* RFC 5035: the signed attributes name the certificate by its hash, so that it cannot be exchanged. */
static bool names_certificate(CMS_SignerInfo *info, const struct signer *signer)
{
	const ASN1_STRING *value = signed_attribute(info, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
	if (!value)
		return false;
	const uint8_t *at = ASN1_STRING_get0_data(value);
	ESS_SIGNING_CERT_V2 *named = d2i_ESS_SIGNING_CERT_V2(NULL, &at, ASN1_STRING_length(value));
	bool is_named = named && OSSL_ESS_check_signing_certs(NULL, named, signer->alone, 1) > 0;
	ESS_SIGNING_CERT_V2_free(named);
	return is_named;
}

/* RFC 5652 section 11.3: UTCTime until 2049, GeneralizedTime after. */
static int64_t signing_time_of(CMS_SignerInfo *info)
{
	const ASN1_TIME *time = signed_attribute(info, NID_pkcs9_signingTime, V_ASN1_UTCTIME);
	if (!time)
		time = signed_attribute(info, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
	return asn1_seconds(time);
}

static enum fault check_signer(CMS_ContentInfo *cms, const struct signer *signer, CMS_SignerInfo **info)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	if (sk_CMS_SignerInfo_num(infos) != 1)
		return refuse("there is not exactly one signature");
	*info = sk_CMS_SignerInfo_value(infos, 0);
	if (CMS_SignerInfo_cert_cmp(*info, signer->certificate))
		return fault_say(FAULT_BAD_SIGNATURE, "it was not made with the signing certificate of %s", signer->authority);
	if (!has_algorithms(*info, NID_sha256, NID_ecdsa_with_SHA256))
		return refuse("it is not made with ECDSA and SHA-256");
	if (CMS_unsigned_get_attr_count(*info) > 0)
		return refuse("there are attributes that are not signed");
	return OK;
}

static enum fault check_attributes(CMS_SignerInfo *info, const struct signer *signer, int64_t *signing_time)
{
	if (!names_certificate(info, signer))
		return refuse("the signed attributes do not name the signing certificate");
	int64_t time = signing_time_of(info);
	if (time == INT64_MIN)
		return refuse("there is no signing time");
	if (signing_time)
		*signing_time = time;
	ERR_clear_error();
	return OK;
}

/* content NULL: it is inside. */
static enum fault verify(CMS_ContentInfo *cms, struct span der, const struct signer *signer, BIO *content,
			 int64_t *signing_time)
{
	CMS_SignerInfo *info = NULL;
	TRY(check_form(cms, der));
	TRY(check_signer(cms, signer, &info));
	if (CMS_verify(cms, signer->alone, NULL, content, NULL, VERIFY_FLAGS) != 1)
		return fault_say(FAULT_BAD_SIGNATURE, "the signature of %s does not fit the content: %s", signer->authority,
				 openssl_reason());
	return check_attributes(info, signer, signing_time);
}

/* Behind a filter: of bare memory CMS_verify makes a BIO of its own, and loses it where it does not know a digest that
 * the signature lists. */
static BIO *reader_of(struct span content)
{
	BIO *filter = BIO_new(BIO_f_null()), *memory = BIO_new_mem_buf(content.len ? (const void *)content.at : "", (int)content.len);
	if (filter && memory)
		return BIO_push(filter, memory);
	BIO_free(filter);
	BIO_free(memory);
	return NULL;
}

enum fault signature_verify(const struct signer *signer, struct span content, struct span der, int64_t *signing_time)
{
	if (content.len > INT32_MAX)
		return refuse("the content is too long to have been signed");
	CMS_ContentInfo *cms = parse(der, SIGNATURE_SIZE_MAX);
	if (!cms)
		return refuse("this is not a CMS signature");
	BIO *bio = reader_of(content);
	enum fault fault = !bio ? FAULT_NO_MEMORY :
		!CMS_is_detached(cms) ? refuse("the signature holds content of its own") :
		verify(cms, der, signer, bio, signing_time);
	BIO_free_all(bio);
	CMS_ContentInfo_free(cms);
	return fault;
}

/* RFC 5652 section 5.1, down to the octets: ContentInfo, its content, SignedData; past version and digest
 * algorithms; EncapsulatedContentInfo, past its type. */
enum fault signature_peel(struct span der, struct bytes *content)
{
	enum { OCTET_STRING = 0x04 };
	struct span at = der;
	bool is_found = step_in(&at) && step_over(&at) && step_in(&at) && step_in(&at) && step_over(&at) &&
			step_over(&at) && step_in(&at) && step_over(&at) && step_in(&at) && at.len &&
			*at.at == OCTET_STRING && step_in(&at);
	ERR_clear_error();
	return is_found ? bytes_append(content, at) : refuse("there is no signed content");
}

static bool is_among(X509 *certificate, const struct span *certificates, size_t count)
{
	uint8_t *at = NULL;
	int len = i2d_X509(certificate, &at);
	bool is_found = false;
	for (size_t i = 0; len > 0 && i < count; i++)
		is_found |= span_equal((struct span){ at, (size_t)len }, certificates[i]);
	OPENSSL_free(at);
	return is_found;
}

/* The certificates beside a signature are not covered by it: they must be those that the content vouches for. */
static enum fault check_certificates(CMS_ContentInfo *cms, const struct span *certificates, size_t count)
{
	STACK_OF(X509) *beside = CMS_get1_certs(cms);
	STACK_OF(X509_CRL) *lists = CMS_get1_crls(cms);
	bool are_expected = !lists && sk_X509_num(beside) == (int)count;
	for (int i = 0; are_expected && i < sk_X509_num(beside); i++)
		are_expected = is_among(sk_X509_value(beside, i), certificates, count);
	sk_X509_pop_free(beside, X509_free);
	sk_X509_CRL_pop_free(lists, X509_CRL_free);
	return are_expected ? OK : refuse("other certificates lie beside the signature than should");
}

static enum fault verify_enclosed(CMS_ContentInfo *cms, const struct signer *signer, const struct span *certificates,
				  size_t count, struct span der, int64_t *signing_time)
{
	TRY(check_certificates(cms, certificates, count));
	return verify(cms, der, signer, NULL, signing_time);
}

enum fault signature_verify_enclosed(const struct signer *signer, const struct span *certificates, size_t count,
				     struct span der, int64_t *signing_time)
{
	CMS_ContentInfo *cms = parse(der, ENCLOSED_SIZE_MAX);
	if (!cms)
		return refuse("this is not a CMS signature");
	enum fault fault = verify_enclosed(cms, signer, certificates, count, der, signing_time);
	CMS_ContentInfo_free(cms);
	return fault;
}
