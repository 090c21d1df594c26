#include "daemon/law/competence.h"

#include <stdio.h>
#include <string.h>

static bool has_role(const Comity__ActsCovered *covered, Comity__ActRole__Value role)
{
	bool has = !covered->n_roles;	/* nothing said: every one */
	for (size_t i = 0; i < covered->n_roles; i++)
		has = has || covered->roles[i] == role;
	return has;
}

static bool has_kind(const Comity__ActsCovered *covered, Comity__RequestKind__Value kind)
{
	bool includes = !covered->n_kinds || !kind;
	for (size_t i = 0; i < covered->n_kinds; i++)
		includes = includes || covered->kinds[i] == kind;
	return includes;
}

static bool has_form(const Comity__ActsCovered *covered, Comity__AssistanceForm__Value form)
{
	bool includes = !covered->n_forms || !form;
	for (size_t i = 0; i < covered->n_forms; i++)
		includes = includes || covered->forms[i] == form;
	return includes;
}

static bool covers_form(const Comity__Profile *profile, Comity__RequestKind__Value kind, Comity__AssistanceForm__Value form)
{
	bool covers = !profile->n_acts_covered;
	for (size_t i = 0; i < profile->n_acts_covered; i++) {
		const Comity__ActsCovered *covered = profile->acts_covered[i];
		covers = covers || (has_role(covered, COMITY__ACT_ROLE__VALUE__RECEIVE) && has_kind(covered, kind) && has_form(covered, form));
	}
	return covers;
}

bool competence_covers(const Comity__Profile *profile, const struct sought *sought)
{
	bool covers = covers_form(profile, sought->kind, COMITY__ASSISTANCE_FORM__VALUE__UNSPECIFIED);
	for (size_t i = 0; i < sought->n_forms; i++)
		covers = covers && covers_form(profile, sought->kind, sought->forms[i]);
	return covers;
}

static bool is_valid_on(const Comity__Designation *designation, const char *day)
{
	const char *from = designation->valid_from_on, *to = designation->valid_to_on;
	return !(from && *from && strcmp(day, from) < 0) && !(to && *to && strcmp(day, to) > 0);
}

bool competence_is_central(const Comity__Profile *profile, const char *today)
{
	bool is_designated = !profile->n_designations;
	if (profile->part == COMITY__DIRECTORY_PART__VALUE__OTHER_COMPETENT_AUTHORITY)
		return false;
	for (size_t i = 0; i < profile->n_designations; i++)
		is_designated = is_designated || is_valid_on(profile->designations[i], today);
	return is_designated;
}

static bool asks_for(const Comity__Profile *profile, Comity__RequestKind__Value kind)
{
	bool asks = !profile->n_acts_covered;
	for (size_t i = 0; i < profile->n_acts_covered; i++)
		asks = asks || (has_role(profile->acts_covered[i], COMITY__ACT_ROLE__VALUE__SEND) && has_kind(profile->acts_covered[i], kind));
	return asks;
}

const char *competence_objection(const Comity__Profile *profile, const Comity__Request *request, const char *at)
{
	char day[sizeof "2026-11-23"];
	snprintf(day, sizeof day, "%s", at);
	if (!profile || request->transmission_mode == COMITY__TRANSMISSION_MODE__VALUE__COPY_FOR_INFORMATION)
		return NULL;
	if (!competence_is_central(profile, day))
		return "its entry in the directory does not say that it is a central authority on that day: requests are made by one, others"
			" send a copy for information (COPY_FOR_INFORMATION)";
	return asks_for(profile, request->kind) ? NULL : "its entry in the directory does not say that it asks for this kind of assistance"
		" (acts_covered, role SEND)";
}
