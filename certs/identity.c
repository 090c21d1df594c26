#include "certs/identity.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "certs/openssl.h"
#include "certs/succession.h"

enum { PATH_SIZE = 4096, PEM_SIZE_MAX = 2 * CERTIFICATE_SIZE_MAX, HERITAGE_SIZE_MAX = 512 << 10 };

/* What the callers hold is a shell around generations, each of which is an identity as it was loaded once.  The newest
 * answers for the shell; none goes before the shell does, so that whatever was lent stays. */
struct identity {
	_Atomic(struct identity *) newest;	/* of a shell; NULL in a generation */
	struct identity *older;			/* of a generation */
	struct identity *withdrawn;		/* of a generation: what nobody finds any more since it took its place */
	char authority[AUTHORITY_ID_SIZE];
	char name[AUTHORITY_NAME_MAX + 1];
	struct held {
		X509 *certificate;
		struct key *key;	/* leaves only */
		struct bytes der;
		uint8_t digest[DIGEST_SIZE];
	} held[ROLE_COUNT];
	struct bytes pin;
	struct heritage {		/* the identities before this one */
		struct bytes backing;
		struct succession list[SUCCESSIONS_MAX];
		size_t count;
		X509 *bridges[SUCCESSIONS_MAX];	/* new by old, of those that lead here, the newest first */
		int bridge_count;
	} heritage;
	const struct signing_hand *hand;
};

static const struct identity *at(const struct identity *identity)
{
	const struct identity *newest = atomic_load(&identity->newest);
	return newest ? newest : identity;
}

const struct secret_source *identity_secret(const struct identity_access *access, enum role role)
{
	return role == ROLE_CHANNEL ? &access->channel_secret : &access->secret;
}

static enum fault load_certificate(struct held *held, const char *path)
{
	struct bytes pem = { 0 };
	enum fault fault = file_read(path, FILE_PUBLIC, PEM_SIZE_MAX, &pem);
	if (fault) {
		bytes_clear(&pem);
		return fault_say(FAULT_BAD_KEY, "%s", fault_detail(fault));
	}
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	held->certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	bytes_clear(&pem);
	if (!held->certificate)
		return fault_say(FAULT_BAD_KEY, "%s is not a certificate in PEM form: %s", path, openssl_reason());
	int len = i2d_X509(held->certificate, NULL);
	if (len <= 0 || len > CERTIFICATE_SIZE_MAX)
		return fault_say(FAULT_BAD_KEY, "%s is longer than %d bytes", path, CERTIFICATE_SIZE_MAX);
	TRY(bytes_reserve(&held->der, (size_t)len));
	uint8_t *at = held->der.at;
	held->der.len = (size_t)i2d_X509(held->certificate, &at);
	return OK;
}

/* The identity is loaded first, so that it tells what the others must be. */
static bool is_national(const struct identity *identity)
{
	return x509_is_national(identity->held[ROLE_IDENTITY].certificate);
}

static bool is_national_issuer(const struct identity *identity, enum role role)
{
	return !role_is_leaf(role) && is_national(identity);
}

static enum fault check_profile(const struct identity *identity, enum role role)
{
	X509 *certificate = identity->held[role].certificate;
	return is_national_issuer(identity, role) ? x509_check_national(certificate, role) : x509_check_profile(certificate, role);
}

static enum fault load_role(struct identity *identity, const char *folder, const struct identity_access *access,
			    enum role role)
{
	char path[PATH_SIZE];
	struct held *held = &identity->held[role];
	snprintf(path, sizeof path, "%s/%s.crt", folder, role_name(role));
	TRY(load_certificate(held, path));
	digest_of(held->digest, span_of(&held->der));
	enum fault fault = check_profile(identity, role);
	if (fault)
		return fault_say(FAULT_BAD_KEY, "%s: %s", path, fault_detail(fault));
	if (!(access->keys & KEY_OF(role)))
		return OK;
	snprintf(path, sizeof path, "%s/%s.key", folder, role_name(role));
	TRY(key_load(path, identity_secret(access, role), &held->key));
	if (X509_check_private_key(held->certificate, key_evp(held->key)))
		return OK;
	return fault_say(FAULT_BAD_KEY, "%s does not belong to the certificate beside it: %s", path, openssl_reason());
}

/* Validity is not looked at: an expired identity must load, or it could never be renewed. */
static enum fault check_role(const struct identity *identity, const char *folder, enum role role)
{
	X509 *certificate = identity->held[role].certificate;
	X509 *issuer = identity->held[role_issuer(role)].certificate;
	char id[AUTHORITY_ID_SIZE];
	x509_authority(certificate, id);
	if (!is_national_issuer(identity, role) && strcmp(id, identity->authority))
		return fault_say(FAULT_BAD_KEY, "%s/%s.crt is of %s, the identity is of %s", folder,
				 role_name(role), id, identity->authority);
	if (X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1)
		return OK;
	ERR_clear_error();
	return fault_say(FAULT_BAD_KEY, "%s/%s.crt was not issued by %s.crt", folder, role_name(role),
			 role_name(role_issuer(role)));
}

static void take_name(struct identity *identity)
{
	enum role named = is_national(identity) ? ROLE_SIGNING : ROLE_IDENTITY;
	X509_NAME *subject = X509_get_subject_name(identity->held[named].certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
	uint8_t *utf8 = NULL;
	int len = at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (len > 0 && authority_name_is_valid((struct span){ utf8, (size_t)len }))
		memcpy(identity->name, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

/* How many of the last ones lead to it: before a gap, where an old identity said nothing, nobody can follow. */
static size_t find_leading(const struct heritage *heritage)
{
	size_t count = 0;
	while (count < heritage->count && heritage->list[heritage->count - 1 - count].old_by_new.len)
		count++;
	return count;
}

static enum fault take_bridges(struct heritage *heritage)
{
	for (size_t i = find_leading(heritage); heritage->bridge_count < (int)i;) {
		X509 *bridge = x509_parse(heritage->list[heritage->count - 1 - (size_t)heritage->bridge_count].new_by_old);
		if (!bridge)
			return FAULT_BAD_KEY;
		heritage->bridges[heritage->bridge_count++] = bridge;
	}
	return OK;
}

static enum fault load_heritage(struct identity *identity, const char *folder)
{
	char path[PATH_SIZE];
	struct bytes pem = { 0 };
	struct heritage *heritage = &identity->heritage;
	snprintf(path, sizeof path, "%s/identity.old", folder);
	if (access(path, F_OK))
		return OK;
	enum fault fault = file_read(path, FILE_PUBLIC, HERITAGE_SIZE_MAX, &pem);
	if (!fault)
		fault = succession_from_pem(span_of(&pem), &heritage->backing, heritage->list, &heritage->count);
	bytes_clear(&pem);
	size_t leading = find_leading(heritage);
	if (!fault)
		fault = succession_check(heritage->list + heritage->count - leading, leading, identity->authority,
			identity_certificate(identity, ROLE_IDENTITY));
	if (!fault)
		fault = take_bridges(heritage);
	return fault ? fault_say(FAULT_BAD_KEY, "%s: %s", path, fault_detail(fault)) : OK;
}

static enum fault load(struct identity *identity, const char *folder, const struct identity_access *access)
{
	identity->hand = access->hand;
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(load_role(identity, folder, access, role));
	x509_authority(identity->held[is_national(identity) ? ROLE_CHANNEL : ROLE_IDENTITY].certificate, identity->authority);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		TRY(check_role(identity, folder, role));
	take_name(identity);
	TRY(load_heritage(identity, folder));
	return certificate_pin(identity_certificate(identity, ROLE_IDENTITY), identity->authority, &identity->pin);
}

static void generation_free(struct identity *identity)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		X509_free(identity->held[role].certificate);
		key_free(identity->held[role].key);
		bytes_clear(&identity->held[role].der);
	}
	for (int i = 0; i < identity->heritage.bridge_count; i++)
		X509_free(identity->heritage.bridges[i]);
	bytes_clear(&identity->heritage.backing);
	bytes_clear(&identity->pin);
	free(identity);
}

static enum fault open_generation(const char *folder, const struct identity_access *access, struct identity **generation)
{
	*generation = calloc(1, sizeof **generation);
	if (!*generation)
		return FAULT_NO_MEMORY;
	enum fault fault = load(*generation, folder, access);
	if (!fault)
		return OK;
	generation_free(*generation);
	*generation = NULL;
	return fault;
}

static bool has_generation(const struct identity *identity, const struct identity *generation)
{
	for (const struct identity *one = at(identity); one && one != identity; one = one->older) {
		enum role role = 0;
		while (role < ROLE_COUNT && !memcmp(one->held[role].digest, generation->held[role].digest, DIGEST_SIZE))
			role++;
		if (role == ROLE_COUNT)
			return true;
	}
	return false;
}

/* What is left of a generation is its sealing key: by the others it is not to be found, for a later one may have them still. */
static enum fault open_sealing(const char *folder, const struct identity_access *access, struct identity **generation)
{
	struct identity_access sealing = *access;
	sealing.keys &= KEY_OF(ROLE_SEALING);
	if (!sealing.keys)
		return FAULT_BAD_KEY;
	TRY(open_generation(folder, &sealing, generation));
	memset((*generation)->held[ROLE_CHANNEL].digest, 0, DIGEST_SIZE);
	memset((*generation)->held[ROLE_SIGNING].digest, 0, DIGEST_SIZE);
	return OK;
}

/* Of the same identity, or of one that leads to it. */
static bool is_of(const struct identity *generation, const struct identity *newest)
{
	struct succession before[SUCCESSIONS_MAX];
	size_t count = identity_successions(newest, before);
	bool is_one = span_equal(span_of(&generation->pin), span_of(&newest->pin));
	for (size_t i = 0; i < count && !is_one; i++)
		is_one = span_equal(identity_certificate(generation, ROLE_IDENTITY), before[i].before);
	return is_one && !strcmp(generation->authority, newest->authority);
}

/* A generation whose keys cannot be had any more is one that nobody uses any more; but for its sealing key, to which
 * something may be sealed.  That is all, too, which is left of one from before we had the identity that we have now. */
static void add_older(struct identity *identity, const char *folder, const struct identity_access *access)
{
	struct identity *generation, *newest = atomic_load(&identity->newest);
	enum fault fault = open_generation(folder, access, &generation);
	if (!fault && !is_of(generation, newest)) {
		generation_free(generation);
		fault = FAULT_BAD_KEY;
	}
	if (fault && open_sealing(folder, access, &generation))
		return;
	if (has_generation(identity, generation) || strcmp(generation->authority, newest->authority)) {
		generation_free(generation);
		return;
	}
	generation->older = newest->older;
	newest->older = generation;
}

static void open_older(struct identity *identity, const char *directory, const struct identity_access *access)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/keys.old", directory);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/keys.old/%.64s", directory, entry->d_name);
		add_older(identity, path, access);
	}
	if (folder)
		closedir(folder);
}

static enum fault open_newest(const char *directory, const struct identity_access *access, struct identity **generation)
{
	char folder[PATH_SIZE];
	snprintf(folder, sizeof folder, "%s/keys", directory);
	return open_generation(folder, access, generation);
}

/* A renewal that takes place meanwhile would show us half of the old and half of the new. */
static int lock_directory(const char *directory)
{
	int lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock >= 0)
		flock(lock, LOCK_SH);
	return lock;
}

enum fault identity_open(const char *directory, const struct identity_access *access, struct identity **identity)
{
	struct identity *newest = NULL;
	*identity = calloc(1, sizeof **identity);
	if (!*identity)
		return FAULT_NO_MEMORY;
	int lock = lock_directory(directory);
	enum fault fault = open_newest(directory, access, &newest);
	atomic_store(&(*identity)->newest, newest);
	if (!fault)
		open_older(*identity, directory, access);
	if (lock >= 0)
		close(lock);
	if (fault) {
		identity_free(*identity);
		*identity = NULL;
	}
	return fault;
}

/* What lies there now, whoever renews it at this moment. */
static enum fault open_present(const char *directory, const struct identity_access *access, struct identity **generation)
{
	*generation = NULL;
	int lock = lock_directory(directory);
	enum fault fault = open_newest(directory, access, generation);
	if (lock >= 0)
		close(lock);
	return fault;
}

enum fault identity_reload(struct identity *identity, const char *directory, const struct identity_access *access, bool *is_newer)
{
	struct identity *generation;
	*is_newer = false;
	TRY(open_present(directory, access, &generation));
	if (has_generation(identity, generation)) {
		generation_free(generation);
		return OK;
	}
	generation->older = atomic_load(&identity->newest);
	atomic_store(&identity->newest, generation);
	*is_newer = true;
	return OK;
}

enum fault identity_succeed(struct identity *identity, const char *directory, const struct identity_access *access)
{
	struct identity *generation;
	TRY(open_present(directory, access, &generation));
	generation->withdrawn = atomic_load(&identity->newest);
	atomic_store(&identity->newest, generation);
	return OK;
}

const struct identity *identity_generation(const struct identity *identity, enum role role, struct span digest)
{
	for (const struct identity *one = at(identity); one; one = one->older)
		if (span_equal(SPAN(one->held[role].digest), digest))
			return one;
	return NULL;
}

const uint8_t (*identity_digest(const struct identity *identity, enum role role))[DIGEST_SIZE]
{
	return &at(identity)->held[role].digest;
}

const struct identity *identity_now(const struct identity *identity)
{
	return at(identity);
}

const struct identity *identity_older(const struct identity *generation)
{
	return at(generation)->older;
}

enum fault identity_load(const char *directory, struct identity **identity)
{
	static const struct identity_access plain = { .keys = KEYS_OF_LEAVES };
	return identity_open(directory, &plain, identity);
}

static void generations_free(struct identity *generation)
{
	while (generation) {
		struct identity *older = generation->older;
		generations_free(generation->withdrawn);
		generation_free(generation);
		generation = older;
	}
}

void identity_free(struct identity *identity)
{
	if (identity)
		generations_free(atomic_load(&identity->newest));
	free(identity);
}

const char *identity_authority(const struct identity *identity)
{
	return at(identity)->authority;
}

const char *identity_name(const struct identity *identity)
{
	return at(identity)->name;
}

struct span identity_certificate(const struct identity *identity, enum role role)
{
	return span_of(&at(identity)->held[role].der);
}

int64_t identity_not_after(const struct identity *identity, enum role role)
{
	return asn1_seconds(X509_get0_notAfter(at(identity)->held[role].certificate));
}

struct span identity_pin(const struct identity *identity)
{
	return span_of(&at(identity)->pin);
}

size_t identity_before(const struct identity *identity, struct succession *list)
{
	const struct heritage *heritage = &at(identity)->heritage;
	memcpy(list, heritage->list, heritage->count * sizeof *list);
	return heritage->count;
}

size_t identity_successions(const struct identity *identity, struct succession *list)
{
	const struct heritage *heritage = &at(identity)->heritage;
	size_t leading = find_leading(heritage);
	memcpy(list, heritage->list + heritage->count - leading, leading * sizeof *list);
	return leading;
}

X509 *const *identity_bridges(const struct identity *identity, int *count)
{
	*count = at(identity)->heritage.bridge_count;
	return at(identity)->heritage.bridges;
}

EVP_PKEY *identity_key(const struct identity *identity, enum role role)
{
	return at(identity)->held[role].key ? key_evp(at(identity)->held[role].key) : NULL;
}

bool identity_is_in_token(const struct identity *identity)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (at(identity)->held[role].key && key_is_in_token(at(identity)->held[role].key))
			return true;
	return false;
}

const struct signing_hand *identity_hand(const struct identity *identity)
{
	return at(identity)->hand;
}

X509 *identity_x509(const struct identity *identity, enum role role)
{
	return at(identity)->held[role].certificate;
}

static void hash_identity(uint8_t hash[64], struct span spki_der)
{
	static const char domain[] = "comity-id-v1";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_hashed = ctx && EVP_DigestInit_ex2(ctx, EVP_sha512(), NULL) &&
			 EVP_DigestUpdate(ctx, domain, sizeof domain - 1) &&
			 EVP_DigestUpdate(ctx, spki_der.at, spki_der.len) && EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	if (!is_hashed)
		abort();	/* digits that are not those of the key must never be read to anyone */
}

void identity_digits(char text[IDENTITY_DIGITS_SIZE], struct span spki_der)
{
	uint8_t hash[64];
	hash_identity(hash, spki_der);
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		uint64_t number = (uint64_t)hash[5 * i] << 32 | get_u32(hash + 5 * i + 1);
		snprintf(text + i * 6, 6, "%05u", (unsigned)(number % 100000));
		text[i * 6 + 5] = i + 1 < IDENTITY_GROUPS ? ' ' : 0;
	}
}

static enum fault collect(char digits[40], const char *heard)
{
	int count = 0;
	for (; *heard; heard++) {
		if (strchr(" \t\r\n-.", *heard))
			continue;
		if (!isdigit((unsigned char)*heard) || count == 40)
			return fault_say(FAULT_USAGE, "the telephone check takes eight groups of five digits, and nothing else");
		digits[count++] = *heard;
	}
	return count == 40 ? OK : fault_say(FAULT_USAGE, "the telephone check takes 40 digits; these are %d", count);
}

enum fault identity_compare(struct span spki_der, const char *heard, unsigned *which)
{
	char ours[IDENTITY_DIGITS_SIZE], theirs[40];
	*which = 0;
	TRY(collect(theirs, heard));
	identity_digits(ours, spki_der);
	int differing = 0;
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		if (!memcmp(ours + i * 6, theirs + i * 5, 5))
			continue;
		*which |= 1u << i;
		differing++;
	}
	if (!differing)
		return OK;
	return fault_say(FAULT_IDENTITY_DIFFERS, "%d of %d groups differ: this card does not belong to the person on the telephone",
			 differing, IDENTITY_GROUPS);
}
