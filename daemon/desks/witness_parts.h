#pragma once
/* What the files of witness share.  Nobody else includes this. */
#include "certs/digest.h"
#include "certs/identity.h"
#include "daemon/desks/witness.h"
#include "proto/audit_head.h"

void witness_keep(struct txn *txn, const char *authority, const Comity__AuditHead *head);
void witness_forget(struct txn *txn, const char *authority, uint64_t number);
/* Fill in the time, write the statement and sign it. */
enum fault witness_state(const struct identity *identity, struct audit_statement *statement, struct bytes *text,
	struct bytes *signature) MUST_CHECK;
