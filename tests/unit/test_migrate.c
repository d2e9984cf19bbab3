/* zhifuctl migrate: a fresh database, one that is there, an edited migration, a newer schema, two programs at once. */
#include "ctl_world.h"

static struct ctl_world world;

static void fresh_then_again(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate --json");
	json_t *first = world_json(&world);
	assert_true(json_integer_value(json_object_get(first, "applied")) > 5);
	int64_t version = json_integer_value(json_object_get(first, "version"));
	json_decref(first);
	assert_int_equal(world_count(&world, "SELECT max(version)::int8 FROM public.zhifu_migration"), version);

	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "nothing to do"));
	/* every tenant table is under row-level security */
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'hospital_id'"
			" WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
			" AND NOT c.relrowsecurity"),
		0);
	/* nobody logs in as the owner of the functions that mix hospitals, and the public may call none of them */
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM pg_roles WHERE rolname = 'zhifu_writer' AND rolcanlogin"), 0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.prosecdef"
			" AND (p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) x WHERE x.grantee = 0))"),
		0);
	/* history is written once, by the parent's name as by the partition's, in this month's as in one made later */
	world_sql(&world, "SELECT zhifu.partition_ensure(now() + interval '3 months', 1)");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM pg_class c CROSS JOIN unnest('{INSERT,UPDATE,DELETE}'::text[]) p WHERE c.relispartition"
			" AND c.relnamespace = 'zhifu'::regnamespace AND c.relkind = 'r' AND has_table_privilege('zhifu_writer', c.oid, p)"),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM unnest('{claim,claim_event,idempotency,posting,adjudication,"
			"export_ledger,remittance,operator_act}'::text[]) t CROSS JOIN unnest('{UPDATE,DELETE}'::text[]) p"
			" WHERE has_table_privilege('zhifu_writer', 'zhifu.' || t, p)"),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM unnest('{message,remittance_detail,exchange,claim_state}'::text[]) t"
			" WHERE has_table_privilege('zhifu_writer', 'zhifu.' || t, 'DELETE')"),
		0);
}

static void edited_is_refused(void **state)
{
	(void)state;
	world_sql(&world, "UPDATE public.zhifu_migration SET checksum = 'x' || substr(checksum, 2) WHERE version = 2");
	assert_ctl(&world, 1, "migrate");
	assert_non_null(strstr(world.err, "was changed after it was applied"));
	world_sql(&world, "DROP SCHEMA zhifu CASCADE; DROP TABLE public.zhifu_migration");
	assert_ctl(&world, 0, "migrate");
}

static void newer_is_refused(void **state)
{
	(void)state;
	world_sql(&world,
		"INSERT INTO public.zhifu_migration (version, name, checksum) VALUES (9999, '9999_later.sql', 'x')");
	assert_ctl(&world, 1, "migrate");
	assert_non_null(strstr(world.err, "use the newer program"));
	world_sql(&world, "DELETE FROM public.zhifu_migration WHERE version = 9999");
	assert_ctl(&world, 0, "migrate");
}

/* The second one waits for the first one's lock and finds nothing to do. */
static void two_at_once(void **state)
{
	(void)state;
	world_sql(&world, "DROP SCHEMA zhifu CASCADE; DROP TABLE public.zhifu_migration");
	char line[2048];
	snprintf(line, sizeof(line),
		"'%s' --config '%s/zhifud.conf' migrate --json >'%s/one' 2>&1 & one=$!;"
		"'%s' --config '%s/zhifud.conf' migrate --json >'%s/two' 2>&1 & two=$!; wait $one && wait $two",
		world.program, world.folder, world.folder, world.program, world.folder, world.folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(
		world_count(&world, "SELECT count(*) - count(DISTINCT version) FROM public.zhifu_migration"), 0);
	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "nothing to do"));
}

/* A migration that fails leaves nothing of itself behind, and the next try goes on from there. */
static void broken_is_rolled_back(void **state)
{
	(void)state;
	world_sql(&world, "DROP SCHEMA zhifu CASCADE; DROP TABLE public.zhifu_migration; CREATE SCHEMA zhifu");
	assert_ctl(&world, 1, "migrate");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM public.zhifu_migration"), 0);
	world_sql(&world, "DROP SCHEMA zhifu");
	assert_ctl(&world, 0, "migrate");
}

/* What a dump brings from another cluster has numbers of transactions that mean nothing here. */
static void restored_counts_as_old(void **state)
{
	char host[64];
	char conninfo[160];
	char line[2048];
	struct db_sync *db = NULL;
	struct pg_result *rows = NULL;

	(void)state;
	world_sql(&world,
		"SET search_path = zhifu; SELECT hospital_open('019ab000-0000-7000-8000-00000000000a', 'HZ1', 'x', 'Asia/Shanghai', 'CNY', '');"
		"INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" source_id, posted) SELECT '019ab000-0000-7000-8000-00000000000a', gen_random_uuid(), 1, 'CASH', 'REV-MED', n, 'CNY', 2, n,"
		" '2026-10-01', 'bill', gen_random_uuid(), n * 1000000 FROM generate_series(1, 3) n; RESET search_path");
	assert_int_equal(pg_cluster_start("restored", host, conninfo), 0);
	snprintf(line, sizeof(line),
		"b=${ZHIFU_PG_BIN:-/usr/lib/postgresql/15/bin}; \"$b/pg_dumpall\" -r -d '%s' | grep -v 'ROLE postgres' | \"$b/psql\" -qX"
		" -v ON_ERROR_STOP=1 -d '%s' && \"$b/pg_dump\" -Fc -d '%s' | \"$b/pg_restore\" -e -d '%s'",
		world.conninfo, conninfo, world.conninfo, conninfo);
	assert_int_equal(system(line), 0);
	/* not here, where they were made */
	assert_ctl(&world, 0, "migrate");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.posting WHERE posted > 0"), 3);
	snprintf(line, sizeof(line),
		"sed 's#host=%s#host=%s#' '%s/zhifud.conf' >'%s/restored.conf' && '%s' --config '%s/restored.conf' migrate",
		world.cluster, host, world.folder, world.folder, world.program, world.folder);
	for (int i = 0; i < 2; i++) assert_int_equal(system(line), 0);
	assert_int_equal(db_sync_open(conninfo, "test", &db), 0);
	assert_int_equal(db_sync_query(db, "SELECT count(*) FILTER (WHERE posted = 0), count(*) FROM zhifu.posting",
				 NULL, &rows),
		0);
	assert_int_equal(db_rows_int(rows, 0, 0), 3);
	assert_int_equal(db_rows_int(rows, 0, 1), 3);
	db_sync_rows_free(rows);
	/* what is posted from now on has numbers of this one, and keeps them */
	assert_int_equal(db_sync_script(db, "UPDATE zhifu.posting SET posted = 7 WHERE amount_minor = 1"), 0);
	assert_int_equal(system(line), 0);
	assert_int_equal(db_sync_query(db, "SELECT sum(posted)::int8 FROM zhifu.posting", NULL, &rows), 0);
	assert_int_equal(db_rows_int(rows, 0, 0), 7);
	db_sync_rows_free(rows);
	db_sync_close(db);
	(void)pg_cluster("destroy", host, "");
	world_sql(&world, "DELETE FROM zhifu.posting");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_then_again),
		cmocka_unit_test(edited_is_refused),
		cmocka_unit_test(newer_is_refused),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(broken_is_rolled_back),
		cmocka_unit_test(restored_counts_as_old),
	};

	return world_main(&world, "migrate", tests, ARRAY_LEN(tests), NULL);
}
