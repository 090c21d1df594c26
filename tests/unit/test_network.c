/* The network comes up: in a namespace of our own, so that nobody else's does. */
#include "tests/unit/scratch.h"

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <uv.h>

#include "daemon/line/network.h"

struct news {
	unsigned count;
	bool is_closed;
};

static void on_up(void *owner)
{
	((struct news *)owner)->count++;
}

static void on_closed(void *owner)
{
	((struct news *)owner)->is_closed = true;
}

static void set_loopback(int fd, bool is_up)
{
	struct ifreq request = { .ifr_name = "lo" };
	request.ifr_flags = is_up ? IFF_UP : 0;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
}

static void an_interface_that_comes_up_is_told(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct network *network;
	struct news news = { 0 };
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		print_message("no namespaces may be made here\n");
		skip();
	}
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(network_open(&loop, on_up, &news, &network), OK);
	set_loopback(fd, true);
	while (news.count < 1)
		uv_run(&loop, UV_RUN_ONCE);
	set_loopback(fd, false);
	set_loopback(fd, true);
	while (news.count < 2)
		uv_run(&loop, UV_RUN_ONCE);
	network_close(network, on_closed);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(news.is_closed);
	assert_int_equal(uv_loop_close(&loop), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_that_comes_up_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
