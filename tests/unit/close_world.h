/* What tests of closing a month share: a hospital with two bank accounts, its statements, bills and rates, and what the
 * checklist says of them. */
#ifndef UNIT_CLOSE_WORLD_H
#define UNIT_CLOSE_WORLD_H

#include "ctl_world.h"

static struct ctl_world world;

#define RATES                                                                                                          \
	"日期,USD/CNY,EUR/CNY\n2025-11-30,7.0900,8.3100\n2025-11-27,7.1050,\n2025-10-30,7.0700,\n2025-09-30,7.0950,\n"

static inline int64_t count(const char *table)
{
	return world_count(&world, "SELECT count(*) FROM zhifu.%s", table);
}

/* The hospital's file, with more in it. */
static inline void accounts(const char *list, const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"Hangzhou\";\nzone = \"Asia/Shanghai\";\n"
		"bank_accounts = (%s);\n%s",
		list, more);
	world_file(&world, "hospitals.d/a.conf", text, 0600);
}

static inline void configure(const char *more)
{
	accounts("{code = \"CNY\"; number = \"33010001 00000001\"; currency = \"CNY\";},\n"
		 " {code = \"CNY2\"; number = \"33010001 00000003\"; currency = \"CNY\";},\n"
		 " {code = \"USD\"; number = \"33010001 00000002\"; currency = \"USD\";}",
		more);
}

static inline int configured_as_before(void **state)
{
	(void)state;
	configure("");
	return 0;
}

/* What an account is carried at on a day, in fen. */
static inline int64_t carried(const char *account, const char *day)
{
	return world_count(&world,
		"SELECT coalesce(sum(CASE WHEN debit = '%s' THEN book_minor ELSE -book_minor END), 0)::int8 FROM zhifu.posting"
		" WHERE '%s' IN (debit, credit) AND book_day <= '%s'",
		account, account, day);
}

static inline void statement(
	const char *name, const char *account, int number, const char *opening, const char *lines, const char *closing)
{
	char text[4096];

	snprintf(text, sizeof(text), ":20:S\r\n:25:%s\r\n:28C:%d\r\n:60F:C%s\r\n%s:62F:C%s\r\n-\r\n", account, number,
		opening, lines, closing);
	world_file(&world, name, text, 0600);
	assert_ctl(&world, 0, "money statement import '%s/%s' --hospital HZ1 --who li --json", world.folder, name);
}

#define USD "3301000100000002"
#define CNY "3301000100000001"

/* The postings that wait for a value get theirs as settle gives it; of one account and day, at one rate. */
static inline void value(const char *account, const char *day, const char *rate)
{
	world_sql(&world,
		"WITH gone AS (DELETE FROM zhifu.posting_unvalued u USING zhifu.posting p WHERE p.entry_id = u.entry_id AND p.no = u.no"
		"  AND '%s' IN (p.debit, p.credit) AND p.book_day = '%s' RETURNING p.*)"
		" INSERT INTO zhifu.posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day,"
		"  rule, source_id) SELECT hospital_id, entry_id, no + 10000, debit, credit, 0, currency, exponent, round(amount_minor * %s),"
		"  book_day, 'value', source_id FROM gone",
		account, day, rate);
}

/* A claim's receivable as its bill left it. */
static inline void owes(
	int number, const char *kind, const char *currency, int64_t owed, int64_t book, const char *billed)
{
	world_sql(&world,
		"INSERT INTO zhifu.receivable VALUES ('" HOSPITAL_A
		"', '019ab000-0000-7000-8000-00000000%04d', 'alpha', 'alpha', NULL, NULL, '%s', '%s', 2, %jd, %jd, %jd, '%s', '%s'::date + 30);"
		"INSERT INTO zhifu.posting VALUES ('" HOSPITAL_A
		"', '019ab000-0000-7000-8000-00000000%04d', 1, 'AR-ALPHA', 'REV-MED', %jd, '%s', 2, %jd, '%s', 'bill',"
		" '019ab000-0000-7000-8000-00000000%04d', '019ab000-0000-7000-8000-00000000%04d')",
		number, kind, currency, (intmax_t)owed, (intmax_t)owed, (intmax_t)book, billed, billed, number,
		(intmax_t)owed, currency, (intmax_t)book, billed, number, number);
}

/* Nobody has seen that there is nothing on these accounts: an array of codes. */
static inline void not_empty(const char *codes)
{
	world_sql(&world, "DELETE FROM zhifu.bank_confirmation WHERE account = ANY ('%s')", codes);
}

static inline int begin(void **state)
{
	(void)state;
	world_sql(&world,
		"TRUNCATE zhifu.bank_file, zhifu.bank_file_part, zhifu.bank_gap, zhifu.bank_statement, zhifu.bank_line, zhifu.bank_detail, zhifu.bank_told,"
		" zhifu.suspense,"
		" zhifu.posting, zhifu.posting_unvalued, zhifu.receivable, zhifu.period, zhifu.revaluation, zhifu.provision, zhifu.bank_order,"
		" zhifu.order_clearing, zhifu.currency_sale, zhifu.conversion, zhifu.rate, zhifu.operator_act, zhifu.match_item, zhifu.bank_confirmation CASCADE;"
		/* Accounts on which nothing moved, unless a statement says otherwise. */
		"INSERT INTO zhifu.bank_confirmation (hospital_id, account, day, minor, who, why) SELECT '" HOSPITAL_A
		"', a, d, 0, 'wang', 'e-banking' FROM unnest('{CNY, CNY2, USD}'::text[]) AS a,"
		" unnest('{2025-08-31, 2025-09-30, 2025-10-31, 2025-11-30}'::date[]) AS d");
	world_file(&world, "cfets.csv", RATES, 0600);
	assert_ctl(&world, 0, "money rate import '%s/cfets.csv' --source cfets --who li", world.folder);
	return 0;
}

/* The member of the JSON object of a list in which `key` is `name`. */
static inline json_t *found(json_t *root, const char *list, const char *key, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(root, list), i,
		item) if (strcmp(json_string_value(json_object_get(item, key)), name) == 0) return item;
	fail_msg("no %s %s in %s", key, name, world.out);
	return NULL;
}

static inline const char *amount(json_t *object, const char *member)
{
	return json_string_value(json_object_get(json_object_get(object, member), "amount"));
}

/* What the last answer says of a check. */
static inline const char *state_of(const char *check)
{
	static char word[16];
	json_t *root = world_json(&world);

	snprintf(word, sizeof(word), "%s",
		json_string_value(json_object_get(found(root, "checks", "check", check), "state")));
	json_decref(root);
	return word;
}

static inline int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_hospital_open(&world, HOSPITAL_A, "HZ1", "Hangzhou", "Asia/Shanghai", "CNY");
	world_hospital_open(&world, HOSPITAL_B, "RY2", "Riyadh", "Asia/Riyadh", "SAR");
	return 0;
}

#endif
