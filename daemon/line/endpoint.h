#pragma once
/* Where a daemon can be reached: "host:port", "192.0.2.1:7443", "[2001:db8::1]:7443". */
#include <stdbool.h>

#include "proto/fault.h"

struct sockaddr;

enum { ENDPOINT_HOST_MAX = 253, ENDPOINT_ADDRESS_SIZE = 64 };

struct endpoint {
	char host[ENDPOINT_HOST_MAX + 1];	/* a name or a literal, without brackets */
	char port[6];				/* 0 to 65535, decimal */
};

/* Faults: config, naming what is wrong with it. */
enum fault endpoint_read(const char *text, struct endpoint *endpoint) MUST_CHECK;
/* "192.0.2.1:7443", "[2001:db8::1]:7443"; "" for anything but IPv4 and IPv6. */
void endpoint_address(char text[ENDPOINT_ADDRESS_SIZE], const struct sockaddr *address);
