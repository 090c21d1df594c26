#pragma once
/* The world of a simulated year: authorities with a real ledger and real keys each, which know one another.  The clock is turned by
 * the simulation.  What goes between them is in line.h. */
#include "tests/unit/ledgers.h"
#include "tests/unit/filled_acts.h"

#include "certs/trust.h"
#include "certs/witness.h"
#include "daemon/desks/inbox_parts.h"
#include "daemon/desks/outbox_parts.h"
#include "daemon/desks/vigil.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/directory.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/uuid.h"
#include "proto/yaml.h"

enum { AUTHORITIES_MAX = 40, ID_SIZE = 16, OFFICER = 1007 };

struct office {
	char id[ID_SIZE];
	size_t index;
	struct authority authority;		/* its keys, on disk and in memory */
	struct trust *trust;
	struct ledger ledger;
	struct casework casework;
	struct vigil *vigil;
	struct outbox *outbox;
	struct inbox *inbox;
	struct witness witnesses[AUTHORITIES_MAX];	/* who signs what comes, by the other's index */
	uint64_t events_seen;
	int64_t backed_up_at, restored_at;	/* 0: never */
	bool waits[AUTHORITIES_MAX];		/* something may have to go there */
};

/* Zones that never change their clocks, so that the judge can do without the product's own reckoning. */
static const struct { const char *name; int minutes; } zones[] = {
	{ "Etc/UTC", 0 }, { "Asia/Tokyo", 540 }, { "Asia/Kolkata", 330 }, { "America/Bogota", -300 }, { "Africa/Nairobi", 180 },
	{ "Pacific/Kiritimati", 840 }, { "Pacific/Pago_Pago", -660 },
};

static struct office offices[AUTHORITIES_MAX];
static size_t n_offices;
static int64_t now;
static struct {
	uint64_t messages, manifests, repeats, refused, restarts, looks, downs, destroyed, loose, renewals;
	uint64_t backups, restores, comebacks, came_back, not_applied;
} counts;

static const char *mutation;

static inline bool is_mutation(const char *name) { return mutation && !strcmp(mutation, name); }

static inline int64_t tell_now(void) { return now; }

static inline int zone_minutes(const char *id)
{
	for (size_t i = 0; i < n_offices; i++)
		if (!strcmp(offices[i].id, id))
			return zones[i % ARRAY_LEN(zones)].minutes;
	fail_msg("there is no %s", id);
	return 0;
}

/* ── chance: the seed decides everything ──────────────────────────────────────────────────────────── */

static uint64_t chance_state;

static inline uint32_t chance(uint32_t below)
{
	uint64_t mixed = chance_state += 0x9e3779b97f4a7c15;	/* splitmix64 */
	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((mixed ^ mixed >> 31) % below);
}

static inline bool happens(uint32_t per_cent) { return chance(100) < per_cent; }

/* ── an authority ─────────────────────────────────────────────────────────────────────────────────── */

static inline struct office *office_of(const char *id)
{
	for (size_t i = 0; i < n_offices; i++)
		if (!strcmp(offices[i].id, id))
			return &offices[i];
	fail_msg("there is no %s", id);
	return NULL;
}

static inline void on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state)
{
	struct office *office = owner;
	outbox_add(office->outbox, txn, state);
	office->waits[office_of(state->to)->index] = true;
}

static inline ProtobufCBinaryData certificate_of(const struct office *office, enum role role)
{
	struct span der = identity_certificate(office->authority.identity, role);
	return (ProtobufCBinaryData){ der.len, (uint8_t *)der.at };
}

static inline void introduce(struct txn *txn, const struct office *other, const char *zone, bool is_peer)
{
	const char *id = other->id;
	Comity__Hours hours = COMITY__HOURS__INIT;
	Comity__Profile profile = COMITY__PROFILE__INIT;
	Comity__DirectoryEntry entry = COMITY__DIRECTORY_ENTRY__INIT;
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer(id);
	hours.time_zone = (char *)zone;
	profile.authority = peer.authority = (char *)id;
	profile.hours = &hours;
	entry.authority = (char *)id;
	entry.profile = &profile;
	directory_keep(txn, &entry);
	peer.has_standing = 1;
	peer.standing = COMITY__STANDING__VALUE__VERIFIED;
	peer.has_identity_certificate = peer.has_delegation_certificate = peer.has_signing_certificate = 1;
	peer.identity_certificate = certificate_of(other, ROLE_IDENTITY);
	peer.delegation_certificate = certificate_of(other, ROLE_DELEGATION);
	peer.signing_certificate = certificate_of(other, ROLE_SIGNING);
	if (is_peer)
		record_keep(txn, TABLE_PEERS, key_span(&key), &peer.base);
}

static const struct inbox_listener office_hears;	/* line.h */

static inline void office_open(struct office *office)
{
	struct vigil_rooms rooms = { .casework = &office->casework, .silence_ms = INT64_C(30) * 86400 * 1000, .remind_ms = INT64_C(14) * 86400 * 1000,
		.deadlines = { .seconds = { 21 * 86400, 7 * 86400, 2 * 86400 }, .count = 3 } };
	office->casework = (struct casework){ .own_id = office->id, .reference_pattern = "{authority}-{year}-{number}",
		.answers_enquiries = office->index % 2, .submitted = on_submitted, .owner = office };
	assert_ok(store_open_unlocked(scratch_path(&office->ledger.scratch, "store"), (size_t)2 << 30, &office->ledger.store));
	assert_ok(vigil_open(&rooms, &office->vigil));
	assert_ok(outbox_open(office->ledger.store, office->authority.identity, &office->outbox));
	assert_ok(inbox_open(NULL, office->authority.identity, &office_hears, office, NULL, &office->inbox));
}

static inline void office_shut(struct office *office)
{
	inbox_close(office->inbox);
	outbox_close(office->outbox);
	vigil_close(office->vigil);
	store_close(office->ledger.store);
}

/* The disk is not what is looked at, and waiting for it would take most of the year. */
static inline void scratch_in_memory(struct scratch *scratch)
{
	strcpy(scratch->dir, "/dev/shm/comity-year-XXXXXX");
	if (!mkdtemp(scratch->dir))
		scratch_new(scratch);
}

static inline void office_create(struct office *office, size_t index)
{
	office->index = index;
	snprintf(office->id, sizeof office->id, "x%c%c-ca", (char)('a' + index / 26), (char)('a' + index % 26));
	office->authority = authority_new(office->id);
	office->trust = trust_new();
	scratch_in_memory(&office->ledger.scratch);
	assert_ok(store_create(scratch_path(&office->ledger.scratch, "store")));
	arena_init(&office->ledger.arena, 256 << 20);
	office_open(office);
}

/* As after SIGKILL: what was committed is there. */
static inline void office_restart(struct office *office)
{
	office_shut(office);
	office_open(office);
	counts.restarts++;
}

static inline void office_close(struct office *office)
{
	office_shut(office);
	for (size_t i = 0; i < n_offices; i++)
		witness_clear(&office->witnesses[i]);
	trust_free(office->trust);
	authority_free(&office->authority);
	arena_clear(&office->ledger.arena);
	scratch_remove(&office->ledger.scratch);
}

/* Everybody pins everybody else. */
static inline void world_create(size_t count)
{
	for (n_offices = 0; n_offices < count; n_offices++)
		office_create(&offices[n_offices], n_offices);
	for (size_t i = 0; i < count; i++) {
		WRITING(&offices[i].ledger, txn);
		certificates_keep_ours(&txn, offices[i].authority.identity);
		for (size_t j = 0; j < count; j++) {
			struct span identity = identity_certificate(offices[j].authority.identity, ROLE_IDENTITY);
			introduce(&txn, &offices[j], zones[j % ARRAY_LEN(zones)].name, i != j);
			assert_ok(trust_set_peer(offices[i].trust, offices[j].id, identity, STANDING_VERIFIED));
		}
		assert_ok(ledger_end(&txn, OK));
	}
}

/* Once in the year its signing key gives way to the next: what was signed before must be good still. */
static inline void office_renew(struct office *office)
{
	static const struct identity_access plain = { .keys = KEYS_OF_LEAVES };
	bool is_newer;
	assert_ok(identity_renew(office->authority.home, ROLE_SIGNING, now / STAMP_SECOND));
	assert_ok(identity_reload(office->authority.identity, office->authority.home, &plain, &is_newer));
	assert_true(is_newer);
	WRITING(&office->ledger, txn);
	certificates_keep_ours(&txn, office->authority.identity);
	assert_ok(ledger_end(&txn, OK));
	counts.renewals++;
}

static inline Comity__Case *case_of(struct office *office, const char *request_id)
{
	Comity__Case *kase = NULL;
	READING(&office->ledger, txn);
	enum fault fault = casework_find(&txn, request_id, &office->ledger.arena, &kase);
	txn_abort(&txn);
	return fault ? NULL : kase;
}

