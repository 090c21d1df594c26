#pragma once
/* The holder's side of the conversation (proto/keyholder.proto). */
#include "certs/identity.h"

/* Say whether we have the keys, or have done what was to be issued: OK, or why not.  Faults: line cut. */
enum fault keyd_greet(int fd, enum fault fault, unsigned issued) MUST_CHECK;
/* Answer calls until the other side ends: then OK.  Fault: whatever makes the other side unbelievable. */
enum fault keyd_serve(int fd, const struct identity *identity) MUST_CHECK;
