/* camt.052, .053, .054: every field in both shapes, the sum, what does not count, the direction of a rate, identity
 * over messages, and what is refused with which reason. */
#include "bank_lab.h"

#define OPEN(family, version, message)                                                                                 \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                                 \
	"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt." family ".001." version "\"><" message ">\n"           \
	"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-03T04:05:06+08:00</CreDtTm></GrpHdr>\n"
#define CLOSE(message) "</" message "></Document>\n"
#define STMT "BkToCstmrStmt"
#define NTFCTN "BkToCstmrDbtCdtNtfctn"
#define ACCT "<Acct><Id><IBAN>CH93 0076 2011 6238 5295 7</IBAN></Id><Ccy>CHF</Ccy></Acct>\n"
#define BAL(code, ccy, amount, mark)                                                                                   \
	"<Bal><Tp><CdOrPrtry><Cd>" code "</Cd></CdOrPrtry></Tp><Amt Ccy=\"" ccy "\">" amount "</Amt><CdtDbtInd>" mark  \
	"</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>\n"
#define NTRY(amount, mark, sts, rest)                                                                                  \
	"<Ntry><Amt Ccy=\"CHF\">" amount "</Amt><CdtDbtInd>" mark "</CdtDbtInd><Sts>" sts                              \
	"</Sts><BookgDt><Dt>2026-11-02</Dt></BookgDt><ValDt><Dt>2026-11-03</Dt></ValDt>" rest "</Ntry>\n"
#define STATEMENT(rest) OPEN("053", "04", STMT) "<Stmt><Id>S1</Id>" ACCT rest "</Stmt>\n" CLOSE(STMT)
#define EXPECT(text, rc, ...) bank_expect(text, sizeof(text) - 1, NULL, rc, __VA_ARGS__, NULL)

static const char rich[] = OPEN("053", "08",
	STMT) "<Stmt><Id>S1</Id><StmtPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></StmtPgntn><ElctrncSeqNb>17</ElctrncSeqNb>"
	      "<LglSeqNb>9</LglSeqNb><CreDtTm>2026-11-03T04:05:06</CreDtTm><FrToDt><FrDtTm>2026-11-02T00:00:00Z</FrDtTm>"
	      "<ToDtTm>2026-11-02T24:00:00Z</ToDtTm></FrToDt><CpyDplctInd>DUPL</CpyDplctInd>"
	      "<Acct><Id><Othr><Id>ab 12.34</Id></Othr></Id><Ccy>CHF</Ccy><Nm>Main</Nm><Ownr><Nm>Hospital</Nm></Ownr>"
	      "<Svcr><FinInstnId><BICFI>BANKCHZZ</BICFI></FinInstnId></Svcr></Acct>\n" BAL(
		      "OPBD", "CHF", "10.00", "DBIT") BAL("CLBD", "CHF", "10925.50", "CRDT") BAL("CLAV", "CHF", "1.00",
		      "CRDT") "<Ntry><NtryRef>N1</NtryRef><Amt Ccy=\"CHF\">10935.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>false</RvslInd>"
			      "<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-11-02T23:30:00+01:00</DtTm></BookgDt><ValDt><Dt>2026-11-03</Dt></ValDt>"
			      "<AcctSvcrRef>BANK-1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>XBCT</SubFmlyCd></Fmly>"
			      "</Domn><Prtry><Cd>Z04</Cd></Prtry></BkTxCd><Chrgs><TtlChrgsAndTaxAmt Ccy=\"CHF\">5.00</TtlChrgsAndTaxAmt>"
			      "<Rcrd><Amt Ccy=\"CHF\">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>true</ChrgInclInd><Tp><Prtry><Id>31</Id>"
			      "</Prtry></Tp><Br>SHAR</Br></Rcrd></Chrgs><NtryDtls><Btch><MsgId>B1</MsgId><NbOfTxs>1</NbOfTxs></Btch><TxDtls><Refs>"
			      "<MsgId>X1</MsgId><PmtInfId>P1</PmtInfId><InstrId>I1</InstrId><EndToEndId>NOTPROVIDED</EndToEndId>"
			      "<UETR>255ae394-9965-4438-ac86-f406feada396</UETR><TxId>T1</TxId><Prtry><Tp>x</Tp><Ref>100</Ref></Prtry></Refs>"
			      "<Amt Ccy=\"EUR\">10000</Amt><CdtDbtInd>CRDT</CdtDbtInd><AmtDtls><InstdAmt><Amt Ccy=\"EUR\">10000.00</Amt></InstdAmt>"
			      "<CntrValAmt><Amt Ccy=\"CHF\">10935.50</Amt><CcyXchg><SrcCcy>CHF</SrcCcy><TrgtCcy>EUR</TrgtCcy>"
			      "<XchgRate>1.09355</XchgRate></CcyXchg></CntrValAmt></AmtDtls><RltdPties><Dbtr><Pty><Nm>Allied &amp; Sons</Nm>"
			      "<PstlAdr><StrtNm>High St</StrtNm><BldgNb>1</BldgNb><TwnNm>London</TwnNm><Ctry>GB</Ctry></PstlAdr><Id><OrgId>"
			      "<AnyBIC>ALLIGB2L</AnyBIC></OrgId></Id></Pty></Dbtr><DbtrAcct><Id><IBAN>gb33 bukb 2020 1555 5555 55</IBAN></Id>"
			      "<Ccy>EUR</Ccy></DbtrAcct><UltmtDbtr><Agt><FinInstnId><Nm>A Bank</Nm></FinInstnId></Agt></UltmtDbtr></RltdPties>"
			      "<RltdAgts><DbtrAgt><FinInstnId><BICFI>BUKBGB22</BICFI></FinInstnId></DbtrAgt></RltdAgts><Purp><Cd>HLTI</Cd></Purp>"
			      "<RmtInf><Ustrd>first</Ustrd><Ustrd>second</Ustrd><Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp>"
			      "<Nb>INV7</Nb></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy=\"EUR\">10000</RmtdAmt></RfrdDocAmt><CdtrRefInf><Tp><CdOrPrtry>"
			      "<Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>RF18</Ref></CdtrRefInf><AddtlRmtInf>more</AddtlRmtInf></Strd></RmtInf>"
			      "<AddtlTxInf>extra</AddtlTxInf></TxDtls></NtryDtls><AddtlNtryInf>Credit</AddtlNtryInf></Ntry>\n"
			      "<AddtlStmtInf>bye</AddtlStmtInf></Stmt>" CLOSE(STMT);

static void every_field_is_read(void **state)
{
	(void)state;
	EXPECT(rich, 0, "\"sequence\": 17, \"legal\": 9, \"page\": 1, \"last_page\": 1",
		"\"version\": \"camt.053.001.08\"", "\"message_id\": \"M1\", \"id\": \"S1\"",
		"\"copy\": \"DUPL\", \"created\": \"2026-11-03T04:05:06Z\"", "\"to\": \"2026-11-03T00:00:00Z\"",
		"\"account\": \"AB1234\", \"account_written\": \"ab 12.34\"",
		"\"account_name\": \"Main\", \"owner\": \"Hospital\", \"servicer\": \"BANKCHZZ\", \"currency\": \"CHF\"",
		"\"opening\": {\"kind\": 1, \"code\": \"OPBD\", \"amount\": \"-10.00 CHF\", \"day\": \"2026-11-02\"}",
		"\"amount\": \"10935.50 CHF\", \"booking_day\": \"2026-11-02\", \"value_day\": \"2026-11-03\", "
		"\"booked_at\": \"2026-11-02T23:30:00+01:00\", \"entry_reference\": \"N1\", "
		"\"servicer_reference\": \"BANK-1\", \"code\": \"PMNT/RCDT/XBCT\", \"bank_code\": \"Z04\", "
		"\"additional\": \"Credit\", \"charge_total\": \"5.00 CHF\", \"charges\": [{\"included\": 1, "
		"\"amount\": \"-5.00 CHF\", \"code\": \"31\", \"bearer\": \"SHAR\"}]",
		"\"account_amount\": \"10935.50 CHF\", \"amount\": \"10000.00 EUR\", \"instructed\": \"10000.00 EUR\", "
		"\"counter_value\": \"10935.50 CHF\", \"rate\": \"1.09355\", \"source\": \"CHF\", \"target\": \"EUR\", "
		"\"fit\": 2",
		"\"payment_id\": \"P1\", \"instruction_id\": \"I1\", \"uetr\": \"255ae394-9965-4438-ac86-f406feada396\", "
		"\"transaction_id\": \"T1\", \"other_reference\": \"100\"",
		"\"debtor\": {\"is\": \"party\", \"name\": \"Allied & Sons\", \"account\": \"GB33BUKB20201555555555\", "
		"\"agent\": \"BUKBGB22\", \"country\": \"GB\", \"address\": \"High St, 1, London\", "
		"\"identifier\": \"ALLIGB2L\"}",
		"\"ultimate_debtor\": {\"is\": \"party\", \"name\": \"A Bank\"}",
		"\"text\": \"first\\u000asecond\", \"additional\": \"more\\u000aextra\", \"purpose\": \"HLTI\"",
		"{\"document\": 1, \"kind\": \"CINV\", \"value\": \"INV7\", \"amount\": \"10000.00 EUR\"}, "
		"{\"document\": 0, \"kind\": \"SCOR\", \"value\": \"RF18\", \"amount\": \"10000.00 EUR\"}",
		"\"batch_message_id\": \"B1\"", "\"proved\": 1, \"refused\": 0", "\"additional\": \"bye\"");
	struct bank_lab lab = bank_read(rich, sizeof(rich) - 1, NULL, NULL, 0);
	bank_has_not(&lab, "NOTPROVIDED");
	bank_has_not(&lab, "\"is\": \"fault\"");
	free(lab.told);
}

static void it_may_be_cut_anywhere(void **state)
{
	(void)state;
	static const char odd[] =
		STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "1", "CRDT") NTRY("1", "CRDT", "BOOK",
			"<NtryDtls><TxDtls><RmtInf><Ustrd>\xe4\xbb\x98\xe6\xac\xbe &#x1F600; &lt;<![CDATA[<&>]]>"
			"<!-- a > b --><?pi ?></Ustrd></RmtInf></TxDtls></NtryDtls>"));
	static const char mark[] =
		"\xef\xbb\xbf" STATEMENT(BAL("PRCD", "CHF", "5", "CRDT") BAL("CLBD", "CHF", "5", "CRDT"));
	bank_cut_everywhere(rich, sizeof(rich) - 1, NULL);
	bank_cut_everywhere(mark, sizeof(mark) - 1, NULL);
	bank_expect(mark, sizeof(mark) - 1, NULL, 0, "\"proved\": 1", NULL);
	bank_cut_everywhere(odd, sizeof(odd) - 1, NULL);
	for (size_t cut = 1; cut < sizeof(odd) - 1; cut++) {
		/* Two pieces, and one of the file that stops there. */
		struct bank_lab lab = bank_read(odd, sizeof(odd) - 1, NULL, NULL, cut);
		assert_int_equal(lab.rc, 0);
		bank_has(&lab, "\xe4\xbb\x98\xe6\xac\xbe \xf0\x9f\x98\x80 <<&>");
		free(lab.told);
		if (cut >= sizeof(odd) - 2) continue; /* without its last line end it is whole */
		lab = bank_read(odd, cut, NULL, NULL, 0);
		assert_int_equal(lab.rc, LIB_INVALID);
		/* Before the first element it is no statement at all. */
		bank_has(&lab, cut < 50 ? "\"code\": \"bank-" : "\"code\": \"bank-truncated\"");
		free(lab.told);
	}
}

static void the_sum_must_hold(void **state)
{
	(void)state;
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "1000.00", "CRDT") BAL("CLBD", "CHF", "1247.00", "CRDT")
			       NTRY("250.00", "CRDT", "BOOK", "") NTRY("13.00", "DBIT", "BOOK", "")),
		LIB_INVALID, "\"code\": \"bank-balance\"",
		"Opening balance and booked entries give 1000.00 + 250.00 - 13.00 = 1237.00, but the closing balance is "
		"1247.00 (+10.00 CHF).",
		"\"proved\": 0, \"refused\": 1");
	EXPECT(STATEMENT(BAL("PRCD", "CHF", "5.00", "CRDT") BAL("CLBD", "CHF", "5.00", "CRDT")), 0, "\"proved\": 1");
	EXPECT(STATEMENT(BAL("CLBD", "CHF", "5.00", "CRDT")), LIB_INVALID, "The statement has no Bal OPBD");
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "5.00", "CRDT")), LIB_INVALID, "The statement has no Bal CLBD");
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "5.00", "CRDT") BAL("CLBD", "EUR", "5.00", "CRDT")), LIB_INVALID,
		"\"code\": \"bank-currency\"");
	struct bank_profile profile = {.accept_unproved = true};
	static const char unproved[] = STATEMENT(BAL("CLBD", "CHF", "5.00", "CRDT"));
	bank_expect(unproved, sizeof(unproved) - 1, &profile, 0, "\"proved\": 0, \"refused\": 0", NULL);
	/* Pages: interim balances open and close them. */
	EXPECT(OPEN("053", "04",
		       STMT) "<Stmt><Id>S1</Id><StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>" ACCT
			BAL("OPBD", "CHF", "5", "CRDT") BAL("ITBD", "CHF", "6", "CRDT") NTRY("1", "CRDT", "BOOK",
				"") "</Stmt><Stmt><Id>S1</Id><StmtPgntn><PgNb>2</PgNb>"
				    "<LastPgInd>true</LastPgInd></StmtPgntn>" ACCT BAL("ITBD", "CHF", "6", "CRDT")
					    BAL("CLBD", "CHF", "7", "CRDT")
						    NTRY("1", "CRDT", "BOOK", "") "</Stmt>" CLOSE(STMT),
		0, "\"continued\": 1", "\"occurrence\": 2", "\"is\": \"end\", \"entries\": 1");
}

static void what_is_not_booked_does_not_count(void **state)
{
	(void)state;
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "10", "CRDT") BAL("CLBD", "CHF", "11", "CRDT") NTRY(
		       "1", "CRDT", " BOOK ", "") NTRY("2", "CRDT", "PDNG", "") NTRY("3", "DBIT", "INFO", "")
			       NTRY("4", "DBIT", "<Cd>FUTR</Cd>", "") NTRY("4", "DBIT", "<Prtry>HELD</Prtry>", "")),
		0, "\"status\": 2", "\"status\": 3", "\"status\": 4", "\"status\": 5",
		"\"entries\": 5, \"credits\": 1, \"debits\": 0, \"proved\": 1");
	EXPECT(STATEMENT(
		       BAL("OPBD", "CHF", "10", "CRDT") BAL("CLBD", "CHF", "11", "CRDT") NTRY("1", "CRDT", "DONE", "")),
		LIB_INVALID, "The value \\\"DONE\\\" is wrong here, it must be: BOOK, PDNG, INFO, FUTR.");
}

static void a_reversal_is_what_its_mark_says(void **state)
{
	(void)state;
	static const char text[] = STATEMENT(BAL("OPBD", "CHF", "10", "CRDT") BAL("CLBD", "CHF", "7",
		"CRDT") "<Ntry><Amt Ccy=\"CHF\">3</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts></Ntry>");
	static const char other[] = STATEMENT(BAL("OPBD", "CHF", "10", "CRDT") BAL("CLBD", "CHF", "13",
		"CRDT") "<Ntry><Amt Ccy=\"CHF\">3</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts></Ntry>");
	struct bank_profile profile = {.reversal_negates = true};
	EXPECT(text, 0, "\"reversal\": 1, \"credit\": 0", "\"amount\": \"-3.00 CHF\"");
	EXPECT(other, LIB_INVALID, "\"code\": \"bank-balance\"", "\"code\": \"bank-reversal\"", "set reversal_negates");
	bank_expect(other, sizeof(other) - 1, &profile, 0, "\"amount\": \"3.00 CHF\"", "\"proved\": 1", NULL);
}

static void a_batch_is_opened(void **state)
{
	(void)state;
#define TX(ccy, amount)                                                                                                \
	"<TxDtls><Refs><EndToEndId>E" amount "</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"" ccy "\">" amount        \
	"</Amt></TxAmt></AmtDtls></TxDtls>"
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "6", "DBIT") NTRY("6", "DBIT", "BOOK",
		       "<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>" TX("CHF", "1") TX("CHF", "2")
			       TX("CHF", "3") "</NtryDtls>")),
		0, "\"batch_count\": 3", "\"number\": 3, \"account_amount\": \"-3.00 CHF\"");
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "6", "DBIT")
			       NTRY("6", "DBIT", "BOOK", "<NtryDtls>" TX("CHF", "1") TX("CHF", "2") "</NtryDtls>")),
		0, "The transactions of the entry add up to -3.00, but the entry is -6.00.", "\"severity\": 2");
	/* In another currency its share is not known: nothing is made up. */
	struct bank_lab lab;
	static const char text[] = STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "6", "DBIT")
			NTRY("6", "DBIT", "BOOK", "<NtryDtls>" TX("EUR", "1") TX("EUR", "2") "</NtryDtls>"));
	lab = bank_read(text, sizeof(text) - 1, NULL, NULL, 0);
	assert_int_equal(lab.rc, 0);
	bank_has_not(&lab, "account_amount");
	bank_has(&lab, "\"transaction\": \"1.00 EUR\"");
	free(lab.told);
}

static void a_large_entry_comes_in_parts(void **state)
{
	(void)state;
	size_t room = 200000, len;
	char *text = malloc(room);
	len = (size_t)snprintf(text, room, "%s",
		OPEN("053", "04", STMT) "<Stmt><Id>S1</Id>" ACCT BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF",
			"600",
			"CRDT") "<Ntry><Amt Ccy=\"CHF\">600</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls>");
	for (int i = 0; i < 600; i++) {
		len += (size_t)snprintf(text + len, room - len,
			"<TxDtls><Refs><TxId>T%d</TxId></Refs><Amt Ccy=\"CHF\">1</Amt><RltdPties><Dbtr><Nm>D%d</Nm></Dbtr>"
			"</RltdPties></TxDtls>",
			i, i);
	}
	len += (size_t)snprintf(
		text + len, room - len, "</NtryDtls><AddtlNtryInf>end</AddtlNtryInf></Ntry></Stmt>" CLOSE(STMT));
	struct bank_lab lab = bank_read(text, len, NULL, NULL, 0);
	assert_int_equal(lab.rc, 0);
	assert_int_equal(bank_count(&lab, "\"is\": \"entry\""), 3);
	bank_has(&lab, "\"part\": 0, \"last\": 0");
	bank_has(&lab, "\"part\": 2, \"last\": 1");
	assert_int_equal(bank_count(&lab, "\"transaction_id\": "), 600);
	assert_int_equal(bank_count(&lab, "\"additional\": \"end\""), 1);
	bank_has(&lab, "\"credits\": 1");
	bank_has_not(&lab, "fault");
	free(lab.told);
	free(text);
}

#define RATE(entry, instructed, source, target, rate, fit)                                                             \
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", entry, "CRDT") NTRY(entry, "CRDT", "BOOK", \
		       "<NtryDtls><TxDtls><AmtDtls><InstdAmt>" instructed "<CcyXchg><SrcCcy>" source                   \
		       "</SrcCcy><TrgtCcy>" target "</TrgtCcy><XchgRate>" rate                                         \
		       "</XchgRate></CcyXchg></InstdAmt></AmtDtls></TxDtls></NtryDtls>")),                             \
		0, "\"rate\": \"" rate "\", \"source\": \"" source "\", \"target\": \"" target "\", \"fit\": " fit)
#define AMT(ccy, amount) "<Amt Ccy=\"" ccy "\">" amount "</Amt>"

static void the_amounts_say_what_the_rate_means(void **state)
{
	(void)state;
	RATE("10935.50", AMT("EUR", "10000"), "EUR", "CHF", "1.09355", "1");
	RATE("10935.50", AMT("EUR", "10000"), "CHF", "EUR", "1.09355", "2");
	RATE("10935.50", AMT("EUR", "10000"), "EUR", "CHF", "0.91445", "2");
	RATE("3.79", AMT("USD", "4.1"), "USD", "CHF", "0.9253030601", "1");
	RATE("100.00", AMT("JPY", "17250"), "JPY", "CHF", "172.5", "2");
	RATE("100.00", AMT("USD", "100"), "USD", "CHF", "1.0000", "3");
	RATE("0.01", AMT("USD", "0.01"), "USD", "CHF", "1.1", "3");
	/* Per 100 fits in neither direction: shown, not guessed. */
	RATE("100.00", AMT("JPY", "17250"), "JPY", "CHF", "0.5797", "4");
	RATE("10935.50", AMT("EUR", "10000"), "EUR", "CHF", "1.19355", "4");
	RATE("10935.50", AMT("EUR", "10000"), "USD", "CHF", "1.09355", "5");
	EXPECT(STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "2", "CRDT") NTRY("2", "CRDT", "BOOK",
		       "<NtryDtls><TxDtls><AmtDtls><InstdAmt>" AMT("EUR",
			       "1") "<CcyXchg><SrcCcy>EUR</SrcCcy><TrgtCcy>CHF"
				    "</TrgtCcy><XchgRate>3</XchgRate></CcyXchg></InstdAmt></AmtDtls></TxDtls></NtryDtls>")),
		0, "The exchange rate 3 fits the amounts EUR 1.00 / CHF 2.00 in neither direction", "\"severity\": 2");
}

static void the_same_line_is_one_line(void **state)
{
	(void)state;
	static const char booked[] = STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "4", "CRDT") NTRY(
		"1.00", "CRDT", "BOOK", "<AcctSvcrRef>R1</AcctSvcrRef>") NTRY("1", "CRDT", "BOOK", "")
			NTRY("1", "CRDT", "BOOK", "") NTRY("1", "CRDT", "BOOK", "<AcctSvcrRef>R2</AcctSvcrRef>"));
	/* The same by a notification: another message, the account as a number, the reference in the detail, a time. */
	static const char notified[] = OPEN("054", "08",
		NTFCTN) "<Ntfctn><Id>N9</Id><Acct><Id><Othr><Id>CH9300762011623852957</Id></Othr></Id></Acct><Ntry><NtryRef>1</NtryRef>"
			"<Amt Ccy=\"CHF\">1.0</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt>"
			"<DtTm>2026-11-02T23:59:00-05:00</DtTm></BookgDt><NtryDtls><TxDtls><Refs><AcctSvcrRef>R1</AcctSvcrRef></Refs>"
			"</TxDtls></NtryDtls></Ntry>" NTRY("1", "CRDT", "BOOK", "") "</Ntfctn>" CLOSE(NTFCTN);
	struct bank_lab a = bank_read(booked, sizeof(booked) - 1, NULL, NULL, 0);
	struct bank_lab b = bank_read(notified, sizeof(notified) - 1, NULL, NULL, 0);
	char first[65], second[65], third[65], fourth[65], other[65];
	assert_int_equal(a.rc, 0);
	assert_int_equal(b.rc, 0);
	bank_identity(&a, 1, first);
	bank_identity(&a, 2, second);
	bank_identity(&a, 3, third);
	bank_identity(&a, 4, fourth);
	assert_string_not_equal(first, second);
	assert_string_not_equal(first, fourth);
	/* Two truly equal ones of a day are two. */
	assert_string_equal(second, third);
	assert_int_equal(bank_count(&a, "\"occurrence\": 2"), 1);
	bank_identity(&b, 1, other);
	assert_string_equal(first, other);
	bank_identity(&b, 2, other);
	assert_string_equal(second, other);
	bank_has(&b, "\"kind\": 3");
	free(a.told);
	free(b.told);
	/* It is for ever: what is stored is known again by later versions. */
	assert_string_equal(first, "6a887de806cb80f630aa9aef1061893adfc17e4312cadd9839fb0b39e02e28d9");
}

/* The n-th detail's. */
static void identity_of(const struct bank_lab *lab, unsigned n, char ret[65])
{
	const char *p = lab->told;
	for (unsigned i = 0; i < n && p != NULL; i++) p = strstr(p + 1, "\"identity_of\": \"");
	assert_non_null(p);
	memcpy(ret, p + strlen("\"identity_of\": \""), 64);
	ret[64] = '\0';
}

static void a_transaction_is_one_line_in_a_batch_or_alone(void **state)
{
	(void)state;
#define TXREF(ref) "<TxDtls><Refs><AcctSvcrRef>" ref "</AcctSvcrRef></Refs><Amt Ccy=\"CHF\">1</Amt></TxDtls>"
#define TXTEXT(text) "<TxDtls><Amt Ccy=\"CHF\">1</Amt><RmtInf><Ustrd>" text "</Ustrd></RmtInf></TxDtls>"
	static const char batch[] = STATEMENT(BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "6", "CRDT") NTRY("5",
		"CRDT", "BOOK",
		"<AcctSvcrRef>B</AcctSvcrRef><NtryDtls>" TXREF("T1") TXREF("T2") TXTEXT("a b") TXTEXT(
			"a b") "<TxDtls><Amt Ccy=\"EUR\">1</Amt></TxDtls></NtryDtls>") NTRY("1", "CRDT", "BOOK", ""));
	static const char alone[] = OPEN("054", "04", NTFCTN) "<Ntfctn><Id>1</Id>" ACCT NTRY("1", "CRDT", "BOOK",
		"<AcctSvcrRef>T1</AcctSvcrRef>") NTRY("1", "CRDT", "BOOK", "<NtryDtls>" TXREF("T2") "</NtryDtls>")
		NTRY("1", "CRDT", "BOOK", "<NtryDtls>" TXTEXT(" a \n b") "</NtryDtls>") "</Ntfctn>" CLOSE(NTFCTN);
	struct bank_lab a = bank_read(batch, sizeof(batch) - 1, NULL, NULL, 0);
	struct bank_lab b = bank_read(alone, sizeof(alone) - 1, NULL, NULL, 0);
	char one[65], other[65], entry[65];
	assert_int_equal(a.rc, 0);
	assert_int_equal(b.rc, 0);
	for (unsigned i = 1; i <= 3; i++) {
		identity_of(&a, i, one);
		bank_identity(&b, i, other);
		assert_string_equal(one, other);
	}
	/* Two truly equal ones in a batch are two; one without a share has its entry's and its number. */
	identity_of(&a, 4, other);
	assert_string_equal(one, other);
	assert_int_equal(bank_count(&a, "\"occurrence_of\": 2"), 1);
	identity_of(&a, 5, one);
	bank_identity(&a, 1, entry);
	assert_string_not_equal(one, entry);
	identity_of(&b, 1, one);
	bank_identity(&b, 2, entry);
	assert_string_equal(one, entry); /* the only one is its entry */
	free(a.told);
	free(b.told);
}

static void a_bad_statement_is_refused_with_its_reason(void **state)
{
	(void)state;
#define BALANCES BAL("OPBD", "CHF", "0", "CRDT") BAL("CLBD", "CHF", "0", "CRDT")
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt Ccy=\"XYZ\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
		LIB_INVALID, "\"code\": \"currency-unknown\", \"path\": \"line 7: Stmt[1]/Ntry[1]/Amt\"");
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt>1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"), LIB_INVALID,
		"\"code\": \"currency-missing\"");
	EXPECT(STATEMENT(
		       BALANCES "<Ntry><Amt Ccy=\"CHF\">1.001</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
		LIB_INVALID, "The amount 1.001 has more than the 2 decimals of its currency.");
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt Ccy=\"JPY\">1.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
		LIB_INVALID, "The amount 1.5 has more than the 0 decimals of its currency.");
	EXPECT(STATEMENT(BALANCES NTRY("1,00", "CRDT", "BOOK", "")), LIB_INVALID,
		"The value \\\"1,00\\\" is wrong here");
	EXPECT(STATEMENT(BALANCES NTRY("-1", "CRDT", "BOOK", "")), LIB_INVALID, "The value \\\"-1\\\" is wrong here");
	EXPECT(STATEMENT(BALANCES NTRY("99999999999999999999", "CRDT", "BOOK", "")), LIB_INVALID, "bank-value");
	EXPECT(STATEMENT(BALANCES NTRY("John Doe", "CRDT", "BOOK", "")), LIB_INVALID,
		"The value \\\"?\\\" is wrong here");
	EXPECT(STATEMENT(BALANCES NTRY("1", "BOTH", "BOOK", "")), LIB_INVALID, "it must be: CRDT, DBIT");
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt Ccy=\"CHF\">1</Amt><Sts>BOOK</Sts></Ntry>"), LIB_INVALID,
		"CdtDbtInd is missing");
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt Ccy=\"CHF\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry>"), LIB_INVALID,
		"Sts is missing");
	EXPECT(STATEMENT(BALANCES
		       "<Ntry><NtryDtls/><Amt Ccy=\"CHF\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
		LIB_INVALID, "Amt is missing");
	EXPECT(STATEMENT(NTRY("1", "CRDT", "BOOK", "") BALANCES), LIB_INVALID, "Bal may not stand here");
	EXPECT(STATEMENT(BALANCES ACCT), LIB_INVALID, "Acct may not stand here");
	EXPECT(STATEMENT(BALANCES NTRY("1", "CRDT", "BOOK", "<BookgDt><Dt>2026-02-30</Dt></BookgDt>")), LIB_INVALID,
		"it must be: YYYY-MM-DD");
	EXPECT(STATEMENT(BALANCES "<Ntry><Amt Ccy=\"EUR\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
		LIB_INVALID, "The currency EUR is not that of the account, which is CHF.");
#define SUMMARY(n) "<TxsSummry><TtlNtries><NbOfNtries>" n "</NbOfNtries></TtlNtries></TxsSummry>"
	EXPECT(STATEMENT(BALANCES SUMMARY("2")), 0, "\"severity\": 2, \"code\": \"bank-summary\"", "\"proved\": 1");
	EXPECT(OPEN("054", "04", NTFCTN) "<Ntfctn><Id>1</Id>" ACCT SUMMARY("2")
			NTRY("1", "CRDT", "BOOK", "") "</Ntfctn>" CLOSE(NTFCTN),
		LIB_INVALID, "\"severity\": 3, \"code\": \"bank-summary\"", "\"refused\": 1");
	EXPECT(OPEN("053", "04", STMT) "<Stmt><Id>1</Id>" BALANCES "</Stmt>" CLOSE(STMT), LIB_INVALID,
		"Acct/Id is missing");
	EXPECT(OPEN("053", "04", STMT) CLOSE(STMT), LIB_INVALID, "Stmt is missing");
	/* All faults of a statement at once. */
	EXPECT(STATEMENT(BALANCES NTRY("1.001", "CRDT", "BOOK", "") NTRY("1", "X", "BOOK", "")), LIB_INVALID,
		"\"path\": \"line 7: Stmt[1]/Ntry[1]/Amt\"", "\"path\": \"line 8: Stmt[1]/Ntry[2]/CdtDbtInd\"");
	struct bank_profile profile = {.account = "GB33BUKB20201555555555"};
	static const char text[] = STATEMENT(BALANCES);
	bank_expect(text, sizeof(text) - 1, &profile, LIB_INVALID,
		"The statement is of account CH9300762011623852957; expected is GB33BUKB20201555555555.", NULL);
}

static void an_attack_is_refused(void **state)
{
	(void)state;
	static const char bomb[] =
		"<?xml version=\"1.0\"?>\n<!DOCTYPE d [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;&a;\">]><Document>&b;</Document>";
	bank_cut_everywhere(bomb, sizeof(bomb) - 1, NULL);
	EXPECT("<?xml version=\"1.0\"?>\n<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><d>&a;</d>",
		LIB_INVALID, "The XML has, at line 2, what is not let in: <!DOCTYPE or <!ENTITY");
	EXPECT(STATEMENT(BALANCES NTRY("&x;", "CRDT", "BOOK", "")), LIB_INVALID, "\"code\": \"xml-invalid\"");
	EXPECT("\xff\xfe<\0D\0", LIB_INVALID, "it is UTF-16 or UTF-32");
	EXPECT("\0<\0D", LIB_INVALID, "it is UTF-16 or UTF-32");
	EXPECT("<?xml version='1.0' encoding='ISO-8859-1'?><Document/>", LIB_INVALID, "another encoding");
	EXPECT(STATEMENT("<Id>\0</Id>"), LIB_INVALID, "there is a NUL in it");
	EXPECT(STATEMENT("<Id>\xc3</Id>"), LIB_INVALID, "its bytes are not UTF-8");
	EXPECT(STATEMENT("text"), LIB_INVALID, "text between elements");
	EXPECT(STATEMENT("<a></b>"), LIB_INVALID, "\"code\": \"xml-invalid\"");
	static const char more[] = STATEMENT("") "<more/>";
	EXPECT(more, LIB_INVALID, "\"code\": \"xml-invalid\"");
	struct bank_limits limits = {.depth_max = 6, .text_max = 200, .attributes_max = 3};
	static const char deep[] = STATEMENT("<a><b><c><d/></c></b></a>");
	struct bank_lab lab = bank_read(deep, sizeof(deep) - 1, NULL, &limits, 0);
	assert_int_equal(lab.rc, LIB_LIMIT);
	bank_has(&lab, "depth");
	free(lab.told);
	static const char wide[] = STATEMENT("<a a='' b='' c='' d=''/>");
	lab = bank_read(wide, sizeof(wide) - 1, NULL, &limits, 0);
	bank_has(&lab, "attributes of one element");
	free(lab.told);
}

static void only_known_messages_are_read(void **state)
{
	(void)state;
	EXPECT(OPEN("053", "14", STMT) CLOSE(STMT), LIB_INVALID,
		"no bank statement that can be read (camt.053.001.14)");
	EXPECT(OPEN("055", "04", STMT) CLOSE(STMT), LIB_INVALID, "(camt.055.001.04)");
	EXPECT(OPEN("054", "04", STMT) CLOSE(STMT), LIB_INVALID, "(camt.054.001.04)");
	EXPECT("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03\"/>", LIB_INVALID, "bank-format");
	EXPECT("<html/>", LIB_INVALID, "bank-format");
	EXPECT("  \n", LIB_INVALID, "bank-format");
	EXPECT("", LIB_INVALID, "bank-format");
	EXPECT("hello\n", LIB_INVALID, "bank-format");
	EXPECT("<x:Document xmlns:x='urn:iso:std:iso:20022:tech:xsd:camt.053.001.13'><x:BkToCstmrStmt><x:Stmt><x:Id>1</x:Id>"
	       "<Acct xmlns='urn:other'/><x:Acct><x:Id><x:IBAN>A</x:IBAN></x:Id></x:Acct></x:Stmt></x:BkToCstmrStmt>"
	       "</x:Document>",
		LIB_INVALID, "camt.053.001.13", "\"account\": \"A\"", "bank-unproved");
}

/* Each callback may end it. */
static int refuse(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry)
{
	(void)statement, (void)entry;
	return ++*(int *)ctx == 1 ? 77 : 0;
}

static void a_caller_can_stop_it(void **state)
{
	(void)state;
	struct bank_events events = {.entry = refuse};
	struct bank_reader *reader;
	struct fault_list faults;
	int calls = 0;
	LIB_ARENA(arena);
	static const char text[] = STATEMENT(BALANCES NTRY("1", "CRDT", "BOOK", "") NTRY("1", "CRDT", "BOOK", ""));
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(
		bank_reader_open(BANK_FORMAT_CAMT, NULL, NULL, &events, &calls, &arena.zf, &faults, &reader), 0);
	assert_int_equal(bank_reader_feed(reader, text, sizeof(text) - 1), 77);
	assert_int_equal(bank_reader_feed(reader, text, 1), 77);
	assert_int_equal(bank_reader_finish(reader), 77);
	assert_int_equal(calls, 1);
	bank_reader_close(reader);
}

/* The arena grows with the largest entry, not with the file. */
static void a_long_file_needs_no_memory(void **state)
{
	(void)state;
	static const char head[] = OPEN("054", "04", NTFCTN) "<Ntfctn><Id>1</Id>" ACCT;
	static const char entry[] =
		NTRY("1", "CRDT", "BOOK", "<NtryDtls><TxDtls><RmtInf><Ustrd>text</Ustrd></RmtInf></TxDtls></NtryDtls>");
	struct bank_reader *reader;
	struct fault_list faults;
	LIB_ARENA(arena);
	fault_list_init(&faults, &arena.zf, 0);
	assert_int_equal(bank_reader_open(BANK_FORMAT_DETECT, NULL, NULL, NULL, NULL, &arena.zf, &faults, &reader), 0);
	assert_int_equal(bank_reader_feed(reader, head, sizeof(head) - 1), 0);
	size_t before = 0;
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(bank_reader_feed(reader, entry, sizeof(entry) - 1), 0);
		if (i == 10) before = arena.n;
	}
	assert_int_equal(arena.n, before);
	assert_int_equal(bank_reader_finish(reader), LIB_INVALID);
	bank_reader_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(it_may_be_cut_anywhere),
		cmocka_unit_test(the_sum_must_hold),
		cmocka_unit_test(what_is_not_booked_does_not_count),
		cmocka_unit_test(a_reversal_is_what_its_mark_says),
		cmocka_unit_test(a_batch_is_opened),
		cmocka_unit_test(a_large_entry_comes_in_parts),
		cmocka_unit_test(the_amounts_say_what_the_rate_means),
		cmocka_unit_test(the_same_line_is_one_line),
		cmocka_unit_test(a_transaction_is_one_line_in_a_batch_or_alone),
		cmocka_unit_test(a_bad_statement_is_refused_with_its_reason),
		cmocka_unit_test(an_attack_is_refused),
		cmocka_unit_test(only_known_messages_are_read),
		cmocka_unit_test(a_caller_can_stop_it),
		cmocka_unit_test(a_long_file_needs_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
