-- What is owed and does not come: demands and the limitation of claims, and writing off what never will.
SET search_path = zhifu;

-- A demand for payment that was delivered, or that the debtor said it owes: the limitation begins anew (Civil Code of China, article
-- 195). Insert-only but for what takes it back.
CREATE TABLE demand (
	hospital_id uuid NOT NULL,
	demand_id   uuid NOT NULL,
	claim_id    uuid NOT NULL,
	kind        smallint NOT NULL DEFAULT 1 CHECK (kind IN (1, 2)), -- 1 a demand, 2 the debtor's acknowledgement
	delivered   date NOT NULL,
	who         text NOT NULL CHECK (who <> ''),
	made_at     timestamptz NOT NULL DEFAULT now(),
	why         bytea NOT NULL CHECK (length(why) > 0), -- how it was delivered, and what proves it: as write_off.why
	undone_by   text, -- who said that it was none
	undone_at   timestamptz,
	undone_why  bytea, -- as write_off.undone_why
	CHECK (num_nulls(undone_by, undone_at, undone_why) IN (0, 3)),
	PRIMARY KEY (hospital_id, demand_id)
);
CREATE INDEX demand_claim ON demand (claim_id);

ALTER TABLE demand ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON demand TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON demand FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE (undone_by, undone_at, undone_why) ON demand TO zhifu_writer;
GRANT SELECT ON demand TO zhifu_operator;

-- Until when something can be enforced that was due on p_due, and was interrupted on these days: each counts where it came in time.
CREATE FUNCTION limitation_end(p_due date, p_days date[], p_years integer) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	ends date := (p_due + make_interval(years => p_years))::date;
	day date;
BEGIN
	FOR day IN SELECT d FROM unnest(p_days) AS d ORDER BY d LOOP
		EXIT WHEN day > ends;
		ends := greatest(ends, (day + make_interval(years => p_years))::date);
	END LOOP;
	RETURN ends;
END
$$;

-- What interrupted the limitation of a claim, and when: p_interrupts as in limitation_list(). Without a path of its own, so that it is inlined.
CREATE FUNCTION limitation_days(p_hospital uuid, p_claim uuid, p_interrupts integer) RETURNS TABLE (day date, demand_id uuid) LANGUAGE sql STABLE AS $$
	SELECT d.delivered, d.demand_id FROM zhifu.demand d
	WHERE d.hospital_id = p_hospital AND d.claim_id = p_claim AND d.kind & p_interrupts > 0 AND d.undone_at IS NULL
	UNION ALL
	SELECT b.booked_day, NULL FROM zhifu.allocation_kept a JOIN zhifu.bank_line b ON b.hospital_id = a.hospital_id AND b.line_id = a.line_id
	WHERE p_interrupts & 4 > 0 AND a.hospital_id = p_hospital AND a.claim_id = p_claim AND a.kind = 0
$$;

-- Receivables that are open, and until when each can be enforced: p_years from the day on which it was due (without a term, billed) or
-- was last interrupted. p_interrupts: by what (enum interruption_kind, daemon/model/directory.h), a set: 1 a demand, 2 an acknowledgement,
-- 4 a part that was paid. demanded: the last of these. p_near: only those that could be ended or end soon. state: 0 runs, 1 ends within
-- p_alert days (since alert_day), 2 has ended.
CREATE FUNCTION limitation_list(p_hospital uuid, p_day date, p_years integer, p_alert integer, p_interrupts integer DEFAULT 3,
	p_near boolean DEFAULT false) RETURNS TABLE (claim_id uuid, carrier text, currency text, exponent smallint, open_minor bigint,
	standing smallint, due_day date, demanded date, alert_day date, ends date, state integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT l.claim_id, l.carrier, l.currency, l.exponent, l.open_minor, l.standing, l.due_day, l.demanded, l.ends - p_alert, l.ends,
		CASE WHEN p_day > l.ends THEN 2 WHEN p_day >= l.ends - p_alert THEN 1 ELSE 0 END
	FROM (SELECT r.*, d.demanded, CASE WHEN d.days IS NULL THEN (coalesce(r.due_day, r.billed_day) + make_interval(years => p_years))::date
			ELSE limitation_end(coalesce(r.due_day, r.billed_day), d.days, p_years) END AS ends
		FROM receivable r LEFT JOIN LATERAL (SELECT max(i.day) AS demanded, array_agg(i.day) AS days
			FROM limitation_days(r.hospital_id, r.claim_id, p_interrupts) i WHERE i.day <= p_day) d ON true
		WHERE r.hospital_id = p_hospital AND r.standing <> 2 AND r.billed_day <= p_day
			AND (NOT p_near OR coalesce(r.due_day, r.billed_day) <= p_day + p_alert + 1 - make_interval(years => p_years))) l;
END
$$;

-- p_why here and below: sealed, in hex.
-- A demand was delivered, or (p_kind 2) the debtor acknowledged on that day what it owes. 1 done, 0 the claim has no open receivable, -1 not between its bill and today, -2 its limitation had ended
-- before.
CREATE FUNCTION demand_add(p_hospital uuid, p_demand uuid, p_claim uuid, p_delivered date, p_years integer, p_who text, p_why text,
	p_kind smallint DEFAULT 1, p_interrupts integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	owed receivable;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a demand needs who and why';
	END IF;
	SELECT * INTO owed FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim AND r.standing <> 2 FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	IF p_delivered < owed.billed_day OR p_delivered > (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RETURN -1;
	END IF;
	IF p_delivered > limitation_end(coalesce(owed.due_day, owed.billed_day), ARRAY(SELECT d.day
			FROM limitation_days(p_hospital, p_claim, p_interrupts) d WHERE d.day <= p_delivered), p_years) THEN
		RETURN -2;
	END IF;
	INSERT INTO demand (hospital_id, demand_id, claim_id, kind, delivered, who, why)
	VALUES (p_hospital, p_demand, p_claim, p_kind, p_delivered, p_who, decode(p_why, 'hex'));
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, CASE p_kind WHEN 1 THEN 'demand.add' ELSE 'demand.acknowledge' END,
		p_claim::text);
	RETURN 1;
END
$$;

-- Gives up p_amount of what is open of a claim (NULL: all), of what it was provided for first. p_limit: what the person's role allows,
-- in the book currency, of a claim in all: of what its policy owes and its group plan. Returns its value in the books; NULL: the claim has no open receivable, or not as much is open.
CREATE FUNCTION write_off_post(p_hospital uuid, p_id uuid, p_claim uuid, p_amount bigint, p_exponent smallint, p_role text, p_limit bigint,
	p_who text, p_why text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	owed receivable;
	books text;
	day date;
	amount bigint;
	worth bigint;
	provided bigint;
	given bigint;
	abroad boolean;
	claim uuid;
BEGIN
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'writing off needs who';
	END IF;
	SELECT h.book_currency, (now() AT TIME ZONE h.zone)::date INTO books, day FROM hospital h WHERE h.hospital_id = p_hospital;
	day := books_day(p_hospital, day);
	SELECT * INTO owed FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim FOR UPDATE;
	amount := coalesce(p_amount, owed.open_minor);
	IF amount IS NULL OR amount <= 0 OR amount > owed.open_minor THEN
		RETURN NULL;
	END IF;
	worth := -receivable_move(p_hospital, p_claim, owed.version, -amount, NULL);
	claim := coalesce(owed.of_claim, p_claim);
	-- In parts it is no more than at once; what was put back since does not count. Another part of the claim has a row of its own: who
	-- gives that up meanwhile waits here.
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.write_off ' || claim, 0));
	SELECT sum(b.given_book - b.conceded_book) INTO given FROM receivable_parts(p_hospital, claim) r
	CROSS JOIN LATERAL receivable_beside(p_hospital, r.claim_id, r.carrier, r.currency) b;
	IF worth + given > p_limit THEN
		RAISE EXCEPTION 'this is above the limit of the role "%"', p_role USING ERRCODE = 'insufficient_privilege';
	END IF;
	SELECT coalesce(sum(CASE WHEN p.credit = 'PROV' THEN p.book_minor ELSE -p.book_minor END), 0) INTO provided
	FROM posting p WHERE p.hospital_id = p_hospital AND p.claim_id = claim AND 'PROV' IN (p.debit, p.credit);
	provided := greatest(least(provided, worth), 0);
	abroad := owed.currency <> books;
	INSERT INTO write_off (hospital_id, write_off_id, claim_id, amount_minor, currency, exponent, book_minor, provided_minor, role, limit_minor, who, why)
	VALUES (p_hospital, p_id, p_claim, amount, owed.currency, owed.exponent, worth, provided, p_role, p_limit, p_who, decode(p_why, 'hex'));
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, p_id, t.n, t.d, t.c, t.a, t.u, t.x, t.b, day, t.r, claim, p_id FROM (VALUES
		(1, 'CONV', 'AR-' || upper(owed.carrier), CASE WHEN abroad THEN amount ELSE 0 END, owed.currency, owed.exponent,
			CASE WHEN abroad THEN worth ELSE 0 END, 'give_up_foreign'),
		(2, 'PROV', CASE WHEN abroad THEN 'CONV' ELSE 'AR-' || upper(owed.carrier) END, provided, books, p_exponent, provided, 'give_up_provided'),
		(3, 'BADDEBT', CASE WHEN abroad THEN 'CONV' ELSE 'AR-' || upper(owed.carrier) END, worth - provided, books, p_exponent, worth - provided,
			'give_up')) AS t (n, d, c, a, u, x, b, r)
	WHERE t.a > 0 OR t.b > 0;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'write_off.post', p_claim::text);
	RETURN worth;
END
$$;

CALL writer_functions('limitation\_list', 'limitation\_end', 'limitation\_days', 'demand\_add', 'write\_off\_post');
GRANT EXECUTE ON FUNCTION limitation_list, demand_add, write_off_post TO zhifu_operator;
