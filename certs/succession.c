#include "certs/succession.h"

#include <string.h>

#include "certs/issue.h"
#include "certs/openssl.h"

/* ── making ───────────────────────────────────────────────────────────────────────────────────── */

enum fault succession_make(const struct succession_order *order, struct bytes *new_by_old, struct bytes *old_by_new)
{
	struct certificate_facts old;
	TRY(certificate_read(order->before, &old));
	if (order->now >= old.not_after)
		return fault_say(FAULT_CERT_EXPIRED, "the old identity has expired: it cannot speak for a new one");
	struct issue forth = {
		.role = ROLE_IDENTITY, .authority = order->authority, .name = order->name, .now = order->now,
		.subject_key = order->new_key, .issuer_certificate = order->before, .issuer_key = order->old_key,
		.is_training = certificate_is_training(order->before),
	};
	struct issue back = forth;
	back.subject_key = order->old_key;
	back.issuer_certificate = order->after;
	back.issuer_key = order->new_key;
	back.life = issue_life(ROLE_SIGNING);
	TRY(issue_certificate(&forth, new_by_old));
	return issue_certificate(&back, old_by_new);
}

/* ── checking ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault refuse(size_t at, const char *what)
{
	return fault_say(FAULT_CERT_PROFILE, "succession %zu of the identity: %s", at + 1, what);
}

static enum fault check_form(struct span der, const char *authority, size_t at)
{
	char id[AUTHORITY_ID_SIZE];
	X509 *certificate = x509_parse(der);
	if (!certificate)
		return refuse(at, "what should be a certificate is none");
	enum fault fault = x509_check_profile(certificate, ROLE_IDENTITY);
	if (!fault && (!x509_authority(certificate, id) || strcmp(id, authority)))
		fault = refuse(at, "a certificate in it is of another authority");
	X509_free(certificate);
	return fault;
}

static bool has_same_key(struct span one, struct span other)
{
	struct bytes a = { 0 }, b = { 0 };
	bool is_same = !certificate_spki(one, &a) && !certificate_spki(other, &b) && span_equal(span_of(&a), span_of(&b));
	bytes_clear(&a);
	bytes_clear(&b);
	return is_same;
}

static enum fault check_one(const struct succession *one, const char *authority, struct span after, size_t at)
{
	const struct span parts[] = { one->before, one->new_by_old, one->old_by_new };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		TRY(check_form(parts[i], authority, at));
	const struct { bool holds; const char *otherwise; } demands[] = {
		{ certificate_is_issued_by(one->before, one->before), "the old identity is not signed by itself" },
		{ certificate_is_issued_by(one->new_by_old, one->before), "the old identity did not sign it" },
		{ has_same_key(one->new_by_old, after), "the old identity signed another key than that of the next" },
		{ certificate_is_issued_by(one->old_by_new, after), "the next identity did not sign it" },
		{ has_same_key(one->old_by_new, one->before), "the next identity signed another key than that of the old" },
		{ !has_same_key(one->before, after), "the old identity and the next are one" },
	};
	for (size_t i = 0; i < ARRAY_LEN(demands); i++)
		if (!demands[i].holds)
			return refuse(at, demands[i].otherwise);
	return OK;
}

enum fault succession_check(const struct succession *list, size_t count, const char *authority, struct span identity)
{
	if (count > SUCCESSIONS_MAX)
		return fault_say(FAULT_CERT_PROFILE, "%zu successions of the identity; at most %d are allowed", count, SUCCESSIONS_MAX);
	for (size_t i = 0; i < count; i++)
		TRY(check_one(&list[i], authority, i + 1 < count ? list[i + 1].before : identity, i));
	return OK;
}

/* ── as a file ────────────────────────────────────────────────────────────────────────────────── */

enum fault succession_pem(const struct succession *one, struct bytes *pem)
{
	TRY(certificate_pem(one->before, pem));
	if (!one->new_by_old.len)
		return OK;
	TRY(certificate_pem(one->new_by_old, pem));
	return certificate_pem(one->old_by_new, pem);
}

enum { FILE_CERTIFICATES_MAX = 3 * 64 };

struct found {
	size_t count, from[FILE_CERTIFICATES_MAX + 1];
};

static enum fault collect(struct span pem, struct bytes *backing, struct found *found)
{
	found->count = 0;
	found->from[0] = backing->len;
	while (memmem(pem.at, pem.len, "-----BEGIN", 10)) {
		if (found->count == FILE_CERTIFICATES_MAX)
			return fault_say(FAULT_CERT_PROFILE, "more than %d certificates of earlier identities", FILE_CERTIFICATES_MAX);
		TRY(certificate_from_pem(&pem, backing));
		found->from[++found->count] = backing->len;
	}
	return OK;
}

static struct span part(const struct found *found, const struct bytes *backing, size_t at)
{
	return (struct span){ backing->at + found->from[at], found->from[at + 1] - found->from[at] };
}

static void add(struct succession *list, size_t *count, struct span before)
{
	if (*count == SUCCESSIONS_MAX)
		memmove(list, list + 1, --*count * sizeof *list);
	list[(*count)++] = (struct succession){ .before = before };
}

enum fault succession_from_pem(struct span pem, struct bytes *backing, struct succession *list, size_t *count)
{
	struct found found;
	*count = 0;
	TRY(collect(pem, backing, &found));
	for (size_t i = 0; i < found.count; i++) {
		struct span one = part(&found, backing, i);
		struct succession *last = *count ? &list[*count - 1] : NULL;
		if (certificate_is_issued_by(one, one))
			add(list, count, one);
		else if (last && !last->new_by_old.len)
			last->new_by_old = one;
		else if (last && !last->old_by_new.len)
			last->old_by_new = one;
		else
			return fault_say(FAULT_CERT_PROFILE, "certificate %zu of the earlier identities has no place", i + 1);
	}
	return OK;
}
