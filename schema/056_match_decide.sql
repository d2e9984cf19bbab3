-- Matching, decided: what a person must look at, the postings of what is certain or was said, and their undoing. What is paid to the
-- minor unit is 070_match_exact.sql's.
SET search_path = zhifu;

-- Stores what came out for items that wait, unless one was decided meanwhile (its version): the reason, where no person has given
-- one, and the candidates in place of earlier ones; p_again_s: looked at again then in any case.
CREATE FUNCTION match_store(p_hospital uuid, l_line uuid[], l_part integer[], l_version integer[], l_wait smallint[], l_reason text[],
	l_payer text[], l_again_s integer[], q_line integer[], q_claim uuid[], c_line integer[], c_no smallint[], c_kind smallint[],
	c_score smallint[], c_print bytea[], c_content bytea[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off AS $$
DECLARE
	live integer[];
BEGIN
	PERFORM match_lock(p_hospital, true);
	WITH waits AS (
		UPDATE match_item i SET wait = t.w, due_at = now() + make_interval(secs => t.s),
			claims = (SELECT array_agg(q.c) FROM unnest(q_line, q_claim) AS q (l, c) WHERE q.l = t.n)
		FROM unnest(l_line, l_part, l_version, l_wait, l_again_s) WITH ORDINALITY AS t (l, p, v, w, s, n)
		WHERE i.hospital_id = p_hospital AND i.line_id = t.l AND i.part = t.p AND i.version = t.v AND i.open_minor <> 0
		RETURNING t.n)
	SELECT coalesce(array_agg(n::integer), '{}') INTO live FROM waits;
	UPDATE suspense s SET wait = t.w, reason = CASE WHEN s.reason_by IS NULL THEN t.r ELSE s.reason END, payer = t.y,
		version = s.version + (s.reason_by IS NULL AND s.reason IS DISTINCT FROM t.r)::integer FROM (
		SELECT DISTINCT ON (t.l) t.l, t.w, t.r, t.y FROM unnest(l_line, l_wait, l_reason, l_payer) WITH ORDINALITY AS t (l, w, r, y, n)
		WHERE t.n = ANY (live) ORDER BY t.l, t.n) t
	WHERE s.hospital_id = p_hospital AND s.line_id = t.l;
	DELETE FROM match_candidate c USING unnest(l_line, l_part) WITH ORDINALITY AS t (l, p, n)
	WHERE t.n = ANY (live) AND c.hospital_id = p_hospital AND c.line_id = t.l AND c.part = t.p;
	INSERT INTO match_candidate (hospital_id, line_id, part, no, kind, score, print, content)
	SELECT p_hospital, l_line[t.l], l_part[t.l], t.n, t.k, t.s, t.p, t.c
	FROM unnest(c_line, c_no, c_kind, c_score, c_print, c_content) AS t (l, n, k, s, p, c) WHERE t.l = ANY (live);
	RETURN cardinality(live);
END
$$;

-- Of one call of match_post: an allocation, with its item, its line and what is left of these. state: as returned; 2: is posted.
CREATE TYPE match_posting AS (id uuid, line_id uuid, item integer, state integer, whole bigint, currency text, exponent smallint, book bigint,
	open_item bigint, open_line bigint);
-- A part of one that is posted, at its place n: l the allocation's, no its own in that. k kind, a amount, z cleared, o over, c charge,
-- d discount, f fee, u unexplained, b what the amount is carried at, each followed by b: in the book currency. through: by CONV.
-- posted: the claim by which the ledger has what is of claim.
CREATE TYPE match_allot AS (n integer, l integer, no integer, id uuid, line_id uuid, item integer, claim uuid, posted uuid, v integer, remittance uuid,
	detail integer, k smallint, a bigint, z bigint, o bigint, ob bigint, c bigint, cb bigint, d bigint, db bigint, f bigint, fb bigint, u bigint,
	ub bigint, b bigint, whole bigint, currency text, exponent smallint, owed text, owed_exponent smallint, code text, through boolean);

-- The allocations of a call, and which of them can be posted now.
CREATE FUNCTION match_postings(p_hospital uuid, l_allocation uuid[], l_line uuid[], l_part integer[], l_version integer[], a_line integer[],
	a_claim uuid[], a_version integer[], a_remittance uuid[], a_detail integer[], p_by_hand boolean) RETURNS match_posting[] LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	posting match_posting[];
	hindered record;
BEGIN
	SELECT array_agg(ROW(t.a, t.l, t.p, CASE
				WHEN i.version IS DISTINCT FROM t.v OR s.line_id IS NULL THEN CASE WHEN EXISTS (SELECT 1 FROM allocation o
					WHERE o.hospital_id = p_hospital AND o.allocation_id = t.a) THEN 1 ELSE 0 END
				WHEN s.held <> 0 THEN -3
				WHEN k.book IS NULL THEN -1
				ELSE 2 END,
			b.amount_minor, b.currency, b.exponent, k.book, i.open_minor, s.open_minor)::match_posting ORDER BY t.n) INTO posting
	FROM unnest(l_allocation, l_line, l_part, l_version) WITH ORDINALITY AS t (a, l, p, v, n)
	LEFT JOIN match_item i ON i.hospital_id = p_hospital AND i.line_id = t.l AND i.part = t.p
	LEFT JOIN suspense s ON s.hospital_id = p_hospital AND s.line_id = t.l
	LEFT JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = t.l
	CROSS JOIN LATERAL (SELECT CASE WHEN bool_or(p.book_minor IS NOT NULL) THEN sum(p.book_minor)::bigint END AS book
		FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = t.l AND p.no IN (1, 10001)) k;
	-- Receivables and advices as they were, and values known.
	FOR hindered IN SELECT x.l, min(x.state) AS state FROM (
			SELECT t.l, 0 AS state FROM unnest(a_line, a_claim, a_version) AS t (l, c, v)
			LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.c
			WHERE t.c IS NOT NULL AND r.version IS DISTINCT FROM t.v
			UNION ALL
			SELECT d.l, d.state FROM (SELECT t.l, t.r, array_agg(t.d) FILTER (WHERE t.d IS NOT NULL) AS details
				FROM unnest(a_line, a_remittance, a_detail) AS t (l, r, d) WHERE t.r IS NOT NULL GROUP BY 1, 2) t
			CROSS JOIN LATERAL (
				-- A person says of each transfer which of its details it pays.
				SELECT t.l, -2 AS state FROM remittance_paid p WHERE p.hospital_id = p_hospital AND p.remittance_id = t.r
					AND (NOT p_by_hand OR t.details IS NULL OR EXISTS (SELECT 1 FROM allocation o WHERE o.hospital_id = p_hospital
						AND o.allocation_id = p.allocation_id AND o.remittance_id = t.r AND o.detail = ANY (t.details)))
				UNION ALL
				SELECT t.l, 0 FROM remittance m WHERE m.hospital_id = p_hospital AND m.remittance_id = t.r AND m.withdrawn_at IS NOT NULL
				UNION ALL
				SELECT t.l, -1 FROM fact f WHERE f.hospital_id = p_hospital AND f.remittance_id = t.r AND f.status = 1
				UNION ALL
				SELECT t.l, -1 FROM match_announced(p_hospital, ARRAY[t.r]) f
				JOIN posting_unvalued u ON u.hospital_id = p_hospital AND u.entry_id = f.entry_id) d) x
		GROUP BY 1 LOOP
		IF posting[hindered.l].state = 2 THEN
			posting[hindered.l].state := hindered.state;
		END IF;
	END LOOP;
	RETURN posting;
END
$$;

-- The parts of those that are posted. Part after part, so that what is carried comes out even when all of it has left; the whole's
-- sign is the line's. What does not fit is an exception.
CREATE FUNCTION match_allots(p_hospital uuid, home text, posting match_posting[], a_line integer[], a_kind smallint[], a_claim uuid[],
	a_version integer[], a_remittance uuid[], a_detail integer[], a_amount bigint[], a_cleared bigint[], a_over bigint[], a_charge bigint[],
	a_charge_book bigint[], a_discount bigint[], a_discount_book bigint[], a_fee bigint[], a_fee_book bigint[], a_unexplained bigint[],
	a_unexplained_book bigint[]) RETURNS match_allot[] LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	allots match_allot[];
	fault text;
BEGIN
	SELECT array_agg(ROW(w.place, w.l, w.no, (w.p).id, (w.p).line_id, (w.p).item, w.claim, w.posted, w.v, w.remittance, w.detail, w.k, w.a,
				-- taken back in the currency of the books: at what it is worth there
				CASE WHEN w.k = 3 AND w.owed = home THEN w.b ELSE w.z END,
				w.o, CASE WHEN w.k = 1 THEN w.b WHEN w.o = 0 THEN 0 ELSE w.b - match_share(w.b, w.a - w.o, w.a) END,
				w.c, w.cb, w.d, w.db, w.f, w.fb, w.u, w.ub, w.b, (w.p).whole, (w.p).currency, (w.p).exponent, w.owed, w.owed_exponent, w.code,
				w.through)::match_allot ORDER BY w.n),
		max(CASE WHEN w.sum <> 0 AND (sign(w.sum) <> sign((w.p).open_item) OR abs(w.sum) > abs((w.p).open_item)) THEN 'more than there is'
			WHEN w.o < 0 OR w.c < 0 OR w.d < 0 OR w.f < 0 OR w.o > greatest(w.a, 0) THEN 'a part of the wrong sign'
			WHEN w.k IN (0, 1, 2, 3) AND w.owed IS NULL THEN 'no receivable'
			WHEN CASE w.k WHEN 0 THEN w.z <= 0 OR w.a < 0 WHEN 2 THEN w.a <> 0 OR w.z <> 0 WHEN 3 THEN w.a >= 0 OR w.z >= 0 WHEN 4 THEN w.a > 0
				ELSE false END THEN 'an amount that does not fit its kind'
			WHEN w.k = 0 AND w.owed = (w.p).currency AND w.z <> w.a - w.o + w.c + w.d + w.f + w.u THEN 'a payment that clears something else'
			WHEN (w.p).currency = home AND (w.c <> w.cb OR w.d <> w.db OR w.f <> w.fb OR w.u <> w.ub) THEN 'a book value that differs'
			WHEN w.k = 3 AND w.owed NOT IN ((w.p).currency, home) THEN 'taken back in a currency that is not owed'
			WHEN w.k NOT IN (0, 1, 2, 3, 4, 5, 6) THEN 'a kind that is not known' END)
	INTO allots, fault FROM (
		SELECT q.*, match_share(q.book, q.before, (q.p).whole) - match_share(q.book, q.before - q.a, (q.p).whole) AS b,
			bool_or(q.a <> 0 AND sign(q.a) <> sign((q.p).whole) OR q.k IN (0, 3) AND q.owed <> (q.p).currency) OVER (PARTITION BY q.l) AS through
		FROM (
			SELECT t.*, row_number() OVER (ORDER BY t.n) AS place, row_number() OVER item AS no, sum(t.a) OVER (PARTITION BY t.l) AS sum, sign((t.p).whole)::bigint * (t.p).book AS book,
				(t.p).open_line - coalesce(sum(t.a) OVER line, 0)::bigint AS before, r.currency AS owed, r.exponent AS owed_exponent,
				upper(r.carrier) AS code, coalesce(r.of_claim, t.claim) AS posted
			FROM (SELECT u.*, posting[u.l] AS p FROM unnest(a_line, a_kind, a_claim, a_version, a_remittance, a_detail, a_amount, a_cleared,
					a_over, a_charge, a_charge_book, a_discount, a_discount_book, a_fee, a_fee_book, a_unexplained, a_unexplained_book)
					WITH ORDINALITY AS u (l, k, claim, v, remittance, detail, a, z, o, c, cb, d, db, f, fb, u, ub, n)
				WHERE posting[u.l].state = 2 OFFSET 0) t
			LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.claim
			WINDOW item AS (PARTITION BY t.l ORDER BY t.n),
				line AS (PARTITION BY (t.p).line_id ORDER BY t.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) q) w;
	IF fault IS NOT NULL THEN
		RAISE EXCEPTION 'an allocation does not fit: %', fault USING ERRCODE = 'check_violation';
	END IF;
	RETURN allots;
END
$$;

-- What fees and adjustments of advices take off of what is paid of a claim, of the call's allocation l (NULL: of one before it, that is not
-- undone). One that the carrier's own system told, as it told it, takes nothing off: the carrier owes no more. Of all that persons brought
-- in, typed or read from a file, or let count with a difference, only they say so: what is not of one claim is shared among the claims that
-- the advice has paid until then, those of its carrier if it names one, by what was paid of each; a detail's fee is its claim's. What an
-- adjustment adds makes up for others of the same allocation, and for nothing else.
CREATE FUNCTION match_taken_off(p_hospital uuid, l_line uuid[], a_line integer[], a_kind smallint[], a_claim uuid[], a_remittance uuid[],
	a_detail integer[], a_amount bigint[]) RETURNS TABLE (l integer, claim uuid, line_id uuid, currency text, exponent smallint, fee numeric,
	adjusted numeric) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH call AS MATERIALIZED (
		SELECT t.*, b.line_id, b.currency, b.exponent FROM unnest(a_line, a_kind, a_claim, a_remittance, a_detail, a_amount) WITH ORDINALITY
			AS t (l, k, claim, remittance, detail, a, n)
		JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = l_line[t.l]
	), bears AS MATERIALIZED ( -- also what the same advices paid before
		SELECT c.claim FROM call c WHERE c.claim IS NOT NULL
		UNION
		SELECT a.claim_id FROM call c JOIN remittance_paid p ON p.hospital_id = p_hospital AND p.remittance_id = c.remittance
		JOIN allocation a ON a.hospital_id = p_hospital AND a.allocation_id = p.allocation_id AND a.claim_id IS NOT NULL
		WHERE c.k IN (4, 5)
	), before AS MATERIALIZED (
		SELECT i.allocation_id, i.remittance_id FROM bears w JOIN allocation_kept i ON i.hospital_id = p_hospital AND i.claim_id = w.claim
	), part AS MATERIALIZED (
		SELECT c.l, c.l::text AS id, 'infinity'::timestamptz AS at, c.n AS no, c.line_id, c.currency, c.exponent, c.k, c.claim, c.remittance,
			c.detail, c.a FROM call c
		UNION ALL
		SELECT NULL, a.allocation_id::text, a.made_at, a.no, a.line_id, a.currency, a.exponent, a.kind, a.claim_id, a.remittance_id, a.detail,
			a.amount_minor
		FROM (SELECT b.allocation_id FROM before b UNION SELECT p.allocation_id FROM (SELECT b.remittance_id FROM before b UNION SELECT c.remittance
			FROM call c) r JOIN remittance_paid p ON p.hospital_id = p_hospital AND p.remittance_id = r.remittance_id) e
		JOIN allocation a ON a.hospital_id = p_hospital AND a.allocation_id = e.allocation_id AND a.kind IN (0, 1, 4, 5)
	), off AS (
		SELECT t.*, d.carrier FROM part t
		LEFT JOIN remittance_detail d ON d.hospital_id = p_hospital AND d.remittance_id = t.remittance AND d.no = t.detail
		WHERE t.k IN (4, 5) AND (d.no IS NULL OR t.a < least(d.amount_minor, d.fee_minor, d.amount_minor + d.fee_minor, 0)
			OR EXISTS (SELECT 1 FROM advice v WHERE v.hospital_id = p_hospital AND v.advice_id = t.remittance))
	), shared AS (
		SELECT o.*, p.claim AS owner, n.near, min(n.near) OVER (PARTITION BY o.id, o.no) AS nearest,
			-o.a::numeric * p.a / sum(p.a) OVER (PARTITION BY o.id, o.no, n.near) AS minor
		FROM off o JOIN part p ON p.k IN (0, 1) AND p.a > 0 AND (p.id = o.id OR p.remittance = o.remittance AND p.at < o.at)
		LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = p.claim
		CROSS JOIN LATERAL (SELECT CASE WHEN p.remittance IS DISTINCT FROM o.remittance THEN 4 WHEN p.detail = o.detail THEN 1
			WHEN r.carrier = o.carrier THEN 2 ELSE 3 END AS near) n
	)
	SELECT s.l, s.owner, s.line_id, s.currency, s.exponent, coalesce(sum(s.minor) FILTER (WHERE s.k = 4), 0),
		greatest(sum(s.minor) FILTER (WHERE s.k = 5), 0)
	FROM shared s WHERE s.near = s.nearest AND s.owner IN (SELECT w.claim FROM bears w) GROUP BY s.id, 1, 2, 3, 4, 5
$$;

-- Allocations of a call by which more is let go than anybody may: of a claim, with all that was let go of it before, by whomever,
-- and not undone, beyond what its contract foresees (of each transfer the usual charge, or one seen before of the carrier; the early
-- discount, the network's fee) no more than hard_max of the money's currency; what was let go in another currency counts as the same part
-- of that one's. So does what an advice that a person brought in takes off (match_taken_off). Without a contract nothing is agreed, and nothing let go. What a rate is said to have made of money in another currency
-- than is owed: 5 per cent at most, or where a foreign amount is owed a fifth of what that is carried at.
CREATE FUNCTION match_beyond(p_hospital uuid, home text, l_line uuid[], a_line integer[], a_kind smallint[], a_claim uuid[],
	a_remittance uuid[], a_detail integer[], a_amount bigint[], a_cleared bigint[], a_over bigint[], a_charge bigint[], a_discount bigint[],
	a_fee bigint[], a_unexplained bigint[], a_kept_book bigint[])
RETURNS SETOF integer LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH part AS MATERIALIZED (
		SELECT t.*, b.line_id, b.currency, b.exponent, r.claim_id AS owner, r.currency AS owed,
			match_share(r.book_minor, t.z, nullif(r.owed_minor, 0)) AS carried,
			match_share(sign(b.amount_minor)::bigint * k.book, t.a - t.o, b.amount_minor) AS worth
		FROM unnest(a_line, a_kind, a_claim, a_amount, a_cleared, a_over, a_charge, a_discount, a_fee, a_unexplained, a_kept_book)
			AS t (l, k, claim, a, z, o, c, d, f, u, kept)
		JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = l_line[t.l]
		-- what no claim has of several: by the contract of the first
		LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = coalesce(t.claim,
			(SELECT i.c FROM unnest(a_line, a_claim) WITH ORDINALITY AS i (l, c, n) WHERE i.l = t.l AND i.c IS NOT NULL ORDER BY i.n LIMIT 1))
		LEFT JOIN match_line_book(p_hospital, ARRAY[b.line_id]) k ON true
		WHERE t.k IN (0, 6)
	), off AS MATERIALIZED (
		SELECT * FROM match_taken_off(p_hospital, l_line, a_line, a_kind, a_claim, a_remittance, a_detail, a_amount)
	), let AS ( -- now: of this call
		SELECT p.owner, true AS now, p.line_id, p.currency, p.exponent, p.a - p.o + p.c + p.d + p.f + p.u AS gross, p.c, p.d, p.f, abs(p.u) AS u
		FROM part p
		UNION ALL
		SELECT w.owner, false, a.line_id, a.currency, a.exponent, a.amount_minor - a.over_minor + a.charge_minor + a.discount_minor + a.fee_minor
			+ a.unexplained_minor, a.charge_minor, a.discount_minor, a.fee_minor, abs(a.unexplained_minor)
		FROM (SELECT p.owner FROM part p WHERE p.owner IS NOT NULL UNION SELECT o.claim FROM off o) w
		JOIN allocation_kept i ON i.hospital_id = p_hospital AND i.claim_id = w.owner
		JOIN allocation a ON a.hospital_id = p_hospital AND a.allocation_id = i.allocation_id AND (a.kind = 0 AND a.no = i.no
			OR a.kind = 6 AND i.no = (SELECT min(m.no) FROM allocation m WHERE m.hospital_id = p_hospital AND m.allocation_id = i.allocation_id
				AND m.claim_id IS NOT NULL))
		UNION ALL
		SELECT o.claim, o.l IS NOT NULL, o.line_id, o.currency, o.exponent, 0, 0, 0, o.fee, o.adjusted FROM off o
	), currency AS ( -- what was let go beyond what is foreseen, with this call (whole) and before it
		SELECT q.owner, q.whole, q.currency, t.hard, sum(q.u) + sum(CASE WHEN q.c <= t.usual OR q.c > 0 AND EXISTS (SELECT 1
				FROM match_charges(p_hospital) s WHERE s.carrier = r.carrier AND s.currency = q.currency AND s.charge = q.c) THEN 0 ELSE q.c END)
			+ greatest(sum(q.d) - g.gross * t.early - 1, 0) + greatest(sum(q.f) - g.gross * t.fee - 1, 0) AS minor
		FROM (SELECT l.owner, w.whole, l.currency, l.exponent, l.line_id, sum(l.gross) AS gross, sum(l.c) AS c, sum(l.d) AS d, sum(l.f) AS f,
				sum(l.u) AS u, sum(sum(l.gross)) OVER (PARTITION BY l.owner, w.whole, l.currency) AS all_gross
			FROM let l JOIN (VALUES (true), (false)) AS w (whole) ON w.whole OR NOT l.now GROUP BY 1, 2, 3, 4, 5) q
		LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = q.owner
		LEFT JOIN contract c ON c.hospital_id = p_hospital AND c.contract_id = r.contract_id AND c.version = r.contract_version
		CROSS JOIN LATERAL (SELECT greatest(q.all_gross, CASE WHEN r.currency = q.currency THEN r.owed_minor ELSE 0 END) AS gross) g
		CROSS JOIN LATERAL (SELECT coalesce((SELECT max(coalesce(x->>'hard_max', x->>'residual')::numeric)
				FROM jsonb_array_elements(c.document->'tolerances') x WHERE x->>'currency' = q.currency), 0) * 10::numeric ^ q.exponent AS hard,
			coalesce((SELECT max((x->>'amount')::numeric) FROM jsonb_array_elements(c.document->'usual_charges') x
				WHERE x->>'currency' = q.currency), 0) * 10::numeric ^ q.exponent AS usual,
			coalesce((c.document#>>'{payment,early_discount,percent}')::numeric, 0) / 100 AS early,
			coalesce((c.document#>>'{payment,fee,percent}')::numeric, 0) / 100 * CASE WHEN c.document#>>'{payment,fee,tax}' = 'added'
				THEN 1 + coalesce((c.document#>>'{payment,fee,tax_percent}')::numeric, 0) / 100 ELSE 1 END AS fee) t
		GROUP BY q.owner, q.whole, q.currency, t.hard, g.gross, t.early, t.fee
	), used AS ( -- as parts of hard_max
		SELECT n.owner, n.whole, round(sum(CASE WHEN n.minor = 0 THEN 0 WHEN n.hard = 0 THEN n.minor * 1000000000 ELSE n.minor / n.hard END), 9) AS share
		FROM currency n GROUP BY 1, 2
	)
	SELECT p.l FROM (SELECT i.l, i.owner FROM part i UNION SELECT o.l, o.claim FROM off o WHERE o.l IS NOT NULL) p
	JOIN used u ON u.whole AND u.owner IS NOT DISTINCT FROM p.owner
	WHERE u.share > 1 AND u.share > coalesce((SELECT b.share FROM used b WHERE NOT b.whole AND b.owner = u.owner), 0)
	UNION
	SELECT p.l FROM part p WHERE p.k = 0 AND p.owed = home AND p.currency <> home AND abs(p.z - p.worth - p.kept) * 20 > p.z
		OR p.k = 0 AND p.owed NOT IN (home, p.currency) AND abs(p.carried - p.worth - p.kept) * 5 > p.carried
$$;

-- Posts decisions: allocations l_*, each of one item (as it was at that version), and their parts a_*, each of the allocation at
-- its position (from 1). Amounts are signed and of the line; they add up to what leaves suspense. What is over, a charge, a
-- discount, a fee and what is unexplained is in the line's currency with its book value beside it; what of the receivable is
-- cleared is in the currency that is owed (of a take-back negative). What the money and the receivable are carried at, and with it
-- the difference that rates made, is worked out here. p_conversions: see match_conversions().
-- Returns for each: 1 posted (or before, by the same id), 0 item or
-- receivable moved on, -1 a value in the books is not known yet, or what an advice announces is not applied yet, -2 the advice is
-- paid (by hand: one of these details of it), -3 held, -5 more is let go than anybody may (match_limit), -6 an advice sets off what is not
-- owed back. Anything that would not balance is an exception, and nothing is posted.
CREATE FUNCTION match_post(p_hospital uuid, p_who text, p_why text, p_by_hand boolean,
	l_allocation uuid[], l_line uuid[], l_part integer[], l_version integer[],
	a_line integer[], a_kind smallint[], a_claim uuid[], a_version integer[], a_remittance uuid[], a_detail integer[], a_amount bigint[],
	a_cleared bigint[], a_over bigint[], a_charge bigint[], a_charge_book bigint[], a_discount bigint[], a_discount_book bigint[],
	a_fee bigint[], a_fee_book bigint[], a_unexplained bigint[], a_unexplained_book bigint[], p_conversions jsonb DEFAULT NULL)
RETURNS TABLE (ordinal integer, outcome integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET enable_material = off AS $$
#variable_conflict use_column
DECLARE
	home text; -- the book currency
	home_exponent smallint;
	today date;
	kept boolean := 0 <> ANY (a_charge) OR 0 <> ANY (a_discount) OR 0 <> ANY (a_fee) OR 0 <> ANY (a_unexplained); -- is something?
	posting match_posting[];
	allots match_allot[];
	beyond integer;
	unowed integer[]; -- which set off more than is owed back
	moved bigint[]; -- by part: what the receivable's account moves by
	through boolean;
	held boolean; -- are the claims and the money locked?
BEGIN
	PERFORM match_lock(p_hospital, NOT p_by_hand);
	SELECT h.book_currency, h.book_exponent, (now() AT TIME ZONE h.zone)::date INTO STRICT home, home_exponent, today
	FROM hospital h WHERE h.hospital_id = p_hospital;
	-- Where all are exact payments they need no locks before: match_exact() tells what moved on, and no person decides meanwhile.
	FOREACH held IN ARRAY CASE WHEN p_by_hand OR 0 <> ANY (a_kind) THEN '{true}' ELSE '{false, true}' END::boolean[] LOOP
		IF held THEN
			PERFORM claim_hold(p_hospital, a_claim);
			PERFORM 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = ANY (l_line) ORDER BY s.line_id FOR UPDATE;
		END IF;
		IF NOT p_by_hand AND match_exact(p_hospital, p_who, p_why, home, today, l_allocation, l_line, l_part, l_version, a_line, a_kind,
			a_claim, a_version, a_remittance, a_amount, a_cleared, a_over, a_charge, a_discount, a_fee, a_unexplained, held)
			= cardinality(l_line) THEN
			RETURN QUERY SELECT t.n, 1 FROM generate_series(1, cardinality(l_line)) AS t (n);
			RETURN;
		END IF;
	END LOOP;
	IF EXISTS (SELECT 1 FROM unnest(a_kind, a_amount) AS t (k, a) WHERE t.k IN (1, 3) AND t.a < 0) THEN
		-- By an advice no more is set off than is owed back.
		unowed := ARRAY(SELECT t.l FROM (SELECT i.l, i.c, sum(-i.a) AS minor FROM unnest(a_line, a_kind, a_claim, a_amount, a_remittance)
				AS i (l, k, c, a, r) WHERE i.k = 1 AND i.a < 0 AND i.r IS NOT NULL GROUP BY 1, 2) t
			LEFT JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = l_line[t.l]
			LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.c
			WHERE r.claim_id IS NULL OR (receivable_beside(p_hospital, t.c, r.carrier, b.currency)).over_minor < t.minor);
		SELECT array_agg(t.k ORDER BY t.n), array_agg(t.z ORDER BY t.n) INTO a_kind, a_cleared
		FROM match_taken(p_hospital, l_line, a_line, a_kind, a_claim, a_amount, a_cleared) t;
	END IF;
	posting := match_postings(p_hospital, l_allocation, l_line, l_part, l_version, a_line, a_claim, a_version, a_remittance, a_detail, p_by_hand);
	IF kept THEN
		a_charge_book := match_kept(p_hospital, home, home_exponent, posting, a_line, a_charge, a_charge_book);
		a_discount_book := match_kept(p_hospital, home, home_exponent, posting, a_line, a_discount, a_discount_book);
		a_fee_book := match_kept(p_hospital, home, home_exponent, posting, a_line, a_fee, a_fee_book);
		a_unexplained_book := match_kept(p_hospital, home, home_exponent, posting, a_line, a_unexplained, a_unexplained_book);
	END IF;
	IF p_by_hand OR array_remove(a_remittance, NULL) <> '{}' THEN
		FOR beyond IN SELECT * FROM match_limit(p_hospital, p_by_hand, home, l_line, a_line, a_kind, a_claim, a_remittance, a_detail, a_amount,
			a_cleared, a_over, a_charge, a_discount, a_fee, a_unexplained, (SELECT array_agg(t.c + t.d + t.f + t.u ORDER BY t.n)
				FROM unnest(a_charge_book, a_discount_book, a_fee_book, a_unexplained_book) WITH ORDINALITY AS t (c, d, f, u, n))) LOOP
			IF posting[beyond].state = 2 THEN
				posting[beyond].state := -5;
			END IF;
		END LOOP;
	END IF;
	FOREACH beyond IN ARRAY coalesce(unowed, '{}') LOOP
		IF posting[beyond].state = 2 THEN
			posting[beyond].state := -6;
		END IF;
	END LOOP;
	UPDATE match_item i SET due_at = now() + CASE t.state WHEN -1 THEN interval '15 seconds' ELSE interval '10 minutes' END FROM unnest(posting) AS t
	WHERE t.state IN (-1, -6) AND i.hospital_id = p_hospital AND i.line_id = t.line_id AND i.part = t.item;
	IF EXISTS (SELECT 1 FROM unnest(posting) AS t WHERE t.state = 2) THEN
		allots := match_allots(p_hospital, home, posting, a_line, a_kind, a_claim, a_version, a_remittance, a_detail, a_amount, a_cleared, a_over,
			a_charge, a_charge_book, a_discount, a_discount_book, a_fee, a_fee_book, a_unexplained, a_unexplained_book);
		-- A take-back is disputed until it is accepted (take_back_settle, take_back_accept): owed again, at what it is worth today.
		SELECT receivable_moves(p_hospital, array_agg(CASE WHEN p.k IN (0, 2, 3) THEN p.claim END), array_agg(p.v), array_agg(-p.z),
			array_agg(CASE p.k WHEN 2 THEN 3 WHEN 3 THEN 4 END::smallint), array_agg(CASE WHEN p.k = 3 THEN -p.b END)), bool_or(p.through OR p.owed <> p.currency)
		INTO moved, through FROM unnest(allots) AS p;
		IF EXISTS (SELECT 1 FROM unnest(allots) AS p WHERE p.k IN (0, 2, 3) AND moved[p.n] IS NULL) THEN
			RAISE EXCEPTION 'a receivable moved on' USING ERRCODE = 'serialization_failure';
		END IF;
		PERFORM match_write(p_hospital, p_who, p_why, p_by_hand, home, today, allots, moved);
		IF through THEN
			PERFORM match_even(p_hospital, allots);
		END IF;
		IF kept THEN
			PERFORM match_kept_rates(p_hospital, home, home_exponent, allots);
		END IF;
		IF p_conversions IS NOT NULL THEN
			PERFORM match_conversions(p_hospital, posting, a_line, allots, p_conversions);
		END IF;
		IF 0 <> ANY (a_fee) OR 4 = ANY (a_kind) THEN
			PERFORM match_fee_tax(p_hospital, today, allots);
		END IF;
		PERFORM match_follow(p_hospital, p_who, p_why, p_by_hand, allots);
	END IF;
	RETURN QUERY SELECT t.ordinality::integer, least(t.state, 1) FROM unnest(posting) WITH ORDINALITY AS t;
END
$$;

-- The kinds of parts, and what they clear. Money that goes back in another currency than is owed is of what came too much in that
-- currency (1), at the value of that liability, or else it is owed again (3). In the same currency receivable_offset() sees to that.
CREATE FUNCTION match_taken(p_hospital uuid, l_line uuid[], a_line integer[], a_kind smallint[], a_claim uuid[], a_amount bigint[],
	a_cleared bigint[]) RETURNS TABLE (n bigint, k smallint, z bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT d.n, d.k, CASE WHEN d.k = 3 AND d.z = 0 THEN d.a ELSE d.z END FROM (
		SELECT q.n, q.a, q.z, CASE WHEN q.k NOT IN (1, 3) OR q.a >= 0 OR q.owed = q.currency THEN q.k
			WHEN q.back <= (receivable_beside(p_hospital, q.c, q.carrier, q.currency)).over_minor THEN 1 ELSE 3 END::smallint AS k
		FROM (SELECT t.*, r.carrier, r.currency AS owed, b.currency, -sum(t.a) FILTER (WHERE t.k IN (1, 3) AND t.a < 0)
				OVER (PARTITION BY t.c, b.currency ORDER BY t.n) AS back
			FROM unnest(a_line, a_kind, a_claim, a_amount, a_cleared) WITH ORDINALITY AS t (l, k, c, a, z, n)
			LEFT JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = l_line[t.l]
			LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.c) q) d
$$;

-- The rows of match_post. Where one has several currencies or something is taken off, all of its parts pass through CONV, which is
-- worth nothing when the entry ends. moved: by part.
CREATE FUNCTION match_write(p_hospital uuid, p_who text, p_why text, p_by_hand boolean, home text, today date, allots match_allot[],
	moved bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	partly uuid[] := CASE WHEN p_by_hand THEN match_partly(p_hospital, allots) END;
BEGIN
	WITH allot AS MATERIALIZED (
		-- fx: of payments and take-backs
		SELECT p.*, moved[p.n] AS moved, -coalesce(moved[p.n], 0) + p.ob - p.b - p.cb - p.db - p.fb - p.ub AS fx FROM unnest(allots) AS p
	), told AS (
		INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, claim_id, remittance_id, detail, kind, amount_minor, currency,
			exponent, cleared_minor, over_minor, charge_minor, discount_minor, fee_minor, unexplained_minor, book_minor, cleared_book_minor,
			fx_book_minor, charge_book_minor, discount_book_minor, fee_book_minor, over_book_minor, unexplained_book_minor, by_hand, maker, why)
		SELECT p_hospital, p.id, p.no, p.line_id, p.item, p.claim, p.remittance, p.detail, p.k, p.a, p.currency, p.exponent,
			CASE WHEN p.k IN (0, 3) THEN p.z ELSE 0 END, CASE WHEN p.k = 1 THEN p.a ELSE p.o END, p.c, p.d, CASE WHEN p.k = 4 THEN -p.a ELSE p.f END, p.u, p.b,
			-coalesce(p.moved, 0), CASE WHEN p.k IN (0, 3) THEN p.fx WHEN p.k = 6 THEN -p.b - p.cb - p.ub ELSE 0 END, p.cb, p.db,
			CASE WHEN p.k = 4 THEN -p.b ELSE p.fb END, p.ob, p.ub, p_by_hand, p_who, decode(p_why, 'hex')
		FROM allot p
	), entry AS (
		-- amount and book have one sign, or one is nothing; negative ones are posted the other way round
		SELECT p.id, p.line_id AS source, p.posted AS claim, p.n, v.* FROM allot p CROSS JOIN LATERAL (
			SELECT CASE WHEN p.through THEN 'CONV' ELSE 'SUSP' END AS src,
				CASE WHEN p.owed <> p.currency THEN 'CONV' ELSE 'AR-' || p.code END AS dst, 'AR-' || p.code AS ar, 'OVERPAID-' || p.code AS liability,
				p.b - p.ob + p.cb + p.db + p.fb + p.ub AS worth) x
		CROSS JOIN LATERAL ( -- not VALUES, which are made ready anew for every part
			SELECT 1, 'match_paid', x.src, x.ar, CASE WHEN p.k NOT IN (0, 3) THEN 0 WHEN p.owed = p.currency THEN p.a - p.o WHEN p.owed = home THEN x.worth ELSE p.z END,
				CASE WHEN p.k NOT IN (0, 3) THEN 0 WHEN p.owed = p.currency THEN p.b - p.ob ELSE x.worth END,
				CASE WHEN p.k IN (0, 3) THEN p.owed ELSE p.currency END, CASE WHEN p.k IN (0, 3) THEN p.owed_exponent ELSE p.exponent END
			UNION ALL SELECT 2, 'match_charge', 'FEE', CASE WHEN p.k = 6 THEN x.src ELSE x.dst END, p.c, p.cb, p.currency, p.exponent
			UNION ALL SELECT 3, 'match_discount', 'DISC', x.dst, p.d, p.db, p.currency, p.exponent
			UNION ALL SELECT 4, 'match_fee', 'FEE-TPA', CASE WHEN p.k = 4 THEN x.src ELSE x.dst END, CASE WHEN p.k = 4 THEN -p.a ELSE p.f END,
				CASE WHEN p.k = 4 THEN -p.b ELSE p.fb END, p.currency, p.exponent
			UNION ALL SELECT 5, 'match_difference', 'DIFF', CASE WHEN p.k = 6 THEN x.src ELSE x.dst END, p.u, p.ub, p.currency, p.exponent
			UNION ALL SELECT 6, 'match_over', x.src, x.liability, CASE WHEN p.k = 1 THEN p.a ELSE p.o END, p.ob, p.currency, p.exponent
			UNION ALL SELECT 7, 'match_adjusted', 'ADJ', x.src, CASE WHEN p.k = 5 THEN -p.a ELSE 0 END, CASE WHEN p.k = 5 THEN -p.b ELSE 0 END, p.currency, p.exponent
			UNION ALL SELECT 8, 'match_fx', 'FX', CASE WHEN p.k = 6 THEN x.src ELSE x.ar END,
				CASE WHEN p.k = 6 THEN -p.a - p.c - p.u WHEN p.k IN (0, 3) AND p.owed = home THEN p.fx ELSE 0 END,
				CASE WHEN p.k = 6 THEN -p.b - p.cb - p.ub WHEN p.k IN (0, 3) THEN p.fx ELSE 0 END,
				CASE WHEN p.k = 6 THEN p.currency ELSE p.owed END, CASE WHEN p.k = 6 THEN p.exponent ELSE p.owed_exponent END
		) AS v (step, rule, debit, credit, amount, book, currency, exponent)
		WHERE v.amount <> 0 OR v.book <> 0
		UNION ALL
		SELECT p.id, p.line_id, NULL, 0, 0, 'match_in', 'SUSP', 'CONV', sum(p.a)::bigint, sum(p.b)::bigint, p.currency, p.exponent
		FROM allot p WHERE p.through GROUP BY p.id, p.line_id, p.currency, p.exponent
		UNION ALL
		-- An announcement has served its purpose: both of its accounts are cleared of it. Its cause is the advice.
		SELECT p.id, p.remittance, NULL, 1000000, 0, 'match_announced', 'REM-ANN-' || g.code, 'CLR-REM-' || g.code, sum(g.amount)::bigint, sum(g.book)::bigint, g.currency,
			g.exponent
		FROM (SELECT DISTINCT p.id, p.line_id, p.remittance FROM allot p WHERE p.remittance IS NOT NULL
			AND (partly IS NULL OR p.remittance <> ALL (partly))) p
		JOIN (SELECT f.remittance_id, substr(CASE WHEN o.debit LIKE 'CLR-REM-%' THEN o.debit ELSE o.credit END, 9) AS code, o.currency, o.exponent,
				CASE WHEN o.debit LIKE 'CLR-REM-%' THEN o.amount_minor ELSE -o.amount_minor END AS amount,
				CASE WHEN o.debit LIKE 'CLR-REM-%' THEN o.book_minor ELSE -o.book_minor END AS book
			FROM match_announced(p_hospital, ARRAY(SELECT DISTINCT i.remittance FROM unnest(allots) AS i WHERE i.remittance IS NOT NULL)) f
			JOIN posting o ON o.hospital_id = p_hospital AND o.entry_id = f.entry_id
				AND (o.debit LIKE 'CLR-REM-%' OR o.credit LIKE 'CLR-REM-%')) g ON g.remittance_id = p.remittance
		GROUP BY p.id, p.remittance, g.code, g.currency, g.exponent HAVING sum(g.amount) <> 0 OR sum(g.book) <> 0
	)
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, w.id, row_number() OVER (PARTITION BY w.id ORDER BY w.n, w.step, w.credit, w.currency),
		CASE WHEN w.amount < 0 OR w.book < 0 THEN w.credit ELSE w.debit END, CASE WHEN w.amount < 0 OR w.book < 0 THEN w.debit ELSE w.credit END,
		abs(w.amount), w.currency, w.exponent, abs(w.book), today, w.rule, w.claim, w.source
	FROM entry w;
	IF partly IS NOT NULL THEN
		PERFORM match_write_partly(p_hospital, today, allots, partly);
	END IF;
END
$$;

-- The advices that a person does not allocate as a whole, or not at once: of what they announced something is of other details.
CREATE FUNCTION match_partly(p_hospital uuid, allots match_allot[]) RETURNS uuid[] LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT array_agg(q.r) FROM (SELECT i.remittance AS r, coalesce(array_agg(i.detail) FILTER (WHERE i.detail IS NOT NULL), '{}') AS details
		FROM unnest(allots) AS i WHERE i.remittance IS NOT NULL GROUP BY 1) q
	WHERE EXISTS (SELECT 1 FROM remittance_paid p WHERE p.hospital_id = p_hospital AND p.remittance_id = q.r)
		OR EXISTS (SELECT 1 FROM fact f WHERE f.hospital_id = p_hospital AND f.remittance_id = q.r AND f.status IN (2, 5)
			AND f.claim_id IS NOT NULL AND f.detail <> ALL (q.details))
$$;

-- Of these what was announced is cleared with each allocation by its details, and with the last one, by which all have come, whatever
-- is left: fees and the like, too.
CREATE FUNCTION match_write_partly(p_hospital uuid, today date, allots match_allot[], partly uuid[]) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	one record;
	earlier uuid[];
	covered integer[];
	complete boolean;
BEGIN
	FOR one IN SELECT p.id, p.remittance, coalesce(array_agg(p.detail) FILTER (WHERE p.detail IS NOT NULL), '{}') AS details
		FROM unnest(allots) AS p WHERE p.remittance = ANY (partly) GROUP BY 1, 2 LOOP
		SELECT coalesce(array_agg(m.allocation_id), '{}') INTO earlier FROM remittance_paid m
		WHERE m.hospital_id = p_hospital AND m.remittance_id = one.remittance;
		SELECT one.details || coalesce(array_agg(a.detail) FILTER (WHERE a.detail IS NOT NULL), '{}') INTO covered FROM allocation a
		WHERE a.hospital_id = p_hospital AND a.allocation_id = ANY (earlier) AND a.remittance_id = one.remittance;
		complete := NOT EXISTS (SELECT 1 FROM fact f WHERE f.hospital_id = p_hospital AND f.remittance_id = one.remittance
			AND f.status IN (2, 5) AND f.claim_id IS NOT NULL AND f.detail <> ALL (covered));
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
		SELECT p_hospital, one.id, e.last + row_number() OVER (ORDER BY g.code, g.currency),
			CASE WHEN g.amount < 0 OR g.book < 0 THEN 'CLR-REM-' ELSE 'REM-ANN-' END || g.code,
			CASE WHEN g.amount < 0 OR g.book < 0 THEN 'REM-ANN-' ELSE 'CLR-REM-' END || g.code,
			abs(g.amount), g.currency, g.exponent, abs(g.book), today, 'match_announced', one.remittance
		FROM (SELECT u.code, u.currency, u.exponent, sum(u.amount)::bigint AS amount, sum(u.book)::bigint AS book FROM (
				SELECT a.code, a.currency, a.exponent, a.amount, a.book FROM remittance_announced(p_hospital, ARRAY[one.remittance]) a WHERE complete
				UNION ALL
				SELECT substr(s.account, 9), s.currency, s.exponent, s.side * s.amount_minor, s.side * s.book_minor FROM (
					SELECT CASE WHEN o.debit LIKE 'CLR-REM-%' THEN 1 ELSE -1 END AS side, o.amount_minor, o.book_minor, o.currency, o.exponent,
						CASE WHEN o.debit LIKE 'CLR-REM-%' THEN o.debit ELSE o.credit END AS account
					FROM posting o WHERE o.hospital_id = p_hospital AND (o.debit LIKE 'CLR-REM-%' OR o.credit LIKE 'CLR-REM-%')
						AND CASE WHEN complete THEN o.entry_id = ANY (earlier) AND o.rule = 'match_announced' AND o.source_id = one.remittance
							ELSE o.entry_id IN (SELECT f.fact_id FROM fact f WHERE f.hospital_id = p_hospital
								AND f.remittance_id = one.remittance AND f.detail = ANY (one.details)) END
						AND o.entry_id = ANY (earlier || ARRAY(SELECT f.fact_id FROM fact f WHERE f.hospital_id = p_hospital
							AND f.remittance_id = one.remittance))) s) u
			GROUP BY 1, 2, 3 HAVING sum(u.amount) <> 0 OR sum(u.book) <> 0) g
		CROSS JOIN (SELECT coalesce(max(p.no), 0) AS last FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = one.id) e;
	END LOOP;
END
$$;

-- CONV is worth nothing again; each currency of which nothing was changed into another is even.
CREATE FUNCTION match_even(p_hospital uuid, allots match_allot[]) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	worth bigint;
BEGIN
	SELECT max(abs(q.worth)) INTO worth FROM (
		SELECT sum(CASE WHEN g.debit = 'CONV' THEN g.book_minor WHEN g.credit = 'CONV' THEN -g.book_minor END) AS worth
		FROM unnest(allots) AS p JOIN posting g ON g.hospital_id = p_hospital AND g.entry_id = p.id
		WHERE p.no = 1 AND 'CONV' IN (g.debit, g.credit) GROUP BY p.id) q;
	IF worth <> 0 THEN
		RAISE EXCEPTION 'an allocation does not balance by %', worth USING ERRCODE = 'check_violation';
	END IF;
END
$$;

-- What was kept of money is worth in the books what the rate says by which its line got its value, whoever worked it out otherwise: for
-- each part p, what is given where that rate is not on record.
CREATE FUNCTION match_kept(p_hospital uuid, home text, home_exponent smallint, posting match_posting[], a_line integer[], a_kept bigint[],
	a_book bigint[]) RETURNS bigint[] LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT array_agg(CASE WHEN t.kept = 0 THEN 0 ELSE coalesce(w.worth, t.book) END ORDER BY t.n)
	FROM (SELECT i.*, posting[i.l] AS p FROM unnest(a_line, a_kept, a_book) WITH ORDINALITY AS i (l, kept, book, n) OFFSET 0) t
	LEFT JOIN LATERAL (SELECT conversion_worth(t.kept, (t.p).exponent, home_exponent, s.rates, s.multiplied, s.rounding) AS worth
		FROM conversion_steps(p_hospital, (t.p).line_id, 10001::smallint) s WHERE t.kept <> 0 AND (t.p).currency <> home) w ON true
$$;

-- By which rate that was.
CREATE FUNCTION match_kept_rates(p_hospital uuid, home text, home_exponent smallint, allots match_allot[]) RETURNS void LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent, to_minor,
		to_currency, to_exponent)
	SELECT p_hospital, g.entry_id, g.no, s.n, s.rate, s.multiplied, c.rounding, g.amount_minor, g.currency, g.exponent, g.book_minor, home,
		home_exponent
	FROM (SELECT DISTINCT i.id, i.line_id, i.currency FROM unnest(allots) AS i WHERE i.currency <> home AND (i.c, i.d, i.f, i.u) <> (0, 0, 0, 0)) l
	CROSS JOIN LATERAL conversion_steps(p_hospital, l.line_id, 10001::smallint) c
	JOIN posting g ON g.hospital_id = p_hospital AND g.entry_id = l.id AND g.currency = l.currency
		AND g.rule IN ('match_charge', 'match_discount', 'match_fee', 'match_difference')
	CROSS JOIN LATERAL unnest(c.rates, c.multiplied) WITH ORDINALITY AS s (rate, multiplied, n)
	-- a fee that an advice names is a share of its line
	WHERE conversion_worth(g.amount_minor, g.exponent, home_exponent, c.rates, c.multiplied, c.rounding) = g.book_minor
$$;

-- By which rate what is owed in another currency than the money's was held against it: a list of {part: its place among a_*, from, to,
-- of_owed: from what is owed to the money's currency (else back), rule, steps: [{rate, multiplied}]}. Whoever worked it out, it is
-- stored only as its rates say.
CREATE FUNCTION match_conversions(p_hospital uuid, posting match_posting[], a_line integer[], allots match_allot[], p_conversions jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT (t->>'from')::bigint AS worth, (t->>'to')::bigint AS made, (t->>'rule')::smallint AS rule, q.rates, q.multiplied, p.id, p.no,
			CASE WHEN o.of_owed THEN p.owed ELSE p.currency END AS source, CASE WHEN o.of_owed THEN p.owed_exponent ELSE p.exponent END AS source_exponent,
			CASE WHEN o.of_owed THEN p.currency ELSE p.owed END AS target, CASE WHEN o.of_owed THEN p.exponent ELSE p.owed_exponent END AS target_exponent
		FROM jsonb_array_elements(p_conversions) AS t
		CROSS JOIN LATERAL (SELECT (t->>'of_owed')::boolean AS of_owed) o
		JOIN (SELECT u.n, row_number() OVER (ORDER BY u.n) AS place FROM unnest(a_line) WITH ORDINALITY AS u (l, n)
			WHERE posting[u.l].state = 2) w ON w.n = (t->>'part')::integer
		JOIN unnest(allots) AS p ON p.n = w.place
		CROSS JOIN LATERAL (SELECT array_agg((s.step->>'rate')::uuid ORDER BY s.n) AS rates,
				array_agg((s.step->>'multiplied')::boolean ORDER BY s.n) AS multiplied
			FROM jsonb_array_elements(t->'steps') WITH ORDINALITY AS s (step, n)) q LOOP
		IF conversion_worth(c.worth, c.source_exponent, c.target_exponent, c.rates, c.multiplied, c.rule) IS DISTINCT FROM c.made THEN
			RAISE EXCEPTION 'a conversion that its rates do not say' USING ERRCODE = 'check_violation';
		END IF;
		INSERT INTO conversion (hospital_id, entry_id, no, step, rate_id, multiplied, rounding, from_minor, from_currency, from_exponent, to_minor,
			to_currency, to_exponent)
		SELECT p_hospital, c.id, -c.no, s.n, s.rate, s.multiplied, c.rule, c.worth, c.source, c.source_exponent, c.made, c.target, c.target_exponent
		FROM unnest(c.rates, c.multiplied) WITH ORDINALITY AS s (rate, multiplied, n);
	END LOOP;
END
$$;

-- The tax in fees, where the contract says that it can be deducted: it is no cost. A fee that an advice names for all of its claims is by
-- the contract of the first. Either way of saying the percentage, what is kept has the tax in it.
CREATE FUNCTION match_fee_tax(p_hospital uuid, today date, allots match_allot[]) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT p_hospital, g.entry_id, m.no + row_number() OVER (PARTITION BY g.entry_id ORDER BY g.no),
		CASE g.debit WHEN 'FEE-TPA' THEN 'VAT-IN' ELSE 'FEE-TPA' END, CASE g.debit WHEN 'FEE-TPA' THEN 'FEE-TPA' ELSE 'VAT-IN' END,
		t.minor, g.currency, g.exponent, t.book, today, 'match_fee_tax', g.claim_id, g.source_id
	FROM (SELECT DISTINCT i.id FROM unnest(allots) AS i WHERE i.f <> 0 OR i.k = 4) l
	JOIN posting g ON g.hospital_id = p_hospital AND g.entry_id = l.id AND g.rule = 'match_fee'
	CROSS JOIN LATERAL (SELECT c.document#>'{payment,fee}' AS fee FROM unnest(allots) AS i
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = i.claim
		JOIN contract c ON c.hospital_id = p_hospital AND c.contract_id = r.contract_id AND c.version = r.contract_version
		WHERE i.id = l.id AND (g.claim_id IS NULL OR i.posted = g.claim_id) ORDER BY i.no LIMIT 1) w
	CROSS JOIN LATERAL (SELECT coalesce((w.fee->>'tax_percent')::numeric, 0) AS percent) x
	CROSS JOIN LATERAL (SELECT round(g.amount_minor * x.percent / (100 + x.percent))::bigint AS minor,
		round(g.book_minor * x.percent / (100 + x.percent))::bigint AS book) t
	CROSS JOIN LATERAL (SELECT max(p.no) AS no FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = g.entry_id) m
	WHERE (w.fee->>'deductible')::boolean AND t.minor > 0
$$;

-- What follows for advices, items, suspense, and the claims' receivables and steps.
CREATE FUNCTION match_follow(p_hospital uuid, p_who text, p_why text, p_by_hand boolean, allots match_allot[]) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	lines uuid[]; claims uuid[]; taken uuid[]; -- claims: paid, or taken back from
	advised boolean; much boolean;
	met uuid[]; -- claims of which something was offset
BEGIN
	SELECT array_agg(p.line_id) FILTER (WHERE p.no = 1), array_agg(DISTINCT p.claim) FILTER (WHERE p.k IN (0, 3)),
		array_agg(DISTINCT p.claim) FILTER (WHERE p.k = 3), bool_or(p.remittance IS NOT NULL), bool_or(p.k IN (1, 3) OR p.k = 0 AND p.o > 0)
	INTO lines, claims, taken, advised, much FROM unnest(allots) AS p;
	IF advised THEN
		INSERT INTO remittance_paid (hospital_id, remittance_id, allocation_id)
		SELECT DISTINCT p_hospital, p.remittance, p.id FROM unnest(allots) AS p WHERE p.remittance IS NOT NULL;
	END IF;
	UPDATE match_item i SET open_minor = i.open_minor - t.a, version = i.version + 1, wait = NULL, by_hand = i.by_hand OR p_by_hand,
		due_at = CASE WHEN i.open_minor = t.a THEN 'infinity' ELSE now() END, claims = t.c
	FROM (SELECT p.line_id AS l, p.item AS p, sum(p.a)::bigint AS a,
			CASE WHEN count(*) = 1 THEN array_agg(p.claim) FILTER (WHERE p.claim IS NOT NULL) END AS c
		FROM unnest(allots) AS p GROUP BY p.l, p.line_id, p.item) t
	WHERE i.hospital_id = p_hospital AND i.line_id = t.l AND i.part = t.p;
	DELETE FROM match_candidate c USING unnest(allots) AS p
	WHERE p.no = 1 AND c.hospital_id = p_hospital AND c.line_id = p.line_id AND c.part = p.item;
	PERFORM match_suspense(p_hospital, lines);
	IF much THEN -- what is taken back, or came too much
		SELECT array_agg(q.claim) INTO met FROM (
			SELECT p.claim, receivable_offset(p_hospital, p.claim, (array_agg(p.id ORDER BY p.l))[1], 0, 0, NULL) AS done
			FROM unnest(allots) AS p WHERE p.k IN (1, 3) OR p.k = 0 AND p.o > 0
			GROUP BY p.claim ORDER BY p.claim) q WHERE q.done;
	END IF;
	PERFORM match_steps(p_hospital, claims || met, taken, p_who, CASE WHEN p_by_hand THEN 'a person said what the money is for' END);
	IF taken IS NOT NULL THEN
		PERFORM take_back_settle(p_hospital, allots, p_who);
	END IF;
END
$$;

-- The claims' steps on payment and books that follow from what is open of their receivables now. p_taken: from which money was
-- taken back; where it was no more than had come too much, nothing is open for it.
CREATE FUNCTION match_steps(p_hospital uuid, p_claim uuid[], p_taken uuid[], p_who text, p_why text, p_paid boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	c uuid[]; x smallint[]; f smallint[]; t smallint[]; e text[];
	stepped integer;
BEGIN
	SELECT array_agg(s.claim_id), array_agg(v.x), array_agg(v.f), array_agg(v.t), array_agg(v.e) INTO c, x, f, t, e
	FROM claim_state s JOIN receivable r ON r.hospital_id = s.hospital_id AND r.claim_id = s.claim_id
	CROSS JOIN LATERAL (
		SELECT 4::smallint, s.payment, CASE WHEN r.open_minor = 0 THEN 2 WHEN s.claim_id = ANY (p_taken) THEN 4 ELSE 3 END::smallint,
			CASE WHEN r.open_minor = 0 THEN 'pay' WHEN s.claim_id = ANY (p_taken) THEN 'take_back' ELSE 'pay_short' END
		UNION ALL SELECT 5::smallint, s.books, CASE WHEN r.open_minor > 0 THEN 2 ELSE 4 END::smallint,
			CASE WHEN r.open_minor > 0 THEN 'post_take_back' ELSE 'post_settlement' END) AS v (x, f, t, e)
	WHERE s.hospital_id = p_hospital AND s.claim_id = ANY (p_claim) AND v.f <> v.t
		AND (v.x = 4 AND (v.t <> 4 AND p_paid OR v.f > 0) OR v.x = 5 AND (v.t = 4 AND v.f IN (2, 3) OR v.t = 2 AND v.f IN (4) OR v.t = 2 AND v.f = 3 AND s.claim_id = ANY (p_taken)));
	IF c IS NULL THEN
		RETURN;
	END IF;
	SELECT count(*) INTO stepped FROM claim_step(array_fill(p_hospital, ARRAY[cardinality(c)]), c, x, f, array_fill(NULL::integer, ARRAY[cardinality(c)]),
		t, e, array_fill(p_who, ARRAY[cardinality(c)]), array_fill(p_why, ARRAY[cardinality(c)]));
	IF stepped < (SELECT count(DISTINCT k) FROM unnest(c) AS k) THEN
		RAISE EXCEPTION 'a claim moved on' USING ERRCODE = 'serialization_failure';
	END IF;
END
$$;

-- Takes an allocation back by a counter-entry: receivables, advices and the money are as open as before, the money waits for a
-- person, and what only it taught of a payer is forgotten; what was decided, paid or given up since stands (receivable_offset). 1 done
-- (or before, by the same id), 0 there is no such allocation, or it was undone; -1 it brought too much in another currency than is
-- owed, and that was paid back since; -6 what is left of its money is held. What the bank told of the line's transactions after it was
-- matched counts now, unless the bank takes the whole back (p_returned).
CREATE FUNCTION match_undo(p_hospital uuid, p_allocation uuid, p_new uuid, p_who text, p_why text, p_returned boolean DEFAULT false)
RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	today date;
	met uuid[]; -- claims that were paid or taken back, or of which something was offset
	free boolean; -- none of the lines is held
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR NOT p_returned AND coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what a person undoes needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	PERFORM claim_hold(p_hospital, ARRAY(SELECT a.claim_id FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation
		AND a.claim_id IS NOT NULL));
	free := suspense_lock(p_hospital, ARRAY(SELECT a.line_id FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation));
	IF EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_new) THEN
		RETURN 1;
	END IF;
	IF NOT EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation AND a.undoes IS NULL)
		OR EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.undoes = p_allocation) THEN
		RETURN 0;
	END IF;
	IF NOT free THEN
		RETURN -6;
	END IF;
	SELECT (now() AT TIME ZONE h.zone)::date INTO STRICT today FROM hospital h WHERE h.hospital_id = p_hospital;
	IF EXISTS (SELECT 1 FROM (SELECT a.claim_id, a.currency, sum(a.over_minor) AS over FROM allocation a
			WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation AND a.over_minor <> 0 GROUP BY 1, 2) o
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = o.claim_id AND r.currency <> o.currency
		WHERE o.over > (receivable_beside(p_hospital, r.claim_id, r.carrier, o.currency)).over_minor) THEN
		RETURN -1;
	END IF;
	INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, claim_id, remittance_id, detail, kind, line_kind, amount_minor, currency, exponent,
		cleared_minor, over_minor, charge_minor, discount_minor, fee_minor, unexplained_minor, book_minor, cleared_book_minor, fx_book_minor,
		charge_book_minor, discount_book_minor, fee_book_minor, over_book_minor, unexplained_book_minor, by_hand, maker, why, undoes)
	SELECT a.hospital_id, p_new, a.no, a.line_id, a.part, a.claim_id, a.remittance_id, a.detail, a.kind, a.line_kind, -a.amount_minor, a.currency, a.exponent,
		-a.cleared_minor, -a.over_minor, -a.charge_minor, -a.discount_minor, -a.fee_minor, -a.unexplained_minor, -a.book_minor,
		-a.cleared_book_minor, -a.fx_book_minor, -a.charge_book_minor, -a.discount_book_minor, -a.fee_book_minor, -a.over_book_minor,
		-a.unexplained_book_minor, true, p_who, decode(p_why, 'hex'), a.allocation_id
	FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation;
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id, source_id)
	SELECT g.hospital_id, p_new, g.no, g.credit, g.debit, g.amount_minor, g.currency, g.exponent, g.book_minor, today, g.rule, g.claim_id, g.source_id
	FROM posting g WHERE g.hospital_id = p_hospital AND g.entry_id = p_allocation;
	SELECT array_agg(q.claim_id) INTO met FROM (
		SELECT a.claim_id, a.paid, receivable_offset(p_hospital, a.claim_id, p_new, coalesce(g.moved, 0), coalesce(g.worth, 0),
			CASE WHEN a.owed THEN dispute_standing(p_hospital, a.claim_id, 1::smallint, take_back_waits(p_hospital, a.claim_id)) END) AS done
		FROM (SELECT i.claim_id, bool_or(i.kind IN (0, 3)) AS paid, bool_or(i.kind IN (0, 2, 3)) AS owed FROM allocation i
			WHERE i.hospital_id = p_hospital AND i.allocation_id = p_allocation AND i.kind IN (0, 1, 2, 3) GROUP BY 1) a
		LEFT JOIN (SELECT r.claim_id, sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS moved,
				sum(CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN p.book_minor ELSE -p.book_minor END)::bigint AS worth
			FROM (SELECT DISTINCT i.claim_id FROM allocation i WHERE i.hospital_id = p_hospital AND i.allocation_id = p_allocation) i
			JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = i.claim_id
			JOIN posting p ON p.claim_id = coalesce(r.of_claim, r.claim_id)
			WHERE p.hospital_id = p_hospital AND p.entry_id = p_new AND 'AR-' || upper(r.carrier) IN (p.debit, p.credit)
			GROUP BY 1) g USING (claim_id)
		ORDER BY a.claim_id) q WHERE q.paid OR q.done;
	DELETE FROM remittance_paid m WHERE m.hospital_id = p_hospital AND m.allocation_id = p_allocation;
	UPDATE match_item i SET open_minor = i.open_minor + t.a, version = i.version + 1, by_hand = true, wait = NULL, due_at = now(), claims = NULL
	FROM (SELECT a.line_id AS l, a.part AS p, sum(a.amount_minor)::bigint AS a FROM allocation a
		WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation GROUP BY 1, 2) t
	WHERE i.hospital_id = p_hospital AND i.line_id = t.l AND i.part = t.p;
	PERFORM match_suspense(p_hospital, (SELECT array_agg(DISTINCT a.line_id) FROM allocation a
		WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation));
	IF NOT p_returned THEN
		PERFORM match_open(p_hospital, ARRAY(SELECT DISTINCT a.line_id FROM allocation a
			WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation AND a.part = 0));
	END IF;
	PERFORM match_steps(p_hospital, met, NULL, p_who, CASE WHEN p_returned THEN 'taken back by the bank' ELSE 'the allocation was undone' END);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'match.undo', p_allocation::text);
	PERFORM match_unlearn(p_hospital, p_allocation);
	RETURN 1;
END
$$;

-- The bank took a credit back: what was done with the credit is undone, and the two lines offset each other. 1 done (or before, by
-- the same id), 0 an item moved on, -1 a value is not known yet, -3 held.
CREATE FUNCTION match_return(p_hospital uuid, p_allocation uuid, p_line uuid, p_part integer, p_version integer, p_credit uuid,
	p_credit_part integer, p_undo uuid[], p_who text, p_why text, p_by_hand boolean) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	today date;
	back match_item;
	credit match_item;
	of bank_line;
	earlier uuid[];
	back_book bigint;
	credit_book bigint;
BEGIN
	PERFORM match_lock(p_hospital);
	IF EXISTS (SELECT 1 FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_allocation) THEN
		RETURN 1;
	END IF;
	SELECT (now() AT TIME ZONE h.zone)::date INTO STRICT today FROM hospital h WHERE h.hospital_id = p_hospital;
	SELECT * INTO back FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part AND i.version = p_version;
	SELECT * INTO of FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	IF back.line_id IS NULL OR back.open_minor >= 0 OR EXISTS (SELECT 1 FROM suspense s WHERE s.hospital_id = p_hospital
		AND s.line_id IN (p_line, p_credit) AND s.held <> 0) THEN
		-- Held: looked at again later. At once it would be found again and again.
		UPDATE match_item i SET due_at = now() + interval '10 minutes'
		WHERE i.hospital_id = p_hospital AND i.line_id = back.line_id AND i.part = back.part AND back.open_minor < 0;
		RETURN CASE WHEN back.line_id IS NULL OR back.open_minor >= 0 THEN 0 ELSE -3 END;
	END IF;
	SELECT array_agg(DISTINCT a.allocation_id) INTO earlier FROM allocation a
	WHERE a.hospital_id = p_hospital AND a.line_id = p_credit AND a.part = p_credit_part AND a.undoes IS NULL
		AND NOT EXISTS (SELECT 1 FROM allocation u WHERE u.hospital_id = p_hospital AND u.undoes = a.allocation_id);
	FOR n IN 1 .. coalesce(cardinality(earlier), 0) LOOP
		IF coalesce(match_undo(p_hospital, earlier[n], coalesce(p_undo[n], gen_random_uuid()), p_who, NULL, true), 0) < 1 THEN
			RAISE EXCEPTION 'what was done with the credit cannot be undone' USING ERRCODE = 'check_violation';
		END IF;
	END LOOP;
	SELECT * INTO credit FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_credit AND i.part = p_credit_part;
	back_book := match_part_book(p_hospital, p_line, back.open_minor);
	SELECT match_part_book(p_hospital, p_credit, credit.open_minor) INTO credit_book FROM bank_line b
	WHERE b.hospital_id = p_hospital AND b.line_id = p_credit AND b.currency = of.currency;
	IF credit.open_minor IS DISTINCT FROM -back.open_minor OR back_book IS NULL OR credit_book IS NULL THEN
		RAISE EXCEPTION 'the credit is not what the bank takes back' USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, kind, amount_minor, currency, exponent, book_minor, fx_book_minor, by_hand,
		maker, why)
	VALUES (p_hospital, p_allocation, 1, p_line, p_part, 7, back.open_minor, of.currency, of.exponent, -back_book, back_book - credit_book, p_by_hand,
			p_who, decode(p_why, 'hex')),
		(p_hospital, p_allocation, 2, p_credit, p_credit_part, 7, credit.open_minor, of.currency, of.exponent, credit_book, 0, p_by_hand, p_who, NULL);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, p_allocation, t.n, t.d, t.c, t.a, of.currency, of.exponent, abs(t.b), today, t.r, t.s FROM (VALUES
		(1, 'SUSP', 'CONV', credit.open_minor, credit_book, 'match_returned', p_credit),
		(2, 'CONV', 'SUSP', credit.open_minor, back_book, 'match_returned', p_line),
		(3, CASE WHEN back_book > credit_book THEN 'FX' ELSE 'CONV' END, CASE WHEN back_book > credit_book THEN 'CONV' ELSE 'FX' END, 0,
			back_book - credit_book, 'match_returned_fx', p_line)) AS t (n, d, c, a, b, r, s)
	WHERE t.a <> 0 OR t.b <> 0;
	UPDATE match_item i SET open_minor = 0, version = i.version + 1, wait = NULL, due_at = 'infinity', claims = NULL
	WHERE i.hospital_id = p_hospital AND (i.line_id, i.part) IN ((p_line, p_part), (p_credit, p_credit_part));
	DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND (c.line_id, c.part) IN ((p_line, p_part), (p_credit, p_credit_part));
	PERFORM match_suspense(p_hospital, ARRAY[p_line, p_credit]);
	RETURN 1;
END
$$;
