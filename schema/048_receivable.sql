-- What carriers owe for claims, by the agreements with them.
SET search_path = zhifu;

-- What a carrier owes for a claim: one row a claim, made after its bill is posted. All of owed_minor is carried at book_minor,
-- what is open of it in proportion (receivable_carried), and the ledger's account for it is AR-CARRIER in the currency in which
-- it is owed: that of the bill for A and B, the contract's for C.
CREATE TABLE receivable (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	carrier     text NOT NULL, -- the insurer's code
	remitter    text NOT NULL, -- who pays, by the contract; else the carrier
	contract_id uuid,
	contract_version integer,  -- NULL: no contract counted on the day of the bill; kind A then
	kind        text NOT NULL CHECK (kind IN ('A', 'B', 'C')),
	currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), -- in which it is owed
	exponent    smallint NOT NULL,
	owed_minor  bigint NOT NULL CHECK (owed_minor >= 0), -- as it was made; what was open, once that got another value than its part
	open_minor  bigint NOT NULL, -- what is neither paid nor moved to somebody else
	book_minor  bigint NOT NULL CHECK (book_minor >= 0), -- what all of owed_minor is carried at, in the hospital's book currency
	billed_day  date NOT NULL, -- the hospital's day
	due_day     date,          -- NULL: no contract has a term for it
	standing    smallint NOT NULL DEFAULT 1, -- 1 open, 2 settled, 3 denied: stays open, to be appealed, 4 disputed
	version     integer NOT NULL DEFAULT 1,  -- compare-and-set
	changed     bigint NOT NULL DEFAULT txid_current(), -- the transaction that did last: who knows the others asks for these
	allowance_minor bigint NOT NULL DEFAULT 0, -- of the bill, in its currency: what the contract takes off, until a decision says what that is
	of_claim    uuid, -- a group plan's or the social insurance's share of this claim's bill (061_coordination.sql), called by an id of its own; NULL: it is the claim's
	look_at     timestamptz, -- of a share without a due day: when settle looks for it again; NULL: at once
	CHECK (open_minor BETWEEN 0 AND owed_minor),
	CHECK (standing IN (1, 2, 3, 4) AND (standing = 2) = (open_minor = 0)),
	CHECK ((contract_id IS NULL) = (contract_version IS NULL)),
	PRIMARY KEY (hospital_id, claim_id)
) WITH (fillfactor = 50);
-- By standing and not by what is open: a part that is paid changes no index.
CREATE INDEX receivable_open ON receivable (hospital_id, carrier, billed_day) WHERE standing <> 2;
-- A summary of pages: it costs next to nothing to keep, and leads to those that changed of late.
CREATE INDEX receivable_changed ON receivable USING brin (changed) WITH (pages_per_range = 16, autosummarize = on);
CREATE UNIQUE INDEX receivable_share ON receivable (of_claim, carrier, hospital_id) WHERE of_claim IS NOT NULL;
CREATE INDEX receivable_plan ON receivable (hospital_id, carrier) WHERE of_claim IS NOT NULL;
-- Shares whose day settle is to find.
CREATE INDEX receivable_undated ON receivable ((coalesce(look_at, '-infinity')), hospital_id, claim_id) WHERE of_claim IS NOT NULL AND contract_id IS NOT NULL AND due_day IS NULL;
ALTER TABLE receivable ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON receivable TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON receivable FOR SELECT TO zhifu_intake, zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE ON receivable TO zhifu_writer;
GRANT SELECT ON receivable TO zhifu_intake, zhifu_operator;

-- The carriers to which claims of a hospital were billed, whatever is left of these: their codes are no group plan's.
CREATE TABLE receivable_carrier (
	hospital_id uuid NOT NULL,
	carrier     text NOT NULL,
	PRIMARY KEY (hospital_id, carrier)
);
CALL tenant_tables('receivable_carrier');

-- The claim by which the ledger has what moves a receivable: its own, or that of which it is a share.
CREATE FUNCTION receivable_claim(p_hospital uuid, p_id uuid) RETURNS uuid LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT r.of_claim FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_id), p_id)
$$;

-- What is owed for a claim: its own receivable, and the shares of it. Without a path of its own, so that it is inlined.
CREATE FUNCTION receivable_parts(p_hospital uuid, p_claim uuid) RETURNS SETOF receivable LANGUAGE sql STABLE AS $$
	SELECT r.* FROM zhifu.receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim
	UNION ALL
	SELECT r.* FROM zhifu.receivable r WHERE r.hospital_id = p_hospital AND r.of_claim = p_claim
$$;

-- What an open part is carried at: receivable_carried() of daemon/model/receivable.h, with a half away from zero.
CREATE FUNCTION receivable_carried(p_owed bigint, p_book bigint, p_open bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_open = p_owed THEN p_book WHEN p_open = 0 THEN 0 ELSE div(2 * p_book::numeric * p_open + p_owed, 2 * p_owed::numeric)::bigint END
$$;

-- The same of an amount that may be more than all of it, or a liability.
CREATE FUNCTION receivable_worth(p_owed bigint, p_book bigint, p_amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_owed = 0 THEN 0 ELSE sign(p_amount)::bigint * div(2 * p_book::numeric * abs(p_amount) + p_owed, 2 * p_owed::numeric)::bigint END
$$;

-- Is that what this part of it is carried at?
CREATE FUNCTION receivable_fits(p_owed bigint, p_book bigint, p_open bigint, p_carried bigint) RETURNS boolean LANGUAGE sql IMMUTABLE
PARALLEL SAFE AS $$
	SELECT p_open <= p_owed AND p_carried = receivable_carried(p_owed, p_book, p_open)
$$;

-- What is open now of each of these, and what that is carried at. Where it is no longer in proportion, what is open is all there is.
CREATE FUNCTION receivable_puts(p_hospital uuid, p_claim uuid[], p_open bigint[], p_carried bigint[], p_standing smallint[]) RETURNS void
LANGUAGE plpgsql SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	UPDATE receivable r SET open_minor = t.o, standing = CASE WHEN t.o = 0 THEN 2 ELSE t.s END, version = r.version + 1,
		changed = txid_current(), owed_minor = CASE WHEN receivable_fits(r.owed_minor, r.book_minor, t.o, t.b) THEN r.owed_minor ELSE t.o END,
		book_minor = CASE WHEN receivable_fits(r.owed_minor, r.book_minor, t.o, t.b) THEN r.book_minor ELSE t.b END
	FROM unnest(p_claim, p_open, p_carried, p_standing) AS t (c, o, b, s) WHERE r.hospital_id = p_hospital AND r.claim_id = t.c;
END
$$;

CREATE FUNCTION receivable_put(p_hospital uuid, p_claim uuid, p_open bigint, p_carried bigint, p_standing smallint) RETURNS void
LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	SELECT receivable_puts(p_hospital, ARRAY[p_claim], ARRAY[p_open], ARRAY[p_carried], ARRAY[p_standing])
$$;

-- Moves what is open of receivables, each by its p_delta of the currency in which it is owed: negative is paid or moved to somebody
-- else, positive comes back, and what is open then stands as p_standing (NULL: as before). Returns what the ledger's account
-- AR-CARRIER must move by for each in the book currency, with the sign of p_delta; whoever calls posts that in the same transaction.
-- p_book: that value, where it is known: of a payment that is undone what it had cleared, of a take-back in dispute what it is worth
-- today; NULL: in proportion. NULL returned: it has another version by now, or the claim has no receivable (yet). A claim that comes
-- several times is moved in that order, each time from the version that the move before left.
CREATE FUNCTION receivable_moves(p_hospital uuid, p_claim uuid[], p_version integer[], p_delta bigint[], p_standing smallint[],
	p_book bigint[]) RETURNS bigint[] LANGUAGE plpgsql SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	home text := (SELECT h.book_currency FROM hospital h WHERE h.hospital_id = p_hospital);
	moved bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_claim)]);
	turns integer := (SELECT max(q.times) FROM (SELECT count(*) AS times FROM unnest(p_claim) AS c WHERE c IS NOT NULL GROUP BY c) q);
	at integer[]; claim uuid[]; opened bigint[]; after bigint[]; standing smallint[]; shift bigint[];
	fault text;
BEGIN
	FOR turn IN 1 .. coalesce(turns, 0) LOOP
		SELECT array_agg(q.n), array_agg(q.c), array_agg(q.opened), array_agg(q.after), array_agg(q.s), array_agg(q.after - q.before),
			max(CASE WHEN q.opened < 0 OR (q.b IS NULL AND q.opened > q.owed_minor)
					THEN format('of a receivable of %s of which %s is open, %s cannot move', q.owed_minor, q.open_minor, q.d)
				WHEN q.after < 0 OR (q.opened = 0 AND q.after <> 0) OR (q.after <> q.opened AND q.currency = home)
					THEN format('a receivable of which %s is open, and worth %s, cannot move by %s worth %s', q.open_minor, q.before, q.d, q.b) END)
		INTO at, claim, opened, after, standing, shift, fault FROM (
			SELECT k.*, coalesce(k.before + k.b, CASE WHEN k.opened BETWEEN 0 AND k.owed_minor
				THEN receivable_carried(k.owed_minor, k.book_minor, k.opened) END) AS after FROM (
				SELECT t.n::integer, t.c, t.d, t.b, coalesce(t.s, nullif(r.standing, 2::smallint), 1::smallint) AS s, r.owed_minor, r.open_minor,
					r.book_minor, r.currency, r.open_minor + t.d AS opened, receivable_carried(r.owed_minor, r.book_minor, r.open_minor) AS before
				FROM (SELECT u.*, row_number() OVER (PARTITION BY u.c ORDER BY u.n) AS time
					FROM unnest(p_claim, p_version, p_delta, p_standing, p_book) WITH ORDINALITY AS u (c, v, d, s, b, n)) t
				JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.c AND r.version = t.v + turn - 1
				WHERE t.time = turn FOR UPDATE OF r) k) q;
		IF fault IS NOT NULL THEN
			RAISE EXCEPTION '%', fault USING ERRCODE = 'check_violation';
		END IF;
		PERFORM receivable_puts(p_hospital, claim, opened, after, standing);
		FOR i IN 1 .. coalesce(cardinality(at), 0) LOOP
			moved[at[i]] := shift[i];
		END LOOP;
	END LOOP;
	RETURN moved;
END
$$;

CREATE FUNCTION receivable_move(p_hospital uuid, p_claim uuid, p_version integer, p_delta bigint, p_standing smallint,
	p_book bigint DEFAULT NULL) RETURNS bigint LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	SELECT (receivable_moves(p_hospital, ARRAY[p_claim], ARRAY[p_version], ARRAY[p_delta], ARRAY[p_standing], ARRAY[p_book]))[1]
$$;

-- ---- made from bills ----

-- Whoever makes receivables has this lock alone, and shares it who posts on a carrier's account what a decision says: either
-- the one sees the other's postings, or the other its receivable.
CREATE FUNCTION receivable_lock(p_alone boolean) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_alone THEN
		PERFORM pg_advisory_xact_lock(hashtext('zhifu.receivable'));
	ELSE
		PERFORM pg_advisory_xact_lock_shared(hashtext('zhifu.receivable'));
	END IF;
END
$$;

-- Posts a row more of an entry about a claim, of the cause that the entry has; negative amounts go the other way, and where amount
-- and value go different ways each has a row.
CREATE FUNCTION receivable_post(p_hospital uuid, p_entry uuid, p_rule text, p_debit text, p_credit text, p_amount bigint,
	p_currency text, p_exponent smallint, p_book bigint, p_day date, p_claim uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,
		source_id)
	SELECT p_hospital, p_entry, l.no + row_number() OVER (), CASE WHEN t.back THEN p_credit ELSE p_debit END,
		CASE WHEN t.back THEN p_debit ELSE p_credit END, abs(t.amount), p_currency, p_exponent, abs(t.book), p_day, p_rule,
		receivable_claim(p_hospital, p_claim), coalesce(l.source, p_entry)
	FROM (SELECT p_amount < 0 OR (p_amount = 0 AND p_book < 0), p_amount, CASE WHEN sign(p_amount) * sign(p_book) < 0 THEN 0 ELSE p_book END
		UNION ALL SELECT p_book < 0, 0, p_book WHERE sign(p_amount) * sign(p_book) < 0) AS t (back, amount, book),
		-- 2 is the bill's that is taken back.
		(SELECT greatest(max(g.no), 2) AS no, (array_agg(g.source_id) FILTER (WHERE g.rule <> 'match_announced'))[1] AS source FROM posting g
			WHERE g.hospital_id = p_hospital AND g.entry_id = p_entry AND g.no < 10000) l
	WHERE (t.amount, t.book) <> (0, 0)
$$;

-- What an amount of the bill's currency comes to in the one in which it is owed, by the rate that was fixed with the bill.
CREATE FUNCTION receivable_owed(p_hospital uuid, p_claim uuid, p_billed bigint, p_from smallint, p_to smallint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = zhifu, pg_temp AS $$
DECLARE
	fixed record;
BEGIN
	SELECT c.* INTO fixed FROM conversion_steps(p_hospital, p_claim, (SELECT min(c.no) FROM conversion c
		WHERE c.hospital_id = p_hospital AND c.entry_id = p_claim AND c.no < 10000)) c;
	IF fixed.rates IS NULL THEN
		RAISE EXCEPTION 'the rate of a receivable is not on record';
	END IF;
	RETURN conversion_worth(p_billed, p_from, p_to, fixed.rates, fixed.multiplied, fixed.rounding);
END
$$;

-- What the ledger says of a claim besides its receivable, in the currency in which that is owed and at what it is carried: what is
-- owed to the carrier, what was given up and not put back, and of that, what was conceded (schema/063_dispute.sql), which is no loss.
CREATE FUNCTION receivable_beside(p_hospital uuid, p_claim uuid, p_carrier text, p_currency text, OUT over_minor bigint,
	OUT over_book bigint, OUT given_minor bigint, OUT given_book bigint, OUT conceded_minor bigint, OUT conceded_book bigint)
LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(sum(s.minor) FILTER (WHERE s.account LIKE 'OVERPAID-%'), 0)::bigint,
		coalesce(sum(s.book) FILTER (WHERE s.account LIKE 'OVERPAID-%'), 0)::bigint,
		coalesce(sum(s.minor) FILTER (WHERE s.account LIKE 'AR-%'), 0)::bigint,
		coalesce(sum(s.book) FILTER (WHERE s.account LIKE 'AR-%'), 0)::bigint,
		coalesce(sum(s.minor) FILTER (WHERE s.account LIKE 'AR-%' AND g.rule ~ '^give_up_(revenue|share)'), 0)::bigint,
		coalesce(sum(s.book) FILTER (WHERE s.account LIKE 'AR-%' AND g.rule ~ '^give_up_(revenue|share)'), 0)::bigint
	FROM posting g CROSS JOIN LATERAL (VALUES (g.debit, -g.amount_minor, -g.book_minor), (g.credit, g.amount_minor, g.book_minor))
		AS s (account, minor, book)
	WHERE g.claim_id = receivable_claim(p_hospital, p_claim) AND g.hospital_id = p_hospital AND g.currency = p_currency
		AND (s.account = 'OVERPAID-' || upper(p_carrier)
		AND g.rule NOT LIKE 'reval%' OR s.account = 'AR-' || upper(p_carrier) AND g.rule LIKE 'give\_up%')
$$;

-- What of a claim was conceded by p_rule and not put back: in the currency in which it is owed, what that was carried at, and what was
-- billed for it.
CREATE FUNCTION receivable_conceded(p_hospital uuid, p_claim uuid, p_carrier text, p_currency text, p_rule text, OUT minor bigint,
	OUT book bigint, OUT value bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(sum(CASE g.credit WHEN a.ar THEN g.amount_minor ELSE -g.amount_minor END) FILTER (WHERE m.ours), 0)::bigint,
		coalesce(sum(CASE g.credit WHEN a.ar THEN g.book_minor ELSE -g.book_minor END) FILTER (WHERE m.ours), 0)::bigint,
		coalesce(sum(CASE WHEN g.debit IN ('REV-MED', 'AR-PT') THEN g.book_minor ELSE -g.book_minor END)
			FILTER (WHERE g.rule = p_rule AND m.side IN (g.debit, g.credit)), 0)::bigint
	FROM posting g CROSS JOIN (SELECT 'AR-' || upper(p_carrier) AS ar) a
	CROSS JOIN LATERAL (SELECT g.currency = p_currency AND a.ar IN (g.debit, g.credit) AS ours,
		CASE g.currency WHEN p_currency THEN a.ar ELSE 'CONV' END AS side) m
	WHERE g.claim_id = receivable_claim(p_hospital, p_claim) AND g.hospital_id = p_hospital
		AND g.rule IN (p_rule, p_rule || '_foreign', p_rule || '_fx')
$$;

-- Puts back p_amount, worth p_book, of what was given up: what was conceded first, at what was billed for it, then a loss that was none.
-- As it was given up, through CONV where it is foreign.
CREATE FUNCTION receivable_put_back(p_hospital uuid, p_claim uuid, p_entry uuid, p_amount bigint, p_book bigint, p_today date) RETURNS void
LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	home hospital;
	ar text;
	side text; -- the other one of what is in the book currency
	was record;
	part bigint;
	held bigint; -- which was carried at
	value bigint;
BEGIN
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim;
	SELECT * INTO home FROM hospital h WHERE h.hospital_id = p_hospital;
	ar := 'AR-' || upper(r.carrier);
	side := CASE WHEN r.currency = home.book_currency THEN ar ELSE 'CONV' END;
	FOR was IN SELECT k.rule, k.account, c.minor, c.book, c.value FROM (VALUES ('give_up_revenue', 'REV-MED'), ('give_up_share', 'AR-PT'))
		AS k (rule, account) CROSS JOIN LATERAL receivable_conceded(p_hospital, p_claim, r.carrier, r.currency, k.rule) c WHERE c.minor > 0
	LOOP
		part := least(p_amount, was.minor);
		held := CASE WHEN part = p_amount THEN p_book ELSE receivable_worth(was.minor, was.book, part) END;
		value := receivable_worth(was.minor, was.value, part);
		IF side <> ar THEN
			PERFORM receivable_post(p_hospital, p_entry, was.rule || '_foreign', ar, 'CONV', part, r.currency, r.exponent, held, p_today, p_claim);
		END IF;
		PERFORM receivable_post(p_hospital, p_entry, was.rule, side, was.account, value, home.book_currency, home.book_exponent, value, p_today,
			p_claim);
		PERFORM receivable_post(p_hospital, p_entry, was.rule || '_fx', side, 'FX', held - value, home.book_currency, home.book_exponent,
			held - value, p_today, p_claim);
		p_amount := p_amount - part;
		p_book := p_book - held;
	END LOOP;
	IF side <> ar THEN
		PERFORM receivable_post(p_hospital, p_entry, 'give_up_back_foreign', ar, 'CONV', p_amount, r.currency, r.exponent, p_book, p_today, p_claim);
	END IF;
	PERFORM receivable_post(p_hospital, p_entry, 'give_up_back', side, 'BADDEBT', p_book, home.book_currency, home.book_exponent, p_book, p_today,
		p_claim);
END
$$;

-- What is left of the value of a liability for a claim of which nothing is left, in any currency, is an exchange difference.
CREATE FUNCTION receivable_over_rest(p_hospital uuid, p_claim uuid, p_entry uuid, p_carrier text, p_today date) RETURNS void LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	SELECT receivable_post(p_hospital, p_entry, 'fx_over', 'FX', 'OVERPAID-' || upper(p_carrier), 0, o.currency, o.exponent, o.held, p_today, p_claim)
	FROM (SELECT g.currency, g.exponent, sum(s.book)::bigint AS held FROM posting g
		CROSS JOIN LATERAL (VALUES (g.debit, g.amount_minor, g.book_minor), (g.credit, -g.amount_minor, -g.book_minor)) AS s (account, minor, book)
		WHERE g.claim_id = receivable_claim(p_hospital, p_claim) AND g.hospital_id = p_hospital
			AND s.account = 'OVERPAID-' || upper(p_carrier) AND g.rule NOT LIKE 'reval%'
		GROUP BY 1, 2 HAVING sum(s.minor) = 0 AND sum(s.book) <> 0) o
$$;

-- Brings a receivable after entry p_entry has moved its account by p_moved, worth p_value, or another account of its claim (0, 0).
-- A claim is never owed and owed back at once, nor given up and owed back: what came too much is a liability only where it is more
-- than what is open, and then more than what was given up. So a receivable and a liability offset each other, and before there is
-- a liability what was given up is put back: it was paid after all, or was never owed. p_standing: of what is open then (NULL: as
-- before). True: something was offset or put back.
CREATE FUNCTION receivable_offset(p_hospital uuid, p_claim uuid, p_entry uuid, p_moved bigint, p_value bigint, p_standing smallint)
RETURNS boolean LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	beside record;
	today date := (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital);
	opened bigint; -- what the account says
	held bigint;   -- at what value
	back bigint;   -- of what was given up
	net bigint;    -- by how much the liability grows
	worth bigint;
	kept bigint;   -- what is open then is carried at
BEGIN
	SELECT * INTO r FROM receivable i WHERE i.hospital_id = p_hospital AND i.claim_id = p_claim FOR UPDATE;
	SELECT * INTO beside FROM receivable_beside(p_hospital, p_claim, r.carrier, r.currency);
	opened := r.open_minor + p_moved;
	held := receivable_carried(r.owed_minor, r.book_minor, r.open_minor) + p_value;
	back := greatest(least(beside.given_minor, beside.over_minor - opened), 0);
	IF back > 0 THEN
		worth := receivable_worth(beside.given_minor, beside.given_book, back);
		PERFORM receivable_put_back(p_hospital, p_claim, p_entry, back, worth, today);
		opened := opened + back;
		held := held + worth;
	END IF;
	net := greatest(beside.over_minor - opened, 0) - beside.over_minor;
	worth := CASE WHEN net = 0 THEN 0 WHEN net < 0 THEN -receivable_worth(beside.over_minor, beside.over_book, -net)
		WHEN opened + net = 0 THEN -held ELSE -beside.over_book END;
	kept := CASE WHEN opened + net = 0 THEN 0 WHEN net < 0 THEN held - receivable_worth(opened, held, -net) ELSE greatest(held + worth, 0) END;
	PERFORM receivable_post(p_hospital, p_entry, 'over_decided', 'AR-' || upper(r.carrier), 'OVERPAID-' || upper(r.carrier), net, r.currency,
		r.exponent, worth, today, p_claim);
	PERFORM receivable_post(p_hospital, p_entry, 'fx_decided', 'FX', 'AR-' || upper(r.carrier), 0, r.currency, r.exponent, held + worth - kept,
		today, p_claim);
	PERFORM receivable_over_rest(p_hospital, p_claim, p_entry, r.carrier, today);
	IF (p_moved, p_value, back, net) <> (0, 0, 0, 0) OR p_standing IS NOT NULL THEN
		PERFORM receivable_put(p_hospital, p_claim, opened + net, kept, coalesce(p_standing, nullif(r.standing, 2::smallint), 1::smallint));
	END IF;
	RETURN (back, net) <> (0, 0);
END
$$;

-- Brings a receivable after what entries of decisions have moved on its carrier's account in the bill's currency: p_delta. Where
-- another currency is owed, that is moved on to its account at the same value. Postings without a value get what they change of the
-- carried one. p_entry NULL: nothing was posted.
CREATE FUNCTION receivable_apply(p_hospital uuid, p_claim uuid, p_entry uuid, p_delta bigint) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	bill posting;
	p posting;
	house hospital;
	today date;
	ar text;
	moved bigint := p_delta; -- in the currency in which it is owed
	value bigint := p_delta; -- in the book currency
	net bigint; -- of the bill, in its currency
	whole bigint; -- of it, in the one in which it is owed
	at bigint;
	held bigint;
	after bigint;
	standing smallint;
BEGIN
	SELECT * INTO r FROM receivable WHERE hospital_id = p_hospital AND claim_id = p_claim FOR UPDATE;
	SELECT * INTO house FROM hospital WHERE hospital_id = p_hospital;
	SELECT * INTO bill FROM posting WHERE hospital_id = p_hospital AND entry_id = p_claim AND no = 1;
	today := (now() AT TIME ZONE house.zone)::date;
	ar := 'AR-' || upper(r.carrier);
	IF r.currency <> bill.currency THEN
		SELECT coalesce(sum(CASE g.debit WHEN ar THEN g.amount_minor ELSE -g.amount_minor END), 0) INTO net FROM posting g
		WHERE g.hospital_id = p_hospital AND g.claim_id = p_claim AND g.rule IN ('bill', 'allowance', 'patient_share', 'write_off', 'coordinate_fund', 'coordinate_group');
		whole := receivable_owed(p_hospital, p_claim, net, bill.exponent, r.exponent);
		moved := whole - receivable_owed(p_hospital, p_claim, net - p_delta, bill.exponent, r.exponent);
		PERFORM receivable_post(p_hospital, p_entry, 'fix_billed', 'CONV', ar, p_delta, bill.currency, bill.exponent, p_delta, today, p_claim);
		PERFORM receivable_post(p_hospital, p_entry, 'fix_owed', ar, 'CONV', moved, r.currency, r.exponent, p_delta, today, p_claim);
		-- What the whole comes to by now; what is posted is by how much that is another amount than before.
		INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent,
			to_minor, to_currency, to_exponent)
		SELECT p_hospital, p_entry, (SELECT max(g.no) FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_entry AND g.no < 10000),
			c.step, c.rate_id, c.multiplied, c.rounding, net, bill.currency, bill.exponent, whole, r.currency, r.exponent
		FROM conversion c WHERE p_delta <> 0 AND c.hospital_id = p_hospital AND c.entry_id = p_claim
			AND c.no = (SELECT min(m.no) FROM conversion m WHERE m.hospital_id = p_hospital AND m.entry_id = p_claim AND m.no < 10000);
	ELSIF bill.currency <> house.book_currency THEN
		value := 0;
		at := r.open_minor - (receivable_beside(p_hospital, p_claim, r.carrier, r.currency)).over_minor;
		FOR p IN SELECT g.* FROM posting_unvalued u JOIN posting g ON g.hospital_id = u.hospital_id AND g.entry_id = u.entry_id AND g.no = u.no
			WHERE u.hospital_id = p_hospital AND g.claim_id = p_claim AND ar IN (g.debit, g.credit) ORDER BY g.entry_id, g.no
		LOOP
			held := receivable_worth(r.owed_minor, r.book_minor, at);
			at := at + CASE p.debit WHEN ar THEN p.amount_minor ELSE -p.amount_minor END;
			after := receivable_worth(r.owed_minor, r.book_minor, at);
			INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
				claim_id, source_id)
			VALUES (p_hospital, p.entry_id, p.no + 10000, p.debit, p.credit, 0, p.currency, p.exponent, abs(after - held), p.book_day, 'value',
				p_claim, p.source_id);
			DELETE FROM posting_unvalued u WHERE u.hospital_id = p_hospital AND u.entry_id = p.entry_id AND u.no = p.no;
			value := value + after - held;
		END LOOP;
	END IF;
	SELECT CASE WHEN s.adjudication = 5 THEN 3 WHEN r.standing = 4 THEN 4 ELSE 1 END INTO standing FROM claim_state s
	WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim;
	IF p_entry IS NULL THEN
		PERFORM receivable_put(p_hospital, p_claim, r.open_minor, receivable_carried(r.owed_minor, r.book_minor, r.open_minor), standing);
	ELSE
		PERFORM receivable_offset(p_hospital, p_claim, p_entry, moved, value, standing);
	END IF;
END
$$;

-- Does something else stand in the place of what a contract takes off a bill at full price: a decision, shares, or that it is none?
CREATE FUNCTION receivable_replaced(p_hospital uuid, p_claim uuid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = zhifu, pg_temp AS $$
BEGIN
	RETURN (SELECT s.adjudication >= 3 OR s.books = 5 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim)
		OR EXISTS (SELECT 1 FROM coordination k WHERE k.hospital_id = p_hospital AND k.claim_id = p_claim AND k.undone_entry IS NULL);
END
$$;

-- Takes off a bill at full price what its contract takes off.
CREATE FUNCTION receivable_allow(p_hospital uuid, p_claim uuid, p_off bigint, p_day date) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	bill posting;
BEGIN
	SELECT * INTO bill FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = p_claim AND p.no = 1;
	UPDATE receivable SET allowance_minor = p_off WHERE hospital_id = p_hospital AND claim_id = p_claim;
	PERFORM receivable_post(p_hospital, p_claim, 'allowance', 'CONTR', bill.debit, p_off, bill.currency, bill.exponent, p_off, p_day, p_claim);
	PERFORM receivable_apply(p_hospital, p_claim, p_claim, -p_off);
END
$$;

-- Brings receivables after what was decided: by how much that moved their carriers' accounts in the bill's currency, and the
-- entry that did. Of a claim that has none yet nothing is to be done: it will be made of what is posted then. What the contract took
-- off a bill at full price goes back: the decision says what that is.
CREATE FUNCTION receivable_follow(p_hospital uuid[], p_claim uuid[], p_entry uuid[], p_delta bigint[]) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	odd record;
	bill posting;
BEGIN
	FOR odd IN WITH quick AS (
			UPDATE receivable r SET open_minor = r.open_minor + t.d, version = r.version + 1,
				changed = txid_current(), standing = CASE WHEN r.open_minor + t.d = 0 THEN 2
					WHEN (SELECT s.adjudication FROM claim_state s WHERE s.hospital_id = t.h AND s.claim_id = t.c) = 5 THEN 3
					WHEN r.standing = 4 THEN 4 ELSE 1 END
			FROM unnest(p_hospital, p_claim, p_delta) AS t (h, c, d)
			WHERE r.hospital_id = t.h AND r.claim_id = t.c AND t.d BETWEEN -r.open_minor AND 0 AND r.allowance_minor = 0
				AND r.currency = (SELECT o.book_currency FROM hospital o WHERE o.hospital_id = t.h)
			RETURNING r.claim_id)
		-- What was taken off a bill at full price goes back.
		SELECT t.*, CASE WHEN r.allowance_minor > 0 AND receivable_replaced(t.h, t.c) THEN r.allowance_minor ELSE 0 END AS back
		FROM unnest(p_hospital, p_claim, p_entry, p_delta) AS t (h, c, e, d)
		JOIN receivable r ON r.hospital_id = t.h AND r.claim_id = t.c
		WHERE NOT EXISTS (SELECT 1 FROM quick q WHERE q.claim_id = t.c)
	LOOP
		IF odd.back > 0 THEN
			SELECT * INTO bill FROM posting p WHERE p.hospital_id = odd.h AND p.entry_id = odd.c AND p.no = 1;
			UPDATE receivable SET allowance_minor = 0 WHERE hospital_id = odd.h AND claim_id = odd.c;
			PERFORM receivable_post(odd.h, odd.c, 'allowance', 'CONTR', bill.debit, -odd.back, bill.currency, bill.exponent, -odd.back,
				(SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = odd.h), odd.c);
		END IF;
		PERFORM receivable_apply(odd.h, odd.c, CASE WHEN odd.back = 0 THEN odd.e WHEN odd.d + odd.back <> 0 THEN coalesce(odd.e, odd.c) END,
			odd.d + odd.back);
	END LOOP;
END
$$;

-- Bills that wait, the longest waiting first, with the agreement that counted on their day. seen: by what it is known that nobody had
-- them looked at again since.
CREATE FUNCTION settle_bills(p_limit integer) RETURNS TABLE (hospital_id uuid, claim_id uuid, carrier text, amount_minor bigint,
	currency text, exponent smallint, billed_day date, service_day date, book_currency text, contract_id uuid, contract_version integer,
	remitter text, seen bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY WITH due AS MATERIALIZED (
		SELECT p.hospital_id AS h, p.claim_id AS c, lower(substr(p.debit, 4)) AS k, p.amount_minor AS a, p.currency AS u, p.exponent AS x,
			p.book_day AS d, w.seen AS s
		FROM (SELECT *, xmin::text::bigint AS seen FROM receivable_wait WHERE due_at <= now() ORDER BY due_at LIMIT p_limit) w
		-- For each row by itself: joined, a plan made before the first statistics came met each bill with each posting.
		CROSS JOIN LATERAL (SELECT * FROM posting b WHERE b.hospital_id = w.hospital_id AND b.entry_id = w.claim_id AND b.no = 1 OFFSET 0) p
	), agreed AS MATERIALIZED (
		SELECT y.h, y.k, y.d, o.contract_id, o.version, o.remitter FROM (SELECT DISTINCT h, k, d FROM due) y
		CROSS JOIN LATERAL contract_of(y.h, y.k, y.d) o
	)
	SELECT t.h, t.c, t.k, t.a, t.u, t.x, t.d,
		CASE WHEN g.h IS NOT NULL THEN (SELECT c.service_day FROM claim c WHERE c.hospital_id = t.h AND c.claim_id = t.c) END,
		o.book_currency, g.contract_id, g.version, coalesce(g.remitter, t.k), t.s
	FROM due t JOIN hospital o ON o.hospital_id = t.h LEFT JOIN agreed g ON g.h = t.h AND g.k = t.k AND g.d = t.d;
END
$$;

-- A contract or a price list changed: a hospital's bills that wait are looked at again, also those that are just being looked at.
CREATE FUNCTION receivable_soon(p_hospital uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE receivable_wait w SET due_at = least(w.due_at, now()) FROM (SELECT * FROM receivable_wait i WHERE i.hospital_id = p_hospital
		ORDER BY i.claim_id FOR UPDATE) l
	WHERE w.hospital_id = l.hospital_id AND w.claim_id = l.claim_id
$$;

-- Agreements by their ids, as zhifu_contract(5) has them.
CREATE FUNCTION settle_contracts(p_hospital uuid[], p_contract uuid[], p_version integer[])
RETURNS TABLE (ordinal integer, document text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT t.n::integer, c.document::text FROM unnest(p_hospital, p_contract, p_version) WITH ORDINALITY AS t (h, i, v, n)
	JOIN contract c ON c.hospital_id = t.h AND c.contract_id = t.i AND c.version = t.v
$$;

-- What the items of bills are, sealed: of as many of these, from the first on, as come to p_bytes; of bills that wait alone. Without a
-- wrapped key the patient's is erased.
CREATE FUNCTION settle_bill_contents(p_hospital uuid[], p_claim uuid[], p_bytes bigint)
RETURNS TABLE (ordinal integer, content bytea, patient_key_id uuid, wrapped bytea, version integer) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT s.n::integer, c.content, c.patient_key_id, k.wrapped, k.hospital_key_version FROM (
		SELECT t.n, w.hospital_id, w.claim_id, sum(octet_length(c.content)) OVER (ORDER BY t.n) - octet_length(c.content) AS before
		FROM unnest(p_hospital, p_claim) WITH ORDINALITY AS t (h, c, n) 
		JOIN receivable_wait w ON w.hospital_id = t.h AND w.claim_id = t.c JOIN claim c ON c.hospital_id = t.h AND c.claim_id = t.c) s
	JOIN claim c ON c.hospital_id = s.hospital_id AND c.claim_id = s.claim_id
	LEFT JOIN patient_key k ON k.hospital_id = c.hospital_id AND k.patient_key_id = c.patient_key_id
	WHERE s.before < p_bytes ORDER BY s.n
$$;

-- Makes receivables of bills that wait, of p_amount; p_foreign: billed in another currency than the books', so that they wait for
-- their value. p_owed: in p_currency; NULL: there is no rate yet, look again in p_later_s. The c_ arrays are the steps of the
-- conversion of what is owed in another currency than billed, each of the bill at c_bill (from 1): that is moved from the one
-- currency's account to the other's at the same value. p_allowance: what of the bill the contract takes off, where it came at full price;
-- where the payers have divided the bill before, it is kept with that. p_lacks: of a bill that waits for a person, why. p_seen: as settle_bills
-- had it; what moved since, as a new contract or price list has it do, is left for the next look. Once only, whoever calls twice.
-- Returns how many were made.
CREATE FUNCTION settle_receivables(p_hospital uuid[], p_claim uuid[], p_carrier text[], p_remitter text[], p_contract uuid[],
	p_version integer[], p_kind text[], p_currency text[], p_exponent smallint[], p_amount bigint[], p_foreign boolean[], p_owed bigint[],
	p_billed date[], p_due date[], p_later_s integer, c_bill integer[], c_step smallint[], c_rate uuid[], c_multiplied boolean[],
	c_rounding smallint[], p_allowance bigint[], p_lacks text[], p_seen bigint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
	ready boolean[]; -- of each bill
	odd record;
	bill posting;
BEGIN
	PERFORM receivable_lock(true);
	-- All are locked in the order of posting_value_soon and receivable_soon, ready or not, so that neither waits for the other. By ctid:
	-- a join of the arrays with the table, which is mostly empty, was planned as each with each.
	WITH t AS MATERIALIZED (
		SELECT t.n, w.at, t.l, t.o IS NOT NULL AND NOT (t.f AND EXISTS (SELECT 1 FROM posting p JOIN posting_unvalued u
			ON u.hospital_id = p.hospital_id AND u.entry_id = p.entry_id AND u.no = p.no WHERE p.claim_id = t.c AND p.hospital_id = t.h)) AS ready
		FROM (SELECT * FROM unnest(p_hospital, p_claim, p_foreign, p_owed, p_lacks, p_seen) WITH ORDINALITY AS i (h, c, f, o, l, s, n) ORDER BY h, c) t
		CROSS JOIN LATERAL (SELECT i.ctid AS at, i.xmin::text::bigint AS seen FROM receivable_wait i WHERE i.hospital_id = t.h AND i.claim_id = t.c FOR UPDATE) w
		WHERE w.seen = t.s
	), later AS (
		UPDATE receivable_wait w SET due_at = now() + make_interval(secs => p_later_s), lacks = t.l FROM t
		WHERE NOT t.ready AND w.ctid = t.at
	), gone AS (
		DELETE FROM receivable_wait w USING t WHERE t.ready AND w.ctid = t.at RETURNING t.n
	)
	SELECT array_agg(i.gone ORDER BY i.n) INTO ready FROM (SELECT a.n, bool_or(a.gone) AS gone FROM (
		SELECT g.n, true AS gone FROM gone g UNION ALL SELECT n, false FROM generate_series(1, cardinality(p_claim)) AS s (n)) a GROUP BY a.n) i;

	-- What is open is what the account says by now: decisions may have come first. net_book matters where it is foreign.
	FOR odd IN WITH t AS MATERIALIZED (
			SELECT t.*, s.adjudication, a.net, a.net_book, t.n = ANY (c_bill) AS fixed
			FROM unnest(p_hospital, p_claim, p_carrier, p_remitter, p_contract, p_version, p_kind, p_currency, p_exponent, p_amount, p_foreign,
				p_owed, p_billed, p_due, ready) WITH ORDINALITY AS t (h, c, k, r, i, v, q, u, x, a, f, o, b, d, ready, n)
			JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c
			CROSS JOIN LATERAL (
				SELECT sum(CASE p.debit WHEN 'AR-' || upper(t.k) THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS net,
					sum(CASE p.debit WHEN 'AR-' || upper(t.k) THEN p.book_minor ELSE -p.book_minor END)::bigint AS net_book
				FROM posting p WHERE p.claim_id = t.c AND (p.hospital_id = t.h) IS TRUE AND 'AR-' || upper(t.k) IN (p.debit, p.credit)) a
			WHERE t.ready
		), made AS (
			INSERT INTO receivable (hospital_id, claim_id, carrier, remitter, contract_id, contract_version, kind, currency, exponent,
				owed_minor, open_minor, book_minor, billed_day, due_day, standing)
			SELECT t.h, t.c, t.k, t.r, t.i, t.v, t.q, t.u, t.x, m.owed, m.left_open, m.book, t.b, t.d,
				CASE WHEN m.left_open = 0 THEN 2 WHEN t.adjudication = 5 THEN 3 ELSE 1 END
			FROM t CROSS JOIN LATERAL (SELECT
				CASE WHEN t.fixed THEN t.o WHEN t.f THEN greatest(t.net, 0) ELSE greatest(t.a, t.net) END AS owed,
				CASE WHEN t.fixed THEN t.o ELSE greatest(t.net, 0) END AS left_open,
				CASE WHEN t.fixed THEN t.a WHEN t.net <= 0 AND t.f THEN 0 WHEN t.f THEN greatest(t.net_book, 0) ELSE greatest(t.a, t.net) END
					AS book) m
		)
		SELECT t.* FROM t WHERE t.fixed OR t.net < 0 OR (t.f AND t.net_book <> CASE WHEN t.net = 0 THEN 0 ELSE greatest(t.net_book, 0) END)
	LOOP
		SELECT * INTO bill FROM posting p WHERE p.hospital_id = odd.h AND p.entry_id = odd.c AND p.no = 1;
		IF odd.fixed THEN
			PERFORM receivable_post(odd.h, odd.c, 'fix_billed', 'CONV', bill.debit, bill.amount_minor, bill.currency, bill.exponent,
				bill.amount_minor, odd.b, odd.c);
			PERFORM receivable_post(odd.h, odd.c, 'fix_owed', bill.debit, 'CONV', odd.o, odd.u, odd.x, bill.amount_minor, odd.b, odd.c);
			INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent,
				to_minor, to_currency, to_exponent)
			SELECT odd.h, odd.c, (SELECT max(p.no) FROM posting p WHERE p.hospital_id = odd.h AND p.entry_id = odd.c AND p.no < 10000),
				s.s, s.r, s.m, s.g, bill.amount_minor, bill.currency, bill.exponent, odd.o, odd.u, odd.x
			FROM unnest(c_bill, c_step, c_rate, c_multiplied, c_rounding) AS s (b, s, r, m, g) WHERE s.b = odd.n;
			IF odd.net <> bill.amount_minor THEN
				PERFORM receivable_apply(odd.h, odd.c, odd.c, odd.net - bill.amount_minor);
			END IF;
		ELSIF odd.net < 0 THEN
			PERFORM receivable_post(odd.h, odd.c, 'over_decided', bill.debit, 'OVERPAID-' || upper(odd.k), -odd.net, bill.currency, bill.exponent,
				CASE WHEN odd.f THEN -odd.net_book ELSE -odd.net END, odd.b, odd.c);
		ELSE
			PERFORM receivable_post(odd.h, odd.c, 'fx_decided', 'FX', bill.debit, 0, bill.currency, bill.exponent, odd.net_book, odd.b, odd.c);
		END IF;
	END LOOP;
	INSERT INTO receivable_carrier (hospital_id, carrier) SELECT DISTINCT t.h, t.k FROM unnest(p_hospital, p_carrier, ready) AS t (h, k, ready)
	WHERE t.ready ON CONFLICT DO NOTHING;
	IF 0 < ANY (p_allowance) THEN
		PERFORM receivable_allow(t.h, t.c, t.off, t.b) FROM unnest(p_hospital, p_claim, p_billed, p_allowance, ready) AS t (h, c, b, off, ready)
		WHERE t.ready AND t.off > 0 AND NOT receivable_replaced(t.h, t.c);
		-- Divided before.
		UPDATE coordination k SET allowance_minor = t.off FROM unnest(p_hospital, p_claim, p_allowance, ready) AS t (h, c, off, ready)
		WHERE t.ready AND t.off > 0 AND k.hospital_id = t.h AND k.claim_id = t.c AND k.undone_entry IS NULL;
	END IF;
	RETURN cardinality(array_positions(ready, true));
END
$$;

-- ---- the books ----

-- Of each carrier's account and each of its currencies: what its open receivables come to, and what the ledger says, in that
-- currency and in the books'. They must agree. What waits for its receivable is in neither; nor is, in the books, what revalued
-- them for a while. Runs with the caller's rights.
CREATE FUNCTION books_check(p_hospital uuid) RETURNS TABLE (account text, currency text, owed bigint, ledger bigint, owed_book bigint,
	ledger_book bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH owed AS (
		SELECT 'AR-' || upper(r.carrier) AS account, r.currency, sum(r.open_minor) AS minor,
			sum(receivable_carried(r.owed_minor, r.book_minor, r.open_minor)) AS book
		FROM receivable r WHERE r.hospital_id = p_hospital GROUP BY 1, 2
	), carrier AS (
		SELECT DISTINCT o.account FROM owed o UNION SELECT p.debit FROM posting p WHERE p.hospital_id = p_hospital AND p.rule = 'bill'
			AND p.debit LIKE 'AR-%' AND p.debit <> 'AR-INPT'
	), side AS (
		SELECT p.debit AS account, p.currency, p.claim_id, p.rule, p.amount_minor AS minor, p.book_minor AS book FROM posting p
		WHERE p.hospital_id = p_hospital AND p.debit LIKE 'AR-%'
		UNION ALL
		SELECT p.credit, p.currency, p.claim_id, p.rule, -p.amount_minor, -p.book_minor FROM posting p
		WHERE p.hospital_id = p_hospital AND p.credit LIKE 'AR-%'
	), plan AS ( -- whose shares of these claims wait for nothing
		SELECT 'AR-' || upper(r.carrier) AS account, r.of_claim FROM receivable r WHERE r.hospital_id = p_hospital AND r.of_claim IS NOT NULL
	), ledger AS (
		SELECT s.account, s.currency, sum(s.minor) AS minor,
			sum(s.book) FILTER (WHERE s.rule NOT LIKE 'reval%' AND (s.claim_id IS NULL OR (s.account, s.claim_id) IN (TABLE plan) OR r.claim_id IS NOT NULL)) AS book
		FROM side s JOIN carrier USING (account) LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = s.claim_id
		WHERE (s.account, s.claim_id) IN (TABLE plan)
			OR NOT EXISTS (SELECT 1 FROM receivable_wait w WHERE w.hospital_id = p_hospital AND w.claim_id = s.claim_id)
		GROUP BY 1, 2
	)
	SELECT account, currency, coalesce(o.minor, 0)::bigint, coalesce(l.minor, 0)::bigint, coalesce(o.book, 0)::bigint,
		coalesce(l.book, 0)::bigint
	FROM owed o FULL JOIN ledger l USING (account, currency)
$$;

CALL writer_functions('receivable\_%', 'settle\_bills', 'settle\_bill\_contents', 'settle\_contracts', 'settle\_receivables', 'books\_check');
GRANT EXECUTE ON FUNCTION receivable_parts TO zhifu_operator, zhifu_settle; -- of whom RLS shows what they may read
GRANT EXECUTE ON FUNCTION receivable_carried TO zhifu_intake, zhifu_settle, zhifu_operator;
GRANT EXECUTE ON FUNCTION settle_bills, settle_bill_contents, settle_contracts, settle_receivables TO zhifu_settle;
GRANT EXECUTE ON FUNCTION books_check TO zhifu_settle, zhifu_operator;
