#include "daemon/ledger/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/json.h"
#include "proto/stamp.h"
#include "proto/text.h"

enum { ENTRY_ARENA = 1 << 20, TEXT_MAX = 1000, LINE_USUAL = 512 };

static struct key key_of_line(uint64_t number)
{
	struct key key = { 0 };
	key_u64(&key, number);
	return key;
}

struct span audit_line(struct txn *txn, uint64_t number)
{
	struct span line = { 0 };
	struct key key = key_of_line(number);
	txn_get(txn, TABLE_AUDIT, key_span(&key), &line);
	return line;
}

/* The last line is the head: no second record can contradict it. */
struct audit_head audit_head(struct txn *txn)
{
	struct audit_head head = { 0 };
	struct walk walk;
	struct span key, line;
	walk_last(&walk, txn, TABLE_AUDIT, (struct span){ 0 }, (struct span){ 0 });
	if (walk_next(&walk, &key, &line) && key.len == sizeof head.number) {
		head.number = get_u64(key.at);
		digest_of(head.hash, line);
	}
	walk_end(&walk);
	return head;
}

static enum fault write_line(const struct audit_act *act, const struct audit_head *head, struct bytes *line)
{
	char now[STAMP_SIZE], previous[DIGEST_HEX_SIZE + 1], text[TEXT_MAX + 1];
	stamp_now(now);
	hex_write(previous, (struct span){ head->hash, DIGEST_SIZE });
	text_excerpt(text, sizeof text, span_of_text(act->text ? act->text : ""));
	Comity__AuditEntry entry = COMITY__AUDIT_ENTRY__INIT;
	entry.has_number = 1;
	entry.number = head->number + 1;
	entry.at = now;
	entry.has_uid = act->uid != AUDIT_BY_DAEMON;
	entry.uid = act->uid;
	entry.role = (char *)act->role;
	entry.act = (char *)act->act;
	entry.subject = (char *)act->subject;
	entry.message_id = (char *)act->message_id;
	entry.result = (char *)act->result;
	entry.text = *text ? text : NULL;
	entry.previous = previous;
	TRY(bytes_reserve(line, LINE_USUAL));
	TRY(json_write(&entry.base, JSON_COMPACT_STYLE, line));
	return bytes_append_text(line, "\n");
}

uint64_t audit_append(struct txn *txn, const struct audit_act *act)
{
	struct audit_head head = audit_head(txn);
	struct bytes line = { 0 };
	struct key key = key_of_line(head.number + 1);
	enum fault fault = write_line(act, &head, &line);
	if (fault)
		txn_fail(txn, fault);
	txn_put(txn, TABLE_AUDIT, key_span(&key), span_of(&line));
	bytes_clear(&line);
	return txn->fault ? 0 : head.number + 1;
}

enum fault audit_check(struct txn *txn, uint64_t from, struct audit_check *check)
{
	struct walk walk;
	struct arena arena;
	struct span key, line;
	enum soundness soundness;
	*check = (struct audit_check){ .from = from ? from : 1 };
	struct key start = key_of_line(check->from);
	arena_init(&arena, ENTRY_ARENA);
	walk_from(&walk, txn, TABLE_AUDIT, (struct span){ 0 }, key_span(&start));
	while (!check->broken_at && walk_next_any(&walk, &key, &line, &soundness)) {
		arena_reset(&arena);
		if (soundness || key.len != sizeof check->head.number)
			audit_find_broken(check, check->head.number + 1, "its record is damaged");
		else
			audit_hold(check, get_u64(key.at), line, &arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return txn->fault;
}
