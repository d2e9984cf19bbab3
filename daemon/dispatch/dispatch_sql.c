/* The table of dispatch's statements. */
#include "dispatch/dispatch_sql.h"

const struct db_statement dispatch_sql[DISPATCH_STATEMENTS] = {
	[DISPATCH_TAKE] = {"dispatch_take",
		"SELECT ordinal, fence, stopped FROM zhifu.route_take($1::text[], $2::int4[], $3::text, $4::int4)", 4},
	[DISPATCH_RENEW] = {"dispatch_renew",
		"SELECT ordinal, stopped FROM zhifu.route_renew($1::text[], $2::int8[], $3::int4)", 3},
	[DISPATCH_RELEASE] = {"dispatch_release", "SELECT zhifu.route_release($1::text[], $2::int8[])", 2},
	[DISPATCH_REPORT] = {"dispatch_report", "SELECT zhifu.route_report($1::text, $2::int8, $3::text, $4::text)", 4},
	[DISPATCH_DEPTH] = {"dispatch_depth", "SELECT ordinal, waiting FROM zhifu.route_depth($1::text[], $2::int4)",
		2},
	[DISPATCH_BEGIN] = {"dispatch_begin",
		"SELECT ordinal, verdict::int4, message_id, submission, ref, content, claim_id, patient_key_id, wrapped, "
		"key_version, warned FROM zhifu.dispatch_begin($1::text, $2::int8, $3::uuid[], $4::uuid[], $5::int4[], "
		"$6::uuid[], $7::text, $8::text[], $9::text, $10::int4, $11::int4, $12::int4)",
		12},
	[DISPATCH_END] = {"dispatch_end",
		"SELECT zhifu.dispatch_end($1::text, $2::int8, $3::uuid[], $4::uuid[], $5::int4[], $6::uuid[], $7::int2[], "
		"$8::int2[], $9::text[], $10::int8[], $11::uuid[], $12::int2[], $13::bytea[], $14::uuid[], $15::bool[])",
		15},
	[DISPATCH_SWEEP] = {"dispatch_sweep", "SELECT zhifu.dispatch_sweep($1::text, $2::int8, $3::int4, $4::uuid[])",
		4},
	[DISPATCH_DEAD] = {"dispatch_dead", "SELECT zhifu.dispatch_dead($1::text[], $2::text[], $3::int4, $4::uuid[])",
		4},
	[DISPATCH_SWEEP_DEAD] = {"dispatch_sweep_dead",
		"SELECT zhifu.dispatch_sweep_dead($1::text[], $2::int4, $3::uuid[])", 3},
};
const struct db_table dispatch_table = {dispatch_sql, DISPATCH_STATEMENTS};
