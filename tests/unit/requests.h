#pragma once
/* For tests of completeness: the samples that users start from, to be bent.  Includes first what cmocka.h wants
 * included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/law/completeness.h"
#include "proto/mapping.h"
#include "proto/yaml.h"

/* A sample, what goes along with it, and the addressee's card: all may be bent by a test. */
struct world {
	struct arena arena;
	struct bytes text;
	Comity__Request *request;
	Comity__Attachment attachments[8], *list[8];
	size_t n;
	Comity__Profile profile;
	Comity__LanguagesAccepted languages;
	Comity__Transmission transmission;
	Comity__LegalRequirement requirement, *requirements[1];
	struct problems problems;
};

static char english[] = "en", sylvanian[] = "qab-XS", french[] = "fr";
static char hashes[8][65];
static char *accepted[] = { sylvanian, english };
static Comity__AttachmentRole__Value judgment = COMITY__ATTACHMENT_ROLE__VALUE__JUDGMENT;

static inline void read_sample(struct bytes *text, const char *name)
{
	char path[512];
	const char *slash = strrchr(__FILE__, '/');
	assert_non_null(slash);
	snprintf(path, sizeof path, "%.*s/../../tools/samples/%s", (int)(slash - __FILE__), __FILE__, name);
	FILE *file = fopen(path, "r");
	if (!file)
		fail_msg("cannot read %s", path);
	char piece[4096];
	for (size_t len; (len = fread(piece, 1, sizeof piece, file));)
		assert_int_equal(bytes_append(text, (struct span){ (uint8_t *)piece, len }), OK);
	fclose(file);
}

static inline void load(struct world *world, const char *name)
{
	read_sample(&world->text, name);
	arena_init(&world->arena, 4 << 20);
	struct document document = { 0 };
	ProtobufCMessage *message = NULL;
	enum fault fault = yaml_read(&document, name, span_of(&world->text));
	if (!fault)
		fault = mapping_read(&document, &comity__request__descriptor, &world->arena, &message, NULL);
	if (fault)
		fail_msg("%s", fault_detail(fault));
	document_clear(&document);
	world->request = (Comity__Request *)message;
}

/* The files that the sample's list promises. */
static inline void attach(struct world *world)
{
	world->n = world->request->n_attachments;
	assert_true(world->n <= 8);
	for (size_t i = 0; i < world->n; i++) {
		const Comity__AttachmentDescription *described = world->request->attachments[i];
		Comity__Attachment *it = world->list[i] = &world->attachments[i];
		comity__attachment__init(it);
		it->id = described->id;
		it->role = described->role;
		it->has_role = true;
		it->language = described->language;
		it->translation_of = described->translation_of;
		it->has_size = true;
		it->size = 1000;
		memset(hashes[i], 'a' + (int)i, 64);
		it->sha256 = hashes[i];
	}
}

static inline void world_open(struct world *world, const char *sample)
{
	*world = (struct world){ 0 };
	load(world, sample);
	attach(world);
	comity__profile__init(&world->profile);
	comity__languages_accepted__init(&world->languages);
	comity__transmission__init(&world->transmission);
	comity__legal_requirement__init(&world->requirement);
	world->languages.requests = accepted;
	world->languages.n_requests = 2;
	world->profile.languages = &world->languages;
	world->profile.transmission = &world->transmission;
	world->requirements[0] = &world->requirement;
	world->profile.legal_requirements = world->requirements;
	world->profile.n_legal_requirements = 1;
}

static inline enum fault check(struct world *world)
{
	problems_clear(&world->problems);
	return completeness_check(world->request, (const Comity__Attachment *const *)world->list, world->n, &world->profile,
		&world->problems);
}

static inline void world_close(struct world *world)
{
	problems_clear(&world->problems);
	bytes_clear(&world->text);
	arena_clear(&world->arena);
}

static inline bool has_problem(const struct problems *problems, enum severity severity, const char *code, const char *path)
{
	for (size_t i = 0; i < problems->n; i++)
		if (problems->at[i].severity == severity && !strcmp(problems->at[i].code, code) && !strcmp(problems->at[i].path, path))
			return true;
	return false;
}

/* ── bent, as more than one file needs it ──────────────────────────────────────────────────────── */

static inline void no_facts(struct world *w) { w->request->facts_summary = NULL; }
static inline void french_letter(struct world *w) { w->request->language->request = french; w->list[1]->translation_of = w->list[2]->id; }
static inline void diplomatic(struct world *w) { w->transmission.diplomatic_channel_required = true; }
static inline void required_document(struct world *w) { w->requirement.documents_required = &judgment; w->requirement.n_documents_required = 1; }
