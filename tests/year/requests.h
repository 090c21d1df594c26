#pragma once
/* What is asked in a simulated year: every kind of request and every nature, most often what is most often asked. */
#include "tests/year/world.h"

enum { REQUEST_SIZE = 4096, KINDS_MAX = 32, NATURES_MAX = 16 };

static struct { uint64_t kinds[KINDS_MAX], natures[NATURES_MAX]; } variety;

/* All that some kind wants said; what a kind does not need is no fault in it. */
static const char common[] =
	"transmission_mode: FORMAL\nmaking_authority: { name: Court }\n"
	"proceeding: { type: INVESTIGATION, subject: Fraud, conducting_authority: { name: Court, functions: directs investigations } }\n"
	"language: { request: en }\nfacts_summary: Money was taken.\nintention_to_submit_mla_request: true\n"
	"offences: [{ title: Fraud, statute: Section 1, max_penalty_months: 60, category: [FRAUD] }]\n"
	"persons: [{ ref: P1, type: NATURAL, role: [SUSPECT], name: Tobin FALSEWORK, nationality: [XFR], location: Freedonia City }]\n"
	"purpose: Evidence for trial.\n"
	"contact: { officer: B. Sandglass, phone: \"+999-01-555-0110\" }\n"
	"signed: { by: Head of Unit, signed_at: \"2026-11-23T10:20:00+01:00\" }\n";
static const char usual_measures[] =
	"legal_bases: [{ basis: UNTOC }]\nmeasures: [{ id: M1, form: BANK_FINANCIAL_RECORDS, description: Account statements., persons: [P1],\n"
	"  identifiers: [{ type: EMAIL, value: someone@example.org }] }, { id: M2, form: TAKE_EVIDENCE_STATEMENT, description: Hear the manager.,\n"
	"  persons: [P1] }]\n";
static const char data_to_keep[] =
	"legal_bases: [{ basis: BUDAPEST_2001 }]\nmeasures: [{ id: M1, form: DATA_PRESERVATION, custodian: A provider, data_types: [TRAFFIC],\n"
	"  necessity: It will be gone., preserve_for_days: 90, identifiers: [{ type: EMAIL, value: someone@example.org }] }]\n";

/* Every nature but the first is of an earlier request. */
static const struct { Comity__RequestNature__Value nature; uint32_t weight; const char *relation; } natures[] = {
	{ COMITY__REQUEST_NATURE__VALUE__INITIAL, 70, NULL },
	{ COMITY__REQUEST_NATURE__VALUE__SUPPLEMENTARY, 12, "SUPPLEMENTS" },
	{ COMITY__REQUEST_NATURE__VALUE__AMENDED, 3, "AMENDS" },
	{ COMITY__REQUEST_NATURE__VALUE__RENEWED, 4, "RENEWS" },
	{ COMITY__REQUEST_NATURE__VALUE__CONFIRMATION_OF_ORAL, 4, "CONFIRMS_ORAL" },
	{ COMITY__REQUEST_NATURE__VALUE__FOLLOW_UP_TO_PRESERVATION, 4, "FOLLOWS_PRESERVATION" },
	{ COMITY__REQUEST_NATURE__VALUE__FOLLOW_UP_TO_SPONTANEOUS_INFO, 3, "FOLLOWS_SPONTANEOUS" },
};

/* The rest of the kinds share what is left. */
static inline Comity__RequestKind__Value choose_kind(void)
{
	const ProtobufCEnumDescriptor *kinds = &comity__request_kind__value__descriptor;
	uint32_t die = chance(100);
	if (die < 75)
		return die < 45 ? COMITY__REQUEST_KIND__VALUE__MLA : die < 60 ? COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION
			: COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION;
	return (Comity__RequestKind__Value)kinds->values[1 + chance((uint32_t)kinds->n_values - 1)].value;
}

static inline size_t choose_nature(void)
{
	uint32_t die = chance(100);
	size_t i = 0;
	while (die >= natures[i].weight)
		die -= natures[i++].weight;
	return i;
}

static inline void write_nature(char text[REQUEST_SIZE], size_t which)
{
	char oral[STAMP_SIZE];
	size_t used = strlen(text);
	used += (size_t)snprintf(text + used, REQUEST_SIZE - used, "nature: %s\n",
		protobuf_c_enum_descriptor_get_value(&comity__request_nature__value__descriptor, (int)natures[which].nature)->name);
	if (natures[which].relation)
		used += (size_t)snprintf(text + used, REQUEST_SIZE - used, "related: [{ type: %s, requesting_reference: \"EARLIER-%u\" }]\n",
			natures[which].relation, chance(1000));
	stamp_write(oral, now - (int64_t)chance(48) * 3600 * STAMP_SECOND);
	if (natures[which].nature == COMITY__REQUEST_NATURE__VALUE__CONFIRMATION_OF_ORAL)
		snprintf(text + used, REQUEST_SIZE - used, "oral_request: { made_at: \"%s\", to: C. Moor, by: B. Sandglass }\n", oral);
	variety.natures[natures[which].nature]++;
}

/* `deadline` may be NULL; what is urgent by its kind says so all the same. */
static inline void write_urgency(char text[REQUEST_SIZE], Comity__RequestKind__Value kind, const char *deadline)
{
	size_t used = strlen(text);
	bool is_urgent = kind == COMITY__REQUEST_KIND__VALUE__PROVISIONAL_ARREST || kind == COMITY__REQUEST_KIND__VALUE__EMERGENCY_DISCLOSURE;
	char date[DATE_SIZE];
	date_write(date, now / STAMP_DAY + 3);
	if (deadline || is_urgent)
		snprintf(text + used, REQUEST_SIZE - used, "urgency: { level: URGENT, reasons: [PERSON_IN_CUSTODY], text: He is held., "
			"deadlines: [{ by: \"%s\", reason: The hearing. }] }\n", deadline ? deadline : date);
}

static inline void write_request(char text[REQUEST_SIZE], const char *deadline)
{
	Comity__RequestKind__Value kind = choose_kind();
	bool is_secret = happens(15);
	variety.kinds[kind]++;
	if (kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION) {
		snprintf(text, REQUEST_SIZE, "kind: SPONTANEOUS_INFORMATION\nproceeding: { subject: A shipment }\n");
		return;
	}
	snprintf(text, REQUEST_SIZE, "kind: %s\n%s%s%s",
		protobuf_c_enum_descriptor_get_value(&comity__request_kind__value__descriptor, (int)kind)->name, common,
		kind == COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION ? data_to_keep : usual_measures,
		is_secret ? "confidentiality: { requested: true, scope: FACT, reason: The suspect. }\n" : "");
	write_nature(text, kind == COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION ? 0 : choose_nature());
	write_urgency(text, kind, deadline);
}

/* Every kind and every nature was sent, when there were enough of them; returns how many were not. */
static inline size_t missing_of(const ProtobufCEnumDescriptor *type, const uint64_t *many)
{
	size_t missing = 0;
	for (unsigned i = 0; i < type->n_values; i++)
		missing += type->values[i].value && !many[type->values[i].value];
	return missing;
}
