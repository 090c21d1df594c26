#pragma once
/* This machine's network: tells when some of it has come up, an interface or an address (rtnetlink(7)). */
#include "proto/fault.h"

struct network;
struct uv_loop_s;

/* `came_up` is called a second after the first of what came, for more may be on its way.  Fault: io, where the system does not
 * tell (a sandbox without AF_NETLINK). */
enum fault network_open(struct uv_loop_s *loop, void (*came_up)(void *owner), void *owner, struct network **network) MUST_CHECK;
/* `closed(owner)` is the last call. */
void network_close(struct network *network, void (*closed)(void *owner));
