#include "certs/certificate.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "certs/digest.h"
#include "certs/openssl.h"

enum { SERIAL_SIZE_MAX = 20, RSA_BITS_MIN = 3072 };

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
		"sealing", 365, "critical,CA:FALSE", "critical,keyAgreement", "emailProtection",
		KU_KEY_AGREEMENT, XKU_SMIME, false,
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
static bool read_authority(const GENERAL_NAME *name, char id[AUTHORITY_ID_SIZE])
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
	bool is_one = uris == 1 && read_authority(uri, id);
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

/* RSA is here for what a national PKI signs: whether an issuer may have such a key is its own profile's to say. */
bool algorithm_is_ours(int algorithm)
{
	static const int ours[] = {
		NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512,
		NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption, NID_sha512WithRSAEncryption,
	};
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (algorithm == ours[i])
			return true;
	return false;
}

static bool has_our_algorithm(X509 *certificate, enum role role)
{
	(void)role;
	return algorithm_is_ours(X509_get_signature_nid(certificate));
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

/* RFC 5280 section 4.1.2.2.  A revocation list knows a certificate by its number alone. */
static bool has_number(X509 *certificate, enum role role)
{
	(void)role;
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	int len = ASN1_STRING_length(serial);
	return ASN1_STRING_type(serial) == V_ASN1_INTEGER && len > 0 && len <= SERIAL_SIZE_MAX && ASN1_INTEGER_get(serial) != 0;
}

/* Which key signed and which is certified: by them revocation lists find their issuer. */
static bool names_its_keys(X509 *certificate, enum role role)
{
	return X509_get0_subject_key_id(certificate) && (role == ROLE_IDENTITY || X509_get0_authority_key_id(certificate));
}

static const struct demand {
	bool (*is_met)(X509 *certificate, enum role role);
	const char *otherwise;
} demands[] = {
	{ has_v3_form,              "is not an X.509 version 3 certificate, or has extensions we cannot judge" },
	{ has_one_authority,        "does not have exactly one URI name comity:ID" },
	{ has_our_key,              "has a key that is not on P-256 or P-384" },
	{ has_our_algorithm,        "is not signed with SHA-256, SHA-384 or SHA-512 and ECDSA or RSA" },
	{ has_number,               "does not have a positive number of at most 20 bytes" },
	{ names_its_keys,           "does not have the identifiers of its key and its issuer's" },
	{ has_right_constraints,    "has the wrong basic constraints" },
	{ has_right_usage,          "has the wrong key usage" },
	{ has_right_extended_usage, "has the wrong extended key usage, or none" },
};

/* ── the certificates of a national PKI that stand above the leaves ───────────────────────────────── */

static bool has_national_key(X509 *certificate, enum role role)
{
	(void)role;
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	return key && (evp_is_on_our_curves(key) || (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN));
}

static bool issues(X509 *certificate, enum role role)
{
	uint32_t flags = X509_get_extension_flags(certificate), usage = X509_get_key_usage(certificate);
	bool is_authority = flags & EXFLAG_BCONS && flags & EXFLAG_CA && usage != UINT32_MAX && usage & KU_KEY_CERT_SIGN;
	return is_authority && !(flags & EXFLAG_SI) == (role != ROLE_IDENTITY);
}

static bool names_no_authority(X509 *certificate, enum role role)
{
	char id[AUTHORITY_ID_SIZE];
	(void)role;
	return !x509_authority(certificate, id);
}

static const struct demand national_demands[] = {
	{ has_v3_form,        "is not an X.509 version 3 certificate, or has extensions we cannot judge" },
	{ names_no_authority, "names an authority, which an issuer of a national PKI must not" },
	{ has_national_key,   "has a key that is neither on P-256 or P-384 nor RSA of 3,072 bits and more" },
	{ has_our_algorithm,  "is not signed with SHA-256, SHA-384 or SHA-512 and ECDSA or RSA" },
	{ has_number,         "does not have a positive number of at most 20 bytes" },
	{ names_its_keys,     "does not have the identifiers of its key and its issuer's" },
	{ issues,             "is not that of a root, or of an issuer beneath one" },
};

/* An identity names its authority; the root of a State names nobody. */
bool x509_is_national(const X509 *identity)
{
	char id[AUTHORITY_ID_SIZE];
	return !x509_authority(identity, id);
}

enum fault x509_check_national(X509 *certificate, enum role role)
{
	for (size_t i = 0; i < ARRAY_LEN(national_demands); i++)
		if (!national_demands[i].is_met(certificate, role))
			return fault_say(FAULT_CERT_PROFILE, "the %s of the national PKI %s",
					 role == ROLE_IDENTITY ? "root" : "issuing certificate", national_demands[i].otherwise);
	return OK;
}

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

const EVP_MD *x509_digest_for(const EVP_PKEY *key)
{
	return EVP_PKEY_get_bits(key) > 256 ? EVP_sha384() : EVP_sha256();
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

void x509_write_name(char *to, size_t size, const X509_NAME *name)
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
	x509_write_name(facts->subject, sizeof facts->subject, X509_get_subject_name(certificate));
	x509_write_name(facts->issuer, sizeof facts->issuer, X509_get_issuer_name(certificate));
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

enum fault certificate_pin(struct span identity, const char *authority, struct bytes *pin)
{
	X509 *certificate;
	TRY(certificate_spki(identity, pin));
	TRY(parse(identity, &certificate));
	bool is_national = x509_is_national(certificate), is_training = x509_is_training(certificate);
	X509_free(certificate);
	if (is_training)
		return bytes_append_text(pin, X509_TRAINING);
	return is_national ? bytes_printf(pin, "comity:%s", authority) : OK;
}

bool x509_is_training(const X509 *identity)
{
	const X509_NAME *subject = X509_get_subject_name(identity);
	int at = X509_NAME_get_index_by_NID(subject, NID_organizationalUnitName, -1);
	const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	struct span unit = text ? (struct span){ ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text) } : (struct span){ 0 };
	return !x509_is_national(identity) && span_is(unit, X509_TRAINING);
}

bool certificate_is_training(struct span identity)
{
	X509 *certificate = x509_parse(identity);
	bool is_training = certificate && x509_is_training(certificate);
	X509_free(certificate);
	return is_training;
}

bool certificate_is_national(struct span identity)
{
	X509 *certificate = x509_parse(identity);
	bool is_national = certificate && x509_is_national(certificate);
	X509_free(certificate);
	return is_national;
}

bool certificate_is_issued_by(struct span der, struct span issuer)
{
	X509 *certificate = x509_parse(der), *upper = x509_parse(issuer);
	bool is_issued = certificate && upper && X509_check_issued(upper, certificate) == X509_V_OK &&
			 X509_verify(certificate, X509_get0_pubkey(upper)) == 1;
	X509_free(certificate);
	X509_free(upper);
	ERR_clear_error();
	return is_issued;
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

bool certificate_role(struct span der, enum role *role)
{
	X509 *certificate = x509_parse(der);
	bool is_one = false;
	for (*role = 0; certificate && *role < ROLE_COUNT; (*role)++)
		if ((is_one = !x509_check_profile(certificate, *role)))
			break;
	X509_free(certificate);
	return is_one;
}
