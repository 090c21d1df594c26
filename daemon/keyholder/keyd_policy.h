#pragma once
/* What the holder of the keys signs: what the protocol says, in our name, and nothing else.
 *
 * A text says in its first line what it is: that line is what keeps a signature of one kind from being shown as one of
 * another.  Each kind is a row of a table: a text of no row is not signed, and each row reads the whole of it.
 *
 *	# comity-manifest 1	of any purpose; from us, at the time of the signature
 *	# comity-backup 1	the list of a backup; of us
 *	# comity-proof 1	that the key is here: a number of no meaning; of us, at the time of the signature
 *	(enclosed)		a card of ours, with exactly the certificates that we have
 *
 * What this does not hold: whether what a manifest lists was meant to be sent, and whether its number is the next.  For
 * that the holder would need the ledger.  Who has comityd in his hands can have manifests signed as long as he has it;
 * he cannot take the key along, and cannot sign anything of another kind, or outside the certificate's life. */
#include "certs/identity.h"
#include "proto/bytes.h"

/* Is this one of them?  `at` in seconds since 1970.  Faults: sign refused, saying why; certificate expired, not yet valid. */
enum fault policy_check(const struct identity *identity, struct span content, int64_t at, bool is_enclosed) MUST_CHECK;
