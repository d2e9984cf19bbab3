-- Closing a month: what stands in its way, foreign items at the closing rate, provision by age, the lock. All of it is one
-- transaction: whatever ends it before, nothing of it was done. daemon/settle/month_end.h works out what it posts.
SET search_path = zhifu;

-- What foreign items were revalued at, one row an item and close. Its posting has the entry_id, where anything had to be posted.
CREATE TABLE revaluation (
	hospital_id   uuid NOT NULL,
	last_day      date NOT NULL,
	entry_id      uuid NOT NULL,
	account       text NOT NULL,
	claim_id      uuid, -- of a receivable
	line_id       uuid, -- of money in suspense
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	amount_minor  bigint NOT NULL, -- debit less credit: liabilities are negative
	carried_minor bigint NOT NULL, -- likewise, in the book currency
	closing_minor bigint NOT NULL,
	reversal_id   uuid, -- the entry that takes it back on the first of the next month; NULL: it stays
	PRIMARY KEY (hospital_id, last_day, entry_id)
);

-- What claims are provided for since a close: those of which that changed with it.
CREATE TABLE provision (
	hospital_id  uuid NOT NULL,
	last_day     date NOT NULL,
	entry_id     uuid NOT NULL,
	claim_id     uuid NOT NULL,
	base_minor   bigint NOT NULL, -- what the claim's receivables are carried at after revaluation, in the book currency
	age_days     integer NOT NULL,
	basis_points integer NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
	minor        bigint NOT NULL,
	PRIMARY KEY (hospital_id, last_day, entry_id)
);

-- Money that the hospital has told its bank to send: in the ledger at once, and in transit until the bank debits it.
CREATE TABLE bank_order (
	hospital_id  uuid NOT NULL,
	order_id     uuid NOT NULL,
	account      text NOT NULL, -- code
	amount_minor bigint NOT NULL CHECK (amount_minor > 0),
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	line_id      uuid NOT NULL, -- the money in suspense that goes back
	book_day     date NOT NULL,
	cleared_line uuid,          -- by which the bank debited it
	maker        text NOT NULL CHECK (maker <> ''),
	made_at      timestamptz NOT NULL DEFAULT now(),
	why          bytea NOT NULL CHECK (length(why) > 0), -- as write_off.why, for line_id
	cancel_id    uuid,          -- the counter-entry, where the bank never executed it
	cancel_day   date,
	canceller    text,
	cancelled_at timestamptz,
	cancel_why   bytea,         -- likewise, for order_id
	CHECK (cancel_id IS NULL OR cleared_line IS NULL AND cancel_day >= book_day AND canceller <> '' AND cancelled_at IS NOT NULL AND length(cancel_why) > 0),
	PRIMARY KEY (hospital_id, order_id)
);
CREATE UNIQUE INDEX bank_order_cleared ON bank_order (hospital_id, cleared_line);

-- Who said by which line the bank debited an order. Insert-only but for what takes it back.
CREATE TABLE order_clearing (
	hospital_id  uuid NOT NULL,
	clearing_id  uuid NOT NULL, -- also the entry
	order_id     uuid NOT NULL,
	line_id      uuid NOT NULL,
	since        date NOT NULL, -- from this day on the order is in transit no more
	who          text NOT NULL CHECK (who <> ''),
	made_at      timestamptz NOT NULL DEFAULT now(),
	undone_entry uuid, -- what took it back
	undone_day   date,
	undone_by    text,
	undone_at    timestamptz,
	undone_why   bytea, -- as write_off.why, for order_id
	CHECK (num_nulls(undone_entry, undone_day, undone_by, undone_at, undone_why) IN (0, 5)),
	PRIMARY KEY (hospital_id, clearing_id)
);
CREATE INDEX order_clearing_order ON order_clearing (hospital_id, order_id);
CREATE INDEX order_clearing_line ON order_clearing (hospital_id, line_id);

-- Foreign money that the bank bought: a line that went out and a line that came in.
CREATE TABLE currency_sale (
	hospital_id    uuid NOT NULL,
	sale_id        uuid NOT NULL, -- also the entry
	out_line       uuid NOT NULL,
	in_line        uuid NOT NULL,
	sold_minor     bigint NOT NULL,
	currency       text NOT NULL,
	exponent       smallint NOT NULL,
	proceeds_minor bigint NOT NULL,
	carried_minor  bigint NOT NULL, -- what the sold part of the account's balance was carried at
	maker          text NOT NULL CHECK (maker <> ''),
	made_at        timestamptz NOT NULL DEFAULT now(),
	why            bytea CHECK (length(why) > 0), -- as write_off.why, for out_line; NULL: none
	-- The rate of the bank that keeps the account: so much of the proceeds' currency for 1 of what was sold (digits / 10^scale), on that day.
	rate_digits    bigint NOT NULL CHECK (rate_digits > 0),
	rate_scale     smallint NOT NULL CHECK (rate_scale BETWEEN 0 AND 18),
	rate_day       date NOT NULL,
	undone_entry uuid, -- what took it back
	undone_day   date,
	undone_by    text,
	undone_at    timestamptz,
	undone_why   bytea, -- likewise, for sale_id
	CHECK (num_nulls(undone_entry, undone_day, undone_by, undone_at, undone_why) IN (0, 5)),
	PRIMARY KEY (hospital_id, sale_id)
);
-- A line may be in several that were undone, and in one that stands.
CREATE INDEX currency_sale_out ON currency_sale (hospital_id, out_line);
CREATE UNIQUE INDEX currency_sale_out_once ON currency_sale (hospital_id, out_line) WHERE undone_entry IS NULL;
CREATE INDEX currency_sale_in ON currency_sale (hospital_id, in_line);
CREATE UNIQUE INDEX currency_sale_in_once ON currency_sale (hospital_id, in_line) WHERE undone_entry IS NULL;

CALL tenant_tables('revaluation', 'provision', 'bank_order', 'order_clearing', 'currency_sale');
GRANT UPDATE (cleared_line, cancel_id, cancel_day, canceller, cancelled_at, cancel_why) ON bank_order TO zhifu_writer;
GRANT UPDATE (undone_entry, undone_day, undone_by, undone_at, undone_why) ON order_clearing, currency_sale TO zhifu_writer;

-- ---- what a month ends with ----

-- May a month be closed? 1 yes; 0 it is closed, on `since` by `who`; -1 it is not over for an hour; -2 another one comes
-- first: it ends on `since`.
CREATE FUNCTION period_outcome(p_hospital uuid, p_last date) RETURNS TABLE (outcome integer, since date, who text) LANGUAGE plpgsql STABLE
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	today date := (SELECT (now() - interval '1 hour') AT TIME ZONE h.zone FROM hospital h WHERE h.hospital_id = p_hospital);
	zoned text := (SELECT h.zone FROM hospital h WHERE h.hospital_id = p_hospital);
	last period;
	due date;
BEGIN
	SELECT * INTO last FROM period p WHERE p.hospital_id = p_hospital AND p.last_day >= p_last ORDER BY p.last_day LIMIT 1;
	IF FOUND THEN
		RETURN QUERY SELECT 0, (last.closed_at AT TIME ZONE zoned)::date, last.who;
		RETURN;
	END IF;
	SELECT max(p.last_day) INTO due FROM period p WHERE p.hospital_id = p_hospital;
	due := (due + 1 + interval '1 month')::date - 1;
	RETURN QUERY SELECT CASE WHEN due < p_last THEN -2 WHEN today IS NULL OR today <= p_last THEN -1 ELSE 1 END, due, NULL::text;
END
$$;

-- Begins a close: nobody posts in the hospital's past days until the transaction ends, and who is posting there now is waited for,
-- ten seconds at most.
CREATE FUNCTION period_begin(p_hospital uuid, p_last date) RETURNS TABLE (outcome integer, since date, who text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp SET lock_timeout = '10s' AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'a month is closed in read committed transactions only';
	END IF;
	BEGIN
		PERFORM pg_advisory_xact_lock(hashtext('zhifu.books'), hashtext(p_hospital::text));
	EXCEPTION WHEN lock_not_available THEN
		RAISE EXCEPTION 'somebody is posting into past days, such as a bank statement that is being read: try again later'
			USING ERRCODE = 'lock_not_available';
	END;
	RETURN QUERY SELECT * FROM period_outcome(p_hospital, p_last);
END
$$;

-- What is foreign at the end of a day, as the ledger has it: receivables, by claim (kind 1), money in suspense, by line, and
-- over-payments, by claim (2), bank accounts (4); debit less credit. Whatever an item was revalued by is in what it is carried at,
-- and one that is gone with something of that left has it taken back. With the caller's rights, like the next.
CREATE FUNCTION period_items(p_hospital uuid, p_day date) RETURNS TABLE (kind smallint, account text, claim_id uuid, line_id uuid,
	currency text, exponent smallint, amount_minor bigint, carried_minor bigint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT s.kind::smallint, s.account, s.claim_id, s.line_id, s.currency, s.exponent, sum(s.minor)::bigint, coalesce(sum(s.book), 0)::bigint
	FROM (SELECT CASE WHEN a.account LIKE 'AR-%' THEN 1 WHEN a.account LIKE 'BANK-%' THEN 4 ELSE 2 END AS kind, a.account,
			CASE WHEN a.account LIKE 'AR-%' OR a.account LIKE 'OVER%' THEN p.claim_id END AS claim_id,
			CASE WHEN a.account = 'SUSP' OR a.account LIKE 'OVER%' AND p.claim_id IS NULL THEN p.source_id END AS line_id,
			p.currency, p.exponent, a.minor, a.book
		FROM hospital h JOIN posting p ON p.hospital_id = h.hospital_id AND p.currency <> h.book_currency
		CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor, p.book_minor), (p.credit, -p.amount_minor, -p.book_minor)) AS a (account, minor, book)
		WHERE h.hospital_id = p_hospital AND p.book_day <= p_day
			AND (a.account LIKE 'AR-%' OR a.account LIKE 'BANK-%' OR a.account = 'SUSP' OR a.account LIKE 'OVER%')) s
	GROUP BY s.kind, s.account, s.claim_id, s.line_id, s.currency, s.exponent
	HAVING sum(s.minor) <> 0 OR coalesce(sum(s.book), 0) <> 0
$$;

-- Claims with receivables or a provision at the end of a day: since when they are owed, what they are carried at, and what they
-- are provided for.
CREATE FUNCTION period_aged(p_hospital uuid, p_day date) RETURNS TABLE (claim_id uuid, billed_day date, carried_minor bigint,
	provided_minor bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT s.claim_id, coalesce(r.billed_day, s.first_day), s.carried::bigint, s.provided::bigint
	FROM (SELECT p.claim_id, min(p.book_day) AS first_day, coalesce(sum(a.book) FILTER (WHERE a.account <> 'PROV'), 0) AS carried,
			coalesce(-sum(a.book) FILTER (WHERE a.account = 'PROV'), 0) AS provided
		FROM posting p CROSS JOIN LATERAL (VALUES (p.debit, p.book_minor), (p.credit, -p.book_minor)) AS a (account, book)
		WHERE p.hospital_id = p_hospital AND p.book_day <= p_day AND p.claim_id IS NOT NULL
			AND (a.account LIKE 'AR-%' AND a.account <> 'AR-INPT' OR a.account = 'PROV')
		GROUP BY p.claim_id) s
	LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = s.claim_id
	WHERE s.carried <> 0 OR s.provided <> 0
$$;

-- Was an order made and not debited at the end of a day? What was said of that and taken back counts until it was.
CREATE FUNCTION order_in_transit(o bank_order, p_day date) RETURNS boolean LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT o.book_day <= p_day AND (o.cancel_day IS NULL OR o.cancel_day > p_day) AND NOT EXISTS (SELECT 1 FROM order_clearing c
		WHERE c.hospital_id = o.hospital_id AND c.order_id = o.order_id AND c.since <= p_day AND (c.undone_day IS NULL OR c.undone_day > p_day))
$$;

-- Is a line, at the end of a day, one by which the bank debited an order that was posted before it?
CREATE FUNCTION order_has_posted(p_hospital uuid, p_line uuid, p_day date) RETURNS boolean LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT EXISTS (SELECT 1 FROM order_clearing c JOIN bank_order o ON o.hospital_id = c.hospital_id AND o.order_id = c.order_id
		WHERE c.hospital_id = p_hospital AND c.line_id = p_line AND o.book_day <= p_day AND c.since <= p_day
			AND (c.undone_day IS NULL OR c.undone_day > p_day))
$$;

-- The bank's word against ours (余额调节表), for each account at the end of a day, also one that has neither statement nor posting yet.
-- statement_minor: by a statement that closes later, what that closed with less what it has after the day, whether others overlap it or
-- not; else the closing balance of the last statement or, where none reaches so far, what a person saw at the bank (of statement_day; NULL:
-- there is neither), with what statements without balances have from there to the day. reached: that is its balance at the day's end: it
-- is of that day, or the next statement opens with it; an account that was opened later or is closed has none.
-- ordered_minor: what we have and the bank has not; late_minor: what it has and we posted later only, also of an opening; explained_minor: what
-- moved in gaps between statements that a person explained. The proof holds when statement + ordered - late - explained = ledger.
CREATE FUNCTION bank_proof(p_hospital uuid, p_day date) RETURNS TABLE (account text, currency text, exponent smallint, statement_day date,
	statement_minor bigint, ordered_minor bigint, late_minor bigint, explained_minor bigint, ledger_minor bigint, reached boolean) LANGUAGE sql STABLE
SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	WITH ledger AS (
		SELECT substr(a.account, 6) AS account, p.currency, p.exponent, sum(a.minor)::bigint AS minor
		FROM posting p CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor), (p.credit, -p.amount_minor)) AS a (account, minor)
		WHERE p.hospital_id = p_hospital AND p.book_day <= p_day AND (p.debit LIKE 'BANK-%' OR p.credit LIKE 'BANK-%')
			AND a.account LIKE 'BANK-%'
		GROUP BY 1, 2, 3
	), known AS (
		SELECT l.account, l.currency, l.exponent FROM ledger l
		UNION
		SELECT s.account, s.currency, s.exponent FROM bank_statement s WHERE s.hospital_id = p_hospital AND s.kind = 1
			AND coalesce(s.opening_day, s.closing_day) <= p_day
		UNION
		SELECT a.code, a.currency, a.exponent FROM bank_account a WHERE a.hospital_id = p_hospital
	), base AS (
		SELECT k.*, c.day, c.minor, c.statement_id FROM known k LEFT JOIN LATERAL (SELECT t.* FROM (
			(SELECT p_day AS day, (s.closing_minor - (SELECT coalesce(sum(l.amount_minor), 0) FROM bank_line l
				JOIN bank_statement f ON f.hospital_id = l.hospital_id AND f.statement_id = l.statement_id
				WHERE l.hospital_id = p_hospital AND l.account = k.account AND l.booked_day > p_day AND (f.statement_id = s.statement_id
					OR l.booked_day <= s.closing_day AND (f.chain = 8 OR f.opening_day < s.closing_day))))::bigint AS minor, 0 AS turn, s.statement_id
			FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = k.account AND s.opening_day <= p_day AND s.closing_day > p_day
			ORDER BY s.closing_day, s.opening_day, s.sequence DESC NULLS LAST, s.page DESC NULLS LAST LIMIT 1)
			UNION ALL
			-- Of several on one day the one as whose closing no other opens.
			(SELECT s.closing_day, s.closing_minor, 1, s.statement_id FROM bank_proved s
			WHERE s.hospital_id = p_hospital AND s.account = k.account AND s.closing_day <= p_day
			ORDER BY s.closing_day DESC, EXISTS (SELECT 1 FROM bank_proved n WHERE n.hospital_id = p_hospital AND n.account = s.account
				AND n.statement_id <> s.statement_id AND n.closing_day = s.closing_day AND n.opening_minor = s.closing_minor),
				s.sequence DESC NULLS LAST, s.page DESC NULLS LAST, s.statement_id DESC LIMIT 1)
			UNION ALL
			(SELECT f.day, f.minor, 2, NULL FROM bank_confirmation f WHERE f.hospital_id = p_hospital AND f.account = k.account AND f.day <= p_day
				AND NOT EXISTS (SELECT 1 FROM bank_proved n WHERE n.hospital_id = p_hospital AND n.account = f.account
					AND n.opening_day < f.day AND n.closing_day > f.day)
			ORDER BY f.day DESC LIMIT 1)) t ORDER BY t.day DESC, t.turn LIMIT 1) c ON true
	)
	SELECT b.account, b.currency, b.exponent, b.day, b.minor + bank_loose(p_hospital, b.account, b.day, p_day),
		(SELECT coalesce(-sum(o.amount_minor), 0) FROM bank_order o
			WHERE o.hospital_id = p_hospital AND o.account = b.account AND order_in_transit(o, p_day))::bigint,
		(SELECT coalesce(sum(l.amount_minor), 0) FROM bank_line l JOIN posting p
			ON p.hospital_id = l.hospital_id AND p.entry_id = l.line_id AND p.no = 1
			WHERE l.hospital_id = p_hospital AND l.account = b.account AND l.booked_day <= p_day AND p.book_day > p_day
				AND NOT order_has_posted(p_hospital, l.line_id, p_day))::bigint
			+ (SELECT coalesce(sum(CASE p.credit WHEN 'OPENING' THEN p.amount_minor ELSE -p.amount_minor END), 0) FROM bank_opening o
				JOIN posting p ON p.hospital_id = o.hospital_id AND p.entry_id = o.entry_id AND p.no = 1
				WHERE o.hospital_id = p_hospital AND o.account = b.account AND p.book_day > p_day AND b.day IS NOT NULL)::bigint,
		(SELECT coalesce(sum(s.missing_minor), 0) FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.account = b.account
			AND s.explained_by IS NOT NULL AND (s.closing_day <= b.day OR s.statement_id = b.statement_id))::bigint,
		coalesce(g.minor, 0),
		coalesce(b.day >= p_day, false)
			OR coalesce((SELECT CASE WHEN b.day IS NULL THEN n.opening_day > p_day ELSE n.opening_minor - b.minor IN (
					bank_loose(p_hospital, b.account, b.day, n.opening_day), bank_loose(p_hospital, b.account, b.day, n.opening_day - 1))
					OR EXISTS (SELECT 1 FROM bank_gap x WHERE x.hospital_id = p_hospital AND x.statement_id = n.statement_id) END
				FROM bank_proved n WHERE n.hospital_id = p_hospital AND n.account = b.account AND n.closing_day > p_day
				ORDER BY n.closing_day, n.opening_minor = b.minor DESC, n.sequence NULLS FIRST, n.page NULLS FIRST LIMIT 1), false)
			OR coalesce(b.minor, 0) = 0 AND coalesce(g.minor, 0) = 0 AND NOT EXISTS (
				SELECT 1 FROM bank_account a WHERE a.hospital_id = p_hospital AND a.code = b.account)
	FROM base b LEFT JOIN ledger g ON g.account = b.account AND g.currency = b.currency
$$;

-- Two figures that should be one.
CREATE FUNCTION period_differs(p_is bigint, p_should bigint, p_exponent smallint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT round(p_is / 10::numeric ^ p_exponent, p_exponent) || ' ≠ ' || round(p_should / 10::numeric ^ p_exponent, p_exponent)
$$;

-- What is found wrong with a month (red: it is not closed) or worth knowing (not red), a row a subject: codes as daemon/settle/month_close.c
-- explains them.
CREATE FUNCTION period_check(p_hospital uuid, p_last date) RETURNS TABLE (code text, red boolean, subject text, found bigint, since date)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT CASE WHEN s.chain = 6 THEN 'statement_opening' ELSE 'statement_gap' END, true, s.account, count(*), min(s.opening_day)
	FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.gap AND NOT s.confirmed AND s.explained_by IS NULL AND s.opening_day <= p_last
	GROUP BY 1, 3;
	RETURN QUERY SELECT 'opening_confirmed', true, s.account || ': ' || period_differs(s.opening_minor, s.opening_minor - s.missing_minor, s.exponent),
		1::bigint, s.opening_day
	FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.gap AND s.confirmed AND s.explained_by IS NULL AND s.opening_day <= p_last;
	RETURN QUERY SELECT 'statement_number', false, s.account, count(*), min(s.opening_day)
	FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.skipped AND s.opening_day <= p_last GROUP BY s.account;
	RETURN QUERY SELECT 'statement_explained', false, concat_ws(' ', s.account, s.sequence) || ': ' || s.explained_by || ': ' || s.explained_why,
		1::bigint, s.opening_day
	FROM bank_continuity s WHERE s.hospital_id = p_hospital AND s.explained_by IS NOT NULL AND s.opening_day <= p_last;
	RETURN QUERY SELECT 'bank_proof', true, b.account, 1::bigint, b.statement_day FROM bank_proof(p_hospital, p_last) b
	WHERE b.statement_minor + b.ordered_minor - b.late_minor - b.explained_minor <> b.ledger_minor;
	-- What a person saw there stands in for the statement.
	RETURN QUERY SELECT CASE WHEN EXISTS (SELECT 1 FROM bank_account a WHERE a.hospital_id = p_hospital AND a.code = b.account)
		THEN 'statement_short' ELSE 'account_gone' END, true, b.account, 1::bigint, b.statement_day
	FROM bank_proof(p_hospital, p_last) b WHERE NOT b.reached;
	RETURN QUERY SELECT 'statement_confirmed', false, f.account || ': ' || f.who || ': ' || f.why, 1::bigint, f.day FROM bank_confirmation f
	WHERE f.hospital_id = p_hospital AND f.day = p_last;
	-- Where a statement came that says otherwise, it counts.
	RETURN QUERY SELECT 'confirmation_differs', false, f.account || ': ' || period_differs(b.statement_minor, f.minor, b.exponent), 1::bigint, f.day
	FROM (SELECT DISTINCT f.day FROM bank_confirmation f JOIN bank_proved s ON s.hospital_id = f.hospital_id AND s.account = f.account
			AND s.opening_day <= f.day AND s.closing_day >= f.day
		WHERE f.hospital_id = p_hospital AND f.day BETWEEN date_trunc('month', p_last)::date AND p_last) d
	CROSS JOIN LATERAL bank_proof(p_hospital, d.day) b
	JOIN bank_confirmation f ON f.hospital_id = p_hospital AND f.account = b.account AND f.day = d.day AND f.minor <> b.statement_minor
	WHERE EXISTS (SELECT 1 FROM bank_proved s WHERE s.hospital_id = p_hospital AND s.account = f.account
		AND s.opening_day <= f.day AND s.closing_day >= f.day);
	RETURN QUERY SELECT 'rate_missing', true, p.currency, count(*), min(p.book_day) FROM posting_unvalued u
	JOIN posting p ON p.hospital_id = u.hospital_id AND p.entry_id = u.entry_id AND p.no = u.no
	WHERE u.hospital_id = p_hospital AND p.book_day <= p_last GROUP BY p.currency;
	RETURN QUERY SELECT 'receivable_waiting', true, p.debit, count(*), min(p.book_day) FROM receivable_wait w
	JOIN posting p ON p.hospital_id = w.hospital_id AND p.entry_id = w.claim_id AND p.no = 1
	WHERE w.hospital_id = p_hospital AND p.book_day <= p_last GROUP BY 3;
	RETURN QUERY SELECT 'remittance_parked', true, r.insurer, count(*), min((r.made_at AT TIME ZONE h.zone)::date) FROM remittance_parked r
	JOIN hospital h ON h.hospital_id = r.hospital_id
	WHERE r.hospital_id = p_hospital AND (r.made_at AT TIME ZONE h.zone)::date <= p_last GROUP BY r.insurer;
	-- Money that has a home it was not given, or none: also what breaks the ledger in any other way.
	RETURN QUERY SELECT 'books', true, concat_ws(' ', l.statement, l.currency), l.found - l.expected, NULL::date FROM ledger_proof(p_hospital) l
	WHERE l.found <> l.expected;
	RETURN QUERY SELECT 'suspense', false, suspense_owner(p_hospital, b.account, u.owner), count(*), min(u.since) FROM suspense u
	JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id
	WHERE u.hospital_id = p_hospital AND u.since <= p_last GROUP BY 3;
	RETURN QUERY SELECT 'overdue', false, r.carrier, count(*), min(r.due_day) FROM receivable r
	WHERE r.hospital_id = p_hospital AND r.standing <> 2 AND r.due_day <= p_last GROUP BY r.carrier;
	RETURN QUERY SELECT 'dispute', false, r.carrier, count(*), min(r.billed_day) FROM receivable r
	WHERE r.hospital_id = p_hospital AND r.standing = 4 AND r.billed_day <= p_last GROUP BY r.carrier;
	RETURN QUERY SELECT 'order', false, o.account, count(*), min(o.book_day) FROM bank_order o
	WHERE o.hospital_id = p_hospital AND order_in_transit(o, p_last) GROUP BY o.account;
END
$$;

-- An amount at closing rates, of which p_top and p_bottom are the product: exact, a half away from zero.
CREATE FUNCTION period_value(p_minor bigint, p_top numeric, p_bottom numeric) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT (sign(p_minor::numeric) * div(2 * abs(p_minor::numeric) * p_top + p_bottom, 2 * p_bottom))::bigint
$$;

-- The helpers of period_close() below, whose parameters these are.

-- By currency, what an amount in minor units is multiplied by and divided by to be in the book currency.
CREATE FUNCTION period_factors(p_hospital uuid, p_last date, p_rates jsonb, p_exponent smallint, OUT codes text[], OUT tops numeric[],
	OUT bottoms numeric[]) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	books text := (SELECT h.book_currency FROM hospital h WHERE h.hospital_id = p_hospital);
	price record;
	at text;
	scale smallint;
	top numeric;
	bottom numeric;
BEGIN
	codes := '{}';
	tops := '{}';
	bottoms := '{}';
	FOR at, scale IN SELECT DISTINCT i.currency, i.exponent FROM period_items(p_hospital, p_last) i LOOP
		codes := codes || at;
		top := 10::numeric ^ p_exponent;
		bottom := 10::numeric ^ scale;
		FOR price IN SELECT r.*, (s.step->>1)::boolean AS multiplied FROM jsonb_array_elements(p_rates->at) WITH ORDINALITY AS s (step, n)
			JOIN rate r ON r.rate_id = (s.step->>0)::uuid AND r.status = 1 AND r.day <= p_last ORDER BY s.n LOOP
			IF at <> (CASE WHEN price.multiplied THEN price.base ELSE price.quote END) THEN
				RAISE EXCEPTION 'a closing rate is not of %', at;
			END IF;
			at := CASE WHEN price.multiplied THEN price.quote ELSE price.base END;
			top := top * CASE WHEN price.multiplied THEN price.digits ELSE 10::numeric ^ price.scale * price.per END;
			bottom := bottom * CASE WHEN price.multiplied THEN 10::numeric ^ price.scale * price.per ELSE price.digits END;
		END LOOP;
		IF at <> books THEN
			RAISE EXCEPTION 'there is no closing rate of %', codes[cardinality(codes)];
		END IF;
		tops := tops || top;
		bottoms := bottoms || bottom;
	END LOOP;
END
$$;

CREATE FUNCTION period_revalue(p_hospital uuid, p_last date, p_period uuid, p_rates jsonb, p_exponent smallint, p_items jsonb, p_reverts integer,
	p_rounding smallint) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	wrong record;
	nobody constant uuid := '00000000-0000-0000-0000-000000000000';
	rates record;
BEGIN
	SELECT * INTO rates FROM period_factors(p_hospital, p_last, p_rates, p_exponent);
	SELECT i.account, i.currency INTO wrong FROM period_items(p_hospital, p_last) i
	JOIN unnest(rates.codes, rates.tops, rates.bottoms) AS t (code, top, bottom) ON t.code = i.currency
	LEFT JOIN jsonb_to_recordset(p_items) AS g (account text, claim uuid, line uuid, currency text, closing bigint)
		ON g.account = i.account AND g.currency = i.currency
			AND coalesce(g.claim, g.line, nobody) = coalesce(i.claim_id, i.line_id, nobody) -- one of them: to be hashed
	WHERE g.closing IS DISTINCT FROM period_value(i.amount_minor, t.top, t.bottom) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'an item of % in % was not revalued as its rates say', wrong.account, wrong.currency;
	END IF;
	WITH item AS MATERIALIZED (
		SELECT i.*, gen_random_uuid() AS entry, period_value(i.amount_minor, t.top, t.bottom) AS closing FROM period_items(p_hospital, p_last) i
		JOIN unnest(rates.codes, rates.tops, rates.bottoms) AS t (code, top, bottom) ON t.code = i.currency
	), kept AS (
		INSERT INTO revaluation (hospital_id, last_day, entry_id, account, claim_id, line_id, currency, exponent, amount_minor, carried_minor,
			closing_minor, reversal_id)
		SELECT p_hospital, p_last, i.entry, i.account, i.claim_id, i.line_id, i.currency, i.exponent, i.amount_minor, i.carried_minor, i.closing,
			CASE WHEN i.kind & p_reverts <> 0 AND i.closing <> i.carried_minor THEN gen_random_uuid() END FROM item i
		RETURNING *, closing_minor - carried_minor AS difference
	), steps AS (
		INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent,
			to_minor, to_currency, to_exponent)
		SELECT p_hospital, k.entry_id, 1, s.n, (s.step->>0)::uuid, (s.step->>1)::boolean, p_rounding, k.amount_minor, k.currency, k.exponent,
			k.closing_minor, h.book_currency, p_exponent
		FROM kept k JOIN hospital h ON h.hospital_id = p_hospital
		CROSS JOIN LATERAL jsonb_array_elements(p_rates->k.currency) WITH ORDINALITY AS s (step, n)
	)
	-- Gains: debit the item, credit FX. On the first of the next month the other way round.
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, t.entry, 1, CASE WHEN t.gains THEN k.account ELSE 'FX' END, CASE WHEN t.gains THEN 'FX' ELSE k.account END, 0, k.currency,
		k.exponent, abs(k.difference), t.day, t.rule, k.claim_id, coalesce(k.line_id, p_period)
	FROM kept k CROSS JOIN LATERAL (VALUES (k.entry_id, k.difference > 0, p_last, 'revalue'),
		(k.reversal_id, k.difference < 0, p_last + 1, 'revalue_back')) AS t (entry, gains, day, rule)
	WHERE k.difference <> 0 AND t.entry IS NOT NULL;
END
$$;

CREATE FUNCTION period_provide(p_hospital uuid, p_last date, p_period uuid, p_exponent smallint, p_provisions jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	books text := (SELECT h.book_currency FROM hospital h WHERE h.hospital_id = p_hospital);
BEGIN
	PERFORM 1 FROM jsonb_to_recordset(p_provisions) AS g (claim uuid, base bigint, age integer, share integer, minor bigint)
	LEFT JOIN period_aged(p_hospital, p_last) a ON a.claim_id = g.claim
	WHERE a.carried_minor IS DISTINCT FROM g.base OR g.minor <> period_value(g.base, g.share, 10000) OR g.age <> p_last - a.billed_day LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'a claim is not provided for as it is carried';
	END IF;
	WITH given AS (
		SELECT g.*, gen_random_uuid() AS entry, g.minor - a.provided_minor AS moved
		FROM jsonb_to_recordset(p_provisions) AS g (claim uuid, base bigint, age integer, share integer, minor bigint)
		JOIN period_aged(p_hospital, p_last) a ON a.claim_id = g.claim WHERE g.minor <> a.provided_minor
	), kept AS (
		INSERT INTO provision (hospital_id, last_day, entry_id, claim_id, base_minor, age_days, basis_points, minor)
		SELECT p_hospital, p_last, g.entry, g.claim, g.base, g.age, g.share, g.minor FROM given g
	)
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, g.entry, 1, CASE WHEN g.moved > 0 THEN 'BADDEBT' ELSE 'PROV' END, CASE WHEN g.moved > 0 THEN 'PROV' ELSE 'BADDEBT' END,
		abs(g.moved), books, p_exponent, abs(g.moved), p_last, 'provision', g.claim, p_period FROM given g;
END
$$;

-- Closes a month. p_rates: {currency: [[rate_id, multiplied], ...]}, from it to the book currency, whose exponent is p_exponent.
-- p_items: what foreign items come to by these, [{account, claim, line, currency, closing}]: all of them, each checked again here. p_reverts:
-- the kinds whose difference is taken back on the first of the next month. p_provisions: claims whose provision changes, [{claim, base,
-- age, share, minor}]. Refuses whatever period_outcome and period_check refuse.
CREATE FUNCTION period_close(p_hospital uuid, p_last date, p_period uuid, p_rates jsonb, p_exponent smallint, p_items jsonb, p_reverts integer,
	p_provisions jsonb, p_rounding smallint, p_who text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	may record;
	wrong record;
BEGIN
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'who closes a month must be known';
	END IF;
	SELECT * INTO may FROM period_begin(p_hospital, p_last);
	IF may.outcome <> 1 THEN
		RAISE EXCEPTION 'this month is closed, or not over, or another one comes first';
	END IF;
	SELECT c.code, c.subject INTO wrong FROM period_check(p_hospital, p_last) c WHERE c.red LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'the month cannot be closed: % of %', wrong.code, wrong.subject;
	END IF;
	PERFORM period_revalue(p_hospital, p_last, p_period, p_rates, p_exponent, p_items, p_reverts, p_rounding);
	PERFORM period_provide(p_hospital, p_last, p_period, p_exponent, p_provisions);
	INSERT INTO period (hospital_id, last_day, period_id, who) VALUES (p_hospital, p_last, p_period, p_who);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'period.close', to_char(p_last, 'YYYY-MM'));
END
$$;

-- ---- what persons do with money in suspense ----

-- Takes p_amount of a line out of suspense, with its sign and within what is open, and out of the matcher's work.
CREATE FUNCTION suspense_take(p_hospital uuid, p_line uuid, p_amount bigint) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM match_items_make(p_hospital);
	-- The last parts first.
	UPDATE match_item i SET open_minor = i.open_minor - t.taken, version = i.version + 1, wait = NULL,
		due_at = CASE WHEN i.open_minor = t.taken THEN 'infinity' ELSE now() END
	FROM (SELECT m.part, (sign(p_amount::numeric) * greatest(least(abs(m.open_minor), abs(p_amount) - coalesce(sum(abs(m.open_minor))
			OVER (ORDER BY m.part DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0))::bigint AS taken
		FROM match_item m WHERE m.hospital_id = p_hospital AND m.line_id = p_line AND sign(m.open_minor) = sign(p_amount)) t
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = t.part AND t.taken <> 0;
	PERFORM match_suspense(p_hospital, ARRAY[p_line]);
END
$$;

-- Nobody else works with the hospital's suspense until the transaction ends. False: one of the lines is held.
CREATE FUNCTION suspense_lock(p_hospital uuid, p_line uuid[]) RETURNS boolean LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM match_lock(p_hospital);
	RETURN NOT EXISTS (SELECT 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = ANY (p_line) AND s.held <> 0);
END
$$;

-- A line in suspense that took foreign money off an account, and what its account had before: of lines that went out and still wait
-- in suspense nobody knows yet at what they were carried, so they count as not gone. What a sale was carried at counts from the
-- day of its line on, whenever it was said or said again; sales that were undone do not count, nor what undid them. day: of its posting.
-- valued: all of it is.
CREATE FUNCTION sale_basis(p_hospital uuid, p_line uuid) RETURNS TABLE (account text, day date, sold_minor bigint, currency text, exponent smallint,
	book_minor bigint, balance_minor bigint, carried_minor bigint, valued boolean) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT b.account, o.book_day, -b.amount_minor, b.currency, b.exponent, (SELECT sum(v.book_minor) FROM posting v
			WHERE v.hospital_id = p_hospital AND v.entry_id = b.line_id)::bigint, coalesce(sum(a.minor), 0)::bigint, coalesce(sum(a.book), 0)::bigint,
		NOT EXISTS (SELECT 1 FROM posting_unvalued w JOIN posting p ON p.hospital_id = w.hospital_id AND p.entry_id = w.entry_id AND p.no = w.no
			WHERE w.hospital_id = p_hospital AND p.book_day <= o.book_day AND 'BANK-' || b.account IN (p.debit, p.credit))
	FROM bank_line b JOIN suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id AND u.open_minor = b.amount_minor
	JOIN posting o ON o.hospital_id = b.hospital_id AND o.entry_id = b.line_id AND o.no = 1
	LEFT JOIN LATERAL (SELECT v.minor, v.book FROM posting p
		CROSS JOIN LATERAL (VALUES (p.debit, p.amount_minor, p.book_minor), (p.credit, -p.amount_minor, -p.book_minor)) AS v (account, minor, book)
		LEFT JOIN currency_sale y ON y.hospital_id = p.hospital_id AND y.sale_id = p.entry_id
		LEFT JOIN posting q ON q.hospital_id = y.hospital_id AND q.entry_id = y.out_line AND q.no = 1
		WHERE p.hospital_id = p_hospital AND (p.debit LIKE 'BANK-%' OR p.credit LIKE 'BANK-%') AND v.account = 'BANK-' || b.account
			AND coalesce(q.book_day, p.book_day) <= o.book_day AND NOT EXISTS (SELECT 1 FROM suspense w WHERE w.hospital_id = p_hospital AND w.line_id = p.entry_id
				AND w.open_minor < 0)
			AND p.entry_id <> ALL (ARRAY(SELECT unnest(ARRAY[x.sale_id, x.undone_entry]) FROM currency_sale x
				WHERE x.hospital_id = p_hospital AND x.undone_entry IS NOT NULL))) a ON true
	WHERE b.hospital_id = p_hospital AND b.line_id = p_line AND b.amount_minor < 0
	GROUP BY b.line_id, b.account, o.book_day, b.amount_minor, b.currency, b.exponent
$$;

-- The bank's rate of a sale, which statements seldom say: that of the fewest decimals by which what was sold comes to the proceeds.
CREATE FUNCTION sale_rate(p_sold bigint, p_exponent smallint, p_proceeds bigint, p_to smallint, OUT digits bigint, OUT scale smallint)
LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT d.digits::bigint, s.n::smallint FROM generate_series(0, 18) AS s (n)
	CROSS JOIN LATERAL (SELECT round(p_proceeds::numeric * 10::numeric ^ (p_exponent + s.n) / (p_sold::numeric * 10::numeric ^ p_to)) AS digits) d
	CROSS JOIN LATERAL (SELECT p_sold * d.digits * 10::numeric ^ p_to AS top, 10::numeric ^ (p_exponent + s.n) AS bottom) w
	WHERE d.digits BETWEEN 1 AND 9223372036854775807 AND div(2 * w.top + w.bottom, 2 * w.bottom) = p_proceeds
	ORDER BY s.n LIMIT 1
$$;

-- Books a sale to the bank: p_out and p_in are whole in suspense. p_carried: what the sold part of the balance was carried at, in the
-- proportion of sale_basis; p_why: sealed for p_out, in hex. Returns the realised loss, negative a gain; NULL: one of the lines is not (wholly) in suspense any more, is
-- held, or lacks its value.
CREATE FUNCTION sale_post(p_hospital uuid, p_sale uuid, p_out uuid, p_in uuid, p_carried bigint, p_who text, p_why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	basis record;
	got bank_line;
	rate record;
	loss bigint;
	day date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'who books a sale must be known';
	END IF;
	IF NOT suspense_lock(p_hospital, ARRAY[p_out, p_in]) THEN
		RETURN NULL;
	END IF;
	SELECT * INTO basis FROM sale_basis(p_hospital, p_out);
	SELECT b.* INTO got FROM bank_line b JOIN suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id AND u.open_minor = b.amount_minor
	JOIN hospital h ON h.hospital_id = b.hospital_id AND h.book_currency = b.currency
	WHERE b.hospital_id = p_hospital AND b.line_id = p_in AND b.amount_minor > 0;
	IF basis.account IS NULL OR NOT FOUND OR NOT basis.valued OR basis.currency = got.currency THEN
		RETURN NULL;
	END IF;
	IF basis.sold_minor > basis.balance_minor
		OR p_carried <> sign(basis.carried_minor::numeric) * div(2 * abs(basis.carried_minor::numeric) * basis.sold_minor + basis.balance_minor, 2 * basis.balance_minor::numeric) THEN
		RAISE EXCEPTION 'a sale of % of % cannot have been carried at %', basis.sold_minor, basis.balance_minor, p_carried;
	END IF;
	loss := p_carried - got.amount_minor;
	day := books_day(p_hospital, greatest(basis.day, got.booked_day, (SELECT max(s.undone_day) FROM currency_sale s
		WHERE s.hospital_id = p_hospital AND (s.out_line = p_out OR s.in_line = p_in))));
	SELECT * INTO STRICT rate FROM sale_rate(basis.sold_minor, basis.exponent, got.amount_minor, got.exponent);
	INSERT INTO currency_sale (hospital_id, sale_id, out_line, in_line, sold_minor, currency, exponent, proceeds_minor, carried_minor, maker, why,
		rate_digits, rate_scale, rate_day)
	VALUES (p_hospital, p_sale, p_out, p_in, basis.sold_minor, basis.currency, basis.exponent, got.amount_minor, p_carried, p_who, decode(p_why, 'hex'),
		rate.digits, rate.scale, got.booked_day);
	-- What the line took off the account is set to what that was carried at.
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, p_sale, t.n, t.d, t.c, t.a, t.u, t.x, t.b, day, t.r, t.s FROM (VALUES
		(1, 'CONV', 'SUSP', basis.sold_minor, basis.currency, basis.exponent, basis.book_minor, 'sale_out', p_out),
		(2, 'SUSP', 'CONV', got.amount_minor, got.currency, got.exponent, got.amount_minor, 'sale_in', p_in),
		(3, CASE WHEN p_carried > basis.book_minor THEN 'CONV' ELSE 'BANK-' || basis.account END,
			CASE WHEN p_carried > basis.book_minor THEN 'BANK-' || basis.account ELSE 'CONV' END, 0, basis.currency, basis.exponent,
			abs(p_carried - basis.book_minor), 'sale_carried', p_out),
		(4, CASE WHEN loss > 0 THEN 'FX' ELSE 'CONV' END, CASE WHEN loss > 0 THEN 'CONV' ELSE 'FX' END, abs(loss), got.currency, got.exponent,
			abs(loss), 'sale_fx', p_in)) AS t (n, d, c, a, u, x, b, r, s)
	WHERE t.a > 0 OR t.b > 0;
	PERFORM suspense_take(p_hospital, p_out, -basis.sold_minor);
	PERFORM suspense_take(p_hospital, p_in, got.amount_minor);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'sale.post', p_sale::text);
	RETURN loss;
END
$$;

-- ---- orders to the bank ----

-- Money in suspense goes back to who sent it, from the account that it came to. p_why: sealed for p_line, in hex. Returns the day of the posting; NULL: there is not as
-- much in suspense of this line, or it is held.
CREATE FUNCTION order_make(p_hospital uuid, p_order uuid, p_line uuid, p_amount bigint, p_day date, p_who text, p_why text) RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	had record;
	day date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'an order to the bank needs who and why';
	END IF;
	IF NOT suspense_lock(p_hospital, ARRAY[p_line]) THEN
		RETURN NULL;
	END IF;
	SELECT u.*, b.account INTO had FROM suspense u JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id
	WHERE u.hospital_id = p_hospital AND u.line_id = p_line;
	IF NOT FOUND OR p_amount <= 0 OR p_amount > had.open_minor THEN
		RETURN NULL;
	END IF;
	IF p_day < had.since OR p_day > (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RAISE EXCEPTION 'an order is made between the day on which its money came, %, and today', had.since;
	END IF;
	day := books_day(p_hospital, p_day);
	INSERT INTO bank_order (hospital_id, order_id, account, amount_minor, currency, exponent, line_id, book_day, maker, why)
	VALUES (p_hospital, p_order, had.account, p_amount, had.currency, had.exponent, p_line, day, p_who, decode(p_why, 'hex'));
	WITH posted AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
		SELECT p_hospital, p_order, 1, 'SUSP', 'BANK-' || had.account, p_amount, had.currency, had.exponent,
			CASE WHEN h.book_currency = had.currency THEN p_amount END, day, 'order', p_line FROM hospital h WHERE h.hospital_id = p_hospital
		RETURNING hospital_id, entry_id, no, book_minor)
	INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL;
	PERFORM suspense_take(p_hospital, p_line, p_amount);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'order.make', p_order::text);
	RETURN day;
END
$$;

-- The bank has debited an order, by a line that waits in suspense: what the line posted is taken back, for the order has posted it.
-- Returns 1 done, 0 there is no such order in transit, -1 the line is not one of this account and amount in suspense.
CREATE FUNCTION order_clear(p_hospital uuid, p_order uuid, p_line uuid, p_who text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	given bank_order;
	debited bank_line;
	value bigint;
	entry uuid := gen_random_uuid();
	undone date; -- the last time that this order or line was cleared and that taken back
	posted date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'who clears an order must be known';
	END IF;
	PERFORM match_lock(p_hospital); -- before the order, as whoever cancels one
	SELECT * INTO given FROM bank_order o WHERE o.hospital_id = p_hospital AND o.order_id = p_order AND o.cleared_line IS NULL
		AND o.cancel_id IS NULL FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	IF NOT suspense_lock(p_hospital, ARRAY[p_line]) THEN
		RETURN -1;
	END IF;
	SELECT b.* INTO debited FROM suspense u JOIN bank_line b ON b.hospital_id = u.hospital_id AND b.line_id = u.line_id
	WHERE u.hospital_id = p_hospital AND u.line_id = p_line AND b.account = given.account AND b.amount_minor = -given.amount_minor
		AND u.open_minor = b.amount_minor;
	IF NOT FOUND THEN
		RETURN -1;
	END IF;
	PERFORM suspense_take(p_hospital, p_line, debited.amount_minor);
	SELECT sum(p.book_minor) INTO value FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = p_line;
	IF EXISTS (SELECT 1 FROM posting_unvalued w WHERE w.hospital_id = p_hospital AND w.entry_id = p_line) THEN
		RAISE EXCEPTION 'there is no rate yet of the day on which the bank debited it, %', debited.booked_day;
	END IF;
	SELECT max(c.undone_day) INTO undone FROM order_clearing c WHERE c.hospital_id = p_hospital AND (c.order_id = p_order OR c.line_id = p_line);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, entry, 1, p.credit, p.debit, p.amount_minor, p.currency, p.exponent, value,
		books_day(p_hospital, greatest(p.book_day, undone)), 'order_clear', p_line
	FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = p_line AND p.no = 1 RETURNING book_day INTO posted;
	INSERT INTO order_clearing (hospital_id, clearing_id, order_id, line_id, since, who)
	VALUES (p_hospital, entry, p_order, p_line, CASE WHEN undone IS NULL THEN debited.booked_day ELSE posted END, p_who);
	UPDATE bank_order SET cleared_line = p_line WHERE hospital_id = p_hospital AND order_id = p_order;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'order.clear', p_order::text);
	RETURN 1;
END
$$;

-- The bank never executed an order: a counter-entry of today, and its money waits in suspense again. p_new: of the entry; p_why:
-- sealed for p_order, in hex. Returns 1 done
-- (or before, by the same id), 0 there is no such order in transit, -1 there is no rate yet of the day of the order.
CREATE FUNCTION order_cancel(p_hospital uuid, p_order uuid, p_new uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	given bank_order;
	today date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'to cancel an order to the bank needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	SELECT * INTO given FROM bank_order o WHERE o.hospital_id = p_hospital AND o.order_id = p_order AND o.cleared_line IS NULL
		AND (o.cancel_id IS NULL OR o.cancel_id = p_new) FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 0;
	ELSIF given.cancel_id IS NOT NULL THEN
		RETURN 1;
	ELSIF EXISTS (SELECT 1 FROM posting_unvalued w WHERE w.hospital_id = p_hospital AND w.entry_id = p_order) THEN
		RETURN -1;
	END IF;
	SELECT books_day(p_hospital, greatest(given.book_day, (now() AT TIME ZONE h.zone)::date)) INTO STRICT today
	FROM hospital h WHERE h.hospital_id = p_hospital;
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, p_new, 1, 'BANK-' || given.account, 'SUSP', given.amount_minor, given.currency, given.exponent,
		(SELECT sum(p.book_minor) FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = p_order), today, 'order_cancel', given.line_id;
	UPDATE bank_order SET cancel_id = p_new, cancel_day = today, canceller = p_who, cancelled_at = now(), cancel_why = decode(p_why, 'hex')
	WHERE hospital_id = p_hospital AND order_id = p_order;
	PERFORM suspense_return(p_hospital, given.line_id, given.amount_minor);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'order.cancel', p_order::text);
	RETURN 1;
END
$$;

CALL writer_functions('period\_%', 'sale\_%', 'order\_%', 'bank\_proof', 'suspense\_take', 'suspense\_lock');
GRANT EXECUTE ON FUNCTION ledger_proof TO zhifu_writer;
GRANT EXECUTE ON FUNCTION order_in_transit, order_has_posted TO zhifu_operator;
GRANT EXECUTE ON FUNCTION period_outcome, period_begin, period_items, period_aged, period_check, period_close, bank_proof, sale_basis,
	sale_post, order_make, order_clear, order_cancel TO zhifu_operator;
