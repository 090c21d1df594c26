#include "daemon/keyholder/keyd_policy.h"

#include <stdio.h>
#include <string.h>

#include "certs/signature.h"
#include "certs/succession.h"
#include "proto/audit_head.h"
#include "proto/card.pb-c.h"
#include "proto/frame.h"
#include "proto/manifest.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { READING_BUDGET = 64 << 20 };

static enum fault refuse(const char *what)
{
	return fault_say(FAULT_SIGN_REFUSED, "this is not signed: %s", what);
}

static bool is_of_us(const struct identity *identity, const char *authority)
{
	return authority && !strcmp(authority, identity_authority(identity));
}

static bool is_at(const char *stamp, int64_t at)
{
	int64_t when;
	return stamp && stamp_read(stamp, &when) && when / STAMP_SECOND == at;
}

/* ── texts ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault check_manifest(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	struct manifest manifest = { 0 };
	if (text.len > MANIFEST_TEXT_MAX || manifest_read(text, arena, &manifest))
		return refuse("it begins as a manifest and is none");
	if (!is_of_us(identity, manifest.from))
		return refuse("a manifest of another authority");
	return is_at(manifest.at, at) ? OK : refuse("a manifest of another time than that of its signature");
}

static struct span take_line(struct span *text)
{
	const uint8_t *end = text->len ? memchr(text->at, '\n', text->len) : NULL;
	struct span line = { text->at, end ? (size_t)(end - text->at) : text->len };
	size_t taken = line.len + (end != NULL);
	*text = (struct span){ text->at + taken, text->len - taken };
	return line;
}

/* "# name: value", or what sha256sum(1) writes. */
static bool is_of_a_backup(struct span line)
{
	uint8_t digest[DIGEST_SIZE];
	if (line.len > 2 && !memcmp(line.at, "# ", 2))
		return true;
	return line.len > DIGEST_HEX_SIZE + 2 && hex_read(digest, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }) &&
		!memcmp(line.at + DIGEST_HEX_SIZE, "  ", 2);
}

static enum fault check_backup(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	char whose[64];
	(void)at, (void)arena;		/* the list says when the backup was begun; it is signed at its end */
	snprintf(whose, sizeof whose, "# authority: %s", identity_authority(identity));
	take_line(&text);
	if (!span_is(take_line(&text), whose))
		return refuse("the list of another authority's backup");
	while (text.len)
		if (!is_of_a_backup(take_line(&text)))
			return refuse("it begins as the list of a backup and is none");
	return OK;
}

static bool begins(struct span line, const char *words)
{
	size_t len = strlen(words);
	return line.len >= len && !memcmp(line.at, words, len);
}

/* A hash and a message's id. */
static bool is_of_a_message(struct span line)
{
	uint8_t digest[DIGEST_SIZE], id[UUID_SIZE];
	enum { BEFORE_ID = DIGEST_HEX_SIZE + 2 };
	return line.len == BEFORE_ID + UUID_TEXT_SIZE - 1 && hex_read(digest, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }) &&
		!memcmp(line.at + DIGEST_HEX_SIZE, "  ", 2) && uuid_read(id, (struct span){ line.at + BEFORE_ID, UUID_TEXT_SIZE - 1 });
}

/* What daemon/upkeep/destruction.h says: these lines, then messages. */
static enum fault check_destruction(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	static const char *const names[] = { "# request: ", "# requesting-reference: ", "# requested-reference: ", "# at: ", "# by: uid ",
		"# reason: " };
	char whose[64], stamp[STAMP_SIZE] = "";
	(void)arena;
	snprintf(whose, sizeof whose, "# authority: %s", identity_authority(identity));
	take_line(&text);
	if (!span_is(take_line(&text), whose))
		return refuse("the certificate of another authority's destruction");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct span line = take_line(&text);
		if (!begins(line, names[i]))
			return refuse("it begins as the certificate of a destruction and is none");
		if (begins(line, "# at: "))
			snprintf(stamp, sizeof stamp, "%.*s", (int)(line.len - 6), (const char *)line.at + 6);
	}
	while (text.len)
		if (!is_of_a_message(take_line(&text)))
			return refuse("it begins as the certificate of a destruction and is none");
	return is_at(stamp, at) ? OK : refuse("the certificate of a destruction at another time than that of its signature");
}

/* The head of our own audit log; or of another's, with our name as the witness'. */
static enum fault check_audit_head(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	struct audit_statement statement;
	(void)arena;
	if (audit_statement_read(text, &statement))
		return refuse("it begins as the head of an audit log and is none");
	bool is_own = is_of_us(identity, statement.authority) && !*statement.witness;
	if (!is_own && !is_of_us(identity, statement.witness))
		return refuse("the head of an audit log in another's name");
	return is_at(statement.at, at) ? OK : refuse("the head of an audit log of another time than that of its signature");
}

/* What we sign to see whether we can (daemon/control/control_proofs.c): these lines, and nothing that could mean anything. */
static enum fault check_proof(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	static const char number[] = "# nonce: ";
	char whose[64], when[STAMP_SIZE + 8], stamp[STAMP_SIZE];
	uint8_t nonce[DIGEST_SIZE];
	(void)arena;
	stamp_write(stamp, at * STAMP_SECOND);
	snprintf(whose, sizeof whose, "# authority: %s", identity_authority(identity));
	snprintf(when, sizeof when, "# at: %s", stamp);
	take_line(&text);
	if (!span_is(take_line(&text), whose) || !span_is(take_line(&text), when))
		return refuse("a proof in another's name, or of another time than that of its signature");
	struct span line = take_line(&text);
	bool is_number = begins(line, number) && line.len == sizeof number - 1 + DIGEST_HEX_SIZE &&
		hex_read(nonce, DIGEST_SIZE, (struct span){ line.at + sizeof number - 1, DIGEST_HEX_SIZE });
	return is_number && !text.len ? OK : refuse("it begins as a proof and is none");
}

static const struct kind {
	const char *first_line;
	enum fault (*check)(const struct identity *identity, struct span text, int64_t at, struct arena *arena);
} kinds[] = {
	{ "# comity-manifest 1\n", check_manifest },
	{ "# comity-backup 1\n",   check_backup },
	{ "# comity-audit-head 1\n", check_audit_head },
	{ "# comity-destruction 1\n", check_destruction },
	{ "# comity-proof 1\n",   check_proof },
};

static enum fault check_statement(const struct identity *identity, struct span text, int64_t at, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t len = strlen(kinds[i].first_line);
		if (text.len >= len && !memcmp(text.at, kinds[i].first_line, len))
			return kinds[i].check(identity, text, at, arena);
	}
	return refuse("its first line is that of no kind of text");
}

/* ── cards ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_ours(const struct identity *identity, enum role role, protobuf_c_boolean has, ProtobufCBinaryData der)
{
	return has && span_equal((struct span){ der.data, der.len }, identity_certificate(identity, role));
}

static bool has_our_certificates(const struct identity *identity, const Comity__Card *card)
{
#define IS_OURS(field, role) is_ours(identity, role, card->has_##field##_certificate, card->field##_certificate)
	return IS_OURS(identity, ROLE_IDENTITY) && IS_OURS(delegation, ROLE_DELEGATION) && IS_OURS(channel, ROLE_CHANNEL) &&
		IS_OURS(signing, ROLE_SIGNING) && IS_OURS(sealing, ROLE_SEALING);
#undef IS_OURS
}

static bool is_same(protobuf_c_boolean has, ProtobufCBinaryData der, struct span ours)
{
	return has && span_equal((struct span){ der.data, der.len }, ours);
}

static bool has_our_successions(const struct identity *identity, const Comity__Card *card)
{
	struct succession ours[SUCCESSIONS_MAX];
	bool fits = card->n_successions == identity_successions(identity, ours);
	for (size_t i = 0; i < card->n_successions && fits; i++) {
		const Comity__Succession *one = card->successions[i];
		fits = is_same(one->has_before, one->before, ours[i].before) && is_same(one->has_new_by_old, one->new_by_old, ours[i].new_by_old)
			&& is_same(one->has_old_by_new, one->old_by_new, ours[i].old_by_new);
	}
	return fits;
}

static enum fault check_card(const struct identity *identity, struct span content, int64_t at, struct arena *arena)
{
	ProtobufCMessage *message;
	if (unpack(&comity__card__descriptor, content, arena, FAULT_SIGN_REFUSED, &message))
		return refuse("what should be a card is none");
	const Comity__Card *card = (const Comity__Card *)message;
	if (!is_of_us(identity, card->authority))
		return refuse("a card of another authority");
	if (!has_our_certificates(identity, card))
		return refuse("a card with other certificates than ours");
	if (!has_our_successions(identity, card))
		return refuse("a card with other earlier identities than ours");
	return is_at(card->issued_at, at) ? OK : refuse("a card of another time than that of its signature");
}

enum fault policy_check(const struct identity *identity, struct span content, int64_t at, bool is_enclosed)
{
	struct arena arena;
	TRY(signature_check_time(identity, at));
	arena_init(&arena, READING_BUDGET);
	enum fault fault = (is_enclosed ? check_card : check_statement)(identity, content, at, &arena);
	arena_clear(&arena);
	return fault;
}
