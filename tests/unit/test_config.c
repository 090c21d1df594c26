/* Where everything lies, and what is said to whoever wrote the settings. */
#include "tests/unit/scratch.h"

#include "daemon/config.h"
#include "proto/bytes.h"
#include "proto/fault.h"

struct world {
	struct scratch scratch;
	struct places places;
	struct settings settings;
};

/* What was complained of, each on a line of its own, without the directory. */
static char said[16384];
static size_t complaints, front_len;

static void complain(const char *sentence)
{
	assert_true(strlen(sentence) > front_len);
	size_t len = strlen(said);
	snprintf(said + len, sizeof said - len, "%s\n", sentence + front_len);
	complaints++;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	assert_int_equal(places_find(&world->places, world->scratch.dir), OK);
	assert_int_equal(mkdir(world->places.etc, 0700), 0);
	front_len = strlen(world->places.etc) + 1;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	settings_clear(&world->settings);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Read anew with this text; `config` NULL: without the file. */
static enum fault read_with(struct world *world, const char *config)
{
	settings_clear(&world->settings);
	said[0] = 0;
	complaints = 0;
	unlink(world->places.config);
	if (config)
		put(world->places.config, config);
	return settings_read(&world->settings, &world->places, complain);
}

/* ── places ───────────────────────────────────────────────────────────────────────────────────── */

static void with_a_home_everything_is_below_it(void **state)
{
	(void)state;
	struct places places;
	assert_int_equal(places_find(&places, "/srv/xf"), OK);
	assert_string_equal(places.config, "/srv/xf/etc/comityd.yaml");
	assert_string_equal(places.profile, "/srv/xf/etc/profile.yaml");
	assert_string_equal(places.state, "/srv/xf");
	assert_string_equal(places.store, "/srv/xf/store");
	assert_string_equal(places.blobs, "/srv/xf/blobs");
	assert_string_equal(places.run, "/srv/xf/run");
}

static void without_one_the_paths_of_the_system_apply(void **state)
{
	(void)state;
	struct places places;
	assert_int_equal(places_find(&places, NULL), OK);
	assert_string_equal(places.config, "/etc/comity/comityd.yaml");
	assert_string_equal(places.state, "/var/lib/comity");
	assert_string_equal(places.store, "/var/lib/comity/store");
	assert_string_equal(places.run, "/run/comity");
}

static void a_home_with_too_long_a_path_is_refused(void **state)
{
	(void)state;
	struct places places;
	char home[PLACE_SIZE + 10];
	for (size_t len = PLACE_SIZE - 20; len < sizeof home; len++) {
		memset(home, 'h', len);
		home[0] = '/';
		home[len] = 0;
		assert_int_equal(places_find(&places, home), len + strlen("/etc/comityd.yaml") < PLACE_SIZE ? OK : FAULT_CONFIG);
	}
}

/* ── settings ─────────────────────────────────────────────────────────────────────────────────── */

static void an_authority_is_all_that_is_needed(void **state)
{
	struct world *world = *state;
	assert_int_equal(read_with(world, "authority: xf-ca\n"), OK);
	assert_int_equal(complaints, 0);
	assert_string_equal(world->settings.config->authority, "xf-ca");
	assert_string_equal(world->settings.config->reference_pattern, "{authority}-{year}-{number}");
	assert_int_equal(setting_ms(world->settings.line->ping_interval), 10000);
	assert_int_equal(setting_ms(world->settings.line->retry_initial), 200);
	assert_int_equal(setting_bytes(world->settings.limits->keep_free), 64 << 20);
	assert_int_equal(setting_bytes(world->settings.store->map_size_max), UINT64_C(256) << 30);
	assert_int_equal(setting_limit(world->settings.limits->bandwidth_per_peer), 0);
	assert_string_equal(world->settings.log->level, "info");
	assert_int_equal(world->settings.line->n_listen, 0);
	assert_null(world->settings.profile);
}

static void what_is_written_is_what_applies(void **state)
{
	struct world *world = *state;
	put(world->places.profile, "state: XF\n");
	assert_int_equal(read_with(world, "authority: xf-ca\nline:\n  listen: [\"[::]:7443\", \"127.0.0.1:1\"]\n  dead_after: 2min\n"
		"limits: { max_attachment: 1 GiB, bandwidth_per_peer: 4 MiB }\nlog:\n  level: debug\nreference_pattern: \"AZ {number}/{year}\"\n"), OK);
	assert_int_equal(world->settings.line->n_listen, 2);
	assert_string_equal(world->settings.line->listen[1], "127.0.0.1:1");
	assert_int_equal(setting_ms(world->settings.line->dead_after), 120000);
	assert_int_equal(setting_ms(world->settings.line->ping_interval), 10000);	/* its neighbour's default */
	assert_int_equal(setting_bytes(world->settings.limits->max_attachment), 1 << 30);
	assert_int_equal(setting_limit(world->settings.limits->bandwidth_per_peer), 4 << 20);
	assert_string_equal(world->settings.log->level, "debug");
	assert_string_equal(world->settings.profile->state, "XF");
}

/* ── mistakes ─────────────────────────────────────────────────────────────────────────────────── */

static void every_mistake_is_told_with_its_place(void **state)
{
	static const struct { const char *config, *says; } cases[] = {
		/* what is no YAML, or more than we take */
		{ "authority: xf-ca\n\tname: x\n",                "comityd.yaml:2:" },
		{ "authority: [xf-ca\n",                          "comityd.yaml:2:1: " },
		{ "authority: xf-ca\nauthority: xs-ca\n",         "comityd.yaml:2:1: the key \"authority\" is given twice" },
		{ "authority: &me xf-ca\n",                       "comityd.yaml:1:12: anchors (&) are not allowed here" },
		{ "authority: xf-ca\nname: *me\n",                "comityd.yaml:2:7: aliases (*) are not allowed here" },
		{ "authority: !!str xf-ca\n",                     "comityd.yaml:1:12: tags (!) are not allowed here" },
		{ "authority: xf-ca\n---\nauthority: xs-ca\n",    "comityd.yaml:2:1: only one document is allowed in a file" },
		{ "authority: \"xf\\0ca\"\n",                     "comityd.yaml:1:12: a text holds a NUL" },
		{ "authority: xf-ca\nname: \"\\e[2J\"\n",         "comityd.yaml:2:7: " },
		{ "authority: \xff\n",                            "comityd.yaml:1:" },
		/* keys */
		{ "authority: xf-ca\nlin:\n  listen: []\n",       "comityd.yaml:2:1: unknown key \"lin\" in config; did you mean \"line\"?" },
		{ "authority: xf-ca\nline:\n  dead_afer: 1s\n",   "comityd.yaml:3:3: unknown key \"dead_afer\" in config.line; did you mean \"dead_after\"?" },
		{ "authority: xf-ca\nzebra: 1\n",                 "comityd.yaml:2:1: unknown key \"zebra\" in config" },
		{ "authority: xf-ca\nstore:\n  listen: []\n",     "comityd.yaml:3:3: unknown key \"listen\" in config.store" },
		/* types */
		{ "authority: [xf-ca]\n",                         "comityd.yaml:1:12: " },
		{ "authority: xf-ca\nline: yes\n",                "comityd.yaml:2:7: " },
		{ "authority: xf-ca\nline: [1]\n",                "comityd.yaml:2:7: " },
		{ "authority: xf-ca\nline:\n  listen: \"[::]:1\"\n", "comityd.yaml:3:11: " },
		{ "- authority\n",                                "comityd.yaml:1:1: " },
		{ "just words\n",                                 "comityd.yaml:1:1: " },
		/* values */
		{ "authority: xf-ca\nline:\n  ping_interval: soon\n",   "comityd.yaml:3:18: line.ping_interval: \"soon\": " },
		{ "authority: xf-ca\nline:\n  ping_interval: 10\n",     "comityd.yaml:3:18: line.ping_interval: \"10\": " },
		{ "authority: xf-ca\nline:\n  retry_max: 0\n",          "comityd.yaml:3:14: line.retry_max: \"0\": it must be longer than nothing" },
		{ "authority: xf-ca\nline: {dead_after: -3s}\n",        "comityd.yaml:2:20: line.dead_after: \"-3s\": " },
		{ "authority: xf-ca\nline:\n  handshake_timeout: \"\"\n", "comityd.yaml:3:22: line.handshake_timeout: \"\": " },
		{ "authority: xf-ca\nline:\n  retry_initial: 1 fortnight\n", "comityd.yaml:3:18: line.retry_initial: " },
		{ "authority: xf-ca\nstore:\n  map_size_max: much\n",   "comityd.yaml:3:17: store.map_size_max: \"much\": " },
		{ "authority: xf-ca\nstore:\n  high_water: full\n",     "comityd.yaml:3:15: store.high_water: \"full\": " },
		{ "authority: xf-ca\nstore:\n  high_water: 101%\n",     "comityd.yaml:3:15: store.high_water: \"101%\": " },
		{ "authority: xf-ca\nstore:\n  keep_free: all\n",       "comityd.yaml:3:14: store.keep_free: \"all\": " },
		{ "authority: xf-ca\nlimits:\n  bandwidth_per_peer: 12\n", "comityd.yaml:3:23: limits.bandwidth_per_peer: \"12\": it is \"none\", or " },
		{ "authority: xf-ca\nlimits:\n  bandwidth_per_peer: much\n", "comityd.yaml:3:23: limits.bandwidth_per_peer: \"much\": " },
		{ "authority: xf-ca\nlimits:\n  peer_quota: unlimited\n", "comityd.yaml:3:15: limits.peer_quota: \"unlimited\": " },
		{ "authority: xf-ca\nlimits:\n  peer_messages: 0\n", "comityd.yaml:3:18: limits.peer_messages: \"0\": it is \"none\", or a number" },
		{ "authority: xf-ca\nlimits:\n  peer_messages: 10 MiB\n", "comityd.yaml:3:18: limits.peer_messages: \"10 MiB\": " },
		{ "authority: xf-ca\nlimits:\n  max_attachment: -1\n",  "comityd.yaml:3:19: limits.max_attachment: \"-1\": " },
		{ "authority: xf-ca\nlimits:\n  keep_free: 99999999999 TiB\n", "comityd.yaml:3:14: limits.keep_free: " },
		{ "authority: xf-ca\nlog:\n  level: loud\n",            "comityd.yaml:3:10: log.level: \"loud\": it is debug, info, unusual or broken" },
		{ "authority: xf-ca\nreference_pattern: MLA\n",         "comityd.yaml:2:20: reference_pattern: \"MLA\": it needs {number}, " },
		{ "authority: XF CA\n",                                 "comityd.yaml:1:12: authority: \"XF CA\": an authority id is needed" },
		{ "authority: ../xf\n",                                 "comityd.yaml:1:12: authority: \"../xf\": an authority id is needed" },
		{ "name: Nobody\n",                                     "comityd.yaml:1:1: authority: \"\": an authority id is needed" },
		{ "",                                                   "comityd.yaml:1:1: authority: \"\": an authority id is needed" },
		{ NULL,                                                 "comityd.yaml" },
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum fault fault = read_with(world, cases[i].config);
		if (fault != FAULT_CONFIG || complaints != 1 || !strstr(said, cases[i].says))
			fail_msg("%s\ngave %s and %zu complaints, not \"%s\":\n%s", cases[i].config ? cases[i].config : "no file",
				fault_slug(fault), complaints, cases[i].says, said);
		assert_null(strchr(said, '\x1b'));
	}
}

static void all_mistakes_are_told_at_once(void **state)
{
	struct world *world = *state;
	assert_int_equal(read_with(world, "authorty: xf-ca\nline:\n  listen: 1\n  deadafter: 1s\nlog: loud\n"), FAULT_CONFIG);
	assert_int_equal(complaints, 4);
	assert_int_equal(read_with(world, "authority: X\nline:\n  dead_after: never\nlog:\n  level: loud\nreference_pattern: R\n"), FAULT_CONFIG);
	assert_int_equal(complaints, 4);
	assert_non_null(strstr(said, "comityd.yaml:3:15: line.dead_after"));
}

static void more_mistakes_than_are_told_are_counted(void **state)
{
	struct world *world = *state;
	char config[1024] = "authority: xf-ca\n";
	for (int i = 0; i < 25; i++)
		sprintf(config + strlen(config), "zebra%d: 1\n", i);
	assert_int_equal(read_with(world, config), FAULT_CONFIG);
	assert_int_equal(complaints, 21);
	assert_non_null(strstr(said, "comityd.yaml: and 5 more"));
}

static void the_profile_is_held_to_its_schema_too(void **state)
{
	struct world *world = *state;
	put(world->places.profile, "stat: XF\n");
	assert_int_equal(read_with(world, "authority: xf-ca\n"), FAULT_CONFIG);
	assert_non_null(strstr(said, "profile.yaml:1:1: unknown key \"stat\" in profile; did you mean \"state\"?"));
	/* and neither file hides the other's mistakes */
	assert_int_equal(read_with(world, "authority: xf-ca\nlog: { level: loud }\n"), FAULT_CONFIG);
	assert_int_equal(complaints, 2);
	assert_non_null(strstr(said, "comityd.yaml:2:15: log.level"));
	assert_non_null(strstr(said, "profile.yaml:1:1: "));
}

static void a_file_that_is_no_file_or_too_large_is_refused(void **state)
{
	struct world *world = *state;
	assert_int_equal(mkdir(world->places.config, 0700), 0);
	said[0] = 0;
	assert_int_equal(settings_read(&world->settings, &world->places, complain), FAULT_CONFIG);
	assert_non_null(strstr(said, "comityd.yaml"));
	assert_int_equal(rmdir(world->places.config), 0);
	char *large = malloc((1 << 20) + 2);
	memset(large, '#', (1 << 20) + 1);
	large[(1 << 20) + 1] = 0;
	assert_int_equal(read_with(world, large), FAULT_CONFIG);
	assert_int_equal(complaints, 1);
	free(large);
}

static void settings_are_held_against_one_another(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "authority: xf-ca\nline:\n  dead_after: 10s\n",
			"comityd.yaml:3:15: line.dead_after: \"10s\": it must be longer than line.ping_interval" },
		{ "authority: xf-ca\nline:\n  ping_interval: 1min\n", "comityd.yaml:3:18: line.dead_after: \"30s\": " },
		{ "authority: xf-ca\nline: {retry_initial: 3s, retry_max: 2s}\n", "line.retry_max: \"2s\": it must not be shorter" },
		{ "authority: xf-ca\nrequests:\n  named_officers: [{name: hearing judge}]\n",
			"comityd.yaml:3:19: requests.named_officers: \"hearing judge\": each has a name" },
		{ "authority: xf-ca\nrequests: {named_officers: [{name: judge, uids: [1]}, {uids: [1]}]}\n", "requests.named_officers: \"\": each" },
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(read_with(world, rows[i].text), FAULT_CONFIG);
		assert_int_equal(complaints, 1);
		if (!strstr(said, rows[i].says))
			fail_msg("%s says: %s", rows[i].text, said);
	}
	assert_int_equal(read_with(world, "authority: xf-ca\nline: {retry_initial: 2s, retry_max: 2s}\n"), OK);
}

static char doubted[4096];

static void doubt(const char *sentence)
{
	size_t len = strlen(doubted);
	snprintf(doubted + len, sizeof doubted - len, "%s\n", sentence);
}

static void what_is_hardly_meant_is_told_and_taken(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "store: {map_size_max: 10 MiB}",        "store.high_water: \"90%\": of store.map_size_max (10 MiB) it leaves 1023.9 KiB" },
		{ "store: {keep_free: 1 GiB}",            "limits.keep_free: \"64 MiB\": attachments may take" },
		{ "limits: {peer_quota: 1 GiB}",          "limits.peer_quota: \"1 GiB\": an attachment of limits.max_attachment (64 GiB) waits" },
		{ "limits: {peer_quota: 8000000 TiB}",    "limits.peer_quota: \"8000000 TiB\": the disk has " },
		{ "limits: {keep_free: 8000000 TiB}",     "limits.keep_free: \"8000000 TiB\": the disk has " },
		{ "store: {keep_free: 8000000 TiB}",      "store.keep_free: \"8000000 TiB\": the disk has " },
	};
	struct world *world = *state;
	char text[200];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof text, "authority: xf-ca\n%s\n", rows[i].text);
		assert_int_equal(read_with(world, text), OK);
		doubted[0] = 0;
		settings_doubt(&world->settings, &world->places, doubt);
		if (!strstr(doubted, rows[i].says))
			fail_msg("%s says: %s", rows[i].text, doubted);
	}
	assert_int_equal(read_with(world, "authority: xf-ca\n"), OK);
	doubted[0] = 0;
	settings_doubt(&world->settings, &world->places, doubt);
	assert_string_equal(doubted, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(with_a_home_everything_is_below_it),
		TEST(without_one_the_paths_of_the_system_apply),
		TEST(a_home_with_too_long_a_path_is_refused),
		TEST(an_authority_is_all_that_is_needed),
		TEST(what_is_written_is_what_applies),
		TEST(every_mistake_is_told_with_its_place),
		TEST(all_mistakes_are_told_at_once),
		TEST(more_mistakes_than_are_told_are_counted),
		TEST(settings_are_held_against_one_another),
		TEST(what_is_hardly_meant_is_told_and_taken),
		TEST(the_profile_is_held_to_its_schema_too),
		TEST(a_file_that_is_no_file_or_too_large_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
