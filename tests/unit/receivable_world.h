/* What the tests of receivables share: claims that are billed and decided, money that comes for them and is taken back,
 * and what must hold of their books after each step. */
#ifndef UNIT_RECEIVABLE_WORLD_H
#define UNIT_RECEIVABLE_WORLD_H

#include "settle_world.h"

#include "lib/money.h"
#include "model/receivable.h"
#include "zhifu_adapter.h"

#define HOSPITAL "(SELECT hospital_id FROM zhifu.hospital WHERE code = 'AB1')"

static inline void all_made(void)
{
	look_until("SELECT count(*) FROM zhifu.receivable_wait", 0);
}

/* A claim of that price that was sent to a carrier, and so billed, on a day. */
static inline struct test_claim claim_billed(
	const char *carrier, const char *currency, int exponent, int64_t minor, const char *day)
{
	struct test_claim claim = claim_add("ok");

	sql("UPDATE zhifu.claim SET insurer = '%s', currency = '%s', exponent = %d, total_minor = %jd WHERE claim_id = '%s';"
	    "UPDATE zhifu.claim_state SET insurer = '%s' WHERE claim_id = '%s'",
		carrier, currency, exponent, (intmax_t)minor, claim.id_text, carrier, claim.id_text);
	claim_deliver(&claim);
	sql("UPDATE zhifu.posting SET book_day = '%s' WHERE claim_id = '%s'", day, claim.id_text);
	return claim;
}

/* What the claim is for, sealed as intake leaves it: Claim.item. */
static inline void items_are(const struct test_claim *claim, const char *items)
{
	struct arena arena CLEANUP(arena_free);
	static char json[8192], content[65536];
	struct bytes sealed;
	const char *text = claim_json("ok"), *from = strstr(text, "\"item\":["), *to = strstr(text, ",\"total\"");

	arena_init(&arena, 1u << 20);
	assert_true(from != NULL && to != NULL);
	snprintf(json, sizeof(json), "%.*s\"item\":[%s]%s", (int)(from - text), text, items, to);
	assert_int_equal(seal(world.sealer, &world.patient_key, &claim->id, SEAL_CLAIM,
				 (struct bytes){(const uint8_t *)json, strlen(json)}, &arena, &sealed),
		0);
	hex(sealed.ptr, sealed.len, content);
	sql("UPDATE zhifu.claim SET content = '\\x%s' WHERE claim_id = '%s'", content, claim->id_text);
}

#define ITEM(sequence, category, net)                                                                                  \
	"{\"sequence\":" sequence ",\"category\":{\"coding\":[{\"system\":\"urn:c\",\"code\":\"" category              \
	"\"}]},\"productOrService\":{\"text\":\"x\"},\"servicedDate\":\"2026-10-01\",\"net\":{\"value\":" net          \
	",\"currency\":\"CNY\"}}"

static inline void settle_all(void)
{
	settle_start();
	LOOP_UNTIL(number("SELECT count(*) FROM zhifu.outbox WHERE role = 3") == 0, 10000);
	role_end(&settle_role);
}

/* What the carrier says of a claim, for settle. */
static inline void fact_add(
	const struct test_claim *claim, int kind, int64_t benefit, int64_t patient, int64_t contract)
{
	char fact[UUID_TEXT_LEN];
	struct uuid id = uuid_new();

	uuid_format(&id, fact);
	sql("INSERT INTO zhifu.fact (hospital_id, fact_id, claim_id, insurer, kind, adjudication_id)"
	    " SELECT hospital_id, '%s', claim_id, insurer, %d, CASE WHEN %d = %d THEN '%s'::uuid END FROM zhifu.claim_state WHERE claim_id = '%s';"
	    "INSERT INTO zhifu.adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, currency, exponent, submitted_minor,"
	    " benefit_minor, patient_minor, contract_minor, open_minor, content) SELECT hospital_id, '%s', claim_id, insurer, 3, currency, exponent,"
	    " total_minor, %jd, %jd, %jd, 0, '\\x00' FROM zhifu.claim WHERE claim_id = '%s' AND %d = %d;"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, fact_id)"
	    " SELECT hospital_id, gen_random_uuid(), 3, 1, claim_id, '%s' FROM zhifu.claim_state WHERE claim_id = '%s'",
		fact, kind, kind, ZF_FACT_ADJUDICATED, fact, claim->id_text, fact, (intmax_t)benefit, (intmax_t)patient,
		(intmax_t)contract, claim->id_text, kind, ZF_FACT_ADJUDICATED, fact, claim->id_text);
}

/* And settle of that. */
static inline void fact_settle(
	const struct test_claim *claim, int kind, int64_t benefit, int64_t patient, int64_t contract)
{
	fact_add(claim, kind, benefit, patient, contract);
	settle_all();
}

static inline void decide(const struct test_claim *claim, int64_t benefit, int64_t patient, int64_t contract)
{
	fact_settle(claim, ZF_FACT_ADJUDICATED, benefit, patient, contract);
}

static inline void owes(const struct test_claim *claim, const char *kind, const char *currency, int64_t owed,
	int64_t open, int64_t book, int standing)
{
	struct pg_result *rows = NULL;
	char question[512], wanted[128];

	snprintf(wanted, sizeof(wanted), "%s %s %jd %jd %jd %d", kind, currency, (intmax_t)owed, (intmax_t)open,
		(intmax_t)book, standing);
	snprintf(question, sizeof(question),
		"SELECT concat_ws(' ', kind, currency, owed_minor, open_minor, book_minor, standing) FROM zhifu.receivable"
		" WHERE claim_id = '%s'",
		claim->id_text);
	if (db_sync_query(fix.admin, question, NULL, &rows) < 0) fail_msg("%s", err_text());
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_rows_text(rows, 0, 0), wanted);
	db_sync_rows_free(rows);
}

/* What the ledger says of an account, in a currency and in the books. */
static inline int64_t balance(const char *account, const char *currency)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN amount_minor WHEN credit THEN -amount_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting WHERE currency = '%s'",
		account, currency);
}

static inline int64_t worth(const char *account)
{
	return number(
		"SELECT coalesce(sum(CASE '%s' WHEN debit THEN book_minor WHEN credit THEN -book_minor ELSE 0 END), 0)::int8"
		" FROM zhifu.posting",
		account);
}

/* Receivables and the ledger agree, by account and claim by claim, and whatever passes through CONV is worth nothing.
 */
static inline void books_hold(void)
{
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.hospital h, zhifu.books_check(h.hospital_id) b WHERE h.code = 'AB1'"
		       " AND (b.owed <> b.ledger OR b.owed_book <> b.ledger_book)"),
		0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.receivable r CROSS JOIN LATERAL (SELECT"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN 1 ELSE -1 END * CASE p.currency WHEN r.currency THEN p.amount_minor ELSE 0 END) AS minor,"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN 1 ELSE -1 END * CASE p.currency WHEN r.currency THEN 0 ELSE p.amount_minor END) AS other,"
		       " sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN p.book_minor ELSE -p.book_minor END) AS book"
		       " FROM zhifu.posting p WHERE p.claim_id = coalesce(r.of_claim, r.claim_id) AND 'AR-' || upper(r.carrier) IN (p.debit, p.credit)) l"
		       " WHERE (l.minor, l.other, l.book) IS DISTINCT FROM"
		       " (r.open_minor, 0, zhifu.receivable_carried(r.owed_minor, r.book_minor, r.open_minor))"),
		0);
	assert_int_equal(worth("CONV"), 0);
}

static inline void none_left(void)
{
	sql("DELETE FROM zhifu.receivable; DELETE FROM zhifu.receivable_wait; DELETE FROM zhifu.posting; DELETE FROM zhifu.posting_unvalued;"
	    "DELETE FROM zhifu.conversion; DELETE FROM zhifu.rate; DELETE FROM zhifu.contract; DELETE FROM zhifu.outbox;"
	    "TRUNCATE zhifu.dispute, zhifu.dispute_step, zhifu.receivable_carrier, zhifu.allocation, zhifu.match_item, zhifu.match_candidate, zhifu.suspense, zhifu.bank_line, zhifu.write_off, zhifu.concession");
}

static inline void rate_add(const char *base, int per, const char *digits, int scale, const char *day)
{
	sql("SELECT zhifu.rate_store(1::int2, '', '{%s}', '{CNY}', '{%d}', '{%s}', '{%d}', ARRAY['%s'::date], 'li')",
		base, per, digits, scale, day);
}

/* The first part of the object `owed`, and of `payment`. */
static inline void contract_add(const char *carrier, const char *owed, const char *payment)
{
	sql("SELECT zhifu.contract_put(" HOSPITAL
	    ", '{\"name\": \"%s\", \"valid_from\": \"2025-01-01\", \"parties\": {\"carrier\": \"%s\","
	    " \"tpa\": \"Meridian\"}, \"owed\": {%s}, \"payment\": {%s}}', 'li', 'test')",
		carrier, carrier, owed, payment);
}

#define KIND_C "\"kind\": \"C\", \"currency\": \"USD\""

/* ---- money ---- */

/* What the bank told of money: it waits in suspense, carried at that value. */
struct test_line {
	char id[UUID_TEXT_LEN];
	int64_t minor;
};

static inline struct test_line line_booked(const char *currency, int exponent, int64_t minor, int64_t book)
{
	struct uuid id = uuid_new();
	struct test_line line = {.minor = minor};
	char accounts[64];

	uuid_format(&id, line.id);
	snprintf(accounts, sizeof(accounts), minor > 0 ? "'BANK-%s', 'SUSP'" : "'SUSP', 'BANK-%s'", currency);
	sql("INSERT INTO zhifu.bank_line (hospital_id, line_id, statement_id, account, identity, occurrence, booked_day, amount_minor,"
	    " currency, exponent, reversal, content) SELECT " HOSPITAL
	    ", '%s', '%s', '%s', sha256('%s'), 0, '2026-10-06', %jd, '%s', %d, false, '';"
	    "INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,"
	    " source_id) SELECT " HOSPITAL ", '%s', 1, %s, %jd, '%s', %d, %jd, '2026-10-06', '%s', '%s';"
	    "INSERT INTO zhifu.suspense (hospital_id, line_id, open_minor, currency, exponent, since, reason) SELECT " HOSPITAL
	    ", '%s', %jd, '%s', %d, '2026-10-06', 'new';"
	    "SELECT zhifu.match_items_make(" HOSPITAL ")",
		line.id, line.id, currency, line.id, (intmax_t)minor, currency, exponent, line.id, accounts,
		(intmax_t)imaxabs(minor), currency, exponent, (intmax_t)imaxabs(book),
		minor > 0 ? "bank_in" : "bank_out", line.id, line.id, (intmax_t)minor, currency, exponent);
	return line;
}

/* Kinds as enum match_part_kind has them. */
enum test_kind { PAID = 0, TWICE = 1, TAKEN = 3 };

/* What says that all of the line is for the claim: of its receivable that clears so much, and so much of the line is
 * too much. */
static inline const char *allocate_sql(const struct test_line *line, const struct test_claim *claim,
	enum test_kind kind, int64_t cleared, int64_t over, char ret_allocation[UUID_TEXT_LEN])
{
	static char text[2048];
	struct uuid id = uuid_new();

	uuid_format(&id, ret_allocation);
	snprintf(text, sizeof(text),
		"SELECT outcome::int8 FROM zhifu.match_post(" HOSPITAL
		", 'li', 'c0', true, ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY[0], ARRAY[(SELECT version FROM zhifu.match_item"
		" WHERE line_id = '%s')], ARRAY[1], ARRAY[%d]::int2[], ARRAY['%s']::uuid[], ARRAY[(SELECT version FROM zhifu.receivable"
		" WHERE claim_id = '%s')], ARRAY[NULL]::uuid[], ARRAY[NULL]::int4[], ARRAY[%jd]::int8[], ARRAY[%jd]::int8[],"
		" ARRAY[%jd]::int8[], '{0}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}', '{0}')",
		ret_allocation, line->id, line->id, (int)kind, claim->id_text, claim->id_text, (intmax_t)line->minor,
		(intmax_t)cleared, (intmax_t)over);
	return text;
}

static inline void allocate(const struct test_line *line, const struct test_claim *claim, enum test_kind kind,
	int64_t cleared, int64_t over, char ret_allocation[UUID_TEXT_LEN])
{
	assert_int_equal(admin_int(allocate_sql(line, claim, kind, cleared, over, ret_allocation)), 1);
}

static inline void undo(const char *allocation)
{
	assert_int_equal(
		number("SELECT zhifu.match_undo(" HOSPITAL ", '%s', gen_random_uuid(), 'li', 'c0')::int8", allocation),
		1);
}

static inline void give_up(const struct test_claim *claim, int64_t minor)
{
	sql("SELECT zhifu.write_off_post(" HOSPITAL
	    ", gen_random_uuid(), '%s', %jd, 2::int2, 'head', 1000000000000, 'li', NULL)",
		claim->id_text, (intmax_t)minor);
}

static inline int receivable_world_start(void **state)
{
	struct zone *zone = NULL;
	int r = world_start(state);

	world.hospital.rate_sources[0] = RATE_CFETS;
	world.hospital.rate_source_count = 1;
	world.hospital.rate_reach_days = 10;
	assert_int_equal(zone_load("Asia/Shanghai", &zone), 0);
	world.hospital.zone = zone;
	return r;
}

#endif
