#pragma once
/* Durations, sizes and moments as people write them in settings and on command lines. */
#include "proto/bytes.h"

enum { UNITS_SIZE = 32 };	/* room for a text written here */

/* "10s", "5min", "2h30m", "90d", "2w", "250ms"; parts run from large to small, each unit once.  A unit is
 * needed ("0" alone is well understood).  Faults: bad document with a sentence. */
enum fault duration_read(const char *text, int64_t *milliseconds) MUST_CHECK;
void duration_write(char text[UNITS_SIZE], int64_t milliseconds);	/* reads back as the same */
/* "1024", "64 MiB", "16GiB", "2 GB": KiB counts 1024, kB 1000; "K", "M", "G", "T" alone mean KiB and so on. */
enum fault size_read(const char *text, uint64_t *size_bytes) MUST_CHECK;
void size_write(char text[UNITS_SIZE], uint64_t size_bytes);		/* for people: "14.2 MiB" */
/* A point in time: RFC 3339, YYYY-MM-DD (its first moment) or "YYYY-MM-DD HH:MM" in local time, "today", "yesterday", "now",
 * or "-3d" for a duration ago.  Microseconds since 1970 UTC as in stamp.h. */
enum fault moment_read(const char *text, int64_t *stamp) MUST_CHECK;
