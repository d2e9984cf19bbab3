/* What does not come, through zhifuctl: limitation periods with their alert and their interruption (claim L of scenario
 * S5, three years earlier), and writing off within a role's limit. */
#include "ctl_world.h"

#include "base/id.h"

static struct ctl_world world;
static char ref[REF_TEXT_LEN];

#define CLAIM "019ab000-0000-7000-8000-000000000001"

/* The one claim, billed and due on days. */
static void owes(const char *currency, int64_t owed, int64_t book, const char *billed, const char *due)
{
	world_sql(&world,
		"TRUNCATE zhifu.claim_state, zhifu.receivable, zhifu.posting, zhifu.demand, zhifu.write_off, zhifu.operator_act;"
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, books) VALUES ('" HOSPITAL_A "', '" CLAIM
		"', '%s', 1);"
		"INSERT INTO zhifu.receivable VALUES ('" HOSPITAL_A "', '" CLAIM
		"', 'alpha', 'alpha', NULL, NULL, 'A', '%s', 2, %jd, %jd, %jd, '%s', '%s');"
		"INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A "', '" CLAIM
		"', 1, 'AR-ALPHA', 'REV-MED', %jd, '%s', 2, %jd, '%s', 'bill', '" CLAIM "', '" CLAIM "')",
		ref, currency, (intmax_t)owed, (intmax_t)owed, (intmax_t)book, billed, due, (intmax_t)owed, currency,
		(intmax_t)book, billed);
}

static void shows(const char *day, const char *state, const char *ends)
{
	assert_ctl(&world, 0, "money limitation list --hospital HZ1 --all --day %s --json", day);
	json_t *root = world_json(&world);
	json_t *row = json_array_get(json_object_get(root, "limitations"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "state")), state);
	assert_string_equal(json_string_value(json_object_get(row, "ends")), ends);
	json_decref(root);
}

static void a_demand_interrupts(void **state)
{
	(void)state;
	owes("CNY", 100000, 100000, "2020-11-05", "2020-12-05");
	shows("2023-09-05", "runs", "2023-12-05");
	assert_ctl(&world, 0, "money limitation list --hospital HZ1 --day 2023-09-05");
	assert_null(strstr(world.out, ref));
	shows("2023-09-06", "alert", "2023-12-05");
	assert_ctl(&world, 0, "money limitation list --hospital HZ1 --day 2023-09-06 --zh");
	assert_non_null(strstr(world.out, ref));
	shows("2023-12-05", "alert", "2023-12-05");
	shows("2023-12-06", "ended", "2023-12-05");
	assert_ctl(&world, 0, "money demand add %s --delivered 2023-11-20 --why 'by EMS, signed for' --who li", ref);
	shows("2023-12-06", "runs", "2026-11-20");
	/* Too late, too early, and of nothing. */
	assert_ctl(&world, 1, "money demand add %s --delivered 2099-01-01 --why x --who li", ref);
	assert_ctl(&world, 1, "money demand add %s --delivered 2020-11-04 --why x --who li", ref);
	assert_ctl(&world, 2, "money demand add %s --why x --who li", ref);
	owes("CNY", 100000, 100000, "2020-11-05", "2020-12-05");
	assert_ctl(&world, 1, "money demand add %s --delivered 2023-12-06 --why x --who li", ref);
	assert_non_null(strstr(world.err, "had ended before"));
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.demand"), 0);
}

static void configure(const char *interrupts)
{
	char file[1024];

	snprintf(file, sizeof(file),
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"write_off_roles = ({role = \"cashier\"; people = [\"li\", \"wang\"]; limit = \"500.00\";},\n"
		" {role = \"head of finance\"; people = [\"wang\"]; limit = \"5000.00\";});\n%s",
		interrupts);
	world_file(&world, "hospitals.d/a.conf", file, 0600);
}

/* An acknowledgement interrupts as a demand does; a part that is paid, where the hospital says so; each in time. */
static void others_interrupt_by_configuration(void **state)
{
	(void)state;
	owes("CNY", 100000, 100000, "2020-11-05", "2020-12-05");
	world_sql(&world,
		"INSERT INTO zhifu.bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day, amount_minor,"
		" currency, exponent, reversal, content) SELECT '" HOSPITAL_A
		"', ('019ab000-0000-7000-8000-00000000010' || n)::uuid, '" CLAIM
		"', 'CNY', sha256(n::text::bytea), 0, d, 100, 'CNY', 2, false, '' FROM (VALUES (1, date '2021-10-20'), (2, date '2025-06-30')) t (n, d);"
		"INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, claim_id, kind, amount_minor, currency, exponent,"
		" cleared_minor, by_hand, maker) SELECT hospital_id, line_id, 1, line_id, 0, '" CLAIM
		"', 0, 100, 'CNY', 2, 100, false, 'test' FROM zhifu.bank_line");
	shows("2023-01-01", "runs", "2023-12-05");
	assert_ctl(&world, 0, "money demand acknowledge %s --day 2022-03-01 --why 'their letter' --who li", ref);
	assert_ctl(&world, 2, "money demand acknowledge %s --delivered 2022-03-01 --why x --who li", ref);
	shows("2022-02-28", "runs", "2023-12-05");
	shows("2025-01-01", "alert", "2025-03-01");
	configure("limitation_interrupts = [ \"demand\" ];\n");
	shows("2023-01-01", "runs", "2023-12-05");
	configure("limitation_interrupts = [ \"part-payment\" ];\n");
	shows("2023-01-01", "runs", "2024-10-20");
	shows("2025-07-01", "ended", "2024-10-20"); /* what came then came too late */
	configure("limitation_interrupts = [ \"part-payment\", \"acknowledgement\", \"demand\" ];\n");
	shows("2025-02-28", "alert", "2025-03-01");
	configure("limitation_interrupts = [ \"letter\" ];\n");
	assert_ctl(&world, 0, "money limitation list");
	assert_non_null(strstr(world.err, "part-payment"));
	configure("");
	world_sql(&world, "TRUNCATE zhifu.bank_line, zhifu.allocation");
}

/* One page says how many there are. */
static void status_counts_what_comes_to_its_end(void **state)
{
	(void)state;
	owes("CNY", 100000, 100000, "2020-11-05", "2020-12-05");
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "claims that can be enforced no more"));
	assert_null(strstr(world.out, "soon can be enforced"));
	world_sql(&world,
		"UPDATE zhifu.receivable SET due_day = (now() - interval '3 years' + interval '80 days')::date;"
		"INSERT INTO zhifu.bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day,"
		" amount_minor, currency, exponent, reversal, content) VALUES ('" HOSPITAL_A "', '" CLAIM "', '" CLAIM
		"', 'USD', sha256('1'), 0, '2026-01-02', 100, 'USD', 2, false, '');"
		"INSERT INTO zhifu.declaration (hospital_id, no, line_id, ground, credit_day, due_day, due_assumed) VALUES ('" HOSPITAL_A
		"', 1, '" CLAIM "', 1, '2026-01-02', '2026-01-09', true)");
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "claims that soon can be enforced no more"));
	assert_null(strstr(world.out, "claims that can be enforced"));
	assert_non_null(strstr(world.out, "whose declaration is due"));
	world_sql(&world, "TRUNCATE zhifu.bank_line, zhifu.declaration");
	owes("CNY", 100000, 100000, "2026-01-05", "2026-02-05");
	assert_ctl(&world, 0, "status");
	assert_null(strstr(world.out, "enforced"));
	assert_null(strstr(world.out, "declaration"));
}

static int64_t carried(const char *account)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = '%s' THEN book_minor ELSE -book_minor END), 0)::int8 FROM zhifu.posting"
		" WHERE '%s' IN (debit, credit)",
		account, account);
}

static void roles_have_limits(void **state)
{
	(void)state;
	owes("CNY", 100000, 100000, "2025-01-05", "2025-02-05");
	assert_ctl(&world, 1, "money writeoff %s --why gone --who mallory", ref);
	assert_non_null(strstr(world.err, "write_off_roles"));
	assert_ctl(&world, 1, "money writeoff %s --why gone --who li", ref);
	assert_non_null(strstr(world.err, "above the limit"));
	assert_ctl(&world, 2, "money writeoff %s --who li", ref);
	assert_ctl(&world, 2, "money writeoff %s 1.001 --why gone --who li", ref);
	assert_ctl(&world, 1, "money writeoff %s 1000.01 --why gone --who wang", ref);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.write_off"), 0);
	assert_ctl(&world, 0, "money writeoff %s 500.00 --why 'too small to sue' --who li", ref);
	assert_int_equal(carried("AR-ALPHA"), 50000);
	assert_int_equal(carried("BADDEBT"), 50000);
	assert_ctl(
		&world, 1, "money writeoff %s 0.01 --why 'the rest of it' --who li", ref); /* by parts it is no more */
	assert_non_null(strstr(world.err, "above the limit"));
	/* What was provided for is used first. */
	world_sql(&world, "INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
			  "', gen_random_uuid(), 1, 'BADDEBT', 'PROV', 20000, 'CNY', 2, 20000, '2025-06-30',"
			  " 'provision', '" CLAIM "', '" CLAIM "')");
	assert_ctl(&world, 0, "money writeoff %s --why 'bankrupt' --who wang --json", ref);
	assert_non_null(strstr(world.out, "\"role\":\"head of finance\""));
	assert_int_equal(carried("AR-ALPHA"), 0);
	assert_int_equal(carried("PROV"), 0);
	assert_int_equal(carried("BADDEBT"), 100000);
	assert_int_equal(world_count(&world, "SELECT standing::int8 FROM zhifu.receivable"), 2);
	assert_ctl(&world, 1, "money writeoff %s --why again --who wang", ref);
}

/* By a counter-entry it is owed again and provided for as before, and can be given up again. */
static void what_was_given_up_is_owed_again(void **state)
{
	char first[40];

	(void)state;
	owes("CNY", 100000, 100000, "2025-01-05", "2025-02-05");
	world_sql(&world, "INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
			  "', gen_random_uuid(), 1, 'BADDEBT', 'PROV', 20000, 'CNY', 2, 20000, '2025-06-30',"
			  " 'provision', '" CLAIM "', '" CLAIM "')");
	assert_ctl(&world, 0, "money writeoff %s 500.00 --why 'too small to sue' --who li", ref);
	snprintf(first, sizeof(first), "%s", world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off"));
	assert_ctl(&world, 0, "money writeoff %s --why 'bankrupt' --who wang", ref);
	assert_int_equal(carried("AR-ALPHA"), 0);
	assert_int_equal(carried("BADDEBT"), 100000);
	assert_ctl(&world, 2, "money writeoff undo %s --hospital HZ1 --who li", first);
	assert_ctl(&world, 2, "money writeoff undo %s --hospital HZ1 --why x --who li", ref);
	assert_ctl(&world, 1, "money writeoff undo %s --hospital HZ1 --why x --who mallory", first);
	assert_non_null(strstr(world.err, "write_off_roles"));
	assert_ctl(&world, 1, "money writeoff undo " CLAIM " --hospital HZ1 --why x --who li");
	assert_ctl(&world, 0, "money writeoff undo %s --hospital HZ1 --why 'they pay after all' --who li", first);
	assert_string_equal(
		world_undone(&world, "write_off"), "AR-ALPHA PROV 20000 CNY 20000; AR-ALPHA BADDEBT 30000 CNY 30000");
	assert_int_equal(carried("AR-ALPHA"), 50000);
	assert_int_equal(carried("PROV"), -20000);
	assert_int_equal(carried("BADDEBT"), 70000);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable WHERE standing = 1"), 50000);
	assert_ctl(&world, 1, "money writeoff undo %s --hospital HZ1 --why again --who li", first);
	assert_non_null(strstr(world.err, "undone before"));
	/* Who may not give it up may not take that back. */
	world_sql(&world,
		"UPDATE zhifu.write_off SET book_minor = 60000, limit_minor = 60000 WHERE undone_entry IS NULL");
	assert_ctl(&world, 1, "money writeoff undo %s --hospital HZ1 --why x --who li",
		world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off WHERE undone_entry IS NULL"));
	assert_non_null(strstr(world.err, "above the limit"));
	world_sql(&world, "UPDATE zhifu.write_off SET book_minor = 50000 WHERE undone_entry IS NULL");
	assert_ctl(&world, 0, "money writeoff list --hospital HZ1 --json");
	json_t *root = world_json(&world);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(root, "write_offs"), 0), "undone_by")),
		"li");
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(root, "write_offs"), 1), "undone_by")));
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(json_array_get(json_object_get(root, "totals"), 0), "total"), "amount")),
		"500.00");
	json_decref(root);
	assert_ctl(&world, 1, "money writeoff %s --why 'bankrupt' --who li", ref); /* with the other it is too much */
	assert_ctl(&world, 0, "money writeoff %s --why 'bankrupt' --who wang", ref);
	assert_int_equal(carried("AR-ALPHA"), 0);
	assert_int_equal(carried("PROV"), 0);
	assert_int_equal(carried("BADDEBT"), 100000);
	assert_ctl(&world, 0, "money rules check --hospital HZ1");
	/* Two at once are one. */
	snprintf(first, sizeof(first), "%s",
		world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off ORDER BY made_at DESC LIMIT 1"));
	char line[2048];
	snprintf(line, sizeof(line),
		"for i in 1 2 3; do ( '%s' --config '%s/zhifud.conf' money writeoff undo %s --hospital HZ1 --why x --who wang"
		" >/dev/null 2>&1; echo $? >\"%s/rc$i\" ) & done; wait; test \"$(cat '%s'/rc[123] | sort | tr -d '\\n')\" = 011",
		world.program, world.folder, first, world.folder, world.folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(carried("AR-ALPHA"), 50000);
	/* What was decided lower since had been put back: there is nothing to undo any more. */
	world_sql(&world, "INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
			  "', gen_random_uuid(), 1, 'AR-ALPHA', 'BADDEBT', 1, 'CNY', 2, 1, '2025-06-30',"
			  " 'give_up_back', '" CLAIM "', '" CLAIM "')");
	assert_ctl(&world, 1, "money writeoff undo %s --hospital HZ1 --why x --who wang",
		world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off WHERE undone_entry IS NULL"));
	assert_non_null(strstr(world.err, "decided lower"));
}

/* It interrupts nothing any more; what came in time only because of it goes before. */
static void a_demand_is_undone(void **state)
{
	char demand[40], said[40];

	(void)state;
	owes("CNY", 100000, 100000, "2017-11-05", "2017-12-05");
	assert_ctl(&world, 0, "money demand add %s --delivered 2020-11-20 --why 'by EMS' --who li", ref);
	assert_ctl(&world, 0, "money demand acknowledge %s --day 2023-01-10 --why 'their letter' --who li", ref);
	shows("2023-06-01", "runs", "2026-01-10");
	snprintf(demand, sizeof(demand), "%s",
		world_text(&world, "SELECT demand_id::text FROM zhifu.demand WHERE kind = 1"));
	snprintf(said, sizeof(said), "%s",
		world_text(&world, "SELECT demand_id::text FROM zhifu.demand WHERE kind = 2"));
	assert_ctl(&world, 2, "money demand undo %s --hospital HZ1 --who li", demand);
	assert_ctl(&world, 1, "money demand undo %s --hospital HZ1 --why 'came back' --who li", demand);
	assert_non_null(strstr(world.err, said));
	configure("limitation_interrupts = [ \"demand\" ];\n"); /* then it was not because of it */
	assert_ctl(&world, 0, "money demand undo %s --hospital HZ1 --why 'came back' --who li", demand);
	configure("");
	world_sql(&world, "UPDATE zhifu.demand SET undone_by = NULL, undone_at = NULL, undone_why = NULL");
	assert_ctl(&world, 0, "money demand undo %s --hospital HZ1 --why 'not theirs' --who li", said);
	shows("2023-06-01", "runs", "2023-11-20");
	assert_ctl(&world, 1, "money demand undo %s --hospital HZ1 --why again --who li", said);
	assert_ctl(&world, 0, "money demand undo %s --hospital HZ1 --why 'came back' --who li", demand);
	shows("2020-11-30", "alert", "2020-12-05");
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE act = 'demand.undo' AND who = 'li'"),
		3);
	assert_ctl(&world, 0, "money demand list --claim %s --json", ref);
	assert_non_null(strstr(world.out, "\"undone_by\":\"li\""));
	assert_ctl(&world, 0, "money demand add %s --delivered 2020-11-20 --why 'by EMS' --who li", ref);
	shows("2023-06-01", "runs", "2023-11-20");
}

/* Where the configuration does not say otherwise the login says who acts. */
static void nobody_borrows_a_name_for_what_has_a_limit(void **state)
{
	char command[512];

	(void)state;
	owes("CNY", 100000, 100000, "2025-01-05", "2025-02-05");
	snprintf(command, sizeof(command), "sed /who_is_stated/d '%s/zhifud.conf' > '%s/bound.conf'", world.folder,
		world.folder);
	assert_int_equal(system(command), 0);
	setenv("USER", "wang", 1); /* whoever sets this is no wang for it */
	snprintf(command, sizeof(command), "--config '%s/bound.conf'", world.folder);
	assert_ctl(&world, 2, "%s money writeoff %s --why gone --who wang", command, ref);
	assert_non_null(strstr(world.err, "who_is_stated"));
	assert_ctl(&world, 1, "%s money writeoff %s --why gone", command, ref);
	assert_non_null(strstr(world.err, "has no role of write_off_roles"));
	assert_null(strstr(world.err, "\"wang\""));
	assert_ctl(&world, 2, "%s money rate set USD CNY 7.1 2025-02-05 --why x --who li", command);
	assert_ctl(&world, 0, "%s money rate set USD CNY 7.1 2025-02-05 --why x --json", command);
	json_t *made = world_json(&world);
	const char *id = json_string_value(json_object_get(made, "id"));
	assert_non_null(id);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.rate WHERE maker IN ('li', 'wang')"), 0);
	assert_ctl(&world, 2, "%s money rate approve %s --why yes --who chen", command, id);
	assert_ctl(&world, 1, "%s money rate approve %s --why yes", command, id); /* typed in by the same */
	json_decref(made);
	/* What has no limit is recorded as it was. */
	assert_ctl(&world, 0, "%s money demand add %s --delivered 2025-03-01 --why x --who li", command, ref);
	assert_ctl(&world, 0, "money writeoff %s 10.00 --why gone --who li", ref); /* where it is configured */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.write_off"), 1);
}

/* What is owed in dollars leaves at what it is carried at, through CONV. */
static void foreign_ones_go_at_their_value(void **state)
{
	(void)state;
	owes("USD", 100000, 712000, "2025-01-05", "2025-02-05");
	assert_ctl(&world, 1, "money writeoff %s 100.00 --why gone --who li", ref); /* 712.00 CNY */
	assert_ctl(&world, 0, "money writeoff %s 100.00 --why gone --who wang", ref);
	assert_int_equal(carried("AR-ALPHA"), 640800);
	assert_int_equal(carried("CONV"), 0);
	assert_int_equal(carried("BADDEBT"), 71200);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 90000);
	assert_ctl(&world, 0, "money writeoff undo %s --hospital HZ1 --why x --who wang",
		world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off"));
	assert_string_equal(
		world_undone(&world, "write_off"), "AR-ALPHA CONV 10000 USD 71200; CONV BADDEBT 71200 CNY 71200");
	assert_int_equal(carried("AR-ALPHA"), 712000);
	assert_int_equal(carried("BADDEBT"), 0);
	assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.receivable"), 100000);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

static int group_begin(void **state)
{
	(void)state;
	ref_new("HZ1", ref);
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	int r = world_start(&world, "ctl_limitation");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	configure("");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_demand_interrupts),
		cmocka_unit_test(others_interrupt_by_configuration),
		cmocka_unit_test(status_counts_what_comes_to_its_end),
		cmocka_unit_test(roles_have_limits),
		cmocka_unit_test(what_was_given_up_is_owed_again),
		cmocka_unit_test(foreign_ones_go_at_their_value),
		cmocka_unit_test(a_demand_is_undone),
		cmocka_unit_test(nobody_borrows_a_name_for_what_has_a_limit),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
