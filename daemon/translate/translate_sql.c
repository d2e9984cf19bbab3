/* The table of translate's statements. */
#include "translate/translate_sql.h"

const struct db_statement translate_sql[TRANSLATE_STATEMENTS] = {
	[TRANSLATE_BEGIN] = {"translate_begin",
		"SELECT ordinal, claim_id, claim_ref, claim_use::int4, transport::int4, total, currency, "
		"exponent::int4, claim_content, patient_key_id, patient_wrapped, patient_version, "
		"hospital_keys, basis::int4, insurer, exchange_kind::int4, exchange_status::int4, "
		"exchange_step, exchange_state, message_status::int4, message_token, message_submission, "
		"message_http::int4, message_content, message_replay, message_route, task_id, task_reason, doubt_message, "
		"doubt_exchange, doubt_route, busy, doubt_older, origin_ref, acknowledgement::int4, adjudication::int4, "
		"vouched::int4 FROM zhifu.translate_begin("
		"$1::uuid[], $2::uuid[], $3::int4[], $4::text[], $5::text[], $6::int2)",
		6},
	[TRANSLATE_RESOLVE] = {"translate_resolve",
		"SELECT ordinal, claim_id, claim_ref, insurer, claim_use::int4, transport::int4, total, "
		"currency, exponent::int4, patient_key_id, patient_wrapped, patient_version, hospital_keys, "
		"doubt_message FROM zhifu.translate_resolve("
		"$1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[])",
		5},
	[TRANSLATE_COMMIT] = {"translate_commit",
		"SELECT zhifu.translate_commit($1::uuid[], $2::uuid[], $3::int4[], $4::int2[], $5::int8[], "
		"$6::text[], $7::text[], $8::int4[], $9::uuid[], $10::int2[], $11::int2[], $12::text[], "
		"$13::text[], $14::int4[], $15::uuid[], $16::int2[], $17::uuid[], $18::int2[], $19::int4[], "
		"$20::bytea[], $21::text[], $22::int4[], $23::uuid[], $24::uuid[], $25::uuid[], $26::int4[], "
		"$27::bool[], $28::bool[], $29::bytea[], $30::int4[], $31::uuid[], $32::int2[], $33::text[], $34::int4[], "
		"$35::text[], $36::bytea[], $37::uuid[], $38::uuid[], $39::int4[], $40::uuid[], $41::int2[], "
		"$42::int2[], $43::text[], $44::uuid[], $45::uuid[], $46::uuid[], $47::int8[], "
		"$48::int4[], $49::uuid[], $50::uuid[], $51::uuid[], $52::uuid[], $53::int2[], $54::uuid[], "
		"$55::uuid[], $56::int4[], $57::text[], $58::int2[], $59::text[], $60::int4[], $61::uuid[], "
		"$62::text[], $63::text[])",
		63},
	[TRANSLATE_ANSWER] = {"translate_answer",
		"SELECT zhifu.translate_answer($1::uuid[], $2::uuid[], $3::uuid[], $4::int2[], "
		"$5::text[], $6::text[], $7::text[], $8::int2[], $9::int8[], $10::int8[], $11::int8[], "
		"$12::int8[], $13::int8[], $14::int8[], $15::text[], $16::int2[], $17::bytea[], "
		"$18::int4[], $19::int4[], $20::int2[], $21::int2[], $22::int8[], $23::text[], "
		"$24::int2[], $25::text[], $26::text[], $27::uuid[], $28::uuid[], $29::uuid[], "
		"$30::text[], $31::int8[], $32::text[], $33::int2[], $34::date[], $35::text[], "
		"$36::bytea[], $37::int8[], $38::int4[], $39::bytea[], $40::bytea[], $41::uuid[], "
		"$42::uuid[], $43::int4[], $44::uuid[], $45::text[], $46::text[], $47::int8[], "
		"$48::int8[], $49::text[], $50::int2[], $51::int2[])",
		51},
	[TRANSLATE_SEED] = {"translate_seed",
		"SELECT zhifu.translate_seed($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], "
		"$6::bytea[], $7::uuid[], $8::uuid[], $9::int2[], $10::text[])",
		10},
	[TRANSLATE_NUMBERS] = {"translate_numbers", "SELECT zhifu.control_number_take($1::text, $2::text, $3::int4)",
		3},
};
const struct db_table translate_table = {translate_sql, TRANSLATE_STATEMENTS};
