#include <string.h>

#include "daemon/law/competence.h"
#include "daemon/law/completeness_parts.h"

/* What the directory says of the addressee: of a peer its own card. */

static void check_competence(const struct check *check)
{
	const Comity__Profile *addressee = check->addressee;
	const struct sought sought = { .kind = check->request->kind };
	if (check->request->kind && !competence_covers(addressee, &sought))
		ERROR(check, "not-competent", "UNTOC 18(13)", "request.kind",
			"the addressee's entry does not name this kind of request");
	if (addressee->part == COMITY__DIRECTORY_PART__VALUE__OTHER_COMPETENT_AUTHORITY)
		ERROR(check, "not-competent", "UNTOC 18(13)", "request.requested_central_authority",
			"the addressee is not a central authority");
	if (has_text(check->request->requested_state) && has_text(addressee->state)
	    && strcmp(check->request->requested_state, addressee->state))
		ERROR(check, "wrong-addressee", NULL, "request.requested_state",
			"the request is for %s, the addressee is an authority of %s",
			check->request->requested_state, addressee->state);
}

static bool formal_by_default(const Comity__Request *request)
{
	return !request->transmission_mode || request->transmission_mode == COMITY__TRANSMISSION_MODE__VALUE__FORMAL;
}

static void check_channel(const struct check *check)
{
	const Comity__Transmission *transmission = check->addressee->transmission;
	if (!transmission || !formal_by_default(check->request))
		return;
	if (transmission->diplomatic_channel_required)
		ERROR(check, "channel", "UNTOC 18(13)", "request.transmission_mode",
			"the addressee requires the diplomatic channel: send an ADVANCE_COPY this way");
	if (transmission->has_electronic_signature_accepted && !transmission->electronic_signature_accepted)
		ERROR(check, "channel", "UNTOC 18(14)", "request.transmission_mode",
			"the addressee takes no electronic original: send an ADVANCE_COPY this way, and the original by another");
	else if (transmission->paper_original_required)
		WARN(check, "channel", "UNTOC 18(14)", "request.transmission_mode",
			"the addressee wants the original on paper as well: consider ADVANCE_COPY");
}

static bool applies(const Comity__LegalRequirement *requirement, const Comity__Request *request)
{
	for (size_t i = 0; i < requirement->n_forms; i++)
		for (size_t m = 0; m < request->n_measures; m++)
			if (request->measures[m]->form == requirement->forms[i])
				return true;
	return !requirement->n_forms;
}

static const char *attachment_role_name(Comity__AttachmentRole__Value role)
{
	const char *name = code_name(&comity__attachment_role__value__descriptor, role);
	return name ? name : "of a kind that this version does not know";
}

static void check_requirement(const struct check *check, const Comity__LegalRequirement *requirement)
{
	const Comity__Request *request = check->request;
	bool has_law = has_paper_of(check, COMITY__ATTACHMENT_ROLE__VALUE__STATUTORY_TEXT);
	for (size_t i = 0; requirement->offence_text_required && i < request->n_offences; i++)
		if (!has_text(request->offences[i]->text) && !has_law)
			ERROR(check, "field-missing", NULL, place_of("request.offences[%zu].text", i).text,
				"the addressee requires the text of the offence provision");
	for (size_t i = 0; i < requirement->n_documents_required; i++)
		if (!has_paper_of(check, requirement->documents_required[i]))
			ERROR(check, "document-missing", NULL, "request.attachments",
				"the addressee requires a document that is not attached: %s",
				attachment_role_name(requirement->documents_required[i]));
	bool assured = request->undertakings && request->undertakings->reciprocity;
	if (requirement->reciprocity_assurance_required && !assured)
		ERROR(check, "field-missing", NULL, "request.undertakings.reciprocity",
			"the addressee requires an assurance of reciprocity");
}

void check_addressee(const struct check *check)
{
	if (!check->addressee)
		return;
	check_competence(check);
	check_channel(check);
	for (size_t i = 0; i < check->addressee->n_legal_requirements; i++)
		if (applies(check->addressee->legal_requirements[i], check->request))
			check_requirement(check, check->addressee->legal_requirements[i]);
}
