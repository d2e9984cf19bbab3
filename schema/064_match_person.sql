-- What persons do with money that waits, and by what payers are known; and who may call what of matching (049, 056, this).
SET search_path = zhifu;

-- ---- what persons do ----

-- Beside what is said of each: -6 the money is held, -7 there are as many as may be.

-- Who has seen the line before has seen another one.
CREATE FUNCTION match_touch(p_hospital uuid, p_line uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE suspense s SET version = s.version + 1 WHERE s.hospital_id = p_hospital AND s.line_id = p_line
$$;

-- Not this answer: it is not offered again, and the item is never again posted by itself. p_print: of the candidate that was seen, in
-- hex. 1 done, 0 there is no such candidate, -1 the number is another one's by now.
CREATE FUNCTION match_reject(p_hospital uuid, p_line uuid, p_part integer, p_no smallint, p_print text, p_who text, p_why text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	found_print bytea;
BEGIN
	IF NOT suspense_lock(p_hospital, ARRAY[p_line]) THEN
		RETURN -6;
	END IF;
	SELECT c.print INTO found_print FROM match_candidate c
	WHERE c.hospital_id = p_hospital AND c.line_id = p_line AND c.part = p_part AND c.no = p_no;
	IF NOT FOUND OR encode(found_print, 'hex') IS DISTINCT FROM p_print THEN
		RETURN CASE WHEN found_print IS NULL THEN 0 ELSE -1 END;
	END IF;
	INSERT INTO match_rejected (hospital_id, line_id, part, print, who, why)
	VALUES (p_hospital, p_line, p_part, found_print, p_who, decode(p_why, 'hex')) ON CONFLICT DO NOTHING;
	DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND c.line_id = p_line AND c.part = p_part AND c.no = p_no;
	UPDATE match_item i SET by_hand = true, version = i.version + 1, due_at = now()
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part;
	PERFORM match_touch(p_hospital, p_line);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'match.reject', p_line || ':' || p_part);
	RETURN 1;
END
$$;

-- What a person knows of an item, also while it is held: the matcher reads it, at once. 1 done, 0 it does not wait.
CREATE FUNCTION match_note_add(p_hospital uuid, p_note uuid, p_line uuid, p_part integer, p_content bytea, p_who text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	notes_max CONSTANT integer := 50; -- each look reads them all
BEGIN
	PERFORM match_lock(p_hospital);
	IF (SELECT count(*) FROM match_note m WHERE m.hospital_id = p_hospital AND m.line_id = p_line AND m.part = p_part) >= notes_max THEN
		RETURN -7;
	END IF;
	UPDATE match_item i SET due_at = now(), version = i.version + 1
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part AND i.open_minor <> 0;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	INSERT INTO match_note (hospital_id, note_id, line_id, part, content, who) VALUES (p_hospital, p_note, p_line, p_part, p_content, p_who);
	PERFORM match_touch(p_hospital, p_line);
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'match.note', p_line || ':' || p_part);
	RETURN 1;
END
$$;

-- Parts what is open of an item: these amounts become items of their own, the rest stays. 1 done, 0 it does not wait; -1 they come to
-- as much as there is, or more.
CREATE FUNCTION match_split(p_hospital uuid, p_line uuid, p_part integer, p_amount bigint[], p_who text, p_why text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	parts_first CONSTANT integer := 1000000; -- of what persons split off
	parts_max CONSTANT integer := 1000; -- of a line
	item match_item;
	total bigint := (SELECT sum(a) FROM unnest(p_amount) AS a);
	next integer;
BEGIN
	IF NOT suspense_lock(p_hospital, ARRAY[p_line]) THEN
		RETURN -6;
	END IF;
	SELECT * INTO item FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part AND i.open_minor <> 0;
	IF NOT FOUND THEN
		RETURN 0;
	END IF;
	IF total IS NULL OR abs(total) >= abs(item.open_minor) OR EXISTS (SELECT 1 FROM unnest(p_amount) AS a WHERE sign(a) <> sign(item.open_minor)) THEN
		RETURN -1;
	END IF;
	SELECT greatest(max(i.part), parts_first - 1) INTO next FROM match_item i WHERE i.hospital_id = p_hospital AND i.line_id = p_line;
	IF next - parts_first + 1 + cardinality(p_amount) > parts_max THEN
		RETURN -7;
	END IF;
	INSERT INTO match_item (hospital_id, line_id, part, amount_minor, open_minor, booked_day, by_hand)
	SELECT p_hospital, p_line, next + t.n::integer, t.a, t.a, item.booked_day, true FROM unnest(p_amount) WITH ORDINALITY AS t (a, n);
	UPDATE match_item i SET amount_minor = i.amount_minor - total, open_minor = i.open_minor - total, by_hand = true, version = i.version + 1,
		due_at = now()
	WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = p_part;
	DELETE FROM match_candidate c WHERE c.hospital_id = p_hospital AND c.line_id = p_line AND c.part = p_part;
	PERFORM match_touch(p_hospital, p_line);
	INSERT INTO operator_act (hospital_id, who, act, subject, words, sealed_for)
	VALUES (p_hospital, p_who, 'match.split', p_line || ':' || p_part, decode(p_why, 'hex'), p_line);
	RETURN 1;
END
$$;

-- Compliance holds the money (1), or its payer is not the expected one (2): nothing is done with it until it is let go (0), but what is
-- learned of it may be noted.
CREATE FUNCTION suspense_hold(p_hospital uuid, p_line uuid, p_held smallint, p_who text, p_why text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	act text := (ARRAY['suspense.release', 'suspense.hold', 'suspense.stranger'])[p_held + 1];
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'holding money and letting it go needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	IF EXISTS (SELECT 1 FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_line AND s.held = p_held
		AND operator_wrote(p_hospital, p_who, act, p_line, p_why)) THEN
		RETURN true;
	END IF;
	UPDATE suspense SET held = p_held, version = version + 1 WHERE hospital_id = p_hospital AND line_id = p_line;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE match_item SET due_at = now() WHERE p_held = 0 AND hospital_id = p_hospital AND line_id = p_line AND open_minor <> 0;
	PERFORM operator_write(p_hospital, p_who, act, p_line, NULL, p_why);
	RETURN true;
END
$$;

-- ---- by what payers are known ----

-- Learns that this name or this account is a payer's. p_allocation: the one by which a person accepted that; NULL: a person says so.
CREATE FUNCTION match_learn(p_hospital uuid, p_remitter text, p_kind smallint, p_hash bytea, p_id uuid, p_content bytea, p_allocation uuid,
	p_who text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT match_lock(p_hospital);
	WITH known AS (
		INSERT INTO match_payer AS m (hospital_id, remitter, kind, hash, payer_id, content, who)
		VALUES (p_hospital, p_remitter, p_kind, p_hash, p_id, p_content, p_who)
		ON CONFLICT (hospital_id, remitter, kind, hash) DO UPDATE SET times = m.times + 1 RETURNING payer_id)
	INSERT INTO match_lesson (hospital_id, allocation_id, payer_id) SELECT p_hospital, p_allocation, k.payer_id FROM known k
	WHERE p_allocation IS NOT NULL
$$;

-- What was looked at with what is no longer known of these payers is looked at again.
CREATE FUNCTION match_doubt(p_hospital uuid, p_remitter text[]) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	UPDATE match_item i SET due_at = now() FROM suspense s WHERE s.hospital_id = p_hospital AND s.payer = ANY (p_remitter)
		AND i.hospital_id = s.hospital_id AND i.line_id = s.line_id AND i.open_minor <> 0
$$;

-- Forgets what nobody but this allocation taught.
CREATE FUNCTION match_unlearn(p_hospital uuid, p_allocation uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	WITH lesson AS (
		DELETE FROM match_lesson l WHERE l.hospital_id = p_hospital AND l.allocation_id = p_allocation RETURNING l.payer_id
	), fewer AS (
		UPDATE match_payer m SET times = m.times - 1 FROM lesson l
		WHERE m.hospital_id = p_hospital AND m.payer_id = l.payer_id AND m.times > 1
	), gone AS (
		DELETE FROM match_payer m USING lesson l WHERE m.hospital_id = p_hospital AND m.payer_id = l.payer_id AND m.times = 1 RETURNING m.remitter)
	SELECT match_doubt(p_hospital, array_agg(g.remitter)) FROM gone g
$$;

-- A person says that a name or an account, by its hashes under all keys, is not this payer's. Returns false where nobody knew it.
CREATE FUNCTION match_forget(p_hospital uuid, p_remitter text, p_kind smallint, p_hash bytea[], p_who text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	gone uuid[];
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'to forget by what a payer is known needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	WITH g AS (DELETE FROM match_payer m WHERE m.hospital_id = p_hospital AND m.remitter = p_remitter AND m.kind = p_kind AND m.hash = ANY (p_hash)
		RETURNING m.payer_id)
	SELECT array_agg(g.payer_id) INTO gone FROM g;
	IF gone IS NULL THEN
		RETURN false;
	END IF;
	DELETE FROM match_lesson l WHERE l.hospital_id = p_hospital AND l.payer_id = ANY (gone);
	PERFORM match_doubt(p_hospital, ARRAY[p_remitter]);
	INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'payer.forget', p_remitter, p_why);
	RETURN true;
END
$$;

CALL writer_functions('match\_%', 'claim\_hold', 'suspense\_hold');
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace
		AND (p.proname LIKE 'match\_%' OR p.proname = 'suspense_hold') LOOP
		EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', f);
	END LOOP;
END
$$;
ALTER FUNCTION match_share RESET plan_cache_mode; -- so that it is inlined
ALTER FUNCTION match_told RESET plan_cache_mode;
GRANT EXECUTE ON FUNCTION match_begin, match_keep, match_forms, match_claims, match_advices, match_payers, match_charges, match_advisers, match_plans,
	match_items, match_bills, match_store, match_post, match_return TO zhifu_settle;
GRANT EXECUTE ON FUNCTION match_items, match_post, match_return, match_undo, match_reject, match_note_add, match_split, match_learn, match_forget,
	match_share, suspense_hold TO zhifu_operator;
