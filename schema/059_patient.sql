-- What patients pay: quotes, bills, payments, deposits, refunds, chargebacks, and what acquirers settle of them. The rules of the books
-- are here; daemon/ctl/money_patient.c has the words for outcomes below 0, with `minor` as their figure. p_why comes sealed.
SET search_path = zhifu;

-- The account in the ledger where the money of a method is until the bank has it.
CREATE FUNCTION patient_clearing(p_method text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT CASE p_method WHEN 'cash' THEN 'CASH' WHEN 'wallet' THEN 'CLR-WALLET' WHEN 'transfer' THEN 'SUSP' ELSE 'CLR-CARD' END
$$;

-- Is this the number of a card (ISO/IEC 7812: 13 to 19 digits whose check digit is right)? Such a one is kept by nobody but the acquirer.
CREATE FUNCTION patient_card_number(p_reference text) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce((SELECT sum(CASE WHEN n % 2 = 1 THEN c ELSE c * 2 / 10 + c * 2 % 10 END) % 10 = 0
		FROM (SELECT n, substr(d.digits, length(d.digits) + 1 - n, 1)::integer AS c FROM generate_series(1, length(d.digits)) AS n) s), false)
	FROM (SELECT substring(regexp_replace(p_reference, '[ -]', '', 'g') FROM '^[0-9]{13,19}$') AS digits) d
$$;

-- One at a time in a hospital, the session's, until the transaction ends. The account of a stay (p_names as claim.stay) or a claim; with
-- p_exponent, of the currency of the books, where there is none the one that patient_make() would make.
CREATE FUNCTION patient_look(p_hospital uuid, p_names text, p_claim uuid, p_exponent integer) RETURNS patient_account LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account;
BEGIN
	PERFORM tenant_must(p_hospital);
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.patient ' || p_hospital, 0));
	SELECT * INTO a FROM patient_account p
	WHERE p.hospital_id = p_hospital AND (p.stay = stay_known(p_hospital, p_names) OR p.claim_id = p_claim);
	IF NOT FOUND AND p_exponent IS NOT NULL THEN
		IF p_claim IS NOT NULL AND NOT EXISTS (SELECT 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim) THEN
			RAISE EXCEPTION 'there is no such claim';
		END IF;
		SELECT p_hospital, gen_random_uuid(), stay_known(p_hospital, p_names), p_claim, h.book_currency, p_exponent,
			CASE WHEN p_claim IS NULL THEN 'AR-INPT' ELSE 'AR-PT' END, NULL, 0, 0, 0, 0, 0 INTO a FROM hospital h WHERE h.hospital_id = p_hospital;
	END IF;
	RETURN a;
END
$$;

-- Makes it, where there is none: not before it is sure that something comes of what was asked for.
CREATE FUNCTION patient_make(a patient_account, p_names text) RETURNS patient_account LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF a.account_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient_account p
		WHERE p.hospital_id = a.hospital_id AND p.account_id = a.account_id) THEN
		a.stay := stay_of(a.hospital_id, p_names);
		INSERT INTO patient_account VALUES (a.*);
	END IF;
	RETURN a;
END
$$;

CREATE FUNCTION patient_begin(p_hospital uuid, p_names text, p_claim uuid, p_exponent integer) RETURNS patient_account LANGUAGE sql
SET search_path = zhifu, pg_temp AS $$
	SELECT patient_make(patient_look(p_hospital, p_names, p_claim, p_exponent), p_names)
$$;

-- What is owed and not paid; below 0: paid too much. What a decision says of a claim is in its postings.
CREATE FUNCTION patient_open(a patient_account) RETURNS bigint LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT CASE WHEN a.claim_id IS NULL THEN a.medical_minor + a.other_minor - a.paid_minor ELSE (
		SELECT coalesce(sum(CASE p.debit WHEN 'AR-PT' THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint FROM posting p
		WHERE p.hospital_id = a.hospital_id AND p.claim_id = a.claim_id AND 'AR-PT' IN (p.debit, p.credit) AND p.currency = a.currency) END
$$;

-- The share of the care: of a stay as it was billed, of a claim as its decision and those who pay before the patient leave it.
CREATE FUNCTION patient_share(a patient_account) RETURNS bigint LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT CASE WHEN a.claim_id IS NULL THEN a.medical_minor ELSE (
		SELECT coalesce(sum(CASE p.debit WHEN 'AR-PT' THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint FROM posting p
		WHERE p.hospital_id = a.hospital_id AND p.claim_id = a.claim_id AND p.rule IN ('patient_share', 'coordinate_account')) END
$$;

-- Of a stay, what is charged and billed to nobody. Nobody charges or bills it until the end of the transaction: a claim of the same
-- stay may be on its way.
CREATE FUNCTION patient_unbilled(p_hospital uuid, p_stay text) RETURNS bigint LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	rest bigint;
BEGIN
	SELECT greatest(s.charged_minor - s.billed_minor, 0) INTO rest FROM stay s WHERE s.hospital_id = p_hospital AND s.stay = p_stay FOR UPDATE;
	RETURN coalesce(rest, 0);
END
$$;

-- Uses what was deposited for what is open of an account: its own deposits, and of a claim those of its stay. Returns how much.
CREATE FUNCTION patient_use(a patient_account, p_entry uuid, p_day date) RETURNS bigint LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	d patient_account;
	rest bigint := greatest(patient_open(a), 0);
	used bigint;
	total bigint := 0;
BEGIN
	FOR d IN SELECT p.* FROM patient_account p WHERE p.hospital_id = a.hospital_id AND p.deposit_minor > 0 AND (p.account_id = a.account_id
		OR p.stay = stay_known(a.hospital_id, (SELECT c.stay FROM claim c WHERE c.hospital_id = a.hospital_id AND c.claim_id = a.claim_id)))
	LOOP
		used := least(rest - total, d.deposit_minor);
		UPDATE patient_account p SET deposit_minor = p.deposit_minor - used WHERE p.hospital_id = d.hospital_id AND p.account_id = d.account_id;
		INSERT INTO patient_used (hospital_id, entry_id, deposit_id, account_id, amount_minor)
		SELECT a.hospital_id, p_entry, d.account_id, a.account_id, used WHERE used > 0 AND d.account_id <> a.account_id;
		total := total + used;
	END LOOP;
	PERFORM patient_post(a, p_entry, 'patient_use', 'DEP', a.receivable, total, p_day, p_entry);
	UPDATE patient_account p SET paid_minor = p.paid_minor + total WHERE p.hospital_id = a.hospital_id AND p.account_id = a.account_id;
	RETURN total;
END
$$;

-- What of an account's deposits other accounts use, and (over) what of that is more than they owe.
CREATE FUNCTION patient_lent(d patient_account) RETURNS TABLE (a patient_account, used bigint, over bigint) LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT t, u.minor, least(u.minor, greatest(-patient_open(t), 0)) FROM (SELECT p.account_id, sum(p.amount_minor)::bigint AS minor
		FROM patient_used p WHERE p.hospital_id = d.hospital_id AND p.deposit_id = d.account_id GROUP BY 1 HAVING sum(p.amount_minor) > 0) u
	JOIN patient_account t ON t.hospital_id = d.hospital_id AND t.account_id = u.account_id
$$;

-- Takes back up to p_want of that, only what is more than owed or all. Returns how much is a deposit again; the caller adds it.
CREATE FUNCTION patient_free(d patient_account, p_entry uuid, p_day date, p_want bigint, p_over boolean) RETURNS bigint LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	u record;
	part bigint;
	total bigint := 0;
BEGIN
	FOR u IN SELECT l.* FROM patient_lent(d) l LOOP
		part := least(p_want - total, CASE WHEN p_over THEN u.over ELSE u.used END);
		CONTINUE WHEN part <= 0;
		PERFORM patient_post(u.a, p_entry, 'patient_use', (u.a).receivable, 'DEP', part, p_day, p_entry);
		INSERT INTO patient_used (hospital_id, entry_id, deposit_id, account_id, amount_minor)
		VALUES (d.hospital_id, p_entry, d.account_id, (u.a).account_id, -part);
		UPDATE patient_account p SET paid_minor = p.paid_minor - part WHERE p.hospital_id = d.hospital_id AND p.account_id = (u.a).account_id;
		total := total + part;
	END LOOP;
	RETURN total;
END
$$;

-- Posts a row more of an entry, the other way round for what is negative, and nothing for nothing.
CREATE FUNCTION patient_post(a patient_account, p_entry uuid, p_rule text, p_debit text, p_credit text, p_amount bigint, p_day date,
	p_source uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, claim_id,
		source_id)
	SELECT a.hospital_id, p_entry, (SELECT coalesce(max(g.no), 0) + 1 FROM posting g WHERE g.hospital_id = a.hospital_id AND g.entry_id = p_entry),
		CASE WHEN p_amount > 0 THEN p_debit ELSE p_credit END, CASE WHEN p_amount > 0 THEN p_credit ELSE p_debit END, abs(p_amount), a.currency,
		a.exponent, abs(p_amount), p_day, p_rule, a.claim_id, p_source
	WHERE p_amount <> 0
$$;

-- Who does it must be known, and the day have come. Returns the day of the posting.
CREATE FUNCTION patient_day(p_hospital uuid, p_day date, p_who text) RETURNS date LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'who takes or gives a patient''s money must be known';
	END IF;
	IF p_day > (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital) THEN
		RAISE EXCEPTION 'the day % has not come', p_day USING HINT = 'Give the day on which it happened.';
	END IF;
	RETURN books_day(p_hospital, p_day);
END
$$;

-- ---- what is owed ----

-- The share that a patient is told before: deposits go as far. Returns the account's quote before, NULL: none.
CREATE FUNCTION patient_quote(p_hospital uuid, p_bill uuid, p_names text, p_claim uuid, p_amount bigint, p_exponent integer,
	p_who text, p_why bytea) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, p_names, p_claim, p_exponent);
BEGIN
	UPDATE patient_account p SET quoted_minor = p_amount WHERE p.hospital_id = p_hospital AND p.account_id = a.account_id;
	INSERT INTO patient_bill (hospital_id, bill_id, account_id, quote, medical_minor, other_minor, vat_minor, used_minor, who, why)
	VALUES (p_hospital, p_bill, a.account_id, true, p_amount, 0, 0, 0, p_who, p_why);
	RETURN a.quoted_minor;
END
$$;

-- What a patient owes in all, from now on. p_medical: of a stay the share of what was charged; of a claim NULL: its decision says it.
-- p_other: what is no care, with a tax of p_vat hundredths of a per cent in it. What was deposited is used. minor: open afterwards.
-- -1 of the stay is only minor charged and not billed; -2 the claim is not decided (yet); -3 of a claim the decision says the share.
CREATE FUNCTION patient_bill(p_hospital uuid, p_bill uuid, p_names text, p_claim uuid, p_medical bigint, p_other bigint, p_vat integer,
	p_exponent integer, p_day date, p_who text, p_why bytea, OUT outcome integer, OUT minor bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_look(p_hospital, p_names, p_claim, p_exponent);
	day date := patient_day(p_hospital, p_day, p_who);
	vat bigint := div(2 * p_other::numeric * p_vat + 10000 + p_vat, 2 * (10000 + p_vat)::numeric);
	more bigint := coalesce(p_medical, 0) - a.medical_minor;
	used bigint;
BEGIN
	outcome := CASE WHEN p_claim IS NOT NULL AND p_medical IS NOT NULL THEN -3
		WHEN p_claim IS NOT NULL AND NOT EXISTS (SELECT 1 FROM claim_state s
			WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim AND s.books BETWEEN 2 AND 4) THEN -2
		WHEN p_claim IS NULL AND more > patient_unbilled(p_hospital, a.stay) THEN -1 ELSE 1 END;
	IF outcome < 0 THEN
		minor := a.medical_minor + patient_unbilled(p_hospital, a.stay);
		RETURN;
	END IF;
	a := patient_make(a, p_names);
	IF more <> 0 THEN
		PERFORM stay_post(p_hospital, p_bill, stay_ahead_add(p_hospital, a.stay, day, stay_add(p_hospital, a.stay, 0, more)), day,
			a.currency, a.exponent, NULL, p_bill);
		IF a.receivable = 'AR-PT' THEN
			PERFORM patient_post(a, p_bill, 'patient_owe', 'AR-PT', 'AR-INPT', more, day, p_bill);
		END IF;
	END IF;
	PERFORM patient_post(a, p_bill, 'patient_other', a.receivable, 'REV-OTH', p_other - vat - a.other_minor + a.vat_minor, day, p_bill);
	PERFORM patient_post(a, p_bill, 'patient_vat', a.receivable, 'VAT', vat - a.vat_minor, day, p_bill);
	UPDATE patient_account p SET medical_minor = coalesce(p_medical, 0), other_minor = p_other, vat_minor = vat
	WHERE p.hospital_id = p_hospital AND p.account_id = a.account_id RETURNING * INTO a;
	used := patient_use(a, p_bill, day);
	SELECT * INTO a FROM patient_account p WHERE p.hospital_id = p_hospital AND p.account_id = a.account_id;
	INSERT INTO patient_bill (hospital_id, bill_id, account_id, quote, medical_minor, other_minor, vat_minor, used_minor, who, why)
	VALUES (p_hospital, p_bill, a.account_id, false, coalesce(p_medical, 0), p_other, vat, used, p_who, p_why);
	minor := patient_open(a);
END
$$;

-- A patient has left and owes what is open of a stay: it goes from AR-INPT to AR-PT. Returns what is open, also of one who has left
-- before; NULL: the stay has no account.
CREATE FUNCTION patient_owe(p_hospital uuid, p_bill uuid, p_names text, p_day date, p_who text, p_why bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, p_names, NULL, NULL);
	day date := patient_day(p_hospital, p_day, p_who);
BEGIN
	IF a.account_id IS NULL OR a.receivable <> 'AR-INPT' THEN
		RETURN CASE WHEN a.account_id IS NOT NULL THEN patient_open(a) END;
	END IF;
	PERFORM patient_post(a, p_bill, 'patient_owe', 'AR-PT', 'AR-INPT', patient_open(a), day, p_bill);
	UPDATE patient_account p SET receivable = 'AR-PT' WHERE p.hospital_id = p_hospital AND p.account_id = a.account_id;
	INSERT INTO patient_bill (hospital_id, bill_id, account_id, quote, medical_minor, other_minor, vat_minor, used_minor, who, why)
	VALUES (p_hospital, p_bill, a.account_id, false, a.medical_minor, a.other_minor, a.vat_minor, 0, p_who, p_why);
	RETURN patient_open(a);
END
$$;

-- Nobody will be billed for the rest of a stay, as where a contract's prices are lower: it was no revenue. Returns the rest.
CREATE FUNCTION stay_close(p_hospital uuid, p_bill uuid, p_names text, p_exponent integer, p_day date, p_who text, p_why bytea) RETURNS bigint LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, p_names, NULL, p_exponent);
	day date := patient_day(p_hospital, p_day, p_who);
	rest bigint := patient_unbilled(p_hospital, a.stay);
BEGIN
	PERFORM patient_post(a, p_bill, 'stay_less', 'REV-MED', 'AR-INPT', rest, day, p_bill);
	IF stay_add(p_hospital, a.stay, 0, rest) <> 0 THEN
		RAISE EXCEPTION 'of this stay more is billed than was charged' USING ERRCODE = 'serialization_failure';
	END IF;
	INSERT INTO patient_bill (hospital_id, bill_id, account_id, quote, medical_minor, other_minor, vat_minor, used_minor, who, why)
	VALUES (p_hospital, p_bill, a.account_id, false, a.medical_minor, a.other_minor, a.vat_minor, 0, p_who, p_why);
	RETURN rest;
END
$$;

-- ---- payments ----

-- Deposits less what was paid back of them.
CREATE FUNCTION patient_deposited(a patient_account) RETURNS bigint LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT coalesce(sum(CASE WHEN p.kind = 2 THEN p.amount_minor ELSE -p.amount_minor END), 0)::bigint FROM patient_payment p
	LEFT JOIN patient_payment o ON o.hospital_id = p.hospital_id AND o.payment_id = p.of_payment
	WHERE p.hospital_id = a.hospital_id AND p.account_id = a.account_id AND (p.kind = 2 OR o.kind = 2)
$$;

-- The payment that has this reference or receipt, by which what is told twice is one: of what came in, and of each way back.
CREATE FUNCTION patient_known(p patient_payment) RETURNS patient_payment LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT w.* FROM patient_payment w WHERE w.hospital_id = p.hospital_id AND greatest(w.kind, 2::smallint) = greatest(p.kind, 2::smallint)
		AND coalesce(w.acquirer, '') = coalesce(p.acquirer, '') AND w.reference = p.reference
$$;

-- In what two payments of one reference or receipt are not the same, as words; NULL: in nothing. Day, who and why are the first one's.
CREATE FUNCTION patient_differs(w patient_payment, p patient_payment) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = zhifu, pg_temp AS $$
	SELECT nullif(concat_ws(',', CASE WHEN w.account_id <> p.account_id THEN 'account' END, CASE WHEN w.kind <> p.kind THEN 'kind' END,
		CASE WHEN w.method <> p.method THEN 'method' END, CASE WHEN w.amount_minor <> p.amount_minor THEN 'amount' END,
		CASE WHEN w.line_id <> p.line_id THEN 'line' END, CASE WHEN w.of_payment <> p.of_payment THEN 'payment' END), '')
$$;

-- A payment (kind 1) or deposit (2). p_reference: the acquirer's, of cards and wallets, else the number of the receipt. p_line: of a
-- transfer, the bank's line that waits in suspense. outcome 1 done, 0 it was taken before; minor: open, or deposited, afterwards; payment:
-- its id, or that of the earlier one. Refused: -1 not the currency of the books, -2 no reference or receipt, or a card or wallet without
-- acquirer, -3 the number of a card, -4 the reference or receipt is of a payment that differs, -5 only minor is owed, -6 no share was
-- quoted, -7 of the quoted share only minor is left, -8 the line has only minor in suspense, or is held.
CREATE FUNCTION patient_pay(p_hospital uuid, p_payment uuid, p_names text, p_claim uuid, p_kind smallint, p_method text, p_amount bigint,
	p_currency text, p_exponent integer, p_acquirer text, p_reference text, p_line uuid, p_day date, p_who text, p_why bytea,
	OUT outcome integer, OUT minor bigint, OUT payment uuid, OUT differs text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_look(p_hospital, p_names, p_claim, (SELECT p_exponent FROM hospital h
		WHERE h.hospital_id = p_hospital AND h.book_currency = p_currency));
	p patient_payment;
	was patient_payment;
	waits suspense;
BEGIN
	p := ROW(p_hospital, p_payment, a.account_id, p_kind, p_method, p_amount, a.currency, a.exponent, patient_day(p_hospital, p_day, p_who),
		CASE p_method WHEN 'cash' THEN 'cash' WHEN 'transfer' THEN NULL ELSE lower(btrim(p_acquirer)) END, btrim(p_reference),
		CASE p_method WHEN 'transfer' THEN p_line END, NULL, NULL, p_who, now(), p_why);
	IF p_method = 'transfer' AND suspense_lock(p_hospital, ARRAY[p_line]) THEN
		SELECT * INTO waits FROM suspense s WHERE s.hospital_id = p_hospital AND s.line_id = p_line;
	END IF;
	was := patient_known(p);
	differs := patient_differs(was, p);
	payment := coalesce(was.payment_id, p_payment);
	outcome := CASE WHEN a.account_id IS NULL OR p_currency <> a.currency OR waits.currency <> a.currency THEN -1
		WHEN coalesce(length(p.reference), 0) NOT BETWEEN 1 AND 64 THEN -2
		WHEN p_method IN ('card', 'foreign-card', 'wallet') AND coalesce(p.acquirer, '') IN ('', 'cash') THEN -2
		WHEN p_method IN ('card', 'foreign-card') AND patient_card_number(p_reference) THEN -3
		WHEN was.payment_id IS NOT NULL THEN CASE WHEN differs IS NULL THEN 0 ELSE -4 END
		WHEN p_kind = 1 AND p_amount > patient_open(a) THEN -5
		WHEN p_kind = 2 AND a.quoted_minor IS NULL THEN -6
		WHEN p_kind = 2 AND p_amount > a.quoted_minor - patient_deposited(a) THEN -7
		WHEN p_method = 'transfer' AND p_amount > coalesce(waits.open_minor, 0) THEN -8 ELSE 1 END;
	minor := CASE outcome WHEN -5 THEN patient_open(a) WHEN -7 THEN a.quoted_minor - patient_deposited(a) WHEN -8 THEN coalesce(waits.open_minor, 0)
		ELSE CASE p_kind WHEN 1 THEN patient_open(a) ELSE a.deposit_minor END END;
	IF outcome < 1 THEN
		RETURN;
	END IF;
	a := patient_make(a, p_names);
	INSERT INTO patient_payment VALUES (p.*);
	PERFORM patient_post(a, p_payment, CASE p_kind WHEN 1 THEN 'patient_pay' ELSE 'patient_deposit' END, patient_clearing(p_method),
		CASE p_kind WHEN 1 THEN a.receivable ELSE 'DEP' END, p_amount, p.book_day, p_payment);
	UPDATE patient_account t SET paid_minor = t.paid_minor + CASE p_kind WHEN 1 THEN p_amount ELSE 0 END,
		deposit_minor = t.deposit_minor + CASE p_kind WHEN 2 THEN p_amount ELSE 0 END
	WHERE t.hospital_id = p_hospital AND t.account_id = a.account_id RETURNING * INTO a;
	IF p_method = 'transfer' THEN
		PERFORM suspense_take(p_hospital, p_line, p_amount);
	END IF;
	minor := CASE p_kind WHEN 1 THEN patient_open(a) ELSE a.deposit_minor END;
END
$$;

-- Puts money of a line back into suspense, with its sign, which was taken out of it. It is for a person, who sends it back: matching could
-- take it for an insurer's.
CREATE FUNCTION suspense_return(p_hospital uuid, p_line uuid, p_amount bigint) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	returned bigint;
BEGIN
	PERFORM match_lock(p_hospital);
	WITH room AS ( -- the last parts first, as suspense_take(); what was allocated of a part is not there
		SELECT m.part, m.amount_minor - m.open_minor - coalesce((SELECT sum(a.amount_minor) FROM allocation a
			WHERE a.hospital_id = p_hospital AND a.line_id = p_line AND a.part = m.part), 0) AS taken
		FROM match_item m WHERE m.hospital_id = p_hospital AND m.line_id = p_line
	), back AS (
		SELECT r.part, (sign(p_amount::numeric) * greatest(least(abs(r.taken), abs(p_amount) - coalesce(sum(abs(r.taken)) OVER (ORDER BY r.part DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0))::bigint AS minor
		FROM room r WHERE sign(r.taken) = sign(p_amount)
	), put AS (
		UPDATE match_item i SET open_minor = i.open_minor + b.minor, version = i.version + 1, by_hand = true, wait = NULL, due_at = now(),
			claims = NULL
		FROM back b WHERE i.hospital_id = p_hospital AND i.line_id = p_line AND i.part = b.part AND b.minor <> 0 RETURNING b.minor)
	SELECT coalesce(sum(p.minor), 0) INTO returned FROM put p;
	IF returned <> p_amount THEN
		RAISE EXCEPTION 'not as much was taken out of suspense of this line';
	END IF;
	PERFORM match_suspense(p_hospital, ARRAY[p_line]);
	PERFORM match_open(p_hospital, ARRAY[p_line]); -- a notification may have told its transactions meanwhile
END
$$;

-- Pays back (kind 3), to what it was paid with and to nothing else; of a transfer it is in suspense again, from where an order to the bank
-- sends it back. Or the acquirer took it back (4): it is owed again, of the claim for which a stay's deposit was used. As patient_pay;
-- minor: what of the payment is left. Refused: -9 there is no such payment, -10 of it only minor is left, -11 the patient has only minor
-- to get back: what is billed is to be lowered first, -12 only cards and wallets have chargebacks.
CREATE FUNCTION patient_return(p_hospital uuid, p_payment uuid, p_of uuid, p_kind smallint, p_amount bigint, p_reference text, p_day date,
	p_who text, p_why bytea, OUT outcome integer, OUT minor bigint, OUT payment uuid, OUT differs text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, NULL, NULL, NULL);
	o patient_payment;
	p patient_payment;
	was patient_payment;
	over bigint;      -- paid too much
	lent bigint;      -- of deposits, for other accounts that owe less now
	deposited bigint; -- of what goes back
BEGIN
	SELECT * INTO o FROM patient_payment t WHERE t.hospital_id = p_hospital AND t.payment_id = p_of AND t.kind IN (1, 2);
	SELECT * INTO a FROM patient_account t WHERE t.hospital_id = p_hospital AND t.account_id = o.account_id;
	p := ROW(p_hospital, p_payment, a.account_id, p_kind, o.method, p_amount, a.currency, a.exponent, patient_day(p_hospital, p_day, p_who),
		o.acquirer, btrim(p_reference), o.line_id, p_of, NULL, p_who, now(), p_why);
	was := patient_known(p);
	differs := patient_differs(was, p);
	payment := coalesce(was.payment_id, p_payment);
	SELECT o.amount_minor - coalesce(sum(t.amount_minor), 0) INTO minor FROM patient_payment t
	WHERE t.hospital_id = p_hospital AND t.of_payment = p_of;
	over := greatest(-patient_open(a), 0);
	lent := coalesce((SELECT sum(l.over) FROM patient_lent(a) l), 0);
	outcome := CASE WHEN o.payment_id IS NULL THEN -9
		WHEN p_kind = 4 AND o.method IN ('cash', 'transfer') THEN -12
		WHEN coalesce(length(p.reference), 0) NOT BETWEEN 1 AND 64 THEN -2
		WHEN o.method IN ('card', 'foreign-card') AND patient_card_number(p_reference) THEN -3
		WHEN was.payment_id IS NOT NULL THEN CASE WHEN differs IS NULL THEN 0 ELSE -4 END
		WHEN p_amount > minor THEN -10
		WHEN p_kind = 3 AND p_amount > a.deposit_minor + over + lent THEN -11 ELSE 1 END;
	IF outcome < 1 THEN
		minor := CASE outcome WHEN -11 THEN a.deposit_minor + over + lent ELSE minor END;
		RETURN;
	END IF;
	IF p_kind = 3 THEN -- what was paid too much is a deposit again before it goes back
		over := least(over, greatest(p_amount - a.deposit_minor, 0));
		PERFORM patient_post(a, p_payment, 'patient_use', a.receivable, 'DEP', over, p.book_day, p_payment);
		lent := patient_free(a, p_payment, p.book_day, p_amount - a.deposit_minor - over, true);
		deposited := p_amount;
	ELSE -- a payment is owed again as far as it paid something here; the rest, and a deposit, first lacks where it is held, or was used
		over := CASE o.kind WHEN 1 THEN greatest(p_amount - a.paid_minor, 0) ELSE p_amount END;
		deposited := least(over, a.deposit_minor);
		lent := patient_free(a, p_payment, p.book_day, over - deposited, false);
		deposited := deposited + lent;
		over := 0;
	END IF;
	INSERT INTO patient_payment VALUES (p.*);
	PERFORM patient_post(a, p_payment, CASE p_kind WHEN 3 THEN 'patient_refund' ELSE 'patient_chargeback' END, 'DEP',
		patient_clearing(o.method), deposited, p.book_day, p_payment);
	PERFORM patient_post(a, p_payment, 'patient_chargeback', a.receivable, patient_clearing(o.method), p_amount - deposited, p.book_day, p_payment);
	UPDATE patient_account t SET paid_minor = t.paid_minor - over - (p_amount - deposited), deposit_minor = t.deposit_minor + over + lent - deposited
	WHERE t.hospital_id = p_hospital AND t.account_id = a.account_id;
	IF o.method = 'transfer' THEN
		PERFORM suspense_return(p_hospital, o.line_id, p_amount);
	END IF;
	minor := minor - p_amount;
END
$$;

-- ---- acquirers ----

-- An acquirer's transfer, wholly in suspense, settles payments that wait, up to a day: those of p_references, or (NULL) all. A payment
-- and its refund may have one reference; the day tells which of them came. What they come to less p_fee must be what came; the clearing
-- account gets all of it. Cash that was brought to the bank has the acquirer "cash". minor: what they come to. Refused: -1 nothing of
-- this acquirer waits, -2 only minor of the references wait, -3 they are in several clearing accounts, -4 the line is not in suspense, or
-- held, or not in the currency of the books, -5 less the fee it is minor more than came. p_why: sealed for the settlement's id.
CREATE FUNCTION acquirer_settle(p_hospital uuid, p_settlement uuid, p_acquirer text, p_references text[], p_until date, p_line uuid,
	p_fee bigint, p_who text, p_why bytea, OUT outcome integer, OUT minor bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	a patient_account := patient_begin(p_hospital, NULL, NULL, NULL); -- takes the turn; names no claim
	payments uuid[];
	named integer;
	clearing text[];
	came suspense;
	day date;
BEGIN
	SELECT array_agg(p.payment_id), count(DISTINCT p.reference), array_agg(DISTINCT patient_clearing(p.method)),
		coalesce(sum(CASE WHEN p.kind IN (1, 2) THEN p.amount_minor ELSE -p.amount_minor END), 0)
	INTO payments, named, clearing, minor FROM patient_payment p
	WHERE p.hospital_id = p_hospital AND p.acquirer = lower(btrim(p_acquirer)) AND p.settlement_id IS NULL
		AND p.book_day <= p_until AND (p_references IS NULL OR p.reference = ANY (p_references));
	IF suspense_lock(p_hospital, ARRAY[p_line]) THEN
		SELECT s.* INTO came FROM suspense s JOIN hospital h ON h.hospital_id = s.hospital_id AND h.book_currency = s.currency
		WHERE s.hospital_id = p_hospital AND s.line_id = p_line;
	END IF;
	outcome := CASE WHEN payments IS NULL THEN -1 WHEN named < cardinality(p_references) THEN -2
		WHEN cardinality(clearing) > 1 THEN -3 WHEN came.line_id IS NULL THEN -4 WHEN minor - p_fee <> came.open_minor THEN -5 ELSE 1 END;
	IF outcome < 0 THEN
		minor := CASE outcome WHEN -2 THEN named WHEN -5 THEN minor - p_fee - came.open_minor END;
		RETURN;
	END IF;
	day := patient_day(p_hospital, greatest(came.since, (SELECT max(s.undone_day) FROM acquirer_settlement s
		LEFT JOIN acquirer_unsettled u ON u.hospital_id = s.hospital_id AND u.settlement_id = s.settlement_id
		WHERE s.hospital_id = p_hospital AND s.undone_entry IS NOT NULL AND (s.line_id = p_line OR u.payment_id = ANY (payments)))), p_who);
	a.hospital_id := p_hospital;
	a.currency := came.currency;
	a.exponent := came.exponent;
	PERFORM patient_post(a, p_settlement, 'acquirer_net', 'SUSP', clearing[1], came.open_minor, day, p_line);
	PERFORM patient_post(a, p_settlement, 'acquirer_fee', 'FEE', clearing[1], p_fee, day, p_line);
	INSERT INTO acquirer_settlement (hospital_id, settlement_id, acquirer, clearing, line_id, gross_minor, fee_minor, currency, exponent, book_day,
		who, why)
	VALUES (p_hospital, p_settlement, lower(btrim(p_acquirer)), clearing[1], p_line, minor, p_fee, came.currency, came.exponent, day, p_who, p_why);
	UPDATE patient_payment p SET settlement_id = p_settlement WHERE p.hospital_id = p_hospital AND p.payment_id = ANY (payments);
	PERFORM suspense_take(p_hospital, p_line, came.open_minor);
END
$$;

-- What acquirers have not settled at the end of a day: how many payments, since when, and what they come to.
CREATE FUNCTION acquirer_waiting(p_hospital uuid, p_day date) RETURNS TABLE (acquirer text, clearing text, payments bigint, since date,
	minor bigint, currency text, exponent smallint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT p.acquirer, patient_clearing(p.method), count(*), min(p.book_day),
		sum(CASE WHEN p.kind IN (1, 2) THEN p.amount_minor ELSE -p.amount_minor END)::bigint, p.currency, p.exponent
	FROM patient_payment p LEFT JOIN acquirer_settlement s ON s.hospital_id = p.hospital_id AND s.settlement_id = p.settlement_id
	WHERE p.hospital_id = p_hospital AND p.acquirer IS NOT NULL AND p.book_day <= p_day AND (s.book_day <= p_day) IS NOT TRUE
		AND NOT EXISTS (SELECT 1 FROM acquirer_unsettled u JOIN acquirer_settlement o ON o.hospital_id = u.hospital_id
			AND o.settlement_id = u.settlement_id
			WHERE u.hospital_id = p_hospital AND u.payment_id = p.payment_id AND o.book_day <= p_day AND o.undone_day > p_day)
	GROUP BY 1, 2, 6, 7
$$;

-- ---- /v1 ----

CREATE POLICY client ON patient_account FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
CREATE POLICY client ON patient_payment FOR SELECT TO zhifu_intake USING (hospital_id = tenant());
GRANT SELECT ON patient_account TO zhifu_intake;
GRANT SELECT (hospital_id, payment_id, account_id, kind, method, amount_minor, currency, exponent, book_day, acquirer, reference, line_id,
	of_payment, settlement_id) ON patient_payment TO zhifu_intake;

-- The version of a payment counts what happened to it: what went back, its settlement, and that this was taken back.
CREATE FUNCTION patient_version(p_hospital uuid, p_payment uuid) RETURNS bigint LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT 1 + count(p.settlement_id) + (SELECT count(*) FROM patient_payment r WHERE r.hospital_id = p_hospital AND r.of_payment = p_payment)
		+ 2 * (SELECT count(*) FROM acquirer_unsettled u WHERE u.hospital_id = p_hospital AND u.payment_id = p_payment)
	FROM patient_payment p WHERE p.hospital_id = p_hospital AND p.payment_id = p_payment
$$;

-- What a client of /v1 does with a patient's money (055_api.sql): p_act quote, bill, close (a stay), pay, refund, chargeback; p_id: the payment that goes
-- back, p_version: as the client saw it; p_new: of what is made. Outcomes as of those functions, of bill less 20 more; -30 the version
-- is stale, -31 not the currency of the books, -32 there is no such claim, -33 the day has not come, -34 of a stay the share
-- is missing, -35 nothing is moved, -36 more tax than a hundred per cent, -37 a line or acquirer that the method does not
-- have, or a transfer without a line.
CREATE FUNCTION api_patient(p_hospital uuid, p_who text, p_key bytea, p_body bytea, p_act text, p_id uuid, p_version integer, p_new uuid,
	p_why bytea, p_claim uuid, p_names text, p_minor bigint, p_currency text, p_exponent integer, p_kind integer DEFAULT NULL,
	p_method integer DEFAULT NULL, p_other bigint DEFAULT NULL, p_other_currency text DEFAULT NULL, p_vat bigint DEFAULT NULL,
	p_acquirer text DEFAULT NULL, p_reference text DEFAULT NULL, p_line uuid DEFAULT NULL, p_day date DEFAULT NULL)
RETURNS TABLE (outcome integer, id uuid, places text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	a patient_account := patient_begin(p_hospital, NULL, NULL, NULL); -- its turn before all else
	seen record;
	done integer;
	made uuid := p_new;
	differs text;
	house record;
BEGIN
	SELECT * INTO seen FROM api_seen(p_hospital, p_key, p_body);
	IF seen.outcome IS NOT NULL THEN
		RETURN QUERY SELECT seen.outcome, seen.subject, NULL::text;
		RETURN;
	END IF;
	SELECT h.book_currency, (now() AT TIME ZONE h.zone)::date AS today INTO house FROM hospital h WHERE h.hospital_id = p_hospital;
	done := CASE WHEN p_currency <> house.book_currency OR p_other_currency <> house.book_currency THEN -31
		WHEN p_claim IS NOT NULL AND NOT EXISTS (SELECT 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id = p_claim) THEN -32
		WHEN p_day > house.today THEN -33 WHEN p_act = 'bill' AND p_claim IS NULL AND p_minor IS NULL THEN -34
		WHEN p_act IN ('pay', 'refund', 'chargeback') AND p_minor = 0 THEN -35 WHEN p_vat > 10000 THEN -36
		WHEN p_act = 'pay' AND ((p_line IS NULL) = (p_method = 5) OR p_acquirer IS NOT NULL AND p_method IN (1, 5)) THEN -37
		WHEN p_version <> patient_version(p_hospital, p_id) AND NOT EXISTS (SELECT 1 FROM patient_payment r -- told again: it was not stale
			WHERE r.hospital_id = p_hospital AND r.of_payment = p_id AND r.kind = p_kind AND r.reference = btrim(p_reference)) THEN -30 END;
	IF done IS NOT NULL THEN
		NULL;
	ELSIF p_act = 'close' THEN
		PERFORM stay_close(p_hospital, p_new, p_names, p_exponent, coalesce(p_day, house.today), p_who, p_why);
		done := 1;
	ELSIF p_act = 'quote' THEN
		PERFORM patient_quote(p_hospital, p_new, p_names, p_claim, p_minor, p_exponent, p_who, p_why);
		done := 1;
	ELSIF p_act = 'bill' THEN
		SELECT CASE WHEN b.outcome < 0 THEN b.outcome - 20 ELSE 1 END INTO done FROM patient_bill(p_hospital, p_new, p_names, p_claim,
			p_minor, coalesce(p_other, 0), coalesce(p_vat, 0)::integer, p_exponent, coalesce(p_day, house.today), p_who, p_why) b;
	ELSIF p_act = 'pay' THEN
		SELECT b.outcome, b.payment, b.differs INTO done, made, differs FROM patient_pay(p_hospital, p_new, p_names, p_claim, p_kind::smallint,
			(ARRAY['cash', 'card', 'foreign-card', 'wallet', 'transfer'])[p_method], p_minor, p_currency, p_exponent, p_acquirer, p_reference,
			p_line, coalesce(p_day, house.today), p_who, p_why) b;
	ELSE
		SELECT b.outcome, b.payment, b.differs INTO done, made, differs FROM patient_return(p_hospital, p_new, p_id, p_kind::smallint, p_minor, p_reference,
			coalesce(p_day, house.today), p_who, p_why) b;
	END IF;
	IF done >= 0 AND p_act IN ('quote', 'bill', 'close') THEN
		SELECT b.account_id INTO made FROM patient_bill b WHERE b.hospital_id = p_hospital AND b.bill_id = p_new;
	END IF;
	IF done >= 0 THEN
		PERFORM api_done(p_hospital, p_key, p_body, made, NULL);
	END IF;
	RETURN QUERY SELECT done, made, CASE WHEN done IN (-2, -3) THEN '/reference'
		WHEN done = -4 THEN '/' || replace(replace(replace(differs, ',', ',/'), 'account', CASE WHEN p_names IS NULL THEN 'claim' ELSE 'stay' END),
			'payment', 'reference')
		WHEN done = -31 AND p_act = 'bill' THEN CASE WHEN p_other_currency <> house.book_currency THEN '/other' ELSE '/medical' END
		WHEN done IN (-5, -7, -8, -10, -11, -31, -35) THEN '/amount' WHEN done IN (-21, -23, -34) THEN '/medical'
		WHEN done IN (-22, -32) THEN '/claim' WHEN done = -33 THEN '/day' WHEN done = -36 THEN '/vat' WHEN done = -37 THEN '/method' END;
END
$$;

CALL writer_functions('patient\_%', 'acquirer\_%', 'suspense\_return', 'stay\_close', 'api\_patient');
GRANT EXECUTE ON FUNCTION patient_quote, patient_bill, patient_owe, stay_close, patient_pay, patient_return, acquirer_settle, acquirer_waiting,
	patient_open, patient_share, patient_unbilled, patient_clearing TO zhifu_operator;
GRANT EXECUTE ON FUNCTION api_patient, patient_open, patient_share, patient_version TO zhifu_intake;
