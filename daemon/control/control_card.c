/* Our own card. */
#include "certs/identity.h"
#include "daemon/control/control_calls.h"
#include "daemon/desks/herald.h"

enum fault change_card(struct inquiry *inquiry)
{
	Comity__OwnCard *card;
	Comity__CardText *told;
	TRY(herald_write_card(inquiry->rooms->herald, inquiry->txn, inquiry->arena, &card));
	if (!inquiry_make(inquiry, &comity__card_text__descriptor, &told))
		return inquiry_fault(inquiry);
	told->schema = "comity.card/1";
	told->authority = (char *)identity_authority(inquiry->rooms->identity);
	told->card = card->text;
	told->has_serial = 1;
	told->serial = card->serial;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_CARD;
	inquiry->reply->card = told;
	return inquiry_fault(inquiry);
}

/* It may have been written just now. */
void settle_card(struct inquiry *inquiry)
{
	herald_renew(inquiry->rooms->herald);
}
