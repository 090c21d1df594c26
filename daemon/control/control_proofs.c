#include "daemon/control/control_proofs.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certs/digest.h"
#include "certs/envelope.h"
#include "certs/revocation.h"
#include "certs/seal.h"
#include "certs/served.h"
#include "certs/signature.h"
#include "daemon/config.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/rotation.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/keyholder/keyholder_line.h"
#include "daemon/line/endpoint.h"
#include "daemon/line/peers.h"
#include "daemon/upkeep/backup.h"
#include "proto/stamp.h"

enum {
	DOORS_MAX = 16,			/* addresses that are tried; further ones are not */
	DOOR_MS = 3000,			/* each, at most */
	FINDINGS_MAX = DOORS_MAX + 4,
};

struct door {
	struct endpoint at;
	bool is_of_the_card;		/* perhaps not to be reached from inside the house */
};

struct proofs {
	uv_work_t work;
	struct session *session;
	const struct control_rooms *rooms;
	uint8_t serving[DIGEST_SIZE];	/* of the channel certificate that lines use: a new one waits until every peer has heard */
	struct door doors[DOORS_MAX];
	size_t door_count, answered, found_count;
	struct proof_finding {
		examination_check *check;
		const char *remedy;
		char text[512];
	} found[FINDINGS_MAX];
};

static void find(struct proofs *proofs, examination_check *check, const char *remedy, const char *format, ...)
	PRINTF_LIKE(4, 5);

static void find(struct proofs *proofs, examination_check *check, const char *remedy, const char *format, ...)
{
	va_list arguments;
	if (proofs->found_count == FINDINGS_MAX)
		return;
	struct proof_finding *finding = &proofs->found[proofs->found_count++];
	finding->check = check;
	finding->remedy = remedy;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof finding->text, format, arguments);
	va_end(arguments);
}

/* ── the keys, on a thread that may wait ──────────────────────────────────────────────────────── */

/* A text that serves for nothing else (keyd_policy.c), with a number that was never signed before. */
static enum fault write_challenge(const struct identity *identity, int64_t at, char *text, size_t size)
{
	uint8_t nonce[DIGEST_SIZE];
	char number[DIGEST_HEX_SIZE + 1], stamp[STAMP_SIZE];
	TRY(seal_random(nonce, sizeof nonce));
	hex_write(number, SPAN(nonce));
	stamp_write(stamp, at * STAMP_SECOND);
	snprintf(text, size, "# comity-proof 1\n# authority: %s\n# at: %s\n# nonce: %.*s\n", identity_authority(identity), stamp,
		DIGEST_HEX_SIZE, number);
	return OK;
}

static enum fault prove_signing(const struct identity *identity)
{
	char text[512];
	struct bytes der = { 0 };
	struct signer *signer = NULL;
	int64_t at = stamp_clock() / STAMP_SECOND;
	TRY(write_challenge(identity, at, text, sizeof text));
	enum fault fault = signature_make(identity, span_of_text(text), at, &der);
	if (!fault)
		fault = signer_new(identity_certificate(identity, ROLE_SIGNING), &signer);
	if (!fault)
		fault = signature_verify(signer, span_of_text(text), span_of(&der), NULL);
	signer_free(signer);
	bytes_clear(&der);
	return fault;
}

static enum fault prove_sealing(const struct identity *identity, struct keyholder *holder)
{
	struct span certificate = identity_certificate(identity, ROLE_SEALING);
	struct bytes envelope = { 0 };
	uint8_t key[CONTENT_KEY_SIZE], opened[CONTENT_KEY_SIZE] = { 0 };
	TRY(seal_random(key, sizeof key));
	enum fault fault = envelope_make(&certificate, 1, key, (struct span){ 0 }, &envelope);
	if (!fault)
		fault = keyholder_unseal(holder, span_of(&envelope), (struct span){ 0 }, opened);
	if (!fault && memcmp(key, opened, sizeof key) != 0)
		fault = fault_say(FAULT_BAD_KEY, "another key came out of the envelope than was put in");
	bytes_clear(&envelope);
	return fault;
}

/* Nobody misses them before something is to be renewed or revoked. */
static void prove_issuers(struct proofs *proofs)
{
	enum fault fault = keyholder_prove(proofs->rooms->keyholder, stamp_clock() / STAMP_SECOND);
	if (fault == FAULT_BAD_KEY)
		find(proofs, check_holder, "put the key that belongs to that certificate back into its place, from the backup of the keys; nothing "
			"need be restarted", "nothing can be renewed or revoked: %s", fault_detail(fault));
}

static void prove_keys(struct proofs *proofs)
{
	static const char remedy[] = "put the key that belongs to that certificate back into its place, or comity cert rotate; then "
		"systemctl restart comityd";
	const struct identity *identity = identity_now(proofs->rooms->identity);
	char why[KEYHOLDER_WHY_SIZE];
	enum fault fault = prove_signing(identity);
	if (fault)
		find(proofs, check_holder, remedy, "the holder of the keys does not sign with the key of our signing certificate: %s",
			keyholder_state(proofs->rooms->keyholder, why) ? why : fault_detail(fault));
	fault = prove_sealing(identity, proofs->rooms->keyholder);
	if (fault)
		find(proofs, check_holder, remedy, "the holder of the keys does not open what is sealed to our sealing certificate: %s",
			keyholder_state(proofs->rooms->keyholder, why) ? why : fault_detail(fault));
}

/* ── the doors, on the same thread ────────────────────────────────────────────────────────────── */

static bool is_connected(int fd, int64_t until)
{
	struct pollfd line = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof error;
	int64_t left = until - holder_clock();
	return poll(&line, 1, left > 0 ? (int)left : 0) > 0 && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) && !error;
}

/* -1: nobody takes the connection. */
static int connect_to(const struct endpoint *endpoint, int64_t until)
{
	static const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int fd = -1;
	if (getaddrinfo(endpoint->host, endpoint->port, &wanted, &list))
		return -1;
	for (const struct addrinfo *one = list; one && fd < 0; one = one->ai_next) {
		fd = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) && !is_connected(fd, until)) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

/* By our own list, whatever the certificate is. */
static bool is_revoked(const struct proofs *proofs, struct span certificate, struct revoked_entry *entry)
{
	struct bytes list = { 0 };
	enum fault fault = revocation_load(proofs->rooms->places->state, ROLE_DELEGATION, &list);
	if (!fault && list.len)
		fault = revocation_find(span_of(&list), certificate, entry);
	bytes_clear(&list);
	return !fault && entry->is_listed;
}

static void judge_served(struct proofs *proofs, const struct door *door, struct span certificate)
{
	static const char remedy[] = "find out who answers there (ss -ltnp; a relay, a port that is forwarded); if it is comityd: "
		"systemctl restart comityd";
	struct revoked_entry entry = { 0 };
	uint8_t digest[DIGEST_SIZE];
	digest_of(digest, certificate);
	proofs->answered++;
	if (is_revoked(proofs, certificate, &entry))
		find(proofs, check_served, remedy, "at %s:%s a channel certificate of ours is served that is revoked (%s)", door->at.host,
			door->at.port, entry.reason);
	else if (memcmp(digest, proofs->serving, DIGEST_SIZE) != 0 &&
		 memcmp(digest, identity_digest(proofs->rooms->identity, ROLE_CHANNEL), DIGEST_SIZE) != 0)
		find(proofs, check_served, remedy, "at %s:%s another certificate is served than our channel certificate of today%s",
			door->at.host, door->at.port,
			identity_generation(proofs->rooms->identity, ROLE_CHANNEL, SPAN(digest)) ? ": an older one of ours" : "");
}

static void try_door(struct proofs *proofs, const struct door *door)
{
	int64_t until = holder_clock() + DOOR_MS;
	struct bytes certificate = { 0 };
	int fd = connect_to(&door->at, until);
	if (fd < 0) {
		if (!door->is_of_the_card)
			find(proofs, check_served, "look for a packet filter: nft list ruleset", "nobody takes a connection at %s:%s",
				door->at.host, door->at.port);
		return;
	}
	enum fault fault = served_certificate(fd, until, &certificate);
	close(fd);
	if (fault)
		find(proofs, check_served, "find out who answers there: ss -ltnp", "at %s:%s we do not answer as comityd: %s",
			door->at.host, door->at.port, fault_detail(fault));
	else
		judge_served(proofs, door, span_of(&certificate));
	bytes_clear(&certificate);
}

static void work(uv_work_t *work)
{
	struct proofs *proofs = container_of(work, struct proofs, work);
	prove_keys(proofs);
	prove_issuers(proofs);
	for (size_t i = 0; i < proofs->door_count; i++)
		try_door(proofs, &proofs->doors[i]);
	served_leave_thread();
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────── */

static void add_door(struct proofs *proofs, const char *text, bool is_of_the_card, uint16_t port)
{
	struct door *door = &proofs->doors[proofs->door_count];
	if (proofs->door_count == DOORS_MAX || endpoint_read(text, &door->at))
		return;
	door->is_of_the_card = is_of_the_card;
	if (port)
		snprintf(door->at.port, sizeof door->at.port, "%u", (unsigned)port);
	proofs->door_count++;
}

static void list_doors(struct proofs *proofs)
{
	const Comity__Config *config = proofs->rooms->config;
	const Comity__LineSettings *line = config->line;
	for (size_t i = 0; line && i < line->n_listen; i++)
		if (peers_port(proofs->rooms->peers, i))
			add_door(proofs, line->listen[i], false, peers_port(proofs->rooms->peers, i));
	for (size_t i = 0; i < config->n_endpoints; i++)
		add_door(proofs, config->endpoints[i], true, 0);
}

static void repeat(struct examination *examination, const struct proofs *proofs, examination_check *check)
{
	for (size_t i = 0; i < proofs->found_count; i++)
		if (proofs->found[i].check == check)
			examination_find(examination, SEVERITY_FAIL, proofs->found[i].remedy, "%s", proofs->found[i].text);
}

void check_holder(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	size_t before = examination->report->n_findings;
	repeat(examination, inquiry->state, check_holder);
	if (examination->report->n_findings == before)
		examination_find(examination, SEVERITY_OK, NULL, "it signed, and opened an envelope, with the keys of our certificates");
}

void check_served(struct examination *examination, const void *subject)
{
	const struct inquiry *inquiry = subject;
	const struct proofs *proofs = inquiry->state;
	size_t before = examination->report->n_findings;
	repeat(examination, proofs, check_served);
	if (examination->report->n_findings == before)
		examination_find(examination, SEVERITY_OK, NULL, "%zu of %zu addresses answered, with our channel certificate of "
			"today", proofs->answered, proofs->door_count);
}

static void on_worked(uv_work_t *work, int status)
{
	struct proofs *proofs = container_of(work, struct proofs, work);
	struct session *session = proofs->session;
	(void)status;			/* it is never cancelled */
	calls_read(session, answer_doctor, proofs);
	free(proofs);
	session_release(session);
}

void pursue_examination(struct session *session)
{
	struct proofs *proofs = calloc(1, sizeof *proofs);
	if (!proofs) {
		session_refuse(session, FAULT_NO_MEMORY);
		return;
	}
	proofs->session = session;
	proofs->rooms = &session->control->rooms;
	memcpy(proofs->serving, identity_digest(rotation_serving(proofs->rooms->rotation), ROLE_CHANNEL), DIGEST_SIZE);
	list_doors(proofs);
	session_hold(session);
	if (!uv_queue_work(proofs->rooms->loop, &proofs->work, work, on_worked))
		return;
	session_refuse(session, FAULT_NO_MEMORY);
	free(proofs);
	session_release(session);
}
