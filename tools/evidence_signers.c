/* Whose keys signed the manifests of an evidence file, and whether they make two whole chains. */
#include <inttypes.h>
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/signature.h"
#include "certs/succession.h"
#include "certs/trust.h"
#include "proto/stamp.h"
#include "tools/evidence_judges.h"
#include "tools/files.h"

/* ── whose keys ───────────────────────────────────────────────────────────────────────────────── */

/* What was signed before its certificate was revoked counts, whatever the list is called today: trust judges by its dates. */
static void judge_lists(struct verdict *verdict, const struct dossier_authority *authority)
{
	char where[80];
	const struct certificate_set *lists = &authority->lists;
	snprintf(where, sizeof where, "revocations/%s", authority->id);
	for (size_t i = 0; i < lists->count; i++)
		if (!certificates_issued(&authority->certificates[0], lists->list[i]) && !certificates_issued(&authority->certificates[1], lists->list[i]))
			verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "a list of an issuer that is not in the file, or that it did not sign");
	if (trust_set_revocations(verdict->trust, authority->id, lists->list, lists->count))
		verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "the lists cannot be used");
	if (!lists->count)
		verdict_unproven(verdict, "that no key of %s was revoked when it signed: its revocation lists are not in the file", authority->id);
}

static enum fault digits_of(struct span identity, const char *authority, char digits[IDENTITY_DIGITS_SIZE])
{
	struct bytes pin = { 0 };
	enum fault fault = certificate_pin(identity, authority, &pin);
	if (!fault)
		identity_digits(digits, span_of(&pin));
	bytes_clear(&pin);
	return fault;
}

/* It was rolled over, or made anew, while the case went on: each signed in its time.  That all are of one authority is not said in
 * the file, but by a card, or by telephone. */
static enum fault trust_identities(struct verdict *verdict, const struct dossier_authority *authority)
{
	const struct certificate_set *identities = &authority->certificates[0];
	struct former formers[SUCCESSIONS_MAX];
	size_t last = identities->count - 1;
	TRY(trust_set_peer(verdict->trust, authority->id, identities->list[last], STANDING_VERIFIED));
	for (size_t i = 0; i < last; i++) {
		char digits[IDENTITY_DIGITS_SIZE];
		TRY(digits_of(identities->list[i], authority->id, digits));
		formers[i] = (struct former){ .identity = identities->list[i], .until = INT64_MAX };
		verdict_unproven(verdict, "that another identity in the file, %s, is that of %s too: compare it as well, or with --trust a card that "
			"tells of both", digits, authority->id);
	}
	return trust_set_formers(verdict->trust, authority->id, formers, last);
}

static enum fault judge_authority(struct verdict *verdict, const struct dossier_authority *authority)
{
	struct tool *tool = verdict->tool;
	const struct certificate_set *identities = &authority->certificates[0];
	char digits[IDENTITY_DIGITS_SIZE];
	Comity__EvidenceAuthority *shown = arena_alloc(&tool->arena, sizeof *shown);
	if (!shown)
		return FAULT_NO_MEMORY;
	comity__evidence_authority__init(shown);
	shown->authority = arena_text(&tool->arena, span_of_text(authority->id));
	verdict->authorities[verdict->report.n_authorities++] = shown;
	if (!identities->count || identities->count > SUCCESSIONS_MAX) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, authority->id, "its identity certificate is not there, or there are too many");
		return OK;
	}
	enum fault fault = digits_of(identities->list[identities->count - 1], authority->id, digits);
	if (!fault) {
		shown->digits = arena_text(&tool->arena, span_of_text(digits));
		shown->has_training = shown->training = certificate_is_training(identities->list[0]);
		fault = trust_identities(verdict, authority);
	}
	if (fault)
		verdict_wrong(verdict, fault, authority->id, fault_detail(fault));
	else
		judge_lists(verdict, authority);
	return OK;
}

static const struct dossier_authority *find_authority(const struct dossier *dossier, const char *id, size_t *at)
{
	for (*at = 0; *at < dossier->n_authorities; ++*at)
		if (!strcmp(dossier->authorities[*at].id, id))
			return &dossier->authorities[*at];
	return NULL;
}

static bool is_same_key(struct span one, struct span other, const char *authority)
{
	struct bytes ours = { 0 }, theirs = { 0 };
	bool is_same = !certificate_pin(one, authority, &ours) && !certificate_pin(other, authority, &theirs) &&
		span_equal(span_of(&ours), span_of(&theirs));
	bytes_clear(&ours);
	bytes_clear(&theirs);
	return is_same;
}

static bool tells_of(const struct card *card, struct span identity)
{
	bool is_told = is_same_key(card->certificates[ROLE_IDENTITY], identity, card->authority);
	for (size_t i = 0; i < card->succession_count && !is_told; i++)
		is_told = is_same_key(card->successions[i].before, identity, card->authority);
	return is_told;
}

/* The identities in the file must be that in the card, or lead to it; the rest of the card may be newer or older. */
static void pin(struct verdict *verdict, const struct card *card, const char *path)
{
	size_t at;
	const struct dossier_authority *authority = find_authority(&verdict->dossier, card->authority, &at);
	if (!authority || !authority->certificates[0].count) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, path, "the authority of this card has no part in the evidence");
		return;
	}
	bool is_same = true;
	for (size_t i = 0; i < authority->certificates[0].count; i++)
		is_same = is_same && tells_of(card, authority->certificates[0].list[i]);
	verdict->authorities[at]->has_pinned = verdict->authorities[at]->pinned = is_same;
	if (!is_same)
		verdict_wrong(verdict, FAULT_IDENTITY_CHANGED, card->authority, "its identity in the evidence is not the one in the card");
}

static enum fault pin_cards(struct verdict *verdict)
{
	const char *path;
	for (size_t i = 0; (path = given_at(verdict->tool, "trust", i)); i++) {
		struct card card = { 0 };
		TRY(card_take(path, &card));
		pin(verdict, &card, path);
		card_clear(&card);
	}
	return OK;
}

/* ── who signed ───────────────────────────────────────────────────────────────────────────────── */

/* Does one of its delegations make this signing certificate speak for the authority, at that time? */
static enum fault judge_signer(struct verdict *verdict, const struct dossier_authority *authority, struct span signing, int64_t at)
{
	enum fault fault = fault_say(FAULT_CERT_UNTRUSTED, "no delegation of %s is there", authority->id);
	for (size_t i = 0; i < authority->certificates[1].count; i++) {
		char peer[AUTHORITY_ID_SIZE];
		struct span chain[] = { signing, authority->certificates[1].list[i] };
		struct claim claim = { chain, ARRAY_LEN(chain), USAGE_SIGNING, authority->id, at };
		fault = trust_judge(verdict->trust, &claim, peer);
		if (!fault)
			return OK;
	}
	return fault;
}

static enum fault verify_with(struct verdict *verdict, const struct dossier_authority *authority, struct span signing,
	struct span text, struct span signature)
{
	int64_t signed_at;
	struct signer *signer;
	TRY(signer_new(signing, &signer));
	enum fault fault = signature_verify(signer, text, signature, &signed_at);
	signer_free(signer);
	return fault ? fault : judge_signer(verdict, authority, signing, signed_at);
}

enum fault judge_signature(struct verdict *verdict, const char *id, struct span text, struct span signature)
{
	size_t at;
	const struct dossier_authority *authority = find_authority(&verdict->dossier, id, &at);
	enum fault fault = fault_say(FAULT_BAD_SIGNATURE, "the certificates of %s are not there", id);
	if (!signature.len)
		return fault_say(FAULT_BAD_SIGNATURE, "its signature is not there");
	for (size_t i = 0; authority && authority->certificates[0].count && i < authority->certificates[2].count; i++) {
		fault = verify_with(verdict, authority, authority->certificates[2].list[i], text, signature);
		if (!fault)
			return OK;
	}
	return fault;
}

static enum fault verify_manifest(struct verdict *verdict, struct dossier_manifest *manifest)
{
	if (!manifest->text.len)
		return fault_say(FAULT_BAD_EVIDENCE, "the manifest is not there, only its signature");
	TRY(manifest_read(manifest->text, &verdict->dossier.arena, &manifest->manifest));
	if (strcmp(manifest->manifest.from, manifest->authority) || manifest->manifest.number != manifest->number)
		return fault_say(FAULT_BAD_EVIDENCE, "it is number %" PRIu64 " of %s, and lies in another's place",
			manifest->manifest.number, manifest->manifest.from);
	TRY(judge_signature(verdict, manifest->authority, manifest->text, manifest->signature));
	manifest->is_verified = true;
	return OK;
}

/* ── in one chain ─────────────────────────────────────────────────────────────────────────────── */

static enum fault verify_link(const struct dossier_manifest *before, const struct dossier_manifest *manifest)
{
	uint8_t sum[DIGEST_SIZE];
	if (!before || strcmp(before->authority, manifest->authority) || !manifest->is_verified)
		return OK;
	if (before->number + 1 != manifest->number)
		return fault_say(FAULT_CHAIN_GAP, "between %" PRIu64 " and %" PRIu64 " something is missing", before->number, manifest->number);
	digest_of(sum, before->text);
	if (memcmp(sum, manifest->manifest.previous, DIGEST_SIZE))
		return fault_say(FAULT_CHAIN_FORK, "it does not continue number %" PRIu64 " as it is here", before->number);
	return OK;
}

static void note_range(struct verdict *verdict, const struct dossier_manifest *manifest)
{
	size_t at;
	if (!find_authority(&verdict->dossier, manifest->authority, &at))
		return;
	Comity__EvidenceAuthority *shown = verdict->authorities[at];
	if (!shown->has_first)
		shown->first = manifest->number;
	shown->has_first = shown->has_last = 1;
	shown->last = manifest->number;
}

static void verify_chains(struct verdict *verdict)
{
	const struct dossier_manifest *before = NULL;
	for (struct dossier_manifest *one = verdict->dossier.manifests; one; before = one, one = one->next) {
		char where[80];
		snprintf(where, sizeof where, "manifests/%s/%012" PRIu64, one->authority, one->number);
		verdict->report.manifests++;
		enum fault fault = verify_manifest(verdict, one);
		if (!fault)
			fault = verify_link(before, one);
		if (fault)
			verdict_wrong(verdict, fault, where, fault_detail(fault));
		note_range(verdict, one);
	}
}

enum fault judge_signers(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->dossier.n_authorities; i++)
		TRY(judge_authority(verdict, &verdict->dossier.authorities[i]));
	TRY(pin_cards(verdict));
	verify_chains(verdict);
	return OK;
}
