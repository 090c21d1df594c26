#pragma once
/* Shared by what makes, renews, rolls over and protects the files below keys/: what is new is built in keys.new/ and takes its
 * place in one rename. */
#include <sys/types.h>

#include "certs/identity.h"
#include "certs/keys.h"

enum { PATH_SIZE = 4096, ENDING_COUNT = 4 };

extern const char *const making_endings[ENDING_COUNT];	/* of the files of a role */

struct making {
	const char *directory, *authority, *name;
	int64_t now;
	const struct identity_access *access;	/* how keys are opened, and what new ones are protected with */
	int lock;			/* on the directory: two at once would build in one place */
	struct key *key[ROLE_COUNT];	/* made here, or loaded to sign with */
	struct bytes der[ROLE_COUNT];
	char uri[ROLE_COUNT][TOKEN_URI_MAX];	/* of the new key; "": it lies in a file */
	bool is_training;		/* what an authority is for, in earnest or for training, it stays */
};

/* The file of a role below keys/ or keys.new/. */
void making_path(char path[PATH_SIZE], const struct making *making, const char *folder, enum role role, const char *ending);
/* Alone in this directory from now on, with an empty keys.new/; making_end() also after a fault. */
enum fault making_begin(struct making *making) MUST_CHECK;
void making_end(struct making *making);

/* A new key and certificate of a role, whose issuer's are in `making`. */
enum fault making_make(struct making *making, enum role role) MUST_CHECK;
/* What there is of a role, as it is. */
enum fault making_keep(const struct making *making, enum role role) MUST_CHECK;
/* In the clear, unless the source says with what to protect it. */
enum fault making_save_key(const struct key *key, const struct secret_source *source, const char *path) MUST_CHECK;
/* The rename (RENAME_NOREPLACE, RENAME_EXCHANGE). */
enum fault making_put_in_place(const struct making *making, unsigned how) MUST_CHECK;

/* Everything anew, bound to what was (identity_roll.c).  Faults: those of identity_renew_roles(). */
enum fault making_roll(struct making *making, const struct identity *identity, unsigned roles) MUST_CHECK;
