-- What zhifud looks at before it uses a database: how far it was migrated. The list of migrations itself stands outside of
-- this schema and belongs to whoever migrates; login roles see the one number.
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
