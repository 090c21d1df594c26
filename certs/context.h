#pragma once
/* What every line has in common: our channel certificate and the whole TLS policy, in one place.
 *
 * TLS 1.3 only (RFC 8446), both sides certified, ALPN `comity/1` mandatory, AES-256-GCM, AES-128-GCM and
 * ChaCha20-Poly1305, hybrid post-quantum key exchange where the library has it.  No tickets, no
 * resumption and no early data, because a resumed session skips every check of certificates.  Whether a
 * certificate is accepted is certs/trust's decision alone.
 *
 * Build one for each loaded identity and swap the pointer when it is renewed: lines that were opened with
 * the old one keep it alive.  Belongs to the thread that made it. */
#include "certs/identity.h"
#include "certs/trust.h"

struct context;

/* `trust` is borrowed and must outlive the context and every tls made from it; the identity need not.
 * `now` tells the time in seconds since 1970.  Faults: bad key, no memory. */
enum fault context_new(const struct identity *identity, const struct trust *trust, int64_t (*now)(void),
		       struct context **context) MUST_CHECK;
void context_free(struct context *context);		/* lets go; takes NULL */

const char *context_groups(const struct context *context);	/* the key exchanges offered, for the log */
/* How many records may be sealed under one key.  2^22 unless told: AES-GCM allows about 2^24.5
 * (RFC 8446 section 5.5). */
void context_set_records_per_key(struct context *context, uint64_t records);
