/* The SQL of intake: calls of the functions of schema/010_intake.sql and 004_work.sql. */
#include "intake/intake_sql.h"

#define COMMIT_PARAMS 43
/* In the order of the function's parameters; commit.c fills them. */
#define COMMIT_ARGUMENTS                                                                                               \
	"$1::boolean, $2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::bytea[], "                   \
	"$8::smallint[], $9::text[], $10::uuid[], $11::text[], $12::timestamptz[], $13::integer[], "                   \
	"$14::bigint[], $15::text[], $16::smallint[], $17::integer[], $18::integer[], $19::boolean[], "                \
	"$20::uuid[], $21::integer[], $22::uuid[], $23::bytea[], $24::uuid[], $25::bytea[], $26::uuid[], "             \
	"$27::uuid[], $28::bytea[], $29::uuid[], $30::uuid[], $31::bytea[], $32::uuid[], $33::uuid[], "                \
	"$34::uuid[], $35::bytea[], $36::integer[], $37::bytea[], $38::uuid[], $39::uuid[], $40::bytea[], "            \
	"$41::uuid[], $42::smallint[], $43::uuid[] "

const struct db_statement intake_sql[INTAKE_STATEMENTS] = {
	[INTAKE_HOSPITAL_OPEN] = {"intake_hospital_open",
		"SELECT version, wrapped FROM zhifu.hospital_open($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::bytea)",
		6},
	[INTAKE_COMMIT] = {"intake_commit", "SELECT * FROM zhifu.intake_commit(" COMMIT_ARGUMENTS ")", COMMIT_PARAMS},
	[INTAKE_SALVAGE] = {"intake_salvage", "SELECT * FROM zhifu.intake_salvage(" COMMIT_ARGUMENTS ")",
		COMMIT_PARAMS},
	[INTAKE_CONSENT] = {"intake_consent",
		"SELECT * FROM zhifu.consent_commit("
		"$1::boolean, $2::integer[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[], $7::text[], "
		"$8::text[], $9::timestamptz[], $10::timestamptz[], $11::bytea[], $12::bytea[], $13::text[] "
		")",
		13},
	[INTAKE_JTI] = {"intake_jti", "SELECT zhifu.jti_use($1::text, $2::bytea, $3::timestamptz)", 3},
	[INTAKE_WAITS] = {"intake_waits", "SELECT * FROM zhifu.intake_waits($1::uuid[], $2::uuid[])", 2},
};
const struct db_table intake_table = {intake_sql, INTAKE_STATEMENTS};
