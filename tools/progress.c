#include "tools/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "proto/json.h"
#include "proto/units.h"

enum { BAR_MIN = 10, BAR_MAX = 40, SECOND = 1000000 };

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * SECOND + time.tv_nsec / 1000;
}

void progress_begin(struct progress *progress, const struct tool *tool, const char *name, uint64_t from, uint64_t total)
{
	*progress = (struct progress){ .tool = tool, .name = name, .from = from, .total = total, .is_terminal = isatty(STDERR_FILENO) };
	progress->began = progress->told = now();
}

static int64_t interval(const struct progress *progress)
{
	if (progress->tool->format == FORMAT_JSON)
		return SECOND;
	return progress->is_terminal ? SECOND / 5 : 10 * SECOND;
}

static void show_json(const struct progress *progress, uint64_t done, uint64_t rate, uint64_t left)
{
	struct bytes out = { 0 };
	Comity__TransferProgress report = COMITY__TRANSFER_PROGRESS__INIT;
	report.type = "progress";
	report.file = (char *)progress->name;
	report.has_bytes_done = report.has_bytes_total = report.has_rate_bytes_per_second = report.has_eta_seconds = 1;
	report.bytes_done = done;
	report.bytes_total = progress->total;
	report.rate_bytes_per_second = rate;
	report.eta_seconds = left;
	if (!json_write(&report.base, JSON_COMPACT_STYLE, &out))
		fprintf(stderr, "%s\n", bytes_text(&out));
	bytes_clear(&out);
}

static int columns(void)
{
	struct winsize size;
	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

static void draw_bar(const struct progress *progress, uint64_t done, const char *figures)
{
	int width = columns() - (int)strlen(figures) - 4;
	char bar[BAR_MAX + 1];
	width = width > BAR_MAX ? BAR_MAX : width;
	if (width < BAR_MIN) {
		fprintf(stderr, "\r%s\033[K", figures);
		return;
	}
	int full = done < progress->total ? (int)((double)done / (double)progress->total * width) : width;
	memset(bar, ' ', (size_t)width);
	memset(bar, '=', (size_t)full);
	if (full < width)
		bar[full] = '>';
	bar[width] = 0;
	fprintf(stderr, "\r[%s] %s\033[K", bar, figures);
}

static void show_text(struct progress *progress, uint64_t done, uint64_t rate, uint64_t left)
{
	char sizes[3][UNITS_SIZE], figures[160];
	size_write(sizes[0], done);
	size_write(sizes[1], progress->total);
	size_write(sizes[2], rate);
	snprintf(figures, sizeof figures, "%s/%s  %d%%  %s/s  %llu:%02llu left", sizes[0], sizes[1],
		progress->total ? (int)(100.0 * (double)done / (double)progress->total) : 100, sizes[2],
		(unsigned long long)left / 60, (unsigned long long)left % 60);
	if (progress->is_terminal)
		draw_bar(progress, done, figures);
	else
		fprintf(stderr, "%s  %s\n", progress->name, figures);
	progress->has_bar = progress->is_terminal;
}

void progress_show(struct progress *progress, uint64_t done)
{
	int64_t at = now();
	if (progress->tool->is_quiet || at - progress->told < interval(progress))
		return;
	double seconds = (double)(at - progress->began) / SECOND;
	double rate = (double)(done - progress->from) / seconds;
	uint64_t left = rate > 0 ? (uint64_t)((double)(progress->total - done) / rate) : 0;
	progress->told = at;
	if (progress->tool->format == FORMAT_JSON)
		show_json(progress, done, (uint64_t)rate, left);
	else
		show_text(progress, done, (uint64_t)rate, left);
}

void progress_end(struct progress *progress)
{
	if (progress->has_bar)
		fputs("\r\033[K", stderr);
	progress->has_bar = false;
}
