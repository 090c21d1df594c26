#include "certs/certificate.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "certs/digest.h"
#include "certs/openssl.h"

static const struct profile profiles[ROLE_COUNT] = {
	[ROLE_IDENTITY] = {
		"identity", 30 * 365, "critical,CA:TRUE,pathlen:1", "critical,keyCertSign,cRLSign", NULL,
		KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, true,
	},
	[ROLE_DELEGATION] = {
		"delegation", 3 * 365, "critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL,
		KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, true,
	},
	[ROLE_CHANNEL] = {
		"channel", 90, "critical,CA:FALSE", "critical,digitalSignature", "serverAuth,clientAuth",
		KU_DIGITAL_SIGNATURE, XKU_SSL_SERVER | XKU_SSL_CLIENT, false,
	},
	[ROLE_SIGNING] = {
		"signing", 365, "critical,CA:FALSE", "critical,digitalSignature,nonRepudiation", "emailProtection",
		KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, XKU_SMIME, false,
	},
	[ROLE_SEALING] = {
		"sealing", 365, "critical,CA:FALSE", "critical,keyAgreement", NULL,
		KU_KEY_AGREEMENT, 0, false,
	},
};

const struct profile *profile_of(enum role role)
{
	return &profiles[role];
}

bool role_is_leaf(enum role role)
{
	return !profiles[role].is_authority;
}

enum role role_issuer(enum role role)
{
	return role_is_leaf(role) ? ROLE_DELEGATION : ROLE_IDENTITY;
}

const char *role_name(enum role role)
{
	return profiles[role].name;
}

X509 *x509_parse(struct span der)
{
	if (!der.len || der.len > CERTIFICATE_SIZE_MAX)
		return NULL;
	const uint8_t *at = der.at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
	if (certificate && at == der.at + der.len)
		return certificate;
	X509_free(certificate);
	ERR_clear_error();
	return NULL;
}

/* Lengths are compared, never C strings: a NUL in the name must not end it early. */
static bool take_authority(const GENERAL_NAME *name, char id[AUTHORITY_ID_SIZE])
{
	static const char scheme[] = "comity:";
	const size_t scheme_len = sizeof scheme - 1;
	const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
	struct span text = { ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri) };
	if (text.len < scheme_len || memcmp(text.at, scheme, scheme_len))
		return false;
	struct span rest = { text.at + scheme_len, text.len - scheme_len };
	if (!authority_id_is_valid(rest))
		return false;
	memcpy(id, rest.at, rest.len);
	id[rest.len] = 0;
	return true;
}

bool x509_authority(const X509 *certificate, char id[AUTHORITY_ID_SIZE])
{
	id[0] = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *uri = NULL;
	int uris = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		uri = name;
		uris++;
	}
	bool is_one = uris == 1 && take_authority(uri, id);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return is_one;
}

static bool has_v3_form(X509 *certificate, enum role role)
{
	uint32_t flags = X509_get_extension_flags(certificate);
	(void)role;
	return X509_get_version(certificate) == X509_VERSION_3 && !(flags & (EXFLAG_INVALID | EXFLAG_CRITICAL));
}

static bool has_our_key(X509 *certificate, enum role role)
{
	(void)role;
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	return key && evp_is_on_our_curves(key);
}

static bool has_our_algorithm(X509 *certificate, enum role role)
{
	(void)role;
	int algorithm = X509_get_signature_nid(certificate);
	return algorithm == NID_ecdsa_with_SHA256 || algorithm == NID_ecdsa_with_SHA384;
}

static bool has_one_authority(X509 *certificate, enum role role)
{
	char id[AUTHORITY_ID_SIZE];
	(void)role;
	return x509_authority(certificate, id);
}

static bool has_right_constraints(X509 *certificate, enum role role)
{
	uint32_t flags = X509_get_extension_flags(certificate);
	if (!profiles[role].is_authority)
		return !(flags & EXFLAG_CA);
	if (!(flags & EXFLAG_BCONS) || !(flags & EXFLAG_CA))
		return false;
	return role == ROLE_IDENTITY ? flags & EXFLAG_SI : X509_get_pathlen(certificate) == 0;
}

/* An absent usage means "everything" to OpenSSL (UINT32_MAX); to us it is a missing promise. */
static bool has_right_usage(X509 *certificate, enum role role)
{
	uint32_t usage = X509_get_key_usage(certificate), wanted = profiles[role].key_usage_bits;
	return usage != UINT32_MAX && (usage & wanted) == wanted &&
	       (profiles[role].is_authority || !(usage & KU_KEY_CERT_SIGN));
}

static bool has_right_extended_usage(X509 *certificate, enum role role)
{
	uint32_t wanted = profiles[role].extended_usage_bits;
	uint32_t usage = X509_get_extended_key_usage(certificate);
	return !wanted || (usage != UINT32_MAX && (usage & wanted) == wanted);
}

static const struct demand {
	bool (*is_met)(X509 *certificate, enum role role);
	const char *otherwise;
} demands[] = {
	{ has_v3_form,              "is not an X.509 version 3 certificate, or has extensions we cannot judge" },
	{ has_one_authority,        "does not have exactly one URI name comity:ID" },
	{ has_our_key,              "has a key that is not on P-256 or P-384" },
	{ has_our_algorithm,        "is not signed with ECDSA and SHA-256 or SHA-384" },
	{ has_right_constraints,    "has the wrong basic constraints" },
	{ has_right_usage,          "has the wrong key usage" },
	{ has_right_extended_usage, "has the wrong extended key usage, or none" },
};

enum fault x509_check_profile(X509 *certificate, enum role role)
{
	char id[AUTHORITY_ID_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(demands); i++) {
		if (demands[i].is_met(certificate, role))
			continue;
		x509_authority(certificate, id);
		return fault_say(FAULT_CERT_PROFILE, "the %s certificate of %s %s", role_name(role),
				 *id ? id : "an unnamed authority", demands[i].otherwise);
	}
	return OK;
}

int64_t asn1_seconds(const ASN1_TIME *time)
{
	struct tm tm;
	return time && ASN1_TIME_to_tm(time, &tm) ? timegm(&tm) : INT64_MIN;
}

/* Cut where a character begins, so that what is left is still UTF-8. */
static void copy_cut(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		for (len = size - 1; len && ((uint8_t)from[len] & 0xc0) == 0x80; len--)
			;
	memcpy(to, from, len);
	to[len] = 0;
}

static void write_name(char *to, size_t size, const X509_NAME *name)
{
	*to = 0;
	BIO *bio = BIO_new(BIO_s_mem());
	char *at;
	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		long len = BIO_get_mem_data(bio, &at);
		copy_cut(to, size, at, (size_t)len);
	}
	BIO_free(bio);
}

static void write_serial(char to[65], const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	int len = ASN1_STRING_length(serial);
	hex_write(to, (struct span){ ASN1_STRING_get0_data(serial), (size_t)(len < 32 ? len : 32) });
}

static enum fault parse(struct span der, X509 **certificate)
{
	*certificate = x509_parse(der);
	return *certificate ? OK : fault_say(FAULT_CERT_PROFILE, "what came as a certificate is none");
}

enum fault certificate_read(struct span der, struct certificate_facts *facts)
{
	X509 *certificate;
	*facts = (struct certificate_facts){ 0 };
	TRY(parse(der, &certificate));
	x509_authority(certificate, facts->authority);
	write_name(facts->subject, sizeof facts->subject, X509_get_subject_name(certificate));
	write_name(facts->issuer, sizeof facts->issuer, X509_get_issuer_name(certificate));
	write_serial(facts->serial, certificate);
	facts->not_before = asn1_seconds(X509_get0_notBefore(certificate));
	facts->not_after = asn1_seconds(X509_get0_notAfter(certificate));
	digest_of(facts->digest, der);
	X509_free(certificate);
	ERR_clear_error();
	return OK;
}

enum fault certificate_spki(struct span der, struct bytes *spki)
{
	X509 *certificate;
	uint8_t *at = NULL;
	TRY(parse(der, &certificate));
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &at);
	X509_free(certificate);
	if (len <= 0)
		return fault_say(FAULT_CERT_PROFILE, "the certificate has no usable key: %s", openssl_reason());
	enum fault fault = bytes_append(spki, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}

enum fault certificate_pem(struct span der, struct bytes *pem)
{
	X509 *certificate;
	TRY(parse(der, &certificate));
	BIO *bio = BIO_new(BIO_s_mem());
	enum fault fault = FAULT_NO_MEMORY;
	if (bio && PEM_write_bio_X509(bio, certificate)) {
		char *at;
		long len = BIO_get_mem_data(bio, &at);
		fault = bytes_append(pem, (struct span){ (uint8_t *)at, (size_t)len });
	}
	BIO_free(bio);
	X509_free(certificate);
	return fault;
}

enum fault certificate_from_pem(struct span *pem, struct bytes *der)
{
	uint8_t *at = NULL;
	BIO *bio = BIO_new_mem_buf(pem->at, (int)pem->len);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	int len = certificate ? i2d_X509(certificate, &at) : 0;
	size_t left = bio ? BIO_ctrl_pending(bio) : 0;
	X509_free(certificate);
	BIO_free(bio);
	if (len <= 0)
		return fault_say(FAULT_CERT_PROFILE, "there is no certificate in PEM form: %s", openssl_reason());
	*pem = (struct span){ pem->at + pem->len - left, left };
	enum fault fault = bytes_append(der, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}
