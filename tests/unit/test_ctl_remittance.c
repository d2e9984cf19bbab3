/* Remittance advices through zhifuctl: what balances counts, what does not is parked with its arithmetic until somebody
 * decides, and what is wrong with a file is told at its place. Claims and the ledger of them:
 * tests/system/test_remittance.py.
 */
#include "ctl_world.h"

#include "advice_lab.h"

static struct ctl_world world;
static char last_id[64];

static int64_t count(const char *what)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.%s", what);
}

/* A member of the last output, as text. */
static const char *told(const char *member)
{
	static char text[4096];
	json_t *root = world_json(&world), *value = json_object_get(root, member);

	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%jd", (intmax_t)json_integer_value(value));
	else
		snprintf(text, sizeof(text), "%s", json_is_string(value) ? json_string_value(value) : "null");
	json_decref(root);
	return text;
}

/* Scenario S4 as a letter, with another number and amount. */
static int enter(const char *identifier, const char *amount, const char *why)
{
	struct lab_bytes text = {NULL, 0};
	const char *number = strstr(lab_letter, "MERIDIAN HC"), *sum = strstr(lab_letter, "48499.08");

	lab_put(&text, lab_letter, (size_t)(number - lab_letter));
	lab_text(&text, identifier);
	lab_put(&text, strchr(number, '"'), (size_t)(sum - strchr(number, '"')));
	lab_text(&text, amount);
	lab_text(&text, strchr(sum, '"'));
	world_file(&world, "letter.json", (const char *)text.ptr, 0600);
	free(text.ptr);
	return ctl(&world, "money remittance enter '%s/letter.json' --hospital HZ1 --why '%s' --who li --json",
		world.folder, why);
}

static int import(const char *name, struct lab_bytes bytes, const char *more)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", world.folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
	free(bytes.ptr);
	return ctl(&world, "money remittance import '%s' --profile meridian --hospital HZ1 --who li %s", path, more);
}

static int none_left(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.advice, zhifu.remittance, zhifu.remittance_detail, zhifu.fact, zhifu.posting, zhifu.posting_unvalued,"
		" zhifu.operator_act");
	return 0;
}

static void what_balances_counts_once_in_any_form(void **state)
{
	static const struct lab_book plain = {.sheet_name = NULL};
	(void)state;
	if (import("s4.xlsx", lab_xlsx(lab_s4, &plain), "--json") != 0) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(told("outcome"), "counts");
	assert_string_equal(told("arithmetic"),
		"paid 51,493.90, taken back -1,450.00, fees -1,544.82: together 48,499.08 CNY, as the advice says");
	assert_string_equal(told("strangers"), "7");
	snprintf(last_id, sizeof(last_id), "%s", told("id"));
	assert_int_equal(count("remittance_detail"), 8);
	/* Claims that are not here wait; the fee is announced, each carrier's share to the fen. */
	assert_int_equal(count("fact WHERE status = 4"), 6);
	assert_int_equal(
		count("posting WHERE rule = 'announce_fee' AND debit = 'REM-ANN-ALPHA' AND amount_minor = 79679"), 1);
	assert_int_equal(
		count("posting WHERE rule = 'announce_fee' AND debit = 'REM-ANN-BETA' AND amount_minor = 74803"), 1);
	assert_int_equal(count("posting"), 2);
	/* By post, too. */
	if (enter("MERIDIAN HC STMT 2026-10 #0417", "48499.08", "by post") != 0) fail_msg("%s", world.err);
	assert_string_equal(told("outcome"), "known");
	assert_string_equal(told("id"), last_id);
	if (import("s4.csv", lab_csv(lab_s4), "--json") != 0) fail_msg("%s", world.err);
	assert_string_equal(told("outcome"), "known");
	/* Remarks name persons: what is stored is sealed, and who looks is on record. */
	assert_int_equal(count("advice WHERE position('member' in encode(document, 'escape')) > 0 OR file IS NULL"), 0);
	assert_ctl(&world, 0, "money remittance show %s --who wang", last_id);
	assert_non_null(strstr(world.out, "896.55 is the member's 10 %"));
	assert_non_null(strstr(world.out, "take-back"));
	assert_int_equal(count("operator_act WHERE act = 'remittance.show' AND who = 'wang'"), 1);
	/* Nobody does away with one that counts. */
	assert_ctl(&world, 1, "money remittance refuse %s --why x --who li", last_id);
	assert_ctl(&world, 1, "money remittance release %s --why x --who li", last_id);
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

static void one_that_does_not_balance_is_parked(void **state)
{
	(void)state;
	if (enter("S-1", "48499.18", "letter") != 0) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(told("outcome"), "parked");
	assert_non_null(strstr(told("arithmetic"), "0.10 too little"));
	snprintf(last_id, sizeof(last_id), "%s", told("id"));
	assert_int_equal(count("remittance") + count("fact") + count("posting"), 0);
	assert_int_equal(count("remittance_parked"), 1);
	assert_ctl(&world, 0, "money remittance list --parked --zh");
	assert_non_null(strstr(world.out, "搁置"));

	/* Refused it is gone; brought in again, with a reason, it is a new version. */
	assert_ctl(&world, 2, "money remittance refuse %s --who li", last_id);
	assert_ctl(&world, 0, "money remittance refuse %s --why 'theirs is wrong' --who li", last_id);
	assert_ctl(&world, 0, "money remittance refuse %s --why 'again' --who li", last_id);
	assert_int_equal(count("remittance_parked"), 0);
	if (enter("S-1", "48499.28", "as they say now") != 0) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(told("outcome"), "parked");
	assert_string_equal(told("version"), "2");
	snprintf(last_id, sizeof(last_id), "%s", told("id"));

	/* Released its difference is an adjustment that somebody answers for. */
	assert_ctl(&world, 0, "money remittance release %s --why 'interest, says Meridian' --who wang --json", last_id);
	assert_string_equal(told("outcome"), "counts");
	assert_string_equal(told("version"), "3");
	assert_int_equal(count("remittance WHERE amount_minor = 4849928 AND balanced"), 1);
	assert_int_equal(count("remittance_detail WHERE kind = 3 AND amount_minor = 20"), 1);
	assert_int_equal(world_count(&world, "SELECT sum(amount_minor + fee_minor)::int8 FROM zhifu.remittance_detail"),
		4849928);
	assert_int_equal(count("advice WHERE standing = 4 AND decided_by = 'wang'"), 1);
	assert_ctl(&world, 1, "money remittance release %s --why again --who wang", last_id);
	assert_int_equal(count("operator_act WHERE act IN ('remittance.refuse', 'remittance.replace')"), 2);
	/* And counts: what else comes under its number is refused, and both are shown. */
	assert_int_equal(enter("S-1", "48499.08", "no, this"), 1);
	assert_string_equal(told("outcome"), "differs");
	assert_non_null(strstr(world.out, "\"48499.28\""));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

/* A letter about two claims, or (first NULL) about a flat sum. */
static int letter(const char *remitter, const char *identifier, const char *day, const char *first, const char *more)
{
	char text[1024], claims[512];

	snprintf(claims, sizeof(claims),
		"\"claims\": [{\"insurer_claim\": \"%s\", \"carrier\": \"alpha\", \"billed\": \"500\", \"paid\": \"300.00\"},"
		" {\"insurer_claim\": \"N2\", \"carrier\": \"alpha\", \"billed\": \"500\", \"paid\": \"200.00\"}]",
		first != NULL ? first : "");
	snprintf(text, sizeof(text),
		"{\"remitter\": \"%s\", \"identifier\": \"%s\", \"amount\": \"500.00\", \"currency\": \"CNY\", \"payment_date\": \"%s\", %s}",
		remitter, identifier, day,
		first != NULL
			? claims
			: "\"other\": [{\"kind\": \"adjustment\", \"amount\": \"500.00\", \"remark\": \"flat\"}]");
	world_file(&world, "letter.json", text, 0600);
	return ctl(&world, "money remittance enter '%s/letter.json' --hospital HZ1 --why letter --who li --json %s",
		world.folder, more);
}

static void the_same_under_another_name_is_a_repeat(void **state)
{
	(void)state;
	assert_int_equal(letter("Meridian", "M-1", "2026-11-12", "N1", ""), 0);
	snprintf(last_id, sizeof(last_id), "%s", told("id"));
	assert_int_equal(letter("Meridian Asia Ltd", "M-1", "2026-11-13", "N1", ""), 1);
	assert_string_equal(told("outcome"), "repeat");
	assert_string_equal(told("id"), last_id);
	assert_string_equal(told("there_remitter"), "Meridian");
	assert_int_equal(letter("Meridian", "MERIDIAN 1", "2026-11-12", "N1", ""), 1);
	assert_string_equal(told("there_identifier"), "M-1");
	assert_int_equal(count("advice") + count("remittance"), 2);
	assert_int_equal(count("remittance_detail"), 2);
	/* Of another claim, or long after, it is another. */
	assert_int_equal(letter("Meridian", "M-2", "2026-11-12", "N3", ""), 0);
	assert_int_equal(letter("Meridian", "M-3", "2027-01-12", "N1", ""), 0);
	/* A flat sum comes each month: a person says so, and the record has both. */
	assert_int_equal(letter("Meridian", "FLAT 10", "2026-10-31", NULL, ""), 0);
	assert_int_equal(letter("Meridian", "FLAT 11", "2026-11-30", NULL, ""), 1);
	assert_string_equal(told("outcome"), "repeat");
	assert_ctl(&world, 2, "money remittance import x.csv --profile meridian --another --hospital HZ1 --who li");
	assert_int_equal(letter("Meridian", "FLAT 11", "2026-11-30", NULL, "--another"), 0);
	assert_string_equal(told("outcome"), "counts");
	assert_int_equal(count("operator_act WHERE act = 'remittance.another' AND who = 'li'"), 1);
	assert_int_equal(count("remittance"), 5);
	/* What a module brought counts, too; by our ref where both have it. */
	world_sql(&world,
		"UPDATE zhifu.remittance_detail SET claim_ref = 'OURS-1' WHERE insurer_claim_no = 'N3'; DELETE FROM zhifu.advice");
	assert_int_equal(letter("Meridian Asia Ltd", "X-9", "2026-11-12", "N3", ""), 1);
	assert_string_equal(told("there_identifier"), "M-2");
}

static void a_correction_of_a_repeat_is_one(void **state)
{
	(void)state;
	if (enter("S-1", "48499.18", "letter") != 0) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(told("outcome"), "parked");
	snprintf(last_id, sizeof(last_id), "%s", told("id"));
	/* What is parked is in nothing's way; what counts is, also for a version that is let go. */
	assert_ctl(&world, 0, "money remittance release %s --why 'interest' --who li", last_id);
	if (enter("S-2", "48499.18", "letter") != 1) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(told("outcome"), "repeat");
	if (enter("S-2", "48499.28", "letter") != 0) fail_msg("%s%s", world.err, world.out);
	snprintf(last_id, sizeof(last_id), "%s", told("id"));
	world_sql(&world, "UPDATE zhifu.remittance SET amount_minor = 4849928");
	assert_ctl(&world, 1, "money remittance release %s --why 'interest' --who li", last_id);
	assert_int_equal(count("remittance_parked"), 1);
	assert_ctl(&world, 0, "money remittance release %s --another --why 'interest' --who li", last_id);
	assert_int_equal(count("remittance"), 2);
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
	lab_row rows[sizeof(lab_s4) / sizeof(lab_s4[0])];
	(void)state;
	memcpy(rows, lab_s4, sizeof(rows));
	rows[5][3] = "=12480.001";
	rows[6][1] = "Gamma";
	assert_int_equal(import("bad.csv", lab_csv(rows), ""), 1);
	assert_non_null(strstr(world.err, "bad.csv:6:4: "));
	assert_non_null(strstr(world.err, "bad.csv:7:2: "));
	assert_non_null(strstr(world.err, "nothing of it is in the books"));
	assert_int_equal(count("advice"), 0);
	assert_ctl(
		&world, 1, "money remittance import '%s/bad.csv' --profile none --hospital HZ1 --who li", world.folder);
	assert_non_null(strstr(world.err, "advice_profiles"));
	assert_ctl(&world, 2, "money remittance import '%s/bad.csv' --hospital HZ1 --who li", world.folder);
	assert_ctl(&world, 2, "money remittance enter '%s/bad.csv' --hospital HZ1 --who li", world.folder);
	/* A carrier that nobody has configured has no accounts. */
	memcpy(rows, lab_s4, sizeof(rows));
	rows[5][1] = "delta";
	assert_int_equal(import("delta.csv", lab_csv(rows), ""), 1);
	assert_non_null(strstr(world.err, "delta"));
}

static void a_profile_that_cannot_work_is_told(void **state)
{
	static const struct {
		const char *profile, *told;
	} rows[] = {
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; columns = { claim = \"C\"; paid = \"P\"; };",
			"identifier needs a column or a label"},
		{"currency = \"CNY\"; total_words = \"t\"; columns = { claim = \"C\"; paid = \"P\"; identifier = \"I\"; };",
			"remitter is missing"},
		{"remitter = \"M\"; total_words = \"t\"; columns = { claim = \"C\"; paid = \"P\"; identifier = \"I\"; };",
			"currency is missing"},
		{"remitter = \"M\"; currency = \"CNY\"; columns = { claim = \"C\"; paid = \"P\"; identifier = \"I\"; };",
			"total_words are missing"},
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; columns = { paid = \"P\"; identifier = \"I\"; };",
			"how are claims found?"},
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; columns = { claim = \"C\"; identifier = \"I\"; };",
			"columns.paid is missing"},
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; decimal = \",\"; columns = { claim = \"C\"; paid = \"P\";"
		 " identifier = \"I\"; };",
			"the same sign"},
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; date_form = \"DD/MM\"; columns = { claim = \"C\";"
		 " paid = \"P\"; identifier = \"I\"; };",
			"is no form of a day"},
		{"remitter = \"M\"; currency = \"CNY\"; total_words = \"t\"; carriers = { Beta = \"Beta Ltd\"; };"
		 " columns = { claim = \"C\"; paid = \"P\"; identifier = \"I\"; };",
			"is no insurer's code"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text),
			"id = \"" HOSPITAL_B "\";\ncode = \"RY2\";\nname = \"Riyadh\";\n"
			"advice_profiles = (\n{ name = \"p\"; %s });\n",
			rows[i].profile);
		world_file(&world, "hospitals.d/b.conf", text, 0600);
		(void)ctl(&world, "conf check");
		if (strstr(world.err, rows[i].told) == NULL || strstr(world.err, "b.conf:5: ") == NULL)
			fail_msg("%s: %s", rows[i].told, world.err);
	}
	world_file(
		&world, "hospitals.d/b.conf", "id = \"" HOSPITAL_B "\";\ncode = \"RY2\";\nname = \"Riyadh\";\n", 0600);
}

static void the_database_guards_its_rules(void **state)
{
	(void)state;
	/* Neither without a person nor past the function. */
	assert_int_not_equal(db_sync_script(world.db,
				     "SELECT zhifu.remittance_refuse('" HOSPITAL_A "', gen_random_uuid(), '', 'x')"),
		0);
	assert_int_not_equal(db_sync_script(world.db,
				     "SELECT zhifu.remittance_refuse('" HOSPITAL_A "', gen_random_uuid(), 'li', ' ')"),
		0);
	assert_int_not_equal(
		db_sync_script(world.db, "SET ROLE zhifu_operator; UPDATE zhifu.advice SET standing = 1"), 0);
	world_sql(&world, "RESET ROLE");
	assert_int_not_equal(
		db_sync_script(world.db, "SET ROLE zhifu_operator; SELECT zhifu.remittance_announce('" HOSPITAL_A
					 "', gen_random_uuid(), '{}', '{}')"),
		0);
	world_sql(&world, "RESET ROLE");
}

static int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	int r = world_start(&world, "ctl_remittance");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"advice_profiles = ({ name = \"meridian\"; remitter = \"Meridian Health Care\"; currency = \"CNY\";\n"
		" carriers = { Alpha = \"alpha\"; Beta = \"beta\"; };\n"
		" columns = { insurer_claim = \"Claim\"; carrier = \"Carrier\"; billed = \"Billed\"; paid = \"Paid\"; remark = \"Remark\";"
		" tax = \"Tax\"; };\n"
		" labels = { identifier = \"Statement no.\"; payment_date = \"Payment date\"; };\n"
		" sum_words = [\"sum\"]; total_words = [\"transfer\"]; fee_words = [\"network fee\"]; patient_words = [\"member's\"];\n"
		" denied_words = [\"denied\"]; disputed_words = [\"disputed\"]; });\n",
		0600);
	world_file(&world, "insurers.d/beta.conf",
		"name = \"Beta\";\nmodule = \"fhir\";\nendpoints = ({name = \"submit\"; url = \"http://127.0.0.1:9/fhir\";"
		" allow_plain = true; deadline_ms = 1000;});\nallowed_fields = \"*\";\n",
		0600);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_balances_counts_once_in_any_form, none_left),
		cmocka_unit_test_setup(one_that_does_not_balance_is_parked, none_left),
		cmocka_unit_test_setup(the_same_under_another_name_is_a_repeat, none_left),
		cmocka_unit_test_setup(a_correction_of_a_repeat_is_one, none_left),
		cmocka_unit_test_setup(what_is_wrong_with_a_file_is_told, none_left),
		cmocka_unit_test_setup(a_profile_that_cannot_work_is_told, none_left),
		cmocka_unit_test_setup(the_database_guards_its_rules, none_left),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
