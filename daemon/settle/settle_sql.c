/* The table of settle's statements. */
#include "settle/settle_sql.h"

#include "settle/match_know.h"
#include "settle/rate_rows.h"

const struct db_statement settle_sql[SETTLE_STATEMENTS] = {
	[SETTLE_CLAIMS] = {"settle_claims",
		"SELECT ordinal, use::int4, currency, exponent::int4, transport::int4, transport_seq,"
		" acknowledgement::int4, acknowledgement_seq, adjudication::int4, adjudication_seq, payment::int4,"
		" payment_seq, books::int4, books_seq, billed, patient, contract"
		" FROM zhifu.settle_claims($1::uuid[], $2::uuid[])",
		2},
	[SETTLE_FACTS] = {"settle_facts",
		"SELECT ordinal, fact_id, kind::int4, insurer, outcome::int4, currency, submitted, benefit, patient,"
		" contract, shares, detail_amount, detail_fee, detail_currency, detail_exponent::int4, doubted"
		" FROM zhifu.settle_facts($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int4)",
		5},
	[SETTLE_COMMIT] = {"settle_commit",
		"SELECT zhifu.settle_commit($1::uuid[], $2::uuid[], $3::int4[], $4::uuid[], $5::int4[], $6::int8[], $7::int4[], $8::uuid[],"
		" $9::int2[], $10::text[], $11::int4[], $12::int2[], $13::int2[], $14::int4[], $15::int2[], $16::text[],"
		" $17::int4[], $18::uuid[], $19::int2[], $20::text[], $21::text[], $22::int8[], $23::text[], $24::int2[],"
		" $25::text[])",
		25},
	[SETTLE_HOUSEKEEPING] = {"settle_housekeeping", "SELECT zhifu.settle_housekeeping()", 0},
	[SETTLE_CONSENTS] = {"settle_consents", "SELECT zhifu.consent_recheck($1::text, $2::text[], 1000)", 2},
	[SETTLE_ACCOUNTS] = {"settle_accounts",
		"SELECT zhifu.accounts_configure($1::uuid, $2::text[], $3::text[], $4::int2[], $5::text[])", 5},
	[SETTLE_WATCH] = {"settle_watch", "SELECT subject, found FROM zhifu.settle_watch()", 0},
	[SETTLE_UNVALUED] = {"settle_unvalued",
		"SELECT hospital_id, entry_id, no::int4, amount_minor, currency, exponent::int4, book_day, book_currency"
		" FROM zhifu.settle_unvalued($1::int4)",
		1},
	[SETTLE_RATES] = {"settle_rates",
		"SELECT " RATE_ROWS_COLUMNS " FROM zhifu.rate_between($1::text[], $2::date, $3::date)", 3},
	[SETTLE_VALUE] = {"settle_value",
		"SELECT zhifu.settle_value($1::uuid[], $2::uuid[], $3::int2[], $4::int8[], $5::int4, $6::int4[], $7::int2[], $8::uuid[],"
		" $9::bool[], $10::int2)",
		10},
	[SETTLE_BILLS] = {"settle_bills",
		"SELECT hospital_id, claim_id, carrier, amount_minor, currency, exponent::int4, billed_day, service_day, book_currency,"
		" contract_id, contract_version, remitter, seen FROM zhifu.settle_bills($1::int4)",
		1},
	[SETTLE_BILL_CONTENTS] = {"settle_bill_contents",
		"SELECT ordinal, content, patient_key_id, wrapped, version FROM zhifu.settle_bill_contents($1::uuid[], $2::uuid[], $3::int8)",
		3},
	[SETTLE_PRICES] = {"settle_prices",
		"SELECT ordinal, currency, digits, scale::int4 FROM zhifu.settle_prices($1::uuid[], $2::text[], $3::date[], $4::text[],"
		" $5::text[])",
		5},
	[SETTLE_CONTRACTS] = {"settle_contracts",
		"SELECT ordinal, document FROM zhifu.settle_contracts($1::uuid[], $2::uuid[], $3::int4[])", 3},
	[SETTLE_RECEIVABLES] = {"settle_receivables",
		"SELECT zhifu.settle_receivables($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::int4[], $7::text[],"
		" $8::text[], $9::int2[], $10::int8[], $11::bool[], $12::int8[], $13::date[], $14::date[], $15::int4, $16::int4[],"
		" $17::int2[], $18::uuid[], $19::bool[], $20::int2[], $21::int8[], $22::text[], $23::int8[])",
		23},
	[SETTLE_SHARES] = {"settle_shares",
		"SELECT hospital_id, claim_id, version, billed_day, book_currency, contract_id, contract_version, document"
		" FROM zhifu.settle_shares($1::int4)",
		1},
	[SETTLE_SHARES_DUE] = {"settle_shares_due",
		"SELECT zhifu.settle_shares_due($1::uuid[], $2::uuid[], $3::int4[], $4::date[], $5::int4)", 5},
	[SETTLE_MATCH_BEGIN] = {"settle_match_begin",
		"SELECT hospital_id, turn, mark FROM zhifu.match_begin($1::int4, $2::int2, $3::int4)", 3},
	[SETTLE_MATCH_KEEP] = {"settle_match_keep",
		"SELECT zhifu.match_keep($1::uuid, $2::int4, $3::int4, $4::bool, $5::uuid, $6::text)", 6},
	[SETTLE_MATCH_CONTRACTS] = {"settle_match_contracts", KNOW_CONTRACTS_SQL, 1},
	[SETTLE_MATCH_PAYERS] = {"settle_match_payers", KNOW_PAYERS_SQL, 1},
	[SETTLE_MATCH_CHARGES] = {"settle_match_charges", KNOW_CHARGES_SQL, 1},
	[SETTLE_MATCH_ADVISERS] = {"settle_match_advisers", "SELECT insurer FROM zhifu.match_advisers($1::uuid)", 1},
	[SETTLE_MATCH_FORMS] = {"settle_match_forms", "SELECT zhifu.match_forms($1::uuid)", 1},
	[SETTLE_MATCH_CLAIMS] = {"settle_match_claims", KNOW_CLAIMS_SQL, 6},
	[SETTLE_MATCH_ADVICES] = {"settle_match_advices", KNOW_ADVICES_SQL, 5},
	[SETTLE_MATCH_ITEMS] = {"settle_match_items",
		"SELECT line_id, part, version, open, amount, currency, booked_day, value_day, book, whole, by_hand, waits,"
		" CASE WHEN claims IS NOT NULL THEN (SELECT string_agg(uuid_send(c), ''::bytea) FROM unnest(claims) AS c) END,"
		" content, detail, CASE WHEN note IS NOT NULL THEN"
		" (SELECT string_agg(int4send(length(n)) || n, ''::bytea) FROM unnest(note) AS n) END,"
		" CASE WHEN rejected IS NOT NULL THEN (SELECT string_agg(p, ''::bytea) FROM unnest(rejected) AS p) END, due"
		" FROM zhifu.match_items($1::uuid, $2::bool, $3::date, $4::uuid, $5::int4, $6::int4, $7::int8, $8::int8[])",
		8},
	[SETTLE_MATCH_BILLS] = {"settle_match_bills",
		"SELECT no, claim_id FROM zhifu.match_bills($1::uuid, $2::bytea[])", 2},
	[SETTLE_MATCH_STORE] = {"settle_match_store",
		"SELECT zhifu.match_store($1::uuid, $2::uuid[], $3::int4[], $4::int4[], $5::int2[], $6::text[], $7::text[], $8::int4[],"
		" $9::int4[], $10::uuid[], $11::int4[], $12::int2[], $13::int2[], $14::int2[], $15::bytea[], $16::bytea[])",
		16},
	[SETTLE_MATCH_POST] = {"settle_match_post", MATCH_POST_SQL, MATCH_POST_PARAMS},
	[SETTLE_MATCH_CLASSIFY] = {"settle_match_classify", MATCH_CLASSIFY_SQL, MATCH_CLASSIFY_PARAMS},
	[SETTLE_MATCH_RETURN] = {"settle_match_return",
		"SELECT zhifu.match_return($1::uuid, $2::uuid, $3::uuid, $4::int4, $5::int4, $6::uuid, $7::int4, '{}', 'zhifu', NULL, false)",
		7},
	[SETTLE_PARTITIONS] = {"settle_partitions", "SELECT zhifu.partition_ensure(now(), 2)", 0},
	[SETTLE_REACH] = {"settle_reach", "SELECT zhifu.cluster_reach()", 0},
};
const struct db_table settle_table = {settle_sql, SETTLE_STATEMENTS};
