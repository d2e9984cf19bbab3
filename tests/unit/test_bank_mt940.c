/* MT940 and MT942: the fields, the dialects of :86:, the years, reversals, pages, and what is refused. */
#include "bank_lab.h"

#define HEAD ":20:REF1\r\n:25:CH9300762011623852957\r\n:28C:00012/001\r\n:60F:C261101CHF1000,00\r\n"
#define TAIL(amount) ":62F:C261102CHF" amount "\r\n-\r\n"
#define EXPECT(text, rc, ...) bank_expect(text, sizeof(text) - 1, NULL, rc, __VA_ARGS__, NULL)

static const char rich[] =
	"{1:F01BANKCHZZAXXX0000000000}{2:O9400000}{4:\r\n" HEAD
	":61:2611021103C250,NTRFCUSTREF//BANK1\r\nsupplement\r\n"
	":86:166?00GUTSCHRIFT?109310?20EREF+E2E-1?21MREF+M1?22SVWZ+Invoice 4711 and more o?23f it?24short?25end"
	"?30BUKBGB22?31GB33BUKB\r\n20201555555555?32ALLIED HEALTH?33 LTD?34901?60sixty\r\n"
	":61:2611021102RC50,00S051NONREF//BANK2\r\n"
	":61:2611021102RD10,00FMSCNONREF\r\n:86:free text\r\nin two lines\r\n"
	":61:2611021102DR25,5NCHGNONREF//BANK3\r\n/OCMT/EUR20,00//EXCH/1,25//CHGS/CHF0,50/\r\n"
	":86:/EREF/E2E-2/BENM//NAME/J. DOE/REMI/USTD//text of a long l\r\nine/IBAN/GB33 BUKB 2020 1555 5555 55/\r\n"
	":62F:C261102CHF1184,50\r\n:64:C261103CHF1184,50\r\n:86:to the statement\r\n-}{5:}\r\n";

static void every_field_is_read(void **state)
{
	(void)state;
	EXPECT(rich, 0, "\"version\": \"MT940\", \"message_id\": \"REF1\", \"id\": \"00012\"", "\"sequence\": 12",
		"\"page\": 1", "\"account\": \"CH9300762011623852957\"",
		"\"opening\": {\"kind\": 1, \"code\": \"60F\", \"amount\": \"1000.00 CHF\", \"day\": \"2026-11-01\"}",
		"\"amount\": \"250.00 CHF\", \"booking_day\": \"2026-11-03\", \"value_day\": \"2026-11-02\", "
		"\"servicer_reference\": \"BANK1\", \"customer_reference\": \"CUSTREF\", \"bank_code\": \"NTRF+166\", "
		"\"supplementary\": \"supplement\", \"posting\": \"GUTSCHRIFT\"",
		"\"end_to_end_id\": \"E2E-1\", \"mandate_id\": \"M1\"",
		"\"debtor\": {\"is\": \"party\", \"name\": \"ALLIED HEALTH LTD\", \"account\": \"GB33BUKB20201555555555\", "
		"\"agent\": \"BUKBGB22\"}",
		"\"text\": \"Invoice 4711 and more of it short end\", \"additional\": \"sixty\", \"return_reason\": \"901\"",
		"\"reversal\": 1, \"credit\": 1", "\"amount\": \"-50.00 CHF\"", "\"amount\": \"10.00 CHF\"",
		"\"text\": \"free text\\u000ain two lines\"", "\"funds\": \"R\", \"amount\": \"-25.50 CHF\"",
		"\"charges\": [{\"included\": -1, \"amount\": \"-0.50 CHF\"}]",
		"\"instructed\": \"20.00 EUR\", \"rate\": \"1.25\", \"source\": \"EUR\", \"target\": \"CHF\", \"fit\": 1",
		"\"end_to_end_id\": \"E2E-2\"",
		"\"creditor\": {\"is\": \"party\", \"name\": \"J. DOE\", \"account\": \"GB33BUKB20201555555555\"}",
		"\"text\": \"text of a long line\"",
		"\"entries\": 4, \"credits\": 2, \"debits\": 2, \"proved\": 1, \"refused\": 0, \"credit_sum\": \"260.00 CHF\", "
		"\"debit_sum\": \"-75.50 CHF\", \"additional\": \"to the statement\"");
	bank_cut_everywhere(rich, sizeof(rich) - 1, NULL);
}

static void the_year_of_the_entry_rolls_over(void **state)
{
	(void)state;
	EXPECT(HEAD ":61:261231X1,NTRFNONREF\r\n", LIB_INVALID, "it must be: C, D, RC, RD");
	EXPECT(HEAD ":61:2612310102C1,NTRFNONREF\r\n" TAIL("1001,"), 0,
		"\"booking_day\": \"2027-01-02\", \"value_day\": \"2026-12-31\"");
	EXPECT(HEAD ":61:2701011231C1,NTRFNONREF\r\n" TAIL("1001,"), 0,
		"\"booking_day\": \"2026-12-31\", \"value_day\": \"2027-01-01\"");
	EXPECT(HEAD ":61:270228C1,NTRFNONREF\r\n" TAIL("1001,"), 0,
		"\"booking_day\": \"2027-02-28\", \"value_day\": \"2027-02-28\"");
	EXPECT(HEAD ":61:2702300301C1,NTRFNONREF\r\n" TAIL("1001,"), 0,
		"\"booking_day\": \"2027-03-01\", \"value_day\": \"2027-02-28\"",
		"The day 270230 does not exist; 2027-02-28");
	EXPECT(HEAD ":61:270431C1,NTRFNONREF\r\n", LIB_INVALID, "it must be: YYMMDD[MMDD]");
	EXPECT(HEAD ":61:2701010230C1,NTRFNONREF\r\n", LIB_INVALID, "it must be: YYMMDD[MMDD]");
	EXPECT(":20:A\n:25:X\n:28C:1\n:60F:C991231EUR1,\n:62F:C991231EUR1,\n", 0, "\"day\": \"1999-12-31\"");
}

static void dialects_are_told_apart(void **state)
{
	(void)state;
#define INFO(text, ...) EXPECT(HEAD ":61:261102C1,NTRFNONREF\r\n:86:" text "\r\n" TAIL("1001,"), 0, __VA_ARGS__)
	INFO("051?00A?20one?21EREF+E1 KREF+K1?22SVWZ+what it is", "\"end_to_end_id\": \"E1\"",
		"\"instruction_id\": \"K1\"", "\"text\": \"one\\u000awhat it is\"");
	INFO("000>20 RENT>21 FEB 2010", "\"text\": \"RENT  FEB 2010\"");
	INFO("?20only parts", "\"text\": \"only parts\"", "\"bank_code\": \"NTRF\"");
	INFO("EREF+E1 SVWZ+text", "\"end_to_end_id\": \"E1\"", "\"text\": \"text\"");
	INFO("/TRTP/SEPA/EREF/NOTPROVIDED/CNTP/GB33BUKB20201555555555/BUKBGB22/Name/Town/", "\"name\": \"Name\"",
		"\"account\": \"GB33BUKB20201555555555\", \"agent\": \"BUKBGB22\"");
	INFO("/ORDP//NAME/A/ID/7/REMI/x/y", "\"name\": \"A\"", "\"identifier\": \"7\"", "\"text\": \"x/y\"");
	INFO("05/12 is a date? 20 yes", "\"text\": \"05/12 is a date? 20 yes\"");
	INFO("?Sentinel? and ?20", "\"text\": \"?Sentinel? and ?20\"");
	INFO("first\r\n:86:second", "\"text\": \"first\\u000asecond\"");
	INFO("at 2026-11-01T13\r\n:26:37 o'clock", "\"text\": \"at 2026-11-01T13\\u000a:26:37 o'clock\"");
	INFO("", "\"account_amount\": \"1.00 CHF\"");
	EXPECT(HEAD ":61:261102C1,NTRF12345678901234567890\r\n" TAIL("1001,"), 0,
		"\"customer_reference\": \"1234567890123456\"", "\"supplementary\": \"7890\"");
	EXPECT(HEAD ":61:261102C1,NTRFA//B//C\r\n" TAIL("1001,"), 0, "\"servicer_reference\": \"B//C\"");
	EXPECT(HEAD ":61:261102C\r\n1,NTRFX\r\n:\r\n86:text\r\n" TAIL("1001,"), 0, "\"text\": \"text\"");
	EXPECT("BANK\n940\nBANK\n\x01\n:940:\n" HEAD
	       ":NS:22Holder\r\n:61:261102C1,S051\r\n:NS:01one\r\n02two\r\n15Payer\r\n"
	       "17Word\r\n" TAIL("1001,") "\x03",
		0, "\"name\": \"Payer\"", "\"text\": \"one\\u000atwo\"", "\"posting\": \"Word\"",
		"\"additional\": \"22Holder\"");
}

static void accounts_are_made_equal(void **state)
{
	(void)state;
#define ACCOUNT(text, id)                                                                                              \
	EXPECT(":20:A\n:25:" text "\n:28C:1\n:60F:C261101EUR1,\n:62F:C261101EUR1,\n", 0, "\"account\": \"" id "\"")
	ACCOUNT("70011110/4005287001EUR", "70011110/4005287001");
	ACCOUNT("BUKBGB22/GB33BUKB20201555555555", "GB33BUKB20201555555555");
	ACCOUNT("gb33 bukb 2020 1555 5555 55EUR", "GB33BUKB20201555555555");
	ACCOUNT("1291.99.348EUR", "129199348");
	/* An IBAN that ends with its currency is left whole. */
	ACCOUNT("MU17BOMM0101101030300200000MUR", "MU17BOMM0101101030300200000MUR");
	EXPECT(":20:A\n:25P:X1\nBANKCHZZ\n:28C:1\n:60F:C261101EUR1,\n:62F:C261101EUR1,\n", 0,
		"\"servicer\": \"BANKCHZZ\"");
	static const char local[] = ":20:A\n:25:70011110/4005287001EUR\n:28C:1\n:60F:C261101EUR1,\n:62F:C261101EUR1,\n";
	struct bank_profile profile = {.account = "4005287001"};
	bank_expect(local, sizeof(local) - 1, &profile, 0, "\"account\": \"4005287001\"", NULL);
	profile.account = "4005287002";
	bank_expect(local, sizeof(local) - 1, &profile, LIB_INVALID, "\"code\": \"bank-account\"", NULL);
}

static void pages_go_on(void **state)
{
	(void)state;
#define PAGE(n, from, to) ":20:A\n:25:X\n:28C:7/" n "\n:60" from "\n:61:261102C1,NTRFNONREF\n:62" to "\n-\n"
	EXPECT(PAGE("1", "F:C261101EUR1,", "M:C261101EUR2,") PAGE("2", "M:C261101EUR2,", "F:C261101EUR3,")
			PAGE("1", "F:C261101EUR3,", "F:C261101EUR4,"),
		0, "\"page\": 2, \"last_page\": -1, \"continued\": 1", "\"occurrence\": 2");
	struct bank_lab lab;
	static const char text[] = PAGE("1", "F:C261101EUR1,", "M:C261101EUR2,")
		PAGE("2", "M:C261101EUR2,", "F:C261101EUR3,") PAGE("1", "F:C261101EUR3,", "F:C261101EUR4,");
	lab = bank_read(text, sizeof(text) - 1, NULL, NULL, 0);
	assert_int_equal(bank_count(&lab, "\"occurrence\": 1"), 2);
	assert_int_equal(bank_count(&lab, "\"proved\": 1"), 3);
	free(lab.told);
}

/* By the bank's own reference whatever the words are; another reference, day or amount is another line, and zeros are
 * none. */
static void a_line_is_known_by_the_banks_reference(void **state)
{
	(void)state;
#define DAYS(lines) ":20:A\n:25:X\n:28C:7/1\n:60F:C261101EUR0,\n" lines ":62F:C261103EUR9,\n-\n"
#define ONE "2,NTRFNONREF//R1\n:86:WIRE FROM A\n"
	static const char first[] = DAYS(":61:2611021102C" ONE ":61:2611021102C" ONE ":61:2611021102C1,NTRFNONREF//R1\n"
					 ":61:2611021102C2,NTRFNONREF//00\n:86:A\n"
					 ":61:2611021102C2,NTRFNONREF//00\n:86:B\n");
	static const char again[] =
		DAYS(":61:2611021102C2,NMSCINV 7//R1\nPAYMENT\n:86:?00CREDIT?20INVOICE 7?32B\n:61:2611031103C" ONE
		     ":61:2611021102C2,NTRFNONREF//R2\n:86:WIRE FROM A\n:61:2611021102C2,NTRFNONREF\n:86:A\n"
		     ":61:2611021102C1,NTRFNONREF//R2\n");
	struct bank_lab a = bank_read(first, sizeof(first) - 1, NULL, NULL, 0);
	struct bank_lab b = bank_read(again, sizeof(again) - 1, NULL, NULL, 0);
	char line[5][65], other[65];
	assert_int_equal(a.rc, 0);
	assert_int_equal(b.rc, 0);
	for (unsigned i = 0; i < 5; i++) bank_identity(&a, i + 1, line[i]);
	assert_string_equal(line[0], line[1]); /* one bank reference for two: the second occurrence */
	assert_int_equal(bank_count(&a, "\"occurrence\": 2"), 1);
	assert_string_not_equal(line[0], line[2]);
	assert_string_not_equal(line[3], line[4]);
	bank_identity(&b, 1, other);
	assert_string_equal(other, line[0]);
	for (unsigned i = 2; i <= 3; i++) {
		bank_identity(&b, i, other);
		assert_string_not_equal(other, line[0]);
	}
	bank_identity(&b, 4, other);
	assert_string_equal(other, line[3]);
	free(a.told);
	free(b.told);
}

static void a_report_of_the_day_proves_nothing(void **state)
{
	(void)state;
#define DAY                                                                                                            \
	":20:A\n:25:X\n:28C:7/1\n:34F:EURD0,00\n:34F:EURC0,\n:13D:2611021815+0100\n:61:261102C1,50NTRFNONREF\n"        \
	":61:261102EC2,00NTRFNONREF\n"
	EXPECT(DAY ":90D:0EUR0,\n:90C:1EUR1,50\n-\n", 0, "\"version\": \"MT942\"", "\"kind\": 2",
		"\"created\": \"2026-11-02T18:15:00+01:00\"", "\"status\": 2", "\"currency\": \"EUR\"",
		"\"credits\": 1, \"debits\": 0, \"proved\": 0, \"refused\": 0");
	EXPECT(DAY ":90C:2EUR3,50\n-\n", LIB_INVALID,
		"The file says 2: 3.50 of its entries, but what is in it gives 1: 1.50.");
}

static void a_bad_statement_is_refused_with_its_reason(void **state)
{
	(void)state;
	EXPECT(HEAD ":61:261102C1,NTRFNONREF\r\n" TAIL("1002,"), LIB_INVALID,
		"give 1000.00 + 1.00 - 0.00 = 1001.00, but the closing balance is 1002.00 (+1.00 CHF)");
	EXPECT(HEAD, LIB_INVALID, "The statement has no :62F:");
	EXPECT(":20:A\n:25:X\n:28C:1\n:62F:C261101EUR1,\n", LIB_INVALID, "The statement has no :60F:");
	EXPECT(HEAD TAIL("1000,") ":61:261102C1,NTRFNONREF\r\n", LIB_INVALID, "\"path\": \"line 7\"",
		":61: may not stand here");
	EXPECT(HEAD ":62F:C261102CHF1000,\r\n:61:261102C1,NTRFNONREF\r\n", LIB_INVALID, ":61: may not stand here");
	EXPECT(HEAD ":60F:C261102CHF1000,\r\n" TAIL("1000,"), LIB_INVALID, ":60F: may not stand here");
	EXPECT(":61:261102C1,NTRFNONREF\n:61:261102C1,NTRFNONREF\n", LIB_INVALID, ":20: is missing", ":25: is missing",
		":60F: is missing");
	EXPECT(":20:A\n:25:X\n:28C:1\n:60F:C261101DEM1,\n:61:261102C1,NTRFNONREF\n:62F:C261101DEM2,\n", LIB_INVALID,
		"The currency \\\"DEM\\\" is not in ISO 4217.", "\"path\": \"line 4: :60F:\"");
	EXPECT(":20:A\n:25:X\n:28C:1\n:60F:C261101JPY1,5\n", LIB_INVALID, "more than the 0 decimals");
	EXPECT(":20:A\n:25:X\n:28C:1\n:60F:X261101EUR1,5\n", LIB_INVALID, "it must be: [C|D]YYMMDD CCY 9,99");
	EXPECT(":20:A\n:25:X\n:28C:1\n:62F:C2611015,00\n", LIB_INVALID, "The amount has no currency.");
	EXPECT(HEAD ":61:261102C1.00NTRFNONREF\r\n", LIB_INVALID, "it must be: N, F, S + 3");
	EXPECT(HEAD ":61:261102C,NTRFNONREF\r\n", LIB_INVALID, "\"code\": \"bank-value\"");
	EXPECT(HEAD ":61:261102C1,\r\n", LIB_INVALID, "it must be: N, F, S + 3");
	EXPECT(HEAD ":28C:abc\r\n", LIB_INVALID, ":28C: may not stand here");
	EXPECT(HEAD ":86:\xe4\r\n", LIB_INVALID, "The text is not UTF-8", "\"path\": \"line 5\"");
	EXPECT(HEAD ":86:a\0b\r\n", LIB_INVALID, "\"code\": \"bank-charset\"");
	EXPECT(HEAD ":86:\xe4\xbb", LIB_INVALID, "\"code\": \"bank-truncated\"");
	struct bank_limits limits = {.text_max = 100};
	char text[400];
	int len = snprintf(text, sizeof(text), "%s:86:%150s\n", HEAD, "x");
	struct bank_lab lab = bank_read(text, (size_t)len, NULL, &limits, 0);
	assert_int_equal(lab.rc, LIB_LIMIT);
	bank_has(&lab, "The file goes beyond the limit text_max");
	free(lab.told);
	limits = (struct bank_limits){.entries_max = 1};
	len = snprintf(text, sizeof(text), "%s:61:261102C1,NTRFX\n:61:261102C1,NTRFX\n", HEAD);
	lab = bank_read(text, (size_t)len, NULL, &limits, 0);
	assert_int_equal(lab.rc, LIB_LIMIT);
	bank_has(&lab, "entries_max");
	free(lab.told);
	limits = (struct bank_limits){.bytes_max = 10};
	lab = bank_read(text, (size_t)len, NULL, &limits, 0);
	assert_int_equal(lab.rc, LIB_LIMIT);
	free(lab.told);
}

static void charsets_are_the_profiles(void **state)
{
	(void)state;
#define CHARSET(name, bytes, text)                                                                                     \
	do {                                                                                                           \
		struct bank_profile profile = {.charset = name};                                                       \
		static const char file[] = HEAD ":61:261102C1,NTRFNONREF\r\n:86:" bytes "\r\n" TAIL("1001,");          \
		bank_expect(file, sizeof(file) - 1, &profile, 0, "\"text\": \"" text "\"", NULL);                      \
		bank_cut_everywhere(file, sizeof(file) - 1, &profile);                                                 \
	} while (0)
	CHARSET(CHARSET_UTF8, "\xe4\xbb\x98\xe6\xac\xbe \xf0\xa0\x80\x80", "\xe4\xbb\x98\xe6\xac\xbe \xf0\xa0\x80\x80");
	CHARSET(CHARSET_LATIN1, "M\xfcller \xa4", "M\xc3\xbcller \xc2\xa4");
	CHARSET(CHARSET_LATIN9, "M\xfcller \xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe",
		"M\xc3\xbcller \xe2\x82\xac\xc5\xa0\xc5\xa1\xc5\xbd\xc5\xbe\xc5\x92\xc5\x93\xc5\xb8");
	CHARSET(CHARSET_GB18030, "\xb8\xb6\xbf\xee \x81\x30\x84\x36", "\xe4\xbb\x98\xe6\xac\xbe \xc2\xa5");
	CHARSET(CHARSET_CP852, "\xa0tutal\xa0s", "\xc3\xa1tutal\xc3\xa1s");
	struct bank_profile profile = {.charset = CHARSET_GB18030};
	static const char broken[] = HEAD ":86:\xb8\xff\r\n";
	bank_expect(broken, sizeof(broken) - 1, &profile, LIB_INVALID, "The text is not GB18030", NULL);
	bank_cut_everywhere(broken, sizeof(broken) - 1, &profile);
	/* A NUL comes before what is no character: that is the first fault, however it is cut. */
	static const char zero[] = HEAD ":86:a\0b\r\n:62F:C261102CHF1000,\r\n:86:\x80\xff\r\n";
	bank_expect(
		zero, sizeof(zero) - 1, &profile, LIB_INVALID, "The text is not GB18030", "\"path\": \"line 5\"", NULL);
	bank_cut_everywhere(zero, sizeof(zero) - 1, &profile);
	static const char mark[] = "\xef\xbb\xbf" HEAD TAIL("1000,");
	bank_expect(mark, sizeof(mark) - 1, NULL, 0, "\"proved\": 1", NULL);
	bank_cut_everywhere(mark, sizeof(mark) - 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(the_year_of_the_entry_rolls_over),
		cmocka_unit_test(dialects_are_told_apart),
		cmocka_unit_test(accounts_are_made_equal),
		cmocka_unit_test(pages_go_on),
		cmocka_unit_test(a_line_is_known_by_the_banks_reference),
		cmocka_unit_test(a_report_of_the_day_proves_nothing),
		cmocka_unit_test(a_bad_statement_is_refused_with_its_reason),
		cmocka_unit_test(charsets_are_the_profiles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
