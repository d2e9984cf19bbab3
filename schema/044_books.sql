-- Which months of a hospital's books are closed, and that nothing is posted into them; what was given up or conceded. A closed month is
-- never opened again.
SET search_path = zhifu;

-- A closed month. Those without a row are open; the first one that is closed takes all that was before it with it, and from then
-- on they are closed one after the other. Insert-only, by period_close() (schema/052_close.sql).
CREATE TABLE period (
	hospital_id uuid NOT NULL,
	last_day    date NOT NULL CHECK (last_day = (date_trunc('month', last_day) + interval '1 month')::date - 1),
	period_id   uuid NOT NULL, -- the source of what the close posts
	who         text NOT NULL CHECK (who <> ''),
	closed_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (hospital_id, last_day)
);
ALTER TABLE period ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON period TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON period FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT ON period TO zhifu_writer;
GRANT SELECT ON period TO zhifu_operator;

-- The day on which something of p_wanted is posted: that day, or the first one that is open. It stays open until the
-- transaction ends, for a close waits for it. Every function that posts takes its day from one of two places:
--   what happens now has today: claim_step and settle_commit. A month can be closed only when it is over, so they ask for nothing;
--   what brings a day of its own (bank lines, allocations, what persons enter) asks here: once a transaction, with '-infinity' for
--   the first open day, where it posts many.
-- A value that comes later has the day of its posting (settle_value): no month is closed while one of its postings waits for it.
CREATE FUNCTION books_day(p_hospital uuid, p_wanted date) RETURNS date LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(hashtext('zhifu.books'), hashtext(p_hospital::text));
	RETURN greatest(p_wanted, (SELECT max(p.last_day) + 1 FROM period p WHERE p.hospital_id = p_hospital));
END
$$;
ALTER FUNCTION books_day OWNER TO zhifu_writer;
REVOKE ALL ON FUNCTION books_day FROM PUBLIC;

-- True, or an error: who posts forgot to ask. Each row that is posted into the past asks, so the lock is an expression and no
-- statement, which halves the cost; and what is closed is looked at by a statement of its own, which sees who had the lock before.
CREATE FUNCTION books_guard(p_hospital uuid, p_day date) RETURNS boolean LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
BEGIN
	IF pg_advisory_xact_lock_shared(hashtext('zhifu.books'), hashtext(p_hospital::text)) IS NULL THEN
		RETURN false;
	END IF;
	IF EXISTS (SELECT 1 FROM period p WHERE p.hospital_id = p_hospital AND p.last_day >= p_day) THEN
		RAISE EXCEPTION 'the books of % are closed: nothing is posted into them any more', to_char(p_day, 'YYYY-MM')
			USING HINT = 'A correction goes to the first open day.';
	END IF;
	RETURN true;
END
$$;
ALTER FUNCTION books_guard OWNER TO zhifu_writer;
REVOKE ALL ON FUNCTION books_guard FROM PUBLIC;

-- A policy and no trigger, for those do not work on distributed tables; whatever posts does so as zhifu_writer. What is posted
-- today is in no month that can be closed (an hour after its end, see period_outcome: who is still posting by then is gone), so
-- that claims pay for a comparison and not for the lock. A day that has ended nowhere on earth is today without a look at the zone.
CREATE POLICY period ON posting AS RESTRICTIVE FOR INSERT TO zhifu_writer
	WITH CHECK (book_day >= (now() AT TIME ZONE interval '14 hours')::date
		OR book_day >= (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = posting.hospital_id)
		OR books_guard(hospital_id, book_day));

-- ---- pages of one moment ----

-- What a snapshot sees, short enough for a link: its first transaction under way, where it ends, and of each one under way, in hex,
-- how far behind the one before it. Of more than go into p_room (some hundred, and thousands where they began one after the other) those
-- behind are left out, and the moment is the one at which the first of these began: what ended of it and later is not seen.
CREATE FUNCTION posting_moment_of(p_snapshot txid_snapshot, p_room integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = zhifu, pg_temp AS $$
	WITH under_way AS (
		SELECT t.x, to_hex(t.x - lag(t.x, 1, txid_snapshot_xmin(p_snapshot)) OVER (ORDER BY t.x)) AS step
		FROM txid_snapshot_xip(p_snapshot) AS t (x)
	), long AS (
		SELECT u.x, u.step, sum(length(u.step) + 1) OVER (ORDER BY u.x) > p_room AS is_out FROM under_way u)
	SELECT concat_ws(':', txid_snapshot_xmin(p_snapshot), coalesce((SELECT min(l.x) FROM long l WHERE l.is_out), txid_snapshot_xmax(p_snapshot)),
		coalesce((SELECT string_agg(l.step, ',' ORDER BY l.x) FROM long l WHERE NOT l.is_out), ''))
$$;

CREATE FUNCTION posting_moment() RETURNS text LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT posting_moment_of(txid_current_snapshot(), 1500)
$$;

-- The snapshot of a moment.
CREATE FUNCTION posting_snapshot(p_moment text) RETURNS txid_snapshot LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = zhifu, pg_temp AS $$
	SELECT (split_part(p_moment, ':', 1) || ':' || split_part(p_moment, ':', 2) || ':' || coalesce((SELECT string_agg(u.x::text, ',' ORDER BY u.n)
		FROM (SELECT s.n, split_part(p_moment, ':', 1)::bigint + sum(('x' || lpad(s.step, 16, '0'))::bit(64)::bigint) OVER (ORDER BY s.n) AS x
			FROM string_to_table(nullif(split_part(p_moment, ':', 3), ''), ',') WITH ORDINALITY AS s (step, n)) u), ''))::txid_snapshot
$$;
GRANT EXECUTE ON FUNCTION posting_moment_of, posting_moment, posting_snapshot TO zhifu_intake, zhifu_operator;

-- A receivable, or a part of one, that was given up as uncollectable. Insert-only but for what takes it back.
CREATE TABLE write_off (
	hospital_id  uuid NOT NULL,
	write_off_id uuid NOT NULL, -- also the entry
	claim_id     uuid NOT NULL,
	amount_minor bigint NOT NULL CHECK (amount_minor > 0),
	currency     text NOT NULL,
	exponent     smallint NOT NULL,
	book_minor   bigint NOT NULL,
	provided_minor bigint NOT NULL, -- of it, what had been provided for
	role         text NOT NULL CHECK (role <> ''), -- of who did it, by configuration, and what that allows
	limit_minor  bigint NOT NULL,
	who          text NOT NULL CHECK (who <> ''),
	made_at      timestamptz NOT NULL DEFAULT now(),
	why          bytea CHECK (length(why) > 0), -- words, sealed for the claim (SEAL_FACT): a patient or an illness may be named; NULL: none
	CHECK (book_minor <= limit_minor),
	undone_entry uuid, -- what took it back
	undone_day   date,
	undone_by    text,
	undone_at    timestamptz,
	undone_why   bytea, -- as why, for write_off_id
	CHECK (num_nulls(undone_entry, undone_day, undone_by, undone_at, undone_why) IN (0, 5)),
	PRIMARY KEY (hospital_id, write_off_id)
);
ALTER TABLE write_off ENABLE ROW LEVEL SECURITY;
CREATE POLICY writer ON write_off TO zhifu_writer USING (true) WITH CHECK (true);
CREATE POLICY tenant ON write_off FOR SELECT TO zhifu_operator USING (hospital_id = tenant());
GRANT SELECT, INSERT, UPDATE (undone_entry, undone_day, undone_by, undone_at, undone_why) ON write_off TO zhifu_writer;
GRANT SELECT ON write_off TO zhifu_operator;

-- A receivable, or a part of one, that nobody will pay because nobody owed it: the revenue is reversed at its original value, or
-- the patient owes it instead. Insert-only; what was wrong is undone by another row, of the other sign.
CREATE TABLE concession (
	hospital_id   uuid NOT NULL,
	concession_id uuid NOT NULL, -- also the entry
	claim_id      uuid NOT NULL,
	kind          smallint NOT NULL CHECK (kind IN (1, 2)), -- 1 the revenue is reversed, 2 the patient's
	amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
	taken_minor   bigint NOT NULL, -- of it, what had been taken back
	origin_minor  bigint NOT NULL, -- what was owed for it when it was billed: another amount where it was paid and taken back at two rates
	currency      text NOT NULL,
	exponent      smallint NOT NULL,
	book_minor    bigint NOT NULL, -- what it was carried at
	value_minor   bigint NOT NULL, -- what it was billed at, in the book currency
	by_policy     boolean NOT NULL,
	who           text NOT NULL CHECK (who <> ''),
	made_at       timestamptz NOT NULL DEFAULT now(),
	why           bytea CHECK (length(why) > 0), -- as write_off.why; of one that undoes, for what it undoes
	undoes        uuid,
	CHECK ((undoes IS NULL) = (amount_minor > 0)),
	PRIMARY KEY (hospital_id, concession_id)
);
CREATE INDEX concession_claim ON concession (hospital_id, claim_id);
CREATE UNIQUE INDEX concession_undone ON concession (hospital_id, undoes) WHERE undoes IS NOT NULL;
CALL tenant_tables('concession');
