/* Certificates from the PKI of our State: what we ask for, what we take.  Without the daemon: it opens them when it starts. */
#include <string.h>

#include "certs/files.h"
#include "certs/identity.h"
#include "certs/national.h"
#include "proto/stamp.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/record.h"

enum { IMPORT_SIZE_MAX = 1 << 20 };

static const char *state_of(const struct tool *tool)
{
	return tool->home ? tool->home : "/var/lib/comity";
}

static enum fault read_role(const char *text, enum role *role)
{
	for (*role = ROLE_CHANNEL; *role < ROLE_COUNT; (*role)++)
		if (!strcmp(text, role_name(*role)))
			return OK;
	return fault_say(FAULT_USAGE, "\"%.40s\" is not channel, signing or sealing", text);
}

static enum fault write_request(struct tool *tool, enum role role, struct bytes *pem)
{
	struct identity *identity;
	TRY(identity_open(state_of(tool), &(struct identity_access){ 0 }, &identity));
	enum fault fault = national_request(state_of(tool), role, identity_authority(identity), identity_name(identity), pem);
	identity_free(identity);
	return fault;
}

static enum fault give_request(struct tool *tool, enum role role, struct span pem)
{
	const char *path = given(tool, "output");
	Comity__CertRequested report = COMITY__CERT_REQUESTED__INIT;
	report.schema = "comity.cert-requested/1";
	report.role = (char *)role_name(role);
	report.request = arena_text(&tool->arena, pem);
	if (path && strcmp(path, "-"))
		TRY(file_create(path, FILE_PUBLIC, pem));
	if (!printed_json(tool, &report.base) && (!path || !strcmp(path, "-")))
		print(tool, "%s", report.request ? report.request : "");
	next_step(tool, "have it certified, then: comity cert import FILE...    (the certificate, its issuer's, the root)");
	return report.request ? OK : FAULT_NO_MEMORY;
}

enum fault cmd_cert_csr(struct tool *tool)
{
	enum role role;
	struct bytes pem = { 0 };
	TRY(read_role(argument(tool, 0), &role));
	enum fault fault = write_request(tool, role, &pem);
	if (!fault)
		fault = give_request(tool, role, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

static enum fault tell_import(struct tool *tool, unsigned count)
{
	struct identity *identity;
	char digits[IDENTITY_DIGITS_SIZE];
	TRY(identity_open(state_of(tool), &(struct identity_access){ 0 }, &identity));
	identity_digits(digits, identity_pin(identity));
	identity_free(identity);
	Comity__CertImported report = COMITY__CERT_IMPORTED__INIT;
	report.schema = "comity.cert-imported/1";
	report.has_certificates = 1;
	report.certificates = count;
	report.digits = digits;
	if (printed_document(tool, &report.base))
		return OK;
	print(tool, "%u certificate%s taken.  What counterparts pin is the root of the PKI and our name:\n\n     %.23s\n     %s\n\n", count,
		count == 1 ? "" : "s", digits, digits + 24);
	next_step(tool, "start comityd again; where the digits are new, every counterpart needs our card and the telephone check");
	return OK;
}

/* With the root of a State above it, it would be in earnest. */
static enum fault refuse_training(struct tool *tool)
{
	struct identity *identity;
	if (identity_open(state_of(tool), &(struct identity_access){ 0 }, &identity))
		return OK;	/* there may be none yet */
	bool is_training = certificate_is_training(identity_certificate(identity, ROLE_IDENTITY));
	identity_free(identity);
	return is_training ? fault_say(FAULT_TRAINING_MIXED, "an authority for training stays one: it has no certificates of its State") : OK;
}

/* Appended.  What is no PEM at all is told with its name: of several files one is easily the wrong one. */
static enum fault take_pem(const char *path, struct bytes *pem)
{
	static const char begin[] = "-----BEGIN ";
	size_t before = pem->len;
	TRY(file_take(path, IMPORT_SIZE_MAX, pem));
	if (!memmem(pem->at + before, pem->len - before, begin, strlen(begin)))
		return fault_say(FAULT_BAD_DOCUMENT, "%s: there is neither a certificate nor a revocation list in PEM form", path);
	return bytes_append_text(pem, "\n");
}

/* What a peer shows breaks the protocol; what is in a file does not validate, whatever is wrong with it. */
static enum fault refuse_files(struct tool *tool, enum fault fault)
{
	if (fault_remedy(fault) == REMEDY_HANG_UP)
		tool->exit_status = fault_exit_status(FAULT_BAD_DOCUMENT);
	if (fault == FAULT_BAD_KEY)
		return hinted(tool, fault, "comity cert csr ROLE makes the key and asks for its certificate");
	if (fault == FAULT_CERT_PROFILE)
		return hinted(tool, fault, "nothing was changed; what the PKI must copy from the request: man comity-cert");
	if (fault == FAULT_CERT_UNTRUSTED)
		return hinted(tool, fault, "nothing was changed; give all at once: the certificates, those of their issuer, and its root");
	return tool->exit_status ? hinted(tool, fault, "nothing was changed; ask the PKI for another certificate: comity cert csr ROLE") : fault;
}

enum fault cmd_cert_import(struct tool *tool)
{
	struct bytes pem = { 0 };
	unsigned count = 0;
	enum fault fault = OK;
	for (size_t i = 0; argument(tool, i) && !fault; i++)
		fault = take_pem(argument(tool, i), &pem);
	if (!fault)
		fault = refuse_training(tool);
	if (!fault)
		fault = national_import(state_of(tool), span_of(&pem), stamp_clock() / STAMP_SECOND, &count);
	bytes_clear(&pem);
	return fault ? refuse_files(tool, fault) : tell_import(tool, count);
}
