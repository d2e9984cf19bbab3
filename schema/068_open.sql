-- What is open: what carriers, patients, group plans and the social insurance (医保) owe, and what stays in the house came to and is
-- billed to nobody, as the ledger has it at the end of a day. All of an account's items add up to its balance on that day, in its
-- currency and in the books'. Days are the hospital's; NULL is today. Amounts of several currencies are never added up.
SET search_path = zhifu;

-- How a receivable stood at the end of a past day (receivable.standing says how it stands now): in dispute, denied, or open.
CREATE FUNCTION open_standing(r receivable, p_day date, p_zone text) RETURNS smallint LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT CASE
		-- Nothing was done about it since.
		WHEN r.standing <> 2 AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.claim_id = coalesce(r.of_claim, r.claim_id)
				AND p.hospital_id = r.hospital_id AND p.at >= k.over)
			AND NOT EXISTS (SELECT 1 FROM claim_event e WHERE e.hospital_id = r.hospital_id AND e.claim_id = r.claim_id AND e.axis = 3 AND e.at >= k.over)
			AND NOT EXISTS (SELECT 1 FROM allocation a WHERE a.claim_id = r.claim_id AND a.hospital_id = r.hospital_id AND a.made_at >= k.over)
			AND NOT EXISTS (SELECT 1 FROM dispute d WHERE d.hospital_id = r.hospital_id AND d.claim_id = r.claim_id
				AND greatest(d.opened_at, d.decided_at) >= k.over) THEN r.standing
		WHEN EXISTS (SELECT 1 FROM dispute d WHERE d.hospital_id = r.hospital_id AND d.claim_id = r.claim_id AND d.opened_at < k.over
			AND (d.decided_at < k.over) IS NOT TRUE AND (SELECT t.step FROM dispute_step t WHERE t.hospital_id = d.hospital_id
				AND t.dispute_id = d.dispute_id AND t.step IN (4, 6) AND t.at < k.over ORDER BY t.at DESC LIMIT 1) IS DISTINCT FROM 4) THEN 4
		-- Taken back, and not accepted by then.
		WHEN (SELECT coalesce(-sum(a.cleared_minor) FILTER (WHERE a.kind = 3), 0) FROM allocation a
				WHERE a.claim_id = r.claim_id AND a.hospital_id = r.hospital_id AND a.made_at < k.over)
			> (SELECT coalesce(sum(c.taken_minor), 0) FROM concession c WHERE c.hospital_id = r.hospital_id AND c.claim_id = r.claim_id
				AND c.made_at < k.over) THEN 4
		WHEN (SELECT e.to_state FROM claim_event e WHERE e.hospital_id = r.hospital_id AND e.claim_id = r.claim_id AND e.axis = 3 AND e.at < k.over
				ORDER BY e.seq DESC LIMIT 1) = 5 THEN 3
		WHEN EXISTS (SELECT 1 FROM allocation a WHERE a.claim_id = r.claim_id AND a.hospital_id = r.hospital_id AND a.kind = 2 AND a.undoes IS NULL
			AND a.made_at < k.over AND NOT EXISTS (SELECT 1 FROM allocation u WHERE u.hospital_id = a.hospital_id
				AND u.undoes = a.allocation_id AND u.made_at < k.over)) THEN 3
		ELSE 1 END::smallint
	FROM (SELECT (p_day + 1)::timestamp AT TIME ZONE p_zone AS over) k
$$;

-- Who owes a receivable: its carrier, or a share of the claim the fund of the social insurance or a group plan. Without a path of its own,
-- so that it is inlined.
CREATE FUNCTION open_owes(r receivable) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN r.of_claim IS NULL THEN 'carrier' WHEN r.carrier = 'si' THEN 'fund' ELSE 'plan' END
$$;

-- What of accounts of receivables is open at the end of a day, by what it is of: a claim, a stay without one, or (neither) what nobody
-- can tell, which there should be none of. owes: carrier; patient, of a claim or a stay; plan, an employer's or a group plan; fund, the
-- social insurance and the patients' accounts with it; stay, in the house and billed to nobody. made: it has a receivable, of which it is
-- all; id: as that is called then, else of what it is. since: from when it counts, which is when it was due, or billed, or first owed.
CREATE FUNCTION open_items(p_hospital uuid, p_day date)
RETURNS TABLE (account text, owes text, id uuid, claim_id uuid, patient_account uuid, carrier text, remitter text, currency text,
	exponent smallint, open_minor bigint, carried_minor bigint, since date, made boolean) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	WITH moved AS (
		SELECT a.account, p.currency, p.exponent, p.claim_id,
			CASE WHEN a.account = 'AR-INPT' OR p.claim_id IS NULL THEN p.entry_id END AS entry_id, sum(a.minor) AS minor,
			coalesce(sum(a.book), 0) AS book, min(p.book_day) FILTER (WHERE a.minor > 0) AS owed_day, min(p.book_day) AS day
		FROM posting p CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor, p.book_minor), (p.credit, -p.amount_minor, -p.book_minor))
			AS a (account, minor, book)
		WHERE p.hospital_id = p_hospital AND p.book_day <= p_day AND (p.debit LIKE 'AR-%' OR p.credit LIKE 'AR-%') AND a.account LIKE 'AR-%'
		GROUP BY 1, 2, 3, 4, 5
	), item AS (
		SELECT m.account, m.currency, m.exponent, CASE WHEN m.account <> 'AR-INPT' THEN m.claim_id END AS claim_id,
			CASE WHEN m.entry_id IS NOT NULL THEN coalesce(c.stay, a.stay, stay_known(p_hospital, k.stay)) END AS stay,
			sum(m.minor)::bigint AS minor, sum(m.book)::bigint AS book, coalesce(min(m.owed_day), min(m.day)) AS day
		FROM moved m LEFT JOIN charge c ON c.hospital_id = p_hospital AND c.charge_id = m.entry_id
		LEFT JOIN patient_bill b ON b.hospital_id = p_hospital AND b.bill_id = m.entry_id
		LEFT JOIN patient_payment y ON y.hospital_id = p_hospital AND y.payment_id = m.entry_id
		LEFT JOIN patient_account a ON a.hospital_id = p_hospital AND a.account_id = coalesce(b.account_id, y.account_id)
		LEFT JOIN claim k ON k.hospital_id = p_hospital AND k.claim_id = m.claim_id AND m.account = 'AR-INPT'
		GROUP BY 1, 2, 3, 4, 5 HAVING sum(m.minor) <> 0 OR sum(m.book) <> 0
	), told AS (
		SELECT i.*, CASE WHEN i.account = 'AR-INPT' THEN 'stay' WHEN i.account = 'AR-PT' THEN 'patient'
				WHEN i.account IN ('AR-SI', 'AR-SI-ACCOUNT') THEN 'fund' WHEN g.account IS NOT NULL THEN 'plan' ELSE 'carrier' END AS owes
		FROM item i LEFT JOIN (SELECT DISTINCT 'AR-' || upper(k.group_code) AS account FROM coordination k WHERE k.hospital_id = p_hospital) g
			ON g.account = i.account
	)
	SELECT t.account, t.owes, coalesce(r.claim_id, md5(concat_ws('/', t.account, t.currency, t.claim_id, t.stay))::uuid), t.claim_id, a.account_id,
		CASE WHEN t.owes IN ('carrier', 'plan', 'fund') THEN lower(substr(t.account, 4)) END,
		CASE WHEN t.owes = 'fund' THEN coalesce(r.remitter, 'si') WHEN t.owes IN ('carrier', 'plan') THEN coalesce(r.remitter, lower(substr(t.account, 4))) END,
		t.currency, t.exponent, t.minor, t.book, coalesce(r.due_day, r.billed_day, t.day), r.claim_id IS NOT NULL
	FROM told t LEFT JOIN receivable r ON r.hospital_id = p_hospital AND 'AR-' || upper(r.carrier) = t.account AND r.currency = t.currency
		AND r.claim_id = CASE WHEN t.owes IN ('plan', 'fund') THEN (SELECT s.claim_id FROM receivable s WHERE s.of_claim = t.claim_id
			AND s.hospital_id = p_hospital AND 'AR-' || upper(s.carrier) = t.account) ELSE t.claim_id END
	LEFT JOIN patient_account a ON a.hospital_id = p_hospital AND t.owes IN ('patient', 'stay') AND (a.claim_id = t.claim_id OR a.stay = t.stay)
$$;

-- Those of some: p_owes as open_items() has it, p_carrier who bears the risk, p_remitter who pays; NULL: any.
CREATE FUNCTION open_asked(p_carrier text, p_remitter text, p_owes text, p_is_carrier text, p_is_remitter text, p_is_owes text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT (p_carrier IS NULL OR p_carrier = p_is_carrier) IS TRUE AND (p_remitter IS NULL OR p_remitter = p_is_remitter) IS TRUE
		AND (p_owes IS NULL OR p_owes = p_is_owes)
$$;

-- Open items by who owes them, currency and age at the end of a day: from the day when they were due, or were billed where nothing says
-- when they are due. By account and carrier, or (p_by_remitter) by who pays, whichever carriers'. What was paid too much, and is no
-- liability yet, is less. carried_minor: in the book currency, as the ledger has it.
CREATE FUNCTION report_open(p_hospital uuid, p_day date, p_carrier text, p_remitter text DEFAULT NULL, p_owes text DEFAULT NULL,
	p_by_remitter boolean DEFAULT false)
RETURNS TABLE (owes text, account text, carrier text, remitter text, currency text, exponent smallint, items bigint, open_minor bigint,
	not_due_minor bigint, to_30_minor bigint, to_60_minor bigint, to_90_minor bigint, to_180_minor bigint, to_365_minor bigint,
	older_minor bigint, carried_minor bigint, book_currency text, oldest_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date;
	book text;
BEGIN
	PERFORM report_allow(p_hospital, 'open');
	today := report_day(p_hospital, p_day);
	SELECT h.book_currency INTO book FROM hospital h WHERE h.hospital_id = p_hospital;
	RETURN QUERY SELECT o.owes, o.account, o.carrier, o.remitter, o.currency, o.exponent, count(*), sum(o.open_minor)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 0), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 1), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 2), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 3), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 4), 0)::bigint, coalesce(sum(o.open_minor) FILTER (WHERE o.band = 5), 0)::bigint,
		coalesce(sum(o.open_minor) FILTER (WHERE o.band = 6), 0)::bigint, sum(o.carried_minor)::bigint, book, min(o.since)
	FROM (SELECT i.owes, CASE WHEN p_by_remitter IS NOT TRUE THEN i.account END AS account,
			CASE WHEN p_by_remitter IS NOT TRUE THEN i.carrier END AS carrier, CASE WHEN p_by_remitter THEN i.remitter END AS remitter, i.currency,
			i.exponent, i.open_minor, i.carried_minor, i.since, report_band(today - i.since) AS band
		FROM open_items(p_hospital, today) i WHERE open_asked(p_carrier, p_remitter, p_owes, i.carrier, i.remitter, i.owes)) o
	GROUP BY o.owes, o.account, o.carrier, o.remitter, o.currency, o.exponent
	ORDER BY array_position(ARRAY['carrier', 'plan', 'fund', 'patient', 'stay'], o.owes), o.carrier, o.remitter, o.account, o.currency;
END
$$;

-- So that a page of today's costs what it has, however many are open. What is paid in part changes nothing in it.
CREATE INDEX receivable_due ON receivable (hospital_id, (coalesce(due_day, billed_day)), claim_id) WHERE standing <> 2;

-- The open items themselves; p_late: those that are overdue. days: since the day that they are counted from; negative: not due yet.
-- due_day, NULL where nothing says one, is when the money is expected. In the order of (sort_day, id), by pages from behind
-- (p_after_day, p_after), at most p_limit rows; first what is owed by receivables, then, a thousand years later, the others.
-- A page of a past day looks at all of the ledger.
CREATE FUNCTION report_claims(p_hospital uuid, p_day date, p_carrier text, p_late boolean, p_after_day date, p_after uuid, p_limit integer,
	p_remitter text DEFAULT NULL, p_owes text DEFAULT NULL)
RETURNS TABLE (id uuid, owes text, account text, claim_id uuid, ref text, patient_account uuid, carrier text, remitter text, kind text,
	currency text, exponent smallint, owed_minor bigint, open_minor bigint, carried_minor bigint, book_currency text, billed_day date,
	due_day date, days integer, band smallint, standing smallint, sort_day date) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	OTHERS CONSTANT integer := 365250;
	today date;
	now_is boolean; -- not a past day
	zone text;
	book text;
	got integer := 0;
BEGIN
	PERFORM report_allow(p_hospital, 'claims');
	today := report_day(p_hospital, p_day);
	SELECT h.zone, h.book_currency, today >= (now() AT TIME ZONE h.zone)::date INTO zone, book, now_is FROM hospital h WHERE h.hospital_id = p_hospital;
	-- Without an OR, which no index serves.
	p_after_day := CASE WHEN p_after IS NULL THEN '-infinity' ELSE p_after_day END;
	p_after := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
	p_limit := least(p_limit, 10000);
	IF now_is AND coalesce(p_owes, 'carrier') IN ('carrier', 'plan', 'fund') THEN
		RETURN QUERY SELECT r.claim_id, open_owes(r), 'AR-' || upper(r.carrier),
			coalesce(r.of_claim, r.claim_id), s.ref, NULL::uuid, r.carrier, r.remitter, r.kind, r.currency,
			r.exponent, r.owed_minor, r.open_minor, CASE WHEN r.currency = book THEN r.open_minor ELSE (
				SELECT sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN p.book_minor ELSE -p.book_minor END)::bigint FROM posting p
				WHERE p.claim_id = r.claim_id AND p.hospital_id = p_hospital AND p.currency = r.currency AND p.book_day <= today
					AND 'AR-' || upper(r.carrier) IN (p.debit, p.credit)) END, book, r.billed_day, r.due_day,
			today - coalesce(r.due_day, r.billed_day), report_band(today - coalesce(r.due_day, r.billed_day)), r.standing,
			coalesce(r.due_day, r.billed_day)
		FROM (SELECT * FROM receivable i WHERE i.hospital_id = p_hospital AND i.standing <> 2 AND (p_carrier IS NULL OR i.carrier = p_carrier)
				AND (p_owes IS NULL OR p_owes = open_owes(i))
				AND (p_remitter IS NULL OR i.remitter = p_remitter) AND (NOT p_late OR i.due_day < today)
				AND (coalesce(i.due_day, i.billed_day), i.claim_id) > (p_after_day, p_after)
			ORDER BY coalesce(i.due_day, i.billed_day), i.claim_id LIMIT p_limit) r
		JOIN claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = coalesce(r.of_claim, r.claim_id)
		ORDER BY coalesce(r.due_day, r.billed_day), r.claim_id;
		GET DIAGNOSTICS got = ROW_COUNT;
	END IF;
	IF got = p_limit OR now_is AND p_late THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT i.id, i.owes, i.account, i.claim_id, s.ref, i.patient_account, i.carrier, i.remitter, r.kind, i.currency, i.exponent,
		greatest(r.owed_minor, CASE WHEN i.made THEN i.open_minor END), i.open_minor, i.carried_minor, book, coalesce(r.billed_day, i.since),
		r.due_day, today - i.since, report_band(today - i.since), CASE WHEN i.made AND NOT now_is THEN open_standing(r, today, zone) ELSE 1::smallint END,
		i.sort_day
	FROM (SELECT o.* FROM (SELECT n.*, n.since + CASE WHEN n.made THEN 0 ELSE OTHERS END AS sort_day FROM open_items(p_hospital, today) n) o
		LEFT JOIN receivable l ON o.made AND l.hospital_id = p_hospital AND l.claim_id = o.id
		WHERE NOT (now_is AND o.made) AND open_asked(p_carrier, p_remitter, p_owes, o.carrier, o.remitter, o.owes)
			AND (NOT p_late OR l.due_day < today) AND (o.sort_day, o.id) > (p_after_day, p_after)
		ORDER BY o.sort_day, o.id LIMIT p_limit - got) i
	LEFT JOIN receivable r ON i.made AND r.hospital_id = p_hospital AND r.claim_id = i.id
	LEFT JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = i.claim_id
	ORDER BY i.sort_day, i.id;
END
$$;

CALL writer_functions('open\_%', 'report\_open', 'report\_claims');
GRANT EXECUTE ON FUNCTION report_open, report_claims TO zhifu_operator, zhifu_intake, zhifu_inspector;
