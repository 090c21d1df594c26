#pragma once
/* What two daemons say to one another, as plain checked structs (docs/PROTOCOL.md, proto/wire.proto).
 *
 * Only packet.c sees the generated types.  What is read has every length, range and text checked, and
 * borrows from the arena and the frame: it lasts until the arena is reset.  What is written borrows from
 * the caller and is packed straight into the frame.  Bulk does not come this way (proto/frame.h). */
#include "proto/bytes.h"

enum {
	PROTOCOL_VERSION = 1,			/* the one this document speaks */
	PACKET_VERSIONS_MAX = 16,
	PACKET_AUTHORITY_MAX = 32,		/* characters of an authority id */
	PACKET_SLUG_MAX = 48,
	PACKET_TEXT_MAX = 1000,			/* bytes of a sentence for the other side's operator */
	PACKET_SIGNATURE_MAX = 16 << 10,
	PACKET_MESSAGES_MAX = 2048,		/* messages in one manifest */
	PACKET_CERTIFICATE_MAX = 8 << 10,
	PACKET_CARD_MAX = 256 << 10,		/* as certs/card.h has it */
	PACKET_REVOCATION_MAX = 64 << 10,	/* as certs/revocation.h has it */
	PACKET_RECALL_MAX = 64,			/* manifests asked for at once */
	PACKET_FINDINGS_MAX = 16,
};

enum packet_kind {
	PACKET_HELLO = 1,			/* numbered as in wire.proto */
	PACKET_READY,
	PACKET_MANIFEST,
	PACKET_CONFIRM,
	PACKET_FETCH,
	PACKET_MISSING,
	PACKET_PING,
	PACKET_PONG,
	PACKET_GOODBYE,
	PACKET_RECALL,
	PACKET_RECALLED,
	PACKET_SUMMARY,
	PACKET_CHECKUP,
	PACKET_FINDINGS,
	PACKET_ANNOUNCE,
	PACKET_ANNOUNCED,
	PACKET_AUDIT_HEAD,
	PACKET_WAITING,
	PACKET_KINDS,
};

/* Where one direction of a correspondence stands.  Number 0: nothing yet, and the hash is all zero. */
struct position {
	uint64_t number;
	uint8_t hash[DIGEST_SIZE];
};

struct hello {
	const uint32_t *versions;		/* 1 to PACKET_VERSIONS_MAX */
	size_t version_count;
	const char *authority, *addressee;	/* as claimed; link compares them */
	int64_t sent_at;			/* the speaker's clock, microseconds since 1970 UTC */
	struct position sent, received;		/* the speaker's own chain, and what it holds of ours */
	const char *software;			/* NULL when not told */
	uint32_t card_serial, card_held;	/* of the speaker's newest card, of ours that it holds; 0: none */
};

struct ready { uint32_t version; };

struct signed_manifest {
	struct span text, signature;		/* the exact text that was signed; DER */
	const struct span *messages;		/* the exact bytes, in the text's order */
	size_t message_count;
	struct span signing, delegation;	/* DER; both, or neither: the listener holds them */
};

struct confirm { struct position received; };

struct fetch {
	uint32_t stream;
	uint8_t message_id[16];
	uint32_t index;				/* from 1 */
	uint8_t sha256[DIGEST_SIZE];
	uint64_t offset, length;		/* 1 to FETCH_SIZE_MAX; the sum fits 63 bits */
	bool is_own;				/* of a message of the asker's */
};

struct waiting { uint8_t message_id[16]; uint32_t index; const char *reason; };
struct missing { uint32_t stream; const char *reason; };
struct ping { uint64_t number; };
struct pong { uint64_t number; int64_t sent_at; };
struct goodbye { const char *reason, *text; };	/* "" when not told */

/* Which chain, whoever speaks: of the one who recalls, or of the one who answers. */
enum whose { WHOSE_ASKERS = 1, WHOSE_GIVERS };

struct recall {
	enum whose chain;
	uint64_t from;				/* from 1 */
	uint32_t count;				/* 1 to PACKET_RECALL_MAX */
};

struct recalled {
	enum whose chain;
	uint64_t number;			/* from 1 */
	struct signed_manifest manifest;	/* without text: not held.  Messages may be empty: no longer held */
	bool has_more;				/* of this answer */
};

struct summary {
	struct position sent, received;
	uint64_t messages_sent, messages_received;
	bool is_answer;
};

struct finding { const char *rung, *reason, *text; };	/* reason: a slug; "" when the rung holds */

struct findings {
	const struct finding *list;		/* from the foot of the ladder */
	size_t count;
};

struct announce { struct span card, revocation; };		/* one of them */
struct announced { uint32_t serial; const char *reason; };	/* "": it was taken */
struct signed_head { struct span text, signature; };	/* an audit statement (proto/audit_head.h); DER */

struct packet {
	enum packet_kind kind;
	union {
		struct hello hello;
		struct ready ready;
		struct signed_manifest manifest;
		struct confirm confirm;
		struct fetch fetch;
		struct missing missing;
		struct waiting waiting;
		struct ping ping;
		struct pong pong;
		struct goodbye goodbye;
		struct recall recall;
		struct recalled recalled;
		struct summary summary;
		struct findings findings;
		struct announce announce;
		struct announced announced;
		struct signed_head audit_head;
	};
};

struct arena;

const char *packet_name(enum packet_kind kind);
/* Read the payload of a protobuf frame.  Faults: bad frame, with which field and why. */
enum fault packet_read(struct arena *arena, struct span payload, struct packet *packet) MUST_CHECK;
/* Append the packet as a whole frame.  Faults: frame too large, no memory. */
enum fault packet_write(const struct packet *packet, struct bytes *frame) MUST_CHECK;
