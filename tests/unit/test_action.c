/* A step's actions: kept in order up to the ABI's limit, and whole when memory ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/action.h"
#include "lib/result.h"
#include "lib_arena.h"

static void test_order_and_limit(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct action_list list = {.arena = &arena.zf};
	for (uint32_t i = 0; i < ZF_ACTIONS_MAX; i++) {
		struct zf_action *action = action_add(&list, i % 2 == 0 ? ZF_ACTION_HTTP : ZF_ACTION_WAIT);
		assert_non_null(action);
		action->token = i + 1;
	}
	assert_null(action_add(&list, ZF_ACTION_DONE));
	assert_null(action_add_fact(&list, ZF_FACT_PENDED));
	assert_int_equal(list.count, ZF_ACTIONS_MAX);
	for (uint32_t i = 0; i < ZF_ACTIONS_MAX; i++) {
		assert_int_equal(list.actions[i]->size, sizeof(struct zf_action));
		assert_int_equal(list.actions[i]->kind, i % 2 == 0 ? ZF_ACTION_HTTP : ZF_ACTION_WAIT);
		assert_int_equal(list.actions[i]->token, i + 1);
		assert_null(list.actions[i]->fact);
	}
	list.count = 1;
	assert_non_null(action_add(&list, ZF_ACTION_DONE));
	assert_int_equal(list.actions[1]->kind, ZF_ACTION_DONE);
	assert_int_equal(list.actions[1]->token, 0);
}

static void test_fact(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct action_list list = {.arena = &arena.zf};
	struct zf_fact *fact = action_add_fact(&list, ZF_FACT_QUERIED);
	assert_non_null(fact);
	assert_int_equal(fact->size, sizeof(*fact));
	assert_int_equal(fact->kind, ZF_FACT_QUERIED);
	assert_null(fact->claim_ref);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.actions[0]->kind, ZF_ACTION_FACT);
	assert_ptr_equal(list.actions[0]->fact, fact);
}

/* Whichever allocation fails, what was added before stays and nothing half made is in the list. */
static void test_no_memory(void **state)
{
	(void)state;
	for (long fail_at = 0; fail_at < 60; fail_at++) {
		LIB_ARENA(arena);
		struct action_list list = {.arena = &arena.zf};
		arena.fail_at = fail_at;
		uint32_t added = 0;
		while (added < 40 && action_add_fact(&list, ZF_FACT_PENDED) != NULL) added++;
		assert_true(added < 40);
		assert_int_equal(list.count, added);
		arena.fail_at = -1;
		assert_non_null(action_add_fact(&list, ZF_FACT_CANCELLED));
		for (uint32_t i = 0; i < added; i++) assert_int_equal(list.actions[i]->fact->kind, ZF_FACT_PENDED);
		assert_int_equal(list.actions[added]->fact->kind, ZF_FACT_CANCELLED);
	}
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(verdict_read(0), ZF_OK);
	assert_int_equal(verdict_write(0), ZF_OK);
	assert_int_equal(verdict_read(LIB_NOMEM), ZF_NOMEM);
	assert_int_equal(verdict_write(LIB_NOMEM), ZF_NOMEM);
	static const int others[] = {LIB_INVALID, LIB_LIMIT, LIB_INEXACT};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(verdict_read(others[i]), ZF_MALFORMED);
		assert_int_equal(verdict_write(others[i]), ZF_REJECT);
	}
}

/* Which verdict brings faults, actions or both. */
static void test_result(void **state)
{
	(void)state;
	static const struct {
		int32_t verdict;
		bool goes_on, faults, actions;
	} rows[] = {
		{ZF_OK, false, false, true},
		{ZF_REJECT, false, true, false},
		{ZF_REJECT, true, true, false},
		{ZF_MALFORMED, false, true, false},
		{ZF_MALFORMED, true, true, true},
		{ZF_RETRY, true, false, false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LIB_ARENA(arena);
		struct action_list list = {.arena = &arena.zf};
		struct fault_list faults;
		struct zf_result result = {.size = sizeof(result)};
		fault_list_init(&faults, &arena.zf, 0);
		fault_add(&faults, FAULT_WIRE_ANSWER, "Claim", "PaymentAmount", NULL);
		assert_non_null(action_add(&list, ZF_ACTION_DONE));
		assert_int_equal(action_result(&list, rows[i].verdict, rows[i].goes_on, &faults, true, &result),
			rows[i].verdict);
		assert_int_equal(result.fault_count, rows[i].faults ? 1 : 0);
		assert_int_equal(result.action_count, rows[i].actions ? 1 : 0);
		assert_int_equal(result.goes_on, rows[i].verdict == ZF_MALFORMED && rows[i].goes_on);
		if (rows[i].faults) {
			const char *english = fault_text_en(&arena.zf, &faults.items[0]);
			assert_string_equal(result.faults[0]->path, "Claim");
			assert_memory_equal(result.faults[0]->text, english, strlen(english));
			assert_non_null(strstr(result.faults[0]->text, fault_text_zh(&arena.zf, &faults.items[0])));
			assert_int_equal(
				faults_export(&faults, false, &arena.zf, &result.faults, &result.fault_count), 0);
			assert_string_equal(result.faults[0]->text, english);
		}
		faults.no_memory = true;
		assert_int_equal(action_result(&list, rows[i].verdict, false, &faults, true, &result), ZF_NOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_limit),
		cmocka_unit_test(test_fact),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_result),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
