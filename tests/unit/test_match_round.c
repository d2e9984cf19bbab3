/* What a round of matching does with money that is above its memory: it ends no turn, and comes again for nobody. */
#include "match_lab.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

#include "db/rows.h"
#include "settle/match_round.h"

#define OID_INT4 23u
#define OID_UUID 2950u
#define OID_TEXT 25u
#define OID_INT8 20u
#define OID_DATE 1082u

/* Rows of SETTLE_MATCH_ITEMS as far as they are looked at where a line has no currency: it can't be read. */
static struct pg_result *items(int count)
{
	static const Oid types[] = {OID_UUID, OID_INT4, OID_INT4, OID_INT8, OID_INT8, OID_TEXT, OID_DATE, OID_DATE};
	PGresAttDesc columns[ARRAY_LEN(types)];
	PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	char zero[8] = {0};

	assert_non_null(rows);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		columns[i] = (PGresAttDesc){.name = zero, .format = 1, .typid = types[i]};
	assert_true(PQsetResultAttrs(rows, ARRAY_LEN(types), columns));
	for (int row = 0; row < count; row++) {
		char id[16] = {0};
		uint32_t version = htonl(7);

		id[15] = (char)(row + 1);
		assert_true(PQsetvalue(rows, row, 0, id, sizeof(id)));
		assert_true(PQsetvalue(rows, row, 1, zero, 4));
		assert_true(PQsetvalue(rows, row, 2, (char *)&version, 4));
		assert_true(PQsetvalue(rows, row, 3, zero, 8) && PQsetvalue(rows, row, 4, zero, 8));
		assert_true(PQsetvalue(rows, row, 5, zero, 0));
		assert_true(PQsetvalue(rows, row, 6, zero, 4) && PQsetvalue(rows, row, 7, zero, 4));
	}
	return (struct pg_result *)rows;
}

struct stage {
	struct match_lab lab;
	struct match_know know;
	struct match_round round;
};

/* A round whose memory has room for its list and that much more. */
static void open_stage(struct stage *stage, size_t more_bytes)
{
	*stage = (struct stage){.know = {.rounds = 0}};
	lab_payer(&stage->lab, "ALPHA", NULL, MATCH_SEVERAL);
	lab_contract(&stage->lab, 0, "CNY", "CNY", 0);
	lab_open(&stage->lab);
	stage->know.index = stage->lab.index;
	match_round_begin(&stage->round, false, 0);
	stage->round.earlier = false;
	stage->round.arena.limit_bytes = ROUND_ITEMS * sizeof(struct round_line) + more_bytes;
}

static void close_stage(struct stage *stage)
{
	stage->know.index = NULL;
	match_know_free(&stage->know);
	match_round_free(&stage->round);
	lab_close(&stage->lab);
}

static void take(struct stage *stage, struct pg_result *rows)
{
	assert_int_equal(match_round_take(&stage->round, &stage->know, NULL, NULL, rows), 0);
	assert_int_equal(stage->round.count, 1);
	assert_true(stage->round.lines[0].parked && !stage->round.lines[0].posts);
	assert_int_equal(stage->round.lines[0].version, 7);
	assert_int_equal(stage->round.lines[0].choice_count, 0);
	assert_true(stage->round.lines[0].again_s >= 3600);
	assert_non_null(strstr(stage->round.lines[0].reason, "the log says why"));
	assert_false(stage->round.ended);
}

/* Alone above it: it waits for a person, the turn goes on behind it, and what it took is free again. */
static void what_is_above_all_memory_waits(void **state)
{
	(void)state;
	struct stage stage;
	struct pg_result *rows = items(2);
	open_stage(&stage, 64);
	take(&stage, rows);
	assert_int_equal(stage.round.lines[0].line.b[15], 1);
	assert_int_equal(stage.round.line.b[15], 1);
	assert_false(stage.round.arena.is_full);
	assert_true(stage.round.arena.used_bytes <= 2 * sizeof(struct round_line));
	db_rows_free(rows);
	close_stage(&stage);
}

/* Above what others leave of it: it is the next round's. */
static void what_others_leave_no_room_for_is_left(void **state)
{
	(void)state;
	struct stage stage;
	struct pg_result *rows = items(2), *rest = items(1);
	open_stage(&stage, sizeof(struct match_result) + 64);
	take(&stage, rows);
	assert_int_equal(stage.round.line.b[15], 1);
	take(&stage, rest);
	db_rows_free(rows);
	db_rows_free(rest);
	close_stage(&stage);
}

/* Read before they are looked at, for the bills in them: others' texts are in the way, so each has a round of its own
 * then. */
static void what_is_read_with_others_is_read_again(void **state)
{
	(void)state;
	struct stage stage;
	struct pg_result *rows = items(2);
	open_stage(&stage, 2 * sizeof(struct match_line) + 64);
	stage.round.read = zf_alloc_array(&stage.round.arena.zf, 2, sizeof(*stage.round.read));
	stage.round.read_errors = zf_alloc_array(&stage.round.arena.zf, 2, sizeof(*stage.round.read_errors));
	assert_int_equal(match_round_take(&stage.round, &stage.know, NULL, NULL, rows), ERR_NOMEM);
	assert_true(stage.round.arena.is_full);
	db_rows_free(rows);
	close_stage(&stage);
}

/* A turn writes its first lines soon, and then more at a time. */
static void rounds_grow(void **state)
{
	(void)state;
	struct match_round first = {.count = 0}, next = {.count = 0};
	match_round_begin(&first, false, 0);
	match_round_begin(&next, false, 0);
	assert_int_equal(first.limit, ROUND_ITEMS_FIRST);
	match_round_next(&next, &first);
	assert_int_equal(next.limit, 2 * ROUND_ITEMS_FIRST);
	for (int i = 0; i < 4; i++) match_round_next(&next, &next);
	assert_int_equal(next.limit, ROUND_ITEMS);
	match_round_begin(&next, true, 0);
	match_round_next(&next, &first);
	assert_int_equal(next.limit, 1);
	match_round_free(&first);
	match_round_free(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_above_all_memory_waits),
		cmocka_unit_test(what_others_leave_no_room_for_is_left),
		cmocka_unit_test(what_is_read_with_others_is_read_again),
		cmocka_unit_test(rounds_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
