#include "daemon/ledger/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define SLACK_MS       DAY_MS			/* between what is shown and what should be */
#define AWAY_MS        (7 * DAY_MS)		/* how long a machine is off before anybody wonders */
#define AGREEMENT_US   (600 * STAMP_SECOND)	/* between two clocks that agree */
#define AGREED_MS      MINUTE_MS		/* with a peer that agrees: time for others to contradict */
#define UNOPPOSED_MS   (7 * DAY_MS)		/* without one */

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

static bool read_boot(char *boot, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, boot, size - 1);
	if (fd >= 0)
		close(fd);
	boot[len > 0 ? len : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	return *boot;
}

/* Where the system does not tell (ProcSubset=pid), each start of ours counts as one of the system's. */
static const char *boot_of_system(void)
{
	static char boot[40];
	if (!*boot && !read_boot(boot, sizeof boot))
		snprintf(boot, sizeof boot, "process %08x%08x", arc4random(), arc4random());
	return boot;
}

/* The kernel's word counts only for a clock that is the kernel's: what we are shown may be another. */
static bool is_synchronised(int64_t wall)
{
	struct timex kernel = { 0 };
	int state = adjtimex(&kernel);
	return state >= 0 && state != TIME_ERROR && llabs(kernel.time.tv_sec - wall / STAMP_SECOND) <= 1;
}

void clock_read_system(struct clock_reading *reading)
{
	struct timespec steady;
	clock_gettime(CLOCK_BOOTTIME, &steady);
	reading->wall = stamp_clock();
	reading->steady_ms = steady.tv_sec * INT64_C(1000) + steady.tv_nsec / 1000000;
	reading->is_synchronised = is_synchronised(reading->wall);
	snprintf(reading->boot, sizeof reading->boot, "%s", boot_of_system());
}

void (*clock_read)(struct clock_reading *reading) = clock_read_system;

/* ── judging ──────────────────────────────────────────────────────────────────────────────────── */

static bool is_same_boot(const struct clock *clock, const struct clock_reading *now)
{
	return !strcmp(clock->believed.boot, now->boot) && now->steady_ms >= clock->believed.steady_ms;
}

/* How long ago the believed reading was; after a new start of the system, how long at least. */
static int64_t passed_ms(const struct clock *clock, const struct clock_reading *now)
{
	return now->steady_ms - (is_same_boot(clock, now) ? clock->believed.steady_ms : 0);
}

static int64_t expected_wall(const struct clock *clock, const struct clock_reading *now)
{
	return clock->believed.wall + passed_ms(clock, now) * 1000;
}

static int64_t ahead_ms(const struct clock *clock, const struct clock_reading *now)
{
	return (now->wall - expected_wall(clock, now)) / 1000;
}

/* In doubt, a new start of the system explains nothing more: it may be the same wrong clock. */
static bool is_explained(const struct clock *clock, const struct clock_reading *now)
{
	bool was_off = !is_same_boot(clock, now) && !clock->is_in_doubt;
	int64_t ahead = ahead_ms(clock, now);
	if (ahead < -SLACK_MS)
		return false;
	return ahead <= (was_off ? AWAY_MS : SLACK_MS) || (was_off && now->is_synchronised);
}

static void believe(struct clock *clock, const struct clock_reading *now)
{
	clock->believed = *now;
	clock->is_in_doubt = false;
	clock->must_keep = true;
}

static void doubt(struct clock *clock, const struct clock_reading *now)
{
	char shown[STAMP_SIZE], expected[STAMP_SIZE];
	stamp_write(shown, now->wall);
	stamp_write(expected, expected_wall(clock, now));
	snprintf(clock->since, sizeof clock->since, "%s", expected);
	snprintf(clock->reason, sizeof clock->reason, "it shows %s; by what was believed before%s it should be %s", shown,
		is_same_boot(clock, now) ? " and the time since then" : ", at the system's last start,", expected);
	clock->is_in_doubt = clock->must_keep = true;
	clock->has_agreement = false;
	clock->ahead_ms = ahead_ms(clock, now);
	clock->quiet_ms = 0;
	clock->counted_at = clock->kept_at = now->steady_ms;
}

/* The believed time is carried over into the new start of the system. */
static void carry_over(struct clock *clock, const struct clock_reading *now)
{
	int64_t wall = expected_wall(clock, now);
	clock->believed = *now;
	clock->believed.wall = wall;
	clock->must_keep = true;
}

static void go_on_doubting(struct clock *clock, const struct clock_reading *now)
{
	clock->quiet_ms += now->steady_ms - clock->counted_at;
	clock->counted_at = now->steady_ms;
	if (clock->quiet_ms >= (clock->has_agreement ? AGREED_MS : UNOPPOSED_MS)) {
		believe(clock, now);
		return;
	}
	if (now->steady_ms - clock->kept_at < HOUR_MS)
		return;
	clock->kept_at = now->steady_ms;
	clock->must_keep = true;
}

void clock_look(struct clock *clock, const struct clock_reading *now)
{
	if (!*clock->believed.boot) {
		believe(clock, now);
		return;
	}
	bool is_explained_now = is_explained(clock, now), is_anew = !is_same_boot(clock, now);
	if (is_explained_now && (clock->is_in_doubt || is_anew || passed_ms(clock, now) >= DAY_MS))
		believe(clock, now);
	if (is_explained_now)
		return;
	if (!clock->is_in_doubt || llabs(ahead_ms(clock, now) - clock->ahead_ms) > AGREEMENT_US / 1000)
		doubt(clock, now);	/* also when it was set once more: what was said of it does not count */
	if (is_anew)
		carry_over(clock, now);
	go_on_doubting(clock, now);
}

void clock_hear(struct clock *clock, const struct clock_reading *now, int64_t ahead_us)
{
	clock_look(clock, now);
	if (!clock->is_in_doubt)
		return;
	bool agrees = llabs(ahead_us) <= AGREEMENT_US;
	if (!agrees)
		clock->quiet_ms = 0;
	if (agrees && !clock->has_agreement)
		clock->quiet_ms = 0;	/* from now on the others have a minute */
	clock->has_agreement = agrees;
}

void clock_confirm(struct clock *clock, const struct clock_reading *now)
{
	believe(clock, now);
}

enum fault clock_tell(const struct clock *clock, int64_t *now)
{
	*now = stamp_clock();
	return clock->is_in_doubt ? fault_say(FAULT_CLOCK_IN_DOUBT, "our clock is in doubt: %s", clock->reason) : OK;
}

/* ── in the ledger ────────────────────────────────────────────────────────────────────────────── */

static struct key key_of_clock(void)
{
	struct key key = { 0 };
	key_text(&key, "clock");
	return key;
}

static const Comity__Clock *find(struct txn *txn, struct arena *arena)
{
	struct key key = key_of_clock();
	return record_find(txn, TABLE_META, key_span(&key), &comity__clock__descriptor, arena);
}

static void load_doubt(struct clock *clock, const Comity__ClockDoubt *doubt)
{
	clock->is_in_doubt = true;
	clock->quiet_ms = (int64_t)doubt->quiet_ms;
	clock->ahead_ms = doubt->ahead_ms;
	snprintf(clock->since, sizeof clock->since, "%s", doubt->since ? doubt->since : "");
	snprintf(clock->reason, sizeof clock->reason, "%s", doubt->reason ? doubt->reason : "");
}

/* While we were away nobody could contradict: that time does not count. */
void clock_load(struct clock *clock, struct txn *txn, const struct clock_reading *now)
{
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	*clock = (struct clock){ .counted_at = now->steady_ms, .kept_at = now->steady_ms };
	const Comity__Clock *kept = find(txn, &arena);
	if (kept && kept->believed_at && kept->boot && stamp_read(kept->believed_at, &clock->believed.wall)) {
		clock->believed.steady_ms = (int64_t)kept->steady_ms;
		snprintf(clock->believed.boot, sizeof clock->believed.boot, "%s", kept->boot);
		if (kept->doubt)
			load_doubt(clock, kept->doubt);
	}
	arena_clear(&arena);
}

static void tell(const struct clock *clock, struct txn *txn, uint32_t uid)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.has_actor_uid = uid != UINT32_MAX;
	data.actor_uid = uid;
	data.reason = clock->is_in_doubt ? (char *)fault_slug(FAULT_CLOCK_IN_DOUBT) : NULL;
	data.text = clock->is_in_doubt ? (char *)clock->reason : NULL;
	events_append(txn, clock->is_in_doubt ? EVENT_CLOCK_DOUBTED : EVENT_CLOCK_BELIEVED, NULL, &data);
}

static bool is_doubted_on_record(struct txn *txn)
{
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Clock *kept = find(txn, &arena);
	bool is_doubted = kept && kept->doubt;
	arena_clear(&arena);
	return is_doubted;
}

void clock_keep(const struct clock *clock, struct txn *txn, uint32_t uid)
{
	char believed_at[STAMP_SIZE];
	struct key key = key_of_clock();
	Comity__ClockDoubt doubt = COMITY__CLOCK_DOUBT__INIT;
	Comity__Clock kept = COMITY__CLOCK__INIT;
	txn_use_reserve(txn);
	if (is_doubted_on_record(txn) != clock->is_in_doubt)
		tell(clock, txn, uid);
	stamp_write(believed_at, clock->believed.wall);
	kept.believed_at = believed_at;
	kept.boot = (char *)clock->believed.boot;
	kept.has_steady_ms = doubt.has_quiet_ms = doubt.has_ahead_ms = 1;
	kept.steady_ms = (uint64_t)clock->believed.steady_ms;
	doubt.since = (char *)clock->since;
	doubt.reason = (char *)clock->reason;
	doubt.quiet_ms = (uint64_t)clock->quiet_ms;
	doubt.ahead_ms = clock->ahead_ms;
	kept.doubt = clock->is_in_doubt ? &doubt : NULL;
	record_keep(txn, TABLE_META, key_span(&key), &kept.base);
}
