#include "daemon/desks/directory_cards.h"

#include "certs/certificate.h"

enum fault directory_take_card(struct txn *txn, const struct card_entry *card, struct arena *arena)
{
	Comity__Profile profile = COMITY__PROFILE__INIT;
	Comity__LocalText name = COMITY__LOCAL_TEXT__INIT, *names = &name;
	enum directory_taken taken;
	const char *reason;
	if (card->profile)
		profile = *card->profile;
	profile.authority = (char *)card->authority;
	profile.has_serial = 1;
	profile.serial = card->serial;
	if (!profile.part) {
		profile.has_part = 1;	/* who has a card is on the line */
		profile.part = COMITY__DIRECTORY_PART__VALUE__CENTRAL_AUTHORITY;
	}
	profile.has_training = profile.training = certificate_is_training(card->identity);
	name.text = (char *)card->name;
	if (!profile.n_names) {
		profile.n_names = 1;
		profile.names = &names;
	}
	const struct directory_offer offer = { .profile = &profile, .source = card->source };
	return directory_take(txn, &offer, arena, &taken, &reason);
}

enum fault directory_take_peer(struct txn *txn, const Comity__Peer *peer, struct arena *arena)
{
	const struct card_entry card = { .authority = peer->authority, .name = peer->name, .serial = peer->card_serial,
		.profile = peer->profile, .identity = span_of_binary(peer->identity_certificate), .source = peer->verification ? COMITY__ENTRY_SOURCE__VALUE__CARD :
			COMITY__ENTRY_SOURCE__VALUE__UNVERIFIED_CARD };
	return directory_take_card(txn, &card, arena);
}
