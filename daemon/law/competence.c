#include "daemon/law/competence.h"

#include <string.h>

static bool has_role(const Comity__ActsCovered *covered)
{
	bool receives = !covered->n_roles;	/* nothing said: every one */
	for (size_t i = 0; i < covered->n_roles; i++)
		receives = receives || covered->roles[i] == COMITY__ACT_ROLE__VALUE__RECEIVE;
	return receives;
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
		covers = covers || (has_role(covered) && has_kind(covered, kind) && has_form(covered, form));
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
