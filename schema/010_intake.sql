-- The group commit of intake: one call stores many claims of many hospitals, each with its key, its look-ups, its first
-- events and its work, or says why one of them is a repeat.
SET search_path = zhifu;

-- Arrays run in parallel, one element a claim; the p_key_*, p_look_* and p_print_* arrays are lists of their own that name
-- their patient key or claim. Verdicts: 1 stored, 2 replay (same key, same body: the first claim), 3 conflict (same key,
-- other body), 4 stored and held as a business duplicate. A claim without p_key has no idempotency key.
CREATE FUNCTION intake_commit(
	p_hospital uuid[], p_claim uuid[], p_ref text[], p_key bytea[], p_body bytea[], p_use smallint[], p_insurer text[],
	p_patient_key uuid[], p_client text[], p_received timestamptz[], p_service_day integer[], p_total bigint[], p_currency text[],
	p_exponent smallint[], p_lines integer[], p_bill_sequence integer[], p_emergency boolean[], p_predecessor uuid[],
	p_warnings integer[], p_work uuid[], p_content bytea[],
	p_ident_hospital uuid[], p_ident_hash bytea[], p_ident_claim uuid[],
	p_print_hospital uuid[], p_print_hash bytea[], p_print_claim uuid[],
	p_key_hospital uuid[], p_key_id uuid[], p_key_wrapped bytea[], p_key_version integer[], p_key_identity bytea[],
	p_look_hospital uuid[], p_look_hash bytea[], p_look_key uuid[], p_look_version smallint[])
RETURNS TABLE (ordinal integer, verdict smallint, stored_id uuid, stored_ref text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	keyed integer := (SELECT count(k) FROM unnest(p_key) k);
	fresh uuid[];
	repeated uuid[] := '{}';
	doubles uuid[] := '{}';
	firsts uuid[] := '{}';
	fresh_keys integer;
BEGIN
	-- The common case costs one insert: every key is new. Look at what was there only when one was not.
	IF keyed > 0 THEN
		WITH i AS (
			INSERT INTO idempotency (hospital_id, key_hash, body_hash, claim_id)
			SELECT * FROM unnest(p_hospital, p_key, p_body, p_claim) AS t (h, k, b, c) WHERE k IS NOT NULL
			ON CONFLICT DO NOTHING RETURNING idempotency.claim_id)
		SELECT array_agg(i.claim_id), count(*) INTO fresh, fresh_keys FROM i;
		IF fresh_keys < keyed THEN
			SELECT array_agg(t.c) INTO repeated FROM unnest(p_claim, p_key) AS t (c, k)
			WHERE k IS NOT NULL AND t.c <> ALL (coalesce(fresh, '{}'));
			RETURN QUERY SELECT array_position(p_claim, t.c), (CASE WHEN i.body_hash = t.b THEN 2 ELSE 3 END)::smallint, i.claim_id, s.ref
				FROM unnest(p_hospital, p_claim, p_key, p_body) AS t (h, c, k, b)
				JOIN idempotency i ON i.hospital_id = t.h AND i.key_hash = t.k
				LEFT JOIN claim_state s ON s.hospital_id = i.hospital_id AND s.claim_id = i.claim_id
				WHERE t.c = ANY (repeated);
		END IF;
	END IF;

	INSERT INTO patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version, identity)
	SELECT * FROM unnest(p_key_hospital, p_key_id, p_key_wrapped, p_key_version, p_key_identity) ON CONFLICT DO NOTHING;
	INSERT INTO patient_lookup (hospital_id, hash, patient_key_id, key_version)
	SELECT * FROM unnest(p_look_hospital, p_look_hash, p_look_key, p_look_version) ON CONFLICT DO NOTHING;

	IF cardinality(p_print_hash) > 0 THEN
		WITH f AS (
			INSERT INTO claim_fingerprint (hospital_id, hash, claim_id)
			SELECT * FROM unnest(p_print_hospital, p_print_hash, p_print_claim) AS t (h, f, c)
			WHERE cardinality(repeated) = 0 OR c <> ALL (repeated)
			ON CONFLICT DO NOTHING RETURNING hospital_id, hash, claim_id)
		SELECT count(*) INTO fresh_keys FROM f;
		IF fresh_keys < cardinality(p_print_hash) THEN
			SELECT array_agg(d.c), array_agg(d.first) INTO doubles, firsts FROM (
				SELECT DISTINCT ON (t.c) t.c, f.claim_id AS first FROM unnest(p_print_hospital, p_print_hash, p_print_claim) AS t (h, f, c)
				JOIN claim_fingerprint f ON f.hospital_id = t.h AND f.hash = t.f AND f.claim_id <> t.c
				WHERE cardinality(repeated) = 0 OR t.c <> ALL (repeated)
				ORDER BY t.c, f.claim_id) d;
			doubles := coalesce(doubles, '{}');
			firsts := coalesce(firsts, '{}');
		END IF;
	END IF;

	INSERT INTO claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day, total_minor,
		currency, exponent, line_count, bill_sequence, emergency, predecessor_id, warnings, content, duplicate_of)
	SELECT h, c, r, u, i, pk, cl, rec, date '1970-01-01' + sd, tot, cur, ex, li, bs, em, pre, w, co,
		CASE WHEN cardinality(doubles) = 0 THEN NULL ELSE firsts[array_position(doubles, c)] END
	FROM unnest(p_hospital, p_claim, p_ref, p_use, p_insurer, p_patient_key, p_client, p_received, p_service_day, p_total,
		p_currency, p_exponent, p_lines, p_bill_sequence, p_emergency, p_predecessor, p_warnings, p_content)
		AS t (h, c, r, u, i, pk, cl, rec, sd, tot, cur, ex, li, bs, em, pre, w, co)
	WHERE cardinality(repeated) = 0 OR c <> ALL (repeated);

	-- accepted (1), then no_route (2), held (4) as a duplicate, or on to translate.
	INSERT INTO claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq)
	SELECT h, c, r, i, CASE WHEN i IS NULL THEN 2 WHEN c = ANY (doubles) THEN 4 ELSE 1 END,
		CASE WHEN i IS NULL OR c = ANY (doubles) THEN 2 ELSE 1 END
	FROM unnest(p_hospital, p_claim, p_ref, p_insurer) AS t (h, c, r, i)
	WHERE cardinality(repeated) = 0 OR c <> ALL (repeated);

	INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
	SELECT h, c, 1, 1, NULL, 0, 1, 'accept', cl FROM unnest(p_hospital, p_claim, p_client) AS t (h, c, cl)
	WHERE cardinality(repeated) = 0 OR c <> ALL (repeated);
	IF cardinality(doubles) > 0 OR array_position(p_insurer, NULL) IS NOT NULL THEN
		INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who, why)
		SELECT h, c, 1, 2, 1, 1, CASE WHEN i IS NULL THEN 2 ELSE 4 END, CASE WHEN i IS NULL THEN 'route_missing' ELSE 'duplicate_suspected' END,
			'zhifu', CASE WHEN i IS NULL THEN 'no insurer is configured for this coverage' ELSE 'same hospital, patient, day, codes and amounts as an earlier claim' END
		FROM unnest(p_hospital, p_claim, p_insurer) AS t (h, c, i)
		WHERE (i IS NULL OR c = ANY (doubles)) AND (cardinality(repeated) = 0 OR c <> ALL (repeated));
	END IF;

	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id)
	SELECT h, w, 1, 1, c FROM unnest(p_hospital, p_claim, p_insurer, p_work) AS t (h, c, i, w)
	WHERE i IS NOT NULL AND c <> ALL (doubles) AND (cardinality(repeated) = 0 OR c <> ALL (repeated));

	IF cardinality(p_ident_hash) > 0 THEN
		INSERT INTO claim_identifier (hospital_id, hash, claim_id)
		SELECT * FROM unnest(p_ident_hospital, p_ident_hash, p_ident_claim) AS t (h, f, c)
		WHERE cardinality(repeated) = 0 OR c <> ALL (repeated) ON CONFLICT DO NOTHING;
	END IF;

	RETURN QUERY SELECT t.n::integer, (CASE WHEN t.i IS NOT NULL AND t.c = ANY (doubles) THEN 4 ELSE 1 END)::smallint,
		CASE WHEN t.c = ANY (doubles) THEN firsts[array_position(doubles, t.c)] ELSE t.c END, t.r
	FROM unnest(p_claim, p_ref, p_insurer) WITH ORDINALITY AS t (c, r, i, n) WHERE cardinality(repeated) = 0 OR t.c <> ALL (repeated);
END
$$;
ALTER FUNCTION intake_commit OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION intake_commit TO zhifu_intake;
