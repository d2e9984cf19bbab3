/* The hospitals' keys in memory: a list that cannot be taken over leaves the one before in force. */
#include "test_db.h"

#include <stdio.h>
#include <unistd.h>

#include "base/key.h"
#include "base/mem.h"
#include "db/keyhold.h"

#define HOSPITALS 1000 /* more than the chunk that an arena keeps */

static const char *const schema =
	"create schema zhifu;"
	"create table zhifu.k (hospital uuid primary key, wrapped bytea);"
	"create function zhifu.hospital_open(h uuid, text, text, text, text, w bytea, smallint, boolean)"
	" returns table (version integer, wrapped bytea) language sql as $$"
	" insert into zhifu.k values (h, w) on conflict do nothing; select 1, k.wrapped from zhifu.k where k.hospital = h $$;";

static const struct db_table *const tables[] = {&keyhold_table};

static int suite_start(void **state)
{
	(void)state;
	return fixture_start("test-keyhold", schema);
}

static int suite_stop(void **state)
{
	(void)state;
	return fixture_stop();
}

static void on_ready(void *ctx)
{
	++*(int *)ctx;
}

static void test_without_memory_the_old_list_stays(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	char path[] = "/tmp/zf-keyhold-XXXXXX", file[64];
	struct keyring *ring;
	struct keyhold *hold;
	static struct keyhold_hospital list[HOSPITALS];
	int loads = 0, failures = 0, version, r;
	for (uint32_t i = 0; i < HOSPITALS; i++) {
		list[i] = (struct keyhold_hospital){
			.code = "AA1", .name = "One of many", .zone = "Asia/Shanghai", .book_currency = "CNY"};
		memcpy(&list[i].id, &i, sizeof(i));
	}
	assert_non_null(mkdtemp(path));
	(void)snprintf(file, sizeof(file), "%s/keys", path);
	assert_int_equal(keyring_create(file), 0);
	assert_int_equal(keyring_load(file, true, &ring), 0);
	struct db_pool *pool = pool_open((struct db_pool_conf){.tables = tables, .table_count = 1});
	assert_int_equal(keyhold_new(pool, &hold), 0);
	keyhold_on_ready(hold, on_ready, &loads);
	assert_int_equal(keyhold_load(hold, ring, list, 1), 0);
	assert_true(keyhold_awaited(hold));
	LOOP_UNTIL(loads == 1, 5000);
	assert_true(keyhold_ready(hold));
	assert_false(keyhold_awaited(hold));
	for (long n = 0;; n++, failures++) {
		mem_fail_after(n);
		r = keyhold_load(hold, ring, list, HOSPITALS);
		mem_fail_after(-1);
		if (r == 0) break;
		assert_int_equal(r, ERR_NOMEM);
		assert_true(keyhold_ready(hold));
		assert_non_null(keyhold_newest(hold, &list[0].id, &version));
	}
	assert_true(failures > 0);
	/* Of the new list one key is missing yet; the old one goes on meanwhile. */
	assert_false(keyhold_ready(hold));
	assert_false(keyhold_awaited(hold));
	assert_non_null(keyhold_newest(hold, &list[0].id, &version));
	LOOP_UNTIL(loads == 2, 20000);
	assert_true(keyhold_ready(hold));
	assert_non_null(keyhold_newest(hold, &list[HOSPITALS - 1].id, &version));
	keyhold_free(hold);
	db_pool_free(pool);
	keyring_free(ring);
	(void)unlink(file);
	(void)rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_memory_the_old_list_stays)};
	return cmocka_run_group_tests_name("keyhold", tests, suite_start, suite_stop);
}
