-- Who may do what. Each process role logs in as itself; what it may do is EXECUTE on its functions and, for intake,
-- SELECT under row-level security. The functions that mix hospitals in one batch belong to zhifu_writer, which cannot
-- log in. Tables belong to whoever migrates (never a process role).
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['zhifu_intake', 'zhifu_translate', 'zhifu_dispatch', 'zhifu_settle', 'zhifu_operator',
		'zhifu_inspector'] LOOP
		IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
			EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
		END IF;
	END LOOP;
	IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'zhifu_writer') THEN
		CREATE ROLE zhifu_writer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
	END IF;
END
$$;

CREATE SCHEMA zhifu;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA zhifu TO zhifu_writer, zhifu_intake, zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator,
	zhifu_inspector;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The hospital whose rows a reading session may see; unset means none.
CREATE FUNCTION zhifu.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('zhifu.hospital_id', true), '')::uuid $$;
GRANT EXECUTE ON FUNCTION zhifu.tenant() TO PUBLIC;

-- A function that is told a hospital acts for no other than the session's: whoever mixes them up gets an error and not another
-- hospital's books. What takes many hospitals in one batch (the path of claims) cannot ask.
CREATE FUNCTION zhifu.tenant_must(p_hospital uuid) RETURNS void LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF p_hospital IS DISTINCT FROM zhifu.tenant() THEN
		RAISE EXCEPTION 'the session did not name this hospital' USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;
GRANT EXECUTE ON FUNCTION zhifu.tenant_must TO zhifu_writer;

-- The first UUIDv7 of an instant: what partition bounds and time ranges over ids are made of (RFC 9562 section 5.7).
CREATE FUNCTION zhifu.uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid $$;
GRANT EXECUTE ON FUNCTION zhifu.uuid_floor(timestamptz) TO PUBLIC;

-- For migrations: what every hospital's own table is given. The writer adds rows, an operator sees those of the hospital that he named.
CREATE PROCEDURE zhifu.tenant_tables(VARIADIC names text[]) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY names LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('CREATE POLICY writer ON %I TO zhifu_writer USING (true) WITH CHECK (true)', t);
		EXECUTE format('CREATE POLICY tenant ON %I FOR SELECT TO zhifu_operator USING (hospital_id = tenant())', t);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO zhifu_writer', t);
		EXECUTE format('GRANT SELECT ON %I TO zhifu_operator', t);
	END LOOP;
END
$$;

-- For migrations: functions of these names (LIKE patterns) work with the writer's rights, and belong to nobody else.
CREATE PROCEDURE zhifu.writer_functions(VARIADIC names text[]) LANGUAGE plpgsql SET search_path = zhifu, pg_temp AS $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'zhifu'::regnamespace AND p.proname LIKE ANY (names) LOOP
		EXECUTE format('ALTER FUNCTION %s OWNER TO zhifu_writer', f);
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
	END LOOP;
END
$$;
