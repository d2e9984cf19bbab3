-- What finance sees: what is open and since when, what is late, what exchange rates did. Nothing here names a person. Days are
-- the hospital's; where a day is asked for, NULL is today. Ages are counted to that day, amounts are as they stand now. Lists come by pages: from behind (p_after_day, p_after), at most p_limit rows, in the
-- order of (sort_day, id). Amounts of several currencies are never added up.
--
-- All ask report_allow() (058_inspector.sql) whether the session may read this hospital. They are PL/pgSQL so that it is asked
-- before anything is read, and that plans are kept.
SET search_path = zhifu;

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
	RETURN QUERY SELECT r.claim_id, s.ref, r.carrier, r.remitter, r.kind, r.currency, r.exponent, r.owed_minor, r.open_minor,
		receivable_carried(r.owed_minor, r.book_minor, r.open_minor), h.book_currency, r.billed_day, r.due_day,
		today - coalesce(r.due_day, r.billed_day), report_band(today - coalesce(r.due_day, r.billed_day)), r.standing,
		coalesce(r.due_day, r.billed_day)
	FROM (SELECT * FROM receivable i WHERE i.hospital_id = p_hospital AND i.standing <> 2 AND (p_carrier IS NULL OR i.carrier = p_carrier)
			AND (NOT p_late OR i.due_day < today)
			AND (p_after IS NULL OR (coalesce(i.due_day, i.billed_day), i.claim_id) > (p_after_day, p_after))
		ORDER BY coalesce(i.due_day, i.billed_day), i.claim_id LIMIT least(p_limit, 10000)) r
	JOIN hospital h ON h.hospital_id = r.hospital_id
	JOIN claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = r.claim_id
	ORDER BY coalesce(r.due_day, r.billed_day), r.claim_id;
END
$$;

-- ---- exchange rates ----

-- What they did, without looking at what claims post.
CREATE INDEX posting_fx ON posting (hospital_id, book_day) WHERE debit = 'FX' OR credit = 'FX';

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

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.proname LIKE 'report\_%' LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION report_open, report_claims, report_fx TO zhifu_operator;
