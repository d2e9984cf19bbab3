/* What the tests of zhifuctl share: a private cluster, a configuration over it, the real program, and its output. */
#ifndef UNIT_CTL_WORLD_H
#define UNIT_CTL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/id.h"
#include "base/key.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "db/sync.h"
#include "pg_cluster.h"

struct ctl_world {
	char cluster[64], conninfo[160], folder[96], program[512];
	struct db_sync *db; /* as superuser */
	char out[1 << 20];  /* the last command's standard output */
	char err[16384];    /* and standard error */
};

#define HOSPITAL_A "019ab000-0000-7000-8000-0000000000a1"
#define HOSPITAL_B "019ab000-0000-7000-8000-0000000000b1"

static inline void world_file(const struct ctl_world *world, const char *name, const char *text, mode_t mode)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", world->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Runs zhifuctl with these words (a shell's) and returns its exit status. */
static inline int ctl(struct ctl_world *world, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int ctl(struct ctl_world *world, const char *fmt, ...)
{
	char words[2048], line[4096];
	va_list args;
	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	snprintf(line, sizeof(line), "'%s' --config '%s/zhifud.conf' %s 2>'%s/err'", world->program, world->folder,
		words, world->folder);
	FILE *pipe = popen(line, "r");
	assert_non_null(pipe);
	size_t n = fread(world->out, 1, sizeof(world->out) - 1, pipe);
	world->out[n] = '\0';
	int status = pclose(pipe);
	snprintf(line, sizeof(line), "%s/err", world->folder);
	FILE *err = fopen(line, "r");
	assert_non_null(err);
	n = fread(world->err, 1, sizeof(world->err) - 1, err);
	world->err[n] = '\0';
	fclose(err);
	if (strstr(world->err, "Sanitizer") != NULL) fail_msg("%s", world->err);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define assert_ctl(world, want, ...)                                                                                   \
	do {                                                                                                           \
		int got = ctl(world, __VA_ARGS__);                                                                     \
		if (got != (want)) fail_msg("exit %d: %s%s", got, (world)->err, (world)->out);                         \
	} while (0)

/* The last output as JSON; the caller's json_decref. */
static inline json_t *world_json(const struct ctl_world *world)
{
	json_error_t error;
	json_t *value = json_loads(world->out, 0, &error);
	if (value == NULL) fail_msg("%s in: %s", error.text, world->out);
	return value;
}

static inline void world_sql(const struct ctl_world *world, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void world_sql(const struct ctl_world *world, const char *fmt, ...)
{
	char *sql = NULL;
	va_list args;
	va_start(args, fmt);
	assert_true(vasprintf(&sql, fmt, args) > 0);
	va_end(args);
	if (db_sync_script(world->db, sql) != 0) fail_msg("%s\n%s", err_text(), sql);
	free(sql);
}

static inline struct pg_result *world_rows(const struct ctl_world *world, const char *fmt, va_list args)
{
	struct pg_result *rows = NULL;
	char *sql = NULL;
	assert_true(vasprintf(&sql, fmt, args) > 0);
	if (db_sync_query(world->db, sql, NULL, &rows) != 0) fail_msg("%s\n%s", err_text(), sql);
	free(sql);
	return rows;
}

/* One bigint. */
static inline int64_t world_count(const struct ctl_world *world, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline int64_t world_count(const struct ctl_world *world, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct pg_result *rows = world_rows(world, fmt, args);
	va_end(args);
	int64_t n = db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	return n;
}

/* A text of the first row of a query; static memory, four turns. */
static inline const char *world_text(const struct ctl_world *world, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline const char *world_text(const struct ctl_world *world, const char *fmt, ...)
{
	static char texts[4][512];
	static int turn;
	char *to = texts[turn++ % 4];
	va_list args;
	va_start(args, fmt);
	struct pg_result *rows = world_rows(world, fmt, args);
	va_end(args);
	snprintf(to, sizeof(texts[0]), "%s", db_rows_count(rows) > 0 ? db_rows_text(rows, 0, 0) : "nothing");
	db_sync_rows_free(rows);
	return to;
}

/* The postings of the entry that an act's row names as what undid it: "DEBIT CREDIT minor CUR book; ...". */
static inline const char *world_undone(const struct ctl_world *world, const char *table)
{
	return world_text(world,
		"SELECT string_agg(concat_ws(' ', p.debit, p.credit, p.amount_minor, p.currency, p.book_minor), '; ' ORDER BY p.no)"
		" FROM zhifu.posting p WHERE p.entry_id = (SELECT undone_entry FROM zhifu.%s ORDER BY undone_at DESC NULLS LAST LIMIT 1)"
		" AND p.book_day = (now() AT TIME ZONE 'Asia/Shanghai')::date",
		table);
}

/* Cluster, folder, configuration, keys; not migrated. 0; 77: no PostgreSQL or no zhifuctl. */
static inline int world_start(struct ctl_world *world, const char *name)
{
	char text[1024];
	ssize_t n = readlink("/proc/self/exe", world->program, sizeof(world->program) - 16);
	if (n <= 0) return 1;
	world->program[n] = '\0';
	*strrchr(world->program, '/') = '\0';
	*strrchr(world->program, '/') = '\0';
	strcat(world->program, "/zhifuctl");
	if (access(world->program, X_OK) != 0) return 77;
	int r = pg_cluster_start(name, world->cluster, world->conninfo);
	if (r != 0) return r;
	if (db_sync_open(world->conninfo, "test", &world->db) != 0) return 1;
	snprintf(world->folder, sizeof(world->folder), "%s/place", world->cluster);
	if (mkdir(world->folder, 0700) != 0) return 1;
	snprintf(text, sizeof(text), "%s/hospitals.d", world->folder);
	if (mkdir(text, 0700) != 0) return 1;
	snprintf(text, sizeof(text), "%s/insurers.d", world->folder);
	if (mkdir(text, 0700) != 0) return 1;
	snprintf(text, sizeof(text),
		"tls_certificate = \"%s/none.pem\";\ntls_key = \"%s/none.key\";\nkey_file = \"%s/keys\";\n"
		"database_ctl = \"%s\";\nhospitals_dir = \"%s/hospitals.d\";\ninsurers_dir = \"%s/insurers.d\";\n"
		"metrics_listen = [\"127.0.0.1:1\"];\nwho_is_stated = true;\n",
		world->folder, world->folder, world->folder, world->conninfo, world->folder, world->folder);
	world_file(world, "zhifud.conf", text, 0600);
	world_file(world, "hospitals.d/a.conf",
		"id = \"" HOSPITAL_A "\";\ncode = \"HZ1\";\nname = \"杭州示例医院\";\nzone = \"Asia/Shanghai\";\n",
		0600);
	world_file(world, "hospitals.d/b.conf",
		"id = \"" HOSPITAL_B
		"\";\ncode = \"RY2\";\nname = \"Riyadh\";\nzone = \"Asia/Riyadh\";\nbook_currency = \"SAR\";\n",
		0600);
	world_file(world, "insurers.d/alpha.conf",
		"name = \"Alpha 健康保险\";\nmodule = \"fhir\";\nendpoints = ({name = \"submit\"; url = \"http://127.0.0.1:9/fhir\";"
		" allow_plain = true; deadline_ms = 1000;});\nallowed_fields = \"*\";\n",
		0600);
	return ctl(world, "key init '%s/keys'", world->folder) == 0 ? 0 : 1;
}

static inline void world_stop(struct ctl_world *world)
{
	db_sync_close(world->db);
	if (world->cluster[0] != '\0') pg_cluster("destroy", world->cluster, "");
}

/* What main does: the tests in a world that is there for them, or a word that there can be none. setup may be NULL. */
static inline int world_main(struct ctl_world *world, const char *name, const struct CMUnitTest *tests, size_t count,
	CMFixtureFunction setup)
{
	int r = world_start(world, name);

	if (r == 77) {
		print_message("skipped: no PostgreSQL 15 or no zhifuctl\n");
		return 0;
	}
	if (r != 0) return 1;
	r = _cmocka_run_group_tests(name, tests, count, setup, NULL);
	world_stop(world);
	return r;
}

/* The hospital with a key of its own, as a process that knows it opens it. The schema is there. */
static inline void world_hospital_open(struct ctl_world *world, const char *id, const char *code, const char *name,
	const char *zone, const char *currency)
{
	struct keyring *ring = NULL;
	struct key key;
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	struct uuid hospital;
	char path[160], hex[2 * KEY_WRAPPED_BYTES + 1];

	snprintf(path, sizeof(path), "%s/keys", world->folder);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(uuid_parse(id, &hospital), 0);
	key_new(&key);
	assert_int_equal(key_wrap_master(ring, &hospital, &key, wrapped), 0);
	for (size_t i = 0; i < sizeof(wrapped); i++) sprintf(hex + 2 * i, "%02x", wrapped[i]);
	world_sql(world, "SELECT * FROM zhifu.hospital_open('%s', '%s', '%s', '%s', '%s', '\\x%s')", id, code, name,
		zone, currency, hex);
	keyring_free(ring);
}

#endif
