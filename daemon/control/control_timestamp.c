/* Whom the tool asks for time stamps.  The settings say it, and the daemon passes it on: who may export evidence need not be able to
 * read its files.  The daemon itself asks nobody, so that no service outside has a hold on it. */
#include "daemon/config.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/record.h"

static enum fault fill_inquiry(struct inquiry *inquiry, const Comity__TimestampSettings *settings, Comity__TimestampAuthority *authority)
{
	struct bytes roots = { 0 };
	enum fault fault = setting_timestamp_roots(inquiry->rooms->house, settings->ca_file, &roots);
	authority->schema = "comity.timestamp-authority/1";
	authority->url = settings->url;
	authority->timeout = settings->timeout;
	authority->has_roots = 1;
	authority->roots = record_bytes(inquiry->arena, span_of(&roots));
	bytes_clear(&roots);
	return fault;
}

enum fault answer_timestamp_authority(struct inquiry *inquiry)
{
	const Comity__TimestampSettings *settings = inquiry->rooms->config->timestamp;
	Comity__TimestampAuthority *authority;
	if (!settings || !settings->url || !*settings->url)
		return fault_say(FAULT_CONFIG, "no time stamping authority is set: timestamp.url and timestamp.ca_file in comityd.yaml, or --tsa and --tsa-ca");
	if (!inquiry_make(inquiry, &comity__timestamp_authority__descriptor, &authority))
		return inquiry_fault(inquiry);
	TRY(fill_inquiry(inquiry, settings, authority));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_TIMESTAMP_AUTHORITY;
	inquiry->reply->timestamp_authority = authority;
	return inquiry_fault(inquiry);
}
