#pragma once
/* What the files of the herald share.  Nobody else includes this. */
#include "certs/authority.h"
#include "daemon/desks/herald.h"

struct herald {
	struct herald_rooms rooms;
	struct bytes text;		/* our newest card, once it is on disk */
	uint32_t serial;
	struct audience *audiences;
	struct {
		struct job job;
		bool is_writing, must_again;
		struct bytes text;	/* the scribe's, until it is done */
		uint32_t serial;
		uint32_t beyond;	/* a peer holds this one, which we have lost; 0: none does */
		int64_t surpassed_at;	/* when such a claim was believed last */
	} renewal;
};

/* The newest card, surpassing `beyond`. */
enum fault herald_card(const struct herald_rooms *rooms, struct txn *txn, uint32_t beyond, struct arena *arena,
	Comity__OwnCard **card) MUST_CHECK;
