#pragma once
/* What the files of trust share: whom we pinned (trust.c), and the judgement (trust_judge.c).  Nobody else includes this. */
#include "certs/openssl.h"
#include "certs/succession.h"
#include "certs/trust.h"

/* An identity that the peer had before. */
struct past {
	X509 *identity, *vouched;	/* vouched: may be NULL */
	int64_t until;
};

struct trust {
	uint64_t changes;
	bool is_apart, is_training;	/* trust_keep_apart() */
	struct pinned {
		struct pinned *next;
		char authority[AUTHORITY_ID_SIZE];
		X509 *identity;
		STACK_OF(X509_CRL) *lists;	/* what it revoked; one an issuer; NULL: nothing is known */
		enum standing standing;
		struct past past[SUCCESSIONS_MAX];
		size_t past_count;
	} *first;
};

/* NULL: it is not among our peers. */
struct pinned *trust_find(const struct trust *trust, const char *authority);
/* Fault: training mixed. */
enum fault trust_judge_kind(const X509 *identity, const char *authority, bool is_training) MUST_CHECK;
