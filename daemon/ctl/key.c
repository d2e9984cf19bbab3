/* zhifuctl key: making, rotating and renewing keys.
 *
 * A new master key wraps hospital keys from the next reload on; `key rewrap` moves the old ones under it, and then the
 * old master key may leave the key file. A new look-up key makes new hashes from the next reload on, while both are
 * searched; `key rehash` makes the patients' hashes anew, and `--retire` removes the old ones. Hashes that stand for
 * one submission (idempotency keys, claim identifiers, fingerprints, insurers' numbers) are not made anew: look-up keys
 * that made them stay in the file, to be searched with. */
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "ctl/report.h"
#include "ctl/unseal.h"
#include "db/sync.h"

#define REHASH_BATCH 256
#define IDENTITY_BYTES_MAX 65536

static int key_init(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	(void)ctl;
	if (r != 0) return r;
	if (keyring_create(words[0]) < 0) return ctl_fail("could not make the key file");
	if (!ctl->json) (void)printf("made %s: keep a copy where the database's backups are not\n", words[0]);
	return 0;
}

static int key_rotate(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct keyring *ring = NULL;
	struct report report;
	enum key_kind kind;
	uint16_t versions[2];
	bool force = false;
	const struct ctl_option options[] = {{"--force", NULL, &force}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	if (strcmp(words[0], "master") == 0)
		kind = KEY_MASTER;
	else if (strcmp(words[0], "lookup") == 0)
		kind = KEY_LOOKUP;
	else
		return ctl_usage("key rotate takes master or lookup, not \"%s\"", words[0]);
	/* Submissions and consents are recognised under every key of the file, persons under the two newest. */
	if (kind == KEY_LOOKUP && !force && keyring_versions(ctl->keyring, kind, versions, 2) >= 2)
		return ctl_usage(
			"there are two look-up keys already and patients are found by the two newest only: run key "
			"rehash first, so that none is left with older hashes alone, and then this with --force");
	if (keyring_rotate(ctl->options->key_file, kind) < 0) return ctl_fail("could not add a key");
	if (keyring_load(ctl->options->key_file, ctl->options->sample_ok, &ring) < 0)
		return ctl_fail("could not read the key file again");
	report_begin(&report, ctl);
	report_field(&report, "kind", "new key", cell_text(words[0]));
	report_field(&report, "version", "version", cell_int(keyring_newest(ring, kind)));
	keyring_free(ring);
	if (!ctl->json)
		(void)printf("Next: copy the key file to every machine, reload zhifud (SIGHUP) there, then run\n"
			     "zhifuctl key %s.\n",
			kind == KEY_MASTER ? "rewrap" : "rehash");
	return report_end(&report, 0);
}

/* ---- rewrap ---- */

/* The version of the master key in a wrapped key (base/key.h). */
static int wrapped_version(struct bytes wrapped)
{
	return wrapped.len == KEY_WRAPPED_BYTES ? wrapped.ptr[2] << 8 | wrapped.ptr[3] : -1;
}

static int rewrap_row(struct ctl *ctl, const struct uuid *hospital, int version, struct bytes wrapped, int64_t *done)
{
	uint8_t fresh[KEY_WRAPPED_BYTES];
	struct key key CLEANUP(key_wipe);
	struct pg_result *rows = NULL;
	int r = key_unwrap_master(ctl->keyring, hospital, wrapped.ptr, wrapped.len, &key);

	if (r == 0) r = key_wrap_master(ctl->keyring, hospital, &key, fresh);
	if (r == 0)
		r = ctl_query(ctl, &rows, "SELECT operator_key_rewrap($1, $2, $3, $4, $5)", "unyyt", hospital, version,
			wrapped, (struct bytes){fresh, sizeof(fresh)}, ctl->who != NULL ? ctl->who : "zhifuctl");
	if (r < 0) return r;
	/* false: another zhifuctl did it at this moment */
	if (db_rows_bool(rows, 0, 0)) (*done)++;
	db_sync_rows_free(rows);
	return 0;
}

static int rewrap_hospital(struct ctl *ctl, const struct uuid *hospital, int64_t *done, int64_t *there)
{
	struct pg_result *rows = NULL;
	int newest = keyring_newest(ctl->keyring, KEY_MASTER);
	int r = ctl_query(ctl, &rows, "SELECT version, wrapped FROM operator_hospital_keys($1)", "u", hospital);

	if (r < 0) return r;
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct bytes wrapped = db_rows_bytes(rows, row, 1);

		(*there)++;
		if (wrapped_version(wrapped) == newest) continue;
		r = rewrap_row(ctl, hospital, (int)db_rows_int(rows, row, 0), wrapped, done);
	}
	db_sync_rows_free(rows);
	return r;
}

/* Every hospital that the database knows, also those no longer configured and the house itself. */
static int hospitals_load(struct ctl *ctl, struct pg_result **ret_rows)
{
	return ctl_query(ctl, ret_rows, "SELECT hospital_id, code FROM operator_hospitals()", "");
}

static int key_rewrap(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct report report;
	int64_t done = 0;
	int64_t there = 0;
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	r = hospitals_load(ctl, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid hospital = db_rows_uuid(rows, row, 0);

		r = rewrap_hospital(ctl, &hospital, &done, &there);
	}
	db_sync_rows_free(rows);
	if (r < 0) return ctl_fail("could not wrap the hospitals' keys anew");
	report_begin(&report, ctl);
	report_field(&report, "rewrapped", "wrapped anew", cell_int(done));
	report_field(&report, "keys", "hospital keys", cell_int(there));
	report_field(&report, "master", "under master key", cell_int(keyring_newest(ctl->keyring, KEY_MASTER)));
	return report_end(&report, 0);
}

/* ---- rehash ---- */

struct rehash {
	struct ctl *ctl;
	const struct uuid *hospital;
	struct key_set keys; /* of that hospital */
	struct sealer *sealer;
	uint16_t version;
	int64_t hashes, patients, unreadable;
};

/* Adds the hashes of one patient's identities, a JSON list of [system, value], to the two arrays. */
static int rehash_identities(
	struct rehash *rehash, const struct uuid *id, struct bytes plain, struct db_array *ids, struct db_array *hashes)
{
	json_t *list = json_loadb((const char *)plain.ptr, plain.len, 0, NULL);
	int r = json_is_array(list) ? 0 : err_set(ERR_INVALID, "a patient's identities cannot be read");

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		const json_t *system = json_array_get(pair, 0);
		const json_t *value = json_array_get(pair, 1);
		uint8_t hash[LOOKUP_HASH_BYTES];

		if (!json_is_string(system) || !json_is_string(value)) {
			r = err_set(ERR_INVALID, "a patient's identities cannot be read");
			break;
		}
		const struct bytes parts[2] = {{(const uint8_t *)json_string_value(system), json_string_length(system)},
			{(const uint8_t *)json_string_value(value), json_string_length(value)}};

		r = lookup_hash(
			rehash->ctl->keyring, rehash->version, rehash->hospital, LOOKUP_PATIENT, parts, 2, hash);
		if (r < 0) break;
		db_array_uuid(ids, id);
		db_array_bytes(hashes, (struct bytes){hash, sizeof(hash)});
	}
	json_decref(list);
	return r;
}

static int rehash_patient(struct rehash *rehash, const struct uuid *id, struct bytes wrapped, struct bytes identity,
	struct db_array *ids, struct db_array *hashes)
{
	struct arena arena CLEANUP(arena_free);
	struct key key CLEANUP(key_wipe) = {{0}};
	struct bytes plain = {NULL, 0};
	int r;

	arena_init(&arena, 1u << 20);
	r = key_set_unwrap(&rehash->keys, id, wrapped, &key);
	if (r == 0 && identity.ptr == NULL) r = err_set(ERR_NOTFOUND, "a patient's key has no identities with it");
	if (r == 0)
		r = seal_open(rehash->sealer, &key, id, SEAL_IDENTITY, identity, IDENTITY_BYTES_MAX, &arena, &plain);
	return r < 0 ? r : rehash_identities(rehash, id, plain, ids, hashes);
}

/* One batch after `after`, which it moves on. Returns how many patients there were, or an error. */
static int rehash_batch(struct rehash *rehash, struct uuid *after)
{
	struct arena arena CLEANUP(arena_free);
	struct pg_result *rows = NULL;
	struct pg_result *stored = NULL;
	struct db_params params;
	struct db_array *ids;
	struct db_array *hashes;
	int count;
	int r;

	arena_init(&arena, 8u << 20); /* before the first return: its cleanup runs on each of them */
	r = ctl_query(rehash->ctl, &rows,
		"SELECT patient_key_id, wrapped, identity FROM operator_rehash_next($1, $2, $3, $4)", "usun",
		rehash->hospital, (int)rehash->version, after, REHASH_BATCH);

	if (r < 0) return r;
	count = db_rows_count(rows);
	/* $2 and $3 grow side by side; $1 and $4 are scalars around them */
	db_params_init(&params, &arena);
	db_params_uuid(&params, rehash->hospital);
	ids = db_params_array(&params, DB_UUID, (size_t)count * 4, 0);
	hashes = db_params_array(&params, DB_BYTEA, (size_t)count * 4, (size_t)count * 4 * LOOKUP_HASH_BYTES);
	db_params_int2(&params, (int16_t)rehash->version);
	for (int row = 0; row < count; row++) {
		struct uuid id = db_rows_uuid(rows, row, 0);

		/* One that cannot be read keeps its old hashes, which are searched too; retiring those is refused. */
		if (rehash_patient(rehash, &id, db_rows_bytes(rows, row, 1), db_rows_bytes(rows, row, 2), ids, hashes) <
			0)
			rehash->unreadable++;
		else
			rehash->patients++;
		*after = id;
	}
	db_sync_rows_free(rows);
	if (count > 0) {
		r = db_sync_query(rehash->ctl->db, "SELECT operator_rehash_store($1, $2::uuid[], $3::bytea[], $4)",
			&params, &stored);
		if (r >= 0) rehash->hashes += db_rows_int(stored, 0, 0);
		db_sync_rows_free(stored);
		if (r < 0) return r;
	}
	return count;
}

static int rehash_hospital(struct rehash *rehash, const struct uuid *hospital)
{
	struct uuid after = {{0}};
	int r = unseal_keys_load(rehash->ctl, hospital, &rehash->keys);

	if (r == ERR_NOTFOUND) return 0;
	rehash->hospital = hospital;
	while (r >= 0) {
		r = rehash_batch(rehash, &after);
		if (r == 0) break;
	}
	key_set_wipe(&rehash->keys);
	return r;
}

static int rehash_retire(struct ctl *ctl, int64_t version)
{
	struct pg_result *rows = NULL;
	struct report report;
	int64_t done = 0;
	bool missing = false;
	int r = ctl_accountable(ctl, "retired");

	if (r != 0) return r;
	if (version == keyring_newest(ctl->keyring, KEY_LOOKUP))
		return ctl_usage("version %lld is the newest look-up key: it is in use", (long long)version);
	r = hospitals_load(ctl, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid hospital = db_rows_uuid(rows, row, 0);
		struct pg_result *gone = NULL;

		r = ctl_query(ctl, &gone, "SELECT operator_rehash_retire($1, $2, $3)", "ust", &hospital, (int)version,
			ctl->who);
		if (r < 0) break;
		if (db_rows_int(gone, 0, 0) < 0) {
			(void)fprintf(stderr, "zhifuctl: hospital %s still needs look-up key %lld\n",
				db_rows_text(rows, row, 1), (long long)version);
			missing = true;
		} else {
			done += db_rows_int(gone, 0, 0);
		}
		db_sync_rows_free(gone);
	}
	db_sync_rows_free(rows);
	if (r < 0) return ctl_fail("could not retire the look-up key");
	report_begin(&report, ctl);
	report_field(&report, "removed", "old hashes removed", cell_int(done));
	return report_end(&report, missing ? 1 : 0);
}

static int key_rehash(struct ctl *ctl, int argc, char **argv)
{
	const char *retire = NULL;
	const struct ctl_option options[] = {{"--retire", &retire, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	struct rehash rehash = {.ctl = ctl};
	struct pg_result *rows = NULL;
	struct report report;
	int64_t version = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_number("--retire", retire, 65535, &version);
	if (r != 0) return r;
	if (version > 0) return rehash_retire(ctl, version);
	rehash.version = keyring_newest(ctl->keyring, KEY_LOOKUP);
	if (sealer_new(&rehash.sealer) < 0) return ctl_fail("could not begin");
	r = hospitals_load(ctl, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid hospital = db_rows_uuid(rows, row, 0);

		r = rehash_hospital(&rehash, &hospital);
	}
	db_sync_rows_free(rows);
	sealer_free(rehash.sealer);
	if (r < 0) return ctl_fail("could not make the look-up hashes anew");
	report_begin(&report, ctl);
	report_field(&report, "version", "look-up key", cell_int(rehash.version));
	report_field(&report, "patients", "patients", cell_int(rehash.patients));
	report_field(&report, "hashes", "new hashes", cell_int(rehash.hashes));
	report_field(&report, "unreadable", "left as they were", cell_int(rehash.unreadable));
	return report_end(&report, rehash.unreadable > 0 ? 1 : 0);
}

/* ---- status ---- */

static void status_row(
	struct table *table, const char *what, const char *hospital, int64_t version, int64_t rows, bool here)
{
	table_add(table, cell_text(what));
	table_add(table, cell_text(hospital));
	table_add(table, cell_int(version));
	table_add(table, cell_int(rows));
	table_add(table, cell_word(here ? "in the key file" : "MISSING in the key file", here ? "present" : "missing"));
}

static bool version_is_here(const struct ctl *ctl, enum key_kind kind, int64_t version)
{
	uint16_t versions[64];
	size_t count = keyring_versions(ctl->keyring, kind, versions, ARRAY_LEN(versions));

	for (size_t i = 0; i < count && i < ARRAY_LEN(versions); i++)
		if (versions[i] == version) return true;
	return false;
}

static int status_hospital(
	struct ctl *ctl, const struct uuid *hospital, const char *code, struct table *table, bool *bad)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, hospital, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT (get_byte(wrapped, 2) << 8) | get_byte(wrapped, 3), count(*), true FROM operator_hospital_keys($1)"
			" GROUP BY 1 UNION ALL"
			" SELECT key_version, count(*), false FROM patient_lookup WHERE hospital_id = $1 GROUP BY 1 ORDER BY 3 DESC, 1",
			"u", hospital);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		bool master = db_rows_bool(rows, row, 2);
		int64_t version = db_rows_int(rows, row, 0);
		bool here = version_is_here(ctl, master ? KEY_MASTER : KEY_LOOKUP, version);

		status_row(table, master ? "hospital keys under master key" : "patients' hashes by look-up key", code,
			version, db_rows_int(rows, row, 1), here);
		if (!here) *bad = true;
	}
	db_sync_rows_free(rows);
	return r;
}

static int key_status(struct ctl *ctl, int argc, char **argv)
{
	static const struct column columns[] = {
		{"what", "what"}, {"hospital", "hospital"}, {"version", "version"}, {"rows", "rows"}, {"key", "key"}};
	const char *words[CTL_WORDS_MAX];
	struct pg_result *rows = NULL;
	struct report report;
	struct table table;
	bool bad = false;
	int r = ctl_arguments(argc, argv, NULL, 0, 0, words);

	if (r != 0) return r;
	r = hospitals_load(ctl, &rows);
	report_begin(&report, ctl);
	report_field(&report, "master", "newest master key", cell_int(keyring_newest(ctl->keyring, KEY_MASTER)));
	report_field(&report, "lookup", "newest look-up key", cell_int(keyring_newest(ctl->keyring, KEY_LOOKUP)));
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid hospital = db_rows_uuid(rows, row, 0);

		r = status_hospital(ctl, &hospital, db_rows_text(rows, row, 1), &table, &bad);
	}
	db_sync_rows_free(rows);
	table_end(&table, &report, "uses", "In the database", "no keys are in use yet");
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not look at the keys in use");
	}
	return report_end(&report, bad ? 1 : 0);
}

const struct ctl_command key_commands[] = {
	{"key init", "FILE", "makes a key file with a first master and a first look-up key", 0, key_init},
	{"key rotate", "master|lookup [--force]", "adds a new key to the key file; the old ones stay readable",
		CTL_CONFIG, key_rotate},
	{"key rewrap", "", "wraps all hospital keys under the newest master key", CTL_CONFIG | CTL_DB, key_rewrap},
	{"key rehash", "[--retire VERSION]",
		"makes patients' look-up hashes with the newest look-up key; --retire removes those of an old one",
		CTL_CONFIG | CTL_DB, key_rehash},
	{"key status", "", "which key versions the database still needs", CTL_CONFIG | CTL_DB, key_status},
	{NULL, NULL, NULL, 0, NULL},
};
