#pragma once
/* How a holder of the keys is come by, started as a child or reached at a socket, and how it is spoken with. */
#include <sys/types.h>

#include "daemon/keyholder/keyholder.h"
#include "proto/keyholder.pb-c.h"

/* *child is 0 where it is none of ours.  Faults: keys unavailable. */
enum fault keyholder_reach(const struct keyholder_place *place, int *fd, pid_t *child) MUST_CHECK;
/* Say what it is about, and hear the answer.  *issued (NULL: not wanted) is how many lists are new.  Faults: what the
 * holder says; keys unavailable (it says nothing). */
enum fault keyholder_begin(int fd, const Comity__HolderBegin *begin, unsigned *issued) MUST_CHECK;
/* *answer is what the holder answered, with its detail; the fault, whether there was an answer. */
enum fault keyholder_hear(int fd, int64_t until, enum fault *answer, struct bytes *result, unsigned *issued) MUST_CHECK;
const struct keyholder_place *keyholder_whereabouts(const struct keyholder *holder);
/* Close the connection and see the child off. */
void keyholder_part(int fd, pid_t child);
