-- Disputes with carriers, and what the hospital concedes to them: a take-back that it accepts, a dispute that it lost. A loss of
-- receivables that never come is schema/057_limitation.sql.
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
		LEFT JOIN LATERAL (SELECT sum(g.amount_minor)::bigint AS minor FROM receivable r JOIN posting g ON g.hospital_id = r.hospital_id
				AND g.claim_id = coalesce(r.of_claim, r.claim_id) AND g.credit = 'AR-' || upper(r.carrier)
			WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim AND g.entry_id = k.allocation_id AND g.rule = 'over_decided') o ON true
		LEFT JOIN LATERAL (SELECT sum(a.amount_minor - a.over_minor + a.charge_minor + a.discount_minor + a.fee_minor
				+ a.unexplained_minor)::bigint AS paid, sum(a.cleared_minor)::bigint AS cleared
			FROM allocation_kept a WHERE a.hospital_id = p_hospital AND a.claim_id = p_claim AND a.kind = 0 AND a.currency = k.currency) p ON true) t
$$;

-- What of a claim was conceded: of what was taken back (taken), and what of the claim all of it had been (origin). What was put back
-- because a take-back was undone counts no more: taken back once more it may be accepted once more.
CREATE FUNCTION concession_sum(p_hospital uuid, p_claim uuid, OUT taken bigint, OUT origin bigint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT c.taken - b.minor, c.origin - receivable_worth(c.taken, c.taken_origin, b.minor)
	FROM (SELECT coalesce(sum(i.taken_minor), 0)::bigint AS taken, coalesce(sum(i.origin_minor), 0)::bigint AS origin,
			coalesce(sum(i.origin_minor - i.amount_minor + i.taken_minor), 0)::bigint AS taken_origin
		FROM concession i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim) c
	CROSS JOIN LATERAL (SELECT greatest(least(coalesce(sum(CASE g.debit WHEN a.ar THEN g.amount_minor ELSE -g.amount_minor END), 0),
			c.taken), 0)::bigint AS minor
		FROM (SELECT 'AR-' || upper(r.carrier) AS ar, r.currency, coalesce(r.of_claim, r.claim_id) AS posted FROM receivable r
			WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim) a
		JOIN posting g ON c.taken > 0 AND g.hospital_id = p_hospital AND g.claim_id = a.posted AND g.currency = a.currency
			AND a.ar IN (g.debit, g.credit) AND g.rule ~ '^give_up_(revenue|share)'
			AND g.entry_id IN (SELECT u.allocation_id FROM allocation u WHERE u.hospital_id = p_hospital AND u.claim_id = p_claim
				AND u.kind = 3 AND u.undoes IS NOT NULL)) b
$$;

-- What of what was taken back is neither accepted nor paid again.
CREATE FUNCTION take_back_left(p_hospital uuid, p_claim uuid, p_currency text, p_open bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT greatest(least((take_back_sum(p_hospital, p_claim, p_currency)).taken - (concession_sum(p_hospital, p_claim)).taken, p_open), 0)
$$;

-- Is what is open of a claim, as far as something is, what was taken back?
CREATE FUNCTION take_back_waits(p_hospital uuid, p_claim uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT take_back_left(p_hospital, p_claim, r.currency, 1) FROM receivable r
		WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim), 0) > 0
$$;

-- What a carrier owed for a claim by bill and decisions, or a group plan of it by how it was divided, in the currency in which it is
-- owed, and at what value; and what of that value has not been conceded.
CREATE FUNCTION claim_revenue(p_hospital uuid, p_claim uuid, p_carrier text, p_currency text, OUT owed bigint, OUT value bigint,
	OUT left_value bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT q.owed, q.value, q.value - q.reversed FROM (
		SELECT coalesce(sum(CASE g.debit WHEN a.ar THEN g.amount_minor ELSE -g.amount_minor END) FILTER (WHERE m.origin), 0)::bigint AS owed,
			coalesce(sum(CASE g.debit WHEN a.ar THEN g.book_minor ELSE -g.book_minor END) FILTER (WHERE m.origin), 0)::bigint AS value,
			coalesce(sum(CASE WHEN g.debit IN ('REV-MED', 'AR-PT') THEN g.book_minor ELSE -g.book_minor END)
				FILTER (WHERE g.rule IN ('give_up_revenue', 'give_up_share') AND m.side IN (g.debit, g.credit)), 0)::bigint AS reversed
		FROM posting g CROSS JOIN (SELECT 'AR-' || upper(p_carrier) AS ar) a
		CROSS JOIN LATERAL (SELECT a.ar IN (g.debit, g.credit) AND g.currency = p_currency AND g.rule IN ('bill', 'allowance', 'patient_share', 'write_off',
			'coordinate_fund', 'coordinate_group', 'fix_billed', 'fix_owed', 'value') AS origin, CASE g.currency WHEN p_currency THEN a.ar ELSE 'CONV' END AS side) m
		WHERE g.hospital_id = p_hospital AND g.claim_id = receivable_claim(p_hospital, p_claim)) q
$$;

-- What the hospital concedes of a claim (p_why here and below: sealed, in hex): p_kind as in concession, p_amount of what is open (NULL: all that may be), p_taken: only what
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
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'to concede something needs who';
	END IF;
	SELECT * INTO home FROM hospital h WHERE h.hospital_id = p_hospital;
	PERFORM claim_hold(p_hospital, ARRAY[p_claim]);
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim;
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
	SELECT * INTO before FROM concession_sum(p_hospital, p_claim);
	taken := greatest(least(back.taken - before.taken, r.open_minor), 0);
	most := CASE WHEN p_taken THEN taken ELSE r.open_minor END;
	amount := coalesce(p_amount, most);
	IF amount <= 0 OR amount > most THEN
		outcome := -1;
		RETURN;
	END IF;
	IF EXISTS (SELECT 1 FROM posting_unvalued u JOIN posting g USING (hospital_id, entry_id, no)
		WHERE g.hospital_id = p_hospital AND g.claim_id = coalesce(r.of_claim, p_claim)) THEN
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
	VALUES (p_hospital, p_id, p_claim, p_kind, amount, taken, origin, r.currency, r.exponent, carried, value, p_by_policy, p_who, decode(p_why, 'hex'));
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, p_id, t.n, CASE WHEN t.b < 0 THEN t.c ELSE t.d END, CASE WHEN t.b < 0 THEN t.d ELSE t.c END, abs(t.a), t.u, t.x, abs(t.b), day,
		t.r, coalesce(r.of_claim, p_claim), p_id
	FROM (SELECT CASE WHEN r.currency = home.book_currency THEN ar ELSE 'CONV' END AS side) s CROSS JOIN LATERAL (VALUES
		(1, 'CONV', ar, CASE s.side WHEN ar THEN 0 ELSE amount END, r.currency, r.exponent, CASE s.side WHEN ar THEN 0 ELSE carried END,
			rule || '_foreign'),
		(2, (ARRAY['REV-MED', 'AR-PT'])[p_kind], s.side, value, home.book_currency, home.book_exponent, value, rule),
		(3, 'FX', s.side, carried - value, home.book_currency, home.book_exponent, carried - value, rule || '_fx'))
		AS t (n, d, c, a, u, x, b, r)
	WHERE t.a <> 0 OR t.b <> 0;
	PERFORM concession_steps(p_hospital, p_claim, p_who, CASE WHEN p_by_policy THEN 'the hospital accepts what is taken back'
		WHEN p_taken THEN 'the take-back was accepted' ELSE 'the dispute was lost' END);
	outcome := 1;
END
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

-- The figures of a claim from which money was taken back: what was taken and not owed back, what of it was accepted, what can be; what
-- was billed, in the book currency, and what is left of that revenue.
CREATE FUNCTION take_back_figures(p_hospital uuid, p_claim uuid) RETURNS TABLE (taken bigint, accepted bigint, acceptable bigint, currency text,
	exponent smallint, revenue bigint, left_revenue bigint, book_currency text, book_exponent smallint) LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT (take_back_sum(p_hospital, p_claim, r.currency)).taken, (concession_sum(p_hospital, p_claim)).taken,
		take_back_left(p_hospital, p_claim, r.currency, r.open_minor),
		r.currency, r.exponent, v.value, v.left_value, h.book_currency, h.book_exponent
	FROM receivable r JOIN hospital h ON h.hospital_id = r.hospital_id
	CROSS JOIN LATERAL claim_revenue(p_hospital, p_claim, r.carrier, r.currency) v
	WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim;
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
		INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'takeback.accept', p_claim::text);
	END IF;
END
$$;

-- Where the hospital has said that it accepts what is taken back: what these allocations took, but not what their advice says is in
-- dispute, nor what a plan took back of its share: that waits for a person. What cannot be accepted, because it is more than what is left of the claim's revenue or a rate is missing, stays in dispute: the
-- work list of take-backs says so with what to do, and the log.
CREATE FUNCTION take_back_settle(p_hospital uuid, allots match_allot[], p_who text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	one record;
	reason text;
BEGIN
	IF NOT (SELECT h.accepts_take_backs FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RETURN;
	END IF;
	FOR one IN SELECT q.claim, c.outcome FROM (SELECT p.claim, -sum(p.z)::bigint AS taken FROM unnest(allots) AS p WHERE p.k = 3
				AND NOT EXISTS (SELECT 1 FROM remittance_detail d WHERE d.hospital_id = p_hospital AND d.remittance_id = p.remittance
					AND d.no = p.detail AND d.difference = 4)
			GROUP BY p.claim ORDER BY p.claim) q
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = q.claim AND r.of_claim IS NULL
		CROSS JOIN LATERAL concede(p_hospital, gen_random_uuid(), q.claim, 1::smallint, least(q.taken, take_back_left(p_hospital, q.claim,
			r.currency, r.open_minor)), true, true, p_who, NULL) c
	LOOP
		CONTINUE WHEN one.outcome NOT IN (-2, -3);
		reason := CASE one.outcome WHEN -2 THEN 'it is more than what is left of the claim''s revenue: accept a part of it, or dispute it'
			ELSE 'a rate is missing: accept it when that is there' END;
		PERFORM work_assign(p_hospital, one.claim, 'takeback', coalesce((SELECT w.owner FROM work_owner w WHERE w.hospital_id = p_hospital
			AND w.claim_id = one.claim AND w.list = 'takeback'), report_owner('takeback')), p_who, 'not accepted by itself: ' || reason);
		RAISE WARNING 'a take-back of claim % was not accepted by itself: %', (SELECT s.ref FROM claim_state s
			WHERE s.hospital_id = p_hospital AND s.claim_id = one.claim), reason;
	END LOOP;
END
$$;

-- Undoes what was conceded, by a counter-entry: it is owed again, as it was, and in dispute if it was lost in one. 1 done (or before, by the same id), 0 there is no such
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
	PERFORM claim_hold(p_hospital, ARRAY[c.claim_id]);
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = c.claim_id;
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
		-c.value_minor, false, p_who, decode(p_why, 'hex'), p_concession);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT g.hospital_id, p_new, g.no, g.credit, g.debit, g.amount_minor, g.currency, g.exponent, g.book_minor, day, g.rule, g.claim_id, p_new
	FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_concession;
	PERFORM dispute_again(p_hospital, p_concession, p_who);
	PERFORM receivable_offset(p_hospital, c.claim_id, p_new, c.amount_minor, c.book_minor,
		dispute_standing(p_hospital, c.claim_id, r.standing, take_back_waits(p_hospital, c.claim_id)));
	PERFORM match_steps(p_hospital, ARRAY[c.claim_id], CASE WHEN c.taken_minor > 0 THEN ARRAY[c.claim_id] END, p_who, 'the concession was undone', false);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'concession.undo', p_concession::text);
	RETURN 1;
END
$$;

-- ---- disputes ----

-- What the hospital does not agree with: a short payment, a take-back, a denial. One of a claim is open at a time.
CREATE TABLE dispute (
	hospital_id  uuid NOT NULL,
	dispute_id   uuid NOT NULL,
	claim_id     uuid NOT NULL,
	about        smallint NOT NULL CHECK (about BETWEEN 1 AND 3), -- 1 a short payment, 2 a take-back, 3 a denial
	amount_minor bigint NOT NULL CHECK (amount_minor > 0), -- what was open when it began
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	reason       text NOT NULL CHECK (reason ~ '^[0-9A-Za-z._-]{1,32}$'), -- a code: the insurer's, or one of the house
	due_day      date, -- until when the payer is to answer the last appeal
	state        smallint NOT NULL DEFAULT 1 CHECK (state BETWEEN 1 AND 4), -- 1 open, 2 won, 3 lost, 4 withdrawn
	outcome      smallint, -- won: 1 it is paid, 2 it is decided anew; lost: 3 written off, 4 the patient's, 5 no revenue
	loss         uuid,     -- lost: the write-off or the concession
	who          text NOT NULL CHECK (who <> ''),
	opened_at    timestamptz NOT NULL DEFAULT now(),
	decided_by   text,
	decided_at   timestamptz,
	CHECK ((decided_at IS NULL) = (state = 1) AND (decided_by IS NULL) = (state = 1)),
	CHECK (CASE state WHEN 2 THEN outcome IN (1, 2) WHEN 3 THEN outcome IN (3, 4, 5) ELSE outcome IS NULL END),
	CHECK ((loss IS NULL) = (state <> 3)),
	PRIMARY KEY (hospital_id, dispute_id)
);
CREATE INDEX dispute_claim ON dispute (hospital_id, claim_id);
CREATE UNIQUE INDEX dispute_open ON dispute (hospital_id, claim_id) WHERE state = 1;
CREATE UNIQUE INDEX dispute_loss ON dispute (hospital_id, loss) WHERE loss IS NOT NULL;
-- What was done about it. Insert-only.
CREATE TABLE dispute_step (
	hospital_id uuid NOT NULL,
	step_id     uuid NOT NULL,
	dispute_id  uuid NOT NULL,
	step        smallint NOT NULL CHECK (step BETWEEN 1 AND 6), -- 1 begun, 2 appealed, 3 won, 4 lost, 5 withdrawn, 6 lost no more
	day         date NOT NULL, -- on which it was
	reason      text CHECK (reason ~ '^[0-9A-Za-z._-]{1,32}$'),
	content     bytea, -- words, which may name a person: sealed for the claim by the hospital's key
	who         text NOT NULL CHECK (who <> ''),
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, step_id)
);
CREATE INDEX dispute_step_of ON dispute_step (hospital_id, dispute_id);
CALL tenant_tables('dispute', 'dispute_step');
GRANT UPDATE ON dispute TO zhifu_writer;

-- Of a claim whose dispute is open; NULL: none is.
CREATE FUNCTION dispute_of(p_hospital uuid, p_claim uuid) RETURNS dispute LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT d FROM dispute d WHERE d.hospital_id = p_hospital AND d.claim_id = p_claim AND d.state = 1
$$;

-- How what is open of a receivable stands, which stood at p_standing. p_taken: something of what was taken back is open.
CREATE FUNCTION dispute_standing(p_hospital uuid, p_claim uuid, p_standing smallint, p_taken boolean) RETURNS smallint LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT CASE WHEN p_taken OR EXISTS (SELECT 1 FROM dispute d WHERE d.hospital_id = p_hospital AND d.claim_id = p_claim AND d.state = 1) THEN 4
		WHEN p_standing = 3 THEN 3 ELSE 1 END::smallint
$$;

CREATE FUNCTION dispute_note(p_hospital uuid, p_dispute uuid, p_step smallint, p_day date, p_reason text, p_content bytea, p_who text)
RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	INSERT INTO dispute_step (hospital_id, step_id, dispute_id, step, day, reason, content, who)
	SELECT p_hospital, gen_random_uuid(), p_dispute, p_step, coalesce(p_day, (now() AT TIME ZONE h.zone)::date), p_reason, p_content, p_who
	FROM hospital h WHERE h.hospital_id = p_hospital;
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who,
		'dispute.' || (ARRAY['open', 'appeal', 'won', 'lost', 'withdraw', 'again'])[p_step], p_dispute::text, p_reason)
$$;

-- The loss with which a dispute ended is undone: it goes on, to be answered when it was, unless another one of the claim was begun since.
-- Then what is owed again is in that one.
CREATE FUNCTION dispute_again(p_hospital uuid, p_loss uuid, p_who text) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	d dispute;
BEGIN
	UPDATE dispute o SET state = 1, outcome = NULL, loss = NULL, decided_by = NULL, decided_at = NULL
	WHERE o.hospital_id = p_hospital AND o.loss = p_loss AND (dispute_of(p_hospital, o.claim_id)).dispute_id IS NULL RETURNING * INTO d;
	IF FOUND THEN
		PERFORM dispute_note(p_hospital, d.dispute_id, 6::smallint, NULL, d.reason, NULL, p_who);
	END IF;
END
$$;

-- Where the receivable of a claim stands by now.
CREATE FUNCTION dispute_stand(p_hospital uuid, p_claim uuid, p_standing smallint, p_taken boolean) RETURNS void LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	UPDATE receivable r SET standing = dispute_standing(p_hospital, p_claim, p_standing, p_taken), version = r.version + 1, changed = txid_current()
	WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim AND r.open_minor > 0
$$;

-- Has money come for it since? A plan's may have been taken as paid by a person, without an allocation.
CREATE FUNCTION dispute_paid(r receivable, p_since timestamptz) RETURNS boolean LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT EXISTS (SELECT 1 FROM allocation_kept a WHERE a.hospital_id = r.hospital_id AND a.claim_id = r.claim_id AND a.kind = 0
			AND a.made_at >= p_since)
		OR coalesce((SELECT sum(CASE g.credit WHEN 'AR-' || upper(r.carrier) THEN g.amount_minor ELSE -g.amount_minor END) FROM posting g
			WHERE g.hospital_id = r.hospital_id AND g.claim_id = r.of_claim AND g.rule = 'coordinate_paid'
				AND 'AR-' || upper(r.carrier) IN (g.debit, g.credit) AND g.at >= p_since), 0) > 0
$$;

-- The hospital does not agree. p_owner: who looks after it, NULL: the insurance officer. 1 done, 0 nothing of the claim is open; -1 it is
-- in dispute already, -2 nothing of it was paid, taken back or denied.
CREATE FUNCTION dispute_open(p_hospital uuid, p_id uuid, p_claim uuid, p_reason text, p_content bytea, p_owner text, p_who text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	about smallint;
BEGIN
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim FOR UPDATE;
	IF r.claim_id IS NULL OR r.open_minor = 0 THEN
		RETURN 0;
	END IF;
	IF (dispute_of(p_hospital, p_claim)).dispute_id IS NOT NULL THEN
		RETURN -1;
	END IF;
	about := CASE WHEN r.standing = 3 THEN 3 WHEN take_back_left(p_hospital, p_claim, r.currency, r.open_minor) > 0 THEN 2
		WHEN dispute_paid(r, '-infinity') THEN 1 END;
	IF about IS NULL THEN
		RETURN -2;
	END IF;
	INSERT INTO dispute (hospital_id, dispute_id, claim_id, about, amount_minor, currency, exponent, reason, who)
	VALUES (p_hospital, p_id, p_claim, about, r.open_minor, r.currency, r.exponent, p_reason, p_who);
	PERFORM dispute_stand(p_hospital, p_claim, r.standing, false);
	PERFORM dispute_note(p_hospital, p_id, 1::smallint, NULL, p_reason, p_content, p_who);
	IF p_owner IS NOT NULL THEN
		PERFORM work_assign(p_hospital, p_claim, 'dispute', p_owner, p_who, p_reason);
	END IF;
	RETURN 1;
END
$$;

-- An appeal went out on p_day (NULL: today), to be answered until p_due. 1 done, 0 the claim is not in dispute; -1 the day is to come or
-- before the bill, or the answer due before it.
CREATE FUNCTION dispute_appeal(p_hospital uuid, p_claim uuid, p_day date, p_due date, p_reason text, p_content bytea, p_who text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d dispute;
	day date := coalesce(p_day, (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital));
BEGIN
	PERFORM 1 FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim FOR UPDATE;
	d := dispute_of(p_hospital, p_claim);
	IF d.dispute_id IS NULL THEN
		RETURN 0;
	END IF;
	IF day > (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital) OR p_due < day
		OR day < (SELECT r.billed_day FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim) THEN
		RETURN -1;
	END IF;
	UPDATE dispute o SET due_day = p_due WHERE o.hospital_id = p_hospital AND o.dispute_id = d.dispute_id;
	PERFORM dispute_note(p_hospital, d.dispute_id, 2::smallint, day, coalesce(p_reason, d.reason), p_content, p_who);
	RETURN 1;
END
$$;

-- It is over: p_state as in dispute, p_outcome of what was won. What is open is owed as before; where it was withdrawn, a take-back
-- stays in dispute and a denial a denial. 1 done, 0 the claim is not in dispute; -1 it was to be paid, and no money has come since.
CREATE FUNCTION dispute_end(p_hospital uuid, p_claim uuid, p_state smallint, p_outcome smallint, p_reason text, p_content bytea, p_who text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d dispute;
	r receivable;
BEGIN
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim FOR UPDATE;
	d := dispute_of(p_hospital, p_claim);
	IF d.dispute_id IS NULL THEN
		RETURN 0;
	END IF;
	IF p_outcome = 1 AND NOT dispute_paid(r, d.opened_at) THEN
		RETURN -1;
	END IF;
	UPDATE dispute o SET state = p_state, outcome = p_outcome, decided_by = p_who, decided_at = now()
	WHERE o.hospital_id = p_hospital AND o.dispute_id = d.dispute_id;
	PERFORM dispute_stand(p_hospital, p_claim, CASE WHEN p_state = 4 AND d.about = 3 THEN 3 ELSE 1 END::smallint, p_state = 4 AND d.about = 2
		AND take_back_left(p_hospital, p_claim, r.currency, r.open_minor) > 0);
	PERFORM dispute_note(p_hospital, d.dispute_id, (p_state + 1)::smallint, NULL, coalesce(p_reason, d.reason), p_content, p_who);
	RETURN 1;
END
$$;

-- It is lost: p_amount of what is open (NULL: all) is written off within the limit of p_role (p_outcome 3), the patient's (4), or no
-- revenue (5). outcome: 1 done, 0 the claim is not in dispute; -1 not as much is open, -2 its value would be more than what is left of the
-- claim's revenue (value, left_value), -3 a value in the books is not known yet, -6 above the limit.
CREATE FUNCTION dispute_lose(p_hospital uuid, p_id uuid, p_claim uuid, p_outcome smallint, p_amount bigint, p_role text, p_limit bigint,
	p_exponent smallint, p_reason text, p_content bytea, p_who text, OUT outcome integer, OUT amount bigint, OUT most bigint, OUT value bigint,
	OUT left_value bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d dispute;
	why text;
BEGIN
	PERFORM match_lock(p_hospital);
	PERFORM claim_hold(p_hospital, ARRAY[p_claim]);
	SELECT open_minor INTO most FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim;
	d := dispute_of(p_hospital, p_claim);
	IF d.dispute_id IS NULL THEN
		outcome := 0;
		RETURN;
	END IF;
	UPDATE dispute o SET state = 3, outcome = p_outcome, loss = p_id, decided_by = p_who, decided_at = now()
	WHERE o.hospital_id = p_hospital AND o.dispute_id = d.dispute_id;
	why := 'dispute lost: ' || coalesce(p_reason, d.reason);
	BEGIN
		IF p_outcome = 3 THEN
			amount := coalesce(p_amount, most);
			value := write_off_post(p_hospital, p_id, p_claim, amount, p_exponent, p_role, p_limit, p_who, encode(p_content, 'hex'));
			outcome := CASE WHEN value IS NULL THEN -1 ELSE 1 END;
		ELSE
			SELECT c.outcome, c.amount, c.value, c.left_value INTO outcome, amount, value, left_value
			FROM concede(p_hospital, p_id, p_claim, CASE p_outcome WHEN 4 THEN 2 ELSE 1 END::smallint, p_amount, false, false, p_who,
				encode(p_content, 'hex')) c;
			-- Revenue that is given up is lost as much as what is written off.
			IF p_outcome = 5 AND outcome = 1 AND (p_role IS NULL OR value > p_limit) THEN
				RAISE insufficient_privilege;
			END IF;
		END IF;
	EXCEPTION WHEN insufficient_privilege THEN
		outcome := -6;
	END;
	IF outcome <> 1 THEN
		outcome := CASE outcome WHEN 0 THEN -1 ELSE outcome END;
		UPDATE dispute o SET state = 1, outcome = NULL, loss = NULL, decided_by = NULL, decided_at = NULL
		WHERE o.hospital_id = p_hospital AND o.dispute_id = d.dispute_id;
		RETURN;
	END IF;
	PERFORM dispute_stand(p_hospital, p_claim, CASE d.about WHEN 3 THEN 3 ELSE 1 END::smallint, false);
	PERFORM dispute_note(p_hospital, d.dispute_id, 4::smallint, NULL, coalesce(p_reason, d.reason), p_content, p_who);
	IF p_outcome = 3 THEN
		PERFORM concession_steps(p_hospital, p_claim, p_who, why);
	END IF;
END
$$;

-- ---- by /v1 ----

CREATE POLICY client ON concession FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
CREATE POLICY client ON dispute FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
CREATE POLICY client ON dispute_step FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
GRANT SELECT ON concession, dispute, dispute_step TO zhifu_intake;

-- What a client does about a take-back or a dispute of a claim, by name; p_words: sealed, in hex. p_number: of 'won' and 'lost', the
-- outcome as in dispute. -1 there is nothing to do it with, -3 it has another version by now; -4 to -14: see below.
CREATE FUNCTION api_dispute(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_claim uuid, p_version integer, p_minor bigint,
	p_currency text, p_number integer, p_reason text, p_words text, p_day date, p_due date, p_text text, p_role text, p_limit bigint,
	p_exponent integer) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	owed receivable;
	claim uuid := p_claim;
	words bytea := decode(p_words, 'hex');
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	PERFORM match_lock(p_hospital);
	IF p_act = 'undo' THEN
		SELECT c.claim_id INTO claim FROM concession c WHERE c.hospital_id = p_hospital AND c.concession_id = p_claim;
	END IF;
	PERFORM claim_hold(p_hospital, ARRAY[claim]);
	SELECT * INTO owed FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = claim;
	done := CASE WHEN owed.claim_id IS NULL THEN -1 ELSE coalesce(api_stale(p_hospital, 'work.assign', claim, p_version),
		CASE WHEN p_currency <> owed.currency THEN -5 WHEN p_reason !~ '^[0-9A-Za-z._-]{1,32}$' THEN -10 END) END;
	IF done IS NULL THEN
		done := CASE
			-- -1 nothing is open; -4 not as much was taken back, -6 more than the claim's revenue, -8 a rate is missing
			WHEN p_act = 'accept' THEN (SELECT (ARRAY[1, -1, -4, -6, -8])[2 - a.outcome]
				FROM take_back_accept(p_hospital, api_id(), claim, p_minor, p_who, p_text) a)
			-- -1 there is no such concession, -9 it was put back since
			WHEN p_act = 'undo' THEN (ARRAY[1, -1, -9])[2 - concession_undo(p_hospital, p_claim, api_id(), p_who, p_text)]
			-- -1 nothing is open; -7 in dispute already, -11 nothing to dispute
			WHEN p_act = 'open' THEN (ARRAY[1, -1, -7, -11])[2 - dispute_open(p_hospital, api_id(), claim, p_reason, words, p_text, p_who)]
			-- -1 not in dispute; -12 the days do not fit
			WHEN p_act = 'appeal' THEN (ARRAY[1, -1, -12])[2 - dispute_appeal(p_hospital, claim, p_day, p_due, p_reason, words, p_who)]
			-- -1 not in dispute; -14 no money came
			WHEN p_act = 'won' THEN (ARRAY[1, -1, -14])[2 - dispute_end(p_hospital, claim, 2::smallint, p_number::smallint, p_reason, words, p_who)]
			WHEN p_act = 'withdraw' THEN (ARRAY[1, -1])[2 - dispute_end(p_hospital, claim, 4::smallint, NULL, p_reason, words, p_who)]
			-- -1 not in dispute; -4 not as much is open, -6 more than the claim's revenue, -8 a rate is missing, -13 above the limit
			WHEN p_act = 'lost' AND p_number IN (3, 5) AND p_role IS NULL THEN -13
			WHEN p_act = 'lost' THEN (SELECT (ARRAY[1, -1, -4, -6, -8, NULL, NULL, -13])[2 - l.outcome] FROM dispute_lose(p_hospital, api_id(),
				claim, p_number::smallint, p_minor, p_role, p_limit, p_exponent::smallint, p_reason, words, p_who) l)
		END;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, claim, NULL);
	END IF;
	RETURN QUERY SELECT done, claim, CASE WHEN done IN (-4, -5, -6, -13) THEN '/amount' WHEN done = -10 THEN '/reason' WHEN done = -12 THEN '/sent' END;
END
$$;

CALL writer_functions('take\_back\_%', 'claim\_revenue', 'concede', 'concession\_%', 'dispute\_%', 'api\_dispute');
GRANT EXECUTE ON FUNCTION take_back_accept, concession_undo, dispute_open, dispute_appeal, dispute_end, dispute_lose TO zhifu_operator;
GRANT EXECUTE ON FUNCTION api_dispute, take_back_figures TO zhifu_intake;
