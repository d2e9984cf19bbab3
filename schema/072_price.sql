-- Price lists of a hospital: what each code of a code system costs in one currency. A list is known by its name in a hospital, and each
-- file is a new version of it from a day on; nothing is ever updated: from its first day on a version takes the place of all earlier ones
-- of the list, also after its own last day: then none of these counts again, until another version is put.
-- Which contract goes by which list stands in the contract (prices.list of zhifu_contract(5)).
SET search_path = zhifu;

CREATE TABLE price_list (
	hospital_id uuid NOT NULL,
	list_id     uuid NOT NULL, -- of all versions
	version     integer NOT NULL CHECK (version > 0),
	name        text NOT NULL CHECK (name <> ''),
	currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), -- of all its prices
	valid_from  date NOT NULL,
	valid_to    date NOT NULL, -- the last day; infinity: no end
	prices      integer NOT NULL CHECK (prices > 0), -- how many
	digest      bytea NOT NULL, -- of these
	maker       text NOT NULL CHECK (maker <> ''),
	made_at     timestamptz NOT NULL DEFAULT now(), -- why stands in operator_act
	CHECK (isfinite(valid_from) AND valid_to >= valid_from),
	PRIMARY KEY (hospital_id, list_id, version)
);
CREATE UNIQUE INDEX price_list_name ON price_list (hospital_id, name, version);

-- A price is digits / 10^scale, with the decimals with which it was written.
CREATE TABLE price (
	hospital_id uuid NOT NULL,
	list_id     uuid NOT NULL,
	version     integer NOT NULL,
	system      text NOT NULL CHECK (system <> '') COLLATE "C",
	code        text NOT NULL CHECK (code <> '') COLLATE "C",
	title       text, -- what it is, for people
	digits      bigint NOT NULL CHECK (digits >= 0),
	scale       smallint NOT NULL CHECK (scale BETWEEN 0 AND 6),
	PRIMARY KEY (hospital_id, list_id, version, system, code),
	FOREIGN KEY (hospital_id, list_id, version) REFERENCES price_list
);

ALTER TABLE price_list ENABLE ROW LEVEL SECURITY;
ALTER TABLE price ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON price_list TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY writer ON price TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON price_list FOR SELECT TO zhifu_intake, zhifu_operator USING (hospital_id = tenant());
CREATE POLICY tenant ON price FOR SELECT TO zhifu_intake, zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT ON price_list, price TO zhifu_writer;
GRANT SELECT ON price_list, price TO zhifu_intake, zhifu_operator;

-- Each version with the last day on which it counts: its own, or the day before a later version begins. One that counts on no
-- day is not in it.
CREATE VIEW price_list_span WITH (security_invoker = true) AS
	SELECT * FROM (
		SELECT l.*, least(l.valid_to, min(l.valid_from) OVER later - 1) AS counts_to
		FROM price_list l
		WINDOW later AS (PARTITION BY l.hospital_id, l.list_id ORDER BY l.version ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
	) s WHERE s.counts_to >= s.valid_from;
GRANT SELECT ON price_list_span TO zhifu_writer, zhifu_intake, zhifu_operator;

-- Stores a price list, or a new version of the one of that name, from p_from to p_to (NULL: no end). What is stored already, as the
-- latest version, is nothing new. What an earlier version says may be a file that was sent again late: it is stored where p_after
-- names the latest version, which it is to follow (NULL: not said). Bills that wait are looked at again. Returns one row: outcome 1
-- stored, 0 nothing new, -1 version has it, and a later one took its place, -2 version is the latest, which is not p_after.
CREATE FUNCTION price_list_put(p_hospital uuid, p_name text, p_currency text, p_from date, p_to date, p_system text[], p_code text[],
	p_title text[], p_digits bigint[], p_scale smallint[], p_after integer, p_who text, p_why text)
RETURNS TABLE (outcome integer, list_id uuid, version integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
DECLARE
	latest price_list;
	earlier integer;
	last date := coalesce(p_to, 'infinity');
	print bytea;
BEGIN
	PERFORM tenant_must(p_hospital);
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'a change of a price list needs who and why';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'price lists are changed in read committed transactions only';
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('zhifu.price_list ' || p_hospital, 0));
	SELECT sha256(convert_to(string_agg(jsonb_build_array(t.s, t.c, coalesce(t.n, ''), t.d, t.x)::text, ',' ORDER BY t.s COLLATE "C", t.c COLLATE "C"), 'UTF8'))
	INTO print FROM unnest(p_system, p_code, p_title, p_digits, p_scale) AS t (s, c, n, d, x);
	SELECT * INTO latest FROM price_list l WHERE l.hospital_id = p_hospital AND l.name = p_name ORDER BY l.version DESC LIMIT 1;
	IF (latest.digest, latest.currency, latest.valid_from, latest.valid_to) = (print, p_currency, p_from, last) THEN
		RETURN QUERY SELECT 0, latest.list_id, latest.version;
		RETURN;
	END IF;
	IF p_after <> coalesce(latest.version, 0) THEN
		RETURN QUERY SELECT -2, latest.list_id, coalesce(latest.version, 0);
		RETURN;
	END IF;
	SELECT max(l.version) INTO earlier FROM price_list l WHERE l.hospital_id = p_hospital AND l.name = p_name
		AND (l.digest, l.currency, l.valid_from, l.valid_to) = (print, p_currency, p_from, last);
	IF earlier IS NOT NULL AND p_after IS NULL THEN
		RETURN QUERY SELECT -1, latest.list_id, earlier;
		RETURN;
	END IF;
	latest.list_id := coalesce(latest.list_id, gen_random_uuid());
	latest.version := coalesce(latest.version, 0) + 1;
	INSERT INTO price_list (hospital_id, list_id, version, name, currency, valid_from, valid_to, prices, digest, maker)
	VALUES (p_hospital, latest.list_id, latest.version, p_name, p_currency, p_from, last, cardinality(p_code), print, p_who);
	INSERT INTO price (hospital_id, list_id, version, system, code, title, digits, scale)
	SELECT p_hospital, latest.list_id, latest.version, t.s, t.c, nullif(t.n, ''), t.d, t.x
	FROM unnest(p_system, p_code, p_title, p_digits, p_scale) AS t (s, c, n, d, x);
	INSERT INTO operator_act (hospital_id, who, act, subject, why)
	VALUES (p_hospital, p_who, 'price.put', p_name || ' version ' || latest.version, p_why);
	PERFORM receivable_soon(p_hospital);
	RETURN QUERY SELECT 1, latest.list_id, latest.version;
END
$$;

-- What codes cost by lists on days, one row each where the list has a version that counts: without digits where that has no such code.
-- The first question of a list and a day (leads) finds the version for all of them: the latest one that has begun, unless it has ended.
CREATE FUNCTION settle_prices(p_hospital uuid[], p_list text[], p_day date[], p_system text[], p_code text[])
RETURNS TABLE (ordinal integer, currency text, digits bigint, scale smallint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = zhifu, pg_temp SET enable_seqscan = off AS $$
	WITH asked AS MATERIALIZED (
		SELECT t.*, row_number() OVER (PARTITION BY t.h, t.l, t.d ORDER BY t.n) = 1 AS leads
		FROM unnest(p_hospital, p_list, p_day, p_system, p_code) WITH ORDINALITY AS t (h, l, d, s, c, n)
	), found AS MATERIALIZED (
		SELECT a.*, first_value(v.list_id) OVER same AS list_id, first_value(v.version) OVER same AS version,
			first_value(v.currency) OVER same AS currency, first_value(v.valid_to) OVER same AS valid_to
		FROM asked a LEFT JOIN LATERAL (SELECT l.list_id, l.version, l.currency, l.valid_to FROM price_list l
			WHERE a.leads AND l.hospital_id = a.h AND l.name = a.l AND l.valid_from <= a.d ORDER BY l.version DESC LIMIT 1) v ON true
		WINDOW same AS (PARTITION BY a.h, a.l, a.d ORDER BY a.n)
	)
	SELECT f.n::integer, f.currency, p.digits, p.scale FROM found f
	LEFT JOIN LATERAL (SELECT p.digits, p.scale FROM price p WHERE p.hospital_id = f.h AND p.list_id = f.list_id AND p.version = f.version
		AND p.system = f.s AND p.code = f.c OFFSET 0) p ON true
	WHERE f.valid_to >= f.d ORDER BY f.n
$$;

CALL writer_functions('price\_list\_put', 'settle\_prices');
GRANT EXECUTE ON FUNCTION price_list_put TO zhifu_operator, zhifu_intake;
GRANT EXECUTE ON FUNCTION settle_prices TO zhifu_settle;
