/* The SQL of reads and searches. A search by time walks a primary key by id (UUIDv7: the time of arrival) within two
 * bounds and looks at no more than $4 rows, so that it costs the same in a table of any size. */
#include "intake/read_sql.h"

#include "base/core.h"

/* clang-format off */

/* ---- what is common ----
 * $1 hospital, $2 and $3 ids between which (both excluded), $4 rows looked at, $5 rows returned, $6 mask of status or
 * use, $7 and $8 stretch of lastUpdated, $9 mask of outcomes; of sets also $10 ids, $11 hashes of claim identifiers,
 * $12 refs, $13 claims, $14 hashes of persons, $15 the resource's own identifiers (hashes or numbers), $16 newest first
 */
#define SCAN_PARAMS 9
#define SET_PARAMS 16
#define BOUNDS(id) id " > $2::uuid AND " id " < $3::uuid "
#define UPDATED(column) column " >= $7::timestamptz AND " column " < $8::timestamptz "
#define DOWN "DESC"
#define UP "ASC"
/* The last id of the page: the aggregate min(uuid) does not exist. */
#define RESULT(direction, opposite, columns, from, where) \
	"SELECT n.scanned, n.last, r.* FROM (SELECT count(*)::integer AS scanned, (array_agg(id ORDER BY id " opposite \
	"))[1] AS last FROM page) n LEFT JOIN LATERAL (SELECT " columns " FROM (SELECT * FROM page p WHERE " where \
	" ORDER BY p.id " direction " LIMIT $5::integer) p " from ") r ON true ORDER BY r.id " direction
#define RESULT_SET(columns, from, where) \
	"SELECT n.scanned, n.last, r.* FROM (SELECT count(*)::integer AS scanned, (array_agg(id ORDER BY " \
	"CASE WHEN $16::boolean THEN id END ASC, id DESC))[1] AS last FROM page) n LEFT JOIN LATERAL (SELECT " columns \
	" FROM (SELECT * FROM page p WHERE " where \
	" ORDER BY CASE WHEN $16 THEN p.id END DESC, p.id ASC LIMIT $5::integer) p " from \
	") r ON true ORDER BY CASE WHEN $16 THEN r.id END DESC, r.id ASC"
#define ORDER_SET(id) "ORDER BY CASE WHEN $16::boolean THEN " id " END DESC, " id " ASC LIMIT $4::integer"

/* One index look-up for each row on the left, whatever the statistics say: OFFSET 0 keeps the planner from turning it
 * into a join that reads the whole table. */
#define BY_KEY(table, alias, column, value) \
	"CROSS JOIN LATERAL (SELECT * FROM zhifu." table " q WHERE q.hospital_id = $1 AND q." column " = " value \
	" OFFSET 0) " alias " "

/* The claims that identifiers, references and persons name. Each condition is a list that may be absent (null); the
 * candidates are those of any list, and NAMED then holds each of them to all. */
#define CANDIDATES \
	"WITH named AS MATERIALIZED (" \
	"SELECT i.claim_id FROM zhifu.idempotency i WHERE i.hospital_id = $1::uuid AND i.key_hash = ANY ($11::bytea[]) " \
	"UNION SELECT i.claim_id FROM zhifu.claim_identifier i WHERE i.hospital_id = $1 AND i.hash = ANY ($11) " \
	"UNION SELECT s.claim_id FROM zhifu.claim_state s WHERE s.hospital_id = $1 AND s.ref = ANY ($12::text[])), " \
	"person AS MATERIALIZED (SELECT DISTINCT l.patient_key_id FROM zhifu.patient_lookup l " \
	"WHERE l.hospital_id = $1 AND l.hash = ANY ($14::bytea[])), " \
	"candidate AS MATERIALIZED (SELECT claim_id FROM named UNION SELECT unnest($13::uuid[]) " \
	"UNION SELECT c.claim_id FROM person o " BY_KEY("claim", "c", "patient_key_id", "o.patient_key_id") ")"
#define NAMED(claim) \
	"(($11::bytea[] IS NULL AND $12::text[] IS NULL) OR " claim ".claim_id IN (SELECT claim_id FROM named)) " \
	"AND ($13::uuid[] IS NULL OR " claim ".claim_id = ANY ($13)) " \
	"AND ($14::bytea[] IS NULL OR " claim ".patient_key_id IN (SELECT patient_key_id FROM person)) "
#define IDS(id) "($10::uuid[] IS NULL OR " id " = ANY ($10)) "
#define CLAIM_OF(row) BY_KEY("claim", "c", "claim_id", row ".claim_id")
#define KEY_OF(row) BY_KEY("patient_key", "k", "patient_key_id", row ".patient_key_id")
#define KEY_COLUMNS "c.patient_key_id, k.wrapped, k.hospital_key_version"

/* ---- Claim ---- */

#define CLAIM_COLUMNS \
	"p.id, p.received_at, p.id AS claim_id, p.ref, p.patient_key_id, k.wrapped, k.hospital_key_version, " \
	"p.id AS sealed_id, p.content, 1 AS version, p.duplicate_of AS other, NULL::bytea AS answer, " \
	"NULL::text AS status, NULL::text AS outcome, 0::smallint AS transport, 0::smallint AS acknowledgement, " \
	"0::smallint AS adjudication, NULL::text AS paid"
#define CLAIM_PAGE \
	"c.claim_id AS id, c.ref, c.use, c.received_at, c.patient_key_id, c.content, " \
	"CASE WHEN c.insurer IS NOT NULL THEN c.duplicate_of END AS duplicate_of "
#define CLAIM_FROM KEY_OF("p")
#define CLAIM_WHERE "$6::integer & (1 << (p.use - 1)) <> 0 AND $9::integer IS NOT NULL AND " UPDATED("p.received_at")
#define CLAIM_SCAN(direction, opposite) \
	"WITH page AS MATERIALIZED (SELECT " CLAIM_PAGE "FROM zhifu.claim c WHERE c.hospital_id = $1::uuid AND " \
	BOUNDS("c.claim_id") "ORDER BY c.claim_id " direction " LIMIT $4::integer) " \
	RESULT(direction, opposite, CLAIM_COLUMNS, CLAIM_FROM, CLAIM_WHERE)
#define CLAIM_SET \
	CANDIDATES ", page AS MATERIALIZED (SELECT " CLAIM_PAGE "FROM (SELECT claim_id FROM candidate UNION SELECT " \
	"unnest($10::uuid[])) w " CLAIM_OF("w") "WHERE $15::bytea[] IS NULL AND " IDS("c.claim_id") "AND " NAMED("c") \
	"AND " BOUNDS("c.claim_id") ORDER_SET("c.claim_id") ") " RESULT_SET(CLAIM_COLUMNS, CLAIM_FROM, CLAIM_WHERE)

/* ---- ClaimResponse ---- */

#define RESPONSE_COLUMNS \
	"p.id, p.updated, p.claim_id, c.ref, " KEY_COLUMNS ", p.sealed_id, p.content, p.version, NULL::uuid AS other, " \
	"c.content AS answer, NULL::text AS status, NULL::text AS outcome, " \
	"p.transport, p.acknowledgement, p.adjudication, NULL::text AS paid"
#define RESPONSE_FROM CLAIM_OF("p") KEY_OF("c")
/* The bits are in the order of R4's value set: queued, complete, error, partial. */
#define OUTCOME_BIT "(1 << CASE p.outcome WHEN 1 THEN 0 WHEN 2 THEN 1 WHEN 4 THEN 2 ELSE 3 END)"
/* A cancelled claim has no answer that counts, whatever was decided before. */
#define CANCELLED(state) "(" state ".transport = 10 OR " state ".adjudication = 6)"
/* Bits of status: active, cancelled. */
#define RESPONSE_WHERE \
	"$6::integer & CASE WHEN " CANCELLED("p") " THEN 2 ELSE 1 END <> 0 AND $9::integer & " OUTCOME_BIT " <> 0 AND " \
	UPDATED("p.updated")
/* Every step of the claim counts the version of its answer up, as it changes updated_at. */
#define RESPONSE_VERSION \
	"s.transport_seq + s.acknowledgement_seq + s.adjudication_seq + s.payment_seq + s.books_seq + " \
	"(SELECT count(*)::integer FROM zhifu.adjudication n WHERE n.hospital_id = $1 AND n.claim_id = s.claim_id) "
/* A decision under its own id changes only when the claim is cancelled. */
#define DECISION \
	"a.adjudication_id AS id, a.claim_id, CASE WHEN " CANCELLED("s") " THEN greatest(s.updated_at, a.created_at) " \
	"ELSE a.created_at END AS updated, a.adjudication_id AS sealed_id, a.content, CASE WHEN " CANCELLED("s") \
	" THEN " RESPONSE_VERSION "ELSE 1 END AS version, a.outcome, s.transport, s.acknowledgement, s.adjudication "
/* A claim's answer of the moment has the claim's id: the latest decision, or what is said without one. A claim that was
 * cancelled or rejected will not get one and has outcome error. */
#define STANDING \
	"s.claim_id AS id, s.claim_id, greatest(s.updated_at, l.created_at) AS updated, l.adjudication_id AS sealed_id, " \
	"l.content, " RESPONSE_VERSION "AS version, coalesce(l.outcome, CASE WHEN " CANCELLED("s") \
	" OR s.acknowledgement = 2 THEN 4 ELSE 1 END)::smallint AS outcome, s.transport, s.acknowledgement, s.adjudication "
#define LATEST \
	"LEFT JOIN LATERAL (SELECT a.* FROM zhifu.adjudication a WHERE a.hospital_id = $1 AND a.claim_id = s.claim_id " \
	"AND (a.outcome <> 1 OR NOT " CANCELLED("s") ") ORDER BY a.adjudication_id DESC LIMIT 1) l ON true "
/* Searches find one answer a claim. A decision under its own id is there for who asks for that id. */
#define RESPONSE_SCAN(direction, opposite) \
	"WITH page AS MATERIALIZED (SELECT " STANDING "FROM (SELECT * FROM zhifu.claim_state s WHERE " \
	"s.hospital_id = $1::uuid AND " BOUNDS("s.claim_id") "ORDER BY s.claim_id " direction " LIMIT $4::integer) s " \
	LATEST ") " RESULT(direction, opposite, RESPONSE_COLUMNS, RESPONSE_FROM, RESPONSE_WHERE)
#define RESPONSE_SET \
	CANDIDATES ", page AS MATERIALIZED (SELECT * FROM (SELECT " DECISION "FROM unnest($10::uuid[]) AS w (id) " \
	BY_KEY("adjudication", "a", "adjudication_id", "w.id") BY_KEY("claim_state", "s", "claim_id", "a.claim_id") \
	CLAIM_OF("a") \
	"WHERE ($15::text[] IS NULL OR a.insurer_claim_no = ANY ($15)) AND " NAMED("c") "UNION ALL SELECT " STANDING \
	"FROM (SELECT claim_id FROM candidate UNION SELECT unnest($10::uuid[]) UNION SELECT x.claim_id FROM " \
	"zhifu.adjudication x WHERE x.hospital_id = $1 AND x.insurer_claim_no = ANY ($15::text[])) w " \
	BY_KEY("claim_state", "s", "claim_id", "w.claim_id") CLAIM_OF("w") LATEST "WHERE " IDS("s.claim_id") \
	"AND ($15 IS NULL OR EXISTS (SELECT 1 FROM zhifu.adjudication x WHERE x.hospital_id = $1 AND x.claim_id = s.claim_id " \
	"AND x.insurer_claim_no = ANY ($15))) AND " NAMED("c") ") u WHERE " BOUNDS("u.id") ORDER_SET("u.id") ") " \
	RESULT_SET(RESPONSE_COLUMNS, RESPONSE_FROM, RESPONSE_WHERE)

/* ---- ExplanationOfBenefit ---- */

/* What remittances announced for the claim, in the currency of the latest of them: a sum, in which take-backs count. As
 * text: MINOR CURRENCY EXPONENT DATE(or -) OTHERS(whether there are other currencies) IDS(with commas) IDENTIFIER. */
#define PAID \
	"(SELECT sum(v.amount_minor) FILTER (WHERE v.currency = v.latest)::text || ' ' || v.latest || ' ' || " \
	"max(v.exponent) FILTER (WHERE v.n = 1) || ' ' || " \
	"coalesce(max(v.payment_date) FILTER (WHERE v.currency = v.latest)::text, '-') || ' ' || " \
	"bool_or(v.currency <> v.latest)::integer || ' ' || string_agg(v.remittance_id::text, ',' ORDER BY v.n) || ' ' || " \
	"max(v.identifier) FILTER (WHERE v.n = 1) FROM (SELECT d.amount_minor, d.currency, d.exponent, m.payment_date, " \
	"m.identifier, m.remittance_id, first_value(d.currency) OVER o AS latest, row_number() OVER o AS n " \
	"FROM zhifu.remittance_detail d JOIN zhifu.remittance m ON m.hospital_id = $1 AND m.remittance_id = d.remittance_id AND " \
	"m.withdrawn_at IS NULL " \
	"WHERE d.hospital_id = $1 AND d.claim_id = p.id WINDOW o AS (ORDER BY d.remittance_id DESC, d.no DESC)) v " \
	"GROUP BY v.latest)"
/* Announced money counts the version up, too: not all of it is a step of the claim. */
#define EXPLANATION_COLUMNS \
	"p.id, p.updated_at, p.id AS claim_id, p.ref, " KEY_COLUMNS ", p.id AS sealed_id, c.content, p.version + " \
	"(SELECT count(*)::integer FROM zhifu.remittance_detail d WHERE d.hospital_id = $1 AND d.claim_id = p.id) AS version, " \
	"a.adjudication_id AS other, a.content AS answer, NULL::text AS status, NULL::text AS outcome, p.transport, " \
	"p.acknowledgement, p.adjudication, " PAID " AS paid"
#define EXPLANATION_PAGE \
	"s.claim_id AS id, s.claim_id, s.ref, s.updated_at, s.transport, s.acknowledgement, s.adjudication, " \
	"s.transport_seq + s.adjudication_seq + s.payment_seq + s.books_seq AS version "
#define DECIDED "x.hospital_id = $1 AND x.claim_id = p.id AND x.outcome IN (2, 3)"
#define EXPLANATION_FROM \
	CLAIM_OF("p") KEY_OF("c") \
	"CROSS JOIN LATERAL (SELECT x.* FROM zhifu.adjudication x WHERE " DECIDED " ORDER BY x.adjudication_id DESC LIMIT 1) a "
/* Bits of status: active, cancelled. Only what was cancelled may never have been decided. */
#define EXPLANATION_WHERE \
	"p.adjudication IN (3, 4, 5, 6) AND $9::integer IS NOT NULL AND " \
	"$6::integer & CASE WHEN " CANCELLED("p") " THEN 2 ELSE 1 END <> 0 AND " UPDATED("p.updated_at") \
	"AND (p.adjudication < 6 OR EXISTS (SELECT 1 FROM zhifu.adjudication x WHERE " DECIDED "))"
#define EXPLANATION_SCAN(direction, opposite) \
	"WITH page AS MATERIALIZED (SELECT " EXPLANATION_PAGE "FROM zhifu.claim_state s WHERE s.hospital_id = $1::uuid " \
	"AND " BOUNDS("s.claim_id") "ORDER BY s.claim_id " direction " LIMIT $4::integer) " \
	RESULT(direction, opposite, EXPLANATION_COLUMNS, EXPLANATION_FROM, EXPLANATION_WHERE)
#define EXPLANATION_SET \
	CANDIDATES ", page AS MATERIALIZED (SELECT " EXPLANATION_PAGE "FROM (SELECT claim_id FROM candidate UNION " \
	"SELECT unnest($10::uuid[]) UNION SELECT x.claim_id FROM zhifu.adjudication x WHERE x.hospital_id = $1 AND " \
	"x.insurer_claim_no = ANY ($15::text[])) w " BY_KEY("claim_state", "s", "claim_id", "w.claim_id") CLAIM_OF("w") \
	"WHERE " IDS("s.claim_id") "AND ($15 IS NULL OR EXISTS (SELECT 1 FROM zhifu.adjudication x " \
	"WHERE x.hospital_id = $1 AND x.claim_id = s.claim_id AND x.insurer_claim_no = ANY ($15))) AND " NAMED("c") \
	"AND " BOUNDS("s.claim_id") ORDER_SET("s.claim_id") ") " \
	RESULT_SET(EXPLANATION_COLUMNS, EXPLANATION_FROM, EXPLANATION_WHERE)

/* ---- Task ---- */

#define TASK_COLUMNS \
	"p.id, p.updated_at, p.claim_id, c.ref, " KEY_COLUMNS ", p.id AS sealed_id, p.content, " \
	"CASE p.status WHEN 'requested' THEN 1 WHEN 'accepted' THEN 2 WHEN 'in-progress' THEN 3 ELSE 4 END AS version, " \
	"NULL::uuid AS other, NULL::bytea AS answer, p.status, p.outcome, 0::smallint AS transport, " \
	"0::smallint AS acknowledgement, 0::smallint AS adjudication, NULL::text AS paid"
#define TASK_PAGE "t.task_id AS id, t.claim_id, t.status, t.outcome, t.content, t.updated_at "
/* Bits in the order of R4's TaskStatus. */
#define TASK_WHERE \
	"$6::integer & (1 << (array_position(ARRAY['draft', 'requested', 'received', 'accepted', 'rejected', 'ready', " \
	"'cancelled', 'in-progress', 'on-hold', 'failed', 'completed'], p.status) - 1)) <> 0 AND $9::integer IS NOT NULL " \
	"AND " UPDATED("p.updated_at")
#define TASK_SCAN(direction, opposite) \
	"WITH page AS MATERIALIZED (SELECT " TASK_PAGE "FROM zhifu.task t WHERE t.hospital_id = $1::uuid AND " \
	BOUNDS("t.task_id") "ORDER BY t.task_id " direction " LIMIT $4::integer) " \
	RESULT(direction, opposite, TASK_COLUMNS, RESPONSE_FROM, TASK_WHERE)
#define TASK_SET \
	CANDIDATES ", page AS MATERIALIZED (SELECT " TASK_PAGE "FROM (SELECT unnest($10::uuid[]) AS id UNION SELECT " \
	"x.task_id FROM candidate w " BY_KEY("task", "x", "claim_id", "w.claim_id") "UNION SELECT " \
	"x.task_id FROM zhifu.task x WHERE x.hospital_id = $1 AND x.identifier_hash = ANY ($15::bytea[])) w " \
	BY_KEY("task", "t", "task_id", "w.id") CLAIM_OF("t") "WHERE " IDS("t.task_id") \
	"AND ($15 IS NULL OR t.identifier_hash = ANY ($15)) AND " NAMED("c") "AND " BOUNDS("t.task_id") \
	ORDER_SET("t.task_id") ") " RESULT_SET(TASK_COLUMNS, RESPONSE_FROM, TASK_WHERE)

/* ---- single reads ---- */

#define REST_OF_SINGLE \
	"1 AS version, NULL::uuid AS other, NULL::bytea AS answer, NULL::text AS status, NULL::text AS outcome, " \
	"0::smallint AS transport, 0::smallint AS acknowledgement, 0::smallint AS adjudication, NULL::text AS paid "
#define CONSENT \
	"SELECT 1 AS scanned, s.consent_id AS last, s.consent_id AS id, s.created_at, NULL::uuid AS claim_id, " \
	"NULL::text AS ref, s.patient_key_id, k.wrapped, k.hospital_key_version, s.consent_id AS sealed_id, s.content, " REST_OF_SINGLE \
	"FROM zhifu.consent s JOIN zhifu.patient_key k ON k.hospital_id = $1::uuid AND " \
	"k.patient_key_id = s.patient_key_id WHERE s.hospital_id = $1 AND s.consent_id = $2::uuid"
#define PAYMENT \
	"SELECT 1 AS scanned, m.remittance_id AS last, m.remittance_id AS id, m.created_at, NULL::uuid AS claim_id, " \
	"NULL::text AS ref, NULL::uuid AS patient_key_id, NULL::bytea AS wrapped, 0 AS hospital_key_version, " \
	"m.remittance_id AS sealed_id, m.content, " REST_OF_SINGLE \
	"FROM zhifu.remittance m WHERE m.hospital_id = $1::uuid AND m.remittance_id = $2::uuid"
#define FOCUS \
	"SELECT c.claim_id, c.patient_key_id, k.wrapped, k.hospital_key_version FROM (SELECT $2::uuid AS claim_id " \
	"UNION SELECT i.claim_id FROM zhifu.idempotency i WHERE i.hospital_id = $1::uuid AND i.key_hash = ANY ($3::bytea[]) " \
	"UNION SELECT i.claim_id FROM zhifu.claim_identifier i WHERE i.hospital_id = $1 AND i.hash = ANY ($3) " \
	"UNION SELECT s.claim_id FROM zhifu.claim_state s WHERE s.hospital_id = $1 AND s.ref = $4::text) w " \
	"JOIN zhifu.claim c ON c.hospital_id = $1 AND c.claim_id = w.claim_id " \
	"JOIN zhifu.patient_key k ON k.hospital_id = $1 AND k.patient_key_id = c.patient_key_id " \
	"ORDER BY c.claim_id DESC LIMIT 2"
/* Amounts stand in the claim's currency; what the insurer decided in its own is NULL here and has its currency beside.
 */
#define STATUS \
	"SELECT s.claim_id, s.ref, s.insurer, c.use, c.received_at, s.updated_at, c.total_minor, c.currency, " \
	"c.exponent, s.transport, s.acknowledgement, s.adjudication, s.payment, s.books, " \
	"e.at1, e.at2, e.at3, e.at4, e.at5, e.why1, a.currency, a.exponent, a.benefit_minor, a.patient_minor, " \
	"a.contract_minor, a.open_minor, d.currency, d.exponent, d.minor, c.duplicate_of, t.task_id, t.status " \
	"FROM zhifu.claim_state s JOIN zhifu.claim c ON c.hospital_id = $1::uuid AND c.claim_id = s.claim_id " \
	"LEFT JOIN LATERAL (SELECT max(v.at) FILTER (WHERE axis = 1) AS at1, max(v.at) FILTER (WHERE axis = 2) AS at2, " \
	"max(v.at) FILTER (WHERE axis = 3) AS at3, max(v.at) FILTER (WHERE axis = 4) AS at4, " \
	"max(v.at) FILTER (WHERE axis = 5) AS at5, " \
	"(array_agg(v.why ORDER BY v.seq DESC) FILTER (WHERE axis = 1))[1] AS why1 " \
	"FROM zhifu.claim_event v WHERE v.hospital_id = $1 AND v.claim_id = s.claim_id) e ON true " \
	"LEFT JOIN LATERAL (SELECT * FROM zhifu.adjudication x WHERE x.hospital_id = $1 AND x.claim_id = s.claim_id " \
	"AND x.outcome IN (2, 3) ORDER BY x.adjudication_id DESC LIMIT 1) a ON true " \
	"LEFT JOIN LATERAL (SELECT r.currency, r.exponent, sum(r.amount_minor)::bigint AS minor " \
	"FROM zhifu.remittance_detail r JOIN zhifu.remittance m ON m.hospital_id = $1 AND m.remittance_id = r.remittance_id AND " \
	"m.withdrawn_at IS NULL WHERE r.hospital_id = $1 AND r.claim_id = s.claim_id " \
	"GROUP BY r.currency, r.exponent ORDER BY 3 DESC LIMIT 1) d ON true " \
	"LEFT JOIN LATERAL (SELECT x.task_id, x.status FROM zhifu.task x WHERE x.hospital_id = $1 " \
	"AND x.claim_id = s.claim_id ORDER BY x.task_id DESC LIMIT 1) t ON true " \
	"WHERE s.hospital_id = $1 AND s.ref = $2::text"

/* clang-format on */

const struct db_statement read_sql[READ_STATEMENTS] = {
	[READ_CLAIM_DESC] = {"read_claim_desc", CLAIM_SCAN(DOWN, UP), SCAN_PARAMS},
	[READ_CLAIM_ASC] = {"read_claim_asc", CLAIM_SCAN(UP, DOWN), SCAN_PARAMS},
	[READ_CLAIM_SET] = {"read_claim_set", CLAIM_SET, SET_PARAMS},
	[READ_RESPONSE_DESC] = {"read_response_desc", RESPONSE_SCAN(DOWN, UP), SCAN_PARAMS},
	[READ_RESPONSE_ASC] = {"read_response_asc", RESPONSE_SCAN(UP, DOWN), SCAN_PARAMS},
	[READ_RESPONSE_SET] = {"read_response_set", RESPONSE_SET, SET_PARAMS},
	[READ_EXPLANATION_DESC] = {"read_explanation_desc", EXPLANATION_SCAN(DOWN, UP), SCAN_PARAMS},
	[READ_EXPLANATION_ASC] = {"read_explanation_asc", EXPLANATION_SCAN(UP, DOWN), SCAN_PARAMS},
	[READ_EXPLANATION_SET] = {"read_explanation_set", EXPLANATION_SET, SET_PARAMS},
	[READ_TASK_DESC] = {"read_task_desc", TASK_SCAN(DOWN, UP), SCAN_PARAMS},
	[READ_TASK_ASC] = {"read_task_asc", TASK_SCAN(UP, DOWN), SCAN_PARAMS},
	[READ_TASK_SET] = {"read_task_set", TASK_SET, SET_PARAMS},
	[READ_CONSENT] = {"read_consent", CONSENT, 2},
	[READ_PAYMENT] = {"read_payment", PAYMENT, 2},
	[READ_FOCUS] = {"read_focus", FOCUS, 4},
	[READ_STATUS] = {"read_status", STATUS, 2},
	[READ_TASK_COMMIT] = {"read_task_commit",
		"SELECT * FROM zhifu.task_commit($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::bytea, $6::text, $7::text, "
		"$8::bytea)",
		8},
};
const struct db_table read_table = {read_sql, ARRAY_LEN(read_sql)};
