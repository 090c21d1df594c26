/* The directory: whom is believed about an authority, what is guarded, what peers may tell, and who receives what is asked. */
#include "tests/unit/cases.h"

#include "daemon/law/routing.h"
#include "daemon/ledger/directory.h"

#define SOURCE(name) COMITY__ENTRY_SOURCE__VALUE__##name
#define OTHER COMITY__DIRECTORY_PART__VALUE__OTHER_COMPETENT_AUTHORITY

static Comity__Profile *profile_of(struct party *party, const char *yaml)
{
	struct document document = { 0 };
	ProtobufCMessage *message;
	assert_ok(yaml_read(&document, "entry.yaml", span_of_text(yaml)));
	assert_ok(mapping_read(&document, &comity__profile__descriptor, &party->ledger.arena, &message, NULL));
	document_clear(&document);
	return (Comity__Profile *)message;
}

static enum fault take(struct party *party, Comity__EntrySource__Value source, const char *yaml, enum directory_taken *taken)
{
	const char *reason;
	const struct directory_offer offer = { .profile = profile_of(party, yaml), .source = source,
		.from = source == SOURCE(ANNOUNCED) ? party->peer : NULL, .uid = UID };
	WRITING(&party->ledger, txn);
	return ledger_end(&txn, directory_take(&txn, &offer, &party->ledger.arena, taken, &reason));
}

static enum directory_taken taken_of(struct party *party, Comity__EntrySource__Value source, const char *yaml)
{
	enum directory_taken taken = DIRECTORY_SAME;
	assert_ok(take(party, source, yaml, &taken));
	return taken;
}

static const Comity__DirectoryEntry *entry_of(struct party *party, const char *authority)
{
	READING(&party->ledger, txn);
	const Comity__DirectoryEntry *entry = directory_find(&txn, authority, &party->ledger.arena);
	assert_ok(txn.fault);
	txn_abort(&txn);
	return entry;
}

static enum fault confirm(struct party *party, const char *authority)
{
	WRITING(&party->ledger, txn);
	return ledger_end(&txn, directory_confirm(&txn, authority, NULL, UID, &party->ledger.arena));
}

static enum fault forget(struct party *party, const char *authority)
{
	WRITING(&party->ledger, txn);
	return ledger_end(&txn, directory_remove(&txn, authority, &party->ledger.arena));
}

#define BODY "authority: xs-fiu\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n"

/* ── who is believed ──────────────────────────────────────────────────────────────────────────── */

static void who_knows_best_is_believed_whatever_came_first(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	for (Comity__EntrySource__Value first = SOURCE(UNVERIFIED_CARD); first <= SOURCE(OWN); first++)
		for (Comity__EntrySource__Value then = SOURCE(UNVERIFIED_CARD); then <= SOURCE(OWN); then++) {
			char one[100], two[100], authority[16];
			snprintf(authority, sizeof authority, "xa-%d-%d", (int)first, (int)then);
			snprintf(one, sizeof one, "authority: %s\nwebsite: one\nserial: 1\n", authority);
			snprintf(two, sizeof two, "authority: %s\nwebsite: two\nserial: 2\n", authority);
			assert_int_equal(taken_of(party, first, one), DIRECTORY_ADDED);
			assert_int_equal(taken_of(party, then, two), then < first ? DIRECTORY_PASSED_OVER : DIRECTORY_CHANGED);
			assert_int_equal(entry_of(party, authority)->source, then < first ? first : then);
		}
}

static void an_older_serial_never_takes_the_place_of_a_newer(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 5\n"), DIRECTORY_ADDED);
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 5\n"), DIRECTORY_SAME);
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 4\ntype: FIU\n"), DIRECTORY_PASSED_OVER);
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "type: FIU\n"), DIRECTORY_PASSED_OVER);
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 5\ntype: FIU\n"), DIRECTORY_PASSED_OVER);
	assert_int_equal(taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 6\ntype: FIU\n"), DIRECTORY_CHANGED);
	assert_int_equal(entry_of(party, "xs-fiu")->profile->serial, 6);
}

static void an_officer_may_mend_an_import_and_it_is_a_new_edition(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	assert_int_equal(taken_of(party, SOURCE(IMPORTED), BODY), DIRECTORY_ADDED);
	assert_int_equal(taken_of(party, SOURCE(IMPORTED), BODY "serial: 3\n"), DIRECTORY_CHANGED);
	assert_int_equal(taken_of(party, SOURCE(IMPORTED), BODY), DIRECTORY_SAME);	/* a file need not know the serial */
	assert_int_equal(taken_of(party, SOURCE(IMPORTED), BODY "type: FIU\n"), DIRECTORY_CHANGED);
	assert_int_equal(entry_of(party, "xs-fiu")->profile->serial, 4);
	assert_int_equal(taken_of(party, SOURCE(IMPORTED), BODY "serial: 2\ntype: POLICE\n"), DIRECTORY_PASSED_OVER);
}

static void what_is_no_entry_is_refused(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	struct bytes large = { 0 };
	enum directory_taken taken;
	assert_int_equal(take(party, SOURCE(IMPORTED), "state: XSY\n", &taken), FAULT_BAD_DOCUMENT);
	assert_int_equal(take(party, SOURCE(IMPORTED), "authority: \"no id\"\n", &taken), FAULT_BAD_DOCUMENT);
	assert_ok(bytes_append_text(&large, "authority: xs-fiu\nguides:\n"));
	for (int i = 0; i < 3; i++) {
		assert_ok(bytes_append_text(&large, "  - title: "));
		for (int k = 0; k < 6000; k++)
			assert_ok(bytes_append_text(&large, "1234567890"));
		assert_ok(bytes_append_text(&large, "\n"));
	}
	assert_int_equal(take(party, SOURCE(IMPORTED), bytes_text(&large), &taken), FAULT_TOO_LARGE);
	bytes_clear(&large);
	assert_null(entry_of(party, "xs-fiu"));
}

/* ── what is guarded ──────────────────────────────────────────────────────────────────────────── */

#define REACHED(phone, hours) "contacts: [{ phone: \"" phone "\" }]\nhours: { office: \"" hours "\", duty: { phone: \"" phone "\" } }\n"

static void addresses_that_come_in_band_count_once_they_are_confirmed(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 1\n" REACHED("+111", "8-16"));
	const Comity__DirectoryEntry *entry = entry_of(party, "xs-fiu");
	assert_int_equal(entry->profile->n_contacts, 0);
	assert_null(entry->profile->hours->duty);
	assert_string_equal(entry->profile->hours->office, "8-16");
	assert_int_equal(entry->announced->n_contacts, 1);

	assert_ok(confirm(party, "xs-fiu"));
	assert_string_equal(entry_of(party, "xs-fiu")->profile->contacts[0]->phone, "+111");

	taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 2\n" REACHED("+666", "9-17"));
	entry = entry_of(party, "xs-fiu");
	assert_string_equal(entry->profile->contacts[0]->phone, "+111");
	assert_string_equal(entry->profile->hours->duty->phone, "+111");
	assert_string_equal(entry->profile->hours->office, "9-17");	/* the rest is in effect */
	assert_string_equal(entry->announced->contacts[0]->phone, "+666");

	taken_of(party, SOURCE(ANNOUNCED), BODY "serial: 3\n" REACHED("+111", "9-17"));
	assert_null(entry_of(party, "xs-fiu")->announced);	/* it was taken back */
	assert_int_equal(confirm(party, "xs-fiu"), FAULT_USAGE);
}

static void a_peer_cannot_move_to_another_state_by_its_next_card(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	taken_of(party, SOURCE(CARD), "authority: xs-ca\nserial: 1\nstate: XSY\nlanguages: { requests: [en] }\n" REACHED("+111", "8-16"));
	assert_string_equal(entry_of(party, "xs-ca")->profile->contacts[0]->phone, "+111");	/* the telephone check was done */
	taken_of(party, SOURCE(CARD), "authority: xs-ca\nserial: 2\nstate: XFR\nlanguages: { requests: [fr] }\n" REACHED("+666", "8-16"));
	const Comity__DirectoryEntry *entry = entry_of(party, "xs-ca");
	assert_string_equal(entry->profile->state, "XSY");
	assert_string_equal(entry->profile->contacts[0]->phone, "+111");
	assert_string_equal(entry->profile->languages->requests[0], "fr");
	assert_string_equal(entry->announced->state, "XFR");
}

static void only_what_nobody_says_of_himself_is_removed(void **state)
{
	static const struct { Comity__EntrySource__Value source; enum fault fault; } rows[] = {
		{ SOURCE(UNVERIFIED_CARD), OK }, { SOURCE(IMPORTED), OK }, { SOURCE(ANNOUNCED), OK },
		{ SOURCE(CARD), FAULT_USAGE }, { SOURCE(OWN), FAULT_USAGE },
	};
	struct party *party = &((struct world *)*state)->f;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char yaml[40], authority[16];
		snprintf(authority, sizeof authority, "xa-%zu", i);
		snprintf(yaml, sizeof yaml, "authority: %s\nserial: 1\n", authority);
		taken_of(party, rows[i].source, yaml);
		assert_int_equal(forget(party, authority), rows[i].fault);
		assert_int_equal(entry_of(party, authority) == NULL, rows[i].fault == OK);
	}
	WRITING(&party->ledger, txn);
	directory_release(&txn, "xa-3");
	assert_int_equal(directory_announced_by(&txn, "xs-ca", &party->ledger.arena), 0);
	assert_ok(ledger_end(&txn, OK));
	assert_ok(forget(party, "xa-3"));
	assert_int_equal(forget(party, "xa-9"), FAULT_NOT_FOUND);
}

/* ── what peers may tell ──────────────────────────────────────────────────────────────────────── */

static void introduce(struct world *world)
{
	taken_of(&world->f, SOURCE(OWN), "authority: xf-ca\nstate: XFR\npart: CENTRAL_AUTHORITY\nserial: 1\n");
	taken_of(&world->s, SOURCE(OWN), "authority: xs-ca\nstate: XSY\npart: CENTRAL_AUTHORITY\nserial: 1\n");
	taken_of(&world->f, SOURCE(CARD), "authority: xs-ca\nstate: XSY\npart: CENTRAL_AUTHORITY\nserial: 1\n");
	taken_of(&world->s, SOURCE(CARD), "authority: xf-ca\nstate: XFR\npart: CENTRAL_AUTHORITY\nserial: 1\n");
}

static enum fault announce(struct party *party, const char *authority, Comity__DirectoryAnnounced *told)
{
	char *names[] = { (char *)authority };
	Comity__DirectoryAnnounce order = COMITY__DIRECTORY_ANNOUNCE__INIT;
	order.n_authorities = authority != NULL;
	order.authorities = names;
	comity__directory_announced__init(told);
	WRITING(&party->ledger, txn);
	return ledger_end(&txn, casework_announce(&party->casework, &txn, &order, UID, &party->ledger.arena, told));
}

static void what_is_announced_stands_in_the_other_directory(void **state)
{
	struct world *world = *state;
	Comity__DirectoryAnnounced told;
	assert_int_equal(announce(&world->s, NULL, &told), FAULT_USAGE);	/* of which State are we? */
	introduce(world);
	assert_int_equal(announce(&world->s, NULL, &told), FAULT_NOT_FOUND);
	taken_of(&world->s, SOURCE(IMPORTED), BODY "type: FIU\n" REACHED("+111", "8-16"));
	taken_of(&world->s, SOURCE(IMPORTED), "authority: xf-fiu\npart: OTHER_COMPETENT_AUTHORITY\nstate: XFR\n");
	assert_int_equal(announce(&world->s, "xf-fiu", &told), FAULT_FOREIGN_ENTRY);
	assert_int_equal(announce(&world->s, "xs-ca", &told), FAULT_FOREIGN_ENTRY);
	assert_int_equal(announce(&world->s, "xs-nobody", &told), FAULT_NOT_FOUND);
	assert_ok(announce(&world->s, NULL, &told));
	assert_int_equal(told.n_authorities, 1);
	assert_int_equal(told.n_peers, 1);
	assert_null(told.peers[0]->reason);

	uint64_t before = ledger_events(&world->f.ledger);
	assert_ok(receive(&world->f, last_message(&world->s)));
	const Comity__DirectoryEntry *entry = entry_of(&world->f, "xs-fiu");
	assert_int_equal(entry->source, SOURCE(ANNOUNCED));
	assert_string_equal(entry->from, "xs-ca");
	assert_string_equal(entry->message_id, world->s.submitted);
	assert_int_equal(entry->profile->type, COMITY__COMPETENT_AUTHORITY_TYPE__VALUE__FIU);
	assert_int_equal(entry->profile->n_contacts, 0);
	assert_int_equal(ledger_events(&world->f.ledger), before + 1);
	assert_string_equal(ledger_event(&world->f.ledger, before + 1)->type, EVENT_DIRECTORY_CHANGED);
	READING(&world->f.ledger, txn);
	assert_int_equal(directory_announced_by(&txn, "xs-ca", &world->f.ledger.arena), 1);
	txn_abort(&txn);
}

/* A message of Sylvania with these entries. */
static enum fault hear(struct world *world, const char *const *entries, size_t count)
{
	struct bytes raw[300] = { 0 };
	ProtobufCBinaryData packed[300];
	char id[UUID_TEXT_SIZE];
	Comity__DirectoryUpdate update = COMITY__DIRECTORY_UPDATE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	Comity__Message message = COMITY__MESSAGE__INIT;
	for (size_t i = 0; i < count; i++) {
		const char *yaml = entries[i];
		assert_ok(strncmp(yaml, "raw:", 4) ? pack(&profile_of(&world->f, yaml)->base, &raw[i]) : bytes_append_text(&raw[i], yaml));
		packed[i] = (ProtobufCBinaryData){ raw[i].len, raw[i].at };
	}
	uuid_new(id);
	update.n_entries = count;
	update.entries = packed;
	act.kind_case = COMITY__ACT__KIND_DIRECTORY_UPDATE;
	act.directory_update = &update;
	message.message_id = id;
	message.from = "xs-ca";
	message.to = "xf-ca";
	message.n_acts = 1;
	message.acts = &acts;
	enum fault fault = receive(&world->f, &message);
	for (size_t i = 0; i < count; i++)
		bytes_clear(&raw[i]);
	return fault;
}

static void a_peer_tells_only_of_other_authorities_of_its_state(void **state)
{
	static const struct { const char *entry; enum fault fault; } rows[] = {
		{ "authority: xf-fiu\npart: OTHER_COMPETENT_AUTHORITY\nstate: XFR\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xs-court\npart: OTHER_COMPETENT_AUTHORITY\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xs-court\npart: CENTRAL_AUTHORITY\nstate: XSY\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xs-court\nstate: XSY\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xf-ca\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xs-ca\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n", FAULT_FOREIGN_ENTRY },
		{ "authority: xs-ex\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n", FAULT_FOREIGN_ENTRY },	/* a central authority */
		{ "authority: xf-court\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n", FAULT_FOREIGN_ENTRY },	/* one of ours */
		{ "part: OTHER_COMPETENT_AUTHORITY\nstate: XSY\n", FAULT_BAD_DOCUMENT },
		{ "raw: no entry at all", FAULT_BAD_DOCUMENT },
	};
	struct world *world = *state;
	introduce(world);
	taken_of(&world->f, SOURCE(IMPORTED), "authority: xs-ex\npart: CENTRAL_AUTHORITY\nstate: XSY\n");
	taken_of(&world->f, SOURCE(IMPORTED), "authority: xf-court\npart: OTHER_COMPETENT_AUTHORITY\nstate: XFR\n");
	uint64_t before = ledger_events(&world->f.ledger);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const entries[] = { BODY "serial: 1\n", rows[i].entry };	/* a sound one goes before it */
		assert_int_equal(hear(world, entries, 2), rows[i].fault);
		assert_null(entry_of(&world->f, "xs-fiu"));
	}
	assert_int_equal(ledger_events(&world->f.ledger), before);
	const char *const sound[] = { BODY "serial: 1\n" };
	assert_ok(hear(world, sound, 1));
	assert_non_null(entry_of(&world->f, "xs-fiu"));
}

static void a_peer_of_no_state_tells_of_nobody(void **state)
{
	struct world *world = *state;
	const char *const sound[] = { BODY "serial: 1\n" };
	assert_int_equal(hear(world, sound, 1), FAULT_FOREIGN_ENTRY);
}

static void what_one_peer_announces_is_limited(void **state)
{
	struct world *world = *state;
	const char *entries[300];
	char texts[300][100];
	introduce(world);
	for (size_t round = 0, next = 0; round < 3; round++) {
		size_t count = round < 2 ? 250 : 1;
		for (size_t i = 0; i < count; i++, next++) {
			snprintf(texts[i], sizeof texts[i], "authority: xs-%zu\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\nserial: 1\n", next);
			entries[i] = texts[i];
		}
		assert_int_equal(hear(world, entries, count), round < 2 ? OK : FAULT_TOO_LARGE);
	}
	for (size_t i = 0; i < 257; i++)
		entries[i] = texts[0];
	assert_int_equal(hear(world, entries, 257), FAULT_TOO_LARGE);
	const char *const known[] = { "authority: xs-3\npart: OTHER_COMPETENT_AUTHORITY\nstate: XSY\nserial: 2\n" };
	assert_ok(hear(world, known, 1));	/* what is there can still be changed */
}

/* ── to whom ──────────────────────────────────────────────────────────────────────────────────── */

static const char *const central[] = {
	"authority: xs-ca\nstate: XSY\npart: CENTRAL_AUTHORITY\nserial: 1\nacts_covered: [{ kinds: [MLA, CONFISCATION], roles: [RECEIVE] }]\n",
	"authority: xs-ex\nstate: XSY\npart: CENTRAL_AUTHORITY\nserial: 1\nacts_covered: [{ kinds: [EXTRADITION, MLA], roles: [SEND, RECEIVE], forms: [SERVICE_DOCUMENTS] }]\n"
		"names: [{ language: fr, text: Parquet }, { language: en, text: Prosecutor }]\n"
		"urgent_procedure: { what_counts: Life., contact: { name: Duty, phone: \"+111\" } }\n"
		"transmission: { channels: [DIPLOMATIC], platforms: [e-MLA], paper_original_required: true }\n"
		"guides: [{ title: Guide, language: en, url: \"https://xs.example/guide\" }]\n",
	"authority: xs-isle\nstate: XSY\nterritory: XSY-IS\npart: CENTRAL_AUTHORITY\nserial: 1\n",
	"authority: xs-past\nstate: XSY\npart: CENTRAL_AUTHORITY\nserial: 1\ndesignations: [{ valid_to_on: \"2020-01-01\" }]\n",
	BODY "serial: 1\n",
};

static Comity__Route route_of(struct party *party, const char *to, Comity__RequestKind__Value kind, Comity__AssistanceForm__Value form)
{
	Comity__Route route = COMITY__ROUTE__INIT;
	const struct sought sought = { .kind = kind, .forms = &form, .n_forms = form != COMITY__ASSISTANCE_FORM__VALUE__UNSPECIFIED };
	READING(&party->ledger, txn);
	assert_ok(routing_find(&txn, to, &sought, &party->ledger.arena, &route));
	txn_abort(&txn);
	return route;
}

#undef KIND
#define KIND(name) COMITY__REQUEST_KIND__VALUE__##name
#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name

static void a_request_goes_to_the_authority_that_receives_what_is_asked(void **state)
{
	static const struct {
		const char *to, *found, *reason;
		Comity__RequestKind__Value kind;
		Comity__AssistanceForm__Value form;
		size_t choices;
	} rows[] = {
		{ "XS-CA",  "xs-ca",   NULL,           KIND(UNSPECIFIED), FORM(UNSPECIFIED), 0 },
		{ "xsy",    "xs-ca",   NULL,           KIND(CONFISCATION), FORM(UNSPECIFIED), 0 },
		{ "XSY",    "xs-ca",   NULL,           KIND(MLA), FORM(BANK_FINANCIAL_RECORDS), 0 },
		{ "XSY",    "xs-ex",   "peer-unknown", KIND(EXTRADITION), FORM(UNSPECIFIED), 0 },
		{ "XSY-IS", "xs-isle", "peer-unknown", KIND(MLA), FORM(UNSPECIFIED), 0 },
		{ "XSY",    NULL,      "ambiguous",    KIND(MLA), FORM(UNSPECIFIED), 2 },
		{ "XSY",    NULL,      "ambiguous",    KIND(MLA), FORM(SERVICE_DOCUMENTS), 2 },
		{ "XSY",    "xs-isle", "peer-unknown", KIND(TRANSFER_PROCEEDINGS), FORM(UNSPECIFIED), 0 },	/* who else would? */
		{ "xs-ex",  "xs-ex",   "peer-unknown", KIND(MLA), FORM(UNSPECIFIED), 0 },
		{ "XXX",    NULL,      "peer-unknown", KIND(MLA), FORM(UNSPECIFIED), 0 },
		{ "xx-ca",  NULL,      "peer-unknown", KIND(MLA), FORM(UNSPECIFIED), 0 },
		{ "",       NULL,      "peer-unknown", KIND(MLA), FORM(UNSPECIFIED), 0 },
	};
	struct party *party = &((struct world *)*state)->f;
	for (size_t i = 0; i < ARRAY_LEN(central); i++)
		taken_of(party, i ? SOURCE(IMPORTED) : SOURCE(CARD), central[i]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		Comity__Route route = route_of(party, rows[i].to, rows[i].kind, rows[i].form);
		assert_string_equal(route.to ? route.to : "-", rows[i].found ? rows[i].found : "-");
		assert_string_equal(route.reason ? route.reason : "-", rows[i].reason ? rows[i].reason : "-");
		assert_int_equal(route.n_choices, rows[i].choices);
		assert_int_equal(routing_fault(&route), rows[i].reason ? fault_from_slug(rows[i].reason) : OK);
	}
}

static void who_has_no_line_is_reached_another_way(void **state)
{
	static const char *const lines[] = { "urgent: Duty, +111", "urgent is: Life.", "channels: DIPLOMATIC", "platforms: e-MLA",
		"accepts: the original on paper", "guide: Guide, en, https://xs.example/guide" };
	struct party *party = &((struct world *)*state)->f;
	taken_of(party, SOURCE(IMPORTED), central[1]);
	Comity__Route route = route_of(party, "xs-ex", KIND(MLA), FORM(UNSPECIFIED));
	assert_non_null(strstr(route.reason_text, "(Prosecutor)"));
	assert_int_equal(route.n_other_ways, ARRAY_LEN(lines));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_string_equal(route.other_ways[i], lines[i]);
}

static void none_that_receives_it_is_said_with_what_there_is(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	taken_of(party, SOURCE(CARD), central[0]);
	Comity__Route route = route_of(party, "XSY", KIND(EXTRADITION), FORM(UNSPECIFIED));
	assert_string_equal(route.reason, "not-found");
	assert_int_equal(route.n_choices, 1);
	assert_string_equal(route.choices[0]->covers, "MLA, CONFISCATION");
	assert_int_equal(route.choices[0]->standing, COMITY__STANDING__VALUE__VERIFIED);
}

/* ── validation ───────────────────────────────────────────────────────────────────────────────── */

static bool has_code(const Comity__Validation *validation, const char *code)
{
	for (size_t i = 0; i < validation->n_problems; i++)
		if (!strcmp(validation->problems[i]->code, code))
			return true;
	return false;
}

static void a_request_is_held_against_an_entry_without_a_line(void **state)
{
	struct party *party = &((struct world *)*state)->f;
	Comity__Validation validation = COMITY__VALIDATION__INIT;
	taken_of(party, SOURCE(IMPORTED), "authority: xs-ex\nstate: XSY\npart: CENTRAL_AUTHORITY\nlanguages: { requests: [sv] }\n"
		"acts_covered: [{ kinds: [EXTRADITION] }]\n");
	READING(&party->ledger, txn);
	assert_ok(casework_validate(&party->casework, &txn, NULL, document_of(party, complete), "xs-ex", &party->ledger.arena, &validation));
	assert_true(has_code(&validation, "other-channel"));
	assert_true(has_code(&validation, "not-competent"));
	assert_true(has_code(&validation, "language"));
	assert_int_equal(casework_validate(&party->casework, &txn, NULL, document_of(party, complete), "xx-ca", &party->ledger.arena,
		&validation), FAULT_PEER_UNKNOWN);
	txn_abort(&txn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(who_knows_best_is_believed_whatever_came_first),
		WORLD_TEST(an_older_serial_never_takes_the_place_of_a_newer),
		WORLD_TEST(an_officer_may_mend_an_import_and_it_is_a_new_edition),
		WORLD_TEST(what_is_no_entry_is_refused),
		WORLD_TEST(addresses_that_come_in_band_count_once_they_are_confirmed),
		WORLD_TEST(a_peer_cannot_move_to_another_state_by_its_next_card),
		WORLD_TEST(only_what_nobody_says_of_himself_is_removed),
		WORLD_TEST(what_is_announced_stands_in_the_other_directory),
		WORLD_TEST(a_peer_tells_only_of_other_authorities_of_its_state),
		WORLD_TEST(a_peer_of_no_state_tells_of_nobody),
		WORLD_TEST(what_one_peer_announces_is_limited),
		WORLD_TEST(a_request_goes_to_the_authority_that_receives_what_is_asked),
		WORLD_TEST(who_has_no_line_is_reached_another_way),
		WORLD_TEST(none_that_receives_it_is_said_with_what_there_is),
		WORLD_TEST(a_request_is_held_against_an_entry_without_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
