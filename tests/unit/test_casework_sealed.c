/* What is sealed end to end, as the law sees it; and what a card that demands it keeps from going in the clear. */
#include "tests/unit/cases.h"

#include "proto/clear.h"

static void demand(struct party *party)
{
	Comity__Peer peer = COMITY__PEER__INIT;
	Comity__Profile profile = COMITY__PROFILE__INIT;
	Comity__Transmission transmission = COMITY__TRANSMISSION__INIT;
	struct key key = key_of_peer(party->peer);
	peer.authority = (char *)party->peer;
	peer.has_standing = 1;
	peer.standing = COMITY__STANDING__VALUE__VERIFIED;
	peer.profile = &profile;
	profile.transmission = &transmission;
	transmission.has_encryption_required = transmission.encryption_required = 1;
	WRITING(&party->ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer.base);
	assert_ok(ledger_end(&txn, OK));
}

/* The tool's part. */
struct parcel {
	Comity__Message message;
	Comity__Sealing slip;
	Comity__Act act, *acts;
	uint8_t body[40], envelope[60], commitment[DIGEST_SIZE];
};

static const Comity__Message *seal(struct parcel *parcel, Comity__Act *act)
{
	*parcel = (struct parcel){ .message = COMITY__MESSAGE__INIT, .slip = COMITY__SEALING__INIT, .acts = act };
	parcel->slip.has_envelope = parcel->slip.has_commitment = parcel->message.has_sealed_body = 1;
	parcel->slip.envelope = (ProtobufCBinaryData){ sizeof parcel->envelope, parcel->envelope };
	parcel->slip.commitment = (ProtobufCBinaryData){ DIGEST_SIZE, parcel->commitment };
	parcel->message.sealed_body = (ProtobufCBinaryData){ sizeof parcel->body, parcel->body };
	parcel->message.sealed = &parcel->slip;
	parcel->message.n_acts = 1;
	parcel->message.acts = &parcel->acts;
	return &parcel->message;
}

static Comity__Act *clear_request(struct party *party, const char *ref)
{
	Comity__Act whole = COMITY__ACT__INIT;
	whole.kind_case = KIND(REQUEST);
	whole.request = document_of(party, complete);
	whole.request->requesting_reference = (char *)ref;
	Comity__Act *part = clear_part(&whole, &party->ledger.arena);
	assert_non_null(part);
	return part;
}

static enum fault send_sealed(struct party *party, const char *ref, const Comity__Message *sealed)
{
	Comity__Submitted answer = COMITY__SUBMITTED__INIT;
	Comity__Case *kase;
	WRITING(&party->ledger, txn);
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	return ledger_end(&txn, casework_send(&party->casework, &txn, kase, sealed, "Officer", UID, &party->ledger.arena, &answer));
}

static Comity__Request *document(struct party *party, const char *ref)
{
	READING(&party->ledger, txn);
	Comity__Request *found = casework_document(&txn, find_case(party, ref), &party->ledger.arena);
	txn_abort(&txn);
	return found;
}

static const char *draft_of(struct party *party)
{
	Comity__Case *kase;
	assert_ok(draft(party, complete, &kase));
	return kase ? kase->requesting_reference : "";
}

static void a_sealed_request_opens_its_case_by_its_clear_part(void **state)
{
	struct world *world = *state;
	struct parcel parcel;
	const char *ref = draft_of(&world->f);
	assert_ok(send_sealed(&world->f, ref, seal(&parcel, clear_request(&world->f, ref))));
	const Comity__Message *message = last_message(&world->f);
	assert_non_null(message->sealed);
	assert_null(message->subject);
	assert_ok(receive(&world->s, message));
	for (struct party *party = &world->f; party; party = party == &world->f ? &world->s : NULL) {
		assert_status(party, ref, S(SENT));
		assert_null(find_case(party, ref)->subject);
		assert_int_equal(find_case(party, ref)->n_measures, 1);
		assert_null(document(party, ref)->facts_summary);
	}
}

static void what_is_not_the_clear_part_of_this_request_is_no_sealed_one(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	struct acts acts;
	const char *ref = draft_of(f);
	Comity__Act *clear = clear_request(f, ref), *other = clear_request(f, "another");
	assert_fault(send_sealed(f, ref, seal(&parcel, other)), FAULT_BAD_DOCUMENT);
	assert_fault(send_sealed(f, ref, seal(&parcel, (Comity__Act *)act_of(&acts, KIND(STATUS_ENQUIRY), 0))), FAULT_BAD_DOCUMENT);
	seal(&parcel, clear);
	parcel.message.sealed = NULL;
	assert_fault(send_sealed(f, ref, &parcel.message), FAULT_BAD_DOCUMENT);
	clear->request->facts_summary = "words";
	assert_fault(send_sealed(f, ref, seal(&parcel, clear)), FAULT_SEALING_REQUIRED);
	clear->request->facts_summary = NULL;
	f->casework.approvals = 2;
	assert_fault(send_sealed(f, ref, seal(&parcel, clear)), FAULT_APPROVAL_MISSING);
	assert_status(f, ref, S(DRAFT));
	assert_non_null(document(f, ref)->facts_summary);
}

static void what_says_something_does_not_go_bare_to_a_card_that_demands_sealing(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	Comity__Act act = COMITY__ACT__INIT;
	Comity__StatusEnquiry enquiry = COMITY__STATUS_ENQUIRY__INIT;
	demand(f);
	const char *ref = draft_of(f);
	assert_fault(send(f, ref, NULL), FAULT_SEALING_REQUIRED);
	assert_status(f, ref, S(DRAFT));
	assert_ok(send_sealed(f, ref, seal(&parcel, clear_request(f, ref))));
	act.kind_case = KIND(STATUS_ENQUIRY);
	act.status_enquiry = &enquiry;
	enquiry.reason = "words";
	assert_fault(submit(f, ref, &act), FAULT_SEALING_REQUIRED);
	enquiry.reason = NULL;
	enquiry.wanted_on = "2026-12-24";
	assert_ok(submit(f, ref, &act));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_sealed_request_opens_its_case_by_its_clear_part),
		WORLD_TEST(what_is_not_the_clear_part_of_this_request_is_no_sealed_one),
		WORLD_TEST(what_says_something_does_not_go_bare_to_a_card_that_demands_sealing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
