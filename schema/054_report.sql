-- What finance sees: what is open and since when, what is late, who looks after what, what exchange rates did. Nothing here names a person. Days are the hospital's; where a day is asked for, NULL is today. Ages are counted to
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
	list        text NOT NULL CHECK (list IN ('dispute', 'denied')),
	owner       text NOT NULL CHECK (btrim(owner) <> ''),
	who         text NOT NULL CHECK (who <> ''),
	why         text NOT NULL CHECK (why <> ''),
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, claim_id, list)
);
ALTER TABLE work_owner ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON work_owner TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON work_owner FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE ON work_owner TO zhifu_writer;
GRANT SELECT ON work_owner TO zhifu_operator;

CREATE FUNCTION report_owner(p_list text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN p_list IN ('dispute', 'denied') THEN 'insurance-officer' ELSE 'finance' END
$$;

-- Gives an item of a work list to somebody. False: the hospital has no receivable of this claim.
CREATE FUNCTION work_assign(p_hospital uuid, p_claim uuid, p_list text, p_owner text, p_who text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'an owner is set by somebody, who says why';
	END IF;
	IF NOT EXISTS (SELECT 1 FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim) THEN
		RETURN false;
	END IF;
	INSERT INTO work_owner (hospital_id, claim_id, list, owner, who, why) VALUES (p_hospital, p_claim, p_list, p_owner, p_who, p_why)
	ON CONFLICT (hospital_id, claim_id, list) DO UPDATE SET owner = excluded.owner, who = excluded.who, why = excluded.why, at = now();
	PERFORM operator_note(p_hospital, p_who, 'work.assign', p_list || ' ' || p_claim, p_owner || ': ' || p_why);
	RETURN true;
END
$$;

-- The age bands: 0 not due yet, 1 to 30 days, 2 to 60, 3 to 90, 4 to 180, 5 to 365, 6 older.
CREATE FUNCTION report_band(p_age integer) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT width_bucket(p_age, ARRAY[0, 31, 61, 91, 181, 366])::smallint
$$;

-- The hospital's day: p_day, or today.
CREATE FUNCTION report_day(p_hospital uuid, p_day date) RETURNS date LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(p_day, (now() AT TIME ZONE h.zone)::date) FROM hospital h WHERE h.hospital_id = p_hospital
$$;

-- Open items by carrier, currency and age: from the day when they were due, or were billed where nothing says when they are due.
-- carried_minor: in the book currency.
CREATE FUNCTION report_open(p_hospital uuid, p_day date, p_carrier text)
RETURNS TABLE (carrier text, currency text, exponent smallint, items bigint, open_minor bigint, not_due_minor bigint, to_30_minor bigint,
	to_60_minor bigint, to_90_minor bigint, to_180_minor bigint, to_365_minor bigint, older_minor bigint, carried_minor bigint,
	book_currency text, oldest_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
BEGIN
	PERFORM report_allow(p_hospital, 'open');
	today := report_day(p_hospital, p_day);
	RETURN QUERY SELECT o.carrier, o.currency, o.exponent, count(*), sum(o.open_minor)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 0), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 1), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 2), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 3), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 4), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 5), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 6), 0)::bigint, sum(o.carried)::bigint, o.book, min(o.since)
	FROM (SELECT r.carrier, r.currency, r.exponent, r.open_minor, receivable_carried(r.owed_minor, r.book_minor, r.open_minor) AS carried,
			h.book_currency AS book, coalesce(r.due_day, r.billed_day) AS since,
			report_band(today - coalesce(r.due_day, r.billed_day)) AS band
		FROM receivable r JOIN hospital h ON h.hospital_id = r.hospital_id
		WHERE r.hospital_id = p_hospital AND r.standing <> 2 AND (p_carrier IS NULL OR r.carrier = p_carrier)) o
	GROUP BY o.carrier, o.currency, o.exponent, o.book ORDER BY o.carrier, o.currency;
END
$$;

-- So that a page costs what it has, however many are open. What is paid in part changes nothing in it.
CREATE INDEX receivable_due ON receivable (hospital_id, (coalesce(due_day, billed_day)), claim_id) WHERE standing <> 2;

-- The open items themselves; p_late: those that are overdue. days: since the day that they are counted from; negative: not due yet.
-- due_day, NULL where nothing says one, is when the money is expected.
CREATE FUNCTION report_claims(p_hospital uuid, p_day date, p_carrier text, p_late boolean, p_after_day date, p_after uuid, p_limit integer)
RETURNS TABLE (claim_id uuid, ref text, carrier text, remitter text, kind text, currency text, exponent smallint, owed_minor bigint,
	open_minor bigint, carried_minor bigint, book_currency text, billed_day date, due_day date, days integer, band smallint,
	standing smallint, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
BEGIN
	PERFORM report_allow(p_hospital, 'claims');
	today := report_day(p_hospital, p_day);
	-- Without an OR, which no index serves.
	p_after_day := CASE WHEN p_after IS NULL THEN '-infinity' ELSE p_after_day END;
	p_after := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
	RETURN QUERY SELECT r.claim_id, s.ref, r.carrier, r.remitter, r.kind, r.currency, r.exponent, r.owed_minor, r.open_minor,
		receivable_carried(r.owed_minor, r.book_minor, r.open_minor), h.book_currency, r.billed_day, r.due_day,
		today - coalesce(r.due_day, r.billed_day), report_band(today - coalesce(r.due_day, r.billed_day)), r.standing,
		coalesce(r.due_day, r.billed_day)
	FROM (SELECT * FROM receivable i WHERE i.hospital_id = p_hospital AND i.standing <> 2 AND (p_carrier IS NULL OR i.carrier = p_carrier)
			AND (NOT p_late OR i.due_day < today) AND (coalesce(i.due_day, i.billed_day), i.claim_id) > (p_after_day, p_after)
		ORDER BY coalesce(i.due_day, i.billed_day), i.claim_id LIMIT least(p_limit, 10000)) r
	JOIN hospital h ON h.hospital_id = r.hospital_id
	JOIN claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = r.claim_id
	ORDER BY coalesce(r.due_day, r.billed_day), r.claim_id;
END
$$;

-- ---- work lists ----

-- What exchange rates did, without looking at what claims post.
CREATE INDEX posting_fx ON posting (hospital_id, book_day) WHERE debit = 'FX' OR credit = 'FX';

-- The days on which an appeal against a denial of that contract must be in: as many as its document says, from the answer.
CREATE FUNCTION report_appeal_days(p_hospital uuid, p_contract uuid, p_version integer) RETURNS integer LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT (c.document->>'appeal_days')::integer FROM contract c
		WHERE c.hospital_id = p_hospital AND c.contract_id = p_contract AND c.version = p_version), 30)
$$;

-- One work list:
--   dispute   the hospital does not agree. minor: what is open
--   denied    minor: what is open; due_day: until when an appeal must be in
-- since: the day of the answer.
CREATE FUNCTION report_work(p_hospital uuid, p_list text, p_day date, p_carrier text, p_owner text, p_after_day date, p_after uuid,
	p_limit integer)
RETURNS TABLE (claim_id uuid, ref text, carrier text, remitter text, minor bigint, currency text, exponent smallint, open_minor bigint,
	open_currency text, open_exponent smallint, since date, due_day date, days integer, standing smallint, owner text, owner_who text,
	owner_why text, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
	zone text;
BEGIN
	PERFORM report_allow(p_hospital, p_list);
	IF p_list NOT IN ('dispute', 'denied') THEN
		RAISE EXCEPTION 'there is no work list "%"', p_list;
	END IF;
	today := report_day(p_hospital, p_day);
	SELECT h.zone INTO zone FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY WITH item AS (
		SELECT r.claim_id, r.open_minor AS minor, r.currency, r.exponent, r.billed_day AS since, NULL::date AS due
		FROM receivable r WHERE p_list = 'dispute' AND r.hospital_id = p_hospital AND r.standing = 4
		UNION ALL
		SELECT d.claim_id, d.open_minor, d.currency, d.exponent, d.since, d.since + report_appeal_days(p_hospital, d.contract_id, d.contract_version)
		FROM (SELECT r.*, coalesce(
				(SELECT max((e.at AT TIME ZONE zone)::date) FROM claim_event e WHERE e.hospital_id = r.hospital_id AND e.claim_id = r.claim_id
					AND e.axis = 3 AND e.to_state = 5), r.billed_day) AS since
			FROM receivable r WHERE r.hospital_id = p_hospital AND r.standing = 3) d
		WHERE p_list = 'denied'
	)
	SELECT i.claim_id, s.ref, r.carrier, r.remitter, i.minor, i.currency, i.exponent, r.open_minor, r.currency, r.exponent, i.since, i.due,
		today - i.since, r.standing, coalesce(w.owner, report_owner(p_list)), w.who, w.why, coalesce(i.due, i.since)
	FROM item i JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = i.claim_id
	JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = i.claim_id
	LEFT JOIN work_owner w ON w.hospital_id = p_hospital AND w.claim_id = i.claim_id AND w.list = p_list
	WHERE (p_carrier IS NULL OR r.carrier = p_carrier) AND (p_owner IS NULL OR coalesce(w.owner, report_owner(p_list)) = p_owner)
		AND (p_after IS NULL OR (coalesce(i.due, i.since), i.claim_id) > (p_after_day, p_after))
	ORDER BY coalesce(i.due, i.since), i.claim_id LIMIT least(p_limit, 10000);
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
-- ('advice': no money, only what they say).
CREATE FUNCTION report_suspense(p_hospital uuid, p_day date, p_owner text, p_after_day date, p_after uuid, p_limit integer)
RETURNS TABLE (kind text, id uuid, account text, minor bigint, currency text, exponent smallint, since date, days integer, band smallint,
	owner text, reason text, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
	zone text;
BEGIN
	PERFORM report_allow(p_hospital, 'suspense');
	today := report_day(p_hospital, p_day);
	SELECT h.zone INTO zone FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY SELECT i.kind, i.id, i.account, i.minor, i.currency, i.exponent, i.since, today - i.since, report_band(today - i.since), i.owner,
		i.reason, i.since
	FROM (
		SELECT 'line' AS kind, u.line_id AS id, b.account, u.open_minor AS minor, u.currency, u.exponent, u.since, u.owner,
			u.reason
		FROM suspense u JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id WHERE u.hospital_id = p_hospital
		UNION ALL
		SELECT 'advice', m.remittance_id, m.insurer, m.amount_minor, m.currency, m.exponent, (m.made_at AT TIME ZONE zone)::date, NULL,
			'its details do not come to its amount' FROM remittance_parked m WHERE m.hospital_id = p_hospital) i
	WHERE (p_owner IS NULL OR i.owner = p_owner) AND (p_after IS NULL OR (i.since, i.id) > (p_after_day, p_after))
	ORDER BY i.since, i.id LIMIT least(p_limit, 10000);
END
$$;

-- Bank accounts: bank_proof() of the day (schema/052_close.sql), with what waits in suspense of them and since when. The proof holds when
-- statement + ordered - late = ledger; difference_minor is by how much it does not, NULL where no statement has balances.
CREATE FUNCTION report_accounts(p_hospital uuid, p_day date)
RETURNS TABLE (account text, currency text, exponent smallint, statement_day date, statement_minor bigint, transit_minor bigint,
	ledger_minor bigint, difference_minor bigint, suspense_minor bigint, suspense_since date, taken_at timestamptz) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM report_allow(p_hospital, 'accounts');
	RETURN QUERY SELECT b.account, b.currency, b.exponent, b.statement_day, b.statement_minor, b.ordered_minor - b.late_minor, b.ledger_minor,
		b.statement_minor + b.ordered_minor - b.late_minor - b.ledger_minor, coalesce(w.minor, 0), w.since,
		(SELECT max(s.at) FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.account = b.account)
	FROM bank_proof(p_hospital, report_day(p_hospital, p_day)) b LEFT JOIN (
		SELECT l.account, l.currency, sum(u.open_minor)::bigint AS minor, min(u.since) AS since FROM suspense u
		JOIN bank_line l ON l.hospital_id = u.hospital_id AND l.line_id = u.line_id WHERE u.hospital_id = p_hospital GROUP BY l.account, l.currency
	) w ON w.account = b.account AND w.currency = b.currency
	ORDER BY b.account, b.currency;
END
$$;

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace
		AND (p.proname LIKE 'report\_%' OR p.proname = 'work_assign') LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION work_assign, report_open, report_claims, report_work, report_fx, report_suspense,
	report_accounts TO zhifu_operator;
