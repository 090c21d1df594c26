/* Can a peer's endpoints be reached at all, whatever becomes of a line?  One connection is made and dropped at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/line/peers_parts.h"

struct probe {
	struct peers *peers;
	struct probe *next;
	struct dialer *dialer;
	struct endpoint endpoints[PEER_ENDPOINTS_MAX];
	size_t count, tried;
	struct probe_report report;
	void (*done)(void *owner, const struct probe_report *report);
	void *owner;
};

static void finish(struct probe *probe, enum fault fault, const char *address, const char *detail)
{
	struct probe **at = &probe->peers->probes;
	while (*at != probe)
		at = &(*at)->next;
	*at = probe->next;
	probe->report.fault = fault;
	snprintf(probe->report.address, sizeof probe->report.address, "%s", address);
	snprintf(probe->report.detail, sizeof probe->report.detail, "%s", detail);
	probe->done(probe->owner, &probe->report);
	free(probe);
}

static void try_next(struct probe *probe);

static void on_resolved(void *owner, const char *addresses, uint64_t us)
{
	struct probe *probe = owner;
	(void)us;
	snprintf(probe->report.addresses, sizeof probe->report.addresses, "%s", addresses);
}

static void on_connected(void *owner, TAKES uv_tcp_t *tcp, const char *address, uint64_t us)
{
	struct probe *probe = owner;
	(void)us;
	probe->dialer = NULL;
	socket_drop(tcp);
	finish(probe, OK, address, "");
}

static void on_failed(void *owner, const char *address, enum fault why, const char *detail)
{
	struct probe *probe = owner;
	probe->dialer = NULL;
	if (probe->tried < probe->count)
		try_next(probe);
	else
		finish(probe, why, address, detail);
}

static const struct dialer_listener dialer_listener = {
	.resolved = on_resolved, .connected = on_connected, .failed = on_failed,
};

static void try_next(struct probe *probe)
{
	const struct endpoint *endpoint = &probe->endpoints[probe->tried++];
	enum fault fault = dialer_start(probe->peers->loop, endpoint, &dialer_listener, probe, &probe->dialer);
	if (fault)
		finish(probe, fault, endpoint->host, fault_text(fault));
}

void probes_cancel(struct peers *peers)
{
	for (struct probe *probe = peers->probes, *next; probe; probe = next) {
		next = probe->next;
		if (probe->dialer)
			dialer_cancel(probe->dialer);
		finish(probe, FAULT_SHUTTING_DOWN, "", fault_text(FAULT_SHUTTING_DOWN));
	}
}

enum fault peers_probe(struct peers *peers, const char *id, void (*done)(void *owner, const struct probe_report *report),
		void *owner)
{
	struct peer *peer = find_peer(peers, id);
	if (!peer)
		return fault_say(FAULT_PEER_UNKNOWN, "%s is not a verified peer", id);
	if (!peer->endpoint_count)
		return fault_say(FAULT_PEER_AWAY, "no endpoint is known: it must call us");
	struct probe *probe = calloc(1, sizeof *probe);
	if (!probe)
		return FAULT_NO_MEMORY;
	probe->peers = peers;
	probe->done = done;
	probe->owner = owner;
	probe->count = peer->endpoint_count;
	memcpy(probe->endpoints, peer->endpoints, probe->count * sizeof *probe->endpoints);
	enum fault fault = dialer_start(peers->loop, &probe->endpoints[probe->tried++], &dialer_listener, probe, &probe->dialer);
	if (fault) {
		free(probe);
		return fault;
	}
	probe->next = peers->probes;
	peers->probes = probe;
	return OK;
}
