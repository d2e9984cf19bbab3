/* What several statements of /v1 have in common: columns in the order of a shape, joins, calls of one function. Read by
 * desk_sql.c alone. */
#ifndef DESK_DESK_COLUMNS_H
#define DESK_DESK_COLUMNS_H

#define RATE_COLUMNS                                                                                                   \
	"r.rate_id, r.source::int4, nullif(r.bank, ''), r.base, r.quote, r.per, r.digits, r.scale::int4, r.day,"       \
	" r.version::int4, r.status::int4, r.maker, r.made_at, r.why, r.checker, r.checked_at, r.checked_why"
#define CONTRACT_COLUMNS                                                                                                 \
	"c.contract_id, c.version, c.name, c.carrier, c.remitter, c.kind, c.valid_from, nullif(c.valid_to, 'infinity')," \
	" s.valid_from, nullif(s.counts_to, 'infinity'), c.document::text, c.maker, c.made_at, c.why"
#define CONTRACT_FROM                                                                                                  \
	" FROM zhifu.contract c LEFT JOIN zhifu.contract_span s"                                                       \
	" ON s.hospital_id = c.hospital_id AND s.contract_id = c.contract_id AND s.version = c.version"
#define SUSPENSE_COLUMNS                                                                                               \
	"u.line_id, b.account, u.since, u.open_minor, u.currency, u.exponent::int4,"                                   \
	" zhifu.suspense_owner(u.hospital_id, b.account, u.owner), u.reason, u.version"
#define SUSPENSE_FROM                                                                                                  \
	" FROM zhifu.suspense u JOIN zhifu.bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id"
#define STATEMENT_COLUMNS                                                                                                                    \
	"s.statement_id, s.account, s.kind::int4, s.sequence, s.page, s.identifier, s.opening_minor, s.currency, s.exponent::int4,"          \
	" s.opening_day, s.closing_minor, s.currency, s.exponent::int4, s.closing_day, s.entry_count,"                                       \
	" CASE WHEN s.gap AND s.chain <> 6 THEN 4 WHEN s.skipped THEN 9"                                                                     \
	" WHEN NOT s.gap AND s.chain IN (4, 6, 9) THEN 2 ELSE s.chain END::int4, s.gap,"                                                     \
	" CASE WHEN s.gap THEN s.missing_minor END, s.currency, s.exponent::int4, s.explained_by, CASE WHEN s.gap THEN s.explained_why END," \
	" f.file_id, f.taken_at, f.who"                                                                                                      \
	" FROM zhifu.bank_continuity s JOIN zhifu.bank_file f ON f.hospital_id = s.hospital_id AND f.file_id = s.file_id"
#define LINE_COLUMNS                                                                                                     \
	"b.line_id, b.statement_id, b.account, b.booked_day, b.value_day, b.amount_minor, b.currency, b.exponent::int4," \
	" b.reversal, u.open_minor, u.currency, u.exponent::int4"
#define LINE_FROM                                                                                                      \
	" FROM zhifu.bank_line b LEFT JOIN zhifu.suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id"
#define CHARGE_COLUMNS                                                                                                 \
	"c.charge_id, c.identifier, c.service_day, c.amount_minor, c.currency, c.exponent::int4, c.corrects, c.client, c.at"
#define RECEIVABLE_COLUMNS                                                                                                                                                                                      \
	"a.claim_id, coalesce(a.of_claim, a.claim_id), s.ref, CASE WHEN a.of_claim IS NOT NULL THEN a.carrier END, a.carrier, a.remitter, a.contract_id, a.contract_version, a.kind, a.owed_minor, a.currency," \
	" a.exponent::int4, a.open_minor, a.currency, a.exponent::int4,"                                                                                                                                        \
	" zhifu.receivable_carried(a.owed_minor, a.book_minor, a.open_minor), h.book_currency, NULL::int4, a.billed_day,"                                                                                       \
	" a.due_day, a.standing::int4, a.version + zhifu.work_version(a.hospital_id, a.claim_id)"
#define RECEIVABLE_FROM                                                                                                                        \
	" FROM zhifu.receivable a JOIN zhifu.claim_state s ON s.hospital_id = a.hospital_id AND s.claim_id = coalesce(a.of_claim, a.claim_id)" \
	" JOIN zhifu.hospital h ON h.hospital_id = a.hospital_id"
#define REMITTANCE_COLUMNS                                                                                                         \
	"r.id, r.remitter, r.identifier, r.version, r.form::int4, r.standing::int4, r.amount_minor, r.currency, r.exponent::int4," \
	" coalesce(r.sum_minor, (SELECT coalesce(sum(d.amount_minor + d.fee_minor), 0)::bigint FROM zhifu.remittance_detail d"     \
	"  WHERE d.hospital_id = $1 AND d.remittance_id = r.id)), r.currency, r.exponent::int4,"                                   \
	" EXISTS (SELECT 1 FROM zhifu.remittance_paid p WHERE p.hospital_id = $1 AND p.remittance_id = r.id), r.made_at, r.maker," \
	" r.decided_by, r.decided_at, r.words"
/* Those that people brought in, and those of modules. */
#define REMITTANCE_FROM                                                                                                          \
	" FROM (SELECT a.advice_id AS id, a.remitter, a.identifier, a.version, a.form, a.standing, a.amount_minor, a.sum_minor," \
	"  a.currency, a.exponent, a.made_at, a.maker, a.decided_by, a.decided_at,"                                              \
	"  a.why IS NOT NULL OR a.decided_why IS NOT NULL AS words FROM zhifu.advice a"                                          \
	"  WHERE a.hospital_id = $1::uuid"                                                                                       \
	" UNION ALL SELECT m.remittance_id, m.insurer, m.identifier, 1, 0, CASE WHEN m.withdrawn_at IS NULL THEN"                \
	"  1 ELSE 5 END, m.amount_minor, NULL, m.currency, m.exponent, m.created_at, NULL, m.withdrawn_by, m.withdrawn_at,"      \
	"  m.withdrawn_why IS NOT NULL FROM zhifu.remittance m WHERE m.hospital_id = $1 AND NOT EXISTS"                          \
	"  (SELECT 1 FROM zhifu.advice a WHERE a.hospital_id = m.hospital_id AND a.advice_id = m.remittance_id)) r"
#define DECLARATION_COLUMNS                                                                                                  \
	"d.line_id, d.no, b.account, d.credit_day, b.amount_minor, b.currency, b.exponent::int4, d.ground::int4, d.country," \
	" d.code, d.due_day, d.due_assumed, d.status::int4, d.number, zhifu.declaration_claims(d.hospital_id, d.line_id), d.version"
#define DECLARATION_FROM                                                                                               \
	" FROM zhifu.declaration d JOIN zhifu.bank_line b ON b.hospital_id = d.hospital_id AND b.line_id = d.line_id"
/* What a person does: api_act(). */
#define ACT(act, part, number, amounts, currencies, text, why)                                                         \
	"SELECT outcome, id, places FROM zhifu.api_act($1::uuid, $2::text, $3::bytea, $4::bytea, " act                 \
	", $5::uuid, $6::int4, " part ", " number ", " amounts ", " currencies ", " text ", " why ") WHERE true"
#define DISPUTE(act, rest)                                                                                             \
	"SELECT outcome, id, places FROM zhifu.api_dispute($1::uuid, $2::text, $3::bytea, $4::bytea, '" act            \
	"', $5::uuid, $6::int4, " rest ")"
#define PATIENT_ACCOUNT                                                                                                \
	"a.account_id, a.claim_id, a.receivable, a.quoted_minor, a.currency, a.exponent::int4,"                        \
	" zhifu.patient_share(a),"                                                                                     \
	" a.currency, a.exponent::int4, a.other_minor, a.currency, a.exponent::int4, a.vat_minor, a.currency,"         \
	" a.exponent::int4, a.paid_minor, a.currency, a.exponent::int4, zhifu.patient_open(a), a.currency,"            \
	" a.exponent::int4, a.deposit_minor, a.currency, a.exponent::int4 FROM zhifu.patient_account a"                \
	" WHERE a.hospital_id = $1::uuid"
#define PATIENT_PAYMENT                                                                                                      \
	"p.payment_id, p.account_id, p.kind::int4, array_position(ARRAY['cash', 'card', 'foreign-card', 'wallet',"           \
	" 'transfer'], p.method), p.amount_minor, p.currency, p.exponent::int4, CASE WHEN p.kind < 3 THEN p.amount_minor"    \
	" - (SELECT coalesce(sum(r.amount_minor), 0)::int8 FROM zhifu.patient_payment r WHERE r.hospital_id = p.hospital_id" \
	"  AND r.of_payment = p.payment_id) END, p.currency, p.exponent::int4, p.book_day, p.acquirer, p.reference,"         \
	" p.line_id, p.of_payment, p.settlement_id IS NOT NULL, zhifu.patient_version(p.hospital_id, p.payment_id)"          \
	" FROM zhifu.patient_payment p WHERE p.hospital_id = $1::uuid"
#define DEMAND                                                                                                                                                                                                \
	"d.demand_id, coalesce(r.of_claim, d.claim_id), s.ref, CASE WHEN r.of_claim IS NOT NULL THEN r.carrier END, d.kind::int4, d.delivered, d.who, d.made_at, d.why IS NOT NULL, d.undone_by, d.undone_at" \
	" FROM zhifu.demand d"                                                                                                                                                                                \
	" LEFT JOIN zhifu.receivable r ON r.hospital_id = d.hospital_id AND r.claim_id = d.claim_id"                                                                                                          \
	" LEFT JOIN zhifu.claim_state s ON s.hospital_id = d.hospital_id AND s.claim_id = coalesce(r.of_claim, d.claim_id)"                                                                                   \
	" WHERE d.hospital_id = $1::uuid"
/* What is done with a patient's money: api_patient(). */
#define PATIENT(act, more)                                                                                             \
	"SELECT outcome, id, places FROM zhifu.api_patient($1::uuid, $2::text, $3::bytea, $4::bytea, '" act            \
	"', $5::uuid, $6::int4, " more ")"
#define ORDER_COLUMNS                                                                                                          \
	"o.order_id, o.account, o.amount_minor, o.currency, o.exponent::int4, o.line_id, o.book_day, o.cleared_line, o.maker," \
	" o.made_at, true, o.canceller, o.cancelled_at FROM zhifu.bank_order o WHERE o.hospital_id = $1::uuid"
#define SALE_COLUMNS                                                                                                                           \
	"c.sale_id, c.out_line, c.in_line, c.sold_minor, c.currency, c.exponent::int4, c.proceeds_minor, b.currency, b.exponent::int4,"        \
	" c.carried_minor, h.book_currency, NULL::int4, c.rate_digits, c.rate_scale::int4, c.rate_day, c.maker, c.made_at, c.why IS NOT NULL," \
	" c.undone_entry, c.undone_by, c.undone_at FROM zhifu.currency_sale c"                                                                 \
	" JOIN zhifu.hospital h ON h.hospital_id = c.hospital_id"                                                                              \
	" JOIN zhifu.bank_line b ON b.hospital_id = c.hospital_id AND b.line_id = c.in_line WHERE c.hospital_id = $1::uuid"
/* What is done with money on the hospital's own side: api_treasury(). */
#define TREASURY(act, id, line, amount, currency, day, text, why, references, made, sealed)                            \
	"SELECT outcome, id, places FROM zhifu.api_treasury($1::uuid, $2::text, $3::bytea, $4::bytea, '" act "', " id  \
	", " line ", " amount ", " currency ", " day ", " text ", " why ", " references ", " made ", " sealed          \
	") WHERE ($5::uuid IS NULL OR true) AND $6::int4 IS NULL"
#define UNDO(act, rest)                                                                                                \
	"SELECT outcome, id, places FROM zhifu.api_undo($1::uuid, $2::text, $3::bytea, $4::bytea, '" act               \
	"', $5::uuid, $6::int4, " rest ")"
#define COORDINATION_COLUMNS                                                                                                           \
	"k.coordination_id, k.claim_id, s.ref, k.clause, k.total_minor, k.currency, k.exponent::int4, k.fund_minor, k.currency,"       \
	" k.exponent::int4, k.group_code, k.group_minor, k.currency, k.exponent::int4, k.plan_minor, k.currency, k.exponent::int4,"    \
	" k.account_minor, k.currency, k.exponent::int4, k.cash_minor, k.currency, k.exponent::int4, k.book_day, k.who, k.undone_by,"  \
	" k.undone_at FROM zhifu.coordination k JOIN zhifu.claim_state s ON s.hospital_id = k.hospital_id AND s.claim_id = k.claim_id" \
	" WHERE k.hospital_id = $1::uuid"
#define COORDINATION(act, columns, more)                                                                               \
	"SELECT outcome, id, places" columns                                                                           \
	" FROM zhifu.api_coordination($1::uuid, $2::text, $3::bytea, $4::bytea, '" act                                 \
	"', $5::uuid, $6::bytea, $7::uuid, " more ")"
/* Who owes what is open, by number: the words of open_items() in schema/068_open.sql. */
#define DEBTORS "(ARRAY['carrier', 'plan', 'fund', 'patient', 'stay'])"
#define DEBTOR "array_position(" DEBTORS ", r.owes) - 1"
/* A page by day and id. */
#define BEHIND(day, id, n1, n2)                                                                                        \
	" AND ($" n1 "::int8 IS NULL OR (" day ", " id ") > (date '1970-01-01' + $" n1 "::int8::int4, $" n2 "::uuid))"

#endif
