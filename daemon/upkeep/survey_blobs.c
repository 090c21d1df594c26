/* Attachments as files: what is on record must be there, and what is there should be on record. */
#include <inttypes.h>
#include <stdlib.h>

#include "daemon/upkeep/survey_parts.h"

enum { YOUNG_SECONDS = 3600 };		/* a file is there before its record: of a young one nothing is said */

/* Names are keyed hashes, so their first eight bytes tell them apart. */
static uint64_t front_of(const char *name)
{
	uint64_t front = 0;
	for (size_t i = 0, digits = 0; digits < 16 && name[i]; i++)
		if (name[i] != '/') {
			front = front << 4 | (uint64_t)(name[i] <= '9' ? name[i] - '0' : name[i] - 'a' + 10);
			digits++;
		}
	return front;
}

static void note_file(struct surveyor *surveyor, const char *name)
{
	if (surveyor->file_count == surveyor->file_room) {
		size_t room = surveyor->file_room ? surveyor->file_room * 2 : 256;
		uint64_t *files = realloc(surveyor->files, room * sizeof *files);
		if (!files) {
			txn_fail(surveyor->txn, FAULT_NO_MEMORY);
			return;
		}
		surveyor->files = files;
		surveyor->file_room = room;
	}
	surveyor->files[surveyor->file_count++] = front_of(name);
}

void survey_blob(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const Comity__Blob *blob = record;
	struct blobs *blobs = surveyor->subject.blobs;
	char name[BLOB_NAME_SIZE];
	uint64_t size;
	(void)value;
	if (key.len != CASE_ID_SIZE + DIGEST_SIZE) {
		survey_tell(surveyor, "unreadable", "its key is of another form");
		return;
	}
	struct blob_id id = { key.at, key.at + CASE_ID_SIZE };
	surveyor->report->attachments++;
	surveyor->report->attachment_bytes += blob->size;
	if (!blobs || blobs_name(blobs, id, name))
		return;
	note_file(surveyor, name);
	if (!blobs_has(blobs, id, &size))
		survey_tell(surveyor, "lost", "the attachment's file blobs/%s is not there", name);
	else if (size != blob->size)
		survey_tell(surveyor, fault_slug(FAULT_DIGEST_MISMATCH), "blobs/%s has %" PRIu64 " bytes instead of %" PRIu64,
			name, size, blob->size);
	else if (surveyor->subject.is_deep && blobs_verify(blobs, id))
		survey_tell(surveyor, fault_slug(FAULT_DIGEST_MISMATCH), "blobs/%s is not what was stored", name);
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static void on_file(void *owner, const char *name, uint64_t size, int64_t age_seconds)
{
	struct surveyor *surveyor = owner;
	uint64_t front = front_of(name);
	if (age_seconds < YOUNG_SECONDS || (surveyor->file_count && bsearch(&front, surveyor->files, surveyor->file_count,
			sizeof front, compare)))
		return;
	survey_tell(surveyor, "orphan", "blobs/%s, %" PRIu64 " bytes, belongs to no attachment", name, size);
}

enum fault survey_orphans(struct surveyor *surveyor)
{
	surveyor->table = TABLE_BLOBS;
	surveyor->key = (struct span){ 0 };
	if (surveyor->file_count)
		qsort(surveyor->files, surveyor->file_count, sizeof *surveyor->files, compare);
	return blobs_each(surveyor->subject.blobs, on_file, surveyor);
}
