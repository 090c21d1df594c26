/* Which needs hold for a request, and what meets them. */
#include "daemon/law/completeness_needs.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/field.h"

#define KIND(name) COMITY__REQUEST_KIND__VALUE__##name
#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name

enum { NAME_SIZE = 64 };

/* ── which hold ────────────────────────────────────────────────────────────────────────────────── */

/* What a kind or a form goes without of what all need; everything below the path as well. */
static const struct {
	Comity__RequestKind__Value kind;
	Comity__AssistanceForm__Value form;
	const char *path;
} exemptions[] = {
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.proceeding" },	/* there need be none */
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.facts_summary" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.offences" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.persons" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.ocg_element" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "request.transnational_ground" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "persons" },
	{ KIND(FOREIGN_LAW_INFORMATION), 0, "facts_link" },
	{ 0, FORM(DATA_PRESERVATION), "description" },			/* by data, custodian and identifiers: Budapest Convention 29(2) */
};

static bool is_below(const char *fields, const char *path)
{
	size_t len = strlen(path);
	return fields && !strncmp(fields, path, len) && strchr(".|", fields[len]);	/* also at its end */
}

static bool is_exempt(const struct need *need, const Comity__Request *request, const Comity__Measure *measure)
{
	for (size_t i = 0; i < ARRAY_LEN(exemptions); i++) {
		bool fits = exemptions[i].form ? measure && measure->form == exemptions[i].form : exemptions[i].kind == request->kind;
		if (fits && !need->code && is_below(need->fields, exemptions[i].path))
			return true;
	}
	return false;
}

bool need_applies(const struct needs *needs, const struct need *need, const Comity__Request *request,
	const Comity__Measure *measure)
{
	int32_t code = needs == &needs_of_kinds ? (int32_t)request->kind : needs == &needs_of_natures ? (int32_t)request->nature
		: needs == &needs_of_forms && measure ? (int32_t)measure->form : 0;
	return (!need->code || need->code == code) && !is_exempt(need, request, measure);
}

/* ── what meets them ───────────────────────────────────────────────────────────────────────────── */

static bool is_said(const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const char *name = message->descriptor->fields[i].name;
		if (need_is_met_by(message, name, strlen(name)))
			return true;
	}
	return false;
}

static bool is_value_said(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index)
{
	const void *value = field_value(message, field, index);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return has_text(*(char *const *)value);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return is_said(field_message(message, field, index));
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)value)->len;
	static const char zeros[sizeof(uint64_t)];
	return memcmp(value, zeros, field_value_size(field)) != 0;
}

bool need_is_met_by(const ProtobufCMessage *message, const char *path, size_t len)
{
	char name[NAME_SIZE];
	const char *dot = memchr(path, '.', len);
	size_t part = dot ? (size_t)(dot - path) : len;
	if (part >= sizeof name)
		return false;
	memcpy(name, path, part);
	name[part] = '\0';

	const ProtobufCFieldDescriptor *field = message ? field_find(message->descriptor, name) : NULL;
	for (size_t i = 0; field && i < field_count(message, field); i++)
		if (dot ? need_is_met_by(field_message(message, field, i), dot + 1, len - part - 1) : is_value_said(message, field, i))
			return true;
	return false;
}

static const char root[] = "request.";

static bool is_of_request(const char *path)
{
	return !strncmp(path, root, sizeof root - 1);
}

static bool is_met(const struct check *check, const struct need *need, const Comity__Measure *measure)
{
	for (const char *path = need->fields; path && *path;) {
		size_t len = strcspn(path, "|");
		bool whole = is_of_request(path);
		const ProtobufCMessage *message = whole ? &check->request->base : &measure->base;
		if (need_is_met_by(message, path + (whole ? sizeof root - 1 : 0), len - (whole ? sizeof root - 1 : 0)))
			return true;
		path += len + (path[len] == '|');
	}
	for (size_t i = 0; i < NEED_PAPERS_MAX; i++)
		if (need->papers[i] && has_paper_of(check, need->papers[i]))
			return true;
	return false;
}

/* ── what is said where they are not met ───────────────────────────────────────────────────────── */

/* The place to mend: what all alternatives have in common, or the first of them; not into a list, which is empty. */
static struct place mend_at(const struct need *need)
{
	const char *fields = need->fields ? need->fields : "";
	struct place place = place_of("%.*s", (int)strcspn(fields, "|"), fields);
	size_t common = strlen(place.text);
	for (const char *other = strchr(fields, '|'); other; other = strchr(other + 1, '|')) {
		size_t same = 0, end = 0;
		for (; place.text[same] && place.text[same] == other[1 + same]; same++)
			end = place.text[same] == '.' ? same : end;
		common = end < common ? end : common;
	}
	bool is_shared = common > sizeof root - 2 || (common && !is_of_request(place.text));
	if (is_shared)
		place.text[common] = '\0';
	return place;
}

static void cut_at_list(struct place *place, const ProtobufCMessageDescriptor *type, size_t from)
{
	char name[NAME_SIZE];
	for (size_t at = from; type && place->text[at];) {
		size_t len = strcspn(place->text + at, ".");
		snprintf(name, sizeof name, "%.*s", (int)len, place->text + at);
		const ProtobufCFieldDescriptor *field = field_find(type, name);
		if (field && field_is_repeated(field))
			place->text[at + len] = '\0';
		type = field && field->type == PROTOBUF_C_TYPE_MESSAGE ? field_type(field) : NULL;
		at += len + (place->text[at + len] == '.');
	}
}

static void tell(const struct check *check, const struct need *need, size_t index, bool is_of_measure)
{
	struct place place = mend_at(need);
	cut_at_list(&place, is_of_request(place.text) ? &comity__request__descriptor : &comity__measure__descriptor,
		is_of_request(place.text) ? sizeof root - 1 : 0);
	bool elsewhere = !*place.text || is_of_request(place.text);
	if (is_of_measure)
		place = elsewhere ? place_of("request.measures[%zu]", index) : place_of("request.measures[%zu].%s", index, place.text);
	else if (!*place.text)
		place = place_of("request.attachments");
	problems_add(check->problems, need->level == NEED_MUST ? SEVERITY_ERROR : SEVERITY_WARN, "field-missing", need->article,
		place.text, "%s", need->message);
}

/* Facts are not needed for the service of documents alone: 18(15)(c). */
static bool is_service_only(const Comity__Request *request)
{
	for (size_t i = 0; i < request->n_measures; i++)
		if (request->measures[i]->form != FORM(SERVICE_DOCUMENTS))
			return false;
	return request->n_measures;
}

static void judge(const struct check *check, const struct needs *needs, const Comity__Measure *measure, size_t index)
{
	for (size_t i = 0; i < needs->n; i++) {
		const struct need *need = &needs->at[i];
		if (need->level == NEED_OFFERED || !need_applies(needs, need, check->request, measure) || is_met(check, need, measure))
			continue;
		if (!is_below(need->fields, "request.facts_summary") || !is_service_only(check->request))
			tell(check, need, index, measure != NULL);
	}
}

/* The relation that the nature means must be among those that are named. */
static void check_relation(const struct check *check)
{
	const Comity__Request *request = check->request;
	Comity__RelationType__Value wanted = relation_of_nature(request->nature);
	bool is_there = !wanted || !request->n_related;
	for (size_t i = 0; i < request->n_related; i++)
		is_there = is_there || !request->related[i]->type || request->related[i]->type == wanted;
	if (!is_there)
		WARN(check, "relation", NULL, "request.related", "a request of nature %s has a related one of type %s: is the nature right?",
			code_name(&comity__request_nature__value__descriptor, request->nature),
			code_name(&comity__relation_type__value__descriptor, wanted));
}

/* A kind that is for certain forms alone, with none of them. */
static void check_forms(const struct check *check)
{
	const Comity__Request *request = check->request;
	const Comity__AssistanceForm__Value *forms = forms_of_kind(request->kind);
	bool is_there = !forms || !request->n_measures;
	for (size_t i = 0; i < request->n_measures; i++)
		for (const Comity__AssistanceForm__Value *form = forms; form && *form; form++)
			is_there = is_there || request->measures[i]->form == *form;
	if (!is_there)
		WARN(check, "unusual-form", NULL, "request.measures", "a request of kind %s usually asks for %s: is the kind right?",
			code_name(&comity__request_kind__value__descriptor, request->kind),
			code_name(&comity__assistance_form__value__descriptor, forms[0]));
}

void check_needs(const struct check *check)
{
	const Comity__Request *request = check->request;
	judge(check, &needs_of_all, NULL, 0);
	judge(check, &needs_of_kinds, NULL, 0);
	judge(check, &needs_of_natures, NULL, 0);
	for (size_t i = 0; i < request->n_measures; i++)
		judge(check, &needs_of_forms, request->measures[i], i);
	check_relation(check);
	check_forms(check);
}
