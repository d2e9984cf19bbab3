/* Postings in a foreign currency get their value in the books: when the rate comes, once, with the conversion on
 * record. */
#include "settle_world.h"

#define TODAY "(now() AT TIME ZONE 'Asia/Shanghai')::date"

/* A claim of that price that was sent, and so billed, so many days ago. */
static struct test_claim claim_of(const char *currency, int exponent, int64_t minor, int days)
{
	struct test_claim claim = claim_add("ok");

	sql("UPDATE zhifu.claim SET currency = '%s', exponent = %d, total_minor = %jd WHERE claim_id = '%s'", currency,
		exponent, (intmax_t)minor, claim.id_text);
	claim_deliver(&claim);
	sql("UPDATE zhifu.posting SET book_day = book_day - %d WHERE claim_id = '%s'", days, claim.id_text);
	return claim;
}

static struct test_claim claim_priced(const char *currency, int exponent, int64_t minor)
{
	return claim_of(currency, exponent, minor, 0);
}

static int64_t waiting(void)
{
	return number("SELECT count(*) FROM zhifu.posting_unvalued");
}

static int64_t worth(const struct test_claim *claim)
{
	return number("SELECT sum(book_minor)::int8 FROM zhifu.posting WHERE claim_id = '%s'", claim->id_text);
}

/* source, as rate_source; the price of `per` units of base in CNY, `days` before today. */
static void rate_add(int source, const char *base, int per, const char *digits, int scale, int days)
{
	sql("SELECT zhifu.rate_store(%d::int2, '', '{%s}', '{CNY}', '{%d}', '{%s}', '{%d}', ARRAY[" TODAY
	    " - %d], 'li')",
		source, base, per, digits, scale, days);
}

static void none_left(void)
{
	sql("DELETE FROM zhifu.conversion; DELETE FROM zhifu.rate; DELETE FROM zhifu.posting_unvalued");
}

static void test_the_book_currency_needs_no_rate(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	claim = claim_priced("CNY", 2, 187835);
	assert_int_equal(worth(&claim), 187835);
	assert_int_equal(waiting(), 0);
}

/* Fixture rates of 2026-09-08 and 08-18: 7.1200 for 1 USD, 4.8120 for 100 JPY. */
static void test_a_posting_waits_for_its_rate(void **state)
{
	struct test_claim dollars, yen;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	dollars = claim_priced("USD", 2, 231500);
	yen = claim_priced("JPY", 0, 125000);
	assert_int_equal(waiting(), 2);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at > now() + interval '9 min'", 2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.posting WHERE rule = 'value'"), 0);

	/* A new rate wakes all who wait; whoever has none goes on waiting. */
	rate_add(1, "USD", 1, "71200", 4, 0);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 1);
	assert_int_equal(worth(&dollars), 1648280);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.conversion c JOIN zhifu.posting p USING (hospital_id, entry_id, no)"
		       " JOIN zhifu.rate r USING (rate_id) WHERE p.claim_id = '%s' AND p.rule = 'value' AND p.amount_minor = 0"
		       " AND p.debit = 'AR-ALPHA' AND p.credit = 'REV-MED' AND c.multiplied AND c.step = 1 AND r.digits = 71200",
			dollars.id_text),
		1);

	/* While the day goes on it may get a rate of its own. */
	rate_add(1, "JPY", 100, "47000", 4, 3);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at > now() + interval '9 min'", 1);
	rate_add(1, "JPY", 100, "48120", 4, 0);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(worth(&yen), 601500);
}

static void test_a_rate_may_be_old_but_not_too_old(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add(1, "USD", 1, "70000", 4, 12);
	claim = claim_of("USD", 2, 100, 1);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at > now() + interval '9 min'", 1);
	rate_add(1, "USD", 1, "71000", 4, 11);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(worth(&claim), 710);
}

static void test_four_eyes_and_the_first_source(void **state)
{
	struct test_claim claim;

	(void)state;
	NEED_POSTGRESQL();
	none_left();
	claim = claim_priced("USD", 2, 10000);
	sql("SELECT zhifu.rate_enter('USD', 'CNY', 1, 72000, 4::int2, " TODAY ", 'Li', 'holiday')");
	assert_int_equal(number("SELECT zhifu.rate_decide(rate_id, true, ' li ', 'seen') FROM zhifu.rate"), -1);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued WHERE due_at > now() + interval '9 min'", 1);
	assert_int_equal(number("SELECT zhifu.rate_decide(rate_id, true, 'chen', 'seen') FROM zhifu.rate"), 1);
	assert_int_equal(number("SELECT zhifu.rate_decide(rate_id, false, 'chen', 'seen') FROM zhifu.rate"), 0);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(worth(&claim), 72000);
	/* What was typed in for the day counts before an older parity; the parity of the day before it, and a board
	 * never. */
	rate_add(1, "USD", 1, "70700", 4, 2);
	claim = claim_priced("USD", 2, 10000);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(worth(&claim), 72000);
	rate_add(1, "USD", 1, "71000", 4, 0);
	sql("SELECT zhifu.rate_store(3::int2, 'icbc', '{USD}', '{CNY}', '{100}', '{70520}', '{2}', ARRAY[" TODAY
	    "], 'li')");
	claim = claim_priced("USD", 2, 10000);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(worth(&claim), 71000);
}

/* More than one look takes at once. */
static void test_many_wait(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	none_left();
	sql("INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_day, rule, source_id)"
	    " SELECT hospital_id, gen_random_uuid(), 1, 'BANK-USD', 'SUSP', n, 'USD', 2, " TODAY
	    ", 'bank_in', gen_random_uuid()"
	    " FROM zhifu.hospital, generate_series(1, 1203) AS g (n) WHERE code = 'AB1';"
	    "INSERT INTO zhifu.posting_unvalued (hospital_id, entry_id, no)"
	    " SELECT hospital_id, entry_id, no FROM zhifu.posting WHERE rule = 'bank_in'");
	rate_add(1, "USD", 1, "70500", 4, 0);
	look_until("SELECT count(*) FROM zhifu.posting_unvalued", 0);
	assert_int_equal(
		number("SELECT count(*) FROM zhifu.posting p JOIN zhifu.posting v USING (hospital_id, entry_id)"
		       " WHERE p.rule = 'bank_in' AND v.rule = 'value' AND v.no = p.no + 10000"
		       " AND v.book_minor = round(p.amount_minor * 7.05)"),
		1203);
	/* As if nobody knew whether it was posted: once is all. */
	assert_int_equal(number("SELECT zhifu.settle_value(array_agg(hospital_id), array_agg(entry_id), array_agg(no),"
				" array_fill(1::int8, ARRAY[1203]), 60, '{}', '{}', '{}', '{}', 0::int2)"
				" FROM zhifu.posting WHERE rule = 'bank_in'"),
		0);
	sql("DELETE FROM zhifu.conversion; DELETE FROM zhifu.posting WHERE debit = 'BANK-USD'");
}

static void test_another_value_of_a_published_rate_is_refused(void **state)
{
	(void)state;
	NEED_POSTGRESQL();
	none_left();
	rate_add(1, "JPY", 100, "48120", 4, 0);
	assert_int_equal(
		number("SELECT stored FROM zhifu.rate_store(1::int2, '', '{JPY,USD}', '{CNY,CNY}', '{1,1}', '{48120,71000}',"
		       " '{6,4}', ARRAY[" TODAY ", " TODAY "], 'li')"),
		1);
	assert_int_equal(
		number("SELECT ordinal FROM zhifu.rate_store(1::int2, '', '{EUR,USD}', '{CNY,CNY}', '{1,1}', '{83100,71001}',"
		       " '{4,4}', ARRAY[" TODAY ", " TODAY "], 'li')"),
		2);
	assert_int_equal(number("SELECT count(*) FROM zhifu.rate"), 2);
	/* A value that was corrected a file may go on saying, in any form; what was refused, or waits, never counted.
	 */
	for (int i = 0; i < 2; i++) {
		sql("SELECT zhifu.rate_decide((zhifu.rate_correct((SELECT rate_id FROM zhifu.rate WHERE base = 'USD' AND status = 1"
		    " ORDER BY version DESC LIMIT 1), %s, 4::int2, 'li', 'misread')).id, %s, 'wang', 'seen')",
			i == 0 ? "71500" : "71600", i == 0 ? "true" : "false");
	}
#define AGAIN                                                                                                               \
	"SELECT ordinal * 100 + coalesce(stored, 0) FROM zhifu.rate_store(1::int2, '', '{USD,EUR}', '{CNY,CNY}', '{%s,1}'," \
	" '{%s,83100}', '{%s,4}', ARRAY[" TODAY ", " TODAY "], 'li')"
	assert_int_equal(number(AGAIN, "1", "71600", "4"), 100);
	assert_int_equal(number(AGAIN, "100", "71000", "2"), 1);
	assert_int_equal(number(AGAIN, "1", "71500", "4"), 0);
	assert_int_equal(number("SELECT count(*) FROM zhifu.rate WHERE base = 'USD'"), 3);
	assert_int_equal(number("SELECT count(*) FROM zhifu.rate_past(" TODAY ", " TODAY ")"), 1);
	assert_int_equal(number("SELECT count(*) FROM zhifu.rate_past(" TODAY " + 1, " TODAY " + 9)"), 0);
}

static int value_world_start(void **state)
{
	struct zone *zone = NULL;
	int r = world_start(state);

	world.hospital.rate_sources[0] = RATE_CFETS;
	world.hospital.rate_sources[1] = RATE_MANUAL;
	world.hospital.rate_source_count = 2;
	world.hospital.rate_reach_days = 10;
	assert_int_equal(zone_load("Asia/Shanghai", &zone), 0);
	world.hospital.zone = zone;
	return r;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_book_currency_needs_no_rate),
		cmocka_unit_test(test_a_posting_waits_for_its_rate),
		cmocka_unit_test(test_a_rate_may_be_old_but_not_too_old),
		cmocka_unit_test(test_four_eyes_and_the_first_source),
		cmocka_unit_test(test_many_wait),
		cmocka_unit_test(test_another_value_of_a_published_rate_is_refused),
	};

	return cmocka_run_group_tests_name("value", tests, value_world_start, world_stop);
}
