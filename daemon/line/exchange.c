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

void exchange_enter(struct exchange *exchange)
{
	exchange->wires++;
}

void exchange_leave(struct exchange *exchange)
{
	exchange->wires--;
	close_when_empty(exchange);
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
