/* What the tests of dispatch share: a cluster with the whole schema, a hospital with claims ready to be sent, insurers
 * that are threads of the test, and the role itself, started as often as a test likes. */
#ifndef UNIT_DISPATCH_WORLD_H
#define UNIT_DISPATCH_WORLD_H

#include <dirent.h>
#include <signal.h>

#include "test_db.h"

#include "base/key.h"
#include "base/options.h"
#include "base/seal.h"
#include "dispatch/dispatch.h"
#include "model/directory.h"
#include "model/taken.h"
#include "model/work.h"
#include "net/metrics.h"
#include "outbound_peer.h"
#include "settle/posting_rule.h"

/* What the insurers saw, over all of them. */
#define CLAIMS_MAX 4096
static struct {
	pthread_mutex_t lock;
	int times[CLAIMS_MAX]; /* a claim's body arrived whole */
	char authorization[128];
	atomic_int begun; /* heads read */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct peer_cert ca, server_cert;
static struct keyring *ring;
static struct key hospital_key;
static struct sealer *sealer;
static struct uuid hospital_id = {{0x01, 0x93, 0, 0, 0, 1, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}};
static char folder[64];
static char ca_path[128];
static int claims_made;

/* One instance of the role. */
struct instance {
	struct worker worker;
	struct options options;
	char conninfo[200];
	void *state;
	bool drained;
};

static struct hospital one_hospital = {
	.code = "T01", .name = "Test", .zone_name = "Asia/Shanghai", .book_currency = "CNY"};
static const struct hospital *hospitals[] = {&one_hospital};
static struct endpoint endpoint = {.name = "claims", .channel = "https", .deadline_ms = 1500};
static const struct endpoint *endpoints[] = {&endpoint};
static char url[128];
static const char *const purposes[] = {"HPAYMT"};
static const struct conf_pair secret_pairs[] = {{"token", "s3cret"}};
static const struct conf_map secrets = {secret_pairs, 1};
static struct insurer alpha = {.code = "alpha",
	.name = "Alpha",
	.endpoints = endpoints,
	.endpoint_count = 1,
	.window_max = 16,
	.purposes = purposes,
	.purpose_count = 1,
	.secrets = &secrets};
static const struct insurer *insurers[] = {&alpha};
static struct directory directory = {hospitals, 1, insurers, 1};

static const char helpers[] =
	"CREATE FUNCTION zhifu.test_claim(h uuid, c uuid, r text, k uuid, wrapped bytea, w uuid, x uuid, m uuid, body bytea, consent boolean,"
	" hash bytea, emergency boolean) RETURNS void LANGUAGE sql AS $$"
	" INSERT INTO zhifu.patient_key VALUES (h, k, wrapped, 1, NULL);"
	" INSERT INTO zhifu.patient_lookup VALUES (h, hash, k, 1);"
	" INSERT INTO zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, recipients, purposes, content)"
	"  SELECT h, c, k, true, ARRAY['alpha'], ARRAY['HPAYMT'], '' WHERE consent;"
	" INSERT INTO zhifu.claim VALUES (h, c, r, 1, 'alpha', k, 'client', now(), '2026-01-01', 100, 'CNY', 2, 1, 0, emergency, NULL, NULL, 0, '');"
	" INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq) VALUES (h, c, r, 'alpha', 5, 2);"
	" INSERT INTO zhifu.claim_event VALUES (h, c, 1, 1, NULL, 0, 1, 'accept', now(), 'client', NULL);"
	" INSERT INTO zhifu.claim_event VALUES (h, c, 1, 2, 1, 1, 5, 'enqueue', now(), 'zhifu', NULL);"
	" INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind, claim_id) VALUES (h, x, 'alpha', 1, c);"
	" INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, token, submission, status, content)"
	"  VALUES (h, m, x, c, 'alpha', 1, 1, true, 1, body);"
	" INSERT INTO zhifu.outbox (hospital_id, work_id, role, kind, route, claim_id, exchange_id, message_id)"
	"  VALUES (h, w, 2, 1, 'alpha:https', c, x, m) $$;"
	"CREATE FUNCTION zhifu.test_clear() RETURNS void LANGUAGE sql AS $$"
	" TRUNCATE zhifu.outbox, zhifu.claim_event, zhifu.claim_state, zhifu.claim, zhifu.message, zhifu.attempt, zhifu.exchange, zhifu.posting,"
	" zhifu.export_ledger, zhifu.export_person, zhifu.export_count, zhifu.consent, zhifu.patient_lookup, zhifu.patient_key, zhifu.route_lease,"
	" zhifu.consent_clock $$;";

/* What dispatch is told to take for "taken"; not known: nothing. */
static struct taken plain_answer;

/* ---- the cluster ---- */

static int name_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_sql(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 4 && strcmp(entry->d_name + len - 4, ".sql") == 0;
}

static int schema_load(void)
{
	struct dirent **names;
	const char *root = getenv("ZHIFU_ROOT");
	char dir[512], path[800];
	int r = 0;
	snprintf(dir, sizeof(dir), "%s/schema", root != NULL ? root : ".");
	int n = scandir(dir, &names, is_sql, name_compare);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		FILE *file = fopen(path, "r");
		static char text[1 << 20];
		size_t len = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
		text[len] = '\0';
		if (file != NULL) fclose(file);
		if (r == 0 && db_sync_script(fix.admin, text) < 0) {
			print_error("%s: %s\n", path, err_text());
			r = -1;
		}
		if (r == 0) r = db_sync_script(fix.admin, "RESET ALL");
		free(names[i]);
	}
	if (n >= 0) free(names);
	return n <= 0 ? -1 : r;
}

static void key_store(void)
{
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	char path[128];
	snprintf(path, sizeof(path), "%s/keys", folder);
	assert_int_equal(keyring_create(path), 0);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	key_new(&hospital_key);
	assert_int_equal(key_wrap_master(ring, &hospital_id, &hospital_key, wrapped), 0);
	arena_init(&arena, 65536);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &hospital_id);
	db_params_bytes(&params, (struct bytes){wrapped, sizeof(wrapped)});
	assert_int_equal(
		db_sync_query(fix.admin, "SELECT zhifu.hospital_open($1, 'T01', 'Test', 'Asia/Shanghai', 'CNY', $2)",
			&params, NULL),
		0);
}

static int world_start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	char name[32];
	snprintf(name, sizeof(name), "disp%d", (int)getpid());
	if (fixture_start(name, "SELECT 1") != 0) return -1;
	if (fix.absent) return 0;
	if (schema_load() != 0 || db_sync_script(fix.admin, helpers) < 0) {
		print_error("%s\n", err_text());
		return -1;
	}
	strcpy(folder, "/tmp/zf-disp-XXXXXX");
	if (mkdtemp(folder) == NULL) return -1;
	ca = cert_make("Test Root", NULL, NULL, 30, 1);
	server_cert = cert_make("server", &ca, "DNS:localhost,IP:127.0.0.1", 30, 2);
	snprintf(ca_path, sizeof(ca_path), "%s/ca.pem", folder);
	cert_write(&ca, ca_path, NULL);
	one_hospital.id = hospital_id;
	key_store();
	assert_int_equal(sealer_new(&sealer), 0);
	return 0;
}

static int world_stop(void **state)
{
	(void)state;
	if (!fix.absent) {
		char path[128];
		sealer_free(sealer);
		keyring_free(ring);
		cert_free(&ca);
		cert_free(&server_cert);
		snprintf(path, sizeof(path), "%s/keys", folder);
		unlink(path);
		unlink(ca_path);
		rmdir(folder);
	}
	return fixture_stop();
}

/* Before each test. */
static int world_clear(void **state)
{
	(void)state;
	if (fix.absent) return 0;
	admin("SELECT zhifu.test_clear()");
	memset(seen.times, 0, sizeof(seen.times));
	atomic_store(&seen.begun, 0);
	claims_made = 0;
	plain_answer.known = false;
	endpoint.deadline_ms = 1500;
	insurers[0] = &alpha;
	directory.insurer_count = 1;
	return 0;
}

/* ---- the insurer ---- */

static void serve_note(struct peer_conn *conn)
{
	const char *at = conn->body_len > 0 ? strstr(conn->body, "\"n\":") : NULL;
	const char *authorization = conn_header(conn, "Authorization:");
	pthread_mutex_lock(&seen.lock);
	if (at != NULL) seen.times[atoi(at + 4)]++;
	snprintf(seen.authorization, sizeof(seen.authorization), "%.127s", authorization == NULL ? "" : authorization);
	pthread_mutex_unlock(&seen.lock);
	atomic_fetch_add(&seen.begun, 1);
}

#define SERVE_TYPE "application/fhir+json"
static const char serve_body[] = "{\"resourceType\":\"ClaimResponse\"}";

static inline void serve_ok(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		serve_note(conn);
		conn_answer(conn, "200 OK", "Content-Type: " SERVE_TYPE "\r\n", serve_body, sizeof(serve_body) - 1);
	}
}

static atomic_bool gate_open;

/* Takes the claim, and answers when the gate opens. */
static inline void serve_gate(struct peer_conn *conn)
{
	while (conn_request(conn)) {
		serve_note(conn);
		while (!atomic_load(&gate_open)) usleep(1000);
		conn_answer(conn, "200 OK", "", "{}", 2);
	}
}

static struct peer *insurer_start(peer_script *script)
{
	struct peer *peer = peer_start(script, cert_server(&server_cert, NULL, 0), false);
	snprintf(url, sizeof(url), "https://localhost:%u", peer->port);
	endpoint.url = url;
	endpoint.ca_file = ca_path;
	return peer;
}

static int seen_doubles(void)
{
	int doubles = 0;
	pthread_mutex_lock(&seen.lock);
	for (int i = 0; i < CLAIMS_MAX; i++) doubles += seen.times[i] > 1;
	pthread_mutex_unlock(&seen.lock);
	return doubles;
}

static inline int seen_claims(void)
{
	int claims = 0;
	pthread_mutex_lock(&seen.lock);
	for (int i = 0; i < CLAIMS_MAX; i++) claims += seen.times[i] > 0;
	pthread_mutex_unlock(&seen.lock);
	return claims;
}

/* ---- claims ---- */

enum { CLAIM_CONSENT = 1, CLAIM_EMERGENCY = 2 };

/* The patient key of the claim that was added last. */
static struct key claim_key;

static inline void claim_add(int flags)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct uuid id[5];
	struct key key;
	uint8_t wrapped[KEY_WRAPPED_BYTES];
	char ref[REF_TEXT_LEN], hash[16], digest[TAKEN_TEXT_LEN + 1] = "";
	struct bytes sealed;
	for (size_t i = 0; i < ARRAY_LEN(id); i++) id[i] = uuid_new();
	ref_new("T01", ref);
	key_new(&key);
	claim_key = key;
	arena_init(&arena, 1u << 20);
	assert_int_equal(key_wrap(&hospital_key, &id[1], &key, wrapped), 0);
	if (plain_answer.known) taken_format(&plain_answer, digest);
	char *plain = arena_printf(&arena,
		"POST claims /Claim/$submit%s%s\nContent-Type: application/fhir+json\n"
		"Authorization: Bearer ${secret:token}\n\n{\"resourceType\":\"Claim\",\"n\":%d}",
		plain_answer.known ? MESSAGE_TAKEN : "", digest, claims_made);
	snprintf(hash, sizeof(hash), "person%d", claims_made++);
	assert_int_equal(seal(sealer, &key, &id[4], SEAL_MESSAGE, (struct bytes){(uint8_t *)plain, strlen(plain)},
				 &arena, &sealed),
		0);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &hospital_id);
	db_params_uuid(&params, &id[0]);
	db_params_text(&params, ref);
	db_params_uuid(&params, &id[1]);
	db_params_bytes(&params, (struct bytes){wrapped, sizeof(wrapped)});
	for (size_t i = 2; i < 5; i++) db_params_uuid(&params, &id[i]);
	db_params_bytes(&params, sealed);
	db_params_bool(&params, (flags & CLAIM_CONSENT) != 0);
	db_params_bytes(&params, (struct bytes){(const uint8_t *)hash, strlen(hash)});
	db_params_bool(&params, (flags & CLAIM_EMERGENCY) != 0);
	if (db_sync_query(fix.admin, "SELECT zhifu.test_claim($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)", &params, NULL) <
		0)
		fail_msg("%s", err_text());
}

static inline void claims_add(int n)
{
	admin("BEGIN");
	for (int i = 0; i < n; i++) claim_add(CLAIM_CONSENT);
	admin("COMMIT");
}

/* Claims whose transport is `state`. */
static inline int64_t claims_in(int state)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM zhifu.claim_state WHERE transport = %d", state);
	return admin_int(sql);
}

static inline int64_t works(int role, int kind)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM zhifu.outbox WHERE role = %d AND kind = %d", role, kind);
	return admin_int(sql);
}

/* Claims whose receivable stands: the state and the one posting that the rule tells. */
static inline int64_t bills(void)
{
	const struct posting_rule *rule = posting_rule("bill");
	char debit[ACCOUNT_LEN], credit[ACCOUNT_LEN], sql[600];
	posting_account(rule->debit, "alpha", debit);
	posting_account(rule->credit, "alpha", credit);
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM zhifu.claim_state s JOIN zhifu.claim c USING (hospital_id, claim_id) WHERE s.books = 1 AND"
		" (SELECT array_agg((debit, credit, amount_minor, p.currency, p.exponent, rule,"
		" book_day = (p.at AT TIME ZONE 'Asia/Shanghai')::date)::text) FROM zhifu.posting p"
		" WHERE p.hospital_id = c.hospital_id AND p.claim_id = c.claim_id)"
		" = ARRAY[('%s', '%s', c.total_minor, c.currency, c.exponent, 'bill', true)::text]",
		debit, credit);
	return admin_int(sql);
}

/* A statement about everything that must hold whatever happened. */
static void check_invariants(void)
{
	assert_int_equal(seen_doubles(), 0);
	/* An open message has work, and every claim is where its last event says. */
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.message m WHERE direction = 1 AND status IN (1, 2) AND NOT EXISTS"
			" (SELECT 1 FROM zhifu.outbox o WHERE o.hospital_id = m.hospital_id AND o.message_id = m.message_id)"),
		0);
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.claim_state s WHERE transport <> (SELECT to_state FROM zhifu.claim_event e"
			" WHERE e.hospital_id = s.hospital_id AND e.claim_id = s.claim_id AND axis = 1 ORDER BY seq DESC LIMIT 1)"),
		0);
	/* What has arrived is billed, and nothing else. */
	assert_int_equal(bills(), claims_in(8));
	assert_int_equal(admin_int("SELECT count(*) FROM zhifu.posting"), claims_in(8));
	/* What is unknown has somebody to ask. */
	assert_int_equal(
		admin_int(
			"SELECT count(*) FROM zhifu.claim_state s WHERE transport = 7 AND NOT EXISTS (SELECT 1 FROM zhifu.outbox o"
			" WHERE o.hospital_id = s.hospital_id AND o.claim_id = s.claim_id AND role = 1 AND kind = 3)"),
		0);
}

/* ---- the role ---- */

static void on_heartbeat(struct worker *worker)
{
	(void)worker;
}

static void on_instance_drained(struct worker *worker)
{
	CONTAINER_OF(worker, struct instance, worker)->drained = true;
}

static void instance_start(struct instance *instance, struct event_base *base, int number, int lease_s)
{
	*instance = (struct instance){.options = {.workers_dispatch = 1,
					      .db_connections_per_worker = 2,
					      .poll_ms = 50,
					      .lease_s = lease_s,
					      .outbound_deadline_ms = 10000,
					      .outbound_body_bytes_max = 1 << 20,
					      .person_warn_count = 1000000,
					      .person_stop_count = 1000000}};
	snprintf(
		instance->conninfo, sizeof(instance->conninfo), "host=%s user=zhifu_dispatch dbname=postgres", fix.dir);
	instance->options.database_dispatch = (struct conf_secret){instance->conninfo, strlen(instance->conninfo)};
	instance->worker = (struct worker){.base = base,
		.options = &instance->options,
		.keyring = ring,
		.directory = &directory,
		.role = "dispatch",
		.number = number,
		.heartbeat = on_heartbeat,
		.drained = on_instance_drained};
	assert_int_equal(metrics_new(&instance->worker.metrics), 0);
	assert_int_equal(dispatch_role.start(&instance->worker, &instance->state), 0);
}

/* As if killed: nothing is given back. */
static void instance_kill(struct instance *instance)
{
	dispatch_role.stop(instance->state);
	metrics_free(instance->worker.metrics);
	instance->state = NULL;
}

static inline void instance_stop(struct instance *instance)
{
	dispatch_role.drain(instance->state);
	LOOP_UNTIL(instance->drained, 10000);
	instance_kill(instance);
}

static inline uint64_t metric_of(struct instance *instance, const char *name)
{
	return metric_count(metrics_counter(instance->worker.metrics, name, "", "route=\"alpha:https\""));
}

#endif
