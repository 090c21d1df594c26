/* What is sealed end to end: to the law, a message of which it reads the clear part. */
#include <string.h>

#include "certs/digest.h"
#include "certs/envelope.h"
#include "daemon/law/casework_parts.h"
#include "proto/check.h"
#include "proto/clear.h"
#include "proto/unpack.h"

static bool are_names(const Comity__Sealing *sealed)
{
	for (size_t i = 0; i < sealed->n_recipients; i++) {
		const char *name = sealed->recipients[i];
		if (!*name || strlen(name) > RECIPIENT_SIZE_MAX || strchr(name, '\n') || strchr(name, '\t'))
			return false;
	}
	return sealed->n_recipients <= RECIPIENTS_MAX;
}

/* How it is sealed is the tools' business; that both can find the key is ours, and for whom it is. */
static enum fault check_sealing(const Comity__Sealing *sealed, const char *what)
{
	if (sealed && !are_names(sealed))
		return fault_say(FAULT_BAD_DOCUMENT, "%s is sealed for more than %d, or one of them is no name", what, RECIPIENTS_MAX);
	if (!sealed || (sealed->envelope.len && sealed->envelope.len <= ENVELOPE_SIZE_MAX && sealed->commitment.len == DIGEST_SIZE))
		return OK;
	return fault_say(FAULT_BAD_DOCUMENT, "%s is sealed, but not with a key in an envelope and a commitment to it", what);
}

enum fault case_check_slips(const Comity__Message *message)
{
	if (!message->sealed != !message->has_sealed_body)
		return fault_say(FAULT_BAD_DOCUMENT, "sealed words and their key come together");
	for (size_t i = 0; i < message->n_attachments; i++)
		TRY(check_sealing(message->attachments[i]->sealed, "an attachment"));
	return check_sealing(message->sealed, "the message");
}

/* What protects somebody goes to nobody but those whom it names. */
enum fault case_check_protected(const Comity__Message *message)
{
	for (size_t i = 0; i < message->n_attachments; i++) {
		const Comity__Attachment *one = message->attachments[i];
		bool is_protected = one->role != COMITY__ATTACHMENT_ROLE__VALUE__PROTECTED_ANNEX || (one->sealed && one->sealed->n_recipients);
		if (!is_protected)
			return fault_say(FAULT_SEALING_REQUIRED, "%s is a protected annex, and goes only sealed for those who may open it: comity "
				"attach add REF FILE --role protected-annex --for NAME", one->id ? one->id : "an attachment");
	}
	return OK;
}

/* What its card demands.  Of a record that holds a whole card, two numbers are wanted with every message: they are dug out of
 * it as it lies there. */
bool case_demands_sealing(struct span peer)
{
	enum { PROFILE_FIELD = 15, TRANSMISSION_FIELD = 26, ENCRYPTION_REQUIRED_FIELD = 6 };
	struct span profile, transmission;
	uint64_t is_required = 0;
	return packed_part(peer, PROFILE_FIELD, &profile) && packed_part(profile, TRANSMISSION_FIELD, &transmission) &&
		packed_number(transmission, ENCRYPTION_REQUIRED_FIELD, &is_required) && is_required;
}

bool casework_wants_sealed(struct txn *txn, const char *id)
{
	struct key key = key_of_peer(id);
	struct span peer;
	return txn_get(txn, TABLE_PEERS, key_span(&key), &peer) && case_demands_sealing(peer);
}

static bool has_words(const char *text)
{
	return text && *text;
}

static enum fault check_acts(const Comity__Message *message, struct arena *arena)
{
	for (size_t i = 0; i < message->n_acts; i++) {
		enum fault fault = clear_check(message->acts[i], arena);
		if (fault == FAULT_SEALING_REQUIRED)
			return fault_say(fault, "act %zu says more in the clear than the daemons must read", i + 1);
		TRY(fault);
	}
	return OK;
}

/* A message that is sealed is sealed whole: what stands beside the sealed body is what both daemons must read. */
enum fault case_check_sealed(const Comity__Message *message, struct arena *arena)
{
	bool is_bare = has_words(message->text) || has_words(message->subject);
	for (size_t i = 0; i < message->n_attachments; i++)
		is_bare = is_bare || !message->attachments[i]->sealed;
	if (is_bare)
		return fault_say(FAULT_SEALING_REQUIRED, "to %s words and files go only sealed end to end", message->to);
	return check_acts(message, arena);
}

/* The tool has judged the request before it sealed it. */
enum fault case_take_sealed(const Comity__Case *kase, const Comity__Message *sealed,
	Comity__Message *template, Comity__Request **document)
{
	bool is_request = sealed->n_acts == 1 && sealed->acts[0]->kind_case == COMITY__ACT__KIND_REQUEST;
	if (!is_request || !sealed->sealed)
		return fault_say(FAULT_BAD_DOCUMENT, "a request that is sent sealed is one act and its sealed body");
	*document = sealed->acts[0]->request;
	if (!(*document)->requesting_reference || strcmp((*document)->requesting_reference, kase->requesting_reference))
		return fault_say(FAULT_BAD_DOCUMENT, "what is sealed is not %s: requesting_reference is another", casework_name(kase));
	*template = *sealed;
	template->n_attachments = 0;	/* those that are staged go along */
	return OK;
}
