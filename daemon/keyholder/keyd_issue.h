#pragma once
/* What is issued with the keys of identity and delegation, which nobody holds longer than it takes: certificates and
 * revocation lists of the forms that there are, in place below keys/. */
#include "certs/identity.h"
#include "proto/keyholder.pb-c.h"

/* Faults: those of revocation_refresh(), revocation_enter(), identity_renew(); bad frame. */
enum fault issue_act(const char *directory, const struct identity_access *access, const Comity__HolderIssue *order,
	unsigned *issued) MUST_CHECK;
