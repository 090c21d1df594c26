#include "certs/card.h"

#include <stdlib.h>
#include <string.h>

#include "certs/armour.h"
#include "certs/signature.h"
#include "certs/trust.h"
#include "proto/card.pb-c.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { DAY_SECONDS = 86400, DATE_LEN = 10 };

/* ── what may stand in a card ───────────────────────────────────────────────────────────────── */

static bool endpoint_is_fit(const char *endpoint)
{
	size_t len = strlen(endpoint);
	for (size_t i = 0; i < len; i++)
		if (endpoint[i] <= ' ' || endpoint[i] > '~' || endpoint[i] == ',')
			return false;
	const char *colon = strrchr(endpoint, ':');
	return len <= CARD_ENDPOINT_MAX && colon && colon > endpoint && colon[1];
}

static bool language_is_fit(const char *language)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t len = strlen(language);
	return len >= 2 && len <= 35 && strspn(language, letters) == len;
}

static enum fault check_list(const char *what, const char *const *list, size_t count, bool (*is_fit)(const char *))
{
	if (count > CARD_LIST_MAX)
		return fault_say(FAULT_BAD_CARD, "it has %zu %ss; at most %d are allowed", count, what, CARD_LIST_MAX);
	for (size_t i = 0; i < count; i++)
		if (!is_fit(list[i]))
			return fault_say(FAULT_BAD_CARD, "%s %zu is not of the right form", what, i + 1);
	return OK;
}

static enum fault check_fields(const struct card *card)
{
	if (!authority_id_is_valid(span_of_text(card->authority)))
		return fault_say(FAULT_BAD_CARD, "it names no authority id such as xf-ca");
	if (!card->name || !authority_name_is_valid(span_of_text(card->name)))
		return fault_say(FAULT_BAD_CARD, "the name is not one line of 1 to %d bytes without control characters",
				 AUTHORITY_NAME_MAX);
	if (!card->serial)
		return fault_say(FAULT_BAD_CARD, "it has no serial number");
	if (card->profile.len > CARD_PROFILE_MAX)
		return fault_say(FAULT_BAD_CARD, "the profile has %zu bytes; at most %d are allowed", card->profile.len,
				 CARD_PROFILE_MAX);
	TRY(check_list("endpoint", card->endpoints, card->endpoint_count, endpoint_is_fit));
	return check_list("language", card->languages, card->language_count, language_is_fit);
}

/* ── writing ────────────────────────────────────────────────────────────────────────────────── */

static enum fault append_list(struct bytes *out, const char *const *list, size_t count, const char *otherwise)
{
	if (!count)
		return bytes_append_text(out, otherwise);
	for (size_t i = 0; i < count; i++)
		TRY(bytes_printf(out, "%s%s", i ? ", " : "", list[i]));
	return OK;
}

static enum fault append_first_line(const struct card *card, struct bytes *out)
{
	return bytes_printf(out, "Authority: %s   %s\n", card->authority, card->name);
}

static enum fault append_summary(const struct card *card, const char *issued_at, struct bytes *out)
{
	TRY(append_first_line(card, out));
	TRY(bytes_printf(out, "Issued: %.*s   Serial: %u   Languages: ", DATE_LEN, issued_at, card->serial));
	TRY(append_list(out, card->languages, card->language_count, "not stated"));
	TRY(bytes_append_text(out, "   Endpoint: "));
	TRY(append_list(out, card->endpoints, card->endpoint_count, "none, it calls others"));
	if (certificate_is_training(card->certificates[ROLE_IDENTITY]))
		TRY(bytes_append_text(out, "\nFOR TRAINING: of no legal effect; it never meets an authority in earnest"));
	return bytes_append_text(out, "\n(these lines are covered by the signature; the telephone check covers the key)\n");
}

static ProtobufCBinaryData binary(struct span span)
{
	return (ProtobufCBinaryData){ .data = (uint8_t *)span.at, .len = span.len };
}

static void give_successions(Comity__Succession *to, Comity__Succession **list, const struct card *card)
{
	for (size_t i = 0; i < card->succession_count; i++) {
		const struct succession *from = &card->successions[i];
		comity__succession__init(&to[i]);
		to[i].has_before = to[i].has_new_by_old = to[i].has_old_by_new = true;
		to[i].before = binary(from->before);
		to[i].new_by_old = binary(from->new_by_old);
		to[i].old_by_new = binary(from->old_by_new);
		list[i] = &to[i];
	}
}

static enum fault pack_card(const struct card *card, const char *issued_at, const char *summary, struct bytes *out)
{
	Comity__Succession successions[SUCCESSIONS_MAX], *list[SUCCESSIONS_MAX];
	Comity__Card message = COMITY__CARD__INIT;
	message.authority = (char *)card->authority;
	message.name = (char *)card->name;
	message.has_serial = true;
	message.serial = card->serial;
	message.issued_at = (char *)issued_at;
	message.summary = (char *)summary;
	message.endpoints = (char **)card->endpoints;
	message.n_endpoints = card->endpoint_count;
	message.languages = (char **)card->languages;
	message.n_languages = card->language_count;
	message.has_profile = card->profile.len > 0;
	message.profile = binary(card->profile);
#define CERTIFICATE(field, role) message.has_##field = true, message.field = binary(card->certificates[role])
	CERTIFICATE(identity_certificate, ROLE_IDENTITY);
	CERTIFICATE(delegation_certificate, ROLE_DELEGATION);
	CERTIFICATE(channel_certificate, ROLE_CHANNEL);
	CERTIFICATE(signing_certificate, ROLE_SIGNING);
	CERTIFICATE(sealing_certificate, ROLE_SEALING);
#undef CERTIFICATE
#define REVOCATIONS(field, role) message.has_##field = card->revocations[role].len > 0, message.field = binary(card->revocations[role])
	REVOCATIONS(identity_revocations, ROLE_IDENTITY);
	REVOCATIONS(delegation_revocations, ROLE_DELEGATION);
#undef REVOCATIONS
	give_successions(successions, list, card);
	message.n_successions = card->succession_count;
	message.successions = list;
	return pack(&message.base, out);
}

struct drafts {
	struct bytes summary, packed, der;
};

static enum fault write_with(struct drafts *drafts, const struct identity *identity, const struct card *card,
			     struct bytes *text)
{
	char issued_at[STAMP_SIZE];
	stamp_write(issued_at, card->issued_at * STAMP_SECOND);
	TRY(append_summary(card, issued_at, &drafts->summary));
	const char *summary = bytes_text(&drafts->summary);
	if (!summary)
		return FAULT_NO_MEMORY;
	TRY(pack_card(card, issued_at, summary, &drafts->packed));
	TRY(signature_enclose(identity, span_of(&drafts->packed), card->issued_at, &drafts->der));
	size_t before = text->len;
	TRY(armour_write(span_of(&drafts->summary), span_of(&drafts->der), text));
	if (text->len - before > CARD_SIZE_MAX)
		return fault_say(FAULT_BAD_CARD, "it would have %zu bytes; at most %d are allowed", text->len - before,
				 CARD_SIZE_MAX);
	return OK;
}

/* What every reader would refuse is not made. */
static enum fault check_unrevoked(const struct card *card)
{
	for (enum role role = ROLE_IDENTITY; role < ROLE_COUNT; role++) {
		struct span list = card->revocations[role <= ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION];
		struct revoked_entry entry = { 0 };
		if (list.len)
			TRY(revocation_find(list, card->certificates[role], &entry));
		if (entry.is_listed)
			return fault_say(FAULT_BAD_CARD, "the %s certificate that it would show is revoked", role_name(role));
	}
	return OK;
}

enum fault card_write(const struct identity *whose, const struct card *card, struct bytes *text)
{
	const struct identity *identity = identity_now(whose);	/* all that the card tells is of one generation */
	struct card ours = *card;
	strcpy(ours.authority, identity_authority(identity));
	for (enum role role = 0; role < ROLE_COUNT; role++)
		ours.certificates[role] = identity_certificate(identity, role);
	ours.succession_count = identity_successions(identity, ours.successions);
	TRY(check_fields(&ours));
	TRY(check_unrevoked(&ours));
	struct drafts drafts = { 0 };
	enum fault fault = write_with(&drafts, identity, &ours, text);
	bytes_clear(&drafts.summary);
	bytes_clear(&drafts.packed);
	bytes_clear(&drafts.der);
	return fault;
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

static struct span card_span(protobuf_c_boolean has, ProtobufCBinaryData data)
{
	return has ? (struct span){ data.data, data.len } : (struct span){ 0 };
}

static enum fault take_successions(struct card *card, const Comity__Card *message)
{
	if (message->n_successions > SUCCESSIONS_MAX)
		return fault_say(FAULT_BAD_CARD, "it has %zu successions of the identity; at most %d are allowed",
				 message->n_successions, SUCCESSIONS_MAX);
	card->succession_count = message->n_successions;
	for (size_t i = 0; i < message->n_successions; i++) {
		const Comity__Succession *one = message->successions[i];
		card->successions[i] = (struct succession){
			card_span(one->has_before, one->before), card_span(one->has_new_by_old, one->new_by_old),
			card_span(one->has_old_by_new, one->old_by_new),
		};
	}
	return OK;
}

static enum fault take(struct card *card, const Comity__Card *message)
{
	int64_t issued_at;
	size_t len = message->authority ? strlen(message->authority) : 0;
	if (!message->issued_at || !stamp_read(message->issued_at, &issued_at))
		return fault_say(FAULT_BAD_CARD, "it does not say when it was issued");
	if (len > AUTHORITY_ID_MAX)
		return fault_say(FAULT_BAD_CARD, "it names no authority id such as xf-ca");
	memcpy(card->authority, message->authority ? message->authority : "", len + 1);
	card->name = message->name;
	card->serial = message->serial;
	card->issued_at = issued_at / STAMP_SECOND;
	card->profile = card_span(message->has_profile, message->profile);
	card->endpoints = (const char *const *)message->endpoints;
	card->endpoint_count = message->n_endpoints;
	card->languages = (const char *const *)message->languages;
	card->language_count = message->n_languages;
	card->summary = message->summary ? message->summary : "";
#define CERTIFICATE(field, role) card->certificates[role] = card_span(message->has_##field, message->field)
	CERTIFICATE(identity_certificate, ROLE_IDENTITY);
	CERTIFICATE(delegation_certificate, ROLE_DELEGATION);
	CERTIFICATE(channel_certificate, ROLE_CHANNEL);
	CERTIFICATE(signing_certificate, ROLE_SIGNING);
	CERTIFICATE(sealing_certificate, ROLE_SEALING);
#undef CERTIFICATE
	card->revocations[ROLE_IDENTITY] = card_span(message->has_identity_revocations, message->identity_revocations);
	card->revocations[ROLE_DELEGATION] = card_span(message->has_delegation_revocations, message->delegation_revocations);
	return take_successions(card, message);
}

static enum fault check_leaf(const struct trust *trust, const struct card *card, enum usage usage, enum role role)
{
	char peer[AUTHORITY_ID_SIZE];
	const struct span chain[] = {
		card->certificates[role], card->certificates[ROLE_DELEGATION], card->certificates[ROLE_IDENTITY],
	};
	struct claim claim = { chain, ARRAY_LEN(chain), usage, card->authority, card->issued_at };
	return trust_judge(trust, &claim, peer);
}

/* Our own judge, believing for a moment that the identity inside is the right one: whether it is, the
 * telephone check says. */
static enum fault check_leaves(const struct trust *trust, const struct card *card)
{
	TRY(check_leaf(trust, card, USAGE_CHANNEL, ROLE_CHANNEL));
	TRY(check_leaf(trust, card, USAGE_SIGNING, ROLE_SIGNING));
	return check_leaf(trust, card, USAGE_SEALING, ROLE_SEALING);
}

/* Each of its issuer, whose certificate is in the card, and none from the future: it could not be told from an old one. */
static enum fault check_lists(struct trust *trust, const struct card *card, int64_t now)
{
	struct span lists[ROLE_COUNT];
	size_t count = 0;
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++) {
		struct revocation_facts facts;
		if (!card->revocations[issuer].len)
			continue;
		TRY(revocation_read(card->revocations[issuer], &facts));
		TRY(revocation_check_issuer(card->revocations[issuer], card->certificates[issuer]));
		if (facts.this_update > now + DAY_SECONDS)
			return fault_say(FAULT_BAD_REVOCATION, "the revocation list was issued in the future");
		lists[count++] = card->revocations[issuer];
	}
	return trust_set_revocations(trust, card->authority, lists, count);
}

static enum fault check_certificates(const struct card *card, int64_t now)
{
	struct trust *trust = trust_new();
	if (!trust)
		return FAULT_NO_MEMORY;
	enum fault fault = trust_set_peer(trust, card->authority, card->certificates[ROLE_IDENTITY], STANDING_VERIFIED);
	if (!fault)
		fault = check_lists(trust, card, now);
	if (!fault)
		fault = check_leaves(trust, card);
	if (!fault)
		fault = succession_check(card->successions, card->succession_count, card->authority, card->certificates[ROLE_IDENTITY]);
	trust_free(trust);
	if (fault)
		return fault == FAULT_NO_MEMORY ? fault : fault_say(FAULT_BAD_CARD, "%s", fault_detail(fault));
	struct certificate_facts identity;
	TRY(certificate_read(card->certificates[ROLE_IDENTITY], &identity));
	if (now > identity.not_after)
		return fault_say(FAULT_BAD_CARD, "its identity certificate has expired");
	if (card->issued_at > now + DAY_SECONDS)
		return fault_say(FAULT_BAD_CARD, "it was issued in the future: compare the clocks of both sides");
	return OK;
}

static enum fault check_signature(const struct card *card, struct span der)
{
	const struct span beside[] = {
		card->certificates[ROLE_SIGNING], card->certificates[ROLE_DELEGATION], card->certificates[ROLE_IDENTITY],
	};
	struct signer *signer;
	int64_t signing_time = 0;
	enum fault fault = signer_new(card->certificates[ROLE_SIGNING], &signer);
	if (fault)
		return fault == FAULT_NO_MEMORY ? fault : fault_say(FAULT_BAD_CARD, "%s", fault_detail(fault));
	fault = signature_verify_enclosed(signer, beside, ARRAY_LEN(beside), der, &signing_time);
	signer_free(signer);
	if (fault)
		return fault_say(FAULT_CARD_ALTERED, "%s", fault_detail(fault));
	if (signing_time != card->issued_at)
		return fault_say(FAULT_BAD_CARD, "it was not signed when it says it was issued");
	return OK;
}

/* Lines that people may believe: of one authority, and without anything that shows itself as something else. */
static enum fault check_summary(const struct card *card, struct span shown)
{
	struct bytes first = { 0 };
	if (!span_is(shown, card->summary))
		return fault_say(FAULT_CARD_ALTERED, "the readable lines are not those that were signed");
	if (shown.len > CARD_SUMMARY_MAX)
		return fault_say(FAULT_BAD_CARD, "its readable lines are too long");
	for (struct span rest = shown; rest.len;) {
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.at) : rest.len;
		if (!end || !len || !text_is_one_line((struct span){ rest.at, len }, CARD_SUMMARY_MAX))
			return fault_say(FAULT_BAD_CARD, "its readable lines have characters that may deceive");
		rest = (struct span){ end + 1, rest.len - len - 1 };
	}
	enum fault fault = append_first_line(card, &first);
	if (!fault && (shown.len < first.len || memcmp(shown.at, first.at, first.len)))
		fault = fault_say(FAULT_BAD_CARD, "its readable lines name another authority than it is of");
	bytes_clear(&first);
	return fault;
}

/* The signature comes first: where it does not fit, the card was altered, whatever else seems wrong with it.
 * That its certificate is of this authority is proven after it. */
static enum fault prove(struct card *card, struct span packed, struct span shown, struct span der, int64_t now)
{
	ProtobufCMessage *message;
	enum fault fault = unpack(&comity__card__descriptor, packed, card->backing, FAULT_BAD_CARD, &message);
	if (fault)
		return fault == FAULT_NO_MEMORY ? fault : fault_say(FAULT_BAD_CARD, "%s", fault_detail(fault));
	TRY(take(card, (const Comity__Card *)message));
	TRY(check_signature(card, der));
	TRY(check_fields(card));
	TRY(check_certificates(card, now));
	return check_summary(card, shown);
}

static enum fault read_with(struct drafts *drafts, struct span text, int64_t now, struct card *card)
{
	TRY(armour_read(text, &drafts->summary, &drafts->der));
	if (signature_peel(span_of(&drafts->der), &drafts->packed))
		return fault_say(FAULT_BAD_CARD, "the block is not a signed card");
	return prove(card, span_of(&drafts->packed), span_of(&drafts->summary), span_of(&drafts->der), now);
}

enum fault card_read(struct span text, int64_t now, struct card *card)
{
	*card = (struct card){ 0 };
	if (text.len > CARD_SIZE_MAX)
		return fault_say(FAULT_BAD_CARD, "it has more than %d bytes", CARD_SIZE_MAX);
	card->backing = calloc(1, sizeof(struct arena));
	if (!card->backing)
		return FAULT_NO_MEMORY;
	arena_init(card->backing, UNPACK_ARENA);
	struct drafts drafts = { 0 };
	enum fault fault = read_with(&drafts, text, now, card);
	bytes_clear(&drafts.summary);
	bytes_clear(&drafts.packed);
	bytes_clear(&drafts.der);
	if (fault)
		card_clear(card);
	return fault;
}

void card_clear(struct card *card)
{
	if (card->backing)
		arena_clear(card->backing);
	free(card->backing);
	*card = (struct card){ 0 };
}
