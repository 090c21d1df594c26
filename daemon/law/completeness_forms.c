/* What each form of assistance asks for: 18(3), 18(10)-(12), 18(18), 13(3), 20, Budapest Convention 29(2), ETS 30 and 182. */
#include "daemon/law/completeness_needs.h"

#include "proto/bytes.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define PAPER(name) { COMITY__ATTACHMENT_ROLE__VALUE__##name }
#define PAPERS(one, other) { COMITY__ATTACHMENT_ROLE__VALUE__##one, COMITY__ATTACHMENT_ROLE__VALUE__##other }
#define NONE { 0 }
#define CONDUCTING "request.proceeding.conducting_authority.persons_conducting"
#define COERCIVE "request.offences.text", PAPERS(STATUTORY_TEXT, COURT_ORDER), "CETS 198 art. 37(1)(d)", \
	"give the provisions, or an order, by which the measure could be taken in our own State"

static const struct need forms[] = {
	{ 0, NEED_MUST,    "description", NONE, "UNTOC 18(15)(d)", "describe the assistance that is sought" },
	{ 0, NEED_OFFERED, "facts_link", NONE, "UNTOC 18(15)(c)", "why the facts lead to this measure" },
	{ 0, NEED_OFFERED, "persons", NONE, "UNTOC 18(15)(e)", "labels of the persons it concerns: [P1]" },
	{ 0, NEED_OFFERED, "formalities.text", NONE, "UNTOC 18(15)(d), 18(17)", "a particular procedure that is wished" },
	{ 0, NEED_OFFERED, "formalities.reason", NONE, "UNTOC 18(17)", "why the result is of no use without it" },

	{ FORM(TAKE_EVIDENCE_STATEMENT), NEED_WISHED, "persons", NONE, "UNTOC 18(15)(e)", "say who is to be heard" },
	{ FORM(TAKE_EVIDENCE_STATEMENT), NEED_OFFERED, "questions_attached", PAPER(QUESTIONNAIRE), "UNTOC 18(3)(a)", "the questions to be put" },

	{ FORM(VIDEO_HEARING), NEED_MUST,    "reason_no_personal_attendance", NONE, "ETS 182 art. 9(3)",
		"say why it is not desirable or possible to attend in person" },
	{ FORM(VIDEO_HEARING), NEED_MUST,    CONDUCTING, NONE, "ETS 182 art. 9(3)",
		"name who will conduct the hearing (request.proceeding.conducting_authority.persons_conducting)" },
	{ FORM(VIDEO_HEARING), NEED_WISHED,  "persons", NONE, "UNTOC 18(18)", "say who is to be heard, as witness or expert" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "proposed_time.start_at", NONE, "UNTOC 18(18)", "when, on our clock" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "proposed_time.local_start_at", NONE, NULL, "the same instant on theirs" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "proposed_time.duration_minutes", NONE, NULL, "for how long" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "technical.protocol", NONE, "ETS 182 art. 9(3)", "SIP, H.323, WebRTC" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "technical.test_call_at", NONE, NULL, "when the link is tried out" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "technical.recording", NONE, "ETS 182 art. 9(6)", "who records what" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "request.language.hearing_languages", NONE, NULL, "the languages of the hearing" },
	{ FORM(VIDEO_HEARING), NEED_OFFERED, "questions_attached", PAPER(QUESTIONNAIRE), NULL, "the topics of the examination" },

	{ FORM(TELEPHONE_HEARING), NEED_WISHED, "consent_of_person", PAPER(CONSENT_DECLARATION), "ETS 182 art. 10", "say that the witness or expert agrees" },
	{ FORM(TELEPHONE_HEARING), NEED_WISHED, CONDUCTING, NONE, "ETS 182 art. 10", "name who will conduct the hearing" },
	{ FORM(TELEPHONE_HEARING), NEED_WISHED, "persons", NONE, "ETS 182 art. 10", "say who is to be heard" },
	{ FORM(TELEPHONE_HEARING), NEED_OFFERED, "proposed_time.start_at", NONE, NULL, "when, on our clock" },
	{ FORM(TELEPHONE_HEARING), NEED_OFFERED, "request.language.hearing_languages", NONE, NULL, "the languages of the hearing" },

	{ FORM(SERVICE_DOCUMENTS), NEED_WISHED, NULL, PAPER(DOCUMENT_TO_BE_SERVED), "ETS 30 art. 7",
		"attach the document to be served (role DOCUMENT_TO_BE_SERVED)" },
	{ FORM(SERVICE_DOCUMENTS), NEED_WISHED, "persons", NONE, "UNTOC 18(15)(e)", "say on whom it is to be served" },
	{ FORM(SERVICE_DOCUMENTS), NEED_OFFERED, "actions_requested", NONE, "ETS 30 art. 7(1)", "the manner of service, and which proof of it" },

	{ FORM(SEARCH_SEIZURE), NEED_WISHED,  "facts_link", NONE, "UNTOC 18(15)(c)", "say why the facts lead to these premises or things" },
	{ FORM(SEARCH_SEIZURE), NEED_WISHED,  COERCIVE },
	{ FORM(SEARCH_SEIZURE), NEED_OFFERED, "actions_requested", NONE, "UNTOC 18(3)(c)", "what is to be searched for, seized, handed over" },
	{ FORM(SEARCH_SEIZURE), NEED_OFFERED, "third_parties", NONE, "UNTOC 13(8)", "whose rights it touches" },

	{ FORM(FREEZING), NEED_MUST,    "actions_requested", NONE, "UNTOC 13(3)(c)",
		"describe the actions requested: what is to be frozen, what reported, who heard before it is lifted" },
	{ FORM(FREEZING), NEED_WISHED,  "assets|identifiers|persons", NONE, "UNTOC 13(2)", "identify the property, or who holds it" },
	{ FORM(FREEZING), NEED_OFFERED, "assets.description", NONE, "UNTOC 13(2)", "the property" },
	{ FORM(FREEZING), NEED_OFFERED, "maximum_amount", NONE, "CETS 198 art. 37(2)", "up to which amount" },
	{ FORM(FREEZING), NEED_OFFERED, "third_parties", NONE, "UNTOC 13(8)", "whose rights in good faith it touches" },
	{ FORM(FREEZING), NEED_WISHED,  "request.offences.text", PAPERS(FREEZING_ORDER, STATUTORY_TEXT), "CETS 198 art. 37(1)(d)",
		"give the order, or the provisions, by which it could be frozen in our own State" },

	{ FORM(EXAMINE_OBJECT_SITE), NEED_OFFERED, "assets.description", NONE, "UNTOC 18(3)(d)", "the object or the site" },
	{ FORM(EXAMINE_OBJECT_SITE), NEED_OFFERED, "assets.location", NONE, "UNTOC 18(3)(d)", "where it is" },
	{ FORM(INFORMATION_ITEMS), NEED_OFFERED, "custodian", NONE, "UNTOC 18(3)(e)", "who has it" },
	{ FORM(EXPERT_EVALUATION), NEED_WISHED, "questions_attached|actions_requested", PAPER(QUESTIONNAIRE), "UNTOC 18(3)(e)",
		"say what the expert is to answer" },

	{ FORM(GOVERNMENT_RECORDS), NEED_WISHED, "custodian|identifiers|persons", NONE, "UNTOC 18(29)", "say which body keeps them, or of whom they are" },
	{ FORM(GOVERNMENT_RECORDS), NEED_OFFERED, "period.from", NONE, NULL, "from when: a date, or a time with its offset" },
	{ FORM(GOVERNMENT_RECORDS), NEED_OFFERED, "period.to", NONE, NULL, "to when, likewise" },

	{ FORM(BANK_FINANCIAL_RECORDS), NEED_WISHED, "identifiers|assets|persons", NONE, "UNTOC 18(3)(f)", "identify the account or its holder" },
	{ FORM(BANK_FINANCIAL_RECORDS), NEED_OFFERED, "identifiers.type", NONE, NULL, "IBAN, BANK_ACCOUNT, CARD_NUMBER, ..." },
	{ FORM(BANK_FINANCIAL_RECORDS), NEED_OFFERED, "identifiers.value", NONE, NULL, "the number" },
	{ FORM(BANK_FINANCIAL_RECORDS), NEED_WISHED, "period.from", NONE, "UNTOC 18(15)(d)", "say from when: all records ever are rarely needed" },
	{ FORM(BANK_FINANCIAL_RECORDS), NEED_OFFERED, "period.to", NONE, NULL, "to when, likewise" },
	{ FORM(BANK_FINANCIAL_RECORDS), NEED_OFFERED, "custodian", NONE, "UNTOC 18(8), 12(6)", "the bank, and its branch" },

	{ FORM(CORPORATE_BUSINESS_RECORDS), NEED_WISHED, "identifiers|persons", NONE, "UNTOC 18(3)(f)", "identify the company" },
	{ FORM(CORPORATE_BUSINESS_RECORDS), NEED_OFFERED, "period.from", NONE, NULL, "from when: a date, or a time with its offset" },
	{ FORM(CORPORATE_BUSINESS_RECORDS), NEED_OFFERED, "custodian", NONE, NULL, "the register, or who keeps the books" },
	{ FORM(CRIMINAL_RECORD_EXTRACT), NEED_WISHED, "persons", NONE, "ETS 30 art. 13", "say of whom" },

	{ FORM(TRACE_PROCEEDS), NEED_OFFERED, "actions_requested", NONE, "UNTOC 13(3)(c)", "what is to be done" },
	{ FORM(TRACE_PROCEEDS), NEED_OFFERED, "assets.description", NONE, "UNTOC 18(3)(g)", "what is known of the property" },

	{ FORM(VOLUNTARY_APPEARANCE), NEED_WISHED, "persons", NONE, "UNTOC 18(3)(h)", "say who is invited" },
	{ FORM(VOLUNTARY_APPEARANCE), NEED_WISHED, "request.undertakings.assurances", NONE, "UNTOC 18(27)", "give safe conduct" },
	{ FORM(VOLUNTARY_APPEARANCE), NEED_OFFERED, "proposed_time.start_at", NONE, NULL, "when" },

	{ FORM(TEMPORARY_TRANSFER_DETAINEE), NEED_WISHED, "consent_of_person", PAPER(CONSENT_DECLARATION), "UNTOC 18(10)(a)",
		"the person's free and informed consent is needed" },
	{ FORM(TEMPORARY_TRANSFER_DETAINEE), NEED_WISHED, "persons", NONE, "UNTOC 18(10)", "say who is to be transferred" },
	{ FORM(TEMPORARY_TRANSFER_DETAINEE), NEED_WISHED, "period.to", NONE, "UNTOC 18(11)(b)", "say when the person is returned" },
	{ FORM(TEMPORARY_TRANSFER_DETAINEE), NEED_WISHED, "request.undertakings.assurances", NONE, "UNTOC 18(11)-(12)",
		"undertake custody, return without extradition proceedings, credit for the time, and safe conduct" },

	{ FORM(SUBSCRIBER_DATA), NEED_WISHED, "identifiers|custodian", NONE, "Budapest Convention 18(3)", "say which accounts, held by whom" },
	{ FORM(SUBSCRIBER_DATA), NEED_OFFERED, "identifiers.type", NONE, NULL, "EMAIL, PHONE_MSISDN, IP_V4 with port and time, ..." },
	{ FORM(SUBSCRIBER_DATA), NEED_OFFERED, "identifiers.value", NONE, NULL, "the address or number" },
	{ FORM(SUBSCRIBER_DATA), NEED_OFFERED, "data_types", NONE, "Budapest Convention 18(3)", "which data" },
	{ FORM(TRAFFIC_DATA_STORED), NEED_WISHED, "identifiers|custodian", NONE, "Budapest Convention 31", "say which accounts, held by whom" },
	{ FORM(TRAFFIC_DATA_STORED), NEED_WISHED, "period.from", NONE, "Budapest Convention 31", "say from when, with the time zone" },
	{ FORM(TRAFFIC_DATA_STORED), NEED_OFFERED, "period.to", NONE, NULL, "to when, likewise" },
	{ FORM(CONTENT_DATA_STORED), NEED_WISHED, "identifiers|custodian", NONE, "Budapest Convention 31", "say which accounts, held by whom" },
	{ FORM(CONTENT_DATA_STORED), NEED_WISHED, "period.from", NONE, "Budapest Convention 31", "say from when, with the time zone" },
	{ FORM(CONTENT_DATA_STORED), NEED_OFFERED, "period.to", NONE, NULL, "to when, likewise" },
	{ FORM(CONTENT_DATA_STORED), NEED_WISHED, COERCIVE },

	{ FORM(DATA_PRESERVATION), NEED_MUST,    "request.offences", NONE, "Budapest Convention 29(2)(b)", "name the offence (request.offences)" },
	{ FORM(DATA_PRESERVATION), NEED_MUST,    "data_types|description", NONE, "Budapest Convention 29(2)(c)",
		"say which data are to be preserved" },
	{ FORM(DATA_PRESERVATION), NEED_MUST,    "custodian|identifiers", NONE, "Budapest Convention 29(2)(d)",
		"say who holds the data, or by which identifiers they are found" },
	{ FORM(DATA_PRESERVATION), NEED_OFFERED, "identifiers.type", NONE, "Budapest Convention 29(2)(d)", "EMAIL, IP_V4 with port and time, ..." },
	{ FORM(DATA_PRESERVATION), NEED_OFFERED, "identifiers.value", NONE, "Budapest Convention 29(2)(d)", "the address or number" },
	{ FORM(DATA_PRESERVATION), NEED_MUST,    "necessity", NONE, "Budapest Convention 29(2)(e)", "say why preservation is necessary" },
	{ FORM(DATA_PRESERVATION), NEED_MUST,    "request.intention_to_submit_mla_request", NONE, "Budapest Convention 29(2)(f)",
		"say that a request for the data will follow (request.intention_to_submit_mla_request)" },
	{ FORM(DATA_PRESERVATION), NEED_OFFERED, "preserve_for_days", NONE, "Budapest Convention 29(7)", "60 at least" },

	{ FORM(TRAFFIC_DATA_REAL_TIME), NEED_WISHED, "identifiers", NONE, "Budapest Convention 33", "say which connections" },
	{ FORM(TRAFFIC_DATA_REAL_TIME), NEED_WISHED, "period.to", NONE, "Budapest Convention 33", "say until when" },
	{ FORM(TRAFFIC_DATA_REAL_TIME), NEED_WISHED, COERCIVE },
	{ FORM(INTERCEPTION_CONTENT), NEED_WISHED, "identifiers", NONE, "Budapest Convention 34", "say which connections" },
	{ FORM(INTERCEPTION_CONTENT), NEED_WISHED, "period.to", NONE, "Budapest Convention 34", "say until when" },
	{ FORM(INTERCEPTION_CONTENT), NEED_WISHED, "facts_link", NONE, "UNTOC 18(15)(c)", "say why nothing milder will do" },
	{ FORM(INTERCEPTION_CONTENT), NEED_WISHED, COERCIVE },
	{ FORM(BANK_MONITORING), NEED_WISHED, "identifiers|assets", NONE, "Directive 2014/41/EU 28(1)(a)", "identify the accounts" },
	{ FORM(BANK_MONITORING), NEED_WISHED, "period.to", NONE, "Directive 2014/41/EU 28(1)(a)", "say until when" },

	{ FORM(CONTROLLED_DELIVERY), NEED_WISHED, "actions_requested", NONE, "UNTOC 20(4)",
		"say whether the goods are to go on intact, be removed or be replaced" },
	{ FORM(CONTROLLED_DELIVERY), NEED_WISHED, "proposed_time.start_at|period.from", NONE, "UNTOC 20(3)", "say when it is expected" },
	{ FORM(COVERT_INVESTIGATION), NEED_WISHED, "actions_requested", NONE, "ETS 182 art. 19", "say who acts, under which identity and lead" },
	{ FORM(COVERT_INVESTIGATION), NEED_WISHED, "period.to", NONE, "ETS 182 art. 19", "say until when" },
	{ FORM(CROSS_BORDER_OBSERVATION), NEED_WISHED, "persons", NONE, "ETS 182 art. 17", "say who is observed" },
	{ FORM(CROSS_BORDER_OBSERVATION), NEED_WISHED, "period.from", NONE, "ETS 182 art. 17", "say from when" },
	{ FORM(LOCATE_IDENTIFY_PERSON), NEED_WISHED, "persons|identifiers", NONE, "UNTOC 27(1)(b)(i)", "say who is sought, or by what" },

	{ FORM(CONFISCATION_OBTAIN_ORDER), NEED_MUST, "assets.description|assets.identifier", NONE, "UNTOC 13(3)(a)",
		"describe the property to be confiscated" },
	{ FORM(CONFISCATION_OBTAIN_ORDER), NEED_MUST, "statement_of_facts", NONE, "UNTOC 13(3)(a)",
		"state the facts so that an order can be sought under the other State's law" },
	{ FORM(CONFISCATION_OBTAIN_ORDER), NEED_OFFERED, "third_parties", NONE, "UNTOC 13(8)", "whose rights in good faith it touches" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), NEED_MUST, NULL, PAPER(CONFISCATION_ORDER), "UNTOC 13(3)(b)",
		"attach a legally admissible copy of the confiscation order (role CONFISCATION_ORDER)" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), NEED_MUST, "statement_of_facts", NONE, "UNTOC 13(3)(b)", "state the facts" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), NEED_MUST, "extent_of_execution", NONE, "UNTOC 13(3)(b)",
		"say to what extent the order is to be executed" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), NEED_OFFERED, "third_parties", NONE, "UNTOC 13(8); UNCAC 55(3)", "who was notified, and that the order is final" },
	{ FORM(ASSET_RETURN_SHARING), NEED_WISHED, "assets.description|assets.identifier", NONE, "UNTOC 14(2)", "describe the property" },
	{ FORM(ASSET_RETURN_SHARING), NEED_WISHED, NULL, PAPERS(CONFISCATION_ORDER, JUDGMENT), "UNCAC 57(3)", "attach the final judgment" },

	{ FORM(DECRYPTION_ASSISTANCE), NEED_WISHED, "assets|identifiers|custodian", NONE, "UNTOC 18(3)(e)", "say what is encrypted, and who has it" },
	{ FORM(VIRTUAL_ASSET_MEASURE), NEED_WISHED, "identifiers|assets", NONE, "UNTOC 13(2)", "give addresses and transactions" },
	{ FORM(VIRTUAL_ASSET_MEASURE), NEED_WISHED, "actions_requested", NONE, "UNTOC 13(3)(c)", "say what is to be done with them" },
	{ FORM(WITNESS_PROTECTION_RELOCATION), NEED_WISHED, "request.protected_block.attachment", NONE, "UNTOC 24(3)",
		"keep what identifies the person in a protected annex" },
	{ FORM(RESTITUTION_ARTICLES), NEED_WISHED, "assets.description|assets.identifier", NONE, "ETS 182 art. 12", "describe the articles" },
	{ FORM(PRESENCE_OF_OFFICIALS), NEED_WISHED, CONDUCTING, NONE, "ETS 30 art. 4", "name who wishes to be present" },
};
const struct needs needs_of_forms = { forms, ARRAY_LEN(forms) };

/* From 1 on, in the order of the numbers; '-': none. */
Comity__UntocLetter__Value letter_of_form(Comity__AssistanceForm__Value form)
{
	static const char letters[] = "AAABCCDEEFFFFGHIIIIIIIIIIIE---IIIII";
	size_t index = (size_t)form - 1;
	if (form == FORM(OTHER))
		return COMITY__UNTOC_LETTER__VALUE__I;
	if (index >= sizeof letters - 1 || letters[index] == '-')
		return COMITY__UNTOC_LETTER__VALUE__UNSPECIFIED;
	return (Comity__UntocLetter__Value)(letters[index] - 'A' + COMITY__UNTOC_LETTER__VALUE__A);
}
