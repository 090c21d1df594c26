#include "certs/timestamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <stdio.h>
#include <string.h>

#include "certs/openssl.h"
#include "proto/text.h"

enum { NONCE_SIZE = 16, ROOTS_COUNT_MAX = 64, SECURITY_LEVEL = 2, REASON_SIZE = 200 };	/* 112 bits: RSA from 2,048 on, no SHA-1 */

static enum fault refuse(const char *what)
{
	ERR_clear_error();
	return fault_say(FAULT_BAD_TIMESTAMP, "%s", what);
}

/* ── asking ───────────────────────────────────────────────────────────────────────────────────── */

static bool set_imprint(TS_REQ *request, const uint8_t sum[DIGEST_SIZE])
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	bool is_set = algorithm && imprint && X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) &&
		TS_MSG_IMPRINT_set_algo(imprint, algorithm) && TS_MSG_IMPRINT_set_msg(imprint, (uint8_t *)sum, DIGEST_SIZE) &&
		TS_REQ_set_version(request, 1) && TS_REQ_set_msg_imprint(request, imprint) && TS_REQ_set_cert_req(request, 1);
	X509_ALGOR_free(algorithm);
	TS_MSG_IMPRINT_free(imprint);
	return is_set;
}

static bool set_nonce(TS_REQ *request)
{
	uint8_t random[NONCE_SIZE];
	if (RAND_bytes(random, sizeof random) != 1)
		return false;
	random[0] = (random[0] & 0x7f) | 0x40;		/* positive, and of one length */
	BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
	ASN1_INTEGER *nonce = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	bool is_set = nonce && TS_REQ_set_nonce(request, nonce);
	ASN1_INTEGER_free(nonce);
	BN_free(number);
	return is_set;
}

enum fault timestamp_request(const uint8_t sum[DIGEST_SIZE], struct bytes *request)
{
	uint8_t *der = NULL;
	TS_REQ *made = TS_REQ_new();
	bool is_made = made && set_imprint(made, sum) && set_nonce(made);
	int len = is_made ? i2d_TS_REQ(made, &der) : -1;
	enum fault fault = len > 0 ? bytes_append(request, (struct span){ der, (size_t)len }) : FAULT_NO_MEMORY;
	OPENSSL_free(der);
	TS_REQ_free(made);
	ERR_clear_error();
	return fault;
}

/* ── roots ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_root(X509 *certificate)
{
	return !X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) &&
		X509_check_ca(certificate) && X509_self_signed(certificate, 1) == 1;
}

/* Nothing is left but the end of the text? */
static bool is_exhausted(void)
{
	unsigned long why = ERR_peek_last_error();
	return ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
}

static enum fault take_root(STACK_OF(X509) *roots, TAKES X509 *certificate)
{
	const char *what = sk_X509_num(roots) == ROOTS_COUNT_MAX ? "there are more certificates than roots can be" :
		is_root(certificate) ? NULL : "a certificate in it is no root: a root signs itself and may issue";
	if (!what && sk_X509_push(roots, certificate))
		return OK;
	X509_free(certificate);
	ERR_clear_error();
	return what ? fault_say(FAULT_CONFIG, "%s", what) : FAULT_NO_MEMORY;
}

static enum fault read_roots(struct span pem, STACK_OF(X509) *roots)
{
	enum fault fault = OK;
	X509 *certificate;
	BIO *text = pem.len <= TIMESTAMP_ROOTS_MAX ? BIO_new_mem_buf(pem.len ? (const void *)pem.at : "", (int)pem.len) : NULL;
	ERR_clear_error();
	while (text && !fault && (certificate = PEM_read_bio_X509(text, NULL, NULL, "")))
		fault = take_root(roots, certificate);
	if (!fault && (!text || !is_exhausted() || !sk_X509_num(roots)))
		fault = fault_say(FAULT_CONFIG, "it is not the certificate of a root, or several, as PEM");
	BIO_free(text);
	ERR_clear_error();
	return fault;
}

enum fault timestamp_check_roots(struct span pem, int64_t *ends)
{
	STACK_OF(X509) *roots = sk_X509_new_null();
	enum fault fault = roots ? read_roots(pem, roots) : FAULT_NO_MEMORY;
	for (int i = 0; ends && !fault && i < sk_X509_num(roots); i++) {
		int64_t end = asn1_seconds(X509_get0_notAfter(sk_X509_value(roots, i)));
		*ends = !i || end < *ends ? end : *ends;
	}
	sk_X509_pop_free(roots, X509_free);
	return fault;
}

/* ── what an answer is ────────────────────────────────────────────────────────────────────────── */

/* One answer, whole, in the one form that DER has. */
static TS_RESP *parse(struct span answer)
{
	const uint8_t *at = answer.at;
	TS_RESP *made = answer.len && answer.len <= TIMESTAMP_SIZE_MAX ? d2i_TS_RESP(NULL, &at, (long)answer.len) : NULL;
	uint8_t *again = NULL;
	int len = made && at == answer.at + answer.len ? i2d_TS_RESP(made, &again) : -1;
	bool is_one = len > 0 && (size_t)len == answer.len && !memcmp(again, answer.at, answer.len);
	OPENSSL_free(again);
	if (is_one)
		return made;
	TS_RESP_free(made);
	return NULL;
}

/* Why there is no stamp in it, in the authority's words. */
static enum fault check_status(TS_RESP *answer)
{
	TS_STATUS_INFO *info = TS_RESP_get_status_info(answer);
	long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info));
	const STACK_OF(ASN1_UTF8STRING) *words = TS_STATUS_INFO_get0_text(info);
	const ASN1_UTF8STRING *first = words && sk_ASN1_UTF8STRING_num(words) ? sk_ASN1_UTF8STRING_value(words, 0) : NULL;
	if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS)
		return OK;
	struct span given = first ? (struct span){ ASN1_STRING_get0_data(first), (size_t)ASN1_STRING_length(first) } : span_of_text("no reason");
	char reason[REASON_SIZE];
	text_excerpt(reason, sizeof reason, given);	/* they may write what they like, and it goes on terminals and into texts */
	return fault_say(FAULT_BAD_TIMESTAMP, "the time stamping authority refuses (status %ld): %s", status, reason);
}

static bool is_strong(TS_RESP *answer)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(TS_RESP_get_token(answer));
	int digest = signers && sk_PKCS7_SIGNER_INFO_num(signers) == 1 ?
		OBJ_obj2nid(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg->algorithm) : NID_undef;
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

static enum fault check_form(TS_RESP *answer)
{
	if (!answer)
		return refuse("the answer is no time stamp response (RFC 3161)");
	TRY(check_status(answer));
	if (!TS_RESP_get_token(answer) || !TS_RESP_get_tst_info(answer))
		return refuse("there is no time stamp in the answer");
	return is_strong(answer) ? OK : refuse("it has not one signature, with SHA-256 or longer");
}

/* ── whether it is right ──────────────────────────────────────────────────────────────────────── */

/* As of the stamped time: a stamp is looked at when its certificate has long ended. */
static X509_STORE *store_of(const STACK_OF(X509) *roots, int64_t at)
{
	X509_STORE *store = X509_STORE_new();
	bool is_set = store != NULL;
	for (int i = 0; is_set && i < sk_X509_num(roots); i++)
		is_set = X509_STORE_add_cert(store, sk_X509_value(roots, i));
	if (is_set) {
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)at);
		X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), SECURITY_LEVEL);
		return store;
	}
	X509_STORE_free(store);
	return NULL;
}

static bool verify(TS_RESP *answer, TS_REQ *request, TAKES X509_STORE *store)
{
	TS_VERIFY_CTX *context = store ? TS_REQ_to_TS_VERIFY_CTX(request, NULL) : NULL;
	if (!context) {
		X509_STORE_free(store);
		return false;
	}
	TS_VERIFY_CTX_set_store(context, store);
	TS_VERIFY_CTX_add_flags(context, TS_VFY_SIGNATURE);
	bool holds = TS_RESP_verify_response(context, answer) == 1;
	TS_VERIFY_CTX_free(context);
	return holds;
}

/* OpenSSL's word for it, with the names that X.509 has. */
static enum fault say_why_not(void)
{
	char sentence[256];
	const char *data = NULL;
	int flags = 0;
	unsigned long why = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = ERR_reason_error_string(why);
	snprintf(sentence, sizeof sentence, "%s%s%s", reason ? reason : "it does not verify", data && *data ? ": " : "", data ? data : "");
	return refuse(sentence);
}

/* Who signed it, found in the token as RFC 5652 names it; and the root above. */
static void describe(TS_RESP *answer, const STACK_OF(X509) *roots, int64_t at, struct timestamp *stamp)
{
	PKCS7 *token = TS_RESP_get_token(answer);
	STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);
	X509 *signer = signers && sk_X509_num(signers) ? sk_X509_value(signers, 0) : NULL;
	X509_STORE *store = store_of(roots, at);
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	if (signer)
		x509_write_name(stamp->authority, sizeof stamp->authority, X509_get_subject_name(signer));
	if (signer && store && context && X509_STORE_CTX_init(context, store, signer, token->d.sign->cert) &&
			X509_verify_cert(context) == 1) {
		STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
		X509_digest(sk_X509_value(chain, sk_X509_num(chain) - 1), EVP_sha256(), stamp->root, NULL);
	}
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(signers);
}

static enum fault judge(TS_RESP *answer, TS_REQ *request, struct span pem, struct timestamp *stamp)
{
	*stamp = (struct timestamp){ 0 };
	TRY(check_form(answer));
	stamp->at = asn1_seconds(TS_TST_INFO_get_time(TS_RESP_get_tst_info(answer)));
	if (stamp->at == INT64_MIN)
		return refuse("the time in it is none");
	STACK_OF(X509) *roots = sk_X509_new_null();
	enum fault fault = roots ? read_roots(pem, roots) : FAULT_NO_MEMORY;
	if (!fault)
		fault = verify(answer, request, store_of(roots, stamp->at)) ? OK : say_why_not();
	if (!fault)
		describe(answer, roots, stamp->at, stamp);
	sk_X509_pop_free(roots, X509_free);
	ERR_clear_error();
	return fault;
}

enum fault timestamp_take(struct span answer, struct span request, struct span roots, struct timestamp *stamp)
{
	const uint8_t *at = request.at;
	TS_RESP *parsed = parse(answer);
	TS_REQ *asked = d2i_TS_REQ(NULL, &at, (long)request.len);
	enum fault fault = asked ? judge(parsed, asked, roots, stamp) : FAULT_NO_MEMORY;
	TS_REQ_free(asked);
	TS_RESP_free(parsed);
	ERR_clear_error();
	return fault;
}

enum fault timestamp_verify(struct span answer, const uint8_t sum[DIGEST_SIZE], struct span roots, struct timestamp *stamp)
{
	TS_RESP *parsed = parse(answer);
	TS_REQ *asked = TS_REQ_new();
	enum fault fault = asked && set_imprint(asked, sum) ? judge(parsed, asked, roots, stamp) : FAULT_NO_MEMORY;
	TS_REQ_free(asked);
	TS_RESP_free(parsed);
	ERR_clear_error();
	return fault;
}
