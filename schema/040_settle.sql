-- settle: facts become steps of the life cycle and postings.
SET search_path = zhifu;

-- Where claims stand and what is already posted for them. To be asked before settle_facts in the same round: a fact that is
-- applied in between is then not among the new ones, and a claim that moves on in between fails the compare-and-set.
CREATE FUNCTION settle_claims(p_hospital uuid[], p_claim uuid[])
RETURNS TABLE (ordinal integer, use smallint, currency text, exponent smallint, transport smallint, transport_seq integer,
	acknowledgement smallint, acknowledgement_seq integer, adjudication smallint, adjudication_seq integer,
	payment smallint, payment_seq integer, books smallint, books_seq integer, billed bigint, patient bigint, contract bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
-- Without bitmaps: one of all of the hospital's postings or facts looks cheap while the tables are new.
BEGIN -- PL/pgSQL keeps the plan; a function in SQL is planned at every call
	RETURN QUERY SELECT t.n::integer, c.use, c.currency, c.exponent, s.transport, s.transport_seq,
		s.acknowledgement, s.acknowledgement_seq, s.adjudication, s.adjudication_seq, s.payment, s.payment_seq, s.books, s.books_seq,
		p.billed, p.patient, p.contract
	FROM unnest(p_hospital, p_claim) WITH ORDINALITY AS t (h, c, n)
	JOIN claim c ON c.hospital_id = t.h AND c.claim_id = t.c
	JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c
	CROSS JOIN LATERAL (
		-- A correction swaps the sides, so what stands is debit less credit.
		SELECT coalesce(sum(CASE WHEN rule = 'bill' THEN CASE WHEN debit NOT IN ('REV-MED', 'AR-INPT') THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS billed,
			coalesce(sum(CASE WHEN rule = 'patient_share' THEN CASE WHEN debit = 'AR-PT' THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS patient,
			coalesce(sum(CASE WHEN rule = 'write_off' THEN CASE WHEN debit = 'CONTR' THEN amount_minor ELSE -amount_minor END END), 0)::bigint AS contract
		FROM posting g WHERE (g.hospital_id = s.hospital_id) IS TRUE AND g.claim_id = s.claim_id) p;
END
$$;

-- The new facts of work items: the one that an item names, else all that its message brings for its claim. At most p_limit, in
-- the order of the items and of the facts' ids: as many as that means that there may be more of the last one's item.
CREATE FUNCTION settle_facts(p_hospital uuid[], p_claim uuid[], p_message uuid[], p_fact uuid[], p_limit integer)
RETURNS TABLE (ordinal integer, fact_id uuid, kind smallint, insurer text, outcome smallint, currency text,
	submitted bigint, benefit bigint, patient bigint, contract bigint, shares bigint,
	detail_amount bigint, detail_fee bigint, detail_currency text, detail_exponent smallint, doubted boolean) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off
SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT f.n::integer, f.fact_id, f.kind, f.insurer, a.outcome, a.currency,
		a.submitted_minor, a.benefit_minor, a.patient_minor, a.contract_minor,
		-- What the plan and the contract take as agreed: deductible, co-insurance, co-payment, contract price, benefit limit, tax.
		CASE WHEN f.adjudication_id IS NOT NULL THEN (SELECT sum(j.amount_minor)::bigint FROM unnest(a.adjustments) AS j
			WHERE j.reason IN (1, 2, 3, 4, 5, 17)) END,
		d.amount_minor, d.fee_minor, d.currency, d.exponent, f.why IS NOT NULL
	FROM (SELECT t.n, e.* FROM unnest(p_hospital, p_claim, p_message, p_fact) WITH ORDINALITY AS t (h, c, m, f, n)
		JOIN fact e ON e.hospital_id = t.h AND e.claim_id = t.c AND e.status = 1
			AND CASE WHEN t.f IS NULL THEN e.message_id = t.m ELSE e.fact_id = t.f END
		ORDER BY t.n, e.fact_id LIMIT p_limit) f
	LEFT JOIN adjudication a ON a.hospital_id = f.hospital_id AND a.adjudication_id = f.adjudication_id
	LEFT JOIN remittance_detail d ON d.hospital_id = f.hospital_id AND d.remittance_id = f.remittance_id AND d.no = f.detail
	ORDER BY f.n, f.fact_id;
END
$$;

-- Applies a round. c_*: its claims; all other arrays name the claim they belong to by its position in c_* (from 1): w_* work
-- items, w_delay NULL done, else due again in so many ms; f_* facts with their new status; s_* steps, one axis' in their order
-- with the version that each is taken from (what was posted is a difference to what was read); p_* postings, each of the fact
-- p_source. A claim that has lost the lease of one of its items, or the compare-and-set, leaves no trace, and what is still
-- leased of it is due again at once. Returns how many facts were applied.
CREATE FUNCTION settle_commit(c_hospital uuid[], c_claim uuid[],
	w_claim integer[], w_work uuid[], w_attempt integer[], w_delay bigint[],
	f_claim integer[], f_fact uuid[], f_status smallint[], f_why text[],
	s_claim integer[], s_axis smallint[], s_from smallint[], s_seq integer[], s_to smallint[], s_event text[],
	p_claim integer[], p_source uuid[], p_no smallint[], p_debit text[], p_credit text[], p_amount bigint[],
	p_currency text[], p_exponent smallint[], p_rule text[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	live integer[]; -- work items we still hold
	lost integer[]; -- claims of the others; then also those that have moved on. NULL: none, as nearly always
	stepped uuid[];
	decided record;
	done integer;
	ended integer;
	later integer := 0;
BEGIN
	SELECT coalesce(array_agg(l.n), '{}') INTO live FROM (
		SELECT t.n::integer AS n FROM unnest(w_claim, w_work, w_attempt) WITH ORDINALITY AS t (c, w, a, n)
		JOIN outbox o ON o.hospital_id = c_hospital[t.c] AND o.work_id = t.w AND o.attempt = t.a
			AND o.leased_until > '-infinity') l;
	IF cardinality(live) < cardinality(w_work) THEN
		SELECT array_agg(t.c) INTO lost FROM unnest(w_claim) WITH ORDINALITY AS t (c, n) WHERE t.n <> ALL (live);
	END IF;
	IF cardinality(s_claim) > 0 THEN
		SELECT coalesce(array_agg(d.claim_id), '{}') INTO stepped FROM (
			SELECT array_agg(c_hospital[t.c]) h, array_agg(c_claim[t.c]) c, array_agg(t.x) x, array_agg(t.f) f, array_agg(t.q) q,
				array_agg(t.t) t, array_agg(t.e) e, array_agg('zhifu'::text) w, array_agg(NULL::text) y
			FROM unnest(s_claim, s_axis, s_from, s_seq, s_to, s_event) AS t (c, x, f, q, t, e)
			WHERE lost IS NULL OR t.c <> ALL (lost)) a
			CROSS JOIN LATERAL claim_step(a.h, a.c, a.x, a.f, a.q, a.t, a.e, a.w, a.y) d;
		IF cardinality(stepped) < (SELECT count(DISTINCT c) FROM unnest(s_claim) AS c) THEN
			SELECT coalesce(lost, '{}') || coalesce(array_agg(DISTINCT t.c), '{}') INTO lost FROM unnest(s_claim) AS t (c)
			WHERE c_claim[t.c] <> ALL (stepped);
		END IF;
	END IF;

	IF cardinality(p_claim) > 0 THEN
		-- An entry is what one fact posts, and has its id.
		WITH posted AS (
			INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule,
				claim_id, source_id)
			-- A bill that is taken back goes where it came from.
			SELECT o.hospital_id, t.s, t.n, CASE WHEN t.r = 'bill' AND t.d = 'REV-MED' THEN (SELECT b.credit FROM posting b WHERE b.hospital_id = o.hospital_id
					AND b.entry_id = c_claim[t.c] AND b.no = 1) ELSE t.d END, t.k, t.a, t.u, t.x, CASE WHEN t.u = o.book_currency THEN t.a END,
				(now() AT TIME ZONE o.zone)::date, t.r, c_claim[t.c], t.s
			FROM unnest(p_claim, p_source, p_no, p_debit, p_credit, p_amount, p_currency, p_exponent, p_rule)
				AS t (c, s, n, d, k, a, u, x, r)
			JOIN hospital o ON o.hospital_id = c_hospital[t.c] WHERE lost IS NULL OR t.c <> ALL (lost)
			RETURNING posting.hospital_id, entry_id, no, book_minor)
		INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL;
	END IF;
	IF 'bill' = ANY (p_rule) THEN
		PERFORM stay_unbill(array_agg(c_hospital[t.c]), array_agg(c_claim[t.c]), array_agg(t.s)) FROM unnest(p_claim, p_source, p_rule) AS t (c, s, r)
		WHERE t.r = 'bill' AND (lost IS NULL OR t.c <> ALL (lost));
	END IF;
	-- By how much that moves carriers' accounts, claim by claim in their order; also of those that were only decided.
	SELECT array_agg(c_hospital[t.claim]) AS hospitals, array_agg(c_claim[t.claim]) AS claims, array_agg(t.entry) AS entries,
		array_agg(t.delta) AS deltas
	INTO decided FROM (
		SELECT p.claim, (array_agg(p.entry) FILTER (WHERE p.delta <> 0))[1] AS entry, sum(p.delta)::bigint AS delta FROM (
			SELECT t.c AS claim, t.s AS entry, CASE WHEN t.d IN ('REV-MED', 'AR-PT', 'CONTR') THEN -t.a ELSE t.a END AS delta
			FROM unnest(p_claim, p_source, p_debit, p_amount, p_rule) AS t (c, s, d, a, r)
			WHERE t.r IN ('bill', 'patient_share', 'write_off')
			UNION ALL
			SELECT t.c, NULL, 0 FROM unnest(s_claim, s_axis) AS t (c, x) WHERE t.x = 3) p
		WHERE lost IS NULL OR p.claim <> ALL (lost) GROUP BY p.claim ORDER BY p.claim) t;
	IF decided.claims IS NOT NULL THEN
		PERFORM receivable_lock(false);
		PERFORM receivable_follow(decided.hospitals, decided.claims, decided.entries, decided.deltas);
	END IF;
	UPDATE fact f SET status = t.s, why = coalesce(t.y, f.why) FROM unnest(f_claim, f_fact, f_status, f_why) AS t (c, f, s, y)
	WHERE (lost IS NULL OR t.c <> ALL (lost)) AND f.hospital_id = c_hospital[t.c] AND f.fact_id = t.f;
	GET DIAGNOSTICS done = ROW_COUNT;
	-- Not locked before: who lost a lease meanwhile fails, and runs again.
	DELETE FROM outbox o USING unnest(w_claim, w_work, w_attempt, w_delay) AS t (c, w, l, d)
	WHERE t.d IS NULL AND (lost IS NULL OR t.c <> ALL (lost)) AND o.hospital_id = c_hospital[t.c] AND o.work_id = t.w
		AND o.attempt = t.l AND o.leased_until > '-infinity';
	GET DIAGNOSTICS ended = ROW_COUNT;
	IF lost IS NOT NULL OR array_remove(w_delay, NULL) <> '{}' THEN
		UPDATE outbox o SET leased_until = '-infinity',
			due_at = CASE WHEN t.d > 0 AND (lost IS NULL OR t.c <> ALL (lost)) THEN now() + t.d * interval '1 millisecond' ELSE o.due_at END
		FROM unnest(w_claim, w_work, w_attempt, w_delay) WITH ORDINALITY AS t (c, w, l, d, n)
		WHERE t.n = ANY (live) AND (t.d IS NOT NULL OR t.c = ANY (lost)) AND o.hospital_id = c_hospital[t.c] AND o.work_id = t.w
			AND o.attempt = t.l AND o.leased_until > '-infinity';
		GET DIAGNOSTICS later = ROW_COUNT;
	END IF;
	IF ended + later < cardinality(live) THEN
		RAISE EXCEPTION 'a lease was lost' USING ERRCODE = 'serialization_failure';
	END IF;
	RETURN done;
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
	SELECT s.subject, coalesce(f.n, 0) FROM (VALUES (3, 'facts_refused'), (4, 'facts_orphan'), (5, 'facts_doubted')) AS s (state, subject)
		LEFT JOIN f ON f.status = s.state
	UNION ALL
	SELECT 'work_held', count(*) FROM outbox WHERE held
	UNION ALL
	SELECT 'postings_without_rate', count(*) FROM posting_unvalued
	UNION ALL
	SELECT v.subject, v.n FROM (SELECT count(*) FILTER (WHERE lacks IS NULL) AS rate, count(lacks) AS list FROM receivable_wait
		WHERE due_at > now()) w CROSS JOIN LATERAL (VALUES ('bills_without_rate', w.rate), ('bills_without_price_list', w.list)) AS v (subject, n)
$$;

ALTER FUNCTION settle_watch OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION settle_watch TO zhifu_settle;
ALTER FUNCTION settle_claims OWNER TO zhifu_writer;
ALTER FUNCTION settle_facts OWNER TO zhifu_writer;
ALTER FUNCTION settle_commit OWNER TO zhifu_writer;
ALTER FUNCTION settle_housekeeping OWNER TO zhifu_writer;
-- Partitions can be made only by their parents' owner, so this one runs as whoever migrated.
ALTER FUNCTION partition_ensure(timestamptz, integer) SECURITY DEFINER;
GRANT EXECUTE ON FUNCTION settle_claims, settle_facts, settle_commit, settle_housekeeping, partition_ensure TO zhifu_settle;

-- Rounds bring arrays: without this most of their statements are planned anew at each call, because a plan for the arrays at
-- hand looks cheaper than the one that is kept, by less than the planning costs. All go by index either way.
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.prosecdef
		AND (p.proname IN ('claim_step', 'work_lease', 'work_defer', 'intake_commit', 'export_basis', 'export_record', 'settle_claims', 'settle_facts', 'settle_commit')
			OR p.proname LIKE 'translate\_%' OR p.proname LIKE 'dispatch\_%')
	LOOP
		EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', f);
	END LOOP;
END
$$;
