/* What the tests share that are about what persons decide of money in suspense: claims that are owed, lines of
 * statements, and what zhifuctl does with them. */
#ifndef UNIT_MATCH_WORLD_H
#define UNIT_MATCH_WORLD_H

#include "ctl_world.h"

static struct ctl_world world;

#define ID_A "019ab000-0000-7000-8000-00000000"

/* Claims are known by a number; their refs are made once. */
static char refs[16][REF_TEXT_LEN];

/* What a query says, as text. */
static inline const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline const char *text(const char *fmt, ...)
{
	static char texts[4][128];
	static int next;
	char *out = texts[next++ % 4], sql[1024];
	struct pg_result *rows = NULL;
	va_list args;

	va_start(args, fmt);
	vsnprintf(sql, sizeof(sql), fmt, args);
	va_end(args);
	if (db_sync_query(world.db, sql, NULL, &rows) != 0) fail_msg("%s\n%s", err_text(), sql);
	snprintf(out, sizeof(texts[0]), "%s", db_rows_count(rows) > 0 ? db_rows_text(rows, 0, 0) : "");
	db_sync_rows_free(rows);
	return out;
}

/* A claim that was billed to alpha, for which Sunrise pays. */
static inline void owed(int claim, int minor)
{
	if (refs[claim][0] == '\0') ref_new("HZ1", refs[claim]);
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, books, books_seq)"
		" VALUES ('" HOSPITAL_A "', '" ID_A "%04d', '%s', 'alpha', 8, 2, 2);"
		"INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who) VALUES"
		" ('" HOSPITAL_A "', '" ID_A "%04d', 5, 1, NULL, 0, 1, 'bill', 'test'),"
		" ('" HOSPITAL_A "', '" ID_A "%04d', 5, 2, 1, 1, 2, 'post_adjudication', 'test');"
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		" rule, claim_id, source_id) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 1, 'AR-ALPHA', 'REV-MED', %d, 'CNY', 2, %d, '2025-11-01', 'bill', '" ID_A "%04d', '" ID_A
		"%04d');"
		"INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,"
		" book_minor, billed_day) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 'alpha', 'Sunrise', 'A', 'CNY', 2, %d, %d, %d, '2025-11-01')",
		claim, refs[claim], claim, claim, claim, minor, minor, claim, claim, claim, minor, minor, minor);
}

/* The only line of a statement; its id, until the eighth one after it. */
static inline const char *line_of(int number, const char *amount, const char *name)
{
	static char ids[8][UUID_TEXT_LEN];
	char body[1024];

	snprintf(body, sizeof(body),
		":20:S%d\r\n:25:33010001 00000001\r\n:28C:%d/1\r\n:60F:C2511%02dCNY0,00\r\n"
		":61:2511%02d11%02dC%sNTRFNONREF//B%d\r\n:86:/ORDP//NAME/%s/REMI/THANKS\r\n:62F:C2511%02dCNY%s\r\n-\r\n",
		number, number, number, number, number, amount, number, name, number, amount);
	world_file(&world, "statement.sta", body, 0600);
	if (ctl(&world, "money statement import '%s/statement.sta' --hospital HZ1 --who li", world.folder) != 0)
		fail_msg("%s%s", world.err, world.out);
	world_sql(&world, "SELECT * FROM zhifu.match_begin(1)"); /* as settle does: items are made */
	snprintf(ids[number % 8], UUID_TEXT_LEN, "%s",
		text("SELECT line_id::text FROM zhifu.bank_line ORDER BY line_id DESC LIMIT 1"));
	return ids[number % 8];
}

/* Allocates all of the line to the claim; the allocation's id. */
static inline const char *allocate(const char *line, int claim, const char *amount)
{
	assert_ctl(&world, 0, "money match allocate %s %s=%s --why theirs --hospital HZ1 --who li", line, refs[claim],
		amount);
	return text(
		"SELECT allocation_id::text FROM zhifu.allocation WHERE undoes IS NULL ORDER BY allocation_id DESC LIMIT 1");
}

static inline void undo(const char *allocation)
{
	assert_ctl(&world, 0, "money match undo %s --why 'not theirs' --hospital HZ1 --who li", allocation);
}

static inline int none_left(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.bank_file, zhifu.bank_file_part, zhifu.bank_statement, zhifu.bank_line, zhifu.bank_detail, zhifu.bank_told,"
		" zhifu.suspense,"
		" zhifu.match_item, zhifu.match_candidate, zhifu.match_turn, zhifu.match_payer, zhifu.match_lesson, zhifu.allocation, zhifu.posting,"
		" zhifu.posting_unvalued, zhifu.receivable, zhifu.claim_state, zhifu.claim_event, zhifu.adjudication, zhifu.remittance,"
		" zhifu.remittance_detail, zhifu.remittance_paid, zhifu.fact, zhifu.concession, zhifu.operator_act");
	return 0;
}

/* A contract that foresees a charge of 25.00, a discount, a fee, and 5.00 besides. */
static inline void agreed(void)
{
	world_sql(&world,
		"INSERT INTO zhifu.contract (hospital_id, contract_id, version, name, carrier, remitter, kind, valid_from, valid_to, document,"
		" maker, why) VALUES ('" HOSPITAL_A "', '" ID_A
		"0900', 1, 'Sunrise', 'alpha', 'Sunrise', 'A', '2025-01-01', 'infinity',"
		" '{\"tolerances\": [{\"currency\": \"CNY\", \"residual\": \"0.05\", \"hard_max\": \"5.00\"}],"
		" \"usual_charges\": [{\"currency\": \"CNY\", \"amount\": \"25.00\"}], \"payment\": {\"early_discount\": {\"percent\": \"3\","
		" \"days\": 10}, \"fee\": {\"percent\": \"5\", \"tax_percent\": \"6\", \"tax\": \"added\", \"deductible\": true}}}', 'li', 'test')");
}

/* The configuration of the hospital with an account. */
static inline void account_configure(void)
{
	world_file(&world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = ({code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";});\n",
		0600);
}

static inline int group_begin(void **state)
{
	(void)state;
	account_configure();
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	return 0;
}

#endif
