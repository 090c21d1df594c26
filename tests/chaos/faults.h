#pragma once
/* What the parts of faults.so share. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The function of that name which ours stands before. */
#define REAL(name) ({ \
	static __typeof__(name) *real_; \
	if (!real_) \
		real_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
	real_; })

/* As tests/chaos/world.py maps it. */
struct control {
	_Atomic uint32_t faults, one_in, seed, calls, struck, is_recording;
};
extern struct control *control;

/* Is it a file of the store or the blobs below COMITY_DISK_BELOW? */
bool is_below(int fd);
bool is_path_below(const char *path);

/* ── what a power cut would take back (undo.c) ─────────────────────────────────────────────────────────────────────── */

/* Around a change of these bytes of a file, so that what was there is known; `size` may reach beyond its end.  A change
 * through a descriptor with O_DSYNC that succeeded (`is_done`) lasts. */
struct undo_write { int fd; off_t offset; size_t size; bool is_noted; };
struct undo_write undo_before_write(int fd, off_t offset, size_t size);
void undo_after_write(const struct undo_write *write, bool is_done);

/* Around a sync: what was noted before it began lasts once it has succeeded. */
struct undo_sync { uint64_t inode, token; };
struct undo_sync undo_before_sync(int fd);
void undo_after_sync(struct undo_sync sync, bool is_done);
