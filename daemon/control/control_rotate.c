/* New keys, and who has heard of them. */
#include <string.h>

#include "certs/certificate.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/rotation.h"
#include "daemon/ledger/cards.h"
#include "daemon/ledger/record.h"
#include "daemon/line/peers.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

/* ── status ───────────────────────────────────────────────────────────────────────────────────── */

static char *stamp_of(struct arena *arena, int64_t seconds)
{
	char stamp[STAMP_SIZE];
	stamp_write(stamp, seconds * STAMP_SECOND);
	return record_text(arena, stamp);
}

static bool is_serving(const struct control_rooms *rooms, enum role role)
{
	return !memcmp(identity_digest(rotation_serving(rooms->rotation), role), identity_digest(rooms->identity, role), DIGEST_SIZE);
}

static Comity__OwnCertificate *certificate_of(const struct control_rooms *rooms, enum role role, struct arena *arena)
{
	struct certificate_facts facts;
	Comity__OwnCertificate *row = arena_alloc(arena, sizeof *row);
	if (!row || certificate_read(identity_certificate(rooms->identity, role), &facts))
		return NULL;
	int64_t due_at = rotation_due_at(rooms->rotation, role);
	comity__own_certificate__init(row);
	row->role = (char *)role_name(role);
	row->serial = record_text(arena, facts.serial);
	row->not_before = stamp_of(arena, facts.not_before);
	row->not_after = stamp_of(arena, facts.not_after);
	row->rotates_at = due_at ? stamp_of(arena, due_at) : NULL;
	row->has_serving = role == ROLE_CHANNEL;
	row->serving = is_serving(rooms, role);
	return row;
}

static bool add_certificates(const struct control_rooms *rooms, struct arena *arena, Comity__RotationStatus *status)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		Comity__OwnCertificate *row = certificate_of(rooms, role, arena);
		if (!row || !record_append(arena, &status->n_certificates, &status->certificates, &row, sizeof row))
			return false;
	}
	return true;
}

static bool add_holder(const struct control_rooms *rooms, struct txn *txn, struct arena *arena, const char *peer,
	Comity__RotationStatus *status)
{
	struct peer_report report;
	int64_t told_at;
	Comity__CardHolder *holder = arena_alloc(arena, sizeof *holder);
	if (!holder)
		return false;
	comity__card_holder__init(holder);
	holder->peer = record_text(arena, peer);
	holder->card_held = card_held(txn, peer, &told_at);
	holder->has_card_held = holder->card_held > 0;
	holder->told_at = told_at ? stamp_of(arena, told_at / STAMP_SECOND) : NULL;
	holder->has_switched = 1;
	holder->switched = holder->card_held >= status->card_serial;
	holder->link = (char *)line_state(peers_report(rooms->peers, peer, &report), &report);
	status->old_in_use = status->old_in_use || !holder->switched;
	return record_append(arena, &status->n_peers, &status->peers, &holder, sizeof holder);
}

static bool add_holders(const struct control_rooms *rooms, struct txn *txn, struct arena *arena, Comity__RotationStatus *status)
{
	struct walk walk;
	struct span key, value;
	struct arena one;
	bool fits = true;
	arena_init(&one, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (fits && walk_next(&walk, &key, &value)) {
		arena_reset(&one);
		const Comity__Peer *peer = record_read(txn, value, &comity__peer__descriptor, &one);
		if (peer && peer->standing == COMITY__STANDING__VALUE__VERIFIED)
			fits = add_holder(rooms, txn, arena, peer->authority, status);
	}
	walk_end(&walk);
	arena_clear(&one);
	return fits;
}

static enum fault describe(const struct control_rooms *rooms, struct txn *txn, struct arena *arena, Comity__RotationStatus *status)
{
	const Comity__OwnCard *card = card_newest(txn, arena);
	status->schema = "comity.cert-rotation/1";
	status->has_card_serial = card != NULL;
	status->card_serial = card ? card->serial : 0;
	status->switch_at = card ? card->switch_at : NULL;
	status->has_old_in_use = 1;
	if (!add_certificates(rooms, arena, status) || !add_holders(rooms, txn, arena, status))
		return arena_fault(arena);
	return txn->fault;
}

enum fault answer_cert_switched(struct inquiry *inquiry)
{
	Comity__RotationStatus *status;
	if (!inquiry_make(inquiry, &comity__rotation_status__descriptor, &status))
		return inquiry_fault(inquiry);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_ROTATION;
	inquiry->reply->rotation = status;
	return describe(inquiry->rooms, inquiry->txn, inquiry->arena, status);
}

/* ── rotate ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault read_roles(const Comity__CertRotate *call, unsigned *roles)
{
	static const struct { const char *name; unsigned roles; } names[] = {
		{ "channel", KEY_OF(ROLE_CHANNEL) }, { "signing", KEY_OF(ROLE_SIGNING) }, { "sealing", KEY_OF(ROLE_SEALING) },
		{ "all", KEYS_OF_LEAVES }, { "delegation", KEY_OF(ROLE_DELEGATION) | KEYS_OF_LEAVES },
	};
	*roles = call->n_roles ? 0 : KEY_OF(ROLE_CHANNEL);
	for (size_t i = 0; i < call->n_roles; i++) {
		size_t at = 0;
		while (at < ARRAY_LEN(names) && strcmp(names[at].name, call->roles[i]))
			at++;
		if (at == ARRAY_LEN(names))
			return fault_say(FAULT_USAGE, "\"%.40s\" is none of channel, signing, sealing, delegation, all", call->roles[i]);
		*roles |= names[at].roles;
	}
	return OK;
}

static enum fault tell_status(struct session *session)
{
	struct txn txn;
	Comity__RotationStatus status = COMITY__ROTATION_STATUS__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	const struct control_rooms *rooms = &session->control->rooms;
	TRY(txn_begin(rooms->store, TXN_READ, &txn));
	enum fault fault = describe(rooms, &txn, &session->arena, &status);
	txn_abort(&txn);
	reply.kind_case = COMITY__REPLY__KIND_ROTATION;
	reply.rotation = &status;
	if (!fault)
		session_reply(session, &reply, false);
	return fault;
}

static void on_rotated(void *owner, enum fault fault)
{
	struct session *session = owner;
	if (!fault)
		fault = tell_status(session);
	if (fault)
		session_refuse(session, fault);
	session_release(session);
}

/* What it takes is said first: on a mistake nothing is done. */
static enum fault read_call(const Comity__CertRotate *call, unsigned *roles)
{
	if (!call->identity)
		return read_roles(call, roles);
	*roles = KEYS_OF_ALL | (call->without_old ? ROLL_WITHOUT_OLD : 0);
	return call->n_roles ? fault_say(FAULT_USAGE, "an identity is rolled over with all that is beneath it: no role is named") : OK;
}

void pursue_cert_rotate(struct session *session)
{
	unsigned roles;
	enum fault fault = read_call(session->call->cert_rotate, &roles);
	session_hold(session);
	if (!fault)
		fault = rotation_begin(session->control->rooms.rotation, roles, session->uid, on_rotated, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
