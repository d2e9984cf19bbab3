-- Money in suspense that is for no claim: a charge of the bank, interest, what the hospital moved between its own accounts. Which
-- kinds there are and their accounts is in the hospital's chart (conf/charts). What is posted is an allocation as any other: who
-- undoes it calls match_undo().
SET search_path = zhifu;

-- The day on which an item is booked as what it is: the bank's, and where that was undone before, not before the undoing.
CREATE FUNCTION match_classify_day(p_hospital uuid, p_line uuid, p_part integer, p_booked date) RETURNS date LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	SELECT books_day(p_hospital, greatest(p_booked, (SELECT max(p.book_day) FROM allocation a
		JOIN posting p ON p.hospital_id = a.hospital_id AND p.entry_id = a.allocation_id
		WHERE a.hospital_id = p_hospital AND a.line_id = p_line AND a.part = p_part AND a.undoes IS NOT NULL)))
$$;

-- Says what an item, or so much of it as p_amount says with its sign, is. 1 done (or before, by the same id), 0 it moved on; -1 a
-- value in the books is not known yet, -3 held, -4 it is not as much.
CREATE FUNCTION match_classify_one(p_hospital uuid, p_allocation uuid, p_line uuid, p_part integer, p_version integer, p_amount bigint,
	p_kind text, p_account text, p_who text, p_why text, p_by_hand boolean) RETURNS integer LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	item match_item;
	line record;
	amount bigint;
	carried bigint; -- signed as the amount
BEGIN
	IF EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation) THEN
		RETURN 1;
	END IF;
	SELECT * INTO item FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part
		AND i.version = p_version AND i.open_minor <> 0;
	SELECT b.currency, b.exponent, b.booked_day, s.line_id IS NOT NULL AS waits, s.held INTO line
	FROM bank_line b JOIN suspense s ON s.hospital_id = b.hospital_id AND s.line_id = b.line_id
	WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	amount := coalesce(p_amount, item.open_minor);
	IF item.line_id IS NULL OR line.waits IS NULL THEN
		RETURN 0;
	ELSIF line.held <> 0 THEN
		RETURN -3;
	ELSIF amount = 0 OR sign(amount) <> sign(item.open_minor) OR abs(amount) > abs(item.open_minor) THEN
		RETURN -4;
	END IF;
	carried := sign(amount)::bigint * match_part_book(p_hospital, p_line, amount);
	IF carried IS NULL THEN
		UPDATE match_item i SET due_at = now() + interval '15 seconds'
		WHERE NOT p_by_hand AND i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part;
		RETURN -1;
	END IF;
	INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, kind, line_kind, amount_minor, currency, exponent, book_minor, by_hand,
		maker, why)
	VALUES (p_hospital, p_allocation, 1, p_line, p_part, 8, p_kind, amount, line.currency, line.exponent, carried, p_by_hand, p_who,
		decode(p_why, 'hex'));
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	VALUES (p_hospital, p_allocation, 1, CASE WHEN amount > 0 THEN 'SUSP' ELSE p_account END, CASE WHEN amount > 0 THEN p_account ELSE 'SUSP' END,
		abs(amount), line.currency, line.exponent, abs(carried), match_classify_day(p_hospital, p_line, p_part, line.booked_day), 'classified', p_line);
	PERFORM match_leave(p_hospital, p_line, p_part, amount, p_by_hand);
	RETURN 1;
END
$$;

-- So much of an item is not open any more.
CREATE FUNCTION match_leave(p_hospital uuid, p_line uuid, p_part integer, p_amount bigint, p_by_hand boolean) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	UPDATE match_item i SET open_minor = i.open_minor - p_amount, version = i.version + 1, wait = NULL, by_hand = i.by_hand OR p_by_hand,
		due_at = CASE WHEN i.open_minor = p_amount THEN 'infinity' ELSE now() END, claims = NULL
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part;
	DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND c.line_id = p_line AND c.part = p_part;
	PERFORM match_suspense(p_hospital, ARRAY[p_line]);
END
$$;

-- The same for many, whoever says so: outcomes as of match_classify_one(). Account: of the hospital's chart; never one whose balance
-- something else proves.
CREATE FUNCTION match_classify(p_hospital uuid, p_who text, p_why text, p_by_hand boolean, l_allocation uuid[], l_line uuid[], l_part integer[],
	l_version integer[], l_amount bigint[], l_kind text[], l_account text[]) RETURNS TABLE (ordinal integer, outcome integer) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR p_by_hand AND coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what money is needs who says so, and of a person why';
	END IF;
	IF EXISTS (SELECT 1 FROM unnest(l_kind, l_account) AS t (k, a) WHERE coalesce(t.k, '') = '' OR t.a IS NULL OR t.a !~ '^[A-Z][A-Z0-9-]*$'
		OR t.a ~ '^(AR-|BANK-|CASH|CLR-|CONV|DEP|HELD|OPENING|OVERPAID|PROV|REM-ANN-|SUSP)') THEN
		RAISE EXCEPTION 'no account for money that is for no claim' USING ERRCODE = 'check_violation';
	END IF;
	PERFORM match_lock(p_hospital, NOT p_by_hand);
	PERFORM 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = ANY (l_line) ORDER BY s.line_id FOR UPDATE;
	FOR n IN 1 .. coalesce(cardinality(l_line), 0) LOOP
		ordinal := n;
		outcome := match_classify_one(p_hospital, l_allocation[n], l_line[n], l_part[n], l_version[n], l_amount[n], l_kind[n], l_account[n],
			p_who, p_why, p_by_hand);
		IF p_by_hand AND outcome = 1 THEN
			INSERT INTO operator_act (hospital_id, who, act, subject, why)
			VALUES (p_hospital, p_who, 'match.classify', l_line[n] || ':' || l_part[n], l_kind[n]);
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

-- ---- between the hospital's own accounts ----

-- What may be the other line of a transfer: items open on other accounts of the hospital that went the other way; p_other: this one,
-- whatever speaks against it. fits: 1 it may be; -1 a value in the books is not known yet, -3 held, -4 the same account, or both came
-- in or went out, -5 they do not come to the same: in one currency to the last unit, else within 3 % of what they are carried at,
-- -6 more than ten days lie between them, -7 foreign money became the books' currency, which is a sale.
CREATE FUNCTION match_transfer_pairs(p_hospital uuid, p_line uuid, p_part integer, p_other uuid DEFAULT NULL, p_other_part integer DEFAULT NULL)
RETURNS TABLE (line_id uuid, part integer, version integer, account text, booked_day date, open_minor bigint, currency text, exponent smallint,
	book_minor bigint, own_book_minor bigint, fits integer) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	WITH item AS (
		SELECT i.line_id, i.part, i.version, i.booked_day, i.open_minor, b.account, b.currency, b.exponent, b.amount_minor AS whole, s.held
		FROM match_item i JOIN bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id
		JOIN suspense s ON s.hospital_id = i.hospital_id AND s.line_id = i.line_id
		WHERE i.hospital_id = p_hospital AND i.open_minor <> 0
	), pair AS (
		SELECT o.*, i.open_minor AS own_open, i.whole AS own_whole, i.currency AS own_currency, i.line_id AS own_line, i.held AS own_held,
			abs(i.booked_day - o.booked_day) > 10 AS apart, i.account = o.account OR sign(i.open_minor) = sign(o.open_minor) AS alike
		FROM item i JOIN item o ON (o.line_id, o.part) <> (i.line_id, i.part)
		WHERE i.line_id = p_line AND i.part = p_part AND CASE WHEN p_other IS NULL THEN i.account <> o.account AND sign(i.open_minor) <> sign(o.open_minor)
			AND abs(i.booked_day - o.booked_day) <= 10 ELSE o.line_id = p_other AND o.part = coalesce(p_other_part, 0) END
	), worth AS (
		SELECT p.*, match_part_book(p_hospital, p.line_id, p.open_minor) AS book, match_part_book(p_hospital, p_line, p.own_open) AS own_book,
			h.book_currency AS home
		FROM pair p JOIN hospital h ON h.hospital_id = p_hospital
	)
	SELECT w.line_id, w.part, w.version, w.account, w.booked_day, w.open_minor, w.currency, w.exponent, w.book, w.own_book,
		CASE WHEN w.alike THEN -4 WHEN w.held <> 0 OR w.own_held <> 0 THEN -3 WHEN w.apart THEN -6
			WHEN w.currency = w.own_currency AND w.open_minor <> -w.own_open THEN -5
			WHEN w.currency <> w.own_currency AND w.home = CASE WHEN w.open_minor > 0 THEN w.currency ELSE w.own_currency END THEN -7
			WHEN w.book IS NULL OR w.own_book IS NULL THEN -1
			WHEN w.currency <> w.own_currency AND abs(w.book - w.own_book)::numeric * 100 > 3 * greatest(w.book, w.own_book)::numeric THEN -5
			ELSE 1 END
	FROM worth w ORDER BY w.booked_day, w.line_id, w.part
$$;

-- Both lines are one transfer. What they are carried at differently is a difference of rates. Outcomes as of match_transfer_pairs();
-- 0: one of them moved on.
CREATE FUNCTION match_transfer(p_hospital uuid, p_allocation uuid, p_line uuid, p_part integer, p_version integer, p_other uuid, p_other_part integer,
	p_other_version integer, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	own match_item;
	pair record;
	paid record; -- the line that went out
	got record;
	day date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a transfer between own accounts needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	IF EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation) THEN
		RETURN 1;
	END IF;
	PERFORM 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id IN (p_line, p_other) ORDER BY s.line_id FOR UPDATE;
	SELECT * INTO own FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part AND i.version = p_version;
	SELECT * INTO pair FROM match_transfer_pairs(p_hospital, p_line, p_part, p_other, p_other_part);
	IF own.line_id IS NULL OR pair.line_id IS NULL OR pair.version <> coalesce(p_other_version, pair.version) THEN
		RETURN 0;
	ELSIF pair.fits <> 1 THEN
		RETURN pair.fits;
	END IF;
	SELECT t.* INTO paid FROM (
		SELECT own.line_id, own.part, own.open_minor, b.currency, b.exponent, pair.own_book_minor AS book FROM bank_line b
		WHERE b.hospital_id = p_hospital AND b.line_id = own.line_id
		UNION ALL SELECT pair.line_id, pair.part, pair.open_minor, pair.currency, pair.exponent, pair.book_minor) t WHERE t.open_minor < 0;
	SELECT t.* INTO got FROM (
		SELECT own.line_id, own.part, own.open_minor, b.currency, b.exponent, pair.own_book_minor AS book FROM bank_line b
		WHERE b.hospital_id = p_hospital AND b.line_id = own.line_id
		UNION ALL SELECT pair.line_id, pair.part, pair.open_minor, pair.currency, pair.exponent, pair.book_minor) t WHERE t.open_minor > 0;
	day := greatest(match_classify_day(p_hospital, own.line_id, own.part, own.booked_day),
		match_classify_day(p_hospital, pair.line_id, pair.part, pair.booked_day));
	INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, kind, line_kind, amount_minor, currency, exponent, book_minor,
		fx_book_minor, by_hand, maker, why)
	VALUES (p_hospital, p_allocation, 1, paid.line_id, paid.part, 9, 'transfer', paid.open_minor, paid.currency, paid.exponent, -paid.book,
			paid.book - got.book, true, p_who, CASE paid.line_id WHEN p_line THEN decode(p_why, 'hex') END),
		(p_hospital, p_allocation, 2, got.line_id, got.part, 9, 'transfer', got.open_minor, got.currency, got.exponent, got.book, 0, true, p_who,
			CASE got.line_id WHEN p_line THEN decode(p_why, 'hex') END);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, p_allocation, t.n, t.d, t.c, t.a, t.u, t.x, t.b, day, t.r, t.s FROM (VALUES
		(1, 'CONV', 'SUSP', -paid.open_minor, paid.currency, paid.exponent, paid.book, 'transfer_out', paid.line_id),
		(2, 'SUSP', 'CONV', got.open_minor, got.currency, got.exponent, got.book, 'transfer_in', got.line_id),
		(3, CASE WHEN paid.book > got.book THEN 'FX' ELSE 'CONV' END, CASE WHEN paid.book > got.book THEN 'CONV' ELSE 'FX' END, 0, got.currency,
			got.exponent, abs(paid.book - got.book), 'transfer_fx', got.line_id)) AS t (n, d, c, a, u, x, b, r, s)
	WHERE t.a <> 0 OR t.b <> 0;
	PERFORM match_leave(p_hospital, paid.line_id, paid.part, paid.open_minor, true);
	PERFORM match_leave(p_hospital, got.line_id, got.part, got.open_minor, true);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'match.transfer', p_line || ':' || p_part);
	RETURN 1;
END
$$;

-- ---- through /v1 ----

-- As match_classify(), of the item as it is now. p_ways: 1 money of that kind comes in, 2 goes out, 3 both. -1 nothing of it waits, -2 a
-- value is not known yet, -3 it has another version, -5 it goes the other way, -6 not as much, or in another currency; -7 held.
CREATE FUNCTION api_classify(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_line uuid, p_version integer, p_part bigint, p_kind text,
	p_amount bigint, p_currency text, p_why text, p_account text, p_ways integer)
RETURNS TABLE (outcome integer, id uuid, places text, line uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	item record;
	made uuid := api_id();
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text, p_line;
		RETURN;
	END IF;
	PERFORM match_lock(p_hospital);
	done := api_stale(p_hospital, 'match.classify', p_line, p_version);
	SELECT i.part, i.version, i.open_minor, b.currency INTO item FROM match_item i
	JOIN bank_line b ON b.hospital_id = i.hospital_id AND b.line_id = i.line_id
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = coalesce(p_part, 0) AND i.open_minor <> 0;
	done := coalesce(done, CASE WHEN item.part IS NULL THEN -1 WHEN p_ways & CASE WHEN item.open_minor > 0 THEN 1 ELSE 2 END = 0 THEN -5
		WHEN p_currency <> item.currency THEN -6 END);
	IF done IS NULL THEN
		SELECT CASE m.outcome WHEN 1 THEN 1 WHEN 0 THEN -1 WHEN -1 THEN -2 WHEN -3 THEN -7 ELSE -6 END INTO done
		FROM match_classify(p_hospital, p_who, p_why, true, ARRAY[made], ARRAY[p_line], ARRAY[item.part], ARRAY[item.version],
			ARRAY[sign(item.open_minor)::bigint * p_amount], ARRAY[p_kind], ARRAY[p_account]) m;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	END IF;
	RETURN QUERY SELECT done, made, CASE done WHEN -5 THEN '/kind' WHEN -6 THEN '/amount' END, p_line;
END
$$;

-- As match_transfer(). -1 one of the lines does not wait, -2 a value is not known yet, -3 it has another version; -4 to -6 as
-- match_transfer_pairs(), -7 held, -8 it is a sale.
CREATE FUNCTION api_transfer(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_line uuid, p_version integer, p_part bigint, p_other uuid,
	p_other_part bigint, p_why text) RETURNS TABLE (outcome integer, id uuid, places text, line uuid) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	made uuid := api_id();
	item integer := least(coalesce(p_part, 0), 2147483647);
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text, p_line;
		RETURN;
	END IF;
	PERFORM match_lock(p_hospital);
	done := api_stale(p_hospital, 'match.transfer', p_line, p_version);
	IF done IS NULL THEN
		done := match_transfer(p_hospital, made, p_line, item, (SELECT i.version FROM match_item i WHERE i.hospital_id = p_hospital
			AND i.line_id = p_line AND i.part = item), p_other, least(coalesce(p_other_part, 0), 2147483647)::integer, NULL, p_who, p_why);
		done := CASE done WHEN 0 THEN -1 WHEN -1 THEN -2 WHEN -3 THEN -7 WHEN -7 THEN -8 ELSE done END;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	END IF;
	RETURN QUERY SELECT done, made, CASE WHEN done IN (-4, -5, -6, -8) THEN '/other' END, p_line;
END
$$;

CALL writer_functions('match\_classify%', 'match\_leave', 'match\_transfer%', 'api\_classify', 'api\_transfer');
GRANT EXECUTE ON FUNCTION api_classify, api_transfer TO zhifu_intake;
GRANT EXECUTE ON FUNCTION match_classify TO zhifu_settle;
GRANT EXECUTE ON FUNCTION match_classify, match_transfer, match_transfer_pairs TO zhifu_operator;
