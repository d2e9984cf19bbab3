/* Bank statements through zhifuctl into the books: each line once, whatever brings it; what is missing is named; what
 * does not hold is refused as a whole. */
#include "ctl_world.h"

#include <time.h>

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

/* A day of November of the USD account as MT940; lines is what stands between the balances. */
static void mt940(const char *name, int number, int day, const char *opening, const char *lines, const char *closing)
{
	char text[4096];

	snprintf(text, sizeof(text),
		":20:DAY%d\r\n:25:33010001/00000002\r\n:28C:%d/1\r\n:60F:C2511%02dUSD%s\r\n%s:62F:C2511%02dUSD%s\r\n-\r\n",
		number, number, day - 1, opening, lines, day, closing);
	world_file(&world, name, text, 0600);
}

static int import(const char *name)
{
	return ctl(&world, "money statement import '%s/%s' --hospital HZ1 --who li --json", world.folder, name);
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

/* The member of what the last import told, as JSON. */
static const char *reported(const char *member)
{
	static char text[1024];
	json_t *root = world_json(&world);
	char *dumped = json_dumps(json_object_get(root, member), JSON_COMPACT | JSON_ENCODE_ANY);

	snprintf(text, sizeof(text), "%s", dumped == NULL ? "none" : dumped);
	free(dumped);
	json_decref(root);
	return text;
}

/* One with its own number, from the day of its opening to that of its closing; F or M: a page's balance. */
static void spans(const char *name, const char *number, int from, const char *opening, const char *lines, int to,
	const char *closing)
{
	char text[4096];

	snprintf(text, sizeof(text),
		":20:S\r\n:25:33010001/00000002\r\n:28C:%s\r\n:60%c:C2511%02dUSD%s\r\n%s:62%c:C2511%02dUSD%s\r\n-\r\n",
		number, opening[0], from, opening + 1, lines, closing[0], to, closing + 1);
	world_file(&world, name, text, 0600);
	if (import(name) != 0) fail_msg("%s: %s", name, world.err);
}

static void account_holds(int64_t minor)
{
	assert_int_equal(ledger("BANK-USD"), minor);
	assert_ctl(&world, 0, "money account list --hospital HZ1");
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
}

static int none_left(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.bank_file, zhifu.bank_file_part, zhifu.bank_statement, zhifu.bank_line, zhifu.bank_detail, zhifu.bank_told,"
		" zhifu.suspense, zhifu.match_item, zhifu.match_candidate, zhifu.posting, zhifu.posting_unvalued, zhifu.bank_pending");
	return 0;
}

static void money_arrives_in_suspense(void **state)
{
	(void)state;
	mt940("a.sta", 1, 27, "1000,00",
		":61:2511271127C2300,00NTRFNONREF//B0001\r\n:86:ALLIED HLTH LTD\r\n:61:2511271127D12,50NCHGNONREF//B0002\r\n",
		"3287,50");
	if (import("a.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("new"), "2");
	assert_string_equal(imported("chain"), "first");
	assert_int_equal(ledger("BANK-USD"), 328750);
	assert_int_equal(ledger("SUSP"), -230000 + 1250);
	assert_int_equal(ledger("OPENING"), -100000);
	/* In the books it has no value before there is a rate. */
	assert_int_equal(count("posting_unvalued"), 3);
	assert_ctl(&world, 0, "money account list --hospital HZ1");
	assert_non_null(strstr(world.out, "3,287.50 USD"));
	assert_non_null(strstr(world.out, "2,287.50 USD")); /* of it in suspense */
	assert_non_null(strstr(world.out, "holds"));
	/* As everywhere, what waits in another currency is not added to it. */
	world_sql(&world, "UPDATE zhifu.bank_line SET currency = 'EUR' WHERE amount_minor = -1250");
	assert_ctl(&world, 0, "money account list --hospital HZ1");
	assert_non_null(strstr(world.out, "2,300.00 USD"));
	world_sql(&world, "UPDATE zhifu.bank_line SET currency = 'USD' WHERE amount_minor = -1250");
	assert_ctl(&world, 0, "money suspense list");
	assert_non_null(strstr(world.out, "2,300.00 USD"));
	assert_non_null(strstr(world.out, "-12.50 USD"));
	assert_non_null(strstr(world.out, "2025-11-27"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");

	/* The same bytes, and the same statement in other bytes. */
	if (import("a.sta") != 0) fail_msg("%s", world.err);
	assert_non_null(strstr(world.out, "\"known\":true"));
	mt940("again.sta", 1, 27, "1000,00",
		":61:2511271127C2300,00NTRFNONREF//B0001\r\n:86:ALLIED HLTH\r\n:61:2511271127D12,50NCHGNONREF//B0002\r\n",
		"3287,50");
	if (import("again.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("new"), "0");
	assert_string_equal(imported("chain"), "again");
	assert_int_equal(count("bank_line"), 2);
	assert_int_equal(count("suspense"), 2);
	assert_int_equal(ledger("BANK-USD"), 328750);
}

static void what_names_persons_is_sealed(void **state)
{
	char id[40];

	(void)state;
	mt940("a.sta", 1, 27, "0,00", ":61:2511271127C2300,00NTRFNONREF//B0001\r\n:86:WANG XIAOMING ALPHA\r\n",
		"2300,00");
	if (import("a.sta") != 0) fail_msg("%s", world.err);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			world_count(&world,
				"SELECT count(*) FROM zhifu.%s WHERE position('XIAOMING'::bytea in content) > 0",
				i == 0 ? "bank_line" : "bank_file_part"),
			0);
	assert_ctl(&world, 0, "money suspense list --json");
	json_t *root = world_json(&world);
	snprintf(id, sizeof(id), "%s",
		json_string_value(json_object_get(json_array_get(json_object_get(root, "suspense"), 0), "line")));
	json_decref(root);
	assert_ctl(&world, 0, "money line show %s --hospital HZ1 --who li", id);
	assert_non_null(strstr(world.out, "WANG XIAOMING"));
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM zhifu.operator_act WHERE act = 'bank_line.show' AND who = 'li' AND subject = '%s'",
			id),
		1);
	assert_ctl(&world, 0, "money suspense assign %s 'Ms. Chen' --why 'asked Alpha by mail' --hospital HZ1 --who li",
		id);
	assert_ctl(&world, 0, "money suspense list --owner 'Ms. Chen'");
	assert_non_null(strstr(world.out, "li said why"));
	assert_ctl(&world, 2, "money suspense assign %s li --hospital HZ1 --who li", id);
}

static void a_missing_statement_is_named(void **state)
{
	(void)state;
	mt940("1.sta", 1, 10, "100,00", ":61:2511101110C10,00NTRFNONREF//A1\r\n", "110,00");
	mt940("2.sta", 2, 11, "110,00", ":61:2511111111C20,00NTRFNONREF//A2\r\n", "130,00");
	mt940("3.sta", 3, 12, "130,00", ":61:2511121112C30,00NTRFNONREF//A3\r\n", "160,00");
	if (import("1.sta") != 0 || import("3.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("chain"), "gap");
	assert_ctl(&world, 1, "money account list --hospital HZ1");
	assert_non_null(strstr(world.out, "DIFFERS"));
	assert_ctl(&world, 0, "money statement list --gaps");
	assert_non_null(strstr(world.out, "GAP"));
	if (import("2.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("chain"), "follows");
	assert_ctl(&world, 0, "money account list --hospital HZ1");
	assert_int_equal(ledger("BANK-USD"), 16000);
	assert_ctl(&world, 0, "money statement list --gaps");
	assert_non_null(strstr(world.out, "no gaps"));
}

/* The first statement that comes need not be the oldest. */
static void an_older_statement_moves_the_opening(void **state)
{
	(void)state;
	mt940("2.sta", 2, 11, "110,00", ":61:2511111111C20,00NTRFNONREF//A2\r\n", "130,00");
	mt940("1.sta", 1, 10, "100,00", ":61:2511101110C10,00NTRFNONREF//A1\r\n", "110,00");
	if (import("2.sta") != 0 || import("1.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("chain"), "follows");
	assert_int_equal(ledger("BANK-USD"), 13000);
	assert_int_equal(ledger("OPENING"), -10000);
	assert_int_equal(ledger("SUSP"), -3000);
	assert_ctl(&world, 0, "money account list --hospital HZ1");
}

/* Without references of the bank only the balances tell a repetition from another line like it. */
static void equal_lines_of_two_statements_are_two(void **state)
{
	static const char *const lines[] = {":61:2511101110C5,00NTRFNONREF//0000\r\n:86:FEE\r\n", /* names no line */
		":61:2511101110C5,00NTRFNONREF\r\n:86:FEE\r\n"};
	(void)state;
	for (int i = 0; i < 2; i++) {
		none_left(NULL);
		mt940("1.sta", 1, 10, "0,00", lines[i], "5,00");
		mt940("2.sta", 2, 10, "5,00", lines[i], "10,00");
		if (import("1.sta") != 0 || import("2.sta") != 0) fail_msg("%s", world.err);
		assert_string_equal(imported("new"), "1");
		assert_int_equal(ledger("BANK-USD"), 1000);
	}
	/* Both at once again, as another statement of the whole day. */
	mt940("3.sta", 3, 10, "0,00",
		":61:2511101110C5,00NTRFNONREF\r\n:86:FEE\r\n:61:2511101110C5,00NTRFNONREF\r\n:86:FEE\r\n", "10,00");
	if (import("3.sta") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("chain"), "overlap");
	assert_string_equal(imported("new"), "0");
	assert_int_equal(ledger("BANK-USD"), 1000);
}

#define IN(day, units, reference) ":61:2511" day "11" day "C" units ",00NTRFNONREF" reference "\r\n"
#define OUT(day, units, reference) ":61:2511" day "11" day "D" units ",00NTRFNONREF" reference "\r\n"

/* Statements that tell the same days, in either order, whatever their balances happen to be. */
static void a_week_and_its_days_are_once(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		none_left(NULL);
		if (way == 0)
			spans("day.sta", "3/1", 2, "F100,00", IN("03", "5", "//R1") OUT("03", "5", "//R2"), 3,
				"F100,00");
		spans("week.sta", "44/1", 1, "F100,00",
			IN("03", "5", "//R1") ":86:WRITTEN OTHERWISE\r\n" OUT("03", "5", "//R2") IN("05", "7", "//R3"),
			7, "F107,00");
		if (way == 1) {
			spans("day.sta", "3/1", 2, "F100,00", IN("03", "5", "//R1") OUT("03", "5", "//R2"), 3,
				"F100,00");
			assert_string_equal(imported("chain"), "overlap");
			assert_string_equal(imported("new"), "0");
		}
		assert_int_equal(count("bank_line"), 3);
		account_holds(10700);
	}
	/* The same without references of the bank, and on an account that is swept every night. */
	none_left(NULL);
	spans("day.sta", "3/1", 2, "F0,00", IN("03", "5", "") OUT("03", "5", ""), 3, "F0,00");
	spans("month.sta", "11/1", 1, "F0,00",
		IN("03", "5", "") OUT("03", "5", "") IN("05", "7", "") OUT("05", "7", ""), 30, "F0,00");
	assert_int_equal(count("bank_line"), 4);
	account_holds(0);
}

static void older_ones_come_late_and_with_a_gap(void **state)
{
	(void)state;
	spans("3.sta", "3/1", 12, "F8,00", IN("13", "2", "//C"), 13, "F10,00");
	spans("1.sta", "1/1", 10, "F0,00", IN("11", "5", "//A"), 11, "F5,00");
	assert_string_equal(imported("chain"), "gap");
	assert_ctl(&world, 1, "money account list --hospital HZ1");
	assert_non_null(strstr(world.out, "DIFFERS"));
	spans("2.sta", "2/1", 11, "F5,00", IN("12", "3", "//B"), 12, "F8,00");
	account_holds(1000);
	assert_int_equal(ledger("OPENING"), 0);
	assert_ctl(&world, 0, "money statement list --gaps");
	assert_non_null(strstr(world.out, "no gaps"));
}

/* Pages and parts of one day, in files of their own and in any order; the fee is the same each time. */
static void parts_of_a_day_are_told_apart(void **state)
{
	(void)state;
	spans("p2.sta", "5/2", 10, "M12,00", OUT("10", "1", ""), 10, "F11,00");
	spans("p1.sta", "5/1", 9, "F10,00", IN("10", "3", "//X") OUT("10", "1", ""), 10, "M12,00");
	assert_int_equal(count("bank_line"), 3);
	account_holds(1100);

	none_left(NULL);
	spans("s1.sta", "1/1", 9, "F0,00", IN("10", "6", "//A") OUT("10", "1", ""), 10, "F5,00");
	spans("s3.sta", "3/1", 10, "F8,00", IN("10", "3", "//C") OUT("10", "1", ""), 10, "F10,00");
	assert_string_equal(imported("chain"), "gap");
	spans("s2.sta", "2/1", 10, "F5,00", IN("10", "4", "//B") OUT("10", "1", ""), 10, "F8,00");
	assert_int_equal(count("bank_line"), 6);
	account_holds(1000);
}

/* A line is the same however the file writes the account's number. */
static void two_formats_tell_one_line(void **state)
{
	static const char camt[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>"
		"<CreDtTm>2025-11-10T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
		"<CreDtTm>2025-11-10T20:00:00</CreDtTm><Acct><Id><Othr><Id>3301000100000002</Id></Othr></Id><Ccy>USD</Ccy></Acct>"
		"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
		"<Dt><Dt>2025-11-09</Dt></Dt></Bal>"
		"<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
		"<Dt><Dt>2025-11-10</Dt></Dt></Bal>"
		"<Ntry><Amt Ccy=\"USD\">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
		"<BookgDt><Dt>2025-11-10</Dt></BookgDt><ValDt><Dt>2025-11-10</Dt></ValDt><AcctSvcrRef>R1</AcctSvcrRef>"
		"<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry></Stmt></BkToCstmrStmt></Document>\n";

	(void)state;
	spans("one.sta", "1/1", 9, "F0,00", IN("10", "5", "//R1"), 10, "F5,00");
	world_file(&world, "one.xml", camt, 0600);
	if (import("one.xml") != 0) fail_msg("%s", world.err);
	assert_string_equal(imported("new"), "0");
	account_holds(500);
}

#define PENDING(day, amount, reference, status)                                                                        \
	"<Ntry><Amt Ccy=\"USD\">" amount "</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>" status                           \
	"</Cd></Sts><BookgDt><Dt>2025-11-" day "</Dt></BookgDt><AcctSvcrRef>" reference                                \
	"</AcctSvcrRef><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>"

/* A report within the day. */
static void announced(const char *name, const char *entries)
{
	char text[4096];

	snprintf(text, sizeof(text),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.052.001.08\"><BkToCstmrAcctRpt><GrpHdr><MsgId>%s</MsgId>"
		"<CreDtTm>2025-11-10T20:00:00</CreDtTm></GrpHdr><Rpt><Id>%s</Id><CreDtTm>2025-11-10T20:00:00</CreDtTm>"
		"<Acct><Id><Othr><Id>3301000100000002</Id></Othr></Id><Ccy>USD</Ccy></Acct>%s</Rpt></BkToCstmrAcctRpt></Document>\n",
		name, name, entries);
	world_file(&world, name, text, 0600);
	if (import(name) != 0) fail_msg("%s: %s", name, world.err);
}

/* What is pending, in one line: days, amounts, states. */
static const char *pending(void)
{
	static char text[256];
	size_t i, n = 0;
	json_t *row;

	assert_ctl(&world, 0, "money pending list --account USD --hospital HZ1 --json");
	json_t *root = world_json(&world);
	text[0] = '\0';
	json_array_foreach(json_object_get(root, "pending"), i, row)
	{
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %s %s;",
			json_string_value(json_object_get(row, "day")),
			json_string_value(json_object_get(json_object_get(row, "amount"), "amount")),
			json_string_value(json_object_get(row, "status")));
	}
	json_decref(root);
	return text;
}

/* What the bank announces is in no books, and on the list until it is booked, told again, or a later word of the bank
 * reaches its day. */
static void what_is_pending_is_listed(void **state)
{
	(void)state;
	assert_string_equal(pending(), "");
	announced("1.xml", PENDING("12", "5.00", "R1", "PDNG") PENDING("10", "1.00", "R0", "BOOK"));
	assert_string_equal(pending(), "2025-11-12 5.00 pending;");
	assert_int_equal(count("posting") + count("suspense") + count("bank_line"), 0);
	spans("1.sta", "1/1", 9, "F0,00", IN("10", "1", "//R0"), 11, "F1,00");
	assert_string_equal(pending(), "2025-11-12 5.00 pending;");
	announced("2.xml", PENDING("12", "5.00", "R1", "PDNG") PENDING("13", "7.00", "R2", "FUTR"));
	assert_string_equal(pending(), "2025-11-12 5.00 pending;2025-11-13 7.00 future;");
	spans("2.sta", "2/1", 11, "F1,00", IN("12", "5", "//R1"), 12, "F6,00");
	assert_string_equal(pending(), "2025-11-13 7.00 future;");
	account_holds(600);
	assert_int_equal(count("bank_line"), 2);
	/* It never came. */
	spans("3.sta", "3/1", 12, "F6,00", "", 14, "F6,00");
	assert_string_equal(pending(), "");
	assert_ctl(&world, 0, "money pending list");
	assert_non_null(strstr(world.out, "nothing is pending"));
}

#define BATCH_OF_TWO "<Btch><NbOfTxs>2</NbOfTxs></Btch>"
static const char *batched = BATCH_OF_TWO;

/* A statement or, with balances NULL, a notification with one entry of 5.00 that the bank booked together. */
static void batch(const char *name, const char *message, const char *balances, const char *details)
{
	char text[4096];
	bool is_statement = balances != NULL;

	snprintf(text, sizeof(text),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.%s.001.08\"><%s>"
		"<GrpHdr><MsgId>%s</MsgId><CreDtTm>2025-11-10T20:00:00</CreDtTm></GrpHdr><%s><Id>S</Id>"
		"<CreDtTm>2025-11-10T20:00:00</CreDtTm><Acct><Id><Othr><Id>3301000100000002</Id></Othr></Id><Ccy>USD</Ccy></Acct>%s"
		"<Ntry><Amt Ccy=\"USD\">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
		"<BookgDt><Dt>2025-11-10</Dt></BookgDt><ValDt><Dt>2025-11-10</Dt></ValDt><AcctSvcrRef>B1</AcctSvcrRef>"
		"<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls>%s%s</NtryDtls></Ntry></%s></%s>"
		"</Document>\n",
		is_statement ? "053" : "054", is_statement ? "BkToCstmrStmt" : "BkToCstmrDbtCdtNtfctn", message,
		is_statement ? "Stmt" : "Ntfctn", is_statement ? balances : "", batched, details,
		is_statement ? "Stmt" : "Ntfctn", is_statement ? "BkToCstmrStmt" : "BkToCstmrDbtCdtNtfctn");
	world_file(&world, name, text, 0600);
	if (import(name) != 0) fail_msg("%s", world.err);
}

#define BALANCE(code, amount, day)                                                                                     \
	"<Bal><Tp><CdOrPrtry><Cd>" code "</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">" amount                               \
	"</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2025-11-" day "</Dt></Dt></Bal>"
#define SHARE(id, amount)                                                                                              \
	"<TxDtls><Refs><EndToEndId>" id "</EndToEndId></Refs><Amt Ccy=\"USD\">" amount                                 \
	"</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>"

/* What the bank booked together, and tells of in a notification only, comes to its line, whichever comes first. */
static void a_notification_tells_a_batch(void **state)
{
	static const char sums[] = BALANCE("OPBD", "0.00", "09") BALANCE("CLBD", "5.00", "10");
	static const char parts[] = SHARE("E1", "2.00") SHARE("E2", "3.00");
	static const char one[] = SHARE("E1", "5.00");
	(void)state;
	for (int first = 0; first < 2; first++) {
		none_left(NULL);
		batch("single.xml", "N0", NULL, one);
		for (int i = 0; i < 2; i++) {
			if (i == first)
				batch("told.xml", "N1", NULL, parts);
			else
				batch("line.xml", "S1", sums, "");
		}
		assert_int_equal(count("bank_line"), 1);
		assert_int_equal(count("bank_detail"), 2);
		assert_int_equal(world_count(&world, "SELECT count(*) FROM zhifu.bank_detail d JOIN zhifu.bank_line l"
						     " USING (hospital_id, line_id) WHERE d.amount_minor IN (200, 300)"
						     " AND l.amount_minor = 500"),
			2);
		account_holds(500);
		/* Told once more, by another notification and by a copy of the statement that has them itself. */
		batch("again.xml", "N2", NULL, parts);
		batch("copy.xml", "S2", sums, parts);
		assert_int_equal(count("bank_line"), 1);
		assert_int_equal(count("bank_detail"), 2);
		account_holds(500);
	}
}

#define ITEMS "SELECT count(*) FROM zhifu.match_item WHERE open_minor <> 0"

/* The parts come when the line is there already, as one item that was looked at, or that a person took into his hand.
 */
static void a_late_notification_opens_what_is_open(void **state)
{
	static const char sums[] = BALANCE("OPBD", "0.00", "09") BALANCE("CLBD", "5.00", "10");
	static const char parts[] = SHARE("E1", "2.00") SHARE("E2", "3.00");
	static const char parts_and_one[] =
		SHARE("E1", "2.00") SHARE("E2", "3.00") "<TxDtls><Refs><EndToEndId>E3</EndToEndId></Refs></TxDtls>";
	(void)state;
	for (int by_hand = 0; by_hand < 2; by_hand++) {
		none_left(NULL);
		batch("line.xml", "S1", sums, "");
		assert_int_equal(world_count(&world, ITEMS " AND part = 0 AND open_minor = 500"), 1);
		world_sql(&world,
			"UPDATE zhifu.match_item SET wait = 1, due_at = 'infinity', by_hand = %s;"
			" INSERT INTO zhifu.match_candidate (hospital_id, line_id, part, no, kind, score, print, content)"
			" SELECT hospital_id, line_id, 0, 1, 0, 500, '', '' FROM zhifu.match_item",
			by_hand ? "true" : "false");
		/* Where one has no amount they are only shown. */
		batch("told.xml", "N1", NULL, by_hand ? parts : parts_and_one);
		assert_string_equal(reported("opened"), by_hand ? "1" : "0");
		assert_string_equal(reported("late"), "[]");
		assert_int_equal(count("bank_detail"), by_hand ? 2 : 3);
		if (!by_hand) {
			assert_int_equal(world_count(&world, ITEMS " AND part = 0 AND open_minor = 500"), 1);
			continue;
		}
		assert_int_equal(world_count(&world, ITEMS " AND by_hand AND due_at <= now()"
							   " AND (part, open_minor) IN ((1, 200), (2, 300))"),
			2);
		assert_int_equal(world_count(&world, ITEMS), 2);
		assert_int_equal(count("match_candidate"), 0);
		assert_int_equal(world_count(&world, "SELECT open_minor FROM zhifu.suspense"), 500);
		/* Told again, it is no news. */
		batch("again.xml", "N2", NULL, parts);
		assert_string_equal(reported("opened"), "0");
		assert_int_equal(world_count(&world, ITEMS), 2);
		account_holds(500);
	}
}

/* A statement or notification of the same without a batch. */
static void plain(const char *name, const char *message, const char *balances, const char *details)
{
	batched = "";
	batch(name, message, balances, details);
	batched = BATCH_OF_TWO;
}

#define MANY_WAIT                                                                                                             \
	"INSERT INTO zhifu.bank_told SELECT hospital_id, account, sha256(n::text::bytea), 2, lpad(to_hex(n), 32, 'f')::uuid," \
	" statement_id, true FROM zhifu.bank_told, generate_series(1, 20001) n"
/* Of many banks only the notification says who paid a single transfer, and what for. */
static void a_notification_completes_a_single_line(void **state)
{
	static const char sums[] = BALANCE("OPBD", "0.00", "09") BALANCE("CLBD", "5.00", "10");
	static const char bare[] = "<TxDtls><Refs><TxId>T1</TxId></Refs></TxDtls>";
	static const char poor[] = "<TxDtls><Amt Ccy=\"USD\">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>";
	static const char one[] = "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs></TxDtls>";
	(void)state;
	for (int first = 0; first < 2; first++) {
		for (int says = 0; says < 3; says++) {
			none_left(NULL);
			for (int i = 0; i < 2; i++) {
				if (i != first && says == 0) world_sql(&world, MANY_WAIT);
				if (i != first)
					plain("line.xml", "S1", sums, says == 0 ? "" : says == 1 ? bare : one);
				else
					plain("told.xml", "N1", NULL, one);
			}
			/* What the statement says itself is not told again. */
			assert_int_equal(count("bank_told WHERE waits AND occurrence = 1"), 0);
			if (first == 1) assert_string_equal(reported("opened"), says < 2 ? "1" : "0");
			if (first == 1) assert_string_equal(reported("late"), "[]");
			world_sql(&world, "SELECT zhifu.match_items_make(hospital_id) FROM zhifu.bank_line");
			assert_int_equal(world_count(&world, ITEMS " AND open_minor = 500 AND part = %d", says < 2), 1);
			assert_int_equal(world_count(&world, ITEMS), 1);
			if (says != 0) continue;
			plain("again.xml", "N2", NULL, one);
			assert_string_equal(reported("opened"), "0");
			assert_int_equal(world_count(&world, ITEMS), 1);
			account_holds(500);
		}
	}
	/* One that says nothing is not kept. */
	none_left(NULL);
	plain("told.xml", "N1", NULL, poor);
	assert_int_equal(count("bank_told"), 0);
}

/* Something was done with the line: the answer says with which, and by what. */
static void a_single_line_that_was_used_is_told(void **state)
{
	static const char sums[] = BALANCE("OPBD", "0.00", "09") BALANCE("CLBD", "5.00", "10");
	(void)state;
	none_left(NULL);
	plain("line.xml", "S1", sums, "");
	world_sql(&world,
		"UPDATE zhifu.match_item SET open_minor = 0; DELETE FROM zhifu.suspense;"
		" INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, kind, amount_minor,"
		" currency, exponent, by_hand, maker) SELECT hospital_id, gen_random_uuid(), 1, line_id, 0, 5, 500,"
		" 'USD', 2, false, 'zhifu' FROM zhifu.bank_line");
	plain("told.xml", "N1", NULL, SHARE("E1", "5.00"));
	assert_string_equal(reported("opened"), "0");
	assert_int_equal(world_count(&world,
				 "SELECT count(*) FROM zhifu.allocation WHERE '%s' LIKE"
				 " '%%' || line_id || '%%' || allocation_id || '%%'",
				 reported("late")),
		1);
	world_sql(&world, "TRUNCATE zhifu.allocation");
}

static void refused(const char *name, const char *sentence)
{
	assert_ctl(&world, 1, "money statement import '%s/%s' --hospital HZ1 --who li", world.folder, name);
	if (strstr(world.err, sentence) == NULL) fail_msg("%s", world.err);
	assert_int_equal(count("bank_file") + count("bank_file_part") + count("bank_statement") + count("bank_line") +
				 count("suspense") + count("posting"),
		0);
}

static void what_does_not_hold_is_refused_as_a_whole(void **state)
{
	(void)state;
	mt940("sum.sta", 1, 10, "0,00", ":61:2511101110C5,00NTRFNONREF//A1\r\n", "6,00");
	refused("sum.sta", "5.00");
	world_file(&world, "stranger.sta",
		":20:X\r\n:25:99990000\r\n:28C:1/1\r\n:60F:C251109USD0,00\r\n:62F:C251110USD0,00\r\n-\r\n", 0600);
	refused("stranger.sta", "99990000");
	world_file(&world, "currency.sta",
		":20:X\r\n:25:3301000100000002\r\n:28C:1/1\r\n:60F:C251109EUR0,00\r\n:62F:C251110EUR0,00\r\n-\r\n",
		0600);
	refused("currency.sta", "currency.sta:line");
	world_file(&world, "cut.sta", ":20:X\r\n:25:3301000100000002\r\n:28C:1/1\r\n:60F:C251109USD0,00\r\n:61:25111",
		0600);
	refused("cut.sta", "cut.sta:line 5");
	{
		char text[512];
		char today[40];
		time_t later = time(NULL) + 3 * 86400;

		struct tm civil;

		gmtime_r(&later, &civil);
		snprintf(today, sizeof(today), "%02d%02d%02d", civil.tm_year % 100, civil.tm_mon + 1, civil.tm_mday);
		snprintf(text, sizeof(text),
			":20:X\r\n:25:3301000100000002\r\n:28C:1/1\r\n:60F:C251109USD0,00\r\n:61:%s%sC5,00NTRFNONREF//A1\r\n:62F:C%sUSD5,00\r\n-\r\n",
			today, today + 2, today);
		world_file(&world, "future.sta", text, 0600);
		refused("future.sta", "must be: ≤ 20");
	}
	/* The second statement of a file is not taken without the first. */
	world_file(&world, "half.sta",
		":20:X\r\n:25:3301000100000002\r\n:28C:1/1\r\n:60F:C251109USD0,00\r\n:61:2511101110C5,00NTRFNONREF//A1\r\n"
		":62F:C251110USD5,00\r\n-\r\n:20:X\r\n:25:3301000100000002\r\n:28C:2/1\r\n:60F:C251110USD5,00\r\n:62F:C251111USD7,00\r\n-\r\n",
		0600);
	refused("half.sta", "half.sta:line");
	assert_int_equal(import("nowhere.sta"), 1);
	assert_ctl(&world, 2, "money statement import '%s/sum.sta' --hospital HZ1 --format csv --who li", world.folder);
}

static void the_sample_is_read(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "money statement import conf/samples/statement.sta --hospital HZ1 --who li");
	assert_int_equal(count("suspense"), 2);
	assert_int_equal(ledger("BANK-CNY"), 341211);
}

/* Ten at once, and each line is there once. */
static void the_same_file_ten_times_at_once(void **state)
{
	char text[8192] = "", whole[12000], line[2048], name[32];
	size_t n = 0;
	int64_t sum = 0;

	(void)state;
	for (int i = 1; i <= 60; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, ":61:2511101110C%d,00NTRFNONREF//L%d\r\n", i, i);
		sum += i;
	}
	snprintf(whole, sizeof(whole),
		":20:D\r\n:25:3301000100000002\r\n:28C:1/1\r\n:60F:C251109USD0,00\r\n%s:62F:C251110USD%jd,00\r\n-\r\n",
		text, (intmax_t)sum);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "many%d.sta", i);
		whole[4] = (char)('0' + i); /* :20:, so other bytes and the same statement */
		world_file(&world, name, whole, 0600);
	}
	snprintf(line, sizeof(line),
		"for i in 0 1 2 3 4 5 6 7 8 9; do '%s' --config '%s/zhifud.conf' money statement import \"%s/many$i.sta\" --hospital HZ1"
		" --who li >/dev/null 2>>'%s/errors' & done; wait; test ! -s '%s/errors'",
		world.program, world.folder, world.folder, world.folder, world.folder);
	assert_int_equal(system(line), 0);
	assert_int_equal(count("bank_line"), 60);
	assert_int_equal(count("suspense"), 60);
	assert_int_equal(ledger("BANK-USD"), sum * 100);
}

static int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	world_hospital_open(&world, HOSPITAL_B, "RY2", "Riyadh", "Asia/Shanghai", "CNY");
	return 0;
}

int main(void)
{
	int r = world_start(&world, "ctl_bank");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = ({code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";},\n"
		" {code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";});\n",
		0600);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(money_arrives_in_suspense, none_left),
		cmocka_unit_test_setup(what_names_persons_is_sealed, none_left),
		cmocka_unit_test_setup(a_missing_statement_is_named, none_left),
		cmocka_unit_test_setup(an_older_statement_moves_the_opening, none_left),
		cmocka_unit_test_setup(equal_lines_of_two_statements_are_two, none_left),
		cmocka_unit_test_setup(a_week_and_its_days_are_once, none_left),
		cmocka_unit_test_setup(older_ones_come_late_and_with_a_gap, none_left),
		cmocka_unit_test_setup(parts_of_a_day_are_told_apart, none_left),
		cmocka_unit_test_setup(two_formats_tell_one_line, none_left),
		cmocka_unit_test_setup(a_notification_tells_a_batch, none_left),
		cmocka_unit_test_setup(a_late_notification_opens_what_is_open, none_left),
		cmocka_unit_test_setup(a_notification_completes_a_single_line, none_left),
		cmocka_unit_test_setup(a_single_line_that_was_used_is_told, none_left),
		cmocka_unit_test_setup(what_is_pending_is_listed, none_left),
		cmocka_unit_test_setup(what_does_not_hold_is_refused_as_a_whole, none_left),
		cmocka_unit_test_setup(the_sample_is_read, none_left),
		cmocka_unit_test_setup(the_same_file_ten_times_at_once, none_left),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	world_stop(&world);
	return r;
}
