-- Exchange rates, and what postings in a foreign currency are worth in the book currency.
SET search_path = zhifu;

-- One published price: `per` units of base cost digits / 10^scale of quote, says source on that day. Insert-only but for
-- the second person's decision. Of one pair (whichever way round), source, bank and day the latest version in force counts:
-- published rates have one, and one more for each correction; those typed in as many as were approved.
CREATE TABLE rate (
	rate_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	source   smallint NOT NULL, -- enum rate_source (adapters/lib/rate.h)
	bank     text NOT NULL DEFAULT '', -- whose price it is, of RATE_BANK_BUY and RATE_BANK_SELL
	base     text NOT NULL CHECK (base ~ '^[A-Z]{3}$'),
	quote    text NOT NULL CHECK (quote ~ '^[A-Z]{3}$'),
	low      text NOT NULL GENERATED ALWAYS AS (least(base, quote)) STORED,
	high     text NOT NULL GENERATED ALWAYS AS (greatest(base, quote)) STORED,
	per      integer NOT NULL CHECK (per IN (1, 10, 100, 1000, 10000)),
	digits   bigint NOT NULL CHECK (digits > 0),
	scale    smallint NOT NULL CHECK (scale BETWEEN 0 AND 18),
	day      date NOT NULL, -- in the source's own calendar
	version  smallint NOT NULL DEFAULT 1,
	status   smallint NOT NULL DEFAULT 1, -- 1 in force, 2 waits for a second person, 3 refused
	maker    text NOT NULL CHECK (maker <> ''), -- who imported it or typed it in
	maker_of uuid DEFAULT tenant(), -- whose client or person that was; NULL: the house's
	made_at  timestamptz NOT NULL DEFAULT now(),
	why      text,
	checker  text,
	checker_of uuid,
	checked_at timestamptz,
	checked_why text,
	CHECK (base <> quote),
	CHECK ((bank <> '') = (source IN (3, 4))),
	-- Four eyes: what was typed in, or corrected, counts when somebody else has said so.
	CHECK (source <> 5 AND version = 1 OR status = 2 OR checker IS NOT NULL),
	CHECK (lower(btrim(checker)) <> lower(btrim(maker))),
	UNIQUE (source, bank, low, high, day, version)
);
CREATE INDEX rate_pair ON rate (low, high, day) WHERE status = 1;
CREATE INDEX rate_again ON rate (day) WHERE version > 1;
GRANT SELECT, INSERT, UPDATE ON rate TO zhifu_writer;
GRANT SELECT ON rate TO zhifu_settle, zhifu_operator;

-- Rates as the clients of hospitals see them: they count for all, and the persons, with what they wrote, are only those of the
-- session's hospital.
CREATE VIEW rate_seen AS SELECT r.rate_id, r.source, r.bank, r.base, r.quote, r.low, r.high, r.per, r.digits, r.scale, r.day, r.version, r.status,
	CASE WHEN r.maker_of = tenant() THEN r.maker END AS maker, r.made_at,
	CASE WHEN r.maker_of = tenant() THEN r.why END AS why,
	CASE WHEN r.checker_of = tenant() THEN r.checker END AS checker, r.checked_at,
	CASE WHEN r.checker_of = tenant() THEN r.checked_why END AS checked_why
	FROM rate r;
ALTER VIEW rate_seen OWNER TO zhifu_writer;

-- What was converted and by which rates: one row a step, of which there are two through a pivot. What it came to can be worked out
-- again from these rows alone, whatever becomes of the rates.
CREATE TABLE conversion (
	hospital_id uuid NOT NULL,
	entry_id    uuid NOT NULL,
	no          smallint NOT NULL, -- of the posting whose book_minor it made, of a revaluation 1; negative: of the part of the
		-- allocation (allocation.no) by which what is owed was held against money in another currency
	step        smallint NOT NULL,
	rate_id     uuid NOT NULL REFERENCES rate,
	multiplied  boolean NOT NULL, -- by the rate, else divided
	rounding    smallint NOT NULL, -- enum decimal_rule, once, after the last step
	-- of the whole conversion, in each of its steps
	from_minor bigint NOT NULL, from_currency text NOT NULL, from_exponent smallint NOT NULL,
	to_minor bigint NOT NULL, to_currency text NOT NULL, to_exponent smallint NOT NULL,
	PRIMARY KEY (hospital_id, entry_id, no, step)
);
CREATE INDEX conversion_rate ON conversion (rate_id);
ALTER TABLE conversion ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON conversion TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON conversion FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT ON conversion TO zhifu_writer;
GRANT SELECT ON conversion TO zhifu_operator;

-- By value, exactly and whatever the form: 4.8 for 100 is 0.048 for 1.
CREATE FUNCTION rate_same(p_base text, p_per integer, p_digits bigint, p_scale smallint, q_base text, q_per integer, q_digits bigint,
	q_scale smallint) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT CASE WHEN p_base = q_base
		THEN p_digits::numeric * q_per * 10::numeric ^ q_scale = q_digits::numeric * p_per * 10::numeric ^ p_scale
		ELSE p_digits::numeric * q_digits = 10::numeric ^ p_scale * p_per * 10::numeric ^ q_scale * q_per END
$$;

-- An amount in minor units by rates, each multiplied by or divided by: one exact fraction, rounded once by the rule (enum decimal_rule).
-- NULL: no rates.
CREATE FUNCTION conversion_worth(p_minor bigint, p_from smallint, p_to smallint, p_rates uuid[], p_multiplied boolean[], p_rounding smallint)
RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = zhifu, pg_temp AS $$
DECLARE
	top numeric := abs(p_minor::numeric) * 10::numeric ^ p_to;
	bottom numeric := 10::numeric ^ p_from;
	step record;
	whole numeric;
	part numeric;
BEGIN
	IF coalesce(cardinality(p_rates), 0) = 0 THEN
		RETURN NULL;
	END IF;
	FOR step IN SELECT t.multiplied, r.digits, 10::numeric ^ r.scale * r.per AS unit FROM unnest(p_rates, p_multiplied) AS t (id, multiplied)
		JOIN rate r ON r.rate_id = t.id
	LOOP
		top := top * CASE WHEN step.multiplied THEN step.digits ELSE step.unit END;
		bottom := bottom * CASE WHEN step.multiplied THEN step.unit ELSE step.digits END;
	END LOOP;
	whole := div(top, bottom);
	part := top - whole * bottom;
	RETURN sign(p_minor::numeric) * (whole + CASE p_rounding
		WHEN 0 THEN (2 * part >= bottom)::integer
		WHEN 1 THEN (2 * part > bottom OR (2 * part = bottom AND whole % 2 = 1))::integer
		WHEN 2 THEN (part > 0)::integer
		ELSE 0 END);
END
$$;

-- The rates of a conversion, in the order of its steps.
CREATE FUNCTION conversion_steps(p_hospital uuid, p_entry uuid, p_no smallint, OUT rates uuid[], OUT multiplied boolean[], OUT rounding smallint)
LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT array_agg(c.rate_id ORDER BY c.step), array_agg(c.multiplied ORDER BY c.step), max(c.rounding) FROM conversion c
	WHERE c.hospital_id = p_hospital AND c.entry_id = p_entry AND c.no = p_no
$$;

-- Stores what a source published; all or nothing. What is there already with the same value is nothing new, nor is a value that
-- counted once and was corrected: files go on saying it. Returns those of which another value counts, with it, and nothing is
-- stored: a person looks which is right. Else one row, ordinal 0, with how many were new.
CREATE FUNCTION rate_store(p_source smallint, p_bank text, p_base text[], p_quote text[], p_per integer[], p_digits bigint[],
	p_scale smallint[], p_day date[], p_who text)
RETURNS TABLE (ordinal integer, stored integer, base text, quote text, per integer, digits bigint, scale smallint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	made integer;
BEGIN
	IF p_source NOT IN (1, 2, 3, 4) THEN
		RAISE EXCEPTION 'only published rates are stored like this';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.rate'));
	RETURN QUERY SELECT t.n::integer, NULL::integer, r.base, r.quote, r.per, r.digits, r.scale
	FROM unnest(p_base, p_quote, p_per, p_digits, p_scale, p_day) WITH ORDINALITY AS t (b, q, p, d, s, y, n)
	CROSS JOIN LATERAL (SELECT * FROM rate i WHERE i.source = p_source AND i.bank = p_bank AND i.low = least(t.b, t.q)
		AND i.high = greatest(t.b, t.q) AND i.day = t.y AND i.status = 1 ORDER BY i.version DESC LIMIT 1) r
	WHERE NOT rate_same(t.b, t.p, t.d, t.s, r.base, r.per, r.digits, r.scale) AND NOT EXISTS (SELECT FROM rate i
		WHERE i.source = p_source AND i.bank = p_bank AND i.low = r.low AND i.high = r.high AND i.day = t.y AND i.status = 1
			AND i.version < r.version AND rate_same(t.b, t.p, t.d, t.s, i.base, i.per, i.digits, i.scale)) ORDER BY 1;
	IF FOUND THEN
		RETURN;
	END IF;
	INSERT INTO rate (source, bank, base, quote, per, digits, scale, day, maker)
	SELECT p_source, p_bank, t.b, t.q, t.p, t.d, t.s, t.y, p_who
	FROM unnest(p_base, p_quote, p_per, p_digits, p_scale, p_day) AS t (b, q, p, d, s, y) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS made = ROW_COUNT;
	PERFORM posting_value_soon();
	PERFORM match_rate_soon();
	RETURN QUERY SELECT 0, made, NULL::text, NULL::text, NULL::integer, NULL::bigint, NULL::smallint;
END
$$;

-- A rate typed in by a person, which waits for a second one. Returns its id.
CREATE FUNCTION rate_enter(p_base text, p_quote text, p_per integer, p_digits bigint, p_scale smallint, p_day date, p_who text,
	p_why text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	made uuid;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a rate of a person needs who and why';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.rate'));
	INSERT INTO rate (source, base, quote, per, digits, scale, day, version, status, maker, why)
	SELECT 5, p_base, p_quote, p_per, p_digits, p_scale, p_day, 1 + count(*), 2, p_who, p_why FROM rate r
	WHERE r.source = 5 AND r.low = least(p_base, p_quote) AND r.high = greatest(p_base, p_quote) AND r.day = p_day
	RETURNING rate_id INTO made;
	RETURN made;
END
$$;

-- A rate was published wrongly, or read wrongly from what was: another value in the same form, which waits for a second person. The
-- wrong one stays on record, with all that was converted by it; what is converted from the approval on takes the new one. outcome: 1
-- done, -2 there is no such rate, -4 it does not count (refused, waits, or was corrected), -5 it has that value, -6 a correction of it
-- waits.
CREATE FUNCTION rate_correct(p_rate uuid, p_digits bigint, p_scale smallint, p_who text, p_why text, OUT outcome integer, OUT id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	wrong rate;
	latest record;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a correction of a rate needs who and why';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.rate'));
	SELECT * INTO wrong FROM rate r WHERE r.rate_id = p_rate;
	IF NOT FOUND THEN
		outcome := -2;
		RETURN;
	END IF;
	SELECT max(r.version) AS version, max(r.version) FILTER (WHERE r.status = 1) AS counts, bool_or(r.status = 2) AS waits INTO latest FROM rate r
	WHERE r.source = wrong.source AND r.bank = wrong.bank AND r.low = wrong.low AND r.high = wrong.high AND r.day = wrong.day;
	outcome := CASE WHEN wrong.status <> 1 OR wrong.version <> latest.counts THEN -4 WHEN latest.waits THEN -6
		WHEN rate_same(wrong.base, wrong.per, wrong.digits, wrong.scale, wrong.base, wrong.per, p_digits, p_scale) THEN -5 ELSE 1 END;
	IF outcome < 1 THEN
		RETURN;
	END IF;
	INSERT INTO rate (source, bank, base, quote, per, digits, scale, day, version, status, maker, why)
	VALUES (wrong.source, wrong.bank, wrong.base, wrong.quote, wrong.per, p_digits, p_scale, wrong.day, latest.version + 1, 2, p_who, p_why)
	RETURNING rate_id INTO id;
END
$$;

-- The rate that counts in place of one that was corrected, or typed in anew; NULL: itself, or it never counted.
CREATE FUNCTION rate_instead(p_rate uuid) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT nullif(n.rate_id, w.rate_id) FROM rate w CROSS JOIN LATERAL (SELECT * FROM rate i WHERE i.source = w.source AND i.bank = w.bank
		AND i.low = w.low AND i.high = w.high AND i.day = w.day AND i.status = 1 ORDER BY i.version DESC LIMIT 1) n
	WHERE w.rate_id = p_rate AND w.status = 1
$$;

-- Those of some days in whose place another one counts, and since when.
CREATE FUNCTION rate_past(p_from date, p_to date)
RETURNS TABLE (rate_id uuid, source smallint, bank text, base text, quote text, per integer, digits bigint, scale smallint, day date,
	until timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT DISTINCT ON (w.rate_id) w.rate_id, w.source, w.bank, w.base, w.quote, w.per, w.digits, w.scale, w.day, n.checked_at
	FROM rate n JOIN rate w ON w.source = n.source AND w.bank = n.bank AND w.low = n.low AND w.high = n.high
		AND w.day = n.day AND w.version < n.version AND w.status = 1
	WHERE n.version > 1 AND n.status = 1 AND n.day BETWEEN p_from AND p_to ORDER BY w.rate_id, n.version
$$;

-- All of them.
CREATE FUNCTION rate_corrected() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT rate_id FROM rate_past('-infinity', 'infinity')
$$;

-- What a conversion would come to by the rates that count now in place of its own.
CREATE FUNCTION conversion_now(p_hospital uuid, p_entry uuid, p_no smallint) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN (SELECT conversion_worth(c.from_minor, c.from_exponent, c.to_exponent, c.rates, c.multiplied, c.rounding) FROM (
		SELECT min(s.from_minor) AS from_minor, min(s.from_exponent) AS from_exponent, min(s.to_exponent) AS to_exponent,
			min(s.rounding) AS rounding, array_agg(n.rate_id ORDER BY s.step) AS rates,
			-- a correction has the form of what it corrects; typed in anew it may be the other way round
			array_agg(s.multiplied = (n.base = r.base) ORDER BY s.step) AS multiplied
		FROM conversion s JOIN rate r ON r.rate_id = s.rate_id JOIN rate n ON n.rate_id = coalesce(rate_instead(s.rate_id), s.rate_id)
		WHERE s.hospital_id = p_hospital AND s.entry_id = p_entry AND s.no = p_no) c);
END
$$;

-- The second person's word. Returns 1 done, 0 it does not wait for one, -1 who typed it in may not decide.
CREATE FUNCTION rate_decide(p_rate uuid, p_approve boolean, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	entered_by text;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a decision on a rate needs who and why';
	END IF;
	SELECT r.maker INTO entered_by FROM rate r WHERE r.rate_id = p_rate AND r.status = 2 FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	IF lower(btrim(entered_by)) = lower(btrim(p_who)) THEN
		RETURN -1;
	END IF;
	UPDATE rate SET status = CASE WHEN p_approve THEN 1 ELSE 3 END, checker = p_who, checker_of = tenant(), checked_at = now(),
		checked_why = p_why
	WHERE rate_id = p_rate;
	IF p_approve THEN
		PERFORM posting_value_soon();
		PERFORM match_rate_soon();
	END IF;
	RETURN 1;
END
$$;

-- The rates in force of some currencies over some days, for look-ups.
CREATE FUNCTION rate_between(p_currency text[], p_from date, p_to date)
RETURNS TABLE (rate_id uuid, source smallint, bank text, base text, quote text, per integer, digits bigint, scale smallint, day date,
	maker text, checker text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT DISTINCT ON (r.source, r.bank, r.low, r.high, r.day) r.rate_id, r.source, r.bank, r.base, r.quote, r.per, r.digits, r.scale,
		r.day, r.maker, r.checker
	FROM rate r WHERE r.status = 1 AND r.day BETWEEN p_from AND p_to AND (r.low = ANY (p_currency) OR r.high = ANY (p_currency))
	ORDER BY r.source, r.bank, r.low, r.high, r.day, r.version DESC
$$;

-- All rates in force over some days, and of each series the last before and the first after them: what new rates are held
-- against, and what can be said where one is missing. A session that named a hospital sees only that one's persons.
CREATE FUNCTION rate_around(p_from date, p_to date)
RETURNS TABLE (rate_id uuid, source smallint, bank text, base text, quote text, per integer, digits bigint, scale smallint, day date,
	maker text, checker text, made_at timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	-- From one series to the next by the index: there are some dozens of them, and days by the thousand in each.
	WITH RECURSIVE series AS (
		(SELECT source, bank, low, high FROM rate ORDER BY source, bank, low, high LIMIT 1)
		UNION ALL
		SELECT n.source, n.bank, n.low, n.high FROM series s CROSS JOIN LATERAL (
			SELECT r.source, r.bank, r.low, r.high FROM rate r
			WHERE (r.source, r.bank, r.low, r.high) > (s.source, s.bank, s.low, s.high)
			ORDER BY r.source, r.bank, r.low, r.high LIMIT 1) n
	)
	SELECT r.rate_id, r.source, r.bank, r.base, r.quote, r.per, r.digits, r.scale, r.day,
		CASE WHEN tenant() IS NULL OR r.maker_of = tenant() THEN r.maker ELSE 'somebody else' END,
		CASE WHEN tenant() IS NULL OR r.checker_of = tenant() THEN r.checker WHEN r.checker IS NOT NULL THEN 'a second person' END, r.made_at
	FROM series s CROSS JOIN LATERAL (
		(SELECT DISTINCT ON (i.day) i.* FROM rate i WHERE i.source = s.source AND i.bank = s.bank AND i.low = s.low
			AND i.high = s.high AND i.status = 1 AND i.day BETWEEN p_from AND p_to ORDER BY i.day, i.version DESC)
		UNION ALL
		(SELECT i.* FROM rate i WHERE i.source = s.source AND i.bank = s.bank AND i.low = s.low AND i.high = s.high
			AND i.status = 1 AND i.day < p_from ORDER BY i.day DESC, i.version DESC LIMIT 1)
		UNION ALL
		(SELECT DISTINCT ON (i.day) i.* FROM rate i WHERE i.source = s.source AND i.bank = s.bank AND i.low = s.low
			AND i.high = s.high AND i.status = 1 AND i.day > p_to ORDER BY i.day, i.version DESC LIMIT 1)
	) r
$$;

-- ---- the book value of what was posted without one ----

-- New rates: whoever waits for one is looked at again.
CREATE FUNCTION posting_value_soon() RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE posting_unvalued u SET due_at = now() FROM (SELECT * FROM posting_unvalued WHERE due_at > now()
		ORDER BY hospital_id, entry_id, no FOR UPDATE) l
	WHERE u.hospital_id = l.hospital_id AND u.entry_id = l.entry_id AND u.no = l.no;
	UPDATE receivable_wait w SET due_at = now() FROM (SELECT * FROM receivable_wait WHERE due_at > now()
		ORDER BY hospital_id, claim_id FOR UPDATE) l
	WHERE w.hospital_id = l.hospital_id AND w.claim_id = l.claim_id
$$;

CREATE FUNCTION settle_unvalued(p_limit integer) RETURNS TABLE (hospital_id uuid, entry_id uuid, no smallint, amount_minor bigint,
	currency text, exponent smallint, book_day date, book_currency text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT p.hospital_id, p.entry_id, p.no, p.amount_minor, p.currency, p.exponent, p.book_day, h.book_currency
	FROM (SELECT * FROM posting_unvalued u WHERE u.due_at <= now() ORDER BY u.due_at LIMIT p_limit) u
	JOIN posting p ON p.hospital_id = u.hospital_id AND p.entry_id = u.entry_id AND p.no = u.no
	JOIN hospital h ON h.hospital_id = p.hospital_id
$$;

-- Posts values: a row of the same entry between the same accounts, of no amount but with the value, whose number is that of
-- the first plus 10000. p_book NULL: there is no rate yet, look again in p_later_s. The c_ arrays are the conversions' steps, each
-- of the posting at c_posting (from 1). Once only, whoever calls twice. Returns how many got their value.
CREATE FUNCTION settle_value(p_hospital uuid[], p_entry uuid[], p_no smallint[], p_book bigint[], p_later_s integer,
	c_posting integer[], c_step smallint[], c_rate uuid[], c_multiplied boolean[], p_rounding smallint) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	valued integer;
BEGIN
	-- Else a bill that is being looked at for the value that comes now would be put off after it was woken.
	PERFORM receivable_lock(false);
	-- In the order of posting_value_soon, so that neither waits for the other.
	PERFORM 1 FROM posting_unvalued u JOIN unnest(p_hospital, p_entry, p_no) AS t (h, e, n)
		ON u.hospital_id = t.h AND u.entry_id = t.e AND u.no = t.n
	ORDER BY u.hospital_id, u.entry_id, u.no FOR UPDATE OF u;
	UPDATE posting_unvalued u SET due_at = now() + make_interval(secs => p_later_s)
	FROM unnest(p_hospital, p_entry, p_no, p_book) AS t (h, e, n, b)
	WHERE t.b IS NULL AND u.hospital_id = t.h AND u.entry_id = t.e AND u.no = t.n;
	WITH gone AS (
		DELETE FROM posting_unvalued u USING unnest(p_hospital, p_entry, p_no, p_book) WITH ORDINALITY AS t (h, e, n, b, i)
		WHERE t.b IS NOT NULL AND u.hospital_id = t.h AND u.entry_id = t.e AND u.no = t.n
		RETURNING u.hospital_id, u.entry_id, u.no, t.b, t.i
	), steps AS (
		INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent,
			to_minor, to_currency, to_exponent)
		SELECT g.hospital_id, g.entry_id, g.no + 10000, t.s, t.r, t.m, p_rounding, p.amount_minor, p.currency, p.exponent, g.b, h.book_currency,
			h.book_exponent
		FROM gone g JOIN unnest(c_posting, c_step, c_rate, c_multiplied) AS t (i, s, r, m) ON t.i = g.i
		JOIN posting p ON p.hospital_id = g.hospital_id AND p.entry_id = g.entry_id AND p.no = g.no
		JOIN hospital h ON h.hospital_id = g.hospital_id
	), made AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
			claim_id, source_id)
		SELECT p.hospital_id, p.entry_id, p.no + 10000, p.debit, p.credit, 0, p.currency, p.exponent, g.b, p.book_day, 'value',
			p.claim_id, p.source_id
		FROM gone g JOIN posting p ON p.hospital_id = g.hospital_id AND p.entry_id = g.entry_id AND p.no = g.no RETURNING hospital_id, claim_id
	), owed AS ( -- whose receivable waits for it
		UPDATE receivable_wait w SET due_at = now() FROM made m WHERE w.hospital_id = m.hospital_id AND w.claim_id = m.claim_id)
	SELECT count(*) INTO valued FROM made;
	PERFORM match_valued(p_hospital, p_entry);
	RETURN valued;
END
$$;

CALL writer_functions('rate\_%', 'conversion\_%', 'posting\_value\_soon', 'settle\_unvalued', 'settle\_value');
GRANT EXECUTE ON FUNCTION conversion_now, rate_instead, rate_past, rate_corrected, rate_store, rate_enter, rate_correct, rate_decide, rate_between, rate_around TO zhifu_operator;
GRANT EXECUTE ON FUNCTION rate_between, settle_unvalued, settle_value TO zhifu_settle;
