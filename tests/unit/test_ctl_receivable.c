/* zhifuctl money receivable over a real database: what is owed, by which contract and rate, and what moved it. */
#include "ctl_claims.h"

/* As settle makes one: owed NULL waits; rate NULL: owed as billed. */
static void make_receivable(const struct made *made, const char *contract, const char *kind, const char *currency,
	const char *owed, const char *rate, const char *due)
{
	world_sql(&world,
		"SELECT zhifu.settle_receivables('{%s}', '{%s}', '{alpha}', '{Meridian}', ARRAY[%s], ARRAY[%s], '{%s}', '{%s}', '{2}',"
		" '{187835}', '{false}', '{%s}', '{2026-10-06}', '{%s}', 600, CASE WHEN %s THEN '{1}' ELSE '{}' END::int4[], '{1}',"
		" ARRAY(SELECT rate_id FROM zhifu.rate WHERE day = '2026-09-30'), '{false}', '{0}', NULL, NULL,"
		" ARRAY(SELECT xmin::text::int8 FROM zhifu.receivable_wait WHERE claim_id = '%s'))",
		HOSPITAL_A, uuid_text(&made->claim), contract, contract[0] == 'N' ? "NULL::int4" : "1", kind, currency,
		owed, due, rate, uuid_text(&made->claim));
}

static const char *text(json_t *value, const char *key)
{
	json_t *member = json_object_get(value, key);

	if (json_is_object(member)) member = json_object_get(member, "amount");
	return json_is_string(member) ? json_string_value(member) : "";
}

#define CONTRACT "(SELECT contract_id FROM zhifu.contract LIMIT 1)"

static void what_is_owed_is_shown(void **state)
{
	struct made plain, fixed;

	(void)state;
	assert_ctl(&world, 0, "money receivable list");
	assert_non_null(strstr(world.out, "nothing is owed"));
	world_sql(&world,
		"SELECT zhifu.contract_put('%s', '{\"name\": \"Alpha 2026\", \"valid_from\": \"2026-01-01\", \"parties\": {\"carrier\": \"alpha\"},"
		" \"owed\": {\"kind\": \"C\", \"currency\": \"USD\"}}', 'li', 'test');"
		"SELECT zhifu.rate_store(1::int2, '', '{USD}', '{CNY}', '{1}', '{70950}', '{4}', '{2026-09-30}', 'li')",
		HOSPITAL_A);
	plain = make_claim(8, "alpha");
	fixed = make_claim(8, "alpha");

	/* Not looked at yet; then without a rate. */
	assert_ctl(&world, 1, "money receivable show %s", fixed.ref);
	assert_non_null(strstr(world.err, "money waiting"));
	make_receivable(&fixed, CONTRACT, "C", "USD", "NULL", "false", "2026-11-05");
	assert_ctl(&world, 0, "money waiting --json");
	json_t *root = world_json(&world);
	json_t *bills = json_object_get(root, "bills");
	assert_int_equal(json_array_size(bills), 1);
	assert_string_equal(text(json_array_get(bills, 0), "missing"), "CNY/USD (cfets)");
	assert_string_equal(text(json_array_get(bills, 0), "amount"), "1878.35");
	json_decref(root);
	assert_ctl(&world, 0, "money waiting --zh");
	assert_non_null(strstr(world.out, "等待汇率"));
	assert_ctl(&world, 0, "status");
	assert_non_null(strstr(world.out, "bills that wait for an exchange rate"));

	make_receivable(&plain, "NULL::uuid", "A", "CNY", "187835", "false", "NULL");
	make_receivable(&fixed, CONTRACT, "C", "USD", "26474", "true", "2026-11-05");
	assert_ctl(&world, 0, "money receivable list --json");
	root = world_json(&world);
	assert_int_equal(json_array_size(json_object_get(root, "receivables")), 2);
	json_decref(root);
	assert_ctl(&world, 0, "money receivable list --open --carrier alpha --currency USD --json");
	root = world_json(&world);
	json_t *list = json_object_get(root, "receivables");
	assert_int_equal(json_array_size(list), 1);
	json_t *one = json_array_get(list, 0);
	assert_string_equal(text(one, "claim"), fixed.ref);
	assert_string_equal(text(one, "remitter"), "Meridian");
	assert_string_equal(text(one, "open"), "264.74");
	assert_string_equal(text(one, "carried"), "1878.35");
	assert_string_equal(text(one, "due"), "2026-11-05");
	assert_string_equal(text(one, "standing"), "open");
	json_decref(root);
	assert_ctl(&world, 0, "money receivable list --carrier beta");
	assert_non_null(strstr(world.out, "nothing is owed"));

	assert_ctl(&world, 0, "money receivable show %s", fixed.ref);
	assert_non_null(strstr(world.out, "Alpha 2026, version 1"));
	assert_non_null(strstr(world.out, "1 USD = 7.0950 CNY"));
	assert_non_null(strstr(world.out, "fix_owed"));
	assert_ctl(&world, 0, "money receivable show %s --zh", plain.ref);
	assert_non_null(strstr(world.out, "开单日无有效合同"));
	assert_ctl(&world, 0, "ledger balance --hospital HZ1");
	assert_non_null(strstr(world.out, "open receivables are what AR-ALPHA says"));

	/* One that the ledger does not say is found. */
	world_sql(&world, "UPDATE zhifu.receivable SET open_minor = open_minor - 1 WHERE currency = 'USD'");
	assert_ctl(&world, 1, "ledger balance --hospital HZ1");
	assert_non_null(strstr(world.out, "BROKEN"));
}

int main(void)
{
	int r = world_start(&world, "ctl-receivable");
	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_owed_is_shown),
	};
	r = cmocka_run_group_tests(tests, group_begin, NULL);
	sealer_free(sealer);
	keyring_free(ring);
	world_stop(&world);
	return r;
}
