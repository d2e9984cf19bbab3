/* The SQL of intake: calls of the functions of schema/010_intake.sql and 004_work.sql. */
#include "intake/intake_sql.h"

#define COMMIT_PARAMS 48
/* In the order of the function's parameters; commit.c fills them. */
#define COMMIT_ARGUMENTS                                                                                               \
	"$1::boolean, $2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[], "                                \
	"$7::bytea[], $8::bytea[], $9::smallint[], $10::text[], $11::uuid[], $12::text[], "                            \
	"$13::timestamptz[], $14::integer[], $15::bigint[], $16::text[], $17::smallint[], "                            \
	"$18::integer[], $19::integer[], $20::boolean[], $21::uuid[], $22::integer[], "                                \
	"$23::uuid[], $24::text[], $25::bytea[], $26::uuid[], $27::bytea[], $28::uuid[], "                             \
	"$29::uuid[], $30::bytea[], $31::uuid[], $32::uuid[], $33::bytea[], $34::uuid[], "                             \
	"$35::uuid[], $36::bytea[], $37::uuid[], $38::uuid[], $39::uuid[], $40::bytea[], "                             \
	"$41::integer[], $42::bytea[], $43::uuid[], $44::uuid[], $45::bytea[], $46::uuid[], "                          \
	"$47::smallint[], $48::uuid[] "

const struct db_statement intake_sql[INTAKE_STATEMENTS] = {
	[INTAKE_COMMIT] = {"intake_commit", "SELECT * FROM zhifu.intake_commit(" COMMIT_ARGUMENTS ")", COMMIT_PARAMS},
	[INTAKE_SALVAGE] = {"intake_salvage", "SELECT * FROM zhifu.intake_salvage(" COMMIT_ARGUMENTS ")",
		COMMIT_PARAMS},
	[INTAKE_CONSENT] = {"intake_consent",
		"SELECT * FROM zhifu.consent_commit("
		"$1::boolean, $2::integer[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[], $7::text[], "
		"$8::text[], $9::timestamptz[], $10::timestamptz[], $11::bytea[], $12::bytea[], $13::text[], $14::bytea[], $15::uuid[], "
		"$16::bytea[], $17::timestamptz[], $18::timestamptz[], $19::uuid[], $20::bytea[], $21::uuid[], $22::uuid[])",
		22},
	[INTAKE_JTI] = {"intake_jti", "SELECT zhifu.jti_use($1::text, $2::bytea, $3::timestamptz)", 3},
	[INTAKE_WAITS] = {"intake_waits", "SELECT * FROM zhifu.intake_waits($1::uuid[], $2::uuid[], $3::boolean[])", 3},
};
const struct db_table intake_table = {intake_sql, INTAKE_STATEMENTS};
