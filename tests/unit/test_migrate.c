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

/* A line of SQL in another database than the world's; the first value. */
static int64_t count_at(const char *conninfo, const char *sql)
{
	struct db_sync *db = NULL;
	struct pg_result *rows = NULL;
	int64_t count;

	assert_int_equal(db_sync_open(conninfo, "test", &db), 0);
	if (db_sync_query(db, sql, NULL, &rows) != 0) fail_msg("%s", err_text());
	count = db_rows_count(rows) > 0 ? db_rows_int(rows, 0, 0) : 0;
	db_sync_rows_free(rows);
	db_sync_close(db);
	return count;
}

/* Dumps the world's database into that of another cluster. */
static void restore_to(const char *conninfo)
{
	char line[2048];

	snprintf(line, sizeof(line),
		"b=${ZHIFU_PG_BIN:-/usr/lib/postgresql/15/bin}; \"$b/pg_dumpall\" -r -d '%s' | grep -v 'ROLE postgres' | \"$b/psql\" -qX"
		" -v ON_ERROR_STOP=1 -d '%s' && \"$b/pg_dump\" -Fc -d '%s' | \"$b/pg_restore\" -e -d '%s'",
		world.conninfo, conninfo, world.conninfo, conninfo);
	assert_int_equal(system(line), 0);
}

#define HOSPITAL "'019ab000-0000-7000-8000-00000000000a'"
#define CARRIED                                                                                                        \
	"(SELECT count(*) FROM zhifu.posting WHERE posted >= 1000000)"                                                 \
	" + (SELECT count(*) FROM zhifu.receivable WHERE changed >= 1000000)"                                          \
	" + (SELECT count(*) FROM zhifu.remittance WHERE changed >= 1000000)"                                          \
	" + (SELECT count(*) FROM zhifu.match_turn WHERE looked_mark >= 1000000 OR begun_mark >= 1000000)"

/* What the cluster itself posted has its numbers after migrate, too, and an open transaction before it changes nothing
 * of that. */
static void own_marks_stay(void)
{
	struct db_sync *older = NULL;

	assert_int_equal(db_sync_open(world.conninfo, "older", &older), 0);
	assert_int_equal(db_sync_script(older, "BEGIN; SELECT txid_current()"), 0);
	world_sql(&world, "UPDATE zhifu.posting SET posted = txid_current()");
	world_sql(&world, "UPDATE zhifu.receivable SET changed = txid_current()");
	world_sql(&world, "UPDATE zhifu.match_turn SET looked_mark = txid_snapshot_xmax(txid_current_snapshot())");
	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.posting WHERE posted > 0"), 3);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.receivable WHERE changed > 0"), 1);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.match_turn WHERE looked_mark > 0"), 1);
	db_sync_close(older);
}

/* What a dump brings from another cluster has numbers of transactions that mean nothing here: nothing is read of it
 * until migrate has put them right. */
static void restored_counts_as_old(void **state)
{
	char host[64];
	char conninfo[160];
	char line[2048];

	(void)state;
	world_sql(&world,
		"SET search_path = zhifu; SELECT hospital_open(" HOSPITAL ", 'HZ1', 'x', 'Asia/Shanghai', 'CNY', '');"
		"INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" source_id, posted) SELECT " HOSPITAL ", gen_random_uuid(), 1, 'CASH', 'REV-MED', n, 'CNY', 2, n,"
		" '2026-10-01', 'bill', gen_random_uuid(), n * 1000000 FROM generate_series(1, 3) n;"
		"INSERT INTO receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,"
		" book_minor, billed_day, due_day, changed) VALUES (" HOSPITAL
		", gen_random_uuid(), 'a', 'a', 'A', 'CNY', 2, 1, 1, 1,"
		" '2026-10-01', '2026-10-01', 9000000);"
		"INSERT INTO remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, balanced, content,"
		" changed) VALUES (" HOSPITAL ", gen_random_uuid(), 'a', 'x', 1, 'CNY', 2, true, '', 9000000);"
		"INSERT INTO match_turn (hospital_id, begun_mark, looked_mark) VALUES (" HOSPITAL
		", 9000001, 9000000); RESET search_path");
	assert_int_equal(pg_cluster_start("restored", host, conninfo), 0);
	restore_to(conninfo);
	/* What is ahead is put right also here, as in a clone that nothing tells from its origin; what is not, stays,
	 * also where an older transaction is still open. */
	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "from another cluster: 3 postings"));
	assert_ctl(&world, 0, "status --json");
	assert_int_equal(world_count(&world, "SELECT " CARRIED), 0);
	own_marks_stay();
	assert_int_equal(count_at(conninfo, "SELECT count(*) FILTER (WHERE NOT zhifu.cluster_is_own())"), 1);
	snprintf(line, sizeof(line),
		"sed 's#host=%s#host=%s#' '%s/zhifud.conf' >'%s/restored.conf' && ! '%s' --config '%s/restored.conf' status 2>'%s/said'"
		" && grep -q 'brought from another cluster.*zhifuctl migrate' '%s/said'",
		world.cluster, host, world.folder, world.folder, world.program, world.folder, world.folder,
		world.folder);
	assert_int_equal(system(line), 0);
	snprintf(line, sizeof(line),
		"'%s' --config '%s/restored.conf' migrate && '%s' --config '%s/restored.conf' status >/dev/null",
		world.program, world.folder, world.program, world.folder);
	for (int i = 0; i < 2; i++) assert_int_equal(system(line), 0);
	assert_int_equal(count_at(conninfo, "SELECT " CARRIED), 0);
	assert_int_equal(count_at(conninfo, "SELECT count(*) FROM zhifu.posting WHERE posted = 0"), 3);
	/* what is posted from now on has numbers of this one, and keeps them */
	(void)count_at(conninfo, "UPDATE zhifu.posting SET posted = 7 WHERE amount_minor = 1");
	assert_int_equal(system(line), 0);
	assert_int_equal(count_at(conninfo, "SELECT sum(posted)::int8 FROM zhifu.posting"), 7);
	(void)pg_cluster("destroy", host, "");
	world_sql(&world,
		"DELETE FROM zhifu.posting; DELETE FROM zhifu.receivable; DELETE FROM zhifu.remittance; DELETE FROM zhifu.match_turn");
}

/* A clone of the cluster has its identifier, but not its transactions. */
static void behind_its_own_transactions(void **state)
{
	(void)state;
	world_sql(&world, "SELECT zhifu.cluster_reach()");
	assert_ctl(&world, 0, "status --json");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FILTER (WHERE reached > 100 AND reached < txid_current()) FROM public.zhifu_cluster"),
		1);
	world_sql(&world, "UPDATE public.zhifu_cluster SET reached = reached + 1000000");
	assert_ctl(&world, 1, "status --json");
	assert_non_null(strstr(world.err, "brought from another cluster"));
	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "from another cluster: 0 postings"));
	assert_ctl(&world, 0, "status --json");
	assert_ctl(&world, 0, "migrate");
	assert_non_null(strstr(world.out, "nothing to do"));
}

/* A standby that is promoted goes on with the identifier and the transactions: there is nothing to be done. */
static void promoted_is_the_same(void **state)
{
	char host[64];
	char line[2048];
	char conninfo[160];

	(void)state;
	world_sql(&world, "SELECT zhifu.cluster_reach()");
	snprintf(host, sizeof(host), "/tmp/zf-promoted-%d", (int)getpid());
	snprintf(conninfo, sizeof(conninfo), "host=%s user=postgres dbname=postgres", host);
	snprintf(line, sizeof(line),
		"b=${ZHIFU_PG_BIN:-/usr/lib/postgresql/15/bin}; as=; [ \"$(id -u)\" != 0 ] || as='runuser -u postgres --';"
		" $as \"$b/pg_basebackup\" -D '%s' -c fast -X stream -R -d '%s' && $as \"$b/pg_ctl\" -D '%s' -w -s -l '%s/log'"
		" -o \"-k '%s' -c listen_addresses=''\" start",
		host, world.conninfo, host, host, host);
	assert_int_equal(system(line), 0);
	world_sql(&world, "SELECT zhifu.cluster_reach()");
	snprintf(line, sizeof(line),
		"b=${ZHIFU_PG_BIN:-/usr/lib/postgresql/15/bin}; as=; [ \"$(id -u)\" != 0 ] || as='runuser -u postgres --';"
		" $as \"$b/pg_ctl\" -D '%s' -w -s promote && sed 's#host=%s#host=%s#' '%s/zhifud.conf' >'%s/promoted.conf'"
		" && '%s' --config '%s/promoted.conf' status --json >/dev/null; status=$?; $as \"$b/pg_ctl\" -D '%s' -s -m immediate stop;"
		" rm -rf '%s'; exit $status",
		host, world.cluster, host, world.folder, world.folder, world.program, world.folder, host, host);
	assert_int_equal(system(line), 0);
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
		cmocka_unit_test(behind_its_own_transactions),
		cmocka_unit_test(promoted_is_the_same),
	};

	return world_main(&world, "migrate", tests, ARRAY_LEN(tests), NULL);
}
