-- What persons did and take back: write-offs, sales of currency, orders that were said to be debited, settlements of acquirers, and
-- demands. As match_undo (056), concession_undo (063), order_cancel (052) and coordination_undo (061): by a counter-entry, and what was
-- taken back can be done again. Each says 1 done (or before, by the same id), 0 there is no such act, or it was taken back; -1 another
-- act was built on it: `first`, where it is known, is what has to be taken back before. p_why: sealed for what is taken
-- back, in hex; of an acquirer's settlement not in hex.
SET search_path = zhifu;

-- An entry's counter-entry, at its own values: of today, or of the entry's day where that has not come. Returns its day.
CREATE FUNCTION undo_post(p_hospital uuid, p_entry uuid, p_new uuid, p_who text, p_why text) RETURNS date LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	day date;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what a person undoes needs who and why';
	END IF;
	SELECT books_day(p_hospital, greatest((now() AT TIME ZONE h.zone)::date, (SELECT max(g.book_day) FROM posting g
		WHERE g.hospital_id = p_hospital AND g.entry_id = p_entry))) INTO STRICT day FROM hospital h WHERE h.hospital_id = p_hospital;
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT g.hospital_id, p_new, g.no, g.credit, g.debit, g.amount_minor, g.currency, g.exponent, g.book_minor, day, g.rule, g.claim_id, g.source_id
	FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_entry;
	RETURN day;
END
$$;

-- It is owed again, as it was, and in dispute if it was lost in one; what it was provided for is provided for again. p_limit: what the person's role allows, in the book
-- currency. -1: of what was given up less is left, because money came after all (first: its allocation), or the claim was decided lower.
CREATE FUNCTION write_off_undo(p_hospital uuid, p_write_off uuid, p_new uuid, p_role text, p_limit bigint, p_who text, p_why text,
	OUT outcome integer, OUT first uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	w write_off;
	r receivable;
	beside record;
	decided smallint;
	taken boolean; -- something of what was taken back is open again
	day date;
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM match_lock(p_hospital);
	SELECT * INTO w FROM write_off o WHERE o.hospital_id = p_hospital AND o.write_off_id = p_write_off;
	PERFORM claim_hold(p_hospital, ARRAY[w.claim_id]);
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = w.claim_id;
	SELECT * INTO beside FROM receivable_beside(p_hospital, w.claim_id, r.carrier, r.currency);
	outcome := CASE WHEN w.undone_entry = p_new THEN 1 WHEN w.claim_id IS NULL OR w.undone_entry IS NOT NULL THEN 0
		WHEN beside.given_minor - beside.conceded_minor < w.amount_minor THEN -1 END;
	IF outcome = -1 THEN
		SELECT g.entry_id INTO first FROM posting g WHERE g.hospital_id = p_hospital AND g.claim_id = receivable_claim(p_hospital, w.claim_id)
			AND g.rule = 'give_up_back' AND EXISTS (SELECT 1 FROM allocation_kept a WHERE a.hospital_id = p_hospital
				AND a.allocation_id = g.entry_id AND a.claim_id = w.claim_id)
		ORDER BY g.at DESC LIMIT 1;
	END IF;
	IF outcome IS NOT NULL THEN
		RETURN;
	END IF;
	IF w.book_minor > p_limit THEN
		RAISE EXCEPTION 'this is above the limit of the role "%"', p_role USING ERRCODE = 'insufficient_privilege';
	END IF;
	day := undo_post(p_hospital, p_write_off, p_new, p_who, p_why);
	UPDATE write_off o SET undone_entry = p_new, undone_day = day, undone_by = p_who, undone_at = now(), undone_why = decode(p_why, 'hex')
	WHERE o.hospital_id = p_hospital AND o.write_off_id = p_write_off;
	taken := take_back_left(p_hospital, w.claim_id, r.currency, w.amount_minor) > 0;
	SELECT s.adjudication INTO decided FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = w.claim_id;
	PERFORM dispute_again(p_hospital, p_write_off, p_who);
	PERFORM receivable_offset(p_hospital, w.claim_id, p_new, w.amount_minor, w.book_minor,
		CASE WHEN r.open_minor = 0 OR (dispute_of(p_hospital, w.claim_id)).dispute_id IS NOT NULL
			THEN dispute_standing(p_hospital, w.claim_id, CASE decided WHEN 5 THEN 3 ELSE 1 END::smallint, taken) END);
	-- Giving up alone makes no step; a dispute that was lost, and money for the rest, do.
	IF EXISTS (SELECT 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = w.claim_id AND (s.payment = 2 OR s.books = 4)) THEN
		PERFORM match_steps(p_hospital, ARRAY[w.claim_id], CASE WHEN taken THEN ARRAY[w.claim_id] END, p_who, 'the write-off was undone', false);
	END IF;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'write_off.undo', p_write_off::text);
	outcome := 1;
END
$$;

-- Both lines wait in suspense again. -1: a later sale found on the account what this one had left there (first).
CREATE FUNCTION sale_undo(p_hospital uuid, p_sale uuid, p_new uuid, p_who text, p_why text, OUT outcome integer, OUT first uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	s currency_sale;
	day date;
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM match_lock(p_hospital);
	SELECT * INTO s FROM currency_sale o WHERE o.hospital_id = p_hospital AND o.sale_id = p_sale;
	SELECT l.sale_id INTO first FROM currency_sale l JOIN bank_line b ON b.hospital_id = l.hospital_id AND b.line_id = l.out_line
	JOIN posting g ON g.hospital_id = l.hospital_id AND g.entry_id = l.out_line AND g.no = 1
	JOIN bank_line o ON o.hospital_id = l.hospital_id AND o.line_id = s.out_line AND o.account = b.account
	JOIN posting p ON p.hospital_id = l.hospital_id AND p.entry_id = s.out_line AND p.no = 1 AND p.book_day <= g.book_day
	WHERE l.hospital_id = p_hospital AND l.undone_entry IS NULL AND (l.made_at, l.sale_id) > (s.made_at, s.sale_id)
	ORDER BY l.made_at DESC, l.sale_id DESC LIMIT 1;
	outcome := CASE WHEN s.undone_entry = p_new THEN 1 WHEN s.sale_id IS NULL OR s.undone_entry IS NOT NULL THEN 0
		WHEN first IS NOT NULL THEN -1 END;
	IF outcome IS NOT NULL THEN
		first := CASE outcome WHEN -1 THEN first END;
		RETURN;
	END IF;
	day := undo_post(p_hospital, p_sale, p_new, p_who, p_why);
	UPDATE currency_sale o SET undone_entry = p_new, undone_day = day, undone_by = p_who, undone_at = now(), undone_why = decode(p_why, 'hex')
	WHERE o.hospital_id = p_hospital AND o.sale_id = p_sale;
	PERFORM suspense_return(p_hospital, s.out_line, -s.sold_minor);
	PERFORM suspense_return(p_hospital, s.in_line, s.proceeds_minor);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'sale.undo', p_sale::text);
	outcome := 1;
END
$$;

-- It was not this line by which the bank debited an order: that waits in suspense again, and the order is in transit.
CREATE FUNCTION order_unclear(p_hospital uuid, p_order uuid, p_new uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	c order_clearing;
	given bank_order;
	day date;
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM match_lock(p_hospital);
	SELECT * INTO given FROM bank_order o WHERE o.hospital_id = p_hospital AND o.order_id = p_order FOR UPDATE;
	SELECT * INTO c FROM order_clearing o WHERE o.hospital_id = p_hospital AND o.order_id = p_order
		AND (o.undone_entry IS NULL OR o.undone_entry = p_new) ORDER BY o.undone_entry IS NULL LIMIT 1;
	IF NOT FOUND OR c.undone_entry IS NOT NULL THEN
		RETURN (c.undone_entry IS NOT NULL)::integer;
	END IF;
	day := undo_post(p_hospital, c.clearing_id, p_new, p_who, p_why);
	UPDATE order_clearing o SET undone_entry = p_new, undone_day = day, undone_by = p_who, undone_at = now(), undone_why = decode(p_why, 'hex')
	WHERE o.hospital_id = p_hospital AND o.clearing_id = c.clearing_id;
	UPDATE bank_order o SET cleared_line = NULL WHERE o.hospital_id = p_hospital AND o.order_id = p_order;
	PERFORM suspense_return(p_hospital, c.line_id, -given.amount_minor);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'order.unclear', p_order::text);
	RETURN 1;
END
$$;

-- What an acquirer transferred waits in suspense again, and its payments for it. p_why: sealed for p_new. Nothing is built on one: what is
-- paid back since, or charged back, waits for a settlement of its own.
CREATE FUNCTION acquirer_undo(p_hospital uuid, p_settlement uuid, p_new uuid, p_who text, p_why bytea) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, NULL, NULL, NULL); -- takes the turn; names no claim
	s acquirer_settlement;
	day date;
BEGIN
	PERFORM match_lock(p_hospital);
	SELECT * INTO s FROM acquirer_settlement o WHERE o.hospital_id = p_hospital AND o.settlement_id = p_settlement;
	IF s.settlement_id IS NULL OR s.undone_entry IS NOT NULL THEN
		RETURN (s.undone_entry IS NOT DISTINCT FROM p_new)::integer;
	END IF;
	day := undo_post(p_hospital, p_settlement, p_new, p_who, 'sealed');
	UPDATE acquirer_settlement o SET undone_entry = p_new, undone_day = day, undone_by = p_who, undone_at = now(), undone_why = p_why
	WHERE o.hospital_id = p_hospital AND o.settlement_id = p_settlement;
	INSERT INTO acquirer_unsettled (hospital_id, payment_id, settlement_id)
	SELECT p.hospital_id, p.payment_id, p.settlement_id FROM patient_payment p WHERE p.hospital_id = p_hospital AND p.settlement_id = p_settlement;
	UPDATE patient_payment p SET settlement_id = NULL WHERE p.hospital_id = p_hospital AND p.settlement_id = p_settlement;
	PERFORM suspense_return(p_hospital, s.line_id, s.gross_minor - s.fee_minor);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'acquirer.undo', p_settlement::text);
	RETURN 1;
END
$$;

-- A demand was not delivered, or the debtor acknowledged nothing: it interrupts no limitation. p_years, p_interrupts: of the limitation.
-- -1: a later one (first) came in time only because of it.
CREATE FUNCTION demand_undo(p_hospital uuid, p_demand uuid, p_years integer, p_interrupts integer, p_who text, p_why text,
	OUT outcome integer, OUT first uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d demand;
	r receivable;
	due date;
BEGIN
	PERFORM tenant_must(p_hospital);
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what a person undoes needs who and why';
	END IF;
	SELECT i.* INTO r FROM receivable i JOIN demand o ON o.hospital_id = i.hospital_id AND o.claim_id = i.claim_id
	WHERE o.hospital_id = p_hospital AND o.demand_id = p_demand FOR UPDATE OF i; -- as demand_add()
	SELECT * INTO d FROM demand o WHERE o.hospital_id = p_hospital AND o.demand_id = p_demand;
	IF d.demand_id IS NULL OR d.undone_at IS NOT NULL THEN
		outcome := 0;
		RETURN;
	END IF;
	due := coalesce(r.due_day, r.billed_day);
	SELECT l.demand_id INTO first FROM limitation_days(p_hospital, d.claim_id, p_interrupts) l CROSS JOIN LATERAL (
		SELECT limitation_end(due, array_agg(i.day), p_years) AS ends,
			limitation_end(due, coalesce(array_agg(i.day) FILTER (WHERE i.demand_id IS DISTINCT FROM p_demand), '{}'), p_years) AS ends_without
		FROM limitation_days(p_hospital, d.claim_id, p_interrupts) i WHERE i.day < l.day) e
	WHERE l.demand_id <> p_demand AND l.day > e.ends_without AND l.day <= e.ends ORDER BY l.day DESC, l.demand_id DESC LIMIT 1;
	IF FOUND THEN
		outcome := -1;
		RETURN;
	END IF;
	UPDATE demand o SET undone_by = p_who, undone_at = now(), undone_why = decode(p_why, 'hex') WHERE o.hospital_id = p_hospital AND o.demand_id = p_demand;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'demand.undo', p_demand::text);
	outcome := 1;
END
$$;

-- ---- by /v1 ----

-- By name, of p_id; p_new, p_sealed: of an acquirer's settlement; p_role, p_limit: of a write-off; p_years, p_interrupts: of a demand. -1
-- there is no such act, or it was taken back; -2 something is built on it, -3 the receivable has another version by now, -6 it is above the
-- limit.
CREATE FUNCTION api_undo(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_id uuid, p_version integer, p_why text,
	p_new uuid DEFAULT NULL, p_sealed bytea DEFAULT NULL, p_role text DEFAULT NULL, p_limit bigint DEFAULT NULL, p_years integer DEFAULT NULL,
	p_interrupts integer DEFAULT NULL) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
	subject uuid := p_id;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	IF p_act = 'write_off' THEN
		PERFORM match_lock(p_hospital);
		SELECT w.claim_id INTO subject FROM write_off w WHERE w.hospital_id = p_hospital AND w.write_off_id = p_id;
		PERFORM claim_hold(p_hospital, ARRAY[subject]);
		done := api_stale(p_hospital, 'work.assign', subject, p_version);
	END IF;
	IF done IS NULL THEN
		BEGIN
			done := CASE p_act
				WHEN 'write_off' THEN (SELECT u.outcome FROM write_off_undo(p_hospital, p_id, api_id(), p_role, p_limit, p_who, p_why) u)
				WHEN 'sale' THEN (SELECT u.outcome FROM sale_undo(p_hospital, p_id, api_id(), p_who, p_why) u)
				WHEN 'order' THEN order_unclear(p_hospital, p_id, api_id(), p_who, p_why)
				WHEN 'acquirer' THEN acquirer_undo(p_hospital, p_id, p_new, p_who, p_sealed)
				WHEN 'demand' THEN (SELECT u.outcome FROM demand_undo(p_hospital, p_id, p_years, p_interrupts, p_who, p_why) u) END;
			done := CASE done WHEN 1 THEN 1 ELSE done - 1 END;
		EXCEPTION WHEN insufficient_privilege THEN
			IF p_act <> 'write_off' THEN
				RAISE;
			END IF;
			done := -6;
		END;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, subject, NULL);
	END IF;
	RETURN QUERY SELECT done, subject, NULL::text;
END
$$;

CALL writer_functions('undo\_post', 'write\_off\_undo', 'sale\_undo', 'order\_unclear', 'acquirer\_undo', 'demand\_undo', 'api\_undo');
GRANT EXECUTE ON FUNCTION write_off_undo, sale_undo, order_unclear, acquirer_undo, demand_undo TO zhifu_operator;
GRANT EXECUTE ON FUNCTION api_undo TO zhifu_intake;
