/* The parts of the desk that need no database: shapes against every cut of a body and every allocation that fails, the
 * OpenAPI document, and the file without a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "desk/call.h"
#include "desk/lanes.h"
#include "desk/openapi.h"
#include "desk/shapes.h"
#include "desk/spool.h"
#include "lib/json.h"
#include "settle/match.h"

#define ARENA_MAX (16u << 20)

static const char body[] =
	"{\"charges\": [{\"identifier\": \"HIS \\u00e9 1\", \"day\": \"2026-09-24\", \"amount\": {\"value\": \"-12.30\","
	" \"currency\": \"CNY\"}, \"corrects\": \"x\", \"stay\": \"ZY-1\"}, {\"identifier\": \"2\", \"day\": \"2024-02-29\","
	" \"amount\": {\"currency\": \"JPY\", \"value\": \"100\"}}]}";

static int take(const char *text, size_t len, struct arena *arena, struct problem_list *problems, struct value *values)
{
	*problems = (struct problem_list){.arena = arena};
	return shape_read(&charges_new_shape, (struct bytes){(const uint8_t *)text, len}, arena, problems, values);
}

static void test_shape(void **state)
{
	struct arena arena CLEANUP(arena_free);
	struct problem_list problems;
	struct value values[1];
	(void)state;
	arena_init(&arena, ARENA_MAX);
	assert_int_equal(take(body, strlen(body), &arena, &problems, values), 0);
	assert_int_equal(values[0].row_count, 2);
	const struct value *row = values[0].rows;
	assert_string_equal(shape_value(&charge_new_shape, row, "identifier")->text, "HIS \xc3\xa9 1");
	assert_int_equal(shape_value(&charge_new_shape, row, "amount")->money.minor, -1230);
	assert_int_equal(shape_value(&charge_new_shape, row, "amount")->money.exponent, 2);
	row += charge_new_shape.count;
	assert_int_equal(shape_value(&charge_new_shape, row, "amount")->money.minor, 100);
	assert_int_equal(shape_value(&charge_new_shape, row, "day")->day, 19782);
	assert_false(shape_value(&charge_new_shape, row, "stay")->given);
	/* Cut off anywhere it is refused with a reason. */
	for (size_t len = 0; len < strlen(body); len++) {
		assert_int_equal(take(body, len, &arena, &problems, values), ERR_INVALID);
		assert_true(problems.count > 0);
	}
}

static void test_shape_refuses(void **state)
{
	static const struct {
		const char *text, *pointer, *code;
	} cases[] = {
		{"{}", "/charges", "member-missing"},
		{"{\"charges\": null}", "/charges", "member-type"},
		{"{\"charges\": [[]]}", "/charges/0", "member-type"},
		{"{\"charges\": [], \"a/b~\": {\"c\": []}}", "/a~1b~0", "member-unknown"},
		{"{\"charges\": [{\"amount\": {\"value\": \"9223372036854775807\", \"currency\": \"CNY\"}}]}",
			"/charges/0/amount/value", "amount-large"},
		{"{\"charges\": [{\"amount\": {\"value\": \"1e2\", \"currency\": \"CNY\"}}]}",
			"/charges/0/amount/value", "decimal-invalid"},
		{"{\"charges\": [{\"amount\": {\"value\": \" 1\", \"currency\": \"CNY\"}}]}", "/charges/0/amount/value",
			"decimal-invalid"},
		{"{\"charges\": [{\"amount\": {\"value\": \"1\", \"currency\": \"XAU\"}}]}",
			"/charges/0/amount/currency", "currency-unknown"},
		{"{\"charges\": [{\"day\": \"2026-09\"}]}", "/charges/0/day", "day-invalid"},
		{"{\"charges\": [{\"identifier\": \"\"}]}", "/charges/0/identifier", "text-empty"},
		{"{\"charges\": [{}], \"charges\": [{}]}", "", "json-duplicate-key"},
		{"[]", "", "member-type"},
		{"7 7", "", "json-invalid"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena arena CLEANUP(arena_free);
		struct problem_list problems;
		struct value values[1];
		bool found = false;
		arena_init(&arena, ARENA_MAX);
		assert_int_equal(take(cases[i].text, strlen(cases[i].text), &arena, &problems, values), ERR_INVALID);
		for (const struct problem_item *item = problems.first; item != NULL; item = item->next)
			found = found || (strcmp(item->pointer, cases[i].pointer) == 0 &&
						 strcmp(item->code, cases[i].code) == 0);
		if (!found) fail_msg("%s: no %s at \"%s\"", cases[i].text, cases[i].code, cases[i].pointer);
	}
}

/* Whichever allocation fails, it is said, and what was read is not taken for whole. */
static void test_shape_memory(void **state)
{
	(void)state;
	for (long n = 0;; n++) {
		struct arena arena CLEANUP(arena_free);
		struct problem_list problems;
		struct value values[1];
		arena_init(&arena, ARENA_MAX);
		mem_fail_at(n, true);
		int r = take(body, strlen(body), &arena, &problems, values);
		long failures = mem_failures();
		mem_fail_at(-1, false);
		if (failures == 0) {
			assert_int_equal(r, 0);
			return;
		}
		assert_int_equal(r, ERR_NOMEM);
	}
}

/* ---- lanes ---- */

#define TURNS 12

struct lane_lab {
	struct lanes lanes;
	struct lane_turn turns[TURNS];
	char order[TURNS + 1]; /* hospitals as their turns came */
};

static void came(struct lane_lab *lab, const struct lane_turn *turn)
{
	lab->order[strlen(lab->order)] = (char)turn->hospital_id.b[0];
}

/* ERR_LIMIT, else whether it goes at once. */
static int enter(struct lane_lab *lab, size_t n, char hospital)
{
	struct uuid id = {{(uint8_t)hospital}};
	bool now;
	int r = lanes_enter(&lab->lanes, &lab->turns[n], &id, &now);
	if (r == 0 && now) came(lab, &lab->turns[n]);
	return r < 0 ? r : now;
}

static void end_first(struct lane_lab *lab)
{
	struct lane_turn *turn = CONTAINER_OF(list_first(&lab->lanes.running), struct lane_turn, node);
	turn = lanes_leave(&lab->lanes, turn);
	if (turn != NULL) came(lab, turn);
}

static struct lane_lab lane_lab(size_t running, size_t of_hospital)
{
	return (struct lane_lab){.lanes = {.running_max = running,
					 .hospital_running_max = of_hospital,
					 .waiting_max = 6,
					 .hospital_waiting_max = 4}};
}

static void test_lanes_go_round(void **state)
{
	(void)state;
	struct lane_lab lab = lane_lab(1, 1);
	lanes_init(&lab.lanes);
	const char arriving[] = "AAAABBC";
	for (size_t i = 0; i < strlen(arriving); i++) assert_int_equal(enter(&lab, i, arriving[i]), i == 0);
	for (size_t i = 0; i < strlen(arriving); i++) {
		/* Who comes back behind his last goes on where he was. */
		if (i == 2) assert_int_equal(enter(&lab, 7, 'C'), 0);
		end_first(&lab);
	}
	assert_string_equal(lab.order, "ABCABCAA");
	end_first(&lab);
	assert_true(list_empty(&lab.lanes.running));
	assert_int_equal(lab.lanes.running_count + lab.lanes.waiting_count, 0);
}

static void test_lanes_have_ends(void **state)
{
	(void)state;
	struct lane_lab lab = lane_lab(3, 2);
	lanes_init(&lab.lanes);
	for (size_t i = 0; i < 6; i++) assert_int_equal(enter(&lab, i, 'A'), i < 2);
	assert_int_equal(enter(&lab, 6, 'A'), ERR_LIMIT);
	/* The third place is for others. */
	assert_int_equal(enter(&lab, 6, 'B'), 1);
	assert_int_equal(enter(&lab, 7, 'B'), 0);
	assert_int_equal(enter(&lab, 8, 'C'), 0);
	assert_int_equal(enter(&lab, 9, 'C'), ERR_LIMIT);
	/* One that waits goes away: its place is free, and nobody's turn has come. */
	assert_null(lanes_leave(&lab.lanes, &lab.turns[8]));
	assert_int_equal(enter(&lab, 8, 'C'), 0);
	while (!list_empty(&lab.lanes.running)) end_first(&lab);
	assert_int_equal(lab.lanes.running_count + lab.lanes.waiting_count, 0);
	assert_int_equal(strlen(lab.order), 9);
}

static void test_document(void **state)
{
	struct text_span text;
	struct json_error error;
	(void)state;
	struct arena arena CLEANUP(arena_free);
	arena_init(&arena, ARENA_MAX);
	assert_int_equal(openapi_write("https://localhost:8443", &arena, &text), 0);
	assert_int_equal(json_check(text.ptr, text.len, &arena.zf, JSON_DEPTH_DEFAULT, JSON_BYTES_DEFAULT, &error), 0);
	/* The table keeps its own promises. A link has a byte for the operation's number. */
	assert_true(operation_count() <= UINT8_MAX + 1);
	int inspected = 0;
	for (size_t i = 0; i < operation_count(); i++) {
		const struct operation *operation = operation_at(i);
		bool asks = operation->kind != OPERATION_DOCUMENT;
		assert_true((operation->scope != 0) == asks);
		assert_int_equal(operation->kind == OPERATION_ACT, operation->request != NULL);
		assert_int_equal(operation->kind == OPERATION_FILE || operation->kind == OPERATION_UPLOAD,
			operation->media != NULL);
		if (operation->media != NULL) assert_non_null(operation->once);
		assert_int_equal(operation->kind == OPERATION_FILE, operation->file_bytes_max > 0);
		if (operation->kind == OPERATION_ACT && operation->statement != DESK_NONE)
			assert_non_null(operation->refusals);
		if (operation->versioned) (void)shape_column(operation->answer, "version");
		/* Inspectors change nothing. */
		inspected += operation_inspected(operation) != NULL;
		if (operation_inspected(operation) != NULL) assert_int_equal(operation->method, HTTP_GET);
		if (operation->statement != DESK_NONE) assert_non_null(desk_sql[operation->statement].sql);
	}
	assert_int_equal(inspected, 13);
}

/* Whatever matching may say has a word, and nothing comes behind the last one. */
static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < MATCH_WAIT_COUNT; i++) assert_non_null(shape_waits[i]);
	assert_null(shape_waits[MATCH_WAIT_COUNT]);
	for (size_t i = 0; i <= MATCH_OWN; i++) assert_non_null(shape_match_kinds[i]);
	assert_null(shape_match_kinds[MATCH_OWN + 1]);
	for (size_t i = 0; i <= MATCH_PART_STAYS; i++) assert_non_null(shape_part_kinds[i]);
	assert_null(shape_part_kinds[MATCH_PART_STAYS + 1]);
}

static void test_spool(void **state)
{
	static uint8_t piece[100003], back[100003];
	struct spool *spool;
	size_t len;
	uint64_t at = 0;
	(void)state;
	assert_int_equal(spool_new("/nowhere", &spool), ERR_SYS);
	assert_int_equal(spool_new("/var/tmp", &spool), 0);
	for (size_t n = 1; n < sizeof(piece); n = n * 3 + 1) {
		for (size_t i = 0; i < n; i++) piece[i] = (uint8_t)((at + i) * 7 + ((at + i) >> 9));
		assert_int_equal(spool_write(spool, piece, n), 0);
		at += n;
	}
	for (uint64_t from = 0; from < at; from += 997) {
		assert_int_equal(spool_read(spool, from, back, 1501, &len), 0);
		assert_int_equal(len, at - from < 1501 ? at - from : 1501);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(back[i], (uint8_t)((from + i) * 7 + ((from + i) >> 9)));
	}
	assert_int_equal(spool_read(spool, at, back, 10, &len), 0);
	assert_int_equal(len, 0);
	spool_free(spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_shape_refuses),
		cmocka_unit_test(test_shape_memory),
		cmocka_unit_test(test_lanes_go_round),
		cmocka_unit_test(test_lanes_have_ends),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_spool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
