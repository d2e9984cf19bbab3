/* zhifuctl migrate: brings the schema to this program's version. One at a time (advisory lock), each migration in a
 * transaction of its own with its checksum; a schema that is newer than the program, or whose migrations were edited
 * after they were applied, is refused. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/ctl.h"
#include "ctl/migration.h"
#include "db/sync.h"

#define LOCK_SQL "SELECT pg_advisory_lock(7091026190325041)" /* any constant, the same in every version */
#define CHECKSUM_LEN 65

struct applied {
	bool is_there;
	char checksum[CHECKSUM_LEN];
};

static int checksum_of(const struct migration *migration, char checksum[CHECKSUM_LEN])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_Digest(migration->sql, migration->len, digest, &len, EVP_sha256(), NULL) != 1)
		return err_set(ERR_NOMEM, "could not hash a migration");
	for (unsigned int i = 0; i < 32; i++) (void)snprintf(checksum + (size_t)i * 2, 3, "%02x", digest[i]);
	return 0;
}

static int applied_read(struct db_sync *db, struct applied *applied, int *ret_newest)
{
	struct pg_result *rows = NULL;
	int r = db_sync_query(db, "SELECT version, checksum FROM public.zhifu_migration ORDER BY version", NULL, &rows);

	if (r < 0) return r;
	*ret_newest = 0;
	for (int row = 0; row < db_rows_count(rows); row++) {
		int version = (int)db_rows_int(rows, row, 0);

		*ret_newest = version;
		for (size_t i = 0; i < migration_count; i++) {
			if (migrations[i].version != version) continue;
			applied[i].is_there = true;
			(void)snprintf(applied[i].checksum, CHECKSUM_LEN, "%s", db_rows_text(rows, row, 1));
		}
	}
	db_sync_rows_free(rows);
	return 0;
}

static int migration_apply(struct db_sync *db, const struct migration *migration, const char *checksum)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	char *sql;
	int r;

	arena_init(&arena, 8u << 20);
	sql = zf_strndup(&arena.zf, (const char *)migration->sql, migration->len);
	if (sql == NULL) return err_set(ERR_NOMEM, "no memory for migration %s", migration->name);
	db_params_init(&params, &arena);
	db_params_int4(&params, migration->version);
	db_params_text(&params, migration->name);
	db_params_text(&params, checksum);
	r = db_sync_script(db, "BEGIN");
	if (r == 0) r = db_sync_script(db, sql);
	if (r == 0) r = db_sync_script(db, "RESET search_path");
	if (r == 0)
		r = db_sync_query(db,
			"INSERT INTO public.zhifu_migration (version, name, checksum) VALUES ($1::int4, $2::text, $3::text)",
			&params, NULL);
	if (r == 0) return db_sync_script(db, "COMMIT");
	(void)fprintf(stderr, "zhifuctl: %s: %s\n", migration->name, err_text());
	(void)!db_sync_script(db, "ROLLBACK");
	return r;
}

static int migrate_all(struct ctl *ctl, int *ret_done)
{
	struct applied applied[256] = {0};
	int newest = 0;
	int r;

	assert(migration_count <= ARRAY_LEN(applied));
	/* Who migrates waits for who does, and for the last reader. */
	r = db_sync_script(ctl->db,
		"SET lock_timeout TO 0; " LOCK_SQL
		"; CREATE TABLE IF NOT EXISTS public.zhifu_migration (version integer PRIMARY KEY, name text NOT NULL,"
		" checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT session_user);"
		" CREATE TABLE IF NOT EXISTS public.zhifu_cluster (one boolean PRIMARY KEY DEFAULT true CHECK (one),"
		" identifier bigint NOT NULL, reached bigint NOT NULL)");
	if (r == 0) r = applied_read(ctl->db, applied, &newest);
	if (r < 0) return r;
	if (newest > migrations[migration_count - 1].version)
		return err_set(ERR_INVALID, "the schema is at version %d, this program knows %d: use the newer program",
			newest, migrations[migration_count - 1].version);
	for (size_t i = 0; i < migration_count; i++) {
		char checksum[CHECKSUM_LEN];

		r = checksum_of(&migrations[i], checksum);
		if (r < 0) return r;
		if (applied[i].is_there && strcmp(applied[i].checksum, checksum) != 0)
			return err_set(ERR_INVALID,
				"migration %s was changed after it was applied: write a new one instead",
				migrations[i].name);
		if (applied[i].is_there) continue;
		r = migration_apply(ctl->db, &migrations[i], checksum);
		if (r < 0) return r;
		if (!ctl->json) (void)printf("applied %s\n", migrations[i].name);
		(*ret_done)++;
	}
	return 0;
}

/* Rows say which transaction made or changed them, by a number of the cluster that they were made in. In another one,
 * into which a dump was restored, that is a number of something else, or still to come. */
#define CLUSTER_SQL                                                                                                    \
	"INSERT INTO public.zhifu_cluster AS c (identifier, reached) SELECT s.system_identifier, txid_current()"       \
	" FROM pg_control_system() s ON CONFLICT (one) DO UPDATE SET identifier = EXCLUDED.identifier,"                \
	" reached = EXCLUDED.reached WHERE c.identifier <> EXCLUDED.identifier OR c.reached > EXCLUDED.reached RETURNING 1"
/* What has not begun yet by such a number: rows of one's own cluster have begun, though others before them are under
 * way. */
#define AHEAD(mark) mark " >= txid_snapshot_xmax(txid_current_snapshot())"
/* A posting counts as there before any page is read. */
#define POSTED_SQL                                                                                                     \
	"WITH moved AS (UPDATE zhifu.posting SET posted = 0 WHERE " AHEAD(                                             \
		"posted") " RETURNING 1) SELECT count(*) FROM moved"

/* What matching asks news by: changed before it looks for the first time. */
static const char *const cluster_marks[] = {
	"UPDATE zhifu.receivable SET changed = 0 WHERE " AHEAD("changed"),
	"UPDATE zhifu.adjudication SET changed = 0 WHERE " AHEAD("changed"),
	"UPDATE zhifu.remittance SET changed = 0 WHERE " AHEAD("changed"),
	"UPDATE zhifu.allocation SET changed = 0 WHERE " AHEAD("changed"),
	/* these by their triggers as of now, which will do too */
	"UPDATE zhifu.match_item SET changed = 0 WHERE " AHEAD("changed"),
	"UPDATE zhifu.claim_number SET changed = 0 WHERE " AHEAD("changed"),
	"UPDATE zhifu.match_turn SET begun_mark = 0, looked_mark = 0 WHERE " AHEAD("greatest(begun_mark, looked_mark)"),
};

/* Puts the numbers right of a database that was brought from another cluster. ret_moved: of how many postings. A clone
 * that has come further than `reached` said is not told from the cluster itself, so it is looked at each time: of its
 * own cluster nothing is ahead. */
static int cluster_settle(struct ctl *ctl, bool *ret_other, int64_t *ret_moved)
{
	struct pg_result *rows = NULL;
	int r = db_sync_script(ctl->db, "BEGIN");

	if (r == 0) r = db_sync_query(ctl->db, CLUSTER_SQL, NULL, &rows);
	*ret_other = r == 0 && db_rows_count(rows) > 0;
	db_sync_rows_free(rows);
	rows = NULL;
	if (r == 0) r = db_sync_query(ctl->db, POSTED_SQL, NULL, &rows);
	if (r == 0) *ret_moved = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(cluster_marks); i++) r = db_sync_script(ctl->db, cluster_marks[i]);
	if (r == 0) return db_sync_script(ctl->db, "COMMIT");
	(void)!db_sync_script(ctl->db, "ROLLBACK");
	return r;
}

static int migrate_run(struct ctl *ctl, int argc, char **argv)
{
	int64_t moved = 0;
	bool other = false;
	int done = 0;

	(void)argv;
	if (argc > 0) {
		(void)fprintf(stderr, "zhifuctl: migrate takes no arguments\n");
		return 2;
	}
	if (migrate_all(ctl, &done) < 0 || cluster_settle(ctl, &other, &moved) < 0)
		return ctl_fail("could not migrate");
	if (ctl->json)
		(void)printf("{\"applied\":%d,\"version\":%d,\"moved\":%" PRId64 "}\n", done,
			migrations[migration_count - 1].version, moved);
	else if (moved > 0 || (other && done == 0))
		(void)printf(
			"from another cluster: %" PRId64 " postings count as there before any page is read\n", moved);
	else if (done == 0)
		(void)printf("nothing to do: the schema is at version %d\n", migrations[migration_count - 1].version);
	return 0;
}

const struct ctl_command migrate_commands[] = {
	{"migrate", "", "brings the database schema to this program's version", CTL_OWNER, migrate_run},
	{NULL, NULL, NULL, 0, NULL},
};
