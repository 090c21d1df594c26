#include "daemon/desks/papers.h"

#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/revocation.h"
#include "proto/unpack.h"

enum { PEER_ARENA = 8 << 20 };

const char *paper_state_name(enum paper_state state)
{
	static const char *const names[PAPER_STATES] = {
		[PAPER_GOOD] = "ok", [PAPER_ENDING] = "ending", [PAPER_NOT_YET] = "not-yet-valid", [PAPER_OVER] = "expired",
		[PAPER_REVOKED] = "revoked",
	};
	return names[state];
}

/* All that one authority has. */
struct folder {
	const struct papers *papers;
	const char *authority;
	bool is_ours;
	struct span certificates[ROLE_COUNT];
	struct span lists[REVOCATIONS_MAX];
	size_t list_count;
};

static enum paper_state state_of(const struct papers *papers, int64_t begins, int64_t ends)
{
	const struct thresholds *thresholds = papers->thresholds;
	if (papers->now > ends)
		return PAPER_OVER;
	if (papers->now < begins)
		return PAPER_NOT_YET;
	return thresholds->count && ends - papers->now <= thresholds->seconds[0] ? PAPER_ENDING : PAPER_GOOD;
}

static bool is_revoked(const struct folder *folder, enum role role)
{
	enum role issuer = role == ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION;
	for (size_t i = 0; i < folder->list_count; i++) {
		struct revoked_entry entry;
		bool is_its = !revocation_check_issuer(folder->lists[i], folder->certificates[issuer]);
		if (is_its && !revocation_find(folder->lists[i], folder->certificates[role], &entry) && entry.is_listed)
			return true;
	}
	return false;
}

static void show_certificate(const struct folder *folder, enum role role)
{
	const struct papers *papers = folder->papers;
	struct certificate_facts facts;
	struct paper paper = { .authority = folder->authority, .is_ours = folder->is_ours, .role = role };
	if (certificate_read(folder->certificates[role], &facts))
		return;
	memcpy(paper.digest, facts.digest, sizeof paper.digest);
	snprintf(paper.number, sizeof paper.number, "%s", facts.serial);
	paper.begins = facts.not_before;
	paper.ends = facts.not_after;
	paper.state = is_revoked(folder, role) ? PAPER_REVOKED : state_of(papers, paper.begins, paper.ends);
	papers->each(papers->owner, &paper);
}

static bool issuer_of(const struct folder *folder, struct span list, enum role *issuer)
{
	for (*issuer = ROLE_IDENTITY; *issuer <= ROLE_DELEGATION; (*issuer)++)
		if (!revocation_check_issuer(list, folder->certificates[*issuer]))
			return true;
	return false;		/* of a delegation that is no longer in use: it goes on counting, and nobody renews it */
}

static void show_list(const struct folder *folder, struct span list)
{
	const struct papers *papers = folder->papers;
	struct revocation_facts facts;
	struct paper paper = { .authority = folder->authority, .is_ours = folder->is_ours, .is_list = true };
	if (!issuer_of(folder, list, &paper.role) || revocation_read(list, &facts))
		return;
	digest_of(paper.digest, list);
	snprintf(paper.number, sizeof paper.number, "%s", facts.number);
	paper.begins = facts.this_update;
	paper.ends = facts.next_update;
	paper.revoked = facts.count;
	paper.state = papers->now > paper.ends ? PAPER_OVER : PAPER_GOOD;
	papers->each(papers->owner, &paper);
}

static void show_folder(const struct folder *folder)
{
	for (enum role role = 0; role < ROLE_COUNT; role++)
		show_certificate(folder, role);
	for (size_t i = 0; i < folder->list_count; i++)
		show_list(folder, folder->lists[i]);
}

/* A list that cannot be read is told where it is put into the card; here what is readable is shown. */
static void show_ours(const struct papers *papers)
{
	struct bytes lists[ROLE_DELEGATION + 1] = { 0 };
	struct folder folder = { .papers = papers, .authority = identity_authority(papers->identity), .is_ours = true };
	for (enum role role = 0; role < ROLE_COUNT; role++)
		folder.certificates[role] = identity_certificate(papers->identity, role);
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++)
		if (!revocation_load(papers->directory, issuer, &lists[issuer]) && lists[issuer].len)
			folder.lists[folder.list_count++] = span_of(&lists[issuer]);
	show_folder(&folder);
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++)
		bytes_clear(&lists[issuer]);
}

void papers_show_peer(const struct papers *papers, const Comity__Peer *peer)
{
	struct folder folder = {
		.papers = papers, .authority = peer->authority,
		.certificates = {
			[ROLE_IDENTITY] = span_of_binary(peer->identity_certificate),
			[ROLE_DELEGATION] = span_of_binary(peer->delegation_certificate),
			[ROLE_CHANNEL] = span_of_binary(peer->channel_certificate),
			[ROLE_SIGNING] = span_of_binary(peer->signing_certificate),
			[ROLE_SEALING] = span_of_binary(peer->sealing_certificate),
		},
	};
	for (size_t i = 0; i < peer->n_revocations && i < REVOCATIONS_MAX; i++)
		folder.lists[folder.list_count++] = span_of_binary(peer->revocations[i]);
	show_folder(&folder);
}

static void show_peers(const struct papers *papers)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	walk_from(&walk, papers->txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		const Comity__Peer *peer = record_read(papers->txn, value, &comity__peer__descriptor, &arena);
		if (peer && peer->standing == COMITY__STANDING__VALUE__VERIFIED)
			papers_show_peer(papers, peer);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
}

enum fault papers_walk(const struct papers *papers)
{
	show_ours(papers);
	show_peers(papers);
	return papers->txn->fault;
}
