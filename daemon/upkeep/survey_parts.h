#pragma once
/* What the files of daemon/survey*.c share. */
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/record.h"
#include "daemon/upkeep/survey.h"

struct signer;

struct surveyor {
	struct survey_subject subject;
	Comity__SurveyReport *report;
	struct arena *kept;			/* of the findings */
	struct arena arena;			/* of one record */
	/* the record in hand */
	struct txn *txn;
	enum table table;
	struct span key;
	/* the chain that is being walked, up to the last manifest that was seen */
	struct {
		char peer[MANIFEST_ID_SIZE];
		uint8_t mark;			/* its direction, as the keys have it; 0: none */
		struct position at;
	} chain;
	struct {				/* of the last signature */
		struct signer *signer;
		uint8_t digest[DIGEST_SIZE];
	} signer;
	uint64_t event;				/* the last number that was seen */
	uint64_t *files;			/* of the blobs on record, the front of each name */
	size_t file_count, file_room;
};

/* Tell a finding about the record in hand. */
void survey_tell(struct surveyor *surveyor, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);
/* Is that record there?  A broken one is: it is told when its own table is looked at. */
bool survey_has(struct surveyor *surveyor, enum table table, struct key key);
/* Find and unpack it; NULL when it is not there or broken. */
void *survey_find(struct surveyor *surveyor, enum table table, struct key key, const ProtobufCMessageDescriptor *type);

/* survey_quota.c: what the attachments of each peer occupy must be what was counted. */
enum fault survey_quota(struct surveyor *surveyor) MUST_CHECK;

/* How the records of a table are judged: one row a table. */
struct survey_row {
	const ProtobufCMessageDescriptor *type;		/* NULL: not a message of ours */
	/* May be NULL.  `record` is NULL where there is no type. */
	void (*judge)(struct surveyor *surveyor, struct span key, struct span value, const void *record);
	/* At the end of the table, in the transaction that found the end; may be NULL. */
	void (*end)(struct surveyor *surveyor);
};
extern const struct survey_row survey_rows[TABLE_COUNT];

/* survey_chains.c */
void survey_manifest(struct surveyor *surveyor, struct span key, struct span value, const void *record);
void survey_chain_end(struct surveyor *surveyor);
void survey_chain_head(struct surveyor *surveyor, struct span key, struct span value, const void *record);

/* survey_blobs.c */
void survey_blob(struct surveyor *surveyor, struct span key, struct span value, const void *record);
enum fault survey_orphans(struct surveyor *surveyor) MUST_CHECK;
