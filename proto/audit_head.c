#include "proto/audit_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum fault audit_statement_write(struct bytes *text, const struct audit_statement *statement)
{
	char all[AUDIT_HEAD_SIZE_MAX], hash[DIGEST_HEX_SIZE + 1];
	bool has_witness = *statement->witness;
	hex_write(hash, (struct span){ statement->hash, DIGEST_SIZE });
	snprintf(all, sizeof all, "# comity-audit-head 1\n# authority: %s\n%s%s%s# at: %s\n%s  %" PRIu64 "\n", statement->authority,
		has_witness ? "# witness: " : "", statement->witness, has_witness ? "\n" : "", statement->at, hash, statement->number);
	return bytes_append_text(text, all);
}

static bool parse(const char *text, struct audit_statement *statement)
{
	char hash[DIGEST_HEX_SIZE + 1];
	int at = 0, after = 0;
	if (sscanf(text, "# comity-audit-head 1\n# authority: %32[a-z0-9-]\n%n", statement->authority, &at) != 1 || !at)
		return false;
	if (sscanf(text + at, "# witness: %32[a-z0-9-]\n%n", statement->witness, &after) == 1)
		at += after;
	return sscanf(text + at, "# at: %31[0-9TZ:.-]\n%64[0-9a-f]  %" SCNu64, statement->at, hash, &statement->number) == 3 &&
		hex_read(statement->hash, DIGEST_SIZE, span_of_text(hash)) && statement->number;
}

/* What is read is written again and must be the same: there is one text for one statement. */
enum fault audit_statement_read(struct span text, struct audit_statement *statement)
{
	char copy[AUDIT_HEAD_SIZE_MAX];
	struct bytes again = { 0 };
	int64_t stamp;
	*statement = (struct audit_statement){ 0 };
	if (text.len >= sizeof copy)
		return fault_say(FAULT_BAD_MANIFEST, "an audit head of %zu bytes", text.len);
	memcpy(copy, text.at, text.len);
	copy[text.len] = 0;
	bool is_one = parse(copy, statement) && stamp_read(statement->at, &stamp);
	enum fault fault = is_one ? audit_statement_write(&again, statement) : OK;
	is_one = is_one && span_equal(span_of(&again), text);
	bytes_clear(&again);
	return fault || is_one ? fault : fault_say(FAULT_BAD_MANIFEST, "this is no audit head");
}
