-- Claims that have been there for a while, for the ratios of size: bench.fill makes the claims first..last of `total` as
-- intake and the life cycle would leave them, without going through them. Their care was given over a thousand days, up to
-- that of the load's claims. One claim in ten still has work in the outbox (an insurer that is down for a day), one in ten
-- is of a person not met before.
CREATE SCHEMA bench;

CREATE FUNCTION bench.hospital(i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ('019ab000-0000-7000-8000-' || lpad(to_hex(i % 200), 12, '0'))::uuid $$;

-- UUIDv7 in the order of i, five a millisecond up to `until`; kind keeps those of different tables apart.
CREATE FUNCTION bench.id(i bigint, total bigint, kind text, until_ms bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (lpad(to_hex(until_ms - (total - i) / 5), 12, '0') || '7' || lpad(to_hex(i % 5), 3, '0') || '8'
	|| substr(md5(kind || i), 1, 15))::uuid $$;

CREATE FUNCTION bench.hash(kind text, i bigint) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT sha256((kind || i)::bytea) $$;

CREATE FUNCTION bench.fill(first bigint, last bigint, total bigint, until_ms bigint) RETURNS void LANGUAGE plpgsql
SET session_replication_role = replica SET search_path = zhifu, pg_temp AS $$
DECLARE
	-- Sealed, the load's claims of 3.1 kB have 582 to 630 bytes. Longer ones would leave gaps in each page into which the
	-- load's claims fit, one a page: every one of them would then touch a page that has long been out of memory.
	content bytea := decode(repeat('5a', 611), 'hex');
BEGIN
	CREATE TEMP TABLE made ON COMMIT DROP AS
		SELECT i, bench.hospital(i) AS h, bench.id(i, total, 'c', until_ms) AS c, bench.id(i / 10, total, 'p', until_ms) AS p,
			'BB' || lpad(i::text, 14, '0') AS ref, date '2025-03-18' - ((total - i) * 1000 / total)::integer AS day
		FROM generate_series(first, last) i;
	INSERT INTO patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version, identity)
		SELECT h, p, substr(content, 1, 64), 1, substr(content, 1, 141) FROM made WHERE i % 10 = 0;
	INSERT INTO patient_lookup SELECT h, bench.hash('p', i), p, 1 FROM made WHERE i % 10 = 0;
	INSERT INTO idempotency SELECT h, bench.hash('k', i), bench.hash('b', i), c FROM made;
	INSERT INTO claim_fingerprint SELECT h, int4send(day - date '1970-01-01') || substr(bench.hash('f', i), 5), c FROM made;
	INSERT INTO claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day, total_minor,
		currency, exponent, line_count, content)
		SELECT h, c, ref, 1, 'alpha', p, 'his', now(), day, 262429, 'CNY', 2, 5, content FROM made;
	INSERT INTO claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq) SELECT h, c, ref, 'alpha', 1, 1 FROM made;
	INSERT INTO claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)
		SELECT h, c, 1, 1, NULL, 0, 1, 'accept', 'his' FROM made;
	INSERT INTO outbox (hospital_id, work_id, role, kind, claim_id, due_at)
		SELECT h, bench.id(i, total, 'w', until_ms), 1, 1, c, now() + interval '1 day' FROM made WHERE i % 10 = 0;
END
$$;

-- Takes the indexes and keys off the tables that are filled, and remembers how to put them back: building an index over
-- many rows is several times cheaper than growing it.
CREATE TABLE bench.saved (step serial PRIMARY KEY, sql text);
CREATE FUNCTION bench.bare() RETURNS void LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	filled regclass[] := ARRAY['patient_key', 'patient_lookup', 'idempotency', 'claim_fingerprint', 'claim_identifier', 'claim',
		'claim_state', 'claim_event', 'outbox']::regclass[];
	referred regclass[] := filled || ARRAY(SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = ANY (filled));
	r record;
BEGIN
	-- Keys back before what refers to them, away in the other order.
	INSERT INTO bench.saved (sql)
		SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE conparentid = 0 AND ((contype IN ('p', 'u') AND conrelid = ANY (filled))
			OR (contype = 'f' AND confrelid = ANY (referred)))
		ORDER BY contype = 'f';
	INSERT INTO bench.saved (sql)
		SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i
		WHERE i.indrelid = ANY (filled) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u'));
	FOR r IN
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS sql FROM pg_constraint
		WHERE conparentid = 0 AND ((contype IN ('p', 'u') AND conrelid = ANY (filled)) OR (contype = 'f' AND confrelid = ANY (referred)))
		ORDER BY contype <> 'f'
	LOOP
		EXECUTE r.sql;
	END LOOP;
	FOR r IN SELECT 'DROP INDEX ' || indexrelid::regclass AS sql FROM pg_index WHERE indrelid = ANY (filled) LOOP
		EXECUTE r.sql;
	END LOOP;
END
$$;

-- Puts back the steps of that list whose number leaves this remainder: two sessions share the work. References last.
CREATE FUNCTION bench.dress(remainder integer, of integer, reference boolean) RETURNS void LANGUAGE plpgsql
SET search_path = zhifu, pg_temp SET maintenance_work_mem = '512MB' AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT sql FROM bench.saved WHERE step % of = remainder AND (sql LIKE '%FOREIGN KEY%') = reference ORDER BY step LOOP
		EXECUTE r.sql;
	END LOOP;
END
$$;

-- Work that is due, as much as the lease benchmark takes in all its rounds; hospitals in turn.
CREATE FUNCTION bench.due(count bigint) RETURNS void LANGUAGE sql SET session_replication_role = replica AS $$
	INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, due_at)
	SELECT bench.hospital(i), gen_random_uuid(), 1, 1, NULL, now() - i * interval '1 microsecond' FROM generate_series(1, count) i
$$;
