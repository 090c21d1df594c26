#pragma once
/* UUIDs, version 7 (RFC 9562 section 5.7): the time in front, so that they sort by age. */
#include "proto/bytes.h"

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 37 };	/* with its NUL */

/* A new one, greater than all that this process made before (RFC 9562 section 6.2 method 1: a counter of
 * 12 bits in rand_a; when the clock stands still or goes back, the counter goes on).  Any thread. */
void uuid_new(char text[UUID_TEXT_SIZE]);

void uuid_text(char text[UUID_TEXT_SIZE], const uint8_t id[UUID_SIZE]);
/* Lower case only: one form, one meaning.  Any version. */
bool uuid_read(uint8_t id[UUID_SIZE], struct span text);
