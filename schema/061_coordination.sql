-- Several payers on one stay: what the social insurance (医保), a group plan and the patient owe of a claim that was billed to a policy
-- which comes after them (scenario S7). The table is in 043_patient.sql; daemon/ctl/money_coordination.c has the words for outcomes
-- below 0, with `minor` as their figure. p_why comes sealed.
SET search_path = zhifu;

-- The account of a claim's patient, or where there is none the one that patient_make() would make, with the claim's step and bill. Of
-- what is decided meanwhile either sees the other.
CREATE FUNCTION coordination_look(p_hospital uuid, p_claim uuid, p_exponent integer, OUT a patient_account, OUT bill posting, OUT books smallint)
LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	a := patient_look(p_hospital, NULL, p_claim, p_exponent);
	SELECT s.books INTO books FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim FOR UPDATE;
	PERFORM receivable_lock(false);
	SELECT * INTO bill FROM posting p WHERE p.hospital_id = p_hospital AND p.entry_id = p_claim AND p.no = 1 AND p.rule = 'bill'
		AND p.currency = a.currency;
END
$$;

-- Brings the share of a claim that a group plan or the fund of the social insurance (医保) owes after its account has moved by p_moved; of
-- the patients' accounts with the social insurance there is none.
CREATE FUNCTION coordination_moved(p_hospital uuid, p_claim uuid, p_account text, p_entry uuid, p_moved bigint) RETURNS void
LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM receivable_offset(p_hospital, r.claim_id, p_entry, p_moved, p_moved,
		CASE WHEN (dispute_of(p_hospital, r.claim_id)).dispute_id IS NOT NULL THEN 4 END::smallint) FROM receivable r
	WHERE r.of_claim = p_claim AND r.hospital_id = p_hospital AND 'AR-' || upper(r.carrier) = p_account AND p_moved <> 0;
END
$$;

-- What a group plan or the fund (si) owes is a receivable as a policy's is: its money is matched, ages, may be given up. It is made once a
-- claim and payer, called p_id; divided anew, after nothing was left of it, it is what is owed then. The agreement with the payer is that of
-- the day, where what it says is owed in the currency of the bill; settle finds the day when it is due, as it does of policies' bills.
CREATE FUNCTION coordination_share(k coordination, p_payer text, p_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	agreed record;
BEGIN
	SELECT c.* INTO agreed FROM contract_of(k.hospital_id, p_payer, k.book_day) c WHERE c.kind = 'A';
	INSERT INTO receivable AS r (hospital_id, claim_id, of_claim, carrier, remitter, contract_id, contract_version, kind, currency, exponent, owed_minor,
		open_minor, book_minor, billed_day, due_day, standing)
	VALUES (k.hospital_id, p_id, k.claim_id, p_payer, coalesce(agreed.remitter, p_payer), agreed.contract_id,
		agreed.version, 'A', k.currency, k.exponent, 0, 0, 0, k.book_day, NULL, 2)
	ON CONFLICT (of_claim, carrier, hospital_id) WHERE of_claim IS NOT NULL DO UPDATE SET remitter = excluded.remitter,
		contract_id = excluded.contract_id, contract_version = excluded.contract_version, owed_minor = 0, book_minor = 0,
		billed_day = excluded.billed_day, due_day = excluded.due_day, look_at = NULL, version = r.version + 1, changed = txid_current()
	WHERE r.open_minor = 0;
END
$$;

-- Posts a row of each share, or takes it back (negative amounts), and brings the policy's receivable after it: the patient's share as a
-- decision posts it, so that the policy's own posts but what differs. Settle may have read what is posted already: its next step fails
-- for this one, and it reads again.
CREATE FUNCTION coordination_entry(k coordination, a patient_account, p_entry uuid, p_policy text, p_sign integer, p_share bigint, p_day date,
	p_who text) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM claim_step(ARRAY[k.hospital_id], ARRAY[k.claim_id], '{5}', '{1}', '{NULL}', '{1}', '{divide}', ARRAY[p_who], '{NULL}');
	PERFORM patient_post(a, p_entry, 'coordinate_fund', 'AR-SI', p_policy, p_sign * k.fund_minor, p_day, k.coordination_id);
	PERFORM patient_post(a, p_entry, 'coordinate_group', 'AR-' || upper(k.group_code), p_policy, p_sign * k.group_minor, p_day,
		k.coordination_id);
	PERFORM patient_post(a, p_entry, 'patient_share', 'AR-PT', p_policy, p_sign * p_share, p_day, k.coordination_id);
	PERFORM patient_post(a, p_entry, 'coordinate_account', 'AR-SI-ACCOUNT', 'AR-PT', p_sign * k.account_minor, p_day, k.coordination_id);
	IF p_sign > 0 THEN
		UPDATE coordination c SET allowance_minor = r.allowance_minor FROM receivable r
		WHERE c.hospital_id = k.hospital_id AND c.coordination_id = k.coordination_id AND r.hospital_id = k.hospital_id AND r.claim_id = k.claim_id;
	END IF;
	PERFORM receivable_follow(ARRAY[k.hospital_id], ARRAY[k.claim_id], ARRAY[p_entry],
		ARRAY[-p_sign * (k.fund_minor + k.group_minor + p_share)]);
	IF p_sign > 0 AND k.fund_minor > 0 THEN
		PERFORM coordination_share(k, 'si', md5('si ' || k.coordination_id)::uuid);
	END IF;
	IF p_sign > 0 AND k.group_minor > 0 THEN
		PERFORM coordination_share(k, k.group_code, k.coordination_id);
	END IF;
	PERFORM coordination_moved(k.hospital_id, k.claim_id, 'AR-SI', p_entry, p_sign * k.fund_minor);
	PERFORM coordination_moved(k.hospital_id, k.claim_id, 'AR-' || upper(k.group_code), p_entry, p_sign * k.group_minor);
END
$$;

-- Divides a claim that was billed and is not decided, on the bill's day at the earliest: a month has no shares of a bill that it has not.
-- p_fund NULL: 医保 has not settled; p_group: the plan's code, its account is
-- AR-CODE. minor: what the patient is to pay. Refused: -1 not settled, -2 no clause, -3 the claim is not billed in the currency of the
-- books, -4 it is decided, or taken back, -5 it was billed with minor, -6 it is divided already, -7 the plan's code is not one, or is
-- that of a carrier to which claims are billed, or have an agreement of kind B or C (one of kind A may be the plan's, which says when and
-- how it pays). 0: the very same stands already, as after a first try whose end nobody heard of. Shares
-- that do not add up, or do not follow the clause, are an exception.
CREATE FUNCTION coordination_post(p_hospital uuid, p_id uuid, p_claim uuid, p_clause text, p_total bigint, p_fund bigint, p_group text,
	p_group_minor bigint, p_benefit bigint, p_plan bigint, p_available bigint, p_account bigint, p_cash bigint, p_exponent integer, p_day date,
	p_who text, p_why bytea, OUT outcome integer, OUT minor bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	b record := coordination_look(p_hospital, p_claim, p_exponent);
	a patient_account := b.a;
	bill posting := b.bill;
	k coordination;
BEGIN
	IF EXISTS (SELECT 1 FROM coordination c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim AND c.undone_entry IS NULL
		AND (c.clause, c.total_minor, c.fund_minor, c.group_code, c.group_minor, c.benefit_minor, c.plan_minor, c.available_minor, c.account_minor,
			c.cash_minor) IS NOT DISTINCT FROM (p_clause, p_total, p_fund, p_group, p_group_minor, p_benefit, p_plan, p_available, p_account, p_cash)) THEN
		outcome := 0;
		minor := patient_open(a);
		RETURN;
	END IF;
	outcome := CASE WHEN p_fund IS NULL THEN -1 WHEN coalesce(p_clause, '') NOT IN ('whole', 'carve-out', 'percentage') THEN -2
		WHEN EXISTS (SELECT 1 FROM coordination c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim AND c.undone_entry IS NULL) THEN -6
		WHEN b.books > 1 THEN -4 WHEN b.books = 0 OR bill.entry_id IS NULL THEN -3 WHEN bill.amount_minor <> p_total THEN -5
		WHEN p_group !~ '^[a-z0-9][a-z0-9-]{0,31}$' OR p_group IN ('si', 'si-account', 'pt', 'inpt') OR 'AR-' || upper(p_group) = bill.debit
			OR EXISTS (SELECT 1 FROM contract c WHERE c.hospital_id = p_hospital AND c.carrier = p_group AND c.kind <> 'A'
				AND c.valid_to >= c.valid_from)
			OR EXISTS (SELECT 1 FROM receivable_wait w JOIN posting p ON p.hospital_id = w.hospital_id AND p.entry_id = w.claim_id AND p.no = 1
				WHERE w.hospital_id = p_hospital AND p.debit = 'AR-' || upper(p_group))
			OR EXISTS (SELECT 1 FROM receivable_carrier r WHERE r.hospital_id = p_hospital AND r.carrier = p_group) THEN -7 ELSE 1 END;
	IF outcome < 0 THEN
		minor := CASE outcome WHEN -5 THEN bill.amount_minor END;
		RETURN;
	END IF;
	a := patient_make(a, NULL);
	INSERT INTO coordination AS c VALUES (p_hospital, p_id, p_claim, p_clause, p_total, p_fund, p_group, p_group_minor, p_benefit, p_plan,
		p_available, p_account, p_cash, a.currency, a.exponent, patient_day(p_hospital, greatest(p_day, bill.book_day), p_who), p_who, now(), p_why)
	RETURNING * INTO k;
	PERFORM coordination_entry(k, a, p_id, bill.debit, 1, k.account_minor + k.cash_minor, k.book_day, p_who);
	minor := patient_open(a);
END
$$;

-- Takes it back, as where 医保 settles anew: of the patient's share what stands, for a claim that was taken back has taken that with it.
-- What the contract took off a bill at full price is taken off again, as much as then.
-- minor: what the patient is to pay, below 0: to get back. Refused: -4 the policy has decided, -8 nothing is divided.
CREATE FUNCTION coordination_undo(p_hospital uuid, p_entry uuid, p_claim uuid, p_exponent integer, p_day date, p_who text, p_why bytea,
	OUT outcome integer, OUT minor bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	b record := coordination_look(p_hospital, p_claim, p_exponent);
	a patient_account := b.a;
	bill posting := b.bill;
	k coordination;
BEGIN
	SELECT * INTO k FROM coordination c WHERE c.hospital_id = p_hospital AND c.claim_id = p_claim AND c.undone_entry IS NULL;
	outcome := CASE WHEN k.claim_id IS NULL THEN -8 WHEN b.books BETWEEN 2 AND 4 THEN -4 ELSE 1 END;
	IF outcome < 0 THEN
		RETURN;
	END IF;
	a := patient_make(a, NULL);
	PERFORM coordination_entry(k, a, p_entry, bill.debit, -1, (
		SELECT coalesce(sum(CASE p.debit WHEN 'AR-PT' THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint FROM posting p
		WHERE p.hospital_id = p_hospital AND p.claim_id = p_claim AND p.rule = 'patient_share'), patient_day(p_hospital, greatest(p_day, k.book_day), p_who), p_who);
	UPDATE coordination c SET undone_entry = p_entry, undone_by = p_who, undone_at = now(), undone_why = p_why
	WHERE c.hospital_id = p_hospital AND c.coordination_id = k.coordination_id;
	IF k.allowance_minor > 0 AND NOT receivable_replaced(p_hospital, p_claim) THEN
		PERFORM receivable_allow(p_hospital, p_claim, k.allowance_minor, (now() AT TIME ZONE h.zone)::date) FROM hospital h
		WHERE h.hospital_id = p_hospital;
	END IF;
	minor := patient_open(a);
END
$$;

-- What a payer owes of divided stays, or of one, by claim, the longest owed first: what a receivable is of the policy's. Below 0: it paid
-- for what was taken back since.
CREATE FUNCTION coordination_open(p_hospital uuid, p_account text, p_claim uuid) RETURNS TABLE (claim_id uuid, since date, minor bigint)
LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT k.claim_id, k.since, s.minor FROM (SELECT c.claim_id, min(c.book_day) AS since, min(c.coordination_id::text) AS first FROM coordination c
		WHERE c.hospital_id = p_hospital AND (p_claim IS NULL OR c.claim_id = p_claim) AND p_account = ANY (ARRAY['AR-SI', 'AR-SI-ACCOUNT',
			'AR-' || upper(c.group_code)]) GROUP BY c.claim_id) k
	CROSS JOIN LATERAL (SELECT sum(CASE p.debit WHEN p_account THEN p.amount_minor ELSE -p.amount_minor END)::bigint AS minor FROM posting p
		WHERE p.claim_id = k.claim_id AND p.hospital_id = p_hospital AND p_account IN (p.debit, p.credit)) s
	WHERE s.minor <> 0 ORDER BY k.since, k.first
$$;

-- The claims for which p_amount of a line is taken as paid by such a payer, and how much of it for each: what is owed longest is paid
-- first; of what was not for that (below 0), what this line paid, the last first.
CREATE FUNCTION coordination_parts(p_hospital uuid, p_account text, p_line uuid, p_amount bigint, p_claim uuid)
RETURNS TABLE (claim_id uuid, minor bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT q.claim_id, (sign(p_amount::numeric) * greatest(least(q.minor, abs(p_amount) - q.before), 0))::bigint FROM (
		SELECT t.claim_id, t.minor, coalesce(sum(t.minor) OVER (ORDER BY t.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM (
			SELECT o.claim_id, o.minor, o.n FROM coordination_open(p_hospital, p_account, p_claim) WITH ORDINALITY AS o (claim_id, since, minor, n)
			WHERE p_amount > 0 AND o.minor > 0
			UNION ALL
			SELECT p.claim_id, sum(CASE p.credit WHEN p_account THEN p.amount_minor ELSE -p.amount_minor END)::bigint,
				row_number() OVER (ORDER BY max(p.at) DESC, p.claim_id DESC)
			FROM coordination_payment y JOIN posting p ON p.hospital_id = y.hospital_id AND p.entry_id = y.payment_id AND p.rule = 'coordinate_paid'
			WHERE p_amount < 0 AND y.hospital_id = p_hospital AND y.account = p_account AND y.line_id = p_line
				AND (p_claim IS NULL OR p.claim_id = p_claim) GROUP BY p.claim_id) t) q
	WHERE q.before < abs(p_amount) AND q.minor > 0 ORDER BY q.before
$$;

-- Money of a payer that has no claims of its own came, p_amount of a line in suspense, for a claim's stay or (p_claim NULL) for those of
-- which it owes longest; below 0: it was not for that, and waits for a person again. minor: what the payer owes then, of all stays. Refused: -9 it owes only minor (of this claim), -10 of the line only minor
-- is in suspense, or it is held or not in the currency of the books, -11 of the line only minor was taken for it.
CREATE FUNCTION coordination_pay(p_hospital uuid, p_payment uuid, p_account text, p_line uuid, p_amount bigint, p_who text, p_why bytea,
	p_claim uuid DEFAULT NULL, OUT outcome integer, OUT minor bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, NULL, NULL, NULL); -- takes the turn; names no claim
	line bank_line;
	waits bigint := 0;
	taken bigint;
	owed bigint;
	posted numeric := 0;
	part record;
	day date;
BEGIN
	SELECT b.* INTO line FROM bank_line b JOIN hospital h ON h.hospital_id = b.hospital_id AND h.book_currency = b.currency
	WHERE b.hospital_id = p_hospital AND b.line_id = p_line;
	IF suspense_lock(p_hospital, ARRAY[p_line]) AND line.line_id IS NOT NULL THEN
		SELECT s.open_minor INTO waits FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_line;
	END IF;
	-- Not before the line's lock: the matcher, too, pays what a plan owes.
	SELECT coalesce(sum(CASE p.credit WHEN p_account THEN p.amount_minor ELSE -p.amount_minor END), 0) INTO taken FROM coordination_payment y
	JOIN posting p ON p.hospital_id = y.hospital_id AND p.entry_id = y.payment_id AND p.rule = 'coordinate_paid'
	WHERE y.hospital_id = p_hospital AND y.account = p_account AND y.line_id = p_line AND (p_claim IS NULL OR p.claim_id = p_claim);
	SELECT coalesce(sum(o.minor) FILTER (WHERE o.minor > 0), 0) INTO owed FROM coordination_open(p_hospital, p_account, p_claim) o;
	outcome := CASE WHEN p_amount > owed THEN -9 WHEN p_amount > greatest(waits, 0) OR waits IS NULL AND p_amount > 0
		THEN -10 WHEN -p_amount > taken THEN -11 ELSE 1 END;
	minor := CASE outcome WHEN -9 THEN owed WHEN -10 THEN greatest(coalesce(waits, 0), 0) WHEN -11 THEN taken END;
	IF outcome < 0 THEN
		RETURN;
	END IF;
	day := patient_day(p_hospital, line.booked_day, p_who);
	a.hospital_id := p_hospital;
	a.currency := line.currency;
	a.exponent := line.exponent;
	FOR part IN SELECT * FROM coordination_parts(p_hospital, p_account, p_line, p_amount, p_claim) LOOP
		a.claim_id := part.claim_id;
		PERFORM patient_post(a, p_payment, 'coordinate_paid', 'SUSP', p_account, part.minor, day, p_line);
		PERFORM coordination_moved(p_hospital, part.claim_id, p_account, p_payment, -part.minor);
		posted := posted + part.minor;
	END LOOP;
	IF posted <> p_amount THEN
		RAISE EXCEPTION 'of % that came for %, % is for claims', p_amount, p_account, posted USING ERRCODE = 'check_violation';
	END IF;
	INSERT INTO coordination_payment (hospital_id, payment_id, account, line_id, amount_minor, currency, exponent, book_day, who, why)
	VALUES (p_hospital, p_payment, p_account, p_line, p_amount, a.currency, a.exponent, day, p_who, p_why);
	IF p_amount > 0 THEN
		PERFORM suspense_take(p_hospital, p_line, p_amount);
	ELSE
		PERFORM suspense_return(p_hospital, p_line, -p_amount);
	END IF;
	SELECT coalesce(sum(o.minor), 0) INTO minor FROM coordination_open(p_hospital, p_account, NULL) o;
END
$$;

-- Shares whose day settle is to find, with the agreements that counted when they were made, as zhifu_contract(5) has them: each document
-- with the first of its shares.
CREATE FUNCTION settle_shares(p_limit integer) RETURNS TABLE (hospital_id uuid, claim_id uuid, version integer, billed_day date,
	book_currency text, contract_id uuid, contract_version integer, document text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off AS $$
	SELECT r.hospital_id, r.claim_id, r.version, r.billed_day, h.book_currency, c.contract_id, c.version,
		CASE WHEN r.n = 1 THEN c.document::text END
	FROM (SELECT s.*, row_number() OVER (PARTITION BY s.hospital_id, s.contract_id, s.contract_version ORDER BY s.claim_id) AS n FROM (
			SELECT * FROM receivable i WHERE i.of_claim IS NOT NULL AND i.contract_id IS NOT NULL AND i.due_day IS NULL
				AND coalesce(i.look_at, '-infinity') <= now()
			ORDER BY coalesce(i.look_at, '-infinity'), i.hospital_id, i.claim_id LIMIT p_limit) s) r
	JOIN contract c ON c.hospital_id = r.hospital_id AND c.contract_id = r.contract_id AND c.version = r.contract_version
	JOIN hospital h ON h.hospital_id = r.hospital_id
	ORDER BY r.hospital_id, r.claim_id
$$;

-- The days on which they are due, where nothing has moved them since. NULL: nobody can tell, and settle looks again after p_later_s; those
-- behind it have their turn.
CREATE FUNCTION settle_shares_due(p_hospital uuid[], p_claim uuid[], p_version integer[], p_due date[], p_later_s integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
BEGIN
	FOR i IN 1 .. cardinality(p_claim) LOOP -- in the order of settle_shares()
		UPDATE receivable r SET due_day = p_due[i], changed = CASE WHEN p_due[i] IS NULL THEN r.changed ELSE txid_current() END,
			look_at = CASE WHEN p_due[i] IS NULL THEN now() + make_interval(secs => p_later_s) END
		WHERE r.hospital_id = p_hospital[i] AND r.claim_id = p_claim[i] AND r.of_claim IS NOT NULL AND r.due_day IS NULL
			AND r.version = p_version[i];
	END LOOP;
END
$$;

CALL writer_functions('coordination\_%', 'settle\_shares', 'settle\_shares\_due');
GRANT EXECUTE ON FUNCTION settle_shares, settle_shares_due TO zhifu_settle;
GRANT EXECUTE ON FUNCTION coordination_post, coordination_undo, coordination_pay TO zhifu_operator;
