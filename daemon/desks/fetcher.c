#include "daemon/desks/fetcher_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "proto/frame.h"

enum {
	TRIES_MAX = 3,				/* of one attachment on one line, when its content is wrong */
	TOLD_MAX = 64,				/* that wait still when a line opens: as many as are remembered there */
};

/* Bytes on their way to the disk. */
struct append {
	struct errand errand;
	struct haul *haul;
	enum fault fault;
	struct span data;
	uint8_t bytes[];
};

static struct haul *find_haul(const struct fetcher *fetcher, const char *peer)
{
	struct haul *haul = fetcher->hauls;
	while (haul && strcmp(haul->peer, peer))
		haul = haul->next;
	return haul;
}

static struct blob_id blob_of(const struct haul *haul)
{
	return (struct blob_id){ haul->request, haul->sha256 };
}

static void look_for_more(struct haul *haul);

static void on_recorded(struct job *job, enum fault fault)
{
	struct haul *haul = container_of(job, struct haul, job);
	struct link *link = haul_link(haul);
	if (fault) {
		log_broken("fetcher %s: attachment %u of message %s is here but cannot be recorded: %s", haul->peer,
			haul->index, haul->message_id, fault_detail(fault));
		haul_pass_over(haul);
	}
	haul->state = HAUL_IDLE;
	if (link && !fault)
		haul->fetcher->rooms.recorded(haul->fetcher->rooms.owner, link);
	look_for_more(haul);
}

static void start_record(struct haul *haul, enum fault (*write)(struct txn *, struct job *))
{
	haul->state = HAUL_RECORDING;
	haul->job = (struct job){ .write = write, .done = on_recorded };
	scribe_add(haul->fetcher->rooms.scribe, &haul->job);
}

/* Give this one up for this line; the next line tries again. */
static void give_up(struct haul *haul)
{
	log_unusual("fetcher %s: attachment %u of message %s: %s", haul->peer, haul->index, haul->message_id, haul->detail);
	haul_pass_over(haul);
	haul_say_waits(haul);
	start_record(haul, haul_record_failure);
}

static void fail(struct haul *haul, enum fault fault, const char *detail)
{
	haul->fault = fault;
	snprintf(haul->detail, sizeof haul->detail, "%s", detail);
}

/* ── the porter's errands ─────────────────────────────────────────────────────────────────────── */

static void start_errand(struct haul *haul, enum haul_state state, void (*work)(struct errand *), void (*done)(struct errand *))
{
	haul->state = state;
	haul->errand = (struct errand){ .work = work, .done = done, .lane = &haul->lane };
	porter_add(haul->fetcher->rooms.porter, &haul->errand);
}

static void leave(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	blob_leave(haul->part);
	haul->part = NULL;
}

static void on_left(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	haul->state = HAUL_IDLE;
	if (!haul->fault)
		look_for_more(haul);
	else
		give_up(haul);
}

static void start_leaving(struct haul *haul)
{
	start_errand(haul, HAUL_LEAVING, leave, on_left);
}

static void finish(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	haul->fault = blob_finish(haul->part, haul->size, haul->sha256, NULL);
	haul->part = NULL;
	if (haul->fault)
		snprintf(haul->detail, sizeof haul->detail, "%s", fault_detail(haul->fault));
}

static void on_finished(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	if (!haul->fault) {
		start_record(haul, haul_record);
	} else if (haul->fault == FAULT_DIGEST_MISMATCH && ++haul->tries < TRIES_MAX) {
		haul->state = HAUL_IDLE;	/* wrong bytes were thrown away: once more from the front */
		look_for_more(haul);
	} else {
		give_up(haul);
	}
}

/* Ask on; finish when all is written.  Without a line the part stays open for the next one. */
static void ask_next(struct haul *haul)
{
	struct link *link = haul_link(haul);
	if (haul->state != HAUL_FETCHING)
		return;
	if (haul->fault)
		start_leaving(haul);
	else if (haul->written == haul->size)
		start_errand(haul, HAUL_FINISHING, finish, on_finished);
	else if (link)
		haul_ask(haul, link);
}

/* Ask on a new line for what has not come. */
static void ask_anew(struct haul *haul)
{
	haul->asked = haul->heard;
	haul->stream++;
	ask_next(haul);
}

static void on_turn(struct turn *turn)
{
	ask_next(container_of(turn, struct haul, turn));
}

static void write_append(struct errand *errand)
{
	struct append *append = container_of(errand, struct append, errand);
	append->fault = blob_write(append->haul->part, append->data);
}

static void on_appended(struct errand *errand)
{
	struct append *append = container_of(errand, struct append, errand);
	struct haul *haul = append->haul;
	if (append->fault && !haul->fault)
		fail(haul, append->fault, fault_text(append->fault));
	haul->written += append->fault ? 0 : append->data.len;
	free(append);
	ask_next(haul);
}

static void begin(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	struct blobs *blobs = haul->fetcher->rooms.blobs;
	uint64_t size;
	haul->fault = OK;
	haul->is_here = blobs_has(blobs, blob_of(haul), &size) && size == haul->size;
	if (haul->is_here)
		return;	/* the same content came to this case before */
	haul->fault = blob_begin(blobs, haul->request, SPAN(haul->sha256), &haul->part);
	if (!haul->fault && blob_part_size(haul->part) > haul->size) {
		blob_discard(haul->part);
		haul->part = NULL;
		haul->fault = blob_begin(blobs, haul->request, SPAN(haul->sha256), &haul->part);
	}
	if (!haul->fault)
		haul->fault = blobs_have_room(blobs, haul->size - blob_part_size(haul->part));
	if (haul->fault)
		snprintf(haul->detail, sizeof haul->detail, "%s", fault_detail(haul->fault));
}

static void on_begun(struct errand *errand)
{
	struct haul *haul = container_of(errand, struct haul, errand);
	if (haul->is_here) {
		start_record(haul, haul_record);
	} else if (haul->fault) {
		start_leaving(haul);
	} else {
		haul->heard = haul->written = blob_part_size(haul->part);
		haul->state = HAUL_FETCHING;
		ask_anew(haul);
	}
}

/* ── what next? ───────────────────────────────────────────────────────────────────────────────── */

static void look_for_more(struct haul *haul)
{
	if (haul->state != HAUL_IDLE || !haul_link(haul) || !haul_find(haul))
		return;
	if (haul->fault)
		give_up(haul);
	else
		start_errand(haul, HAUL_BEGINNING, begin, on_begun);
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────── */

void fetcher_opened(struct fetcher *fetcher, struct link *link)
{
	struct haul *haul = find_haul(fetcher, link_peer(link));
	if (!haul && (haul = calloc(1, sizeof *haul))) {
		snprintf(haul->peer, sizeof haul->peer, "%s", link_peer(link));
		haul->fetcher = fetcher;
		haul->turn.come = on_turn;
		haul->next = fetcher->hauls;
		fetcher->hauls = haul;
	}
	if (!haul) {
		link_close(link, FAULT_NO_MEMORY, NULL);
		return;
	}
	haul->link_id = link_id(link);
	haul->is_forsaken = false;
	haul->untold = TOLD_MAX;
	haul->after = (struct key){ 0 };
	haul->tries = 0;
	if (haul->state == HAUL_FETCHING)
		ask_anew(haul);
	else
		look_for_more(haul);
}

void fetcher_closed(struct fetcher *fetcher, struct link *link)
{
	struct haul *haul = find_haul(fetcher, link_peer(link));
	if (haul && haul->link_id == link_id(link))
		haul->link_id = 0;
}

void fetcher_wake(struct fetcher *fetcher, struct link *link)
{
	struct haul *haul = find_haul(fetcher, link_peer(link));
	if (haul)
		look_for_more(haul);
}

/* Nobody came back for it since the last round: the next line has to hash the part anew. */
static void forsake(struct haul *haul)
{
	if (haul->is_forsaken)
		start_leaving(haul);	/* behind what is still being written */
	haul->is_forsaken = true;
}

static void search_anew(struct haul *haul)
{
	haul->untold = 0;
	haul->after = (struct key){ 0 };
	haul->tries = 0;
	look_for_more(haul);
}

void fetcher_retry(struct fetcher *fetcher)
{
	for (struct haul *haul = fetcher->hauls; haul; haul = haul->next)
		if (haul->state == HAUL_FETCHING && !haul_link(haul))
			forsake(haul);
		else if (haul->state == HAUL_IDLE && haul->after.len)
			search_anew(haul);
}

void fetcher_bulk(struct fetcher *fetcher, struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	struct haul *haul = find_haul(fetcher, link_peer(link));
	if (!haul || haul->state != HAUL_FETCHING || haul->link_id != link_id(link) || stream != haul->stream)
		return;	/* of a fetch that we gave up */
	if (offset != haul->heard || data.len > haul->asked - haul->heard) {
		link_close(link, FAULT_OUT_OF_TURN, "bulk that was not asked for");
		return;
	}
	struct append *append = malloc(sizeof *append + data.len);
	if (!append) {
		fail(haul, FAULT_NO_MEMORY, fault_text(FAULT_NO_MEMORY));
		ask_next(haul);
		return;
	}
	*append = (struct append){ .errand = { .work = write_append, .done = on_appended, .lane = &haul->lane, .bytes = data.len },
		.haul = haul };
	memcpy(append->bytes, data.at, data.len);
	append->data = (struct span){ append->bytes, data.len };
	haul->heard += data.len;
	porter_add(fetcher->rooms.porter, &append->errand);
}

void fetcher_missing(struct fetcher *fetcher, struct link *link, uint32_t stream, const char *reason)
{
	struct haul *haul = find_haul(fetcher, link_peer(link));
	if (!haul || haul->state != HAUL_FETCHING || haul->link_id != link_id(link) || stream != haul->stream)
		return;
	char detail[128];
	snprintf(detail, sizeof detail, "the sender cannot give it: %s", reason);
	haul->is_lost = haul->is_own && !strcmp(reason, fault_slug(FAULT_NOT_FOUND));
	fail(haul, FAULT_NOT_FOUND, detail);
	ask_next(haul);
}

bool fetcher_progress(const struct fetcher *fetcher, const char *request_id, uint32_t number, uint64_t *bytes)
{
	for (const struct haul *haul = fetcher->hauls; haul; haul = haul->next)
		if (haul->state != HAUL_IDLE && haul->number == number && !strcmp(haul->request_id, request_id)) {
			*bytes = haul->written;
			return true;
		}
	return false;
}

enum fault fetcher_open(const struct fetcher_rooms *rooms, struct fetcher **fetcher)
{
	*fetcher = calloc(1, sizeof **fetcher);
	if (!*fetcher)
		return FAULT_NO_MEMORY;
	(*fetcher)->rooms = *rooms;
	return OK;
}

void fetcher_close(struct fetcher *fetcher)
{
	if (!fetcher)
		return;
	for (struct haul *haul = fetcher->hauls, *next; haul; haul = next) {
		next = haul->next;
		blob_leave(haul->part);
		free(haul);
	}
	free(fetcher);
}
