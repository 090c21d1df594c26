/* Who and what TLS does not let in. */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/unit/engines.h"

/* What is spoiled, and what each side then says.  The caller learns of a refusal only from the alert. */
static const struct refusal {
	const char *title, *expected;
	enum { NOBODY, CALLER, CALLEE } stranger;	/* who does not know the other */
	enum standing standing;				/* of the caller with the callee */
	int64_t later;
	enum fault caller, callee;
	const char *says;				/* the one who refuses */
} refusals[] = {
	{ "callee knows us not", "xs-ca", CALLEE, STANDING_VERIFIED, 0, FAULT_REFUSED_BY_PEER, FAULT_STRANGER, "xf-ca" },
	{ "we know callee not", "xs-ca", CALLER, STANDING_VERIFIED, 0, FAULT_STRANGER, FAULT_REFUSED_BY_PEER, "xs-ca" },
	{ "wrong peer", "xm-ca", NOBODY, STANDING_VERIFIED, 0, FAULT_WRONG_PEER, FAULT_REFUSED_BY_PEER, "expected xm-ca" },
	{ "unverified", "xs-ca", NOBODY, STANDING_UNVERIFIED, 0, FAULT_REFUSED_BY_PEER, FAULT_PEER_UNVERIFIED, "xf-ca" },
	{ "blocked", "xs-ca", NOBODY, STANDING_BLOCKED, 0, FAULT_REFUSED_BY_PEER, FAULT_PEER_BLOCKED, "xf-ca" },
	{ "expired", "xs-ca", NOBODY, STANDING_VERIFIED, 91 * DAY, FAULT_CERT_EXPIRED, FAULT_REFUSED_BY_PEER, "expired" },
	{ "not yet", "xs-ca", NOBODY, STANDING_VERIFIED, -DAY, FAULT_CERT_NOT_YET, FAULT_REFUSED_BY_PEER, "valid only" },
};

static void refuse(struct world *world, const struct refusal *row)
{
	know(&world->sylvania, &world->freedonia, row->standing);
	know(&world->freedonia, &world->sylvania, STANDING_VERIFIED);
	if (row->stranger == CALLER)
		trust_remove_peer(world->freedonia.trust, "xs-ca");
	if (row->stranger == CALLEE)
		trust_remove_peer(world->sylvania.trust, "xf-ca");
	clock_now = NOON + row->later;
	struct ends ends = join(&world->freedonia, &world->sylvania, row->expected);
	settle(&ends);
	const char *detail = row->callee == FAULT_REFUSED_BY_PEER ? ends.caller.detail : ends.callee.detail;
	if (ends.caller.fault != row->caller || ends.callee.fault != row->callee || !strstr(detail, row->says))
		fail_msg("%s: caller %s (%s), callee %s (%s)", row->title, fault_slug(ends.caller.fault), ends.caller.detail,
			 fault_slug(ends.callee.fault), ends.callee.detail);
	assert_false(tls_is_ready(row->callee == FAULT_REFUSED_BY_PEER ? ends.caller.tls : ends.callee.tls));
	struct bytes more = { 0 };
	assert_fault(tls_feed(ends.caller.tls, span_of_text("more"), &more), row->caller);	/* it sticks */
	assert_fault(tls_seal(ends.callee.tls, span_of_text("more")), row->callee);
	bytes_clear(&more);
	part(&ends);
}

static void who_is_not_accepted_is_refused_and_learns_it(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		refuse(*state, &refusals[i]);
}

/* xm-ca, verified itself, shows certificates in xf-ca's name made with its own root. */
static void a_peer_under_anothers_name_is_refused(void **state)
{
	struct world *world = *state;
	struct side mallory = side_new("xm-ca"), mask = side_new("xf-ca");
	know(&world->sylvania, &mallory, STANDING_VERIFIED);
	know(&mallory, &world->sylvania, STANDING_VERIFIED);
	know(&mask, &world->sylvania, STANDING_VERIFIED);
	struct ends honest = join(&mallory, &world->sylvania, "xs-ca"), masked = join(&mask, &world->sylvania, "xs-ca");
	settle(&honest);
	settle(&masked);
	assert_string_equal(tls_peer(honest.callee.tls), "xm-ca");
	assert_int_equal(honest.callee.fault, OK);
	assert_int_equal(masked.callee.fault, FAULT_CERT_UNTRUSTED);
	assert_int_equal(masked.caller.fault, FAULT_REFUSED_BY_PEER);
	part(&honest);
	part(&masked);
	side_free(&mallory);
	side_free(&mask);
}

static void a_callee_may_expect_somebody(void **state)
{
	struct world *world = *state;
	struct ends ends = { .step = SIZE_MAX };
	assert_ok(tls_new(world->freedonia.context, TLS_CALLER, "xs-ca", &ends.caller.tls));
	assert_ok(tls_new(world->sylvania.context, TLS_CALLEE, "xm-ca", &ends.callee.tls));
	settle(&ends);
	assert_int_equal(ends.callee.fault, FAULT_WRONG_PEER);
	part(&ends);
}

static void ciphertext_altered_on_the_way_ends_the_line(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	struct bytes line = { 0 };
	settle(&ends);
	assert_ok(tls_seal(ends.caller.tls, span_of_text("hello")));
	assert_ok(tls_drain(ends.caller.tls, &line));
	line.at[line.len - 1] ^= 1;
	assert_fault(tls_feed(ends.callee.tls, span_of(&line), &ends.callee.heard), FAULT_TLS);
	assert_int_equal(ends.callee.heard.len, 0);
	assert_true(tls_waiting(ends.callee.tls) > 0);		/* the alert */
	settle(&ends);
	assert_int_equal(ends.caller.fault, FAULT_TLS);		/* and it is not about our certificate */
	bytes_clear(&line);
	part(&ends);
}

static void a_handshake_altered_anywhere_comes_to_nothing(void **state)
{
	struct world *world = *state;
	for (size_t at = 0; at < 2000; at += 31) {
		struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
		struct bytes line = { 0 };
		assert_true(carry(&ends.caller, &ends.callee, SIZE_MAX));
		assert_ok(tls_drain(ends.callee.tls, &line));
		if (at < line.len) {
			line.at[at] ^= 0x10;
			ends.caller.fault = tls_feed(ends.caller.tls, span_of(&line), &ends.caller.heard);
			settle(&ends);
			assert_false(tls_is_ready(ends.callee.tls));
		}
		bytes_clear(&line);
		part(&ends);
	}
}

static void garbage_is_refused(void **state)
{
	struct world *world = *state;
	static const char http[] = "GET / HTTP/1.1\r\nHost: mla.xs.example\r\n\r\n";
	static const uint8_t zeros[20000];
	static const uint8_t long_record[] = { 0x16, 3, 1, 0xff, 0xff, 1, 2, 3 };
	const struct span rows[] = { span_of_text(http), SPAN(zeros), SPAN(long_record) };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls *tls;
		struct bytes heard = { 0 };
		assert_ok(tls_new(world->sylvania.context, TLS_CALLEE, NULL, &tls));
		assert_fault(tls_feed(tls, rows[i], &heard), FAULT_TLS);
		assert_string_equal(tls_peer(tls), "");
		tls_free(tls);
		bytes_clear(&heard);
	}
}

/* ── callers that are not ours ──────────────────────────────────────────────────────────────── */

struct foreign {
	SSL_CTX *context;
	SSL *ssl;
};

static struct foreign foreign_new(const struct side *side, const char *alpn, int version, bool is_certified)
{
	struct foreign foreign = { .context = SSL_CTX_new(TLS_client_method()) };
	SSL_CTX_set_max_proto_version(foreign.context, version);
	if (alpn)
		assert_int_equal(SSL_CTX_set_alpn_protos(foreign.context, (const uint8_t *)alpn, (unsigned)strlen(alpn)), 0);
	if (is_certified) {
		const struct identity *identity = side->authority.identity;
		assert_true(SSL_CTX_use_certificate(foreign.context, identity_x509(identity, ROLE_CHANNEL)));
		assert_true(SSL_CTX_use_PrivateKey(foreign.context, identity_key(identity, ROLE_CHANNEL)));
		assert_true(SSL_CTX_add1_chain_cert(foreign.context, identity_x509(identity, ROLE_DELEGATION)));
	}
	foreign.ssl = SSL_new(foreign.context);
	SSL_set_bio(foreign.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(foreign.ssl);
	return foreign;
}

static void foreign_free(struct foreign *foreign)
{
	SSL_free(foreign->ssl);
	SSL_CTX_free(foreign->context);
	ERR_clear_error();
}

static enum fault call(const struct foreign *foreign, struct tls *callee)
{
	enum fault fault = OK;
	for (int round = 0; round < 5 && !fault; round++) {
		struct bytes line = { 0 }, heard = { 0 };
		char *at, drop[100];
		SSL_read(foreign->ssl, drop, sizeof drop);
		long len = BIO_get_mem_data(SSL_get_wbio(foreign->ssl), &at);
		fault = tls_feed(callee, (struct span){ (uint8_t *)at, (size_t)len }, &heard);
		(void)BIO_reset(SSL_get_wbio(foreign->ssl));
		assert_ok(tls_drain(callee, &line));
		BIO_write(SSL_get_rbio(foreign->ssl), line.at, (int)line.len);
		bytes_clear(&line);
		bytes_clear(&heard);
	}
	return fault;
}

static void only_our_protocol_is_spoken(void **state)
{
	struct world *world = *state;
	static const struct { const char *alpn; int version; bool is_certified; enum fault fault; const char *says; } table[] = {
		{ "\x08" "comity/1", TLS1_3_VERSION, true, OK, "" },
		{ "\x02" "h2" "\x08" "comity/1", TLS1_3_VERSION, true, OK, "" },
		{ "\x08" "comity/1", TLS1_2_VERSION, true, FAULT_TLS, "protocol" },
		{ "\x08" "comity/1", TLS1_3_VERSION, false, FAULT_TLS, "certificate" },
		{ "\x08" "comity/2", TLS1_3_VERSION, true, FAULT_TLS, "protocol" },
		{ "\x02" "h2", TLS1_3_VERSION, true, FAULT_TLS, "protocol" },
		{ NULL, TLS1_3_VERSION, true, FAULT_TLS, "comity/1" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct foreign foreign = foreign_new(&world->freedonia, table[i].alpn, table[i].version, table[i].is_certified);
		struct tls *callee;
		assert_ok(tls_new(world->sylvania.context, TLS_CALLEE, NULL, &callee));
		enum fault fault = call(&foreign, callee);
		if (fault != table[i].fault || (fault && !strstr(fault_detail(fault), table[i].says)))
			fail_msg("row %zu: %s, %s", i, fault_slug(fault), fault_detail(fault));
		assert_int_equal(tls_is_ready(callee), !table[i].fault);
		tls_free(callee);
		foreign_free(&foreign);
	}
}

static void no_session_can_be_resumed(void **state)
{
	struct world *world = *state;
	struct foreign foreign = foreign_new(&world->freedonia, "\x08" "comity/1", TLS1_3_VERSION, true);
	struct tls *callee;
	assert_ok(tls_new(world->sylvania.context, TLS_CALLEE, NULL, &callee));
	assert_ok(call(&foreign, callee));
	assert_true(tls_is_ready(callee));
	assert_false(SSL_SESSION_is_resumable(SSL_get0_session(foreign.ssl)));
	tls_free(callee);
	foreign_free(&foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_is_not_accepted_is_refused_and_learns_it),
		TEST(a_peer_under_anothers_name_is_refused),
		TEST(a_callee_may_expect_somebody),
		TEST(ciphertext_altered_on_the_way_ends_the_line),
		TEST(a_handshake_altered_anywhere_comes_to_nothing),
		TEST(garbage_is_refused),
		TEST(only_our_protocol_is_spoken),
		TEST(no_session_can_be_resumed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
