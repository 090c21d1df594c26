/* Our own revocation lists, where our certificates lie.  Each takes the place of the one before it in one rename; two at once
 * would give one number twice, so whoever issues holds the lock of the directory, as whoever renews a certificate does. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "certs/files.h"
#include "certs/openssl.h"

enum {
	PATH_SIZE = 4096,
	PEM_SIZE_MAX = 2 * REVOCATION_SIZE_MAX,
	DAY_SECONDS = 86400,
};

/* The issuers, and how long their lists hold.  The identity's key may rest in a safe: its list outlives a yearly ceremony. */
static const struct issuer {
	enum role role;
	int days;
} issuers[] = {
	{ ROLE_IDENTITY, 400 },
	{ ROLE_DELEGATION, 30 },
};

static const struct issuer *find_issuer(enum role role)
{
	return &issuers[role == ROLE_DELEGATION];
}

/* What stands in a directory about one issuer. */
struct desk {
	const char *directory;
	const struct issuer *issuer;
	struct bytes certificate, list;
	struct key *key;
	int lock;
};

static void path_of(char path[PATH_SIZE], const struct desk *desk, const char *ending)
{
	snprintf(path, PATH_SIZE, "%s/keys/%s.%s", desk->directory, role_name(desk->issuer->role), ending);
}

static enum fault read_pem(const struct desk *desk, const char *ending, size_t size_max,
			   enum fault (*parse)(struct span *pem, struct bytes *der), struct bytes *der)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, desk, ending);
	enum fault fault = file_read(path, FILE_PUBLIC, size_max, &pem);
	struct span rest = span_of(&pem);
	if (!fault && (fault = parse(&rest, der)))
		fault = fault_say(fault, "%s: %s", path, fault_detail(fault));
	bytes_clear(&pem);
	return fault;
}

static enum fault read_list(struct desk *desk)
{
	char path[PATH_SIZE];
	path_of(path, desk, "crl");
	return access(path, F_OK) ? OK : read_pem(desk, "crl", PEM_SIZE_MAX, revocation_from_pem, &desk->list);
}

enum fault revocation_load(const char *directory, enum role issuer, struct bytes *der)
{
	struct desk desk = { .directory = directory, .issuer = find_issuer(issuer) };
	enum fault fault = read_list(&desk);
	if (!fault)
		fault = bytes_append(der, span_of(&desk.list));
	bytes_clear(&desk.list);
	return fault;
}

static enum fault open_desk(struct desk *desk, const char *directory, enum role issuer)
{
	*desk = (struct desk){ .directory = directory, .issuer = find_issuer(issuer) };
	desk->lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (desk->lock < 0 || flock(desk->lock, LOCK_EX))
		return file_fault(directory);
	TRY(read_pem(desk, "crt", CERTIFICATE_SIZE_MAX * 2, certificate_from_pem, &desk->certificate));
	return read_list(desk);
}

static void close_desk(struct desk *desk)
{
	if (desk->lock >= 0)
		close(desk->lock);
	bytes_clear(&desk->certificate);
	bytes_clear(&desk->list);
	key_free(desk->key);
}

static bool key_is_here(const struct desk *desk)
{
	char path[PATH_SIZE];
	path_of(path, desk, "key");
	return !access(path, F_OK);
}

static enum fault take_key(struct desk *desk, const struct secret_source *secret)
{
	char path[PATH_SIZE];
	path_of(path, desk, "key");
	return key_load(path, secret, &desk->key);
}

static bool is_current(const struct desk *desk)
{
	return desk->list.len && !revocation_check_issuer(span_of(&desk->list), span_of(&desk->certificate));
}

static enum fault put(const struct desk *desk, struct span der)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	path_of(path, desk, "crl");
	enum fault fault = revocation_pem(der, &pem);
	if (!fault)
		fault = file_replace(path, FILE_PUBLIC, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

/* A list of an earlier delegation is no predecessor: its numbers and its entries are another issuer's. */
static enum fault issue_next(struct desk *desk, const struct revocation_order *order)
{
	struct bytes der = { 0 };
	TRY(take_key(desk, order->secret));
	struct revoking revoking = {
		.issuer_certificate = span_of(&desk->certificate), .issuer_key = desk->key,
		.previous = is_current(desk) ? span_of(&desk->list) : (struct span){ 0 },
		.now = order->now, .life = (int64_t)desk->issuer->days * DAY_SECONDS,
		.serial = order->serial, .reason = order->reason, .lost_at = order->lost_at,
	};
	enum fault fault = revocation_issue(&revoking, &der);
	if (!fault)
		fault = order->only ? bytes_append(order->only, span_of(&der)) : put(desk, span_of(&der));
	bytes_clear(&der);
	return fault;
}

enum fault revocation_enter(const char *directory, const struct revocation_order *order)
{
	struct desk desk;
	enum fault fault = open_desk(&desk, directory, order->issuer);
	if (!fault)
		fault = issue_next(&desk, order);
	close_desk(&desk);
	return fault;
}

/* Half of its life: so that a counterpart that was away for weeks still finds a fresh one. */
static bool is_due(const struct desk *desk, int64_t now)
{
	struct revocation_facts facts;
	if (!is_current(desk) || revocation_read(span_of(&desk->list), &facts))
		return true;
	return now - facts.this_update > (facts.next_update - facts.this_update) / 2;
}

enum fault revocation_refresh(const char *directory, int64_t now, const struct secret_source *secret, unsigned *issued)
{
	*issued = 0;
	for (size_t i = 0; i < ARRAY_LEN(issuers); i++) {
		struct desk desk;
		enum fault fault = open_desk(&desk, directory, issuers[i].role);
		bool is_wanted = !fault && is_due(&desk, now) && key_is_here(&desk);
		if (is_wanted)
			fault = issue_next(&desk, &(struct revocation_order){ .now = now, .secret = secret });
		close_desk(&desk);
		TRY(fault);
		*issued += is_wanted;
	}
	return OK;
}
