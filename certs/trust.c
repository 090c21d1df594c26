/* Whom we trust: what is pinned of each peer.  Whether something counts by that is judged in trust_judge.c. */
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

struct trust *trust_new(void)
{
	return calloc(1, sizeof(struct trust));
}

void trust_free(struct trust *trust)
{
	while (trust && trust->first)
		trust_remove_peer(trust, trust->first->authority);
	free(trust);
}

void trust_keep_apart(struct trust *trust, bool is_training)
{
	trust->is_apart = true;
	trust->is_training = is_training;
	trust->changes++;
}

enum fault trust_judge_kind(const X509 *identity, const char *authority, bool is_training)
{
	if (x509_is_training(identity) == is_training)
		return OK;
	return fault_say(FAULT_TRAINING_MIXED, is_training ? "%s is an authority in earnest, and we are one for training" :
		"%s is an authority for training, and we are one in earnest", authority);
}

enum fault trust_check_kind(struct span identity_certificate, const char *authority, bool is_training)
{
	X509 *identity = x509_parse(identity_certificate);
	if (!identity)
		return fault_say(FAULT_CERT_PROFILE, "what came as the identity certificate of %s is none", authority);
	enum fault fault = trust_judge_kind(identity, authority, is_training);
	X509_free(identity);
	return fault;
}

struct pinned *trust_find(const struct trust *trust, const char *authority)
{
	struct pinned *pinned = trust->first;
	while (pinned && strcmp(pinned->authority, authority))
		pinned = pinned->next;
	return pinned;
}

static enum fault check_identity(X509 *identity, const char *authority)
{
	char id[AUTHORITY_ID_SIZE];
	bool is_national = x509_is_national(identity);
	TRY(is_national ? x509_check_national(identity, ROLE_IDENTITY) : x509_check_profile(identity, ROLE_IDENTITY));
	x509_authority(identity, id);
	if (!is_national && strcmp(id, authority))
		return fault_say(FAULT_CERT_PROFILE, "the identity certificate is that of %s, not of %s", id, authority);
	if (X509_verify(identity, X509_get0_pubkey(identity)) == 1)
		return OK;
	ERR_clear_error();
	return fault_say(FAULT_CERT_PROFILE, "the identity certificate of %s is not signed by itself", authority);
}

static enum fault pin(struct trust *trust, const char *authority, TAKES X509 *identity, enum standing standing)
{
	struct pinned *pinned = trust_find(trust, authority);
	if (!pinned) {
		pinned = calloc(1, sizeof *pinned);
		if (!pinned) {
			X509_free(identity);
			return FAULT_NO_MEMORY;
		}
		strcpy(pinned->authority, authority);	/* check_identity: it is an id */
		pinned->next = trust->first;
		trust->first = pinned;
	}
	trust->changes++;
	X509_free(pinned->identity);
	pinned->identity = identity;
	pinned->standing = standing;
	return OK;
}

uint64_t trust_changes(const struct trust *trust)
{
	return trust->changes;
}

enum fault trust_set_peer(struct trust *trust, const char *authority, struct span identity_certificate,
			  enum standing standing)
{
	X509 *identity = x509_parse(identity_certificate);
	if (!identity)
		return fault_say(FAULT_CERT_PROFILE, "what came as the identity certificate of %s is none", authority);
	enum fault fault = check_identity(identity, authority);
	if (!fault && trust->is_apart)
		fault = trust_judge_kind(identity, authority, trust->is_training);
	if (!fault)
		return pin(trust, authority, identity, standing);
	X509_free(identity);
	return fault;
}

enum fault trust_set_standing(struct trust *trust, const char *authority, enum standing standing)
{
	struct pinned *pinned = trust_find(trust, authority);
	if (!pinned)
		return fault_say(FAULT_NOT_FOUND, "%s is not among our peers", authority);
	trust->changes++;
	pinned->standing = standing;
	return OK;
}

/* A list that is not of the form is none.  Whose it is shows when a certificate of that issuer is judged. */
static enum fault add_list(STACK_OF(X509_CRL) *lists, struct span der)
{
	X509_CRL *crl = crl_parse(der);
	if (!crl)
		return fault_say(FAULT_BAD_REVOCATION, "what came as a revocation list is none");
	enum fault fault = crl_check_form(crl);
	if (!fault && !sk_X509_CRL_push(lists, crl))
		fault = FAULT_NO_MEMORY;
	if (fault)
		X509_CRL_free(crl);
	return fault;
}

enum fault trust_set_revocations(struct trust *trust, const char *authority, const struct span *lists, size_t count)
{
	struct pinned *pinned = trust_find(trust, authority);
	if (!pinned)
		return fault_say(FAULT_NOT_FOUND, "%s is not among our peers", authority);
	STACK_OF(X509_CRL) *parsed = sk_X509_CRL_new_null();
	enum fault fault = parsed ? OK : FAULT_NO_MEMORY;
	for (size_t i = 0; i < count && !fault; i++)
		fault = add_list(parsed, lists[i]);
	if (fault) {
		sk_X509_CRL_pop_free(parsed, X509_CRL_free);
		return fault;
	}
	sk_X509_CRL_pop_free(pinned->lists, X509_CRL_free);
	pinned->lists = parsed;
	trust->changes++;
	return OK;
}

/* ── former identities ────────────────────────────────────────────────────────────────────────── */

static void forget_past(struct past *past, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		X509_free(past[i].identity);
		X509_free(past[i].vouched);
	}
}

static enum fault take_former(struct past *past, const struct former *former, const char *authority)
{
	*past = (struct past){ .identity = x509_parse(former->identity), .until = former->until };
	if (!past->identity)
		return fault_say(FAULT_CERT_PROFILE, "what came as a former identity of %s is no certificate", authority);
	TRY(check_identity(past->identity, authority));
	if (!former->vouched.len)
		return OK;
	past->vouched = x509_parse(former->vouched);
	if (!past->vouched)
		return fault_say(FAULT_CERT_PROFILE, "what vouches for a former identity of %s is no certificate", authority);
	int64_t end = asn1_seconds(X509_get0_notAfter(past->vouched));
	past->until = end < past->until ? end : past->until;
	return OK;
}

enum fault trust_set_formers(struct trust *trust, const char *authority, const struct former *formers, size_t count)
{
	struct pinned *pinned = trust_find(trust, authority);
	struct past past[SUCCESSIONS_MAX] = { 0 };
	enum fault fault = OK;
	if (!pinned)
		return fault_say(FAULT_NOT_FOUND, "%s is not among our peers", authority);
	if (count > SUCCESSIONS_MAX)
		return fault_say(FAULT_CERT_PROFILE, "%zu former identities; at most %d are allowed", count, SUCCESSIONS_MAX);
	for (size_t i = 0; i < count && !fault; i++)
		fault = take_former(&past[i], &formers[i], authority);
	if (fault) {
		forget_past(past, count);
		return fault;
	}
	forget_past(pinned->past, pinned->past_count);
	memcpy(pinned->past, past, sizeof past);
	pinned->past_count = count;
	trust->changes++;
	return OK;
}

void trust_remove_peer(struct trust *trust, const char *authority)
{
	for (struct pinned **link = &trust->first; *link; link = &(*link)->next) {
		struct pinned *pinned = *link;
		if (strcmp(pinned->authority, authority))
			continue;
		*link = pinned->next;
		trust->changes++;
		X509_free(pinned->identity);
		sk_X509_CRL_pop_free(pinned->lists, X509_CRL_free);
		forget_past(pinned->past, pinned->past_count);
		free(pinned);
		return;
	}
}
