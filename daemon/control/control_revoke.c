/* Revoking one of our own certificates.  The list is on disk first: from then on the daemon gives it to everybody with the card.
 * What was in use gets its successor at once, which takes its place without an overlap; should the power go between the two, the
 * same call again makes it. */
#include <stdio.h>
#include <string.h>

#include "certs/identity.h"
#include "certs/revocation.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/herald.h"
#include "daemon/desks/rotation.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/events.h"
#include "daemon/mischief.h"
#include "daemon/upkeep/backup.h"
#include "proto/stamp.h"

/* What is to be revoked, found by what was typed. */
struct convict {
	char serial[65];
	enum role role, issuer;
	bool is_in_use;
};

static enum role issuer_of(enum role role)
{
	return role == ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION;
}

static enum fault find_in_use(const struct control_rooms *rooms, const char *subject, struct convict *convict)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		struct certificate_facts facts;
		TRY(certificate_read(identity_certificate(rooms->identity, role), &facts));
		if (strcasecmp(subject, role_name(role)) && strcasecmp(subject, facts.serial))
			continue;
		*convict = (struct convict){ .role = role, .issuer = issuer_of(role), .is_in_use = true };
		snprintf(convict->serial, sizeof convict->serial, "%s", facts.serial);
		return OK;
	}
	return FAULT_NOT_FOUND;
}

/* An earlier one of ours: the issuer that is in use now must have issued it, for only its list can be continued. */
static enum fault judge_kept(const struct control_rooms *rooms, struct span der, const char *subject, struct convict *convict)
{
	struct certificate_facts facts;
	if (certificate_read(der, &facts) || strcasecmp(subject, facts.serial) ||
			strcmp(facts.authority, identity_authority(rooms->identity)))
		return FAULT_NOT_FOUND;
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++) {
		if (!certificate_is_issued_by(der, identity_certificate(rooms->identity, issuer)))
			continue;
		*convict = (struct convict){ .role = ROLE_COUNT, .issuer = issuer };
		snprintf(convict->serial, sizeof convict->serial, "%s", facts.serial);
		return OK;
	}
	return fault_say(FAULT_USAGE, "the certificate with serial %s was issued by an earlier delegation: revoke that delegation",
		facts.serial);
}

static enum fault find_kept(const struct control_rooms *rooms, const char *subject, struct convict *convict)
{
	struct txn txn;
	struct walk walk;
	struct span key, value;
	enum fault fault = FAULT_NOT_FOUND;
	TRY(txn_begin(rooms->store, TXN_READ, &txn));
	walk_from(&walk, &txn, TABLE_CERTIFICATES, (struct span){ 0 }, (struct span){ 0 });
	while (fault == FAULT_NOT_FOUND && walk_next(&walk, &key, &value))
		if (key.len == DIGEST_SIZE)		/* longer ones say something about a certificate */
			fault = judge_kept(rooms, value, subject, convict);
	walk_end(&walk);
	fault = txn.fault ? txn.fault : fault;
	txn_abort(&txn);
	return fault;
}

static enum fault find(const struct control_rooms *rooms, const char *subject, struct convict *convict)
{
	enum fault fault = find_in_use(rooms, subject, convict);
	if (fault == FAULT_NOT_FOUND)
		fault = find_kept(rooms, subject, convict);
	if (fault == FAULT_NOT_FOUND)
		return fault_say(fault, "none of our certificates has the role or the serial \"%.70s\"; roles are delegation, channel, "
			"signing, sealing", subject);
	TRY(fault);
	if (convict->role != ROLE_IDENTITY || !convict->is_in_use)
		return OK;
	return fault_say(FAULT_USAGE, "an identity does not revoke itself: its key is what the counterparts have verified");
}

static enum fault read_call(const Comity__CertRevoke *call, struct revocation_order *order)
{
	int64_t lost_at = 0;
	if (!call->subject || !*call->subject)
		return fault_say(FAULT_USAGE, "no certificate is named");
	if (call->reason && !revocation_reason_is_known(call->reason))
		return fault_say(FAULT_USAGE, "\"%.40s\" is no reason: unspecified, keyCompromise, CACompromise, affiliationChanged, "
			"superseded, cessationOfOperation", call->reason);
	if (call->lost_at && (!stamp_read(call->lost_at, &lost_at) || lost_at > stamp_clock() || lost_at <= 0))
		return fault_say(FAULT_USAGE, "the time of the loss is not a time in the past");
	order->reason = call->reason;
	order->lost_at = lost_at / STAMP_SECOND;
	order->now = stamp_clock() / STAMP_SECOND;
	return OK;
}

/* Is what lies in keys/ still the certificate that was revoked, and not already its successor? */
static enum fault replace(const struct control_rooms *rooms, const struct convict *convict, bool *replaced)
{
	struct identity *identity;
	struct certificate_facts facts;
	TRY(identity_open(rooms->places->state, &(struct identity_access){ 0 }, &identity));
	enum fault fault = certificate_read(identity_certificate(identity, convict->role), &facts);
	identity_free(identity);
	*replaced = !fault && !strcmp(facts.serial, convict->serial);
	if (!*replaced)
		return fault;
	mischief("before-succeed", "revoked");
	TRY(keyholder_renew(rooms->keyholder, KEY_OF(convict->role), stamp_clock() / STAMP_SECOND));
	TRY(rotation_succeed(rooms->rotation));
	mischief("after-succeed", "revoked");
	return keyholder_reload(rooms->keyholder);
}

static enum fault fill_reply(struct chore *chore, const struct convict *convict, bool replaced)
{
	struct bytes list = { 0 };
	struct revocation_facts facts;
	Comity__CertRevoked *reply;
	if (!chore_make(chore, &comity__cert_revoked__descriptor, &reply))
		return arena_fault(&chore->arena);
	TRY(revocation_load(chore->rooms->places->state, convict->issuer, &list));
	enum fault fault = revocation_read(span_of(&list), &facts);
	bytes_clear(&list);
	TRY(fault);
	reply->schema = "comity.cert-revoked/1";
	reply->role = convict->role < ROLE_COUNT ? (char *)role_name(convict->role) : NULL;
	reply->serial = record_text(&chore->arena, convict->serial);
	reply->reason = chore->call->cert_revoke->reason;
	reply->list_number = record_text(&chore->arena, facts.number);
	reply->has_replaced = 1;
	reply->replaced = replaced;
	chore->reply.kind_case = COMITY__REPLY__KIND_REVOKED;
	chore->reply.revoked = reply;
	return OK;
}

static enum fault revoke_one(struct chore *chore)
{
	const struct control_rooms *rooms = chore->rooms;
	struct revocation_order order = { 0 };
	struct convict convict;
	bool replaced = false;
	unsigned issued;
	TRY(read_call(chore->call->cert_revoke, &order));
	TRY(find(rooms, chore->call->cert_revoke->subject, &convict));
	order.issuer = convict.issuer;
	order.serial = convict.serial;
	enum fault fault = keyholder_revoke(rooms->keyholder, &order);
	if (fault == FAULT_EXISTS && convict.is_in_use) {	/* the power went before its successor was made */
		TRY(replace(rooms, &convict, &replaced));
		if (!replaced)
			return fault_say(FAULT_EXISTS, "the certificate with serial %s is revoked already", convict.serial);
	} else {
		TRY(fault);
		if (convict.is_in_use)
			TRY(replace(rooms, &convict, &replaced));
	}
	TRY(keyholder_refresh(rooms->keyholder, order.now, &issued));	/* a new delegation begins its own */
	return fill_reply(chore, &convict, replaced);
}

static void note_revoked(struct txn *txn, struct chore *chore)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	if (chore->fault)
		return;
	if (chore->reply.revoked->replaced)
		certificates_keep_ours(txn, chore->rooms->identity);
	data.role = chore->reply.revoked->role;
	data.number = chore->reply.revoked->serial;
	data.text = chore->reply.revoked->reason;
	data.has_actor_uid = 1;
	data.actor_uid = chore->session->uid;
	events_append(txn, EVENT_CERTIFICATE_REVOKED, identity_authority(chore->rooms->identity), &data);
}

/* Lines begin anew with the successor, and everybody gets the list with our card. */
static void announce(struct chore *chore)
{
	rotation_look(chore->rooms->rotation);
	herald_renew(chore->rooms->herald);
}

static const struct chore_kind revoking = { .work = revoke_one, .note = note_revoked, .settle = announce };

void pursue_cert_revoke(struct session *session)
{
	chore_begin(session, &revoking);
}
