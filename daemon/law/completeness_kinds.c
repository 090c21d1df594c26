/* What a request says, whatever its kind, and what each kind and nature adds: DOMAIN 2.2 to 2.5, 3.1, 4.2. */
#include "daemon/law/completeness_needs.h"

#include "proto/bytes.h"

#define KIND(name) COMITY__REQUEST_KIND__VALUE__##name
#define NATURE(name) COMITY__REQUEST_NATURE__VALUE__##name
#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define RELATION(name) COMITY__RELATION_TYPE__VALUE__##name
#define PAPER(name) { COMITY__ATTACHMENT_ROLE__VALUE__##name }
#define PAPERS(one, other) { COMITY__ATTACHMENT_ROLE__VALUE__##one, COMITY__ATTACHMENT_ROLE__VALUE__##other }
#define NONE { 0 }

/* ── every request: 18(15) ─────────────────────────────────────────────────────────────────────── */

static const struct need all[] = {
	{ 0, NEED_MUST,    "request.kind", NONE, NULL, "say what kind of request it is" },
	{ 0, NEED_MUST,    "request.nature", NONE, NULL, "say whether it is an initial request or what it follows" },
	{ 0, NEED_OFFERED, "request.transmission_mode", NONE, "UNTOC 18(14)",
		"FORMAL; ADVANCE_COPY where the original follows by another channel" },
	{ 0, NEED_OFFERED, "request.requesting_reference", NONE, NULL, "our own register number" },
	{ 0, NEED_OFFERED, "request.requesting_state", NONE, NULL, "three letters, ISO 3166-1" },
	{ 0, NEED_OFFERED, "request.requested_state", NONE, "UNTOC 18(13)", "three letters: it is held against the addressee's card" },

	{ 0, NEED_MUST,    "request.making_authority.name", NONE, "UNTOC 18(15)(a)", "name the authority making the request" },
	{ 0, NEED_OFFERED, "request.making_authority.officer", NONE, "UNTOC 18(15)(a)", "who answers for it there" },
	{ 0, NEED_OFFERED, "request.making_authority.phone", NONE, NULL, "where it is reached" },

	{ 0, NEED_MUST,    "request.proceeding.type", NONE, "UNTOC 18(15)(b)",
		"say the nature of the investigation, prosecution or judicial proceeding" },
	{ 0, NEED_OFFERED, "request.proceeding.stage", NONE, "UNTOC 18(15)(b)", "how far it has come" },
	{ 0, NEED_MUST,    "request.proceeding.subject", NONE, "UNTOC 18(15)(b)",
		"say the subject matter of the investigation, prosecution or judicial proceeding" },
	{ 0, NEED_OFFERED, "request.proceeding.file_ref", NONE, NULL, "the file number of the authority that conducts it" },
	{ 0, NEED_MUST,    "request.proceeding.conducting_authority.name", NONE, "UNTOC 18(15)(b)",
		"name the authority conducting the proceeding" },
	{ 0, NEED_MUST,    "request.proceeding.conducting_authority.functions", NONE, "UNTOC 18(15)(b)",
		"say the functions of the authority conducting the proceeding" },

	{ 0, NEED_MUST,    "request.language.request", NONE, "UNTOC 18(14)", "say which language the request is written in" },
	{ 0, NEED_OFFERED, "request.language.translation_attached", NONE, "UNTOC 18(14)", "languages of translations that go along" },
	{ 0, NEED_OFFERED, "request.language.override_reason", NONE, "UNTOC 18(14)",
		"why it is sent although the addressee accepts none of these languages" },

	{ 0, NEED_MUST,    "request.legal_bases", NONE, "UNTOC 18(7)", "invoke a legal basis: one at least" },
	{ 0, NEED_OFFERED, "request.legal_bases.basis", NONE, "UNTOC 18(7)", "the instrument; the primary one first" },
	{ 0, NEED_OFFERED, "request.legal_bases.articles", NONE, "UNTOC 18(7)", "its articles: [\"18(3)(f)\"]" },
	{ 0, NEED_OFFERED, "request.legal_bases.invoked", NONE, NULL, "whether it is the first choice" },
	{ 0, NEED_OFFERED, "request.legal_bases.title", NONE, NULL, "the name of a treaty that has no code of its own" },

	{ 0, NEED_WISHED,  "request.offences", NONE, "UNTOC 2(b)", "name the offences with their penalties" },
	{ 0, NEED_OFFERED, "request.offences.title", NONE, NULL, "what the offence is called" },
	{ 0, NEED_OFFERED, "request.offences.statute", NONE, NULL, "the provision" },
	{ 0, NEED_OFFERED, "request.offences.text", NONE, "CETS 198 art. 37(1)(d)", "its wording, where it is not attached" },
	{ 0, NEED_OFFERED, "request.offences.max_penalty_months", NONE, "UNTOC 2(b)", "48 and more is serious crime" },
	{ 0, NEED_OFFERED, "request.offences.category", NONE, NULL, "for statistics and priorities" },
	{ 0, NEED_OFFERED, "request.transnational_ground", NONE, "UNTOC 3(2), 18(1)", "why it is transnational" },
	{ 0, NEED_OFFERED, "request.ocg_element", NONE, "UNTOC 2(a), 18(1)", "why a group is suspected; suspicion suffices" },
	{ 0, NEED_MUST,    "request.facts_summary", NONE, "UNTOC 18(15)(c)", "summarise the relevant facts" },

	{ 0, NEED_WISHED,  "request.persons", NONE, "UNTOC 18(15)(e)",
		"where possible, give identity, location and nationality of any person concerned" },
	{ 0, NEED_OFFERED, "request.persons.ref", NONE, NULL, "a label for measures to name: P1" },
	{ 0, NEED_OFFERED, "request.persons.type", NONE, "UNTOC 10, 18(2)", "a natural or a legal person" },
	{ 0, NEED_OFFERED, "request.persons.role", NONE, NULL, "what the person is in the case" },
	{ 0, NEED_OFFERED, "request.persons.name", NONE, "UNTOC 18(15)(e)", "identity" },
	{ 0, NEED_OFFERED, "request.persons.born", NONE, "UNTOC 18(15)(e)", "as much as is known: YYYY, YYYY-MM or YYYY-MM-DD" },
	{ 0, NEED_OFFERED, "request.persons.nationality", NONE, "UNTOC 18(15)(e)", "three letters each" },
	{ 0, NEED_OFFERED, "request.persons.location", NONE, "UNTOC 18(15)(e)", "where the person is, or \"unknown\"" },
	{ 0, NEED_MUST,    "request.purpose", NONE, "UNTOC 18(15)(f)",
		"say the purpose for which the evidence, information or action is sought" },
	{ 0, NEED_OFFERED, "request.requested_procedures", NONE, "UNTOC 18(15)(d), 18(17)", "what holds for several measures: their order" },

	{ 0, NEED_OFFERED, "request.urgency.level", NONE, "UNTOC 18(24)", "ROUTINE; else with reasons, text and a date" },
	{ 0, NEED_OFFERED, "request.urgency.reasons", NONE, "UNTOC 18(24)", "codes" },
	{ 0, NEED_OFFERED, "request.urgency.text", NONE, "UNTOC 18(24)", "the reasons in words" },
	{ 0, NEED_OFFERED, "request.urgency.deadlines.by", NONE, "UNTOC 18(24)", "a date, or a time with its offset" },
	{ 0, NEED_OFFERED, "request.urgency.deadlines.measure", NONE, "UNTOC 18(24)", "M1; left out: the whole request" },
	{ 0, NEED_OFFERED, "request.urgency.deadlines.reason", NONE, "UNTOC 18(24)", "only then it is taken into account" },
	{ 0, NEED_OFFERED, "request.confidentiality.requested", NONE, "UNTOC 18(20)", "is it to be kept confidential?" },
	{ 0, NEED_OFFERED, "request.confidentiality.scope", NONE, "UNTOC 18(20)", "the fact that there is a request, its substance, or both" },
	{ 0, NEED_OFFERED, "request.confidentiality.no_notification_of_person_concerned", NONE, "UNTOC 18(20)", "nobody is to be told" },
	{ 0, NEED_OFFERED, "request.confidentiality.until", NONE, "UNTOC 18(5), 18(20)", "a date or an event, in words" },
	{ 0, NEED_OFFERED, "request.confidentiality.reason", NONE, "UNTOC 18(20)", "why, so that it can be weighed" },
	{ 0, NEED_OFFERED, "request.undertakings.use_limited_to_purpose", NONE, "UNTOC 18(19)", "no other use without consent" },
	{ 0, NEED_OFFERED, "request.undertakings.reciprocity", NONE, "UNTOC 18(7)", "the same would be done for them" },
	{ 0, NEED_OFFERED, "request.undertakings.costs.regime", NONE, "UNTOC 18(28)", "ordinary costs lie with the requested State" },
	{ 0, NEED_OFFERED, NULL, PAPER(STATUTORY_TEXT), "CETS 198 art. 37(1)(d)", "the provisions that are named" },

	{ 0, NEED_OFFERED, "request.contact.officer", NONE, NULL, "whom to ask" },
	{ 0, NEED_WISHED,  "request.contact.phone|request.contact.email", NONE, NULL, "name a contact with telephone or e-mail" },
	{ 0, NEED_MUST,    "request.signed.by", NONE, "UNTOC 18(14)", "name the officer who signs" },
	{ 0, NEED_MUST,    "request.signed.signed_at", NONE, "UNTOC 18(14)", "say when it was signed" },
};
const struct needs needs_of_all = { all, ARRAY_LEN(all) };

/* ── by kind ───────────────────────────────────────────────────────────────────────────────────── */

static const struct need kinds[] = {
	{ KIND(CONFISCATION), NEED_OFFERED, "request.undertakings.assurances", NONE, "UNTOC 13(8)", "what is undertaken for third parties" },

	{ KIND(EXTRADITION), NEED_MUST, "request.persons.name|request.persons.identifiers", NONE, "UNTOC 16(1)", "name the person sought" },
	{ KIND(EXTRADITION), NEED_MUST, "request.offences.title|request.offences.statute", NONE, "UNTOC 16(1)-(2)",
		"name the offences for which extradition is sought" },
	{ KIND(EXTRADITION), NEED_WISHED, "request.persons.nationality", NONE, "UNTOC 16(10)", "say the person's nationality: it may decide" },
	{ KIND(EXTRADITION), NEED_WISHED, NULL, PAPERS(ARREST_WARRANT, JUDGMENT), "ETS 24 art. 12(2)(a)",
		"attach the conviction or the warrant of arrest, original or authenticated copy" },
	{ KIND(EXTRADITION), NEED_WISHED, "request.offences.text", PAPER(STATUTORY_TEXT), "ETS 24 art. 12(2)(c)",
		"give the text of the enactments" },
	{ KIND(EXTRADITION), NEED_WISHED, "request.dual_criminality_statement", NONE, "UNTOC 16(1)",
		"say by which law of the other State it is an offence there" },
	{ KIND(EXTRADITION), NEED_OFFERED, "request.persons.identity_documents", PAPER(IDENTIFICATION_MATERIAL), "ETS 24 art. 12(2)(c)",
		"what identifies the person" },
	{ KIND(EXTRADITION), NEED_OFFERED, "request.undertakings.assurances", NONE, "UNTOC 16(7)", "assurances that the other law asks for" },

	{ KIND(PROVISIONAL_ARREST), NEED_MUST, "request.persons.name|request.persons.identifiers", NONE, "UNTOC 16(9)", "name the person sought" },
	{ KIND(PROVISIONAL_ARREST), NEED_MUST, "request.urgency.text", NONE, "UNTOC 16(9)", "say why it is urgent" },
	{ KIND(PROVISIONAL_ARREST), NEED_WISHED, "request.offences", NONE, "ETS 24 art. 16(2)", "say for which offence, when and where" },
	{ KIND(PROVISIONAL_ARREST), NEED_WISHED, "request.undertakings.assurances", NONE, "ETS 24 art. 16(2)",
		"say that a request for extradition will be sent" },
	{ KIND(PROVISIONAL_ARREST), NEED_WISHED, NULL, PAPERS(ARREST_WARRANT, JUDGMENT), "ETS 24 art. 16(2)", "attach the warrant or the conviction" },

	{ KIND(TRANSFER_SENTENCED_PERSON), NEED_MUST, "request.persons.name", NONE, "UNTOC 17", "name the sentenced person" },
	{ KIND(TRANSFER_SENTENCED_PERSON), NEED_WISHED, "request.persons.nationality", NONE, "ETS 112 art. 3(1)(a)",
		"say the person's nationality" },
	{ KIND(TRANSFER_SENTENCED_PERSON), NEED_WISHED, NULL, PAPER(JUDGMENT), "ETS 112 art. 6(2)", "attach the judgment and the law it is based on" },
	{ KIND(TRANSFER_SENTENCED_PERSON), NEED_WISHED, NULL, PAPER(CONSENT_DECLARATION), "ETS 112 art. 3(1)(d)",
		"attach the person's declaration of consent" },
	{ KIND(TRANSFER_SENTENCED_PERSON), NEED_WISHED, "request.dual_criminality_statement", NONE, "ETS 112 art. 3(1)(e)",
		"say by which law it is an offence in both States" },

	{ KIND(TRANSFER_PROCEEDINGS), NEED_WISHED, "request.persons.name", NONE, "UNTOC 21", "name the person proceeded against" },
	{ KIND(TRANSFER_PROCEEDINGS), NEED_WISHED, NULL, PAPERS(EXHIBIT, EVIDENCE), "ETS 73 art. 15", "attach the file, or a certified copy of it" },
	{ KIND(TRANSFER_PROCEEDINGS), NEED_WISHED, "request.offences.text", PAPER(STATUTORY_TEXT), "ETS 73 art. 15", "give the text of the provisions" },

	{ KIND(JOINT_INVESTIGATION), NEED_MUST, "request.measures.description", NONE, "UNTOC 19",
		"say who would take part, where, under whose lead" },
	{ KIND(JOINT_INVESTIGATION), NEED_WISHED, "request.measures.period", NONE, "ETS 182 art. 20(1)", "say for how long it is set up" },
	{ KIND(JOINT_INVESTIGATION), NEED_WISHED, NULL, PAPER(JIT_AGREEMENT), "UNTOC 19", "attach a draft of the agreement" },

	{ KIND(SPECIAL_TECHNIQUES), NEED_WISHED, "request.measures.actions_requested", NONE, "UNTOC 20(3)",
		"say who acts, where, and who pays: it is decided case by case" },
	{ KIND(SPECIAL_TECHNIQUES), NEED_WISHED, "request.contact.duty_phone", NONE, "UNTOC 20", "say who is reached at any hour" },

	{ KIND(DATA_PRESERVATION), NEED_OFFERED, "request.dual_criminality_statement", NONE, "Budapest Convention 29(3)", "not required" },

	{ KIND(SPONTANEOUS_INFORMATION), NEED_OFFERED, "request.undertakings.assurances", NONE, "UNTOC 18(5)", "conditions of use" },

	{ KIND(LAW_ENFORCEMENT_COOPERATION), NEED_OFFERED, "request.other_channels_used.channel", NONE, "UNTOC 27", "what was asked between police forces already" },
	{ KIND(LAW_ENFORCEMENT_COOPERATION), NEED_OFFERED, "request.other_channels_used.reference", NONE, NULL, "and under which number" },

	{ KIND(FLAG_STATE_AUTHORISATION), NEED_MUST, "request.measures.identifiers|request.measures.assets", NONE, "1988 Convention 17(3)",
		"identify the vessel: name, IMO number, flag, position" },
	{ KIND(FLAG_STATE_AUTHORISATION), NEED_WISHED, "request.measures.actions_requested", NONE, "1988 Convention 17(4)",
		"say what is to be authorised: to board, to search, to act" },
	{ KIND(FLAG_STATE_AUTHORISATION), NEED_WISHED, "request.contact.duty_phone", NONE, "1988 Convention 17(7)", "say who is reached at any hour" },

	{ KIND(FIREARMS_TRACING), NEED_MUST, "request.measures.identifiers|request.measures.assets", NONE, "Firearms Protocol 12(4)",
		"identify the firearm: maker, model, calibre, serial number, marks" },
	{ KIND(FIREARMS_TRACING), NEED_OFFERED, NULL, PAPER(IDENTIFICATION_MATERIAL), "Firearms Protocol 8", "pictures of the marks" },

	{ KIND(DENUNCIATION), NEED_WISHED, "request.persons.name", NONE, "ETS 30 art. 21", "name the person to be proceeded against" },
	{ KIND(DENUNCIATION), NEED_WISHED, NULL, PAPERS(EVIDENCE, EXHIBIT), "ETS 30 art. 21", "attach what supports it" },

	{ KIND(EMERGENCY_DISCLOSURE), NEED_MUST, "request.urgency.text", NONE, "CETS 224 art. 9(3)",
		"say which risk to life or safety there is, and how the data avert it" },
	{ KIND(EMERGENCY_DISCLOSURE), NEED_MUST, "request.measures.identifiers|request.measures.custodian", NONE, "CETS 224 art. 9(3)",
		"say which data of whom, held by whom" },
	{ KIND(EMERGENCY_DISCLOSURE), NEED_WISHED, "request.contact.duty_phone", NONE, "CETS 224 art. 9", "say who is reached at any hour" },

	{ KIND(FOREIGN_LAW_INFORMATION), NEED_MUST, "request.measures.description", NONE, NULL, "put the questions of law or procedure" },
};
const struct needs needs_of_kinds = { kinds, ARRAY_LEN(kinds) };

static const struct {
	Comity__RequestKind__Value kind;
	Comity__AssistanceForm__Value forms[8];
} usual[] = {
	{ KIND(CONFISCATION), { FORM(CONFISCATION_OBTAIN_ORDER), FORM(CONFISCATION_ENFORCE_ORDER), FORM(FREEZING), FORM(TRACE_PROCEEDS),
		FORM(SEARCH_SEIZURE), FORM(ASSET_RETURN_SHARING), FORM(VIRTUAL_ASSET_MEASURE) } },
	{ KIND(SPECIAL_TECHNIQUES), { FORM(CONTROLLED_DELIVERY), FORM(COVERT_INVESTIGATION), FORM(CROSS_BORDER_OBSERVATION),
		FORM(INTERCEPTION_CONTENT), FORM(TRAFFIC_DATA_REAL_TIME), FORM(BANK_MONITORING), FORM(OTHER) } },
	{ KIND(DATA_PRESERVATION), { FORM(DATA_PRESERVATION) } },
	{ KIND(EMERGENCY_DISCLOSURE), { FORM(SUBSCRIBER_DATA), FORM(TRAFFIC_DATA_STORED), FORM(CONTENT_DATA_STORED), FORM(OTHER) } },
};

const Comity__AssistanceForm__Value *forms_of_kind(Comity__RequestKind__Value kind)
{
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (usual[i].kind == kind)
			return usual[i].forms;
	return NULL;
}

/* ── by nature ─────────────────────────────────────────────────────────────────────────────────── */

#define FOLLOWS(nature, article, message) \
	{ NATURE(nature), NEED_MUST, "request.related.request_id|request.related.requesting_reference" \
		"|request.related.requested_reference", NONE, article, message }, \
	{ NATURE(nature), NEED_OFFERED, "request.related.type", NONE, NULL, "how it relates to it" }

static const struct need natures[] = {
	FOLLOWS(SUPPLEMENTARY, NULL, "name the earlier request that this one belongs to"),
	FOLLOWS(AMENDED, NULL, "name the earlier request that this one replaces"),
	FOLLOWS(RENEWED, NULL, "name the earlier request that this one renews"),
	FOLLOWS(FOLLOW_UP_TO_PRESERVATION, "Budapest Convention 29(7)", "name the request for preservation that this one follows"),
	{ NATURE(FOLLOW_UP_TO_PRESERVATION), NEED_WISHED, "request.related.preserved_until", NONE, "Budapest Convention 29(7)",
		"say until when the data are preserved" },
	FOLLOWS(FOLLOW_UP_TO_SPONTANEOUS_INFO, "UNTOC 18(4)", "name the information that this one follows"),
	{ NATURE(CONFIRMATION_OF_ORAL), NEED_MUST, "request.oral_request.made_at", NONE, "UNTOC 18(14)",
		"say when the request was made orally" },
	{ NATURE(CONFIRMATION_OF_ORAL), NEED_WISHED, "request.oral_request.to", NONE, "UNTOC 18(14)", "say to whom it was made orally" },
	{ NATURE(CONFIRMATION_OF_ORAL), NEED_OFFERED, "request.oral_request.by", NONE, "UNTOC 18(14)", "and by whom" },
	{ NATURE(CONFIRMATION_OF_ORAL), NEED_OFFERED, "request.oral_request.reference", NONE, "UNTOC 18(14)",
		"the reference that was told on the telephone: theirs of their note, or ours" },
};
const struct needs needs_of_natures = { natures, ARRAY_LEN(natures) };

Comity__RelationType__Value relation_of_nature(Comity__RequestNature__Value nature)
{
	static const Comity__RelationType__Value relations[] = {
		[NATURE(SUPPLEMENTARY)] = RELATION(SUPPLEMENTS), [NATURE(AMENDED)] = RELATION(AMENDS), [NATURE(RENEWED)] = RELATION(RENEWS),
		[NATURE(FOLLOW_UP_TO_PRESERVATION)] = RELATION(FOLLOWS_PRESERVATION),
		[NATURE(FOLLOW_UP_TO_SPONTANEOUS_INFO)] = RELATION(FOLLOWS_SPONTANEOUS),
	};
	return (size_t)nature < ARRAY_LEN(relations) ? relations[nature] : RELATION(UNSPECIFIED);
}
