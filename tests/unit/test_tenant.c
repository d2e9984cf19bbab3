/* Whose hospital it is: functions that are told one act for the session's and no other, also those that come later;
 * persons who dealt with rates, which all hospitals share, are known to their own hospital only; and no column keeps
 * what a person writes in the clear but those that are known to. */
#include <fnmatch.h>

#include "ctl_world.h"

static struct ctl_world world;

static void as(const char *role, const char *hospital)
{
	world_sql(&world, "RESET ROLE; SET search_path = zhifu; SET zhifu.hospital_id = '%s'; SET ROLE %s", hospital,
		role);
}

/* All functions of the role, of these names, whose first argument is a hospital, called for hospital A with nothing
 * else. */
static int64_t functions(const char *role, const char *names, struct pg_result **ret_rows)
{
	char query[2048];
	world_sql(&world, "RESET ROLE");
	assert_true(
		(size_t)snprintf(query, sizeof(query),
			"SELECT p.proname::text, format('SELECT zhifu.%%I(' || string_agg(CASE WHEN a.n = 1 THEN quote_literal('" HOSPITAL_A
			"') ELSE 'NULL' END || '::' || format_type(a.type, NULL), ', ' ORDER BY a.n) || ')', p.proname)"
			" FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY AS a (type, n)"
			" WHERE p.pronamespace = 'zhifu'::regnamespace AND has_function_privilege('%s', p.oid, 'EXECUTE')"
			" AND p.proname LIKE ANY ('%s')"
			" AND p.prosecdef" /* row-level security holds the others */
			" AND p.proargtypes[0] = 'uuid'::regtype AND p.proargnames[1] = 'p_hospital'"
			/* a process opens the hospitals of its configuration with it, before it acts for any */
			" AND p.proname <> 'hospital_open'"
			" GROUP BY p.oid, p.proname ORDER BY p.oid",
			role, names) < sizeof(query));
	assert_int_equal(db_sync_query(world.db, query, NULL, ret_rows), 0);
	return db_rows_count(*ret_rows);
}

static void none_acts_for_another(const char *role, const char *names, int count_min)
{
	static const char *const sessions[] = {HOSPITAL_B, ""};
	struct pg_result *rows = NULL;
	int count = (int)functions(role, names, &rows);

	assert_true(count >= count_min);
	for (size_t i = 0; i < ARRAY_LEN(sessions); i++) {
		for (int row = 0; row < count; row++) {
			as(role, sessions[i]);
			int r = db_sync_script(world.db, db_rows_text(rows, row, 1));
			if (r != ERR_DB || strcmp(db_sync_sqlstate(world.db), "42501") != 0 ||
				strstr(err_text(), "did not name this hospital") == NULL)
				fail_msg("as '%s': %s: %d %s", sessions[i], db_rows_text(rows, row, 1), r, err_text());
		}
	}
	/* In the session's own hospital they get further. */
	for (int row = 0; row < count; row++) {
		as(role, HOSPITAL_A);
		if (db_sync_script(world.db, db_rows_text(rows, row, 1)) == ERR_DB &&
			strstr(err_text(), "did not name this hospital") != NULL)
			fail_msg("%s: %s", db_rows_text(rows, row, 1), err_text());
	}
	db_sync_rows_free(rows);
}

static void no_function_acts_for_another_hospital(void **state)
{
	(void)state;
	none_acts_for_another("zhifu_intake", "{%}", 13);
	none_acts_for_another("zhifu_operator", "{patient\\_%,acquirer\\_%,stay\\_close,coordination\\_%}", 10);
	/* What only persons call. */
	as("zhifu_operator", HOSPITAL_B);
	assert_int_equal(
		db_sync_script(world.db, "SELECT suspense_assign('" HOSPITAL_A "', '" HOSPITAL_A "', 'a', 'b', 'c')"),
		ERR_DB);
	assert_string_equal(db_sync_sqlstate(world.db), "42501");
}

static void persons_of_rates_are_known_at_home(void **state)
{
	(void)state;
	as("zhifu_intake", HOSPITAL_A);
	world_sql(&world, "SELECT * FROM api_rate_enter('" HOSPITAL_A
			  "', 'li.at.a', NULL, NULL, 'USD', 'CNY', 1, 71000, 4, current_date - 2, 'holiday')");
	world_sql(&world,
		"SELECT * FROM rate_store(1::int2, '', '{USD}', '{CNY}', '{1}', '{71100}', '{4}', ARRAY[current_date - 3], 'li.at.a')");
	as("zhifu_intake", HOSPITAL_B);
	world_sql(&world, "SELECT r.* FROM rate_seen s, api_rate_decide('" HOSPITAL_B
			  "', 'wu.at.b', NULL, NULL, s.rate_id, true, 'seen') r WHERE s.source = 5");
	static const struct {
		const char *hospital;
		int64_t makers, checkers; /* and what they wrote */
	} seen[] = {{HOSPITAL_A, 2, 0}, {HOSPITAL_B, 0, 1}, {"", 0, 0}};
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		as("zhifu_intake", seen[i].hospital);
		assert_int_equal(world_count(&world, "SELECT count(*) FROM rate_seen"), 2);
		assert_int_equal(world_count(&world, "SELECT count(maker) FROM rate_seen"), seen[i].makers);
		assert_int_equal(world_count(&world, "SELECT count(checker) FROM rate_seen"), seen[i].checkers);
		assert_int_equal(world_count(&world, "SELECT count(*) FROM rate_seen WHERE why = 'holiday'"),
			seen[i].makers > 0);
		assert_int_equal(world_count(&world, "SELECT count(why) FROM rate_seen WHERE why <> 'holiday'"), 0);
		assert_int_equal(world_count(&world, "SELECT count(checked_why) FROM rate_seen"), seen[i].checkers);
	}
	/* nor past the view, nor in what is said of a rate that contradicts it */
	as("zhifu_intake", HOSPITAL_B);
	assert_int_equal(db_sync_script(world.db, "SELECT maker FROM rate"), ERR_DB);
	assert_string_equal(db_sync_sqlstate(world.db), "42501");
	assert_int_equal(world_count(&world, "SELECT count(*) FROM rate_around(current_date - 9, current_date)"), 2);
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM rate_around(current_date - 9, current_date) WHERE maker LIKE 'li%%'"),
		0);
	/* four eyes all the same; the house sees all */
	as("zhifu_operator", "");
	assert_int_equal(
		world_count(&world,
			"SELECT count(*) FROM rate_around(current_date - 9, current_date) WHERE maker = 'li.at.a'"),
		2);
}

/* All columns of text, table.column: what no table here names fails. Free words belong into none of them: they are
 * sealed, in a bytea. */
static const char *const codes[] = {/* of a list in the schema, the program or the configuration, or of a standard */
	"*.currency", "*_currency", "*.account", "*.code", "*.clearing", "*.receivable", "posting.debit",
	"posting.credit", "posting.rule", "rate.base", "rate.quote", "rate.low", "rate.high", "rate.bank",
	"hospital.zone", "*.kind", "*.line_kind", "*.insurer", "*.carrier", "*.recipient", "consent.recipients",
	"consent.purposes", "coordination.clause", "coordination.group_code", "*.acquirer", "patient_payment.method",
	"declaration.country", "dispute.reason", "dispute_step.reason", "write_off.role", "work_owner.list",
	"task.status", "task.reason", "task.outcome", "*.route", "control_number.series", "route_lease.breaker",
	"claim_event.event", "operator_act.act", "advice.profile", "export_ledger.fields", "inspector_look.report",
	"price.system", "receivable_wait.lacks"};
static const char *const identifiers[] = {/* numbers and keyed hashes by which a thing is known */
	"*.ref", "*.claim_ref", "*.insurer_claim_no", "adjudication.preauth_ref", "*.identifier", "*.reference",
	"remittance.payment_reference", "charge.corrects", "claim_number.number", "declaration.number", "*.stay",
	"stay_name.name", "operator_act.subject", "inspector_look.arguments", "match_turn.forms"};
static const char *const parties[] = {/* who acts, or pays: names of logins, and of the configuration and contracts */
	"*.who", "*.maker", "*.checker", "*.canceller", "*_by", "*_who", "*.client", "*.client_id", "*.owner",
	"*.remitter", "suspense.payer", "hospital.name", "contract.name", "inspector_grant.name"};
static const char *const ours[] = {/* what a program says, or a contract's terms */
	"attempt.error", "route_lease.last_error", "fact.text", "contract.document", "suspense.reason",
	"claim_event.why", "exchange.why", "fact.why", "message.why", "outbox.held_why", "work_owner.why",
	"price_list.name", "price.title"};
/* Words of persons that are still in the clear, and why. None is added here: a new column of words is sealed. */
static const char *const in_the_clear[] = {
	/* These are about no hospital's patients or cases: */
	"rate.why", "rate.checked_why", /* of an exchange rate, which all hospitals share: no key is everybody's */
	"route_lease.stopped_why",      /* of an insurer's line, which all hospitals share */
	"contract.why",                 /* of the terms with a company, beside them (contract.document) */
	"inspector_grant.why", "inspector_grant.ended_why", /* by whose order an authority may look */
	/* These have a hospital and could name somebody; they are to be sealed: */
	"bank_confirmation.why", "bank_gap.why", /* what a bank says of an account, and why days are missing */
	"operator_act.why",                      /* of those, of declarations, the names of payers and price lists */
};

static const struct {
	const char *const *columns;
	size_t count;
} known_columns[] = {{codes, ARRAY_LEN(codes)}, {identifiers, ARRAY_LEN(identifiers)}, {parties, ARRAY_LEN(parties)},
	{ours, ARRAY_LEN(ours)}, {in_the_clear, ARRAY_LEN(in_the_clear)}};

static void what_persons_write_is_sealed(void **state)
{
	struct pg_result *rows = NULL;
	(void)state;
	world_sql(&world, "RESET ROLE");
	assert_int_equal(
		db_sync_query(world.db,
			"SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
			" JOIN pg_type t ON t.oid = coalesce((SELECT b.typelem FROM pg_type b WHERE b.oid = a.atttypid"
			"  AND b.typcategory = 'A'), a.atttypid)"
			" WHERE c.relnamespace = 'zhifu'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
			" AND a.attnum > 0 AND NOT a.attisdropped AND (t.typcategory = 'S' OR t.typname IN ('json', 'jsonb', 'xml'))"
			" ORDER BY 1",
			NULL, &rows),
		0);
	assert_true(db_rows_count(rows) > 150);
	for (size_t i = 0; i < ARRAY_LEN(known_columns); i++) {
		for (size_t k = 0; k < known_columns[i].count; k++) {
			bool there = false;
			for (int row = 0; row < db_rows_count(rows) && !there; row++)
				there = fnmatch(known_columns[i].columns[k], db_rows_text(rows, row, 0), 0) == 0;
			if (!there) fail_msg("there is no column %s any more", known_columns[i].columns[k]);
		}
	}
	for (int row = 0; row < db_rows_count(rows); row++) {
		const char *column = db_rows_text(rows, row, 0);
		bool known = false;
		for (size_t i = 0; i < ARRAY_LEN(known_columns); i++)
			for (size_t k = 0; k < known_columns[i].count && !known; k++)
				known = fnmatch(known_columns[i].columns[k], column, 0) == 0;
		if (!known)
			fail_msg("%s: is it a code, an identifier, or words of a person, which are sealed?", column);
	}
	db_sync_rows_free(rows);
}

static int start(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	world_sql(&world, "SET search_path = zhifu; SELECT hospital_open('" HOSPITAL_A
			  "', 'HZ1', 'x', 'Asia/Shanghai', 'CNY', '');"
			  "SELECT hospital_open('" HOSPITAL_B "', 'RY2', 'x', 'Asia/Riyadh', 'SAR', '')");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_function_acts_for_another_hospital),
		cmocka_unit_test(persons_of_rates_are_known_at_home),
		cmocka_unit_test(what_persons_write_is_sealed),
	};

	return world_main(&world, "tenant", tests, ARRAY_LEN(tests), start);
}
