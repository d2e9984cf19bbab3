-- The finance API (/v1, daemon/desk): what the role intake may see and do of a hospital's money. It reads under row-level
-- security as the hospital of the client, and changes by functions only, which say what came of it as (outcome, id, places):
-- 1 done, 0 it was so already, less than 0 refused (daemon/desk/operations.c has the words; places: pointers into the request).
SET search_path = zhifu;

-- Requests with an Idempotency-Key: the same key and body get the first answer, for ever. A refusal stores no key.
CREATE TABLE api_request (
	hospital_id uuid NOT NULL,
	key_hash    bytea NOT NULL CHECK (length(key_hash) = 32), -- of client, operation and key
	body_hash   bytea NOT NULL CHECK (length(body_hash) = 32),
	subject     uuid,
	answer      bigint[], -- of what has no id: its numbers
	told        bytea,    -- of an advice: what was answered, byte for byte (SEAL_FACT of the subject, by a key of the hospital)
	at          timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, key_hash)
);
ALTER TABLE api_request ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON api_request TO zhifu_writer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON api_request TO zhifu_writer;

REVOKE UPDATE, DELETE ON charge FROM zhifu_writer;
GRANT SELECT ON charge TO zhifu_intake, zhifu_operator;
GRANT SELECT ON stay, stay_ahead, stay_bill TO zhifu_operator;
GRANT SELECT ON stay_name TO zhifu_intake, zhifu_operator;
GRANT EXECUTE ON FUNCTION stay_known TO zhifu_intake, zhifu_operator;

DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['bank_file', 'bank_statement', 'bank_gap', 'bank_account', 'bank_confirmation', 'bank_line', 'bank_detail', 'bank_pending',
		'suspense', 'contract', 'conversion', 'match_item', 'match_candidate', 'match_note', 'allocation', 'work_owner', 'remittance_paid',
		'advice', 'match_payer', 'match_lesson', 'period', 'revaluation', 'provision', 'declaration',
		'write_off', 'bank_order', 'order_clearing', 'currency_sale'] LOOP
		EXECUTE format('CREATE POLICY client ON %I FOR SELECT TO zhifu_intake USING (hospital_id = tenant())', t);
		IF t <> 'advice' THEN
			EXECUTE format('GRANT SELECT ON %I TO zhifu_intake', t);
		END IF;
	END LOOP;
END
$$;
-- Not the documents that advices were read from.
GRANT SELECT (hospital_id, advice_id, remitter, identifier, version, standing, form, amount_minor, sum_minor, currency, exponent, maker,
	made_at, why, decided_by, decided_at, decided_why) ON advice TO zhifu_intake;
GRANT EXECUTE ON FUNCTION report_work, report_scoreboard, report_fx, report_suspense, report_accounts,
	period_check, declaration_claims, work_version TO zhifu_intake;
GRANT SELECT ON rate_seen, contract_span, bank_continuity, bank_pending_now TO zhifu_intake;
-- What a statement's import does, in one transaction (daemon/settle/bank_import.c).
GRANT EXECUTE ON FUNCTION bank_overlapped, bank_told_elsewhere, bank_repeats_said, bank_file_take, bank_file_part_add, bank_statement_add, bank_lines_add, bank_details_add, bank_told_waiting,
	bank_told_add, bank_told_open, bank_told_late, bank_opening_keep, bank_pending_add, bank_loose, bank_loose_before, bank_confirmed, bank_kept_in, bank_accounts_keep, suspense_owner, declaration_add,
	rate_around, rate_past TO zhifu_intake;

CREATE FUNCTION api_seen(p_hospital uuid, p_key bytea, p_body bytea, OUT outcome integer, OUT subject uuid, OUT answer bigint[])
LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_key IS NULL THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.api ' || encode(p_key, 'hex'), 0));
	SELECT CASE WHEN r.body_hash = p_body THEN 0 ELSE -100 END, r.subject, r.answer INTO outcome, subject, answer FROM api_request r
	WHERE r.hospital_id = p_hospital AND r.key_hash = p_key;
END
$$;

CREATE FUNCTION api_done(p_hospital uuid, p_key bytea, p_body bytea, p_subject uuid, p_answer bigint[]) RETURNS void LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	INSERT INTO api_request (hospital_id, key_hash, body_hash, subject, answer)
	SELECT p_hospital, p_key, p_body, p_subject, p_answer WHERE p_key IS NOT NULL
$$;

-- Was this very request done before? For what needs more than one statement; the last one asks again.
CREATE FUNCTION api_was(p_hospital uuid, p_key bytea, p_body bytea) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN EXISTS (SELECT 1 FROM api_request r WHERE r.hospital_id = p_hospital AND r.key_hash = p_key);
END
$$;

-- An id as the daemon makes them (RFC 9562 section 5.7).
CREATE FUNCTION api_id() RETURNS uuid LANGUAGE sql VOLATILE SET search_path = zhifu, pg_temp AS $$
	SELECT (left(uuid_floor(clock_timestamp())::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid
$$;

CREATE FUNCTION api_rate_enter(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_base text, p_quote text, p_per integer,
	p_digits bigint, p_scale integer, p_day date, p_why text) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	made uuid;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	made := rate_enter(p_base, p_quote, p_per, p_digits, p_scale::smallint, p_day, p_who, p_why);
	PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	RETURN QUERY SELECT 1, made, NULL::text;
END
$$;

-- -2 there is no such rate, -4 it does not count, -5 it has that value, -6 a correction of it waits.
CREATE FUNCTION api_rate_correct(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_rate uuid, p_digits bigint, p_scale integer,
	p_why text) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	made record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT * INTO made FROM rate_correct(p_rate, p_digits, p_scale::smallint, p_who, p_why);
	IF made.outcome = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made.id, NULL);
	END IF;
	RETURN QUERY SELECT made.outcome, made.id, NULL::text;
END
$$;

-- -1 the one who typed it in may not decide, -2 there is no such rate, -3 it waits for nobody.
CREATE FUNCTION api_rate_decide(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_rate uuid, p_approve boolean, p_why text)
RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT 1 FROM rate r WHERE r.rate_id = p_rate) THEN
		RETURN QUERY SELECT -2, NULL::uuid, NULL::text;
		RETURN;
	END IF;
	done := rate_decide(p_rate, p_approve, p_who, p_why);
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_rate, NULL);
	END IF;
	RETURN QUERY SELECT CASE done WHEN 0 THEN -3 ELSE done END, p_rate, NULL::text;
END
$$;

CREATE FUNCTION api_contract_put(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_document jsonb, p_why text)
RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT * INTO done FROM contract_put(p_hospital, p_document, p_who, p_why);
	IF done.outcome >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, done.contract_id, NULL);
	END IF;
	RETURN QUERY SELECT done.outcome, done.contract_id, CASE done.outcome WHEN -1 THEN '/contract/valid_from'
		WHEN -2 THEN '/contract/parties/carrier' END;
END
$$;

-- -1 there is no such contract, -2 it ended before, -3 it has another version by now.
CREATE FUNCTION api_contract_end(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_contract uuid, p_version integer, p_day date,
	p_why text) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
	latest contract;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	PERFORM contract_lock(p_hospital, p_who, p_why);
	SELECT * INTO latest FROM contract c WHERE c.hospital_id = p_hospital AND c.contract_id = p_contract ORDER BY c.version DESC LIMIT 1;
	IF latest.version IS NULL THEN
		RETURN QUERY SELECT -1, NULL::uuid, NULL::text;
		RETURN;
	END IF;
	IF latest.version <> p_version THEN
		RETURN QUERY SELECT -3, p_contract, NULL::text;
		RETURN;
	END IF;
	SELECT e.outcome INTO done FROM contract_end(p_hospital, latest.name, p_day, p_who, p_why) e;
	IF done >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_contract, NULL);
	END IF;
	RETURN QUERY SELECT done, p_contract, CASE WHEN done = -2 THEN '/day' END;
END
$$;

-- -1 the line is not in suspense, -2 it has another version by now.
CREATE FUNCTION api_suspense_assign(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_line uuid, p_version integer, p_owner text,
	p_reason text) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	stands suspense;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT * INTO stands FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_line FOR UPDATE;
	IF stands.version IS NULL THEN
		RETURN QUERY SELECT -1, NULL::uuid, NULL::text;
		RETURN;
	END IF;
	IF stands.version <> p_version THEN
		RETURN QUERY SELECT -2, p_line, NULL::text;
		RETURN;
	END IF;
	PERFORM suspense_assign(p_hospital, p_line, p_owner, p_reason, p_who);
	PERFORM api_done(p_hospital, p_key, p_body, p_line, NULL);
	RETURN QUERY SELECT 1, p_line, NULL::text;
END
$$;

-- What charge_add refuses of charges, and where.
CREATE FUNCTION charge_faults(house hospital, p_identifier text[], p_day date[], p_minor bigint[], p_currency text[], p_exponent integer[],
	p_corrects text[]) RETURNS TABLE (outcome integer, places text) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH sent AS (
		SELECT * FROM unnest(p_identifier, p_day, p_minor, p_currency, p_exponent, p_corrects) WITH ORDINALITY
			AS t (identifier, day, minor, currency, exponent, corrects, n)
	), fault AS (
		SELECT t.n, CASE
			WHEN t.minor = 0 OR (t.minor < 0 AND t.corrects IS NULL) THEN -6
			WHEN t.currency <> house.book_currency THEN -4
			WHEN t.day > (now() AT TIME ZONE house.zone)::date THEN -5
			WHEN EXISTS (SELECT 1 FROM sent o WHERE o.identifier = t.identifier AND o.n <> t.n) THEN -7
			WHEN EXISTS (SELECT 1 FROM charge c WHERE c.hospital_id = house.hospital_id AND c.identifier = t.identifier
				AND (c.service_day, c.amount_minor, c.corrects) IS DISTINCT FROM (t.day, t.minor, t.corrects)) THEN -1
			WHEN t.corrects IS NOT NULL AND NOT EXISTS (SELECT 1 FROM charge c
				WHERE c.hospital_id = house.hospital_id AND c.identifier = t.corrects AND c.corrects IS NULL)
				AND NOT EXISTS (SELECT 1 FROM sent o WHERE o.identifier = t.corrects AND o.corrects IS NULL AND o.n <> t.n) THEN -2
			WHEN t.corrects IS NOT NULL AND (SELECT coalesce(sum(a.minor), 0) FROM (
					SELECT c.amount_minor AS minor FROM charge c
					WHERE c.hospital_id = house.hospital_id AND (c.identifier = t.corrects OR c.corrects = t.corrects)
					UNION ALL
					SELECT o.minor FROM sent o WHERE (o.identifier = t.corrects OR o.corrects = t.corrects)
						AND NOT EXISTS (SELECT 1 FROM charge c WHERE c.hospital_id = house.hospital_id AND c.identifier = o.identifier)) a) < 0 THEN -3
		END AS code FROM sent t
	)
	SELECT f.code, string_agg('/charges/' || f.n - 1, ',' ORDER BY f.n) FROM fault f
	WHERE f.code IS NOT NULL GROUP BY f.code ORDER BY f.code DESC
$$;

-- Charges, all or none. Each that is new posts revenue of its day (rule care; either way round for what is taken back). stored and
-- known: how many. Refused, with the entries: -1 the identifier was used with other content, -2 what it corrects is not there or a
-- correction itself, -3 a charge and its corrections come to less than nothing, -4 another currency than the books', -5 the day
-- has not come, -6 an amount of nothing, or less with nothing to correct, -7 an identifier twice. p_stay: as claim.stay.
CREATE FUNCTION charge_add(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_identifier text[], p_day date[], p_minor bigint[],
	p_currency text[], p_exponent integer[], p_corrects text[], p_stay text[])
RETURNS TABLE (outcome integer, id uuid, places text, stored bigint, known bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	house hospital;
	open_from date; -- what comes for a closed month is booked on it
	made uuid[];
	moved record; -- by stays and days of the care
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, seen.answer[1], seen.answer[2];
		RETURN;
	END IF;
	-- One after the other: what a correction corrects must be seen.
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.charge ' || p_hospital, 0));
	SELECT * INTO house FROM hospital h WHERE h.hospital_id = p_hospital;
	open_from := books_day(p_hospital, '-infinity');
	RETURN QUERY SELECT f.outcome, NULL::uuid, f.places, NULL::bigint, NULL::bigint
	FROM charge_faults(house, p_identifier, p_day, p_minor, p_currency, p_exponent, p_corrects) f;
	IF FOUND THEN
		RETURN;
	END IF;
	-- Stays that are new first, in the order in which bills name theirs (stay_bills), so that neither waits for the other.
	PERFORM stay_of(p_hospital, n.stay) FROM (SELECT DISTINCT t.s AS stay FROM unnest(p_stay, p_corrects) AS t (s, o)
		WHERE t.s IS NOT NULL AND t.o IS NULL ORDER BY 1) n;
	WITH fresh AS (
		INSERT INTO charge (hospital_id, charge_id, identifier, service_day, amount_minor, currency, exponent, corrects, stay, client)
		-- A correction is of the stay of what it corrects.
		SELECT p_hospital, api_id(), t.i, t.d, t.a, t.c, t.e, t.o, CASE WHEN t.o IS NULL THEN stay_of(p_hospital, t.s) ELSE
			coalesce((SELECT c.stay FROM charge c WHERE c.hospital_id = p_hospital AND c.identifier = t.o),
				stay_of(p_hospital, p_stay[array_position(p_identifier, t.o)])) END, p_who
		FROM unnest(p_identifier, p_day, p_minor, p_currency, p_exponent, p_corrects, p_stay) AS t (i, d, a, c, e, o, s)
		ON CONFLICT (hospital_id, identifier) DO NOTHING RETURNING charge_id, service_day, amount_minor, currency, exponent, stay
	), posted AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
		SELECT p_hospital, f.charge_id, 1, CASE WHEN f.amount_minor > 0 THEN 'AR-INPT' ELSE 'REV-MED' END,
			CASE WHEN f.amount_minor > 0 THEN 'REV-MED' ELSE 'AR-INPT' END, abs(f.amount_minor), f.currency, f.exponent,
			abs(f.amount_minor), greatest(f.service_day, open_from), 'care', f.charge_id FROM fresh f RETURNING entry_id)
	SELECT array_agg(p.entry_id) INTO made FROM posted p;
	-- What a bill had before is revenue already.
	FOR moved IN SELECT c.stay, c.service_day AS day, sum(c.amount_minor)::bigint AS minor,
			min(c.charge_id::text)::uuid AS entry, min(c.currency) AS currency, min(c.exponent) AS exponent FROM charge c
		WHERE c.hospital_id = p_hospital AND c.charge_id = ANY (made) AND c.stay IS NOT NULL GROUP BY c.stay, 2 ORDER BY c.stay, 2
	LOOP
		PERFORM stay_charge(p_hospital, moved.entry, moved.stay, moved.minor, moved.day, open_from, moved.currency, moved.exponent);
	END LOOP;
	stored := coalesce(cardinality(made), 0);
	known := cardinality(p_identifier) - stored;
	PERFORM api_done(p_hospital, p_key, p_body, NULL, ARRAY[stored, known]);
	RETURN QUERY SELECT 1, NULL::uuid, NULL::text, stored, known;
END
$$;

-- Has what an act is on another version by now than who asks has seen? -3 yes; NULL no, or there is no such thing.
CREATE FUNCTION api_stale(p_hospital uuid, p_act text, p_id uuid, p_version integer) RETURNS integer LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	SELECT -3 WHERE p_version <> CASE
		WHEN p_act LIKE 'declaration.%' THEN
			(SELECT d.version FROM declaration d WHERE d.hospital_id = p_hospital AND d.line_id = p_id FOR UPDATE)
		WHEN p_act = 'work.assign' THEN
			(SELECT r.version + work_version(p_hospital, p_id) FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_id)
		ELSE (SELECT s.version FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_id FOR UPDATE) END
$$;

-- 0 done; -1 the line has no declaration, -2 it was declared, -4 it has no code, -5 it needs none, as was said, -6 that is no code.
CREATE FUNCTION api_declare(p_hospital uuid, p_who text, p_act text, p_line uuid, p_text text, p_why text) RETURNS integer LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	d declaration;
BEGIN
	SELECT * INTO d FROM declaration x WHERE x.hospital_id = p_hospital AND x.line_id = p_line FOR UPDATE;
	IF NOT FOUND THEN
		RETURN -1;
	END IF;
	CASE p_act
	WHEN 'declaration.set' THEN
		IF d.status = 2 OR p_text !~ '^[0-9]{6}$' THEN
			RETURN CASE d.status WHEN 2 THEN -2 ELSE -6 END;
		END IF;
		PERFORM declaration_set(p_hospital, d.no, p_text, p_who, p_why);
	WHEN 'declaration.done' THEN
		IF d.status = 3 OR d.code IS NULL THEN
			RETURN CASE d.status WHEN 3 THEN -5 ELSE -4 END;
		END IF;
		PERFORM declaration_done(p_hospital, d.no, p_text, p_who, p_why);
	WHEN 'declaration.none' THEN
		IF d.status = 2 THEN
			RETURN -2;
		END IF;
		PERFORM declaration_none(p_hospital, d.no, p_who, p_why);
	END CASE;
	RETURN 0;
END
$$;

-- What a person does with money in suspense, a claim on a work list or a declaration, by name. p_id: the bank line; the allocation; the
-- claim. p_version: of what is changed, NULL: whichever. -1 there is no such thing, or nothing to do with it any more; -2 what it stands
-- at is against it; -3 it has another version by now; -4 to -6: api_declare(); -7 the money is held, -8 there are as many as may be. The
-- id is what the answer is read by.
CREATE FUNCTION api_act(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_id uuid, p_version integer, p_part bigint,
	p_number bigint, p_amount bigint[], p_currency text[], p_text text, p_why text)
RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
	subject uuid := p_id;
	item integer := least(coalesce(p_part, 0), 2147483647);
	number smallint := least(p_number, 32767);
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	-- Before any row: settle takes it first, too.
	IF p_act LIKE 'match.%' OR p_act LIKE 'suspense.%' THEN
		PERFORM match_lock(p_hospital);
	END IF;
	IF p_act = 'match.undo' THEN
		SELECT a.line_id INTO subject FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_id LIMIT 1;
		PERFORM claim_hold(p_hospital, ARRAY(SELECT a.claim_id FROM allocation a WHERE a.hospital_id = p_hospital AND a.allocation_id = p_id
			AND a.claim_id IS NOT NULL));
	ELSIF p_act = 'work.assign' THEN -- by a statement before the one that reads its version
		PERFORM 1 FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_id FOR UPDATE;
	END IF;
	done := api_stale(p_hospital, p_act, subject, p_version);
	IF done IS NULL THEN
		done := CASE
			WHEN p_act LIKE 'declaration.%' THEN api_declare(p_hospital, p_who, p_act, p_id, p_text, p_why)
			WHEN p_act = 'match.reject' THEN match_reject(p_hospital, p_id, item, number, p_text, p_who, p_why) - 1
			WHEN p_act = 'match.note' THEN match_note_add(p_hospital, api_id(), p_id, item, decode(p_text, 'hex'), p_who) - 1
			WHEN p_act = 'match.split' AND EXISTS (SELECT 1 FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = p_id
				AND b.currency <> ANY (p_currency)) THEN -2
			WHEN p_act = 'match.split' THEN match_split(p_hospital, p_id, item, p_amount, p_who, p_why) - 1
			WHEN p_act = 'match.undo' THEN match_undo(p_hospital, p_id, api_id(), p_who, p_why) - 1
			WHEN p_act = 'suspense.hold' THEN suspense_hold(p_hospital, p_id, number, p_who, p_why)::integer - 1
			WHEN p_act = 'work.assign' THEN work_assign(p_hospital, p_id,
				(ARRAY['short', 'takeback', 'dispute', 'denied', 'overpaid', 'patient'])[number], p_text, p_who, operator_spoke(p_who), p_why)::integer
				- 1
		END;
	END IF;
	IF done = 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, subject, NULL);
	END IF;
	RETURN QUERY SELECT CASE done WHEN 0 THEN 1 ELSE done END, subject, CASE WHEN p_act = 'match.split' AND done IN (-2, -8) THEN '/amounts' END;
END
$$;

-- Posts a candidate that a client has accepted (match_post(), of p_credit match_return(), of p_line_kind match_classify()) and learns whose name and account stood on
-- the money, of the remitter of its first claim. -1 it moved on, -2 a value is not known yet, -3 the advice is paid, -4 held.
CREATE FUNCTION api_match_accept(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_why text, p_by_hand boolean,
	l_allocation uuid[], l_line uuid[], l_part integer[], l_version integer[], a_line integer[], a_kind smallint[], a_claim uuid[],
	a_version integer[], a_remittance uuid[], a_detail integer[], a_amount bigint[], a_cleared bigint[], a_over bigint[],
	a_charge bigint[], a_charge_book bigint[], a_discount bigint[], a_discount_book bigint[], a_fee bigint[], a_fee_book bigint[],
	a_unexplained bigint[], a_unexplained_book bigint[], p_conversions jsonb, p_credit uuid, p_credit_part integer, p_kind smallint[], p_hash bytea[],
	p_payer uuid[], p_content bytea[], p_line_kind text, p_account text)
RETURNS TABLE (outcome integer, id uuid, places text, line uuid) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text, l_line[1];
		RETURN;
	END IF;
	IF p_line_kind IS NOT NULL THEN
		SELECT m.outcome INTO done FROM match_classify(p_hospital, p_who, p_why, p_by_hand, l_allocation, l_line, l_part, l_version, a_amount,
			ARRAY[p_line_kind], ARRAY[p_account]) m;
	ELSIF p_credit IS NULL THEN
		SELECT m.outcome INTO done FROM match_post(p_hospital, p_who, p_why, p_by_hand, l_allocation, l_line, l_part, l_version, a_line, a_kind,
			a_claim, a_version, a_remittance, a_detail, a_amount, a_cleared, a_over, a_charge, a_charge_book, a_discount, a_discount_book,
			a_fee, a_fee_book, a_unexplained, a_unexplained_book, p_conversions) m;
	ELSE
		done := match_return(p_hospital, l_allocation[1], l_line[1], l_part[1], l_version[1], p_credit, p_credit_part, '{}', p_who, p_why, p_by_hand);
	END IF;
	IF done = 1 THEN
		PERFORM match_learn(p_hospital, r.remitter, t.k, t.h, t.p, t.c, l_allocation[1], p_who)
		FROM unnest(p_kind, p_hash, p_payer, p_content) AS t (k, h, p, c)
		JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = (SELECT c FROM unnest(a_claim) WITH ORDINALITY AS f (c, n)
			WHERE c IS NOT NULL ORDER BY n LIMIT 1);
		PERFORM api_done(p_hospital, p_key, p_body, l_allocation[1], NULL);
	END IF;
	RETURN QUERY SELECT CASE done WHEN 1 THEN 1 ELSE done - 1 END, l_allocation[1], NULL::text, l_line[1];
END
$$;

-- Puts on record who looks at what a bank said of a line, which may name persons. False: there is no such line.
CREATE FUNCTION api_line_look(p_hospital uuid, p_who text, p_line uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO operator_act (hospital_id, who, act, subject)
	SELECT p_hospital, p_who, 'bank_line.show', b.line_id::text FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	RETURN FOUND;
END
$$;

-- That somebody imported rates, which belong to no hospital.
CREATE FUNCTION api_rate_note(p_who text, p_subject text, p_why text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
	INSERT INTO operator_act (hospital_id, who, act, subject, why)
	VALUES ('00000000-0000-0000-0000-000000000000', p_who, 'rate.import', p_subject, p_why)
$$;

CALL writer_functions('api\_%', 'charge\_%');
GRANT EXECUTE ON FUNCTION conversion_now, rate_instead, rate_corrected, api_rate_enter, api_rate_correct, api_rate_decide, api_contract_put, api_contract_end, api_suspense_assign, api_act,
	api_match_accept, api_was, api_line_look, charge_add
	TO zhifu_intake;
GRANT EXECUTE ON FUNCTION rate_store TO zhifu_intake;
GRANT EXECUTE ON FUNCTION api_rate_note TO zhifu_intake, zhifu_operator;
