#include "daemon/line/network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/log.h"

enum { CALM_MS = 1000, INTERFACES_MAX = 256 };

struct network {
	uv_poll_t poll;
	uv_timer_t calm;
	int fd, open_handles;
	bool is_running[INTERFACES_MAX];	/* as it was told last, by index; of those beyond, every word is news */
	void (*came_up)(void *owner);
	void (*closed)(void *owner);
	void *owner;
};

/* ── hearing ──────────────────────────────────────────────────────────────────────────────────── */

/* An interface is told of for many reasons, over and over: only its coming up is news. */
static bool has_come_up(struct network *network, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *link))
		return false;
	bool is_running = link->ifi_flags & IFF_RUNNING;
	if (link->ifi_index < 0 || link->ifi_index >= INTERFACES_MAX)
		return is_running;
	bool was_running = network->is_running[link->ifi_index];
	network->is_running[link->ifi_index] = is_running;
	return is_running && !was_running;
}

static bool is_good_news(struct network *network, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == RTM_NEWADDR)
		return true;
	return message->nlmsg_type == RTM_NEWLINK && has_come_up(network, message);
}

static void on_calm(uv_timer_t *calm)
{
	struct network *network = calm->data;
	network->came_up(network->owner);
}

static void hear(struct network *network, const struct nlmsghdr *message, size_t left)
{
	for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
		if (is_good_news(network, message) && !uv_is_active((uv_handle_t *)&network->calm))
			uv_timer_start(&network->calm, on_calm, CALM_MS, 0);
}

/* What overflowed is lost (ENOBUFS), and the next word is heard again. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct network *network = poll->data;
	_Alignas(struct nlmsghdr) uint8_t buffer[16384];
	ssize_t len;
	(void)status;
	(void)events;
	while ((len = recv(network->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
		hear(network, (const struct nlmsghdr *)buffer, (size_t)len);
}

/* ── opening and closing ──────────────────────────────────────────────────────────────────────── */

static int subscribe(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || !bind(fd, (const struct sockaddr *)&address, sizeof address))
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

enum fault network_open(struct uv_loop_s *loop, void (*came_up)(void *owner), void *owner, struct network **network)
{
	int fd = subscribe();
	struct network *new = fd < 0 ? NULL : calloc(1, sizeof *new);
	if (fd < 0)
		return fault_say(FAULT_IO, "the system does not tell when the network comes up: %s", strerror(errno));
	if (!new || uv_poll_init(loop, &new->poll, fd)) {
		free(new);
		close(fd);
		return FAULT_NO_MEMORY;
	}
	new->fd = fd;
	new->open_handles = 2;
	new->came_up = came_up;
	new->owner = owner;
	uv_timer_init(loop, &new->calm);
	new->poll.data = new->calm.data = new;
	uv_poll_start(&new->poll, UV_READABLE, on_readable);
	*network = new;
	return OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct network *network = handle->data;
	if (--network->open_handles)
		return;
	close(network->fd);
	network->closed(network->owner);
	free(network);
}

void network_close(struct network *network, void (*closed)(void *owner))
{
	network->closed = closed;
	uv_close((uv_handle_t *)&network->poll, on_handle_closed);
	uv_close((uv_handle_t *)&network->calm, on_handle_closed);
}
