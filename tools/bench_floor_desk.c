/* The floor's desk: LMDB with default durability and one thread that commits whatever waits while the next gathers. */
#include "tools/bench_floor.h"

#define DB(call) db_must(#call, call)

static void db_must(const char *what, int rc)
{
	if (rc)
		floor_die(what, mdb_strerror(rc));
}

static void put(MDB_txn *txn, MDB_dbi dbi, const void *key, struct span value)
{
	MDB_val at = { NUMBER_SIZE, (void *)key }, what = { value.len, (void *)value.at };
	DB(mdb_put(txn, dbi, &at, &what, MDB_APPEND));
}

static void commit(struct desk *desk, struct span frames, uint64_t mark, uint64_t last)
{
	MDB_txn *txn;
	uint8_t key[NUMBER_SIZE];
	DB(mdb_txn_begin(desk->env, NULL, 0, &txn));
	for (struct span frame; floor_cut(&frames, &frame);)
		put(txn, desk->box, frame.at, (struct span){ frame.at + NUMBER_SIZE, frame.len - NUMBER_SIZE });
	for (put_u64(key, ++mark); mark <= last; put_u64(key, ++mark))
		put(txn, desk->marks, key, SPAN(key));
	DB(mdb_txn_commit(txn));
}

static void keep(void *argument)
{
	struct desk *desk = argument;
	struct bytes batch = { 0 };
	uv_mutex_lock(&desk->lock);
	for (;;) {
		while (!desk->waiting.len && desk->marks_wanted == desk->marks_kept)
			uv_cond_wait(&desk->wake, &desk->lock);
		struct bytes empty = batch;
		batch = desk->waiting;
		desk->waiting = empty;
		uint64_t mark = desk->marks_kept, last = desk->marks_wanted;
		uv_mutex_unlock(&desk->lock);

		commit(desk, span_of(&batch), mark, last);

		uv_mutex_lock(&desk->lock);
		floor_must(bytes_append(&desk->kept, span_of(&batch)));
		desk->marks_kept = last;
		batch.len = 0;
		UV(uv_async_send(&desk->news));
	}
}

void desk_open(struct desk *desk, uv_loop_t *loop, uv_async_cb on_news, const char *path, size_t bytes)
{
	MDB_txn *txn;
	DB(mdb_env_create(&desk->env));
	DB(mdb_env_set_maxdbs(desk->env, 2));
	DB(mdb_env_set_mapsize(desk->env, bytes));
	DB(mdb_env_open(desk->env, path, MDB_NOSUBDIR, 0600));
	DB(mdb_txn_begin(desk->env, NULL, 0, &txn));
	DB(mdb_dbi_open(txn, "box", MDB_CREATE, &desk->box));
	DB(mdb_dbi_open(txn, "marks", MDB_CREATE, &desk->marks));
	DB(mdb_txn_commit(txn));
	UV(uv_mutex_init(&desk->lock));
	UV(uv_cond_init(&desk->wake));
	UV(uv_async_init(loop, &desk->news, on_news));
	UV(uv_thread_create(&desk->thread, keep, desk));
}
