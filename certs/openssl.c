#include "certs/openssl.h"

#include <openssl/err.h>
#include <stdio.h>

const char *openssl_reason(void)
{
	static _Thread_local char unnamed[64];
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : "no reason given";
	if (!reason) {
		snprintf(unnamed, sizeof unnamed, "error %lx", error);
		reason = unnamed;
	}
	ERR_clear_error();
	return reason;
}
