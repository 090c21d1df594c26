#include "tools/evidence_dossier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/signature.h"
#include "proto/casework.pb-c.h"
#include "proto/frame.h"
#include "proto/unpack.h"
#include "tools/evidence_tar.h"

enum {
	ARENA_BUDGET = 1 << 30,		/* for cases with a great many manifests */
	PEM_MAX = CERTIFICATES_MAX * 4 * 1024,
	CONTENTS_MAX = 256 << 20,
	NAME_SIZE = 256,
};

/* One entry while it passes by. */
struct reading {
	struct dossier *dossier;
	const struct shelf *shelf;	/* where it belongs */
	char name[NAME_SIZE];
	struct dossier_part *part;	/* made of it, when it ends */
	struct bytes content;		/* if it is of a kind that is kept */
	struct digest *digest;
	struct arena scratch;		/* messages are unpacked here */
};

static enum fault odd(const struct reading *reading, const char *why)
{
	return fault_say(FAULT_BAD_EVIDENCE, "%s: %s", reading->name, why);
}

static const char *keep_text(struct reading *reading, const char *text)
{
	return arena_text(&reading->dossier->arena, span_of_text(text ? text : ""));
}

static struct span keep_bytes(struct reading *reading)
{
	const char *copy = arena_text(&reading->dossier->arena, span_of(&reading->content));
	return (struct span){ (const uint8_t *)copy, copy ? reading->content.len : 0 };
}

/* FNV-1a: who chose the names gains nothing by making them meet but his own time. */
static size_t bucket_of(const char *name)
{
	uint32_t hash = 2166136261u;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash % DOSSIER_BUCKETS;
}

struct dossier_part *dossier_part(const struct dossier *dossier, const char *name)
{
	struct dossier_part *part = dossier->buckets[bucket_of(name)];
	while (part && strcmp(part->name, name))
		part = part->next_in_bucket;
	return part;
}

struct dossier_message *dossier_message(const struct dossier *dossier, const char *id)
{
	char name[NAME_SIZE];
	snprintf(name, sizeof name, "messages/%s", id);
	struct dossier_part *part = dossier_part(dossier, name);
	return part ? part->message : NULL;
}

struct dossier_part *dossier_attachment(const struct dossier *dossier, const char *id, uint32_t n)
{
	char name[NAME_SIZE];
	snprintf(name, sizeof name, "messages/%s.%" PRIu32, id, n);
	return dossier_part(dossier, name);
}

/* ── what becomes of each kind ────────────────────────────────────────────────────────────────── */

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
	char other[NAME_SIZE + 16];
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

static enum fault take_contents(struct reading *reading, const char *rest)
{
	(void)rest;
	reading->dossier->contents = keep_bytes(reading);
	return OK;
}

static const struct shelf {
	const char *front;
	size_t size_max;		/* what is kept of an entry */
	bool is_part;			/* it is listed in CONTENTS.sha256 */
	enum fault (*take)(struct reading *reading, const char *rest);	/* NULL: it is for reading only, nothing of it is kept */
} shelves[] = {
	{ "messages/",        MESSAGE_SIZE_MAX,                       true,  take_message },
	{ "manifests/",       MANIFEST_TEXT_MAX + SIGNATURE_SIZE_MAX, true,  take_manifest },
	{ "certificates/",    PEM_MAX,                                true,  take_certificates },
	{ "revocations/",     2 * REVOCATION_SIZE_MAX,                true,  take_list },
	{ "CONTENTS.sha256",  CONTENTS_MAX,                           false, take_contents },
	{ "",                 0,                                      true,  NULL },
};

static const struct shelf *shelf_of(const char *name)
{
	const struct shelf *shelf = shelves;
	while (strncmp(name, shelf->front, strlen(shelf->front)))
		shelf++;	/* the last takes all that is left */
	return shelf;
}

static bool passes_by(const struct reading *reading)
{
	bool is_attachment = reading->shelf->take == take_message && strchr(reading->name, '.');
	return is_attachment || !reading->shelf->take;
}

/* ── entry by entry ───────────────────────────────────────────────────────────────────────────── */

static enum fault begin(void *owner, const char *name, uint64_t size)
{
	struct reading *reading = owner;
	name += !strncmp(name, "./", 2) ? 2 : 0;	/* as other tools pack it */
	snprintf(reading->name, sizeof reading->name, "%s", name);
	reading->content.len = 0;
	reading->shelf = shelf_of(name);
	if (strlen(name) >= NAME_SIZE)
		return odd(reading, "the name is too long");
	if (reading->shelf->is_part && dossier_part(reading->dossier, reading->name))
		return odd(reading, "is there twice");
	if (!passes_by(reading) && size > reading->shelf->size_max)
		return odd(reading, "is larger than such a part can be");
	return OK;
}

static enum fault data(void *owner, struct span more)
{
	struct reading *reading = owner;
	digest_update(reading->digest, more);
	if (passes_by(reading))
		return OK;
	if (reading->content.len + more.len > reading->shelf->size_max)
		return odd(reading, "is larger than such a part can be");
	return bytes_append(&reading->content, more);
}

static enum fault keep_part(struct reading *reading)
{
	struct dossier *dossier = reading->dossier;
	struct dossier_part *part = arena_alloc(&dossier->arena, sizeof *part);
	struct dossier_part **bucket = &dossier->buckets[bucket_of(reading->name)];
	uint8_t sum[DIGEST_SIZE];
	digest_finish(reading->digest, sum);
	if (!reading->shelf->is_part)
		return OK;
	if (!part || !(part->name = keep_text(reading, reading->name)))
		return FAULT_NO_MEMORY;
	memcpy(part->sha256, sum, DIGEST_SIZE);
	part->next_in_bucket = *bucket;
	*bucket = part;
	*dossier->parts_end = part;
	dossier->parts_end = &part->next;
	reading->part = part;
	return OK;
}

static enum fault end(void *owner)
{
	struct reading *reading = owner;
	TRY(keep_part(reading));
	if (passes_by(reading))
		return OK;
	return reading->shelf->take(reading, reading->name + strlen(reading->shelf->front));
}

/* ── the whole ────────────────────────────────────────────────────────────────────────────────── */

static int in_order(const void *one, const void *other)
{
	const struct dossier_manifest *a = *(struct dossier_manifest *const *)one, *b = *(struct dossier_manifest *const *)other;
	int by_authority = strcmp(a->authority, b->authority);
	return by_authority ? by_authority : (a->number > b->number) - (a->number < b->number);
}

static enum fault sort_manifests(struct dossier *dossier)
{
	size_t count = 0;
	for (struct dossier_manifest *one = dossier->manifests; one; one = one->next)
		count++;
	struct dossier_manifest **list = arena_alloc(&dossier->arena, (count + 1) * sizeof *list);
	if (!list)
		return FAULT_NO_MEMORY;
	count = 0;
	for (struct dossier_manifest *one = dossier->manifests; one; one = one->next)
		list[count++] = one;
	qsort(list, count, sizeof *list, in_order);
	dossier->manifests = count ? list[0] : NULL;
	for (size_t i = 0; i < count; i++)
		list[i]->next = i + 1 < count ? list[i + 1] : NULL;
	return OK;
}

enum fault dossier_read(struct dossier *dossier, const char *path)
{
	static const struct tar_listener listener = { begin, data, end };
	struct reading reading = { .dossier = dossier, .digest = digest_new() };
	*dossier = (struct dossier){ 0 };
	dossier->parts_end = &dossier->parts;
	dossier->messages_end = &dossier->messages;
	arena_init(&dossier->arena, ARENA_BUDGET);
	arena_init(&reading.scratch, UNPACK_ARENA);
	enum fault fault = reading.digest ? tar_walk(path, &listener, &reading) : FAULT_NO_MEMORY;
	if (!fault)
		fault = sort_manifests(dossier);
	if (!fault && dossier->arena.was_refused)
		fault = arena_fault(&dossier->arena);
	digest_free(reading.digest);
	bytes_clear(&reading.content);
	arena_clear(&reading.scratch);
	return fault;
}

void dossier_clear(struct dossier *dossier)
{
	arena_clear(&dossier->arena);
	*dossier = (struct dossier){ 0 };
}

