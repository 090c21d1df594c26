/* What becomes of each kind of entry in an evidence file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/signature.h"
#include "certs/timestamp.h"
#include "proto/casework.pb-c.h"
#include "proto/frame.h"
#include "proto/unpack.h"
#include "tools/evidence_reading.h"

enum {
	PEM_MAX = CERTIFICATES_MAX * 4 * 1024,
	CONTENTS_MAX = 256 << 20,
};

enum fault odd(const struct reading *reading, const char *why)
{
	return fault_say(FAULT_BAD_EVIDENCE, "%s: %s", reading->name, why);
}

const char *keep_text(struct reading *reading, const char *text)
{
	return arena_text(&reading->dossier->arena, span_of_text(text ? text : ""));
}

static struct span keep_bytes(struct reading *reading)
{
	const char *copy = arena_text(&reading->dossier->arena, span_of(&reading->content));
	return (struct span){ (const uint8_t *)copy, copy ? reading->content.len : 0 };
}

static enum fault keep_attachments(struct reading *reading, const Comity__Message *message, struct dossier_message *kept)
{
	kept->attachments = arena_alloc(&reading->dossier->arena, message->n_attachments * DIGEST_SIZE + 1);
	if (!kept->attachments)
		return FAULT_NO_MEMORY;
	kept->n_attachments = message->n_attachments;
	for (size_t i = 0; i < message->n_attachments; i++) {
		const char *hex = message->attachments[i]->sha256;
		if (!hex || !hex_read(kept->attachments[i], DIGEST_SIZE, span_of_text(hex)))
			return odd(reading, "an attachment without its digest");
	}
	return OK;
}

static enum fault keep_message(struct reading *reading, const char *id, const Comity__Message *message)
{
	struct dossier *dossier = reading->dossier;
	struct dossier_message *kept = arena_alloc(&dossier->arena, sizeof *kept);
	if (!kept)
		return FAULT_NO_MEMORY;
	if (!message->message_id || strcmp(message->message_id, id))
		return odd(reading, "the message in it has another id");
	*kept = (struct dossier_message){ .id = keep_text(reading, id), .from = keep_text(reading, message->from),
		.to = keep_text(reading, message->to), .request_id = keep_text(reading, message->request_id),
		.created_at = keep_text(reading, message->created_at) };
	TRY(keep_attachments(reading, message, kept));
	kept->part = reading->part;
	reading->part->message = kept;
	*dossier->messages_end = kept;
	dossier->messages_end = &kept->next;
	return OK;
}

/* messages/ID, or messages/ID.N, which is told apart by its dot and whose content nobody keeps. */
static enum fault take_message(struct reading *reading, const char *id)
{
	ProtobufCMessage *message;
	arena_reset(&reading->scratch);
	if (unpack(&comity__message__descriptor, span_of(&reading->content), &reading->scratch, FAULT_BAD_EVIDENCE, &message))
		return odd(reading, "is not a message");
	return keep_message(reading, id, (const Comity__Message *)message);
}

/* A manifest has two parts; whichever comes second finds it at the first. */
static struct dossier_manifest *manifest_of(struct reading *reading, const char *other_ending)
{
	char other[DOSSIER_NAME_SIZE + 16];
	struct dossier *dossier = reading->dossier;
	snprintf(other, sizeof other, "%.*s%s", (int)(strrchr(reading->name, '.') - reading->name), reading->name, other_ending);
	struct dossier_part *neighbour = dossier_part(dossier, other);
	struct dossier_manifest *manifest = neighbour ? neighbour->manifest : arena_alloc(&dossier->arena, sizeof *manifest);
	if (manifest && !neighbour) {
		manifest->next = dossier->manifests;
		dossier->manifests = manifest;
	}
	return manifest;
}

/* "xf-ca/000000000041.manifest" */
static enum fault take_manifest(struct reading *reading, const char *rest)
{
	char authority[AUTHORITY_ID_SIZE], ending[16];
	uint64_t number;
	int used = 0;
	if (sscanf(rest, "%32[^/]/%12" SCNu64 ".%15[a-z0-9]%n", authority, &number, ending, &used) != 3 || rest[used])
		return odd(reading, "is not the name of a manifest");
	bool is_text = !strcmp(ending, "manifest");
	if (!is_text && strcmp(ending, "p7s"))
		return odd(reading, "is not the name of a manifest");
	struct dossier_manifest *manifest = manifest_of(reading, is_text ? ".p7s" : ".manifest");
	if (!manifest)
		return FAULT_NO_MEMORY;
	reading->part->manifest = manifest;
	manifest->number = number;
	manifest->authority = keep_text(reading, authority);
	*(is_text ? &manifest->text : &manifest->signature) = keep_bytes(reading);
	return OK;
}

static struct dossier_authority *authority_of(struct dossier *dossier, const char *id)
{
	for (size_t i = 0; i < dossier->n_authorities; i++)
		if (!strcmp(dossier->authorities[i].id, id))
			return &dossier->authorities[i];
	if (dossier->n_authorities == DOSSIER_AUTHORITIES_MAX)
		return NULL;
	struct dossier_authority *made = &dossier->authorities[dossier->n_authorities++];
	snprintf(made->id, sizeof made->id, "%s", id);
	return made;
}

/* "xf-ca/signing.pem" */
static enum fault take_certificates(struct reading *reading, const char *rest)
{
	static const char *const names[DOSSIER_ROLES] = { "identity.pem", "delegation.pem", "signing.pem" };
	char id[AUTHORITY_ID_SIZE];
	int used = 0;
	if (sscanf(rest, "%32[^/]/%n", id, &used) != 1 || !used || !authority_id_is_valid(span_of_text(id)))
		return odd(reading, "is not the name of a certificate");
	struct dossier_authority *authority = authority_of(reading->dossier, id);
	if (!authority)
		return odd(reading, "a third authority has no place in the evidence of a case");
	for (int i = 0; i < DOSSIER_ROLES; i++)
		if (!strcmp(rest + used, names[i]))
			return certificates_read(&authority->certificates[i], span_of(&reading->content), &reading->dossier->arena);
	return odd(reading, "is not the name of a certificate");
}

/* "xf-ca/1.pem": one list, of whichever issuer. */
static enum fault take_list(struct reading *reading, const char *rest)
{
	char id[AUTHORITY_ID_SIZE];
	unsigned number;
	int used = 0;
	struct span pem = span_of(&reading->content);
	struct bytes der = { 0 };
	if (sscanf(rest, "%32[^/]/%2u.pem%n", id, &number, &used) != 2 || !used || rest[used] || !authority_id_is_valid(span_of_text(id)))
		return odd(reading, "is not the name of a revocation list");
	struct dossier_authority *authority = authority_of(reading->dossier, id);
	if (!authority || authority->lists.count == REVOCATIONS_MAX)
		return odd(reading, "that many authorities, or revocation lists of one, have no place in the evidence of a case");
	enum fault fault = revocation_from_pem(&pem, &der);
	if (!fault)
		fault = certificates_add(&authority->lists, span_of(&der), &reading->dossier->arena);
	bytes_clear(&der);
	return fault ? odd(reading, "is not a revocation list") : OK;
}

/* "xf-ca.txt", "xf-ca.p7s" */
static enum fault take_destruction(struct reading *reading, const char *rest)
{
	struct dossier *dossier = reading->dossier;
	struct dossier_destruction *one = dossier->destructions;
	char authority[AUTHORITY_ID_SIZE], ending[4];
	int used = 0;
	bool is_name = sscanf(rest, "%32[^./].%3[a-z0-9]%n", authority, ending, &used) == 2 && used && !rest[used] &&
		authority_id_is_valid(span_of_text(authority));
	bool is_text = is_name && !strcmp(ending, "txt");
	if (!is_text && (!is_name || strcmp(ending, "p7s")))
		return odd(reading, "is not the name of the certificate of a destruction");
	while (one && strcmp(one->authority, authority))
		one = one->next;
	if (!one && (one = arena_alloc(&dossier->arena, sizeof *one))) {
		one->authority = keep_text(reading, authority);
		one->next = dossier->destructions;
		dossier->destructions = one;
	}
	if (!one)
		return FAULT_NO_MEMORY;
	*(is_text ? &one->text : &one->signature) = keep_bytes(reading);
	return OK;
}

/* "1.sha256", "1.tsr", "1.pem" */
static enum fault take_stamp(struct reading *reading, const char *rest)
{
	unsigned number;
	char ending[8];
	int used = 0;
	struct dossier *dossier = reading->dossier;
	if (sscanf(rest, "%2u.%7[a-z0-9]%n", &number, ending, &used) != 2 || rest[used] || !number || number > DOSSIER_STAMPS_MAX || *rest == '0')
		return odd(reading, "is not the name of a part of a time stamp");
	struct dossier_stamp *stamp = &dossier->stamps[number - 1];
	struct span *place = !strcmp(ending, "sha256") ? &stamp->list : !strcmp(ending, "tsr") ? &stamp->answer :
		!strcmp(ending, "pem") ? &stamp->roots : NULL;
	if (!place)
		return odd(reading, "is not the name of a part of a time stamp");
	*place = keep_bytes(reading);
	dossier->n_stamps = number > dossier->n_stamps ? number : dossier->n_stamps;
	return OK;
}

static enum fault take_whole(struct reading *reading, const char *rest, struct span *place)
{
	if (*rest)
		return odd(reading, "is not a name that evidence has");
	*place = keep_bytes(reading);
	return OK;
}

static enum fault take_contents(struct reading *reading, const char *rest)
{
	return take_whole(reading, rest, &reading->dossier->contents);
}

static enum fault take_stamp_list(struct reading *reading, const char *rest)
{
	return take_whole(reading, rest, &reading->dossier->stamp_list);
}

static const struct shelf shelves[] = {
	{ "messages/",        MESSAGE_SIZE_MAX,                         LISTED_IN_CONTENTS, take_message },
	{ "manifests/",       MANIFEST_TEXT_MAX + SIGNATURE_SIZE_MAX,   LISTED_IN_CONTENTS, take_manifest },
	{ "certificates/",    PEM_MAX,                                  LISTED_IN_CONTENTS, take_certificates },
	{ "destructions/",    MESSAGE_SIZE_MAX,                         LISTED_IN_CONTENTS, take_destruction },
	{ "revocations/",     2 * REVOCATION_SIZE_MAX,                  LISTED_IN_CONTENTS, take_list },
	{ "timestamps/",      TIMESTAMP_ROOTS_MAX,                      LISTED_IN_STAMPS,   take_stamp },
	{ "CONTENTS.sha256",  CONTENTS_MAX,                             LISTED_NOWHERE,     take_contents },
	{ "STAMPS.sha256",    TIMESTAMP_ROOTS_MAX,                      LISTED_NOWHERE,     take_stamp_list },
	{ "",                 0,                                        LISTED_IN_CONTENTS, NULL },
};

const struct shelf *shelf_of(const char *name)
{
	const struct shelf *shelf = shelves;
	while (strncmp(name, shelf->front, strlen(shelf->front)))
		shelf++;	/* the last takes all that is left */
	return shelf;
}

bool shelf_passes_by(const struct reading *reading)
{
	bool is_attachment = reading->shelf->take == take_message && strchr(reading->name, '.');
	return is_attachment || !reading->shelf->take;
}
