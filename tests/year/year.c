/* A year in a minute: authorities, requests, officers who do all that the table of statuses allows, lines that fail, daemons that
 * are killed, on a clock that is turned.  The rooms of the law and of the ledger are the product's own; the line is not.
 *
 *	year [--authorities N] [--requests N] [--seed N] [--every-row] [--mutate drop|late|silent|fork|alter]
 *
 * --mutate breaks something on purpose, so that it can be seen that the judge finds it: a status update in twenty is receipted and
 * lost, or deadlines are looked at by a clock that is three days behind, or one authority never looks at them; or who goes back to an old
 * copy goes on from there without asking anybody, or a bit of a stored signature is turned at the end.
 */
#include <getopt.h>

#include "tests/year/judge.h"
#include "daemon/upkeep/retention.h"

enum { STEPS_A_DAY = 4, DAYS = 365, DRAIN_STEPS = 1000 };

static struct options {
	size_t authorities, requests;
	uint64_t seed;
	bool every_row;
} options = { 5, 200, 1, false };

static struct life *all;		/* with room for what is asked again, of another State */
static size_t n_lives;

static void read_options(int count, char **words)
{
	static const struct option names[] = { { "authorities", 1, NULL, 'a' }, { "requests", 1, NULL, 'r' }, { "seed", 1, NULL, 's' },
		{ "every-row", 0, NULL, 'e' }, { "mutate", 1, NULL, 'm' }, { 0 } };
	for (int option; (option = getopt_long(count, words, "", names, NULL)) >= 0;)
		switch (option) {
		case 'a': options.authorities = strtoul(optarg, NULL, 10); break;
		case 'r': options.requests = strtoul(optarg, NULL, 10); break;
		case 's': options.seed = strtoull(optarg, NULL, 10); break;
		case 'e': options.every_row = true; break;
		case 'm': mutation = optarg; break;
		default: exit(64);
		}
	if (options.authorities < 2 || options.authorities > AUTHORITIES_MAX || !options.requests || options.requests > 1000000) {
		fprintf(stderr, "year: 2 to %d authorities, 1 to 1000000 requests\n", AUTHORITIES_MAX);
		exit(64);
	}
}

/* Between two that are not the same, on any day of the year but its last weeks. */
static void plan_lives(void)
{
	all = calloc(2 * options.requests, sizeof *all);
	assert_non_null(all);
	for (size_t i = 0; i < options.requests; i++, n_lives++) {
		size_t from = chance((uint32_t)n_offices), to = (from + 1 + chance((uint32_t)n_offices - 1)) % n_offices;
		all[i].sides[0] = &offices[from];
		all[i].sides[1] = &offices[to];
		all[i].next[0] = all[i].next[1] = now + chance((DAYS - 30) * 24) * INT64_C(3600) * STAMP_SECOND;
	}
}

static void live(struct life *life)
{
	for (size_t side = 0; side < 2; side++) {
		if (life->next[side] > now || (side && !life->is_begun))
			continue;
		if (!life->is_begun)
			begin(life);
		life->next[side] = now + (12 + chance(7 * 24)) * INT64_C(3600) * STAMP_SECOND;
		act_in(life, side);
	}
}

/* What went to the wrong State is asked of another one, as a new request. */
static void ask_another(struct life *life)
{
	struct life *fresh = &all[n_lives];
	life->is_misdirected = false;
	life->is_asked_again = true;
	if (n_lives == 2 * options.requests || n_offices < 3)
		return;
	*fresh = (struct life){ .sides = { life->sides[0], life->sides[1] } };
	while (fresh->sides[1] == life->sides[0] || fresh->sides[1] == life->sides[1])
		fresh->sides[1] = &offices[chance((uint32_t)n_offices)];
	fresh->next[0] = fresh->next[1] = now + STAMP_DAY;
	n_lives++;
}

/* Every day the deadlines are looked at; what was told then is judged at once, once a week. */
static void look(struct office *office)
{
	if (is_mutation("silent") && !office->index)
		return;
	WRITING(&office->ledger, txn);
	vigil_look(office->vigil, &txn, is_mutation("late") ? now - 3 * STAMP_DAY : now);
	assert_ok(ledger_end(&txn, OK));
	counts.looks++;
	hear_events(office);
	arena_reset(&office->ledger.arena);
}

/* What is closed for two months is destroyed, with half of them: both must go on to agree, and to count alike. */
static void destroy_old(struct office *office)
{
	struct retention retention = { .own_id = office->id, .cases_before = now - 60 * STAMP_DAY, .events_before = INT64_MIN };
	struct retention_round round = { 0 };
	while (office->index % 2 == 0 && !round.is_over) {
		WRITING(&office->ledger, txn);
		retention_step(&txn, &retention, &round);
		retention_forget_blobs(&txn, &round);
		assert_ok(ledger_end(&txn, OK));
		arena_reset(&office->ledger.arena);
	}
	counts.destroyed += round.cases;
}

/* A word that belongs to no case. */
static void write_loosely(struct office *office)
{
	struct office *other = &offices[(office->index + 1 + chance((uint32_t)n_offices - 1)) % n_offices];
	Comity__GeneralCorrespondence letter = COMITY__GENERAL_CORRESPONDENCE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	Comity__Message message = COMITY__MESSAGE__INIT;
	char id[UUID_TEXT_SIZE];
	letter.note = "We shall be closed on Friday.";
	act.kind_case = KIND(GENERAL_CORRESPONDENCE);
	act.general_correspondence = &letter;
	message.n_acts = 1;
	message.acts = &acts;
	WRITING(&office->ledger, txn);
	assert_ok(casework_say(&office->casework, &txn, other->id, &message, OFFICER, &office->ledger.arena, id));
	assert_ok(ledger_end(&txn, OK));
	arena_reset(&office->ledger.arena);
	counts.loose++;
}

/* After a restore: what was drafted since, and had not left, is gone and begun anew; what was over may not be over. */
static void take_up(struct office *office)
{
	for (size_t i = 0; i < n_lives; i++)
		for (size_t side = 0; side < 2; side++) {
			struct life *life = &all[i];
			if (life->sides[side] != office)
				continue;
			if (life->next[side] == INT64_MAX)
				life->next[side] = now + STAMP_DAY;
			if (!side && life->is_begun && !case_of(office, life->request_id))
				life->is_begun = false;
			arena_reset(&office->ledger.arena);
		}
}

static void pass_day(unsigned number)
{
	for (unsigned step = 0; step < STEPS_A_DAY; step++) {
		for (size_t i = 0; i < n_lives; i++)
			live(&all[i]);
		for (size_t i = 0, n = n_lives; i < n; i++)
			if (all[i].is_misdirected)
				ask_another(&all[i]);
		meet_all();
		now += STAMP_DAY / STEPS_A_DAY;
	}
	for (size_t i = 0; i < n_offices; i++) {
		if (happens(2))
			office_restart(&offices[i]);
		if (number == 90 + i * 9)
			office_renew(&offices[i]);
		back_up_or_restore(&offices[i]);
		if (offices[i].restored_at == now)
			take_up(&offices[i]);
		look(&offices[i]);
		if (happens(5))
			write_loosely(&offices[i]);
		if (number % 30 == 29)
			destroy_old(&offices[i]);
	}
	for (size_t i = 0; number % 7 == 0 && i < n_lives; i++)
		judge_deadlines(&all[i]);
}

static void judge_rows(void)
{
	for (unsigned which = 0; which < 2; which++) {
		size_t n, missing = 0;
		const struct transition *table = which ? statuses_table_spontaneous(&n) : statuses_table(&n);
		for (size_t i = 0; i < n; i++) {
			if (lives.taken[which][i] || table[i].act == KIND(CREATE))
				continue;
			missing++;
			if (options.every_row)
				find("nobody went from \"%s\" to \"%s\"", status_name(table[i].from), status_name(table[i].to));
		}
		printf("  rows of the %s table that were taken: %zu of %zu\n", which ? "spontaneous" : "main", n - missing, n);
	}
}

static void judge_variety(void)
{
	size_t kinds = missing_of(&comity__request_kind__value__descriptor, variety.kinds);
	size_t natures_missing = missing_of(&comity__request_nature__value__descriptor, variety.natures);
	if (options.every_row && (kinds || natures_missing))
		find("%zu kinds and %zu natures of request were not asked", kinds, natures_missing);
	printf("  kinds that were not asked: %zu, natures: %zu; asked again of another State: %zu; words outside of cases %llu; cases that were destroyed"
		" %llu\n", kinds, natures_missing, n_lives - options.requests, (unsigned long long)counts.loose, (unsigned long long)counts.destroyed);
}

static void judge_all(void)
{
	is_draining = true;
	for (unsigned i = 0; i < DRAIN_STEPS && !is_quiet(); i++)
		meet_all();
	if (!is_quiet())
		find("the lines do not come to rest");
	for (size_t i = 0; i < n_lives; i++)
		judge_agreement(&all[i]);
	judge_chains();
	judge_statistics();
	judge_rows();
	judge_variety();
}

static void report(void)
{
	printf("  messages %llu, of them refused %llu; came again %llu; lines down %llu times; restarts %llu; looks %llu\n",
		(unsigned long long)counts.messages, (unsigned long long)counts.refused, (unsigned long long)counts.repeats,
		(unsigned long long)counts.downs, (unsigned long long)counts.restarts, (unsigned long long)counts.looks);
	printf("  manifests signed and proven %llu, compared at the end %llu; signing keys renewed %llu; backups %llu, restored %llu; fetched back from"
		" %llu counterparts: messages %llu, of them no longer fitting %llu\n", (unsigned long long)counts.manifests,
		(unsigned long long)links_compared, (unsigned long long)counts.renewals, (unsigned long long)counts.backups,
		(unsigned long long)counts.restores, (unsigned long long)counts.comebacks, (unsigned long long)counts.came_back,
		(unsigned long long)counts.not_applied);
	printf("  acts that were refused before they left %llu; deadlines noted as promised %llu, told as overdue %llu, the latest after %.1f h\n",
		(unsigned long long)lives.refused_here, (unsigned long long)lives.promises, (unsigned long long)told_count,
		(double)deadlines.latest_seconds / 3600);
}

int main(int count, char **words)
{
	read_options(count, words);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("year: %zu authorities, %zu requests, seed %llu\n", options.authorities, options.requests, (unsigned long long)options.seed);
	chance_state = options.seed;
	now = NOON * STAMP_SECOND;
	stamp_clock = tell_now;
	world_create(options.authorities);
	plan_lives();
	for (unsigned number = 0; number < DAYS; number++)
		pass_day(number);
	judge_all();
	report();
	for (size_t i = 0; i < n_offices; i++)
		office_close(&offices[i]);
	free(all);
	printf(findings ? "year: %llu findings\n" : "year: all is well (%llu findings)\n", (unsigned long long)findings);
	return findings != 0;
}
