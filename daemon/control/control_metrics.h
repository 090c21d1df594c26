#pragma once
/* What the families of metrics share: the writing of a line (control_metrics.c has the table of them). */
#include <inttypes.h>

#include "daemon/control/control_calls.h"
#include "daemon/line/peers.h"

/* One peer, looked at once for all families. */
struct metrics_peer {
	char authority[AUTHORITY_ID_SIZE];
	bool is_verified;
	uint64_t refusals;
	struct peer_report report;
};

/* Lines appended to; what did not fit is told at the end. */
struct writing {
	struct inquiry *inquiry;
	const char *name;			/* of the family */
	const struct metrics_peer *peers;	/* in the inquiry's arena */
	size_t peer_count;
	struct bytes *text;
	enum fault fault;
};

#define LINE(writing, format, ...) do { \
	if (!(writing)->fault) \
		(writing)->fault = bytes_printf((writing)->text, "%s" format "\n", (writing)->name, __VA_ARGS__); \
} while (0)

typedef void metrics_family(struct writing *writing);

/* Look at the peers.  Faults: the transaction's, and of the arena. */
enum fault metrics_look(struct inquiry *inquiry, struct metrics_peer **peers, size_t *count) MUST_CHECK;

/* Of each peer (control_metrics_peers.c). */
metrics_family metrics_peers_up, metrics_peers_verified, metrics_peers_since, metrics_peers_attempts, metrics_peers_refusals,
	metrics_peers_rtt, metrics_peers_clock, metrics_queues, metrics_queues_oldest, metrics_messages, metrics_attachments,
	metrics_receipts, metrics_message_refusals, metrics_completions, metrics_withdrawals, metrics_manifests, metrics_occupied;
/* Of what ends. */
metrics_family metrics_certificate_ends, metrics_certificates_revoked, metrics_list_ends;
