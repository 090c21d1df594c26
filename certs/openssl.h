#pragma once
/* Private to certs/: what our opaque types are to OpenSSL.  No other room includes this. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "certs/certificate.h"
#include "certs/context.h"
#include "certs/identity.h"
#include "certs/keys.h"
#include "certs/revocation.h"
#include "certs/trust.h"

EVP_PKEY *key_evp(const struct key *key);		/* borrowed */
bool evp_is_on_our_curves(const EVP_PKEY *evp);

/* What a role's certificate must be: the one table from which they are issued and by which they are checked. */
struct profile {
	const char *name;
	int days;
	const char *constraints, *key_usage, *extended_usage;	/* as x509v3_config(5) writes them */
	uint32_t key_usage_bits, extended_usage_bits;		/* KU_… and XKU_…, the same again as OpenSSL reads them */
	bool is_authority;					/* may issue */
};
const struct profile *profile_of(enum role role);
bool role_is_leaf(enum role role);
enum role role_issuer(enum role role);			/* who signs it; an identity signs itself */

/* Exactly one DER certificate and nothing after it; NULL otherwise. */
X509 *x509_parse(struct span der);
/* The one URI name, when there is exactly one and it is `comity:` and an id; false, and "", otherwise. */
bool x509_authority(const X509 *certificate, char id[AUTHORITY_ID_SIZE]);
/* Fault: certificate profile, naming what is not of the role's profile. */
enum fault x509_check_profile(X509 *certificate, enum role role);
/* The same for root (ROLE_IDENTITY) and issuer (ROLE_DELEGATION) of a national PKI (certs/national.h). */
enum fault x509_check_national(X509 *certificate, enum role role);
bool x509_is_national(const X509 *identity);
/* Is it the identity of an authority for training? */
#define X509_TRAINING "TRAINING"
bool x509_is_training(const X509 *identity);
/* What stands for that role of the authority as a subject (issue.h). */
bool x509_write_subject(X509_NAME *subject, enum role role, const char *authority, const char *name);
bool algorithm_is_ours(int algorithm);			/* of a signature, by its NID */
int64_t asn1_seconds(const ASN1_TIME *time);		/* since 1970; INT64_MIN when it is no time */
/* In the form of RFC 2253, cut to size where a character begins. */
void x509_write_name(char *to, size_t size, const X509_NAME *name);
/* The hash goes with the size of the curve (RFC 5480 section 4). */
const EVP_MD *x509_digest_for(const EVP_PKEY *key);

/* Exactly one DER list and nothing after it, of a size that is taken; NULL otherwise. */
X509_CRL *crl_parse(struct span der);
/* The same, with the fault bad revocation list. */
enum fault crl_read(struct span der, X509_CRL **crl);
/* The number, big-endian; false when there is none, or one that cannot be. */
bool crl_number(X509_CRL *crl, uint8_t order[REVOCATION_NUMBER_SIZE]);
int revocation_reason_code(const char *name);		/* of RFC 5280 section 5.3.1; NULL: unspecified */
enum fault crl_check_form(X509_CRL *crl);
bool crl_is_of(X509_CRL *crl, X509 *issuer);		/* issued and signed by it */
void crl_find(X509_CRL *crl, X509 *certificate, struct revoked_entry *entry);

bool identity_is_others(const char *name);		/* in keys/: of none of the roles */
EVP_PKEY *identity_key(const struct identity *identity, enum role role);	/* borrowed; NULL when it was not asked for */
/* What each identity before it signed for the next, the newest first: borrowed, to be shown behind the delegation. */
X509 *const *identity_bridges(const struct identity *identity, int *count);
const struct signing_hand *identity_hand(const struct identity *identity);	/* NULL: we sign ourselves */
const struct secret_source *identity_secret(const struct identity_access *access, enum role role);
X509 *identity_x509(const struct identity *identity, enum role role);		/* borrowed */

/* trust_judge for certificates that TLS has parsed already; leaf first. */
enum fault trust_judge_parsed(const struct trust *trust, const STACK_OF(X509) *chain, const struct claim *claim,
			      char peer[AUTHORITY_ID_SIZE]);

SSL_CTX *context_ssl(const struct context *context);	/* borrowed */
struct context *context_hold(struct context *context);	/* context_free lets go */
uint64_t context_records_per_key(const struct context *context);
/* May the owner of this chain be at the other end of a line?  `expected` NULL: any verified peer. */
enum fault context_judge(const struct context *context, const STACK_OF(X509) *chain, const char *expected,
			 char peer[AUTHORITY_ID_SIZE]);
/* Called by OpenSSL in the handshake, in place of its own verification. */
int tls_on_certificate(X509_STORE_CTX *store, void *unused);

/* The newest reason on OpenSSL's error queue, and the queue emptied.  Lasts until the next call on this thread. */
const char *openssl_reason(void);
