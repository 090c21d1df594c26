/* The next list of an issuer: all that was on the last, and perhaps one certificate more. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "certs/openssl.h"
#include "certs/revocation.h"

static bool set_times(X509_CRL *crl, const struct revoking *revoking)
{
	time_t first = (time_t)revoking->now, last = (time_t)(revoking->now + revoking->life);
	ASN1_TIME *time = ASN1_TIME_new();
	bool is_set = time && ASN1_TIME_adj(time, first, 0, 0) && X509_CRL_set1_lastUpdate(crl, time) &&
		      ASN1_TIME_adj(time, last, 0, 0) && X509_CRL_set1_nextUpdate(crl, time);
	ASN1_TIME_free(time);
	return is_set;
}

/* One more than the last, and no less than the time: a list that was restored from a backup is then followed by one that is
 * higher than any that was issued since. */
static BIGNUM *next_number(const uint8_t order[REVOCATION_NUMBER_SIZE], int64_t now)
{
	BIGNUM *number = BN_bin2bn(order, REVOCATION_NUMBER_SIZE, NULL), *time = BN_new();
	bool is_made = number && time && BN_add_word(number, 1) && BN_set_word(time, (BN_ULONG)now);
	if (is_made && BN_cmp(number, time) < 0)
		BN_swap(number, time);
	BN_free(time);
	if (is_made)
		return number;
	BN_free(number);
	return NULL;
}

static bool set_number(X509_CRL *crl, X509_CRL *previous, int64_t now)
{
	uint8_t order[REVOCATION_NUMBER_SIZE] = { 0 };
	if (previous && !crl_number(previous, order))
		return false;
	BIGNUM *number = next_number(order, now);
	ASN1_INTEGER *integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool is_set = integer && X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0);
	ASN1_INTEGER_free(integer);
	BN_free(number);
	return is_set;
}

static bool set_key_id(X509_CRL *crl, X509 *issuer)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	bool is_set = extension && X509_CRL_add_ext(crl, extension, -1);
	X509_EXTENSION_free(extension);
	return is_set;
}

static bool keep_entries(X509_CRL *crl, X509_CRL *previous)
{
	STACK_OF(X509_REVOKED) *entries = previous ? X509_CRL_get_REVOKED(previous) : NULL;
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *copy = X509_REVOKED_dup(sk_X509_REVOKED_value(entries, i));
		if (!copy || !X509_CRL_add0_revoked(crl, copy)) {
			X509_REVOKED_free(copy);
			return false;
		}
	}
	return true;
}

static bool set_serial(X509_REVOKED *entry, const char *hex)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = BN_hex2bn(&number, hex) ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool is_set = serial && X509_REVOKED_set_serialNumber(entry, serial);
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return is_set;
}

static bool set_dates(X509_REVOKED *entry, const struct revoking *revoking)
{
	ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)revoking->now);
	ASN1_GENERALIZEDTIME *lost = revoking->lost_at ? ASN1_GENERALIZEDTIME_set(NULL, (time_t)revoking->lost_at) : NULL;
	bool is_set = now && X509_REVOKED_set_revocationDate(entry, now) && (!revoking->lost_at ||
		      (lost && X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, lost, 0, 0)));
	ASN1_TIME_free(now);
	ASN1_GENERALIZEDTIME_free(lost);
	return is_set;
}

/* RFC 5280 section 5.3.1: no reason is not the same as the reason "unspecified", which should not be written. */
static bool set_reason(X509_REVOKED *entry, const char *name)
{
	int number = revocation_reason_code(name);
	if (number == CRL_REASON_UNSPECIFIED)
		return true;
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
	bool is_set = code && ASN1_ENUMERATED_set(code, number) && X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0);
	ASN1_ENUMERATED_free(code);
	return is_set;
}

static bool add_entry(X509_CRL *crl, const struct revoking *revoking)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	if (entry && set_serial(entry, revoking->serial) && set_dates(entry, revoking) && set_reason(entry, revoking->reason) &&
			X509_CRL_add0_revoked(crl, entry))
		return true;
	X509_REVOKED_free(entry);
	return false;
}

static bool fill_list(X509_CRL *crl, X509 *issuer, X509_CRL *previous, const struct revoking *revoking)
{
	EVP_PKEY *key = key_evp(revoking->issuer_key);
	return X509_CRL_set_version(crl, X509_CRL_VERSION_2) &&
	       X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) && set_times(crl, revoking) &&
	       set_key_id(crl, issuer) && set_number(crl, previous, revoking->now) && keep_entries(crl, previous) &&
	       (!revoking->serial || add_entry(crl, revoking)) && X509_CRL_sort(crl) &&
	       X509_CRL_sign(crl, key, x509_digest_for(key));
}

static enum fault append(X509_CRL *crl, struct bytes *der)
{
	uint8_t *at = NULL;
	int len = i2d_X509_CRL(crl, &at);
	if (len <= 0)
		return FAULT_NO_MEMORY;
	enum fault fault = len > REVOCATION_SIZE_MAX ?
		fault_say(FAULT_TOO_LARGE, "the revocation list would have %d bytes; at most %d are taken", len, REVOCATION_SIZE_MAX) :
		bytes_append(der, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}

static enum fault make(const struct revoking *revoking, X509 *issuer, X509_CRL *previous, struct bytes *der)
{
	X509_CRL *crl = X509_CRL_new();
	bool is_made = crl && fill_list(crl, issuer, previous, revoking);
	enum fault fault = is_made ? append(crl, der) :
		fault_say(FAULT_BAD_KEY, "the revocation list cannot be issued: %s", openssl_reason());
	X509_CRL_free(crl);
	return fault;
}

static bool is_listed(X509_CRL *crl, const char *hex)
{
	X509_REVOKED *row = NULL;
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = BN_hex2bn(&number, hex) ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool is_there = serial && X509_CRL_get0_by_serial(crl, &row, serial) && row;
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return is_there;
}

static enum fault check_previous(X509_CRL *previous, const struct revoking *revoking)
{
	TRY(crl_check_form(previous));
	if (revoking->serial && is_listed(previous, revoking->serial))
		return fault_say(FAULT_EXISTS, "the certificate with serial %s is revoked already", revoking->serial);
	return OK;
}

static enum fault issue(const struct revoking *revoking, X509 *issuer, struct bytes *der)
{
	X509_CRL *previous = NULL;
	if (revoking->previous.len)
		TRY(crl_read(revoking->previous, &previous));
	enum fault fault = previous ? check_previous(previous, revoking) : OK;
	if (!fault)
		fault = make(revoking, issuer, previous, der);
	X509_CRL_free(previous);
	return fault;
}

enum fault revocation_issue(const struct revoking *revoking, struct bytes *der)
{
	X509 *issuer = x509_parse(revoking->issuer_certificate);
	enum fault fault = issuer && X509_check_private_key(issuer, key_evp(revoking->issuer_key)) ? issue(revoking, issuer, der) :
		fault_say(FAULT_BAD_KEY, "the key that should sign the revocation list does not belong to its issuer");
	X509_free(issuer);
	ERR_clear_error();
	return fault;
}
