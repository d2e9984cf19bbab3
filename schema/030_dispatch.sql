-- dispatch: who owns a route, the intent before bytes leave, how a sending ended, and what is left of a dead process.
SET search_path = zhifu;

-- The lease (work_id, outbox.attempt) under which an attempt was begun: what its ending must name. And the attempts under
-- way, of which there are never more than the routes' windows allow.
ALTER TABLE attempt ADD COLUMN work_id uuid, ADD COLUMN lease integer;
CREATE INDEX attempt_open ON attempt (route, started_at) WHERE outcome = 1;
GRANT SELECT, INSERT, UPDATE, DELETE ON attempt TO zhifu_writer;

-- ---- routes ----

-- Takes the free ones of these routes, each with a larger fence. p_grace_s: how long a route must have been free before
-- this process takes it (0: it is the one that should have it). One that is the caller's already, who does not know it because
-- an answer was lost, is taken anew.
CREATE FUNCTION route_take(p_route text[], p_grace_s integer[], p_owner text, p_lease_s integer)
RETURNS TABLE (ordinal integer, fence bigint, stopped boolean) LANGUAGE sql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	WITH want AS (
		SELECT t.r, t.g, t.n FROM unnest(p_route, p_grace_s) WITH ORDINALITY AS t (r, g, n)
		LEFT JOIN route_lease l ON l.route = t.r
		WHERE CASE WHEN l.route IS NULL THEN t.g = 0 ELSE l.until <= now() - make_interval(secs => t.g) OR l.owner = p_owner END
		ORDER BY t.r
	), took AS (
		INSERT INTO route_lease AS l (route, owner, fence, until)
		SELECT r, p_owner, 1, now() + make_interval(secs => p_lease_s) FROM want
		ON CONFLICT (route) DO UPDATE SET owner = excluded.owner, fence = l.fence + 1, until = excluded.until
			WHERE l.until <= now() OR l.owner = p_owner
		RETURNING l.route, l.fence, l.stopped)
	SELECT want.n::integer, took.fence, took.stopped FROM took JOIN want ON want.r = took.route
$$;

-- Keeps routes; a missing one has been taken by another process.
CREATE FUNCTION route_renew(p_route text[], p_fence bigint[], p_lease_s integer)
RETURNS TABLE (ordinal integer, stopped boolean) LANGUAGE sql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	WITH t AS (SELECT * FROM unnest(p_route, p_fence) WITH ORDINALITY AS t (r, f, n)), kept AS (
		UPDATE route_lease l SET until = now() + make_interval(secs => p_lease_s) FROM t
		WHERE l.route = t.r AND l.fence = t.f RETURNING t.n, l.stopped)
	SELECT n::integer, kept.stopped FROM kept
$$;

-- Gives routes back: anybody may take them at once.
CREATE FUNCTION route_release(p_route text[], p_fence bigint[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	UPDATE route_lease l SET until = '-infinity' FROM unnest(p_route, p_fence) AS t (r, f) WHERE l.route = t.r AND l.fence = t.f
$$;

-- What operators see of a route.
CREATE FUNCTION route_report(p_route text, p_fence bigint, p_breaker text, p_error text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	UPDATE route_lease SET breaker_since = CASE WHEN breaker = p_breaker THEN breaker_since ELSE now() END,
		breaker = p_breaker, last_error = p_error
	WHERE route = p_route AND fence = p_fence
$$;

-- How much waits on each route; counted no further than p_most.
CREATE FUNCTION route_depth(p_route text[], p_most integer) RETURNS TABLE (ordinal integer, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT t.n::integer, (SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.role = 2 AND NOT o.held AND o.route = t.r LIMIT p_most) d)
	FROM unnest(p_route) WITH ORDINALITY AS t (r, n)
$$;

-- ---- the intent ----

-- Writes the intent to send these leased items, of one route and so of one insurer, in one transaction: gate, export
-- ledger, attempt, step. An item whose lease is lost is missing from the answer; all are when the route is not (or no
-- longer) the caller's or is stopped. Verdicts: 1 send it, 2 not to be sent any more, 3 no consent, 4 stop level,
-- 5 somebody else's attempt on it is open. p_next: ids for work that this gives to translate. Claims and messages are not
-- locked first: who finds at the end that one has moved meanwhile fails, and runs again.
CREATE FUNCTION dispatch_begin(p_route text, p_fence bigint, p_hospital uuid[], p_work uuid[], p_attempt integer[],
	p_next uuid[], p_recipient text, p_purposes text[], p_fields text, p_warn integer, p_stop integer,
	p_consent_days integer)
RETURNS TABLE (ordinal integer, verdict smallint, message_id uuid, submission boolean, ref text, content bytea,
	claim_id uuid, patient_key_id uuid, wrapped bytea, key_version integer, warned boolean) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	n integer[]; h uuid[]; w uuid[]; a integer[]; m uuid[]; c uuid[]; x uuid[]; s boolean[]; p boolean[]; v smallint[];
	queued uuid[]; may uuid[]; denied uuid[];
	warned_of uuid[] := '{}';
	most integer;
	made integer;
BEGIN
	IF NOT EXISTS (SELECT 1 FROM route_lease l WHERE l.route = p_route AND l.fence = p_fence AND l.until > now() AND NOT l.stopped) THEN
		RETURN;
	END IF;
	SELECT array_agg(l.n), array_agg(l.h), array_agg(l.w), array_agg(l.a), array_agg(l.m), array_agg(l.c), array_agg(l.x),
		array_agg(l.s), array_agg(l.p), array_agg(CASE l.status WHEN 1 THEN 1 WHEN 2 THEN 5 ELSE 2 END::smallint)
	INTO n, h, w, a, m, c, x, s, p, v
	FROM (
		SELECT t.n::integer, t.h, t.w, t.a, g.message_id AS m, g.claim_id AS c, g.exchange_id AS x, g.submission AS s, g.personal AS p,
			g.status
		FROM unnest(p_hospital, p_work, p_attempt) WITH ORDINALITY AS t (h, w, a, n)
		JOIN outbox o ON o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.a AND NOT o.held
		-- For each row by itself: joined, a plan made before the first statistics came met each row with all of the hospital's.
		CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.hospital_id = o.hospital_id AND m.message_id = o.message_id OFFSET 0) g
		ORDER BY o.hospital_id, o.work_id FOR UPDATE OF o) l;
	IF n IS NULL THEN
		RETURN;
	END IF;

	-- A claim that is not waiting to be sent has gone another way: by another route, by a person, or it is in doubt.
	SELECT coalesce(array_agg(q.claim_id), '{}') INTO queued FROM (
		SELECT k.claim_id FROM unnest(h, c, s, v) AS t (h, c, s, v) JOIN claim_state k ON k.hospital_id = t.h AND k.claim_id = t.c
		WHERE t.s AND t.v = 1 AND k.transport = 5) q;
	SELECT array_agg(CASE WHEN t.v = 1 AND t.s AND t.c <> ALL (queued) THEN 2 ELSE t.v END::smallint ORDER BY t.i) INTO v
	FROM unnest(v, s, c) WITH ORDINALITY AS t (v, s, c, i);

	-- The gate, again: it was open when the message was made. What was made without the claim carries no person's data.
	SELECT array_agg(r.message_id), max(r.persons) INTO may, most FROM (
		SELECT array_agg(t.h) h, array_agg(t.m) m, array_agg(CASE WHEN t.p THEN t.c END) c, array_agg(p_recipient) r
		FROM unnest(h, m, c, p, v) AS t (h, m, c, p, v) WHERE t.v = 1) a
		CROSS JOIN LATERAL export_record(a.h, a.m, a.c, a.r, p_purposes, p_fields, p_stop, p_consent_days) r;
	IF most >= p_warn THEN
		WITH u AS (UPDATE export_count k SET warned_at = now() WHERE k.hospital_id = ANY (h) AND k.persons >= p_warn AND k.warned_at IS NULL
			RETURNING k.hospital_id)
		SELECT coalesce(array_agg(u.hospital_id), '{}') INTO warned_of FROM u;
	END IF;
	IF EXISTS (SELECT 1 FROM unnest(m, v) AS t (m, v) WHERE t.v = 1 AND t.m <> ALL (coalesce(may, '{}'))) THEN
		SELECT coalesce(array_agg(b.claim_id), '{}') INTO denied FROM (
			SELECT array_agg(t.h) h, array_agg(t.c) c, array_agg(p_recipient) r FROM unnest(h, c, m, v) AS t (h, c, m, v)
			WHERE t.v = 1 AND t.m <> ALL (coalesce(may, '{}'))) a
			CROSS JOIN LATERAL export_basis(a.h, a.c, a.r, p_purposes) b WHERE b.basis = 0;
		SELECT array_agg(CASE WHEN t.v <> 1 OR t.m = ANY (coalesce(may, '{}')) THEN t.v WHEN t.c = ANY (denied) THEN 3 ELSE 4 END::smallint ORDER BY t.i)
		INTO v FROM unnest(v, m, c) WITH ORDINALITY AS t (v, m, c, i);
	END IF;

	-- The intent.
	INSERT INTO attempt (hospital_id, message_id, attempt, route, work_id, lease)
	SELECT t.h, t.m, 1 + coalesce((SELECT max(o.attempt) FROM attempt o WHERE o.hospital_id = t.h AND o.message_id = t.m), 0), p_route, t.w, t.a
	FROM unnest(h, m, w, a, v) AS t (h, m, w, a, v) WHERE t.v = 1;
	SELECT count(*) INTO made FROM (
		SELECT array_agg(t.h) h, array_agg(t.c) c, array_agg(1::smallint) x, array_agg(5::smallint) f, array_agg(NULL::integer) q,
			array_agg((CASE t.v WHEN 1 THEN 6 WHEN 3 THEN 3 ELSE 4 END)::smallint) t,
			array_agg(CASE t.v WHEN 1 THEN 'send' WHEN 3 THEN 'consent_missing' ELSE 'hold' END) e, array_agg('zhifu'::text) w,
			array_agg(CASE t.v WHEN 4 THEN format('export stop level of %s persons a year reached', p_stop) END) y
		FROM unnest(h, c, s, v) AS t (h, c, s, v) WHERE t.s AND t.v IN (1, 3, 4)) d
		CROSS JOIN LATERAL claim_step(d.h, d.c, d.x, d.f, d.q, d.t, d.e, d.w, d.y) WHERE d.c IS NOT NULL;
	IF made < (SELECT count(*) FROM unnest(s, v) AS t (s, v) WHERE t.s AND t.v IN (1, 3, 4)) THEN
		RAISE EXCEPTION 'a claim has moved' USING ERRCODE = 'serialization_failure';
	END IF;

	-- What may not leave.
	IF EXISTS (SELECT 1 FROM unnest(v) AS t (v) WHERE t.v IN (2, 3, 4)) THEN
		UPDATE message g SET status = CASE WHEN t.s THEN 6 ELSE 5 END, why = CASE t.v WHEN 3 THEN 'no consent covers it any more'
			WHEN 4 THEN 'export stop level reached' ELSE 'its claim is not waiting to be sent' END
		FROM unnest(h, m, s, v) AS t (h, m, s, v)
		WHERE t.v IN (2, 3, 4) AND g.hospital_id = t.h AND g.message_id = t.m AND g.status = 1;
		UPDATE exchange q SET status = 2, why = g.why, updated_at = now()
		FROM unnest(h, m, s, v) AS t (h, m, s, v) JOIN message g ON g.hospital_id = t.h AND g.message_id = t.m
		WHERE t.v IN (3, 4) AND t.s AND q.hospital_id = g.hospital_id AND q.exchange_id = g.exchange_id AND q.status = 1;
		DELETE FROM outbox o USING unnest(h, w, v) AS t (h, w, v) WHERE t.v IN (2, 3, 4) AND o.hospital_id = t.h AND o.work_id = t.w;
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)
		SELECT t.h, p_next[t.n], 1, 3, t.c, t.x, t.m FROM unnest(n, h, m, c, x, s, v) AS t (n, h, m, c, x, s, v)
		WHERE t.v IN (3, 4) AND NOT t.s;
	END IF;
	IF v <> array_fill(1::smallint, ARRAY[cardinality(v)]) THEN
		RETURN QUERY SELECT t.n, t.v, t.m, t.s, k.ref, NULL::bytea, t.c, NULL::uuid, NULL::bytea, NULL::integer, t.h = ANY (warned_of)
		FROM unnest(n, h, m, c, s, v) AS t (n, h, m, c, s, v)
		LEFT JOIN claim_state k ON k.hospital_id = t.h AND k.claim_id = t.c WHERE t.v <> 1;
	END IF;

	RETURN QUERY WITH sent AS (
		UPDATE message g SET status = 2, fence = p_fence FROM unnest(n, h, m, v) AS t (n, h, m, v)
		WHERE t.v = 1 AND g.hospital_id = t.h AND g.message_id = t.m AND g.status = 1
		RETURNING t.n, g.hospital_id, g.message_id, g.submission, g.content, g.claim_id)
	SELECT g.n, 1::smallint, g.message_id, g.submission, k.ref, g.content, g.claim_id, i.patient_key_id, i.wrapped,
		i.hospital_key_version, g.hospital_id = ANY (warned_of)
	FROM sent g
	LEFT JOIN claim k ON k.hospital_id = g.hospital_id AND k.claim_id = g.claim_id
	LEFT JOIN patient_key i ON i.hospital_id = k.hospital_id AND i.patient_key_id = k.patient_key_id;
	GET DIAGNOSTICS made = ROW_COUNT;
	IF made < cardinality(array_positions(v, 1::smallint)) THEN
		RAISE EXCEPTION 'a message has moved' USING ERRCODE = 'serialization_failure';
	END IF;
END
$$;

-- ---- the ending ----

-- What translate would write down of answers that say "taken" and nothing else: the fact, already applied, and the end of
-- the exchange.
CREATE FUNCTION dispatch_taken(p_hospital uuid[], p_claim uuid[], p_exchange uuid[], p_insurer text[], p_reply uuid[], p_fact uuid[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	INSERT INTO fact (hospital_id, fact_id, claim_id, insurer, exchange_id, message_id, kind, status)
	SELECT t.h, t.f, t.c, t.i, t.x, t.m, 1, 2 FROM unnest(p_hospital, p_fact, p_claim, p_insurer, p_exchange, p_reply) AS t (h, f, c, i, x, m);
	UPDATE exchange e SET status = 2, step = e.step + 1, updated_at = now() FROM unnest(p_hospital, p_exchange) AS t (h, x)
	WHERE e.hospital_id = t.h AND e.exchange_id = t.x;
END
$$;

-- Ends open attempts: 2 answered, 3 not sent, 4 unknown, 5 failed for good. Submissions take their step; what is not a
-- submission may be sent again, so it is due again, unless its answer was lost for the fifth time. p_attempt: the leases
-- under which they were begun. p_fence: of the caller, NULL when it has made sure itself that they are its to end.
-- p_reply and p_content: what came back, where anything did (status 11 to be read by translate, 12 kept for people, 13 cannot
-- be read). p_taken: what came back says that the claim was taken and nothing else (model/taken.h): the step that its reading
-- would take is taken here, and its exchange ends, where nothing else has been heard of the claim and the exchange goes on.
-- Returns the ordinals of those that were ended. (outcome = 1) IS TRUE keeps to the primary key: the index of open
-- attempts is always small to the statistics, and all of it would be read for each row.
CREATE FUNCTION dispatch_finish(p_route text, p_fence bigint, p_hospital uuid[], p_work uuid[], p_attempt integer[], p_message uuid[],
	p_outcome smallint[], p_http smallint[], p_error text[], p_delay_ms bigint[], p_reply uuid[], p_reply_status smallint[],
	p_content bytea[], p_next uuid[], p_taken boolean[])
RETURNS integer[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	n integer[]; c uuid[]; x uuid[]; i text[]; k integer[]; s boolean[];
	z smallint[]; -- the outgoing message's new status
	taken integer[] := '{}'; -- those that need no reading
	stepped uuid[];
BEGIN
	WITH due AS (
		SELECT t.h, t.m, t.w, t.l, t.o, t.n::integer FROM unnest(p_hospital, p_message, p_work, p_attempt, p_outcome) WITH ORDINALITY AS t (h, m, w, l, o, n)
		ORDER BY t.h, t.m
	), ended AS (
		UPDATE message g SET http_status = p_http[t.n], why = p_error[t.n],
			status = CASE WHEN t.o = 2 THEN 4 WHEN t.o = 5 THEN 5 WHEN t.o = 3 THEN 1 WHEN g.submission THEN 3
				WHEN (SELECT count(*) FROM attempt b WHERE b.hospital_id = t.h AND b.message_id = t.m AND b.outcome = 4) >= 4 THEN 3
				ELSE 1 END
		FROM due t JOIN attempt a ON a.hospital_id = t.h AND a.message_id = t.m AND a.work_id = t.w AND a.lease = t.l AND (a.outcome = 1) IS TRUE
		WHERE g.hospital_id = t.h AND g.message_id = t.m AND g.status = 2 AND (p_fence IS NULL OR g.fence = p_fence)
		RETURNING t.n, g.hospital_id, g.message_id, a.attempt, g.claim_id, g.exchange_id, g.insurer, g.token, g.submission, g.status
	), closed AS (
		UPDATE attempt a SET outcome = least(p_outcome[e.n], 4), ended_at = now(), http_status = p_http[e.n], error = p_error[e.n]
		FROM ended e WHERE a.hospital_id = e.hospital_id AND a.message_id = e.message_id AND a.attempt = e.attempt
	)
	SELECT array_agg(e.n), array_agg(e.claim_id), array_agg(e.exchange_id), array_agg(e.insurer), array_agg(e.token),
		array_agg(e.submission), array_agg(e.status)
	INTO n, c, x, i, k, s, z FROM ended e;
	IF n IS NULL THEN
		RETURN n;
	END IF;
	IF true = ANY (p_taken) THEN
		SELECT coalesce(array_agg(q.n), '{}') INTO taken FROM (
			SELECT t.n FROM unnest(n, c, x, s, z) AS t (n, c, x, s, z)
			JOIN exchange e ON e.hospital_id = p_hospital[t.n] AND e.exchange_id = t.x AND e.kind = 1
			JOIN claim_state k ON k.hospital_id = p_hospital[t.n] AND k.claim_id = t.c AND k.transport = 6 AND k.acknowledgement = 0
			WHERE p_taken[t.n] AND t.s AND t.z = 4 AND (e.status = 1) IS TRUE ORDER BY e.exchange_id FOR UPDATE OF e) q;
		-- Their timers, before the claims: who takes a claim's step has its work first.
		DELETE FROM outbox o USING unnest(n, x) AS t (n, x)
		WHERE t.n = ANY (taken) AND o.hospital_id = p_hospital[t.n] AND o.work_id = t.x;
	END IF;
	SELECT coalesce(array_agg(b.claim_id), '{}') INTO stepped FROM (
		SELECT array_agg(p_hospital[t.n]) h, array_agg(t.c) c, array_agg(t.x) x, array_agg(t.f) f, array_agg(NULL::integer) q,
			array_agg(t.t) t, array_agg(t.e) e, array_agg('zhifu'::text) w, array_agg(t.y) y
		FROM (
			SELECT t.n, t.c, 1::smallint x, 6::smallint f, (CASE t.z WHEN 4 THEN 8 WHEN 1 THEN 5 WHEN 3 THEN 7 ELSE 9 END)::smallint t,
				CASE t.z WHEN 4 THEN 'deliver' WHEN 1 THEN 'defer' WHEN 3 THEN 'lose' ELSE 'fail' END e, p_error[t.n] y
			FROM unnest(n, c, s, z) AS t (n, c, s, z) WHERE t.s
			UNION ALL
			SELECT t.n, t.c, 2::smallint, 0::smallint, 3::smallint, 'accept', NULL FROM unnest(n, c) AS t (n, c) WHERE t.n = ANY (taken)) t) d
		CROSS JOIN LATERAL claim_step(d.h, d.c, d.x, d.f, d.q, d.t, d.e, d.w, d.y) b WHERE d.c IS NOT NULL;
	IF EXISTS (SELECT 1 FROM unnest(n, c) AS t (n, c) WHERE t.n = ANY (taken) AND t.c <> ALL (stepped)) THEN
		RAISE EXCEPTION 'a claim has moved' USING ERRCODE = 'serialization_failure';
	END IF;
	INSERT INTO message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, answers, status, fence, http_status, why, content)
	SELECT p_hospital[t.n], p_reply[t.n], t.x, t.c, t.i, 2, t.k, p_message[t.n],
		CASE WHEN t.n = ANY (taken) THEN 12 ELSE p_reply_status[t.n] END, p_fence, p_http[t.n], p_error[t.n],
		p_content[t.n]
	FROM unnest(n, c, x, i, k) AS t (n, c, x, i, k) WHERE p_content[t.n] IS NOT NULL;
	IF 1 = ANY (z) THEN
		-- The upsert: a message that is ready always has its work.
		INSERT INTO outbox AS o (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id, due_at)
		SELECT p_hospital[t.n], p_work[t.n], 2, 1, p_route, t.c, t.x, p_message[t.n], now() + p_delay_ms[t.n] * interval '1 millisecond'
		FROM unnest(n, c, x, z) AS t (n, c, x, z) WHERE t.z = 1
		ON CONFLICT (hospital_id, work_id) DO UPDATE SET due_at = excluded.due_at, leased_until = '-infinity';
	END IF;
	DELETE FROM outbox o USING unnest(n, z) AS t (n, z) WHERE t.z <> 1 AND o.hospital_id = p_hospital[t.n] AND o.work_id = p_work[t.n];
	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)
	SELECT p_hospital[t.n], p_next[t.n], 1, CASE WHEN t.z = 4 THEN 2 ELSE 3 END, t.c, t.x, CASE WHEN t.z = 4 THEN p_reply[t.n] ELSE p_message[t.n] END
	FROM unnest(n, c, x, z) AS t (n, c, x, z) WHERE t.z <> 1 AND t.n <> ALL (taken);
	IF taken <> '{}' THEN
		PERFORM dispatch_taken(array_agg(p_hospital[t.n]), array_agg(t.c), array_agg(t.x), array_agg(t.i), array_agg(p_reply[t.n]),
			array_agg(p_next[t.n]))
		FROM unnest(n, c, x, i) AS t (n, c, x, i) WHERE t.n = ANY (taken);
	END IF;
	RETURN n;
END
$$;

-- Ends a round of sendings: see dispatch_finish. Nothing happens to an item whose attempt is not open under this fence any
-- more, or when a larger fence exists: the same call may be made again. Returns the ordinals of those that were ended.
CREATE FUNCTION dispatch_end(p_route text, p_fence bigint, p_hospital uuid[], p_work uuid[], p_attempt integer[], p_message uuid[],
	p_outcome smallint[], p_http smallint[], p_error text[], p_delay_ms bigint[], p_reply uuid[], p_reply_status smallint[],
	p_content bytea[], p_next uuid[], p_taken boolean[])
RETURNS SETOF integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM route_lease l WHERE l.route = p_route AND l.fence > p_fence) THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT unnest(dispatch_finish(p_route, p_fence, p_hospital, p_work, p_attempt, p_message, p_outcome, p_http, p_error,
		p_delay_ms, p_reply, p_reply_status, p_content, p_next, p_taken));
END
$$;

-- Attempts on a route that nobody will end: begun under a smaller fence, or longer ago than p_open_s. They are unknown.
-- p_next: ids for the work that follows; as many are ended as there are ids. Returns how many.
CREATE FUNCTION dispatch_sweep(p_route text, p_fence bigint, p_open_s integer, p_next uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	h uuid[]; w uuid[]; l integer[]; m uuid[];
	found_count integer;
BEGIN
	IF NOT EXISTS (SELECT 1 FROM route_lease l WHERE l.route = p_route AND l.fence = p_fence AND l.until > now()) THEN
		RETURN 0;
	END IF;
	SELECT array_agg(t.hospital_id), array_agg(t.work_id), array_agg(t.lease), array_agg(t.message_id), count(*) INTO h, w, l, m, found_count
	FROM (
		SELECT a.hospital_id, a.work_id, a.lease, a.message_id FROM attempt a
		JOIN message g ON g.hospital_id = a.hospital_id AND g.message_id = a.message_id AND g.status = 2
		WHERE a.route = p_route AND a.outcome = 1 AND (g.fence < p_fence OR a.started_at < now() - make_interval(secs => p_open_s))
		ORDER BY a.hospital_id, a.message_id LIMIT cardinality(p_next) FOR UPDATE OF g) t;
	IF found_count > 0 THEN
		PERFORM dispatch_finish(p_route, NULL, h, w, l, m, array_fill(4::smallint, ARRAY[found_count]), NULL,
			array_fill('the process that sent it ended before the answer was stored'::text, ARRAY[found_count]),
			array_fill(1000::bigint, ARRAY[found_count]), NULL, NULL, NULL, p_next, NULL);
	END IF;
	RETURN found_count;
END
$$;

-- Work for routes that no configuration has: its insurer or channel was taken away and nobody has owned the route for
-- p_grace_s (another machine may know it). Claims go to no_route (insurer gone) or failed (channel gone). Returns how many.
CREATE FUNCTION dispatch_dead(p_routes text[], p_insurers text[], p_grace_s integer, p_next uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	dead text[];
	h uuid[]; w uuid[]; m uuid[]; c uuid[]; x uuid[]; s boolean[]; r text[];
BEGIN
	-- One step per route, however much waits on each.
	WITH RECURSIVE seen AS (
		(SELECT o.route FROM outbox o WHERE o.role = 2 AND NOT o.held ORDER BY o.route LIMIT 1)
		UNION ALL
		SELECT (SELECT o.route FROM outbox o WHERE o.role = 2 AND NOT o.held AND o.route > seen.route ORDER BY o.route LIMIT 1)
		FROM seen WHERE seen.route IS NOT NULL)
	SELECT array_agg(seen.route) INTO dead FROM seen
	WHERE seen.route <> ALL (p_routes) AND NOT EXISTS (
		SELECT 1 FROM route_lease l WHERE l.route = seen.route AND (l.until > now() - make_interval(secs => p_grace_s) OR l.stopped));
	IF dead IS NULL THEN
		RETURN 0;
	END IF;
	-- What a dead process left open on them is unknown, not failed.
	SELECT array_agg(l.hospital_id), array_agg(l.work_id), array_agg(l.message_id), array_agg(l.claim_id), array_agg(l.exchange_id),
		array_agg(l.submission), array_agg(l.route)
	INTO h, w, m, c, x, s, r
	FROM (
		SELECT o.hospital_id, o.work_id, o.message_id, g.claim_id, g.exchange_id, g.submission, o.route FROM outbox o
		JOIN message g ON g.hospital_id = o.hospital_id AND g.message_id = o.message_id AND g.status = 1
		WHERE o.role = 2 AND NOT o.held AND o.route = ANY (dead) AND o.created_at < now() - make_interval(secs => p_grace_s)
		LIMIT cardinality(p_next) FOR UPDATE OF o SKIP LOCKED) l;
	IF h IS NULL THEN
		RETURN 0;
	END IF;
	PERFORM claim_step(d.h, d.c, d.x, d.f, d.q, d.t, d.e, d.w, d.y) FROM (
		SELECT array_agg(t.h) h, array_agg(t.c) c, array_agg(1::smallint) x, array_agg(5::smallint) f, array_agg(NULL::integer) q,
			array_agg((CASE WHEN split_part(t.r, ':', 1) = ANY (p_insurers) THEN 9 ELSE 2 END)::smallint) t,
			array_agg(CASE WHEN split_part(t.r, ':', 1) = ANY (p_insurers) THEN 'fail' ELSE 'route_missing' END) e,
			array_agg('zhifu'::text) w,
			array_agg(CASE WHEN split_part(t.r, ':', 1) = ANY (p_insurers) THEN format('channel of "%s" is no longer configured', t.r)
				ELSE format('insurer of "%s" is no longer configured', t.r) END) y
		FROM unnest(h, c, s, r) AS t (h, c, s, r) WHERE t.s) d;
	UPDATE message g SET status = 5, why = format('route "%s" is no longer configured', t.r) FROM unnest(h, m, r) AS t (h, m, r)
	WHERE g.hospital_id = t.h AND g.message_id = t.m;
	DELETE FROM outbox o USING unnest(h, w) AS t (h, w) WHERE o.hospital_id = t.h AND o.work_id = t.w;
	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)
	SELECT t.h, p_next[t.n], 1, 3, t.c, t.x, t.m FROM unnest(h, c, x, m) WITH ORDINALITY AS t (h, c, x, m, n);
	RETURN cardinality(h);
END
$$;

-- Open attempts on routes that no configuration has and nobody owns: unknown, as dispatch_sweep does for owned routes.
CREATE FUNCTION dispatch_sweep_dead(p_routes text[], p_open_s integer, p_next uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	d record;
	total integer := 0;
BEGIN
	FOR d IN SELECT a.hospital_id, a.work_id, a.lease, a.message_id, a.route FROM attempt a
		JOIN message g ON g.hospital_id = a.hospital_id AND g.message_id = a.message_id AND g.status = 2
		WHERE a.outcome = 1 AND a.route <> ALL (p_routes) AND a.started_at < now() - make_interval(secs => p_open_s)
			AND NOT EXISTS (SELECT 1 FROM route_lease l WHERE l.route = a.route AND l.until > now())
		LIMIT cardinality(p_next) FOR UPDATE OF g SKIP LOCKED
	LOOP
		total := total + 1;
		PERFORM dispatch_finish(d.route, NULL, ARRAY[d.hospital_id], ARRAY[d.work_id], ARRAY[d.lease], ARRAY[d.message_id],
			ARRAY[4::smallint], NULL, ARRAY['the process that sent it ended before the answer was stored'::text], ARRAY[0::bigint],
			NULL, NULL, NULL, ARRAY[p_next[total]], NULL);
	END LOOP;
	RETURN total;
END
$$;

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace
		AND (p.proname LIKE 'route\_%' OR p.proname LIKE 'dispatch\_%') LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
		-- A round is at most some dozens of keys: always by index, whatever the tables' statistics say. Plans made while a table
		-- was still empty stay with a session, and cost a hundred times as much once it is not.
		EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', f);
		EXECUTE format('ALTER FUNCTION %s SET enable_hashjoin = off', f);
		EXECUTE format('ALTER FUNCTION %s SET enable_mergejoin = off', f);
		IF f::text !~ 'dispatch_(finish|taken)' THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zhifu_dispatch', f);
		END IF;
	END LOOP;
END
$$;
-- The same for what a round of dispatch calls on its way.
ALTER FUNCTION export_basis SET enable_seqscan = off;
ALTER FUNCTION export_basis SET enable_hashjoin = off;
ALTER FUNCTION export_basis SET enable_mergejoin = off;
ALTER FUNCTION export_record SET enable_seqscan = off;
ALTER FUNCTION export_record SET enable_hashjoin = off;
ALTER FUNCTION export_record SET enable_mergejoin = off;
ALTER FUNCTION claim_step SET enable_seqscan = off;
ALTER FUNCTION claim_step SET enable_hashjoin = off;
ALTER FUNCTION claim_step SET enable_mergejoin = off;
