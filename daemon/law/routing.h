#pragma once
/* To which authority of a State does what is asked go, and how is one reached with which there is no line?
 * UNTOC 18(13), resolution 8/1 paragraph 8.
 *
 * A State may have several central authorities: for some acts, or for a special region.  Where what is asked leaves one,
 * that is it; else a human chooses. */
#include "daemon/law/competence.h"
#include "daemon/ledger/directory.h"
#include "proto/control.pb-c.h"

/* `to` is an authority's id, a State (ISO 3166-1) or a territory (ISO 3166-2), in any case of letters.  Whatever comes of it
 * is in the route, in the arena: route->reason is the slug of why it cannot go there by itself, and NULL when it can.
 * Faults: those of the ledger. */
enum fault routing_find(struct txn *txn, const char *to, const struct sought *sought, struct arena *arena, Comity__Route *route)
	MUST_CHECK;
/* What a request asks for, in the arena. */
struct sought routing_sought(const Comity__Request *request, struct arena *arena);
/* The reason in the route as a fault, with its words; OK when there is none. */
enum fault routing_fault(const Comity__Route *route) MUST_CHECK;

/* routing_words.c: how it is reached without us, line by line.  `confirmed`: its addresses are. */
enum fault routing_list_ways(const Comity__Profile *profile, bool is_confirmed, struct arena *arena, size_t *count, char ***lines)
	MUST_CHECK;
/* "MLA, EXTRADITION": what it covers, in words; "everything". */
char *routing_covers(const Comity__Profile *profile, struct arena *arena);
