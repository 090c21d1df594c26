#pragma once
/* What can be called, by whom, and how it is answered: one table (daemon/control/control_calls.c).
 *
 * A read is answered on the loop, a list page by page (daemon/control/control_lists.h); a change runs as a job of the scribe, is kept with its answer when the call has an
 * idempotency key, and is settled on the loop when it is on disk; a pursuit goes its own way. */
#include "certs/authority.h"
#include "daemon/control/control_session.h"
#include "daemon/ledger/scribe.h"

/* One call being answered inside a transaction.  Everything that the reply points to lives in the arena. */
struct inquiry {
	const struct control_rooms *rooms;
	struct txn *txn;
	struct arena *arena;
	const Comity__Call *call;
	const struct session *session;		/* who asks */
	uint32_t uid;
	Comity__Reply *reply;
	const void *state;			/* what was found out beforehand; NULL: nothing */
	char peer[AUTHORITY_ID_SIZE];		/* a peer whose standing was changed; "" when none was */
};

/* The session's packed call, with which everything begins. */
void calls_begin(struct session *session);

/* A change: `write` runs on the scribe's thread, perhaps more than once, each time with the call as it came. */
struct change {
	enum fault (*write)(struct inquiry *inquiry, void *state);
	/* On the loop, when it is on disk, also when the client has gone: what follows from it.  May be NULL. */
	void (*settle)(struct inquiry *inquiry);
	/* Part of what must be the same when a call is repeated, beside the call itself. */
	struct span also;
	bool uses_reserve;			/* it works in a full store too */
	bool is_routine;			/* no line of the audit log tells of it: a program moved its own place on */
	void *state;
	void (*forget)(void *state);		/* on the loop, at the very end, however it went; may be NULL */
};
/* Have it written and answered (control_change.c).  Faults become the reply. */
void calls_change(struct session *session, const struct change *change);

/* What is called, as the schema names it: "peer_block". */
const char *calls_name(const Comity__Call *call);
/* A member of the call's own message by its name, "peer" or "ref"; NULL when it has none. */
const char *calls_member(const Comity__Call *call, const char *name);

/* An error as a reply, made of a fault and its detail.  The reply borrows from `error`. */
struct calls_error {
	Comity__Error error;
	char message[1024], hint[512];
	char *hints[1];
};
Comity__Reply calls_error(struct calls_error *error, enum fault fault, const Comity__Call *call);

/* A time as replies have it, in the arena. */
char *reply_stamp(struct inquiry *inquiry, int64_t stamp);
/* Zeroed memory of the arena with the message initialised.  False when the budget is spent. */
bool inquiry_make(struct inquiry *inquiry, const ProtobufCMessageDescriptor *type, void *made);
/* The fault of this inquiry's arena or transaction, or OK. */
enum fault inquiry_fault(const struct inquiry *inquiry);

/* A case, or a message, of those that this session may see.  Faults: assigned (it is another officer's), and those of
 * casework_find() and casework_find_message(). */
enum fault session_find_case(const struct session *session, struct txn *txn, const char *ref, struct arena *arena,
	Comity__Case **found) MUST_CHECK;
enum fault session_find_message(const struct session *session, struct txn *txn, const Comity__Case *kase, const char *name,
	struct arena *arena, Comity__MessageView **found) MUST_CHECK;
bool session_sees(const struct session *session, const Comity__Case *kase);
/* The case that the call names.  Faults: usage (it names none), and those of session_find_case(). */
enum fault inquiry_find_case(struct inquiry *inquiry, Comity__Case **found) MUST_CHECK;

/* An attachment that is on its way grows between two records: put in how far it is by now, or why it waits
 * at the other side.  On the loop. */
void inquiry_show_arriving(const struct control_rooms *rooms, const char *request_id, Comity__AttachmentState *state);

/* ── the answers, by file ────────────────────────────────────────────────────────────────────────── */

typedef enum fault call_answer(struct inquiry *inquiry);
/* Answer a read, in a transaction of its own, with what was found out beforehand (inquiry.state). */
void calls_read(struct session *session, call_answer *answer, const void *state);
typedef void call_settle(struct inquiry *inquiry);
typedef void call_pursue(struct session *session);

call_answer answer_status, answer_peer_show;						/* control_peers.c */
call_answer change_peer_add, change_peer_verify, change_peer_block, change_peer_revoke, change_peer_unblock, change_peer_remove;
call_settle settle_peer;
call_pursue pursue_ping;								/* control_ping.c */
call_pursue pursue_doctor;								/* control_doctor.c */
call_pursue pursue_reconcile;								/* control_reconcile.c */
call_answer change_audit_head;								/* control_audit.c */
call_settle settle_audit_head;
call_pursue pursue_audit_verify;
call_pursue pursue_backup_create, pursue_backup_verify, pursue_backup_list;		/* control_backup.c */
call_answer answer_store_stat;								/* control_store.c */
call_pursue pursue_store_check, pursue_store_compact, pursue_store_grow, pursue_store_rekey, pursue_case_destroy, pursue_statistics,
	pursue_portfolio;
call_answer change_request_hold, change_request_release_hold, change_case_notify;	/* control_retention.c */
call_pursue pursue_store_purge;
call_answer change_daemon_release;
call_settle settle_release;							/* control_hold.c */
call_answer change_clock_confirm;							/* control_clock.c */
call_settle settle_clock;
call_answer change_card;								/* control_card.c */
call_settle settle_card;
call_answer answer_cert_switched;								/* control_rotate.c */
call_pursue pursue_cert_rotate;
call_answer answer_message_check, change_request_new, change_request_oral, change_request_edit, change_request_seal, change_request_send, change_request_abandon,	/* control_requests.c */
	answer_request_validate, change_submit;
call_settle settle_submitted;
call_answer change_request_link;							/* control_links.c */
call_answer change_request_assign, change_request_approve;				/* control_people.c */
call_answer answer_message_show, answer_manifest;					/* control_messages.c */
call_pursue pursue_upload;								/* control_upload.c */
call_pursue pursue_download;								/* control_download.c */
call_answer answer_timestamp_authority;						/* control_timestamp.c */
call_answer answer_seal_to;								/* control_sealed.c */
call_pursue pursue_unseal;
call_answer answer_queue_list;								/* control_queue_list.c */
call_answer answer_queue_flush, answer_queue_retry, change_queue_hold, change_queue_release, change_queue_drop,	/* control_queue_acts.c */
	change_daemon_hold, answer_daemon_drain;
call_answer answer_cert_status;								/* control_certificates.c */
call_answer answer_cert_history;							/* control_history.c */
call_pursue pursue_cert_revoke;								/* control_revoke.c */
call_answer answer_doctor;								/* control_examine.c */
call_pursue pursue_examination;							/* control_proofs.c: and then answer_doctor */
call_answer answer_metrics;								/* control_metrics.c */
call_answer answer_directory_show, answer_directory_route, change_directory_import, change_directory_announce,	/* control_directory.c */
	change_directory_confirm, change_directory_remove;
call_answer answer_consumer_list, change_consumer_add, change_consumer_acknowledge, change_consumer_remove;	/* control_consumers.c */
call_pursue pursue_watch;								/* control_watch.c */

/* Our certificates and lists, and those of each verified peer (daemon/desks/papers.h). */
struct paper;
enum fault inquiry_walk_papers(struct inquiry *inquiry, void (*each)(void *owner, const struct paper *paper), void *owner) MUST_CHECK;

/* How fresh what we know of this peer's revocations is. */
void inquiry_show_lists(struct inquiry *inquiry, Comity__PeerView *view);

/* How the line to a peer is, in the words of the protocol. */
struct peer_report;
const char *line_state(bool is_known, const struct peer_report *report);
