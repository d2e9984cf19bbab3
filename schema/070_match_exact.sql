-- What the matcher posts most: claims that are paid to the minor unit. Any other decision is 056_match_decide.sql's.
SET search_path = zhifu;

-- Payments without anything beside them: a whole line in the currency of the books that pays all that is open of one claim, owed in it
-- and carried at it. Nearly all are, and each is posted by one statement as match_write() and match_follow() would, which looks each row up
-- once and finds it again by its place. Of an allocation the parts stand together; claims that are in several parts are left to
-- match_post(). Locks are taken in claim_hold()'s order. p_held: the call's are held; else either all are such payments or none is posted,
-- for what comes behind them would be locked out of order. Returns how many: match_post() goes on with the others, and finds these posted.
CREATE FUNCTION match_exact(p_hospital uuid, p_who text, p_why text, home text, today date, l_allocation uuid[], l_line uuid[], l_part integer[],
	l_version integer[], a_line integer[], a_kind smallint[], a_claim uuid[], a_version integer[], a_remittance uuid[], a_amount bigint[],
	a_cleared bigint[], a_over bigint[], a_charge bigint[], a_discount bigint[], a_fee bigint[], a_unexplained bigint[], p_held boolean)
RETURNS integer LANGUAGE plpgsql SET search_path = zhifu, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	exact integer; stepped integer; paid integer; gone integer; done integer;
	waited uuid[];
BEGIN
	WITH fits AS MATERIALIZED (
		SELECT l_allocation[t.l] AS id, i.line_id, i.part, i.version AS item_version, t.claim, t.v, t.a, r.carrier, s.exponent, c.payment,
			c.payment_seq, c.books, c.books_seq, i.wait, i.ctid AS item_at, s.ctid AS suspense_at, r.ctid AS receivable_at, c.ctid AS state_at
		FROM (SELECT u.*, count(*) OVER (PARTITION BY u.claim) AS times -- in the order of the claims
			FROM unnest(a_line, a_claim, a_version, a_amount) WITH ORDINALITY AS u (l, claim, v, a, n)) t
		JOIN match_item i ON i.hospital_id = p_hospital AND i.line_id = l_line[t.l] AND i.part = l_part[t.l] AND i.version = l_version[t.l]
			AND i.open_minor = t.a
		JOIN suspense s ON s.hospital_id = p_hospital AND s.line_id = l_line[t.l] AND s.held = 0 AND s.open_minor = t.a AND s.currency = home
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = t.claim AND r.version = t.v AND r.open_minor = t.a
			AND r.currency = home AND r.book_minor = r.owed_minor
		JOIN claim_state c ON c.hospital_id = p_hospital AND c.claim_id = t.claim AND c.payment <> 2 AND c.books IN (2, 3)
		WHERE t.times = 1 AND t.l IS DISTINCT FROM a_line[t.n - 1] AND t.l IS DISTINCT FROM a_line[t.n + 1] AND t.a > 0 AND a_kind[t.n] = 0
			AND a_remittance[t.n] IS NULL AND a_cleared[t.n] = t.a
			AND a_over[t.n] = 0 AND a_charge[t.n] = 0 AND a_discount[t.n] = 0 AND a_fee[t.n] = 0 AND a_unexplained[t.n] = 0
	), fit AS MATERIALIZED (
		SELECT * FROM fits WHERE p_held OR (SELECT count(*) FROM fits) = cardinality(l_line)
	), stepped AS (
		UPDATE claim_state c SET payment = 2, payment_seq = c.payment_seq + 1, books = 4, books_seq = c.books_seq + 1, updated_at = now()
		FROM fit f WHERE c.ctid = f.state_at AND c.payment = f.payment AND c.payment_seq = f.payment_seq AND c.books = f.books
			AND c.books_seq = f.books_seq RETURNING 1
	), paid AS (
		UPDATE receivable r SET open_minor = 0, standing = 2, version = r.version + 1, changed = txid_current() FROM fit f
		WHERE r.ctid = f.receivable_at AND r.version = f.v RETURNING 1
	), history AS (
		INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who, why)
		SELECT p_hospital, f.claim, e.x, e.seq + 1, nullif(e.seq, 0), e.f, e.t, e.e, p_who, p_why FROM fit f CROSS JOIN LATERAL (
			SELECT 4::smallint, f.payment_seq, f.payment, 2::smallint, 'pay'
			UNION ALL SELECT 5::smallint, f.books_seq, f.books, 4::smallint, 'post_settlement') AS e (x, seq, f, t, e)
	), told AS (
		INSERT INTO allocation (hospital_id, allocation_id, no, line_id, part, claim_id, kind, amount_minor, currency, exponent, cleared_minor,
			book_minor, cleared_book_minor, by_hand, maker)
		SELECT p_hospital, f.id, 1, f.line_id, f.part, f.claim, 0, f.a, home, f.exponent, f.a, f.a, f.a, false, p_who FROM fit f
	), posted AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,
			source_id)
		SELECT p_hospital, f.id, 1, 'SUSP', 'AR-' || upper(f.carrier), f.a, home, f.exponent, f.a, today, 'match_paid', f.claim, f.line_id FROM fit f
	), gone AS (
		DELETE FROM suspense s USING fit f WHERE s.ctid = f.suspense_at AND s.held = 0 AND s.open_minor = f.a RETURNING 1
	), done AS (
		UPDATE match_item i SET open_minor = 0, version = i.version + 1, wait = NULL, due_at = 'infinity', claims = ARRAY[f.claim],
			changed = txid_current()
		FROM fit f WHERE i.ctid = f.item_at AND i.version = f.item_version RETURNING 1
	)
	-- They are done in the order in which they are counted.
	SELECT (SELECT count(*) FROM stepped), (SELECT count(*) FROM paid), (SELECT count(*) FROM gone), (SELECT count(*) FROM done), count(*),
		array_agg(f.line_id) FILTER (WHERE f.wait IS NOT NULL) INTO stepped, paid, gone, done, exact, waited FROM fit f;
	IF (stepped, paid, gone, done) <> (exact, exact, exact, exact) THEN
		RAISE EXCEPTION 'a receivable moved on' USING ERRCODE = 'serialization_failure';
	END IF;
	IF waited IS NOT NULL THEN
		DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND c.line_id = ANY (waited);
	END IF;
	RETURN exact;
END
$$;

CALL writer_functions('match\_exact');
