/* zhifuctl money dispute: opened, appealed, won, lost and given up, and open again when what gave it up is undone. */
#include "finance_world.h"

static int64_t in_books(const char *account)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE debit WHEN '%s' THEN book_minor ELSE -book_minor END), 0)::int8 FROM zhifu.posting"
		" WHERE '%s' IN (debit, credit)",
		account, account);
}

/* A claim of 1,000.00 of which 700.00 came in October. */
static void paid_short(int claim, int line)
{
	owed(claim, "alpha", "alpha", "CNY", 100000, 30000, 100000, "2026-09-01", "2026-10-01", 1);
	owed_back(claim, claim, "bill", "AR-ALPHA", "REV-MED", 100000, "2026-09-01", claim);
	line_of(line, "CNY", "CNY", 70000, "2026-10-05");
	allocated(line + 200, line, claim, 0, 0, 70000, "CNY", 70000, 0);
	owed_back(line + 200, claim, "match_paid", "SUSP", "AR-ALPHA", 70000, "2026-10-06", line);
}

static const char *dispute_of(int claim)
{
	assert_ctl(&world, 0, "money dispute list --all --json");
	return told("disputes", row_of("disputes", "claim", refs[claim]), "state");
}

static void a_short_payment_is_disputed(void **state)
{
	(void)state;
	paid_short(8, 101);
	assert_ctl(&world, 2, "money dispute open %s --who li", refs[8]);
	assert_ctl(&world, 1, "money dispute appeal %s --who li", refs[8]);
	assert_non_null(strstr(world.err, "not in dispute"));
	assert_ctl(&world, 0,
		"money dispute open %s --reason CO-45 --words 'Ms Mueller had no choice' --owner zhao --who li",
		refs[8]);
	assert_ctl(&world, 1, "money dispute open %s --reason CO-45 --who li", refs[8]);
	assert_non_null(strstr(world.err, "already"));
	/* It is on another list then, and whose it is was said. */
	assert_ctl(&world, 0, "money report short");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_ctl(&world, 0, "money dispute appeal %s --sent 2026-10-09 --due 2026-11-08 --who zhao", refs[8]);
	assert_ctl(&world, 1, "money dispute appeal %s --sent 2026-10-09 --due 2026-10-08 --who zhao", refs[8]);
	assert_ctl(&world, 1, "money dispute appeal %s --sent 2026-08-31 --who zhao", refs[8]);
	assert_ctl(&world, 0, "money report dispute --json");
	assert_string_equal(told("items", 0, "claim"), refs[8]);
	assert_string_equal(told("items", 0, "owner"), "zhao");
	assert_string_equal(told("items", 0, "amount"), "300.00");
	assert_string_equal(told("items", 0, "due"), "2026-11-08");
	assert_ctl(&world, 0, "money dispute show %s --json", refs[8]);
	assert_string_equal(told("steps", 0, "words"), "Ms Mueller had no choice");
	assert_string_equal(told("steps", 1, "step"), "appeal");
	assert_string_equal(told("steps", 1, "day"), "2026-10-09");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.dispute_step WHERE position('Mueller'::bytea IN content) > 0"),
		0);
	/* The rest comes: it is won, by a payment. */
	assert_ctl(&world, 1, "money dispute won %s --by paid --who zhao", refs[8]);
	assert_non_null(strstr(world.err, "no money has come"));
	line_of(102, "CNY", "CNY", 30000, "2026-11-05");
	allocated(302, 102, 8, 0, 0, 30000, "CNY", 30000, 0);
	world_sql(&world, "UPDATE zhifu.allocation SET made_at = now() WHERE allocation_id = '" ID_A "0302';"
			  "UPDATE zhifu.receivable SET open_minor = 0, standing = 2");
	assert_ctl(&world, 2, "money dispute won %s --by luck --who zhao", refs[8]);
	assert_ctl(&world, 0, "money dispute won %s --by paid --who zhao", refs[8]);
	assert_string_equal(dispute_of(8), "won");
	assert_ctl(&world, 0, "money dispute list");
	assert_non_null(strstr(world.out, "nothing is in dispute"));
}

static void may_write_off(void)
{
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"write_off_roles = ({role = \"cashier\"; people = [\"li\"]; limit = \"500.00\";});\n",
		0600);
}

/* Lost: written off, the patient's, or no revenue; and the scoreboard counts who won. */
static void lost_disputes_are_given_up(void **state)
{
	size_t alpha;

	(void)state;
	paid_short(8, 101);
	paid_short(9, 102);
	paid_short(10, 103);
	paid_short(11, 104);
	for (int claim = 8; claim <= 11; claim++) {
		assert_ctl(&world, 0, "money dispute open %s --reason late --who li", refs[claim]);
		assert_ctl(&world, 0, "money report short");
	}
	assert_ctl(&world, 2, "money dispute lost %s --who li", refs[8]);
	assert_ctl(&world, 1, "money dispute lost %s --as writeoff --who mallory", refs[8]);
	assert_non_null(strstr(world.err, "write_off_roles"));
	assert_ctl(&world, 1, "money dispute lost %s 300.01 --as patient --who li", refs[8]);
	assert_non_null(strstr(world.err, "at most 300.00"));
	assert_string_equal(dispute_of(8), "open");
	assert_ctl(
		&world, 0, "money dispute lost %s 100.00 --as patient --words 'she signed for it' --who li", refs[8]);
	assert_int_equal(in_books("AR-PT"), 10000);
	assert_int_equal(in_books("AR-ALPHA"), 4 * 30000 - 10000);
	assert_ctl(&world, 0, "money report short --json"); /* the rest is short as before */
	assert_string_equal(told("items", 0, "amount"), "200.00");
	assert_ctl(&world, 0, "money report patient --json"); /* and the patient's is the cashier's */
	assert_string_equal(told("items", 0, "claim"), refs[8]);
	assert_string_equal(told("items", 0, "amount"), "100.00");
	assert_string_equal(told("items", 0, "owner"), "cashier");
	assert_ctl(&world, 1, "money dispute lost %s --as revenue --who li", refs[9]);
	assert_non_null(strstr(world.err, "write_off_roles"));
	may_write_off();
	assert_ctl(&world, 0, "money dispute lost %s --as revenue --who li", refs[9]);
	assert_int_equal(in_books("REV-MED"), -4 * 100000 + 30000);
	assert_ctl(&world, 0, "money dispute withdraw %s --who li", refs[11]);
	assert_ctl(&world, 0, "money dispute won %s --by decision --reason N1 --who li", refs[10]);
	assert_ctl(&world, 0, "money dispute list --all --json");
	assert_int_equal(rows_told("disputes"), 4);
	assert_string_equal(dispute_of(8), "lost");
	assert_string_equal(told("disputes", row_of("disputes", "claim", refs[9]), "outcome"), "revenue");
	assert_string_equal(told("disputes", row_of("disputes", "claim", refs[11]), "state"), "withdrawn");
	assert_ctl(&world, 0, "money report dispute");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_ctl(&world, 0, "money report scoreboard --json");
	alpha = row_of("scoreboard", "role", "carrier");
	assert_string_equal(told("scoreboard", alpha, "disputes"), "3");
	assert_string_equal(told("scoreboard", alpha, "won"), "1");
}

static void write_off_undo(void)
{
	assert_ctl(&world, 0, "money writeoff undo %s --why 'they will pay' --hospital HZ1 --who li",
		world_text(&world, "SELECT write_off_id::text FROM zhifu.write_off WHERE undone_entry IS NULL"));
}

/* The claim is in dispute about all that is short of it, looked after and due as before, and on no other list. */
static void disputed_as_before(int claim)
{
	assert_string_equal(dispute_of(claim), "open");
	assert_ctl(&world, 0, "money report short");
	assert_non_null(strstr(world.out, "nothing to do"));
	assert_ctl(&world, 0, "money report dispute --json");
	assert_int_equal(rows_told("items"), 1);
	assert_string_equal(told("items", 0, "claim"), refs[claim]);
	assert_string_equal(told("items", 0, "amount"), "300.00");
	assert_string_equal(told("items", 0, "standing"), "disputed");
	assert_string_equal(told("items", 0, "owner"), "zhao");
	assert_string_equal(told("items", 0, "due"), "2026-11-08");
	assert_int_equal(in_books("AR-ALPHA"), 30000);
}

/* The loss is undone: the dispute goes on, and is on its list again. */
static void what_was_lost_is_disputed_again(void **state)
{
	static const char *const losses[] = {
		"100.00 --as writeoff", "--as writeoff", "100.00 --as patient", "--as revenue"};
	(void)state;
	may_write_off();
	paid_short(8, 101);
	assert_ctl(&world, 0, "money dispute open %s --reason CO-45 --owner zhao --who li", refs[8]);
	assert_ctl(&world, 0, "money dispute appeal %s --sent 2026-10-09 --due 2026-11-08 --who zhao", refs[8]);
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		assert_ctl(&world, 0, "money dispute lost %s %s --who li", refs[8], losses[i]);
		assert_string_equal(dispute_of(8), "lost");
		assert_ctl(&world, 0, "money report dispute");
		assert_non_null(strstr(world.out, "nothing to do"));
		if (i < 2)
			write_off_undo();
		else
			assert_ctl(&world, 0, "money concession undo %s --why 'they will pay' --hospital HZ1 --who li",
				world_text(&world,
					"SELECT concession_id::text FROM zhifu.concession c WHERE undoes IS NULL"
					" ORDER BY made_at DESC LIMIT 1"));
		disputed_as_before(8);
	}
	assert_int_equal(in_books("BADDEBT"), 0);
	assert_int_equal(in_books("REV-MED"), -100000);
	assert_ctl(&world, 0, "money report scoreboard --json");
	assert_string_equal(told("scoreboard", row_of("scoreboard", "role", "carrier"), "disputes"), "0");
	assert_ctl(&world, 0, "money dispute show %s --json", refs[8]);
	assert_int_equal(rows_told("steps"), 2 + 2 * 4);
	assert_string_equal(told("steps", 2, "step"), "lost");
	assert_string_equal(told("steps", 3, "step"), "again");
	/* Another one was begun since: what is owed again is in that. */
	assert_ctl(&world, 0, "money dispute lost %s 100.00 --as writeoff --who li", refs[8]);
	assert_ctl(&world, 0, "money dispute open %s --reason N2 --who li", refs[8]);
	write_off_undo();
	assert_ctl(&world, 0, "money dispute list --all --json");
	assert_int_equal(rows_told("disputes"), 2);
	assert_ctl(&world, 0, "money report dispute --json");
	assert_string_equal(told("items", 0, "amount"), "300.00");
}

/* As of a day between it was lost. */
static void a_dispute_was_lost_for_a_time(void **state)
{
	static const char *const stood[][2] = {{"2026-10-08", "4"}, {"2026-10-12", "1"}, {"2026-10-22", "4"}};
	(void)state;
	may_write_off();
	paid_short(8, 101);
	assert_ctl(&world, 0, "money dispute open %s --reason CO-45 --who li", refs[8]);
	assert_ctl(&world, 0, "money dispute lost %s 100.00 --as writeoff --who li", refs[8]);
	write_off_undo();
	world_sql(&world,
		"UPDATE zhifu.dispute SET opened_at = '2026-10-06';"
		"UPDATE zhifu.dispute_step SET at = CASE step WHEN 1 THEN '2026-10-06' WHEN 4 THEN '2026-10-10' ELSE '2026-10-20' END::timestamptz");
	for (size_t i = 0; i < ARRAY_LEN(stood); i++)
		assert_string_equal(
			world_text(&world,
				"SELECT zhifu.open_standing(r, '%s', 'Asia/Shanghai')::text FROM zhifu.receivable r",
				stood[i][0]),
			stood[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_short_payment_is_disputed, none_left),
		cmocka_unit_test_setup(lost_disputes_are_given_up, none_left),
		cmocka_unit_test_setup(what_was_lost_is_disputed_again, none_left),
		cmocka_unit_test_setup(a_dispute_was_lost_for_a_time, none_left),
	};

	return world_main(&world, "ctl_dispute", tests, ARRAY_LEN(tests), start);
}
