#include "daemon/line/exchange.h"

#include <stdlib.h>

#include "proto/frame.h"
#include "proto/unpack.h"

enum { ARENA_SIZE = UNPACK_GROWTH * FRAME_SIZE_MAX + 2 * UNPACK_SLACK };

static void on_turn(uv_idle_t *turn)
{
	struct exchange *exchange = turn->data;
	struct errand *errand = exchange->errands;
	exchange->errands = NULL;
	uv_idle_stop(turn);
	while (errand) {	/* wires are freed by close callbacks only, so the list stays sound */
		struct errand *next = errand->next;
		errand->is_listed = false;
		errand->run(errand);
		errand = next;
	}
}

static void on_turn_closed(uv_handle_t *handle)
{
	struct exchange *exchange = handle->data;
	void (*closed)(void *owner) = exchange->closed;
	void *owner = exchange->owner;
	bytes_clear(&exchange->plaintext);
	bytes_clear(&exchange->ciphertext);
	arena_clear(&exchange->arena);
	free(exchange->input);
	free(exchange);
	if (closed)
		closed(owner);
}

enum fault exchange_open(uv_loop_t *loop, struct exchange **exchange)
{
	struct exchange *new = calloc(1, sizeof *new);
	uint8_t *input = malloc(EXCHANGE_INPUT_SIZE);
	if (!new || !input) {
		free(new);
		free(input);
		return FAULT_NO_MEMORY;
	}
	new->loop = loop;
	new->input = input;
	arena_init(&new->arena, ARENA_SIZE);
	uv_idle_init(loop, &new->turn);
	new->turn.data = new;
	*exchange = new;
	return OK;
}

static void close_when_empty(struct exchange *exchange)
{
	if (exchange->is_closing && !exchange->wires)
		uv_close((uv_handle_t *)&exchange->turn, on_turn_closed);
}

void exchange_close(struct exchange *exchange, void (*closed)(void *owner), void *owner)
{
	exchange->closed = closed;
	exchange->owner = owner;
	exchange->is_closing = true;
	close_when_empty(exchange);
}

void exchange_enter(struct exchange *exchange, struct unsent *unsent)
{
	unsent->next = exchange->wires;
	exchange->wires = unsent;
}

void exchange_leave(struct exchange *exchange, struct unsent *unsent)
{
	struct unsent **at = &exchange->wires;
	while (*at != unsent)
		at = &(*at)->next;
	*at = unsent->next;
	exchange->unsent -= unsent->bytes;
	close_when_empty(exchange);
}

static struct unsent *most_stuck(const struct exchange *exchange)
{
	struct unsent *most = NULL;
	for (struct unsent *one = exchange->wires; one; one = one->next)
		if (one->stuck_since && (!most || one->stuck_since < most->stuck_since))
			most = one;
	return most;
}

void exchange_count(struct exchange *exchange, struct unsent *unsent, size_t bytes)
{
	bool has_grown = bytes > unsent->bytes;
	exchange->unsent += bytes - unsent->bytes;
	unsent->bytes = bytes;
	struct unsent *stuck = has_grown && exchange->unsent > EXCHANGE_UNSENT_MAX ? most_stuck(exchange) : NULL;
	if (stuck) {
		stuck->stuck_since = 0;		/* told once */
		stuck->unread(stuck);
	}
}

bool exchange_is_short(const struct exchange *exchange)
{
	return exchange->unsent >= EXCHANGE_UNSENT_SHORT;
}

void exchange_add(struct exchange *exchange, struct errand *errand)
{
	if (errand->is_listed)
		return;
	if (!exchange->errands)
		uv_idle_start(&exchange->turn, on_turn);
	errand->is_listed = true;
	errand->next = exchange->errands;
	exchange->errands = errand;
}

void exchange_remove(struct exchange *exchange, struct errand *errand)
{
	if (!errand->is_listed)
		return;
	struct errand **at = &exchange->errands;
	while (*at != errand)
		at = &(*at)->next;
	*at = errand->next;
	errand->is_listed = false;
}
