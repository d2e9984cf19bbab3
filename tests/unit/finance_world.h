/* What the tests of finance's lists and of disputes share: claims known by a number, their receivables, lines, payments
 * and postings as rows, and the rows of a list as zhifuctl tells them. */
#ifndef UNIT_FINANCE_WORLD_H
#define UNIT_FINANCE_WORLD_H

#include "ctl_world.h"

#include "base/id.h"

static struct ctl_world world;

#define ID_A "019ab000-0000-7000-8000-00000000"

/* Claims are known by a number; their refs are made once. */
static char refs[64][REF_TEXT_LEN];

static inline void owed(int claim, const char *carrier, const char *remitter, const char *currency, int64_t minor,
	int64_t open, int64_t book, const char *billed, const char *due, int standing)
{
	char day[16] = "NULL";

	if (refs[claim][0] == '\0') ref_new("HZ1", refs[claim]);
	if (due != NULL) snprintf(day, sizeof(day), "'%s'", due);
	world_sql(&world,
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', '%s', '%s');"
		"INSERT INTO zhifu.receivable (hospital_id, claim_id, carrier, remitter, kind, currency, exponent, owed_minor, open_minor,"
		" book_minor, billed_day, due_day, standing) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', '%s', '%s', '%s', '%s', 2, %jd, %jd, %jd, '%s', %s, %d)",
		claim, refs[claim], carrier, claim, carrier, remitter, strcmp(currency, "CNY") == 0 ? "A" : "C",
		currency, (intmax_t)minor, (intmax_t)open, (intmax_t)book, billed, day, standing);
}

/* All of that in the ledger: what is not open was paid on the day of the bill. */
static inline void all_posted(void)
{
	world_sql(&world,
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" claim_id, source_id) SELECT hospital_id, claim_id, t.no, t.debit, t.credit, t.minor, currency, exponent, t.book, billed_day, t.rule,"
		" claim_id, claim_id FROM zhifu.receivable r CROSS JOIN LATERAL (VALUES (1, 'AR-' || upper(carrier), 'REV-MED', owed_minor, book_minor,"
		" 'bill'), (2, 'SUSP', 'AR-' || upper(carrier), owed_minor - open_minor, book_minor - zhifu.receivable_carried(owed_minor, book_minor,"
		" open_minor), 'match_paid')) AS t (no, debit, credit, minor, book, rule) WHERE t.minor > 0");
}

static inline void line_of(int line, const char *account, const char *currency, int64_t minor, const char *day)
{
	world_sql(&world,
		"INSERT INTO zhifu.bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day, amount_minor,"
		" currency, exponent, reversal, content) VALUES ('" HOSPITAL_A "', '" ID_A "%04d', '" ID_A
		"9999', '%s', sha256('%d'), 0, '%s', %jd, '%s', 2, false, '')",
		line, account, line, day, (intmax_t)minor, currency);
}

/* kind: enum match_part_kind. cleared: of the receivable; over: in the book currency. */
static inline void allocated(int allocation, int line, int claim, int advice, int kind, int64_t minor,
	const char *currency, int64_t cleared, int64_t over)
{
	char remittance[64] = "NULL";

	if (advice != 0) snprintf(remittance, sizeof(remittance), "'" ID_A "%04d'", advice);
	world_sql(&world,
		"INSERT INTO zhifu.allocation (hospital_id, allocation_id, no, line_id, part, claim_id, remittance_id, kind, amount_minor,"
		" currency, exponent, cleared_minor, over_book_minor, by_hand, made_at, maker) SELECT '" HOSPITAL_A
		"', '" ID_A "%04d', coalesce(max(no), 0) + 1, '" ID_A "%04d', 0, '" ID_A
		"%04d', %s, %d, %jd, '%s', 2, %jd, %jd, false,"
		" '2026-11-16 03:00Z', 'test' FROM zhifu.allocation WHERE allocation_id = '" ID_A "%04d'",
		allocation, line, claim, remittance, kind, (intmax_t)minor, currency, (intmax_t)cleared, (intmax_t)over,
		allocation);
}

/* What the ledger says is owed back for a claim; source: a bank line, or what else. */
static inline void owed_back(int entry, int claim, const char *rule, const char *debit, const char *credit,
	int64_t minor, const char *day, int source)
{
	world_sql(&world,
		"INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
		" claim_id, source_id) VALUES ('" HOSPITAL_A "', '" ID_A
		"%04d', 1, '%s', '%s', %jd, 'CNY', 2, %jd, '%s', '%s', '" ID_A "%04d', '" ID_A "%04d')",
		entry, debit, credit, (intmax_t)minor, (intmax_t)minor, day, rule, claim, source);
}

static inline int none_left(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.claim_state, zhifu.claim_event, zhifu.receivable, zhifu.allocation, zhifu.bank_line, zhifu.posting,"
		" zhifu.suspense, zhifu.remittance, zhifu.remittance_detail, zhifu.work_owner, zhifu.contract, zhifu.match_item, zhifu.bank_order, zhifu.declaration,"
		" zhifu.advice, zhifu.revaluation, zhifu.concession, zhifu.write_off, zhifu.dispute, zhifu.dispute_step");
	return 0;
}

/* The member of row n of the last --json output, as text; of an amount its digits. */
static inline const char *told(const char *key, size_t n, const char *member)
{
	static char text[8][64];
	static int next;
	char *out = text[next++ % 8];
	json_t *root = world_json(&world);
	json_t *value = json_object_get(json_array_get(json_object_get(root, key), n), member);

	if (json_is_object(value)) value = json_object_get(value, "amount");
	if (json_is_integer(value))
		snprintf(out, 64, "%jd", (intmax_t)json_integer_value(value));
	else
		snprintf(out, 64, "%s", json_is_string(value) ? json_string_value(value) : "null");
	json_decref(root);
	return out;
}

static inline size_t rows_told(const char *key)
{
	json_t *root = world_json(&world);
	size_t n = json_array_size(json_object_get(root, key));

	json_decref(root);
	return n;
}

/* The row whose member says so. */
static inline size_t row_of(const char *key, const char *member, const char *want)
{
	size_t count = rows_told(key);

	for (size_t n = 0; n < count; n++)
		if (strcmp(told(key, n, member), want) == 0) return n;
	fail_msg("no %s with %s %s in %s", key, member, want, world.out);
	return 0;
}

static inline int start(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	world_sql(&world, "SET search_path = zhifu");
	return 0;
}

#endif
