#include "daemon/law/routing.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "certs/authority.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { CHOICES_MAX = 50, TO_MAX = 64 };

static enum fault explain(Comity__Route *route, enum fault why, struct arena *arena, const char *text)
{
	route->reason = (char *)fault_slug(why);
	route->reason_text = record_text(arena, text);
	return arena->was_refused ? arena_fault(arena) : OK;
}

enum fault routing_fault(const Comity__Route *route)
{
	return route->reason ? fault_say(fault_from_slug(route->reason), "%s", route->reason_text ? route->reason_text : "") : OK;
}

struct sought routing_sought(const Comity__Request *request, struct arena *arena)
{
	struct sought sought = { .kind = request->kind };
	Comity__AssistanceForm__Value *forms = arena_alloc(arena, (request->n_measures + 1) * sizeof *forms);
	for (size_t i = 0; forms && i < request->n_measures; i++)
		forms[sought.n_forms++] = request->measures[i]->form;
	sought.forms = forms;
	return sought;
}

/* ── one authority, named ─────────────────────────────────────────────────────────────────────── */

static const Comity__Peer *find_line(struct txn *txn, const char *authority, struct arena *arena)
{
	struct key key = key_of_peer(authority);
	return record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
}

/* There is no line with it: what else is there? */
static enum fault tell_other_ways(struct txn *txn, const char *authority, struct arena *arena, Comity__Route *route)
{
	char text[400];
	const Comity__DirectoryEntry *entry = directory_find(txn, authority, arena);
	if (txn->fault || !entry || !entry->profile)
		return txn->fault;
	route->to = record_text(arena, authority);
	snprintf(text, sizeof text, "%s (%.200s) is in the directory, but there is no line between it and us: use another channel", authority,
		directory_name(entry->profile));
	TRY(routing_list_ways(entry->profile, !entry->announced, arena, &route->n_other_ways, &route->other_ways));
	return explain(route, FAULT_PEER_UNKNOWN, arena, text);
}

static enum fault settle_on(struct txn *txn, const char *authority, struct arena *arena, Comity__Route *route)
{
	if (!find_line(txn, authority, arena))
		return txn->fault ? txn->fault : tell_other_ways(txn, authority, arena, route);
	route->to = record_text(arena, authority);
	return arena->was_refused ? arena_fault(arena) : OK;
}

/* ── the authorities of a State ───────────────────────────────────────────────────────────────── */

/* Is the entry of this State or territory?  Asked of the packed record: there are thousands of them. */
static bool is_of(struct span record, const char *to)
{
	enum { PROFILE_FIELD = 2, STATE_FIELD = 4, TERRITORY_FIELD = 5 };
	struct span profile, place;
	const unsigned fields[] = { STATE_FIELD, TERRITORY_FIELD };
	if (!packed_part(record, PROFILE_FIELD, &profile))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (packed_part(profile, fields[i], &place) && place.len == strlen(to) && !strncasecmp((const char *)place.at, to, place.len))
			return true;
	return false;
}

struct candidates {
	const Comity__Profile *at[CHOICES_MAX];
	size_t count;
};

static enum fault gather(struct txn *txn, const char *to, const char *today, struct arena *arena, struct candidates *candidates)
{
	struct walk walk;
	struct span key, value;
	walk_from(&walk, txn, TABLE_DIRECTORY, (struct span){ 0 }, (struct span){ 0 });
	while (candidates->count < CHOICES_MAX && walk_next(&walk, &key, &value)) {
		const Comity__DirectoryEntry *entry = is_of(value, to) ?
			record_read(txn, value, &comity__directory_entry__descriptor, arena) : NULL;
		if (entry && entry->profile && competence_is_central(entry->profile, today))
			candidates->at[candidates->count++] = entry->profile;
	}
	walk_end(&walk);
	return txn->fault;
}

static bool is_distinct(const Comity__Profile *profile, const char *to)
{
	return profile->territory && *profile->territory && strcasecmp(profile->territory, to);
}

/* Those that receive what is asked; those of a special region only when it is named, or there is no other. */
static struct candidates narrow(const struct candidates *all, const char *to, const struct sought *sought)
{
	struct candidates covering = { .count = 0 }, general = { .count = 0 };
	for (size_t i = 0; i < all->count; i++)
		if (competence_covers(all->at[i], sought))
			covering.at[covering.count++] = all->at[i];
	for (size_t i = 0; i < covering.count; i++)
		if (!is_distinct(covering.at[i], to))
			general.at[general.count++] = covering.at[i];
	return general.count ? general : covering;
}

static enum fault list_choices(struct txn *txn, const struct candidates *candidates, struct arena *arena, Comity__Route *route)
{
	for (size_t i = 0; i < candidates->count; i++) {
		const Comity__Profile *profile = candidates->at[i];
		const Comity__Peer *peer = find_line(txn, profile->authority, arena);
		Comity__RouteChoice *choice = arena_alloc(arena, sizeof *choice);
		if (!choice)
			return arena_fault(arena);
		comity__route_choice__init(choice);
		choice->authority = profile->authority;
		choice->name = (char *)directory_name(profile);
		choice->covers = routing_covers(profile, arena);
		choice->territory = profile->territory;
		choice->has_standing = peer != NULL;
		choice->standing = peer ? peer->standing : COMITY__STANDING__VALUE__UNSPECIFIED;
		if (!record_append(arena, &route->n_choices, &route->choices, &choice, sizeof choice))
			return arena_fault(arena);
	}
	return txn->fault;
}

static enum fault choose(struct txn *txn, const char *to, const struct sought *sought, struct arena *arena, Comity__Route *route)
{
	char today[STAMP_SIZE], text[200];
	struct candidates all = { .count = 0 };
	stamp_now(today);
	today[10] = 0;
	TRY(gather(txn, to, today, arena, &all));
	struct candidates fit = narrow(&all, to, sought);
	if (fit.count == 1)
		return settle_on(txn, fit.at[0]->authority, arena, route);
	TRY(list_choices(txn, fit.count ? &fit : &all, arena, route));
	if (!all.count)
		snprintf(text, sizeof text, "neither a peer, nor an authority or a State of which the directory has a central authority: \"%s\"", to);
	else if (!fit.count)
		snprintf(text, sizeof text, "no central authority of %s in the directory receives what is asked", to);
	else
		snprintf(text, sizeof text, "%s has %zu central authorities that may receive this: name one of them", to, fit.count);
	return explain(route, !all.count ? FAULT_PEER_UNKNOWN : fit.count ? FAULT_AMBIGUOUS : FAULT_NOT_FOUND, arena, text);
}

enum fault routing_find(struct txn *txn, const char *to, const struct sought *sought, struct arena *arena, Comity__Route *route)
{
	char id[TO_MAX + 1] = "";
	route->schema = "comity.route/1";
	if (!to || !*to || strlen(to) > TO_MAX)
		return explain(route, FAULT_PEER_UNKNOWN, arena, "no authority, State or territory is named");
	for (size_t i = 0; to[i]; i++)
		id[i] = (char)tolower((unsigned char)to[i]);
	if (authority_id_is_valid(span_of_text(id)))
		TRY(settle_on(txn, id, arena, route));
	return route->to ? OK : choose(txn, to, sought, arena, route);
}
