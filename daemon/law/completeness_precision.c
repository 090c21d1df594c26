/* Precise enough to be executed without asking back: numbers that can be right, times that say whose clock, nothing twice.
 * All are warnings: the other side may know better. */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/bytes.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define TYPE(name) COMITY__IDENTIFIER_TYPE__VALUE__##name

enum { IBAN_MIN = 15, IBAN_MAX = 34, IBAN_MODULUS = 97, PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15, HANDSET_DIGITS_MIN = 14,
	HANDSET_DIGITS_MAX = 16, CARD_DIGITS_MIN = 12, CARD_DIGITS_MAX = 19, ICCID_DIGITS_MIN = 18, ICCID_DIGITS_MAX = 22,
	IMO_DIGITS = 7, ADDRESS_SIZE = 64 };

/* ── numbers ───────────────────────────────────────────────────────────────────────────────────── */

/* How many digits; 0 when there is anything but digits and what people put between them. */
static size_t digits_of(const char *text)
{
	size_t digits = 0;
	for (; *text; text++) {
		if (isdigit((unsigned char)*text))
			digits++;
		else if (!strchr(" -./()+", *text))
			return 0;
	}
	return digits;
}

static bool has_digits(const char *text, size_t min, size_t max)
{
	size_t digits = digits_of(text);
	return digits >= min && digits <= max;
}

/* ISO 13616: the first four to the end, letters as 10 to 35, remainder 1. */
static bool is_iban(const char *text)
{
	char compact[IBAN_MAX + 1];
	size_t len = 0;
	for (; *text; text++) {
		if (*text == ' ')
			continue;
		if (len == IBAN_MAX || !isalnum((unsigned char)*text))
			return false;
		compact[len++] = (char)toupper((unsigned char)*text);
	}
	if (len < IBAN_MIN)
		return false;
	unsigned remainder = 0;
	for (size_t i = 0; i < len; i++) {
		char c = compact[(i + 4) % len];
		remainder = isdigit((unsigned char)c) ? (remainder * 10 + (unsigned)(c - '0')) % IBAN_MODULUS
			: (remainder * 100 + (unsigned)(c - 'A') + 10) % IBAN_MODULUS;
	}
	return remainder == 1;
}

static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');
	return at && at != text && strchr(at, '.') && !strchr(at + 1, '@') && !strchr(text, ' ');
}

static bool is_address(const char *text, int family)
{
	char bytes[ADDRESS_SIZE];
	return inet_pton(family, text, bytes) == 1;
}

static bool is_ip_v4(const char *text) { return is_address(text, AF_INET); }
static bool is_ip_v6(const char *text) { return is_address(text, AF_INET6); }
static bool is_phone(const char *text) { return has_digits(text, PHONE_DIGITS_MIN, PHONE_DIGITS_MAX); }
static bool is_handset(const char *text) { return has_digits(text, HANDSET_DIGITS_MIN, HANDSET_DIGITS_MAX); }
static bool is_card(const char *text) { return has_digits(text, CARD_DIGITS_MIN, CARD_DIGITS_MAX); }
static bool is_iccid(const char *text) { return has_digits(text, ICCID_DIGITS_MIN, ICCID_DIGITS_MAX); }
static bool has_imo(const char *text) { return has_digits(text + strcspn(text, "0123456789"), IMO_DIGITS, IMO_DIGITS); }
static bool is_url(const char *text) { return strstr(text, "://") != NULL; }
static bool is_domain(const char *text) { return strchr(text, '.') && !strpbrk(text, " /@:"); }

static const struct {
	Comity__IdentifierType__Value type;
	bool (*is_right)(const char *text);
	const char *message;
} numbers[] = {
	{ TYPE(IBAN),         is_iban,    "it is no IBAN: its check digits do not fit; is a digit wrong?" },
	{ TYPE(EMAIL),        is_email,   "it is no e-mail address" },
	{ TYPE(IP_V4),        is_ip_v4,   "it is no IPv4 address" },
	{ TYPE(IP_V6),        is_ip_v6,   "it is no IPv6 address" },
	{ TYPE(PHONE_MSISDN), is_phone,   "it is no telephone number: 7 to 15 digits, with the country's code" },
	{ TYPE(IMSI),         is_handset, "an IMSI has 15 digits" },
	{ TYPE(IMEI),         is_handset, "an IMEI has 14 to 16 digits" },
	{ TYPE(ICCID),        is_iccid,   "the number of a SIM card has 18 to 22 digits" },
	{ TYPE(CARD_NUMBER),  is_card,    "a card's number has 12 to 19 digits" },
	{ TYPE(VESSEL_IMO),   has_imo,    "an IMO number has seven digits" },
	{ TYPE(URL),          is_url,     "give the whole address, with https://" },
	{ TYPE(DOMAIN),       is_domain,  "it is no domain name" },
};

static void check_number(const struct check *check, const Comity__Identifier *identifier, struct place place)
{
	if (!has_text(identifier->value)) {
		WARN(check, "imprecise", NULL, place.text, "the number or address itself is missing");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (numbers[i].type == identifier->type && !numbers[i].is_right(identifier->value))
			WARN(check, "imprecise", NULL, place.text, "\"%.60s\": %s", identifier->value, numbers[i].message);
}

/* An IP address is shared by many, and by others an hour later. */
static void check_identifier(const struct check *check, const Comity__Identifier *identifier, struct place place)
{
	bool is_address = identifier->type == TYPE(IP_V4) || identifier->type == TYPE(IP_V6);
	check_number(check, identifier, place);
	if (is_address && (!has_text(identifier->seen_at) || !identifier->has_port))
		WARN(check, "imprecise", NULL, place.text, "an IP address identifies nobody without its port and the time it was seen");
}

static void check_identifiers(const struct check *check, const Comity__Measure *measure, size_t index)
{
	for (size_t i = 0; i < measure->n_identifiers; i++)
		check_identifier(check, measure->identifiers[i], place_of("request.measures[%zu].identifiers[%zu]", index, i));
	for (size_t i = 0; i < measure->n_assets; i++)
		if (measure->assets[i]->identifier)
			check_identifier(check, measure->assets[i]->identifier,
				place_of("request.measures[%zu].assets[%zu].identifier", index, i));
}

/* ── times ─────────────────────────────────────────────────────────────────────────────────────── */

/* Where a provider's clock decides which data these are, a bare date leaves open whose midnight is meant. */
static bool is_by_the_clock(Comity__AssistanceForm__Value form)
{
	static const Comity__AssistanceForm__Value clocked[] = { FORM(TRAFFIC_DATA_STORED), FORM(CONTENT_DATA_STORED),
		FORM(TRAFFIC_DATA_REAL_TIME), FORM(INTERCEPTION_CONTENT) };
	for (size_t i = 0; i < ARRAY_LEN(clocked); i++)
		if (clocked[i] == form)
			return true;
	return false;
}

static void check_clock(const struct check *check, const Comity__Measure *measure, size_t index)
{
	const Comity__Period *period = measure->period;
	bool is_bare = period && ((has_text(period->from) && !strchr(period->from, 'T')) || (has_text(period->to) && !strchr(period->to, 'T')));
	if (is_bare && is_by_the_clock(measure->form))
		WARN(check, "imprecise", NULL, place_of("request.measures[%zu].period", index).text,
			"a date leaves open whose midnight is meant: give a time with its offset, 2026-10-01T00:00:00Z");
}

static void check_hearing(const struct check *check, const Comity__Measure *measure, size_t index)
{
	const Comity__ProposedTime *time = measure->proposed_time;
	bool both = time && has_text(time->start_at) && has_text(time->local_start_at);
	if (both && (is_after(time->start_at, time->local_start_at) || is_after(time->local_start_at, time->start_at)))
		WARN(check, "imprecise", NULL, place_of("request.measures[%zu].proposed_time", index).text,
			"the two clocks do not show the same instant");
}

/* ── twice ─────────────────────────────────────────────────────────────────────────────────────── */

static bool same_persons(const Comity__Measure *a, const Comity__Measure *b)
{
	bool same = a->n_persons == b->n_persons;
	for (size_t i = 0; same && i < a->n_persons; i++)
		same = !strcmp(a->persons[i], b->persons[i]);
	return same;
}

static void check_repeated_measure(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	for (size_t i = 0; i < index; i++) {
		const Comity__Measure *other = check->request->measures[i];
		if (measure->form && other->form == measure->form && same_text(other->description, measure->description)
		    && same_persons(other, measure)) {
			WARN(check, "duplicate-measure", NULL, place_of("request.measures[%zu]", index).text,
				"the same is asked for in measures[%zu]", i);
			return;
		}
	}
}

static void check_repeated_person(const struct check *check, size_t index)
{
	const Comity__Person *person = check->request->persons[index];
	for (size_t i = 0; i < index; i++) {
		const Comity__Person *other = check->request->persons[i];
		if (same_text(other->ref, person->ref))
			ERROR(check, "duplicate-id", NULL, place_of("request.persons[%zu].ref", index).text,
				"another person is called %s too", person->ref);
		if (same_text(other->name, person->name) && same_text(other->born, person->born)) {
			WARN(check, "duplicate-person", NULL, place_of("request.persons[%zu]", index).text,
				"persons[%zu] has the same name and date of birth", i);
			return;
		}
	}
}

void check_precision(const struct check *check)
{
	for (size_t i = 0; i < check->request->n_measures; i++) {
		const Comity__Measure *measure = check->request->measures[i];
		check_identifiers(check, measure, i);
		check_clock(check, measure, i);
		check_hearing(check, measure, i);
		check_repeated_measure(check, i);
	}
	for (size_t i = 0; i < check->request->n_persons; i++)
		check_repeated_person(check, i);
}
