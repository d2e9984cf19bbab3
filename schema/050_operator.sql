-- What operators and finance do: steps of a claim that a person takes, routes that a person stops, messages sent again,
-- keys renewed. Each of these acts leaves a row that says who did it and why. Reading goes through row-level security,
-- one hospital at a time; whatever changes something is a function of its own.
SET search_path = zhifu;

-- Acts of persons that no claim's events tell, and what persons wrote of those that they do: what was looked into, sent again, stopped,
-- renewed. The nil hospital is the house itself. Written once.
CREATE TABLE operator_act (
	hospital_id uuid NOT NULL,
	act_id      uuid NOT NULL DEFAULT gen_random_uuid(),
	at          timestamptz NOT NULL DEFAULT now(),
	who         text NOT NULL CHECK (who <> ''),
	act         text NOT NULL, -- "message.reveal", "route.hold", ...
	subject     text NOT NULL, -- an id, a route, a file
	why         text, -- as a program says it
	words       bytea CHECK (length(words) > 0), -- why, sealed (SEAL_FACT, sealed_for): what no other row keeps
	sealed_for  uuid CHECK ((sealed_for IS NULL) = (words IS NULL)),
	words_hash  bytea CHECK (length(words_hash) = 32), -- by which the same words are known again, keyed; NULL: nobody asks
	PRIMARY KEY (hospital_id, act_id)
);
CREATE INDEX operator_act_at ON operator_act (hospital_id, at);
CREATE INDEX operator_act_subject ON operator_act (hospital_id, subject, at);
CREATE INDEX operator_act_words ON operator_act (hospital_id, sealed_for) WHERE words IS NOT NULL;
ALTER TABLE operator_act ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON operator_act TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON operator_act FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT ON operator_act TO zhifu_writer;
GRANT SELECT ON operator_act, consent_clock, export_person TO zhifu_operator;

CREATE FUNCTION operator_note(p_hospital uuid, p_who text, p_act text, p_subject text, p_why text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, p_act, p_subject, p_why)
$$;

-- Is that what was said last of a subject by such an act, and by the same person? Where the subject stands so, too, the same again is
-- nothing new. p_why: all of it, or what follows on a colon.
CREATE FUNCTION operator_said(p_hospital uuid, p_who text, p_act text, p_subject text, p_why text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT o.who = p_who AND (o.why = p_why OR right(o.why, length(p_why) + 2) = ': ' || p_why) FROM operator_act o
		WHERE o.hospital_id = p_hospital AND o.subject = p_subject AND o.act = p_act ORDER BY o.at DESC LIMIT 1), false)
$$;

-- Has written what a person said of a subject, sealed for it. p_words: hex, and behind a colon the hash in hex; NULL: nothing.
CREATE FUNCTION operator_write(p_hospital uuid, p_who text, p_act text, p_subject uuid, p_why text, p_words text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	INSERT INTO operator_act (hospital_id, who, act, subject, why, words, sealed_for, words_hash)
	VALUES (p_hospital, p_who, p_act, p_subject::text, p_why, decode(split_part(p_words, ':', 1), 'hex'), CASE WHEN p_words IS NOT NULL THEN p_subject END,
		decode(nullif(split_part(p_words, ':', 2), ''), 'hex'))
$$;

-- The same as operator_said() of words that are sealed, which nobody here can read.
CREATE FUNCTION operator_wrote(p_hospital uuid, p_who text, p_act text, p_subject uuid, p_words text) RETURNS boolean LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT o.who = p_who AND o.words_hash = decode(nullif(split_part(p_words, ':', 2), ''), 'hex') FROM operator_act o
		WHERE o.hospital_id = p_hospital AND o.subject = p_subject::text AND o.act = p_act ORDER BY o.at DESC LIMIT 1), false)
$$;

-- What stands where the words themselves do not: who is to be asked, and whose words zhifuctl money said opens.
CREATE FUNCTION operator_spoke(p_who text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT p_who || ' said why' $$;

-- Ends the work towards sending a claim, also what was to follow from its failure, and, unless p_asked, the questions about it.
-- For operator_claim_step alone.
CREATE FUNCTION claim_work_end(p_hospital uuid, p_claim uuid, p_asked boolean) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	DELETE FROM outbox o WHERE o.hospital_id = p_hospital AND o.claim_id = p_claim AND CASE
		WHEN o.role = 1 AND o.kind IN (1, 5) THEN true
		WHEN o.role = 1 AND o.kind IN (2, 4) THEN NOT p_asked
		WHEN o.role = 2 OR (o.role = 1 AND o.kind = 3) THEN NOT (p_asked AND EXISTS (SELECT 1 FROM message m
			WHERE m.hospital_id = o.hospital_id AND m.message_id = o.message_id AND NOT m.submission))
		ELSE false END
$$;
REVOKE ALL ON FUNCTION claim_work_end FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_work_end TO zhifu_writer;

-- A step on transport that a person takes, with the work that follows from it; from and to come from the life cycle's
-- table in C. p_insurer: who it goes to from now on (route_found). Returns where the claim stands afterwards, or NULL when
-- it had moved on meanwhile and nothing was done. p_why, here and below: sealed for the claim, the work, the message or the fact that it
-- is about, in hex.
CREATE FUNCTION operator_claim_step(p_hospital uuid, p_claim uuid, p_from smallint, p_to smallint, p_event text, p_who text,
	p_why text, p_insurer text, p_work uuid) RETURNS smallint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	doubt record;
	first uuid;
	first_ref text;
BEGIN
	IF p_event NOT IN ('hold', 'release', 'drop', 'resend', 'route_found', 'prove_present', 'prove_absent') THEN
		RAISE EXCEPTION 'no person takes the step "%"', p_event;
	END IF;
	IF coalesce(p_who, '') = '' OR coalesce(p_why, '') = '' THEN
		RAISE EXCEPTION 'a step of a person needs who and why';
	END IF;
	-- Work before state, as translate and dispatch lock them: the other way round two of them could wait for each other.
	PERFORM 1 FROM outbox o WHERE o.hospital_id = p_hospital AND o.claim_id = p_claim ORDER BY o.work_id FOR UPDATE;
	SELECT m.message_id, m.exchange_id,
		(SELECT a.route FROM attempt a WHERE a.hospital_id = m.hospital_id AND a.message_id = m.message_id
			ORDER BY a.attempt DESC LIMIT 1) AS route
	INTO doubt FROM message m
	WHERE m.hospital_id = p_hospital AND m.claim_id = p_claim AND m.direction = 1 AND m.submission AND m.status IN (2, 3)
	ORDER BY m.message_id DESC LIMIT 1;
	IF p_from = 7 AND p_event = 'release' AND doubt.message_id IS NOT NULL THEN
		RAISE EXCEPTION 'its message may have arrived: claim arrived or claim resend';
	END IF;
	IF p_event = 'prove_absent' AND NOT EXISTS (SELECT 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim
		AND s.transport = 8 AND s.vouched > 0 AND s.acknowledgement <> 2 AND s.adjudication < 3)
	THEN
		RAISE EXCEPTION 'only a person''s word that it arrived can be taken back, before the insurer has decided it';
	END IF;
	IF p_event = 'resend' AND doubt.message_id IS NULL THEN
		-- The insurer had answered for it and has lost it: its exchange is over, so it is said anew.
		p_event := 'release';
		p_to := 1;
	END IF;
	PERFORM 1 FROM claim_step(ARRAY[p_hospital], ARRAY[p_claim], ARRAY[1::smallint], ARRAY[p_from], ARRAY[NULL::integer],
		ARRAY[p_to], ARRAY[p_event], ARRAY[p_who], ARRAY[operator_spoke(p_who)]);
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	PERFORM operator_write(p_hospital, p_who, 'claim.' || p_event, p_claim, NULL, p_why);
	UPDATE claim_state s SET vouched = (p_event = 'prove_present')::integer
	WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim AND s.vouched <> (p_event = 'prove_present')::integer;
	-- Work towards sending it ends with each of these steps; a cancellation on its way and facts for settle go on. What the
	-- insurer is being asked goes on too, unless the claim goes another way: an answer may come, and a question whose work
	-- is gone stays open for ever and no other one is asked.
	PERFORM claim_work_end(p_hospital, p_claim, p_event IN ('resend', 'prove_present', 'prove_absent'));

	IF p_event = 'resend' THEN
		IF doubt.route IS NULL THEN
			RAISE EXCEPTION 'there is no message in doubt to send again';
		END IF;
		UPDATE message SET status = 1, why = NULL WHERE hospital_id = p_hospital AND message_id = doubt.message_id;
		UPDATE exchange SET status = 1, updated_at = now()
		WHERE hospital_id = p_hospital AND exchange_id = doubt.exchange_id AND status IN (3, 4);
		INSERT INTO outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id)
		VALUES (p_hospital, p_work, 2, 1, doubt.route, p_claim, doubt.exchange_id, doubt.message_id);
		RETURN p_to;
	END IF;
	IF p_event IN ('prove_present', 'prove_absent') THEN
		-- It arrived after all: answers may still come in the old exchange, and where the insurer can be asked it is asked what
		-- it has decided. Or it did not: then it is asked whether it is there, as with any doubt.
		UPDATE message SET status = 4, why = operator_spoke(p_who) WHERE hospital_id = p_hospital AND message_id = doubt.message_id;
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)
		SELECT p_hospital, p_work, 1, 5, p_claim, m.exchange_id, m.message_id FROM message m
		WHERE m.hospital_id = p_hospital AND m.claim_id = p_claim AND m.direction = 1 AND m.submission
		ORDER BY m.message_id DESC LIMIT 1;
		RETURN p_to;
	END IF;

	-- What was ready to go goes no more; a release translates anew.
	UPDATE message SET status = 6, why = operator_spoke(p_who)
	WHERE hospital_id = p_hospital AND claim_id = p_claim AND direction = 1 AND status = 1;
	UPDATE exchange SET status = 2, why = operator_spoke(p_who), updated_at = now()
	WHERE hospital_id = p_hospital AND claim_id = p_claim AND kind IN (1, 2) AND status IN (1, 3, 4);
	IF p_insurer IS NOT NULL THEN
		UPDATE claim_state SET insurer = p_insurer WHERE hospital_id = p_hospital AND claim_id = p_claim;
	END IF;
	IF p_event = 'route_found' THEN
		SELECT c.duplicate_of INTO first FROM claim c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim;
		IF first IS NULL THEN
			-- It has somewhere to go now: from here on it is a duplicate, or the first one.
			INSERT INTO claim_fingerprint (hospital_id, hash, claim_id)
			SELECT w.hospital_id, w.hash, w.claim_id FROM claim_print_waiting w
			WHERE w.hospital_id = p_hospital AND w.claim_id = p_claim ORDER BY w.hash ON CONFLICT DO NOTHING;
			first := claim_first(p_hospital, p_claim, ARRAY(SELECT w.hash FROM claim_print_waiting w
				WHERE w.hospital_id = p_hospital AND w.claim_id = p_claim));
			DELETE FROM claim_print_waiting w WHERE first IS NULL AND w.hospital_id = p_hospital AND w.claim_id = p_claim;
		END IF;
		IF first IS NOT NULL AND p_from = 2 THEN
			SELECT s.ref INTO first_ref FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = first;
			PERFORM 1 FROM claim_step(ARRAY[p_hospital], ARRAY[p_claim], ARRAY[1::smallint], ARRAY[p_to], ARRAY[NULL::integer],
				ARRAY[4::smallint], ARRAY['duplicate_suspected'], ARRAY['zhifu'],
				ARRAY[concat('same hospital, patient, day, codes and amounts as claim ', coalesce(first_ref, first::text))]);
			RETURN 4;
		END IF;
	END IF;
	IF p_event IN ('release', 'route_found') THEN
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id) VALUES (p_hospital, p_work, 1, 1, p_claim);
	END IF;
	RETURN p_to;
END
$$;

-- Stops a route or lets it go on; whoever owns it looks at this before each message. False: it was not stopped.
CREATE FUNCTION operator_route_stop(p_route text, p_stop boolean, p_who text, p_why text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF NOT p_stop AND NOT EXISTS (SELECT 1 FROM route_lease l WHERE l.route = p_route AND l.stopped) THEN
		RETURN false;
	END IF;
	INSERT INTO route_lease AS l (route, owner, fence, until, stopped, stopped_by, stopped_why, stopped_at)
	VALUES (p_route, '', 0, now(), p_stop, p_who, p_why, now())
	ON CONFLICT (route) DO UPDATE SET stopped = p_stop, stopped_by = p_who, stopped_why = p_why, stopped_at = now();
	PERFORM operator_note('00000000-0000-0000-0000-000000000000', p_who,
		CASE WHEN p_stop THEN 'route.hold' ELSE 'route.release' END, p_route, p_why);
	RETURN true;
END
$$;

-- Holds one piece of work or lets it go on at once with a clean count of crashes. False: there is no such work.
CREATE FUNCTION operator_work_hold(p_hospital uuid, p_work uuid, p_hold boolean, p_who text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	UPDATE outbox SET held = p_hold, held_why = CASE WHEN p_hold THEN operator_spoke(p_who) END,
		crashes = CASE WHEN p_hold THEN crashes ELSE 0 END, due_at = CASE WHEN p_hold THEN due_at ELSE now() END,
		leased_until = CASE WHEN p_hold THEN leased_until ELSE '-infinity' END
	WHERE hospital_id = p_hospital AND work_id = p_work;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM operator_write(p_hospital, p_who, CASE WHEN p_hold THEN 'work.hold' ELSE 'work.release' END, p_work, NULL, p_why);
	RETURN true;
END
$$;

-- Sends a message once more, to where it went, or reads one that came in once more. p_content is sealed for p_new. A
-- submission goes again only from `unknown` (p_step: the life cycle's resend), so it can never be there twice unnoticed.
-- Returns false when the claim or the message had moved on.
CREATE FUNCTION operator_message_replay(p_hospital uuid, p_message uuid, p_new uuid, p_content bytea, p_work uuid, p_who text,
	p_why text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	m record;
	way text;
BEGIN
	IF coalesce(p_who, '') = '' OR coalesce(p_why, '') = '' THEN
		RAISE EXCEPTION 'a replay needs who and why';
	END IF;
	SELECT * INTO m FROM message WHERE hospital_id = p_hospital AND message_id = p_message FOR UPDATE;
	IF NOT FOUND OR (m.direction = 1 AND m.status IN (1, 2)) THEN
		RETURN false; -- it is on its way
	END IF;
	IF m.submission AND m.status = 4 THEN
		RAISE EXCEPTION 'the insurer answered it: claim resend says the claim anew, where it may go again';
	END IF;
	IF m.direction = 1 THEN
		SELECT a.route INTO way FROM attempt a WHERE a.hospital_id = p_hospital AND a.message_id = p_message
		ORDER BY a.attempt DESC LIMIT 1;
		IF way IS NULL THEN
			RAISE EXCEPTION 'the message was never tried, so it has no destination to go to again';
		END IF;
		IF m.submission THEN
			PERFORM 1 FROM claim_step(ARRAY[p_hospital], ARRAY[m.claim_id], ARRAY[1::smallint], ARRAY[7::smallint],
				ARRAY[NULL::integer], ARRAY[5::smallint], ARRAY['resend'], ARRAY[p_who], ARRAY[operator_spoke(p_who)]);
			IF NOT FOUND THEN
				RETURN false;
			END IF;
			UPDATE message SET status = 6, why = 'replaced by a replay' WHERE hospital_id = p_hospital AND message_id = p_message;
		END IF;
		DELETE FROM outbox o WHERE o.hospital_id = p_hospital AND o.message_id = p_message;
	END IF;
	INSERT INTO message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, submission, answers, replay_of,
		replay_who, status, http_status, content)
	VALUES (p_hospital, p_new, m.exchange_id, m.claim_id, m.insurer, m.direction, m.token, m.submission, m.answers, p_message,
		p_who, CASE m.direction WHEN 1 THEN 1 ELSE 11 END, m.http_status, p_content);
	UPDATE exchange SET status = 1, updated_at = now()
	WHERE hospital_id = p_hospital AND exchange_id = m.exchange_id AND status IN (3, 4);
	IF m.direction = 1 THEN
		INSERT INTO outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id)
		VALUES (p_hospital, p_work, 2, 1, way, m.claim_id, m.exchange_id, p_new);
	ELSE
		-- What an insurer sent of its own accord belongs to no exchange yet.
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)
		VALUES (p_hospital, p_work, 1, CASE WHEN m.exchange_id IS NULL THEN 9 ELSE 2 END, m.claim_id, m.exchange_id, p_new);
	END IF;
	PERFORM operator_write(p_hospital, p_who, 'message.replay', p_message, 'as ' || p_new, p_why);
	RETURN true;
END
$$;

-- Does away with what came in and cannot be read or belongs to nothing, with an exchange that stands still for a message that
-- nobody will read, or with an answer that does not fit or does not add up, once it is settled with the insurer: it stays on
-- record and needs nobody any more. What follows from it stays as it is. False: there is none such.
CREATE FUNCTION operator_message_drop(p_hospital uuid, p_id uuid, p_who text, p_why text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	stopped uuid := p_id;
BEGIN
	IF coalesce(p_who, '') = '' OR coalesce(p_why, '') = '' THEN
		RAISE EXCEPTION 'dropping needs who and why';
	END IF;
	UPDATE fact f SET status = CASE f.status WHEN 5 THEN 2 ELSE 6 END, why = concat_ws('; ', 'dropped by ' || p_who, f.why)
	WHERE f.hospital_id = p_hospital AND f.fact_id = p_id AND f.problem;
	IF FOUND THEN
		PERFORM operator_write(p_hospital, p_who, 'fact.drop', p_id, NULL, p_why);
		RETURN true;
	END IF;
	UPDATE message m SET status = 6, why = concat_ws('; ', 'dropped by ' || p_who, m.why)
	WHERE m.hospital_id = p_hospital AND m.message_id = p_id AND m.direction = 2 AND m.status IN (13, 14)
	RETURNING m.exchange_id INTO stopped;
	IF NOT FOUND THEN
		stopped := p_id;
	END IF;
	-- Held, not done: a replay opens it again. While another message of it cannot be read it stays where it is.
	UPDATE exchange x SET status = 4, why = concat_ws('; ', 'dropped by ' || p_who, x.why), updated_at = now()
	WHERE x.hospital_id = p_hospital AND x.exchange_id = stopped AND x.status = 3 AND NOT EXISTS (SELECT 1 FROM message m
		WHERE m.hospital_id = p_hospital AND m.problem AND m.status = 13 AND m.exchange_id = stopped);
	IF NOT FOUND AND stopped = p_id THEN
		RETURN false;
	END IF;
	PERFORM operator_write(p_hospital, p_who, 'message.drop', p_id, NULL, p_why);
	RETURN true;
END
$$;

-- ---- keys ----

-- Every hospital that was ever registered, also those that are no longer configured.
CREATE FUNCTION operator_hospitals() RETURNS TABLE (hospital_id uuid, code text, book_currency text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT h.hospital_id, h.code, h.book_currency FROM hospital h ORDER BY h.code
$$;

CREATE FUNCTION operator_hospital_keys(p_hospital uuid) RETURNS TABLE (version integer, wrapped bytea) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT k.version, k.wrapped FROM hospital_key k WHERE k.hospital_id = p_hospital ORDER BY k.version DESC
$$;

-- The same hospital key under another master key; false when somebody else was faster.
CREATE FUNCTION operator_key_rewrap(p_hospital uuid, p_version integer, p_old bytea, p_new bytea, p_who text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	UPDATE hospital_key SET wrapped = p_new WHERE hospital_id = p_hospital AND version = p_version AND wrapped = p_old;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM operator_note(p_hospital, p_who, 'key.rewrap', 'hospital key ' || p_version, NULL);
	RETURN true;
END
$$;

-- Patient keys that have fewer look-up hashes of p_version than of another one, after p_after: the next p_limit.
CREATE FUNCTION operator_rehash_next(p_hospital uuid, p_version smallint, p_after uuid, p_limit integer)
RETURNS TABLE (patient_key_id uuid, wrapped bytea, identity bytea) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT k.patient_key_id, k.wrapped, k.identity FROM patient_key k
	WHERE k.hospital_id = p_hospital AND k.patient_key_id > p_after AND k.wrapped IS NOT NULL AND EXISTS (
		SELECT 1 FROM patient_lookup l
		WHERE l.hospital_id = k.hospital_id AND l.patient_key_id = k.patient_key_id AND l.key_version <> p_version
		GROUP BY l.key_version HAVING count(*) > (SELECT count(*) FROM patient_lookup n WHERE n.hospital_id = k.hospital_id
			AND n.patient_key_id = k.patient_key_id AND n.key_version = p_version))
	ORDER BY k.patient_key_id LIMIT p_limit
$$;

-- Hashes of the new look-up key beside the old ones, which go on being searched, and the same persons in the year's count.
CREATE FUNCTION operator_rehash_store(p_hospital uuid, p_key uuid[], p_hash bytea[], p_version smallint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	INSERT INTO export_person (hospital_id, year, hash)
	SELECT DISTINCT p_hospital, p.year, t.h FROM unnest(p_key, p_hash) AS t (k, h)
	JOIN patient_lookup l ON l.hospital_id = p_hospital AND l.patient_key_id = t.k
	JOIN export_person p ON p.hospital_id = p_hospital AND p.hash = l.hash
	ON CONFLICT DO NOTHING;
	INSERT INTO patient_lookup (hospital_id, hash, patient_key_id, key_version)
	SELECT p_hospital, t.h, t.k, p_version FROM unnest(p_key, p_hash) AS t (k, h) ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS done = ROW_COUNT;
	RETURN done;
END
$$;

-- Removes the hashes of a look-up key that is to be given up, once every patient has as many newer ones; -1: some have
-- not (an identity that was learnt after the patient's key was made is not in its sealed list: it is hashed anew when the
-- patient comes again).
CREATE FUNCTION operator_rehash_retire(p_hospital uuid, p_version smallint, p_who text) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	done bigint;
BEGIN
	IF EXISTS (SELECT 1 FROM patient_lookup l JOIN patient_key k USING (hospital_id, patient_key_id)
		WHERE l.hospital_id = p_hospital AND l.key_version = p_version AND k.wrapped IS NOT NULL
		GROUP BY l.hospital_id, l.patient_key_id HAVING count(*) > (
			SELECT count(*) FROM patient_lookup n WHERE n.hospital_id = l.hospital_id AND n.patient_key_id = l.patient_key_id
				AND n.key_version = (SELECT max(v.key_version) FROM patient_lookup v WHERE v.hospital_id = p_hospital)
				AND n.key_version <> p_version)) THEN
		RETURN -1;
	END IF;
	DELETE FROM export_person p USING patient_lookup l
	WHERE p.hospital_id = p_hospital AND l.hospital_id = p_hospital AND l.hash = p.hash AND l.key_version = p_version;
	DELETE FROM patient_lookup WHERE hospital_id = p_hospital AND key_version = p_version;
	GET DIAGNOSTICS done = ROW_COUNT;
	PERFORM operator_note(p_hospital, p_who, 'key.retire', 'look-up key ' || p_version, NULL);
	RETURN done;
END
$$;

-- ---- the ledger's proof ----

-- What must hold of a hospital's books, one row per statement: `found` is to be `expected`. Runs with the caller's rights.
CREATE FUNCTION ledger_proof(p_hospital uuid) RETURNS TABLE (statement text, currency text, found bigint, expected bigint)
LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH side AS (
		SELECT p.currency, p.debit AS account, p.amount_minor AS minor FROM posting p WHERE p.hospital_id = p_hospital
		UNION ALL
		SELECT p.currency, p.credit, -p.amount_minor FROM posting p WHERE p.hospital_id = p_hospital
	), account AS (
		SELECT s.currency, s.account, sum(s.minor) AS minor FROM side s GROUP BY 1, 2
	)
	SELECT 'all accounts add up to nothing', a.currency, sum(a.minor)::bigint, 0::bigint FROM account a GROUP BY a.currency
	UNION ALL
	SELECT 'each currency has one exponent', p.currency, count(DISTINCT p.exponent), 1::bigint
	FROM posting p WHERE p.hospital_id = p_hospital GROUP BY p.currency
	UNION ALL
	SELECT 'postings without a value in the books that nobody waits for', NULL, count(*), 0::bigint FROM posting p
	WHERE p.hospital_id = p_hospital AND p.book_minor IS NULL
		AND NOT EXISTS (SELECT 1 FROM posting_unvalued u WHERE u.hospital_id = p.hospital_id AND u.entry_id = p.entry_id AND u.no = p.no)
		AND NOT EXISTS (SELECT 1 FROM posting v WHERE v.hospital_id = p.hospital_id AND v.entry_id = p.entry_id AND v.no = p.no + 10000
			AND v.rule = 'value')
	UNION ALL
	SELECT 'postings whose cause is not on record', NULL, count(*), 0::bigint FROM posting p
	WHERE p.hospital_id = p_hospital AND p.rule <> 'value'
		AND (p.rule IN ('bill', 'allowance', 'bill_beyond', 'fix_billed', 'fix_owed', 'over_decided', 'fx_decided') AND p.source_id = p.claim_id) IS NOT TRUE
		AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.hospital_id = p.hospital_id AND f.fact_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM bank_line b WHERE b.hospital_id = p.hospital_id AND b.line_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM bank_opening b WHERE b.hospital_id = p.hospital_id AND b.entry_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM period r WHERE r.hospital_id = p.hospital_id AND r.period_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM write_off w WHERE w.hospital_id = p.hospital_id AND w.write_off_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM concession k WHERE k.hospital_id = p.hospital_id AND k.concession_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM remittance m WHERE m.hospital_id = p.hospital_id AND m.remittance_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM charge c WHERE c.hospital_id = p.hospital_id AND c.charge_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM patient_bill b WHERE b.hospital_id = p.hospital_id AND b.bill_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM patient_payment y WHERE y.hospital_id = p.hospital_id AND y.payment_id = p.source_id)
		AND NOT EXISTS (SELECT 1 FROM coordination k WHERE k.hospital_id = p.hospital_id AND k.coordination_id = p.source_id)
	UNION ALL
	SELECT 'bank lines that were not posted', NULL, count(*), 0::bigint FROM bank_line b
	WHERE b.hospital_id = p_hospital AND b.amount_minor <> 0
		AND NOT EXISTS (SELECT 1 FROM posting p WHERE p.hospital_id = b.hospital_id AND p.entry_id = b.line_id)
	UNION ALL
	SELECT 'money in suspense is what its account says', coalesce(a.currency, s.currency), coalesce(s.minor, 0), -coalesce(a.minor, 0)::bigint
	FROM (SELECT u.currency, sum(u.open_minor)::bigint AS minor FROM suspense u WHERE u.hospital_id = p_hospital GROUP BY 1) s
	FULL JOIN (SELECT a.currency, a.minor FROM account a WHERE a.account = 'SUSP') a ON a.currency = s.currency
	UNION ALL
	SELECT 'what is charged and neither billed nor paid is what AR-INPT says', h.book_currency, coalesce((SELECT a.minor FROM account a
			WHERE a.account = 'AR-INPT' AND a.currency = h.book_currency), 0)::bigint,
		(coalesce((SELECT sum(greatest(s.charged_minor - s.billed_minor, 0)) FROM stay s WHERE s.hospital_id = p_hospital), 0)
			+ coalesce((SELECT sum(c.amount_minor) FROM charge c WHERE c.hospital_id = p_hospital AND c.stay IS NULL), 0)
			+ coalesce((SELECT sum(a.medical_minor + a.other_minor - a.paid_minor) FROM patient_account a
				WHERE a.hospital_id = p_hospital AND a.receivable = 'AR-INPT'), 0))::bigint
	FROM hospital h WHERE h.hospital_id = p_hospital
	UNION ALL
	SELECT 'deposits held are what DEP says', h.book_currency, -coalesce((SELECT a.minor FROM account a
			WHERE a.account = 'DEP' AND a.currency = h.book_currency), 0)::bigint,
		coalesce((SELECT sum(a.deposit_minor) FROM patient_account a WHERE a.hospital_id = p_hospital), 0)::bigint
	FROM hospital h WHERE h.hospital_id = p_hospital
	UNION ALL
	SELECT 'what acquirers have not settled is what ' || t.account || ' says', h.book_currency, coalesce((SELECT a.minor FROM account a
			WHERE a.account = t.account AND a.currency = h.book_currency), 0)::bigint,
		coalesce((SELECT sum(CASE WHEN y.kind < 3 THEN y.amount_minor ELSE -y.amount_minor END) FROM patient_payment y
			WHERE y.hospital_id = p_hospital AND y.settlement_id IS NULL AND y.method = ANY (t.methods)), 0)::bigint
	FROM hospital h CROSS JOIN (VALUES ('CASH', ARRAY['cash']), ('CLR-CARD', ARRAY['card', 'foreign-card']), ('CLR-WALLET', ARRAY['wallet']))
		AS t (account, methods) WHERE h.hospital_id = p_hospital
	UNION ALL
	SELECT 'what is owed of divided stays is what ' || o.account || ' says', o.currency, coalesce((SELECT a.minor FROM account a
			WHERE a.account = o.account AND a.currency = o.currency), 0)::bigint, o.minor
	FROM coordination_owed o WHERE o.hospital_id = p_hospital
	UNION ALL
	SELECT 'open receivables are what ' || b.account || ' says', b.currency, b.ledger, b.owed FROM books_check(p_hospital) b
	UNION ALL
	SELECT 'open receivables are worth what ' || b.account || ' says', b.currency, b.ledger_book, b.owed_book FROM books_check(p_hospital) b
	UNION ALL
	SELECT 'claims that are owed and owed back at once', NULL, count(*), 0::bigint
	FROM (SELECT p.claim_id, p.currency, CASE WHEN p.credit LIKE 'OVERPAID-%' THEN p.credit ELSE p.debit END AS account,
			sum(CASE WHEN p.credit LIKE 'OVERPAID-%' THEN p.amount_minor ELSE -p.amount_minor END) AS minor
		FROM posting p WHERE p.hospital_id = p_hospital AND (p.debit LIKE 'OVERPAID-%' OR p.credit LIKE 'OVERPAID-%') GROUP BY 1, 2, 3) o
	CROSS JOIN LATERAL receivable_parts(p_hospital, o.claim_id) r
	WHERE r.currency = o.currency AND o.account = 'OVERPAID-' || upper(r.carrier) AND (o.minor < 0 OR (o.minor > 0 AND r.open_minor > 0))
	UNION ALL
	SELECT 'claims billed, and neither owed nor about to be', NULL, count(DISTINCT p.claim_id), 0::bigint FROM posting p
	WHERE p.hospital_id = p_hospital AND p.rule = 'bill' AND p.no = 1
		AND NOT EXISTS (SELECT 1 FROM receivable r WHERE r.hospital_id = p.hospital_id AND r.claim_id = p.claim_id)
		AND NOT EXISTS (SELECT 1 FROM receivable_wait w WHERE w.hospital_id = p.hospital_id AND w.claim_id = p.claim_id)
		AND NOT EXISTS (SELECT 1 FROM posting b WHERE b.hospital_id = p.hospital_id AND b.entry_id = p.claim_id AND b.no = 2)
	UNION ALL
	SELECT 'claims that arrived and were not billed', NULL, count(*), 0::bigint FROM claim_state s
	JOIN claim c ON c.hospital_id = s.hospital_id AND c.claim_id = s.claim_id
	WHERE s.hospital_id = p_hospital AND s.transport = 8 AND s.books = 0 AND c.use = 1
	UNION ALL
	SELECT 'claims billed by state and not by posting', NULL, count(*), 0::bigint FROM claim_state s
	JOIN claim c ON c.hospital_id = s.hospital_id AND c.claim_id = s.claim_id
	WHERE s.hospital_id = p_hospital AND s.books > 0 AND c.total_minor > 0 AND NOT EXISTS (
		SELECT 1 FROM posting p WHERE p.hospital_id = s.hospital_id AND p.claim_id = s.claim_id AND p.rule = 'bill')
	UNION ALL
	SELECT 'claims billed by posting and not by state', NULL, count(DISTINCT p.claim_id), 0::bigint FROM posting p
	JOIN claim_state s ON s.hospital_id = p.hospital_id AND s.claim_id = p.claim_id
	WHERE p.hospital_id = p_hospital AND s.books = 0
$$;

CALL writer_functions('operator\_%');
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.proname LIKE 'operator\_%' LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zhifu_operator', f);
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION ledger_proof FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_proof TO zhifu_operator, zhifu_settle;
