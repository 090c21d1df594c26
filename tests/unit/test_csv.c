/* CSV: a row a message, a column a field; what is written comes back, and every mistake is told with its line and cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/csv.h"
#include "proto/mapping.h"
#include "proto/profile.pb-c.h"
#include "proto/unpack.h"
#include "proto/yaml.h"

#define TEST(name) cmocka_unit_test(name)

/* As `comity directory import` reads it. */
static enum fault read_csv(const char *text, struct arena *arena, Comity__Directory **directory, struct mapping_faults *faults)
{
	struct document document = { 0 };
	ProtobufCMessage *message = NULL;
	enum fault fault = csv_read(&document, "e.csv", span_of_text(text), "entries", &comity__profile__descriptor);
	if (!fault)
		fault = mapping_read(&document, &comity__directory__descriptor, arena, &message, faults);
	document_clear(&document);
	*directory = (Comity__Directory *)message;
	return fault;
}

static void write_csv(const Comity__Directory *directory, const char *const *first, struct bytes *out)
{
	assert_int_equal(csv_write(&comity__profile__descriptor, (const ProtobufCMessage *const *)directory->entries,
		directory->n_entries, first, out), OK);
}

static Comity__Directory *directory_of(const char *yaml, struct arena *arena)
{
	struct document document = { 0 };
	ProtobufCMessage *message;
	assert_int_equal(yaml_read(&document, "e.yaml", span_of_text(yaml)), OK);
	assert_int_equal(mapping_read(&document, &comity__directory__descriptor, arena, &message, NULL), OK);
	document_clear(&document);
	return (Comity__Directory *)message;
}

static void must_be_same(const Comity__Directory *one, const Comity__Directory *other)
{
	struct bytes a = { 0 }, b = { 0 };
	assert_int_equal(pack(&one->base, &a), OK);
	assert_int_equal(pack(&other->base, &b), OK);
	assert_true(span_equal(span_of(&a), span_of(&b)));
	bytes_clear(&a);
	bytes_clear(&b);
}

static const char nasty[] =
	"entries:\n"
	"- authority: xs-ca\n  part: 1\n  state: XSY\n"
	"  names: [{ language: en, text: \"Ministry, \\\"First\\\" Division\" }, { language: fr, text: \"Ministère;\\nBureau\" }]\n"
	"  acts_covered: [{ kinds: [MLA, 77], roles: [RECEIVE], limits: \" blank \" }, { forms: [SERVICE_DOCUMENTS] }]\n"
	"  contacts: [{ phone: \"+999\", email: \"=HYPERLINK(1)\" }, { phone: \"'+1\", languages: [en, \"f;r\", \"d\\\\e\", \" x \"] }]\n"
	"  hours: { time_zone: Europe/Paris, working_days: [mon, tue], holidays_on: [\"2026-12-25\", \"2027-01-01\"] }\n"
	"  transmission: { channels: [DIPLOMATIC, 1234], max_message_bytes: 18446744073709551615, paper_original_required: false }\n"
	"  urgent_procedure: { contact: { name: \"@duty\" }, information_needed: [\"a; b\", \"- c\", \"'\"] }\n"
	"- authority: xs-fiu\n  part: OTHER_COMPETENT_AUTHORITY\n  training: true\n  review: { verified_on: \"2026-11-26\" }\n";

static void what_is_written_comes_back(void **state)
{
	(void)state;
	struct arena arena;
	struct bytes csv = { 0 }, again = { 0 };
	Comity__Directory *read;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Directory *directory = directory_of(nasty, &arena);
	static const char *const first[] = { "state", "authority", "website", NULL };
	write_csv(directory, first, &csv);
	assert_int_equal(strncmp(bytes_text(&csv), "state,authority,website,part,names[1].language,", 47), 0);
	assert_non_null(strstr(bytes_text(&csv), "\"'=HYPERLINK(1)\""));
	assert_int_equal(read_csv(bytes_text(&csv), &arena, &read, NULL), OK);
	must_be_same(directory, read);
	write_csv(read, first, &again);
	assert_string_equal(bytes_text(&csv), bytes_text(&again));
	bytes_clear(&csv);
	bytes_clear(&again);
	arena_clear(&arena);
}

static void it_reads_what_spreadsheets_write(void **state)
{
	static const char *const texts[] = {
		"authority,names[2].text,languages.requests\nxs-ca,Second,en; fr\n",
		"\xEF\xBB\xBF" "authority;names[2].text;languages.requests\r\nxs-ca;Second;\"en;fr\"\r\n\r\n",
		"authority\tnames[2].text\tlanguages.requests\nxs-ca\t\"Second\"\t ; en ;fr;;",
		"\"authority\", names[2].text ,languages.requests,website\rxs-ca,Second,en;fr,\r",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct arena arena;
		Comity__Directory *read;
		arena_init(&arena, UNPACK_ARENA);
		assert_int_equal(read_csv(texts[i], &arena, &read, NULL), OK);
		assert_int_equal(read->n_entries, 1);
		const Comity__Profile *entry = read->entries[0];
		assert_string_equal(entry->authority, "xs-ca");
		assert_int_equal(entry->n_names, 1);
		assert_string_equal(entry->names[0]->text, "Second");
		assert_int_equal(entry->languages->n_requests, 2);
		assert_string_equal(entry->languages->requests[1], "fr");
		assert_null(entry->website);
		arena_clear(&arena);
	}
}

static void every_mistake_is_told_with_its_line_and_cell(void **state)
{
	static const char text[] =
		"authority,part,stat,contacts[1].fone,hours.holidays_on\n"
		"xs-ca,CENTRAL_AUTORITY,XSY,+1,2026-12-25\n"
		"xs-fiu,,XSY,\"+\n1\",2026-13-01; 2026-12-24\n";
	static const char *const sentences[] = { "e.csv:2:2: ", "e.csv:1:3: unknown key \"stat\"", "e.csv:1:4: unknown key \"fone\"", "e.csv:4:5: " };
	(void)state;
	struct arena arena;
	struct mapping_faults faults = { 0 };
	Comity__Directory *read;
	arena_init(&arena, UNPACK_ARENA);
	assert_int_not_equal(read_csv(text, &arena, &read, &faults), OK);
	assert_int_equal(faults.count, ARRAY_LEN(sentences));
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		bool is_told = false;
		for (size_t k = 0; k < faults.count; k++)
			is_told = is_told || !strncmp(bytes_text(&faults.list[k].sentence), sentences[i], strlen(sentences[i]));
		assert_true(is_told);
	}
	mapping_faults_clear(&faults);
	arena_clear(&arena);
}

static void what_is_no_table_is_refused(void **state)
{
	static const struct { const char *text, *sentence; enum fault fault; } rows[] = {
		{ "", "e.csv:1:1: a column has a name", FAULT_BAD_DOCUMENT },
		{ "authority,,state\n", "e.csv:1:2: a column has a name", FAULT_BAD_DOCUMENT },
		{ "authority,state,authority\n", "e.csv:1:3: the same column", FAULT_BAD_DOCUMENT },
		{ "authority,contacts.phone\n", "e.csv:1:2: say which of them", FAULT_BAD_DOCUMENT },
		{ "authority,contacts[0].phone\n", "e.csv:1:2: the number", FAULT_BAD_DOCUMENT },
		{ "authority,contacts[1001].phone\n", "e.csv:1:2: the number", FAULT_BAD_DOCUMENT },
		{ "authority,contacts[x].phone\n", "e.csv:1:2: the number", FAULT_BAD_DOCUMENT },
		{ "authority,contacts[1]phone\n", "e.csv:1:2: a dot", FAULT_BAD_DOCUMENT },
		{ "authority,contacts[1]\n", "e.csv:1:2: it has parts", FAULT_BAD_DOCUMENT },
		{ "authority[1]\n", "e.csv:1:1: there is only one", FAULT_BAD_DOCUMENT },
		{ "authority.x\n", "e.csv:1:1: it has no parts", FAULT_BAD_DOCUMENT },
		{ "authority,hours\n", "e.csv:1:2: it has parts", FAULT_BAD_DOCUMENT },
		{ "authority,state\nxs-ca,\"XSY\n\n", "e.csv:2:2: the quotation mark", FAULT_BAD_DOCUMENT },
		{ "authority,state\nxs-ca,\"XSY\"x\n", "e.csv:2:2: something follows", FAULT_BAD_DOCUMENT },
		{ "authority,state\n\"x\n\n\",a\nxs-ca,XSY,more\n", "e.csv:5:3: this cell has no column", FAULT_BAD_DOCUMENT },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		Comity__Directory *read;
		arena_init(&arena, UNPACK_ARENA);
		assert_int_equal(read_csv(rows[i].text, &arena, &read, NULL), rows[i].fault);
		assert_int_equal(strncmp(fault_detail(rows[i].fault), rows[i].sentence, strlen(rows[i].sentence)), 0);
		arena_clear(&arena);
	}
}

static void a_NUL_and_too_much_are_refused(void **state)
{
	static char large[DOCUMENT_SIZE_MAX + 2];
	struct document document = { 0 };
	(void)state;
	struct span nul = { (const uint8_t *)"authority\nx\0y\n", 14 };
	assert_int_equal(csv_read(&document, "e.csv", nul, "entries", &comity__profile__descriptor), FAULT_BAD_DOCUMENT);
	document_clear(&document);
	memset(large, 'x', sizeof large - 1);
	assert_int_equal(csv_read(&document, "e.csv", span_of_text(large), "entries", &comity__profile__descriptor), FAULT_TOO_LARGE);
	document_clear(&document);
}

static void a_header_alone_is_a_table_of_nothing(void **state)
{
	static const char *const first[] = { "authority", "contacts[1].phone", NULL }, *const wrong[] = { "autority", NULL };
	struct arena arena;
	struct bytes csv = { 0 };
	Comity__Directory *read, nothing = COMITY__DIRECTORY__INIT;
	(void)state;
	arena_init(&arena, UNPACK_ARENA);
	write_csv(&nothing, first, &csv);
	assert_string_equal(bytes_text(&csv), "authority,contacts[1].phone\r\n");
	assert_int_equal(read_csv(bytes_text(&csv), &arena, &read, NULL), OK);
	assert_int_equal(read->n_entries, 0);
	assert_int_equal(csv_write(&comity__profile__descriptor, NULL, 0, wrong, &csv), FAULT_UNKNOWN_KEY);
	bytes_clear(&csv);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_comes_back),
		TEST(it_reads_what_spreadsheets_write),
		TEST(every_mistake_is_told_with_its_line_and_cell),
		TEST(what_is_no_table_is_refused),
		TEST(a_NUL_and_too_much_are_refused),
		TEST(a_header_alone_is_a_table_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
