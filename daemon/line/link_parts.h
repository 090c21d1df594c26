#pragma once
/* What the two files of the link share: whose turn it is (link.c), and what is said (link_say.c).  Nobody else includes
 * this. */
#include "daemon/line/link.h"
#include "daemon/line/wire.h"

enum { PINGS_UNDER_WAY = 16 };

struct link {
	uint64_t id;
	enum link_state state;
	enum link_dialler dialler;
	struct wire *wire;
	const struct link_settings *settings;
	const struct link_listener *listener;
	void *owner;
	uint64_t connected_at, handshake_us;	/* steady microseconds */
	struct { uint64_t number, sent_at; } pings[PINGS_UNDER_WAY];
	uint64_t last_ping, rtt_us;
	int64_t clock_ahead_us;
	uint32_t version;
	char versions[64], software[64];
	struct greetings greetings;
	enum fault told;
};

uint64_t link_steady_us(void);			/* microseconds that no clock change touches */
/* Which versions we speak: how many, and the first of them. */
extern const uint32_t link_versions_spoken[];
extern const size_t link_versions_count;

void link_say_hello(struct link *link);
void link_say_ready(struct link *link);
void link_say_goodbye(struct link *link, enum fault why, const char *text);
