#pragma once
/* Cards: what one authority hands to others so that they can add it as a peer (proto/card.proto).
 *
 *	-----BEGIN COMITY CARD-----
 *	Authority: xf-ca   Central Authority of Freedonia
 *	Issued: 2026-11-23   Serial: 1   Languages: en, fr   Endpoint: mla.xf.example:7443
 *	(these lines are covered by the signature; the telephone check covers the key)
 *
 *	base64 of a CMS SignedData (RFC 5652) with the serialized Card inside
 *	-----END COMITY CARD-----
 *
 * The lines above the blank one are the signed `summary` itself: what people read is what is signed.
 * A card proves only that whoever made it holds its keys; the telephone check says who that is.
 * A card holds no secret. */
#include "certs/certificate.h"
#include "certs/identity.h"
#include "certs/revocation.h"
#include "certs/succession.h"
#include "proto/bytes.h"

enum {
	CARD_SIZE_MAX = 256 * 1024,			/* of the text */
	CARD_PROFILE_MAX = 128 * 1024,
	CARD_LIST_MAX = 16,				/* endpoints, languages */
	CARD_ENDPOINT_MAX = 270,			/* a host name of 253, brackets, a port */
	CARD_SUMMARY_MAX = 8192,
};

/* A card as plain values.  Read: everything is owned by `backing` and lives until card_clear.
 * To be written: the caller lends name to languages, and revocations; authority, certificates, successions and summary are made. */
struct card {
	char authority[AUTHORITY_ID_SIZE];
	const char *name;
	uint32_t serial;				/* counts this authority's cards; the higher is the newer */
	int64_t issued_at;				/* seconds since 1970, UTC */
	struct span profile;				/* serialized Profile of proto/profile.proto; not looked at */
	const char *const *endpoints;			/* host:port; may be none: they only call us */
	size_t endpoint_count;
	const char *const *languages;			/* BCP 47, the preferred first */
	size_t language_count;
	struct span certificates[ROLE_COUNT];		/* DER */
	struct span revocations[ROLE_COUNT];		/* DER, by issuer: identity and delegation; empty: there is none yet */
	struct succession successions[SUCCESSIONS_MAX];	/* that lead to its identity: whoever pinned an earlier one follows */
	size_t succession_count;
	const char *summary;				/* the readable lines, each with its newline */
	void *backing;
};

/* The file form, appended.  Faults: bad card, naming what cannot go into one. */
enum fault card_write(const struct identity *identity, const struct card *card,
		      struct bytes *text) MUST_CHECK;

/* Read and prove a card: one signer, whose chain leads to the identity inside; all five certificates of
 * this authority, of their profile, and valid when the card was issued (a card may travel longer than a
 * channel certificate lives; the line is judged anew) and not revoked by the lists inside, each its issuer's; the
 * identity valid `now`, and what earlier identities say of it whole;
 * in seconds since 1970;
 * everything bounded, nothing shown that was not signed.  Line ends may be CR LF, blank space around is
 * skipped; nothing else gives.  Faults: bad card, card altered, no memory. */
enum fault card_read(struct span text, int64_t now, struct card *card) MUST_CHECK;
void card_clear(struct card *card);			/* zeroes; a zeroed card is fine */
