#pragma once
/* Sealing end to end (docs/PROTOCOL.md, 6.1): before anything reaches the daemon, and after it came from there. */
#include "certs/parcel.h"
#include "tools/tool.h"

/* To whom contents of a case are sealed, if they are: --seal says so, or the counterpart's card, or who asks wants it in any case. */
struct sealing {
	bool is_wanted, is_demanded;	/* demanded: by the card */
	uint8_t theirs[4096], ours[4096];
	struct span to[2];
	char *const *names;			/* for whom alone, as they are called there; none: whoever may write there */
	size_t name_count;
	char *authority, *request_id;		/* ours, and the case: what is for somebody alone is bound to both */
};

/* Ask the daemon.  Faults: sealing required (there is nobody to seal to, or their certificate is of no use); those of it. */
enum fault sealing_begin(struct tool *tool, const char *ref, struct sealing *sealing) MUST_CHECK;

/* The whole file `from`, sealed into `to`, in constant memory; the slip's key and commitment are for the message, and live as long
 * as the tool.  Faults: no input, io, disk full. */
enum fault sealing_file(struct tool *tool, const struct sealing *sealing, int from, int to, Comity__Sealing **slip) MUST_CHECK;
/* A new key, and what tells it to both authorities; the slip lives as long as the tool. */
enum fault sealing_slip(struct tool *tool, const struct sealing *sealing, Comity__Sealing **slip, struct seal **seal) MUST_CHECK;

/* Subject, text and acts go inside, if --seal or the counterpart's card says so; what daemons must read of the acts stays
 * (proto/clear.h).  What has no words is left as it is, unless --seal says so.  Faults: those of sealing_begin(). */
enum fault sealing_words(struct tool *tool, const char *ref, Comity__Message *message) MUST_CHECK;
/* The same, asked of the daemon already.  Faults: too large, no memory. */
enum fault sealing_body(struct tool *tool, const struct sealing *sealing, Comity__Message *message) MUST_CHECK;

/* The key of one attachment or message, from the daemon, checked against what was signed. */
enum fault sealing_unlock(struct tool *tool, const Comity__Unseal *what, const Comity__Sealing *slip, struct seal **seal) MUST_CHECK;
/* Open the file at `sealed` as `path`, which is there only once all of it is verified; its size and digest.  Faults: seal broken,
 * exists, io, disk full. */
enum fault sealing_open_file(struct seal *seal, const char *sealed, const char *path, uint64_t *size, uint8_t sha256[DIGEST_SIZE])
	MUST_CHECK;
/* Put subject, text and acts back where they were.  Faults: bad document (the clear part is not that of what is inside), ... */
enum fault sealing_open_words(struct tool *tool, struct seal *seal, Comity__Message *message) MUST_CHECK;
/* The same, with the key that the daemon gives for this message. */
enum fault sealing_open_message(struct tool *tool, const char *ref, const char *id, Comity__Message *message) MUST_CHECK;
