#include "daemon/line/listener.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <uv.h>

#include "daemon/line/endpoint.h"
#include "daemon/log.h"
#include "daemon/line/socket.h"

enum { BACKLOG = 128 };

struct listener {
	uv_loop_t *loop;
	listener_accepted *accepted;
	void *owner;
	void (*closed)(void *owner);
	uv_timer_t last;		/* closes last, so that an empty listener ends like any other */
	size_t count, open;
	uv_tcp_t sockets[];
};

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;
	uv_tcp_t *tcp = status ? NULL : malloc(sizeof *tcp);
	if (!tcp) {
		log_unusual("listener: a call could not be taken: %s", status ? uv_strerror(status) : "no memory");
		return;
	}
	uv_tcp_init(listener->loop, tcp);
	if (uv_accept(stream, (uv_stream_t *)tcp))
		socket_drop(tcp);
	else
		listener->accepted(listener->owner, tcp);
}

static enum fault read_address(const char *text, struct sockaddr_storage *address)
{
	struct endpoint endpoint;
	TRY(endpoint_read(text, &endpoint));
	int port = atoi(endpoint.port);
	if (!uv_ip4_addr(endpoint.host, port, (struct sockaddr_in *)address))
		return OK;
	if (!uv_ip6_addr(endpoint.host, port, (struct sockaddr_in6 *)address))
		return OK;
	return fault_say(FAULT_CONFIG, "\"%s\": a listening address is a number: 0.0.0.0:PORT, [::]:PORT", text);
}

static enum fault listen_on(struct listener *listener, const char *text)
{
	struct sockaddr_storage address;
	TRY(read_address(text, &address));
	uv_tcp_t *socket = &listener->sockets[listener->count];
	int error = uv_tcp_init(listener->loop, socket);
	if (error)
		return fault_say(FAULT_CONFIG, "cannot listen on %s: %s", text, uv_strerror(error));
	socket->data = listener;
	listener->count++;
	listener->open++;
	/* v6 only, so that [::] and 0.0.0.0 go together on one port */
	unsigned flags = address.ss_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
	error = uv_tcp_bind(socket, (struct sockaddr *)&address, flags);
	if (!error)
		error = uv_listen((uv_stream_t *)socket, BACKLOG, on_connection);
	if (error)
		return fault_say(FAULT_CONFIG, "cannot listen on %s: %s", text, uv_strerror(error));
	return OK;
}

enum fault listener_open(struct uv_loop_s *loop, const char *const *addresses, size_t count,
		listener_accepted *accepted, void *owner, struct listener **listener)
{
	struct listener *new = calloc(1, sizeof *new + count * sizeof new->sockets[0]);
	if (!new)
		return FAULT_NO_MEMORY;
	new->loop = loop;
	new->accepted = accepted;
	new->owner = owner;
	uv_timer_init(loop, &new->last);
	new->last.data = new;
	new->open = 1;
	for (size_t i = 0; i < count; i++) {
		enum fault fault = listen_on(new, addresses[i]);
		if (!fault)
			continue;
		listener_close(new, NULL);
		return fault;
	}
	*listener = new;
	return OK;
}

uint16_t listener_port(const struct listener *listener, size_t index)
{
	struct sockaddr_storage address;
	int size = sizeof address;
	if (index >= listener->count || uv_tcp_getsockname(&listener->sockets[index], (struct sockaddr *)&address, &size))
		return 0;
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
		: ((struct sockaddr_in *)&address)->sin_port);
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	if (--listener->open)
		return;
	if (listener->closed)
		listener->closed(listener->owner);
	free(listener);
}

void listener_close(struct listener *listener, void (*closed)(void *owner))
{
	listener->closed = closed;
	for (size_t i = 0; i < listener->count; i++)
		uv_close((uv_handle_t *)&listener->sockets[i], on_closed);
	uv_close((uv_handle_t *)&listener->last, on_closed);
}
