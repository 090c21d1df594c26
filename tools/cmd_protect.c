/* comity cert protect: what our key files are encrypted with.  Without the daemon: it opens them only when it starts. */
#include <limits.h>
#include <stdio.h>

#include "certs/identity.h"
#include "proto/control.pb-c.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/secrets.h"

/* Which keys, how they are opened, and how they are to be protected. */
struct protection {
	struct asked now, next;
	struct identity_access access, wanted;
};

static enum fault find_sources(struct tool *tool, struct protection *protection)
{
	bool is_channel = given(tool, "channel") != NULL;
	struct secret_source now, next = { 0 };
	protection->now.prompt = "Passphrase that opens the keys now";
	protection->next = (struct asked){ .prompt = "New passphrase", .is_new = true };
	if (given(tool, "in-the-clear") && given(tool, "new-passphrase-file"))
		return fault_say(FAULT_USAGE, "--in-the-clear and --new-passphrase-file do not go together");
	TRY(secret_of_option(tool, "key-passphrase-file", &protection->now, &now));
	if (!given(tool, "in-the-clear"))
		TRY(secret_of_option(tool, "new-passphrase-file", &protection->next, &next));
	if (!given(tool, "in-the-clear") && !next.text && !next.prompt)
		return hinted(tool, fault_say(FAULT_NEEDS_ANSWER, "with which passphrase are they to be protected?"),
			"pass --new-passphrase-file, or --in-the-clear");
	*(is_channel ? &protection->access.channel_secret : &protection->access.secret) = now;
	*(is_channel ? &protection->wanted.channel_secret : &protection->wanted.secret) = next;
	protection->wanted.keys = is_channel ? KEY_OF(ROLE_CHANNEL) :
		KEY_OF(ROLE_IDENTITY) | KEY_OF(ROLE_DELEGATION) | KEY_OF(ROLE_SIGNING) | KEY_OF(ROLE_SEALING);
	return OK;
}

static enum fault tell(struct tool *tool, unsigned count)
{
	bool is_clear = given(tool, "in-the-clear") != NULL;
	Comity__KeysProtected report = COMITY__KEYS_PROTECTED__INIT;
	report.schema = "comity.keys-protected/1";
	report.has_keys = report.has_encrypted = 1;
	report.keys = count;
	report.encrypted = !is_clear;
	if (!printed_document(tool, &report.base))
		print(tool, "%u key%s now lie%s %s\n", count, count == 1 ? "" : "s", count == 1 ? "s" : "",
			is_clear ? "in the clear" : "under the new passphrase");
	next_step(tool, is_clear ? "take keys.%s out of comityd.yaml, and start comityd again" :
		"say in comityd.yaml where the passphrase is, keys.%s: credential:NAME or file:/PATH, and start comityd again",
		given(tool, "channel") ? "channel_pin" : "pin");
	return OK;
}

enum fault cmd_cert_protect(struct tool *tool)
{
	struct protection protection = { 0 };
	unsigned count = 0;
	secrets_begin();
	TRY(find_sources(tool, &protection));
	enum fault fault = identity_protect(tool->home ? tool->home : "/var/lib/comity", &protection.access, &protection.wanted, &count);
	asked_clear(&protection.now);
	asked_clear(&protection.next);
	return fault ? fault : tell(tool, count);
}
