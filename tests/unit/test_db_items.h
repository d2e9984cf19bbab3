/* The rows that the group's tests write: a keyed table, a log that shows every row written (so a second write of one
 * item cannot hide), and a function that tries row by row. */
#ifndef UNIT_TEST_DB_ITEMS_H
#define UNIT_TEST_DB_ITEMS_H

#include "test_db.h"

enum { ITEM_INSERT, ITEM_SALVAGE, ITEM_BLOB };
static const struct db_statement item_sql[] = {
	[ITEM_INSERT] = {"t_item_insert",
		"with put as (insert into item (id, note) select id, note from unnest($1::int8[], $2::text[]) x(id, note) "
		"on conflict do nothing returning id), logged as (insert into item_log select id from put) "
		"select ord::int4, id from unnest($1::int8[]) with ordinality x(id, ord) join put using (id)",
		2},
	[ITEM_SALVAGE] = {"t_item_salvage", "select ord, verdict from item_salvage($1::int8[], $2::text[])", 2},
	[ITEM_BLOB] = {"t_item_blob", "insert into blob select unnest($1::bytea[])", 1},
};
static const struct db_table item_table = {item_sql, ARRAY_LEN(item_sql)};
static const struct db_table *const item_tables[] = {&item_table};
#define ITEM_POOL(...) pool_open((struct db_pool_conf){.tables = item_tables, .table_count = 1, __VA_ARGS__})

static const char item_schema[] =
	"create table item (id int8 primary key, note text check (note <> 'bad')); create table item_log (id int8);"
	"create table blob (b bytea);"
	"create function item_salvage(ids int8[], notes text[]) returns table (ord int4, verdict text) language plpgsql "
	"as $$begin for i in 1 .. array_length(ids, 1) loop ord := i; begin "
	"insert into item values (ids[i], notes[i]); insert into item_log values (ids[i]); verdict := 'ok'; "
	"exception when others then verdict := sqlstate; end; return next; end loop; end$$;";

struct item {
	int64_t id;
	const char *note;
	int ends;
	enum db_ending ending;
	bool salvaged;
	int row;
	char verdict[8], sqlstate[6];
};

/* What a group's callbacks count. */
struct tally {
	struct db_group *group;
	size_t ended, committed, builds, largest;
	bool inside_submit;
	struct item *again; /* submitted from within done */
};

static inline int item_fill(struct db_batch *batch, int statement, void *const *items, size_t n)
{
	struct db_params *params = db_batch_add(batch, &item_sql[statement]);
	struct db_array *ids = db_params_array(params, DB_INT8, n, 0);
	struct db_array *notes = db_params_array(params, DB_TEXT, n, n * 8);
	for (size_t i = 0; i < n; i++) {
		const struct item *item = items[i];
		db_array_int8(ids, item->id);
		db_array_text(notes, item->note);
	}
	return 0;
}

static inline int item_build(void *ctx, struct db_batch *batch, void *const *items, size_t n)
{
	struct tally *tally = ctx;
	tally->builds++;
	if (n > tally->largest) tally->largest = n;
	return item_fill(batch, ITEM_INSERT, items, n);
}

static inline int item_salvage(void *ctx, struct db_batch *batch, void *const *items, size_t n)
{
	(void)ctx;
	return item_fill(batch, ITEM_SALVAGE, items, n);
}

static inline void item_done(void *ctx, void *ptr, const struct db_item_end *end)
{
	struct tally *tally = ctx;
	struct item *item = ptr;
	assert_false(tally->inside_submit);
	item->ends++;
	item->ending = end->ending;
	item->salvaged = end->salvaged;
	item->row = end->row;
	memcpy(item->sqlstate, end->sqlstate, strnlen(end->sqlstate, 5) + 1);
	if (end->row >= 0 && end->salvaged)
		snprintf(item->verdict, sizeof(item->verdict), "%s", db_rows_text(end->rows, end->row, 1));
	if (end->row >= 0 && !end->salvaged) assert_true(db_rows_int(end->rows, end->row, 1) == item->id);
	tally->ended++;
	tally->committed += end->ending == DB_COMMITTED;
	if (tally->again != NULL) {
		struct item *next = tally->again;
		tally->again = NULL;
		assert_int_equal(db_group_submit(tally->group, next, 1), 0);
	}
}

static inline void item_submit(struct tally *tally, struct item *item, int64_t id, const char *note)
{
	*item = (struct item){.id = id, .note = note};
	tally->inside_submit = true;
	if (db_group_submit(tally->group, item, 100) < 0) fail_msg("%s", err_text());
	tally->inside_submit = false;
}

static inline struct db_group *item_group(struct db_pool *pool, struct tally *tally, struct db_group_conf conf)
{
	conf.build = item_build;
	conf.done = item_done;
	conf.ctx = tally;
	assert_int_equal(db_group_new(pool, &conf, &tally->group), 0);
	return tally->group;
}

#endif
