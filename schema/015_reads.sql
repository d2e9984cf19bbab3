-- Reads, searches and cancellations of intake. Reads are plain SELECTs under row-level security; their statements are in
-- daemon/intake/read_sql.c.
SET search_path = zhifu;

-- The hospital's identifier of a task: for searching, and the same identifier again is the same task.
ALTER TABLE task ADD COLUMN identifier_hash bytea;
CREATE UNIQUE INDEX task_identifier ON task (hospital_id, identifier_hash) WHERE identifier_hash IS NOT NULL;
-- Searches by the insurer's number of a decision.
CREATE INDEX adjudication_number ON adjudication (hospital_id, insurer_claim_no) WHERE insurer_claim_no IS NOT NULL;

-- A hospital cancels a claim. Where nothing has left, that is done at once and its work is taken away; where bytes may
-- have left, translate asks the insurer; where there is nothing to cancel, the task says why. The same again gives the
-- first task: one with this identifier, one that is under way, or the one that cancelled it. verdict: 1 stored,
-- 2 there already. p_why: what the hospital said, a code.
CREATE FUNCTION task_commit(p_hospital uuid, p_task uuid, p_claim uuid, p_work uuid, p_identifier bytea, p_why text, p_client text,
	p_content bytea)
RETURNS TABLE (verdict smallint, task_id uuid, claim_id uuid, status text, outcome text, created_at timestamptz,
	updated_at timestamptz) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	now_at claim_state;
	task_status text;
	task_outcome text;
	task_found uuid;
BEGIN
	PERFORM tenant_must(p_hospital);
	-- Work before state, as translate and dispatch lock them: the other way round two of them could wait for each other.
	PERFORM 1 FROM outbox o WHERE o.hospital_id = p_hospital AND o.claim_id = p_claim ORDER BY o.work_id FOR UPDATE;
	-- The row's lock makes two cancellations, and a cancellation and a sending, happen one after the other.
	SELECT * INTO now_at FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim FOR UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	SELECT t.task_id INTO task_found FROM task t WHERE t.hospital_id = p_hospital AND t.identifier_hash = p_identifier;
	IF task_found IS NULL THEN
		SELECT t.task_id INTO task_found FROM task t WHERE t.hospital_id = p_hospital AND t.claim_id = p_claim
			AND (t.task_id = p_task OR t.status IN ('requested', 'accepted', 'in-progress', 'completed'))
		ORDER BY t.task_id DESC LIMIT 1;
	END IF;
	IF task_found IS NOT NULL THEN
		RETURN QUERY SELECT 2::smallint, t.task_id, t.claim_id, t.status, t.outcome, t.created_at, t.updated_at FROM task t
			WHERE t.hospital_id = p_hospital AND t.task_id = task_found;
		RETURN;
	END IF;

	task_status := 'rejected';
	IF now_at.transport = 10 OR now_at.adjudication = 6 THEN
		task_outcome := 'already-cancelled';
	ELSIF now_at.acknowledgement = 2 THEN
		task_outcome := 'not-at-insurer'; -- the insurer never took it, so it has nothing to cancel
	ELSIF now_at.transport IN (6, 7, 8) THEN
		task_status := 'in-progress';
		task_outcome := 'asking-insurer';
		INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, fact_id) VALUES (p_hospital, p_work, 1, 6, p_claim, p_task);
	ELSE
		PERFORM 1 FROM claim_step(ARRAY[p_hospital], ARRAY[p_claim], ARRAY[1::smallint], ARRAY[now_at.transport],
			ARRAY[now_at.transport_seq], ARRAY[10::smallint], ARRAY['cancel'], ARRAY[p_client], ARRAY[p_why]);
		IF NOT FOUND THEN
			RAISE EXCEPTION 'the claim has moved' USING ERRCODE = 'serialization_failure';
		END IF;
		DELETE FROM outbox o WHERE o.hospital_id = p_hospital AND o.claim_id = p_claim AND o.role IN (1, 2);
		UPDATE message m SET status = 6, why = 'the hospital cancelled' WHERE m.hospital_id = p_hospital AND m.claim_id = p_claim AND m.status = 1;
		UPDATE exchange x SET status = 2, why = 'the hospital cancelled', updated_at = now()
			WHERE x.hospital_id = p_hospital AND x.claim_id = p_claim AND x.status <> 2;
		task_status := 'completed';
		task_outcome := 'cancelled-before-sending';
	END IF;
	RETURN QUERY INSERT INTO task AS t (hospital_id, task_id, claim_id, status, reason, outcome, content, identifier_hash)
		VALUES (p_hospital, p_task, p_claim, task_status, p_why, task_outcome, p_content, p_identifier)
		RETURNING 1::smallint, t.task_id, t.claim_id, t.status, t.outcome, t.created_at, t.updated_at;
END
$$;
ALTER FUNCTION task_commit OWNER TO zhifu_writer;
GRANT EXECUTE ON FUNCTION task_commit TO zhifu_intake;
