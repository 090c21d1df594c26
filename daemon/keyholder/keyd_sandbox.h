#pragma once
/* What is left to the holder of the keys once it has them: reading and writing what is open, and memory.
 *
 * No network (a namespace of its own where the system allows it, and no socket(2) in any case), no new program, no other
 * process, no file; not by chance or by force.  What is not on the list fails with EPERM; what only an intruder would
 * try ends the process.  A key in a token needs more: its module reads files, and talks to pcscd. */
#include "proto/fault.h"

enum sandbox { SANDBOX_FILES_CLOSED, SANDBOX_TOKEN };

/* There is no way back.  Fault: internal (the system has no seccomp; without it nothing is served). */
enum fault sandbox_enter(enum sandbox sandbox) MUST_CHECK;
