#include "daemon/ledger/deeds.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/audit.h"
#include "daemon/ledger/events.h"

/* Acts are called as calls are.  What is turned away, or stopped, has the reason for its result. */
static const struct deed {
	const char *event, *act;
	bool is_refusal;
} deeds[] = {
	{ EVENT_REQUEST_PURGED,       "case_purge",        false },
	{ EVENT_MESSAGE_QUEUED,       "message_send",      false },	/* a reminder, an answer from the record */
	{ EVENT_PEER_RENEWED,         "card_take",         false },
	{ EVENT_PEER_CARD_REFUSED,    "card_refuse",       true },
	{ EVENT_PEER_ROLLED,          "identity_follow",   false },
	{ EVENT_PEER_ALARM,           "peer_stop",         true },
	{ EVENT_PEER_OVER_QUOTA,      "peer_turn_away",    true },
	{ EVENT_PEER_IN_QUOTA,        "peer_take_again",   false },
	{ EVENT_PEER_BEHIND,          "recovery_begin",    false },	/* ours or theirs: the text says whose */
	{ EVENT_PEER_RECOVERED,       "recovery_end",      false },
	{ EVENT_DIRECTORY_CHANGED,    "directory_take",    false },
	{ EVENT_CERTIFICATE_RENEWED,  "cert_renew",        false },
	{ EVENT_REVOCATIONS_ISSUED,   "revocations_issue", false },
	{ EVENT_CLOCK_DOUBTED,        "clock_doubt",       true },
	{ EVENT_CLOCK_BELIEVED,       "clock_believe",     false },
	{ EVENT_STORE_FULL,           "intake_stop",       true },
	{ EVENT_STORE_OK,             "intake_resume",     false },
};

static const struct deed *find(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
		if (!strcmp(deeds[i].event, type))
			return &deeds[i];
	return NULL;
}

static bool is_by_somebody(const Comity__EventData *data)
{
	return data && data->has_actor_uid && data->actor_uid != AUDIT_BY_DAEMON;
}

/* Of a message the kinds of its acts; of what is no case's the sentence.  Nothing that a case says. */
static void describe(const Comity__EventData *data, char *text, size_t size)
{
	size_t used = 0;
	text[0] = 0;
	for (size_t i = 0; data && i < data->n_acts && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", data->acts[i]);
	if (data && !data->n_acts && !data->request_id && data->text)
		snprintf(text, size, "%s", data->text);
}

void deeds_note(struct txn *txn, const char *type, const char *subject, const Comity__EventData *data)
{
	char text[400];
	const struct deed *deed = is_by_somebody(data) ? NULL : find(type);
	if (!deed)
		return;
	describe(data, text, sizeof text);
	bool is_refused = deed->is_refusal && data && data->reason;
	const struct audit_act act = { .uid = AUDIT_BY_DAEMON, .role = AUDIT_DAEMON, .act = deed->act, .subject = subject,
		.message_id = data ? data->message_id : NULL, .result = is_refused ? data->reason : AUDIT_OK, .text = text };
	audit_append(txn, &act);
}
