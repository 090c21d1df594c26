/* Evidence as a file: what we write is read again, and what we would never write is refused. */
#include "authorities.h"
#include "certs/files.h"
#include "proto/bytes.h"
#include "tools/evidence_dossier.h"
#include "tools/evidence_tar.h"

static const char message_name[] = "messages/01a20b64-007b-7000-a026-9cb7dc5b8524";

/* ── a world: a directory, and what a walk told ───────────────────────────────────────────────── */

struct heard {
	struct bytes story;		/* "name size content;" */
	enum fault answer;		/* what we say to every entry */
};

static enum fault on_begin(void *owner, const char *name, uint64_t size)
{
	struct heard *heard = owner;
	assert_ok(bytes_printf(&heard->story, "%s %llu ", name, (unsigned long long)size));
	return heard->answer;
}

static enum fault on_data(void *owner, struct span more)
{
	struct heard *heard = owner;
	return bytes_append(&heard->story, more);
}

static enum fault on_end(void *owner)
{
	struct heard *heard = owner;
	return bytes_printf(&heard->story, ";");
}

static const struct tar_listener listener = { on_begin, on_data, on_end };

static int set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof *scratch);
	assert_non_null(scratch);
	scratch_new(scratch);
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static void assert_story(const struct heard *heard, const char *expected)
{
	assert_int_equal(heard->story.len, strlen(expected));
	assert_memory_equal(heard->story.at, expected, strlen(expected));
}

/* ── a tar by hand (POSIX.1-2008, ustar and pax) ──────────────────────────────────────────────── */

enum { BLOCK = 512 };

static void put(uint8_t *field, const char *text)
{
	memcpy(field, text, strlen(text));
}

/* A header as ustar has it: typeflag at 156, checksum at 148 over the block with blanks in its place. */
static void add_header(struct bytes *tar, const char *name, uint64_t size, char type, const char *link)
{
	uint8_t block[BLOCK] = { 0 };
	char number[32];
	unsigned sum = 0;
	put(block, name);
	put(block + 100, "0000644");
	snprintf(number, sizeof number, "%011llo", (unsigned long long)size);
	put(block + 124, number);
	put(block + 136, "00000000000");
	put(block + 148, "        ");
	block[156] = (uint8_t)type;
	put(block + 157, link);
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf(number, sizeof number, "%06o", sum);
	memcpy(block + 148, number, 7);
	assert_ok(bytes_append(tar, (struct span){ block, BLOCK }));
}

static void add_content(struct bytes *tar, const char *content, size_t len)
{
	static const uint8_t zeros[BLOCK];
	assert_ok(bytes_append(tar, (struct span){ (const uint8_t *)content, len }));
	assert_ok(bytes_append(tar, (struct span){ zeros, (BLOCK - len % BLOCK) % BLOCK }));
}

static void add_file(struct bytes *tar, const char *name, const char *content)
{
	add_header(tar, name, strlen(content), '0', "");
	add_content(tar, content, strlen(content));
}

static void add_end(struct bytes *tar)
{
	static const uint8_t zeros[2 * BLOCK];
	assert_ok(bytes_append(tar, (struct span){ zeros, sizeof zeros }));
}

static const char *save(struct scratch *scratch, struct bytes *tar)
{
	const char *path = scratch_path(scratch, "given.tar");
	remove(path);
	assert_ok(file_create(path, FILE_PRIVATE, span_of(tar)));
	bytes_clear(tar);
	return path;
}

static enum fault walk(const char *path)
{
	struct heard heard = { 0 };
	enum fault fault = tar_walk(path, &listener, &heard);
	bytes_clear(&heard.story);
	return fault;
}

/* ── written, and read again ──────────────────────────────────────────────────────────────────── */

static void what_is_written_is_read(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	struct heard heard = { 0 };
	uint64_t size = 0;
	const char *path = scratch_path(scratch, "made.tar");
	assert_ok(tar_create(path, NOON, &writer));
	assert_ok(tar_add(writer, "README.txt", span_of_text("read me")));
	assert_ok(tar_begin(writer, message_name, 6));
	assert_ok(tar_write(writer, span_of_text("abc")));
	assert_ok(tar_write(writer, (struct span){ 0 }));
	assert_ok(tar_write(writer, span_of_text("def")));
	assert_ok(tar_add(writer, "messages/empty", (struct span){ 0 }));
	assert_int_not_equal(access(path, F_OK), 0);	/* it has its name when it is whole */
	assert_ok(tar_finish(writer, &size));
	assert_true(size > 0 && size % BLOCK == 0);
	assert_ok(tar_walk(path, &listener, &heard));
	assert_story(&heard, "README.txt 7 read me;messages/01a20b64-007b-7000-a026-9cb7dc5b8524 6 abcdef;messages/empty 0 ;");
	bytes_clear(&heard.story);
}

static void stock_tar_reads_it(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	const char *path = scratch_path(scratch, "made.tar");
	assert_ok(tar_create(path, NOON, &writer));
	assert_ok(tar_add(writer, "messages/one", span_of_text("word\n")));
	assert_ok(tar_finish(writer, NULL));
	assert_int_equal(shell("cd %s && test \"$(tar -xOf made.tar messages/one)\" = word", scratch->dir), 0);
	assert_int_equal(shell("cd %s && tar --utc --full-time -tvf made.tar | grep -q '2026-11-23 12:00'", scratch->dir), 0);
}

static void nothing_is_overwritten(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	const char *path = scratch_path(scratch, "made.tar");
	assert_ok(file_create(path, FILE_PRIVATE, span_of_text("old")));
	assert_fault(tar_create(path, NOON, &writer), FAULT_EXISTS);
	assert_int_equal(shell("grep -qx old %s && ! test -e %s.part", path, path), 0);
}

static void a_name_taken_meanwhile_is_left_alone(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	const char *path = scratch_path(scratch, "made.tar");
	assert_ok(tar_create(path, NOON, &writer));
	assert_ok(file_create(path, FILE_PRIVATE, span_of_text("other")));
	assert_fault(tar_finish(writer, NULL), FAULT_EXISTS);
	assert_int_equal(shell("grep -qx other %s && ! test -e %s.part", path, path), 0);
}

static void what_is_abandoned_leaves_nothing(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	assert_ok(tar_create(scratch_path(scratch, "made.tar"), NOON, &writer));
	assert_ok(tar_begin(writer, message_name, 1000));
	assert_ok(tar_write(writer, span_of_text("half")));
	tar_abandon(writer);
	assert_int_equal(shell("test -z \"$(ls %s)\"", scratch->dir), 0);
	tar_abandon(NULL);
}

static void more_than_was_announced_is_noticed(void **state)
{
	struct scratch *scratch = *state;
	struct tar_writer *writer;
	assert_ok(tar_create(scratch_path(scratch, "made.tar"), NOON, &writer));
	assert_ok(tar_begin(writer, message_name, 3));
	assert_fault(tar_write(writer, span_of_text("four")), FAULT_INTERNAL);
	tar_abandon(writer);
}

/* ── refused ──────────────────────────────────────────────────────────────────────────────────── */

static void what_is_no_whole_file_is_refused(void **state)
{
	static const struct { const char *name; char type; const char *link; } table[] = {
		{ "messages/x", '1', "/etc/passwd" },		/* a hard link */
		{ "messages/x", '2', "/etc/passwd" },		/* a symbolic link */
		{ "messages",   '2', "/etc" },
		{ "messages/x", '3', "" },			/* devices */
		{ "messages/x", '4', "" },
		{ "messages/x", '6', "" },			/* a pipe */
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bytes tar = { 0 };
		add_header(&tar, table[i].name, 0, table[i].type, table[i].link);
		add_end(&tar);
		assert_fault(walk(save(*state, &tar)), FAULT_BAD_EVIDENCE);
	}
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const table[] = {
		"/etc/passwd", "//x", "../x", "messages/../../x", "messages/..", "messages//x", "a b", "a\\b", "a\nb", "a\033[2J",
		"$(id)", "a;b", "*", "~x", "a\xc3\xa9", "a\xff",
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bytes tar = { 0 };
		add_file(&tar, table[i], "x");
		add_end(&tar);
		if (!walk(save(*state, &tar)))
			fail_msg("\"%s\" was taken", table[i]);
	}
}

/* GNU's pax form 1.0: a kilobyte that says it has four exbibytes. */
static void a_sparse_file_is_refused_at_once(void **state)
{
	static const char pax[] =
		"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n30 GNU.sparse.name=messages/x\n"
		"43 GNU.sparse.realsize=4611686018427387904\n";
	struct bytes tar = { 0 };
	add_header(&tar, "PaxHeaders/x", sizeof pax - 1, 'x', "");
	add_content(&tar, pax, sizeof pax - 1);
	add_header(&tar, "GNUSparseFile.0/x", BLOCK + 1, '0', "");
	add_content(&tar, "1\n0\n1\n", 6);
	add_content(&tar, "A", 1);
	add_end(&tar);
	assert_fault(walk(save(*state, &tar)), FAULT_BAD_EVIDENCE);
}

static void what_ends_early_is_refused(void **state)
{
	struct bytes tar = { 0 };
	add_header(&tar, message_name, UINT64_C(8589934591), '0', "");	/* the most that eleven digits say */
	add_content(&tar, "x", 1);
	assert_fault(walk(save(*state, &tar)), FAULT_BAD_EVIDENCE);
}

static void what_is_no_tar_is_refused(void **state)
{
	struct scratch *scratch = *state;
	static const char *const makers[] = {
		": >%s/x", "yes noise | head -c 5000 >%s/x", "printf x | gzip >%s/x",
		"cd %s && printf x >y && tar -czf x y",		/* packed again: not what we write */
	};
	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		char command[256];
		struct dossier dossier;
		snprintf(command, sizeof command, makers[i], scratch->dir);
		assert_int_equal(system(command), 0);
		enum fault fault = dossier_read(&dossier, scratch_path(scratch, "x"));
		bool is_empty = !dossier.messages && !dossier.manifests;
		dossier_clear(&dossier);
		assert_true(fault == FAULT_BAD_EVIDENCE || is_empty);
	}
	assert_fault(walk(scratch_path(scratch, "absent")), FAULT_NO_INPUT);
	assert_fault(walk(scratch->dir), FAULT_NO_INPUT);
}

static void a_listener_ends_the_walk(void **state)
{
	struct bytes tar = { 0 };
	struct heard heard = { .answer = FAULT_NOT_FOUND };
	add_file(&tar, "one", "1");
	add_file(&tar, "two", "2");
	add_end(&tar);
	assert_fault(tar_walk(save(*state, &tar), &listener, &heard), FAULT_NOT_FOUND);
	assert_story(&heard, "one 1 ");
	bytes_clear(&heard.story);
}

/* ── as a dossier ─────────────────────────────────────────────────────────────────────────────── */

static enum fault read_dossier(struct scratch *scratch, struct bytes *tar)
{
	struct dossier dossier;
	add_end(tar);
	enum fault fault = dossier_read(&dossier, save(scratch, tar));
	dossier_clear(&dossier);
	return fault;
}

static void a_part_that_is_there_twice_is_refused(void **state)
{
	static const char *const names[] = {
		"messages/01a20b64-007b-7000-a026-9cb7dc5b8524.1", "manifests/xf-ca/000000000001.p7s", "certificates/xf-ca/identity.pem",
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes tar = { 0 };
		add_file(&tar, names[i], "");
		assert_ok(read_dossier(*state, &tar));
		add_file(&tar, names[i], "");
		add_file(&tar, names[i], "");
		assert_fault(read_dossier(*state, &tar), FAULT_BAD_EVIDENCE);
	}
}

/* The size in the header is enough: nothing is read or kept of it. */
static void a_part_of_absurd_size_is_refused(void **state)
{
	static const char *const names[] = {
		message_name, "manifests/xf-ca/000000000001.manifest", "manifests/xf-ca/000000000001.p7s", "certificates/xf-ca/signing.pem",
		"CONTENTS.sha256",
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes tar = { 0 };
		add_header(&tar, names[i], UINT64_C(8589934591), '0', "");
		add_content(&tar, "x", 1);
		assert_fault(read_dossier(*state, &tar), FAULT_BAD_EVIDENCE);
	}
}

static void parts_with_wrong_names_are_refused(void **state)
{
	static const char *const names[] = {
		"manifests/xf-ca/1.txt", "manifests/000000000001.manifest", "manifests/xf-ca/x.manifest",
		"manifests/xf-ca/000000000001.manifest.manifest", "certificates/xf-ca/root.pem", "certificates/XF/identity.pem",
		"certificates/identity.pem", "messages/not-a-message",
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes tar = { 0 };
		add_file(&tar, names[i], "");
		if (!read_dossier(*state, &tar))
			fail_msg("%s was taken", names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stock_tar_reads_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_overwritten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_taken_meanwhile_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_abandoned_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_than_was_announced_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_whole_file_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_lead_elsewhere_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sparse_file_is_refused_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_ends_early_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_tar_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_listener_ends_the_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_part_that_is_there_twice_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_part_of_absurd_size_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parts_with_wrong_names_are_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
