/* Whose keys the certificates in an evidence file are: by the file itself, and by the cards given with --trust.
 *
 * A newer card of an authority that was rolled over leads from its present identity to each earlier one (certs/succession.h), says until
 * when those count, and carries lists that may be younger than those in the file: all of it is held against what was signed. */
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/trust.h"
#include "tools/evidence_judges.h"
#include "tools/files.h"

enum { LISTS_MAX = CERTIFICATES_MAX + 2 };	/* those in the file, and the card's two */

static bool is_same_key(struct span one, struct span other, const char *authority)
{
	struct bytes ours = { 0 }, theirs = { 0 };
	bool is_same = !certificate_pin(one, authority, &ours) && !certificate_pin(other, authority, &theirs) &&
		span_equal(span_of(&ours), span_of(&theirs));
	bytes_clear(&ours);
	bytes_clear(&theirs);
	return is_same;
}

static enum fault digits_of(struct span identity, const char *authority, char digits[IDENTITY_DIGITS_SIZE])
{
	struct bytes pin = { 0 };
	enum fault fault = certificate_pin(identity, authority, &pin);
	if (!fault)
		identity_digits(digits, span_of(&pin));
	bytes_clear(&pin);
	return fault;
}

/* ── cards ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault take_cards(struct verdict *verdict)
{
	const char *path;
	size_t count = 0;
	while (given_at(verdict->tool, "trust", count))
		count++;
	verdict->cards = arena_alloc(&verdict->tool->arena, (count + 1) * sizeof *verdict->cards);
	if (!verdict->cards)
		return FAULT_NO_MEMORY;
	memset(verdict->cards, 0, (count + 1) * sizeof *verdict->cards);
	while ((path = given_at(verdict->tool, "trust", verdict->card_count)))
		TRY(card_take(path, &verdict->cards[verdict->card_count++]));
	return OK;
}

/* The newest of them; NULL: none was given. */
static const struct card *card_of(const struct verdict *verdict, const char *authority)
{
	const struct card *newest = NULL;
	for (size_t i = 0; i < verdict->card_count; i++)
		if (!strcmp(verdict->cards[i].authority, authority) && (!newest || verdict->cards[i].serial > newest->serial))
			newest = &verdict->cards[i];
	return newest;
}

static bool tells_of(const struct card *card, struct span identity)
{
	bool is_told = is_same_key(card->certificates[ROLE_IDENTITY], identity, card->authority);
	for (size_t i = 0; i < card->succession_count && !is_told; i++)
		is_told = is_same_key(card->successions[i].before, identity, card->authority);
	return is_told;
}

/* The identities in the file must be that in the card, or lead to it; the rest of the card may be newer or older. */
static void pin(struct verdict *verdict, const struct card *card, const char *path)
{
	size_t at;
	const struct dossier_authority *authority = dossier_authority(&verdict->dossier, card->authority, &at);
	if (!authority || !authority->certificates[0].count) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, path, "the authority of this card has no part in the evidence");
		return;
	}
	bool is_same = true;
	for (size_t i = 0; i < authority->certificates[0].count; i++)
		is_same = is_same && tells_of(card, authority->certificates[0].list[i]);
	verdict->authorities[at]->has_pinned = verdict->authorities[at]->pinned = is_same;
	if (!is_same)
		verdict_wrong(verdict, FAULT_IDENTITY_CHANGED, card->authority, "its identity in the evidence is not the one in the card");
}

/* ── what is trusted ──────────────────────────────────────────────────────────────────────────── */

/* What was signed before its certificate was revoked counts, whatever the list is called today: trust judges by its dates. */
static void judge_lists(struct verdict *verdict, const struct dossier_authority *authority, const struct card *card)
{
	char where[80];
	const struct certificate_set *lists = &authority->lists;
	struct span all[LISTS_MAX];
	size_t count = lists->count;
	snprintf(where, sizeof where, "revocations/%s", authority->id);
	for (size_t i = 0; i < lists->count; i++)
		if (!certificates_issued(&authority->certificates[0], lists->list[i]) && !certificates_issued(&authority->certificates[1], lists->list[i]))
			verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "a list of an issuer that is not in the file, or that it did not sign");
	memcpy(all, lists->list, count * sizeof *all);
	for (enum role issuer = ROLE_IDENTITY; card && issuer <= ROLE_DELEGATION; issuer++)
		if (card->revocations[issuer].len)
			all[count++] = card->revocations[issuer];
	if (trust_set_revocations(verdict->trust, authority->id, all, count))
		verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "the lists cannot be used");
	if (!lists->count)
		verdict_unproven(verdict, "that no key of %s was revoked when it signed: its revocation lists are not in the file", authority->id);
}

/* It was rolled over, or made anew, while the case went on: each signed in its time.  That all are of one authority is not said in
 * the file, but by a card, or by telephone. */
static enum fault trust_file(struct verdict *verdict, const struct dossier_authority *authority)
{
	const struct certificate_set *identities = &authority->certificates[0];
	struct former formers[SUCCESSIONS_MAX];
	size_t last = identities->count - 1;
	TRY(trust_set_peer(verdict->trust, authority->id, identities->list[last], STANDING_VERIFIED));
	for (size_t i = 0; i < last; i++) {
		char digits[IDENTITY_DIGITS_SIZE];
		TRY(digits_of(identities->list[i], authority->id, digits));
		formers[i] = (struct former){ .identity = identities->list[i], .until = INT64_MAX };
		verdict_unproven(verdict, "that another identity in the file, %s, is that of %s too: compare it as well, or with --trust a card that "
			"tells of both", digits, authority->id);
	}
	return trust_set_formers(verdict->trust, authority->id, formers, last);
}

/* As it is in the file, where it is there: a certificate of the same key may be another one. */
static struct span in_file(const struct dossier_authority *authority, struct span identity)
{
	const struct certificate_set *identities = &authority->certificates[0];
	for (size_t i = 0; i < identities->count; i++)
		if (is_same_key(identities->list[i], identity, authority->id))
			return identities->list[i];
	return identity;
}

/* Each identity before counts as long as the next one says that it stands for it, and until that is revoked: as the daemon has it
 * (daemon/desks/registry_succession.c). */
static enum fault trust_card(struct verdict *verdict, const struct dossier_authority *authority, const struct card *card)
{
	struct former formers[SUCCESSIONS_MAX];
	TRY(trust_set_peer(verdict->trust, authority->id, in_file(authority, card->certificates[ROLE_IDENTITY]), STANDING_VERIFIED));
	for (size_t i = 0; i < card->succession_count; i++)
		formers[i] = (struct former){ in_file(authority, card->successions[i].before), card->successions[i].old_by_new, INT64_MAX };
	return trust_set_formers(verdict->trust, authority->id, formers, card->succession_count);
}

static enum fault judge_authority(struct verdict *verdict, const struct dossier_authority *authority)
{
	struct tool *tool = verdict->tool;
	const struct certificate_set *identities = &authority->certificates[0];
	const struct card *card = card_of(verdict, authority->id);
	char digits[IDENTITY_DIGITS_SIZE];
	Comity__EvidenceAuthority *shown = arena_alloc(&tool->arena, sizeof *shown);
	if (!shown)
		return FAULT_NO_MEMORY;
	comity__evidence_authority__init(shown);
	shown->authority = arena_text(&tool->arena, span_of_text(authority->id));
	verdict->authorities[verdict->report.n_authorities++] = shown;
	if (!identities->count || identities->count > SUCCESSIONS_MAX) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, authority->id, "its identity certificate is not there, or there are too many");
		return OK;
	}
	enum fault fault = digits_of(identities->list[identities->count - 1], authority->id, digits);
	if (!fault) {
		shown->digits = arena_text(&tool->arena, span_of_text(digits));
		shown->has_training = shown->training = certificate_is_training(identities->list[0]);
		fault = card ? trust_card(verdict, authority, card) : trust_file(verdict, authority);
	}
	if (fault)
		verdict_wrong(verdict, fault, authority->id, fault_detail(fault));
	else
		judge_lists(verdict, authority, card);
	return OK;
}

enum fault judge_identities(struct verdict *verdict)
{
	TRY(take_cards(verdict));
	for (size_t i = 0; i < verdict->dossier.n_authorities; i++)
		TRY(judge_authority(verdict, &verdict->dossier.authorities[i]));
	for (size_t i = 0; i < verdict->card_count; i++)
		pin(verdict, &verdict->cards[i], given_at(verdict->tool, "trust", i));
	return OK;
}
