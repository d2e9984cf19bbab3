-- What zhifud looks at before it uses a database: how far it was migrated, and whether its marks of transactions are of this
-- cluster. The list of migrations itself, and which cluster that was, stand outside of this schema and belong to whoever migrates;
-- login roles see the number, and whether it is.
SET search_path = zhifu;

-- Of its migrator on purpose: zhifu_writer may not read the list.
CREATE FUNCTION schema_version() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT max(version) FROM public.zhifu_migration);
END
$$;
REVOKE ALL ON FUNCTION schema_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION schema_version TO zhifu_intake, zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator;

-- Are the transactions that rows name by number (posting.posted, receivable.changed) those of this cluster? Not after a dump was restored
-- into another: it has another identifier, or, where both were cloned from one, has not come as far. A standby that is promoted, or what
-- is restored from a base backup and the log, goes on with both. True before migrate has looked for the first time: nothing is there yet.
CREATE FUNCTION cluster_is_own() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coalesce((SELECT c.identifier = s.system_identifier AND c.reached < txid_snapshot_xmax(txid_current_snapshot())
		FROM public.zhifu_cluster c CROSS JOIN pg_control_system() s), true);
END
$$;
REVOKE ALL ON FUNCTION cluster_is_own FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cluster_is_own TO zhifu_intake, zhifu_translate, zhifu_dispatch, zhifu_settle, zhifu_operator, zhifu_inspector;

-- How far its transactions have come, for a dump to take along. Now and then.
CREATE FUNCTION cluster_reach() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE public.zhifu_cluster SET reached = txid_current() WHERE reached < txid_current();
END
$$;
REVOKE ALL ON FUNCTION cluster_reach FROM PUBLIC;
GRANT EXECUTE ON FUNCTION cluster_reach TO zhifu_settle;
