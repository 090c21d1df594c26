/* What is sealed end to end, as the law sees it; and what a card that demands it keeps from going in the clear. */
#include "tests/unit/cases.h"

#include "proto/check.h"
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

/* ── a draft that is kept sealed ──────────────────────────────────────────────────────────────── */

/* The counterpart of this world has no card: its sealing certificate is of no bytes. */
static enum fault keep_sealed(struct party *party, const char *ref, const Comity__Message *sealed)
{
	uint8_t to[DIGEST_SIZE];
	Comity__Case *kase;
	digest_of(to, (struct span){ 0 });
	const struct casework_sealing sealing = { .message = sealed, .to_sha256 = SPAN(to), .uid = UID };
	WRITING(&party->ledger, txn);
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	return ledger_end(&txn, casework_seal(&txn, kase, &sealing, &party->ledger.arena));
}

static Comity__SealedDraft *kept(struct party *party, const char *ref)
{
	READING(&party->ledger, txn);
	Comity__SealedDraft *found = casework_sealed_draft(&txn, find_case(party, ref), &party->ledger.arena);
	txn_abort(&txn);
	return found;
}

static enum fault approve(struct party *party, const char *ref, uint32_t uid, struct span read)
{
	Comity__Case *kase;
	WRITING(&party->ledger, txn);
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	return ledger_end(&txn, casework_approve(&txn, kase, read, uid, &party->ledger.arena));
}

static enum fault edit(struct party *party, const char *ref, const char *yaml)
{
	Comity__Case *kase;
	WRITING(&party->ledger, txn);
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	return ledger_end(&txn, casework_edit(&party->casework, &txn, kase, document_of(party, yaml), &party->ledger.arena));
}

static void what_was_sealed_and_approved_is_sent_to_the_byte(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	const char *ref = draft_of(f);
	f->casework.approvals = 2;
	seal(&parcel, clear_request(f, ref));
	memset(parcel.body, 0x5a, sizeof parcel.body);
	assert_fault(send_sealed(f, ref, &parcel.message), FAULT_APPROVAL_MISSING);
	assert_ok(keep_sealed(f, ref, &parcel.message));
	assert_null(document(f, ref)->facts_summary);
	assert_fault(send(f, ref, NULL), FAULT_APPROVAL_MISSING);
	assert_ok(approve(f, ref, 1, (struct span){ 0 }));
	assert_fault(approve(f, ref, 1, (struct span){ 0 }), FAULT_APPROVED_ALREADY);
	assert_fault(send_sealed(f, ref, &parcel.message), FAULT_APPROVAL_MISSING);
	assert_ok(approve(f, ref, 2, (struct span){ 0 }));
	assert_ok(send(f, ref, NULL));
	const Comity__Message *message = last_message(f);
	assert_true(span_equal(span_of_binary(message->sealed_body), SPAN(parcel.body)));
	assert_true(span_equal(span_of_binary(message->sealed->envelope), SPAN(parcel.envelope)));
	assert_status(f, ref, S(SENT));
	assert_null(kept(f, ref));
	assert_fault(keep_sealed(f, ref, &parcel.message), FAULT_NOT_DRAFT);
}

static void a_change_voids_what_was_sealed_and_what_was_approved(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	const char *ref = draft_of(f);
	uint8_t another[DIGEST_SIZE] = { 1 };
	f->casework.approvals = 2;
	assert_ok(keep_sealed(f, ref, seal(&parcel, clear_request(f, ref))));
	assert_fault(approve(f, ref, 1, SPAN(another)), FAULT_DRAFT_CHANGED);
	assert_ok(approve(f, ref, 1, (struct span){ 0 }));
	assert_ok(stage(f, ref, NULL, NULL));
	assert_fault(approve(f, ref, 2, (struct span){ 0 }), FAULT_SEAL_VOID);
	assert_fault(send(f, ref, NULL), FAULT_SEAL_VOID);
	assert_fault(keep_sealed(f, ref, &parcel.message), FAULT_SEALING_REQUIRED);	/* what is staged is bare */
	assert_ok(edit(f, ref, complete));
	assert_null(kept(f, ref));
	assert_fault(send(f, ref, NULL), FAULT_APPROVAL_MISSING);
	assert_status(f, ref, S(DRAFT));
}

static void a_draft_is_void_once_its_counterpart_has_another_key(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	const char *ref = draft_of(f);
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer(f->peer);
	assert_ok(keep_sealed(f, ref, seal(&parcel, clear_request(f, ref))));
	peer.authority = (char *)f->peer;
	peer.has_standing = peer.has_sealing_certificate = 1;
	peer.standing = COMITY__STANDING__VALUE__VERIFIED;
	peer.sealing_certificate = (ProtobufCBinaryData){ 3, (uint8_t *)"new" };
	WRITING(&f->ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer.base);
	assert_ok(ledger_end(&txn, OK));
	assert_fault(send(f, ref, NULL), FAULT_SEAL_VOID);
	assert_non_null(kept(f, ref));
}

static void what_cannot_be_sent_is_not_kept(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	struct parcel parcel;
	const char *ref = draft_of(f);
	Comity__Act *clear = clear_request(f, ref);
	assert_fault(keep_sealed(f, ref, NULL), FAULT_BAD_DOCUMENT);
	assert_fault(keep_sealed(f, ref, seal(&parcel, clear_request(f, "another"))), FAULT_BAD_DOCUMENT);
	clear->request->facts_summary = "words";
	assert_fault(keep_sealed(f, ref, seal(&parcel, clear)), FAULT_SEALING_REQUIRED);
	clear->request->facts_summary = NULL;
	seal(&parcel, clear);
	parcel.slip.envelope.len = 5000;
	assert_fault(keep_sealed(f, ref, &parcel.message), FAULT_BAD_DOCUMENT);
	assert_null(kept(f, ref));
	assert_non_null(document(f, ref)->facts_summary);
}

/* ── for somebody alone ───────────────────────────────────────────────────────────────────────── */

/* Staged: with the role of a protected annex, and sealed for so many by name; fewer than none: not sealed. */
static enum fault stage_annex(struct party *party, const char *ref, int names, uint8_t of_key)
{
	static char *name[] = { "hearing judge", "head of unit" };
	Comity__Attachment attachment = COMITY__ATTACHMENT__INIT;
	Comity__Sealing slip = COMITY__SEALING__INIT;
	Comity__AttachmentState *staged;
	Comity__Case *kase;
	uint8_t commitment[DIGEST_SIZE] = { of_key };
	attachment.has_role = attachment.has_size = slip.has_envelope = slip.has_commitment = 1;
	attachment.role = COMITY__ATTACHMENT_ROLE__VALUE__PROTECTED_ANNEX;
	attachment.sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	slip.envelope = (ProtobufCBinaryData){ 3, (uint8_t *)"key" };
	slip.commitment = (ProtobufCBinaryData){ DIGEST_SIZE, commitment };
	slip.n_recipients = names > 0 ? (size_t)names : 0;
	slip.recipients = name;
	attachment.sealed = names < 0 ? NULL : &slip;
	WRITING(&party->ledger, txn);
	assert_ok(casework_find(&txn, ref, &party->ledger.arena, &kase));
	return ledger_end(&txn, casework_stage(&party->casework, &txn, kase, &attachment, UID, &party->ledger.arena, &staged));
}

static void a_protected_annex_goes_only_to_somebody_by_name(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	for (int names = -1; names <= 1; names++) {
		const char *ref = draft_of(f);
		assert_ok(stage_annex(f, ref, names, 1));
		assert_fault(send(f, ref, NULL), names > 0 ? OK : FAULT_SEALING_REQUIRED);
		assert_status(f, ref, names > 0 ? S(SENT) : S(DRAFT));
	}
}

static void no_two_attachments_of_a_case_have_one_key(void **state)
{
	struct party *f = &((struct world *)*state)->f;
	const char *ref = draft_of(f);
	assert_ok(stage_annex(f, ref, 2, 1));
	assert_fault(stage_annex(f, ref, 2, 1), FAULT_EXISTS);
	assert_fault(stage_annex(f, ref, 0, 1), FAULT_EXISTS);
	assert_ok(stage_annex(f, ref, 2, 2));
}

static void an_absurd_list_of_names_takes_no_memory(void **state)
{
	static char longer[RECIPIENT_SIZE_MAX + 2];
	char *many[RECIPIENTS_MAX + 1], *one[] = { longer };
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Sealing slip = COMITY__SEALING__INIT;
	ProtobufCMessage *unpacked;
	(void)state;
	memset(longer, 'j', RECIPIENT_SIZE_MAX + 1);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = "judge";
	message.sealed = &slip;
	const struct { char **names; size_t count; enum fault fault; } lists[] = {
		{ many, RECIPIENTS_MAX, OK }, { many, RECIPIENTS_MAX + 1, FAULT_TOO_LARGE }, { one, 1, FAULT_TOO_LARGE } };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct bytes packed = { 0 };
		struct arena arena;
		arena_init(&arena, 1 << 20);
		slip.recipients = lists[i].names;
		slip.n_recipients = lists[i].count;
		assert_ok(pack(&message.base, &packed));
		assert_fault(unpack(&comity__message__descriptor, span_of(&packed), &arena, FAULT_BAD_DOCUMENT, &unpacked), lists[i].fault);
		assert_true(lists[i].fault == OK || !arena.used);
		arena_clear(&arena);
		bytes_clear(&packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_sealed_request_opens_its_case_by_its_clear_part),
		WORLD_TEST(what_is_not_the_clear_part_of_this_request_is_no_sealed_one),
		WORLD_TEST(what_says_something_does_not_go_bare_to_a_card_that_demands_sealing),
		WORLD_TEST(what_was_sealed_and_approved_is_sent_to_the_byte),
		WORLD_TEST(a_change_voids_what_was_sealed_and_what_was_approved),
		WORLD_TEST(a_draft_is_void_once_its_counterpart_has_another_key),
		WORLD_TEST(what_cannot_be_sent_is_not_kept),
		WORLD_TEST(a_protected_annex_goes_only_to_somebody_by_name),
		WORLD_TEST(no_two_attachments_of_a_case_have_one_key),
		cmocka_unit_test(an_absurd_list_of_names_takes_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
