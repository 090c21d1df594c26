/* The holder of the keys: what it signs and what not, what its cage lets through, and the conversation with it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "authorities.h"
#include "certs/card.h"
#include "certs/digest.h"
#include "certs/files.h"
#include "certs/signature.h"
#include "proto/stamp.h"
#include "daemon/keyholder/keyd_policy.h"
#include "daemon/keyholder/keyd_sandbox.h"
#include "daemon/keyholder/keyd_serve.h"
#include "daemon/keyholder/keyholder_line.h"
#include "proto/manifest.h"

static struct bytes manifest_of(const char *from, int64_t at)
{
	struct bytes text = { 0 };
	struct manifest manifest = { .purpose = PURPOSE_DISPATCH, .number = 1 };
	struct manifest_entry entry = { .message_id = "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01" };
	snprintf(manifest.from, sizeof manifest.from, "%s", from);
	snprintf(manifest.to, sizeof manifest.to, "xs-ca");
	stamp_write(manifest.at, at * STAMP_SECOND + 412 * (STAMP_SECOND / 1000));
	assert_ok(manifest_begin(&text, &manifest));
	assert_ok(manifest_add(&text, &entry));
	return text;
}

static void what_the_protocol_says_is_signed_and_nothing_else(void **state)
{
	(void)state;
	static const char digest[] = "3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c3f8c";
	struct authority freedonia = authority_new("xf-ca");
	struct bytes ours = manifest_of("xf-ca", NOON), theirs = manifest_of("xs-ca", NOON), longer = manifest_of("xf-ca", NOON);
	char list[400], strange[400];
	snprintf(list, sizeof list, "# comity-backup 1\n# authority: xf-ca\n# at: 2026-11-23T12:00:00Z\n%s  store.mdb\n", digest);
	snprintf(strange, sizeof strange, "# comity-backup 1\n# authority: xf-ca\nI owe you a million.\n");
	char gone[600], other[600], more[700];
	static const char form[] = "# comity-destruction 1\n# authority: %s\n# request: 0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01\n"
		"# requesting-reference: A\n# requested-reference: \n# at: %s\n# by: uid 7\n# reason: returned\n"
		"%s  0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e02\n";
	char noon[STAMP_SIZE];
	stamp_write(noon, NOON * STAMP_SECOND);
	snprintf(gone, sizeof gone, form, "xf-ca", noon, digest);
	snprintf(other, sizeof other, form, "xs-ca", noon, digest);
	snprintf(more, sizeof more, "%sI owe you a million.\n", gone);
	char proof[300], stranger[300], wordy[400];
	static const char proof_form[] = "# comity-proof 1\n# authority: %s\n# at: %s\n# nonce: %s\n";
	snprintf(proof, sizeof proof, proof_form, "xf-ca", noon, digest);
	snprintf(stranger, sizeof stranger, proof_form, "xs-ca", noon, digest);
	snprintf(wordy, sizeof wordy, "%sI owe you a million.\n", proof);
	assert_ok(bytes_append_text(&longer, "I owe you a million.\n"));
	const struct { struct span content; int64_t at; enum fault fault; } table[] = {
		{ span_of(&ours), NOON, OK },
		{ span_of(&ours), NOON + 1, FAULT_SIGN_REFUSED },
		{ span_of(&ours), NOON - DAY, FAULT_CERT_NOT_YET },
		{ span_of(&ours), NOON + 3650 * DAY, FAULT_CERT_EXPIRED },
		{ span_of(&theirs), NOON, FAULT_SIGN_REFUSED },
		{ span_of(&longer), NOON, FAULT_SIGN_REFUSED },
		{ (struct span){ ours.at, ours.len - 1 }, NOON, FAULT_SIGN_REFUSED },
		{ (struct span){ 0 }, NOON, FAULT_SIGN_REFUSED },
		{ { (const uint8_t *)digest, 32 }, NOON, FAULT_SIGN_REFUSED },
		{ span_of_text("# comity-manifest 1\n"), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text("I owe you a million.\n"), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text(list), NOON, OK },
		{ span_of_text(gone), NOON, OK },
		{ span_of_text(gone), NOON + 1, FAULT_SIGN_REFUSED },
		{ span_of_text(other), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text(more), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text("# comity-destruction 1\n# authority: xf-ca\n"), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text(proof), NOON, OK },
		{ span_of_text(proof), NOON + 1, FAULT_SIGN_REFUSED },
		{ span_of_text(stranger), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text(wordy), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text("# comity-proof 1\n# authority: xf-ca\n"), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text(strange), NOON, FAULT_SIGN_REFUSED },
		{ span_of_text("# comity-backup 1\n# authority: xs-ca\n"), NOON, FAULT_SIGN_REFUSED },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(policy_check(freedonia.identity, table[i].content, table[i].at, false), table[i].fault);
	bytes_clear(&ours);
	bytes_clear(&theirs);
	bytes_clear(&longer);
	authority_free(&freedonia);
}

/* What a card would have been signed over, had it not been ours. */
struct overheard {
	struct bytes content;
	int64_t at;
};

static enum fault overhear(void *owner, const struct identity *identity, struct span content, int64_t at, bool is_enclosed,
	struct bytes *der)
{
	struct overheard *heard = owner;
	(void)identity, (void)der;
	assert_true(is_enclosed);
	heard->at = at;
	assert_ok(bytes_append(&heard->content, content));
	return FAULT_SIGN_REFUSED;
}

static struct overheard card_of(const struct authority *authority)
{
	struct overheard heard = { 0 };
	struct signing_hand hand = { .owner = &heard, .sign = overhear };
	struct identity_access access = { .hand = &hand };
	struct card card = { .name = "Central Authority", .serial = 1, .issued_at = NOON };
	struct identity *identity;
	struct bytes text = { 0 };
	assert_ok(identity_open(authority->home, &access, &identity));
	assert_fault(card_write(identity, &card, &text), FAULT_SIGN_REFUSED);
	identity_free(identity);
	return heard;
}

static void only_our_own_card_is_signed(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca"), sylvania = authority_new("xs-ca"), again = authority_new("xf-ca");
	struct overheard ours = card_of(&freedonia), theirs = card_of(&sylvania), forged = card_of(&again);
	assert_ok(policy_check(freedonia.identity, span_of(&ours.content), NOON, true));
	assert_fault(policy_check(freedonia.identity, span_of(&ours.content), NOON + 60, true), FAULT_SIGN_REFUSED);
	assert_fault(policy_check(freedonia.identity, span_of(&theirs.content), NOON, true), FAULT_SIGN_REFUSED);
	assert_fault(policy_check(freedonia.identity, span_of(&forged.content), NOON, true), FAULT_SIGN_REFUSED);	/* other keys */
	assert_fault(policy_check(freedonia.identity, SPAN("\x08\x96"), NOON, true), FAULT_SIGN_REFUSED);
	assert_fault(policy_check(freedonia.identity, span_of(&ours.content), NOON, false), FAULT_SIGN_REFUSED);	/* a card is no text */
	bytes_clear(&ours.content);
	bytes_clear(&theirs.content);
	bytes_clear(&forged.content);
	authority_free(&freedonia);
	authority_free(&sylvania);
	authority_free(&again);
}

/* ── the cage ─────────────────────────────────────────────────────────────────────────────────── */

static int try_nothing(void) { return 0; }
static int try_a_file(void) { return open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM; }
static int try_a_signal(void) { return kill(getppid(), 0) < 0 && errno == EPERM; }
static int try_tracing(void) { return prctl(PR_SET_DUMPABLE, 1) < 0 && errno == EPERM; }
static int try_a_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static int try_a_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static int try_the_net(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM; }
static int try_a_program(void) { return execl("/bin/true", "true", (char *)NULL); }
static int try_a_child(void) { return fork(); }

static int fate_of(enum sandbox sandbox, int (*attempt)(void))
{
	int status;
	pid_t child = fork();
	if (!child) {
		if (sandbox_enter(sandbox))
			_exit(99);
		_exit(attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void the_cage_holds(void **state)
{
	(void)state;
	static const struct { enum sandbox sandbox; int (*attempt)(void); int fate; } table[] = {
		{ SANDBOX_FILES_CLOSED, try_nothing, 0 },
		{ SANDBOX_FILES_CLOSED, try_a_file, 1 },
		{ SANDBOX_FILES_CLOSED, try_a_signal, 1 },
		{ SANDBOX_FILES_CLOSED, try_tracing, 1 },
		{ SANDBOX_FILES_CLOSED, try_a_socket, -SIGSYS },
		{ SANDBOX_FILES_CLOSED, try_a_local_socket, -SIGSYS },
		{ SANDBOX_FILES_CLOSED, try_a_program, -SIGSYS },
		{ SANDBOX_FILES_CLOSED, try_a_child, -SIGSYS },
		{ SANDBOX_TOKEN, try_a_local_socket, 1 },
		{ SANDBOX_TOKEN, try_the_net, 1 },
		{ SANDBOX_TOKEN, try_a_signal, 1 },
		{ SANDBOX_TOKEN, try_a_program, -SIGSYS },
		{ SANDBOX_TOKEN, try_a_child, -SIGSYS },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (fate_of(table[i].sandbox, table[i].attempt) != table[i].fate)
			fail_msg("row %zu", i);
}

/* ── the conversation ─────────────────────────────────────────────────────────────────────────── */

struct talk {
	int fd;
	struct authority authority;
	pthread_t thread;
	int theirs;
};

static void *hold(void *owner)
{
	struct talk *talk = owner;
	enum fault fault = keyd_greet(talk->theirs, OK, 0);
	if (!fault)
		fault = keyd_serve(talk->theirs, talk->authority.identity);
	close(talk->theirs);
	return (void *)(intptr_t)fault;
}

static void talk_begin(struct talk *talk)
{
	int ends[2];
	talk->authority = authority_new("xf-ca");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	talk->fd = ends[0];
	talk->theirs = ends[1];
	assert_int_equal(pthread_create(&talk->thread, NULL, hold, talk), 0);
}

static enum fault talk_end(struct talk *talk)
{
	void *fault;
	close(talk->fd);
	pthread_join(talk->thread, &fault);
	authority_free(&talk->authority);
	return (enum fault)(intptr_t)fault;
}

static enum fault hear(struct talk *talk, struct bytes *result)
{
	struct arena arena;
	ProtobufCMessage *message;
	arena_init(&arena, 1 << 20);
	assert_ok(holder_hear(talk->fd, &comity__holder_reply__descriptor, HOLDER_REPLY_MAX, holder_clock() + 10000, &arena, &message));
	const Comity__HolderReply *reply = (const Comity__HolderReply *)message;
	enum fault fault = reply->fault ? fault_from_slug(reply->fault) : OK;
	if (reply->has_result)
		assert_ok(bytes_append(result, (struct span){ reply->result.data, reply->result.len }));
	arena_clear(&arena);
	return fault;
}

static enum fault ask(struct talk *talk, const uint8_t signer[DIGEST_SIZE], struct span content, struct bytes *der)
{
	Comity__HolderSign order = COMITY__HOLDER_SIGN__INIT;
	Comity__HolderCall call = COMITY__HOLDER_CALL__INIT;
	order.has_signer = order.has_at = order.has_size = 1;
	order.signer = (ProtobufCBinaryData){ DIGEST_SIZE, (uint8_t *)signer };
	order.at = NOON;
	order.size = content.len;
	call.sign = &order;
	assert_ok(holder_send(talk->fd, &call.base, content, holder_clock() + 10000));
	return hear(talk, der);
}

static void a_manifest_comes_back_signed_and_the_rest_refused(void **state)
{
	(void)state;
	struct talk talk;
	talk_begin(&talk);
	struct bytes text = manifest_of("xf-ca", NOON), der = { 0 }, nothing = { 0 };
	struct span certificate = identity_certificate(talk.authority.identity, ROLE_SIGNING);
	uint8_t signer[DIGEST_SIZE], other[DIGEST_SIZE] = { 0 };
	struct signer *reader;
	digest_of(signer, certificate);
	assert_ok(hear(&talk, &nothing));
	assert_fault(ask(&talk, signer, span_of_text("no manifest"), &nothing), FAULT_SIGN_REFUSED);
	assert_fault(ask(&talk, other, span_of(&text), &nothing), FAULT_KEYS_UNAVAILABLE);
	assert_ok(ask(&talk, signer, span_of(&text), &der));
	assert_int_equal(nothing.len, 0);
	assert_ok(signer_new(certificate, &reader));
	assert_ok(signature_verify(reader, span_of(&text), span_of(&der), NULL));
	signer_free(reader);
	bytes_clear(&text);
	bytes_clear(&der);
	assert_ok(talk_end(&talk));
}

/* Made by a stock tool, as PITFALLS of CMS want it. */
static struct bytes envelope_of(const char *home, const char *content, const char *cipher)
{
	struct bytes der = { 0 };
	char path[128];
	assert_int_equal(shell("printf '%%s' '%s' | openssl cms -encrypt -binary -%s -outform DER -out %s/envelope -recip %s/keys/sealing.crt "
		"-keyopt ecdh_kdf_md:sha256 -aes256-wrap 2>/dev/null", content, cipher, home, home), 0);
	snprintf(path, sizeof path, "%s/envelope", home);
	assert_ok(file_read(path, FILE_PUBLIC, 1 << 20, &der));
	return der;
}

static enum fault unseal(struct talk *talk, struct span envelope, struct bytes *key)
{
	Comity__HolderOpen order = COMITY__HOLDER_OPEN__INIT;
	Comity__HolderCall call = COMITY__HOLDER_CALL__INIT;
	order.has_envelope = 1;
	order.envelope = (ProtobufCBinaryData){ envelope.len, (uint8_t *)envelope.at };
	call.open = &order;
	assert_ok(holder_send(talk->fd, &call.base, (struct span){ 0 }, holder_clock() + 10000));
	return hear(talk, key);
}

static void a_content_key_comes_out_of_its_envelope(void **state)
{
	(void)state;
	static const char content[] = "0123456789abcdef0123456789ABCDEF";
	struct talk talk;
	struct authority sylvania = authority_new("xs-ca");
	talk_begin(&talk);
	struct bytes ours = envelope_of(talk.authority.home, content, "aes-256-gcm"), key = { 0 }, nothing = { 0 };
	struct bytes theirs = envelope_of(sylvania.home, content, "aes-256-gcm");
	struct bytes letter = envelope_of(talk.authority.home, "a letter", "aes-256-gcm");
	struct bytes bare = envelope_of(talk.authority.home, content, "aes-256-cbc");
	assert_ok(hear(&talk, &nothing));
	assert_ok(unseal(&talk, span_of(&ours), &key));
	assert_true(span_is(span_of(&key), content));
	assert_fault(unseal(&talk, span_of(&theirs), &nothing), FAULT_BAD_ENVELOPE);
	assert_fault(unseal(&talk, span_of(&letter), &nothing), FAULT_BAD_ENVELOPE);
	assert_fault(unseal(&talk, span_of(&bare), &nothing), FAULT_BAD_ENVELOPE);
	assert_fault(unseal(&talk, SPAN("nonsense"), &nothing), FAULT_BAD_ENVELOPE);
	assert_fault(unseal(&talk, (struct span){ ours.at, ours.len - 1 }, &nothing), FAULT_BAD_ENVELOPE);
	for (size_t i = 1; i <= 40; i += 13) {		/* the tag, and the key that is wrapped */
		ours.at[ours.len - i] ^= 1;
		assert_fault(unseal(&talk, span_of(&ours), &nothing), FAULT_BAD_ENVELOPE);
		ours.at[ours.len - i] ^= 1;
	}
	assert_int_equal(nothing.len, 0);
	assert_ok(talk_end(&talk));
	bytes_clear(&ours);
	bytes_clear(&theirs);
	bytes_clear(&letter);
	bytes_clear(&bare);
	bytes_clear(&key);
	authority_free(&sylvania);
}

/* Whatever does not follow the protocol ends the conversation, and with it the process. */
static void nonsense_ends_the_conversation(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t len; enum fault fault; } table[] = {
		{ "\x00\x00\x00\x00", 4, FAULT_BAD_FRAME },			/* a call of nothing */
		{ "\x00\x00\x00\x02\x0a\x00", 6, FAULT_BAD_FRAME },		/* to sign, but without a time */
		{ "\x00\x00\x00\x02\xff\xff", 6, FAULT_BAD_FRAME },
		{ "\x7f\xff\xff\xff", 4, FAULT_FRAME_TOO_LARGE },
		{ "\x80\x00\x00\x0c" "123456789012", 16, FAULT_BAD_FRAME },	/* bulk */
		{ "\x00\x00\x00\x0a\x0a\x08\x10\x01\x20\x80\x80\x80\x80\x04", 14, FAULT_BAD_FRAME },	/* to sign a gigabyte */
		{ "\x00\x00", 2, OK },						/* the other side died in the middle */
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct talk talk;
		struct bytes nothing = { 0 };
		talk_begin(&talk);
		assert_ok(hear(&talk, &nothing));
		assert_int_equal(send(talk.fd, table[i].bytes, table[i].len, MSG_NOSIGNAL), table[i].len);
		shutdown(talk.fd, SHUT_WR);
		assert_fault(talk_end(&talk), table[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_protocol_says_is_signed_and_nothing_else),
		cmocka_unit_test(only_our_own_card_is_signed),
		cmocka_unit_test(the_cage_holds),
		cmocka_unit_test(a_manifest_comes_back_signed_and_the_rest_refused),
		cmocka_unit_test(a_content_key_comes_out_of_its_envelope),
		cmocka_unit_test(nonsense_ends_the_conversation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
