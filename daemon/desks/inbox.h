#pragma once
/* What a peer says, from the line into the ledger: hear, keep, answer.
 *
 * A manifest is verified whole before anything of it is kept: its signature, its place in the chain, the hash of every
 * message.  Then it, the messages that it brings and our signed receipt are committed in one transaction, so that what
 * was receipted is there and what is there is receipted.  Only then is it answered.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"
#include "proto/manifest.h"

struct identity;
struct inbox;
struct peers;

struct inbox_listener {
	/* On the scribe's thread, in the transaction.  OK: the law accepts the message.  A fault that refuses: it is kept
	 * for a human and the receipt names the reason. */
	enum fault (*arrived)(void *owner, struct txn *txn, const Comity__Message *message, Comity__MessageState *state,
		struct arena *arena);
	/* On the scribe's thread: they receipted or completed messages of ours. */
	void (*receipted)(void *owner, struct txn *txn, const struct manifest *manifest);
	/* On the loop: something of this link was kept, and there may be something to send or to fetch. */
	void (*kept)(void *owner, struct link *link);
	/* On the loop: the peer broke the protocol; its link is being closed. */
	void (*broken)(void *owner, const char *peer, enum fault why, const char *detail);
	/* On the loop: messages came again that were receipted before, in our manifests of these numbers.  May be NULL. */
	void (*again)(void *owner, struct link *link, const uint64_t *receipts, size_t count);
	/* On the loop: do these certificates (signing, delegation) speak for the peer at that time (seconds since 1970)?
	 * Faults: those of trust_judge(). */
	enum fault (*judge)(void *owner, const char *peer, const struct span chain[2], int64_t at);
	/* On the loop: another message came under a used id, and was refused; its link stays.  May be NULL. */
	void (*reused)(void *owner, const char *peer, const char *detail);
};

enum fault inbox_open(struct scribe *scribe, const struct identity *identity, const struct inbox_listener *listener,
	void *owner, struct peers *peers, struct inbox **inbox) MUST_CHECK;
void inbox_close(struct inbox *inbox);		/* after the scribe; takes NULL */
/* Whose signature to expect from this peer (DER, proven by trust); empty: none, and nothing of it is kept. */
enum fault inbox_set_signer(struct inbox *inbox, const char *peer, struct span certificate) MUST_CHECK;
/* How many messages of a peer are kept in a day; UINT64_MAX, and until told: any number.  The manifest that reaches it is
 * kept whole.  Beyond it dispatches end their line with `message-quota`, and what was not receipted comes again; receipts
 * and completions are never counted. */
void inbox_set_quota(struct inbox *inbox, uint64_t messages);
void inbox_hear(struct inbox *inbox, struct link *link, const struct signed_manifest *manifest);
