/* The beginning of a request: what was said on the command line of what it is. */
#include <string.h>

#include "daemon/law/completeness_needs.h"
#include "tools/form.h"
#include "tools/print.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name

static enum fault begin_head(const struct tool *tool, Comity__Request *document)
{
	int kind = COMITY__REQUEST_KIND__VALUE__MLA, nature = COMITY__REQUEST_NATURE__VALUE__INITIAL;
	if (given(tool, "kind"))
		TRY(word_read(&comity__request_kind__value__descriptor, "kind of request", given(tool, "kind"), &kind));
	if (given(tool, "nature"))
		TRY(word_read(&comity__request_nature__value__descriptor, "nature of a request", given(tool, "nature"), &nature));
	document->has_kind = document->has_nature = document->has_transmission_mode = 1;
	document->kind = (Comity__RequestKind__Value)kind;
	document->nature = (Comity__RequestNature__Value)nature;
	document->transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__FORMAL;
	return OK;
}

static enum fault add_measure(struct tool *tool, Comity__Request *document, Comity__AssistanceForm__Value form)
{
	char id[16];
	Comity__Measure *measure = arena_alloc(&tool->arena, sizeof *measure);
	if (!measure)
		return FAULT_NO_MEMORY;
	comity__measure__init(measure);
	snprintf(id, sizeof id, "M%zu", document->n_measures + 1);
	measure->id = arena_text(&tool->arena, span_of_text(id));
	measure->has_form = 1;
	measure->form = form;
	measure->untoc_letter = letter_of_form(form);
	measure->has_untoc_letter = measure->untoc_letter != 0;
	document->measures[document->n_measures++] = measure;
	return measure->id ? OK : FAULT_NO_MEMORY;
}

/* --assistance freezing,bank-financial-records */
static enum fault add_measures(struct tool *tool, Comity__Request *document, char *words)
{
	char *save = NULL;
	document->measures = arena_alloc(&tool->arena, (strlen(words) + 1) * sizeof(Comity__Measure *));
	if (!document->measures)
		return FAULT_NO_MEMORY;
	for (char *word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int form;
		TRY(word_read(&comity__assistance_form__value__descriptor, "form of assistance", word, &form));
		TRY(add_measure(tool, document, (Comity__AssistanceForm__Value)form));
	}
	return document->n_measures ? OK : fault_say(FAULT_USAGE, "--assistance names no form of assistance");
}

static Comity__AssistanceForm__Value usual_form(Comity__RequestKind__Value kind)
{
	const Comity__AssistanceForm__Value *forms = forms_of_kind(kind);
	return forms ? forms[0] : kind == COMITY__REQUEST_KIND__VALUE__MLA ? FORM(INFORMATION_ITEMS) : FORM(OTHER);
}

static enum fault begin_measures(struct tool *tool, Comity__Request *document)
{
	char *words = given(tool, "assistance") ? arena_text(&tool->arena, span_of_text(given(tool, "assistance"))) : NULL;
	if (given(tool, "assistance"))
		return words ? add_measures(tool, document, words) : FAULT_NO_MEMORY;
	document->measures = arena_alloc(&tool->arena, sizeof *document->measures);
	return document->measures ? add_measure(tool, document, usual_form(document->kind)) : FAULT_NO_MEMORY;
}

static enum fault begin_relation(struct tool *tool, Comity__Request *document)
{
	Comity__RelationType__Value type = relation_of_nature(document->nature);
	if (!type)
		return OK;
	document->related = arena_alloc(&tool->arena, sizeof *document->related);
	Comity__RelatedRequest *related = arena_alloc(&tool->arena, sizeof *related);
	if (!document->related || !related)
		return FAULT_NO_MEMORY;
	comity__related_request__init(related);
	related->has_type = 1;
	related->type = type;
	document->related[document->n_related++] = related;
	return OK;
}

enum fault form_begin(struct tool *tool, Comity__Request *document)
{
	TRY(begin_head(tool, document));
	TRY(begin_measures(tool, document));
	return begin_relation(tool, document);
}
