/* Walks over the records of a table, that go on soundly where the table is written on the way. */
#include "daemon/ledger/store_env.h"

#include <string.h>

static bool begins_with(struct span text, struct span prefix)
{
	return text.len >= prefix.len && (!prefix.len || !memcmp(text.at, prefix.at, prefix.len));
}

/* Make a prefix the first key behind all that begin with it; empty if there is none. */
static void pass_over(struct key *prefix)
{
	while (prefix->len && prefix->at[prefix->len - 1] == 0xff)
		prefix->len--;
	if (prefix->len)
		prefix->at[prefix->len - 1]++;
}

static int seek(struct walk *walk, bool *is_there, MDB_val *key, MDB_val *record)
{
	struct span at = key_span(&walk->at);
	*key = store_val(at);
	int code = at.len ? mdb_cursor_get(walk->cursor, key, record, MDB_SET_RANGE) : MDB_NOTFOUND;
	*is_there = !code && span_equal(store_span(*key), at);
	return code;
}

static int seek_up(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_there;
	if (!walk->at.len)
		return mdb_cursor_get(walk->cursor, key, record, MDB_FIRST);
	int code = seek(walk, &is_there, key, record);
	return is_there && walk->is_behind ? mdb_cursor_get(walk->cursor, key, record, MDB_NEXT) : code;
}

static int seek_down(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_there;
	int code = seek(walk, &is_there, key, record);
	if (code == MDB_NOTFOUND)
		return mdb_cursor_get(walk->cursor, key, record, MDB_LAST);
	if (code || (is_there && !walk->is_behind))
		return code;
	return mdb_cursor_get(walk->cursor, key, record, MDB_PREV);
}

static int open_cursor(struct walk *walk)
{
	if (walk->cursor)
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
	return mdb_cursor_open(walk->txn->mdb, walk->txn->store->tables[walk->table], &walk->cursor);
}

/* Where something was written meanwhile the cursor's place is not to be trusted: seek it anew. */
static int step(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_up = walk->direction == WALK_UP;
	if (walk->has_begun && walk->writes == walk->txn->writes)
		return mdb_cursor_get(walk->cursor, key, record, is_up ? MDB_NEXT : MDB_PREV);
	int code = walk->has_begun ? open_cursor(walk) : 0;
	if (code)
		return code;
	return is_up ? seek_up(walk, key, record) : seek_down(walk, key, record);
}

static void remember(struct walk *walk, struct span key)
{
	walk->has_begun = true;
	walk->writes = walk->txn->writes;
	if (walk->txn->mode == TXN_READ)
		return;
	walk->at.len = 0;
	key_bytes(&walk->at, key);
	walk->is_behind = true;
}

static void walk_begin(struct walk *walk, struct txn *txn, enum table table,
                       struct span prefix, struct span start)
{
	walk->txn = txn;
	walk->cursor = NULL;
	walk->table = table;
	walk->has_begun = walk->is_behind = false;
	walk->before = walk->after = (struct lent){ 0 };
	walk->prefix.len = walk->at.len = 0;
	key_bytes(&walk->prefix, prefix);
	key_bytes(&walk->at, start.len ? start : prefix);
	if (txn->fault || !store_has_table(txn, table) || (prefix.len && !store_is_key(txn, prefix)) ||
	    (start.len && !store_is_key(txn, start)))
		return;
	int code = open_cursor(walk);
	if (code)
		store_fail_lmdb(txn, code, table_name(table));
}

void walk_from(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start)
{
	walk->direction = WALK_UP;
	walk_begin(walk, txn, table, prefix, start);
}

void walk_last(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start)
{
	walk->direction = WALK_DOWN;
	walk_begin(walk, txn, table, prefix, start);
	if (start.len)
		return;
	walk->is_behind = true;
	pass_over(&walk->at);
}

/* The value that it gave last goes back, if nothing else was lent meanwhile. */
static void give_back(struct walk *walk)
{
	struct lent now = txn_mark(walk->txn);
	if (now.block == walk->after.block && now.used == walk->after.used)
		txn_give_back(walk->txn, walk->before);
}

static enum soundness read_value(struct walk *walk, struct span key, MDB_val record, struct span *value)
{
	give_back(walk);
	walk->before = txn_mark(walk->txn);
	enum soundness soundness = store_read(walk->txn, walk->table, key, record, value);
	walk->after = txn_mark(walk->txn);
	return soundness;
}

bool walk_next_any(struct walk *walk, struct span *key, struct span *value, enum soundness *soundness)
{
	*key = *value = (struct span){ 0 };
	if (!walk->cursor)
		return false;
	MDB_val at, record;
	int code = walk->txn->fault ? MDB_NOTFOUND : step(walk, &at, &record);
	if (code && code != MDB_NOTFOUND)
		store_fail_lmdb(walk->txn, code, table_name(walk->table));
	if (code || !begins_with(store_span(at), key_span(&walk->prefix))) {
		walk_end(walk);
		return false;
	}
	*key = store_span(at);
	*soundness = read_value(walk, *key, record, value);
	remember(walk, *key);
	return true;
}

bool walk_next(struct walk *walk, struct span *key, struct span *value)
{
	enum soundness soundness;
	if (!walk_next_any(walk, key, value, &soundness))
		return false;
	if (!soundness)
		return true;
	if (!walk->txn->fault)
		store_say_broken(walk->txn, walk->table, *key, soundness);
	walk_end(walk);
	*key = (struct span){ 0 };
	return false;
}

void walk_end(struct walk *walk)
{
	if (walk->cursor)
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
}
