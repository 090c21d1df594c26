/* What each side signed about a case: manifests, certificates, lists of revoked ones. */
#include <inttypes.h>
#include <stdio.h>

#include "certs/digest.h"
#include "certs/revocation.h"
#include "tools/evidence_tar.h"
#include "tools/evidence_writer.h"
#include "tools/print.h"

static const char *const role_names[KEPT_ROLES] = { "identity", "delegation", "signing" };

void writer_leave_out(struct dossier_writer *writer, const char *what, const char *why)
{
	char sentence[300];
	snprintf(sentence, sizeof sentence, "%s: %s", safe(writer->tool, what), why);
	char *kept = arena_text(&writer->tool->arena, span_of_text(sentence));
	if (kept && writer->report.n_left_out < LEFT_OUT_MAX)
		writer->left_out[writer->report.n_left_out++] = kept;
}

enum fault writer_list(struct dossier_writer *writer, const char *name, const uint8_t sum[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, (struct span){ sum, DIGEST_SIZE });
	return bytes_printf(&writer->contents, "%s  %s\n", hex, name);
}

enum fault writer_add(struct dossier_writer *writer, const char *name, struct span content)
{
	uint8_t sum[DIGEST_SIZE];
	digest_of(sum, content);
	TRY(writer_list(writer, name, sum));
	return tar_add(writer->archive, name, content);
}

/* ── manifests and certificates ───────────────────────────────────────────────────────────────── */

static struct span lent(protobuf_c_boolean has, ProtobufCBinaryData bytes)
{
	return has ? (struct span){ bytes.data, bytes.len } : (struct span){ 0 };
}

static enum fault keep_certificates(struct dossier_writer *writer, struct side *side, const Comity__ManifestView *view)
{
	const struct span found[KEPT_ROLES] = {
		lent(view->has_identity_certificate, view->identity_certificate),
		lent(view->has_delegation_certificate, view->delegation_certificate),
		lent(view->has_signing_certificate, view->signing_certificate),
	};
	for (int i = 0; i < KEPT_ROLES; i++)
		if (found[i].len)
			TRY(certificates_add(&side->certificates[i], found[i], &writer->tool->arena));
	for (size_t i = 0; i < view->n_revocations; i++)
		TRY(certificates_add(&side->lists, lent(1, view->revocations[i]), &writer->tool->arena));
	return OK;
}

static enum fault add_manifest(struct dossier_writer *writer, struct side *side, bool theirs, uint64_t number)
{
	char name[100];
	const Comity__Reply *reply;
	Comity__ManifestGet get = COMITY__MANIFEST_GET__INIT;
	get.peer = (char *)writer->sides[THEIRS].authority;
	get.has_theirs = get.has_number = 1;
	get.theirs = theirs;
	get.number = number;
	get.has_revocations = 1;
	get.revocations = number == side->last;
	Comity__Call call = CALL(MANIFEST_GET, manifest_get, &get);
	TRY(ask(writer->tool, &call, COMITY__REPLY__KIND_MANIFEST, &reply));
	const Comity__StoredManifest *manifest = reply->manifest->manifest;
	if (!manifest || !manifest->has_text || !manifest->has_signature)
		return fault_say(FAULT_BAD_FRAME, "comityd gave manifest %" PRIu64 " without text or signature", number);
	snprintf(name, sizeof name, "manifests/%s/%012" PRIu64 ".manifest", side->authority, number);
	TRY(writer_add(writer, name, lent(1, manifest->text)));
	snprintf(name, sizeof name, "manifests/%s/%012" PRIu64 ".p7s", side->authority, number);
	TRY(writer_add(writer, name, lent(1, manifest->signature)));
	writer->report.manifests++;
	return keep_certificates(writer, side, reply->manifest);
}

static enum fault add_certificates(struct dossier_writer *writer, const struct side *side)
{
	for (int i = 0; i < KEPT_ROLES; i++) {
		char name[100];
		struct bytes pem = { 0 };
		snprintf(name, sizeof name, "certificates/%s/%s.pem", side->authority, role_names[i]);
		if (side->first && !side->certificates[i].count)
			writer_leave_out(writer, name, "the certificate is not kept here");
		enum fault fault = certificates_write(&side->certificates[i], &pem);
		if (!fault && pem.len)
			fault = writer_add(writer, name, span_of(&pem));
		bytes_clear(&pem);
		TRY(fault);
	}
	return OK;
}

static enum fault add_list(struct dossier_writer *writer, const struct side *side, size_t number)
{
	char name[100];
	struct bytes pem = { 0 };
	snprintf(name, sizeof name, "revocations/%s/%zu.pem", side->authority, number);
	enum fault fault = revocation_pem(side->lists.list[number - 1], &pem);
	if (!fault)
		fault = writer_add(writer, name, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

/* Those of the issuers in the file: a list of a delegation that signed none of this says nothing about it. */
static enum fault add_lists(struct dossier_writer *writer, const struct side *side)
{
	for (int role = 0; role < 2; role++) {
		bool is_there = false;
		for (size_t i = 0; i < side->lists.count; i++)
			if (certificates_issued(&side->certificates[role], side->lists.list[i])) {
				TRY(add_list(writer, side, i + 1));
				is_there = true;
			}
		if (side->first && !is_there)
			writer_leave_out(writer, side->authority, role ? "the revocation list of its delegation is not kept here" :
				"the revocation list of its identity is not kept here");
	}
	return OK;
}

enum fault writer_add_side(struct dossier_writer *writer, int which)
{
	struct side *side = &writer->sides[which];
	for (uint64_t number = side->first; number && number <= side->last; number++)
		TRY(add_manifest(writer, side, which == THEIRS, number));
	TRY(add_certificates(writer, side));
	return add_lists(writer, side);
}
