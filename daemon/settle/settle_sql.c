/* The table of settle's statements. */
#include "settle/settle_sql.h"

const struct db_statement settle_sql[SETTLE_STATEMENTS] = {
	[SETTLE_READ] = {"settle_read",
		"SELECT ordinal, kind::int4, insurer, use::int4, total, currency, exponent::int4, transport::int4,"
		" acknowledgement::int4, adjudication::int4, payment::int4, books::int4, outcome::int4, "
		"adjudicated_currency,"
		" submitted, benefit, patient, contract, shares, detail_amount, detail_fee, detail_currency, "
		"detail_exponent::int4,"
		" billed, patient_posted, contract_posted, transport_seq,"
		" acknowledgement_seq, adjudication_seq, payment_seq, books_seq FROM zhifu.settle_read($1::uuid[], $2::uuid[])",
		2},
	[SETTLE_COMMIT] = {"settle_commit",
		"SELECT zhifu.settle_commit($1::uuid[], $2::uuid[], $3::int4[], $4::uuid[], $5::uuid[], $6::int2[], "
		"$7::text[],"
		" $8::uuid[], $9::uuid[], $10::int2[], $11::int2[], $12::int2[], $13::text[],"
		" $14::uuid[], $15::uuid[], $16::uuid[], $17::int2[], $18::text[], $19::text[], $20::int8[], "
		"$21::text[],"
		" $22::int2[], $23::text[], $24::uuid[], $25::uuid[], $26::int4[])",
		26},
	[SETTLE_HOUSEKEEPING] = {"settle_housekeeping", "SELECT zhifu.settle_housekeeping()", 0},
	[SETTLE_CONSENTS] = {"settle_consents", "SELECT zhifu.consent_recheck($1::text, $2::text[], 1000)", 2},
	[SETTLE_WATCH] = {"settle_watch", "SELECT subject, found FROM zhifu.settle_watch()", 0},
	[SETTLE_PARTITIONS] = {"settle_partitions", "SELECT zhifu.partition_ensure(now(), 2)", 0},
};
const struct db_table settle_table = {settle_sql, SETTLE_STATEMENTS};
