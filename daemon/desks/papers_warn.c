/* One event at each threshold.  How near the end was when it was last told stands beside the certificate, in the same
 * transaction as the event. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/desks/papers.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

enum { DAY = 86400, HOUR = 3600 };

static const uint32_t never = UINT32_MAX;

static struct key key_of_told(const struct paper *paper)
{
	struct key key = { 0 };
	key_bytes(&key, SPAN(paper->digest));
	key_text(&key, "told");
	return key;
}

static uint32_t find_told(struct txn *txn, const struct paper *paper)
{
	struct span value;
	struct key key = key_of_told(paper);
	return txn_get(txn, TABLE_CERTIFICATES, key_span(&key), &value) && value.len == 4 ? get_u32(value.at) : never;
}

static void keep_told(struct txn *txn, const struct paper *paper, uint32_t seconds)
{
	uint8_t value[4];
	struct key key = key_of_told(paper);
	put_u32(value, seconds);
	if (seconds == never)
		txn_delete(txn, TABLE_CERTIFICATES, key_span(&key));
	else
		txn_put(txn, TABLE_CERTIFICATES, key_span(&key), SPAN(value));
}

/* The nearest threshold that was passed: 0 when all is over, `never` when there is time. */
static uint32_t threshold_of(const struct papers *papers, const struct paper *paper)
{
	int64_t left = paper->ends - papers->now;
	uint32_t nearest = never;
	if (left < 0)
		return 0;
	for (size_t i = 0; !paper->is_list && i < papers->thresholds->count; i++)
		if (left <= papers->thresholds->seconds[i])
			nearest = (uint32_t)papers->thresholds->seconds[i];
	return nearest;
}

static void write_sentence(char *text, size_t size, const struct papers *papers, const struct paper *paper)
{
	int64_t left = paper->ends - papers->now;
	char whose[96], when[STAMP_SIZE], how_long[48] = "";
	stamp_write(when, paper->ends * STAMP_SECOND);
	snprintf(whose, sizeof whose, "%s %s %s%s%s", paper->is_ours ? "our" : "the", role_name(paper->role),
		paper->is_list ? "revocation list" : "certificate", paper->is_ours ? "" : " of ", paper->is_ours ? "" : paper->authority);
	if (left >= 2 * DAY)
		snprintf(how_long, sizeof how_long, "in %" PRId64 " days, ", left / DAY);
	else if (left >= 0)
		snprintf(how_long, sizeof how_long, "in %" PRId64 " hours, ", left / HOUR);
	snprintf(text, size, "%s %s %sat %s", whose, left >= 0 ? "ends" : paper->is_list ? "should have been renewed" : "expired",
		how_long, when);
}

static void tell(const struct papers *papers, const struct paper *paper)
{
	char text[256], until[STAMP_SIZE];
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	const char *type = paper->is_list ? EVENT_REVOCATIONS_STALE :
		paper->ends < papers->now ? EVENT_CERTIFICATE_EXPIRED : EVENT_CERTIFICATE_ENDING;
	write_sentence(text, sizeof text, papers, paper);
	stamp_write(until, paper->ends * STAMP_SECOND);
	data.peer = paper->is_ours ? NULL : (char *)paper->authority;
	data.text = text;
	data.role = (char *)role_name(paper->role);
	data.number = (char *)paper->number;
	data.until = until;
	events_append(papers->txn, type, paper->authority, &data);
}

/* More time is left than was told: it was told by a clock that was wrong. */
static void warn(void *owner, const struct paper *paper)
{
	const struct papers *papers = owner;
	uint32_t due = threshold_of(papers, paper), told = find_told(papers->txn, paper);
	if (due == told || paper->state == PAPER_REVOKED)
		return;
	if (due < told)
		tell(papers, paper);
	keep_told(papers->txn, paper, due);
}

enum fault papers_warn(const struct papers *papers)
{
	struct papers warning = *papers;
	warning.each = warn;
	warning.owner = &warning;
	return papers_walk(&warning);
}
