/* zhifuctl money over a real database: rate files whole or not at all, rates by hand with four eyes, which rate the
 * books use, and what waits for one. */
#include "ctl_world.h"

#include <iconv.h>

#include "base/id.h"

#define HOSPITAL_GONE "019ab000-0000-7000-8000-0000000000c1"

static struct ctl_world world;

/* The scenarios' rates, two years earlier so that none is in the future. */
#define HEAD "日期,USD/CNY,EUR/CNY,100JPY/CNY,CNY/THB\n"
#define SCENARIOS                                                                                                      \
	HEAD "2024-11-30,7.0900,8.3100,,4.5512\n2024-11-27,7.1050,,,\n2024-11-05,---,,4.7400,\n"                       \
	     "2024-10-30,7.0700,,,\n2024-10-28,7.0760,,,\n2024-10-08,7.0880,,,\n2024-09-30,7.0950,,,\n"                \
	     "2024-09-25,,,4.7920,\n2024-09-23,7.1000,,,\n2024-09-17,,,4.7950,\n2024-09-08,7.1200,,,\n"                \
	     "2024-08-18,,,4.8120,\n数据来源:中国货币网,,,,\n"

static void rate_file(const char *name, const char *text)
{
	world_file(&world, name, text, 0600);
}

#define import(want, name, more)                                                                                       \
	assert_ctl(&world, want, "money rate import '%s/%s' --who li --source %s", world.folder, name, more)

static int64_t rates(void)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.rate");
}

static int rates_begin(void **state)
{
	(void)state;
	world_sql(&world,
		"DELETE FROM zhifu.posting_unvalued; DELETE FROM zhifu.posting; DELETE FROM zhifu.conversion; DELETE FROM zhifu.rate;"
		"DELETE FROM zhifu.operator_act");
	rate_file("cfets.csv", SCENARIOS);
	return 0;
}

/* The one fault of the last --json, by its code. */
static void assert_fault(const char *code, const char *path)
{
	json_t *answer = world_json(&world);
	json_t *faults = json_object_get(answer, "faults");
	assert_int_equal(json_array_size(faults), 1);
	json_t *fault = json_array_get(faults, 0);
	assert_string_equal(json_string_value(json_object_get(fault, "code")), code);
	assert_string_equal(json_string_value(json_object_get(fault, "path")), path);
	assert_string_equal(json_string_value(json_object_get(fault, "severity")), "error");
	assert_true(strlen(json_string_value(json_object_get(fault, "owner"))) > 0);
	assert_true(strlen(json_string_value(json_object_get(fault, "en"))) > 10);
	assert_true(strlen(json_string_value(json_object_get(fault, "zh"))) > 10);
	assert_int_equal(json_integer_value(json_object_get(answer, "new")), 0);
	json_decref(answer);
}

/* ---- files ---- */

static void parities_are_imported_once(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets --why 'month end' --json");
	json_t *answer = world_json(&world);
	assert_int_equal(json_integer_value(json_object_get(answer, "new")), 14);
	assert_int_equal(json_integer_value(json_object_get(answer, "known")), 0);
	assert_string_equal(json_string_value(json_object_get(answer, "first")), "2024-08-18");
	assert_string_equal(json_string_value(json_object_get(answer, "last")), "2024-11-30");
	assert_int_equal(json_array_size(json_object_get(answer, "faults")), 0);
	json_decref(answer);
	static const char *const wanted[] = {
		"'2024-08-18', 'JPY', 'CNY', 100, 48120",
		"'2024-09-08', 'USD', 'CNY', 1, 71200",
		"'2024-10-30', 'USD', 'CNY', 1, 70700",
		"'2024-11-30', 'EUR', 'CNY', 1, 83100",
		"'2024-11-30', 'CNY', 'THB', 1, 45512",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(
			world_count(&world,
				"SELECT count(*) FROM zhifu.rate WHERE (day, base, quote, per, digits) = (%s)"
				" AND scale = 4 AND source = 1 AND status = 1 AND maker = 'li' AND checker IS NULL",
				wanted[i]),
			1);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'rate.import' AND who = 'li' AND why = 'month end'"
			" AND subject = 'cfets 2024-08-18 to 2024-11-30: 14 new, 0 known'"),
		1);

	/* once more, now with a day that is new, and in words */
	rate_file("more.csv", HEAD "2024-12-02,7.1010,,,\n2024-11-30,7.09,8.31,,4.55120\n");
	import(0, "more.csv", "cfets");
	assert_non_null(strstr(world.out, "new                     1\n"));
	assert_non_null(strstr(world.out, "known already           3\n"));
	import(0, "more.csv", "cfets --zh");
	assert_non_null(strstr(world.out, "新增                    0\n"));
	assert_int_equal(rates(), 15);
	/* standard input */
	assert_ctl(&world, 0, "money rate import - --source cfets --who li <'%s/cfets.csv'", world.folder);
	assert_non_null(strstr(world.out, "known already           14\n"));
}

static void another_value_is_refused_with_both(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets");
	rate_file("other.csv", HEAD "2024-12-02,7.1010,,,\n2024-11-27,7.1150,,,\n");
	import(1, "other.csv", "cfets");
	assert_non_null(strstr(world.err, "/other.csv:3:USD/CNY: "));
	assert_non_null(strstr(world.err, "1 USD = 7.1150 CNY (2024-11-27)"));
	assert_non_null(strstr(world.err, "1 USD = 7.1050 CNY (2024-11-27), li, 20"));
	assert_non_null(strstr(world.err, "money rate set"));
	assert_string_equal(world.out, "");
	import(1, "other.csv", "cfets --zh");
	assert_non_null(strstr(world.err, "已存的为 1 USD = 7.1050 CNY"));
	assert_non_null(strstr(world.err, "均未入库"));
	import(1, "other.csv", "cfets --json");
	assert_fault("rate-changed", "3:USD/CNY");
	assert_int_equal(rates(), 14);
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.operator_act"), 1);
}

/* Of two values at the same moment one is stored, and whoever brings the other is told. */
static void imports_at_once_agree(void **state)
{
	(void)state;
	char words[2048];
	rate_file("a.csv", HEAD "2024-11-27,7.1050,,,\n");
	rate_file("b.csv", HEAD "2024-11-27,7.1060,,,\n");
	snprintf(words, sizeof(words),
		"cd '%s' && rm -f done.* && for i in 1 2 3 4; do for f in a b; do"
		" ('%s' --config zhifud.conf --who li money rate import $f.csv --source cfets >out.$f.$i 2>&1;"
		" echo $? >done.$f.$i) & done; done; wait;"
		" test \"$(sort -u done.a.* | wc -l) $(sort -u done.b.* | wc -l)\" = '1 1' &&"
		" test $(cat done.* | sort -u | tr -d '\\n') = 01 && test $(cat out.* | grep -c '^new  *1$') = 1 &&"
		" test $(grep -l 'but stored is' out.* | wc -l) = 4",
		world.folder, world.program);
	int status = system(words); /* NOLINT(cert-env33-c): a fixed command of the test */
	if (status != 0) {
		snprintf(words, sizeof(words), "cd '%s' && grep . done.* out.*", world.folder);
		(void)!system(words); /* NOLINT(cert-env33-c): likewise */
	}
	assert_int_equal(status, 0);
	assert_int_equal(rates(), 1);
}

static void implausible_file_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *line, *code, *path, *words;
	} cases[] = {
		{"2024-12-02,0.1408,,,\n", "rate-upside-down", "2:USD/CNY", "is upside down"},
		{"2024-12-02,,,474.00,\n", "rate-hundredfold", "2:100JPY/CNY", "a hundred times"},
		{"2024-12-02,,,0.0474,\n", "rate-hundredth", "2:100JPY/CNY", "a hundredth"},
		{"2024-12-02,,,,0.2197\n", "rate-upside-down", "2:CNY/THB", "is upside down"},
		{"2024-12-02,8.1000,,,\n", "rate-far", "2:USD/CNY", "--history"},
		{"2024-12-02,0,,,\n", "rate-not-positive", "2:USD/CNY", "above zero"},
		{"2024-12-02,-7.1,,,\n", "rate-not-positive", "2:USD/CNY", "above zero"},
		{"2099-01-04,7.1010,,,\n", "rate-future", "2:日期", "has not come yet"},
		{"2024-12-02,7.1010,,,", "csv-cut", "2", "cut off"},
		{"2024-13-02,7.1010,,,\n", "rate-day", "2:日期", "2024-13-02"},
	};
	import(0, "cfets.csv", "cfets");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256];
		/* beside a good one, which is not stored either */
		snprintf(text, sizeof(text), "%s%s", HEAD, cases[i].line);
		rate_file("bad.csv", text);
		import(1, "bad.csv", "cfets");
		if (strstr(world.err, cases[i].words) == NULL) fail_msg("%s: %s", cases[i].code, world.err);
		import(1, "bad.csv", "cfets --json");
		assert_fault(cases[i].code, cases[i].path);
		assert_int_equal(rates(), 14);
	}
	/* all at once */
	rate_file("bad.csv", HEAD "2099-01-04,7.1010,,,\n2024-12-03,7.1,8.3,4.74,4.55\n2024-12-02,x,0.1200,,\n");
	import(1, "bad.csv", "cfets --json");
	json_t *answer = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(answer, "faults")), 3);
	json_decref(answer);
	assert_int_equal(rates(), 14);
	/* what was far is let in as history, with a warning */
	rate_file("far.csv", HEAD "2024-12-02,8.1000,,,\n");
	import(0, "far.csv", "cfets --history");
	assert_non_null(strstr(world.err, "warning: The rate 1 USD = 8.1000 CNY (2024-12-02) is too far"));
	assert_int_equal(rates(), 15);
	assert_ctl(&world, 1, "money rate import '%s/none.csv' --source cfets --who li", world.folder);
	assert_non_null(strstr(world.err, "none.csv"));
}

#define ECB_HEAD                                                                                                       \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s"                                                               \
	"<g:Envelope xmlns:g=\"http://www.gesmes.org/xml/2002-08-01\""                                                 \
	" xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\"><Cube>\n%s</Cube></g:Envelope>\n"

static void ecb_files_are_read(void **state)
{
	(void)state;
	char text[1024];
	snprintf(text, sizeof(text), ECB_HEAD, "",
		"<Cube time=\"2024-11-29\">\n<Cube currency=\"USD\" rate=\"1.1720\"/><Cube currency=\"CNY\" rate=\"8.3092\"/>"
		"</Cube>");
	rate_file("ecb.xml", text);
	import(0, "ecb.xml", "ecb");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.rate WHERE source = 2 AND base = 'EUR'"), 2);
	snprintf(text, sizeof(text), ECB_HEAD, "<!DOCTYPE bomb [<!ENTITY a \"aaaaaaaa\">]>\n",
		"<Cube time=\"2024-11-28\">\n<Cube currency=\"USD\" rate=\"1.17\"/></Cube>");
	rate_file("bomb.xml", text);
	import(1, "bomb.xml", "ecb --json");
	assert_fault("xml-forbidden", "");
	import(1, "bomb.xml", "ecb");
	assert_non_null(strstr(world.err, "/bomb.xml: "));
	text[strlen(text) - 20] = '\0';
	rate_file("cut.xml", text + strcspn(text, "\n") + 46);
	import(1, "cut.xml", "ecb");
	assert_int_equal(rates(), 2);
	import(2, "ecb.xml", "ecb --charset GB18030");

	const char *shared = getenv("ZHIFU_SHARED");
	snprintf(text, sizeof(text), "%s/data/reference/ecb/exchange_rates_90_day.xml", shared != NULL ? shared : "");
	if (shared == NULL || access(text, R_OK) != 0) {
		print_message("the ECB's 90 days: skipped, there is no %s\n", text);
		return;
	}
	world_sql(&world, "DELETE FROM zhifu.rate");
	assert_ctl(&world, 0, "money rate import '%s' --source ecb --who li --json", text);
	json_t *answer = world_json(&world);
	int64_t fresh = json_integer_value(json_object_get(answer, "new"));
	assert_string_equal(json_string_value(json_object_get(answer, "last")), "2018-06-11");
	/* its kuna are left out, and that is said */
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(answer, "faults"), 0), "code")),
		"rate-withdrawn");
	json_decref(answer);
	assert_true(fresh > 1500);
	assert_int_equal(rates(), fresh);
	assert_int_equal(
		world_count(&world,
			"SELECT digits FROM zhifu.rate WHERE day = '2018-06-11' AND quote = 'CNY' AND scale = 4"),
		75518);
	assert_ctl(&world, 0, "money rate import '%s' --source ecb --who li", text);
	assert_non_null(strstr(world.out, "new                     0\n"));
}

#define BOARD "货币名称,现汇买入价,现汇卖出价,发布日期\n"

static void boards_of_banks_are_read_in_their_encoding(void **state)
{
	(void)state;
	char words[512];
	import(0, "cfets.csv", "cfets");
	rate_file("board.csv", BOARD "美元,705.20,708.15,2024-11-03\n日元,4.7321,,2024-11-03\n");
	snprintf(words, sizeof(words),
		"cd '%s' && iconv -f UTF-8 -t GB18030 board.csv >board.gb && head -c 60 board.gb >cut.gb && printf '\\377\\n' >>cut.gb",
		world.folder);
	assert_int_equal(system(words), 0); /* NOLINT(cert-env33-c): a fixed command of the test */
	import(1, "board.gb", "board:icbc");
	assert_non_null(strstr(world.err, "--charset GB18030"));
	import(1, "cut.gb", "board:icbc --charset GB18030 --json");
	assert_fault("csv-charset", "2");
	import(2, "board.gb", "board:icbc --charset GB99");
	assert_non_null(strstr(world.err, "GB99"));
	import(0, "board.gb", "board:icbc --charset gb18030");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.rate WHERE bank = 'icbc' AND source IN (3, 4) AND per = 100"
			" AND day = '2024-11-03'"),
		3);
	import(0, "board.csv", "board:icbc");
	assert_non_null(strstr(world.out, "known already           3\n"));
	import(0, "board.csv", "board:boc");
	assert_int_equal(rates(), 20);
	/* a first board is held against the parity */
	rate_file("board.csv", BOARD "美元,7.0520,7.0815,2024-11-03\n");
	import(1, "board.csv", "board:abc --json");
	json_t *answer = world_json(&world);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(answer, "faults"), 0), "code")),
		"rate-hundredth");
	json_decref(answer);
	import(2, "board.csv", "board:");
	import(2, "board.csv", "'board:Bank of X'");
	import(2, "board.csv", "icbc");
}

/* ---- as a profile has it ---- */

static void profiles_write(const char *profiles)
{
	char text[4096];
	snprintf(text, sizeof(text),
		"id = \"" HOSPITAL_B "\";\ncode = \"RY2\";\nname = \"Riyadh\";\nzone = \"Asia/Riyadh\";\n"
		"book_currency = \"SAR\";\nrate_profiles = (%s);\n",
		profiles);
	world_file(&world, "hospitals.d/b.conf", text, 0600);
}

static void assert_stored(const char *rate)
{
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.rate WHERE (day, base, quote, per, digits) = (%s) AND scale = 4",
			rate),
		1);
}

static void csv_by_profile(void **state)
{
	char text[1024], bytes[1024], *from = text, *to = bytes;
	(void)state;
	/* each row a rate, in GB18030, with decimal commas: riyals per dollar, for 100 yen, and rupees for 1 of home */
	profiles_write(
		"{ name = \"sama\"; source = \"cfets\"; charset = \"gb18030\"; separator = \";\"; decimal = \",\";"
		" date_form = \"DD.MM.YYYY\"; skip = 1; day = \"日期\"; currency = \"币种\"; price = \"汇率\"; home = \"SAR\";"
		" quoted_per = { USD = 1; JPY = 100; }; quoted_inverse = [ \"INR\" ];"
		" currencies = ( (\"美元\", \"USD\"), (\"日元\", \"JPY\"), (\"卢比\", \"INR\") ); open_end = true; },"
		"{ name = \"bank\"; source = \"board:riyad\"; day = \"Day\"; currency = \"Cur\"; per = \"For\"; buying = \"Buy\";"
		" selling = \"Sell\"; home = \"SAR\"; quoted_per = ( (\"*\", 1), (\"JPY\", 1000) ); }");
	snprintf(text, sizeof(text),
		"行情\n币种;日期;汇率;备注\n美元;27.11.2024;3,7500;x\n日元;27.11.2024;2,4731;\n卢比;27.11.2024;22,5012;");
	size_t left = strlen(text), room = sizeof(bytes) - 1;
	iconv_t gb = iconv_open("GB18030", "UTF-8");
	assert_int_equal(iconv(gb, &from, &left, &to, &room), 0);
	iconv_close(gb);
	*to = '\0';
	rate_file("sama.csv", bytes);
	import(0, "sama.csv", "profile:sama");
	assert_stored("'2024-11-27', 'USD', 'SAR', 1, 37500");
	assert_stored("'2024-11-27', 'JPY', 'SAR', 100, 24731");
	assert_stored("'2024-11-27', 'SAR', 'INR', 1, 225012");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.rate WHERE source = 1"), 3);
	rate_file("board.csv",
		"Day,Cur,For,Buy,Sell\n2024-11-27,USD,1,3.7400,3.7600\n2024-11-27,JPY,1000,24.7000,24.8000\n");
	import(0, "board.csv", "profile:bank --hospital RY2");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.rate WHERE bank = 'riyad' AND (source, base, per, digits) IN"
			" ((3, 'USD', 1, 37400), (4, 'USD', 1, 37600), (3, 'JPY', 1000, 247000), (4, 'JPY', 1000, 248000))"),
		4);
	/* what the profile says and the file does not */
	rate_file("bad.csv", "Day,Cur,For,Buy,Sell\n2024-11-28,USD,100,3.7400,3.7600\n");
	import(1, "bad.csv", "profile:bank --json");
	assert_fault("rate-form", "2:For");
	rate_file("bad.csv", "x\n币种;日期;汇率\nEUR;28.11.2024;4,1\n");
	import(1, "bad.csv", "profile:sama --charset utf-8 --json");
	assert_fault("rate-quoting", "3:币种");
	rate_file("bad.csv", "x\n币种;日期;汇率\nUSD;28.11.2024;3.7501\n");
	import(1, "bad.csv", "profile:sama --charset utf-8");
	assert_non_null(strstr(world.err, "bad.csv:3:汇率"));
	assert_ctl(&world, 2, "money rate import '%s/bad.csv' --source profile:none --who li", world.folder);
	assert_non_null(strstr(world.err, "rate_profiles"));
	assert_ctl(&world, 2, "money rate import '%s/bad.csv' --source profile:sama --hospital HZ1 --who li",
		world.folder);

	/* what is wrong with a profile is told with its line */
	static const struct {
		const char *profile, *says;
	} wrong[] = {
		{"{ name = \"p\"; day = \"D\"; quoted_per = { USD = 7; }; }", "not for \"7\""},
		{"{ name = \"p\"; day = \"D\"; quoted_per = { USD = 1; }; quoted_inverse = [ \"USD\" ]; }",
			"both in quoted_per"},
		{"{ name = \"p\"; day = \"D\"; quoted_inverse = [ \"CNY\" ]; }", "is home"},
		{"{ name = \"p\"; day = \"D\"; currency = \"C\"; }", "currency goes with price"},
		{"{ name = \"p\"; day = \"D\"; source = \"board:x\"; }", "buying and selling"},
		{"{ name = \"p\"; day = \"D\"; source = \"reuters\"; }", "neither cfets nor board:BANK"},
		{"{ name = \"p\"; day = \"D\"; decimal = \",\"; }", "the same sign"},
		{"{ name = \"p\"; day = \"D\"; }, { name = \"p\"; day = \"D\"; }", "two rate profiles"},
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		profiles_write(wrong[i].profile);
		assert_int_not_equal(ctl(&world, "conf check"), 0);
		if (strstr(world.out, wrong[i].says) == NULL && strstr(world.err, wrong[i].says) == NULL)
			fail_msg("%s: %s%s", wrong[i].says, world.out, world.err);
	}
	profiles_write("");
}

/* The shipped profile is what --source cfets reads without one. */
static void shipped_profile_is_the_central_parity(void **state)
{
	char profile[2048];
	size_t len;
	(void)state;
	FILE *file = fopen("conf/hospitals.d/hangzhou.conf", "r");
	assert_non_null(file);
	static char conf[65536];
	len = fread(conf, 1, sizeof(conf) - 1, file);
	fclose(file);
	conf[len] = '\0';
	const char *start = strstr(conf, "\nrate_profiles = (\n");
	assert_non_null(start);
	start += strlen("\nrate_profiles = (\n");
	const char *end = strstr(start, "\n);");
	assert_non_null(end);
	snprintf(profile, sizeof(profile), "%.*s", (int)(end - start), start);
	profiles_write(profile);
	import(0, "cfets.csv", "profile:parity");
	assert_int_equal(rates(), 14);
	import(0, "cfets.csv", "cfets --json");
	assert_non_null(strstr(world.out, "\"known\":14"));
	static const char *const others =
		"日期,HKD/CNY,GBP/CNY,AUD/CNY,NZD/CNY,SGD/CNY,CHF/CNY,CAD/CNY,CNY/KRW,CNY/AED,CNY/SAR,CNY/MYR,CNY/RUB,"
		"CNY/ZAR,CNY/HUF,CNY/PLN,CNY/DKK,CNY/SEK,CNY/NOK,CNY/TRY,CNY/MXN,CNY/MOP\n"
		"2024-11-27,0.91,9.0,4.6,4.2,5.3,8.0,5.1,192.1,0.51,0.52,0.61,14.5,2.5,53.9,0.56,0.97,1.5,1.52,4.7,2.8,1.1\n";
	rate_file("others.csv", others);
	import(0, "others.csv", "profile:parity");
	import(0, "others.csv", "cfets --json");
	assert_non_null(strstr(world.out, "\"known\":21"));
	profiles_write("");
}

/* ---- by hand ---- */

/* Runs `money rate set`, which must work, and returns the id. */
static const char *rate_set(const char *words)
{
	static char id[UUID_TEXT_LEN];
	assert_ctl(&world, 0, "money rate set %s --json", words);
	json_t *answer = world_json(&world);
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(answer, "id")));
	assert_string_equal(json_string_value(json_object_get(answer, "status")), "waits");
	assert_non_null(strstr(json_string_value(json_object_get(answer, "approve")), id));
	json_decref(answer);
	return id;
}

static int64_t in_force(const char *value)
{
	return world_count(
		&world, "SELECT count(*) FROM zhifu.rate WHERE source = 5 AND status = 1 AND digits = %s", value);
}

static void make_posting(const char *hospital, const char *currency, int exponent, int64_t minor, const char *day)
{
	world_sql(&world,
		"WITH p AS (INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency,"
		" exponent, book_day, rule, source_id) VALUES ('%s', gen_random_uuid(), 1, 'BANK-X', 'SUSP', %jd, '%s', %d,"
		" '%s', 'bank_in', gen_random_uuid()) RETURNING hospital_id, entry_id, no)"
		" INSERT INTO zhifu.posting_unvalued (hospital_id, entry_id, no, due_at)"
		" SELECT p.*, now() + interval '10 min' FROM p",
		hospital, (intmax_t)minor, currency, exponent, day);
}

static void four_eyes(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets");
	make_posting(HOSPITAL_A, "USD", 2, 100000, "2024-12-15");
	const char *id = rate_set("USD CNY 7.1300 2024-12-15 --why 'the site is down' --who li");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at <= now()"), 0);
	assert_ctl(&world, 1, "money rate approve %s --why 'seen' --who ' LI '", id);
	assert_non_null(strstr(world.err, "li typed it in, so another person decides"));
	assert_ctl(&world, 1, "money rate refuse %s --why 'seen' --who li", id);
	assert_ctl(&world, 2, "money rate approve %s --who chen", id);
	assert_non_null(strstr(world.err, "--why"));
	assert_int_equal(in_force("71300"), 0);
	assert_ctl(&world, 1, "money rate of USD 2024-12-15 --hospital HZ1");
	assert_ctl(&world, 0, "money rate list --waiting");
	assert_non_null(strstr(world.out, "1 USD = 7.1300 CNY"));
	assert_non_null(strstr(world.out, "the site is down"));
	assert_non_null(strstr(world.out, id));

	assert_ctl(&world, 0, "money rate approve %s --why 'as the bank says' --who chen", id);
	assert_non_null(strstr(world.out, "in force"));
	assert_int_equal(in_force("71300"), 1);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.rate WHERE maker = 'li' AND why = 'the site is down'"
			" AND checker = 'chen' AND checked_why = 'as the bank says' AND checked_at IS NOT NULL"),
		1);
	/* who waited is looked at now */
	assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at <= now()"), 1);
	assert_ctl(&world, 0, "money rate of USD 2024-12-15 --hospital HZ1");
	assert_non_null(strstr(world.out, "1,000.00 USD = 7,130.00 CNY"));
	assert_non_null(strstr(world.out, "chen"));
	/* decided is decided */
	assert_ctl(&world, 1, "money rate approve %s --why 'seen' --who wang", id);
	assert_non_null(strstr(world.err, "chen has approved it"));
	assert_ctl(&world, 0, "money rate set USD CNY 7.13 2024-12-15 --why again --who wang --json");
	assert_non_null(strstr(world.out, "\"known\""));
	assert_non_null(strstr(world.out, id));

	/* another value replaces it when two persons say so; until then it is what it was */
	id = rate_set("USD CNY 7.1400 2024-12-15 --why 'misread' --who wang");
	assert_non_null(strstr(world.out, "rate-changed"));
	assert_ctl(&world, 0, "money rate of USD 2024-12-15 --hospital HZ1");
	assert_non_null(strstr(world.out, "7.1300"));
	assert_ctl(&world, 0, "money rate approve %s --why seen --who li", id);
	assert_ctl(&world, 0, "money rate of USD 2024-12-15 --hospital HZ1");
	assert_non_null(strstr(world.out, "7.1400"));

	/* where a published one counts first, that is said */
	rate_set("USD CNY 7.0905 2024-11-30 --why x --who li");
	assert_non_null(strstr(world.out, "\"overruled\":1"));
	assert_ctl(&world, 0, "money rate set USD CNY 7.0906 2024-11-30 --why x --who li");
	assert_non_null(
		strstr(world.err, "HZ1 and 0 more hospitals go on taking 1 USD = 7.0900 CNY of cfets (2024-11-30)"));
	assert_ctl(&world, 0, "money rate set USD CNY 7.0906 2024-11-30 --why x --who li --zh");
	assert_non_null(strstr(world.err, "HZ1 等 1 家医院"));

	id = rate_set("JPY CNY 4.6000 2024-12-15 --per 100 --why x --who li");
	assert_ctl(&world, 0, "money rate refuse %s --why 'no' --who chen --json", id);
	assert_non_null(strstr(world.out, "\"refused\""));
	assert_int_equal(in_force("46000"), 0);
	assert_ctl(&world, 1, "money rate approve %s --why 'yes' --who wang", id);
	assert_non_null(strstr(world.err, "chen has refused it"));
	assert_ctl(&world, 1, "money rate approve " HOSPITAL_A " --why 'yes' --who wang");
	assert_ctl(&world, 2, "money rate approve x --why 'yes' --who wang");
}

/* The id of the one rate of which that is true. */
static void rate_id(const char *which, char ret[UUID_TEXT_LEN])
{
	char query[200];
	struct pg_result *rows = NULL;
	snprintf(query, sizeof(query), "SELECT rate_id::text FROM zhifu.rate WHERE %s", which);
	assert_int_equal(db_sync_query(world.db, query, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	snprintf(ret, UUID_TEXT_LEN, "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
}

/* A published rate was wrong: two persons put it right, and nothing of the past changes. */
static void wrong_rate_is_corrected(void **state)
{
	char wrong[UUID_TEXT_LEN], text[UUID_TEXT_LEN];
	(void)state;
	import(0, "cfets.csv", "cfets");
	make_posting(HOSPITAL_A, "USD", 2, 100000, "2024-11-27");
	rate_id("day = '2024-11-27' AND base = 'USD'", wrong);
	/* 1,000.00 USD by 7.1050 */
	world_sql(&world,
		"INSERT INTO zhifu.conversion SELECT '" HOSPITAL_A "', '" HOSPITAL_A
		"', 1, 1, '%s', true, 0, 100000, 'USD', 2, 710500, 'CNY', 2",
		wrong);
	assert_ctl(
		&world, 0, "money rate correct %s 7.1500 --why 'the site had a typing error' --who li --json", wrong);
	json_t *answer = world_json(&world);
	snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(answer, "id")));
	assert_string_equal(json_string_value(json_object_get(answer, "status")), "waits");
	assert_string_equal(json_string_value(json_object_get(answer, "rate")), "1 USD = 7.1500 CNY");
	json_decref(answer);
	assert_ctl(&world, 0, "money rate of USD 2024-11-27 --hospital HZ1");
	assert_non_null(strstr(world.out, "7.1050"));
	assert_ctl(&world, 1, "money rate correct %s 7.1600 --why 'again' --who wang", wrong);
	assert_non_null(strstr(world.err, "waits for a second person"));
	assert_ctl(&world, 1, "money rate approve %s --why seen --who Li", text);
	assert_ctl(&world, 0, "money rate approve %s --why 'as the bank has it' --who chen", text);
	assert_ctl(&world, 0, "money rate of USD 2024-11-27 --hospital HZ1");
	assert_non_null(strstr(world.out, "7.1500"));
	assert_ctl(&world, 0, "money rate list --currency USD --from 2024-11-27 --to 2024-11-27");
	assert_non_null(strstr(world.out, "7.1050"));
	assert_non_null(strstr(world.out, "7.1500"));
	assert_non_null(strstr(world.out, "the site had a typing error"));
	assert_int_equal(
		world_count(&world, "SELECT to_minor FROM zhifu.conversion WHERE rate_id = '%s'", wrong), 710500);
	world_sql(&world,
		"UPDATE zhifu.conversion SET (entry_id, no) = (SELECT entry_id, no FROM zhifu.posting LIMIT 1)");
	assert_ctl(&world, 0, "money conversion list --corrected --hospital HZ1 --json");
	assert_non_null(strstr(world.out, "7105.00"));
	assert_non_null(strstr(world.out, "7150.00"));
	assert_non_null(strstr(world.out, text));

	/* The site goes on saying the wrong value: that is told and counted; a third value is refused. */
	rate_file("wrong.csv", HEAD "2024-11-27,7.1050,,,\n2024-12-02,7.1520,,,\n");
	import(0, "wrong.csv", "cfets --why again");
	assert_non_null(
		strstr(world.err, "/wrong.csv:2:USD/CNY: warning: Superseded: the file still says 1 USD = 7.1050"));
	import(0, "wrong.csv", "cfets --json");
	assert_non_null(strstr(world.out, "\"known\":1,\"superseded\":1"));
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.operator_act WHERE subject LIKE '%% 1 superseded'"), 2);
	rate_file("third.csv", HEAD "2024-11-27,7.1060,,,\n");
	import(1, "third.csv", "cfets");
	assert_non_null(strstr(world.err, "stored is 1 USD = 7.1500 CNY"));
	rate_file("right.csv", HEAD "2024-11-27,7.1500,,,\n");
	import(0, "right.csv", "cfets");
	assert_ctl(&world, 1, "money rate correct %s 7.1400 --why 'late' --who li", wrong);
	assert_non_null(strstr(world.err, "corrected before"));
	assert_ctl(&world, 1, "money rate correct %s 7.15 --why 'same' --who li", text);
	assert_non_null(strstr(world.err, "has that value"));
	assert_ctl(&world, 1, "money rate correct %s 0.1400 --why 'x' --who li", text);
	assert_non_null(strstr(world.err, "upside down"));
	assert_ctl(&world, 1, "money rate correct " HOSPITAL_A " 7.1 --why 'x' --who li");
	assert_ctl(&world, 2, "money rate correct %s 7.1 --who li", text);

	/* A bank's price, of its board. */
	rate_file("board.csv", BOARD "美元,705.20,708.15,2024-11-03\n");
	import(0, "board.csv", "board:icbc");
	rate_id("source = 3", wrong);
	assert_ctl(&world, 0, "money rate correct %s 706.20 --why 'misread' --who li", wrong);
	rate_id("source = 3 AND status = 2", text);
	assert_ctl(&world, 0, "money rate approve %s --why 'seen' --who chen", text);
	assert_int_equal(
		world_count(&world, "SELECT count(*) FROM zhifu.rate WHERE source = 3 AND bank = 'icbc' AND per = 100"
				    " AND digits = 70620 AND version = 2 AND status = 1"),
		1);
}

static void implausible_entry_is_refused_or_warned_of(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets");
	assert_ctl(&world, 1, "money rate set USD CNY 0.1400 2024-12-02 --why x --who li");
	assert_non_null(strstr(world.err, "upside down"));
	assert_ctl(&world, 1, "money rate set JPY CNY 4.7000 2024-12-02 --why x --who li --json");
	assert_fault("rate-hundredfold", "value");
	assert_ctl(&world, 1, "money rate set USD CNY 7.1 2099-01-01 --why x --who li");
	assert_ctl(&world, 1, "money rate set USD USD 7.1 2024-12-02 --why x --who li");
	assert_ctl(&world, 1, "money rate set US CNY 7.1 2024-12-02 --per 3 --why x --who li --zh");
	assert_non_null(strstr(world.err, "标价单位"));
	assert_ctl(&world, 2, "money rate set USD CNY 7.1 yesterday --why x --who li");
	assert_ctl(&world, 2, "money rate set USD CNY 7.1 2024-12-02 --who li");
	assert_int_equal(rates(), 14);

	/* far is for the second person to mean */
	const char *id = rate_set("USD CNY 8.0000 2024-12-02 --why 'devalued' --who li");
	assert_non_null(strstr(world.out, "rate-far"));
	assert_non_null(strstr(world.out, "--far"));
	assert_ctl(&world, 1, "money rate approve %s --why 'seen' --who chen", id);
	assert_non_null(strstr(world.err, "--far"));
	assert_int_equal(in_force("80000"), 0);
	assert_ctl(&world, 0, "money rate approve %s --why 'seen' --who chen --far", id);
	assert_int_equal(in_force("80000"), 1);

	/* what was plausible may be no more when it is approved */
	id = rate_set("JPY CNY 0.0474 2024-12-20 --why x --who li");
	rate_file("later.csv", HEAD "2024-12-19,,,4.0000,\n");
	import(0, "later.csv", "cfets --history");
	assert_ctl(&world, 1, "money rate approve %s --why 'seen' --who chen", id);
}

/* ---- asking ---- */

static void day_without_a_rate_takes_the_last(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets");
	assert_ctl(&world, 0, "money rate of USD 2024-10-06 --hospital HZ1");
	assert_non_null(
		strstr(world.out, "2024-10-06 has no rate of USD/CNY: the last before it counts, that of 2024-09-30."));
	assert_non_null(strstr(world.out, "1,000.00 USD = 7,095.00 CNY"));
	assert_non_null(strstr(world.out, "multiplied by it"));
	assert_ctl(&world, 0, "money rate of USD 2024-10-06 --hospital HZ1 --zh");
	assert_non_null(strstr(world.out, "取此前最近的 2024-09-30"));
	assert_ctl(&world, 0, "money rate of THB 2024-11-30 --hospital HZ1 --json");
	json_t *answer = world_json(&world);
	json_t *step = json_array_get(json_object_get(answer, "steps"), 0);
	assert_string_equal(json_string_value(json_object_get(step, "source")), "cfets");
	assert_string_equal(json_string_value(json_object_get(step, "day")), "2024-11-30");
	assert_string_equal(json_string_value(json_object_get(step, "rate")), "1 CNY = 4.5512 THB");
	assert_string_equal(json_string_value(json_object_get(step, "how")), "divide");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answer, "example_to"), "amount")), "219.72");
	json_decref(answer);
	/* a cross rate through the yuan, and the other hospital's own currency */
	assert_ctl(&world, 0, "money rate of EUR 2024-11-30 --to USD --hospital HZ1 --json");
	answer = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(answer, "steps")), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answer, "example_to"), "amount")), "1172.07");
	json_decref(answer);
	assert_ctl(&world, 1, "money rate of EUR 2024-11-30 --hospital RY2");
	assert_ctl(&world, 0, "money rate of CNY 2024-11-30 --hospital HZ1");
	assert_non_null(strstr(world.out, "no rate is needed"));

	/* beyond the reach: which day lacks one and which was the last that had one, of each source */
	assert_ctl(&world, 1, "money rate of USD 2024-10-19 --hospital HZ1");
	assert_non_null(strstr(world.err, "no rate of USD/CNY (cfets) for 2024-10-19 (2024-10-08)"));
	assert_non_null(strstr(world.err, "(manual) for 2024-10-19"));
	assert_ctl(&world, 1, "money rate of USD 2024-10-19 --hospital HZ1 --json");
	answer = world_json(&world);
	assert_true(json_is_false(json_object_get(answer, "found")));
	assert_int_equal(json_array_size(json_object_get(answer, "faults")), 2);
	json_decref(answer);
	assert_ctl(&world, 1, "money rate of USD 2034-01-01 --hospital HZ1");
	assert_non_null(strstr(world.err, "(2024-11-30)"));
	assert_ctl(&world, 2, "money rate of USD 2024-10-19");
	assert_ctl(&world, 2, "money rate of Dollar 2024-10-19 --hospital HZ1");
	assert_ctl(&world, 2, "money rate of USD 2024-10 --hospital HZ1");
}

static void rates_are_listed(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "money rate list");
	assert_non_null(strstr(world.out, "no rates"));
	import(0, "cfets.csv", "cfets");
	assert_ctl(&world, 0, "money rate list --currency JPY --from 2024-09-01 --to 2024-09-30 --json");
	json_t *answer = world_json(&world);
	json_t *list = json_object_get(answer, "rates");
	assert_int_equal(json_array_size(list), 2);
	json_t *rate = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(rate, "day")), "2024-09-25");
	assert_string_equal(json_string_value(json_object_get(rate, "rate")), "100 JPY = 4.7920 CNY");
	assert_string_equal(json_string_value(json_object_get(rate, "value")), "4.7920");
	assert_int_equal(json_integer_value(json_object_get(rate, "per")), 100);
	assert_string_equal(json_string_value(json_object_get(rate, "status")), "in-force");
	assert_string_equal(json_string_value(json_object_get(rate, "who")), "li");
	json_decref(answer);
	assert_ctl(&world, 0, "money rate list --source ecb");
	assert_non_null(strstr(world.out, "no rates"));
	assert_ctl(&world, 0, "money rate list --source cfets --zh");
	assert_non_null(strstr(world.out, "已生效"));
	assert_ctl(&world, 2, "money rate list --source boc");
	assert_ctl(&world, 2, "money rate list --currency dollar");
	assert_ctl(&world, 2, "money rate list --from monday");
	/* more than a page: the newest, and a word */
	world_sql(&world,
		"INSERT INTO zhifu.rate (source, base, quote, per, digits, scale, day, maker)"
		" SELECT 1, 'GBP', 'CNY', 1, 90000, 4, '2024-12-01'::date - n, 'li' FROM generate_series(0, 1000) AS g (n)");
	assert_ctl(&world, 0, "money rate list --currency GBP --json");
	answer = world_json(&world);
	list = json_object_get(answer, "rates");
	assert_int_equal(json_array_size(list), 1000);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "day")), "2024-12-01");
	assert_true(json_is_true(json_object_get(answer, "cut")));
	json_decref(answer);
	assert_ctl(&world, 0, "money rate list --currency GBP");
	assert_non_null(strstr(world.err, "only the newest 1000"));
}

static void what_waits_is_shown(void **state)
{
	(void)state;
	import(0, "cfets.csv", "cfets");
	assert_ctl(&world, 0, "money waiting");
	assert_non_null(strstr(world.out, "every posting has its value"));
	assert_ctl(&world, 0, "status");
	assert_null(strstr(world.out, "exchange rate"));
	make_posting(HOSPITAL_A, "USD", 2, 150000, "2024-10-19");
	make_posting(HOSPITAL_A, "USD", 2, 25050, "2024-10-19");
	make_posting(HOSPITAL_A, "EUR", 2, 100, "2024-11-30");
	make_posting(HOSPITAL_B, "JPY", 0, 5000, "2024-11-05");
	assert_ctl(&world, 0, "money waiting --json");
	json_t *answer = world_json(&world);
	json_t *list = json_object_get(answer, "waiting");
	assert_int_equal(json_integer_value(json_object_get(answer, "postings")), 4);
	assert_int_equal(json_array_size(list), 3);
	json_t *eur = json_array_get(list, 0), *usd = json_array_get(list, 1), *jpy = json_array_get(list, 2);
	assert_string_equal(json_string_value(json_object_get(eur, "missing")), "");
	assert_int_equal(json_integer_value(json_object_get(usd, "postings")), 2);
	assert_string_equal(json_string_value(json_object_get(json_object_get(usd, "amount"), "amount")), "1750.50");
	assert_string_equal(json_string_value(json_object_get(usd, "missing")), "USD/CNY (cfets)");
	assert_string_equal(json_string_value(json_object_get(usd, "last_known")), "2024-10-08");
	/* through the yuan: its own step to the riyal is what lacks a rate */
	assert_string_equal(json_string_value(json_object_get(jpy, "hospital")), "RY2");
	assert_string_equal(json_string_value(json_object_get(jpy, "missing")), "CNY/SAR (cfets)");
	assert_true(json_is_null(json_object_get(jpy, "last_known")));
	json_decref(answer);
	assert_ctl(&world, 0, "money waiting --hospital HZ1");
	assert_non_null(strstr(world.out, "1,750.50 USD"));
	assert_null(strstr(world.out, "RY2"));
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "postings that wait for an exchange rate"));
	assert_ctl(&world, 0, "status --json");
	assert_non_null(strstr(world.out, "\"postings that wait for an exchange rate\",\"count\":4"));
	assert_ctl(&world, 2, "money waiting --hospital XX9");
	/* books of a hospital whose file is gone wait too */
	world_sql(&world, "SELECT zhifu.hospital_open('" HOSPITAL_GONE "', 'GN3', 'Gone', 'UTC', 'CNY', '\\x00')");
	make_posting(HOSPITAL_GONE, "USD", 2, 700, "2024-10-19");
	assert_ctl(&world, 0, "money waiting --hospital GN3");
	assert_non_null(strstr(world.out, "its file is missing or broken"));
	assert_ctl(&world, 0, "status --json");
	assert_non_null(strstr(world.out, "\"postings that wait for an exchange rate\",\"count\":5"));
}

static int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parities_are_imported_once, rates_begin),
		cmocka_unit_test_setup(another_value_is_refused_with_both, rates_begin),
		cmocka_unit_test_setup(imports_at_once_agree, rates_begin),
		cmocka_unit_test_setup(implausible_file_is_refused, rates_begin),
		cmocka_unit_test_setup(ecb_files_are_read, rates_begin),
		cmocka_unit_test_setup(boards_of_banks_are_read_in_their_encoding, rates_begin),
		cmocka_unit_test_setup(csv_by_profile, rates_begin),
		cmocka_unit_test_setup(shipped_profile_is_the_central_parity, rates_begin),
		cmocka_unit_test_setup(four_eyes, rates_begin),
		cmocka_unit_test_setup(wrong_rate_is_corrected, rates_begin),
		cmocka_unit_test_setup(implausible_entry_is_refused_or_warned_of, rates_begin),
		cmocka_unit_test_setup(day_without_a_rate_takes_the_last, rates_begin),
		cmocka_unit_test_setup(rates_are_listed, rates_begin),
		cmocka_unit_test_setup(what_waits_is_shown, rates_begin),
	};

	return world_main(&world, "ctl_money", tests, ARRAY_LEN(tests), group_begin);
}
