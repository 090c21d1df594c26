#include "daemon/line/dialer.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/line/socket.h"
#include "proto/bytes.h"

struct try {
	struct dialer *dialer;
	uv_tcp_t *tcp;		/* NULL once it has failed or was handed over */
	uv_connect_t request;
	char address[ENDPOINT_ADDRESS_SIZE];
};

struct dialer {
	uv_loop_t *loop;
	const struct dialer_listener *listener;
	void *owner;
	uv_timer_t timer;		/* the next address, or the end of patience */
	uv_getaddrinfo_t resolving;
	bool is_resolving, is_timer_open, is_over;
	struct endpoint endpoint;
	struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
	struct try tries[DIAL_ADDRESSES_MAX];
	size_t count, next, under_way;
	uint64_t started_at;		/* nanoseconds: of the resolving, then of the connecting */
	enum fault why;			/* the last failure of an address */
	char address[ENDPOINT_ADDRESS_SIZE], detail[192];
};

/* ── the end ─────────────────────────────────────────────────────────────────────────────────────── */

static void free_when_quiet(struct dialer *dialer)
{
	if (dialer->is_over && !dialer->is_resolving && !dialer->is_timer_open && !dialer->under_way)
		free(dialer);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct dialer *dialer = handle->data;
	dialer->is_timer_open = false;
	free_when_quiet(dialer);
}

static void drop(struct try *try)
{
	if (try->tcp)
		socket_drop(try->tcp);
	try->tcp = NULL;
}

static void finish(struct dialer *dialer)
{
	dialer->is_over = true;
	for (size_t i = 0; i < dialer->next; i++)
		drop(&dialer->tries[i]);
	if (dialer->is_resolving)
		uv_cancel((uv_req_t *)&dialer->resolving);
	uv_close((uv_handle_t *)&dialer->timer, on_timer_closed);
}

static void fail(struct dialer *dialer, enum fault why, const char *detail)
{
	finish(dialer);		/* memory stays until the timer's close callback */
	dialer->listener->failed(dialer->owner, dialer->address, why, detail);
}

/* ── the addresses ───────────────────────────────────────────────────────────────────────────────── */

static void on_timer(uv_timer_t *timer);

static enum fault fault_of(int error)
{
	static const struct { int error; enum fault fault; } meanings[] = {
		{ UV_ETIMEDOUT,    FAULT_LINE_TIMEOUT },
		{ UV_ENETUNREACH,  FAULT_NO_ROUTE },
		{ UV_EHOSTUNREACH, FAULT_NO_ROUTE },
		{ UV_EAFNOSUPPORT, FAULT_NO_ROUTE },
	};
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].error == error)
			return meanings[i].fault;
	return FAULT_LINE_REFUSED;
}

static void note_failure(struct dialer *dialer, const char *address, int error)
{
	dialer->why = fault_of(error);
	snprintf(dialer->address, sizeof dialer->address, "%s", address);
	snprintf(dialer->detail, sizeof dialer->detail, "%s: %s", address, uv_strerror(error));
}

static void on_connected(uv_connect_t *request, int status)
{
	struct try *try = request->data;
	struct dialer *dialer = try->dialer;
	dialer->under_way--;
	if (dialer->is_over) {
		free_when_quiet(dialer);
		return;
	}
	if (status) {
		note_failure(dialer, try->address, status);
		drop(try);
		uv_timer_start(&dialer->timer, on_timer, 0, 0);	/* do not wait for the next one's turn */
		return;
	}
	uv_tcp_t *tcp = try->tcp;
	try->tcp = NULL;
	finish(dialer);
	dialer->listener->connected(dialer->owner, tcp, try->address, (uv_hrtime() - dialer->started_at) / 1000);
}

static int start(struct dialer *dialer, struct try *try, const struct sockaddr *address)
{
	try->dialer = dialer;
	try->request.data = try;
	endpoint_address(try->address, address);
	uv_tcp_t *tcp = malloc(sizeof *tcp);
	if (!tcp)
		return UV_ENOMEM;
	uv_tcp_init(dialer->loop, tcp);
	try->tcp = tcp;
	int error = uv_tcp_connect(&try->request, tcp, address, on_connected);
	if (!error)
		dialer->under_way++;
	return error;
}

static void try_next(struct dialer *dialer)
{
	struct try *try = &dialer->tries[dialer->next];
	int error = start(dialer, try, (struct sockaddr *)&dialer->addresses[dialer->next++]);
	if (error) {
		note_failure(dialer, try->address, error);
		drop(try);
	}
	bool is_last = dialer->next == dialer->count;
	uint64_t pause = error ? 0 : is_last ? DIAL_PATIENCE_MS : DIAL_STAGGER_MS;
	uv_timer_start(&dialer->timer, on_timer, pause, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct dialer *dialer = timer->data;
	uint64_t spent_ms = (uv_hrtime() - dialer->started_at) / 1000000;
	if (dialer->next < dialer->count)
		try_next(dialer);
	else if (!dialer->under_way)
		fail(dialer, dialer->why, dialer->detail);
	else if (spent_ms >= DIAL_PATIENCE_MS)
		fail(dialer, FAULT_LINE_TIMEOUT, "no address answered");
	else
		uv_timer_start(timer, on_timer, DIAL_PATIENCE_MS - spent_ms, 0);
}

/* ── the name ────────────────────────────────────────────────────────────────────────────────────── */

static void tell_resolved(struct dialer *dialer)
{
	char list[256] = "";
	size_t used = 0;
	for (size_t i = 0; i < dialer->count && used < sizeof list - ENDPOINT_ADDRESS_SIZE - 2; i++) {
		char address[ENDPOINT_ADDRESS_SIZE];
		endpoint_address(address, (struct sockaddr *)&dialer->addresses[i]);
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", address);
	}
	uint64_t us = (uv_hrtime() - dialer->started_at) / 1000;
	dialer->started_at = uv_hrtime();
	dialer->listener->resolved(dialer->owner, list, us);
}

static void begin_trying(struct dialer *dialer)
{
	snprintf(dialer->address, sizeof dialer->address, "%.50s:%s", dialer->endpoint.host, dialer->endpoint.port);
	tell_resolved(dialer);
	if (!dialer->is_over)
		try_next(dialer);
}

static void on_literal(uv_timer_t *timer)
{
	begin_trying(timer->data);
}

/* The families alternate, beginning with the one that the resolver put first (RFC 8305 section 4). */
static void take_addresses(struct dialer *dialer, const struct addrinfo *list)
{
	int wanted = list->ai_family;
	const struct addrinfo *next[2] = { list, list };	/* of the wanted family, of the other */
	for (int turn = 0; dialer->count < DIAL_ADDRESSES_MAX && (next[0] || next[1]); turn ^= 1) {
		const struct addrinfo *at = next[turn];
		while (at && (at->ai_family == wanted) == turn)
			at = at->ai_next;
		if (at && at->ai_addrlen <= sizeof dialer->addresses[0])
			memcpy(&dialer->addresses[dialer->count++], at->ai_addr, at->ai_addrlen);
		next[turn] = at ? at->ai_next : NULL;
	}
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct dialer *dialer = request->data;
	dialer->is_resolving = false;
	if (!dialer->is_over && !status && list)
		take_addresses(dialer, list);
	uv_freeaddrinfo(list);
	if (dialer->is_over) {
		free_when_quiet(dialer);
		return;
	}
	if (dialer->count) {
		begin_trying(dialer);
		return;
	}
	snprintf(dialer->detail, sizeof dialer->detail, "%.120s: %s", dialer->endpoint.host,
		status ? uv_strerror(status) : "no address");
	fail(dialer, FAULT_NO_HOST, dialer->detail);
}

static bool take_literal(struct dialer *dialer)
{
	struct sockaddr_storage *to = &dialer->addresses[0];
	int port = atoi(dialer->endpoint.port);
	if (uv_ip4_addr(dialer->endpoint.host, port, (struct sockaddr_in *)to) &&
	    uv_ip6_addr(dialer->endpoint.host, port, (struct sockaddr_in6 *)to))
		return false;
	dialer->count = 1;
	return true;
}

static void on_resolver_broken(uv_timer_t *timer)
{
	fail(timer->data, FAULT_NO_HOST, "the resolver could not be asked");
}

static void resolve(struct dialer *dialer)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	dialer->resolving.data = dialer;
	dialer->is_resolving = !uv_getaddrinfo(dialer->loop, &dialer->resolving, on_resolved,
		dialer->endpoint.host, dialer->endpoint.port, &hints);
	if (!dialer->is_resolving)
		uv_timer_start(&dialer->timer, on_resolver_broken, 0, 0);
}

enum fault dialer_start(struct uv_loop_s *loop, const struct endpoint *endpoint,
		const struct dialer_listener *listener, void *owner, struct dialer **dialer)
{
	struct dialer *new = calloc(1, sizeof *new);
	if (!new)
		return FAULT_NO_MEMORY;
	new->loop = loop;
	new->endpoint = *endpoint;
	new->listener = listener;
	new->owner = owner;
	new->started_at = uv_hrtime();
	uv_timer_init(loop, &new->timer);
	new->timer.data = new;
	new->is_timer_open = true;
	if (take_literal(new))
		uv_timer_start(&new->timer, on_literal, 0, 0);
	else
		resolve(new);
	*dialer = new;
	return OK;
}

void dialer_cancel(struct dialer *dialer)
{
	if (!dialer->is_over)
		finish(dialer);
}
