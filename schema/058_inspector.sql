-- Inspectors: auditors and authorities who read a hospital's reports until a day and can do nothing else. Whoever grants it says why
-- and hands over a pass, which is shown once. Each look is on record before anything is read: it is a transaction of its own, as
-- one that the inspector could take back would prove nothing. Their role has EXECUTE on inspector_look and the reports, and no
-- right on any table; reports hold no person's data.
SET search_path = zhifu;

CREATE TABLE inspector_grant (
	hospital_id uuid NOT NULL,
	grant_id    uuid NOT NULL DEFAULT gen_random_uuid(),
	name        text NOT NULL CHECK (btrim(name) <> ''),
	pass_hash   bytea NOT NULL CHECK (length(pass_hash) = 32), -- SHA-256 of 244 random bits, which need no salt
	last_day    date NOT NULL, -- the hospital's
	maker       text NOT NULL CHECK (btrim(maker) <> ''),
	made_at     timestamptz NOT NULL DEFAULT now(),
	why         text NOT NULL CHECK (btrim(why) <> ''),
	ended_at    timestamptz, -- by a person, before its last day
	ended_by    text,
	ended_why   text,
	CHECK (num_nulls(ended_at, ended_by, ended_why) IN (0, 3) AND ended_by <> '' AND ended_why <> ''),
	PRIMARY KEY (hospital_id, grant_id),
	UNIQUE (hospital_id, pass_hash)
);

-- What was looked at, and what was refused because the grant had ended; who never had one leaves nothing here. Written once.
CREATE TABLE inspector_look (
	hospital_id uuid NOT NULL,
	look_id     uuid NOT NULL DEFAULT gen_random_uuid(),
	grant_id    uuid NOT NULL,
	at          timestamptz NOT NULL DEFAULT now(),
	report      text NOT NULL, -- as report_allow() has it, and others that are under /v1 only (daemon/desk/operations.c)
	arguments   text,    -- as told by who asks: words of a command, or a query
	refused     boolean NOT NULL,
	address     inet DEFAULT inet_client_addr(), -- NULL: by the daemon, for a client of /v1, or on the database's own machine
	backend     integer NOT NULL DEFAULT pg_backend_pid(), -- a number that another connection may have later; so
	token       bytea CHECK (length(token) = 32), -- SHA-256 of what inspector_look() gave to this connection alone; NULL: a client of /v1 looked
	xact        xid8 NOT NULL DEFAULT pg_current_xact_id(),
	PRIMARY KEY (hospital_id, look_id)
);
CREATE INDEX inspector_look_at ON inspector_look (grant_id, at);

DO $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['inspector_grant', 'inspector_look'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
		EXECUTE format('CREATE POLICY writer ON %I TO zhifu_writer USING (true) WITH CHECK (true)', t);
		EXECUTE format('GRANT SELECT, INSERT ON %I TO zhifu_writer', t);
	END LOOP;
END
$$;
GRANT UPDATE (ended_at, ended_by, ended_why) ON inspector_grant TO zhifu_writer;

-- The last day to which somebody may be let in: a year from today, the hospital's. NULL: it has no books yet.
CREATE FUNCTION inspector_until(p_hospital uuid, OUT today date, OUT until date) LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT t.day, (t.day + interval '1 year')::date FROM (SELECT (now() AT TIME ZONE h.zone)::date AS day FROM hospital h
		WHERE h.hospital_id = p_hospital) t
$$;

-- Lets somebody read one hospital's reports, up to and on p_last_day, for a year at most. Returns the pass.
CREATE FUNCTION inspector_grant(p_hospital uuid, p_name text, p_last_day date, p_who text, p_why text) RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	pass text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
	may record;
BEGIN
	SELECT * INTO may FROM inspector_until(p_hospital);
	IF may.today IS NULL THEN
		RAISE EXCEPTION 'this hospital has no books yet';
	ELSIF (p_last_day BETWEEN may.today AND may.until) IS NOT TRUE THEN
		RAISE EXCEPTION 'an inspector''s last day is from % to %', may.today, may.until;
	END IF;
	INSERT INTO inspector_grant (hospital_id, name, pass_hash, last_day, maker, why)
	VALUES (p_hospital, p_name, sha256(convert_to(pass, 'UTF8')), p_last_day, p_who, p_why);
	PERFORM operator_note(p_hospital, p_who, 'inspector.grant', p_name || ' until ' || p_last_day, p_why);
	RETURN pass;
END
$$;

-- Ends all that stands under a name. Returns how many did.
CREATE FUNCTION inspector_end(p_hospital uuid, p_name text, p_who text, p_why text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = zhifu, pg_temp AS $$
DECLARE
	ended bigint;
BEGIN
	IF coalesce(btrim(p_who), '') = '' OR coalesce(btrim(p_why), '') = '' THEN
		RAISE EXCEPTION 'whoever ends it says why';
	END IF;
	UPDATE inspector_grant g SET ended_at = now(), ended_by = p_who, ended_why = p_why
	WHERE g.hospital_id = p_hospital AND g.name = p_name AND g.ended_at IS NULL
		AND g.last_day >= (SELECT (now() AT TIME ZONE h.zone)::date FROM hospital h WHERE h.hospital_id = p_hospital);
	GET DIAGNOSTICS ended = ROW_COUNT;
	IF ended > 0 THEN
		PERFORM operator_note(p_hospital, p_who, 'inspector.end', p_name, p_why);
	END IF;
	RETURN ended;
END
$$;

-- Does a grant stand?
CREATE FUNCTION inspector_stands(p_grant inspector_grant) RETURNS boolean LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT p_grant.ended_at IS NULL AND p_grant.last_day >= (now() AT TIME ZONE h.zone)::date FROM hospital h
	WHERE h.hospital_id = p_grant.hospital_id
$$;

-- Puts on record that an inspector is about to read a report; for five minutes this connection may. False: the pass is none, or
-- its time is over, which is on record too.
CREATE FUNCTION inspector_look(p_hospital uuid, p_pass text, p_report text, p_arguments text) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
DECLARE
	g inspector_grant;
	stands boolean;
	own text := current_setting('zhifu.look', true);
BEGIN
	SELECT * INTO g FROM inspector_grant i WHERE i.hospital_id = p_hospital AND i.pass_hash = sha256(convert_to(p_pass, 'UTF8'));
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	stands := inspector_stands(g);
	-- One that this connection has been given, and no other word that it was set to.
	IF own IS NULL OR NOT EXISTS (SELECT 1 FROM inspector_look l WHERE l.grant_id = g.grant_id AND l.at > now() - interval '5 minutes'
		AND l.backend = pg_backend_pid() AND l.token = sha256(convert_to(own, 'UTF8'))) THEN
		own := gen_random_uuid()::text || gen_random_uuid()::text;
		PERFORM set_config('zhifu.look', own, false);
	END IF;
	INSERT INTO inspector_look (hospital_id, grant_id, report, arguments, refused, token)
	VALUES (p_hospital, g.grant_id, left(p_report, 64), left(p_arguments, 1000), NOT stands, sha256(convert_to(own, 'UTF8')));
	RETURN stands;
END
$$;

-- Is who asks neither an operator nor one of the daemon's own roles? The role that a session took by SET ROLE counts, whoever
-- logged in. To such a one reports say nothing that a person wrote: a patient may be named in it.
CREATE FUNCTION report_inspected() RETURNS boolean LANGUAGE sql STABLE SET search_path = zhifu, pg_temp AS $$
	SELECT NOT (pg_has_role(c, 'zhifu_operator', 'USAGE') OR pg_has_role(c, 'zhifu_intake', 'USAGE') OR pg_has_role(c, 'zhifu_settle', 'USAGE'))
	FROM coalesce(nullif(current_setting('role'), 'none'), session_user::text) AS c
$$;

-- May this session read a report of this hospital now? Operators and the daemon's own roles may, of the hospital that they named
-- (zhifu.hospital_id); whoever is none of them needs a look on record, in a transaction that is over.
CREATE FUNCTION report_allow(p_hospital uuid, p_report text) RETURNS void LANGUAGE plpgsql STABLE SET search_path = zhifu, pg_temp AS $$
BEGIN
	PERFORM tenant_must(p_hospital);
	IF report_inspected() AND NOT EXISTS (SELECT 1 FROM inspector_look l
		JOIN inspector_grant g ON g.hospital_id = l.hospital_id AND g.grant_id = l.grant_id
		WHERE l.hospital_id = p_hospital AND l.report = p_report AND NOT l.refused AND l.at > now() - interval '5 minutes'
			AND l.backend = pg_backend_pid() AND l.token = sha256(convert_to(current_setting('zhifu.look', true), 'UTF8'))
			AND l.xact IS DISTINCT FROM pg_current_xact_id_if_assigned() AND inspector_stands(g)) THEN
		RAISE EXCEPTION 'no inspector''s look at "%" is on record, or its time is over', p_report USING ERRCODE = 'insufficient_privilege';
	END IF;
END
$$;

-- For operators: who may look or could, and how often they did.
CREATE FUNCTION inspector_list(p_hospital uuid) RETURNS TABLE (name text, last_day date, standing text, looks bigint, refused bigint,
	last_look timestamptz, maker text, made_at timestamptz, why text, ended_by text, ended_at timestamptz, ended_why text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT g.name, g.last_day, CASE WHEN g.ended_at IS NOT NULL THEN 'ended' WHEN inspector_stands(g) THEN 'stands' ELSE 'over' END,
		count(l.look_id) FILTER (WHERE NOT l.refused), count(l.look_id) FILTER (WHERE l.refused), max(l.at), g.maker, g.made_at, g.why,
		g.ended_by, g.ended_at, g.ended_why
	FROM inspector_grant g LEFT JOIN inspector_look l ON l.hospital_id = g.hospital_id AND l.grant_id = g.grant_id
	WHERE g.hospital_id = p_hospital GROUP BY g.hospital_id, g.grant_id ORDER BY g.made_at, g.grant_id;
END
$$;

-- What was looked at, newest first.
CREATE FUNCTION inspector_looks(p_hospital uuid, p_name text)
RETURNS TABLE (at timestamptz, name text, report text, arguments text, refused boolean, address text, look_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = zhifu, pg_temp AS $$
#variable_conflict use_column
BEGIN
	PERFORM tenant_must(p_hospital);
	RETURN QUERY SELECT l.at, g.name, l.report, l.arguments, l.refused, host(l.address), l.look_id FROM inspector_look l
	JOIN inspector_grant g ON g.hospital_id = l.hospital_id AND g.grant_id = l.grant_id
	WHERE l.hospital_id = p_hospital AND (p_name IS NULL OR g.name = p_name) ORDER BY l.at DESC, l.look_id DESC;
END
$$;

CALL writer_functions('inspector\_%', 'report\_allow', 'report\_inspected');
GRANT EXECUTE ON FUNCTION inspector_grant, inspector_end, inspector_list, inspector_looks TO zhifu_operator;
GRANT EXECUTE ON FUNCTION inspector_look, report_work, report_scoreboard, report_fx, report_suspense,
	report_accounts TO zhifu_inspector;
