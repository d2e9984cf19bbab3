-- Remittance advices that no module brings: files read by a profile, and letters that are typed in. What balances becomes a
-- remittance, as if a module had told it; what does not is parked, and nothing of it is in the books. So is what a module brings.
SET search_path = zhifu;

-- An advice as it was brought in, each correction a version more; of a module's only what is or was parked. Of one remitter and
-- identifier at most one version counts or is parked.
CREATE TABLE advice (
	hospital_id  uuid NOT NULL,
	advice_id    uuid NOT NULL,     -- also the remittance's, once it counts
	remitter     text NOT NULL CHECK (remitter <> ''), -- who pays: an insurer's code or a company's name, as contracts have it
	identifier   text NOT NULL CHECK (identifier <> ''),
	version      integer NOT NULL CHECK (version > 0),
	standing     smallint NOT NULL CHECK (standing BETWEEN 1 AND 5), -- 1 counts, 2 parked, 3 refused, 4 a later version took its place, 5 withdrawn
	form         smallint NOT NULL, -- enum advice_form (adapters/advice/advice.h); 0: a module brought it
	profile      text,              -- by which a file was read
	hash         bytea NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the document: the same again is the same advice
	amount_minor bigint NOT NULL,   -- what is transferred, as it says
	sum_minor    bigint NOT NULL,   -- what its details come to
	currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	exponent     smallint NOT NULL,
	detail_count integer NOT NULL,
	document     bytea NOT NULL,    -- what was read (SEAL_FACT, by a key of the hospital: JSON, zhifu_remittance(5))
	file         bytea,             -- the bytes that it was read from (SEAL_FILE, likewise)
	maker        text NOT NULL CHECK (maker <> ''), -- of a module's: the insurer
	made_at      timestamptz NOT NULL DEFAULT now(),
	why          bytea CHECK (length(why) > 0), -- as write_off.why, for advice_id
	decided_by   text,              -- who refused, replaced or withdrew it
	decided_at   timestamptz,
	decided_why  bytea, -- likewise; of one that another took the place of, that one's why
	CHECK (standing <> 1 OR sum_minor = amount_minor),
	PRIMARY KEY (hospital_id, advice_id),
	UNIQUE (hospital_id, remitter, identifier, version)
);
CREATE UNIQUE INDEX advice_current ON advice (hospital_id, remitter, identifier) WHERE standing IN (1, 2);
CREATE INDEX advice_parked ON advice (hospital_id) WHERE standing = 2;
ALTER TABLE advice ALTER COLUMN document SET STORAGE EXTERNAL;
ALTER TABLE advice ALTER COLUMN file SET STORAGE EXTERNAL;
ALTER TABLE advice ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON advice TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON advice FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE (standing, decided_by, decided_at, decided_why) ON advice TO zhifu_writer;
GRANT SELECT ON advice TO zhifu_operator;

-- What stands in the way of a close: advices whose arithmetic is wrong, until somebody decides.
CREATE VIEW remittance_parked WITH (security_invoker = true) AS
	SELECT a.hospital_id, a.advice_id AS remittance_id, a.remitter AS insurer, a.identifier, a.amount_minor, a.sum_minor, a.currency,
		a.exponent, a.made_at
	FROM advice a WHERE a.standing = 2;
GRANT SELECT ON remittance_parked TO zhifu_writer, zhifu_operator;

-- What each carrier has of each detail. What names none is shared among those whose claims are paid, by what they pay, to the
-- last minor unit.
CREATE VIEW remittance_share WITH (security_invoker = true) AS
	WITH named AS NOT MATERIALIZED (
		SELECT d.hospital_id, d.remittance_id, d.no, d.kind, d.currency, d.exponent, d.amount_minor + d.fee_minor AS amount,
			d.amount_minor AS paid, CASE WHEN d.kind = 1 THEN coalesce(d.carrier, m.insurer) ELSE d.carrier END AS carrier, m.insurer
		FROM remittance_detail d JOIN remittance m ON m.hospital_id = d.hospital_id AND m.remittance_id = d.remittance_id
	), weight AS NOT MATERIALIZED (
		SELECT n.hospital_id, n.remittance_id, n.carrier, sum(n.paid) AS own, sum(sum(n.paid)) OVER (PARTITION BY n.hospital_id, n.remittance_id) AS whole
		FROM named n WHERE n.kind = 1 AND n.paid > 0 GROUP BY 1, 2, 3
	), cut AS NOT MATERIALIZED (
		SELECT n.hospital_id, n.remittance_id, n.no, n.kind, n.currency, n.exponent, n.amount, w.carrier, div(n.amount * w.own, w.whole) AS part,
			row_number() OVER (PARTITION BY n.hospital_id, n.remittance_id, n.no ORDER BY abs(mod(n.amount * w.own, w.whole)) DESC, w.carrier) AS turn
		FROM named n JOIN weight w ON w.hospital_id = n.hospital_id AND w.remittance_id = n.remittance_id WHERE n.carrier IS NULL
	)
	SELECT n.hospital_id, n.remittance_id, n.no, n.kind, coalesce(n.carrier, n.insurer) AS carrier, n.amount AS amount_minor, n.currency, n.exponent
	FROM named n WHERE n.carrier IS NOT NULL OR NOT EXISTS (SELECT 1 FROM weight w
		WHERE w.hospital_id = n.hospital_id AND w.remittance_id = n.remittance_id)
	UNION ALL
	SELECT c.hospital_id, c.remittance_id, c.no, c.kind, c.carrier, (c.part + CASE WHEN c.turn <= abs(c.amount - sum(c.part) OVER t)
		THEN sign(c.amount::numeric) ELSE 0 END)::bigint, c.currency, c.exponent
	FROM cut c WINDOW t AS (PARTITION BY c.hospital_id, c.remittance_id, c.no);
GRANT SELECT ON remittance_share TO zhifu_writer, zhifu_operator;

-- May an advice decide a claim? Nobody has, or the one that did last was withdrawn, and nothing else was done with it since.
CREATE FUNCTION remittance_undecided(p_hospital uuid, p_claim uuid, p_books smallint) RETURNS boolean LANGUAGE sql STABLE
SET search_path = zhifu, pg_temp AS $$
	SELECT p_books = 1 OR p_books = 2 AND EXISTS (SELECT 1 FROM (SELECT a.adjudication_id FROM adjudication a
			WHERE a.hospital_id = p_hospital AND a.claim_id = p_claim ORDER BY a.created_at DESC LIMIT 1) a
		JOIN fact f ON f.hospital_id = p_hospital AND f.claim_id = p_claim AND f.adjudication_id = a.adjudication_id
		JOIN remittance m ON m.hospital_id = p_hospital AND m.remittance_id = f.remittance_id AND m.withdrawn_at IS NOT NULL)
$$;

-- The claims that details name, by our ref or by the carrier's own number (NULL where they name none). fits: it is a bill and the
-- carrier's; only such a detail is of the claim. books: 1 where an advice may decide it. Details whose claim is not here are missing.
CREATE FUNCTION remittance_claims(p_hospital uuid, p_remitter text, p_carrier text[], p_ref text[], p_number text[])
RETURNS TABLE (ordinal integer, claim_id uuid, ref text, insurer text, fits boolean, books smallint, total_minor bigint, currency text,
	exponent smallint, patient_key_id uuid, patient_wrapped bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT tenant_must(p_hospital);
	SELECT f.n::integer, c.claim_id, c.ref, s.insurer, c.use = 1 AND (f.k IS NULL OR f.k = s.insurer),
		CASE WHEN remittance_undecided(p_hospital, c.claim_id, s.books) THEN 1 ELSE s.books END, c.total_minor, c.currency,
		c.exponent, c.patient_key_id, k.wrapped
	FROM (SELECT t.n, t.k, coalesce(
			(SELECT s.claim_id FROM claim_state s WHERE s.hospital_id = p_hospital AND s.ref = t.r),
			(SELECT w.claim_id FROM wire_ref w WHERE w.insurer = coalesce(t.k, p_remitter) AND w.kind = 'insurer-claim-no'
				AND w.value_hash = sha256(convert_to(t.i, 'UTF8')) AND w.hospital_id = p_hospital)) AS claim
		FROM unnest(p_carrier, p_ref, p_number) WITH ORDINALITY AS t (k, r, i, n)) f
	JOIN claim c ON c.hospital_id = p_hospital AND c.claim_id = f.claim
	JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = f.claim
	LEFT JOIN patient_key k ON k.hospital_id = p_hospital AND k.patient_key_id = c.patient_key_id
$$;

-- The claims that details name by the hospital's own number of the bill, where nothing else names one: b_row which detail, b_reading
-- how its number was read, b_carrier who bears it (NULL: not said), b_hash as match_bills() takes them. A bill counts, of that carrier;
-- one whose postings were taken back only where no other has the number. Of each detail the first reading that names any. ref NULL: as
-- many claims have the number, so it is of none; some 16 of each hash are counted, whatever else has it.
CREATE FUNCTION remittance_bills(p_hospital uuid, b_row integer[], b_reading integer[], b_carrier text[], b_hash bytea[])
RETURNS TABLE (no integer, ref text, claims integer) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off AS $$
	SELECT tenant_must(p_hospital);
	SELECT DISTINCT ON (g.w) g.w, CASE WHEN g.n = 1 THEN g.ref END, g.n FROM (
		SELECT f.w, f.r, min(f.ref) AS ref, count(*)::integer AS n FROM (
			SELECT DISTINCT t.w, t.r, b.ref, b.back, min(b.back::integer) OVER (PARTITION BY t.w, t.r) AS all_back
			FROM unnest(b_row, b_reading, b_carrier, b_hash) AS t (w, r, k, h) CROSS JOIN (VALUES (false), (true)) AS v (back)
			CROSS JOIN LATERAL (SELECT s.ref, v.back FROM (
					SELECT i.claim_id FROM idempotency i WHERE i.hospital_id = p_hospital AND i.key_hash = t.h
					UNION ALL SELECT i.claim_id FROM claim_identifier i WHERE i.hospital_id = p_hospital AND i.hash = t.h) u
				JOIN claim c ON c.hospital_id = p_hospital AND c.claim_id = u.claim_id AND c.use = 1
				JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = u.claim_id AND (t.k IS NULL OR s.insurer = t.k)
					AND (s.books = 5) = v.back LIMIT 16) b) f
		WHERE f.back = (f.all_back = 1) GROUP BY f.w, f.r) g
	ORDER BY g.w, g.r
$$;

-- The facts that follow from a remittance, for settle: what is paid or taken back of each claim, and before it the decision where
-- the advice is the first to tell one; fees and the like are announced at once. p_several: details whose number is of several claims.
CREATE FUNCTION remittance_announce(p_hospital uuid, p_id uuid, j_detail integer[], j_id uuid[], p_several integer[]) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	WITH told AS (
		INSERT INTO fact (hospital_id, fact_id, claim_id, insurer, kind, adjudication_id, remittance_id, status)
		SELECT p_hospital, gen_random_uuid(), d.claim_id, d.carrier, 3, t.id, p_id, 1 FROM unnest(j_detail, j_id) AS t (n, id)
		JOIN remittance_detail d ON d.hospital_id = p_hospital AND d.remittance_id = p_id AND d.no = t.n
		RETURNING fact_id, claim_id)
	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, fact_id)
	SELECT p_hospital, gen_random_uuid(), 3, 1, told.claim_id, told.fact_id FROM told;
	WITH told AS (
		INSERT INTO fact (hospital_id, fact_id, claim_id, insurer, kind, remittance_id, detail, status, why)
		SELECT p_hospital, gen_random_uuid(), d.claim_id, coalesce(d.carrier, m.insurer), 6, p_id, d.no,
			CASE WHEN d.claim_id IS NULL THEN 4 ELSE 1 END, CASE WHEN d.claim_id IS NOT NULL THEN NULL
				WHEN d.no = ANY (p_several) THEN 'several claims have the number of the bill that it names'
				ELSE 'it names a claim that is not here, or another insurer''s' END
		FROM remittance_detail d JOIN remittance m ON m.hospital_id = d.hospital_id AND m.remittance_id = d.remittance_id
		WHERE d.hospital_id = p_hospital AND d.remittance_id = p_id AND d.kind = 1 AND (d.amount_minor <> 0 OR d.fee_minor <> 0)
		RETURNING fact_id, claim_id)
	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, fact_id, due_at) -- behind the decisions
	SELECT p_hospital, gen_random_uuid(), 3, 1, told.claim_id, told.fact_id, now() + interval '1 millisecond' FROM told
	WHERE told.claim_id IS NOT NULL;
	PERFORM remittance_announce_whole(p_hospital, p_id);
END
$$;

-- One who says what becomes of a hospital's advices at a time, until the end of the transaction.
CREATE FUNCTION remittance_lock(p_hospital uuid) RETURNS void LANGUAGE sql SET search_path = zhifu, pg_temp AS $$
	SELECT pg_advisory_xact_lock(hashtextextended('zhifu.remittance ' || p_hospital, 0))
$$;

-- What a module brought (translate_answer). p_document: it does not balance and is parked, in place of an earlier one that is, unless it
-- is known; NULL: it counts already, where it was no news, and takes the place of what is parked. The insurer corrected it.
CREATE FUNCTION remittance_module(p_hospital uuid, p_id uuid, p_insurer text, p_identifier text, p_amount bigint, p_sum bigint,
	p_currency text, p_exponent smallint, p_count integer, p_hash bytea, p_document bytea) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF p_document IS NULL AND NOT EXISTS (SELECT 1 FROM remittance m WHERE m.hospital_id = p_hospital AND m.remittance_id = p_id)
		OR p_document IS NOT NULL AND (EXISTS (SELECT 1 FROM remittance m WHERE m.hospital_id = p_hospital AND m.insurer = p_insurer
				AND m.identifier = p_identifier AND m.withdrawn_at IS NULL)
			OR EXISTS (SELECT 1 FROM advice a WHERE a.hospital_id = p_hospital AND a.remitter = p_insurer AND a.identifier = p_identifier
				AND a.hash = p_hash)) THEN
		RETURN;
	END IF;
	UPDATE advice a SET standing = 4, decided_by = p_insurer, decided_at = now()
	WHERE a.hospital_id = p_hospital AND a.remitter = p_insurer AND a.identifier = p_identifier AND a.standing = 2;
	INSERT INTO advice (hospital_id, advice_id, remitter, identifier, version, standing, form, hash, amount_minor, sum_minor, currency, exponent,
		detail_count, document, maker)
	SELECT p_hospital, p_id, p_insurer, p_identifier, coalesce(max(a.version), 0) + 1, 2, 0, p_hash, p_amount, p_sum, p_currency, p_exponent,
		p_count, p_document, p_insurer FROM advice a
	WHERE a.hospital_id = p_hospital AND a.remitter = p_insurer AND a.identifier = p_identifier HAVING p_document IS NOT NULL;
END
$$;

-- Fees and the like of a remittance, which are of no claim: announced here, each carrier's share on its accounts.
CREATE FUNCTION remittance_announce_whole(p_hospital uuid, p_id uuid) RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	WITH moved AS (
		SELECT upper(left(regexp_replace(s.carrier, '[^A-Za-z0-9]+', '-', 'g'), 40)) AS account, s.currency, s.exponent,
			CASE s.kind WHEN 2 THEN 'announce_fee' ELSE 'announce' END AS rule, sum(s.amount_minor)::bigint AS amount
		FROM remittance_share s WHERE s.hospital_id = p_hospital AND s.remittance_id = p_id AND s.kind <> 1 GROUP BY 1, 2, 3, 4
	), posted AS (
		INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
		SELECT p_hospital, p_id, row_number() OVER (ORDER BY m.account, m.rule), CASE WHEN m.amount > 0 THEN 'CLR-REM-' ELSE 'REM-ANN-' END || m.account,
			CASE WHEN m.amount > 0 THEN 'REM-ANN-' ELSE 'CLR-REM-' END || m.account, abs(m.amount), m.currency, m.exponent,
			CASE WHEN m.currency = h.book_currency THEN abs(m.amount) END, (now() AT TIME ZONE h.zone)::date, m.rule, p_id
		FROM moved m JOIN hospital h ON h.hospital_id = p_hospital WHERE m.amount <> 0
		RETURNING hospital_id, entry_id, no, book_minor)
	INSERT INTO posting_unvalued SELECT p.hospital_id, p.entry_id, p.no FROM posted p WHERE p.book_minor IS NULL;
END
$$;

-- A remittance that counts and says the same, whoever's name and number it bears: as much money, for the same claims as much each,
-- within about six weeks of p_day (NULL: today). NULL: there is none.
CREATE FUNCTION remittance_twin(p_hospital uuid, p_remitter text, p_amount bigint, p_currency text, p_day date, d_kind smallint[],
	d_carrier text[], d_ref text[], d_number text[], d_amount bigint[]) RETURNS uuid LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	WITH told AS MATERIALIZED (
		SELECT t.n, c.claim_id, t.r, t.i, t.a FROM unnest(d_kind, d_ref, d_number, d_amount) WITH ORDINALITY AS t (k, r, i, a, n)
		LEFT JOIN remittance_claims(p_hospital, p_remitter, d_carrier, d_ref, d_number) c ON c.ordinal = t.n AND c.fits WHERE t.k = 1
	), near AS MATERIALIZED (
		SELECT m.remittance_id, m.created_at FROM remittance m JOIN hospital h ON h.hospital_id = m.hospital_id
		WHERE m.hospital_id = p_hospital AND m.amount_minor = p_amount AND m.currency = p_currency AND m.withdrawn_at IS NULL
			AND abs(coalesce(m.payment_date, (m.created_at AT TIME ZONE h.zone)::date) - coalesce(p_day, (now() AT TIME ZONE h.zone)::date)) <= 45
	), detail AS MATERIALIZED (
		SELECT d.* FROM near m JOIN remittance_detail d ON d.hospital_id = p_hospital AND d.remittance_id = m.remittance_id AND d.kind = 1
	), pair AS MATERIALIZED ( -- a claim is known by what is here, else by our ref, else by their number
		SELECT d.remittance_id, d.no, t.n FROM detail d JOIN told t ON t.a = d.amount_minor
			AND CASE WHEN d.claim_id IS NOT NULL AND t.claim_id IS NOT NULL THEN d.claim_id = t.claim_id
				WHEN d.claim_ref IS NOT NULL AND t.r IS NOT NULL THEN d.claim_ref = t.r ELSE d.insurer_claim_no IS NOT DISTINCT FROM t.i END)
	SELECT m.remittance_id FROM near m WHERE (SELECT count(*) FROM detail d WHERE d.remittance_id = m.remittance_id) = (SELECT count(*) FROM told)
		AND NOT EXISTS (SELECT 1 FROM told t WHERE NOT EXISTS (SELECT 1 FROM pair p WHERE p.remittance_id = m.remittance_id AND p.n = t.n))
		AND NOT EXISTS (SELECT 1 FROM detail d WHERE d.remittance_id = m.remittance_id
			AND NOT EXISTS (SELECT 1 FROM pair p WHERE p.remittance_id = m.remittance_id AND p.no = d.no))
	ORDER BY m.created_at DESC LIMIT 1
$$;

-- The decisions that a remittance which is stored tells first: of those given, these are taken. The bill as it stands: an advice decides
-- it where it is of the whole bill in its currency, and nobody has decided it.
CREATE FUNCTION remittance_decide(p_hospital uuid, p_id uuid, j_detail integer[], j_id uuid[], j_content bytea[], OUT told integer[],
	OUT ids uuid[]) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	WITH made AS (
		INSERT INTO adjudication (hospital_id, adjudication_id, claim_id, insurer, outcome, insurer_claim_no, currency, exponent, submitted_minor,
			benefit_minor, patient_minor, contract_minor, open_minor, adjustments, content)
		SELECT p_hospital, t.id, d.claim_id, d.carrier, 2, d.insurer_claim_no, d.currency, d.exponent, d.billed_minor, d.amount_minor,
			CASE WHEN d.difference = 1 THEN d.billed_minor - d.amount_minor ELSE 0 END,
			CASE WHEN d.difference = 2 THEN d.billed_minor - d.amount_minor ELSE 0 END,
			CASE WHEN d.difference IN (1, 2) THEN 0 ELSE d.billed_minor - d.amount_minor END,
			CASE WHEN d.billed_minor > d.amount_minor THEN ARRAY[ROW(0, CASE d.difference WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE 4 END,
				CASE d.difference WHEN 1 THEN 2 WHEN 2 THEN 4 ELSE 99 END, d.billed_minor - d.amount_minor, d.currency, d.exponent, NULL,
				NULL)::adjustment] ELSE '{}' END, t.content
		FROM unnest(j_detail, j_id, j_content) AS t (n, id, content)
		JOIN remittance_detail d ON d.hospital_id = p_hospital AND d.remittance_id = p_id AND d.no = t.n AND d.kind = 1
		JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = d.claim_id
			AND remittance_undecided(p_hospital, d.claim_id, s.books)
		JOIN claim c ON c.hospital_id = p_hospital AND c.claim_id = d.claim_id AND c.currency = d.currency
		WHERE d.amount_minor >= 0 AND d.billed_minor = c.total_minor AND d.amount_minor <= d.billed_minor
		RETURNING adjudication_id)
	SELECT array_agg(t.n), array_agg(t.id) INTO told, ids FROM unnest(j_detail, j_id) AS t (n, id) JOIN made m ON m.adjudication_id = t.id;
END
$$;

-- What is there under an identifier and keeps an advice from being stored, as remittance_put() below tells it; no row: nothing.
CREATE FUNCTION remittance_there(p_hospital uuid, p_remitter text, p_identifier text, p_amount bigint, p_currency text, p_hash bytea,
	p_replaces uuid, p_why text)
RETURNS TABLE (outcome integer, advice_id uuid, version integer, other_standing smallint, other_amount bigint, other_currency text,
	other_exponent smallint, other_count integer) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	known advice;
	latest advice;
	module remittance;
BEGIN
	SELECT * INTO known FROM advice a WHERE a.hospital_id = p_hospital AND a.remitter = p_remitter AND a.identifier = p_identifier
		AND a.hash = p_hash ORDER BY a.version DESC LIMIT 1;
	IF FOUND THEN
		RETURN QUERY SELECT 0, known.advice_id, known.version, known.standing, known.amount_minor, known.currency, known.exponent, known.detail_count;
		RETURN;
	END IF;
	SELECT * INTO latest FROM advice a WHERE a.hospital_id = p_hospital AND a.remitter = p_remitter AND a.identifier = p_identifier
	ORDER BY a.version DESC LIMIT 1;
	IF latest.standing = 1 OR latest.standing IN (2, 3, 5) AND p_replaces IS NULL AND coalesce(btrim(p_why), '') = ''
		OR p_replaces IS NOT NULL AND (latest.advice_id, latest.standing) IS DISTINCT FROM (p_replaces, 2::smallint) THEN
		RETURN QUERY SELECT CASE WHEN latest.standing = 1 THEN -1 WHEN p_replaces IS NOT NULL THEN -3 ELSE -2 END, latest.advice_id, latest.version,
			latest.standing, latest.amount_minor, latest.currency, latest.exponent, latest.detail_count;
		RETURN;
	END IF;
	SELECT * INTO module FROM remittance m WHERE m.hospital_id = p_hospital AND m.insurer = p_remitter AND m.identifier = p_identifier
		AND m.withdrawn_at IS NULL;
	IF FOUND THEN -- a module brought it
		RETURN QUERY SELECT CASE WHEN (module.amount_minor, module.currency) = (p_amount, p_currency) THEN 0 ELSE -1 END, module.remittance_id, 1,
			1::smallint, module.amount_minor, module.currency, module.exponent, (SELECT count(*)::integer FROM remittance_detail d
				WHERE d.hospital_id = p_hospital AND d.remittance_id = module.remittance_id);
		RETURN;
	END IF;
END
$$;

-- Takes an advice. d_*: its details, numbered from 1 in their order; claims are looked up here. j_*: decisions on claims that
-- nobody has told one of, by the detail that tells it; those whose claim was decided meanwhile are left out. p_replaces: the
-- parked version that this one corrects; NULL: whichever is parked or was withdrawn, if p_why (sealed
-- for p_id, in hex) says why. p_another: it is another one though one that counts says the same, and p_why says so. p_several: as remittance_announce() has it. Returns one row: outcome 1 it counts, 2 it is
-- parked, 0 the same was taken before, as it stands since; -1 other content counts under this identifier; -2 other content is
-- parked under it, or was refused or withdrawn, and no reason is given for taking this instead; -3 p_replaces is not what is parked now;
-- -4 one that counts says the same, under another name or number. Nothing is stored then, and other_* tell what is there. decided: how many of j_*
-- were taken.
CREATE FUNCTION remittance_put(p_hospital uuid, p_id uuid, p_remitter text, p_identifier text, p_amount bigint, p_currency text,
	p_exponent smallint, p_day date, p_reference text, p_form smallint, p_profile text, p_hash bytea, p_content bytea, p_document bytea,
	p_file bytea, d_kind smallint[], d_carrier text[], d_ref text[], d_number text[], d_billed bigint[], d_amount bigint[],
	d_fee bigint[], d_tax bigint[], d_difference smallint[], j_detail integer[], j_id uuid[], j_content bytea[], p_replaces uuid,
	p_another boolean, p_who text, p_why text, p_several integer[])
RETURNS TABLE (outcome integer, advice_id uuid, version integer, other_standing smallint, other_amount bigint, other_currency text,
	other_exponent smallint, other_count integer, decided integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	latest advice;
	twin uuid;
	total bigint;
	state smallint;
	taken integer := 0;
BEGIN
	PERFORM tenant_must(p_hospital);
	IF coalesce(btrim(p_who), '') = '' THEN
		RAISE EXCEPTION 'who brings in a remittance must be known';
	END IF;
	PERFORM remittance_lock(p_hospital);
	RETURN QUERY SELECT t.*, 0 FROM remittance_there(p_hospital, p_remitter, p_identifier, p_amount, p_currency, p_hash, p_replaces, p_why) t;
	IF FOUND THEN
		RETURN;
	END IF;
	SELECT * INTO latest FROM advice a WHERE a.hospital_id = p_hospital AND a.remitter = p_remitter AND a.identifier = p_identifier
	ORDER BY a.version DESC LIMIT 1;
	twin := remittance_twin(p_hospital, p_remitter, p_amount, p_currency, p_day, d_kind, d_carrier, d_ref, d_number, d_amount);
	IF twin IS NOT NULL AND (NOT p_another OR coalesce(btrim(p_why), '') = '') THEN
		RETURN QUERY SELECT -4, twin, coalesce((SELECT a.version FROM advice a WHERE a.hospital_id = p_hospital AND a.advice_id = twin), 1),
			1::smallint, p_amount, p_currency, p_exponent, (SELECT count(*)::integer FROM remittance_detail d
				WHERE d.hospital_id = p_hospital AND d.remittance_id = twin), 0;
		RETURN;
	ELSIF twin IS NOT NULL THEN
		INSERT INTO operator_act (hospital_id, who, act, subject, why) VALUES (p_hospital, p_who, 'remittance.another', p_id::text,
			'besides ' || twin);
	END IF;
	SELECT coalesce(sum(t.a + t.f), 0)::bigint INTO total FROM unnest(d_amount, d_fee) AS t (a, f);
	state := CASE WHEN total = p_amount THEN 1 ELSE 2 END;
	IF latest.standing = 2 THEN
		UPDATE advice a SET standing = 4, decided_by = p_who, decided_at = now()
		WHERE a.hospital_id = p_hospital AND a.advice_id = latest.advice_id;
		INSERT INTO operator_act (hospital_id, who, act, subject, why)
		VALUES (p_hospital, p_who, 'remittance.replace', latest.advice_id::text, 'by ' || p_id);
	END IF;
	INSERT INTO advice (hospital_id, advice_id, remitter, identifier, version, standing, form, profile, hash, amount_minor, sum_minor, currency,
		exponent, detail_count, document, file, maker, why)
	VALUES (p_hospital, p_id, p_remitter, p_identifier, coalesce(latest.version, 0) + 1, state, p_form, p_profile, p_hash, p_amount, total,
		p_currency, p_exponent, coalesce(cardinality(d_kind), 0), p_document, p_file, p_who, decode(p_why, 'hex'));
	IF state = 1 THEN
		INSERT INTO remittance (hospital_id, remittance_id, insurer, identifier, amount_minor, currency, exponent, payment_date,
			payment_reference, balanced, content)
		VALUES (p_hospital, p_id, p_remitter, p_identifier, p_amount, p_currency, p_exponent, p_day, p_reference, true, p_content);
		INSERT INTO remittance_detail (hospital_id, remittance_id, no, claim_id, claim_ref, insurer_claim_no, amount_minor, fee_minor, currency,
			exponent, kind, carrier, billed_minor, tax_minor, difference)
		SELECT p_hospital, p_id, t.n, CASE WHEN c.fits AND t.k = 1 THEN c.claim_id END, t.r, t.i, t.a, t.f, p_currency, p_exponent, t.k,
			coalesce(t.c, CASE WHEN c.fits AND t.k = 1 THEN c.insurer END), t.b, t.x, t.d
		FROM unnest(d_kind, d_carrier, d_ref, d_number, d_billed, d_amount, d_fee, d_tax, d_difference) WITH ORDINALITY
			AS t (k, c, r, i, b, a, f, x, d, n)
		LEFT JOIN remittance_claims(p_hospital, p_remitter, d_carrier, d_ref, d_number) c ON c.ordinal = t.n;
		SELECT coalesce(cardinality(d.ids), 0), remittance_announce(p_hospital, p_id, d.told, d.ids, p_several) INTO taken
		FROM remittance_decide(p_hospital, p_id, j_detail, j_id, j_content) d;
	END IF;
	RETURN QUERY SELECT state::integer, p_id, coalesce(latest.version, 0) + 1, latest.standing, latest.amount_minor, latest.currency, latest.exponent,
		latest.detail_count, taken;
END
$$;

-- Does away with a parked one. p_why, here and below: sealed for p_id, in hex. 1 done; 0 it was refused before; -1 there is none of this id; -2 it is not parked.
CREATE FUNCTION remittance_refuse(p_hospital uuid, p_id uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	was smallint;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'to refuse a remittance needs who and why';
	END IF;
	PERFORM remittance_lock(p_hospital);
	SELECT a.standing INTO was FROM advice a WHERE a.hospital_id = p_hospital AND a.advice_id = p_id;
	IF was = 2 THEN
		UPDATE advice a SET standing = 3, decided_by = p_who, decided_at = now(), decided_why = decode(p_why, 'hex')
		WHERE a.hospital_id = p_hospital AND a.advice_id = p_id;
		INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'remittance.refuse', p_id::text);
	END IF;
	RETURN CASE WHEN was = 2 THEN 1 WHEN was = 3 THEN 0 WHEN was IS NULL THEN -1 ELSE -2 END;
END
$$;

-- What advices announced, by carrier's account.
CREATE FUNCTION remittance_announced(p_hospital uuid, p_remittance uuid[]) RETURNS TABLE (remittance_id uuid, code text, currency text,
	exponent smallint, amount bigint, book bigint) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT g.remittance_id, g.code, g.currency, g.exponent, sum(g.side * g.amount_minor)::bigint, sum(g.side * g.book_minor)::bigint
	FROM (SELECT f.remittance_id, substr(CASE WHEN o.debit LIKE 'CLR-REM-%' THEN o.debit ELSE o.credit END, 9) AS code, o.currency, o.exponent,
			CASE WHEN o.debit LIKE 'CLR-REM-%' THEN 1 ELSE -1 END AS side, o.amount_minor, o.book_minor
		FROM match_announced(p_hospital, p_remittance) f JOIN posting o ON o.hospital_id = p_hospital AND o.entry_id = f.entry_id
			AND (o.debit LIKE 'CLR-REM-%' OR o.credit LIKE 'CLR-REM-%')) g
	GROUP BY 1, 2, 3, 4 HAVING sum(g.side * g.amount_minor) <> 0 OR sum(g.side * g.book_minor) <> 0
$$;

-- What withdrawing an advice makes of its claims: they stand where other advices and their money leave them. Only what it moved
-- itself is moved back.
CREATE FUNCTION remittance_unstep(p_hospital uuid, p_id uuid, p_who text, p_why text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
DECLARE
	c uuid[]; x smallint[]; f smallint[]; t smallint[]; e text[];
	stepped integer;
BEGIN
	WITH told AS ( -- back: it took back
		SELECT d.claim_id, bool_or(d.amount_minor < 0) AS back, bool_or(d.amount_minor >= 0) AS paid FROM fact g
		JOIN remittance_detail d ON d.hospital_id = g.hospital_id AND d.remittance_id = g.remittance_id AND d.no = g.detail
		WHERE g.hospital_id = p_hospital AND g.remittance_id = p_id AND g.status IN (2, 5) AND g.claim_id IS NOT NULL GROUP BY 1
	), stands AS (
		SELECT s.claim_id, s.payment, s.books, told.back, told.paid, r.open_minor, coalesce((SELECT sum(a.cleared_minor) > 0 FROM allocation a
				WHERE a.hospital_id = p_hospital AND a.claim_id = s.claim_id), false) AS cash, (SELECT d.amount_minor < 0 FROM remittance_detail d
				JOIN remittance m ON m.hospital_id = d.hospital_id AND m.remittance_id = d.remittance_id AND m.withdrawn_at IS NULL
				JOIN fact g ON g.hospital_id = d.hospital_id AND g.remittance_id = d.remittance_id AND g.detail = d.no AND g.status IN (2, 5)
				WHERE d.hospital_id = p_hospital AND d.claim_id = s.claim_id AND d.remittance_id <> p_id AND NOT EXISTS (SELECT 1
					FROM remittance_paid p WHERE p.hospital_id = p_hospital AND p.remittance_id = d.remittance_id)
				ORDER BY g.at DESC, g.fact_id DESC LIMIT 1) AS other
		FROM told JOIN claim_state s ON s.hospital_id = p_hospital AND s.claim_id = told.claim_id
		LEFT JOIN receivable r ON r.hospital_id = p_hospital AND r.claim_id = s.claim_id
	), goal AS (
		SELECT s.claim_id, 4::smallint AS axis, s.payment AS was, CASE WHEN s.payment = 1 AND s.paid OR s.payment = 4 AND s.back THEN
			CASE WHEN s.other THEN 4 WHEN NOT s.other THEN 1 WHEN s.open_minor = 0 THEN 2 WHEN s.cash THEN 3 ELSE 0 END
			ELSE s.payment END::smallint AS is FROM stands s
		UNION ALL
		SELECT s.claim_id, 5, s.books, CASE WHEN s.books = 3 AND s.paid OR s.books = 2 AND s.back THEN
			CASE WHEN NOT s.other THEN 3 WHEN s.open_minor = 0 THEN 4 ELSE 2 END ELSE s.books END::smallint FROM stands s)
	SELECT array_agg(g.claim_id), array_agg(g.axis), array_agg(g.was), array_agg(g.is), array_agg(CASE g.axis
		WHEN 4 THEN (ARRAY['withdraw', 'announce', 'pay', 'pay_short', 'take_back'])[g.is + 1]
		ELSE (ARRAY['post_take_back', 'post_announcement', 'post_settlement'])[g.is - 1] END)
	INTO c, x, f, t, e FROM goal g WHERE g.was <> g.is;
	IF c IS NULL THEN
		RETURN;
	END IF;
	SELECT count(*) INTO stepped FROM claim_step(array_fill(p_hospital, ARRAY[cardinality(c)]), c, x, f, array_fill(NULL::integer, ARRAY[cardinality(c)]),
		t, e, array_fill(p_who, ARRAY[cardinality(c)]), array_fill(p_why, ARRAY[cardinality(c)]));
	IF stepped < (SELECT count(DISTINCT k) FROM unnest(c) AS k) THEN
		RAISE EXCEPTION 'a claim moved on' USING ERRCODE = 'serialization_failure';
	END IF;
END
$$;

-- Takes an advice that counts back, by a counter-entry: what it announced is announced no more, and a corrected one may come under its
-- identifier. A decision that it told first stands until that one, or the carrier, tells another. 1 done (or before, by the same id); 0 it
-- was withdrawn before; -1 there is none of this id; -2 it does not count; -3 its money is allocated: undo that first; -4 what it announced
-- has no value in the books yet.
CREATE FUNCTION remittance_withdraw(p_hospital uuid, p_id uuid, p_new uuid, p_who text, p_why text) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	was remittance;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'to withdraw a remittance needs who and why';
	END IF;
	PERFORM match_lock(p_hospital);
	PERFORM remittance_lock(p_hospital);
	SELECT * INTO was FROM remittance m WHERE m.hospital_id = p_hospital AND m.remittance_id = p_id;
	IF NOT FOUND THEN
		RETURN CASE WHEN EXISTS (SELECT 1 FROM advice a WHERE a.hospital_id = p_hospital AND a.advice_id = p_id) THEN -2 ELSE -1 END;
	ELSIF was.withdrawn_at IS NOT NULL THEN
		RETURN 0;
	ELSIF EXISTS (SELECT 1 FROM remittance_paid p WHERE p.hospital_id = p_hospital AND p.remittance_id = p_id) THEN
		RETURN -3;
	END IF;
	-- Whoever settles one of its facts now has lost it; then what is not settled is not settled any more.
	PERFORM 1 FROM claim_state s WHERE s.hospital_id = p_hospital AND s.claim_id IN (SELECT f.claim_id FROM fact f
		WHERE f.hospital_id = p_hospital AND f.remittance_id = p_id) ORDER BY s.claim_id FOR UPDATE;
	UPDATE outbox o SET leased_until = '-infinity', attempt = o.attempt + 1 FROM fact f
	WHERE f.hospital_id = p_hospital AND f.remittance_id = p_id AND f.claim_id IS NOT NULL AND o.hospital_id = p_hospital AND o.role = 3
		AND o.claim_id = f.claim_id AND (o.fact_id = f.fact_id OR o.fact_id IS NULL AND o.message_id = f.message_id);
	IF EXISTS (SELECT 1 FROM match_announced(p_hospital, ARRAY[p_id]) f
		JOIN posting_unvalued u ON u.hospital_id = p_hospital AND u.entry_id = f.entry_id) THEN
		RETURN -4;
	END IF;
	UPDATE fact f SET status = 6, why = 'the remittance was withdrawn' WHERE f.hospital_id = p_hospital AND f.remittance_id = p_id
		AND f.status IN (1, 4);
	INSERT INTO posting (hospital_id, entry_id, no, debit, credit, amount_minor, currency, exponent, book_minor, book_day, rule, source_id)
	SELECT p_hospital, p_new, row_number() OVER (ORDER BY g.code, g.currency), CASE WHEN g.amount < 0 OR g.book < 0 THEN 'CLR-REM-' ELSE 'REM-ANN-' END
		|| g.code, CASE WHEN g.amount < 0 OR g.book < 0 THEN 'REM-ANN-' ELSE 'CLR-REM-' END || g.code, abs(g.amount), g.currency, g.exponent,
		abs(g.book), (now() AT TIME ZONE h.zone)::date, 'withdrawn', p_id
	FROM remittance_announced(p_hospital, ARRAY[p_id]) g JOIN hospital h ON h.hospital_id = p_hospital;
	PERFORM remittance_unstep(p_hospital, p_id, p_who, 'the remittance was withdrawn');
	UPDATE remittance m SET withdrawn_at = now(), withdrawn_by = p_who, withdrawn_why = decode(p_why, 'hex'), changed = txid_current()
	WHERE m.hospital_id = p_hospital AND m.remittance_id = p_id;
	UPDATE advice a SET standing = 5, decided_by = p_who, decided_at = now(), decided_why = decode(p_why, 'hex')
	WHERE a.hospital_id = p_hospital AND a.advice_id = p_id;
	INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'remittance.withdraw', p_id::text);
	RETURN 1;
END
$$;

-- One as it was brought in, and what became of it; of a module's that counts there is no document, but rows. p_who: to be shown to,
-- which is on record, for remarks may name persons; NULL: not to be shown.
CREATE FUNCTION remittance_told(p_hospital uuid, p_id uuid, p_who text) RETURNS TABLE (document bytea, version integer, form integer,
	standing integer, made_at timestamptz, maker text, why bytea, profile text, decided_at timestamptz, decided_by text, decided_why bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT a.document, a.version, a.form::integer, a.standing::integer, a.made_at, a.maker, a.why, a.profile, a.decided_at,
		a.decided_by, a.decided_why FROM advice a WHERE a.hospital_id = p_hospital AND a.advice_id = p_id
	UNION ALL
	SELECT NULL, 1, 0, CASE WHEN m.withdrawn_at IS NULL THEN 1 ELSE 5 END, m.created_at, m.insurer, NULL, NULL, m.withdrawn_at,
		m.withdrawn_by, m.withdrawn_why FROM remittance m WHERE m.hospital_id = p_hospital AND m.remittance_id = p_id
		AND NOT EXISTS (SELECT 1 FROM advice a WHERE a.hospital_id = p_hospital AND a.advice_id = p_id);
	IF FOUND AND p_who IS NOT NULL THEN
		INSERT INTO operator_act (hospital_id, who, act, subject) VALUES (p_hospital, p_who, 'remittance.show', p_id::text);
	END IF;
END
$$;

CALL writer_functions('remittance\_told', 'remittance\_undecided', 'remittance\_announced', 'remittance\_unstep', 'remittance\_withdraw', 'remittance\_claims', 'remittance\_bills', 'remittance\_twin', 'remittance\_announce%', 'remittance\_lock', 'remittance\_module', 'remittance\_decide',
	'remittance\_there', 'remittance\_put', 'remittance\_refuse');
GRANT EXECUTE ON FUNCTION remittance_claims, remittance_bills, remittance_put, remittance_told TO zhifu_operator, zhifu_intake;
GRANT EXECUTE ON FUNCTION remittance_refuse, remittance_withdraw TO zhifu_operator;
