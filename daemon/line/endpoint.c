#include "daemon/line/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD(...) fault_say(FAULT_CONFIG, __VA_ARGS__)

static enum fault read_port(const char *text, const char *from, struct endpoint *endpoint)
{
	size_t length = strlen(from);
	if (!length || length > 5 || strspn(from, "0123456789") != length || atoi(from) > 65535)
		return BAD("\"%s\": the port must be a number from 0 to 65535", text);
	memcpy(endpoint->port, from, length + 1);
	return OK;
}

static enum fault read_host(const char *text, const char *from, size_t length, struct endpoint *endpoint)
{
	if (!length || length > ENDPOINT_HOST_MAX)
		return BAD("\"%.300s\": the host must have 1 to %d characters", text, ENDPOINT_HOST_MAX);
	memcpy(endpoint->host, from, length);
	endpoint->host[length] = 0;
	/* '%' for the zone of a link-local address */
	if (strspn(endpoint->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%") != length)
		return BAD("\"%s\": a host name has letters, digits, '-' and '.'", text);
	return OK;
}

static enum fault read_bracketed(const char *text, struct endpoint *endpoint)
{
	const char *end = strchr(text, ']');
	if (!end || end[1] != ':')
		return BAD("\"%s\" is not of the form [address]:port", text);
	TRY(read_host(text, text + 1, (size_t)(end - text - 1), endpoint));
	return read_port(text, end + 2, endpoint);
}

enum fault endpoint_read(const char *text, struct endpoint *endpoint)
{
	if (*text == '[')
		return read_bracketed(text, endpoint);
	const char *colon = strrchr(text, ':');
	if (!colon)
		return BAD("\"%s\" has no port; write host:port", text);
	if (memchr(text, ':', (size_t)(colon - text)))
		return BAD("\"%s\": an IPv6 address needs brackets: [address]:port", text);
	TRY(read_host(text, text, (size_t)(colon - text), endpoint));
	return read_port(text, colon + 1, endpoint);
}

void endpoint_address(char text[ENDPOINT_ADDRESS_SIZE], const struct sockaddr *address)
{
	char host[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	text[0] = 0;
	if (address->sa_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host))
		snprintf(text, ENDPOINT_ADDRESS_SIZE, "%s:%u", host, ntohs(v4->sin_port));
	if (address->sa_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host))
		snprintf(text, ENDPOINT_ADDRESS_SIZE, "[%s]:%u", host, ntohs(v6->sin6_port));
}
