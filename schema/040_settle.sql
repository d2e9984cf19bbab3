-- settle: facts become steps of the life cycle and postings.
SET search_path = zhifu;

-- What settle must know to apply facts: the fact, where its claim stands, and what is already posted for it.
CREATE FUNCTION settle_read(p_hospital uuid[], p_fact uuid[])
RETURNS TABLE (ordinal integer, kind smallint, insurer text, use smallint, total bigint, currency text, exponent smallint,
	transport smallint, acknowledgement smallint, adjudication smallint, payment smallint, books smallint,
	outcome smallint, adjudicated_currency text, submitted bigint, benefit bigint, patient bigint, contract bigint, shares bigint,
	detail_amount bigint, detail_fee bigint, detail_currency text, detail_exponent smallint,
	billed bigint, patient_posted bigint, contract_posted bigint, transport_seq integer, acknowledgement_seq integer,
	adjudication_seq integer, payment_seq integer, books_seq integer) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN -- PL/pgSQL keeps the plan; a function in SQL is planned at every call
	RETURN QUERY SELECT t.n::integer, f.kind, f.insurer, c.use, c.total_minor, c.currency, c.exponent,
		s.transport, s.acknowledgement, s.adjudication, s.payment, s.books,
		a.outcome, a.currency, a.submitted_minor, a.benefit_minor, a.patient_minor, a.contract_minor, l.shares,
		d.amount_minor, d.fee_minor, d.currency, d.exponent, p.billed, p.patient, p.contract,
		s.transport_seq, s.acknowledgement_seq, s.adjudication_seq, s.payment_seq, s.books_seq
	FROM unnest(p_hospital, p_fact) WITH ORDINALITY AS t (h, f, n)
	JOIN fact f ON f.hospital_id = t.h AND f.fact_id = t.f
	JOIN claim c ON c.hospital_id = f.hospital_id AND c.claim_id = f.claim_id
	JOIN claim_state s ON s.hospital_id = f.hospital_id AND s.claim_id = f.claim_id
	LEFT JOIN adjudication a ON a.hospital_id = f.hospital_id AND a.adjudication_id = f.adjudication_id
	LEFT JOIN remittance_detail d ON d.hospital_id = f.hospital_id AND d.remittance_id = f.remittance_id AND d.no = f.detail
	CROSS JOIN LATERAL (
		-- What the plan and the contract take as agreed: deductible, co-insurance, co-payment, contract price, benefit limit, tax.
		SELECT coalesce(sum(n.amount_minor), 0)::bigint AS shares FROM adjudication_line n
		WHERE n.hospital_id = a.hospital_id AND n.adjudication_id = a.adjudication_id AND n.reason IN (1, 2, 3, 4, 5, 17)) l
	CROSS JOIN LATERAL (
		-- A correction swaps the sides, so what stands is debit less credit.
		SELECT coalesce(sum(CASE WHEN rule = 'bill' THEN CASE WHEN debit LIKE 'AR-%' THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS billed,
			coalesce(sum(CASE WHEN rule = 'patient_share' THEN CASE WHEN debit = 'AR-PT' THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS patient,
			coalesce(sum(CASE WHEN rule = 'write_off' THEN CASE WHEN debit = 'CONTR' THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS contract
		FROM posting g WHERE g.hospital_id = f.hospital_id AND g.claim_id = f.claim_id) p;
END
$$;

-- Applies a round. w_*: one element per work item with its fact's new status; s_*: steps; p_*: postings, each of the work
-- item w_work that causes it. An item whose lease is lost, or one of whose claim's steps lost the compare-and-set on state and version (s_seq: what was posted is a difference to what
-- was read), leaves
-- no trace and is due again at once. Returns how many items were applied.
CREATE FUNCTION settle_commit(w_hospital uuid[], w_work uuid[], w_attempt integer[], w_fact uuid[], w_claim uuid[],
	w_status smallint[], w_why text[],
	s_hospital uuid[], s_claim uuid[], s_axis smallint[], s_from smallint[], s_to smallint[], s_event text[],
	p_work uuid[], p_hospital uuid[], p_entry uuid[], p_no smallint[], p_debit text[], p_credit text[], p_amount bigint[],
	p_currency text[], p_exponent smallint[], p_rule text[], p_claim uuid[], p_source uuid[], s_seq integer[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	live uuid[]; -- work items we still hold
	stepping uuid[]; -- claims of live items that take steps
	stepped uuid[];
	good uuid[];
BEGIN
	SELECT coalesce(array_agg(l.work_id), '{}') INTO live FROM (
		SELECT o.work_id FROM unnest(w_hospital, w_work, w_attempt) AS t (h, w, a)
		JOIN outbox o ON o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.a ORDER BY o.work_id FOR UPDATE OF o) l;
	SELECT coalesce(array_agg(t.c), '{}') INTO stepping FROM unnest(w_work, w_claim) AS t (w, c) WHERE t.w = ANY (live) AND t.c = ANY (s_claim);
	SELECT coalesce(array_agg(d.claim_id), '{}') INTO stepped FROM (
		SELECT array_agg(h) h, array_agg(c) c, array_agg(x) x, array_agg(f) f, array_agg(q) q, array_agg(t) t,
			array_agg(e) e, array_agg('zhifu'::text) w, array_agg(NULL::text) y
		FROM unnest(s_hospital, s_claim, s_axis, s_from, s_to, s_event, s_seq) AS s (h, c, x, f, t, e, q) WHERE c = ANY (stepping)) a
		CROSS JOIN LATERAL claim_step(a.h, a.c, a.x, a.f, a.q, a.t, a.e, a.w, a.y) d;
	SELECT coalesce(array_agg(t.w), '{}') INTO good FROM unnest(w_work, w_claim) AS t (w, c)
	WHERE t.w = ANY (live) AND (t.c <> ALL (stepping) OR t.c = ANY (stepped));

	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_day, rule, claim_id, source_id)
	SELECT t.h, t.e, t.n, t.d, t.k, t.a, t.u, t.x, (now() AT TIME ZONE o.zone)::date, t.r, t.c, t.s
	FROM unnest(p_work, p_hospital, p_entry, p_no, p_debit, p_credit, p_amount, p_currency, p_exponent, p_rule, p_claim, p_source)
		AS t (w, h, e, n, d, k, a, u, x, r, c, s)
	JOIN hospital o ON o.hospital_id = t.h WHERE t.w = ANY (good);
	UPDATE fact f SET status = t.s, why = t.y FROM unnest(w_hospital, w_work, w_fact, w_status, w_why) AS t (h, w, f, s, y)
	WHERE t.w = ANY (good) AND f.hospital_id = t.h AND f.fact_id = t.f;
	DELETE FROM outbox o USING unnest(w_hospital, w_work) AS t (h, w)
	WHERE t.w = ANY (good) AND o.hospital_id = t.h AND o.work_id = t.w;
	UPDATE outbox o SET leased_until = '-infinity' FROM unnest(w_hospital, w_work) AS t (h, w)
	WHERE t.w = ANY (live) AND t.w <> ALL (good) AND o.hospital_id = t.h AND o.work_id = t.w;
	RETURN cardinality(good);
END
$$;

-- Looks again at claims that wait (transport 3) for consent of one insurer: those whose consent holds now go on. Returns how
-- many; rows of claims that wait no more go away.
CREATE FUNCTION consent_recheck(p_insurer text, p_purposes text[], p_limit integer) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	h uuid[];
	c uuid[];
	n integer;
BEGIN
	DELETE FROM consent_wait w USING claim_state s
	WHERE s.hospital_id = w.hospital_id AND s.claim_id = w.claim_id AND s.transport <> 3;
	SELECT array_agg(t.hospital_id), array_agg(t.claim_id) INTO h, c FROM (
		SELECT s.hospital_id, s.claim_id FROM consent_wait w
		JOIN claim_state s ON s.hospital_id = w.hospital_id AND s.claim_id = w.claim_id
		WHERE s.insurer = p_insurer AND s.transport = 3 ORDER BY s.hospital_id, s.claim_id LIMIT p_limit FOR UPDATE OF s SKIP LOCKED) t;
	IF h IS NULL THEN
		RETURN 0;
	END IF;
	SELECT array_agg(b.hospital_id), array_agg(b.claim_id) INTO h, c
	FROM export_basis(h, c, array_fill(p_insurer, ARRAY[cardinality(h)]), p_purposes) b WHERE b.basis > 0;
	IF h IS NULL THEN
		RETURN 0;
	END IF;
	WITH stepped AS (
		SELECT d.hospital_id, d.claim_id FROM claim_step(h, c, array_fill(1::smallint, ARRAY[cardinality(h)]),
			array_fill(3::smallint, ARRAY[cardinality(h)]), array_fill(NULL::integer, ARRAY[cardinality(h)]),
			array_fill(1::smallint, ARRAY[cardinality(h)]), array_fill('consent_given'::text, ARRAY[cardinality(h)]),
			array_fill('zhifu'::text, ARRAY[cardinality(h)]), array_fill(NULL::text, ARRAY[cardinality(h)])) d
	), work AS (
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id)
		SELECT hospital_id, gen_random_uuid(), 1, 1, claim_id FROM stepped RETURNING 1)
	SELECT count(*) INTO n FROM work;
	RETURN n;
END
$$;
ALTER FUNCTION consent_recheck OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION consent_recheck TO zhifu_settle;

-- Housekeeping of the database's own clock: partitions ahead, used-up jti.
CREATE FUNCTION settle_housekeeping() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	DELETE FROM token_jti WHERE expires_at < now() - interval '1 hour';
END
$$;
-- What waits for a person, over all hospitals, counted by index: for the metrics, so that an alert can be set on it.
CREATE FUNCTION settle_watch() RETURNS TABLE (subject text, found bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	WITH c AS (SELECT transport, count(*) AS n FROM claim_state WHERE attention GROUP BY 1),
		m AS (SELECT status, count(*) AS n FROM message WHERE problem GROUP BY 1),
		f AS (SELECT status, count(*) AS n FROM fact WHERE problem GROUP BY 1)
	SELECT s.subject, coalesce(c.n, 0) FROM (VALUES (2, 'claims_no_route'), (3, 'claims_waiting_consent'), (4, 'claims_held'),
		(7, 'claims_unknown'), (9, 'claims_failed')) AS s (state, subject) LEFT JOIN c ON c.transport = s.state
	UNION ALL
	SELECT s.subject, coalesce(m.n, 0) FROM (VALUES (13, 'messages_quarantined'), (14, 'messages_orphan')) AS s (state, subject)
		LEFT JOIN m ON m.status = s.state
	UNION ALL
	SELECT s.subject, coalesce(f.n, 0) FROM (VALUES (3, 'facts_refused'), (4, 'facts_orphan')) AS s (state, subject)
		LEFT JOIN f ON f.status = s.state
	UNION ALL
	SELECT 'work_held', count(*) FROM outbox WHERE held
$$;
ALTER FUNCTION settle_watch OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION settle_watch TO zhifu_settle;
ALTER FUNCTION settle_read OWNER TO zhifu_writer;
ALTER FUNCTION settle_commit OWNER TO zhifu_writer;
ALTER FUNCTION settle_housekeeping OWNER TO zhifu_writer;
-- Partitions can be made only by their parents' owner, so this one runs as whoever migrated.
ALTER FUNCTION partition_ensure(timestamptz, integer) SECURITY DEFINER;
GRANT EXECUTE ON FUNCTION settle_read, settle_commit, settle_housekeeping, partition_ensure TO zhifu_settle;

-- Rounds bring arrays: without this most of their statements are planned anew at each call, because a plan for the arrays at
-- hand looks cheaper than the one that is kept, by less than the planning costs. All go by index either way.
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.prosecdef
		AND (p.proname IN ('claim_step', 'work_lease', 'work_defer', 'intake_commit', 'export_basis', 'export_record', 'settle_read', 'settle_commit')
			OR p.proname LIKE 'translate\_%' OR p.proname LIKE 'dispatch\_%')
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', f);
	END LOOP;
END
$$;
