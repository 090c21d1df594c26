#pragma once
/* The switchboard: opens every room, joins their listeners, and closes them in order. */
#include "daemon/config.h"

/* Run until a signal ends it.  Faults: whatever kept it from starting, with its sentence. */
enum fault comityd_run(const struct places *places, const struct settings *settings) MUST_CHECK;
