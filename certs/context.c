#include "certs/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "certs/openssl.h"

#define PROTOCOL "\x08" "comity/1"	/* ALPN names carry their length (RFC 7301 section 3.1) */

enum { SENT_CERTIFICATES_MAX = 6 * CERTIFICATE_SIZE_MAX };	/* leaf, delegation, and eight of about 600 bytes */

struct context {
	SSL_CTX *ssl;
	const struct trust *trust;
	int64_t (*now)(void);
	uint64_t records_per_key;
	const char *groups;
	unsigned holders;
};

static int on_alpn(SSL *ssl, const uint8_t **chosen, uint8_t *chosen_len, const uint8_t *offered,
		   unsigned offered_len, void *unused)
{
	(void)ssl, (void)unused;
	uint8_t *name;
	int found = SSL_select_next_proto(&name, chosen_len, (const uint8_t *)PROTOCOL, sizeof PROTOCOL - 1,
					  offered, offered_len);
	*chosen = name;
	return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* OpenSSL before 3.5 refuses the whole list for one name it does not know. */
static bool set_groups(struct context *context)
{
	static const char *const lists[] = { "X25519MLKEM768:X25519:P-256", "X25519:P-256" };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		context->groups = lists[i];
		if (SSL_CTX_set1_groups_list(context->ssl, lists[i]))
			return true;
		ERR_clear_error();
	}
	return false;
}

static bool set_ciphers(struct context *context)
{
	static const char suites[] = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
	static const char signatures[] = "ECDSA+SHA256:ECDSA+SHA384";
	return SSL_CTX_set_min_proto_version(context->ssl, TLS1_3_VERSION) &&
	       SSL_CTX_set_max_proto_version(context->ssl, TLS1_3_VERSION) &&
	       SSL_CTX_set_ciphersuites(context->ssl, suites) &&
	       SSL_CTX_set1_sigalgs_list(context->ssl, signatures) && set_groups(context) &&
	       SSL_CTX_set_alpn_protos(context->ssl, (const uint8_t *)PROTOCOL, sizeof PROTOCOL - 1) == 0;
}

/* Whoever has an earlier identity of ours pinned follows to the present one. */
static bool add_bridges(struct context *context, const struct identity *identity)
{
	int count;
	X509 *const *bridges = identity_bridges(identity, &count);
	for (int i = 0; i < count; i++)
		if (!SSL_CTX_add1_chain_cert(context->ssl, bridges[i]))
			return false;
	return true;
}

/* The identity is not sent: the other side has it, or has no reason to believe it. */
static bool set_certificate(struct context *context, const struct identity *identity)
{
	return SSL_CTX_use_certificate(context->ssl, identity_x509(identity, ROLE_CHANNEL)) &&
	       SSL_CTX_use_PrivateKey(context->ssl, identity_key(identity, ROLE_CHANNEL)) &&
	       SSL_CTX_add1_chain_cert(context->ssl, identity_x509(identity, ROLE_DELEGATION)) && add_bridges(context, identity);
}

static void set_habits(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_num_tickets(ssl, 0);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_early_data(ssl, 0);
	SSL_CTX_set_max_cert_list(ssl, SENT_CERTIFICATES_MAX);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
			      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, tls_on_certificate, NULL);
	SSL_CTX_set_alpn_select_cb(ssl, on_alpn, NULL);
}

static enum fault fill_context(struct context *context, const struct identity *identity)
{
	context->ssl = SSL_CTX_new(TLS_method());
	if (!context->ssl)
		return FAULT_NO_MEMORY;
	set_habits(context->ssl);
	if (set_ciphers(context) && set_certificate(context, identity))
		return OK;
	return fault_say(FAULT_BAD_KEY, "TLS cannot be set up with our channel certificate: %s", openssl_reason());
}

enum fault context_new(const struct identity *identity, const struct trust *trust, int64_t (*now)(void),
		       struct context **context)
{
	*context = calloc(1, sizeof **context);
	if (!*context)
		return FAULT_NO_MEMORY;
	**context = (struct context){ .trust = trust, .now = now, .records_per_key = 1 << 22, .holders = 1 };
	enum fault fault = fill_context(*context, identity);
	if (fault) {
		context_free(*context);
		*context = NULL;
	}
	return fault;
}

struct context *context_hold(struct context *context)
{
	context->holders++;
	return context;
}

void context_free(struct context *context)
{
	if (!context || --context->holders)
		return;
	SSL_CTX_free(context->ssl);
	free(context);
}

const char *context_groups(const struct context *context)
{
	return context->groups;
}

void context_set_records_per_key(struct context *context, uint64_t records)
{
	context->records_per_key = records;
}

uint64_t context_records_per_key(const struct context *context)
{
	return context->records_per_key;
}

SSL_CTX *context_ssl(const struct context *context)
{
	return context->ssl;
}

enum fault context_judge(const struct context *context, const STACK_OF(X509) *chain, const char *expected,
			 char peer[AUTHORITY_ID_SIZE])
{
	struct claim claim = { .usage = USAGE_CHANNEL, .expected = expected, .now = context->now() };
	return trust_judge_parsed(context->trust, chain, &claim, peer);
}
