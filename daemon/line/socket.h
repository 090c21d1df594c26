#pragma once
/* The few things that are done to a TCP handle wherever it comes from.  Handles that change hands are
 * allocated with malloc(). */
#include "daemon/line/endpoint.h"

struct uv_tcp_s;

/* No delay, dead ends noticed within half a minute, and a shallow queue in the kernel. */
void socket_set_options(struct uv_tcp_s *tcp);
/* Of the other side; "" when it cannot be told. */
void socket_peer_address(char text[ENDPOINT_ADDRESS_SIZE], const struct uv_tcp_s *tcp);
/* Close and free a handle that nobody uses. */
void socket_drop(TAKES struct uv_tcp_s *tcp);
