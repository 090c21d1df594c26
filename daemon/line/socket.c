#include "daemon/line/socket.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "proto/bytes.h"

void socket_set_options(struct uv_tcp_s *tcp)
{
	static const struct { int level, name, value; } options[] = {
		{ SOL_SOCKET,  SO_KEEPALIVE,       1 },
		{ IPPROTO_TCP, TCP_NODELAY,        1 },		/* the wire gathers by itself */
		{ IPPROTO_TCP, TCP_KEEPIDLE,       20 },	/* uv_tcp_keepalive() fixes the other two */
		{ IPPROTO_TCP, TCP_KEEPINTVL,      5 },
		{ IPPROTO_TCP, TCP_KEEPCNT,        2 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT,   30000 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT,  128 << 10 },	/* so that an urgent message overtakes */
	};
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)tcp, &fd))
		return;
	for (size_t i = 0; i < ARRAY_LEN(options); i++)	/* each is a help, none a need */
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

void socket_peer_address(char text[ENDPOINT_ADDRESS_SIZE], const struct uv_tcp_s *tcp)
{
	struct sockaddr_storage address;
	int size = sizeof address;
	text[0] = 0;
	if (!uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &size))
		endpoint_address(text, (struct sockaddr *)&address);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void socket_drop(TAKES struct uv_tcp_s *tcp)
{
	uv_close((uv_handle_t *)tcp, on_closed);
}
