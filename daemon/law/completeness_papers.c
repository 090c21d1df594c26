#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/law/completeness_parts.h"

#define ROLE(name) COMITY__ATTACHMENT_ROLE__VALUE__##name

/* ── each of them ──────────────────────────────────────────────────────────────────────────────── */

static struct place within(const struct paper *paper, const char *field)
{
	return place_of("%s[%zu].%s", paper->list, paper->index, field);
}

static void check_translation(const struct check *check, const struct paper *paper)
{
	struct place place = within(paper, "translation_of");
	if (!has_text(paper->translation_of)) {
		if (paper->role == ROLE(TRANSLATION))
			ERROR(check, "translation-unlinked", "UNTOC 18(14)", place.text,
				"say which attachment this is a translation of");
		return;
	}
	if (same_text(paper->id, paper->translation_of))
		ERROR(check, "translation-unlinked", "UNTOC 18(14)", place.text,
			"an attachment cannot be a translation of itself");
	else if (!has_paper(check, paper->translation_of))
		ERROR(check, "translation-unlinked", "UNTOC 18(14)", place.text, "there is no attachment %s",
			paper->translation_of);
}

static void check_repetition(const struct check *check, const struct paper *paper, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		struct paper other = paper_at(check, i);
		if (same_text(other.id, paper->id))
			ERROR(check, "duplicate-id", NULL, within(paper, "id").text,
				"another attachment is called %s too", paper->id);
		if (same_text(other.sha256, paper->sha256))
			WARN(check, "duplicate-attachment", NULL, within(paper, "sha256").text,
				"the same file is attached twice, first as %s[%zu]", other.list, other.index);
	}
}

static void check_size(const struct check *check, const struct paper *paper)
{
	const Comity__Transmission *accepts = check->addressee ? check->addressee->transmission : NULL;
	if (accepts && accepts->has_max_attachment_bytes && paper->size > accepts->max_attachment_bytes)
		ERROR(check, "attachment-large", NULL, within(paper, "size").text,
			"\"%s\" has %llu bytes; the addressee accepts %llu in one file",
			has_text(paper->name) ? paper->name : "it",
			(unsigned long long)paper->size, (unsigned long long)accepts->max_attachment_bytes);
}

/* The sum may not wrap: sizes are what a user says. */
static void check_total(const struct check *check)
{
	const Comity__Transmission *accepts = check->addressee ? check->addressee->transmission : NULL;
	if (!accepts || !accepts->has_max_message_bytes)
		return;

	uint64_t room = accepts->max_message_bytes;
	for (size_t i = 0; i < paper_count(check); i++) {
		uint64_t size = paper_at(check, i).size;
		if (size > room) {
			ERROR(check, "attachment-large", NULL, "attachments",
				"together they have more than the %llu bytes that the"
				" addressee accepts in one message", (unsigned long long)accepts->max_message_bytes);
			return;
		}
		room -= size;
	}
}

static bool is_among(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(names[i], name))
			return true;
	return false;
}

static bool is_for_the_same(const Comity__ProtectedBlock *block, const Comity__Sealing *sealed)
{
	bool is_same = block->n_access == sealed->n_recipients;
	for (size_t i = 0; i < block->n_access && is_same; i++)
		is_same = is_among(sealed->recipients, sealed->n_recipients, block->access[i]);
	return is_same;
}

/* What the request says of who may see it, and who can open it. */
static void check_protected(const struct check *check)
{
	const Comity__ProtectedBlock *block = check->request->protected_block;
	for (size_t i = 0; block && check->attachments && i < check->n_attachments; i++) {
		const Comity__Attachment *annex = check->attachments[i];
		if (same_text(annex->id, block->attachment) && annex->sealed && annex->sealed->n_recipients && !is_for_the_same(block, annex->sealed))
			ERROR(check, "protected-differs", "UNTOC 24", "request.protected_block.access",
				"attachment %s is sealed for others than are named here", annex->id);
	}
}

static bool goes_along(const struct check *check, const Comity__AttachmentDescription *described)
{
	for (size_t i = 0; i < check->n_attachments; i++)
		if (same_text(check->attachments[i]->id, described->id))
			return true;
	return false;
}

static void check_promised(const struct check *check)
{
	const Comity__Request *request = check->request;
	for (size_t i = 0; check->attachments && i < request->n_attachments; i++)
		if (has_text(request->attachments[i]->id) && !goes_along(check, request->attachments[i]))
			ERROR(check, "attachment-missing", NULL, place_of("request.attachments[%zu]", i).text,
				"the request names attachment %s, which does not go along",
				request->attachments[i]->id);
}

static void check_assignment(const struct check *check, size_t index)
{
	const Comity__Attachment *attachment = check->attachments[index];
	for (size_t i = 0; i < attachment->n_measures; i++)
		if (!has_measure(check->request, attachment->measures[i]))
			ERROR(check, "reference", NULL, place_of("attachments[%zu].measures[%zu]", index, i).text,
				"no measure of the request is called %s", attachment->measures[i]);
}

void check_papers(const struct check *check)
{
	for (size_t i = 0; i < paper_count(check); i++) {
		struct paper paper = paper_at(check, i);
		check_translation(check, &paper);
		check_repetition(check, &paper, i);
		check_size(check, &paper);
	}
	for (size_t i = 0; check->attachments && i < check->n_attachments; i++)
		check_assignment(check, i);
	check_total(check);
	check_promised(check);
	check_protected(check);
}

/* ── language: 18(14) ──────────────────────────────────────────────────────────────────────────── */

struct languages {
	char *const *at;
	size_t n;
};

/* The addressee's card prevails over what the writer believes of it. */
static struct languages languages_for_requests(const struct check *check)
{
	const Comity__LanguagesAccepted *theirs = check->addressee ? check->addressee->languages : NULL;
	if (theirs && is_urgent(check->request) && theirs->n_urgent_requests)
		return (struct languages){ theirs->urgent_requests, theirs->n_urgent_requests };
	if (theirs && theirs->n_requests)
		return (struct languages){ theirs->requests, theirs->n_requests };
	const Comity__LanguageUse *use = check->request->language;
	if (!use)
		return (struct languages){ 0 };
	return (struct languages){ use->accepted_by_addressee, use->n_accepted_by_addressee };
}

/* RFC 4647 basic filtering: "fr" takes "fr-CA", not the reverse. */
static bool is_accepted(struct languages accepted, const char *language)
{
	for (size_t i = 0; language && i < accepted.n; i++) {
		size_t len = strlen(accepted.at[i]);
		if (len && !strncasecmp(accepted.at[i], language, len) && (!language[len] || language[len] == '-'))
			return true;
	}
	return false;
}

static void list(struct languages languages, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < languages.n && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", languages.at[i]);
}

/* A translation of the letter itself, not of an annex. */
static bool is_of_the_letter(const struct check *check, const struct paper *translation)
{
	for (size_t i = 0; i < paper_count(check); i++) {
		struct paper paper = paper_at(check, i);
		if (paper.role == ROLE(REQUEST_LETTER) && same_text(paper.id, translation->translation_of))
			return true;
	}
	return false;
}

static bool has_accepted_translation(const struct check *check, struct languages accepted)
{
	for (size_t i = 0; i < paper_count(check); i++) {
		struct paper paper = paper_at(check, i);
		if (paper.role == ROLE(TRANSLATION) && is_accepted(accepted, paper.language)
			&& is_of_the_letter(check, &paper))
			return true;
	}
	return false;
}

static void check_acceptance(const struct check *check, const Comity__LanguageUse *use)
{
	struct languages accepted = languages_for_requests(check);
	if (!accepted.n || is_accepted(accepted, use->request) || has_accepted_translation(check, accepted))
		return;

	char names[256];
	list(accepted, names, sizeof names);
	enum severity severity = has_text(use->override_reason) ? SEVERITY_WARN : SEVERITY_ERROR;
	problems_add(check->problems, severity, "language", "UNTOC 18(14)", "request.language.request",
		"it is written in %s; the addressee accepts: %s; attach a translation of the request"
		" letter, or give a reason (language.override_reason)", use->request, names);
}

static void check_claim(const struct check *check, const char *language, size_t index)
{
	for (size_t i = 0; i < paper_count(check); i++) {
		struct paper paper = paper_at(check, i);
		if (paper.role == ROLE(TRANSLATION) && paper.language && !strcasecmp(paper.language, language))
			return;
	}
	ERROR(check, "translation-missing", "UNTOC 18(14)",
		place_of("request.language.translation_attached[%zu]", index).text,
		"no attachment is a translation into %s", language);
}

void check_language(const struct check *check)
{
	const Comity__LanguageUse *use = check->request->language;
	if (!use || !has_text(use->request))
		return;		/* said already: the field is missing */
	check_acceptance(check, use);
	for (size_t i = 0; i < use->n_translation_attached; i++)
		check_claim(check, use->translation_attached[i], i);
}
