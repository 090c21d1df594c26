/* An authority under the PKI of its State, which is played by openssl(1). */
#include "authorities.h"
#include "certs/card.h"
#include "certs/national.h"
#include "certs/revocation.h"
#include "certs/signature.h"
#include "certs/trust.h"
#include "certs/files.h"

struct world {
	struct authority sylvania;
};

/* A root with an RSA key, an issuing certificate with an EC key, as States have them. */
static const char make_pki[] =
	"mkdir -p %s/pki && cd %s/pki && "
	"printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n"
	"authorityKeyIdentifier=keyid\\n' >ca.ext && cp ca.ext root.ext && "
	"openssl req -new -newkey rsa:3072 -nodes -keyout root.key -subj '/C=XS/O=State of Sylvania/CN=Root' -out root.csr 2>/dev/null && "
	"faketime '2026-01-01' openssl x509 -req -in root.csr -signkey root.key -days 7300 -sha384 -extfile root.ext -out root.crt 2>/dev/null && "
	"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ca.key -subj '/C=XS/O=State of Sylvania/CN=Issuing' "
	"-out ca.csr 2>/dev/null && faketime '2026-01-01' openssl x509 -req -in ca.csr -CA root.crt -CAkey root.key -CAcreateserial -days 3650 "
	"-sha256 -extfile ca.ext -out ca.crt 2>/dev/null && printf 'subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' >leaf.ext";

static const char issue[] =
	"cd %s/pki && faketime '2026-11-01' openssl x509 -req -in %s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 200 -copy_extensions copyall "
	"-extfile leaf.ext -out %s.crt 2>/dev/null";

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->sylvania = authority_new("xs-ca");
	assert_int_equal(shell(make_pki, world->sylvania.home, world->sylvania.home), 0);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	authority_free(&world->sylvania);
	free(world);
	return 0;
}

static void request(const struct world *world, enum role role)
{
	char path[128];
	struct bytes pem = { 0 };
	assert_ok(national_request(world->sylvania.home, role, "xs-ca", "Central Authority of Sylvania", &pem));
	snprintf(path, sizeof path, "%s/pki/%s.csr", world->sylvania.home, role_name(role));
	unlink(path);
	assert_ok(file_create(path, FILE_PUBLIC, span_of(&pem)));
	bytes_clear(&pem);
}

static void request_and_issue_all(const struct world *world)
{
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT; role++) {
		request(world, role);
		assert_int_equal(shell(issue, world->sylvania.home, role_name(role), role_name(role)), 0);
	}
}

/* These files of the PKI, one after the other. */
static enum fault import(struct world *world, const char *files, unsigned *count)
{
	char path[128];
	struct bytes pem = { 0 };
	assert_int_equal(shell("cd %s/pki && cat %s >all.pem", world->sylvania.home, files), 0);
	snprintf(path, sizeof path, "%s/pki/all.pem", world->sylvania.home);
	assert_ok(file_read(path, FILE_PUBLIC, 100000, &pem));
	enum fault fault = national_import(world->sylvania.home, span_of(&pem), NOON, count);
	bytes_clear(&pem);
	return fault;
}

#define ALL "signing.crt ca.crt channel.crt root.crt sealing.crt"

static void load(struct world *world)
{
	identity_free(world->sylvania.identity);
	assert_ok(identity_load(world->sylvania.home, &world->sylvania.identity));
}

static void become_national(struct world *world)
{
	unsigned count;
	request_and_issue_all(world);
	assert_int_equal(shell("echo precious >%s/keys/store.key", world->sylvania.home), 0);
	assert_ok(import(world, ALL, &count));
	assert_int_equal(count, 3);
	assert_int_equal(shell("grep -q precious %s/keys/store.key", world->sylvania.home), 0);	/* what is not ours goes along */
	load(world);
}

static enum fault judge(const struct trust *trust, const struct identity *identity, enum role leaf, enum usage usage)
{
	char peer[AUTHORITY_ID_SIZE];
	const struct span chain[] = { identity_certificate(identity, leaf), identity_certificate(identity, ROLE_DELEGATION) };
	return trust_judge(trust, &(struct claim){ chain, 2, usage, "xs-ca", NOON }, peer);
}

static void a_request_asks_for_the_profile(void **state)
{
	const struct world *world = *state;
	request(world, ROLE_CHANNEL);
	assert_int_equal(shell("cd %s/pki && openssl req -in channel.csr -noout -verify -text >text 2>&1 && grep -q 'URI:comity:xs-ca' text && "
		"grep -q 'Digital Signature' text && grep -q 'TLS Web Client Authentication' text && grep -q 'CA:FALSE' text",
		world->sylvania.home), 0);
	assert_int_equal(shell("cd %s/pki && cp channel.csr first", world->sylvania.home), 0);
	request(world, ROLE_CHANNEL);		/* asked again: for the same key */
	assert_int_equal(shell("cd %s/pki && openssl req -in first -noout -pubkey >a && openssl req -in channel.csr -noout -pubkey >b && "
		"cmp -s a b && test $(stat -c %%a ../requested/channel.key) = 600", world->sylvania.home), 0);
	struct bytes pem = { 0 };
	assert_fault(national_request(world->sylvania.home, ROLE_DELEGATION, "xs-ca", "x", &pem), FAULT_USAGE);
}

static void what_the_state_issued_is_used_and_trusted(void **state)
{
	struct world *world = *state;
	become_national(world);
	struct identity *identity = world->sylvania.identity;
	assert_string_equal(identity_authority(identity), "xs-ca");
	assert_string_equal(identity_name(identity), "Central Authority of Sylvania");
	struct trust *trust = trust_new();
	assert_ok(trust_set_peer(trust, "xs-ca", identity_certificate(identity, ROLE_IDENTITY), STANDING_VERIFIED));
	assert_ok(judge(trust, identity, ROLE_CHANNEL, USAGE_CHANNEL));
	assert_ok(judge(trust, identity, ROLE_SIGNING, USAGE_SIGNING));
	assert_ok(judge(trust, identity, ROLE_SEALING, USAGE_SEALING));
	assert_fault(judge(trust, identity, ROLE_SIGNING, USAGE_CHANNEL), FAULT_CERT_PROFILE);
	trust_free(trust);
	assert_int_equal(shell("cd %s && test ! -e keys/identity.key && test -e keys.own/identity.key && test ! -e requested/channel.key",
		world->sylvania.home), 0);
}

static void a_card_of_it_is_written_and_read(void **state)
{
	struct world *world = *state;
	become_national(world);
	struct card card = { .name = "Central Authority of Sylvania", .serial = 1, .issued_at = NOON }, read;
	struct bytes text = { 0 };
	assert_ok(card_write(world->sylvania.identity, &card, &text));
	assert_ok(card_read(span_of(&text), NOON, &read));
	assert_string_equal(read.authority, "xs-ca");
	card_clear(&read);
	bytes_clear(&text);
}

/* Two authorities of one State have one root: each must have digits of its own. */
static void the_digits_cover_the_root_and_the_name(void **state)
{
	struct world *world = *state;
	char ours[IDENTITY_DIGITS_SIZE], others[IDENTITY_DIGITS_SIZE];
	struct bytes pin = { 0 };
	become_national(world);
	identity_digits(ours, identity_pin(world->sylvania.identity));
	assert_ok(certificate_pin(identity_certificate(world->sylvania.identity, ROLE_IDENTITY), "xs-moj", &pin));
	identity_digits(others, span_of(&pin));
	assert_string_not_equal(ours, others);
	bytes_clear(&pin);
}

/* What the same issuer gives to anybody else speaks for nobody. */
static void others_of_the_same_pki_are_not_believed(void **state)
{
	struct world *world = *state;
	char peer[AUTHORITY_ID_SIZE], path[128];
	struct bytes pem = { 0 }, der = { 0 };
	become_national(world);
	struct trust *trust = trust_new();
	struct span root = identity_certificate(world->sylvania.identity, ROLE_IDENTITY);
	assert_ok(trust_set_peer(trust, "xs-ca", root, STANDING_VERIFIED));
	assert_int_equal(shell("cd %s/pki && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -subj /CN=citizen "
		"-addext subjectAltName=URI:comity:xs-moj -addext keyUsage=critical,digitalSignature "
		"-addext extendedKeyUsage=serverAuth,clientAuth -addext basicConstraints=critical,CA:FALSE -out other.csr 2>/dev/null",
		world->sylvania.home), 0);
	assert_int_equal(shell(issue, world->sylvania.home, "other", "other"), 0);
	snprintf(path, sizeof path, "%s/pki/other.crt", world->sylvania.home);
	assert_ok(file_read(path, FILE_PUBLIC, 10000, &pem));
	struct span rest = span_of(&pem);
	assert_ok(certificate_from_pem(&rest, &der));
	const struct span chain[] = { span_of(&der), identity_certificate(world->sylvania.identity, ROLE_DELEGATION) };
	struct claim claim = { chain, 2, USAGE_CHANNEL, "xs-ca", NOON };
	assert_fault(trust_judge(trust, &claim, peer), FAULT_WRONG_PEER);
	claim.expected = NULL;
	assert_fault(trust_judge(trust, &claim, peer), FAULT_STRANGER);
	assert_ok(trust_set_peer(trust, "xs-moj", root, STANDING_VERIFIED));	/* pinned for itself it is believed for itself */
	assert_ok(trust_judge(trust, &claim, peer));
	assert_string_equal(peer, "xs-moj");
	bytes_clear(&pem);
	bytes_clear(&der);
	trust_free(trust);
}

static void what_is_not_right_is_not_imported(void **state)
{
	struct world *world = *state;
	unsigned count;
	request_and_issue_all(world);
	assert_int_equal(shell("cd %s && ls -lR keys requested >before", world->sylvania.home), 0);
	assert_fault(import(world, "root.crt ca.crt", &count), FAULT_BAD_KEY);			/* no leaf */
	assert_fault(import(world, "channel.crt ca.crt root.crt", &count), FAULT_CERT_UNTRUSTED);	/* the others lead elsewhere */
	assert_fault(import(world, "channel.crt signing.crt sealing.crt root.crt", &count), FAULT_CERT_PROFILE);	/* no issuer */
	assert_fault(import(world, "channel.csr", &count), FAULT_CERT_PROFILE);
	assert_int_equal(shell("cd %s/pki && openssl req -x509 -newkey rsa:2048 -nodes -keyout weak.key -subj /CN=Root -out weak.crt 2>/dev/null",
		world->sylvania.home), 0);
	assert_fault(import(world, "channel.crt signing.crt sealing.crt ca.crt weak.crt", &count), FAULT_CERT_PROFILE);
	assert_int_equal(shell("cd %s && ls -lR keys requested | cmp -s - before && test ! -e keys.new", world->sylvania.home), 0);
	assert_ok(import(world, ALL, &count));
}

static void one_leaf_is_replaced_alone(void **state)
{
	struct world *world = *state;
	unsigned count;
	struct certificate_facts before, after;
	become_national(world);
	assert_ok(certificate_read(identity_certificate(world->sylvania.identity, ROLE_SIGNING), &before));
	request(world, ROLE_CHANNEL);
	assert_int_equal(shell(issue, world->sylvania.home, "channel", "channel"), 0);
	assert_ok(import(world, "channel.crt ca.crt root.crt", &count));
	assert_int_equal(count, 1);
	load(world);
	assert_ok(certificate_read(identity_certificate(world->sylvania.identity, ROLE_SIGNING), &after));
	assert_string_equal(before.serial, after.serial);
}

/* As in a rotation: not everybody has heard of the new ones, and something may be sealed to the old. */
static void what_is_replaced_is_kept(void **state)
{
	struct world *world = *state;
	unsigned count;
	uint8_t ours[DIGEST_SIZE], theirs[DIGEST_SIZE];
	memcpy(ours, *identity_digest(world->sylvania.identity, ROLE_SIGNING), sizeof ours);
	become_national(world);
	memcpy(theirs, *identity_digest(world->sylvania.identity, ROLE_SIGNING), sizeof theirs);
	request(world, ROLE_SIGNING);
	assert_int_equal(shell(issue, world->sylvania.home, "signing", "signing"), 0);
	assert_ok(import(world, "signing.crt ca.crt root.crt", &count));
	load(world);
	assert_non_null(identity_generation(world->sylvania.identity, ROLE_SIGNING, SPAN(theirs)));
	assert_null(identity_generation(world->sylvania.identity, ROLE_SIGNING, SPAN(ours)));	/* of another identity */
	assert_int_equal(shell("test $(find %s/keys.old -name sealing.key | wc -l) = 2", world->sylvania.home), 0);
}

static void its_lists_take_the_place_of_ours(void **state)
{
	struct world *world = *state;
	unsigned count;
	struct bytes list = { 0 };
	request_and_issue_all(world);
	assert_int_equal(shell("cd %s/pki && : >index && echo 05 >number && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\n"
		"default_md=sha256\\n[x]\\nauthorityKeyIdentifier=keyid\\n' >conf && faketime '2026-11-20' openssl ca -config conf -gencrl "
		"-cert ca.crt -keyfile ca.key -crldays 30 -crlexts x -out ca.crl 2>/dev/null", world->sylvania.home), 0);
	assert_ok(import(world, ALL " ca.crl", &count));
	assert_ok(revocation_load(world->sylvania.home, ROLE_DELEGATION, &list));
	struct revocation_facts facts;
	assert_ok(revocation_read(span_of(&list), &facts));
	assert_string_equal(facts.number, "5");
	bytes_clear(&list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_asks_for_the_profile),
		TEST(what_the_state_issued_is_used_and_trusted),
		TEST(a_card_of_it_is_written_and_read),
		TEST(the_digits_cover_the_root_and_the_name),
		TEST(others_of_the_same_pki_are_not_believed),
		TEST(what_is_not_right_is_not_imported),
		TEST(one_leaf_is_replaced_alone),
		TEST(what_is_replaced_is_kept),
		TEST(its_lists_take_the_place_of_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
