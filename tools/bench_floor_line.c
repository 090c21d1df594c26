/* The floor's line: TLS 1.3 with a certificate on both sides, over memory BIOs on libuv's loop. */
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "tools/bench_floor.h"

enum { READ_SIZE = 256 << 10, CERTIFICATE_SECONDS = 86400 };

struct output {
	uv_write_t write;
	char bytes[];
};

static void on_written(uv_write_t *write, int status)
{
	UV(status);
	free(container_of(write, struct output, write));
}

static void flush(struct line *line)
{
	size_t size = BIO_ctrl_pending(line->out);
	struct output *output = size ? malloc(sizeof *output + size) : NULL;
	if (!output)
		return;
	uv_buf_t piece = uv_buf_init(output->bytes, (unsigned)BIO_read(line->out, output->bytes, (int)size));
	UV(uv_write(&output->write, (uv_stream_t *)&line->tcp, &piece, 1, on_written));
}

void line_say(struct line *line, struct span plain)
{
	size_t count;
	SSL_MUST(SSL_write_ex(line->tls, plain.at, plain.len, &count) == 1 && count == plain.len);
	flush(line);
}

static void on_room(uv_handle_t *tcp, size_t wanted, uv_buf_t *room)
{
	static char shared[READ_SIZE];
	(void)tcp;
	(void)wanted;
	*room = uv_buf_init(shared, sizeof shared);
}

static void open_records(struct line *line)
{
	size_t count = 0;
	do {
		line->heard.len += count;
		floor_must(bytes_reserve(&line->heard, SSL3_RT_MAX_PLAIN_LENGTH));
	} while (SSL_read_ex(line->tls, line->heard.at + line->heard.len, SSL3_RT_MAX_PLAIN_LENGTH, &count) == 1);
	SSL_MUST(SSL_get_error(line->tls, 0) == SSL_ERROR_WANT_READ);
}

static void on_read(uv_stream_t *tcp, ssize_t count, const uv_buf_t *from)
{
	struct line *line = container_of(tcp, struct line, tcp);
	if (count == UV_EOF || count == UV_ECONNRESET) {
		line->ended(line);
		return;
	}
	UV((int)count);
	SSL_MUST(BIO_write(line->in, from->base, (int)count) == count);
	open_records(line);
	flush(line);
	if (SSL_is_init_finished(line->tls))
		line->listener(line);
}

void line_begin(struct line *line, SSL_CTX *context, bool is_caller)
{
	SSL_MUST(line->tls = SSL_new(context));
	SSL_MUST(line->in = BIO_new(BIO_s_mem()));
	SSL_MUST(line->out = BIO_new(BIO_s_mem()));
	SSL_set_bio(line->tls, line->in, line->out);
	if (is_caller)
		SSL_set_connect_state(line->tls);
	else
		SSL_set_accept_state(line->tls);
	SSL_do_handshake(line->tls);
	UV(uv_tcp_nodelay(&line->tcp, 1));
	UV(uv_read_start((uv_stream_t *)&line->tcp, on_room, on_read));
	flush(line);
}

/* One certificate that both ends have and trust: each shows it and each checks it. */
SSL_CTX *line_context(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	SSL_CTX *context = SSL_CTX_new(TLS_method());
	SSL_MUST(key && certificate && context);
	X509_NAME *name = X509_get_subject_name(certificate);
	SSL_MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"floor", -1, -1, 0));
	SSL_MUST(X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key));
	SSL_MUST(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	SSL_MUST(X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_SECONDS));
	SSL_MUST(X509_sign(certificate, key, EVP_sha256()));
	SSL_MUST(SSL_CTX_use_certificate(context, certificate) && SSL_CTX_use_PrivateKey(context, key));
	SSL_MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate));
	SSL_MUST(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) && SSL_CTX_set_num_tickets(context, 0));
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return context;
}
