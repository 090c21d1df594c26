#include "tools/evidence_stamp.h"

#include <inttypes.h>
#include <stdio.h>

#include "certs/digest.h"
#include "proto/units.h"
#include "tools/evidence_tar.h"
#include "tools/files.h"
#include "tools/http.h"

enum { PATIENCE_MS = 20000 };

static const char *const endings[] = { "sha256", "tsr", "pem" };

/* ── whom to ask ──────────────────────────────────────────────────────────────────────────────── */

enum fault tsa_roots(struct tool *tool, struct span *roots)
{
	const char *path = given(tool, "tsa-ca");
	struct bytes pem = { 0 };
	*roots = (struct span){ 0 };
	enum fault fault = path ? file_take(path, TIMESTAMP_ROOTS_MAX, &pem) : OK;
	if (path && !fault && (fault = timestamp_check_roots(span_of(&pem), NULL)))
		fault = fault_say(FAULT_USAGE, "--tsa-ca: %s: %s", path, fault_detail(fault));
	if (path && !fault)
		*roots = (struct span){ (const uint8_t *)arena_text(&tool->arena, span_of(&pem)), pem.len };
	bytes_clear(&pem);
	return fault ? fault : roots->len && !roots->at ? FAULT_NO_MEMORY : OK;
}

static enum fault ask_the_daemon(struct tool *tool, struct tsa *tsa)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(TIMESTAMP_AUTHORITY, timestamp_authority, &nothing);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_TIMESTAMP_AUTHORITY, &reply));
	const Comity__TimestampAuthority *authority = reply->timestamp_authority;
	if (!authority->url || !authority->has_roots || !authority->timeout || duration_read(authority->timeout, &tsa->patience_ms))
		return fault_say(FAULT_BAD_FRAME, "comityd did not say whom to ask for a time stamp");
	tsa->url = authority->url;
	tsa->roots = (struct span){ authority->roots.data, authority->roots.len };
	return OK;
}

enum fault tsa_find(struct tool *tool, struct tsa *tsa)
{
	*tsa = (struct tsa){ .url = given(tool, "tsa"), .patience_ms = PATIENCE_MS };
	if (!tsa->url != !given(tool, "tsa-ca"))
		return fault_say(FAULT_USAGE, "--tsa and --tsa-ca go together: who is asked, and under which roots the answer counts");
	enum fault fault = tsa->url ? tsa_roots(tool, &tsa->roots) : ask_the_daemon(tool, tsa);
	if (tool->timeout_ms)
		tsa->patience_ms = tool->timeout_ms;
	return fault;
}

/* ── what is stamped ──────────────────────────────────────────────────────────────────────────── */

static enum fault list_sum(struct bytes *list, const char *name, const uint8_t sum[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, (struct span){ sum, DIGEST_SIZE });
	return bytes_printf(list, "%s  %s\n", hex, name);
}

static enum fault list_part(struct bytes *list, const char *name, struct span content)
{
	uint8_t sum[DIGEST_SIZE];
	digest_of(sum, content);
	return list_sum(list, name, sum);
}

/* The sums of the parts of stamps that are there already. */
static enum fault list_earlier(struct bytes *list, const struct dossier *dossier)
{
	for (unsigned i = 0; dossier && i < dossier->n_stamps; i++)
		for (size_t part = 0; part < ARRAY_LEN(endings); part++) {
			char name[64];
			snprintf(name, sizeof name, "timestamps/%u.%s", i + 1, endings[part]);
			const struct dossier_part *one = dossier_part(dossier, name);
			if (one)
				TRY(list_sum(list, name, one->sha256));
		}
	return OK;
}

static enum fault ask_for(const struct tsa *tsa, struct stamp_made *made)
{
	uint8_t sum[DIGEST_SIZE];
	struct bytes request = { 0 };
	digest_of(sum, span_of(&made->list));
	TRY(timestamp_request(sum, &request));
	struct http_errand errand = { tsa->url, "application/timestamp-query", "application/timestamp-reply", span_of(&request),
		TIMESTAMP_SIZE_MAX, tsa->patience_ms };
	enum fault fault = http_post(&errand, &made->answer);
	if (!fault)
		fault = timestamp_take(span_of(&made->answer), span_of(&request), tsa->roots, &made->stamp);
	bytes_clear(&request);
	return fault && fault != FAULT_NO_MEMORY ? fault_say(FAULT_TIMESTAMP_PENDING, "%s: %s", tsa->url, fault_detail(fault)) : fault;
}

enum fault stamp_make(const struct tsa *tsa, const struct dossier *dossier, struct span contents, struct stamp_made *made)
{
	*made = (struct stamp_made){ .number = dossier ? (unsigned)dossier->n_stamps + 1 : 1 };
	if (made->number > DOSSIER_STAMPS_MAX)
		return fault_say(FAULT_USAGE, "it has %d time stamps already", DOSSIER_STAMPS_MAX);
	TRY(list_part(&made->list, "CONTENTS.sha256", contents));
	TRY(list_earlier(&made->list, dossier));
	return ask_for(tsa, made);
}

/* ── which parts hold it ──────────────────────────────────────────────────────────────────────── */

enum fault stamp_add(const struct stamp_made *made, const struct tsa *tsa, const struct dossier *dossier, struct tar_writer *archive)
{
	const struct span parts[] = { span_of(&made->list), span_of(&made->answer), tsa->roots };
	struct bytes all = { 0 };
	enum fault fault = list_earlier(&all, dossier);
	for (size_t i = 0; i < ARRAY_LEN(parts) && !fault; i++) {
		char name[64];
		snprintf(name, sizeof name, "timestamps/%u.%s", made->number, endings[i]);
		fault = list_part(&all, name, parts[i]);
		if (!fault)
			fault = tar_add(archive, name, parts[i]);
	}
	if (!fault)
		fault = tar_add(archive, "STAMPS.sha256", span_of(&all));
	bytes_clear(&all);
	return fault;
}

void stamp_made_clear(struct stamp_made *made)
{
	bytes_clear(&made->list);
	bytes_clear(&made->answer);
}
