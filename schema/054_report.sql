-- What finance sees: who looks after what, how payers answer and pay, what exchange rates did; what is open and since when is in
-- 068_open.sql. Nothing here names a person. Days are the hospital's; where a day is asked for, NULL is today. Ages are counted to
-- that day, amounts are as they stand now. Lists come by pages: from behind (p_after_day, p_after), at most p_limit rows, in the
-- order of (sort_day, id). Amounts of several currencies are never added up.
--
-- All ask report_allow() (058_inspector.sql) whether the session may read this hospital. They are PL/pgSQL so that it is asked
-- before anything is read, and that plans are kept.
SET search_path = zhifu;

-- Who looks after a claim on a work list, where a person said so; else report_owner() does.
CREATE TABLE work_owner (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	list        text NOT NULL CHECK (list IN ('short', 'takeback', 'dispute', 'denied', 'overpaid', 'patient')),
	owner       text NOT NULL CHECK (btrim(owner) <> ''),
	who         text NOT NULL CHECK (who <> ''),
	why         text NOT NULL CHECK (why <> ''), -- as a program says it; of a person, who said so
	at          timestamptz NOT NULL DEFAULT now(),
	version     integer NOT NULL DEFAULT 1,
	PRIMARY KEY (hospital_id, claim_id, list)
);
ALTER TABLE work_owner ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON work_owner TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON work_owner FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE ON work_owner TO zhifu_writer;
GRANT SELECT ON work_owner TO zhifu_operator;

CREATE FUNCTION report_owner(p_list text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_list IN ('takeback', 'dispute', 'denied') THEN 'insurance-officer' WHEN p_list = 'patient' THEN 'cashier' ELSE 'finance' END
$$;

-- Gives an item of a work list to somebody. p_why: as a program says it; p_words: what a person wrote, as operator_write() takes it for the
-- claim. False: the hospital has no receivable of this claim.
CREATE FUNCTION work_assign(p_hospital uuid, p_claim uuid, p_list text, p_owner text, p_who text, p_why text, p_words text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'an owner is set by somebody, who says why';
	END IF;
	PERFORM 1 FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	IF EXISTS (SELECT 1 FROM work_owner w WHERE w.hospital_id = p_hospital AND w.claim_id = p_claim AND w.list = p_list
		AND (w.owner, w.who, w.why) = (p_owner, p_who, p_why))
		AND (p_words IS NULL OR operator_wrote(p_hospital, p_who, 'work.assign', p_claim, p_words)) THEN
		RETURN true;
	END IF;
	INSERT INTO work_owner (hospital_id, claim_id, list, owner, who, why) VALUES (p_hospital, p_claim, p_list, p_owner, p_who, p_why)
	ON CONFLICT (hospital_id, claim_id, list) DO UPDATE SET owner = excluded.owner, who = excluded.who, why = excluded.why, at = now(),
		version = work_owner.version + 1;
	PERFORM operator_write(p_hospital, p_who, 'work.assign', p_claim, concat_ws(': ', p_list, p_owner, p_why), p_words);
	RETURN true;
END
$$;

-- How often owners of it were set: with the receivable's version, which matching goes by and so stays as it is, that of what /v1 tells.
CREATE FUNCTION work_version(p_hospital uuid, p_claim uuid) RETURNS integer LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(sum(w.version), 0)::integer FROM work_owner w WHERE w.hospital_id = p_hospital AND w.claim_id = p_claim
$$;

-- The age bands: 0 not due yet, 1 to 30 days, 2 to 60, 3 to 90, 4 to 180, 5 to 365, 6 older.
CREATE FUNCTION report_band(p_age integer) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT width_bucket(p_age, ARRAY[0, 31, 61, 91, 181, 366])::smallint
$$;

-- The hospital's day: p_day, or today.
CREATE FUNCTION report_day(p_hospital uuid, p_day date) RETURNS date LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(p_day, (now() AT TIME ZONE h.zone)::date) FROM hospital h WHERE h.hospital_id = p_hospital
$$;

-- ---- work lists ----

-- What exchange rates did, without looking at what claims post.
CREATE INDEX posting_fx ON posting (hospital_id, book_day) WHERE debit = 'FX' OR credit = 'FX';
-- Likewise what patients owe for claims.
CREATE INDEX posting_patient ON posting (hospital_id, claim_id) WHERE debit = 'AR-PT' OR credit = 'AR-PT';
-- And what is owed to carriers for what they paid too much.
CREATE INDEX posting_over ON posting (hospital_id) WHERE debit LIKE 'OVERPAID-%' OR credit LIKE 'OVERPAID-%';

-- What was allocated and not undone.
CREATE VIEW allocation_kept WITH (security_invoker = true) AS
	SELECT a.* FROM allocation a WHERE a.undoes IS NULL
		AND NOT EXISTS (SELECT 1 FROM allocation u WHERE u.hospital_id = a.hospital_id AND u.undoes = a.allocation_id);
GRANT SELECT ON allocation_kept TO zhifu_writer;

-- The days on which an appeal against a denial of that contract must be in: as many as its document says, from the answer.
CREATE FUNCTION report_appeal_days(p_hospital uuid, p_contract uuid, p_version integer) RETURNS integer LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT (c.document->>'appeal_days')::integer FROM contract c
		WHERE c.hospital_id = p_hospital AND c.contract_id = p_contract AND c.version = p_version), 30)
$$;

-- One work list:
--   short     less came than is owed, and the rest is open. minor: that rest
--   takeback  the payer took money back, and the claim is open again for it. minor: what was taken back, had not come too much and
--             is not accepted
--   dispute   the hospital does not agree. minor: what is open; due_day: until when the payer is to answer the appeal
--   denied    minor: what is open; due_day: until when an appeal must be in
--   overpaid  more came than is owed, as it is decided by now: a liability. minor: in the book currency
--   patient   the patient's share of a claim is open. minor: that, in the book currency
-- since: the day of the payment, the take-back, the dispute, the answer; of the patient's share the day since when it is as it is.
CREATE FUNCTION report_work(p_hospital uuid, p_list text, p_day date, p_carrier text, p_owner text, p_after_day date, p_after uuid,
	p_limit integer)
RETURNS TABLE (claim_id uuid, ref text, carrier text, remitter text, minor bigint, currency text, exponent smallint, open_minor bigint,
	open_currency text, open_exponent smallint, since date, due_day date, days integer, standing smallint, owner text, owner_who text,
	owner_why text, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
	zone text;
	book text;
BEGIN
	PERFORM report_allow(p_hospital, p_list);
	IF p_list NOT IN ('short', 'takeback', 'dispute', 'denied', 'overpaid', 'patient') THEN
		RAISE EXCEPTION 'there is no work list "%"', p_list;
	END IF;
	today := report_day(p_hospital, p_day);
	SELECT h.zone, h.book_currency INTO zone, book FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY WITH item AS (
		SELECT r.claim_id, r.open_minor AS minor, r.currency, r.exponent, p.since, NULL::date AS due
		FROM receivable r CROSS JOIN LATERAL (SELECT sum(a.cleared_minor) AS paid, max(b.booked_day) AS since
			FROM allocation_kept a JOIN bank_line b ON b.hospital_id = a.hospital_id AND b.line_id = a.line_id
			WHERE a.hospital_id = r.hospital_id AND a.claim_id = r.claim_id AND a.kind IN (0, 3)) p
		WHERE p_list = 'short' AND r.hospital_id = p_hospital AND r.standing = 1 AND r.open_minor < r.owed_minor AND p.paid > 0
		UNION ALL
		SELECT r.claim_id, t.minor, r.currency, r.exponent, t.since, NULL
		FROM (SELECT k.claim_id, sum(k.taken - coalesce(o.minor, 0))::bigint - (concession_sum(p_hospital, k.claim_id)).taken AS minor, max(k.since) AS since
			FROM (SELECT a.claim_id, a.allocation_id, -sum(a.cleared_minor) AS taken, max((a.made_at AT TIME ZONE zone)::date) AS since
				FROM allocation_kept a WHERE a.hospital_id = p_hospital AND a.kind = 3 GROUP BY 1, 2) k
			-- What of it was owed back is not open for it.
			LEFT JOIN LATERAL (SELECT sum(p.amount_minor) AS minor FROM receivable i JOIN posting p ON p.hospital_id = i.hospital_id
					AND p.claim_id = coalesce(i.of_claim, i.claim_id) AND p.credit = 'AR-' || upper(i.carrier)
				WHERE i.hospital_id = p_hospital AND i.claim_id = k.claim_id AND p.entry_id = k.allocation_id AND p.rule = 'over_decided') o
				ON true GROUP BY 1) t
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.claim_id
		WHERE p_list = 'takeback' AND r.standing <> 2 AND t.minor > 0
		UNION ALL
		SELECT r.claim_id, r.open_minor, r.currency, r.exponent, coalesce((d.opened_at AT TIME ZONE zone)::date,
			(SELECT max((a.made_at AT TIME ZONE zone)::date) FROM allocation_kept a WHERE a.hospital_id = r.hospital_id
				AND a.claim_id = r.claim_id), r.billed_day), d.due_day
		FROM receivable r LEFT JOIN dispute d ON d.hospital_id = r.hospital_id AND d.claim_id = r.claim_id AND d.state = 1
		WHERE p_list = 'dispute' AND r.hospital_id = p_hospital AND r.standing <> 2 AND (r.standing = 4 OR d.dispute_id IS NOT NULL)
		UNION ALL
		SELECT d.claim_id, d.open_minor, d.currency, d.exponent, d.since, d.since + report_appeal_days(p_hospital, d.contract_id, d.contract_version)
		FROM (SELECT r.*, coalesce(
				(SELECT max((e.at AT TIME ZONE zone)::date) FROM claim_event e WHERE e.hospital_id = r.hospital_id AND e.claim_id = r.claim_id
					AND e.axis = 3 AND e.to_state = 5),
				(SELECT max((coalesce(m.created_at, a.made_at) AT TIME ZONE zone)::date) FROM allocation_kept a
					LEFT JOIN remittance m ON m.hospital_id = a.hospital_id AND m.remittance_id = a.remittance_id
					WHERE a.hospital_id = r.hospital_id AND a.claim_id = r.claim_id AND a.kind = 2), r.billed_day) AS since
			FROM receivable r WHERE r.hospital_id = p_hospital AND r.standing = 3) d
		WHERE p_list = 'denied'
		UNION ALL
		SELECT r.claim_id, o.minor, book, NULL::smallint, o.since, NULL
		FROM (SELECT p.claim_id, CASE WHEN p.credit LIKE 'OVERPAID-%' THEN p.credit ELSE p.debit END AS account, sum(CASE WHEN p.credit LIKE 'OVERPAID-%' THEN p.book_minor ELSE -p.book_minor END)::bigint AS minor,
				max(coalesce(b.booked_day, p.book_day)) FILTER (WHERE p.credit LIKE 'OVERPAID-%') AS since
			FROM posting p LEFT JOIN bank_line b ON b.hospital_id = p.hospital_id AND b.line_id = p.source_id
			WHERE p.hospital_id = p_hospital AND (p.debit LIKE 'OVERPAID-%' OR p.credit LIKE 'OVERPAID-%') AND p.rule NOT LIKE 'reval%'
			GROUP BY 1, 2) o
		CROSS JOIN LATERAL receivable_parts(p_hospital, o.claim_id) r
		WHERE p_list = 'overpaid' AND o.minor <> 0 AND o.account = 'OVERPAID-' || upper(r.carrier)
		UNION ALL
		SELECT p.claim_id, p.minor, book, NULL, p.since, NULL
		FROM (SELECT g.claim_id, sum(CASE g.debit WHEN 'AR-PT' THEN g.book_minor ELSE -g.book_minor END)::bigint AS minor,
				max(g.book_day) AS since
			FROM posting g WHERE g.hospital_id = p_hospital AND (g.debit = 'AR-PT' OR g.credit = 'AR-PT') AND g.claim_id IS NOT NULL
			GROUP BY g.claim_id) p
		WHERE p_list = 'patient' AND p.minor > 0
	)
	SELECT i.claim_id, s.ref, r.carrier, r.remitter, i.minor, i.currency, i.exponent, r.open_minor, r.currency, r.exponent, i.since, i.due,
		today - i.since, r.standing, coalesce(w.owner, report_owner(p_list)), w.who, CASE WHEN NOT report_inspected() THEN w.why END,
		coalesce(i.due, i.since)
	FROM item i JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = i.claim_id
	JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = coalesce(r.of_claim, r.claim_id)
	LEFT JOIN work_owner w ON w.hospital_id = p_hospital AND w.claim_id = i.claim_id AND w.list = p_list
	WHERE (p_carrier IS NULL OR r.carrier = p_carrier) AND (p_owner IS NULL OR coalesce(w.owner, report_owner(p_list)) = p_owner)
		AND (p_after IS NULL OR (coalesce(i.due, i.since), i.claim_id) > (p_after_day, p_after))
	ORDER BY coalesce(i.due, i.since), i.claim_id LIMIT least(p_limit, 10000);
END
$$;

-- ---- payers ----

-- How payers did over some days. A row of role 'carrier' counts the answers of a risk carrier, one of role 'remitter' the payments
-- of who pays, whoever's claims: a denial is the carrier's, the days until the money came are the remitter's. Of each claim the first
-- answer and the first payment count, where they fall into the span. Days from the bill: median_tenths in tenths of a day, p90 the
-- smallest number of days within which 90 % came. short_*: of the claims paid, those of which a part is open all the same, with that
-- part and what was owed, both in the book currency. disputes: of the claims whose last dispute persons ended on a day of the span, and
-- of others that were denied, taken back or disputed and are settled since, on a day of the span; won: persons said so, or else by a
-- payment that came after.
CREATE FUNCTION report_scoreboard(p_hospital uuid, p_from date, p_to date)
RETURNS TABLE (role text, party text, answered bigint, denied bigint, answer_median_tenths integer, answer_p90 integer, paid bigint,
	pay_median_tenths integer, pay_p90 integer, short bigint, short_book_minor bigint, owed_book_minor bigint, disputes bigint, won bigint,
	book_currency text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	zone text;
	book text;
BEGIN
	PERFORM report_allow(p_hospital, 'scoreboard');
	SELECT h.zone, h.book_currency INTO zone, book FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY WITH decided AS (
		SELECT e.claim_id, min((e.at AT TIME ZONE zone)::date) AS day, bool_or(e.to_state = 5) AS denied,
			min(e.at) FILTER (WHERE e.to_state = 5) AS against FROM claim_event e
		WHERE e.hospital_id = p_hospital AND e.axis = 3 AND e.to_state IN (3, 4, 5) GROUP BY e.claim_id
	), money AS (
		SELECT a.claim_id, min(coalesce((m.created_at AT TIME ZONE zone)::date, b.booked_day)) FILTER (WHERE a.kind IN (0, 2)) AS told,
			min(b.booked_day) FILTER (WHERE a.kind = 0) AS paid, bool_or(a.kind = 2) AS denied,
			min(a.made_at) FILTER (WHERE a.kind IN (2, 3)) AS against, max(a.made_at) FILTER (WHERE a.kind = 0) AS last
		FROM allocation_kept a JOIN bank_line b ON b.hospital_id = a.hospital_id AND b.line_id = a.line_id
		LEFT JOIN remittance m ON m.hospital_id = a.hospital_id AND m.remittance_id = a.remittance_id
		WHERE a.hospital_id = p_hospital AND a.kind IN (0, 2, 3) GROUP BY a.claim_id
	), argued AS (
		SELECT DISTINCT ON (d.claim_id) d.claim_id, d.state, d.opened_at, (d.decided_at AT TIME ZONE zone)::date AS day FROM dispute d
		WHERE d.hospital_id = p_hospital AND d.state <> 4 ORDER BY d.claim_id, d.opened_at DESC
	), claim AS (
		SELECT r.carrier, r.remitter, coalesce(least(d.day, m.told) BETWEEN p_from AND p_to, false) AS answered,
			coalesce(m.paid BETWEEN p_from AND p_to, false) AS paid, coalesce(d.denied, false) OR coalesce(m.denied, false) AS denied,
			least(d.day, m.told) - r.billed_day AS answer_days, m.paid - r.billed_day AS pay_days, r.standing IN (1, 4) AS short,
			r.book_minor, receivable_carried(r.owed_minor, r.book_minor, r.open_minor) AS carried,
			CASE WHEN g.state > 1 THEN g.state = 2 ELSE least(d.against, m.against, g.opened_at) < m.last END AS won,
			CASE WHEN g.state > 1 THEN g.day BETWEEN p_from AND p_to ELSE r.standing = 2
				AND least(d.against, m.against, g.opened_at) IS NOT NULL
				AND (SELECT max(p.book_day) FROM posting p WHERE p.hospital_id = r.hospital_id AND p.claim_id = coalesce(r.of_claim, r.claim_id)
					AND (r.of_claim IS NULL OR 'AR-' || upper(r.carrier) IN (p.debit, p.credit))) BETWEEN p_from AND p_to END AS disputed
		FROM receivable r LEFT JOIN decided d ON d.claim_id = r.claim_id LEFT JOIN money m ON m.claim_id = r.claim_id
		LEFT JOIN argued g ON g.claim_id = r.claim_id
		WHERE r.hospital_id = p_hospital
	)
	SELECT v.role, v.party, count(*) FILTER (WHERE c.answered AND v.answers), count(*) FILTER (WHERE c.answered AND c.denied AND v.answers),
		round((percentile_cont(0.5) WITHIN GROUP (ORDER BY c.answer_days) FILTER (WHERE c.answered AND v.answers) * 10)::numeric)::integer,
		percentile_disc(0.9) WITHIN GROUP (ORDER BY c.answer_days) FILTER (WHERE c.answered AND v.answers),
		count(*) FILTER (WHERE c.paid),
		round((percentile_cont(0.5) WITHIN GROUP (ORDER BY c.pay_days) FILTER (WHERE c.paid) * 10)::numeric)::integer,
		percentile_disc(0.9) WITHIN GROUP (ORDER BY c.pay_days) FILTER (WHERE c.paid),
		count(*) FILTER (WHERE c.paid AND c.short), coalesce(sum(c.carried) FILTER (WHERE c.paid AND c.short), 0)::bigint,
		coalesce(sum(c.book_minor) FILTER (WHERE c.paid), 0)::bigint, count(*) FILTER (WHERE c.disputed AND v.answers),
		count(*) FILTER (WHERE c.disputed AND c.won AND v.answers), book
	FROM claim c CROSS JOIN LATERAL (VALUES ('carrier', c.carrier, true), ('remitter', c.remitter, false)) AS v (role, party, answers)
	WHERE c.answered OR c.paid OR c.disputed GROUP BY v.role, v.party
	HAVING v.role = 'carrier' OR count(*) FILTER (WHERE c.paid) > 0 ORDER BY v.role, v.party;
END
$$;

-- ---- exchange rates ----

-- What exchange rates gained (+) and lost (-), in the book currency, by carrier and foreign currency, over some days of the books.
-- carrier NULL: what is of no claim, with the account whose value changed: a bank's, suspense.
CREATE FUNCTION report_fx(p_hospital uuid, p_from date, p_to date)
RETURNS TABLE (carrier text, account text, currency text, realised_gain_minor bigint, realised_loss_minor bigint,
	revalued_minor bigint, net_minor bigint, book_currency text) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	book text;
BEGIN
	PERFORM report_allow(p_hospital, 'fx');
	SELECT h.book_currency INTO book FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY WITH moved AS (
		-- A difference in the book currency is that of the entry's other currency; where it passed through CONV, of the account whose
		-- line brought that.
		SELECT r.carrier, coalesce(nullif(p.currency, book), f.currency, p.currency) AS currency,
			CASE WHEN r.carrier IS NOT NULL THEN NULL WHEN 'CONV' IN (p.debit, p.credit) THEN coalesce(f.account, 'CONV')
				WHEN p.debit = 'FX' THEN p.credit ELSE p.debit END AS account,
			CASE WHEN p.credit = 'FX' THEN p.book_minor ELSE -p.book_minor END AS gain, p.rule IN ('revalue', 'revalue_back') AS revalued
		FROM posting p LEFT JOIN receivable r ON r.hospital_id = p.hospital_id AND r.claim_id = p.claim_id
		LEFT JOIN LATERAL (SELECT q.currency, 'BANK-' || b.account AS account FROM posting q
			LEFT JOIN bank_line b ON b.hospital_id = q.hospital_id AND b.line_id = q.source_id
			WHERE q.hospital_id = p.hospital_id AND q.entry_id = p.entry_id AND q.currency <> book AND p.currency = book
			ORDER BY q.no LIMIT 1) f ON true
		WHERE p.hospital_id = p_hospital AND (p.debit = 'FX' OR p.credit = 'FX') AND p.book_day BETWEEN p_from AND p_to
	)
	SELECT m.carrier, m.account, m.currency, coalesce(sum(m.gain) FILTER (WHERE NOT m.revalued AND m.gain > 0), 0)::bigint,
		coalesce(-sum(m.gain) FILTER (WHERE NOT m.revalued AND m.gain < 0), 0)::bigint,
		coalesce(sum(m.gain) FILTER (WHERE m.revalued), 0)::bigint, coalesce(sum(m.gain), 0)::bigint, book
	FROM moved m GROUP BY m.carrier, m.account, m.currency ORDER BY m.carrier NULLS LAST, m.account, m.currency;
END
$$;

-- ---- what is not explained yet ----

-- What waits for an explanation: money in suspense (kind 'line'), advices whose arithmetic is wrong, so that they are parked
-- ('advice': no money, only what they say), and what was let go within the tolerance of contracts ('difference', by carrier and
-- currency; since the first one). wait (enum match_wait, daemon/settle/match.h) and held are why money waits, in classes; the reason
-- in words may be a person's, so inspectors do not get it.
CREATE FUNCTION report_suspense(p_hospital uuid, p_day date, p_owner text, p_after_day date, p_after uuid, p_limit integer)
RETURNS TABLE (kind text, id uuid, account text, minor bigint, currency text, exponent smallint, since date, days integer, band smallint,
	owner text, wait smallint, held smallint, reason text, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
	zone text;
BEGIN
	PERFORM report_allow(p_hospital, 'suspense');
	today := report_day(p_hospital, p_day);
	SELECT h.zone INTO zone FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY SELECT i.kind, i.id, i.account, i.minor, i.currency, i.exponent, i.since, today - i.since, report_band(today - i.since), i.owner,
		i.wait, i.held, i.reason, i.since
	FROM (
		SELECT 'line' AS kind, u.line_id AS id, b.account, u.open_minor AS minor, u.currency, u.exponent, u.since,
			suspense_owner(p_hospital, b.account, u.owner) AS owner,
			u.wait, u.held, CASE WHEN NOT report_inspected()
				THEN concat_ws('; ', CASE u.held WHEN 1 THEN 'held by compliance' WHEN 2 THEN 'not from the expected payer' END, u.reason) END AS reason
		FROM suspense u JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id WHERE u.hospital_id = p_hospital
		UNION ALL
		SELECT 'advice', m.remittance_id, m.insurer, m.amount_minor, m.currency, m.exponent, (m.made_at AT TIME ZONE zone)::date, NULL, NULL, NULL,
			'its details do not come to its amount' FROM remittance_parked m WHERE m.hospital_id = p_hospital
		UNION ALL
		SELECT 'difference', (array_agg(a.allocation_id ORDER BY a.made_at))[1], r.carrier, sum(a.unexplained_minor)::bigint, a.currency,
			a.exponent, min((a.made_at AT TIME ZONE zone)::date), NULL, NULL, NULL, 'let go within the tolerance'
		FROM allocation_kept a JOIN receivable r ON r.hospital_id = a.hospital_id AND r.claim_id = a.claim_id
		WHERE a.hospital_id = p_hospital AND a.unexplained_minor <> 0 GROUP BY r.carrier, a.currency, a.exponent) i
	WHERE (p_owner IS NULL OR i.owner = p_owner) AND (p_after IS NULL OR (i.since, i.id) > (p_after_day, p_after))
	ORDER BY i.since, i.id LIMIT least(p_limit, 10000);
END
$$;

-- Bank accounts: bank_proof() of the day (schema/052_close.sql), with what waits in suspense of them and since when. The proof holds when
-- statement + ordered - late - explained = ledger, transit being what is between the two; difference_minor is by how much it does not, NULL where no statement has balances.
CREATE FUNCTION report_accounts(p_hospital uuid, p_day date)
RETURNS TABLE (account text, currency text, exponent smallint, statement_day date, statement_minor bigint, transit_minor bigint,
	ledger_minor bigint, difference_minor bigint, suspense_minor bigint, suspense_since date, taken_at timestamptz) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM report_allow(p_hospital, 'accounts');
	RETURN QUERY SELECT b.account, b.currency, b.exponent, b.statement_day, b.statement_minor, b.ordered_minor - b.late_minor - b.explained_minor,
		b.ledger_minor, b.statement_minor + b.ordered_minor - b.late_minor - b.explained_minor - b.ledger_minor, coalesce(w.minor, 0), w.since,
		(SELECT max(s.at) FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.account = b.account)
	FROM bank_proof(p_hospital, report_day(p_hospital, p_day)) b LEFT JOIN (
		SELECT l.account, l.currency, sum(u.open_minor)::bigint AS minor, min(u.since) AS since FROM suspense u
		JOIN bank_line l ON l.hospital_id = u.hospital_id AND l.line_id = u.line_id WHERE u.hospital_id = p_hospital GROUP BY l.account, l.currency
	) w ON w.account = b.account AND w.currency = b.currency
	ORDER BY b.account, b.currency;
END
$$;

CALL writer_functions('report\_%', 'work\_assign', 'work\_version');
GRANT EXECUTE ON FUNCTION work_assign, report_work, report_scoreboard, report_fx, report_suspense,
	report_accounts TO zhifu_operator;
