/* Bank statements of a bank that sends CSV through zhifuctl into the books, by the hospital's profile of it. */
#include "ctl_world.h"

#include <iconv.h>

static struct ctl_world world;

static int64_t count(const char *table)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.%s", table);
}

/* In minor units: what the ledger says of an account. */
static int64_t ledger(const char *account)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = '%s' THEN amount_minor ELSE -amount_minor END), 0)::int8 FROM zhifu.posting"
		" WHERE '%s' IN (debit, credit)",
		account, account);
}

/* The member of the only statement of the last import. */
static const char *imported(const char *member)
{
	static char text[64];
	json_t *root = world_json(&world);
	json_t *value = json_object_get(json_array_get(json_object_get(root, "statements"), 0), member);

	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%jd", (intmax_t)json_integer_value(value));
	else
		snprintf(text, sizeof(text), "%s",
			value != NULL && json_is_string(value) ? json_string_value(value) : "null");
	json_decref(root);
	return text;
}

#define CSV_LABELS "opening_words = [\"期初余额\"]; closing_words = [\"期末余额\"];"
#define CSV_COLUMNS                                                                                                            \
	"columns = [\"booking_day=交易日期\", \"debit=借方\", \"credit=贷方\", \"currency=币种\", \"text=摘要\"];" \
	" optional_columns = [\"name=对方户名\"];"

/* A hospital whose bank sends CSV, in the way of its profile. */
static void csv_hospital(const char *account, const char *profile)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"id = \"" HOSPITAL_B "\";\ncode = \"RY2\";\nname = \"Riyadh\";\n"
		"bank_accounts = ({code = \"ICBC\"; number = \"6222 0000\"; currency = \"CNY\"; charset = \"gb18030\"; %s},\n"
		" {code = \"ICBCU\"; number = \"6222 0001\"; currency = \"USD\"; charset = \"gb18030\"; profile = \"icbc\";});\n"
		"statement_profiles = ({ name = \"icbc\"; date_form = \"YYYYMMDD\"; footer_words = [\"合计\", \"Total\"]; %s %s %s });\n",
		account, profile, strstr(profile, " currencies") != NULL ? "" : "currencies = ((\"人民币\", \"CNY\"));",
		strstr(profile, " columns") != NULL ? "" : CSV_COLUMNS);
	world_file(&world, "hospitals.d/b.conf", text, 0600);
}

/* A day in GB18030 as such banks send it. */
static void csv_day(int day, const char *opening, const char *credit, const char *closing)
{
	char text[1024], bytes[1024], path[256];
	char *from = text, *to = bytes;
	size_t left = (size_t)snprintf(text, sizeof(text),
		"期初余额,\"%s\"\r\n交易日期,借方,贷方,币种,摘要,对方户名\r\n202511%02d 09:30:00,,\"%s\",人民币,付款,某某健康保险\r\n"
		"合计,,\"%s\",,,\r\n期末余额,\"%s\"\r\n",
		opening, day, credit, credit, closing);
	size_t room = sizeof(bytes);
	iconv_t converter = iconv_open("GB18030", "UTF-8");
	FILE *file;

	assert_true(converter != (iconv_t)-1);
	assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
	assert_int_equal(iconv_close(converter), 0);
	snprintf(path, sizeof(path), "%s/day.csv", world.folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, (size_t)(to - bytes), file), (size_t)(to - bytes));
	assert_int_equal(fclose(file), 0);
}

static int csv_import(const char *more)
{
	return ctl(&world, "money statement import '%s/day.csv' --hospital RY2 --who li --json %s", world.folder, more);
}

static void csv_is_read_by_the_accounts_profile(void **state)
{
	(void)state;
	csv_hospital("profile = \"icbc\";", CSV_LABELS);
	csv_day(26, "1,000.00", "48,499.08", "49,499.08");
	if (csv_import("--account ICBC") != 0) fail_msg("%s%s", world.err, world.out);
	assert_string_equal(imported("booked"), "1");
	assert_int_equal(ledger("BANK-ICBC"), 4949908);
	assert_int_equal(ledger("SUSP"), -4849908);
	assert_int_equal(csv_import("--account ICBC"), 0);
	csv_day(27, "49,499.08", "1.00", "49,500.08");
	assert_int_equal(csv_import("--account ICBC"), 0);
	assert_string_equal(imported("chain"), "follows");
	assert_int_equal(count("bank_line"), 2);
	/* What does not hold is refused. */
	csv_day(28, "49,500.08", "1.00", "49,500.08");
	assert_int_equal(csv_import("--account ICBC"), 1);
	assert_non_null(strstr(world.out, "bank-balance"));
	/* The file does not say of which account it is, and neither does who imports it; or it is the other one's. */
	csv_day(28, "49,500.08", "1.00", "49,501.08");
	assert_int_equal(csv_import(""), 1);
	assert_non_null(strstr(world.out, "ICBC (CNY), ICBCU (USD)"));
	assert_int_equal(csv_import("--account ICBCU"), 1);
	assert_non_null(strstr(world.out, "bank-account"));
	/* Without a profile none is read. */
	csv_hospital("", CSV_LABELS);
	assert_int_equal(csv_import("--account ICBC"), 1);
	assert_non_null(strstr(world.out, "set up a profile"));
	assert_int_equal(count("bank_line"), 2);
}

static void a_csv_profile_that_cannot_work_is_told(void **state)
{
	static const struct {
		const char *account, *profile, *told;
	} rows[] = {
		{"profile = \"abc\";", CSV_LABELS, "no profile of statement_profiles is called \"abc\""},
		{"profile = \"icbc\";", "", "nothing of the profile \"icbc\" would prove a statement"},
		{"", CSV_LABELS " columns = [\"day=Date\"];", "columns"},
		{"", CSV_LABELS " decimal = \",\";", "the same sign"},
		{"", CSV_LABELS " columns = [\"booking_day=D\", \"credit=C\", \"amount=A\"];",
			"either amount, or credit and debit"},
		{"", CSV_LABELS " columns = [\"booking_day=D\", \"amount=A\", \"mark=M\"];", "needs credit_marks"},
		{"", CSV_LABELS " columns = [\"booking_day=D\", \"amount=A\", \"text\"];", "is not FIELD=HEADING"},
		{"", CSV_LABELS " currencies = ((\"元\", \"YUAN\"));", "is not a currency"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		csv_hospital(rows[i].account, rows[i].profile);
		assert_int_not_equal(ctl(&world, "conf check"), 0);
		if (strstr(world.err, rows[i].told) == NULL || strstr(world.err, "b.conf:") == NULL)
			fail_msg("%s: %s", rows[i].told, world.err);
	}
}

static int group_begin(void **state)
{
	(void)state;
	csv_hospital("profile = \"icbc\";", CSV_LABELS);
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_B, "RY2", "Riyadh", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_is_read_by_the_accounts_profile),
		cmocka_unit_test(a_csv_profile_that_cannot_work_is_told),
	};

	return world_main(&world, "ctl_bank_csv", tests, ARRAY_LEN(tests), group_begin);
}
