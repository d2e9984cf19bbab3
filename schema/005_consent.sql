-- The gate: may this claim's data go to this recipient, and on what ground; and the ledger of what went.
SET search_path = zhifu;

-- One row per claim asked for: basis 1 a consent is in force, 2 emergency without one, 0 none. A person is whoever shares
-- an identity hash. The latest consent that covers the recipient decides, so a later refusal or withdrawal wins.
CREATE FUNCTION export_basis(p_hospital uuid[], p_claim uuid[], p_recipient text[], p_purposes text[])
RETURNS TABLE (hospital_id uuid, claim_id uuid, basis smallint, consent_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	SELECT a.h, a.c, (CASE WHEN g.in_force THEN 1 WHEN a.emergency AND g.consent_id IS NULL THEN 2 ELSE 0 END)::smallint,
		CASE WHEN g.in_force THEN g.consent_id END
	FROM (
		SELECT t.h, t.c, t.r, k.patient_key_id, k.emergency FROM unnest(p_hospital, p_claim, p_recipient) AS t (h, c, r)
		JOIN claim k ON k.hospital_id = t.h AND k.claim_id = t.c
	) a LEFT JOIN LATERAL (
		SELECT s.consent_id,
			s.in_force AND s.withdrawn_at IS NULL AND s.valid_from <= now() AND now() < s.valid_until AS in_force
		FROM consent s
		WHERE s.hospital_id = a.h AND (s.recipients IS NULL OR a.r = ANY (s.recipients)) AND s.purposes && p_purposes
			AND s.patient_key_id IN (
				SELECT o.patient_key_id FROM patient_lookup i
				JOIN patient_lookup o ON o.hospital_id = i.hospital_id AND o.hash = i.hash
				WHERE i.hospital_id = a.h AND i.patient_key_id = a.patient_key_id)
		ORDER BY s.created_at DESC, s.consent_id DESC LIMIT 1
	) g ON true
$$;

-- Writes the export ledger for messages about to leave and counts new persons of the hospital's calendar year. Returns
-- the messages that may leave and their new count; a message over p_stop persons is missing from the answer, and so is
-- one whose claim has no basis any more. Called in the transaction that records the intent to send. p_claim NULL: the
-- message carries no person's data (basis 3).
CREATE FUNCTION export_record(p_hospital uuid[], p_export uuid[], p_message uuid[], p_claim uuid[], p_recipient text[],
	p_purposes text[], p_fields text[], p_stop integer, p_consent_days integer)
RETURNS TABLE (hospital_id uuid, message_id uuid, basis smallint, persons integer) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	m record;
	fresh boolean;
	total integer;
BEGIN
	FOR m IN
		SELECT t.h, t.e, t.m, t.c, t.r, t.f, b.basis, b.consent_id, k.patient_key_id,
			extract(year FROM now() AT TIME ZONE o.zone)::smallint AS year,
			t.c IS NOT NULL AND NOT EXISTS (
				SELECT 1 FROM patient_lookup l JOIN export_person p ON p.hospital_id = l.hospital_id AND p.hash = l.hash
					AND p.year = extract(year FROM now() AT TIME ZONE o.zone)::smallint
				WHERE l.hospital_id = t.h AND l.patient_key_id = k.patient_key_id) AS maybe_new,
			EXISTS (SELECT 1 FROM export_ledger x WHERE x.hospital_id = t.h AND x.message_id = t.m) AS again
		FROM unnest(p_hospital, p_export, p_message, p_claim, p_recipient, p_fields) AS t (h, e, m, c, r, f)
		JOIN hospital o ON o.hospital_id = t.h
		LEFT JOIN claim k ON k.hospital_id = t.h AND k.claim_id = t.c
		LEFT JOIN export_basis(p_hospital, p_claim, p_recipient, p_purposes) b ON b.hospital_id = t.h AND b.claim_id = t.c AND t.c IS NOT NULL
		ORDER BY t.h, t.m
	LOOP
		IF m.c IS NOT NULL AND coalesce(m.basis, 0) = 0 THEN
			CONTINUE;
		END IF;
		fresh := false;
		total := NULL;
		IF m.maybe_new THEN
			-- The count row is the lock: two processes cannot both see the last free place.
			INSERT INTO export_count AS n (hospital_id, year) VALUES (m.h, m.year) ON CONFLICT DO NOTHING;
			SELECT n.persons INTO total FROM export_count n WHERE n.hospital_id = m.h AND n.year = m.year FOR UPDATE;
			fresh := NOT EXISTS (
				SELECT 1 FROM patient_lookup l JOIN export_person p ON p.hospital_id = l.hospital_id AND p.hash = l.hash AND p.year = m.year
				WHERE l.hospital_id = m.h AND l.patient_key_id = m.patient_key_id);
			-- Care in an emergency is not refused for a number; it is counted and shows.
			IF fresh AND total >= p_stop AND m.basis <> 2 THEN
				CONTINUE;
			END IF;
			INSERT INTO export_person (hospital_id, year, hash)
			SELECT l.hospital_id, m.year, l.hash FROM patient_lookup l
			WHERE l.hospital_id = m.h AND l.patient_key_id = m.patient_key_id ON CONFLICT DO NOTHING;
			IF fresh THEN
				UPDATE export_count n SET persons = n.persons + 1 WHERE n.hospital_id = m.h AND n.year = m.year RETURNING n.persons INTO total;
			END IF;
		END IF;
		IF NOT m.again THEN
			INSERT INTO export_ledger (hospital_id, export_id, message_id, claim_id, recipient, basis, consent_id, fields, person_new)
			VALUES (m.h, m.e, m.m, m.c, m.r, coalesce(m.basis, 3), m.consent_id, m.f, fresh);
		END IF;
		IF m.basis = 2 THEN
			INSERT INTO consent_clock (hospital_id, claim_id, due_at)
			VALUES (m.h, m.c, now() + make_interval(days => p_consent_days)) ON CONFLICT DO NOTHING;
		END IF;
		RETURN QUERY SELECT m.h, m.m, coalesce(m.basis, 3)::smallint, total;
	END LOOP;
END
$$;
ALTER FUNCTION export_basis OWNER TO zhifu_writer;
ALTER FUNCTION export_record OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION export_basis TO zhifu_translate, zhifu_dispatch, zhifu_intake, zhifu_operator;
GRANT EXECUTE ON FUNCTION export_record TO zhifu_dispatch;
