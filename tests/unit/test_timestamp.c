/* Time stamps, asked of and given by the stock tool as the authority; and every way in which one can be wrong. */
#include <time.h>

#include "authorities.h"
#include "certs/files.h"
#include "certs/timestamp.h"

static const uint8_t sum[DIGEST_SIZE] = { 1, 2, 3 }, other_sum[DIGEST_SIZE] = { 3, 2, 1 };

struct world {
	char home[64];
	struct bytes request, answer, roots;
};

/* ── a time stamping authority, made with openssl ─────────────────────────────────────────────────── */

static const char configuration[] =
	"[tsa]\ndefault_tsa = one\n[one]\ndir = .\nserial = ./serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
	"digests = sha256\nordering = yes\ness_cert_id_alg = sha256\n";

static void put(const struct world *world, const char *name, struct span content)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", world->home, name);
	assert_ok(file_replace(path, FILE_PUBLIC, content));
}

static struct bytes get(const struct world *world, const char *name)
{
	char path[128];
	struct bytes content = { 0 };
	snprintf(path, sizeof path, "%s/%s", world->home, name);
	assert_ok(file_read(path, FILE_PUBLIC, 1 << 20, &content));
	return content;
}

#define RUN(...) assert_int_equal(shell("cd " __VA_ARGS__), 0)

static void make_root(const struct world *world, const char *name)
{
	RUN("%s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem "
		"-subj /CN=%s -days 3650 >/dev/null 2>&1", world->home, name, name, name);
}

static void make_signer(const struct world *world, const char *name, const char *key, const char *root, const char *usage, const char *days)
{
	RUN("%s && openssl req -new -newkey %s -nodes -keyout %s.key -out %s.csr -subj /CN=%s >/dev/null 2>&1 && "
		"printf 'keyUsage=critical,digitalSignature\\n%s' > %s.ext && openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key "
		"-CAcreateserial -days %s -extfile %s.ext -out %s.pem >/dev/null 2>&1", world->home, key, name, name, name, usage, name, name,
		root, root, days, name, name);
}

#define EC "ec -pkeyopt ec_paramgen_curve:P-256"
#define TIMESTAMPING "extendedKeyUsage=critical,timeStamping\\n"

/* The honest authority's answer to a request. */
static struct bytes ask(const struct world *world, struct span request)
{
	put(world, "request", request);
	RUN("%s && openssl ts -reply -config tsa.cnf -section one -queryfile request -signer honest.pem -inkey honest.key "
		"-chain root.pem -out answer >/dev/null 2>&1", world->home);
	return get(world, "answer");
}

static void append_head(struct bytes *der, uint8_t tag, size_t len)
{
	const uint8_t head[] = { tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len };
	assert_ok(bytes_append(der, SPAN(head)));
}

/* What the honest authority states, signed by somebody else: the stock tool would not let him. */
static struct bytes sign_as(const struct world *world, const char *signer, const char *digest)
{
	struct bytes der = { 0 };
	static const uint8_t granted[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	put(world, "request", span_of(&world->request));
	RUN("%s && openssl ts -reply -config tsa.cnf -section one -queryfile request -signer honest.pem -inkey honest.key "
		"-token_out -out token >/dev/null 2>&1 && openssl cms -verify -noverify -inform DER -in token -out statement >/dev/null 2>&1 && "
		"openssl cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -cades -md %s -signer %s.pem -inkey %s.key "
		"-in statement -outform DER -out forged >/dev/null 2>&1", world->home, digest, signer, signer);
	struct bytes token = get(world, "forged");
	append_head(&der, 0x30, sizeof granted + token.len);
	assert_ok(bytes_append(&der, SPAN(granted)));
	assert_ok(bytes_append(&der, span_of(&token)));
	bytes_clear(&token);
	return der;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	make_home(world->home);
	put(world, "tsa.cnf", span_of_text(configuration));
	put(world, "serial", span_of_text("01\n"));
	make_root(world, "root");
	make_root(world, "stranger");
	make_signer(world, "honest", EC, "root", TIMESTAMPING, "365");
	world->roots = get(world, "root.pem");
	assert_ok(timestamp_request(sum, &world->request));
	world->answer = ask(world, span_of(&world->request));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	bytes_clear(&world->request);
	bytes_clear(&world->answer);
	bytes_clear(&world->roots);
	remove_home(world->home);
	free(world);
	return 0;
}

/* ── what is true ─────────────────────────────────────────────────────────────────────────────────── */

static void the_answer_to_our_request_is_a_stamp(void **state)
{
	struct world *world = *state;
	struct timestamp stamp;
	static const uint8_t none[DIGEST_SIZE];
	int64_t now = time(NULL);
	assert_ok(timestamp_take(span_of(&world->answer), span_of(&world->request), span_of(&world->roots), &stamp));
	assert_string_equal(stamp.authority, "CN=honest");
	assert_in_range(stamp.at, now - 600, now + 1);
	assert_memory_not_equal(stamp.root, none, sizeof none);
	assert_ok(timestamp_verify(span_of(&world->answer), sum, span_of(&world->roots), &stamp));
}

static void the_stock_tool_reads_what_we_ask(void **state)
{
	struct world *world = *state;
	put(world, "request", span_of(&world->request));
	RUN("%s && openssl ts -query -in request -text > text 2>&1 && grep -q 'Hash Algorithm: sha256' text && "
		"grep -q 'Certificate required: yes' text && grep -q 'Nonce: 0x' text", world->home);
}

static void two_requests_have_two_nonces(void **state)
{
	struct world *world = *state;
	struct bytes again = { 0 };
	assert_ok(timestamp_request(sum, &again));
	assert_false(span_equal(span_of(&again), span_of(&world->request)));
	bytes_clear(&again);
}

static void the_answer_to_another_request_is_refused(void **state)
{
	struct world *world = *state;
	struct timestamp stamp;
	struct bytes again = { 0 }, other = { 0 };
	assert_ok(timestamp_request(sum, &again));
	assert_fault(timestamp_take(span_of(&world->answer), span_of(&again), span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	assert_non_null(strstr(fault_detail(FAULT_BAD_TIMESTAMP), "nonce"));
	/* the nonce that was asked for, over something else */
	assert_ok(bytes_append(&other, span_of(&world->request)));
	memcpy(memmem(other.at, other.len, sum, sizeof sum), other_sum, sizeof other_sum);
	struct bytes answer = ask(world, span_of(&other));
	assert_fault(timestamp_take(span_of(&answer), span_of(&world->request), span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	assert_non_null(strstr(fault_detail(FAULT_BAD_TIMESTAMP), "imprint"));
	assert_fault(timestamp_verify(span_of(&world->answer), other_sum, span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	bytes_clear(&again);
	bytes_clear(&other);
	bytes_clear(&answer);
}

static void whoever_must_not_stamp_is_refused(void **state)
{
	struct world *world = *state;
	static const struct { const char *name, *key, *root, *usage, *days, *digest; bool may; } signers[] = {
		{ "control",      EC,         "root",     TIMESTAMPING,                                           "30", "sha256", true },
		{ "rsa",          "rsa:2048", "root",     TIMESTAMPING,                                           "30", "sha512", true },
		{ "anothers",     EC,         "stranger", TIMESTAMPING,                                           "30", "sha256", false },
		{ "mail",         EC,         "root",     "extendedKeyUsage=critical,emailProtection\\n",         "30", "sha256", false },
		{ "nothing",      EC,         "root",     "",                                                     "30", "sha256", false },
		{ "not-critical", EC,         "root",     "extendedKeyUsage=timeStamping\\n",                     "30", "sha256", false },
		{ "also-mail",    EC,         "root",     "extendedKeyUsage=critical,timeStamping,emailProtection\\n", "30", "sha256", false },
		{ "expired",      EC,         "root",     TIMESTAMPING,                                           "-1", "sha256", false },
		{ "weak",         "rsa:1024", "root",     TIMESTAMPING,                                           "30", "sha256", false },
		{ "weak-digest",  EC,         "root",     TIMESTAMPING,                                           "30", "sha1",   false },
	};
	for (size_t i = 0; i < ARRAY_LEN(signers); i++) {
		struct timestamp stamp;
		make_signer(world, signers[i].name, signers[i].key, signers[i].root, signers[i].usage, signers[i].days);
		struct bytes answer = sign_as(world, signers[i].name, signers[i].digest);
		enum fault fault = timestamp_take(span_of(&answer), span_of(&world->request), span_of(&world->roots), &stamp);
		if (fault != (signers[i].may ? OK : FAULT_BAD_TIMESTAMP))
			fail_msg("%s: %s (%s)", signers[i].name, fault_slug(fault), fault_detail(fault));
		bytes_clear(&answer);
	}
}

static void an_answer_altered_anywhere_is_refused_or_says_the_same(void **state)
{
	struct world *world = *state;
	struct timestamp right, stamp;
	size_t harmless = 0;
	assert_ok(timestamp_verify(span_of(&world->answer), sum, span_of(&world->roots), &right));
	for (size_t i = 0; i < world->answer.len; i++) {
		world->answer.at[i] ^= 1;
		enum fault fault = timestamp_verify(span_of(&world->answer), sum, span_of(&world->roots), &stamp);
		world->answer.at[i] ^= 1;
		if (!fault)
			assert_memory_equal(&stamp, &right, sizeof right);
		else
			assert_int_equal(fault, FAULT_BAD_TIMESTAMP);
		harmless += !fault;
	}
	/* certificates that the authority sent along and nobody needs: the root, which counts as it is here */
	assert_true(harmless < world->roots.len);
}

static void what_is_no_answer_is_refused(void **state)
{
	struct world *world = *state;
	struct timestamp stamp;
	static uint8_t huge[TIMESTAMP_SIZE_MAX + 1];
	static const uint8_t rejected[] = { 0x30, 0x0f, 0x30, 0x0d, 0x02, 0x01, 0x02, 0x30, 0x08, 0x0c, 0x06, 'b', 'u', 's', 'y', ' ', '!' };
	static const uint8_t nothing_in_it[] = { 0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00 };
	const struct span answers[] = { { 0 }, span_of_text("<html>busy</html>"), SPAN(huge), SPAN(rejected), SPAN(nothing_in_it) };
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		assert_fault(timestamp_take(answers[i], span_of(&world->request), span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	assert_fault(timestamp_take(SPAN(rejected), span_of(&world->request), span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	assert_non_null(strstr(fault_detail(FAULT_BAD_TIMESTAMP), "busy !"));
	for (size_t len = 0; len < world->answer.len; len++)
		assert_fault(timestamp_verify((struct span){ world->answer.at, len }, sum, span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
	assert_ok(bytes_append_text(&world->answer, "x"));
	assert_fault(timestamp_verify(span_of(&world->answer), sum, span_of(&world->roots), &stamp), FAULT_BAD_TIMESTAMP);
}

static void roots_are_roots_and_nothing_else(void **state)
{
	struct world *world = *state;
	int64_t ends = 0;
	struct bytes leaf = get(world, "honest.pem"), both = { 0 };
	assert_ok(timestamp_check_roots(span_of(&world->roots), &ends));
	assert_in_range(ends, time(NULL) + 3649 * DAY, time(NULL) + 3650 * DAY);
	assert_ok(bytes_append(&both, span_of(&world->roots)));
	assert_ok(bytes_append(&both, span_of(&world->roots)));
	assert_ok(timestamp_check_roots(span_of(&both), NULL));
	assert_ok(bytes_append(&both, span_of(&leaf)));
	struct span half = { world->roots.at, world->roots.len / 2 };
	const struct span none[] = { { 0 }, span_of_text("no certificate"), half, span_of(&leaf), span_of(&both) };
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_fault(timestamp_check_roots(none[i], NULL), FAULT_CONFIG);
	bytes_clear(&leaf);
	bytes_clear(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_answer_to_our_request_is_a_stamp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_stock_tool_reads_what_we_ask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_requests_have_two_nonces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_to_another_request_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whoever_must_not_stamp_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_altered_anywhere_is_refused_or_says_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_answer_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(roots_are_roots_and_nothing_else, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
