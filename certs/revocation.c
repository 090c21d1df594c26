#include "certs/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "certs/openssl.h"

/* ── the form of a list ─────────────────────────────────────────────────────────────────────────── */

X509_CRL *crl_parse(struct span der)
{
	if (!der.len || der.len > REVOCATION_SIZE_MAX)
		return NULL;
	const uint8_t *at = der.at;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
	if (crl && at == der.at + der.len)
		return crl;
	X509_CRL_free(crl);
	ERR_clear_error();
	return NULL;
}

static bool is_version_2(X509_CRL *crl)
{
	return X509_CRL_get_version(crl) == X509_CRL_VERSION_2;
}

static bool has_our_algorithm(X509_CRL *crl)
{
	return algorithm_is_ours(X509_CRL_get_signature_nid(crl));
}

bool crl_number(X509_CRL *crl, uint8_t order[REVOCATION_NUMBER_SIZE])
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int len = number ? ASN1_STRING_length(number) : 0;
	bool is_fit = len > 0 && len <= REVOCATION_NUMBER_SIZE && ASN1_STRING_type(number) == V_ASN1_INTEGER;
	if (is_fit) {
		memset(order, 0, REVOCATION_NUMBER_SIZE);
		memcpy(order + REVOCATION_NUMBER_SIZE - len, ASN1_STRING_get0_data(number), (size_t)len);
	}
	ASN1_INTEGER_free(number);
	return is_fit;
}

static bool has_number(X509_CRL *crl)
{
	uint8_t order[REVOCATION_NUMBER_SIZE];
	return crl_number(crl, order);
}

static bool names_its_key(X509_CRL *crl)
{
	AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	bool is_named = id && id->keyid && ASN1_STRING_length(id->keyid) > 0;
	AUTHORITY_KEYID_free(id);
	return is_named;
}

static bool has_both_times(X509_CRL *crl)
{
	int64_t first = asn1_seconds(X509_CRL_get0_lastUpdate(crl)), last = asn1_seconds(X509_CRL_get0_nextUpdate(crl));
	return first != INT64_MIN && last != INT64_MIN && first < last;
}

/* A part of a list, or what changed in one, taken for the whole would let through what is revoked elsewhere. */
static bool is_complete(X509_CRL *crl)
{
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0 &&
	       X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) < 0;
}

static bool has_nothing_critical(X509_CRL *crl)
{
	return X509_CRL_get_ext_by_critical(crl, 1, -1) < 0;
}

/* Of another issuer's certificates, or with what we would have to know. */
static bool has_plain_entries(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
		if (X509_REVOKED_get_ext_by_critical(entry, 1, -1) >= 0 ||
				X509_REVOKED_get_ext_by_NID(entry, NID_certificate_issuer, -1) >= 0 ||
				asn1_seconds(X509_REVOKED_get0_revocationDate(entry)) == INT64_MIN)
			return false;
	}
	return true;
}

static const struct demand {
	bool (*is_met)(X509_CRL *crl);
	const char *otherwise;
} demands[] = {
	{ is_version_2,         "is not of version 2" },
	{ has_our_algorithm,    "is not signed with SHA-256, SHA-384 or SHA-512 and ECDSA or RSA" },
	{ has_number,           "has no number" },
	{ names_its_key,        "does not name the key of its issuer" },
	{ has_both_times,       "does not say from when to when it holds" },
	{ is_complete,          "is only a part of one" },
	{ has_nothing_critical, "has a critical extension that we do not know" },
	{ has_plain_entries,    "has entries that we cannot judge" },
};

enum fault crl_check_form(X509_CRL *crl)
{
	for (size_t i = 0; i < ARRAY_LEN(demands); i++)
		if (!demands[i].is_met(crl))
			return fault_say(FAULT_BAD_REVOCATION, "the revocation list %s", demands[i].otherwise);
	return OK;
}

enum fault crl_read(struct span der, X509_CRL **crl)
{
	*crl = crl_parse(der);
	if (*crl)
		return OK;
	if (der.len > REVOCATION_SIZE_MAX)
		return fault_say(FAULT_BAD_REVOCATION, "the revocation list has %zu bytes; at most %d are taken", der.len,
				 REVOCATION_SIZE_MAX);
	return fault_say(FAULT_BAD_REVOCATION, "what came as a revocation list is none");
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */

static void write_number(char text[52], const uint8_t order[REVOCATION_NUMBER_SIZE])
{
	BIGNUM *number = BN_bin2bn(order, REVOCATION_NUMBER_SIZE, NULL);
	char *decimal = number ? BN_bn2dec(number) : NULL;
	snprintf(text, 52, "%s", decimal ? decimal : "?");
	OPENSSL_free(decimal);
	BN_free(number);
}

static void take_facts(X509_CRL *crl, struct revocation_facts *facts)
{
	x509_write_name(facts->issuer, sizeof facts->issuer, X509_CRL_get_issuer(crl));
	crl_number(crl, facts->order);
	write_number(facts->number, facts->order);
	facts->this_update = asn1_seconds(X509_CRL_get0_lastUpdate(crl));
	facts->next_update = asn1_seconds(X509_CRL_get0_nextUpdate(crl));
	int count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	facts->count = count > 0 ? (size_t)count : 0;
}

enum fault revocation_read(struct span der, struct revocation_facts *facts)
{
	X509_CRL *crl;
	*facts = (struct revocation_facts){ 0 };
	TRY(crl_read(der, &crl));
	enum fault fault = crl_check_form(crl);
	if (!fault)
		take_facts(crl, facts);
	X509_CRL_free(crl);
	ERR_clear_error();
	return fault;
}

/* By name and key identifier, as certificates are told apart; then by the signature, which decides. */
bool crl_is_of(X509_CRL *crl, X509 *issuer)
{
	AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	const ASN1_OCTET_STRING *key = X509_get0_subject_key_id(issuer);
	bool is_same = id && id->keyid && key && !ASN1_OCTET_STRING_cmp(id->keyid, key) &&
		       !X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) &&
		       X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
	AUTHORITY_KEYID_free(id);
	ERR_clear_error();
	return is_same;
}

static enum fault check_issuer(X509_CRL *crl, X509 *issuer)
{
	TRY(crl_check_form(crl));
	if (crl_is_of(crl, issuer))
		return OK;
	return fault_say(FAULT_BAD_REVOCATION, "the revocation list was not signed by the issuer whose certificates it lists");
}

enum fault revocation_check_issuer(struct span der, struct span issuer_certificate)
{
	X509_CRL *crl;
	X509 *issuer = x509_parse(issuer_certificate);
	if (!issuer)
		return fault_say(FAULT_CERT_PROFILE, "what came as the certificate of an issuer is none");
	enum fault fault = crl_read(der, &crl);
	if (!fault) {
		fault = check_issuer(crl, issuer);
		X509_CRL_free(crl);
	}
	X509_free(issuer);
	return fault;
}

bool revocation_same_issuer(struct span one, struct span other)
{
	X509_CRL *a = crl_parse(one), *b = crl_parse(other);
	AUTHORITY_KEYID *a_id = a ? X509_CRL_get_ext_d2i(a, NID_authority_key_identifier, NULL, NULL) : NULL;
	AUTHORITY_KEYID *b_id = b ? X509_CRL_get_ext_d2i(b, NID_authority_key_identifier, NULL, NULL) : NULL;
	bool is_same = a_id && b_id && a_id->keyid && b_id->keyid && !ASN1_OCTET_STRING_cmp(a_id->keyid, b_id->keyid) &&
		       !X509_NAME_cmp(X509_CRL_get_issuer(a), X509_CRL_get_issuer(b));
	AUTHORITY_KEYID_free(a_id);
	AUTHORITY_KEYID_free(b_id);
	X509_CRL_free(a);
	X509_CRL_free(b);
	ERR_clear_error();
	return is_same;
}

/* The reasons of RFC 5280 section 5.3.1 that an authority gives.  A hold would have to be lifted again, and a list from which
 * something vanishes cannot be told from an older one: what is revoked stays so. */
static const struct reason {
	const char *name;
	int code;
	bool is_ours;
} reasons[] = {
	{ "unspecified",          CRL_REASON_UNSPECIFIED,            true },
	{ "keyCompromise",        CRL_REASON_KEY_COMPROMISE,         true },
	{ "CACompromise",         CRL_REASON_CA_COMPROMISE,          true },
	{ "affiliationChanged",   CRL_REASON_AFFILIATION_CHANGED,    true },
	{ "superseded",           CRL_REASON_SUPERSEDED,             true },
	{ "cessationOfOperation", CRL_REASON_CESSATION_OF_OPERATION, true },
	{ "certificateHold",      CRL_REASON_CERTIFICATE_HOLD,       false },
	{ "privilegeWithdrawn",   CRL_REASON_PRIVILEGE_WITHDRAWN,    false },
	{ "AACompromise",         CRL_REASON_AA_COMPROMISE,          false },
};

static const struct reason *find_reason(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strcmp(reasons[i].name, name))
			return &reasons[i];
	return NULL;
}

bool revocation_reason_is_known(const char *name)
{
	const struct reason *reason = find_reason(name);
	return reason && reason->is_ours;
}

int revocation_reason_code(const char *name)
{
	const struct reason *reason = name ? find_reason(name) : NULL;
	return reason ? reason->code : CRL_REASON_UNSPECIFIED;
}

static const char *reason_name(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *code = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long number = code ? ASN1_ENUMERATED_get(code) : CRL_REASON_UNSPECIFIED;
	ASN1_ENUMERATED_free(code);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].code == number)
			return reasons[i].name;
	return reasons[0].name;
}

/* Since when the certificate proves nothing: when it was revoked, or earlier, when its key was lost. */
static int64_t entry_begins(const X509_REVOKED *entry)
{
	int64_t revoked_at = asn1_seconds(X509_REVOKED_get0_revocationDate(entry));
	ASN1_GENERALIZEDTIME *lost = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	int64_t lost_at = lost ? asn1_seconds(lost) : INT64_MAX;
	ASN1_GENERALIZEDTIME_free(lost);
	return lost_at != INT64_MIN && lost_at < revoked_at ? lost_at : revoked_at;
}

void crl_find(X509_CRL *crl, X509 *certificate, struct revoked_entry *entry)
{
	X509_REVOKED *row = NULL;
	*entry = (struct revoked_entry){ 0 };
	if (!X509_CRL_get0_by_serial(crl, &row, X509_get0_serialNumber(certificate)) || !row)
		return;
	entry->is_listed = true;
	entry->at = entry_begins(row);
	snprintf(entry->reason, sizeof entry->reason, "%s", reason_name(row));
	ERR_clear_error();
}

enum fault revocation_find(struct span list, struct span certificate, struct revoked_entry *entry)
{
	X509_CRL *crl;
	*entry = (struct revoked_entry){ 0 };
	X509 *x509 = x509_parse(certificate);
	if (!x509)
		return fault_say(FAULT_CERT_PROFILE, "what came as a certificate is none");
	enum fault fault = crl_read(list, &crl);
	if (!fault) {
		crl_find(crl, x509, entry);
		X509_CRL_free(crl);
	}
	X509_free(x509);
	return fault;
}

/* ── files ──────────────────────────────────────────────────────────────────────────────────────── */

enum fault revocation_pem(struct span der, struct bytes *pem)
{
	X509_CRL *crl;
	char *at;
	TRY(crl_read(der, &crl));
	BIO *bio = BIO_new(BIO_s_mem());
	enum fault fault = FAULT_NO_MEMORY;
	if (bio && PEM_write_bio_X509_CRL(bio, crl)) {
		long len = BIO_get_mem_data(bio, &at);
		fault = bytes_append(pem, (struct span){ (uint8_t *)at, (size_t)len });
	}
	BIO_free(bio);
	X509_CRL_free(crl);
	return fault;
}

enum fault revocation_from_pem(struct span *pem, struct bytes *der)
{
	uint8_t *at = NULL;
	BIO *bio = BIO_new_mem_buf(pem->at, (int)pem->len);
	X509_CRL *crl = bio ? PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL) : NULL;
	int len = crl ? i2d_X509_CRL(crl, &at) : 0;
	size_t left = bio ? BIO_ctrl_pending(bio) : 0;
	X509_CRL_free(crl);
	BIO_free(bio);
	if (len <= 0)
		return fault_say(FAULT_BAD_REVOCATION, "there is no revocation list in PEM form: %s", openssl_reason());
	*pem = (struct span){ pem->at + (pem->len - left), left };
	enum fault fault = bytes_append(der, (struct span){ at, (size_t)len });
	OPENSSL_free(at);
	return fault;
}
