#pragma once
/* The numbered event log: every fact has its event, written in the same transaction (UX 3.2).
 *
 * Numbers are dense.  Events carry ids and states, never case text; what a person gave as a reason (`text`,
 * with `actor_uid`) is left out where the case is confidential or marked RESTRICTED and more: 18(20).
 */
#include "daemon/ledger/record.h"

/* Append an event; `subject` (may be NULL) is our reference of the request, or the peer.  Returns its number. */
uint64_t events_append(struct txn *txn, const char *type, const char *subject, Comity__EventData *data);
/* A message came further: `type` says how far.  The subject is our reference of its request, else the request's id, else
 * the peer. */
void events_append_message(struct txn *txn, const char *type, const char *peer, const Comity__MessageState *state);
/* From the next event on, a new epoch: this store is older than its own past, and numbers that were given before are given
 * again to other events.  Who kept a number from another epoch must list anew. */
void events_begin_epoch(struct txn *txn);
/* Of which epoch the event of that number is, or will be. */
uint32_t events_epoch(struct txn *txn, uint64_t number);
/* Forget the oldest events, those before that moment and up to that number, at most `most` of them; how many.  Dry: only count. */
uint64_t events_prune(struct txn *txn, int64_t before, uint64_t up_to, uint64_t most, bool is_dry);
/* The number of the oldest that is kept; 0 when none is. */
uint64_t events_first(struct txn *txn);
/* The newest number; 0 when there is none. */
uint64_t events_last(struct txn *txn);
/* Event `number`, whole, in the arena; NULL when there is none. */
Comity__Event *events_find(struct txn *txn, const char *own_id, uint64_t number, struct arena *arena);

#define EVENT_REQUEST_DRAFTED   "comity.request.drafted.v1"
#define EVENT_REQUEST_ORAL      "comity.request.oral.v1"
#define EVENT_REQUEST_STATUS    "comity.request.status.v1"
#define EVENT_REQUEST_APPROVED  "comity.request.approved.v1"
#define EVENT_REQUEST_SEALED    "comity.request.sealed.v1"
#define EVENT_REQUEST_ASSIGNED  "comity.request.assigned.v1"
#define EVENT_REQUEST_LINKED    "comity.request.linked.v1"
#define EVENT_REQUEST_DEADLINE  "comity.request.deadline.v1"
#define EVENT_REQUEST_SILENT    "comity.request.silent.v1"
#define EVENT_REQUEST_PURGED    "comity.request.purged.v1"
#define EVENT_REQUEST_DESTROYED_THERE "comity.request.destroyed-there.v1"
#define EVENT_REQUEST_HELD      "comity.request.held.v1"
#define EVENT_REQUEST_RELEASED  "comity.request.released.v1"
#define EVENT_REQUEST_ALERT     "comity.request.alert.v1"
#define EVENT_MESSAGE_QUEUED    "comity.message.queued.v1"
#define EVENT_MESSAGE_DELIVERED "comity.message.delivered.v1"
#define EVENT_MESSAGE_COMPLETE  "comity.message.complete.v1"
#define EVENT_MESSAGE_REFUSED   "comity.message.refused.v1"
#define EVENT_MESSAGE_HELD      "comity.message.held.v1"
#define EVENT_MESSAGE_RELEASED  "comity.message.released.v1"
#define EVENT_MESSAGE_WITHDRAWN "comity.message.withdrawn.v1"
#define EVENT_INBOX_ARRIVED     "comity.inbox.arrived.v1"
#define EVENT_INBOX_COMPLETE    "comity.inbox.complete.v1"
#define EVENT_INBOX_REJECTED    "comity.inbox.rejected.v1"
#define EVENT_ATTACHMENT_ADDED  "comity.attachment.added.v1"
#define EVENT_ATTACHMENT_HERE   "comity.attachment.complete.v1"
#define EVENT_ATTACHMENT_FAILED "comity.attachment.failed.v1"
#define EVENT_PEER_ADDED        "comity.peer.added.v1"
#define EVENT_PEER_VERIFIED     "comity.peer.verified.v1"
#define EVENT_PEER_BLOCKED      "comity.peer.blocked.v1"
#define EVENT_PEER_UNBLOCKED    "comity.peer.unblocked.v1"
#define EVENT_PEER_REMOVED      "comity.peer.removed.v1"
#define EVENT_PEER_RENEWED      "comity.peer.renewed.v1"
#define EVENT_PEER_CARD_REFUSED "comity.peer.card-refused.v1"
#define EVENT_PEER_ROLLED       "comity.peer.rolled.v1"
#define EVENT_PEER_REVOKED      "comity.peer.revoked.v1"
#define EVENT_PEER_ALARM        "comity.peer.alarm.v1"
#define EVENT_STORE_FULL        "comity.store.full.v1"
#define EVENT_STORE_OK          "comity.store.ok.v1"
#define EVENT_KEYS_UNAVAILABLE  "comity.keys.unavailable.v1"
#define EVENT_KEYS_OK           "comity.keys.ok.v1"
#define EVENT_CLOCK_DOUBTED     "comity.clock.doubted.v1"
#define EVENT_CLOCK_BELIEVED    "comity.clock.believed.v1"
#define EVENT_DAEMON_RELEASED   "comity.daemon.released.v1"
#define EVENT_BACKUP_DONE       "comity.backup.done.v1"
#define EVENT_BACKUP_VERIFIED   "comity.backup.verified.v1"
#define EVENT_BACKUP_FAILED     "comity.backup.failed.v1"
#define EVENT_BACKUP_RESTORED   "comity.backup.restored.v1"
#define EVENT_PEER_BEHIND       "comity.peer.behind.v1"
#define EVENT_PEER_RECOVERED    "comity.peer.recovered.v1"
#define EVENT_AUDIT_CONTRADICTED "comity.audit.contradicted.v1"
#define EVENT_PEER_COMPARED     "comity.peer.compared.v1"
#define EVENT_PEER_OVER_QUOTA   "comity.peer.over-quota.v1"
#define EVENT_PEER_IN_QUOTA     "comity.peer.in-quota.v1"
#define EVENT_MESSAGE_RECOVERED "comity.message.recovered.v1"
#define EVENT_CERTIFICATE_ENDING  "comity.certificate.ending.v1"
#define EVENT_CERTIFICATE_EXPIRED "comity.certificate.expired.v1"
#define EVENT_CERTIFICATE_REVOKED "comity.certificate.revoked.v1"
#define EVENT_CERTIFICATE_RENEWED "comity.certificate.renewed.v1"
#define EVENT_REVOCATIONS_ISSUED  "comity.revocations.issued.v1"
#define EVENT_REVOCATIONS_STALE   "comity.revocations.stale.v1"
#define EVENT_DIRECTORY_CHANGED   "comity.directory.changed.v1"
