-- Receipts from abroad (涉外收入): what of each is declared to the bank for the balance of payments, and until when.
SET search_path = zhifu;

CREATE TABLE declaration (
	hospital_id uuid NOT NULL,
	no          integer NOT NULL,  -- the hospital's own number of it
	line_id     uuid NOT NULL,     -- the bank line
	ground      smallint NOT NULL CHECK (ground IN (1, 2, 3)), -- enum declaration_ground (daemon/settle/declaration.h)
	country     text CHECK (country ~ '^[A-Z]{2}$'), -- of the payer or its bank, where the statement says it
	credit_day  date NOT NULL,
	due_day     date NOT NULL CHECK (due_day > credit_day),
	due_assumed boolean NOT NULL,  -- no calendar had the year: counted by Monday to Friday
	code        text CHECK (code ~ '^[0-9]{6}$'), -- of the balance of payments; NULL: the bank is to be asked
	status      smallint NOT NULL DEFAULT 1 CHECK (status IN (1, 2, 3)), -- 1 to be declared, 2 declared, 3 none is needed
	number      text CHECK (number <> ''), -- that the bank gave to the declaration
	version     integer NOT NULL DEFAULT 1,
	CHECK ((status = 2) = (number IS NOT NULL)),
	CHECK (status <> 2 OR code IS NOT NULL),
	PRIMARY KEY (hospital_id, no),
	UNIQUE (hospital_id, line_id)
);
CREATE INDEX declaration_due ON declaration (hospital_id, due_day) WHERE status = 1;
ALTER TABLE declaration ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON declaration TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON declaration FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE ON declaration TO zhifu_writer;
GRANT SELECT ON declaration TO zhifu_operator;

-- Declarations of lines that were stored in this transaction; lines that were known before have theirs. Returns how many.
CREATE FUNCTION declaration_add(p_hospital uuid, p_line uuid[], p_ground smallint[], p_country text[], p_due date[],
	p_assumed boolean[], p_code text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	made integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.declaration'), hashtext(p_hospital::text));
	INSERT INTO declaration (hospital_id, no, line_id, ground, country, credit_day, due_day, due_assumed, code)
	SELECT p_hospital, (SELECT coalesce(max(d.no), 0) FROM declaration d WHERE d.hospital_id = p_hospital)
			+ row_number() OVER (ORDER BY t.i), b.line_id, t.g, t.c, b.booked_day, t.d, t.a, p_code
	FROM unnest(p_line, p_ground, p_country, p_due, p_assumed) WITH ORDINALITY AS t (l, g, c, d, a, i)
	JOIN bank_line b ON b.hospital_id = p_hospital AND b.line_id = t.l AND b.amount_minor > 0
	WHERE NOT EXISTS (SELECT 1 FROM declaration d WHERE d.hospital_id = p_hospital AND d.line_id = t.l);
	GET DIAGNOSTICS made = ROW_COUNT;
	RETURN made;
END
$$;

-- A person says that a line is a receipt from abroad. Returns its number; NULL: the hospital has no such line.
CREATE FUNCTION declaration_say(p_hospital uuid, p_line uuid, p_due date, p_assumed boolean, p_code text, p_who text, p_why text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	made integer;
	amount bigint;
BEGIN
	SELECT b.amount_minor INTO amount FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	IF NOT FOUND THEN
		RETURN NULL;
	ELSIF amount <= 0 THEN
		RAISE EXCEPTION 'this line is no receipt: money went out';
	END IF;
	IF declaration_add(p_hospital, ARRAY[p_line], ARRAY[3::smallint], ARRAY[NULL::text], ARRAY[p_due], ARRAY[p_assumed], p_code) = 0 THEN
		RAISE EXCEPTION 'this line has the declaration % already', (SELECT d.no FROM declaration d
			WHERE d.hospital_id = p_hospital AND d.line_id = p_line);
	END IF;
	SELECT d.no INTO made FROM declaration d WHERE d.hospital_id = p_hospital AND d.line_id = p_line;
	PERFORM declaration_note(p_hospital, made, p_who, 'declaration.add', p_why);
	RETURN made;
END
$$;

CREATE FUNCTION declaration_note(p_hospital uuid, p_no integer, p_who text, p_act text, p_why text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'what a person says of a declaration needs who and why';
	END IF;
	PERFORM operator_note(p_hospital, p_who, p_act, p_no::text, p_why);
END
$$;

-- Under which code it is to be declared; NULL: the bank is to be asked. One that needed none is to be declared after all.
-- False: there is no such declaration.
CREATE FUNCTION declaration_set(p_hospital uuid, p_no integer, p_code text, p_who text, p_why text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d declaration;
BEGIN
	SELECT * INTO d FROM declaration x WHERE x.hospital_id = p_hospital AND x.no = p_no FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	ELSIF d.status = 2 THEN
		RAISE EXCEPTION 'it was declared under % as number %: the bank has to change it', d.code, d.number;
	END IF;
	IF d.status = 1 AND d.code IS NOT DISTINCT FROM p_code AND operator_said(p_hospital, p_who, 'declaration.set', p_no::text, p_why) THEN
		RETURN true;
	END IF;
	UPDATE declaration x SET code = p_code, status = 1, version = version + 1 WHERE x.hospital_id = p_hospital AND x.no = p_no;
	PERFORM declaration_note(p_hospital, p_no, p_who, 'declaration.set', concat_ws(': ', coalesce(p_code, 'ask the bank'), p_why));
	RETURN true;
END
$$;

-- It was declared; the bank gave it that number. Another number than before corrects it.
CREATE FUNCTION declaration_done(p_hospital uuid, p_no integer, p_number text, p_who text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d declaration;
BEGIN
	SELECT * INTO d FROM declaration x WHERE x.hospital_id = p_hospital AND x.no = p_no FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	ELSIF d.status = 3 THEN
		RAISE EXCEPTION 'it was said that it needs no declaration: set its code first';
	ELSIF d.code IS NULL THEN
		RAISE EXCEPTION 'it has no code yet: ask the bank, and set it';
	END IF;
	IF d.status = 2 AND d.number = p_number AND operator_said(p_hospital, p_who, 'declaration.done', p_no::text, p_why) THEN
		RETURN true;
	END IF;
	UPDATE declaration x SET number = p_number, status = 2, version = version + 1 WHERE x.hospital_id = p_hospital AND x.no = p_no;
	PERFORM declaration_note(p_hospital, p_no, p_who, 'declaration.done',
		concat_ws(': ', p_number || coalesce(' instead of ' || d.number, ''), p_why));
	RETURN true;
END
$$;

-- It needs none: from another account of the hospital, sent back by mistake.
CREATE FUNCTION declaration_none(p_hospital uuid, p_no integer, p_who text, p_why text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	d declaration;
BEGIN
	SELECT * INTO d FROM declaration x WHERE x.hospital_id = p_hospital AND x.no = p_no FOR UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	ELSIF d.status = 2 THEN
		RAISE EXCEPTION 'it was declared under % as number %: the bank has to take it back', d.code, d.number;
	END IF;
	IF d.status = 3 AND operator_said(p_hospital, p_who, 'declaration.none', p_no::text, p_why) THEN
		RETURN true;
	END IF;
	UPDATE declaration x SET status = 3, version = version + 1 WHERE x.hospital_id = p_hospital AND x.no = p_no;
	PERFORM declaration_note(p_hospital, p_no, p_who, 'declaration.none', p_why);
	RETURN true;
END
$$;

-- A due day that was assumed, counted anew now that the calendar has the year. False: it was not, or it was declared by now.
CREATE FUNCTION declaration_recount(p_hospital uuid, p_no integer, p_due date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	UPDATE declaration d SET due_day = p_due, due_assumed = false, version = version + 1
	WHERE d.hospital_id = p_hospital AND d.no = p_no AND d.due_assumed AND d.status = 1;
	RETURN FOUND;
END
$$;

-- The fee basis: the claims that the money of a line was matched to, less what was undone. NULL: none yet. With the caller's
-- rights.
CREATE FUNCTION declaration_claims(p_hospital uuid, p_line uuid) RETURNS text LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT string_agg(c.ref, ', ' ORDER BY c.ref) FROM (SELECT s.ref FROM allocation a
		LEFT JOIN receivable r ON r.hospital_id = a.hospital_id AND r.claim_id = a.claim_id
		JOIN claim_state s ON s.hospital_id = a.hospital_id AND s.claim_id = coalesce(r.of_claim, a.claim_id)
		WHERE a.hospital_id = p_hospital AND a.line_id = p_line GROUP BY s.ref HAVING sum(a.amount_minor) <> 0) c
$$;

CALL writer_functions('declaration\_%');
GRANT EXECUTE ON FUNCTION declaration_add, declaration_claims, declaration_say, declaration_set, declaration_done, declaration_none, declaration_recount TO zhifu_operator;
