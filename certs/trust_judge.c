/* The judgement: does this certificate speak for that peer, at that time, by what is pinned? */
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "proto/stamp.h"

enum {
	CHAIN_LEN = 3,					/* leaf, delegation, identity */
	CHAIN_MAX = CHAIN_LEN + SUCCESSIONS_MAX,	/* and what one identity says of the next */
};

static const enum role leaf_of[] = {
	[USAGE_CHANNEL] = ROLE_CHANNEL,
	[USAGE_SIGNING] = ROLE_SIGNING,
	[USAGE_SEALING] = ROLE_SEALING,
};

/* Everything of one judgement, so that each step can say who, what and when. */
struct hearing {
	const struct claim *claim;
	const struct pinned *pinned;
	const char *peer;
	const STACK_OF(X509) *chain;
	STACK_OF(X509) *built;		/* the proven chain: leaf, delegation, what was between, one of the anchors */
	struct lifetime *lifetime;
};

static enum role role_at(const struct hearing *hearing, int depth)
{
	static const enum role above[] = { ROLE_DELEGATION, ROLE_IDENTITY };
	return depth == 0 ? leaf_of[hearing->claim->usage] : above[depth > 1];
}

static bool counts_now(const struct hearing *hearing, const struct past *past)
{
	return hearing->claim->now < past->until;
}

/* The pinned identity, or a former one that still counts. */
static bool is_anchor(const struct hearing *hearing, const X509 *certificate)
{
	const struct pinned *pinned = hearing->pinned;
	bool is_one = !X509_cmp(certificate, pinned->identity);
	for (size_t i = 0; i < pinned->past_count && !is_one; i++)
		is_one = counts_now(hearing, &pinned->past[i]) && !X509_cmp(certificate, pinned->past[i].identity);
	return is_one;
}

static enum fault check_roots(const struct hearing *hearing)
{
	int count = sk_X509_num(hearing->chain);
	for (int depth = CHAIN_LEN - 1; depth < count; depth++) {
		X509 *certificate = sk_X509_value(hearing->chain, depth);
		bool is_root = X509_self_signed(certificate, 0) == 1;
		if (is_root && depth < count - 1)
			return fault_say(FAULT_CERT_PROFILE, "%s showed an identity certificate before the end of the chain", hearing->peer);
		if (is_root && !is_anchor(hearing, certificate))
			return fault_say(FAULT_CERT_UNTRUSTED, "%s showed another identity certificate than the one we hold of it",
					 hearing->peer);
	}
	ERR_clear_error();
	return OK;
}

/* What was sent: leaf and delegation of their profile and of one authority, perhaps the identity and what leads to it, no more.
 * Of a national PKI the leaf alone names the authority. */
static enum fault check_sent(const struct hearing *hearing)
{
	int count = sk_X509_num(hearing->chain);
	bool is_national = x509_is_national(hearing->pinned->identity);
	if (count < CHAIN_LEN - 1 || count > CHAIN_MAX || (is_national && count > CHAIN_LEN))
		return fault_say(FAULT_CERT_PROFILE, "%s showed %d certificates instead of leaf, delegation and identity",
				 hearing->peer, count);
	for (int depth = 0; depth < count; depth++) {
		X509 *certificate = sk_X509_value(hearing->chain, depth);
		char id[AUTHORITY_ID_SIZE];
		if (depth && is_national) {
			TRY(x509_check_national(certificate, role_at(hearing, depth)));
			continue;
		}
		TRY(x509_check_profile(certificate, role_at(hearing, depth)));
		x509_authority(certificate, id);
		if (strcmp(id, hearing->peer))
			return fault_say(FAULT_CERT_PROFILE, "%s showed a %s certificate of %s", hearing->peer,
					 role_name(role_at(hearing, depth)), id);
	}
	return check_roots(hearing);
}

static enum fault explain_time(const struct hearing *hearing, X509_STORE_CTX *store, enum fault fault)
{
	bool is_over = fault == FAULT_CERT_EXPIRED;
	const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	char then[STAMP_SIZE], now[STAMP_SIZE];
	stamp_write(now, hearing->claim->now * STAMP_SECOND);
	stamp_write(then, STAMP_SECOND * asn1_seconds(is_over ? X509_get0_notAfter(certificate) :
						      X509_get0_notBefore(certificate)));
	return fault_say(fault, "the %s certificate of %s %s %s; our clock says %s",
			 role_name(role_at(hearing, X509_STORE_CTX_get_error_depth(store))), hearing->peer,
			 is_over ? "expired at" : "is valid only from", then, now);
}

static enum fault explain(const struct hearing *hearing, X509_STORE_CTX *store)
{
	int error = X509_STORE_CTX_get_error(store);
	ERR_clear_error();
	if (error == X509_V_ERR_CERT_HAS_EXPIRED)
		return explain_time(hearing, store, FAULT_CERT_EXPIRED);
	if (error == X509_V_ERR_CERT_NOT_YET_VALID)
		return explain_time(hearing, store, FAULT_CERT_NOT_YET);
	if (error == X509_V_ERR_OUT_OF_MEM)
		return FAULT_NO_MEMORY;
	return fault_say(FAULT_CERT_UNTRUSTED, "the %s certificate of %s does not lead to the identity we hold of it: %s",
			 role_name(role_at(hearing, 0)), hearing->peer, X509_verify_cert_error_string(error));
}

/* Is what was built exactly leaf, delegation and an identity, with nothing between but what identities say of one another?  All
 * that was sent behind the delegation is of an identity's profile. */
static bool is_whole(const struct hearing *hearing)
{
	int count = sk_X509_num(hearing->built);
	return count >= CHAIN_LEN &&
	       !X509_cmp(sk_X509_value(hearing->built, 0), sk_X509_value(hearing->chain, 0)) &&
	       !X509_cmp(sk_X509_value(hearing->built, 1), sk_X509_value(hearing->chain, 1)) &&
	       is_anchor(hearing, sk_X509_value(hearing->built, count - 1));
}

static void shorten(struct lifetime *lifetime, const X509 *certificate)
{
	int64_t from = asn1_seconds(X509_get0_notBefore(certificate)), until = asn1_seconds(X509_get0_notAfter(certificate));
	lifetime->from = from > lifetime->from ? from : lifetime->from;
	lifetime->until = until < lifetime->until ? until : lifetime->until;
}

/* The former identity that the proven chain leads to; NULL: it is the one that is pinned. */
static const struct past *past_at(const struct hearing *hearing)
{
	const X509 *root = sk_X509_value(hearing->built, sk_X509_num(hearing->built) - 1);
	for (size_t i = 0; i < hearing->pinned->past_count; i++)
		if (!X509_cmp(root, hearing->pinned->past[i].identity))
			return &hearing->pinned->past[i];
	return NULL;
}

static void measure(const struct hearing *hearing)
{
	*hearing->lifetime = (struct lifetime){ INT64_MIN, INT64_MAX };
	for (int depth = 0; depth < sk_X509_num(hearing->built); depth++)
		shorten(hearing->lifetime, sk_X509_value(hearing->built, depth));
	const struct past *past = past_at(hearing);
	if (past && past->until < hearing->lifetime->until)
		hearing->lifetime->until = past->until;
}

static bool add_anchors(const struct hearing *hearing, STACK_OF(X509) *anchors)
{
	const struct pinned *pinned = hearing->pinned;
	bool fits = sk_X509_push(anchors, pinned->identity) > 0;
	for (size_t i = 0; i < pinned->past_count && fits; i++)
		fits = !counts_now(hearing, &pinned->past[i]) || sk_X509_push(anchors, pinned->past[i].identity) > 0;
	return fits;
}

static enum fault verify(struct hearing *hearing, X509_STORE_CTX *store, STACK_OF(X509) *anchors)
{
	/* OpenSSL takes the stack without const, but only looks at it */
	STACK_OF(X509) *sent = (STACK_OF(X509) *)hearing->chain;
	if (!X509_STORE_CTX_init(store, NULL, sk_X509_value(sent, 0), sent) ||
	    !add_anchors(hearing, anchors))
		return FAULT_NO_MEMORY;
	X509_STORE_CTX_set0_trusted_stack(store, anchors);
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_LEN - 2 + (sk_X509_num(sent) - (CHAIN_LEN - 1)));
	X509_VERIFY_PARAM_set_time(param, (time_t)hearing->claim->now);
	if (X509_verify_cert(store) != 1)
		return explain(hearing, store);
	hearing->built = X509_STORE_CTX_get1_chain(store);
	if (!hearing->built)
		return FAULT_NO_MEMORY;
	measure(hearing);
	if (is_whole(hearing))
		return OK;
	return fault_say(FAULT_CERT_UNTRUSTED, "the certificates of %s are not leaf, delegation and identity", hearing->peer);
}

static enum fault check_chain(struct hearing *hearing)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	STACK_OF(X509) *anchors = sk_X509_new_null();	/* this peer's, and nobody else's */
	enum fault fault = store && anchors ? verify(hearing, store, anchors) : FAULT_NO_MEMORY;
	X509_STORE_CTX_free(store);
	sk_X509_free(anchors);
	return fault;
}

/* What was signed before the revocation remains good; to be on the line, or to be sealed to, one must not be on the list. */
static bool counts(const struct hearing *hearing, const struct revoked_entry *entry)
{
	return entry->is_listed && (hearing->claim->usage != USAGE_SIGNING || entry->at <= hearing->claim->now);
}

static enum fault refuse_revoked(const struct hearing *hearing, int depth, const struct revoked_entry *entry)
{
	char then[STAMP_SIZE];
	stamp_write(then, entry->at * STAMP_SECOND);
	return fault_say(FAULT_CERT_REVOKED, "the %s certificate of %s was revoked as from %s (%s)",
			 role_name(role_at(hearing, depth)), hearing->peer, then, entry->reason);
}

static enum fault check_listed(const struct hearing *hearing, int depth, X509 *certificate, X509 *issuer)
{
	const STACK_OF(X509_CRL) *lists = hearing->pinned->lists;
	for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
		struct revoked_entry entry;
		X509_CRL *crl = sk_X509_CRL_value(lists, i);
		if (!crl_is_of(crl, issuer))
			continue;
		crl_find(crl, certificate, &entry);
		if (counts(hearing, &entry))
			return refuse_revoked(hearing, depth, &entry);
		if (entry.is_listed && entry.at < hearing->lifetime->until)
			hearing->lifetime->until = entry.at;
	}
	return OK;
}

/* On a proven chain, from its end: the identity by its own list and, if it is a former one, by that of the next, which vouched
 * for it; then the delegation by the identity's list, and the leaf by the delegation's. */
static enum fault check_revocation(const struct hearing *hearing)
{
	int last = sk_X509_num(hearing->built) - 1;
	X509 *root = sk_X509_value(hearing->built, last);
	const struct past *past = past_at(hearing);
	if (past && past->vouched)
		for (size_t i = 0; i <= hearing->pinned->past_count; i++)
			TRY(check_listed(hearing, last, past->vouched,
				i < hearing->pinned->past_count ? hearing->pinned->past[i].identity : hearing->pinned->identity));
	TRY(check_listed(hearing, last, root, root));
	for (int depth = last - 1; depth >= 0; depth--)
		TRY(check_listed(hearing, depth, sk_X509_value(hearing->built, depth), sk_X509_value(hearing->built, depth + 1)));
	return OK;
}

static enum fault check_standing(const struct hearing *hearing)
{
	if (hearing->pinned->standing == STANDING_VERIFIED)
		return OK;
	return fault_say(FAULT_PEER_UNVERIFIED, "%s is not verified: the telephone check was not done", hearing->peer);
}

static enum fault judge(const struct trust *trust, const STACK_OF(X509) *chain, const struct claim *claim,
			char peer[AUTHORITY_ID_SIZE], struct lifetime *lifetime)
{
	struct hearing hearing = { .claim = claim, .chain = chain, .peer = peer, .lifetime = lifetime };
	*peer = 0;
	if (sk_X509_num(chain) < 1)
		return fault_say(FAULT_CERT_PROFILE, "no certificate was shown");
	if (!x509_authority(sk_X509_value(chain, 0), peer))
		return fault_say(FAULT_CERT_PROFILE, "the certificate does not have exactly one URI name comity:ID");
	if (claim->expected && strcmp(claim->expected, peer))
		return fault_say(FAULT_WRONG_PEER, "expected %s, but the certificate is that of %s", claim->expected, peer);
	hearing.pinned = trust_find(trust, peer);
	if (!hearing.pinned)
		return fault_say(FAULT_STRANGER, "the certificate names %s, which is not among our peers", peer);
	if (trust->is_apart)
		TRY(trust_judge_kind(hearing.pinned->identity, peer, trust->is_training));
	if (hearing.pinned->standing == STANDING_BLOCKED)
		return fault_say(FAULT_PEER_BLOCKED, "%s is blocked here", peer);
	TRY(check_sent(&hearing));
	enum fault fault = check_chain(&hearing);
	if (!fault)
		fault = check_revocation(&hearing);
	sk_X509_pop_free(hearing.built, X509_free);
	return fault ? fault : check_standing(&hearing);	/* last: only a proven peer is told where it stands */
}

enum fault trust_judge_parsed(const struct trust *trust, const STACK_OF(X509) *chain, const struct claim *claim,
			      char peer[AUTHORITY_ID_SIZE])
{
	struct lifetime lifetime;
	return judge(trust, chain, claim, peer, &lifetime);
}

static enum fault parse_all(const struct claim *claim, STACK_OF(X509) *chain)
{
	for (size_t i = 0; i < claim->count; i++) {
		X509 *certificate = x509_parse(claim->certificates[i]);
		if (!certificate)
			return fault_say(FAULT_CERT_PROFILE, "certificate %zu of those shown is none", i + 1);
		if (!sk_X509_push(chain, certificate)) {
			X509_free(certificate);
			return FAULT_NO_MEMORY;
		}
	}
	return OK;
}

enum fault trust_judge_lifetime(const struct trust *trust, const struct claim *claim, char peer[AUTHORITY_ID_SIZE],
				struct lifetime *lifetime)
{
	*peer = 0;
	if (claim->count > CHAIN_MAX)
		return fault_say(FAULT_CERT_PROFILE, "%zu certificates were shown; at most %d are looked at", claim->count,
				 CHAIN_MAX);
	STACK_OF(X509) *chain = sk_X509_new_null();
	if (!chain)
		return FAULT_NO_MEMORY;
	enum fault fault = parse_all(claim, chain);
	if (!fault)
		fault = judge(trust, chain, claim, peer, lifetime);
	sk_X509_pop_free(chain, X509_free);
	return fault;
}

enum fault trust_judge(const struct trust *trust, const struct claim *claim, char peer[AUTHORITY_ID_SIZE])
{
	struct lifetime lifetime;
	return trust_judge_lifetime(trust, claim, peer, &lifetime);
}
