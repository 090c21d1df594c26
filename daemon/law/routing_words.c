/* What an entry of the directory says, in lines for people. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/law/routing.h"

enum { LINE_SIZE = 512, LINES_MAX = 40, CONTACTS_MAX = 3 };

struct ways {
	struct arena *arena;
	size_t *count;
	char ***lines;
};

/* A line under its heading; what is too long for one is cut, for the entry itself has it whole. */
static void PRINTF_LIKE(3, 4) add(struct ways *ways, const char *heading, const char *format, ...)
{
	char words[LINE_SIZE - 32], line[LINE_SIZE];
	va_list list;
	va_start(list, format);
	vsnprintf(words, sizeof words, format, list);
	va_end(list);
	if (!*words || *ways->count >= LINES_MAX)
		return;
	snprintf(line, sizeof line, "%s: %s", heading, words);
	size_t len = strlen(line);
	while (len && ((unsigned char)line[len - 1] & 0xC0) == 0x80 && len > sizeof line - 8)	/* half a character */
		line[--len] = 0;
	char *copy = record_text(ways->arena, line);
	if (copy)
		record_append(ways->arena, ways->count, ways->lines, &copy, sizeof copy);
}

/* Joined with commas, what is there of them. */
static void join(char *out, size_t size, const char *const *texts, size_t count)
{
	size_t used = 0;
	*out = 0;
	for (size_t i = 0; i < count && used < size; i++)
		if (texts[i] && *texts[i])
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", texts[i]);
}

static void add_contact(struct ways *ways, const char *heading, const Comity__ContactPoint *contact)
{
	char words[LINE_SIZE];
	if (!contact)
		return;
	const char *const texts[] = { contact->unit, contact->name, contact->role, contact->phone, contact->secure_email, contact->email, contact->fax };
	join(words, sizeof words, texts, ARRAY_LEN(texts));
	add(ways, heading, "%s", words);
}

static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
	return found ? found->name : "(of a newer version)";
}

static void add_transmission(struct ways *ways, const Comity__Transmission *transmission)
{
	const char *texts[16] = { NULL };
	char words[LINE_SIZE];
	size_t count = 0;
	if (!transmission)
		return;
	for (size_t i = 0; i < transmission->n_channels && count < ARRAY_LEN(texts); i++)
		texts[count++] = name_of(&comity__channel__value__descriptor, (int)transmission->channels[i]);
	join(words, sizeof words, texts, count);
	add(ways, "channels", "%s", words);
	join(words, sizeof words, (const char *const *)transmission->platforms, transmission->n_platforms);
	add(ways, "platforms", "%s", words);
	const char *const rules[] = {
		transmission->diplomatic_channel_required ? "the diplomatic channel is required" : NULL,
		transmission->interpol_accepted_when_urgent ? "INTERPOL when urgent" : NULL,
		transmission->oral_accepted_when_urgent ? "orally when urgent, confirmed in writing" : NULL,
		transmission->paper_original_required ? "the original on paper" : NULL,
		transmission->encryption_required ? "encrypted" : NULL,
	};
	join(words, sizeof words, rules, ARRAY_LEN(rules));
	add(ways, "accepts", "%s", words);
}

static void add_people(struct ways *ways, const Comity__Profile *profile)
{
	for (size_t i = 0; i < profile->n_networks; i++)
		add_contact(ways, name_of(&comity__network__value__descriptor, (int)profile->networks[i]->network), profile->networks[i]->contact);
	for (size_t i = 0; i < profile->n_liaisons; i++) {
		const Comity__Liaison *liaison = profile->liaisons[i];
		add(ways, "liaison", "%s%s%s", liaison->name ? liaison->name : "", liaison->post ? ", " : "", liaison->post ? liaison->post : "");
		add_contact(ways, "liaison", liaison->contact);
	}
}

static void add_guides(struct ways *ways, const Comity__Profile *profile)
{
	for (size_t i = 0; i < profile->n_guides; i++) {
		const Comity__Guide *guide = profile->guides[i];
		const char *const texts[] = { guide->title, guide->language, guide->url };
		char words[LINE_SIZE];
		join(words, sizeof words, texts, ARRAY_LEN(texts));
		add(ways, "guide", "%s", words);
	}
}

enum fault routing_list_ways(const Comity__Profile *profile, bool is_confirmed, struct arena *arena, size_t *count, char ***lines)
{
	struct ways ways = { arena, count, lines };
	char words[LINE_SIZE];
	if (profile->urgent_procedure) {
		add_contact(&ways, "urgent", profile->urgent_procedure->contact);
		add(&ways, "urgent is", "%s", profile->urgent_procedure->what_counts ? profile->urgent_procedure->what_counts : "");
	}
	for (size_t i = 0; i < profile->n_contacts && i < CONTACTS_MAX; i++)
		add_contact(&ways, "contact", profile->contacts[i]);
	add_contact(&ways, "out of hours", profile->hours ? profile->hours->duty : NULL);
	add_transmission(&ways, profile->transmission);
	add(&ways, "post", "%s", profile->postal_address ? profile->postal_address : "");
	if (profile->languages) {
		join(words, sizeof words, (const char *const *)profile->languages->requests, profile->languages->n_requests);
		add(&ways, "languages", "%s", words);
	}
	add_people(&ways, profile);
	add_guides(&ways, profile);
	if (!is_confirmed)
		add(&ways, "careful", "other addresses were announced, and nobody has confirmed them by another route");
	return arena->was_refused ? arena_fault(arena) : OK;
}

char *routing_covers(const Comity__Profile *profile, struct arena *arena)
{
	const char *texts[24] = { NULL };
	char words[LINE_SIZE];
	size_t count = 0;
	for (size_t i = 0; i < profile->n_acts_covered; i++) {
		const Comity__ActsCovered *covered = profile->acts_covered[i];
		for (size_t k = 0; k < covered->n_kinds && count < ARRAY_LEN(texts); k++)
			texts[count++] = name_of(&comity__request_kind__value__descriptor, (int)covered->kinds[k]);
		for (size_t k = 0; k < covered->n_forms && count < ARRAY_LEN(texts); k++)
			texts[count++] = name_of(&comity__assistance_form__value__descriptor, (int)covered->forms[k]);
		if (covered->limits && count < ARRAY_LEN(texts))
			texts[count++] = covered->limits;
	}
	join(words, sizeof words, texts, count);
	return record_text(arena, count ? words : "everything");
}
