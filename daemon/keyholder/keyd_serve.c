#include "daemon/keyholder/keyd_serve.h"

#include <string.h>

#include "certs/envelope.h"
#include "certs/secret.h"
#include "certs/files.h"
#include "certs/signature.h"
#include "daemon/keyholder/keyd_policy.h"
#include "daemon/keyholder/keyholder_line.h"
#include "daemon/log.h"

enum { CALL_BUDGET = 1 << 20 };

static enum fault reply(int fd, enum fault fault, struct span result, unsigned issued)
{
	Comity__HolderReply message = COMITY__HOLDER_REPLY__INIT;
	message.has_issued = issued > 0;
	message.issued = issued;
	if (fault) {
		message.fault = (char *)fault_slug(fault);
		message.detail = (char *)fault_detail(fault);
	} else {
		message.has_result = 1;
		message.result = (ProtobufCBinaryData){ result.len, (uint8_t *)result.at };
	}
	return holder_send(fd, &message.base, (struct span){ 0 }, FOR_EVER);
}

enum fault keyd_greet(int fd, enum fault fault, unsigned issued)
{
	return reply(fd, fault, (struct span){ 0 }, issued);
}

/* While not everybody has heard of our newest keys, manifests for the others are signed with older ones. */
static enum fault find_signer(const struct identity *identity, const Comity__HolderSign *call, const struct identity **signer)
{
	*signer = identity_generation(identity, ROLE_SIGNING, (struct span){ call->signer.data, call->signer.len });
	if (*signer)
		return OK;
	return fault_say(FAULT_KEYS_UNAVAILABLE, "the holder of the keys has another signing key than the daemon has a certificate of");
}

static enum fault sign(const struct identity *identity, const Comity__HolderSign *call, struct span content, struct bytes *der)
{
	const struct identity *signer;
	TRY(find_signer(identity, call, &signer));
	enum fault fault = policy_check(signer, content, call->at, call->enclosed);
	if (fault) {
		log_unusual("keyd: %s", fault_detail(fault));
		return fault;
	}
	return (call->enclosed ? signature_enclose : signature_make)(signer, content, call->at, der);
}

/* What it says is kept until it is answered; then it is gone. */
static enum fault serve_sign(int fd, const struct identity *identity, const Comity__HolderSign *call)
{
	struct bytes content = { 0 }, der = { 0 };
	if (!call->has_at || call->size > HOLDER_CONTENT_MAX)
		return FAULT_BAD_FRAME;
	TRY(bytes_reserve(&content, (size_t)call->size + 1));
	enum fault heard = holder_take(fd, content.at, (size_t)call->size, FOR_EVER);
	content.len = (size_t)call->size;
	if (!heard) {
		enum fault fault = sign(identity, call, span_of(&content), &der);
		heard = reply(fd, fault, span_of(&der), 0);
	}
	bytes_clear(&content);
	bytes_clear(&der);
	return heard;
}

/* Somebody may have sealed to a certificate of ours that was renewed since. */
static enum fault open_envelope(const struct identity *identity, const Comity__HolderOpen *call, uint8_t key[CONTENT_KEY_SIZE])
{
	struct span envelope = { call->envelope.data, call->envelope.len }, bound = { call->bound.data, call->bound.len };
	enum fault fault = envelope_open(identity, envelope, bound, key);
	for (const struct identity *one = identity_older(identity); one && fault == FAULT_BAD_ENVELOPE; one = identity_older(one))
		fault = envelope_open(one, envelope, bound, key);
	return fault;
}

static enum fault serve_open(int fd, const struct identity *identity, const Comity__HolderOpen *call)
{
	uint8_t key[CONTENT_KEY_SIZE] = { 0 };
	enum fault fault = open_envelope(identity, call, key);
	enum fault heard = reply(fd, fault, SPAN(key), 0);
	secret_wipe(key, sizeof key);
	return heard;
}

static enum fault serve_one(int fd, const struct identity *identity, struct arena *arena)
{
	ProtobufCMessage *message;
	TRY(holder_hear(fd, &comity__holder_call__descriptor, HOLDER_CALL_MAX, FOR_EVER, arena, &message));
	const Comity__HolderCall *call = (const Comity__HolderCall *)message;
	if (!call->sign == !call->open)
		return FAULT_BAD_FRAME;
	return call->sign ? serve_sign(fd, identity, call->sign) : serve_open(fd, identity, call->open);
}

enum fault keyd_serve(int fd, const struct identity *identity)
{
	struct arena arena;
	enum fault fault = OK;
	while (!fault) {
		arena_init(&arena, CALL_BUDGET);
		fault = serve_one(fd, identity, &arena);
		arena_clear(&arena);
	}
	return fault == FAULT_LINE_CUT ? OK : fault;
}
