/* What the tests of translate share: a database with the whole schema, one hospital, one insurer, claims sealed as
 * intake seals them, a module that does what a claim tells it to, and the role itself, here or in a process of its own.
 */
#ifndef UNIT_TRANSLATE_WORLD_H
#define UNIT_TRANSLATE_WORLD_H

#include "test_db.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/key.h"
#include "base/options.h"
#include "base/seal.h"
#include "model/directory.h"
#include "model/lifecycle.h"
#include "model/taken.h"
#include "model/work.h"
#include "net/metrics.h"
#include "translate/translate.h"
#include "translate_probe.h"

struct world {
	struct keyring *ring;
	struct sealer *sealer;
	struct key hospital_key, patient_key;
	struct uuid patient_key_id;
	struct uuid patient_hash; /* stands for the look-up hash */
	struct hospital hospital;
	const struct hospital *hospitals[1];
	struct endpoint endpoint;
	const struct endpoint *endpoints[1];
	struct insurer insurer;
	const struct insurer *insurers[1];
	struct directory directory;
	struct options options;
	struct conf_secret conninfo;
	struct metrics *metrics;
	struct worker worker;
	void *role;
	bool drained;
};

static struct world world;

/* ---- set-up ---- */

static inline char *world_schema(void)
{
	static char text[1u << 20];
	const char *root = getenv("ZHIFU_ROOT");
	char path[512];
	struct dirent **names;
	size_t at = 0;

	snprintf(path, sizeof(path), "%s/schema", root != NULL ? root : ".");
	int n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char file_path[1024];
		snprintf(file_path, sizeof(file_path), "%s/%s", path, names[i]->d_name);
		FILE *file = strstr(names[i]->d_name, ".sql") != NULL ? fopen(file_path, "r") : NULL;
		if (file != NULL) {
			at += fread(text + at, 1, sizeof(text) - at - 1, file);
			fclose(file);
		}
		free(names[i]);
	}
	if (n >= 0) free(names);
	text[at] = '\0';
	return text;
}

static inline void hex(const void *bytes, size_t len, char *ret)
{
	for (size_t i = 0; i < len; i++) sprintf(ret + 2 * i, "%02x", ((const uint8_t *)bytes)[i]);
}

/* SQL with %s; runs as the administrator. */
static inline void sql(const char *fmt, ...)
{
	static char text[1u << 20];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	admin(text);
}

static inline int64_t number(const char *fmt, ...)
{
	static char text[1u << 16];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return admin_int(text);
}

static inline void world_heartbeat(struct worker *worker)
{
	(void)worker;
}

static inline void world_drained(struct worker *worker)
{
	(void)worker;
	world.drained = true;
}

static inline void world_keys(void)
{
	char path[128], wrapped_hex[2 * KEY_WRAPPED_BYTES + 1], id[UUID_TEXT_LEN], patient[UUID_TEXT_LEN];
	uint8_t wrapped[KEY_WRAPPED_BYTES];

	snprintf(path, sizeof(path), "/tmp/zf-translate-keys-%d", (int)getpid());
	unlink(path);
	assert_int_equal(keyring_create(path), 0);
	assert_int_equal(keyring_load(path, false, &world.ring), 0);
	unlink(path);
	assert_int_equal(sealer_new(&world.sealer), 0);
	world.hospital.id = uuid_new();
	uuid_format(&world.hospital.id, id);
	key_new(&world.hospital_key);
	assert_int_equal(key_wrap_master(world.ring, &world.hospital.id, &world.hospital_key, wrapped), 0);
	hex(wrapped, sizeof(wrapped), wrapped_hex);
	sql("INSERT INTO zhifu.hospital VALUES ('%s', 'AB1', 'Test', 'Asia/Shanghai', 'CNY');"
	    "INSERT INTO zhifu.hospital_key VALUES ('%s', 1, '\\x%s')",
		id, id, wrapped_hex);
	world.patient_key_id = uuid_new();
	uuid_format(&world.patient_key_id, patient);
	key_new(&world.patient_key);
	assert_int_equal(key_wrap(&world.hospital_key, &world.patient_key_id, &world.patient_key, wrapped), 0);
	hex(wrapped, sizeof(wrapped), wrapped_hex);
	sql("INSERT INTO zhifu.patient_key (hospital_id, patient_key_id, wrapped, hospital_key_version) VALUES ('%s', '%s', '\\x%s', 1);"
	    "INSERT INTO zhifu.patient_lookup VALUES ('%s', '\\x0102', '%s', 1)",
		id, patient, wrapped_hex, id, patient);
}

static inline void consent_give(void)
{
	char id[UUID_TEXT_LEN], patient[UUID_TEXT_LEN];
	uuid_format(&world.hospital.id, id);
	uuid_format(&world.patient_key_id, patient);
	sql("INSERT INTO zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, recipients, purposes, content)"
	    " VALUES ('%s', gen_random_uuid(), '%s', true, '{alpha}', '{HPAYMT}', '\\x00')",
		id, patient);
}

static inline int world_start(void **state)
{
	(void)state;
	int r = fixture_start("translate", world_schema());
	if (r != 0 || fix.absent) return r;
	world_keys();
	memcpy(world.hospital.code, "AB1", 4);
	world.hospital.name = "Test";
	world.hospital.zone_name = "Asia/Shanghai";
	memcpy(world.hospital.book_currency, "CNY", 4);
	world.hospitals[0] = &world.hospital;
	world.endpoint = (struct endpoint){.name = "submit", .url = "https://127.0.0.1/", .channel = "https"};
	world.endpoints[0] = &world.endpoint;
	world.insurer = (struct insurer){.code = "alpha",
		.name = "Alpha",
		.module = "probe",
		.endpoints = world.endpoints,
		.endpoint_count = 1,
		.allowed_fields_version = "1"};
	world.insurers[0] = &world.insurer;
	world.directory = (struct directory){world.hospitals, 1, world.insurers, 1};
	char *conninfo = malloc(256);
	snprintf(conninfo, 256, "host=%s user=zhifu_translate dbname=postgres", fix.dir);
	world.conninfo = (struct conf_secret){conninfo, strlen(conninfo)};
	world.options = (struct options){.database_translate = world.conninfo,
		.db_connections_per_worker = 2,
		.poll_ms = 50,
		.lease_s = 30,
		.translate_cpu_s = 5,
		.translate_crashes_max = 3,
		.adapters_dir = "/nonexistent"};
	return 0;
}

static inline int world_stop(void **state)
{
	(void)state;
	if (fix.absent) return 0;
	free((void *)(uintptr_t)world.conninfo.text);
	keyring_free(world.ring);
	sealer_free(world.sealer);
	return fixture_stop();
}

/* ---- claims ---- */

static inline const char *claim_json(const char *behaviour)
{
	static char text[8192];
	snprintf(text, sizeof(text),
		"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
		"{\"fullUrl\":\"urn:uuid:00000000-0000-4000-8000-000000000001\",\"resource\":{\"resourceType\":\"Claim\","
		"\"identifier\":[{\"system\":\"urn:test\",\"value\":\"%s\"}],\"status\":\"active\","
		"\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/claim-type\",\"code\":\"institutional\"}]},"
		"\"use\":\"claim\",\"patient\":{\"reference\":\"urn:uuid:00000000-0000-4000-8000-000000000002\"},"
		"\"created\":\"2026-11-01\",\"insurer\":{\"display\":\"Alpha\"},\"provider\":{\"display\":\"Test\"},"
		"\"priority\":{\"coding\":[{\"code\":\"normal\"}]},"
		"\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"display\":\"Alpha\"}}],"
		"\"item\":[{\"sequence\":1,\"productOrService\":{\"text\":\"visit\"},\"servicedDate\":\"2026-11-01\","
		"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}}],\"total\":{\"value\":100.00,\"currency\":\"CNY\"}}},"
		"{\"fullUrl\":\"urn:uuid:00000000-0000-4000-8000-000000000002\",\"resource\":{\"resourceType\":\"Patient\","
		"\"identifier\":[{\"system\":\"urn:passport\",\"value\":\"P123\"}],"
		"\"name\":[{\"family\":\"Muster\",\"given\":[\"Eva\"]}],\"gender\":\"female\",\"birthDate\":\"1980-02-03\","
		"\"telecom\":[{\"system\":\"phone\",\"value\":\"555\"}]}}]}",
		behaviour);
	return text;
}

struct test_claim {
	struct uuid id;
	char id_text[UUID_TEXT_LEN], ref[REF_TEXT_LEN];
};

/* A claim in state accepted with its work, as intake leaves it. */
static inline struct test_claim claim_add(const char *behaviour)
{
	struct arena arena CLEANUP(arena_free);
	struct test_claim claim = {.id = uuid_new()};
	const char *json = claim_json(behaviour);
	struct bytes sealed;
	char hospital[UUID_TEXT_LEN], patient[UUID_TEXT_LEN];
	static char content[65536];

	arena_init(&arena, 1u << 20);
	uuid_format(&claim.id, claim.id_text);
	uuid_format(&world.hospital.id, hospital);
	uuid_format(&world.patient_key_id, patient);
	ref_new("AB1", claim.ref);
	assert_int_equal(seal(world.sealer, &world.patient_key, &claim.id, SEAL_CLAIM,
				 (struct bytes){(const uint8_t *)json, strlen(json)}, &arena, &sealed),
		0);
	hex(sealed.ptr, sealed.len, content);
	sql("INSERT INTO zhifu.claim (hospital_id, claim_id, ref, use, insurer, patient_key_id, client, received_at, service_day,"
	    " total_minor, currency, exponent, line_count, content) VALUES ('%s', '%s', '%s', 1, 'alpha', '%s', 'his', now(),"
	    " '2026-11-01', 10000, 'CNY', 2, 1, '\\x%s');"
	    "INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq) VALUES ('%s', '%s', '%s', 'alpha', 1, 1);"
	    "INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, from_state, to_state, event, who) VALUES ('%s', '%s', 1, 1, 0, 1, 'accept', 'his');"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id) VALUES ('%s', gen_random_uuid(), 1, 1, '%s')",
		hospital, claim.id_text, claim.ref, patient, content, hospital, claim.id_text, claim.ref, hospital,
		claim.id_text, hospital, claim.id_text);
	return claim;
}

static inline int64_t transport(const struct test_claim *claim)
{
	return number("SELECT transport::int4 FROM zhifu.claim_state WHERE claim_id = '%s'", claim->id_text);
}

/* Takes transport steps as dispatch would. */
static inline void transport_step(const struct test_claim *claim, int from, int to, const char *event)
{
	char hospital[UUID_TEXT_LEN];
	uuid_format(&world.hospital.id, hospital);
	sql("SELECT zhifu.claim_step(ARRAY['%s'::uuid], ARRAY['%s'::uuid], ARRAY[1::int2], ARRAY[%d::int2], ARRAY[NULL::int4],"
	    " ARRAY[%d::int2], ARRAY['%s'], ARRAY['dispatch'], ARRAY[NULL::text])",
		hospital, claim->id_text, from, to, event);
}

/* The submission has been sent; its answer is in the database with its work. */
static inline void answer_add(const struct test_claim *claim, const char *body)
{
	struct arena arena CLEANUP(arena_free);
	struct uuid id = uuid_new();
	struct bytes sealed;
	char hospital[UUID_TEXT_LEN], id_text[UUID_TEXT_LEN], plain[65536];
	static char content[262144];

	arena_init(&arena, 1u << 20);
	uuid_format(&id, id_text);
	uuid_format(&world.hospital.id, hospital);
	snprintf(plain, sizeof(plain), "200\nContent-Type: text/plain\n\n%s", body);
	assert_int_equal(seal(world.sealer, &world.patient_key, &id, SEAL_MESSAGE,
				 (struct bytes){(const uint8_t *)plain, strlen(plain)}, &arena, &sealed),
		0);
	hex(sealed.ptr, sealed.len, content);
	sql("INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, answers, status, http_status, content)"
	    " SELECT hospital_id, '%s', exchange_id, claim_id, insurer, 2, token, message_id, 11, 200, '\\x%s' FROM zhifu.message"
	    " WHERE claim_id = '%s' AND direction = 1 ORDER BY message_id DESC LIMIT 1;"
	    "INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, claim_id, exchange_id, message_id)"
	    " SELECT hospital_id, gen_random_uuid(), 1, 2, claim_id, exchange_id, message_id FROM zhifu.message WHERE message_id = '%s'",
		id_text, content, claim->id_text, id_text);
}

/* The plain text of the claim's newest message that goes out. Static memory. */
static inline const char *message_text(const struct test_claim *claim)
{
	static char text[65536];
	struct arena arena CLEANUP(arena_free);
	struct pg_result *rows;
	struct uuid id;
	struct bytes plain;
	char query[512];

	arena_init(&arena, 4u << 20);
	snprintf(query, sizeof(query),
		"SELECT message_id, content FROM zhifu.message WHERE claim_id = '%s' AND direction = 1 ORDER BY message_id DESC LIMIT 1",
		claim->id_text);
	assert_int_equal(db_sync_query(fix.admin, query, NULL, &rows), 0);
	assert_int_equal(db_rows_count(rows), 1);
	id = db_rows_uuid(rows, 0, 0);
	assert_int_equal(seal_open(world.sealer, &world.patient_key, &id, SEAL_MESSAGE, db_rows_bytes(rows, 0, 1),
				 1u << 20, &arena, &plain),
		0);
	snprintf(text, sizeof(text), "%.*s", (int)plain.len, (const char *)plain.ptr);
	db_sync_rows_free(rows);
	return text;
}

/* ---- the role ---- */

static inline void worker_fill(struct event_base *base)
{
	assert_int_equal(metrics_new(&world.metrics), 0);
	world.worker = (struct worker){.base = base,
		.options = &world.options,
		.keyring = world.ring,
		.directory = &world.directory,
		.metrics = world.metrics,
		.role = "translate",
		.heartbeat = world_heartbeat,
		.drained = world_drained};
	world.drained = false;
}

static inline void role_start(void)
{
	static const struct zf_adapter *const linked[] = {&probe_adapter};
	worker_fill(fix.loop);
	if (translate_open(&world.worker, linked, 1, false, &world.role) < 0) fail_msg("%s", err_text());
}

static inline void role_end(const struct role *role)
{
	role->drain(world.role);
	LOOP_UNTIL(world.drained, 5000);
	role->stop(world.role);
	metrics_free(world.metrics);
}

static inline void role_stop(void)
{
	role_end(&translate_role);
}

/* In a process of its own, in its jail; gone when it crashes. */
static inline pid_t role_fork(void)
{
	static const struct zf_adapter *const linked[] = {&probe_adapter};
	pid_t pid = fork();
	if (pid != 0) return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct event_base *base = event_base_new();
	worker_fill(base);
	if (translate_open(&world.worker, linked, 1, true, &world.role) < 0) {
		fprintf(stderr, "%s\n", err_text());
		_exit(3);
	}
	event_base_dispatch(base);
	_exit(0);
}

/* Waits until the query says so; the role runs elsewhere. */
static inline bool query_until(int64_t wanted, int ms, const char *query)
{
	int64_t end_ms = clock_mono_ms() + ms;
	while (clock_mono_ms() < end_ms) {
		if (admin_int(query) == wanted) return true;
		usleep(10000);
	}
	return false;
}

#endif
