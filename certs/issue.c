#include "certs/issue.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "certs/openssl.h"

enum {
	DAY_SECONDS = 86400,
	EARLY_SECONDS = 3600,
	SERIAL_SIZE = 16,
	X520_NAME_MAX = 64,		/* characters of CN and O (RFC 5280, ub-organization-name) */
};

static bool add_entry(X509_NAME *name, const char *field, const char *text, size_t len)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const uint8_t *)text, (int)len, -1, 0);
}

/* How many bytes the first `max` characters of a valid UTF-8 text take. */
static size_t whole_letters(const char *text, size_t max)
{
	size_t len = 0;
	for (size_t characters = 0; text[len]; len++)
		if (((uint8_t)text[len] & 0xc0) != 0x80 && ++characters > max)
			break;
	return len;
}

/* The role is part of the name: chains are built by names, so an identity, its delegation and a leaf
 * must not share one. */
bool x509_write_subject(X509_NAME *subject, enum role role, const char *authority, const char *name)
{
	char common[AUTHORITY_ID_SIZE + 16];
	snprintf(common, sizeof common, "%s %s", authority, role_name(role));
	return add_entry(subject, "O", name, whole_letters(name, X520_NAME_MAX)) && add_entry(subject, "CN", common, strlen(common));
}

static bool set_serial(X509 *certificate)
{
	uint8_t random[SERIAL_SIZE];
	if (RAND_bytes(random, sizeof random) != 1)
		return false;
	random[0] = (random[0] & 0x7f) | 0x40;		/* positive, and always of the same length */
	BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
	bool is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return is_set;
}

/* Nothing begins before, or outlives, what vouches for it. */
static bool set_validity(X509 *certificate, const X509 *issuer, const struct issue *issue)
{
	time_t first = (time_t)(issue->now - EARLY_SECONDS);
	time_t last = (time_t)(issue->now + (issue->life ? issue->life : issue_life(issue->role)));
	bool is_own = issuer == certificate;
	int64_t begin = is_own ? INT64_MIN : asn1_seconds(X509_get0_notBefore(issuer));
	int64_t limit = is_own ? INT64_MAX : asn1_seconds(X509_get0_notAfter(issuer));
	if (first < begin)
		first = (time_t)begin;
	if (last > limit)
		last = (time_t)limit;
	return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &first) &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), 0, 0, &last);
}

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	if (!value)
		return true;
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	bool is_added = extension && X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return is_added;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct issue *issue)
{
	const struct profile *profile = profile_of(issue->role);
	char uri[AUTHORITY_ID_SIZE + 16];
	snprintf(uri, sizeof uri, "URI:comity:%s", issue->authority);
	return add_extension(certificate, issuer, NID_basic_constraints, profile->constraints) &&
	       add_extension(certificate, issuer, NID_key_usage, profile->key_usage) &&
	       add_extension(certificate, issuer, NID_ext_key_usage, profile->extended_usage) &&
	       add_extension(certificate, issuer, NID_subject_alt_name, uri) &&
	       add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

/* What tells an identity for training, and is read by everybody who looks at the certificate with any tool. */
static bool mark(X509_NAME *subject, const struct issue *issue)
{
	bool is_marked = issue->is_training && issue->role == ROLE_IDENTITY;
	return !is_marked || add_entry(subject, "OU", X509_TRAINING, strlen(X509_TRAINING));
}

static bool fill_certificate(X509 *certificate, X509 *issuer, const struct issue *issue)
{
	const struct key *issuer_key = issue->issuer_key ? issue->issuer_key : issue->subject_key;
	return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
	       x509_write_subject(X509_get_subject_name(certificate), issue->role, issue->authority, issue->name) &&
	       mark(X509_get_subject_name(certificate), issue) &&
	       X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) &&
	       set_validity(certificate, issuer, issue) &&
	       X509_set_pubkey(certificate, key_evp(issue->subject_key)) &&
	       add_extensions(certificate, issuer, issue) &&
	       X509_sign(certificate, key_evp(issuer_key), x509_digest_for(key_evp(issuer_key)));
}

static enum fault append(X509 *certificate, struct bytes *der)
{
	uint8_t *at = NULL;
	int len = i2d_X509(certificate, &at);
	if (len <= 0)
		return FAULT_NO_MEMORY;
	enum fault fault = bytes_append(der, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}

static enum fault make(const struct issue *issue, X509 *issuer, struct bytes *der)
{
	X509 *certificate = X509_new();
	bool is_made = certificate && fill_certificate(certificate, issuer ? issuer : certificate, issue);
	enum fault fault = is_made ? append(certificate, der) :
		fault_say(FAULT_BAD_KEY, "the %s certificate cannot be issued: %s", role_name(issue->role),
			  openssl_reason());
	X509_free(certificate);
	return fault;
}

enum fault issue_certificate(const struct issue *issue, struct bytes *der)
{
	if (!authority_id_is_valid(span_of_text(issue->authority)))
		return fault_say(FAULT_BAD_NAME, "\"%.40s\" is not an authority id; one looks like xf-ca", issue->authority);
	if (!authority_name_is_valid(span_of_text(issue->name)))
		return fault_say(FAULT_BAD_NAME, "the name must be one line of 1 to %d bytes of UTF-8 without control characters",
				 AUTHORITY_NAME_MAX);
	if (issue->role == ROLE_IDENTITY && !issue->issuer_certificate.len)
		return make(issue, NULL, der);
	X509 *issuer = x509_parse(issue->issuer_certificate);
	if (!issuer || !X509_check_private_key(issuer, key_evp(issue->issuer_key))) {
		X509_free(issuer);
		ERR_clear_error();
		return fault_say(FAULT_BAD_KEY, "the key that should sign the %s certificate does not belong to its issuer",
				 role_name(issue->role));
	}
	enum fault fault = make(issue, issuer, der);
	X509_free(issuer);
	return fault;
}

int64_t issue_life(enum role role)
{
	return (int64_t)profile_of(role)->days * DAY_SECONDS;
}
