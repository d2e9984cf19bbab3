/* Inspectors: they read a hospital's reports while their time lasts, nothing else, and never unseen. */
#include "ctl_world.h"

#include "settle/match.h"

static struct ctl_world world;
static char pass[128];

static int64_t looks(const char *where)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.inspector_look WHERE %s", where);
}

/* Grants for a month from now at HZ1; the pass in its file. */
static void granted(const char *name)
{
	assert_ctl(&world, 0,
		"inspector grant '%s' --until $(date +%%Y-%%m-%%d -d '+30 days') --why 'audit of 2026' --who li --hospital HZ1 --json",
		name);
	json_t *root = world_json(&world);
	snprintf(pass, sizeof(pass), "%s", json_string_value(json_object_get(root, "pass")));
	json_decref(root);
	assert_int_equal(strlen(pass), 64);
	world_file(&world, "pass", pass, 0600);
}

/* As the inspector's role: the statement is refused with that SQLSTATE. */
static void refused(const char *sql, const char *sqlstate)
{
	world_sql(&world, "RESET ROLE; SET zhifu.hospital_id = '" HOSPITAL_A
			  "'; SET search_path = zhifu; SET ROLE zhifu_inspector");
	int r = db_sync_script(world.db, sql);
	if (r == 0 || strcmp(db_sync_sqlstate(world.db), sqlstate) != 0) fail_msg("%s: %d %s", sql, r, err_text());
	(void)!db_sync_script(world.db, "ROLLBACK");
	world_sql(&world, "RESET ROLE");
}

static void an_inspector_reads_reports_on_record(void **state)
{
	(void)state;
	granted("Ms. Wu");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.inspector_grant WHERE pass_hash = convert_to('%s', 'UTF8')", pass),
		0);
	static const char *const reports[] = {"open", "open --items", "late", "short", "takeback", "dispute", "denied",
		"overpaid", "scoreboard", "fx", "suspense", "accounts"};
	for (size_t i = 0; i < ARRAY_LEN(reports); i++)
		assert_ctl(&world, 0, "money report %s --hospital HZ1 --inspector '%s/pass'", reports[i], world.folder);
	assert_int_equal(looks("NOT refused"), ARRAY_LEN(reports));
	assert_int_equal(looks("report = 'claims' AND arguments = 'money report open --items --hospital HZ1'"), 1);
	assert_ctl(&world, 0, "inspector looks 'Ms. Wu' --csv");
	assert_non_null(strstr(world.out, "scoreboard"));
	assert_ctl(&world, 0, "inspector list --json");
	assert_non_null(strstr(world.out, "\"looks\":12"));
	assert_null(strstr(world.out, pass));
	assert_int_equal(
		world_count(
			&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'inspector.grant' AND who = 'li'"),
		1);
}

static void nothing_else_is_theirs(void **state)
{
	(void)state;
	granted("Ms. Wu");
	assert_ctl(&world, 2, "claim list --inspector '%s/pass'", world.folder);
	assert_ctl(&world, 2, "inspector list --inspector '%s/pass'", world.folder);
	assert_ctl(&world, 2, "money report open --inspector '%s/none' --hospital HZ1", world.folder);
	assert_ctl(&world, 2, "money report open --inspector '%s/pass'", world.folder); /* of which hospital? */
	assert_ctl(&world, 1, "money report open --inspector '%s/pass' --hospital RY2", world.folder);
	/* not even with the database's own tools */
	static const char *const statements[] = {"SELECT count(*) FROM claim", "SELECT count(*) FROM receivable",
		"SELECT count(*) FROM bank_line", "SELECT count(*) FROM patient_key", "SELECT count(*) FROM posting",
		"SELECT count(*) FROM inspector_look", "DELETE FROM inspector_look",
		"SELECT * FROM operator_hospital_keys('" HOSPITAL_A "')",
		"SELECT inspector_grant('" HOSPITAL_A "', 'me', current_date, 'me', 'why')",
		"SELECT work_assign('" HOSPITAL_A "', '" HOSPITAL_A "', 'short', 'a', 'b', 'c')",
		"SELECT suspense_assign('" HOSPITAL_A "', '" HOSPITAL_A "', 'a', 'b', 'c')",
		"SELECT * FROM inspector_list('" HOSPITAL_A "')"};
	for (size_t i = 0; i < ARRAY_LEN(statements); i++) refused(statements[i], "42501");
	/* nor by anything that comes later, unless it is granted */
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace"
			" AND has_function_privilege('zhifu_inspector', p.oid, 'EXECUTE') AND p.proname NOT LIKE 'report\\_%%'"
			" AND p.proname NOT IN ('inspector_look', 'tenant', 'uuid_floor', 'cluster_is_own')"),
		0);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relkind IN ('r', 'p', 'v')"
			" AND has_any_column_privilege('zhifu_inspector', c.oid, 'SELECT, INSERT, UPDATE')"),
		0);
}

static void no_look_goes_unrecorded(void **state)
{
	char sql[512];

	(void)state;
	granted("Ms. Wu");
	refused("SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)", "42501");
	/* a record that can be taken back is none */
	snprintf(sql, sizeof(sql),
		"BEGIN; SELECT inspector_look('" HOSPITAL_A
		"', '%s', 'open', ''); SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)",
		pass);
	refused(sql, "42501");
	snprintf(sql, sizeof(sql),
		"BEGIN; SAVEPOINT a; SELECT inspector_look('" HOSPITAL_A
		"', '%s', 'open', ''); RELEASE a; SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)",
		pass);
	refused(sql, "42501");
	/* one that stands is of this report, hospital and connection */
	world_sql(&world, "SET zhifu.hospital_id = '" HOSPITAL_A "'; SET ROLE zhifu_inspector");
	world_sql(&world, "SELECT inspector_look('" HOSPITAL_A "', '%s', 'open', '')", pass);
	world_sql(&world, "SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)");
	refused("SELECT * FROM report_fx('" HOSPITAL_A "', current_date, current_date)", "42501");
	refused("SELECT * FROM report_open('" HOSPITAL_B "', NULL, NULL)", "42501");
	/* who logs in as it has no other role */
	struct db_sync *other = NULL;
	snprintf(sql, sizeof(sql), "%s user=zhifu_inspector", world.conninfo);
	assert_int_equal(db_sync_open(sql, "test", &other), 0);
	assert_int_equal(db_sync_script(other, "SET ROLE zhifu_operator"), ERR_DB);
	assert_int_equal(db_sync_script(other, "SET search_path = zhifu; SET zhifu.hospital_id = '" HOSPITAL_A "'"), 0);
	/* also when it has the number of one that looked and is gone */
	struct pg_result *rows = NULL;
	assert_int_equal(db_sync_query(other, "SELECT pg_backend_pid()::int8", NULL, &rows), 0);
	world_sql(&world, "RESET ROLE; UPDATE zhifu.inspector_look SET backend = %d; SET ROLE zhifu_inspector",
		(int)db_rows_int(rows, 0, 0));
	db_sync_rows_free(rows);
	assert_int_equal(db_sync_script(other, "SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)"), ERR_DB);
	assert_string_equal(db_sync_sqlstate(other), "42501");
	db_sync_close(other);
	/* operators read only what they named, too */
	world_sql(&world, "SET zhifu.hospital_id = '" HOSPITAL_B "'; SET ROLE zhifu_operator");
	assert_int_equal(db_sync_script(world.db, "SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)"), ERR_DB);
	world_sql(&world, "RESET ROLE; UPDATE zhifu.inspector_look SET at = now() - interval '6 minutes'");
	refused("SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)", "42501");
}

static void its_end_is_the_databases(void **state)
{
	(void)state;
	granted("Ms. Wu");
	assert_ctl(&world, 0, "money report open --hospital HZ1 --inspector '%s/pass'", world.folder);
	/* the day after its last day */
	world_sql(&world, "UPDATE zhifu.inspector_grant SET last_day = (now() AT TIME ZONE 'Asia/Shanghai')::date - 1");
	assert_ctl(&world, 1, "money report open --hospital HZ1 --inspector '%s/pass'", world.folder);
	assert_non_null(strstr(world.err, "its time is over"));
	assert_int_equal(looks("refused"), 1);
	assert_ctl(&world, 1, "inspector end 'Ms. Wu' --who li --why done --hospital HZ1");
	/* its last day is one of its days */
	world_sql(&world, "UPDATE zhifu.inspector_grant SET last_day = (now() AT TIME ZONE 'Asia/Shanghai')::date");
	assert_ctl(&world, 0, "money report open --hospital HZ1 --inspector '%s/pass'", world.folder);
	/* a look that was allowed ends with it */
	world_sql(
		&world, "SET zhifu.hospital_id = '" HOSPITAL_A "'; SET search_path = zhifu; SET ROLE zhifu_inspector");
	world_sql(&world, "SELECT inspector_look('" HOSPITAL_A "', '%s', 'open', '')", pass);
	assert_ctl(&world, 2, "inspector end 'Ms. Wu' --who li --hospital HZ1");
	assert_ctl(&world, 0, "inspector end 'Ms. Wu' --who li --why 'the audit is over' --hospital HZ1");
	refused("SELECT * FROM report_open('" HOSPITAL_A "', NULL, NULL)", "42501");
	assert_ctl(&world, 1, "money report open --hospital HZ1 --inspector '%s/pass'", world.folder);
	assert_ctl(&world, 0, "inspector list");
	assert_non_null(strstr(world.out, "ended"));
	/* not for ever, and not for yesterday */
	assert_ctl(&world, 1, "inspector grant A --until 2031-01-01 --why x --who li --hospital HZ1");
	assert_ctl(&world, 1, "inspector grant A --until 2020-01-01 --why x --who li --hospital HZ1");
	assert_ctl(&world, 2, "inspector grant A --why x --who li --hospital HZ1");
	assert_ctl(&world, 2, "inspector grant A --until 2031-01-01 --who li --hospital HZ1");
}

/* What persons wrote may name a patient: inspectors get the class of a reason. */
static void what_persons_wrote_stays_in_the_house(void **state)
{
	static const char *const reports[] = {"suspense", "dispute"};

	(void)state;
	granted("Ms. Wu");
	world_sql(&world,
		"INSERT INTO zhifu.bank_line SELECT '" HOSPITAL_A
		"', ('019ab000-0000-7000-8000-00000000000' || n)::uuid, '" HOSPITAL_A
		"', 'USD', sha256(n::text::bytea), 1, '2026-10-01', NULL, 100, 'USD', 2, false, '' FROM generate_series(1, 2) AS n;"
		"INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, owner, reason, wait)"
		" SELECT l.hospital_id, l.line_id, 100, 'USD', 2, '2026-10-01', 'li', 'letter of Zhang San', CASE WHEN right(l.line_id::text, 1)"
		" = '1' THEN %d END FROM zhifu.bank_line l",
		MATCH_WAIT_NOTHING);
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref) VALUES ('" HOSPITAL_A "', '" HOSPITAL_A
		"', 'HZ1XXXXXXXXXXXXX');"
		"INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,"
		" book_minor, billed_day, standing) VALUES ('" HOSPITAL_A "', '" HOSPITAL_A
		"', 'alpha', 'alpha', 'A', 'CNY', 2, 100, 100, 100, '2026-10-01', 4);"
		"INSERT INTO zhifu.work_owner VALUES ('" HOSPITAL_A "', '" HOSPITAL_A
		"', 'dispute', 'chen', 'li', 'letter of Zhang San')");
	for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
		assert_ctl(&world, 0, "money report %s --hospital HZ1 --json", reports[i]);
		assert_non_null(strstr(world.out, "Zhang San"));
		assert_ctl(&world, 0, "money report %s --hospital HZ1 --json --inspector '%s/pass'", reports[i],
			world.folder);
		assert_null(strstr(world.out, "Zhang San"));
	}
	assert_non_null(strstr(world.out, "chen"));
	assert_ctl(&world, 0, "money report suspense --hospital HZ1 --inspector '%s/pass'", world.folder);
	assert_non_null(strstr(world.out, match_wait_text(MATCH_WAIT_NOTHING, false)));
	assert_non_null(strstr(world.out, "as a person noted"));
	assert_ctl(&world, 0, "money report suspense --zh --hospital HZ1 --inspector '%s/pass'", world.folder);
	assert_non_null(strstr(world.out, match_wait_text(MATCH_WAIT_NOTHING, true)));
	/* nor from the functions themselves */
	world_sql(
		&world, "SET zhifu.hospital_id = '" HOSPITAL_A "'; SET search_path = zhifu; SET ROLE zhifu_inspector");
	world_sql(&world, "SELECT inspector_look('" HOSPITAL_A "', '%s', 'suspense', '')", pass);
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM report_suspense('" HOSPITAL_A "', NULL, NULL, NULL, NULL, 9)"),
		2);
	assert_int_equal(world_count(&world, "SELECT count(reason) FROM report_suspense('" HOSPITAL_A
					     "', NULL, NULL, NULL, NULL, 9)"),
		0);
	world_sql(&world,
		"RESET ROLE; TRUNCATE zhifu.bank_line, zhifu.suspense, zhifu.claim_state, zhifu.receivable, zhifu.work_owner");
}

static int none_left(void **state)
{
	(void)state;
	world_sql(&world, "RESET ROLE; TRUNCATE zhifu.inspector_grant, zhifu.inspector_look, zhifu.operator_act");
	return 0;
}

static int start(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_sql(&world, "SET search_path = zhifu; SELECT hospital_open('" HOSPITAL_A
			  "', 'HZ1', 'x', 'Asia/Shanghai', 'CNY', '');"
			  "SELECT hospital_open('" HOSPITAL_B "', 'RY2', 'x', 'Asia/Riyadh', 'SAR', '')");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_inspector_reads_reports_on_record, none_left),
		cmocka_unit_test_setup(nothing_else_is_theirs, none_left),
		cmocka_unit_test_setup(no_look_goes_unrecorded, none_left),
		cmocka_unit_test_setup(its_end_is_the_databases, none_left),
		cmocka_unit_test_setup(what_persons_wrote_stays_in_the_house, none_left),
	};

	return world_main(&world, "ctl-inspector", tests, ARRAY_LEN(tests), start);
}
