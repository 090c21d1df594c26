#pragma once
/* Which status may follow which: the table that the daemons judge by (daemon/law/statuses), as far as the tool wants it. */
#include "tools/tool.h"

/* The act by which a case gets from there to there; where no row leads there from here, an act that leads there from
 * elsewhere, so that the daemon can say what is allowed.  NULL where none does, or only the sending of a request. */
const char *act_leading(Comity__RequestStatus__Value from, Comity__RequestStatus__Value to);

/* The whole table, for the help. */
void print_statuses(struct tool *tool);
