#pragma once
/* What export and verification have in common: certificates as PEM, many in one file. */
#include "proto/arena.h"

enum { CERTIFICATES_MAX = 64 };		/* of one role of one authority */

/* A set of certificates, DER, each once, in the order they came; they live in an arena. */
struct certificate_set {
	struct span list[CERTIFICATES_MAX];
	size_t count;
};

/* Add a copy, unless it is there.  Faults: too large (the set is full), no memory. */
enum fault certificates_add(struct certificate_set *set, struct span der, struct arena *arena) MUST_CHECK;
/* Append all of them as PEM. */
enum fault certificates_write(const struct certificate_set *set, struct bytes *pem) MUST_CHECK;
/* Add all that a PEM text holds.  Faults: bad evidence. */
enum fault certificates_read(struct certificate_set *set, struct span pem, struct arena *arena) MUST_CHECK;
/* Is this revocation list, DER, signed by one of them? */
bool certificates_issued(const struct certificate_set *set, struct span list);
