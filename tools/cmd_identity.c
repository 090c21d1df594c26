/* comity id revoke: an identity that does not count any more.  Without the daemon: it must work when nothing else does. */
#include <string.h>

#include "certs/files.h"
#include "certs/identity.h"
#include "certs/revocation.h"
#include "certs/succession.h"
#include "proto/control.pb-c.h"
#include "proto/stamp.h"
#include "proto/units.h"
#include "tools/commands.h"
#include "tools/form.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/secrets.h"

/* What is to be revoked, and what is written about it. */
struct statement {
	const struct identity *identity;
	struct span certificate;	/* whose serial goes on the list */
	struct span revoked;		/* the identity itself */
	char serial[65];
	struct bytes list, text;
};

static const char *state_of(const struct tool *tool)
{
	return tool->home ? tool->home : "/var/lib/comity";
}

/* A former one is revoked by the present one, which stood for it until now. */
static enum fault find_former(const struct identity *identity, const char *subject, struct statement *statement)
{
	struct succession list[SUCCESSIONS_MAX];
	size_t count = identity_successions(identity, list);
	for (size_t i = 0; i < count; i++) {
		struct certificate_facts facts;
		TRY(certificate_read(list[i].before, &facts));
		if (strcasecmp(facts.serial, subject))
			continue;
		if (i + 1 < count)
			return fault_say(FAULT_USAGE, "the identity with serial %s gave way to one that gave way itself: no key is here that "
				"stands for it", facts.serial);
		statement->revoked = list[i].before;
		statement->certificate = list[i].old_by_new;
		return OK;
	}
	return fault_say(FAULT_NOT_FOUND, "none of our identities has the serial \"%.70s\"", subject);
}

static enum fault find(struct tool *tool, struct statement *statement)
{
	struct certificate_facts own, listed;
	struct span present = identity_certificate(statement->identity, ROLE_IDENTITY);
	TRY(certificate_read(present, &own));
	statement->certificate = statement->revoked = present;
	if (argument(tool, 0) && strcasecmp(argument(tool, 0), own.serial))
		TRY(find_former(statement->identity, argument(tool, 0), statement));
	if (certificate_is_national(present))
		return fault_say(FAULT_USAGE, "the identity is the root of a national PKI: who runs that revokes it");
	TRY(certificate_read(statement->certificate, &listed));
	snprintf(statement->serial, sizeof statement->serial, "%s", listed.serial);
	return OK;
}

static enum fault order(struct tool *tool, struct statement *statement, const struct secret_source *secret)
{
	int64_t lost_at = 0, now = stamp_clock();
	const char *reason = given(tool, "reason");
	struct revocation_order order = {
		.issuer = ROLE_IDENTITY, .serial = statement->serial, .reason = reason ? reason : "keyCompromise",
		.now = now / STAMP_SECOND, .secret = secret, .only = given(tool, "prepare") ? &statement->list : NULL,
	};
	if (!revocation_reason_is_known(order.reason))
		return fault_say(FAULT_USAGE, "\"%.40s\" is no reason: unspecified, keyCompromise, affiliationChanged, superseded, "
			"cessationOfOperation", order.reason);
	if (given(tool, "lost-at"))
		TRY(typed("--lost-at", moment_read(given(tool, "lost-at"), &lost_at)));
	if (lost_at > now || lost_at < 0)
		return fault_say(FAULT_USAGE, "the time of the loss is not a time in the past");
	order.lost_at = lost_at / STAMP_SECOND;
	enum fault fault = revocation_enter(state_of(tool), &order);
	if (fault && fault != FAULT_EXISTS)	/* once more, should the file have been lost */
		return fault;
	return order.only ? OK : revocation_load(state_of(tool), ROLE_IDENTITY, &statement->list);
}

/* What people read is not signed; what is signed follows it. */
static enum fault write_text(struct statement *statement)
{
	struct bytes pin = { 0 };
	struct revoked_entry entry;
	char digits[IDENTITY_DIGITS_SIZE], at[STAMP_SIZE];
	TRY(revocation_find(span_of(&statement->list), statement->certificate, &entry));
	TRY(certificate_pin(statement->revoked, identity_authority(statement->identity), &pin));
	identity_digits(digits, span_of(&pin));
	bytes_clear(&pin);
	stamp_write(at, entry.at * STAMP_SECOND);
	TRY(bytes_printf(&statement->text, "%s   %s\nrevokes its identity %s\nas from %s (%s).\n\n"
		"Whoever gets this: comity peer revoke %s FILE, and call us on a number that you know.\n\n",
		identity_authority(statement->identity), identity_name(statement->identity), digits, at, entry.reason,
		identity_authority(statement->identity)));
	return revocation_pem(span_of(&statement->list), &statement->text);
}

static enum fault tell(struct tool *tool, const struct statement *statement)
{
	struct revocation_facts facts;
	Comity__CertRevoked report = COMITY__CERT_REVOKED__INIT;
	bool is_prepared = given(tool, "prepare") != NULL;
	TRY(revocation_read(span_of(&statement->list), &facts));
	report.schema = "comity.id-revoked/1";
	report.role = (char *)role_name(ROLE_IDENTITY);
	report.serial = (char *)statement->serial;
	report.list_number = facts.number;
	if (!printed_document(tool, &report.base))
		print(tool, is_prepared ? "Written to %s.  Nothing is revoked before somebody gives it to a counterpart: guard it.\n" :
			"Revoked.  What the counterparts need is in %s.\n", safe(tool, given(tool, "output")));
	if (is_prepared)
		return OK;
	next_step(tool, "send %s to every counterpart by every way there is, and call them", safe(tool, given(tool, "output")));
	if (statement->revoked.at == identity_certificate(statement->identity, ROLE_IDENTITY).at)
		next_step(tool, "comity id roll --without-old --confirm=%s    (then everybody needs the new card and a telephone check)",
			identity_authority(statement->identity));
	return OK;
}

static enum fault revoke(struct tool *tool, struct statement *statement, const struct secret_source *secret)
{
	TRY(find(tool, statement));
	TRY(order(tool, statement, secret));
	TRY(write_text(statement));
	TRY(file_replace(given(tool, "output"), FILE_PUBLIC, span_of(&statement->text)));
	return tell(tool, statement);
}

enum fault cmd_id_revoke(struct tool *tool)
{
	struct identity *identity;
	struct statement statement = { 0 };
	struct secret_source secret;
	struct asked asked = { .prompt = "Passphrase that opens the identity's key" };
	secrets_begin();
	TRY(secret_of_option(tool, "key-passphrase-file", &asked, &secret));
	TRY(identity_open(state_of(tool), &(struct identity_access){ 0 }, &identity));
	statement.identity = identity;
	enum fault fault = revoke(tool, &statement, &secret);
	bytes_clear(&statement.list);
	bytes_clear(&statement.text);
	identity_free(identity);
	asked_clear(&asked);
	return fault;
}
