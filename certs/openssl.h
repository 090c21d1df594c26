#pragma once
/* Private to certs/: what our opaque types are to OpenSSL.  No other room includes this. */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "certs/certificate.h"
#include "certs/context.h"
#include "certs/identity.h"
#include "certs/keys.h"
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
int64_t asn1_seconds(const ASN1_TIME *time);		/* since 1970; INT64_MIN when it is no time */

EVP_PKEY *identity_key(const struct identity *identity, enum role role);	/* borrowed; leaves only */
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
