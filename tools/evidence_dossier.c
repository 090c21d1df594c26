#include "tools/evidence_dossier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "proto/unpack.h"
#include "tools/evidence_reading.h"
#include "tools/evidence_tar.h"

enum { ARENA_BUDGET = 1 << 30 };	/* for cases with a great many manifests */

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

const struct dossier_authority *dossier_authority(const struct dossier *dossier, const char *id, size_t *at)
{
	for (*at = 0; *at < dossier->n_authorities; ++*at)
		if (!strcmp(dossier->authorities[*at].id, id))
			return &dossier->authorities[*at];
	return NULL;
}

struct dossier_message *dossier_message(const struct dossier *dossier, const char *id)
{
	char name[DOSSIER_NAME_SIZE];
	snprintf(name, sizeof name, "messages/%s", id);
	struct dossier_part *part = dossier_part(dossier, name);
	return part ? part->message : NULL;
}

struct dossier_part *dossier_attachment(const struct dossier *dossier, const char *id, uint32_t n)
{
	char name[DOSSIER_NAME_SIZE];
	snprintf(name, sizeof name, "messages/%s.%" PRIu32, id, n);
	return dossier_part(dossier, name);
}

/* ── entry by entry ───────────────────────────────────────────────────────────────────────────── */

static enum fault begin(void *owner, const char *name, uint64_t size)
{
	struct reading *reading = owner;
	name += !strncmp(name, "./", 2) ? 2 : 0;	/* as other tools pack it */
	snprintf(reading->name, sizeof reading->name, "%s", name);
	reading->content.len = 0;
	reading->shelf = shelf_of(name);
	if (strlen(name) >= DOSSIER_NAME_SIZE)
		return odd(reading, "the name is too long");
	if (dossier_part(reading->dossier, reading->name))
		return odd(reading, "is there twice");
	if (!shelf_passes_by(reading) && size > reading->shelf->size_max)
		return odd(reading, "is larger than such a part can be");
	return OK;
}

static enum fault data(void *owner, struct span more)
{
	struct reading *reading = owner;
	digest_update(reading->digest, more);
	if (shelf_passes_by(reading))
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
	if (!part || !(part->name = keep_text(reading, reading->name)))
		return FAULT_NO_MEMORY;
	memcpy(part->sha256, sum, DIGEST_SIZE);
	part->listing = reading->shelf->listing;
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
	if (shelf_passes_by(reading))
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
