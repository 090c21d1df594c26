#pragma once
/* A world of authorities for tests: each in a directory of its own, with real keys. */
#include "certs/identity.h"
#include "scratch.h"

#define NOON INT64_C(1795435200)	/* 2026-11-23T12:00:00Z: when everything here was made */
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)

#define assert_fault(call, expected) \
	do { \
		enum fault fault_ = (call); \
		if (fault_ != (expected)) \
			fail_msg("%s: \"%s\" (%s) instead of %s", #call, fault_slug(fault_), fault_detail(fault_), \
				 fault_slug(expected)); \
	} while (0)
#define assert_ok(call) assert_fault(call, OK)

struct authority {
	char home[64];
	struct identity *identity;
};

static inline void make_home(char home[64])
{
	struct scratch scratch;
	scratch_new(&scratch);
	strcpy(home, scratch.dir);
}

static inline void remove_home(const char *home)
{
	struct scratch scratch;
	strcpy(scratch.dir, home);
	scratch_remove(&scratch);
}

static inline struct authority authority_new(const char *id)
{
	struct authority authority;
	make_home(authority.home);
	assert_ok(identity_create(authority.home, id, "Central Authority", NOON));
	assert_ok(identity_load(authority.home, &authority.identity));
	return authority;
}

static inline void authority_free(struct authority *authority)
{
	identity_free(authority->identity);
	remove_home(authority->home);
}

/* Run a shell command line built like printf; its exit status. */
static inline int shell(const char *format, ...) PRINTF_LIKE(1, 2);
static inline int shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	return system(command);
}
