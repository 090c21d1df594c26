/* Our own authority as it answers: its generations, and what each holds. */
#include "certs/identity_parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const struct identity *at(const struct identity *identity)
{
	const struct identity *newest = atomic_load(&identity->newest);
	return newest ? newest : identity;
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
	TRY(identity_open_generation(folder, &sealing, generation));
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
	enum fault fault = identity_open_generation(folder, access, &generation);
	if (!fault && !is_of(generation, newest)) {
		identity_free_generation(generation);
		fault = FAULT_BAD_KEY;
	}
	if (fault && open_sealing(folder, access, &generation))
		return;
	if (has_generation(identity, generation) || strcmp(generation->authority, newest->authority)) {
		identity_free_generation(generation);
		return;
	}
	generation->older = newest->older;
	newest->older = generation;
}

static void open_older(struct identity *identity, const char *directory, const struct identity_access *access)
{
	char path[IDENTITY_PATH_SIZE];
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
	char folder[IDENTITY_PATH_SIZE];
	snprintf(folder, sizeof folder, "%s/keys", directory);
	return identity_open_generation(folder, access, generation);
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
		identity_free_generation(generation);
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
		identity_free_generation(generation);
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
	size_t leading = identity_leading(heritage);
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
