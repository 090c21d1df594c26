#pragma once
/* The judges of an evidence file, each of one thing; what they find goes into the verdict. */
#include "tools/evidence_verdict.h"

/* Whose keys are these?  By the file, and by the cards given with --trust.  Faults: no memory; of such a card. */
enum fault judge_identities(struct verdict *verdict) MUST_CHECK;
/* After that, which it calls: did they sign the manifests, in two whole chains?  Faults: theirs. */
enum fault judge_signers(struct verdict *verdict) MUST_CHECK;
/* For others that look at signatures: is it that authority's, by its certificates in the file, when it was made?  Faults: bad signature,
 * those of trust_judge(). */
enum fault judge_signature(struct verdict *verdict, const char *id, struct span text, struct span signature) MUST_CHECK;
/* After that: what do the two say that they destroyed? */
void judge_destructions(struct verdict *verdict);
/* After that: which message is covered by what, and is any not? */
void judge_covered(struct verdict *verdict);
/* After that: what do its time stamps say, and are they right?  Faults: of --tsa-ca. */
enum fault judge_stamps(struct verdict *verdict) MUST_CHECK;
/* All of it, and whether all is there that is listed, and nothing else.  Faults: theirs. */
enum fault judge_all(struct verdict *verdict) MUST_CHECK;
