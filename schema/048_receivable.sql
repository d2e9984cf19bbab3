-- What carriers owe for claims, by the agreements with them.
SET search_path = zhifu;

-- What a carrier owes for a claim: one row a claim, made after its bill is posted. All of owed_minor is carried at book_minor,
-- what is open of it in proportion (receivable_carried), and the ledger's account for it is AR-CARRIER in the currency in which
-- it is owed: that of the bill for A and B, the contract's for C.
CREATE TABLE receivable (
	hospital_id uuid NOT NULL,
	claim_id    uuid NOT NULL,
	carrier     text NOT NULL, -- the insurer's code
	remitter    text NOT NULL, -- who pays, by the contract; else the carrier
	contract_id uuid,
	contract_version integer,  -- NULL: no contract counted on the day of the bill; kind A then
	kind        text NOT NULL CHECK (kind IN ('A', 'B', 'C')),
	currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'), -- in which it is owed
	exponent    smallint NOT NULL,
	owed_minor  bigint NOT NULL CHECK (owed_minor >= 0), -- as it was made; less what was open, when that got another value
	open_minor  bigint NOT NULL, -- what is neither paid nor moved to somebody else
	book_minor  bigint NOT NULL CHECK (book_minor >= 0), -- what all of owed_minor is carried at, in the hospital's book currency
	billed_day  date NOT NULL, -- the hospital's day
	due_day     date,          -- NULL: no contract has a term for it
	standing    smallint NOT NULL DEFAULT 1, -- 1 open, 2 settled, 3 denied: stays open, to be appealed, 4 disputed
	version     integer NOT NULL DEFAULT 1,  -- compare-and-set
	CHECK (open_minor BETWEEN 0 AND owed_minor),
	CHECK (standing IN (1, 2, 3, 4) AND (standing = 2) = (open_minor = 0)),
	CHECK ((contract_id IS NULL) = (contract_version IS NULL)),
	PRIMARY KEY (hospital_id, claim_id)
) WITH (fillfactor = 80);
-- By standing and not by what is open: a part that is paid changes no index.
CREATE INDEX receivable_open ON receivable (hospital_id, carrier, billed_day) WHERE standing <> 2;
ALTER TABLE receivable ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON receivable TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON receivable FOR SELECT TO zhifu_intake, zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE ON receivable TO zhifu_writer;
GRANT SELECT ON receivable TO zhifu_intake, zhifu_operator;

-- What an open part is carried at: receivable_carried() of daemon/model/receivable.h, with a half away from zero.
CREATE FUNCTION receivable_carried(p_owed bigint, p_book bigint, p_open bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN p_open = p_owed THEN p_book ELSE div(2 * p_book::numeric * p_open + p_owed, 2 * p_owed::numeric)::bigint END
$$;

-- Moves what is open by p_delta of the currency in which it is owed: negative is paid or moved to somebody else, positive comes
-- back, and what is open then stands as p_standing (NULL: as before). Returns what the ledger's account AR-CARRIER must move by
-- in the book currency, with the sign of p_delta; whoever calls posts that in the same transaction. p_book: that value, where it
-- is known: of a payment that is undone what it had cleared, of a take-back in dispute what it is worth today; NULL: in
-- proportion. NULL returned: it has another version by now, or the claim has no receivable (yet).
CREATE FUNCTION receivable_move(p_hospital uuid, p_claim uuid, p_version integer, p_delta bigint, p_standing smallint,
	p_book bigint DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	r receivable;
	opened bigint; -- what is open afterwards
	before bigint;
	after bigint;
	same boolean; -- in proportion, as what was open before
BEGIN
	SELECT * INTO r FROM receivable WHERE hospital_id = p_hospital AND claim_id = p_claim AND version = p_version FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	opened := r.open_minor + p_delta;
	before := receivable_carried(r.owed_minor, r.book_minor, r.open_minor);
	after := coalesce(before + p_book, receivable_carried(r.owed_minor, r.book_minor, opened));
	IF opened < 0 OR after < 0 OR (opened = 0 AND after <> 0) OR (p_book IS NULL AND opened > r.owed_minor)
		OR (after <> opened AND r.currency = (SELECT h.book_currency FROM hospital h WHERE h.hospital_id = p_hospital)) THEN
		RAISE EXCEPTION 'a receivable of % of which % is open cannot move by %, % in the books', r.owed_minor, r.open_minor, p_delta, p_book
			USING ERRCODE = 'check_violation';
	END IF;
	same := opened <= r.owed_minor AND after = receivable_carried(r.owed_minor, r.book_minor, opened);
	UPDATE receivable SET open_minor = opened, owed_minor = CASE WHEN same THEN owed_minor ELSE opened END,
		book_minor = CASE WHEN same THEN book_minor ELSE after END,
		standing = CASE WHEN opened = 0 THEN 2 ELSE coalesce(p_standing, nullif(standing, 2), 1) END, version = version + 1
	WHERE hospital_id = p_hospital AND claim_id = p_claim;
	RETURN after - before;
END
$$;

DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.proname LIKE 'receivable\_%' LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION receivable_carried TO zhifu_intake, zhifu_settle, zhifu_operator;
