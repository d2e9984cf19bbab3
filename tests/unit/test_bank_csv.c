/* CSV by profile: columns, signs, balances in both orders, labels and footers, GB18030, and what is refused; then that
 * the reader stands every failing allocation in all three formats and works in the jail of a translate process. */
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bank_lab.h"

#include "translate/jail.h"
#include <openssl/evp.h>

#define N(list) (sizeof(list) / sizeof((list)[0]))

/* Amounts with a sign, a running balance. */
static const struct bank_csv_column signed_columns[] = {{"Date", BANK_CSV_BOOKING_DAY, false},
	{"Value", BANK_CSV_VALUE_DAY, true}, {"Amount", BANK_CSV_AMOUNT, false}, {"Balance", BANK_CSV_BALANCE, true},
	{"Text", BANK_CSV_TEXT, false}, {"More", BANK_CSV_TEXT, true}, {"Ref", BANK_CSV_BANK_REFERENCE, true},
	{"Name", BANK_CSV_NAME, true}, {"Account", BANK_CSV_PARTY_ACCOUNT, true}, {"Fee", BANK_CSV_CHARGE, true},
	{"Orig", BANK_CSV_ORIGINAL_AMOUNT, true}, {"OrigCcy", BANK_CSV_ORIGINAL_CURRENCY, true},
	{"Rate", BANK_CSV_RATE, true}};

static struct bank_profile signed_profile(void)
{
	return (struct bank_profile){.account = "GB33BUKB20201555555555",
		.csv = {.columns = signed_columns, .column_count = N(signed_columns), .currency = "GBP"}};
}

#define SIGNED(text, rc, ...) bank_expect(text, sizeof(text) - 1, &profile, rc, __VA_ARGS__, NULL)

static void rows_are_entries(void **state)
{
	(void)state;
	struct bank_profile profile = signed_profile();
	static const char text[] =
		"My bank,,,\r\n\r\nDate,Value,Amount,Balance,Text,More,Ref,Name,Account,Fee,Orig,OrigCcy,Rate,Unknown\r\n"
		"2026-11-02 08:15:00,2026-11-03,250.00,1250.00,\"Invoice, \"\"4711\"\"\r\nsecond line\",more,R1,Allied,"
		"gb33 bukb 2020 1555 5555 55,1.50,300,EUR,0.8333,x\r\n"
		"2026-11-03,,-13.5,1236.50,out,,,,,,,,,\r\n";
	SIGNED(text, 0, "\"version\": \"CSV\"", "\"account\": \"GB33BUKB20201555555555\"", "\"currency\": \"GBP\"",
		"\"opening\": {\"kind\": 1, \"code\": \"opening\", \"amount\": \"1000.00 GBP\"}",
		"\"amount\": \"250.00 GBP\", \"booking_day\": \"2026-11-02\", \"value_day\": \"2026-11-03\", "
		"\"servicer_reference\": \"R1\"",
		"\"charges\": [{\"included\": -1, \"amount\": \"-1.50 GBP\"}]",
		"\"instructed\": \"300.00 EUR\", \"rate\": \"0.8333\", \"source\": \"EUR\", \"target\": \"GBP\", \"fit\": 1",
		"\"debtor\": {\"is\": \"party\", \"name\": \"Allied\", \"account\": \"GB33BUKB20201555555555\"}",
		"\"text\": \"Invoice, \\\"4711\\\"\\u000d\\u000asecond line\\u000amore\"", "\"line\": 6, ",
		"\"amount\": \"-13.50 GBP\"", "\"credits\": 1, \"debits\": 1, \"proved\": 1, \"refused\": 0");
	bank_cut_everywhere(text, sizeof(text) - 1, &profile);
}

static void the_youngest_may_come_first(void **state)
{
	(void)state;
	struct bank_profile profile = signed_profile();
	profile.csv.newest_first = true;
	SIGNED("Date,Amount,Balance,Text\n2026-11-03,-10,1240,b\n2026-11-02,250,1250,a\n", 0, "\"proved\": 1",
		"\"code\": \"opening\", \"amount\": \"1000.00 GBP\"",
		"\"code\": \"closing\", \"amount\": \"1240.00 GBP\"");
	SIGNED("Date,Amount,Balance,Text\n2026-11-03,-10,1240,b\n2026-11-02,250,1260,a\n", LIB_INVALID,
		"1240.00 + 10.00 = 1250.00, but the closing balance is 1260.00", "\"path\": \"line 3\"");
}

/* As banks in China send it: GB18030, split columns, labels in rows, a footer. */
static const struct bank_csv_column chinese_columns[] = {
	{"\xe4\xba\xa4\xe6\x98\x93\xe6\x97\xa5\xe6\x9c\x9f", BANK_CSV_BOOKING_DAY, false},
	{"\xe5\x80\x9f\xe6\x96\xb9", BANK_CSV_DEBIT, false}, {"\xe8\xb4\xb7\xe6\x96\xb9", BANK_CSV_CREDIT, false},
	{"\xe5\xb8\x81\xe7\xa7\x8d", BANK_CSV_CURRENCY, false}, {"\xe6\x91\x98\xe8\xa6\x81", BANK_CSV_TEXT, false}};

static void gb18030_with_split_columns(void **state)
{
	(void)state;
	struct bank_profile profile = {.account = "6222 0000",
		.charset = CHARSET_GB18030,
		.csv = {.columns = chinese_columns,
			.column_count = N(chinese_columns),
			.date_format = "YYYYMMDD",
			.thousands = ',',
			.currency_words = "\xe7\xbe\x8e\xe5\x85\x83=USD|\xe4\xba\xba\xe6\xb0\x91\xe5\xb8\x81=CNY",
			.opening = "\xe6\x9c\x9f\xe5\x88\x9d\xe4\xbd\x99\xe9\xa2\x9d",
			.closing = "\xe6\x9c\x9f\xe6\x9c\xab\xe4\xbd\x99\xe9\xa2\x9d",
			.footer = "\xe5\x90\x88\xe8\xae\xa1|Total"}};
	static const char text[] =
		"\xc6\xda\xb3\xf5\xd3\xe0\xb6\xee,\"1,000.00\"\r\n"
		"\xbd\xbb\xd2\xd7\xc8\xd5\xc6\xda,\xbd\xe8\xb7\xbd,\xb4\xfb\xb7\xbd,\xb1\xd2\xd6\xd6,\xd5\xaa\xd2\xaa\r\n"
		"20261102,,\"48,499.08\",\xc8\xcb\xc3\xf1\xb1\xd2,\xb8\xb6\xbf\xee\r\n"
		"20261103,0.50,0.00,\xc8\xcb\xc3\xf1\xb1\xd2,\xcc\xd6\xbf\xee\r\n"
		"\xba\xcf\xbc\xc6,0.50,\"48,499.08\",,\r\n"
		"\xc6\xda\xc4\xa9\xd3\xe0\xb6\xee,\"49,498.58\"\r\n";
	SIGNED(text, 0, "\"amount\": \"48499.08 CNY\"", "\"amount\": \"-0.50 CNY\"",
		"\"text\": \"\xe4\xbb\x98\xe6\xac\xbe\"",
		"\"opening\": {\"kind\": 1, \"code\": \"opening\", \"amount\": \"1000.00 CNY\"}",
		"\"proved\": 1, \"refused\": 0");
	bank_cut_everywhere(text, sizeof(text) - 1, &profile);
}

static const struct bank_csv_column marked_columns[] = {{"Acct", BANK_CSV_ACCOUNT, false},
	{"Day", BANK_CSV_BOOKING_DAY, false}, {"Sum", BANK_CSV_AMOUNT, false}, {"DC", BANK_CSV_MARK, false},
	{"Text", BANK_CSV_TEXT, false}, {"Bal", BANK_CSV_BALANCE, false}};

static void a_mark_tells_the_direction(void **state)
{
	(void)state;
	struct bank_profile profile = {.csv = {.columns = marked_columns,
					       .column_count = N(marked_columns),
					       .delimiter = ';',
					       .quote = '\x01',
					       .decimal = ',',
					       .thousands = '.',
					       .date_format = "D.M.YY",
					       .currency = "EUR",
					       .credit_marks = "C|H",
					       .debit_marks = "D|S"}};
	SIGNED("Acct;Day;Sum;DC;Text;Bal\n1;2.11.26;1.000,50;H;\"quoted\";1.000,50\n1;12.11.26;0,50;S;b;1.000,00\n"
	       "2;1.1.27;7,00;C;c;17,00;\n",
		0, "\"amount\": \"1000.50 EUR\", \"booking_day\": \"2026-11-02\"", "\"amount\": \"-0.50 EUR\"",
		"\"text\": \"\\\"quoted\\\"\"",
		"\"account\": \"2\", \"account_written\": \"2\", \"currency\": \"EUR\", "
		"\"opening\": {\"kind\": 1, \"code\": \"opening\", \"amount\": \"10.00 EUR\"}");
	SIGNED("Acct;Day;Sum;DC;Text;Bal\n1;2.11.26;1;X;a;1\n", LIB_INVALID, "it must be: C|H",
		"\"path\": \"line 2: DC\"");
}

static void a_bad_file_is_refused_with_its_reason(void **state)
{
	(void)state;
	struct bank_profile profile = signed_profile();
	SIGNED("Date,Amount,Balance\n2026-11-02,1,1\n", LIB_INVALID, "Date is missing");
	SIGNED("Date,Amount,Text\n2026-11-02,1,x\n", LIB_INVALID, "The statement has no opening");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1,1\n", LIB_INVALID, "The line has 3 fields, the heading has 4");
	SIGNED("Date,Amount,Balance,Text\n2026-11-31,1,1,x\n", LIB_INVALID, "it must be: YYYY-MM-DD",
		"\"path\": \"line 2: Date\"");
	SIGNED("Date,Amount,Balance,Text\n02.11.2026,1,1,x\n", LIB_INVALID, "it must be: YYYY-MM-DD");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,John,1,x\n", LIB_INVALID, "The value \\\"?\\\" is wrong");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,,1,x\n", LIB_INVALID, "Amount is missing");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1.001,1,x\n", LIB_INVALID, "more than the 2 decimals");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1,2,x\n2026-11-02,1,4,x\n", LIB_INVALID,
		"2.00 + 1.00 = 3.00, but the closing balance is 4.00", "\"path\": \"line 3\"");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1,2,\"x\n", LIB_INVALID, "\"code\": \"bank-truncated\"");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1,2,\xff\n", LIB_INVALID, "The text is not UTF-8", "\"line 2\"");
	SIGNED("Date,Amount,Balance,Text\n2026-11-02,1,2,a\0b\n", LIB_INVALID, "\"code\": \"bank-charset\"");
	profile.csv.currency = "XXX";
	SIGNED("Date,Amount,Balance,Text\n", LIB_INVALID, "The bank's profile is wrong at csv.currency.");
	profile = signed_profile();
	profile.account = NULL;
	SIGNED("Date,Amount,Balance,Text\n", LIB_INVALID, "The bank's profile is wrong at account.");
	profile = signed_profile();
	profile.accept_unproved = true;
	SIGNED("Date,Amount,Text\n2026-11-02,1,x\n", 0, "\"proved\": 0, \"refused\": 0");
}

/* ---- memory ---- */

static const char camt[] =
	"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.04\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>"
	"<Stmt><Id>1</Id><Acct><Id><IBAN>A1</IBAN></Id><Ccy>CHF</Ccy><Ownr><Nm>O</Nm></Ownr></Acct>"
	"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CHF\">0</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>"
	"<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CHF\">2</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>"
	"<Ntry><Amt Ccy=\"CHF\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><Chrgs><Rcrd><Amt Ccy=\"CHF\">1</Amt></Rcrd>"
	"</Chrgs><NtryDtls><TxDtls><Refs><TxId>T</TxId></Refs><RltdPties><Dbtr><Nm>N</Nm><PstlAdr><AdrLine>a</AdrLine>"
	"<AdrLine>b</AdrLine></PstlAdr></Dbtr><DbtrAcct><Id><IBAN>B</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>u</Ustrd>"
	"<Strd><CdtrRefInf><Ref>R</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>"
	"<Ntry><Amt Ccy=\"EUR\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry></Stmt></BkToCstmrStmt></Document>";
static const char mt940[] =
	":20:A\n:25:X\n:28C:1\n:60F:C261101EUR1,\n:61:261102C1,NTRFA//B\ns\n:86:166?00P?20EREF+E SVWZ+t?30B?31C?32N\n"
	":61:261102C1,NTRFA//B\n/OCMT/USD1,//CHGS/EUR1,/\n:86:/NAME/N/REMI/t\n:62F:C261101EUR4,\n:86:x\n";
static const char csv[] = "Date,Amount,Balance,Text,Ref,Name,Fee\n2026-11-02,1,2,t,R,N,1\n2026-11-02,1,9,t,R,N,1\n";

/* 0 when the failure was survived with the right answer. */
static void fail_each(const char *bytes, size_t len, const struct bank_profile *profile)
{
	long n = 0;
	for (int rc = LIB_NOMEM; rc == LIB_NOMEM; n++) {
		struct bank_reader *reader = NULL;
		struct fault_list faults;
		LIB_ARENA(arena);
		arena.fail_at = n;
		fault_list_init(&faults, &arena.zf, 0);
		rc = bank_reader_open(BANK_FORMAT_DETECT, profile, NULL, NULL, NULL, &arena.zf, &faults, &reader);
		if (rc == 0) {
			rc = bank_reader_feed(reader, bytes, len);
			int end = bank_reader_finish(reader);
			assert_true(rc == 0 || end == rc);
			rc = end;
			bank_reader_close(reader);
		}
		assert_true(rc == LIB_NOMEM || rc == LIB_INVALID);
		assert_true(n < 1000);
	}
	assert_true(n > 5);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct bank_profile profile = signed_profile();
	fail_each(camt, sizeof(camt) - 1, NULL);
	fail_each(mt940, sizeof(mt940) - 1, NULL);
	fail_each(csv, sizeof(csv) - 1, &profile);
}

static void memory_has_a_limit(void **state)
{
	(void)state;
	struct bank_limits limits = {.memory_max = 500};
	struct bank_lab lab = bank_read(camt, sizeof(camt) - 1, NULL, &limits, 0);
	assert_int_equal(lab.rc, LIB_LIMIT);
	bank_has(&lab, "The file goes beyond the limit memory_max (500).");
	free(lab.told);
}

/* In jail, where nothing more can be loaded. */
static int read_jailed(enum charset_kind charset, const char *bytes, size_t len)
{
	struct bank_profile profile = {.charset = charset, .accept_unproved = true};
	if (jail_enter(0) != 0) return 3;
	struct bank_lab lab = bank_read(bytes, len, &profile, NULL, 0);
	free(lab.told);
	return lab.rc == 0 ? 0 : 10 - lab.rc;
}

static void it_works_in_the_jail(void **state)
{
	(void)state;
	static const char small[] =
		"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.04\"><BkToCstmrStmt><Stmt>"
		"<Acct><Id><IBAN>A</IBAN></Id></Acct></Stmt></BkToCstmrStmt></Document>";
	static const char wide[] = ":20:A\n:25:X\n:28C:1\n:60F:C261101EUR1,\n:62F:C261101EUR1,\n:86:\xb8\xb6\xbf\xee\n";
	static const struct {
		enum charset_kind charset;
		const char *bytes;
		size_t len;
	} cases[] = {{CHARSET_UTF8, small, sizeof(small) - 1}, {CHARSET_LATIN9, wide, sizeof(wide) - 1},
		{CHARSET_GB18030, wide, sizeof(wide) - 1}};
	uint8_t hash[32]; /* a translate process has used OpenSSL before it is jailed */
	assert_int_equal(EVP_Digest("", 0, hash, NULL, EVP_sha256(), NULL), 1);
	for (size_t i = 0; i < N(cases); i++) {
		void *hold = NULL;
		assert_int_equal(charset_hold(cases[i].charset, &hold), 0);
		pid_t pid = fork();
		if (pid == 0) _exit(read_jailed(cases[i].charset, cases[i].bytes, cases[i].len));
		int status = 0;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		charset_release(hold);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_works_in_the_jail), /* first: nothing of libxml2 or iconv is set up yet */
		cmocka_unit_test(rows_are_entries),
		cmocka_unit_test(the_youngest_may_come_first),
		cmocka_unit_test(gb18030_with_split_columns),
		cmocka_unit_test(a_mark_tells_the_direction),
		cmocka_unit_test(a_bad_file_is_refused_with_its_reason),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(memory_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
