#pragma once
/* For tests: documents made into Sample messages and back.  Includes first what cmocka.h wants included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/json.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/yaml.h"
#include "sample.pb-c.h"

typedef enum fault (*document_reader)(struct document *, const char *, struct span);

/* A Sample in the arena from a text; NULL and its fault when it is none. */
static inline Sample__Sample *sample_read(document_reader read, struct span text, struct arena *arena,
	struct mapping_faults *faults, enum fault *fault)
{
	struct document document;
	ProtobufCMessage *message = NULL;
	*fault = read(&document, "form.yaml", text);
	if (!*fault)
		*fault = mapping_read(&document, &sample__sample__descriptor, arena, &message, faults);
	document_clear(&document);
	return (Sample__Sample *)message;
}

static inline Sample__Sample *sample_from(document_reader read, const char *text, struct arena *arena)
{
	enum fault fault;
	Sample__Sample *sample = sample_read(read, span_of_text(text), arena, NULL, &fault);
	if (fault)
		fail_msg("%s", fault_detail(fault));
	return sample;
}

/* The sentence for a text that is refused with this fault. */
static inline const char *sample_refusal(document_reader read, const char *text, enum fault expected)
{
	struct arena arena;
	enum fault fault;
	arena_init(&arena, UNPACK_ARENA);
	assert_null(sample_read(read, span_of_text(text), &arena, NULL, &fault));
	arena_clear(&arena);
	if (fault != expected)
		fail_msg("%s, not %s: %s", fault_slug(fault), fault_slug(expected), text);
	return fault_detail(fault);
}

/* Are both the same message?  Compared packed. */
static inline void assert_same(const Sample__Sample *a, const Sample__Sample *b)
{
	struct bytes packed_a = { 0 }, packed_b = { 0 };
	assert_int_equal(pack(&a->base, &packed_a), OK);
	assert_int_equal(pack(&b->base, &packed_b), OK);
	assert_int_equal(packed_a.len, packed_b.len);
	if (packed_a.len)
		assert_memory_equal(packed_a.at, packed_b.at, packed_a.len);
	bytes_clear(&packed_a);
	bytes_clear(&packed_b);
}
