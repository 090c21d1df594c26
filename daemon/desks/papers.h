#pragma once
/* What ends, and when: the certificates and revocation lists that the exchange rests on, ours and the verified peers'.
 *
 * One walk serves whoever warns, shows or counts.  Nobody is surprised by an end: at each threshold of `warn.cert_expiry`
 * there is one event for each certificate, kept over restarts; a list past its next update is told once.  Were they told by a
 * clock that was wrong, they are told again in their time. */
#include "certs/certificate.h"
#include "daemon/ledger/record.h"

struct identity;

enum { PAPERS_THRESHOLDS_MAX = 8 };

/* Seconds before the end, the longest first. */
struct thresholds {
	int64_t seconds[PAPERS_THRESHOLDS_MAX];
	size_t count;
};

enum paper_state {
	PAPER_GOOD,
	PAPER_ENDING,		/* within the longest threshold */
	PAPER_NOT_YET,		/* its time has not begun: one of the clocks is wrong */
	PAPER_OVER,		/* expired; of a list: past its next update, which stops nothing */
	PAPER_REVOKED,
	PAPER_STATES,
};
const char *paper_state_name(enum paper_state state);		/* "ok", "ending", "not-yet-valid", "expired", "revoked" */

/* Borrowed until the callback returns. */
struct paper {
	const char *authority;
	bool is_ours, is_list;
	enum role role;					/* of the certificate; of a list: its issuer's */
	uint8_t digest[DIGEST_SIZE];
	char number[65];				/* the serial in hex; of a list its number */
	int64_t begins, ends;				/* seconds since 1970; of a list: this and next update */
	size_t revoked;					/* of a list: how many are on it */
	enum paper_state state;
};

struct papers {
	struct txn *txn;
	const struct identity *identity;
	const char *directory;				/* where keys/ with our lists is */
	const struct thresholds *thresholds;
	int64_t now;					/* seconds since 1970 */
	void (*each)(void *owner, const struct paper *paper);
	void *owner;
};

/* Ours first, by role, then those of each verified peer.  Faults: those of the transaction; no memory. */
enum fault papers_walk(const struct papers *papers) MUST_CHECK;
/* Those of one peer, whatever its standing. */
void papers_show_peer(const struct papers *papers, const Comity__Peer *peer);
/* Tell what is due, in this transaction; `each` and `owner` are not used.  Faults: the same. */
enum fault papers_warn(const struct papers *papers) MUST_CHECK;
