#include "tools/letter_names.h"

#include <ctype.h>
#include <string.h>

#include "proto/casework.pb-c.h"

#define BASIS(name) { &comity__legal_basis__value__descriptor, COMITY__LEGAL_BASIS__VALUE__##name
#define KIND(name) { &comity__request_kind__value__descriptor, COMITY__REQUEST_KIND__VALUE__##name

/* Where the code's own words are none for a judge. */
static const struct {
	const ProtobufCEnumDescriptor *codes;
	int value;
	const char *name;
} names[] = {
	KIND(MLA), "mutual legal assistance" },
	BASIS(UNTOC), "United Nations Convention against Transnational Organized Crime" },
	BASIS(UNTOC_TIP), "Protocol to Prevent, Suppress and Punish Trafficking in Persons" },
	BASIS(UNTOC_SOM), "Protocol against the Smuggling of Migrants" },
	BASIS(UNTOC_FIREARMS), "Firearms Protocol" },
	BASIS(UNCAC), "United Nations Convention against Corruption" },
	BASIS(UN_DRUGS_1988), "United Nations Convention against Illicit Traffic in Narcotic Drugs (1988)" },
	BASIS(UN_CYBER_2024), "United Nations Convention against Cybercrime (2024)" },
	BASIS(UN_TERRORISM), "a convention of the United Nations against terrorism" },
	BASIS(COE_MLA_1959), "European Convention on Mutual Assistance in Criminal Matters (ETS 30)" },
	BASIS(COE_MLA_AP1978), "its Additional Protocol (ETS 99)" },
	BASIS(COE_MLA_AP2001), "its Second Additional Protocol (ETS 182)" },
	BASIS(BUDAPEST_2001), "Convention on Cybercrime (Budapest, ETS 185)" },
	BASIS(BUDAPEST_AP2022), "Second Additional Protocol to the Convention on Cybercrime (CETS 224)" },
	BASIS(COE_EXTRADITION_1957), "European Convention on Extradition (ETS 24)" },
	BASIS(COE_SENTENCED_PERSONS_1983), "Convention on the Transfer of Sentenced Persons (ETS 112)" },
	BASIS(COE_LAUNDERING_1990), "Convention on Laundering, Search, Seizure and Confiscation (ETS 141)" },
	BASIS(COE_LAUNDERING_2005), "Convention on Laundering and on the Financing of Terrorism (CETS 198)" },
	BASIS(COE_TRANSFER_PROCEEDINGS_1972), "European Convention on the Transfer of Proceedings (ETS 73)" },
	BASIS(EU_EIO_2014), "Directive 2014/41/EU (European Investigation Order)" },
	BASIS(EU_FREEZING_CONFISCATION_2018), "Regulation (EU) 2018/1805" },
};

enum fault letter_name_code(struct bytes *out, const ProtobufCEnumDescriptor *codes, int value)
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(codes, value);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].codes == codes && names[i].value == value)
			return bytes_append_text(out, names[i].name);
	if (!known)
		return bytes_printf(out, "code %d", value);
	bool is_letter = !known->name[1];
	for (const char *at = known->name; *at; at++)
		TRY(bytes_printf(out, "%c", *at == '_' ? ' ' : is_letter ? *at : tolower((unsigned char)*at)));
	return OK;
}

/* Labels where the schema's own word is too short for a reader. */
static const struct {
	const char *field, *label;
} labels[] = {
	{ "ref", "Label" }, { "id", "Label" }, { "file_ref", "File number" }, { "form", "Form" }, { "custody", "In custody" },
	{ "untoc_letter", "Letter of article 18(3)" }, { "paras_9_29", "Article 18(7), paragraphs 9 to 29" }, { "ocg_element", "Organized criminal group" },
	{ "max_penalty_months", "Maximum penalty, in months" }, { "facts_link", "Link to the facts" }, { "request", "Language of the request" },
	{ "text", "Text" }, { "by", "By" }, { "dual_criminality_statement", "Dual criminality" }, { "proceeding", "Proceedings" },
	{ "intention_to_submit_mla_request", "A request for the data will follow" },
};

static enum fault write_label(struct bytes *out, const char *words, size_t len)
{
	for (size_t i = 0; i < len; i++)
		TRY(bytes_printf(out, "%c", words[i] == '_' ? ' ' : i ? words[i] : toupper((unsigned char)words[i])));
	return OK;
}

enum fault letter_name_field(struct bytes *out, const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (!strcmp(labels[i].field, field))
			return bytes_append_text(out, labels[i].label);
	return write_label(out, field, strlen(field));
}

enum fault letter_name_item(struct bytes *out, const char *field)
{
	static const struct {
		const char *field, *label;
	} items[] = { { "legal_bases", "Basis" }, { "formalities", "Procedure wished" }, { "related", "Related request" },
		{ "other_channels_used", "Channel" }, { "attachments", "Enclosure" } };
	size_t len = strlen(field);
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		if (!strcmp(items[i].field, field))
			return bytes_append_text(out, items[i].label);
	return write_label(out, field, len && field[len - 1] == 's' ? len - 1 : len);
}
