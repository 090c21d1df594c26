#include "certs/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "certs/openssl.h"

enum { RECORD_SIZE = 16384, ALERT_REASON = 1000 };	/* OpenSSL reports alert n as reason 1000 + n */

struct tls {
	struct context *context;
	SSL *ssl;
	struct span in;			/* borrowed from whoever feeds, empty between feeds */
	struct bytes out;		/* sealed and not yet drained */
	STACK_OF(X509) *chain;		/* the other side's, once it was accepted */
	enum fault judgement;		/* of its certificate */
	enum fault fault;		/* sticks */
	uint64_t records;		/* sealed under the present key */
	bool is_closed_by_peer, is_closed_by_us;
	char expected[AUTHORITY_ID_SIZE], peer[AUTHORITY_ID_SIZE];
	char description[96];
};

/* A BIO that reads what is fed and writes what is to be drained, without buffers of its own. */
static int bio_read(BIO *bio, char *to, int room)
{
	struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (!tls->in.len) {
		BIO_set_retry_read(bio);
		return -1;
	}
	size_t count = tls->in.len < (size_t)room ? tls->in.len : (size_t)room;
	memcpy(to, tls->in.at, count);
	tls->in.at += count;
	tls->in.len -= count;
	return (int)count;
}

static int bio_write(BIO *bio, const char *from, int len)
{
	struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	return bytes_append(&tls->out, (struct span){ (const uint8_t *)from, (size_t)len }) ? -1 : len;
}

static long bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "comity memory");
	if (!method)
		return;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
}

static BIO *bio_for(struct tls *tls)
{
	pthread_once(&once, make_method);
	BIO *bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	return bio;
}

static bool speaks_our_protocol(const SSL *ssl)
{
	const uint8_t *name;
	unsigned len;
	SSL_get0_alpn_selected(ssl, &name, &len);
	return span_is((struct span){ name, len }, "comity/1");
}

static enum fault judge(struct tls *tls, STACK_OF(X509) *chain)
{
	if (!speaks_our_protocol(tls->ssl))
		return fault_say(FAULT_TLS, "the other side does not speak comity/1 (ALPN)");
	TRY(context_judge(tls->context, chain, *tls->expected ? tls->expected : NULL, tls->peer));
	tls->chain = X509_chain_up_ref(chain);
	return tls->chain ? OK : FAULT_NO_MEMORY;
}

/* What OpenSSL is told, so that its alert tells the other side the right kind of reason. */
static const struct alert {
	enum fault fault;
	int error;
} alerts[] = {
	{ FAULT_STRANGER,        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },	/* unknown_ca */
	{ FAULT_CERT_UNTRUSTED,  X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
	{ FAULT_PEER_UNVERIFIED, X509_V_ERR_CERT_REJECTED },				/* bad_certificate */
	{ FAULT_PEER_BLOCKED,    X509_V_ERR_CERT_REJECTED },
	{ FAULT_WRONG_PEER,      X509_V_ERR_CERT_REJECTED },
	{ FAULT_CERT_NOT_YET,    X509_V_ERR_CERT_NOT_YET_VALID },
	{ FAULT_CERT_EXPIRED,    X509_V_ERR_CERT_HAS_EXPIRED },				/* certificate_expired */
	{ FAULT_CERT_REVOKED,    X509_V_ERR_CERT_REVOKED },				/* certificate_revoked */
	{ FAULT_CERT_PROFILE,    X509_V_ERR_INVALID_PURPOSE },				/* unsupported_certificate */
	{ FAULT_NO_MEMORY,       X509_V_ERR_OUT_OF_MEM },				/* internal_error */
};

static int error_for(enum fault fault)
{
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++)
		if (alerts[i].fault == fault)
			return alerts[i].error;
	return fault ? X509_V_ERR_APPLICATION_VERIFICATION : X509_V_OK;		/* handshake_failure */
}

int tls_on_certificate(X509_STORE_CTX *store, void *unused)
{
	(void)unused;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_get_app_data(ssl);
	tls->judgement = judge(tls, X509_STORE_CTX_get0_untrusted(store));
	X509_STORE_CTX_set_error(store, error_for(tls->judgement));
	return tls->judgement == OK;
}

static bool is_about_our_certificate(int alert)
{
	static const int about[] = {
		SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_EXPIRED,
	 SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA,
		SSL_AD_ACCESS_DENIED, SSL_AD_CERTIFICATE_REQUIRED,
	};
	for (size_t i = 0; i < ARRAY_LEN(about); i++)
		if (about[i] == alert)
			return true;
	return false;
}

/* OpenSSL's complaint in our words; its queue is empty afterwards. */
static enum fault verdict(const struct tls *tls)
{
	unsigned long error = ERR_peek_last_error();
	if (tls->judgement) {
		ERR_clear_error();	/* fault_detail() still holds what the judge said */
		return tls->judgement;
	}
	if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
		ERR_clear_error();
		return FAULT_NO_MEMORY;
	}
	int alert = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) - ALERT_REASON : 0;
	if (alert == SSL_AD_CERTIFICATE_REVOKED) {
		ERR_clear_error();
		return fault_say(FAULT_OWN_CERT_REVOKED, "the other side holds a list on which our certificate is revoked");
	}
	if (is_about_our_certificate(alert)) {
		ERR_clear_error();
		return fault_say(FAULT_REFUSED_BY_PEER, "the other side refused our certificate: %s",
				 SSL_alert_desc_string_long(alert));
	}
	return fault_say(FAULT_TLS, "%s", openssl_reason());
}

/* What a call that did not succeed means.  Must follow it at once. */
static enum fault outcome(struct tls *tls, int returned)
{
	int error = SSL_get_error(tls->ssl, returned);
	if (error == SSL_ERROR_WANT_READ)
		return OK;
	if (error == SSL_ERROR_ZERO_RETURN) {
		tls->is_closed_by_peer = true;
		return OK;
	}
	/* our BIO fails for one reason only: memory */
	tls->fault = error == SSL_ERROR_SYSCALL && !tls->judgement ? FAULT_NO_MEMORY : verdict(tls);
	return tls->fault;
}

static enum fault prepare(struct tls *tls, enum tls_side side)
{
	BIO *bio = bio_for(tls);
	tls->ssl = bio ? SSL_new(context_ssl(tls->context)) : NULL;
	if (!tls->ssl) {
		BIO_free(bio);
		ERR_clear_error();
		return FAULT_NO_MEMORY;
	}
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_app_data(tls->ssl, tls);
	if (side == TLS_CALLEE) {
		SSL_set_accept_state(tls->ssl);
		return OK;
	}
	SSL_set_connect_state(tls->ssl);
	ERR_clear_error();
	return outcome(tls, SSL_do_handshake(tls->ssl));
}

enum fault tls_new(struct context *context, enum tls_side side, const char *expected, struct tls **tls)
{
	*tls = NULL;
	if (expected ? !authority_id_is_valid(span_of_text(expected)) : side == TLS_CALLER)
		return fault_say(FAULT_WRONG_PEER, "a caller must know whom it calls");
	*tls = calloc(1, sizeof **tls);
	if (!*tls)
		return FAULT_NO_MEMORY;
	(*tls)->context = context_hold(context);
	if (expected)
		strcpy((*tls)->expected, expected);	/* valid, so it fits */
	enum fault fault = prepare(*tls, side);
	if (fault) {
		tls_free(*tls);
		*tls = NULL;
	}
	return fault;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	sk_X509_pop_free(tls->chain, X509_free);
	context_free(tls->context);
	bytes_clear(&tls->out);
	free(tls);
}

/* SSL_read carries the handshake, too. */
static enum fault read_all(struct tls *tls, struct bytes *plaintext)
{
	for (;;) {
		size_t count;
		TRY(bytes_reserve(plaintext, RECORD_SIZE));
		ERR_clear_error();
		int returned = SSL_read_ex(tls->ssl, plaintext->at + plaintext->len, RECORD_SIZE, &count);
		if (returned != 1)
			return outcome(tls, returned);
		plaintext->len += count;
	}
}

enum fault tls_feed(struct tls *tls, struct span ciphertext, struct bytes *plaintext)
{
	if (tls->fault || tls->is_closed_by_peer)
		return tls->fault;
	tls->in = ciphertext;
	enum fault fault = read_all(tls, plaintext);
	tls->in = (struct span){ 0 };
	return fault;
}

enum fault tls_seal(struct tls *tls, struct span plaintext)
{
	if (tls->fault)
		return tls->fault;
	if (!tls_is_ready(tls) || tls->is_closed_by_us)
		return fault_say(FAULT_INTERNAL, "the line is not open for writing");
	while (plaintext.len) {
		size_t count;
		ERR_clear_error();
		int returned = SSL_write_ex(tls->ssl, plaintext.at, plaintext.len, &count);
		if (returned != 1) {
			TRY(outcome(tls, returned));
			return fault_say(FAULT_TLS, "TLS would not take what was to be sealed");
		}
		plaintext.at += count;
		plaintext.len -= count;
		tls->records += (count + RECORD_SIZE - 1) / RECORD_SIZE;
	}
	return tls->records < context_records_per_key(tls->context) ? OK : tls_update_keys(tls);
}

enum fault tls_drain(struct tls *tls, struct bytes *ciphertext)
{
	if (ciphertext->len) {
		TRY(bytes_append(ciphertext, span_of(&tls->out)));
		tls->out.len = 0;
		return OK;
	}
	struct bytes empty = *ciphertext;
	*ciphertext = tls->out;
	tls->out = empty;
	return OK;
}

size_t tls_waiting(const struct tls *tls)
{
	return tls->out.len;
}

bool tls_is_ready(const struct tls *tls)
{
	return !tls->fault && tls->chain && SSL_is_init_finished(tls->ssl);
}

bool tls_is_closed(const struct tls *tls)
{
	return tls->is_closed_by_peer;
}

const char *tls_peer(const struct tls *tls)
{
	return tls->peer;
}

int64_t tls_peer_not_after(const struct tls *tls)
{
	int64_t first = tls->chain ? INT64_MAX : 0;
	for (int i = 0; i < sk_X509_num(tls->chain); i++) {
		int64_t not_after = asn1_seconds(X509_get0_notAfter(sk_X509_value(tls->chain, i)));
		first = not_after < first ? not_after : first;
	}
	return first;
}

const char *tls_description(struct tls *tls)
{
	const char *group = SSL_group_to_name(tls->ssl, (int)SSL_get_negotiated_group(tls->ssl));
	snprintf(tls->description, sizeof tls->description, "%s, %s, %s", SSL_get_version(tls->ssl),
		 SSL_get_cipher_name(tls->ssl), group ? group : "no group yet");
	return tls->description;
}

enum fault tls_judge_again(struct tls *tls)
{
	char peer[AUTHORITY_ID_SIZE];
	if (!tls->chain)
		return fault_say(FAULT_INTERNAL, "nobody was judged on this line before");
	return context_judge(tls->context, tls->chain, tls->peer, peer);
}

enum fault tls_update_keys(struct tls *tls)
{
	if (!tls_is_ready(tls))
		return tls->fault;
	tls->records = 0;
	ERR_clear_error();
	if (!SSL_key_update(tls->ssl, SSL_KEY_UPDATE_REQUESTED))
		return tls->fault = verdict(tls);
	int returned = SSL_do_handshake(tls->ssl);
	return returned == 1 ? OK : outcome(tls, returned);
}

void tls_close_notify(struct tls *tls)
{
	if (!tls_is_ready(tls) || tls->is_closed_by_us)
		return;
	tls->is_closed_by_us = true;
	ERR_clear_error();
	SSL_shutdown(tls->ssl);
	ERR_clear_error();
}
