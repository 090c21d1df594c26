#include "daemon/keyholder/keyholder.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "daemon/keyholder/keyholder_line.h"
#include "daemon/keyholder/keyholder_start.h"
#include "daemon/log.h"

enum {
	SIGN_MS = 5000,
	PAUSE_MS = 1000,		/* after a failed start */
};

struct keyholder {
	struct keyholder_place place;
	struct signing_hand hand;
	pthread_mutex_t turn;
	int fd;				/* -1: there is no holder */
	pid_t child;
	int64_t pause_until;
	_Atomic uint64_t signatures;
	enum fault fault;		/* why there is none */
	char why[KEYHOLDER_WHY_SIZE];
};

/* ── with the turn taken ──────────────────────────────────────────────────────────────────────── */

static void drop(struct keyholder *holder)
{
	keyholder_part(holder->fd, holder->child);
	holder->fd = -1;
	holder->child = 0;
}

static enum fault fetch(struct keyholder *holder)
{
	static const Comity__HolderBegin to_sign = COMITY__HOLDER_BEGIN__INIT;
	TRY(keyholder_reach(&holder->place, &holder->fd, &holder->child));
	return keyholder_begin(holder->fd, &to_sign, NULL);
}

static void note(struct keyholder *holder, enum fault fault)
{
	if (fault && fault != holder->fault)
		log_broken("keyholder: %s", fault_detail(fault));
	if (!fault && holder->fault)
		log_info("keyholder: the keys can be used again");
	holder->fault = fault;
	snprintf(holder->why, sizeof holder->why, "%s", fault ? fault_detail(fault) : "");
}

/* Never by itself again with a secret that was not right: a token locks after a few of them. */
static int64_t pause_after(enum fault fault)
{
	bool is_secret = fault == FAULT_PIN_WRONG || fault == FAULT_PIN_LOCKED || fault == FAULT_WRONG_PASSPHRASE;
	return is_secret ? INT64_MAX : holder_clock() + PAUSE_MS;
}

static enum fault have_one(struct keyholder *holder)
{
	if (holder->fd >= 0)
		return OK;
	if (holder->fault && holder_clock() < holder->pause_until)
		return fault_say(holder->fault, "%s", holder->why);
	enum fault fault = fetch(holder);
	note(holder, fault);
	if (fault) {
		fault_say(fault, "%s", holder->why);
		drop(holder);
		holder->pause_until = pause_after(fault);
	}
	return fault;
}

static enum fault ask_holder(struct keyholder *holder, const Comity__HolderCall *call, struct span content, enum fault *answer,
	struct bytes *result)
{
	int64_t until = holder_clock() + SIGN_MS;
	TRY(holder_send(holder->fd, &call->base, content, until));
	return keyholder_hear(holder->fd, until, answer, result, NULL);
}

/* Once more with another holder when this one is dead, or has another key than the daemon by now: what is asked may be
 * asked again. */
static enum fault ask_surely(struct keyholder *holder, const Comity__HolderCall *call, struct span content, enum fault *answer,
	struct bytes *result)
{
	enum fault fault = OK;
	for (int attempt = 0; attempt < 2; attempt++) {
		TRY(have_one(holder));
		*answer = OK;
		fault = ask_holder(holder, call, content, answer, result);
		if (fault != FAULT_LINE_CUT && *answer != FAULT_KEYS_UNAVAILABLE)
			break;
		drop(holder);
	}
	return fault;
}

/* Of what was asked, not of whom. */
static bool is_of_the_call(enum fault answer)
{
	return answer == FAULT_SIGN_REFUSED || answer == FAULT_BAD_ENVELOPE || fault_remedy(answer) == REMEDY_HANG_UP;
}

/* Only a refusal is the caller's business.  With anything else the next attempt gets another holder: a token that was
 * taken out and put back wants a new session.  Why it is so is for the log and the operator: callers tell peers what
 * they are told. */
static enum fault settle(struct keyholder *holder, enum fault fault, enum fault answer)
{
	if (!fault && (!answer || is_of_the_call(answer)))
		return answer;
	if (holder->fd >= 0 || !holder->fault) {	/* else have_one() has said why there is none */
		note(holder, fault ? fault : answer);
		drop(holder);
		holder->pause_until = pause_after(holder->fault);
	}
	return fault_say(FAULT_KEYS_UNAVAILABLE, "%s", fault_text(FAULT_KEYS_UNAVAILABLE));
}

/* ── any thread ───────────────────────────────────────────────────────────────────────────────── */

static enum fault take_turn(struct keyholder *holder, const Comity__HolderCall *call, struct span content, struct bytes *result)
{
	enum fault answer = OK;
	pthread_mutex_lock(&holder->turn);
	enum fault fault = ask_surely(holder, call, content, &answer, result);
	fault = settle(holder, fault, answer);
	pthread_mutex_unlock(&holder->turn);
	return fault;
}

static enum fault sign(void *owner, const struct identity *identity, struct span content, int64_t at, bool is_enclosed,
	struct bytes *der)
{
	struct keyholder *holder = owner;
	uint8_t signer[DIGEST_SIZE];
	if (content.len > HOLDER_CONTENT_MAX)
		return fault_say(FAULT_TOO_LARGE, "%zu bytes cannot be signed at once", content.len);
	digest_of(signer, identity_certificate(identity, ROLE_SIGNING));
	Comity__HolderSign order = COMITY__HOLDER_SIGN__INIT;
	Comity__HolderCall call = COMITY__HOLDER_CALL__INIT;
	order.has_signer = order.has_at = order.has_enclosed = order.has_size = 1;
	order.signer = (ProtobufCBinaryData){ sizeof signer, signer };
	order.at = at;
	order.enclosed = is_enclosed;
	order.size = content.len;
	call.sign = &order;
	enum fault fault = take_turn(holder, &call, content, der);
	holder->signatures += !fault;
	return fault;
}

uint64_t keyholder_signatures(const struct keyholder *holder)
{
	return holder->signatures;
}

enum fault keyholder_unseal(struct keyholder *holder, struct span envelope, struct span bound, uint8_t key[CONTENT_KEY_SIZE])
{
	struct bytes opened = { 0 };
	Comity__HolderOpen order = COMITY__HOLDER_OPEN__INIT;
	Comity__HolderCall call = COMITY__HOLDER_CALL__INIT;
	if (envelope.len > ENVELOPE_SIZE_MAX)
		return fault_say(FAULT_BAD_ENVELOPE, "this is no envelope");
	order.has_envelope = 1;
	order.envelope = (ProtobufCBinaryData){ envelope.len, (uint8_t *)envelope.at };
	order.has_bound = bound.len > 0;
	order.bound = (ProtobufCBinaryData){ bound.len, (uint8_t *)bound.at };
	call.open = &order;
	enum fault fault = take_turn(holder, &call, (struct span){ 0 }, &opened);
	if (!fault && opened.len != CONTENT_KEY_SIZE)
		fault = FAULT_KEYS_UNAVAILABLE;
	if (!fault)
		memcpy(key, opened.at, CONTENT_KEY_SIZE);
	bytes_wipe(&opened);
	return fault;
}

enum fault keyholder_open(const struct keyholder_place *place, struct keyholder **opened)
{
	struct keyholder *holder = calloc(1, sizeof *holder);
	*opened = NULL;
	if (!holder)
		return FAULT_NO_MEMORY;
	holder->place = *place;
	holder->hand = (struct signing_hand){ .owner = holder, .sign = sign };
	holder->fd = -1;
	pthread_mutex_init(&holder->turn, NULL);
	enum fault fault = fetch(holder);
	if (fault)
		keyholder_close(holder);
	else
		*opened = holder;
	return fault;
}

void keyholder_close(struct keyholder *holder)
{
	if (!holder)
		return;
	drop(holder);
	pthread_mutex_destroy(&holder->turn);
	free(holder);
}

const struct keyholder_place *keyholder_whereabouts(const struct keyholder *holder)
{
	return &holder->place;
}

const struct signing_hand *keyholder_hand(const struct keyholder *holder)
{
	return &holder->hand;
}

/* Whoever has the turn has a holder, or is about to find out. */
enum fault keyholder_state(struct keyholder *holder, char why[KEYHOLDER_WHY_SIZE])
{
	enum fault fault = OK;
	*why = 0;
	if (pthread_mutex_trylock(&holder->turn))
		return OK;
	if (holder->fd < 0 && holder->fault) {
		fault = holder->fault;
		memcpy(why, holder->why, sizeof holder->why);
	}
	pthread_mutex_unlock(&holder->turn);
	return fault;
}

bool keyholder_needs_mending(struct keyholder *holder)
{
	if (pthread_mutex_trylock(&holder->turn))
		return false;
	struct pollfd ear = { .fd = holder->fd, .events = POLLIN };	/* it never speaks unasked */
	bool is_gone = holder->fd < 0 || poll(&ear, 1, 0) != 0;
	pthread_mutex_unlock(&holder->turn);
	return is_gone;
}

enum fault keyholder_mend(struct keyholder *holder)
{
	pthread_mutex_lock(&holder->turn);
	struct pollfd ear = { .fd = holder->fd, .events = POLLIN };
	if (holder->fd >= 0 && poll(&ear, 1, 0) != 0)
		drop(holder);
	enum fault fault = have_one(holder);
	pthread_mutex_unlock(&holder->turn);
	return fault;
}

enum fault keyholder_reload(struct keyholder *holder)
{
	pthread_mutex_lock(&holder->turn);
	drop(holder);
	enum fault fault = have_one(holder);
	pthread_mutex_unlock(&holder->turn);
	return fault;
}
