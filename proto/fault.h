#pragma once
/* What can go wrong, and what follows from it.
 *
 * One table gives every fault its slug (stable: scripts, peers and `comity explain` use it), its
 * remedy (what the caller does about it: callers branch on the remedy, not on the fault), its exit
 * status (sysexits(3), UX 1.1), its sentence, and the hint that names the next step.  The slug also
 * travels to peers in refusals; ordinals are internal and may change between builds.
 *
 * A function that fails returns its fault and, where it knows more than the table (which line, which
 * field, which peer), leaves one sentence of detail with fault_say().  The detail belongs to the
 * thread and lasts until the next fault_say() on it.
 */

enum remedy {
	REMEDY_NONE,		/* nothing is wrong */
	REMEDY_RETRY,		/* the same attempt may succeed later */
	REMEDY_REFUSE,		/* what was asked is wrong: tell whoever asked */
	REMEDY_HANG_UP,		/* the peer broke the protocol or is not who it must be: drop the link */
	REMEDY_CALL_OPERATOR,	/* this machine needs a human: disk, key, memory */
};

#define FAULTS(X) \
	X(OK,                        "ok",                  REMEDY_NONE,          0,  "no fault", NULL) \
	/* ── this machine ─────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_NO_MEMORY,           "no-memory",           REMEDY_CALL_OPERATOR, 71, "memory is exhausted", "give the service more memory, or look for what else uses it") \
	X(FAULT_IO,                  "io",                  REMEDY_CALL_OPERATOR, 74, "the disk or the system refused an operation", "look at the kernel log and the file system") \
	X(FAULT_STORE_FULL,          "store-full",          REMEDY_RETRY,         75, "the store has no room left; nothing is lost", "comity store grow SIZE lets it grow at once; write store.map_size_max into the configuration too") \
	X(FAULT_DISK_FULL,           "disk-full",           REMEDY_RETRY,         75, "the disk is full; nothing is lost", "make room on the disk; work continues by itself") \
	X(FAULT_STORE_BROKEN,        "store-broken",        REMEDY_CALL_OPERATOR, 74, "the store holds a record that does not match its checksum", "stop the daemon, keep a copy of the store, restore a backup") \
	X(FAULT_STORE_BUSY,          "store-busy",          REMEDY_CALL_OPERATOR, 75, "another comityd has this store open", "one daemon per home: find it with: ps ax | grep comityd") \
	X(FAULT_STORE_MISSING,       "store-missing",       REMEDY_CALL_OPERATOR, 78, "there is no store here", "comity init makes one; if there was one, restore it before you start") \
	X(FAULT_STORE_FOREIGN,       "store-foreign",       REMEDY_CALL_OPERATOR, 78, "the store belongs to another authority or another version", "check --home and the configuration") \
	X(FAULT_IN_DOUBT,            "in-doubt",            REMEDY_CALL_OPERATOR, 75, "a commit failed and may or may not be on disk", "the daemon reopens the store by itself; repeat the command, it will not be done twice") \
	X(FAULT_NOT_FOUND,           "not-found",           REMEDY_REFUSE,        67, "there is no such thing", "what there is: comity request list, message list REF, attach list REF") \
	X(FAULT_EXISTS,              "exists",              REMEDY_REFUSE,        73, "it exists already and is not overwritten", "choose another name, or move the old one away") \
	X(FAULT_NO_INPUT,            "no-input",            REMEDY_REFUSE,        66, "the input cannot be read", "check the path and its permissions") \
	X(FAULT_USAGE,               "usage",               REMEDY_REFUSE,        64, "the command is not written as it should be", "comity help") \
	X(FAULT_CONFIG,              "config",              REMEDY_CALL_OPERATOR, 78, "the configuration is wrong", "mend the named line; comityd --check-config tells whether it is right") \
	X(FAULT_INTERNAL,            "internal",            REMEDY_CALL_OPERATOR, 70, "a mistake in comity itself", "please report it with the log") \
	/* ── what is said ─────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_BAD_FRAME,           "bad-frame",           REMEDY_HANG_UP,       76, "a frame is not of the protocol's form", "the counterpart's software or the line is at fault; see its log") \
	X(FAULT_FRAME_TOO_LARGE,     "frame-too-large",     REMEDY_HANG_UP,       76, "a frame is longer than the protocol allows", "the counterpart's software or the line is at fault; see its log") \
	X(FAULT_OUT_OF_TURN,         "out-of-turn",         REMEDY_HANG_UP,       76, "a frame came in a state that does not allow it", "the counterpart's software is at fault; see its log") \
	X(FAULT_VERSION,             "version",             REMEDY_HANG_UP,       76, "no protocol version is spoken by both sides", "one side must upgrade; comity peer show names both versions") \
	X(FAULT_BAD_DOCUMENT,        "bad-document",        REMEDY_REFUSE,        65, "the document is not well formed", "mend the named place") \
	X(FAULT_UNKNOWN_KEY,         "unknown-key",         REMEDY_REFUSE,        65, "the document has a key that the schema does not know", "mend the named place") \
	X(FAULT_WRONG_TYPE,          "wrong-type",          REMEDY_REFUSE,        65, "a value is not of the type the schema wants", "mend the named place") \
	X(FAULT_TOO_LARGE,           "too-large",           REMEDY_REFUSE,        65, "it is larger than the limit", NULL) \
	X(FAULT_TOO_DEEP,            "too-deep",            REMEDY_REFUSE,        65, "it is nested deeper than the limit", NULL) \
	X(FAULT_BAD_TEXT,            "bad-text",            REMEDY_REFUSE,        65, "a text is not valid UTF-8 or has forbidden characters", "write it in UTF-8, without control characters") \
	X(FAULT_BAD_NAME,            "bad-name",            REMEDY_REFUSE,        65, "a file name is not acceptable", "use a plain name: no '/', no '..', no control characters, at most 255 bytes") \
	X(FAULT_BAD_MANIFEST,        "bad-manifest",        REMEDY_HANG_UP,       76, "a manifest is not of the protocol's form", "the counterpart's software is at fault; see its log") \
	/* ── who says it ──────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_BAD_KEY,             "bad-key",             REMEDY_CALL_OPERATOR, 78, "a key or certificate of ours cannot be used", "restore the keys directory from its backup") \
	X(FAULT_BAD_CARD,            "bad-card",            REMEDY_REFUSE,        65, "this is not a sound card", "ask the authority whose card it should be to send it again, by another way") \
	X(FAULT_CARD_ALTERED,        "card-altered",        REMEDY_REFUSE,        65, "the card was altered after it was signed", "do not use it; ask the authority to send its card again, by another way") \
	X(FAULT_CARD_OLDER,          "card-older",          REMEDY_REFUSE,        65, "we hold a newer card of this authority", "comity peer show PEER tells which one") \
	X(FAULT_IDENTITY_DIFFERS,    "identity-differs",    REMEDY_REFUSE,        77, "the digits do not match: this card does not belong to the person on the telephone", "stop here; do not try until it fits; ask them to send the card by another way") \
	X(FAULT_IDENTITY_CHANGED,    "identity-changed",    REMEDY_REFUSE,        76, "the identity is not the one that was verified", "telephone them on a number you know before anything else") \
	X(FAULT_PEER_UNKNOWN,        "peer-unknown",        REMEDY_REFUSE,        67, "there is no such peer", "comity peer list") \
	X(FAULT_PEER_UNVERIFIED,     "peer-unverified",     REMEDY_REFUSE,        77, "the peer is not verified: nothing is sent to it or taken from it", "comity peer verify PEER") \
	X(FAULT_PEER_BLOCKED,        "peer-blocked",        REMEDY_REFUSE,        77, "the peer is blocked", "comity peer unblock PEER") \
	X(FAULT_PEER_AWAY,           "peer-away",           REMEDY_RETRY,         69, "the peer cannot be reached", "comity peer ping PEER shows how far one gets") \
	X(FAULT_STRANGER,            "stranger",            REMEDY_HANG_UP,       76, "the certificate names an authority that is not on our trust list", "if you know them: comity peer add, then the telephone check") \
	X(FAULT_WRONG_PEER,          "wrong-peer",          REMEDY_HANG_UP,       76, "the certificate is another authority's than the one that was dialled or claimed", "check the endpoint in the peer's card") \
	X(FAULT_CERT_EXPIRED,        "cert-expired",        REMEDY_HANG_UP,       76, "the peer's certificate has expired", "they must renew it; messages wait until then") \
	X(FAULT_CERT_NOT_YET,        "cert-not-yet-valid",  REMEDY_HANG_UP,       76, "the peer's certificate is not valid yet", "compare the clocks of both sides") \
	X(FAULT_CERT_REVOKED,        "cert-revoked",        REMEDY_HANG_UP,       76, "the peer's certificate was revoked", "ask them for their new card") \
	X(FAULT_CERT_UNTRUSTED,      "cert-untrusted",      REMEDY_HANG_UP,       76, "the peer's certificate does not lead to its verified identity", "telephone them; they may have a new identity, or someone is in between") \
	X(FAULT_CERT_PROFILE,        "cert-profile",        REMEDY_HANG_UP,       76, "the peer's certificate is not of the form the protocol demands", "they must issue it anew with comity") \
	X(FAULT_TLS,                 "tls",                 REMEDY_HANG_UP,       76, "the TLS session failed", "comity peer ping PEER shows where") \
	X(FAULT_REFUSED_BY_PEER,     "refused-by-peer",     REMEDY_HANG_UP,       76, "the peer refused our certificate", "ask them whether they have our card and finished the telephone check") \
	X(FAULT_BAD_SIGNATURE,       "bad-signature",       REMEDY_HANG_UP,       76, "a signature does not verify", "nothing was accepted; the counterpart must look at its signing key") \
	X(FAULT_LINE_CUT,            "line-cut",            REMEDY_RETRY,         69, "the connection ended without a goodbye", "it is dialled again by itself") \
	X(FAULT_LINE_TIMEOUT,        "line-timeout",        REMEDY_RETRY,         69, "the other side did not answer in time", "it is dialled again by itself") \
	X(FAULT_LINE_REFUSED,        "line-refused",        REMEDY_RETRY,         69, "the connection was refused", "the other daemon may be down, or the endpoint wrong") \
	X(FAULT_NO_HOST,             "no-host",             REMEDY_RETRY,         68, "the host name does not resolve", "check the endpoint in the peer's card and the name service") \
	X(FAULT_DUPLICATE_LINE,      "duplicate-line",      REMEDY_RETRY,         69, "both sides dialled; this connection gives way to the other", NULL) \
	X(FAULT_GOODBYE,             "goodbye",             REMEDY_RETRY,         69, "the other side said goodbye", "it is dialled again by itself") \
	/* ── the record ───────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_CHAIN_GAP,           "chain-gap",           REMEDY_HANG_UP,       76, "a manifest does not continue the chain", "the line is dialled again and both sides compare positions") \
	X(FAULT_CHAIN_FORK,          "chain-fork",          REMEDY_CALL_OPERATOR, 76, "the two sides hold different histories; the correspondence is stopped", "comity peer show PEER shows both heads; telephone the other authority") \
	X(FAULT_BEHIND_OWN_PAST,     "behind-own-past",     REMEDY_CALL_OPERATOR, 76, "the counterpart has newer entries of ours than we have: this store is older than it should be", "it is fetched back by itself; comity peer show PEER tells what came back") \
	X(FAULT_DIGEST_MISMATCH,     "digest-mismatch",     REMEDY_REFUSE,        76, "content does not match its digest", "it is fetched again; if it stays so, ask the sender") \
	X(FAULT_ID_REUSED,           "id-reused",           REMEDY_REFUSE,        76, "a different message came under an id that was used before", "the counterpart's software is at fault; both sides keep the report") \
	X(FAULT_WRONG_ADDRESSEE,     "wrong-addressee",     REMEDY_REFUSE,        76, "the message is not addressed to us, or not from the peer that sent it", "the counterpart's software is at fault; see its log") \
	X(FAULT_BAD_EVIDENCE,        "bad-evidence",        REMEDY_REFUSE,        1,  "the evidence is not whole or not genuine", "see what does not verify; ask for a new export") \
	/* ── casework ─────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_INCOMPLETE,          "incomplete",          REMEDY_REFUSE,        65, "the request is not complete", "mend what is named, then validate again") \
	X(FAULT_STATUS_TRANSITION,   "status-transition",   REMEDY_REFUSE,        65, "the status cannot change in this way", "comity request show REF tells what is allowed now") \
	X(FAULT_WRONG_SIDE,          "wrong-side",          REMEDY_REFUSE,        65, "this act belongs to the other side", "comity request show REF tells what is allowed now, and who is waited for") \
	X(FAULT_NOT_DRAFT,           "not-draft",           REMEDY_REFUSE,        65, "the request was sent already and can no longer be changed", "send a message, or make a linked request") \
	X(FAULT_AMBIGUOUS,           "ambiguous",           REMEDY_REFUSE,        67, "more than one thing goes by that name", "give more of it") \
	X(FAULT_KEY_REUSED,          "key-reused",          REMEDY_REFUSE,        65, "this idempotency key was used for another call", "use a new key for a new act") \
	/* ── the tool and its daemon ──────────────────────────────────────────────────────────── */ \
	X(FAULT_DAEMON_AWAY,         "daemon-away",         REMEDY_RETRY,         69, "comityd does not answer", "is it running?  comityd --home DIR, or: systemctl status comityd") \
	X(FAULT_ROLE_NEEDED,         "role-needed",         REMEDY_REFUSE,        77, "this act needs another role", "ask an administrator") \
	X(FAULT_NEEDS_ANSWER,        "needs-answer",        REMEDY_REFUSE,        64, "the command must ask questions but there is no terminal", "pass the answers as options; see comity help") \
	X(FAULT_NOT_YET,             "not-yet",             REMEDY_RETRY,         75, "it is not there yet", "it goes on by itself; comity request track REF shows how far it is") \
	X(FAULT_SHUTTING_DOWN,       "shutting-down",       REMEDY_RETRY,         75, "the daemon is shutting down", "repeat when it is back") \
	X(FAULT_EVENTS_EXPIRED,      "events-expired",      REMEDY_REFUSE,        75, "events that old are no longer kept", "list the requests anew and watch from there") \
	X(FAULT_CANNOT_CREATE,       "cannot-create",       REMEDY_REFUSE,        73, "nothing can be written there", "check the path: its directory must exist, and be open to you") \
	/* ── backups, retention, a full disk ──────────────────────────────────────────────────── */ \
	X(FAULT_DAEMON_RUNNING,      "daemon-running",      REMEDY_REFUSE,        75, "comityd is running", "stop it first: systemctl stop comityd, or end the process; then repeat") \
	X(FAULT_BAD_BACKUP,          "bad-backup",          REMEDY_REFUSE,        65, "the backup is not whole or not genuine", "comity backup verify PATH tells what is wrong with it; use another") \
	X(FAULT_RESTORE_UNFINISHED,  "restore-unfinished",  REMEDY_CALL_OPERATOR, 78, "a restore was cut short", "repeat it: comity backup restore PATH --confirm=AUTHORITY") \
	X(FAULT_ON_HOLD,             "on-hold",             REMEDY_RETRY,         75, "the authority is on hold after a restore and exchanges nothing yet", "comity daemon release lets it go on") \
	X(FAULT_PEER_ON_HOLD,        "peer-on-hold",        REMEDY_RETRY,         75, "the other authority was restored from a backup and is on hold", "it goes on when they release it; until then everything waits") \
	X(FAULT_REMOTE_STORE_FULL,   "remote-store-full",   REMEDY_RETRY,         75, "the other authority has no room left for now; nothing is lost", "it is tried again by itself; if it stays so, tell them") \
	/* ── coming back from an older store ──────────────────────────────────────────────────── */ \
	X(FAULT_CAUGHT_UP,           "caught-up",           REMEDY_RETRY,         69, "what was lost has been fetched back; the line begins anew", "it is dialled again by itself") \
	X(FAULT_RECALL_FORGED,       "recall-forged",       REMEDY_CALL_OPERATOR, 76, "what the counterpart gives back is not what was signed; the correspondence is stopped", "nothing of it was kept; telephone the other authority, then: comity peer unblock PEER") \
	X(FAULT_RECOVERING,          "recovering",          REMEDY_RETRY,         75, "this store is older than its own past and is fetching what it lost", "comity peer show PEER tells how far it is; repeat the command after that") \
	X(FAULT_OUT_OF_STEP,         "out-of-step",         REMEDY_CALL_OPERATOR, 76, "the two sides do not hold the same correspondence", "comity peer show PEER tells what differs; telephone the other authority") \
	/* ── the queue ──────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_DRAINING,            "draining",            REMEDY_RETRY,         75, "the daemon is being drained: it takes no submissions", "comity daemon release ends that; else repeat when it is back") \
	X(FAULT_ALREADY_SIGNED,      "already-signed",      REMEDY_REFUSE,        65, "the message is in a signed manifest: it cannot be dropped any more", "tell the other side that it is no longer required: comity request withdraw REF") \
	X(FAULT_OTHERS_FOLLOW,       "others-follow",       REMEDY_REFUSE,        65, "what came later rests on this message", "drop the later ones first: comity queue list") \
	X(FAULT_HELD,                "held",                REMEDY_RETRY,         75, "an operator holds it", "comity queue release, or comity daemon release") \
	X(FAULT_ORDER,               "order",               REMEDY_RETRY,         75, "an earlier message of the same request goes first", NULL) \
	/* ── fair among peers ───────────────────────────────────────────────────────────────────── */ \
	X(FAULT_QUOTA,               "quota",               REMEDY_RETRY,         75, "attachments of this peer have no room left here; nothing is lost", "it goes on by itself when there is room: purge closed cases (comity store purge), or raise limits.peer_quota and start comityd again") \
	/* ── events ─────────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_ANOTHER_EPOCH,       "another-epoch",       REMEDY_REFUSE,        75, "the store was restored since then, and its events are numbered anew", "list the requests anew, and watch from there") \
	/* ── time ───────────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_CLOCK_IN_DOUBT,      "clock-in-doubt",      REMEDY_RETRY,         75, "our clock shows what cannot be: nothing is destroyed for its age until it is believed again", "compare it with another; if it is wrong, set it right; if it is right: comity clock confirm") \
	/* ── the ladder between two sides ───────────────────────────────────────────────────────── */ \
	X(FAULT_NO_ROUTE,            "no-route",            REMEDY_RETRY,         69, "this machine has no way to that address", "look at its routes and at the firewall") \
	X(FAULT_CLOCK_DIFFERS,       "clock-differs",       REMEDY_CALL_OPERATOR, 69, "the clocks of the two sides differ too much", "compare both with a time service: timedatectl, chronyc tracking") \
	/* ── revocation ─────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_REVOCATION_OLDER,    "revocation-list-older", REMEDY_REFUSE,      65, "we hold a newer revocation list of the same issuer, and none goes back", "telephone them: they restored an old backup, and must revoke again what they had revoked; or somebody else has their keys") \
	X(FAULT_BAD_REVOCATION,      "bad-revocation-list", REMEDY_REFUSE,        65, "the revocation list is not valid", "nothing was changed; ask whoever issued it for a new one") \
	/* ── private keys ─────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_WRONG_PASSPHRASE,    "wrong-passphrase",    REMEDY_CALL_OPERATOR, 77, "the passphrase does not open the key", "nothing was changed; give the passphrase with which the key was protected") \
	X(FAULT_KEY_PROTECTED,       "key-protected",       REMEDY_CALL_OPERATOR, 78, "the key is protected, and nothing says where its passphrase or PIN is", "the daemon: keys.pin in comityd.yaml; the tool: --key-passphrase-file, --credential or a terminal") \
	X(FAULT_KEYS_UNAVAILABLE,    "keys-unavailable",    REMEDY_RETRY,         75, "the private keys cannot be used for now; nothing is lost, and nothing new leaves", "comity status tells why; what waits goes on by itself when they are back") \
	X(FAULT_SIGN_REFUSED,        "sign-refused",        REMEDY_CALL_OPERATOR, 70, "the holder of the keys does not sign this: it is nothing that the protocol says", "look at the log: either the two programs are of different versions, or somebody misuses the daemon") \
	X(FAULT_TOKEN_ABSENT,        "token-absent",        REMEDY_CALL_OPERATOR, 69, "the token that holds the key is not there", "is it plugged in, and its PKCS#11 module named (module-path=)?  pkcs11-tool --list-slots shows what there is") \
	X(FAULT_TOKEN_KEY_MISSING,   "token-key-missing",   REMEDY_CALL_OPERATOR, 67, "the token is there, but the key is not in it", "pkcs11-tool --login --list-objects shows what is in it") \
	X(FAULT_TOKEN_BROKEN,        "token-broken",        REMEDY_CALL_OPERATOR, 70, "the token refuses to do its work", "see what it says; its maker's tools tell more") \
	X(FAULT_PIN_WRONG,           "pin-wrong",           REMEDY_CALL_OPERATOR, 77, "the token does not accept the PIN", "nothing was changed; mend the PIN before it is tried again: tokens lock themselves after a few wrong ones") \
	X(FAULT_PIN_LOCKED,          "pin-locked",          REMEDY_CALL_OPERATOR, 77, "the token has locked its PIN", "its security officer must unlock it with the maker's tools") \
	/* ── messages of a day ────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_MESSAGE_QUOTA,       "message-quota",       REMEDY_RETRY,         75, "this peer brought as many messages as it may in a day; nothing is lost", "they are taken in again by the hour; to take more, raise limits.peer_messages and start comityd again") \
	X(FAULT_REMOTE_QUOTA,        "remote-quota",        REMEDY_RETRY,         75, "the other authority takes no more messages of ours for now; nothing is lost", "it is tried again by itself; if it stays so, tell them: they may raise limits.peer_messages") \
	/* ── the audit log ──────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_AUDIT_BROKEN,        "audit-broken",        REMEDY_CALL_OPERATOR, 1,  "the audit log is not what it was when it was written", "keep the disk as it is; compare with a backup and with what counterparts counter-signed") \
	/* ── sealed at rest ─────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_STORE_KEY,           "store-key",           REMEDY_CALL_OPERATOR, 78, "the store key is missing, or is another one; nothing was touched", "put the right key where store.key says (keys/store.key below the home, unless it says otherwise), from where it was put away") \
	X(FAULT_BAD_ENVELOPE,        "bad-envelope",        REMEDY_REFUSE,        65, "the sealed key cannot be opened", "it was sealed to another certificate than our present one, or was altered: ask the sender to seal it anew") \
	/* ── rotation ─────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_LINE_RENEWED,        "line-renewed",        REMEDY_RETRY,         69, "the line begins anew with a new key", "it is dialled again by itself") \
	/* ── sealed end to end ──────────────────────────────────────────────────────────────────── */ \
	X(FAULT_SEALING_REQUIRED,    "sealing-required",    REMEDY_REFUSE,        65, "the counterpart takes words and files only sealed end to end", "repeat it with --seal; files: comity attach add REF FILE --seal") \
	X(FAULT_SEAL_BROKEN,         "seal-broken",         REMEDY_REFUSE,        65, "what is sealed is not what was sealed; nothing of it is given out", "ask the sender to send it again") \
	/* ── the officers of a case ─────────────────────────────────────────────────────────────── */ \
	X(FAULT_APPROVAL_MISSING,    "approval-missing",    REMEDY_REFUSE,        77, "more officers must approve the request as it is now before it is sent", "each of them: comity request approve REF") \
	X(FAULT_APPROVED_ALREADY,    "approved-already",    REMEDY_REFUSE,        77, "you approved this request as it is already", "another officer must: comity request approve REF") \
	X(FAULT_DRAFT_CHANGED,       "draft-changed",       REMEDY_REFUSE,        77, "the draft is not what was read any more", "read it again: comity request show REF --full") \
	X(FAULT_SEAL_VOID,           "seal-void",           REMEDY_REFUSE,        65, "the draft is not what was sealed any more, and what was sealed is void", "seal it again, and have it approved again: comity request seal REF") \
	X(FAULT_NOT_NAMED,           "not-named",           REMEDY_REFUSE,        77, "it is protected: those alone open it for whom it was sealed", "whom it is for: comity attach list REF; who they are here stands in requests.named_officers") \
	X(FAULT_ASSIGNED,            "assigned",            REMEDY_REFUSE,        77, "the case is another officer's", "whoever has it can hand it over: comity request assign REF USER") \
	/* ── what the other side says of us ─────────────────────────────────────────────────────── */ \
	X(FAULT_OWN_CERT_REVOKED,    "own-cert-revoked",    REMEDY_HANG_UP,       76, "the other side says that our certificate was revoked", "comity cert rotate; were the keys put back from an old copy, restore newer ones") \
	/* ── training ───────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_TRAINING_MIXED,      "training-mixed",      REMEDY_REFUSE,        77, "an authority for training never meets one in earnest", "for exercises: comity --home DIR init --training, on both sides") \
	/* ── the directory ──────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_FOREIGN_ENTRY,       "foreign-entry",       REMEDY_REFUSE,        76, "an authority tells of another that is not its own to tell of", "nothing of it was taken; the message is kept: comity message show MESSAGE; telephone the sender") \
	X(FAULT_FALSE_NOTICE,        "false-notice",        REMEDY_REFUSE,        76, "the certificate of a destruction is not what its author could have signed", "nothing of it was taken; the message is kept: comity message show MESSAGE; telephone the sender") \
	/* ── time stamps ────────────────────────────────────────────────────────────────────────── */ \
	X(FAULT_BAD_TIMESTAMP,       "bad-timestamp",       REMEDY_REFUSE,        65, "a time stamp is not right, or not by an authority that was chosen", "comity evidence stamp FILE asks again; who may stamp: timestamp.ca_file, or --tsa-ca") \
	X(FAULT_TIMESTAMP_PENDING,   "timestamp-pending",   REMEDY_RETRY,         75, "the time stamping authority gave no stamp; nothing else depends on it", "later: comity evidence stamp FILE")

#define FAULT_ENUM(name, slug, remedy, exit_status, sentence, hint) name,
enum fault { FAULTS(FAULT_ENUM) FAULT_COUNT };
#undef FAULT_ENUM

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format, first) __attribute__((__format__(printf, format, first)))
#define TAKES		/* marks a parameter that is no longer the caller's afterwards */

enum remedy fault_remedy(enum fault fault);
const char *fault_slug(enum fault fault);
const char *fault_text(enum fault fault);
const char *fault_hint(enum fault fault);	/* NULL when there is none */
int fault_exit_status(enum fault fault);
/* The fault of that slug; FAULT_COUNT when there is none (a newer peer may know more than we do). */
enum fault fault_from_slug(const char *slug);

/* Leave a sentence of detail for whoever decides about this fault.  As an expression it is the fault itself: a macro,
 * so that compilers and analysers see at the caller that it is one. */
#define fault_say(which, ...) ({ enum fault said_ = (which); fault_leave(said_, __VA_ARGS__); said_; })
void fault_leave(enum fault fault, const char *format, ...) PRINTF_LIKE(2, 3);
/* The detail left with the last fault_say() on this thread, if it was for this fault; else its
 * sentence from the table.  Never NULL, lasts until the next fault_say() on this thread. */
const char *fault_detail(enum fault fault);

/* Pass a fault on where nothing needs undoing. */
#define TRY(call) do { enum fault try_fault_ = (call); if (try_fault_) return try_fault_; } while (0)
