#include "tools/progress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/json.h"
#include "proto/units.h"
#include "tools/print.h"

enum { BAR_MIN = 10, BAR_MAX = 40, FIGURES_SIZE = 200, SECOND = 1000000 };

static volatile sig_atomic_t is_asked;

static void on_asked(int number)
{
	(void)number;
	is_asked = 1;
}

void progress_listen(void)
{
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_asked, .sa_flags = SA_RESTART }, NULL);
}

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * SECOND + time.tv_nsec / 1000;
}

/* ── what is told ─────────────────────────────────────────────────────────────────────────────── */

static uint64_t rate(const struct progress *progress)
{
	double seconds = (double)(now() - progress->began) / SECOND;
	return seconds > 0 ? (uint64_t)((double)(progress->done - progress->from) / seconds) : 0;
}

static uint64_t seconds_left(const struct progress *progress)
{
	uint64_t each = rate(progress);
	return each ? (progress->total - progress->done) / each : 0;
}

static long long seconds_gone(const struct progress *progress)
{
	return (long long)(now() - progress->began) / SECOND;
}

static void describe_step(const struct progress *progress, char figures[FIGURES_SIZE])
{
	const ProtobufCEnumValue *step =
		protobuf_c_enum_descriptor_get_value(&comity__transport__value__descriptor, (int)progress->step);
	int len = snprintf(figures, FIGURES_SIZE, "%s, %lld s", step ? step->name : "?",
		seconds_gone(progress));
	for (int i = 0; i < len; i++)
		if (figures[i] >= 'A' && figures[i] <= 'Z')
			figures[i] = (char)(figures[i] - 'A' + 'a');
}

static void describe(const struct progress *progress, char figures[FIGURES_SIZE])
{
	char sizes[3][UNITS_SIZE], left[24] = "-:--";
	if (progress->kind == PROGRESS_STEPS) {
		describe_step(progress, figures);
		return;
	}
	if (progress->kind == PROGRESS_TIME) {
		snprintf(figures, FIGURES_SIZE, "%lld s", seconds_gone(progress));
		return;
	}
	size_write(sizes[0], progress->done);
	size_write(sizes[1], progress->total);
	size_write(sizes[2], rate(progress));
	if (rate(progress))
		snprintf(left, sizeof left, "%llu:%02llu", (unsigned long long)seconds_left(progress) / 60,
			(unsigned long long)seconds_left(progress) % 60);
	snprintf(figures, FIGURES_SIZE, "%s/%s  %d%%  %s/s  %s left", sizes[0], sizes[1],
		progress->total ? (int)(100.0 * (double)progress->done / (double)progress->total) : 100, sizes[2], left);
}

/* ── as JSON ──────────────────────────────────────────────────────────────────────────────────── */

static void count_bytes(const struct progress *progress, Comity__TransferProgress *report)
{
	report->file = (char *)progress->name;
	report->has_bytes_done = report->has_bytes_total = report->has_rate_bytes_per_second = 1;
	report->bytes_done = progress->done;
	report->bytes_total = progress->total;
	report->rate_bytes_per_second = rate(progress);
	report->has_eta_seconds = report->rate_bytes_per_second > 0;
	report->eta_seconds = seconds_left(progress);
}

static void show_json(const struct progress *progress)
{
	struct bytes out = { 0 };
	Comity__TransferProgress report = COMITY__TRANSFER_PROGRESS__INIT;
	report.schema = "comity.progress/1";
	report.type = "progress";
	if (progress->kind == PROGRESS_STEPS) {
		report.message_id = (char *)progress->name;
		report.has_transport = 1;
		report.transport = progress->step;
	} else {
		count_bytes(progress, &report);
	}
	if (!json_write(&report.base, JSON_COMPACT_STYLE, &out) && bytes_text(&out)) {
		printf("%s\n", bytes_text(&out));
		fflush(stdout);
	}
	bytes_clear(&out);
}

/* ── for people ───────────────────────────────────────────────────────────────────────────────── */

static void draw(struct progress *progress)
{
	char bar[BAR_MAX + 1], figures[FIGURES_SIZE];
	describe(progress, figures);
	int columns = terminal_columns(STDERR_FILENO), width = columns - (int)strlen(figures) - 4;
	width = width > BAR_MAX ? BAR_MAX : width;
	progress->has_line = true;
	if (width < BAR_MIN || progress->kind != PROGRESS_BYTES) {
		const char *what = progress->kind == PROGRESS_TIME ? progress->name : "";
		fprintf(stderr, "\r%s%s%.*s\033[K", what, *what ? "  " : "", columns - 1, figures);
		return;
	}
	int full = progress->done < progress->total ? (int)((double)progress->done / (double)progress->total * width) : width;
	memset(bar, ' ', (size_t)width);
	memset(bar, '=', (size_t)full);
	if (full < width)
		bar[full] = '>';
	bar[width] = 0;
	fprintf(stderr, "\r[%s] %s\033[K", bar, figures);
}

static void wipe(struct progress *progress)
{
	if (progress->has_line)
		fputs("\r\033[K", stderr);
	progress->has_line = false;
}

static void tell(struct progress *progress)
{
	char figures[FIGURES_SIZE];
	wipe(progress);
	describe(progress, figures);
	fprintf(stderr, "%s  %s\n", progress->name, figures);
}

static int64_t interval(const struct progress *progress)
{
	if (progress->tool->format == FORMAT_JSON)
		return SECOND;
	return progress->is_terminal ? SECOND / 5 : 10 * SECOND;
}

static void refresh(void *owner)
{
	struct progress *progress = owner;
	int64_t at = now();
	if (is_asked)
		tell(progress);
	is_asked = 0;
	if (progress->tool->is_quiet || at - progress->told < interval(progress))
		return;
	progress->told = at;
	if (progress->tool->format == FORMAT_JSON && progress->kind == PROGRESS_TIME)
		return;		/* there is nothing to count */
	if (progress->tool->format == FORMAT_JSON)
		show_json(progress);
	else if (progress->is_terminal)
		draw(progress);
	else
		tell(progress);
}

/* ── public ───────────────────────────────────────────────────────────────────────────────────── */

static void begin(struct progress *progress)
{
	const char *terminal = getenv("TERM");
	progress->is_terminal = isatty(STDERR_FILENO) && !(terminal && !strcmp(terminal, "dumb"));
	progress->began = progress->told = now();
	client_set_ticker(progress->client, refresh, progress);
}

void progress_begin(struct progress *progress, const struct tool *tool, const char *name, uint64_t from, uint64_t total)
{
	*progress = (struct progress){ .tool = tool, .client = tool->client, .name = name, .from = from, .done = from, .total = total };
	begin(progress);
}

void progress_show(struct progress *progress, uint64_t done)
{
	progress->done = done;
	refresh(progress);
}

void progress_wait(struct progress *progress, const struct tool *tool, struct client *client, const char *message_id)
{
	*progress = (struct progress){ .tool = tool, .client = client, .name = message_id, .kind = PROGRESS_STEPS };
	begin(progress);
}

void progress_work(struct progress *progress, const struct tool *tool, struct client *client)
{
	*progress = (struct progress){ .tool = tool, .client = client, .kind = PROGRESS_TIME };
	const struct pattern *pattern = &tool->line.pattern;
	for (size_t i = 0, len = 0; i < pattern->n_words; i++)
		len += (size_t)snprintf(progress->command + len, sizeof progress->command - len, "%s%s", i ? " " : "", pattern->words[i]);
	progress->name = progress->command;
	begin(progress);
}

void progress_step(struct progress *progress, Comity__Transport__Value step)
{
	if (step != progress->step)
		wipe(progress);
	progress->step = step;
	refresh(progress);
}

void progress_end(struct progress *progress)
{
	wipe(progress);
	client_set_ticker(progress->client, NULL, NULL);
}
