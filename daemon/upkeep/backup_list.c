/* The list of a backup: written, read, proven. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/signature.h"
#include "certs/succession.h"
#include "certs/trust.h"
#include "daemon/upkeep/backup_parts.h"

static const char first_line[] = "# comity-backup 1\n";

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

enum fault backup_write_head(struct bytes *text, const struct backup_head *head)
{
	return bytes_printf(text, "%s# authority: %s\n# at: %s\n# software: %s\n# keys: %s\n# events: %" PRIu64
		"\n# store-bytes: %" PRIu64 "\n# attachments: %" PRIu64 "\n# attachment-bytes: %" PRIu64 "\n", first_line,
		head->authority, head->at, head->software, head->has_keys ? "yes" : "no", head->events, head->store_bytes,
		head->attachments, head->attachment_bytes);
}

enum fault backup_write_line(struct bytes *text, const uint8_t digest[DIGEST_SIZE], const char *path)
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, (struct span){ digest, DIGEST_SIZE });
	return bytes_printf(text, "%s  %s\n", hex, path);
}

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault refuse(const char *what)
{
	return fault_say(FAULT_BAD_BACKUP, "its MANIFEST %s", what);
}

static bool take_line(struct span *text, struct span *line)
{
	const uint8_t *end = text->len ? memchr(text->at, '\n', text->len) : NULL;
	if (!end)
		return false;
	*line = (struct span){ text->at, (size_t)(end - text->at) };
	*text = (struct span){ end + 1, text->len - line->len - 1 };
	return true;
}

/* "# name: value" */
static enum fault take_value(struct span *text, const char *name, char *value, size_t size)
{
	struct span line;
	char front[40];
	size_t len = (size_t)snprintf(front, sizeof front, "# %s: ", name);
	if (!take_line(text, &line) || line.len < len || memcmp(line.at, front, len) || line.len - len >= size)
		return fault_say(FAULT_BAD_BACKUP, "its MANIFEST has no line for \"%s\" where it should be", name);
	memcpy(value, line.at + len, line.len - len);
	value[line.len - len] = 0;
	return OK;
}

static enum fault take_number(struct span *text, const char *name, uint64_t *number)
{
	char value[24], rest;
	TRY(take_value(text, name, value, sizeof value));
	return sscanf(value, "%" SCNu64 "%c", number, &rest) == 1 ? OK : refuse("has something else than a number");
}

enum fault backup_read_head(struct span *text, struct backup_head *head)
{
	char keys[8];
	if (text->len < sizeof first_line - 1 || memcmp(text->at, first_line, sizeof first_line - 1))
		return refuse("does not begin as one");
	*text = (struct span){ text->at + sizeof first_line - 1, text->len - sizeof first_line + 1 };
	TRY(take_value(text, "authority", head->authority, sizeof head->authority));
	TRY(take_value(text, "at", head->at, sizeof head->at));
	TRY(take_value(text, "software", head->software, sizeof head->software));
	TRY(take_value(text, "keys", keys, sizeof keys));
	head->has_keys = !strcmp(keys, "yes");
	TRY(take_number(text, "events", &head->events));
	TRY(take_number(text, "store-bytes", &head->store_bytes));
	TRY(take_number(text, "attachments", &head->attachments));
	TRY(take_number(text, "attachment-bytes", &head->attachment_bytes));
	return authority_id_is_valid(span_of_text(head->authority)) ? OK : refuse("names no authority");
}

/* Names of files that we made: below the backup, and of plain letters. */
static bool is_path(struct span path)
{
	if (!path.len || path.len >= 256 || path.at[0] == '/')
		return false;
	for (size_t i = 0; i < path.len; i++) {
		bool is_up = i + 1 < path.len && path.at[i] == '.' && path.at[i + 1] == '.';
		if (is_up || (!isalnum(path.at[i]) && !strchr("./-_", path.at[i])))
			return false;
	}
	return true;
}

enum fault backup_read_line(struct span *text, struct backup_line *line)
{
	struct span whole;
	*line = (struct backup_line){ 0 };
	if (!text->len)
		return OK;
	if (!take_line(text, &whole) || whole.len < DIGEST_HEX_SIZE + 3 ||
	    !hex_read(line->digest, DIGEST_SIZE, (struct span){ whole.at, DIGEST_HEX_SIZE }) ||
	    memcmp(whole.at + DIGEST_HEX_SIZE, "  ", 2))
		return refuse("has a line that sha256sum would not have written");
	line->path = (struct span){ whole.at + DIGEST_HEX_SIZE + 2, whole.len - DIGEST_HEX_SIZE - 2 };
	return is_path(line->path) ? OK : refuse("names a file that is none of a backup's");
}

enum fault backup_read_list(int dir, struct bytes *text)
{
	enum fault fault = backup_read_file(dir, "MANIFEST", text);
	return fault == FAULT_NOT_FOUND ? fault_say(FAULT_BAD_BACKUP, "there is no MANIFEST: it is no backup") : fault;
}

/* ── proving ──────────────────────────────────────────────────────────────────────────────────── */

/* The certificates that came with it. */
struct proof {
	struct bytes pem[2], signature;
	struct bytes signing, delegation, identity;	/* DER */
	struct trust *trust;
	struct signer *signer;
};

static void clear(struct proof *proof)
{
	bytes_clear(&proof->pem[0]);
	bytes_clear(&proof->pem[1]);
	bytes_clear(&proof->signature);
	bytes_clear(&proof->signing);
	bytes_clear(&proof->delegation);
	bytes_clear(&proof->identity);
	trust_free(proof->trust);
	signer_free(proof->signer);
}

static enum fault take(struct proof *proof, int dir)
{
	TRY(backup_read_file(dir, "MANIFEST.p7s", &proof->signature));
	TRY(backup_read_file(dir, "signing.pem", &proof->pem[0]));
	TRY(backup_read_file(dir, "authority.pem", &proof->pem[1]));
	struct span signing = span_of(&proof->pem[0]), authority = span_of(&proof->pem[1]);
	TRY(certificate_from_pem(&signing, &proof->signing));
	TRY(certificate_from_pem(&authority, &proof->delegation));
	return certificate_from_pem(&authority, &proof->identity);
}

/* The chain is judged at the time of signing: a backup outlives the certificates. */
static enum fault judge(struct proof *proof, struct span list, const char *authority)
{
	char peer[AUTHORITY_ID_SIZE];
	int64_t signed_at;
	if (!(proof->trust = trust_new()))
		return FAULT_NO_MEMORY;
	TRY(trust_set_peer(proof->trust, authority, span_of(&proof->identity), STANDING_VERIFIED));
	TRY(signer_new(span_of(&proof->signing), &proof->signer));
	TRY(signature_verify(proof->signer, list, span_of(&proof->signature), &signed_at));
	struct span chain[] = { span_of(&proof->signing), span_of(&proof->delegation), span_of(&proof->identity) };
	return trust_judge(proof->trust, &(struct claim){ chain, ARRAY_LEN(chain), USAGE_SIGNING, authority, signed_at }, peer);
}

/* It is that of today, or one that we had when the backup was made. */
static bool is_ours(const struct identity *identity, struct span certificate, struct span pin)
{
	struct succession before[SUCCESSIONS_MAX];
	size_t count = identity_before(identity, before);
	bool is_one = span_equal(pin, identity_pin(identity));
	for (size_t i = 0; i < count && !is_one; i++)
		is_one = span_equal(certificate, before[i].before);
	return is_one;
}

static enum fault name_identity(struct proof *proof, const char *authority, const struct identity *identity, char digits[])
{
	struct bytes pin = { 0 };
	enum fault fault = certificate_pin(span_of(&proof->identity), authority, &pin);
	if (!fault)
		identity_digits(digits, span_of(&pin));
	if (!fault && identity && !is_ours(identity, span_of(&proof->identity), span_of(&pin)))
		fault = fault_say(FAULT_BAD_BACKUP, "it is signed by the identity %s, which is not ours", digits);
	bytes_clear(&pin);
	return fault;
}

enum fault backup_prove(int dir, struct span list, const struct backup_head *head, const struct identity *identity,
	char digits[])
{
	struct proof proof = { 0 };
	enum fault fault = take(&proof, dir);
	if (!fault)
		fault = judge(&proof, list, head->authority);
	if (!fault)
		fault = name_identity(&proof, head->authority, identity, digits);
	clear(&proof);
	if (!fault || fault == FAULT_BAD_BACKUP || fault == FAULT_NO_MEMORY)
		return fault;
	char detail[400];
	snprintf(detail, sizeof detail, "%s", fault_detail(fault));
	return fault_say(FAULT_BAD_BACKUP, "its signature proves nothing: %s", detail);
}
