#pragma once
/* The room below the desks: lines that carry nothing and remember what they were given.  For one file of a program: these
 * stand before the real ones. */
#include "daemon/line/peers.h"
#include "proto/frame.h"
#include "tests/unit/scratch.h"

enum { TEXTS_MAX = 256 };

struct link {
	uint64_t id;
	char peer[40];
	bool is_open, is_congested, is_paused;
	/* what was said on it */
	unsigned manifests, messages, confirms, missing;
	struct { struct bytes text, signature, messages[8]; } said[TEXTS_MAX];
	struct position confirmed;
	char reason[64];			/* of what was missing */
	uint32_t stream;
	struct bytes bulk;
	uint64_t bulk_offset;			/* of the first byte */
	enum fault closed_why;
	char closed_text[512];
};

static struct link *fake_links[4];		/* those that are open */

static inline struct link *fake_link_open(uint64_t id, const char *peer)
{
	struct link *link = calloc(1, sizeof *link);
	link->id = id;
	link->is_open = true;
	snprintf(link->peer, sizeof link->peer, "%s", peer);
	for (size_t i = 0; i < 4; i++)
		if (!fake_links[i]) {
			fake_links[i] = link;
			return link;
		}
	fail_msg("too many lines");
	return NULL;
}

/* Nobody finds it any more. */
static inline void fake_link_cut(struct link *link)
{
	link->is_open = false;
	for (size_t i = 0; i < 4; i++)
		if (fake_links[i] == link)
			fake_links[i] = NULL;
}

static inline void fake_link_free(struct link *link)
{
	fake_link_cut(link);
	for (unsigned i = 0; i < link->manifests; i++) {
		bytes_clear(&link->said[i].text);
		bytes_clear(&link->said[i].signature);
		for (int k = 0; k < 8; k++)
			bytes_clear(&link->said[i].messages[k]);
	}
	bytes_clear(&link->bulk);
	free(link);
}

const char *link_peer(const struct link *link) { return link->peer; }
uint64_t link_id(const struct link *link) { return link->id; }
bool link_is_congested(const struct link *link) { return link->is_congested; }
bool link_is_bulk_congested(const struct link *link) { return link->is_congested; }
void link_pause(struct link *link) { link->is_paused = true; }
void link_resume(struct link *link) { link->is_paused = false; }

void link_send_manifest(struct link *link, const struct signed_manifest *manifest)
{
	struct span text = manifest->text, signature = manifest->signature;
	const struct span *messages = manifest->messages;
	size_t count = manifest->message_count;
	assert_true(link->is_open && link->manifests < TEXTS_MAX);
	assert_int_equal(bytes_append(&link->said[link->manifests].text, text), OK);
	assert_int_equal(bytes_append(&link->said[link->manifests].signature, signature), OK);
	for (size_t i = 0; i < count && i < 8; i++)
		assert_int_equal(bytes_append(&link->said[link->manifests].messages[i], messages[i]), OK);
	link->manifests++;
	link->messages += (unsigned)count;
}

void link_send_confirm(struct link *link, const struct position *received)
{
	assert_true(link->is_open);
	link->confirms++;
	link->confirmed = *received;
}

void link_send_bulk(struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	assert_true(link->is_open && data.len && data.len <= BULK_SIZE_MAX);
	if (!link->bulk.len)
		link->bulk_offset = offset;
	assert_int_equal(offset, link->bulk_offset + link->bulk.len);
	link->stream = stream;
	assert_int_equal(bytes_append(&link->bulk, data), OK);
}

void link_send_missing(struct link *link, uint32_t stream, const char *reason)
{
	assert_true(link->is_open);
	link->missing++;
	link->stream = stream;
	snprintf(link->reason, sizeof link->reason, "%s", reason);
}

void link_close(struct link *link, enum fault why, const char *text)
{
	link->closed_why = why;
	snprintf(link->closed_text, sizeof link->closed_text, "%s", text);
}

struct link *peers_find_link_by_id(struct peers *peers, uint64_t id)
{
	(void)peers;
	for (size_t i = 0; i < 4; i++)
		if (fake_links[i] && fake_links[i]->id == id)
			return fake_links[i];
	return NULL;
}

struct link *peers_find_link(struct peers *peers, const char *id)
{
	(void)peers;
	for (size_t i = 0; i < 4; i++)
		if (fake_links[i] && !strcmp(fake_links[i]->peer, id))
			return fake_links[i];
	return NULL;
}
