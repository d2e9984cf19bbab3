-- The group commit of intake: one call stores many claims of many hospitals, each with its key, its look-ups, its first
-- events and its work, or says why one of them is a repeat. And consents, and what a waiting hospital is told.
SET search_path = zhifu;

-- Claims of one person: searches by patient, and the claims that wait for a consent.
CREATE INDEX claim_patient ON claim (patient_key_id);
-- A consent is replaced by the next one of its identifier.
CREATE INDEX consent_identifier ON consent (identifier_hash) WHERE identifier_hash IS NOT NULL;

-- Claims that were held as duplicates of another.
CREATE INDEX claim_double ON claim (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- The earliest claim that is not cancelled and has one of these fingerprints: what a claim with them is a duplicate of.
-- NULL: there is none. The first claim of a fingerprint may be cancelled while one that was held as its duplicate went
-- on: that one counts then. Where none does, the fingerprint is p_claim's from now on. For what fingerprints have found:
-- it looks at each for itself.
CREATE FUNCTION claim_first(p_hospital uuid, p_claim uuid, p_hash bytea[]) RETURNS uuid LANGUAGE plpgsql
SET search_path = zhifu, pg_temp SET enable_seqscan = off AS $$
DECLARE
	print record;
	standing uuid;
	first uuid;
BEGIN
	-- Who comes at the same moment waits here, and then finds the other one.
	FOR print IN SELECT f.hash, f.claim_id FROM claim_fingerprint f
		WHERE f.hospital_id = p_hospital AND f.hash = ANY (p_hash) AND f.claim_id <> p_claim ORDER BY f.hash FOR UPDATE
	LOOP
		WITH RECURSIVE same (claim_id) AS (
			(SELECT print.claim_id
			UNION
			SELECT w.claim_id FROM claim_print_waiting w
			JOIN claim_state s ON s.hospital_id = w.hospital_id AND s.claim_id = w.claim_id AND s.insurer IS NOT NULL
			WHERE w.hospital_id = p_hospital AND w.hash = print.hash)
			UNION
			SELECT c.claim_id FROM same JOIN claim c ON c.hospital_id = p_hospital AND c.duplicate_of = same.claim_id)
		SELECT same.claim_id INTO standing FROM same
		LEFT JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = same.claim_id
		WHERE same.claim_id <> p_claim AND (s.transport = 10 OR s.adjudication = 6) IS NOT TRUE -- no state: of this very call
		ORDER BY same.claim_id LIMIT 1;
		IF FOUND THEN
			first := least(first, standing);
		ELSE
			UPDATE claim_fingerprint f SET claim_id = p_claim WHERE f.hospital_id = p_hospital AND f.hash = print.hash;
		END IF;
	END LOOP;
	RETURN first;
END
$$;
ALTER FUNCTION claim_first OWNER TO zhifu_writer;

-- The arrays from p_ordinal to p_content run in parallel, one element a claim; the p_old_*, p_ident_*, p_print_*, p_key_*
-- and p_look_* arrays are lists of their own that name their claim or patient key. Verdicts: 1 stored, 2 replay (same
-- key, same body: the first claim), 3 conflict (same key, other body), 4 stored and held as a business duplicate of
-- first_id. A claim without p_key has no idempotency key. Each look-up key version makes another hash: p_key is the
-- newest's, p_key_also the one before's, which is stored as well for processes that have not reloaded yet, and p_old_hash
-- are those of all older versions, which are only looked for; p_print_hash and p_seen_hash likewise.
-- A claim with both a header and an identifier has two keys: p_key_also is then three times as long, and its second and
-- last part are to the second keys what p_key and its first part are to the first. Whatever of them is known counts;
-- where they speak of several claims, other content goes before the same.
-- p_key_claim: the claim that brings a patient's key, which is not stored when that claim is not; NULL: always stored.
-- p_whole: all or nothing, a conflict raises ZF409. Safe to run again after an unknown outcome.
-- A hospital waits for each statement of this function, so there are few, and they unnest one array and take the parallel
-- ones by subscript: unnest builds a row store for each array (measured: 2.4 us each, of which a lone claim had 40).
CREATE FUNCTION intake_commit(p_whole boolean, p_ordinal integer[],
	p_hospital uuid[], p_claim uuid[], p_ref text[], p_key bytea[], p_key_also bytea[], p_body bytea[], p_use smallint[], p_insurer text[],
	p_patient_key uuid[], p_client text[], p_received timestamptz[], p_service_day integer[], p_total bigint[], p_currency text[],
	p_exponent smallint[], p_lines integer[], p_bill_sequence integer[], p_emergency boolean[], p_predecessor uuid[],
	p_warnings integer[], p_work uuid[], p_stay text[], p_content bytea[],
	p_old_hospital uuid[], p_old_hash bytea[], p_old_claim uuid[],
	p_ident_hospital uuid[], p_ident_hash bytea[], p_ident_claim uuid[],
	p_print_hospital uuid[], p_print_hash bytea[], p_print_claim uuid[],
	p_seen_hospital uuid[], p_seen_hash bytea[], p_seen_claim uuid[],
	p_key_hospital uuid[], p_key_id uuid[], p_key_wrapped bytea[], p_key_version integer[], p_key_identity bytea[], p_key_claim uuid[],
	p_look_hospital uuid[], p_look_hash bytea[], p_look_key uuid[], p_look_version smallint[], p_look_claim uuid[])
RETURNS TABLE (ordinal integer, verdict smallint, stored_id uuid, stored_ref text, stored_at timestamptz, first_id uuid, first_ref text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	count_all integer := cardinality(p_claim);
	keyed integer := cardinality(array_remove(p_key, NULL));
	keyed_also integer := cardinality(array_remove(p_key_also, NULL));
	hashes integer := keyed + keyed_also; -- to be stored at once
	twice uuid[] := '{}'; -- claims with two keys
	own bytea[];
	first_body bytea;
	first_stored uuid;
	homeless_any boolean := array_position(p_insurer, NULL) IS NOT NULL;
	fresh uuid[];
	repeated uuid[] := '{}';
	bodies bytea[] := '{}';
	stored uuid[] := '{}';
	doubles uuid[] := '{}';
	firsts uuid[] := '{}';
	outlived uuid[] := '{}'; -- doubles of a cancelled claim
	first uuid;
	place integer;
	homeless uuid[] := '{}'; -- claims without an insurer
	settled uuid[] := '{}'; -- claims that go no further for now: without an insurer, or held as duplicates
	fresh_keys integer;
	conflicts text;
BEGIN
	IF cardinality(p_old_hash) > 0 THEN
		SELECT coalesce(array_agg(d.c), '{}'), coalesce(array_agg(d.body_hash), '{}'), coalesce(array_agg(d.claim_id), '{}')
		INTO repeated, bodies, stored FROM (
			SELECT DISTINCT ON (t.c) t.c, i.body_hash, i.claim_id FROM unnest(p_old_hospital, p_old_hash, p_old_claim) AS t (h, k, c)
			JOIN idempotency i ON i.hospital_id = t.h AND i.key_hash = t.k
			ORDER BY t.c, i.body_hash = p_body[array_position(p_claim, t.c)], i.claim_id) d;
	END IF;
	IF cardinality(p_key_also) > count_all THEN
		SELECT coalesce(array_agg(p_claim[n]) FILTER (WHERE is_twice), '{}'),
			coalesce(sum(num_nonnulls(p_key[n], p_key_also[n])) FILTER (WHERE NOT is_twice), 0) INTO twice, hashes
		FROM (SELECT n, p_key_also[count_all + n] IS NOT NULL AS is_twice FROM generate_series(1, count_all) AS g (n)) t;
	END IF;

	-- The common case costs one insert: every key is new. Look at what was there only when one was not.
	IF hashes > 0 THEN
		WITH i AS (
			INSERT INTO idempotency (hospital_id, key_hash, body_hash, claim_id)
			SELECT p_hospital[n], k, p_body[n], c FROM (
				SELECT c, (i - 1) % count_all + 1 AS n, CASE WHEN i > count_all THEN p_key_also[i - count_all] ELSE p_key[i] END AS k
				FROM unnest(p_claim || CASE WHEN keyed_also > 0 THEN p_claim END) WITH ORDINALITY AS u (c, i)) t
			WHERE k IS NOT NULL AND (cardinality(repeated) = 0 OR c <> ALL (repeated)) AND (cardinality(twice) = 0 OR c <> ALL (twice))
			ON CONFLICT DO NOTHING RETURNING idempotency.claim_id)
		SELECT coalesce(array_agg(i.claim_id), '{}'), count(*) INTO fresh, fresh_keys FROM i;
		IF fresh_keys < hashes OR cardinality(repeated) > 0 THEN
			-- One of two hashes is there: somebody with other look-up keys was faster by a moment. The next run finds it.
			IF EXISTS (SELECT 1 FROM unnest(p_claim, p_key_also) AS t (c, a)
				WHERE a IS NOT NULL AND cardinality(array_positions(fresh, t.c)) = 1) THEN
				RAISE EXCEPTION 'two look-up keys meet' USING ERRCODE = 'serialization_failure';
			END IF;
			SELECT repeated || array_agg(t.c), bodies || array_agg(i.body_hash), stored || array_agg(i.claim_id)
			INTO repeated, bodies, stored
			FROM unnest(p_hospital, p_claim, p_key) AS t (h, c, k)
			JOIN idempotency i ON i.hospital_id = t.h AND i.key_hash = t.k
			WHERE t.c <> ALL (fresh) AND t.c <> ALL (repeated) AND t.c <> ALL (twice);
		END IF;
	END IF;
	-- Of two keys one may be known and the other not, and then none is stored: look first, and one claim after the other,
	-- since it may be another claim of this call that has it.
	IF cardinality(twice) > 0 THEN
		FOR n IN 1 .. count_all LOOP
			CONTINUE WHEN p_claim[n] <> ALL (twice) OR p_claim[n] = ANY (repeated);
			own := array_remove(p_key[n] || ARRAY(SELECT p_key_also[j] FROM generate_series(n, cardinality(p_key_also), count_all) AS g (j)), NULL);
			SELECT i.body_hash, i.claim_id INTO first_body, first_stored FROM idempotency i
			WHERE i.hospital_id = p_hospital[n] AND i.key_hash = ANY (own) ORDER BY i.body_hash = p_body[n], i.claim_id LIMIT 1;
			IF FOUND THEN
				repeated := repeated || p_claim[n]; bodies := bodies || first_body; stored := stored || first_stored;
				CONTINUE;
			END IF;
			INSERT INTO idempotency (hospital_id, key_hash, body_hash, claim_id)
			SELECT p_hospital[n], k, p_body[n], p_claim[n] FROM unnest(own) AS t (k) ON CONFLICT DO NOTHING;
			GET DIAGNOSTICS fresh_keys = ROW_COUNT;
			IF fresh_keys < cardinality(own) THEN
				RAISE EXCEPTION 'somebody was faster by a moment' USING ERRCODE = 'serialization_failure';
			END IF;
		END LOOP;
	END IF;
	-- A claim without a key comes twice only when this call is run again.
	IF keyed < count_all THEN
		SELECT repeated || coalesce(array_agg(t.c), '{}'), bodies || array_agg(t.b), stored || coalesce(array_agg(t.c), '{}')
		INTO repeated, bodies, stored
		FROM unnest(p_hospital, p_claim, p_key, p_body) AS t (h, c, k, b)
		JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c WHERE t.k IS NULL;
	END IF;
	IF p_whole AND cardinality(repeated) > 0 THEN
		conflicts := (SELECT string_agg(p_ordinal[array_position(p_claim, r.c)]::text, ' ') FROM unnest(repeated, bodies) AS r (c, b)
			WHERE r.b <> p_body[array_position(p_claim, r.c)]);
		IF conflicts IS NOT NULL THEN
			RAISE EXCEPTION 'an idempotency key was used with other content' USING ERRCODE = 'ZF409', CONSTRAINT = conflicts;
		END IF;
	END IF;

	-- Most persons are known to the caller already.
	IF cardinality(p_key_id) > 0 THEN
		INSERT INTO patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version, identity)
		SELECT h, k, w, v, i FROM unnest(p_key_hospital, p_key_id, p_key_wrapped, p_key_version, p_key_identity, p_key_claim)
			AS t (h, k, w, v, i, c) WHERE cardinality(repeated) = 0 OR c IS NULL OR c <> ALL (repeated) ON CONFLICT DO NOTHING;
	END IF;
	IF cardinality(p_look_hash) > 0 THEN
		INSERT INTO patient_lookup (hospital_id, hash, patient_key_id, key_version)
		SELECT h, f, k, v FROM unnest(p_look_hospital, p_look_hash, p_look_key, p_look_version, p_look_claim) AS t (h, f, k, v, c)
		WHERE cardinality(repeated) = 0 OR c IS NULL OR c <> ALL (repeated) ON CONFLICT DO NOTHING;
	END IF;
	IF count_all = 0 THEN
		RETURN;
	END IF;

	IF cardinality(p_print_hash) > 0 THEN
		IF homeless_any THEN
			homeless := ARRAY(SELECT t.c FROM unnest(p_claim, p_insurer) AS t (c, i) WHERE t.i IS NULL);
			INSERT INTO claim_print_waiting (hospital_id, hash, claim_id)
			SELECT * FROM unnest(p_print_hospital || p_seen_hospital, p_print_hash || p_seen_hash, p_print_claim || p_seen_claim) AS t (h, f, c)
			WHERE c = ANY (homeless) AND (cardinality(repeated) = 0 OR c <> ALL (repeated)) ON CONFLICT DO NOTHING;
		END IF;
		INSERT INTO claim_fingerprint (hospital_id, hash, claim_id)
		SELECT p_print_hospital[i], p_print_hash[i], c FROM unnest(p_print_claim) WITH ORDINALITY AS t (c, i)
		WHERE (cardinality(repeated) = 0 OR c <> ALL (repeated)) AND (cardinality(homeless) = 0 OR c <> ALL (homeless))
		ON CONFLICT DO NOTHING;
		GET DIAGNOSTICS fresh_keys = ROW_COUNT;
		IF fresh_keys < cardinality(p_print_hash) OR cardinality(p_seen_hash) > 0 THEN
			SELECT coalesce(array_agg(d.c), '{}'), coalesce(array_agg(d.first), '{}'),
				coalesce(array_agg(d.c ORDER BY d.c) FILTER (WHERE d.is_over), '{}') INTO doubles, firsts, outlived FROM (
				SELECT t.c, (array_agg(f.claim_id ORDER BY f.claim_id))[1] AS first, bool_or(EXISTS (SELECT 1 FROM claim_state s
					WHERE s.hospital_id = f.hospital_id AND s.claim_id = f.claim_id AND (s.transport = 10 OR s.adjudication = 6))) AS is_over
				FROM unnest(p_print_hospital || p_seen_hospital, p_print_hash || p_seen_hash, p_print_claim || p_seen_claim) AS t (h, f, c)
				JOIN claim_fingerprint f ON f.hospital_id = t.h AND f.hash = t.f AND f.claim_id <> t.c
				WHERE (cardinality(repeated) = 0 OR t.c <> ALL (repeated)) AND (cardinality(homeless) = 0 OR t.c <> ALL (homeless))
				GROUP BY t.c) d;
			FOR n IN 1 .. cardinality(outlived) LOOP
				place := array_position(doubles, outlived[n]);
				first := claim_first(p_hospital[array_position(p_claim, outlived[n])], outlived[n],
					ARRAY(SELECT t.f FROM unnest(p_print_hash || p_seen_hash, p_print_claim || p_seen_claim) AS t (f, c) WHERE t.c = outlived[n]));
				IF first IS NULL THEN
					doubles := doubles[:place - 1] || doubles[place + 1:];
					firsts := firsts[:place - 1] || firsts[place + 1:];
				ELSE
					firsts[place] := first;
				END IF;
			END LOOP;
		END IF;
	END IF;

	IF homeless_any OR cardinality(doubles) > 0 THEN
		settled := ARRAY(SELECT c FROM unnest(p_claim, p_insurer) AS t (c, i) WHERE i IS NULL OR c = ANY (doubles));
	END IF;
	-- accepted (1), then no_route (2), held (4) as a duplicate, or on to translate.
	RETURN QUERY WITH k AS (
		INSERT INTO claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day, total_minor,
			currency, exponent, line_count, bill_sequence, emergency, predecessor_id, warnings, stay, content, duplicate_of)
		SELECT p_hospital[i], c, p_ref[i], p_use[i], p_insurer[i], p_patient_key[i], p_client[i], p_received[i],
			date '1970-01-01' + p_service_day[i], p_total[i], p_currency[i], p_exponent[i], p_lines[i], p_bill_sequence[i],
			p_emergency[i], p_predecessor[i], p_warnings[i], p_stay[i], p_content[i],
			CASE WHEN cardinality(doubles) = 0 THEN NULL ELSE firsts[array_position(doubles, c)] END
		FROM unnest(p_claim) WITH ORDINALITY AS t (c, i) WHERE cardinality(repeated) = 0 OR c <> ALL (repeated)
	), s AS (
		INSERT INTO claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq)
		SELECT p_hospital[i], c, p_ref[i], p_insurer[i],
			CASE WHEN p_insurer[i] IS NULL THEN 2 WHEN is_settled THEN 4 ELSE 1 END, CASE WHEN is_settled THEN 2 ELSE 1 END
		FROM (SELECT c, i, cardinality(settled) > 0 AND c = ANY (settled) AS is_settled FROM unnest(p_claim) WITH ORDINALITY AS u (c, i)) t
		WHERE cardinality(repeated) = 0 OR c <> ALL (repeated)
	), e AS (
		INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
		SELECT p_hospital[i], c, 1, 1, NULL, 0, 1, 'accept', p_client[i]
		FROM unnest(p_claim) WITH ORDINALITY AS t (c, i) WHERE cardinality(repeated) = 0 OR c <> ALL (repeated)
	), w AS (
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id)
		SELECT p_hospital[i], p_work[i], 1, 1, c
		FROM unnest(p_claim) WITH ORDINALITY AS t (c, i) WHERE (cardinality(repeated) = 0 OR c <> ALL (repeated))
			AND (cardinality(settled) = 0 OR c <> ALL (settled))
	), d AS (
		INSERT INTO claim_identifier (hospital_id, hash, claim_id)
		SELECT p_ident_hospital[i], p_ident_hash[i], c FROM unnest(p_ident_claim) WITH ORDINALITY AS t (c, i)
		WHERE cardinality(repeated) = 0 OR c <> ALL (repeated)
	)
	SELECT p_ordinal[i], 1::smallint, c, p_ref[i], p_received[i], NULL::uuid, NULL::text
	FROM unnest(p_claim) WITH ORDINALITY AS t (c, i) WHERE (cardinality(repeated) = 0 OR c <> ALL (repeated))
		AND (cardinality(doubles) = 0 OR p_insurer[i] IS NULL OR c <> ALL (doubles));
	IF cardinality(settled) > 0 THEN
		INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who, why)
		SELECT h, c, 1, 2, 1, 1, CASE WHEN i IS NULL THEN 2 ELSE 4 END, CASE WHEN i IS NULL THEN 'route_missing' ELSE 'duplicate_suspected' END,
			'zhifu', CASE WHEN i IS NULL THEN 'no insurer is configured for this coverage' ELSE 'same hospital, patient, day, codes and amounts as an earlier claim' END
		FROM unnest(p_hospital, p_claim, p_insurer) AS t (h, c, i)
		WHERE c = ANY (settled) AND (cardinality(repeated) = 0 OR c <> ALL (repeated));
	END IF;

	-- Repeats last: the first claim may be one of this very call.
	IF cardinality(repeated) > 0 THEN
		RETURN QUERY SELECT t.o, (CASE WHEN r.b = t.b THEN 2 ELSE 3 END)::smallint, k.claim_id, k.ref,
				k.received_at, CASE WHEN k.insurer IS NULL THEN NULL ELSE k.duplicate_of END, f.ref
			FROM unnest(p_ordinal, p_hospital, p_claim, p_body) AS t (o, h, c, b)
			JOIN unnest(repeated, bodies, stored) AS r (c, b, s) ON r.c = t.c
			JOIN claim k ON k.hospital_id = t.h AND k.claim_id = r.s
			LEFT JOIN claim_state f ON f.hospital_id = k.hospital_id AND f.claim_id = k.duplicate_of;
	END IF;
	IF cardinality(doubles) > 0 THEN
		RETURN QUERY SELECT t.o, 4::smallint, t.c, t.r, t.at, d.f, s.ref
			FROM unnest(p_ordinal, p_hospital, p_claim, p_ref, p_received, p_insurer) AS t (o, h, c, r, at, i)
			JOIN unnest(doubles, firsts) AS d (c, f) ON d.c = t.c
			LEFT JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = d.f
			WHERE t.i IS NOT NULL;
	END IF;
END
$$;

-- The same row by row for a batch that PostgreSQL refused: each claim in a subtransaction of its own. A refused one comes
-- back with verdict 0 and its SQLSTATE as stored_ref.
CREATE FUNCTION intake_salvage(p_whole boolean, p_ordinal integer[],
	p_hospital uuid[], p_claim uuid[], p_ref text[], p_key bytea[], p_key_also bytea[], p_body bytea[], p_use smallint[], p_insurer text[],
	p_patient_key uuid[], p_client text[], p_received timestamptz[], p_service_day integer[], p_total bigint[], p_currency text[],
	p_exponent smallint[], p_lines integer[], p_bill_sequence integer[], p_emergency boolean[], p_predecessor uuid[],
	p_warnings integer[], p_work uuid[], p_stay text[], p_content bytea[],
	p_old_hospital uuid[], p_old_hash bytea[], p_old_claim uuid[],
	p_ident_hospital uuid[], p_ident_hash bytea[], p_ident_claim uuid[],
	p_print_hospital uuid[], p_print_hash bytea[], p_print_claim uuid[],
	p_seen_hospital uuid[], p_seen_hash bytea[], p_seen_claim uuid[],
	p_key_hospital uuid[], p_key_id uuid[], p_key_wrapped bytea[], p_key_version integer[], p_key_identity bytea[], p_key_claim uuid[],
	p_look_hospital uuid[], p_look_hash bytea[], p_look_key uuid[], p_look_version smallint[], p_look_claim uuid[])
RETURNS TABLE (ordinal integer, verdict smallint, stored_id uuid, stored_ref text, stored_at timestamptz, first_id uuid, first_ref text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	-- Keys that no claim brings are for consents, which follow.
	INSERT INTO patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version, identity)
	SELECT h, k, w, v, i FROM unnest(p_key_hospital, p_key_id, p_key_wrapped, p_key_version, p_key_identity, p_key_claim)
		AS t (h, k, w, v, i, c) WHERE c IS NULL ON CONFLICT DO NOTHING;
	INSERT INTO patient_lookup (hospital_id, hash, patient_key_id, key_version)
	SELECT h, f, k, v FROM unnest(p_look_hospital, p_look_hash, p_look_key, p_look_version, p_look_claim) AS t (h, f, k, v, c)
	WHERE c IS NULL ON CONFLICT DO NOTHING;
	FOR i IN 1 .. coalesce(cardinality(p_claim), 0) LOOP
		BEGIN
			RETURN QUERY SELECT * FROM intake_commit(p_whole, p_ordinal[i:i],
				p_hospital[i:i], p_claim[i:i], p_ref[i:i], p_key[i:i],
				ARRAY(SELECT p_key_also[j] FROM generate_series(i, cardinality(p_key_also), cardinality(p_claim)) AS g (j)),
				p_body[i:i], p_use[i:i], p_insurer[i:i],
				p_patient_key[i:i], p_client[i:i], p_received[i:i], p_service_day[i:i], p_total[i:i], p_currency[i:i],
				p_exponent[i:i], p_lines[i:i], p_bill_sequence[i:i], p_emergency[i:i], p_predecessor[i:i],
				p_warnings[i:i], p_work[i:i], p_stay[i:i], p_content[i:i],
				ARRAY(SELECT a FROM unnest(p_old_hospital, p_old_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_old_hash, p_old_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_old_claim) t (c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_ident_hospital, p_ident_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_ident_hash, p_ident_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_ident_claim) t (c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_print_hospital, p_print_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_print_hash, p_print_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_print_claim) t (c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_seen_hospital, p_seen_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_seen_hash, p_seen_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_seen_claim) t (c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_key_hospital, p_key_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_key_id, p_key_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_key_wrapped, p_key_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_key_version, p_key_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_key_identity, p_key_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_key_claim) t (c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_look_hospital, p_look_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_look_hash, p_look_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_look_key, p_look_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT a FROM unnest(p_look_version, p_look_claim) t (a, c) WHERE c = p_claim[i]),
				ARRAY(SELECT c FROM unnest(p_look_claim) t (c) WHERE c = p_claim[i]));
		EXCEPTION
			-- What may pass by itself is for the caller to run again as a whole.
			WHEN serialization_failure OR deadlock_detected OR query_canceled OR admin_shutdown OR insufficient_resources THEN
				RAISE;
			WHEN OTHERS THEN
				ordinal := p_ordinal[i]; verdict := 0; stored_id := p_claim[i]; stored_ref := SQLSTATE;
				stored_at := NULL; first_id := NULL; first_ref := NULL;
				RETURN NEXT;
		END;
	END LOOP;
END
$$;

-- What a consent says, hashed with its patient, and when it says that it was given. What permits counts once: a repeated
-- request must not bring back what was withdrawn since.
ALTER TABLE consent ADD COLUMN content_hash bytea, ADD COLUMN stated_at timestamptz;
CREATE UNIQUE INDEX consent_said ON consent (content_hash, hospital_id) WHERE in_force;
CREATE INDEX consent_refused ON consent (content_hash) WHERE NOT in_force;

-- Stores consents, each on its own: a refused one comes back with its SQLSTATE (with p_whole it refuses them all). One with the identifier of an earlier one
-- replaces it (p_past_hash: that identifier under older look-up keys). One that permits wakes the claims of the same person that wait for it. Recipients and purposes are
-- blank-separated codes; NULL (all) only where it is not in force. p_said: hash of what it says (p_same_hash: under older look-up keys); p_stated and
-- p_stated_end: the first instant of its dateTime and the one after its last. p_gate: the claim that the consent goes with; p_any: claims of which it goes with any.
-- It counts only when such a claim is stored. (hospital_id = x) IS TRUE, as in export_basis(), and OFFSET 0: plans made before the first
-- statistics went to all consents, claims and clocks of the hospital (measured: 2 ms a consent at 5,000). fate: 1 stored, 2 there already as stored_id, 3 not stored, stored_id is newer, 4 not stored, for want of its claim.
CREATE FUNCTION consent_commit(p_whole boolean, p_ordinal integer[], p_hospital uuid[], p_consent uuid[], p_patient_key uuid[], p_in_force boolean[],
	p_recipients text[], p_purposes text[], p_from timestamptz[], p_until timestamptz[], p_identifier bytea[], p_content bytea[],
	p_client text[], p_past_hash bytea[], p_past_consent uuid[], p_said bytea[], p_stated timestamptz[], p_stated_end timestamptz[],
	p_gate uuid[], p_same_hash bytea[], p_same_consent uuid[], p_any uuid[])
RETURNS TABLE (ordinal integer, consent_id uuid, refused text, woken integer, fate smallint, stored_id uuid) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
	past bytea[];
	same bytea[];
	persons uuid[];
	theirs uuid[]; -- claims
	one uuid;
	waiting uuid[];
BEGIN
	FOR i IN 1 .. coalesce(cardinality(p_consent), 0) LOOP
		ordinal := p_ordinal[i]; consent_id := p_consent[i]; refused := NULL; woken := 0; fate := 1; stored_id := p_consent[i];
		IF (p_gate[i] IS NOT NULL AND NOT EXISTS (SELECT 1 FROM claim k WHERE k.hospital_id = p_hospital[i] AND k.claim_id = p_gate[i]))
			OR (cardinality(p_any) > 0 AND NOT EXISTS (SELECT 1 FROM unnest(p_any) AS t (c), LATERAL (SELECT 1 FROM claim k
				WHERE k.hospital_id = p_hospital[i] AND k.claim_id = t.c OFFSET 0) k)) THEN
			fate := 4; stored_id := NULL;
			RETURN NEXT;
			CONTINUE;
		END IF;
		BEGIN
			past := '{}';
			IF p_identifier[i] IS NOT NULL THEN
				-- Earlier ones by id, not all others: run again, this must not withdraw one that came meanwhile.
				past := p_identifier[i] || ARRAY(SELECT h FROM unnest(p_past_hash, p_past_consent) AS t (h, c) WHERE c = p_consent[i]);
			END IF;
			same := p_said[i] || ARRAY(SELECT h FROM unnest(p_same_hash, p_same_consent) AS t (h, c) WHERE c = p_consent[i]);
			persons := ARRAY(SELECT DISTINCT o.patient_key_id FROM patient_lookup l
				JOIN patient_lookup o ON o.hospital_id = l.hospital_id AND o.hash = l.hash
				WHERE (l.hospital_id = p_hospital[i]) IS TRUE AND l.patient_key_id = p_patient_key[i]);
			-- A refusal is a repetition only while nothing newer is there: said again after a new permission, it counts.
			SELECT c.consent_id, 2 INTO stored_id, fate FROM consent c
			WHERE (c.hospital_id = p_hospital[i]) IS TRUE AND c.content_hash = ANY (same)
				AND (c.in_force AND p_in_force[i] OR NOT c.in_force AND NOT p_in_force[i])
				AND (c.in_force OR c.consent_id = p_consent[i] OR NOT EXISTS (SELECT 1 FROM consent n
					WHERE (n.hospital_id = p_hospital[i]) IS TRUE AND n.patient_key_id = ANY (persons)
						AND (n.created_at, n.consent_id) > (c.created_at, c.consent_id)))
			ORDER BY c.created_at DESC, c.consent_id DESC LIMIT 1;
			IF NOT FOUND AND cardinality(past) > 0 THEN
				SELECT c.consent_id, 3 INTO stored_id, fate FROM consent c
				WHERE (c.hospital_id = p_hospital[i]) IS TRUE AND c.identifier_hash = ANY (past) AND c.stated_at >= p_stated_end[i]
				ORDER BY c.created_at DESC, c.consent_id DESC LIMIT 1;
			END IF;
			IF stored_id IS NULL THEN
				INSERT INTO consent (hospital_id, consent_id, patient_key_id, in_force, recipients, purposes, valid_from, valid_until,
					identifier_hash, content, content_hash, stated_at)
				VALUES (p_hospital[i], p_consent[i], p_patient_key[i], p_in_force[i], string_to_array(p_recipients[i], ' '),
					string_to_array(p_purposes[i], ' '), p_from[i], p_until[i], p_identifier[i], p_content[i], p_said[i], p_stated[i])
				ON CONFLICT DO NOTHING;
				IF FOUND THEN
					fate := 1; stored_id := p_consent[i];
					UPDATE consent c SET withdrawn_at = now() WHERE cardinality(past) > 0 AND (c.hospital_id = p_hospital[i]) IS TRUE
						AND c.identifier_hash = ANY (past) AND c.consent_id < p_consent[i] AND c.withdrawn_at IS NULL;
				ELSE -- somebody said the same at the same moment
					fate := 2;
					SELECT c.consent_id INTO stored_id FROM consent c
					WHERE c.hospital_id = p_hospital[i] AND c.content_hash = p_said[i] AND c.in_force;
				END IF;
			ELSIF stored_id = p_consent[i] THEN
				fate := 1; -- this very call, run again
			END IF;
			IF fate = 1 AND p_in_force[i] THEN
				theirs := ARRAY(SELECT k.claim_id FROM claim k
					WHERE (k.hospital_id = p_hospital[i]) IS TRUE AND k.patient_key_id = ANY (persons));
				waiting := ARRAY(SELECT s.claim_id FROM unnest(theirs) AS t (c), LATERAL (SELECT w.claim_id FROM claim_state w
					WHERE w.hospital_id = p_hospital[i] AND w.claim_id = t.c AND w.transport = 3 OFFSET 0) s);
				IF cardinality(waiting) > 0 THEN
					WITH stepped AS (
						SELECT t.claim_id FROM claim_step(array_fill(p_hospital[i], ARRAY[cardinality(waiting)]), waiting,
							array_fill(1::smallint, ARRAY[cardinality(waiting)]), array_fill(3::smallint, ARRAY[cardinality(waiting)]),
							array_fill(NULL::integer, ARRAY[cardinality(waiting)]), array_fill(1::smallint, ARRAY[cardinality(waiting)]),
							array_fill('consent_given'::text, ARRAY[cardinality(waiting)]),
							array_fill(p_client[i], ARRAY[cardinality(waiting)]),
							array_fill('a consent came'::text, ARRAY[cardinality(waiting)])) t
					), work AS (
						INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id)
						SELECT p_hospital[i], gen_random_uuid(), 1, 1, claim_id FROM stepped RETURNING 1)
					SELECT count(*) INTO woken FROM work;
				END IF;
				FOREACH one IN ARRAY theirs LOOP
					UPDATE consent_clock c SET met_at = now()
					WHERE c.hospital_id = p_hospital[i] AND c.claim_id = one AND c.met_at IS NULL;
				END LOOP;
			END IF;
		EXCEPTION
			WHEN serialization_failure OR deadlock_detected OR query_canceled OR admin_shutdown OR insufficient_resources THEN
				RAISE;
			WHEN OTHERS THEN
				IF p_whole THEN
					RAISE;
				END IF;
				refused := SQLSTATE;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;

-- What hospitals that wait for a decision are told: the claims on which there is something to say, and those of p_once
-- in any case. transport, the axes,
-- and the latest answer of the insurer with the key that opens it.
CREATE FUNCTION intake_waits(p_hospital uuid[], p_claim uuid[], p_once boolean[])
RETURNS TABLE (claim_id uuid, transport smallint, acknowledgement smallint, adjudication smallint, adjudication_id uuid,
	content bytea, patient_key_id uuid, wrapped bytea, hospital_key_version integer, why text, updated timestamptz,
	version integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT s.claim_id, s.transport, s.acknowledgement, s.adjudication, a.adjudication_id, a.content, k.patient_key_id,
		p.wrapped, p.hospital_key_version, e.why,
		-- As STANDING of daemon/intake/read_sql.c: what is told is what can be read.
		greatest(s.updated_at, a.created_at), s.transport_seq + s.acknowledgement_seq + s.adjudication_seq + s.payment_seq
			+ s.books_seq + (SELECT count(*)::integer FROM adjudication n WHERE n.hospital_id = t.h AND n.claim_id = t.c)
	FROM unnest(p_hospital, p_claim, p_once) AS t (h, c, once)
	JOIN claim_state s ON s.hospital_id = t.h AND s.claim_id = t.c
	JOIN claim k ON k.hospital_id = t.h AND k.claim_id = t.c
	JOIN patient_key p ON p.hospital_id = t.h AND p.patient_key_id = k.patient_key_id
	LEFT JOIN LATERAL (SELECT a.adjudication_id, a.content, a.created_at FROM adjudication a
		WHERE a.hospital_id = t.h AND a.claim_id = t.c AND (s.adjudication IN (3, 4, 5) OR s.acknowledgement = 2 OR s.adjudication = 6 AND a.outcome <> 1)
		ORDER BY a.adjudication_id DESC LIMIT 1) a ON true
	LEFT JOIN LATERAL (SELECT e.why FROM claim_event e WHERE e.hospital_id = t.h AND e.claim_id = t.c
		AND e.axis = CASE WHEN s.acknowledgement = 2 THEN 2 ELSE 1 END AND (s.acknowledgement = 2 OR s.transport IN (2, 3, 4, 9, 10))
		ORDER BY e.seq DESC LIMIT 1) e ON true
	WHERE t.once OR s.adjudication IN (3, 4, 5, 6) OR s.acknowledgement = 2 OR s.transport IN (2, 3, 4, 9, 10)
$$;

ALTER FUNCTION intake_commit OWNER TO zhifu_writer;
ALTER FUNCTION intake_salvage OWNER TO zhifu_writer;
ALTER FUNCTION consent_commit OWNER TO zhifu_writer;
ALTER FUNCTION intake_waits OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION intake_commit, intake_salvage, consent_commit, intake_waits TO zhifu_intake;
