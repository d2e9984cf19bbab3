-- Agreements with payers. A contract is known by its name in a hospital; each change is a new version from a day on, and
-- nothing is ever updated: from its first day on a version takes the place of all earlier ones of the contract. Of one
-- hospital and carrier no two contracts are in force on the same day.
SET search_path = zhifu;

CREATE TABLE contract (
	hospital_id uuid NOT NULL,
	contract_id uuid NOT NULL, -- of all versions
	version     integer NOT NULL CHECK (version > 0),
	name        text NOT NULL CHECK (name <> ''),
	carrier     text NOT NULL CHECK (carrier ~ '^[a-z0-9][a-z0-9-]{0,31}$'), -- an insurer's code; the same in all versions
	remitter    text NOT NULL CHECK (remitter <> ''), -- who pays: an insurer's code or a company's name
	kind        text NOT NULL CHECK (kind IN ('A', 'B', 'C')),
	valid_from  date NOT NULL,
	valid_to    date NOT NULL, -- the last day; infinity: no end; the day before valid_from: withdrawn
	document    jsonb NOT NULL, -- as zhifu_contract(5) has it; daemon/model/contract.h reads it
	maker       text NOT NULL CHECK (maker <> ''),
	made_at     timestamptz NOT NULL DEFAULT now(),
	why         text NOT NULL CHECK (why <> ''),
	CHECK (isfinite(valid_from) AND valid_to >= valid_from - 1),
	PRIMARY KEY (hospital_id, contract_id, version)
);
CREATE UNIQUE INDEX contract_name ON contract (hospital_id, name, version);
CREATE INDEX contract_carrier ON contract (hospital_id, carrier);
ALTER TABLE contract ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON contract TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON contract FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT ON contract TO zhifu_writer;
GRANT SELECT ON contract TO zhifu_operator;

-- Each version with the last day on which it counts: its own, or the day before a later version begins. One that counts on no
-- day is not in it.
CREATE VIEW contract_span WITH (security_invoker = true) AS
	SELECT * FROM (
		SELECT c.*, least(c.valid_to, min(c.valid_from) OVER later - 1) AS counts_to
		FROM contract c
		WINDOW later AS (PARTITION BY c.hospital_id, c.contract_id ORDER BY c.version ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
	) s WHERE s.counts_to >= s.valid_from;
GRANT SELECT ON contract_span TO zhifu_writer, zhifu_operator;

-- One change of a hospital's contracts at a time, until the end of the transaction. Whoever waited sees what the other did only
-- if each statement looks anew.
CREATE FUNCTION contract_lock(p_hospital uuid, p_who text, p_why text) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a change of a contract needs who and why';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'contracts are changed in read committed transactions only';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.contract ' || p_hospital, 0));
END
$$;

-- Stores a contract, or a new version of the one of that name, from the document's first day on. What is stored already, as the
-- latest version, is nothing new. Returns one row: outcome 1 stored, 0 nothing new, -1 another contract with the carrier counts on
-- one of these days: other_name from other_from to other_to (NULL: no end), -2 the contract is with another carrier (other_name).
-- Nothing is stored then.
CREATE FUNCTION contract_put(p_hospital uuid, p_document jsonb, p_who text, p_why text)
RETURNS TABLE (outcome integer, contract_id uuid, version integer, other_name text, other_from date, other_to date) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	n text := p_document->>'name';
	k text := p_document->'parties'->>'carrier';
	first date := p_document->>'valid_from';
	last date := coalesce((p_document->>'valid_to')::date, 'infinity');
	latest contract;
	other contract_span;
BEGIN
	PERFORM contract_lock(p_hospital, p_who, p_why);
	SELECT * INTO latest FROM contract c WHERE c.hospital_id = p_hospital AND c.name = n ORDER BY c.version DESC LIMIT 1;
	IF latest.document = p_document AND latest.valid_from = first AND latest.valid_to = last THEN
		RETURN QUERY SELECT 0, latest.contract_id, latest.version, NULL::text, NULL::date, NULL::date;
		RETURN;
	END IF;
	IF latest.carrier <> k THEN
		RETURN QUERY SELECT -2, latest.contract_id, latest.version, latest.carrier, NULL::date, NULL::date;
		RETURN;
	END IF;
	SELECT * INTO other FROM contract_span s
	WHERE s.hospital_id = p_hospital AND s.carrier = k AND s.name <> n AND s.valid_from <= last AND s.counts_to >= first
	ORDER BY s.valid_from LIMIT 1;
	IF FOUND THEN
		RETURN QUERY SELECT -1, other.contract_id, other.version, other.name, other.valid_from, nullif(other.counts_to, 'infinity');
		RETURN;
	END IF;
	latest.contract_id := coalesce(latest.contract_id, gen_random_uuid());
	latest.version := coalesce(latest.version, 0) + 1;
	INSERT INTO contract (hospital_id, contract_id, version, name, carrier, remitter, kind, valid_from, valid_to, document, maker, why)
	VALUES (p_hospital, latest.contract_id, latest.version, n, k,
		coalesce(p_document->'parties'->>'remitter', p_document->'parties'->>'tpa', k), p_document->'owed'->>'kind', first, last,
		p_document, p_who, p_why);
	INSERT INTO operator_act (hospital_id, who, act, subject, why)
	VALUES (p_hospital, p_who, 'contract.put', n || ' version ' || latest.version, p_why);
	PERFORM receivable_soon(p_hospital);
	RETURN QUERY SELECT 1, latest.contract_id, latest.version, NULL::text, NULL::date, NULL::date;
END
$$;

-- Ends a contract with a day, its last one, by a version more; with a day before its first one it is withdrawn and never
-- counts. Versions that would have begun later never do. Returns one row: outcome 1 done, 0 that is its last day already, -1 there is
-- no contract of that name, -2 it ended before, on last_day.
CREATE FUNCTION contract_end(p_hospital uuid, p_name text, p_day date, p_who text, p_why text)
RETURNS TABLE (outcome integer, version integer, last_day date) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	base contract_span;
	newest integer;
	ends date;
BEGIN
	PERFORM contract_lock(p_hospital, p_who, p_why);
	IF NOT isfinite(p_day) THEN
		RAISE EXCEPTION 'a contract ends on a day';
	END IF;
	SELECT max(c.version) INTO newest FROM contract c WHERE c.hospital_id = p_hospital AND c.name = p_name;
	IF newest IS NULL THEN
		RETURN QUERY SELECT -1, NULL::integer, NULL::date;
		RETURN;
	END IF;
	SELECT max(s.counts_to) INTO ends FROM contract_span s WHERE s.hospital_id = p_hospital AND s.name = p_name;
	IF ends IS NULL OR ends <= p_day THEN
		RETURN QUERY SELECT CASE WHEN ends = p_day THEN 0 ELSE -2 END, newest, ends;
		RETURN;
	END IF;
	-- What counts on the day, or last before it; else the first there is.
	SELECT * INTO base FROM contract_span s WHERE s.hospital_id = p_hospital AND s.name = p_name
	ORDER BY s.valid_from <= p_day DESC, abs(s.valid_from - p_day) LIMIT 1;
	INSERT INTO contract (hospital_id, contract_id, version, name, carrier, remitter, kind, valid_from, valid_to, document, maker, why)
	VALUES (p_hospital, base.contract_id, newest + 1, p_name, base.carrier, base.remitter, base.kind, base.valid_from,
		greatest(least(p_day, base.counts_to), base.valid_from - 1),
		CASE WHEN p_day < base.valid_from THEN base.document
			ELSE jsonb_set(base.document, '{valid_to}', to_jsonb(to_char(least(p_day, base.counts_to), 'YYYY-MM-DD'))) END,
		p_who, p_why);
	INSERT INTO operator_act (hospital_id, who, act, subject, why)
	VALUES (p_hospital, p_who, 'contract.end', p_name || ' version ' || (newest + 1), p_why);
	PERFORM receivable_soon(p_hospital);
	RETURN QUERY SELECT 1, newest + 1, greatest(least(p_day, base.counts_to), base.valid_from - 1);
END
$$;

-- The contract with a carrier that counts on a day; no row: none.
CREATE FUNCTION contract_of(p_hospital uuid, p_carrier text, p_day date)
RETURNS TABLE (contract_id uuid, version integer, name text, remitter text, kind text, valid_from date, counts_to date, document jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT s.contract_id, s.version, s.name, s.remitter, s.kind, s.valid_from, nullif(s.counts_to, 'infinity'), s.document
	FROM contract_span s
	WHERE s.hospital_id = p_hospital AND s.carrier = p_carrier AND s.valid_from <= p_day AND s.counts_to >= p_day
$$;

-- All versions, with the days on which each counts (NULL, NULL: on none), or those that count on a day.
CREATE FUNCTION contract_list(p_hospital uuid, p_day date)
RETURNS TABLE (contract_id uuid, version integer, name text, carrier text, remitter text, kind text, valid_from date, valid_to date,
	counts_from date, counts_to date, document jsonb, maker text, made_at timestamptz, why text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
	SELECT c.contract_id, c.version, c.name, c.carrier, c.remitter, c.kind, c.valid_from, nullif(c.valid_to, 'infinity'), s.valid_from,
		nullif(s.counts_to, 'infinity'), c.document, c.maker, c.made_at, c.why
	FROM contract c LEFT JOIN contract_span s
		ON s.hospital_id = c.hospital_id AND s.contract_id = c.contract_id AND s.version = c.version
	WHERE c.hospital_id = p_hospital AND (p_day IS NULL OR (s.valid_from <= p_day AND s.counts_to >= p_day))
	ORDER BY c.carrier, c.name, c.version
$$;

CALL writer_functions('contract\_%');
GRANT EXECUTE ON FUNCTION contract_put, contract_end, contract_of, contract_list TO zhifu_operator;
GRANT EXECUTE ON FUNCTION contract_of, contract_list TO zhifu_settle;
