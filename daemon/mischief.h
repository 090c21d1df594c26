#pragma once
/* Dying on purpose, at the worst moment, for tests/chaos.  Only a build with -Dmischief=true has it; in any other the
 * calls are empty.
 *
 * The environment says what is to happen: COMITY_MISCHIEF=ACTION:POINT:NAME:COUNT, for instance
 * die:before-send:manifest:3, just before the third manifest would be sent.
 *
 *   ACTION  die: as by kill -9.  halt: as by SIGSTOP, so that whoever watches can cut the line at this very moment.
 *   POINT   before- or after- and commit, send, hear, rename, sync, renew, switch, succeed or wrap
 *   NAME    of a frame: its kind, as proto/packet.c names it, or bulk; of a commit: batch; of a file: blob; of our keys: keys,
 *           or identity when that is renewed too, overlap when the lines switch to the new ones, revoked when one is to be succeeded; of keys
 *           of the ledger: vault */
#include <stdbool.h>

#ifdef COMITY_MISCHIEF
/* Here we are; on any thread.  What is after a sending has been handed to the system by then. */
void mischief(const char *point, const char *name);
/* Is the instruction about this point?  Then what was said must leave at once, not at the end of the turn. */
bool mischief_awaits(const char *point, const char *name);
#else
static inline void mischief(const char *point, const char *name)
{
	(void)point, (void)name;
}

static inline bool mischief_awaits(const char *point, const char *name)
{
	(void)point, (void)name;
	return false;
}
#endif
