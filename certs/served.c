#include "certs/served.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <time.h>

#include "certs/openssl.h"

static int left_ms(int64_t until)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t left = until - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	return left > 0 ? (int)left : 0;
}

static enum fault wait_for(SSL *ssl, int outcome, int64_t until)
{
	int want = SSL_get_error(ssl, outcome);
	struct pollfd line = { .fd = SSL_get_fd(ssl), .events = want == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN };
	if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
		return fault_say(FAULT_TLS, "no TLS 1.3 of comity answers: %s", openssl_reason());
	return poll(&line, 1, left_ms(until)) > 0 ? OK : fault_say(FAULT_LINE_TIMEOUT, "no TLS answers in time");
}

static enum fault take_leaf(SSL *ssl, struct bytes *der)
{
	const X509 *leaf = SSL_get0_peer_certificate(ssl);
	uint8_t *encoded = NULL;
	int size = leaf ? i2d_X509(leaf, &encoded) : 0;
	if (size <= 0)
		return fault_say(FAULT_TLS, "no certificate is shown");
	enum fault fault = bytes_append(der, (struct span){ encoded, (size_t)size });
	OPENSSL_free(encoded);
	return fault;
}

static enum fault greet(SSL *ssl, int64_t until, struct bytes *der)
{
	int outcome;
	while ((outcome = SSL_connect(ssl)) != 1)
		TRY(wait_for(ssl, outcome, until));
	return take_leaf(ssl, der);
}

enum fault served_certificate(int fd, int64_t until, struct bytes *der)
{
	static const uint8_t protocol[] = "\x08" "comity/1";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = context && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ? SSL_new(context) : NULL;
	enum fault fault = FAULT_NO_MEMORY;
	if (ssl && SSL_set_fd(ssl, fd) && !SSL_set_alpn_protos(ssl, protocol, sizeof protocol - 1)) {
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);	/* whatever it is: it is compared */
		fault = greet(ssl, until, der);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	return fault;
}

void served_leave_thread(void)
{
	OPENSSL_thread_stop();
}
