-- Under /v1: orders to the bank, currency that it bought, what acquirers transferred, several payers on one stay, and what persons say of
-- the bank's statements
-- (schema/055_api.sql says how these functions answer; daemon/desk/treasury_operations.c has the words).
SET search_path = zhifu;

CREATE POLICY client ON acquirer_settlement FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
CREATE POLICY client ON coordination FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
-- Not what a person wrote of them.
GRANT SELECT (hospital_id, settlement_id, acquirer, clearing, line_id, gross_minor, fee_minor, currency, exponent, book_day, who, made_at,
	undone_entry, undone_day, undone_by, undone_at) ON acquirer_settlement TO zhifu_intake;
CREATE POLICY client ON acquirer_unsettled FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
GRANT SELECT ON acquirer_unsettled TO zhifu_intake;
GRANT SELECT (hospital_id, coordination_id, claim_id, clause, total_minor, fund_minor, group_code, group_minor, benefit_minor, plan_minor,
	available_minor, account_minor, cash_minor, currency, exponent, book_day, who, made_at, undone_entry, undone_by, undone_at)
	ON coordination TO zhifu_intake;
GRANT EXECUTE ON FUNCTION acquirer_waiting, patient_clearing TO zhifu_intake;

-- What a sale of foreign currency was carried at: the sold part of what its account had. -8: that had less.
CREATE FUNCTION api_sale(p_hospital uuid, p_sale uuid, p_out uuid, p_in uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	basis record;
BEGIN
	IF NOT suspense_lock(p_hospital, ARRAY[p_out, p_in]) THEN
		RETURN -7;
	END IF;
	SELECT * INTO basis FROM sale_basis(p_hospital, p_out);
	IF basis.account IS NULL OR NOT basis.valued THEN
		RETURN -7;
	ELSIF basis.sold_minor > basis.balance_minor THEN
		RETURN -8;
	END IF;
	RETURN CASE WHEN sale_post(p_hospital, p_sale, p_out, p_in, (sign(basis.carried_minor::numeric) * div(2 * abs(basis.carried_minor::numeric)
		* basis.sold_minor + basis.balance_minor, 2 * basis.balance_minor::numeric))::bigint, p_who, p_why) IS NULL THEN -7 ELSE 1 END;
END
$$;

-- By name, of p_id or of a line. order.make: -1 the line has less in suspense, or is held, -2 in another currency, -3 no day between
-- that of the money and today. order.clear: -4 no such order is in transit, -5 the line is not of its account and amount, -6 no rate
-- yet of its day. order.cancel: -4, -6. sale: -7 the lines are not whole in suspense, or lack a value, -8 the account had less. acquirer: -11 to -15 as
-- acquirer_settle().
CREATE FUNCTION api_treasury(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_id uuid, p_line uuid, p_minor bigint,
	p_currency text, p_day date, p_text text, p_why text, p_references text[], p_new uuid, p_sealed bytea)
RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	done integer;
	made uuid := coalesce(p_new, CASE WHEN p_act IN ('order.clear', 'order.cancel') THEN p_id END, api_id());
	house record;
	money record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT h.book_currency, (now() AT TIME ZONE h.zone)::date AS today INTO house FROM hospital h WHERE h.hospital_id = p_hospital;
	SELECT b.currency, u.since INTO money FROM bank_line b LEFT JOIN suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id
	WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	IF p_act = 'order.make' THEN
		done := CASE WHEN p_currency <> money.currency THEN -2 WHEN money.since IS NULL THEN -1
			WHEN coalesce(p_day, house.today) NOT BETWEEN money.since AND house.today THEN -3
			WHEN order_make(p_hospital, made, p_line, p_minor, coalesce(p_day, house.today), p_who, p_why) IS NULL THEN -1 ELSE 1 END;
	ELSIF p_act = 'order.clear' AND EXISTS (SELECT 1 FROM posting_unvalued w WHERE w.hospital_id = p_hospital AND w.entry_id = p_line) THEN
		done := -6;
	ELSIF p_act = 'order.clear' THEN
		done := CASE order_clear(p_hospital, p_id, p_line, p_who) WHEN 1 THEN 1 WHEN 0 THEN -4 ELSE -5 END;
	ELSIF p_act = 'order.cancel' THEN
		done := CASE order_cancel(p_hospital, p_id, api_id(), p_who, p_why) WHEN 1 THEN 1 WHEN 0 THEN -4 ELSE -6 END;
	ELSIF p_act = 'sale' THEN
		done := api_sale(p_hospital, made, p_id, p_line, p_who, p_why);
	ELSIF p_currency <> house.book_currency THEN
		done := -2;
	ELSE
		SELECT CASE WHEN a.outcome < 0 THEN a.outcome - 10 ELSE 1 END INTO done FROM acquirer_settle(p_hospital, made, p_text,
			nullif(p_references, '{}'), coalesce(p_day, house.today), p_line, coalesce(p_minor, 0), p_who, p_sealed) a;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	END IF;
	RETURN QUERY SELECT done, made, CASE WHEN done = -2 AND p_act = 'acquirer' OR done = -15 THEN '/fee' WHEN done = -2 THEN '/amount'
		WHEN done = -1 THEN '/amount' WHEN done = -3 THEN '/day' WHEN done IN (-5, -6, -14) THEN '/line' WHEN done IN (-7, -8) THEN '/out,/in'
		WHEN done = -11 THEN '/acquirer' WHEN done IN (-12, -13) THEN '/references' END;
END
$$;

-- Several payers on one stay: post, undo (p_claim by p_id of the coordination) and pay. As the functions of schema/061_coordination.sql;
-- -12 there is no such claim or coordination, -13 the amount is nothing or not in the currency of the books. owed: what the payer of p_by
-- owes then.
CREATE FUNCTION api_coordination(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_new uuid, p_why bytea, p_id uuid,
	p_day date, p_exponent integer, p_clause text DEFAULT NULL, p_total bigint DEFAULT NULL, p_fund bigint DEFAULT NULL,
	p_group text DEFAULT NULL, p_group_minor bigint DEFAULT NULL, p_benefit bigint DEFAULT NULL, p_plan bigint DEFAULT NULL,
	p_available bigint DEFAULT NULL, p_account bigint DEFAULT NULL, p_cash bigint DEFAULT NULL, p_by text DEFAULT NULL,
	p_minor bigint DEFAULT NULL, p_currency text DEFAULT NULL, p_of uuid DEFAULT NULL)
RETURNS TABLE (outcome integer, id uuid, places text, owed bigint, currency text, exponent integer) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	said record;
	claim uuid := p_id;
	made uuid := p_new;
	house record;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	SELECT h.book_currency, (now() AT TIME ZONE h.zone)::date AS today INTO house FROM hospital h WHERE h.hospital_id = p_hospital;
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text, seen.answer[1], house.book_currency, p_exponent;
		RETURN;
	END IF;
	IF p_act = 'undo' THEN
		SELECT c.claim_id, c.coordination_id INTO claim, made FROM coordination c WHERE c.hospital_id = p_hospital AND c.coordination_id = p_id;
	END IF;
	IF p_act = 'pay' AND (p_minor = 0 OR p_currency <> house.book_currency) THEN
		SELECT -13 AS outcome, NULL::bigint AS minor INTO said;
	ELSIF (p_act <> 'pay' OR p_of IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM claim_state s
		WHERE s.hospital_id = p_hospital AND s.claim_id = CASE p_act WHEN 'pay' THEN p_of ELSE claim END) THEN
		SELECT -12 AS outcome, NULL::bigint AS minor INTO said;
	ELSIF p_act = 'post' THEN
		SELECT * INTO said FROM coordination_post(p_hospital, p_new, claim, p_clause, p_total, p_fund, p_group, p_group_minor, p_benefit, p_plan,
			p_available, p_account, p_cash, p_exponent, coalesce(p_day, house.today), p_who, p_why);
		IF said.outcome >= 0 THEN -- also the one that is there already
			SELECT c.coordination_id INTO made FROM coordination c
			WHERE c.hospital_id = p_hospital AND c.claim_id = claim AND c.undone_entry IS NULL;
		END IF;
	ELSIF p_act = 'undo' THEN
		SELECT CASE WHEN c.undone_entry IS NULL THEN NULL ELSE -8 END AS outcome, NULL::bigint AS minor INTO said FROM coordination c
		WHERE c.hospital_id = p_hospital AND c.coordination_id = p_id;
		IF said.outcome IS NULL THEN
			SELECT * INTO said FROM coordination_undo(p_hospital, p_new, claim, p_exponent, coalesce(p_day, house.today), p_who, p_why);
		END IF;
	ELSE
		SELECT * INTO said FROM coordination_pay(p_hospital, p_new, p_by, p_id, p_minor, p_who, p_why, p_of);
	END IF;
	IF said.outcome >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, ARRAY[said.minor]);
	END IF;
	RETURN QUERY SELECT said.outcome, made, CASE said.outcome WHEN -1 THEN '/fund' WHEN -2 THEN '/clause' WHEN -3 THEN '/claim' WHEN -4 THEN
		CASE p_act WHEN 'post' THEN '/claim' END WHEN -5 THEN '/total' WHEN -6 THEN '/claim' WHEN -7 THEN '/group' WHEN -9 THEN '/amount'
		WHEN -10 THEN '/line' WHEN -11 THEN '/amount' WHEN -12 THEN CASE p_act WHEN 'undo' THEN NULL ELSE '/claim' END WHEN -13 THEN '/amount' END,
		said.minor, house.book_currency, p_exponent;
END
$$;

-- Why nothing can fill the gap before a statement. -1 there is no such statement, -2 there is no gap before it.
CREATE FUNCTION api_gap_explain(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_statement uuid, p_why text)
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
	done := CASE bank_gap_explain(p_hospital, p_statement, p_who, p_why) WHEN 1 THEN 1 WHEN 0 THEN -1 ELSE -2 END;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, p_statement, NULL);
	END IF;
	RETURN QUERY SELECT done, p_statement, NULL::text;
END
$$;

-- What the bank shows for the end of a day, with the row that it becomes. -1 the day is not over, -2 its month is closed, -3 statements
-- say it, -4 there is no such account, -5 it is kept in another currency.
CREATE FUNCTION api_bank_confirm(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_account text, p_day date, p_minor bigint,
	p_currency text, p_why text) RETURNS TABLE (outcome integer, id uuid, places text, account text, day date, minor bigint, currency text,
	exponent integer, who text, why text, at timestamptz) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	seen record;
	kept record;
	done integer;
BEGIN
	PERFORM tenant_must(p_hospital);
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	SELECT * INTO kept FROM bank_kept_in(p_hospital, p_account);
	IF seen.outcome IS NOT NULL THEN
		done := seen.outcome;
	ELSIF kept.currency <> p_currency THEN
		done := -5;
	ELSE
		done := CASE bank_confirm(p_hospital, p_account, p_day, p_minor, p_who, p_why) WHEN 1 THEN 1 WHEN 0 THEN -4 WHEN -1 THEN -1
			WHEN -2 THEN -2 ELSE -3 END;
	END IF;
	IF done = 1 THEN
		PERFORM api_done(p_hospital, p_key, p_body, NULL, NULL);
	END IF;
	RETURN QUERY SELECT done, NULL::uuid, CASE WHEN done IN (-1, -2, -3) THEN '/day' WHEN done = -4 THEN '/account' WHEN done = -5 THEN '/balance' END,
		f.account, f.day, f.minor, kept.currency, kept.exponent::integer, f.who, f.why, f.at
	FROM (VALUES (1)) AS one LEFT JOIN bank_confirmation f ON done >= 0 AND f.hospital_id = p_hospital AND f.account = p_account AND f.day = p_day;
END
$$;

CALL writer_functions('api\_sale', 'api\_treasury', 'api\_coordination', 'api\_gap\_explain', 'api\_bank\_confirm');
GRANT EXECUTE ON FUNCTION api_treasury, api_coordination, api_gap_explain, api_bank_confirm TO zhifu_intake;
