/* The form of a request: nothing of a document is lost in it. */
#include "tests/unit/requests.h"

#include "proto/mapping.h"
#include "proto/yaml.h"
#include "tools/form.h"

static ProtobufCMessage *read_form(struct bytes *form, struct arena *arena)
{
	struct document read = { 0 };
	ProtobufCMessage *message = NULL;
	arena_init(arena, 8 << 20);
	enum fault fault = yaml_read(&read, "form", span_of(form));
	if (!fault)
		fault = mapping_read(&read, &comity__request__descriptor, arena, &message, NULL);
	if (fault)
		fail_msg("%s\n%s", fault_detail(fault), bytes_text(form));
	document_clear(&read);
	form_tidy(message);
	return message;
}

static void same_documents(const ProtobufCMessage *one, const ProtobufCMessage *other)
{
	struct bytes first = { 0 }, second = { 0 };
	assert_int_equal(yaml_write(one, &first), OK);
	assert_int_equal(yaml_write(other, &second), OK);
	assert_string_equal(bytes_text(&first), bytes_text(&second));
	bytes_clear(&first);
	bytes_clear(&second);
}

static void a_document_is_whole_in_its_form(void **state)
{
	(void)state;
	static const char *const samples[] = { "bank-records.yaml", "bank-records-incomplete.yaml", "data-preservation.yaml",
		"protected-witness.yaml", "subscriber-data.yaml", "wrong-state.yaml" };
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct world world = { 0 };
		struct bytes form = { 0 };
		struct arena arena;
		load(&world, samples[i]);
		assert_int_equal(form_write(world.request, &form), OK);
		same_documents(&world.request->base, read_form(&form, &arena));
		bytes_clear(&form);
		arena_clear(&arena);
		world_close(&world);
	}
}

/* Nothing filled in is the act itself, with nothing in it. */
static void every_act_has_a_form_that_is_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < comity__act__descriptor.n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &comity__act__descriptor.fields[i];
		struct bytes form = { 0 };
		struct arena arena;
		struct document read = { 0 };
		ProtobufCMessage *message = NULL;
		arena_init(&arena, 8 << 20);
		assert_int_equal(form_write_act(field, &form), OK);
		enum fault fault = yaml_read(&read, field->name, span_of(&form));
		if (!fault)
			fault = mapping_read(&read, &comity__message__descriptor, &arena, &message, NULL);
		if (fault)
			fail_msg("%s\n%s", fault_detail(fault), bytes_text(&form));
		form_tidy(message);
		const Comity__Message *said = (const Comity__Message *)message;
		bool is_bare = field->type == PROTOBUF_C_TYPE_MESSAGE && said->n_acts == 1;
		assert_true(is_bare);
		assert_int_equal(said->acts[0]->kind_case, (int)field->id);
		document_clear(&read);
		bytes_clear(&form);
		arena_clear(&arena);
	}
}

static void nothing_is_an_empty_form_and_back(void **state)
{
	(void)state;
	Comity__Request empty = COMITY__REQUEST__INIT;
	struct bytes form = { 0 };
	struct arena arena;
	assert_int_equal(form_write(&empty, &form), OK);
	same_documents(&empty.base, (ProtobufCMessage *)read_form(&form, &arena));
	bytes_clear(&form);
	arena_clear(&arena);
}

static void texts_of_every_kind_come_back(void **state)
{
	(void)state;
	static char *texts[] = { "two\nlines", "# no comment", "  blanks", "a: b", "- item", "\"quoted\" \\", "null", "2026-11-23", "\xc3\xa9t\xc3\xa9" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		Comity__Request request = COMITY__REQUEST__INIT;
		Comity__Measure measure = COMITY__MEASURE__INIT, *measures[] = { &measure };
		struct bytes form = { 0 };
		struct arena arena;
		request.purpose = measure.description = measure.custodian = texts[i];
		request.requested_procedures = texts;
		request.n_requested_procedures = ARRAY_LEN(texts);
		request.measures = measures;
		request.n_measures = 1;
		assert_int_equal(form_write(&request, &form), OK);
		same_documents(&request.base, read_form(&form, &arena));
		bytes_clear(&form);
		arena_clear(&arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_whole_in_its_form),
		cmocka_unit_test(every_act_has_a_form_that_is_read),
		cmocka_unit_test(nothing_is_an_empty_form_and_back),
		cmocka_unit_test(texts_of_every_kind_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
