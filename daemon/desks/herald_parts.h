#pragma once
/* What the files of the herald share.  Nobody else includes this. */
#include "certs/authority.h"
#include "daemon/desks/herald.h"

/* A peer whose line is open. */
struct audience {
	struct audience *next;
	char peer[AUTHORITY_ID_SIZE];
	uint64_t link_id;
	uint32_t holds;				/* of our cards, as it said */
	uint32_t told;				/* announced and not answered yet; 0: nothing is */
	bool has_end;				/* the end of our identity was announced, and nothing is after it */
	bool is_taking;				/* a card of theirs is on its way into the ledger */
};

struct herald {
	struct herald_rooms rooms;
	struct bytes text;		/* our newest card, once it is on disk */
	uint32_t serial;
	struct audience *audiences;
	struct bytes list;		/* our identity's revocation list, as it was seen last */
	bool is_revoked;		/* our identity is on it: there is no card any more */
	struct {
		struct job job;
		bool is_writing, must_again;
		struct bytes text;	/* the scribe's, until it is done */
		uint32_t serial;
		uint32_t beyond;	/* a peer holds this one, which we have lost; 0: none does */
		int64_t surpassed_at;	/* when such a claim was believed last */
	} renewal;
};

/* NULL when no line was open yet; of that very line. */
struct audience *herald_find(const struct herald *herald, const char *peer);
struct audience *herald_find_of(const struct herald *herald, const struct link *link);
/* Look whether the list has changed: comity id revoke writes it without us. */
bool herald_take_list(struct herald *herald);
/* The newest card, surpassing `beyond`. */
enum fault herald_card(const struct herald_rooms *rooms, struct txn *txn, uint32_t beyond, struct arena *arena,
	Comity__OwnCard **card) MUST_CHECK;
