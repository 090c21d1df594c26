#pragma once
/* What the files of packet share.  Nobody else includes this. */
#include "proto/arena.h"
#include "proto/frame.h"
#include "proto/packet.h"
#include "proto/unpack.h"
#include "proto/wire.pb-c.h"

#define BAD(...) fault_say(FAULT_BAD_FRAME, __VA_ARGS__)

/* Every kind, as packet.h and wire.proto number it. */
#define PACKETS(X) \
	X(HELLO, hello) X(READY, ready) X(MANIFEST, manifest) X(CONFIRM, confirm) X(FETCH, fetch) X(MISSING, missing) \
	X(PING, ping) X(PONG, pong) X(GOODBYE, goodbye) X(RECALL, recall) X(RECALLED, recalled) X(SUMMARY, summary) \
	X(CHECKUP, checkup) X(FINDINGS, findings) X(ANNOUNCE, announce) X(ANNOUNCED, announced) X(AUDIT_HEAD, audit_head) \
	X(WAITING, waiting)

#define PACKET_FUNCTIONS(KIND, kind) \
	enum fault packet_read_##kind(struct arena *arena, const Comity__Frame *frame, struct packet *packet); \
	enum fault packet_write_##kind(const struct packet *packet, Comity__Frame *frame, struct bytes *out);
PACKETS(PACKET_FUNCTIONS)
#undef PACKET_FUNCTIONS

/* What a field must be; the fault names it.  What is taken is borrowed from the frame. */
enum fault take_fixed(const char *field, bool is_there, ProtobufCBinaryData from, uint8_t *to, size_t size);
enum fault take_text(const char *field, const char *text, size_t size_max, const char **to);
enum fault take_authority(const char *field, const char *text, const char **to);
enum fault take_slug(const char *field, const char *text, const char **to);
enum fault take_stamp(const char *field, const char *text, int64_t *to);
enum fault take_position(const char *field, const Comity__Position *from, struct position *to);
Comity__Position give_position(const struct position *from);
ProtobufCBinaryData give_span(struct span span);
struct span take_span(ProtobufCBinaryData data);
