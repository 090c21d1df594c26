#pragma once
/* What `comity doctor` does not believe but tries: do the holder of the keys and our ports have what our card tells of?
 * Tried on a thread that may wait, before the examination, which then repeats what was found. */
#include "daemon/upkeep/examination.h"

/* Rows of the examination; the subject is the inquiry, whose state is what was found. */
examination_check check_holder, check_served;
