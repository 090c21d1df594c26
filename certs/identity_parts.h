#pragma once
/* What the files of an identity share: its generations and what they answer (identity.c), and how one is loaded from its files
 * (identity_load.c).  Nobody else includes this. */
#include <stdatomic.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/openssl.h"
#include "certs/succession.h"

enum { IDENTITY_PATH_SIZE = 4096 };

/* What the callers hold is a shell around generations, each of which is an identity as it was loaded once.  The newest
 * answers for the shell; none goes before the shell does, so that whatever was lent stays. */
struct identity {
	_Atomic(struct identity *) newest;	/* of a shell; NULL in a generation */
	struct identity *older;			/* of a generation */
	struct identity *withdrawn;		/* of a generation: what nobody finds any more since it took its place */
	char authority[AUTHORITY_ID_SIZE];
	char name[AUTHORITY_NAME_MAX + 1];
	struct held {
		X509 *certificate;
		struct key *key;	/* leaves only */
		struct bytes der;
		uint8_t digest[DIGEST_SIZE];
	} held[ROLE_COUNT];
	struct bytes pin;
	struct heritage {		/* the identities before this one */
		struct bytes backing;
		struct succession list[SUCCESSIONS_MAX];
		size_t count;
		X509 *bridges[SUCCESSIONS_MAX];	/* new by old, of those that lead here, the newest first */
		int bridge_count;
	} heritage;
	const struct signing_hand *hand;
};

/* How many of the last ones lead to it: before a gap, where an old identity said nothing, nobody can follow. */
size_t identity_leading(const struct heritage *heritage);
/* What lies in that folder, as one generation.  Faults: those of identity_open(). */
enum fault identity_open_generation(const char *folder, const struct identity_access *access, struct identity **generation) MUST_CHECK;
void identity_free_generation(struct identity *generation);
