/* What a link says. */
#include <time.h>

#include "daemon/line/link_parts.h"
#include "proto/stamp.h"
#include "proto/text.h"

const uint32_t link_versions_spoken[] = { PROTOCOL_VERSION };
const size_t link_versions_count = ARRAY_LEN(link_versions_spoken);

uint64_t link_steady_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ── of itself ───────────────────────────────────────────────────────────────────────────────────── */

void link_say_hello(struct link *link)
{
	struct packet packet = { .kind = PACKET_HELLO, .hello = {
		.versions = link_versions_spoken, .version_count = link_versions_count,
		.authority = link->settings->own_id, .addressee = wire_peer(link->wire),
		.sent_at = stamp_clock(), .software = link->settings->software,
	} };
	link->listener->introduce(link->owner, link, &packet.hello);
	link->greetings.we_sent = packet.hello.sent;
	link->greetings.we_received = packet.hello.received;
	link->greetings.our_card = packet.hello.card_serial;
	link->greetings.we_hold = packet.hello.card_held;
	wire_send(link->wire, &packet);
}

void link_say_ready(struct link *link)
{
	wire_send(link->wire, &(struct packet){ .kind = PACKET_READY, .ready = { link->version } });
}

void link_say_goodbye(struct link *link, enum fault why, const char *text)
{
	char sentence[PACKET_TEXT_MAX];
	text_excerpt(sentence, sizeof sentence, span_of_text(text));
	wire_send(link->wire, &(struct packet){ .kind = PACKET_GOODBYE, .goodbye = { fault_slug(why), sentence } });
}

/* ── for whoever sends ───────────────────────────────────────────────────────────────────────────── */

static void send_when_open(struct link *link, const struct packet *packet)
{
	if (link->state == LINK_OPEN)
		wire_send(link->wire, packet);
}

void link_send_manifest(struct link *link, const struct signed_manifest *manifest)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_MANIFEST, .manifest = *manifest });
}

void link_send_confirm(struct link *link, const struct position *received)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_CONFIRM, .confirm = { *received } });
}

void link_send_fetch(struct link *link, const struct fetch *fetch)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_FETCH, .fetch = *fetch });
}

void link_send_bulk(struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	if (link->state == LINK_OPEN)
		wire_send_bulk(link->wire, stream, offset, data);
}

void link_send_waiting(struct link *link, const struct waiting *waiting)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_WAITING, .waiting = *waiting });
}

void link_send_missing(struct link *link, uint32_t stream, const char *reason)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_MISSING, .missing = { stream, reason } });
}

void link_send_recall(struct link *link, const struct recall *recall)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_RECALL, .recall = *recall });
}

void link_send_recalled(struct link *link, const struct recalled *recalled)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_RECALLED, .recalled = *recalled });
}

void link_send_audit_head(struct link *link, struct span text, struct span signature)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_AUDIT_HEAD, .audit_head = { text, signature } });
}

void link_send_checkup(struct link *link)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_CHECKUP });
}

void link_send_findings(struct link *link, const struct findings *findings)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_FINDINGS, .findings = *findings });
}

void link_send_summary(struct link *link, const struct summary *summary)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_SUMMARY, .summary = *summary });
}

void link_send_announce(struct link *link, const struct announce *announce)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_ANNOUNCE, .announce = *announce });
}

void link_send_announced(struct link *link, uint32_t serial, const char *reason)
{
	send_when_open(link, &(struct packet){ .kind = PACKET_ANNOUNCED, .announced = { serial, reason } });
}

uint64_t link_ping(struct link *link)
{
	if (link->state != LINK_OPEN)
		return 0;
	uint64_t number = ++link->last_ping, slot = number % PINGS_UNDER_WAY;
	link->pings[slot].number = number;
	link->pings[slot].sent_at = link_steady_us();
	wire_send(link->wire, &(struct packet){ .kind = PACKET_PING, .ping = { number } });
	return number;
}
