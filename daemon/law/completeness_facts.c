/* What the checks ask of a document, and of the papers that go with it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/stamp.h"

/* ── of the document ───────────────────────────────────────────────────────────────────────────── */

bool has_text(const char *text)
{
	return text && text[strspn(text, " \t\n")];
}

struct place place_of(const char *format, ...)
{
	struct place place;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(place.text, sizeof place.text, format, arguments);
	va_end(arguments);
	return place;
}

bool same_text(const char *a, const char *b)
{
	return a && b && *a && !strcmp(a, b);
}

bool is_urgent(const Comity__Request *request)
{
	return request->urgency && request->urgency->level >= COMITY__URGENCY__VALUE__URGENT;
}

bool has_measure(const Comity__Request *request, const char *id)
{
	for (size_t i = 0; i < request->n_measures; i++)
		if (same_text(request->measures[i]->id, id))
			return true;
	return false;
}

bool is_moment(const char *text)
{
	int64_t ignored;
	return date_read(text, &ignored) || stamp_read(text, &ignored);
}

bool is_after(const char *a, const char *b)
{
	int64_t stamp_a, stamp_b;
	if (stamp_read(a, &stamp_a) && stamp_read(b, &stamp_b))
		return stamp_a > stamp_b;
	return strncmp(a, b, strlen("2026-11-23")) > 0;
}

/* ── attachments, or what the request says of them ─────────────────────────────────────────────── */

size_t paper_count(const struct check *check)
{
	return check->attachments ? check->n_attachments : check->request->n_attachments;
}

struct paper paper_at(const struct check *check, size_t index)
{
	if (!check->attachments) {
		const Comity__AttachmentDescription *it = check->request->attachments[index];
		return (struct paper){ .list = "request.attachments", .index = index, .id = it->id, .role = it->role,
			.language = it->language, .translation_of = it->translation_of };
	}
	const Comity__Attachment *it = check->attachments[index];
	return (struct paper){ .list = "attachments", .index = index, .id = it->id, .role = it->role,
		.language = it->language, .translation_of = it->translation_of, .sha256 = it->sha256,
		.name = it->name, .size = it->size };
}

bool has_paper(const struct check *check, const char *id)
{
	for (size_t i = 0; i < paper_count(check); i++)
		if (same_text(paper_at(check, i).id, id))
			return true;
	return false;
}

bool has_paper_of(const struct check *check, Comity__AttachmentRole__Value role)
{
	for (size_t i = 0; i < paper_count(check); i++)
		if (paper_at(check, i).role == role)
			return true;
	return false;
}
