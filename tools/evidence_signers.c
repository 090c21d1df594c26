/* Who signed the manifests of an evidence file, and whether they make two whole chains. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/signature.h"
#include "certs/trust.h"
#include "tools/evidence_judges.h"

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
	const struct dossier_authority *authority = dossier_authority(&verdict->dossier, id, &at);
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
	if (!dossier_authority(&verdict->dossier, manifest->authority, &at))
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
	TRY(judge_identities(verdict));
	verify_chains(verdict);
	return OK;
}
