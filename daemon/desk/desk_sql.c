/* One row a statement; positions of pages are always compared as a whole, so that a page begins where the last ended.
 */
#include "desk/desk_sql.h"

#include "desk/desk_columns.h"
#include "settle/journal_export.h"
#include "settle/match_choice.h"
#include "settle/match_hand.h"
#include "settle/rate_rows.h"

/* Of the first page, which its links repeat. */
#define ENTRIES_MOMENT "coalesce($6::text, (SELECT zhifu.posting_moment()))"

const struct db_statement desk_sql[DESK_STATEMENT_COUNT] = {
	/* Rates belong to nobody. */
	[DESK_RATES] = {"desk_rates",
		"SELECT (r.day - date '1970-01-01')::int8, r.rate_id, " RATE_COLUMNS
		" FROM zhifu.rate_seen r WHERE $1::uuid IS NOT NULL"
		" AND ($2::date IS NULL OR r.day >= $2) AND ($3::date IS NULL OR r.day <= $3)"
		" AND ($4::text IS NULL OR $4 IN (r.low, r.high)) AND ($5::int4 IS NULL OR r.source = $5)"
		" AND ($6::int4 IS NULL OR r.status = $6)" BEHIND(
			"r.day", "r.rate_id", "7", "8") " ORDER BY r.day, r.rate_id LIMIT $9::int4",
		9},
	[DESK_RATE] = {"desk_rate",
		"SELECT " RATE_COLUMNS " FROM zhifu.rate_seen r WHERE $1::uuid IS NOT NULL AND r.rate_id = $2::uuid",
		2},
	[DESK_RATES_KNOWN] = {"desk_rates_known",
		"SELECT " RATE_ROWS_COLUMNS " FROM zhifu.rate_around($2::date, $3::date) WHERE $1::uuid IS NOT NULL",
		3},
	[DESK_RATE_ENTER] = {"desk_rate_enter",
		"SELECT outcome, id, places FROM zhifu.api_rate_enter($1::uuid, $2::text, $3::bytea, $4::bytea, $7::text, $8::text,"
		" coalesce($9::int8, 1)::int4, $10::int8, $11::int4, $12::date, $13::text)"
		" WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		13},
	[DESK_RATE_APPROVE] = {"desk_rate_approve",
		"SELECT outcome, id, places FROM zhifu.api_rate_decide($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, true,"
		" $7::text) WHERE $6::int4 IS NULL AND ($8::bool IS NULL OR true)",
		8},
	[DESK_RATE_REFUSE] = {"desk_rate_refuse",
		"SELECT outcome, id, places FROM zhifu.api_rate_decide($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, false,"
		" $7::text) WHERE $6::int4 IS NULL",
		7},
	[DESK_RATE_CORRECT] = {"desk_rate_correct",
		"SELECT outcome, id, places FROM zhifu.api_rate_correct($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $7::int8,"
		" $8::int4, $9::text) WHERE $6::int4 IS NULL",
		9},
	[DESK_CONTRACTS] = {"desk_contracts",
		"SELECT c.version::int8, c.contract_id, " CONTRACT_COLUMNS CONTRACT_FROM
		" WHERE c.hospital_id = $1::uuid"
		" AND ($2::text IS NULL OR c.carrier = $2)"
		" AND ($3::date IS NULL OR (s.valid_from <= $3 AND s.counts_to >= $3))"
		" AND ($4::int8 IS NULL OR (c.contract_id, c.version) > ($5::uuid, $4::int8))"
		" ORDER BY c.contract_id, c.version LIMIT $6::int4",
		6},
	[DESK_CONTRACT] = {"desk_contract",
		"SELECT " CONTRACT_COLUMNS CONTRACT_FROM " WHERE c.hospital_id = $1::uuid AND c.contract_id = $2::uuid"
		" ORDER BY c.version DESC LIMIT 1",
		2},
	[DESK_CONTRACT_PUT] = {"desk_contract_put",
		"SELECT outcome, id, places FROM zhifu.api_contract_put($1::uuid, $2::text, $3::bytea, $4::bytea,"
		" $7::text::jsonb, $8::text) WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		8},
	[DESK_CONTRACT_END] = {"desk_contract_end",
		"SELECT outcome, id, places FROM zhifu.api_contract_end($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4,"
		" $7::date, $8::text)",
		8},
	[DESK_PRICE_LISTS] = {"desk_price_lists",
		"SELECT l.version::int8, l.list_id, l.list_id, l.version, l.name, l.currency, l.prices, l.valid_from,"
		" nullif(l.valid_to, 'infinity'), s.valid_from, nullif(s.counts_to, 'infinity'), l.maker, l.made_at"
		" FROM zhifu.price_list l LEFT JOIN zhifu.price_list_span s"
		" ON s.hospital_id = l.hospital_id AND s.list_id = l.list_id AND s.version = l.version"
		" WHERE l.hospital_id = $1::uuid AND ($2::text IS NULL OR l.name = $2)"
		" AND ($3::date IS NULL OR (s.valid_from <= $3 AND s.counts_to >= $3))"
		" AND ($4::int8 IS NULL OR (l.list_id, l.version) > ($5::uuid, $4::int8))"
		" ORDER BY l.list_id, l.version LIMIT $6::int4",
		6},
	/* A version never changes, so that a row's number is its place on all pages. */
	[DESK_PRICES] = {"desk_prices",
		"SELECT p.no, p.list_id, p.system, p.code, p.title, p.digits, p.scale::int4 FROM ("
		" SELECT row_number() OVER (ORDER BY i.system, i.code) AS no, i.* FROM zhifu.price i"
		" WHERE i.hospital_id = $1::uuid AND i.list_id = $2::uuid AND i.version = $3::int8) p"
		" WHERE $4::int8 IS NULL OR (p.no > $4::int8 AND $5::uuid IS NOT NULL) ORDER BY p.no LIMIT $6::int4",
		6},
	/* By the source of zhifuctl money account list. $2 to $4: codes, numbers and currencies of the configuration.
	 */
	[DESK_ACCOUNTS] = {"desk_accounts",
		"SELECT a.code, a.number, a.currency, p.statement_day, p.statement_minor, a.currency, NULL::int4,"
		" coalesce(p.ledger_minor, 0), a.currency, NULL::int4, coalesce(p.suspense_minor, 0), a.currency, NULL::int4,"
		" CASE WHEN p.difference_minor = 0 THEN 1 WHEN p.statement_minor IS NOT NULL THEN 2"
		"  WHEN EXISTS (SELECT 1 FROM zhifu.bank_statement s WHERE s.hospital_id = $1 AND s.account = a.code AND s.kind = 1) THEN 3"
		"  ELSE 1 END::int4 FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS a (code, number, currency, n)"
		" LEFT JOIN zhifu.report_accounts($1::uuid, 'infinity') p ON p.account = a.code AND p.currency = a.currency ORDER BY a.n",
		4},
	[DESK_STATEMENTS] = {"desk_statements",
		"SELECT (coalesce(s.closing_day, s.opening_day, s.at::date) - date '1970-01-01')::int8, s.statement_id, " STATEMENT_COLUMNS
		" WHERE s.hospital_id = $1::uuid AND ($2::text IS NULL OR s.account = $2) AND ($3::bool IS NULL OR s.gap = $3)" BEHIND(
			"coalesce(s.closing_day, s.opening_day, s.at::date)", "s.statement_id", "4",
			"5") " ORDER BY 1, 2 LIMIT $6::int4",
		6},
	[DESK_STATEMENT] = {"desk_statement",
		"SELECT " STATEMENT_COLUMNS " WHERE s.hospital_id = $1::uuid AND s.statement_id = $2::uuid", 2},
	[DESK_GAP_EXPLAIN] = {"desk_gap_explain",
		"SELECT outcome, id, places FROM zhifu.api_gap_explain($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $7::text)"
		" WHERE $6::int4 IS NULL",
		7},
	[DESK_CONFIRMATIONS] = {"desk_confirmations",
		"SELECT f.account, f.day, f.minor, k.currency, k.exponent::int4, f.who, f.why, f.at FROM zhifu.bank_confirmation f"
		" CROSS JOIN LATERAL zhifu.bank_kept_in(f.hospital_id, f.account) k WHERE f.hospital_id = $1::uuid"
		" AND ($2::text IS NULL OR f.account = $2) AND ($3::date IS NULL OR f.day >= $3) AND ($4::date IS NULL OR f.day <= $4)"
		" ORDER BY f.day, f.account",
		4},
	/* account, day, balance, why */
	[DESK_CONFIRM] = {"desk_confirm",
		"SELECT outcome, id, places, account, day, minor, currency, exponent, who, why, at"
		" FROM zhifu.api_bank_confirm($1::uuid, $2::text, $3::bytea, $4::bytea, $7::text, $8::date, $9::int8, $10::text, $12::text)"
		" WHERE $5::uuid IS NULL AND $6::int4 IS NULL AND ($11::int4 IS NULL OR true)",
		12},
	[DESK_PENDING] = {"desk_pending",
		"SELECT (p.day - date '1970-01-01')::int8, p.pending_id, p.pending_id, p.account, p.day, p.value_day, p.amount_minor, p.currency,"
		" p.exponent::int4, p.status::int4 - 1, p.statement_id, p.at FROM zhifu.bank_pending_now p"
		" WHERE p.hospital_id = $1::uuid AND ($2::text IS NULL OR p.account = $2)" BEHIND(
			"p.day", "p.pending_id", "3", "4") " ORDER BY p.day, p.pending_id LIMIT $5::int4",
		5},
	[DESK_LINES] = {"desk_lines",
		"SELECT (b.booked_day - date '1970-01-01')::int8, b.line_id, " LINE_COLUMNS LINE_FROM
		" WHERE b.hospital_id = $1::uuid AND ($2::text IS NULL OR b.account = $2)"
		" AND ($3::date IS NULL OR b.booked_day >= $3) AND ($4::date IS NULL OR b.booked_day <= $4)"
		" AND ($5::uuid IS NULL OR b.statement_id = $5)" BEHIND(
			"b.booked_day", "b.line_id", "6", "7") " ORDER BY b.booked_day, b.line_id LIMIT $8::int4",
		8},
	[DESK_LINE] = {"desk_line",
		"SELECT " LINE_COLUMNS LINE_FROM " WHERE b.hospital_id = $1::uuid AND b.line_id = $2::uuid", 2},
	[DESK_LINE_LOOK] = {"desk_line_look", "SELECT zhifu.api_line_look($1::uuid, $2::text, $3::uuid)", 3},
	/* The line, its transactions, of which $3 is wanted or the first 1000, and its notes. */
	[DESK_LINE_TOLD] = {"desk_line_told",
		"SELECT " LINE_COLUMNS
		", t.kind, t.no, t.amount, t.content, t.who, t.at, (SELECT count(*) FROM zhifu.bank_detail d"
		"  WHERE d.hospital_id = b.hospital_id AND d.line_id = b.line_id)" LINE_FROM
		" CROSS JOIN LATERAL (SELECT 0 AS kind, 0 AS no, NULL::bigint AS amount, b.content, NULL AS who, NULL::timestamptz AS at"
		" UNION ALL (SELECT 1, d.no, d.amount_minor, d.content, NULL, NULL FROM zhifu.bank_detail d WHERE d.hospital_id = $1"
		"  AND d.line_id = $2 AND ($3::int8 IS NULL OR d.no = $3) ORDER BY d.no LIMIT 1000)"
		" UNION ALL SELECT 2, m.part, NULL, m.content, m.who, m.at FROM zhifu.match_note m WHERE m.hospital_id = $1"
		"  AND m.line_id = $2) t WHERE b.hospital_id = $1::uuid AND b.line_id = $2::uuid ORDER BY t.kind, t.no, t.at",
		3},
	[DESK_SUSPENSE] = {"desk_suspense",
		"SELECT (u.since - date '1970-01-01')::int8, u.line_id, " SUSPENSE_COLUMNS SUSPENSE_FROM
		" WHERE u.hospital_id = $1::uuid AND ($2::text IS NULL OR b.account = $2) AND ($3::text IS NULL OR"
		" zhifu.suspense_owner(u.hospital_id, b.account, u.owner) = $3)" BEHIND(
			"u.since", "u.line_id", "4", "5") " ORDER BY u.since, u.line_id LIMIT $6::int4",
		6},
	[DESK_SUSPENSE_ONE] = {"desk_suspense_one",
		"SELECT " SUSPENSE_COLUMNS SUSPENSE_FROM " WHERE u.hospital_id = $1::uuid AND u.line_id = $2::uuid", 2},
	/* Meanwhile settle may have found its home. */
	[DESK_SUSPENSE_AFTER] = {"desk_suspense_after",
		"SELECT b.line_id, b.account, coalesce(u.since, b.booked_day), coalesce(u.open_minor, 0), b.currency, b.exponent::int4,"
		" CASE WHEN u.line_id IS NOT NULL THEN zhifu.suspense_owner(u.hospital_id, b.account, u.owner) END, coalesce(u.reason, 'it has found its home'), coalesce(u.version, 0) FROM zhifu.bank_line b"
		" LEFT JOIN zhifu.suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id"
		" WHERE b.hospital_id = $1::uuid AND b.line_id = $2::uuid",
		2},
	[DESK_SUSPENSE_ASSIGN] = {"desk_suspense_assign",
		"SELECT outcome, id, places FROM zhifu.api_suspense_assign($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4,"
		" $7::text, $8::text)",
		8},
	/* In the order of their ids, which is about that of time, along the key: no page costs more for what is behind
	   it. */
	[DESK_ENTRIES] = {"desk_entries",
		"SELECT p.no::int8, p.entry_id, " ENTRIES_MOMENT ", p.entry_id, p.no::int4, p.book_day,"
		" p.debit, p.credit, p.amount_minor, p.currency,"
		" p.exponent::int4, p.book_minor, h.book_currency, NULL::int4, p.rule, p.claim_id, p.source_id, p.at"
		" FROM zhifu.posting p JOIN zhifu.hospital h ON h.hospital_id = p.hospital_id WHERE p.hospital_id = $1::uuid"
		" AND ($2::text IS NULL OR $2 IN (p.debit, p.credit)) AND ($3::date IS NULL OR p.book_day >= $3)"
		" AND ($4::date IS NULL OR p.book_day <= $4) AND ($5::uuid IS NULL OR p.claim_id = $5)"
		" AND ($7::int8 IS NULL OR (p.entry_id, p.no) > ($8::uuid, $7::int8))"
		" AND " POSTING_SEEN("p", ENTRIES_MOMENT) " ORDER BY p.entry_id, p.no LIMIT $9::int4",
		9},
	[DESK_BALANCES] = {"desk_balances",
		"WITH side AS (SELECT p.debit AS account, p.currency, p.exponent, p.amount_minor AS debit, 0::bigint AS credit,"
		"  p.book_minor AS book FROM zhifu.posting p WHERE p.hospital_id = $1::uuid AND ($2::date IS NULL OR p.book_day >= $2)"
		"  AND ($3::date IS NULL OR p.book_day <= $3)"
		" UNION ALL SELECT p.credit, p.currency, p.exponent, 0, p.amount_minor, -p.book_minor FROM zhifu.posting p"
		"  WHERE p.hospital_id = $1::uuid AND ($2::date IS NULL OR p.book_day >= $2) AND ($3::date IS NULL OR p.book_day <= $3))"
		" SELECT s.account, sum(s.debit)::int8, s.currency, max(s.exponent)::int4, sum(s.credit)::int8, s.currency,"
		" max(s.exponent)::int4, sum(s.debit - s.credit)::int8, s.currency, max(s.exponent)::int4, coalesce(sum(s.book), 0)::int8,"
		" h.book_currency, NULL::int4 FROM side s JOIN zhifu.hospital h ON h.hospital_id = $1"
		" WHERE $4::text IS NULL OR s.account = $4 GROUP BY s.account, s.currency, h.book_currency ORDER BY s.account, s.currency",
		4},
	[DESK_CHARGES] = {"desk_charges",
		"SELECT (c.service_day - date '1970-01-01')::int8, c.charge_id, " CHARGE_COLUMNS " FROM zhifu.charge c"
		" WHERE c.hospital_id = $1::uuid AND ($2::date IS NULL OR c.service_day >= $2)"
		" AND ($3::date IS NULL OR c.service_day <= $3) AND ($4::text IS NULL OR c.stay = zhifu.stay_known($1, $4))"
		" AND ($5::text IS NULL OR c.identifier = $5)" BEHIND(
			"c.service_day", "c.charge_id", "6", "7") " ORDER BY c.service_day, c.charge_id LIMIT $8::int4",
		8},
	[DESK_CHARGE] = {"desk_charge",
		"SELECT " CHARGE_COLUMNS
		" FROM zhifu.charge c WHERE c.hospital_id = $1::uuid AND c.charge_id = $2::uuid",
		2},
	[DESK_CHARGE_ADD] = {"desk_charge_add",
		"SELECT outcome, id, places, stored, known FROM zhifu.charge_add($1::uuid, $2::text, $3::bytea, $4::bytea, $7::text[],"
		" $8::date[], $9::int8[], $10::text[], $11::int4[], $12::text[], $13::text[])"
		" WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		13},
	[DESK_RECEIVABLES] = {"desk_receivables",
		"SELECT (a.billed_day - date '1970-01-01')::int8, a.claim_id, " RECEIVABLE_COLUMNS RECEIVABLE_FROM
		" WHERE a.hospital_id = $1::uuid AND ($2::text IS NULL OR a.carrier = $2) AND ($3::text IS NULL OR a.remitter = $3)"
		" AND ($4::int4 IS NULL OR a.standing = $4) AND ($5::text IS NULL OR a.currency = $5)"
		" AND ($6::date IS NULL OR a.due_day <= $6)" BEHIND(
			"a.billed_day", "a.claim_id", "7", "8") " ORDER BY a.billed_day, a.claim_id LIMIT $9::int4",
		9},
	[DESK_RECEIVABLE] = {"desk_receivable",
		"SELECT " RECEIVABLE_COLUMNS RECEIVABLE_FROM
		" WHERE a.hospital_id = $1::uuid AND a.claim_id = $2::uuid",
		2},
	[DESK_OPEN_SUMS] = {"desk_open_sums",
		"SELECT " DEBTOR
		", r.account, r.carrier, r.remitter, r.currency, r.items, r.open_minor, r.currency, r.exponent::int4,"
		" r.not_due_minor, r.currency, r.exponent::int4, r.to_30_minor, r.currency, r.exponent::int4, r.to_60_minor, r.currency,"
		" r.exponent::int4, r.to_90_minor, r.currency, r.exponent::int4, r.to_180_minor, r.currency, r.exponent::int4, r.to_365_minor,"
		" r.currency, r.exponent::int4, r.older_minor, r.currency, r.exponent::int4, r.carried_minor, r.book_currency, NULL::int4,"
		" r.oldest_day FROM zhifu.report_open($1::uuid, $5::date, $2::text, $3::text, " DEBTORS
		"[$4::int4 + 1], $6::int4 = 1) r",
		6},
	[DESK_OPEN_ITEMS] = {"desk_open_items",
		"SELECT (r.sort_day - date '1970-01-01')::int8, r.id, " DEBTOR
		", r.account, r.claim_id, r.ref, r.patient_account,"
		" r.carrier, r.remitter, r.kind, r.owed_minor, CASE WHEN r.owed_minor IS NOT NULL THEN r.currency END, r.exponent::int4,"
		" r.open_minor, r.currency, r.exponent::int4, r.carried_minor, r.book_currency, NULL::int4, r.billed_day, r.due_day, r.days,"
		" r.band::int4, r.standing::int4 FROM zhifu.report_claims($1::uuid, $5::date, $2::text, coalesce($6::bool, false),"
		" date '1970-01-01' + $7::int8::int4, $8::uuid, $9::int4, $3::text, " DEBTORS "[$4::int4 + 1]) r",
		9},
	[DESK_WORK_ITEMS] = {"desk_work_items",
		"SELECT (r.sort_day - date '1970-01-01')::int8, r.claim_id, r.claim_id, r.ref, r.carrier, r.remitter, r.minor, r.currency,"
		" r.exponent::int4, r.open_minor, r.open_currency, r.open_exponent::int4, r.since, r.due_day, r.days, r.standing::int4,"
		" r.owner, r.owner_who, r.owner_why FROM zhifu.report_work($1::uuid, (ARRAY['short', 'takeback', 'dispute', 'denied',"
		" 'overpaid', 'patient'])[$2::int4], $5::date, $3::text, $4::text, date '1970-01-01' + $6::int8::int4, $7::uuid, $8::int4) r",
		8},
	[DESK_SCORES] = {"desk_scores",
		"SELECT r.role, r.party, r.answered, r.denied, r.answer_median_tenths::int8, 1::int4, r.answer_p90, r.paid,"
		" r.pay_median_tenths::int8, 1::int4, r.pay_p90, r.short, r.short_book_minor, r.book_currency, NULL::int4, r.owed_book_minor,"
		" r.book_currency, NULL::int4, r.disputes, r.won FROM zhifu.report_scoreboard($1::uuid, $2::date, $3::date) r",
		3},
	[DESK_FX_RESULTS] = {"desk_fx_results",
		"SELECT r.carrier, r.account, r.currency, r.realised_gain_minor, r.book_currency, NULL::int4, r.realised_loss_minor,"
		" r.book_currency, NULL::int4, r.revalued_minor, r.book_currency, NULL::int4, r.net_minor, r.book_currency, NULL::int4 FROM"
		" zhifu.report_fx($1::uuid, $2::date, $3::date) r",
		3},
	[DESK_UNEXPLAINED] = {"desk_unexplained",
		"SELECT (r.sort_day - date '1970-01-01')::int8, r.id, r.kind, r.id, r.account, r.minor, r.currency, r.exponent::int4,"
		" r.since, r.days, r.band::int4, r.owner, r.wait::int4, r.held::int4, r.reason FROM zhifu.report_suspense($1::uuid, $3::date,"
		" $2::text, date '1970-01-01' + $4::int8::int4, $5::uuid, $6::int4) r",
		6},
	[DESK_PROOFS] = {"desk_proofs",
		"SELECT r.account, r.currency, r.statement_day, r.statement_minor, r.currency, r.exponent::int4, r.transit_minor, r.currency,"
		" r.exponent::int4, r.ledger_minor, r.currency, r.exponent::int4, r.difference_minor, r.currency, r.exponent::int4,"
		" r.suspense_minor, r.currency, r.exponent::int4, r.suspense_since, r.taken_at FROM zhifu.report_accounts($1::uuid, $2::date)"
		" r",
		2},
	/* Parts are of a line: the position's number is the day and the part. */
	[DESK_MATCH_ITEMS] = {"desk_match_items",
		"SELECT (i.booked_day - date '1970-01-01')::int8 << 32 | i.part, i.line_id, i.line_id, i.part, b.account, i.booked_day,"
		" i.amount_minor, b.currency, b.exponent::int4, i.open_minor, b.currency, b.exponent::int4, s.payer,"
		" zhifu.suspense_owner(s.hospital_id, b.account, s.owner), s.held::int4,"
		" i.wait::int4, s.reason, c.count, c.best, i.by_hand FROM zhifu.suspense s JOIN zhifu.match_item i ON i.hospital_id ="
		" s.hospital_id AND i.line_id = s.line_id AND i.open_minor <> 0 JOIN zhifu.bank_line b ON b.hospital_id = s.hospital_id AND"
		" b.line_id = s.line_id CROSS JOIN LATERAL (SELECT count(*), max(m.score)::int4 AS best FROM zhifu.match_candidate m  WHERE"
		" m.hospital_id = i.hospital_id AND m.line_id = i.line_id AND m.part = i.part) c WHERE s.hospital_id = $1::uuid AND ($2::text"
		" IS NULL OR b.account = $2) AND ($3::int4 IS NULL OR i.wait = $3) AND ($4::text IS NULL OR zhifu.suspense_owner(s.hospital_id, b.account, s.owner) = $4) AND ($5::uuid IS"
		" NULL OR s.line_id = $5) AND ($6::int8 IS NULL OR (i.booked_day, i.line_id, i.part) > (date '1970-01-01' + ($6::int8 >>"
		" 32)::int4, $7::uuid,  ($6::int8 & 4294967295)::int4)) ORDER BY i.booked_day, i.line_id, i.part LIMIT $8::int4",
		8},
	/* One row without a candidate where there is none. */
	[DESK_CANDIDATES] = {"desk_candidates",
		"SELECT c.no::int4, c.content, b.currency, b.exponent::int4 FROM zhifu.match_item i"
		" JOIN zhifu.bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" LEFT JOIN zhifu.match_candidate c ON c.hospital_id = i.hospital_id AND c.line_id = i.line_id AND c.part = i.part"
		" WHERE i.hospital_id = $1::uuid AND i.line_id = $2::uuid AND i.part = coalesce($3::int8, 0) AND i.open_minor <> 0"
		" ORDER BY c.no",
		3},
	[DESK_CANDIDATE] = {"desk_candidate",
		"SELECT i.version, c.content, b.content, d.content FROM zhifu.match_item i"
		" JOIN zhifu.match_candidate c ON c.hospital_id = i.hospital_id AND c.line_id = i.line_id AND c.part = i.part"
		" JOIN zhifu.bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" LEFT JOIN zhifu.bank_detail d ON d.hospital_id = i.hospital_id AND d.line_id = i.line_id AND d.no = i.part"
		" WHERE i.hospital_id = $1::uuid AND i.line_id = $2::uuid AND i.part = $3::int8 AND c.no = $4::int8"
		" AND i.open_minor <> 0",
		4},
	/* The item, and what is owed for the claims of $4, in their order. $5, $6: did this very request do it before?
	 */
	[DESK_HAND] = {"desk_hand",
		"SELECT i.version, b.content, d.content, b.currency, b.amount_minor, i.open_minor, i.booked_day, k.book,"
		" zhifu.api_was($1::uuid, $5::bytea, $6::bytea), t.n::int4, r.claim_id, r.version, r.currency, r.open_minor"
		" FROM zhifu.match_item i JOIN zhifu.bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" LEFT JOIN zhifu.bank_detail d ON d.hospital_id = i.hospital_id AND d.line_id = i.line_id AND d.no = i.part"
		" CROSS JOIN LATERAL (SELECT CASE WHEN bool_or(p.book_minor IS NOT NULL) THEN sum(p.book_minor)::bigint END AS book"
		"  FROM zhifu.posting p WHERE p.hospital_id = $1 AND p.entry_id = b.line_id AND p.no IN (1, 10001)) k"
		" CROSS JOIN unnest($4::text[]) WITH ORDINALITY AS t (ref, n)"
		" LEFT JOIN zhifu.claim_state c ON c.hospital_id = $1 AND c.ref = split_part(t.ref, ':', 1)"
		" LEFT JOIN zhifu.receivable r ON r.hospital_id = $1 AND r.claim_id = " MATCH_HAND_RECEIVABLE(
			"t.ref") " WHERE i.hospital_id = $1 AND i.line_id = $2::uuid AND i.part = $3::int8 ORDER BY t.n",
		6},
	/* The first columns are those of DESK_HAND. */
	[DESK_HAND_ADVICE] = {"desk_hand_advice",
		"SELECT i.version, b.content, d.content, b.currency, b.amount_minor, i.open_minor, i.booked_day, k.book,"
		" zhifu.api_was($1::uuid, $7::bytea, $8::bytea), t.no::int4, r.claim_id, r.version, r.currency, r.open_minor,"
		" c.ref, t.kind::int4, t.amount_minor, t.fee_minor, t.currency, coalesce(t.n, 0)::int4"
		" FROM zhifu.match_item i JOIN zhifu.bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id"
		" LEFT JOIN zhifu.bank_detail d ON d.hospital_id = i.hospital_id AND d.line_id = i.line_id AND d.no = i.part"
		" CROSS JOIN LATERAL (SELECT CASE WHEN bool_or(p.book_minor IS NOT NULL) THEN sum(p.book_minor)::bigint END AS book"
		"  FROM zhifu.posting p WHERE p.hospital_id = $1 AND p.entry_id = b.line_id AND p.no IN (1, 10001)) k"
		" LEFT JOIN (SELECT e.*, s.n, CASE WHEN s.ref IS NULL THEN e.claim_id ELSE (SELECT x.claim_id FROM zhifu.claim_state x"
		"   WHERE x.hospital_id = $1 AND x.ref = s.ref) END AS claim"
		"  FROM zhifu.remittance_detail e LEFT JOIN unnest($5::int8[], $6::text[]) WITH ORDINALITY AS s (no, ref, n) ON s.no = e.no"
		"  WHERE e.hospital_id = $1 AND e.remittance_id = $4::uuid AND CASE WHEN cardinality($5::int8[]) > 0 THEN s.n IS NOT NULL"
		"   ELSE NOT EXISTS (SELECT 1 FROM zhifu.remittance_paid p JOIN zhifu.allocation a ON a.hospital_id = p.hospital_id"
		"    AND a.allocation_id = p.allocation_id WHERE p.hospital_id = e.hospital_id AND p.remittance_id = e.remittance_id"
		"    AND a.remittance_id = e.remittance_id AND a.detail = e.no) END) t ON true"
		" LEFT JOIN zhifu.claim_state c ON c.hospital_id = $1 AND c.claim_id = t.claim"
		" LEFT JOIN zhifu.receivable r ON r.hospital_id = $1 AND r.claim_id = t.claim"
		" WHERE i.hospital_id = $1 AND i.line_id = $2::uuid AND i.part = $3::int8 ORDER BY t.n, t.no LIMIT 4001",
		8},
	[DESK_ACCEPT] = {"desk_accept",
		"SELECT outcome, id, places, id, line FROM zhifu.api_match_accept($1::uuid, $2::text, $27::bytea, $28::bytea, $3::text,"
		" $4::bool, $5::uuid[], $6::uuid[], $7::int4[], $8::int4[], $9::int4[], $10::int2[], $11::uuid[], $12::int4[], $13::uuid[],"
		" $14::int4[], $15::int8[], $16::int8[], $17::int8[], $18::int8[], $19::int8[], $20::int8[], $21::int8[], $22::int8[],"
		" $23::int8[], $24::int8[], $25::int8[], $26::text::jsonb, $29::uuid, $30::int4, $31::int2[], $32::bytea[], $33::uuid[],"
		" $34::bytea[], $35::text, $36::text)",
		MATCH_POST_PARAMS + 10},
	[DESK_CLASSIFY] = {"desk_classify",
		"SELECT outcome, id, places, id, line FROM zhifu.api_classify($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4,"
		" $7::int8, $8::text, $9::int8, $10::text, $12::text, $13::text, $14::int4) WHERE $11::int4 IS NULL OR true",
		14},
	[DESK_TRANSFER] = {"desk_transfer",
		"SELECT outcome, id, places, id, line FROM zhifu.api_transfer($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4,"
		" $7::int8, $8::uuid, $9::int8, $10::text)",
		10},
	[DESK_REJECT] = {"desk_reject",
		ACT("'match.reject'", "$7::int8", "$8::int8", "NULL", "NULL", "$9::text", "$10::text"), 10},
	[DESK_NOTE] = {"desk_note", ACT("'match.note'", "$7::int8", "NULL", "NULL", "NULL", "$8::text", "NULL"), 8},
	[DESK_SPLIT] = {"desk_split",
		ACT("'match.split'", "$7::int8", "NULL", "$8::int8[]", "$9::text[]", "NULL",
			"$11::text") " AND ($10::int4[] IS NULL OR true)",
		11},
	[DESK_UNDO] = {"desk_undo", ACT("'match.undo'", "NULL", "NULL", "NULL", "NULL", "NULL", "$7::text"), 7},
	[DESK_HOLD] = {"desk_hold", ACT("'suspense.hold'", "NULL", "$7::int4", "NULL", "NULL", "NULL", "$8::text"), 8},
	/* In the order of their ids, which is about that of time. */
	[DESK_ALLOCATIONS] = {"desk_allocations",
		"SELECT a.no::int8, a.allocation_id, a.allocation_id, a.no, a.line_id, a.part, coalesce(o.of_claim, a.claim_id), s.ref,"
		" CASE WHEN o.of_claim IS NOT NULL THEN o.carrier END, a.remittance_id,"
		" a.kind::int4, a.line_kind, a.amount_minor, a.currency, a.exponent::int4, nullif(a.cleared_minor, 0), o.currency, o.exponent::int4,"
		" nullif(a.over_minor, 0), a.currency, a.exponent::int4, nullif(a.charge_minor, 0), a.currency, a.exponent::int4,"
		" nullif(a.discount_minor, 0), a.currency, a.exponent::int4, nullif(a.fee_minor, 0), a.currency, a.exponent::int4,"
		" nullif(a.unexplained_minor, 0), a.currency, a.exponent::int4, nullif(a.fx_book_minor, 0), h.book_currency, NULL::int4,"
		" a.by_hand, a.made_at, a.maker, a.why IS NOT NULL, a.undoes FROM zhifu.allocation a JOIN zhifu.hospital h ON h.hospital_id ="
		" a.hospital_id LEFT JOIN zhifu.receivable o ON o.hospital_id = a.hospital_id AND o.claim_id = a.claim_id LEFT JOIN"
		" zhifu.claim_state s ON s.hospital_id = a.hospital_id AND s.claim_id = coalesce(o.of_claim, a.claim_id)"
		" WHERE a.hospital_id = $1::uuid AND ($2::uuid IS NULL OR a.line_id = $2) AND ($3::uuid IS NULL OR a.claim_id = $3"
		" OR a.claim_id IN (SELECT p.claim_id FROM zhifu.receivable p WHERE p.of_claim = $3 AND p.hospital_id = $1)) AND ($4::uuid IS NULL OR a.remittance_id ="
		" $4) AND ($5::int8 IS NULL OR (a.allocation_id, a.no) > ($6::uuid, $5::int8)) ORDER BY a.allocation_id, a.no LIMIT $7::int4",
		7},
	[DESK_REMITTANCES] = {"desk_remittances",
		"SELECT (r.day - date '1970-01-01')::int8, r.id, " REMITTANCE_COLUMNS
		" FROM (SELECT r.*, (r.made_at AT TIME ZONE 'UTC')::date AS day" REMITTANCE_FROM
		" WHERE ($2::text IS NULL OR r.remitter = $2) AND ($3::text IS NULL OR r.identifier = $3)"
		" AND ($4::int4 IS NULL OR r.standing = $4)) r WHERE true" BEHIND(
			"r.day", "r.id", "5", "6") " ORDER BY r.day, r.id LIMIT $7::int4",
		7},
	[DESK_REMITTANCE] = {"desk_remittance", "SELECT " REMITTANCE_COLUMNS REMITTANCE_FROM " WHERE r.id = $2::uuid",
		2},
	[DESK_REMITTANCE_DETAILS] = {"desk_remittance_details",
		"SELECT d.no::int8, d.remittance_id, d.remittance_id, d.no, d.kind::int4, d.claim_id, d.claim_ref, d.insurer_claim_no,"
		" d.carrier, d.billed_minor, d.currency, d.exponent::int4, d.amount_minor, d.currency, d.exponent::int4, nullif(d.fee_minor,"
		" 0), d.currency, d.exponent::int4, nullif(d.tax_minor, 0), d.currency, d.exponent::int4, d.difference::int4 FROM"
		" zhifu.remittance_detail d WHERE d.hospital_id = $1::uuid AND ($2::uuid IS NULL OR d.remittance_id = $2) AND ($3::uuid IS"
		" NULL OR d.claim_id = $3) AND ($4::int8 IS NULL OR (d.remittance_id, d.no) > ($5::uuid, $4::int8)) ORDER BY d.remittance_id,"
		" d.no LIMIT $6::int4",
		6},
	[DESK_REMITTANCE_REFUSE] = {"desk_remittance_refuse",
		"SELECT outcome, id, places FROM zhifu.api_remittance_end($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $7::text,"
		" false) WHERE $6::int4 IS NULL",
		7},
	[DESK_REMITTANCE_WITHDRAW] = {"desk_remittance_withdraw",
		"SELECT outcome, id, places FROM zhifu.api_remittance_end($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $7::text,"
		" true) WHERE $6::int4 IS NULL",
		7},
	[DESK_PAYERS] = {"desk_payers",
		"SELECT t.us, m.payer_id, m.payer_id, m.remitter, m.kind::int4, m.times, m.who, m.at, (SELECT l.allocation_id FROM"
		"  zhifu.match_lesson l WHERE l.hospital_id = m.hospital_id AND l.payer_id = m.payer_id ORDER BY 1 LIMIT 1), m.content"
		" FROM zhifu.api_payer_look($1::uuid, $7::text, $2::text, $3::int4) CROSS JOIN zhifu.match_payer m"
		" CROSS JOIN LATERAL (SELECT (extract(epoch FROM m.at) * 1000000)::int8 AS us) t"
		" WHERE m.hospital_id = $1::uuid AND ($2::text IS NULL OR m.remitter = $2) AND ($3::int4 IS NULL OR m.kind = $3)"
		" AND ($4::int8 IS NULL OR (t.us, m.payer_id) > ($4::int8, $5::uuid)) ORDER BY 1, 2 LIMIT $6::int4",
		7},
	/* version, remitter, why, then kinds, hashes, ids and sealed names; or kinds and hashes */
	[DESK_PAYER_ADD] = {"desk_payer_add",
		"SELECT outcome, id, places, done FROM zhifu.api_payer_add($1::uuid, $2::text, $3::bytea, $4::bytea, $6::text, $7::text,"
		" $8::int2[], $9::bytea[], $10::uuid[], $11::bytea[]) WHERE $5::int4 IS NULL",
		11},
	[DESK_PAYER_FORGET] = {"desk_payer_forget",
		"SELECT outcome, id, places, done FROM zhifu.api_payer_forget($1::uuid, $2::text, $3::bytea, $4::bytea, NULL, $6::text,"
		" $7::text, $8::int2[], $9::bytea[]) WHERE $5::int4 IS NULL",
		9},
	[DESK_PAYER_FORGET_ONE] = {"desk_payer_forget_one",
		"SELECT outcome, id, places, done FROM zhifu.api_payer_forget($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, NULL,"
		" $7::text, NULL, NULL) WHERE $6::int4 IS NULL",
		7},
	[DESK_PERIODS] = {"desk_periods",
		"SELECT p.last_day, p.closed_at, p.who, coalesce((SELECT sum(v.closing_minor - v.carried_minor) FROM zhifu.revaluation v "
		" WHERE v.hospital_id = p.hospital_id AND v.last_day = p.last_day), 0)::bigint, h.book_currency, NULL::int4, coalesce((SELECT"
		" sum(CASE WHEN g.credit = 'PROV' THEN g.book_minor ELSE -g.book_minor END) FROM zhifu.provision v  JOIN zhifu.posting g ON"
		" g.hospital_id = v.hospital_id AND g.entry_id = v.entry_id  WHERE v.hospital_id = p.hospital_id AND v.last_day ="
		" p.last_day), 0)::bigint, h.book_currency, NULL::int4 FROM zhifu.period p JOIN zhifu.hospital h ON h.hospital_id ="
		" p.hospital_id WHERE p.hospital_id = $1::uuid ORDER BY p.last_day DESC LIMIT 240",
		1},
	[DESK_DECLARATIONS] = {"desk_declarations",
		"SELECT (d.due_day - date '1970-01-01')::int8, d.line_id, " DECLARATION_COLUMNS DECLARATION_FROM
		" WHERE d.hospital_id = $1::uuid AND ($2::int4 IS NULL OR d.status = $2) AND ($3::date IS NULL OR d.due_day <= $3)"
		" AND ($4::text IS NULL OR b.account = $4)" BEHIND(
			"d.due_day", "d.line_id", "5", "6") " ORDER BY d.due_day, d.line_id LIMIT $7::int4",
		7},
	[DESK_DECLARATION] = {"desk_declaration",
		"SELECT " DECLARATION_COLUMNS DECLARATION_FROM
		" WHERE d.hospital_id = $1::uuid AND d.line_id = $2::uuid",
		2},
	[DESK_DECLARATION_SET] = {"desk_declaration_set",
		ACT("'declaration.set'", "NULL", "NULL", "NULL", "NULL", "$7::text", "$8::text"), 8},
	[DESK_DECLARATION_DONE] = {"desk_declaration_done",
		ACT("'declaration.done'", "NULL", "NULL", "NULL", "NULL", "$7::text", "$8::text"), 8},
	[DESK_DECLARATION_NONE] = {"desk_declaration_none",
		ACT("'declaration.none'", "NULL", "NULL", "NULL", "NULL", "NULL", "$7::text"), 7},
	[DESK_WORK_ASSIGN] = {"desk_work_assign",
		ACT("'work.assign'", "NULL", "$7::int4", "NULL", "NULL", "$8::text", "$9::text"), 9},
	[DESK_REVALUATIONS] = {"desk_revaluations",
		"SELECT (r.last_day - date '1970-01-01')::int8, r.entry_id, r.last_day, r.entry_id, r.account, r.claim_id, s.ref, r.line_id,"
		" r.amount_minor, r.currency, r.exponent::int4, r.carried_minor, h.book_currency, NULL::int4, r.closing_minor, h.book_currency,"
		" NULL::int4, r.closing_minor - r.carried_minor, h.book_currency, NULL::int4, r.reversal_id FROM zhifu.revaluation r"
		" JOIN zhifu.hospital h ON h.hospital_id = r.hospital_id"
		" LEFT JOIN zhifu.claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = r.claim_id"
		" WHERE r.hospital_id = $1::uuid AND ($2::date IS NULL OR date_trunc('month', r.last_day) = date_trunc('month', $2))"
		" AND ($3::uuid IS NULL OR r.claim_id = $3)" BEHIND(
			"r.last_day", "r.entry_id", "4", "5") " ORDER BY r.last_day, r.entry_id LIMIT $6::int4",
		6},
	[DESK_PROVISIONS] = {"desk_provisions",
		"SELECT (r.last_day - date '1970-01-01')::int8, r.entry_id, r.last_day, r.entry_id, r.claim_id, s.ref, r.base_minor, h.book_currency,"
		" NULL::int4, r.age_days, r.basis_points::int8, 4::int4, r.minor, h.book_currency, NULL::int4 FROM zhifu.provision r"
		" JOIN zhifu.hospital h ON h.hospital_id = r.hospital_id"
		" JOIN zhifu.claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = r.claim_id"
		" WHERE r.hospital_id = $1::uuid AND ($2::date IS NULL OR date_trunc('month', r.last_day) = date_trunc('month', $2))"
		" AND ($3::uuid IS NULL OR r.claim_id = $3)" BEHIND(
			"r.last_day", "r.entry_id", "4", "5") " ORDER BY r.last_day, r.entry_id LIMIT $6::int4",
		6},
	[DESK_WRITE_OFFS] = {"desk_write_offs",
		"SELECT ((w.made_at AT TIME ZONE 'UTC')::date - date '1970-01-01')::int8, w.write_off_id, w.write_off_id, coalesce(r.of_claim, w.claim_id), s.ref,"
		" CASE WHEN r.of_claim IS NOT NULL THEN r.carrier END, w.amount_minor, w.currency, w.exponent::int4, w.book_minor, h.book_currency, NULL::int4, w.provided_minor, h.book_currency,"
		" NULL::int4, w.role, w.limit_minor, h.book_currency, NULL::int4, w.who, w.made_at, w.why IS NOT NULL, w.undone_entry,"
		" w.undone_by, w.undone_at FROM zhifu.write_off w"
		" JOIN zhifu.hospital h ON h.hospital_id = w.hospital_id"
		" LEFT JOIN zhifu.receivable r ON r.hospital_id = w.hospital_id AND r.claim_id = w.claim_id"
		" JOIN zhifu.claim_state s ON s.hospital_id = w.hospital_id AND s.claim_id = coalesce(r.of_claim, w.claim_id)"
		" WHERE w.hospital_id = $1::uuid AND ($2::uuid IS NULL OR $2 IN (w.claim_id, r.of_claim))" BEHIND(
			"(w.made_at AT TIME ZONE 'UTC')::date", "w.write_off_id", "3",
			"4") " ORDER BY 1, 2 LIMIT $5::int4",
		5},
	[DESK_ORDERS] = {"desk_orders",
		"SELECT (o.book_day - date '1970-01-01')::int8, o.order_id, " ORDER_COLUMNS
		" AND ($2::text IS NULL OR o.account = $2) AND ($3::bool IS NULL OR $3 = (o.cleared_line IS NULL AND o.cancel_id IS NULL))" BEHIND(
			"o.book_day", "o.order_id", "4", "5") " ORDER BY o.book_day, o.order_id LIMIT $6::int4",
		6},
	[DESK_ORDER] = {"desk_order", "SELECT " ORDER_COLUMNS " AND o.order_id = $2::uuid", 2},
	[DESK_ORDER_MAKE] = {"desk_order_make",
		TREASURY("order.make", "NULL", "$7::uuid", "$8::int8", "$9::text", "$11::date", "NULL", "$12::text",
			"NULL", "NULL", "NULL") " AND ($10::int4 IS NULL OR true)",
		12},
	[DESK_ORDER_CLEAR] = {"desk_order_clear",
		TREASURY("order.clear", "$5::uuid", "$7::uuid", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL",
			"NULL"),
		7},
	[DESK_ORDER_CANCEL] = {"desk_order_cancel",
		TREASURY("order.cancel", "$5::uuid", "NULL", "NULL", "NULL", "NULL", "NULL", "$7::text", "NULL", "NULL",
			"NULL"),
		7},
	[DESK_SALES] = {"desk_sales",
		"SELECT ((c.made_at AT TIME ZONE 'UTC')::date - date '1970-01-01')::int8, c.sale_id, " SALE_COLUMNS
			BEHIND("(c.made_at AT TIME ZONE 'UTC')::date", "c.sale_id", "2",
				"3") " ORDER BY 1, 2 LIMIT $4::int4",
		4},
	[DESK_SALE] = {"desk_sale", "SELECT " SALE_COLUMNS " AND c.sale_id = $2::uuid", 2},
	[DESK_SALE_POST] = {"desk_sale_post",
		TREASURY("sale", "$7::uuid", "$8::uuid", "NULL", "NULL", "NULL", "NULL", "$9::text", "NULL", "NULL",
			"NULL"),
		9},
	[DESK_ACQUIRERS] = {"desk_acquirers",
		"SELECT a.acquirer, a.clearing, a.payments, a.since, a.minor, a.currency, a.exponent::int4"
		" FROM zhifu.acquirer_waiting($1::uuid, coalesce($2::date, 'infinity')) a ORDER BY 1, 2",
		2},
	[DESK_ACQUIRER_SETTLE] = {"desk_acquirer_settle",
		TREASURY("acquirer", "NULL", "$8::uuid", "$9::int8", "$10::text", "$12::date", "$7::text", "$14::text",
			"$13::text[]", "$15::uuid", "$16::bytea") " AND ($11::int4 IS NULL OR true)",
		16},
	[DESK_SETTLEMENT] = {"desk_settlement",
		"SELECT s.settlement_id, s.acquirer, s.clearing, s.line_id, s.gross_minor, s.currency, s.exponent::int4, s.fee_minor,"
		" s.currency, s.exponent::int4, s.book_day, s.who, s.undone_entry, s.undone_by, s.undone_at FROM zhifu.acquirer_settlement s"
		" WHERE s.hospital_id = $1::uuid AND s.settlement_id = $2::uuid",
		2},
	[DESK_COORDINATIONS] = {"desk_coordinations",
		"SELECT (k.book_day - date '1970-01-01')::int8, k.coordination_id, " COORDINATION_COLUMNS
		" AND ($2::uuid IS NULL OR k.claim_id = $2)" BEHIND(
			"k.book_day", "k.coordination_id", "3", "4") " ORDER BY 1, 2 LIMIT $5::int4",
		5},
	[DESK_COORDINATION] = {"desk_coordination", "SELECT " COORDINATION_COLUMNS " AND k.coordination_id = $2::uuid",
		2},
	[DESK_COORDINATION_POST] = {"desk_coordination_post",
		COORDINATION("post", "",
			"$9::date, $8::int4, $10::text, $11::int8, $12::int8, $13::text, $14::int8, $15::int8, $16::int8, $17::int8,"
			" $18::int8, $19::int8"),
		19},
	[DESK_COORDINATION_UNDO] = {"desk_coordination_undo", COORDINATION("undo", "", "$9::date, $8::int4"), 9},
	[DESK_COORDINATION_PAY] = {"desk_coordination_pay",
		COORDINATION("pay", ", id, owed, currency, exponent",
			"NULL, $8::int4, p_by => $9::text, p_minor => $10::int8, p_currency => $11::text, p_of => $12::uuid"),
		12},
	/* The position's number is that of the posting and its step. */
	[DESK_CONVERSIONS] = {"desk_conversions",
		"SELECT c.no::int8 << 16 | c.step, c.entry_id, c.entry_id, CASE WHEN c.no > 0 THEN c.no END::int4,"
		" CASE WHEN c.no < 0 THEN -c.no END::int4, c.step::int4, c.rate_id, r.source::int4, r.base, r.quote,"
		" r.per, r.digits, r.scale::int4, r.day, c.multiplied, c.rounding::int4, c.from_minor, c.from_currency, c.from_exponent::int4,"
		" c.to_minor, c.to_currency, c.to_exponent::int4, zhifu.rate_instead(c.rate_id), n.minor,"
		" CASE WHEN n.minor IS NOT NULL THEN c.to_currency END, c.to_exponent::int4"
		" FROM zhifu.conversion c JOIN zhifu.rate_seen r ON r.rate_id = c.rate_id"
		" CROSS JOIN LATERAL (SELECT CASE WHEN zhifu.rate_instead(c.rate_id) IS NOT NULL"
		"  THEN zhifu.conversion_now(c.hospital_id, c.entry_id, c.no) END AS minor) n"
		" WHERE c.hospital_id = $1::uuid AND ($2::uuid IS NULL OR c.entry_id = $2) AND ($3::uuid IS NULL OR c.rate_id = $3)"
		" AND ($4::bool IS NOT TRUE OR c.rate_id = ANY (ARRAY(SELECT zhifu.rate_corrected())))"
		" AND ($5::int8 IS NULL OR (c.entry_id, c.no, c.step) > ($6::uuid, ($5::int8 >> 16)::int4, ($5::int8 & 65535)::int4))"
		" ORDER BY c.entry_id, c.no, c.step LIMIT $7::int4",
		7},
	[DESK_PATIENT_ACCOUNTS] = {"desk_patient_accounts",
		"SELECT 0::int8, a.account_id, " PATIENT_ACCOUNT
		" AND ($2::uuid IS NULL OR a.claim_id = $2) AND ($3::text IS NULL OR a.stay = zhifu.stay_known($1, $3))"
		" AND ($4::int8 IS NULL OR a.account_id > $5::uuid) ORDER BY a.account_id LIMIT $6::int4",
		6},
	[DESK_PATIENT_ACCOUNT] = {"desk_patient_account", "SELECT " PATIENT_ACCOUNT " AND a.account_id = $2::uuid", 2},
	[DESK_PATIENT_PAYMENTS] = {"desk_patient_payments",
		"SELECT (p.book_day - date '1970-01-01')::int8, p.payment_id, " PATIENT_PAYMENT
		" AND ($2::uuid IS NULL OR p.account_id = $2) AND ($3::date IS NULL OR p.book_day >= $3)"
		" AND ($4::date IS NULL OR p.book_day <= $4)" BEHIND(
			"p.book_day", "p.payment_id", "5", "6") " ORDER BY p.book_day, p.payment_id LIMIT $7::int4",
		7},
	[DESK_PATIENT_PAYMENT] = {"desk_patient_payment", "SELECT " PATIENT_PAYMENT " AND p.payment_id = $2::uuid", 2},
	/* claim, stay, amount, why (never: it is behind, sealed), id, sealed; of a bill the exponent of the books */
	[DESK_PATIENT_QUOTE] = {"desk_patient_quote",
		PATIENT("quote",
			"$13::uuid, $14::bytea, $7::uuid, $8::text, $9::int8, $10::text, $11::int4") " WHERE $12::text IS NULL",
		14},
	[DESK_PATIENT_BILL] = {"desk_patient_bill",
		PATIENT("bill",
			"$18::uuid, $19::bytea, $7::uuid, $8::text, $9::int8, coalesce($10::text, $13::text),"
			" coalesce($11::int4, $14::int4, $20::int4), p_other => $12::int8, p_vat => $15::int8, p_day => $16::date,"
			" p_other_currency => $13::text") " WHERE $17::text IS NULL",
		20},
	[DESK_PATIENT_PAY] = {"desk_patient_pay",
		PATIENT("pay",
			"$18::uuid, $19::bytea, $7::uuid, $8::text, $11::int8, $12::text, $13::int4, p_kind => $9::int4,"
			" p_method => $10::int4, p_acquirer => $14::text, p_reference => $15::text,"
			" p_line => $16::uuid, p_day => $17::date"),
		19},
	[DESK_PATIENT_REFUND] = {"desk_patient_refund",
		PATIENT("refund", "$13::uuid, $14::bytea, NULL, NULL, $7::int8, $8::text, $9::int4, p_kind => 3,"
				  " p_reference => $10::text, p_day => $11::date") " WHERE $12::text IS NULL",
		14},
	[DESK_PATIENT_CHARGEBACK] = {"desk_patient_chargeback",
		PATIENT("chargeback", "$13::uuid, $14::bytea, NULL, NULL, $7::int8, $8::text, $9::int4, p_kind => 4,"
				      " p_reference => $10::text, p_day => $11::date") " WHERE $12::text IS NULL",
		14},
	/* stay, day, why (never), id, sealed, exponent of the books */
	[DESK_STAY_CLOSE] = {"desk_stay_close",
		PATIENT("close",
			"$10::uuid, $11::bytea, NULL, $7::text, NULL, NULL, $12::int4, p_day => $8::date") " WHERE $9::text IS NULL",
		12},
	[DESK_WAITING] = {"desk_waiting",
		"SELECT w.carrier, w.day, w.items, w.minor, w.currency, w.exponent::int4, w.wanted, w.source,"
		" array_position(ARRAY['price-list', 'price-currency'], w.lacks)::int4, w.list FROM zhifu.rate_waiting($1::uuid) w",
		1},
	/* $8 to $10: years, days of alert and what interrupts, of the configuration. */
	[DESK_LIMITATIONS] = {"desk_limitations",
		"SELECT (l.ends - date '1970-01-01')::int8, l.claim_id, l.claim_id, s.ref, l.carrier, l.open_minor, l.currency,"
		" l.exponent::int4, l.due_day, l.demanded, l.alert_day, l.ends, l.ends - d.day, l.state FROM (SELECT coalesce($2::date, (now()"
		" AT TIME ZONE h.zone)::date) AS day FROM zhifu.hospital h WHERE h.hospital_id = $1::uuid) d CROSS JOIN LATERAL"
		" zhifu.limitation_list($1::uuid, d.day, $8::int4, $9::int4, $10::int4, NOT coalesce($3::bool, false)) l LEFT JOIN zhifu.receivable r ON r.hospital_id = $1 AND r.claim_id = l.claim_id"
		" LEFT JOIN zhifu.claim_state s ON s.hospital_id = $1 AND s.claim_id = coalesce(r.of_claim, l.claim_id) WHERE (coalesce($3::bool, false) OR l.state > 0) AND ($4::text IS NULL OR l.carrier = $4)" BEHIND(
			"l.ends", "l.claim_id", "5", "6") " ORDER BY l.ends, l.claim_id LIMIT $7::int4",
		10},
	[DESK_DEMANDS] = {"desk_demands",
		"SELECT (d.delivered - date '1970-01-01')::int8, d.demand_id, " DEMAND
		" AND ($2::uuid IS NULL OR $2 IN (d.claim_id, r.of_claim))" BEHIND(
			"d.delivered", "d.demand_id", "3", "4") " ORDER BY d.delivered, d.demand_id LIMIT $5::int4",
		5},
	[DESK_DEMAND] = {"desk_demand", "SELECT " DEMAND " AND d.demand_id = $2::uuid", 2},
	[DESK_DEMAND_ADD] = {"desk_demand_add",
		"SELECT outcome, id, places FROM zhifu.api_demand($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4, $7::date,"
		" $8::text, $9::int4, $10::int4, $11::int4)",
		11},
	/* What a person did is taken back: why; of a write-off role, limit, exponent of the books; of a settlement its
	 * entry and why, sealed; of a demand years and what interrupts. */
	[DESK_WRITE_OFF_UNDO] = {"desk_write_off_undo",
		UNDO("write_off",
			"$7::text, p_role => $8::text, p_limit => $9::int8") " WHERE $10::int4 IS NULL OR true",
		10},
	[DESK_SALE_UNDO] = {"desk_sale_undo", UNDO("sale", "$7::text"), 7},
	[DESK_ORDER_UNCLEAR] = {"desk_order_unclear", UNDO("order", "$7::text"), 7},
	[DESK_SETTLEMENT_UNDO] = {"desk_settlement_undo", UNDO("acquirer", "$7::text, $8::uuid, $9::bytea"), 9},
	[DESK_DEMAND_UNDO] = {"desk_demand_undo",
		UNDO("demand", "$7::text, p_years => $8::int4, p_interrupts => $9::int4"), 9},
	/* amount, why; role, limit, exponent of the books */
	[DESK_WRITE_OFF] = {"desk_write_off",
		"SELECT outcome, id, places FROM zhifu.api_write_off($1::uuid, $2::text, $3::bytea, $4::bytea, $5::uuid, $6::int4, $7::int8,"
		" $8::text, $10::text, $11::text, $12::int8, $13::int4) WHERE ($9::int4 IS NULL OR true)",
		13},
	[DESK_DECLARATION_ADD] = {"desk_declaration_add",
		"SELECT outcome, id, places FROM zhifu.api_declaration_add($1::uuid, $2::text, $3::bytea, $4::bytea, $7::uuid, $8::text,"
		" $9::date, $10::bool, $11::text) WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		11},
	[DESK_DECLARATIONS_ASSUMED] = {"desk_declarations_assumed",
		"SELECT d.no, d.credit_day FROM zhifu.declaration d WHERE d.hospital_id = $1::uuid AND d.status = 1 AND d.due_assumed",
		1},
	[DESK_DECLARATION_RECOUNT] = {"desk_declaration_recount",
		"SELECT outcome, id, places, recounted FROM zhifu.api_declaration_recount($1::uuid, $2::text, $3::bytea, $4::bytea,"
		" $7::text, $8::int4[], $9::date[]) WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		9},
	[DESK_INSPECTORS] = {"desk_inspectors",
		"SELECT i.name, i.last_day, array_position(ARRAY['stands', 'over', 'ended'], i.standing), i.looks, i.refused, i.last_look,"
		" i.maker, i.made_at, i.why, i.ended_by, i.ended_at, i.ended_why FROM zhifu.inspector_list($1::uuid) i",
		1},
	/* Newest first: the position's number is the moment. */
	[DESK_INSPECTOR_LOOKS] = {"desk_inspector_looks",
		"SELECT m.us, l.look_id, l.look_id, l.at, l.name, l.report, l.arguments, l.refused, l.address"
		" FROM zhifu.inspector_looks($1::uuid, $2::text) l"
		" CROSS JOIN LATERAL (SELECT (extract(epoch FROM l.at) * 1000000)::int8 AS us) m"
		" WHERE $3::int8 IS NULL OR (m.us, l.look_id) < ($3::int8, $4::uuid) ORDER BY m.us DESC, l.look_id DESC LIMIT $5::int4",
		5},
	[DESK_INSPECTOR_GRANT] = {"desk_inspector_grant",
		"SELECT outcome, id, places, name, until, pass FROM zhifu.api_inspector_grant($1::uuid, $2::text, $3::bytea, $4::bytea,"
		" $7::text, $8::date, $9::text) WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		9},
	[DESK_INSPECTOR_LOOK] = {"desk_inspector_look",
		"SELECT zhifu.inspector_client_look($1::uuid, $2::text, $3::text, nullif($4::text, ''))", 4},
	[DESK_INSPECTOR_END] = {"desk_inspector_end",
		"SELECT outcome, id, places, ended FROM zhifu.api_inspector_end($1::uuid, $2::text, $3::bytea, $4::bytea, $7::text,"
		" $8::text) WHERE $5::uuid IS NULL AND $6::int4 IS NULL",
		8},
	[DESK_TAKE_BACK] = {"desk_take_back",
		"SELECT $2::uuid, t.taken, t.currency, t.exponent::int4, t.accepted, t.currency, t.exponent::int4, t.acceptable, t.currency,"
		" t.exponent::int4, t.revenue, t.book_currency, t.book_exponent::int4, t.left_revenue, t.book_currency,"
		" t.book_exponent::int4 FROM zhifu.take_back_figures($1::uuid, $2::uuid) t",
		2},
	/* amount, why */
	[DESK_TAKE_BACK_ACCEPT] = {"desk_take_back_accept",
		DISPUTE("accept",
			"$7::int8, $8::text, NULL, NULL, NULL, NULL, NULL, $10::text, NULL, NULL, NULL") " WHERE ($9::int4 IS NULL OR true)",
		10},
	[DESK_CONCESSIONS] = {"desk_concessions",
		"SELECT ((c.made_at AT TIME ZONE 'UTC')::date - date '1970-01-01')::int8, c.concession_id, c.concession_id, coalesce(r.of_claim, c.claim_id), s.ref,"
		" CASE WHEN r.of_claim IS NOT NULL THEN r.carrier END,"
		" c.kind::int4, c.amount_minor, c.currency, c.exponent::int4, c.taken_minor, c.currency, c.exponent::int4, c.value_minor,"
		" h.book_currency, h.book_exponent::int4, c.value_minor - c.book_minor, h.book_currency, h.book_exponent::int4, c.by_policy,"
		" c.who, c.made_at, c.why IS NOT NULL, c.undoes FROM zhifu.concession c JOIN zhifu.hospital h ON h.hospital_id = c.hospital_id"
		" LEFT JOIN zhifu.receivable r ON r.hospital_id = c.hospital_id AND r.claim_id = c.claim_id"
		" JOIN zhifu.claim_state s ON s.hospital_id = c.hospital_id AND s.claim_id = coalesce(r.of_claim, c.claim_id)"
		" WHERE c.hospital_id = $1::uuid AND ($2::uuid IS NULL OR $2 IN (c.claim_id, r.of_claim))" BEHIND(
			"(c.made_at AT TIME ZONE 'UTC')::date", "c.concession_id", "3",
			"4") " ORDER BY 1, 2 LIMIT $5::int4",
		5},
	[DESK_CONCESSION_UNDO] = {"desk_concession_undo",
		DISPUTE("undo", "NULL, NULL, NULL, NULL, NULL, NULL, NULL, $7::text, NULL, NULL, NULL"), 7},
	[DESK_DISPUTES] = {"desk_disputes",
		"SELECT ((d.opened_at AT TIME ZONE 'UTC')::date - date '1970-01-01')::int8, d.dispute_id, d.dispute_id, coalesce(r.of_claim, d.claim_id), s.ref,"
		" CASE WHEN r.of_claim IS NOT NULL THEN r.carrier END,"
		" r.carrier, d.about::int4, d.reason, d.amount_minor, d.currency, d.exponent::int4, r.open_minor, r.currency, r.exponent::int4,"
		" d.due_day, d.state::int4, d.outcome::int4, d.who, d.opened_at, d.decided_by, d.decided_at FROM zhifu.dispute d"
		" JOIN zhifu.receivable r ON r.hospital_id = d.hospital_id AND r.claim_id = d.claim_id"
		" JOIN zhifu.claim_state s ON s.hospital_id = d.hospital_id AND s.claim_id = coalesce(r.of_claim, d.claim_id)"
		" WHERE d.hospital_id = $1::uuid AND ($2::uuid IS NULL OR $2 IN (d.claim_id, r.of_claim)) AND ($3::int4 IS NULL OR d.state = $3)" BEHIND(
			"(d.opened_at AT TIME ZONE 'UTC')::date", "d.dispute_id", "4",
			"5") " ORDER BY 1, 2 LIMIT $6::int4",
		6},
	/* Steps of a day are in no order but that of their time: the position is that, in microseconds. */
	[DESK_DISPUTE_STEPS] = {"desk_dispute_steps",
		"SELECT (extract(epoch FROM t.at) * 1000000)::int8, t.step_id, t.dispute_id, coalesce(r.of_claim, d.claim_id), CASE WHEN r.of_claim IS NOT NULL THEN r.carrier END, t.step::int4, t.day, t.reason,"
		" t.content IS NOT NULL, t.who, t.at FROM zhifu.dispute d JOIN zhifu.dispute_step t ON t.hospital_id = d.hospital_id"
		" AND t.dispute_id = d.dispute_id LEFT JOIN zhifu.receivable r ON r.hospital_id = d.hospital_id AND r.claim_id = d.claim_id"
		" WHERE d.hospital_id = $1::uuid AND ($2::uuid IS NULL OR $2 IN (d.claim_id, r.of_claim))"
		" AND ($3::int8 IS NULL OR ((extract(epoch FROM t.at) * 1000000)::int8, t.step_id) > ($3::int8, $4::uuid))"
		" ORDER BY 1, 2 LIMIT $5::int4",
		5},
	/* reason, words, owner */
	[DESK_DISPUTE_OPEN] = {"desk_dispute_open",
		DISPUTE("open", "NULL, NULL, NULL, $7::text, $8::text, NULL, NULL, $9::text, NULL, NULL, NULL"), 9},
	/* sent, due, reason, words */
	[DESK_DISPUTE_APPEAL] = {"desk_dispute_appeal",
		DISPUTE("appeal", "NULL, NULL, NULL, $9::text, $10::text, $7::date, $8::date, NULL, NULL, NULL, NULL"),
		10},
	/* by, reason, words */
	[DESK_DISPUTE_WON] = {"desk_dispute_won",
		DISPUTE("won", "NULL, NULL, $7::int4, $8::text, $9::text, NULL, NULL, NULL, NULL, NULL, NULL"), 9},
	/* as, amount, reason, words; role, limit, exponent of the books */
	[DESK_DISPUTE_LOST] = {"desk_dispute_lost",
		DISPUTE("lost",
			"$8::int8, $9::text, 2 + $7::int4, $11::text, $12::text, NULL, NULL, NULL, $13::text, $14::int8, $15::int4") " WHERE ($10::int4"
																     " IS NULL OR true)",
		15},
	/* reason, words */
	[DESK_DISPUTE_WITHDRAW] = {"desk_dispute_withdraw",
		DISPUTE("withdraw", "NULL, NULL, NULL, $7::text, $8::text, NULL, NULL, NULL, NULL, NULL, NULL"), 8},
};

const struct db_table desk_table = {desk_sql, ARRAY_LEN(desk_sql)};
