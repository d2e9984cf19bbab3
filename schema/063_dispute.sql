-- What the hospital concedes to carriers: a take-back that it accepts, a dispute that it lost. A loss of receivables that never
-- come is schema/057_limitation.sql.
SET search_path = zhifu;

-- What was taken back of a claim and was not owed back, in the currency in which the claim is owed, and what of the claim had been
-- cleared by what was taken: the same, unless that went through another currency at two rates.
CREATE FUNCTION take_back_sum(p_hospital uuid, p_claim uuid, p_currency text, OUT taken bigint, OUT origin bigint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(sum(t.taken), 0)::bigint, coalesce(sum(CASE WHEN t.currency <> p_currency AND t.paid > 0
		THEN receivable_worth(t.gross, receivable_worth(t.paid, t.cleared, t.amount), t.taken) ELSE t.taken END), 0)::bigint
	FROM (SELECT k.currency, k.amount, k.gross, k.gross - coalesce(o.minor, 0) AS taken, p.paid, p.cleared
		FROM (SELECT a.allocation_id, a.currency, -sum(a.amount_minor)::bigint AS amount, -sum(a.cleared_minor)::bigint AS gross
			FROM allocation_kept a WHERE a.hospital_id = p_hospital AND a.claim_id = p_claim AND a.kind = 3 GROUP BY 1, 2) k
		LEFT JOIN LATERAL (SELECT sum(g.amount_minor)::bigint AS minor FROM posting g WHERE g.hospital_id = p_hospital AND g.claim_id = p_claim
			AND g.entry_id = k.allocation_id AND g.rule = 'over_decided' AND g.credit LIKE 'AR-%') o ON true
		LEFT JOIN LATERAL (SELECT sum(a.amount_minor - a.over_minor + a.charge_minor + a.discount_minor + a.fee_minor
				+ a.unexplained_minor)::bigint AS paid, sum(a.cleared_minor)::bigint AS cleared
			FROM allocation_kept a WHERE a.hospital_id = p_hospital AND a.claim_id = p_claim AND a.kind = 0 AND a.currency = k.currency) p ON true) t
$$;

-- What of what was taken back is neither accepted nor paid again.
CREATE FUNCTION take_back_left(p_hospital uuid, p_claim uuid, p_currency text, p_open bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT greatest(least((take_back_sum(p_hospital, p_claim, p_currency)).taken - coalesce(sum(c.taken_minor), 0)::bigint, p_open), 0)
	FROM concession c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim
$$;

-- What a carrier owed for a claim by bill and decisions, in the currency in which it is owed, and at what value; and what of that
-- value has not been conceded.
CREATE FUNCTION claim_revenue(p_hospital uuid, p_claim uuid, p_carrier text, p_currency text, OUT owed bigint, OUT value bigint,
	OUT left_value bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT q.owed, q.value, q.value - q.reversed FROM (
		SELECT coalesce(sum(CASE g.debit WHEN a.ar THEN g.amount_minor ELSE -g.amount_minor END) FILTER (WHERE m.origin), 0)::bigint AS owed,
			coalesce(sum(CASE g.debit WHEN a.ar THEN g.book_minor ELSE -g.book_minor END) FILTER (WHERE m.origin), 0)::bigint AS value,
			coalesce(sum(CASE WHEN g.debit IN ('REV-MED', 'AR-PT') THEN g.book_minor ELSE -g.book_minor END)
				FILTER (WHERE g.rule IN ('give_up_revenue', 'give_up_share')), 0)::bigint AS reversed
		FROM posting g CROSS JOIN (SELECT 'AR-' || upper(p_carrier) AS ar) a
		CROSS JOIN LATERAL (SELECT a.ar IN (g.debit, g.credit) AND g.currency = p_currency AND g.rule IN ('bill', 'patient_share', 'write_off',
			'coordinate_fund', 'coordinate_group', 'fix_billed', 'fix_owed', 'value') AS origin) m
		WHERE g.hospital_id = p_hospital AND g.claim_id = p_claim) q
$$;

-- What the hospital concedes of a claim: p_kind as in concession, p_amount of what is open (NULL: all that may be), p_taken: only what
-- was taken back. outcome: 1 done (or before, by the same id); 0 nothing is open; -1 as much was not taken back, or is not open;
-- -2 its value would be more than what is left of the claim's revenue; -3 a value in the books is not known yet.
-- amount: what was asked for; most: what might have been, in the same currency; value: what was billed for it, in the book currency;
-- left_value: what of the claim's revenue was left before; carried: what the amount was carried at. What that differs from the value
-- is what exchange rates did.
CREATE FUNCTION concede(p_hospital uuid, p_id uuid, p_claim uuid, p_kind smallint, p_amount bigint, p_taken boolean, p_by_policy boolean,
	p_who text, p_why text, OUT outcome integer, OUT amount bigint, OUT most bigint, OUT value bigint, OUT left_value bigint,
	OUT carried bigint, OUT taken bigint) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	home hospital;
	billed record;
	back record;
	before record; -- of what was conceded
	origin bigint;
	day date;
	ar text;
	rule text := (ARRAY['give_up_revenue', 'give_up_share'])[p_kind];
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'to concede something needs who and why';
	END IF;
	SELECT * INTO home FROM hospital h WHERE h.hospital_id = p_hospital;
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim FOR UPDATE;
	SELECT 1, c.amount_minor, c.value_minor, c.book_minor, c.taken_minor INTO outcome, amount, value, carried, taken FROM concession c
	WHERE c.hospital_id = p_hospital AND c.concession_id = p_id;
	IF FOUND THEN
		RETURN;
	END IF;
	outcome := 0;
	IF r.claim_id IS NULL OR r.open_minor = 0 THEN
		RETURN;
	END IF;
	SELECT * INTO back FROM take_back_sum(p_hospital, p_claim, r.currency);
	SELECT coalesce(sum(c.taken_minor), 0)::bigint AS taken, coalesce(sum(c.origin_minor), 0)::bigint AS origin INTO before
	FROM concession c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim;
	taken := greatest(least(back.taken - before.taken, r.open_minor), 0);
	most := CASE WHEN p_taken THEN taken ELSE r.open_minor END;
	amount := coalesce(p_amount, most);
	IF amount <= 0 OR amount > most THEN
		outcome := -1;
		RETURN;
	END IF;
	IF EXISTS (SELECT 1 FROM posting_unvalued u JOIN posting g USING (hospital_id, entry_id, no)
		WHERE g.hospital_id = p_hospital AND g.claim_id = p_claim) THEN
		outcome := -3;
		RETURN;
	END IF;
	taken := least(taken, amount);
	-- In parts it comes to the same as at once.
	origin := receivable_worth(back.taken, back.origin, before.taken + taken) - receivable_worth(back.taken, back.origin, before.taken)
		+ amount - taken;
	SELECT * INTO billed FROM claim_revenue(p_hospital, p_claim, r.carrier, r.currency);
	value := receivable_worth(billed.owed, billed.value, before.origin + origin) - receivable_worth(billed.owed, billed.value, before.origin);
	left_value := billed.left_value;
	IF value > left_value THEN
		outcome := -2;
		RETURN;
	END IF;
	day := books_day(p_hospital, (now() AT TIME ZONE home.zone)::date);
	carried := -receivable_move(p_hospital, p_claim, r.version, -amount, dispute_standing(p_hospital, p_claim, r.standing,
		back.taken - before.taken - taken > 0));
	ar := 'AR-' || upper(r.carrier);
	INSERT INTO concession (hospital_id, concession_id, claim_id, kind, amount_minor, taken_minor, origin_minor, currency, exponent, book_minor,
		value_minor, by_policy, who, why)
	VALUES (p_hospital, p_id, p_claim, p_kind, amount, taken, origin, r.currency, r.exponent, carried, value, p_by_policy, p_who, p_why);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, p_id, t.n, CASE WHEN t.b < 0 THEN t.c ELSE t.d END, CASE WHEN t.b < 0 THEN t.d ELSE t.c END, abs(t.a), t.u, t.x, abs(t.b), day,
		t.r, p_claim, p_id
	FROM (SELECT CASE WHEN r.currency = home.book_currency THEN ar ELSE 'CONV' END AS side) s CROSS JOIN LATERAL (VALUES
		(1, 'CONV', ar, CASE s.side WHEN ar THEN 0 ELSE amount END, r.currency, r.exponent, CASE s.side WHEN ar THEN 0 ELSE carried END,
			rule || '_foreign'),
		(2, (ARRAY['REV-MED', 'AR-PT'])[p_kind], s.side, value, home.book_currency, home.book_exponent, value, rule),
		(3, 'FX', s.side, carried - value, home.book_currency, home.book_exponent, carried - value, rule || '_fx'))
		AS t (n, d, c, a, u, x, b, r)
	WHERE t.a <> 0 OR t.b <> 0;
	PERFORM concession_steps(p_hospital, p_claim, p_who, p_why);
	outcome := 1;
END
$$;

-- How what is open of a receivable stands, after what p_standing was: p_taken: something of what was taken back is open.
CREATE FUNCTION dispute_standing(p_hospital uuid, p_claim uuid, p_standing smallint, p_taken boolean) RETURNS smallint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT CASE WHEN p_taken THEN 4 WHEN p_standing = 3 THEN 3 ELSE 1 END::smallint
$$;

-- The steps that follow where nothing is open any more, or nothing of what was taken back.
CREATE FUNCTION concession_steps(p_hospital uuid, p_claim uuid, p_who text, p_why text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	x smallint[]; f smallint[]; t smallint[]; e text[];
	n integer;
BEGIN
	SELECT count(*), array_agg(v.x), array_agg(v.f), array_agg(v.t), array_agg(v.e) INTO n, x, f, t, e
	FROM claim_state s JOIN receivable r ON r.hospital_id = s.hospital_id AND r.claim_id = s.claim_id
	CROSS JOIN LATERAL (
		SELECT 4::smallint, s.payment, CASE r.open_minor WHEN 0 THEN 2 ELSE 3 END::smallint,
			CASE WHEN r.open_minor > 0 THEN 'pay_short' WHEN s.payment = 4 THEN 'accept_take_back' ELSE 'pay' END
		WHERE s.payment = 3 AND r.open_minor = 0 OR s.payment = 4 AND take_back_left(p_hospital, p_claim, r.currency, r.open_minor) = 0
		UNION ALL SELECT 5::smallint, s.books, 4::smallint, 'post_settlement' WHERE s.books IN (2, 3) AND r.open_minor = 0) AS v (x, f, t, e)
	WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim;
	IF n > 0 AND NOT EXISTS (SELECT 1 FROM claim_step(array_fill(p_hospital, ARRAY[n]), array_fill(p_claim, ARRAY[n]), x, f,
		array_fill(NULL::integer, ARRAY[n]), t, e, array_fill(p_who, ARRAY[n]), array_fill(p_why, ARRAY[n]))) THEN
		RAISE EXCEPTION 'the claim moved on' USING ERRCODE = 'serialization_failure';
	END IF;
END
$$;

-- A person accepts what was taken back, or a part of it.
CREATE FUNCTION take_back_accept(p_hospital uuid, p_id uuid, p_claim uuid, p_amount bigint, p_who text, p_why text, OUT outcome integer,
	OUT amount bigint, OUT most bigint, OUT value bigint, OUT left_value bigint, OUT carried bigint, OUT taken bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM match_lock(p_hospital);
	SELECT * INTO outcome, amount, most, value, left_value, carried, taken
	FROM concede(p_hospital, p_id, p_claim, 1::smallint, p_amount, true, false, p_who, p_why);
	IF outcome = 1 THEN
		INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'takeback.accept', p_claim::text, p_why);
	END IF;
END
$$;

-- Where the hospital has said that it accepts what is taken back: what these allocations took, but not what their advice says is in
-- dispute, nor what is more than the claim.
CREATE FUNCTION take_back_settle(p_hospital uuid, allots match_allot[], p_who text, p_why text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF NOT (SELECT h.accepts_take_backs FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RETURN;
	END IF;
	PERFORM concede(p_hospital, gen_random_uuid(), q.claim, 1::smallint, least(q.taken, take_back_left(p_hospital, q.claim, r.currency,
		r.open_minor)), true, true, p_who, coalesce(p_why, 'the hospital accepts what is taken back'))
	FROM (SELECT p.claim, -sum(p.z)::bigint AS taken FROM unnest(allots) AS p WHERE p.k = 3 AND NOT EXISTS (SELECT 1 FROM remittance_detail d
			WHERE d.hospital_id = p_hospital AND d.remittance_id = p.remittance AND d.no = p.detail AND d.difference = 4)
		GROUP BY p.claim ORDER BY p.claim) q
	JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = q.claim;
END
$$;

-- Undoes what was conceded, by a counter-entry: it is owed again, as it was. 1 done (or before, by the same id), 0 there is no such
-- concession, or it was undone; -1 it was put back since, because the claim was paid after all or was decided lower.
CREATE FUNCTION concession_undo(p_hospital uuid, p_concession uuid, p_new uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	c concession;
	r receivable;
	day date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what a person undoes needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	SELECT * INTO c FROM concession o WHERE o.hospital_id = p_hospital AND o.concession_id = p_concession AND o.undoes IS NULL;
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = c.claim_id FOR UPDATE;
	IF EXISTS (SELECT 1 FROM concession o WHERE o.hospital_id = p_hospital AND o.concession_id = p_new) THEN
		RETURN 1;
	END IF;
	IF c.claim_id IS NULL OR EXISTS (SELECT 1 FROM concession o WHERE o.hospital_id = p_hospital AND o.undoes = p_concession) THEN
		RETURN 0;
	END IF;
	IF (receivable_conceded(p_hospital, c.claim_id, r.carrier, r.currency, (ARRAY['give_up_revenue', 'give_up_share'])[c.kind])).minor
		< c.amount_minor THEN
		RETURN -1;
	END IF;
	day := books_day(p_hospital, (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital));
	INSERT INTO concession (hospital_id, concession_id, claim_id, kind, amount_minor, taken_minor, origin_minor, currency, exponent, book_minor,
		value_minor, by_policy, who, why, undoes)
	VALUES (p_hospital, p_new, c.claim_id, c.kind, -c.amount_minor, -c.taken_minor, -c.origin_minor, c.currency, c.exponent, -c.book_minor,
		-c.value_minor, false, p_who, p_why, p_concession);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT g.hospital_id, p_new, g.no, g.credit, g.debit, g.amount_minor, g.currency, g.exponent, g.book_minor, day, g.rule, g.claim_id, p_new
	FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_concession;
	PERFORM receivable_offset(p_hospital, c.claim_id, p_new, c.amount_minor, c.book_minor, CASE WHEN c.taken_minor > 0 THEN 4 ELSE 1 END::smallint);
	PERFORM match_steps(p_hospital, ARRAY[c.claim_id], CASE WHEN c.taken_minor > 0 THEN ARRAY[c.claim_id] END, p_who, p_why);
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'concession.undo', p_concession::text, p_why);
	RETURN 1;
END
$$;

CALL writer_functions('take\_back\_%', 'claim\_revenue', 'concede', 'concession\_%', 'dispute\_%');
GRANT EXECUTE ON FUNCTION take_back_accept, concession_undo TO zhifu_operator;
