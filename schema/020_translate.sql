-- translate: work is read in rounds, given to adapters, and all that follows from a round is committed at once.
SET search_path = zhifu;

-- Polls that are under way, so that a slow insurer is not asked the same thing again and again.
CREATE INDEX exchange_poll ON exchange (hospital_id, insurer) WHERE poll_open;

-- Returns what the calls need. p_crashes: how often the one item crashed before, so the lease did not count the coming
-- call and this does, durably: a process that dies in it leaves the count behind. 0: the lease did. May be run again. Items whose lease is lost are missing. p_insurer and p_purposes run in parallel: the consent purposes that each
-- configured insurer asks for, separated by commas. hospital_keys: version (4 bytes, big endian) and wrapped key of each
-- version, newest first. basis as export_basis, NULL where nobody asked. busy: the same question is still open. doubt_older: the exchange that the
-- item belongs to began after the last try to send the message in doubt had ended, so what is answered in it covers that try.
-- In doubt is the submission whose fate is unknown; of a claim that is sent and asked about, the one that was answered last.
-- message_submission: of an answer in a claim's exchange, whether it answers the submission.
-- The settings keep a plan by index whatever the statistics say: a claim costs the same in a table of any size.
-- The ref of the first claim of a chain of corrections, as far back as the insurer was sent them.
CREATE FUNCTION claim_origin(p_hospital uuid, p_claim uuid, p_insurer text)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	at uuid := p_claim;
	found_ref text;
	step record;
BEGIN
	FOR i IN 1 .. 32 LOOP
		SELECT c.ref, c.predecessor_id INTO step FROM claim c
		JOIN claim_state s ON s.hospital_id = c.hospital_id AND s.claim_id = c.claim_id
		WHERE c.hospital_id = p_hospital AND c.claim_id = at AND s.insurer = p_insurer;
		EXIT WHEN NOT FOUND;
		found_ref := step.ref;
		at := step.predecessor_id;
		EXIT WHEN at IS NULL;
	END LOOP;
	RETURN found_ref;
END
$$;
ALTER FUNCTION claim_origin OWNER TO zhifu_writer;

CREATE FUNCTION translate_begin(p_hospital uuid[], p_work uuid[], p_attempt integer[], p_insurer text[], p_purposes text[],
	p_crashes smallint)
RETURNS TABLE (ordinal integer, claim_id uuid, claim_ref text, claim_use smallint, transport smallint, total bigint, currency text,
	exponent smallint, claim_content bytea, patient_key_id uuid, patient_wrapped bytea, patient_version integer,
	hospital_keys bytea, basis smallint, insurer text, exchange_kind smallint, exchange_status smallint, exchange_step integer,
	exchange_state bytea, message_status smallint, message_token integer, message_submission boolean, message_http smallint,
	message_content bytea, message_replay boolean, message_route text, task_id uuid, task_reason text, doubt_message uuid, doubt_exchange uuid, doubt_route text,
	busy boolean, doubt_older boolean, origin_ref text, acknowledgement smallint, adjudication smallint, vouched smallint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
	IF p_crashes > 0 THEN
		UPDATE outbox o SET crashes = p_crashes + 1 FROM unnest(p_hospital, p_work, p_attempt) AS t (h, w, a)
		WHERE o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.a;
	END IF;
	RETURN QUERY
	WITH live AS MATERIALIZED (
		SELECT t.n::integer AS n, o.hospital_id, o.kind, o.route, o.claim_id, o.exchange_id, o.message_id, o.fact_id
		FROM unnest(p_hospital, p_work, p_attempt) WITH ORDINALITY AS t (h, w, a, n)
		JOIN outbox o ON o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.a
	), seen AS MATERIALIZED (
		SELECT l.n, l.hospital_id, l.kind, l.message_id, coalesce(l.claim_id, x.claim_id) AS claim_id, l.route, l.fact_id,
			x.insurer, x.kind AS x_kind, x.status AS x_status, x.step, x.state, x.created_at AS x_at,
			cs.insurer AS c_insurer, cs.transport, cs.acknowledgement, cs.adjudication, cs.vouched
		FROM live l LEFT JOIN exchange x ON x.hospital_id = l.hospital_id AND x.exchange_id = l.exchange_id
		LEFT JOIN claim_state cs ON cs.hospital_id = l.hospital_id AND cs.claim_id = coalesce(l.claim_id, x.claim_id)
	), asked AS MATERIALIZED (
		SELECT s.hospital_id, s.claim_id, s.c_insurer AS insurer, g.purposes FROM seen s
		JOIN unnest(p_insurer, p_purposes) AS g (insurer, purposes) ON g.insurer = s.c_insurer
		WHERE s.kind IN (1, 3, 5, 6) OR s.kind = 4 AND s.x_kind = 1
	), gate AS MATERIALIZED ( -- one row to look into: joined, each item met each row
		SELECT array_agg(b.claim_id) AS claims, array_agg(b.basis) AS bases FROM (
			SELECT a.purposes, array_agg(a.hospital_id) h, array_agg(a.claim_id) c, array_agg(a.insurer) r FROM asked a GROUP BY a.purposes) q
		CROSS JOIN LATERAL export_basis(q.h, q.c, q.r, string_to_array(q.purposes, ',')) b
	), keys AS MATERIALIZED ( -- once, not for each item
		SELECT k.hospital_id, string_agg(int4send(k.version) || k.wrapped, ''::bytea ORDER BY k.version DESC) AS versions
		FROM hospital_key k WHERE k.hospital_id IN (SELECT s.hospital_id FROM seen s) GROUP BY k.hospital_id
	)
	SELECT s.n, s.claim_id, c.ref, c.use, s.transport, c.total_minor, c.currency, c.exponent,
		CASE WHEN s.kind IN (1, 3, 5, 6) OR s.kind = 4 AND s.x_kind = 1 THEN c.content END, c.patient_key_id, pk.wrapped, pk.hospital_key_version,
		k.versions, g.bases[array_position(g.claims, s.claim_id)], coalesce(s.insurer, s.c_insurer, s.route), s.x_kind, s.x_status, s.step, s.state,
		m.status, coalesce(nullif(m.token, 0), r.token),
		CASE WHEN s.kind = 2 AND s.x_kind = 1 THEN (SELECT a.submission FROM message a WHERE a.hospital_id = m.hospital_id
			AND a.message_id = m.answers) ELSE m.submission END, m.http_status, m.content, m.replay_of IS NOT NULL,
		CASE WHEN s.kind = 3 THEN (SELECT a.route FROM attempt a WHERE a.hospital_id = s.hospital_id AND a.message_id = s.message_id
			ORDER BY a.attempt DESC LIMIT 1) END,
		CASE WHEN s.x_kind = 3 THEN (SELECT t.task_id FROM task t WHERE t.hospital_id = s.hospital_id AND t.claim_id = s.claim_id
			AND t.status IN ('requested', 'accepted', 'in-progress') ORDER BY t.task_id DESC LIMIT 1) END,
		CASE WHEN s.kind = 6 THEN (SELECT t.reason FROM task t WHERE t.hospital_id = s.hospital_id AND t.task_id = s.fact_id) END,
		d.message_id, d.exchange_id, d.route,
		CASE WHEN s.kind IN (3, 5) THEN EXISTS (SELECT 1 FROM exchange e WHERE e.hospital_id = s.hospital_id AND e.claim_id = s.claim_id
				AND e.kind = 2 AND e.status = 1)
			WHEN s.kind IN (7, 8) THEN EXISTS (SELECT 1 FROM exchange e WHERE e.hospital_id = s.hospital_id AND e.insurer = s.route
				AND e.poll_open AND e.kind = s.kind - 3 AND e.created_at > now() - interval '1 hour')
			ELSE false END,
		coalesce(s.x_at > d.tried_at, false),
		CASE WHEN c.predecessor_id IS NOT NULL AND (s.kind IN (1, 3, 5, 6) OR s.kind = 4 AND s.x_kind = 1)
			THEN claim_origin(s.hospital_id, c.predecessor_id, s.c_insurer) END,
		s.acknowledgement, s.adjudication, s.vouched
	FROM seen s
	LEFT JOIN keys k ON k.hospital_id = s.hospital_id
	LEFT JOIN claim c ON c.hospital_id = s.hospital_id AND c.claim_id = s.claim_id
	LEFT JOIN patient_key pk ON pk.hospital_id = c.hospital_id AND pk.patient_key_id = c.patient_key_id
	CROSS JOIN gate g
	LEFT JOIN message m ON m.hospital_id = s.hospital_id AND m.message_id = s.message_id
	LEFT JOIN message r ON r.hospital_id = m.hospital_id AND r.message_id = CASE WHEN m.token = 0 THEN m.answers END
	LEFT JOIN LATERAL (
		SELECT q.message_id, q.exchange_id, (SELECT a.route FROM attempt a WHERE a.hospital_id = q.hospital_id
			AND a.message_id = q.message_id ORDER BY a.attempt DESC LIMIT 1) AS route,
			(SELECT max(coalesce(a.ended_at, a.started_at)) FROM attempt a WHERE a.hospital_id = q.hospital_id
				AND a.message_id = q.message_id) AS tried_at
		FROM message q WHERE (s.x_kind = 2 OR s.transport = 7) AND q.hospital_id = s.hospital_id AND q.claim_id = s.claim_id
			AND q.status = CASE WHEN s.transport = 8 THEN 4 ELSE 3 END AND q.submission
		ORDER BY q.message_id DESC LIMIT 1) d ON true;
END
$$;

-- Which claims of the hospital facts are about: by our ref, else by a number on the wire. A claim of another insurer is
-- returned too, so that the orphan can say what is wrong. Missing ordinals: no such claim.
CREATE FUNCTION translate_resolve(p_hospital uuid[], p_insurer text[], p_ref text[], p_kind text[], p_hash bytea[])
RETURNS TABLE (ordinal integer, claim_id uuid, claim_ref text, insurer text, claim_use smallint, transport smallint, total bigint,
	currency text, exponent smallint, patient_key_id uuid, patient_wrapped bytea, patient_version integer, hospital_keys bytea,
	doubt_message uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH found AS MATERIALIZED (
		SELECT t.n, t.h, coalesce(
			(SELECT s.claim_id FROM claim_state s WHERE s.hospital_id = t.h AND s.ref = t.r),
			(SELECT w.claim_id FROM wire_ref w WHERE w.insurer = t.i AND w.kind = t.k AND w.value_hash = t.v AND w.hospital_id = t.h)) AS c
		FROM unnest(p_hospital, p_insurer, p_ref, p_kind, p_hash) WITH ORDINALITY AS t (h, i, r, k, v, n)
	), keys AS MATERIALIZED ( -- once, not for each fact
		SELECT k.hospital_id, string_agg(int4send(k.version) || k.wrapped, ''::bytea ORDER BY k.version DESC) AS versions
		FROM hospital_key k WHERE k.hospital_id IN (SELECT f.h FROM found f) GROUP BY k.hospital_id
	)
	SELECT f.n::integer, c.claim_id, c.ref, s.insurer, c.use, s.transport, c.total_minor, c.currency, c.exponent, c.patient_key_id,
		pk.wrapped, pk.hospital_key_version, k.versions,
		CASE WHEN s.transport = 7 THEN (SELECT q.message_id FROM message q WHERE q.hospital_id = f.h AND q.claim_id = f.c
			AND q.status = 3 AND q.submission ORDER BY q.message_id DESC LIMIT 1) END
	FROM found f
	JOIN claim c ON c.hospital_id = f.h AND c.claim_id = f.c
	JOIN claim_state s ON s.hospital_id = f.h AND s.claim_id = f.c
	LEFT JOIN keys k ON k.hospital_id = f.h
	LEFT JOIN patient_key pk ON pk.hospital_id = c.hospital_id AND pk.patient_key_id = c.patient_key_id
	WHERE f.c IS NOT NULL;
END
$$;

-- Commits a round. i_*: its work items; i_action 1 done, 2 put off by i_delay ms, 3 held for a person with i_why. All
-- other arrays name the item they follow from by its position in i_* (from 1): s_* steps of claims on the axis transport;
-- x_* exchanges (x_step -1: new, else the step that was read; x_state NULL: as it was); m_* messages that go out; u_*
-- messages whose status changes; r_* numbers under which an answer may come; w_* new work (an existing timer is set
-- anew); f_* facts, whose work for settle is made here; t_* tasks. An item whose lease is lost, whose exchange has gone on
-- meanwhile, or whose claim's step lost the compare-and-set leaves no trace; where the lease holds it is due again at once.
-- Returns how many items were committed. Running it again changes nothing: a commit ends the lease of each of its items, so
-- none is live then.
CREATE FUNCTION translate_commit(
	i_hospital uuid[], i_work uuid[], i_attempt integer[], i_action smallint[], i_delay bigint[], i_why text[], i_insurer text[],
	s_item integer[], s_claim uuid[], s_from smallint[], s_to smallint[], s_event text[], s_why text[],
	x_item integer[], x_id uuid[], x_kind smallint[], x_claim uuid[], x_status smallint[], x_step integer[], x_state bytea[], x_why text[],
	m_item integer[], m_id uuid[], m_exchange uuid[], m_claim uuid[], m_token integer[], m_submission boolean[], m_personal boolean[], m_content bytea[],
	u_item integer[], u_id uuid[], u_status smallint[], u_why text[],
	r_item integer[], r_kind text[], r_hash bytea[], r_claim uuid[], r_message uuid[],
	w_item integer[], w_id uuid[], w_role smallint[], w_kind smallint[], w_route text[], w_claim uuid[], w_exchange uuid[],
	w_message uuid[], w_delay bigint[],
	f_item integer[], f_id uuid[], f_claim uuid[], f_exchange uuid[], f_message uuid[], f_kind smallint[], f_adjudication uuid[],
	f_remittance uuid[], f_detail integer[], f_text text[], f_status smallint[], f_why text[],
	t_item integer[], t_id uuid[], t_status text[], t_outcome text[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	live integer[];  -- items whose lease we hold
	lost integer[];  -- whose exchange has gone on meanwhile
	behind integer[]; -- whose claim had moved on
	stepped uuid[];
	good integer[];
	ended integer;
	later integer := 0;
	read_hospital uuid[]; -- replays that were read
	read_id uuid[];
	accepted uuid[]; -- claims whose acknowledgement needs no settling
BEGIN
	SELECT coalesce(array_agg(l.n), '{}') INTO live FROM (
		SELECT t.n::integer AS n FROM unnest(i_hospital, i_work, i_attempt) WITH ORDINALITY AS t (h, w, a, n)
		JOIN outbox o ON o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.a
			AND o.leased_until > '-infinity') l;
	IF cardinality(x_item) > 0 THEN
		-- A FILTER: as a WHERE it would be asked before the lock, and rows that look untouched would not even be locked.
		SELECT array_agg(l.item) FILTER (WHERE NOT l.same) INTO lost FROM (
			SELECT t.item, t.step = e.step AS same FROM unnest(x_item, x_id, x_step) AS t (item, id, step)
			JOIN exchange e ON e.hospital_id = i_hospital[t.item] AND e.exchange_id = t.id
			WHERE t.step >= 0 ORDER BY e.exchange_id FOR UPDATE OF e) l;
	END IF;
	IF cardinality(s_item) > 0 THEN
		SELECT coalesce(array_agg(d.claim_id), '{}') INTO stepped FROM (
			SELECT array_agg(i_hospital[t.item]) h, array_agg(t.c) c, array_agg(1::smallint) x, array_agg(t.f) f, array_agg(NULL::integer) q,
				array_agg(t.t) t, array_agg(t.e) e, array_agg('zhifu'::text) w, array_agg(t.y) y
			FROM unnest(s_item, s_claim, s_from, s_to, s_event, s_why) AS t (item, c, f, t, e, y)
			WHERE t.item = ANY (live) AND (lost IS NULL OR t.item <> ALL (lost))) a
			CROSS JOIN LATERAL claim_step(a.h, a.c, a.x, a.f, a.q, a.t, a.e, a.w, a.y) d
		WHERE a.c IS NOT NULL;
		SELECT array_agg(t.item) INTO behind FROM unnest(s_item, s_claim) AS t (item, c) WHERE t.c <> ALL (stepped);
		IF 'contradict' = ANY (s_event) THEN
			UPDATE claim_state s SET vouched = 2 FROM unnest(s_item, s_claim, s_event) AS t (item, c, e)
			WHERE t.e = 'contradict' AND t.c = ANY (stepped) AND s.hospital_id = i_hospital[t.item] AND s.claim_id = t.c;
		END IF;
	END IF;
	SELECT coalesce(array_agg(n), '{}') INTO good FROM unnest(live) AS n
	WHERE (lost IS NULL OR n <> ALL (lost)) AND (behind IS NULL OR n <> ALL (behind));

	IF cardinality(x_item) > 0 THEN
		INSERT INTO exchange (hospital_id, exchange_id, insurer, kind, claim_id, status, step, state, why)
		SELECT i_hospital[t.item], t.id, i_insurer[t.item], t.k, t.c, t.s, 1, t.st, t.y
		FROM unnest(x_item, x_id, x_kind, x_claim, x_status, x_step, x_state, x_why) AS t (item, id, k, c, s, n, st, y)
		WHERE t.n < 0 AND t.item = ANY (good);
		UPDATE exchange e SET status = t.s, state = coalesce(t.st, e.state), why = t.y, step = e.step + 1, updated_at = now()
		FROM unnest(x_item, x_id, x_status, x_step, x_state, x_why) AS t (item, id, s, n, st, y)
		WHERE t.n >= 0 AND t.item = ANY (good) AND e.hospital_id = i_hospital[t.item] AND e.exchange_id = t.id;
		-- An exchange's timer carries the exchange's id and ends with it.
		DELETE FROM outbox o USING unnest(x_item, x_id, x_status) AS t (item, id, s)
		WHERE t.s <> 1 AND t.item = ANY (good) AND o.hospital_id = i_hospital[t.item] AND o.work_id = t.id;
	END IF;
	IF cardinality(m_item) > 0 THEN
		INSERT INTO message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, submission, personal, status, content)
		SELECT i_hospital[t.item], t.id, t.x, t.c, i_insurer[t.item], 1, t.k, t.b, t.p, 1, t.o
		FROM unnest(m_item, m_id, m_exchange, m_claim, m_token, m_submission, m_personal, m_content)
			AS t (item, id, x, c, k, b, p, o)
		WHERE t.item = ANY (good);
	END IF;
	IF cardinality(u_item) > 0 THEN
		WITH u AS (UPDATE message m SET status = t.s, why = t.y FROM unnest(u_item, u_id, u_status, u_why) AS t (item, id, s, y)
			WHERE t.item = ANY (good) AND m.hospital_id = i_hospital[t.item] AND m.message_id = t.id
			RETURNING m.hospital_id, m.message_id, m.status, m.replay_of)
		SELECT array_agg(u.hospital_id), array_agg(u.message_id) INTO read_hospital, read_id FROM u
		WHERE u.replay_of IS NOT NULL AND u.status IN (12, 14);
		IF read_id IS NOT NULL THEN
			-- A replay was read: what it is a replay of, and other tries at the same, need nobody any more. One that somebody
			-- replays at this moment stays.
			WITH RECURSIVE chain AS (
				SELECT t.h, t.id AS read, t.id FROM unnest(read_hospital, read_id) AS t (h, id)
				UNION
				SELECT c.h, c.read, m.replay_of FROM chain c JOIN message m ON m.hospital_id = c.h AND m.message_id = c.id
				WHERE m.replay_of IS NOT NULL
			), due AS (
				SELECT m.hospital_id, m.message_id, c.read FROM chain c
				JOIN message m ON m.hospital_id = c.h AND m.problem AND c.id IN (m.message_id, m.replay_of)
				WHERE m.direction = 2 AND m.message_id <> c.read FOR UPDATE OF m SKIP LOCKED
			)
			UPDATE message m SET status = 6, why = concat_ws('; ', 'replayed as ' || due.read || ', which was read', m.why)
			FROM due WHERE m.hospital_id = due.hospital_id AND m.message_id = due.message_id;
		END IF;
	END IF;
	IF cardinality(r_item) > 0 THEN
		INSERT INTO wire_ref (insurer, kind, value_hash, hospital_id, claim_id, message_id)
		SELECT i_insurer[t.item], t.k, t.h, i_hospital[t.item], t.c, t.m
		FROM unnest(r_item, r_kind, r_hash, r_claim, r_message) AS t (item, k, h, c, m)
		WHERE t.item = ANY (good) ON CONFLICT DO NOTHING;
	END IF;
	IF cardinality(w_item) > 0 THEN
		-- A timer carries its exchange's id.
		INSERT INTO outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id, due_at)
		SELECT i_hospital[t.item], t.id, t.r, t.k, t.u, t.c, t.x, t.m, now() + t.d * interval '1 millisecond'
		FROM unnest(w_item, w_id, w_role, w_kind, w_route, w_claim, w_exchange, w_message, w_delay)
			AS t (item, id, r, k, u, c, x, m, d)
		WHERE t.item = ANY (good) AND t.id IS DISTINCT FROM t.x;
		IF EXISTS (SELECT 1 FROM unnest(w_id, w_exchange) AS t (id, x) WHERE t.id = t.x) THEN
			INSERT INTO outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id, due_at)
			SELECT i_hospital[t.item], t.id, t.r, t.k, t.u, t.c, t.x, t.m, now() + t.d * interval '1 millisecond'
			FROM unnest(w_item, w_id, w_role, w_kind, w_route, w_claim, w_exchange, w_message, w_delay)
				AS t (item, id, r, k, u, c, x, m, d)
			WHERE t.item = ANY (good) AND t.id = t.x
			ON CONFLICT (hospital_id, work_id) DO UPDATE SET due_at = excluded.due_at, leased_until = '-infinity';
		END IF;
	END IF;
	-- An item that is live has never been committed: none of its new rows is there.
	IF cardinality(f_item) > 0 THEN
		-- That a claim was taken moves no money: where it is all that was said of one that had no acknowledgement yet, its step
		-- is taken here. What does not find the claim so goes the usual way.
		IF 1 = ANY (f_kind) THEN
			SELECT array_agg(d.claim_id) INTO accepted FROM (
				SELECT array_agg(i_hospital[t.item]) h, array_agg(t.c) c, array_agg(2::smallint) x, array_agg(0::smallint) f,
					array_agg(NULL::integer) q, array_agg(3::smallint) t, array_agg('accept'::text) e, array_agg('zhifu'::text) w,
					array_agg(NULL::text) y
				FROM unnest(f_item, f_claim, f_kind) AS t (item, c, k)
				WHERE t.k = 1 AND t.item = ANY (good) AND t.c IS NOT NULL AND cardinality(array_positions(f_claim, t.c)) = 1) a
				CROSS JOIN LATERAL claim_step(a.h, a.c, a.x, a.f, a.q, a.t, a.e, a.w, a.y) d
			WHERE a.c IS NOT NULL;
		END IF;
		INSERT INTO fact (hospital_id, fact_id, claim_id, insurer, exchange_id, message_id, kind, adjudication_id, remittance_id,
			detail, text, status, why)
		SELECT i_hospital[t.item], t.id, t.c, i_insurer[t.item], t.x, t.m, t.k, t.a, t.r, t.d, t.t,
			CASE WHEN t.c = ANY (accepted) THEN 2 ELSE t.s END, t.y
		FROM unnest(f_item, f_id, f_claim, f_exchange, f_message, f_kind, f_adjudication, f_remittance, f_detail, f_text, f_status, f_why)
			AS t (item, id, c, x, m, k, a, r, d, t, s, y)
		WHERE t.item = ANY (good);
		-- What one message says of one claim is settled together; a fact that no message brought is by itself.
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, message_id, fact_id)
		SELECT DISTINCT ON (t.item, t.c, coalesce(t.m, t.id)) i_hospital[t.item], t.id, 3, 1, t.c, t.m, CASE WHEN t.m IS NULL THEN t.id END
		FROM unnest(f_item, f_id, f_claim, f_message) AS t (item, id, c, m)
		WHERE t.item = ANY (good) AND t.c IS NOT NULL AND (accepted IS NULL OR t.c <> ALL (accepted))
		ORDER BY t.item, t.c, coalesce(t.m, t.id), t.id;
	END IF;
	IF cardinality(t_item) > 0 THEN
		UPDATE task k SET status = t.s, outcome = t.o, updated_at = now() FROM unnest(t_item, t_id, t_status, t_outcome) AS t (item, id, s, o)
		WHERE t.item = ANY (good) AND k.hospital_id = i_hospital[t.item] AND k.task_id = t.id;
	END IF;

	-- Not locked before: who lost the lease meanwhile fails, and runs again.
	DELETE FROM outbox o USING unnest(i_hospital, i_work, i_attempt, i_action) WITH ORDINALITY AS t (h, w, l, a, n)
	WHERE t.a = 1 AND t.n = ANY (good) AND o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.l AND o.leased_until > '-infinity';
	GET DIAGNOSTICS ended = ROW_COUNT;
	IF 2 = ANY (i_action) OR 3 = ANY (i_action) OR cardinality(good) < cardinality(live) THEN
		-- A hold that a person set while the item was leased stays, with that person's words.
		UPDATE outbox o SET crashes = 0, held = o.held OR (t.a = 3 AND t.n = ANY (good)),
			held_why = CASE WHEN o.held THEN o.held_why WHEN t.a = 3 AND t.n = ANY (good) THEN t.y END,
			due_at = now() + CASE WHEN t.n = ANY (good) THEN t.d ELSE 0 END * interval '1 millisecond', leased_until = '-infinity'
		FROM unnest(i_hospital, i_work, i_attempt, i_action, i_delay, i_why) WITH ORDINALITY AS t (h, w, l, a, d, y, n)
		WHERE t.n = ANY (live) AND (t.a <> 1 OR t.n <> ALL (good)) AND o.hospital_id = t.h AND o.work_id = t.w AND o.attempt = t.l
			AND o.leased_until > '-infinity';
		GET DIAGNOSTICS later = ROW_COUNT;
	END IF;
	IF ended + later < cardinality(live) THEN
		RAISE EXCEPTION 'a lease was lost' USING ERRCODE = 'serialization_failure';
	END IF;
	RETURN cardinality(good);
END
$$;

-- The decisions and remittances of a round's facts, after translate_commit in the same transaction: what stands here
-- belongs to a fact that was committed, or is left out. A remittance that the hospital already has (same insurer and
-- identifier) is no news: the facts that came with it go again. l_*: adjustments of all decisions in their order, a_adjusted of
-- each. One whose details do not come to its amount is parked
-- (051_remittance.sql): e_document then has it.
CREATE FUNCTION translate_answer(
	a_hospital uuid[], a_fact uuid[], a_id uuid[], a_outcome smallint[], a_number text[], a_preauth text[], a_currency text[],
	a_exponent smallint[], a_submitted bigint[], a_benefit bigint[], a_patient bigint[], a_contract bigint[], a_open bigint[],
	a_payment bigint[], a_payment_currency text[], a_payment_exponent smallint[], a_content bytea[], a_adjusted integer[],
	l_line integer[], l_group smallint[], l_reason smallint[], l_amount bigint[], l_currency text[], l_exponent smallint[],
	l_system text[], l_code text[],
	e_hospital uuid[], e_fact uuid[], e_id uuid[], e_identifier text[], e_amount bigint[], e_currency text[], e_exponent smallint[],
	e_day date[], e_reference text[], e_content bytea[], e_sum bigint[], e_count integer[], e_hash bytea[], e_document bytea[],
	d_hospital uuid[], d_id uuid[], d_no integer[], d_claim uuid[], d_ref text[], d_number text[], d_amount bigint[], d_fee bigint[],
	d_currency text[], d_exponent smallint[], d_kind smallint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
	known uuid[];
	g_hospital uuid[]; g_claim uuid[]; g_message uuid[]; g_fact uuid[]; -- facts that went again
BEGIN
	ASSERT (SELECT coalesce(sum(k), 0) FROM unnest(a_adjusted) AS k) = cardinality(l_line), 'an adjustment is of no decision';
	INSERT INTO adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, insurer_claim_no, preauth_ref, currency, exponent,
		submitted_minor, benefit_minor, patient_minor, contract_minor, open_minor, payment_minor, payment_currency, payment_exponent,
		adjustments, content)
	SELECT t.h, t.id, f.claim_id, f.insurer, t.o, t.no, t.p, t.c, t.x, t.s, t.b, t.pt, t.ct, t.op, t.pm, t.pc, t.px,
		ARRAY(SELECT ROW(l_line[i], l_group[i], l_reason[i], l_amount[i], l_currency[i], l_exponent[i], l_system[i], l_code[i])::adjustment
			FROM generate_series(t.z - t.k + 1, t.z) AS i), t.co
	FROM (SELECT u.*, (sum(u.k) OVER (ORDER BY u.n))::integer AS z FROM unnest(a_hospital, a_fact, a_id, a_outcome, a_number, a_preauth,
			a_currency, a_exponent, a_submitted, a_benefit, a_patient, a_contract, a_open, a_payment, a_payment_currency,
			a_payment_exponent, a_content, a_adjusted) WITH ORDINALITY
		AS u (h, f, id, o, no, p, c, x, s, b, pt, ct, op, pm, pc, px, co, k, n)) t
	JOIN fact f ON f.hospital_id = t.h AND f.fact_id = t.f
	WHERE NOT EXISTS (SELECT 1 FROM adjudication d WHERE d.hospital_id = t.h AND d.adjudication_id = t.id);
	IF cardinality(e_id) > 0 THEN
		PERFORM remittance_lock(t.h) FROM (SELECT DISTINCT h FROM unnest(e_hospital) AS h ORDER BY h) t;
		INSERT INTO remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, payment_date,
			payment_reference, balanced, content, hash)
		SELECT t.h, t.id, f.insurer, t.i, t.a, t.c, t.x, t.d, t.r, true, t.o, t.s
		FROM unnest(e_hospital, e_fact, e_id, e_identifier, e_amount, e_currency, e_exponent, e_day, e_reference, e_content, e_hash, e_document)
			AS t (h, f, id, i, a, c, x, d, r, o, s, doc)
		JOIN fact f ON f.hospital_id = t.h AND f.fact_id = t.f
		WHERE t.doc IS NULL AND NOT EXISTS (SELECT 1 FROM advice v WHERE v.hospital_id = t.h AND v.remitter = f.insurer AND v.identifier = t.i
			AND v.hash = t.s) AND NOT EXISTS (SELECT 1 FROM remittance w WHERE w.hospital_id = t.h AND w.insurer = f.insurer
			AND w.identifier = t.i AND w.hash IS NOT DISTINCT FROM t.s AND w.withdrawn_at IS NOT NULL)
		ON CONFLICT DO NOTHING;
		PERFORM remittance_module(e_hospital[n], e_id[n], f.insurer, e_identifier[n], e_amount[n], e_sum[n], e_currency[n], e_exponent[n],
				e_count[n], e_hash[n], e_document[n])
		FROM generate_subscripts(e_id, 1) AS n JOIN fact f ON f.hospital_id = e_hospital[n] AND f.fact_id = e_fact[n];
		SELECT array_agg(t.id) INTO known FROM unnest(e_hospital, e_id, e_document) AS t (h, id, doc)
		WHERE CASE WHEN t.doc IS NULL THEN NOT EXISTS (SELECT 1 FROM remittance m WHERE m.hospital_id = t.h AND m.remittance_id = t.id)
			ELSE NOT EXISTS (SELECT 1 FROM advice v WHERE v.hospital_id = t.h AND v.advice_id = t.id) END;
		IF known IS NOT NULL THEN
			-- But a detail whose claim was not known then, and is now, is news.
			WITH found AS (
				UPDATE remittance_detail d SET claim_id = f.claim_id
				FROM unnest(e_hospital, e_id, e_identifier) AS t (h, id, i), fact f, remittance m
				WHERE t.id = ANY (known) AND f.hospital_id = t.h AND f.remittance_id = t.id AND f.claim_id IS NOT NULL
					AND m.hospital_id = t.h AND m.insurer = f.insurer AND m.identifier = t.i AND m.withdrawn_at IS NULL
					AND d.hospital_id = t.h AND d.remittance_id = m.remittance_id AND d.no = f.detail AND d.claim_id IS NULL
				RETURNING f.hospital_id, f.fact_id, m.remittance_id),
			told AS (UPDATE remittance m SET changed = txid_current() FROM (SELECT DISTINCT hospital_id, remittance_id FROM found) c
				WHERE m.hospital_id = c.hospital_id AND m.remittance_id = c.remittance_id)
			UPDATE fact f SET remittance_id = found.remittance_id FROM found
			WHERE f.hospital_id = found.hospital_id AND f.fact_id = found.fact_id;
			WITH taken AS (DELETE FROM fact f USING unnest(e_hospital, e_id) AS t (h, id)
				WHERE t.id = ANY (known) AND f.hospital_id = t.h AND f.remittance_id = t.id RETURNING f.*)
			SELECT array_agg(taken.hospital_id), array_agg(taken.claim_id), array_agg(taken.message_id), array_agg(taken.fact_id)
			INTO g_hospital, g_claim, g_message, g_fact FROM taken WHERE taken.claim_id IS NOT NULL;
			-- And their work, where the message says nothing else of the claim.
			DELETE FROM outbox o USING unnest(g_hospital, g_claim, g_message, g_fact) AS t (h, c, m, f)
			WHERE o.hospital_id = t.h AND o.claim_id = t.c AND o.role = 3 AND (o.fact_id = t.f OR o.fact_id IS NULL AND o.message_id = t.m
				AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.hospital_id = t.h AND f.claim_id = t.c AND f.message_id = t.m AND f.status = 1));
		END IF;
		INSERT INTO remittance_detail (hospital_id, remittance_id, no, claim_id, claim_ref, insurer_claim_no, amount_minor, fee_minor,
			currency, exponent, kind)
		SELECT t.h, t.id, t.n, t.c, t.r, t.i, t.a, t.f, t.u, t.x, t.k
		FROM unnest(d_hospital, d_id, d_no, d_claim, d_ref, d_number, d_amount, d_fee, d_currency, d_exponent, d_kind)
			AS t (h, id, n, c, r, i, a, f, u, x, k)
		JOIN remittance m ON m.hospital_id = t.h AND m.remittance_id = t.id ON CONFLICT DO NOTHING;
		PERFORM remittance_announce_whole(t.h, t.id) FROM (SELECT DISTINCT d.h, d.id FROM unnest(d_hospital, d_id, d_kind) AS d (h, id, k)
			WHERE d.k <> 1 AND (known IS NULL OR d.id <> ALL (known))) t;
	END IF;
	RETURN cardinality(a_id) + cardinality(e_id) - coalesce(cardinality(known), 0);
END
$$;
-- Which facts came with a remittance: for taking those of a known one away again.
CREATE INDEX fact_remittance ON fact (hospital_id, remittance_id) WHERE remittance_id IS NOT NULL;

-- Keeps the recurring work of polled insurers there: one row per hospital, insurer and kind, whose id says which it is.
-- The hospitals are registered with their first key where nobody has met them yet.
CREATE FUNCTION translate_seed(h_id uuid[], h_code text[], h_name text[], h_zone text[], h_currency text[], h_wrapped bytea[],
	w_hospital uuid[], w_id uuid[], w_kind smallint[], w_route text[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	made integer;
BEGIN
	PERFORM hospital_open(t.i, t.c, t.n, t.z, t.u, t.w) FROM unnest(h_id, h_code, h_name, h_zone, h_currency, h_wrapped) AS t (i, c, n, z, u, w)
	WHERE NOT EXISTS (SELECT 1 FROM hospital_key k WHERE k.hospital_id = t.i);
	INSERT INTO outbox (hospital_id, work_id, role, kind, route)
	SELECT t.h, t.w, 1, t.k, t.r FROM unnest(w_hospital, w_id, w_kind, w_route) AS t (h, w, k, r) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS made = ROW_COUNT;
	RETURN made;
END
$$;
DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['translate_begin', 'translate_resolve', 'translate_commit', 'translate_answer', 'translate_seed'] LOOP
		EXECUTE format('ALTER FUNCTION %I OWNER TO zhifu_writer', f);
		EXECUTE format('GRANT EXECUTE ON FUNCTION %I TO zhifu_translate', f);
	END LOOP;
END
$$;
