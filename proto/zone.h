#pragma once
/* Time zones by their IANA name ("Europe/Paris"), read from the system's tzdata, without touching the zone of this process.
 *
 * A name comes from an authority's card, so it is not trusted: only names that can be of the database are looked up, and
 * what a file says is held to limits.  A zone that was found is kept until the process ends and may be used by any thread;
 * there cannot be more of them than the system has files.  Moments are stamps (proto/stamp.h), days those of 1970.
 *
 * Source: RFC 9636 (TZif), and POSIX.1 for the rule at a file's end. */
#include "proto/stamp.h"

enum { ZONE_NAME_MAX = 64 };

struct zone;

/* NULL when the system does not know it: then there is no telling, and whoever asked goes by UTC. */
const struct zone *zone_find(const char *name);
/* "Europe/Paris"; "UTC" for NULL, which every function takes as that. */
const char *zone_name(const struct zone *zone);
/* Seconds east of Greenwich, then. */
int32_t zone_offset(const struct zone *zone, int64_t stamp);
/* The day it is there, then. */
int64_t zone_day(const struct zone *zone, int64_t stamp);
/* When that day begins there.  Where midnight comes twice, the first time; where it is left out, when the clocks jump. */
int64_t zone_day_begins(const struct zone *zone, int64_t day);
/* 2026-11-23T11:12:03+01:00, as the clocks there show it; without fractions. */
void zone_write(char text[STAMP_SIZE], const struct zone *zone, int64_t stamp);

/* Of a file's bytes; NULL when they are no TZif of version 2 or later, or beyond the limits.  For tests: freed with free(). */
struct zone *zone_read(const char *name, struct span file);
