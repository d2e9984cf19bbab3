-- What the finance office does through /v1 beside what 055_api.sql has: demands, write-offs, declarations by hand, inspectors, and what
-- stands in the way of closing a month. Outcomes as there: 1 done, 0 it was so already, less than 0 refused.
SET search_path = zhifu;

-- ---- months ----

-- All that is found wrong with a month or worth knowing: period_check(), claims whose limitation has ended or ends soon, and what
-- acquirers have not settled. Rates of its last day are looked at by who closes it (daemon/settle/month_close.c).
CREATE FUNCTION period_findings(p_hospital uuid, p_last date, p_years integer, p_alert integer, p_interrupts integer DEFAULT 3)
RETURNS TABLE (code text, red boolean, subject text, found bigint, since date) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT * FROM (SELECT * FROM period_check(p_hospital, p_last)
		UNION ALL SELECT CASE l.state WHEN 2 THEN 'limitation_ended' ELSE 'limitation' END, false, l.carrier, count(*), min(l.ends)
		FROM limitation_list(p_hospital, p_last, p_years, p_alert, p_interrupts, true) l WHERE l.state > 0 GROUP BY 1, 3
		UNION ALL SELECT 'clearing', false, a.acquirer, a.payments, a.since FROM acquirer_waiting(p_hospital, p_last) a) f
	ORDER BY 1, 5, 3;
END
$$;

-- Begins a close as period_begin(). p_key: of a request of /v1, NULL: none. -100 the key was used with another body.
CREATE FUNCTION api_period_begin(p_hospital uuid, p_last date, p_key bytea, p_body bytea) RETURNS TABLE (outcome integer, since date, who text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome = -100 THEN
		RETURN QUERY SELECT -100, NULL::date, NULL::text;
		RETURN;
	END IF;
	RETURN QUERY SELECT * FROM period_begin(p_hospital, p_last);
END
$$;

-- Closes a month, as period_close().
CREATE FUNCTION api_period_close(p_hospital uuid, p_last date, p_period uuid, p_rates jsonb, p_exponent integer, p_items jsonb,
	p_reverts integer, p_provisions jsonb, p_rounding integer, p_who text, p_key bytea, p_body bytea) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM period_close(p_hospital, p_last, p_period, p_rates, p_exponent::smallint, p_items, p_reverts, p_provisions,
		p_rounding::smallint, p_who);
	PERFORM api_done(p_hospital, p_key, p_body, p_period, NULL);
END
$$;

-- Postings that have no value in the books yet, by currency and day, and bills that are owed in another currency whose amount is not
-- known yet (with the carrier; wanted: in which currency, source: whose rate), or whose prices are not (lacks: what is missing of the
-- price list).
CREATE FUNCTION rate_waiting(p_hospital uuid) RETURNS TABLE (carrier text, currency text, exponent smallint, day date, items bigint,
	minor bigint, wanted text, source text, lacks text, list text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT NULL, p.currency, p.exponent, p.book_day, count(*), sum(p.amount_minor)::bigint, NULL, NULL, NULL, NULL
	FROM posting_unvalued u JOIN posting p ON p.hospital_id = u.hospital_id AND p.entry_id = u.entry_id AND p.no = u.no
	WHERE u.hospital_id = p_hospital GROUP BY 2, 3, 4
	UNION ALL
	SELECT lower(substr(p.debit, 4)), p.currency, p.exponent, p.book_day, count(*), sum(p.amount_minor)::bigint,
		CASE WHEN w.lacks IS NULL THEN c.document->'owed'->>'currency' END,
		CASE WHEN w.lacks IS NULL THEN coalesce(c.document->'owed'->'bill_rate'->>'source', 'cfets') END, w.lacks,
		CASE WHEN w.lacks IS NOT NULL THEN c.document->'prices'->>'list' END
	FROM receivable_wait w JOIN posting p ON p.hospital_id = w.hospital_id AND p.entry_id = w.claim_id AND p.no = 1
	CROSS JOIN LATERAL contract_of(p.hospital_id, lower(substr(p.debit, 4)), p.book_day) c
	WHERE w.hospital_id = p_hospital AND w.due_at > now() AND (c.kind = 'C' OR w.lacks IS NOT NULL) GROUP BY 1, 2, 3, 4, 7, 8, 9, 10
	ORDER BY 4, 2, 1;
END
$$;

CREATE POLICY client ON posting_unvalued FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
GRANT SELECT ON posting_unvalued TO zhifu_intake;

-- ---- what does not come ----

CREATE POLICY client ON demand FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
GRANT SELECT ON demand TO zhifu_intake;

-- A demand was delivered, or the debtor acknowledged (p_kind as in demand; p_years, p_interrupts: of the limitation). -1 nothing of the claim is open, -3 it has another version by now, -4 not between
-- its bill and today, -5 its limitation had ended.
CREATE FUNCTION api_demand(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_claim uuid, p_version integer, p_day date, p_why text,
	p_kind integer, p_years integer, p_interrupts integer) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
	made uuid := api_id();
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	PERFORM 1 FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim FOR UPDATE;
	done := coalesce(api_stale(p_hospital, 'work.assign', p_claim, p_version),
		(ARRAY[1, -1, -4, -5])[2 - demand_add(p_hospital, made, p_claim, p_day, p_years, p_who, p_why,
			coalesce(p_kind, 1)::smallint, p_interrupts)]);
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	END IF;
	RETURN QUERY SELECT done, made, CASE WHEN done IN (-4, -5) THEN '/delivered' END;
END
$$;

-- Gives up p_minor of what is open of a claim (NULL: all). p_role and p_limit: of who does it, as configured; p_exponent: of the books.
-- -1 nothing of the claim is open, -3 it has another version by now, -4 not as much is open, -5 that is another currency, -6 it is above
-- the limit.
CREATE FUNCTION api_write_off(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_claim uuid, p_version integer, p_minor bigint,
	p_currency text, p_why text, p_role text, p_limit bigint, p_exponent integer) RETURNS TABLE (outcome integer, id uuid, places text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	owed receivable;
	done integer;
	made uuid := api_id();
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT * INTO owed FROM receivable r WHERE r.hospital_id = p_hospital AND r.claim_id = p_claim FOR UPDATE;
	done := CASE WHEN owed.claim_id IS NULL THEN -1 ELSE coalesce(api_stale(p_hospital, 'work.assign', p_claim, p_version),
		CASE WHEN owed.open_minor = 0 THEN -1 WHEN p_currency <> owed.currency THEN -5 END) END;
	IF done IS NULL THEN
		BEGIN
			done := CASE WHEN write_off_post(p_hospital, made, p_claim, p_minor, p_exponent::smallint, p_role, p_limit, p_who, p_why) IS NULL
				THEN -4 ELSE 1 END;
		EXCEPTION WHEN insufficient_privilege THEN
			done := -6;
		END;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_claim, NULL);
	END IF;
	RETURN QUERY SELECT done, p_claim, CASE WHEN done IN (-4, -5, -6) THEN '/amount' END;
END
$$;

-- ---- declarations ----

-- Says that a bank line is a receipt from abroad, to be declared until p_due. 0 it has a declaration, -1 the hospital has no such line,
-- -2 money went out.
CREATE FUNCTION api_declaration_add(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_line uuid, p_why text, p_due date,
	p_assumed boolean, p_code text) RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	line bank_line;
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('zhifu.declaration'), hashtext(p_hospital::text)); -- as declaration_add()
	SELECT * INTO line FROM bank_line b WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	done := CASE WHEN line.line_id IS NULL THEN -1 WHEN line.amount_minor <= 0 THEN -2
		WHEN EXISTS (SELECT 1 FROM declaration d WHERE d.hospital_id = p_hospital AND d.line_id = p_line) THEN 0 ELSE 1 END;
	IF done = 1 THEN
		PERFORM declaration_say(p_hospital, p_line, p_due, p_assumed, p_code, p_who, p_why);
	END IF;
	IF done >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_line, NULL);
	END IF;
	RETURN QUERY SELECT done, p_line, CASE WHEN done < 0 THEN '/line' END;
END
$$;

-- Due days that were assumed and are known by now. recounted: how many changed.
CREATE FUNCTION api_declaration_recount(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_why text, p_no integer[], p_due date[])
RETURNS TABLE (outcome integer, id uuid, places text, recounted bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done bigint;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, seen.answer[1];
		RETURN;
	END IF;
	SELECT count(*) FILTER (WHERE declaration_recount(p_hospital, t.n, t.d)) INTO done FROM unnest(p_no, p_due) AS t (n, d);
	IF done > 0 THEN
		PERFORM operator_note(p_hospital, p_who, 'declaration.recount', done::text, p_why);
	END IF;
	PERFORM api_done(p_hospital, p_key, p_body, NULL, ARRAY[done]);
	RETURN QUERY SELECT 1, NULL::uuid, NULL::text, done;
END
$$;

-- ---- inspectors ----

-- Lets somebody read the reports up to a day, as inspector_grant(). pass: told once; NULL when the same request comes again. -1 the last
-- day is not from today to a year from now.
CREATE FUNCTION api_inspector_grant(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_name text, p_until date, p_why text)
RETURNS TABLE (outcome integer, id uuid, places text, name text, until date, pass text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	told text;
	may record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, p_name, p_until, NULL::text;
		RETURN;
	END IF;
	SELECT * INTO may FROM inspector_until(p_hospital);
	IF (p_until BETWEEN may.today AND may.until) IS NOT TRUE THEN
		RETURN QUERY SELECT -1, NULL::uuid, '/until', NULL::text, NULL::date, NULL::text;
		RETURN;
	END IF;
	told := inspector_grant(p_hospital, p_name, p_until, p_who, p_why);
	PERFORM api_done(p_hospital, p_key, p_body, NULL, NULL);
	RETURN QUERY SELECT 1, NULL::uuid, NULL::text, p_name, p_until, told;
END
$$;

-- As inspector_look(), for a client with the scope inspector, which the grant of its id lets in without a pass: certificates and tokens
-- say who it is.
CREATE FUNCTION inspector_client_look(p_hospital uuid, p_client text, p_report text, p_arguments text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	g inspector_grant;
	stands boolean;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO g FROM inspector_grant i WHERE i.hospital_id = p_hospital AND i.name = p_client
	ORDER BY inspector_stands(i) DESC, i.made_at DESC LIMIT 1;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	stands := inspector_stands(g);
	INSERT INTO inspector_look (hospital_id, grant_id, report, arguments, refused, address)
	VALUES (p_hospital, g.grant_id, left(p_report, 64), left(p_arguments, 1000), NOT stands, NULL);
	RETURN stands;
END
$$;

-- Ends all that stands under a name. -1 nothing does.
CREATE FUNCTION api_inspector_end(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_name text, p_why text)
RETURNS TABLE (outcome integer, id uuid, places text, ended bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done bigint;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, seen.answer[1];
		RETURN;
	END IF;
	done := inspector_end(p_hospital, p_name, p_who, p_why);
	IF done > 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, NULL, ARRAY[done]);
	END IF;
	RETURN QUERY SELECT CASE WHEN done > 0 THEN 1 ELSE -1 END, NULL::uuid, NULL::text, done;
END
$$;

-- ---- advices ----

-- Was this very request done before? Of what takes several statements of one transaction, which ends with api_key_done(). 0 it was, and
-- with which id and what was answered, sealed; -100 with another body.
CREATE FUNCTION api_key_seen(p_hospital uuid, p_key bytea, p_body bytea) RETURNS TABLE (outcome integer, id uuid, told bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT s.outcome, s.subject, (SELECT r.told FROM api_request r WHERE r.hospital_id = p_hospital AND r.key_hash = p_key
		AND s.outcome = 0) FROM api_seen(p_hospital, p_key, p_body) s;
END
$$;

CREATE FUNCTION api_key_done(p_hospital uuid, p_key bytea, p_body bytea, p_id uuid, p_told bytea) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	INSERT INTO api_request (hospital_id, key_hash, body_hash, subject, told) VALUES (p_hospital, p_key, p_body, p_id, p_told);
END
$$;

-- Refuses one that is parked, or takes back one that counts; outcomes as of remittance_refuse() and remittance_withdraw().
CREATE FUNCTION api_remittance_end(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_id uuid, p_why text, p_withdraw boolean)
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
	done := CASE WHEN p_withdraw THEN remittance_withdraw(p_hospital, p_id, api_id(), p_who, p_why)
		ELSE remittance_refuse(p_hospital, p_id, p_who, p_why) END;
	IF done >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_id, NULL);
	END IF;
	RETURN QUERY SELECT done, p_id, NULL::text;
END
$$;

-- ---- payers ----

-- Says by which names and accounts a payer is known, as match_learn(). done: how many.
CREATE FUNCTION api_payer_add(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_remitter text, p_why text, p_kind smallint[],
	p_hash bytea[], p_id uuid[], p_content bytea[]) RETURNS TABLE (outcome integer, id uuid, places text, done bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	many bigint := cardinality(p_kind);
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, seen.answer[1];
		RETURN;
	END IF;
	PERFORM match_learn(p_hospital, p_remitter, t.k, t.h, t.i, t.c, NULL, p_who) FROM unnest(p_kind, p_hash, p_id, p_content) AS t (k, h, i, c);
	PERFORM operator_note(p_hospital, p_who, 'payer.add', p_remitter, p_why);
	PERFORM pg_notify('zhifu', 'match'); -- a hint: settle looks by itself too
	PERFORM api_done(p_hospital, p_key, p_body, NULL, ARRAY[many]);
	RETURN QUERY SELECT 1, NULL::uuid, NULL::text, many;
END
$$;

-- Puts on record who looks at the names of payers (p_remitter; NULL: of all), which may be persons. Of accounts (p_kind 2) nothing is opened.
CREATE FUNCTION api_payer_look(p_hospital uuid, p_who text, p_remitter text, p_kind integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	IF p_kind = 2 THEN
		RETURN false;
	END IF;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'payer.show', coalesce(p_remitter, 'all'));
	RETURN true;
END
$$;

-- Forgets that a payer is known by these, each by its hashes under all keys, or by the one of p_id; as match_forget(). -1 it is not known
-- by one of them, and nothing is forgotten.
CREATE FUNCTION api_payer_forget(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_id uuid, p_remitter text, p_why text,
	p_kind smallint[], p_hash bytea[]) RETURNS TABLE (outcome integer, id uuid, places text, done bigint) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	kinds smallint[] := (SELECT array_agg(DISTINCT k) FROM unnest(p_kind) AS k);
	many bigint;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, NULL::uuid, NULL::text, seen.answer[1];
		RETURN;
	END IF;
	PERFORM match_lock(p_hospital);
	IF p_id IS NOT NULL THEN
		SELECT m.remitter, ARRAY[m.kind], ARRAY[m.hash] INTO p_remitter, kinds, p_hash FROM match_payer m
		WHERE m.hospital_id = p_hospital AND m.payer_id = p_id;
	END IF;
	IF kinds IS NULL OR EXISTS (SELECT 1 FROM unnest(kinds) AS k WHERE NOT EXISTS (SELECT 1 FROM match_payer m
			WHERE m.hospital_id = p_hospital AND m.remitter = p_remitter AND m.kind = k AND m.hash = ANY (p_hash))) THEN
		RETURN QUERY SELECT -1, NULL::uuid, NULL::text, NULL::bigint;
		RETURN;
	END IF;
	SELECT count(*) FILTER (WHERE match_forget(p_hospital, p_remitter, k, p_hash, p_who, p_why)) INTO many FROM unnest(kinds) AS k;
	PERFORM pg_notify('zhifu', 'match');
	PERFORM api_done(p_hospital, p_key, p_body, NULL, ARRAY[many]);
	RETURN QUERY SELECT 1, NULL::uuid, NULL::text, many;
END
$$;

GRANT EXECUTE ON FUNCTION charge_add TO zhifu_operator;
CALL writer_functions('inspector\_client\_look', 'period\_findings', 'rate\_waiting', 'api\_%');
GRANT EXECUTE ON FUNCTION period_findings, rate_waiting, limitation_list TO zhifu_operator, zhifu_intake;
GRANT EXECUTE ON FUNCTION api_period_begin, api_period_close TO zhifu_operator, zhifu_intake;
GRANT EXECUTE ON FUNCTION period_outcome, period_items, period_aged TO zhifu_intake;
GRANT EXECUTE ON FUNCTION api_demand, api_write_off, api_declaration_add, api_declaration_recount, api_inspector_grant,
	api_inspector_end, inspector_client_look, inspector_list, inspector_looks, api_key_seen, api_key_done, api_remittance_end,
	api_payer_add, api_payer_forget, api_payer_look TO zhifu_intake;
